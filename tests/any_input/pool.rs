//! Inputs that fit together, most of them, and inputs that do not: numbers, vectors, matrices.

use executable_em::data;
use executable_em::gaussian_mixture::CovarianceFamily;
use nalgebra::{DMatrix, DVector, RowDVector};
use rand::RngExt;

/// Numbers that break things.
const NASTY: [f64; 18] = [
    0.0,
    -0.0,
    -1.0,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN,
    f64::MIN_POSITIVE,
    5e-324,
    1e300,
    -1e300,
    1e-300,
    1e150,
    1e-150,
    1e17,
    -3.0,
    1.0 + f64::EPSILON,
];

/// Scales at which squares, products and sums leave the numbers.
const SCALES: [f64; 9] = [1e-300, 1e-160, 1e-100, 1e-20, 1e20, 1e100, 1e153, 1e160, 1e300];

/// How the next object is made.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Tame,
    OneNasty,
    AllNasty,
    WrongShape,
    Constant,
}

pub struct Pool {
    pub rng: data::Rng,
    pub(crate) n: usize,
    pub(crate) k: usize,
    pub(crate) d: usize,
    /// Of the data and all that is measured in their units.
    pub(crate) unit: f64,
}

impl Pool {
    pub fn new(seed: u64) -> Self {
        let mut rng = data::rng(seed);
        let (n, k, d) = (rng.random_range(1..=6), rng.random_range(1..=3), rng.random_range(1..=3));
        let unit = if rng.random_bool(0.4) { SCALES[rng.random_range(0..SCALES.len())] } else { 1.0 };
        Pool { rng, n, k, d, unit }
    }

    fn manner(&mut self) -> Manner {
        match self.rng.random_range(0..100) {
            0..82 => Manner::Tame,
            82..88 => Manner::OneNasty,
            88..91 => Manner::AllNasty,
            91..96 => Manner::WrongShape,
            _ => Manner::Constant,
        }
    }

    pub fn nasty(&mut self) -> f64 {
        NASTY[self.rng.random_range(0..NASTY.len())]
    }

    /// Any number.
    pub fn number(&mut self) -> f64 {
        match self.rng.random_range(0..3) {
            0 => self.nasty(),
            1 => self.rng.random_range(-3.0..3.0),
            _ => [0.5, 1.0, 2.0, 0.25, 0.125][self.rng.random_range(0..5)],
        }
    }

    /// In (0, 1), for the most part.
    pub fn share(&mut self) -> f64 {
        if self.rng.random_bool(0.7) { self.rng.random_range(0.0..=1.0) } else { self.number() }
    }

    /// Above zero, in some unit, for the most part.
    pub fn positive(&mut self) -> f64 {
        if self.rng.random_bool(0.8) { self.rng.random_range(0.1..3.0) * self.unit } else { self.number() }
    }

    /// A number of things, beyond all memory or small.
    pub fn count(&mut self) -> usize {
        let counts = [0, 1, 2, 3, 4, 5, 9, usize::MAX, usize::MAX / 2 + 1, 1 << 40];
        counts[self.rng.random_range(0..counts.len())]
    }

    /// A number of steps, each of which is taken.
    pub fn steps(&mut self) -> usize {
        self.rng.random_range(0..4)
    }

    pub fn n(&mut self) -> usize {
        if self.rng.random_bool(0.8) { self.n } else { self.count() }
    }

    pub fn k(&mut self) -> usize {
        if self.rng.random_bool(0.8) { self.k } else { self.count() }
    }

    pub fn d(&mut self) -> usize {
        if self.rng.random_bool(0.8) { self.d } else { self.count() }
    }

    /// An index that is one, for the most part.
    pub fn component(&mut self) -> usize {
        if self.rng.random_bool(0.8) { self.rng.random_range(0..self.k) } else { self.count() }
    }

    pub fn coordinate(&mut self) -> usize {
        if self.rng.random_bool(0.8) { self.rng.random_range(0..self.d) } else { self.count() }
    }

    pub fn datum(&mut self) -> usize {
        if self.rng.random_bool(0.8) { self.rng.random_range(0..self.n) } else { self.count() }
    }

    pub fn family(&mut self) -> CovarianceFamily {
        CovarianceFamily::ALL[self.rng.random_range(0..4)]
    }

    pub fn labels(&mut self) -> Vec<usize> {
        let n = if self.rng.random_bool(0.9) { self.n } else { self.rng.random_range(0..5) };
        (0..n)
            .map(|_| if self.rng.random_bool(0.97) { self.component() % self.k } else { self.count() })
            .collect()
    }

    pub fn flags(&mut self) -> Vec<bool> {
        let n = if self.rng.random_bool(0.9) { self.n } else { self.rng.random_range(0..5) };
        (0..n).map(|_| self.rng.random_bool(0.5)).collect()
    }

    /// A matrix that is spoiled now and then; `entry` makes those of a tame one.
    pub fn matrix(&mut self, rows: usize, columns: usize, entry: impl Fn(&mut Self) -> f64) -> DMatrix<f64> {
        let manner = self.manner();
        let (rows, columns) = match manner {
            Manner::WrongShape => (self.rng.random_range(0..5), self.rng.random_range(0..5)),
            _ => (rows, columns),
        };
        let mut matrix = DMatrix::from_fn(rows, columns, |_, _| match manner {
            Manner::AllNasty => self.nasty(),
            _ => entry(self),
        });
        if matrix.is_empty() {
            return matrix;
        }
        match manner {
            Manner::OneNasty => {
                let at = self.rng.random_range(0..matrix.len());
                matrix[at] = self.nasty();
            }
            Manner::Constant => matrix.fill(matrix[0]),
            _ => {}
        }
        matrix
    }

