//! Documents in JSON that people can read and that are read back bit for bit.
//!
//! | file | what it holds |
//! |---|---|
//! | this one | how documents are read, with the place of every error, and written |
//! | `layout.rs` | where the line breaks go |
//! | `mixture.rs` | a fitted mixture |
//! | `clusters.rs` | clusters that k-means found |

mod clusters;
mod layout;
mod mixture;

pub use clusters::SavedClusters;
pub use mixture::SavedMixture;
pub(crate) use mixture::{check_length, matrix, rows};

use crate::table::{Error, Result};
use layout::Layout;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Deserializer, Serializer};

/// What a file holds: a mixture, or clusters.
#[derive(Clone, Debug, PartialEq)]
pub enum Saved {
    /// A fitted mixture.
    Mixture(SavedMixture),
    /// Clusters of k-means.
    Clusters(SavedClusters),
}

impl Saved {
    /// Reads a document of either kind, as its field `kind` says.
    ///
    /// # Errors
    /// Those of [`SavedMixture::from_json`] and [`SavedClusters::from_json`].
    ///
    /// ```
    /// use executable_em_engine::Saved;
    /// let error = Saved::from_json("{\"format\": 1, \"kind\": \"kmeans\"}").unwrap_err();
    /// assert!(error.to_string().starts_with("document: missing field `made_by`"));
    /// ```
    pub fn from_json(text: &str) -> crate::Result<Self> {
        #[derive(Deserialize)]
        struct Head {
            kind: String,
        }
        Ok(match serde_json::from_str(text) {
            Ok(Head { kind }) if kind == "kmeans" => Saved::Clusters(SavedClusters::from_json(text)?),
            _ => Saved::Mixture(SavedMixture::from_json(text)?),
        })
    }

    /// The names of the d columns.
    pub fn columns(&self) -> &[String] {
        match self {
            Saved::Mixture(saved) => &saved.columns,
            Saved::Clusters(saved) => &saved.columns,
        }
    }
}

/// Reads a document.
///
/// # Errors
/// [`Error::Json`] with the place where it is none, what was found there and what belongs there.
///
/// ```
/// use executable_em_engine::json;
/// let error = json::read::<Vec<u32>>("[1, 2, -3]").unwrap_err();
/// assert!(error.to_string().starts_with("[2]: invalid value: integer `-3`, expected u32"));
/// ```
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    let mut json = Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| wrong(&error.path().to_string(), error.inner().to_string()))?;
    json.end().map_err(|error| wrong("", error.to_string()))?;
    Ok(value)
}

/// Writes a document: a field a line, a list of lists or objects with a line for each, any other list on one line.
///
/// Numbers have all their digits: the shortest decimal that is read back as the same double.
///
/// # Errors
/// [`Error::Json`] for what has no form in JSON, as maps whose keys are no texts.
///
/// ```
/// use executable_em_engine::json;
/// assert_eq!(json::write(&[[0.5, 1e300], [1.0, -2.0]])?, "[\n  [0.5, 1e300],\n  [1.0, -2.0]\n]\n");
/// # Ok::<(), executable_em_engine::table::Error>(())
/// ```
pub fn write(document: &impl Serialize) -> Result<String> {
    let mut text = Vec::new();
    let mut json = Serializer::with_formatter(&mut text, Layout::default());
    document.serialize(&mut json).map_err(|error| wrong("", error.to_string()))?;
    text.push(b'\n');
    Ok(String::from_utf8_lossy(&text).into_owned())
}

pub(crate) fn wrong(place: &str, reason: impl Into<String>) -> Error {
    // What ends before its name is known is part of what holds it.
    let place = place.trim_end_matches(['.', '?']);
    let place = if place.is_empty() { "document" } else { place };
    Error::Json { place: place.to_owned(), reason: reason.into() }
}
