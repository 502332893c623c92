//! What decides the errata of lecture 13, Gaussian mixture models.
//!
//! Those without a formula of their own are decided where their claim belongs, in the tests of the chapters.

use crate::common::assert_refused;
use crate::common::bounds::gamma;
use crate::common::{assert_printed, assert_within, column, line_mixture, mixture};
use executable_em::errata::lecture_l;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, spherical, update};
use executable_em::latent::{self, Model, complete};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use executable_em::{data, em, gaussian};
use nalgebra::{DMatrix, DVector, RowDVector, dmatrix, dvector};
use std::f64::consts::TAU;

mod dimension;

/// The cross (±1, 0), (0, ±1): mean zero, variance ½ in every direction.
fn cross() -> DMatrix<f64> {
    dmatrix![1.0, 0.0; -1.0, 0.0; 0.0, 1.0; 0.0, -1.0]
}

fn round(means: DMatrix<f64>, variance: f64) -> GaussianMixture {
    let (k, d) = means.shape();
    let covariances = vec![DMatrix::identity(d, d) * variance; k];
    GaussianMixture::new(
        DVector::from_element(k, 1.0 / k as f64),
        means,
        covariances,
        CovarianceFamily::Spherical,
    )
    .unwrap()
}

fn settled<M: Model>(start: M, x: &DMatrix<f64>) -> M {
    let stopping = em::Stopping { tolerance: em::Tolerance::Parameters(1e-13), max_sweeps: 20_000 };
    em::fit(start, x, &stopping).unwrap().model.clone()
}

/// Hard labels are the largest entry of a row, the first in a tie, and a sweep with them is the M step on their one-hot
/// form.
///
/// Source: L-E04.
#[test]
fn the_printed_e_step_chooses_labels() {
    let log_joint = dmatrix![-1.0, -2.0, -1.5; -9.0, -2.0, -2.0; f64::NEG_INFINITY, -800.0, -799.0];
    assert_eq!(lecture_l::most_probable_labels(&log_joint).unwrap(), [0, 1, 2]);
    let impossible = DMatrix::from_element(1, 2, f64::NEG_INFINITY);
    assert!(lecture_l::most_probable_labels(&impossible).is_err());

    // Weights count, too: the datum 1.1 is nearer to 2, and yet more probably of the heavy component at 0.
    let heavy = line_mixture(&[0.9, 0.1], &[0.0, 2.0], &[1.0, 1.0]);
    let x = column(&[-1.0, 1.1, 3.0, 3.5]);
    let next = lecture_l::sweep_with_hard_labels(&heavy, &x).unwrap();
    assert_eq!(next, heavy.maximize(&x, &latent::one_hot(&[0, 0, 1, 1], 2).unwrap()).unwrap());
    assert_within(next.means()[0], 0.05, gamma(6));
    assert_eq!(*next.weights(), dvector![0.5, 0.5]);
}

/// On {3, 4, 5, 8, 8} with variance 4 a sweep with hard labels lowers ℓ from its maximum, −10.6994 to −10.9675, while
/// it raises the largest complete-data log-likelihood. That one exceeds Q; it is the maximum over z of what Q averages.
///
/// Source: L-E04.
#[test]
fn hard_labels_lead_down_from_the_maximum() {
    let x = column(&[3.0, 4.0, 5.0, 8.0, 8.0]);
    let largest = |model: &SoftKMeans| {
        let log_joint = model.log_joint(&x).unwrap();
        complete::log_likelihood(&log_joint, &lecture_l::most_probable_labels(&log_joint).unwrap()).unwrap()
    };
    let best = settled(SoftKMeans::new(column(&[3.0, 8.0]), 0.25, Weights::Fitted).unwrap(), &x);
    let hard = lecture_l::sweep_with_hard_labels(&best, &x).unwrap();
    assert_printed(best.log_likelihood(&x).unwrap(), "-10.6994");
    assert_printed(hard.log_likelihood(&x).unwrap(), "-10.9675");
    assert!(largest(&hard) > largest(&best) + 0.1);
    let log_joint = best.log_joint(&x).unwrap();
    let q = latent::expected_log_joint(&latent::responsibilities(&log_joint).unwrap(), &log_joint).unwrap();
    assert!(largest(&best) > q + 0.1);
}

