//! The weights at the edge of the simplex, and what it costs to leave them out.

use crate::check;
use crate::error::Result;
use crate::gaussian_mixture::{GaussianMixture, score};
use nalgebra::{DMatrix, DVector};

/// By how much each weight violates the conditions of a maximum on the simplex (Karush, Kuhn and Tucker).
/// ```math
/// s_j = \sum_i\frac{\mathcal N(x_i; \mu_j, \Sigma_j)}{p(x_i)}: \qquad
/// s_j = n \text{ where } \pi_j > 0, \qquad s_j \le n \text{ where } \pi_j = 0
/// ```
/// A lecture multiplies $`s_j - n = 0`$ by π_j and solves $`R_j = n\pi_j`$ instead. At π_j = 0 that holds whatever s_j
/// is: it has roots that are no maxima, and EM cannot leave them, as a weight that is zero stays zero. `x` is n×d;
/// returns k numbers ≥ 0: |s_j − n| where π_j > 0 and max(0, s_j − n) where π_j = 0. All vanish just at the maximum
/// over π, the components being what they are: in π alone ℓ is concave, so there is no other rest.
///
/// Source: H-E05. Example: [`gain_bound`].
pub fn violations(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<DVector<f64>> {
    let excess = score::of_lagrangian_in_weights(model, x, -(x.nrows() as f64))?;
    let of = |excess: f64, weight| if weight > 0.0 { excess.abs() } else { excess.max(0.0) };
    Ok(excess.zip_map(model.weights(), of))
}

/// How much ℓ could gain from better weights, at most.
/// ```math
/// \max_{\pi'}\ell(\pi') - \ell(\pi) \;\le\; \max_{\pi'}\sum_j s_j\,(\pi'_j - \pi_j) \;=\; \max_j s_j - n
/// ```
/// A concave function lies below its tangent; the tangent is greatest at a corner of the simplex; and
/// $`\sum_j\pi_js_j = n`$. `x` is n×d; returns nats, zero just at the maximum over π: a certificate.
///
/// Source: H-E05, T-E18; Lindsay (1983).
/// ```
/// use executable_em::{gaussian_mixture::{CovarianceFamily::Full, GaussianMixture}, pathologies::weights};
/// use nalgebra::{dmatrix, dvector};
/// let x = dmatrix![-1.0; 0.0; 1.0; 2.5];
/// let edge = GaussianMixture::new(dvector![1.0, 0.0], dmatrix![0.0; 2.0], vec![dmatrix![1.0]; 2], Full)?;
/// let violations = weights::violations(&edge, &x)?;
/// assert!(violations[0] < 1e-14 && (violations[1] - 17.24).abs() < 0.005);
/// assert_eq!(weights::gain_bound(&edge, &x)?, violations[1]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn gain_bound(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<f64> {
    Ok(score::in_weights(model, x)?.max() - x.nrows() as f64)
}

/// What it costs, at most, to hold all weights at 1/k where they should be π.
/// ```math
/// n\,\mathrm{KL}(\pi\,\|\,\tfrac1k) = n\sum_j\pi_j\log k\pi_j
/// ```
/// A lecture counts only locations and scales among the parameters of a mixture. With the labels known this is exactly
/// what the complete-data log-likelihood loses. With labels hidden it is the most that ℓ can lose, at weights π where
/// EM rests: $`\ell(\tfrac1k) \ge \mathcal F(r, \tfrac1k) = \ell(\pi) - n\,\mathrm{KL}`$ for the responsibilities r
/// there; and as much as that if components do not overlap. `n` counts data; returns nats, from 0 to n log k.
///
/// Source: C-E11.
/// ```
/// use executable_em::pathologies::weights::equal_weights_cost;
/// use nalgebra::dvector;
/// assert_eq!(equal_weights_cost(&dvector![0.5, 0.5], 7)?, 0.0);
/// assert!((equal_weights_cost(&dvector![1.0 / 7.0, 6.0 / 7.0], 7)? - 1.981).abs() < 5e-4);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn equal_weights_cost(weights: &DVector<f64>, n: usize) -> Result<f64> {
    check::distribution("weights", weights, weights.len())?;
    let k = weights.len() as f64;
    let term = |&weight: &f64| if weight == 0.0 { 0.0 } else { weight * (k * weight).ln() };
    Ok(n as f64 * weights.iter().map(term).sum::<f64>())
}
