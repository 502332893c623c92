//! Lloyd's algorithm, its trace, and restarts.

use super::{averages, cost, distances, nearest};
use crate::check;
use crate::em::{self, Climb, Expected, Seen, Stopped, Stopping, Tolerance};
use crate::error::{Error, Result};
use crate::latent::complete::indicators;
use nalgebra::DMatrix;
use std::ops::ControlFlow;

/// Which half of a sweep a [`HalfStep`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The data went to their nearest means.
    Assign,
    /// The means moved to the averages of their data.
    Update,
}

/// The state after one half of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct HalfStep {
    /// The half that led here.
    pub step: Step,
    /// The label of every datum.
    pub labels: Vec<usize>,
    /// The means, k×d.
    pub means: DMatrix<f64>,
    /// J of these labels and means.
    pub objective: f64,
}

impl HalfStep {
    fn new(step: Step, labels: Vec<usize>, means: &DMatrix<f64>, distances: &DMatrix<f64>) -> Self {
        let objective = cost(&indicators(&labels, means.nrows()), distances);
        HalfStep { step, labels, means: means.clone(), objective }
    }
}

/// A run of Lloyd's algorithm, half step by half step.
#[derive(Clone, Debug, PartialEq)]
pub struct Lloyd {
    /// The means that the run started from, k×d.
    pub start: DMatrix<f64>,
    /// Every half step: assign, update, assign, update, …, assign.
    pub half_steps: Vec<HalfStep>,
    /// Whether the assignments came to rest, rather than the sweeps to their cap.
    pub converged: bool,
}

impl Lloyd {
    /// The final means, k×d.
    pub fn means(&self) -> &DMatrix<f64> {
        &self.last().means
    }

    /// The final label of every datum.
    pub fn labels(&self) -> &[usize] {
        &self.last().labels
    }

    /// The final J.
    pub fn objective(&self) -> f64 {
        self.last().objective
    }

    /// J after every half step.
    pub fn objectives(&self) -> Vec<f64> {
        self.half_steps.iter().map(|half_step| half_step.objective).collect()
    }

    fn last(&self) -> &HalfStep {
        self.half_steps.last().expect("a run begins with an assignment")
    }
}

/// Lloyd's algorithm: assign, update, assign, …, until an assignment repeats or the sweeps reach their cap.
/// ```math
/// \kappa_i \leftarrow \arg\min_j\|x_i - m_j\|^2, \qquad m_j \leftarrow \frac{1}{R_j}\sum_i r_{ij}x_i
/// ```
/// `x` is n×d, `start` k×d with k ≤ n; `max_sweeps` caps the number of updates (0 leaves a single assignment).
///
/// **Why it stops.** After an update J depends on the assignment alone. With ties broken by the lower index, a sweep
/// that changes the assignment lowers this J or, at equal J, the sum of the labels; and there are finitely many
/// assignments. What it reaches is a coordinate-wise optimum: no single step improves it, though moving a mean and its
/// data together may. It climbs −J by the loop of [`em`].
///
/// Source: H-05, H-11, H-12, H-14, H-17, T-02, T-04, B-32, H-E12, H-E16, T-E19.
/// ```
/// use executable_em::kmeans::lloyd;
/// use nalgebra::dmatrix;
/// let run = lloyd(&dmatrix![0.0; 1.0; 9.0; 10.0], &dmatrix![0.0; 1.0], 100)?;
/// assert!(run.converged && *run.means() == dmatrix![0.5; 9.5]);
/// assert!(run.objectives().is_sorted_by(|before, after| before >= after));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn lloyd(x: &DMatrix<f64>, start: &DMatrix<f64>, max_sweeps: usize) -> Result<Lloyd> {
    check::data_and_means(x, start)?;
    check::component_count(start.nrows(), x.nrows())?;
    let mut half_steps: Vec<HalfStep> = Vec::new();
    let stopping = Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps };
    let fit = em::best_of(&Clusters(x), [Ok(start.clone())], &stopping, |seen| {
        if let Seen::Sweep { model: means, expected, .. } = seen {
            let update = half_steps
                .last()
                .map(|last| HalfStep::new(Step::Update, last.labels.clone(), means, &distances(x, means)));
            half_steps.extend(update.into_iter().chain([expected.expectation.clone()]));
        }
        ControlFlow::Continue(())
    })?;
    Ok(Lloyd { start: start.clone(), half_steps, converged: fit.stopped == Stopped::Converged })
}

/// Data on which k-means climbs −J: θ is the means, the E step assigns the data, the M step averages them.
struct Clusters<'a>(&'a DMatrix<f64>);

impl Climb for Clusters<'_> {
    type Model = DMatrix<f64>;
    type Expectation = HalfStep;
    type Error = Error;

    fn expect(&self, means: &DMatrix<f64>) -> Result<Expected<HalfStep>> {
        let distances = distances(self.0, means);
        let half_step = HalfStep::new(Step::Assign, nearest(&distances), means, &distances);
        let total = self.0.nrows() as f64;
        Ok(Expected { log_likelihood: -half_step.objective, total, expectation: half_step })
    }

    fn maximize(&self, means: &DMatrix<f64>, assigned: &HalfStep) -> Result<DMatrix<f64>> {
        let means = averages(self.0, &indicators(&assigned.labels, means.nrows()), means);
        // A sum of huge data may overflow.
        check::finite("means", &means)?;
        Ok(means)
    }

    /// How many data went to another mean.
    fn moved(&self, (_, before): (&DMatrix<f64>, &HalfStep), (_, after): (&DMatrix<f64>, &HalfStep)) -> f64 {
        before.labels.iter().zip(&after.labels).filter(|(before, after)| before != after).count() as f64
    }
}

/// Lloyd's algorithm from every one of several starts.
///
/// `starts` yields k×d means; returns the runs in the same order, the best being that of least J. [`Error::Empty`] if
/// there are none.
///
/// Source: H-18, T-06, C-10.
/// ```
/// use executable_em::{data, kmeans};
/// let x = data::standardize(&data::old_faithful())?;
/// let mut rng = data::rng(1);
/// let starts: Vec<_> = (0..10).map(|_| kmeans::random_start(&x, 2, &mut rng)).collect::<Result<_, _>>()?;
/// let runs = kmeans::restarts(&x, starts, 100)?;
/// let best = runs.iter().min_by(|a, b| a.objective().total_cmp(&b.objective())).unwrap();
/// assert!((best.objective() - 79.576).abs() < 1e-3);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn restarts(
    x: &DMatrix<f64>,
    starts: impl IntoIterator<Item = DMatrix<f64>>,
    max_sweeps: usize,
) -> Result<Vec<Lloyd>> {
    let runs = starts.into_iter().map(|start| lloyd(x, &start, max_sweeps)).collect::<Result<Vec<_>>>()?;
    if runs.is_empty() { Err(Error::Empty { what: "starts" }) } else { Ok(runs) }
}
