//! How thin the components of a mixture are beside the data that it describes.

use executable_em::gaussian_mixture::GaussianMixture;
use nalgebra::{Cholesky, DMatrix};

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
    let from_mean = |j: usize, a: usize| model.means()[(j, a)] - mean[a];
    let mut sum = 0.0;
    if model.family().is_along_axes() {
        for a in 0..d {
            let spread: f64 =
                (0..k).map(|j| model.weights()[j] * (model.variance(j, a) + from_mean(j, a).powi(2))).sum();
            for j in 0..k {
                let ratio = spread / model.variance(j, a);
                sum += ratio - ratio.ln() - 1.0;
            }
        }
        return sum;
    }
    let entry = |a: usize, b: usize| -> f64 {
        let of_one = |j: usize| model.covariances()[j][(a, b)] + from_mean(j, a) * from_mean(j, b);
        (0..k).map(|j| model.weights()[j] * of_one(j)).sum()
    };
    let spread = DMatrix::from_fn(d, d, entry);
    let Some(root) = Cholesky::new(spread.clone()) else { return f64::INFINITY };
    for factor in model.factors() {
        sum += factor.solve(&spread).trace() - d as f64;
        for a in 0..d {
            sum -= 2.0 * (root.l_dirty()[(a, a)] / factor.l_dirty()[(a, a)]).ln();
        }
    }
    sum
}
