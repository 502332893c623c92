//! What can go wrong when a figure is computed, drawn and written.

use std::io;

/// A [`Result`](std::result::Result) whose error is, unless another is named, the figures' [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What goes wrong with a figure, and where.
///
/// ```
/// use executable_em_figures::draw;
/// let error = draw("kmeans/nothing").unwrap_err();
/// assert!(error.to_string().contains("kmeans/nothing"));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Data or parameters that the mathematics cannot use.
    #[error(transparent)]
    Mathematics(#[from] executable_em::Error),
    /// A figure does not exist, or cannot be had in the wanted form.
    #[error("{reason}")]
    Figure {
        /// What is wrong, in words.
        reason: String,
    },
    /// There is no such function among the derivations.
    #[error("no function `{path}` among the derivations: name it as in `kmeans::assign`")]
    Source {
        /// The path as it was given.
        path: String,
    },
    /// A file or folder cannot be written.
    #[error("{path}: {source}")]
    File {
        /// The path as it was given.
        path: String,
        /// What the operating system says.
        source: io::Error,
    },
}
