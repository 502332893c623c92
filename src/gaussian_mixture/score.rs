//! The score: the gradient of the log-likelihood in the means, the covariances and the weights.
//!
//! Derivatives in Σ are unstructured: all d² entries count as free, and at a symmetric Σ the result is symmetric.

use super::GaussianMixture;
use crate::error::Result;
use crate::latent::{self, Model};
use crate::{check, gaussian};
use nalgebra::{DMatrix, DVector};

/// The score in the means.
/// ```math
/// \nabla_{\mu_j}\ell = +\sum_i r_{ij}\,\Sigma_j^{-1}(x_i - \mu_j)
/// ```
/// `x` is n×d; returns k×d, a row a component, in nats per unit of the data. It points *towards* the data, though two
/// lectures print it with a minus sign.
///
/// Source: H-28, L-06, B-22, T-40, H-E01, B-E09.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, score};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![2.0]], CovarianceFamily::Full)?;
/// assert!((score::in_means(&model, &dmatrix![3.0; 5.0])?[0] - 4.0).abs() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn in_means(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::defined("score", along_means(model, x, &model.responsibilities(x)?))
}

/// The score in the covariances.
/// ```math
/// \nabla_{\Sigma_j}\ell = +\tfrac12\sum_i r_{ij}
///   \left(\Sigma_j^{-1}v_{ij}v_{ij}^\top\Sigma_j^{-1} - \Sigma_j^{-1}\right), \qquad v_{ij} = x_i - \mu_j
/// ```
/// `x` is n×d; returns k matrices d×d, in nats per squared unit of the data. One lecture prints −½.
///
/// Source: H-33, L-06, H-E02.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, score};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
/// assert_eq!(score::in_covariances(&model, &dmatrix![3.0])?[0], dmatrix![4.0]); // ½(9 − 1)
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn in_covariances(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<Vec<DMatrix<f64>>> {
    all_defined(along_covariances(model, x, &model.responsibilities(x)?))
}

/// The derivative of ℓ in each weight, before the constraint Σπ = 1 is heeded.
/// ```math
/// \frac{\partial\ell}{\partial\pi_j} = \sum_i\frac{\mathcal N(x_i; \mu_j, \Sigma_j)}{p(x_i)}
/// ```
/// `x` is n×d; returns k numbers, in nats. At a maximum of ℓ on the simplex each equals n where $`\pi_j > 0`$ and is at
/// most n elsewhere; always $`\sum_j\pi_j\,\partial\ell/\partial\pi_j = n`$.
///
/// Source: H-35, H-36, L-06, L-E07, H-E05.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily::Full, GaussianMixture, score};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![0.5, 0.5], dmatrix![0.0; 0.0], vec![dmatrix![1.0]; 2], Full)?;
/// assert_eq!(score::in_weights(&model, &dmatrix![0.5; 2.0])?, dvector![2.0, 2.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn in_weights(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<DVector<f64>> {
    let log_densities = model.component_log_densities(x)?;
    let log_marginals = latent::log_marginals(&model.log_joint(x)?)?;
    Ok(DVector::from_fn(model.k(), |j, _| {
        (0..x.nrows()).map(|i| (log_densities[(i, j)] - log_marginals[i]).exp()).sum()
    }))
}

/// The derivative in each weight of the Lagrangian $`\ell + \lambda(\sum_j\pi_j - 1)`$.
/// ```math
/// \frac{\partial}{\partial\pi_j}\Big[\ell + \lambda\Big(\sum_l\pi_l - 1\Big)\Big]
///   = \sum_i\frac{\mathcal N(x_i; \mu_j, \Sigma_j)}{p(x_i)} + \lambda
/// ```
/// `x` is n×d; returns k numbers, in nats. At a fixed point of EM with positive weights it vanishes at λ = −n.
///
/// Source: H-35, H-E04.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, score};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
/// assert_eq!(score::of_lagrangian_in_weights(&model, &dmatrix![0.5; 2.0], -2.0)?, dvector![0.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn of_lagrangian_in_weights(
    model: &GaussianMixture,
    x: &DMatrix<f64>,
    lambda: f64,
) -> Result<DVector<f64>> {
    check::number("multiplier", lambda)?;
    Ok(in_weights(model, x)?.add_scalar(lambda))
}

