//! What stands in a table where a value is missing.

/// What other programs write there, in any case: nothing, NA, N/A, NaN, null.
const USUAL: [&str; 5] = ["", "na", "n/a", "nan", "null"];

/// What is written where there is no value, or a truth: above numbers it is hardly the name of a column.
const NO_NAMES: [&str; 15] = [
    "none", "missing", "n.a.", "?", "*", "<na>", "nat", "nd", "nil", "unknown", "#n/a", "#div/0!", "#value!",
    "true", "false",
];

/// Whether a cell of the first line is rather data than a name.
pub(super) fn is_no_name(cell: &str) -> bool {
    NO_NAMES.iter().any(|word| cell.eq_ignore_ascii_case(word))
}

/// The texts that stand for a missing value.
///
/// ```
/// use executable_em_engine::table::{CsvReader, Missing};
/// let text = "a,b\n1,NA\n-999,2\n";
/// assert!(CsvReader::new(text.as_bytes(), "table")?.next().expect("a block").is_err());
/// let reader = CsvReader::new(text.as_bytes(), "table")?;
/// let block = reader.with_missing(Missing::usual(&["-999".to_owned()])).next().expect("a block")?;
/// assert!(block[(0, 1)].is_nan() && block[(1, 0)].is_nan() && block[(1, 1)] == 2.0);
/// # Ok::<(), executable_em_engine::table::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Missing {
    /// None may be missing.
    refused: bool,
    others: Vec<String>,
    /// Those of them that are numbers, however they are written.
    numbers: Vec<f64>,
}

impl Missing {
    /// Nothing does: every cell must be a number.
    pub fn refused() -> Self {
        Missing { refused: true, ..Missing::default() }
    }

    /// An empty cell, NA, N/A, NaN and null do, in any case, and these others: texts, or numbers such as -999.
    pub fn usual(others: &[String]) -> Self {
        let numbers = others.iter().filter_map(|word| word.trim().parse().ok()).collect();
        Missing {
            refused: false,
            others: others.iter().map(|word| word.trim().to_owned()).collect(),
            numbers,
        }
    }

    /// Whether such a text stands for a missing value, where it is no number.
    pub fn is_word(&self, cell: &str) -> bool {
        !self.refused
            && (USUAL.iter().any(|word| cell.eq_ignore_ascii_case(word))
                || self.others.iter().any(|word| word == cell))
    }

    /// Whether a number that is written there stands for a missing value.
    pub(super) fn is_number(&self, value: f64) -> bool {
        self.numbers.contains(&value)
    }
}
