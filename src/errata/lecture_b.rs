//! As printed in the web note on Gaussian mixture models after Bishop, chapter 9.2.

use crate::error::Result;
use crate::gaussian_mixture::{GaussianMixture, loss, score};
use crate::selection::stick_breaking;
use crate::{check, gaussian, kmeans, latent};
use nalgebra::{DMatrix, DVector, RowDVector};
use std::f64::consts::TAU;

/// The Gaussian log density with the normaliser of one dimension, whatever the dimension.
/// ```math
/// \text{printed: } \frac{1}{\sqrt{2\pi}\,|\Sigma|^{1/2}}\,e^{-\frac12v^\top\Sigma^{-1}v},
/// \qquad\text{right: } \frac{1}{(2\pi)^{d/2}\,|\Sigma|^{1/2}}\,e^{-\frac12v^\top\Sigma^{-1}v}
/// ```
/// Right is [`gaussian::log_density`], with the same arguments, n values in nats. The printed one integrates to
/// $`(2\pi)^{(d-1)/2}`$: right for d = 1, and decided by the standard Gaussian of the plane, 2.50663.
///
/// Source: B-E01.
/// ```
/// use executable_em::errata::lecture_b;
/// use nalgebra::{DMatrix, RowDVector, dmatrix};
/// let (x, mean, covariance) = (dmatrix![0.0, 0.0], RowDVector::zeros(2), DMatrix::identity(2, 2));
/// let printed = lecture_b::log_density_with_the_normaliser_of_the_line(&x, &mean, &covariance)?;
/// assert!((printed[0].exp() - 0.398_942).abs() < 1e-6); // where 1/2π = 0.159 is right
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn log_density_with_the_normaliser_of_the_line(
    x: &DMatrix<f64>,
    mean: &RowDVector<f64>,
    covariance: &DMatrix<f64>,
) -> Result<DVector<f64>> {
    let log_normaliser = 0.5 * (TAU.ln() + gaussian::log_determinant(covariance)?);
    Ok(gaussian::mahalanobis_squared(x, mean, covariance)?.map(|distance| -log_normaliser - 0.5 * distance))
}

/// The log-likelihood as the maximum-likelihood problem prints it, with i on the weight and k on the Gaussian.
/// ```math
/// \text{printed: } \sum_n\log\Big\{\sum_i\pi_i\,\mathcal N(x_n; \mu_k, \Sigma_k)\Big\},
/// \qquad\text{right: } \sum_n\log\Big\{\sum_i\pi_i\,\mathcal N(x_n; \mu_i, \Sigma_i)\Big\}
/// ```
/// Right is [`GaussianMixture::log_likelihood`]. Read to the letter the weights sum to one and drop out: what is left
/// is the log-likelihood of component `k` alone ([`Error::Label`](crate::Error::Label) if there is none), in nats.
///
/// Source: B-E03.
/// ```
/// use executable_em::{errata::lecture_b, gaussian_mixture::{CovarianceFamily, GaussianMixture}};
/// use nalgebra::{dmatrix, dvector};
/// let (weights, means, family) = (dvector![0.5, 0.5], dmatrix![0.0; 2.0], CovarianceFamily::Full);
/// let model = GaussianMixture::new(weights, means, vec![dmatrix![1.0]; 2], family)?;
/// let printed = |k| lecture_b::log_likelihood_with_a_free_index(&model, &dmatrix![0.0], k);
/// assert!((printed(0)? - printed(1)? - 2.0).abs() < 1e-15); // two values where there is one
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn log_likelihood_with_a_free_index(model: &GaussianMixture, x: &DMatrix<f64>, k: usize) -> Result<f64> {
    check::label(0, k, model.k())?;
    Ok(model.component_log_densities(x)?.column(k).sum())
}

