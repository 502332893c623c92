//! A tilted Gaussian and a q without tilt: all of mean field in two dimensions.

use crate::check;
use crate::error::Result;
use crate::gaussian;
use nalgebra::{DMatrix, DVector};

/// A q that factorises: independent normals, a mean and a variance for each coordinate.
///
/// Source: X-22.
#[derive(Clone, Debug, PartialEq)]
pub struct Factorised {
    /// The means.
    pub means: DVector<f64>,
    /// The variances.
    pub variances: DVector<f64>,
}

/// One round of mean-field updates for a Gaussian p, one coordinate after the other.
/// ```math
/// q_a(x_a) \propto \exp E_{q_{-a}}[\log p(x)] \quad\Longrightarrow\quad
/// m_a \leftarrow \mu_a - \frac1{\Lambda_{aa}}\sum_{b\ne a}\Lambda_{ab}(m_b - \mu_b),
/// \qquad s_a^2 = \frac1{\Lambda_{aa}}
/// ```
///
/// The variances are right at once, and are those of a coordinate *given all others*: too small, the more so the
/// stronger the tilt. The means come to μ, by a factor of ρ² a round for two coordinates. `mean` holds d numbers,
/// `covariance` is d×d with inverse Λ; errors as in [`gaussian::cholesky`].
///
/// Source: X-22; MacKay (2003), exercise 33.5, Bishop (2006), §10.1.2.
/// ```
/// use executable_em::variational::tilted::{Factorised, round};
/// use nalgebra::{dmatrix, dvector};
/// let start = Factorised { means: dvector![1.0, 1.0], variances: dvector![1.0, 1.0] };
/// let next = round(&start, &dvector![0.0, 0.0], &dmatrix![1.0, 0.8; 0.8, 1.0])?;
/// assert!((next.means[1] - 0.64).abs() < 1e-14 && (next.variances[0] - 0.36).abs() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn round(q: &Factorised, mean: &DVector<f64>, covariance: &DMatrix<f64>) -> Result<Factorised> {
    let precision = precision(q, mean, covariance)?;
    let mut next =
        Factorised { means: q.means.clone(), variances: precision.diagonal().map(|entry| 1.0 / entry) };
    for a in 0..mean.len() {
        let others: f64 =
            (0..mean.len()).filter(|&b| b != a).map(|b| precision[(a, b)] * (next.means[b] - mean[b])).sum();
        next.means[a] = mean[a] - others / precision[(a, a)];
    }
    next.means = check::defined("means of q", next.means)?;
    Ok(next)
}

/// The *exclusive* (or reverse) divergence, of q from p, which mean field makes small.
/// ```math
/// \mathrm{KL}(q\,\|\,p) = \tfrac12\Big[\sum_a\Lambda_{aa}s_a^2 - d + (m-\mu)^\top\Lambda(m-\mu)
///   + \log|\Sigma| - \sum_a\log s_a^2\Big]
/// ```
///
/// It forbids q to be where p is not, so q sits inside. At its minimum, for two coordinates of correlation ρ, it is
/// $`-\tfrac12\log(1-\rho^2)`$: the gap that the bound keeps. Returns nats.
///
/// Source: X-22. Example: [`inclusive`].
pub fn exclusive(q: &Factorised, mean: &DVector<f64>, covariance: &DMatrix<f64>) -> Result<f64> {
    let precision = precision(q, mean, covariance)?;
    let off = &q.means - mean;
    let spread = precision.diagonal().dot(&q.variances) - mean.len() as f64;
    let volumes = gaussian::log_determinant(covariance)? - q.variances.map(f64::ln).sum();
    check::defined_number("divergence", 0.5 * (spread + off.dot(&(&precision * &off)) + volumes))
}

/// The *inclusive* (or forward) divergence, of p from q.
/// ```math
/// \mathrm{KL}(p\,\|\,q) = \tfrac12\Big[\sum_a\frac{\Sigma_{aa} + (m_a-\mu_a)^2}{s_a^2} - d
///   + \sum_a\log s_a^2 - \log|\Sigma|\Big]
/// ```
///
/// It asks q to be wherever p is: its minimum has the marginals' variances Σ_aa, and covers corners where nothing is.
/// Returns nats.
///
/// Source: X-22.
/// ```
/// use executable_em::variational::tilted::{Factorised, inclusive, exclusive};
/// use nalgebra::{dmatrix, dvector};
/// let (mean, covariance) = (dvector![0.0, 0.0], dmatrix![1.0, 0.8; 0.8, 1.0]);
/// let inside = Factorised { means: mean.clone(), variances: dvector![0.36, 0.36] };
/// let around = Factorised { means: mean.clone(), variances: dvector![1.0, 1.0] };
/// let gap = -0.5 * (1.0 - 0.64_f64).ln();
/// assert!((exclusive(&inside, &mean, &covariance)? - gap).abs() < 1e-14);
/// assert!((inclusive(&around, &mean, &covariance)? - gap).abs() < 1e-14); // the same number, for another q
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn inclusive(q: &Factorised, mean: &DVector<f64>, covariance: &DMatrix<f64>) -> Result<f64> {
    precision(q, mean, covariance)?;
    let terms =
        (0..mean.len()).map(|a| (covariance[(a, a)] + (q.means[a] - mean[a]).powi(2)) / q.variances[a]);
    let volumes = q.variances.map(f64::ln).sum() - gaussian::log_determinant(covariance)?;
    check::defined_number("divergence", 0.5 * (terms.sum::<f64>() - mean.len() as f64 + volumes))
}

/// Λ, once all three are seen to belong together.
fn precision(q: &Factorised, mean: &DVector<f64>, covariance: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::finite("mean", mean)?;
    check::matrix("means of q", &q.means, mean.shape())?;
    check::positives("variances of q", "variance of q", &q.variances, mean.len())?;
    check::defined("precision", gaussian::sized(covariance, mean.len())?.inverse())
}
