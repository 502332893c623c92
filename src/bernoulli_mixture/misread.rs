//! Three of the tutorial's formulas read to the letter, to see what the letter does.

use super::{BernoulliMixture, check_heads, check_single, times_log};
use crate::check;
use crate::error::Result;
use crate::latent::{self, Model};
use nalgebra::{DMatrix, DVector, RowDVector};

/// The log-likelihood of *one* coin for the whole data set: the law of total probability with X as the event.
///
/// ```math
/// \log\sum_j\alpha_j\prod_i p(x_i\mid z=j) \qquad\text{instead of}\qquad \log\prod_i\sum_j\alpha_j\,p(x_i\mid z_i=j)
/// ```
///
/// `x` is n×d heads; returns nats. It is the likelihood of another experiment, in which a coin is drawn once
/// and kept; in the tutorial's, z is a vector of n labels and the law holds for each datum (or for the sum over
/// all kⁿ labelings). The two agree for a single datum.
/// [`Error::ImpossibleDatum`](crate::Error::ImpossibleDatum) with row 0 where no single coin could have made
/// all the data.
///
/// Source: T-E09.
///
/// ```
/// use executable_em::bernoulli_mixture::{BernoulliMixture, misread::one_coin_for_all};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.25; 0.75], 1)?;
/// let x = dmatrix![1.0; 1.0];
/// assert!((one_coin_for_all(&coins, &x)? - (0.5 / 16.0 + 4.5 / 16.0_f64).ln()).abs() < 1e-15);
/// assert!((coins.log_likelihood(&x)? - 0.25_f64.ln()).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn one_coin_for_all(model: &BernoulliMixture, x: &DMatrix<f64>) -> Result<f64> {
    let all_data: RowDVector<f64> = model.component_log_probabilities(x)?.row_sum();
    let log_joint = all_data + model.weights.map(f64::ln).transpose();
    latent::log_likelihood(&DMatrix::from_rows(&[log_joint]))
}

/// The sum of the responsibilities of one datum with j under the sum where j′ stands in the term.
///
/// ```math
/// \frac{\sum_j p(x_i, z_i=j)}{\sum_j p(x_i, z_i=j')} = \frac1{k\,r_{ij'}} \qquad\text{instead of}\qquad
/// \frac{\sum_j p(x_i, z_i=j)}{\sum_{j'} p(x_i, z_i=j')} = 1
/// ```
///
/// `x` is n×d heads; returns n×k, a value for each choice of the free index j′; +∞ where r_ij′ = 0. All of them
/// should be 1, or λ would not be n. Two lines earlier, and for Gaussians, the same sum has the right index.
///
/// Source: T-E14.
///
/// ```
/// use executable_em::bernoulli_mixture::{BernoulliMixture, misread::sum_with_a_free_index};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.25; 0.75], 1)?;
/// let read = sum_with_a_free_index(&coins, &dmatrix![1.0])?;
/// assert!((read - dmatrix![2.0, 2.0 / 3.0]).amax() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn sum_with_a_free_index(model: &BernoulliMixture, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    let log_joint = model.log_joint(x)?;
    let log_marginals = latent::log_marginals(&log_joint)?;
    let log_k = (model.k() as f64).ln();
    Ok(DMatrix::from_fn(x.nrows(), model.k(), |i, j| (log_marginals[i] - log_k - log_joint[(i, j)]).exp()))
}

/// The part of Q that holds the biases, with the last term outside of the sums, where missing brackets leave it.
///
/// ```math
/// \Big(\sum_{i'j'} r_{i'j'}\,x_{i'}\log p_{j'}\Big) + r_{ij}(1-x_i)\log(1-p_j)
/// \qquad\text{instead of}\qquad \sum_{ij}\big[r_{ij}\,x_i\log p_j + r_{ij}(1-x_i)\log(1-p_j)\big]
/// ```
///
/// for one column and one flip a draw; `x` is n×1, `r` n×k; returns n×k, a value for each choice of the indices
/// that have lost their sum. Errors as in [`terms_of_q`](super::score::terms_of_q), which has the right form.
///
/// Source: T-E26.
///
/// ```
/// use executable_em::bernoulli_mixture::{BernoulliMixture, misread::q_without_brackets};
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
    check_single(model.flips)?;
    check::shape("data", x.shape(), (x.nrows(), 1))?;
    check_heads(x, model.flips)?;
    let [_, heads, _] = super::score::terms_of_q(model, x, r)?;
    let log_tails: DVector<f64> = model.biases.column(0).map(|p| (-p).ln_1p());
    Ok(DMatrix::from_fn(x.nrows(), model.k(), |i, j| {
        heads + times_log(r[(i, j)] * (1.0 - x[i]), log_tails[j])
    }))
}
