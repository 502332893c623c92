//! The parameters of a Gaussian mixture as the kernels read them.

use super::statistics::Layout;
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use crate::{Error, Result, gaussian};

/// What the log joint of one component is computed from.
#[derive(Clone, Copy)]
pub(super) struct Component<'a> {
    /// log π − ½ log|2πΣ|.
    pub constant: f64,
    /// μ, of length d.
    pub mean: &'a [f64],
    /// W = L⁻¹ for Σ = L Lᵀ, packed by pairs of rows ([`pair_index`]); for diagonal covariances 1/σ_a.
    pub whitening: &'a [f64],
}

/// All components, one after the other.
#[derive(Debug)]
pub(super) struct Prepared {
    pub layout: Layout,
    constants: Vec<f64>,
    means: Vec<f64>,
    whitening: Vec<f64>,
}

/// Where the entry (a, b) of a lower triangular matrix lies when two rows at a time are stored column by column: the pair of
/// rows 2p and 2p + 1 takes 2 (2p + 2) places, one of them for the zero above the diagonal.
pub(super) fn pair_index(a: usize, b: usize) -> usize {
    let pair = a / 2;
    2 * pair * (pair + 1) + 2 * b + a % 2
}

impl Prepared {
    /// Factors every covariance; [`Error::NotPositiveDefinite`] names the component whose covariance has none.
    pub fn new(model: &GaussianMixture) -> Result<Self> {
        let (k, d) = (model.k(), model.d());
        let layout = Layout { k, d, full: layout_is_full(model.family) };
        let means = model.means.transpose().as_slice().to_vec();
        let mut prepared =
            Prepared { layout, constants: Vec::with_capacity(k), means, whitening: Vec::new() };
        for j in 0..k {
            let log_determinant = if layout.full {
                prepared.factor(&model.covariances[j], j)?
            } else {
                prepared.invert_diagonal(&model.covariances[j], j)?
            };
            let log_normaliser = 0.5 * (d as f64 * std::f64::consts::TAU.ln() + log_determinant);
            prepared.constants.push(model.weights[j].ln() - log_normaliser);
        }
        Ok(prepared)
    }

    /// Appends W; returns log|Σ|.
    fn factor(&mut self, covariance: &nalgebra::DMatrix<f64>, j: usize) -> Result<f64> {
        let d = self.layout.d;
        let factor = gaussian::cholesky(covariance, j)?.unpack();
        let start = self.whitening.len();
        self.whitening.resize(start + self.layout.whitening_len(), 0.0);
        let w = &mut self.whitening[start..];
        // L W = I, row by row of W.
        for a in 0..d {
            for b in 0..=a {
                let known: f64 = (b..a).map(|c| factor[(a, c)] * w[pair_index(c, b)]).sum();
                let identity = if a == b { 1.0 } else { 0.0 };
                w[pair_index(a, b)] = (identity - known) / factor[(a, a)];
            }
        }
        Ok(2.0 * (0..d).map(|a| factor[(a, a)].ln()).sum::<f64>())
    }

    /// Appends 1/σ_a; returns log|Σ|.
    fn invert_diagonal(&mut self, covariance: &nalgebra::DMatrix<f64>, j: usize) -> Result<f64> {
        let variances = covariance.diagonal();
        if let Some(&smallest) = variances.iter().find(|&&variance| !(variance > 0.0 && variance.is_finite()))
        {
            return Err(Error::NotPositiveDefinite { component: j, smallest_eigenvalue: smallest });
        }
        self.whitening.extend(variances.iter().map(|variance| 1.0 / variance.sqrt()));
        Ok(variances.iter().map(|variance| variance.ln()).sum())
    }

    pub fn component(&self, j: usize) -> Component<'_> {
        let (d, whitening) = (self.layout.d, self.layout.whitening_len());
        Component {
            constant: self.constants[j],
            mean: &self.means[j * d..][..d],
            whitening: &self.whitening[j * whitening..][..whitening],
        }
    }

    /// The means, component by component.
    pub fn means(&self) -> &[f64] {
        &self.means
    }
}

/// Whether a family needs the products of different coordinates.
fn layout_is_full(family: CovarianceFamily) -> bool {
    matches!(family, CovarianceFamily::Full | CovarianceFamily::Tied)
}