/// The gradient of Q in the means, for responsibilities that are held fixed.
/// ```math
/// \nabla_{\mu_j} Q = \sum_i r_{ij}\,\Sigma_j^{-1}(x_i - \mu_j)
/// ```
/// `x` is n×d, `r` n×k; returns k×d. With r at the same parameters this is the score of ℓ, as [`in_means`] has it:
/// Fisher's identity, $`\nabla Q(\cdot\mid\theta)|_\theta = \nabla\ell(\theta)`$.
///
/// Source: H-64, T-40.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, score};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
/// assert_eq!(score::of_q_in_means(&model, &dmatrix![3.0], &dmatrix![0.5])?, dmatrix![1.5]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn of_q_in_means(model: &GaussianMixture, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::state(x, r, model.means())?;
    check::defined("score", along_means(model, x, r))
}

/// [`of_q_in_means`] of data and responsibilities that are known to be such.
pub(super) fn along_means(model: &GaussianMixture, x: &DMatrix<f64>, r: &DMatrix<f64>) -> DMatrix<f64> {
    let mut score = DMatrix::zeros(model.k(), model.d());
    for (j, factor) in model.factors().iter().enumerate() {
        let precision = factor.inverse();
        for i in 0..x.nrows() {
            let v = (x.row(i) - model.means().row(j)).transpose();
            let mut row = score.row_mut(j);
            row += (&precision * v * r[(i, j)]).transpose();
        }
    }
    score
}

/// The gradient of Q in the covariances, for responsibilities that are held fixed.
/// ```math
/// \nabla_{\Sigma_j} Q = \tfrac12\sum_i r_{ij}\left(\Sigma_j^{-1}v_{ij}v_{ij}^\top\Sigma_j^{-1} - \Sigma_j^{-1}\right)
/// ```
/// Arguments as in [`of_q_in_means`]; returns k matrices d×d.
///
/// Source: H-33, H-64, T-41.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, score};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
/// assert_eq!(score::of_q_in_covariances(&model, &dmatrix![3.0], &dmatrix![0.5])?[0], dmatrix![2.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn of_q_in_covariances(
    model: &GaussianMixture,
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
) -> Result<Vec<DMatrix<f64>>> {
    check::state(x, r, model.means())?;
    all_defined(along_covariances(model, x, r))
}

/// [`of_q_in_covariances`] of data and responsibilities that are known to be such.
fn along_covariances(model: &GaussianMixture, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Vec<DMatrix<f64>> {
    let mut score = vec![DMatrix::zeros(model.d(), model.d()); model.k()];
    for (j, factor) in model.factors().iter().enumerate() {
        let precision = factor.inverse();
        for i in 0..x.nrows() {
            let v = (x.row(i) - model.means().row(j)).transpose();
            score[j] += (&precision * &v * v.transpose() * &precision - &precision) * (0.5 * r[(i, j)]);
        }
    }
    score
}

/// The derivative of Q in each weight, for responsibilities that are held fixed, before the constraint is heeded.
/// ```math
/// \frac{\partial Q}{\partial\pi_j} = \frac{R_j}{\pi_j}
/// ```
/// Arguments as in [`of_q_in_means`]; returns k numbers: +∞ where π_j = 0 < R_j, and 0 where R_j = 0.
///
/// Source: H-64, T-42, C-E22.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily::Full, GaussianMixture, score};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![0.5, 0.5], dmatrix![0.0; 1.0], vec![dmatrix![1.0]; 2], Full)?;
/// assert_eq!(score::of_q_in_weights(&model, &dmatrix![3.0], &dmatrix![0.25, 0.75])?, dvector![0.5, 1.5]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn of_q_in_weights(model: &GaussianMixture, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<DVector<f64>> {
    check::state(x, r, model.means())?;
    let counts = latent::counts(r);
    Ok(counts.zip_map(&model.weights, |count, weight| if count == 0.0 { 0.0 } else { count / weight }))
}

