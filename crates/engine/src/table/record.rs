//! The records of a table, cell by cell, as they are written.

use super::{Error, Result};
use csv_core::{ReadFieldResult, ReaderBuilder, Terminator};
use std::fmt;
use std::io::{BufRead, BufReader, Read};

/// No record of a table is longer, in bytes: what goes on without an end is no table.
const LONGEST: usize = 1 << 24;

/// What may separate cells; of those that do, the first is meant.
const SEPARATORS: [u8; 3] = [b'\t', b';', b','];

/// A table's records, one at a time.
pub(super) struct Records<R> {
    /// What errors call the table.
    pub file: String,
    input: BufReader<R>,
    separator: u8,
    /// Finds where cells end, if there are quotes.
    core: csv_core::Reader,
    /// What it writes, cells without their quotes, is written over.
    scratch: [u8; 1024],
    /// The record as it is written, with the end of its line.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// The line that it begins on, counted from 1, and how many it has.
    line: u64,
    lines: u64,
    /// It is the first one, and yet to be asked for.
    is_first: bool,
    /// The record after it, where somebody has looked ahead: bytes, ends, line, lines.
    ahead: Option<(Vec<u8>, Vec<usize>, u64, u64)>,
}

impl<R: Read> Records<R> {
    /// Finds the first line that is not blank, and what separates its cells.
    pub fn new(input: R, file: &str) -> Result<Self> {
        let mut records = Records {
            file: file.to_owned(),
            input: BufReader::with_capacity(1 << 18, input),
            separator: b',',
            core: csv_core::Reader::new(),
            scratch: [0; 1024],
            bytes: Vec::new(),
            ends: Vec::new(),
            line: 1,
            lines: 0,
            is_first: true,
            ahead: None,
        };
        let mut is_there = records.read_line()?;
        if records.bytes.starts_with("\u{feff}".as_bytes()) {
            records.bytes.drain(.."\u{feff}".len());
        }
        while is_there && is_blank(&records.bytes) {
            records.bytes.clear();
            (records.line, records.lines) = (records.line + 1, 0);
            is_there = records.read_line()?;
        }
        if !is_there {
            return Err(Error::Empty { file: records.file });
        }
        records.separator = records.find_separator()?;
        // Only a line feed ends a record: the carriage return before it is a blank at the end of a cell.
        let ends = Terminator::Any(b'\n');
        records.core = ReaderBuilder::new().delimiter(records.separator).terminator(ends).build();
        Ok(records)
    }

    /// Reads the next record that is not blank; false if there is none.
    pub fn advance(&mut self) -> Result<bool> {
        if let Some(ahead) = self.ahead.take() {
            (self.bytes, self.ends, self.line, self.lines) = ahead;
            return Ok(true);
        }
        loop {
            if !std::mem::take(&mut self.is_first) {
                self.bytes.clear();
                (self.line, self.lines) = (self.line + self.lines, 0);
                if !self.read_line()? {
                    return Ok(false);
                }
            }
            self.find_cells()?;
            if self.ends.len() > 1 || !is_blank(&self.bytes) {
                return Ok(true);
            }
        }
    }

