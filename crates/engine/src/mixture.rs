//! A mixture of either kind, where only the data or a file say which.

use executable_em::Result;
use executable_em::bernoulli_mixture::{self, BernoulliMixture};
use executable_em::gaussian_mixture::{self, GaussianMixture};
use executable_em::latent::Model;
use nalgebra::{DMatrix, DVector};
use rand::Rng;

/// A mixture that the engine can fit and a file can hold.
///
/// ```
/// use executable_em::bernoulli_mixture::BernoulliMixture;
/// use executable_em_engine::Mixture;
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.3, 0.7], dmatrix![0.8; 0.35], 10)?;
/// let mixture = Mixture::Bernoulli(coins);
/// assert_eq!((mixture.k(), mixture.parameter_count()), (2, 3));
/// # Ok::<(), executable_em_engine::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Mixture {
    /// Of Gaussians.
    Gaussian(GaussianMixture),
    /// Of coins.
    Bernoulli(BernoulliMixture),
}

impl Mixture {
    /// The number of components k.
    pub fn k(&self) -> usize {
        self.weights().len()
    }

    /// The mixing weights, k numbers.
    pub fn weights(&self) -> &DVector<f64> {
        match self {
            Mixture::Gaussian(model) => model.weights(),
            Mixture::Bernoulli(model) => model.weights(),
        }
    }

    /// The number of free parameters.
    pub fn parameter_count(&self) -> usize {
        match self {
            Mixture::Gaussian(model) => model.parameter_count(),
            Mixture::Bernoulli(model) => model.parameter_count(),
        }
    }

    /// The n×k matrix of log p(x_i, z_i = j | θ), in nats: [`Model::log_joint`].
    ///
    /// # Errors
    /// Those of the mixture.
    pub fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        match self {
            Mixture::Gaussian(model) => model.log_joint(x),
            Mixture::Bernoulli(model) => model.log_joint(x),
        }
    }

    /// The mixture of some of the columns, counted from 0, the others left out.
    ///
    /// # Errors
    /// Those of [`gaussian_mixture::conditional::marginal`].
    pub fn marginal(&self, columns: &[usize]) -> Result<Self> {
        Ok(match self {
            Mixture::Gaussian(model) => {
                Mixture::Gaussian(gaussian_mixture::conditional::marginal(model, columns)?)
            }
            Mixture::Bernoulli(model) => {
                Mixture::Bernoulli(bernoulli_mixture::conditional::marginal(model, columns)?)
            }
        })
    }

    /// The mixture of the other columns, once some, counted from 0, have these values.
    ///
    /// # Errors
    /// Those of [`gaussian_mixture::conditional::conditional`] and its twin for coins.
    pub fn conditional(&self, given: &[(usize, f64)]) -> Result<Self> {
        Ok(match self {
            Mixture::Gaussian(model) => {
                Mixture::Gaussian(gaussian_mixture::conditional::conditional(model, given)?)
            }
            Mixture::Bernoulli(model) => {
                Mixture::Bernoulli(bernoulli_mixture::conditional::conditional(model, given)?)
            }
        })
    }

    /// Draws from the mixture: n×d data and n labels.
    ///
    /// # Errors
    /// More numbers than memory may hold.
    pub fn sample(&self, n: usize, rng: &mut impl Rng) -> Result<(DMatrix<f64>, Vec<usize>)> {
        match self {
            Mixture::Gaussian(model) => model.sample(n, rng),
            Mixture::Bernoulli(model) => model.sample(n, rng),
        }
    }
}
