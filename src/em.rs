//! Expectation–maximisation for any model: one sweep, the loop with its stopping rules, and restarts.
//!
//! A sweep computes the responsibilities at the current θ (the E step) and then the θ that maximises the expected
//! complete-data log-likelihood under them (the M step). It never lowers the log-likelihood.

use crate::check;
use crate::error::{Error, Result};
use crate::latent::{self, Model};
use nalgebra::DMatrix;

/// One sweep of EM: E step, then M step.
///
/// ```math
/// \theta^{t+1} = \arg\max_\theta \sum_{ij} r_{ij}(\theta^t)\,\log p(x_i, z_i = j \mid \theta)
/// ```
///
/// `x` is n×d. Errors are those of the model's two steps.
///
/// Source: H-38, H-51, H-60, L-12, C-24, T-25.
///
/// ```
/// use executable_em::{data, em, gaussian_mixture::{CovarianceFamily, random_start}};
/// let x = data::old_faithful();
/// let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let next = em::sweep(&start, &x)?;
/// assert!(next.log_likelihood(&x)? > start.log_likelihood(&x)?);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn sweep<M: Model>(model: &M, x: &DMatrix<f64>) -> Result<M> {
    let r = latent::responsibilities(&model.log_joint(x)?)?;
    model.maximize(x, &r)
}

/// What EM watches to see that it has arrived.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// Stop when a sweep raises ℓ by no more than this, in nats over the whole data set.
    LogLikelihood(f64),
    /// Stop when no parameter moves by more than this, relative to max(1, |θ_m|).
    Parameters(f64),
}

/// When EM stops.
///
/// Source: H-61, L-12, T-04 (a tolerance and an iteration cap).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stopping {
    /// The rule of convergence. A tolerance of zero stops where, in floating point, ℓ no longer rises or no parameter moves.
    pub tolerance: Tolerance,
    /// The largest number of sweeps.
    pub max_sweeps: usize,
}

impl Default for Stopping {
    /// ℓ to 10⁻⁹ nats, at most 10 000 sweeps: near a regular optimum the parameters then hold five digits or more.
    fn default() -> Self {
        Stopping { tolerance: Tolerance::LogLikelihood(1e-9), max_sweeps: 10_000 }
    }
}

/// Why a run of EM ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The tolerance was met.
    Converged,
    /// The cap on sweeps was reached first.
    MaxSweeps,
}

/// One θ of a run with its log-likelihood.
#[derive(Clone, Debug, PartialEq)]
pub struct Iterate<M> {
    /// The model at this θ.
    pub model: M,
    /// ℓ(θ), in nats.
    pub log_likelihood: f64,
}

/// A run of EM: every θ from the start to the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit<M> {
    /// θ⁰, θ¹, …: the start and the θ after every sweep.
    pub iterates: Vec<Iterate<M>>,
    /// Why the run ended.
    pub stopped: Stopped,
}

impl<M> Fit<M> {
    /// The model at the last θ.
    pub fn model(&self) -> &M {
        &self.last().model
    }

    /// ℓ at the last θ, in nats.
    pub fn log_likelihood(&self) -> f64 {
        self.last().log_likelihood
    }

    /// ℓ after 0, 1, 2, … sweeps, in nats.
    pub fn log_likelihoods(&self) -> Vec<f64> {
        self.iterates.iter().map(|iterate| iterate.log_likelihood).collect()
    }

    /// The number of sweeps.
    pub fn sweeps(&self) -> usize {
        self.iterates.len() - 1
    }

    fn last(&self) -> &Iterate<M> {
        self.iterates.last().expect("a run holds its start")
    }
}

