//! What a sweep costs: counted in multiply–adds, and read off measured times as a slope.

use crate::check;
use crate::error::Result;
use crate::gaussian_mixture::CovarianceFamily;
use nalgebra::DVector;

/// The multiply–adds that a sweep cannot do without.
///
/// ```math
/// nk\left(\underbrace{\tfrac{d(d+1)}2}_{W(x-\mu)} + \underbrace{d}_{\|\cdot\|^2}
///   + \underbrace{\tfrac{d(d+1)}2}_{r\,vv^\top}\right)
///   = nk\,(d^2 + 2d)
/// ```
/// for full and tied covariances, where W is the triangular inverse of the Cholesky factor and of the symmetric matrix
/// r v vᵀ only one half is summed. For diagonal and spherical ones it is $`2nkd`$: a square and a weighted square for
/// every coordinate. What is left out grows with nkd or nk only: x − μ, r v, one exponential a pair.
///
/// Source: T-45 (the step that is counted); Golub and Van Loan (2013), §1.1 for how to count.
///
/// ```
/// use executable_em::{gaussian_mixture::CovarianceFamily, scale::cost::multiply_adds};
/// assert_eq!(multiply_adds(100, 2, 5, CovarianceFamily::Full), 4000.0);
/// assert_eq!(multiply_adds(100, 2, 5, CovarianceFamily::Diagonal), 2000.0);
/// ```
pub fn multiply_adds(n: usize, d: usize, k: usize, family: CovarianceFamily) -> f64 {
    let (pairs, d) = (n as f64 * k as f64, d as f64);
    match family {
        CovarianceFamily::Full | CovarianceFamily::Tied => pairs * (d * d + 2.0 * d),
        CovarianceFamily::Diagonal | CovarianceFamily::Spherical => pairs * 2.0 * d,
    }
}

/// The power p of the law y = a xᵖ that fits best in logarithms: least squares on (log x, log y).
///
/// ```math
/// p = \frac{\sum_m(\log x_m - \overline{\log x})(\log y_m - \overline{\log y})}
///   {\sum_m(\log x_m - \overline{\log x})^2}
/// ```
/// A cost that is proportional to n has p = 1 in n. `x` and `y` hold as many positive numbers, `x` two different ones
/// at least; [`Error::Domain`](crate::Error::Domain) and [`Error::Shape`](crate::Error::Shape) otherwise.
///
/// Source: Legendre (1805), least squares.
///
/// ```
/// use executable_em::scale::cost::power;
/// assert!((power(&[1.0, 2.0, 4.0], &[3.0, 12.0, 48.0])? - 2.0).abs() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn power(x: &[f64], y: &[f64]) -> Result<f64> {
    check::shape("values", (y.len(), 1), (x.len(), 1))?;
    let logs = |what: &'static str, values: &[f64]| -> Result<DVector<f64>> {
        values.iter().try_for_each(|&value| check::positive(what, value))?;
        let logs = DVector::from_iterator(values.len(), values.iter().map(|value| value.ln()));
        let mean = logs.mean();
        Ok(logs.add_scalar(-mean))
    };
    let (x, y) = (logs("place", x)?, logs("value", y)?);
    let spread = x.norm_squared();
    check::domain("spread of the places", spread, spread > 0.0, "> 0: two different places")?;
    Ok(x.dot(&y) / spread)
}
