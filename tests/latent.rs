//! Discrete latent variables: whatever is said of the two n×k matrices, held to sums over all k^n labelings.

mod common;

use common::bounds::{
    gamma, gaussian_log_likelihood_error, log_joint_error, log_likelihood_error, responsibility_error,
    sweep_fall,
};
use common::enumeration::enumerate;
use common::{assert_printed, assert_within, cases, column, line_mixture, mixture, naive, quadrature};
use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::latent::{self, Model, censored, complete, labelings, toolbox};
use executable_em::{Error, data, em};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use proptest::prelude::*;
use rand::RngExt;
use rand::distr::{Distribution, weighted::WeightedIndex};

const NEVER: f64 = f64::NEG_INFINITY;

proptest! {
    #![proptest_config(common::config(150))]

    /// H-27, H-29, L-21, C-31, C-36, L-23: marginal, responsibilities and Q are those of the sum over all k^n labelings.
    #[test]
    fn the_sums_over_labels_are_those_over_all_labelings(
        kind in prop::sample::select(cases::Kind::ALL.to_vec()), k in 1..=4usize, d in 1..=3usize, seed in any::<u64>(),
    ) {
        // At most 4⁵ = 1024 labelings.
        let case = cases::case(kind, Default::default(), 5, k, d, seed);
        let other = cases::case(kind, Default::default(), 5, case.model.k(), d, seed);
        let mut other = other.model;
        other.means += DMatrix::from_element(other.k(), d, 0.1) * case.x.amax().max(1.0) * 1e-3;
        let (n, k) = (case.x.nrows(), case.model.k());
        let (log_joint, second) = (case.model.log_joint(&case.x).unwrap(), other.log_joint(&case.x).unwrap());
        let oracle = enumerate(&log_joint, &second);

        // The enumeration starts from the same log joint, so only its own sums of k^n products of n factors err: relative
        // error γ(k^n + 4n) + ε Σ_i|L_i| of the largest exponent each.
        let size: f64 = log_joint.iter().filter(|entry| entry.is_finite()).map(|entry| entry.abs()).sum();
        let relative = gamma(k.pow(n as u32) + 4 * n) + 4.0 * f64::EPSILON * size;
        let l = latent::log_likelihood(&log_joint).unwrap();
        assert_within(l, oracle.log_likelihood, relative);
        let r = latent::responsibilities(&log_joint).unwrap();
        for i in 0..n {
            for j in 0..k {
                assert_within(r[(i, j)], oracle.posterior[(i, j)], 4.0 * relative * r[(i, j)].max(1e-300));
            }
        }
        let q = latent::expected_log_joint(&r, &second).unwrap();
        let terms: f64 = r.iter().zip(&second).filter(|(r, _)| **r > 0.0).map(|(r, l)| (r * l).abs()).sum();
        assert_within(q, oracle.expected, 8.0 * relative * terms + f64::MIN_POSITIVE * size);
    }

    /// L-22, H-29, B-24: rows of r lie on the simplex and the counts add up to n.
    #[test]
    fn responsibilities_are_probabilities_and_their_counts_add_up(case in cases::strategy(&cases::Kind::ALL)) {
        let r = latent::responsibilities(&case.model.log_joint(&case.x).unwrap()).unwrap();
        let (n, k) = r.shape();
        prop_assert!(r.iter().all(|&value| (0.0..=1.0 + f64::EPSILON).contains(&value)));
        // k exponentials of one row divided by their own sum: γ(k + 2), whatever the size of the log joint.
        for row in r.row_iter() {
            assert_within(row.sum(), 1.0, gamma(2 * k + 2));
        }
        let counts = latent::counts(&r);
        prop_assert_eq!(counts.len(), k);
        assert_within(counts.sum(), n as f64, n as f64 * gamma(n + 3 * k + 2));
    }

    /// H-27: log-sum-exp equals the plain sum where that is possible, and takes shifts and orders as it should.
    #[test]
    fn log_sum_exp_is_the_log_of_the_sum(terms in prop::collection::vec(-30.0..30.0, 1..8), shift in -700.0..700.0_f64) {
        let plain = terms.iter().map(|term: &f64| term.exp()).sum::<f64>().ln();
        let found = latent::log_sum_exp(terms.iter().copied());
        // Plain: k exponentials and sums, then ln of a number whose relative error that is. Shifted: |a − m| ≤ 60.
        let bound = gamma(2 * terms.len() + 4) + f64::EPSILON * (60.0 + plain.abs());
        assert_within(found, plain, bound);
        let shifted = latent::log_sum_exp(terms.iter().map(|term| term + shift));
        assert_within(shifted - shift, found, bound + 4.0 * f64::EPSILON * (shift.abs() + 30.0));
        let largest = terms.iter().copied().fold(NEVER, f64::max);
        // (|m| ≤ 30) the sum lies between its largest term and k times that.
        prop_assert!(found >= largest && found <= largest + (terms.len() as f64).ln() + bound);
    }
}

/// H-27, L-05: exact answers at ±∞, NaN, one term and no term; neither overflow nor underflow.
#[test]
fn log_sum_exp_is_exact_at_the_edges() {
    let f = |terms: &[f64]| latent::log_sum_exp(terms.iter().copied());
    assert_eq!(f(&[]), NEVER);
    assert_eq!(f(&[NEVER, NEVER]), NEVER);
    assert_eq!(f(&[NEVER, 3.25]), 3.25);
    assert_eq!(f(&[f64::INFINITY, 0.0]), f64::INFINITY);
    assert_eq!(f(&[f64::INFINITY, NEVER]), f64::INFINITY);
    assert!(f(&[f64::NAN, f64::INFINITY]).is_nan() && f(&[0.0, f64::NAN]).is_nan());
    for single in [0.0, -745.2, 1e308, -1e308, 1e-310] {
        assert_eq!(f(&[single]), single);
    }
    assert_eq!(f(&[1e4, 1e4]), 1e4 + 2_f64.ln());
    assert_eq!(f(&[-1e4, -1e4]), -1e4 + 2_f64.ln());
    // A term e^{−800} of the largest is nothing.
    assert_eq!(f(&[0.0, -800.0]), 0.0);
}

/// H-29, C-36: a zero weight gives a responsibility of exactly zero, equal components share equally, and one component
/// has all.
#[test]
fn responsibilities_are_exact_where_the_mathematics_is() {
    let x = column(&[-1.0, 0.0, 2.5, 1e6]);
    let zero = line_mixture(&[1.0, 0.0], &[0.0, 2.5], &[1.0, 1.0]);
    let r = zero.responsibilities(&x).unwrap();
    assert!(r.column(1).iter().all(|&value| value == 0.0) && r.column(0).iter().all(|&value| value == 1.0));
    let single = line_mixture(&[1.0], &[0.5], &[2.0]).responsibilities(&x).unwrap();
    assert!(single.iter().all(|&value| value == 1.0));
    let twins = line_mixture(&[0.5, 0.5], &[0.5, 0.5], &[2.0, 2.0]).responsibilities(&x).unwrap();
    assert!(twins.column(0) == twins.column(1));
    // Symmetric about 0: swapping sides swaps columns, bit for bit.
    let sides = line_mixture(&[0.5, 0.5], &[-1.0, 1.0], &[1.0, 1.0]);
    let (left, right) =
        (sides.responsibilities(&column(&[-0.3])).unwrap(), sides.responsibilities(&column(&[0.3])).unwrap());
    assert_eq!((left[0], left[1]), (right[1], right[0]));
}

/// L-22, H-29: a datum a hundred thousand standard deviations away still has responsibilities that sum to one, and a sweep
/// takes it in.
#[test]
fn an_outlier_does_not_break_the_simplex() {
    let x = column(&[0.0, 1.0, 123_456.7, 3.0]);
    let model = line_mixture(&[0.3, 0.3, 0.4], &[0.0, 1.0, 2.0], &[1.0, 1.1, 1.1]);
    let r = model.responsibilities(&x).unwrap();
    for row in r.row_iter() {
        assert_within(row.sum(), 1.0, gamma(8));
    }
    let next = model.maximize(&x, &r).unwrap();
    assert_within(next.weights.sum(), 1.0, gamma(20));
}

