//! Where EM starts: at random data, at a k-means clustering, or at given labels.

use super::{CovarianceFamily, GaussianMixture, axes};
use crate::error::Result;
use crate::latent::complete::indicators;
use crate::{check, gaussian, kmeans};
use nalgebra::{DMatrix, DVector, RowDVector};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

/// From so many columns on, whitening takes longer than sweeps along the axes.
const MANY_COLUMNS: usize = 100;

/// So many numbers of covariances, 2 GiB, fit into memory with their factors and sums.
const MOST_ENTRIES: usize = 1 << 28;

/// A random start: k different data as means, equal weights, and for every component the covariance of all the data.
///
/// `x` is n×d. [`Error::ComponentCount`](crate::Error::ComponentCount) unless 1 ≤ k ≤ n,
/// [`Error::NotPositiveDefinite`](crate::Error::NotPositiveDefinite) for data in a hyperplane.
///
/// Source: H-38, L-12, T-23, H-E17.
/// ```
/// use executable_em::{data, gaussian_mixture::{CovarianceFamily, random_start}};
/// let start = random_start(&data::old_faithful(), 3, CovarianceFamily::Full, &mut data::rng(5)).unwrap();
/// assert_eq!(start.weights()[0], 1.0 / 3.0);
/// ```
pub fn random_start(
    x: &DMatrix<f64>,
    k: usize,
    family: CovarianceFamily,
    rng: &mut impl Rng,
) -> Result<GaussianMixture> {
    let means = kmeans::random_start(x, k, rng)?;
    broad(x, means, family, 1.0)
}

/// A start at a k-means clustering: k-means++, then Lloyd's algorithm, then [`start_from_labels`].
///
/// `x` is n×d; errors as in [`random_start`].
///
/// Source: T-09; Bishop (2006), §9.2.2.
/// ```
/// use executable_em::{data, em, gaussian_mixture::{CovarianceFamily, kmeans_start}};
/// let (x, _) = data::blobs();
/// let start = kmeans_start(&x, 4, CovarianceFamily::Full, &mut data::rng(1))?;
/// let fit = em::fit(start, &x, &em::Stopping::default())?;
/// assert!((fit.log_likelihood - -1264.85924).abs() < 1e-5);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn kmeans_start(
    x: &DMatrix<f64>,
    k: usize,
    family: CovarianceFamily,
    rng: &mut impl Rng,
) -> Result<GaussianMixture> {
    start_from_clusters(x, x, k, family, rng)
}

/// A start at a k-means clustering of the data in units of their own: each column divided by its standard deviation.
///
/// Then neither the start nor where EM ends depends on the units of a column. `x` is n×d; a column without spread
/// stays as it is. Errors as in [`random_start`].
///
/// Source: T-09, H-06.
/// ```
/// use executable_em::{data, gaussian_mixture::{CovarianceFamily::Full, scaled_kmeans_start}};
/// let x = data::old_faithful();
/// let mut seconds = x.clone();
/// seconds.column_mut(0).scale_mut(64.0);
/// let start = |x| scaled_kmeans_start(x, 3, Full, &mut data::rng(1));
/// assert_eq!(start(&x)?.weights(), start(&seconds)?.weights());
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn scaled_kmeans_start(
    x: &DMatrix<f64>,
    k: usize,
    family: CovarianceFamily,
    rng: &mut impl Rng,
) -> Result<GaussianMixture> {
    start_from_clusters(x, &scaled(x), k, family, rng)
}

fn scaled(x: &DMatrix<f64>) -> DMatrix<f64> {
    let mut scaled = x.clone();
    for mut column in scaled.column_iter_mut() {
        let sd = column.variance().sqrt();
        if sd > 0.0 {
            column /= sd;
        }
    }
    scaled
}

