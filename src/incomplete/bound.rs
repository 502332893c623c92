//! The bound once more: q holds a label and a Gaussian over the cells, and every line of the proof stays.

use super::mixture::{self, Posterior};
use super::{Incomplete, gaussian as one};
use crate::check;
use crate::error::Result;
use crate::gaussian;
use crate::gaussian_mixture::GaussianMixture;
use crate::latent;
use nalgebra::{DMatrix, DVector};
use std::f64::consts::{E, TAU};

/// Q: the expected complete-data log-likelihood at θ, under the posterior at some other θ.
/// ```math
/// Q = \sum_{ij}r_{ij}\Big[\log\pi_j + \log\mathcal N(m_{ij}; \mu_j, \Sigma_j)
///   - \tfrac12\operatorname{tr}\Sigma_j^{-1}C_{ij}\Big]
/// ```
///
/// The expectation of a quadratic form is its value at the mean plus a trace. Returns nats, −∞ if q gives mass to a
/// component of weight 0; [`Error::Shape`](crate::Error::Shape) for a posterior of other data.
///
/// Source: X-08. Example: [`lower_bound`].
pub fn expected_log_joint(model: &GaussianMixture, data: &Incomplete, q: &Posterior) -> Result<f64> {
    q.check(data, model.k())?;
    let mut expected = DMatrix::zeros(data.n(), model.k());
    for (j, factor) in model.factors().iter().enumerate() {
        let completed = &q.completed()[j];
        let at_means = gaussian::log_densities(completed.means(), &model.mean_of(j), factor);
        expected.set_column(j, &at_means.add_scalar(model.weights()[j].ln()));
        for (pattern, left) in data.patterns().iter().zip(completed.covariances()) {
            let half_trace = 0.5 * factor.solve(left).trace();
            pattern.rows.iter().for_each(|&i| expected[(i, j)] -= half_trace);
        }
    }
    latent::expected_log_joint(q.responsibilities(), &expected)
}

/// The entropy of q: that of the labels, and that of the cells given the labels.
/// ```math
/// \mathsf H(q) = \sum_{ij}r_{ij}\Big[-\log r_{ij} + \tfrac12\log\lvert 2\pi e\,C_{ij}\rvert\Big]
/// ```
///
/// Returns nats. The second part may be negative: it is the entropy of a density.
///
/// Source: X-08. Example: [`lower_bound`].
pub fn entropy(data: &Incomplete, q: &Posterior) -> Result<f64> {
    q.check(data, q.completed().len())?;
    let mut entropy = crate::bound::entropy(q.responsibilities())?;
    for (j, completed) in q.completed().iter().enumerate() {
        for (pattern, left) in data.patterns().iter().zip(completed.covariances()) {
            let mass: f64 = pattern.rows.iter().map(|&i| q.responsibilities()[(i, j)]).sum();
            entropy += mass * cell_entropy(left, &pattern.missing, j)?;
        }
    }
    Ok(entropy)
}

/// ½ log|2πe C| of the missing cells.
fn cell_entropy(left: &DMatrix<f64>, missing: &[usize], component: usize) -> Result<f64> {
    if missing.is_empty() {
        return Ok(0.0);
    }
    let covariance = left.select_rows(missing).select_columns(missing);
    let factor = gaussian::cholesky(&covariance, component)?;
    Ok(0.5 * (missing.len() as f64 * (TAU * E).ln() + gaussian::log_volume(&factor)))
}

/// The lower bound.
/// ```math
/// \mathcal F(q, \theta) = Q + \mathsf H(q) \;\le\; \ell(\theta)
/// ```
///
/// Returns nats. It touches where q is the posterior at θ, and the M step is its maximum in θ.
///
/// Source: X-08; Neal and Hinton (1998).
/// ```
/// use executable_em::{data, gaussian_mixture::CovarianceFamily};
/// use executable_em::incomplete::{Incomplete, bound, mixture::{Posterior, log_likelihood, maximize, random_start}};
/// let mut x = data::old_faithful();
/// (0..272).step_by(3).for_each(|i| x[(i, 1)] = f64::NAN);
/// let data = Incomplete::new(x)?;
/// let model = random_start(&data, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let q = Posterior::at(&model, &data)?;
/// let touching = bound::lower_bound(&model, &data, &q)?;
/// assert!((touching - log_likelihood(&model, &data)?).abs() < 1e-9);
/// let next = maximize(&model, &data, &q)?;
/// let (raised, gap) = (bound::lower_bound(&next, &data, &q)?, bound::gap(&next, &data, &q)?);
/// assert!(raised > touching && gap > 0.0);
/// assert!((raised + gap - log_likelihood(&next, &data)?).abs() < 1e-9);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn lower_bound(model: &GaussianMixture, data: &Incomplete, q: &Posterior) -> Result<f64> {
    Ok(expected_log_joint(model, data, q)? + entropy(data, q)?)
}

/// The gap: how far q is from the posterior at θ.
/// ```math
/// \mathrm{KL}(q\,\|\,p) = \sum_{ij}r_{ij}\Big[\log\frac{r_{ij}}{p_{ij}}
///   + \mathrm{KL}\big(\mathcal N(m_{ij}, C_{ij})\,\|\,\mathcal N(m'_{ij}, C'_{ij})\big)\Big]
/// ```
///
/// p_{ij}, m' and C' are responsibilities, means and covariances of the posterior at θ. Returns nats, ∞ where q puts
/// mass on an impossible label.
///
/// Source: X-08. Example: [`lower_bound`].
pub fn gap(model: &GaussianMixture, data: &Incomplete, q: &Posterior) -> Result<f64> {
    q.check(data, model.k())?;
    let r = q.responsibilities();
    let mut gap = crate::bound::gap(r, &mixture::log_joint(model, data)?)?;
    for (j, (own, other)) in q.completed().iter().zip(mixture::completed(model, data)?).enumerate() {
        let patterns = data.patterns().iter().zip(own.covariances().iter().zip(other.covariances()));
        for (pattern, (c, c_other)) in patterns.filter(|(pattern, _)| !pattern.missing.is_empty()) {
            let missing = &pattern.missing;
            let of_missing =
                |covariance: &DMatrix<f64>| covariance.select_rows(missing).select_columns(missing);
            let (c, c_other) = (of_missing(c), of_missing(c_other));
            for &i in &pattern.rows {
                let cells =
                    |of: &one::Completed| DVector::from_fn(missing.len(), |a, _| of.means()[(i, missing[a])]);
                gap += r[(i, j)] * between((&cells(own), &c), (&cells(&other), &c_other), j)?;
            }
        }
    }
    check::defined_number("gap", gap)
}

/// The divergence of one Gaussian from another.
/// ```math
/// \mathrm{KL} = \tfrac12\Big(\operatorname{tr}C'^{-1}C - m + (\mu'-\mu)^\top C'^{-1}(\mu'-\mu)
///   + \log\frac{\lvert C'\rvert}{\lvert C\rvert}\Big)
/// ```
fn between(
    (mean, covariance): (&DVector<f64>, &DMatrix<f64>),
    (other_mean, other): (&DVector<f64>, &DMatrix<f64>),
    component: usize,
) -> Result<f64> {
    let (own, other) = (gaussian::cholesky(covariance, component)?, gaussian::cholesky(other, component)?);
    let off = other_mean - mean;
    let log_ratio = gaussian::log_volume(&other) - gaussian::log_volume(&own);
    let distance = off.dot(&other.solve(&off));
    Ok(0.5 * (other.solve(covariance).trace() - off.len() as f64 + distance + log_ratio))
}
