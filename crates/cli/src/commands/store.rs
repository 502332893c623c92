//! Data kept for many passes: in memory, or in a file of raw doubles.

use std::{
    io::{BufWriter, Seek},
    sync::mpsc,
    thread,
};

use executable_em::{
    Error,
    scale::{spread::Spread, units::Units},
};
use executable_em_engine::{
    Data, Elsewhere, Source, WithGaps,
    table::{self, BLOCK_ROWS, RawReader, assemble, write_raw},
    telling_rows,
};
use nalgebra::{DMatrix, DVector};

use super::{
    Failure, broken,
    elsewhere::{Asked, Asking, Held},
    gaps::Gaps,
    memory,
    reading::{Place, Raw, Reading},
    watch::Watch,
};

/// The most that is made one matrix, in bytes: 2^24 rows of two numbers. What is larger is passed over block by
/// block, from a file if there is no room for it: the sums have the same bits.
const MATRIX: usize = 1 << 28;

/// So many blocks are read before they are wanted.
const AHEAD: usize = 2;

/// A table that can be read as often as need be.
pub struct Store {
    pub names: Vec<String>,
    /// How many rows there are, and how many of them tell something: only these are shown to whoever fits.
    pub n: usize,
    pub telling: usize,
    /// The number of these, or the sum of their weights.
    pub total: f64,
    /// What a datum weighs: 1, but less where the weights sum to less than there are data that weigh something.
    pub unit: f64,
    /// The column of the weights, if there is one.
    pub weights: Option<String>,
    /// How the cells that are seen spread.
    pub columns: Vec<Spread>,
    pub gaps: Gaps,
    /// Whether a row that tells something lacks a cell.
    pub has_gaps: bool,
    rows: Rows,
}

enum Rows {
    Matrix(DMatrix<f64>, Option<DVector<f64>>),
    /// The weights are the last column.
    Blocks(Vec<DMatrix<f64>>),
    /// Removed by the system when the program ends, however it ends; or the user's own.
    File(Raw),
    Elsewhere(Held),
}

impl Store {
    /// Reads a table to its end, once; its last column may be weights.
    pub fn collect(
        reading: Reading,
        are_weighted: bool,
        stream: bool,
        watch: &Watch,
    ) -> Result<Self, Failure> {
        let Reading { mut names, blocks, place } = reading;
        let d = names.len();
        let weights = if are_weighted { names.pop() } else { None };
        let is_elsewhere = matches!(place, Some(Place::Elsewhere(_)));
        let memory = if stream || is_elsewhere { 0 } else { memory::room().max(MATRIX) };
        let mut columns = vec![Spread::EMPTY; names.len()];
        let (mut n, mut gaps, mut has_gaps) = (0, Gaps::default(), false);
        let (mut total, mut telling) = (0.0, 0);
        let mut kept = Vec::new();
        let mut file = None;
        for block in blocks {
            let block = block?;
            let some = those_that_tell(&block, are_weighted).map(|rows| block.select_rows(&rows));
            let told = some.as_ref().unwrap_or(&block);
            let rows = told.nrows();
            let of_columns: Vec<&[f64]> = (0..d).map(|a| &told.as_slice()[a * rows..][..rows]).collect();
            let lacks = gaps.add(block.columns(0, columns.len())) && told.iter().any(|value| value.is_nan());
            has_gaps |= lacks;
            for (column, values) in columns.iter_mut().zip(&of_columns) {
                let seen = |of: &[f64]| -> Vec<f64> {
                    of.iter().zip(*values).filter(|(_, value)| !value.is_nan()).map(|(&one, _)| one).collect()
                };
                match (&weights, lacks) {
                    (Some(_), false) => column.add_weighted(values, of_columns[d - 1]),
                    (Some(_), true) => column.add_weighted(&seen(values), &seen(of_columns[d - 1])),
                    (None, false) => column.add(values),
                    (None, true) => column.add(&seen(values)),
                }
            }
            n += block.nrows();
            telling += rows;
            total += if are_weighted { of_columns[d - 1].iter().sum() } else { rows as f64 };
            watch.read(n);
            if n * d * size_of::<f64>() <= memory {
                kept.push(block);
            } else if place.is_none() {
                let file = match &mut file {
                    Some(file) => file,
                    none => none.insert(BufWriter::new(tempfile::tempfile().map_err(no_room)?)),
                };
                for block in kept.drain(..).chain([block]) {
                    write_raw(&block, file).map_err(no_room)?;
                }
            } else {
                kept.clear();
            }
        }
        if n == 0 {
            return Err(Error::Empty { what: "data" }.into());
        }
        let rows = match (file, place) {
            (None, Some(Place::Elsewhere(held))) => Rows::Elsewhere(held),
            (Some(file), _) => {
                let file = file.into_inner().map_err(|error| no_room(error.into_error()))?;
                Rows::File(Raw { name: temporary(), file, d, columns: (0..d).collect(), seen: None })
            }
            (None, Some(Place::Raw(raw))) if kept.is_empty() => Rows::File(raw),
            _ if n * d * size_of::<f64>() <= MATRIX => {
                let (x, weights) = split(assemble(kept.into_iter().map(Ok))?, are_weighted);
                Rows::Matrix(x, weights)
            }
            _ => Rows::Blocks(kept),
        };
        let unit = (total / telling as f64).min(1.0);
        Ok(Store { names, n, telling, total, unit, weights, columns, gaps, has_gaps, rows })
    }

