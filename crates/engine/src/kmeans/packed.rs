//! The means as the kernels read them.

use super::precision::Precision;
use nalgebra::DMatrix;

/// So many means are met at a time: with two registers of data eight sums, enough to hide the latency of a
/// multiply–add.
pub(super) const MEANS: usize = 4;

/// The means in both precisions.
pub(super) struct Means {
    pub k: usize,
    pub d: usize,
    /// In single precision data and means are measured from here, the average of the means.
    pub centre: Vec<f64>,
    pub single: PackedMeans<f32>,
    pub double: PackedMeans<f64>,
}

impl Means {
    /// `means` is k×d.
    pub fn new(means: &DMatrix<f64>) -> Self {
        let (k, d) = means.shape();
        let centre = means.row_mean();
        let centred = DMatrix::from_fn(k, d, |j, a| means[(j, a)] - centre[a]);
        let centre = centre.iter().copied().collect();
        Means { k, d, centre, single: PackedMeans::new(&centred), double: PackedMeans::new(means) }
    }
}

/// The means in one precision: a few at a time, dimension by dimension.
pub(super) struct PackedMeans<T> {
    pub d: usize,
    /// −m. The last tile is filled up with zeros …
    negated: Vec<T>,
    /// ½‖m‖², and … infinities, which are nearest to nothing.
    half_squares: Vec<T>,
    /// The largest ‖m‖².
    pub largest_square: T,
}

impl<T: Precision> PackedMeans<T> {
    fn new(means: &DMatrix<f64>) -> Self {
        let (k, d) = means.shape();
        let tiles = (0..k).step_by(MEANS);
        let negated = tiles.flat_map(|first| {
            (0..d * MEANS).map(move |at| {
                let j = first + at % MEANS;
                T::round(if j < k { -means[(j, at / MEANS)] } else { 0.0 })
            })
        });
        let squares = means.row_iter().map(|mean| mean.norm_squared());
        let mut half_squares: Vec<T> = squares.clone().map(|square| T::round(0.5 * square)).collect();
        half_squares.resize(k.next_multiple_of(MEANS), T::INFINITY);
        let largest_square = T::round(squares.fold(0.0, f64::max));
        PackedMeans { d, negated: negated.collect(), half_squares, largest_square }
    }

    /// A few means: their ½‖m‖², and −m.
    #[inline(always)]
    pub fn tiles(&self) -> impl Iterator<Item = (&[T; MEANS], &[[T; MEANS]])> {
        let half_squares = self.half_squares.as_chunks::<MEANS>().0;
        half_squares.iter().zip(self.negated.as_chunks::<MEANS>().0.chunks_exact(self.d))
    }
}
