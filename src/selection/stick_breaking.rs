//! Stick breaking: infinitely many weights that sum to one.
//!
//! Break a stick of length one, keep the piece, break the rest, and so on for ever. The share that is broken off each
//! time is Beta(1, a); the concentration a > 0 says how slowly the stick is used up (Sethuraman 1994).

use crate::check;
use crate::error::Result;
use nalgebra::DVector;
use rand::{Rng, RngExt};

/// The weights that shares of a stick make, and what is left of it.
/// ```math
/// w_j = v_j\prod_{l<j}(1 - v_l), \qquad \prod_j(1 - v_j) = 1 - \sum_j w_j
/// ```
/// `shares` holds v_1, v_2, … in [0, 1]; returns as many weights, and the rest. No shares leave all.
///
/// Source: B-27. Example: [`sample_shares`].
pub fn break_stick(shares: &DVector<f64>) -> Result<(DVector<f64>, f64)> {
    let mut rest = 1.0;
    let mut weights = DVector::zeros(shares.len());
    for (weight, &share) in weights.iter_mut().zip(shares) {
        check::fraction("share of a stick", share)?;
        *weight = share * rest;
        rest *= 1.0 - share;
    }
    Ok((weights, rest))
}

/// Breaks a stick at random until less than `tolerance` of it is left.
/// ```math
/// v_j \sim \mathrm{Beta}(1, a)\ \text{independently}: \qquad P(v_j \le t) = 1 - (1-t)^a, \quad\text{so}\quad
/// v_j = 1 - u^{1/a}, \quad u \sim \mathrm{Uniform}(0, 1]
/// ```
/// `concentration` is a > 0, 0 < `tolerance` < 1; returns the shares v, for [`break_stick`] to make weights of.
/// [`Error::Domain`](crate::Error::Domain) where [`expected_breaks`] exceeds ten million.
///
/// Source: B-27; Sethuraman (1994).
/// ```
/// use executable_em::{data, selection::stick_breaking::{break_stick, sample_shares}};
/// let (weights, rest) = break_stick(&sample_shares(2.0, 1e-6, &mut data::rng(1))?)?;
/// assert!(rest < 1e-6 && (weights.sum() + rest - 1.0).abs() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn sample_shares(concentration: f64, tolerance: f64, rng: &mut impl Rng) -> Result<DVector<f64>> {
    let breaks = expected_breaks(concentration, tolerance)?;
    check::domain("expected number of breaks", breaks, breaks <= 1e7, "≤ 10⁷")?;
    let (mut shares, mut rest) = (Vec::new(), 1.0);
    while rest >= tolerance {
        let u = 1.0 - rng.random::<f64>();
        // 1 − exp(log(u)/a), without loss where the share is small.
        let share = -(u.ln() / concentration).exp_m1();
        rest *= 1.0 - share;
        shares.push(share);
    }
    Ok(DVector::from_vec(shares))
}

/// The expected number of breaks until less than `tolerance` of the stick is left.
/// ```math
/// 1 + a\log\frac1\delta
/// ```
/// Each break takes an exponential amount of rate a off the logarithm of the rest, so the breaks are the events of a
/// Poisson process: before the last one there are Poisson(a log 1/δ) of them. Arguments as in [`sample_shares`].
///
/// Source: B-27.
/// ```
/// use executable_em::selection::stick_breaking::expected_breaks;
/// assert!((expected_breaks(2.0, (-3.0_f64).exp())? - 7.0).abs() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn expected_breaks(concentration: f64, tolerance: f64) -> Result<f64> {
    check_concentration(concentration)?;
    check::domain("tolerance", tolerance, tolerance > 0.0 && tolerance < 1.0, "> 0 and < 1")?;
    Ok(1.0 - concentration * tolerance.ln())
}

/// The expected weight of piece `j`, counted from 0.
/// ```math
/// E\,w_j = \frac1{1+a}\left(\frac a{1+a}\right)^{j}
/// ```
/// A geometric series, because E v = 1/(1+a) and the shares are independent. It sums to one, and what is expected to be
/// left before piece j is $`(\frac a{1+a})^j`$. `concentration` is a > 0.
///
/// Source: B-27.
/// ```
/// use executable_em::selection::stick_breaking::expected_weight;
/// assert_eq!((0..3).map(|j| expected_weight(1.0, j)).collect::<Result<Vec<_>, _>>()?, [0.5, 0.25, 0.125]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn expected_weight(concentration: f64, j: usize) -> Result<f64> {
    check_concentration(concentration)?;
    Ok((concentration / (1.0 + concentration)).powf(j as f64) / (1.0 + concentration))
}

/// The probability that a cluster of this weight has a member among n data.
/// ```math
/// 1 - (1 - w)^n \;\xrightarrow{n\to\infty}\; 1 \qquad (w > 0)
/// ```
/// So every fixed cluster of positive weight is seen in the end. `weight` lies in [0, 1].
///
/// Source: B-28, B-E18.
/// ```
/// use executable_em::selection::stick_breaking::probability_seen;
/// assert!((probability_seen(0.001, 1000)? - 0.632).abs() < 5e-4);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn probability_seen(weight: f64, n: usize) -> Result<f64> {
    check::fraction("weight", weight)?;
    // 0 · log 0 would be NaN.
    Ok(if n == 0 { 0.0 } else { -(n as f64 * (-weight).ln_1p()).exp_m1() })
}

/// The expected number of these clusters that have a member among n data.
/// ```math
/// \sum_j\left(1 - (1-w_j)^n\right)
/// ```
/// It tends to the number of positive weights, each cluster in its own time. n data have at most n clusters: of
/// infinitely many, all but finitely many are missing at every n. Averaged over all sticks it is
/// [`expected_clusters`](super::restaurant::expected_clusters). `weights` lie in [0, 1] and sum to at most one
/// ([`Error::NotOnSimplex`](crate::Error::NotOnSimplex)); the rest counts for nothing.
///
/// Source: B-28, B-E18.
/// ```
/// use executable_em::selection::stick_breaking::expected_seen;
/// use nalgebra::dvector;
/// assert_eq!(expected_seen(&dvector![0.5, 0.25], 1)?, 0.75);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn expected_seen(weights: &DVector<f64>, n: usize) -> Result<f64> {
    let seen = weights.iter().map(|&weight| probability_seen(weight, n)).sum::<Result<f64>>()?;
    let rest = 1.0 - weights.sum();
    check::simplex("weights", 0, weights.iter().copied().chain([rest.max(0.0)]))?;
    Ok(seen)
}

pub(super) fn check_concentration(concentration: f64) -> Result<()> {
    check::positive("concentration", concentration)
}