/// No number of data cures it. Hard means of ½N(−1, 1) + ½N(1, 1) tend to ±E|x| = ±(2φ(1) + 2Φ(1) − 1) = ±1.1666, soft
/// ones to ±1.
///
/// Source: L-E04.
#[test]
fn hard_labels_drive_overlapping_means_apart() {
    let n = 20_000;
    let truth = line_mixture(&[0.5, 0.5], &[-1.0, 1.0], &[1.0, 1.0]);
    let (x, _) = truth.sample(n, &mut data::rng(22)).unwrap();
    let mut hard = SoftKMeans::new(column(&[-1.0, 1.0]), 1.0, Weights::Held).unwrap();
    for _ in 0..50 {
        hard = lecture_l::sweep_with_hard_labels(&hard, &x).unwrap();
    }
    // E|x| by its definition: the trapezoid rule for ∫ |x| p(x) dx on a grid symmetric about the kink at 0,
    // where the error is h²/12 times the jump 2 p(0) of the slope.
    let (h, reach) = (1e-3, 12_000);
    let density = |x: f64| (-0.5 * (x - 1.0) * (x - 1.0)).exp() / TAU.sqrt();
    let expected: f64 = (-reach..=reach).map(|i| h * f64::from(i)).map(|x| h * x.abs() * density(x)).sum();
    assert_printed(expected, "1.1666");
    // A mean of 10⁴ data of sd < 1; the border between them moves by the average of two such errors, and a
    // mean by about as much again: five standard errors, doubled.
    let bound = 10.0 / (n as f64 / 2.0).sqrt();
    assert_within(hard.means()[0], -expected, bound);
    assert_within(hard.means()[1], expected, bound);
    assert!(bound < 0.166, "it must tell 1.1666 from 1");
}

/// With one i for the product and the posterior there is a value for each datum, Σ_j r_ij Σ_l log π_j N_lj. Only for a
/// single datum is it Q. Two data by hand: r = (¼, ¾) and (⅘, ⅕), column sums of the log joint log 4 and log 3.
///
/// Source: L-E06, L-E13.
#[test]
fn the_printed_q_has_a_value_for_each_datum() {
    let log_joint = dmatrix![0.0, 3_f64.ln(); 4_f64.ln(), 0.0];
    let literal = lecture_l::expected_log_joint_with_a_shared_index(&log_joint).unwrap();
    let (a, b) = (4_f64.ln(), 3_f64.ln());
    assert_within(literal[0], 0.25 * a + 0.75 * b, 2.0 * gamma(12));
    assert_within(literal[1], 0.8 * a + 0.2 * b, 2.0 * gamma(12));
    let q = latent::expected_log_joint(&latent::responsibilities(&log_joint).unwrap(), &log_joint).unwrap();
    assert!(literal.iter().all(|value| (value - q).abs() > 0.1));
    // Summed over i it is not Q either.
    assert!((literal.sum() - q).abs() > 0.1);

    let single = log_joint.rows(0, 1).into_owned();
    let q = latent::expected_log_joint(&latent::responsibilities(&single).unwrap(), &single).unwrap();
    let literal = lecture_l::expected_log_joint_with_a_shared_index(&single).unwrap();
    assert_within(literal[0], q, 2.0 * gamma(12));

    // A label that one datum excludes makes the product zero: it counts for those that do not exclude it.
    let never = f64::NEG_INFINITY;
    let literal =
        lecture_l::expected_log_joint_with_a_shared_index(&dmatrix![-1.0, never; -1.0, -1.0]).unwrap();
    assert_eq!(literal, dvector![-2.0, never]);
}

/// Without its x the equation of the mean makes every mean one, whatever the memberships.
///
/// Source: L-E10.
#[test]
fn a_mean_without_data_is_one() {
    for share in [dvector![0.2, 0.9, 0.5], dvector![1.0, 0.0, 0.0]] {
        let without = gaussian::weighted_mean(&column(&[1.0; 3]), &share).unwrap();
        assert_within(without[0], 1.0, gamma(6));
        let with = gaussian::weighted_mean(&column(&[-1.0, 0.0, 5.0]), &share).unwrap()[0];
        assert!((with - 1.0).abs() > 0.3);
    }
}

/// A likelihood may exceed one, 1/(σ√2π) = 3.989 at σ = .1, a membership may not. And the variance is d⁻¹ of a mean
/// squared distance.
///
/// Source: L-E11.
#[test]
fn a_membership_is_no_likelihood() {
    let model = line_mixture(&[0.5, 0.5], &[0.0, 2.0], &[0.01, 0.01]);
    let x = column(&[0.0]);
    let likelihood = model.component_log_densities(&x).unwrap()[0].exp();
    assert_printed(likelihood, "3.989");
    assert_within(likelihood, 10.0 / TAU.sqrt(), 8.0 * gamma(20));
    assert!(model.responsibilities(&x).unwrap().iter().all(|&r| (0.0..=1.0).contains(&r)));
    let ones = DMatrix::from_element(4, 1, 1.0);
    // All four data are at the squared distance 1 from the mean, each with the same membership.
    assert_eq!(spherical::variances(&cross(), &ones, &dmatrix![0.0, 0.0]).unwrap()[0], 0.5);
}

