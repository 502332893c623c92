//! The Bernoulli mixture: a hidden coin is drawn and flipped, and only the flips are seen.
//! ```math
//! p(x_i) = \sum_j \alpha_j\prod_a p_{ja}^{x_{ia}}(1-p_{ja})^{m-x_{ia}}, \qquad x_{ia}\in\{0, 1, \dots, m\}
//! ```
//! One model says three things. With m = 1 and one column it is the tutorial's coin, flipped once a draw. With m flips
//! a draw and one column, x is the number of heads of *one* coin, all that its flips say of it whatever their order.
//! With m = 1 and d columns every feature has a bias of its own, as the pixels of a black-and-white image have.
//!
//! | file | what it derives |
//! |---|---|
//! | this one | the model, its likelihood, the E step; [`random_start`] and [`start_near_mean`] are where EM starts |
//! | `update` | the M step of the biases, and the fit when the coins are known |
//! | [`conditional`] | the distribution of some columns, once others are known or left out |
//! | [`score`] | Q term by term, its derivatives, those of ℓ, and the multiplier |
//! | [`single_flip`] | why one flip a draw does not identify the coins: the ridge |
//! | [`identifiability`] | how many flips do: Fisher information, moments, twins |

pub mod conditional;
pub mod identifiability;
pub mod score;
pub mod single_flip;
mod start;
mod update;

pub use start::{random_start, start_near_mean};
pub use update::{heads_over_flips, update_biases};

use crate::check;
use crate::error::Result;
use crate::gaussian_mixture;
use crate::latent::{self, Model};
use nalgebra::{DMatrix, DVector};
use rand::Rng;
use rand::distr::weighted::WeightedIndex;
use rand_distr::{Binomial, Distribution};

/// The parameters θ = (α, p) of a mixture of k coins, and how often a draw flips its coin.
///
/// The d columns are features, independent given the coin; for m flips of *one* bias take one column and `flips: m`.
///
/// Source: T-46.
/// ```
/// use executable_em::{bernoulli_mixture::BernoulliMixture, data, em};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.3, 0.7], dmatrix![0.8; 0.35], 10)?;
/// let (heads, _) = coins.sample(400, &mut data::rng(1))?;
/// let start = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.6; 0.4], 10)?;
/// let fit = em::fit(start, &heads, &em::Stopping::default())?;
/// assert!((fit.model.biases() - coins.biases()).amax() < 0.05);
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BernoulliMixture {
    weights: DVector<f64>,
    biases: DMatrix<f64>,
    flips: usize,
}

impl BernoulliMixture {
    /// A mixture of these coins, once they are seen to be coins.
    ///
    /// `weights` holds k numbers, `biases` is k×d. [`Error::NotOnSimplex`](crate::Error::NotOnSimplex) for weights,
    /// [`Error::Entry`](crate::Error::Entry) for a bias outside [0, 1], [`Error::Domain`](crate::Error::Domain) for
    /// `flips` = 0.
    ///
    /// Source: T-46.
    /// ```
    /// use executable_em::{Error, bernoulli_mixture::BernoulliMixture};
    /// use nalgebra::{dmatrix, dvector};
    /// let error = BernoulliMixture::new(dvector![0.3, 0.7], dmatrix![0.8; 1.2], 1).unwrap_err();
    /// assert_eq!(error.to_string(), "biases: entry (1, 0) is 1.2, but must be between 0 and 1");
    /// ```
    pub fn new(weights: DVector<f64>, biases: DMatrix<f64>, flips: usize) -> Result<Self> {
        check_flips(flips)?;
        check::matrix("biases", &biases, (weights.len(), biases.ncols()))?;
        check::simplex("weights", 0, weights.iter().copied())?;
        check::entries("biases", &biases, "between 0 and 1", |p| (0.0..=1.0).contains(&p))?;
        Ok(BernoulliMixture { weights, biases, flips })
    }

    /// The same coins, drawn with other probabilities: k numbers on the simplex.
    /// ```
    /// # use executable_em::bernoulli_mixture::BernoulliMixture; use nalgebra::{dmatrix, dvector};
    /// let coins = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.5; 1.0], 2)?;
    /// assert_eq!(coins.with_weights(dvector![0.9, 0.1])?.weights()[0], 0.9);
    /// assert!(coins.with_biases(dmatrix![0.5; 1.1]).is_err());
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn with_weights(&self, weights: DVector<f64>) -> Result<Self> {
        BernoulliMixture::new(weights, self.biases.clone(), self.flips)
    }

    /// Other coins, drawn with the same probabilities. Example: [`BernoulliMixture::with_weights`].
    pub fn with_biases(&self, biases: DMatrix<f64>) -> Result<Self> {
        BernoulliMixture::new(self.weights.clone(), biases, self.flips)
    }

    /// The probabilities α of drawing each coin: k numbers, non-negative, summing to one.
    pub fn weights(&self) -> &DVector<f64> {
        &self.weights
    }

