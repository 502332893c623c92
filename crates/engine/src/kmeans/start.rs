//! Where k-means starts.

use crate::{Result, check};
use nalgebra::DMatrix;
use rand::Rng;
use rand::distr::weighted::WeightedIndex;
use rand::distr::{Distribution, Uniform};

/// The k-means++ start, each datum's distance from the nearest mean so far kept from mean to mean.
///
/// ```math
/// P(m_{j+1} = x_i) \propto \min_{l \le j}\|x_i - m_l\|^2
/// ```
///
/// `x` is n×d; returns k×d: the same data as the derivation's [`plus_plus_start`](crate::kmeans::plus_plus_start) draws from
/// the same generator, in O(nkd) instead of O(nk²d). For data that are too many to be visited k times, draw a
/// [`sample`](crate::engine::sample) first; Lloyd's algorithm on the sample then gives a start for the whole:
///
/// Source: T-06; Arthur and Vassilvitskii (2007).
///
/// # Errors
/// [`Error::ComponentCount`](crate::Error::ComponentCount) unless 1 ≤ k ≤ n; [`Error::NotFinite`](crate::Error::NotFinite) or
/// [`Error::Empty`](crate::Error::Empty) for bad data.
///
/// ```
/// use executable_em::engine::{self, Data, Engine, KMeansStopping};
/// use executable_em::data;
/// let (x, _) = data::blobs();
/// let (engine, mut rng) = (Engine::new(1)?, data::rng(1));
/// let sample = engine::sample(&Data::new(&x)?, 100, &mut rng)?;
/// let start = engine::plus_plus_start(&sample, 4, &mut rng)?;
/// let rough = engine.kmeans(start, &Data::new(&sample)?, &KMeansStopping::default())?;
/// let fit = engine.kmeans(rough.means, &Data::new(&x)?, &KMeansStopping::default())?;
/// assert!(fit.sweeps < 10);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn plus_plus_start(x: &DMatrix<f64>, k: usize, rng: &mut impl Rng) -> Result<DMatrix<f64>> {
    check::finite("data", x)?;
    let n = x.nrows();
    check::component_count(k, n)?;
    let uniform = Uniform::new(0, n).expect("n ≥ k ≥ 1");
    let mut chosen = vec![uniform.sample(rng)];
    let mut nearest = vec![f64::INFINITY; n];
    let mut squares = vec![0.0; n];
    while chosen.len() < k {
        let newest = chosen[chosen.len() - 1];
        squares.fill(0.0);
        for column in x.column_iter() {
            let mean = column[newest];
            squares.iter_mut().zip(&column).for_each(|(sum, x)| *sum += (x - mean) * (x - mean));
        }
        nearest.iter_mut().zip(&squares).for_each(|(least, square)| *least = square.min(*least));
        chosen.push(match WeightedIndex::new(&nearest) {
            Ok(by_distance) => by_distance.sample(rng),
            // All of them zero, or so large that their sum overflows.
            Err(_) => uniform.sample(rng),
        });
    }
    Ok(x.select_rows(&chosen))
}
