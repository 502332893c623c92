//! One Gaussian of whose data some cells are missing: what is seen, what is expected, and the two steps.

use super::{Incomplete, Pattern};
use crate::check;
use crate::error::Result;
use crate::gaussian::{self, Factor};
use nalgebra::{DMatrix, DVector, RowDVector};

/// The regression of the missing cells on those that are seen.
/// ```math
/// B = \Sigma_{ms}\Sigma_{ss}^{-1}, \qquad C = \Sigma_{mm} - B\,\Sigma_{sm}
/// ```
///
/// `covariance` is d×d, `pattern` says which of the d columns are seen. Returns B, a row a missing cell and a column a
/// seen one, and C, the covariance that is left once the seen cells are known; errors as in [`gaussian::cholesky`].
///
/// Source: X-03; Anderson (2003), §2.5.
/// ```
/// use executable_em::incomplete::{Incomplete, gaussian::regression};
/// use nalgebra::dmatrix;
/// let data = Incomplete::new(dmatrix![0.0, f64::NAN; 1.0, 1.0])?;
/// let (b, c) = regression(&dmatrix![2.0, 1.0; 1.0, 3.0], &data.patterns()[0])?;
/// assert!((b[0] - 0.5).abs() < 1e-15 && (c[0] - 2.5).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn regression(covariance: &DMatrix<f64>, pattern: &Pattern) -> Result<(DMatrix<f64>, DMatrix<f64>)> {
    let d = pattern.seen.len() + pattern.missing.len();
    check::matrix("covariance", covariance, (d, d))?;
    let missing = block(covariance, &pattern.missing, &pattern.missing);
    if pattern.seen.is_empty() {
        return Ok((DMatrix::zeros(d, 0), missing));
    }
    let factor = seen_factor(covariance, pattern)?;
    let across = block(covariance, &pattern.seen, &pattern.missing);
    let b = factor.solve(&across).transpose();
    let left = missing - &b * across;
    Ok((b, (&left + left.transpose()) * 0.5))
}

/// The log density of what is seen of each datum.
/// ```math
/// \log p(x_{i,s}) = \log\mathcal N(x_{i,s};\ \mu_s,\ \Sigma_{ss})
/// ```
///
/// A Gaussian with coordinates integrated out is the Gaussian of the others. `mean` is 1×d, `covariance` d×d; returns n
/// values in nats, 0 for a datum of which nothing is seen, and their sum is ℓ. Errors as in [`gaussian::cholesky`].
///
/// Source: X-05.
/// ```
/// use executable_em::{gaussian::log_density, incomplete::{Incomplete, gaussian::seen_log_density}};
/// use nalgebra::{dmatrix, RowDVector};
/// let data = Incomplete::new(dmatrix![0.5, f64::NAN; 1.0, 1.0])?;
/// let seen = seen_log_density(&data, &RowDVector::zeros(2), &dmatrix![2.0, 1.0; 1.0, 3.0])?;
/// assert_eq!(seen[0], log_density(&dmatrix![0.5], &RowDVector::zeros(1), &dmatrix![2.0])?[0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn seen_log_density(
    data: &Incomplete,
    mean: &RowDVector<f64>,
    covariance: &DMatrix<f64>,
) -> Result<DVector<f64>> {
    check_parameters(data, mean, covariance)?;
    let mut log_densities = DVector::zeros(data.n());
    for pattern in data.patterns().iter().filter(|pattern| !pattern.seen.is_empty()) {
        let factor = seen_factor(covariance, pattern)?;
        let centre = mean.select_columns(&pattern.seen);
        let of_pattern = gaussian::log_densities(&pattern.seen_cells(data.values()), &centre, &factor);
        pattern.rows.iter().zip(&of_pattern).for_each(|(&i, &log_density)| log_densities[i] = log_density);
    }
    Ok(log_densities)
}

