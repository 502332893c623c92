//! `fit`, `predict` and `sample` for coins, held to the derivations.

#[path = "../../../../tests/common/mod.rs"]
mod common;
#[path = "../place/mod.rs"]
mod place;

mod bad_input;
mod predict;
mod report;
mod results;

use executable_em::{bernoulli_mixture::BernoulliMixture, data};
use nalgebra::{DMatrix, dmatrix, dvector};
use place::csv;

/// Three coins with seven features each, one of which never shows tails; the first coin is the most frequent.
fn three_coins() -> BernoulliMixture {
    let biases = dmatrix![
        0.9, 0.1, 0.8, 1.0, 0.2, 0.05, 0.6;
        0.2, 0.7, 0.1, 1.0, 0.9, 0.3, 0.1;
        0.1, 0.2, 0.9, 1.0, 0.8, 0.9, 0.4
    ];
    BernoulliMixture::new(dvector![0.5, 0.3, 0.2], biases, 1).expect("coins")
}

const NAMES: &str = "ant,bee,cat,dog,eel,fly,gnu";

/// Two coins of one column, ten flips a draw.
fn two_coins() -> BernoulliMixture {
    BernoulliMixture::new(dvector![0.6, 0.4], dmatrix![0.8; 0.35], 10).expect("coins")
}

/// A table of draws, as people write them: 0 and 1, not 0.0 and 1.0.
fn draws(coins: &BernoulliMixture, n: usize, header: &str) -> (DMatrix<f64>, String) {
    let (x, _) = coins.sample(n, &mut data::rng(1)).unwrap();
    let table = csv(header, &x).replace(".0", "");
    (x, table)
}
