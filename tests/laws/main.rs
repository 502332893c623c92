//! The laws that hold for every model with a discrete latent label, written once: for the Gaussian mixture in its four
//! families, for the mixture of coins, for that of t, and for a mixture of Poissons that is defined here and knows
//! nothing but the `Model` trait.

#[path = "../common/mod.rs"]
mod common;

mod bernoulli;
mod claims;
mod gaussian;
mod hidden;
mod poisson;
mod student;

use crate::claims::{
    Lawful, a_sweep_never_lowers, duplicating_data, maximize_maximises, permuting_components, permuting_data,
    rows_sum_to_one,
};
use common::config;
use common::tally::Tally;
use nalgebra::DMatrix;
use proptest::prelude::*;
use std::fmt::Debug;

/// All the laws for models and data of several sorts; those that depend on a bound must tell something in this share of
/// each sort.
fn the_laws_hold<Sort: Clone + Ord + Debug, M: Lawful>(
    cases: impl Strategy<Value = (Sort, M, DMatrix<f64>)>,
    share: impl Fn(&Sort) -> f64,
) {
    let (sweeps, maxima) = (Tally::new(), Tally::new());
    proptest!(config(400), |((sort, model, x) in cases, seed in any::<u64>())| {
        rows_sum_to_one(&model, &x);
        sweeps.count(sort.clone(), a_sweep_never_lowers(&model, &x));
        maxima.count(sort, maximize_maximises(&model, &x, seed));
        permuting_data(&model, &x, seed as usize % 1000);
        permuting_components(&model, &x);
        duplicating_data(&model, &x);
    });
    sweeps.assert_compared(&share);
    maxima.assert_compared(&share);
}
