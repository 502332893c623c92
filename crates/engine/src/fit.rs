//! A whole fit: sweeps until the tolerance is met, from one start or the best of several.

use super::{Engine, Fused, Source};
use crate::em::{better_of, largest_move};
use crate::{Error, Result, check};
use std::ops::ControlFlow;

/// What the engine watches to see that it has arrived.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// Stop when a sweep raises ℓ by no more than this, in nats a datum (of weight one).
    MeanLogLikelihood(f64),
    /// Stop when no parameter moves by more than this, relative to max(1, |θ_m|): see [`largest_move`].
    Parameters(f64),
}

/// When a fit stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stopping {
    /// The rule of convergence.
    pub tolerance: Tolerance,
    /// The largest number of sweeps.
    pub max_sweeps: usize,
}

impl Default for Stopping {
    /// ℓ to 10⁻⁸ nats a datum, at most 1000 sweeps.
    fn default() -> Self {
        Stopping { tolerance: Tolerance::MeanLogLikelihood(1e-8), max_sweeps: 1000 }
    }
}

/// Why a fit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The tolerance was met.
    Converged,
    /// The cap on sweeps was reached first.
    MaxSweeps,
    /// Whoever watched said so.
    Interrupted,
}

/// How far a fit has come: what a watcher sees before each sweep, and once more at the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Which start this run began from, counted from 0.
    pub start: usize,
    /// The number of sweeps done.
    pub sweeps: usize,
    /// ℓ after them, in nats.
    pub log_likelihood: f64,
    /// The number of data, or the sum of their weights.
    pub total: f64,
}

/// The end of a fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted<M> {
    /// The parameters.
    pub model: M,
    /// ℓ at these parameters, in nats.
    pub log_likelihood: f64,
    /// The number of data, or the sum of their weights.
    pub total: f64,
    /// The number of sweeps from the start.
    pub sweeps: usize,
    /// Which start this run began from, counted from 0.
    pub start: usize,
    /// Why it ended.
    pub stopped: Stopped,
}

impl Engine {
    /// Runs EM from a start until the tolerance is met or the sweeps reach their cap.
    ///
    /// The sweeps, and the number of them, are those of [`em::fit`](crate::em::fit), but for rounding and for a tolerance
    /// that counts by the datum.
    ///
    /// # Errors
    /// [`Error::Domain`] for a tolerance that is negative or NaN; those of [`Engine::step`].
    ///
    /// ```
    /// use executable_em::engine::{Data, Engine, Stopped, Stopping};
    /// use executable_em::gaussian_mixture::{CovarianceFamily, kmeans_start};
    /// use executable_em::data;
    /// let x = data::old_faithful();
    /// let start = kmeans_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
    /// let fit = Engine::new(1)?.fit(start, &Data::new(&x)?, &Stopping::default())?;
    /// assert_eq!(fit.stopped, Stopped::Converged);
    /// assert!((fit.log_likelihood - -1130.264).abs() < 1e-3);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn fit<M: Fused>(
        &self,
        start: M,
        source: &(impl Source + ?Sized),
        stopping: &Stopping,
    ) -> Result<Fitted<M>> {
        self.best_of([Ok(start)], source, stopping, |_| ControlFlow::Continue(()))
    }

    /// The run of highest ℓ among those from several starts, under the eyes of a watcher.
    ///
    /// Starts are asked for one by one, as they are needed. A start or a run that fails, as where a component collapses onto
    /// a point, is passed over. `watch` sees every sweep; if it breaks off, the best parameters so far are returned, and
    /// [`Stopped::Interrupted`].
    ///
    /// # Errors
    /// [`Error::Domain`] for a tolerance that is negative or NaN, [`Error::Empty`] for no starts, the first error if all runs
    /// fail.
    ///
    /// ```
    /// use executable_em::engine::{Data, Engine, Stopping};
    /// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
    /// use executable_em::data;
    /// use std::ops::ControlFlow;
    /// let (x, _) = data::blobs();
    /// let mut rng = data::rng(3);
    /// let starts = (0..10).map(|_| random_start(&x, 4, CovarianceFamily::Full, &mut rng));
    /// let mut sweeps = 0;
    /// let fit = Engine::new(1)?.best_of(starts, &Data::new(&x)?, &Stopping::default(), |_| {
    ///     sweeps += 1;
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert!((fit.log_likelihood - -1264.859).abs() < 1e-3 && sweeps > 10);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn best_of<M: Fused>(
        &self,
        starts: impl IntoIterator<Item = Result<M>>,
        source: &(impl Source + ?Sized),
        stopping: &Stopping,
        mut watch: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Fitted<M>> {
        let (Tolerance::MeanLogLikelihood(tolerance) | Tolerance::Parameters(tolerance)) = stopping.tolerance;
        check::tolerance(tolerance)?;
        let mut best = None;
        for (start, model) in starts.into_iter().enumerate() {
            let run = model.and_then(|model| self.run(start, model, source, stopping, &mut watch));
            let interrupted = matches!(&run, Ok(run) if run.stopped == Stopped::Interrupted);
            let so_far =
                better_of(best, run, |run: &Fitted<M>, best| run.log_likelihood > best.log_likelihood);
            if interrupted {
                return so_far.map(|best| Fitted { stopped: Stopped::Interrupted, ..best });
            }
            best = Some(so_far);
        }
        best.unwrap_or(Err(Error::Empty { what: "starts" }))
    }

    fn run<M: Fused>(
        &self,
        start: usize,
        mut model: M,
        source: &(impl Source + ?Sized),
        stopping: &Stopping,
        watch: &mut impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Fitted<M>> {
        let mut sweeps = 0;
        let mut before = f64::NEG_INFINITY;
        let mut at_rest = false;
        loop {
            let next = model.sweep(self, source)?;
            let (log_likelihood, total) = (next.log_likelihood, next.total);
            let watched = watch(Progress { start, sweeps, log_likelihood, total });
            let converged = match stopping.tolerance {
                Tolerance::MeanLogLikelihood(tolerance) => (log_likelihood - before) / total <= tolerance,
                Tolerance::Parameters(_) => at_rest,
            };
            let stopped = if converged {
                Some(Stopped::Converged)
            } else if sweeps == stopping.max_sweeps {
                Some(Stopped::MaxSweeps)
            } else {
                watched.is_break().then_some(Stopped::Interrupted)
            };
            if let Some(stopped) = stopped {
                return Ok(Fitted { model, log_likelihood, total, sweeps, start, stopped });
            }
            if let Tolerance::Parameters(tolerance) = stopping.tolerance {
                at_rest = largest_move(&model, &next.model) <= tolerance;
            }
            before = log_likelihood;
            model = next.model;
            sweeps += 1;
        }
    }
}
