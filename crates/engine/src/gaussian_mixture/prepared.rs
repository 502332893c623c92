//! The parameters of a Gaussian mixture as the kernels read them.

use super::super::exp::LOG_4;
use super::layout::Layout;
use executable_em::gaussian_mixture::GaussianMixture;
use nalgebra::{DMatrix, RowDVector};
use pulp::Simd;

/// What the log joint of one component is computed from.
#[derive(Clone, Copy)]
pub(super) struct Component<'a> {
    /// c = log π − ½ log|2πΣ|, in units of log 4.
    pub constant: f64,
    /// μ, of length d.
    pub mean: &'a [f64],
    /// W, for which ‖W(μ − x)‖² is ½Δ² in units of log 4: L⁻¹/√(2 log 4) for Σ = L Lᵀ, packed by panels of rows
    /// ([`whitening_index`]); for diagonal covariances 1/(σ_a √(2 log 4)).
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

/// 1/√(2 log 4).
const SCALE: f64 = 0.600_561_204_393_224_9;

/// How many rows of a triangular matrix the kernels work on at once.
pub(super) const PANEL: usize = 4;

/// With 32 registers the sums of two panels stay in them: half as many loads and differences for a product.
pub(super) const fn has_room_for_two_panels<S: Simd>() -> bool {
    S::REGISTER_COUNT >= 32
}

/// Where the entry (a, b) of W lies when four rows at a time are stored column by column, without the columns that are
/// zero in all of them; the last rows may be fewer.
pub(super) fn whitening_index(d: usize, a: usize, b: usize) -> usize {
    let row = a / PANEL * PANEL;
    let height = PANEL.min(d - row);
    row * (row + PANEL) / 2 + b * height + a % PANEL
}

impl Prepared {
    pub fn new(model: &GaussianMixture) -> Self {
        let (k, layout) = (model.k(), Layout::of(model));
        let means = model.means().transpose().as_slice().to_vec();
        let mut prepared =
            Prepared { layout, constants: Vec::with_capacity(k), means, whitening: Vec::new() };
        for (j, weight) in model.weights().iter().enumerate() {
            let log_determinant = match model.variances() {
                None => prepared.invert(model.factors()[j].l_dirty()),
                Some(variances) => prepared.invert_diagonal(&variances.row(j).into_owned()),
            };
            let log_normaliser = 0.5 * (layout.d as f64 * std::f64::consts::TAU.ln() + log_determinant);
            prepared.constants.push((weight.ln() - log_normaliser) / LOG_4);
        }
        prepared
    }

    /// Appends W, from the Cholesky factor; returns log|Σ|.
    fn invert(&mut self, factor: &DMatrix<f64>) -> f64 {
        let d = self.layout.d;
        let start = self.whitening.len();
        self.whitening.resize(start + self.whitening_len(), 0.0);
        // L W = I / √(2 log 4), row by row of W, each a column here, where its numbers lie side by side.
        let mut rows = DMatrix::zeros(d, d);
        for a in 0..d {
            for c in 0..a {
                let (known, mut row) = rows.columns_range_pair_mut(c, a);
                row.rows_mut(0, c + 1).axpy(factor[(a, c)], &known.rows(0, c + 1), 1.0);
            }
            for b in 0..=a {
                let identity = if a == b { SCALE } else { 0.0 };
                rows[(b, a)] = (identity - rows[(b, a)]) / factor[(a, a)];
                self.whitening[start + whitening_index(d, a, b)] = rows[(b, a)];
            }
        }
        2.0 * (0..d).map(|a| factor[(a, a)].ln()).sum::<f64>()
    }

    /// Appends the diagonal of W; returns log|Σ|.
    fn invert_diagonal(&mut self, variances: &RowDVector<f64>) -> f64 {
        self.whitening.extend(variances.iter().map(|variance| SCALE / variance.sqrt()));
        variances.iter().map(|variance| variance.ln()).sum()
    }

    /// How many numbers a component's whitening takes.
    fn whitening_len(&self) -> usize {
        let Layout { d, full, .. } = self.layout;
        if full { whitening_index(d, d - 1, d - 1) + 1 } else { d }
    }

    pub fn component(&self, j: usize) -> Component<'_> {
        let (d, whitening) = (self.layout.d, self.whitening_len());
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
