//! Lines that are read many at once, on all threads, against the same records read one by one.

use executable_em_engine::table::{CsvReader, Dialect, Missing, Result};
use nalgebra::DMatrix;
use rand::RngExt;

/// What is read: the blocks, or the words of the error that ends them.
fn read(
    text: &str,
    dialect: &Dialect,
    columns: &[usize],
    one_by_one: bool,
) -> (Vec<DMatrix<f64>>, Option<String>) {
    let begin = || -> Result<_> {
        let reader = CsvReader::with_dialect(text.as_bytes(), "table", dialect)?;
        let mut reader = reader.with_missing(Missing::usual(&["-999".to_owned(), "gone".to_owned()]));
        reader.choose(columns)?;
        Ok(if one_by_one { reader.with_text() } else { reader })
    };
    let (mut blocks, mut error) = (Vec::new(), None);
    for block in begin().expect("a first line") {
        match block {
            Ok(block) => blocks.push(block),
            Err(wrong) => error = Some(wrong.to_string()),
        }
    }
    (blocks, error)
}

/// Bits, since NaN is missing.
fn bits(blocks: &[DMatrix<f64>]) -> Vec<(usize, Vec<u64>)> {
    blocks.iter().map(|block| (block.nrows(), block.iter().map(|value| value.to_bits()).collect())).collect()
}

/// Mostly plain lines; some are quoted, blank, broken by a quoted line break, commented or lack a value; perhaps one
/// is wrong.
#[test]
fn lines_at_once_are_their_records_one_by_one() {
    let mut rng = executable_em::data::rng(7);
    let (mut errors, mut rows) = (0, 0);
    for case in 0..40 {
        let n = if case % 10 == 0 { 60_000 } else { rng.random_range(1..3000) };
        let odd = [0.0, 1e-4, 0.01, 0.3][case % 4];
        let wrong = if case % 3 == 0 { rng.random_range(0..n) } else { n };
        let separator = [",", ";", "\t"][case % 3];
        let end = ["\n", "\r\n", "\r"][case / 3 % 3];
        let mut text = ["a", "b", "c"].join(separator) + end;
        for i in 0..n {
            let cells = [
                format!("{}", rng.random_range(-5.0..5.0)),
                format!(" {}e{} ", rng.random_range(0..99), rng.random_range(-9..9)),
                format!("{}", rng.random_range(-1000..1000)),
            ];
            let mut line = cells.join(separator);
            if rng.random_bool(odd) {
                line = match rng.random_range(0..7) {
                    0 => format!("\"{}\"{separator}\"2\"{separator}3", cells[0]),
                    1 => format!("1{separator}NA{separator}{}", cells[2]),
                    2 => String::new(),
                    3 => format!("1{separator}2{separator}\"x{end}y{separator}z\""),
                    4 => format!("# {line}"),
                    5 => format!("{separator}gone{separator}-999"),
                    _ => format!("{}{separator}{}{separator}", cells[0], cells[1]),
                };
            }
            if i == wrong {
                let all = ["1", "2", "x"].join(separator);
                line = [all.as_str(), "1", "\"1", "1,2;3\t4,5;6\t7"][rng.random_range(0..4)].to_owned();
            }
            text.push_str(&line);
            text.push_str(if i + 1 < n || case % 2 == 0 { end } else { "" });
        }
        let dialect = Dialect {
            header: Some(true),
            separator: Some(separator.as_bytes()[0]),
            comment: Some("#".to_owned()),
            ..Dialect::default()
        };
        for columns in [&[0, 1, 2][..], &[1, 0], &[2]] {
            let (at_once, error) = read(&text, &dialect, columns, false);
            let (one_by_one, same) = read(&text, &dialect, columns, true);
            assert_eq!(bits(&at_once), bits(&one_by_one), "case {case}, columns {columns:?}");
            assert_eq!(error, same, "case {case}, columns {columns:?}");
            errors += usize::from(error.is_some());
            rows += at_once.iter().map(DMatrix::nrows).sum::<usize>();
        }
    }
    assert!(errors > 20 && rows > 300_000, "{errors} errors, {rows} rows");
}
