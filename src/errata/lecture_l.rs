//! What decides the errata of lecture 13, Gaussian mixture models.
//!
//! Most are one and the same slip, a dimension d that is lost where the covariances become round, and its consequences.

use crate::error::Result;
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture, spherical};
use crate::latent::{self, Model};
use crate::{check, em, kmeans};
use nalgebra::{DMatrix, DVector, RowDVector};
use std::f64::consts::TAU;

/// The log density of a round Gaussian, as printed for x in any dimension.
/// ```math
/// \text{printed}\quad -\tfrac12\log 2\pi - \tfrac12\log\sigma^2 - \frac{\|x_i-\mu\|^2}{2\sigma^2} \qquad
/// \text{right}\quad -\tfrac d2\log 2\pi - \tfrac d2\log\sigma^2 - \frac{\|x_i-\mu\|^2}{2\sigma^2}
/// ```
/// Right is [`gaussian::log_density`](crate::gaussian::log_density) with Σ = σ²I. The printed density integrates to
/// $`(2\pi\sigma^2)^{(d-1)/2}`$. `x` is n×d, `mean` 1×d, `variance` σ² > 0.
///
/// Source: L-E01.
/// ```
/// use executable_em::errata::lecture_l::log_density_without_the_dimension;
/// use nalgebra::{RowDVector, dmatrix};
/// let printed = log_density_without_the_dimension(&dmatrix![0.0, 0.0], &RowDVector::zeros(2), 1.0)?;
/// assert!((printed[0] + 0.5 * std::f64::consts::TAU.ln()).abs() < 1e-15); // right: twice as much
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn log_density_without_the_dimension(
    x: &DMatrix<f64>,
    mean: &RowDVector<f64>,
    variance: f64,
) -> Result<DVector<f64>> {
    check::positive("variance", variance)?;
    let distances = kmeans::squared_distances(x, &DMatrix::from_rows(std::slice::from_ref(mean)))?;
    let at = |distance| -0.5 * TAU.ln() - 0.5 * variance.ln() - distance / (2.0 * variance);
    check::defined("log density", distances.column(0).map(at))
}

/// The expected complete-data log-likelihood of a mixture of round Gaussians, as printed.
/// ```math
/// \text{printed}\quad Q = \sum_{ij} r_{ij}\left(\log\pi_j - \tfrac12\log 2\pi - \tfrac12\log\sigma_j^2
///     - \frac{\|x_i-\mu_j\|^2}{2\sigma_j^2}\right)
/// ```
/// Right is [`spherical::expected_log_joint`], with the same arguments, in nats, and d/2 in place of both halves;
/// printed less right is $`\frac{d-1}2\sum_j R_j\log 2\pi\sigma_j^2`$, which moves the maximum.
///
/// Source: L-E01.
/// ```
/// use executable_em::errata::lecture_l::expected_log_joint_without_the_dimension;
/// use nalgebra::{dmatrix, dvector};
/// let (x, r, one) = (dmatrix![1.0, 1.0], dmatrix![1.0], dvector![1.0]);
/// let q = expected_log_joint_without_the_dimension(&x, &r, &one, &dmatrix![0.0, 0.0], &one)?;
/// assert!((q + 0.5 * std::f64::consts::TAU.ln() + 1.0).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn expected_log_joint_without_the_dimension(
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    weights: &DVector<f64>,
    means: &DMatrix<f64>,
    variances: &DVector<f64>,
) -> Result<f64> {
    spherical::check_state(x, r, means, variances)?;
    check::distribution("weights", weights, variances.len())?;
    let mut log_joint = DMatrix::zeros(x.nrows(), means.nrows());
    for j in 0..means.nrows() {
        let density = log_density_without_the_dimension(x, &means.row(j).into_owned(), variances[j])?;
        log_joint.set_column(j, &density.add_scalar(weights[j].ln()));
    }
    latent::expected_log_joint(r, &log_joint)
}

