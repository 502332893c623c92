//! A table of numbers that is read block by block.

use super::header::FirstLine;
use super::plain::{Plain, Wanted};
use super::record::Records;
use super::{Dialect, Error, Expected, Missing, Result, block_rows};
use nalgebra::DMatrix;
use std::io::Read;

/// An error shows so many characters of a cell.
const SHOWN: usize = 40;

/// A table that is read piece by piece: an iterator over blocks of [`BLOCK_ROWS`](super::BLOCK_ROWS)
/// rows, n_b×d, or of fewer where rows are long.
///
/// The format is that of [`parse_csv`](super::parse_csv). Of the text no more than a record is kept. After an error the
/// iterator has nothing more to say; a table without any row is one, too.
///
/// ```
/// use executable_em_engine::table::CsvReader;
/// let mut reader = CsvReader::new("id,length,width\na,1.5,2\nb,3,4\n".as_bytes(), "table")?;
/// assert_eq!(reader.names(), ["id", "length", "width"]);
/// reader.choose(&[2, 1])?;
/// let block = reader.next().expect("two rows")?;
/// assert_eq!(block, nalgebra::dmatrix![2.0, 1.5; 4.0, 3.0]);
/// # Ok::<(), executable_em_engine::table::Error>(())
/// ```
#[derive(Debug)]
pub struct CsvReader<R> {
    records: Records<R>,
    plain: Plain,
    first: Vec<String>,
    names: Vec<String>,
    has_header: bool,
    /// The line on which the table begins, if it may be names or data.
    guessed: Option<u64>,
    /// For every column of the file, which of the chosen columns it is.
    places: Vec<Option<usize>>,
    chosen: usize,
    missing: Missing,
    /// Columns whose cells are kept as they are, and those of the block that was read last, a list a row.
    keep: Vec<usize>,
    kept: Vec<Vec<String>>,
    /// The cells of the block that was read last, as they are written, if they are wanted.
    text: Option<Vec<Vec<Vec<u8>>>>,
    /// The first line is yet to be taken for data.
    pending: bool,
    is_empty: bool,
    ended: bool,
}

impl<R: Read> CsvReader<R> {
    /// Reads the first line, and says whether it is a header; `file` is what errors call the table.
    ///
    /// It is one if it holds text above a number, or nothing but text; what stands for a missing value is no text. It
    /// is one, too, if it counts the columns behind a cell without anything, as a table does whose index and columns
    /// have no names; see [`CsvReader::guessed_line`] for others that count.
    ///
    /// # Errors
    /// [`Error::Empty`] without any line that is not blank, [`Error::Io`] if it cannot be read, [`Error::Cell`] for a
    /// name that is no UTF-8 or, beside numbers, may be none, [`Error::TooLong`] for a line that does
    /// not end, [`Error::TooWide`] for one of more than [`MOST_COLUMNS`](super::MOST_COLUMNS) cells.
    pub fn new(input: R, file: &str) -> Result<Self> {
        CsvReader::with_dialect(input, file, &Dialect::default())
    }

    /// The same of a table that is written in another way, or whose header is told.
    ///
    /// # Errors
    /// Those of [`CsvReader::new`]; no name looks like a number where the header is told.
    pub fn with_dialect(input: R, file: &str, dialect: &Dialect) -> Result<Self> {
        let mut reader = CsvReader::begin(input, file, dialect)?;
        let records = &mut reader.records;
        let first = match dialect.header {
            Some(true) => FirstLine::Names,
            Some(false) => FirstLine::Data,
            None => FirstLine::of(&reader.first, dialect, || records.peek(texts))?,
        };
        Ok(match first {
            FirstLine::Names => reader.named(),
            FirstLine::Data => reader.unnamed(),
            FirstLine::Counting { has_names } => {
                let line = Some(reader.records.line_of(0));
                let reader = if has_names { reader.named() } else { reader.unnamed() };
                CsvReader { guessed: line, ..reader }
            }
            FirstLine::Neither(column) => {
                let cell = reader.first[column].as_bytes();
                return Err(reader.wrong(column, cell, Expected::NumberOrName));
            }
        })
    }

    fn begin(input: R, file: &str, dialect: &Dialect) -> Result<Self> {
        let records = Records::new(input, file, dialect)?;
        let mut reader = CsvReader {
            plain: Plain::of(&records),
            records,
            first: Vec::new(),
            names: Vec::new(),
            has_header: false,
            guessed: None,
            places: Vec::new(),
            chosen: 0,
            missing: Missing::refused(),
            keep: Vec::new(),
            kept: Vec::new(),
            text: None,
            pending: false,
            is_empty: true,
            ended: false,
        };
        if !reader.records.advance()? {
            return Err(Error::Empty { file: reader.records.file });
        }
        reader.check_quotes()?;
        let mut first = Vec::new();
        for (column, cell) in reader.records.cells().enumerate() {
            let name = text(cell).ok_or_else(|| reader.wrong(column, cell, Expected::Utf8))?;
            // Two quotes stand for one, and a name has one line.
            first.push(name.replace("\"\"", "\"").replace("\r\n", "\n").replace(['\n', '\r'], " "));
        }
        reader.first = first;
        reader.chosen = reader.first.len();
        reader.places = (0..reader.chosen).map(Some).collect();
        Ok(reader)
    }

