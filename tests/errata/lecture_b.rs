//! What decides the errata of the web note after Bishop. Those without a formula of their own are decided where their
//! claim belongs, in the tests of the chapters.

use crate::common::bounds::gamma;
use crate::common::{assert_matrices_within, assert_printed, assert_within, cases, column, line_mixture};
use crate::common::{mixture, naive, quadrature};
use executable_em::errata::lecture_b;
use executable_em::gaussian_mixture::{GaussianMixture, loss, score, update};
use executable_em::latent::{self, Model, complete};
use executable_em::{Error, bound, data, em, gaussian, kmeans};
use nalgebra::{DMatrix, DVector, RowDVector, dmatrix, dvector};
use std::f64::consts::{PI, TAU};

/// Four data, two Gaussians of different width.
fn four() -> (DMatrix<f64>, GaussianMixture) {
    (column(&[-2.0, 0.0, 1.0, 3.0]), line_mixture(&[0.6, 0.4], &[-1.0, 1.5], &[1.0, 0.5]))
}

/// Sums over `four`: at most 4 · 2 terms below 20, each through some 40 rounded operations.
fn rounding() -> f64 {
    8.0 * 20.0 * gamma(50)
}

/// With 1/√2π whatever the dimension the density integrates to (2π)^{(d−1)/2}: 1, 2.50663, 6.28319 for d = 1, 2, 3.
///
/// Source: B-E01.
#[test]
fn the_normaliser_of_the_line_fits_the_line_only() {
    for (d, printed) in [(1, "1"), (2, "2.50663"), (3, "6.28319")] {
        let covariance = DMatrix::from_fn(d, d, |a, b| if a == b { 1.0 + a as f64 } else { 0.3 });
        let mean = RowDVector::from_fn(d, |_, a| a as f64 - 0.5);
        let at_the_mean = DMatrix::from_row_slice(1, d, mean.as_slice());
        let model = mixture(&[1.0], at_the_mean.clone(), vec![covariance.clone()]);
        let density = |x: &DMatrix<f64>| {
            let logs = lecture_b::log_density_with_the_normaliser_of_the_line(x, &mean, &covariance).unwrap();
            logs.iter().map(|log| log.exp()).collect()
        };
        // The density's own relative error: exponents below 110 through some 40 operations.
        let (integral, bound) = quadrature::integral(&model, density, 110.0 * gamma(40));
        let expected = TAU.powf((d as f64 - 1.0) / 2.0);
        assert_within(integral, expected, expected * bound);
        assert_printed(integral, printed);
        let excess = lecture_b::log_density_with_the_normaliser_of_the_line(&at_the_mean, &mean, &covariance)
            .unwrap()[0]
            - gaussian::log_density(&at_the_mean, &mean, &covariance).unwrap()[0];
        assert_within(excess, 0.5 * (d as f64 - 1.0) * TAU.ln(), 10.0 * gamma(30));
    }
}

/// With k free inside the sum over i the weights sum to one and vanish: a value for each component, its own
/// log-likelihood, and ℓ is none of them.
///
/// Source: B-E03.
#[test]
fn a_free_index_makes_the_likelihood_that_of_one_component() {
    let (x, model) = four();
    let l = naive::log_likelihood(&model, &x);
    for (k, (mean, variance)) in [(-1.0, 1.0), (1.5, 0.5)].into_iter().enumerate() {
        let printed = lecture_b::log_likelihood_with_a_free_index(&model, &x, k).unwrap();
        let alone: f64 =
            x.iter().map(|x| -0.5 * (f64::ln(TAU * variance) + (x - mean) * (x - mean) / variance)).sum();
        assert_within(printed, alone, rounding());
        assert!((printed - l).abs() > 1.0, "{printed} {l}");
    }
    let error = lecture_b::log_likelihood_with_a_free_index(&model, &x, 2).unwrap_err();
    assert_eq!(error, Error::Label { row: 0, label: 2, k: 2 });
}

/// The density at the mean is (2πσ²)^{−d/2}: for d = 3 and σ = 0.1 it is 63.49, and 3.99 in print.
///
/// Source: B-E04.
#[test]
fn the_density_at_the_mean_depends_on_the_dimension() {
    let right = |d: usize, sigma: f64| {
        let origin = RowDVector::zeros(d);
        let covariance = DMatrix::identity(d, d) * (sigma * sigma);
        gaussian::log_density(&DMatrix::zeros(1, d), &origin, &covariance).unwrap()[0].exp()
    };
    let printed = lecture_b::density_at_the_mean_on_the_line(0.1).unwrap();
    assert_printed(printed, "3.99");
    assert_printed(right(3, 0.1), "63.49");
    assert_within(right(1, 0.1), printed, 4.0 * gamma(40));
    assert_within(right(3, 0.1), printed.powi(3), 64.0 * gamma(80));
    let error = lecture_b::density_at_the_mean_on_the_line(0.0).unwrap_err();
    assert!(matches!(error, Error::Domain { what: "sigma", .. }));
}