/// B-02, H-44, T-36, T-E24: p(z) sums to one over the k one-hot vectors; its formula over all binary vectors would give Π(1 + π_j) instead.
#[test]
fn the_prior_is_a_distribution_over_one_hot_vectors_only() {
    let weights = dvector![0.5, 0.3, 0.2, 0.0];
    let one_hot = latent::one_hot(&[0, 1, 2, 3], 4).unwrap();
    let mut sum = 0.0;
    for (j, row) in one_hot.row_iter().enumerate() {
        let p = latent::prior(&row.transpose(), &weights).unwrap();
        assert_eq!(p, weights[j]);
        sum += p;
    }
    assert_eq!(sum, 1.0);

    // The printed product over every z in {0, 1}^4, as code.
    let mut over_all = 0.0;
    for bits in 0..16_u32 {
        over_all += (0..4).map(|j| if bits >> j & 1 == 1 { weights[j] } else { 1.0 }).product::<f64>();
    }
    assert_within(over_all, 1.5 * 1.3 * 1.2 * 1.0, gamma(20) * over_all);
    for (z, value) in [
        (dvector![1.0, 1.0, 0.0, 0.0], 2.0),
        (dvector![0.0, 0.0, 0.0, 0.0], 0.0),
        (dvector![0.5, 0.5, 0.0, 0.0], 0.5),
    ] {
        let error = latent::prior(&z, &weights).unwrap_err();
        assert_eq!(error, Error::NotOnSimplex { what: "one-hot label", row: 0, value });
    }
    let error = latent::prior(&dvector![1.0], &weights).unwrap_err();
    assert_eq!(error, Error::Shape { what: "one-hot label", expected: (4, 1), found: (1, 1) });
    let error = latent::prior(&dvector![1.0, 0.0], &dvector![0.5, 0.6]).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "weights", row: 0, value: 1.1 });
    let error = latent::prior(&dvector![1.0, 0.0], &dvector![-0.5, 1.5]).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "weights", row: 0, value: -0.5 });
}

/// H-03, T-01: hard membership is one-hot, with the labels read back from it; soft membership lies on the simplex.
#[test]
fn one_hot_rows_hold_a_single_one_at_the_label() {
    let labels = [2, 0, 1, 1, 2];
    let z = latent::one_hot(&labels, 4).unwrap();
    assert_eq!(z.shape(), (5, 4));
    for (i, &label) in labels.iter().enumerate() {
        for j in 0..4 {
            assert_eq!(z[(i, j)], if j == label { 1.0 } else { 0.0 });
        }
    }
    assert_eq!(latent::counts(&z), dvector![1.0, 2.0, 2.0, 0.0]);
    assert_eq!(latent::one_hot(&[0, 4], 4), Err(Error::Label { row: 1, label: 4, k: 4 }));
    assert_eq!(latent::one_hot(&[0], 0), Err(Error::Label { row: 0, label: 0, k: 0 }));
    assert_eq!(latent::one_hot(&[], 3).unwrap().shape(), (0, 3));
}

/// L-23, C-37: Q skips what q gives no mass, and is −∞ where q puts mass on the impossible.
#[test]
fn the_expected_log_joint_takes_zero_times_minus_infinity_as_zero() {
    let log_joint = dmatrix![-1.0, NEVER; -2.0, -3.0];
    assert_eq!(latent::expected_log_joint(&dmatrix![1.0, 0.0; 0.5, 0.5], &log_joint).unwrap(), -3.5);
    assert_eq!(latent::expected_log_joint(&dmatrix![0.5, 0.5; 0.5, 0.5], &log_joint).unwrap(), NEVER);
    // The same over labelings, in the order 00, 10, 01, 11: those with z₀ = 1 are impossible.
    assert_eq!(labelings::expected_log_joint(&dvector![0.5, 0.0, 0.5, 0.0], &log_joint), Ok(-3.5));
    assert_eq!(labelings::expected_log_joint(&dvector![0.5, 0.5, 0.0, 0.0], &log_joint), Ok(NEVER));
    let posterior = labelings::posterior(&log_joint).unwrap();
    assert!(posterior[1] == 0.0 && posterior[3] == 0.0 && posterior[0] > posterior[2]);
    let error = latent::expected_log_joint(&dmatrix![1.0, 0.0], &log_joint).unwrap_err();
    assert_eq!(error, Error::Shape { what: "q", expected: (2, 2), found: (1, 2) });
    let error = latent::expected_log_joint(&dmatrix![1.0, 0.0; 0.5, 0.25], &log_joint).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "q", row: 1, value: 0.75 });
    let error = latent::expected_log_joint(&dmatrix![1.5, -0.5; 0.5, 0.5], &log_joint).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "q", row: 0, value: -0.5 });
    let error = latent::expected_log_joint(&dmatrix![1.0, 0.0; f64::NAN, 0.5], &log_joint).unwrap_err();
    assert!(matches!(error, Error::NotOnSimplex { what: "q", row: 1, value } if value.is_nan()));
}

/// A log joint that is none is named by its place.
#[test]
fn a_bad_log_joint_is_named() {
    assert_eq!(latent::log_likelihood(&DMatrix::zeros(0, 2)), Err(Error::Empty { what: "log joint" }));
    assert_eq!(latent::responsibilities(&DMatrix::zeros(2, 0)), Err(Error::Empty { what: "log joint" }));
    let impossible = dmatrix![0.0, NEVER; NEVER, NEVER];
    assert_eq!(latent::log_marginals(&impossible), Err(Error::ImpossibleDatum { row: 1 }));
    assert_eq!(latent::responsibilities(&impossible), Err(Error::ImpossibleDatum { row: 1 }));
    let error = latent::log_likelihood(&dmatrix![0.0, 1.0; 0.0, f64::INFINITY]).unwrap_err();
    assert_eq!(error, Error::NotFinite { what: "log joint", row: 1, column: 1, value: f64::INFINITY });
    let error = latent::log_marginals(&dmatrix![f64::NAN, 1.0]).unwrap_err();
    assert!(
        matches!(error, Error::NotFinite { what: "log joint", row: 0, column: 0, value } if value.is_nan())
    );
}

/// H-27, H-29: a log joint may lie anywhere on the scale: adding a constant per row moves ℓ by their sum and leaves r.
#[test]
fn a_constant_per_row_moves_the_log_likelihood_alone() {
    let model = line_mixture(&[0.3, 0.7], &[-1.0, 2.0], &[1.0, 0.5]);
    let x = column(&[-1.5, 0.1, 3.0]);
    let log_joint = model.log_joint(&x).unwrap();
    let shifts = [-1e5, 700.0, 0.5];
    let shifted = DMatrix::from_fn(3, 2, |i, j| log_joint[(i, j)] + shifts[i]);
    // Adding 1e5 rounds a log joint to ε·1e5; everything else is smaller.
    let bound = 8.0 * f64::EPSILON * 1e5;
    let (l, moved) = (latent::log_likelihood(&log_joint).unwrap(), latent::log_likelihood(&shifted).unwrap());
    assert_within(moved - l, shifts.iter().sum(), bound);
    let (r, same) =
        (latent::responsibilities(&log_joint).unwrap(), latent::responsibilities(&shifted).unwrap());
    common::assert_matrices_within(&r, &same, bound);
}

/// H-29: the error bounds that the other tests lean on hold against arithmetic with the log joint moved by them.
#[test]
fn the_bounds_cover_what_they_claim() {
    for number in 0..60 {
        let case = cases::numbered(number, Default::default());
        let exact = case.model.log_joint(&case.x).unwrap();
        let error = log_joint_error(&case.model, &case.x);
        let mut rng = data::rng(number);
        let signs = cases::simplex_rows(exact.nrows(), exact.ncols(), &mut rng);
        let moved = DMatrix::from_fn(exact.nrows(), exact.ncols(), |i, j| {
            exact[(i, j)] + (2.0 * signs[(i, j)] - 1.0) * error[(i, j)]
        });
        let l_bound = log_likelihood_error(&exact, &error);
        let (before, after) =
            (latent::log_likelihood(&exact).unwrap(), latent::log_likelihood(&moved).unwrap());
        assert_within(before, after, l_bound);
        let r_bound = responsibility_error(&exact, &error);
        let (before, after) =
            (latent::responsibilities(&exact).unwrap(), latent::responsibilities(&moved).unwrap());
        for (index, bound) in r_bound.iter().enumerate() {
            assert_within(before[index], after[index], *bound);
        }
    }
}

