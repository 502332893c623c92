//! The two steps: Bayes' rule, and heads over flips.

use crate::common::bounds::{gamma, sum_of};
use crate::common::config;
use crate::common::enumeration::enumerate;
use crate::common::tally::Tally;
use crate::common::{assert_matrices_within, assert_within, cases};
use crate::naive::{Entry, Naive, derivative};
use crate::{log_joint_error, responsibility_error, tame};
use executable_em::bernoulli_mixture::{BernoulliMixture, heads_over_flips, score};
use executable_em::gaussian_mixture::update;
use executable_em::latent::{self, Model, complete};
use executable_em::{data, kmeans};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use rand::RngExt;

fn sizes() -> impl Strategy<Value = (BernoulliMixture, DMatrix<f64>, u64)> {
    (1..=12usize, 1..=4usize, 1..=3usize, 1..=9usize, any::<u64>()).prop_map(|(n, k, d, m, seed)| {
        let (model, x) = tame(n, k, d, m, seed);
        (model, x, seed)
    })
}

/// The rounding of a derivative in a bias: terms of size (m/p + m/(1 − p)), a few operations each, times r; and
/// 2m + d more operations in the naive product.
fn score_error(model: &BernoulliMixture, x: &DMatrix<f64>, r: &DMatrix<f64>, r_error: &DMatrix<f64>) -> f64 {
    let steepest =
        model.biases().iter().map(|p| model.flips() as f64 * (1.0 / p + 1.0 / (1.0 - p))).fold(0.0, f64::max);
    let operations = x.nrows() + model.k() + 4 * model.d() * (model.flips() + 4) + 20;
    steepest * (gamma(operations) * (r.sum() + 1.0) + r_error.sum())
}

