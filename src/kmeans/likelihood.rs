//! k-means as maximum likelihood: J is, up to constants, a negative log-likelihood with hard assignments.

use super::{cost, distances};
use crate::error::Result;
use crate::{check, gaussian};
use nalgebra::{DMatrix, DVector};
use std::f64::consts::TAU;

/// The log-likelihood of means and assignments under Gaussians of one fixed width, as a product of sums.
/// ```math
/// \log p(x \mid m, r) = \log\prod_i\sum_j r_{ij}\,\mathcal N(x_i; m_j, \sigma^2 I)
/// ```
/// `x` is n×d, `r` n×k, `means` k×d, `sigma` > 0 in units of the data; returns nats, −∞ where a row of `r` is zero or
/// all its densities underflow. Only for one-hot rows of `r` does it agree with [`from_objective`].
///
/// Source: H-19, H-20, H-E15.
/// ```
/// use executable_em::kmeans::likelihood::{from_objective, log_likelihood};
/// use nalgebra::dmatrix;
/// let (x, r, m) = (dmatrix![0.0; 1.0; 5.0], dmatrix![1.0, 0.0; 1.0, 0.0; 0.0, 1.0], dmatrix![0.5; 5.0]);
/// let difference = log_likelihood(&x, &r, &m, 2.0)? - from_objective(&x, &r, &m, 2.0)?;
/// assert!(difference.abs() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn log_likelihood(x: &DMatrix<f64>, r: &DMatrix<f64>, means: &DMatrix<f64>, sigma: f64) -> Result<f64> {
    check::state(x, r, means)?;
    let covariance = DMatrix::from_diagonal_element(x.ncols(), x.ncols(), variance(sigma)?);
    let factor = gaussian::cholesky(&covariance, 0)?;
    let mut density = DVector::zeros(x.nrows());
    for (mean, r) in means.row_iter().zip(r.column_iter()) {
        let component = gaussian::log_densities(x, &mean.into_owned(), &factor).map(f64::exp);
        density += r.zip_map(&component, |r, density| if r == 0.0 { 0.0 } else { r * density });
    }
    check::defined_number("log-likelihood", density.map(f64::ln).sum())
}

/// The same log-likelihood for one-hot responsibilities, read off the objective.
/// ```math
/// \log p(x \mid m, r) = -\frac{J(r, m)}{2\sigma^2} - \frac{nd}{2}\log 2\pi\sigma^2
/// ```
/// So the argmin of J is the argmax of the likelihood, whatever σ: k-means climbs the likelihood of a mixture with hard
/// assignments and one spherical width, as far as neither step alone can raise it. `x` is n×d, `r` n×k one-hot, `means`
/// k×d, `sigma` > 0; returns nats.
///
/// Source: H-19, H-20, H-E16.
/// ```
/// use executable_em::kmeans::likelihood::from_objective;
/// use nalgebra::dmatrix;
/// let value = from_objective(&dmatrix![3.0], &dmatrix![1.0], &dmatrix![1.0], 1.0);
/// assert_eq!(value, Ok(-2.0 - 0.5 * std::f64::consts::TAU.ln()));
/// ```
pub fn from_objective(x: &DMatrix<f64>, r: &DMatrix<f64>, means: &DMatrix<f64>, sigma: f64) -> Result<f64> {
    let variance = variance(sigma)?;
    check::shares(x, r, means)?;
    Ok(-cost(r, &distances(x, means)) / (2.0 * variance) - 0.5 * x.len() as f64 * (TAU * variance).ln())
}

/// σ², which may underflow where σ does not.
fn variance(sigma: f64) -> Result<f64> {
    check::positive("sigma", sigma)?;
    check::positive("square of sigma", sigma * sigma)?;
    Ok(sigma * sigma)
}
