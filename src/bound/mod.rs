//! The lower bound on the log-likelihood: one inequality, and the whole of EM follows.
//!
//! For any distribution q over the labels,
//! ```math
//! \ell(\theta) = \underbrace{E_q\log p(x, z\mid\theta) + \mathsf H(q)}_{\mathcal F(q, \theta)}
//!   + \underbrace{\mathrm{KL}(q\,\|\,p(z\mid x, \theta))}_{\ge 0}.
//! ```
//! The E step closes the gap (q = posterior, so F = ℓ); the M step raises F at fixed q; ℓ ≥ F, so ℓ cannot have fallen.
//!
//! | file | what it derives |
//! |---|---|
//! | this one | entropy, KL divergence, the bound F, the gap, for q = Π_i q_i given as an n×k matrix |
//! | [`jensen`] | the inequality behind it, for any convex function and finite law |
//! | [`ascent`] | coordinate ascent in (q, θ) as a trace of half steps; the ascent inequality |
//! | [`correlated`] | the same bound for a q over all kⁿ labelings that does not factorise |
//! | [`continuous`] | a latent number instead of a label: the bound holds, ℓ ≥ Q does not |

pub mod ascent;
pub mod continuous;
pub mod correlated;
pub mod jensen;

use crate::error::Result;
use crate::{check, latent};
use nalgebra::DMatrix;

/// The entropy of a factorised q.
/// ```math
/// \mathsf H(q) = -\sum_{ij} q_{ij}\log q_{ij} \;\ge\; 0, \qquad 0\log 0 = 0
/// ```
/// `q` is n×k, every row a probability vector ([`Error::NotOnSimplex`](crate::Error::NotOnSimplex) otherwise); returns
/// nats, between 0 and n log k. It does not involve θ, as long as q is frozen: a q that follows θ carries its entropy
/// along. That it is not negative needs discrete labels: see [`continuous::entropy`].
///
/// Source: C-19, T-30, T-31, T-E02, T-E05.
/// ```
/// use executable_em::bound::entropy;
/// use nalgebra::dmatrix;
/// assert_eq!(entropy(&dmatrix![1.0, 0.0])?, 0.0);
/// assert!((entropy(&dmatrix![0.5, 0.5])? - 2_f64.ln()).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn entropy(q: &DMatrix<f64>) -> Result<f64> {
    check::distributions("q", q, q.shape())?;
    // The sum starts from +0, so that a deterministic q has entropy 0 and not −0.
    Ok(0.0 - q.iter().map(|&q| if q == 0.0 { 0.0 } else { q * q.ln() }).sum::<f64>())
}

/// The Kullback–Leibler divergence between two factorised distributions over the labels.
/// ```math
/// \mathrm{KL}(q\,\|\,p) = \sum_{ij} q_{ij}\log\frac{q_{ij}}{p_{ij}} \;\ge\; 0
/// ```
/// `q` and `p` are n×k, rows on the simplex; returns nats, 0 (≥, not >) just where q = p, and +∞ outside p's support.
///
/// Source: B-08, B-09, B-E07, C-27, C-28.
/// ```
/// use executable_em::bound::kl_divergence;
/// use nalgebra::dmatrix;
/// assert_eq!(kl_divergence(&dmatrix![0.5, 0.5], &dmatrix![0.5, 0.5])?, 0.0);
/// assert_eq!(kl_divergence(&dmatrix![0.5, 0.5], &dmatrix![1.0, 0.0])?, f64::INFINITY);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn kl_divergence(q: &DMatrix<f64>, p: &DMatrix<f64>) -> Result<f64> {
    check::distributions("q", q, q.shape())?;
    check::distributions("p", p, q.shape())?;
    // A zero may be −0, and the quotient −∞.
    Ok(q.iter().zip(p).map(|(&q, &p)| if q == 0.0 { 0.0 } else { q * (q / p.abs()).ln() }).sum())
}