    /// Which share of the data that tell something, by weight, is seen of each column.
    pub fn shares_seen(&self) -> Vec<f64> {
        self.columns.iter().map(|column| column.n() / self.total).collect()
    }

    pub fn is_streamed(&self) -> bool {
        matches!(self.rows, Rows::File(_) | Rows::Elsewhere(_))
    }

    /// Shows the data that tell something, perhaps in standard units, to whoever passes over them.
    pub fn read<T>(
        &self,
        units: Option<&Units>,
        pass: impl FnOnce(&(dyn Source + Sync)) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let standardized = |x: &DMatrix<f64>| match units {
            Some(units) => units.standardize_seen(x.clone()).map(Some),
            None => Ok(None),
        };
        let has_gaps = self.has_gaps;
        let in_blocks = |blocks| InBlocks { blocks, units, are_weighted: self.weights.is_some(), has_gaps };
        match &self.rows {
            Rows::Matrix(x, weights) => {
                let some = telling_rows(x.as_view(), weights.as_ref().map(DVector::as_slice))
                    .map(|rows| (x.select_rows(&rows), weights.as_ref().map(|all| all.select_rows(&rows))));
                let (x, weights) = some.as_ref().map_or((x, weights), |(x, weights)| (x, weights));
                let in_units = standardized(x)?;
                let (x, weights) = (in_units.as_ref().unwrap_or(x), weights.as_ref());
                if has_gaps { pass(&WithGaps::of(x, weights)?) } else { pass(&Data::of(x, weights)?) }
            }
            Rows::Blocks(blocks) => pass(&in_blocks(Blocks::Kept(blocks))),
            Rows::File(raw) => pass(&in_blocks(Blocks::Of(raw))),
            Rows::Elsewhere(Held { table, columns }) => {
                let are_weighted = self.weights.is_some();
                let asked = Asked { columns, are_weighted, has_gaps, units };
                pass(&in_blocks(Blocks::Elsewhere(&Asking { table: table.as_ref(), asked })))
            }
        }
    }

    /// That the data are still those that were read first.
    pub fn unchanged(&self) -> Result<(), Failure> {
        match &self.rows {
            // Whoever holds the data asks that of every answer.
            Rows::Matrix(..) | Rows::Blocks(_) | Rows::Elsewhere(_) => Ok(()),
            Rows::File(raw) => Ok(raw.unchanged()?),
        }
    }