/// Suspected and refuted: log p(X) = E_q log p(X, Z)/p(Z | X) for every q, and E = E_q log q/p is a divergence of the
/// right sign. Both hold as printed.
///
/// Source: B-E06.
#[test]
fn the_decomposition_is_right_as_printed() {
    let (x, model) = four();
    let log_joint = model.log_joint(&x).unwrap();
    let l = naive::log_likelihood(&model, &x);
    let r = latent::responsibilities(&log_joint).unwrap();
    let mut rng = data::rng(6);
    for _ in 0..50 {
        let q = cases::simplex_rows(4, 2, &mut rng);
        // Ratios p(x, z)/p(z | x) below e^{20}, their logs averaged over q.
        let average: f64 = (0..8).map(|m| q[m] * (log_joint[m] - r[m].ln())).sum();
        assert_within(average, l, 3.0 * rounding());
        let divergence = bound::kl_divergence(&q, &r).unwrap();
        assert!(divergence >= 0.0);
        assert_within(bound::lower_bound(&q, &log_joint).unwrap() + divergence, l, 4.0 * rounding());
    }
}

/// Without the ½ before log|Σ| the loss is least at Σ/2: there it is stationary, and at Σ it has the slope R/2σ². On
/// {1, 3} its minimum lowers ℓ from −2.838 to −3.145, and Q by (nd/2)(1 − ln 2).
///
/// Source: B-E08.
#[test]
fn the_printed_loss_is_least_at_half_the_covariance() {
    let (x, r) = (column(&[1.0, 3.0]), column(&[1.0, 1.0]));
    let at = |variance: f64| line_mixture(&[1.0], &[2.0], &[variance]);
    let printed = |variance: f64| lecture_b::loss_without_the_half(&at(variance), &x, &r).unwrap();
    for variance in [0.2, 0.5, 1.0, 3.0] {
        // 2 log σ² + ½ · 2/σ², written out: four terms below 6.
        assert_within(printed(variance), 2.0 * f64::ln(variance) + 1.0 / variance, 24.0 * gamma(20));
    }
    for other in [0.3, 0.49, 0.51, 1.0] {
        assert!(printed(0.5) < printed(other), "{other}");
    }
    assert_printed(naive::log_likelihood(&at(1.0), &x), "-2.838");
    assert_printed(naive::log_likelihood(&at(0.5), &x), "-3.145");
    let q = |variance: f64| latent::expected_log_joint(&r, &at(variance).log_joint(&x).unwrap()).unwrap();
    assert_within(q(1.0) - q(0.5), 1.0 - 2_f64.ln(), 12.0 * gamma(40));

    // In two dimensions with two components: Σ/2 beats the Σ of the M step for the printed loss, and only for it.
    let case = cases::case(
        cases::Kind::Ordinary,
        executable_em::gaussian_mixture::CovarianceFamily::Full,
        40,
        2,
        2,
        8,
    );
    let r = case.model.responsibilities(&case.x).unwrap();
    let right = case.model.maximize(&case.x, &r).unwrap();
    let halved = right.covariances().iter().map(|covariance| covariance * 0.5).collect();
    let half = right.with_covariances(halved, right.family()).unwrap();
    let printed = |model: &GaussianMixture| lecture_b::loss_without_the_half(model, &case.x, &r).unwrap();
    let proper = |model: &GaussianMixture| loss::loss(model, &case.x, &r).unwrap();
    // At the M step Σ_ij r vᵀΣ⁻¹v = nd; halving Σ adds nd/2 to that term and takes nd log 2 off the printed log
    // determinants, nd/2 log 2 off the right ones. Losses below 1000 of 80 terms.
    let nd = 80.0;
    assert_within(printed(&half) - printed(&right), nd * (0.5 - 2_f64.ln()), 1000.0 * gamma(400));
    assert_within(proper(&half) - proper(&right), 0.5 * nd * (1.0 - 2_f64.ln()), 1000.0 * gamma(400));
}

/// The second line has lost the minus of the inner derivative: it is minus the gradient that dual numbers give. A step
/// along it lowers ℓ, one along the right gradient raises it; the root, and so the mean that follows, is the same.
///
/// Source: B-E09.
#[test]
fn the_second_line_points_away_from_the_data() {
    let (x, model) = four();
    let printed = lecture_b::score_in_means_of_the_second_line(&model, &x).unwrap();
    let exact = naive::score_in_means(&model, &x);
    assert_matrices_within(&printed, &-&exact, rounding());
    assert!(exact.amax() > 0.5);
    let l = naive::log_likelihood(&model, &x);
    let along = |gradient: &DMatrix<f64>| {
        let moved = model.with_means(model.means() + gradient * 1e-3).unwrap();
        naive::log_likelihood(&moved, &x) - l
    };
    // To first order the rise is a thousandth of the gradient's square; the second order is a millionth times a
    // curvature of 10.
    let first_order = 1e-3 * exact.norm_squared();
    assert_within(along(&printed), -first_order, 0.02 * first_order);
    assert_within(along(&exact), first_order, 0.02 * first_order);
}

