//! Many lines of plain numbers at once, on all threads.
//!
//! They hold what their records would: whatever is written in another way ends the reading before its line, and is left
//! to the records.

use super::csv::number_or_gap;
use super::record::{Records, is_comment};
use super::{Missing, Result};
use memchr::{memchr, memrchr};
use rayon::prelude::*;
use std::io::Read;

/// A thread has so many bytes to read at least, or waking it takes longer.
const PIECE: usize = 1 << 16;

/// After a line that is not plain so many records are read one by one, and twice as many after the next such line: else
/// a table of quoted cells would be read many times over.
const PAUSE: u32 = 64;

/// Reads lines before anybody wants their rows.
#[derive(Debug)]
pub(super) struct Plain {
    separator: u8,
    line_end: u8,
    comment: Option<String>,
    /// Row after row the chosen columns, and how many numbers are taken.
    values: Vec<f64>,
    taken: usize,
    /// How many records are to be read one by one before lines are tried again, and after the next line that is not
    /// plain.
    left: u32,
    pause: u32,
}

/// Which cells are wanted.
pub(super) struct Wanted<'a> {
    /// For every column of the file, which of the chosen columns it is.
    pub places: &'a [Option<usize>],
    pub chosen: usize,
    pub missing: &'a Missing,
}

/// What the first lines of a piece of text hold, so far as they are plain.
struct Piece {
    values: Vec<f64>,
    bytes: usize,
    lines: u64,
}

impl Plain {
    pub fn of<R: Read>(records: &Records<R>) -> Self {
        let (separator, line_end) = (records.separator(), records.line_end());
        let comment = records.comment().map(str::to_owned);
        Plain { separator, line_end, comment, values: Vec::new(), taken: 0, left: 0, pause: PAUSE }
    }

    /// Moves numbers to `into` until it holds `most` of them; whether there were any.
    pub fn take<R: Read>(
        &mut self,
        records: &mut Records<R>,
        wanted: &Wanted<'_>,
        into: &mut Vec<f64>,
        most: usize,
    ) -> Result<bool> {
        if self.taken == self.values.len() {
            self.read(records, wanted)?;
        }
        let ready = &self.values[self.taken..];
        let ready = &ready[..ready.len().min(most - into.len())];
        into.extend_from_slice(ready);
        self.taken += ready.len();
        Ok(!ready.is_empty())
    }

    /// Reads the lines that the records have in their buffer.
    fn read<R: Read>(&mut self, records: &mut Records<R>, wanted: &Wanted<'_>) -> Result<()> {
        (self.values, self.taken) = (Vec::new(), 0);
        // Where blanks separate, a run of them is one.
        if self.left > 0 || self.separator == b' ' {
            self.left = self.left.saturating_sub(1);
            return Ok(());
        }
        let mut rest = records.lines()?;
        let size = rest.len().div_ceil(rayon::current_num_threads()).max(PIECE);
        let mut texts = Vec::new();
        while !rest.is_empty() {
            let end = rest.get(size..).and_then(|after| memchr(self.line_end, after));
            let (text, after) = rest.split_at(end.map_or(rest.len(), |end| size + end + 1));
            texts.push(text);
            rest = after;
        }
        let pieces: Vec<Piece> = texts.par_iter().map(|text| self.piece(text, wanted)).collect();
        let (mut bytes, mut lines) = (0, 0);
        for (piece, text) in pieces.into_iter().zip(texts.iter().map(|text| text.len())) {
            self.values.extend(piece.values);
            (bytes, lines) = (bytes + piece.bytes, lines + piece.lines);
            if piece.bytes < text {
                (self.left, self.pause) = (self.pause, self.pause.saturating_mul(2));
                break;
            }
        }
        records.pass_over(bytes, lines);
        Ok(())
    }

    fn piece(&self, text: &[u8], wanted: &Wanted<'_>) -> Piece {
        // Between quotes a separator is none.
        let plain = match memchr(b'"', text) {
            Some(quote) => &text[..memrchr(self.line_end, &text[..quote]).map_or(0, |end| end + 1)],
            None => text,
        };
        let mut piece = Piece { values: Vec::new(), bytes: 0, lines: 0 };
        let mut row = vec![0.0; wanted.chosen];
        while piece.bytes < plain.len() {
            let rest = &plain[piece.bytes..];
            let Some(end) = memchr(self.line_end, rest) else { break };
            let line = &rest[..end];
            let is_passed_over = matches!(line, b"" | b"\r") || is_comment(line, self.comment.as_deref());
            if !is_passed_over {
                if self.read_line(line, wanted, &mut row).is_none() {
                    break;
                }
                piece.values.extend_from_slice(&row);
            }
            piece.bytes += end + 1;
            piece.lines += 1;
        }
        piece
    }

    /// The numbers of a line, if it holds nothing else.
    fn read_line(&self, line: &[u8], wanted: &Wanted<'_>, row: &mut [f64]) -> Option<()> {
        let mut places = wanted.places.iter();
        for cell in line.split(|&byte| byte == self.separator) {
            if let Some(place) = *places.next()? {
                row[place] = number_or_gap(cell, wanted.missing)?;
            }
        }
        places.next().is_none().then_some(())
    }
}
