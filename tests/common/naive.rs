//! A Gaussian mixture written as naively as possible, generic over the number type, so that dual numbers give its
//! derivatives: no Cholesky factor, no assumption that Σ is symmetric, all d² entries free.

use executable_em::gaussian_mixture::GaussianMixture;
use nalgebra::{DMatrix, DVector};
use num_dual::{Dual64, DualNum, HyperDual64};
use std::f64::consts::TAU;

/// The numbers that these formulas run on: `f64`, dual numbers, hyper-dual numbers.
pub trait Number: DualNum<Primitive = f64> + Copy {}
impl<D: DualNum<Primitive = f64> + Copy> Number for D {}

/// The parameters, one number type throughout.
#[derive(Clone)]
pub struct Naive<D> {
    pub weights: Vec<D>,
    pub means: Vec<Vec<D>>,
    pub covariances: Vec<Vec<Vec<D>>>,
}

/// One entry of the parameters.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    Weight(usize),
    Mean(usize, usize),
    Covariance(usize, usize, usize),
}

impl<D: Number> Naive<D> {
    pub fn new(model: &GaussianMixture) -> Self {
        let d = model.d();
        Naive {
            weights: model.weights().iter().map(|&weight| D::from(weight)).collect(),
            means: model.means().row_iter().map(|row| row.iter().map(|&m| D::from(m)).collect()).collect(),
            covariances: model
                .covariances()
                .iter()
                .map(|s| (0..d).map(|a| (0..d).map(|b| D::from(s[(a, b)])).collect()).collect())
                .collect(),
        }
    }

    pub fn entry(&mut self, entry: Entry) -> &mut D {
        match entry {
            Entry::Weight(j) => &mut self.weights[j],
            Entry::Mean(j, a) => &mut self.means[j][a],
            Entry::Covariance(j, a, b) => &mut self.covariances[j][a][b],
        }
    }

    /// log N_ij: a loop over explicit solutions of Σ y = v.
    pub fn log_density(&self, datum: &[f64], j: usize) -> D {
        let v: Vec<D> = datum.iter().zip(&self.means[j]).map(|(&x, &mean)| -mean + x).collect();
        let (quadratic, determinant) = quadratic_and_determinant(&self.covariances[j], &v);
        let log_normaliser = determinant.ln() + v.len() as f64 * TAU.ln();
        (log_normaliser + quadratic) * -0.5
    }

    /// log π_j + log N_ij.
    pub fn log_joint(&self, datum: &[f64], j: usize) -> D {
        self.weights[j].ln() + self.log_density(datum, j)
    }

    /// ℓ = Σ_i log Σ_j π_j N_ij, scaled by the largest of these joint densities. A weight of zero stays a factor, so
    /// that ℓ can be differentiated in it.
    pub fn log_likelihood(&self, x: &DMatrix<f64>) -> D {
        let mut total = D::from(0.0);
        for row in x.row_iter() {
            let datum: Vec<f64> = row.iter().copied().collect();
            let logs: Vec<D> = (0..self.weights.len()).map(|j| self.log_density(&datum, j)).collect();
            let joint = |(log, weight): (&D, &D)| log.re() + weight.re().ln();
            let shift = logs.iter().zip(&self.weights).map(joint).fold(f64::NEG_INFINITY, f64::max);
            let mut sum = D::from(0.0);
            for (&log, &weight) in logs.iter().zip(&self.weights) {
                let (log, re) = (log - shift, weight.re());
                sum += if re > 0.0 {
                    (log + re.ln()).exp() * (weight / re)
                } else if log.re() < 700.0 {
                    weight * log.exp()
                } else {
                    // As large as numbers get: times a weight of zero that is zero, where infinity would make it NaN.
                    weight * f64::MAX
                };
            }
            total += sum.ln() + shift;
        }
        total
    }
}

/// vᵀ S⁻¹ v and |S| by Gaussian elimination of [S | v]; the pivots of a positive definite matrix need no search.
pub fn quadratic_and_determinant<D: Number>(s: &[Vec<D>], v: &[D]) -> (D, D) {
    let d = v.len();
    let (mut s, mut y) = (s.to_vec(), v.to_vec());
    let mut determinant = D::from(1.0);
    for pivot in 0..d {
        determinant *= s[pivot][pivot];
        for row in pivot + 1..d {
            let factor = s[row][pivot] / s[pivot][pivot];
            let above = s[pivot].clone();
            for (entry, &upper) in s[row].iter_mut().zip(&above).skip(pivot) {
                *entry -= factor * upper;
            }
            let above = y[pivot];
            y[row] -= factor * above;
        }
    }
    for row in (0..d).rev() {
        for column in row + 1..d {
            let solved = y[column];
            y[row] -= s[row][column] * solved;
        }
        y[row] /= s[row][row];
    }
    let mut quadratic = D::from(0.0);
    for (&left, &right) in v.iter().zip(&y) {
        quadratic += left * right;
    }
    (quadratic, determinant)
}

/// ∂ℓ/∂entry by dual numbers.
pub fn derivative(model: &GaussianMixture, x: &DMatrix<f64>, entry: Entry) -> f64 {
    let mut naive = Naive::<Dual64>::new(model);
    naive.entry(entry).eps = 1.0;
    naive.log_likelihood(x).eps
}

/// ∂²ℓ/∂one ∂other by hyper-dual numbers.
pub fn second_derivative(model: &GaussianMixture, x: &DMatrix<f64>, one: Entry, other: Entry) -> f64 {
    let mut naive = Naive::<HyperDual64>::new(model);
    naive.entry(one).eps1 = 1.0;
    naive.entry(other).eps2 = 1.0;
    naive.log_likelihood(x).eps1eps2
}

/// ℓ itself.
pub fn log_likelihood(model: &GaussianMixture, x: &DMatrix<f64>) -> f64 {
    Naive::<f64>::new(model).log_likelihood(x)
}

/// The score in the means, k×d, by dual numbers.
pub fn score_in_means(model: &GaussianMixture, x: &DMatrix<f64>) -> DMatrix<f64> {
    DMatrix::from_fn(model.k(), model.d(), |j, a| derivative(model, x, Entry::Mean(j, a)))
}

/// The score in the covariances, k matrices d×d, all entries free, by dual numbers.
pub fn score_in_covariances(model: &GaussianMixture, x: &DMatrix<f64>) -> Vec<DMatrix<f64>> {
    let d = model.d();
    (0..model.k())
        .map(|j| DMatrix::from_fn(d, d, |a, b| derivative(model, x, Entry::Covariance(j, a, b))))
        .collect()
}

/// The score in the weights, each free, by dual numbers.
pub fn score_in_weights(model: &GaussianMixture, x: &DMatrix<f64>) -> DVector<f64> {
    DVector::from_fn(model.k(), |j, _| derivative(model, x, Entry::Weight(j)))
}

/// The k-means objective Σ_ij r_ij |x_i − m_j|², generic over the means.
pub fn kmeans_objective<D: Number>(x: &DMatrix<f64>, r: &DMatrix<f64>, means: &[Vec<D>]) -> D {
    let mut total = D::from(0.0);
    for (i, row) in x.row_iter().enumerate() {
        for (j, mean) in means.iter().enumerate() {
            for (a, &m) in mean.iter().enumerate() {
                let v = -m + row[a];
                total += v * v * r[(i, j)];
            }
        }
    }
    total
}
