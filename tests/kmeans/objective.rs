//! The objective J: its definition, its derivatives, and the likelihood that it stands for.

use crate::common::bounds::{gamma, objective_relative};
use crate::common::config;
use crate::common::enumeration::labelings;
use crate::common::{assert_within, cases, column, naive};
use crate::{objective_of_labels, state};
use executable_em::kmeans::{self, likelihood};
use executable_em::{Error, data, latent};
use nalgebra::{DMatrix, dmatrix};
use num_dual::{Dual64, HyperDual64};
use proptest::prelude::*;
use rand::RngExt;
use std::f64::consts::TAU;

/// J by three nested loops.
fn loops(x: &DMatrix<f64>, r: &DMatrix<f64>, means: &DMatrix<f64>) -> f64 {
    let rows: Vec<Vec<f64>> = means.row_iter().map(|row| row.iter().copied().collect()).collect();
    naive::kmeans_objective(x, r, &rows)
}

proptest! {
    #![proptest_config(config(200))]

    /// J is never negative, equals plain loops, and is the risk where r is one-hot.
    ///
    /// Source: H-10, H-13, B-31.
    #[test]
    fn the_objective_is_its_definition(case in cases::strategy(&cases::Kind::ALL), seed in any::<u64>()) {
        let (x, means) = state(&case);
        let (n, k, d) = (x.nrows(), means.nrows(), x.ncols());
        let relative = 2.0 * objective_relative(n, k, d);
        let soft = cases::simplex_rows(n, k, &mut data::rng(seed));
        let j = kmeans::objective(x, &soft, means).unwrap();
        prop_assert!(j >= 0.0);
        assert_within(j, loops(x, &soft, means), relative * j);
        let labels = kmeans::assign(x, means).unwrap();
        let hard = objective_of_labels(x, &labels, means);
        assert_within(kmeans::risk(x, &labels, means).unwrap(), hard, relative * hard);
    }

    /// Gradient and Hessian of J are those of dual and hyper-dual numbers.
    ///
    /// Source: H-15, H-16.
    #[test]
    fn derivatives_of_the_objective_are_those_of_dual_numbers(
        case in cases::strategy(&cases::Kind::ALL), seed in any::<u64>(),
    ) {
        let (x, means) = state(&case);
        let (n, k, d) = (x.nrows(), means.nrows(), x.ncols());
        let r = cases::simplex_rows(n, k, &mut data::rng(seed));
        let gradient = kmeans::objective_gradient(x, &r, means).unwrap();
        let hessian = kmeans::objective_hessian(&r, d).unwrap();
        prop_assert_eq!(hessian.shape(), (k * d, k * d));
        for one in 0..k * d {
            let mut dual: Vec<Vec<Dual64>> =
                means.row_iter().map(|row| row.iter().map(|&m| m.into()).collect()).collect();
            dual[one / d][one % d].eps = 1.0;
            let (j, a) = (one / d, one % d);
            let terms: f64 = (0..n).map(|i| 2.0 * r[(i, j)] * (x[(i, a)] - means[(j, a)]).abs()).sum();
            // Both are sums of at most nkd such terms (zero but for one j and a).
            assert_within(gradient[(j, a)], naive::kmeans_objective(x, &r, &dual).eps, 2.0 * gamma(n + 4) * terms);
            for other in 0..k * d {
                let mut hyper: Vec<Vec<HyperDual64>> =
                    means.row_iter().map(|row| row.iter().map(|&m| m.into()).collect()).collect();
                hyper[one / d][one % d].eps1 = 1.0;
                hyper[other / d][other % d].eps2 = 1.0;
                let expected = naive::kmeans_objective(x, &r, &hyper).eps1eps2;
                if one == other {
                    assert_within(hessian[(one, other)], expected, gamma(2 * n + 4) * expected);
                } else {
                    prop_assert_eq!(hessian[(one, other)], 0.0);
                    prop_assert_eq!(expected, 0.0);
                }
            }
        }
    }

    /// The gradient vanishes at the average, and only there.
    ///
    /// Source: H-15.
    #[test]
    fn the_gradient_vanishes_at_the_average(case in cases::strategy(&cases::Kind::ALL), seed in any::<u64>()) {
        let (x, previous) = state(&case);
        let (n, k) = (x.nrows(), previous.nrows());
        let r = cases::simplex_rows(n, k, &mut data::rng(seed));
        let means = kmeans::update_means(x, &r, previous).unwrap();
        let (at, off) = (
            kmeans::objective_gradient(x, &r, &means).unwrap(),
            kmeans::objective_gradient(x, &r, &means.map(|m| m + 1.0)).unwrap(),
        );
        let counts = latent::counts(&r);
        for j in 0..k {
            for a in 0..x.ncols() {
                // The mean errs by γ(n + 3) max|x|, which R_j doubles; the sum itself by γ(n + 3) of its terms.
                let bound = 8.0 * counts[j] * gamma(n + 3) * (x.column(a).amax() + means[(j, a)].abs() + 1.0);
                assert_within(at[(j, a)], 0.0, bound);
                assert_within(off[(j, a)], 2.0 * counts[j], bound);
            }
        }
    }

    /// For one-hot r the log of the product of sums, the sum of logs and −J/2σ² − nd/2 log 2πσ² are one number.
    ///
    /// Source: H-19.
    #[test]
    fn the_objective_is_a_log_likelihood(case in cases::strategy(&cases::Kind::TAME), sigma in 0.5..4.0) {
        let (x, means) = state(&case);
        let (n, k, d) = (x.nrows(), means.nrows(), x.ncols());
        let r = kmeans::responsibilities(x, means).unwrap();
        let first = likelihood::log_likelihood(x, &r, means, sigma).unwrap();
        let (mut middle, mut least_log_density) = (0.0, 0.0_f64);
        for i in 0..n {
            for j in 0..k {
                let distance: f64 = (0..d).map(|a| (x[(i, a)] - means[(j, a)]).powi(2)).sum();
                let log_density = -distance / (2.0 * sigma * sigma) - 0.5 * d as f64 * (TAU * sigma * sigma).ln();
                middle += r[(i, j)] * log_density;
                least_log_density = least_log_density.min(r[(i, j)] * log_density);
            }
        }
        let last = likelihood::from_objective(x, &r, means, sigma).unwrap();
        let constants = n as f64 * d as f64 * (TAU * sigma * sigma).ln().abs();
        let size = kmeans::objective(x, &r, means).unwrap() / (2.0 * sigma * sigma) + constants;
        // exp then ln of a density adds ε(1 + |log p|) a datum; all else is a relative γ of the two sums.
        let bound = 2.0 * gamma(n * k + 2 * d + 12) * (size + n as f64);
        // Below 2⁻¹⁰²² a density loses digits, and then is 0: a product of densities, but not a sum of logs.
        if least_log_density > f64::MIN_POSITIVE.ln() + bound {
            assert_within(first, middle, bound);
        }
        assert_within(middle, last, bound);
    }
}

