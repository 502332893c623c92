//! Expectation–maximisation: ascent from hard starts, stopping, restarts, the known optima, and where it fails.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod gradient;
mod models;
mod optima;
mod rest;
mod stopping;
mod sweep;

use common::column;
use executable_em::em::{Stopping, Tolerance};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use nalgebra::DMatrix;

fn stopping(tolerance: Tolerance, max_sweeps: usize) -> Stopping {
    Stopping { tolerance, max_sweeps }
}

/// Unit Gaussians (or of variance 1/β) at these places on the line, with equal weights that stay.
fn round(means: &[f64], stiffness: f64) -> SoftKMeans {
    SoftKMeans::new(column(means), stiffness, Weights::Held).unwrap()
}

/// Data in two clumps of unequal size, and two unit Gaussians: what the figure of the paths shows.
fn unequal_clumps() -> DMatrix<f64> {
    column(&[-2.9, -2.4, -2.0, -1.9, -1.5, -1.1, -0.6, 1.6, 2.4])
}
