//! Which columns of a table are meant: by name, by number, or as a model remembers them.

use std::{collections::HashMap, ops::Range};

use clap::Args;

use super::{
    Failure, broken, cell,
    names::{Names, all},
    warn,
};

#[derive(Args, Clone)]
pub struct Columns {
    /// Columns to use, by name or by number from 1, separated by commas: a,b or 1,3..5; a name that holds a comma
    /// stands between quotes: '"a,b",c' [default: all]
    #[arg(long, value_name = "COLUMNS")]
    columns: Vec<Names>,
    /// The column of weights, if one is read: it is no feature.
    #[arg(skip)]
    pub weights: Option<String>,
}

impl Columns {
    pub fn named(names: Vec<String>) -> Self {
        Columns { columns: vec![Names(names)], weights: None }
    }

    /// The same, of which this one holds weights.
    pub fn weighed_by(&self, column: &str) -> Self {
        Columns { weights: Some(column.to_owned()), ..self.clone() }
    }

    /// As they are asked for; none stands for all.
    pub fn asked(&self) -> Vec<String> {
        all(&self.columns)
    }

    /// The columns to read, from 0: those that are asked for, else those of the model, else all; behind them that of
    /// the weights.
    pub fn of(
        &self,
        file: &str,
        names: &[String],
        has_header: bool,
        model: Option<&[String]>,
    ) -> Result<Vec<usize>, Failure> {
        let weights = self.weights_among(file, names)?;
        let mut columns = self.features(file, names, has_header, model, weights)?;
        if let Some(column) = weights.filter(|column| columns.contains(column)) {
            let name = &names[column];
            return Err(Failure::Usage(format!(
                "{file}: column '{name}' is one of the model's, and no weight"
            )));
        }
        if has_header && model.is_none() {
            warn_of_turned(file, names, &columns);
        }
        columns.extend(weights);
        Ok(columns)
    }

    /// The column of the weights, from 0, if one is read.
    fn weights_among(&self, file: &str, names: &[String]) -> Result<Option<usize>, Failure> {
        let Some(word) = &self.weights else { return Ok(None) };
        let usage = |what: String| Err(Failure::Usage(format!("{file}: {what}")));
        match column_of(word, names) {
            None => {
                let there = shortened(names);
                usage(format!("no column is named '{word}', as --weights says; there are {there}"))
            }
            Some(column) if names[column] == *word && names[column + 1..].contains(word) => {
                usage(format!("several columns are named '{word}'; say which by number"))
            }
            column => Ok(column),
        }
    }

    fn features(
        &self,
        file: &str,
        names: &[String],
        has_header: bool,
        model: Option<&[String]>,
        weights: Option<usize>,
    ) -> Result<Vec<usize>, Failure> {
        let every: Vec<usize> = (0..names.len()).filter(|&column| Some(column) != weights).collect();
        let hint = "name those to use with --columns";
        match model {
            _ if !self.asked().is_empty() => self.asked_for(file, names, model, weights),
            None => Ok(every),
            Some(model) if has_header => {
                let places = places(names);
                let position = |name: &String| match places.get(name.as_str()).map(Vec::as_slice) {
                    Some(&[place]) => Ok(place),
                    Some(_) => {
                        let remedy = "say which by number with --columns";
                        Err(broken(format!("{file}: several columns are named '{name}'; {remedy}")))
                    }
                    None => {
                        let there = shortened(names);
                        Err(broken(format!(
                            "{file}: has no column {name}, as the model has; there are {there}; {hint}"
                        )))
                    }
                };
                model.iter().map(position).collect()
            }
            // A model that was fitted to columns without names remembers their numbers.
            Some(model) if model.iter().all(|name| number_of(name).is_some()) => {
                let numbers: Vec<usize> = model.iter().filter_map(|name| number_of(name)).collect();
                match numbers.iter().find(|&&number| number > names.len()) {
                    None => Ok(numbers.iter().map(|number| number - 1).collect()),
                    Some(missing) => {
                        let found = names.len();
                        Err(broken(format!(
                            "{file}: has {found} columns, but the model uses column {missing}; {hint}"
                        )))
                    }
                }
            }
            // Names that this table lacks: what counts is the order.
            Some(model) if model.len() == every.len() => Ok(every),
            Some(model) => {
                let (found, expected) = (every.len(), model.len());
                Err(broken(format!("{file}: has {found} columns, but the model has {expected}; {hint}")))
            }
        }
    }

