//! One Gaussian: its log density through Cholesky, samples, the weighted maximum-likelihood fit, its ellipses.

use crate::check;
use crate::error::{Error, Result};
use nalgebra::{Cholesky, DMatrix, DVector, Dyn, RowDVector};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::TAU;

/// A covariance as its Cholesky factor, which solves, inverts and has the determinant.
pub type Factor = Cholesky<f64, Dyn>;

/// The factor L of Σ = L Lᵀ, which exists just when a symmetric Σ is positive definite.
///
/// $`L_{aa}^2`$ is the variance that is left of a column once those before it are known. Where it is no more than the
/// rounding of Σ_aa, 4dε of it, nobody can tell it from zero, and Σ is taken for singular.
///
/// `covariance` is d×d; `component` labels the error: [`Error::NotSymmetric`], [`Error::NotPositiveDefinite`],
/// [`Error::Shape`] or [`Error::NotFinite`] if Σ is no covariance.
///
/// Source: H-26; Golub and Van Loan (2013), §4.2.
/// ```
/// use executable_em::gaussian::cholesky;
/// use nalgebra::dmatrix;
/// assert_eq!(cholesky(&dmatrix![4.0, 2.0; 2.0, 2.0], 0).unwrap().l(), dmatrix![2.0, 0.0; 1.0, 1.0]);
/// assert!(cholesky(&dmatrix![1.0, 2.0; 2.0, 1.0], 0).is_err());
/// ```
pub fn cholesky(covariance: &DMatrix<f64>, component: usize) -> Result<Factor> {
    check::symmetric("covariance", covariance)?;
    let rounding = 4.0 * covariance.nrows() as f64 * f64::EPSILON;
    let is_left = |factor: &Factor| {
        let left = factor.l_dirty().diagonal().map(|root| root * root);
        left.iter().zip(&covariance.diagonal()).all(|(left, variance)| *left > rounding * variance)
    };
    Cholesky::new(covariance.clone()).filter(is_left).ok_or_else(|| Error::NotPositiveDefinite {
        component,
        smallest_eigenvalue: covariance.symmetric_eigenvalues().min(),
    })
}

/// The squared Mahalanobis distance of each datum from the mean.
/// ```math
/// \Delta_i^2 = (x_i - \mu)^\top \Sigma^{-1} (x_i - \mu) = \|L^{-1}(x_i - \mu)\|^2, \qquad \Sigma = L L^\top
/// ```
/// `x` is n×d, `mean` 1×d, `covariance` d×d; returns n values without unit. Errors as in [`cholesky`].
///
/// Source: H-26, T-34.
/// ```
/// use executable_em::gaussian::mahalanobis_squared;
/// use nalgebra::{RowDVector, dmatrix, dvector};
/// let (origin, covariance) = (RowDVector::zeros(2), dmatrix![4.0, 0.0; 0.0, 1.0]);
/// assert_eq!(mahalanobis_squared(&dmatrix![2.0, 0.0], &origin, &covariance), Ok(dvector![1.0]));
/// ```
pub fn mahalanobis_squared(
    x: &DMatrix<f64>,
    mean: &RowDVector<f64>,
    covariance: &DMatrix<f64>,
) -> Result<DVector<f64>> {
    Ok(distances(x, mean, &placed(x, mean, covariance)?))
}

/// [`mahalanobis_squared`] of data and parameters that are known to be such.
pub(crate) fn distances(x: &DMatrix<f64>, mean: &RowDVector<f64>, factor: &Factor) -> DVector<f64> {
    squared_norms(&whitened(x, mean, factor))
}

/// The squared length of each column.
pub(crate) fn squared_norms(whitened: &DMatrix<f64>) -> DVector<f64> {
    let squared = whitened.column_iter().map(|v| v.norm_squared()).collect::<Vec<_>>();
    // Where a difference has left the range of numbers, ∞ · 0 is none, but the distance is infinite.
    DVector::from_vec(squared).map(|squared| if squared.is_nan() { f64::INFINITY } else { squared })
}

