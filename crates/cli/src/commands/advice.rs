//! The blocks of a text table, whose errors say what to do, and an index among its columns, which is warned of.

use executable_em_engine::table::{Error, Expected, Missing};
use nalgebra::DMatrix;

use super::{
    Failure, broken,
    columns::{listed, shortened},
    input::{Kept, Reader},
    warn,
};

/// What other programs write where a value is missing, beside what usually stands there.
const MISSING: [&str; 12] =
    ["none", "<na>", "?", "-", ".", "#div/0!", "#n/a", "#value!", "#ref!", "#name?", "#num!", "#null!"];

/// What to do about text that is not in UTF-8.
pub const IN_UTF_8: &str = "write the file in UTF-8; from Latin-1: iconv -f LATIN1 -t UTF-8";

/// What to do about a first line that may be names or data.
pub const NAMES_OR_DATA: &str = "--header yes takes the line for names, --header no for data";

/// What to do about a line above a table.
const TITLE: &str = "lines before the table are passed over with --skip-lines";

/// What to do about lines that have more cells than the header has names.
const NAMES_OF_ROWS: &str =
    "if lines begin with names of rows, as R's do, write the table with write.csv(…, row.names = FALSE)";

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
    /// A model wants every one of the columns.
    has_model: bool,
    /// The file's column that holds weights.
    pub weights: Option<usize>,
    /// Where the cells beside the numbers go.
    pub kept: Kept,
}

impl Blocks {
    /// Of a table whose columns are chosen.
    pub fn new(reader: Reader, file: String, columns: Vec<usize>, may_miss: bool, has_model: bool) -> Self {
        let (weights, kept) = (None, Kept::default());
        Blocks { reader, file, columns, index: None, rows: 0, may_miss, has_model, weights, kept }
    }

    /// The same; nobody has asked for the first of the columns if it is to be warned of as an index.
    pub fn warning_of_index(self) -> Self {
        let name = |column: usize| self.reader.names()[column].as_str();
        let is_unnamed = |&place: &usize| match self.reader.has_header() {
            true => {
                name(self.columns[place]).is_empty() || name(self.columns[place]).starts_with("Unnamed: ")
            }
            false => self.columns[place] == 0,
        };
        let index = (0..self.columns.len()).find(is_unnamed).filter(|_| self.columns.len() > 1);
        Blocks { index, ..self }
    }

    /// Tells of a first line that may be names or data.
    pub fn warn_of_first_line(&self) {
        let Some(line) = self.reader.guessed_line() else { return };
        let (file, cells) = (&self.file, shortened(self.reader.first_line()));
        let what = if self.reader.has_header() { "names" } else { "data" };
        warn(&format!(
            "warning: {file}: line {line} ({cells}) counts the columns and is taken for {what}; {NAMES_OR_DATA}"
        ));
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
        let Error::Cell { column, expected, found, .. } = &error else { return error.into() };
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
            Expected::FiniteNumber if self.weights == Some(column - 1) => {
                "a weight is 0 or more, and 0 leaves a datum out".to_owned()
            }
            Expected::FiniteNumber => match self.advice(found) {
                Some(advice) => advice,
                None => return error.into(),
            },
            &Expected::Cells(width) if *column > width && self.reader.has_header() => {
                self.of_more_cells(width, &line, found)
            }
            Expected::Cells(1) => TITLE.to_owned(),
            Expected::Utf8 => IN_UTF_8.to_owned(),
            _ => return error.into(),
        };
        broken(format!("{error}; {advice}"))
    }

    /// What may be meant by a line of more cells than the header, which has `width`: without a header nothing tells a
    /// decimal comma from two columns.
    fn of_more_cells(&self, width: usize, first: &str, found: &str) -> String {
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let whole = first.strip_prefix(['-', '+']).unwrap_or(first);
        let other = if width == 1 { TITLE } else { NAMES_OF_ROWS };
        match self.reader.separator() {
            ',' if are_digits(whole) && are_digits(found) => {
                let example = if width == 1 { format!("{first}.{found}") } else { "1.5".to_owned() };
                let comma = example.replace('.', ",");
                format!("write {example} where {comma} has a decimal comma; {other}")
            }
            _ => other.to_owned(),
        }
    }

    /// How the column is left out; none where it is the only one, or a model wants it.
    fn leave_out(&self) -> Option<String> {
        let numbers = self.reader.numbers_in_line();
        let features = self.columns.iter().copied().filter(|&column| self.weights != Some(column));
        let rest: Vec<usize> = features.clone().filter(|column| numbers.contains(column)).collect();
        match rest[..] {
            _ if self.has_model || features.count() == 1 => None,
            [] => Some("leave the column out with --columns".to_owned()),
            _ => Some(format!("leave the column out: --columns {}", listed(&rest, self.reader.names()))),
        }
    }

    /// Whether the line is the first, taken for data, and has no number.
    fn begins_with_text(&self) -> bool {
        let reader = &self.reader;
        !reader.has_header()
            && reader.numbers_in_line().is_empty()
            && reader.first_cell_in_line() == reader.first_line()[0]
    }

    /// What to do about a cell that is no number.
    fn advice(&self, found: &str) -> Option<String> {
        let with_point = found.replacen(',', ".", 1);
        let is_decimal = with_point.parse::<f64>().is_ok_and(f64::is_finite);
        if is_missing(found) {
            let (what, stands) = match self.may_miss {
                true => ("a missing value", format!("say --missing {found:?}, ")),
                false => ("a missing value, and only Gaussians do without", String::new()),
            };
            let others = match self.leave_out() {
                Some(leave_out) => format!("delete the line, or {leave_out}"),
                None => "or delete the line".to_owned(),
            };
            Some(format!("{what}: {stands}fill it in, {others}"))
        } else if let Some(separator) = separator(found).filter(|_| self.reader.names().len() == 1) {
            Some(format!("cells separated so are read with --delimiter '{}'", separator.escape_default()))
        } else if let Some(plain) = without_groups(found) {
            Some(match is_decimal {
                true => format!(
                    "write {plain} if the comma groups thousands, {with_point} if it is a decimal comma"
                ),
                false => format!("write it without separators of thousands: {plain}"),
            })
        } else if is_decimal {
            Some("write it with a decimal point".to_owned())
        } else if self.begins_with_text() {
            Some("if the line holds names, --header yes takes it for them".to_owned())
        } else if self.has_model {
            Some("the model has this column: write a number there".to_owned())
        } else {
            self.leave_out()
        }
    }
}

/// What separates the numbers of a cell that holds several.
fn separator(found: &str) -> Option<char> {
    let is_number = |part: &str| part.trim().trim_matches('"').parse::<f64>().is_ok();
    // The name of a row may come first.
    let is_quoted = |part: &str| part.len() > 1 && part.starts_with('"') && part.ends_with('"');
    let separates = |separator: &char| {
        let parts = found.split(*separator).filter(|part| *separator != ' ' || !part.is_empty());
        let parts: Vec<&str> = parts.collect();
        parts.len() > 1
            && (is_number(parts[0]) || is_quoted(parts[0]))
            && parts[1..].iter().all(|part| is_number(part))
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
    Missing::usual(&[]).is_word(cell) || MISSING.contains(&cell.to_lowercase().as_str())
}
