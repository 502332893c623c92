//! Responsibilities and their counts: probabilities, bit for bit where the mathematics is exact.

use crate::common::bounds::{gamma, sweep_fall};
use crate::common::config;
use crate::common::hard_labels;
use crate::common::{assert_printed, assert_within, cases, column, line_mixture, mixture};
use crate::{NEVER, four, line_up, relative_error, three};
use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::latent::{self, Model, complete, labelings, toolbox};
use executable_em::{Error, data, em};
use nalgebra::{DMatrix, dmatrix, dvector};
use proptest::prelude::*;

proptest! {
    #![proptest_config(config(150))]

    /// Rows of r lie on the simplex and the counts add up to n.
    ///
    /// Source: L-22, H-29, B-24.
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
}

/// A zero weight gives a responsibility of exactly zero, equal components share equally, and one component has all.
///
/// Source: H-29, C-36.
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

/// A datum a hundred thousand standard deviations away still has responsibilities that sum to one, and a sweep takes it
/// in.
///
/// Source: L-22, H-29.
#[test]
fn an_outlier_does_not_break_the_simplex() {
    let x = column(&[0.0, 1.0, 123_456.7, 3.0]);
    let model = line_mixture(&[0.3, 0.3, 0.4], &[0.0, 1.0, 2.0], &[1.0, 1.1, 1.1]);
    let r = model.responsibilities(&x).unwrap();
    for row in r.row_iter() {
        assert_within(row.sum(), 1.0, gamma(8));
    }
    let next = model.maximize(&x, &r).unwrap();
    assert_within(next.weights().sum(), 1.0, gamma(20));
}

/// Which of N((∓1, ∓1), I) made (−2, −2)? The lecture gives no parameters; with these, the log odds are (18 − 2)/2 = 8
/// and the probability is 1/(1 + e^{−8}) = .999665.
///
/// Source: C-35, C-36, H-48, B-20, L-20.
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
        let posterior = toolbox::bayes_rule(model.weights(), &conditional, 0).unwrap();
        assert_within(posterior[0], r[0], 30.0 * gamma(10));
    }

    // The other cluster's mean matters too, and so do the covariances and the weights.
    let first = |model: &GaussianMixture| model.responsibilities(&dmatrix![-0.5, 0.0]).unwrap()[0];
    let before = first(&model);
    let mut other_mean = model.means().clone();
    other_mean[(1, 1)] = 0.0;
    // log odds at (−½, 0): (3.25 − 1.25)/2 = 1. With the other mean at (1, 0): (2.25 − 1.25)/2 = ½.
    let logistic = |a: f64| 1.0 / (1.0 + (-a).exp());
    assert_within(before, logistic(1.0), gamma(40));
    assert_within(first(&model.with_means(other_mean).unwrap()), logistic(0.5), gamma(40));
    assert_within(
        first(&model.with_covariances(vec![&identity * 3.0; 2], model.family()).unwrap()),
        logistic(1.0 / 3.0),
        gamma(40),
    );
    assert_within(
        first(&model.with_weights(dvector![0.9, 0.1]).unwrap()),
        logistic(1.0 + 9_f64.ln()),
        gamma(40),
    );
    assert!((logistic(1.0) - logistic(1.0 / 3.0)).abs() > 0.1 && (logistic(1.0) - logistic(0.5)).abs() > 0.1);
}

/// log odds leave out all other components, and are exact at the edges.
///
/// Source: C-35.
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

/// The denominator with the outer index in it, Σ_{j'} π_j N_j, makes every responsibility 1/k, and one M step on those
/// puts all means on the mean of the data.
///
/// Source: H-E08.
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
        assert_eq!(merged.means().row(j), merged.means().row(0));
        assert!((merged.means().row(j) - x.row_mean()).amax() <= gamma(130) * x.amax());
    }
    let value = |model: &GaussianMixture| model.log_likelihood(&x).unwrap();
    assert!(value(&merged) < value(&three()));
    assert!(value(&three().maximize(&x, &right).unwrap()) > value(&three()));
}

/// With an index both free and bound, a formula has as many values as the index. The expected log-likelihood of all
/// data, averaged over the label of datum i alone, is another number for each i; and Σ_i log p(x_i, z_i = j) for each
/// j. The right ones are Q and Σ_i log p(x_i, z_i).
///
/// Source: L-E06, T-E07.
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
    // The M step maximises the expectation, which is not the log-likelihood completed with the likeliest labels.
    let likeliest = complete::log_likelihood(&log_joint, &hard_labels(&r)).unwrap();
    assert!(likeliest - q > 0.1);
}

/// Rows of r sum to one; columns to the expected counts, here 400 data on four columns.
///
/// Source: L-22, L-E12.
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

/// R_j is what the number of data of component j is expected to be, with variance Σ_i r_ij(1 − r_ij); the number itself
/// is an integer, and another one.
///
/// Source: B-E16, H-49.
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

/// A sweep is "put in the expected z, then maximise as if it had been seen", and never lowers ℓ.
///
/// Source: H-51, H-52, T-16, L-08.
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