    /// The biases p, k×d: a row a coin, each entry its probability of heads, 0 and 1 included.
    pub fn biases(&self) -> &DMatrix<f64> {
        &self.biases
    }

    /// The number m ≥ 1 of flips that an entry of the data counts the heads of.
    pub fn flips(&self) -> usize {
        self.flips
    }

    /// The number of coins k.
    pub fn k(&self) -> usize {
        self.weights.len()
    }

    /// The number of features d.
    pub fn d(&self) -> usize {
        self.biases.ncols()
    }

    /// For what is true of one column only.
    fn check_column(&self) -> Result<()> {
        check::shape("biases", self.biases.shape(), (self.k(), 1))
    }

    /// The log probability of every draw under every coin.
    /// ```math
    /// \log p(x_i\mid z_i=j) = \sum_a\left[x_{ia}\log p_{ja} + (m-x_{ia})\log(1-p_{ja})\right], \qquad 0\log0 = 0
    /// ```
    /// `x` is n×d, each entry a whole number of heads from 0 to m ([`Error::Entry`](crate::Error::Entry)); returns n×k
    /// in nats. It is the probability of the flips in one given order. That of the number of heads is larger by
    /// $`\prod_a\binom m{x_{ia}}`$, a factor without parameters: it moves no maximum and no responsibility. A bias of 0
    /// or 1 is a coin like any other, and gives −∞ where it is contradicted.
    ///
    /// Source: T-46, T-47.
    /// ```
    /// # use executable_em::bernoulli_mixture::BernoulliMixture; use nalgebra::{dmatrix, dvector};
    /// let coins = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.5; 1.0], 2)?;
    /// let log_p = coins.component_log_probabilities(&dmatrix![1.0; 2.0])?;
    /// assert_eq!(log_p, dmatrix![0.25_f64.ln(), f64::NEG_INFINITY; 0.25_f64.ln(), 0.0]);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn component_log_probabilities(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        check_heads(x, self.flips)?;
        check::shape("data", x.shape(), (x.nrows(), self.d()))?;
        let m = self.flips as f64;
        // ln_1p: log(1 − p) keeps its digits where p is small.
        let of = |heads: f64, p: f64| times_log(heads, p.ln()) + times_log(m - heads, (-p).ln_1p());
        Ok(DMatrix::from_fn(x.nrows(), self.k(), |i, j| {
            (0..self.d()).map(|a| of(x[(i, a)], self.biases[(j, a)])).sum()
        }))
    }

    /// The likelihood of the data, a plain number that underflows for a few hundred draws.
    /// ```math
    /// p(x_1,\dots,x_n) = \prod_i\sum_j\alpha_j\prod_a p_{ja}^{x_{ia}}(1-p_{ja})^{m-x_{ia}}
    /// ```
    /// `x` is n×d; returns a number in [0, 1]. The sum stands inside the product: a coin is drawn for every datum, not
    /// one for all of them. Its logarithm is ℓ, which goes by the same letter in the tutorial.
    ///
    /// Source: T-47, T-E06, T-E09.
    /// ```
    /// # use executable_em::bernoulli_mixture::BernoulliMixture; use nalgebra::{dmatrix, dvector};
    /// let coins = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.25; 0.75], 1)?;
    /// let x = dmatrix![1.0; 0.0];
    /// assert!((coins.likelihood(&x)? - 0.25).abs() < 1e-15);
    /// assert!((coins.log_likelihood(&x)? - 0.25_f64.ln()).abs() < 1e-15);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn likelihood(&self, x: &DMatrix<f64>) -> Result<f64> {
        Ok(latent::log_marginals(&self.log_joint(x)?)?.map(f64::exp).product())
    }

    /// The log-likelihood of the data.
    /// ```math
    /// \ell = \sum_i\log\sum_j\alpha_j\prod_a p_{ja}^{x_{ia}}(1-p_{ja})^{m-x_{ia}}
    /// ```
    /// `x` is n×d; returns nats. [`Error::ImpossibleDatum`](crate::Error::ImpossibleDatum) for a draw of no coin.
    ///
    /// Source: T-47, T-E06. Example: [`BernoulliMixture::likelihood`].
    pub fn log_likelihood(&self, x: &DMatrix<f64>) -> Result<f64> {
        latent::log_likelihood(&self.log_joint(x)?)
    }

    /// The responsibilities: the posterior probability of every coin for every draw.
    /// ```math
    /// r_{ij} = \frac{\alpha_j\prod_a p_{ja}^{x_{ia}}(1-p_{ja})^{m-x_{ia}}}
    ///               {\sum_{j'}\alpha_{j'}\prod_a p_{j'a}^{x_{ia}}(1-p_{j'a})^{m-x_{ia}}}
    /// ```
    /// `x` is n×d; returns n×k, rows summing to one. The log odds of two coins are linear in the numbers of heads. The
    /// index of the sum is j′, the one of its terms; r_ij lies *in* {0, 1} when the coins are known.
    ///
    /// Source: T-48, T-E14, T-E23.
    /// ```
    /// # use executable_em::bernoulli_mixture::BernoulliMixture; use nalgebra::{dmatrix, dvector};
    /// let coins = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.25; 0.75], 1)?;
    /// assert!((coins.responsibilities(&dmatrix![1.0])? - dmatrix![0.25, 0.75]).amax() < 1e-15);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn responsibilities(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        latent::responsibilities(&self.log_joint(x)?)
    }

    /// Draws from the mixture: first a coin by the weights, then its flips.
    /// ```math
    /// z_i\sim\mathrm{Cat}(\alpha), \qquad x_{ia}\mid z_i\sim\mathrm{Bin}(m, p_{z_ia})
    /// ```
    /// Returns n×d numbers of heads and n labels. [`Error::Domain`](crate::Error::Domain) for more numbers than
    /// memory may hold.
    ///
    /// Source: T-46.
    /// ```
    /// # use executable_em::{bernoulli_mixture::BernoulliMixture, data}; use nalgebra::{dmatrix, dvector};
    /// let coins = BernoulliMixture::new(dvector![0.0, 1.0], dmatrix![0.5, 0.5; 1.0, 0.0], 3)?;
    /// assert_eq!(coins.sample(1, &mut data::rng(1))?, (dmatrix![3.0, 0.0], vec![1]));
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn sample(&self, n: usize, rng: &mut impl Rng) -> Result<(DMatrix<f64>, Vec<usize>)> {
        check::storable("number of draws", n.saturating_mul(self.d()))?;
        let coin = WeightedIndex::new(self.weights.iter()).expect("weights on the simplex");
        let labels: Vec<usize> = (0..n).map(|_| coin.sample(rng)).collect();
        let mut x = DMatrix::zeros(n, self.d());
        for (i, &label) in labels.iter().enumerate() {
            for a in 0..self.d() {
                let heads = Binomial::new(self.flips as u64, self.biases[(label, a)]).expect("0 ≤ p ≤ 1");
                x[(i, a)] = heads.sample(rng) as f64;
            }
        }
        Ok((x, labels))
    }

    /// The number of free parameters.
    /// ```math
    /// (k-1) + kd
    /// ```
    /// Source: T-46.
    /// ```
    /// # use executable_em::bernoulli_mixture::BernoulliMixture; use nalgebra::{dmatrix, dvector};
    /// assert_eq!(BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.2; 0.8], 3)?.parameter_count(), 3);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn parameter_count(&self) -> usize {
        self.k().saturating_sub(1) + self.k() * self.d()
    }
}

