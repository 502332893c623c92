//! The parameters of a Bernoulli mixture as the kernel reads them.

use super::super::exp::LOG_4;
use executable_em::bernoulli_mixture::BernoulliMixture;

/// So many coins meet a tile of draws at a time.
pub(super) const COINS: usize = 4;

/// log 0, for a bias of 0 or 1: finite, because it is multiplied by a count that may be zero (0 · log 0 = 0), yet so
/// low that no sum of real logarithms, each above −746 times at most 2⁶⁴ flips, comes near it.
const LOG_0: f64 = -1e250;

/// Below it, a log joint has [`LOG_0`] in it: the draw contradicts the coin.
pub(super) const CONTRADICTED: f64 = -1e200;

/// All coins, a few at a time: log p and log(1 − p) of a feature side by side.
#[derive(Debug)]
pub(super) struct Prepared {
    pub k: usize,
    pub d: usize,
    /// m, the flips that an entry counts the heads of.
    pub flips: f64,
    /// log α.
    constants: Vec<f64>,
    logs: Vec<f64>,
}

impl Prepared {
    pub fn new(model: &BernoulliMixture) -> Self {
        let (k, d) = (model.k(), model.d());
        let constant = |j: usize| if j < k { model.weights()[j].ln() / LOG_4 } else { f64::NEG_INFINITY };
        let mut logs = Vec::with_capacity(k.next_multiple_of(COINS) * 2 * d);
        for first in (0..k).step_by(COINS) {
            for a in 0..d {
                // The last tile is filled up with copies of the last coin, which nobody reads.
                let biases = (first..first + COINS).map(|j| model.biases()[(j.min(k - 1), a)]);
                logs.extend(biases.clone().map(|p| (p.ln() / LOG_4).max(LOG_0)));
                logs.extend(biases.map(|p| ((-p).ln_1p() / LOG_4).max(LOG_0)));
            }
        }
        Prepared {
            k,
            d,
            flips: model.flips() as f64,
            constants: (0..k.next_multiple_of(COINS)).map(constant).collect(),
            logs,
        }
    }

    /// A tile of coins: log α of each, and for each side of each feature its logarithms.
    #[inline(always)]
    pub fn tiles(&self) -> impl Iterator<Item = (&[f64; COINS], &[[f64; COINS]])> {
        let constants = self.constants.as_chunks::<COINS>().0;
        constants.iter().zip(self.logs.as_chunks::<COINS>().0.chunks_exact(2 * self.d))
    }
}
