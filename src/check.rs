//! Guards shared by every public function: they turn bad input into one typed error that names the place.

use crate::error::{Error, Result};
use nalgebra::{DMatrix, DVector, Dim, Matrix, RawStorage};

/// How far a sum of weights may be from one: what is left of weights typed with nine decimals.
const SIMPLEX_TOLERANCE: f64 = 1e-9;

/// How far mirrored entries of a covariance may differ, relative to the largest: sums of n ≤ 10⁵ products stay below.
const SYMMETRY_TOLERANCE: f64 = 1e-10;

/// A matrix or vector with at least one entry, all of them finite.
pub fn finite<R: Dim, C: Dim, S: RawStorage<f64, R, C>>(
    what: &'static str,
    matrix: &Matrix<f64, R, C, S>,
) -> Result<()> {
    if matrix.is_empty() {
        return Err(Error::Empty { what });
    }
    let rows = matrix.nrows();
    match matrix.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(at) => Err(Error::NotFinite { what, row: at % rows, column: at / rows, value: matrix[at] }),
    }
}

/// A matrix of just these rows and columns.
pub fn shape(what: &'static str, found: (usize, usize), expected: (usize, usize)) -> Result<()> {
    if found == expected { Ok(()) } else { Err(Error::Shape { what, expected, found }) }
}

/// A square, finite matrix whose mirrored entries agree, but for rounding.
pub fn symmetric(what: &'static str, matrix: &DMatrix<f64>) -> Result<()> {
    finite(what, matrix)?;
    shape(what, matrix.shape(), (matrix.nrows(), matrix.nrows()))?;
    let scale = matrix.amax();
    for (row, column) in (0..matrix.nrows()).flat_map(|row| (0..row).map(move |column| (row, column))) {
        let difference = matrix[(row, column)] - matrix[(column, row)];
        if difference.abs() > SYMMETRY_TOLERANCE * scale {
            return Err(Error::NotSymmetric { what, row, column, difference });
        }
    }
    Ok(())
}

/// Finite data of dimension d.
pub fn data(x: &DMatrix<f64>, d: usize) -> Result<()> {
    matrix("data", x, (x.nrows(), d))
}

/// A finite matrix of just these rows and columns.
pub fn matrix<R: Dim, C: Dim, S: RawStorage<f64, R, C>>(
    what: &'static str,
    matrix: &Matrix<f64, R, C, S>,
    expected: (usize, usize),
) -> Result<()> {
    finite(what, matrix)?;
    shape(what, matrix.shape(), expected)
}

/// The very reference points, k×d, that the sums have to which these are added; `allowed` names those sums.
pub fn same_points(found: &DMatrix<f64>, expected: &DMatrix<f64>, allowed: &'static str) -> Result<()> {
    shape("reference points", found.shape(), expected.shape())?;
    let mut pairs = found.iter().zip(expected);
    pairs.try_for_each(|(&value, point)| domain("reference point", value, value == *point, allowed))
}

/// Data (n×d) and means (k×d) that are finite and share their columns.
pub fn data_and_means(x: &DMatrix<f64>, means: &DMatrix<f64>) -> Result<()> {
    finite("data", x)?;
    matrix("means", means, (means.nrows(), x.ncols()))
}

/// k finite matrices d×d.
pub fn covariances(covariances: &[DMatrix<f64>], (k, d): (usize, usize)) -> Result<()> {
    shape("covariances", (covariances.len(), 1), (k, 1))?;
    covariances.iter().try_for_each(|covariance| matrix("covariance", covariance, (d, d)))
}

/// Non-negative finite responsibilities, a row for each of n data; neither a mean nor J asks that the rows sum to one.
pub fn responsibilities(r: &DMatrix<f64>, n: usize) -> Result<()> {
    matrix("responsibilities", r, (n, r.ncols()))?;
    match r.iter().position(|&value| value < 0.0) {
        None => Ok(()),
        Some(at) => Err(Error::NotOnSimplex { what: "responsibilities", row: at % n, value: r[at] }),
    }
}

/// Data (n×d), responsibilities (n×k) and means (k×d) that fit together.
pub fn state(x: &DMatrix<f64>, r: &DMatrix<f64>, means: &DMatrix<f64>) -> Result<()> {
    data_and_means(x, means)?;
    responsibilities(r, x.nrows())?;
    shape("responsibilities", r.shape(), (x.nrows(), means.nrows()))
}

/// What [`state`] asks, and that the rows of r sum to one, without which there are no weights and no Q.
pub fn shares(x: &DMatrix<f64>, r: &DMatrix<f64>, means: &DMatrix<f64>) -> Result<()> {
    state(x, r, means)?;
    simplex_rows("responsibilities", r)
}

/// A label below k for each of n data.
pub fn labels(labels: &[usize], n: usize, k: usize) -> Result<()> {
    shape("labels", (labels.len(), 1), (n, 1))?;
    labels.iter().enumerate().try_for_each(|(row, &label)| self::label(row, label, k))
}

/// A matrix all of whose entries are allowed; `allowed` says in words what `is_allowed` asks.
pub fn entries<R: Dim, C: Dim, S: RawStorage<f64, R, C>>(
    what: &'static str,
    matrix: &Matrix<f64, R, C, S>,
    allowed: &'static str,
    is_allowed: impl Fn(f64) -> bool,
) -> Result<()> {
    let rows = matrix.nrows();
    match matrix.iter().position(|&value| !is_allowed(value)) {
        None => Ok(()),
        Some(at) => Err(Error::Entry { what, row: at % rows, column: at / rows, value: matrix[at], allowed }),
    }
}

