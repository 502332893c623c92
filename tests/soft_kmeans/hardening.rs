//! The limit of infinite stiffness: k-means, but for ties and weights of zero.

use crate::common::bounds::{self, gamma};
use crate::common::config;
use crate::common::{assert_at_least, assert_printed, assert_within, cases, column};
use crate::{
    both, factors, line_model, log_likelihood_error, responsibility_error, settled, soft, staircase,
};
use executable_em::kmeans::{self, Step};
use executable_em::latent;
use executable_em::soft_kmeans::{SoftKMeans, Weights, hard_limit, hard_limit_bound, scaled_log_likelihood};
use executable_em::{data, em};
use nalgebra::{DVector, dmatrix, dvector};
use proptest::prelude::*;

proptest! {
    #![proptest_config(config(200))]

    /// No responsibility is farther from its limit than the bound, ties and zero weights included, and the limit is the
    /// hard assignment.
    ///
    /// Source: H-42, H-E22, T-55, T-56, T-E13.
    #[test]
    fn responsibilities_harden_within_the_bound(case in cases::strategy(&cases::Kind::ALL), factor in factors()) {
        let model = soft(&case, factor, Weights::Held);
        let limit = hard_limit(&case.x, model.means(), model.weights()).unwrap();
        let bound = hard_limit_bound(&case.x, model.means(), model.weights(), model.stiffness()).unwrap();
        let r = model.responsibilities(&case.x).unwrap();
        let rounding = responsibility_error(&model, &case.x);
        let distances = kmeans::squared_distances(&case.x, model.means()).unwrap();
        for i in 0..r.nrows() {
            let nearest = (0..r.ncols())
                .filter(|&j| model.weights()[j] > 0.0)
                .map(|j| distances[(i, j)])
                .fold(f64::INFINITY, f64::min);
            let tied: Vec<usize> =
                (0..r.ncols()).filter(|&j| model.weights()[j] > 0.0 && distances[(i, j)] == nearest).collect();
            let together: f64 = tied.iter().map(|&j| model.weights()[j]).sum();
            for j in 0..r.ncols() {
                let expected = if tied.contains(&j) { model.weights()[j] / together } else { 0.0 };
                assert_within(limit[(i, j)], expected, gamma(r.ncols()) * expected);
                // The exponent of the bound is a difference of products, good to γ(4) of the larger; a subnormal
                // stands for what underflows.
                let slack = gamma(6) * (1.0 + model.stiffness() * distances.row(i).max());
                let allowed = bound[i] * (1.0 + slack) + rounding[(i, j)] + f64::MIN_POSITIVE;
                assert_within(r[(i, j)], limit[(i, j)], allowed + gamma(r.ncols() + 2));
            }
        }
    }

    /// −2ε(ℓ + (nd/2) log 2πε) lies above J, by at most 2ε Σ_i|log π_T| for the weight π_T of the nearest means.
    ///
    /// Source: T-57.
    #[test]
    fn the_scaled_log_likelihood_lies_just_above_the_objective(
        case in cases::strategy(&cases::Kind::ALL), factor in factors(),
    ) {
        let model = soft(&case, factor, Weights::Held);
        let limit = hard_limit(&case.x, model.means(), model.weights()).unwrap();
        let j = kmeans::objective(&case.x, &limit, model.means()).unwrap();
        let allowed: f64 = limit
            .row_iter()
            .map(|row| {
                let together: f64 =
                    row.iter().zip(model.weights()).filter(|&(&r, _)| r > 0.0).map(|(_, &weight)| weight).sum();
                together.ln().abs()
            })
            .sum::<f64>() * 2.0 / model.stiffness();
        let (n, d) = case.x.shape();
        let normaliser = 0.5 * (n * d) as f64 * ((std::f64::consts::TAU / model.stiffness()).ln().abs() + 1.0);
        let log_likelihood = model.log_likelihood(&case.x).unwrap();
        let rounding = 2.0 / model.stiffness()
            * (log_likelihood_error(&model, &case.x) + gamma(6) * (log_likelihood.abs() + normaliser))
            + bounds::objective_relative(n, model.means().nrows(), d) * 2.0 * j
            + gamma(n + 4) * allowed;
        let scaled = scaled_log_likelihood(&model, &case.x).unwrap();
        assert_at_least(scaled, j, rounding);
        assert_at_least(j + allowed, scaled, rounding);
    }

    /// A sweep with hardened responsibilities is a sweep of k-means, to the last bit, whatever β and the weights.
    ///
    /// Source: C-43, C-44.
    #[test]
    fn a_hard_sweep_is_a_sweep_of_kmeans(
        case in cases::strategy(&cases::Kind::ALL), factor in factors(), weights_are in both(),
    ) {
        let model = soft(&case, factor, weights_are);
        let labels = kmeans::assign(&case.x, model.means()).unwrap();
        let r = latent::one_hot(&labels, model.means().nrows()).unwrap();
        let next = model.hard_sweep(&case.x).unwrap();
        prop_assert_eq!(next.means(), &kmeans::update_means(&case.x, &r, model.means()).unwrap());
        for j in 0..model.means().nrows() {
            let share = labels.iter().filter(|&&label| label == j).count() as f64 / labels.len() as f64;
            let expected = if weights_are == Weights::Held { model.weights()[j] } else { share };
            prop_assert_eq!(next.weights()[j], expected);
        }
    }
}

