//! Sufficient statistics: they add up, move, and give the M step; what a sweep costs.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod cost;
mod machines;
mod moments;
mod q;
mod spread;
mod units;

use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, random_start};
use executable_em::{Error, data};
use nalgebra::DMatrix;

type Outcome = Result<(), Error>;

fn state(family: CovarianceFamily) -> (GaussianMixture, DMatrix<f64>) {
    let x = data::old_faithful();
    (random_start(&x, 3, family, &mut data::rng(6)).expect("a start"), x)
}
