//! Expectation–maximisation: one sweep, the loop with its stopping rules, and restarts, for anything that climbs.
//!
//! A sweep computes the responsibilities at the current θ (the E step) and then the θ that maximises the expected
//! complete-data log-likelihood under them (the M step). It never lowers the log-likelihood. That is all that is
//! promised: where a run ends depends on its start, and it may be a lower maximum, a saddle, or nowhere at all.

mod climb;

pub use climb::{At, Climb, Expected, Fit, Seen, Stopped, Stopping, Tolerance, best_of};

use crate::check;
use crate::error::{Error, Result};
use crate::latent::{self, Model};
use climb::better_of;
pub(crate) use climb::from_one;
use nalgebra::DMatrix;
use std::marker::PhantomData;
use std::ops::ControlFlow;

/// One sweep of EM: E step, then M step.
///
/// ```math
/// \theta^{t+1} = \arg\max_\theta \sum_{ij} r_{ij}(\theta^t)\,\log p(x_i, z_i = j \mid \theta)
/// ```
/// The data x and the labels z are variables, θ is not: the E step infers z given x and θ, the M step moves θ. It
/// maximises Q, not ℓ; both steps are *ascent*, of F(q, θ) in q and then in θ, traced half by half in
/// [`coordinate_ascent`](crate::bound::ascent::coordinate_ascent).
///
/// `x` is n×d. Errors are those of the model's two steps.
///
/// Source: H-38, H-51, H-60, L-12 … L-14, L-16, C-05, C-08, C-16, C-17, C-24, B-11, B-12, T-22, T-25, T-32; H-E20,
/// C-E06. Dempster, Laird and Rubin (1977).
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

/// Data in memory on which a [`Model`] climbs by its own two steps, as the derivations write them.
///
/// Example: [`best_of`].
#[derive(Clone, Copy, Debug)]
pub struct OnData<'a, M> {
    x: &'a DMatrix<f64>,
    model: PhantomData<M>,
}

impl<'a, M: Model> OnData<'a, M> {
    /// These data, n×d. [`Error::Empty`] or [`Error::NotFinite`] if they are none.
    pub fn new(x: &'a DMatrix<f64>) -> Result<Self> {
        check::finite("data", x)?;
        Ok(OnData { x, model: PhantomData })
    }
}

impl<M: Model> Climb for OnData<'_, M> {
    type Model = M;
    type Expectation = DMatrix<f64>;
    type Error = Error;

    fn expect(&self, model: &M) -> Result<Expected<DMatrix<f64>>> {
        Expected::of(&model.log_joint(self.x)?)
    }

    fn maximize(&self, model: &M, r: &DMatrix<f64>) -> Result<M> {
        model.maximize(self.x, r)
    }

    fn moved(&self, before: (&M, &DMatrix<f64>), after: (&M, &DMatrix<f64>)) -> f64 {
        largest_move(before.0, after.0)
    }
}

/// Runs EM from a start until the tolerance is met or the sweeps reach their cap.
///
/// `x` is n×d. ℓ never falls from one iterate to the next, up to rounding; where it is bounded, its values converge.
/// The lectures promise more, and four things can happen that they do not say:
/// * ℓ *stays*: at a fixed point a sweep changes nothing, so "increases" is "does not fall".
/// * The fixed point is a saddle, or a lower maximum: on {±1, ±2} two equal components never part.
/// * The run does not end by itself. On {−1, 1} two unit Gaussians at ±m follow m ← tanh m, which creeps towards 0 like
///   $`\sqrt{3/(2t)}`$ for ever: ℓ is at rest long before θ is.
/// * ℓ is not bounded, a component collapses onto a point, and its variance leaves the floating-point numbers.
///
/// [`Error::Domain`] for a tolerance that is negative or NaN, and the errors of the model's two steps: a component that
/// collapses onto a point ends the run with [`Error::NotPositiveDefinite`].
///
/// Source: H-38, H-52, H-61, L-12, C-06, C-24, C-25, C-41, C-44, B-05, B-13, B-14, T-23, T-24; C-E09, H-E21, B-E13,
/// B-E14, T-E08.
///
/// ```
/// use executable_em::{data, em, gaussian_mixture::{CovarianceFamily, random_start}};
/// let x = data::old_faithful();
/// let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let fit = em::fit(start, &x, &em::Stopping::default())?;
/// assert_eq!(fit.stopped, em::Stopped::Converged);
/// assert!((fit.log_likelihood - -1130.264).abs() < 1e-3);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn fit<M: Model>(start: M, x: &DMatrix<f64>, stopping: &Stopping) -> Result<Fit<M>> {
    from_one(&OnData::new(x)?, Ok(start), stopping)
}

/// One θ of a run with its log-likelihood.
#[derive(Clone, Debug, PartialEq)]
pub struct Iterate<M> {
    /// The model at this θ.
    pub model: M,
    /// ℓ(θ), in nats.
    pub log_likelihood: f64,
}