/// A probability vector: entries in [0, 1] that sum to one.
pub fn simplex(what: &'static str, row: usize, entries: impl Iterator<Item = f64>) -> Result<()> {
    let mut sum = 0.0;
    for value in entries {
        if value < 0.0 {
            return Err(Error::NotOnSimplex { what, row, value });
        }
        sum += value;
    }
    // False for a sum that is NaN, too.
    let is_one = (sum - 1.0).abs() <= SIMPLEX_TOLERANCE;
    if is_one { Ok(()) } else { Err(Error::NotOnSimplex { what, row, value: sum }) }
}

/// A probability vector of just this length, all of its entries finite.
pub fn distribution(what: &'static str, p: &DVector<f64>, length: usize) -> Result<()> {
    matrix(what, p, (length, 1))?;
    simplex(what, 0, p.iter().copied())
}

/// A finite matrix of just these rows and columns whose every row is a probability vector.
pub fn distributions(what: &'static str, q: &DMatrix<f64>, expected: (usize, usize)) -> Result<()> {
    matrix(what, q, expected)?;
    simplex_rows(what, q)
}

/// A matrix whose every row is a probability vector.
pub fn simplex_rows(what: &'static str, matrix: &DMatrix<f64>) -> Result<()> {
    (0..matrix.nrows()).try_for_each(|i| simplex(what, i, matrix.row(i).iter().copied()))
}

/// Finite numbers, none of them negative; `each` names one of them.
pub fn masses(what: &'static str, each: &'static str, values: &DVector<f64>) -> Result<()> {
    finite(what, values)?;
    values.iter().try_for_each(|&value| at_least_zero(each, value))
}

/// A vector of just this length, all of its entries finite and above zero; `each` names one of them.
pub fn positives(what: &'static str, each: &'static str, values: &DVector<f64>, length: usize) -> Result<()> {
    shape(what, values.shape(), (length, 1))?;
    values.iter().try_for_each(|&value| positive(each, value))
}

/// Finite data, and a non-negative weight for each datum that do not all vanish.
pub fn weighted(x: &DMatrix<f64>, weights: &DVector<f64>) -> Result<()> {
    finite("data", x)?;
    shape("weights of the data", weights.shape(), (x.nrows(), 1))?;
    masses("weights of the data", "weight of a datum", weights)?;
    positive("sum of the data's weights", weights.sum())
}

/// A finite number.
pub fn number(what: &'static str, value: f64) -> Result<()> {
    domain(what, value, value.is_finite(), "finite")
}

/// A number from 0 to 1.
pub fn fraction(what: &'static str, value: f64) -> Result<()> {
    domain(what, value, (0.0..=1.0).contains(&value), "≥ 0 and ≤ 1")
}

/// A finite number above zero.
pub fn positive(what: &'static str, value: f64) -> Result<()> {
    domain(what, value, value.is_finite() && value > 0.0, "finite and > 0")
}

/// Zero or more, infinity included.
pub fn at_least_zero(what: &'static str, value: f64) -> Result<()> {
    domain(what, value, value >= 0.0, "≥ 0")
}

/// A number that is allowed; `allowed` says in words what `is_allowed` has asked.
pub fn domain(what: &'static str, value: f64, is_allowed: bool, allowed: &'static str) -> Result<()> {
    if is_allowed { Ok(()) } else { Err(Error::Domain { what, value, allowed }) }
}

/// At least one column of d, counted from 0, none of them twice.
pub fn columns(columns: &[usize], d: usize) -> Result<()> {
    if columns.is_empty() {
        return Err(Error::Empty { what: "columns" });
    }
    columns.iter().enumerate().try_for_each(|(at, &column)| {
        domain("column", column as f64, column < d, "one of those that the model has")?;
        domain("column", column as f64, !columns[..at].contains(&column), "named once")
    })
}

/// So many numbers as memory may hold: beyond that, asking for it would end the program.
pub fn storable(what: &'static str, count: usize) -> Result<()> {
    domain(what, count as f64, count <= 1 << 30, "at most 2³⁰")
}

/// Finite data, and 1 ≤ k ≤ n.
pub fn enough_data(x: &DMatrix<f64>, k: usize) -> Result<()> {
    finite("data", x)?;
    component_count(k, x.nrows())
}

/// 1 ≤ k ≤ n.
pub fn component_count(k: usize, n: usize) -> Result<()> {
    if (1..=n).contains(&k) { Ok(()) } else { Err(Error::ComponentCount { k, n }) }
}

/// The label of a datum, which names one of k components.
pub fn label(row: usize, label: usize, k: usize) -> Result<()> {
    if label < k { Ok(()) } else { Err(Error::Label { row, label, k }) }
}

/// What was computed, unless one of its entries is NaN: a square, or a sum, of the input has left the range of numbers.
pub fn defined<R: Dim, C: Dim, S: RawStorage<f64, R, C>>(
    what: &'static str,
    matrix: Matrix<f64, R, C, S>,
) -> Result<Matrix<f64, R, C, S>> {
    let rows = matrix.nrows();
    match matrix.iter().position(|value| value.is_nan()) {
        None => Ok(matrix),
        Some(at) => Err(Error::NotFinite { what, row: at % rows, column: at / rows, value: matrix[at] }),
    }
}

/// The same of a single number, which may be infinite.
pub fn defined_number(what: &'static str, value: f64) -> Result<f64> {
    domain(what, value, !value.is_nan(), "a number, for which the input is too large or too small")?;
    Ok(value)
}
