//! A reader for tables of numbers whose errors name the line, the column and the text found there.

use crate::error::{Error, Result};
use nalgebra::DMatrix;
use std::path::Path;

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
    let path = path.as_ref();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::File { path: path.display().to_string(), reason: error.to_string() })?;
    parse_csv(&text)
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
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().find(|line| !line.trim().is_empty()).ok_or(Error::Empty { what: "table" })?;
    // What stands between quotes separates nothing: every other piece of the line lies outside them.
    let separates = |separator: char| first.split('"').step_by(2).any(|outside| outside.contains(separator));
    let separator = ['\t', ';', ','].into_iter().find(|&separator| separates(separator)).unwrap_or(',');
    let is_blank = |line: &str| line.trim().is_empty() && !line.contains(separator);
    let mut lines =
        (1..).zip(text.lines()).skip_while(|&(_, line)| line != first).filter(|(_, line)| !is_blank(line));

    let first_cells = cells(first, separator);
    let width = first_cells.len();
    let has_header = first_cells.iter().any(|cell| cell.parse::<f64>().is_err());
    let names = if has_header {
        lines.next();
        first_cells
    } else {
        (1..=width).map(|column| format!("x{column}")).collect()
    };

    let mut values = Vec::new();
    for (line, content) in lines {
        let cells = cells(content, separator);
        if cells.len() != width {
            let column = width.min(cells.len()) + 1;
            let value = cells.get(width).cloned().unwrap_or_default();
            return Err(Error::Csv { line, column, value, expected: format!("{width} cells on every line") });
        }
        for (column, cell) in (1..).zip(cells) {
            match cell.parse::<f64>() {
                Ok(value) if value.is_finite() => values.push(value),
                _ => {
                    let expected = "a finite number".to_string();
                    return Err(Error::Csv { line, column, value: cell, expected });
                }
            }
        }
    }
    if values.is_empty() {
        return Err(Error::Empty { what: "table" });
    }
    Ok(Table { names, values: DMatrix::from_row_iterator(values.len() / width, width, values) })
}

/// The cells of one line, without surrounding blanks and quotes; a separator inside quotes belongs to its cell.
fn cells(line: &str, separator: char) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            _ if character == separator && !quoted => cells.push(String::new()),
            _ => cells.last_mut().expect("starts with one cell").push(character),
        }
    }
    cells.iter().map(|cell| cell.trim().to_string()).collect()
}
