//! A reader for tables of numbers whose errors name the line, the column and the text found there.

use super::stream::{BLOCK_ROWS, assemble};
use crate::error::{Error, Result};
use nalgebra::DMatrix;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// No line of a table is longer, in bytes: what goes on without an end is no table.
const LONGEST_LINE: u64 = 1 << 24;

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
/// [`Error::File`] if the file cannot be read (or is no UTF-8), otherwise the errors of [`parse_csv`].
///
/// ```
/// use executable_em::{Error, data::read_csv};
/// assert!(matches!(read_csv("no/such/file.csv"), Err(Error::File { .. })));
/// ```
pub fn read_csv(path: impl AsRef<Path>) -> Result<Table> {
    let name = path.as_ref().display().to_string();
    let file = File::open(path).map_err(|error| failed(&name, &error))?;
    table(CsvReader::new(file, &name)?)
}

/// Reads a table of numbers from comma-, semicolon- or tab-separated text, with or without a header line.
///
/// The separator is the first of tab, semicolon and comma that the first line holds outside quotes. The first line is a header if any
/// of its cells is no number. Cells may be quoted; blank lines are passed over. Every other line needs as many cells
/// as the first, each a finite number, or an [`Error::Csv`] says which is not. [`Error::Empty`] without any data.
///
/// ```
/// use executable_em::data::parse_csv;
/// let table = parse_csv("length,width\n1.5,2\n3,4e-1\n")?;
/// assert_eq!(table.names, ["length", "width"]);
/// assert_eq!(table.values[(1, 1)], 0.4);
///
/// let error = parse_csv("a,b\n1,2\n3,four\n").unwrap_err();
/// assert_eq!(error.to_string(), "line 3, column 2: found \"four\", expected a finite number");
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn parse_csv(text: &str) -> Result<Table> {
    table(CsvReader::new(text.as_bytes(), "table")?)
}

fn table<R: Read>(mut reader: CsvReader<R>) -> Result<Table> {
    let names = reader.names().to_vec();
    Ok(Table { names, values: assemble(&mut reader)? })
}

fn failed(path: &str, error: &io::Error) -> Error {
    Error::File { path: path.to_owned(), reason: error.to_string() }
}

/// A table that is read piece by piece: an iterator over blocks of [`BLOCK_ROWS`] rows, n_b×d.
///
/// The format is that of [`parse_csv`]. Of the text no more than a line is kept. After an error the iterator has
/// nothing more to say.
///
/// ```
/// use executable_em::data::CsvReader;
/// let mut reader = CsvReader::new("id,length,width\na,1.5,2\nb,3,4\n".as_bytes(), "table")?;
/// assert_eq!(reader.names(), ["id", "length", "width"]);
/// reader.choose(&[2, 1])?;
/// let block = reader.next().expect("two rows")?;
/// assert_eq!(block, nalgebra::dmatrix![2.0, 1.5; 4.0, 3.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Debug)]
pub struct CsvReader<R> {
    input: BufReader<R>,
    path: String,
    separator: u8,
    first: Vec<String>,
    names: Vec<String>,
    /// For every column of the file, which of the chosen columns it is.
    places: Vec<Option<usize>>,
    chosen: usize,
    /// The line that was read last, and its number, counted from 1.
    line: Vec<u8>,
    number: usize,
    /// The first line is yet to be taken for data.
    pending: bool,
    ended: bool,
}

impl<R: Read> CsvReader<R> {
    /// Reads the first line; `path` is what errors call the file.
    ///
    /// # Errors
    /// [`Error::Empty`] without any line that is not blank, [`Error::File`] if it cannot be read or is no UTF-8.
    pub fn new(input: R, path: &str) -> Result<Self> {
        let mut reader = CsvReader {
            input: BufReader::with_capacity(1 << 18, input),
            path: path.to_owned(),
            separator: b',',
            first: Vec::new(),
            names: Vec::new(),
            places: Vec::new(),
            chosen: 0,
            line: Vec::new(),
            number: 0,
            pending: false,
            ended: false,
        };
        loop {
            if !reader.read_line()? {
                return Err(Error::Empty { what: "table" });
            }
            if reader.number == 1 && reader.line.starts_with("\u{feff}".as_bytes()) {
                reader.line.drain(.."\u{feff}".len());
            }
            if !is_blank(&reader.line) {
                break;
            }
        }
        // What stands between quotes separates nothing: every other piece of the line lies outside them.
        let outside: Vec<&[u8]> = reader.line.split(|&byte| byte == b'"').step_by(2).collect();
        let separates = |separator: u8| outside.iter().any(|piece| piece.contains(&separator));
        reader.separator = b"\t;,".iter().copied().find(|&separator| separates(separator)).unwrap_or(b',');
        reader.first = reader.cells()?;
        let width = reader.first.len();
        reader.places = (0..width).map(Some).collect();
        reader.chosen = width;
        if reader.first.iter().any(|cell| cell.parse::<f64>().is_err()) {
            reader.names = reader.first.clone();
        } else {
            reader.without_header();
        }
        Ok(reader)
    }

    /// The name of every column of the file.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The cells of the first line, header or data.
    pub fn first_line(&self) -> &[String] {
        &self.first
    }

