//! What decides the errata of tutorial 10 of CS 236756. Those without a formula of their own are decided where their
//! claim belongs, in the tests of the chapters.

use crate::common::bounds::gamma;
use crate::common::enumeration::{enumerate, labelings};
use crate::common::{assert_within, column, line_mixture, naive};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::errata::lecture_t;
use executable_em::gaussian_mixture::{GaussianMixture, OnlyMean, score};
use executable_em::latent::{self, Model, complete};
use executable_em::{Error, em, gaussian, kmeans};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use num_dual::{Dual64, DualNum};

/// Three data between two Gaussians.
fn three() -> (DMatrix<f64>, GaussianMixture) {
    (column(&[-2.0, 0.0, 3.0]), line_mixture(&[0.6, 0.4], &[-1.0, 1.5], &[1.0, 1.0]))
}

/// Sums over `three`: at most 3 · 2 terms below 20, each through some 40 rounded operations.
fn rounding() -> f64 {
    6.0 * 20.0 * gamma(50)
}

/// One head and one tail, from two coins of bias .9 and .1 that are equally likely.
fn head_and_tail() -> (DMatrix<f64>, BernoulliMixture) {
    (column(&[1.0, 0.0]), BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.9; 0.1], 1).unwrap())
}

/// With one θ in both places Q becomes ℓ − H, and its argmax another: on six overlapping data with one free mean 1.66,
/// where ℓ has .75. Q frozen at ℓ's argmax has its argmax there.
///
/// Source: T-E05.
#[test]
fn a_posterior_that_follows_theta_moves_the_maximum() {
    let x = column(&[-1.2, -0.4, 0.1, 0.6, 1.3, 1.9]);
    let at = |theta: f64| OnlyMean::new(line_mixture(&[0.5, 0.5], &[0.0, theta], &[1.0, 1.0]), 1).unwrap();
    let log_joint = |theta: f64| at(theta).log_joint(&x).unwrap();
    for theta in [0.3, 0.75, 2.0] {
        let summed = enumerate(&log_joint(theta), &log_joint(theta));
        let entropy: f64 = -summed.posterior.iter().map(|p| p * p.ln()).sum::<f64>();
        let printed = lecture_t::expected_log_joint_with_one_theta(&log_joint(theta)).unwrap();
        // 64 labelings of 6 data with log joints below 20 each.
        assert_within(printed, summed.log_likelihood - entropy, 64.0 * 20.0 * gamma(60));
        assert_within(printed, summed.expected, 64.0 * 20.0 * gamma(60));
    }
    let argmax = |f: &dyn Fn(f64) -> f64| {
        let thetas = (0..=400).map(|step| 0.01 * f64::from(step));
        thetas.max_by(|&a, &b| f(a).total_cmp(&f(b))).unwrap()
    };
    let of_l = argmax(&|theta| naive::log_likelihood(at(theta).mixture(), &x));
    let of_printed =
        argmax(&|theta| lecture_t::expected_log_joint_with_one_theta(&log_joint(theta)).unwrap());
    let frozen = latent::responsibilities(&log_joint(of_l)).unwrap();
    let of_q = argmax(&|theta| latent::expected_log_joint(&frozen, &log_joint(theta)).unwrap());
    // To half a step of the grid, and the frozen r is off by as much.
    assert_within(of_l, 0.75, 0.0051);
    assert_within(of_printed, 1.66, 0.0051);
    assert_within(of_q, of_l, 0.0101);
}

/// A likelihood and its log are two numbers, one letter in print: one head and one tail have the likelihood .5 · .5 =
/// ¼, and the log-likelihood −1.386. For ten flips they are .00119 and −6.732.
///
/// Source: T-E06.
#[test]
fn the_likelihood_is_not_its_log() {
    let (x, coins) = head_and_tail();
    let l = latent::log_likelihood(&coins.log_joint(&x).unwrap()).unwrap();
    assert_within(l, -2.0 * 2_f64.ln(), 4.0 * gamma(20));
    assert_within(l.exp(), 0.25, gamma(30));
    assert_within(0.00119_f64.ln(), -6.732, 0.005 / 1.19); // half a unit of the last place of .00119
}

