//! The model once more, by multiplication only, for any kind of number.

use crate::common::naive::Number;
use executable_em::bernoulli_mixture::BernoulliMixture;
use nalgebra::DMatrix;
use num_dual::Dual64;

#[derive(Clone)]
pub struct Naive<D> {
    weights: Vec<D>,
    biases: Vec<Vec<D>>,
    flips: i32,
}

/// One entry of the parameters.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    Weight(usize),
    Bias(usize, usize),
}

impl<D: Number> Naive<D> {
    pub fn new(model: &BernoulliMixture) -> Self {
        Naive {
            weights: model.weights().iter().map(|&weight| D::from(weight)).collect(),
            biases: model.biases().row_iter().map(|row| row.iter().map(|&p| D::from(p)).collect()).collect(),
            flips: model.flips() as i32,
        }
    }

    pub fn entry(&mut self, entry: Entry) -> &mut D {
        match entry {
            Entry::Weight(j) => &mut self.weights[j],
            Entry::Bias(j, a) => &mut self.biases[j][a],
        }
    }

    /// α_j Π_a p^x (1 − p)^(m − x), for row i.
    pub fn joint(&self, x: &DMatrix<f64>, i: usize, j: usize) -> D {
        let mut product = self.weights[j];
        for (a, &p) in self.biases[j].iter().enumerate() {
            let heads = x[(i, a)] as i32;
            product *= p.powi(heads) * (-p + 1.0).powi(self.flips - heads);
        }
        product
    }

    pub fn probability(&self, x: &DMatrix<f64>, i: usize) -> D {
        let mut sum = D::from(0.0);
        for j in 0..self.weights.len() {
            sum += self.joint(x, i, j);
        }
        sum
    }

    pub fn log_likelihood(&self, x: &DMatrix<f64>) -> D {
        let mut sum = D::from(0.0);
        for i in 0..x.nrows() {
            sum += self.probability(x, i).ln();
        }
        sum
    }

    /// Q for fixed r.
    pub fn q(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> D {
        let mut sum = D::from(0.0);
        for i in 0..x.nrows() {
            for j in 0..self.weights.len() {
                sum += self.joint(x, i, j).ln() * r[(i, j)];
            }
        }
        sum
    }
}

/// The derivative of something in one entry, by dual numbers.
pub fn derivative(model: &BernoulliMixture, entry: Entry, f: impl Fn(&Naive<Dual64>) -> Dual64) -> f64 {
    let mut naive = Naive::<Dual64>::new(model);
    naive.entry(entry).eps = 1.0;
    f(&naive).eps
}
