//! The crate linfa-clustering as a contender of `make bench`.

#[path = "../../contender/protocol.rs"]
mod protocol;

use linfa::DatasetBase;
use linfa::prelude::{Fit, ParamGuard};
use linfa_clustering::{GaussianMixtureModel, GmmInitMethod};
use ndarray::Array2;
use protocol::{Result, Task};
use rand::RngCore;
use std::fs;
use std::sync::Arc;

/// linfa takes no start, but its random start asks a generator for responsibilities, row by row, and normalises them.
/// This generator answers with hard labels: nearly one for the label's component, zero for all others.
#[derive(Clone)]
struct Labels {
    labels: Arc<Vec<u8>>,
    k: usize,
    asked: usize,
}

impl RngCore for Labels {
    fn next_u64(&mut self) -> u64 {
        let (row, component) = (self.asked / self.k, self.asked % self.k);
        self.asked += 1;
        if usize::from(self.labels[row]) == component { u64::MAX } else { 0 }
    }

    fn next_u32(&mut self) -> u32 {
        unreachable!("linfa asks for 64-bit floats")
    }

    fn fill_bytes(&mut self, _: &mut [u8]) {
        unreachable!("linfa asks for 64-bit floats")
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> std::result::Result<(), rand::Error> {
        unreachable!("linfa asks for 64-bit floats")
    }
}

fn main() -> Result<()> {
    let task = Task::read()?;
    if task.family != "full" || task.threads != 1 {
        println!("linfa has full covariances and one thread only");
        return Ok(());
    }
    let data = DatasetBase::from(Array2::from_shape_vec((task.n, task.d), task.numbers("x.f64")?)?);
    let labels = Arc::new(fs::read(task.folder.join("labels.u8"))?);
    let generator = Labels { labels, k: task.k, asked: 0 };

    // A fit that ends by its count of iterations is an error for linfa; it must be told that it has converged. With an
    // infinite tolerance any finite change will do, and the first change is infinite: every run makes two sweeps, and
    // the next run goes on where the last one ended.
    let run = |sweeps: usize| -> Result<_> {
        let parameters = GaussianMixtureModel::params_with_rng(task.k, generator.clone())
            .init_method(GmmInitMethod::Random)
            .reg_covariance(0.0)
            .tolerance(f64::INFINITY)
            .n_runs(sweeps as u64 / 2);
        Ok(parameters.check()?.fit(&data)?)
    };
    task.answer(run, |model| {
        model.weights().iter().chain(model.means()).chain(model.covariances()).copied().collect()
    })
}