// What the labels would say if they were seen, and what all k^n labelings say when they are not.

/// Three overlapping components in the plane.
fn three() -> GaussianMixture {
    mixture(
        &[0.5, 0.3, 0.2],
        dmatrix![0.0, 0.0; 2.0, 0.5; 0.5, 2.0],
        vec![dmatrix![1.0, 0.3; 0.3, 0.8], dmatrix![0.6, -0.2; -0.2, 0.9], dmatrix![0.7, 0.0; 0.0, 0.4]],
    )
}

/// Four data among them: 4 · 3 = 12 log joints, 3⁴ = 81 labelings.
fn four() -> DMatrix<f64> {
    dmatrix![0.2, -0.3; 1.6, 0.9; 0.4, 1.7; 1.0, 0.8]
}

/// Data small enough for all labelings, and two models of one shape.
fn two_log_joints(kind: cases::Kind, k: usize, d: usize, seed: u64) -> (DMatrix<f64>, DMatrix<f64>) {
    let case = cases::case(kind, Default::default(), 5, k, d, seed);
    let mut other = case.model.clone();
    other.means += DMatrix::from_element(other.k(), d, 1e-4 * case.x.amax().max(1.0));
    other.weights = cases::weights(other.k(), &mut data::rng(seed));
    (case.model.log_joint(&case.x).unwrap(), other.log_joint(&case.x).unwrap())
}

/// How far a sum of k^n exponentials of n log joints each may err, relatively: an exponent is a sum of n terms, good to
/// γ(n + 2) Σ|L|; then come k^n additions and a quotient.
fn relative_error(log_joint: &DMatrix<f64>) -> f64 {
    let (n, k) = log_joint.shape();
    let size: f64 = log_joint.iter().filter(|entry| entry.is_finite()).map(|entry| entry.abs()).sum();
    gamma(k.pow(n as u32) + n + 4) + gamma(n + 4) * size
}

/// A random distribution over all labelings, with labels that depend on each other and some labelings impossible.
fn correlated(count: usize, seed: u64) -> DVector<f64> {
    cases::simplex_rows(1, count, &mut data::rng(seed)).row(0).transpose()
}

proptest! {
    #![proptest_config(common::config(100))]

    /// H-43, H-46, H-47, L-09, L-18, C-32, B-06, T-18, T-20: summed over all labelings, the complete likelihood is the
    /// observed one; each term is Σ_i L_{i z_i}, with the labelings in the order of an odometer.
    #[test]
    fn the_labels_summed_out_leave_the_likelihood(
        kind in prop::sample::select(cases::Kind::ALL.to_vec()), k in 1..=4usize, d in 1..=2usize, seed in any::<u64>(),
    ) {
        let (log_joint, _) = two_log_joints(kind, k, d, seed);
        let (n, k) = log_joint.shape();
        let all = labelings::all(n, k).unwrap();
        prop_assert_eq!(&all, &common::enumeration::labelings(n, k));
        let log_joints = labelings::log_joints(&log_joint).unwrap();
        prop_assert_eq!(log_joints.len(), k.pow(n as u32));
        for (labels, &found) in all.iter().zip(&log_joints) {
            // The same terms in the same order: the same bits.
            let expected: f64 = labels.iter().enumerate().map(|(i, &label)| log_joint[(i, label)]).sum();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(complete::log_likelihood(&log_joint, labels).unwrap(), expected);
            // Σ_ij z_ij L_ij has the same terms, column after column.
            let terms: f64 = labels.iter().enumerate().map(|(i, &label)| log_joint[(i, label)].abs()).sum();
            let z = latent::one_hot(labels, k).unwrap();
            let linear = latent::expected_log_joint(&z, &log_joint).unwrap();
            prop_assert!(linear == expected || (linear - expected).abs() <= gamma(n) * terms);
        }
        let l = latent::log_likelihood(&log_joint).unwrap();
        let best = log_joints.max();
        // A relative error of the sum is an absolute one of its logarithm; the logarithms themselves are rounded too.
        let bound = 2.0 * relative_error(&log_joint) + 4.0 * f64::EPSILON * l.abs();
        assert_within(best + log_joints.map(|log_p| (log_p - best).exp()).sum().ln(), l, bound);
    }

    /// H-48, H-49, H-50, L-13, L-20, L-21, C-34, B-19: the posterior over all labelings, made by Bayes' rule over all of
    /// them, is the product of the responsibilities, and they are its marginals.
    #[test]
    fn the_posterior_factorises_over_the_data(
        kind in prop::sample::select(cases::Kind::ALL.to_vec()), k in 1..=4usize, d in 1..=2usize, seed in any::<u64>(),
    ) {
        let (log_joint, _) = two_log_joints(kind, k, d, seed);
        let (n, k) = log_joint.shape();
        let r = latent::responsibilities(&log_joint).unwrap();
        let posterior = labelings::posterior(&log_joint).unwrap();
        let product = labelings::product(&r).unwrap();
        let relative = 4.0 * relative_error(&log_joint);
        for (index, labels) in labelings::all(n, k).unwrap().iter().enumerate() {
            assert_within(posterior[index], product[index], relative * product[index] + f64::MIN_POSITIVE);
            let log_posterior = complete::log_posterior(&log_joint, labels).unwrap();
            assert_within(log_posterior.exp(), product[index], relative * product[index] + f64::MIN_POSITIVE);
        }
        let marginals = labelings::marginals(&posterior, n, k).unwrap();
        for (index, &share) in r.iter().enumerate() {
            assert_within(marginals[index], share, relative * share + k.pow(n as u32) as f64 * f64::MIN_POSITIVE);
        }
        // E[z_ij | x] once more, as the expectation of an indicator.
        for j in 0..k {
            let indicator = |labels: &[usize]| f64::from(u8::from(labels[0] == j));
            let expected = labelings::expectation(&posterior, n, k, indicator).unwrap();
            assert_within(expected, r[(0, j)], relative * r[(0, j)] + k.pow(n as u32) as f64 * f64::MIN_POSITIVE);
        }
    }

    /// L-10, L-19, C-33, C-34, T-21, H-55: E_q log p(x, z) over all labelings needs only q's marginals, for any q, however
    /// the labels depend on each other: the log joint is linear in the one-hot z.
    #[test]
    fn replacing_labels_by_their_expectation_is_exact(k in 1..=4usize, seed in any::<u64>()) {
        let (log_joint, _) = two_log_joints(cases::Kind::Ordinary, k, 2, seed);
        let n = log_joint.nrows();
        let count = k.pow(n as u32);
        let q = correlated(count, seed);
        let marginals = labelings::marginals(&q, n, k).unwrap();
        // Sums of count·n products, all of one sign in |L|, against sums of n·k.
        let bound = 2.0 * gamma(count + 2 * n + 2) * log_joint.iter().map(|entry| entry.abs()).sum::<f64>();
        let by_hand: f64 = common::enumeration::labelings(n, k)
            .iter()
            .zip(&q)
            .map(|(labels, q)| q * labels.iter().enumerate().map(|(i, &label)| log_joint[(i, label)]).sum::<f64>())
            .sum();
        assert_within(labelings::expected_log_joint(&q, &log_joint).unwrap(), by_hand, bound);
        assert_within(latent::expected_log_joint(&marginals, &log_joint).unwrap(), by_hand, bound);
        let f = |labels: &[usize]| complete::log_likelihood(&log_joint, labels).unwrap();
        assert_within(labelings::expectation(&q, n, k, f).unwrap(), by_hand, bound);
        // The q with the same marginals and independent labels: another distribution, the same expectation.
        let independent = labelings::product(&marginals).unwrap();
        assert_within(labelings::expected_log_joint(&independent, &log_joint).unwrap(), by_hand, bound);
    }

    /// H-55 (contrast), H-E15: in the form log Σ z p, which agrees with it at every labeling, the expectation may not be
    /// put in place of z: that gives more, by Jensen.
    #[test]
    fn in_a_form_that_is_not_linear_the_expectation_may_not_be_put_in(k in 2..=4usize, seed in any::<u64>()) {
        let (log_joint, _) = two_log_joints(cases::Kind::Ordinary, k, 2, seed);
        let n = log_joint.nrows();
        for labels in labelings::all(n, k).unwrap() {
            let z = latent::one_hot(&labels, k).unwrap();
            // One term is left in each sum, and log-sum-exp of one term is that term.
            prop_assert_eq!(
                complete::log_sum_form(&log_joint, &z).unwrap(),
                complete::log_likelihood(&log_joint, &labels).unwrap()
            );
        }
        let r = latent::responsibilities(&log_joint).unwrap();
        let (put_in, expected) = (
            complete::log_sum_form(&log_joint, &r).unwrap(), latent::expected_log_joint(&r, &log_joint).unwrap());
        // Row by row the gap is log Σ r p − Σ r log p, at least half the variance of p over r, over the largest p².
        let gap: f64 = (0..n).map(|i| {
            let p: Vec<f64> = (0..k).map(|j| (log_joint[(i, j)] - log_joint.row(i).max()).exp()).collect();
            let mean: f64 = (0..k).map(|j| r[(i, j)] * p[j]).sum();
            0.5 * (0..k).map(|j| r[(i, j)] * (p[j] - mean).powi(2)).sum::<f64>()
        }).sum();
        let rounding = gamma(n * k + 8) * log_joint.iter().map(|entry| entry.abs()).sum::<f64>();
        prop_assert!(put_in - expected >= gap - rounding, "{put_in} {expected} {gap}");
    }
}

