//! A table that somebody else holds, and that sums over itself.

use std::sync::Arc;

use executable_em::{em::Expected, scale::units::Units};
use executable_em_engine::{Elsewhere, Question, Result};
use nalgebra::DMatrix;

/// A table that is not read by this program: `fit` asks it for its rows twice, to see them and to draw starts from
/// them, and from then on for sums.
pub trait Table: Send + Sync {
    /// The names of its columns.
    fn names(&self) -> &[String];

    /// Some of its columns, counted from 0, from its beginning; NaN is a missing cell.
    ///
    /// # Errors
    /// Those of whoever holds it, and so for the blocks.
    fn blocks(&self, columns: &[usize]) -> Result<Blocks>;

    /// The answer of all its rows.
    ///
    /// # Errors
    /// Those of whoever holds it.
    fn answer(&self, asked: &Asked<'_>, question: &Question) -> Result<Expected<Vec<f64>>>;
}

/// What a question is about.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The columns, counted from 0.
    pub columns: &'a [usize],
    /// Whether the last of them is the weight of its row.
    pub are_weighted: bool,
    /// Whether cells may be missing.
    pub has_gaps: bool,
    /// The units that the others are wanted in, if not their own.
    pub units: Option<&'a Units>,
}

/// Some columns of a table.
pub struct Held {
    pub table: Arc<dyn Table>,
    pub columns: Vec<usize>,
}

/// The blocks of a table, one after the other.
pub type Blocks = Box<dyn Iterator<Item = Result<DMatrix<f64>>>>;

/// A table, and how its rows are meant: it answers for the engine.
pub struct Asking<'a> {
    pub table: &'a dyn Table,
    pub asked: Asked<'a>,
}

impl Elsewhere for Asking<'_> {
    fn answer(&self, question: &Question) -> Result<Expected<Vec<f64>>> {
        self.table.answer(&self.asked, question)
    }
}
