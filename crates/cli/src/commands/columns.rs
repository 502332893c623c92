//! How columns are named on the command line: by name, by number, or several by their numbers.

use std::ops::Range;

/// The columns, from 0, that `3` or `2..9` means among so many.
pub fn numbers_in(text: &str, count: usize) -> Option<Range<usize>> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| (1..=count).contains(number));
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some(first - 1..last)
}

/// The number of a column without a name, which a table calls x3.
pub fn number_of(name: &str) -> Option<usize> {
    name.strip_prefix('x')?.parse().ok().filter(|&number| number > 0)
}

/// Columns as the option wants them: by name, or by number where names would not do.
pub fn listed(columns: &[usize], names: &[String]) -> String {
    let is_plain = |name: &String| {
        !name.is_empty()
            && name.chars().all(|c| c.is_alphanumeric() || "_.".contains(c))
            && name.parse::<f64>().is_err()
            && number_of(name).is_none()
            && names.iter().filter(|other| *other == name).count() == 1
    };
    let by_name = columns.iter().all(|&column| is_plain(&names[column]));
    let word = |&column: &usize| if by_name { names[column].clone() } else { (column + 1).to_string() };
    columns.iter().map(word).collect::<Vec<_>>().join(",")
}