/// H-55: 7e−15 by enumeration in the catalogue. A gap that is there, and its size: the form log Σ z p at z = r.
#[test]
fn the_gap_of_the_other_form_is_seen() {
    let log_joint = three().log_joint(&four()).unwrap();
    let r = latent::responsibilities(&log_joint).unwrap();
    let q = latent::expected_log_joint(&r, &log_joint).unwrap();
    let put_in = complete::log_sum_form(&log_joint, &r).unwrap();
    assert!(put_in - q > 0.1, "{put_in} {q}");
    // Its expectation, on the other hand, is Q: it is the same function of the labels.
    let posterior = labelings::posterior(&log_joint).unwrap();
    let f =
        |labels: &[usize]| complete::log_sum_form(&log_joint, &latent::one_hot(labels, 3).unwrap()).unwrap();
    assert_within(labelings::expectation(&posterior, 4, 3, f).unwrap(), q, 1e2 * relative_error(&log_joint));
    // A label as a number is another thing: its expectation lies between the components, and f(E z) is not E f(z).
    let label = |labels: &[usize]| labels[0] as f64;
    let certain = dvector![0.5, 0.0, 0.5];
    assert_eq!(labelings::expectation(&certain, 1, 3, label), Ok(1.0));
    assert_eq!(labelings::expectation(&certain, 1, 3, |labels| label(labels).powi(2)), Ok(2.0));
    assert_eq!(
        labelings::expectation(&certain, 1, 3, |labels| if labels[0] == 1 { f64::INFINITY } else { 1.0 }),
        Ok(1.0)
    );
    // Nor does a function of two labels need their marginals alone.
    let agree = |labels: &[usize]| f64::from(u8::from(labels[0] == labels[1]));
    let twins = dvector![0.5, 0.0, 0.0, 0.5];
    let independent = labelings::product(&labelings::marginals(&twins, 2, 2).unwrap()).unwrap();
    assert_eq!(independent, DVector::from_element(4, 0.25));
    assert_eq!(labelings::expectation(&twins, 2, 2, agree), Ok(1.0));
    assert_eq!(labelings::expectation(&independent, 2, 2, agree), Ok(0.5));
}

/// T-E29, T-17: twelve terms give the sum over 81 labelings; only maximising it is hard.
#[test]
fn evaluating_the_likelihood_is_easy() {
    let log_joint = three().log_joint(&four()).unwrap();
    assert_eq!((log_joint.len(), labelings::all(4, 3).unwrap().len()), (12, 81));
    let by_labelings = latent::log_sum_exp(labelings::log_joints(&log_joint).unwrap().iter().copied());
    let by_terms = latent::log_likelihood(&log_joint).unwrap();
    assert_within(by_labelings, by_terms, 2.0 * relative_error(&log_joint));
    let naive = naive::log_likelihood(&three(), &four());
    assert_within(by_terms, naive, 2.0 * gaussian_log_likelihood_error(&three(), &four()));
}

/// H-44, H-47, L-17: log p(z) sums the logs of the labels' weights, is a distribution over the k^n labelings, and makes the
/// joint out of the conditional.
#[test]
fn prior_times_conditional_is_the_joint() {
    let model = three();
    let x = four();
    let (log_densities, log_joint) =
        (model.component_log_densities(&x).unwrap(), model.log_joint(&x).unwrap());
    let mut sum = 0.0;
    for labels in labelings::all(4, 3).unwrap() {
        let log_prior = complete::log_prior(&labels, &model.weights).unwrap();
        let log_conditional = complete::log_conditional(&log_densities, &labels).unwrap();
        let expected: f64 = labels.iter().map(|&label| model.weights[label]).product();
        // Four logarithms, each of size below 2, and an exponential.
        assert_within(log_prior.exp(), expected, gamma(20) * expected);
        let one_by_one: f64 = latent::one_hot(&labels, 3)
            .unwrap()
            .row_iter()
            .map(|z| latent::prior(&z.transpose(), &model.weights).unwrap())
            .product();
        assert_within(one_by_one, expected, gamma(4) * expected);
        // Eight terms in another order.
        let terms = log_prior.abs() + log_densities.iter().map(|entry| entry.abs()).sum::<f64>();
        assert_within(
            log_prior + log_conditional,
            complete::log_likelihood(&log_joint, &labels).unwrap(),
            gamma(10) * terms,
        );
        sum += log_prior.exp();
    }
    assert_within(sum, 1.0, gamma(81 + 20));
    assert_eq!(complete::log_prior(&[0, 1], &dvector![1.0, 0.0]), Ok(NEVER));
    assert_eq!(complete::log_prior(&[0, 0], &dvector![1.0, 0.0]), Ok(0.0));
    // Shifts of a column by its weight: the joint, and not the conditional, knows them.
    assert_eq!(complete::log_conditional(&dmatrix![-1.0, -2.0; -4.0, -8.0], &[1, 0]), Ok(-6.0));
}

/// H-45, H-53, H-E09, H-E10, L-E05: given its label a datum has the density of its component, which integrates to one;
/// with the weight in front, as printed twice, it is the joint and integrates to π_κ.
#[test]
fn the_conditional_has_no_weight_in_it() {
    for (weights, label) in [([0.3, 0.7], 0), ([0.75, 0.25], 1)] {
        let model = line_mixture(&weights, &[-1.0, 2.0], &[1.0, 0.5]);
        let of = |log_density: &dyn Fn(usize) -> f64, count: usize| {
            (0..count).map(|i| log_density(i).exp()).collect()
        };
        let conditional = |grid: &DMatrix<f64>| -> Vec<f64> {
            let log_densities = model.component_log_densities(grid).unwrap();
            let at = |i: usize| {
                complete::log_conditional(&log_densities.rows(i, 1).into_owned(), &[label]).unwrap()
            };
            of(&at, grid.nrows())
        };
        let printed = |grid: &DMatrix<f64>| -> Vec<f64> {
            let log_joint = model.log_joint(grid).unwrap();
            let at =
                |i: usize| complete::log_likelihood(&log_joint.rows(i, 1).into_owned(), &[label]).unwrap();
            of(&at, grid.nrows())
        };
        // Within the box no exponent exceeds 8.5²/2 + (3/√½ · 8.5) ≈ 100 in size: relative error γ(10)·100 of a density.
        let (one, bound) = quadrature::integral(&model, conditional, 100.0 * gamma(10));
        assert_within(one, 1.0, bound);
        let (weight, bound) = quadrature::integral(&model, printed, 100.0 * gamma(10));
        assert_within(weight, weights[label], bound);
    }
}

