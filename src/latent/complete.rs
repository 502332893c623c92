//! The complete data: what could be said, and fitted, if the labels were seen.

use super::Model;
use crate::check;
use crate::error::{Error, Result};
use nalgebra::{DMatrix, DVector};
use rand::{Rng, RngExt};

/// Labels as a matrix of zeros with a single one in each row.
/// ```math
/// z_{ij} = \mathbf 1[\,\text{label}_i = j\,]
/// ```
/// `labels` holds n numbers below `k`; returns n×k. [`Error::Label`] for others, [`Error::Domain`] if n×k is giant.
///
/// Source: H-03, H-43, L-17, T-01, T-36.
/// ```
/// use executable_em::latent::one_hot;
/// use nalgebra::dmatrix;
/// assert_eq!(one_hot(&[1, 0], 3), Ok(dmatrix![0.0, 1.0, 0.0; 1.0, 0.0, 0.0]));
/// ```
pub fn one_hot(labels: &[usize], k: usize) -> Result<DMatrix<f64>> {
    check::labels(labels, labels.len(), k)?;
    check::storable("number of labels times components", k.saturating_mul(labels.len().max(1)))?;
    Ok(indicators(labels, k))
}

/// [`one_hot`] of labels that are known to be below k.
pub(crate) fn indicators(labels: &[usize], k: usize) -> DMatrix<f64> {
    DMatrix::from_fn(labels.len(), k, |i, j| if labels[i] == j { 1.0 } else { 0.0 })
}

/// A label, drawn with these probabilities; rounding may leave a little beyond the last that is possible.
pub(crate) fn drawn_label<'a>(probabilities: impl Iterator<Item = &'a f64>, rng: &mut impl Rng) -> usize {
    let mut left: f64 = rng.random();
    let mut last = 0;
    for (j, &probability) in probabilities.enumerate() {
        if probability > 0.0 {
            last = j;
            if left < probability {
                return j;
            }
            left -= probability;
        }
    }
    last
}

/// The prior probability of a one-hot label vector.
/// ```math
/// p(z) = \prod_j \pi_j^{z_j}
/// ```
/// `z` has k entries, one of them 1 and the rest 0; `weights` is a probability vector of the same length. Over one-hot
/// vectors alone does the product sum to one, so anything else is an [`Error::NotOnSimplex`].
///
/// Source: B-02, H-44, T-36, T-E24.
/// ```
/// use executable_em::latent::prior;
/// use nalgebra::dvector;
/// assert_eq!(prior(&dvector![0.0, 1.0], &dvector![0.3, 0.7]), Ok(0.7));
/// assert!(prior(&dvector![1.0, 1.0], &dvector![0.3, 0.7]).is_err());
/// ```
pub fn prior(z: &DVector<f64>, weights: &DVector<f64>) -> Result<f64> {
    check::distribution("weights", weights, weights.len())?;
    check::distribution("one-hot label", z, weights.len())?;
    if let Some(&value) = z.iter().find(|&&entry| entry != 0.0 && entry != 1.0) {
        return Err(Error::NotOnSimplex { what: "one-hot label", row: 0, value });
    }
    Ok(weights.iter().zip(z).map(|(weight, &exponent)| weight.powf(exponent)).product())
}

/// The log prior probability of the labels of a whole data set.
/// ```math
/// \log p(z) = \sum_{ij} z_{ij}\log\pi_j = \sum_i\log\pi_{z_i}
/// ```
/// `labels` holds n numbers below k, `weights` k probabilities; returns nats, −∞ if a label has weight zero.
///
/// Source: H-44, L-17.
/// ```
/// use executable_em::latent::complete::log_prior;
/// use nalgebra::dvector;
/// assert_eq!(log_prior(&[0, 1], &dvector![0.25, 0.75]), Ok(0.25_f64.ln() + 0.75_f64.ln()));
/// ```
pub fn log_prior(labels: &[usize], weights: &DVector<f64>) -> Result<f64> {
    check::distribution("weights", weights, weights.len())?;
    check::labels(labels, labels.len(), weights.len())?;
    Ok(labels.iter().map(|&label| weights[label].ln()).sum())
}

