//! Errata, each with the number that decides.

use crate::common::cases::{self, Case, Kind};
use crate::common::{assert_printed, assert_within, bounds, column, line_mixture};
use crate::{rounding, two_hills, two_hills_data};
use executable_em::bound::{self, ascent, continuous};
use executable_em::gaussian_mixture::{CovarianceFamily, OnlyMean, score};
use executable_em::latent::{self, Model};
use executable_em::{data, em};
use nalgebra::{DMatrix, DVector, dvector};
use std::f64::consts::{E, PI, TAU};

/// q is no prior. The model's own prior p(z) may stand for q, but then the bound has a gap, the divergence of the prior
/// from the posterior, and its entropy moves with the weights. The posterior closes the gap.
///
/// Source: C-E03, T-E04.
#[test]
fn the_prior_in_the_place_of_q_leaves_a_gap() {
    let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, 40, 3, 2, 3);
    let log_joint = model.log_joint(&x).unwrap();
    let prior = |weights: &DVector<f64>| DMatrix::from_fn(40, 3, |_, j| weights[j]);
    let r = latent::responsibilities(&log_joint).unwrap();
    let gap = bound::gap(&prior(model.weights()), &log_joint).unwrap();
    assert!(gap > 40.0, "{gap}: a nat and more for each datum");
    assert_within(
        gap,
        bound::kl_divergence(&prior(model.weights()), &r).unwrap(),
        2.0 * rounding(&prior(model.weights()), &log_joint),
    );
    assert!(bound::gap(&r, &log_joint).unwrap().abs() <= rounding(&r, &log_joint));
    // The entropy of a prior is n H(π): it depends on θ, where that of a free q does not.
    let entropies = [dvector![1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0], dvector![0.2, 0.3, 0.5]]
        .map(|w| bound::entropy(&prior(&w)).unwrap());
    assert_printed(entropies[0], "43.944"); // 40 ln 3, for w = ⅓
    assert!(entropies[0] - entropies[1] > 1.0);
}

/// The E step raises the bound, by its gap, and never the likelihood, which has no q in it.
///
/// Source: C-E04.
#[test]
fn the_e_step_raises_the_bound_not_the_likelihood() {
    let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, 40, 3, 2, 4);
    let trace =
        ascent::coordinate_ascent(&model, &x, &cases::simplex_rows(40, 3, &mut data::rng(4)), 1).unwrap();
    assert_eq!(trace[1].log_likelihood - trace[0].log_likelihood, 0.0);
    let rise = trace[1].lower_bound - trace[0].lower_bound;
    assert!(rise > 40.0, "{rise}");
    assert_within(rise, trace[0].gap, 2.0 * rounding(&trace[0].q, &model.log_joint(&x).unwrap()));
}

/// q = p(z | x, θ*) makes the bound tight at θ*, not at any θ.
///
/// Source: C-E18.
#[test]
fn the_bound_is_tight_at_one_theta_only() {
    let x = two_hills_data();
    let q = latent::responsibilities(&two_hills(0.3).log_joint(&x).unwrap()).unwrap();
    let gap = |theta: f64| bound::gap(&q, &two_hills(theta).log_joint(&x).unwrap()).unwrap();
    assert!(gap(0.3).abs() <= rounding(&q, &two_hills(0.3).log_joint(&x).unwrap()));
    assert!(gap(1.3) > 0.4 && gap(-0.7) > 0.4, "{} {}", gap(1.3), gap(-0.7));
}

/// ℓ(θ^t) ≥ Q(θ | θ^t) as printed, with two different θ, is false: −31.45 < −5.79. With one θ on both sides it holds.
///
/// Source: T-E01.
#[test]
fn the_log_likelihood_at_the_old_theta_bounds_nothing_at_the_new() {
    let x = column(&[-5.0, -4.0, 4.0, 5.0]);
    let old = line_mixture(&[0.5, 0.5], &[-1.0, 1.0], &[1.0, 1.0]);
    let new = em::sweep(&old, &x).unwrap();
    let r = old.responsibilities(&x).unwrap();
    let q = latent::expected_log_joint(&r, &new.log_joint(&x).unwrap()).unwrap();
    let (at_old, at_new) = (old.log_likelihood(&x).unwrap(), new.log_likelihood(&x).unwrap());
    assert_printed(at_old, "-31.45");
    assert_printed(q, "-5.79");
    assert!(at_old < q, "the printed inequality fails");
    assert!(at_new >= q, "the right one holds");
}

