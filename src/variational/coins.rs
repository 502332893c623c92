//! The mean-field mixture of coins: a Beta for every bias.

use super::shares::{Shares, Weights, dirichlet_divergence};
use super::special::{digamma, ln_factorial_of};
use crate::bernoulli_mixture::{BernoulliMixture, check_heads};
use crate::check;
use crate::em::{self, At, Climb, Expected, Fit, Stopping};
use crate::error::{Error, Result};
use crate::latent;
use nalgebra::{DMatrix, DVector};

/// The prior of a mixture of coins: that of the weights, and Beta(a, b) for every bias; each entry counts m flips.
///
/// Source: X-27.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoinPrior {
    weights: Weights,
    heads: f64,
    tails: f64,
    flips: usize,
}

impl CoinPrior {
    /// As if `heads` and `tails` had been seen of every coin already, both > 0; `flips` m ≥ 1.
    /// [`Error::Domain`] otherwise.
    ///
    /// Source: X-27. Example: [`fit`].
    pub fn new(weights: Weights, heads: f64, tails: f64, flips: usize) -> Result<Self> {
        check::positive("concentration", weights.concentration())?;
        check::positive("heads of the prior", heads)?;
        check::positive("tails of the prior", tails)?;
        check::positive("number of flips", flips as f64)?;
        Ok(CoinPrior { weights, heads, tails, flips })
    }

    /// How many flips an entry counts the heads of.
    pub fn flips(&self) -> usize {
        self.flips
    }
}

/// The factor q(π, p): for the weights as in [`Shares`], for every bias a Beta law.
///
/// Source: X-27.
#[derive(Clone, Debug, PartialEq)]
pub struct VariationalCoins {
    prior: CoinPrior,
    shares: Shares,
    heads: DMatrix<f64>,
    tails: DMatrix<f64>,
}

impl VariationalCoins {
    /// The M step: heads and tails counted by responsibility, on top of the prior's.
    /// ```math
    /// q(p_{jc}) = \mathrm{Beta}\Big(a + \sum_ir_{ij}x_{ic},\ b + \sum_ir_{ij}(m - x_{ic})\Big)
    /// ```
    ///
    /// `x` is n×d with numbers of heads, `r` n×k with rows on the simplex.
    ///
    /// Source: X-27. Example: [`fit`].
    pub fn learned(prior: CoinPrior, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self> {
        check_heads(x, prior.flips)?;
        check::distributions("responsibilities", r, (x.nrows(), r.ncols()))?;
        let tails = x.map(|heads| prior.flips as f64 - heads);
        VariationalCoins::counted(prior, latent::counts(r), r.transpose() * x, r.transpose() * tails)
    }

    /// The same from the sums alone: R, k numbers, and the expected heads and tails of every coin, k×d.
    ///
    /// [`Error::Shape`] if they do not fit together, [`Error::Domain`] for a number below zero.
    ///
    /// Source: X-27.
    /// ```
    /// use executable_em::variational::{Weights, coins::{CoinPrior, VariationalCoins}};
    /// use nalgebra::{dmatrix, dvector};
    /// let prior = CoinPrior::new(Weights::Dirichlet(1.0), 1.0, 1.0, 1)?;
    /// let counted = VariationalCoins::counted(prior, dvector![3.0], dmatrix![2.0], dmatrix![1.0])?;
    /// assert_eq!(counted, VariationalCoins::learned(prior, &dmatrix![1.0; 1.0; 0.0], &dmatrix![1.0; 1.0; 1.0])?);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn counted(
        prior: CoinPrior,
        counts: DVector<f64>,
        heads: DMatrix<f64>,
        tails: DMatrix<f64>,
    ) -> Result<Self> {
        check::matrix("heads", &heads, (counts.len(), heads.ncols()))?;
        check::matrix("tails", &tails, heads.shape())?;
        let mut sums = heads.iter().chain(&tails);
        sums.try_for_each(|&sum| check::at_least_zero("sum of heads or tails", sum))?;
        let (heads, tails) = (heads.add_scalar(prior.heads), tails.add_scalar(prior.tails));
        Ok(VariationalCoins { prior, shares: Shares::new(prior.weights, counts)?, heads, tails })
    }

