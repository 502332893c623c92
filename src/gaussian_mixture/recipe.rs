//! The mixture as a recipe for data: how to draw from it, and the moments that the draws have.

use super::GaussianMixture;
use crate::error::Result;
use crate::{check, gaussian};
use nalgebra::{DMatrix, RowDVector};
use rand::Rng;
use rand::distr::weighted::WeightedIndex;
use rand_distr::{Distribution, StandardNormal};

impl GaussianMixture {
    /// Draws from the mixture: first a component by the weights, then a datum from its Gaussian.
    /// ```math
    /// z_i \sim \mathrm{Cat}(\pi), \qquad x_i \mid z_i \sim \mathcal N(\mu_{z_i}, \Sigma_{z_i})
    /// ```
    /// Returns n×d data and n labels, a draw of the joint.
    /// [`Error::Domain`](crate::Error::Domain) for more numbers than memory may hold.
    ///
    /// Source: T-10, H-22, L-E05.
    /// ```
    /// # use {executable_em::{data, gaussian_mixture::{CovarianceFamily::Full, GaussianMixture}}, nalgebra::*};
    /// let model = GaussianMixture::new(dvector![0.0, 1.0], dmatrix![0.0; 9.0], vec![dmatrix![1.0]; 2], Full)?;
    /// let (x, labels) = model.sample(3, &mut data::rng(1))?;
    /// assert_eq!((x.shape(), labels), ((3, 1), vec![1, 1, 1]));
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn sample(&self, n: usize, rng: &mut impl Rng) -> Result<(DMatrix<f64>, Vec<usize>)> {
        check::storable("number of draws", n.saturating_mul(self.d()))?;
        let component = WeightedIndex::new(self.weights.iter()).expect("weights on the simplex");
        let (mut x, mut labels) = (DMatrix::zeros(n, self.d()), vec![0; n]);
        for (i, label) in labels.iter_mut().enumerate() {
            *label = component.sample(rng);
            let mean = self.mean_of(*label);
            let drawn = match self.variances() {
                None => gaussian::draw(&mean, &self.factors()[*label], rng),
                Some(variances) => {
                    let standard = RowDVector::from_fn(self.d(), |_, _| StandardNormal.sample(rng));
                    mean + variances.row(*label).map(f64::sqrt).component_mul(&standard)
                }
            };
            x.set_row(i, &drawn);
        }
        Ok((x, labels))
    }

    /// The mean of the mixture, 1×d.
    /// ```math
    /// \bar\mu = \sum_j\pi_j\mu_j
    /// ```
    /// Source: H-22.
    /// ```
    /// # use {executable_em::gaussian_mixture::{CovarianceFamily::Full, GaussianMixture}, nalgebra::*};
    /// let model = GaussianMixture::new(dvector![0.25, 0.75], dmatrix![0.0; 4.0], vec![dmatrix![1.0]; 2], Full)?;
    /// assert_eq!(model.mean()[0], 3.0);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn mean(&self) -> RowDVector<f64> {
        self.weights.transpose() * &self.means
    }

    /// The covariance of the mixture, d×d: the spread within the components and that of their means.
    /// ```math
    /// \sum_j\pi_j\left(\Sigma_j + \mu_j\mu_j^\top\right) - \bar\mu\bar\mu^\top
    ///   = \sum_j\pi_j\left(\Sigma_j + (\mu_j-\bar\mu)(\mu_j-\bar\mu)^\top\right)
    /// ```
    /// Computed in the right-hand form, which does not cancel; infinite, or no number, where squares overflow. After
    /// an M step it equals the covariance of the data.
    ///
    /// Source: H-22, H-38.
    /// ```
    /// # use {executable_em::gaussian_mixture::{CovarianceFamily::Full, GaussianMixture}, nalgebra::*};
    /// let model = GaussianMixture::new(dvector![0.25, 0.75], dmatrix![0.0; 4.0], vec![dmatrix![1.0]; 2], Full)?;
    /// assert_eq!(model.covariance()[0], 1.0 + 3.0);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn covariance(&self) -> DMatrix<f64> {
        let mean = self.mean();
        let mut covariance = DMatrix::zeros(self.d(), self.d());
        for j in 0..self.k() {
            let offset = self.mean_of(j) - &mean;
            covariance += (&self.covariances()[j] + offset.transpose() * &offset) * self.weights[j];
        }
        covariance
    }
}