/// With j free the complete-data log-likelihood is that of n equal labels, a number for each j; at the labels of the
/// larger posterior it is higher than all of them.
///
/// Source: T-E07.
#[test]
fn a_free_index_makes_all_labels_equal() {
    let (x, model) = three();
    let log_joint = model.log_joint(&x).unwrap();
    let right = complete::log_likelihood(&log_joint, &[0, 0, 1]).unwrap();
    for j in 0..2 {
        let printed = lecture_t::complete_log_likelihood_with_a_free_index(&log_joint, j).unwrap();
        let term = |x: f64| naive::Naive::<f64>::new(&model).log_joint(&[x], j);
        assert_within(printed, x.iter().map(|&x| term(x)).sum(), rounding());
        assert!(printed < right - 1.0, "{printed} {right}");
    }
    let error = lecture_t::complete_log_likelihood_with_a_free_index(&log_joint, 2).unwrap_err();
    assert_eq!(error, Error::Label { row: 0, label: 2, k: 2 });
}

/// Total probability over one coin for the whole data set gives the head and the tail .09, where .25 is right: it is
/// the sum over the labelings with all labels equal, with one weight instead of n. For a single flip both agree.
///
/// Source: T-E09.
#[test]
fn total_probability_is_per_observation() {
    let (x, coins) = head_and_tail();
    let log_densities = coins.log_joint(&x).unwrap().map(|log_p| log_p - 0.5_f64.ln());
    let printed = |log_densities: &DMatrix<f64>| {
        lecture_t::log_likelihood_of_one_draw_for_all(coins.weights(), log_densities).unwrap()
    };
    assert_within(printed(&log_densities).exp(), 0.09, gamma(30));
    let one = log_densities.rows(0, 1).into_owned();
    assert_within(printed(&one), 0.5_f64.ln(), gamma(30));

    let (x, model) = three();
    let by_labelings: f64 = labelings(3, 2)
        .iter()
        .filter(|z| z.iter().all(|label| *label == z[0]))
        .map(|z| {
            let log_joint = complete::log_likelihood(&model.log_joint(&x).unwrap(), z).unwrap();
            (log_joint - 2.0 * model.weights()[z[0]].ln()).exp()
        })
        .sum();
    let log_densities = model.component_log_densities(&x).unwrap();
    let printed = lecture_t::log_likelihood_of_one_draw_for_all(model.weights(), &log_densities).unwrap();
    assert_within(printed, by_labelings.ln(), 2.0 * rounding());
    assert!(printed < naive::log_likelihood(&model, &x) - 1.0);
    let wrong = |weights: DVector<f64>| {
        lecture_t::log_likelihood_of_one_draw_for_all(&weights, &log_densities).unwrap_err()
    };
    assert!(matches!(wrong(dvector![0.5, 0.6]), Error::NotOnSimplex { .. }));
    assert!(matches!(wrong(dvector![1.0]), Error::Shape { .. }));
}

/// From single flips only Σ α_j p_j can be learnt. Six heads in ten flips: every start is after one sweep at Σ α p = .6
/// and ℓ = −6.73012, that of a single coin of bias .6, and stays there, each start at coins of its own.
///
/// Source: T-E10.
#[test]
fn single_flips_identify_one_number() {
    let x = DMatrix::from_fn(10, 1, |i, _| if i < 6 { 1.0 } else { 0.0 });
    let one_coin = 6.0 * 0.6_f64.ln() + 4.0 * 0.4_f64.ln();
    crate::common::assert_printed(one_coin, "-6.73012");
    let mut ends = Vec::new();
    for (share, first, second) in [(0.3, 0.8, 0.35), (0.5, 0.6, 0.5), (0.9, 0.1, 0.99)] {
        let start = BernoulliMixture::new(dvector![share, 1.0 - share], dmatrix![first; second], 1).unwrap();
        let next = em::sweep(&start, &x).unwrap();
        let again = em::sweep(&next, &x).unwrap();
        // Means of ten products; each sweep passes r through some 20 operations.
        assert_within(next.weights().dot(&next.biases().column(0)), 0.6, gamma(60));
        let l = latent::log_likelihood(&next.log_joint(&x).unwrap()).unwrap();
        assert_within(l, one_coin, 10.0 * gamma(80));
        assert!((again.parameters() - next.parameters()).amax() <= 10.0 * gamma(100));
        ends.push(next.biases().clone());
    }
    assert!((&ends[0] - &ends[1]).amax() > 0.1 && (&ends[1] - &ends[2]).amax() > 0.1);
}

