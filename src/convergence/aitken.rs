//! How far ℓ still is from its limit, read off the rises of the last sweeps.

use crate::check;
use crate::em::{self, Climb, Fit, Seen, Stopped, Stopping, Tolerance};
use std::ops::ControlFlow;

/// Aitken's estimate of what a sequence that converges geometrically still lacks.
/// ```math
/// \ell_\infty - \ell_t \approx (\ell_t - \ell_{t-m})\,\frac{c}{1 - c}, \qquad
/// c = \frac{\ell_t - \ell_{t-m}}{\ell_{t-m} - \ell_{t-2m}}
/// ```
///
/// The rises shrink like $`\rho^2`$ a sweep, for ℓ is quadratic where θ rests, and c measures $`\rho^{2m}`$. What is
/// left is the sum of the series. Takes ℓ at three times that are m sweeps apart; ∞ where the rises do not shrink, 0
/// at rest.
///
/// Source: X-16; Aitken (1926), Böhning et al. (1994).
/// ```
/// use executable_em::convergence::aitken::remaining;
/// assert_eq!(remaining([-8.0, -4.0, -2.0]), 2.0); // towards 0, halving
/// assert_eq!(remaining([-3.0, -2.0, -1.0]), f64::INFINITY); // nothing shrinks
/// ```
pub fn remaining([earlier, before, now]: [f64; 3]) -> f64 {
    let (rise, rise_before) = (now - before, before - earlier);
    match rise / rise_before {
        _ if rise <= 0.0 => 0.0,
        c if (0.0..1.0).contains(&c) => rise * c / (1.0 - c),
        _ => f64::INFINITY,
    }
}

/// Runs EM until ℓ is within so many nats of its limit, as Aitken's estimate has it.
///
/// The usual rule, "ℓ rises by less than ε", says nothing of the limit: at ρ = 0.9999 the sum of the rises that are
/// left is 5000 times the last of them. Here the last tenth of the run is compared with the tenth before it, so that
/// the estimate sees a change of c and not the rounding of two ℓ; it must hold twice in a row, and not before the
/// tenth sweep.
///
/// `within` is in nats, > 0; at most `max_sweeps`. Errors as in [`em::best_of`].
///
/// Source: X-16; Böhning et al. (1994).
/// ```
/// use executable_em::{convergence::aitken::fit_within, data, em::OnData};
/// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
/// let x = data::old_faithful();
/// let start = random_start(&x, 3, CovarianceFamily::Full, &mut data::rng(1))?;
/// let (fit, left) = fit_within(&OnData::new(&x)?, start, 1e-7, 10_000)?;
/// assert!(left <= 1e-7 && fit.sweeps > 10);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn fit_within<C: Climb>(
    climb: &C,
    start: C::Model,
    within: f64,
    max_sweeps: usize,
) -> Result<(Fit<C::Model>, f64), C::Error> {
    check::positive("distance from the limit", within)?;
    let stopping = Stopping { tolerance: Tolerance::LogLikelihood(0.0), max_sweeps };
    let mut heights: Vec<f64> = Vec::new();
    let (mut left, mut arrived) = (f64::INFINITY, 0);
    let fit = em::best_of(climb, [Ok(start)], &stopping, |seen| {
        let Seen::Sweep { expected, .. } = seen else { return ControlFlow::Continue(()) };
        heights.push(expected.log_likelihood);
        let (t, m) = (heights.len() - 1, (heights.len() - 1) / 10);
        if m > 0 {
            left = remaining([heights[t - 2 * m], heights[t - m], heights[t]]);
            arrived = if left <= within { arrived + 1 } else { 0 };
        }
        if arrived >= 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let stopped = if arrived >= 2 { Stopped::Converged } else { fit.stopped };
    Ok((Fit { stopped, ..fit }, left))
}
