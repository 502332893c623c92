//! What decides the errata of lecture 23 of Statistical Machine Learning. Those without a formula of their own are
//! decided where their claim belongs, in the tests of the chapters.

use crate::common::bounds::gamma;
use crate::common::enumeration::{enumerate, labelings};
use crate::common::{
    assert_matrices_within, assert_printed, assert_within, cases, column, line_mixture, naive,
};
use executable_em::errata::lecture_c;
use executable_em::gaussian_mixture::{GaussianMixture, OnlyMean, score, update};
use executable_em::latent::{self, Model, complete};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use executable_em::{Error, bound, data, em};
use nalgebra::{DMatrix, dmatrix};

/// Three data between two unit Gaussians: few enough to enumerate their eight labelings, near enough to be in doubt.
fn three() -> (DMatrix<f64>, GaussianMixture) {
    (column(&[-2.0, 0.0, 3.0]), line_mixture(&[0.6, 0.4], &[-1.0, 1.5], &[1.0, 1.0]))
}

/// Sums over `three`: at most 3 · 2 terms below 20, each through some 30 rounded operations, one of them a log of a
/// number that is good to as many.
fn rounding() -> f64 {
    6.0 * 20.0 * gamma(40)
}

/// With the mean of step t in the update of step t + 1, {1, 3} from (1.5, 1) gets Σ = 2.75 and ℓ falls from −3.0879 to
/// −3.2131, where −2.8379 is right; from μ = 4 it gets Σ = −11. In general the error is μ⁺μ⁺ᵀ − μμᵀ, so the printed
/// form agrees at a fixed point, and is not invariant to a shift of the data.
///
/// In two dimensions, on two unit squares, both matrices become indefinite.
///
/// Source: C-E01.
#[test]
fn the_covariance_about_the_old_mean_may_be_none() {
    let x = column(&[1.0, 3.0]);
    let printed = |mean: f64, x: &DMatrix<f64>| {
        lecture_c::covariances_about_the_old_means(&line_mixture(&[1.0], &[mean], &[1.0]), x).unwrap()[0][0]
    };
    // Second moment 5, less the old mean's square: exact.
    assert_eq!([1.5, 2.0, 4.0].map(|mean| printed(mean, &x)), [2.75, 1.0, -11.0]);
    assert_eq!(printed(101.5, &column(&[101.0, 103.0])), 102.75);
    let l = |mean: f64, variance: f64| naive::log_likelihood(&line_mixture(&[1.0], &[mean], &[variance]), &x);
    let (before, after, right) = (l(1.5, 1.0), l(2.0, printed(1.5, &x)), l(2.0, 1.0));
    assert_printed(before, "-3.0879");
    assert_printed(after, "-3.2131");
    assert_printed(right, "-2.8379");
    assert!(after < before && before < right);

    let squares = dmatrix![
        0.0, 0.0; 0.0, 1.0; 1.0, 0.0; 1.0, 1.0; 6.0, 6.0; 6.0, 7.0; 7.0, 6.0; 7.0, 7.0
    ];
    let four = DMatrix::identity(2, 2) * 4.0;
    let old = crate::common::mixture(&[0.5, 0.5], dmatrix![2.0, 2.0; 8.0, 8.0], vec![four.clone(), four]);
    let next = em::sweep(&old, &squares).unwrap();
    let printed = lecture_c::covariances_about_the_old_means(&old, &squares).unwrap();
    for (j, printed) in printed.iter().enumerate() {
        let square = |means: &DMatrix<f64>| means.row(j).transpose() * means.row(j);
        let expected = &next.covariances()[j] + square(next.means()) - square(old.means());
        // Eight data below 7 in size: moments below 49 through 8 products and 8 sums each, squares of means below 64.
        assert_matrices_within(printed, &expected, (49.0 + 64.0) * gamma(40));
        let smallest = |matrix: &DMatrix<f64>| matrix.symmetric_eigenvalues().min();
        assert!(smallest(printed) < -5.0 && smallest(&next.covariances()[j]) > 0.2);
    }
}

