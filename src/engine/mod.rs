//! The engine: the EM step of the derivations, fused, blocked, on vector lanes and threads.
//!
//! The chapters say what a step *is*; this module computes the same step for people with data. It never stores an n×k
//! matrix: a block of a few hundred data goes through both steps while it is in the nearest cache, and leaves only its sums
//! ([`GaussianStatistics`]) behind. The result has the same bits with any number of threads.
//!
//! | file | what it holds |
//! |---|---|
//! | `statistics.rs` | the sufficient statistics, which add up, and the M step from them |
//! | `prepared.rs` | parameters as the kernels read them: constants, means, inverse Cholesky factors |
//! | `log_joint.rs` | the E step's kernels |
//! | `moments.rs` | the M step's kernels |
//! | `block.rs` | both of them on one block; the softmax between them |
//! | `parallel.rs` | all blocks, in a fixed order, on several threads |
//! | `lanes.rs` | the exponential |

mod block;
mod lanes;
mod log_joint;
mod moments;
mod parallel;
mod prepared;
mod statistics;

pub use statistics::GaussianStatistics;

use crate::gaussian_mixture::GaussianMixture;
use crate::{Error, Result, check};
use block::Data;
use nalgebra::{DMatrix, DVector};
use prepared::Prepared;

/// Computes EM steps on a number of threads.
#[derive(Debug)]
pub struct Engine {
    pool: Option<rayon::ThreadPool>,
}

/// Where a new variance is smaller than this part of the second moment about the old mean, their difference has lost two bits,
/// and the moments are taken again about the new mean.
const SMALLEST_PART: f64 = 0.25;

impl Engine {
    /// An engine on `threads` threads; 0 stands for as many as the machine has cores.
    ///
    /// # Errors
    /// [`Error::Threads`] if the system refuses to start them.
    ///
    /// ```
    /// use executable_em::engine::Engine;
    /// assert!(Engine::new(2).is_ok());
    /// ```
    pub fn new(threads: usize) -> Result<Self> {
        let pool = match threads {
            1 => None,
            _ => {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                Some(pool.map_err(|error| Error::Threads { reason: error.to_string() })?)
            }
        };
        Ok(Engine { pool })
    }

    /// The sufficient statistics of the data at these parameters: an E step and the sums of the M step.
    ///
    /// `x` is n×d. Errors as in [`GaussianMixture::new`]; [`Error::NotFinite`] and [`Error::Empty`] for the data;
    /// [`Error::ImpossibleDatum`] for a datum that no component can explain.
    ///
    /// Example: [`GaussianStatistics`].
    pub fn statistics(&self, model: &GaussianMixture, x: &DMatrix<f64>) -> Result<GaussianStatistics> {
        let (prepared, data) = prepare(model, x, None)?;
        self.statistics_about(&prepared, data, prepared.means())
    }

    /// One sweep of EM: the parameters after it, and ℓ before it.
    ///
    /// The same as `model.maximize(x, &model.responsibilities(x)?)`, to rounding. Errors as for [`Engine::statistics`].
    ///
    /// ```
    /// use executable_em::engine::Engine;
    /// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
    /// use executable_em::{data, latent::Model};
    /// let x = data::old_faithful();
    /// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
    /// let (next, log_likelihood) = Engine::new(1)?.step(&model, &x)?;
    /// let derived = model.maximize(&x, &model.responsibilities(&x)?)?;
    /// assert!((next.means - derived.means).amax() < 1e-11);
    /// assert!((log_likelihood - model.log_likelihood(&x)?).abs() < 1e-10);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn step(&self, model: &GaussianMixture, x: &DMatrix<f64>) -> Result<(GaussianMixture, f64)> {
        self.checked_step(model, x, None)
    }

    /// One sweep of EM on weighted data: a datum of weight w counts as w equal data.
    ///
    /// ```math
    /// \ell = \sum_i w_i\log p(x_i), \qquad R_j = \sum_i w_i r_{ij}
    /// ```
    ///
    /// `data_weights` holds n numbers ≥ 0 ([`Error::Domain`] otherwise). Errors as for [`Engine::statistics`].
    ///
    /// ```
    /// use executable_em::engine::Engine;
    /// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
    /// use nalgebra::{dmatrix, dvector};
    /// let (x, repeated) = (dmatrix![0.0; 1.0; 5.0], dmatrix![0.0; 1.0; 5.0; 5.0]);
    /// let model = random_start(&x, 1, CovarianceFamily::Full, &mut executable_em::data::rng(1))?;
    /// let engine = Engine::new(1)?;
    /// let (weighted, _) = engine.weighted_step(&model, &x, &dvector![1.0, 1.0, 2.0])?;
    /// assert!((weighted.means - engine.step(&model, &repeated)?.0.means).amax() < 1e-15);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn weighted_step(
        &self,
        model: &GaussianMixture,
        x: &DMatrix<f64>,
        data_weights: &DVector<f64>,
    ) -> Result<(GaussianMixture, f64)> {
        self.checked_step(model, x, Some(data_weights))
    }

    fn checked_step(
        &self,
        model: &GaussianMixture,
        x: &DMatrix<f64>,
        weights: Option<&DVector<f64>>,
    ) -> Result<(GaussianMixture, f64)> {
        let (prepared, data) = prepare(model, x, weights)?;
        let mut statistics = self.statistics_about(&prepared, data, prepared.means())?;
        if let Some(references) = statistics.better_references(SMALLEST_PART) {
            statistics = self.statistics_about(&prepared, data, &references)?;
        }
        Ok((statistics.maximize(model)?, statistics.log_likelihood))
    }

    fn statistics_about(
        &self,
        prepared: &Prepared,
        data: Data<'_>,
        references: &[f64],
    ) -> Result<GaussianStatistics> {
        let partial = parallel::sum(self.pool.as_ref(), data, prepared, references);
        match partial.impossible {
            Some(row) => Err(Error::ImpossibleDatum { row }),
            None => Ok(GaussianStatistics::from_partial(&partial, prepared.layout, references)),
        }
    }
}

fn prepare<'a>(
    model: &GaussianMixture,
    x: &'a DMatrix<f64>,
    weights: Option<&'a DVector<f64>>,
) -> Result<(Prepared, Data<'a>)> {
    check::finite("data", x)?;
    model.validate()?;
    check::shape("data", x.shape(), (x.nrows(), model.d()))?;
    if let Some(weights) = weights {
        check::finite("data weights", weights)?;
        check::shape("data weights", weights.shape(), (x.nrows(), 1))?;
        if let Some(&value) = weights.iter().find(|&&weight| weight < 0.0) {
            return Err(Error::Domain { what: "data weight", value, allowed: "≥ 0" });
        }
    }
    Ok((Prepared::new(model)?, Data { x, weights }))
}
