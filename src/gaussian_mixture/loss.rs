//! What the M step optimises, for fixed responsibilities: Q term by term, a loss, and a Lagrangian for the weights.

use super::GaussianMixture;
use crate::error::Result;
use crate::latent::{self, Model};
use crate::{check, gaussian};
use nalgebra::DMatrix;
use std::f64::consts::TAU;

/// The loss whose minimum is the M step.
/// ```math
/// \sum_{ij} r_{ij}\left(\tfrac12\log|\Sigma_j| + \tfrac12(x_i-\mu_j)^\top\Sigma_j^{-1}(x_i-\mu_j) - \log\pi_j\right)
///   = -Q - \tfrac{nd}2\log 2\pi
/// ```
/// `x` is n×d, `r` n×k with rows on the simplex; returns nats, +∞ where π_j = 0 < r_ij. Without the first ½, missing in
/// print, the minimum lies at Σ/2.
///
/// Source: B-21, B-E08, B-E10.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, loss};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
/// assert_eq!(loss::loss(&model, &dmatrix![2.0], &dmatrix![1.0])?, 2.0);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn loss(model: &GaussianMixture, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<f64> {
    check::shares(x, r, model.means())?;
    let mut loss = 0.0;
    for (j, factor) in model.factors().iter().enumerate() {
        let log_determinant = gaussian::log_volume(factor);
        let distances = gaussian::distances(x, &model.mean_of(j), factor);
        for i in 0..x.nrows() {
            if r[(i, j)] > 0.0 {
                loss += r[(i, j)] * (0.5 * log_determinant + 0.5 * distances[i] - model.weights[j].ln());
            }
        }
    }
    check::defined_number("loss", loss)
}

/// Q of the Gaussian mixture, term by term.
/// ```math
/// Q = \sum_{ij}r_{ij}\log\pi_j - \tfrac12\sum_j R_j\log|\Sigma_j|
///   - \tfrac12\sum_{ij}r_{ij}(x_i-\mu_j)^\top\Sigma_j^{-1}(x_i-\mu_j) - \tfrac{nd}2\log 2\pi
/// ```
/// `x` is n×d, `r` n×k with rows on the simplex; returns the four terms in nats, in this order. The first holds the
/// weights and nothing else; the others are $`\sum_{ij}r_{ij}\log N_{ij}`$. So the M step may maximise them apart.
///
/// Source: T-38, C-37, L-23.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, loss};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
/// let [weights, determinants, distances, constant] = loss::terms_of_q(&model, &dmatrix![2.0], &dmatrix![1.0])?;
/// assert_eq!((weights, determinants, distances), (0.0, 0.0, -2.0));
/// assert!((constant + 0.5 * (2.0 * std::f64::consts::PI).ln()).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn terms_of_q(model: &GaussianMixture, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<[f64; 4]> {
    check::shares(x, r, model.means())?;
    let counts = latent::counts(r);
    let (mut weights, mut determinants, mut distances) = (0.0, 0.0, 0.0);
    for (j, factor) in model.factors().iter().enumerate().filter(|&(j, _)| counts[j] > 0.0) {
        weights += counts[j] * model.weights[j].ln();
        determinants -= 0.5 * counts[j] * gaussian::log_volume(factor);
        distances -= 0.5 * r.column(j).dot(&gaussian::distances(x, &model.mean_of(j), factor));
    }
    check::defined_number("sum of the squared distances", distances)?;
    Ok([weights, determinants, distances, -0.5 * x.len() as f64 * TAU.ln()])
}

/// The Lagrangian whose stationary point in the weights is π_j = R_j / n with λ = n.
/// ```math
/// Q(\theta) + \lambda\Big(1 - \sum_j\pi_j\Big), \qquad
/// \frac{\partial}{\partial\pi_j} = \frac{R_j}{\pi_j} - \lambda
/// ```
/// On the simplex this is Q, to rounding. `x` is n×d, `r` n×k, λ finite; returns nats.
///
/// Source: L-30, T-42.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, loss};
/// use nalgebra::{dmatrix, dvector};
/// let model = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
/// let q = loss::terms_of_q(&model, &dmatrix![2.0], &dmatrix![1.0])?.iter().sum::<f64>();
/// assert_eq!(loss::lagrangian(&model, &dmatrix![2.0], &dmatrix![1.0], 7.0)?, q);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn lagrangian(model: &GaussianMixture, x: &DMatrix<f64>, r: &DMatrix<f64>, lambda: f64) -> Result<f64> {
    check::number("multiplier", lambda)?;
    let q = latent::expected_log_joint(r, &model.log_joint(x)?)?;
    Ok(q + lambda * (1.0 - model.weights().sum()))
}
