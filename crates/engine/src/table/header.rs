//! Whether the first line of a table holds names.

use super::csv::number;
use super::missing::is_no_name;
use super::{Dialect, Missing, Result};

/// What the first line of a table is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum FirstLine {
    Names,
    Data,
    /// It counts the columns, as names that nobody gave do and as a datum may: what it rather is.
    Counting {
        has_names: bool,
    },
    /// A cell in this column, counted from 0, is hardly a number and hardly a name.
    Neither(usize),
}

impl FirstLine {
    /// Looks at its cells and, where they do not tell, at those of the line below it.
    pub fn of(
        first: &[String],
        dialect: &Dialect,
        below: impl FnOnce() -> Result<Option<Vec<String>>>,
    ) -> Result<Self> {
        let missing = Missing::usual(&dialect.missing);
        let value = |&a: &usize| first[a].parse::<f64>().ok();
        let (numeric, others): (Vec<usize>, Vec<usize>) = (0..first.len()).partition(|a| value(a).is_some());
        let texts: Vec<usize> = others.into_iter().filter(|&a| !missing.is_word(&first[a])).collect();
        let is_place = |name: &String| name.parse().is_ok_and(|number| (1..=first.len()).contains(&number));
        let is_asked = dialect.asked.iter().any(|name| !is_place(name) && first.contains(name));
        let is_known = !dialect.known.is_empty() && dialect.known.iter().all(|name| first.contains(name));
        if is_known || is_asked && !texts.is_empty() {
            return Ok(FirstLine::Names);
        }
        let is_mixed = !texts.is_empty() && !numeric.is_empty();
        let counting = counting_from(first).filter(|&start| {
            first[..start].iter().enumerate().all(|(a, cell)| cell.is_empty() || texts.contains(&a))
        });
        let below = if is_mixed || counting.is_some() { below()? } else { None };
        let stands = |a: &usize| number(below.as_ref()?.get(*a)?.as_bytes());
        let has_names = match &below {
            Some(_) => texts.iter().any(|a| stands(a).is_some()),
            None => !texts.is_empty(),
        };
        if is_mixed {
            let looks_like_one = |&a: &usize| {
                let cell = &first[a];
                let has_digits_alone = cell.contains(char::is_numeric) && !cell.contains(char::is_alphabetic);
                cell.starts_with(|c: char| "+-.0123456789".contains(c))
                    || has_digits_alone
                    || is_no_name(cell)
            };
            let is_whole = |a: &usize| value(a).is_some_and(|value| value.fract() == 0.0);
            let is_year = |value: f64| value.fract() == 0.0 && (1000.0..3000.0).contains(&value);
            let are_years = numeric.iter().all(|a| value(a).is_some_and(is_year));
            // No name looks like 1.5; and years above what are none may be names, beside a text above texts.
            let is_doubtful = match has_names {
                true => texts.iter().all(looks_like_one) || !numeric.iter().all(is_whole),
                false => are_years && numeric.iter().all(|a| stands(a).is_some_and(|value| !is_year(value))),
            };
            if is_doubtful {
                return Ok(FirstLine::Neither(if has_names { texts[0] } else { numeric[0] }));
            }
        }
        Ok(match (has_names, counting, &below) {
            (true, ..) => FirstLine::Names,
            (false, Some(start), Some(below)) => counted(first, start, below, &missing),
            _ => FirstLine::Data,
        })
    }
}

/// Where cells begin that count the columns, from 0 or from 1, up to the last.
fn counting_from(first: &[String]) -> Option<usize> {
    let start = first.iter().position(|cell| cell == "0" || cell == "1")?;
    let from: usize = first[start].parse().ok()?;
    first[start..].iter().zip(from..).all(|(cell, number)| *cell == number.to_string()).then_some(start)
}

/// What a line is that counts the columns from `start` on; before them stand texts, or nothing.
fn counted(first: &[String], start: usize, below: &[String], missing: &Missing) -> FirstLine {
    if below.get(start..) == Some(&first[start..]) {
        return FirstLine::Data;
    }
    let is_one = first.len() - start == 1;
    if start > 0 && first[..start].iter().all(String::is_empty) {
        // An index has no name. A single number behind a gap may be a datum, unless an index begins below it.
        let index = &below[0];
        let is_text = number(index.as_bytes()).is_none() && !missing.is_word(index);
        if !is_one || is_text || index == "0" || index == "1" {
            return FirstLine::Names;
        }
    }
    let is_fraction = |cell: &String| number(cell.as_bytes()).is_some() && cell.contains(['.', 'e', 'E']);
    let has_names = below.iter().skip(start).any(is_fraction);
    match is_one {
        false => FirstLine::Counting { has_names },
        // Many a column begins with 0 or 1; beside a text or a gap that is rarer.
        true if has_names && start > 0 => FirstLine::Counting { has_names: false },
        true => FirstLine::Data,
    }
}
