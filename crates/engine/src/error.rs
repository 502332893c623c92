//! What can go wrong when the engine computes: the mathematics, reading the data, the threads.

use crate::table;

/// A [`Result`](std::result::Result) whose error is the engine's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What goes wrong in the engine, and where.
///
/// ```
/// use executable_em_engine::{Data, Engine, Error, KMeans};
/// use nalgebra::dmatrix;
/// let x = dmatrix![0.0; 1.0];
/// let error = Engine::new(1)?.sweep(&KMeans::new(dmatrix![0.0, 5.0])?, &Data::new(&x)?).unwrap_err();
/// assert!(matches!(error, Error::Mathematics(executable_em::Error::Shape { what: "data", .. })));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Data or parameters that the mathematics cannot use.
    #[error(transparent)]
    Mathematics(#[from] executable_em::Error),
    /// Data or a document that cannot be read.
    #[error(transparent)]
    Table(#[from] table::Error),
    /// Data that are elsewhere could not be asked.
    #[error(transparent)]
    Elsewhere(Box<dyn std::error::Error + Send + Sync>),
    /// The system does not give the threads that were asked for.
    #[error("{threads} threads: {source}; ask for fewer")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What it says.
        source: rayon::ThreadPoolBuildError,
    },
}

impl Error {
    /// The same error of a block of data that begins `rows` rows into the whole.
    pub(crate) fn later_by(mut self, rows: usize) -> Self {
        use executable_em::Error::{Entry, ImpossibleDatum, NotFinite};
        if let Error::Mathematics(NotFinite { row, .. } | Entry { row, .. } | ImpossibleDatum { row }) =
            &mut self
        {
            *row += rows;
        }
        self
    }
}
