//! How thin the components of a mixture are beside the data that it describes.

use executable_em::gaussian_mixture::GaussianMixture;
use nalgebra::{DMatrix, DVector};

/// Twice the divergences of all data, seen as one Gaussian, from Gaussians with the covariances of the components.
/// ```math
/// \sum_j \left(\operatorname{tr} S\Sigma_j^{-1} - \log\det S\Sigma_j^{-1} - d\right) \ge 0, \qquad
/// S = \sum_j \pi_j\left(\Sigma_j + (\mu_j - \mu)(\mu_j - \mu)^\top\right)
/// ```
/// Zero where every component is as wide as the data, whatever their units, and without a bound where one collapses,
/// which makes up for the infinite ℓ there. S is the mixture's own covariance: where EM rests, that of the data.
///
/// Source: Chen and Tan (2009), Journal of Multivariate Analysis 100, 1367–1383, whose penalty this is.
pub fn thinness(model: &GaussianMixture) -> f64 {
    let (k, d) = (model.k(), model.d());
    let mean = model.weights().transpose() * model.means();
    let from_mean = DMatrix::from_fn(k, d, |j, a| model.means()[(j, a)] - mean[a]);
    // t − log t − 1, which is zero at one.
    let sum = |eigenvalues: DVector<f64>| -> f64 { eigenvalues.iter().map(|t| t - t.ln() - 1.0).sum() };
    if model.family().is_along_axes() {
        let spread = |a: usize| -> f64 {
            (0..k).map(|j| model.weights()[j] * (model.variance(j, a) + from_mean[(j, a)].powi(2))).sum()
        };
        let spreads = DVector::from_fn(d, |a, _| spread(a));
        return (0..k).map(|j| sum(DVector::from_fn(d, |a, _| spreads[a] / model.variance(j, a)))).sum();
    }
    let mut spread = DMatrix::zeros(d, d);
    for (j, covariance) in model.covariances().iter().enumerate() {
        let row = from_mean.row(j);
        spread += (covariance + row.transpose() * row) * model.weights()[j];
    }
    let Some(root) = spread.cholesky() else { return f64::INFINITY };
    model
        .factors()
        .iter()
        .map(|factor| {
            let Some(ratio) = factor.l().solve_lower_triangular(&root.l()) else { return f64::INFINITY };
            // S Σ⁻¹ has the trace and the determinant of ratio · ratioᵀ.
            ratio.norm_squared() - 2.0 * ratio.diagonal().map(f64::ln).sum() - d as f64
        })
        .sum()
}
