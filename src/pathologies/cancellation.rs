//! A formula that is right and a result that is wrong: the covariance from raw moments, far from the origin.
//!
//! Large numbers that agree in their first digits lose them in subtraction; the centred form subtracts first.

use crate::check;
use crate::error::Result;
use crate::gaussian_mixture::update;
use nalgebra::{DMatrix, DVector};

/// How far the data lie from the origin, in their own standard deviations: the condition number of the variance.
/// ```math
/// \kappa_a = \sqrt{\frac{\frac1n\sum_i x_{ia}^2}{s_a^2}} = \sqrt{1 + \frac{\bar x_a^2}{s_a^2}} \ge 1
/// ```
/// A relative change by ε of every datum changes the variance by up to 2κε, relatively. `x` is n×d; returns d values,
/// +∞ for equal data.
///
/// Source: C-E16; Chan, Golub and LeVeque (1983). Example: [`raw_moment_errors`].
pub fn condition_numbers(x: &DMatrix<f64>) -> Result<DVector<f64>> {
    let (mean, centred, _) = variances(x)?;
    let of = |mean, variance| if variance == 0.0 { f64::INFINITY } else { 1.0 + mean * mean / variance };
    Ok(mean.zip_map(&centred, |mean, variance| of(mean, variance).sqrt()))
}

/// The relative error of the variances that come from raw moments, measured.
/// ```math
/// \frac{\left|\left(\frac1n\sum_i x_{ia}^2 - \bar x_a^2\right) - s_a^2\right|}{s_a^2}, \qquad
/// s_a^2 = \frac1n\sum_i(x_{ia} - \bar x_a)^2
/// ```
/// Both forms are computed as EM's covariance update computes them, with one component. `x` is n×d; returns d numbers:
/// 0 where they agree, 1 where the raw form gives zero. The centred form is the truth, to [`centred_error_bound`].
///
/// Source: C-E16.
/// ```
/// use executable_em::pathologies::cancellation::{condition_numbers, raw_moment_errors};
/// let x = nalgebra::dmatrix![1e8 - 1.0; 1e8; 1e8 + 1.0];
/// assert!((condition_numbers(&x)?[0] / 1.2247e8 - 1.0).abs() < 1e-4);
/// assert_eq!(raw_moment_errors(&x)?[0], 1.0); // 0 instead of 2/3
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn raw_moment_errors(x: &DMatrix<f64>) -> Result<DVector<f64>> {
    let (_, centred, raw) = variances(x)?;
    let of = |centred, raw| if raw == centred { 0.0 } else { f64::abs(raw - centred) / centred };
    Ok(centred.zip_map(&raw, of))
}

/// How large the relative error from raw moments can be.
/// ```math
/// 2\gamma_{2n+4}\,\kappa^2, \qquad \gamma_m = \frac{mu}{1 - mu},\ u = 2^{-53}
/// ```
/// The mean square is $`\kappa^2s^2`$ and errs by $`\gamma_{n+1}`$ of itself, the squared mean is less and errs by
/// $`\gamma_{2n+3}`$ of itself; their difference is s², one rounding more. The error grows with the *square* of the
/// distance: at κ = 10⁴ half of the sixteen digits are gone, at 10⁸ all of them. `n` counts data, `condition` is κ ≥ 1.
///
/// Source: C-E16. Example: [`centred_error_bound`].
pub fn raw_moment_error_bound(n: usize, condition: f64) -> f64 {
    2.0 * gamma(2.0 * n as f64 + 4.0) * condition * condition
}

/// How large the relative error of the centred form can be.
/// ```math
/// \gamma_{n+4} + \left(\sqrt n\,\gamma_{n+2}\,\kappa\right)^2
/// ```
/// A sum of squares errs by $`\gamma_{n+4}`$ of itself. An error δ of the mean adds δ² to the variance, and
/// $`|\delta| \le \gamma_{n+2}\max_i|x_i| \le \gamma_{n+2}\sqrt n\,\kappa s`$. A small number squared is very small: at
/// κ = 10⁸, where the raw form has lost everything, this one has lost the last digit or two.
///
/// Source: C-E16.
/// ```
/// use executable_em::pathologies::cancellation::{centred_error_bound, raw_moment_error_bound};
/// assert!(centred_error_bound(3, 1.2e8) < 2e-14 && raw_moment_error_bound(3, 1.2e8) > 1.0);
/// ```
pub fn centred_error_bound(n: usize, condition: f64) -> f64 {
    let n = n as f64;
    gamma(n + 4.0) + n * (gamma(n + 2.0) * condition).powi(2)
}

/// What m rounded operations in a row do at most, relatively: from 2⁵³ on, anything.
fn gamma(m: f64) -> f64 {
    let mu = m * 0.5 * f64::EPSILON;
    if mu < 1.0 { mu / (1.0 - mu) } else { f64::INFINITY }
}

/// Means and variances of the columns, the variances in the centred form and from raw moments.
fn variances(x: &DMatrix<f64>) -> Result<(DVector<f64>, DVector<f64>, DVector<f64>)> {
    let (n, d) = x.shape();
    let everything = DMatrix::from_element(n, 1, 1.0);
    let means = update::means(x, &everything, &DMatrix::zeros(1, d))?;
    let centred = update::covariances(x, &everything, &means, &[DMatrix::identity(d, d)])?;
    let raw = update::raw_moment_covariances(x, &everything, &means)?;
    check::finite("covariance from raw moments", &raw[0])?;
    Ok((means.row(0).transpose(), centred[0].diagonal(), raw[0].diagonal()))
}
