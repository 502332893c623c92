//! The step of a Gaussian mixture.

use super::block::{Chunk, Partial, Workspace, block_len};
use super::parallel::Pass;
use super::prepared::Prepared;
use super::source::{Data, Source};
use super::{Engine, Fused, GaussianStatistics, Sweep};
use crate::Result;
use crate::gaussian_mixture::GaussianMixture;
use crate::pathologies::FlooredMixture;
use crate::pathologies::floor::raised;
use pulp::Arch;
use std::ops::Range;

/// Where a new variance is smaller than this part of the second moment about the old mean, their difference has lost two bits,
/// and the moments are taken again about the new mean.
const SMALLEST_PART: f64 = 0.25;

/// The sums at these parameters, with moments about these points, component by component.
struct GaussianPass<'a> {
    prepared: &'a Prepared,
    references: &'a [f64],
}

impl Pass for GaussianPass<'_> {
    type Workspace = Workspace;

    fn workspace(&self) -> Workspace {
        Workspace::new(self.prepared.layout)
    }

    fn zero(&self) -> Partial {
        Partial::zero(self.prepared.layout)
    }

    fn d(&self) -> usize {
        self.prepared.layout.d
    }

    fn block_len(&self) -> usize {
        block_len(self.prepared.layout.d)
    }

    fn work(&self) -> usize {
        let layout = self.prepared.layout;
        layout.k * (20 + 2 * layout.second_len())
    }

    fn add(
        &self,
        arch: Arch,
        data: Data<'_>,
        rows: Range<usize>,
        workspace: &mut Workspace,
        partial: &mut Partial,
    ) {
        let (prepared, references) = (self.prepared, self.references);
        arch.dispatch(Chunk { data, rows, prepared, references, workspace, partial });
    }
}

impl Engine {
    fn moments(
        &self,
        source: &(impl Source + ?Sized),
        prepared: &Prepared,
        references: &[f64],
    ) -> Result<GaussianStatistics> {
        let partial = self.pass(source, &GaussianPass { prepared, references })?;
        Ok(GaussianStatistics::from_partial(&partial, prepared.layout, references))
    }
}

impl Fused for GaussianMixture {
    type Statistics = GaussianStatistics;

    fn statistics(&self, engine: &Engine, source: &(impl Source + ?Sized)) -> Result<GaussianStatistics> {
        self.check_parts()?;
        let prepared = Prepared::new(self)?;
        engine.moments(source, &prepared, prepared.means())
    }

    fn sweep(&self, engine: &Engine, source: &(impl Source + ?Sized)) -> Result<Sweep<Self>> {
        self.check_parts()?;
        let prepared = Prepared::new(self)?;
        let mut statistics = engine.moments(source, &prepared, prepared.means())?;
        if let Some(references) = statistics.better_references(SMALLEST_PART) {
            statistics = engine.moments(source, &prepared, &references)?;
        }
        let (log_likelihood, total) = (statistics.log_likelihood, statistics.total);
        Ok(Sweep { model: statistics.maximize(self)?, log_likelihood, total })
    }
}

/// The mixture's sweep, and then the floor.
impl Fused for FlooredMixture {
    type Statistics = GaussianStatistics;

    fn statistics(&self, engine: &Engine, source: &(impl Source + ?Sized)) -> Result<GaussianStatistics> {
        self.mixture.statistics(engine, source)
    }

    fn sweep(&self, engine: &Engine, source: &(impl Source + ?Sized)) -> Result<Sweep<Self>> {
        let Sweep { model: mut mixture, log_likelihood, total } = self.mixture.sweep(engine, source)?;
        for covariance in &mut mixture.covariances {
            *covariance = raised(covariance, self.floor)?;
        }
        Ok(Sweep { model: FlooredMixture { mixture, floor: self.floor }, log_likelihood, total })
    }
}
