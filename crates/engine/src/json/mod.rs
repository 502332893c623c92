//! Fitted mixtures and their statistics as JSON that people can read and that is read back bit for bit.
//!
//! | file | what it holds |
//! |---|---|
//! | this one | what the documents have in common: how they are written, and read with the place of every error |
//! | `mixture.rs` | a fitted mixture |

mod mixture;

pub use mixture::SavedMixture;

use crate::{Error, Result};
use nalgebra::DMatrix;
use serde_json::Value;
use std::fmt::Write;

/// The version of the documents; another one is not read.
const FORMAT: usize = 1;

/// What can be written as a JSON document and read back the same, bit for bit.
pub trait Document: Sized {
    /// The document, with line breaks.
    fn to_json(&self) -> String;

    /// Reads the document.
    ///
    /// # Errors
    /// [`Error::Json`] naming the place where it is none, and the errors of parts that do not make one.
    fn from_json(text: &str) -> Result<Self>;
}

/// A value of a document, and the way to it: `covariances[1][0]`.
struct Place<'a> {
    name: String,
    value: &'a Value,
}

impl<'a> Place<'a> {
    fn wrong(&self, reason: &str) -> Error {
        let place = if self.name.is_empty() { "document".to_owned() } else { self.name.clone() };
        Error::Json { place, reason: reason.to_owned() }
    }

    fn not(&self, expected: &str) -> Error {
        let mut found = self.value.to_string();
        if found.chars().count() > 40 {
            found = found.chars().take(39).chain(['…']).collect();
        }
        self.wrong(&format!("found {found}, expected {expected}"))
    }

    /// Which of these kinds it is, in the format that is known.
    fn kind<'b>(&self, known: &[&'b str]) -> Result<&'b str> {
        let found = self.field("kind")?;
        let text = found.text()?;
        let kind = known.iter().find(|&&kind| kind == text).ok_or_else(|| found.not(&known.join(" or ")))?;
        let format = self.field("format")?;
        if format.count()? == FORMAT {
            Ok(kind)
        } else {
            Err(format.not("1, the only format that this version reads"))
        }
    }

    fn field(&self, name: &str) -> Result<Place<'a>> {
        let fields = self.value.as_object().ok_or_else(|| self.not("an object"))?;
        let value = fields.get(name).ok_or_else(|| self.wrong(&format!("has no field {name:?}")))?;
        Ok(Place { name: name.to_owned(), value })
    }

    /// The items of a list of just this length.
    fn items(&self, length: usize) -> Result<impl Iterator<Item = Place<'a>> + use<'a>> {
        let items = self.value.as_array().ok_or_else(|| self.not("a list"))?;
        if items.len() != length {
            return Err(self.wrong(&format!("found a list of {}, expected one of {length}", items.len())));
        }
        let name = self.name.clone();
        Ok(items.iter().enumerate().map(move |(i, value)| Place { name: format!("{name}[{i}]"), value }))
    }

    fn number(&self) -> Result<f64> {
        let number = self.value.as_f64().filter(|number| number.is_finite());
        number.ok_or_else(|| self.not("a finite number"))
    }

    fn count(&self) -> Result<usize> {
        let count = self.value.as_u64().and_then(|count| usize::try_from(count).ok());
        count.ok_or_else(|| self.not("a whole number ≥ 0"))
    }

    fn text(&self) -> Result<&'a str> {
        self.value.as_str().ok_or_else(|| self.not("a text"))
    }

    fn numbers(&self, length: usize) -> Result<Vec<f64>> {
        self.items(length)?.map(|item| item.number()).collect()
    }

    fn matrix(&self, rows: usize, columns: usize) -> Result<DMatrix<f64>> {
        let rows_read = self.items(rows)?.map(|row| row.numbers(columns)).collect::<Result<Vec<_>>>()?;
        Ok(DMatrix::from_row_iterator(rows, columns, rows_read.into_iter().flatten()))
    }
}

fn parse(text: &str) -> Result<Value> {
    serde_json::from_str(text)
        .map_err(|error| Error::Json { place: "document".to_owned(), reason: error.to_string() })
}

/// What every document begins with.
fn header(kind: &str) -> [(&'static str, String); 3] {
    let made_by = quoted(concat!("executable-em ", env!("CARGO_PKG_VERSION")));
    [("format", FORMAT.to_string()), ("kind", quoted(kind)), ("made_by", made_by)]
}

/// Fields in their order, a line each.
fn object(fields: &[(&str, String)]) -> String {
    let mut text = String::from("{");
    for (index, (name, value)) in fields.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(text, "{comma}\n  {}: {value}", quoted(name));
    }
    text + "\n}\n"
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(", "))
}

/// A list with a line for each item.
fn lines(items: impl IntoIterator<Item = String>) -> String {
    format!("[\n    {}\n  ]", items.into_iter().collect::<Vec<_>>().join(",\n    "))
}

/// With all their digits: the shortest decimal that is read back as the same double.
fn numbers<'a>(values: impl IntoIterator<Item = &'a f64>) -> String {
    list(values.into_iter().map(|value| format!("{value:?}")))
}

fn rows(matrix: &DMatrix<f64>) -> impl Iterator<Item = String> {
    matrix.row_iter().map(numbers)
}
