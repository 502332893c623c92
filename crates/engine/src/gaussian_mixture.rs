//! The step of a Gaussian mixture.

use super::block::{Chunk, Partial, Workspace, block_len};
use super::negligible::{is_unseen, is_worthwhile};
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
    neglects: bool,
}

impl GaussianPass<'_> {
    fn statistics(&self, engine: &Engine, source: &(impl Source + ?Sized)) -> Result<GaussianStatistics> {
        let partial = engine.pass(source, self)?;
        Ok(GaussianStatistics::from_partial(&partial, self.prepared.layout, self.references))
    }
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
        let &GaussianPass { prepared, references, neglects } = self;
        arch.dispatch(Chunk { data, rows, prepared, references, neglects, workspace, partial });
    }
}

impl Engine {
    /// The sums about the means.
    fn moments(
        &self,
        source: &(impl Source + ?Sized),
        model: &GaussianMixture,
        prepared: &Prepared,
    ) -> Result<GaussianStatistics> {
        let pass = GaussianPass { prepared, references: prepared.means(), neglects: true };
        if is_worthwhile(prepared.layout) {
            let statistics = pass.statistics(self, source)?;
            if is_unseen(&statistics, model) {
                return Ok(statistics);
            }
        }
        GaussianPass { neglects: false, ..pass }.statistics(self, source)
    }
}

impl Fused for GaussianMixture {
    type Statistics = GaussianStatistics;

    fn statistics(&self, engine: &Engine, source: &(impl Source + ?Sized)) -> Result<GaussianStatistics> {
        self.check_parts()?;
        let prepared = Prepared::new(self)?;
        engine.moments(source, self, &prepared)
    }

    fn sweep(&self, engine: &Engine, source: &(impl Source + ?Sized)) -> Result<Sweep<Self>> {
        self.check_parts()?;
        let prepared = Prepared::new(self)?;
        let mut statistics = engine.moments(source, self, &prepared)?;
        if let Some(references) = statistics.better_references(SMALLEST_PART) {
            let pass = GaussianPass { prepared: &prepared, references: &references, neglects: false };
            statistics = pass.statistics(engine, source)?;
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
