//! Data kept for many passes: in memory, or in a file of raw doubles.

use std::io::{BufWriter, Seek};

use executable_em::scale::{spread::Spread, units::Units};
use executable_em_engine::{
    Data, Source, WithGaps,
    table::{self, BLOCK_ROWS, RawReader, assemble, write_raw},
};
use nalgebra::{DMatrix, DVector};

use super::{
    Failure, broken,
    gaps::Gaps,
    reading::{Raw, Reading},
    watch::Watch,
};

/// The most that is kept in memory, in bytes: 2^24 rows of two numbers. What is larger is streamed from a file.
const MEMORY: usize = 1 << 28;

/// A table that can be read as often as need be.
pub struct Store {
    pub names: Vec<String>,
    pub n: usize,
    /// The number of data, or the sum of their weights.
    pub total: f64,
    /// The column of the weights, if there is one.
    pub weights: Option<String>,
    /// How the cells that are seen spread.
    pub columns: Vec<Spread>,
    pub gaps: Gaps,
    rows: Rows,
}

enum Rows {
    Memory(DMatrix<f64>, Option<DVector<f64>>),
    /// Removed by the system when the program ends, however it ends; or the user's own.
    File(Raw),
}

impl Store {
    /// Reads a table to its end, once; its last column may be weights.
    pub fn collect(
        reading: Reading,
        are_weighted: bool,
        stream: bool,
        watch: &Watch,
    ) -> Result<Self, Failure> {
        let Reading { mut names, blocks, raw } = reading;
        let d = names.len();
        let weights = if are_weighted { names.pop() } else { None };
        let memory = if stream { 0 } else { MEMORY };
        let mut columns = vec![Spread::EMPTY; names.len()];
        let (mut n, mut gaps) = (0, Gaps::default());
        let mut total = 0.0;
        let mut kept = Vec::new();
        let mut file = None;
        for block in blocks {
            let block = block?;
            let has_gaps = gaps.add(block.columns(0, columns.len()));
            let of_columns: Vec<&[f64]> = block.as_slice().chunks_exact(block.nrows()).collect();
            for (column, values) in columns.iter_mut().zip(&of_columns) {
                let seen = |of: &[f64]| -> Vec<f64> {
                    of.iter().zip(*values).filter(|(_, value)| !value.is_nan()).map(|(&one, _)| one).collect()
                };
                match (&weights, has_gaps) {
                    (Some(_), false) => column.add_weighted(values, of_columns[d - 1]),
                    (Some(_), true) => column.add_weighted(&seen(values), &seen(of_columns[d - 1])),
                    (None, false) => column.add(values),
                    (None, true) => column.add(&seen(values)),
                }
            }
            n += block.nrows();
            total += if are_weighted { block.column(d - 1).sum() } else { block.nrows() as f64 };
            watch.read(n);
            if n * d * size_of::<f64>() <= memory {
                kept.push(Ok(block));
            } else if raw.is_none() {
                let file = match &mut file {
                    Some(file) => file,
                    none => none.insert(BufWriter::new(tempfile::tempfile().map_err(no_room)?)),
                };
                for block in kept.drain(..).chain([Ok(block)]) {
                    write_raw(&block?, file).map_err(no_room)?;
                }
            } else {
                kept.clear();
            }
        }
        let rows = match (file, raw) {
            (Some(file), _) => {
                let file = file.into_inner().map_err(|error| no_room(error.into_error()))?;
                Rows::File(Raw { name: temporary(), file, d, columns: (0..d).collect(), seen: None })
            }
            (None, Some(raw)) if kept.is_empty() => Rows::File(raw),
            _ => {
                let (x, weights) = split(assemble(kept)?, are_weighted);
                Rows::Memory(x, weights)
            }
        };
        Ok(Store { names, n, total, weights, columns, gaps, rows })
    }

    /// Which share of the data, by weight, is seen of each column.
    pub fn shares_seen(&self) -> Vec<f64> {
        self.columns.iter().map(|column| column.n() / self.total).collect()
    }

    pub fn is_streamed(&self) -> bool {
        matches!(self.rows, Rows::File(_))
    }

