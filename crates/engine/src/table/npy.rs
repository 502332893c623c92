//! NumPy's arrays, as `numpy.save` writes them: a text that says what follows, and the numbers.

use super::{Error, MOST_COLUMNS, Result, block_rows};
use nalgebra::DMatrix;
use std::io::Read;

/// A matrix that `numpy.save` wrote, read piece by piece: an iterator over blocks of rows as
/// [`RawReader`](super::RawReader) gives them.
///
/// An array of one dimension is one column. Its numbers are floats of 4 or 8 bytes, whole numbers or truth values, in
/// either order of their bytes; whether they are finite is for others to ask. Column by column (`fortran_order`) it
/// is read as a whole first.
///
/// Source: NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays".
///
/// ```
/// use executable_em_engine::table::NpyReader;
/// let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }\n";
/// let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
/// bytes.extend((header.len() as u16).to_le_bytes());
/// bytes.extend(header.bytes());
/// bytes.extend([1.5_f32, -2.0].into_iter().flat_map(f32::to_le_bytes));
/// let mut reader = NpyReader::new(bytes.as_slice(), "array")?;
/// assert_eq!(reader.next().expect("a row")?, nalgebra::dmatrix![1.5, -2.0]);
/// # Ok::<(), executable_em_engine::table::Error>(())
/// ```
#[derive(Debug)]
pub struct NpyReader<R> {
    input: R,
    file: String,
    number: Number,
    n: usize,
    d: usize,
    /// The whole, where it lies column by column; empty before it is read.
    by_columns: Option<DMatrix<f64>>,
    /// How many rows have been read.
    read: usize,
    ended: bool,
}

/// How a number is stored: what of, in so many bytes, the most significant of them first or last.
#[derive(Clone, Copy, Debug)]
struct Number {
    kind: u8,
    size: usize,
    is_big_endian: bool,
}

impl Number {
    fn of(descr: &str) -> Option<Self> {
        let &[order @ (b'<' | b'>' | b'|' | b'='), kind, size] = descr.as_bytes() else { return None };
        let number =
            Number { kind, size: usize::from(size.wrapping_sub(b'0')), is_big_endian: order == b'>' };
        let is_known =
            matches!((kind, number.size), (b'f', 4 | 8) | (b'i' | b'u', 1 | 2 | 4 | 8) | (b'b', 1));
        is_known.then_some(number)
    }

    fn read(self, bytes: &[u8]) -> f64 {
        let mut padded = [0; 8];
        padded[..self.size].copy_from_slice(bytes);
        if self.is_big_endian {
            padded[..self.size].reverse();
        }
        let unused = 64 - 8 * self.size;
        match (self.kind, self.size) {
            (b'f', 8) => f64::from_le_bytes(padded),
            (b'f', _) => f64::from(f32::from_bits(u64::from_le_bytes(padded) as u32)),
            (b'i', _) => (i64::from_le_bytes(padded) << unused >> unused) as f64,
            _ => u64::from_le_bytes(padded) as f64,
        }
    }
}

