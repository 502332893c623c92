//! An M step by parts, where the whole has no closed form: every part climbs, and that is all that ascent needs.

use crate::check;
use crate::error::Result;
use crate::gaussian;
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture, update};
use crate::latent;
use nalgebra::{DMatrix, DVector};

/// Covariances of one shape and many sizes: one round of the two conditional maxima.
/// ```math
/// \Sigma_j = \lambda_j C,\ \lvert C\rvert = 1: \qquad
/// C \propto \sum_j\frac{R_j}{\lambda_j}S_j, \quad\text{then}\quad \lambda_j = \tfrac1d\operatorname{tr}C^{-1}S_j
/// ```
///
/// Q is $`-\tfrac12\sum_j R_j\big(d\log\lambda_j + \tfrac1{\lambda_j}\operatorname{tr}C^{-1}S_j\big)`$ and a constant.
/// Given the sizes, its maximum in C is the first line; given C, its maximum in λ is the second; together they have no
/// closed form. `scatters` holds the k matrices S_j that full covariances would be, `counts` the R_j, `sizes` the λ_j
/// to begin with, all positive. Returns the k covariances λ_j C.
/// [`Error::NotPositiveDefinite`](crate::Error::NotPositiveDefinite) where the average has no inverse.
///
/// Source: X-30; Banfield and Raftery (1993), Meng and Rubin (1993).
/// ```
/// use executable_em::convergence::by_parts::proportional;
/// use nalgebra::{dmatrix, dvector};
/// let (small, large) = (dmatrix![1.0, 0.0; 0.0, 4.0], dmatrix![9.0, 0.0; 0.0, 36.0]);
/// let found = proportional(&[small.clone(), large.clone()], &dvector![5.0, 5.0], &dvector![2.0, 18.0])?;
/// assert!((&found[0] - small).amax() < 1e-14 && (&found[1] - large).amax() < 1e-13); // as they are, one shape
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn proportional(
    scatters: &[DMatrix<f64>],
    counts: &DVector<f64>,
    sizes: &DVector<f64>,
) -> Result<Vec<DMatrix<f64>>> {
    let d = scatters.first().map_or(0, DMatrix::nrows);
    check::covariances(scatters, (counts.len(), d))?;
    check::positives("sizes", "size of a covariance", sizes, counts.len())?;
    check::masses("counts", "count of a component", counts)?;
    let mut sum = DMatrix::zeros(d, d);
    for (j, scatter) in scatters.iter().enumerate() {
        sum += scatter * (counts[j] / sizes[j]);
    }
    let shape = &sum / size(&sum)?;
    let factor = gaussian::cholesky(&shape, 0)?;
    Ok(scatters.iter().map(|scatter| &shape * (factor.solve(scatter).trace() / d as f64)).collect())
}

/// The size of a covariance, |Σ|^{1/d}: what is left of it when its shape has determinant 1.
fn size(covariance: &DMatrix<f64>) -> Result<f64> {
    Ok((gaussian::log_determinant(covariance)? / covariance.nrows() as f64).exp())
}

/// A sweep of ECM: the E step, the maxima in π and μ, and one round of [`proportional`] for the covariances.
/// ```math
/// Q(\theta^{t+1} \mid \theta^t) \ge Q(\theta^t \mid \theta^t) \quad\Longrightarrow\quad \ell(\theta^{t+1}) \ge
/// \ell(\theta^t)
/// ```
///
/// The step is conditional: each part of θ has its maximum, the others given. It need not reach the top of Q, and ℓ
/// rises all the same. To repeat the round within the sweep until it stands still would be EM, at more work a sweep.
/// `model` has covariances λ_j C (of any other, the first sweep is no ascent but a projection), `x` is n×d.
///
/// Source: X-30; Meng and Rubin (1993).
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, kmeans_start};
/// use executable_em::{convergence::by_parts::ecm_sweep, data, em};
/// let x = data::old_faithful();
/// let start = kmeans_start(&x, 2, CovarianceFamily::Tied, &mut data::rng(1))?;
/// let tied = em::fit(start, &x, &em::Stopping::default())?;
/// let mut model = tied.model;
/// for _ in 0..100 {
///     model = ecm_sweep(&model, &x)?;
/// }
/// let between = model.log_likelihood(&x)?;
/// assert!(tied.log_likelihood < between && between < -1130.27); // that of full covariances is −1130.26
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn ecm_sweep(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<GaussianMixture> {
    let r = model.responsibilities(x)?;
    let means = update::means(x, &r, model.means())?;
    let scatters = update::covariances(x, &r, &means, model.covariances())?;
    let sizes: Vec<f64> = model.covariances().iter().map(size).collect::<Result<_>>()?;
    let covariances = proportional(&scatters, &latent::counts(&r), &DVector::from_vec(sizes))?;
    GaussianMixture::new(update::weights(&r)?, means, covariances, CovarianceFamily::Full)
}

/// The mean of a component, one of its coordinates held at a value: a conditional maximum, given Σ.
/// ```math
/// \mu_j = \bar x_j + \frac{\Sigma_{j,\cdot a}}{\Sigma_{j,aa}}\,(v - \bar x_{ja})
/// ```
///
/// The other coordinates follow as a regression on the held one says. `free` is k×d, the means if none were held;
/// `component` and `column` count from 0. [`Error::Label`](crate::Error::Label) for a component, and
/// [`Error::Shape`](crate::Error::Shape) for a column, that is not there.
///
/// Source: X-31. Example: [`profile`](super::profile).
pub fn means_with_one_held(
    model: &GaussianMixture,
    free: &DMatrix<f64>,
    (component, column): (usize, usize),
    value: f64,
) -> Result<DMatrix<f64>> {
    check::matrix("means", free, model.means().shape())?;
    check::label(0, component, model.k())?;
    check::domain("column", column as f64, column < model.d(), "below the dimension of the data")?;
    check::number("value", value)?;
    let covariance = &model.covariances()[component];
    let along = covariance.column(column) / covariance[(column, column)];
    let mut means = free.clone();
    let mean = free.row(component) + along.transpose() * (value - free[(component, column)]);
    means.set_row(component, &mean);
    means[(component, column)] = value; // exactly, whatever rounding says
    check::defined("means", means)
}