/// The text announces the derivative of the loss and the formula is that of log p: each is minus the other, with the
/// responsibilities held. The loss is quadratic in the mean, so its central difference is exact but for rounding.
///
/// Source: B-E10.
#[test]
fn the_derivative_of_the_loss_is_minus_that_of_the_likelihood() {
    let (x, model) = four();
    let r = model.responsibilities(&x).unwrap();
    let of_log_p = score::in_means(&model, &x).unwrap();
    for j in 0..2 {
        let at = |by: f64| {
            let mut means = model.means().clone();
            means[j] += by;
            let moved = model.with_means(means).unwrap();
            loss::loss(&moved, &x, &r).unwrap()
        };
        assert_within(at(0.5) - at(-0.5), -of_log_p[j], 4.0 * rounding());
        assert!(of_log_p[j].abs() > 0.1);
    }
    assert_matrices_within(&of_log_p, &naive::score_in_means(&model, &x), rounding());
}

/// Bounded and monotone values converge, their parameters need not: on the spiral the value rises to 0 and θ turns by
/// one radian a step for ever.
///
/// Source: B-E14.
#[test]
fn the_spiral_has_a_limit_of_values_only() {
    for t in 1..2000 {
        let ((before, value), (after, next)) =
            (lecture_b::spiral(t).unwrap(), lecture_b::spiral(t + 1).unwrap());
        assert!(value < next && next < 0.0);
        // The value is f(θ) = 1 − |θ|: three operations on numbers below 2, and a cosine and a sine.
        assert_within(1.0 - before[0].hypot(before[1]), value, 2.0 * gamma(8));
        // Turned by one radian: the chord of an arc of 1 on a circle of radius at least 1.
        assert!((after[0] - before[0]).hypot(after[1] - before[1]) >= 2.0 * 0.5_f64.sin() - 1e-3);
        let turn = (after[1].atan2(after[0]) - before[1].atan2(before[0])).rem_euclid(2.0 * PI);
        assert_within(turn, 1.0, 1e-12); // angles below 2000 to their last digits: 2000 ε = 4e−13
    }
    assert!(lecture_b::spiral(1_000_000).unwrap().1 > -1.1e-6);
    assert!(matches!(lecture_b::spiral(0), Err(Error::Domain { what: "t", .. })));
}

/// "priors with the formula above", which is not there: π_k = N_k/n. Keeping the old π costs Q Σ_k N_k log(π_k⁺/π_k), n
/// times a divergence.
///
/// Source: B-E15.
#[test]
fn without_the_weight_update_q_stays_lower() {
    let x = column(&[0.0, 9.0, 9.5, 10.0, 10.0, 10.5, 11.0]);
    let old = line_mixture(&[0.5, 0.5], &[1.0, 9.0], &[1.0, 1.0]);
    let r = old.responsibilities(&x).unwrap();
    let right =
        old.maximize(&x, &r).unwrap().with_covariances(old.covariances().to_vec(), old.family()).unwrap();
    let without = right.with_weights(old.weights().clone()).unwrap();
    let q = |model: &GaussianMixture| latent::expected_log_joint(&r, &model.log_joint(&x).unwrap()).unwrap();
    let counts = latent::counts(&r);
    let expected: f64 = (0..2).map(|k| counts[k] * (counts[k] / 7.0 / 0.5).ln()).sum();
    // 14 terms, those with r < e^{−20} of size up to 60 and all others below 5.
    assert_within(q(&right) - q(&without), expected, 14.0 * 5.0 * gamma(60));
    assert_printed(expected, "1.981");
    assert!(expected > 0.0);
}

/// γ(z_nk) is defined with a j: to the letter all columns are the same, and a datum that is surely of one component is
/// off by one for the other.
///
/// Source: B-E17.
#[test]
fn a_free_index_makes_all_columns_one() {
    let (x, model) = four();
    let r = model.responsibilities(&x).unwrap();
    for j in 0..2 {
        let printed = lecture_b::responsibilities_with_a_free_index(&r, j).unwrap();
        assert_eq!(printed, DMatrix::from_columns(&[r.column(j), r.column(j)]));
        assert!((&printed - &r).amax() > 0.99);
        assert!(printed.row_iter().any(|row| (row.sum() - 1.0).abs() > 0.9), "no distributions any more");
    }
    let error = lecture_b::responsibilities_with_a_free_index(&r, 2).unwrap_err();
    assert_eq!(error, Error::Label { row: 0, label: 2, k: 2 });
    let error = lecture_b::responsibilities_with_a_free_index(&dmatrix![0.5, 0.6], 0).unwrap_err();
    assert!(matches!(error, Error::NotOnSimplex { .. }));
}

