//! What a file is, by its first bytes: text, packed by gzip or not, an array, or what is no table and has a name.

use super::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::io::{Cursor, ErrorKind, Read};

/// So many bytes tell what a file is, if it has so many; a short file or a pipe may show fewer at first.
const TELLING: usize = 16;

/// So many are looked at where they are there.
const SEEN: usize = 1024;

/// What can be read as a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text, for [`CsvReader`](super::CsvReader).
    Text,
    /// A NumPy array, for [`NpyReader`](super::NpyReader).
    Npy,
    /// A Parquet file, which this crate does not read.
    Parquet,
}

impl Form {
    /// The error of whoever cannot read this form.
    pub fn refused(self, file: &str) -> Error {
        let (what, remedy) = match self {
            Form::Text => ("text", "it is read as a table of text"),
            Form::Npy => ("a NumPy array", "it is read as such"),
            Form::Parquet => ("a Parquet file", "write it as CSV"),
        };
        Error::Form { file: file.to_owned(), what, remedy }
    }
}

/// What begins so is no table: where it stands, what it is, and what to do about it.
const OTHERS: [(usize, &[u8], &str, &str); 32] = [
    (0, GZIP, "packed by gzip twice", "unpack it once"),
    (0, b"\xff\xfe\0\0", "text in UTF-32", "write it in UTF-8"),
    (0, b"\xff\xfe", "text in UTF-16", IN_UTF_8),
    (0, b"\xfe\xff", "text in UTF-16", IN_UTF_8),
    (30, b"[Content_Types].xml", "an Excel workbook", AS_CSV),
    (30, b"_rels/.rels", "an Excel workbook", AS_CSV),
    (30, b"xl/", "an Excel workbook", AS_CSV),
    (30, b"mimetypeapplication/vnd.oasis", "an OpenDocument file", AS_CSV),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook", AS_CSV),
    (0, b"PK\x03\x04", "a zip archive", "unzip it; an array of an .npz is saved alone by numpy.save"),
    (0, b"(\xb5/\xfd", "packed by zstd", "unpack it: zstd -d"),
    (0, b"BZh", "packed by bzip2", "unpack it: bunzip2"),
    (0, b"\xfd7zXZ\0", "packed by xz", "unpack it: unxz"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it"),
    (257, b"ustar", "a tar archive", "unpack it: tar -x"),
    (0, b"SQLite format 3\0", "an SQLite database", "write the query's result as CSV"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file", "write the array as CSV or .npy"),
    (0, b"CDF\x01", "a NetCDF file", "write the array as CSV or .npy"),
    (0, b"CDF\x02", "a NetCDF file", "write the array as CSV or .npy"),
    (0, b"MATLAB 5.0 MAT-file", "a MATLAB file", "write the matrix as CSV"),
    (0, b"ARROW1", "an Arrow or Feather file", "write the table as CSV"),
    (0, b"Obj\x01", "an Avro file", "write the table as CSV"),
    (0, b"RDX", "data of R", "write the table with write.csv(…, row.names = FALSE)"),
    (0, b"X\n\0\0\0", "data of R", "write the table with write.csv(…, row.names = FALSE)"),
    (0, b"\x80\x03", PICKLE, "write the table as CSV or .npy"),
    (0, b"\x80\x04", PICKLE, "write the table as CSV or .npy"),
    (0, b"\x80\x05", PICKLE, "write the table as CSV or .npy"),
    (0, b"\x89PNG\r\n\x1a\n", "a PNG picture", "it needs the numbers themselves"),
    (0, b"\xff\xd8\xff", "a JPEG picture", "it needs the numbers themselves"),
    (0, b"GIF8", "a GIF picture", "it needs the numbers themselves"),
    (0, b"%PDF-", "a PDF document", "copy its table into a CSV file"),
    (0, b"\x7fELF", "a program", "it needs a table"),
];
const GZIP: &[u8] = b"\x1f\x8b";
const AS_CSV: &str = "save the sheet as CSV";
const IN_UTF_8: &str = "write it in UTF-8: iconv -f UTF-16 -t UTF-8";
const PICKLE: &str = "a pickled object of Python";

/// What the input is, and all of it to be read; gzip is opened.
///
/// # Errors
/// [`Error::Form`] for what is no table, [`Error::Io`] if it cannot be read.
///
/// ```
/// use executable_em_engine::table::{Form, recognise};
/// assert_eq!(recognise(&b"a,b\n1,2\n"[..], "table")?.0, Form::Text);
/// let error = recognise(&b"BZh91AY&SY"[..], "table").err().expect("no table");
/// assert_eq!(error.to_string(), "table: is packed by bzip2, no table: unpack it: bunzip2");
/// # Ok::<(), executable_em_engine::table::Error>(())
/// ```
pub fn recognise<'a>(input: impl Read + 'a, file: &str) -> Result<(Form, Box<dyn Read + 'a>)> {
    let (head, all) = begun(unpacked(input, file)?, file)?;
    Ok((form(&head, file)?, all))
}

/// The input, opened if it is packed by gzip.
///
/// # Errors
/// [`Error::Io`] if it cannot be read.
///
/// ```
/// use executable_em_engine::table::unpacked;
/// use std::io::{Read, Write};
/// let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
/// packed.write_all(b"a,b").expect("room");
/// let mut text = String::new();
/// unpacked(packed.finish().expect("room").as_slice(), "table")?.read_to_string(&mut text).expect("text");
/// assert_eq!(text, "a,b");
/// # Ok::<(), executable_em_engine::table::Error>(())
/// ```
pub fn unpacked<'a>(input: impl Read + 'a, file: &str) -> Result<Box<dyn Read + 'a>> {
    let (head, all) = begun(input, file)?;
    Ok(if head.starts_with(GZIP) { Box::new(MultiGzDecoder::new(all)) } else { all })
}

/// Its first bytes, and all of them.
fn begun<'a>(mut input: impl Read + 'a, file: &str) -> Result<(Vec<u8>, Box<dyn Read + 'a>)> {
    let (mut head, mut piece) = (Vec::new(), [0; SEEN]);
    while head.len() < TELLING {
        match input.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => head.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(source) => return Err(Error::Io { path: file.to_owned(), source }),
        }
    }
    Ok((head.clone(), Box::new(Cursor::new(head).chain(input))))
}

fn form(head: &[u8], file: &str) -> Result<Form> {
    if head.starts_with(b"\x93NUMPY") {
        return Ok(Form::Npy);
    }
    if head.starts_with(b"PAR1") {
        return Ok(Form::Parquet);
    }
    let begins = |(at, mark, ..): &&(usize, &[u8], _, _)| {
        head.get(*at..).is_some_and(|rest| rest.starts_with(mark)) && (*at != 30 || head.starts_with(b"PK"))
    };
    if let Some(&(_, _, what, remedy)) = OTHERS.iter().find(begins) {
        return Err(other(file, what, remedy));
    }
    // No text holds the byte 0; every other one of UTF-16 is such.
    if head.contains(&0) {
        let every_other = |first: usize| head.iter().skip(first).step_by(2).all(|&byte| byte == 0);
        let is_text = head.iter().any(|&byte| byte != 0) && (every_other(0) || every_other(1));
        return Err(match is_text {
            true => other(file, "text in UTF-16", IN_UTF_8),
            false => other(file, "binary", "of raw doubles say how many make a row (--dimension)"),
        });
    }
    Ok(Form::Text)
}

fn other(file: &str, what: &'static str, remedy: &'static str) -> Error {
    Error::Form { file: file.to_owned(), what, remedy }
}
