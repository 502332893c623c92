//! What the functions say to input that is none.

use crate::common::assert_refused;
use crate::{NEVER, three};
use executable_em::latent::{self, complete, labelings};
use nalgebra::{DMatrix, dmatrix, dvector};

/// A log joint that is none is named by its place.
#[test]
fn a_bad_log_joint_is_named() {
    let impossible = dmatrix![0.0, NEVER; NEVER, NEVER];
    assert_refused(&[
        (latent::log_likelihood(&DMatrix::zeros(0, 2)).err(), "log joint: is empty"),
        (latent::responsibilities(&DMatrix::zeros(2, 0)).err(), "log joint: is empty"),
        (latent::log_marginals(&impossible).err(), "datum 1 has probability zero under every component"),
        (latent::responsibilities(&impossible).err(), "datum 1 has probability zero under every component"),
        (
            latent::log_likelihood(&dmatrix![0.0, 1.0; 0.0, f64::INFINITY]).err(),
            "log joint: entry (1, 1) is inf, but every entry must be finite",
        ),
        (
            latent::log_marginals(&dmatrix![f64::NAN, 1.0]).err(),
            "log joint: entry (0, 0) is NaN, but every entry must be finite",
        ),
    ]);
}

/// Labels, shapes and numbers of labelings that do not fit are named.
///
/// Source: H-43.
#[test]
fn bad_labels_and_distributions_are_named() {
    let log_joint = dmatrix![-1.0, -2.0; -3.0, -4.0];
    let soft = |z: DMatrix<f64>| complete::log_sum_form(&dmatrix![-1.0, NEVER], &z);
    assert_eq!(soft(dmatrix![1.0, 0.0]), Ok(-1.0));

    let q = dvector![0.5, 0.0, 0.0, 0.5];
    assert_eq!(labelings::expectation(&q, 2, 2, |_| 1.0), Ok(1.0));
    let none =
        |sum: &str| format!("row 0 is no probability vector (found {sum}; entries must be ≥ 0 and sum to 1)");
    for (q, words) in [
        (dvector![0.5, 0.5], "expected 4 × 1, found 2 × 1".to_owned()),
        (dvector![0.5, 0.0, 0.0, 0.4], none("0.9")),
        (dvector![0.5, -0.5, 0.5, 0.5], none("-0.5")),
    ] {
        let (of_q, of_prior) = (format!("q: {words}"), format!("prior: {words}"));
        assert_refused(&[
            (labelings::marginals(&q, 2, 2).err(), &of_q),
            (labelings::expectation(&q, 2, 2, |_| 1.0).err(), &of_q),
            (labelings::expected_log_joint(&q, &log_joint).err(), &of_q),
            (labelings::posterior_under(&q, &log_joint).err(), &of_prior),
        ]);
    }

    assert_eq!(labelings::all(2, 1).unwrap(), [[0, 0]]);
    assert_eq!(labelings::all(1, 1 << 20).unwrap().len(), 1 << 20);
    let beyond = "18446744073709552000"; // 2⁶⁴: no larger number is told
    for (n, k, found) in [
        (2, 1025, "1050625"),
        (21, 2, "2097152"),
        (0, 3, "1"),
        (3, 0, "0"),
        (usize::MAX, 2, beyond),
        (64, usize::MAX, beyond),
    ] {
        let words = format!("number of labelings is {found}, but must be between 1 and 2^20, with n ≥ 1");
        assert_refused(&[(labelings::all(n, k).err(), &words)]);
    }
    assert_refused(&[
        (
            complete::log_likelihood(&log_joint, &[0, 2]).err(),
            "label of datum 1 is 2, but there are only 2 components",
        ),
        (
            complete::log_conditional(&log_joint, &[0, 2]).err(),
            "label of datum 1 is 2, but there are only 2 components",
        ),
        (
            complete::log_posterior(&log_joint, &[0, 2]).err(),
            "label of datum 1 is 2, but there are only 2 components",
        ),
        (
            complete::log_prior(&[0, 2], &dvector![0.5, 0.5]).err(),
            "label of datum 1 is 2, but there are only 2 components",
        ),
        (
            complete::maximum_likelihood(&three(), &dmatrix![0.0, 0.0; 1.0, 1.0], &[0, 2], 2).err(),
            "label of datum 1 is 2, but there are only 2 components",
        ),
        (complete::log_likelihood(&log_joint, &[0]).err(), "labels: expected 2 × 1, found 1 × 1"),
        (complete::by_component(&log_joint, &[0]).err(), "labels: expected 2 × 1, found 1 × 1"),
        (
            complete::log_prior(&[0], &dvector![0.5, 0.6]).err(),
            "weights: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (
            complete::log_likelihood(&dmatrix![NEVER, NEVER], &[0]).err(),
            "datum 0 has probability zero under every component",
        ),
        (soft(dmatrix![0.0, 1.0]).err(), "datum 0 has probability zero under every component"),
        (
            soft(dmatrix![0.5, 0.25]).err(),
            "z: row 0 is no probability vector (found 0.75; entries must be ≥ 0 and sum to 1)",
        ),
        (soft(dmatrix![1.0]).err(), "z: expected 1 × 2, found 1 × 1"),
        (
            labelings::product(&dmatrix![0.5, 0.4]).err(),
            "q: row 0 is no probability vector (found 0.9; entries must be ≥ 0 and sum to 1)",
        ),
    ]);
}