/// A cluster of weight .001 has a member among 1000 data with probability .632, and surely only in the limit. Checked
/// against all 2^n outcomes. And n data are members of at most n clusters: never of all, if there are infinitely many.
///
/// Source: B-E18.
#[test]
fn every_cluster_is_realised_in_the_limit_only() {
    assert_printed(lecture_b::probability_of_a_member(0.001, 1000).unwrap(), "0.632");
    for n in 0..10_u32 {
        let seen: f64 = (1..1_u32 << n)
            .map(|outcome| {
                0.3_f64.powi(outcome.count_ones() as i32) * 0.7_f64.powi((n - outcome.count_ones()) as i32)
            })
            .sum();
        // At most 2⁹ positive terms of 10 factors each.
        assert_within(lecture_b::probability_of_a_member(0.3, n).unwrap(), seen, gamma(530));
    }
    let by_n: Vec<f64> =
        [1, 10, 100, 1000, 10_000].map(|n| lecture_b::probability_of_a_member(0.001, n).unwrap()).to_vec();
    assert!(by_n.is_sorted_by(|a, b| a < b) && by_n[4] < 1.0 && by_n[4] > 0.9999);
    assert_eq!(lecture_b::probability_of_a_member(0.0, 1_000_000).unwrap(), 0.0);
    assert_eq!([0, 1].map(|n| lecture_b::probability_of_a_member(1.0, n).unwrap()), [0.0, 1.0]);
    // A weight too small for 1 − π: to first order n π.
    assert_within(lecture_b::probability_of_a_member(1e-20, 100).unwrap(), 1e-18, 1e-18 * gamma(8));
    for bad in [-0.1, 1.1, f64::NAN] {
        assert!(matches!(
            lecture_b::probability_of_a_member(bad, 3),
            Err(Error::Domain { what: "weight", .. })
        ));
    }
}

/// With c(x) for c(x_i) all data are compared with one mean: on {0, 1, 9, 10} with means .5 and 9.5 that gives 163,
/// where the risk is 1.
///
/// Source: B-E19.
#[test]
fn the_risk_takes_each_datum_with_its_own_mean() {
    let (x, means) = (column(&[0.0, 1.0, 9.0, 10.0]), dmatrix![0.5; 9.5]);
    // Squares of halves: exact.
    assert_eq!(
        [0, 1].map(|c| lecture_b::risk_with_one_label_for_all(&x, &means, c).unwrap()),
        [163.0, 163.0]
    );
    let r = kmeans::responsibilities(&x, &means).unwrap();
    assert_eq!(kmeans::objective(&x, &r, &means).unwrap(), 1.0);
    let other = dmatrix![0.0; 10.0];
    assert_eq!(lecture_b::risk_with_one_label_for_all(&x, &other, 0).unwrap(), 0.0 + 1.0 + 81.0 + 100.0);
    let error = lecture_b::risk_with_one_label_for_all(&x, &means, 2).unwrap_err();
    assert_eq!(error, Error::Label { row: 0, label: 2, k: 2 });
}

/// Averaging over the labels is the easy half: with known labels the fit is one M step, and with posterior averages it
/// is the same M step; what is hard is that the two depend on each other, so that one sweep does not end it.
///
/// Source: B-E21.
#[test]
fn averaging_is_easy_and_the_coupling_is_not() {
    let (x, model) = four();
    let log_joint = model.log_joint(&x).unwrap();
    let r = latent::responsibilities(&log_joint).unwrap();
    let averaged = model.maximize(&x, &r).unwrap();
    assert_matrices_within(
        &score::of_q_in_means(&averaged, &x, &r).unwrap(),
        &DMatrix::zeros(2, 1),
        10.0 * rounding(),
    );
    assert!(score::in_means(&averaged, &x).unwrap().amax() > 0.01, "coupled");
    assert_ne!(em::sweep(&averaged, &x).unwrap(), averaged);
    let known = complete::maximum_likelihood(&model, &x, &[0, 0, 1, 1], 2).unwrap();
    assert_eq!(*known.means(), dmatrix![-1.0; 2.0]);
    assert_eq!(update::weights(&complete::one_hot(&[0, 0, 1, 1], 2).unwrap()).unwrap(), dvector![0.5, 0.5]);
    assert_eq!(DVector::from_element(2, 0.5), *known.weights());
}
