//! As printed in lecture 23 of Statistical Machine Learning (Melbourne, 2021).

use crate::bound;
use crate::error::Result;
use crate::gaussian_mixture::{GaussianMixture, update};
use crate::latent::{self, complete};
use nalgebra::DMatrix;

/// The covariance update of the slide on the maximisation step, whose mean carries the superscript (t).
/// ```math
/// \text{printed: } \Sigma_c^{(t+1)} = \frac{1}{r_c}\sum_i r_{ic}\,x_ix_i^\top - \mu_c^{(t)}\mu_c^{(t)\top},
/// \qquad\text{right: } \dots - \mu_c^{(t+1)}\mu_c^{(t+1)\top}
/// ```
/// Right is [`update::raw_moment_covariances`] at the updated means, or the centred [`update::covariances`]. The
/// printed form adds $`\mu^{(t+1)}\mu^{(t+1)\top} - \mu^{(t)}\mu^{(t)\top}`$, which vanishes at a fixed point and may
/// be negative on the way there. Decided by {1, 3} and one component: from μ = 1.5 it lowers ℓ, from μ = 4 the variance
/// is −11. `model` is θ^t, `x` n×d; returns k matrices d×d, symmetric but perhaps not positive.
/// [`Error::Domain`](crate::Error::Domain) for a component without any responsibility.
///
/// Source: C-E01.
/// ```
/// use executable_em::{errata::lecture_c, gaussian_mixture::{CovarianceFamily, GaussianMixture}};
/// use nalgebra::{dmatrix, dvector};
/// let old = GaussianMixture::new(dvector![1.0], dmatrix![4.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
/// let printed = lecture_c::covariances_about_the_old_means(&old, &dmatrix![1.0; 3.0])?;
/// assert_eq!(printed[0], dmatrix![-11.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn covariances_about_the_old_means(
    model: &GaussianMixture,
    x: &DMatrix<f64>,
) -> Result<Vec<DMatrix<f64>>> {
    update::raw_moment_covariances(x, &model.responsibilities(x)?, model.means())
}

/// Q as in the last lines of the slide on the expectation step, where the label z_i stays free under the sum over c.
/// ```math
/// \text{printed: } \sum_i\sum_c r_{ic}\log w_{z_i}\mathcal N(x_i; \mu_{z_i}, \Sigma_{z_i}),
/// \qquad\text{right: } \sum_i\sum_c r_{ic}\log w_c\,\mathcal N(x_i; \mu_c, \Sigma_c)
/// ```
/// Right is [`latent::expected_log_joint`]. Read to the letter the responsibilities sum to one and drop out: what is
/// left is the complete-data log-likelihood of the labeling z, a number for each of the kⁿ labelings. `r` and
/// `log_joint` are n×k, rows of `r` on the simplex, `labels` holds n numbers below k; returns nats.
///
/// Source: C-E05.
/// ```
/// use executable_em::errata::lecture_c;
/// use nalgebra::dmatrix;
/// let (r, log_joint) = (dmatrix![0.25, 0.75], dmatrix![-1.0, -3.0]);
/// let printed = [0, 1].map(|z| lecture_c::expected_log_joint_with_a_free_label(&r, &log_joint, &[z]).unwrap());
/// assert_eq!(printed, [-1.0, -3.0]); // Q is −2.5
/// ```
pub fn expected_log_joint_with_a_free_label(
    r: &DMatrix<f64>,
    log_joint: &DMatrix<f64>,
    labels: &[usize],
) -> Result<f64> {
    complete::log_likelihood(log_joint, labels)?;
    let (n, k) = log_joint.shape();
    let free = DMatrix::from_fn(n, k, |i, _| log_joint[(i, labels[i])]);
    latent::expected_log_joint(r, &free)
}

/// The bound of the outline and of the first summary, whose minus sign before the second term is not on the page.
/// ```math
/// \text{printed: } E_q\log p(x, z\mid\theta) \;+\; E_q\log q(z),
/// \qquad\text{right: } E_q\log p(x, z\mid\theta) - E_q\log q(z)
/// ```
/// Right is [`bound::lower_bound`], with the same arguments, in nats, as the deck's own derivations have it. With a
/// plus it lies below the right one by twice the entropy, and never touches ℓ unless nothing is in doubt.
///
/// Source: C-E17.
/// ```
/// use executable_em::errata::lecture_c;
/// use nalgebra::dmatrix;
/// let (q, log_joint) = (dmatrix![0.5, 0.5], dmatrix![0.5_f64.ln(), 0.5_f64.ln()]);
/// let printed = lecture_c::lower_bound_with_the_sign_lost(&q, &log_joint)?;
/// assert!((printed - 0.25_f64.ln()).abs() < 1e-15); // where the right bound is 0, and touches
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn lower_bound_with_the_sign_lost(q: &DMatrix<f64>, log_joint: &DMatrix<f64>) -> Result<f64> {
    Ok(latent::expected_log_joint(q, log_joint)? - bound::entropy(q)?)
}
