//! Criteria: the log-likelihood at its maximum, less a charge for the parameters. Smaller is better.

use crate::check;
use crate::error::Result;

/// Akaike's criterion.
/// ```math
/// \mathrm{AIC} = -2\,\ell(\hat\theta) + 2p
/// ```
/// Fitted to these very data, $`\hat\theta`$ flatters itself: on n fresh data ℓ is less by p on average, in the limit
/// of large n and in a regular model (exactly so in [`gaussian_mean`](super::gaussian_mean)). AIC estimates −2 times
/// that fresh ℓ. `log_likelihood` in nats, p free parameters; returns twice nats.
/// [`Error::Domain`](crate::Error::Domain) for an ℓ that is not finite, as one at a singularity is.
///
/// Source: B-26, B-05; Akaike (1974). Example: [`criteria`].
pub fn aic(log_likelihood: f64, parameters: usize) -> Result<f64> {
    check::number("log-likelihood", log_likelihood)?;
    Ok(-2.0 * log_likelihood + 2.0 * parameters as f64)
}

/// The Bayesian information criterion of Schwarz.
/// ```math
/// \mathrm{BIC} = -2\,\ell(\hat\theta) + p\log n
/// ```
/// −BIC/2 approximates the log evidence $`\log\int p(x\mid\theta)\,p(\theta)\,d\theta`$ up to a term that stays bounded
/// as n grows; what is left out, the prior and the curvature, is in [`gaussian_mean`](super::gaussian_mean). With one
/// component too many a mixture is not regular, and that derivation fails; that BIC still finds k, for components from
/// a bounded set, is a theorem of its own (Keribin 2000). From n = 8 on it charges more than AIC. n ≥ 1.
///
/// Source: B-26; Schwarz (1978). Example: [`criteria`].
pub fn bic(log_likelihood: f64, parameters: usize, n: usize) -> Result<f64> {
    check::domain("number of data", n as f64, n > 0, "≥ 1")?;
    Ok(aic(log_likelihood, 0)? + parameters as f64 * (n as f64).ln())
}

/// [`bic`] of data that count as often as their weights say: their sum stands for n.
/// ```math
/// -2\,\ell(\hat\theta) + p\log\sum_i w_i
/// ```
/// Whole weights are data repeated, and their sum is the number of those. Weights that only say which data to trust
/// more fix the sum by convention, and with it BIC: scale them to sum to the number of data, or to their effective
/// number $`(\sum w)^2/\sum w^2`$. With the expected complete-data log-likelihood ℓ − H in the place of ℓ it is
/// [`icl`]. [`Error::Domain`](crate::Error::Domain) for a total that is not positive.
///
/// Source: B-26; Schwarz (1978).
/// ```
/// use executable_em::selection::{bic, weighted_bic};
/// assert_eq!(weighted_bic(-100.0, 5, 20.0)?, bic(-100.0, 5, 20)?);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn weighted_bic(log_likelihood: f64, parameters: usize, total: f64) -> Result<f64> {
    check::positive("sum of the data's weights", total)?;
    Ok(aic(log_likelihood, 0)? + parameters as f64 * total.ln())
}

/// The integrated completed likelihood: BIC, and a charge for labels that are in doubt.
/// ```math
/// \mathrm{ICL} = \mathrm{BIC} + 2\,\mathsf H(r), \qquad
/// \mathsf H(r) = -\sum_{ij}r_{ij}\log r_{ij} = \ell(\hat\theta) - Q(\hat\theta\mid\hat\theta)
/// ```
/// So it is BIC with the expected *complete*-data log-likelihood Q in the place of ℓ, and it prefers components that do
/// not overlap: clusters rather than a good density. This is the variant with the entropy (McLachlan and Peel 2000,
/// §6.10); that of Biernacki, Celeux and Govaert, −log max_j r_ij for each datum, never charges more. `entropy` is
/// [`bound::entropy`](crate::bound::entropy) of the responsibilities; the rest as in [`bic`].
///
/// Source: B-26; Biernacki, Celeux and Govaert (2000).
/// ```
/// assert_eq!(executable_em::selection::icl(-100.0, 5, 1, 3.0)?, 206.0);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn icl(log_likelihood: f64, parameters: usize, n: usize, entropy: f64) -> Result<f64> {
    check::domain("entropy", entropy, entropy.is_finite() && entropy >= 0.0, "finite and ≥ 0")?;
    check::defined_number("ICL", bic(log_likelihood, parameters, n)? + 2.0 * entropy)
}

/// AIC and BIC of one fit.
///
/// Source: B-26.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Criteria {
    /// [`aic`], in twice nats.
    pub aic: f64,
    /// [`bic`], in twice nats.
    pub bic: f64,
}

/// [`aic`] and [`bic`] at once, from the three numbers that every fit has.
///
/// Source: B-26.
/// ```
/// let found = executable_em::selection::criteria(-1130.264, 11, 272)?;
/// assert!((found.aic - 2282.528).abs() < 1e-9 && (found.bic - 2322.192).abs() < 1e-3);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn criteria(log_likelihood: f64, parameters: usize, n: usize) -> Result<Criteria> {
    Ok(Criteria { aic: aic(log_likelihood, parameters)?, bic: bic(log_likelihood, parameters, n)? })
}
