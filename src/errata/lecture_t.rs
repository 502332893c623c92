//! As printed in tutorial 10 of CS 236756 (Technion).

use crate::bernoulli_mixture::{self, BernoulliMixture};
use crate::check;
use crate::error::Result;
use crate::gaussian_mixture::score;
use crate::latent::{self, complete};
use nalgebra::{DMatrix, DVector};

/// Q with the posterior at the same θ as the log joint, as the proof has it when it sets q_i = p(z|x_i, θ).
/// ```math
/// \text{printed: } \sum_{ij}p(z_i = j\mid x_i, \theta)\log p(x_i, z_i = j\mid\theta) = \ell(\theta)-\mathsf H(\theta),
/// \qquad\text{right: } \sum_{ij}p(z_i = j\mid x_i, \theta^t)\log p(x_i, z_i = j\mid\theta)
/// ```
/// It is [`lecture_h::expected_log_joint_unfrozen`](super::lecture_h::expected_log_joint_unfrozen). If q follows θ then
/// so does its entropy, and the argmax is neither that of Q nor that of ℓ. Decided by one free mean and six data.
///
/// Source: T-E05.
/// ```
/// use executable_em::errata::lecture_t;
/// use nalgebra::dmatrix;
/// let log_joint = dmatrix![0.25_f64.ln(), 0.25_f64.ln()];
/// assert_eq!(lecture_t::expected_log_joint_with_one_theta(&log_joint)?, 0.25_f64.ln()); // ℓ = ln ½, H = ln 2
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn expected_log_joint_with_one_theta(log_joint: &DMatrix<f64>) -> Result<f64> {
    super::lecture_h::expected_log_joint_unfrozen(log_joint)
}

/// The complete-data log-likelihood with a free j in the place of the labels.
/// ```math
/// \text{printed: } \sum_i\log\big(p(x_i\mid z_i = j, \theta)\,p(z_i = j\mid\theta)\big),
/// \qquad\text{right: } \sum_i\log p(x_i, z_i\mid\theta)
/// ```
/// Right is [`complete::log_likelihood`]. Read to the letter all labels are `j`, a number for each j. `log_joint` is
/// n×k; returns nats. [`Error::Label`](crate::Error::Label) if there is no label `j`.
///
/// Source: T-E07.
/// ```
/// use executable_em::errata::lecture_t;
/// use nalgebra::dmatrix;
/// let log_joint = dmatrix![-1.0, -9.0; -8.0, -2.0]; // at the labels (0, 1): −3
/// let printed = |j| lecture_t::complete_log_likelihood_with_a_free_index(&log_joint, j);
/// assert_eq!((printed(0)?, printed(1)?), (-9.0, -11.0));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn complete_log_likelihood_with_a_free_index(log_joint: &DMatrix<f64>, j: usize) -> Result<f64> {
    complete::log_likelihood(log_joint, &vec![j; log_joint.nrows()])
}

/// The log-likelihood of the coins from the law of total probability, applied to the whole data set at once.
/// ```math
/// \text{printed: } \log\sum_j\Pr(X\mid Z = j)\Pr(Z = j) = \log\sum_j\pi_j\prod_ip(x_i\mid z_i = j),
/// \qquad\text{right: } \sum_i\log\sum_j\pi_j\,p(x_i\mid z_i = j)
/// ```
/// Right is [`latent::log_likelihood`], and the tutorial's next line. The printed one is that of another model, where
/// one coin is drawn and flipped n times. Decided by one head and one tail from coins of bias .9 and .1: .09 for .25.
/// `weights` has k entries on the simplex, `log_densities` is the n×k matrix of log p(x_i | z_i = j); returns nats.
///
/// Source: T-E09.
/// ```
/// use executable_em::errata::lecture_t;
/// use nalgebra::{dmatrix, dvector};
/// let log_densities = dmatrix![0.9, 0.1; 0.1, 0.9].map(f64::ln); // a head, a tail
/// let printed = lecture_t::log_likelihood_of_one_draw_for_all(&dvector![0.5, 0.5], &log_densities)?;
/// assert!((printed - 0.09_f64.ln()).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn log_likelihood_of_one_draw_for_all(
    weights: &DVector<f64>,
    log_densities: &DMatrix<f64>,
) -> Result<f64> {
    check::distribution("weights", weights, weights.len())?;
    check::shape("log densities", log_densities.shape(), (log_densities.nrows(), weights.len()))?;
    let log_joints = log_densities.row_sum() + weights.map(f64::ln).transpose();
    latent::log_likelihood(&DMatrix::from_rows(&[log_joints]))
}

/// The assignment in the limit ε → 0 from the difference itself, without its norm.
/// ```math
/// \text{printed: } \arg\min_j\{x_i - \mu_j\}, \qquad\text{right: } \arg\min_j\|x_i - \mu_j\|
/// ```
/// Right is [`kmeans::assign`](crate::kmeans::assign), and the tutorial's next line. On the line the printed one is the
/// largest mean, whatever x_i; in more dimensions vectors have no least one. Decided by x = 0 and the means −5, 0.1, 3.
/// `x` is n×1, `means` k×1 ([`Error::Shape`](crate::Error::Shape)); returns n labels, the lower one of a tie.
///
/// Source: T-E12.
/// ```
/// use executable_em::{errata::lecture_t, kmeans};
/// use nalgebra::dmatrix;
/// let (x, means) = (dmatrix![0.0], dmatrix![-5.0; 0.1; 3.0]);
/// assert_eq!((lecture_t::assign_by_difference(&x, &means)?, kmeans::assign(&x, &means)?), (vec![2], vec![1]));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn assign_by_difference(x: &DMatrix<f64>, means: &DMatrix<f64>) -> Result<Vec<usize>> {
    check::data_and_means(x, means)?;
    check::shape("data", x.shape(), (x.nrows(), 1))?;
    Ok(x.iter().map(|&datum| means.column(0).map(|mean| datum - mean).imin()).collect())
}