/// H-54, H-59, B-18, L-07: with the labels seen, counts, class means and class covariances maximise the likelihood: its
/// derivatives vanish there (that of a weight is n for every one, the multiplier), and 200 perturbations lower it.
#[test]
fn with_the_labels_seen_the_maximum_has_a_closed_form() {
    let (x, labels) = three().sample(60, &mut data::rng(3)).unwrap();
    let fit = complete::maximum_likelihood(&three(), &x, &labels, 3).unwrap();

    for j in 0..3 {
        let members: Vec<usize> = (0..60).filter(|&i| labels[i] == j).collect();
        let count = members.len() as f64;
        assert_eq!(fit.weights[j], count / 60.0);
        for a in 0..2 {
            let mean = members.iter().map(|&i| x[(i, a)]).sum::<f64>() / count;
            assert_within(fit.means[(j, a)], mean, 2.0 * gamma(62) * x.amax());
            for b in 0..2 {
                let product = |&i: &usize| (x[(i, a)] - fit.means[(j, a)]) * (x[(i, b)] - fit.means[(j, b)]);
                let covariance = members.iter().map(product).sum::<f64>() / count;
                assert_within(fit.covariances[j][(a, b)], covariance, 4.0 * gamma(66) * x.amax().powi(2));
            }
        }
    }

    // The derivatives of Σ_i log p(x_i, z_i) by dual numbers of the naive formula.
    let derivative = |model: &GaussianMixture, entry: naive::Entry| {
        let mut naive = naive::Naive::<num_dual::Dual64>::new(model);
        naive.entry(entry).eps = 1.0;
        let rows: Vec<Vec<f64>> = x.row_iter().map(|row| row.iter().copied().collect()).collect();
        rows.iter().zip(&labels).map(|(row, &label)| naive.log_joint(row, label).eps).sum::<f64>()
    };
    for j in 0..3 {
        // Each score sums 60 terms |Σ⁻¹v| or |Σ⁻¹vvᵀΣ⁻¹| ≤ (|x| / λ_min)², and errs by γ(100) of their sum.
        let smallest = fit.covariances[j].symmetric_eigenvalues().min();
        let bound = 60.0 * gamma(100) * (1.0 + x.amax() / smallest).powi(2);
        assert_within(derivative(&fit, naive::Entry::Weight(j)), 60.0, 60.0 * gamma(70));
        for a in 0..2 {
            assert_within(derivative(&fit, naive::Entry::Mean(j, a)), 0.0, bound);
            for b in 0..2 {
                assert_within(derivative(&fit, naive::Entry::Covariance(j, a, b)), 0.0, bound);
            }
        }
    }

    let value =
        |model: &GaussianMixture| complete::log_likelihood(&model.log_joint(&x).unwrap(), &labels).unwrap();
    let best = value(&fit);
    let mut rng = data::rng(4);
    for number in 0..200 {
        // Steps of up to a hundredth: the value falls by some n · 10⁻⁵ nats; its rounding is 10⁻¹³.
        let mut moved = fit.clone();
        let mut step = || rng.random_range(-0.5..0.5);
        match number % 3 {
            0 => {
                moved.weights = moved.weights.map(|weight| weight * (1.0 + 0.02 * step()));
                moved.weights /= moved.weights.sum();
            }
            1 => moved.means.apply(|mean| *mean += 0.02 * step()),
            _ => {
                for covariance in &mut moved.covariances {
                    let change = DMatrix::from_fn(2, 2, |_, _| 0.02 * step());
                    *covariance += &change + change.transpose();
                }
            }
        }
        assert!(value(&moved) < best, "perturbation {number}");
    }
}

/// T-19, H-59, H-E17, H-54: known labels need no iteration and no start; unknown ones do, for the responsibilities depend
/// on what they are to determine.
#[test]
fn with_the_labels_unseen_the_equations_are_coupled() {
    let (x, labels) = three().sample(60, &mut data::rng(3)).unwrap();
    let elsewhere = line_up(&three(), 1.0);
    let fit = complete::maximum_likelihood(&three(), &x, &labels, 3).unwrap();
    assert_eq!(complete::maximum_likelihood(&elsewhere, &x, &labels, 3).unwrap(), fit);
    assert_eq!(complete::maximum_likelihood(&fit, &x, &labels, 3).unwrap(), fit);

    let from_here = em::sweep(&three(), &x).unwrap();
    let from_there = em::sweep(&elsewhere, &x).unwrap();
    let again = em::sweep(&from_here, &x).unwrap();
    assert!((&from_here.means - &from_there.means).amax() > 0.1);
    assert!((&from_here.means - &again.means).amax() > 1e-3);
    assert!(naive::score_in_means(&from_here, &x).amax() > 1e-2);
    // A component that no label names keeps its shape, at weight zero.
    let none = complete::maximum_likelihood(&three(), &x, &[0; 60], 3).unwrap();
    assert_eq!(none.weights, dvector![1.0, 0.0, 0.0]);
    assert_eq!((none.means.row(2), &none.covariances[2]), (three().means.row(2), &three().covariances[2]));
}

/// The mixture with all its means moved to the right.
fn line_up(model: &GaussianMixture, by: f64) -> GaussianMixture {
    let mut moved = model.clone();
    moved.means.column_mut(0).add_scalar_mut(by);
    moved
}

/// H-50: given the labels, moving one component's mean or covariance touches its own term and, bit for bit, no other; in
/// the likelihood of x alone the components share mixed second derivatives.
#[test]
fn given_the_labels_the_parameters_decouple() {
    let (x, labels) = three().sample(30, &mut data::rng(5)).unwrap();
    let terms =
        |model: &GaussianMixture| complete::by_component(&model.log_joint(&x).unwrap(), &labels).unwrap();
    let before = terms(&three());
    let total = complete::log_likelihood(&three().log_joint(&x).unwrap(), &labels).unwrap();
    assert_within(before.sum(), total, gamma(34) * before.abs().sum());
    for j in 0..3 {
        let mut moved = three();
        moved.means[(j, 0)] += 0.25;
        moved.covariances[j] *= 1.5;
        let after = terms(&moved);
        for other in 0..3 {
            assert_eq!(after[other] == before[other], other != j, "component {other} when {j} moves");
        }
    }
    let (one, other) = (naive::Entry::Mean(0, 0), naive::Entry::Mean(1, 0));
    assert!(naive::second_derivative(&three(), &x, one, other).abs() > 0.1);

    assert_eq!(complete::by_component(&dmatrix![-1.0, NEVER; -2.0, -3.0], &[0, 0]), Ok(dvector![-3.0, 0.0]));
    assert_eq!(
        complete::by_component(&dmatrix![-1.0, NEVER; -2.0, -3.0], &[1, 0]),
        Ok(dvector![-2.0, NEVER])
    );
    let error = complete::by_component(&dmatrix![-1.0, -2.0], &[2]).unwrap_err();
    assert_eq!(error, Error::Label { row: 0, label: 2, k: 2 });
}