    /// Shows all rows in blocks of moderate size.
    pub fn each_block(
        &self,
        visit: &mut dyn FnMut(&DMatrix<f64>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let are_weighted = self.weights.is_some();
        match &self.rows {
            Rows::Matrix(x, _) => (0..self.n)
                .step_by(BLOCK_ROWS)
                .try_for_each(|start| visit(&x.rows(start, BLOCK_ROWS.min(self.n - start)).into_owned())),
            Rows::Blocks(blocks) => {
                blocks.iter().try_for_each(|block| visit(&split(block.clone(), are_weighted).0))
            }
            Rows::File(raw) => raw.blocks()?.try_for_each(|block| visit(&split(block?, are_weighted).0)),
            Rows::Elsewhere(held) => {
                let mut blocks = held.table.blocks(&held.columns)?;
                blocks.try_for_each(|block| visit(&split(block?, are_weighted).0))
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

/// The rows of such a table that tell something, if there are others.
fn those_that_tell(table: &DMatrix<f64>, are_weighted: bool) -> Option<Vec<usize>> {
    let d = table.ncols() - usize::from(are_weighted);
    telling_rows(table.columns(0, d), are_weighted.then(|| &table.as_slice()[d * table.nrows()..]))
}

/// Rows in blocks, perhaps in standard units, perhaps with weights, perhaps with missing cells.
struct InBlocks<'a> {
    blocks: Blocks<'a>,
    units: Option<&'a Units>,
    are_weighted: bool,
    has_gaps: bool,
}

enum Blocks<'a> {
    Kept(&'a [DMatrix<f64>]),
    Of(&'a Raw),
    Elsewhere(&'a Asking<'a>),
}

impl InBlocks<'_> {
    fn show(
        &self,
        block: DMatrix<f64>,
        visit: &mut dyn FnMut(Data<'_>) -> executable_em_engine::Result<()>,
    ) -> executable_em_engine::Result<()> {
        let block = match those_that_tell(&block, self.are_weighted) {
            Some(rows) if rows.is_empty() => return Ok(()),
            Some(rows) => block.select_rows(&rows),
            None => block,
        };
        let (x, weights) = split(block, self.are_weighted);
        let x = match self.units {
            Some(units) => units.standardize_seen(x)?,
            None => x,
        };
        match self.has_gaps {
            true => WithGaps::of(&x, weights.as_ref())?.read(visit),
            false => visit(Data::of(&x, weights.as_ref())?),
        }
    }
}

impl Source for InBlocks<'_> {
    fn read(
        &self,
        visit: &mut dyn FnMut(Data<'_>) -> executable_em_engine::Result<()>,
    ) -> executable_em_engine::Result<()> {
        match self.blocks {
            Blocks::Kept(blocks) => blocks.iter().try_for_each(|block| self.show(block.clone(), visit)),
            // The next blocks are read while one is worked on.
            Blocks::Of(raw) => thread::scope(|scope| {
                let (read, next) = mpsc::sync_channel(AHEAD);
                let blocks = raw.blocks()?;
                scope.spawn(move || {
                    for block in blocks {
                        if read.send(block).is_err() {
                            break;
                        }
                    }
                });
                next.into_iter().try_for_each(|block| self.show(block?, visit))
            }),
            Blocks::Elsewhere(asking) => {
                asking.table.blocks(asking.asked.columns)?.try_for_each(|block| self.show(block?, visit))
            }
        }
    }

    fn has_gaps(&self) -> bool {
        self.has_gaps
    }

    fn elsewhere(&self) -> Option<&dyn Elsewhere> {
        match &self.blocks {
            Blocks::Elsewhere(asking) => Some(*asking),
            Blocks::Kept(_) | Blocks::Of(_) => None,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
    use executable_em_engine::Engine;

    #[test]
    fn blocks_in_memory_and_in_a_file_have_sums_of_the_same_bits() {
        let rows = [BLOCK_ROWS, BLOCK_ROWS, BLOCK_ROWS, 5];
        let number = |i, a| if a == 2 { 1.0 } else { (i as f64 + 0.3 * a as f64).sin() };
        let kept = rows.map(|rows| DMatrix::from_fn(rows, 3, number));
        let mut file = tempfile::tempfile().expect("a file");
        kept.iter().for_each(|block| write_raw(block, &mut file).expect("room"));
        let raw = Raw { name: "x".to_owned(), file, d: 3, columns: vec![0, 1, 2], seen: None };
        let first = kept[0].columns(0, 2).into_owned();
        let mut spread = [Spread::EMPTY; 2];
        first.column_iter().zip(&mut spread).for_each(|(column, spread)| spread.add(column.as_slice()));
        let (engine, units) = (Engine::new(2).expect("threads"), Units::of(&spread).expect("spread"));
        let start = random_start(&first, 2, CovarianceFamily::Full, &mut executable_em::data::rng(1));
        let start = start.expect("a start");
        let swept = |blocks, units| {
            let source = InBlocks { blocks, units, are_weighted: true, has_gaps: false };
            let sweep = engine.sweep(&start, &source).expect("a sweep");
            (sweep.log_likelihood, sweep.total, sweep.model)
        };
        for units in [None, Some(&units)] {
            let in_memory = swept(Blocks::Kept(&kept), units);
            assert_eq!(in_memory.1, rows.iter().sum::<usize>() as f64);
            assert_eq!(in_memory, swept(Blocks::Of(&raw), units));
        }
    }
}
