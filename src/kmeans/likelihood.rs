//! k-means as maximum likelihood: J is, up to constants, a negative log-likelihood with hard assignments.

use super::objective;
use crate::check;
use crate::error::Result;
use crate::gaussian;
use nalgebra::{DMatrix, DVector, RowDVector};
use std::f64::consts::TAU;

/// The log-likelihood of means and assignments under Gaussians of one fixed width, as a product of sums.
///
/// ```math
/// \log p(x \mid m, r) = \log\prod_i\sum_j r_{ij}\,\mathcal N(x_i; m_j, \sigma^2 I)
/// ```
///
/// `x` is n×d, `r` n×k, `means` k×d, `sigma` > 0 in units of the data; returns nats. Computed by the definition, so
/// that it may be compared with [`from_objective`]; for one-hot rows of `r` the two agree, for soft rows they do not. −∞ where a row of `r` is zero or all its densities underflow.
///
/// Source: H-19, H-20, H-E15.
///
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
    check::positive("sigma", sigma)?;
    let covariance = DMatrix::from_diagonal_element(x.ncols(), x.ncols(), sigma * sigma);
    let mut density = DVector::zeros(x.nrows());
    for j in 0..means.nrows() {
        let mean: RowDVector<f64> = means.row(j).into_owned();
        let component = gaussian::log_density(x, &mean, &covariance)?.map(f64::exp);
        density += r.column(j).component_mul(&component);
    }
    Ok(density.map(f64::ln).sum())
}

/// The same log-likelihood for one-hot responsibilities, read off the objective.
///
/// ```math
/// \log p(x \mid m, r) = -\frac{J(r, m)}{2\sigma^2} - \frac{nd}{2}\log 2\pi\sigma^2
/// ```
///
/// So the argmin of J is the argmax of the likelihood, whatever σ: k-means is a local maximiser of a Gaussian
/// mixture with hard assignments and one spherical width (local only).
/// `x` is n×d, `r` n×k one-hot, `means` k×d, `sigma` > 0; returns nats.
/// [`Error::NotOnSimplex`](crate::Error::NotOnSimplex) for rows that do not sum to one.
///
/// Source: H-19, H-20, H-E16.
///
/// ```
/// use executable_em::kmeans::likelihood::from_objective;
/// use nalgebra::dmatrix;
/// let value = from_objective(&dmatrix![3.0], &dmatrix![1.0], &dmatrix![1.0], 1.0)?;
/// assert!((value - (-2.0 - 0.5 * (2.0 * std::f64::consts::PI).ln())).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn from_objective(x: &DMatrix<f64>, r: &DMatrix<f64>, means: &DMatrix<f64>, sigma: f64) -> Result<f64> {
    check::positive("sigma", sigma)?;
    check::simplex_rows("responsibilities", r)?;
    let variance = sigma * sigma;
    let nd = (x.nrows() * x.ncols()) as f64;
    Ok(-objective(x, r, means)? / (2.0 * variance) - 0.5 * nd * (TAU * variance).ln())
}
