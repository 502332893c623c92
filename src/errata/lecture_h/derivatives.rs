//! The derivatives of ℓ, as lecture 22 prints them.

use crate::check;
use crate::error::Result;
use crate::gaussian_mixture::{GaussianMixture, score};
use nalgebra::{DMatrix, DVector};

/// The score in the means, as printed.
/// ```math
/// \text{printed}\quad -\sum_i r_{ij}\,\Sigma_j^{-1}(x_i - \mu_j) \qquad
/// \text{right}\quad +\sum_i r_{ij}\,\Sigma_j^{-1}(x_i - \mu_j)
/// ```
/// Right is [`score::in_means`], with the same arguments. The zeros agree, so that the update is not touched; but a
/// step along the printed direction lowers ℓ, already for the data {1, 3}, one unit Gaussian and the mean 3/2.
///
/// Source: H-E01.
/// ```
/// use executable_em::{errata::lecture_h, gaussian_mixture::{CovarianceFamily, GaussianMixture}};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![1.0], dmatrix![1.5], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
/// let printed = lecture_h::mean_score_with_the_sign_reversed(&model, &dmatrix![1.0; 3.0])?;
/// assert_eq!(printed, dmatrix![-1.0]); // away from 2
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn mean_score_with_the_sign_reversed(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    Ok(-score::in_means(model, x)?)
}

/// The score in the covariances, as printed.
/// ```math
/// \text{printed}\quad -\tfrac12\sum_i r_{ij}\left(\Sigma_j^{-1}v_{ij}v_{ij}^\top\Sigma_j^{-1} - \Sigma_j^{-1}\right),
/// \quad v_{ij} = x_i - \mu_j \qquad \text{right}\quad +\tfrac12\sum_i\dots
/// ```
/// Right is [`score::in_covariances`], with the same arguments; again the zeros agree. On {1, 3} with the mean 2 and
/// the variance 2 the printed sign would widen a Gaussian that is too wide.
///
/// Source: H-E02.
/// ```
/// use executable_em::{errata::lecture_h, gaussian_mixture::{CovarianceFamily, GaussianMixture}};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![1.0], dmatrix![2.0], vec![dmatrix![2.0]], CovarianceFamily::Full)?;
/// let printed = lecture_h::covariance_score_with_the_sign_reversed(&model, &dmatrix![1.0; 3.0])?;
/// assert!((printed[0][0] - 0.25).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn covariance_score_with_the_sign_reversed(
    model: &GaussianMixture,
    x: &DMatrix<f64>,
) -> Result<Vec<DMatrix<f64>>> {
    Ok(score::in_covariances(model, x)?.into_iter().map(|score| -score).collect())
}

/// The score in a covariance if the Σ⁻¹ that is printed without an index is taken from another component.
/// ```math
/// \text{printed}\quad \tfrac12\sum_i r_{ij}\left(\Sigma^{-1}v_{ij}v_{ij}^\top\Sigma^{-1} - \Sigma_j^{-1}\right) \qquad
/// \text{right}\quad \tfrac12\sum_i r_{ij}\left(\Sigma_j^{-1}v_{ij}v_{ij}^\top\Sigma_j^{-1} - \Sigma_j^{-1}\right)
/// ```
/// Right is [`score::in_covariances`]; the two are the same where Σ is Σ_j, which shows why the index matters. `j` is
/// the component whose score it is, `other` the one that lends its Σ ([`Error::Label`](crate::Error::Label)); returns
/// d×d.
///
/// Source: H-E03.
/// ```
/// use executable_em::{errata::lecture_h, gaussian_mixture::{CovarianceFamily, GaussianMixture}};
/// use nalgebra::{dmatrix, dvector};
/// let variances = vec![dmatrix![1.0], dmatrix![0.5]];
/// let model = GaussianMixture::new(dvector![1.0, 0.0], dmatrix![0.0; 0.0], variances, CovarianceFamily::Full)?;
/// let score = |other| lecture_h::covariance_score_with_a_borrowed_precision(&model, &dmatrix![2.0], 0, other);
/// assert_eq!(score(0)?, dmatrix![1.5]); // ½ (4 − 1)
/// assert!((score(1)?[0] - 7.5).abs() < 1e-14); // ½ (4 · 2² − 1)
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn covariance_score_with_a_borrowed_precision(
    model: &GaussianMixture,
    x: &DMatrix<f64>,
    j: usize,
    other: usize,
) -> Result<DMatrix<f64>> {
    check::label(0, j, model.k())?;
    check::label(1, other, model.k())?;
    let r = model.responsibilities(x)?;
    let (own, borrowed) = (model.factors()[j].inverse(), model.factors()[other].inverse());
    let mut score = DMatrix::zeros(model.d(), model.d());
    for i in 0..x.nrows() {
        let v = (x.row(i) - model.means().row(j)).transpose();
        score += (&borrowed * &v * v.transpose() * &borrowed - &own) * (0.5 * r[(i, j)]);
    }
    check::defined("score", score)
}

/// The derivative of the Lagrangian in the weights, with the brackets as printed.
/// ```math
/// \text{printed}\quad \frac{\partial\ell}{\partial\pi_j} + \lambda\Big(\sum_l\pi_l - 1\Big) \qquad
/// \text{right}\quad \frac{\partial}{\partial\pi_j}\Big[\ell + \lambda\Big(\sum_l\pi_l - 1\Big)\Big]
///   = \frac{\partial\ell}{\partial\pi_j} + \lambda
/// ```
/// Right is [`score::of_lagrangian_in_weights`]. On the simplex the printed bracket is zero, and the multiplier is
/// lost: the two differ by λ = −n, whatever the data. `x` is n×d, `lambda` finite; returns k numbers.
///
/// Source: H-E04.
/// ```
/// use executable_em::{errata::lecture_h, gaussian_mixture::{CovarianceFamily, GaussianMixture}};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
/// let printed = lecture_h::weight_score_with_the_constraint_outside(&model, &dmatrix![1.0; 3.0], -2.0)?;
/// assert_eq!(printed, dvector![2.0]); // zero is right: π = 1 is the maximum
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn weight_score_with_the_constraint_outside(
    model: &GaussianMixture,
    x: &DMatrix<f64>,
    lambda: f64,
) -> Result<DVector<f64>> {
    check::number("lambda", lambda)?;
    Ok(score::in_weights(model, x)?.add_scalar(lambda * (model.weights().sum() - 1.0)))
}