    /// The prior.
    pub fn prior(&self) -> CoinPrior {
        self.prior
    }

    /// The expected logarithms of the biases and of what they lack to one, two k×d matrices.
    /// ```math
    /// E\log p_{jc} = \psi(a_{jc}) - \psi(a_{jc} + b_{jc}), \qquad E\log(1 - p_{jc}) = \psi(b_{jc}) - \psi(a_{jc} +
    /// b_{jc})
    /// ```
    ///
    /// Source: X-27.
    /// ```
    /// use executable_em::variational::{Weights, coins::{CoinPrior, VariationalCoins}};
    /// use nalgebra::{DMatrix, dmatrix, dvector};
    /// let prior = CoinPrior::new(Weights::Dirichlet(1.0), 1.0, 1.0, 1)?;
    /// let none = DMatrix::zeros(1, 1);
    /// let (heads, _) = VariationalCoins::counted(prior, dvector![0.0], none.clone(), none)?.expected_logs();
    /// assert!((heads[0] + 1.0).abs() < 1e-14); // of a bias uniform on (0, 1)
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn expected_logs(&self) -> (DMatrix<f64>, DMatrix<f64>) {
        let total = self.heads.zip_map(&self.tails, |a, b| digamma(a + b));
        (self.heads.map(digamma) - &total, self.tails.map(digamma) - &total)
    }

    /// q(π).
    pub fn shares(&self) -> &Shares {
        &self.shares
    }

    /// The expected log joint.
    /// ```math
    /// E\log\pi_j + \sum_c\Big[\log\binom m{x_{ic}} + x_{ic}\,E\log p_{jc} + (m - x_{ic})\,E\log(1 - p_{jc})\Big]
    /// ```
    ///
    /// `x` is n×d; returns n×k, in nats.
    ///
    /// Source: X-27. Example: [`fit`].
    pub fn expected_log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        check_heads(x, self.prior.flips)?;
        check::shape("data", x.shape(), (x.nrows(), self.heads.ncols()))?;
        let m = self.prior.flips as f64;
        let (log_p, log_q) = self.expected_logs();
        let binomial = |x: f64| ln_factorial_of(m) - ln_factorial_of(x) - ln_factorial_of(m - x);
        let logs = self.shares.expected_logs();
        let joint = DMatrix::from_fn(x.nrows(), logs.len(), |i, j| {
            let of =
                |c: usize| binomial(x[(i, c)]) + x[(i, c)] * log_p[(j, c)] + (m - x[(i, c)]) * log_q[(j, c)];
            logs[j] + (0..x.ncols()).map(of).sum::<f64>()
        });
        check::defined("expected log joint", joint)
    }

    /// The divergence of q(π, p) from the prior, in nats. [`Error::Domain`] where a prior's numbers are so large
    /// that log Γ overflows.
    /// ```math
    /// \mathrm{KL}(q(\pi)\,\|\,p(\pi)) + \sum_{jc}\mathrm{KL}(q(p_{jc})\,\|\,\mathrm{Beta}(a, b))
    /// ```
    ///
    /// Source: X-27. Example: [`Self::lower_bound`].
    pub fn divergence(&self) -> Result<f64> {
        let prior = [self.prior.heads, self.prior.tails];
        let of_biases =
            self.heads.iter().zip(&self.tails).map(|(&a, &b)| dirichlet_divergence(&[a, b], &prior));
        check::defined_number("divergence", self.shares.divergence()? + of_biases.sum::<f64>())
    }

    /// The bound on the log evidence, for any q(z): Q + H less the divergence.
    /// ```math
    /// \mathcal F = \sum_{ij}r_{ij}\log\tilde\rho_{ij} + \mathsf H(r) - \mathrm{KL}(q(\pi, p)\,\|\,p(\pi, p))
    /// ```
    ///
    /// `x` is n×d, `r` n×k; returns nats.
    ///
    /// Source: X-27.
    /// ```
    /// use executable_em::variational::{Weights, coins::{CoinPrior, VariationalCoins}};
    /// use nalgebra::{dmatrix, DMatrix};
    /// let prior = CoinPrior::new(Weights::Dirichlet(1.0), 1.0, 1.0, 1)?;
    /// let (x, one) = (dmatrix![1.0; 1.0; 0.0], DMatrix::from_element(3, 1, 1.0));
    /// // One coin: the evidence of two heads and a tail in this order is B(3, 2) = 1/12.
    /// let bound = VariationalCoins::learned(prior, &x, &one)?.lower_bound(&x, &one)?;
    /// assert!((bound + 12_f64.ln()).abs() < 1e-13);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn lower_bound(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<f64> {
        let bound = crate::bound::lower_bound(r, &self.expected_log_joint(x)?)? - self.divergence()?;
        check::defined_number("lower bound", bound)
    }

    /// The coins at the expected weights and biases.
    ///
    /// Source: X-27. Example: [`fit`].
    pub fn plug_in(&self) -> Result<BernoulliMixture> {
        let biases = self.heads.zip_map(&self.tails, |a, b| a / (a + b));
        BernoulliMixture::new(self.shares.expected(), biases, self.prior.flips)
    }
}