/// C-E10, C-34: three labels, the third the exclusive or of the others. They are independent in pairs, yet the posterior
/// does not factorise: two data far from the middle tell the third label, about which its own datum says nothing. Q still
/// needs the marginals alone. (The lecture gives no data; with log odds 4 and 5.2 the probability is the catalogue's .977.)
#[test]
fn labels_independent_in_pairs_may_have_a_posterior_that_does_not_factorise() {
    let all = labelings::all(3, 2).unwrap();
    let prior = DVector::from_iterator(8, all.iter().map(|z| if z[0] ^ z[1] == z[2] { 0.25 } else { 0.0 }));
    for (first, second) in [(0, 1), (0, 2), (1, 2)] {
        for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let both = |z: &[usize]| f64::from(u8::from(z[first] == a && z[second] == b));
            assert_eq!(labelings::expectation(&prior, 3, 2, both), Ok(0.25));
        }
    }
    let model = line_mixture(&[0.5, 0.5], &[-1.0, 1.0], &[1.0, 1.0]);
    let x = column(&[-2.0, 2.6, 0.0]);
    let log_densities = model.component_log_densities(&x).unwrap();
    let posterior = labelings::posterior_under(&prior, &log_densities).unwrap();
    let marginals = labelings::marginals(&posterior, 3, 2).unwrap();

    // With log odds a, b of the first two labels, P(z₃ = 1) = ½(1 − tanh(a/2) tanh(b/2)) = ½(1 + tanh 2 tanh 2.6).
    let third = marginals[(2, 1)];
    // Eight exponentials of three terms of size below 10, and a few sums.
    assert_within(third, 0.5 * (1.0 + 2_f64.tanh() * 2.6_f64.tanh()), 30.0 * gamma(20));
    assert_printed(third, ".977");
    // By itself, the third datum lies halfway: (0 + 1)² and (0 − 1)² are the same number.
    let alone = latent::responsibilities(&model.log_joint(&x).unwrap()).unwrap();
    assert_eq!(alone[(2, 1)], 0.5);
    let product = labelings::product(&marginals).unwrap();
    assert!((&posterior - &product).amax() > 0.02);
    assert!(all.iter().zip(&posterior).all(|(z, &p)| (z[0] ^ z[1] == z[2]) == (p > 0.0)));

    // Q needs marginals only, but the right ones: with a third datum at 0.8 they differ from those of each datum alone.
    let x = column(&[-2.0, 0.4, 0.8]);
    let log_densities = model.component_log_densities(&x).unwrap();
    let log_joint = model.log_joint(&x).unwrap();
    let posterior = labelings::posterior_under(&prior, &log_densities).unwrap();
    let q = labelings::expected_log_joint(&posterior, &log_joint).unwrap();
    let bound = gamma(40) * log_joint.abs().sum();
    let marginals = labelings::marginals(&posterior, 3, 2).unwrap();
    assert_within(latent::expected_log_joint(&marginals, &log_joint).unwrap(), q, bound);
    let alone = latent::responsibilities(&log_joint).unwrap();
    assert!((latent::expected_log_joint(&alone, &log_joint).unwrap() - q).abs() > 0.1);

    // Under the prior of the mixture itself, the general rule is the special one.
    let independent = labelings::product(&DMatrix::from_element(3, 2, 0.5)).unwrap();
    let general = labelings::posterior_under(&independent, &log_densities).unwrap();
    assert!((general - labelings::posterior(&log_joint).unwrap()).amax() <= 30.0 * gamma(20));
}

/// C-35, C-36, H-48, B-20, L-20: which of N((∓1, ∓1), I) made (−2, −2)? The lecture gives no parameters; with these, the
/// log odds are (18 − 2)/2 = 8 and the probability is 1/(1 + e^{−8}) = .999665.
#[test]
fn the_point_at_minus_two_belongs_to_the_first_cluster() {
    let identity = DMatrix::identity(2, 2);
    let model =
        mixture(&[0.5, 0.5], dmatrix![-1.0, -1.0; 1.0, 1.0], vec![identity.clone(), identity.clone()]);
    let x = dmatrix![-2.0, -2.0];
    let log_joint = model.log_joint(&x).unwrap();
    // Two log joints of size up to 12, a few operations each.
    let odds = latent::log_odds(&log_joint, 0, 1).unwrap();
    assert_within(odds[0], 8.0, 24.0 * gamma(10));
    assert_eq!(latent::log_odds(&log_joint, 1, 0).unwrap()[0], -odds[0]);
    let r = latent::responsibilities(&log_joint).unwrap();
    assert_within(r[0], 1.0 / (1.0 + (-8.0_f64).exp()), 24.0 * gamma(10));
    assert_printed(r[0], ".999665");

    // Bayes' rule on a table: p(x) dx for a small cell about the point, whatever its size.
    let densities = model.component_log_densities(&x).unwrap().map(f64::exp);
    for cell in [1.0, 1e-3, 1e-9] {
        let conditional = DMatrix::from_fn(2, 2, |a, b| {
            let inside = densities[a] * cell;
            if b == 0 { inside } else { 1.0 - inside }
        });
        let posterior = toolbox::bayes_rule(&model.weights, &conditional, 0).unwrap();
        assert_within(posterior[0], r[0], 30.0 * gamma(10));
    }

    // C-E13: the other cluster's mean matters too; H-E17: and so do the covariances and the weights.
    let first = |model: &GaussianMixture| model.responsibilities(&dmatrix![-0.5, 0.0]).unwrap()[0];
    let before = first(&model);
    let with = |change: &dyn Fn(&mut GaussianMixture)| {
        let mut changed = model.clone();
        change(&mut changed);
        first(&changed)
    };
    // log odds at (−½, 0): (3.25 − 1.25)/2 = 1. With the other mean at (1, 0): (2.25 − 1.25)/2 = ½.
    let logistic = |a: f64| 1.0 / (1.0 + (-a).exp());
    assert_within(before, logistic(1.0), gamma(40));
    assert_within(with(&|model| model.means[(1, 1)] = 0.0), logistic(0.5), gamma(40));
    assert_within(
        with(&|model| model.covariances = vec![&identity * 3.0; 2]),
        logistic(1.0 / 3.0),
        gamma(40),
    );
    assert_within(with(&|model| model.weights = dvector![0.9, 0.1]), logistic(1.0 + 9_f64.ln()), gamma(40));
    assert!((logistic(1.0) - logistic(1.0 / 3.0)).abs() > 0.1 && (logistic(1.0) - logistic(0.5)).abs() > 0.1);
}

/// C-35: log odds leave out all other components, and are exact at the edges.
#[test]
fn log_odds_compare_two_labels() {
    let log_joint = three().log_joint(&four()).unwrap();
    let r = latent::responsibilities(&log_joint).unwrap();
    let odds = latent::log_odds(&log_joint, 2, 1).unwrap();
    for i in 0..4 {
        assert_eq!(odds[i], log_joint[(i, 2)] - log_joint[(i, 1)]);
        assert_within(odds[i], (r[(i, 2)] / r[(i, 1)]).ln(), gamma(20) * (1.0 + log_joint.amax()));
    }
    assert_eq!(
        latent::log_odds(&dmatrix![-1.0, NEVER; NEVER, -1.0], 0, 1),
        Ok(dvector![f64::INFINITY, NEVER])
    );
    let neither = latent::log_odds(&dmatrix![0.0, 0.0, 0.0; NEVER, NEVER, 0.0], 0, 1);
    assert_eq!(neither, Err(Error::ImpossibleDatum { row: 1 }));
    assert_eq!(latent::log_odds(&log_joint, 0, 3), Err(Error::Label { row: 0, label: 3, k: 3 }));
    assert_eq!(latent::log_odds(&log_joint, 4, 0), Err(Error::Label { row: 0, label: 4, k: 3 }));
    assert_eq!(latent::log_odds(&DMatrix::zeros(0, 2), 0, 1), Err(Error::Empty { what: "log joint" }));
}

/// H-E08: the denominator with the outer index in it, Σ_{j'} π_j N_j, makes every responsibility 1/k, and one M step on
/// those puts all means on the mean of the data.
#[test]
fn the_denominator_needs_an_index_of_its_own() {
    let (x, _) = three().sample(60, &mut data::rng(6)).unwrap();
    let log_joint = three().log_joint(&x).unwrap();
    let right = latent::responsibilities(&log_joint).unwrap();
    let printed = log_joint.map(|log_p| log_p.exp() / (0..3).map(|_| log_p.exp()).sum::<f64>());
    assert!(printed.iter().all(|&share| (share - 1.0 / 3.0).abs() <= gamma(3)));
    assert!((&printed - &right).amax() > 0.6);

    let merged = three().maximize(&x, &DMatrix::from_element(60, 3, 1.0 / 3.0)).unwrap();
    for j in 0..3 {
        assert_eq!(merged.means.row(j), merged.means.row(0));
        assert!((merged.means.row(j) - x.row_mean()).amax() <= gamma(130) * x.amax());
    }
    let value = |model: &GaussianMixture| model.log_likelihood(&x).unwrap();
    assert!(value(&merged) < value(&three()));
    assert!(value(&three().maximize(&x, &right).unwrap()) > value(&three()));
}

