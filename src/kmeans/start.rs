//! Where k-means starts.

use super::distances;
use crate::check;
use crate::error::Result;
use nalgebra::DMatrix;
use rand::Rng;
use rand::distr::weighted::WeightedIndex;
use rand::distr::{Distribution, Uniform};
use rand::seq::index;

/// A random start: k data, all different rows, drawn without preference (Forgy 1965).
///
/// `x` is n×d; returns k×d. [`Error::ComponentCount`](crate::Error::ComponentCount) unless 1 ≤ k ≤ n.
///
/// Source: H-01, T-04.
/// ```
/// use executable_em::{data, kmeans};
/// let x = data::old_faithful();
/// let start = kmeans::random_start(&x, 3, &mut data::rng(7)).unwrap();
/// assert!(start.row_iter().all(|mean| x.row_iter().any(|datum| datum == mean)));
/// ```
pub fn random_start(x: &DMatrix<f64>, k: usize, rng: &mut impl Rng) -> Result<DMatrix<f64>> {
    check::enough_data(x, k)?;
    Ok(x.select_rows(&index::sample(rng, x.nrows(), k).into_vec()))
}

/// The k-means++ start: the first mean is a random datum, each further one a datum drawn with probability proportional
/// to its squared distance from the nearest mean so far (Arthur and Vassilvitskii 2007).
/// ```math
/// P(m_{j+1} = x_i) \propto \min_{l \le j}\|x_i - m_l\|^2
/// ```
/// Its expected J is within a factor 8(ln k + 2) of the best. Where all distances are zero (fewer different data than
/// k), or overflow, the draw is uniform. `x` is n×d; returns k×d; errors as in [`random_start`].
///
/// Source: T-06.
/// ```
/// use executable_em::{data, kmeans};
/// let two_tight_pairs = nalgebra::dmatrix![0.0; 1e-9; 1.0; 1.0 + 1e-9];
/// let start = kmeans::plus_plus_start(&two_tight_pairs, 2, &mut data::rng(7)).unwrap();
/// assert!((start[0] - start[1]).abs() > 0.9); // one mean in each
/// ```
pub fn plus_plus_start(x: &DMatrix<f64>, k: usize, rng: &mut impl Rng) -> Result<DMatrix<f64>> {
    check::enough_data(x, k)?;
    let uniform = Uniform::new(0, x.nrows()).expect("n ≥ k ≥ 1");
    let mut chosen = vec![uniform.sample(rng)];
    while chosen.len() < k {
        let distances = distances(x, &x.select_rows(&chosen));
        chosen.push(match WeightedIndex::new(distances.row_iter().map(|row| row.min())) {
            Ok(by_distance) => by_distance.sample(rng),
            // All of them zero, or so large that their sum overflows.
            Err(_) => uniform.sample(rng),
        });
    }
    Ok(x.select_rows(&chosen))
}
