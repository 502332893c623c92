//! What is no table, named by its place.

use crate::wrong_cell;
use executable_em_engine::table::{CsvReader, Error, Expected, Result, assemble, parse_csv};
use nalgebra::{DMatrix, dmatrix};

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
