//! A mixture of coins, added as anyone would add a model: its parameters, `log_joint`, `maximize`, and nothing else.

use executable_em::error::Result;
use executable_em::latent::{self, Model};
use nalgebra::{DMatrix, DVector};

/// The Bernoulli mixture: a hidden coin z_i is drawn with probabilities π and flipped d times, each flip with a bias of
/// its own; only the flips are seen, as ones (heads) and zeros. One flip a draw is the tutorial's case.
///
/// Source: T-46.
#[derive(Clone, Debug, PartialEq)]
pub struct BernoulliMixture {
    pub weights: DVector<f64>,
    /// The probability of heads, k×d.
    pub biases: DMatrix<f64>,
}

/// A bias of exactly 0 or 1 would forbid what its coin has not shown yet; this near to them it all but does.
pub const EDGE: f64 = 1e-12;

impl Model for BernoulliMixture {
    /// log π_j + Σ_a [x_ia log p_ja + (1 − x_ia) log(1 − p_ja)]
    fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        let flip = |x: f64, p: f64| if x == 1.0 { p.ln() } else { (1.0 - p).ln() };
        Ok(DMatrix::from_fn(x.nrows(), self.weights.len(), |i, j| {
            let flips =
                x.row(i).iter().zip(self.biases.row(j).iter()).map(|(&x, &p)| flip(x, p)).sum::<f64>();
            self.weights[j].ln() + flips
        }))
    }

    /// π_j = R_j/n and p_j = Σ_i r_ij x_i / R_j; a coin without responsibility keeps its biases.
    fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self> {
        let (counts, heads) = (latent::counts(r), r.transpose() * x);
        let biases = DMatrix::from_fn(counts.len(), x.ncols(), |j, a| {
            let share = if counts[j] > 0.0 { heads[(j, a)] / counts[j] } else { self.biases[(j, a)] };
            share.clamp(EDGE, 1.0 - EDGE)
        });
        Ok(BernoulliMixture { weights: counts / x.nrows() as f64, biases })
    }

    fn parameters(&self) -> DVector<f64> {
        DVector::from_vec(self.weights.iter().chain(&self.biases).copied().collect())
    }
}
