//! Names of columns as an option gives them.

use std::{convert::Infallible, str::FromStr};

use executable_em_engine::table::{CsvReader, Dialect};

/// What one value of an option names, separated by commas. It is read as the line of a table is: a name that holds a
/// comma stands between quotes.
#[derive(Clone)]
pub struct Names(pub Vec<String>);

impl FromStr for Names {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let dialect = Dialect { header: Some(false), separator: Some(b','), ..Dialect::default() };
        // In a header, too, a line break is a blank.
        let text = text.replace(['\n', '\r'], " ");
        let line = CsvReader::with_dialect(text.as_bytes(), "names", &dialect);
        // A blank line is none, but a blank may be asked for.
        Ok(Names(line.map_or_else(|_| vec![text.trim().to_owned()], |line| line.first_line().to_vec())))
    }
}

/// All that an option names, which may be given again.
pub fn all(values: &[Names]) -> Vec<String> {
    values.iter().flat_map(|Names(names)| names).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn commas_separate_but_between_quotes() {
        for (text, expected) in [
            ("a,b", &["a", "b"][..]),
            ("1, 3..5", &["1", "3..5"]),
            ("\"a,b\",c", &["a,b", "c"]),
            ("\"5\"\" pipe\", 5\" pipe", &["5\" pipe", "5\" pipe"]),
            ("a,,b", &["a", "", "b"]),
            ("a\nb", &["a b"]),
            ("", &[""]),
            ("\"a,b", &["\"a,b"]),
        ] {
            let Ok(Names(names)) = text.parse();
            assert_eq!(names, expected, "{text}");
        }
    }
}
