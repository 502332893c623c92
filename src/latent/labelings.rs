//! All kⁿ labelings of a small data set: the posterior and the expectations over them, by brute force.
//!
//! Only [`product`] knows that a distribution may factorise over the data, so the others can say whether it does.

use crate::check;
use crate::error::Result;
use crate::latent::{self, complete};
use nalgebra::{DMatrix, DVector};

/// Every labeling of n data by k labels, in the order of an odometer whose first wheel turns fastest.
///
/// Returns kⁿ vectors of n labels. [`Error::Domain`](crate::Error::Domain) if n or kⁿ is 0 or above a million or so.
///
/// Source: H-43, L-19.
/// ```
/// use executable_em::latent::labelings::all;
/// assert_eq!(all(2, 2).unwrap(), [[0, 0], [1, 0], [0, 1], [1, 1]]);
/// ```
pub fn all(n: usize, k: usize) -> Result<Vec<Vec<usize>>> {
    let count = u32::try_from(n).ok().and_then(|n| k.checked_pow(n)).unwrap_or(usize::MAX);
    let is_small = [n, count].iter().all(|number| (1..=1 << 20).contains(number));
    check::domain("number of labelings", count as f64, is_small, "between 1 and 2^20, with n ≥ 1")?;
    Ok((0..count).map(|index| (0..n).map(|i| index / k.pow(i as u32) % k).collect()).collect())
}

/// The log joint of the data with every labeling.
/// ```math
/// \log p(x, z \mid \theta) \quad\text{for each of the } k^n \text{ labelings } z
/// ```
/// `log_joint` is n×k in nats; returns kⁿ values in nats, in the order of [`all`].
///
/// Source: H-47, L-18, C-32.
/// ```
/// use executable_em::latent::labelings::log_joints;
/// use nalgebra::{dmatrix, dvector};
/// assert_eq!(log_joints(&dmatrix![-1.0, -2.0; -3.0, -0.5]), Ok(dvector![-4.0, -5.0, -1.5, -2.5]));
/// ```
pub fn log_joints(log_joint: &DMatrix<f64>) -> Result<DVector<f64>> {
    let labelings = all(log_joint.nrows(), log_joint.ncols())?;
    latent::check_log_joint(log_joint)?;
    let log_joints = labelings.iter().map(|labels| complete::pick(log_joint, labels)).collect();
    check::defined("log joint", DVector::from_vec(log_joints))
}

/// The posterior probability of every labeling, by Bayes' rule over all of them.
/// ```math
/// p(z \mid x, \theta) = \frac{p(x, z \mid \theta)}{\sum_{z'} p(x, z' \mid \theta)}
/// ```
/// `log_joint` is n×k in nats; returns kⁿ probabilities in the order of [`all`].
///
/// Source: H-48, H-50, L-13.
/// ```
/// use executable_em::latent::labelings::posterior;
/// use nalgebra::dmatrix;
/// let posterior = posterior(&dmatrix![0.1_f64.ln(), 0.3_f64.ln()])?;
/// assert!((posterior[1] - 0.75).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn posterior(log_joint: &DMatrix<f64>) -> Result<DVector<f64>> {
    let log_joints = log_joints(log_joint)?;
    let log_evidence = latent::log_sum_exp(log_joints.iter().copied());
    check::defined("posterior", log_joints.map(|log_p| (log_p - log_evidence).exp()))
}

/// The posterior probability of every labeling under any prior over labelings, even if its labels depend on each other.
/// ```math
/// p(z \mid x) = \frac{p(z)\prod_i p(x_i \mid z_i)}{\sum_{z'} p(z')\prod_i p(x_i \mid z'_i)}
/// ```
/// `prior` holds kⁿ probabilities in the order of [`all`], `component_log_densities` the n×k values of log p(x_i |
/// z_i = j), without weights; returns kⁿ probabilities. With the prior $`\prod_i\pi_{z_i}`$ of a mixture it is
/// [`posterior`], and factorises. Independence in pairs is not enough: with $`z_3 = z_1 \oplus z_2`$ the first two data
/// determine the third label, though neither says anything about it.
///
/// Source: H-50, C-34, C-E10.
/// ```
/// use executable_em::latent::labelings::posterior_under;
/// use nalgebra::{dmatrix, dvector};
/// let (equal, log_densities) = (dvector![0.5, 0.0, 0.0, 0.5], dmatrix![0.1_f64.ln(), 0.3_f64.ln(); 0.0, 0.0]);
/// let posterior = posterior_under(&equal, &log_densities).unwrap(); // the first datum decides both labels
/// assert!((posterior - dvector![0.25, 0.0, 0.0, 0.75]).amax() < 1e-15);
/// ```
pub fn posterior_under(prior: &DVector<f64>, component_log_densities: &DMatrix<f64>) -> Result<DVector<f64>> {
    let log_conditionals = log_joints(component_log_densities)?;
    check::distribution("prior", prior, log_conditionals.len())?;
    latent::softmax(&(log_conditionals + prior.map(f64::ln)))
}

