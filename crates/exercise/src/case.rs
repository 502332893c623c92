//! Random cases: a few data and a mixture for them, with numbers short enough to be printed whole.

use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::data::{self, Rng};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use nalgebra::{DMatrix, DVector};
use rand::RngExt;
use std::fmt;

/// How many cases an exercise has.
const COUNT: usize = 48;

/// Data, a Gaussian mixture, and responsibilities and labels that are not the mixture's.
#[derive(Clone)]
pub(crate) struct Case {
    pub x: DMatrix<f64>,
    pub model: GaussianMixture,
    /// n×k, rows that sum to one.
    pub r: DMatrix<f64>,
    pub labels: Vec<usize>,
}

impl Case {
    /// The usual cases: one datum and one component first, then ever more of both, up to three dimensions.
    pub fn all() -> Vec<Case> {
        Case::of(3)
    }

    /// The same on the line.
    pub fn on_the_line() -> Vec<Case> {
        Case::of(1)
    }

    /// Cases with data enough that no covariance is all but singular after a sweep.
    pub fn with_room() -> Vec<Case> {
        let mut rng = data::rng(9);
        let cases = (0..COUNT).map(|at| Case::random(8 + at / 4, 1 + at % 2, 1 + at % 4 % 3, &mut rng));
        let roomy = |case: &Case| {
            let next = executable_em::em::sweep(&case.model, &case.x).expect("data enough");
            next.covariances()
                .iter()
                .all(|covariance| covariance.clone().symmetric_eigenvalues().min() > 0.05)
        };
        cases.filter(roomy).collect()
    }

    fn of(dimensions: usize) -> Vec<Case> {
        let mut rng = data::rng(7);
        (0..COUNT).map(|at| Case::random(1 + at / 6, 1 + at % dimensions, 1 + at % 4 % 3, &mut rng)).collect()
    }

    fn random(n: usize, d: usize, k: usize, rng: &mut Rng) -> Case {
        let n = n.max(k);
        let x = DMatrix::from_fn(n, d, |_, _| tenths(rng, -30, 30));
        let means = DMatrix::from_fn(k, d, |_, _| tenths(rng, -30, 30));
        let covariances = (0..k).map(|_| {
            let root =
                DMatrix::from_fn(d, d, |a, b| if a == b { tenths(rng, 5, 15) } else { tenths(rng, -5, 5) });
            &root * root.transpose()
        });
        let covariances = covariances.collect();
        let weights = hundredths(k, rng);
        let r = DMatrix::from_rows(&(0..n).map(|_| hundredths(k, rng).transpose()).collect::<Vec<_>>());
        let labels = (0..n).map(|i| if i < k { i } else { rng.random_range(0..k) }).collect();
        let model = GaussianMixture::new(weights, means, covariances, CovarianceFamily::Full);
        Case { x, model: model.expect("a valid mixture"), r, labels }
    }

    /// Some of its data, with the same mixture.
    pub fn rows(&self, rows: &[usize]) -> Case {
        let labels = rows.iter().map(|&i| self.labels[i]).collect();
        Case { x: self.x.select_rows(rows), r: self.r.select_rows(rows), labels, model: self.model.clone() }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "x = {},\n  weights = {}, ", shown(&self.x), vector(self.model.weights()))?;
        let covariances: Vec<String> = self.model.covariances().iter().map(shown).collect();
        write!(f, "means = {},\n  covariances = {}", shown(self.model.means()), covariances.join(", "))?;
        write!(f, ",\n  r = {}, labels from 0 = {:?}", shown(&self.r), self.labels)
    }
}

/// Coins: data of zeros and ones, a mixture, and responsibilities that are not the mixture's.
#[derive(Clone)]
pub(crate) struct Coins {
    pub x: DMatrix<f64>,
    pub model: BernoulliMixture,
    pub r: DMatrix<f64>,
}

impl Coins {
    pub fn all() -> Vec<Coins> {
        let mut rng = data::rng(8);
        (0..COUNT).map(|at| Coins::random(1 + at / 6, 1 + at % 3, 1 + at % 4 % 3, &mut rng)).collect()
    }

    fn random(n: usize, d: usize, k: usize, rng: &mut Rng) -> Coins {
        let n = n.max(k);
        let x = DMatrix::from_fn(n, d, |_, _| f64::from(u8::from(rng.random_bool(0.5))));
        let biases = DMatrix::from_fn(k, d, |_, _| f64::from(rng.random_range(5..96)) / 100.0);
        let r = DMatrix::from_rows(&(0..n).map(|_| hundredths(k, rng).transpose()).collect::<Vec<_>>());
        let model = BernoulliMixture::new(hundredths(k, rng), biases, 1).expect("a valid mixture");
        Coins { x, model, r }
    }

    pub fn rows(&self, rows: &[usize]) -> Coins {
        Coins { x: self.x.select_rows(rows), r: self.r.select_rows(rows), model: self.model.clone() }
    }
}

impl fmt::Display for Coins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "x = {},\n  weights = {}, ", shown(&self.x), vector(self.model.weights()))?;
        write!(f, "biases = {}, r = {}", shown(self.model.biases()), shown(&self.r))
    }
}

/// A probability vector in hundredths, none of them zero.
fn hundredths(k: usize, rng: &mut Rng) -> DVector<f64> {
    let mut left = 100 - k as i32;
    let mut parts: Vec<i32> = Vec::new();
    for _ in 1..k {
        parts.push(1 + rng.random_range(0..=left));
        left -= parts.last().expect("a part") - 1;
    }
    parts.push(1 + left);
    DVector::from_iterator(k, parts.into_iter().map(|part| f64::from(part) / 100.0))
}

fn tenths(rng: &mut Rng, from: i32, to: i32) -> f64 {
    f64::from(rng.random_range(from..=to)) / 10.0
}

/// A matrix as one would write it for the macro `dmatrix!`.
pub(crate) fn shown(matrix: &DMatrix<f64>) -> String {
    let rows: Vec<String> = matrix.row_iter().map(|row| listed(row.iter())).collect();
    format!("[{}]", rows.join("; "))
}

/// A vector as one would write it for the macro `dvector!`.
pub(crate) fn vector(vector: &DVector<f64>) -> String {
    format!("[{}]", listed(vector.iter()))
}

fn listed<'a>(numbers: impl Iterator<Item = &'a f64>) -> String {
    numbers.map(|value| format!("{}", (value * 1e6).round() / 1e6)).collect::<Vec<_>>().join(", ")
}
