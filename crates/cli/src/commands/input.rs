//! The user's data, read block by block; every refusal names the place and what to do about it.

use std::{
    cell::RefCell,
    fs::{self, File},
    io,
    io::Read,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
};

use clap::Args;
use executable_em_engine::table::{
    self, CsvReader, Dialect, Error, Expected, Form, MOST_COLUMNS, Missing, NpyReader, RawReader, recognise,
    unpacked,
};
use nalgebra::DMatrix;

use super::{
    Failure,
    advice::{Blocks, IN_UTF_8, NAMES_OR_DATA},
    broken,
    columns::{Columns, numbers_in, twin},
    device::{endless, is_device, stdin},
    elsewhere::{Held, Table},
    reading::{Place, Raw, Reading},
    seen::Seen,
    text::Text,
};

#[derive(Args, Clone)]
pub struct Input {
    /// Table of numbers: text, with or without a header, which gzip may have packed; a NumPy array (.npy); or
    /// little-endian doubles row by row (.f64); - is standard input
    data: PathBuf,
    #[command(flatten)]
    columns: Columns,
    #[command(flatten)]
    text: Text,
    /// Read raw doubles with this many to a row
    #[arg(long, value_name = "D", value_parser = clap::value_parser!(u32).range(1..=MOST_COLUMNS as i64))]
    pub(super) dimension: Option<u32>,
    /// Columns whose cells are copied as they are, and those of the block that was read last.
    #[arg(skip)]
    keep: Vec<String>,
    #[arg(skip)]
    kept: Kept,
    /// Whoever holds the table, if this program does not read it.
    #[arg(skip)]
    pub(super) holder: Option<Arc<dyn Table>>,
}

/// Cells that are copied as they are, beside the numbers that are read.
#[derive(Default)]
pub struct Copied {
    /// The names of their columns, from when the table is open.
    pub names: Vec<String>,
    /// Those of the block that was read last, a list a row.
    pub rows: Vec<Vec<String>>,
}

/// Where whoever reads the numbers finds the cells beside them.
pub type Kept = Rc<RefCell<Copied>>;

/// The reader of a table of text, wherever that comes from.
pub type Reader = CsvReader<Box<dyn Read>>;

impl Input {
    /// What messages call the data.
    pub fn name(&self) -> String {
        if self.is_stdin() { "standard input".to_owned() } else { self.data.display().to_string() }
    }

    pub fn path(&self) -> &Path {
        &self.data
    }

    /// The columns that are asked for; none stands for all.
    pub fn asked(&self) -> Vec<String> {
        self.columns.asked()
    }

    /// The same table, of which these columns are copied beside the numbers, and where they are found.
    pub fn keeping(&self, columns: Vec<String>) -> (Self, Kept) {
        let kept = Kept::default();
        (Input { keep: columns, kept: Rc::clone(&kept), ..self.clone() }, kept)
    }

    /// The same table, of which this column holds weights.
    pub fn weighed_by(&self, column: &str) -> Self {
        Input { columns: self.columns.weighed_by(column), ..self.clone() }
    }

    pub fn is_stdin(&self) -> bool {
        self.data.as_os_str() == "-"
    }

    /// Begins to read all columns, or those that are asked for, or those that bear the names of a model's.
    pub fn open(&self, model: Option<&[String]>) -> Result<Reading, Failure> {
        match self.text.missing.first() {
            None => self.begin(model, &Missing::refused()),
            Some(token) => {
                let reason = "has no meaning where every cell must be seen: only Gaussians do without";
                Err(Failure::Usage(format!("--missing {token} {reason}")))
            }
        }
    }

    /// The same, but that cells may be missing: a block has NaN there.
    pub fn open_with_gaps(&self, model: Option<&[String]>) -> Result<Reading, Failure> {
        self.begin(model, &Missing::usual(&self.text.missing))
    }

    fn begin(&self, model: Option<&[String]>, missing: &Missing) -> Result<Reading, Failure> {
        let name = self.name();
        if let Some(table) = &self.holder {
            return self.open_elsewhere(Arc::clone(table), model, missing);
        }
        let is_raw = [".f64", ".f64.gz"].into_iter().any(|suffix| name.ends_with(suffix));
        if self.dimension.is_none() && is_raw {
            return Err(Failure::Usage("a .f64 file needs --dimension, the numbers in a row".to_owned()));
        }
        let file = if self.is_stdin() { None } else { Some(self.file()?) };
        let seen = file.as_ref().map(|file| Seen::of(file, &name)).transpose()?.flatten();
        let reading = match self.dimension {
            Some(d) => self.open_raw(file, d as usize, model, missing)?,
            None => {
                let input: Box<dyn Read> =
                    file.map_or_else(|| Box::new(io::stdin()) as _, |file| Box::new(file) as _);
                match recognise(input, &name)? {
                    (Form::Text, input) => self.open_text(input, model, missing)?,
                    (Form::Npy, input) => {
                        self.text.unused(&name, "a NumPy array")?;
                        let reader = NpyReader::new(input, &name)?;
                        self.of_numbers(reader.d(), reader, model, missing)?
                    }
                    (Form::Parquet, _) => {
                        self.text.unused(&name, "a Parquet file")?;
                        self.open_parquet(model, missing)?
                    }
                }
            }
        };
        Ok(match seen {
            Some(seen) => reading.of_unchanged(seen),
            None => reading,
        })
    }

