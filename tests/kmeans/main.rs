//! k-means: the two steps, the function J that both lower, where it stops, where it starts and where it fails.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod clusters;
mod lloyd;
mod objective;
mod starts;
mod steps;

use common::cases;
use executable_em::kmeans;
use executable_em::latent;
use nalgebra::DMatrix;

/// Data with means to start from, from the hard cases.
fn state(case: &cases::Case) -> (&DMatrix<f64>, &DMatrix<f64>) {
    (&case.x, case.model.means())
}

fn objective_of_labels(x: &DMatrix<f64>, labels: &[usize], means: &DMatrix<f64>) -> f64 {
    kmeans::objective(x, &latent::one_hot(labels, means.nrows()).unwrap(), means).unwrap()
}
