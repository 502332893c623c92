//! The sufficient statistics of a Bernoulli mixture: sums over the draws, so that those of parts add up to those of the
//! whole.

use super::super::partial_sums::PartialSums;
use executable_em::Result;
use executable_em::bernoulli_mixture::{BernoulliMixture, times_log};
use executable_em::check;
use executable_em::scale::SufficientStatistics;
use nalgebra::{DMatrix, DVector};

/// What the M step needs to know of the draws, at parameters θ: how often each coin was drawn and how often it showed
/// each side, every draw counted by its responsibility r.
///
/// ```math
/// R_j = \sum_i r_{ij}, \qquad h_{ja} = \sum_i r_{ij}\,x_{ia}, \qquad t_{ja} = \sum_i r_{ij}(m - x_{ia})
/// ```
///
/// They add up: over blocks, threads, files and machines, as long as all of them start from the same θ. The tails say
/// no more than m R_j − h_ja, but they are exactly zero for a coin that showed heads only.
///
/// Source: T-47, T-48, T-50.
///
/// ```
/// use executable_em::bernoulli_mixture::BernoulliMixture;
/// use executable_em_engine::{Data, Engine};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.25; 0.75], 1)?;
/// let engine = Engine::new(1)?;
/// let mut both = engine.statistics(&coins, &Data::new(&dmatrix![1.0])?)?;
/// both.add(&engine.statistics(&coins, &Data::new(&dmatrix![0.0])?)?)?;
/// assert!((both.expectation.counts - dvector![1.0, 1.0]).amax() < 1e-15);
/// assert!((both.expectation.heads - dmatrix![0.25; 0.75]).amax() < 1e-15);
/// # Ok::<(), executable_em_engine::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BernoulliStatistics {
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
    pub(super) fn from_sums(partial: &PartialSums, k: usize, d: usize) -> Self {
        let coin = |j: usize| &partial.sums[j * (1 + 2 * d)..];
        BernoulliStatistics {
            total: partial.total,
            counts: DVector::from_fn(k, |j, _| coin(j)[0]),
            heads: DMatrix::from_fn(k, d, |j, a| coin(j)[1 + 2 * a]),
            tails: DMatrix::from_fn(k, d, |j, a| coin(j)[2 + 2 * a]),
        }
    }
}

impl SufficientStatistics for BernoulliStatistics {
    type Model = BernoulliMixture;

    /// [`Error::Shape`](executable_em::Error::Shape) for another k or d.
    fn add(&mut self, other: &BernoulliStatistics) -> Result<()> {
        check::shape("statistics", other.heads.shape(), self.heads.shape())?;
        self.total += other.total;
        self.counts += &other.counts;
        self.heads += &other.heads;
        self.tails += &other.tails;
        Ok(())
    }

    /// The M step: each coin's part of the draws, and of its flips the part that showed heads.
    ///
    /// ```math
    /// \alpha_j = \frac{R_j}{\sum_l R_l}, \qquad p_{ja} = \frac{h_{ja}}{h_{ja} + t_{ja}}
    /// ```
    ///
    /// A coin with R_j = 0 keeps its biases. [`Error::Shape`](executable_em::Error::Shape) for another k or d,
    /// [`Error::Domain`](executable_em::Error::Domain) for no draws.
    ///
    /// Source: T-50.
    fn maximize(&self, previous: &BernoulliMixture) -> Result<BernoulliMixture> {
        check::shape("biases", previous.biases().shape(), self.heads.shape())?;
        check::positive("sum of the counts", self.total)?;
        let biases = previous.biases().map_with_location(|j, a, before| {
            let flips = self.heads[(j, a)] + self.tails[(j, a)];
            if flips > 0.0 { self.heads[(j, a)] / flips } else { before }
        });
        BernoulliMixture::new(&self.counts / self.total, biases, previous.flips())
    }

    /// ```math
    /// Q(\theta) = \sum_{ij} r_{ij}\Big(\log\alpha_j
    ///   + \sum_a\left[x_{ia}\log p_{ja} + (m-x_{ia})\log(1-p_{ja})\right]\Big)
    ///   = \sum_j R_j\log\alpha_j + \sum_{ja}\left[h_{ja}\log p_{ja} + t_{ja}\log(1-p_{ja})\right], \qquad 0\log0 = 0
    /// ```
    ///
    /// Of the draws only their sums over i are left. [`Error::Shape`](executable_em::Error::Shape) for another k or d.
    ///
    /// Source: T-49.
    fn expected_log_joint(&self, model: &BernoulliMixture) -> Result<f64> {
        check::shape("biases", model.biases().shape(), self.heads.shape())?;
        let term = |(&count, log_p)| times_log(count, log_p);
        let of_weights = self.counts.iter().zip(model.weights().iter().map(|p| p.ln())).map(term);
        let of_heads = self.heads.iter().zip(model.biases().iter().map(|p| p.ln())).map(term);
        let of_tails = self.tails.iter().zip(model.biases().iter().map(|p| (-p).ln_1p())).map(term);
        Ok(of_weights.chain(of_heads).chain(of_tails).sum())
    }
}
