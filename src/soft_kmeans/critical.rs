//! Where means that have merged part: the critical stiffness, by theory and by running the algorithm.

use super::{SoftKMeans, Weights};
use crate::error::Result;
use crate::{check, em, gaussian};
use nalgebra::{DMatrix, DVector, RowDVector};

/// The critical stiffness: where merged means lose their hold on each other, whatever their number.
/// ```math
/// \beta_c = \frac1{\lambda_{\max}(S)}, \qquad S = \frac1n\sum_i(x_i-\bar x)(x_i-\bar x)^\top
/// ```
/// With all means at $`\bar x`$, a small parting of them grows in a sweep by the factor $`\beta\lambda_{\max}`$ along
/// the longest axis of the data: it dies out below β_c and grows above it. Lopsided data also hold apart, a little
/// below β_c, means that begin apart. Without the ½ in r it is half of this. `x` is n×d; returns inverse squared units
/// of the data. [`Error::Domain`](crate::Error::Domain) if all coincide.
///
/// Source: H-41, H-E06; Rose, Gurewitz and Fox (1990).
/// ```
/// use executable_em::soft_kmeans::critical_stiffness;
/// use nalgebra::dmatrix;
/// assert_eq!(critical_stiffness(&dmatrix![-2.0; 2.0]), Ok(0.25));
/// ```
pub fn critical_stiffness(x: &DMatrix<f64>) -> Result<f64> {
    let largest = moments(x)?.1.symmetric_eigenvalues().max();
    check::positive("largest variance of the data", largest)?;
    Ok(1.0 / largest)
}

/// How far the means are apart: the largest distance of a mean from the average of the means.
/// ```math
/// \max_j\|\mu_j - \tfrac1k\textstyle\sum_l\mu_l\|
/// ```
/// `means` is k×d; returns units of the data, 0 (to rounding) where all means have merged.
///
/// Source: H-41.
/// ```
/// use executable_em::soft_kmeans::spread;
/// use nalgebra::dmatrix;
/// assert_eq!(spread(&dmatrix![-1.0; 3.0]), Ok(2.0));
/// ```
pub fn spread(means: &DMatrix<f64>) -> Result<f64> {
    check::finite("means", means)?;
    Ok(extent(means))
}

/// [`spread`] of means that are known to be such.
fn extent(means: &DMatrix<f64>) -> f64 {
    let centre = means.row_mean();
    means.row_iter().map(|mean| (mean - &centre).norm()).fold(0.0, f64::max)
}

/// All means at the centre of the data but for a small parting along its longest axis: where annealing begins.
/// ```math
/// \mu_j = \bar x + \eta\left(\frac{2j}{k-1} - 1\right)u, \qquad S u = \lambda_{\max}u,\quad \|u\| = 1
/// ```
/// `x` is n×d, 2 ≤ `k` ≤ n, `stiffness` β > 0, `parting` η > 0 in units of the data and not lost in rounding; returns a
/// model with equal weights, held. [`Error::Domain`](crate::Error::Domain) or
/// [`Error::ComponentCount`](crate::Error::ComponentCount) otherwise.
///
/// Source: H-41.
/// ```
/// use executable_em::soft_kmeans::parted;
/// use nalgebra::dmatrix;
/// let model = parted(&dmatrix![0.0; 2.0; 4.0], 3, 1.0, 0.5).unwrap();
/// assert_eq!(model.means().map(|mean| (mean - 2.0).abs()), dmatrix![0.5; 0.0; 0.5]);
/// ```
pub fn parted(x: &DMatrix<f64>, k: usize, stiffness: f64, parting: f64) -> Result<SoftKMeans> {
    check::positive("parting", parting)?;
    check::component_count(k, x.nrows())?;
    check::positive("number of components less one", k as f64 - 1.0)?;
    let (centre, covariance) = moments(x)?;
    let eigen = covariance.symmetric_eigen();
    let axis = eigen.eigenvectors.column(eigen.eigenvalues.imax()).transpose();
    // Places −1 … 1 along the axis, whose average is zero.
    let place = |j: usize| parting * (2.0 * j as f64 / (k - 1) as f64 - 1.0);
    let means = DMatrix::from_fn(k, x.ncols(), |j, a| centre[a] + place(j) * axis[a]);
    check::positive("spread of the parted means", extent(&means))?;
    SoftKMeans::new(means, stiffness, Weights::Held)
}

