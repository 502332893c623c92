//! How many numbers a model is free to choose.

use crate::bernoulli_mixture::BernoulliMixture;
use crate::gaussian_mixture::GaussianMixture;
use crate::soft_kmeans::{SoftKMeans, Weights};

/// A model that knows its number p of free parameters: what the criteria charge for.
///
/// It is not the length of [`parameters`](crate::latent::Model::parameters), which lists both halves of a symmetric
/// matrix and all k weights: k weights that sum to one are k − 1 free numbers, a covariance is d(d+1)/2. Soft k-means
/// has its kd means and, if fitted, k − 1 weights.
///
/// At a generic θ, p is the rank of the Jacobian of
/// $`\theta\mapsto(\log p(x_1\mid\theta), \log p(x_2\mid\theta), \dots)`$: so many directions change the density. Where
/// the rank is less, as in a mixture of coins flipped once, or where two components coincide, p is too large.
///
/// Source: B-04, B-26, T-09.
/// ```
/// use executable_em::{data, gaussian_mixture::{CovarianceFamily, random_start}, selection::FreeParameters};
/// let x = data::old_faithful();
/// let free = |family| Ok(random_start(&x, 3, family, &mut data::rng(1))?.free_parameters());
/// let counts = CovarianceFamily::ALL.map(free).into_iter().collect::<executable_em::Result<Vec<_>>>()?;
/// assert_eq!(counts, [17, 11, 14, 11]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub trait FreeParameters {
    /// The number p of free parameters.
    fn free_parameters(&self) -> usize;
}

impl FreeParameters for GaussianMixture {
    fn free_parameters(&self) -> usize {
        self.parameter_count()
    }
}

impl FreeParameters for SoftKMeans {
    /// The stiffness is not counted: it is chosen, not fitted. Whoever chooses it by the data adds one.
    fn free_parameters(&self) -> usize {
        let weights = match self.weights_are() {
            Weights::Held => 0,
            Weights::Fitted => self.weights().len().saturating_sub(1),
        };
        weights + self.means().len()
    }
}

impl FreeParameters for BernoulliMixture {
    /// Whether the flips can tell that many apart is another matter: see [`bernoulli_parameters`].
    fn free_parameters(&self) -> usize {
        self.parameter_count()
    }
}

/// The number of free parameters of a mixture of k coins flipped d times a draw: weights and biases.
/// ```math
/// p = (k - 1) + kd
/// ```
/// Only if the flips can tell them apart. d flips have 2^d outcomes, so no more than 2^d − 1 numbers are ever seen: one
/// for a single flip, however many coins. And the bound is not sharp: three coins flipped four times have p = 14 and 15
/// free probabilities, yet their Jacobian has rank 13.
///
/// Source: B-04, B-26, T-46; Goodman (1974), Biometrika 61, 215–231.
/// ```
/// use executable_em::selection::bernoulli_parameters;
/// assert_eq!(bernoulli_parameters(2, 10), 21);
/// ```
pub fn bernoulli_parameters(k: usize, d: usize) -> usize {
    k.saturating_sub(1).saturating_add(k.saturating_mul(d))
}