/// The density of a spherical Gaussian at its own mean, in the dimension-free form that leads up to the singularity.
/// ```math
/// \text{printed: } \frac{1}{\sqrt{2\pi}\,\sigma}, \qquad\text{right: } \frac{1}{(2\pi\sigma^2)^{d/2}}
/// ```
/// Right is [`gaussian::log_density`] at the mean. Both grow without bound as σ → 0; the right one faster for d > 1.
/// Decided by d = 3, σ = 0.1: 63.49 is right, 3.99 printed. `sigma` > 0, in units of the data.
///
/// Source: B-E04.
/// ```
/// use executable_em::errata::lecture_b;
/// assert!((lecture_b::density_at_the_mean_on_the_line(0.1)? - 3.989_423).abs() < 1e-6);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn density_at_the_mean_on_the_line(sigma: f64) -> Result<f64> {
    check::positive("sigma", sigma)?;
    Ok(1.0 / (TAU.sqrt() * sigma))
}

/// The loss of the M step without the ½ of its first term; the note's author says that he is not sure of it.
/// ```math
/// \text{printed: } \sum_{ij}r_{ij}\left(\log|\Sigma_j| + \tfrac12v_{ij}^\top\Sigma_j^{-1}v_{ij} - \log\pi_j\right),
/// \qquad\text{right: } \sum_{ij}r_{ij}\left(\tfrac12\log|\Sigma_j| + \dots\right)
/// ```
/// Right is [`loss::loss`], with the same arguments, in nats. The printed loss is least at half the covariance of the M
/// step. Decided by {1, 3} and one component: it prefers the variance ½ to the 1 of maximum likelihood.
///
/// Source: B-E08.
/// ```
/// use executable_em::{errata::lecture_b, gaussian_mixture::{CovarianceFamily, GaussianMixture}};
/// use nalgebra::{dmatrix, dvector};
/// let at = |variance: f64| {
///     let (mean, family) = (dmatrix![2.0], CovarianceFamily::Full);
///     let model = GaussianMixture::new(dvector![1.0], mean, vec![dmatrix![variance]], family)?;
///     lecture_b::loss_without_the_half(&model, &dmatrix![1.0; 3.0], &dmatrix![1.0; 1.0])
/// };
/// assert!(at(0.5)? < at(1.0)?);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn loss_without_the_half(model: &GaussianMixture, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<f64> {
    let mut missing = 0.0;
    for (count, factor) in latent::counts(r).iter().zip(model.factors()) {
        missing += 0.5 * count * gaussian::log_volume(factor);
    }
    check::defined_number("loss", loss::loss(model, x, r)? + missing)
}

/// The score in the means as the second line of its derivation has it, without the minus of the inner derivative.
/// ```math
/// \text{printed: } -\sum_n\gamma_{nk}\,\Sigma_k^{-1}(x_n - \mu_k),
/// \qquad\text{right: } +\sum_n\gamma_{nk}\,\Sigma_k^{-1}(x_n - \mu_k)
/// ```
/// Right is [`score::in_means`], and so is the line before. Set to zero the two have the same root, so the mean that
/// follows is right. Decided by a step along each: one raises ℓ, the other lowers it. `x` is n×d; returns k×d.
///
/// Source: B-E09.
/// ```
/// use executable_em::{errata::lecture_b, gaussian_mixture::{CovarianceFamily, GaussianMixture}};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
/// // The datum lies to the right of the mean; the printed gradient points to the left.
/// assert_eq!(lecture_b::score_in_means_of_the_second_line(&model, &dmatrix![3.0])?, dmatrix![-3.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn score_in_means_of_the_second_line(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    Ok(-score::in_means(model, x)?)
}

