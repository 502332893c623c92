//! Data in pieces: blocks of rows, joined into a matrix or kept as raw doubles in a file.

use crate::error::{Error, Result};
use nalgebra::DMatrix;
use std::io::{ErrorKind, Read, Write};

/// The number of rows of a block that is read at once.
pub const BLOCK_ROWS: usize = 16_384;

/// One matrix of blocks that follow each other, n×d; for a moment both it and the blocks are in memory.
///
/// [`Error::Empty`] without any row, [`Error::Shape`] for blocks of different widths, else the first error among the blocks.
///
/// ```
/// use executable_em::data::assemble;
/// use nalgebra::dmatrix;
/// let x = assemble([Ok(dmatrix![1.0, 2.0]), Ok(dmatrix![3.0, 4.0; 5.0, 6.0])])?;
/// assert_eq!(x, dmatrix![1.0, 2.0; 3.0, 4.0; 5.0, 6.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn assemble(blocks: impl IntoIterator<Item = Result<DMatrix<f64>>>) -> Result<DMatrix<f64>> {
    let mut blocks = blocks.into_iter().collect::<Result<Vec<_>>>()?;
    let n = blocks.iter().map(DMatrix::nrows).sum();
    let d = blocks.first().map_or(0, DMatrix::ncols);
    if n == 0 || d == 0 {
        return Err(Error::Empty { what: "table" });
    }
    if blocks.len() == 1 {
        return Ok(blocks.remove(0));
    }
    let mut x = DMatrix::zeros(n, d);
    let mut start = 0;
    for block in blocks {
        crate::check::shape("block", block.shape(), (block.nrows(), d))?;
        x.rows_mut(start, block.nrows()).copy_from(&block);
        start += block.nrows();
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

/// Raw doubles, as [`write_raw`] writes them, read piece by piece: an iterator over blocks of [`BLOCK_ROWS`] rows.
///
/// Its errors are [`Error::File`], also for an input that ends in the middle of a row. Whether the numbers are finite is for
/// others to ask.
///
/// ```
/// use executable_em::data::{RawReader, write_raw};
/// use nalgebra::dmatrix;
/// let x = dmatrix![1.0, 2.0; 3.0, 4.0];
/// let mut bytes = Vec::new();
/// write_raw(&x, &mut bytes).expect("room");
/// assert_eq!(RawReader::new(bytes.as_slice(), "bytes", 2).next(), Some(Ok(x)));
/// ```
#[derive(Debug)]
pub struct RawReader<R> {
    input: R,
    path: String,
    d: usize,
    bytes: Vec<u8>,
    ended: bool,
}

impl<R: Read> RawReader<R> {
    /// Rows of `d` doubles; `path` is what errors call the file.
    pub fn new(input: R, path: &str, d: usize) -> Self {
        let bytes = vec![0; BLOCK_ROWS * d * size_of::<f64>()];
        RawReader { input, path: path.to_owned(), d, bytes, ended: d == 0 }
    }

    fn block(&mut self) -> Result<Option<DMatrix<f64>>> {
        let failed = |reason: String| Err(Error::File { path: self.path.clone(), reason });
        let mut filled = 0;
        while filled < self.bytes.len() {
            match self.input.read(&mut self.bytes[filled..]) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return failed(error.to_string()),
            }
        }
        let row = self.d * size_of::<f64>();
        if filled % row != 0 {
            return failed(format!("ends in the middle of a row of {} doubles", self.d));
        }
        let values = self.bytes[..filled].as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes));
        Ok((filled > 0).then(|| DMatrix::from_row_iterator(filled / row, self.d, values)))
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
