//! Density, start and M step of diagonal covariances on their diagonals: d numbers in the place of d².
//!
//! Each line is what is left of the line for matrices where all that is off the diagonal is zero, rounded alike.

use super::CovarianceFamily;
use crate::{gaussian, latent};
use nalgebra::{DMatrix, DVector, RowDVector};
use std::f64::consts::TAU;

/// The log density of a Gaussian at each datum.
/// ```math
/// -\tfrac12\sum_a\left(\log 2\pi\sigma_a^2 + \frac{(x_{ia}-\mu_a)^2}{\sigma_a^2}\right)
/// ```
pub(super) fn log_densities(
    x: &DMatrix<f64>,
    mean: &RowDVector<f64>,
    variances: &RowDVector<f64>,
) -> DVector<f64> {
    let sd = variances.map(f64::sqrt);
    let z = DMatrix::from_fn(x.ncols(), x.nrows(), |a, i| (x[(i, a)] - mean[a]) / sd[a]);
    let log_normaliser = 0.5 * (x.ncols() as f64 * TAU.ln() + 2.0 * sd.map(f64::ln).sum());
    gaussian::squared_norms(&z).map(|distance| -log_normaliser - 0.5 * distance)
}

/// The variances about a given centre, d×1: the diagonal of [`covariance_about`](gaussian::covariance_about).
pub(super) fn variances_about(
    x: &DMatrix<f64>,
    weights: &DVector<f64>,
    centre: &RowDVector<f64>,
) -> DMatrix<f64> {
    let weights = gaussian::relative_to_largest(weights);
    let total = weights.sum();
    DMatrix::from_fn(x.ncols(), 1, |a, _| {
        let square = |i: usize| {
            let v = x[(i, a)] - centre[a];
            v * (v * weights[i])
        };
        (0..x.nrows()).map(square).sum::<f64>() / total
    })
}

/// The variances of each component about its mean, d×1; one without any responsibility keeps its own.
pub(super) fn scatters(
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    means: &DMatrix<f64>,
    mut variances: Vec<DMatrix<f64>>,
) -> Vec<DMatrix<f64>> {
    for (j, &count) in latent::counts(r).iter().enumerate() {
        if count > 0.0 {
            variances[j] = variances_about(x, &r.column(j).into_owned(), &means.row(j).into_owned());
        }
    }
    variances
}

/// The maximum-likelihood diagonals of a family along the axes, from any.
pub(super) fn constrained(family: CovarianceFamily, diagonals: Vec<DMatrix<f64>>) -> Vec<DMatrix<f64>> {
    let round =
        |of_one: DMatrix<f64>| DMatrix::from_element(of_one.nrows(), 1, of_one.sum() / of_one.nrows() as f64);
    match family {
        CovarianceFamily::Spherical => diagonals.into_iter().map(round).collect(),
        _ => diagonals,
    }
}
