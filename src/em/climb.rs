//! The one loop that everything here climbs by: its two steps, when it stops, what a watcher sees, restarts.

use crate::check;
use crate::convergence::aitken;
use crate::error::Error;
use crate::latent;
use nalgebra::DMatrix;
use std::ops::ControlFlow;

/// What is watched to see that a run has arrived.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// Stop when a sweep raises ℓ by no more than this, in nats a datum (for k-means: lowers J, in squared units).
    LogLikelihood(f64),
    /// Stop when ℓ is within this of its limit, in nats a datum, as [Aitken's estimate](aitken::left) has it for a
    /// tenth of the run; or at rest.
    Limit(f64),
    /// Stop when no parameter moves by more than this, relative to max(1, |θ_m|): see
    /// [`largest_move`](super::largest_move).
    Parameters(f64),
}

/// When a run stops.
///
/// Source: H-61, L-12, T-04 (a tolerance and an iteration cap).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stopping {
    /// The rule of convergence. Zero stops where, in floating point, ℓ no longer rises or no parameter moves.
    pub tolerance: Tolerance,
    /// The largest number of sweeps.
    pub max_sweeps: usize,
}

impl Default for Stopping {
    /// ℓ to a billionth of a nat on the 272 data of Old Faithful, at most 10 000 sweeps: near a regular optimum θ then
    /// holds five digits or more.
    fn default() -> Self {
        Stopping { tolerance: Tolerance::LogLikelihood(1e-9 / 272.0), max_sweeps: 10_000 }
    }
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The tolerance was met.
    Converged,
    /// The cap on sweeps was reached first.
    MaxSweeps,
    /// A sweep lowered ℓ by more than rounding: its M step maximises something else, or Σ is all but singular.
    Fell,
    /// Whoever watched said so.
    Interrupted,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit<M> {
    /// The model at the last θ.
    pub model: M,
    /// ℓ there, in nats; for k-means −J, which climbs as well.
    pub log_likelihood: f64,
    /// The number of data, or the sum of their weights.
    pub total: f64,
    /// The number of sweeps.
    pub sweeps: usize,
    /// Which of several starts the run began from, counted from 0.
    pub start: usize,
    /// Why it ended.
    pub stopped: Stopped,
}

/// Data and a way to climb on them: what the loop needs to know of a model, an engine or a database.
///
/// Source: H-60, B-11, T-22 (the two steps).
pub trait Climb {
    /// The parameters θ.
    type Model: Clone;
    /// What the E step leaves to the M step: responsibilities, or sums of them.
    type Expectation;
    /// What can go wrong.
    type Error: From<Error>;

    /// The E step at θ: the height reached, and what the M step needs.
    ///
    /// # Errors
    /// Those of reading the data, and of θ that cannot explain them.
    fn expect(&self, model: &Self::Model) -> Result<Expected<Self::Expectation>, Self::Error>;

    /// The M step: the next θ.
    ///
    /// # Errors
    /// A component that collapses.
    fn maximize(
        &self,
        model: &Self::Model,
        expectation: &Self::Expectation,
    ) -> Result<Self::Model, Self::Error>;

    /// How far a sweep has moved, from one θ and its E step to the next; zero at rest.
    fn moved(&self, before: At<'_, Self>, after: At<'_, Self>) -> f64;
}

/// A θ, and its E step.
pub type At<'a, C> = (&'a <C as Climb>::Model, &'a <C as Climb>::Expectation);

/// What an E step says.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected<E> {
    /// ℓ(θ) in nats, or −J: what climbs.
    pub log_likelihood: f64,
    /// The number of data, or the sum of their weights.
    pub total: f64,
    /// What the M step needs.
    pub expectation: E,
}

impl Expected<DMatrix<f64>> {
    /// The E step that is read off a log joint, n×k: ℓ and the responsibilities.
    pub(crate) fn of(log_joint: &DMatrix<f64>) -> Result<Self, Error> {
        Ok(Expected {
            log_likelihood: latent::log_likelihood(log_joint)?,
            total: log_joint.nrows() as f64,
            expectation: latent::responsibilities(log_joint)?,
        })
    }
}

/// What a watcher sees: every sweep of every run, and the end of every run, those that fail included.
#[derive(Debug)]
pub enum Seen<'a, C: Climb> {
    /// The state after so many sweeps from a start, 0 included.
    Sweep {
        /// Which start the run began from, counted from 0.
        start: usize,
        /// The number of sweeps done.
        sweeps: usize,
        /// θ after them.
        model: &'a C::Model,
        /// The E step there.
        expected: &'a Expected<C::Expectation>,
    },
    /// How the run from a start ended.
    Run {
        /// Which start, counted from 0.
        start: usize,
        /// Its end.
        outcome: &'a Result<Fit<C::Model>, C::Error>,
    },
}

/// A fall of ℓ by less than this, in nats a datum and relative to 1 + |ℓ|/n, is rounding: a density errs by dκε, and
/// ε is 2·10⁻¹⁶.
const ROUNDING: f64 = 1e-10;

