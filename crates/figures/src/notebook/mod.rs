//! What a notebook cell shows: tables and matrices, as HTML that every viewer of notebooks renders, and the source of
//! what it calls.
//!
//! The Rust kernel shows the value of a cell's last expression through its method `evcxr_display`. The `Debug` form of
//! a matrix view prints addresses, which would differ on every run; this prints rounded numbers.

mod source;

pub use source::{Source, source};

use nalgebra::DMatrix;
use std::fmt::{Display, Write};

/// A table, ready to be shown as the last expression of a notebook cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    html: String,
}

impl Shown {
    /// The table as HTML.
    ///
    /// ```
    /// let shown = executable_em_figures::notebook::table(&["k", "J"], [["1", "540.9"], ["2", "79.6"]]);
    /// assert!(shown.html().contains(">79.6</td>"));
    /// ```
    pub fn html(&self) -> &str {
        &self.html
    }

    /// Called by the kernel: prints the table between the marks that it takes for rich output.
    pub fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/html\n{}\nEVCXR_END_CONTENT", self.html);
    }
}

/// A table with a heading for each column.
///
/// `rows` yields one row after the other, each of as many cells as there are headings.
///
/// ```
/// use executable_em_figures::notebook::table;
/// let shown = table(&["name", "value"], [["ℓ", "−1130.264"]]);
/// assert!(shown.html().starts_with("<table>"));
/// ```
pub fn table<C: Display>(headings: &[&str], rows: impl IntoIterator<Item = impl AsRef<[C]>>) -> Shown {
    let mut html = String::from("<table>\n<thead><tr>");
    for heading in headings {
        write_cell(&mut html, "th", heading);
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for cell in row.as_ref() {
            write_cell(&mut html, "td", cell);
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table>");
    Shown { html }
}

/// A matrix with a heading for each column, its entries rounded to `decimals` places.
///
/// At most `rows` rows are shown, and a last one says how many there are.
///
/// ```
/// use executable_em_figures::notebook::matrix;
/// use nalgebra::dmatrix;
/// let shown = matrix(&dmatrix![0.25, -1.0; 3.0, 4.0; 5.0, 6.0], &["a", "b"], 1, 2);
/// assert!(shown.html().contains(">−1.00</td>") && shown.html().contains("3 rows"));
/// ```
pub fn matrix(matrix: &DMatrix<f64>, headings: &[&str], rows: usize, decimals: usize) -> Shown {
    let shown = matrix.row_iter().take(rows);
    let mut cells: Vec<Vec<String>> =
        shown.map(|row| row.iter().map(|&value| number(value, decimals)).collect()).collect();
    if matrix.nrows() > rows {
        let mut last = vec![format!("… {} rows", matrix.nrows())];
        last.resize(matrix.ncols().max(1), "…".to_string());
        cells.push(last);
    }
    table(headings, cells)
}

/// A number with a fixed number of decimals and a true minus sign; a zero never has a sign.
///
/// No `f64` has more than 1074 decimals that are not 0, so no more are written.
///
/// ```
/// use executable_em_figures::notebook::number;
/// assert_eq!(number(-1.25, 1), "−1.2");
/// assert_eq!(number(-0.01, 1), "0.0");
/// ```
pub fn number(value: f64, decimals: usize) -> String {
    let text = format!("{:.*}", decimals.min(1074), value.abs());
    let is_zero = text.chars().all(|character| matches!(character, '0' | '.'));
    if value < 0.0 && !is_zero { format!("−{text}") } else { text }
}

/// Numbers align to the right; the attribute survives the viewers that drop styles.
fn write_cell(html: &mut String, tag: &str, cell: impl Display) {
    let _ = write!(html, "<{tag} align=\"right\">{}</{tag}>", escaped(&cell.to_string()));
}

/// The text, where HTML and XML would take some of its signs for marks; in the place of what they may not hold at all,
/// control characters, stands the sign for what is unknown.
pub(crate) fn escaped(text: &str) -> String {
    let allowed = |c: char| if is_allowed(c) { c } else { char::REPLACEMENT_CHARACTER };
    let text: String = text.chars().map(allowed).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Whether a document in XML 1.0 may hold it.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..) && !('\u{7f}'..='\u{9f}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_without_columns_still_tells_its_rows() {
        let empty = DMatrix::zeros(3, 0);
        assert!(matrix(&empty, &[], 1, 0).html().contains(">… 3 rows</td>"));
        assert!(!matrix(&empty, &[], usize::MAX, 0).html().contains("<td"));
    }

    #[test]
    fn the_smallest_number_needs_all_decimals_and_no_more_are_written() {
        let smallest = number(-f64::from_bits(1), usize::MAX);
        assert!(smallest.starts_with("−0.000") && smallest.ends_with("65625"));
        assert_eq!(smallest.chars().count(), "−0.".chars().count() + 1074);
        assert_eq!(number(f64::NEG_INFINITY, usize::MAX), "−inf");
    }
}
