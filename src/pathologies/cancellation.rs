//! A formula that is right and a result that is wrong: the covariance from raw moments, far from the origin.
//!
//! Two large numbers that agree in their first digits lose them in subtraction, and what is left are the rounding errors
//! of both. The centred form subtracts first.

use crate::check;
use crate::error::Result;
use crate::gaussian_mixture::update;
use nalgebra::{DMatrix, DVector};

/// How far the data lie from the origin, in their own standard deviations: the condition number of the variance.
///
/// ```math
/// \kappa_a = \sqrt{\frac{\frac1n\sum_i x_{ia}^2}{s_a^2}} = \sqrt{1 + \frac{\bar x_a^2}{s_a^2}} \ge 1
/// ```
///
/// A relative change by ε of every datum changes the variance by up to 2κε, relatively. `x` is n×d; returns d numbers
/// without unit, +∞ for a column of equal numbers.
///
/// Source: C-E16; Chan, Golub and LeVeque (1983).
///
/// ```
/// use executable_em::pathologies::cancellation::condition_numbers;
/// use nalgebra::dmatrix;
/// assert_eq!(condition_numbers(&dmatrix![-1.0; 1.0])?[0], 1.0);
/// assert!((condition_numbers(&dmatrix![1e8 - 1.0; 1e8; 1e8 + 1.0])?[0] / 1.2247e8 - 1.0).abs() < 1e-4);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn condition_numbers(x: &DMatrix<f64>) -> Result<DVector<f64>> {
    let (mean, centred, _) = variances(x)?;
    Ok(mean.zip_map(&centred, |mean, variance| (1.0 + mean * mean / variance).sqrt()))
}

/// The relative error of the variances that come from raw moments, measured.
///
/// ```math
/// \frac{\left|\left(\frac1n\sum_i x_{ia}^2 - \bar x_a^2\right) - s_a^2\right|}{s_a^2}, \qquad
/// s_a^2 = \frac1n\sum_i(x_{ia} - \bar x_a)^2
/// ```
///
/// Both forms are computed as EM's covariance update computes them, with one component. `x` is n×d; returns d numbers: 1
/// where the raw form gives zero, more where it gives a negative variance or one too large. The centred form
/// stands for the truth, which it is to [`centred_error_bound`].
///
/// Source: C-E16.
///
/// ```
/// use executable_em::pathologies::cancellation::raw_moment_errors;
/// use nalgebra::dmatrix;
/// assert_eq!(raw_moment_errors(&dmatrix![1e8 - 1.0; 1e8; 1e8 + 1.0])?[0], 1.0); // 0 instead of 2/3
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn raw_moment_errors(x: &DMatrix<f64>) -> Result<DVector<f64>> {
    let (_, centred, raw) = variances(x)?;
    Ok(centred.zip_map(&raw, |centred, raw| (raw - centred).abs() / centred))
}

/// How large the relative error from raw moments can be.
///
/// ```math
/// 2\gamma_{2n+4}\,\kappa^2, \qquad \gamma_m = \frac{mu}{1 - mu},\ u = 2^{-53}
/// ```
///
/// The mean square is $`\kappa^2s^2`$ and errs by $`\gamma_{n+1}`$ of itself, the squared mean is less and errs by $`\gamma_{2n+3}`$
/// of itself; their difference is s², one rounding more. The error grows with the *square* of the distance: at κ = 10⁴ half
/// of the sixteen digits are gone, at 10⁸ all of them. `n` is the number of data, `condition` κ.
///
/// Source: C-E16.
///
/// ```
/// use executable_em::pathologies::cancellation::raw_moment_error_bound;
/// assert!(raw_moment_error_bound(3, 1e4) < 1e-6 && raw_moment_error_bound(3, 1.2e8) > 1.0);
/// ```
pub fn raw_moment_error_bound(n: usize, condition: f64) -> f64 {
    2.0 * gamma(2 * n + 4) * condition * condition
}

/// How large the relative error of the centred form can be.
///
/// ```math
/// \gamma_{n+4} + \left(\sqrt n\,\gamma_{n+2}\,\kappa\right)^2
/// ```
///
/// A sum of squares errs by $`\gamma_{n+4}`$ of itself. An error δ of the mean adds δ² to the variance, and $`|\delta| \le
/// \gamma_{n+2}\max_i|x_i| \le \gamma_{n+2}\sqrt n\,\kappa s`$. A small number squared is very small: at κ = 10⁸, where the raw
/// form has lost everything, this one has lost the last digit or two.
///
/// Source: C-E16.
///
/// ```
/// use executable_em::pathologies::cancellation::centred_error_bound;
/// assert!(centred_error_bound(3, 1.2e8) < 2e-14);
/// ```
pub fn centred_error_bound(n: usize, condition: f64) -> f64 {
    gamma(n + 4) + n as f64 * (gamma(n + 2) * condition).powi(2)
}

/// What m rounded operations in a row do at most, relatively.
fn gamma(m: usize) -> f64 {
    let mu = m as f64 * 0.5 * f64::EPSILON;
    mu / (1.0 - mu)
}

/// Means and variances of the columns, the variances in the centred form and from raw moments.
fn variances(x: &DMatrix<f64>) -> Result<(DVector<f64>, DVector<f64>, DVector<f64>)> {
    check::finite("data", x)?;
    let (n, d) = x.shape();
    let everything = DMatrix::from_element(n, 1, 1.0);
    let means = update::means(x, &everything, &DMatrix::zeros(1, d))?;
    let centred = update::covariances(x, &everything, &means, &[DMatrix::identity(d, d)])?;
    let raw = update::raw_moment_covariances(x, &everything, &means)?;
    Ok((means.row(0).transpose(), centred[0].diagonal(), raw[0].diagonal()))
}
