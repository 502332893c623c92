//! Data in units of their spread, and parameters back in their own.

use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use nalgebra::{DMatrix, RowDVector};

/// What a pass over a column finds.
#[derive(Clone, Copy)]
pub struct Column {
    pub low: f64,
    pub high: f64,
    pub mean: f64,
    /// Σ (x − mean)².
    squares: f64,
    n: f64,
}

impl Column {
    pub const EMPTY: Column =
        Column { low: f64::INFINITY, high: f64::NEG_INFINITY, mean: 0.0, squares: 0.0, n: 0.0 };

    /// Adds the column of a block: two passes within it, then the sums of squares about the common mean
    /// (Chan, Golub and LeVeque 1983).
    pub fn add(&mut self, values: &[f64]) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let (total, shift) = (self.n + n, mean - self.mean);
        self.squares += squares + shift * shift * self.n * n / total;
        self.mean += shift * n / total;
        self.n = total;
        self.low = values.iter().copied().fold(self.low, f64::min);
        self.high = values.iter().copied().fold(self.high, f64::max);
    }

    pub fn sd(&self) -> f64 {
        (self.squares / self.n).sqrt()
    }

    /// Whether it has one value only, but for rounding.
    pub fn is_constant(&self) -> bool {
        self.low == self.high || self.sd() <= 1e-14 * self.mean.abs()
    }
}

/// The map from data to standard units: mean 0, variance 1 in every column.
pub struct Scale {
    mean: RowDVector<f64>,
    sd: RowDVector<f64>,
}

impl Scale {
    pub fn of(columns: &[Column]) -> Self {
        let of =
            |part: fn(&Column) -> f64| RowDVector::from_iterator(columns.len(), columns.iter().map(part));
        Scale { mean: of(|column| column.mean), sd: of(Column::sd) }
    }

    pub fn apply(&self, mut x: DMatrix<f64>) -> DMatrix<f64> {
        for (a, mut column) in x.column_iter_mut().enumerate() {
            column.apply(|value| *value = (*value - self.mean[a]) / self.sd[a]);
        }
        x
    }

    /// What a datum's log density loses on the way back: log of the volume of a standard unit.
    pub fn log_volume(&self) -> f64 {
        self.sd.map(f64::ln).sum()
    }

    /// The mixture of the data, from that of the data in standard units. Round components become diagonal ones.
    pub fn undo(&self, model: &GaussianMixture) -> GaussianMixture {
        let d = model.d();
        let means = DMatrix::from_fn(model.k(), d, |j, a| self.mean[a] + self.sd[a] * model.means[(j, a)]);
        // The product of the spreads comes first, so that both halves stay the same.
        let covariance = |covariance: &DMatrix<f64>| {
            DMatrix::from_fn(d, d, |a, b| covariance[(a, b)] * (self.sd[a] * self.sd[b]))
        };
        let family = match model.family {
            CovarianceFamily::Spherical => CovarianceFamily::Diagonal,
            other => other,
        };
        let covariances = model.covariances.iter().map(covariance).collect();
        GaussianMixture { weights: model.weights.clone(), means, covariances, family }
    }
}
