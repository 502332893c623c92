//! Where EM starts.

use super::{BernoulliMixture, check_draws};
use crate::error::Result;
use nalgebra::{DMatrix, DVector};
use rand::{Rng, RngExt};

/// A random start: equal weights, and every bias uniform on [¼, ¾].
///
/// The biases must differ: from equal coins no sweep can part them. `x` is n×d heads of `flips` = m;
/// [`Error::ComponentCount`](crate::Error::ComponentCount) unless 1 ≤ k ≤ n.
///
/// Source: T-46; Bishop (2006), §9.3.3.
/// ```
/// use executable_em::{bernoulli_mixture::random_start, data};
/// use nalgebra::dmatrix;
/// let start = random_start(&dmatrix![3.0; 7.0], 2, 10, &mut data::rng(1))?;
/// assert!(start.biases().iter().all(|&p| (0.25..=0.75).contains(&p)) && start.biases()[0] != start.biases()[1]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn random_start(
    x: &DMatrix<f64>,
    k: usize,
    flips: usize,
    rng: &mut impl Rng,
) -> Result<BernoulliMixture> {
    check_draws(x, k, flips)?;
    let biases = DMatrix::from_fn(k, x.ncols(), |_, _| rng.random_range(0.25..=0.75));
    BernoulliMixture::new(DVector::from_element(k, 1.0 / k as f64), biases, flips)
}

/// A random start near the data's mean: equal weights, and odds from a third to three times those of the feature.
/// ```math
/// \frac{p_{ja}}{1-p_{ja}} = e^{u_{ja}}\,\frac{h_a+\frac12}{t_a+\frac12}, \qquad u_{ja}\sim\mathrm{U}(-\log3, \log3)
/// ```
/// with the heads $`h_a = \sum_i x_{ia}`$ and tails $`t_a = \sum_i(m-x_{ia})`$ of all data; the halves keep a feature
/// that shows one side only off 0 and 1, where no sweep could move it. Where heads and tails come even, the biases lie
/// on [¼, ¾], as in [`random_start`]. Where a side is rare in many features, as words are in documents, coins that
/// ignore it are so unequally far from *all* data that one of them gets nearly everything; near the mean all of them
/// compete. Arguments and errors as in [`random_start`].
///
/// Source: T-46; the halves: Haldane (1956), Annals of Human Genetics 20, 309–311.
/// ```
/// use executable_em::{bernoulli_mixture::start_near_mean, data};
/// use nalgebra::dmatrix;
/// let start = start_near_mean(&dmatrix![0.0, 3.0; 0.0, 7.0], 2, 10, &mut data::rng(1))?;
/// assert!(start.biases().column(0).iter().all(|&p| 0.0 < p && p < 0.07));
/// assert!(start.biases().column(1).iter().all(|&p| (0.25..=0.75).contains(&p)));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn start_near_mean(
    x: &DMatrix<f64>,
    k: usize,
    flips: usize,
    rng: &mut impl Rng,
) -> Result<BernoulliMixture> {
    check_draws(x, k, flips)?;
    let all = x.nrows() as f64 * flips as f64;
    let odds = x.row_sum().map(|heads| (heads + 0.5) / (all - heads + 0.5));
    let spread = 3_f64.ln();
    let bias = |_, a: usize| {
        let odds = odds[a] * rng.random_range(-spread..=spread).exp();
        odds / (1.0 + odds)
    };
    let biases = DMatrix::from_fn(k, x.ncols(), bias);
    BernoulliMixture::new(DVector::from_element(k, 1.0 / k as f64), biases, flips)
}
