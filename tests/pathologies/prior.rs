//! The prior: its densities integrate to one.

use crate::common::assert_within;
use crate::common::bounds::gamma;
use executable_em::pathologies::Prior;
use nalgebra::{dmatrix, dvector};
use std::f64::consts::LN_2;

/// The trapezoid rule over the points a + ih of an interval.
fn trapezoid(low: f64, high: f64, h: f64, f: impl Fn(f64) -> f64) -> f64 {
    let steps = ((high - low) / h).ceil() as usize;
    (0..=steps).map(|step| f(low + step as f64 * h)).sum::<f64>() * h
}

/// The prior of the weights integrates to one. In the logit u the integrand is analytic for |Im u| < π and decays like
/// e^{−α|u|}, and on Im u = 1 it is cos(½)^{−2α} ≤ 2500 times as large: for h = 1/20 the rule errs by 2500 e^{−2π/h} <
/// 1e−50, and beyond ±45 by 1e−19.
///
/// Source: C-E09.
#[test]
fn the_prior_of_the_weights_integrates_to_one() {
    let prior = |alpha: f64| Prior::new(alpha, 3.0, dmatrix![1.0]).unwrap();
    let logistic = |u: f64| 1.0 / (1.0 + (-u).exp());
    for alpha in [1.0, 1.5, 2.0, 7.3, 30.0] {
        let integrand = |u: f64| {
            let weights = dvector![logistic(u), logistic(-u)];
            prior(alpha).log_weight_density(&weights).unwrap().exp() * weights[0] * weights[1]
        };
        // Log Γ of 60 is 190, good to some 10 operations of that size.
        assert_within(trapezoid(-45.0, 45.0, 0.05, integrand), 1.0, 200.0 * gamma(20));
    }
    // Three weights: a, (1 − a) b and the rest, with the Jacobian 1 − a.
    for alpha in [1.0, 2.5] {
        let total = trapezoid(-45.0, 45.0, 0.35, |u| {
            trapezoid(-45.0, 45.0, 0.35, |v| {
                let (a, b) = (logistic(u), logistic(v));
                let weights = dvector![a, logistic(-u) * b, logistic(-u) * logistic(-v)];
                let density = prior(alpha).log_weight_density(&weights).unwrap().exp();
                density * logistic(-u) * a * logistic(-u) * b * logistic(-v)
            })
        });
        assert_within(total, 1.0, 1e-12); // 322 e^{−5π/h} < 1e−16 on Im u = 2.5, and the rounding of log Γ(7.5)
    }
    // Exactly: 120 π₁π₂π₃ for α = 2, and (k − 1)! for α = 1, also at a weight of zero.
    let value = prior(2.0).log_weight_density(&dvector![0.5, 0.25, 0.25]).unwrap();
    assert_within(value, (120.0_f64 / 32.0).ln(), gamma(40) * 5.0);
    let flat = prior(1.0).log_weight_density(&dvector![1.0, 0.0, 0.0, 0.0]).unwrap();
    assert_within(flat, 6_f64.ln(), gamma(40) * 5.0);
    assert_eq!(prior(1.5).log_weight_density(&dvector![1.0, 0.0]).unwrap(), f64::NEG_INFINITY);
    // Γ(50)/Γ(25)² = 49!/24!², both beyond 20 where no step of the recurrence is needed.
    let factorial = |m: u32| (1..=m).map(|i| f64::from(i).ln()).sum::<f64>();
    let at_half = prior(25.0).log_weight_density(&dvector![0.5, 0.5]).unwrap();
    let expected = factorial(49) - 2.0 * factorial(24) - 48.0 * LN_2;
    assert_within(at_half, expected, gamma(60) * 300.0);
}

/// The prior of a covariance integrates to one, d = 1 over log s: analytic for |Im u| < π/2, so the rule errs by
/// e^{−π²/h} < 1e−21 for h = 1/5; the tails are e^{−νu/2} above and doubly exponential below.
///
/// Source: C-E09.
#[test]
fn the_prior_of_a_variance_integrates_to_one() {
    for (degrees, scale) in [(0.5, 1.0), (1.0, 3.0), (4.0, 0.2), (9.5, 20.0), (61.0, 40.0)] {
        let prior = Prior::new(1.0, degrees, dmatrix![scale]).unwrap();
        let centre = f64::ln(scale);
        let integrand = |u: f64| {
            let variance = f64::exp(u);
            prior.log_covariance_density(&dmatrix![variance], 0).unwrap().exp() * variance
        };
        let total =
            trapezoid(centre - 8.0, centre + 8.0 + 90.0 / degrees, 0.2 / (1.0 + 0.1 * degrees), integrand);
        assert_within(total, 1.0, 300.0 * gamma(40));
        // The inverse gamma density with shape ν/2 and scale ψ/2, at its mode ψ/(ν + 2): no value beside it is higher.
        let mode = scale / (degrees + 2.0);
        let at = |s: f64| prior.log_covariance_density(&dmatrix![s], 0).unwrap();
        assert!(at(mode) > at(mode * 1.001) && at(mode) > at(mode * 0.999));
    }
    // ν = 2: an exponential in 1/s, (ψ/2) s⁻² e^{−ψ/2s}.
    let prior = Prior::new(1.0, 2.0, dmatrix![3.0]).unwrap();
    let value = prior.log_covariance_density(&dmatrix![0.7], 0).unwrap();
    assert_within(value, (1.5_f64 / 0.49).ln() - 1.5 / 0.7, gamma(60) * 3.0);
}

/// And d = 2, over the precision P = LLᵀ with dΣ = |P|⁻³ dP and dP = 4 l₁₁² l₂₂ dL. In log l₁₁, log l₂₂ and l₂₁ the
/// integrand is analytic for |Im| < π/4, so h = 0.14 errs by e^{−π²/2h} = 5e−16 times the integrand's size there (below
/// 10³).
///
/// Source: C-E09.
#[test]
fn the_prior_of_a_covariance_integrates_to_one() {
    let prior = Prior::new(1.0, 6.0, dmatrix![1.0, 0.3; 0.3, 0.8]).unwrap();
    let total = trapezoid(-7.0, 2.8, 0.14, |u| {
        trapezoid(-8.0, 2.8, 0.14, |v| {
            trapezoid(-15.0, 13.0, 0.7, |w| {
                let l = dmatrix![u.exp(), 0.0; w, v.exp()];
                let inverse = dmatrix![1.0 / l[(0, 0)], 0.0; -w / (l[(0, 0)] * l[(1, 1)]), 1.0 / l[(1, 1)]];
                let covariance = inverse.transpose() * &inverse;
                // A covariance with |w| ≫ l₁₁l₂₂ is singular in floating point; its density is far below e^{−40}.
                let Ok(log_density) = prior.log_covariance_density(&covariance, 0) else { return 0.0 };
                let log_jacobian = 4_f64.ln() + 3.0 * u + 2.0 * v - 6.0 * (u + v);
                (log_density + log_jacobian).exp()
            })
        })
    });
    assert_within(total, 1.0, 1e-11);
}
