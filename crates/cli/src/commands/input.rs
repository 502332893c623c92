//! The user's data, read block by block; every refusal names the place and what to do about it.

use std::{
    fs::File,
    io,
    io::Read,
    path::{Path, PathBuf},
    time::SystemTime,
};

use clap::Args;
use executable_em_engine::table::{CsvReader, Error, Expected, Missing, RawReader};
use nalgebra::DMatrix;

pub use super::columns::listed;
use super::{
    Failure, broken,
    columns::{number_of, numbers_in},
};

/// What other programs write where a value is missing.
const MISSING: [&str; 9] = ["", "na", "n/a", "nan", "null", "none", "?", "-", "."];

#[derive(Args)]
pub struct Input {
    /// Table of numbers, text or raw: cells separated by commas, semicolons or tabs, with or without a header, or
    /// little-endian doubles row by row (DATA.f64); - is standard input
    data: PathBuf,
    /// Columns to use, by name or by number from 1, separated by commas: a,b or 1,3..5 [default: all]
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    columns: Vec<String>,
    /// Whether the first line holds names [default: if it holds text above a number, or nothing but text]
    #[arg(long, value_name = "yes|no", value_parser = ["yes", "no"])]
    header: Option<String>,
    /// Read raw doubles with this many to a row
    #[arg(long, value_name = "D", value_parser = clap::value_parser!(u32).range(1..))]
    dimension: Option<u32>,
    /// What else stands for a missing value, beside an empty cell, NA, N/A, NaN and null; may be given again
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    missing: Vec<String>,
}

/// A table that is being read.
pub struct Reading {
    pub names: Vec<String>,
    pub blocks: Box<dyn Iterator<Item = Result<DMatrix<f64>, Failure>>>,
    /// Where the numbers lie, if they lie in a file as they are.
    pub raw: Option<Raw>,
}

/// A file of raw doubles, and which of its columns are wanted.
pub struct Raw {
    pub name: String,
    pub file: File,
    pub d: usize,
    pub columns: Vec<usize>,
    /// How long it was and when it was last written to, as it was opened; None for a file of our own.
    pub seen: Option<(u64, SystemTime)>,
}

impl Raw {
    /// That nobody has written to it since: sums over other data would be no sums.
    pub fn unchanged(&self) -> Result<(), Error> {
        let changed = |source| Error::Io { path: self.name.clone(), source };
        match &self.seen {
            Some(seen) if *seen != as_seen(&self.file).map_err(changed)? => {
                Err(changed(io::Error::other("was written to while it was being read: fit a copy")))
            }
            _ => Ok(()),
        }
    }
}

fn as_seen(file: &File) -> io::Result<(u64, SystemTime)> {
    let there = file.metadata()?;
    Ok((there.len(), there.modified()?))
}

impl Reading {
    /// The same table, once every entry is seen to count the heads of so many flips.
    pub fn of_heads(self, flips: usize, file: String) -> Self {
        let expected = match flips {
            1 => "0 or 1; for counts of heads, fit has --flips".to_owned(),
            _ => format!("a whole number from 0 to {flips}, the heads of {flips} flips"),
        };
        let is_count = move |heads: f64| (0.0..=flips as f64).contains(&heads) && heads.fract() == 0.0;
        self.of_entries(is_count, expected, file)
    }

    /// The same table, once every entry is seen to be as it should.
    fn of_entries(self, is_right: impl Fn(f64) -> bool + 'static, expected: String, file: String) -> Self {
        let Reading { names, blocks, raw } = self;
        let (columns, mut rows) = (names.clone(), 0);
        let checked = blocks.map(move |block| {
            let block = block?;
            if let Some(at) = block.iter().position(|&value| !is_right(value)) {
                let (row, column) = (rows + at % block.nrows() + 1, &columns[at / block.nrows()]);
                let place = format!("{file}: row {row}, column {column}");
                return Err(broken(format!("{place}: found {}, expected {expected}", block[at])));
            }
            rows += block.nrows();
            Ok(block)
        });
        Reading { names, blocks: Box::new(checked), raw }
    }
}

impl Input {
    /// What messages call the data.
    pub fn name(&self) -> String {
        if self.is_stdin() { "standard input".to_owned() } else { self.data.display().to_string() }
    }

    pub fn path(&self) -> &Path {
        &self.data
    }

    pub fn is_stdin(&self) -> bool {
        self.data.as_os_str() == "-"
    }

    /// Begins to read all columns, or those that are asked for, or those that bear the names of a model's.
    pub fn open(&self, model: Option<&[String]>) -> Result<Reading, Failure> {
        self.refuse_tokens("where every cell must be seen: only Gaussians do without")?;
        self.begin(model, &Missing::refused())
    }

    fn refuse_tokens(&self, place: &str) -> Result<(), Failure> {
        match self.missing.first() {
            None => Ok(()),
            Some(token) => Err(Failure::Usage(format!("--missing {token} has no meaning {place}"))),
        }
    }