/// What the posterior of each datum sums to if the sum in its denominator runs over j while its terms carry j′.
/// ```math
/// \text{printed: } \frac{\sum_jp(x_i, z_i = j)}{\sum_jp(x_i, z_i = j')},
/// \qquad\text{right: } \frac{\sum_jp(x_i, z_i = j)}{\sum_{j'}p(x_i, z_i = j')} = 1
/// ```
/// Right is [`latent::responsibilities`], whose rows sum to one, and the same line on the tutorial's Gaussian slide.
/// Read to the letter the denominator is k times the term of one free j′. `log_joint` is n×k, `index` the free j′ from
/// 0; returns n numbers, +∞ where that term is zero. [`Error::Label`](crate::Error::Label) if there is no such one.
///
/// Source: T-E14.
/// ```
/// use executable_em::errata::lecture_t;
/// use nalgebra::dmatrix;
/// let sums = lecture_t::posterior_sums_with_a_free_index(&dmatrix![0.1_f64.ln(), 0.3_f64.ln()], 0)?;
/// assert!((sums[0] - 2.0).abs() < 1e-14); // .4/(2 · .1)
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn posterior_sums_with_a_free_index(log_joint: &DMatrix<f64>, index: usize) -> Result<DVector<f64>> {
    check::label(0, index, log_joint.ncols())?;
    let log_ratios = latent::log_marginals(log_joint)? - log_joint.column(index);
    Ok(log_ratios.map(|log_ratio| log_ratio.exp() / log_joint.ncols() as f64))
}

/// The derivative that the M step is reminded of, for any W.
/// ```math
/// \text{printed: } \frac{\partial}{\partial s}(x - As)^\top W(x - As) = -2A^\top W(x - As),
/// \qquad\text{right: } -A^\top(W + W^\top)(x - As)
/// ```
/// Right is [`score::residual_form_derivative`], with the same arguments, p entries. They agree for a symmetric W, and
/// the W that follows is $`\Sigma_j^{-1}`$, so nothing else changes. Decided by W = (0 1; 0 0).
///
/// Source: T-E16.
/// ```
/// use executable_em::errata::lecture_t;
/// use nalgebra::{DMatrix, dmatrix, dvector};
/// let (x, s, a) = (dvector![3.0, 5.0], dvector![0.0, 0.0], -DMatrix::identity(2, 2));
/// let w = dmatrix![0.0, 1.0; 0.0, 0.0]; // x'Wx = x₁x₂, of gradient (x₂, x₁)
/// let printed = lecture_t::residual_form_derivative_of_a_symmetric_form(&x, &a, &w, &s)?;
/// assert_eq!(printed, dvector![10.0, 0.0]); // where (5, 3) is right
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn residual_form_derivative_of_a_symmetric_form(
    x: &DVector<f64>,
    a: &DMatrix<f64>,
    w: &DMatrix<f64>,
    s: &DVector<f64>,
) -> Result<DVector<f64>> {
    score::residual_form_derivative(x, a, w, s)?; // refuses what does not fit
    check::defined("derivative", -2.0 * a.transpose() * w * (x - a * s))
}

/// The part of Q that holds the biases, with the last term outside of the sums, where missing brackets leave it.
/// ```math
/// \Big(\sum_{i'j'} r_{i'j'}\,x_{i'}\log p_{j'}\Big) + r_{ij}(1-x_i)\log(1-p_j)
/// \qquad\text{instead of}\qquad \sum_{ij}\big[r_{ij}\,x_i\log p_j + r_{ij}(1-x_i)\log(1-p_j)\big]
/// ```
/// for one column and one flip a draw; `x` is n×1, `r` n×k; returns n×k, a value for each choice of the indices that
/// have lost their sum. Right is [`terms_of_q`](crate::bernoulli_mixture::score::terms_of_q), with its errors.
///
/// Source: T-E26.
/// ```
/// use executable_em::{bernoulli_mixture::BernoulliMixture, errata::lecture_t::q_without_brackets};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![1.0], dmatrix![0.5], 1)?;
/// let read = q_without_brackets(&coins, &dmatrix![1.0; 0.0], &dmatrix![1.0; 1.0])?;
/// assert_eq!(read, dmatrix![0.5_f64.ln(); 2.0 * 0.5_f64.ln()]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn q_without_brackets(
    model: &BernoulliMixture,
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
) -> Result<DMatrix<f64>> {
    bernoulli_mixture::check_single(model.flips())?;
    check::shape("data", x.shape(), (x.nrows(), 1))?;
    let [_, heads, _] = bernoulli_mixture::score::terms_of_q(model, x, r)?;
    let log_tails = model.biases().column(0).map(|p| (-p).ln_1p());
    Ok(DMatrix::from_fn(x.nrows(), model.k(), |i, j| {
        heads + bernoulli_mixture::times_log(r[(i, j)] * (1.0 - x[i]), log_tails[j])
    }))
}
