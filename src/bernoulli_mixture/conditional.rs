//! What a mixture of coins says of some columns: once others are left out, and once others are known.

use super::BernoulliMixture;
use crate::check;
use crate::error::Result;
use nalgebra::DMatrix;

/// The distribution of some columns, the others summed out: every coin forgets their biases.
/// ```math
/// \sum_{x_b}p(x) = \sum_j\alpha_j\prod_{a}p_{ja}^{x_a}(1-p_{ja})^{m-x_a}
/// ```
/// with the product over the columns that are kept, where each x counts the flips in every order. `columns` counts from
/// 0; errors as in [`gaussian_mixture::conditional::marginal`](crate::gaussian_mixture::conditional::marginal).
///
/// Source: T-47.
/// ```
/// use executable_em::bernoulli_mixture::{BernoulliMixture, conditional::marginal};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.3, 0.7], dmatrix![0.8, 0.1; 0.35, 0.9], 1)?;
/// assert_eq!(marginal(&coins, &[1])?.biases(), &dmatrix![0.1; 0.9]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn marginal(model: &BernoulliMixture, columns: &[usize]) -> Result<BernoulliMixture> {
    check::columns(columns, model.d())?;
    BernoulliMixture::new(model.weights().clone(), model.biases().select_columns(columns), model.flips())
}

/// The distribution of the other columns, once some are known: within a coin the columns are independent, so only the
/// weights change.
/// ```math
/// p(x_b\mid x_a) = \sum_j r_j\prod_b p_{jb}^{x_b}(1-p_{jb})^{m-x_b}, \qquad
/// r_j \propto \alpha_j\prod_a p_{ja}^{x_a}(1-p_{ja})^{m-x_a}
/// ```
/// `given` holds columns, counted from 0, and their numbers of heads; the rest keep their order. Columns as in
/// [`marginal`]; [`Error::Empty`](crate::Error::Empty) if none is left, [`Error::Entry`](crate::Error::Entry) for
/// what is no number of heads, [`Error::ImpossibleDatum`](crate::Error::ImpossibleDatum) for heads that no coin can
/// show.
///
/// Source: T-48.
/// ```
/// use executable_em::bernoulli_mixture::{BernoulliMixture, conditional::conditional};
/// use nalgebra::{dmatrix, dvector};
/// let coins = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.8, 0.1; 0.2, 0.9], 1)?;
/// let second = conditional(&coins, &[(0, 1.0)])?;
/// assert!((second.weights()[0] - 0.8).abs() < 1e-15 && second.biases() == &dmatrix![0.1; 0.9]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn conditional(model: &BernoulliMixture, given: &[(usize, f64)]) -> Result<BernoulliMixture> {
    let (columns, heads): (Vec<usize>, Vec<f64>) = given.iter().copied().unzip();
    let of_given = marginal(model, &columns)?;
    let rest: Vec<usize> = (0..model.d()).filter(|column| !columns.contains(column)).collect();
    let r = of_given.responsibilities(&DMatrix::from_row_slice(1, heads.len(), &heads))?;
    marginal(&model.with_weights(r.row(0).transpose())?, &rest)
}
