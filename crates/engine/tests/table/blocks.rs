//! Tables in blocks of rows, text and raw doubles.

use executable_em_engine::table::{
    BLOCK_ROWS, CsvReader, Dialect, Error, MOST_COLUMNS, RawReader, Result, assemble, write_raw,
};
use nalgebra::{DMatrix, dmatrix};

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
    let headerless = Dialect { header: Some(false), ..Dialect::default() };
    for quote in ["", "\""] {
        let note = format!("{quote}{}{quote}", "x".repeat(600_000));
        let cells = |row: usize| (0..1000).map(|a| format!("{}", row * 1000 + a)).collect::<Vec<_>>();
        let text = format!("{note},{}\n{note},{}\n", cells(0).join(","), cells(1).join(","));
        let mut reader = CsvReader::with_dialect(text.as_bytes(), "wide", &headerless)?;
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

/// Of long rows a block has fewer: 2²⁴ numbers at most, but a row at least.
#[test]
fn a_block_of_long_rows_is_bounded() -> Result<()> {
    let d = 1 << 20;
    let bytes = vec![0; 17 * 8 * d];
    let rows = RawReader::new(bytes.as_slice(), "bytes", d).map(|block| Ok(block?.nrows()));
    assert_eq!(rows.collect::<Result<Vec<_>>>()?, [16, 1]);
    let d = (1 << 14) + 1;
    let line = format!("1{}\n", ",1".repeat(d - 1));
    let text = line.repeat(1024);
    let rows = CsvReader::new(text.as_bytes(), "wide")?.map(|block| Ok(block?.nrows()));
    assert_eq!(rows.collect::<Result<Vec<_>>>()?, [1023, 1]);
    Ok(())
}

/// As many columns as there may be are read, and no more, however short their cells are.
#[test]
fn too_many_columns_are_no_table() {
    let line = |d: usize| format!("1{}\n", ",1".repeat(d - 1));
    let widest = line(MOST_COLUMNS);
    assert_eq!(CsvReader::new(widest.as_bytes(), "wide").expect("a table").names().len(), MOST_COLUMNS);
    for (text, at) in
        [(line(MOST_COLUMNS + 1), 1), (line(8_000_000), 1), (format!("1,2\n{}", line(2_000_000)), 2)]
    {
        let error = CsvReader::new(text.as_bytes(), "wide").and_then(|mut reader| assemble(&mut reader));
        let expected = format!("wide: line {at} has more than 1048576 cells; this is no table");
        assert_eq!(error.unwrap_err().to_string(), expected);
    }
}