/// The first hint: the derivative of the normaliser.
/// ```math
/// \frac{\partial|\Sigma|^{-1/2}}{\partial\Sigma} = -\tfrac12\,|\Sigma|^{-3/2}\,|\Sigma|\,\Sigma^{-1}
/// ```
/// `covariance` is d×d; returns d×d. Errors as in [`gaussian::cholesky`], and [`Error::Domain`](crate::Error::Domain)
/// where a power of the determinant overflows.
///
/// Source: H-31.
/// ```
/// use executable_em::gaussian_mixture::score::inverse_root_determinant_derivative;
/// use nalgebra::dmatrix;
/// assert_eq!(inverse_root_determinant_derivative(&dmatrix![4.0]), Ok(dmatrix![-1.0 / 16.0])); // d/ds s^{-1/2}
/// ```
pub fn inverse_root_determinant_derivative(covariance: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    let factor = gaussian::cholesky(covariance, 0)?;
    let determinant = factor.determinant();
    let scale = -0.5 * determinant.powf(-1.5) * determinant;
    check::number("scale of the derivative", scale)?;
    Ok(factor.inverse() * scale)
}

/// The second hint: the derivative of the quadratic form.
/// ```math
/// \frac{\partial\,v^\top\Sigma^{-1}v}{\partial\Sigma} = -\Sigma^{-1}vv^\top\Sigma^{-1}
/// ```
/// `v` has d entries, `covariance` is d×d; returns d×d. Errors as in [`gaussian::cholesky`].
///
/// Source: H-32.
/// ```
/// use executable_em::gaussian_mixture::score::quadratic_form_derivative;
/// use nalgebra::{dmatrix, dvector};
/// assert_eq!(quadratic_form_derivative(&dvector![3.0], &dmatrix![4.0]), Ok(dmatrix![-9.0 / 16.0])); // of 9/s
/// ```
pub fn quadratic_form_derivative(v: &DVector<f64>, covariance: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::finite("v", v)?;
    let precision = gaussian::sized(covariance, v.len())?.inverse();
    check::defined("derivative", -(&precision * v * v.transpose() * &precision))
}

/// The derivative that the mean update rests on, for a residual linear in the parameter.
/// ```math
/// \frac{\partial}{\partial s}(x - As)^\top W(x - As)
///   = -A^\top(W + W^\top)(x - As) = -2A^\top W(x - As) \text{ if } W = W^\top
/// ```
/// `x` has m entries, `a` is m×p, `w` m×m, `s` has p; returns p entries. The first form is computed, which needs no
/// symmetry; the lecture prints the second without the condition.
///
/// Source: T-39, T-E16.
/// ```
/// use executable_em::gaussian_mixture::score::residual_form_derivative;
/// use nalgebra::{dmatrix, dvector};
/// let derivative = residual_form_derivative(&dvector![3.0], &dmatrix![2.0], &dmatrix![1.0], &dvector![1.0]);
/// assert_eq!(derivative, Ok(dvector![-4.0])); // d/ds (3 − 2s)² at s = 1
/// ```
pub fn residual_form_derivative(
    x: &DVector<f64>,
    a: &DMatrix<f64>,
    w: &DMatrix<f64>,
    s: &DVector<f64>,
) -> Result<DVector<f64>> {
    check::finite("x", x)?;
    check::finite("s", s)?;
    check::matrix("A", a, (x.len(), s.len()))?;
    check::matrix("W", w, (x.len(), x.len()))?;
    check::defined("derivative", -(a.transpose() * (w + w.transpose()) * (x - a * s)))
}

fn all_defined(scores: Vec<DMatrix<f64>>) -> Result<Vec<DMatrix<f64>>> {
    scores.into_iter().map(|score| check::defined("score", score)).collect()
}
