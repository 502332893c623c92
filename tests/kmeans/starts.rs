//! Where a run starts: at rows of the data, drawn uniformly or by squared distance.

use crate::common::config;
use crate::common::{assert_within, cases, column};
use executable_em::data;
use executable_em::kmeans;
use nalgebra::DMatrix;
use proptest::prelude::*;

proptest! {
    #![proptest_config(config(200))]

    /// A random start is k different rows of the data, and the same seed gives the same.
    ///
    /// Source: H-01, T-04.
    #[test]
    fn starts_are_data_and_reproducible(case in cases::strategy(&cases::Kind::ALL), seed in any::<u64>()) {
        let x = DMatrix::from_fn(case.x.nrows(), case.x.ncols(), |i, a| (i * 10 + a) as f64);
        let k = case.model.k();
        for start in [kmeans::random_start, kmeans::plus_plus_start] {
            let means = start(&x, k, &mut data::rng(seed)).unwrap();
            prop_assert_eq!(&means, &start(&x, k, &mut data::rng(seed)).unwrap());
            let mut rows: Vec<usize> = means.column(0).iter().map(|value| *value as usize / 10).collect();
            prop_assert_eq!(&means, &x.select_rows(&rows));
            rows.sort_unstable();
            rows.dedup();
            prop_assert_eq!(rows.len(), k, "a datum was chosen twice");
        }
    }
}

/// k-means++ draws each further mean with probability D²/ΣD² (chi-square over 30 000 starts).
///
/// Source: T-06.
#[test]
fn plus_plus_starts_follow_the_squared_distances() {
    let x = column(&[0.0, 1.0, 3.0, 7.0, 7.5]);
    let n = x.nrows();
    let draws = 30_000;
    let mut rng = data::rng(66);
    let index_of = |value: f64| x.iter().position(|&datum| datum == value).unwrap();
    let (mut firsts, mut pairs, mut thirds) = (vec![0.0; n], DMatrix::<f64>::zeros(n, n), 0.0);
    let mut expected_thirds = 0.0;
    for _ in 0..draws {
        let start = kmeans::plus_plus_start(&x, 3, &mut rng).unwrap();
        let (first, second) = (index_of(start[0]), index_of(start[1]));
        firsts[first] += 1.0;
        pairs[(first, second)] += 1.0;
        // The third mean, by its distance to the *nearest* of the two: count those at 0.
        let nearest = |i: usize| (x[i] - start[0]).powi(2).min((x[i] - start[1]).powi(2));
        expected_thirds += nearest(0) / (0..n).map(nearest).sum::<f64>();
        thirds += f64::from(u8::from(index_of(start[2]) == 0));
    }
    // P(χ²_f ≥ f + 2√(ft) + 2t) ≤ e^{−t} (Laurent and Massart 2000); t = 14 fails one seed in a million.
    let critical = |f: f64| f + 2.0 * (f * 14.0).sqrt() + 28.0;
    let uniform = draws as f64 / n as f64;
    let chi: f64 = firsts.iter().map(|count| (count - uniform).powi(2) / uniform).sum();
    assert!(chi < critical(4.0), "first mean: χ² = {chi}");
    for first in 0..n {
        let weights: Vec<f64> = x.iter().map(|value| (value - x[first]).powi(2)).collect();
        let total: f64 = weights.iter().sum();
        let mut chi = 0.0;
        for second in 0..n {
            let expected = firsts[first] * weights[second] / total;
            let count = pairs[(first, second)];
            if second == first {
                assert_eq!(count, 0.0, "a datum at distance zero was drawn");
            } else {
                assert!(expected > 5.0, "too few for a chi-square");
                chi += (count - expected).powi(2) / expected;
            }
        }
        assert!(chi < critical(3.0), "second mean after {first}: χ² = {chi}");
    }
    // A sum of independent trials of different probabilities has at most the binomial variance; z = 5.
    assert_within(thirds, expected_thirds, 5.0 * (draws as f64 / 4.0).sqrt());
}

/// With fewer different data than means k-means++ still draws k of them, uniformly once all are covered.
///
/// Source: T-06.
#[test]
fn plus_plus_copes_with_duplicates() {
    let x = column(&[1.0, 1.0, 1.0, 4.0]);
    for seed in 0..50 {
        let start = kmeans::plus_plus_start(&x, 3, &mut data::rng(seed)).unwrap();
        let fours = start.iter().filter(|&&value| value == 4.0).count();
        assert!(fours >= 1, "the only datum at a distance must be among the first two");
        assert!(kmeans::lloyd(&x, &start, 10).unwrap().objective() == 0.0);
    }
}

/// A random start draws every datum equally often.
///
/// Source: H-01, T-04.
#[test]
fn random_starts_are_uniform() {
    let x = column(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let draws = 12_000;
    let mut rng = data::rng(1);
    let mut counts = [0.0; 6];
    for _ in 0..draws {
        for value in kmeans::random_start(&x, 2, &mut rng).unwrap().iter() {
            counts[*value as usize] += 1.0;
        }
    }
    // Each datum is drawn with probability 1/3; z = 5.
    let (expected, sd) = (draws as f64 / 3.0, (draws as f64 * 2.0 / 9.0).sqrt());
    for count in counts {
        assert_within(count, expected, 5.0 * sd);
    }
}
