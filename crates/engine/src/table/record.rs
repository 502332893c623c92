//! The records of a table, cell by cell, as they are written.

use super::dialect::{Dialect, Head};
use super::{Error, MOST_COLUMNS, Result};
use csv_core::{ReadFieldResult, ReaderBuilder, Terminator};
use memchr::memrchr;
use std::fmt;
use std::io::{BufRead, BufReader, Chain, Cursor, ErrorKind, Read};

/// No record of a table is longer, in bytes: what goes on without an end is no table.
pub(super) const LONGEST: usize = 1 << 24;

/// A table's records, one at a time.
pub(super) struct Records<R> {
    /// What errors call the table.
    pub file: String,
    input: BufReader<Chain<Cursor<Vec<u8>>, R>>,
    separator: u8,
    line_end: u8,
    comment: Option<String>,
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
    has_begun: bool,
    /// The record after it, where somebody has looked ahead: bytes, ends, line, lines.
    ahead: Option<(Vec<u8>, Vec<usize>, u64, u64)>,
}

impl<R: Read> Records<R> {
    /// Sees what ends lines and separates cells, and passes over the lines before the table.
    pub fn new(mut input: R, file: &str, dialect: &Dialect) -> Result<Self> {
        let head =
            Head::read(&mut input, dialect).map_err(|source| Error::Io { path: file.to_owned(), source })?;
        // Only one byte ends a record: a carriage return before it is a blank at the end of a cell.
        let ends = Terminator::Any(head.line_end);
        let mut records = Records {
            file: file.to_owned(),
            input: BufReader::with_capacity(1 << 20, Cursor::new(head.text).chain(input)),
            separator: head.separator,
            line_end: head.line_end,
            comment: dialect.comment.clone(),
            core: ReaderBuilder::new().delimiter(head.separator).terminator(ends).build(),
            scratch: [0; 1024],
            bytes: Vec::new(),
            ends: Vec::new(),
            line: 1,
            lines: 0,
            has_begun: false,
            ahead: None,
        };
        for _ in 0..dialect.skip {
            if !records.next_line()? {
                break;
            }
        }
        Ok(records)
    }

    /// Reads the next record that is neither blank nor a comment; false if there is none.
    pub fn advance(&mut self) -> Result<bool> {
        if let Some(ahead) = self.ahead.take() {
            (self.bytes, self.ends, self.line, self.lines) = ahead;
            return Ok(true);
        }
        while self.next_line()? {
            if is_comment(&self.bytes, self.comment.as_deref()) {
                continue;
            }
            self.find_cells()?;
            // Before the table, separators alone are no cells.
            if !is_blank(&self.bytes) || self.has_begun && self.ends.len() > 1 {
                self.has_begun = true;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Begins a record with the line after this one; false if there is none.
    fn next_line(&mut self) -> Result<bool> {
        self.bytes.clear();
        (self.line, self.lines) = (self.line + self.lines, 0);
        self.read_line()
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

    /// What ends lines.
    pub fn line_end(&self) -> u8 {
        self.line_end
    }

    /// What lines begin with that are passed over.
    pub fn comment(&self) -> Option<&str> {
        self.comment.as_deref()
    }

    /// The whole lines after the record that lie in the buffer, which is filled if it is empty.
    pub fn lines(&mut self) -> Result<&[u8]> {
        if self.ahead.is_some() {
            return Ok(&[]);
        }
        while let Err(source) = self.input.fill_buf() {
            if source.kind() != ErrorKind::Interrupted {
                return Err(Error::Io { path: self.file.clone(), source });
            }
        }
        let buffer = self.input.buffer();
        Ok(&buffer[..memrchr(self.line_end, buffer).map_or(0, |end| end + 1)])
    }

    /// Passes over lines of the buffer.
    pub fn pass_over(&mut self, bytes: usize, lines: u64) {
        self.input.consume(bytes);
        self.lines += lines;
    }

    /// The line that a cell begins on.
    pub fn line_of(&self, cell: usize) -> u64 {
        let before = if cell == 0 { 0 } else { self.ends[cell - 1] };
        self.line + self.bytes[..before].iter().filter(|&&byte| byte == self.line_end).count() as u64
    }

    /// Whether a line break stands between quotes.
    pub fn is_broken(&self) -> bool {
        self.lines > 1
    }

    /// Adds a line to the record; false if there is none.
    fn read_line(&mut self) -> Result<bool> {
        let (before, room) = (self.bytes.len(), (LONGEST + 1 - self.bytes.len()) as u64);
        let length = (&mut self.input)
            .take(room)
            .read_until(self.line_end, &mut self.bytes)
            .map_err(|source| Error::Io { path: self.file.clone(), source })?;
        if self.bytes.len() > LONGEST {
            return Err(Error::TooLong { file: self.file.clone(), line: self.line });
        }
        if self.separator == b' ' {
            // Where blanks separate, so do tabs.
            self.bytes[before..].iter_mut().filter(|byte| **byte == b'\t').for_each(|byte| *byte = b' ');
        }
        self.lines += u64::from(length > 0);
        Ok(length > 0)
    }

    /// Where the cells of the record end.
    fn find_cells(&mut self) -> Result<()> {
        self.ends.clear();
        let (separator, mut start) = (self.separator, self.after_blanks(0));
        while let Some(at) = self.bytes[start..].iter().position(|&byte| byte == separator || byte == b'"') {
            let end =
                if self.bytes[start + at] == b'"' { self.end_of_quoted(start)? } else { Some(start + at) };
            let Some(end) = end else { break };
            start = self.after_blanks(end + 1);
            if separator == b' ' && start == self.bytes.len() {
                break;
            }
            self.ends.push(end);
            if self.ends.len() == MOST_COLUMNS {
                return Err(Error::TooWide { file: self.file.clone(), line: self.line });
            }
        }
        // The last one ends with the line.
        self.ends.push(self.bytes.len() - usize::from(self.bytes.ends_with(&[self.line_end])));
        Ok(())
    }

    /// Past the blanks that begin here, where runs of them separate: they belong to the cell that follows.
    fn after_blanks(&self, start: usize) -> usize {
        let is_blank = |byte: &&u8| self.separator == b' ' && byte.is_ascii_whitespace();
        start + self.bytes[start..].iter().take_while(is_blank).count()
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
}

impl<R> fmt::Debug for Records<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("file", &self.file).field("line", &self.line).finish_non_exhaustive()
    }
}

pub(super) fn is_comment(line: &[u8], mark: Option<&str>) -> bool {
    mark.is_some_and(|mark| line.trim_ascii_start().starts_with(mark.as_bytes()))
}

pub(super) fn is_blank(line: &[u8]) -> bool {
    let may_be = line.first().is_none_or(|byte| !byte.is_ascii_graphic());
    may_be && std::str::from_utf8(line).is_ok_and(|line| line.trim().is_empty())
}