    fn vector(&mut self, length: usize, entry: impl Fn(&mut Self) -> f64) -> DVector<f64> {
        let matrix = self.matrix(length, 1, entry);
        DVector::from_column_slice(matrix.as_slice())
    }

    /// Data, n×d.
    pub fn x(&mut self) -> DMatrix<f64> {
        self.matrix(self.n, self.d, |pool| pool.rng.random_range(-2.0..2.0) * pool.unit)
    }

    /// k×d.
    pub fn means(&mut self) -> DMatrix<f64> {
        self.matrix(self.k, self.d, |pool| pool.rng.random_range(-2.0..2.0) * pool.unit)
    }

    pub fn mean(&mut self) -> RowDVector<f64> {
        RowDVector::from_row_slice(
            self.vector(self.d, |pool| pool.rng.random_range(-2.0..2.0) * pool.unit).as_slice(),
        )
    }

    /// Rows on the simplex, some of them one-hot.
    fn simplex(&mut self, rows: usize, columns: usize) -> DMatrix<f64> {
        let mut matrix = self.matrix(rows, columns, |pool| match pool.rng.random_range(0..8) {
            0 => 0.0,
            1 => 1e-300,
            _ => pool.rng.random_range(0.0..1.0),
        });
        if self.rng.random_bool(0.95) {
            for mut row in matrix.row_iter_mut() {
                let sum = row.sum();
                if sum > 0.0 && sum.is_finite() {
                    row /= sum;
                } else if sum == 0.0 && !row.is_empty() {
                    row[0] = 1.0;
                }
            }
        }
        matrix
    }

    /// Responsibilities or q, n×k.
    pub fn r(&mut self) -> DMatrix<f64> {
        self.simplex(self.n, self.k)
    }

    /// A one-hot matrix, or what should be one.
    pub fn z(&mut self) -> DMatrix<f64> {
        let labels = self.labels();
        DMatrix::from_fn(labels.len(), self.k, |i, j| f64::from(labels[i] == j))
    }

    pub fn weights(&mut self) -> DVector<f64> {
        DVector::from_column_slice(self.simplex(1, self.k).as_slice())
    }

    /// A distribution over the kⁿ labelings, for the most part.
    pub fn over_labelings(&mut self) -> DVector<f64> {
        DVector::from_column_slice(self.simplex(1, self.k.pow(self.n as u32)).as_slice())
    }

    /// n×k log joints, with terms of −∞ here and there.
    pub fn log_joint(&mut self) -> DMatrix<f64> {
        self.matrix(self.n, self.k, |pool| {
            if pool.rng.random_bool(0.1) {
                f64::NEG_INFINITY
            } else {
                -pool.rng.random_range(0.0..9.0) * pool.unit
            }
        })
    }

    /// k, or so, numbers above zero.
    pub fn counts(&mut self) -> DVector<f64> {
        self.vector(self.k, |pool| pool.rng.random_range(0.0..9.0))
    }

    pub fn variances(&mut self) -> DVector<f64> {
        self.vector(self.k, |pool| pool.rng.random_range(0.1..2.0) * pool.unit)
    }

    /// n, or so, numbers of any sign.
    pub fn values(&mut self) -> DVector<f64> {
        self.vector(self.n, |pool| pool.rng.random_range(-2.0..2.0) * pool.unit)
    }

    /// n, or so, numbers of zero and more.
    pub fn masses(&mut self) -> DVector<f64> {
        self.vector(self.n, |pool| pool.rng.random_range(0.0..2.0) * pool.unit)
    }

    /// n, or so, weights on the simplex.
    pub fn weights_of_data(&mut self) -> DVector<f64> {
        DVector::from_column_slice(self.simplex(1, self.n).as_slice())
    }

    /// n×n, or so.
    pub fn square(&mut self) -> DMatrix<f64> {
        self.matrix(self.n, self.n, |pool| pool.rng.random_range(-2.0..2.0) * pool.unit)
    }

    /// k×k, or so, with rows on the simplex.
    pub fn conditional(&mut self) -> DMatrix<f64> {
        self.simplex(self.k, self.k)
    }

    /// Positive definite, in some unit of its own, for the most part; or indefinite, singular, not symmetric.
    pub fn covariance(&mut self) -> DMatrix<f64> {
        let unit = if self.rng.random_bool(0.7) { (self.unit * self.unit).clamp(1e-300, 1e300) } else { 1.0 };
        let a = self.matrix(self.d, self.d, |pool| pool.rng.random_range(-1.0..1.0));
        let product = &a * a.transpose();
        let ridge = [0.5, 0.5, 0.5, 0.5, 1e-14, 0.0, -1.0][self.rng.random_range(0..7)];
        let mut covariance = (&product + DMatrix::identity(a.nrows(), a.nrows()) * ridge) * unit;
        if self.rng.random_bool(0.05) && !covariance.is_empty() {
            covariance[0] = self.nasty();
        }
        covariance
    }

    pub fn covariances(&mut self) -> Vec<DMatrix<f64>> {
        let k = if self.rng.random_bool(0.95) { self.k } else { self.rng.random_range(0..4) };
        (0..k).map(|_| self.covariance()).collect()
    }
}
