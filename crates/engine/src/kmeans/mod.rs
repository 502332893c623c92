//! k-means (Lloyd) on data of any size: a sweep is one pass over the data; of their number nothing is stored but, in a
//! run on data in memory, eight bytes a datum.
//!
//! | file | what it holds |
//! |---|---|
//! | this one | the means and their two steps |
//! | `pass.rs` | their pass over the data |
//! | `statistics.rs` | what a pass sums: counts and sums |
//! | `bounds.rs` | what a run remembers of every datum |
//! | `labels.rs` | the labels, a run of data after the other |
//! | `block.rs` | a block of data on its way through a pass |
//! | `nearest.rs` | the kernel that finds the nearest mean |
//! | `packed.rs` | the means as it reads them |
//! | `precision.rs` | the precisions that it computes in |

mod block;
mod bounds;
mod labels;
mod nearest;
mod packed;
mod pass;
mod precision;
mod statistics;

pub use bounds::Bounds;
pub use statistics::KMeansStatistics;

use super::partial_sums::PartialSums;
use super::source::Source;
use super::{Engine, Fused, Question, question};
use crate::Result;
use block::GROUP;
use bounds::{Known, pay};
use executable_em::check;
use executable_em::em::Expected;
use nalgebra::{DMatrix, DVector};
use packed::Means;
use pass::KMeansPass;

/// The means of k-means. What climbs on them is −J: the E step sends each datum to its nearest mean, the M step each
/// mean to the average of its data.
///
/// The same as [`assign`](executable_em::kmeans::assign) and [`update_means`](executable_em::kmeans::update_means):
/// the labels exactly, the means to rounding. As near to two means, a datum goes to the one of lower index; a cluster
/// without data keeps its mean.
///
/// Source: H-02, H-04, T-04; Lloyd (1982).
///
/// ```
/// use executable_em_engine::{Data, Engine, KMeans};
/// use nalgebra::{dmatrix, dvector};
/// let (engine, x) = (Engine::new(1)?, dmatrix![0.0; 2.0; 9.0]);
/// let start = KMeans::new(dmatrix![0.0; 10.0; 20.0])?;
/// let sweep = engine.sweep(&start, &Data::new(&x)?)?;
/// assert_eq!((sweep.model.means(), sweep.log_likelihood), (&dmatrix![1.0; 9.0; 20.0], -5.0));
/// assert_eq!(engine.statistics(&start, &Data::new(&x)?)?.expectation.counts, dvector![2.0, 1.0, 0.0]);
/// # Ok::<(), executable_em_engine::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct KMeans {
    means: DMatrix<f64>,
    /// Where a run began: sums about points that stay give the same data the same mean, to the last bit.
    references: DMatrix<f64>,
}

impl KMeans {
    /// These means, k×d. [`Error::Empty`](executable_em::Error::Empty) or
    /// [`Error::NotFinite`](executable_em::Error::NotFinite) if they are none.
    pub fn new(means: DMatrix<f64>) -> Result<Self> {
        check::finite("means", &means)?;
        Ok(KMeans { references: means.clone(), means })
    }

    /// The same, but that what a pass sums is about these points, k×d, as in the middle of a run.
    pub(super) fn about(means: DMatrix<f64>, references: DMatrix<f64>) -> Result<Self> {
        check::finite("reference points", &references)?;
        Ok(KMeans { references, ..KMeans::new(means)? })
    }

    pub(super) fn references(&self) -> &DMatrix<f64> {
        &self.references
    }

    /// The means, k×d, in units of the data.
    pub fn means(&self) -> &DMatrix<f64> {
        &self.means
    }
}

impl Fused for KMeans {
    type Statistics = KMeansStatistics;

    fn e_step(&self, engine: &Engine, source: &dyn Source) -> Result<Expected<KMeansStatistics>> {
        self.pass(engine, source, None)
    }

    fn e_step_in_run(
        &self,
        engine: &Engine,
        source: &dyn Source,
        bounds: &Bounds,
    ) -> Result<Expected<KMeansStatistics>> {
        let (k, d) = self.means.shape();
        let Some(n) = source.in_memory().filter(|_| pay(k, d)) else {
            return self.e_step(engine, source);
        };
        let known = bounds.at(&self.means, n);
        let expected = self.pass(engine, source, Some(&known))?;
        bounds.leave(known);
        Ok(expected)
    }

    fn m_step(&self, statistics: &KMeansStatistics, _: &Engine, _: &dyn Source) -> Result<KMeans> {
        Ok(statistics.maximize(self)?)
    }

    /// By how much the next sweep will move a mean: as no pass is needed to know it, a run ends without a sweep that
    /// stays where it is.
    fn moved(_: (&Self, &KMeansStatistics), (after, statistics): (&Self, &KMeansStatistics)) -> f64 {
        let next = statistics.averages(&after.means);
        next.zip_fold(&after.means, 0.0, |most, next, mean| {
            f64::max(most, (next - mean).abs() / mean.abs().max(1.0))
        })
    }

    fn check_fit(&self, statistics: &KMeansStatistics) -> Result<()> {
        Ok(check::component_count(self.means.nrows(), statistics.rows)?)
    }
}

impl KMeans {
    /// The E step, with what is known of the data.
    fn pass(
        &self,
        engine: &Engine,
        source: &dyn Source,
        known: Option<&Known>,
    ) -> Result<Expected<KMeansStatistics>> {
        if let Some(elsewhere) = source.elsewhere() {
            return question::read(self, &elsewhere.answer(&Question::Clusters(self.clone()))?);
        }
        let (k, d) = self.means.shape();
        let row_by_row = |points: &DMatrix<f64>| points.transpose().resize(d.next_multiple_of(GROUP), k, 0.0);
        let (means, references) = (row_by_row(&self.means), row_by_row(&self.references));
        let nearest = Means::new(&self.means);
        let pass = KMeansPass { nearest, means: means.as_slice(), references: references.as_slice(), known };
        let (PartialSums { log_likelihood, sums, .. }, rows) = engine.pass(source, &pass)?;
        check::domain("sum of squared distances", -log_likelihood, log_likelihood.is_finite(), "finite")?;
        let (first, counts) = sums.split_at(references.len());
        let statistics = KMeansStatistics {
            rows,
            counts: DVector::from_row_slice(counts),
            references: self.references.clone(),
            first: DMatrix::from_fn(k, d, |j, a| first[j * references.nrows() + a]),
        };
        Ok(Expected { log_likelihood, total: statistics.counts.sum(), expectation: statistics })
    }
}
