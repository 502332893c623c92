//! The bound once more, for a q over all kⁿ labelings at once, whose labels may depend on each other.
//!
//! Nothing in the derivation needs q to factorise. That the best q does is a fact about mixtures: their data are
//! independent given θ.

use crate::check;
use crate::error::Result;
use crate::latent::{self, labelings};
use nalgebra::{DMatrix, DVector};

/// A factorised q, written out as a distribution over labelings.
///
/// ```math
/// q(z) = \prod_i q_{i z_i}
/// ```
///
/// `q` is n×k, every row a probability vector; returns kⁿ probabilities in the order of [`labelings::all`]. Its marginals
/// are the rows of `q` again.
///
/// Source: T-27 (one q_i for each datum), H-50.
///
/// ```
/// use executable_em::bound::correlated::factorised;
/// use nalgebra::{dmatrix, dvector};
/// assert_eq!(factorised(&dmatrix![0.5, 0.5; 0.25, 0.75])?, dvector![0.125, 0.125, 0.375, 0.375]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn factorised(q: &DMatrix<f64>) -> Result<DVector<f64>> {
    check::simplex_rows("q", q)?;
    let labelings = labelings::all(q.nrows(), q.ncols())?;
    let probability =
        |labels: &Vec<usize>| labels.iter().enumerate().map(|(i, &label)| q[(i, label)]).product();
    Ok(DVector::from_iterator(labelings.len(), labelings.iter().map(probability)))
}

/// The entropy of a distribution over labelings.
///
/// ```math
/// \mathsf H(q) = -\sum_z q(z)\log q(z)
/// ```
///
/// `q` is a probability vector; returns nats.
///
/// Source: C-15, C-19.
///
/// ```
/// use executable_em::bound::correlated::entropy;
/// use nalgebra::dvector;
/// assert!((entropy(&dvector![0.5, 0.0, 0.0, 0.5])? - 2_f64.ln()).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn entropy(q: &DVector<f64>) -> Result<f64> {
    super::entropy(&DMatrix::from_rows(&[q.transpose()]))
}

/// The bound for a q over labelings.
///
/// ```math
/// \mathcal F(q, \theta) = \sum_z q(z)\log\frac{p(x, z\mid\theta)}{q(z)} \;\le\; \log p(x\mid\theta)
/// ```
///
/// `q` holds kⁿ probabilities in the order of [`labelings::all`], `log_joint` is n×k; returns nats. Among all q with the
/// same marginals the factorised one has the largest entropy, and so the best bound.
///
/// Source: C-01, C-15, B-07, T-27, T-28.
///
/// ```
/// use executable_em::{bound::correlated::lower_bound, latent::{self, labelings}};
/// use nalgebra::dmatrix;
/// let log_joint = dmatrix![-1.0, -2.0; -3.0, -0.5];
/// let tight = lower_bound(&labelings::posterior(&log_joint)?, &log_joint)?;
/// assert!((tight - latent::log_likelihood(&log_joint)?).abs() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn lower_bound(q: &DVector<f64>, log_joint: &DMatrix<f64>) -> Result<f64> {
    Ok(labelings::expected_log_joint(q, log_joint)? + entropy(q)?)
}

/// The gap of that bound.
///
/// ```math
/// \mathrm{KL}(q\,\|\,p(z\mid x,\theta)) = \sum_z q(z)\log\frac{q(z)}{p(z\mid x,\theta)}
/// ```
///
/// Arguments as in [`lower_bound`]; returns nats.
///
/// Source: C-26, C-27, B-08 (with the sign as printed: B-E06).
///
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
    check::shape("q", q.shape(), log_joints.shape())?;
    super::gap(&DMatrix::from_rows(&[q.transpose()]), &DMatrix::from_rows(&[log_joints.transpose()]))
}

/// The likelihood as an expectation under q, before Jensen moves the log inside.
///
/// ```math
/// \log p(x\mid\theta) = \log E_q\left[\frac{p(x, z\mid\theta)}{q(z)}\right] \qquad\text{if } q > 0 \text{ where } p(x, z) > 0
/// ```
///
/// Arguments as in [`lower_bound`]; returns nats. Where q is zero its term is lost, and the result falls short of the
/// log-likelihood: this line needs the support, the bound does not.
///
/// Source: C-15, T-27, C-E14.
///
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
    check::shape("q", q.shape(), log_joints.shape())?;
    check::simplex("q", 0, q.iter().copied())?;
    let supported = q.iter().zip(&log_joints).filter(|&(&q, _)| q > 0.0);
    Ok(latent::log_sum_exp(supported.map(|(&q, &log_p)| q.ln() + (log_p - q.ln()))))
}
