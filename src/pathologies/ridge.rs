//! A ridge on the covariances: the common remedy against a collapse that is no M step.

use crate::check;
use crate::error::Result;
use crate::gaussian_mixture::GaussianMixture;
use nalgebra::DMatrix;

/// A sweep of EM that adds a ridge to every covariance, as libraries do to keep it invertible (`reg_covar`).
/// ```math
/// \Sigma_j \leftarrow \hat\Sigma_j + f I
/// ```
/// It widens all components in all directions, those far above f too, and is no M step of the likelihood: from a
/// maximum of ℓ it goes down, and it may go down on the way. `x` is n×d, `ridge` f > 0 in squared units of the data
/// ([`Error::Domain`](crate::Error::Domain)). Errors of [`em::sweep`](crate::em::sweep).
///
/// Source: B-05, C-E09, T-06.
/// ```
/// use executable_em::{gaussian_mixture::{CovarianceFamily, GaussianMixture}, pathologies::ridge::ridge_sweep};
/// use nalgebra::{dmatrix, dvector};
/// let x = dmatrix![-1.0; 1.0];
/// let best = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
/// let widened = ridge_sweep(&best, &x, 0.5)?;
/// assert_eq!(widened.covariances()[0][0], 1.5);
/// assert!(widened.log_likelihood(&x)? < best.log_likelihood(&x)?);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn ridge_sweep(model: &GaussianMixture, x: &DMatrix<f64>, ridge: f64) -> Result<GaussianMixture> {
    check::positive("ridge", ridge)?;
    let (weights, means, mut covariances) = model.updated(x, &model.responsibilities(x)?)?;
    for covariance in &mut covariances {
        // Of a covariance along the axes only the diagonal is there, d×1.
        let is_diagonal = covariance.ncols() == 1;
        for a in 0..x.ncols() {
            covariance[(a, if is_diagonal { 0 } else { a })] += ridge;
        }
    }
    GaussianMixture::new(weights, means, covariances, model.family())
}