/// The log density of the data given their labels.
/// ```math
/// \log p(x \mid z) = \sum_{ij} z_{ij}\log p(x_i \mid z_i = j)
/// ```
/// `component_log_densities` is the n×k matrix of log p(x_i | z_i = j), without weights, which would make it the joint,
/// and `labels` holds n numbers below k; returns nats. Errors as in [`log_likelihood`].
///
/// Source: H-45, H-53, H-E09, H-E10, L-E05.
/// ```
/// use executable_em::latent::complete::log_conditional;
/// use nalgebra::dmatrix;
/// assert_eq!(log_conditional(&dmatrix![-1.0, -2.0; -3.0, -4.0], &[1, 0]), Ok(-5.0));
/// ```
pub fn log_conditional(component_log_densities: &DMatrix<f64>, labels: &[usize]) -> Result<f64> {
    log_likelihood(component_log_densities, labels)
}

/// The complete-data log-likelihood: the log joint of the data and their labels.
/// ```math
/// \log p(x, z \mid \theta) = \sum_{ij} z_{ij}\log p(x_i, z_i = j \mid \theta)
/// ```
/// `log_joint` is n×k in nats, `labels` holds n numbers below k; returns nats. It is linear in the one-hot z, which is
/// why replacing z by its expectation is exact: $`E\log p(x, z) = \log p(x, E z)`$ in this form. [`Error::Label`] and
/// [`Error::Shape`] for labels that do not fit, and the errors of [`log_marginals`](super::log_marginals).
///
/// Source: H-47, H-53, H-62, L-09, L-18, C-32, B-06, T-20, H-55.
/// ```
/// use executable_em::latent::complete::log_likelihood;
/// use nalgebra::dmatrix;
/// assert_eq!(log_likelihood(&dmatrix![-1.0, -2.0; -3.0, -4.0], &[0, 1]), Ok(-5.0));
/// ```
pub fn log_likelihood(log_joint: &DMatrix<f64>, labels: &[usize]) -> Result<f64> {
    check_labelled(log_joint, labels)?;
    Ok(pick(log_joint, labels))
}

/// The sum of one entry a row, the one that its label names.
pub(super) fn pick(log_joint: &DMatrix<f64>, labels: &[usize]) -> f64 {
    labels.iter().enumerate().map(|(i, &label)| log_joint[(i, label)]).sum()
}

/// The complete-data log-likelihood, component by component.
/// ```math
/// \log p(x, z \mid \theta) = \sum_j c_j, \qquad c_j = \sum_i z_{ij}\log p(x_i, z_i = j \mid \theta)
/// ```
/// `log_joint` is n×k in nats, `labels` holds n numbers below k; returns k values c_j in nats, 0 for a component
/// without data. The mean and the covariance of component j appear in c_j alone: the parameters decouple, as they do
/// not in ℓ.
///
/// Source: H-50, H-54, H-25.
/// ```
/// use executable_em::latent::complete::by_component;
/// use nalgebra::{dmatrix, dvector};
/// assert_eq!(by_component(&dmatrix![-1.0, -2.0; -3.0, -4.0; -5.0, -6.0], &[0, 1, 0]), Ok(dvector![-6.0, -4.0]));
/// ```
pub fn by_component(log_joint: &DMatrix<f64>, labels: &[usize]) -> Result<DVector<f64>> {
    check_labelled(log_joint, labels)?;
    let mut sums = DVector::zeros(log_joint.ncols());
    for (i, &label) in labels.iter().enumerate() {
        sums[label] += log_joint[(i, label)];
    }
    Ok(sums)
}

