//! Discrete latent variables: whatever is said of the two n×k matrices, held to sums over all k^n labelings.

mod common;

use common::bounds::{gamma, log_joint_error, log_likelihood_error, responsibility_error};
use common::enumeration::enumerate;
use common::{assert_within, cases, column, line_mixture};
use executable_em::latent::{self, Model};
use executable_em::{Error, data};
use nalgebra::{DMatrix, dmatrix, dvector};
use proptest::prelude::*;

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

/// B-02: p(z) sums to one over the k one-hot vectors; its formula over all binary vectors would give Π(1 + π_j) instead.
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
    let error = latent::expected_log_joint(&dmatrix![1.0, 0.0], &log_joint).unwrap_err();
    assert_eq!(error, Error::Shape { what: "q", expected: (2, 2), found: (1, 2) });
    let error = latent::expected_log_joint(&dmatrix![1.0, 0.0; 0.5, 0.25], &log_joint).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "q", row: 1, value: 0.75 });
    let error = latent::expected_log_joint(&dmatrix![1.5, -0.5; 0.5, 0.5], &log_joint).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "q", row: 0, value: -0.5 });
    let error = latent::expected_log_joint(&dmatrix![1.0, 0.0; f64::NAN, 0.5], &log_joint).unwrap_err();
    assert!(matches!(error, Error::NotOnSimplex { what: "q", row: 1, value } if value.is_nan()));
}

/// H-27: a log joint that is none is named by its place.
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
