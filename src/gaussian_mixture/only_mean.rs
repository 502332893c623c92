//! A mixture with one free mean: the smallest model in which EM has something to do, and one that fits on a page.

use super::{GaussianMixture, update};
use crate::error::{Error, Result};
use crate::latent::Model;
use nalgebra::{DMatrix, DVector};

/// A mixture of which only the mean of one component is a parameter; all else is known.
///
/// In one dimension θ is a single number, so that ℓ(θ) and its bounds are curves that can be drawn.
///
/// Source: C-21, C-22, C-23 (the lecture's figures have a one-dimensional θ and no numbers).
///
/// ```
/// use executable_em::em;
/// use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, OnlyMean};
/// use nalgebra::{dmatrix, dvector};
/// let mixture = GaussianMixture::new(dvector![0.5, 0.5], dmatrix![0.0; 1.0], vec![dmatrix![1.0]; 2], CovarianceFamily::Full)?;
/// let fit = em::fit(OnlyMean::new(mixture, 1)?, &dmatrix![0.0; 5.0; 5.2], &em::Stopping::default())?;
/// assert_eq!(fit.model().mixture.means[0], 0.0); // held
/// assert!((fit.model().mixture.means[1] - 5.1).abs() < 0.1); // free
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct OnlyMean {
    /// All parameters, the known and the free one.
    pub mixture: GaussianMixture,
    /// The component whose mean is free.
    pub component: usize,
}

impl OnlyMean {
    /// `mixture` with the mean of `component` free. [`Error::Domain`] if there is no such component.
    ///
    /// Source: C-21. Example: [`OnlyMean`].
    pub fn new(mixture: GaussianMixture, component: usize) -> Result<Self> {
        mixture.validate()?;
        if component >= mixture.k() {
            let value = component as f64;
            return Err(Error::Domain {
                what: "component",
                value,
                allowed: "below the number of components",
            });
        }
        Ok(OnlyMean { mixture, component })
    }
}

impl Model for OnlyMean {
    /// That of the mixture.
    fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        self.mixture.log_joint(x)
    }

    /// The update of that one mean.
    fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self> {
        let updated = update::means(x, r, &self.mixture.means)?;
        let mut next = self.clone();
        next.mixture.means.set_row(self.component, &updated.row(self.component));
        Ok(next)
    }

    /// That one mean.
    fn parameters(&self) -> DVector<f64> {
        DVector::from_vec(self.mixture.means.row(self.component).iter().copied().collect())
    }
}
