//! The engine: the EM step of the derivations, fused, blocked, on vector lanes and threads.
//!
//! The chapters say what a step *is*; this module computes the same step for people with data. It never stores an n×k
//! matrix: a block of a few hundred data goes through both steps while it is in the nearest cache, and leaves only its
//! sums ([`Moments`](executable_em::scale::Moments)) behind. The result has the same bits with any number of threads;
//! not on every machine, as registers of another width (none, AVX2, AVX-512) add in another order.
//! Responsibilities below 4^−100 may be left out, as long as the sums prove that they would not show them.
//!
//! | file | what it holds |
//! |---|---|
//! | this one | [`Engine`], and what it asks of a model: [`Fused`] |
//! | `fit.rs` | sweeps until the tolerance is met, restarts: [`em`](executable_em::em)'s loop on a source |
//! | `source.rs` | data in memory or in blocks that are read anew for every pass |
//! | `question.rs` | the E step as a question to data that are elsewhere |
//! | `gaps.rs` | data with missing cells, their rows by pattern |
//! | `sample.rs`, `fill.rs` | a sample to start from, in a pass or two, and its gaps filled |
//! | `dependence.rs` | columns that depend on each other |
//! | `gaussian_mixture/` | the step of a Gaussian mixture |
//! | `bernoulli_mixture/` | the step of a Bernoulli mixture |
//! | `kmeans/` | Lloyd's algorithm |
//! | `variational/` | mean field in place of points: Gaussians and coins |
//! | `student.rs` | the step of a mixture of t, plain and block by block |
//! | `mixture.rs` | a mixture of any kind |
//! | `json/` | fitted mixtures as JSON, there and back |
//! | `parallel.rs` | a pass: all blocks, in a fixed order, on several threads |
//! | `partial_sums.rs` | what it adds up |
//! | `softmax.rs` | log joints become responsibilities and the log-likelihood |
//! | `lanes.rs` | where numbers lie |
//! | `exp.rs` | the exponential, to the base 4 |
//! | `arch.rs` | which vector instructions |

mod arch;
mod bernoulli_mixture;
mod dependence;
pub mod error;
mod exp;
mod fill;
mod fit;
mod gaps;
mod gaussian_mixture;
pub mod json;
mod kmeans;
mod lanes;
mod mixture;
mod parallel;
mod partial_sums;
mod question;
mod sample;
mod softmax;
mod source;
mod student;
pub mod table;
mod variational;

pub use bernoulli_mixture::BernoulliStatistics;
pub use dependence::dependent_column;
pub use fit::OnSource;
pub use gaps::{StreamWithGaps, WithGaps};
pub use json::{Saved, SavedClusters, SavedMixture};
pub use kmeans::{Bounds, KMeans, KMeansStatistics};
pub use mixture::Mixture;
pub use question::{Elsewhere, Question};
pub use sample::{sample, weighted_sample};
pub use source::{Data, Source, Stream, telling_rows};
pub use student::StudentStatistics;
pub use variational::{VariationalFlips, VariationalGaussians};

use crate::arch::Arch;
pub use error::{Error, Result};
use executable_em::em::{Expected, Fit};
use std::num::NonZero;
use std::thread;

/// Computes EM steps on a number of threads.
#[derive(Debug)]
pub struct Engine {
    /// The threads beside that of the caller.
    pool: Option<rayon::ThreadPool>,
    arch: Arch,
}

/// A model whose EM step the engine has fused: both halves in one pass over the data.
///
/// Whoever has data calls [`Engine::statistics`], [`Engine::sweep`], [`Engine::fit`] or [`Engine::best_of`].
pub trait Fused: Clone {
    /// What the M step needs to know of the data: sums over them.
    type Statistics;

    /// The E step: ℓ at these parameters, and the sums under the responsibilities there.
    ///
    /// # Errors
    /// Those of [`Engine::statistics`].
    fn e_step(&self, engine: &Engine, source: &dyn Source) -> Result<Expected<Self::Statistics>>;

    /// The E step in a run on one source: the same, bit for bit, perhaps with less work by what earlier ones have left.
    ///
    /// # Errors
    /// Those of [`Engine::statistics`].
    fn e_step_in_run(
        &self,
        engine: &Engine,
        source: &dyn Source,
        _: &Bounds,
    ) -> Result<Expected<Self::Statistics>> {
        self.e_step(engine, source)
    }

