//! The limit of infinite stiffness: soft k-means hardens into k-means, and ℓ, rescaled, into J.

use super::SoftKMeans;
use crate::error::Result;
use crate::{check, kmeans};
use nalgebra::{DMatrix, DVector};
use std::f64::consts::TAU;

/// The limit of the responsibilities as β → ∞: all on the nearest mean, shared by weight among means that tie.
/// ```math
/// \lim_{\beta\to\infty} r_{ij} = \frac{\pi_j\,\mathbf 1[j\in T_i]}{\sum_{l\in T_i}\pi_l}, \qquad
/// T_i = \{j : \pi_j > 0,\ \|x_i-\mu_j\| \text{ minimal}\}
/// ```
/// `x` is n×d, `means` k×d, `weights` k numbers on the simplex; returns n×k. Without ties and zero weights this is the
/// assignment step of k-means; with them it is not. Distances tie if they are computed to the same number.
///
/// Source: H-42, H-E22, T-55, T-56, T-E13.
/// ```
/// use executable_em::soft_kmeans::hard_limit;
/// use nalgebra::{dmatrix, dvector};
/// let limit = hard_limit(&dmatrix![0.0; 0.4], &dmatrix![-1.0; 1.0], &dvector![0.7, 0.3]);
/// assert_eq!(limit, Ok(dmatrix![0.7, 0.3; 0.0, 1.0])); // the first datum is a tie
/// ```
pub fn hard_limit(x: &DMatrix<f64>, means: &DMatrix<f64>, weights: &DVector<f64>) -> Result<DMatrix<f64>> {
    check::distribution("weights", weights, means.nrows())?;
    let mut limit = kmeans::squared_distances(x, means)?;
    for mut row in limit.row_iter_mut() {
        let eligible = row.iter().zip(weights).filter(|&(_, &weight)| weight > 0.0);
        let nearest = eligible.map(|(&distance, _)| distance).fold(f64::INFINITY, f64::min);
        for (entry, &weight) in row.iter_mut().zip(weights) {
            *entry = if *entry == nearest { weight } else { 0.0 };
        }
        let total = row.sum();
        row /= total;
    }
    Ok(limit)
}

/// How fast that limit is approached: a bound on the deviation of any responsibility of a datum.
/// ```math
/// |r_{ij}(\beta) - r_{ij}(\infty)| \le
///   \frac{\sum_{l\notin T_i}\pi_l}{\sum_{l\in T_i}\pi_l}\,e^{-\frac\beta2\delta_i}, \qquad
///   \delta_i = \min_{l\notin T_i}\|x_i-\mu_l\|^2 - \min_l\|x_i-\mu_l\|^2
/// ```
/// where $`T_i`$ are the nearest means and δ_i is the gap in squared distance to the next one: the log of the deviation
/// falls with the slope −δ_i/2 in β. Arguments as in [`hard_limit`], and β; returns n bounds.
///
/// Source: H-42, T-55.
/// ```
/// use executable_em::soft_kmeans::hard_limit_bound;
/// use nalgebra::{dmatrix, dvector};
/// let bound = hard_limit_bound(&dmatrix![0.5], &dmatrix![-1.0; 1.0], &dvector![0.5, 0.5], 10.0);
/// assert_eq!(bound, Ok(dvector![(-0.5 * 10.0 * 2.0_f64).exp()]));
/// ```
pub fn hard_limit_bound(
    x: &DMatrix<f64>,
    means: &DMatrix<f64>,
    weights: &DVector<f64>,
    stiffness: f64,
) -> Result<DVector<f64>> {
    check::positive("stiffness", stiffness)?;
    let limit = hard_limit(x, means, weights)?;
    let distances = kmeans::distances(x, means);
    let bounds = DVector::from_fn(x.nrows(), |i, _| {
        let (mut nearest, mut next) = (f64::INFINITY, f64::INFINITY);
        // Summed apart: 1 − π_T would lose weights below 1e−16.
        let (mut weight_of_nearest, mut weight_of_others) = (0.0, 0.0);
        for j in (0..weights.len()).filter(|&j| weights[j] > 0.0) {
            if limit[(i, j)] > 0.0 {
                nearest = distances[(i, j)];
                weight_of_nearest += weights[j];
            } else {
                next = next.min(distances[(i, j)]);
                weight_of_others += weights[j];
            }
        }
        weight_of_others / weight_of_nearest * (-0.5 * stiffness * (next - nearest)).exp()
    });
    check::defined("bound", bounds)
}

/// The log-likelihood on the scale of J, for covariances εI.
/// ```math
/// -2\varepsilon\left(\ell + \tfrac{nd}2\log 2\pi\varepsilon\right) \;\longrightarrow\; J \qquad (\varepsilon\to0)
/// ```
/// ℓ itself falls to −∞, or rises to +∞ if J = 0. Only this combination has a limit, the k-means objective at the
/// nearest means of positive weight, from above: the excess is at most
/// $`2\varepsilon\sum_i|\log\sum_{j\in T_i}\pi_j|\le2\varepsilon n\max_j|\log\pi_j|`$, with $`T_i`$ as in
/// [`hard_limit`]. `x` is n×d; ε = 1/β is that of `model`; returns squared units of the data.
///
/// Source: T-57, T-E25.
/// ```
/// use executable_em::soft_kmeans::{SoftKMeans, Weights, scaled_log_likelihood};
/// use nalgebra::dmatrix;
/// let stiff = SoftKMeans::new(dmatrix![0.5; 5.0], 1e9, Weights::Held)?;
/// assert!((scaled_log_likelihood(&stiff, &dmatrix![0.0; 1.0; 5.0])? - 0.5).abs() < 1e-7);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn scaled_log_likelihood(model: &SoftKMeans, x: &DMatrix<f64>) -> Result<f64> {
    let epsilon = 1.0 / model.stiffness;
    Ok(-2.0 * epsilon * (model.log_likelihood(x)? + 0.5 * x.len() as f64 * (TAU * epsilon).ln()))
}
