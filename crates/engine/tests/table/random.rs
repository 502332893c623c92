//! Laws of random tables.

use crate::common;
use executable_em_engine::table::{CsvReader, Dialect, assemble, parse_csv};
use nalgebra::DMatrix;
use proptest::num::f64;
use proptest::prelude::*;
use std::io::{self, Read};

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

    /// The same, whatever the reader is told of the text.
    #[test]
    fn what_is_told_may_be_wrong(
        text in "[0-9a-c.,;#\t\"\r\n \u{feff}]{0,60}",
        header in prop::option::of(any::<bool>()),
        separator in prop::option::of(prop::sample::select(b" ,;\t|#".to_vec())),
        comment in prop::option::of("[#\"a]{1,2}"),
        skip in 0..4usize,
    ) {
        let dialect = Dialect { header, separator, comment, skip, ..Dialect::default() };
        let table = CsvReader::with_dialect(text.as_bytes(), "table", &dialect)
            .and_then(|mut table| assemble(&mut table));
        if let Ok(x) = table {
            prop_assert!(!x.is_empty() && x.iter().all(|value| value.is_finite()));
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
