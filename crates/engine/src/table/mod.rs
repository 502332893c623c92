//! Tables of numbers: comma-separated text, NumPy arrays and raw doubles, whole or in blocks of rows.
//!
//! | file | what it holds |
//! |---|---|
//! | this one | a whole table |
//! | `csv.rs` | a table that is read block by block |
//! | `dialect.rs` | how it is written: what its reader is told, and what its first lines show |
//! | `header.rs` | whether its first line holds names |
//! | `record.rs` | its records, cell by cell |
//! | `plain.rs` | many lines of plain numbers at once |
//! | `form.rs` | what a file is, by its first bytes |
//! | `npy.rs` | NumPy's arrays |
//! | `raw.rs` | raw doubles, there and back, and blocks made one |
//! | `missing.rs` | what stands where a value is missing |
//! | `error.rs` | what can be wrong, and where |

mod csv;
mod dialect;
mod error;
mod form;
mod header;
mod missing;
mod npy;
mod plain;
mod raw;
mod record;

pub use csv::CsvReader;
pub use dialect::Dialect;
pub use error::{Error, Expected, Result};
pub use form::{Form, recognise, unpacked};
pub use missing::Missing;
pub use npy::NpyReader;
pub use raw::{RawReader, assemble, write_raw};

use nalgebra::DMatrix;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The number of rows of a block that is read at once.
pub const BLOCK_ROWS: usize = 16_384;

/// No table has more columns: what does is written in another way than its reader thinks.
pub const MOST_COLUMNS: usize = 1 << 20;

/// A block of long rows has so many numbers at most: 128 MiB.
const BLOCK_NUMBERS: usize = 1 << 24;

/// How many rows of `d` numbers are read at once.
fn block_rows(d: usize) -> usize {
    (BLOCK_NUMBERS / d.max(1)).clamp(1, BLOCK_ROWS)
}

/// A table of finite numbers with a name for each column.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The column names: the header's, or `x1`, `x2`, … if the first line holds numbers.
    pub names: Vec<String>,
    /// The values, n×d.
    pub values: DMatrix<f64>,
}

/// Reads a table of numbers from a file of text, which may be packed by gzip; see [`parse_csv`] for the format.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read, [`Error::Form`] for what is no text, otherwise those of [`parse_csv`].
///
/// ```
/// use executable_em_engine::table::{Error, read_csv};
/// assert!(matches!(read_csv("no/such/file.csv"), Err(Error::Io { .. })));
/// ```
pub fn read_csv(path: impl AsRef<Path>) -> Result<Table> {
    let name = path.as_ref().display().to_string();
    let file = File::open(path).map_err(|source| Error::Io { path: name.clone(), source })?;
    match recognise(file, &name)? {
        (Form::Text, text) => table(CsvReader::new(text, &name)?),
        (form, _) => Err(form.refused(&name)),
    }
}

/// Reads a table of numbers from comma-, semicolon- or tab-separated text, with or without a header line.
///
/// What separates cells is seen by the first two lines; see [`Dialect`] for that, and for more ways to write a table.
/// The first line is a header if it holds text above a number, or nothing but text, or counts the columns as in `,0,1`;
/// see [`CsvReader`] for that. Cells may be quoted, and hold
/// separators and line breaks then; blank lines are passed over. Every other line needs as many cells as the first,
/// each a finite number.
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
