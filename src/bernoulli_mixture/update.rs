//! The biases that maximise Q: heads over flips, with the coins known or guessed.

use super::{BernoulliMixture, check_draws, check_state};
use crate::check;
use crate::error::Result;
use nalgebra::{DMatrix, DVector};

/// The bias update: each coin's heads over its flips, every draw counted by its responsibility.
/// ```math
/// \hat p_{ja} = \frac{\sum_i r_{ij}\,x_{ia}}{\sum_i r_{ij}\,x_{ia} + \sum_i r_{ij}\,(m-x_{ia})}
///   = \frac{\sum_i r_{ij}\,x_{ia}}{m\,R_j}
/// ```
/// `x` is n×d heads of `flips` = m, `r` n×k, `previous` k×d; returns k×d. It is the mean step of k-means on x/m
/// ([`update_means`](crate::kmeans::update_means)), written with heads and tails so that a coin which showed one side
/// only gets exactly 1 or 0. A coin with $`R_j = 0`$ keeps its `previous` biases, bit for bit.
///
/// Source: T-50.
/// ```
/// use executable_em::bernoulli_mixture::update_biases;
/// use nalgebra::dmatrix;
/// let (x, r) = (dmatrix![1.0; 1.0; 0.0], dmatrix![1.0, 0.0; 0.5, 0.5; 0.5, 0.5]);
/// assert_eq!(update_biases(&x, &r, &dmatrix![0.1; 0.2], 1)?, dmatrix![0.75; 0.5]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn update_biases(
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    previous: &DMatrix<f64>,
    flips: usize,
) -> Result<DMatrix<f64>> {
    check_state(x, r, previous, flips)?;
    let (heads, tails) = (r.transpose() * x, r.transpose() * x.map(|heads| flips as f64 - heads));
    Ok(previous.map_with_location(|j, a, before| {
        let flips = heads[(j, a)] + tails[(j, a)];
        if flips > 0.0 { heads[(j, a)] / flips } else { before }
    }))
}

/// The fit when it is known which coin made each draw: heads over flips for each coin, and its share of the draws.
/// ```math
/// \hat p_{ja} = \frac{\text{heads of coin } j \text{ in feature } a}{m\,n_j}, \qquad \hat\alpha_j = \frac{n_j}n
/// ```
/// `x` is n×d heads of `flips` = m, `labels` holds n numbers below `k`. Counted by hand; it is
/// [`maximum_likelihood`](crate::latent::complete::maximum_likelihood), whose r_ij ∈ {0, 1} (∈, not =).
/// [`Error::Domain`](crate::Error::Domain) for a coin that no draw used, [`Error::Label`](crate::Error::Label) for a
/// label of k or more.
///
/// Source: T-52, T-E23.
/// ```
/// use executable_em::bernoulli_mixture::heads_over_flips;
/// use nalgebra::{dmatrix, dvector};
/// let fit = heads_over_flips(&dmatrix![9.0; 4.0; 8.0], &[0, 1, 0], 2, 10)?;
/// assert_eq!((fit.biases(), fit.weights()), (&dmatrix![0.85; 0.4], &dvector![2.0 / 3.0, 1.0 / 3.0]));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn heads_over_flips(
    x: &DMatrix<f64>,
    labels: &[usize],
    k: usize,
    flips: usize,
) -> Result<BernoulliMixture> {
    check_draws(x, k, flips)?;
    check::labels(labels, x.nrows(), k)?;
    let mut draws = DVector::<f64>::zeros(k);
    let mut heads = DMatrix::zeros(k, x.ncols());
    for (i, &label) in labels.iter().enumerate() {
        draws[label] += 1.0;
        let mut row = heads.row_mut(label);
        row += x.row(i);
    }
    for (j, mut row) in heads.row_iter_mut().enumerate() {
        check::positive("draws of a coin", draws[j])?;
        row /= draws[j] * flips as f64;
    }
    BernoulliMixture::new(draws / x.nrows() as f64, heads, flips)
}
