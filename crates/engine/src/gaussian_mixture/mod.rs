//! The step of a Gaussian mixture.
//!
//! | file | what it holds |
//! |---|---|
//! | this one | the pass over the data, and the M step from what it sums |
//! | `layout.rs` | how many sums a component has |
//! | `prepared.rs` | the parameters as the kernels read them: constants, means, inverse Cholesky factors |
//! | `log_joint.rs` | the E step's kernels |
//! | `moments.rs` | the M step's kernels |
//! | `negligible.rs` | what the M step's sums need not see |
//! | `bounded.rs` | what the E step need not know for it |
//! | `block.rs` | both halves of the step on a block of data |
//! | `missing.rs` | both halves where cells are missing, pattern by pattern |
//! | `conditional.rs` | what the cells that are seen say of the others |
//! | `entropy.rs` | how much doubt is left about the labels |

mod block;
mod bounded;
mod conditional;
mod entropy;
mod layout;
mod log_joint;
mod missing;
mod moments;
mod negligible;
mod prepared;
mod thin;

use super::parallel::Pass;
use super::partial_sums::PartialSums;
use super::source::{Data, Source};
use super::{Engine, Fused, Mixture, Question, question};
use crate::Result;
use crate::arch::Arch;
use block::{Chunk, Workspace, block_len};
use executable_em::em::{Expected, largest_move};
use executable_em::gaussian_mixture::{FlooredMixture, GaussianMixture};
use executable_em::scale::{Moments, SufficientStatistics};
use layout::Layout;
use nalgebra::{DMatrix, DVector};
use negligible::{is_unseen, is_worthwhile};
use prepared::Prepared;
use std::borrow::Cow;
use std::ops::Range;

/// Where a new variance is smaller than this part of the second moment about the old mean, their difference has lost
/// two bits, and the moments are taken again about the new mean.
const SMALLEST_PART: f64 = 0.25;

/// The sums at these parameters, with moments about these points, component by component.
struct GaussianPass<'a> {
    prepared: &'a Prepared,
    references: &'a [f64],
    neglects: bool,
}

impl GaussianPass<'_> {
    fn run(&self, engine: &Engine, source: &dyn Source) -> Result<Expected<Moments>> {
        let (partial, _) = engine.pass(source, self)?;
        Ok(Expected {
            log_likelihood: partial.log_likelihood,
            total: partial.total,
            expectation: moments(&partial, self.prepared.layout, self.references),
        })
    }
}

impl Pass for GaussianPass<'_> {
    type Workspace = Workspace;

    fn workspace(&self) -> Workspace {
        Workspace::new(self.prepared.layout)
    }

    /// For every component Σ r, Σ r (x − c) and Σ r (x − c)(x − c)ᵀ about its reference point c.
    fn sums_len(&self) -> usize {
        self.prepared.layout.k * self.prepared.layout.component_len()
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
        partial: &mut PartialSums,
    ) {
        let &GaussianPass { prepared, references, neglects } = self;
        arch.dispatch(Chunk { data, rows, prepared, references, neglects, workspace, partial });
    }
}

/// The sums of a pass in matrices.
fn moments(partial: &PartialSums, layout: Layout, references: &[f64]) -> Moments {
    let Layout { k, d, full } = layout;
    let component = |j: usize| &partial.sums[j * layout.component_len()..][..layout.component_len()];
    let second = |j: usize| {
        let packed = &component(j)[1 + d..];
        if full {
            DMatrix::from_fn(d, d, |a, b| packed[a.max(b) * (a.max(b) + 1) / 2 + a.min(b)])
        } else {
            DMatrix::from_column_slice(d, 1, packed)
        }
    };
    Moments {
        references: DMatrix::from_row_slice(k, d, references),
        total: partial.total,
        counts: DVector::from_fn(k, |j, _| component(j)[0]),
        first: DMatrix::from_fn(k, d, |j, a| component(j)[1 + a]),
        second: (0..k).map(second).collect(),
    }
}

