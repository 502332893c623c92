//! EM on data of any size: a step is a map over the data and a sum, so it can be split, streamed and shared.
//!
//! Of the data the M step needs a few sums a component, nothing else ([`SufficientStatistics`]). They add up: over
//! blocks of a file, threads, machines. So the n×k matrix of responsibilities need never exist. The
//! engine is this observation, made fast; here it is written as on the blackboard.
//!
//! | file | what it derives |
//! |---|---|
//! | this one | what sufficient statistics are, a sweep in parts |
//! | `moments.rs` | those of a Gaussian mixture: [`Moments`] |
//! | [`spread`] | mean and variance of a column, block by block |
//! | [`units`] | data in units of their spread, and a mixture back in their own |
//! | [`cost`] | what a sweep must compute, and how measured times grow |
//! | [`machines`] | what it takes on many machines |

pub mod cost;
pub mod machines;
mod moments;
pub mod spread;
pub mod units;

pub use moments::Moments;

use crate::em::Expected;
use crate::error::{Error, Result};
use crate::gaussian_mixture::GaussianMixture;
use nalgebra::DMatrix;

/// Sums over the data that say all of them that EM needs to know, once the responsibilities r are given.
///
/// ```math
/// Q(\theta) = \sum_{ij} r_{ij}\log p(x_i, z_i = j \mid \theta)
///   = \Big\langle\eta(\theta),\ \sum_{ij} r_{ij}\,t_j(x_i)\Big\rangle
/// ```
/// Where the log joint is linear in some functions t_j of a datum (exponential families, once the label is known), the
/// sums of those are *sufficient*: Q, its maximum and the next θ depend on x through them alone, and their number does
/// not grow with n.
///
/// Source: H-34, B-24, C-37, T-45. Dempster, Laird and Rubin (1977), §2.
///
/// ```
/// use executable_em::latent::{self, Model};
/// use executable_em::scale::{Moments, SufficientStatistics};
/// use executable_em::{data, gaussian_mixture::{CovarianceFamily, random_start}};
/// let x = data::old_faithful();
/// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let r = model.responsibilities(&x)?;
/// let sums = Moments::map(&model, &x)?;
/// let next = sums.maximize(&model)?;
/// assert!((next.means() - model.maximize(&x, &r)?.means()).amax() < 1e-11);
/// let q = latent::expected_log_joint(&r, &next.log_joint(&x)?)?;
/// assert!((sums.expected_log_joint(&next)? - q).abs() < 1e-10);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub trait SufficientStatistics {
    /// The mixture whose parameters they determine.
    type Model;

    /// The reduction: adds the sums over other data, taken at the same θ.
    ///
    /// ```math
    /// \sum_{i\in A\cup B} = \sum_{i\in A} + \sum_{i\in B}
    /// ```
    /// Source: Dempster, Laird and Rubin (1977), §2.
    ///
    /// # Errors
    /// Those of sums that do not fit together; `self` is then as it was.
    fn add(&mut self, other: &Self) -> Result<()>;

    /// The M step: the θ of largest Q. `previous` is the θ that the responsibilities came from.
    ///
    /// # Errors
    /// Those of sums that fit no such mixture, or determine none.
    fn maximize(&self, previous: &Self::Model) -> Result<Self::Model>;

    /// The expected complete-data log-likelihood Q of any θ under these responsibilities, in nats.
    ///
    /// At the θ that they came from, ℓ − Q is the entropy of the responsibilities.
    ///
    /// # Errors
    /// Those of sums that fit no such mixture.
    fn expected_log_joint(&self, model: &Self::Model) -> Result<f64>;
}

impl<S: SufficientStatistics> Expected<S> {
    /// Adds what the E step at the same θ says of other data: ℓ, too, is a sum over them.
    ///
    /// Errors as in [`SufficientStatistics::add`].
    ///
    /// Source: Dempster, Laird and Rubin (1977), §2.
    pub fn add(&mut self, other: &Self) -> Result<()> {
        self.expectation.add(&other.expectation)?;
        self.log_likelihood += other.log_likelihood;
        self.total += other.total;
        Ok(())
    }
}

/// One sweep of EM over data that nobody holds in one piece.
///
/// ```math
/// \theta' = M\Big(\sum_{\text{parts}} \mathrm{moments}(\text{part}, \theta)\Big)
/// ```
/// `parts` are n_b×d matrices; how the data are cut changes nothing but the rounding. [`Error::Empty`] for no parts,
/// the errors of [`GaussianMixture::responsibilities`] for a part that does not fit.
///
/// Source: H-38, T-45. Dempster, Laird and Rubin (1977), §2.
///
/// ```
/// use executable_em::{data, em, gaussian_mixture::{CovarianceFamily, random_start}, scale};
/// let x = data::old_faithful();
/// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let parts = [x.rows(0, 100).into_owned(), x.rows(100, 172).into_owned()];
/// let swept = scale::sweep(&model, &parts)?;
/// assert!((swept.means() - em::sweep(&model, &x)?.means()).amax() < 1e-11);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn sweep(model: &GaussianMixture, parts: &[DMatrix<f64>]) -> Result<GaussianMixture> {
    let mut moments = parts.iter().map(|part| Moments::map(model, part));
    let mut sum = moments.next().ok_or(Error::Empty { what: "parts" })??;
    moments.try_for_each(|part| sum.add(&part?))?;
    sum.maximize(model)
}