/// The derivative of Q in the variances, as printed.
/// ```math
/// \text{printed}\quad \sum_i r_{ij}\left(-\frac1{2\sigma_j^2} + \frac2{(2\sigma_j^2)^2}\|x_i-\mu_j\|^2\right) \qquad
/// \text{right}\quad \sum_i r_{ij}\left(-\frac d{2\sigma_j^2} + \frac2{(2\sigma_j^2)^2}\|x_i-\mu_j\|^2\right)
/// ```
/// Right is [`spherical::score_in_variances`], with the same arguments; the two differ by $`(d-1)R_j/2\sigma_j^2`$.
///
/// Source: L-E02.
/// ```
/// use executable_em::errata::lecture_l::variance_score_without_the_dimension;
/// use nalgebra::{dmatrix, dvector};
/// // |x − μ|² = 2 in two dimensions: σ² = 1 is the best, but here the slope is not yet zero.
/// let (x, r, mean) = (dmatrix![1.0, 1.0], dmatrix![1.0], dmatrix![0.0, 0.0]);
/// assert_eq!(variance_score_without_the_dimension(&x, &r, &mean, &dvector![1.0])?, dvector![0.5]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn variance_score_without_the_dimension(
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    means: &DMatrix<f64>,
    variances: &DVector<f64>,
) -> Result<DVector<f64>> {
    spherical::check_state(x, r, means, variances)?;
    let distances = kmeans::squared_distances(x, means)?;
    let scores = DVector::from_fn(variances.len(), |j, _| {
        let twice = 2.0 * variances[j];
        (0..x.nrows()).map(|i| r[(i, j)] * (-1.0 / twice + 2.0 / (twice * twice) * distances[(i, j)])).sum()
    });
    check::defined("score", scores)
}

/// The update of the variances, as printed.
/// ```math
/// \text{printed}\quad \sigma_j^2 = \frac{\sum_i r_{ij}\|x_i-\mu_j\|^2}{\sum_i r_{ij}} \qquad
/// \text{right}\quad \sigma_j^2 = \frac{\sum_i r_{ij}\|x_i-\mu_j\|^2}{d\,\sum_i r_{ij}}
/// ```
/// Right is [`spherical::variances`], with the same arguments, k numbers: a mean squared distance *per dimension*. The
/// printed one is d times as large. On the cross (±1, 0), (0, ±1) it gives 1 for ½, and ℓ falls by 4(log 2 − ½).
/// [`Error::Domain`](crate::Error::Domain) if $`\sum_i r_{ij} = 0`$.
///
/// Source: L-E03. Example: [`sweep_without_the_dimension`].
pub fn variances_without_the_dimension(
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    means: &DMatrix<f64>,
) -> Result<DVector<f64>> {
    check::state(x, r, means)?;
    let counts = latent::counts(r);
    counts.iter().try_for_each(|&count| check::positive("count of a component", count))?;
    let distances = kmeans::squared_distances(x, means)?;
    let of = |j| r.column(j).dot(&distances.column(j)) / counts[j];
    check::defined("variances", DVector::from_fn(means.nrows(), |j, _| of(j)))
}

/// A sweep of EM for round components with the printed update of the variances.
///
/// Right is [`em::sweep`] of the family [`CovarianceFamily::Spherical`], with its weights and means; every variance is
/// the one of [`variances_without_the_dimension`]. Started at a maximum of ℓ it goes down, which no sweep of EM does.
///
/// Source: L-E03.
/// ```
/// use executable_em::{errata::lecture_l, gaussian_mixture::{CovarianceFamily, GaussianMixture}};
/// use nalgebra::{DMatrix, dmatrix, dvector};
/// let cross = dmatrix![1.0, 0.0; -1.0, 0.0; 0.0, 1.0; 0.0, -1.0];
/// let best = vec![DMatrix::identity(2, 2) * 0.5];
/// let best = GaussianMixture::new(dvector![1.0], dmatrix![0.0, 0.0], best, CovarianceFamily::Spherical)?;
/// let after = lecture_l::sweep_without_the_dimension(&best, &cross)?;
/// let fall = best.log_likelihood(&cross)? - after.log_likelihood(&cross)?;
/// assert!((fall - 4.0 * (2_f64.ln() - 0.5)).abs() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn sweep_without_the_dimension(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<GaussianMixture> {
    let right = em::sweep(model, x)?;
    let variances = variances_without_the_dimension(x, &model.responsibilities(x)?, right.means())?;
    let d = x.ncols();
    let round = variances.iter().map(|&variance| DMatrix::from_diagonal_element(d, d, variance)).collect();
    right.with_covariances(round, CovarianceFamily::Spherical)
}

