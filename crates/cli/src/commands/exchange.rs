//! A mixture with one of its components replaced: where to look next, once runs have ended.

use executable_em::Error;
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::gaussian_mixture::{CovarianceFamily, FlooredMixture, GaussianMixture};
use executable_em::incomplete::student::StudentMixture;
use nalgebra::{DMatrix, DVector};

/// A mixture whose components can be exchanged.
pub trait Exchange: Sized {
    /// The same mixture, but with the first component of another one in the place of component j, with its share, and
    /// with its covariance times `scale`.
    ///
    /// Runs end where each component holds what is near it, and two share what deserves one while one bears what
    /// deserves two. Starts at random must place all components well at once, an exchange only one: Zhao, Hautamäki,
    /// Kärkkäinen and Fränti (2012), Pattern Recognition Letters 33, 2120–2126.
    fn exchanged(&self, j: usize, other: &Self, scale: f64) -> Result<Self, Error>;
}

impl Exchange for GaussianMixture {
    fn exchanged(&self, j: usize, other: &Self, scale: f64) -> Result<Self, Error> {
        let weights = shared(self.weights(), j, other.weights());
        let means = row_exchanged(self.means(), j, other.means());
        let mut covariances = self.stored_covariances();
        // A covariance that is common to all stays so.
        if self.family() != CovarianceFamily::Tied {
            covariances[j] = other.stored_covariances().swap_remove(0) * scale;
        }
        GaussianMixture::new(weights, means, covariances, self.family())
    }
}

impl Exchange for FlooredMixture {
    fn exchanged(&self, j: usize, other: &Self, scale: f64) -> Result<Self, Error> {
        FlooredMixture::new(self.mixture().exchanged(j, other.mixture(), scale)?, self.floor())
    }
}

impl Exchange for StudentMixture {
    fn exchanged(&self, j: usize, other: &Self, scale: f64) -> Result<Self, Error> {
        let mut degrees = self.degrees().clone();
        degrees[j] = other.degrees()[0];
        StudentMixture::new(self.shape().exchanged(j, other.shape(), scale)?, degrees)
    }
}

impl Exchange for BernoulliMixture {
    fn exchanged(&self, j: usize, other: &Self, _: f64) -> Result<Self, Error> {
        let weights = shared(self.weights(), j, other.weights());
        BernoulliMixture::new(weights, row_exchanged(self.biases(), j, other.biases()), self.flips())
    }
}

fn shared(weights: &DVector<f64>, j: usize, other: &DVector<f64>) -> DVector<f64> {
    let mut weights = weights.clone();
    weights[j] = other[0];
    let total = weights.sum();
    weights / total
}

fn row_exchanged(rows: &DMatrix<f64>, j: usize, other: &DMatrix<f64>) -> DMatrix<f64> {
    let mut rows = rows.clone();
    rows.set_row(j, &other.row(0));
    rows
}
