//! A hidden number in place of a hidden label: lifetimes of which some are only known to exceed what was seen.
//!
//! A unit fails at a time t from the exponential density λe^{−λt}; those that still ran when the watch ended are known
//! to have t > c. The complete-data log-likelihood is linear in the hidden lifetimes, so that replacing each by its
//! expectation is exact, and the likelihood has a maximum in closed form to compare with.

use crate::check;
use crate::error::Result;
use nalgebra::DVector;

/// The log-likelihood of complete lifetimes.
/// ```math
/// \log p(t \mid \lambda) = n\log\lambda - \lambda\sum_i t_i
/// ```
/// `lifetimes` holds n times, `rate` is λ in failures per unit of time; returns nats. It is linear in the t_i.
///
/// Source: L-08, L-09.
/// ```
/// use executable_em::latent::censored::complete_log_likelihood;
/// use nalgebra::dvector;
/// assert_eq!(complete_log_likelihood(&dvector![1.0, 3.0], 1.0), Ok(-4.0));
/// ```
pub fn complete_log_likelihood(lifetimes: &DVector<f64>, rate: f64) -> Result<f64> {
    check_times(lifetimes)?;
    check::positive("rate", rate)?;
    Ok(lifetimes.len() as f64 * rate.ln() - rate * lifetimes.sum())
}

/// The log-likelihood of what was observed: a density for a failure, a survival probability for a unit that still ran.
/// ```math
/// \ell(\lambda) = \sum_{i\text{ failed}}\left(\log\lambda - \lambda t_i\right) - \sum_{i\text{ running}}\lambda c_i
/// ```
/// `times` holds the n times at which the units failed or were last seen, `failed` says which; returns nats.
///
/// Source: L-08.
/// ```
/// use executable_em::latent::censored::log_likelihood;
/// use nalgebra::dvector;
/// assert_eq!(log_likelihood(&dvector![1.0, 3.0], &[true, false], 1.0), Ok(-4.0));
/// ```
pub fn log_likelihood(times: &DVector<f64>, failed: &[bool], rate: f64) -> Result<f64> {
    check::positive("rate", rate)?;
    Ok(failures(times, failed)? * rate.ln() - rate * times.sum())
}

/// The E step: the expected lifetime of every unit. Having no memory, one that still runs is as good as new.
/// ```math
/// E[t_i \mid t_i > c_i, \lambda] = c_i + \frac1\lambda
/// ```
/// Arguments as in [`log_likelihood`]; returns n times, those of failed units as they are.
///
/// Source: L-08, H-55.
/// ```
/// use executable_em::latent::censored::expected_lifetimes;
/// use nalgebra::dvector;
/// assert_eq!(expected_lifetimes(&dvector![1.0, 3.0], &[true, false], 0.5), Ok(dvector![1.0, 5.0]));
/// ```
pub fn expected_lifetimes(times: &DVector<f64>, failed: &[bool], rate: f64) -> Result<DVector<f64>> {
    check::positive("rate", rate)?;
    failures(times, failed)?;
    Ok(DVector::from_fn(times.len(), |i, _| if failed[i] { times[i] } else { times[i] + 1.0 / rate }))
}

/// The M step: the rate at which complete lifetimes are most likely.
/// ```math
/// \hat\lambda = \frac n{\sum_i t_i}
/// ```
/// [`Error::Domain`](crate::Error::Domain) if all lifetimes are zero.
///
/// Source: L-08, L-09.
/// ```
/// use executable_em::latent::censored::complete_rate;
/// use nalgebra::dvector;
/// assert_eq!(complete_rate(&dvector![1.0, 3.0]), Ok(0.5));
/// ```
pub fn complete_rate(lifetimes: &DVector<f64>) -> Result<f64> {
    check_times(lifetimes)?;
    check::positive("sum of the lifetimes", lifetimes.sum())?;
    Ok(lifetimes.len() as f64 / lifetimes.sum())
}

/// The rate that maximises [`log_likelihood`], in closed form: not every problem with incomplete data is hard.
/// ```math
/// \hat\lambda = \frac{\text{failures}}{\text{total time}}
/// ```
/// Arguments as in [`log_likelihood`]. [`Error::Domain`](crate::Error::Domain) if nothing has failed, which says λ = 0.
///
/// Source: L-08, L-E15.
/// ```
/// use executable_em::latent::censored::maximum_likelihood;
/// use nalgebra::dvector;
/// assert_eq!(maximum_likelihood(&dvector![1.0, 3.0], &[true, false]), Ok(0.25));
/// ```
pub fn maximum_likelihood(times: &DVector<f64>, failed: &[bool]) -> Result<f64> {
    let failures = failures(times, failed)?;
    check::positive("number of failures", failures)?;
    check::positive("total time", times.sum())?;
    Ok(failures / times.sum())
}

/// How many of the units failed.
fn failures(times: &DVector<f64>, failed: &[bool]) -> Result<f64> {
    check_times(times)?;
    check::shape("which units failed", (failed.len(), 1), times.shape())?;
    Ok(failed.iter().filter(|&&failed| failed).count() as f64)
}

/// Finite times, none of them negative.
fn check_times(times: &DVector<f64>) -> Result<()> {
    check::masses("times", "time", times)
}
