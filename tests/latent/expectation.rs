//! The expected log joint: labels replaced by their expectations, where the form is linear in them.

use crate::common::bounds::gamma;
use crate::common::config;
use crate::common::enumeration;
use crate::common::{assert_within, cases};
use crate::{NEVER, four, relative_error, three, two_log_joints};
use executable_em::latent::{self, Model, complete, labelings};
use executable_em::{Error, data};
use nalgebra::{DVector, dmatrix, dvector};
use proptest::prelude::*;

/// Q skips what q gives no mass, and is −∞ where q puts mass on the impossible.
///
/// Source: L-23, C-37.
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
    assert!(matches!(error, Error::NotFinite { what: "q", row: 1, column: 0, value } if value.is_nan()));
}

/// A random distribution over all labelings, with labels that depend on each other and some labelings impossible.
fn correlated(count: usize, seed: u64) -> DVector<f64> {
    cases::simplex_rows(1, count, &mut data::rng(seed)).row(0).transpose()
}

proptest! {
    #![proptest_config(config(100))]

    /// E_q log p(x, z) over all labelings needs only q's marginals, for any q, however the labels depend on each other:
    /// the log joint is linear in the one-hot z.
    ///
    /// Source: L-10, L-19, C-33, C-34, T-21, H-55.
    #[test]
    fn replacing_labels_by_their_expectation_is_exact(k in 1..=4usize, seed in any::<u64>()) {
        let (log_joint, _) = two_log_joints(cases::Kind::Ordinary, k, 2, seed);
        let n = log_joint.nrows();
        let count = k.pow(n as u32);
        let q = correlated(count, seed);
        let marginals = labelings::marginals(&q, n, k).unwrap();
        // Sums of count·n products, all of one sign in |L|, against sums of n·k.
        let bound = 2.0 * gamma(count + 2 * n + 2) * log_joint.iter().map(|entry| entry.abs()).sum::<f64>();
        let by_hand: f64 = enumeration::labelings(n, k)
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

    /// In the form log Σ z p, which agrees with it at every labeling, the expectation may not be put in place of z:
    /// that gives more, by Jensen.
    ///
    /// Source: H-55, H-E15.
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

/// A gap that is there, and its size: the form log Σ z p at z = r.
///
/// Source: H-55.
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