    /// The same, but that cells may be missing: a block has NaN there.
    pub fn open_with_gaps(&self, model: Option<&[String]>) -> Result<Reading, Failure> {
        self.begin(model, &Missing::usual(&self.missing))
    }

    fn begin(&self, model: Option<&[String]>, missing: &Missing) -> Result<Reading, Failure> {
        let is_raw = self.data.extension().is_some_and(|suffix| suffix == "f64");
        match self.dimension {
            None if is_raw => {
                Err(Failure::Usage("a .f64 file needs --dimension, the numbers in a row".to_owned()))
            }
            None => self.open_table(model, missing),
            Some(d) => self.open_raw(d as usize, model, missing),
        }
    }

    fn stream(&self) -> Result<Box<dyn Read>, Failure> {
        Ok(if self.is_stdin() { Box::new(io::stdin()) } else { Box::new(self.file()?) })
    }

    fn file(&self) -> Result<File, Failure> {
        if self.data.is_dir() {
            return Err(broken(format!("{}: is a folder, not a file", self.name())));
        }
        File::open(&self.data).map_err(|error| broken(format!("{}: {error}", self.name())))
    }

    fn open_raw(&self, d: usize, model: Option<&[String]>, missing: &Missing) -> Result<Reading, Failure> {
        self.refuse_tokens("for raw doubles, where NaN stands for a missing value")?;
        let names: Vec<String> = (1..=d).map(|column| format!("x{column}")).collect();
        let columns = self.chosen(&names, false, model)?;
        let raw = if self.is_stdin() {
            None
        } else {
            let file = self.file()?;
            let seen = as_seen(&file).map_err(|error| broken(format!("{}: {error}", self.name())))?;
            // A pipe or a device cannot be read twice.
            let can_rewind = file.metadata().is_ok_and(|there| there.is_file());
            can_rewind.then(|| Raw { name: self.name(), file, d, columns: columns.clone(), seen: Some(seen) })
        };
        let names = columns.iter().map(|&column| names[column].clone()).collect();
        let reader = RawReader::new(self.stream()?, &self.name(), d);
        let blocks = reader.map(move |block| Ok(block?.select_columns(&columns)));
        let reading = Reading { names, blocks: Box::new(blocks), raw };
        // Raw doubles may be anything.
        Ok(if missing.is_word("nan") {
            reading.of_entries(
                |value| !value.is_infinite(),
                "a finite number, or NaN".to_owned(),
                self.name(),
            )
        } else {
            reading.of_entries(f64::is_finite, "a finite number".to_owned(), self.name())
        })
    }

    fn open_table(&self, model: Option<&[String]>, missing: &Missing) -> Result<Reading, Failure> {
        let (reader, columns) = self.begin_table(model, missing)?;
        let names: Vec<String> = columns.iter().map(|&column| reader.names()[column].clone()).collect();
        if let Some(twin) = (1..names.len()).find(|&at| names[..at].contains(&names[at])) {
            let remedy = "a model knows its columns by their names: give each its own, or leave one out with --columns";
            return Err(broken(format!(
                "{}: several columns are named '{}'; {remedy}",
                self.name(),
                names[twin]
            )));
        }
        let blocks = Blocks { reader, columns, may_miss: missing.is_word("") };
        Ok(Reading { names, blocks: Box::new(blocks), raw: None })
    }

    /// A table whose cells are also wanted as they are written.
    pub fn open_text(&self, model: Option<&[String]>) -> Result<Blocks, Failure> {
        if self.dimension.is_some() || self.data.extension().is_some_and(|suffix| suffix == "f64") {
            let reason = "raw doubles have no text to keep: write them as a table first";
            return Err(Failure::Usage(format!("{}: {reason}", self.name())));
        }
        let (reader, columns) = self.begin_table(model, &Missing::usual(&self.missing))?;
        Ok(Blocks { reader: reader.with_text(), columns, may_miss: true })
    }