/// Over all k^n labelings, the smallest J and the largest likelihood are the same labeling, and no single step of
/// k-means improves on where it stopped.
///
/// Source: H-20.
#[test]
fn the_least_objective_is_the_greatest_hard_likelihood() {
    for (seed, n, k) in [(1, 3, 2), (2, 6, 2), (3, 7, 3)] {
        let mut rng = data::rng(seed);
        let x = DMatrix::from_fn(n, 1, |_, _| rng.random_range(-3.0..3.0));
        let mut best: Option<(f64, f64)> = None;
        let mut scores = Vec::new();
        for labels in labelings(n, k) {
            let r = latent::one_hot(&labels, k).unwrap();
            let means = kmeans::update_means(&x, &r, &DMatrix::zeros(k, 1)).unwrap();
            let j = kmeans::objective(&x, &r, &means).unwrap();
            let l = likelihood::log_likelihood(&x, &r, &means, 0.8).unwrap();
            scores.push((j, l));
            if best.is_none_or(|(least, _)| j < least) {
                best = Some((j, l));
            }
        }
        let (least, greatest) = best.unwrap();
        // Equal up to renaming, which only reorders sums.
        let bound = gamma(4 * n + 20) * (least + n as f64);
        assert!(scores.iter().all(|&(_, l)| l <= greatest + bound));
        let start = kmeans::random_start(&x, k, &mut rng).unwrap();
        let run = kmeans::lloyd(&x, &start, 100).unwrap();
        assert!(run.objective() >= least - bound);
    }
}

/// The second derivative 2R_j I is zero, not positive, for an empty cluster, whose mean would be 0/0.
///
/// Source: H-E14, H-16.
#[test]
fn erratum_the_second_derivative_of_an_empty_cluster_is_zero() {
    let (x, means) = (column(&[0.0, 1.0]), column(&[0.5, 10.0]));
    let r = kmeans::responsibilities(&x, &means).unwrap();
    assert_eq!(latent::counts(&r).as_slice(), [2.0, 0.0]);
    assert_eq!(kmeans::objective_hessian(&r, 1).unwrap(), dmatrix![4.0, 0.0; 0.0, 0.0]);
    assert!(kmeans::means_in_array_form(&x, &r).unwrap()[1].is_nan());
    assert_eq!(kmeans::update_means(&x, &r, &means).unwrap(), means);
    // J does not see that mean.
    assert_eq!(
        kmeans::objective(&x, &r, &column(&[0.5, -77.0])).unwrap(),
        kmeans::objective(&x, &r, &means).unwrap()
    );
}

/// The chain from J to the likelihood needs one-hot r: for soft r the log of the sum exceeds the sum of logs (Jensen),
/// and with r unconstrained J = 0 is reached at r = 0.
///
/// Source: H-E15.
#[test]
fn erratum_the_likelihood_chain_needs_one_hot_rows() {
    let (x, means) = (column(&[-1.0, 0.5, 2.0]), column(&[-1.0, 2.0]));
    let soft = dmatrix![0.9, 0.1; 0.5, 0.5; 0.2, 0.8];
    let log_of_sum = likelihood::log_likelihood(&x, &soft, &means, 1.0).unwrap();
    let sum_of_logs = likelihood::from_objective(&x, &soft, &means, 1.0).unwrap();
    // By hand: Σ r (x − m)² = 0.1·9 + 2.25 + 0.2·9 = 4.95.
    assert_within(sum_of_logs, -2.475 - 1.5 * TAU.ln(), gamma(30) * 6.0);
    assert!(log_of_sum > sum_of_logs + 0.5, "{log_of_sum} against {sum_of_logs}");

    let none = DMatrix::zeros(3, 2);
    assert_eq!(kmeans::objective(&x, &none, &means).unwrap(), 0.0);
    assert_eq!(likelihood::log_likelihood(&x, &none, &means, 1.0).unwrap(), f64::NEG_INFINITY);
    let error = likelihood::from_objective(&x, &none, &means, 1.0).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "responsibilities", row: 0, value: 0.0 });
}
