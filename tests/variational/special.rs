//! Two special functions.

use crate::common::{assert_within, seed};
use executable_em::data;
use executable_em::variational::special::{digamma, ln_factorial_of, ln_multigamma};
use rand::RngExt;

/// the digamma function by its recursion, its reflection, Gauss' values, and as a limit of logarithms.
#[test]
fn digamma_is_the_slope_of_log_gamma() {
    let euler = 0.577_215_664_901_532_9;
    assert_within(digamma(1.0), -euler, 1e-15);
    assert_within(digamma(0.5), -euler - 2.0 * 2_f64.ln(), 1e-14);
    assert_within(digamma(0.25), -euler - std::f64::consts::FRAC_PI_2 - 3.0 * 2_f64.ln(), 1e-14);
    let mut rng = data::rng(seed() + 1);
    for _ in 0..200 {
        let x: f64 = 10_f64.powf(rng.random_range(-3.0..3.0));
        assert_within(digamma(x + 1.0), digamma(x) + 1.0 / x, 1e-13 * (1.0 + 1.0 / x));
        // ψ(x) + ψ(x + ½) = 2ψ(2x) − 2 log 2.
        assert_within(
            digamma(x) + digamma(x + 0.5),
            2.0 * digamma(2.0 * x) - 2.0 * 2_f64.ln(),
            1e-13 * (2.0 + 2.0 / x),
        );
        // The slope, by central differences of a function good to 10⁻¹⁴ |log Γ|: an error of h²ψ''/6 and rounding
        // over h.
        let h = 1e-4 * x;
        let slope = (ln_factorial_of(x + h) - ln_factorial_of(x - h)) / (2.0 * h);
        assert_within(slope, digamma(x + 1.0), 1e-7 + 1e-13 * ln_factorial_of(x).abs().max(1.0) / h);
    }
    assert!(digamma(0.0).is_nan() && digamma(-1.0).is_nan() && digamma(f64::NAN).is_nan());
}

/// Γ_d by its recursion in d: Γ_d(a) = π^{(d−1)/2} Γ(a) Γ_{d−1}(a − ½).
#[test]
fn the_multivariate_gamma_function_recurs() {
    for d in 1..5 {
        for a in [2.5, 3.0, 7.25, 40.0] {
            let below = if d == 1 { 0.0 } else { ln_multigamma(d - 1, a - 0.5) };
            let expected =
                0.5 * (d as f64 - 1.0) * std::f64::consts::PI.ln() + ln_factorial_of(a - 1.0) + below;
            assert_within(ln_multigamma(d, a), expected, 1e-12);
        }
    }
    let mut product = 1.0_f64;
    for m in 1..15 {
        product *= f64::from(m);
        assert_within(ln_factorial_of(f64::from(m)), product.ln(), 1e-13);
    }
}
