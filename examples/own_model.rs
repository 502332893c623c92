//! A model of one's own in three methods: a mixture of exponential lifetimes. `cargo run --release --example own_model`
//!
//! Likelihood, responsibilities, the bound, the loop and restarts then come for free; at the end it is asked for the
//! laws that every model obeys.

use executable_em::latent::{self, Model};
use executable_em::{Error, Result, bound, data, em};
use nalgebra::{DMatrix, DVector, dvector};
use rand_distr::{Distribution, Exp};

/// Lifetimes of k kinds: p(x) = Σ_j π_j λ_j exp(−λ_j x).
#[derive(Clone, Debug)]
struct Lifetimes {
    weights: DVector<f64>,
    rates: DVector<f64>,
}

impl Lifetimes {
    fn new(weights: DVector<f64>, rates: DVector<f64>) -> Result<Self> {
        match rates.iter().find(|&&rate| !(rate.is_finite() && rate > 0.0)) {
            None => Ok(Lifetimes { weights, rates }),
            Some(&value) => Err(Error::Domain { what: "rate", value, allowed: "finite and > 0" }),
        }
    }
}

impl Model for Lifetimes {
    /// log π_j + log λ_j − λ_j x.
    fn log_joint(&self, x: &DMatrix<f64>) -> Result<DMatrix<f64>> {
        Ok(DMatrix::from_fn(x.nrows(), self.rates.len(), |i, j| {
            self.weights[j].ln() + self.rates[j].ln() - self.rates[j] * x[i]
        }))
    }

    /// π_j = R_j / n, λ_j = R_j / Σ_i r_ij x_i.
    fn maximize(&self, x: &DMatrix<f64>, r: &DMatrix<f64>) -> Result<Self> {
        let counts = latent::counts(r);
        let sums = (r.transpose() * x).column(0).into_owned();
        Lifetimes::new(&counts / x.nrows() as f64, counts.component_div(&sums))
    }

    fn parameters(&self) -> DVector<f64> {
        DVector::from_iterator(2 * self.rates.len(), self.weights.iter().chain(&self.rates).copied())
    }
}

fn main() -> Result<()> {
    let mut rng = data::rng(1);
    let lifetimes = [1.0, 10.0].map(|rate| Exp::new(rate).expect("a rate"));
    let x = DMatrix::from_fn(2000, 1, |i, _| lifetimes[usize::from(i % 3 == 0)].sample(&mut rng));
    let start = Lifetimes::new(dvector![0.5, 0.5], dvector![0.5, 5.0])?;
    let trace = em::trace(start, &x, &em::Stopping::default())?;
    let Lifetimes { weights, rates } = &trace.fit.model;
    println!("{} sweeps, {:?}", trace.fit.sweeps, trace.fit.stopped);
    println!("weights {:.3}, {:.3}; rates {:.2}, {:.2}", weights[0], weights[1], rates[0], rates[1]);

    // The laws: ℓ never falls; after an E step the bound touches it; it lies below it for any other q.
    let log_joint = trace.fit.model.log_joint(&x)?;
    let (l, r) = (latent::log_likelihood(&log_joint)?, latent::responsibilities(&log_joint)?);
    let even = DMatrix::from_element(x.nrows(), 2, 0.5);
    assert!(trace.rises().iter().all(|&rise| rise > -1e-9));
    assert!((bound::lower_bound(&r, &log_joint)? - l).abs() < 1e-9);
    assert!((bound::lower_bound(&even, &log_joint)? + bound::gap(&even, &log_joint)? - l).abs() < 1e-9);
    Ok(())
}
