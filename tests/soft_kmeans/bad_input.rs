//! What the functions say to input that is none.

use crate::common::assert_refused;
use crate::common::column;
use crate::line_model;
use executable_em::em;
use executable_em::latent::Model;
use executable_em::soft_kmeans::{
    SoftKMeans, Weights, critical_stiffness, hard_limit, hard_limit_bound, merging_stiffness, parted,
    parting_growth, splitting_growths, spread,
};
use nalgebra::{DMatrix, dmatrix, dvector};

/// Every function names what it was given instead of going on with it.
#[test]
fn bad_input_is_an_error() {
    let (x, means) = (column(&[0.0, 1.0, 3.0]), column(&[0.0, 1.0]));
    let even = line_model(&[0.0, 1.0], &[0.5; 2], 1.0, Weights::Held);
    for stiffness in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_refused(&[
            (
                SoftKMeans::new(means.clone(), stiffness, Weights::Held).err(),
                &format!("stiffness is {stiffness}, but must be finite and > 0"),
            ),
            (
                even.with_stiffness(stiffness).err(),
                &format!("stiffness is {stiffness}, but must be finite and > 0"),
            ),
            (
                parting_growth(&x, 2, stiffness, 0.1).err(),
                &format!("stiffness is {stiffness}, but must be finite and > 0"),
            ),
            (
                hard_limit_bound(&x, &means, &dvector![0.5, 0.5], stiffness).err(),
                &format!("stiffness is {stiffness}, but must be finite and > 0"),
            ),
        ]);
    }
    let same = column(&[2.0, 2.0]);
    // A mean that no datum belongs to has no share whose variance could be taken.
    let far = line_model(&[0.0, 1e6], &[0.5; 2], 1.0, Weights::Held);
    assert_eq!(em::sweep(&far, &x).unwrap().means()[1], 1e6);
    assert_refused(&[
        (
            SoftKMeans::new(column(&[f64::NAN]), 1.0, Weights::Held).err(),
            "means: entry (0, 0) is NaN, but every entry must be finite",
        ),
        (SoftKMeans::new(DMatrix::zeros(0, 1), 1.0, Weights::Held).err(), "means: is empty"),
        (
            even.with_weights(dvector![0.5, 0.6]).err(),
            "weights: row 0 is no probability vector (found 1.1; entries must be ≥ 0 and sum to 1)",
        ),
        (even.with_weights(dvector![1.0]).err(), "weights: expected 2 × 1, found 1 × 1"),
        (even.with_means(dmatrix![0.0]).err(), "means: expected 2 × 1, found 1 × 1"),
        (
            even.with_means(column(&[0.0, f64::INFINITY])).err(),
            "means: entry (1, 0) is inf, but every entry must be finite",
        ),
        (even.log_joint(&dmatrix![0.0, 0.0]).err(), "data: expected 1 × 1, found 1 × 2"),
        (hard_limit(&x, &means, &dvector![1.0]).err(), "weights: expected 2 × 1, found 1 × 1"),
        (
            hard_limit(&x, &means, &dvector![1.0, 0.5]).err(),
            "weights: row 0 is no probability vector (found 1.5; entries must be ≥ 0 and sum to 1)",
        ),
        (
            hard_limit(&dmatrix![0.0, 0.0], &means, &dvector![0.5, 0.5]).err(),
            "means: expected 2 × 2, found 2 × 1",
        ),
        (parted(&x, 1, 1.0, 0.1).err(), "number of components less one is 0, but must be finite and > 0"),
        (parted(&x, 4, 1.0, 0.1).err(), "k = 4 components for n = 3 data; k must lie between 1 and n"),
        (parted(&x, 2, 1.0, 0.0).err(), "parting is 0, but must be finite and > 0"),
        (critical_stiffness(&same).err(), "largest variance of the data is 0, but must be finite and > 0"),
        (
            merging_stiffness(&same, 2, 0.1, 3).err(),
            "total variance of the data is 0, but must be finite and > 0",
        ),
        (spread(&DMatrix::zeros(0, 2)).err(), "means: is empty"),
        (
            spread(&column(&[f64::INFINITY])).err(),
            "means: entry (0, 0) is inf, but every entry must be finite",
        ),
        (splitting_growths(&far, &x).err(), "count of a component is 0, but must be finite and > 0"),
    ]);
}