/// The data in units of a Gaussian, $`L^{-1}(x_i - \mu)`$, d×n: those that it would draw are standard normal.
pub(crate) fn whitened(x: &DMatrix<f64>, mean: &RowDVector<f64>, factor: &Factor) -> DMatrix<f64> {
    // A Cholesky factor has a positive diagonal, so the triangular system always has its solution.
    factor.l_dirty().solve_lower_triangular(&centred(x, mean).transpose()).expect("a positive diagonal")
}

/// The log determinant of a covariance.
/// ```math
/// \log|\Sigma| = 2\sum_a \log L_{aa}, \qquad \Sigma = L L^\top
/// ```
/// `covariance` is d×d; errors as in [`cholesky`].
///
/// Source: H-26, T-38.
/// ```
/// use executable_em::gaussian::log_determinant;
/// use nalgebra::dmatrix;
/// assert_eq!(log_determinant(&dmatrix![4.0, 0.0; 0.0, 9.0]), Ok(2.0 * (2_f64.ln() + 3_f64.ln())));
/// ```
pub fn log_determinant(covariance: &DMatrix<f64>) -> Result<f64> {
    Ok(log_volume(&cholesky(covariance, 0)?))
}

/// [`log_determinant`] from the factor.
pub(crate) fn log_volume(factor: &Factor) -> f64 {
    2.0 * factor.l_dirty().diagonal().map(f64::ln).sum()
}

/// The log density of a Gaussian at each datum.
/// ```math
/// \log\mathcal N(x_i; \mu, \Sigma)
///   = -\tfrac12\left(d\log 2\pi + \log|\Sigma| + (x_i-\mu)^\top\Sigma^{-1}(x_i-\mu)\right)
/// ```
/// `x` is n×d, `mean` 1×d, `covariance` d×d; returns n values in nats. Errors as in [`cholesky`].
///
/// Source: H-26, T-34, L-01, B-01, B-E01.
/// ```
/// use executable_em::gaussian::log_density;
/// use nalgebra::{RowDVector, dmatrix, dvector};
/// let at_the_mean = log_density(&dmatrix![0.0], &RowDVector::zeros(1), &dmatrix![1.0]);
/// assert_eq!(at_the_mean, Ok(dvector![-0.5 * std::f64::consts::TAU.ln()]));
/// ```
pub fn log_density(
    x: &DMatrix<f64>,
    mean: &RowDVector<f64>,
    covariance: &DMatrix<f64>,
) -> Result<DVector<f64>> {
    Ok(log_densities(x, mean, &placed(x, mean, covariance)?))
}

/// [`log_density`] of data and parameters that are known to be such.
pub(crate) fn log_densities(x: &DMatrix<f64>, mean: &RowDVector<f64>, factor: &Factor) -> DVector<f64> {
    let log_normaliser = 0.5 * (x.ncols() as f64 * TAU.ln() + log_volume(factor));
    distances(x, mean, factor).map(|distance| -log_normaliser - 0.5 * distance)
}

/// Independent draws from a Gaussian.
/// ```math
/// x_i = \mu + L\,\varepsilon_i, \qquad \varepsilon_i \sim \mathcal N(0, I), \quad \Sigma = L L^\top
/// ```
/// Returns n×d. Errors as in [`cholesky`], and [`Error::Domain`] for more draws than memory holds.
///
/// Source: T-10, H-22.
/// ```
/// use executable_em::{data, gaussian};
/// use nalgebra::{DMatrix, RowDVector};
/// let x = gaussian::sample(5, &RowDVector::zeros(2), &DMatrix::identity(2, 2), &mut data::rng(1));
/// assert_eq!(x.unwrap().shape(), (5, 2));
/// ```
pub fn sample(
    n: usize,
    mean: &RowDVector<f64>,
    covariance: &DMatrix<f64>,
    rng: &mut impl Rng,
) -> Result<DMatrix<f64>> {
    check::finite("mean", mean)?;
    check::storable("number of draws", n.saturating_mul(mean.len()))?;
    let factor = sized(covariance, mean.len())?;
    let mut x = DMatrix::zeros(n, mean.len());
    x.row_iter_mut().for_each(|mut row| row.copy_from(&draw(mean, &factor, rng)));
    Ok(x)
}