    /// Takes the first line for a header, after all; before any block is read.
    pub fn named(self) -> Self {
        CsvReader { names: self.first.clone(), has_header: true, pending: false, ..self }
    }

    /// Takes the first line for data, after all; before any block is read.
    pub fn unnamed(self) -> Self {
        let names = (1..=self.first.len()).map(|column| format!("x{column}")).collect();
        CsvReader { names, has_header: false, pending: true, ..self }
    }

    /// Lets cells be missing: a block has NaN there.
    pub fn with_missing(self, missing: Missing) -> Self {
        CsvReader { missing, ..self }
    }

    /// Keeps the text of every block for [`CsvReader::text`].
    pub fn with_text(self) -> Self {
        CsvReader { text: Some(Vec::new()), ..self }
    }

    /// The records of the block that was read last: all their cells as they are written, quotes included, blanks around
    /// them not. None unless [`CsvReader::with_text`] has asked for them.
    pub fn text(&self) -> &[Vec<Vec<u8>>] {
        self.text.as_deref().unwrap_or_default()
    }

    /// What separates the cells.
    pub fn separator(&self) -> char {
        self.records.separator().into()
    }

    /// The name of every column of the file.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The cells of the first line, header or data.
    pub fn first_line(&self) -> &[String] {
        &self.first
    }

    /// Whether the first line is a header, and no data.
    pub fn has_header(&self) -> bool {
        self.has_header
    }

    /// The line of the file on which the table begins, counted from 1, if what stands there, `0,1,2`, counts the
    /// columns and may be names or a datum: of several numbers above a fraction it is taken for names.
    ///
    /// ```
    /// use executable_em_engine::table::CsvReader;
    /// for (text, has_header) in [("0,1\n1.5,2\n", true), ("0,1\n3,2\n", false)] {
    ///     let reader = CsvReader::new(text.as_bytes(), "table")?;
    ///     assert_eq!((reader.has_header(), reader.guessed_line()), (has_header, Some(1)));
    /// }
    /// assert_eq!(CsvReader::new(",0,1\n0,3,2\n".as_bytes(), "table")?.guessed_line(), None);
    /// # Ok::<(), executable_em_engine::table::Error>(())
    /// ```
    pub fn guessed_line(&self) -> Option<u64> {
        self.guessed
    }

    /// Reads these columns only, counted from 0, in this order; cells in others may hold anything.
    ///
    /// # Errors
    /// [`Error::Choice`] for a column that the table has not, or that is chosen twice.
    pub fn choose(&mut self, columns: &[usize]) -> Result<()> {
        let mut places = vec![None; self.first.len()];
        for (place, &column) in columns.iter().enumerate() {
            match places.get_mut(column) {
                Some(free @ None) => *free = Some(place),
                _ => {
                    let (file, columns) = (self.records.file.clone(), places.len());
                    return Err(Error::Choice { file, column: column.saturating_add(1), columns });
                }
            }
        }
        (self.places, self.chosen) = (places, columns.len());
        Ok(())
    }

    /// Keeps the cells of these columns, counted from 0, beside the numbers; they may hold anything.
    ///
    /// # Errors
    /// [`Error::Choice`] for a column that the table has not.
    ///
    /// ```
    /// use executable_em_engine::table::CsvReader;
    /// let mut reader = CsvReader::new("id,length\n007,1.5\n\"a, b\",3\n".as_bytes(), "table")?;
    /// reader.choose(&[1])?;
    /// reader.keep(&[0])?;
    /// assert_eq!(reader.next().expect("two rows")?, nalgebra::dmatrix![1.5; 3.0]);
    /// assert_eq!(reader.kept(), [["007"], ["a, b"]]);
    /// # Ok::<(), executable_em_engine::table::Error>(())
    /// ```
    pub fn keep(&mut self, columns: &[usize]) -> Result<()> {
        if let Some(&column) = columns.iter().find(|&&column| column >= self.places.len()) {
            let (file, columns) = (self.records.file.clone(), self.places.len());
            return Err(Error::Choice { file, column: column.saturating_add(1), columns });
        }
        self.keep = columns.to_vec();
        Ok(())
    }

    /// The cells that were kept of the block that was read last: a list a row, without surrounding blanks and quotes.
    pub fn kept(&self) -> &[Vec<String>] {
        &self.kept
    }

    /// The columns, counted from 0, in which the line that was read last holds a finite number.
    pub fn numbers_in_line(&self) -> Vec<usize> {
        let cells = self.records.cells().take(self.first.len()).enumerate();
        cells.filter(|(_, cell)| number(cell).is_some()).map(|(column, _)| column).collect()
    }

    /// How the line that was read last begins: its first cell.
    pub fn first_cell_in_line(&self) -> String {
        self.records
            .cells()
            .next()
            .map_or_else(String::new, |cell| String::from_utf8_lossy(bare(cell)).into_owned())
    }

