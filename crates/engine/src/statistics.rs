//! The sufficient statistics of a Gaussian mixture: sums over the data, so that those of parts add up to those of the whole.

use super::block::Partial;
use crate::gaussian_mixture::GaussianMixture;
use crate::{Error, Result, check};
use nalgebra::{DMatrix, DVector};
use std::ops::AddAssign;

/// How many numbers a component has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub k: usize,
    pub d: usize,
    /// Second moments of all pairs of coordinates, or of each with itself alone.
    pub full: bool,
}

impl Layout {
    pub fn second_len(self) -> usize {
        if self.full { self.d * (self.d + 1) / 2 } else { self.d }
    }

    /// The count, the first and the second moments of a component.
    pub fn component_len(self) -> usize {
        1 + self.d + self.second_len()
    }
}

/// What the M step needs to know of the data, at parameters θ: sums of responsibilities r, alone and times
/// v = x − c_j and v vᵀ, about a reference point c_j of each component (its mean in θ, so that nothing large is subtracted).
///
/// ```math
/// R_j = \sum_i r_{ij}, \qquad s_j = \sum_i r_{ij}(x_i - c_j), \qquad
/// S_j = \sum_i r_{ij}(x_i - c_j)(x_i - c_j)^\top, \qquad \ell = \sum_i\log\sum_j\pi_j\,\mathcal N(x_i;\mu_j,\Sigma_j)
/// ```
///
/// They add up: over blocks, threads, files and machines, as long as all of them start from the same θ.
///
/// Source: H-34, H-37, B-24. Dempster, Laird and Rubin (1977), §2.
///
/// ```
/// use executable_em::{data, engine, gaussian_mixture::{CovarianceFamily, random_start}};
/// let x = data::old_faithful();
/// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let engine = engine::Engine::new(1)?;
/// let of = |rows: std::ops::Range<usize>| {
///     let part = x.rows(rows.start, rows.len()).into_owned();
///     engine.statistics(&model, &engine::Data::new(&part)?)
/// };
/// let (mut both, whole) = (of(0..100)?, of(0..272)?);
/// both.add(&of(100..272)?)?;
/// assert!((both.log_likelihood - whole.log_likelihood).abs() < 1e-9);
/// assert!((both.counts - whole.counts).amax() < 1e-9);
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianStatistics {
    /// ℓ at the parameters before the step, in nats.
    pub log_likelihood: f64,
    /// Σ_j R_j: the number of data, or the sum of their weights.
    pub total: f64,
    /// R: k numbers.
    pub counts: DVector<f64>,
    /// The reference points c, k×d.
    pub references: DMatrix<f64>,
    /// s, k×d.
    pub first: DMatrix<f64>,
    /// S: k symmetric d×d matrices; only their diagonals for diagonal and spherical covariances.
    pub second: Vec<DMatrix<f64>>,
}

impl GaussianStatistics {
    pub(super) fn from_partial(partial: &Partial, layout: Layout, references: &[f64]) -> Self {
        let Layout { k, d, full } = layout;
        let stride = 1 + d + layout.second_len();
        let component = |j: usize| &partial.sums[j * stride..][..stride];
        let second = |j: usize| {
            let packed = &component(j)[1 + d..];
            DMatrix::from_fn(d, d, |a, b| match (full, a.max(b), a.min(b)) {
                (true, row, column) => packed[row * (row + 1) / 2 + column],
                (false, row, column) => {
                    if row == column {
                        packed[row]
                    } else {
                        0.0
                    }
                }
            })
        };
        GaussianStatistics {
            log_likelihood: partial.log_likelihood,
            total: partial.total,
            counts: DVector::from_fn(k, |j, _| component(j)[0]),
            references: DMatrix::from_row_slice(k, d, references),
            first: DMatrix::from_fn(k, d, |j, a| component(j)[1 + a]),
            second: (0..k).map(second).collect(),
        }
    }

    /// Reference points about which no variance is less than `smallest_part` of the second moment, if these are not such;
    /// component by component.
    pub(super) fn better_references(&self, smallest_part: f64) -> Option<Vec<f64>> {
        let (k, d) = self.references.shape();
        let mut references = self.references.transpose();
        let mut better = false;
        for j in (0..k).filter(|&j| self.counts[j] > 0.0) {
            let shift = self.first.row(j) / self.counts[j];
            let is_far = |a: usize| {
                shift[a] * shift[a] > (1.0 - smallest_part) * self.second[j][(a, a)] / self.counts[j]
            };
            if (0..d).any(is_far) {
                references.column_mut(j).add_assign(&shift.transpose());
                better = true;
            }
        }
        better.then(|| references.as_slice().to_vec())
    }

    /// Adds the statistics of other data, taken at the same parameters.
    ///
    /// # Errors
    /// [`Error::Shape`] for another k or d, [`Error::Domain`] for other reference points; `self` is then as it was.
    pub fn add(&mut self, other: &GaussianStatistics) -> Result<()> {
        check::shape("reference points", other.references.shape(), self.references.shape())?;
        if let Some(at) = (0..self.references.len()).find(|&at| self.references[at] != other.references[at]) {
            let value = other.references[at];
            return Err(Error::Domain {
                what: "reference point",
                value,
                allowed: "that of the statistics it joins",
            });
        }
        self.log_likelihood += other.log_likelihood;
        self.total += other.total;
        self.counts += &other.counts;
        self.first += &other.first;
        for (sum, other) in self.second.iter_mut().zip(&other.second) {
            *sum += other;
        }
        Ok(())
    }

    /// The M step: the parameters that these statistics make most likely.
    ///
    /// ```math
    /// \pi_j = \frac{R_j}{\sum_l R_l}, \qquad \mu_j = c_j + \frac{s_j}{R_j}, \qquad
    /// \Sigma_j = \frac{S_j}{R_j} - \frac{s_j}{R_j}\frac{s_j^\top}{R_j}
    /// ```
    ///
    /// `previous` are the parameters that the statistics were taken at; a component with R_j = 0 keeps its own.
    ///
    /// Source: H-34, H-37, C-40 (about a reference point instead of the origin), T-44.
    pub fn maximize(&self, previous: &GaussianMixture) -> Result<GaussianMixture> {
        check::shape("means", previous.means.shape(), self.references.shape())?;
        check::positive("sum of the counts", self.total)?;
        let mut means = previous.means.clone();
        let mut covariances = previous.covariances.clone();
        for (j, covariance) in covariances.iter_mut().enumerate() {
            let count = self.counts[j];
            if count > 0.0 {
                let shift = self.first.row(j) / count;
                means.set_row(j, &(self.references.row(j) + &shift));
                // The family keeps what it has of it: for a diagonal one the rest of δδᵀ falls away.
                *covariance = &self.second[j] / count - shift.transpose() * &shift;
            }
        }
        let weights = &self.counts / self.total;
        let covariances = previous.family.constrain(covariances, &weights)?;
        Ok(GaussianMixture { weights, means, covariances, family: previous.family })
    }
}
