//! How thin the components of a mixture are beside each other.

use executable_em::gaussian_mixture::GaussianMixture;
use nalgebra::{Cholesky, DMatrix};

/// What ranks a mixture of n data down for components that are thin beside the others, in nats.
/// ```math
/// \sum_j\frac m2\log\left(1 + \frac{2g_j}{m\,n}\right), \qquad
/// g_j = \operatorname{tr}W\Sigma_j^{-1} - \log\det W\Sigma_j^{-1} - d, \qquad W = \sum_j\pi_j\Sigma_j, \qquad
/// m = 2d\,(d + 1 + \log(1 + n))
/// ```
/// $`g_j \ge 0`$ is twice the divergence of a Gaussian as wide as components are on average from one as wide as this
/// component: zero where all are alike, however far apart, and whatever the units. Below n/m it is counted as a share
/// of one datum, which is Chen and Tan's penalty, but for W in the place of the covariance of all data: clusters that
/// lie far apart are thin beside those, and rightly so. Beyond, it grows as ℓ does where m data press on it, which is
/// more than chance puts into a line or on a point: a component of fewer can gain nothing by collapsing.
///
/// Source: Chen and Tan (2009), Journal of Multivariate Analysis 100, 1367–1383.
pub fn thinness(model: &GaussianMixture, n: f64) -> f64 {
    let d = model.d() as f64;
    let pressing = 2.0 * d * (d + 1.0 + n.ln_1p());
    let of_one = |divergence: f64| 0.5 * pressing * (2.0 * divergence.max(0.0) / (pressing * n)).ln_1p();
    if model.k() == 1 { 0.0 } else { divergences(model).into_iter().map(of_one).sum() }
}

/// $`g_j`$ of each component.
fn divergences(model: &GaussianMixture) -> Vec<f64> {
    let (k, d) = (model.k(), model.d());
    if model.family().is_along_axes() {
        let mut sums = vec![0.0; k];
        for a in 0..d {
            let width: f64 = (0..k).map(|j| model.weights()[j] * model.variance(j, a)).sum();
            for (j, sum) in sums.iter_mut().enumerate() {
                let ratio = width / model.variance(j, a);
                // And not ∞ − ∞.
                *sum += if ratio < f64::INFINITY { ratio - ratio.ln() - 1.0 } else { ratio };
            }
        }
        return sums;
    }
    let shares = model.covariances().iter().zip(model.weights());
    let width: DMatrix<f64> = shares.map(|(covariance, &weight)| covariance * weight).sum();
    let Some(root) = Cholesky::new(width.clone()) else { return vec![f64::INFINITY; k] };
    let of_one = |factor: &Cholesky<f64, nalgebra::Dyn>| {
        let ratios = (0..d).map(|a| root.l_dirty()[(a, a)] / factor.l_dirty()[(a, a)]);
        factor.solve(&width).trace() - d as f64 - 2.0 * ratios.map(f64::ln).sum::<f64>()
    };
    model.factors().iter().map(of_one).collect()
}
