//! Guards shared by every public function: they turn bad input into one typed error that names the place.

use crate::error::{Error, Result};
use nalgebra::{DMatrix, DVector, Dim, Matrix, RawStorage};

/// How far a sum of weights may be from one: what is left of weights typed with nine decimals.
const SIMPLEX_TOLERANCE: f64 = 1e-9;

/// How far mirrored entries of a covariance may differ, relative to its largest entry: sums of n ≤ 10⁵ rounded
/// products in either order stay below it.
const SYMMETRY_TOLERANCE: f64 = 1e-10;

/// A matrix or vector with at least one entry, all of them finite.
pub fn finite<R: Dim, C: Dim, S: RawStorage<f64, R, C>>(
    what: &'static str,
    matrix: &Matrix<f64, R, C, S>,
) -> Result<()> {
    if matrix.is_empty() {
        return Err(Error::Empty { what });
    }
    for column in 0..matrix.ncols() {
        for row in 0..matrix.nrows() {
            let value = matrix[(row, column)];
            if !value.is_finite() {
                return Err(Error::NotFinite { what, row, column, value });
            }
        }
    }
    Ok(())
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
    for row in 0..matrix.nrows() {
        for column in 0..row {
            let difference = matrix[(row, column)] - matrix[(column, row)];
            if difference.abs() > SYMMETRY_TOLERANCE * scale {
                return Err(Error::NotSymmetric { what, row, column, difference });
            }
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

/// Data (n×d) and means (k×d) that are finite and share their columns.
pub fn data_and_means(x: &DMatrix<f64>, means: &DMatrix<f64>) -> Result<()> {
    finite("data", x)?;
    matrix("means", means, (means.nrows(), x.ncols()))
}

/// k finite matrices d×d.
pub fn square(what: &'static str, matrices: &[DMatrix<f64>], (k, d): (usize, usize)) -> Result<()> {
    shape(what, (matrices.len(), 1), (k, 1))?;
    matrices.iter().try_for_each(|one| matrix(what, one, (d, d)))
}

/// Non-negative finite responsibilities, a row for each of the n data; the rows need not sum to one,
/// because the equations of the mean and of the objective do not ask for it.
pub fn responsibilities(r: &DMatrix<f64>, n: usize) -> Result<()> {
    matrix("responsibilities", r, (n, r.ncols()))?;
    match r.iter().position(|&value| value < 0.0) {
        None => Ok(()),
        Some(at) => {
            Err(Error::NotOnSimplex { what: "responsibilities", row: at % n, value: r.as_slice()[at] })
        }
    }
}

/// Data (n×d), responsibilities (n×k) and means (k×d) that fit together.
pub fn state(x: &DMatrix<f64>, r: &DMatrix<f64>, means: &DMatrix<f64>) -> Result<()> {
    data_and_means(x, means)?;
    responsibilities(r, x.nrows())?;
    shape("responsibilities", r.shape(), (x.nrows(), means.nrows()))
}

/// A matrix all of whose entries are allowed; `allowed` says in words what `is_allowed` asks.
pub fn entries(
    what: &'static str,
    matrix: &DMatrix<f64>,
    allowed: &'static str,
    is_allowed: impl Fn(f64) -> bool,
) -> Result<()> {
    match matrix.iter().position(|&value| !is_allowed(value)) {
        None => Ok(()),
        Some(at) => {
            let (row, column) = (at % matrix.nrows(), at / matrix.nrows());
            Err(Error::Entry { what, row, column, value: matrix[at], allowed })
        }
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
    if (sum - 1.0).abs() <= SIMPLEX_TOLERANCE {
        Ok(())
    } else {
        Err(Error::NotOnSimplex { what, row, value: sum })
    }
}

/// A matrix whose every row is a probability vector.
pub fn simplex_rows(what: &'static str, matrix: &DMatrix<f64>) -> Result<()> {
    (0..matrix.nrows()).try_for_each(|i| simplex(what, i, matrix.row(i).iter().copied()))
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

/// 1 ≤ k ≤ n.
pub fn component_count(k: usize, n: usize) -> Result<()> {
    if (1..=n).contains(&k) { Ok(()) } else { Err(Error::ComponentCount { k, n }) }
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

/// A number from 0 to 1.
pub fn fraction(what: &'static str, value: f64) -> Result<()> {
    domain(what, value, (0.0..=1.0).contains(&value), "≥ 0 and ≤ 1")
}

/// So many numbers as memory may hold: beyond that, asking for it would end the program.
pub fn storable(what: &'static str, count: usize) -> Result<()> {
    domain(what, count as f64, count <= 1 << 30, "at most 2³⁰")
}

/// The label of a datum, which names one of k components.
pub fn label(row: usize, label: usize, k: usize) -> Result<()> {
    if label < k { Ok(()) } else { Err(Error::Label { row, label, k }) }
}

/// A vector of just this length, all of its entries finite and above zero.
pub fn positives(what: &'static str, values: &DVector<f64>, length: usize) -> Result<()> {
    shape(what, values.shape(), (length, 1))?;
    values.iter().try_for_each(|&value| positive(what, value))
}