proptest! {
    #![proptest_config(config(200))]

    /// The responsibilities by Bayes' rule in plain products; rows sum to one.
    ///
    /// Source: T-48.
    #[test]
    fn responsibilities_are_bayes_rule((model, x, _) in sizes()) {
        let naive = Naive::<f64>::new(&model);
        let r = model.responsibilities(&x).unwrap();
        let error = responsibility_error(&model, &x);
        for i in 0..x.nrows() {
            for j in 0..model.k() {
                let expected = naive.joint(&x, i, j) / naive.probability(&x, i);
                let operations = 2 * model.d() * (model.flips() + 2) + model.k() + 4;
                assert_within(r[(i, j)], expected, error[(i, j)] + gamma(operations) * expected);
            }
            assert_within(r.row(i).sum(), 1.0, gamma(2 * model.k() + 2));
        }
    }

    /// Q by its three terms, by the general formula, by the printed one with its brackets, and as an expectation over
    /// all kⁿ labelings.
    ///
    /// Source: T-49, T-E26.
    #[test]
    fn q_is_the_expectation_over_all_labelings(
        n in 1..=5usize, k in 1..=3usize, d in 1..=2usize, m in 1..=4usize, seed in any::<u64>(),
    ) {
        let ((model, x), (other, _)) = (tame(n, k, d, m, seed), tame(n, k, d, m, seed ^ 1));
        let r = model.responsibilities(&x).unwrap();
        let log_joint = other.log_joint(&x).unwrap();
        let terms = score::terms_of_q(&other, &x, &r).unwrap();
        let q = latent::expected_log_joint(&r, &log_joint).unwrap();
        let rounding = 2.0 * (r.component_mul(&log_joint_error(&other, &x)).sum()
            + sum_of(terms.iter(), gamma(n * k * d + 8)));
        assert_within(terms.iter().sum(), q, rounding);
        assert_within(Naive::<f64>::new(&other).q(&x, &r), q, rounding + gamma(2 * d * (m + 2)) * n as f64);
        let enumerated = enumerate(&model.log_joint(&x).unwrap(), &log_joint);
        // The weights p(z | x) are good to the errors of n log joints, and there are k^n of them.
        let joints = log_joint_error(&model, &x).sum() + gamma(k.pow(n as u32) + n + 10);
        assert_within(enumerated.expected, q, rounding + 4.0 * joints * q.abs());
    }

    /// The gradient of Q in the biases and the score of ℓ, against dual numbers; Fisher's identity joins them.
    ///
    /// Source: T-50.
    #[test]
    fn bias_derivatives_match_dual_numbers((model, x, seed) in sizes()) {
        let r = cases::simplex_rows(x.nrows(), model.k(), &mut data::rng(seed));
        let posterior = model.responsibilities(&x).unwrap();
        let zero = DMatrix::zeros(x.nrows(), model.k());
        let of_q = score::of_q_in_biases(&model, &x, &r).unwrap();
        let of_l = score::in_biases(&model, &x).unwrap();
        prop_assert_eq!(&of_l, &score::of_q_in_biases(&model, &x, &posterior).unwrap());
        for j in 0..model.k() {
            for a in 0..model.d() {
                let entry = Entry::Bias(j, a);
                let q = derivative(&model, entry, |naive| naive.q(&x, &r));
                assert_within(of_q[(j, a)], q, score_error(&model, &x, &r, &zero));
                let l = derivative(&model, entry, |naive| naive.log_likelihood(&x));
                let bound = score_error(&model, &x, &posterior, &responsibility_error(&model, &x));
                assert_within(of_l[(j, a)], l, bound);
            }
        }
    }

    /// The derivative of ℓ in the weights against dual numbers; Σ α_j ∂ℓ/∂α_j = n; the Lagrangian of Q is stationary at
    /// R_j/n with λ = n, and λ = −n with the constraint the other way round.
    ///
    /// Source: T-51.
    #[test]
    fn the_multiplier_is_the_number_of_draws((model, x, _) in sizes()) {
        let n = x.nrows() as f64;
        let slopes = score::in_weights(&model, &x).unwrap();
        let relative = gamma(60) * (1.0 - model.log_joint(&x).unwrap().min()) + gamma(x.nrows() + 200);
        for j in 0..model.k() {
            let expected = derivative(&model, Entry::Weight(j), |naive| naive.log_likelihood(&x));
            assert_within(slopes[j], expected, relative * expected);
        }
        assert_within(model.weights().dot(&slopes), n, relative * n * model.k() as f64);

        let r = model.responsibilities(&x).unwrap();
        let next = model.maximize(&x, &r).unwrap();
        let weights = next.weights();
        let zero = score::of_lagrangian_in_weights(weights, &r, n).unwrap();
        prop_assert!(zero.amax() <= gamma(2 * x.nrows() + 8) * n, "{zero}");
        let off = score::of_lagrangian_in_weights(weights, &r, n + 0.5).unwrap();
        assert_within(off[0], -0.5, gamma(2 * x.nrows() + 8) * n);
        for j in 0..model.k() {
            let lagrangian = score::of_lagrangian_in_weights(model.weights(), &r, n).unwrap()[j];
            let q = derivative(&model, Entry::Weight(j), |naive| naive.q(&x, &r));
            assert_within(lagrangian, q - n, gamma(200) * (q + n));
        }
        let (solved, multiplier) = update::weights_and_multiplier(&latent::counts(&r)).unwrap();
        assert_within(multiplier, -n, gamma(100) * n);
        prop_assert!((solved - weights).amax() < gamma(200));
    }

    /// With r_ij ∈ {0, 1} the M step is heads over flips for each coin, counted by hand, to the last bit.
    ///
    /// Source: T-52, T-E23.
    #[test]
    fn known_coins_need_no_iteration((model, x, seed) in sizes()) {
        let k = model.k().min(x.nrows());
        let mut rng = data::rng(seed);
        let labels: Vec<usize> = (0..x.nrows()).map(|i| if i < k { i } else { rng.random_range(0..k) }).collect();
        let by_hand = heads_over_flips(&x, &labels, k, model.flips()).unwrap();
        let any = BernoulliMixture::new(
            DVector::from_element(k, 1.0 / k as f64), DMatrix::from_element(k, model.d(), 0.5), model.flips(),
        ).unwrap();
        prop_assert_eq!(&by_hand, &complete::maximum_likelihood(&any, &x, &labels, k).unwrap());
        for j in 0..k {
            let own: Vec<usize> = (0..x.nrows()).filter(|&i| labels[i] == j).collect();
            for a in 0..model.d() {
                let heads: f64 = own.iter().map(|&i| x[(i, a)]).sum();
                prop_assert_eq!(by_hand.biases()[(j, a)], heads / (own.len() * model.flips()) as f64);
            }
            prop_assert_eq!(by_hand.weights()[j], own.len() as f64 / x.nrows() as f64);
        }
        // It is the maximum of the complete-data likelihood: no other θ does better.
        let complete = |theta: &BernoulliMixture| match theta.log_joint(&x) {
            Ok(log_joint) => complete::log_likelihood(&log_joint, &labels).unwrap(),
            Err(error) => panic!("{error}"),
        };
        let best = complete(&by_hand);
        let (other, _) = tame(1, k, model.d(), model.flips(), seed ^ 7);
        prop_assert!(complete(&other) <= best + gamma(200) * (1.0 + best.abs()));
    }
}

