//! Where tables come from: files, pipes, and what never ends.

use crate::table;
use executable_em_engine::table::{CsvReader, Error, assemble, read_csv};
use nalgebra::dmatrix;
use std::io::{self, Read};

/// A file that cannot be read is named with its path; one that can be read gives its table.
#[test]
fn files_are_read_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("good.csv");
    std::fs::write(&path, "a,b\n1,2\n").unwrap();
    assert_eq!(read_csv(&path).unwrap(), table("a,b\n1,2\n"));

    let missing = folder.path().join("missing.csv");
    let Err(Error::Io { path: named, source }) = read_csv(&missing) else { panic!("a missing file") };
    assert_eq!((named, source.kind()), (missing.display().to_string(), io::ErrorKind::NotFound));
    assert!(matches!(read_csv(folder.path()), Err(Error::Io { .. })), "a folder");
}

/// What goes on for ever is refused after the longest record, of which no more is kept in memory.
#[test]
fn what_never_ends_is_no_table() {
    /// The text once, then one byte for ever.
    struct Endless<'a>(&'a [u8], u8, usize);
    impl Read for Endless<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = match self.0.read(buffer)? {
                0 => {
                    buffer.fill(self.1);
                    buffer.len()
                }
                length => length,
            };
            self.2 += length;
            Ok(length)
        }
    }
    for (text, byte, line) in [
        ("", b'\0', 1),
        ("", b'1', 1),
        ("\"", b'\n', 1),
        ("a,b\n", b',', 2),
        ("a,b\n1,2\n3,\"", b'x', 3),
        ("a,b\n1,2\n3,\"", b'\n', 3),
    ] {
        let mut input = Endless(text.as_bytes(), byte, 0);
        let error =
            CsvReader::new(&mut input, "zero").and_then(|mut reader| assemble(&mut reader)).unwrap_err();
        let expected = format!("zero: line {line} begins a record of more than 16 MiB; this is no table");
        assert_eq!(error.to_string(), expected);
        assert!(input.2 < 1 << 25, "{} bytes are read", input.2);
    }
}

/// An interrupted read is taken up again, other failures are errors.
#[test]
fn reading_may_be_interrupted() {
    struct Halting<'a>(&'a [u8], Option<io::ErrorKind>);
    impl Read for Halting<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if let Some(kind) = self.1.take() {
                return Err(kind.into());
            }
            self.1 = Some(io::ErrorKind::Interrupted);
            let length = self.0.len().min(3);
            self.0.read(&mut buffer[..length])
        }
    }
    let read = |first| CsvReader::new(Halting(b"a,b\n1,\"2\"\n\"3\",4\n", first), "pipe").and_then(assemble);
    assert_eq!(read(None).unwrap(), dmatrix![1.0, 2.0; 3.0, 4.0]);
    let broken = read(Some(io::ErrorKind::ConnectionReset)).unwrap_err();
    assert!(matches!(broken, Error::Io { path, .. } if path == "pipe"));
}
