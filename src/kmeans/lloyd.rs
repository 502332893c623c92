//! Lloyd's algorithm, its trace, and restarts.

use super::{assign, objective, update_means};
use crate::error::{Error, Result};
use crate::{check, latent};
use nalgebra::DMatrix;

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
///
/// ```math
/// \kappa_i \leftarrow \arg\min_j\|x_i - m_j\|^2, \qquad m_j \leftarrow \frac{1}{R_j}\sum_i r_{ij}x_i
/// ```
///
/// `x` is n×d, `start` k×d with k ≤ n; `max_sweeps` caps the number of updates (0 leaves a single assignment).
///
/// **Why it stops.** J never rises; with ties broken by index, a sweep that does not lower J repeats its
/// assignment; and there are finitely many assignments. What it reaches is a coordinate-wise optimum: no single step
/// improves it, though moving a mean and its data together may.
///
/// Source: H-05, H-11, H-12, H-14, H-17, T-02, T-04, B-32, H-E12, H-E16, T-E19.
///
/// ```
/// use executable_em::kmeans::lloyd;
/// use nalgebra::dmatrix;
/// let run = lloyd(&dmatrix![0.0; 1.0; 9.0; 10.0], &dmatrix![0.0; 1.0], 100)?;
/// assert!(run.converged);
/// assert_eq!(run.means(), &dmatrix![0.5; 9.5]);
/// assert!(run.objectives().is_sorted_by(|before, after| before >= after));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn lloyd(x: &DMatrix<f64>, start: &DMatrix<f64>, max_sweeps: usize) -> Result<Lloyd> {
    check::data_and_means(x, start)?;
    let k = start.nrows();
    check::component_count(k, x.nrows())?;

    let half_step = |step, labels: Vec<usize>, means: DMatrix<f64>| -> Result<HalfStep> {
        let objective = objective(x, &latent::one_hot(&labels, k)?, &means)?;
        Ok(HalfStep { step, labels, means, objective })
    };
    let mut labels = assign(x, start)?;
    let mut means = start.clone();
    let mut half_steps = vec![half_step(Step::Assign, labels.clone(), means.clone())?];
    for _ in 0..max_sweeps {
        means = update_means(x, &latent::one_hot(&labels, k)?, &means)?;
        half_steps.push(half_step(Step::Update, labels.clone(), means.clone())?);
        let next = assign(x, &means)?;
        half_steps.push(half_step(Step::Assign, next.clone(), means.clone())?);
        if next == labels {
            return Ok(Lloyd { start: start.clone(), half_steps, converged: true });
        }
        labels = next;
    }
    Ok(Lloyd { start: start.clone(), half_steps, converged: false })
}

/// Lloyd's algorithm from every one of several starts.
///
/// `starts` yields the k×d means to start from, each drawn anew by the caller; returns the runs in the same order.
/// [`Error::Empty`] if there is no start. The best run is the one of least J:
///
/// Source: H-18; the `n_init` of T-06; C-10 for EM.
///
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
    let runs: Vec<Lloyd> =
        starts.into_iter().map(|start| lloyd(x, &start, max_sweeps)).collect::<Result<_>>()?;
    if runs.is_empty() { Err(Error::Empty { what: "starts" }) } else { Ok(runs) }
}
