//! Some columns of coins, once others are left out or known: against the sum over all draws.

use crate::common::bounds::gamma;
use crate::common::{assert_refused, assert_within};
use crate::tame;
use executable_em::bernoulli_mixture::conditional::{conditional, marginal};
use nalgebra::DMatrix;

/// p(x_a) is the sum of p over all heads of the other columns, and p(x_b | x_a) p(x_a) is p.
///
/// Source: T-47, T-48.
#[test]
fn known_columns_and_left_out_ones_agree_with_enumeration() {
    let flips = 2;
    let (coins, _) = tame(1, 3, 4, flips, 5);
    // One order of the flips has probability p; of h heads there are C(2, h) orders.
    let orders = |x: &[f64]| x.iter().map(|&heads| if heads == 1.0 { 2.0 } else { 1.0 }).product::<f64>();
    let row = |x: &[f64]| DMatrix::from_row_slice(1, x.len(), x);
    let p = |x: &[f64]| coins.likelihood(&row(x)).expect("p");
    let heads = |number: usize| [number % 3, number / 3].map(|heads| heads as f64);
    // Sums of 9 terms, each a sum over 3 coins of e^s with |s| below 40 and its γ(4 + 6); three of them enter.
    let relative = 3.0 * gamma(9 + 3) + 3.0 * 40.0 * gamma(14);
    for seen in (0..9).map(heads) {
        let whole = |unseen: [f64; 2]| [unseen[0], seen[0], unseen[1], seen[1]];
        let mass: f64 = (0..9).map(heads).map(|unseen| orders(&unseen) * p(&whole(unseen))).sum();
        let of_seen = marginal(&coins, &[1, 3]).expect("a marginal").likelihood(&row(&seen)).expect("p");
        assert_within(of_seen, mass, relative * mass);
        let rest = conditional(&coins, &[(3, seen[1]), (1, seen[0])]).expect("a conditional");
        for unseen in (0..9).map(heads) {
            let joint = p(&whole(unseen));
            assert_within(rest.likelihood(&row(&unseen)).expect("p") * mass, joint, relative * joint);
        }
    }
}

/// What makes no sense is named.
#[test]
fn columns_and_heads_that_are_none_are_refused() {
    let (coins, _) = tame(1, 2, 2, 1, 6);
    assert_refused(&[
        (marginal(&coins, &[]).err(), "columns: is empty"),
        (marginal(&coins, &[0, 0]).err(), "column is 0, but must be named once"),
        (conditional(&coins, &[(2, 1.0)]).err(), "column is 2, but must be one of those that the model has"),
        (conditional(&coins, &[(0, 0.5)]).err(), "data: entry (0, 0) is 0.5, but must be 0 or 1"),
        (conditional(&coins, &[(0, 0.0), (1, 1.0)]).err(), "columns: is empty"),
    ]);
}
