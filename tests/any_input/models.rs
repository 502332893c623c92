//! Models, which are valid by construction, at the edges of what is.

use crate::pool::Pool;
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use nalgebra::DMatrix;
use rand::RngExt;

impl Pool {
    /// A mixture, whatever it takes.
    pub fn gaussians(&mut self) -> GaussianMixture {
        loop {
            let (weights, means, family) = (self.weights(), self.means(), self.family());
            let round = self.rng.random_range(0.5..2.0) * (self.unit * self.unit).clamp(5e-324, 1e308);
            let covariances = match family {
                CovarianceFamily::Full => self.covariances(),
                _ => vec![DMatrix::from_diagonal_element(self.d, self.d, round); self.k],
            };
            if let Ok(model) = GaussianMixture::new(weights, means, covariances, family) {
                return model;
            }
            self.unit = 1.0;
        }
    }

    /// Numbers of flips, and of heads in each.
    pub fn flips(&mut self) -> usize {
        [1, 1, 2, 3, 10, 0, usize::MAX][self.rng.random_range(0..7)]
    }

    pub fn heads(&mut self) -> DMatrix<f64> {
        self.matrix(self.n, self.d, |pool| f64::from(pool.rng.random_range(0..=1)))
    }

    pub fn biases(&mut self) -> DMatrix<f64> {
        self.matrix(self.k, self.d, |pool| match pool.rng.random_range(0..8) {
            0 => 0.0,
            1 => 1.0,
            2 => 1e-300,
            3 => 1.0 - f64::EPSILON / 2.0,
            _ => pool.rng.random_range(0.0..1.0),
        })
    }

    pub fn coins(&mut self) -> BernoulliMixture {
        loop {
            let (weights, biases, flips) = (self.weights(), self.biases(), self.flips());
            if let Ok(model) = BernoulliMixture::new(weights, biases, flips) {
                return model;
            }
        }
    }

    pub fn which(&mut self) -> Weights {
        if self.rng.random_bool(0.5) { Weights::Held } else { Weights::Fitted }
    }

    /// Soft k-means, stiff enough for the unit or not.
    pub fn soft(&mut self) -> SoftKMeans {
        loop {
            let stiffness =
                if self.rng.random_bool(0.5) { self.positive() } else { 1.0 / (self.unit * self.unit) };
            let model = SoftKMeans::new(self.means(), stiffness, self.which());
            if let Ok(model) = model.and_then(|model| model.with_weights(self.weights())) {
                return model;
            }
            self.unit = 1.0;
        }
    }
}
