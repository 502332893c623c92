//! Data: two embedded sets, and the lectures' generators with a seed.

mod generators;

pub use generators::{noisy_glyphs, stripes, two_squares, unequal_clusters};

use crate::check;
use crate::error::Result;
use nalgebra::DMatrix;
use rand::SeedableRng;
use rand_pcg::Pcg64;

/// The random generator of all figures, notebooks and tests.
pub type Rng = Pcg64;

/// A seeded random generator that gives the same numbers on every machine.
///
/// It is PCG64 (O'Neill 2014), whose stream is part of its definition, as that of `rand`'s standard generator is not.
/// ```
/// use executable_em::data::rng;
/// use rand::RngExt;
/// assert_eq!(rng(1).random::<u64>(), rng(1).random::<u64>());
/// assert_ne!(rng(1).random::<u64>(), rng(2).random::<u64>());
/// ```
pub fn rng(seed: u64) -> Rng {
    Pcg64::seed_from_u64(seed)
}

/// The 272 eruptions of the Old Faithful geyser: minutes it lasts, minutes to the next one.
///
/// Returns 272×2, in minutes: Azzalini and Bowman (1990), Applied Statistics 39, 357–365, which R calls `faithful`.
///
/// Source: H-06.
/// ```
/// let x = executable_em::data::old_faithful();
/// assert_eq!(x.shape(), (272, 2));
/// assert_eq!((x[(0, 0)], x[(0, 1)]), (3.6, 79.0));
/// ```
pub fn old_faithful() -> DMatrix<f64> {
    embedded(include_str!("old_faithful.csv"), 2)
}

/// Four round clusters of a hundred data each, sd 0.60, and the label each was drawn with.
///
/// Returns 400×2 and 400 labels below 4. These are the very numbers of scikit-learn's
/// `make_blobs(400, centers=4, cluster_std=0.6, random_state=0)` with the axes flipped, as the lecture draws them.
///
/// Source: T-12, H-07.
/// ```
/// let (x, labels) = executable_em::data::blobs();
/// assert_eq!(x.shape(), (400, 2));
/// assert_eq!(labels.iter().filter(|&&label| label == 3).count(), 100);
/// ```
pub fn blobs() -> (DMatrix<f64>, Vec<usize>) {
    let table = embedded(include_str!("blobs.csv"), 3);
    let labels = table.column(2).iter().map(|&label| label as usize).collect();
    (table.columns(0, 2).into_owned(), labels)
}

/// The numbers of a table with d columns, below its header.
fn embedded(text: &str, d: usize) -> DMatrix<f64> {
    let cells = text.lines().skip(1).flat_map(|line| line.split(','));
    let numbers: Vec<f64> = cells.map(|cell| cell.parse().expect("embedded and tested")).collect();
    DMatrix::from_row_slice(numbers.len() / d, d, &numbers)
}

/// The data with every column shifted to mean zero and scaled to variance one (divided by n).
/// ```math
/// z_{ia} = \frac{x_{ia} - \bar x_a}{s_a}, \qquad s_a^2 = \frac1n\sum_i (x_{ia} - \bar x_a)^2
/// ```
/// `x` is n×d; returns n×d without unit. [`Error::Domain`](crate::Error::Domain) for a column that does not vary.
///
/// Source: H-06.
/// ```
/// use executable_em::data;
/// let z = data::standardize(&data::old_faithful()).unwrap();
/// assert!(z.column(0).mean().abs() < 1e-12 && (z.column(0).variance() - 1.0).abs() < 1e-12);
/// ```
pub fn standardize(x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    check::finite("data", x)?;
    let mut z = x.clone();
    for mut column in z.column_iter_mut() {
        let (mean, sd) = (column.mean(), column.variance().sqrt());
        // A constant column has a spread of rounding errors only, never more than a few ulps of its mean.
        let varies = sd > 1e-14 * mean.abs() && sd.is_finite();
        check::domain("spread of a column", sd, varies, "finite and > 0 to be standardised")?;
        column.apply(|value| *value = (*value - mean) / sd);
    }
    Ok(z)
}