/// The complete-data log-likelihood in a form that looks the same and is not linear in z.
/// ```math
/// \sum_i\log\sum_j z_{ij}\,p(x_i, z_i = j \mid \theta)
/// ```
/// `log_joint` and `z` are n×k; returns nats. For a one-hot `z` this is [`log_likelihood`]. For the expected z it
/// exceeds the expectation Σ z_ij log p(x_i, z_i = j) by Jensen's inequality: a soft r in a formula that needs a hard
/// one. [`Error::ImpossibleDatum`] if every label with mass has joint zero.
///
/// Source: H-55, H-E15.
/// ```
/// use executable_em::latent::{complete::log_sum_form, expected_log_joint};
/// use nalgebra::dmatrix;
/// let (half, log_joint) = (dmatrix![0.5, 0.5], dmatrix![0.1_f64.ln(), 0.4_f64.ln()]);
/// assert!((log_sum_form(&log_joint, &half)? - 0.25_f64.ln()).abs() < 1e-15);
/// assert!((expected_log_joint(&half, &log_joint)? - 0.2_f64.ln()).abs() < 1e-15); // the geometric mean
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn log_sum_form(log_joint: &DMatrix<f64>, z: &DMatrix<f64>) -> Result<f64> {
    super::check_log_joint(log_joint)?;
    check::distributions("z", z, log_joint.shape())?;
    super::log_likelihood(&log_joint.zip_map(z, |log_p, z| log_p + z.ln()))
}

/// The log posterior probability of the labels of a whole data set, which factorises over the data.
/// ```math
/// \log p(z \mid x, \theta) = \sum_i\log r_{i z_i}
/// ```
/// `log_joint` is n×k in nats, `labels` holds n numbers below k; returns nats. That is a fact about labels which are
/// independent of each other beforehand; for others see [`posterior_under`](super::labelings::posterior_under).
///
/// Source: H-48, H-50, L-13, L-20.
/// ```
/// use executable_em::latent::complete::log_posterior;
/// use nalgebra::dmatrix;
/// assert_eq!(log_posterior(&dmatrix![-1.0, -1.0], &[1]), Ok(-2_f64.ln()));
/// ```
pub fn log_posterior(log_joint: &DMatrix<f64>, labels: &[usize]) -> Result<f64> {
    let log_evidence = super::log_sums(log_joint).sum();
    check::defined_number("log posterior", log_likelihood(log_joint, labels)? - log_evidence)
}

/// The maximum-likelihood fit when the labels are known: one M step with one-hot responsibilities, no iteration.
/// ```math
/// \hat\pi_j = \frac{n_j}n, \quad \hat\mu_j = \frac1{n_j}\sum_i z_{ij}x_i, \quad
/// \hat\Sigma_j = \frac1{n_j}\sum_i z_{ij}(x_i-\hat\mu_j)(x_i-\hat\mu_j)^\top, \qquad n_j = \sum_i z_{ij}
/// ```
/// (for the Gaussian mixture). `model` gives the family and what a component without data keeps; `x` is n×d, `labels`
/// holds n numbers below k. Errors as in [`one_hot`] and the M step. Without labels r_ij stands for z_ij and depends on
/// θ: no closed form.
///
/// Source: H-54, H-59, B-18, T-19.
/// ```
/// use executable_em::{data, gaussian_mixture::{CovarianceFamily, random_start}, latent::complete};
/// let (x, labels) = data::blobs();
/// let any = random_start(&x, 4, CovarianceFamily::Full, &mut data::rng(1))?;
/// assert_eq!(complete::maximum_likelihood(&any, &x, &labels, 4)?.weights().as_slice(), [0.25; 4]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn maximum_likelihood<M: Model>(model: &M, x: &DMatrix<f64>, labels: &[usize], k: usize) -> Result<M> {
    check::shape("labels", (labels.len(), 1), (x.nrows(), 1))?;
    model.maximize(x, &one_hot(labels, k)?)
}

/// A log joint, and a label for every row of it.
fn check_labelled(log_joint: &DMatrix<f64>, labels: &[usize]) -> Result<()> {
    super::check_log_joint(log_joint)?;
    check::labels(labels, log_joint.nrows(), log_joint.ncols())
}