/// The argmin of x − μ_j without the norm is the largest mean, here 3, for every datum; the nearest to 0 is 0.1.
///
/// Source: T-E12.
#[test]
fn without_the_norm_the_largest_mean_wins() {
    let (x, means) = (column(&[-7.0, 0.0, 0.2]), dmatrix![-5.0; 0.1; 3.0]);
    assert_eq!(lecture_t::assign_by_difference(&x, &means).unwrap(), [2, 2, 2]);
    assert_eq!(kmeans::assign(&x, &means).unwrap(), [0, 1, 1]);
    let error = lecture_t::assign_by_difference(&dmatrix![0.0, 1.0], &dmatrix![0.0, 1.0]).unwrap_err();
    assert_eq!(error, Error::Shape { what: "data", expected: (1, 1), found: (1, 2) });
    assert!(matches!(
        lecture_t::assign_by_difference(&dmatrix![f64::NAN], &means),
        Err(Error::NotFinite { .. })
    ));
}

/// On the slide on coins the sum in the denominator runs over j while its terms carry j′: the "sum of the posterior" is
/// then 1/(k r_ij′), another number for each j′, where it is 1. (That α_j′ is right in all other formulas is not in
/// doubt.)
///
/// Source: T-E14.
#[test]
fn the_posterior_sums_to_one_with_the_right_index() {
    let (x, model) = three();
    let log_joint = model.log_joint(&x).unwrap();
    let summed = enumerate(&log_joint, &log_joint).posterior;
    for index in 0..2 {
        let printed = lecture_t::posterior_sums_with_a_free_index(&log_joint, index).unwrap();
        for i in 0..3 {
            let expected = 0.5 / summed[(i, index)];
            assert_within(printed[i], expected, expected * rounding());
            assert!((printed[i] - 1.0).abs() > 0.1);
        }
    }
    for row in latent::responsibilities(&log_joint).unwrap().row_iter() {
        assert_within(row.sum(), 1.0, gamma(4));
    }
    let error = lecture_t::posterior_sums_with_a_free_index(&log_joint, 2).unwrap_err();
    assert_eq!(error, Error::Label { row: 0, label: 2, k: 2 });
    let impossible = dmatrix![0.0, f64::NEG_INFINITY];
    assert_eq!(lecture_t::posterior_sums_with_a_free_index(&impossible, 1).unwrap()[0], f64::INFINITY);
}

/// (x − As)ᵀ W (x − As), on any number type.
fn residual_form<D: DualNum<Primitive = f64> + Copy>(
    x: &DVector<f64>,
    a: &DMatrix<f64>,
    w: &DMatrix<f64>,
    s: &[D],
) -> D {
    let v: Vec<D> =
        (0..x.len()).map(|m| (0..s.len()).fold(D::from(x[m]), |sum, p| sum - s[p] * a[(m, p)])).collect();
    let mut form = D::from(0.0);
    for (m, l) in (0..v.len()).flat_map(|m| (0..v.len()).map(move |l| (m, l))) {
        form += v[m] * v[l] * w[(m, l)];
    }
    form
}

