//! How a table of text is written, as the options say it.

use clap::{Args, builder::NonEmptyStringValueParser};
use executable_em_engine::table::Dialect;

use super::Failure;

/// How a table of text is written.
#[derive(Args, Clone)]
pub struct Text {
    /// Whether the first line holds names [default: if it holds text above a number, nothing but text, or all names of
    /// a model; one that counts the columns, as 0,1,2, is warned of]
    #[arg(long, value_name = "yes|no", value_parser = ["yes", "no"])]
    header: Option<String>,
    /// What separates cells: one character, or ' ' for any run of blanks [default: a tab, ; or , as the first lines
    /// show]
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    delimiter: Option<u8>,
    /// Pass over lines that begin with this
    #[arg(long, value_name = "MARK", value_parser = NonEmptyStringValueParser::new())]
    comment: Option<String>,
    /// Pass over so many lines before the table
    #[arg(long, value_name = "N")]
    skip_lines: Option<usize>,
    /// What else stands for a missing value, beside an empty cell, NA, N/A, NaN and null; may be given again
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    pub missing: Vec<String>,
}

impl Text {
    pub fn dialect(&self) -> Dialect {
        Dialect {
            header: self.header.as_ref().map(|word| word == "yes"),
            separator: self.delimiter,
            comment: self.comment.clone(),
            skip: self.skip_lines.unwrap_or(0),
            missing: self.missing.clone(),
            ..Dialect::default()
        }
    }

    /// That nobody says how text is written where there is none.
    pub fn unused(&self, file: &str, what: &str) -> Result<(), Failure> {
        let options = [
            ("--header", self.header.is_some()),
            ("--delimiter", self.delimiter.is_some()),
            ("--comment", self.comment.is_some()),
            ("--skip-lines", self.skip_lines.is_some()),
            ("--missing", !self.missing.is_empty()),
        ];
        match options.into_iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => Err(Failure::Usage(format!("{option} is for text, and {file} is {what}"))),
            None => Ok(()),
        }
    }
}

/// A character that can stand between numbers.
fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        &[byte] if byte == b'\t' || byte == b' ' => Ok(byte),
        &[byte] if byte.is_ascii_punctuation() && !b"\"+-.".contains(&byte) => Ok(byte),
        _ => Err("one character that is in no number and no quote: ',', ';', '|', ' ' or '\\t'".to_owned()),
    }
}
