//! As printed: the slips of the tutorial on its own ten flips.

use crate::common::bounds::gamma;
use crate::common::{assert_printed, assert_within, column};
use crate::three_coins;
use executable_em::bernoulli_mixture::{BernoulliMixture, score};
use executable_em::errata::lecture_t;
use executable_em::latent::Model;
use nalgebra::{DMatrix, dmatrix, dvector};

/// Pr(X) = Σ_j Pr(X | Z = j) Pr(Z = j) for the data set is one coin for all of them, −8.563, not −6.732.
///
/// Source: T-E09.
#[test]
fn the_law_of_total_probability_is_for_each_draw() {
    let (model, x) = three_coins();
    let log_probabilities = model.component_log_probabilities(&x).unwrap();
    let printed = lecture_t::log_likelihood_of_one_draw_for_all(model.weights(), &log_probabilities).unwrap();
    assert_printed(printed, "-8.563");
    assert_printed(model.log_likelihood(&x).unwrap(), "-6.732");
}

/// With Σ_j over a term in j′ the "sum of responsibilities" is .452, 1.694 or 5.083, according to j′, not 1. The α_{j′}
/// in the denominators is right.
///
/// Source: T-E14.
#[test]
fn the_index_of_the_sum_is_that_of_its_terms() {
    let (model, x) = three_coins();
    let log_joint = model.log_joint(&x).unwrap();
    for (j, printed) in ["0.452", "1.694", "5.083"].iter().enumerate() {
        assert_printed(lecture_t::posterior_sums_with_a_free_index(&log_joint, j).unwrap()[0], printed);
    }
    assert_within(model.responsibilities(&x).unwrap().row(0).sum(), 1.0, gamma(8));
}

/// Without brackets the last term has lost its sum: a different number for every i and j, the right one for none. And
/// with a comma for the bar Θ is a random variable with a prior, whose mode is another p.
///
/// Source: T-E26.
#[test]
fn brackets_and_bars_matter() {
    let (model, x) = three_coins();
    let r = model.responsibilities(&x).unwrap();
    let read = lecture_t::q_without_brackets(&model, &x, &r).unwrap();
    let [_, heads, tails] = score::terms_of_q(&model, &x, &r).unwrap();
    assert!(read.iter().all(|&value| value > heads + tails + 1.0));
    for i in 0..10 {
        for j in 0..3 {
            let lost = r[(i, j)] * (1.0 - x[i]) * (1.0 - model.biases()[j]).ln();
            assert_within(read[(i, j)], heads + lost, gamma(8) * 10.0);
        }
    }
    // For a single draw of a single coin there is nothing to lose.
    let one = BernoulliMixture::new(dvector![1.0], dmatrix![0.3], 1).unwrap();
    let q: f64 = score::terms_of_q(&one, &column(&[0.0]), &dmatrix![1.0]).unwrap().iter().sum();
    assert_eq!(lecture_t::q_without_brackets(&one, &column(&[0.0]), &dmatrix![1.0]).unwrap()[0], q);

    // A prior Beta(2, 2) on each bias adds log p + log(1 − p) to Q: its mode is (Σ r x + 1)/(R + 2).
    let mode =
        DMatrix::from_fn(3, 1, |j, _| (r.column(j).dot(&x.column(0)) + 1.0) / (r.column(j).sum() + 2.0));
    let slope = score::of_q_in_biases(&model.with_biases(mode.clone()).unwrap(), &x, &r).unwrap();
    for j in 0..3 {
        assert_within(
            slope[j] + 1.0 / mode[j] - 1.0 / (1.0 - mode[j]),
            0.0,
            gamma(100) * 10.0 / (mode[j] * (1.0 - mode[j])),
        );
        assert!((mode[j] - model.maximize(&x, &r).unwrap().biases()[j]).abs() > 1e-3);
    }
}
