//! Where the engine's data come from: memory, or blocks that are read anew for every pass.

use super::gaps::Group;
use super::{Elsewhere, Result};
use executable_em::check;
use nalgebra::{DMatrix, DMatrixView, DVector};

/// Data in memory, and perhaps a weight for each, checked once.
///
/// `x` is n×d. A datum of weight w counts as w equal data.
///
/// ```
/// use executable_em::{Error, data};
/// use executable_em_engine::Data;
/// use nalgebra::dmatrix;
/// let x = data::old_faithful();
/// assert!(Data::new(&x).is_ok());
/// let error = Data::new(&dmatrix![1.0; f64::NAN]).unwrap_err();
/// assert!(matches!(error, executable_em_engine::Error::Mathematics(Error::NotFinite { row: 1, .. })));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Data<'a> {
    pub(super) x: &'a DMatrix<f64>,
    pub(super) weights: Option<&'a DVector<f64>>,
    /// The rows by which cells they lack, where some may be missing.
    pub(super) groups: Option<&'a [Group]>,
}

impl<'a> Data<'a> {
    /// Data that count once each.
    ///
    /// # Errors
    /// [`Error::Empty`](executable_em::Error::Empty) for no data,
    /// [`Error::NotFinite`](executable_em::Error::NotFinite) for one that is no number.
    pub fn new(x: &'a DMatrix<f64>) -> crate::Result<Self> {
        check::finite("data", x)?;
        Ok(Data { x, weights: None, groups: None })
    }

    /// The data, n×d.
    pub fn x(&self) -> &'a DMatrix<f64> {
        self.x
    }

    /// Data that count as often as their weights say: n finite numbers ≥ 0.
    ///
    /// # Errors
    /// Those of [`Data::new`], [`Error::Shape`](executable_em::Error::Shape) for another number of weights,
    /// [`Error::Entry`](executable_em::Error::Entry) for a negative one.
    ///
    /// ```
    /// use executable_em::Error::Entry;
    /// use executable_em_engine::{Data, Error};
    /// use nalgebra::{dmatrix, dvector};
    /// let x = dmatrix![0.0; 1.0];
    /// assert!(Data::weighted(&x, &dvector![1.0, 2.5]).is_ok());
    /// let error = Data::weighted(&x, &dvector![1.0, -2.5]).unwrap_err();
    /// assert!(matches!(error, Error::Mathematics(Entry { row: 1, .. })));
    /// ```
    pub fn weighted(x: &'a DMatrix<f64>, weights: &'a DVector<f64>) -> crate::Result<Self> {
        check::finite("data", x)?;
        check::finite("data weights", weights)?;
        check::shape("data weights", weights.shape(), (x.nrows(), 1))?;
        check::entries("data weights", weights, "≥ 0", |weight| weight >= 0.0)?;
        Ok(Data { x, weights: Some(weights), groups: None })
    }

    /// Data with weights, or without.
    ///
    /// # Errors
    /// Those of [`Data::new`] and [`Data::weighted`].
    pub fn of(x: &'a DMatrix<f64>, weights: Option<&'a DVector<f64>>) -> crate::Result<Self> {
        weights.map_or_else(|| Data::new(x), |weights| Data::weighted(x, weights))
    }

    /// Refuses missing cells. Whoever can do without some of a row passes over the groups, whose rows are whole.
    pub(super) fn check_whole(&self) -> Result<()> {
        if self.groups.is_some() {
            check::finite("data", self.x)?;
        }
        Ok(())
    }
}

/// The rows that tell something, if there are others: a row of weight 0 leaves no trace, nor need one of which no cell
/// is seen.
///
/// `x` is n×d, a cell that is NaN is missing; of weights there are n.
///
/// ```
/// use executable_em_engine::telling_rows;
/// use nalgebra::dmatrix;
/// let x = dmatrix![1.0, f64::NAN; f64::NAN, f64::NAN; 2.0, 3.0];
/// assert_eq!(telling_rows(x.as_view(), None), Some(vec![0, 2]));
/// assert_eq!(telling_rows(x.as_view(), Some(&[0.0, 1.0, 1.0])), Some(vec![2]));
/// assert_eq!(telling_rows(x.columns(1, 1), None), Some(vec![2]));
/// assert_eq!(telling_rows(x.rows(2, 1), None), None);
/// ```
pub fn telling_rows(x: DMatrixView<'_, f64>, weights: Option<&[f64]>) -> Option<Vec<usize>> {
    // Where one column is whole, and in most tables the first is, every row shows something.
    let all_show = x.column_iter().any(|column| column.iter().all(|value| !value.is_nan()));
    let tells = |&i: &usize| {
        weights.is_none_or(|weights| weights[i] > 0.0)
            && (all_show || x.row(i).iter().any(|value| !value.is_nan()))
    };
    (0..x.nrows()).any(|i| !tells(&i)).then(|| (0..x.nrows()).filter(tells).collect())
}

/// Data that can be read any number of times, a block of rows after the other, always the same.
pub trait Source {
    /// Shows `visit` every block in turn; ends with the first error, of the reading or the visit.
    ///
    /// # Errors
    /// Those of the visit, and those of whatever the data are read from.
    fn read(&self, visit: &mut dyn FnMut(Data<'_>) -> Result<()>) -> Result<()>;

    /// Whether cells may be missing: see [`WithGaps`](crate::WithGaps).
    fn has_gaps(&self) -> bool {
        false
    }

    /// Whoever holds the data, if they are elsewhere, and sums over them there.
    fn elsewhere(&self) -> Option<&dyn Elsewhere> {
        None
    }

    /// The number of rows, where they are one block that lies in memory: then something may be remembered of each.
    fn in_memory(&self) -> Option<usize> {
        None
    }
}

/// One block.
impl Source for Data<'_> {
    fn read(&self, visit: &mut dyn FnMut(Data<'_>) -> Result<()>) -> Result<()> {
        visit(*self)
    }

    fn in_memory(&self) -> Option<usize> {
        Some(self.x.nrows())
    }
}

/// Data that do not fit into memory: a function that begins again and returns an iterator over n_b×d blocks.
///
/// A block should hold some ten thousand rows, that all threads find work in it. The order of summation, and so the
/// last bits of a result, depend on where the blocks end.
///
/// ```
/// use executable_em_engine::{Data, Engine, Stream};
/// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
/// use executable_em::data;
/// let x = data::old_faithful();
/// let blocks = || Ok([(0, 100), (100, 172)].map(|(start, len)| Ok(x.rows(start, len).into_owned())));
/// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let engine = Engine::new(1)?;
/// let streamed = engine.statistics(&model, &Stream(blocks))?;
/// let whole = engine.statistics(&model, &Data::new(&x)?)?;
/// assert!((streamed.log_likelihood - whole.log_likelihood).abs() < 1e-9);
/// # Ok::<(), executable_em_engine::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Stream<F>(pub F);

impl<F, I> Source for Stream<F>
where
    F: Fn() -> Result<I>,
    I: IntoIterator<Item = Result<DMatrix<f64>>>,
{
    fn read(&self, visit: &mut dyn FnMut(Data<'_>) -> Result<()>) -> Result<()> {
        let mut rows = 0;
        for block in (self.0)()? {
            let block = block?;
            visit(Data::new(&block).map_err(|error| error.later_by(rows))?)?;
            rows += block.nrows();
        }
        Ok(())
    }
}
