//! The bound, its gap, and their sum.

use crate::common::cases::{self, Kind};
use crate::common::{assert_at_least, assert_within, bounds, config};
use crate::{State, random_q, rounding, states};
use executable_em::bound::{self, correlated};
use executable_em::data;
use executable_em::latent::{self, Model, complete};
use nalgebra::{DMatrix, dmatrix};
use proptest::prelude::*;
use rand::RngExt;
use std::f64::consts::LN_2;

/// F + KL = ℓ for random q and θ, every model, to 10⁻¹² n and to the derived bound; hence F ≤ ℓ, and by at least half
/// the squared L1 distance from the posterior (Pinsker), so that the gap is a real one.
///
/// Source: C-01, C-02, C-26, B-08, T-28.
#[test]
fn the_bound_and_the_gap_add_up_to_the_log_likelihood() {
    let mut rng = data::rng(1);
    for State { name, log_joint } in states() {
        let log_likelihood = latent::log_likelihood(&log_joint).unwrap();
        let r = latent::responsibilities(&log_joint).unwrap();
        for _ in 0..5 {
            let q = random_q(&log_joint, &mut rng);
            let (lower_bound, gap) =
                (bound::lower_bound(&q, &log_joint).unwrap(), bound::gap(&q, &log_joint).unwrap());
            let tolerance = rounding(&q, &log_joint);
            let difference = (lower_bound + gap - log_likelihood).abs();
            assert!(difference <= tolerance, "{name}: {difference:e} > {tolerance:e}");
            // Log joints of some hard cases have thousands of nats, each with its ulp.
            let per_datum = 1e-12
                * (log_joint.iter().filter(|l| l.is_finite()).map(|l| l.abs()).fold(1.0, f64::max) / 100.0)
                    .max(1.0);
            assert!(difference <= per_datum * q.nrows() as f64, "{name}: {difference:e}");
            assert!(lower_bound <= log_likelihood + tolerance, "{name}: {lower_bound} > {log_likelihood}");
            let pinsker: f64 = (&q - &r)
                .row_iter()
                .map(|row| 0.5 * row.iter().map(|entry| entry.abs()).sum::<f64>().powi(2))
                .sum();
            assert!(gap >= pinsker - tolerance, "{name}: {gap} below Pinsker's {pinsker}");
            assert!(log_likelihood - lower_bound >= pinsker - tolerance, "{name}");
        }
    }
}

/// At the posterior, and only there, the gap is zero, not positive; the integrand is then the log marginal, whatever
/// the label.
///
/// Source: C-03, C-18, C-28, C-29, C-30, B-09, B-10, T-29, B-E07.
#[test]
fn the_bound_touches_at_the_posterior_alone() {
    for State { name, log_joint } in states() {
        let r = latent::responsibilities(&log_joint).unwrap();
        let tolerance = rounding(&r, &log_joint);
        let log_likelihood = latent::log_likelihood(&log_joint).unwrap();
        assert_eq!(bound::kl_divergence(&r, &r).unwrap(), 0.0, "{name}"); // ln 1 = 0
        assert!(bound::gap(&r, &log_joint).unwrap().abs() <= tolerance, "{name}");
        assert!((bound::lower_bound(&r, &log_joint).unwrap() - log_likelihood).abs() <= tolerance, "{name}");

        let integrand = bound::integrand(&r, &log_joint).unwrap();
        let marginals = latent::log_marginals(&log_joint).unwrap();
        for i in 0..r.nrows() {
            for j in (0..r.ncols()).filter(|&j| r[(i, j)] > 1e-300) {
                // r = exp(L − m) rounds L − m and the exp, the log takes it back.
                let allowed = bounds::gamma(8) * (log_joint[(i, j)].abs() + marginals[i].abs() + 2.0);
                assert!((integrand[(i, j)] - marginals[i]).abs() <= allowed, "{name} at ({i}, {j})");
            }
        }
        if r.ncols() > 1 {
            // A hundredth of every row moved to its least likely label that is possible at all.
            let mut moved = &r * 0.99;
            for i in 0..r.nrows() {
                let possible = (0..r.ncols()).filter(|&j| log_joint[(i, j)].is_finite());
                let least = possible.min_by(|&a, &b| r[(i, a)].total_cmp(&r[(i, b)])).expect("a label");
                moved[(i, least)] += 0.01;
            }
            let distance: f64 =
                (&moved - &r).row_iter().map(|row| row.iter().map(|e| e.abs()).sum::<f64>().powi(2)).sum();
            assert!(bound::gap(&moved, &log_joint).unwrap() >= 0.5 * distance - tolerance, "{name}");
        }
    }
}

