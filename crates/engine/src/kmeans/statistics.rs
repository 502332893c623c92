//! The sufficient statistics of k-means: sums over the data, so that those of parts add up to those of the whole.

use super::KMeans;
use executable_em::{Result, check};
use nalgebra::{DMatrix, DVector};

/// What the mean step needs to know of the data, once each has gone to its nearest mean: of every cluster the number of
/// its data and their sum, about a reference point c_j (the mean that a run began with, so that nothing large is
/// added).
///
/// ```math
/// R_j = \sum_i r_{ij}, \qquad s_j = \sum_i r_{ij}(x_i - c_j)
/// ```
///
/// They add up: over blocks, threads, files and machines, as long as all of them start from the same means.
///
/// Source: H-04, H-10, H-12.
///
/// ```
/// use executable_em::{data, kmeans};
/// use executable_em_engine::{Data, Engine, KMeans};
/// let x = data::old_faithful();
/// let means = KMeans::new(kmeans::random_start(&x, 2, &mut data::rng(1))?)?;
/// let engine = Engine::new(1)?;
/// let of = |rows: std::ops::Range<usize>| {
///     let part = x.rows(rows.start, rows.len()).into_owned();
///     Ok::<_, executable_em_engine::Error>(engine.statistics(&means, &Data::new(&part)?)?.expectation)
/// };
/// let (mut both, whole) = (of(0..100)?, of(0..272)?);
/// both.add(&of(100..272)?)?;
/// assert_eq!(both.counts, whole.counts);
/// # Ok::<(), executable_em_engine::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct KMeansStatistics {
    /// The number of data, whatever they weigh.
    pub rows: usize,
    /// R: k numbers.
    pub counts: DVector<f64>,
    /// The reference points c, k×d.
    pub references: DMatrix<f64>,
    /// s, k×d.
    pub first: DMatrix<f64>,
}

impl KMeansStatistics {
    /// Adds the statistics of other data, taken at the same means.
    ///
    /// # Errors
    /// [`Error::Shape`](executable_em::Error::Shape) for another k or d,
    /// [`Error::Domain`](executable_em::Error::Domain) for other reference points; `self` is then as it was.
    pub fn add(&mut self, other: &KMeansStatistics) -> Result<()> {
        check::same_points(&other.references, &self.references, "that of the statistics it joins")?;
        self.rows += other.rows;
        self.counts += &other.counts;
        self.first += &other.first;
        Ok(())
    }

    /// The mean step: the averages of the clusters.
    ///
    /// ```math
    /// m_j = c_j + \frac{s_j}{R_j}
    /// ```
    ///
    /// `previous` are the means that the statistics were taken at; a cluster with R_j = 0 keeps its own.
    ///
    /// Source: H-04, H-15, T-04.
    ///
    /// # Errors
    /// [`Error::Shape`](executable_em::Error::Shape) for another k or d,
    /// [`Error::NotFinite`](executable_em::Error::NotFinite) where an average overflows.
    pub fn maximize(&self, previous: &KMeans) -> Result<KMeans> {
        check::shape("means", previous.means.shape(), self.references.shape())?;
        let means = self.averages(&previous.means);
        check::finite("means", &means)?;
        Ok(KMeans { means, references: previous.references.clone() })
    }

    pub(super) fn averages(&self, previous: &DMatrix<f64>) -> DMatrix<f64> {
        previous.map_with_location(|j, a, before| {
            let count = self.counts[j];
            if count > 0.0 { self.references[(j, a)] + self.first[(j, a)] / count } else { before }
        })
    }
}