/// With the label free under the sum over c, the expression is not Q but the complete-data log-likelihood of whatever
/// labeling z is: eight values for eight labelings, on both sides of Q. Averaged over the posterior they are Q.
///
/// Source: C-E05.
#[test]
fn a_free_label_makes_q_depend_on_it() {
    let (x, model) = three();
    let log_joint = model.log_joint(&x).unwrap();
    let r = model.responsibilities(&x).unwrap();
    let q = latent::expected_log_joint(&r, &log_joint).unwrap();
    let mut values = Vec::new();
    let mut average = 0.0;
    for labels in labelings(3, 2) {
        let printed = lecture_c::expected_log_joint_with_a_free_label(&r, &log_joint, &labels).unwrap();
        let at_the_labels: f64 = labels.iter().enumerate().map(|(i, &z)| log_joint[(i, z)]).sum();
        assert_within(printed, at_the_labels, rounding());
        let posterior: f64 = labels.iter().enumerate().map(|(i, &z)| r[(i, z)]).product();
        average += posterior * printed;
        values.push(printed);
    }
    assert_within(average, q, 8.0 * rounding());
    assert_within(q, enumerate(&log_joint, &log_joint).expected, 8.0 * rounding());
    values.sort_by(f64::total_cmp);
    assert!(values.windows(2).all(|pair| pair[1] > pair[0] + 0.1), "eight different values: {values:?}");
    assert!(values[0] < q - 5.0 && q + 0.2 < values[7], "{values:?} around {q}");
    let wrong = |labels: &[usize]| {
        lecture_c::expected_log_joint_with_a_free_label(&r, &log_joint, labels).unwrap_err()
    };
    assert_eq!(wrong(&[0, 2, 0]), Error::Label { row: 1, label: 2, k: 2 });
    assert!(matches!(wrong(&[0, 1]), Error::Shape { .. }));
}

/// With p(X | Z, θ) in the place of p(X, Z | θ) the weights are lost, and at the posterior the "bound" exceeds ℓ by −Σ
/// R_c log w_c, which is positive unless one weight is 1.
///
/// Source: C-E07.
#[test]
fn the_conditional_gives_no_bound() {
    let (x, model) = three();
    let r = model.responsibilities(&x).unwrap();
    let literal = bound::lower_bound(&r, &model.component_log_densities(&x).unwrap()).unwrap();
    let l = naive::log_likelihood(&model, &x);
    let counts = latent::counts(&r);
    let excess = -(counts[0] * 0.6_f64.ln() + counts[1] * 0.4_f64.ln());
    assert_within(literal - l, excess, 2.0 * rounding());
    assert!(excess > 1.5, "{excess}");
    assert_within(bound::lower_bound(&r, &model.log_joint(&x).unwrap()).unwrap(), l, 2.0 * rounding());
}

/// The summary calls p(X, Z | θ) the lower bound, which is one on log p(X | θ). The log joint itself is less than that
/// at every labeling, the best of them included.
///
/// Source: C-E08.
#[test]
fn the_log_joint_at_the_best_labels_falls_short() {
    let (x, model) = three();
    let log_joint = model.log_joint(&x).unwrap();
    let l = naive::log_likelihood(&model, &x);
    let all: Vec<f64> =
        labelings(3, 2).iter().map(|z| complete::log_likelihood(&log_joint, z).unwrap()).collect();
    let best = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert!(l - best > 0.3, "{l} and {best}");
    assert_within(all.iter().map(|value| value.exp()).sum::<f64>().ln(), l, rounding());
}

/// The weights are parameters, too. One datum at 0, six at 10: with fitted weights (1/7, 6/7) ℓ is higher than with ½
/// each by 7 ln 2 − 7 H(1/7) = 1.981.
///
/// Source: C-E11.
#[test]
fn weights_belong_to_theta() {
    let x = column(&[0.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0]);
    let fit = |weights| {
        let start = SoftKMeans::new(dmatrix![1.0; 9.0], 1.0, weights).unwrap();
        let rule = em::Stopping { tolerance: em::Tolerance::Parameters(1e-12), max_sweeps: 100 };
        em::fit(start, &x, &rule).unwrap()
    };
    let (fitted, held) = (fit(Weights::Fitted), fit(Weights::Held));
    let share = 1.0 / 7.0;
    let entropy = -(share * f64::ln(share) + (1.0 - share) * f64::ln(1.0 - share));
    let expected = 7.0 * (2_f64.ln() - entropy);
    // A datum at 10 belongs to the mean at 0 with a probability below e^{−50}; seven terms of size below 4.
    assert_within(fitted.log_likelihood - held.log_likelihood, expected, 7.0 * 4.0 * gamma(60) + 1e-12);
    assert_printed(expected, "1.981");
    assert_matrices_within(
        &DMatrix::from_columns(&[fitted.model.weights().clone()]),
        &dmatrix![share; 1.0 - share],
        1e-12,
    );
}

/// r_ic depends on every centroid. At x = 0 between −1 and 1 it is ½; with the other centroid moved to 3 it is 1/(1 +
/// e^{−4}) = .982, though μ_c has not changed.
///
/// Source: C-E13.
#[test]
fn responsibilities_depend_on_the_other_centroid() {
    let r = |other: f64| {
        line_mixture(&[0.5, 0.5], &[-1.0, other], &[1.0, 1.0]).responsibilities(&column(&[0.0])).unwrap()[0]
    };
    assert_eq!(r(1.0), 0.5);
    assert_within(r(3.0), 1.0 / (1.0 + (-4.0_f64).exp()), gamma(40));
}