    /// From now on the table is held by somebody else.
    pub fn held_by(&mut self, table: Arc<dyn Table>) {
        self.holder = Some(table);
    }

    fn open_elsewhere(
        &self,
        table: Arc<dyn Table>,
        model: Option<&[String]>,
        missing: &Missing,
    ) -> Result<Reading, Failure> {
        let name = self.name();
        self.text.unused(&name, "a query")?;
        let columns = self.columns.of(&name, table.names(), true, model)?;
        let names = columns.iter().map(|&column| table.names()[column].clone()).collect();
        let blocks = table.blocks(&columns)?.map(|block| Ok(block?));
        let place = Some(Place::Elsewhere(Held { table, columns }));
        Ok(self.finite(Reading { names, blocks: Box::new(blocks), place }, missing))
    }

    pub(super) fn file(&self) -> Result<File, Failure> {
        if self.data.is_dir() {
            return Err(broken(format!("{}: is a folder, not a file", self.name())));
        }
        File::open(&self.data).map_err(|error| broken(format!("{}: {error}", self.name())))
    }

    /// That a file of raw doubles is no file of another kind: not one with a mark, nor text throughout, as doubles
    /// hardly are.
    fn refuse_others_than_raw(&self) -> Result<(), Failure> {
        let (name, file) = (self.name(), self.file()?);
        if !file.metadata().is_ok_and(|there| there.is_file()) {
            return Ok(());
        }
        // What has no form may be doubles.
        let Ok((form, mut input)) = recognise(file, &name) else { return Ok(()) };
        let mut head = [0; 64];
        let length = input.read(&mut head).map_err(|error| broken(format!("{name}: {error}")))?;
        let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
        let what = match form {
            Form::Npy => "a NumPy array",
            Form::Parquet => "a Parquet file",
            Form::Text if length > 0 && head[..length].iter().all(is_text) => "text",
            Form::Text => return Ok(()),
        };
        Err(Failure::Usage(format!("--dimension is for raw doubles, and {name} is {what}")))
    }

    fn open_raw(
        &self,
        file: Option<File>,
        d: usize,
        model: Option<&[String]>,
        missing: &Missing,
    ) -> Result<Reading, Failure> {
        let name = self.name();
        self.text.unused(&name, "of raw doubles, as --dimension says")?;
        let Some(file) = file else {
            if is_device(&stdin()?) {
                return Err(endless(&name));
            }
            return self.of_numbers(d, RawReader::new(io::stdin(), &name, d), model, missing);
        };
        if is_device(&file) {
            return Err(endless(&name));
        }
        if name.ends_with(".gz") {
            return self.of_numbers(d, RawReader::new(unpacked(file, &name)?, &name, d), model, missing);
        }
        self.refuse_others_than_raw()?;
        let failed = |error: io::Error| broken(format!("{name}: {error}"));
        // A pipe cannot be read twice.
        let again = file
            .metadata()
            .map_err(failed)?
            .is_file()
            .then(|| file.try_clone())
            .transpose()
            .map_err(failed)?;
        let raw = again.map(|again| Ok::<_, Error>((Seen::of(&again, &name)?, again))).transpose()?;
        let mut reading = self.of_numbers(d, RawReader::new(file, &name, d), model, missing)?;
        if let Some((seen, file)) = raw {
            let columns = self.columns_of(d, model)?;
            reading.place = Some(Place::Raw(Raw { name, file, d, columns, seen }));
        }
        Ok(reading)
    }

    /// The columns of a table that has no names.
    fn columns_of(&self, d: usize, model: Option<&[String]>) -> Result<Vec<usize>, Failure> {
        let names: Vec<String> = (1..=d).map(|column| format!("x{column}")).collect();
        self.columns.of(&self.name(), &names, false, model)
    }

    /// Blocks of numbers that may be anything, d to a row.
    fn of_numbers(
        &self,
        d: usize,
        blocks: impl Iterator<Item = table::Result<DMatrix<f64>>> + 'static,
        model: Option<&[String]>,
        missing: &Missing,
    ) -> Result<Reading, Failure> {
        if !self.keep.is_empty() {
            return Err(Failure::Usage("--keep copies cells of text, and here are only numbers".to_owned()));
        }
        let columns = self.columns_of(d, model)?;
        let names = columns.iter().map(|column| format!("x{}", column + 1)).collect();
        let blocks = blocks.map(move |block| Ok(block?.select_columns(&columns)));
        let reading = Reading { names, blocks: Box::new(blocks), place: None };
        Ok(self.finite(reading, missing))
    }

    /// Numbers that are finite, or missing where that may be.
    fn finite(&self, reading: Reading, missing: &Missing) -> Reading {
        if missing.is_word("nan") {
            let expected = "a finite number, or NaN".to_owned();
            reading.of_entries(|_, value| !value.is_infinite(), expected, self.finder(None))
        } else {
            reading.of_entries(|_, value| value.is_finite(), "a finite number".to_owned(), self.finder(None))
        }
    }

