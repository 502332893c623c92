//! The mean-field mixture of coins, by the sums of a plain one.

use super::normalised;
use crate::{BernoulliStatistics, Engine, Fused, Result, Source};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::check;
use executable_em::em::Expected;
use executable_em::variational::coins::{CoinPrior, VariationalCoins};
use nalgebra::{DMatrix, DVector};

/// The factor q(π, p) of a mixture of coins, for people with data.
/// ```math
/// E\log p_{jc} = \log\tilde p_{jc} + \log z_{jc}, \qquad E\log(1 - p_{jc}) = \log(1 - \tilde p_{jc}) + \log z_{jc}
/// ```
///
/// [`VariationalCoins`] by the passes of the engine. Its bound, like the engine's ℓ, is that of the flips in a given
/// order: without the binomial coefficients, which depend on the data alone.
///
/// Source: X-27.
///
/// ```
/// use executable_em::variational::{Weights, coins::CoinPrior};
/// use executable_em::{bernoulli_mixture::BernoulliMixture, data, em::Stopping};
/// use executable_em_engine::{Data, Engine, VariationalFlips};
/// use nalgebra::{DMatrix, DVector, dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.3, 0.7], dmatrix![0.9; 0.2], 20)?;
/// let (heads, _) = coins.sample(300, &mut data::rng(1))?;
/// let prior = CoinPrior::new(Weights::Dirichlet(1e-2), 1.0, 1.0, 20)?;
/// let begun = DMatrix::from_fn(5, 1, |j, _| 240.0 * j as f64);
/// let tails = begun.map(|heads| 1200.0 - heads);
/// let start = VariationalFlips::counted(prior, DVector::from_element(5, 60.0), begun, tails)?;
/// let fit = Engine::new(1)?.fit(start, &Data::new(&heads)?, &Stopping::default())?;
/// assert_eq!(fit.model.survivors().len(), 2);
/// # Ok::<(), executable_em_engine::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct VariationalFlips {
    coins: VariationalCoins,
    /// What the E step takes them for, and by how much a log marginal is higher.
    plain: BernoulliMixture,
    log_sum: f64,
}

impl VariationalFlips {
    /// The M step: q(π, p) from expected counts, k numbers, and expected heads and tails, k×d.
    ///
    /// # Errors
    /// Those of [`VariationalCoins::counted`].
    pub fn counted(
        prior: CoinPrior,
        counts: DVector<f64>,
        heads: DMatrix<f64>,
        tails: DMatrix<f64>,
    ) -> Result<Self> {
        let coins = VariationalCoins::counted(prior, counts, heads, tails)?;
        let (log_p, log_q) = coins.expected_logs();
        let log_z = log_p.zip_map(&log_q, |p, q| p.max(q) + (-(p - q).abs()).exp().ln_1p());
        let biases = log_p.zip_map(&log_q, |p, q| 1.0 / (1.0 + (q - p).exp()));
        let flips = prior.flips() as f64;
        let logs = coins.shares().expected_logs() + log_z.column_sum() * flips;
        let (weights, log_sum) = normalised(&logs)?;
        Ok(VariationalFlips { coins, plain: BernoulliMixture::new(weights, biases, prior.flips())?, log_sum })
    }

    /// The factor itself.
    pub fn coins(&self) -> &VariationalCoins {
        &self.coins
    }

    /// The coins that the data have not left, the most frequent first: those with an expected count above one half.
    pub fn survivors(&self) -> Vec<usize> {
        self.coins.shares().survivors()
    }

    /// The mixture at the expected weights and biases of these coins, whose weights are made to sum to one.
    ///
    /// # Errors
    /// [`Error::Label`](executable_em::Error::Label) for a coin that is none.
    pub fn plug_in(&self, of: &[usize]) -> Result<BernoulliMixture> {
        check::labels(of, of.len(), self.plain.k())?;
        let all = self.coins.plug_in()?;
        let weights = all.weights().select_rows(of);
        let (weights, biases) = (&weights / weights.sum(), all.biases().select_rows(of));
        Ok(BernoulliMixture::new(weights, biases, all.flips())?)
    }
}

impl Fused for VariationalFlips {
    type Statistics = BernoulliStatistics;

    /// The bound after the E step in place of ℓ.
    fn e_step(&self, engine: &Engine, source: &dyn Source) -> Result<Expected<BernoulliStatistics>> {
        let Expected { log_likelihood, total, expectation } = engine.statistics(&self.plain, source)?;
        let bound = log_likelihood + total * self.log_sum - self.coins.divergence()?;
        Ok(Expected { log_likelihood: bound, total, expectation })
    }

    fn m_step(
        &self,
        statistics: &BernoulliStatistics,
        _: &Engine,
        _: &dyn Source,
    ) -> Result<VariationalFlips> {
        let BernoulliStatistics { counts, heads, tails, .. } = statistics.clone();
        VariationalFlips::counted(self.coins.prior(), counts, heads, tails)
    }

    /// The largest change of a count, as a share of the draws.
    fn moved(before: (&Self, &BernoulliStatistics), after: (&Self, &BernoulliStatistics)) -> f64 {
        let counts = |of: &Self| of.coins.shares().counts().clone();
        (counts(after.0) - counts(before.0)).amax() / after.1.total
    }
}
