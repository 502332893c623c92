//! The M step derived once more for round components Σ_j = σ_j² I, where each line fits on a blackboard.
//!
//! The lecture that does this drops the dimension: every d below is missing there, which is right for d = 1 only.

use crate::error::Result;
use crate::{check, kmeans, latent};
use nalgebra::{DMatrix, DVector};
use std::f64::consts::TAU;

/// The expected complete-data log-likelihood of a mixture of round Gaussians.
/// ```math
/// Q = \sum_{ij} r_{ij}\left(\log\pi_j - \tfrac d2\log 2\pi - \tfrac d2\log\sigma_j^2
///     - \frac{\|x_i-\mu_j\|^2}{2\sigma_j^2}\right)
/// ```
/// `x` is n×d, `r` n×k with rows on the simplex, `weights` and `variances` hold k numbers, `means` is k×d; returns
/// nats. The lecture's ½ in the place of both d/2 is right for d = 1.
///
/// Source: L-24, L-E01.
/// ```
/// use executable_em::gaussian_mixture::spherical::expected_log_joint;
/// use nalgebra::{dmatrix, dvector};
/// let (x, r, one) = (dmatrix![1.0, 1.0], dmatrix![1.0], dvector![1.0]);
/// let q = expected_log_joint(&x, &r, &one, &dmatrix![0.0, 0.0], &one);
/// assert_eq!(q, Ok(-std::f64::consts::TAU.ln() - 1.0));
/// ```
pub fn expected_log_joint(
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    weights: &DVector<f64>,
    means: &DMatrix<f64>,
    variances: &DVector<f64>,
) -> Result<f64> {
    check_state(x, r, means, variances)?;
    check::distribution("weights", weights, variances.len())?;
    let half_d = 0.5 * x.ncols() as f64;
    let log_joint = kmeans::distances(x, means).map_with_location(|_, j, distance| {
        weights[j].ln() - half_d * TAU.ln() - half_d * variances[j].ln() - distance / (2.0 * variances[j])
    });
    latent::expected_log_joint(r, &log_joint)
}

/// The derivative of Q in the means.
/// ```math
/// \frac{\partial Q}{\partial\mu_j} = \frac{1}{\sigma_j^2}\sum_i r_{ij}\,(x_i - \mu_j)
/// ```
/// Returns k×d. Zero where μ_j is the weighted mean, whatever σ_j.
///
/// Source: L-25, L-26.
/// ```
/// use executable_em::gaussian_mixture::spherical::score_in_means;
/// use nalgebra::{dmatrix, dvector};
/// let (x, r, means) = (dmatrix![4.0], dmatrix![1.0], dmatrix![0.0]);
/// assert_eq!(score_in_means(&x, &r, &means, &dvector![2.0]), Ok(dmatrix![2.0]));
/// ```
pub fn score_in_means(
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    means: &DMatrix<f64>,
    variances: &DVector<f64>,
) -> Result<DMatrix<f64>> {
    check_state(x, r, means, variances)?;
    let scores = DMatrix::from_fn(means.nrows(), means.ncols(), |j, a| {
        (0..x.nrows()).map(|i| r[(i, j)] * (x[(i, a)] - means[(j, a)])).sum::<f64>() / variances[j]
    });
    check::defined("score", scores)
}

/// The derivative of Q in the variances.
/// ```math
/// \frac{\partial Q}{\partial\sigma_j^2}
///   = \sum_i r_{ij}\left(-\frac{d}{2\sigma_j^2} + \frac{\|x_i-\mu_j\|^2}{2\sigma_j^4}\right)
/// ```
/// Returns k numbers. The lecture's −1/(2σ²) lacks the d.
///
/// Source: L-25, L-28, L-E02.
/// ```
/// use executable_em::gaussian_mixture::spherical::score_in_variances;
/// use nalgebra::{dmatrix, dvector};
/// let (x, r, means) = (dmatrix![1.0, 1.0], dmatrix![1.0], dmatrix![0.0, 0.0]);
/// assert_eq!(score_in_variances(&x, &r, &means, &dvector![1.0]), Ok(dvector![0.0])); // |x − μ|²/d = 1 is the best
/// ```
pub fn score_in_variances(
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    means: &DMatrix<f64>,
    variances: &DVector<f64>,
) -> Result<DVector<f64>> {
    check_state(x, r, means, variances)?;
    let d = x.ncols() as f64;
    let distances = kmeans::distances(x, means);
    let scores = DVector::from_fn(variances.len(), |j, _| {
        let (v, terms) = (variances[j], r.column(j));
        let of_datum = |i: usize| terms[i] * (-d / (2.0 * v) + distances[(i, j)] / (2.0 * v * v));
        (0..x.nrows()).map(of_datum).sum()
    });
    check::defined("score", scores)
}

/// The variances where that derivative vanishes: mean squared distance *per dimension*.
/// ```math
/// \sigma_j^2 = \frac{\sum_i r_{ij}\|x_i-\mu_j\|^2}{d\,R_j}, \qquad d\,\sigma_j^2 = \operatorname{tr}\Sigma_j
/// ```
/// `x` is n×d, `r` n×k, `means` k×d; returns k numbers in squared units of the data.
/// [`Error::Domain`](crate::Error::Domain) for a component with $`R_j = 0`$.
///
/// Source: L-28, L-29, L-E03, L-E11.
/// ```
/// use executable_em::gaussian_mixture::spherical::variances;
/// use nalgebra::{dmatrix, dvector};
/// let cross = dmatrix![1.0, 0.0; -1.0, 0.0; 0.0, 1.0; 0.0, -1.0];
/// assert_eq!(variances(&cross, &dmatrix![1.0; 1.0; 1.0; 1.0], &dmatrix![0.0, 0.0]), Ok(dvector![0.5]));
/// ```
pub fn variances(x: &DMatrix<f64>, r: &DMatrix<f64>, means: &DMatrix<f64>) -> Result<DVector<f64>> {
    check::state(x, r, means)?;
    let d = x.ncols() as f64;
    let distances = kmeans::distances(x, means);
    let counts = latent::counts(r);
    check::positives("counts", "count of a component", &counts, means.nrows())?;
    let of = |j| r.column(j).dot(&distances.column(j)) / (d * counts[j]);
    check::defined("variances", DVector::from_fn(means.nrows(), |j, _| of(j)))
}

/// Data, responsibilities, means and positive variances that fit together.
pub(crate) fn check_state(
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    means: &DMatrix<f64>,
    variances: &DVector<f64>,
) -> Result<()> {
    check::state(x, r, means)?;
    check::positives("variances", "variance", variances, means.nrows())
}
