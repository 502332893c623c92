//! EM beside its rival: gradient ascent on the log-likelihood in the means.

use super::{GaussianMixture, score};
use crate::check;
use crate::error::Result;
use crate::latent;
use nalgebra::DMatrix;

/// The mean step of EM, written as a gradient step with a matrix for a step length.
///
/// ```math
/// \mu_j^{\text{new}} = \mu_j + \frac{\Sigma_j}{R_j}\,\nabla_{\mu_j}\ell
/// ```
///
/// `x` is n×d; returns k×d, equal to [`update::means`](super::update::means) at the same responsibilities. The matrix is
/// positive definite, so the step points uphill, and it needs no step length to be chosen. A component with $`R_j = 0`$
/// stays where it is.
///
/// Source: C-07.
///
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, gradient, random_start, update};
/// use executable_em::data;
/// let x = data::old_faithful();
/// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let as_update = update::means(&x, &model.responsibilities(&x)?, &model.means)?;
/// assert!((gradient::em_step(&model, &x)? - as_update).amax() < 1e-10);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn em_step(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    let counts = latent::counts(&model.responsibilities(x)?);
    let score = score::in_means(model, x)?;
    let mut means = model.means.clone();
    for j in (0..model.k()).filter(|&j| counts[j] > 0.0) {
        let step = &model.covariances[j] / counts[j] * score.row(j).transpose();
        means.set_row(j, &(model.means.row(j) + step.transpose()));
    }
    Ok(means)
}

/// Gradient ascent on the log-likelihood in the means, weights and covariances held.
///
/// ```math
/// \mu_j \leftarrow \mu_j + \eta\,\nabla_{\mu_j}\ell
/// ```
///
/// `x` is n×d; `step` is η > 0 in squared units of the data per nat. Returns the start and the mixture after each of
/// `steps` steps. Unlike EM it can overshoot: for η too large ℓ falls.
///
/// Source: C-06, C-07.
///
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, gradient};
/// use nalgebra::{dmatrix, dvector};
/// let start = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
/// let path = gradient::ascend_means(&start, &dmatrix![4.0], 0.5, 2)?;
/// assert_eq!(path.iter().map(|model| model.means[0]).collect::<Vec<_>>(), [0.0, 2.0, 3.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn ascend_means(
    start: &GaussianMixture,
    x: &DMatrix<f64>,
    step: f64,
    steps: usize,
) -> Result<Vec<GaussianMixture>> {
    check::positive("step", step)?;
    let mut path = vec![start.clone()];
    for t in 0..steps {
        let mut next = path[t].clone();
        next.means += score::in_means(&path[t], x)? * step;
        path.push(next);
    }
    Ok(path)
}
