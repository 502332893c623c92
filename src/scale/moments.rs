//! The sufficient statistics of a Gaussian mixture.

use super::SufficientStatistics;
use crate::error::Result;
use crate::gaussian_mixture::{GaussianMixture, Parts};
use crate::{check, gaussian, latent};
use nalgebra::{DMatrix, DVector, RowDVector};
use std::f64::consts::TAU;

/// The sufficient statistics of weighted data, about a reference point c_j for every component.
///
/// ```math
/// R_j = \sum_i r_{ij}, \qquad s_j = \sum_i r_{ij}(x_i - c_j), \qquad
/// S_j = \sum_i r_{ij}(x_i - c_j)(x_i - c_j)^\top
/// ```
/// The name: the expected complete-data log-likelihood depends on x through these sums alone. For the Gaussian
/// mixture, an exponential family once the labels are known, their number does not grow with n: k(1 + d + d(d+1)/2).
///
/// Source: H-34, C-40, B-24. Dempster, Laird and Rubin (1977), §2.
///
/// ```
/// use executable_em::scale::Moments;
/// use nalgebra::{dmatrix, dvector};
/// let moments = Moments::of(&dmatrix![1.0; 3.0], &dmatrix![1.0; 0.5], &dmatrix![0.0])?;
/// assert_eq!((moments.counts[0], moments.first[0], moments.second[0][0]), (1.5, 2.5, 5.5));
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// The reference points c, k×d.
    pub references: DMatrix<f64>,
    /// Σ_j R_j: the number of data, or the sum of their weights.
    pub total: f64,
    /// R: k numbers.
    pub counts: DVector<f64>,
    /// s, k×d: a row a component.
    pub first: DMatrix<f64>,
    /// S: k symmetric d×d matrices, or of sums for diagonal covariances the diagonals alone, d×1.
    pub second: Vec<DMatrix<f64>>,
}

impl Moments {
    /// The sums over these data.
    ///
    /// ```math
    /// R_j = \sum_i r_{ij}, \qquad s_j = \sum_i r_{ij}(x_i - c_j), \qquad
    /// S_j = \sum_i r_{ij}(x_i - c_j)(x_i - c_j)^\top
    /// ```
    /// `x` is n×d, `r` n×k, `references` k×d.
    ///
    /// Source: H-34, C-40, B-24. Example: [`Moments`].
    pub fn of(x: &DMatrix<f64>, r: &DMatrix<f64>, references: &DMatrix<f64>) -> Result<Self> {
        check::state(x, r, references)?;
        let (k, d) = references.shape();
        let counts = latent::counts(r);
        let mut moments = Moments {
            references: references.clone(),
            total: counts.sum(),
            counts,
            first: DMatrix::zeros(k, d),
            second: vec![DMatrix::zeros(d, d); k],
        };
        for (i, datum) in x.row_iter().enumerate() {
            for j in 0..k {
                let v = datum - references.row(j);
                let mut first = moments.first.row_mut(j);
                first += &v * r[(i, j)];
                moments.second[j] += v.transpose() * &v * r[(i, j)];
            }
        }
        moments.finite()
    }