/// Runs EM from a start until the tolerance is met or the sweeps reach their cap.
///
/// `x` is n×d. ℓ never falls from one iterate to the next, up to rounding. That the run has converged means that ℓ or θ
/// has all but come to rest, not that θ is a maximum: it may be a local one, or a saddle (C-E09).
///
/// [`Error::Domain`] for a tolerance that is negative or NaN, and the errors of the model's two steps: a component that
/// collapses onto a point ends the run with [`Error::NotPositiveDefinite`].
///
/// Source: H-38, H-52, H-61, L-12, B-13, T-24.
///
/// ```
/// use executable_em::{data, em, gaussian_mixture::{CovarianceFamily, random_start}};
/// let x = data::old_faithful();
/// let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let fit = em::fit(start, &x, &em::Stopping::default())?;
/// assert_eq!(fit.stopped, em::Stopped::Converged);
/// assert!((fit.log_likelihood() - -1130.264).abs() < 1e-3);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn fit<M: Model>(start: M, x: &DMatrix<f64>, stopping: &Stopping) -> Result<Fit<M>> {
    let (Tolerance::LogLikelihood(tolerance) | Tolerance::Parameters(tolerance)) = stopping.tolerance;
    if tolerance.is_nan() || tolerance < 0.0 {
        return Err(Error::Domain { what: "tolerance", value: tolerance, allowed: "≥ 0" });
    }
    check::finite("data", x)?;

    let mut log_joint = start.log_joint(x)?;
    let log_likelihood = latent::log_likelihood(&log_joint)?;
    let mut iterates = vec![Iterate { model: start, log_likelihood }];
    for _ in 0..stopping.max_sweeps {
        let before = &iterates[iterates.len() - 1];
        let model = before.model.maximize(x, &latent::responsibilities(&log_joint)?)?;
        log_joint = model.log_joint(x)?;
        let log_likelihood = latent::log_likelihood(&log_joint)?;
        let arrived = match stopping.tolerance {
            Tolerance::LogLikelihood(tolerance) => log_likelihood - before.log_likelihood <= tolerance,
            Tolerance::Parameters(tolerance) => largest_move(&before.model, &model) <= tolerance,
        };
        iterates.push(Iterate { model, log_likelihood });
        if arrived {
            return Ok(Fit { iterates, stopped: Stopped::Converged });
        }
    }
    Ok(Fit { iterates, stopped: Stopped::MaxSweeps })
}

/// The largest change of a parameter between two models of the same shape, relative to max(1, |θ_m|).
fn largest_move<M: Model>(before: &M, after: &M) -> f64 {
    let (before, after) = (before.parameters(), after.parameters());
    before.iter().zip(&after).map(|(a, b)| (b - a).abs() / a.abs().max(1.0)).fold(0.0, f64::max)
}

/// EM from every one of several starts.
///
/// Returns a result for each start, in order: a start may fail (a component collapses) while others arrive.
/// [`best`] picks the winner.
///
/// Source: C-10, H-18; the `n_init` of T-06.
///
/// ```
/// use executable_em::{data, em, gaussian_mixture::{CovarianceFamily, random_start}};
/// let (x, _) = data::blobs();
/// let mut rng = data::rng(3);
/// let starts = (0..10).map(|_| random_start(&x, 4, CovarianceFamily::Full, &mut rng)).collect::<Result<Vec<_>, _>>()?;
/// let best = em::best(em::restarts(starts, &x, &em::Stopping::default()))?;
/// assert!((best.log_likelihood() - -1264.85924).abs() < 1e-5);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn restarts<M: Model>(
    starts: impl IntoIterator<Item = M>,
    x: &DMatrix<f64>,
    stopping: &Stopping,
) -> Vec<Result<Fit<M>>> {
    starts.into_iter().map(|start| fit(start, x, stopping)).collect()
}

/// The run of highest final ℓ; runs that failed are passed over.
///
/// The error of the first run if all of them failed, [`Error::Empty`] if there were none.
///
/// Source: C-10. Example: [`restarts`].
pub fn best<M>(runs: impl IntoIterator<Item = Result<Fit<M>>>) -> Result<Fit<M>> {
    let mut best: Result<Fit<M>> = Err(Error::Empty { what: "starts" });
    for (index, run) in runs.into_iter().enumerate() {
        let better = match (&best, &run) {
            (Ok(best), Ok(run)) => run.log_likelihood() > best.log_likelihood(),
            (Err(_), Ok(_)) => true,
            (Ok(_), Err(_)) => false,
            (Err(_), Err(_)) => index == 0,
        };
        if better {
            best = run;
        }
    }
    best
}
