//! What decides the errata of lecture 22 of Probabilistic Machine Learning.
//!
//! Those without a formula of their own are decided where their claim belongs, in the tests of the chapters.

use crate::common::assert_refused;
use crate::common::bounds::gamma;
use crate::common::{
    assert_matrices_within, assert_printed, assert_within, column, line_mixture, quadrature,
};
use executable_em::errata::lecture_h;
use executable_em::gaussian_mixture::{GaussianMixture, OnlyMean};
use executable_em::latent::{self, Model, complete};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use executable_em::{Error, bound, em, kmeans};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

mod scores;

/// Four data, two overlapping unit Gaussians.
fn four() -> (DMatrix<f64>, GaussianMixture) {
    (column(&[-1.0, 0.0, 1.0, 2.5]), line_mixture(&[0.5, 0.5], &[0.0, 2.0], &[1.0, 1.0]))
}

fn logistic(a: f64) -> f64 {
    1.0 / (1.0 + (-a).exp())
}

/// Between means at ±1 the log odds at x are 2βx, and as printed 4βx, those of the stiffness 2β.
///
/// Source: H-E06.
#[test]
fn without_the_half_the_log_odds_double() {
    let x = column(&[-0.7, 0.0, 0.3, 1.1]);
    for stiffness in [0.5, 1.0, 2.5] {
        let model = SoftKMeans::new(column(&[-1.0, 1.0]), stiffness, Weights::Held).unwrap();
        let printed = lecture_h::responsibilities_without_the_half(&model, &x).unwrap();
        let twice = model.with_stiffness(2.0 * stiffness).unwrap().responsibilities(&x).unwrap();
        let right = model.responsibilities(&x).unwrap();
        // Exponents below 2.5 · 4.5 < 12, ten operations.
        assert_matrices_within(&printed, &twice, 24.0 * gamma(10));
        for i in 0..4 {
            assert_within(printed[(i, 1)], logistic(4.0 * stiffness * x[i]), 12.0 * gamma(10));
            assert_within(right[(i, 1)], logistic(2.0 * stiffness * x[i]), 12.0 * gamma(10));
        }
    }
    let even = SoftKMeans::new(column(&[-1.0, 1.0]), 1.0, Weights::Held).unwrap();
    let weighted = even.with_weights(dvector![0.9, 0.1]).unwrap();
    let middle = lecture_h::responsibilities_without_the_half(&weighted, &column(&[0.0])).unwrap();
    assert_within(middle[0], 0.9, 4.0 * gamma(10));
    assert!(matches!(weighted.with_stiffness(-1.0), Err(Error::Domain { what: "stiffness", .. })));
    let broken = lecture_h::responsibilities_without_the_half(&weighted, &column(&[f64::NAN]));
    assert!(matches!(broken, Err(Error::NotFinite { what: "data", .. })));
}

/// In EM at β = 1 the printed form lowers ℓ from its maximum on {−1.5, −.5, .5, 1.5, 2}, from −8.1154 to −8.1477.
///
/// Source: H-E06.
#[test]
fn without_the_half_a_sweep_leads_down() {
    let x = column(&[-1.5, -0.5, 0.5, 1.5, 2.0]);
    let start = SoftKMeans::new(column(&[-1.0, 1.0]), 1.0, Weights::Fitted).unwrap();
    let stopping = em::Stopping { tolerance: em::Tolerance::Parameters(1e-13), max_sweeps: 5000 };
    let best = em::fit(start, &x, &stopping).unwrap().model.clone();
    let printed = lecture_h::responsibilities_without_the_half(&best, &x).unwrap();
    assert_printed(best.log_likelihood(&x).unwrap(), "-8.1154");
    assert_printed(best.maximize(&x, &printed).unwrap().log_likelihood(&x).unwrap(), "-8.1477");
}