impl<R: Read> NpyReader<R> {
    /// Reads what the array says of itself; `file` is what errors call it.
    ///
    /// # Errors
    /// [`Error::Npy`] for another array than a matrix of numbers, [`Error::Empty`] for one without any, [`Error::Io`]
    /// if it cannot be read.
    pub fn new(mut input: R, file: &str) -> Result<Self> {
        let wrong = |reason: String| Error::Npy { file: file.to_owned(), reason };
        let begin = |length| bytes(&mut input, length).map_err(|source| io(file, source));
        let header =
            header(begin).and_then(|header| header.ok_or_else(|| wrong("its header is broken".into())))?;
        let value = |key: &str| header.split_once(&format!("'{key}':")).map(|(_, rest)| rest.trim_start());
        let descr = value("descr").unwrap_or_default();
        let number = descr.strip_prefix('\'').and_then(|rest| Number::of(rest.split('\'').next()?));
        let number = number.ok_or_else(|| {
            let shown: String = descr.chars().take_while(|&c| c != ',').take(20).collect();
            wrong(format!(
                "holds {shown}, not floats of 4 or 8 bytes or whole numbers: save it astype(float)"
            ))
        })?;
        let shape = value("shape").and_then(|rest| rest.strip_prefix('(')?.split_once(')'));
        let shape = shape.map_or_else(String::new, |(sizes, _)| sizes.to_owned());
        let sizes: Option<Vec<usize>> = shape
            .split(',')
            .map(str::trim)
            .filter(|size| !size.is_empty())
            .map(|size| size.parse().ok())
            .collect();
        let (n, d) = match sizes.as_deref() {
            Some([n]) => (*n, 1),
            Some([n, d]) => (*n, *d),
            _ => return Err(wrong(format!("has the shape ({shape}): reshape it to two dimensions"))),
        };
        if d > MOST_COLUMNS || n.checked_mul(d).and_then(|count| count.checked_mul(number.size)).is_none() {
            return Err(wrong(format!(
                "has the shape ({shape}), more than {MOST_COLUMNS} columns or than memory"
            )));
        }
        if n == 0 || d == 0 {
            return Err(Error::Empty { file: file.to_owned() });
        }
        let is_by_columns = value("fortran_order").is_some_and(|rest| rest.starts_with("True"));
        let by_columns = is_by_columns.then(|| DMatrix::zeros(0, d));
        Ok(NpyReader { input, file: file.to_owned(), number, n, d, by_columns, read: 0, ended: false })
    }

    /// The number of columns.
    pub fn d(&self) -> usize {
        self.d
    }

    fn numbers(&mut self, count: usize) -> Result<impl Iterator<Item = f64> + use<R>> {
        let number = self.number;
        let length = count * number.size;
        let bytes = bytes(&mut self.input, length).map_err(|source| io(&self.file, source))?;
        if bytes.len() < length {
            let reason = format!("ends before its {} rows of {} numbers do", self.n, self.d);
            return Err(Error::Npy { file: self.file.clone(), reason });
        }
        Ok((0..count).map(move |at| number.read(&bytes[at * number.size..][..number.size])))
    }

    /// That nothing stands behind the rows.
    fn end(&mut self) -> Result<()> {
        if bytes(&mut self.input, 1).map_err(|source| io(&self.file, source))?.is_empty() {
            return Ok(());
        }
        let reason =
            format!("goes on behind its {} rows of {} numbers: save each array alone", self.n, self.d);
        Err(Error::Npy { file: self.file.clone(), reason })
    }

    fn block(&mut self) -> Result<DMatrix<f64>> {
        let rows = block_rows(self.d).min(self.n - self.read);
        if self.by_columns.as_ref().is_some_and(DMatrix::is_empty) {
            let numbers = self.numbers(self.n * self.d)?;
            self.by_columns = Some(DMatrix::from_iterator(self.n, self.d, numbers));
        }
        let block = match &self.by_columns {
            Some(whole) => whole.rows(self.read, rows).into_owned(),
            None => DMatrix::from_row_iterator(rows, self.d, self.numbers(rows * self.d)?),
        };
        self.read += rows;
        Ok(block)
    }
}

impl<R: Read> Iterator for NpyReader<R> {
    type Item = Result<DMatrix<f64>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let block = if self.read < self.n { Some(self.block()) } else { self.end().err().map(Err) };
        self.ended = !matches!(block, Some(Ok(_)));
        block
    }
}

/// What the array says of itself; none if that is no header of the versions 1 to 3.
fn header(mut bytes: impl FnMut(usize) -> Result<Vec<u8>>) -> Result<Option<String>> {
    let length = match *bytes(8)? {
        [_, _, _, _, _, _, 1, _] => 2,
        [_, _, _, _, _, _, 2 | 3, _] => 4,
        _ => return Ok(None),
    };
    let length = bytes(length)?.iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
    // Those of numbers take a hundred bytes.
    let header = if length > 1 << 16 { Vec::new() } else { bytes(length)? };
    Ok(String::from_utf8(header).ok().filter(|header| header.starts_with('{')))
}

/// So many bytes, or all that there are.
fn bytes(input: &mut impl Read, length: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn io(file: &str, source: std::io::Error) -> Error {
    Error::Io { path: file.to_owned(), source }
}
