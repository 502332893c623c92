//! What the functions say to input that is none.

use crate::common::assert_refused;
use crate::{NEVER, three};
use executable_em::Error;
use executable_em::latent::{self, complete, labelings};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

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

/// H-43: labels, shapes and numbers of labelings that do not fit are named.
#[test]
fn bad_labels_and_distributions_are_named() {
    let log_joint = dmatrix![-1.0, -2.0; -3.0, -4.0];
    let label = Error::Label { row: 1, label: 2, k: 2 };
    let shape = Error::Shape { what: "labels", expected: (2, 1), found: (1, 1) };

    let soft = |z: DMatrix<f64>| complete::log_sum_form(&dmatrix![-1.0, NEVER], &z);
    assert_eq!(soft(dmatrix![1.0, 0.0]), Ok(-1.0));

    let q = dvector![0.5, 0.0, 0.0, 0.5];
    assert_eq!(labelings::expectation(&q, 2, 2, |_| 1.0), Ok(1.0));
    for q in [dvector![0.5, 0.5], dvector![0.5, 0.0, 0.0, 0.4], dvector![0.5, -0.5, 0.5, 0.5]] {
        assert_refused(&[
            (
                labelings::marginals(&q, 2, 2).err(),
                "MANUAL q: expected 4 × 1, found 2 × 1 | q: row 0 is no probability vector (found 0.9; entries must be ≥ 0 and sum to 1) | q: row 0 is no probability vector (found -0.5; entries must be ≥ 0 and sum to 1)",
            ),
            (
                labelings::expectation(&q, 2, 2, |_| 1.0).err(),
                "MANUAL q: expected 4 × 1, found 2 × 1 | q: row 0 is no probability vector (found 0.9; entries must be ≥ 0 and sum to 1) | q: row 0 is no probability vector (found -0.5; entries must be ≥ 0 and sum to 1)",
            ),
            (
                labelings::expected_log_joint(&q, &log_joint).err(),
                "MANUAL q: expected 4 × 1, found 2 × 1 | q: row 0 is no probability vector (found 0.9; entries must be ≥ 0 and sum to 1) | q: row 0 is no probability vector (found -0.5; entries must be ≥ 0 and sum to 1)",
            ),
            (
                labelings::posterior_under(&q, &log_joint).err(),
                "MANUAL prior: expected 4 × 1, found 2 × 1 | prior: row 0 is no probability vector (found 0.9; entries must be ≥ 0 and sum to 1) | prior: row 0 is no probability vector (found -0.5; entries must be ≥ 0 and sum to 1)",
            ),
        ]);
    }

    assert_eq!(labelings::all(2, 1).unwrap(), [[0, 0]]);
    assert_eq!(labelings::all(1, 1 << 20).unwrap().len(), 1 << 20);
    for (n, k) in [(2, 1025), (21, 2), (0, 3), (3, 0), (usize::MAX, 2), (64, usize::MAX)] {
        assert_refused(&[(
            labelings::all(n, k).err(),
            "MANUAL number of labelings is 1050625, but must be between 1 and 2^20, with n ≥ 1 | number of labelings is 2097152, but must be between 1 and 2^20, with n ≥ 1 | number of labelings is 1, but must be between 1 and 2^20, with n ≥ 1 | number of labelings is 0, but must be between 1 and 2^20, with n ≥ 1 | number of labelings is 18446744073709552000, but must be between 1 and 2^20, with n ≥ 1",
        )]);
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