    /// The columns that --columns names: by number where it is the number of a column, or several, else by name. That
    /// of the weights may be among them, but is no feature.
    pub fn asked_for(
        &self,
        file: &str,
        names: &[String],
        model: Option<&[String]>,
        weights: Option<usize>,
    ) -> Result<Vec<usize>, Failure> {
        let usage = |message: String| Err(Failure::Usage(message));
        let mut columns = Vec::new();
        for name in &self.asked() {
            let named: Vec<usize> = (0..names.len()).filter(|&column| names[column] == *name).collect();
            let found = match (numbers_in(name, names.len()), &named[..]) {
                (Some(numbers), _) => numbers.collect(),
                (None, [column]) => vec![*column],
                (None, []) => {
                    let there = shortened(names);
                    return usage(format!("{file}: no column is named '{name}'; there are {there}"));
                }
                (None, _) => {
                    return usage(format!("{file}: several columns are named '{name}'; say which by number"));
                }
            };
            if found.iter().any(|column| columns.contains(column)) {
                let first = match named[..] {
                    [column] if !found.contains(&column) => {
                        format!(": {name} is a number before it is a name")
                    }
                    _ => String::new(),
                };
                return usage(format!("{file}: column '{name}' is asked for twice{first}"));
            }
            columns.extend(found);
        }
        columns.retain(|&column| Some(column) != weights);
        match model {
            Some(model) if model.len() != columns.len() => {
                let (found, expected) = (columns.len(), model.len());
                usage(format!("--columns names {found} columns, but the model has {expected}"))
            }
            Some(model) => in_place(file, names, columns, model),
            None => Ok(columns),
        }
    }
}

/// The model's own columns each in its place, in whatever order they are asked for; others as they are asked for.
fn in_place(
    file: &str,
    names: &[String],
    columns: Vec<usize>,
    model: &[String],
) -> Result<Vec<usize>, Failure> {
    let of_model = |name: &String| columns.iter().copied().find(|&column| names[column] == *name);
    if let Some(own) = model.iter().map(of_model).collect() {
        return Ok(own);
    }
    let misplaced = columns
        .iter()
        .zip(model)
        .find(|(column, name)| names[**column] != **name && model.contains(&names[**column]));
    match misplaced {
        None => Ok(columns),
        Some((&column, place)) => Err(Failure::Usage(format!(
            "{file}: --columns gives {} for the model's {place}, but the model has a column {} of its own",
            names[column], names[column]
        ))),
    }
}

/// The columns, from 0, that `3` or `2..9` means among so many.
pub fn numbers_in(text: &str, count: usize) -> Option<Range<usize>> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| (1..=count).contains(number));
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some(first - 1..last)
}

/// The column, from 0, that one word means, by number or by name.
pub fn column_of(word: &str, names: &[String]) -> Option<usize> {
    match numbers_in(word, names.len()).filter(|range| range.len() == 1) {
        Some(range) => Some(range.start),
        None => names.iter().position(|name| name == word),
    }
}

/// The number of a column without a name, which [`CsvReader`] calls x3.
fn number_of(name: &str) -> Option<usize> {
    name.strip_prefix('x')?.parse().ok().filter(|&number| number > 0)
}

/// Refuses a column of the name that a command itself writes where an option asks for it; `of` says whose columns.
pub fn refuse_own(
    names: &[String],
    own: &str,
    (option, command): (&str, &str),
    of: &str,
) -> Result<(), Failure> {
    if !names.iter().any(|name| name == own) {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "{option}: {command} writes a column named '{own}' itself: give that of {of} another name"
    )))
}

/// Tells of columns with names such as x2, x1 that tables without names have in another order: of these a model of such
/// names takes its columns by number.
fn warn_of_turned(file: &str, names: &[String], columns: &[usize]) {
    let numbers: Vec<usize> = columns.iter().filter_map(|&column| number_of(&names[column])).collect();
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    let is_turned = sorted.into_iter().eq(1..=columns.len()) && !numbers.is_sorted();
    let elsewhere = columns.iter().zip(&numbers).find(|(column, number)| **column + 1 != **number);
    if let Some((&column, number)) = elsewhere.filter(|_| is_turned) {
        let one = &names[column];
        let named = shortened(&columns.iter().map(|&column| names[column].clone()).collect::<Vec<_>>());
        warn(&format!(
            "warning: {file}: the columns are named {named}: of a table without names a model of these takes column \
             {number} for {one}, wherever that stands here: give such a table these names, or these columns others"
        ));
    }
}

/// Where each name stands.
fn places(names: &[String]) -> HashMap<&str, Vec<usize>> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, name) in names.iter().enumerate() {
        places.entry(name).or_default().push(place);
    }
    places
}

/// The first name that has stood before.
pub fn twin(names: &[String]) -> Option<&str> {
    let second = places(names).into_values().filter_map(|places| places.get(1).copied()).min();
    second.map(|place| names[place].as_str())
}

/// A sentence has room for so many columns.
const FEW: usize = 20;

/// Columns as the option wants them: by name, or by number where names would not do or would be too many.
pub fn listed(columns: &[usize], names: &[String]) -> String {
    if columns.len() > FEW {
        let runs = columns.chunk_by(|one, next| one + 1 == *next);
        let word = |run: &[usize]| match run {
            [one] => (one + 1).to_string(),
            _ => format!("{}..{}", run[0] + 1, run[run.len() - 1] + 1),
        };
        return runs.map(word).collect::<Vec<_>>().join(",");
    }
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

/// The names that there are, or the first of many.
pub fn shortened(names: &[String]) -> String {
    let few = names.iter().take(FEW).map(|name| cell(name)).collect::<Vec<_>>().join(", ");
    if names.len() > FEW { format!("{few}, … ({} in all)", names.len()) } else { few }
}
