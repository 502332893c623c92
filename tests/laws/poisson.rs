//! A mixture of Poissons that knows nothing but the `Model` trait.

use crate::claims::Lawful;
use crate::common::bounds::{gamma, log_likelihood_error, responsibility_error};
use crate::common::cases;
use crate::the_laws_hold;
use executable_em::error::Result;
use executable_em::latent::{self, Model};
use executable_em::{Error, data, em};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use proptest::prelude::*;
use rand::RngExt;
use std::fmt::Debug;

/// A mixture of Poisson distributions: weights, and rates λ_j > 0 of counts x = 0, 1, 2, …
#[derive(Clone, Debug, PartialEq)]
struct PoissonMixture {
    weights: DVector<f64>,
    rates: DVector<f64>,
}

impl Model for PoissonMixture {
    /// log π_j + x log λ_j − λ_j − log x!
    fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        let log_factorial = |x: f64| (1..=x as u64).map(|m| (m as f64).ln()).sum::<f64>();
        Ok(DMatrix::from_fn(x.nrows(), self.rates.len(), |i, j| {
            self.weights[j].ln() + x[i] * self.rates[j].ln() - self.rates[j] - log_factorial(x[i])
        }))
    }

    /// π_j = R_j/n and λ_j = Σ r x / R_j; a component without responsibility keeps its rate.
    fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self> {
        let counts = latent::counts(r);
        let rates = DVector::from_fn(counts.len(), |j, _| {
            if counts[j] > 0.0 { r.column(j).dot(&x.column(0)) / counts[j] } else { self.rates[j] }
        });
        // A rate of zero forbids all but zero counts; the smallest rate that the data can tell from it is far above
        // this.
        Ok(PoissonMixture { weights: counts / x.nrows() as f64, rates: rates.map(|rate| rate.max(1e-12)) })
    }

    fn parameters(&self) -> DVector<f64> {
        DVector::from_iterator(2 * self.rates.len(), self.weights.iter().chain(&self.rates).copied())
    }
}

impl Lawful for PoissonMixture {
    /// A sum of x + 4 rounded logs and products.
    fn rounding(&self, x: &DMatrix<f64>) -> DMatrix<f64> {
        DMatrix::from_fn(x.nrows(), self.rates.len(), |i, j| {
            if self.weights[j] == 0.0 {
                return 0.0;
            }
            let log_factorial = (1..=x[i] as u64).map(|m| (m as f64).ln()).sum::<f64>();
            let size =
                self.weights[j].ln().abs() + x[i] * self.rates[j].ln().abs() + self.rates[j] + log_factorial;
            gamma(x[i] as usize + 8) * size
        })
    }

    /// As for the Gaussian mixture: two evaluations, the error of r, weights off the simplex, and the rates, whose
    /// relative error γ(n + 3) costs R_j λ_j γ²/2 only (and 10⁻¹² where a rate was raised to its floor).
    fn fall(&self, next: &Self, x: &DMatrix<f64>) -> Option<f64> {
        let n = x.nrows();
        let (old, new) = (self.log_joint(x).ok()?, next.log_joint(x).ok()?);
        let (old_error, new_error) = (self.rounding(x), next.rounding(x));
        let r_error = responsibility_error(&old, &old_error);
        let change: f64 = (0..old.len())
            .filter(|&at| r_error[at] > f64::MIN_POSITIVE && (new[at] - old[at]).is_finite())
            .map(|at| r_error[at] * (new[at] - old[at]).abs())
            .sum();
        let m_step = n as f64 * (gamma(n + self.rates.len() + 4) + x.amax() * gamma(n + 3).powi(2) + 1e-12);
        Some(
            log_likelihood_error(&old, &old_error) + log_likelihood_error(&new, &new_error) + change + m_step,
        )
    }

    fn reordering(&self, x: &DMatrix<f64>) -> DVector<f64> {
        let g = 2.0 * gamma(4 * x.nrows() + 20);
        let k = self.rates.len();
        DVector::from_fn(2 * k, |m, _| if m < k { g } else { g * x.amax() })
    }

    fn permuted(&self, order: &[usize]) -> Self {
        PoissonMixture { weights: self.weights.select_rows(order), rates: self.rates.select_rows(order) }
    }
}

/// A hard case for the Poisson mixture: tiny and zero weights, coincident rates, few data, large counts.
fn poisson_case() -> impl Strategy<Value = (usize, PoissonMixture, DMatrix<f64>)> {
    (1..30usize, 1..4usize, 0..5usize, any::<u64>()).prop_map(|(n, k, kind, seed)| {
        let mut rng = data::rng(seed);
        let top = if kind == 4 { 200 } else { 12 };
        let x = DMatrix::from_fn(n, 1, |_, _| f64::from(rng.random_range(0..top)));
        let mut weights = cases::weights(k, &mut rng);
        let mut rates = DVector::from_fn(k, |_, _| rng.random_range(0.1..f64::from(top)));
        match kind {
            1 => rates.fill(rates[0]),
            2 | 3 if k > 1 => {
                weights[0] = 0.0;
                weights /= weights.sum();
                weights[0] = if kind == 2 { 1e-300 } else { 0.0 };
            }
            _ => {}
        }
        (kind, PoissonMixture { weights, rates }, x)
    })
}

/// A fit looks at its data itself, for models that do not.
#[test]
fn a_fit_refuses_data_that_are_not_finite() {
    let model = PoissonMixture { weights: dvector![1.0], rates: dvector![2.0] };
    let error = em::fit(model.clone(), &dmatrix![1.0; f64::INFINITY], &em::Stopping::default()).unwrap_err();
    assert_eq!(error, Error::NotFinite { what: "data", row: 1, column: 0, value: f64::INFINITY });
    let error = em::fit(model, &DMatrix::zeros(0, 1), &em::Stopping::default()).unwrap_err();
    assert_eq!(error, Error::Empty { what: "data" });
}

/// The same laws for a model that knows nothing but the trait.
///
/// Source: H-29, H-52, H-60, L-14, T-22.
#[test]
fn the_laws_hold_for_poisson_mixtures() {
    the_laws_hold(poisson_case(), |_| 1.0);
}
