//! Discrete latent variables: everything that is said of them is a function of the n×k matrix of log joints.
//!
//! A datum x_i carries a hidden label z_i ∈ {0, …, k−1}. For a model with parameters θ the matrix
//! ```math
//! L_{ij} = \log p(x_i, z_i = j \mid \theta)
//! ```
//! holds all that inference needs, for every model: the log-sum-exp of a row is the log marginal
//! $`\log p(x_i \mid \theta)`$, its softmax the posterior of the label, its product with a distribution q a term of Q.
//!
//! | file | what it holds |
//! |---|---|
//! | this one | the [`Model`] trait; log marginals, ℓ, responsibilities, counts, Q |
//! | [`complete`] | the labels as if they were seen: p(z), p(x \| z), p(x, z), and the fit they allow |
//! | [`labelings`] | all kⁿ labelings of a small data set, the oracle that everything is checked against |
//! | [`censored`] | a hidden number in place of a hidden label: lifetimes that were not seen to end |
//! | [`toolbox`] | sum rule, product rule and Bayes' rule on a table |

pub mod censored;
pub mod complete;
pub mod labelings;
pub mod toolbox;

pub use complete::{one_hot, prior};

use crate::check;
use crate::error::{Error, Result};
use nalgebra::{DMatrix, DVector};

/// A model with one discrete latent label per datum: its parameters and the two steps of EM.
///
/// Implementing these three methods is all that a new mixture needs; likelihood, responsibilities, the EM loop and its
/// restarts come from [`latent`](crate::latent) and [`em`](crate::em).
///
/// Source: H-51, H-52, H-60, L-08, L-12, C-24, T-16, T-22, T-46; Dempster, Laird and Rubin (1977).
/// ```
/// use executable_em::{Result, em, latent::{self, Model}};
/// use nalgebra::{DMatrix, DVector, dmatrix, dvector};
///
/// /// Two coins, chosen with equal probability and flipped once each time: only their biases are free.
/// #[derive(Clone)]
/// struct TwoCoins(DVector<f64>);
///
/// impl Model for TwoCoins {
///     fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
///         let bernoulli = |p: f64, heads: f64| if heads == 1.0 { p } else { 1.0 - p };
///         Ok(DMatrix::from_fn(x.nrows(), 2, |i, j| (0.5 * bernoulli(self.0[j], x[i])).ln()))
///     }
///     fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self> {
///         Ok(TwoCoins((r.transpose() * x).column(0).component_div(&latent::counts(r))))
///     }
///     fn parameters(&self) -> DVector<f64> {
///         self.0.clone()
///     }
/// }
///
/// let x = dmatrix![1.0; 1.0; 0.0; 1.0];
/// let fit = em::fit(TwoCoins(dvector![0.4, 0.6]), &x, &em::Stopping::default())?;
/// // One flip a draw only determines the mean of the two biases: three heads out of four.
/// assert!((fit.model.0.mean() - 0.75).abs() < 1e-4);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub trait Model: Clone {
    /// The n×k matrix of log p(x_i, z_i = j | θ), in nats; an entry is −∞ where the joint is zero.
    fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>>;

    /// The M step: the θ that maximise Σ_ij r_ij log p(x_i, z_i = j | θ), for `r` n×k with rows on the simplex.
    fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self>;

    /// The free numbers of θ in one vector, to measure how far a sweep has moved.
    fn parameters(&self) -> DVector<f64>;
}

/// The log of a sum of exponentials, shifted by the largest term so that nothing overflows or underflows.
/// ```math
/// \log\sum_j e^{a_j} = m + \log\sum_j e^{a_j - m}, \qquad m = \max_j a_j
/// ```
/// Returns −∞ for an empty sum or if every term is −∞, +∞ if one term is +∞, and NaN if one term is NaN.
///
/// Source: H-27, L-05.
/// ```
/// use executable_em::latent::log_sum_exp;
/// assert_eq!(log_sum_exp([-1000.0, -1000.0]), -1000.0 + 2f64.ln());
/// ```
pub fn log_sum_exp(terms: impl IntoIterator<Item = f64>) -> f64 {
    let terms: Vec<f64> = terms.into_iter().collect();
    if terms.iter().any(|term| term.is_nan()) {
        return f64::NAN;
    }
    let max = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // ±∞ − ±∞ would be NaN; with an infinite maximum the answer is the maximum itself.
    if max.is_infinite() {
        return max;
    }
    max + terms.iter().map(|term| (term - max).exp()).sum::<f64>().ln()
}

