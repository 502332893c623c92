//! A value for every gap: the best guess with its uncertainty, and many guesses with Rubin's rules.

use super::Incomplete;
use super::mixture::Posterior;
use crate::check;
use crate::error::Result;
use crate::gaussian;
use crate::gaussian_mixture::GaussianMixture;
use crate::latent::complete::drawn_label;
use nalgebra::{DMatrix, DVector, RowDVector};
use rand::Rng;

/// The table with every gap filled by its conditional mean, and the standard deviation of each cell.
/// ```math
/// E[x_{ia}\mid x_{i,s}] = \sum_j r_{ij}m_{ija}, \qquad
/// \operatorname{Var}[x_{ia}\mid x_{i,s}] = \sum_j r_{ij}\big[C_{ij,aa} + (m_{ija} - E[x_{ia}])^2\big]
/// ```
///
/// Of all guesses the mean has the smallest mean squared error, and between two clusters it may lie where no datum
/// does. Returns two n×d matrices; the standard deviation of a seen cell is 0.
///
/// Source: X-09.
/// ```
/// use executable_em::{gaussian_mixture::{CovarianceFamily, GaussianMixture}, incomplete::{Incomplete, impute}};
/// use nalgebra::{dmatrix, dvector};
/// let (half, means, unit) = (dvector![0.5, 0.5], dmatrix![-3.0; 3.0], vec![dmatrix![1.0]; 2]);
/// let model = GaussianMixture::new(half, means, unit, CovarianceFamily::Full)?;
/// let (filled, sd) = impute::by_mean(&model, &Incomplete::new(dmatrix![2.0; f64::NAN])?)?;
/// assert_eq!((filled[1], sd[1], sd[0]), (0.0, 10_f64.sqrt(), 0.0));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn by_mean(model: &GaussianMixture, data: &Incomplete) -> Result<(DMatrix<f64>, DMatrix<f64>)> {
    let posterior = Posterior::at(model, data)?;
    let r = posterior.responsibilities();
    let (mut filled, mut sd) = (data.values().clone(), DMatrix::zeros(data.n(), data.d()));
    for (p, pattern) in data.patterns().iter().enumerate() {
        for (&i, &a) in pattern.rows.iter().flat_map(|i| pattern.missing.iter().map(move |a| (i, a))) {
            let terms = || posterior.completed().iter().enumerate();
            let mean: f64 = terms().map(|(j, of_one)| r[(i, j)] * of_one.means()[(i, a)]).sum();
            let spread = |of_one: &super::gaussian::Completed| {
                of_one.covariances()[p][(a, a)] + (of_one.means()[(i, a)] - mean).powi(2)
            };
            filled[(i, a)] = mean;
            sd[(i, a)] = terms().map(|(j, of_one)| r[(i, j)] * spread(of_one)).sum::<f64>().sqrt();
        }
    }
    Ok((check::defined("filled table", filled)?, check::defined("standard deviations", sd)?))
}

/// The table with every gap filled by a draw: first a label, then the cells given the label.
/// ```math
/// z_i \sim r_{i\cdot}, \qquad x_{i,m} \sim \mathcal N\big(m_{iz_i},\ C_{iz_i}\big)
/// ```
///
/// Unlike conditional means, draws leave variances and correlations as they should be. θ itself is held; where its
/// uncertainty matters, draw a θ for each table first (a bootstrap will do). Returns n×d.
///
/// Source: X-09; Rubin (1987).
/// ```
/// use executable_em::{data, incomplete::{Incomplete, impute, mixture::of_one}};
/// use nalgebra::{dmatrix, dvector};
/// let (data, model) = (Incomplete::new(dmatrix![2.0; f64::NAN])?, of_one(&dvector![0.0], dmatrix![1.0])?);
/// let drawn = impute::draw(&model, &data, &mut data::rng(1))?;
/// assert!(drawn[0] == 2.0 && drawn[1].abs() < 5.0);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn draw(model: &GaussianMixture, data: &Incomplete, rng: &mut impl Rng) -> Result<DMatrix<f64>> {
    let posterior = Posterior::at(model, data)?;
    let mut filled = data.values().clone();
    for (p, pattern) in data.patterns().iter().enumerate().filter(|(_, pattern)| !pattern.missing.is_empty())
    {
        let factors = posterior.completed().iter().enumerate().map(|(j, of_one)| {
            let left = of_one.covariances()[p].select_rows(&pattern.missing).select_columns(&pattern.missing);
            gaussian::cholesky(&left, j)
        });
        let factors = factors.collect::<Result<Vec<_>>>()?;
        for &i in &pattern.rows {
            let j = drawn_label(posterior.responsibilities().row(i).iter(), rng);
            let mean = &posterior.completed()[j].means().row(i).select_columns(&pattern.missing);
            let cells: RowDVector<f64> = gaussian::draw(mean, &factors[j], rng);
            pattern.missing.iter().zip(&cells).for_each(|(&a, &cell)| filled[(i, a)] = cell);
        }
    }
    Ok(filled)
}

/// An estimate from several filled tables.
///
/// Source: X-09; Rubin (1987).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pooled {
    /// The mean of the estimates.
    pub estimate: f64,
    /// The mean of their squared standard errors: what the data would leave open if all were seen.
    pub within: f64,
    /// The variance of the estimates from table to table: what the gaps leave open.
    pub between: f64,
    /// The squared standard error of the pooled estimate.
    pub total: f64,
}

/// Rubin's rules: one estimate and its standard error out of m filled tables.
/// ```math
/// \bar e = \frac1m\sum_t e_t, \qquad
/// T = \underbrace{\frac1m\sum_t u_t}_{\text{within}}
///   + \Big(1 + \frac1m\Big)\underbrace{\frac1{m-1}\sum_t(e_t - \bar e)^2}_{\text{between}}
/// ```
///
/// `estimates` holds e_t, one a table, `variances` their squared standard errors u_t as if nothing had been missing.
/// [`Error::Domain`](crate::Error::Domain) for fewer than two tables or a negative variance.
///
/// Source: X-09; Rubin (1987), §3.1.
/// ```
/// use executable_em::incomplete::impute::pooled;
/// use nalgebra::dvector;
/// let pooled = pooled(&dvector![1.0, 3.0], &dvector![0.5, 0.7])?;
/// assert_eq!((pooled.estimate, pooled.between), (2.0, 2.0));
/// assert!((pooled.total - (0.6 + 1.5 * 2.0)).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn pooled(estimates: &DVector<f64>, variances: &DVector<f64>) -> Result<Pooled> {
    check::finite("estimates", estimates)?;
    check::shape("squared standard errors", variances.shape(), estimates.shape())?;
    check::masses("squared standard errors", "squared standard error", variances)?;
    let m = estimates.len() as f64;
    check::domain("number of tables", m, m >= 2.0, "≥ 2")?;
    let (estimate, within) = (estimates.mean(), variances.mean());
    let between = estimates.map(|e| (e - estimate).powi(2)).sum() / (m - 1.0);
    Ok(Pooled { estimate, within, between, total: within + (1.0 + 1.0 / m) * between })
}
