//! A continuous latent variable, where the bound holds as ever and Q is no bound at all.
//!
//! The model has one latent number for each datum: $`z_i \sim \mathcal N(0, 1)`$ and
//! $`x_i\mid z_i \sim \mathcal N(z_i, s^2)`$. As q it takes a Gaussian for each $`z_i`$, all of the same variance.
//! Every integral is then known. The point is the sign of one term: the entropy of a density may be negative.

use crate::check;
use crate::error::Result;
use nalgebra::DVector;
use std::f64::consts::{E, PI, TAU};

/// The entropy of n Gaussians of this variance.
/// ```math
/// \mathsf H(q) = \frac n2\log 2\pi e\tau^2
/// ```
/// `variance` is τ² > 0; returns nats. Unlike the entropy of labels it is negative for $`\tau^2 < 1/2\pi e = 0.0585`$.
///
/// Source: T-30, T-E02. Example: [`expected_log_joint`].
pub fn entropy(n: usize, variance: f64) -> Result<f64> {
    let spread = 2.0 * PI * E * variance;
    check::positive("2πe times the variance of q", spread)?;
    Ok(0.5 * n as f64 * spread.ln())
}

/// The posterior of the latent numbers, which is the E step here: their means, and the variance that they share.
/// ```math
/// p(z_i\mid x_i) = \mathcal N\Big(\frac{x_i}{1+s^2},\ \frac{s^2}{1+s^2}\Big)
/// ```
/// `x` holds n data, `noise` is s² > 0; returns n means and a variance.
///
/// Source: T-E02, C-03. Example: [`expected_log_joint`].
pub fn posterior(x: &DVector<f64>, noise: f64) -> Result<(DVector<f64>, f64)> {
    check_data(x, noise)?;
    Ok((x / (1.0 + noise), noise / (1.0 + noise)))
}

/// The log-likelihood, the latent numbers integrated out.
/// ```math
/// \ell = \sum_i\log\int p(z)\,p(x_i\mid z)\,dz = \sum_i\log\mathcal N(x_i; 0, 1 + s^2)
/// ```
/// `x` holds n data, `noise` is s² > 0; returns nats.
///
/// Source: T-E02, T-17. Example: [`expected_log_joint`].
pub fn log_likelihood(x: &DVector<f64>, noise: f64) -> Result<f64> {
    check_data(x, noise)?;
    let variance = 1.0 + noise;
    Ok(x.map(|x| -0.5 * ((TAU * variance).ln() + x * x / variance)).sum())
}

/// Q, the expected complete-data log-likelihood under Gaussians with these means and this variance.
/// ```math
/// Q = \sum_i E_q\big[\log p(z_i) + \log p(x_i\mid z_i)\big]
///   = -\tfrac12\sum_i\Big(\log 2\pi + m_i^2 + \tau^2 + \log 2\pi s^2 + \frac{(x_i-m_i)^2+\tau^2}{s^2}\Big)
/// ```
/// `x` and `means` hold n numbers, `variance` is τ² > 0, `noise` s² > 0; returns nats. It may exceed ℓ, by minus H(q).
///
/// Source: T-21, T-E02.
/// ```
/// use executable_em::bound::continuous::{entropy, expected_log_joint, log_likelihood, posterior};
/// use nalgebra::dvector;
/// let (x, noise) = (dvector![0.3, -0.7, 1.0], 0.01);
/// let (means, variance) = posterior(&x, noise)?;
/// let (q, l) = (expected_log_joint(&x, noise, &means, variance)?, log_likelihood(&x, noise)?);
/// assert!(q > l); // −0.888 and −3.554
/// assert!((q + entropy(3, variance)? - l).abs() < 1e-13); // and yet the bound touches
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn expected_log_joint(x: &DVector<f64>, noise: f64, means: &DVector<f64>, variance: f64) -> Result<f64> {
    check_data(x, noise)?;
    check::matrix("means of q", means, x.shape())?;
    check::positive("variance of q", variance)?;
    let terms = x.zip_map(means, |x, m| {
        let prior = TAU.ln() + m * m + variance;
        let likelihood = (TAU * noise).ln() + ((x - m) * (x - m) + variance) / noise;
        -0.5 * (prior + likelihood)
    });
    Ok(terms.sum())
}

fn check_data(x: &DVector<f64>, noise: f64) -> Result<()> {
    check::finite("data", x)?;
    check::positive("variance of the noise", noise)
}
