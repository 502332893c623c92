//! Data some of whose cells are missing, their rows by which cells they lack.

use super::source::{Data, Source};
use crate::Result;
use nalgebra::{DMatrix, DVector};
use std::collections::HashMap;

/// Data in memory some of whose cells are missing, sorted once by which.
///
/// What the E step must solve depends on the pattern of a row alone: rows that lack the same cells are kept together,
/// what is seen of them in a table of its own. [`Engine::statistics`](crate::Engine::statistics),
/// [`Engine::sweep`](crate::Engine::sweep) and [`Engine::fit`](crate::Engine::fit) take them for a Gaussian mixture of
/// any family; models that need whole rows refuse them.
///
/// Source: X-04, X-07; Ghahramani and Jordan (1994).
///
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, kmeans_start};
/// use executable_em::{data, em::Stopping};
/// use executable_em_engine::{Engine, WithGaps};
/// let whole = data::old_faithful();
/// let mut x = whole.clone();
/// (0..272).step_by(3).for_each(|i| x[(i, 1)] = f64::NAN);
/// let start = kmeans_start(&whole, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let fit = Engine::new(1)?.fit(start, &WithGaps::new(&x)?, &Stopping::default())?;
/// assert!((fit.model.means()[(0, 1)] - fit.model.means()[(1, 1)]).abs() > 20.0); // minutes of waiting
/// # Ok::<(), executable_em_engine::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct WithGaps<'a> {
    x: &'a DMatrix<f64>,
    weights: Option<&'a DVector<f64>>,
    groups: Vec<Group>,
}

/// The rows that lack the same cells.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The columns that are seen, and those that are missing, both in order.
    pub seen: Vec<usize>,
    pub missing: Vec<usize>,
    /// Where the rows stand in the table.
    pub rows: Vec<usize>,
    /// What is seen of them, and their weights.
    x: DMatrix<f64>,
    weights: Option<DVector<f64>>,
}

impl Group {
    /// What is seen, as whole data of fewer columns.
    pub fn data(&self) -> Data<'_> {
        Data { x: &self.x, weights: self.weights.as_ref(), groups: None }
    }

    /// The weight of the rows.
    pub fn total(&self) -> f64 {
        self.weights.as_ref().map_or(self.rows.len() as f64, DVector::sum)
    }
}

impl<'a> WithGaps<'a> {
    /// Data that count once each; a cell that is NaN is missing.
    ///
    /// `x` is n×d. A row of which nothing is seen is allowed: it counts, and tells nothing.
    ///
    /// # Errors
    /// [`Error::Empty`](executable_em::Error::Empty) for no data,
    /// [`Error::NotFinite`](executable_em::Error::NotFinite) for an infinite cell.
    pub fn new(x: &'a DMatrix<f64>) -> Result<Self> {
        WithGaps::of(x, None)
    }

    /// Data that count as often as their weights say: n finite numbers ≥ 0.
    ///
    /// # Errors
    /// Those of [`WithGaps::new`] and [`Data::weighted`].
    pub fn weighted(x: &'a DMatrix<f64>, weights: &'a DVector<f64>) -> Result<Self> {
        WithGaps::of(x, Some(weights))
    }

    /// Data with weights, or without.
    ///
    /// # Errors
    /// Those of [`WithGaps::new`] and [`WithGaps::weighted`].
    pub fn of(x: &'a DMatrix<f64>, weights: Option<&'a DVector<f64>>) -> Result<Self> {
        Data::of(&x.map(|value| if value.is_nan() { 0.0 } else { value }), weights)?;
        Ok(WithGaps { x, weights, groups: groups(x, weights) })
    }

    /// The number of different patterns of missing cells, that of whole rows included.
    ///
    /// ```
    /// use executable_em_engine::WithGaps;
    /// use nalgebra::dmatrix;
    /// let x = dmatrix![1.0, f64::NAN; 2.0, 3.0; 4.0, f64::NAN];
    /// assert_eq!(WithGaps::new(&x)?.pattern_count(), 2);
    /// # Ok::<(), executable_em_engine::Error>(())
    /// ```
    pub fn pattern_count(&self) -> usize {
        self.groups.len()
    }
}

/// One block.
impl Source for WithGaps<'_> {
    fn read(&self, visit: &mut dyn FnMut(Data<'_>) -> Result<()>) -> Result<()> {
        visit(Data { x: self.x, weights: self.weights, groups: Some(&self.groups) })
    }

    fn has_gaps(&self) -> bool {
        true
    }

    fn in_memory(&self) -> Option<usize> {
        Some(self.x.nrows())
    }
}

/// Data with gaps that do not fit into memory: as [`Stream`](crate::Stream), but that a cell may be NaN.
///
/// Every block is sorted by pattern as it is read, and each pattern costs its systems anew for every block that has it.
///
/// ```
/// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
/// use executable_em::data;
/// use executable_em_engine::{Engine, StreamWithGaps, WithGaps};
/// let mut x = data::old_faithful();
/// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// (0..272).step_by(3).for_each(|i| x[(i, 1)] = f64::NAN);
/// let blocks = || Ok([(0, 100), (100, 172)].map(|(start, len)| Ok(x.rows(start, len).into_owned())));
/// let engine = Engine::new(1)?;
/// let streamed = engine.statistics(&model, &StreamWithGaps(blocks))?;
/// let whole = engine.statistics(&model, &WithGaps::new(&x)?)?;
/// assert!((streamed.log_likelihood - whole.log_likelihood).abs() < 1e-9);
/// # Ok::<(), executable_em_engine::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct StreamWithGaps<F>(pub F);

impl<F, I> Source for StreamWithGaps<F>
where
    F: Fn() -> Result<I>,
    I: IntoIterator<Item = Result<DMatrix<f64>>>,
{
    fn read(&self, visit: &mut dyn FnMut(Data<'_>) -> Result<()>) -> Result<()> {
        let mut rows = 0;
        for block in (self.0)()? {
            let block = block?;
            WithGaps::new(&block).map_err(|error| error.later_by(rows))?.read(visit)?;
            rows += block.nrows();
        }
        Ok(())
    }

    fn has_gaps(&self) -> bool {
        true
    }
}

/// The rows by pattern, in the order in which the patterns first appear.
fn groups(x: &DMatrix<f64>, weights: Option<&DVector<f64>>) -> Vec<Group> {
    // A bit for every cell that is missing, by columns, as the table lies in memory.
    let words = x.ncols().div_ceil(64);
    let mut gaps = vec![0_u64; x.nrows() * words];
    for (a, column) in x.column_iter().enumerate() {
        for (i, value) in column.iter().enumerate() {
            gaps[i * words + a / 64] |= u64::from(value.is_nan()) << (a % 64);
        }
    }
    let mut place: HashMap<&[u64], usize> = HashMap::new();
    let mut rows: Vec<Vec<usize>> = Vec::new();
    for (i, of_row) in gaps.chunks_exact(words).enumerate() {
        let index = *place.entry(of_row).or_insert(rows.len());
        if index == rows.len() {
            rows.push(Vec::new());
        }
        rows[index].push(i);
    }
    let group = |rows: Vec<usize>| {
        let (missing, seen): (Vec<usize>, Vec<usize>) =
            (0..x.ncols()).partition(|&a| x[(rows[0], a)].is_nan());
        let of_seen = DMatrix::from_fn(rows.len(), seen.len(), |i, a| x[(rows[i], seen[a])]);
        let weights = weights.map(|weights| weights.select_rows(&rows));
        Group { seen, missing, rows, x: of_seen, weights }
    };
    rows.into_iter().map(group).collect()
}