/// R_j for π_j is π_j if π_j = R_j/n, and the factor n alone is harmless. Held weights are another matter: between
/// means at ±1 with counts 3 and 1 the middle is shared 3 : 1 for 1 : 1. On {0, 1, 2, 3, 4} the two differ by .0443.
///
/// Source: H-E07.
#[test]
fn counts_are_weights_after_an_m_step() {
    let (x, middle) = (column(&[0.0, 1.0, 2.0, 3.0, 4.0]), column(&[0.0]));
    let even = SoftKMeans::new(column(&[-1.0, 1.0]), 1.0, Weights::Held).unwrap();
    let counts = dvector![3.0, 1.0];
    let shared = lecture_h::responsibilities_with_counts_for_weights(&even, &middle, &counts).unwrap();
    assert_within(shared[0], 0.75, 4.0 * gamma(10));
    // The rate is β/2: squared distances 2.25 and .25 make log odds β less log 3 to the right.
    for stiffness in [1.0, 3.0] {
        let model = even.with_stiffness(stiffness).unwrap();
        let right_of_it =
            lecture_h::responsibilities_with_counts_for_weights(&model, &column(&[0.5]), &counts).unwrap();
        assert_within(right_of_it[1], logistic(stiffness - 3_f64.ln()), 8.0 * gamma(10));
    }

    let held = SoftKMeans::new(column(&[0.5, 3.0]), 1.0, Weights::Held).unwrap();
    let r = held.responsibilities(&x).unwrap();
    let counts = latent::counts(&r);
    let fitted =
        SoftKMeans::new(column(&[0.5, 3.0]), 1.0, Weights::Fitted).unwrap().maximize(&x, &r).unwrap();
    let printed =
        |model: &SoftKMeans| lecture_h::responsibilities_with_counts_for_weights(model, &x, &counts).unwrap();
    // Exponents below 10.
    assert_matrices_within(&printed(&fitted), &fitted.responsibilities(&x).unwrap(), 20.0 * gamma(10));
    assert_printed((printed(&held) - &r).amax(), "0.0443");

    let refused = |counts: DVector<f64>| {
        lecture_h::responsibilities_with_counts_for_weights(&held, &x, &counts).unwrap_err()
    };
    assert!(matches!(refused(dvector![1.0]), Error::Shape { what: "counts", .. }));
    assert!(matches!(refused(dvector![5.0, 0.0]), Error::Domain { what: "count of a component", .. }));
    assert!(matches!(held.with_stiffness(-1.0), Err(Error::Domain { what: "stiffness", .. })));
}

/// Read literally every responsibility is 1/k, for any k, and an M step merges the means; for the right ones ℓ rises.
///
/// Source: H-E08.
#[test]
fn a_shared_index_shares_everything() {
    for k in 1..=4 {
        let log_joint = DMatrix::from_fn(3, k, |i, j| -1.5 * (i * k + j) as f64 - 400.0 * i as f64);
        let literal = lecture_h::responsibilities_with_a_shared_index(&log_joint).unwrap();
        // Exponents up to 820, one difference of two such numbers.
        assert_matrices_within(&literal, &DMatrix::from_element(3, k, 1.0 / k as f64), 820.0 * gamma(k + 4));
    }
    let (x, model) = four();
    let log_joint = model.log_joint(&x).unwrap();
    let literal = lecture_h::responsibilities_with_a_shared_index(&log_joint).unwrap();
    let merged = model.maximize(&x, &literal).unwrap();
    let right = em::sweep(&model, &x).unwrap();
    assert_within(merged.means()[0], x.mean(), 8.0 * gamma(20));
    assert_within(merged.means()[1], x.mean(), 8.0 * gamma(20));
    let l = |model: &GaussianMixture| model.log_likelihood(&x).unwrap();
    assert!(l(&merged) < l(&right) - 0.1 && l(&model) < l(&right));
    let never = dmatrix![-1.0, -2.0; f64::NEG_INFINITY, -2.0];
    assert_eq!(
        lecture_h::responsibilities_with_a_shared_index(&never).unwrap_err(),
        Error::ImpossibleDatum { row: 1 }
    );
}