/// A sequence of parameters whose values rise and are bounded, and which goes round for ever.
/// ```math
/// \theta_t = \Big(1 + \frac1t\Big)(\cos t, \sin t), \qquad f(\theta) = 1 - \|\theta\|, \qquad f(\theta_t) = -\frac1t
/// ```
/// No run of EM, but all that "a bounded monotone sequence converges" assumes: the *values* converge, to 0, and it says
/// nothing about θ. What EM's values do is in [`em::fit`](crate::em::fit). `t` ≥ 1; returns θ_t and its value.
///
/// Source: B-E14.
/// ```
/// use executable_em::errata::lecture_b::spiral;
/// let (before, after) = (spiral(1_000_000)?, spiral(1_000_001)?);
/// assert!(after.1 > before.1 && after.1 < 0.0 && after.1 > -1e-6); // the value is all but there
/// assert!((after.0[0] - before.0[0]).hypot(after.0[1] - before.0[1]) > 0.95); // θ still moves
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn spiral(t: u32) -> Result<([f64; 2], f64)> {
    let t = f64::from(t);
    check::positive("t", t)?;
    let radius = 1.0 + 1.0 / t;
    Ok(([radius * t.cos(), radius * t.sin()], -1.0 / t))
}

/// The responsibilities as the loss names them: γ(z_nk) on the left, a j on the right that no sum binds.
/// ```math
/// \text{printed: } \gamma(z_{nk}) = \frac{\pi_j\,\mathcal N(x_n; \mu_j, \Sigma_j)}
///   {\sum_i\pi_i\,\mathcal N(x_n; \mu_i, \Sigma_i)}, \qquad\text{right: the same with } k \text{ for } j
/// ```
/// Right is [`latent::responsibilities`]. Read to the letter every column is column `j`, and the rows sum to k γ_nj.
/// `r` is n×k; returns n×k. [`Error::Label`](crate::Error::Label) if there is no column `j`.
///
/// Source: B-E17.
/// ```
/// use executable_em::errata::lecture_b;
/// use nalgebra::dmatrix;
/// assert_eq!(lecture_b::responsibilities_with_a_free_index(&dmatrix![0.9, 0.1], 0)?, dmatrix![0.9, 0.9]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn responsibilities_with_a_free_index(r: &DMatrix<f64>, j: usize) -> Result<DMatrix<f64>> {
    check::distributions("responsibilities", r, r.shape())?;
    check::label(0, j, r.ncols())?;
    Ok(DMatrix::from_fn(r.nrows(), r.ncols(), |i, _| r[(i, j)]))
}

/// The probability that a cluster of this weight has a member among n data.
/// ```math
/// P(R \ge 1) = 1 - (1 - \pi)^n
/// ```
/// The claim is that with n → ∞ every cluster is realised. This is so for each fixed cluster of positive weight; but at
/// no finite n for all of infinitely many. Arguments as in [`stick_breaking::probability_seen`].
///
/// Source: B-E18.
/// ```
/// use executable_em::errata::lecture_b::probability_of_a_member;
/// assert!((probability_of_a_member(0.001, 1000)? - 0.632).abs() < 1e-3);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn probability_of_a_member(weight: f64, n: u32) -> Result<f64> {
    stick_breaking::probability_seen(weight, n as usize)
}

/// The risk of k-means with the label of a datum x that is not the sum's.
/// ```math
/// \text{printed: } \sum_i\|x_i - \mu_{c(x)}\|^2, \qquad\text{right: } \sum_i\|x_i - \mu_{c(x_i)}\|^2
/// ```
/// Right is [`kmeans::objective`] at the one-hot labels. Read to the letter all data are compared with one mean, that
/// of `label` ([`Error::Label`](crate::Error::Label) if there is none). Decided by {0, 1, 9, 10} with the means 0.5 and
/// 9.5: 163 where 1 is right. `x` is n×d, `means` k×d; returns squared units of the data.
///
/// Source: B-E19.
/// ```
/// use executable_em::errata::lecture_b;
/// use nalgebra::dmatrix;
/// let (x, means) = (dmatrix![0.0; 1.0; 9.0; 10.0], dmatrix![0.5; 9.5]);
/// assert_eq!(lecture_b::risk_with_one_label_for_all(&x, &means, 0)?, 163.0);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn risk_with_one_label_for_all(x: &DMatrix<f64>, means: &DMatrix<f64>, label: usize) -> Result<f64> {
    check::label(0, label, means.nrows())?;
    Ok(kmeans::squared_distances(x, means)?.column(label).sum())
}