/// The distribution over labelings whose labels are independent.
/// ```math
/// q(z) = \prod_i q_{i z_i}
/// ```
/// `q` is n×k with rows on the simplex; returns kⁿ probabilities in the order of [`all`]. Of the responsibilities this
/// is the posterior of a mixture; of the marginals of dependent labels it is another one.
///
/// Source: H-50, C-34.
/// ```
/// use executable_em::latent::labelings::product;
/// use nalgebra::{dmatrix, dvector};
/// assert_eq!(product(&dmatrix![0.5, 0.5; 0.25, 0.75]), Ok(dvector![0.125, 0.125, 0.375, 0.375]));
/// ```
pub fn product(q: &DMatrix<f64>) -> Result<DVector<f64>> {
    check::distributions("q", q, q.shape())?;
    let probability = |labels: &Vec<usize>| (0..q.nrows()).map(|i| q[(i, labels[i])]).product();
    Ok(DVector::from_vec(all(q.nrows(), q.ncols())?.iter().map(probability).collect()))
}

/// The marginals of a distribution over labelings: the probability of each label for each datum.
/// ```math
/// q_{ij} = \sum_{z : z_i = j} q(z)
/// ```
/// `q` holds kⁿ probabilities in the order of [`all`]; returns n×k. Of the posterior these are the responsibilities.
///
/// Source: H-49, C-34.
/// ```
/// use executable_em::latent::labelings::marginals;
/// use nalgebra::{dmatrix, dvector};
/// assert_eq!(marginals(&dvector![0.5, 0.0, 0.0, 0.5], 2, 2), Ok(dmatrix![0.5, 0.5; 0.5, 0.5])); // always equal
/// ```
pub fn marginals(q: &DVector<f64>, n: usize, k: usize) -> Result<DMatrix<f64>> {
    let labelings = all_under(q, n, k)?;
    let mut marginals = DMatrix::zeros(n, k);
    for (labels, &probability) in labelings.iter().zip(q) {
        for (i, &label) in labels.iter().enumerate() {
            marginals[(i, label)] += probability;
        }
    }
    Ok(marginals)
}

/// The expectation of anything that depends on the labels.
/// ```math
/// E_q f(z) = \sum_z q(z)\,f(z)
/// ```
/// `q` holds kⁿ probabilities in the order of [`all`], `f` takes n labels. Without mass even an infinite f adds
/// nothing.
///
/// Source: H-49, H-55.
/// ```
/// use executable_em::latent::labelings::expectation;
/// use nalgebra::dvector;
/// assert_eq!(expectation(&dvector![0.5, 0.0, 0.0, 0.5], 2, 2, |labels| (labels[0] + labels[1]) as f64), Ok(1.0));
/// ```
pub fn expectation(q: &DVector<f64>, n: usize, k: usize, f: impl Fn(&[usize]) -> f64) -> Result<f64> {
    let labelings = all_under(q, n, k)?;
    let supported = labelings.iter().zip(q).filter(|&(_, &probability)| probability > 0.0);
    Ok(supported.map(|(labels, &probability)| probability * f(labels)).sum())
}

/// [`all`] labelings, for a q that is a distribution over them.
fn all_under(q: &DVector<f64>, n: usize, k: usize) -> Result<Vec<Vec<usize>>> {
    let labelings = all(n, k)?;
    check::distribution("q", q, labelings.len())?;
    Ok(labelings)
}

/// The expected complete-data log-likelihood as a sum over all labelings.
/// ```math
/// Q = \sum_z q(z)\,\log p(x, z \mid \theta)
/// ```
/// `q` holds kⁿ probabilities in the order of [`all`], `log_joint` is n×k; returns nats. Because the log joint is a sum
/// over the data, q enters through its marginals alone, correlated or not.
///
/// Source: L-10, L-19, C-33, T-21, H-55.
/// ```
/// use executable_em::latent::{expected_log_joint, labelings};
/// use nalgebra::{dmatrix, dvector};
/// let (q, log_joint) = (dvector![0.5, 0.0, 0.0, 0.5], dmatrix![-1.0, -2.0; -3.0, -0.5]);
/// let by_marginals = expected_log_joint(&labelings::marginals(&q, 2, 2)?, &log_joint)?;
/// assert!((labelings::expected_log_joint(&q, &log_joint)? - by_marginals).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn expected_log_joint(q: &DVector<f64>, log_joint: &DMatrix<f64>) -> Result<f64> {
    let log_joints = log_joints(log_joint)?;
    check::distribution("q", q, log_joints.len())?;
    let sum = q.iter().zip(&log_joints).map(|(&q, &log_p)| if q == 0.0 { 0.0 } else { q * log_p }).sum();
    check::defined_number("expected log joint", sum)
}