/// With the weight in front the "density" of a datum given its label integrates to the weight.
///
/// Source: H-E09, L-E05.
#[test]
fn the_printed_conditional_integrates_to_its_weight() {
    for (weights, label) in [([0.3, 0.7], 0), ([0.75, 0.25], 1)] {
        let model = line_mixture(&weights, &[-1.0, 2.0], &[1.0, 0.5]);
        let printed = |grid: &DMatrix<f64>| -> Vec<f64> {
            let log_joint = model.log_joint(grid).unwrap();
            let at = |i: usize| log_joint.rows(i, 1).into_owned();
            let of = |i| lecture_h::log_conditional_with_the_weights(&at(i), &[label]).unwrap().exp();
            (0..grid.nrows()).map(of).collect()
        };
        // Exponents within the box stay below 100: relative error 100 γ(10) of a density.
        let (integral, bound) = quadrature::integral(&model, printed, 100.0 * gamma(10));
        assert_within(integral, weights[label], bound);
    }
    // And for several data it is the product: log π_{z_1} π_{z_2} more than the conditional.
    let (x, model) = (column(&[0.4, 1.0]), line_mixture(&[0.25, 0.75], &[0.0, 2.0], &[1.0, 1.0]));
    let printed =
        lecture_h::log_conditional_with_the_weights(&model.log_joint(&x).unwrap(), &[0, 1]).unwrap();
    let right = complete::log_conditional(&model.component_log_densities(&x).unwrap(), &[0, 1]).unwrap();
    assert_within(printed - right, (3.0_f64 / 16.0).ln(), 8.0 * gamma(10));
}

/// Both iterations lower a non-negative function in every step. The first ends at x = ½, J = ¼, away from the only
/// minimum of x², 0: x_t = ½ + 2^{−t}/2 from 1. The second has J → 1 while its angle is t after t steps.
///
/// Source: H-E12.
#[test]
fn a_lyapunov_function_promises_values_only() {
    let (mut x, mut state) = (1.0, [2.0, 0.0]);
    for t in 1..=50 {
        let (next_x, next) =
            (lecture_h::descent_to_no_minimum(x), lecture_h::descent_that_never_rests(state));
        // Exact: powers of two.
        assert_eq!(next_x, 0.5 + 0.5_f64.powi(t + 1));
        assert_eq!(next, [1.0 + 0.5_f64.powi(t), f64::from(t)]);
        assert!(next_x * next_x < x * x && next[0] < state[0]);
        (x, state) = (next_x, next);
    }
    assert_eq!(lecture_h::descent_to_no_minimum(0.5), 0.5);
    assert!(lecture_h::descent_to_no_minimum(0.0) > 0.0, "the minimum is not even a fixed point");
}

/// {0, 1 | 5}: sums 1 and 5, counts 2 and 1; their products are (2, 5), their quotients, the means, (½, 5).
///
/// Source: H-E13.
#[test]
fn a_product_of_sums_and_counts_is_no_mean() {
    let (x, r) = (column(&[0.0, 1.0, 5.0]), dmatrix![1.0, 0.0; 1.0, 0.0; 0.0, 1.0]);
    assert_eq!(lecture_h::means_by_a_product(&x, &r).unwrap(), column(&[2.0, 5.0]));
    assert_eq!(kmeans::means_in_array_form(&x, &r).unwrap(), column(&[0.5, 5.0]));
    let plane = dmatrix![1.0, 2.0; 3.0, 4.0];
    let both = dmatrix![1.0; 1.0];
    assert_eq!(lecture_h::means_by_a_product(&plane, &both).unwrap(), dmatrix![8.0, 12.0]);
    assert!(matches!(lecture_h::means_by_a_product(&plane, &r), Err(Error::Shape { .. })));
    assert!(matches!(lecture_h::means_by_a_product(&column(&[f64::NAN]), &r), Err(Error::NotFinite { .. })));
}