/// With the minus lost the entropy is subtracted: at the posterior the expression lies 2 H below ℓ, and of all q the
/// best for it is a single labeling, the likeliest. It never touches.
///
/// Source: C-E17.
#[test]
fn a_lost_sign_costs_the_entropy_twice() {
    let (x, model) = three();
    let log_joint = model.log_joint(&x).unwrap();
    let r = model.responsibilities(&x).unwrap();
    let l = naive::log_likelihood(&model, &x);
    let printed = |q: &DMatrix<f64>| lecture_c::lower_bound_with_the_sign_lost(q, &log_joint).unwrap();
    let entropy: f64 = -r.iter().map(|r| r * r.ln()).sum::<f64>();
    assert!(entropy > 0.5);
    assert_within(printed(&r), l - 2.0 * entropy, 3.0 * rounding());
    let best = labelings(3, 2)
        .iter()
        .map(|z| printed(&complete::one_hot(z, 2).unwrap()))
        .fold(f64::NEG_INFINITY, f64::max);
    assert!(best < l - 0.3);
    let mut rng = data::rng(17);
    for _ in 0..200 {
        let q = cases::simplex_rows(3, 2, &mut rng);
        assert!(printed(&q) <= best + rounding());
        let right = bound::lower_bound(&q, &log_joint).unwrap();
        assert_within(right - printed(&q), 2.0 * bound::entropy(&q).unwrap(), 3.0 * rounding());
    }
    assert!(matches!(
        lecture_c::lower_bound_with_the_sign_lost(&dmatrix![0.5, 0.6], &dmatrix![-1.0, -2.0]),
        Err(Error::NotOnSimplex { .. })
    ));
}

/// θ* is printed both for the place of tightness and for the maximiser of the M step. They are θ^t and θ^{t+1}: two
/// places, unless EM has arrived; the bound that touches at the one leaves a gap at the other.
///
/// Here the second mean of `three` is free, and starts at 0.5.
///
/// Source: C-E19.
#[test]
fn the_place_of_tightness_is_not_the_maximiser() {
    let (x, mixture) = three();
    let mut means = mixture.means().clone();
    means[1] = 0.5;
    let at = OnlyMean::new(mixture.with_means(means).unwrap(), 1).unwrap();
    let q = latent::responsibilities(&at.log_joint(&x).unwrap()).unwrap();
    let next = at.maximize(&x, &q).unwrap();
    let gap = |model: &OnlyMean| bound::gap(&q, &model.log_joint(&x).unwrap()).unwrap();
    assert_within(gap(&at), 0.0, rounding());
    assert!(
        next.mixture().means()[1] > 1.5 && gap(&next) > 0.1,
        "{} {}",
        next.mixture().means()[1],
        gap(&next)
    );
}

/// The M step maximises the expectation of the complete-data log-likelihood, not that log-likelihood "completed" with
/// the likeliest labels, which is larger and has another maximiser; and r is taken at θ^t, not at θ.
///
/// Source: C-E20.
#[test]
fn completed_means_expected() {
    let (x, model) = three();
    let r = model.responsibilities(&x).unwrap();
    let log_joint = model.log_joint(&x).unwrap();
    let labels = crate::common::hard_labels(&r);
    assert_eq!(labels, [0, 0, 1]);
    let (hard, soft) = (
        complete::log_likelihood(&log_joint, &labels).unwrap(),
        latent::expected_log_joint(&r, &log_joint).unwrap(),
    );
    assert!(hard > soft + 0.1, "{hard} {soft}");
    let by_labels = update::means(&x, &complete::one_hot(&labels, 2).unwrap(), model.means()).unwrap();
    let by_expectation = update::means(&x, &r, model.means()).unwrap();
    assert_eq!(by_labels, dmatrix![-1.0; 3.0]);
    assert!((by_labels - &by_expectation).amax() > 0.1);
    let later = em::sweep(&model, &x).unwrap().responsibilities(&x).unwrap();
    assert!((later - r).amax() > 0.01, "r moves with θ");
}

/// ∂Q/∂w_c = r_c/w_c is positive at the M step's own weights, where the slide would have it vanish: it is n there, the
/// multiplier; and without the constraint Q has no maximum in w, for twice the weights add n log 2.
///
/// Source: C-E22.
#[test]
fn the_derivative_of_q_in_the_weights_does_not_vanish() {
    let (x, model) = three();
    let r = model.responsibilities(&x).unwrap();
    let next = model.maximize(&x, &r).unwrap();
    let slopes = score::of_q_in_weights(&next, &x, &r).unwrap();
    slopes.iter().for_each(|&slope| assert_within(slope, 3.0, rounding()));
    let in_weights =
        |factor: f64| latent::counts(&r).dot(&next.weights().map(|weight| (factor * weight).ln()));
    assert_within(in_weights(2.0) - in_weights(1.0), 3.0 * 2_f64.ln(), rounding());
}