/// A start at a k-means clustering of the whitened data, in which all directions have the same spread.
/// ```math
/// y_i = L^{-1}(x_i - \bar x), \qquad LL^\top = \frac1n\sum_i(x_i - \bar x)(x_i - \bar x)^\top
/// ```
/// Then no regular linear map of the data changes the labels: clusters that lie side by side across a long direction
/// are found as easily as those along it. Diagonal and spherical components, which know no correlations, start at a
/// [`scaled_kmeans_start`] where L would cost more than all else: from a hundred columns on, or no fewer than data.
/// `x` is n×d; errors as in [`random_start`], [`Error::NotPositiveDefinite`](crate::Error::NotPositiveDefinite) if
/// columns depend on each other.
///
/// Source: T-09, H-18.
/// ```
/// use executable_em::{data, gaussian_mixture::{CovarianceFamily::Full, whitened_kmeans_start}};
/// let x = data::old_faithful();
/// let sheared = &x * nalgebra::dmatrix![1.0, 40.0; 0.0, 1.0];
/// let start = |x| whitened_kmeans_start(x, 2, Full, &mut data::rng(1));
/// assert_eq!(start(&x)?.weights(), start(&sheared)?.weights());
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn whitened_kmeans_start(
    x: &DMatrix<f64>,
    k: usize,
    family: CovarianceFamily,
    rng: &mut impl Rng,
) -> Result<GaussianMixture> {
    start_from_clusters(x, &whitened(x, k, family)?, k, family, rng)
}

/// A random start of narrow components: k different data as means, equal weights, and the covariance of all the data
/// divided by (uk)², u uniform between 1 and 3.
///
/// Where [`random_start`] lets every component see all data, so that most of them go the same way, these see what is
/// near them, and small or thin groups keep a component of their own. `x` is n×d; errors as in [`random_start`].
///
/// Source: H-38, T-23; Biernacki, Celeux and Govaert (2003), Computational Statistics & Data Analysis 41, 561–575.
/// ```
/// use executable_em::{data, gaussian_mixture::{CovarianceFamily::Full, narrow_start, random_start}};
/// let x = data::old_faithful();
/// let variance = |start: executable_em::gaussian_mixture::GaussianMixture| start.covariances()[0][0];
/// let broad = variance(random_start(&x, 3, Full, &mut data::rng(1))?);
/// assert!((1.0 / 81.0..=1.0 / 9.0).contains(&(variance(narrow_start(&x, 3, Full, &mut data::rng(1))?) / broad)));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn narrow_start(
    x: &DMatrix<f64>,
    k: usize,
    family: CovarianceFamily,
    rng: &mut impl Rng,
) -> Result<GaussianMixture> {
    let means = kmeans::random_start(x, k, rng)?;
    let part = k as f64 * rng.random_range(1.0..3.0);
    broad(x, means, family, 1.0 / (part * part))
}

/// A start at a k-means clustering of the data seen from one random side: whitened, then projected onto a line.
/// ```math
/// y_i = u^\top L^{-1}(x_i - \bar x), \qquad u\sim\mathcal N(0, I)
/// ```
/// Groups that overlap from most sides may be apart from one; every call looks from another. `x` is n×d; errors as in
/// [`whitened_kmeans_start`].
///
/// Source: T-09, H-18; Dasgupta (2000), UAI, 143–151.
/// ```
/// use executable_em::{data, gaussian_mixture::{CovarianceFamily::Full, projected_kmeans_start}};
/// let start = projected_kmeans_start(&data::old_faithful(), 2, Full, &mut data::rng(1))?;
/// assert_eq!(start.weights().len(), 2);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn projected_kmeans_start(
    x: &DMatrix<f64>,
    k: usize,
    family: CovarianceFamily,
    rng: &mut impl Rng,
) -> Result<GaussianMixture> {
    let white = whitened(x, k, family)?;
    let side = DVector::from_fn(x.ncols(), |_, _| StandardNormal.sample(rng));
    let projected = DMatrix::from_columns(&[white * side]);
    start_from_clusters(x, &projected, k, family, rng)
}

/// The data, at least k, in units in which all directions have the same spread, or all columns.
fn whitened(x: &DMatrix<f64>, k: usize, family: CovarianceFamily) -> Result<DMatrix<f64>> {
    check::enough_data(x, k)?;
    if family.is_along_axes() && x.ncols() >= x.nrows().min(MANY_COLUMNS) {
        return Ok(scaled(x));
    }
    check_size(k, x.ncols(), family)?;
    let (centre, covariance) = gaussian::moments(x);
    Ok(gaussian::whitened(x, &centre, &gaussian::cholesky(&covariance, 0)?).transpose())
}