/// The rate. For two means the log of the far one's responsibility falls with the slope −δ/2 in β, and a responsibility
/// of 1e-113 at β = 1e4 is a gap δ of 0.052.
///
/// Source: H-42, T-55.
#[test]
fn the_log_deviation_falls_by_half_the_gap() {
    let (x, means) = (column(&[0.1]), [-0.3, 0.9]);
    let gap = 0.8_f64.powi(2) - 0.4_f64.powi(2);
    let far = |weight: f64, stiffness: f64| {
        let model = line_model(&means, &[1.0 - weight, weight], stiffness, Weights::Held);
        model.responsibilities(&x).unwrap()[1]
    };
    for weight in [0.5, 0.9, 1e-6] {
        let (near_end, far_end) = (400.0, 2000.0);
        let slope = (far(weight, far_end).ln() - far(weight, near_end).ln()) / (far_end - near_end);
        // log r = log odds − log(1 + odds), odds < 9e^{−96}; log joints are below 2000, of ten operations.
        assert_within(slope, -0.5 * gap, 2.0 * 2000.0 * gamma(12) / (far_end - near_end));
        let bound = hard_limit_bound(&x, &column(&means), &dvector![1.0 - weight, weight], 400.0).unwrap()[0];
        assert_within(far(weight, 400.0) / bound, 1.0, 2000.0 * gamma(12));
    }

    // δ/2 · 1e4 = 113 log 10.
    let gap = 2.0 * 113.0 * std::f64::consts::LN_10 / 1e4;
    assert_printed(gap, "0.052");
    let model = line_model(&[1.0, (1.0 + gap).sqrt()], &[0.5; 2], 1e4, Weights::Held);
    let deviation = model.responsibilities(&column(&[0.0])).unwrap()[1];
    // Exponents of 5000, of ten operations, relative to 1e-113.
    assert_within(deviation / 1e-113, 1.0, 5300.0 * gamma(12));
}

/// The largest deviation on the geyser at ε = 1, 0.1, 0.01, 0.001 falls, in the end to an exact zero; then a sweep is
/// one of k-means, to the last bit.
///
/// Source: T-55, H-42.
#[test]
fn at_great_stiffness_the_algorithm_is_kmeans() {
    let x = data::standardize(&data::old_faithful()).unwrap();
    let start = dmatrix![-1.0, 1.0; 1.0, -1.0];
    let run = kmeans::lloyd(&x, &start, 100).unwrap();
    let deviations: Vec<f64> = [1.0, 0.1, 0.01, 0.001, 1e-6]
        .map(|epsilon| {
            let model = SoftKMeans::new(run.means().clone(), 1.0 / epsilon, Weights::Held).unwrap();
            let hard = kmeans::responsibilities(&x, run.means()).unwrap();
            (model.responsibilities(&x).unwrap() - hard).amax()
        })
        .to_vec();
    assert!(deviations.is_sorted_by(|before, after| before > after || *after == 0.0), "{deviations:?}");
    assert!(deviations[0] > 0.3 && deviations[4] == 0.0, "{deviations:?}");

    // The same run as Lloyd's, means and all.
    for weights_are in [Weights::Held, Weights::Fitted] {
        let mut model = SoftKMeans::new(start.clone(), 1e9, weights_are).unwrap();
        for half_step in run.half_steps.iter().filter(|half_step| half_step.step == Step::Update) {
            model = em::sweep(&model, &x).unwrap();
            assert_eq!(*model.means(), half_step.means);
        }
    }
}

