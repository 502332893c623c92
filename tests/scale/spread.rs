//! Mean and standard deviation of a column, in one pass over blocks.

use crate::Outcome;
use crate::common::assert_within;
use crate::common::bounds::gamma;
use crate::common::config;
use executable_em::scale::Moments;
use executable_em::scale::spread::Spread;
use nalgebra::{DMatrix, dmatrix};
use proptest::prelude::*;

proptest! {
    #![proptest_config(config(200))]

    /// Chan, Golub and LeVeque (1983): however numbers are cut into blocks, far from the origin or not.
    ///
    /// Let X be the largest |x|, m the number of blocks. Every mean errs by at most δ = γ(n + 3m)X: sums of n, and
    /// three operations a block. A sum of squares about a mean that is off by δ is too large by nδ², and rounded by γ(n
    /// + 2) of itself. The shift between two means errs by 2δ, so its term wδ² with w = n_An_B/n by w(4|shift|δ + 4δ²)
    /// and some roundings; over all blocks Σ w ≤ n and Σ w shift² ≤ M, so by Cauchy and Schwarz Σ w|shift| ≤ √(nM). Two
    /// computations are compared.
    #[test]
    fn a_spread_is_that_of_the_whole(
        values in prop::collection::vec(-1.0..1.0_f64, 1..200),
        cuts in prop::collection::vec(0.0..1.0_f64, 0..6),
        offset in prop::sample::select(vec![0.0, 1.0, 1e4, -1e9]),
    ) {
        let values: Vec<f64> = values.iter().map(|value| value + offset).collect();
        let n = values.len();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| (cut * n as f64) as usize).collect();
        cuts.extend([0, n]);
        cuts.sort_unstable();
        let mut spread = Spread::EMPTY;
        cuts.windows(2).for_each(|pair| spread.add(&values[pair[0]..pair[1]]));

        let (nf, blocks) = (n as f64, cuts.len());
        let mean = values.iter().sum::<f64>() / nf;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let off = gamma(n + 3 * blocks) * values.iter().fold(0.0, |most, value| f64::max(most, value.abs()));
        assert_within(spread.mean(), mean, 2.0 * off);
        let bound = gamma(n + 6 * blocks) * squares + 4.0 * off * (nf * squares).sqrt() + 5.0 * nf * off * off;
        // M = n s², and the root and its square are rounded.
        assert_within(spread.sd().powi(2) * nf, squares, 2.0 * bound + gamma(4) * squares);
        prop_assert!(values.iter().all(|value| (spread.low()..=spread.high()).contains(value)));
        prop_assert!(values.contains(&spread.low()) && values.contains(&spread.high()));
    }
}

/// The update is the parallel-axis theorem: the sums of squares of two blocks, moved to the common mean, and added.
/// Exactly, on small whole numbers.
#[test]
fn a_spread_is_a_moment_about_the_mean() -> Outcome {
    let (one, other) = (dmatrix![1.0; 3.0; 5.0; 7.0], dmatrix![10.0; 14.0; 12.0; 12.0]);
    let of = |x: &DMatrix<f64>, at: f64| Moments::of(x, &DMatrix::from_element(4, 1, 1.0), &dmatrix![at]);
    let both = of(&one, 4.0)?.about(&dmatrix![8.0])?.plus(&of(&other, 12.0)?.about(&dmatrix![8.0])?)?;
    let mut spread = Spread::EMPTY;
    spread.add(one.as_slice());
    spread.add(other.as_slice());
    assert_eq!((spread.mean(), spread.low(), spread.high()), (8.0, 1.0, 14.0));
    assert_eq!(spread.sd(), (both.second[0][0] / 8.0).sqrt());
    Ok(())
}

/// Whole weights are repeated numbers, however they are cut into blocks; what weighs nothing is not there.
#[test]
fn a_weight_is_a_number_of_times() {
    let (values, weights) = ([3.0, -1.0, 8.0, 1e300, 2.0], [2.0, 1.0, 4.0, 0.0, 1.0]);
    let (mut weighted, mut repeated) = (Spread::EMPTY, Spread::EMPTY);
    weighted.add_weighted(&values[3..4], &weights[3..4]);
    weighted.add_weighted(&values[..3], &weights[..3]);
    weighted.add_weighted(&values[3..], &weights[3..]);
    repeated.add(&[3.0, 3.0, -1.0, 8.0, 8.0, 8.0, 8.0, 2.0]);
    assert_eq!((weighted.n(), weighted.low(), weighted.high()), (8.0, -1.0, 8.0));
    // Both means are good to γ(8 + 3) of 8, and so is the sd to some such roundings of itself.
    assert_within(weighted.mean(), repeated.mean(), 2.0 * gamma(11) * 8.0);
    assert_within(weighted.sd(), repeated.sd(), 2.0 * gamma(30) * 8.0);
    // Shares are weights like others, however small their sum: powers of two scale without rounding.
    let mut shares = Spread::EMPTY;
    shares.add_weighted(&values, &weights.map(|weight| weight / 1024.0));
    let mut whole = Spread::EMPTY;
    whole.add_weighted(&values, &weights);
    assert_eq!((shares.mean(), shares.sd(), shares.n()), (whole.mean(), whole.sd(), 8.0 / 1024.0));
}

#[test]
fn what_has_no_spread_is_constant() {
    let of = |values: &[f64]| {
        let mut spread = Spread::EMPTY;
        spread.add(&[]);
        spread.add(values);
        spread
    };
    assert_eq!(of(&[]), Spread::EMPTY);
    assert_eq!((Spread::EMPTY.mean(), Spread::EMPTY.sd()), (0.0, 0.0));
    assert_eq!((of(&[3.5]).sd(), of(&[3.5]).mean()), (0.0, 3.5));
    let tenth = 0.1_f64;
    assert!(of(&[]).is_constant() && of(&[3.5; 7]).is_constant());
    // What differs in its last digits differs.
    assert!(!of(&[tenth, tenth.next_up()]).is_constant() && !of(&[1e15, 1e15 + 10.0]).is_constant());
    assert!(!of(&[1.0, 2.0]).is_constant() && !of(&[1e8, 1e8 + 1e-5]).is_constant());
    assert!(!of(&[-tenth, tenth]).is_constant(), "a mean of zero");
}