    /// The M step: the parameters that the sums make most likely. It may look at the data again, for better sums.
    ///
    /// # Errors
    /// Those of [`Engine::sweep`].
    fn m_step(&self, statistics: &Self::Statistics, engine: &Engine, source: &dyn Source) -> Result<Self>;

    /// How far a sweep has moved, from one θ and its sums to the next; zero at rest.
    fn moved(before: (&Self, &Self::Statistics), after: (&Self, &Self::Statistics)) -> f64;

    /// What ranks it down for components that are thin beside the others, in nats, of so many data: without a bound
    /// where ℓ has none.
    fn thinness(&self, _: f64) -> f64 {
        0.0
    }

    /// Refuses to fit data that are too few, if any are.
    ///
    /// # Errors
    /// [`Error::ComponentCount`](executable_em::Error::ComponentCount).
    fn check_fit(&self, _: &Self::Statistics) -> Result<()> {
        Ok(())
    }
}

/// What the ends of runs are ranked by: ℓ, less the thinness of the components.
///
/// ℓ has no maximum. It is highest where a component lies on a few data that happen to be in a line, as some do in
/// every table, and the longer one looks, the more of these one finds. Of a sound component the penalty vanishes
/// with n.
///
/// Source: Chen and Tan (2009), Journal of Multivariate Analysis 100, 1367–1383, for the idea; the formula stands at
/// [`thinness`](Fused::thinness) of Gaussians. `unit` is what a datum weighs in ℓ: 1, but less where the weights of the
/// data sum to less than there are data, as shares do, so that to scale these changes no order.
/// ```
/// use executable_em::{data, em::Stopping, gaussian_mixture::{CovarianceFamily::Full, start_from_labels}};
/// use executable_em_engine::{Data, Engine, rank};
/// let x = data::old_faithful();
/// let labels: Vec<usize> = (0..272).map(|i| usize::from(x[(i, 0)] > 3.0)).collect();
/// let fit = Engine::new(1)?.fit(start_from_labels(&x, &labels, 2, Full)?, &Data::new(&x)?, &Stopping::default())?;
/// let penalty = fit.log_likelihood - rank(&fit, 1.0);
/// assert!((0.0..1.0).contains(&penalty), "{penalty}");
/// # Ok::<(), executable_em_engine::Error>(())
/// ```
pub fn rank<M: Fused>(end: &Fit<M>, unit: f64) -> f64 {
    end.log_likelihood - unit * end.model.thinness(end.total / unit)
}

/// Runs whose ends differ by less than this, in nats a datum, have found the same maximum: EM that gains 10⁻⁸ a sweep
/// may still be a thousand such gains below it.
pub const SAME: f64 = 1e-5;

/// Adds the end of a run to those of others, the best first, no two the same: of those that are the one of higher ℓ
/// stays.
///
/// Example: [`rank`], by which they are ordered.
pub fn keep<M: Fused>(ends: &mut Vec<Fit<M>>, end: Fit<M>, unit: f64) {
    let height = rank(&end, unit);
    let is_same = |other: &Fit<M>| (height - rank(other, unit)).abs() <= SAME * end.total;
    if let Some(at) = ends.iter().position(is_same) {
        if ends[at].log_likelihood >= end.log_likelihood {
            return;
        }
        ends.remove(at);
    }
    let place = ends.partition_point(|other| rank(other, unit) >= height);
    ends.insert(place, end);
}

/// One sweep of EM.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep<M> {
    /// The parameters after the sweep.
    pub model: M,
    /// ℓ *before* it, in nats, or −J: the E step gives it for nothing.
    pub log_likelihood: f64,
    /// The number of data, or the sum of their weights.
    pub total: f64,
}

impl Engine {
    /// An engine on `threads` threads; 0 stands for as many as the machine has cores.
    ///
    /// It uses the widest vector instructions that the machine has.
    ///
    /// # Errors
    /// [`Error::Threads`] if the system refuses to start them.
    ///
    /// ```
    /// use executable_em_engine::Engine;
    /// assert!(Engine::new(2).is_ok());
    /// ```
    pub fn new(threads: usize) -> Result<Self> {
        Engine::on(threads, Arch::new())
    }

    /// An engine that uses no vector instructions, as on a machine that has none: to see what they are worth, and that
    /// they change nothing.
    ///
    /// # Errors
    /// Those of [`Engine::new`].
    ///
    /// ```
    /// use executable_em_engine::Engine;
    /// assert!(Engine::portable(1).is_ok());
    /// ```
    pub fn portable(threads: usize) -> Result<Self> {
        Engine::on(threads, Arch::Scalar)
    }

