//! A table that is being read, block by block, and what is asked of its entries and its file.

use std::fs::File;

use executable_em_engine::table::Error;
use nalgebra::DMatrix;

use super::{Failure, broken, elsewhere::Held, seen::Seen};

/// A table that is being read.
pub struct Reading {
    pub names: Vec<String>,
    pub blocks: Box<dyn Iterator<Item = Result<DMatrix<f64>, Failure>>>,
    /// Where they are, if they need not be kept to be read again.
    pub place: Option<Place>,
}

/// Where the numbers of a table are.
pub enum Place {
    /// In a file, as they are.
    Raw(Raw),
    Elsewhere(Held),
}

/// A file of raw doubles, and which of its columns are wanted.
pub struct Raw {
    pub name: String,
    pub file: File,
    pub d: usize,
    pub columns: Vec<usize>,
    /// None for a file of our own.
    pub seen: Option<Seen>,
}

impl Raw {
    /// That nobody has written to it since it was opened.
    pub fn unchanged(&self) -> Result<(), Error> {
        self.seen.as_ref().map_or(Ok(()), Seen::unchanged)
    }
}

impl Reading {
    /// The same table, once every entry of its first `d` columns is seen to count the heads of so many flips.
    pub fn of_heads(
        self,
        d: usize,
        flips: usize,
        found: impl Fn(usize, &str, f64) -> String + 'static,
    ) -> Self {
        let expected = match flips {
            1 => "0 or 1; for counts of heads, fit has --flips".to_owned(),
            _ => format!("a whole number from 0 to {flips}, the heads of {flips} flips"),
        };
        let is_count = move |column: usize, heads: f64| {
            column >= d || (0.0..=flips as f64).contains(&heads) && heads.fract() == 0.0
        };
        self.of_entries(is_count, expected, found)
    }

    /// The same table, once every entry is seen to be as it should; `found` says where one stands, by row, name and
    /// value.
    pub fn of_entries(
        self,
        is_right: impl Fn(usize, f64) -> bool + 'static,
        expected: String,
        found: impl Fn(usize, &str, f64) -> String + 'static,
    ) -> Self {
        let Reading { names, blocks, place } = self;
        let (columns, mut rows) = (names.clone(), 0);
        let checked = blocks.map(move |block| {
            let block = block?;
            let rows_of_block = block.nrows();
            let is_wrong = |(at, &value): (usize, &f64)| !is_right(at / rows_of_block, value);
            if let Some(at) = block.iter().enumerate().position(is_wrong) {
                let (row, column) = (rows + at % block.nrows() + 1, &columns[at / block.nrows()]);
                let found = found(row, column, block[at]);
                return Err(broken(format!("{found}, expected {expected}")));
            }
            rows += block.nrows();
            Ok(block)
        });
        Reading { names, blocks: Box::new(checked), place }
    }

    /// The same table, once its file is seen to be what it was.
    pub fn of_unchanged(self, seen: Seen) -> Self {
        let Reading { names, mut blocks, place } = self;
        let mut seen = Some(seen);
        let checked = std::iter::from_fn(move || match blocks.next() {
            None => seen.take().and_then(|seen| seen.unchanged().err()).map(|error| Err(error.into())),
            block => block,
        });
        Reading { names, blocks: Box::new(checked), place }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A file that is rewritten between two blocks is named once all blocks are read, in memory or not.
    #[test]
    fn a_table_that_changes_while_it_is_read_is_no_table() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.csv");
        for rewritten in [false, true] {
            fs::write(&path, "a\n1\n").expect("a file");
            let seen = Seen::of(&File::open(&path).expect("a file"), "x.csv").expect("a stamp");
            let to = path.clone();
            let blocks = (0..3).map(move |block| {
                if rewritten && block == 1 {
                    fs::write(&to, "a\n1\n2\n").expect("a file");
                }
                Ok(DMatrix::zeros(1, 1))
            });
            let reading = Reading { names: vec!["a".to_owned()], blocks: Box::new(blocks), place: None };
            let blocks: Vec<_> = reading.of_unchanged(seen.expect("a file")).blocks.collect();
            assert_eq!(blocks.len(), if rewritten { 4 } else { 3 });
            let last = blocks.into_iter().next_back().expect("a block").err();
            let message = "x.csv: was written to while it was being read: fit a copy";
            assert_eq!(matches!(last, Some(Failure::Work(told)) if told == [message]), rewritten);
        }
    }
}
