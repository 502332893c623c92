//! What is missing from a table, and what that means for a fit.

use std::collections::HashSet;

use executable_em::scale::spread::Spread;
use nalgebra::DMatrixView;

use super::{Failure, broken, columns::listed};

/// Beyond so many patterns nobody counts.
const MOST_PATTERNS: usize = 100_000;

/// How many cells are missing, and from which rows.
#[derive(Default)]
pub struct Gaps {
    n: usize,
    d: usize,
    cells: usize,
    rows: usize,
    /// Rows that show nothing.
    empty: usize,
    /// Which cells a row lacks, a bit each.
    patterns: HashSet<Vec<u64>>,
}

impl Gaps {
    /// Counts what a block of rows lacks; whether it lacks anything.
    pub fn add(&mut self, block: DMatrixView<'_, f64>) -> bool {
        (self.n, self.d) = (self.n + block.nrows(), block.ncols());
        if block.iter().all(|value| !value.is_nan()) {
            return false;
        }
        for row in block.row_iter() {
            let missing = row.iter().filter(|value| value.is_nan()).count();
            if missing == 0 {
                continue;
            }
            self.cells += missing;
            self.rows += 1;
            self.empty += usize::from(missing == self.d);
            if self.patterns.len() <= MOST_PATTERNS {
                let mut pattern = vec![0; self.d.div_ceil(64)];
                row.iter()
                    .enumerate()
                    .for_each(|(a, v)| pattern[a / 64] |= u64::from(v.is_nan()) << (a % 64));
                self.patterns.insert(pattern);
            }
        }
        true
    }

    /// Whether there are rows that show nothing.
    pub fn hide_rows(&self) -> bool {
        self.empty > 0
    }

    pub fn are_there(&self) -> bool {
        self.cells > 0
    }

    /// Refuses a column of which no cell is seen.
    pub fn check(&self, file: &str, names: &[String], columns: &[Spread]) -> Result<(), Failure> {
        // Of no number the least is above the largest.
        let is_seen = |&a: &usize| columns[a].low() <= columns[a].high();
        let Some(a) = (0..columns.len()).find(|a| !is_seen(a)) else { return Ok(()) };
        let rest: Vec<usize> = (0..columns.len()).filter(is_seen).collect();
        let hint = match rest[..] {
            [] => String::new(),
            _ => format!("; leave it out: --columns {}", listed(&rest, names)),
        };
        Err(broken(format!("{file}: column {}: every cell is missing{hint}", names[a])))
    }

    /// The lines of a report; none if nothing is missing.
    pub fn report(&self) -> String {
        if self.cells == 0 {
            return String::new();
        }
        let whole = usize::from(self.rows < self.n);
        let patterns = match self.patterns.len() {
            many if many > MOST_PATTERNS => format!("more than {MOST_PATTERNS} patterns"),
            1 if whole == 0 => "1 pattern".to_owned(),
            few => format!("{} patterns", few + whole),
        };
        let nothing = match self.empty {
            0 => String::new(),
            1 => "; 1 row shows nothing and tells nothing".to_owned(),
            rows => format!("; {rows} rows show nothing and tell nothing"),
        };
        let (cells, all, rows, n) = (self.cells, self.n * self.d, self.rows, self.n);
        format!(
            "Missing   {cells} of {all} cells, in {rows} of {n} rows, {patterns}{nothing}\n          the fit assumes \
             that they are missing at random, given what is seen\n"
        )
    }
}
