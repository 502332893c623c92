//! A mixture of any kind, where only the data or a file say which.

use executable_em::Result;
use executable_em::bernoulli_mixture::{self, BernoulliMixture};
use executable_em::gaussian_mixture::{self, GaussianMixture};
use executable_em::incomplete::{self, Incomplete, student::StudentMixture};
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
    /// Of t.
    Student(StudentMixture),
}

impl Mixture {
    /// The number of components k.
    pub fn k(&self) -> usize {
        self.weights().len()
    }

    /// The dimension d.
    pub fn d(&self) -> usize {
        match self {
            Mixture::Gaussian(model) => model.d(),
            Mixture::Bernoulli(model) => model.d(),
            Mixture::Student(model) => model.shape().d(),
        }
    }

    /// The mixing weights, k numbers.
    pub fn weights(&self) -> &DVector<f64> {
        match self {
            Mixture::Gaussian(model) => model.weights(),
            Mixture::Bernoulli(model) => model.weights(),
            Mixture::Student(model) => model.shape().weights(),
        }
    }

    /// The number of free parameters.
    pub fn parameter_count(&self) -> usize {
        match self {
            Mixture::Gaussian(model) => model.parameter_count(),
            Mixture::Bernoulli(model) => model.parameter_count(),
            Mixture::Student(model) => model.shape().parameter_count() + model.degrees().len(),
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
            Mixture::Student(model) => model.log_joint(x),
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
            Mixture::Student(model) => Mixture::Student(model.marginal(columns)?),
        })
    }

    /// The mixture of the other columns, once some, counted from 0, have these values.
    ///
    /// # Errors
    /// Those of [`gaussian_mixture::conditional::conditional`] and its twins for coins and t.
    pub fn conditional(&self, given: &[(usize, f64)]) -> Result<Self> {
        Ok(match self {
            Mixture::Gaussian(model) => {
                Mixture::Gaussian(gaussian_mixture::conditional::conditional(model, given)?)
            }
            Mixture::Bernoulli(model) => {
                Mixture::Bernoulli(bernoulli_mixture::conditional::conditional(model, given)?)
            }
            Mixture::Student(model) => Mixture::Student(model.conditional(given)?),
        })
    }

    /// The same of data in which NaN stands for a missing cell: log p(x_is, z_i = j | θ) of what is seen,
    /// [`incomplete::mixture::log_joint`].
    ///
    /// # Errors
    /// Those of the mixture; coins and t must all be seen.
    ///
    /// ```
    /// use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
    /// use executable_em_engine::Mixture;
    /// use nalgebra::{DMatrix, dmatrix, dvector};
    /// let (means, unit) = (dmatrix![0.0, 0.0], vec![DMatrix::identity(2, 2)]);
    /// let mixture = Mixture::Gaussian(GaussianMixture::new(dvector![1.0], means, unit, CovarianceFamily::Full)?);
    /// let joint = mixture.log_joint_of_seen(&dmatrix![0.0, f64::NAN])?;
    /// assert!((joint[0] + 0.5 * std::f64::consts::TAU.ln()).abs() < 1e-15);
    /// # Ok::<(), executable_em_engine::Error>(())
    /// ```
    pub fn log_joint_of_seen(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        match self {
            Mixture::Gaussian(model) if x.iter().any(|value| value.is_nan()) => {
                incomplete::mixture::log_joint(model, &Incomplete::part(x.clone())?)
            }
            _ => self.log_joint(x),
        }
    }

    /// Draws from the mixture: n×d data and n labels.
    ///
    /// # Errors
    /// More numbers than memory may hold.
    pub fn sample(&self, n: usize, rng: &mut impl Rng) -> Result<(DMatrix<f64>, Vec<usize>)> {
        match self {
            Mixture::Gaussian(model) => model.sample(n, rng),
            Mixture::Bernoulli(model) => model.sample(n, rng),
            Mixture::Student(model) => model.sample(n, rng),
        }
    }
}