/// What the E step knows of the complete data: their expectations and, pattern by pattern, what stays uncertain.
///
/// Source: X-04.
#[derive(Clone, Debug, PartialEq)]
pub struct Completed {
    means: DMatrix<f64>,
    covariances: Vec<DMatrix<f64>>,
}

impl Completed {
    /// E[x_i | what is seen of it], n×d: the seen cells themselves, and the expectations of the others.
    pub fn means(&self) -> &DMatrix<f64> {
        &self.means
    }

    /// Cov[x_i | what is seen of it], d×d for each pattern, in the order of the patterns; zero for what is seen.
    pub fn covariances(&self) -> &[DMatrix<f64>] {
        &self.covariances
    }

    /// Completed rows of just these data.
    pub(super) fn check(&self, data: &Incomplete) -> Result<()> {
        check::shape("completed data", self.means.shape(), (data.n(), data.d()))?;
        check::shape("covariances", (self.covariances.len(), 1), (data.patterns().len(), 1))
    }

    /// The same, as if the expectations were the data: what must not be done.
    pub(super) fn without_covariances(&self) -> Self {
        Completed {
            means: self.means.clone(),
            covariances: self.covariances.iter().map(|covariance| covariance * 0.0).collect(),
        }
    }
}

/// The E step: the posterior of the missing cells given those that are seen.
/// ```math
/// x_m \mid x_s \sim \mathcal N\big(\mu_m + B(x_s - \mu_s),\ C\big)
/// ```
///
/// `mean` is 1×d, `covariance` d×d; errors as in [`regression`].
///
/// Source: X-04; Little and Rubin (2019).
/// ```
/// use executable_em::incomplete::{Incomplete, gaussian::complete};
/// use nalgebra::{dmatrix, dvector, RowDVector};
/// let data = Incomplete::new(dmatrix![4.0, f64::NAN; 1.0, 1.0])?;
/// let completed = complete(&data, &RowDVector::zeros(2), &dmatrix![2.0, 1.0; 1.0, 3.0])?;
/// assert!((completed.means()[(0, 1)] - 2.0).abs() < 1e-15);
/// assert!((completed.covariances()[0][(1, 1)] - 2.5).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn complete(data: &Incomplete, mean: &RowDVector<f64>, covariance: &DMatrix<f64>) -> Result<Completed> {
    check_parameters(data, mean, covariance)?;
    let d = data.d();
    let mut means = data.values().clone();
    let mut covariances = Vec::new();
    for pattern in data.patterns() {
        let (b, c) = regression(covariance, pattern)?;
        for &i in &pattern.rows {
            let v = DVector::from_iterator(b.ncols(), pattern.seen.iter().map(|&a| means[(i, a)] - mean[a]));
            let expected = &b * v;
            pattern.missing.iter().zip(&expected).for_each(|(&a, shift)| means[(i, a)] = mean[a] + shift);
        }
        let mut padded = DMatrix::zeros(d, d);
        for (row, &a) in pattern.missing.iter().enumerate() {
            pattern.missing.iter().enumerate().for_each(|(column, &b)| padded[(a, b)] = c[(row, column)]);
        }
        covariances.push(padded);
    }
    Ok(Completed { means, covariances })
}