/// The lower bound on the log-likelihood, also called evidence lower bound or negative free energy.
/// ```math
/// \mathcal F(q, \theta) = \sum_{ij} q_{ij}\log\frac{p(x_i, z_i = j\mid\theta)}{q_{ij}} = Q + \mathsf H(q)
///   \;\le\; \ell(\theta)
/// ```
/// `q` is n×k, every row a probability vector, zeros allowed; `log_joint` is n×k in nats; returns nats, −∞ if q has
/// mass where the joint is zero. The lectures write $`G`$, $`M`$ or $`\mathcal F`$. It is made of log p(x, z|θ) and
/// lies below log p(x|θ). The prior of the labels may stand for q like any other distribution, but is not meant.
///
/// Source: C-01, C-02, C-15, C-16, B-08, T-26, T-28, T-30, T-33, T-49, C-E03, C-E07, C-E08, C-E14, T-E04. Example:
/// [`gap`].
pub fn lower_bound(q: &DMatrix<f64>, log_joint: &DMatrix<f64>) -> Result<f64> {
    Ok(latent::expected_log_joint(q, log_joint)? + entropy(q)?)
}

/// The gap between ℓ and the bound, computed without either: the divergence of q from the posterior.
/// ```math
/// \ell(\theta) - \mathcal F(q, \theta) = \mathrm{KL}(q\,\|\,p(z\mid x, \theta))
/// ```
/// Arguments as in [`lower_bound`]; returns nats, zero just where q is the posterior at this θ (and at this θ only).
///
/// Source: C-03, C-18, C-26, C-27, C-28, C-29, C-30, B-08, B-09, B-10, C-E18.
/// ```
/// use executable_em::{bound::{gap, lower_bound}, latent};
/// use nalgebra::dmatrix;
/// let (q, log_joint) = (dmatrix![0.5, 0.5], dmatrix![0.1_f64.ln(), 0.3_f64.ln()]);
/// let difference = latent::log_likelihood(&log_joint)? - lower_bound(&q, &log_joint)?;
/// assert!((gap(&q, &log_joint)? - difference).abs() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn gap(q: &DMatrix<f64>, log_joint: &DMatrix<f64>) -> Result<f64> {
    check::distributions("q", q, log_joint.shape())?;
    // In logs: a posterior that underflows to 0 still has a finite log, and q may have mass there.
    let log_marginals = latent::log_marginals(log_joint)?;
    let mut gap = 0.0;
    for i in 0..q.nrows() {
        for j in (0..q.ncols()).filter(|&j| q[(i, j)] > 0.0) {
            gap += q[(i, j)] * (q[(i, j)].ln() - (log_joint[(i, j)] - log_marginals[i]));
        }
    }
    Ok(gap)
}

/// The integrand of the bound: constant in the label just when q is the posterior, and then equal to the log marginal.
/// ```math
/// \log\frac{p(x_i, z_i = j\mid\theta)}{q_{ij}} = \log p(x_i\mid\theta) \quad\text{for all } j,
/// \text{ if } q_{ij} = p(z_i = j\mid x_i, \theta)
/// ```
/// Arguments as in [`lower_bound`]; returns n×k in nats, +∞ where q is zero and the joint is not, NaN where both are.
///
/// Source: T-27, T-29, B-07.
/// ```
/// use executable_em::{bound::integrand, latent};
/// use nalgebra::{dmatrix, dvector};
/// let log_joint = dmatrix![0.1_f64.ln(), 0.3_f64.ln()];
/// let at_the_posterior = integrand(&latent::responsibilities(&log_joint)?, &log_joint)?;
/// assert!(at_the_posterior.add_scalar(-0.4_f64.ln()).amax() < 1e-15);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn integrand(q: &DMatrix<f64>, log_joint: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::distributions("q", q, log_joint.shape())?;
    latent::log_marginals(log_joint)?; // refuses a log joint that is none
    Ok(log_joint - q.map(f64::ln))
}
