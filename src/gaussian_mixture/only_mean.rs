//! A mixture with one free mean: the smallest model in which EM has something to do, and one that fits on a page.

use super::{GaussianMixture, update};
use crate::check;
use crate::error::Result;
use crate::latent::Model;
use nalgebra::{DMatrix, DVector};

/// A mixture of which only the mean of one component is a parameter; all else is known.
///
/// In one dimension θ is a single number, so that ℓ(θ) and its bounds are curves that can be drawn.
///
/// Source: C-21, C-22, C-23.
/// ```
/// use executable_em::{em, gaussian_mixture::{CovarianceFamily::Full, GaussianMixture, OnlyMean}};
/// use nalgebra::{dmatrix, dvector};
/// let mixture = GaussianMixture::new(dvector![0.5, 0.5], dmatrix![0.0; 1.0], vec![dmatrix![1.0]; 2], Full)?;
/// let fit = em::fit(OnlyMean::new(mixture, 1)?, &dmatrix![0.0; 5.0; 5.2], &em::Stopping::default())?;
/// assert_eq!(fit.model.mixture().means()[0], 0.0); // held
/// assert!((fit.model.mixture().means()[1] - 5.1).abs() < 0.1); // free
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct OnlyMean {
    mixture: GaussianMixture,
    component: usize,
}

impl OnlyMean {
    /// `mixture` with the mean of `component` free; [`Error::Domain`](crate::Error::Domain) if there is none.
    ///
    /// Source: C-21. Example: [`OnlyMean`].
    pub fn new(mixture: GaussianMixture, component: usize) -> Result<Self> {
        let (value, exists) = (component as f64, component < mixture.k());
        check::domain("component", value, exists, "below the number of components")?;
        Ok(OnlyMean { mixture, component })
    }

    /// All parameters, the known and the free one.
    pub fn mixture(&self) -> &GaussianMixture {
        &self.mixture
    }

    /// The component whose mean is free.
    pub fn component(&self) -> usize {
        self.component
    }
}

impl Model for OnlyMean {
    fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        self.mixture.log_joint(x)
    }

    /// The update of that one mean.
    fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self> {
        let mut means = self.mixture.means().clone();
        means.set_row(self.component, &update::means(x, r, &means)?.row(self.component));
        Ok(OnlyMean { mixture: self.mixture.with_means(means)?, component: self.component })
    }

    fn parameters(&self) -> DVector<f64> {
        DVector::from_vec(self.mixture.means.row(self.component).iter().copied().collect())
    }
}