/// Reference points about which no variance is less than [`SMALLEST_PART`] of the second moment, if these are not such;
/// component by component.
fn better_references(moments: &Moments) -> Option<Vec<f64>> {
    let Moments { references, counts, first, .. } = moments;
    let (k, d) = references.shape();
    let shift = |j: usize, a: usize| first[(j, a)] / counts[j];
    let is_far = |j: usize| {
        let is_far_in =
            |a: usize| shift(j, a) * shift(j, a) > (1.0 - SMALLEST_PART) * moments.square(j, a) / counts[j];
        counts[j] > 0.0 && (0..d).any(is_far_in)
    };
    let better = |j: usize| {
        let moves = is_far(j);
        (0..d).map(move |a| if moves { references[(j, a)] + shift(j, a) } else { references[(j, a)] })
    };
    (0..k).any(is_far).then(|| (0..k).flat_map(better).collect())
}

/// The sums about the means, or about these points, component by component; of cells that are missing, the expected
/// sums.
pub(super) fn statistics(
    model: &GaussianMixture,
    about: Option<&[f64]>,
    engine: &Engine,
    source: &dyn Source,
) -> Result<Expected<Moments>> {
    if let Some(elsewhere) = source.elsewhere() {
        let question =
            Question::Mixture { model: Mixture::Gaussian(model.clone()), about: about.map(Vec::from) };
        let (k, d) = (model.k(), model.d());
        let points =
            about.map_or_else(|| model.means().clone(), |about| DMatrix::from_row_slice(k, d, about));
        return question::read((points, model.family().is_along_axes()), &elsewhere.answer(&question)?);
    }
    if source.has_gaps() {
        return missing::statistics(model, about, engine, source);
    }
    let prepared = &Prepared::new(model);
    let pass = GaussianPass { prepared, references: about.unwrap_or(prepared.means()), neglects: true };
    if about.is_none() && is_worthwhile(prepared.layout) {
        let expected = pass.run(engine, source)?;
        if is_unseen(&expected.expectation, model) {
            return Ok(expected);
        }
    }
    GaussianPass { neglects: false, ..pass }.run(engine, source)
}

/// These moments, or where their points are too far away to keep all digits, moments about better ones.
pub(super) fn about_near_points<'a>(
    model: &GaussianMixture,
    moments: &'a Moments,
    engine: &Engine,
    source: &dyn Source,
) -> Result<Cow<'a, Moments>> {
    let Some(references) = better_references(moments) else {
        return Ok(Cow::Borrowed(moments));
    };
    Ok(Cow::Owned(statistics(model, Some(&references), engine, source)?.expectation))
}

impl Fused for GaussianMixture {
    type Statistics = Moments;

    fn e_step(&self, engine: &Engine, source: &dyn Source) -> Result<Expected<Moments>> {
        statistics(self, None, engine, source)
    }

    fn m_step(&self, moments: &Moments, engine: &Engine, source: &dyn Source) -> Result<GaussianMixture> {
        Ok(about_near_points(self, moments, engine, source)?.maximize(self)?)
    }

    fn moved(before: (&Self, &Moments), after: (&Self, &Moments)) -> f64 {
        largest_move(before.0, after.0)
    }

    /// ```math
    /// \sum_j\frac m2\log\left(1 + \frac{2g_j}{m\,n}\right), \qquad
    /// g_j = \operatorname{tr}W\Sigma_j^{-1} - \log\det W\Sigma_j^{-1} - d, \qquad
    /// W = \sum_j\pi_j\Sigma_j, \qquad m = 2d\,(d + 1 + \log(1 + n))
    /// ```
    fn thinness(&self, n: f64) -> f64 {
        thin::thinness(self, n)
    }
}

/// The mixture's sweep, and then the floor.
impl Fused for FlooredMixture {
    type Statistics = Moments;

    fn e_step(&self, engine: &Engine, source: &dyn Source) -> Result<Expected<Moments>> {
        self.mixture().e_step(engine, source)
    }

    fn m_step(&self, moments: &Moments, engine: &Engine, source: &dyn Source) -> Result<FlooredMixture> {
        let mixture = self.mixture();
        let parts = about_near_points(mixture, moments, engine, source)?.updated(mixture)?;
        Ok(FlooredMixture::from_parts(parts, mixture.family(), self.floor())?)
    }

    fn moved(before: (&Self, &Moments), after: (&Self, &Moments)) -> f64 {
        largest_move(before.0, after.0)
    }
}