/// Where z is continuous its entropy can be negative, and then Q exceeds ℓ: −0.888 > −3.554 for z ~ N(0, 1), x | z ~
/// N(z, 0.01). F = Q + H is a bound all the same. Checked against quadrature.
///
/// Source: T-E02, T-30.
#[test]
fn for_a_continuous_latent_variable_q_is_no_bound() {
    let (x, noise) = (dvector![0.3, -0.7, 1.0], 0.01);
    let (means, variance) = continuous::posterior(&x, noise).unwrap();
    let log_likelihood = continuous::log_likelihood(&x, noise).unwrap();
    let q = continuous::expected_log_joint(&x, noise, &means, variance).unwrap();
    let entropy = continuous::entropy(3, variance).unwrap();
    assert_printed(log_likelihood, "-3.554");
    assert_printed(q, "-0.888");
    assert_printed(entropy, "-2.666");
    assert!(q > log_likelihood, "the printed F ≥ Q fails");
    assert_within(q + entropy, log_likelihood, bounds::gamma(40) * 20.0);

    // The integrals by the trapezoid rule, whose aliasing at a step of 0.05 is exp(−2π²·0.0099/0.05²) < e⁻⁷⁸; ±9 holds
    // all but 10⁻¹⁸ of a standard normal.
    let normal = |z: f64, mean: f64, variance: f64| {
        (-0.5 * (z - mean).powi(2) / variance).exp() / (TAU * variance).sqrt()
    };
    let step = 0.05;
    let grid: Vec<f64> = (-180..=180).map(|i| step * f64::from(i)).collect();
    let (mut l, mut expected, mut h, mut f_elsewhere) = (0.0, 0.0, 0.0, 0.0);
    for (&x, &mean) in x.iter().zip(&means) {
        let joint = |z: f64| normal(z, 0.0, 1.0) * normal(x, z, noise);
        let log_joint = |z: f64| -0.5 * (z * z + (x - z).powi(2) / noise) - 0.5 * (TAU * TAU * noise).ln();
        let posterior = |z: f64| normal(z, mean, variance);
        let integral = |g: &dyn Fn(f64) -> f64| step * grid.iter().map(|&z| g(z)).sum::<f64>();
        let log_normal = |z: f64, m: f64, v: f64| -0.5 * ((z - m).powi(2) / v + (TAU * v).ln());
        l += integral(&joint).ln();
        expected += integral(&|z| posterior(z) * log_joint(z));
        h -= integral(&|z| posterior(z) * log_normal(z, mean, variance));
        f_elsewhere += integral(&|z| normal(z, 0.5, 0.04) * (log_joint(z) - log_normal(z, 0.5, 0.04)));
    }
    for (by_formula, by_quadrature) in [(log_likelihood, l), (q, expected), (entropy, h)] {
        assert_within(by_formula, by_quadrature, 1e-11); // 361 terms, exponents up to 10⁴ · ½ with their ulps
    }
    // Another q: lower, by the formula as by quadrature.
    let elsewhere = continuous::expected_log_joint(&x, noise, &DVector::from_element(3, 0.5), 0.04).unwrap()
        + continuous::entropy(3, 0.04).unwrap();
    assert_within(elsewhere, f_elsewhere, 1e-10);
    assert!(elsewhere < log_likelihood);

    // The turning point is a variance of 1/2πe = .0585.
    let threshold = 1.0 / (TAU * E);
    assert_printed(threshold, "0.0585");
    assert_within(continuous::entropy(7, threshold).unwrap(), 0.0, bounds::gamma(8) * 7.0);
    let exceeds = |noise: f64| {
        let (means, variance) = continuous::posterior(&x, noise).unwrap();
        let q = continuous::expected_log_joint(&x, noise, &means, variance).unwrap();
        (variance < threshold, q > continuous::log_likelihood(&x, noise).unwrap())
    };
    assert_eq!(
        [0.05, 0.062, 0.0625, 0.2].map(exceeds),
        [(true, true), (true, true), (false, false), (false, false)]
    );
    assert_within(continuous::entropy(1, 1.0).unwrap(), 0.5 * (2.0 * PI * E).ln(), bounds::gamma(6));
}

