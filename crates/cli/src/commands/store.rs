//! Data kept for many passes: in memory, or in a file of raw doubles.

use std::io::{BufWriter, Seek};

use executable_em::scale::{spread::Spread, units::Units};
use executable_em_engine::{
    Data, Source, Stream,
    table::{self, BLOCK_ROWS, RawReader, assemble, write_raw},
};
use nalgebra::DMatrix;

use super::{
    Failure, broken,
    reading::{Raw, Reading},
    watch::Watch,
};

/// The most that is kept in memory, in bytes: 2^24 rows of two numbers. What is larger is streamed from a file.
const MEMORY: usize = 1 << 28;

/// A table that can be read as often as need be.
pub struct Store {
    pub names: Vec<String>,
    pub n: usize,
    pub columns: Vec<Spread>,
    rows: Rows,
}

enum Rows {
    Memory(DMatrix<f64>),
    /// Removed by the system when the program ends, however it ends; or the user's own.
    File(Raw),
}

impl Store {
    /// Reads a table to its end, once.
    pub fn collect(reading: Reading, stream: bool, watch: &Watch) -> Result<Self, Failure> {
        let Reading { names, blocks, raw } = reading;
        let d = names.len();
        let memory = if stream { 0 } else { MEMORY };
        let mut columns = vec![Spread::EMPTY; d];
        let mut n = 0;
        let mut kept = Vec::new();
        let mut file = None;
        for block in blocks {
            let block = block?;
            for (column, values) in columns.iter_mut().zip(block.as_slice().chunks_exact(block.nrows())) {
                column.add(values);
            }
            n += block.nrows();
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
            _ => Rows::Memory(assemble(kept)?),
        };
        Ok(Store { names, n, columns, rows })
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
        match (&self.rows, units) {
            (Rows::Memory(x), None) => pass(&Data::new(x)?),
            (Rows::Memory(x), Some(units)) => pass(&Data::new(&units.standardize(x.clone())?)?),
            (Rows::File(raw), None) => pass(&Stream(|| raw.blocks())),
            (Rows::File(raw), Some(units)) => {
                pass(&Stream(|| Ok(raw.blocks()?.map(|block| Ok(units.standardize(block?)?)))))
            }
        }
    }

    /// That the data are still those that were read first.
    pub fn unchanged(&self) -> Result<(), Failure> {
        match &self.rows {
            Rows::Memory(_) => Ok(()),
            Rows::File(raw) => Ok(raw.unchanged()?),
        }
    }

    /// Shows the data in blocks of moderate size.
    pub fn each_block(
        &self,
        visit: &mut dyn FnMut(&DMatrix<f64>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match &self.rows {
            Rows::Memory(x) => (0..self.n)
                .step_by(BLOCK_ROWS)
                .try_for_each(|start| visit(&x.rows(start, BLOCK_ROWS.min(self.n - start)).into_owned())),
            Rows::File(raw) => raw.blocks()?.try_for_each(|block| visit(&block?)),
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
