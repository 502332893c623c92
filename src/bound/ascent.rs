//! EM as coordinate ascent: F(q, θ) climbed in q, then in θ, then in q again.

use super::{gap, lower_bound};
use crate::error::Result;
use crate::latent::{self, Model};
use nalgebra::DMatrix;

/// Which coordinate of F(q, θ) a half step moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coordinate {
    /// q became the posterior at θ: the E step.
    Distribution,
    /// θ became the maximiser of F at q: the M step.
    Parameters,
}

/// The state of coordinate ascent after a half step.
#[derive(Clone, Debug, PartialEq)]
pub struct HalfStep<M> {
    /// The coordinate that moved to lead here.
    pub moved: Coordinate,
    /// q, n×k.
    pub q: DMatrix<f64>,
    /// The model at θ.
    pub model: M,
    /// F(q, θ), in nats.
    pub lower_bound: f64,
    /// ℓ(θ), in nats; it changes in M steps only.
    pub log_likelihood: f64,
    /// KL(q ‖ posterior at θ), in nats: what F lacks of ℓ.
    pub gap: f64,
}

/// Coordinate ascent on the bound from any start (q, θ), half step by half step.
/// ```math
/// q \leftarrow \arg\max_q\mathcal F(q, \theta) = p(z\mid x, \theta), \qquad
/// \theta \leftarrow \arg\max_\theta\mathcal F(q, \theta)
/// ```
/// F never falls along the trace. An E step raises F by exactly the KL gap and leaves ℓ alone; an M step raises F (not
/// ℓ) at a frozen q, and ℓ by at least as much. `q` is n×k, a distribution a row and not the best label; `x` is n×d.
/// Returns the start followed by E, M, E, M, …: 2·`sweeps` + 1 states, the first marked as [`Coordinate::Parameters`].
///
/// Source: B-11, B-15, B-E12, C-03, C-04, C-09, C-16, C-17, C-20, C-24, C-25, C-E04, H-58 … H-60, H-63, H-65, H-E19,
/// L-11, L-15, L-E04.
/// ```
/// use executable_em::{bound::ascent, soft_kmeans::{SoftKMeans, Weights}};
/// use nalgebra::{DMatrix, dmatrix};
/// let x = dmatrix![0.0; 1.0; 4.0; 5.0];
/// let start = SoftKMeans::new(dmatrix![0.0; 1.0], 1.0, Weights::Held)?;
/// let trace = ascent::coordinate_ascent(&start, &x, &DMatrix::from_element(4, 2, 0.5), 3)?;
/// assert!(trace.windows(2).all(|pair| pair[1].lower_bound >= pair[0].lower_bound - 1e-12));
/// assert!(trace[1].gap.abs() < 1e-12); // after an E step the bound touches
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn coordinate_ascent<M: Model>(
    start: &M,
    x: &DMatrix<f64>,
    q: &DMatrix<f64>,
    sweeps: usize,
) -> Result<Vec<HalfStep<M>>> {
    let state = |moved, q: DMatrix<f64>, model: M| -> Result<HalfStep<M>> {
        let log_joint = model.log_joint(x)?;
        Ok(HalfStep {
            moved,
            lower_bound: lower_bound(&q, &log_joint)?,
            log_likelihood: latent::log_likelihood(&log_joint)?,
            gap: gap(&q, &log_joint)?,
            q,
            model,
        })
    };
    let mut model = start.clone();
    let mut trace = vec![state(Coordinate::Parameters, q.clone(), model.clone())?];
    for _ in 0..sweeps {
        let q = latent::responsibilities(&model.log_joint(x)?)?;
        trace.push(state(Coordinate::Distribution, q.clone(), model.clone())?);
        model = model.maximize(x, &q)?;
        trace.push(state(Coordinate::Parameters, q, model.clone())?);
    }
    Ok(trace)
}

/// Both sides of the ascent inequality between two parameter values.
/// ```math
/// \ell(\theta) - \ell(\theta^t) \;\ge\; Q(\theta\mid\theta^t) - Q(\theta^t\mid\theta^t)
/// ```
/// What the left side exceeds the right by is $`\mathrm{KL}(p(z\mid x,\theta^t)\,\|\,p(z\mid x,\theta))`$. So any θ
/// that raises Q raises ℓ by at least as much, the M step or not; ℓ ≥ Q alone, or sides that mix the two θ, would not
/// say so. Takes the two n×k log joints, at θ and at θ^t; returns (rise of ℓ, rise of Q), in nats.
///
/// Source: T-24, T-26, B-16, H-52, T-E01, T-E03.
/// ```
/// use executable_em::bound::ascent::rises;
/// use nalgebra::dmatrix;
/// let (rise_of_likelihood, rise_of_q) = rises(&dmatrix![-1.0, -2.0], &dmatrix![-2.0, -1.5])?;
/// assert!(rise_of_likelihood >= rise_of_q);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn rises(log_joint: &DMatrix<f64>, log_joint_before: &DMatrix<f64>) -> Result<(f64, f64)> {
    let q = latent::responsibilities(log_joint_before)?;
    let l = latent::log_likelihood;
    let q_at = |log_joint| latent::expected_log_joint(&q, log_joint);
    Ok((l(log_joint)? - l(log_joint_before)?, q_at(log_joint)? - q_at(log_joint_before)?))
}

/// The log-likelihood and the bound at several parameter values, for one q: a curve, and another that never crosses it.
/// ```math
/// \theta \mapsto \big(\ell(\theta),\ \mathcal F(q, \theta)\big), \qquad \mathcal F(q, \theta) \le \ell(\theta)
/// ```
/// `models` are the parameter values, `x` is n×d, `q` n×k with every row a probability vector; returns (ℓ, F) for each,
/// in nats. If q is the posterior at θ^t, the curves touch there, in value and in slope; θ^{t+1} is where F is highest.
///
/// Source: C-21, C-22, C-23, C-E19.
/// ```
/// use executable_em::{bound::ascent::along, latent::{self, Model}, soft_kmeans::{SoftKMeans, Weights}};
/// use nalgebra::dmatrix;
/// let x = dmatrix![0.0; 1.0; 4.0; 5.0];
/// let models = [0.0, 1.0, 2.0].map(|mean| SoftKMeans::new(dmatrix![mean; 4.0], 1.0, Weights::Held).unwrap());
/// let q = latent::responsibilities(&models[1].log_joint(&x)?)?;
/// let curves = along(&models, &x, &q)?;
/// assert!(curves[0].1 < curves[0].0 && (curves[1].1 - curves[1].0).abs() < 1e-12 && curves[2].1 < curves[2].0);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn along<M: Model>(models: &[M], x: &DMatrix<f64>, q: &DMatrix<f64>) -> Result<Vec<(f64, f64)>> {
    let at = |model: &M| {
        let log_joint = model.log_joint(x)?;
        Ok((latent::log_likelihood(&log_joint)?, lower_bound(q, &log_joint)?))
    };
    models.iter().map(at).collect()
}