/// The lecture stops before the weights. To finish: R_k/π_k = λ for all k with λ = n, 5 on five data, at π_k = R_k/n.
///
/// Source: L-E17, L-31.
#[test]
fn the_unfinished_weights() {
    let x = column(&[3.0, 4.0, 5.0, 8.0, 8.0]);
    let model = mixture(&[0.5, 0.5], column(&[4.0, 7.0]), vec![dmatrix![1.0]; 2]);
    let counts = latent::counts(&model.responsibilities(&x).unwrap());
    let next = em::sweep(&model, &x).unwrap();
    let (weights, multiplier) = update::weights_and_multiplier(&counts).unwrap();
    for k in 0..2 {
        assert_within(counts[k] / next.weights()[k], 5.0, 5.0 * gamma(20));
        assert_within(weights[k], next.weights()[k], gamma(40));
    }
    assert_within(-multiplier, 5.0, 5.0 * gamma(40));
}

/// Bad input is one typed error.
///
/// Source: L-E01, L-E02, L-E03.
#[test]
fn bad_input_is_an_error() {
    let (x, r, means) = (cross(), DMatrix::from_element(4, 1, 1.0), dmatrix![0.0, 0.0]);
    let one = dvector![1.0];
    let mean = RowDVector::zeros(2);
    for variance in [0.0, -1.0, f64::NAN] {
        let bad = dvector![variance];
        assert_refused(&[
            (
                lecture_l::log_density_without_the_dimension(&x, &mean, variance).err(),
                &format!("variance is {variance}, but must be finite and > 0"),
            ),
            (
                lecture_l::expected_log_joint_without_the_dimension(&x, &r, &one, &means, &bad).err(),
                &format!("variance is {variance}, but must be finite and > 0"),
            ),
            (
                lecture_l::variance_score_without_the_dimension(&x, &r, &means, &bad).err(),
                &format!("variance is {variance}, but must be finite and > 0"),
            ),
        ]);
    }
    let refused = |r: &DMatrix<f64>, weights: &DVector<f64>, variances: &DVector<f64>| {
        lecture_l::expected_log_joint_without_the_dimension(&x, r, weights, &means, variances)
    };
    let two = dvector![0.5, 0.5];
    let wrong = RowDVector::zeros(3);
    let short = DMatrix::from_element(3, 1, 1.0);
    assert_refused(&[
        (refused(&r, &two, &one).err(), "weights: expected 1 × 1, found 2 × 1"),
        (refused(&r, &one, &two).err(), "variances: expected 1 × 1, found 2 × 1"),
        (
            refused(&r, &dvector![0.5], &one).err(),
            "weights: row 0 is no probability vector (found 0.5; entries must be ≥ 0 and sum to 1)",
        ),
        (
            refused(&DMatrix::from_element(3, 1, 1.0), &one, &one).err(),
            "responsibilities: expected 4 × 1, found 3 × 1",
        ),
        (
            lecture_l::log_density_without_the_dimension(&x, &wrong, 1.0).err(),
            "means: expected 1 × 2, found 1 × 3",
        ),
        (
            lecture_l::variances_without_the_dimension(&x, &short, &means).err(),
            "responsibilities: expected 4 × 1, found 3 × 1",
        ),
        (
            lecture_l::variance_score_without_the_dimension(&x, &short, &means, &one).err(),
            "responsibilities: expected 4 × 1, found 3 × 1",
        ),
        (
            lecture_l::variance_score_without_the_dimension(&x, &-&r, &means, &one).err(),
            "responsibilities: row 0 is no probability vector (found -1; entries must be ≥ 0 and sum to 1)",
        ),
        (
            lecture_l::variances_without_the_dimension(&x, &DMatrix::from_element(4, 2, 1.0), &means).err(),
            "responsibilities: expected 4 × 1, found 4 × 2",
        ),
        (
            lecture_l::sweep_without_the_dimension(&line_mixture(&[1.0], &[0.0], &[1.0]), &x).err(),
            "data: expected 4 × 1, found 4 × 2",
        ),
    ]);
}
