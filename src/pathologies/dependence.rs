//! Independent in pairs is not independent: why the E step needs more than a lecture assumes.
//!
//! The posterior of all labels is the product of the posteriors of each, $`p(z\mid x) = \prod_i p(z_i\mid x_i)`$, if
//! the pairs (x_i, z_i) are *mutually* independent, as in a mixture they are. A lecture only asks for labels
//! independent in pairs, as those of an exclusive or are; their posterior does not factorise.

use crate::bound::correlated;
use crate::check;
use crate::error::Result;
use crate::latent::labelings;
use nalgebra::{DMatrix, DVector};

/// The prior of three binary labels of which the third is the exclusive or of the first two.
/// ```math
/// p(z) = \tfrac14 \text{ if } z_3 = z_1 \oplus z_2, \text{ else } 0
/// ```
/// Returns the 8 probabilities in the order of [`labelings::all`] for n = 3, k = 2.
///
/// Source: C-E10. Example: [`pairwise_information`].
pub fn exclusive_or() -> DVector<f64> {
    let all = labelings::all(3, 2).expect("eight labelings");
    DVector::from_iterator(8, all.iter().map(|z| if z[2] == z[0] ^ z[1] { 0.25 } else { 0.0 }))
}

/// The mutual information of every two labels.
/// ```math
/// I(z_i; z_l) = \mathsf H(z_i) + \mathsf H(z_l) - \mathsf H(z_i, z_l) \ge 0
/// ```
/// `q` holds kⁿ probabilities in the order of [`labelings::all`]; returns n×n, in nats: zero just where two labels are
/// independent, and on the diagonal the entropy of each. Errors as in [`labelings::marginals`].
///
/// Source: C-E10.
/// ```
/// use executable_em::pathologies::dependence::{exclusive_or, pairwise_information, total_correlation};
/// let information = pairwise_information(&exclusive_or(), 3, 2)?;
/// assert_eq!((information[(0, 1)], information[(0, 2)], information[(1, 2)]), (0.0, 0.0, 0.0));
/// assert!((total_correlation(&exclusive_or(), 3, 2)? - 2_f64.ln()).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn pairwise_information(q: &DVector<f64>, n: usize, k: usize) -> Result<DMatrix<f64>> {
    let entropies = label_entropies(q, n, k)?;
    check::storable("number of pairs of labels", k * k)?;
    let labelings = labelings::all(n, k)?;
    let mut information = DMatrix::zeros(n, n);
    for (i, l) in (0..n).flat_map(|i| (0..n).map(move |l| (i, l))) {
        let mut both = DVector::zeros(k * k);
        for (labels, &probability) in labelings.iter().zip(q) {
            both[k * labels[i] + labels[l]] += probability;
        }
        information[(i, l)] = entropies[i] + entropies[l] - correlated::entropy(&both)?;
    }
    Ok(information)
}

/// How far a distribution over labelings is from independent labels.
/// ```math
/// \sum_i\mathsf H(z_i) - \mathsf H(z) = \mathrm{KL}\Big(q\,\Big\|\,\prod_i q_i\Big) \ge 0
/// ```
/// Arguments as in [`pairwise_information`]; returns nats, zero just where the labels are mutually independent. For n =
/// 2 it is their mutual information. In a mixture it is what the bound of EM gains if any q is replaced by the product
/// of its marginals: there the expected log joint sees the marginals alone, and the entropy grows by just this.
///
/// Source: C-E10; Watanabe (1960). Example: [`pairwise_information`].
pub fn total_correlation(q: &DVector<f64>, n: usize, k: usize) -> Result<f64> {
    Ok(label_entropies(q, n, k)?.sum() - correlated::entropy(q)?)
}

/// The entropy of each label.
fn label_entropies(q: &DVector<f64>, n: usize, k: usize) -> Result<DVector<f64>> {
    let marginals = labelings::marginals(q, n, k)?;
    let entropies = marginals.row_iter().map(|row| correlated::entropy(&row.transpose()));
    Ok(DVector::from_vec(entropies.collect::<Result<_>>()?))
}
