//! What is not seen: cells that are missing, values that are only known to lie somewhere.
//!
//! The hidden thing is now a number, or a label *and* a number. The two steps stay what they were: the E step finds
//! the posterior of what is hidden, here a Gaussian, and the M step takes its expected sufficient statistics for
//! those of the complete data. Expected statistics: a missing square is not the square of the expected cell.
//! ```math
//! E[x_m \mid x_s] = \mu_m + \Sigma_{ms}\Sigma_{ss}^{-1}(x_s - \mu_s), \qquad
//! \operatorname{Cov}[x_m \mid x_s] = \Sigma_{mm} - \Sigma_{ms}\Sigma_{ss}^{-1}\Sigma_{sm}
//! ```
//!
//! | file | what it derives |
//! |---|---|
//! | this one | [`Incomplete`]: a table with missing cells, its rows by pattern |
//! | [`mechanism`] | why cells are missing: by chance, by what is seen, by what is not |
//! | [`shortcuts`] | deletion, mean imputation, EM that forgets a covariance: three wrong answers |
//! | [`gaussian`] | one Gaussian: ℓ of what is seen, its score, the E step and the M step |
//! | [`monotone`] | the pattern in which no iteration is needed |
//! | [`mixture`] | label and cells hidden at once, for every family of covariances |
//! | [`bound`] | F, KL and ascent, where q holds labels and cells |
//! | [`impute`] | a guess for every missing cell, how sure it is, and many guesses |
//! | [`student`] | a scale hidden for every datum: mixtures of t, which outliers do not pull |
//! | `tails.rs` | draws from these, some of their columns, and these given the others |
//! | [`censored`] | values known up to an interval; [`normal`]: the Mills ratio that this takes |

pub mod bound;
pub mod censored;
pub mod gaussian;
pub mod impute;
pub mod mechanism;
pub mod mixture;
pub mod monotone;
pub mod normal;
pub mod shortcuts;
pub mod student;
mod tails;

use crate::check;
use crate::error::{Error, Result};
use nalgebra::{DMatrix, RowDVector};
use std::collections::BTreeMap;

/// Data some of whose cells are missing, n×d, and the rows sorted by which cells they lack.
///
/// What the E step solves depends on a row's pattern alone, so there is one linear system a pattern and not one a row.
/// A row of which nothing is seen is allowed: it says nothing, and ℓ does not count it.
///
/// Source: X-04; Little and Rubin (2019), §1.2.
#[derive(Clone, Debug)]
pub struct Incomplete {
    values: DMatrix<f64>,
    patterns: Vec<Pattern>,
}

/// The rows that lack the same cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The columns that are seen, in order.
    pub seen: Vec<usize>,
    /// The columns that are missing, in order.
    pub missing: Vec<usize>,
    /// The rows, in order.
    pub rows: Vec<usize>,
}

impl Incomplete {
    /// A table in which NaN stands for a missing cell.
    ///
    /// `values` is n×d. [`Error::Empty`] for no table, [`Error::NotFinite`] for an infinite cell, [`Error::Entry`]
    /// for a column that no row shows: nothing could be said of it.
    ///
    /// Source: X-04.
    /// ```
    /// use executable_em::incomplete::Incomplete;
    /// use nalgebra::dmatrix;
    /// let data = Incomplete::new(dmatrix![1.0, f64::NAN; 2.0, 5.0; 4.0, f64::NAN])?;
    /// assert_eq!((data.patterns().len(), data.patterns()[0].rows.as_slice()), (2, [0, 2].as_slice()));
    /// assert!(Incomplete::new(dmatrix![1.0, f64::NAN]).is_err());
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn new(values: DMatrix<f64>) -> Result<Self> {
        let data = Incomplete::part(values)?;
        if let Some(column) = (0..data.d()).find(|&a| data.values.column(a).iter().all(|v| v.is_nan())) {
            let allowed = "seen in at least one row of its column";
            return Err(Error::Entry { what: "data", row: 0, column, value: f64::NAN, allowed });
        }
        Ok(data)
    }

    /// Some rows of a table, which may show nothing of a column: enough for whoever has a model already.
    ///
    /// `values` is n×d. [`Error::Empty`] for no table, [`Error::NotFinite`] for an infinite cell.
    ///
    /// Source: X-04.
    /// ```
    /// use executable_em::incomplete::Incomplete;
    /// use nalgebra::dmatrix;
    /// assert_eq!(Incomplete::part(dmatrix![1.0, f64::NAN])?.missing_count(), 1);
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn part(values: DMatrix<f64>) -> Result<Self> {
        check::finite("data", &values.map(|value| if value.is_nan() { 0.0 } else { value }))?;
        let mut place = BTreeMap::new();
        let mut patterns: Vec<Pattern> = Vec::new();
        for (i, row) in values.row_iter().enumerate() {
            let (seen, missing): (Vec<usize>, Vec<usize>) = (0..row.len()).partition(|&a| !row[a].is_nan());
            let index = *place.entry(missing.clone()).or_insert(patterns.len());
            if index == patterns.len() {
                patterns.push(Pattern { seen, missing, rows: Vec::new() });
            }
            patterns[index].rows.push(i);
        }
        Ok(Incomplete { values, patterns })
    }

    /// The cells, n×d, NaN where one is missing.
    pub fn values(&self) -> &DMatrix<f64> {
        &self.values
    }

    /// The patterns, in the order in which their first rows stand.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// The number of data n.
    pub fn n(&self) -> usize {
        self.values.nrows()
    }

    /// The dimension d of the data.
    pub fn d(&self) -> usize {
        self.values.ncols()
    }

    /// Whether a cell is missing; `i` and `a` count from 0.
    /// ```
    /// use executable_em::incomplete::Incomplete;
    /// use nalgebra::dmatrix;
    /// assert!(Incomplete::new(dmatrix![1.0; f64::NAN])?.is_missing(1, 0));
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn is_missing(&self, i: usize, a: usize) -> bool {
        self.values[(i, a)].is_nan()
    }

    /// The number of missing cells.
    pub fn missing_count(&self) -> usize {
        self.values.iter().filter(|value| value.is_nan()).count()
    }

    /// Every gap filled with the mean of what is seen of its column: a place to begin, and one of the [`shortcuts`].
    fn filled_with_means(&self) -> DMatrix<f64> {
        let means = RowDVector::from_iterator(
            self.d(),
            self.values.column_iter().map(|column| {
                let seen: Vec<f64> = column.iter().copied().filter(|value| !value.is_nan()).collect();
                seen.iter().sum::<f64>() / seen.len() as f64
            }),
        );
        self.values.map_with_location(|_, a, value| if value.is_nan() { means[a] } else { value })
    }
}

impl Pattern {
    /// The seen cells of the pattern's rows, a matrix of as many rows and columns.
    fn seen_cells(&self, values: &DMatrix<f64>) -> DMatrix<f64> {
        values.select_rows(&self.rows).select_columns(&self.seen)
    }
}
