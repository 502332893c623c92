//! EM beside its rival, gradient ascent in the means, the steps in between, and the curvature that tells a saddle.

use super::{GaussianMixture, score, update};
use crate::check;
use crate::error::Result;
use crate::latent::{self, Model};
use nalgebra::{Cholesky, DMatrix, DVector};

/// The mean step of EM, written as a gradient step with a matrix for a step length.
/// ```math
/// \mu_j^{\text{new}} = \mu_j + \frac{\Sigma_j}{R_j}\,\nabla_{\mu_j}\ell
/// ```
/// `x` is n×d; returns k×d, equal to [`update::means`]. The matrix is positive definite, so the step points uphill, and
/// no step length need be chosen. A component with $`R_j = 0`$ stays where it is.
///
/// Source: C-07.
/// ```
/// use executable_em::{data, gaussian_mixture::{CovarianceFamily, gradient, random_start, update}};
/// let x = data::old_faithful();
/// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let as_update = update::means(&x, &model.responsibilities(&x)?, model.means())?;
/// assert!((gradient::em_step(&model, &x)? - as_update).amax() < 1e-10);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn em_step(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    let r = model.responsibilities(x)?;
    let (counts, score) = (latent::counts(&r), score::along_means(model, x, &r));
    let mut means = model.means().clone();
    for j in 0..model.k() {
        let length = &model.covariances()[j] / counts[j];
        if length.iter().all(|entry| entry.is_finite()) {
            means.set_row(j, &(model.means.row(j) + (length * score.row(j).transpose()).transpose()));
        }
    }
    check::defined("means", means)
}

/// Generalised EM: a mixture whose means go a share s of the way to the M step; its weights and covariances are known.
/// ```math
/// \mu_j \leftarrow \mu_j + s\,\delta_j, \quad \delta_j = \frac1{R_j}\sum_i r_{ij}(x_i - \mu_j); \qquad
/// Q \text{ rises by } \left(s - \tfrac{s^2}2\right)\sum_j R_j\,\delta_j^\top\Sigma_j^{-1}\delta_j
/// ```
/// Q is a parabola along the step, with its top at s = 1, the M step. Every s between 0 and 2 raises it, and hence ℓ by
/// at least as much: EM needs no exact M step, only one that climbs. [`em::fit`](crate::em::fit) runs it.
///
/// Source: C-E15, C-07; Dempster, Laird and Rubin (1977), §2.
/// ```
/// use executable_em::{em, gaussian_mixture::{CovarianceFamily, GaussianMixture, gradient::PartOfStep}};
/// use nalgebra::{dmatrix, dvector};
/// let one = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
/// let half = PartOfStep::new(one, 0.5)?;
/// assert_eq!(em::sweep(&half, &dmatrix![4.0])?.mixture().means()[0], 2.0);
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PartOfStep {
    mixture: GaussianMixture,
    share: f64,
}

impl PartOfStep {
    /// `mixture` with free means. [`Error::Domain`](crate::Error::Domain) unless the share lies between 0 and 2.
    ///
    /// Source: C-E15. Example: [`PartOfStep`].
    pub fn new(mixture: GaussianMixture, share: f64) -> Result<Self> {
        check::domain("share of a step", share, share > 0.0 && share < 2.0, "between 0 and 2")?;
        Ok(PartOfStep { mixture, share })
    }

    /// All parameters; only the means move.
    pub fn mixture(&self) -> &GaussianMixture {
        &self.mixture
    }
}

impl Model for PartOfStep {
    fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        self.mixture.log_joint(x)
    }

    /// Part of the way to the means that maximise Q.
    fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self> {
        let means = self.mixture.means();
        let step = update::means(x, r, means)? - means;
        Ok(PartOfStep { mixture: self.mixture.with_means(means + step * self.share)?, share: self.share })
    }

    fn parameters(&self) -> DVector<f64> {
        DVector::from_column_slice(self.mixture.means.as_slice())
    }
}

/// Gradient ascent on the log-likelihood in the means, weights and covariances held.
/// ```math
/// \mu_j \leftarrow \mu_j + \eta\,\nabla_{\mu_j}\ell
/// ```
/// `x` is n×d; `step` is η > 0 in squared units of the data per nat. Returns the start and the mixture after each of
/// `steps` steps. Unlike EM it can overshoot: for η too large ℓ falls.
///
/// Source: C-06, C-07.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, gradient};
/// use nalgebra::{dmatrix, dvector};
/// let start = GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
/// let path = gradient::ascend_means(&start, &dmatrix![4.0], 0.5, 2)?;
/// assert_eq!(path.iter().map(|model| model.means()[0]).collect::<Vec<_>>(), [0.0, 2.0, 3.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn ascend_means(
    start: &GaussianMixture,
    x: &DMatrix<f64>,
    step: f64,
    steps: usize,
) -> Result<Vec<GaussianMixture>> {
    check::positive("step", step)?;
    let mut path = vec![start.clone()];
    for t in 0..steps {
        path.push(path[t].with_means(path[t].means() + score::in_means(&path[t], x)? * step)?);
    }
    Ok(path)
}

/// The Hessian of the log-likelihood in the means.
/// ```math
/// \frac{\partial^2\ell}{\partial\mu_j\,\partial\mu_l^\top} =
///   \sum_i r_{ij}(\delta_{jl} - r_{il})\,s_{ij}s_{il}^\top - \delta_{jl}\,R_j\Sigma_j^{-1}, \qquad
///   s_{ij} = \Sigma_j^{-1}(x_i - \mu_j)
/// ```
/// `x` is n×d; returns kd×kd, row jd + a belonging to coordinate a of μ_j, in nats per squared unit of the data. The
/// last term is the Hessian of Q, always negative; the first is what not knowing the labels adds. Where it wins, a
/// point with score zero is no maximum: EM rests there, but on a saddle.
///
/// Source: H-E21, T-E08, C-E09.
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily::Full, GaussianMixture, gradient};
/// use nalgebra::{dmatrix, dvector};
/// let equal = GaussianMixture::new(dvector![0.5, 0.5], dmatrix![0.0; 0.0], vec![dmatrix![1.0]; 2], Full)?;
/// let hessian = gradient::hessian_in_means(&equal, &dmatrix![-2.0; -1.0; 1.0; 2.0])?;
/// assert_eq!(hessian, dmatrix![0.5, -2.5; -2.5, 0.5]); // eigenvalues −2 and +3
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn hessian_in_means(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    let (k, d, r) = (model.k(), model.d(), model.responsibilities(x)?);
    let counts = latent::counts(&r);
    let precisions: Vec<_> = model.factors().iter().map(Cholesky::inverse).collect();
    let s = |i: usize, j: usize| &precisions[j] * (x.row(i) - model.means.row(j)).transpose();
    let mut hessian = DMatrix::zeros(k * d, k * d);
    for (j, l) in (0..k).flat_map(|j| (0..k).map(move |l| (j, l))) {
        let same = if j == l { 1.0 } else { 0.0 };
        let mut block = &precisions[j] * (-same * counts[j]);
        for i in 0..x.nrows() {
            block += s(i, j) * s(i, l).transpose() * (r[(i, j)] * (same - r[(i, l)]));
        }
        hessian.view_mut((j * d, l * d), (d, d)).copy_from(&block);
    }
    check::defined("Hessian", hessian)
}
