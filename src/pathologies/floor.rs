//! A floor under the covariances: the likelihood is bounded again, and EM still climbs.
//!
//! The constraint Σ_j ⪰ f I (no variance in any direction below f) makes ℓ bounded by
//! [`upper_bound`](super::singularity::upper_bound). The M step under the constraint has a closed form, so it is an exact M
//! step and ℓ never falls. Adding f I to Σ, as libraries do, is something else.

use crate::error::Result;
use crate::gaussian_mixture::GaussianMixture;
use crate::latent::Model;
use crate::{check, em};
use nalgebra::{DMatrix, DVector};

/// The covariance with every eigenvalue below the floor raised to it.
///
/// ```math
/// \Sigma = V\operatorname{diag}(s_1, \dots, s_d)V^\top \;\longmapsto\;
/// V\operatorname{diag}(\max(s_1, f), \dots, \max(s_d, f))V^\top = \Sigma + \sum_a (f - s_a)_+\,v_av_a^\top
/// ```
///
/// **It is the constrained M step.** For weighted data with the scatter matrix S the step is to make
/// $`\log|\Sigma| + \operatorname{tr}\Sigma^{-1}S`$ least over all Σ ⪰ f I. Let Σ have the eigenvalues $`\lambda_1 \ge
/// \dots \ge \lambda_d`$, and S the eigenvalues $`s_1 \ge \dots \ge s_d`$. However the axes of the two lie,
/// $`\operatorname{tr}\Sigma^{-1}S \ge \sum_a s_a/\lambda_a`$ (von Neumann), with equality if they share them, large with
/// large; the determinant does not care. So what is left are d separate problems, $`\log\lambda_a + s_a/\lambda_a`$, each of
/// which falls until $`\lambda_a = s_a`$ and rises from there. With $`\lambda_a \ge f`$ the best is $`\max(s_a, f)`$. The
/// same holds within the tied, the diagonal and the spherical family.
///
/// `covariance` is d×d, symmetric, and may be singular; `floor` f > 0 in squared units of the data. A matrix without
/// eigenvalues below f is returned as it is, bit for bit, and a diagonal one stays diagonal. A floor below 2⁻⁵² times the
/// largest eigenvalue is lost in rounding. [`Error::NotSymmetric`](crate::Error::NotSymmetric), [`Error::Shape`](crate::Error::Shape), [`Error::NotFinite`](crate::Error::NotFinite) for a matrix that
/// is no covariance, [`Error::Domain`](crate::Error::Domain) for a floor that is not positive.
///
/// Source: B-05, C-E09 (the remedy).
///
/// ```
/// use executable_em::pathologies::floor::raised;
/// use nalgebra::dmatrix;
/// assert_eq!(raised(&dmatrix![4.0, 0.0; 0.0, 0.0], 0.25)?, dmatrix![4.0, 0.0; 0.0, 0.25]);
/// let sheet = raised(&dmatrix![2.0, 2.0; 2.0, 2.0], 1.0)?; // eigenvalues 4 and 0 become 4 and 1
/// assert!((sheet - dmatrix![2.5, 1.5; 1.5, 2.5]).amax() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn raised(covariance: &DMatrix<f64>, floor: f64) -> Result<DMatrix<f64>> {
    check::symmetric("covariance", covariance)?;
    check::positive("floor", floor)?;
    // The axes of a diagonal matrix are known without error.
    let diagonal = DMatrix::from_diagonal(&covariance.diagonal());
    if *covariance == diagonal {
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
/// As a [`Model`] it goes through [`em::fit`] and [`em::restarts`] like any other. Its M step is exact, so ℓ never falls; and ℓ is
/// bounded, so it converges.
///
/// Source: B-05, C-E09, H-E26 (the remedy; Hathaway (1985) bounds the ratio of the widths instead).
///
/// ```
/// use executable_em::{em, gaussian_mixture::{CovarianceFamily, GaussianMixture}, pathologies::FlooredMixture};
/// use nalgebra::{dmatrix, dvector};
/// let start = GaussianMixture::new(
///     dvector![0.5, 0.5], dmatrix![0.0; 5.0], vec![dmatrix![1.0]; 2], CovarianceFamily::Full)?;
/// let x = dmatrix![0.0; 3.0; 4.0; 5.0; 6.0]; // on which EM without a floor collapses
/// let fit = em::fit(FlooredMixture::new(start, 0.01)?, &x, &em::Stopping::default())?;
/// assert_eq!(fit.model().mixture.covariances[0][0], 0.01);
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FlooredMixture {
    /// The mixture.
    pub mixture: GaussianMixture,
    /// The floor f > 0 under every eigenvalue of a covariance, in squared units of the data.
    pub floor: f64,
}

impl FlooredMixture {
    /// This mixture with its covariances [`raised`] to the floor.
    ///
    /// Covariances that are singular become proper ones. Errors as in [`raised`] and [`GaussianMixture::new`].
    ///
    /// Source: B-05, C-E09. Example: [`FlooredMixture`].
    pub fn new(mixture: GaussianMixture, floor: f64) -> Result<Self> {
        let covariances: Vec<_> =
            mixture.covariances.iter().map(|covariance| raised(covariance, floor)).collect::<Result<_>>()?;
        let mixture = GaussianMixture::new(mixture.weights, mixture.means, covariances, mixture.family)?;
        Ok(FlooredMixture { mixture, floor })
    }
}

impl Model for FlooredMixture {
    /// That of the mixture.
    fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        self.mixture.log_joint(x)
    }

    /// The M step of the mixture within its family, then the floor.
    fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self> {
        FlooredMixture::new(self.mixture.maximize(x, r)?, self.floor)
    }

    /// Those of the mixture.
    fn parameters(&self) -> DVector<f64> {
        self.mixture.parameters()
    }
}

/// A sweep of EM that adds a ridge to every covariance, as libraries do to keep it invertible.
///
/// ```math
/// \Sigma_j \leftarrow \hat\Sigma_j + f I
/// ```
///
/// It widens all components in all directions, those far above f too, and is no M step of the likelihood: from a maximum of
/// ℓ it goes down, and it may go down on the way. `x` is n×d, `ridge` f > 0 in squared units of the data
/// ([`Error::Domain`](crate::Error::Domain)). Errors of [`em::sweep`].
///
/// Source: B-05, C-E09 (the remedy that is none; `reg_covar` of T-06's library).
///
/// ```
/// use executable_em::{gaussian_mixture::{CovarianceFamily, GaussianMixture}, pathologies::floor::ridge_sweep};
/// use nalgebra::{dmatrix, dvector};
/// let x = dmatrix![-1.0; 1.0];
/// let best = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
/// let widened = ridge_sweep(&best, &x, 0.5)?;
/// assert_eq!(widened.covariances[0][0], 1.5);
/// assert!(widened.log_likelihood(&x)? < best.log_likelihood(&x)?);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn ridge_sweep(model: &GaussianMixture, x: &DMatrix<f64>, ridge: f64) -> Result<GaussianMixture> {
    check::positive("ridge", ridge)?;
    let mut next = em::sweep(model, x)?;
    for covariance in &mut next.covariances {
        for a in 0..x.ncols() {
            covariance[(a, a)] += ridge;
        }
    }
    Ok(next)
}
