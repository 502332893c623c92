//! Two functions that expectations of logarithms take.

use crate::pathologies::prior::ln_gamma;
use std::f64::consts::PI;

/// The digamma function, the slope of log Γ.
/// ```math
/// \psi(x) = \frac{d}{dx}\log\Gamma(x) = \psi(x + 1) - \frac1x
/// ```
///
/// For x > 0, by that recursion up to x ≥ 12 and the asymptotic series beyond, to some ε max(1, |ψ|); NaN for x ≤ 0.
/// It is the expectation of a logarithm: E log v = ψ(a) − ψ(a + b) for v ~ Beta(a, b).
///
/// Source: X-23; Abramowitz and Stegun (1964), 6.3.
/// ```
/// use executable_em::variational::special::digamma;
/// assert!((digamma(1.0) + 0.577_215_664_901_532_9).abs() < 1e-15);
/// ```
pub fn digamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let (mut z, mut below) = (x, 0.0);
    while z < 12.0 {
        below += 1.0 / z;
        z += 1.0;
    }
    // −Σ B_2k/(2k z^2k): the first term that is left out is 1/12 z⁻¹⁴ < 10⁻¹⁶.
    let square = 1.0 / (z * z);
    let series = [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32_760.0];
    let tail = series.iter().rev().fold(0.0, |sum, &term| (sum + term) * square);
    z.ln() - 0.5 / z - tail - below
}

/// The log of the multivariate gamma function, which normalises a Wishart density.
/// ```math
/// \log\Gamma_d(a) = \frac{d(d-1)}4\log\pi + \sum_{b=0}^{d-1}\log\Gamma\Big(a - \frac b2\Big)
/// ```
///
/// For a > (d − 1)/2.
///
/// Source: X-23.
/// ```
/// use executable_em::variational::special::ln_multigamma;
/// // Γ_2(3/2) = √π Γ(3/2) Γ(1) = π/2.
/// assert!((ln_multigamma(2, 1.5) - (std::f64::consts::PI / 2.0).ln()).abs() < 1e-14);
/// ```
pub fn ln_multigamma(d: usize, a: f64) -> f64 {
    let logs: f64 = (0..d).map(|b| ln_gamma(a - 0.5 * b as f64)).sum();
    0.25 * (d * d.saturating_sub(1)) as f64 * PI.ln() + logs
}

/// log x! = log Γ(x + 1) for x > −1.
///
/// Source: X-23.
/// ```
/// assert!((executable_em::variational::special::ln_factorial_of(4.0) - 24_f64.ln()).abs() < 1e-14);
/// ```
pub fn ln_factorial_of(x: f64) -> f64 {
    ln_gamma(x + 1.0)
}
