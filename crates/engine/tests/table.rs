//! Tables of numbers: every usual dress is read, and whatever is wrong is named by line, column and text.

#[path = "../../../tests/common/mod.rs"]
mod common;

use executable_em_engine::table::{
    BLOCK_ROWS, CsvReader, Error, Expected, RawReader, Result, Table, assemble, parse_csv, read_csv,
    write_raw,
};
use nalgebra::{DMatrix, dmatrix};
use proptest::num::f64;
use proptest::prelude::*;
use std::io::{self, Read};

fn table(text: &str) -> Table {
    parse_csv(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// Line, column, text found and text expected of the cell that is wrong.
#[track_caller]
fn wrong_cell(text: &str) -> (u64, usize, String, Expected) {
    match parse_csv(text) {
        Err(Error::Cell { line, column, found, expected, .. }) => (line, column, found, expected),
        other => panic!("{text:?}: {other:?}"),
    }
}

/// The same table is read whatever its separator, line ends, byte order mark, quotes, blanks and header.
#[test]
fn a_table_is_read_in_every_usual_dress() {
    let values = dmatrix![1.5, -2.0; 3e2, 0.25];
    for text in [
        "a,b\n1.5,-2\n3e2,.25\n",
        "a,b\n1.5,-2\n3e2,.25",
        "a,b\r\n1.5,-2\r\n3e2,.25\r\n",
        "\u{feff}a,b\n1.5,-2\n3e2,.25\n",
        "\u{feff}\n\r\na,b\n1.5,-2\n3e2,.25\n",
        "a;b\n1.5;-2\n3e2;.25\n",
        "a\tb\n1.5\t-2\n3e2\t.25\n",
        "\"a\",\"b\"\n\"1.5\",\"-2\"\n3e2,.25\n",
        "\"a\" , \"b\"\r\n \"1.5\" ,\" -2\"\r\n3e2, \".25\"\r\n",
        "\n\n a , b \n\n 1.5 ,\t-2 \n   \n3e2,.25\n\n",
        "a,b\r\n\r\n1.5,-2\r\n\u{a0}\r\n3e2,.25\r\n \r\n",
    ] {
        let table = table(text);
        assert_eq!(table.names, ["a", "b"], "{text:?}");
        assert_eq!(table.values, values, "{text:?}");
    }
    let no_header = table("1.5,-2\n3e2,.25\n");
    assert_eq!((no_header.names, no_header.values), (vec!["x1".to_string(), "x2".to_string()], values));
    // Text above a number makes a header, text above text does not.
    assert_eq!(table("year,2019\n1,2\n").names, ["year", "2019"]);
    for (text, has_header) in
        [("setosa,5.1\nsetosa,4.9\n", false), ("name,length\nsetosa,4.9\n", true), ("a,1\n", true)]
    {
        assert_eq!(
            CsvReader::new(text.as_bytes(), "table").expect("a table").has_header(),
            has_header,
            "{text:?}"
        );
    }
    // A unit stuck to a number is no name.
    let doubtful = "1.5,2.5kg\n1,2\n";
    let error = parse_csv(doubtful).expect_err("neither a header nor data");
    assert_eq!(
        error.to_string(),
        "table: line 1, column 2: found \"2.5kg\", expected a number, or a name that does not begin like one"
    );
    let told =
        |has_header| CsvReader::with_header(doubtful.as_bytes(), "table", has_header).expect("a table");
    assert_eq!(
        (told(true).names(), told(false).has_header()),
        (&["1.5".to_string(), "2.5kg".to_string()][..], false)
    );
    assert_eq!(table("waiting\n79\n54\n").values, dmatrix![79.0; 54.0]);
    assert_eq!(table("7").values, dmatrix![7.0]);
}

/// A separator inside a quoted header belongs to the name, whichever separator it is, and so do line breaks and quotes.
#[test]
fn a_separator_inside_quotes_does_not_separate() {
    for (text, name) in [
        ("\"length, minutes\",width\n1,2\n", "length, minutes"),
        ("\"length; minutes\",width\n1,2\n", "length; minutes"),
        ("\"length\tminutes\",width\n1,2\n", "length\tminutes"),
        ("\"length, minutes\";width\n1;2\n", "length, minutes"),
        ("width,\"length; minutes\"\n2,1\n", "length; minutes"),
        ("\"length\n(minutes)\";width\n1;2\n", "length (minutes)"),
        ("\"length,\r\n\r\nminutes;\"\twidth\r\n1\t2\r\n", "length,  minutes;"),
        ("width,\"5\"\" pipe\"\n2,1\n", "5\" pipe"),
        ("5\" pipe;width\n1;2\n", "5\" pipe"),
        ("\"5\"\";\"\"\",width\n1,2\n", "5\";\""),
        ("width, \"length; minutes\"\n2,1\n", "length; minutes"),
    ] {
        let table = table(text);
        assert!(table.names.contains(&name.to_string()), "{text:?} gave {:?}", table.names);
        assert_eq!(table.values.shape(), (1, 2), "{text:?}");
        assert_eq!(table.values.sum(), 3.0);
    }
}

/// What is wrong with a table is named by line, column and text.
#[test]
fn every_kind_of_broken_table_is_named() {
    let number = Expected::FiniteNumber;
    let two = Expected::Cells(2);
    for (text, line, column, found, expected) in [
        ("a,b\n1,2\n3,four\n", 3, 2, "four", number),
        ("a,b\n1,2\n\n3,four\n", 4, 2, "four", number), // blank lines count as lines
        ("\n\na,b\n1,2\n\n \n3,four\n", 7, 2, "four", number),
        ("a,b\n1,2\n,4\n", 3, 1, "", number),
        ("a,b\n1,2\n3,\n", 3, 2, "", number),
        ("a,b\n1,2\n3,", 3, 2, "", number),
        ("a,b\n1,2\n3\n", 3, 2, "", two),
        ("a,b\n1,2\n3,4,5\n", 3, 3, "5", two),
        ("a,b\n1,2,\n", 2, 3, "", two),
        ("a,b\n1,inf\n", 2, 2, "inf", number),
        ("a,b\n-infinity,1\n", 2, 1, "-infinity", number),
        ("a,b\n1,NaN\n", 2, 2, "NaN", number),
        ("a,b\n1,1e999\n", 2, 2, "1e999", number),
        ("a,b\r\n1,2\r\n3,x\r\n", 3, 2, "x", number),
        ("a,b\r\n\r\n1,2\r\n3,x\r\n", 4, 2, "x", number),
        ("1,2\n3,x\n", 2, 2, "x", number),
        ("a;b\n1;2,5\n", 2, 2, "2,5", number), // a decimal comma
        ("a\tb\n1\tx\n", 2, 2, "x", number),
        // A line of separators alone holds cells, and they are missing.
        ("a\tb\n1\t2\n\t\n", 3, 1, "", number),
        ("a,b\n1,2\n,\n", 3, 1, "", number),
        ("a\n1\n\"\"\n", 3, 1, "", number),
    ] {
        assert_eq!(wrong_cell(text), (line, column, found.to_string(), expected), "{text:?}");
    }
    for text in ["", "\n \n", "\u{feff}", "a,b\n", "a,b\r\n\r\n", "\u{feff}\r\n"] {
        assert!(matches!(parse_csv(text), Err(Error::Empty { .. })), "{text:?}");
    }
    let error = |text: &str| parse_csv(text).unwrap_err().to_string();
    assert_eq!(
        error("a,b\n1,2\n3,four\n"),
        "table: line 3, column 2 (b): found \"four\", expected a finite number"
    );
    assert_eq!(
        error("a,b\n1,2\n3\n"),
        "table: line 3, column 2 (b): found \"\", expected 2 cells on every line"
    );
    assert_eq!(
        error("a,b\n1,2\n3,4,5\n"),
        "table: line 3, column 3: found \"5\", expected 2 cells on every line"
    );
    // Of a long cell the beginning is enough, and a character is never cut.
    assert_eq!(wrong_cell(&format!("a\n{}\n", "é".repeat(1000))).2, format!("{}…", "é".repeat(40)));
}

/// Quotes stand around a cell or for themselves; where they do neither, the cell is no number, and is shown as it is
/// written.
#[test]
fn misplaced_quotes_make_no_number() {
    for (cell, found) in [
        ("1\"\"2", "1\"\"2"),
        ("\"1\"2", "\"1\"2"),
        ("\"1\"\"2\"", "1\"\"2"),
        ("1\"2\"", "1\"2\""),
        ("12\"", "12\""),
        ("\"\"12\"\"", "\"12\""),
    ] {
        for (text, column) in [
            (format!("a,b\n{cell},7\n"), 1),
            (format!("a,b\n7,{cell}"), 2),
            (format!("a,b\n\"7\" , {cell} \r"), 2),
        ] {
            let expected = (2, column, found.to_string(), Expected::FiniteNumber);
            assert_eq!(wrong_cell(&text), expected, "{text:?}");
        }
    }
    // One that is opened in the last cell has nothing to swallow.
    assert_eq!(wrong_cell("a,b\n7,\"12"), (2, 2, "\"12".to_string(), Expected::FiniteNumber));
    assert_eq!(wrong_cell("a,b\n7,\""), (2, 2, "\"".to_string(), Expected::FiniteNumber));
    assert_eq!(table("a,b\n\"12\",\" 13 \"\n").values, dmatrix![12.0, 13.0]);
}

/// A quoted cell may have several lines, in a column that nobody reads or in the header; the lines after it keep their
/// numbers.
#[test]
fn a_quoted_line_break_is_part_of_its_cell() -> Result<()> {
    let text = "\"a\nname\",b\n\"two\nlines, and a comma\",1\nplain,2\n\"three\n\n\"\"lines\"\"\",3\nplain,";
    let read = |last: &str| {
        let text = format!("{text}{last}\n");
        let mut reader = CsvReader::new(text.as_bytes(), "notes")?;
        assert_eq!(reader.names(), ["a name", "b"]);
        reader.choose(&[1])?;
        assemble(&mut reader)
    };
    assert_eq!(read("4")?, dmatrix![1.0; 2.0; 3.0; 4.0]);
    let error = "notes: line 9, column 2 (b): found \"four\", expected a finite number";
    assert_eq!(read("four").unwrap_err().to_string(), error);
    // The line is that of the cell, not of its record.
    assert_eq!(wrong_cell("a,b\n\"1\n\",x\n").0, 3);
    assert_eq!(wrong_cell("a,b\n\"x\n\",2\n").0, 2);
    Ok(())
}

/// A quote that is not closed where its cell ends does not swallow lines, not even in a column that nobody reads.
#[test]
fn an_open_quote_swallows_no_lines() -> Result<()> {
    for (text, line, found) in [
        ("a,b\n1,\"x\n2,y\n3,z\n", 2, "\"x\n2,y\n3,z"),
        ("a,b\n1,x\n2,\"y\n3,\"z\"\n4,w\n", 3, "\"y\n3,\"z\""),
        ("a,b\n1,x\n2,\"y\n\"\"3,z\"\"", 3, "\"y\n\"\"3,z\"\""),
    ] {
        let mut reader = CsvReader::new(text.as_bytes(), "notes")?;
        reader.choose(&[0])?;
        match reader.next() {
            Some(Err(Error::Cell {
                line: at,
                column: 2,
                found: shown,
                expected: Expected::ClosingQuote,
                ..
            })) => {
                assert_eq!((at, shown.as_str()), (line, found), "{text:?}");
            }
            other => panic!("{text:?}: {other:?}"),
        }
        assert!(reader.next().is_none());
    }
    assert_eq!(
        wrong_cell("\"a,b\n1,2\n3,4\n"),
        (1, 1, "\"a,b\n1,2\n3,4".to_string(), Expected::ClosingQuote)
    );
    Ok(())
}

/// What is no UTF-8 is named where a number or a name should be, and may stand elsewhere.
#[test]
fn text_in_another_encoding_is_named() -> Result<()> {
    let error = |bytes: &[u8], columns: &[usize]| -> Result<DMatrix<f64>> {
        let mut reader = CsvReader::new(bytes, "latin")?;
        reader.choose(columns)?;
        assemble(&mut reader)
    };
    let place = "latin: line 2, column 2 (b): found \"\u{fffd}\", expected text in UTF-8";
    assert_eq!(error(b"a,b\n1,\xff\n", &[0, 1]).unwrap_err().to_string(), place);
    assert_eq!(error(b"a,b\n1,\xff\n", &[0])?, dmatrix![1.0]);
    let place = "latin: line 1, column 1: found \"\u{fffd}\", expected text in UTF-8";
    assert_eq!(error(b"\xe4,b\n1,2\n", &[0]).unwrap_err().to_string(), place);
    Ok(())
}

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

/// The reader in pieces: blocks of their size, chosen columns in their order, errors with their lines.
#[test]
fn a_table_is_read_in_blocks() -> Result<()> {
    let n = 2 * BLOCK_ROWS + 5;
    let lines: String = (0..n).map(|i| format!("{i},name,{}\n", 2 * i)).collect();
    let table = format!("a,b,c\n{lines}");
    let mut reader = CsvReader::new(table.as_bytes(), "table")?;
    assert_eq!(reader.names(), ["a", "b", "c"]);
    reader.choose(&[2, 0])?;
    let blocks = reader.by_ref().collect::<Result<Vec<_>>>()?;
    assert_eq!(blocks.iter().map(DMatrix::nrows).collect::<Vec<_>>(), [BLOCK_ROWS, BLOCK_ROWS, 5]);
    let x = assemble(blocks.into_iter().map(Ok))?;
    assert_eq!(x, DMatrix::from_fn(n, 2, |i, a| if a == 0 { 2.0 * i as f64 } else { i as f64 }));
    assert!(reader.next().is_none());

    for (columns, wrong) in [(&[3][..], 4), (&[0, 0], 1), (&[usize::MAX], usize::MAX)] {
        let error = reader.choose(columns);
        assert!(
            matches!(error, Err(Error::Choice { column, columns: 3, .. }) if column == wrong),
            "{error:?}"
        );
    }
    let mut broken = CsvReader::new("1,x\n2,y\n3,z\n".as_bytes(), "table")?;
    assert_eq!(broken.first_line(), ["1", "x"]);
    assert!(!broken.has_header(), "text above text alone names nothing");
    assert_eq!(broken.names(), ["x1", "x2"]);
    assert!(matches!(broken.next(), Some(Err(Error::Cell { line: 1, column: 2, .. }))));
    assert_eq!(broken.numbers_in_line(), [0]);
    assert!(broken.next().is_none(), "nothing after an error");
    let mut empty = CsvReader::new("a,b\n".as_bytes(), "table")?;
    assert!(matches!(empty.next(), Some(Err(Error::Empty { .. }))));
    assert!(empty.next().is_none(), "it is said once");
    Ok(())
}

/// More cells than there is room for at first, and cells longer than a buffer, quoted and not.
#[test]
fn wide_and_long_records_are_read_whole() -> Result<()> {
    for quote in ["", "\""] {
        let note = format!("{quote}{}{quote}", "x".repeat(600_000));
        let cells = |row: usize| (0..1000).map(|a| format!("{}", row * 1000 + a)).collect::<Vec<_>>();
        let text = format!("{note},{}\n{note},{}\n", cells(0).join(","), cells(1).join(","));
        let mut reader = CsvReader::with_header(text.as_bytes(), "wide", false)?;
        reader.choose(&(1..=1000).collect::<Vec<_>>())?;
        assert_eq!(assemble(&mut reader)?, DMatrix::from_fn(2, 1000, |i, a| (i * 1000 + a) as f64));
    }
    Ok(())
}

/// Raw doubles are written and read bit for bit, in blocks of their size.
#[test]
fn raw_doubles_are_read_in_blocks() -> Result<()> {
    let mut bytes = Vec::new();
    let x = DMatrix::from_fn(BLOCK_ROWS + 3, 2, |i, a| (i * 2 + a) as f64);
    write_raw(&x, &mut bytes).expect("room");
    let read = RawReader::new(bytes.as_slice(), "bytes", 2).collect::<Result<Vec<_>>>()?;
    assert_eq!(read.iter().map(DMatrix::nrows).collect::<Vec<_>>(), [BLOCK_ROWS, 3]);
    assert_eq!(assemble(read.into_iter().map(Ok))?, x);

    for d in [11, 1 << 20, usize::MAX] {
        let half = RawReader::new(bytes.as_slice(), "bytes", d).find_map(Result::err);
        assert!(matches!(half, Some(Error::HalfRow { d: named, .. }) if named == d), "{half:?}");
    }
    assert!(matches!(RawReader::new(&b""[..], "bytes", 2).next(), Some(Err(Error::Empty { .. }))));
    assert!(RawReader::new(bytes.as_slice(), "bytes", 0).next().is_none());
    assert!(matches!(assemble([]), Err(Error::Empty { .. })));
    let uneven = assemble([Ok(dmatrix![1.0; 2.0]), Ok(dmatrix![1.0, 2.0])]);
    assert!(matches!(uneven, Err(Error::Width { row: 3, expected: 1, found: 2 })));
    Ok(())
}

proptest! {
    #![proptest_config(common::config(400))]

    /// A table that is written with all its digits is read back bit for bit.
    #[test]
    fn what_is_written_is_read_back_exactly(
        values in prop::collection::vec(f64::NORMAL | f64::SUBNORMAL | f64::ZERO, 1..30),
        width in 1..5usize,
        separator in prop::sample::select(vec![',', ';', '\t']),
        quote in prop::sample::select(vec!["", "\""]),
    ) {
        let rows = values.len() / width;
        prop_assume!(rows > 0);
        let mut text = (0..width).map(|a| format!("c{a}")).collect::<Vec<_>>().join(&separator.to_string());
        for row in 0..rows {
            let cell = |a| format!("{quote}{:?}{quote}", values[row * width + a]);
            text += &format!("\n{}", (0..width).map(cell).collect::<Vec<_>>().join(&separator.to_string()));
        }
        let table = parse_csv(&text).unwrap();
        prop_assert_eq!(table.values.shape(), (rows, width));
        for row in 0..rows {
            for a in 0..width {
                prop_assert_eq!(table.values[(row, a)].to_bits(), values[row * width + a].to_bits());
            }
        }
    }

    /// Whatever the text, the reader answers with a table of finite numbers or an error, and never panics.
    #[test]
    fn arbitrary_text_never_panics(text in "[0-9a-z.,;\t\"\r\n \u{feff}é-]{0,60}") {
        if let Ok(table) = parse_csv(&text) {
            prop_assert!(!table.values.is_empty() && table.values.iter().all(|value| value.is_finite()));
            prop_assert_eq!(table.names.len(), table.values.ncols());
        }
    }

    /// Quoted cells with anything in them do not move their neighbours, wherever the pieces end in which they are read.
    #[test]
    fn quoted_cells_are_read_back(
        cells in prop::collection::vec("[a-z0-9 .,;\t\"\r\n]{0,6}", 1..12), piece in 1..9usize,
    ) {
        struct Pieces<'a>(&'a [u8], usize);
        impl Read for Pieces<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let length = self.1.min(buffer.len());
                self.0.read(&mut buffer[..length])
            }
        }
        let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
        let rows: Vec<String> =
            cells.iter().enumerate().map(|(i, cell)| format!("{i},{},{}\r\n", quoted(cell), 2 * i)).collect();
        let text = format!("a,b,c\n{}", rows.concat());
        let mut reader = CsvReader::new(Pieces(text.as_bytes(), piece), "pieces").unwrap();
        reader.choose(&[0, 2]).unwrap();
        let x = assemble(&mut reader).unwrap();
        prop_assert_eq!(x, DMatrix::from_fn(cells.len(), 2, |i, a| ((1 + a) * i) as f64));
    }
}
