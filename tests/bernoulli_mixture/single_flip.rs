//! One flip a draw: the likelihood is a ridge, on which EM stops after a sweep.

use crate::common::bounds::gamma;
use crate::common::{assert_matrices_within, assert_printed, assert_within};
use crate::{tame, three_coins};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::bernoulli_mixture::identifiability::information;
use executable_em::bernoulli_mixture::single_flip::{joint_with_heads_after_a_sweep, ridge, share_of_heads};
use executable_em::em;
use nalgebra::DVector;

/// ℓ of single flips depends on s = Σ α_j p_j alone: on the ridge it is that of one coin, −6.73012 for six heads of
/// ten, whatever the coins; and beside the ridge it is lower.
///
/// Source: T-E10.
#[test]
fn the_likelihood_of_single_flips_is_a_ridge() {
    let (_, x) = three_coins();
    let single = 6.0 * 0.6_f64.ln() + 4.0 * 0.4_f64.ln();
    assert_printed(single, "-6.73012");
    let mut points = 0;
    for weight in [0.05, 0.3, 0.5, 0.9] {
        for bias in [0.0, 0.1, 0.35, 0.6, 0.8, 1.0] {
            let Ok(coins) = ridge(0.6, weight, bias) else {
                let other: f64 = (0.6 - weight * bias) / (1.0 - weight);
                assert!(!(0.0..=1.0).contains(&other));
                continue;
            };
            points += 1;
            assert_within(share_of_heads(&coins).unwrap()[0], 0.6, gamma(8));
            // Ten log-sum-exps of two joints: s errs by γ(8), ℓ by 10 (γ(8)/0.4 + γ(8) · 5).
            assert_within(coins.log_likelihood(&x).unwrap(), single, 100.0 * gamma(8));
            let mut biases = coins.biases().clone();
            biases[0] = (biases[0] - 0.1).abs();
            let beside = coins.with_biases(biases).unwrap();
            let off = share_of_heads(&beside).unwrap()[0];
            assert_within(
                beside.log_likelihood(&x).unwrap(),
                6.0 * off.ln() + 4.0 * (1.0 - off).ln(),
                100.0 * gamma(8),
            );
            assert!(beside.log_likelihood(&x).unwrap() < single - 1e-5);
        }
    }
    assert!(points > 15, "only {points} points");
}

/// For single flips the information of a draw has rank one, ∇s ∇sᵀ / s(1 − s), and is blind along the ridge.
///
/// Source: T-E10.
#[test]
fn the_information_of_a_single_flip_has_rank_one() {
    for seed in 0..30 {
        let (model, _) = tame(1, 1 + seed as usize % 4, 1, 1, seed);
        let k = model.k();
        let matrix = information(&model).unwrap();
        let s = share_of_heads(&model).unwrap()[0];
        let gradient = DVector::from_fn(2 * k - 1, |row, _| match row {
            row if row < k - 1 => model.biases()[row] - model.biases()[k - 1],
            row => model.weights()[row - (k - 1)],
        });
        let expected = &gradient * gradient.transpose() / (s * (1.0 - s));
        // Scores below 20 + 20 in two outcomes; differences of quotients, through logs and exponentials of some nats.
        assert_matrices_within(&matrix, &expected, gamma(100) * 2.0 * 40.0 * 40.0);
        let eigenvalues = matrix.symmetric_eigenvalues();
        let large = eigenvalues.iter().filter(|value| value.abs() > 1e-9).count();
        assert_eq!(large, 1, "{eigenvalues}");
    }
}

/// A sweep scales all α_j p_j by h/s and lands on the ridge; the second sweep moves nothing but the last digits.
///
/// Source: T-E10.
#[test]
fn em_on_single_flips_is_done_after_one_sweep() {
    let (model, x) = three_coins();
    let first = em::sweep(&model, &x).unwrap();
    let second = em::sweep(&first, &x).unwrap();
    assert_printed(model.log_likelihood(&x).unwrap(), "-6.732");
    assert_printed(first.log_likelihood(&x).unwrap(), "-6.73012");
    // r: log joints below 4 nats through 6 operations and an exponential, 4 γ(6) + γ(8); sums of ten, a quotient:
    // γ(12). Twice, and the error of the first sweep is carried over: below γ(150).
    assert!(em::largest_move(&first, &second) <= gamma(150), "{:e}", em::largest_move(&first, &second));
    assert!(em::largest_move(&model, &first) > 1e-3);
    // It has not even begun to look for the coins: where it stops is where it began, scaled.
    let joint = |model: &BernoulliMixture| model.weights().component_mul(&model.biases().column(0));
    let predicted = joint_with_heads_after_a_sweep(&model, 0.6).unwrap();
    assert!((joint(&first) - &predicted).amax() <= gamma(80));
    assert!((predicted.component_div(&joint(&model)).add_scalar(-0.6 / 0.61)).amax() < gamma(20));
    // And the tails: α_j (1 − p_j) by (1 − h)/(1 − s).
    let tails =
        |model: &BernoulliMixture| model.weights().component_mul(&model.biases().column(0).map(|p| 1.0 - p));
    assert!((tails(&first) - tails(&model) * (0.4 / 0.39)).amax() <= gamma(100));

    for seed in 0..50 {
        let (model, x) = tame(1 + seed as usize % 40, 1 + seed as usize % 4, 1, 1, seed);
        let first = em::sweep(&model, &x).unwrap();
        assert_within(share_of_heads(&first).unwrap()[0], x.mean(), gamma(200));
        let second = em::sweep(&first, &x).unwrap();
        let joint = |model: &BernoulliMixture| model.weights().component_mul(&model.biases().column(0));
        // A weight may be small, so its bias moves by relatively more than the product.
        assert!((joint(&first) - joint(&second)).amax() <= gamma(400));
        assert!((first.weights() - second.weights()).amax() <= gamma(400));
    }
}
