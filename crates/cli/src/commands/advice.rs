//! The blocks of a text table, whose errors say what to do, and an index among its columns, which is warned of.

use std::rc::Rc;

use executable_em_engine::table::{Error, Expected};
use nalgebra::DMatrix;

use super::{
    Failure, broken,
    columns::listed,
    input::{Kept, Reader},
    warn,
};

/// What other programs write where a value is missing.
const MISSING: [&str; 16] = [
    "", "na", "n/a", "nan", "null", "none", "?", "-", ".", "#div/0!", "#n/a", "#value!", "#ref!", "#name?",
    "#num!", "#null!",
];

/// What separates cells in some tables, if they say so.
const SEPARATORS: [char; 4] = [' ', '\t', ';', '|'];

/// What separates thousands somewhere.
const GROUPING: [char; 7] = [',', '.', '\'', '’', ' ', '\u{a0}', '\u{202f}'];

/// The blocks of a table.
pub struct Blocks {
    pub reader: Reader,
    pub file: String,
    /// Which of the file's columns are read.
    pub columns: Vec<usize>,
    /// A column without a name that may count the rows: its place among those that are read.
    index: Option<usize>,
    rows: usize,
    /// Cells may be missing, if they say so in another way.
    may_miss: bool,
    kept: Kept,
}

impl Blocks {
    /// Of a table whose columns are chosen; nobody has asked for the first of them if it is to be warned of as an
    /// index.
    pub fn new(reader: Reader, file: String, columns: Vec<usize>, warns: bool, may_miss: bool) -> Self {
        let name = |column: usize| reader.names()[column].as_str();
        let is_unnamed = |&place: &usize| match reader.has_header() {
            true => name(columns[place]).is_empty() || name(columns[place]).starts_with("Unnamed: "),
            false => columns[place] == 0,
        };
        let index = (0..columns.len()).find(is_unnamed).filter(|_| warns && columns.len() > 1);
        Blocks { reader, file, columns, index, rows: 0, may_miss, kept: Kept::default() }
    }

    /// The same; where the cells beside the numbers go.
    pub fn keeping(self, kept: &Kept) -> Self {
        Blocks { kept: Rc::clone(kept), ..self }
    }
}

impl Iterator for Blocks {
    type Item = Result<DMatrix<f64>, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let block = self.reader.next();
        self.kept.borrow_mut().rows = self.reader.kept().to_vec();
        match block {
            Some(Ok(block)) => {
                self.count(&block);
                Some(Ok(block))
            }
            Some(Err(error)) => Some(Err(self.explained(error))),
            None => {
                self.warn_of_index();
                None
            }
        }
    }
}

impl Blocks {
    /// Whether the column still counts: 0, 1, 2, … or 1, 2, 3, ….
    fn count(&mut self, block: &DMatrix<f64>) {
        let rows = self.rows;
        let counts = |place: usize, from: usize| {
            block.column(place).iter().zip(from + rows..).all(|(&value, row)| value == row as f64)
        };
        self.index = self.index.filter(|&place| counts(place, 0) || counts(place, 1));
        self.rows += block.nrows();
    }

    fn warn_of_index(&mut self) {
        let Some(place) = self.index.take().filter(|_| self.rows > 2) else { return };
        let rest: Vec<usize> =
            self.columns.iter().copied().filter(|column| *column != self.columns[place]).collect();
        let (number, rest) = (self.columns[place] + 1, listed(&rest, self.reader.names()));
        let what = "has no name and counts the rows, as an index does";
        warn(&format!("warning: {}: column {number} {what}; leave it out: --columns {rest}", self.file));
    }

    fn explained(&self, error: Error) -> Failure {
        let Error::Cell { expected, found, .. } = &error else { return error.into() };
        let (first, line) = (&self.reader.first_line()[0], self.reader.first_cell_in_line());
        let is_comment = [first, &line].into_iter().any(|text| text.trim_start().starts_with('#'));
        let is_separator = first.starts_with("sep=");
        let advice = match expected {
            Expected::FiniteNumber | Expected::Cells(_) if is_separator => {
                "the first line says what separates cells, to Excel: pass over it with --skip-lines 1"
                    .to_owned()
            }
            Expected::FiniteNumber | Expected::Cells(_)
                if is_comment && !(found.starts_with('#') && is_missing(found)) =>
            {
                "lines that begin with # are passed over with --comment '#'".to_owned()
            }
            Expected::FiniteNumber => self.advice(found),
            Expected::Cells(1) => "lines before the table are passed over with --skip-lines".to_owned(),
            _ => return error.into(),
        };
        broken(format!("{error}; {advice}"))
    }

    /// What to do about a cell that is no number.
    fn advice(&self, found: &str) -> String {
        let numbers = self.reader.numbers_in_line();
        let rest: Vec<usize> =
            self.columns.iter().copied().filter(|column| numbers.contains(column)).collect();
        let leave_out = match rest[..] {
            [] => "leave the column out with --columns".to_owned(),
            _ => format!("leave the column out: --columns {}", listed(&rest, self.reader.names())),
        };
        let with_point = found.replacen(',', ".", 1);
        let is_decimal = with_point.parse::<f64>().is_ok_and(f64::is_finite);
        if is_missing(found) {
            let stands = if self.may_miss { format!("say --missing {found:?}, ") } else { String::new() };
            format!("a missing value: {stands}fill it in, delete the line, or {leave_out}")
        } else if let Some(separator) = separator(found).filter(|_| self.reader.names().len() == 1) {
            format!("cells separated so are read with --delimiter '{}'", separator.escape_default())
        } else if let Some(plain) = without_groups(found) {
            match is_decimal {
                true => format!(
                    "write {plain} if the comma groups thousands, {with_point} if it is a decimal comma"
                ),
                false => format!("write it without separators of thousands: {plain}"),
            }
        } else if is_decimal {
            "write it with a decimal point".to_owned()
        } else {
            leave_out
        }
    }
}

/// What separates the numbers of a cell that holds several.
fn separator(found: &str) -> Option<char> {
    let is_number = |part: &str| part.trim().parse::<f64>().is_ok();
    let separates = |separator: &char| {
        let parts = found.split(*separator).filter(|part| *separator != ' ' || !part.is_empty());
        let parts: Vec<&str> = parts.collect();
        parts.len() > 1 && parts.into_iter().all(is_number)
    };
    SEPARATORS.into_iter().find(separates)
}

/// The number without what separates its thousands, if something does.
fn without_groups(found: &str) -> Option<String> {
    let digits = found.trim_start_matches(['-', '+']);
    let sign = if found.starts_with('-') { "-" } else { "" };
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let ungrouped = |grouping: char| {
        let point = if grouping == '.' { ',' } else { '.' };
        let (whole, decimals) = digits.split_once(point).unwrap_or((digits, ""));
        let (first, groups) = whole.split_once(grouping)?;
        let is_grouped = (1..=3).contains(&first.len())
            && are_digits(first)
            && groups.split(grouping).all(|group| group.len() == 3 && are_digits(group));
        let decimals = if decimals.is_empty() { String::new() } else { format!(".{decimals}") };
        (is_grouped && are_digits(&decimals[decimals.len().min(1)..]))
            .then(|| format!("{sign}{}{decimals}", whole.replace(grouping, "")))
    };
    GROUPING.into_iter().find_map(ungrouped)
}

/// Whether a cell says that its value is missing.
fn is_missing(cell: &str) -> bool {
    MISSING.contains(&cell.to_lowercase().as_str())
}
