//! `fit`, `predict` and `sample` as a user meets them, held to the derivations.

#[path = "../../../../tests/common/mod.rs"]
mod common;
#[path = "../place/mod.rs"]
mod place;

mod bad_data;
mod clusters;
mod conditional;
mod ending;
mod families;
mod from_model;
mod predict;
mod reading;
mod report;
mod results;
mod saved;
mod weights;

use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use nalgebra::{dmatrix, dvector};

const FAITHFUL: &str = include_str!("../../../../src/data/old_faithful.csv");
const BLOBS: &str = include_str!("../../../../src/data/blobs.csv");

fn three_groups() -> GaussianMixture {
    let covariances =
        vec![dmatrix![1.0, 0.6; 0.6, 2.0], dmatrix![3.0, -1.0; -1.0, 1.0], dmatrix![0.5, 0.0; 0.0, 0.7]];
    let means = dmatrix![0.0, 10.0; 4.0, 14.0; -3.0, 5.0];
    GaussianMixture::new(dvector![0.5, 0.3, 0.2], means, covariances, CovarianceFamily::Full)
        .expect("a mixture")
}