    /// The map: what these data contribute at the parameters θ, about the means of θ.
    ///
    /// ```math
    /// r_{ij} = p(z_i = j \mid x_i, \theta), \qquad c_j = \mu_j
    /// ```
    /// `x` is n×d. Each datum's part depends on that datum and θ alone: no two workers need talk to each other.
    ///
    /// Source: Dempster, Laird and Rubin (1977), §2; Dean and Ghemawat (2008) for the words map and reduce.
    ///
    /// ```
    /// use executable_em::{data, gaussian_mixture::{CovarianceFamily, random_start}, scale::Moments};
    /// let x = data::old_faithful();
    /// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
    /// assert!((Moments::map(&model, &x)?.counts.sum() - 272.0).abs() < 1e-9);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn map(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<Self> {
        Moments::of(x, &model.responsibilities(x)?, model.means())
    }

    /// The sum: the statistics of both data sets together. Errors as in [`add`](SufficientStatistics::add).
    ///
    /// Source: Dempster, Laird and Rubin (1977), §2.
    ///
    /// ```
    /// use executable_em::scale::Moments;
    /// use nalgebra::dmatrix;
    /// let of = |x: f64| Moments::of(&dmatrix![x], &dmatrix![1.0], &dmatrix![0.0]);
    /// let both = of(1.0)?.plus(&of(3.0)?)?;
    /// assert_eq!((both.counts[0], both.first[0], both.second[0][0]), (2.0, 4.0, 10.0));
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn plus(&self, other: &Moments) -> Result<Self> {
        let mut sum = self.clone();
        sum.add(other)?;
        Ok(sum)
    }

    /// The same data seen from other points: the parallel-axis theorem.
    ///
    /// ```math
    /// s'_j = s_j - R_j\delta_j, \qquad
    /// S'_j = S_j - s_j\delta_j^\top - \delta_j s_j^\top + R_j\,\delta_j\delta_j^\top, \qquad \delta_j = c'_j - c_j
    /// ```
    /// `references` holds the k×d new points c'. Exact on the blackboard; in floating point what is subtracted must not
    /// dwarf what is left, so a far move costs digits.
    ///
    /// Source: C-40, C-E16. Steiner's theorem; Chan, Golub and LeVeque (1983).
    ///
    /// ```
    /// use executable_em::scale::Moments;
    /// use nalgebra::dmatrix;
    /// let (x, r) = (dmatrix![1.0; 3.0], dmatrix![1.0; 1.0]);
    /// let moved = Moments::of(&x, &r, &dmatrix![0.0])?.about(&dmatrix![2.0])?;
    /// assert_eq!(moved, Moments::of(&x, &r, &dmatrix![2.0])?);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn about(&self, references: &DMatrix<f64>) -> Result<Self> {
        check::matrix("reference points", references, self.references.shape())?;
        let mut moved = Moments { references: references.clone(), ..self.clone() };
        for j in 0..self.counts.len() {
            let delta = references.row(j) - self.references.row(j);
            let (s, count) = (self.first.row(j).into_owned(), self.counts[j]);
            moved.first.set_row(j, &(&s - &delta * count));
            moved.second[j] +=
                self.product(&delta, &delta) * count - self.product(&s, &delta) - self.product(&delta, &s);
        }
        moved.finite()
    }

    /// S_j's entry (a, a), all counted from 0: the second moment in one dimension.
    pub fn square(&self, j: usize, a: usize) -> f64 {
        self.second[j][(a, if self.has_diagonals() { 0 } else { a })]
    }

    /// Whether only the diagonals of S are there.
    fn has_diagonals(&self) -> bool {
        self.second.iter().all(|second| second.ncols() == 1)
    }

    /// u vᵀ, or its diagonal.
    fn product(&self, u: &RowDVector<f64>, v: &RowDVector<f64>) -> DMatrix<f64> {
        if self.has_diagonals() {
            return DMatrix::from_columns(&[u.component_mul(v).transpose()]);
        }
        u.transpose() * v
    }

    /// These sums, unless a square has left the range of numbers.
    fn finite(self) -> Result<Self> {
        check::finite("first moments", &self.first)?;
        self.second.iter().try_for_each(|second| check::finite("second moments", second))?;
        Ok(self)
    }

    /// What [`Moments::maximize`](SufficientStatistics::maximize) makes of the parameters, before they are seen to be a
    /// mixture: a covariance may be singular, which a floor can mend.
    ///
    /// Source: H-34, C-40, T-45. Example: [`SufficientStatistics`].
    pub fn updated(&self, previous: &GaussianMixture) -> Result<Parts> {
        check::shape("means", previous.means().shape(), self.references.shape())?;
        check::shape("weights", previous.weights().shape(), self.counts.shape())?;
        check::positive("sum of the counts", self.total)?;
        let mut means = previous.means().clone();
        let before = if self.has_diagonals() && previous.family().is_along_axes() {
            previous.stored_covariances()
        } else {
            previous.covariances().to_vec()
        };
        let mut covariance = |(j, before): (usize, DMatrix<f64>)| {
            if self.counts[j] > 0.0 {
                let shift = self.first.row(j) / self.counts[j];
                means.set_row(j, &(self.references.row(j) + &shift));
                &self.second[j] / self.counts[j] - self.product(&shift, &shift)
            } else {
                before
            }
        };
        let covariances = before.into_iter().enumerate().map(&mut covariance).collect();
        let weights = &self.counts / self.total;
        let covariances = previous.family().constrain(covariances, &weights)?;
        Ok((weights, means, covariances))
    }
}

