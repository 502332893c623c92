//! The observed-data log-likelihood written out, datum by datum, generic over dual numbers: sub-matrices by hand,
//! solved by elimination.

use crate::common::naive::{Number, quadratic_and_determinant};
use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::incomplete::Incomplete;
use std::f64::consts::TAU;

/// Weights, means and covariances with all entries free.
pub struct Parameters<D> {
    pub weights: Vec<D>,
    pub means: Vec<Vec<D>>,
    pub covariances: Vec<Vec<Vec<D>>>,
}

impl<D: Number> Parameters<D> {
    pub fn new(model: &GaussianMixture) -> Self {
        let naive = crate::common::naive::Naive::<D>::new(model);
        Parameters { weights: naive.weights, means: naive.means, covariances: naive.covariances }
    }

    /// The log density of the cells of row `i` that are seen, under component `j`.
    pub fn log_density(&self, data: &Incomplete, i: usize, j: usize) -> D {
        let seen: Vec<usize> = (0..data.d()).filter(|&a| !data.values()[(i, a)].is_nan()).collect();
        if seen.is_empty() {
            return D::from(0.0);
        }
        let v: Vec<D> = seen.iter().map(|&a| -self.means[j][a] + data.values()[(i, a)]).collect();
        let s: Vec<Vec<D>> =
            seen.iter().map(|&a| seen.iter().map(|&b| self.covariances[j][a][b]).collect()).collect();
        let (quadratic, determinant) = quadratic_and_determinant(&s, &v);
        (quadratic + determinant.ln() + seen.len() as f64 * TAU.ln()) * -0.5
    }

    /// Σ_i log Σ_j π_j p(x_i, seen | j).
    pub fn log_likelihood(&self, data: &Incomplete) -> D {
        let mut total = D::from(0.0);
        for i in 0..data.n() {
            let mut logs = Vec::new();
            for j in 0..self.weights.len() {
                logs.push(self.weights[j].ln() + self.log_density(data, i, j));
            }
            let top = logs.iter().map(|log| log.re()).fold(f64::NEG_INFINITY, f64::max);
            let mut sum = D::from(0.0);
            for log in logs {
                sum += (log - top).exp();
            }
            total += sum.ln() + top;
        }
        total
    }
}
