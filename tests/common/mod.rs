//! What the tests share: oracles that use none of the library's formulas, hard inputs, and error bounds.
//!
//! | file | what it holds |
//! |---|---|
//! | `bounds` | how far rounding may carry a computed quantity, each bound with its derivation |
//! | `naive` | a Gaussian mixture by explicit elimination, generic over dual numbers |
//! | `enumeration` | every one of the k^n labelings |
//! | `quadrature` | the integral of a density over a grid |
//! | `cases` | seeded inputs that aim at hard cases, and the proptest strategy over them |
//! | `tally` | in how many of them a law had something to compare |
#![allow(dead_code)] // every test file uses its own part

pub mod bounds;
pub mod cases;
pub mod enumeration;
pub mod naive;
pub mod quadrature;
pub mod tally;

use executable_em::Error;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use nalgebra::{DMatrix, DVector};
use proptest::test_runner::{Config, RngSeed};

/// The seed of all random cases: the same on every run, unless the environment asks for another by the name that
/// proptest gives it. Whatever a test claims holds for every seed: `make soak` tries many.
pub fn seed() -> u64 {
    match Config::default().rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => 20_210_706,
    }
}

/// Proptest with [`seed`] and this many cases, unless `PROPTEST_CASES` asks for another number.
pub fn config(cases: u32) -> Config {
    let environment = Config::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { environment.cases } else { cases };
    Config { cases, rng_seed: RngSeed::Fixed(seed()), failure_persistence: None, ..environment }
}

/// A mixture of full covariances, which the test has made sure is one.
pub fn mixture(weights: &[f64], means: DMatrix<f64>, covariances: Vec<DMatrix<f64>>) -> GaussianMixture {
    GaussianMixture::new(DVector::from_row_slice(weights), means, covariances, CovarianceFamily::Full)
        .expect("the test's own mixture")
}

/// A mixture in one dimension, from weights, means and variances.
pub fn line_mixture(weights: &[f64], means: &[f64], variances: &[f64]) -> GaussianMixture {
    let covariances = variances.iter().map(|&variance| DMatrix::from_element(1, 1, variance)).collect();
    mixture(weights, column(means), covariances)
}

/// One-dimensional data, n×1.
pub fn column(values: &[f64]) -> DMatrix<f64> {
    DMatrix::from_column_slice(values.len(), 1, values)
}

/// Asserts |left − right| ≤ bound, and says by how much it failed. A bound that is no number bounds nothing, and no
/// difference of NaN or of infinities is within one.
#[track_caller]
pub fn assert_within(left: f64, right: f64, bound: f64) {
    assert!(bound.is_finite(), "a bound of {bound} says nothing of {left:?} and {right:?}");
    let difference = (left - right).abs();
    assert!(difference <= bound, "{left:?} and {right:?} differ by {difference:e}, more than {bound:e}");
}

/// Asserts the same of every entry of two matrices.
#[track_caller]
pub fn assert_matrices_within(left: &DMatrix<f64>, right: &DMatrix<f64>, bound: f64) {
    assert_eq!(left.shape(), right.shape());
    assert!(bound.is_finite(), "a bound of {bound} says nothing of {left}and{right}");
    let difference = left - right;
    // Entry by entry: amax passes over NaN.
    assert!(
        difference.iter().all(|entry| entry.abs() <= bound),
        "{left}and{right}differ by {:e}, more than {bound:e}",
        difference.amax()
    );
}

/// Asserts value ≥ least − slack for a slack that is a number.
#[track_caller]
pub fn assert_at_least(value: f64, least: f64, slack: f64) {
    assert!(slack.is_finite(), "a slack of {slack} says nothing of {value:?} and {least:?}");
    assert!(
        value >= least - slack,
        "{value:?} is below {least:?} by {:e}, more than {slack:e}",
        least - value
    );
}

/// Asserts that each call failed, and with the words beside it.
#[track_caller]
pub fn assert_refused(rows: &[(Option<Error>, &str)]) {
    for (row, (error, words)) in rows.iter().enumerate() {
        assert_eq!(error.as_ref().map(Error::to_string).as_deref(), Some(*words), "row {row}");
    }
}

/// A number known from print, to half a unit of its last decimal.
#[track_caller]
pub fn assert_printed(value: f64, printed: &str) {
    let decimals = printed.split('.').nth(1).map_or(0, str::len) as i32;
    let half_a_unit = 0.5 * 10_f64.powi(-decimals);
    // One ulp of slack, for values that lie on the edge between two roundings.
    let bound = half_a_unit * (1.0 + 1e-9);
    assert_within(value, printed.parse().expect("a printed number"), bound);
}

/// The share of labels that agree under the best renaming of the components (k ≤ 6).
pub fn accuracy(found: &[usize], truth: &[usize], k: usize) -> f64 {
    let mut best = 0;
    for renaming in permutations(k) {
        best = best.max(found.iter().zip(truth).filter(|&(&f, &t)| renaming[f] == t).count());
    }
    best as f64 / truth.len() as f64
}

/// All orders of 0, …, k − 1.
pub fn permutations(k: usize) -> Vec<Vec<usize>> {
    if k == 0 {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for shorter in permutations(k - 1) {
        for position in 0..k {
            let mut longer = shorter.clone();
            longer.insert(position, k - 1);
            all.push(longer);
        }
    }
    all
}

/// The most probable component of each row, the lowest index in a tie.
pub fn hard_labels(r: &DMatrix<f64>) -> Vec<usize> {
    r.row_iter()
        .map(|row| (1..row.len()).fold(0, |best, j| if row[j] > row[best] { j } else { best }))
        .collect()
}
