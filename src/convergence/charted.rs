//! Models that are vectors of numbers, too: what can be extrapolated.

use super::{chart, coordinates};
use crate::bernoulli_mixture::BernoulliMixture;
use crate::check;
use crate::error::Result;
use crate::gaussian_mixture::{FlooredMixture, GaussianMixture};
use crate::incomplete::student::{FEWEST_DEGREES, MOST_DEGREES, StudentMixture};
use crate::soft_kmeans::{SoftKMeans, Weights};
use nalgebra::DVector;

/// In which coordinates to guess.
///
/// Source: X-17.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chart {
    /// Weights, means and covariances as they are: a guess may be no mixture, and is then refused.
    Plain,
    /// Log ratios of weights and log Cholesky factors ([`chart`]), of which every vector is a mixture.
    Unbounded,
}

/// A model that is a vector of numbers, too.
///
/// Source: X-17.
/// ```
/// use executable_em::convergence::charted::{Chart, Charted};
/// use executable_em::bernoulli_mixture::BernoulliMixture;
/// use nalgebra::{dmatrix, dvector};
/// let fair = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.5; 0.5], 3)?;
/// assert_eq!(fair.coordinates(Chart::Unbounded)?, dvector![0.0, 0.0, 0.0]); // odds of one to one
/// assert_eq!(fair.moved_to(&dvector![0.25, 0.1, 0.2], Chart::Plain)?.weights()[1], 0.75);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub trait Charted: Clone + PartialEq {
    /// Its numbers in a chart. Errors where it has none.
    fn coordinates(&self, chart: Chart) -> Result<DVector<f64>>;

    /// The model of this shape with these numbers. Errors where they make none.
    fn moved_to(&self, numbers: &DVector<f64>, chart: Chart) -> Result<Self>;
}

impl Charted for GaussianMixture {
    fn coordinates(&self, chart: Chart) -> Result<DVector<f64>> {
        match chart {
            Chart::Plain => Ok(coordinates::coordinates(self)),
            Chart::Unbounded => chart::coordinates(self),
        }
    }

    fn moved_to(&self, numbers: &DVector<f64>, chart: Chart) -> Result<Self> {
        match chart {
            Chart::Plain => coordinates::mixture_of(numbers, self),
            Chart::Unbounded => chart::mixture_of(numbers, self),
        }
    }
}

impl Charted for FlooredMixture {
    fn coordinates(&self, chart: Chart) -> Result<DVector<f64>> {
        self.mixture().coordinates(chart)
    }

    /// What lies below the floor is raised to it.
    fn moved_to(&self, numbers: &DVector<f64>, chart: Chart) -> Result<Self> {
        FlooredMixture::new(self.mixture().moved_to(numbers, chart)?, self.floor())
    }
}

impl Charted for BernoulliMixture {
    fn coordinates(&self, chart: Chart) -> Result<DVector<f64>> {
        match chart {
            Chart::Plain => Ok(coordinates::of_coins(self)),
            Chart::Unbounded => chart::of_coins(self),
        }
    }

    fn moved_to(&self, numbers: &DVector<f64>, chart: Chart) -> Result<Self> {
        match chart {
            Chart::Plain => coordinates::coins_of(numbers, self),
            Chart::Unbounded => chart::coins_of(numbers, self),
        }
    }
}

/// The shape's numbers, and the logarithms of the degrees of freedom.
impl Charted for StudentMixture {
    fn coordinates(&self, chart: Chart) -> Result<DVector<f64>> {
        let shape = self.shape().coordinates(chart)?;
        Ok(DVector::from_vec(
            shape.iter().copied().chain(self.degrees().map(f64::ln).iter().copied()).collect(),
        ))
    }

    fn moved_to(&self, numbers: &DVector<f64>, chart: Chart) -> Result<Self> {
        let k = self.degrees().len();
        check::matrix("coordinates", numbers, (self.shape().parameter_count() + k, 1))?;
        let of_shape = numbers.rows(0, numbers.len() - k).into_owned();
        let degrees =
            numbers.rows(of_shape.len(), k).map(|log| log.exp().clamp(FEWEST_DEGREES, MOST_DEGREES));
        StudentMixture::new(self.shape().moved_to(&of_shape, chart)?, degrees)
    }
}

/// The numbers of the mixture that it is; those that are held stay where they are.
impl Charted for SoftKMeans {
    fn coordinates(&self, chart: Chart) -> Result<DVector<f64>> {
        self.mixture()?.coordinates(chart)
    }

    fn moved_to(&self, numbers: &DVector<f64>, chart: Chart) -> Result<Self> {
        let mixture = self.mixture()?.moved_to(numbers, chart)?;
        let moved = self.with_means(mixture.means().clone())?;
        match self.weights_are() {
            Weights::Held => Ok(moved),
            Weights::Fitted => moved.with_weights(mixture.weights().clone()),
        }
    }
}
