//! Clusters that k-means found, as a document.

use super::mixture::{FORMAT, WhyStopped, check_length, known_format, matrix, rows};
use super::{read, write};
use crate::Result;
use executable_em::em::Stopped;
use executable_em::{check, kmeans};
use nalgebra::{DMatrix, RowDVector};
use serde::{Deserialize, Serialize};

/// The means that k-means found, and how.
///
/// ```
/// use executable_em::em::Stopped;
/// use executable_em_engine::SavedClusters;
/// use nalgebra::dmatrix;
/// let saved = SavedClusters {
///     means: dmatrix![0.5; 9.5],
///     units: None,
///     sizes: vec![2.0, 2.0],
///     columns: vec!["a".to_string()],
///     objective: 1.0,
///     n: 4,
///     sweeps: 1,
///     stopped: Stopped::Converged,
///     seed: 1,
/// };
/// assert_eq!(SavedClusters::from_json(&saved.to_json())?, saved);
/// assert_eq!(saved.assign(&dmatrix![8.0; 1.0])?, (vec![1, 0], vec![2.25, 0.25]));
/// # Ok::<(), executable_em_engine::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SavedClusters {
    /// The means, k×d, in the units of the data.
    pub means: DMatrix<f64>,
    /// What distances are measured in, a number for each of the d columns; None for the data's own units.
    pub units: Option<Vec<f64>>,
    /// How many data each cluster has, or the sum of their weights.
    pub sizes: Vec<f64>,
    /// The names of the d columns.
    pub columns: Vec<String>,
    /// J of the data that they were fitted to, in squared units.
    pub objective: f64,
    /// The number of those data.
    pub n: usize,
    /// The number of sweeps.
    pub sweeps: usize,
    /// Why the fit ended.
    pub stopped: Stopped,
    /// The seed of the starts.
    pub seed: u64,
}

impl SavedClusters {
    /// The document, with line breaks.
    pub fn to_json(&self) -> String {
        let document = Document {
            format: FORMAT,
            kind: Kind::Kmeans,
            made_by: concat!("executable-em ", env!("CARGO_PKG_VERSION")).to_owned(),
            columns: self.columns.clone(),
            k: self.means.nrows(),
            d: self.means.ncols(),
            sizes: self.sizes.clone(),
            means: rows(&self.means),
            units: self.units.clone(),
            objective: self.objective,
            n: self.n,
            sweeps: self.sweeps,
            stopped: self.stopped,
            seed: self.seed,
        };
        write(&document).expect("numbers and texts")
    }

    /// Reads the document.
    ///
    /// # Errors
    /// [`table::Error::Json`](crate::table::Error::Json) naming the place where it is none,
    /// [`Error::Domain`](executable_em::Error::Domain) for a unit that is not positive.
    pub fn from_json(text: &str) -> Result<Self> {
        let Document { columns, k, d, sizes, means, units, objective, n, sweeps, stopped, seed, .. } =
            read(text)?;
        check_length("columns", columns.len(), d)?;
        check_length("sizes", sizes.len(), k)?;
        if let Some(units) = &units {
            check_length("units", units.len(), d)?;
            units.iter().try_for_each(|&unit| check::positive("unit of a column", unit))?;
        }
        let means = matrix("means", means, k, d)?;
        check::finite("means", &means)?;
        Ok(SavedClusters { means, units, sizes, columns, objective, n, sweeps, stopped, seed })
    }

    /// The nearest mean of every datum, counted from 0, and its squared distance, in the units of the clustering; that
    /// is infinite where it is more than any number.
    ///
    /// # Errors
    /// [`Error::Shape`](executable_em::Error::Shape) for data of another dimension,
    /// [`Error::NotFinite`](executable_em::Error::NotFinite) for one that is no number.
    pub fn assign(&self, x: &DMatrix<f64>) -> Result<(Vec<usize>, Vec<f64>)> {
        let in_units = |points: &DMatrix<f64>| match &self.units {
            None => points.clone(),
            Some(units) => {
                points.map_with_location(|_, a, value| value / units.get(a).copied().unwrap_or(1.0))
            }
        };
        let (x, means) = (in_units(x), in_units(&self.means));
        let distances = kmeans::squared_distances(&x, &means)?;
        let nearest = distances.row_iter().enumerate().map(|(i, row)| {
            let (near, least) = row.transpose().argmin();
            // From afar what tells one mean from another is lost in rounding, or all distances are infinite or 0.
            let is_lost = (0..means.nrows()).filter(|&j| j != near).any(|j| {
                let half_apart = (means.row(j) * 0.5 - means.row(near) * 0.5).amax();
                let is_afar = least.sqrt() > AFAR * half_apart || !least.is_normal();
                // Neither is known of two infinite ones.
                let is_farther = row[j] - least > ROUNDING * least;
                is_afar && !is_farther
            });
            (if is_lost { nearest_from_afar(&x.row(i).into_owned(), &means) } else { near }, least)
        });
        Ok(nearest.unzip())
    }
}

/// From so many times the way between two means on they are looked at again …
const AFAR: f64 = 1e3;

/// … if their squared distances differ by so little.
const ROUNDING: f64 = 1e-12;

/// The nearest mean, by which side of the plane midway between two of them a datum lies on:
/// ```math
/// \tfrac14\left(\lVert x - m\rVert^2 - \lVert x - m'\rVert^2\right)
///     = \tfrac12(m' - m)\cdot\big(x - \tfrac12(m + m')\big)
/// ```
/// No square is taken, and both factors are scaled, so nothing overflows.
fn nearest_from_afar(x: &RowDVector<f64>, means: &DMatrix<f64>) -> usize {
    let is_nearer = |other: usize, than: usize| {
        let (one, other) = (means.row(than) * 0.5, means.row(other) * 0.5);
        let (between, from_middle) = (&other - &one, x * 0.5 - (one + other) * 0.5);
        (&between / between.amax()).dot(&(&from_middle / from_middle.amax())) > 0.0
    };
    (1..means.nrows()).fold(0, |nearest, j| if is_nearer(j, nearest) { j } else { nearest })
}

/// The fields in their order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "clusters")]
struct Document {
    #[serde(deserialize_with = "known_format")]
    format: u64,
    kind: Kind,
    made_by: String,
    columns: Vec<String>,
    k: usize,
    d: usize,
    sizes: Vec<f64>,
    means: Vec<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    units: Option<Vec<f64>>,
    objective: f64,
    n: usize,
    sweeps: usize,
    #[serde(with = "WhyStopped")]
    stopped: Stopped,
    seed: u64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Kmeans,
}
