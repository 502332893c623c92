//! Tables of numbers: comma-separated text and raw doubles, whole or in blocks of rows.
//!
//! | file | what it holds |
//! |---|---|
//! | this one | a whole table |
//! | `csv.rs` | a table that is read block by block |
//! | `record.rs` | its records, cell by cell |
//! | `raw.rs` | raw doubles, there and back, and blocks made one |
//! | `missing.rs` | what stands where a value is missing |
//! | `error.rs` | what can be wrong, and where |

mod csv;
mod error;
mod missing;
mod raw;
mod record;

pub use csv::CsvReader;
pub use error::{Error, Expected, Result};
pub use missing::Missing;
pub use raw::{RawReader, assemble, write_raw};

use nalgebra::DMatrix;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The number of rows of a block that is read at once.
pub const BLOCK_ROWS: usize = 16_384;

/// A table of finite numbers with a name for each column.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The column names: the header's, or `x1`, `x2`, … if the first line holds numbers.
    pub names: Vec<String>,
    /// The values, n×d.
    pub values: DMatrix<f64>,
}

/// Reads a table of numbers from a file; see [`parse_csv`] for the format.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read, otherwise those of [`parse_csv`].
///
/// ```
/// use executable_em_engine::table::{Error, read_csv};
/// assert!(matches!(read_csv("no/such/file.csv"), Err(Error::Io { .. })));
/// ```
pub fn read_csv(path: impl AsRef<Path>) -> Result<Table> {
    let name = path.as_ref().display().to_string();
    let file = File::open(path).map_err(|source| Error::Io { path: name.clone(), source })?;
    table(CsvReader::new(file, &name)?)
}

/// Reads a table of numbers from comma-, semicolon- or tab-separated text, with or without a header line.
///
/// The separator is the first of tab, semicolon and comma that the first line holds outside quotes. The first line is a
/// header if it holds text above a number, or nothing but text. Cells may be quoted, and hold separators and line breaks then; blank lines
/// are passed over. Every other line needs as many cells as the first, each a finite number.
///
/// # Errors
/// [`Error::Cell`] for a cell that is something else, [`Error::Empty`] without any data, [`Error::TooLong`] for what
/// never ends.
///
/// ```
/// use executable_em_engine::table::parse_csv;
/// let table = parse_csv("length,width\n1.5,2\n3,4e-1\n")?;
/// assert_eq!(table.names, ["length", "width"]);
/// assert_eq!(table.values[(1, 1)], 0.4);
/// # Ok::<(), executable_em_engine::table::Error>(())
/// ```
pub fn parse_csv(text: &str) -> Result<Table> {
    table(CsvReader::new(text.as_bytes(), "table")?)
}

fn table<R: Read>(mut reader: CsvReader<R>) -> Result<Table> {
    let names = reader.names().to_vec();
    Ok(Table { names, values: assemble(&mut reader)? })
}
