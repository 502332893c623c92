//! Fit a table of numbers: `cargo run --release --example fit_csv -- data.csv 3`.
//!
//! Ten starts at k-means clusterings, the run of highest ℓ, its parameters.

use executable_em::em::{Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, kmeans_start};
use executable_em_engine::{Data, Engine, table};
use std::error::Error;
use std::ops::ControlFlow;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "src/data/old_faithful.csv".to_owned());
    let k: usize = arguments.next().map_or(Ok(2), |k| k.parse())?;

    let table = table::read_csv(&path)?;
    let (x, mut rng) = (&table.values, executable_em::data::rng(1));
    let starts = (0..10).map(|_| Ok(kmeans_start(x, k, CovarianceFamily::Full, &mut rng)?));
    let stopping = Stopping { tolerance: Tolerance::LogLikelihood(1e-8), max_sweeps: 1000 };
    let best = Engine::new(0)?.best_of(starts, &Data::new(x)?, &stopping, |_| ControlFlow::Continue(()))?;

    println!("{path}: n = {}, columns {}", x.nrows(), table.names.join(", "));
    println!("ℓ = {:.3} nats after {} sweeps, {:?}", best.log_likelihood, best.sweeps, best.stopped);
    println!("weights {:.4}means {:.3}", best.model.weights().transpose(), best.model.means());
    Ok(())
}
