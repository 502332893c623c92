//! How far ℓ still is from its limit, read off the rises of the last sweeps.

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

/// What a run still lacks, from ℓ after each of its sweeps: [`remaining`] over the last tenth of it and the tenth
/// before.
///
/// The usual rule, "ℓ rises by less than ε", says nothing of the limit: at ρ = 0.9999 the sum of the rises that are
/// left is 5000 times the last of them. Tenths of the run, so that the estimate sees a change of c and not the rounding
/// of two ℓ. [`Tolerance::Limit`](crate::em::Tolerance::Limit) stops by it.
///
/// `heights` holds ℓ after 0, 1, 2, … sweeps, in nats. Returns nats; ∞ before the tenth sweep.
///
/// Source: X-16; Böhning et al. (1994).
/// ```
/// use executable_em::{convergence::aitken::left, data, em};
/// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
/// let x = data::old_faithful();
/// let start = random_start(&x, 3, CovarianceFamily::Full, &mut data::rng(1))?;
/// let within = em::Stopping { tolerance: em::Tolerance::Limit(1e-7 / 272.0), ..em::Stopping::default() };
/// let run = em::trace(start, &x, &within)?;
/// assert!(left(&run.log_likelihoods()) <= 1e-7 && run.fit.sweeps > 10);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn left(heights: &[f64]) -> f64 {
    let t = heights.len().saturating_sub(1);
    match t / 10 {
        0 => f64::INFINITY,
        m => remaining([heights[t - 2 * m], heights[t - m], heights[t]]),
    }
}