/// A start at the labels that k-means gives the data in other coordinates `y`, a row for each of `x`.
fn start_from_clusters(
    x: &DMatrix<f64>,
    y: &DMatrix<f64>,
    k: usize,
    family: CovarianceFamily,
    rng: &mut impl Rng,
) -> Result<GaussianMixture> {
    check_size(k, x.ncols(), family)?;
    let clustering = kmeans::lloyd(y, &kmeans::plus_plus_start(y, k, rng)?, 100)?;
    start_from_labels(x, clustering.labels(), k, family)
}

/// A start at given labels: the maximum-likelihood parameters if the labels were true.
///
/// Known classes make the fit a closed form. A component with too few data for a positive definite covariance gets that
/// of all the data, and one without any also their mean. `x` is n×d, `labels` holds n numbers below k.
///
/// Source: H-54, B-18.
/// ```
/// use executable_em::{data, gaussian_mixture::{CovarianceFamily, start_from_labels}};
/// let (x, labels) = data::blobs();
/// let start = start_from_labels(&x, &labels, 4, CovarianceFamily::Full).unwrap();
/// assert_eq!(start.weights().as_slice(), [0.25; 4]);
/// ```
pub fn start_from_labels(
    x: &DMatrix<f64>,
    labels: &[usize],
    k: usize,
    family: CovarianceFamily,
) -> Result<GaussianMixture> {
    check::enough_data(x, k)?;
    check::labels(labels, x.nrows(), k)?;
    let centre = centre(x);
    let broad = broad(x, DMatrix::from_fn(k, x.ncols(), |_, a| centre[a]), family, 1.0)?;
    let (weights, means, mut covariances) = broad.updated(x, &indicators(labels, k))?;
    for (covariance, fallback) in covariances.iter_mut().zip(broad.stored_covariances()) {
        if is_singular(covariance, x)? {
            *covariance = fallback;
        }
    }
    GaussianMixture::new(weights, means, covariances, family)
}

/// Whether a covariance of some of the data is singular but for rounding: Cholesky accepts every other one of rank one.
fn is_singular(covariance: &DMatrix<f64>, x: &DMatrix<f64>) -> Result<bool> {
    check::finite("covariance", covariance)?;
    let d = x.ncols();
    // A scatter of n rounded products errs by (n + 6) ε of the two spreads, and a mean by n ε of the data.
    let rounding = (x.nrows() + 6) as f64 * f64::EPSILON;
    // Of one along the axes only the diagonal is there, d×1.
    let is_diagonal = covariance.ncols() == 1;
    let diagonal = if is_diagonal { covariance.column(0).into_owned() } else { covariance.diagonal() };
    let sd = diagonal.map(f64::sqrt);
    if (0..d).any(|a| sd[a] <= rounding * x.column(a).amax()) {
        return Ok(true);
    }
    if is_diagonal {
        return Ok(false);
    }
    let correlation = DMatrix::from_fn(d, d, |a, b| covariance[(a, b)] / (sd[a] * sd[b]));
    Ok(correlation.symmetric_eigenvalues().min() <= d as f64 * rounding)
}

/// A mixture of these means with equal weights whose components all have this part of the variance of the data.
fn broad(
    x: &DMatrix<f64>,
    means: DMatrix<f64>,
    family: CovarianceFamily,
    part: f64,
) -> Result<GaussianMixture> {
    let (k, d) = means.shape();
    let weights = DVector::from_element(k, 1.0 / k as f64);
    let covariances = if family.is_along_axes() {
        let ones = DVector::from_element(x.nrows(), 1.0);
        axes::constrained(family, vec![axes::variances_about(x, &ones, &centre(x)) * part; k])
    } else {
        check_size(k, d, family)?;
        family.constrained(vec![gaussian::moments(x).1 * part; k], &weights)
    };
    GaussianMixture::new(weights, means, covariances, family)
}

/// That k whole covariances can be stored: beyond that, asking for them would end the program.
fn check_size(k: usize, d: usize, family: CovarianceFamily) -> Result<()> {
    let count = if family.is_along_axes() { 0 } else { k.saturating_mul(d).saturating_mul(d) };
    let allowed = "at most 2²⁸; diagonal and spherical ones have d each";
    check::domain("number of entries of the covariances", count as f64, count <= MOST_ENTRIES, allowed)
}

/// The mean of the data.
fn centre(x: &DMatrix<f64>) -> RowDVector<f64> {
    gaussian::mean_of(x, &DVector::from_element(x.nrows(), 1.0))
}
