//! Tables of numbers: every usual dress is read, and whatever is wrong is named by line, column and text.

#[path = "../../../../tests/common/mod.rs"]
mod common;

mod blocks;
mod broken;
mod dress;
mod form;
mod input;
mod npy;
mod plain;
mod quotes;
mod random;

use executable_em_engine::table::{Error, Expected, Table, parse_csv};

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