/// The gap is the divergence from the responsibilities, as long as these do not underflow.
///
/// Source: B-08, C-27.
#[test]
fn the_gap_is_the_divergence_from_the_posterior() {
    let mut rng = data::rng(27);
    for State { name, log_joint } in states() {
        let r = latent::responsibilities(&log_joint).unwrap();
        let q = random_q(&log_joint, &mut rng);
        if q.iter().zip(&r).any(|(&q, &r)| q > 0.0 && r < 1e-300) {
            continue;
        }
        // As in `rounding`; the responsibilities carry the error of L − m through one exp and one log.
        let difference = bound::kl_divergence(&q, &r).unwrap() - bound::gap(&q, &log_joint).unwrap();
        assert!(difference.abs() <= 2.0 * rounding(&q, &log_joint), "{name}: {difference:e}");
    }
    let divergence = bound::kl_divergence(&dmatrix![0.5, 0.5], &dmatrix![0.25, 0.75]).unwrap();
    assert_within(divergence, 0.5 * 2_f64.ln() + 0.5 * (2.0 / 3.0_f64).ln(), bounds::gamma(6));
    assert_eq!(bound::kl_divergence(&dmatrix![1.0, 0.0], &dmatrix![0.5, 0.5]).unwrap(), LN_2);
    // A posterior that underflows: its log does not.
    let far = dmatrix![0.0, -800.0];
    assert_eq!(latent::responsibilities(&far).unwrap()[1], 0.0);
    assert_eq!(bound::gap(&dmatrix![0.0, 1.0], &far).unwrap(), 800.0);
}

/// Mass where the joint is zero makes the bound −∞ and the gap +∞; zeros of q elsewhere are harmless.
#[test]
fn zeros_are_treated_exactly() {
    let impossible = dmatrix![-1.0, f64::NEG_INFINITY];
    assert_eq!(bound::lower_bound(&dmatrix![0.5, 0.5], &impossible).unwrap(), f64::NEG_INFINITY);
    assert_eq!(bound::gap(&dmatrix![0.5, 0.5], &impossible).unwrap(), f64::INFINITY);
    assert_eq!(bound::lower_bound(&dmatrix![1.0, 0.0], &impossible).unwrap(), -1.0);
    assert_eq!(bound::gap(&dmatrix![1.0, 0.0], &impossible).unwrap(), 0.0);
    assert_eq!(bound::kl_divergence(&dmatrix![0.5, 0.5], &dmatrix![1.0, 0.0]).unwrap(), f64::INFINITY);
    let integrand = bound::integrand(&dmatrix![1.0, 0.0], &dmatrix![-1.0, -2.0]).unwrap();
    assert_eq!((integrand[0], integrand[1]), (-1.0, f64::INFINITY));
    assert!(bound::integrand(&dmatrix![1.0, 0.0], &impossible).unwrap()[1].is_nan());
}

/// The entropy lies between 0 (one-hot) and n log k (uniform), and has no θ in it: F and Q differ by the same number at
/// every θ, so they have the same maximiser.
///
/// Source: C-19, T-30, T-31.
#[test]
fn the_entropy_is_a_constant_between_zero_and_n_log_k() {
    let mut rng = data::rng(19);
    for _ in 0..100 {
        let (n, k) = (rng.random_range(1..=10), rng.random_range(1..=5));
        let q = cases::simplex_rows(n, k, &mut rng);
        let entropy = bound::entropy(&q).unwrap();
        let most = n as f64 * (k as f64).ln();
        let slack = bounds::gamma(n * k + 4) * (most + 1.0);
        assert!((-slack..=most + slack).contains(&entropy));
        assert_within(bound::entropy(&DMatrix::from_element(n, k, 1.0 / k as f64)).unwrap(), most, slack);
        let one_hot = complete::one_hot(&(0..n).map(|i| i % k).collect::<Vec<_>>(), k).unwrap();
        let zero = bound::entropy(&one_hot).unwrap();
        assert!(zero == 0.0 && zero.is_sign_positive());

        for _ in 0..3 {
            let log_joint = DMatrix::from_fn(n, k, |_, _| rng.random_range(-9.0..1.0));
            let difference = bound::lower_bound(&q, &log_joint).unwrap()
                - latent::expected_log_joint(&q, &log_joint).unwrap();
            assert_within(difference, entropy, bounds::gamma(4) * (9.0 * n as f64 + most));
        }
    }
    assert_within(bound::entropy(&dmatrix![0.25, 0.75]).unwrap(), 0.562_335_144_618_808_3, bounds::gamma(6));
}

