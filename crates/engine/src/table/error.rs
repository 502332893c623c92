//! What can be wrong with a table or a document: every variant names the place, and what was found there.

use std::fmt;
use std::io;

/// A [`Result`](std::result::Result) whose error is a table's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What is wrong with a table of data or a document, and where.
///
/// Lines, columns and rows are counted from 1, as editors show them.
///
/// ```
/// use executable_em_engine::table::parse_csv;
/// let error = parse_csv("a,b\n1,2\n3,four\n").unwrap_err();
/// assert_eq!(error.to_string(), "table: line 3, column 2 (b): found \"four\", expected a finite number");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A cell does not hold what it should.
    #[error("{file}: line {line}, column {column}{}: found {found:?}, expected {expected}", in_brackets(.name))]
    Cell {
        /// What the table is called.
        file: String,
        /// The line that the cell begins on.
        line: u64,
        /// Its column.
        column: usize,
        /// The column's name, for a column that the first line has.
        name: Option<String>,
        /// The cell's text, cut off if it is long.
        found: String,
        /// What belongs there.
        expected: Expected,
    },
    /// A record goes on without an end.
    #[error("{file}: line {line} begins a record of more than 16 MiB; this is no table")]
    TooLong {
        /// What the table is called.
        file: String,
        /// The line that the record begins on.
        line: u64,
    },
    /// A record has more cells than [`MOST_COLUMNS`](super::MOST_COLUMNS).
    #[error("{file}: line {line} has more than {} cells; this is no table", super::MOST_COLUMNS)]
    TooWide {
        /// What the table is called.
        file: String,
        /// The line that the record begins on.
        line: u64,
    },
    /// A file is something else.
    #[error("{file}: is {what}, no table: {remedy}")]
    Form {
        /// What the file is called.
        file: String,
        /// What it is.
        what: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },
    /// A NumPy array is no matrix of numbers, or it is not all there.
    #[error("{file}: as a NumPy array: {reason}")]
    Npy {
        /// What the file is called.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no row of data.
    #[error("{file}: holds no data")]
    Empty {
        /// What the table is called.
        file: String,
    },
    /// Raw doubles end in the middle of a row.
    #[error("{file}: ends in the middle of a row of {d} doubles; is that the number in a row?")]
    HalfRow {
        /// What the table is called.
        file: String,
        /// How many doubles a row has.
        d: usize,
    },
    /// A column is chosen that the table has not, or one is chosen twice.
    #[error("{file}: column {column} is chosen twice, or is none of the {columns} that there are")]
    Choice {
        /// What the table is called.
        file: String,
        /// The column.
        column: usize,
        /// How many columns there are.
        columns: usize,
    },
    /// Blocks of a table have different numbers of columns.
    #[error("row {row} begins a block of {found} columns, but those before have {expected}")]
    Width {
        /// The first row of the block.
        row: usize,
        /// The columns of the first block.
        expected: usize,
        /// Those of this one.
        found: usize,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The path as it was given.
        path: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// A JSON document does not say what it should.
    #[error("{place}: {reason}")]
    Json {
        /// Where in the document: `means[1][0]`.
        place: String,
        /// What was found there, and what belongs there.
        reason: String,
    },
}

/// What belongs in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// A number, neither infinite nor NaN.
    FiniteNumber,
    /// In the first line: a number of the data, or a name that cannot be taken for one of them.
    NumberOrName,
    /// As many cells as the first line has, neither fewer nor more.
    Cells(usize),
    /// The quote that ends a quoted cell, at its end.
    ClosingQuote,
    /// Text in UTF-8.
    Utf8,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expected::FiniteNumber => write!(f, "a finite number"),
            Expected::NumberOrName => write!(f, "a number, or a name that cannot be one of the data"),
            Expected::Cells(width) => write!(f, "{width} cells on every line"),
            Expected::ClosingQuote => write!(f, "a closing quote"),
            Expected::Utf8 => write!(f, "text in UTF-8"),
        }
    }
}

fn in_brackets(name: &Option<String>) -> String {
    name.as_ref().map_or_else(String::new, |name| format!(" ({name})"))
}
