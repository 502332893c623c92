//! A score of zero is not a maximum: curvature tells, and a small step in the right direction leads away.

use crate::error::Result;
use crate::gaussian_mixture::{GaussianMixture, gradient};
use crate::{check, latent};
use nalgebra::{DMatrix, DVector};

/// The curvature of ℓ along one of the principal directions of the means.
///
/// Source: H-E21. Example: [`nudged`].
#[derive(Clone, Debug, PartialEq)]
pub struct Curvature {
    /// The eigenvalue of the Hessian, in nats per squared unit of the data: positive where ℓ curves upwards.
    pub value: f64,
    /// The eigenvector as a k×d matrix, a row a component, of length one.
    pub direction: DMatrix<f64>,
}

/// The principal curvatures of ℓ in the means, the least first.
/// ```math
/// \frac{\partial^2\ell}{\partial\mu\,\partial\mu^\top}\,u = \lambda u, \qquad \|u\| = 1
/// ```
/// `x` is n×d; returns kd curvatures with their directions (of ±u the one whose first sizeable entry is positive). At a
/// point with score zero, all λ < 0 means a maximum in the means, and one λ > 0 a saddle, where EM rests and yet has
/// not arrived. λ = 0 decides nothing. On {±1, ±2} with both means at 0 the curvatures are −2 and +3 if the variances
/// are 1, but −.8 and 0 if they are 2.5, as fitted along. Means that part to ∓m then *lower* ℓ, by 0.0725 m⁴, while the
/// variances stay; if these shrink by m², they raise it, by 0.0875 m⁴. Errors as in [`gradient::hessian_in_means`].
///
/// Source: H-E21, C-E09. Example: [`nudged`].
pub fn curvatures(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<Vec<Curvature>> {
    let (k, d) = (model.k(), model.d());
    let hessian = gradient::hessian_in_means(model, x)?;
    check::finite("Hessian", &hessian)?;
    let eigen = hessian.symmetric_eigen();
    check::finite("curvatures", &eigen.eigenvalues)?;
    let mut curvatures: Vec<Curvature> = (0..k * d)
        .map(|m| {
            let u = eigen.eigenvectors.column(m);
            // Entries that are equal but for rounding must not take turns in deciding the sign.
            let sizeable = u.iter().find(|entry| entry.abs() > 0.5 * u.amax()).copied().unwrap_or(1.0);
            let direction = DMatrix::from_fn(k, d, |j, a| u[j * d + a] * sizeable.signum());
            Curvature { value: eigen.eigenvalues[m], direction }
        })
        .collect();
    curvatures.sort_by(|a, b| a.value.total_cmp(&b.value));
    Ok(curvatures)
}

/// The mixture with its means moved by a step along a direction.
/// ```math
/// \mu \leftarrow \mu + \eta\,u
/// ```
/// `direction` u is k×d, `step` η in units of the data (of either sign). Off a saddle, along the curvature of largest
/// value, ℓ rises by about $`\tfrac12\lambda\eta^2`$, and EM does the rest.
///
/// Source: H-E21, C-E09.
/// ```
/// use executable_em::{gaussian_mixture::{CovarianceFamily::Full, GaussianMixture}, pathologies::saddle};
/// use nalgebra::{dmatrix, dvector};
/// let x = dmatrix![-2.0; -1.0; 1.0; 2.0];
/// let equal = GaussianMixture::new(dvector![0.5, 0.5], dmatrix![0.0; 0.0], vec![dmatrix![1.0]; 2], Full)?;
/// let (curvature, growth) = (&saddle::curvatures(&equal, &x)?[1], saddle::growths(&equal, &x)?[1]);
/// assert!((curvature.value - 3.0).abs() < 1e-14 && (growth - 2.5).abs() < 1e-14);
/// let beside = saddle::nudged(&equal, &curvature.direction, 0.01)?;
/// assert!(beside.log_likelihood(&x)? > equal.log_likelihood(&x)? + 1.4e-4); // ½ · 3 · 0.01²
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn nudged(model: &GaussianMixture, direction: &DMatrix<f64>, step: f64) -> Result<GaussianMixture> {
    check::matrix("direction", direction, model.means().shape())?;
    check::number("step", step)?;
    model.with_means(model.means() + direction * step)
}

/// By which factors a sweep of the mean step stretches small distances from a fixed point, the least first.
/// ```math
/// \frac{\partial\mu^{\text{new}}}{\partial\mu} = I + C^{-1}\,\frac{\partial^2\ell}{\partial\mu\,\partial\mu^\top},
/// \qquad C = \operatorname{diag}(R_1\Sigma_1^{-1}, \dots, R_k\Sigma_k^{-1})
/// ```
/// At a fixed point the score vanishes, so that of the derivative of $`\mu + C^{-1}\nabla\ell`$ only this is left. A
/// factor below 1 draws in, one above 1 drives away: with curvature +3 and R/Σ = 2, by 2.5 a sweep. Every factor is at
/// least 0, so EM does not swing about its fixed points. Weights and covariances are held. `x` is n×d; returns kd
/// factors. [`Error::Domain`](crate::Error::Domain) for a component without responsibility.
///
/// Source: H-E21, C-E09; Dempster, Laird and Rubin (1977), §3. Example: [`nudged`].
pub fn growths(model: &GaussianMixture, x: &DMatrix<f64>) -> Result<DVector<f64>> {
    let (k, d) = (model.k(), model.d());
    let hessian = gradient::hessian_in_means(model, x)?;
    let counts = latent::counts(&model.responsibilities(x)?);
    // C⁻¹ = L Lᵀ, and C⁻¹H has the eigenvalues of the symmetric LᵀHL.
    let mut l = DMatrix::zeros(k * d, k * d);
    for j in 0..k {
        check::positive("count of a component", counts[j])?;
        l.view_mut((j * d, j * d), (d, d)).copy_from(&(model.factors()[j].l() / counts[j].sqrt()));
    }
    let scaled = l.transpose() * hessian * l;
    check::finite("Hessian over the curvature of Q", &scaled)?;
    let mut growths = scaled.symmetric_eigenvalues().add_scalar(1.0);
    growths.as_mut_slice().sort_by(f64::total_cmp);
    Ok(growths)
}