/// Numbers of heads on which variational coins climb their bound.
///
/// Source: X-27. Example: [`fit`].
#[derive(Clone, Copy, Debug)]
pub struct OnHeads<'a>(pub &'a DMatrix<f64>);

impl Climb for OnHeads<'_> {
    type Model = VariationalCoins;
    type Expectation = DMatrix<f64>;
    type Error = Error;

    fn expect(&self, model: &VariationalCoins) -> Result<Expected<DMatrix<f64>>> {
        let expected = Expected::of(&model.expected_log_joint(self.0)?)?;
        let bound = check::defined_number("lower bound", expected.log_likelihood - model.divergence()?)?;
        Ok(Expected { log_likelihood: bound, ..expected })
    }

    fn maximize(&self, model: &VariationalCoins, r: &DMatrix<f64>) -> Result<VariationalCoins> {
        VariationalCoins::learned(model.prior, self.0, r)
    }

    fn moved(&self, before: At<'_, Self>, after: At<'_, Self>) -> f64 {
        (after.0.shares.counts() - before.0.shares.counts()).amax() / self.0.nrows() as f64
    }
}

/// Climbs the bound of a mixture of coins from responsibilities.
///
/// `x` is n×d, `r` n×k; [`Fit::log_likelihood`] is the bound. Errors as in [`em::fit`].
///
/// Source: X-27.
/// ```
/// use executable_em::{bernoulli_mixture::BernoulliMixture, data, em::Stopping, latent};
/// use executable_em::variational::{Weights, coins::{CoinPrior, fit}};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.3, 0.7], dmatrix![0.9; 0.2], 20)?;
/// let (heads, _) = coins.sample(300, &mut data::rng(1))?;
/// let r = latent::one_hot(&(0..300).map(|i| (heads[i] as usize) % 5).collect::<Vec<_>>(), 5)?;
/// let fit = fit(CoinPrior::new(Weights::Dirichlet(1e-2), 1.0, 1.0, 20)?, &heads, &r, &Stopping::default())?;
/// let alive = fit.model.shares().counts().iter().filter(|&&count| count > 0.5).count();
/// assert_eq!((alive, fit.model.plug_in()?.k()), (2, 5)); // two of five coins were needed
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn fit(
    prior: CoinPrior,
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    stopping: &Stopping,
) -> Result<Fit<VariationalCoins>> {
    let start = VariationalCoins::learned(prior, x, r);
    em::from_one(&OnHeads(x), start, stopping)
}