/// The reminder −2AᵀW(x − As) is the derivative for a symmetric W; for another it is −Aᵀ(W + Wᵀ)(x − As). Against dual
/// numbers; for x₁x₂, whose W is (0 1; 0 0), the reminder gives (2x₂, 0) for (x₂, x₁).
///
/// Source: T-E16.
#[test]
fn the_reminder_needs_a_symmetric_form() {
    let (x, s) = (dvector![3.0, 5.0], dvector![0.5, -1.0]);
    let a = dmatrix![1.0, 2.0; -1.0, 0.5];
    let derivative = |w: &DMatrix<f64>| {
        DVector::from_fn(2, |p, _| {
            let mut dual: Vec<Dual64> = s.iter().map(|&s| Dual64::from(s)).collect();
            dual[p].eps = 1.0;
            residual_form(&x, &a, w, &dual).eps
        })
    };
    let printed =
        |w: &DMatrix<f64>| lecture_t::residual_form_derivative_of_a_symmetric_form(&x, &a, w, &s).unwrap();
    let (symmetric, other) = (dmatrix![2.0, 0.5; 0.5, 1.0], dmatrix![0.0, 1.0; 0.0, 0.0]);
    // Four products of four numbers below 10.
    let bound = 4.0 * 1e3 * gamma(10);
    assert!((printed(&symmetric) - derivative(&symmetric)).amax() <= bound);
    assert!((printed(&other) - derivative(&other)).amax() > 1.0);
    let right = score::residual_form_derivative(&x, &a, &other, &s).unwrap();
    assert!((right - derivative(&other)).amax() <= bound);
    let minus = -DMatrix::identity(2, 2);
    let plain =
        lecture_t::residual_form_derivative_of_a_symmetric_form(&x, &minus, &other, &dvector![0.0, 0.0]);
    assert_eq!(plain.unwrap(), dvector![10.0, 0.0]);
    let refused = |x: &DVector<f64>, a: &DMatrix<f64>, w: &DMatrix<f64>, s: &DVector<f64>| {
        lecture_t::residual_form_derivative_of_a_symmetric_form(x, a, w, s).unwrap_err()
    };
    let nan = f64::NAN;
    assert!(matches!(refused(&dvector![3.0, nan], &a, &other, &s), Error::NotFinite { what: "x", .. }));
    assert!(matches!(
        refused(&x, &dmatrix![nan, 0.0; 0.0, 0.0], &other, &s),
        Error::NotFinite { what: "A", .. }
    ));
    assert!(matches!(refused(&x, &a, &dmatrix![nan, 0.0; 0.0, 0.0], &s), Error::NotFinite { what: "W", .. }));
    assert!(matches!(refused(&x, &a, &other, &dvector![nan, 0.0]), Error::NotFinite { what: "s", .. }));
    assert!(matches!(refused(&x, &dmatrix![1.0], &other, &s), Error::Shape { what: "A", .. }));
    assert!(matches!(refused(&x, &a, &dmatrix![1.0], &s), Error::Shape { what: "W", .. }));
}

/// The helper's second branch would unpack one number for two half axes. Here an ellipse is drawn of a 2×2 covariance,
/// and anything else is refused; the other families hold full matrices, too.
///
/// Source: T-E21.
#[test]
fn an_ellipse_needs_two_axes() {
    let error = gaussian::ellipse(&dmatrix![4.0], 1.0).unwrap_err();
    assert_eq!(error, Error::Shape { what: "covariance", expected: (2, 2), found: (1, 1) });
    let round = gaussian::ellipse(&(DMatrix::identity(2, 2) * 4.0), 1.0).unwrap();
    assert_eq!((round.semi_major, round.semi_minor), (2.0, 2.0));
}

/// Hard responsibilities are each an element of {0, 1}, not equal to that set, and a row of them sums to one.
///
/// Source: T-E23.
#[test]
fn hard_responsibilities_are_elements_of_zero_and_one() {
    let r = kmeans::responsibilities(&column(&[-1.0, 0.4, 2.0]), &dmatrix![0.0; 1.0; 3.0]).unwrap();
    assert!(r.iter().all(|&r| r == 0.0 || r == 1.0));
    assert!(r.row_iter().all(|row| row.sum() == 1.0));
}

/// The last line of Q for coins needs brackets: both terms stand under the double sum. To the letter the second is
/// outside, with i and j free: a value for each.
///
/// Source: T-E26.
#[test]
fn both_terms_of_q_stand_under_the_sum() {
    let (x, coins) = head_and_tail();
    let log_joint = coins.log_joint(&x).unwrap();
    let r = latent::responsibilities(&log_joint).unwrap();
    let q = latent::expected_log_joint(&r, &log_joint).unwrap();
    let p = [0.9_f64, 0.1];
    let heads = |i: usize, j: usize| r[(i, j)] * x[i] * p[j].ln();
    let tails = |i: usize, j: usize| r[(i, j)] * (1.0 - x[i]) * (1.0 - p[j]).ln();
    let all = |f: &dyn Fn(usize, usize) -> f64| (0..4).map(|m| f(m / 2, m % 2)).sum::<f64>();
    let weights = 2.0 * 0.5_f64.ln();
    assert_within(weights + all(&heads) + all(&tails), q, 8.0 * gamma(30));
    for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let literal = weights + lecture_t::q_without_brackets(&coins, &x, &r).unwrap()[(i, j)];
        assert_within(literal, weights + all(&heads) + tails(i, j), 8.0 * gamma(30));
        assert!((literal - q).abs() > 0.05, "{literal} {q}");
    }
}
