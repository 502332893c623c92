//! Where EM starts.

use super::{BernoulliMixture, check_flips, check_heads};
use crate::check;
use crate::error::Result;
use nalgebra::{DMatrix, DVector};
use rand::{Rng, RngExt};

/// A random start: equal weights, and every bias uniform on [¼, ¾].
///
/// The biases must differ: from equal coins no sweep can part them. `x` is n×d heads of `flips` = m;
/// [`Error::ComponentCount`](crate::Error::ComponentCount) unless 1 ≤ k ≤ n.
///
/// Source: T-46; Bishop (2006), §9.3.3.
///
/// ```
/// use executable_em::{bernoulli_mixture::random_start, data};
/// use nalgebra::dmatrix;
/// let start = random_start(&dmatrix![3.0; 7.0], 2, 10, &mut data::rng(1))?;
/// assert!(start.biases.iter().all(|&p| (0.25..=0.75).contains(&p)) && start.biases[0] != start.biases[1]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn random_start(
    x: &DMatrix<f64>,
    k: usize,
    flips: usize,
    rng: &mut impl Rng,
) -> Result<BernoulliMixture> {
    check_flips(flips)?;
    check_heads(x, flips)?;
    check::component_count(k, x.nrows())?;
    let biases = DMatrix::from_fn(k, x.ncols(), |_, _| rng.random_range(0.25..=0.75));
    BernoulliMixture::new(DVector::from_element(k, 1.0 / k as f64), biases, flips)
}