impl Model for BernoulliMixture {
    /// ```math
    /// \log p(x_i, z_i=j) = \log\alpha_j + \sum_a\left[x_{ia}\log p_{ja} + (m-x_{ia})\log(1-p_{ja})\right]
    /// ```
    /// Source: T-47, T-49.
    fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        let mut log_joint = self.component_log_probabilities(x)?;
        for (mut column, weight) in log_joint.column_iter_mut().zip(&self.weights) {
            column.add_scalar_mut(weight.ln());
        }
        Ok(log_joint)
    }

    /// The two updates; a coin without any responsibility keeps its biases, at weight 0.
    fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self> {
        let biases = update_biases(x, r, &self.biases, self.flips)?;
        BernoulliMixture::new(gaussian_mixture::update::weights(r)?, biases, self.flips)
    }

    /// Weights, then biases, coin by coin within a feature.
    fn parameters(&self) -> DVector<f64> {
        DVector::from_vec(self.weights.iter().chain(&self.biases).copied().collect())
    }
}

/// count · log p with 0 · log 0 = 0: what has not happened contradicts nobody.
#[doc(hidden)]
pub fn times_log(count: f64, log_p: f64) -> f64 {
    if count == 0.0 { 0.0 } else { count * log_p }
}

fn check_flips(flips: usize) -> Result<()> {
    check::domain("flips a draw", flips as f64, flips > 0, "≥ 1")
}

/// For what is true of one flip a draw only.
pub(crate) fn check_single(flips: usize) -> Result<()> {
    check::domain("flips a draw", flips as f64, flips == 1, "1")
}

/// Every entry is a whole number of heads among `flips`.
#[doc(hidden)]
pub fn check_heads(x: &DMatrix<f64>, flips: usize) -> Result<()> {
    check_flips(flips)?;
    check::finite("data", x)?;
    let allowed = if flips == 1 { "0 or 1" } else { "a whole number of heads, at most the number of flips" };
    check::entries("data", x, allowed, |heads| heads >= 0.0 && heads.fract() == 0.0 && heads <= flips as f64)
}

/// Heads of at least k draws, and at least one coin.
fn check_draws(x: &DMatrix<f64>, k: usize, flips: usize) -> Result<()> {
    check_heads(x, flips)?;
    check::component_count(k, x.nrows())
}

/// Heads, responsibilities and biases that fit together.
fn check_state(x: &DMatrix<f64>, r: &DMatrix<f64>, biases: &DMatrix<f64>, flips: usize) -> Result<()> {
    check_heads(x, flips)?;
    check::state(x, r, biases)
}