/// One draw, of parameters that are known to be such.
pub(crate) fn draw(mean: &RowDVector<f64>, factor: &Factor, rng: &mut impl Rng) -> RowDVector<f64> {
    let standard = DVector::from_fn(mean.len(), |_, _| StandardNormal.sample(rng));
    mean + (factor.l() * standard).transpose()
}

/// The weighted mean, which is the maximum-likelihood mean of a Gaussian for weighted data.
/// ```math
/// \hat\mu = \frac{\sum_i w_i x_i}{\sum_i w_i}
/// ```
/// `x` is n×d, `weights` n non-negative values; returns 1×d. [`Error::Domain`] if all weights vanish: 0/0.
///
/// Source: H-30, L-26, L-27, C-39, B-23, T-40, L-E10, H-E14.
/// ```
/// use executable_em::gaussian::weighted_mean;
/// use nalgebra::{dmatrix, dvector};
/// assert_eq!(weighted_mean(&dmatrix![0.0; 4.0], &dvector![3.0, 1.0]).unwrap()[0], 1.0);
/// ```
pub fn weighted_mean(x: &DMatrix<f64>, weights: &DVector<f64>) -> Result<RowDVector<f64>> {
    check::weighted(x, weights)?;
    Ok(mean_of(x, weights))
}

/// [`weighted_mean`] of data and weights that are known to be such.
pub(crate) fn mean_of(x: &DMatrix<f64>, weights: &DVector<f64>) -> RowDVector<f64> {
    let weights = relative_to_largest(weights);
    (weights.transpose() * x) / weights.sum()
}

/// The weighted covariance about a given centre: the maximum-likelihood one if the centre is the weighted mean.
/// ```math
/// \hat\Sigma = \frac{\sum_i w_i (x_i - c)(x_i - c)^\top}{\sum_i w_i}
/// ```
/// `x` is n×d, `weights` n non-negative values, `centre` 1×d; returns d×d. [`Error::Domain`] if all weights vanish.
///
/// Source: H-34, B-25, T-41.
/// ```
/// use executable_em::gaussian::weighted_covariance;
/// use nalgebra::{RowDVector, dmatrix, dvector};
/// let variance = weighted_covariance(&dmatrix![-1.0; 3.0], &dvector![3.0, 1.0], &RowDVector::zeros(1));
/// assert_eq!(variance, Ok(dmatrix![3.0]));
/// ```
pub fn weighted_covariance(
    x: &DMatrix<f64>,
    weights: &DVector<f64>,
    centre: &RowDVector<f64>,
) -> Result<DMatrix<f64>> {
    check::weighted(x, weights)?;
    check::matrix("centre", centre, (1, x.ncols()))?;
    check::defined("covariance", covariance_about(x, weights, centre))
}

/// [`weighted_covariance`] of data, weights and a centre that are known to be such.
pub(crate) fn covariance_about(
    x: &DMatrix<f64>,
    weights: &DVector<f64>,
    centre: &RowDVector<f64>,
) -> DMatrix<f64> {
    let weights = relative_to_largest(weights);
    let v = centred(x, centre);
    let scatter = v.transpose() * v.map_with_location(|i, _, entry| entry * weights[i]);
    // The two mirrored sums round differently; their mean is symmetric to the last bit.
    (&scatter + scatter.transpose()) / (2.0 * weights.sum())
}

/// The mean and the covariance of data that are known to be such, every datum with the same weight.
pub(crate) fn moments(x: &DMatrix<f64>) -> (RowDVector<f64>, DMatrix<f64>) {
    let ones = DVector::from_element(x.nrows(), 1.0);
    let mean = mean_of(x, &ones);
    let covariance = covariance_about(x, &ones, &mean);
    (mean, covariance)
}

