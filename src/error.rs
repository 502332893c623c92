//! One error type for the mathematics: every variant names the place and the value.

/// A [`Result`](std::result::Result) whose error is this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can be wrong with an input, and where.
///
/// Rows, columns, components and entries are counted from 0, as they are indexed in code.
///
/// ```
/// use executable_em::{Error, kmeans};
/// use nalgebra::dmatrix;
///
/// let x = dmatrix![0.0; f64::NAN];
/// let error = kmeans::assign(&x, &dmatrix![1.0]).unwrap_err();
/// assert_eq!(error.to_string(), "data: entry (1, 0) is NaN, but every entry must be finite");
/// ```
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input has no rows, no columns or no entries.
    #[error("{what}: is empty")]
    Empty {
        /// The input's name.
        what: &'static str,
    },
    /// An entry is NaN or infinite where a finite number is needed.
    #[error("{what}: entry ({row}, {column}) is {}, but every entry must be finite", plain(.value))]
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
    #[error("{what}: expected {} × {}, found {} × {}", .expected.0, .expected.1, .found.0, .found.1)]
    Shape {
        /// The input's name.
        what: &'static str,
        /// Rows and columns that the other inputs call for.
        expected: (usize, usize),
        /// Rows and columns that were given.
        found: (usize, usize),
    },
    /// The number of components is 0, or exceeds the number of data.
    #[error("k = {k} components for n = {n} data; k must lie between 1 and n")]
    ComponentCount {
        /// Requested number of components.
        k: usize,
        /// Number of data.
        n: usize,
    },
    /// A label names a component that does not exist.
    #[error("label of datum {row} is {label}, but there are only {k} components")]
    Label {
        /// The datum's row.
        row: usize,
        /// Its label.
        label: usize,
        /// Number of components; labels run from 0 to k − 1.
        k: usize,
    },
    /// A matrix that must be symmetric is not.
    #[error(
        "{what}: entries ({row}, {column}) and ({column}, {row}) differ by {difference:e}, \
         but the matrix must be symmetric"
    )]
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
    #[error(
        "covariance of component {component} is not positive definite: \
         its smallest eigenvalue is {smallest_eigenvalue:e}"
    )]
    NotPositiveDefinite {
        /// The component whose covariance it is (0 for a single Gaussian).
        component: usize,
        /// The smallest eigenvalue of the matrix.
        smallest_eigenvalue: f64,
    },
    /// A covariance does not have the form that its family prescribes.
    #[error("covariance of component {component} is not {family}")]
    NotInFamily {
        /// The component whose covariance it is.
        component: usize,
        /// The family's name: tied, diagonal or spherical.
        family: &'static str,
    },
    /// Weights, or a row of responsibilities, do not form a probability vector.
    #[error(
        "{what}: row {row} is no probability vector (found {}; entries must be ≥ 0 and sum to 1)",
        plain(.value)
    )]
    NotOnSimplex {
        /// The input's name.
        what: &'static str,
        /// The row, for a matrix whose rows must be probability vectors; 0 for a vector.
        row: usize,
        /// The entry that is negative, or the sum that is not one.
        value: f64,
    },
    /// A scalar lies outside its domain.
    #[error("{what} is {}, but must be {allowed}", plain(.value))]
    Domain {
        /// The argument's name.
        what: &'static str,
        /// The offending value.
        value: f64,
        /// What is allowed, in words.
        allowed: &'static str,
    },
    /// An entry of a matrix lies outside its domain.
    #[error("{what}: entry ({row}, {column}) is {}, but must be {allowed}", plain(.value))]
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
    #[error("datum {row} has probability zero under every component")]
    ImpossibleDatum {
        /// The datum's row.
        row: usize,
    },
}

/// A number with an exponent where it would otherwise be long: 10³⁰⁰ is 1e300. Counts keep their digits.
fn plain(value: &f64) -> String {
    let long = value.is_finite() && *value != 0.0 && !(1e-9..1e21).contains(&value.abs());
    if long { format!("{value:e}") } else { value.to_string() }
}