/// L-E06, T-E07: with an index both free and bound, a formula has as many values as the index. The expected log-likelihood
/// of all data, averaged over the label of datum i alone, is another number for each i; and Σ_i log p(x_i, z_i = j) for
/// each j. The right ones are Q and Σ_i log p(x_i, z_i).
#[test]
fn an_index_free_and_bound_at_once_gives_many_values() {
    let log_joint = three().log_joint(&four()).unwrap();
    let r = latent::responsibilities(&log_joint).unwrap();
    let q = latent::expected_log_joint(&r, &log_joint).unwrap();
    let labels = [0, 1, 2, 1];
    let literal: Vec<f64> = (0..4)
        .map(|i| {
            let with_label = |j: usize| {
                let mut labels = labels;
                labels[i] = j;
                complete::log_likelihood(&log_joint, &labels).unwrap()
            };
            (0..3).map(|j| r[(i, j)] * with_label(j)).sum()
        })
        .collect();
    let free: Vec<f64> = (0..3).map(|j| log_joint.column(j).sum()).collect();
    let right = complete::log_likelihood(&log_joint, &labels).unwrap();
    for (number, value) in literal.iter().enumerate() {
        assert!(
            (value - q).abs() > 1e-2 && literal[..number].iter().all(|other| (other - value).abs() > 1e-3)
        );
    }
    for (number, value) in free.iter().enumerate() {
        assert!(
            (value - right).abs() > 1.0 && free[..number].iter().all(|other| (other - value).abs() > 0.1)
        );
        assert_eq!(*value, complete::log_likelihood(&log_joint, &[number; 4]).unwrap());
    }
    // C-E20: the M step maximises the expectation, which is not the log-likelihood completed with the likeliest labels.
    let likeliest = complete::log_likelihood(&log_joint, &common::hard_labels(&r)).unwrap();
    assert!(likeliest - q > 0.1);
}

/// L-22, L-E12: rows of r sum to one; columns to the expected counts, here 400 data on four columns.
#[test]
fn the_rows_sum_to_one_and_not_the_columns() {
    let (x, _) = data::blobs();
    let model = mixture(
        &[0.25; 4],
        dmatrix![0.8, 2.0; 2.8, -1.6; 4.4, 0.9; 7.8, -1.3],
        vec![DMatrix::identity(2, 2) * 0.36; 4],
    );
    let r = model.responsibilities(&x).unwrap();
    assert!(r.row_iter().all(|row| (row.sum() - 1.0).abs() <= gamma(12)));
    let counts = latent::counts(&r);
    assert!(counts.iter().all(|&count| count > 90.0 && count < 110.0));
    assert_within(counts.sum(), 400.0, 400.0 * gamma(420));
}

/// B-E16, H-49: R_j is what the number of data of component j is expected to be, with variance Σ_i r_ij(1 − r_ij); the
/// number itself is an integer, and another one.
#[test]
fn counts_are_expected_numbers() {
    let log_joint = three().log_joint(&four()).unwrap();
    let r = latent::responsibilities(&log_joint).unwrap();
    let posterior = labelings::posterior(&log_joint).unwrap();
    let counts = latent::counts(&r);
    for j in 0..3 {
        let number = |labels: &[usize]| labels.iter().filter(|&&label| label == j).count() as f64;
        let mean = labelings::expectation(&posterior, 4, 3, number).unwrap();
        // Numbers up to 4, sums of 81 terms.
        assert_within(mean, counts[j], 4.0 * relative_error(&log_joint));
        let variance = labelings::expectation(&posterior, 4, 3, |z| (number(z) - mean).powi(2)).unwrap();
        let expected: f64 = r.column(j).iter().map(|share| share * (1.0 - share)).sum();
        assert_within(variance, expected, 16.0 * relative_error(&log_joint));
        assert!(expected > 0.1 && (mean - mean.round()).abs() > 1e-3);
    }
    let (x, labels) = three().sample(120, &mut data::rng(7)).unwrap();
    let counts = latent::counts(&three().responsibilities(&x).unwrap());
    let seen = latent::counts(&latent::one_hot(&labels, 3).unwrap());
    assert_eq!(seen.sum(), 120.0);
    assert!((counts - seen).amax() > 0.1);
}

/// H-51, H-52, T-16, L-08: a sweep is "put in the expected z, then maximise as if it had been seen", and never lowers ℓ.
#[test]
fn a_sweep_puts_in_the_expected_labels_and_maximises() {
    let (x, _) = three().sample(200, &mut data::rng(8)).unwrap();
    let mut model = line_up(&three(), 0.7);
    for _ in 0..30 {
        let expected_z = model.responsibilities(&x).unwrap();
        let next = em::sweep(&model, &x).unwrap();
        assert_eq!(next, model.maximize(&x, &expected_z).unwrap());
        let fall = sweep_fall(&model, &next, &x).expect("well conditioned");
        assert!(next.log_likelihood(&x).unwrap() >= model.log_likelihood(&x).unwrap() - fall);
        model = next;
    }
    assert!(model.log_likelihood(&x).unwrap() > line_up(&three(), 0.7).log_likelihood(&x).unwrap() + 10.0);
}

/// H-56, L-20, B-20, L-E09: the three rules on a table of two by three, in exact binary fractions, and against draws.
#[test]
fn sum_product_and_bayes_rule() {
    let joint = dmatrix![0.125, 0.25, 0.125; 0.0, 0.125, 0.375];
    let marginal = toolbox::sum_rule(&joint).unwrap();
    assert_eq!(marginal, dvector![0.5, 0.5]);
    let conditional = dmatrix![0.25, 0.5, 0.25; 0.0, 0.25, 0.75];
    assert_eq!(toolbox::product_rule(&marginal, &conditional).unwrap(), joint);
    assert_eq!(toolbox::sum_rule(&joint.transpose()).unwrap(), dvector![0.125, 0.375, 0.5]);
    assert_eq!(toolbox::bayes_rule(&marginal, &conditional, 0).unwrap(), dvector![1.0, 0.0]);
    assert_eq!(
        toolbox::bayes_rule(&marginal, &conditional, 1).unwrap(),
        dvector![0.25 / 0.375, 0.125 / 0.375]
    );
    assert_eq!(toolbox::bayes_rule(&marginal, &conditional, 2).unwrap(), dvector![0.25, 0.75]);
    // Round and round: p(a|b) p(b) = p(b|a) p(a).
    for b in 0..3 {
        let evidence = joint.column(b).sum();
        let back = toolbox::bayes_rule(&marginal, &conditional, b).unwrap() * evidence;
        assert!((back - joint.column(b)).amax() <= gamma(3));
    }

    // 400 000 draws of the pair: shares within five standard errors, √(p(1 − p)/n).
    let cells = WeightedIndex::new(joint.iter()).unwrap();
    let mut rng = data::rng(9);
    let n = 400_000;
    let mut seen = DMatrix::<f64>::zeros(2, 3);
    for _ in 0..n {
        seen[cells.sample(&mut rng)] += 1.0;
    }
    let within = |found: f64, p: f64, n: f64| (found - p).abs() <= 5.0 * (p * (1.0 - p) / n).sqrt();
    assert!(seen.iter().zip(&joint).all(|(&count, &p)| within(count / n as f64, p, n as f64)));
    let column = seen.column(1).sum();
    assert!(within(
        seen[(0, 1)] / column,
        toolbox::bayes_rule(&marginal, &conditional, 1).unwrap()[0],
        column
    ));

    // A non-empty event of probability zero conditions on nothing.
    let never = dmatrix![0.5, 0.5, 0.0; 0.25, 0.75, 0.0];
    let error = toolbox::bayes_rule(&marginal, &never, 2).unwrap_err();
    let what = "probability of what was observed";
    assert_eq!(error, Error::Domain { what, value: 0.0, allowed: "finite and > 0" });
    assert!(toolbox::bayes_rule(&marginal, &conditional, 3).is_err());
    assert!(toolbox::sum_rule(&dmatrix![0.5, 0.6]).is_err());
    assert!(toolbox::product_rule(&dvector![0.5, 0.5], &dmatrix![0.5, 0.4; 0.5, 0.5]).is_err());
    assert!(toolbox::product_rule(&dvector![0.5, 0.6], &dmatrix![0.5, 0.5; 0.5, 0.5]).is_err());
    assert!(toolbox::product_rule(&dvector![1.0], &dmatrix![0.5, 0.5; 0.5, 0.5]).is_err());
}