/// The ellipse of a plane Gaussian at a given Mahalanobis radius.
/// ```math
/// \{x : (x-\mu)^\top\Sigma^{-1}(x-\mu) = \rho^2\}
/// ```
/// Its axes point along the eigenvectors of Σ and have the lengths $`\rho\sqrt{\lambda_a}`$.
///
/// Source: T-13.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ellipse {
    /// Half the longer axis, in units of the data.
    pub semi_major: f64,
    /// Half the shorter axis, in units of the data.
    pub semi_minor: f64,
    /// Angle from the first coordinate axis to the longer axis, in radians, in (−π/2, π/2].
    pub angle: f64,
}

/// The ellipse of a 2×2 covariance at the Mahalanobis radius ρ, from the eigenvalues of Σ and the angle of the first.
/// ```math
/// \varphi = \tfrac12\operatorname{atan2}(2\Sigma_{12}, \Sigma_{11} - \Sigma_{22})
/// ```
/// [`Error::Shape`] unless Σ is 2×2, [`Error::Domain`] unless ρ > 0 is finite, and the errors of [`cholesky`].
///
/// Source: T-13.
/// ```
/// use executable_em::gaussian::{Ellipse, ellipse};
/// use nalgebra::dmatrix;
/// let upright = Ellipse { semi_major: 6.0, semi_minor: 2.0, angle: std::f64::consts::FRAC_PI_2 };
/// assert_eq!(ellipse(&dmatrix![1.0, 0.0; 0.0, 9.0], 2.0), Ok(upright));
/// ```
pub fn ellipse(covariance: &DMatrix<f64>, radius: f64) -> Result<Ellipse> {
    sized(covariance, 2)?;
    check::positive("radius", radius)?;
    let variances = covariance.symmetric_eigenvalues();
    // The rotation that makes a 2×2 matrix diagonal. Adding zero turns −0 into 0, so that an upright ellipse has +π/2.
    let (twice, difference) = (2.0 * covariance[(1, 0)] + 0.0, covariance[(0, 0)] - covariance[(1, 1)]);
    Ok(Ellipse {
        semi_major: radius * variances.max().sqrt(),
        // Rounding may take the smaller eigenvalue of a nearly singular Σ below zero.
        semi_minor: radius * variances.min().max(0.0).sqrt(),
        angle: 0.5 * twice.atan2(difference),
    })
}

/// The probability that a plane Gaussian puts inside its ellipse of Mahalanobis radius ρ.
/// ```math
/// P(\Delta^2 \le \rho^2) = 1 - e^{-\rho^2/2} \qquad (d = 2)
/// ```
/// One, two and three "sigmas" hold .393, .865 and .989, not .68, .95 and .997. NaN for a radius that is none.
///
/// Source: T-13.
/// ```
/// use executable_em::gaussian::ellipse_mass;
/// assert!((ellipse_mass(2.0) - 0.864_664_716_763_387_3).abs() < 1e-15);
/// ```
pub fn ellipse_mass(radius: f64) -> f64 {
    -(-0.5 * radius * radius).exp_m1()
}

/// The weights divided by the largest: only ratios matter, and products with subnormal weights would lose their digits.
pub(crate) fn relative_to_largest(weights: &DVector<f64>) -> DVector<f64> {
    weights / weights.max()
}

/// The data with a centre taken off every row.
fn centred(x: &DMatrix<f64>, centre: &RowDVector<f64>) -> DMatrix<f64> {
    DMatrix::from_fn(x.nrows(), x.ncols(), |i, a| x[(i, a)] - centre[a])
}

/// Finite data and the parameters of a Gaussian in their space; the factor of its covariance.
fn placed(x: &DMatrix<f64>, mean: &RowDVector<f64>, covariance: &DMatrix<f64>) -> Result<Factor> {
    check::finite("data", x)?;
    check::matrix("mean", mean, (1, x.ncols()))?;
    sized(covariance, x.ncols())
}

/// The factor of a covariance in d dimensions.
pub(crate) fn sized(covariance: &DMatrix<f64>, d: usize) -> Result<Factor> {
    check::shape("covariance", covariance.shape(), (d, d))?;
    cholesky(covariance, 0)
}