/// The growth of a small parting of merged means in one sweep, found by running the sweep.
/// ```math
/// \frac{\max_j\|\mu_j' - \bar\mu'\|}{\max_j\|\mu_j - \bar\mu\|}
///   \;\longrightarrow\; \beta\lambda_{\max}(S) \qquad (\eta\to0)
/// ```
/// One E and one M step from [`parted`]: the ratio of the [`spread`]s after and before. Arguments and errors as there.
///
/// Source: H-41, H-E06.
/// ```
/// use executable_em::soft_kmeans::parting_growth;
/// use nalgebra::dmatrix;
/// let growth = parting_growth(&dmatrix![-2.0; 2.0], 2, 0.25, 1e-4).unwrap(); // at the critical stiffness
/// assert!((growth - 1.0).abs() < 1e-7);
/// ```
pub fn parting_growth(x: &DMatrix<f64>, k: usize, stiffness: f64, parting: f64) -> Result<f64> {
    let before = parted(x, k, stiffness, parting)?;
    Ok(extent(&em::sweep(&before, x)?.means) / extent(&before.means))
}

/// The critical stiffness found by running the algorithm: where a small parting no longer merges.
///
/// After `sweeps` sweeps [`parted`] means are nearer to each other than at first, or farther apart. Forty-eight
/// bisections between $`\frac12/\mathrm{tr}\,S`$ and $`2d/\mathrm{tr}\,S`$, which enclose $`1/\lambda_{\max}`$ because
/// $`\mathrm{tr}\,S/d\le\lambda_{\max}\le\mathrm{tr}\,S`$, find the β in between. Arguments and errors as in
/// [`parted`].
///
/// Source: H-41, H-E06.
/// ```
/// use executable_em::soft_kmeans::{critical_stiffness, merging_stiffness};
/// use nalgebra::dmatrix;
/// let x = dmatrix![-2.0; -1.0; 0.5; 3.0];
/// assert!((merging_stiffness(&x, 2, 1e-4, 20)? - critical_stiffness(&x)?).abs() < 1e-7);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn merging_stiffness(x: &DMatrix<f64>, k: usize, parting: f64, sweeps: usize) -> Result<f64> {
    let total_variance = moments(x)?.1.trace();
    check::positive("total variance of the data", total_variance)?;
    let mean_variance = total_variance / x.ncols() as f64;
    let (mut merges, mut parts) = (0.5 / total_variance, 2.0 / mean_variance);
    let start = parted(x, k, merges, parting)?;
    for _ in 0..48 {
        let stiffness = 0.5 * (merges + parts);
        let mut model = start.with_stiffness(stiffness)?;
        for _ in 0..sweeps {
            model = em::sweep(&model, x)?;
        }
        if extent(&model.means) < extent(&start.means) {
            merges = stiffness;
        } else {
            parts = stiffness;
        }
    }
    Ok(0.5 * (merges + parts))
}

/// What each mean has in store: the factor by which two copies of it, a hair apart, move apart in a sweep.
/// ```math
/// g_j = \beta\,\lambda_{\max}(S_j), \qquad
/// S_j = \frac1{R_j}\sum_i r_{ij}\,(x_i-\hat\mu_j)(x_i-\hat\mu_j)^\top,\quad \hat\mu_j = \frac1{R_j}\sum_i r_{ij}\,x_i
/// ```
/// To first order the copies share r_ij as $`\frac12(1\pm\beta\,\eta\,u^\top(x_i-\mu_j))`$, and no other mean notices.
/// So a mean that stands for several splits when β passes the inverse of the largest variance of its own share of the
/// data; with all means merged that is [`critical_stiffness`]. `x` is n×d; returns k factors.
/// [`Error::Domain`](crate::Error::Domain) if $`R_j = 0`$.
///
/// Source: H-41, H-E06; Rose, Gurewitz and Fox (1990).
/// ```
/// use executable_em::soft_kmeans::{SoftKMeans, Weights, splitting_growths};
/// use nalgebra::dmatrix;
/// let model = SoftKMeans::new(dmatrix![-8.0; 8.0], 0.5, Weights::Held)?;
/// let growths = splitting_growths(&model, &dmatrix![-9.0; -7.0; 6.0; 10.0])?;
/// assert!((growths[0] - 0.5).abs() < 1e-12 && (growths[1] - 2.0).abs() < 1e-12); // the second would split
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn splitting_growths(model: &SoftKMeans, x: &DMatrix<f64>) -> Result<DVector<f64>> {
    let mut growths = DVector::zeros(model.means.nrows());
    for (growth, share) in growths.iter_mut().zip(model.responsibilities(x)?.column_iter()) {
        check::positive("count of a component", share.sum())?;
        let share = share.into_owned();
        let covariance = gaussian::covariance_about(x, &share, &gaussian::mean_of(x, &share));
        *growth = model.stiffness * covariance.symmetric_eigenvalues().max();
    }
    Ok(growths)
}

/// Mean and covariance of data that are yet to be seen to be such.
fn moments(x: &DMatrix<f64>) -> Result<(RowDVector<f64>, DMatrix<f64>)> {
    check::finite("data", x)?;
    Ok(gaussian::moments(x))
}