/// What the limit needs. In a tie the responsibilities are the weights at every β; a mean of weight zero gets nothing,
/// however near; without either, even a weight of 0.998 far away counts for nothing.
///
/// Source: H-E22, T-E13.
#[test]
fn ties_and_zero_weights_are_no_hard_assignment() {
    for weights in [[0.7, 0.3], [0.9, 0.1]] {
        for stiffness in [1.0, 1e3, 1e6] {
            let model = line_model(&[-1.0, 1.0], &weights, stiffness, Weights::Held);
            let r = model.responsibilities(&column(&[0.0])).unwrap();
            // Log joints of size β/2, of ten operations, but the same in both columns but for log π: those cancel.
            assert_within(r[0], weights[0], gamma(12) * (10.0 + stiffness));
        }
        let limit =
            hard_limit(&column(&[0.0]), &column(&[-1.0, 1.0]), &DVector::from_row_slice(&weights)).unwrap();
        assert_within(limit[0], weights[0], gamma(3));
        assert_eq!(
            kmeans::responsibilities(&column(&[0.0]), &column(&[-1.0, 1.0])).unwrap(),
            dmatrix![1.0, 0.0]
        );
    }

    let empty = line_model(&[0.0, 5.0], &[0.0, 1.0], 1e6, Weights::Held);
    assert_eq!(empty.responsibilities(&column(&[0.1])).unwrap(), dmatrix![0.0, 1.0]);
    assert_eq!(hard_limit(&column(&[0.1]), empty.means(), empty.weights()).unwrap(), dmatrix![0.0, 1.0]);
    assert_eq!(
        hard_limit_bound(&column(&[0.1]), empty.means(), empty.weights(), 1.0).unwrap(),
        dvector![0.0]
    );

    let lopsided = line_model(&[0.0, 2.0, 5.0], &[0.001, 0.001, 0.998], 1e4, Weights::Held);
    let x = column(&[0.1, 1.2, 3.4]);
    assert_eq!(
        lopsided.responsibilities(&x).unwrap(),
        kmeans::responsibilities(&x, lopsided.means()).unwrap()
    );

    // A weight far below rounding still has its part in the bound, and the bound in turn is sharp.
    let tiny = line_model(&[0.0, 1.0], &[1.0, 1e-300], 2.0, Weights::Held);
    let bound = hard_limit_bound(&column(&[0.2]), tiny.means(), tiny.weights(), 2.0).unwrap()[0];
    let deviation = tiny.responsibilities(&column(&[0.2])).unwrap()[1];
    assert_within(deviation / bound, 1.0, 700.0 * gamma(12));
}

/// On {0, 1, 2, 3, 4} EM of the restricted mixture ends elsewhere than k-means, unless σ is small; and a sweep of
/// k-means lowers ℓ from −8.558 to −8.680.
///
/// Source: C-E12, C-42.
#[test]
fn kmeans_is_not_em_of_the_restricted_mixture() {
    let x = staircase();
    let run = kmeans::lloyd(&x, &column(&[0.0, 3.0]), 100).unwrap();
    assert_eq!(run.means(), &column(&[0.5, 3.0]));
    for (variance, low, high) in [(1.0, "0.899", "3.101"), (0.25, "0.621", "3.062"), (0.01, "0.5", "3.0")] {
        let start = line_model(&[0.0, 3.0], &[0.5; 2], 1.0 / variance, Weights::Held);
        let limit = settled(start, &x);
        assert_printed(limit.means()[0], low);
        assert_printed(limit.means()[1], high);
    }
    let soft = settled(line_model(&[0.0, 3.0], &[0.5; 2], 1.0, Weights::Held), &x);
    assert_printed(soft.log_likelihood(&x).unwrap(), "-8.558");
    let hard = soft.hard_sweep(&x).unwrap();
    // Which cluster the datum in the middle joins is a matter of rounding; ℓ is the same.
    assert!([column(&[0.5, 3.0]), column(&[1.0, 3.5])].contains(hard.means()), "{}", hard.means());
    assert_printed(hard.log_likelihood(&x).unwrap(), "-8.680");
    // What it maximises instead is the classification likelihood: J falls.
    let objective = |model: &SoftKMeans| {
        kmeans::objective(&x, &kmeans::responsibilities(&x, model.means()).unwrap(), model.means()).unwrap()
    };
    assert!(objective(&hard) < objective(&soft));
}

