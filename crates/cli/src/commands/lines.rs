//! On which line of a text a row of its table stands.

use std::io::{BufRead, BufReader};

use executable_em_engine::table::{CsvReader, Dialect, Form, recognise};

use super::{digits::whole, input::Input};

impl Input {
    /// What tells where a number of a row, counted from 1, stands and how it is written there: by its line where a text
    /// can be read again.
    pub fn finder(&self, model: Option<&[String]>) -> impl Fn(usize, &str, f64) -> String + use<> {
        let (input, file, dialect) = (self.clone(), self.name(), self.dialect(model));
        move |row, column, value| match input.written(&dialect, row, column, value) {
            Some((line, at, text)) => format!("{file}: line {line}, column {at} ({column}): found {text:?}"),
            None => format!("{file}: row {row}, column {column}: found {}", whole(value)),
        }
    }

    /// The line and the column of that number, from 1, and its text.
    fn written(
        &self,
        dialect: &Dialect,
        row: usize,
        column: &str,
        value: f64,
    ) -> Option<(usize, usize, String)> {
        let is_file = self.path().metadata().is_ok_and(|there| there.is_file());
        if !is_file || self.holder.is_some() || self.dimension.is_some() {
            return None;
        }
        let name = self.name();
        let again = || match recognise(self.file().ok()?, &name) {
            Ok((Form::Text, text)) => Some(text),
            _ => None,
        };
        let reader = CsvReader::with_dialect(again()?, &name, dialect).ok()?;
        let at: Vec<usize> = (0..reader.names().len()).filter(|&at| reader.names()[at] == column).collect();
        // Of several of this name, nobody knows which.
        let &[at] = &at[..] else { return None };
        let number = row + usize::from(reader.has_header());
        let separator = u8::try_from(reader.separator()).ok();
        let dialect = Dialect { header: Some(false), separator, ..dialect.clone() };
        let (line, record) = record(&mut BufReader::new(again()?), &dialect, number)?;
        let cells = CsvReader::with_dialect(&record[..], &name, &Dialect { skip: 0, ..dialect }).ok()?;
        let text = cells.first_line().get(at)?.clone();
        // Whatever reads it in another way has found another line.
        let is_it = text.parse().map_or(value.is_nan(), |number: f64| number == value || value.is_nan());
        is_it.then_some((line, at + 1, text))
    }
}

/// The line, counted from 1, on which a record begins, and what it holds. Blank lines and comments are no records; the
/// first, counted from 1, may be a header. None where lines do not end as they do here.
fn record(text: &mut impl BufRead, dialect: &Dialect, number: usize) -> Option<(usize, Vec<u8>)> {
    let (mut line, mut left, mut bytes) = (0, number, Vec::new());
    let mut next = |bytes: &mut Vec<u8>| {
        line += 1;
        text.read_until(b'\n', bytes).ok().filter(|&length| length > 0).map(|_| line)
    };
    loop {
        bytes.clear();
        let first = next(&mut bytes)?;
        if first <= dialect.skip || is_passed_over(&bytes, dialect, left < number) {
            continue;
        }
        // Where a quote is open, the record goes on.
        while bytes.iter().filter(|&&byte| byte == b'"').count() % 2 == 1 {
            next(&mut bytes)?;
        }
        left -= 1;
        if left == 0 {
            return Some((first, bytes));
        }
    }
}

/// Whether a line is a comment or blank; within a table, separators alone are cells.
fn is_passed_over(line: &[u8], dialect: &Dialect, has_begun: bool) -> bool {
    let is_comment = |mark: &String| line.trim_ascii_start().starts_with(mark.as_bytes());
    let is_blank = str::from_utf8(line).is_ok_and(|line| line.trim().is_empty());
    let are_cells = dialect.separator.is_some_and(|byte| byte != b' ' && line.contains(&byte));
    dialect.comment.as_ref().is_some_and(is_comment) || is_blank && !(has_begun && are_cells)
}

#[cfg(test)]
mod tests {
    use super::record;
    use executable_em_engine::table::Dialect;

    #[test]
    fn blank_lines_comments_and_what_comes_before_are_no_records() {
        let text = "two\nlines\n\na\tb\n# one\n1\t2\n\"x\ny\"\t3\n\t\n  \n5\t6";
        let dialect =
            Dialect { skip: 2, comment: Some("#".to_owned()), separator: Some(b'\t'), ..Dialect::default() };
        let at = |number| record(&mut text.as_bytes(), &dialect, number);
        let lines: Vec<_> = (1..=5).map_while(at).map(|(line, _)| line).collect();
        assert_eq!(lines, [4, 6, 7, 9, 11]);
        assert_eq!(at(3), Some((7, b"\"x\ny\"\t3\n".to_vec())));
        assert_eq!(at(6), None);
    }
}