/// The bound asks nothing of q. A one-hot q gives the log joint of its labeling, and the gap −Σ log r; but the line
/// "log E_q" loses what lies outside the support.
///
/// Source: C-02, C-E14.
#[test]
fn a_one_hot_q_bounds_too_but_its_expectation_falls_short() {
    let mut rng = data::rng(44);
    for _ in 0..50 {
        let (n, k) = (rng.random_range(1..=5), rng.random_range(2..=3));
        let log_joint = DMatrix::from_fn(n, k, |_, _| rng.random_range(-9.0..1.0));
        let labels: Vec<usize> = (0..n).map(|_| rng.random_range(0..k)).collect();
        let q = complete::one_hot(&labels, k).unwrap();
        let at_the_labels = complete::log_likelihood(&log_joint, &labels).unwrap();
        let tolerance = rounding(&q, &log_joint);
        assert_within(bound::lower_bound(&q, &log_joint).unwrap(), at_the_labels, tolerance);
        let r = latent::responsibilities(&log_joint).unwrap();
        let missing: f64 = labels.iter().enumerate().map(|(i, &label)| -r[(i, label)].ln()).sum();
        assert_within(bound::gap(&q, &log_joint).unwrap(), missing, tolerance);

        let over_labelings = correlated::factorised(&q).unwrap();
        let by_expectation = correlated::log_expected_ratio(&over_labelings, &log_joint).unwrap();
        let log_likelihood = latent::log_likelihood(&log_joint).unwrap();
        assert_within(by_expectation, at_the_labels, tolerance);
        assert!(by_expectation < log_likelihood - 1e-6, "the posterior is nowhere one-hot here");
        // With support everywhere the line is an equality.
        let everywhere = correlated::factorised(&DMatrix::from_element(n, k, 1.0 / k as f64)).unwrap();
        let by_expectation = correlated::log_expected_ratio(&everywhere, &log_joint).unwrap();
        assert_within(by_expectation, log_likelihood, tolerance + bounds::gamma(k.pow(n as u32) + 20) * 60.0);
    }
}

/// log p(x) is the average over any q of log p(x, z)/p(z | x), which is the same for every z.
///
/// Source: B-07.
#[test]
fn the_log_likelihood_is_an_average_of_constants() {
    let mut rng = data::rng(7);
    for State { name, log_joint } in states().into_iter().step_by(7) {
        let r = latent::responsibilities(&log_joint).unwrap();
        if r.iter().any(|&r| r < 1e-300) {
            continue;
        }
        let q = random_q(&log_joint, &mut rng);
        let average = bound::integrand(&r, &log_joint).unwrap().dot(&q);
        assert!(
            (average - latent::log_likelihood(&log_joint).unwrap()).abs() <= 2.0 * rounding(&q, &log_joint),
            "{name}"
        );
    }
}

proptest! {
    #![proptest_config(config(200))]

    /// On arbitrary inputs: F + KL = ℓ and F ≤ ℓ for every kind, family and size.
    ///
    /// Source: C-01, C-26, T-28.
    #[test]
    fn the_decomposition_holds_for_any_case(case in cases::strategy(&Kind::ALL), seed in any::<u64>()) {
        let log_joint = case.model.log_joint(&case.x).unwrap();
        let q = random_q(&log_joint, &mut data::rng(seed));
        let (f, gap) = (bound::lower_bound(&q, &log_joint).unwrap(), bound::gap(&q, &log_joint).unwrap());
        let (l, tolerance) = (latent::log_likelihood(&log_joint).unwrap(), rounding(&q, &log_joint));
        assert_within(f + gap, l, tolerance);
        assert_at_least(l, f, tolerance);
        assert_at_least(gap, 0.0, tolerance);
    }
}
