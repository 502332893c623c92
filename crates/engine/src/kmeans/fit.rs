//! Whole runs of Lloyd's algorithm, from one start or the best of several.

use super::super::{Engine, Source, Stopped};
use super::KMeansSweep;
use crate::em::better_of;
use crate::{Error, Result, check};
use nalgebra::{DMatrix, DVector};
use std::ops::ControlFlow;

/// When a run of Lloyd's algorithm stops: when its means are at rest, or before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KMeansStopping {
    /// Stop when a sweep lowers J by no more than this part of what is left; 0: not until the means are at rest.
    pub tolerance: f64,
    /// The largest number of sweeps.
    pub max_sweeps: usize,
}

impl Default for KMeansStopping {
    /// At rest, or after 1000 sweeps.
    fn default() -> Self {
        KMeansStopping { tolerance: 0.0, max_sweeps: 1000 }
    }
}

/// How far a run has come: what a watcher sees before each sweep, and once more at the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KMeansProgress {
    /// Which start this run began from, counted from 0.
    pub start: usize,
    /// The number of sweeps done.
    pub sweeps: usize,
    /// J after them, in squared units of the data.
    pub objective: f64,
    /// The number of data, or the sum of their weights.
    pub total: f64,
}

/// The end of a run of Lloyd's algorithm.
#[derive(Clone, Debug, PartialEq)]
pub struct KMeansFit {
    /// The means, k×d.
    pub means: DMatrix<f64>,
    /// How many data each mean is nearest to, or the sum of their weights: k numbers.
    pub counts: DVector<f64>,
    /// J of these means, every datum assigned to the nearest, in squared units of the data.
    pub objective: f64,
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
    /// Runs Lloyd's algorithm from a start until the means are at rest, the tolerance is met or the sweeps reach their cap.
    ///
    /// `start` is k×d. The sweeps are those of [`lloyd`](crate::kmeans::lloyd), and there are as many of them: the derivation
    /// stops when an assignment repeats; the same data always give a cluster the same sum, so that is when no mean moves.
    /// (Where the start itself is at rest, the derivation counts the sweep that shows it.)
    ///
    /// Source: H-05, H-11, H-17, T-04.
    ///
    /// # Errors
    /// [`Error::Domain`] for a tolerance that is negative or NaN, [`Error::ComponentCount`] for more means than data; those
    /// of [`Engine::kmeans_sweep`].
    ///
    /// ```
    /// use executable_em::engine::{Data, Engine, KMeansStopping, Stopped};
    /// use nalgebra::dmatrix;
    /// let x = dmatrix![0.0; 1.0; 9.0; 10.0];
    /// let fit = Engine::new(1)?.kmeans(dmatrix![0.0; 1.0], &Data::new(&x)?, &KMeansStopping::default())?;
    /// assert_eq!((fit.means, fit.objective), (dmatrix![0.5; 9.5], 1.0));
    /// assert_eq!(fit.stopped, Stopped::Converged);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn kmeans(
        &self,
        start: DMatrix<f64>,
        source: &(impl Source + ?Sized),
        stopping: &KMeansStopping,
    ) -> Result<KMeansFit> {
        self.best_kmeans([Ok(start)], source, stopping, |_| ControlFlow::Continue(()))
    }

    /// The run of least J among those from several starts, under the eyes of a watcher.
    ///
    /// Starts are asked for one by one, as they are needed; one that fails is passed over. `watch` sees every sweep; if it
    /// breaks off, the best means so far are returned, and [`Stopped::Interrupted`].
    ///
    /// Source: H-18, T-06.
    ///
    /// # Errors
    /// [`Error::Domain`] for a tolerance that is negative or NaN, [`Error::Empty`] for no starts, the first error if all runs
    /// fail.
    ///
    /// ```
    /// use executable_em::engine::{self, Data, Engine, KMeansStopping};
    /// use executable_em::data;
    /// use std::ops::ControlFlow;
    /// let (x, _) = data::blobs();
    /// let mut rng = data::rng(1);
    /// let starts = (0..10).map(|_| engine::plus_plus_start(&x, 4, &mut rng));
    /// let mut lowest = f64::INFINITY;
    /// let fit = Engine::new(1)?.best_kmeans(starts, &Data::new(&x)?, &KMeansStopping::default(), |progress| {
    ///     lowest = lowest.min(progress.objective);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(fit.objective, lowest);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn best_kmeans(
        &self,
        starts: impl IntoIterator<Item = Result<DMatrix<f64>>>,
        source: &(impl Source + ?Sized),
        stopping: &KMeansStopping,
        mut watch: impl FnMut(KMeansProgress) -> ControlFlow<()>,
    ) -> Result<KMeansFit> {
        check::tolerance(stopping.tolerance)?;
        let mut best = None;
        for (start, means) in starts.into_iter().enumerate() {
            let run = means.and_then(|means| self.lloyd(start, means, source, stopping, &mut watch));
            let interrupted = matches!(&run, Ok(run) if run.stopped == Stopped::Interrupted);
            let so_far = better_of(best, run, |run: &KMeansFit, best| run.objective < best.objective);
            if interrupted {
                return so_far.map(|best| KMeansFit { stopped: Stopped::Interrupted, ..best });
            }
            best = Some(so_far);
        }
        best.unwrap_or(Err(Error::Empty { what: "starts" }))
    }

    fn lloyd(
        &self,
        start: usize,
        mut means: DMatrix<f64>,
        source: &(impl Source + ?Sized),
        stopping: &KMeansStopping,
        watch: &mut impl FnMut(KMeansProgress) -> ControlFlow<()>,
    ) -> Result<KMeansFit> {
        // Sums about points that stay give the same data the same mean, to the last bit.
        let references = means.clone();
        let mut sweeps = 0;
        let mut before = f64::INFINITY;
        loop {
            let (next, rows) = self.sweep_about(&references, &means, source)?;
            check::component_count(means.nrows(), rows)?;
            let KMeansSweep { means: moved, objective, counts, total } = next;
            let watched = watch(KMeansProgress { start, sweeps, objective, total });
            let barely = stopping.tolerance > 0.0 && before - objective <= stopping.tolerance * objective;
            let stopped = if moved == means || barely {
                Some(Stopped::Converged)
            } else if sweeps == stopping.max_sweeps {
                Some(Stopped::MaxSweeps)
            } else {
                watched.is_break().then_some(Stopped::Interrupted)
            };
            if let Some(stopped) = stopped {
                return Ok(KMeansFit { means, counts, objective, total, sweeps, start, stopped });
            }
            before = objective;
            means = moved;
            sweeps += 1;
        }
    }
}