/// The update is Σ r x / (m Σ r); there the gradient vanishes, and on either side Q is lower.
///
/// Source: T-50.
#[test]
fn heads_over_flips_maximise_q() {
    let tally = Tally::new();
    proptest!(config(200), |((model, x, seed) in sizes())| {
        let r = cases::simplex_rows(x.nrows(), model.k(), &mut data::rng(seed));
        let next = model.maximize(&x, &r).unwrap();
        let (counts, m) = (latent::counts(&r), model.flips() as f64);
        for j in 0..model.k() {
            for a in 0..model.d() {
                let p = next.biases()[(j, a)];
                if counts[j] == 0.0 {
                    prop_assert_eq!(p, model.biases()[(j, a)]);
                    continue;
                }
                let heads: f64 = (0..x.nrows()).map(|i| r[(i, j)] * x[(i, a)]).sum();
                // Sums of non-negative terms, a quotient.
                assert_within(p, heads / (m * counts[j]), gamma(4 * x.nrows() + 8) * p);
            }
        }
        // As the mean step of k-means, on shares of heads.
        let means = kmeans::update_means(&(&x / m), &r, model.biases()).unwrap();
        assert_matrices_within(next.biases(), &means, gamma(4 * x.nrows() + 10));
        // On the edge of [0, 1] there is no slope.
        let inside = next.biases().iter().all(|&p| p > 0.0 && p < 1.0) && counts.min() > 0.0;
        tally.count("inside", inside);
        if inside {
            let slope = score::of_q_in_biases(&next, &x, &r).unwrap();
            // An error η of p, absolutely, costs the curvature R_j m / p(1 − p) times η.
            let zero = DMatrix::zeros(x.nrows(), model.k());
            let curvature = (0..model.k())
                .flat_map(|j| (0..model.d()).map(move |a| (j, a)))
                .map(|(j, a)| counts[j] * m / (next.biases()[(j, a)] * (1.0 - next.biases()[(j, a)])))
                .fold(0.0, f64::max);
            let bound = score_error(&next, &x, &r, &zero) + curvature * gamma(4 * x.nrows() + 8);
            assert_matrices_within(&slope, &DMatrix::zeros(model.k(), model.d()), bound);
            let q = |model: &BernoulliMixture| score::terms_of_q(model, &x, &r).unwrap().iter().sum::<f64>();
            for at in 0..next.biases().len() {
                for step in [-0.01, 0.01] {
                    let mut biases = next.biases().clone();
                    biases[at] = (biases[at] + step).clamp(0.0, 1.0);
                    let beside = next.with_biases(biases).unwrap();
                    // KL(p‖p + η) ≥ 2η² (Pinsker), times the flips that count.
                    let drop = 2.0 * (beside.biases()[at] - next.biases()[at]).powi(2) * m * counts[at % model.k()];
                    assert!(q(&beside) <= q(&next) - drop + gamma(400) * (q(&next).abs() + 1.0));
                }
            }
        }
    });
    tally.assert_compared(|_| 0.8);
}
