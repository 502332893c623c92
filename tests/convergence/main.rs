//! The chapter on convergence: information, rate, errors, acceleration, certificates.

#[path = "../common/mod.rs"]
mod common;

mod accelerate;
mod bad_input;
mod by_parts;
mod certificate;
mod coordinates;
mod errors;
mod information;
mod interval;
mod lbfgs;
mod partial;
mod rate;

use common::cases::{self, Case, Kind};
use common::{column, line_mixture};
use executable_em::convergence::accelerate::{self as faster, Accelerated, Chart, Method};
use executable_em::convergence::coordinates::Direction;
use executable_em::data;
use executable_em::em::{self, Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, kmeans_start};
use nalgebra::DMatrix;

/// Until nothing moves any more in twelve digits.
const TO_REST: Stopping = Stopping { tolerance: Tolerance::Parameters(1e-13), max_sweeps: 20_000 };

/// A tame case, of well-conditioned covariances.
fn case(family: CovarianceFamily, n: usize, k: usize, d: usize, seed: u64) -> Case {
    cases::case(Kind::Ordinary, family, n, k, d, seed)
}

/// Old Faithful and its maximum with two components, the long eruptions first.
fn faithful() -> (GaussianMixture, DMatrix<f64>) {
    let x = data::old_faithful();
    let start = kmeans_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1)).unwrap();
    let model = em::fit(start, &x, &TO_REST).unwrap().model;
    if model.weights()[0] > 0.5 {
        return (model, x);
    }
    let swapped = GaussianMixture::new(
        model.weights().select_rows(&[1, 0]),
        model.means().select_rows(&[1, 0]),
        vec![model.covariances()[1].clone(), model.covariances()[0].clone()],
        CovarianceFamily::Full,
    );
    (swapped.unwrap(), x)
}

/// The reference's two overlapping normals in one dimension, and its start.
fn two_normals(column_of: usize) -> (GaussianMixture, DMatrix<f64>) {
    let text = include_str!("two_normals.csv");
    let cell = |line: &str| line.split(',').nth(column_of).expect("a column").parse().expect("a number");
    let values: Vec<f64> = text.lines().skip(1).map(cell).collect();
    (line_mixture(&[0.5, 0.5], &[-1.0, 2.0], &[1.0, 1.0]), column(&values))
}

/// Where EM would come to rest on data on which that takes a hundred thousand sweeps.
fn limit_of(start: &GaussianMixture, x: &DMatrix<f64>) -> GaussianMixture {
    let climb = Accelerated::new(x, Method::Anderson { memory: 5 }, Chart::Unbounded).unwrap();
    let limit = faster::fit(&climb, start.clone(), &TO_REST).unwrap().0.model;
    // EM agrees: it moves no further.
    assert!(em::largest_move(&limit, &em::sweep(&limit, x).unwrap()) < 1e-11);
    limit
}

/// Every entry of the parameters that a direction changes, with its change.
fn entries(direction: &Direction) -> Vec<(common::naive::Entry, f64)> {
    use common::naive::Entry;
    let mut entries = Vec::new();
    for (j, &change) in direction.weights.iter().enumerate() {
        entries.push((Entry::Weight(j), change));
    }
    for j in 0..direction.means.nrows() {
        for a in 0..direction.means.ncols() {
            entries.push((Entry::Mean(j, a), direction.means[(j, a)]));
            for b in 0..direction.means.ncols() {
                entries.push((Entry::Covariance(j, a, b), direction.covariances[j][(a, b)]));
            }
        }
    }
    entries.into_iter().filter(|&(_, change)| change != 0.0).collect()
}