/// ℓ ≥ Q alone does not make ℓ rise with Q. Two curves with ℓ ≥ Q everywhere, Q rising and ℓ falling: nothing in the
/// inequality forbids it; the ascent inequality does.
///
/// Source: T-E03.
#[test]
fn lying_above_q_is_not_rising_with_q() {
    // Q of the *wrong* responsibilities: uniform ones. ℓ ≥ Q holds, and yet a step can raise this Q and lower ℓ.
    let x = two_hills_data();
    let wrong = DMatrix::from_element(8, 2, 0.5);
    let value = |theta: f64| {
        let log_joint = two_hills(theta).log_joint(&x).unwrap();
        (latent::log_likelihood(&log_joint).unwrap(), latent::expected_log_joint(&wrong, &log_joint).unwrap())
    };
    let (from, to) = (value(2.93), value(1.0));
    assert!(from.0 >= from.1 && to.0 >= to.1);
    assert!(to.1 > from.1 + 0.1 && to.0 < from.0 - 0.1, "Q rose, ℓ fell: {from:?} {to:?}");
}

/// The posterior must be frozen. Maximising Σ_z p(z | x, θ) log p(x, z | θ) with one θ in both places is maximising ℓ −
/// H, whose maximiser is another one: it prefers parameters that leave no doubt about the labels.
///
/// Source: H-E19, T-E05.
#[test]
fn an_unfrozen_posterior_moves_the_maximum() {
    // Two components that overlap: N(0, 1) known, N(θ, 1) with a free mean.
    let x = column(&[-1.2, -0.4, 0.1, 0.6, 1.3, 1.9]);
    let at = |theta: f64| OnlyMean::new(line_mixture(&[0.5, 0.5], &[0.0, theta], &[1.0, 1.0]), 1).unwrap();
    let thetas: Vec<f64> = (0..=600).map(|i| 0.01 * f64::from(i)).collect();
    let (mut log_likelihoods, mut unfrozen, mut entropies) = (Vec::new(), Vec::new(), Vec::new());
    for &theta in &thetas {
        let log_joint = at(theta).log_joint(&x).unwrap();
        let r = latent::responsibilities(&log_joint).unwrap();
        log_likelihoods.push(latent::log_likelihood(&log_joint).unwrap());
        unfrozen.push(latent::expected_log_joint(&r, &log_joint).unwrap());
        entropies.push(bound::entropy(&r).unwrap());
        let difference = log_likelihoods.last().unwrap() - entropies.last().unwrap();
        assert_within(*unfrozen.last().unwrap(), difference, rounding(&r, &log_joint));
    }
    let argmax =
        |values: &[f64]| thetas[(0..values.len()).max_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap()];
    let (of_l, of_unfrozen) = (argmax(&log_likelihoods), argmax(&unfrozen));
    assert!((of_unfrozen - of_l - 0.91).abs() < 0.02, "0.75 and 1.66: {of_l} {of_unfrozen}");
    let range = entropies.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), &h| (low.min(h), high.max(h)));
    assert!(range.1 - range.0 > 3.0, "the entropy of a posterior that follows θ depends on θ: {range:?}");
    // Frozen at the maximum of ℓ, Q has its maximum there: the fixed point of EM.
    let frozen = latent::responsibilities(&at(of_l).log_joint(&x).unwrap()).unwrap();
    assert!((at(of_l).maximize(&x, &frozen).unwrap().parameters()[0] - of_l).abs() < 0.01);
}

/// The M step maximises the bound, not the likelihood: after it ℓ is still below its limit, and has a slope.
///
/// Source: B-E12.
#[test]
fn the_m_step_does_not_maximise_the_likelihood() {
    let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Spherical, 40, 3, 2, 12);
    let next = em::sweep(&model, &x).unwrap();
    let r = model.responsibilities(&x).unwrap();
    assert!(score::of_q_in_means(&next, &x, &r).unwrap().amax() < 1e-11, "a maximum of the bound");
    assert!(score::in_means(&next, &x).unwrap().amax() > 0.1, "not one of ℓ");
    let limit = em::fit(model, &x, &em::Stopping::default()).unwrap().log_likelihood;
    assert!(next.log_likelihood(&x).unwrap() < limit - 0.1);
}