    /// What `look` sees in the record after this one, which is still to be read; none after the last.
    pub fn peek<T>(&mut self, look: impl FnOnce(&Self) -> T) -> Result<Option<T>> {
        let (line, lines) = (self.line, self.lines);
        let (bytes, ends) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.ends));
        let seen = self.advance()?.then(|| look(self));
        let next = (std::mem::replace(&mut self.bytes, bytes), std::mem::replace(&mut self.ends, ends));
        self.ahead = seen.is_some().then_some((next.0, next.1, self.line, self.lines));
        (self.line, self.lines) = (line, lines);
        Ok(seen)
    }

    /// The cells of the record as they are written, blanks and quotes included.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let cell = &self.bytes[start..end];
            start = end + 1;
            cell
        })
    }

    /// What separates the cells.
    pub fn separator(&self) -> u8 {
        self.separator
    }

    /// The line that a cell begins on.
    pub fn line_of(&self, cell: usize) -> u64 {
        let before = if cell == 0 { 0 } else { self.ends[cell - 1] };
        self.line + self.bytes[..before].iter().filter(|&&byte| byte == b'\n').count() as u64
    }

    /// Whether a line break stands between quotes.
    pub fn is_broken(&self) -> bool {
        self.lines > 1
    }

    /// Adds a line to the record; false if there is none.
    fn read_line(&mut self) -> Result<bool> {
        let room = (LONGEST + 1 - self.bytes.len()) as u64;
        let length = (&mut self.input)
            .take(room)
            .read_until(b'\n', &mut self.bytes)
            .map_err(|source| Error::Io { path: self.file.clone(), source })?;
        if self.bytes.len() > LONGEST {
            return Err(Error::TooLong { file: self.file.clone(), line: self.line });
        }
        self.lines += u64::from(length > 0);
        Ok(length > 0)
    }

    /// Where the cells of the record end.
    fn find_cells(&mut self) -> Result<()> {
        self.ends.clear();
        let (separator, mut start) = (self.separator, 0);
        while let Some(at) = self.bytes[start..].iter().position(|&byte| byte == separator || byte == b'"') {
            let end =
                if self.bytes[start + at] == b'"' { self.end_of_quoted(start)? } else { Some(start + at) };
            let Some(end) = end else { break };
            self.ends.push(end);
            start = end + 1;
        }
        // The last one ends with the line.
        self.ends.push(self.bytes.len() - usize::from(self.bytes.ends_with(b"\n")));
        Ok(())
    }

    /// Where a cell ends that has quotes, unless it is the last; reads on while a quote is open.
    fn end_of_quoted(&mut self, start: usize) -> Result<Option<usize>> {
        self.core.reset();
        let mut at = start;
        loop {
            let (result, read, _) = self.core.read_field(&self.bytes[at..], &mut self.scratch);
            at += read;
            match result {
                ReadFieldResult::OutputFull => {}
                ReadFieldResult::Field { record_end: false } => return Ok(Some(at - 1)),
                ReadFieldResult::InputEmpty if self.read_line()? => {}
                _ => return Ok(None),
            }
        }
    }

    /// The first of the separators that stands outside quotes in the first record; reads on while a quote is open.
    fn find_separator(&mut self) -> Result<u8> {
        /// Where in a cell: before it, in it, between its quotes, or behind one that may have ended it.
        enum At {
            Start,
            Plain,
            Quoted,
            Quote,
        }
        let (mut at, mut read, mut best) = (At::Start, 0, SEPARATORS.len() - 1);
        loop {
            for &byte in &self.bytes[read..] {
                let separator = SEPARATORS.iter().position(|&separator| separator == byte);
                at = match (at, separator) {
                    (At::Quoted, _) if byte == b'"' => At::Quote,
                    (At::Quoted, _) => At::Quoted,
                    (_, Some(separator)) => {
                        best = best.min(separator);
                        At::Start
                    }
                    (At::Start | At::Quote, None) if byte == b'"' => At::Quoted,
                    (At::Start, None) if byte.is_ascii_whitespace() => At::Start,
                    _ => At::Plain,
                };
            }
            read = self.bytes.len();
            if !matches!(at, At::Quoted) || !self.read_line()? {
                return Ok(SEPARATORS[best]);
            }
        }
    }
}

impl<R> fmt::Debug for Records<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("file", &self.file).field("line", &self.line).finish_non_exhaustive()
    }
}

fn is_blank(record: &[u8]) -> bool {
    let may_be = record.first().is_none_or(|byte| !byte.is_ascii_graphic());
    may_be && std::str::from_utf8(record).is_ok_and(|record| record.trim().is_empty())
}