    /// Takes the first line for data, though not all its cells are numbers: right if those of the chosen columns are.
    /// Before any block is read.
    pub fn without_header(&mut self) {
        self.names = (1..=self.first.len()).map(|column| format!("x{column}")).collect();
        self.pending = true;
    }

    /// Reads these columns only, counted from 0, in this order; cells in others may hold anything.
    ///
    /// # Errors
    /// [`Error::Domain`] for a column that the table has not, or that is chosen twice.
    pub fn choose(&mut self, columns: &[usize]) -> Result<()> {
        let mut places = vec![None; self.first.len()];
        for (place, &column) in columns.iter().enumerate() {
            match places.get_mut(column) {
                Some(free @ None) => *free = Some(place),
                _ => {
                    let allowed = "a column of the table, each at most once";
                    return Err(Error::Domain { what: "column", value: column as f64, allowed });
                }
            }
        }
        (self.places, self.chosen) = (places, columns.len());
        Ok(())
    }

    /// The columns, counted from 0, in which the line that was read last holds a finite number.
    pub fn numbers_in_line(&self) -> Vec<usize> {
        let cells = self.cells().unwrap_or_default();
        (0..cells.len().min(self.first.len())).filter(|&column| finite(&cells[column]).is_some()).collect()
    }

    /// Reads the next line without its end; false if there is none.
    fn read_line(&mut self) -> Result<bool> {
        self.line.clear();
        self.number += 1;
        let mut line = (&mut self.input).take(LONGEST_LINE);
        let length = line.read_until(b'\n', &mut self.line).map_err(|error| failed(&self.path, &error))?;
        if length as u64 == LONGEST_LINE {
            let reason = format!("line {} is longer than 16 MiB; this is no table", self.number);
            return Err(Error::File { path: self.path.clone(), reason });
        }
        if self.line.ends_with(b"\n") {
            self.line.pop();
            if self.line.ends_with(b"\r") {
                self.line.pop();
            }
        }
        Ok(length > 0)
    }

    /// The next line that is not blank.
    fn next_row(&mut self) -> Result<bool> {
        if std::mem::take(&mut self.pending) {
            return Ok(true);
        }
        while self.read_line()? {
            if !is_blank(&self.line) || self.line.contains(&self.separator) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The numbers of the chosen columns of the line; false if they are not all there.
    fn read_numbers(&self, row: &mut [f64]) -> bool {
        let mut places = self.places.iter();
        for cell in split(&self.line, self.separator) {
            let cell = cell.trim_ascii();
            let cell = cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell);
            match (places.next(), std::str::from_utf8(cell)) {
                (Some(None), _) => {}
                (Some(&Some(place)), Ok(text)) => match finite(text) {
                    Some(value) => row[place] = value,
                    None => return false,
                },
                _ => return false,
            }
        }
        places.next().is_none()
    }

    /// The same, slower, for quoted cells and all that is wrong.
    fn read_cells(&self, row: &mut [f64]) -> Result<()> {
        let (line, width, cells) = (self.number, self.places.len(), self.cells()?);
        if cells.len() != width {
            let column = width.min(cells.len()) + 1;
            let value = cells.get(width).cloned().unwrap_or_default();
            return Err(Error::Csv { line, column, value, expected: format!("{width} cells on every line") });
        }
        for ((column, value), place) in (1..).zip(cells).zip(&self.places) {
            let Some(place) = *place else { continue };
            row[place] = finite(&value).ok_or_else(|| {
                let expected = "a finite number".to_owned();
                Error::Csv { line, column, value, expected }
            })?;
        }
        Ok(())
    }

    /// The cells of the line, without surrounding blanks and quotes.
    fn cells(&self) -> Result<Vec<String>> {
        let text = |cell: &[u8]| match std::str::from_utf8(cell) {
            Ok(cell) => Ok(cell.replace('"', "").trim().to_owned()),
            Err(_) => {
                let reason = format!("line {} is no text in UTF-8", self.number);
                Err(Error::File { path: self.path.clone(), reason })
            }
        };
        split(&self.line, self.separator).map(text).collect()
    }

    fn block(&mut self) -> Result<Option<DMatrix<f64>>> {
        let mut values = Vec::new();
        let mut row = vec![0.0; self.chosen];
        while values.len() < BLOCK_ROWS * self.chosen && self.next_row()? {
            if !self.read_numbers(&mut row) {
                self.read_cells(&mut row)?;
            }
            values.extend_from_slice(&row);
        }
        let rows = values.len() / self.chosen.max(1);
        Ok((rows > 0).then(|| DMatrix::from_row_slice(rows, self.chosen, &values)))
    }
}

impl<R: Read> Iterator for CsvReader<R> {
    type Item = Result<DMatrix<f64>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let block = self.block().transpose();
        self.ended = !matches!(block, Some(Ok(_)));
        block
    }
}

/// The cells of a line; a separator inside quotes belongs to its cell.
fn split(line: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    line.split(move |&byte| {
        quoted ^= byte == b'"';
        byte == separator && !quoted
    })
}

fn finite(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|value: &f64| value.is_finite())
}

fn is_blank(line: &[u8]) -> bool {
    let may_be = line.first().is_none_or(|byte| !byte.is_ascii_graphic());
    may_be && std::str::from_utf8(line).is_ok_and(|line| line.trim().is_empty())
}
