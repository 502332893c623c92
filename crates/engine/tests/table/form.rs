//! Files of other forms: packed ones are read, others are named for what they are.

use executable_em_engine::table::{Error, Form, read_csv, recognise, unpacked};
use flate2::{Compression, write::GzEncoder};
use nalgebra::dmatrix;
use std::io::{Read, Write};

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).expect("room");
    packed.finish().expect("room")
}

/// Text is read as it is, packed or not, and in as many parts as gzip may have.
#[test]
fn gzip_is_opened() {
    let text = b"a,b\n1,2\n3,4\n";
    let parts = [packed(&text[..7]), packed(&text[7..])].concat();
    for bytes in [text.to_vec(), packed(text), parts] {
        let (form, mut input) = recognise(bytes.as_slice(), "table").expect("text");
        let mut read = Vec::new();
        input.read_to_end(&mut read).expect("bytes");
        assert_eq!((form, read), (Form::Text, text.to_vec()));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("table.csv.gz");
    std::fs::write(&path, packed(text)).expect("a file");
    assert_eq!(read_csv(&path).expect("a table").values, dmatrix![1.0, 2.0; 3.0, 4.0]);
    let half = &packed(&text.repeat(1000))[..30];
    std::fs::write(&path, half).expect("a file");
    let error = read_csv(&path).unwrap_err();
    assert!(
        matches!(&error, Error::Io { path: named, .. } if *named == path.display().to_string()),
        "{error}"
    );
    let twice = recognise(&*packed(&packed(text)), "table").err().expect("no table");
    assert_eq!(twice.to_string(), "table: is packed by gzip twice, no table: unpack it once");
    let mut raw = Vec::new();
    unpacked(&*packed(&[0; 99]), "raw").expect("bytes").read_to_end(&mut raw).expect("bytes");
    assert_eq!(raw, [0; 99]);
}

/// What is no table is named for what it is, with what to do about it.
#[test]
fn other_files_are_named() {
    let zip = |name: &[u8]| [&b"PK\x03\x04"[..], &[20; 26], name].concat();
    let tar = [&b"file.csv"[..], &[0; 249], b"ustar\x0000"].concat();
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let utf_16_be = "a,b\n1,2\n3,4".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    let others: [(Vec<u8>, &str, &str); 19] = [
        (zip(b"[Content_Types].xml"), "an Excel workbook", "save the sheet as CSV"),
        (zip(b"data.csv"), "a zip archive", "unzip it"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), "an old Excel workbook", "save the sheet as CSV"),
        (b"\x89PNG\r\n\x1a\n\0\0".to_vec(), "a PNG picture", "numbers"),
        (b"%PDF-1.7\n%\xe2".to_vec(), "a PDF document", "CSV"),
        (b"SQLite format 3\0\x10\0".to_vec(), "an SQLite database", "CSV"),
        (b"\x89HDF\r\n\x1a\n\0".to_vec(), "an HDF5 file", ".npy"),
        (b"(\xb5/\xfd\x24\x0b".to_vec(), "packed by zstd", "zstd -d"),
        (b"BZh91AY&SY".to_vec(), "packed by bzip2", "bunzip2"),
        (b"\xfd7zXZ\0\0\x04".to_vec(), "packed by xz", "unxz"),
        (tar, "a tar archive", "tar -x"),
        (b"ARROW1\0\0".to_vec(), "an Arrow or Feather file", "CSV"),
        (b"\x80\x04\x95\x10".to_vec(), "a pickled object of Python", ".npy"),
        (utf_16("\u{feff}a,b\n1,2\n"), "text in UTF-16", "iconv"),
        (utf_16("a,b\n1,2\n3,4\n"), "text in UTF-16", "iconv"),
        (utf_16_be, "text in UTF-16", "iconv"),
        (vec![0; 4000], "binary", "--dimension"),
        (b"a,b\n1,2\n\0".to_vec(), "binary", "--dimension"),
        (packed(&[0; 4000]), "binary", "--dimension"),
    ];
    for (bytes, what, remedy) in others {
        let error = recognise(bytes.as_slice(), "file").err().expect("no table").to_string();
        assert!(
            error.starts_with(&format!("file: is {what}, no table: ")) && error.contains(remedy),
            "{error}"
        );
    }
    for (bytes, form) in [
        (&b"PAR1\x15"[..], Form::Parquet),
        (b"\x93NUMPY\x01", Form::Npy),
        (b"", Form::Text),
        (b"PK,x\n", Form::Text),
    ] {
        assert_eq!(recognise(bytes, "file").expect("a form").0, form);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("table.parquet");
    std::fs::write(&path, "PAR1").expect("a file");
    let error = read_csv(&path).unwrap_err().to_string();
    assert!(error.ends_with("table.parquet: is a Parquet file, no table: write it as CSV"), "{error}");
}
