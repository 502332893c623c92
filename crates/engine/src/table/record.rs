//! The records of a table, cell by cell, as they are written: csv-core finds where each ends.

use super::{Error, Result};
use csv_core::{ReadFieldResult, ReadRecordResult, ReaderBuilder, Terminator};
use std::fmt;
use std::io::{self, BufRead, BufReader, Chain, Cursor, ErrorKind, Read};

/// No record of a table is longer, in bytes: what goes on without an end is no table.
const LONGEST: usize = 1 << 24;

/// What csv-core writes, cells without their quotes, is written over: so many bytes at a time.
const SCRATCH: usize = 1 << 12;

/// A table's records, one at a time.
pub(super) struct Records<R> {
    /// What errors call the table.
    pub file: String,
    /// The line that the record begins on, counted from 1.
    pub line: u64,
    input: Chain<Cursor<Vec<u8>>, BufReader<R>>,
    core: csv_core::Reader,
    /// Reads a record again, cell by cell.
    again: csv_core::Reader,
    scratch: Vec<u8>,
    /// The record as it is written, without the end of its line.
    bytes: Vec<u8>,
    /// Where its cells end, and how many there are.
    ends: Vec<usize>,
    cells: usize,
    /// It has more than one line.
    pub is_broken: bool,
}

impl<R: Read> Records<R> {
    /// Finds the first line that is not blank, and what separates its cells.
    pub fn new(input: R, file: &str) -> Result<Self> {
        let (mut input, mut first) = (BufReader::with_capacity(1 << 18, input), Vec::new());
        let mut line = 1;
        read_line(&mut input, &mut first, file, line)?;
        if first.starts_with("\u{feff}".as_bytes()) {
            first.drain(.."\u{feff}".len());
        }
        while is_blank(&first) {
            line += 1;
            first.clear();
            if read_line(&mut input, &mut first, file, line)? == 0 {
                return Err(Error::Empty { file: file.to_owned() });
            }
        }
        let separator = separator(&mut input, &mut first, file, line)?;
        let mut core = reader(separator);
        core.set_line(line);
        Ok(Records {
            file: file.to_owned(),
            line,
            input: Cursor::new(first).chain(input),
            core,
            again: reader(separator),
            scratch: vec![0; SCRATCH],
            bytes: Vec::new(),
            ends: vec![0; 16],
            cells: 0,
            is_broken: false,
        })
    }

    /// Reads the next record that is not blank; false if there is none.
    pub fn advance(&mut self) -> Result<bool> {
        while self.read()? {
            if self.cells > 1 || !is_blank(&self.bytes) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The cells of the record as they are written, blanks and quotes included.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let mut start = 0;
        self.ends[..self.cells].iter().map(move |&end| {
            let cell = &self.bytes[start..end];
            start = end + 1;
            cell
        })
    }

    /// The line that a cell begins on.
    pub fn line_of(&self, cell: usize) -> u64 {
        let before = if cell == 0 { 0 } else { self.ends[cell - 1] };
        self.line + self.bytes[..before].iter().filter(|&&byte| byte == b'\n').count() as u64
    }

    fn read(&mut self) -> Result<bool> {
        self.bytes.clear();
        self.cells = 0;
        self.line = self.core.line();
        let mut written = 0;
        loop {
            let input = match self.input.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                input => input.map_err(|source| failed(&self.file, source))?,
            };
            let (result, read, out, ends) =
                self.core.read_record(input, &mut self.scratch, &mut self.ends[self.cells..]);
            self.bytes.extend_from_slice(&input[..read]);
            self.input.consume(read);
            written += out;
            self.cells += ends;
            if self.bytes.len() > LONGEST {
                return Err(Error::TooLong { file: self.file.clone(), line: self.line });
            }
            match result {
                ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull => {}
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::Record => {
                    // Unless the record ends with the input, it ends with a line feed.
                    self.bytes.truncate(self.bytes.len() - usize::from(read > 0));
                    break;
                }
                ReadRecordResult::End => return Ok(false),
            }
        }
        let blank = self.bytes.iter().take_while(|&&byte| byte == b'\n').count();
        self.bytes.drain(..blank);
        self.line += blank as u64;
        self.is_broken = false;
        if self.bytes.len() + 1 == written + self.cells {
            // Nothing but the separators was left out: there are no quotes, and no line breaks between them.
            self.ends[..self.cells].iter_mut().enumerate().for_each(|(before, end)| *end += before);
        } else {
            self.find_cells();
        }
        Ok(true)
    }

    /// Where the cells of a record with quotes end.
    fn find_cells(&mut self) {
        self.is_broken = self.bytes.contains(&b'\n');
        self.again.reset();
        let (mut cell, mut at) = (0, 0);
        while cell < self.cells {
            let (result, read, _) = self.again.read_field(&self.bytes[at..], &mut self.scratch);
            at += read;
            if result != ReadFieldResult::OutputFull {
                let separated = result == ReadFieldResult::Field { record_end: false };
                self.ends[cell] = at - usize::from(separated);
                cell += 1;
            }
        }
    }
}

impl<R> fmt::Debug for Records<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("file", &self.file).field("line", &self.line).finish_non_exhaustive()
    }
}

/// Only a line feed ends a record: the carriage return before it is a blank at the end of a cell.
fn reader(separator: u8) -> csv_core::Reader {
    ReaderBuilder::new().delimiter(separator).terminator(Terminator::Any(b'\n')).build()
}

/// The first of tab, semicolon and comma that the first record holds outside quotes; reads on while a quote is open.
fn separator(input: &mut impl BufRead, first: &mut Vec<u8>, file: &str, line: u64) -> Result<u8> {
    /// Where in a cell: before it, in it, between its quotes, or behind one that may have ended it.
    enum At {
        Start,
        Plain,
        Quoted,
        Quote,
    }
    const SEPARATORS: [u8; 3] = [b'\t', b';', b','];
    let (mut at, mut read, mut best) = (At::Start, 0, SEPARATORS.len() - 1);
    loop {
        for &byte in &first[read..] {
            let separator = SEPARATORS.iter().position(|&separator| separator == byte);
            at = match (at, separator) {
                (At::Quoted, _) => {
                    if byte == b'"' {
                        At::Quote
                    } else {
                        At::Quoted
                    }
                }
                (_, Some(separator)) => {
                    best = best.min(separator);
                    At::Start
                }
                (At::Start | At::Quote, None) if byte == b'"' => At::Quoted,
                (At::Start, None) if byte.is_ascii_whitespace() => At::Start,
                _ => At::Plain,
            };
        }
        read = first.len();
        if !matches!(at, At::Quoted) || read_line(input, first, file, line)? == 0 {
            return Ok(SEPARATORS[best]);
        }
    }
}

/// Adds the next line of a record, with its end.
fn read_line(input: &mut impl BufRead, record: &mut Vec<u8>, file: &str, line: u64) -> Result<usize> {
    let room = (LONGEST + 1 - record.len()) as u64;
    let length = input.take(room).read_until(b'\n', record).map_err(|source| failed(file, source))?;
    if record.len() > LONGEST {
        return Err(Error::TooLong { file: file.to_owned(), line });
    }
    Ok(length)
}

fn failed(file: &str, source: io::Error) -> Error {
    Error::Io { path: file.to_owned(), source }
}

fn is_blank(record: &[u8]) -> bool {
    let may_be = record.first().is_none_or(|byte| !byte.is_ascii_graphic());
    may_be && std::str::from_utf8(record).is_ok_and(|record| record.trim().is_empty())
}