    fn block(&mut self) -> Result<Option<DMatrix<f64>>> {
        let mut values = Vec::new();
        self.text.iter_mut().for_each(Vec::clear);
        let mut row = vec![0.0; self.chosen];
        self.kept.clear();
        let most = block_rows(self.chosen) * self.chosen;
        let only_numbers = self.keep.is_empty() && self.text.is_none();
        while values.len() < most {
            let wanted = Wanted { places: &self.places, chosen: self.chosen, missing: &self.missing };
            if only_numbers
                && !self.pending
                && self.plain.take(&mut self.records, &wanted, &mut values, most)?
            {
                continue;
            }
            if !(std::mem::take(&mut self.pending) || self.records.advance()?) {
                break;
            }
            self.read_numbers(&mut row)?;
            if !self.keep.is_empty() {
                self.kept.push(self.texts()?);
            }
            values.extend_from_slice(&row);
            if let Some(text) = &mut self.text {
                text.push(self.records.cells().map(|cell| cell.trim_ascii().to_vec()).collect());
            }
        }
        let rows = values.len() / self.chosen.max(1);
        if rows == 0 && self.is_empty {
            return Err(Error::Empty { file: self.records.file.clone() });
        }
        self.is_empty = false;
        Ok((rows > 0).then(|| DMatrix::from_row_slice(rows, self.chosen, &values)))
    }

    /// The numbers of the chosen columns of the record.
    fn read_numbers(&self, row: &mut [f64]) -> Result<()> {
        let (mut cells, width) = (self.records.cells(), self.places.len());
        self.check_quotes()?;
        if cells.len() != width {
            let column = width.min(cells.len());
            let cell = cells.nth(column).unwrap_or_default();
            return Err(self.wrong(column, cell, Expected::Cells(width)));
        }
        for (column, (cell, place)) in cells.zip(&self.places).enumerate() {
            let Some(place) = *place else { continue };
            row[place] = number_or_gap(cell, &self.missing).ok_or_else(|| {
                let is_text = text(cell).is_some();
                self.wrong(column, cell, if is_text { Expected::FiniteNumber } else { Expected::Utf8 })
            })?;
        }
        Ok(())
    }

    /// The cells of the record that are to be kept.
    fn texts(&self) -> Result<Vec<String>> {
        let cells: Vec<&[u8]> = self.records.cells().collect();
        let text_of = |&column: &usize| {
            let text = text(cells[column]).map(|text| text.replace("\"\"", "\""));
            text.ok_or_else(|| self.wrong(column, cells[column], Expected::Utf8))
        };
        self.keep.iter().map(text_of).collect()
    }

    /// A quote that is not closed where its cell ends may have swallowed lines.
    fn check_quotes(&self) -> Result<()> {
        if !self.records.is_broken() {
            return Ok(());
        }
        let is_open = |cell: &[u8]| {
            let quotes = cell.iter().filter(|&&byte| byte == b'"').count();
            cell.starts_with(b"\"") && !(cell.trim_ascii_end().ends_with(b"\"") && quotes % 2 == 0)
        };
        match self.records.cells().enumerate().find(|(_, cell)| is_open(cell)) {
            Some((column, cell)) => Err(self.wrong(column, cell, Expected::ClosingQuote)),
            None => Ok(()),
        }
    }

    fn wrong(&self, column: usize, cell: &[u8], expected: Expected) -> Error {
        let cell = if expected == Expected::ClosingQuote { cell.trim_ascii() } else { bare(cell) };
        let found = String::from_utf8_lossy(cell);
        let found = match found.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &found[..end]),
            None => found.into_owned(),
        };
        Error::Cell {
            file: self.records.file.clone(),
            line: self.records.line_of(column.min(self.records.cells().len())),
            column: column + 1,
            name: self.names.get(column).cloned(),
            found,
            expected,
        }
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

/// The cells of a record, without surrounding blanks and quotes.
fn texts<R: Read>(records: &Records<R>) -> Vec<String> {
    records.cells().map(|cell| text(cell).unwrap_or_default().to_owned()).collect()
}

/// What a cell holds, without surrounding blanks and quotes.
fn bare(cell: &[u8]) -> &[u8] {
    let cell = cell.trim_ascii();
    cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell)
}

fn text(cell: &[u8]) -> Option<&str> {
    std::str::from_utf8(bare(cell)).ok().map(str::trim)
}

/// The number that a cell holds, NaN where it is missing.
pub(super) fn number_or_gap(cell: &[u8], missing: &Missing) -> Option<f64> {
    match number(cell) {
        Some(value) if missing.is_number(value) => Some(f64::NAN),
        None if text(cell).is_some_and(|word| missing.is_word(word)) => Some(f64::NAN),
        number => number,
    }
}

/// A finite number, whatever stands around it.
pub(super) fn number(cell: &[u8]) -> Option<f64> {
    // Few cells have blanks or quotes.
    let number = fast_float2::parse(cell).or_else(|_| fast_float2::parse(text(cell).unwrap_or_default()));
    number.ok().filter(|value: &f64| value.is_finite())
}