/// At σ² = 1/4 a symmetric start stays symmetric, and ends below what an asymmetric one finds.
///
/// Source: C-E12.
#[test]
fn a_symmetric_start_ends_at_a_saddle() {
    let x = staircase();
    let saddle = settled(line_model(&[0.0, 4.0], &[0.5; 2], 4.0, Weights::Held), &x);
    let better = settled(line_model(&[0.0, 3.0], &[0.5; 2], 4.0, Weights::Held), &x);
    assert_within(saddle.means()[0] + saddle.means()[1], 4.0, 1e-11);
    assert!(better.log_likelihood(&x).unwrap() > saddle.log_likelihood(&x).unwrap() + 0.01);
}

/// The excess over J tends to −2ε Σ_i log π_T, so exactly as fast as ε; ℓ itself falls to −∞ with the slope −J/2 in β,
/// or rises to +∞ where J = 0.
///
/// Source: T-57, T-E25.
#[test]
fn the_log_likelihood_tends_to_the_objective_as_fast_as_its_width() {
    let x = data::standardize(&data::old_faithful()).unwrap();
    let run = kmeans::lloyd(&x, &dmatrix![-1.0, 1.0; 1.0, -1.0], 100).unwrap();
    let j = run.objective();
    let shares = run.labels().iter().filter(|&&label| label == 0).count();
    let allowed = -(shares as f64 * 0.2_f64.ln() + (272 - shares) as f64 * 0.8_f64.ln());
    let even = SoftKMeans::new(run.means().clone(), 1.0, Weights::Held).unwrap();
    let weighted = even.with_weights(dvector![0.2, 0.8]).unwrap();
    let at = |stiffness: f64| weighted.with_stiffness(stiffness).unwrap();
    for stiffness in [1e5, 1e6, 1e7] {
        let excess = scaled_log_likelihood(&at(stiffness), &x).unwrap() - j;
        // The nearest border is 0.01 away in squared distance, so e^{−βδ/2} < 1e-200; rounding: J to γ(600), over 2ε.
        assert_within(excess * stiffness / 2.0, allowed, j * gamma(600) * stiffness);
    }
    let log_likelihood = |stiffness: f64| at(stiffness).log_likelihood(&x).unwrap();
    assert!(log_likelihood(1e6) < log_likelihood(1e5) && log_likelihood(1e5) < log_likelihood(1e4));
    let slope = (log_likelihood(2e6) - log_likelihood(1e6)) / 1e6;
    // ℓ = −βJ/2 + (nd/2) log β + const: the logarithm adds 272 log 2 / 1e6; rounding as above.
    assert_within(slope, -0.5 * j + 272.0 * 2_f64.ln() / 1e6, 2.0 * j * gamma(600));

    let exact = |stiffness: f64| line_model(&[0.0, 1.0], &[0.5; 2], stiffness, Weights::Held);
    let points = column(&[0.0, 1.0]);
    let [low, high] = [1e4, 1e8].map(|stiffness| exact(stiffness).log_likelihood(&points).unwrap());
    // Both data sit on a mean: ℓ = log(β/2π) − 2 log 2, so 1e4 times the stiffness adds log 1e4.
    assert_within(high - low, 1e4_f64.ln(), gamma(100));
    // And the scaled form tends to J = 0: 2ε · 2 log 2.
    assert_within(
        scaled_log_likelihood(&exact(1e8), &points).unwrap() * 1e8,
        4.0 * 2_f64.ln(),
        40.0 * gamma(30),
    );
}
