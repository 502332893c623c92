//! One flip a draw: the likelihood knows the coins only through one number, and EM is done after one sweep.

use super::BernoulliMixture;
use crate::check;
use crate::error::Result;
use nalgebra::{DVector, RowDVector, dmatrix, dvector};

/// The probability of heads in a flip of a coin that has yet to be drawn.
/// ```math
/// s_a = \sum_j\alpha_j\,p_{ja}
/// ```
/// Returns 1×d. With one flip a draw and one column this is all that the likelihood depends on,
/// $`\ell = n_1\log s + n_0\log(1-s)`$ for n₁ heads and n₀ tails: the likelihood of a *single* coin of bias s.
///
/// Source: T-E10.
/// ```
/// use executable_em::bernoulli_mixture::{BernoulliMixture, single_flip::share_of_heads};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.25, 0.75], dmatrix![1.0; 0.5], 1)?;
/// assert_eq!(share_of_heads(&coins)?[0], 0.625);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn share_of_heads(model: &BernoulliMixture) -> Result<RowDVector<f64>> {
    Ok(model.weights.transpose() * &model.biases)
}

/// Two coins on the ridge of the single-flip likelihood: whatever the first, the second gives heads their share.
/// ```math
/// \alpha\,p_1 + (1-\alpha)\,p_2 = s \quad\Longrightarrow\quad p_2 = \frac{s - \alpha\,p_1}{1-\alpha}
/// ```
/// Returns a mixture with one flip a draw; ℓ is the same for every `weight` and `bias`.
/// [`Error::Domain`](crate::Error::Domain) unless 0 < weight < 1, [`Error::Entry`](crate::Error::Entry) where p₁ or p₂
/// is no bias.
///
/// Source: T-E10.
/// ```
/// use executable_em::bernoulli_mixture::single_flip::ridge;
/// use nalgebra::dmatrix;
/// let (even, uneven) = (ridge(0.6, 0.5, 0.6)?, ridge(0.6, 0.2, 0.2)?);
/// assert!((uneven.biases()[1] - 0.7).abs() < 1e-15);
/// let x = dmatrix![1.0; 0.0; 1.0];
/// assert!((even.log_likelihood(&x)? - uneven.log_likelihood(&x)?).abs() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn ridge(share: f64, weight: f64, bias: f64) -> Result<BernoulliMixture> {
    check::positive("weight of the first coin", weight)?;
    check::positive("weight of the second coin", 1.0 - weight)?;
    let other = (share - weight * bias) / (1.0 - weight);
    BernoulliMixture::new(dvector![weight, 1.0 - weight], dmatrix![bias; other], 1)
}

/// What one sweep of EM does to the probabilities of drawing a coin *and* seeing heads, in closed form.
/// ```math
/// \alpha_j'\,p_j' = \frac1n\sum_i r_{ij}\,x_i = \frac hs\,\alpha_j\,p_j, \qquad h = \frac{n_1}n,
/// \quad s = \sum_l\alpha_l\,p_l
/// ```
/// for one flip a draw and a share `h` of heads in the data; returns k numbers that sum to `h`. All of them are scaled
/// by one factor: the sweep goes straight along the ray from the origin onto the ridge. There s = h, the factor is one,
/// and every later sweep stays. [`Error::Shape`](crate::Error::Shape) for more than one column,
/// [`Error::Domain`](crate::Error::Domain) for more than one flip, s = 0, or an `h` outside [0, 1].
///
/// Source: T-E10.
/// ```
/// use executable_em::{bernoulli_mixture::{BernoulliMixture, single_flip::joint_with_heads_after_a_sweep}, em};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.25; 0.75], 1)?;
/// let predicted = joint_with_heads_after_a_sweep(&coins, 0.8)?;
/// let next = em::sweep(&coins, &dmatrix![1.0; 1.0; 0.0; 1.0; 1.0])?;
/// assert!((next.weights().component_mul(&next.biases().column(0)) - predicted).amax() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn joint_with_heads_after_a_sweep(model: &BernoulliMixture, h: f64) -> Result<DVector<f64>> {
    model.check_column()?;
    super::check_single(model.flips)?;
    check::fraction("share of heads", h)?;
    let share = share_of_heads(model)?[0];
    check::positive("probability of heads", share)?;
    check::defined("joint", model.weights.component_mul(&model.biases.column(0)) * (h / share))
}
