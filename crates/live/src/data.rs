//! The data sets that the pages have.

use executable_em::{Result, data};
use nalgebra::DMatrix;
use serde::Deserialize;

/// A data set in the plane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataSet {
    /// The geyser: minutes of an eruption, minutes to wait.
    #[default]
    Faithful,
    /// The same in standard units.
    Standard,
    /// Four round blobs.
    Blobs,
    /// Two long stripes.
    Stripes,
    /// A wide cluster beside a narrow one.
    Unequal,
}

impl DataSet {
    /// The data, n×2.
    ///
    /// # Errors
    /// None, since they are fixed.
    pub fn x(self) -> Result<DMatrix<f64>> {
        Ok(match self {
            DataSet::Faithful => data::old_faithful(),
            DataSet::Standard => data::standardize(&data::old_faithful())?,
            DataSet::Blobs => data::blobs().0,
            // The seeds of the figures of chapter 1.
            DataSet::Stripes => data::stripes(&mut data::rng(4)).0,
            DataSet::Unequal => data::unequal_clusters(&mut data::rng(4)).0,
        })
    }

    /// What the columns are, for axes.
    pub fn names(self) -> [&'static str; 2] {
        match self {
            DataSet::Faithful => ["eruption, min", "waiting, min"],
            DataSet::Standard => ["eruption, standard units", "waiting, standard units"],
            _ => ["*x*_1", "*x*_2"],
        }
    }
}