/// The highest of the runs from several starts, under the eyes of a watcher: the one loop that everything here climbs
/// by.
///
/// Starts are asked for one by one, as they are needed. A start or a run that fails, as where a component collapses
/// onto a point, is passed over. If `watch` breaks off, the best so far is returned, with [`Stopped::Interrupted`].
///
/// [`Error::Domain`] for a tolerance that is negative or NaN, [`Error::Empty`] for no starts, the first error if all
/// fail.
///
/// Source: C-10, L-15, T-23, H-18; the `n_init` of T-06.
///
/// ```
/// use executable_em::{data, em, gaussian_mixture::{CovarianceFamily, GaussianMixture, random_start}};
/// use std::ops::ControlFlow;
/// let (x, _) = data::blobs();
/// let mut rng = data::rng(3);
/// let starts = (0..10).map(|_| random_start(&x, 4, CovarianceFamily::Full, &mut rng));
/// let mut sweeps = 0;
/// let fit = em::best_of(&em::OnData::new(&x)?, starts, &em::Stopping::default(), |seen| {
///     sweeps += usize::from(matches!(seen, em::Seen::Sweep { .. }));
///     ControlFlow::Continue(())
/// })?;
/// assert!((fit.log_likelihood - -1264.85924).abs() < 1e-5 && sweeps > 10);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn best_of<C: Climb>(
    climb: &C,
    starts: impl IntoIterator<Item = Result<C::Model, C::Error>>,
    stopping: &Stopping,
    mut watch: impl FnMut(Seen<'_, C>) -> ControlFlow<()>,
) -> Result<Fit<C::Model>, C::Error> {
    use Tolerance::{Limit, LogLikelihood, Parameters};
    let (LogLikelihood(tolerance) | Limit(tolerance) | Parameters(tolerance)) = stopping.tolerance;
    check::at_least_zero("tolerance", tolerance)?;
    let mut best = None;
    for (start, model) in starts.into_iter().enumerate() {
        let outcome = model.and_then(|model| run(climb, start, model, stopping, &mut watch));
        let enough = watch(Seen::Run { start, outcome: &outcome }).is_break()
            || matches!(&outcome, Ok(fit) if fit.stopped == Stopped::Interrupted);
        let so_far = better_of(best, outcome);
        if enough {
            return so_far.map(|best| Fit { stopped: Stopped::Interrupted, ..best });
        }
        best = Some(so_far);
    }
    best.unwrap_or(Err(Error::Empty { what: "starts" }.into()))
}

fn run<C: Climb>(
    climb: &C,
    start: usize,
    mut model: C::Model,
    stopping: &Stopping,
    watch: &mut impl FnMut(Seen<'_, C>) -> ControlFlow<()>,
) -> Result<Fit<C::Model>, C::Error> {
    let mut expected = climb.expect(&model)?;
    let mut heights = vec![expected.log_likelihood];
    let mut arrived = 0;
    let mut sweeps = 0;
    let mut stopped = None;
    loop {
        let watched = watch(Seen::Sweep { start, sweeps, model: &model, expected: &expected });
        if sweeps == stopping.max_sweeps {
            stopped = stopped.or(Some(Stopped::MaxSweeps));
        } else if watched.is_break() {
            stopped = stopped.or(Some(Stopped::Interrupted));
        }
        if let Some(stopped) = stopped {
            let Expected { log_likelihood, total, .. } = expected;
            return Ok(Fit { model, log_likelihood, total, sweeps, start, stopped });
        }
        let next = climb.maximize(&model, &expected.expectation)?;
        let reached = climb.expect(&next)?;
        let rise = (reached.log_likelihood - expected.log_likelihood) / reached.total;
        heights.push(reached.log_likelihood);
        let fell = rise < -ROUNDING * (1.0 + (reached.log_likelihood / reached.total).abs());
        stopped = match stopping.tolerance {
            Tolerance::LogLikelihood(_) | Tolerance::Limit(_) if fell => Some(Stopped::Fell),
            Tolerance::LogLikelihood(tolerance) => (rise <= tolerance).then_some(Stopped::Converged),
            Tolerance::Limit(tolerance) => {
                arrived = if aitken::left(&heights) <= tolerance * reached.total { arrived + 1 } else { 0 };
                // Where a run turns from fast to slow the estimate is too low for as long as it looks back.
                (arrived > heights.len() / 10 || rise <= 0.0).then_some(Stopped::Converged)
            }
            Tolerance::Parameters(tolerance) => {
                let moved = climb.moved((&model, &expected.expectation), (&next, &reached.expectation));
                (moved <= tolerance).then_some(Stopped::Converged)
            }
        };
        (model, expected) = (next, reached);
        sweeps += 1;
    }
}

/// [`best_of`] one start, watched by nobody.
pub(crate) fn from_one<C: Climb>(
    climb: &C,
    start: Result<C::Model, C::Error>,
    stopping: &Stopping,
) -> Result<Fit<C::Model>, C::Error> {
    best_of(climb, [start], stopping, |_| ControlFlow::Continue(()))
}

/// The better of the best run so far and the next: one that failed gives way, and of failures the first is kept.
pub(super) fn better_of<M, E>(best: Option<Result<Fit<M>, E>>, run: Result<Fit<M>, E>) -> Result<Fit<M>, E> {
    match (best, run) {
        (None, run) | (Some(Err(_)), run @ Ok(_)) => run,
        (Some(Ok(best)), Ok(run)) if run.log_likelihood > best.log_likelihood => Ok(run),
        (Some(best), _) => best,
    }
}
