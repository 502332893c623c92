//! The crate's own contenders of `make bench`: the engine, and the derivations that it is held to.

mod peak;
mod protocol;

use executable_em::em::{Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::{em, kmeans};
use executable_em_engine as engine;
use executable_em_engine::table::Error;
use executable_em_engine::{Data, Engine, KMeans, Source, Stream};
use nalgebra::{DMatrix, DVector};
use protocol::{Result, Task, floats};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        None | Some("--bench") => {
            println!("`make bench` runs this; `cargo bench --bench step` times the engine alone");
            return Ok(());
        }
        Some("peak") => {
            println!("{}", peak::multiply_adds());
            return Ok(());
        }
        Some(_) => {}
    }
    let task = Task::read()?;
    match (task.name.as_str(), task.family.as_str()) {
        ("derivation", "kmeans") => {
            let (x, start) = (data(&task)?, mixture(&task, CovarianceFamily::Full)?);
            let sweep = |means: &DMatrix<f64>| {
                Ok(kmeans::update_means(&x, &kmeans::responsibilities(&x, means)?, means)?)
            };
            task.answer(|sweeps| repeat(start.means(), sweeps, sweep), |means| with_means(&start, means))
        }
        ("derivation", family) => {
            let (x, start) = (data(&task)?, mixture(&task, family_of(family)?)?);
            task.answer(|sweeps| repeat(&start, sweeps, |model| Ok(em::sweep(model, &x)?)), numbers)
        }
        ("to rest", "kmeans") => to_rest(&task, &Engine::new(task.threads)?),
        ("engine", "kmeans") => lloyd(&task, &Engine::new(task.threads)?),
        ("portable", "kmeans") => lloyd(&task, &Engine::portable(task.threads)?),
        ("engine", _) => fused(&task, &Engine::new(task.threads)?, &Data::new(&data(&task)?)?),
        ("portable", _) => fused(&task, &Engine::portable(task.threads)?, &Data::new(&data(&task)?)?),
        ("streamed", _) => {
            let path = task.folder.join("x.f64");
            fused(&task, &Engine::new(task.threads)?, &Stream(|| blocks(&path, task.d)))
        }
        (name, _) => Err(format!("there is no contender {name} here").into()),
    }
}

fn fused(task: &Task, engine: &Engine, source: &impl Source) -> Result<()> {
    let start = mixture(task, family_of(&task.family)?)?;
    let sweep = |model: &GaussianMixture| Ok(engine.sweep(model, source)?.model);
    task.answer(|sweeps| repeat(&start, sweeps, sweep), numbers)
}

fn lloyd(task: &Task, engine: &Engine) -> Result<()> {
    let (x, start) = (data(task)?, mixture(task, CovarianceFamily::Full)?);
    let (x, means) = (Data::new(&x)?, KMeans::new(start.means().clone())?);
    let sweep = |kmeans: &KMeans| Ok(engine.sweep(kmeans, &x)?.model);
    task.answer(|sweeps| repeat(&means, sweeps, sweep), |kmeans| with_means(&start, kmeans.means()))
}

/// However many sweeps are asked for: until no mean moves.
fn to_rest(task: &Task, engine: &Engine) -> Result<()> {
    let (x, start) = (data(task)?, mixture(task, CovarianceFamily::Full)?);
    let (x, means) = (Data::new(&x)?, KMeans::new(start.means().clone())?);
    let at_rest = Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps: 100_000 };
    let fit = |_| Ok(engine.fit(means.clone(), &x, &at_rest)?.model);
    task.answer(fit, |kmeans| with_means(&start, kmeans.means()))
}

/// The file's data, ten thousand rows at a time.
fn blocks(path: &Path, d: usize) -> engine::Result<impl Iterator<Item = engine::Result<DMatrix<f64>>>> {
    let lost = |source: io::Error| Error::Io { path: path.display().to_string(), source };
    let mut file = File::open(path).map_err(lost)?;
    Ok(std::iter::from_fn(move || {
        let mut bytes = Vec::new();
        match file.by_ref().take(10_000 * 8 * d as u64).read_to_end(&mut bytes) {
            Ok(0) => None,
            Ok(len) => Some(Ok(DMatrix::from_row_iterator(len / 8 / d, d, floats(&bytes)))),
            Err(error) => Some(Err(lost(error).into())),
        }
    }))
}

fn repeat<M: Clone>(start: &M, sweeps: usize, sweep: impl Fn(&M) -> engine::Result<M>) -> Result<M> {
    let mut model = start.clone();
    for _ in 0..sweeps {
        model = sweep(&model)?;
    }
    Ok(model)
}

fn data(task: &Task) -> Result<DMatrix<f64>> {
    Ok(DMatrix::from_row_iterator(task.n, task.d, task.numbers("x.f64")?))
}

fn family_of(name: &str) -> Result<CovarianceFamily> {
    match name {
        "full" => Ok(CovarianceFamily::Full),
        "diagonal" => Ok(CovarianceFamily::Diagonal),
        "spherical" => Ok(CovarianceFamily::Spherical),
        _ => Err(format!("there is no family {name}").into()),
    }
}

fn mixture(task: &Task, family: CovarianceFamily) -> Result<GaussianMixture> {
    let (k, d, start) = (task.k, task.d, task.numbers("start.f64")?);
    let (weights, rest) = start.split_at(k);
    let (means, covariances) = rest.split_at(k * d);
    let covariances = covariances.chunks_exact(d * d).map(|one| DMatrix::from_row_slice(d, d, one)).collect();
    let (weights, means) = (DVector::from_row_slice(weights), DMatrix::from_row_slice(k, d, means));
    Ok(GaussianMixture::new(weights, means, covariances, family)?)
}

/// As [`mixture`] reads them.
fn numbers(model: &GaussianMixture) -> Vec<f64> {
    let means = model.means().transpose();
    let covariances = model.covariances().iter().flat_map(|covariance| covariance.iter());
    model.weights().iter().chain(means.iter()).chain(covariances).copied().collect()
}

/// For k-means, whose weights and covariances stay as they are.
fn with_means(start: &GaussianMixture, means: &DMatrix<f64>) -> Vec<f64> {
    numbers(&start.with_means(means.clone()).expect("the means of a sweep"))
}
