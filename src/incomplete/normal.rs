//! The standard normal far out in its tails: density, the Mills ratio, the mass of an interval.

use crate::check;
use crate::error::Result;
use std::f64::consts::{PI, TAU};

/// The log density.
/// ```math
/// \log\varphi(z) = -\tfrac12(z^2 + \log 2\pi)
/// ```
///
/// NaN for NaN, as of any arithmetic.
///
/// Source: X-10, H-26.
/// ```
/// assert!((executable_em::incomplete::normal::log_density(0.0) - 0.398_942_280_401_432_7_f64.ln()).abs() < 1e-15);
/// ```
pub fn log_density(z: f64) -> f64 {
    -0.5 * (z * z + TAU.ln())
}

/// The Mills ratio: the mass beyond a point, in units of the density there.
/// ```math
/// R(z) = \frac{1 - \Phi(z)}{\varphi(z)} = \cfrac{1}{z + \cfrac{1}{z + \cfrac{2}{z + \cfrac{3}{z + \cdots}}}}
/// \quad (z > 0)
/// ```
///
/// One over it is the hazard, the rate of failure of those that have lasted until z. Where the mass itself underflows
/// (z > 38), the ratio is 1/z and harmless. Beyond z = 2 it is Laplace's continued fraction, below it the series
/// $`\Phi(z) - \tfrac12 = \varphi(z)\sum_k z^{2k+1}/(2k+1)!!`$; both to some 10⁻¹⁴, relatively. ∞ for z < −38, NaN
/// for NaN.
///
/// Source: X-10; Laplace (1805), Mills (1926).
/// ```
/// use executable_em::incomplete::normal::mills_ratio;
/// assert!((mills_ratio(0.0) - (std::f64::consts::PI / 2.0).sqrt()).abs() < 1e-15);
/// assert!((mills_ratio(100.0) * 100.0 - 0.99990003).abs() < 1e-8);
/// ```
pub fn mills_ratio(z: f64) -> f64 {
    if z < 0.0 {
        // All of the mass, less what lies on the other side.
        return (-log_density(z)).exp() - mills_ratio(-z);
    }
    if z < 2.0 {
        let (mut term, mut sum) = (z, z);
        for k in 1..40 {
            term *= z * z / f64::from(2 * k + 1);
            sum += term;
        }
        return (0.5 * PI).sqrt() * (0.5 * z * z).exp() - sum;
    }
    // From the inside out: after 300 levels nothing is left to change at z = 2, and less further out.
    1.0 / (1..300).rev().fold(z, |below, level| z + f64::from(level) / below)
}

/// The log of the mass of an interval.
/// ```math
/// \log\big(\Phi(b) - \Phi(a)\big)
/// ```
///
/// `a` < `b`, either of them infinite if need be; −∞ unless a < b. Both ends are first brought to the side of the upper
/// tail, where neither mass nor difference is lost: it errs by some ε/(b − a), relatively.
///
/// Source: X-10, X-11.
/// ```
/// use executable_em::incomplete::normal::log_mass;
/// assert!((log_mass(0.0, f64::INFINITY) - 0.5_f64.ln()).abs() < 1e-15);
/// assert!((log_mass(-50.0, -40.0) - -804.608442).abs() < 1e-6); // 4·10⁻³⁵⁰ is no double
/// ```
pub fn log_mass(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() || a >= b {
        return f64::NEG_INFINITY;
    }
    if a < 0.0 && b > 0.0 {
        return (-(tail(-a) + tail(b))).ln_1p();
    }
    let (near, far) = if a >= 0.0 { (a, b) } else { (-b, -a) };
    let height = log_density(near);
    // So far out that not even the log of a density is a number.
    if height == f64::NEG_INFINITY {
        return height;
    }
    let ratio = if far.is_infinite() { 0.0 } else { (log_density(far) - height).exp() * mills_ratio(far) };
    height + (mills_ratio(near) - ratio).max(0.0).ln()
}

/// 1 − Φ(z) for z ≥ 0.
fn tail(z: f64) -> f64 {
    if z.is_infinite() { 0.0 } else { log_density(z).exp() * mills_ratio(z) }
}

/// The mean and the mean square of a standard normal that is known to lie in an interval.
/// ```math
/// E[z\mid a<z<b] = \frac{\varphi(a) - \varphi(b)}{\Phi(b) - \Phi(a)}, \qquad
/// E[z^2\mid a<z<b] = 1 + \frac{a\,\varphi(a) - b\,\varphi(b)}{\Phi(b) - \Phi(a)}
/// ```
///
/// For b = ∞ the mean is the hazard 1/R(a). Both are integrals by parts of $`\varphi' = -z\varphi`$. In an interval so
/// narrow that the differences drown in rounding (b − a < 10⁻⁴), they are those of a uniform density.
/// [`Error::Domain`](crate::Error::Domain) unless a ≤ b.
///
/// Source: X-10, X-11; Tallis (1961).
/// ```
/// use executable_em::incomplete::normal::truncated_moments;
/// let (mean, square) = truncated_moments(0.0, f64::INFINITY)?;
/// assert!((mean - (2.0 / std::f64::consts::PI).sqrt()).abs() < 1e-15 && (square - 1.0).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn truncated_moments(a: f64, b: f64) -> Result<(f64, f64)> {
    check::domain("upper end of an interval", b, a <= b, "no lower than its lower end")?;
    if b - a < 1e-4 {
        let (middle, width) = (a + 0.5 * (b - a), b - a);
        return Ok((middle, middle * middle + width * width / 12.0));
    }
    let log_mass = log_mass(a, b);
    let relative = |z: f64| if z.is_infinite() { 0.0 } else { (log_density(z) - log_mass).exp() };
    let edge = |z: f64| if z.is_infinite() { 0.0 } else { z * relative(z) };
    let mean = (relative(a) - relative(b)).clamp(a, b);
    check::defined_number("mean within an interval", mean)?;
    Ok((mean, (1.0 + edge(a) - edge(b)).max(mean * mean)))
}
