//! A collapsed Gibbs sampler: labels drawn one by one from the exact conditional, the parameters integrated out.
//!
//! It is slow, and noisy, and in the limit right: the referee of what mean field says.

use super::gauss_wishart::GaussWishart;
use super::shares::Weights;
use crate::check;
use crate::error::Result;
use crate::latent::{self, complete::drawn_label};
use nalgebra::{DMatrix, DVector};
use rand::Rng;

/// The probabilities of the label of one datum, all other labels given.
/// ```math
/// p(z_i = j\mid z_{-i}, x) \propto (\alpha + n_j^{-i})\ p\big(x_i\mid\{x_l : z_l = j,\ l\ne i\}\big)
/// ```
///
/// For a Dirichlet process $`n_j^{-i}`$ for a cluster that has a member, and α for one that is new: of the empty
/// labels the first stands for it, the others have probability 0. `labels` holds n numbers below k; `i` is the row of
/// the datum. Returns k probabilities. The densities are Student t's: [`GaussWishart::log_predictive`].
///
/// Source: X-28; Neal (2000), algorithm 3, MacEachern (1994). Example: [`sweep`].
pub fn conditional(
    weights: Weights,
    prior: &GaussWishart,
    x: &DMatrix<f64>,
    labels: &[usize],
    k: usize,
    i: usize,
) -> Result<DVector<f64>> {
    check::data(x, prior.d())?;
    check::storable("number of components", k)?;
    check::labels(labels, x.nrows(), k)?;
    check::domain("row of the datum", i as f64, i < x.nrows(), "below the number of data")?;
    let datum = x.rows(i, 1).into_owned();
    let mut logs = DVector::from_element(k, f64::NEG_INFINITY);
    let mut is_new_taken = false;
    for j in 0..k {
        let others = DVector::from_fn(x.nrows(), |l, _| if l != i && labels[l] == j { 1.0 } else { 0.0 });
        let count = others.sum();
        let share = match weights {
            Weights::Dirichlet(alpha) => alpha + count,
            Weights::Sticks(_) if count > 0.0 => count,
            Weights::Sticks(_) if is_new_taken => continue,
            Weights::Sticks(alpha) => {
                is_new_taken = true;
                alpha
            }
        };
        logs[j] = share.ln() + prior.updated(x, &others)?.log_predictive(&datum)?[0];
    }
    latent::softmax(&logs)
}

/// One sweep: every label drawn anew, one after the other.
///
/// `labels` holds n numbers below k and is changed in place. For a Dirichlet process take k = n + 1, so that a new
/// cluster is always free. Errors as in [`conditional`].
///
/// Source: X-28; Neal (2000).
/// ```
/// use executable_em::{data, variational::{GaussWishart, Weights, gibbs::sweep}};
/// use nalgebra::{dmatrix, RowDVector};
/// let prior = GaussWishart::new(RowDVector::zeros(1), 0.1, dmatrix![1.0], 3.0)?;
/// let (x, mut labels) = (dmatrix![-5.0; -5.1; 5.0; 5.1], vec![0; 4]);
/// let mut rng = data::rng(1);
/// let mut apart = 0;
/// for _ in 0..200 {
///     sweep(Weights::Sticks(1.0), &prior, &x, &mut labels, 5, &mut rng)?;
///     apart += usize::from(labels[0] == labels[1] && labels[2] == labels[3] && labels[0] != labels[2]);
/// }
/// assert!(apart > 60);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn sweep(
    weights: Weights,
    prior: &GaussWishart,
    x: &DMatrix<f64>,
    labels: &mut [usize],
    k: usize,
    rng: &mut impl Rng,
) -> Result<()> {
    for i in 0..labels.len() {
        let probabilities = conditional(weights, prior, x, labels, k, i)?;
        labels[i] = drawn_label(probabilities.iter(), rng);
    }
    Ok(())
}