/// A run of EM with every θ from the start to the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace<M> {
    /// θ⁰, θ¹, …: the start and the θ after every sweep.
    pub iterates: Vec<Iterate<M>>,
    /// The end of the run.
    pub fit: Fit<M>,
}

/// [`fit`], with every θ on the way. Arguments and errors are the same.
///
/// Source: H-61, L-12.
///
/// ```
/// use executable_em::{data, em, gaussian_mixture::{CovarianceFamily, random_start}};
/// let x = data::old_faithful();
/// let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let trace = em::trace(start, &x, &em::Stopping::default())?;
/// assert_eq!(trace.iterates.len(), trace.fit.sweeps + 1);
/// assert!(trace.rises().iter().all(|&rise| rise > -1e-11));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn trace<M: Model>(start: M, x: &DMatrix<f64>, stopping: &Stopping) -> Result<Trace<M>> {
    let mut iterates = Vec::new();
    let fit = best_of(&OnData::new(x)?, [Ok(start)], stopping, |seen| {
        if let Seen::Sweep { model, expected, .. } = seen {
            iterates.push(Iterate { model: M::clone(model), log_likelihood: expected.log_likelihood });
        }
        ControlFlow::Continue(())
    })?;
    Ok(Trace { iterates, fit })
}

impl<M> Trace<M> {
    /// ℓ after 0, 1, 2, … sweeps, in nats.
    pub fn log_likelihoods(&self) -> Vec<f64> {
        self.iterates.iter().map(|iterate| iterate.log_likelihood).collect()
    }

    /// By how much each sweep raised ℓ, in nats.
    ///
    /// The sum of the rises is bounded wherever ℓ is, so they tend to zero and ℓ converges. Source: H-61, B-14.
    pub fn rises(&self) -> Vec<f64> {
        self.iterates.windows(2).map(|pair| pair[1].log_likelihood - pair[0].log_likelihood).collect()
    }
}

impl<M: Model> Trace<M> {
    /// How far each sweep moved θ, by [`largest_move`].
    ///
    /// That ℓ converges does not say that these tend to zero, and that they tend to zero does not say that θ
    /// converges. Source: H-61, B-E14.
    pub fn moves(&self) -> Vec<f64> {
        self.iterates.windows(2).map(|pair| largest_move(&pair[0].model, &pair[1].model)).collect()
    }
}

/// How far apart two models of the same shape are: the largest change of a parameter, relative where the parameter is
/// large.
///
/// ```math
/// \max_m\frac{|\theta'_m - \theta_m|}{\max(1, |\theta_m|)}
/// ```
/// It depends on the units of the data, as ℓ's rises do not.
///
/// Source: H-61, B-E14.
///
/// ```
/// use executable_em::{em, soft_kmeans::{SoftKMeans, Weights}};
/// use nalgebra::dmatrix;
/// let at = |a: f64, b: f64| SoftKMeans::new(dmatrix![a; b], 1.0, Weights::Held);
/// assert_eq!(em::largest_move(&at(0.25, 8.0)?, &at(0.5, 10.0)?), 0.25); // 0.25 and 2/8
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn largest_move<M: Model>(before: &M, after: &M) -> f64 {
    let (before, after) = (before.parameters(), after.parameters());
    before.iter().zip(&after).map(|(a, b)| (b - a).abs() / a.abs().max(1.0)).fold(0.0, f64::max)
}

/// EM from every one of several starts.
///
/// Returns a result for each start, in order: a start may fail (a component collapses) while others arrive.
/// [`best`] picks the winner.
///
/// Source: C-10, L-15, T-23, H-18; the `n_init` of T-06.
///
/// ```
/// use executable_em::{data, em, gaussian_mixture::{CovarianceFamily, random_start}};
/// let (x, _) = data::blobs();
/// let mut rng = data::rng(3);
/// let starts = (0..10).map(|_| random_start(&x, 4, CovarianceFamily::Full, &mut rng)).collect::<Result<Vec<_>, _>>()?;
/// let best = em::best(em::restarts(starts, &x, &em::Stopping::default()))?;
/// assert!((best.log_likelihood - -1264.85924).abs() < 1e-5);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn restarts<M: Model>(
    starts: impl IntoIterator<Item = M>,
    x: &DMatrix<f64>,
    stopping: &Stopping,
) -> Vec<Result<Fit<M>>> {
    let run = |(start, model)| Ok(Fit { start, ..fit(model, x, stopping)? });
    starts.into_iter().enumerate().map(run).collect()
}

/// The run of highest final ℓ; runs that failed are passed over.
///
/// The error of the first run if all of them failed, [`Error::Empty`] if there were none.
///
/// Source: C-10. Example: [`restarts`].
pub fn best<M>(runs: impl IntoIterator<Item = Result<Fit<M>>>) -> Result<Fit<M>> {
    let best = runs.into_iter().fold(None, |best, run| Some(better_of(best, run)));
    best.unwrap_or(Err(Error::Empty { what: "starts" }))
}
