//! The sufficient statistics of a Bernoulli mixture: sums over the draws, so that those of parts add up to those of the whole.

use super::super::block::Partial;
use crate::bernoulli_mixture::BernoulliMixture;
use crate::{Result, check};
use nalgebra::{DMatrix, DVector};

/// What the M step needs to know of the draws, at parameters θ: how often each coin was drawn and how often it showed each
/// side, every draw counted by its responsibility r.
///
/// ```math
/// R_j = \sum_i r_{ij}, \qquad h_{ja} = \sum_i r_{ij}\,x_{ia}, \qquad t_{ja} = \sum_i r_{ij}(m - x_{ia}), \qquad
/// \ell = \sum_i\log\sum_j\alpha_j\prod_a p_{ja}^{x_{ia}}(1-p_{ja})^{m-x_{ia}}
/// ```
///
/// They add up: over blocks, threads, files and machines, as long as all of them start from the same θ. The tails say no more
/// than m R_j − h_ja, but they are exactly zero for a coin that showed heads only.
///
/// Source: T-47, T-48, T-50.
///
/// ```
/// use executable_em::bernoulli_mixture::BernoulliMixture;
/// use executable_em::engine::{Data, Engine};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.25; 0.75], 1)?;
/// let engine = Engine::new(1)?;
/// let mut both = engine.statistics(&coins, &Data::new(&dmatrix![1.0])?)?;
/// both.add(&engine.statistics(&coins, &Data::new(&dmatrix![0.0])?)?)?;
/// assert!((both.counts - dvector![1.0, 1.0]).amax() < 1e-15);
/// assert!((both.heads - dmatrix![0.25; 0.75]).amax() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BernoulliStatistics {
    /// ℓ at the parameters before the step, in nats.
    pub log_likelihood: f64,
    /// Σ_j R_j: the number of draws, or the sum of their weights.
    pub total: f64,
    /// R: k numbers.
    pub counts: DVector<f64>,
    /// h, k×d.
    pub heads: DMatrix<f64>,
    /// t, k×d.
    pub tails: DMatrix<f64>,
}

impl BernoulliStatistics {
    pub(super) fn from_partial(partial: &Partial, k: usize, d: usize) -> Self {
        let coin = |j: usize| &partial.sums[j * (1 + 2 * d)..];
        BernoulliStatistics {
            log_likelihood: partial.log_likelihood,
            total: partial.total,
            counts: DVector::from_fn(k, |j, _| coin(j)[0]),
            heads: DMatrix::from_fn(k, d, |j, a| coin(j)[1 + 2 * a]),
            tails: DMatrix::from_fn(k, d, |j, a| coin(j)[2 + 2 * a]),
        }
    }

    /// Adds the statistics of other draws, taken at the same parameters.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for another k or d; `self` is then as it was.
    pub fn add(&mut self, other: &BernoulliStatistics) -> Result<()> {
        check::shape("statistics", other.heads.shape(), self.heads.shape())?;
        self.log_likelihood += other.log_likelihood;
        self.total += other.total;
        self.counts += &other.counts;
        self.heads += &other.heads;
        self.tails += &other.tails;
        Ok(())
    }

    /// The M step: the parameters that these statistics make most likely.
    ///
    /// ```math
    /// \alpha_j = \frac{R_j}{\sum_l R_l}, \qquad p_{ja} = \frac{h_{ja}}{h_{ja} + t_{ja}}
    /// ```
    ///
    /// `previous` are the parameters that the statistics were taken at; a coin with R_j = 0 keeps its biases.
    ///
    /// Source: T-50.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for another k or d, [`Error::Domain`](crate::Error::Domain) for no draws.
    pub fn maximize(&self, previous: &BernoulliMixture) -> Result<BernoulliMixture> {
        check::shape("biases", previous.biases.shape(), self.heads.shape())?;
        check::positive("sum of the counts", self.total)?;
        let biases = previous.biases.map_with_location(|j, a, before| {
            let flips = self.heads[(j, a)] + self.tails[(j, a)];
            if flips > 0.0 { self.heads[(j, a)] / flips } else { before }
        });
        Ok(BernoulliMixture { weights: &self.counts / self.total, biases, flips: previous.flips })
    }
}