impl SufficientStatistics for Moments {
    type Model = GaussianMixture;

    /// [`Error::Shape`](crate::Error::Shape) for another k or d, [`Error::Domain`](crate::Error::Domain) for other
    /// reference points: move them first ([`Moments::about`]).
    fn add(&mut self, other: &Moments) -> Result<()> {
        check::same_points(&other.references, &self.references, "that of the moments it joins")?;
        for (sum, other) in self.second.iter().zip(&other.second) {
            check::shape("second moments", other.shape(), sum.shape())?;
        }
        self.total += other.total;
        self.counts += &other.counts;
        self.first += &other.first;
        for (sum, other) in self.second.iter_mut().zip(&other.second) {
            *sum += other;
        }
        Ok(())
    }

    /// The M step from the sums alone.
    ///
    /// ```math
    /// \pi_j = \frac{R_j}{\sum_l R_l}, \qquad \mu_j = c_j + \frac{s_j}{R_j}, \qquad
    /// \Sigma_j = \frac{S_j}{R_j} - \frac{s_j}{R_j}\frac{s_j^\top}{R_j}
    /// ```
    /// About c = 0 it is the raw-moment form of the lectures; about c = μ, the means of the sweep before, the second
    /// term of Σ is the square of how far the mean has moved, small where EM is near its end. A component with R_j = 0
    /// keeps its parameters. [`Error::Domain`](crate::Error::Domain) if all counts are zero.
    ///
    /// Source: H-34, C-40, T-45.
    fn maximize(&self, previous: &GaussianMixture) -> Result<GaussianMixture> {
        let (weights, means, covariances) = self.updated(previous)?;
        GaussianMixture::new(weights, means, covariances, previous.family())
    }

    /// Q from the sums alone.
    ///
    /// ```math
    /// \begin{aligned}
    /// Q(\theta) &= \sum_{ij} r_{ij}\Big(\log\pi_j - \tfrac12\log|2\pi\Sigma_j|
    ///   - \tfrac12(x_i-\mu_j)^\top\Sigma_j^{-1}(x_i-\mu_j)\Big) \\
    /// &= \sum_j R_j\big(\log\pi_j - \tfrac12\log|2\pi\Sigma_j|\big) - \tfrac12\operatorname{tr}\Sigma_j^{-1}S_j
    /// \end{aligned}
    /// ```
    /// with the second moments S_j about c = μ, because a quadratic form is a trace, vᵀΣ⁻¹v = tr Σ⁻¹vvᵀ, and the sum
    /// over i may go inside it. −∞ if a component has data but no weight.
    ///
    /// Source: H-64, C-37, T-33.
    fn expected_log_joint(&self, model: &GaussianMixture) -> Result<f64> {
        check::shape("components", (model.k(), model.d()), self.references.shape())?;
        let moments = self.about(model.means())?;
        let counts = &moments.counts;
        let mut expected = 0.0;
        for j in (0..model.k()).filter(|&j| counts[j] > 0.0) {
            let (log_volume, spread) = match model.variances() {
                None => {
                    let factor = &model.factors()[j];
                    check::shape("second moments", moments.second[j].shape(), (model.d(), model.d()))?;
                    (gaussian::log_volume(factor), factor.solve(&moments.second[j]).trace())
                }
                Some(variances) => {
                    let sd = variances.row(j).map(f64::sqrt);
                    let terms = (0..model.d()).map(|a| moments.square(j, a) / sd[a] / sd[a]);
                    (2.0 * sd.map(f64::ln).sum(), terms.sum())
                }
            };
            let log_volume = log_volume + model.d() as f64 * TAU.ln();
            expected += counts[j] * (model.weights()[j].ln() - 0.5 * log_volume) - 0.5 * spread;
        }
        check::defined_number("expected log joint", expected)
    }
}