/// The log marginal of each datum, the label summed out.
/// ```math
/// \log p(x_i \mid \theta) = \log\sum_j p(x_i, z_i = j \mid \theta)
/// ```
/// `log_joint` is n×k; returns n values, in nats. [`Error::ImpossibleDatum`] if a row is −∞ throughout,
/// [`Error::NotFinite`] for an entry that is NaN or +∞.
///
/// Source: H-46, L-02, L-18, T-36.
/// ```
/// use executable_em::latent::log_marginals;
/// use nalgebra::{dmatrix, dvector};
/// assert_eq!(log_marginals(&dmatrix![-1.0, -1.0]), Ok(dvector![-1.0 + 2_f64.ln()]));
/// ```
pub fn log_marginals(log_joint: &DMatrix<f64>) -> Result<DVector<f64>> {
    check_log_joint(log_joint)?;
    Ok(log_sums(log_joint))
}

/// [`log_marginals`] of a log joint that is known to be one.
fn log_sums(log_joint: &DMatrix<f64>) -> DVector<f64> {
    DVector::from_fn(log_joint.nrows(), |i, _| log_sum_exp(log_joint.row(i).iter().copied()))
}

/// The log-likelihood of the observed (incomplete) data.
/// ```math
/// \ell(\theta) = \sum_i \log\sum_j p(x_i, z_i = j \mid \theta)
/// ```
/// `log_joint` is n×k; returns nats. Errors as in [`log_marginals`]. A sum over kⁿ labelings in n·k terms: only its
/// maximum has no closed form.
///
/// Source: H-27, L-05, C-31, B-03, T-17, T-18, T-19, T-35, T-E29, B-E21.
/// ```
/// use executable_em::latent::log_likelihood;
/// use nalgebra::dmatrix;
/// assert_eq!(log_likelihood(&dmatrix![0.0, 0.0; f64::NEG_INFINITY, -1.0]), Ok(2_f64.ln() - 1.0));
/// ```
pub fn log_likelihood(log_joint: &DMatrix<f64>) -> Result<f64> {
    Ok(log_marginals(log_joint)?.sum())
}

/// The responsibilities: the posterior probability of each label, by Bayes' rule.
/// ```math
/// r_{ij} = p(z_i = j \mid x_i, \theta) = \frac{p(x_i, z_i = j \mid \theta)}{\sum_l p(x_i, z_i = l \mid \theta)}
/// ```
/// `log_joint` is n×k; returns n×k, every row a probability vector, 0 where the joint is 0. Errors as in
/// [`log_marginals`].
///
/// Source: H-29, H-48, H-49, L-21, L-22, C-35, C-36, B-19, B-20, T-32, T-37, L-E12, H-E17, C-E13.
/// ```
/// use executable_em::latent::responsibilities;
/// use nalgebra::dmatrix;
/// let r = responsibilities(&dmatrix![0.1_f64.ln(), 0.3_f64.ln()]).unwrap();
/// assert!((r - dmatrix![0.25, 0.75]).amax() < 1e-15);
/// ```
pub fn responsibilities(log_joint: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check_log_joint(log_joint)?;
    let mut r = log_joint.clone();
    for mut row in r.row_iter_mut() {
        // A common factor of the joints cancels, so the largest may be 1: then the row sums to one to the last digits,
        // however small the densities are.
        let largest = row.max();
        row.apply(|entry| *entry = (*entry - largest).exp());
        let sum = row.sum();
        row /= sum;
    }
    Ok(r)
}

/// The probabilities in proportion to the exponentials of these terms: [`responsibilities`] of a single row.
pub(crate) fn softmax(terms: &DVector<f64>) -> Result<DVector<f64>> {
    Ok(responsibilities(&DMatrix::from_rows(&[terms.transpose()]))?.row(0).transpose())
}