/// The M step: mean and covariance of the expected sufficient statistics.
/// ```math
/// \mu = \frac1W\sum_i w_i\,m_i, \qquad
/// \Sigma = \frac1W\sum_i w_i\big[(m_i - \mu)(m_i - \mu)^\top + C_i\big], \qquad W = \sum_i w_i
/// ```
///
/// m_i and C_i are mean and covariance of the posterior of datum i, `weights` holds n numbers w_i ≥ 0 (all 1 for one
/// Gaussian, responsibilities in a mixture). Returns 1×d and d×d. Without C_i the missing cells would lie on the
/// regression's line, and the correlation would come out too strong. [`Error::Shape`](crate::Error::Shape) if the three
/// do not belong together, [`Error::Domain`](crate::Error::Domain) if all weights vanish.
///
/// Source: X-04; Little and Rubin (2019).
/// ```
/// use executable_em::incomplete::{Incomplete, gaussian::{complete, update}};
/// use nalgebra::{dmatrix, dvector, RowDVector};
/// let data = Incomplete::new(dmatrix![3.0; f64::NAN])?;
/// let completed = complete(&data, &RowDVector::from_element(1, 1.0), &dmatrix![2.0])?;
/// let (mean, variance) = update(&data, &completed, &dvector![1.0, 1.0])?;
/// assert_eq!((mean[0], variance[0]), (2.0, 1.0 + 2.0 / 2.0)); // of 3 and 1, and half of what is not known
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn update(
    data: &Incomplete,
    completed: &Completed,
    weights: &DVector<f64>,
) -> Result<(RowDVector<f64>, DMatrix<f64>)> {
    completed.check(data)?;
    let mean = gaussian::weighted_mean(&completed.means, weights)?;
    let mut covariance = gaussian::covariance_about(&completed.means, weights, &mean);
    for (pattern, left) in data.patterns().iter().zip(&completed.covariances) {
        let mass: f64 = pattern.rows.iter().map(|&i| weights[i]).sum();
        covariance += left * (mass / weights.sum());
    }
    Ok((check::defined("mean", mean)?, check::defined("covariance", covariance)?))
}

/// The score: the gradient of ℓ in the mean and in all d² entries of the covariance.
/// ```math
/// \nabla_\mu\ell = \Sigma^{-1}\sum_i(m_i - \mu), \qquad
/// \nabla_\Sigma\ell = \tfrac12\Sigma^{-1}\Big(\sum_i\big[(m_i-\mu)(m_i-\mu)^\top + C_i\big] - n\Sigma\Big)\Sigma^{-1}
/// ```
///
/// By Fisher's identity it is the gradient of Q at the θ that made the posterior: the score of the complete data, in
/// expectation. Returns 1×d and d×d. Errors as in [`complete`].
///
/// Source: X-05.
/// ```
/// use executable_em::incomplete::{Incomplete, gaussian::score};
/// use nalgebra::{dmatrix, RowDVector};
/// let data = Incomplete::new(dmatrix![3.0; f64::NAN])?;
/// let (in_mean, _) = score(&data, &RowDVector::from_element(1, 1.0), &dmatrix![2.0])?;
/// assert!((in_mean[0] - 1.0).abs() < 1e-15); // (3 − 1)/2
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn score(
    data: &Incomplete,
    mean: &RowDVector<f64>,
    covariance: &DMatrix<f64>,
) -> Result<(RowDVector<f64>, DMatrix<f64>)> {
    let completed = complete(data, mean, covariance)?;
    let precision = gaussian::cholesky(covariance, 0)?.inverse();
    let n = data.n() as f64;
    let ones = DVector::from_element(data.n(), 1.0);
    let (centre, about_centre) = update(data, &completed, &ones)?;
    let off = centre - mean;
    let about_mean = about_centre + off.transpose() * &off;
    let in_covariance = &precision * (about_mean - covariance) * &precision * (0.5 * n);
    let in_mean = off * &precision * n;
    Ok((
        check::defined("score in the mean", in_mean)?,
        check::defined("score in the covariance", in_covariance)?,
    ))
}

/// The entries of a matrix in some rows and some columns.
fn block(matrix: &DMatrix<f64>, rows: &[usize], columns: &[usize]) -> DMatrix<f64> {
    matrix.select_rows(rows).select_columns(columns)
}

/// The factor of the covariance of what is seen.
fn seen_factor(covariance: &DMatrix<f64>, pattern: &Pattern) -> Result<Factor> {
    gaussian::cholesky(&block(covariance, &pattern.seen, &pattern.seen), 0)
}

fn check_parameters(data: &Incomplete, mean: &RowDVector<f64>, covariance: &DMatrix<f64>) -> Result<()> {
    check::matrix("mean", mean, (1, data.d()))?;
    gaussian::sized(covariance, data.d()).map(drop)
}
