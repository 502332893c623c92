//! A monotone pattern: whoever lacks one column lacks all that follow. Then nothing has to be iterated.

use super::Incomplete;
use crate::check;
use crate::error::Result;
use crate::gaussian;
use nalgebra::{DMatrix, DVector, RowDVector};

/// Maximum likelihood for one Gaussian and a monotone pattern, in closed form.
/// ```math
/// \ell = \sum_a\ \sum_{i\,:\,x_{ia}\text{ seen}} \log p(x_{ia}\mid x_{i1}, \dots, x_{i,a-1}), \qquad
/// x_a\mid x_{<a} \sim \mathcal N\big(\mu_a + \beta_a^\top(x_{<a} - \mu_{<a}),\ s_a^2\big)
/// ```
///
/// Take the columns in the order in which they go missing. Each factor has parameters of its own, and is an ordinary
/// least-squares regression on the rows that show its column; put together they give
/// ```math
/// \Sigma_{<a,a} = \Sigma_{<a,<a}\,\beta_a, \qquad \Sigma_{aa} = s_a^2 + \beta_a^\top\Sigma_{<a,<a}\,\beta_a .
/// ```
///
/// Returns 1×d and d×d. [`Error::Domain`](crate::Error::Domain) if the pattern is not monotone,
/// [`Error::NotPositiveDefinite`](crate::Error::NotPositiveDefinite) for a column seen in too few rows to regress it.
///
/// Source: X-06; Anderson (1957).
/// ```
/// use executable_em::incomplete::{Incomplete, monotone::maximum_likelihood};
/// use nalgebra::dmatrix;
/// let data = Incomplete::new(dmatrix![0.0, 0.5; 1.0, 0.5; 2.0, 3.5; 5.0, f64::NAN])?;
/// let (mean, covariance) = maximum_likelihood(&data)?;
/// // The regression x₂ = 1.5 x₁, with residuals ½, −1, ½; the first column has mean 2 and variance 3.5.
/// assert!((mean[1] - 3.0).abs() < 1e-14 && (covariance[(0, 1)] - 1.5 * 3.5).abs() < 1e-14);
/// assert!((covariance[(1, 1)] - (0.5 + 1.5 * 1.5 * 3.5)).abs() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn maximum_likelihood(data: &Incomplete) -> Result<(RowDVector<f64>, DMatrix<f64>)> {
    let d = data.d();
    let mut mean = RowDVector::zeros(d);
    let mut covariance = DMatrix::zeros(d, d);
    let order = order(data)?;
    for (done, &a) in order.iter().enumerate() {
        let before = &order[..done];
        let rows: Vec<usize> = (0..data.n()).filter(|&i| !data.is_missing(i, a)).collect();
        let columns: Vec<usize> = before.iter().copied().chain([a]).collect();
        let (centre, scatter) = gaussian::moments(&data.values().select_rows(&rows).select_columns(&columns));
        let known = covariance.select_rows(before).select_columns(before);
        let beta = slope(&scatter, done)?;
        let residual = scatter[(done, done)] - scatter.view((done, 0), (1, done)).transpose().dot(&beta);
        mean[a] = centre[done];
        for (b, &column) in before.iter().enumerate() {
            mean[a] += beta[b] * (mean[column] - centre[b]);
        }
        let across = &known * &beta;
        for (b, &column) in before.iter().enumerate() {
            (covariance[(a, column)], covariance[(column, a)]) = (across[b], across[b]);
        }
        covariance[(a, a)] = residual + beta.dot(&across);
    }
    gaussian::cholesky(&covariance, 0)?;
    Ok((mean, covariance))
}

/// β = S_{<a,<a}⁻¹ S_{<a,a}, of the scatter of the columns before and of this one.
fn slope(scatter: &DMatrix<f64>, done: usize) -> Result<DVector<f64>> {
    if done == 0 {
        return Ok(DVector::zeros(0));
    }
    let factor = gaussian::cholesky(&scatter.view((0, 0), (done, done)).into_owned(), 0)?;
    Ok(factor.solve(&scatter.view((0, done), (done, 1)).column(0).into_owned()))
}

/// The columns in the order in which they go missing, where there is one.
fn order(data: &Incomplete) -> Result<Vec<usize>> {
    let gaps = |a: usize| data.values().column(a).iter().filter(|value| value.is_nan()).count();
    let mut order: Vec<usize> = (0..data.d()).collect();
    order.sort_by_key(|&a| gaps(a));
    for pattern in data.patterns() {
        let first_gap = order.iter().position(|a| pattern.missing.contains(a)).unwrap_or(order.len());
        let nested = order[first_gap..].iter().all(|a| pattern.missing.contains(a));
        let (what, row) = ("first row that breaks a monotone pattern", pattern.rows[0] as f64);
        check::domain(what, row, nested, "no row at all: whoever lacks a column lacks all that follow")?;
    }
    Ok(order)
}
