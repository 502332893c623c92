//! Raw doubles, block by block, and blocks made one matrix.

use super::{Error, Result, block_rows};
use nalgebra::DMatrix;
use std::io::{Read, Write};

/// One matrix of blocks that follow each other, n×d; for a moment both it and the blocks are in memory.
///
/// # Errors
/// [`Error::Empty`] without any row, [`Error::Width`] for blocks of different widths, else the first error among the
/// blocks.
///
/// ```
/// use executable_em_engine::table::assemble;
/// use nalgebra::dmatrix;
/// let x = assemble([Ok(dmatrix![1.0, 2.0]), Ok(dmatrix![3.0, 4.0; 5.0, 6.0])])?;
/// assert_eq!(x, dmatrix![1.0, 2.0; 3.0, 4.0; 5.0, 6.0]);
/// # Ok::<(), executable_em_engine::table::Error>(())
/// ```
pub fn assemble(blocks: impl IntoIterator<Item = Result<DMatrix<f64>>>) -> Result<DMatrix<f64>> {
    let mut blocks = blocks.into_iter().collect::<Result<Vec<_>>>()?;
    let n = blocks.iter().map(DMatrix::nrows).sum();
    let d = blocks.first().map_or(0, DMatrix::ncols);
    if n == 0 || d == 0 {
        return Err(Error::Empty { file: "table".to_owned() });
    }
    if blocks.len() == 1 {
        return Ok(blocks.remove(0));
    }
    let mut x = DMatrix::zeros(n, d);
    let mut start = 0;
    for block in blocks {
        let (rows, found) = block.shape();
        if found != d {
            return Err(Error::Width { row: start + 1, expected: d, found });
        }
        x.rows_mut(start, rows).copy_from(&block);
        start += rows;
    }
    Ok(x)
}

/// Writes a block as raw doubles: 8 bytes a number, the least significant first, row by row.
///
/// # Errors
/// Those of `output`.
pub fn write_raw(block: &DMatrix<f64>, output: &mut impl Write) -> std::io::Result<()> {
    let bytes: Vec<u8> = block.transpose().iter().flat_map(|value| value.to_le_bytes()).collect();
    output.write_all(&bytes)
}

/// Raw doubles, as [`write_raw`] writes them, read piece by piece: an iterator over blocks of
/// [`BLOCK_ROWS`](super::BLOCK_ROWS) rows, or of fewer where rows are long.
///
/// Its errors are [`Error::Io`], [`Error::HalfRow`] for an input that ends in the middle of a row, and [`Error::Empty`]
/// for one without any. Whether the numbers are finite is for others to ask.
///
/// ```
/// use executable_em_engine::table::{RawReader, write_raw};
/// use nalgebra::dmatrix;
/// let x = dmatrix![1.0, 2.0; 3.0, 4.0];
/// let mut bytes = Vec::new();
/// write_raw(&x, &mut bytes).expect("room");
/// let mut reader = RawReader::new(bytes.as_slice(), "bytes", 2);
/// assert_eq!(reader.next().expect("two rows")?, x);
/// assert!(reader.next().is_none());
/// # Ok::<(), executable_em_engine::table::Error>(())
/// ```
#[derive(Debug)]
pub struct RawReader<R> {
    input: R,
    file: String,
    d: usize,
    bytes: Vec<u8>,
    is_empty: bool,
    ended: bool,
}

impl<R: Read> RawReader<R> {
    /// Rows of `d` doubles; `file` is what errors call them.
    pub fn new(input: R, file: &str, d: usize) -> Self {
        RawReader { input, file: file.to_owned(), d, bytes: Vec::new(), is_empty: true, ended: d == 0 }
    }

    fn block(&mut self) -> Result<Option<DMatrix<f64>>> {
        let row = self.d.saturating_mul(size_of::<f64>());
        let mut block = (&mut self.input).take((block_rows(self.d) as u64).saturating_mul(row as u64));
        self.bytes.clear();
        let length = block
            .read_to_end(&mut self.bytes)
            .map_err(|source| Error::Io { path: self.file.clone(), source })?;
        if length % row != 0 {
            return Err(Error::HalfRow { file: self.file.clone(), d: self.d });
        }
        if length == 0 && self.is_empty {
            return Err(Error::Empty { file: self.file.clone() });
        }
        self.is_empty = false;
        let values = self.bytes.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes));
        Ok((length > 0).then(|| DMatrix::from_row_iterator(length / row, self.d, values)))
    }
}

impl<R: Read> Iterator for RawReader<R> {
    type Item = Result<DMatrix<f64>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let block = self.block().transpose();
        self.ended = !matches!(block, Some(Ok(_)));
        block
    }
}
