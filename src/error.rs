//! One error type for the whole crate: every variant names the place and the value.

use std::fmt;

/// A [`Result`](std::result::Result) whose error is this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What can be wrong with an input, and where.
///
/// Rows, columns, components and entries are counted from 0, as they are indexed in code; lines and
/// columns of a text file are counted from 1, as editors show them.
///
/// ```
/// use executable_em::{Error, kmeans};
/// use nalgebra::dmatrix;
///
/// let x = dmatrix![0.0; f64::NAN];
/// let error = kmeans::assign(&x, &dmatrix![1.0]).unwrap_err();
/// assert_eq!(error.to_string(), "data: entry (1, 0) is NaN, but every entry must be finite");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// An input has no rows, no columns or no entries.
    Empty {
        /// The input's name.
        what: &'static str,
    },
    /// An entry is NaN or infinite where a finite number is needed.
    NotFinite {
        /// The input's name.
        what: &'static str,
        /// The entry's row.
        row: usize,
        /// The entry's column.
        column: usize,
        /// The offending value.
        value: f64,
    },
    /// Two inputs do not fit together.
    Shape {
        /// The input's name.
        what: &'static str,
        /// Rows and columns that the other inputs call for.
        expected: (usize, usize),
        /// Rows and columns that were given.
        found: (usize, usize),
    },
    /// The number of components is 0, or exceeds the number of data.
    ComponentCount {
        /// Requested number of components.
        k: usize,
        /// Number of data.
        n: usize,
    },
    /// A label names a component that does not exist.
    Label {
        /// The datum's row.
        row: usize,
        /// Its label.
        label: usize,
        /// Number of components; labels run from 0 to k − 1.
        k: usize,
    },
    /// A matrix that must be symmetric is not.
    NotSymmetric {
        /// The matrix's name.
        what: &'static str,
        /// Row of the first asymmetric pair.
        row: usize,
        /// Column of the first asymmetric pair.
        column: usize,
        /// Difference between the two mirrored entries.
        difference: f64,
    },
    /// A covariance is not positive definite: its Cholesky factorisation fails.
    NotPositiveDefinite {
        /// The component whose covariance it is (0 for a single Gaussian).
        component: usize,
        /// The smallest eigenvalue of the matrix.
        smallest_eigenvalue: f64,
    },
    /// A covariance does not have the form that its family prescribes.
    NotInFamily {
        /// The component whose covariance it is.
        component: usize,
        /// The family's name: tied, diagonal or spherical.
        family: &'static str,
    },
    /// Weights, or a row of responsibilities, do not form a probability vector.
    NotOnSimplex {
        /// The input's name.
        what: &'static str,
        /// The row, for a matrix whose rows must be probability vectors; 0 for a vector.
        row: usize,
        /// The entry that is negative, or the sum that is not one.
        value: f64,
    },
    /// A scalar lies outside its domain.
    Domain {
        /// The argument's name.
        what: &'static str,
        /// The offending value.
        value: f64,
        /// What is allowed, in words.
        allowed: &'static str,
    },
    /// An entry of a matrix lies outside its domain.
    Entry {
        /// The matrix's name.
        what: &'static str,
        /// The entry's row.
        row: usize,
        /// The entry's column.
        column: usize,
        /// The offending value.
        value: f64,
        /// What is allowed, in words.
        allowed: &'static str,
    },
    /// A datum has probability zero under every component, so its posterior does not exist.
    ImpossibleDatum {
        /// The datum's row.
        row: usize,
    },
    /// A cell of a text table cannot be read as a finite number, or a line has the wrong length.
    Csv {
        /// Line of the file, counted from 1.
        line: usize,
        /// Column of the file, counted from 1.
        column: usize,
        /// The text found there.
        value: String,
        /// What was expected instead.
        expected: String,
    },
    /// A file or folder cannot be read or written.
    File {
        /// The path as it was given.
        path: String,
        /// What the operating system says.
        reason: String,
    },
    /// A JSON document does not say what it should.
    Json {
        /// Where in the document: `means[1][0]`.
        place: String,
        /// What is wrong there.
        reason: String,
    },
    /// The system does not give the threads that were asked for.
    Threads {
        /// What it says.
        reason: String,
    },
    /// A figure does not exist, or cannot be had in the wanted form.
    Figure {
        /// What is wrong, in words.
        reason: String,
    },
}

impl Error {
    /// The same error of a block of data that begins `rows` rows into the whole.
    #[cfg(feature = "engine")]
    pub(crate) fn later_by(mut self, rows: usize) -> Self {
        match &mut self {
            Error::NotFinite { row, .. } | Error::Entry { row, .. } | Error::ImpossibleDatum { row } => {
                *row += rows
            }
            _ => {}
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Empty { what } => write!(f, "{what}: is empty"),
            Error::NotFinite { what, row, column, value } => {
                write!(f, "{what}: entry ({row}, {column}) is {value}, but every entry must be finite")
            }
            Error::Shape { what, expected, found } => {
                write!(f, "{what}: expected {} × {}, found {} × {}", expected.0, expected.1, found.0, found.1)
            }
            Error::ComponentCount { k, n } => {
                write!(f, "k = {k} components for n = {n} data; k must lie between 1 and n")
            }
            Error::Label { row, label, k } => {
                write!(f, "label of datum {row} is {label}, but there are only {k} components")
            }
            Error::NotSymmetric { what, row, column, difference } => write!(
                f,
                "{what}: entries ({row}, {column}) and ({column}, {row}) differ by {difference:e}, but the matrix must be symmetric"
            ),
            Error::NotPositiveDefinite { component, smallest_eigenvalue } => write!(
                f,
                "covariance of component {component} is not positive definite: its smallest eigenvalue is {smallest_eigenvalue:e}"
            ),
            Error::NotInFamily { component, family } => {
                write!(f, "covariance of component {component} is not {family}")
            }
            Error::NotOnSimplex { what, row, value } => write!(
                f,
                "{what}: row {row} is no probability vector (found {value}; entries must be ≥ 0 and sum to 1)"
            ),
            Error::Domain { what, value, allowed } => {
                write!(f, "{what} is {value}, but must be {allowed}")
            }
            Error::Entry { what, row, column, value, allowed } => {
                write!(f, "{what}: entry ({row}, {column}) is {value}, but must be {allowed}")
            }
            Error::ImpossibleDatum { row } => {
                write!(f, "datum {row} has probability zero under every component")
            }
            Error::Csv { line, column, value, expected } => {
                write!(f, "line {line}, column {column}: found {value:?}, expected {expected}")
            }
            Error::File { path, reason } => write!(f, "{path}: {reason}"),
            Error::Json { place, reason } => write!(f, "{place}: {reason}"),
            Error::Threads { reason } => write!(f, "threads: {reason}"),
            Error::Figure { reason } => write!(f, "{reason}"),
        }
    }
}

impl std::error::Error for Error {}