/// Along the wrong axis there are n sums, all one; along the right one k, which sum to n.
///
/// Source: H-E18.
#[test]
fn the_wrong_axis_gives_ones() {
    let (x, model) = four();
    let r = model.responsibilities(&x).unwrap();
    let literal = lecture_h::counts_along_the_wrong_axis(&r).unwrap();
    assert_eq!(literal.len(), 4);
    assert!(literal.iter().all(|&sum| (sum - 1.0).abs() <= gamma(8)));
    let counts = latent::counts(&r);
    assert_eq!(counts.len(), 2);
    assert_within(counts.sum(), 4.0, 4.0 * gamma(12));
    assert!(lecture_h::counts_along_the_wrong_axis(&dmatrix![-1.0]).is_err());
}

/// Unfrozen, the expectation is ℓ less the entropy of the posterior, and its maximiser is another one. On six data,
/// N(0, 1) known and N(θ, 1) free, ℓ is largest at the fixed point of EM; the printed function rises on.
///
/// Source: H-E19.
#[test]
fn an_unfrozen_posterior_prefers_certainty() {
    let x = column(&[-1.2, -0.4, 0.1, 0.6, 1.3, 1.9]);
    let at = |theta: f64| OnlyMean::new(line_mixture(&[0.5, 0.5], &[0.0, theta], &[1.0, 1.0]), 1).unwrap();
    let stopping = em::Stopping { tolerance: em::Tolerance::Parameters(1e-12), max_sweeps: 5000 };
    let best = em::fit(at(1.0), &x, &stopping).unwrap().model.parameters()[0];
    let value = |theta: f64| {
        let log_joint = at(theta).log_joint(&x).unwrap();
        let l = latent::log_likelihood(&log_joint).unwrap();
        let entropy = bound::entropy(&latent::responsibilities(&log_joint).unwrap()).unwrap();
        let printed = lecture_h::expected_log_joint_unfrozen(&log_joint).unwrap();
        // Twelve terms of size below 10 on each side, twenty operations a term.
        assert_within(printed, l - entropy, 120.0 * gamma(32));
        (printed, l)
    };
    for step in [0.1, 0.5, 0.9] {
        assert!(value(best + step).1 < value(best).1 && value(best - step).1 < value(best).1);
        assert!(value(best + step).0 > value(best).0 + 0.01);
    }
}

/// The weights are the mean of the columns of r, and so can be had in the step that sets r, the second of the slide's
/// list.
///
/// Source: H-E25, H-39.
#[test]
fn the_weights_come_with_the_responsibilities() {
    let (x, model) = four();
    let r = model.responsibilities(&x).unwrap();
    let next = em::sweep(&model, &x).unwrap();
    for j in 0..2 {
        let mean = (0..4).map(|i| r[(i, j)]).sum::<f64>() / 4.0;
        assert_within(next.weights()[j], mean, 2.0 * gamma(6));
    }
}

/// What is no data set of the model's dimension is refused as everywhere.
///
/// Source: H-E01 … H-E04.
#[test]
fn bad_input_is_an_error() {
    let (_, model) = four();
    let plane = dmatrix![1.0, 2.0];
    assert_refused(&[
        (
            lecture_h::mean_score_with_the_sign_reversed(&model, &plane).err(),
            "data: expected 1 × 1, found 1 × 2",
        ),
        (
            lecture_h::covariance_score_with_the_sign_reversed(&model, &plane).err(),
            "data: expected 1 × 1, found 1 × 2",
        ),
        (
            lecture_h::covariance_score_with_a_borrowed_precision(&model, &plane, 0, 1).err(),
            "data: expected 1 × 1, found 1 × 2",
        ),
        (
            lecture_h::weight_score_with_the_constraint_outside(&model, &plane, -1.0).err(),
            "data: expected 1 × 1, found 1 × 2",
        ),
        (
            lecture_h::expected_log_joint_unfrozen(&dmatrix![f64::NAN]).err(),
            "log joint: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (
            lecture_h::log_conditional_with_the_weights(&dmatrix![-1.0], &[1]).err(),
            "label of datum 0 is 1, but there are only 1 components",
        ),
    ]);
}