    /// The reader of a table, and the columns that it is to read.
    fn begin_table(
        &self,
        model: Option<&[String]>,
        missing: &Missing,
    ) -> Result<(CsvReader<Box<dyn Read>>, Vec<usize>), Failure> {
        let file = self.name();
        let reader = match self.header.as_deref() {
            None => CsvReader::new(self.stream()?, &file),
            Some(word) => CsvReader::with_header(self.stream()?, &file, word == "yes"),
        };
        let mut reader = reader.map_err(|error| match &error {
            Error::Cell { expected: Expected::NumberOrName, .. } => {
                broken(format!("{error}; --header yes takes the line for names, --header no for data"))
            }
            _ => error.into(),
        })?;
        let is_name =
            |cell: &String| self.columns.contains(cell) && numbers_in(cell, reader.names().len()).is_none();
        if self.header.is_none() && reader.first_line().iter().any(is_name) {
            // Whoever asks for a column by what stands in the first line takes that for names.
            reader = reader.named();
        }
        let columns = self.chosen(reader.names(), reader.has_header(), model)?;
        let first: Vec<&str> = columns.iter().map(|&column| reader.first_line()[column].as_str()).collect();
        let is_number = |cell: &str| cell.parse::<f64>().is_ok();
        let may_be_data =
            reader.has_header() && self.header.is_none() && first.iter().any(|cell| is_number(cell));
        let gap = |is_gap: &dyn Fn(&str) -> bool| {
            let gap = first.iter().position(|cell| !is_number(cell) && is_gap(cell));
            gap.filter(|_| first.iter().all(|cell| is_number(cell) || is_gap(cell)))
        };
        if may_be_data && gap(&|cell| missing.is_word(cell)).is_some() {
            reader = reader.unnamed();
        } else if may_be_data && let Some(at) = gap(&is_missing) {
            let (column, value) = (columns[at] + 1, first[at]);
            let what = "a finite number or a name; a missing value: fill it in or delete the line";
            return Err(broken(format!("{file}: line 1, column {column}: found {value:?}, expected {what}")));
        }
        reader = reader.with_missing(missing.clone());
        reader.choose(&columns)?;
        Ok((reader, columns))
    }

    /// The columns to read, from 0: those that are asked for, else those of the model, else all.
    fn chosen(
        &self,
        names: &[String],
        has_header: bool,
        model: Option<&[String]>,
    ) -> Result<Vec<usize>, Failure> {
        let (file, all) = (self.name(), 0..names.len());
        let hint = "name those to use with --columns";
        match model {
            _ if !self.columns.is_empty() => self.asked_for(names, model),
            None => Ok(all.collect()),
            Some(model) if has_header => {
                if let Some(twin) =
                    model.iter().find(|name| names.iter().filter(|other| other == name).count() > 1)
                {
                    let remedy = "say which by number with --columns";
                    return Err(broken(format!("{file}: several columns are named '{twin}'; {remedy}")));
                }
                let position = |name: &String| {
                    names.iter().position(|known| known == name).ok_or_else(|| {
                        let there = names.join(", ");
                        broken(format!(
                            "{file}: has no column {name}, as the model has; there are {there}; {hint}"
                        ))
                    })
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
            Some(model) if model.len() == names.len() => Ok(all.collect()),
            Some(model) => {
                let (found, expected) = (names.len(), model.len());
                Err(broken(format!("{file}: has {found} columns, but the model has {expected}; {hint}")))
            }
        }
    }

    /// The columns that --columns names: by number where it is the number of a column, or several, else by name.
    fn asked_for(&self, names: &[String], model: Option<&[String]>) -> Result<Vec<usize>, Failure> {
        let file = self.name();
        let usage = |message: String| Err(Failure::Usage(message));
        let mut columns = Vec::new();
        for name in self.columns.iter().map(|name| name.trim()) {
            let named: Vec<usize> = (0..names.len()).filter(|&column| names[column] == name).collect();
            let found = match (numbers_in(name, names.len()), &named[..]) {
                (Some(numbers), _) => numbers.collect(),
                (None, [column]) => vec![*column],
                (None, []) => {
                    let there = names.join(", ");
                    return usage(format!("{file}: no column is named '{name}'; there are {there}"));
                }
                (None, _) => {
                    return usage(format!("{file}: several columns are named '{name}'; say which by number"));
                }
            };
            if found.iter().any(|column| columns.contains(column)) {
                return usage(format!("{file}: column '{name}' is asked for twice"));
            }
            columns.extend(found);
        }
        match model {
            Some(model) if model.len() != columns.len() => {
                let (found, expected) = (columns.len(), model.len());
                usage(format!("--columns names {found} columns, but the model has {expected}"))
            }
            _ => Ok(columns),
        }
    }
}

/// The blocks of a table, whose errors say what to do.
pub struct Blocks {
    pub reader: CsvReader<Box<dyn Read>>,
    /// Which of the file's columns are read.
    pub columns: Vec<usize>,
    /// Cells may be missing, if they say so in another way.
    may_miss: bool,
}

impl Iterator for Blocks {
    type Item = Result<DMatrix<f64>, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.reader.next().map(|block| block.map_err(|error| self.explained(error)))
    }
}

impl Blocks {
    fn explained(&self, error: Error) -> Failure {
        match &error {
            Error::Cell { expected: Expected::FiniteNumber, found, .. } => {
                broken(format!("{error}; {}", self.advice(found)))
            }
            _ => error.into(),
        }
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
        if is_missing(found) {
            let stands = if self.may_miss { format!("say --missing {found:?}, ") } else { String::new() };
            format!("a missing value: {stands}fill it in, delete the line, or {leave_out}")
        } else if found.replacen(',', ".", 1).parse::<f64>().is_ok_and(f64::is_finite) {
            "write it with a decimal point".to_owned()
        } else {
            leave_out
        }
    }
}

fn is_missing(cell: &str) -> bool {
    MISSING.contains(&cell.to_lowercase().as_str())
}