    /// Shows the data, perhaps in standard units, to whoever passes over them.
    pub fn read<T>(
        &self,
        units: Option<&Units>,
        pass: impl FnOnce(&dyn Source) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let standardized = |x: &DMatrix<f64>| match units {
            Some(units) => units.standardize_seen(x.clone()).map(Some),
            None => Ok(None),
        };
        let has_gaps = self.gaps.are_there();
        match &self.rows {
            Rows::Memory(x, weights) => {
                let in_units = standardized(x)?;
                let (x, weights) = (in_units.as_ref().unwrap_or(x), weights.as_ref());
                if has_gaps { pass(&with_gaps(x, weights)?) } else { pass(&data(x, weights)?) }
            }
            Rows::File(raw) => pass(&Streamed { raw, units, are_weighted: self.weights.is_some(), has_gaps }),
        }
    }

    /// That the data are still those that were read first.
    pub fn unchanged(&self) -> Result<(), Failure> {
        match &self.rows {
            Rows::Memory(..) => Ok(()),
            Rows::File(raw) => Ok(raw.unchanged()?),
        }
    }

    /// Shows the data in blocks of moderate size.
    pub fn each_block(
        &self,
        visit: &mut dyn FnMut(&DMatrix<f64>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match &self.rows {
            Rows::Memory(x, _) => (0..self.n)
                .step_by(BLOCK_ROWS)
                .try_for_each(|start| visit(&x.rows(start, BLOCK_ROWS.min(self.n - start)).into_owned())),
            Rows::File(raw) => {
                raw.blocks()?.try_for_each(|block| visit(&split(block?, self.weights.is_some()).0))
            }
        }
    }
}

/// A table whose last column may be weights, and these.
fn split(table: DMatrix<f64>, are_weighted: bool) -> (DMatrix<f64>, Option<DVector<f64>>) {
    if !are_weighted {
        return (table, None);
    }
    let last = table.ncols() - 1;
    let weights = table.column(last).into_owned();
    (table.remove_column(last), Some(weights))
}

fn data<'a>(
    x: &'a DMatrix<f64>,
    weights: Option<&'a DVector<f64>>,
) -> executable_em_engine::Result<Data<'a>> {
    match weights {
        Some(weights) => Data::weighted(x, weights),
        None => Data::new(x),
    }
}

fn with_gaps<'a>(
    x: &'a DMatrix<f64>,
    weights: Option<&'a DVector<f64>>,
) -> executable_em_engine::Result<WithGaps<'a>> {
    match weights {
        Some(weights) => WithGaps::weighted(x, weights),
        None => WithGaps::new(x),
    }
}

/// A file's rows, perhaps in standard units, perhaps with weights, perhaps with missing cells.
struct Streamed<'a> {
    raw: &'a Raw,
    units: Option<&'a Units>,
    are_weighted: bool,
    has_gaps: bool,
}

impl Source for Streamed<'_> {
    fn read(
        &self,
        visit: &mut dyn FnMut(Data<'_>) -> executable_em_engine::Result<()>,
    ) -> executable_em_engine::Result<()> {
        for block in self.raw.blocks()? {
            let (x, weights) = split(block?, self.are_weighted);
            let x = match self.units {
                Some(units) => units.standardize_seen(x)?,
                None => x,
            };
            match self.has_gaps {
                true => with_gaps(&x, weights.as_ref())?.read(visit)?,
                false => visit(data(&x, weights.as_ref())?)?,
            }
        }
        Ok(())
    }

    fn has_gaps(&self) -> bool {
        self.has_gaps
    }
}

impl Raw {
    /// From the beginning.
    fn blocks(
        &self,
    ) -> executable_em_engine::Result<impl Iterator<Item = executable_em_engine::Result<DMatrix<f64>>>> {
        self.unchanged()?;
        let mut file = &self.file;
        file.rewind().map_err(|source| table::Error::Io { path: self.name.clone(), source })?;
        let all = self.columns.iter().copied().eq(0..self.d);
        let chosen = move |block: DMatrix<f64>| if all { block } else { block.select_columns(&self.columns) };
        Ok(RawReader::new(file, &self.name, self.d).map(move |block| Ok(chosen(block?))))
    }
}

fn no_room(error: std::io::Error) -> Failure {
    broken(format!("{}: {error}; TMPDIR names another folder", temporary()))
}

fn temporary() -> String {
    format!("temporary file in {}", std::env::temp_dir().display())
}
