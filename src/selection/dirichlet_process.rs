//! The Dirichlet process: a random distribution whose infinitely many weights come from a stick.
//! ```math
//! G = \sum_{j=1}^\infty w_j\,\delta_{\phi_j}, \qquad \phi_j \sim G_0\ \text{independently of}\ w
//! ```
//! Put a density in the place of every point φ_j and it is a mixture with infinitely many components, of which n data
//! use a few: nobody has chosen k. But somebody has chosen a, and with it how many clusters to expect; and the number
//! of occupied clusters does not settle at a true k as n grows, if there is one (Miller and Harrison 2013).

use super::stick_breaking::{break_stick, check_concentration, sample_shares};
use crate::check;
use crate::error::Result;
use nalgebra::DVector;
use rand::{Rng, RngExt};

/// Breaks one stick and draws n labels from its weights.
/// ```math
/// P(z_i = j\mid w) = w_j
/// ```
/// Label j is the piece that broke off as number j, so large weights, which come first on average, have small labels.
/// Averaged over sticks, the *clusters* are those of [`seat`](super::restaurant::seat). Returns n labels and the
/// weights; the rest of the stick, less than 10⁻¹², belongs to the last piece. Errors as in [`sample_shares`].
///
/// Source: B-27, B-28, B-29.
/// ```
/// use executable_em::{data, selection::dirichlet_process::sample};
/// let (labels, weights) = sample(100, 1.0, &mut data::rng(1))?;
/// assert!(labels.iter().all(|&label| label < weights.len()));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn sample(n: usize, concentration: f64, rng: &mut impl Rng) -> Result<(Vec<usize>, DVector<f64>)> {
    check::storable("number of data", n)?;
    let (weights, _) = break_stick(&sample_shares(concentration, 1e-12, rng)?)?;
    let mut end = 0.0;
    let so_far = |weight| {
        end += weight;
        end
    };
    // What rounding leaves of the stick belongs to the last piece.
    let ends: Vec<f64> = weights.iter().take(weights.len() - 1).map(so_far).collect();
    let label = |u: f64| ends.partition_point(|&end| end <= u);
    Ok(((0..n).map(|_| label(rng.random())).collect(), weights))
}

/// The mean and the variance of the mass that the random distribution puts on a set.
/// ```math
/// E\,G(A) = G_0(A), \qquad \operatorname{Var}G(A) = \frac{G_0(A)\,(1-G_0(A))}{1+a}
/// ```
/// G(A) is Beta(aG₀(A), a(1−G₀(A))). The variance is that of an indicator times $`E\sum_jw_j^2 = \frac1{1+a}`$, the
/// probability that two data share a cluster. `base_mass` is G₀(A) in [0, 1], `concentration` a > 0.
///
/// Source: B-29; Ferguson (1973).
/// ```
/// use executable_em::selection::dirichlet_process::mass_moments;
/// assert_eq!(mass_moments(0.5, 1.0)?, (0.5, 0.125));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn mass_moments(base_mass: f64, concentration: f64) -> Result<(f64, f64)> {
    check::fraction("mass of a set", base_mass)?;
    check_concentration(concentration)?;
    Ok((base_mass, base_mass * (1.0 - base_mass) / (1.0 + concentration)))
}