    #[cfg(feature = "parquet")]
    fn open_parquet(&self, model: Option<&[String]>, missing: &Missing) -> Result<Reading, Failure> {
        if self.is_stdin() {
            let remedy = "is a Parquet file, which is read from its end: give it by name";
            return Err(broken(format!("standard input: {remedy}")));
        }
        Ok(self.finite(super::parquet::open(self.file()?, &self.name(), &self.columns, model)?, missing))
    }

    #[cfg(not(feature = "parquet"))]
    fn open_parquet(&self, _: Option<&[String]>, _: &Missing) -> Result<Reading, Failure> {
        let remedy = "build the program with --features parquet, or write the file as CSV";
        Err(broken(format!("{}: is a Parquet file: {remedy}", self.name())))
    }

    fn open_text(
        &self,
        input: Box<dyn Read>,
        model: Option<&[String]>,
        missing: &Missing,
    ) -> Result<Reading, Failure> {
        let (reader, columns) = self.begin_table(input, model, missing)?;
        let file = self.name();
        let names: Vec<String> = columns.iter().map(|&column| reader.names()[column].clone()).collect();
        if let Some(twin) = twin(&names) {
            let remedy = "a model knows its columns by their names: give each its own, or leave one out with --columns";
            return Err(broken(format!("{file}: several columns are named '{twin}'; {remedy}")));
        }
        let weights = self.columns.weights.as_ref().and(columns.last().copied());
        let mut blocks = Blocks::new(reader, file, columns, missing.is_word(""), model.is_some());
        (blocks.weights, blocks.kept) = (weights, Rc::clone(&self.kept));
        blocks.warn_of_first_line();
        if self.asked().is_empty() && model.is_none() {
            blocks = blocks.warning_of_index();
        }
        Ok(Reading { names, blocks: Box::new(blocks), place: None })
    }

    /// A table with the columns of a model, whose cells are also wanted as they are written.
    pub fn open_as_written(&self, model: &[String]) -> Result<Blocks, Failure> {
        let name = self.name();
        let numbers =
            || Failure::Usage(format!("{name}: numbers have no text to keep: write them as a table first"));
        if self.dimension.is_some() || name.ends_with(".f64") {
            return Err(numbers());
        }
        let input: Box<dyn Read> =
            if self.is_stdin() { Box::new(io::stdin()) } else { Box::new(self.file()?) };
        match recognise(input, &name)? {
            (Form::Text, input) => {
                let (reader, columns) =
                    self.begin_table(input, Some(model), &Missing::usual(&self.text.missing))?;
                Ok(Blocks::new(reader.with_text(), name, columns, true, true))
            }
            (Form::Npy | Form::Parquet, _) => Err(numbers()),
        }
    }

    /// How the text is written; a model knows its columns.
    pub(super) fn dialect(&self, model: Option<&[String]>) -> Dialect {
        let asked = self.asked().into_iter().chain(self.columns.weights.clone()).collect();
        Dialect { asked, known: model.unwrap_or_default().to_vec(), ..self.text.dialect() }
    }

    /// Whether it comes from a pipe or the like.
    pub fn is_read_once(&self) -> bool {
        let is_pipe = |there: fs::Metadata| !there.is_file() && !there.is_dir();
        self.is_stdin() || self.data.metadata().is_ok_and(is_pipe)
    }

    /// The reader of a table, and the columns that it is to read.
    fn begin_table(
        &self,
        input: Box<dyn Read>,
        model: Option<&[String]>,
        missing: &Missing,
    ) -> Result<(Reader, Vec<usize>), Failure> {
        let file = self.name();
        let dialect = self.dialect(model);
        let mut reader = CsvReader::with_dialect(input, &file, &dialect).map_err(|error| match &error {
            Error::Cell { expected: Expected::NumberOrName, .. } => {
                broken(format!("{error}; {NAMES_OR_DATA}"))
            }
            Error::Cell { expected: Expected::Utf8, .. } => broken(format!("{error}; {IN_UTF_8}")),
            _ => error.into(),
        })?;
        let width = reader.names().len();
        let is_asked = |cell: &&String| dialect.asked.contains(cell) && numbers_in(cell, width).is_none();
        if dialect.header.is_none()
            && !reader.has_header()
            && let Some(cell) = reader.first_line().iter().find(is_asked)
        {
            let remedy = format!("if line 1 holds names, as {cell}, say --header yes");
            return Err(Failure::Usage(format!(
                "{file}: has {width} columns, and no column {cell}: {remedy}"
            )));
        }
        let columns = self.columns.of(&file, reader.names(), reader.has_header(), model)?;
        reader = reader.with_missing(missing.clone());
        reader.choose(&columns)?;
        let keep = Columns::named(self.keep.clone()).asked_for(&file, reader.names(), None, None)?;
        reader.keep(&keep)?;
        self.kept.borrow_mut().names = keep.iter().map(|&column| reader.names()[column].clone()).collect();
        Ok((reader, columns))
    }
}
