//! One Gaussian with a known variance, only its mean μ to be fitted: in it the penalties of AIC and BIC need no limit.
//! ```math
//! x_i \sim \mathcal N(\mu, \sigma^2), \qquad \hat\mu = \bar x, \qquad \mu \sim \mathcal N(0, \tau^2)\ \text{a priori}
//! ```

use super::criteria;
use crate::check;
use crate::error::Result;
use nalgebra::DVector;
use std::f64::consts::TAU;

/// The log-likelihood of a mean.
/// ```math
/// \ell(\mu) = -\tfrac n2\log 2\pi\sigma^2 - \frac1{2\sigma^2}\sum_i(x_i-\mu)^2
/// ```
/// `x` holds n numbers, `variance` is σ² in their squared units; returns nats. Its maximum is at the average.
///
/// Source: B-26.
/// ```
/// use executable_em::selection::gaussian_mean::log_likelihood;
/// use nalgebra::dvector;
/// let at = |mean| log_likelihood(&dvector![1.0, 3.0], mean, 1.0);
/// assert!((at(2.0)? - at(0.0)? - 4.0).abs() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn log_likelihood(x: &DVector<f64>, mean: f64, variance: f64) -> Result<f64> {
    check::finite("data", x)?;
    check::number("mean", mean)?;
    check::positive("variance", variance)?;
    let squares = x.map(|x| (x - mean).powi(2)).sum();
    Ok(-0.5 * x.len() as f64 * (TAU * variance).ln() - 0.5 * squares / variance)
}

/// The optimism of a fit: how much higher ℓ is on the data that were fitted than on as many fresh ones.
/// ```math
/// \ell_{x}(\bar x) - \ell_{y}(\bar x), \qquad E_{x,y}\left[\ell_x(\bar x) - \ell_y(\bar x)\right] = 1
/// ```
/// Its mean over x and y is exactly the number of fitted parameters, whatever n, μ and σ², because $`E\sum(x_i-\bar
/// x)^2 = (n-1)\sigma^2`$ and $`E\sum(y_i-\bar x)^2 = (n+1)\sigma^2`$. That is the p that AIC takes off. Only second
/// moments enter, so it holds for any law with this variance. `fitted` and `fresh` hold n numbers each; returns nats.
///
/// Source: B-26; Akaike (1974).
/// ```
/// use executable_em::selection::gaussian_mean::optimism;
/// use nalgebra::dvector;
/// assert_eq!(optimism(&dvector![1.0, 3.0], &dvector![0.0, 2.0], 1.0)?, 1.0);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn optimism(fitted: &DVector<f64>, fresh: &DVector<f64>, variance: f64) -> Result<f64> {
    check::shape("fresh data", fresh.shape(), fitted.shape())?;
    let mean = fitted.mean();
    let difference = log_likelihood(fitted, mean, variance)? - log_likelihood(fresh, mean, variance)?;
    check::defined_number("optimism", difference)
}

/// The log evidence: the likelihood averaged over the prior.
/// ```math
/// \log\int\prod_i\mathcal N(x_i;\mu,\sigma^2)\,\mathcal N(\mu;0,\tau^2)\,d\mu
///   = \ell(\bar x) - \tfrac12\log\left(1 + \frac{n\tau^2}{\sigma^2}\right) - \frac{n\bar x^2}{2(\sigma^2+n\tau^2)}
/// ```
/// The first term says how well the best mean fits, the second what part of the prior's width the likelihood leaves,
/// the third how far the best mean is from the prior's. `prior_variance` is τ²; returns nats.
///
/// Source: B-26; MacKay (2003), ch. 28.
/// ```
/// use executable_em::selection::gaussian_mean::log_evidence;
/// use nalgebra::dvector;
/// // A single datum is N(0, σ² + τ²).
/// let two_variances = -0.5 * (2.0 * std::f64::consts::PI * 4.0).ln() - 1.0 / 8.0;
/// assert!((log_evidence(&dvector![1.0], 1.0, 3.0)? - two_variances).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn log_evidence(x: &DVector<f64>, variance: f64, prior_variance: f64) -> Result<f64> {
    check::positive("prior variance", prior_variance)?;
    let (n, mean) = (x.len() as f64, x.mean());
    let log_evidence = log_likelihood(x, mean, variance)?
        - 0.5 * (n * prior_variance / variance).ln_1p()
        - 0.5 * n * mean.powi(2) / (variance + n * prior_variance);
    check::defined_number("log evidence", log_evidence)
}

/// What BIC leaves out of the log evidence.
/// ```math
/// \log p(x) + \tfrac12\mathrm{BIC} = \tfrac12\log\frac{\sigma^2}{\tau^2} - \frac{\bar x^2}{2\tau^2} + O(\tfrac1n)
/// ```
/// It stays bounded as n grows, but does not vanish: the evidence knows the prior. With τ = σ and $`\bar x = 0`$, the
/// prior that is worth one datum, it is $`-\frac12\log(1+\frac1n)`$. Arguments as in [`log_evidence`].
///
/// Source: B-26; Schwarz (1978); Kass and Wasserman (1995).
/// ```
/// use executable_em::selection::gaussian_mean::left_out_by_bic;
/// use nalgebra::dvector;
/// assert!((left_out_by_bic(&dvector![-2.0, 2.0], 1.0, 1.0)? + 0.5 * 1.5_f64.ln()).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn left_out_by_bic(x: &DVector<f64>, variance: f64, prior_variance: f64) -> Result<f64> {
    let evidence = log_evidence(x, variance, prior_variance)?;
    let bic = criteria::bic(log_likelihood(x, x.mean(), variance)?, 1, x.len())?;
    check::defined_number("difference of the evidence and BIC", evidence + 0.5 * bic)
}
