//! The engine: the EM step of the derivations, fused, blocked, on vector lanes and threads.
//!
//! The chapters say what a step *is*; this module computes the same step for people with data. It never stores an n×k
//! matrix: a block of a few hundred data goes through both steps while it is in the nearest cache, and leaves only its sums
//! ([`GaussianStatistics`]) behind. The result has the same bits with any number of threads. Responsibilities below 4^−100 may be left
//! out, as long as the sums prove that they would not show them.
//!
//! | file | what it holds |
//! |---|---|
//! | this one | [`Engine`], and what it asks of a model: [`Fused`] |
//! | `fit.rs` | sweeps until the tolerance is met, restarts |
//! | `source.rs` | data in memory or in blocks that are read anew for every pass |
//! | `sample.rs` | a start in one pass |
//! | `gaussian_mixture.rs` | the step of a Gaussian mixture |
//! | `statistics.rs` | its sufficient statistics, which add up, and the M step from them |
//! | `bernoulli_mixture/` | the step of a Bernoulli mixture |
//! | `kmeans/` | Lloyd's algorithm |
//! | `mixture.rs` | a mixture of either kind |
//! | `json/` | fitted mixtures and statistics as JSON, there and back |
//! | `prepared.rs` | its parameters as the kernels read them: constants, means, inverse Cholesky factors |
//! | `log_joint.rs` | the E step's kernels |
//! | `moments.rs` | the M step's kernels |
//! | `negligible.rs` | what the M step's sums need not see |
//! | `bounded.rs` | what the E step need not know for it |
//! | `softmax.rs` | what lies between them: responsibilities and the log-likelihood |
//! | `block.rs` | all of these on one block |
//! | `parallel.rs` | all blocks, in a fixed order, on several threads |
//! | `lanes.rs` | where numbers lie |
//! | `exp.rs` | the exponential, to the base 4 |

mod bernoulli_mixture;
mod block;
mod bounded;
mod exp;
mod fit;
mod gaussian_mixture;
mod json;
mod kmeans;
mod lanes;
mod log_joint;
mod mixture;
mod moments;
mod negligible;
mod parallel;
mod prepared;
mod sample;
mod softmax;
mod source;
mod statistics;

pub use bernoulli_mixture::BernoulliStatistics;
pub use fit::{Fitted, Progress, Stopped, Stopping, Tolerance};
pub use json::{Document, SavedMixture};
pub use kmeans::{KMeansFit, KMeansProgress, KMeansStatistics, KMeansStopping, KMeansSweep, plus_plus_start};
pub use mixture::Mixture;
pub use sample::sample;
pub use source::{Data, Source, Stream};
pub use statistics::GaussianStatistics;

use crate::latent::Model;
use crate::{Error, Result};
use pulp::Arch;
use std::num::NonZero;
use std::thread;

/// Computes EM steps on a number of threads.
#[derive(Debug)]
pub struct Engine {
    /// The threads beside that of the caller.
    pool: Option<rayon::ThreadPool>,
    arch: Arch,
}

/// A model whose EM step the engine has fused: all of it in one pass over the data.
///
/// Whoever has data calls [`Engine::step`], [`Engine::fit`] or [`Engine::best_of`].
pub trait Fused: Model + Sized {
    /// What the M step needs to know of the data: sums over them.
    type Statistics;

    /// The sums at these parameters.
    ///
    /// # Errors
    /// Those of [`Engine::statistics`].
    fn statistics(&self, engine: &Engine, source: &(impl Source + ?Sized)) -> Result<Self::Statistics>;

    /// One sweep of EM.
    ///
    /// # Errors
    /// Those of [`Engine::step`].
    fn sweep(&self, engine: &Engine, source: &(impl Source + ?Sized)) -> Result<Sweep<Self>>;
}

/// One sweep of EM.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep<M> {
    /// The parameters after the sweep.
    pub model: M,
    /// ℓ *before* it, in nats: the E step gives it for nothing.
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
    /// use executable_em::engine::Engine;
    /// assert!(Engine::new(2).is_ok());
    /// ```
    pub fn new(threads: usize) -> Result<Self> {
        Engine::on(threads, Arch::new())
    }

    /// An engine that uses no vector instructions, as on a machine that has none: to see what they are worth, and that they
    /// change nothing.
    ///
    /// # Errors
    /// Those of [`Engine::new`].
    ///
    /// ```
    /// use executable_em::engine::Engine;
    /// assert!(Engine::portable(1).is_ok());
    /// ```
    pub fn portable(threads: usize) -> Result<Self> {
        Engine::on(threads, Arch::Scalar)
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
                Some(pool.map_err(|error| Error::Threads { reason: error.to_string() })?)
            }
        };
        Ok(Engine { pool, arch })
    }

    /// The sufficient statistics of the data at these parameters: an E step and the sums of the M step.
    ///
    /// # Errors
    /// Those of a model that is none, as in [`GaussianMixture::new`](crate::gaussian_mixture::GaussianMixture::new);
    /// [`Error::Shape`] for data of another dimension, [`Error::Empty`] for a source without any;
    /// [`Error::ImpossibleDatum`] for a datum that no component can explain.
    ///
    /// Example: [`GaussianStatistics`].
    pub fn statistics<M: Fused>(&self, model: &M, source: &(impl Source + ?Sized)) -> Result<M::Statistics> {
        model.statistics(self, source)
    }

    /// One sweep of EM: the parameters after it, and ℓ before it.
    ///
    /// The same as `model.maximize(x, &model.responsibilities(x)?)`, to rounding.
    ///
    /// # Errors
    /// Those of [`Engine::statistics`] and of the model's M step.
    ///
    /// ```
    /// use executable_em::engine::{Data, Engine};
    /// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
    /// use executable_em::{data, latent::Model};
    /// let x = data::old_faithful();
    /// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
    /// let sweep = Engine::new(1)?.step(&model, &Data::new(&x)?)?;
    /// let derived = model.maximize(&x, &model.responsibilities(&x)?)?;
    /// assert!((sweep.model.means - derived.means).amax() < 1e-11);
    /// assert!((sweep.log_likelihood - model.log_likelihood(&x)?).abs() < 1e-10);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn step<M: Fused>(&self, model: &M, source: &(impl Source + ?Sized)) -> Result<Sweep<M>> {
        model.sweep(self, source)
    }
}