    /// One engine for each set of vector instructions that the machine has, and one without: to see that they agree.
    /// They do but for rounding, as wider registers add in another order.
    ///
    /// # Errors
    /// Those of [`Engine::new`].
    ///
    /// ```
    /// use executable_em_engine::Engine;
    /// assert!(!Engine::with_every_instruction_set(1)?.is_empty());
    /// # Ok::<(), executable_em_engine::Error>(())
    /// ```
    pub fn with_every_instruction_set(threads: usize) -> Result<Vec<Self>> {
        let mut sets = vec![Arch::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            sets.extend(pulp::x86::V3::try_new().map(Arch::V3));
            sets.extend(pulp::x86::V4::try_new().map(Arch::V4));
        }
        #[cfg(not(target_arch = "x86_64"))]
        sets.push(Arch::new());
        sets.into_iter().map(|arch| Engine::on(threads, arch)).collect()
    }

    fn on(threads: usize, arch: Arch) -> Result<Self> {
        let threads = match threads {
            0 => thread::available_parallelism().map_or(1, NonZero::get),
            _ => threads,
        };
        let pool = match threads - 1 {
            0 => None,
            others => {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(others).build();
                Some(pool.map_err(|source| Error::Threads { threads, source })?)
            }
        };
        Ok(Engine { pool, arch })
    }

    /// The E step: ℓ, and the sufficient statistics of the data under the responsibilities at these parameters.
    ///
    /// They are those of the derivations, [`Moments`](executable_em::scale::Moments) for Gaussians, and add up: over
    /// files and machines, as long as all of them start from the same θ.
    ///
    /// # Errors
    /// [`Error::Shape`](executable_em::Error::Shape) for data of another dimension,
    /// [`Error::Empty`](executable_em::Error::Empty) for a source without any,
    /// [`Error::ImpossibleDatum`](executable_em::Error::ImpossibleDatum) for a datum that no component can explain,
    /// [`Error::Domain`](executable_em::Error::Domain) where the squared distances of k-means overflow; those of
    /// reading.
    ///
    /// ```
    /// use executable_em::data;
    /// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
    /// use executable_em_engine::{Data, Engine};
    /// let x = data::old_faithful();
    /// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
    /// let engine = Engine::new(1)?;
    /// let of = |rows: std::ops::Range<usize>| {
    ///     let part = x.rows(rows.start, rows.len()).into_owned();
    ///     engine.statistics(&model, &Data::new(&part)?)
    /// };
    /// let (mut both, whole) = (of(0..100)?, of(0..272)?);
    /// both.add(&of(100..272)?)?;
    /// assert!((both.log_likelihood - whole.log_likelihood).abs() < 1e-9);
    /// assert!((both.expectation.counts - whole.expectation.counts).amax() < 1e-9);
    /// # Ok::<(), executable_em_engine::Error>(())
    /// ```
    pub fn statistics<M: Fused>(&self, model: &M, source: &dyn Source) -> Result<Expected<M::Statistics>> {
        model.e_step(self, source)
    }

    /// One sweep of EM: the parameters after it, and ℓ before it.
    ///
    /// The same as `model.maximize(x, &model.responsibilities(x)?)`, to rounding.
    ///
    /// # Errors
    /// Those of [`Engine::statistics`] and of the model's M step.
    ///
    /// ```
    /// use executable_em_engine::{Data, Engine};
    /// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
    /// use executable_em::{data, latent::Model};
    /// let x = data::old_faithful();
    /// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
    /// let sweep = Engine::new(1)?.sweep(&model, &Data::new(&x)?)?;
    /// let derived = model.maximize(&x, &model.responsibilities(&x)?)?;
    /// assert!((sweep.model.means() - derived.means()).amax() < 1e-11);
    /// assert!((sweep.log_likelihood - model.log_likelihood(&x)?).abs() < 1e-10);
    /// # Ok::<(), executable_em_engine::Error>(())
    /// ```
    pub fn sweep<M: Fused>(&self, model: &M, source: &dyn Source) -> Result<Sweep<M>> {
        let Expected { log_likelihood, total, expectation } = model.e_step(self, source)?;
        Ok(Sweep { model: model.m_step(&expectation, self, source)?, log_likelihood, total })
    }
}
