//! The bound once more, for a q over all kⁿ labelings at once, whose labels may depend on each other.
//!
//! Nothing in the derivation needs q to factorise. That the best q does is due to data that are independent given θ.

use crate::check;
use crate::error::Result;
use crate::latent::{self, labelings};
use nalgebra::{DMatrix, DVector};

/// A factorised q, written out as a distribution over labelings.
/// ```math
/// q(z) = \prod_i q_{i z_i}
/// ```
/// It is [`labelings::product`], whose marginals are the rows of `q` again, one q_i for each datum.
///
/// Source: T-27, H-50. Example: [`labelings::product`].
pub fn factorised(q: &DMatrix<f64>) -> Result<DVector<f64>> {
    labelings::product(q)
}

/// The entropy of a distribution over labelings.
/// ```math
/// \mathsf H(q) = -\sum_z q(z)\log q(z)
/// ```
/// `q` is a probability vector; returns nats.
///
/// Source: C-15, C-19.
/// ```
/// use executable_em::bound::correlated::entropy;
/// use nalgebra::dvector;
/// assert!((entropy(&dvector![0.5, 0.0, 0.0, 0.5])? - 2_f64.ln()).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn entropy(q: &DVector<f64>) -> Result<f64> {
    check::distribution("q", q, q.len())?;
    super::entropy(&as_row(q))
}

/// The bound for a q over labelings.
/// ```math
/// \mathcal F(q, \theta) = \sum_z q(z)\log\frac{p(x, z\mid\theta)}{q(z)} \;\le\; \log p(x\mid\theta)
/// ```
/// `q` holds kⁿ probabilities in the order of [`labelings::all`], `log_joint` is n×k; returns nats. Among all q with
/// the same marginals the factorised one has the largest entropy, and so the best bound.
///
/// Source: C-01, C-15, B-07, T-27, T-28. Example: [`gap`].
pub fn lower_bound(q: &DVector<f64>, log_joint: &DMatrix<f64>) -> Result<f64> {
    Ok(labelings::expected_log_joint(q, log_joint)? + entropy(q)?)
}

/// The gap of that bound.
/// ```math
/// \mathrm{KL}(q\,\|\,p(z\mid x,\theta)) = \sum_z q(z)\log\frac{q(z)}{p(z\mid x,\theta)}
/// ```
/// Arguments as in [`lower_bound`]; returns nats.
///
/// Source: C-26, C-27, B-08, B-E06.
/// ```
/// use executable_em::{bound::correlated::{gap, lower_bound}, latent};
/// use nalgebra::{dmatrix, dvector};
/// let (q, log_joint) = (dvector![0.5, 0.0, 0.0, 0.5], dmatrix![-1.0, -2.0; -3.0, -0.5]);
/// let sum = lower_bound(&q, &log_joint)? + gap(&q, &log_joint)?;
/// assert!((sum - latent::log_likelihood(&log_joint)?).abs() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn gap(q: &DVector<f64>, log_joint: &DMatrix<f64>) -> Result<f64> {
    let log_joints = labelings::log_joints(log_joint)?;
    check::distribution("q", q, log_joints.len())?;
    super::gap(&as_row(q), &as_row(&log_joints))
}

/// The likelihood as an expectation under q, before Jensen moves the log inside.
/// ```math
/// \log p(x\mid\theta) = \log E_q\left[\frac{p(x, z\mid\theta)}{q(z)}\right]
///   \qquad\text{if } q > 0 \text{ where } p(x, z) > 0
/// ```
/// Arguments as in [`lower_bound`]; returns nats. Where q is zero its term is lost: this line needs the support.
///
/// Source: C-15, T-27, C-E14.
/// ```
/// use executable_em::{bound::correlated::log_expected_ratio, latent};
/// use nalgebra::{dmatrix, dvector};
/// let log_joint = dmatrix![-1.0, -2.0];
/// let by_expectation = log_expected_ratio(&dvector![0.9, 0.1], &log_joint)?;
/// assert!((by_expectation - latent::log_likelihood(&log_joint)?).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn log_expected_ratio(q: &DVector<f64>, log_joint: &DMatrix<f64>) -> Result<f64> {
    let log_joints = labelings::log_joints(log_joint)?;
    check::distribution("q", q, log_joints.len())?;
    let supported = q.iter().zip(&log_joints).filter(|&(&q, _)| q > 0.0);
    Ok(latent::log_sum_exp(supported.map(|(&q, &log_p)| q.ln() + (log_p - q.ln()))))
}

/// To the functions above, all labelings are the labels of a single datum.
fn as_row(values: &DVector<f64>) -> DMatrix<f64> {
    DMatrix::from_row_slice(1, values.len(), values.as_slice())
}