/// L-08, L-09, L-E15, H-55: EM on censored lifetimes ends at failures over total time, which a formula gives at once; the
/// distance of 1/λ to its limit shrinks by the share of censored units in every step.
#[test]
fn censored_lifetimes_have_a_closed_form_that_em_finds() {
    let times = dvector![0.5, 1.25, 2.0, 2.0, 2.0, 0.25, 1.0, 2.0];
    let failed = [true, true, false, false, false, true, true, false];
    let limit = censored::maximum_likelihood(&times, &failed).unwrap();
    assert_eq!(limit, 4.0 / 11.0);

    let mut rate: f64 = 2.0;
    for _ in 0..60 {
        let lifetimes = censored::expected_lifetimes(&times, &failed, rate).unwrap();
        for i in 0..8 {
            assert_eq!(lifetimes[i], if failed[i] { times[i] } else { times[i] + 1.0 / rate });
        }
        let next = censored::complete_rate(&lifetimes).unwrap();
        // 1/λ' − 1/λ̂ = (c/n)(1/λ − 1/λ̂) with c = 4 censored of n = 8; numbers of size 1/λ̂ = 2.75, ten operations each.
        let gap = |rate: f64| 1.0 / rate - 1.0 / limit;
        assert_within(gap(next), 0.5 * gap(rate), 10.0 * 2.75 * f64::EPSILON);
        let l = |rate: f64| censored::log_likelihood(&times, &failed, rate).unwrap();
        // Eleven units of time and four failures, rates below 2: |terms| < 30.
        assert!(l(next) >= l(rate) - 30.0 * gamma(12));
        rate = next;
    }
    // 2⁻⁶⁰ of the first gap is nothing.
    assert_within(rate, limit, 40.0 * f64::EPSILON);

    let l = |rate: f64| censored::log_likelihood(&times, &failed, rate).unwrap();
    assert_within(l(0.5), 4.0 * 0.5_f64.ln() - 5.5, gamma(12) * 10.0);
    assert!(l(limit) > l(limit * 1.01) && l(limit) > l(limit * 0.99));
    let complete = |rate: f64| censored::complete_log_likelihood(&times, rate).unwrap();
    assert_within(complete(0.5), 8.0 * 0.5_f64.ln() - 5.5, gamma(12) * 12.0);
    let best = censored::complete_rate(&times).unwrap();
    assert_eq!(best, 8.0 / 11.0);
    assert!(complete(best) > complete(best * 1.01) && complete(best) > complete(best * 0.99));

    // Without memory: units beyond c have lived c + 1/λ on average. 200 000 draws, five standard errors.
    let (rate, cut) = (1.5, 0.8);
    let mut rng = data::rng(10);
    let law = rand_distr::Exp::new(rate).unwrap();
    let beyond: Vec<f64> = (0..200_000).map(|_| law.sample(&mut rng)).filter(|&t: &f64| t > cut).collect();
    let mean = beyond.iter().sum::<f64>() / beyond.len() as f64;
    let expected = censored::expected_lifetimes(&dvector![cut], &[false], rate).unwrap()[0];
    assert_within(mean, expected, 5.0 / rate / (beyond.len() as f64).sqrt());

    assert_eq!(
        censored::maximum_likelihood(&dvector![1.0], &[false]),
        Err(Error::Domain { what: "number of failures", value: 0.0, allowed: "finite and > 0" })
    );
    let negative = Error::Domain { what: "time", value: -1.0, allowed: "≥ 0" };
    assert_eq!(censored::complete_rate(&dvector![-1.0, 3.0]), Err(negative));
    assert_eq!(censored::complete_rate(&dvector![0.0, 2.0]), Ok(1.0)); // a unit may fail at once
    assert!(censored::complete_rate(&dvector![0.0]).is_err());
    assert!(censored::maximum_likelihood(&dvector![0.0], &[true]).is_err());
    assert!(censored::log_likelihood(&dvector![1.0], &[true, false], 1.0).is_err());
    assert!(censored::log_likelihood(&dvector![1.0], &[true], 0.0).is_err());
    assert!(censored::complete_log_likelihood(&dvector![1.0], f64::NAN).is_err());
    assert!(censored::expected_lifetimes(&dvector![f64::INFINITY], &[true], 1.0).is_err());
    assert!(censored::expected_lifetimes(&dvector![1.0], &[true], -1.0).is_err());
}

/// H-43: labels, shapes and numbers of labelings that do not fit are named.
#[test]
fn bad_labels_and_distributions_are_named() {
    let log_joint = dmatrix![-1.0, -2.0; -3.0, -4.0];
    let label = Error::Label { row: 1, label: 2, k: 2 };
    assert_eq!(complete::log_likelihood(&log_joint, &[0, 2]), Err(label.clone()));
    assert_eq!(complete::log_conditional(&log_joint, &[0, 2]), Err(label.clone()));
    assert_eq!(complete::log_posterior(&log_joint, &[0, 2]), Err(label.clone()));
    assert_eq!(complete::log_prior(&[0, 2], &dvector![0.5, 0.5]), Err(label.clone()));
    assert_eq!(complete::maximum_likelihood(&three(), &dmatrix![0.0, 0.0; 1.0, 1.0], &[0, 2], 2), Err(label));
    let shape = Error::Shape { what: "labels", expected: (2, 1), found: (1, 1) };
    assert_eq!(complete::log_likelihood(&log_joint, &[0]), Err(shape.clone()));
    assert_eq!(complete::by_component(&log_joint, &[0]), Err(shape));
    assert!(complete::log_prior(&[0], &dvector![0.5, 0.6]).is_err());
    assert_eq!(
        complete::log_likelihood(&dmatrix![NEVER, NEVER], &[0]),
        Err(Error::ImpossibleDatum { row: 0 })
    );

    let soft = |z: DMatrix<f64>| complete::log_sum_form(&dmatrix![-1.0, NEVER], &z);
    assert_eq!(soft(dmatrix![0.0, 1.0]), Err(Error::ImpossibleDatum { row: 0 }));
    assert_eq!(soft(dmatrix![1.0, 0.0]), Ok(-1.0));
    assert_eq!(soft(dmatrix![0.5, 0.25]), Err(Error::NotOnSimplex { what: "z", row: 0, value: 0.75 }));
    assert_eq!(soft(dmatrix![1.0]), Err(Error::Shape { what: "z", expected: (1, 2), found: (1, 1) }));

    let q = dvector![0.5, 0.0, 0.0, 0.5];
    let not = |q: &DVector<f64>| {
        let results = [
            labelings::marginals(q, 2, 2).err(),
            labelings::expectation(q, 2, 2, |_| 1.0).err(),
            labelings::expected_log_joint(q, &log_joint).err(),
            labelings::posterior_under(q, &log_joint).err(),
        ];
        assert!(results.iter().all(Option::is_some), "{results:?}");
    };
    assert_eq!(labelings::expectation(&q, 2, 2, |_| 1.0), Ok(1.0));
    not(&dvector![0.5, 0.5]);
    not(&dvector![0.5, 0.0, 0.0, 0.4]);
    not(&dvector![0.5, -0.5, 0.5, 0.5]);
    assert!(labelings::product(&dmatrix![0.5, 0.4]).is_err());

    assert_eq!(labelings::all(2, 1).unwrap(), [[0, 0]]);
    assert_eq!(labelings::all(1, 1 << 20).unwrap().len(), 1 << 20);
    for (n, k) in [(2, 1025), (21, 2), (0, 3), (3, 0), (usize::MAX, 2), (64, usize::MAX)] {
        assert!(
            matches!(labelings::all(n, k), Err(Error::Domain { what: "number of labelings", .. })),
            "{n} {k}"
        );
    }
}