/// The log odds of label `j` against label `l`: how much more probable the one is than the other.
/// ```math
/// \log\frac{r_{ij}}{r_{il}} = \log p(x_i, z_i = j \mid \theta) - \log p(x_i, z_i = l \mid \theta)
/// ```
/// `log_joint` is n×k; returns n values in nats, ±∞ where one of the two labels is impossible. Every other component
/// has gone with the denominator. Between two Gaussians of one covariance the log odds are linear in x, and the
/// responsibility is their logistic function. [`Error::Label`] if there is no `j` or `l`, [`Error::ImpossibleDatum`]
/// for a datum that neither could have made, and otherwise as in [`log_marginals`].
///
/// Source: C-35, H-48.
/// ```
/// use executable_em::latent::log_odds;
/// use nalgebra::{dmatrix, dvector};
/// assert_eq!(log_odds(&dmatrix![-3.0, -1.0, -0.5], 1, 0), Ok(dvector![2.0]));
/// ```
pub fn log_odds(log_joint: &DMatrix<f64>, j: usize, l: usize) -> Result<DVector<f64>> {
    check_log_joint(log_joint)?;
    let (n, k) = log_joint.shape();
    [j, l].iter().try_for_each(|&label| check::labels(&[label], 1, k))?;
    let log_odds = DVector::from_fn(n, |i, _| log_joint[(i, j)] - log_joint[(i, l)]);
    // −∞ − (−∞) is no number.
    match log_odds.iter().position(|odds| odds.is_nan()) {
        None => Ok(log_odds),
        Some(row) => Err(Error::ImpossibleDatum { row }),
    }
}

/// The effective number of data of each component.
/// ```math
/// R_j = \sum_i r_{ij}, \qquad \sum_j R_j = n
/// ```
/// `r` is n×k; returns k values, in data: expected counts, not numbers of points.
///
/// Source: H-04, B-24, B-E16.
/// ```
/// use executable_em::latent::counts;
/// use nalgebra::{dmatrix, dvector};
/// assert_eq!(counts(&dmatrix![1.0, 0.0; 0.5, 0.5]), dvector![1.5, 0.5]);
/// ```
pub fn counts(r: &DMatrix<f64>) -> DVector<f64> {
    r.row_sum().transpose()
}

/// The expected complete-data log-likelihood under a distribution q over the labels.
/// ```math
/// Q = \sum_{ij} q_{ij} \log p(x_i, z_i = j \mid \theta), \qquad 0 \cdot (-\infty) = 0
/// ```
/// `q`, with rows on the simplex, and `log_joint` are n×k; returns nats, −∞ if q puts mass where the joint is zero.
///
/// Source: H-64, L-23, C-37, T-21, T-33, C-E20.
/// ```
/// use executable_em::latent::expected_log_joint;
/// use nalgebra::dmatrix;
/// assert_eq!(expected_log_joint(&dmatrix![1.0, 0.0], &dmatrix![-2.0, f64::NEG_INFINITY]), Ok(-2.0));
/// ```
pub fn expected_log_joint(q: &DMatrix<f64>, log_joint: &DMatrix<f64>) -> Result<f64> {
    check_log_joint(log_joint)?;
    check::distributions("q", q, log_joint.shape())?;
    Ok(q.iter().zip(log_joint).map(|(&q, &log_p)| if q == 0.0 { 0.0 } else { q * log_p }).sum())
}

/// A log joint has entries that are finite or −∞, and no row of −∞ alone.
fn check_log_joint(log_joint: &DMatrix<f64>) -> Result<()> {
    if log_joint.is_empty() {
        return Err(Error::Empty { what: "log joint" });
    }
    for (row, entries) in log_joint.row_iter().enumerate() {
        if let Some(column) = entries.iter().position(|&entry| entry.is_nan() || entry == f64::INFINITY) {
            return Err(Error::NotFinite { what: "log joint", row, column, value: entries[column] });
        }
        if entries.iter().all(|&entry| entry == f64::NEG_INFINITY) {
            return Err(Error::ImpossibleDatum { row });
        }
    }
    Ok(())
}
