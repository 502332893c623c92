//! What a hand takes hold of in a mixture, and what its moves mean.

use crate::rows;
use executable_em::check;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use nalgebra::DMatrix;
use serde::Deserialize;

/// One handle, and where it goes.
#[derive(Debug, Deserialize)]
pub struct Drag {
    component: usize,
    handle: Handle,
    to: [f64; 2],
}

/// What a hand can take: the mean, or one of the two points at one standard deviation that the Cholesky factor names.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Handle {
    Mean,
    /// The rightmost point of the ellipse.
    Right,
    /// The point straight above the mean.
    Above,
}

impl Drag {
    /// The model with one of its handles elsewhere; a covariance then leads the others of its family.
    pub fn moved(&self, model: &GaussianMixture) -> executable_em::Result<GaussianMixture> {
        let Drag { component, handle, to } = *self;
        let is_there = component < model.k();
        check::domain("component", component as f64, is_there, "below the number of components")?;
        let mean = model.means().row(component);
        let arm = [to[0] - mean[0], to[1] - mean[1]];
        if let Handle::Mean = handle {
            let mut means = model.means().clone();
            means.row_mut(component).copy_from_slice(&to);
            return model.with_means(means);
        }
        // Σ = L Lᵀ: the first column of L leads to the rightmost point, the second straight up.
        let mut factor = model.factors()[component].l();
        match handle {
            Handle::Right => factor.column_mut(0).copy_from_slice(&arm),
            _ => factor[(1, 1)] = arm[1],
        }
        let covariance = &factor * factor.transpose();
        let mut covariances = model.covariances().to_vec();
        match model.family() {
            CovarianceFamily::Tied => covariances.fill(covariance),
            CovarianceFamily::Spherical => {
                let lead = if let Handle::Right = handle { covariance[(0, 0)] } else { covariance[(1, 1)] };
                covariances[component] = DMatrix::from_diagonal_element(2, 2, lead);
            }
            _ => covariances[component] = covariance,
        }
        let covariances = match model.family() {
            // All are the same, to the last digit.
            CovarianceFamily::Tied => covariances,
            family => family.constrain(covariances, model.weights())?,
        };
        model.with_covariances(covariances, model.family())
    }
}

/// For each component where its mean, its rightmost point and the point above its mean lie.
pub fn handles(model: &GaussianMixture) -> Vec<[[f64; 2]; 3]> {
    let of = |(mean, factor): ([f64; 2], &executable_em::gaussian::Factor)| {
        let l = factor.l();
        let right = [mean[0] + l[(0, 0)], mean[1] + l[(1, 0)]];
        [mean, right, [mean[0], mean[1] + l[(1, 1)]]]
    };
    rows(model.means()).into_iter().zip(model.factors()).map(of).collect()
}
