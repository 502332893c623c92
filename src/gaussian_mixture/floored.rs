//! A floor under the covariances: the likelihood is bounded again, and EM still climbs.
//!
//! The constraint Σ_j ⪰ f I bounds ℓ by [`upper_bound`](crate::pathologies::singularity::upper_bound). Its M step has a
//! closed form, so ℓ never falls. Libraries add f I instead: [`ridge_sweep`](crate::pathologies::ridge::ridge_sweep).

use super::{CovarianceFamily, GaussianMixture, Parts, covariance::diagonal};
use crate::check;
use crate::error::Result;
use crate::latent::Model;
use nalgebra::{DMatrix, DVector};

/// The covariance with every eigenvalue below the floor raised to it.
/// ```math
/// \Sigma = V\operatorname{diag}(s_1, \dots, s_d)V^\top \;\longmapsto\;
/// V\operatorname{diag}(\max(s_1, f), \dots, \max(s_d, f))V^\top = \Sigma + \sum_a (f - s_a)_+\,v_av_a^\top
/// ```
/// **It is the constrained M step.** For weighted data with the scatter matrix S the step is to make
/// $`\log|\Sigma| + \operatorname{tr}\Sigma^{-1}S`$ least over all Σ ⪰ f I. Let Σ have the eigenvalues
/// $`\lambda_1 \ge \dots \ge \lambda_d`$, and S the eigenvalues $`s_1 \ge \dots \ge s_d`$. However the axes of the two
/// lie, $`\operatorname{tr}\Sigma^{-1}S \ge \sum_a s_a/\lambda_a`$ (von Neumann), with equality if they share them,
/// large with large; the determinant does not care. What is left are d separate problems,
/// $`\log\lambda_a + s_a/\lambda_a`$, each of which falls until $`\lambda_a = s_a`$ and rises from there. Above f the
/// best is $`\max(s_a, f)`$. The same holds within every family.
///
/// `covariance` is d×d, symmetric, and may be singular; `floor` f > 0 in squared units of the data. A matrix without
/// eigenvalues below f is returned bit for bit, and a diagonal one stays diagonal. A floor below 2⁻⁵² times the largest
/// eigenvalue is lost in rounding. [`Error::Domain`](crate::Error::Domain) for a floor that is not positive, and
/// otherwise as in [`cholesky`](crate::gaussian::cholesky).
///
/// Source: B-05, C-E09.
/// ```
/// use executable_em::gaussian_mixture::floored::raised;
/// use nalgebra::dmatrix;
/// assert_eq!(raised(&dmatrix![4.0, 0.0; 0.0, 0.0], 0.25), Ok(dmatrix![4.0, 0.0; 0.0, 0.25]));
/// let sheet = raised(&dmatrix![2.0, 2.0; 2.0, 2.0], 1.0).unwrap(); // eigenvalues 4 and 0 become 4 and 1
/// assert!((sheet - dmatrix![2.5, 1.5; 1.5, 2.5]).amax() < 1e-14);
/// ```
pub fn raised(covariance: &DMatrix<f64>, floor: f64) -> Result<DMatrix<f64>> {
    check::symmetric("covariance", covariance)?;
    check::positive("floor", floor)?;
    // The axes of a diagonal matrix are known without error.
    if *covariance == diagonal(covariance) {
        return Ok(DMatrix::from_diagonal(&covariance.diagonal().map(|variance| variance.max(floor))));
    }
    let eigen = covariance.clone().symmetric_eigen();
    let mut raised = covariance.clone();
    for (axis, &variance) in eigen.eigenvectors.column_iter().zip(&eigen.eigenvalues) {
        if variance < floor {
            raised += axis * axis.transpose() * (floor - variance);
        }
    }
    Ok(raised)
}

/// A Gaussian mixture none of whose covariances may have an eigenvalue below a floor.
///
/// A [`Model`] whose M step is exact, so that ℓ never falls, and whose ℓ is bounded, so that it converges.
///
/// Source: B-05, C-E09, H-E26; Hathaway (1985).
/// ```
/// use executable_em::{em, gaussian_mixture::{CovarianceFamily::Full, FlooredMixture, GaussianMixture}};
/// use nalgebra::{dmatrix, dvector};
/// let start = GaussianMixture::new(dvector![0.5, 0.5], dmatrix![0.0; 5.0], vec![dmatrix![1.0]; 2], Full)?;
/// let x = dmatrix![0.0; 3.0; 4.0; 5.0; 6.0]; // on which EM without a floor collapses
/// let fit = em::fit(FlooredMixture::new(start, 0.01)?, &x, &em::Stopping::default())?;
/// assert_eq!(fit.model.mixture().covariances()[0][0], 0.01);
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FlooredMixture {
    mixture: GaussianMixture,
    floor: f64,
}

impl FlooredMixture {
    /// This mixture with its covariances [`raised`] to the floor; errors as there.
    ///
    /// Source: B-05, C-E09. Example: [`FlooredMixture`].
    pub fn new(mixture: GaussianMixture, floor: f64) -> Result<Self> {
        let covariances = mixture.stored_covariances();
        let GaussianMixture { weights, means, family, .. } = mixture;
        FlooredMixture::from_parts((weights, means, covariances), family, floor)
    }

    /// The mixture of these weights, means and covariances, the last [`raised`] to the floor, so that singular ones
    /// become proper; errors as there and in [`GaussianMixture::new`].
    ///
    /// Source: B-05, C-E09.
    /// ```
    /// use executable_em::gaussian_mixture::{CovarianceFamily, FlooredMixture};
    /// use nalgebra::{dmatrix, dvector};
    /// let point = (dvector![1.0], dmatrix![3.0], vec![dmatrix![0.0]]);
    /// let floored = FlooredMixture::from_parts(point, CovarianceFamily::Full, 0.25).unwrap();
    /// assert_eq!(floored.mixture().covariances()[0][0], 0.25);
    /// ```
    pub fn from_parts(parts: Parts, family: CovarianceFamily, floor: f64) -> Result<Self> {
        let (weights, means, covariances) = parts;
        let raise = |covariance: &DMatrix<f64>| match covariance.ncols() {
            // A diagonal, whose axes are known.
            1 if family.is_along_axes() => {
                check::positive("floor", floor)?;
                check::finite("covariance", covariance)?;
                Ok(covariance.map(|variance| variance.max(floor)))
            }
            _ => raised(covariance, floor),
        };
        let raised = covariances.iter().map(raise).collect::<Result<_>>()?;
        Ok(FlooredMixture { mixture: GaussianMixture::new(weights, means, raised, family)?, floor })
    }

    /// The mixture.
    pub fn mixture(&self) -> &GaussianMixture {
        &self.mixture
    }

    /// The floor f > 0 under every eigenvalue of a covariance, in squared units of the data.
    pub fn floor(&self) -> f64 {
        self.floor
    }
}

impl Model for FlooredMixture {
    fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        self.mixture.log_joint(x)
    }

    /// The M step of the mixture within its family, then the floor.
    fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self> {
        FlooredMixture::from_parts(self.mixture.updated(x, r)?, self.mixture.family(), self.floor)
    }

    fn parameters(&self) -> DVector<f64> {
        self.mixture.parameters()
    }
}
