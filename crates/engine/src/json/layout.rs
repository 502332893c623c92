//! Where the line breaks of a document go.

use serde_json::ser::Formatter;
use std::io::{Result, Write};

/// A field a line; a list of lists or objects with a line for each, unless it stands in a list itself; all else on one
/// line.
#[derive(Default)]
pub(super) struct Layout {
    open: Vec<Open>,
}

/// What has begun and not ended.
#[derive(Clone, Copy, PartialEq)]
enum Open {
    Object,
    /// A list, with a line for each item or, as far as is known, without.
    List {
        lines: bool,
    },
}

impl Layout {
    fn line<W: ?Sized + Write>(&self, writer: &mut W) -> Result<()> {
        write!(writer, "\n{:1$}", "", 2 * self.open.len())
    }

    /// A list or an object begins: in a list that is in none, on a line of its own.
    fn begin<W: ?Sized + Write>(&mut self, writer: &mut W, what: Open) -> Result<()> {
        match self.open.as_mut_slice() {
            [.., Open::List { .. }, Open::List { .. }] => {}
            [.., Open::List { lines }] => {
                *lines = true;
                self.line(writer)?;
            }
            _ => {}
        }
        self.open.push(what);
        writer.write_all(if what == Open::Object { b"{" } else { b"[" })
    }

    fn end<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> Result<()> {
        if matches!(self.open.pop(), Some(Open::Object | Open::List { lines: true })) {
            self.line(writer)?;
        }
        writer.write_all(bracket)
    }
}

impl Formatter for Layout {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> Result<()> {
        write!(writer, "{value:?}")
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.begin(writer, Open::List { lines: false })
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
        match self.open.last() {
            _ if first => Ok(()),
            Some(Open::List { lines: true }) => writer.write_all(b","),
            _ => writer.write_all(b", "),
        }
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.end(writer, b"]")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.begin(writer, Open::Object)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        self.line(writer)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        writer.write_all(b": ")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.end(writer, b"}")
    }
}