/// The labels that the printed E step "finds": the most probable one of every datum.
/// ```math
/// \text{printed}\quad z_i = \arg\max_j p(z_i = j\mid x_i,\theta^t) \qquad
/// \text{right}\quad r_{ij} = p(z_i = j\mid x_i,\theta^t) \text{ for every } j
/// ```
/// Right is [`latent::responsibilities`]: the E step keeps the whole distribution, and Q is a function of θ alone.
/// Choosing the best z is a step of another algorithm, classification EM. Returns n labels, the lower one in a tie.
///
/// Source: L-E04.
/// ```
/// use executable_em::errata::lecture_l::most_probable_labels;
/// use nalgebra::dmatrix;
/// assert_eq!(most_probable_labels(&dmatrix![-1.0, -2.0; -3.0, -2.5; -4.0, -4.0])?, [0, 1, 0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn most_probable_labels(log_joint: &DMatrix<f64>) -> Result<Vec<usize>> {
    let r = latent::responsibilities(log_joint)?;
    // `imax` of nalgebra keeps the first of equal entries.
    Ok(r.row_iter().map(|row| row.transpose().imax()).collect())
}

/// A sweep with the E step as printed: every datum counts for its most probable component alone.
/// ```math
/// \theta^{t+1} = \arg\max_\theta\sum_i\log p(x_i, z_i\mid\theta), \qquad z_i = \arg\max_j p(z_i = j\mid x_i,\theta^t)
/// ```
/// Right is [`em::sweep`]. This one raises $`\max_z\log p(x, z\mid\theta)`$, and may lower ℓ: it does on {3, 4, 5, 8,
/// 8} from the maximum at variance 4. On overlapping clusters its means are driven apart, however many data there are.
/// `x` is n×d; a component that is nobody's most probable one is treated as in the model's M step.
///
/// Source: L-E04.
/// ```
/// use executable_em::{errata::lecture_l::sweep_with_hard_labels, soft_kmeans::{SoftKMeans, Weights}};
/// use nalgebra::dmatrix;
/// let model = SoftKMeans::new(dmatrix![0.0; 3.0], 1.0, Weights::Held)?;
/// let x = dmatrix![0.0; 1.0; 2.0; 3.0; 4.0];
/// assert_eq!(sweep_with_hard_labels(&model, &x)?, model.hard_sweep(&x)?);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn sweep_with_hard_labels<M: Model>(model: &M, x: &DMatrix<f64>) -> Result<M> {
    let log_joint = model.log_joint(x)?;
    model.maximize(x, &latent::one_hot(&most_probable_labels(&log_joint)?, log_joint.ncols())?)
}

/// Q, if the datum in the posterior is none of those in the likelihood.
/// ```math
/// \text{literal, for each } i\quad \sum_j p(z_i = j\mid x_i)\,\log\prod_l\pi_j\,\mathcal N(x_l;\mu_j,\Sigma_j) \qquad
/// \text{right}\quad Q = \sum_i\sum_j p(z_i = j\mid x_i)\,\log\pi_j\,\mathcal N(x_i;\mu_j,\Sigma_j)
/// ```
/// Right is [`latent::expected_log_joint`], and so is the last line of the same derivation: the index i, which stands
/// outside a product over i, is meant to be the same. Read as it stands the formula has a value for each datum, and
/// none is Q unless there is but one. `log_joint` is n×k; returns n values in nats.
///
/// Source: L-E06, L-E13.
/// ```
/// use executable_em::errata::lecture_l::expected_log_joint_with_a_shared_index;
/// use nalgebra::{dmatrix, dvector};
/// let never = f64::NEG_INFINITY;
/// let literal = expected_log_joint_with_a_shared_index(&dmatrix![-1.0, never; -3.0, never])?;
/// assert_eq!(literal, dvector![-4.0, -4.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn expected_log_joint_with_a_shared_index(log_joint: &DMatrix<f64>) -> Result<DVector<f64>> {
    let r = latent::responsibilities(log_joint)?;
    let products = log_joint.row_sum(); // the log of the product over all data, for each label
    // A label without probability adds nothing, even if its product is zero.
    let term = |r: f64, product: f64| if r == 0.0 { 0.0 } else { r * product };
    let sums = DVector::from_fn(r.nrows(), |i, _| r.row(i).zip_map(&products, term).sum());
    check::defined("expected log joint", sums)
}
