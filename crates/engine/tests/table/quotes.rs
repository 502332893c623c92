//! Quotes around cells, line breaks between them, and quotes out of place.

use crate::{table, wrong_cell};
use executable_em_engine::table::{CsvReader, Error, Expected, Result, assemble};
use nalgebra::dmatrix;

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
