//! Questions of the page on the reader's own data: the fit that `executable-em fit` makes of them.

use crate::mixture::Family;
use crate::picture::{Picture, width};
use crate::{Error, Result};
use executable_em::data;
use executable_em::em::{self, Fit, Stopped, Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, scaled_kmeans_start};
use executable_em::pathologies::switching;
use executable_em::scale::{spread::Spread, units::Units};
use executable_em::selection;
use executable_em::variational::Weights;
use executable_em_engine::table::{self, CsvReader, assemble};
use executable_em_engine::{Data, Engine, Fused, Mixture, SavedMixture, VariationalGaussians, keep, sample};
use executable_em_figures::plot::number;
use executable_em_figures::state;
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// What the command line has for these options, and what is told to it.
const STOPPING: Stopping = Stopping { tolerance: Tolerance::LogLikelihood(1e-8), max_sweeps: 1000 };
const SAMPLE: usize = 5000;
const SEED: u64 = 1;
const RESTARTS: usize = 10;

/// A table for those who have none at hand.
pub const EXAMPLE: &str = include_str!("../../../src/data/old_faithful.csv");

/// A table as the reader gave it.
#[derive(Debug, Deserialize)]
pub struct Table {
    text: String,
}

#[derive(Debug, Serialize)]
pub struct Seen {
    n: usize,
    /// The columns of numbers, counted from 1 as in the table, and their names.
    columns: Vec<usize>,
    names: Vec<String>,
    /// Why the others are left out.
    left_out: Vec<String>,
}

/// One number of components, of several up to the highest.
#[derive(Debug, Deserialize)]
pub struct Question {
    text: String,
    /// Counted from 1.
    columns: Vec<usize>,
    family: Family,
    k: usize,
    highest: usize,
    /// Whether k is but the largest number, of which the data keep as many as they need.
    #[serde(default)]
    variational: bool,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    k: usize,
    /// On log p(data), of a variational fit; its ℓ is that at the expected parameters.
    bound: Option<f64>,
    log_likelihood: f64,
    bic: f64,
    parameters: usize,
    sweeps: usize,
    /// Those of all restarts.
    all_sweeps: usize,
    /// How many of the restarts came to this ℓ, to a millionth of a nat a datum.
    same: usize,
    restarts: usize,
    /// For every component its weight, means and standard deviations, to be read.
    rows: Vec<Vec<String>>,
    cells: Vec<String>,
    /// The model as the command line writes and reads it.
    json: String,
}

/// A model to be drawn over two columns of its data, counted from 0 among those that were fitted.
#[derive(Debug, Deserialize)]
pub struct Fitted {
    text: String,
    columns: Vec<usize>,
    json: String,
    axes: [usize; 2],
    criteria: Vec<(usize, f64)>,
    width: f64,
}

#[derive(Debug, Serialize)]
pub struct Drawn {
    picture: Picture,
}

/// Which columns hold numbers, all of them, and why others do not.
pub fn seen(question: &Table) -> Result<Seen> {
    let reader = CsvReader::new(question.text.as_bytes(), "the table").map_err(of_table)?;
    let all = reader.names().to_vec();
    let mut seen = Seen { n: 0, columns: Vec::new(), names: Vec::new(), left_out: Vec::new() };
    for (column, name) in all.iter().enumerate() {
        match chosen(&question.text, &[column + 1]) {
            Ok(x) => {
                seen.n = x.nrows();
                seen.columns.push(column + 1);
                seen.names.push(name.clone());
            }
            Err(error) => seen.left_out.push(format!("{name}: {error}")),
        }
    }
    if seen.columns.is_empty() {
        let reason = seen.left_out.first().cloned().unwrap_or_default();
        return Err(Error::Table(format!("no column holds numbers only; {reason}")));
    }
    Ok(seen)
}

pub fn answer(question: &Question) -> Result<Answer> {
    let x = chosen(&question.text, &question.columns)?;
    let names = names(&question.text, &question.columns)?;
    let (k, family, n) = (question.k, CovarianceFamily::from(question.family), x.nrows());
    let (source, engine) = (Data::new(&x)?, Engine::new(1)?);
    let drawn = sample(&source, SAMPLE.max(20 * question.highest), &mut data::rng(!SEED))?;
    let mut rng = data::rng(SEED);
    let (model, ended) = if question.variational {
        let prior = VariationalGaussians::vague_for(&engine, &source, &drawn, family)?;
        let (weights, units) = (Weights::Dirichlet(1.0 / k as f64), Units::of(&spread(&x))?);
        let start =
            |_| VariationalGaussians::at_clusters(weights, prior.clone(), &drawn, &units, k, &mut rng);
        let (best, ended) = best_of((0..RESTARTS).map(start), &engine, &source)?;
        (best.plug_in(&best.survivors())?, ended)
    } else {
        let start = |_| Ok(scaled_kmeans_start(&drawn, k, family, &mut rng)?);
        let (best, ended) = best_of((0..RESTARTS).map(start), &engine, &source)?;
        (by_weight(&best)?, ended)
    };
    let (bound, log_likelihood) = match question.variational {
        true => (Some(ended.height), engine.statistics(&model, &source)?.log_likelihood),
        false => (None, ended.height),
    };
    let parameters = model.parameter_count();
    let saved = SavedMixture {
        model: Mixture::Gaussian(model.clone()),
        columns: names.clone(),
        log_likelihood,
        n,
        sweeps: ended.sweeps,
        stopped: ended.stopped,
        seed: SEED,
    };
    let (cells, rows) = to_read(&model, &names);
    Ok(Answer {
        k: model.k(),
        bound,
        log_likelihood,
        bic: selection::bic(log_likelihood, parameters, n)?,
        parameters,
        sweeps: ended.sweeps,
        all_sweeps: ended.all_sweeps,
        same: ended.same,
        restarts: RESTARTS,
        rows,
        cells,
        json: saved.to_json(),
    })
}

/// How the best of the restarts ended, at which ℓ or bound, how many came as high, and the sweeps of all.
struct Ended {
    height: f64,
    sweeps: usize,
    stopped: Stopped,
    same: usize,
    all_sweeps: usize,
}

fn best_of<M: Fused>(
    starts: impl Iterator<Item = executable_em_engine::Result<M>>,
    engine: &Engine,
    source: &Data<'_>,
) -> Result<(M, Ended)> {
    let (mut ends, mut reached, mut all_sweeps) = (Vec::new(), Vec::new(), 0);
    engine.best_of(starts, source, &STOPPING, |seen| {
        if let em::Seen::Run { outcome: Ok(run), .. } = seen {
            reached.push(run.log_likelihood);
            all_sweeps += run.sweeps;
            keep(&mut ends, run.clone(), 1.0);
        }
        ControlFlow::Continue(())
    })?;
    let Fit { model, log_likelihood: height, total, sweeps, stopped, .. } = ends.swap_remove(0);
    let same = reached.iter().filter(|&&value| (height - value).abs() <= 1e-6 * total).count();
    Ok((model, Ended { height, sweeps, stopped, same, all_sweeps }))
}

/// How every column spreads.
fn spread(x: &DMatrix<f64>) -> Vec<Spread> {
    let of_one = |column: &[f64]| {
        let mut spread = Spread::EMPTY;
        spread.add(column);
        spread
    };
    x.column_iter().map(|column| of_one(column.as_slice())).collect()
}

pub fn drawn(question: &Fitted) -> Result<Drawn> {
    let x = chosen(&question.text, &question.columns)?;
    let saved = SavedMixture::from_json(&question.json)?;
    let Mixture::Gaussian(model) = &saved.model else {
        return Err(Error::Table("a model of coins is not drawn here".to_owned()));
    };
    let (axes, criteria) = (question.axes, &question.criteria);
    let scene = state::fitted(&x, model, &saved.columns, axes, criteria, width(question.width))?;
    Ok(Drawn { picture: scene.into() })
}

fn of_table(error: table::Error) -> Error {
    Error::Table(error.to_string())
}

/// These columns of the table, counted from 1.
fn chosen(text: &str, columns: &[usize]) -> Result<DMatrix<f64>> {
    let mut reader = CsvReader::new(text.as_bytes(), "the table").map_err(of_table)?;
    let from_zero: Vec<usize> = columns.iter().map(|column| column.saturating_sub(1)).collect();
    reader.choose(&from_zero).map_err(of_table)?;
    assemble(&mut reader).map_err(of_table)
}

fn names(text: &str, columns: &[usize]) -> Result<Vec<String>> {
    let reader = CsvReader::new(text.as_bytes(), "the table").map_err(of_table)?;
    let name = |&column: &usize| reader.names().get(column.saturating_sub(1)).cloned();
    columns.iter().map(name).collect::<Option<_>>().ok_or(Error::Table("no such column".to_owned()))
}

/// The same mixture, the component of largest weight first.
fn by_weight(model: &GaussianMixture) -> executable_em::Result<GaussianMixture> {
    let mut order: Vec<usize> = (0..model.k()).collect();
    order.sort_by(|&one, &other| model.weights()[other].total_cmp(&model.weights()[one]));
    switching::relabelled(model, &order)
}

/// Weight, means and standard deviations with four digits, a row a component.
fn to_read(model: &GaussianMixture, names: &[String]) -> (Vec<String>, Vec<Vec<String>>) {
    let cells = ["component".to_owned(), "weight".to_owned()]
        .into_iter()
        .chain(names.iter().flat_map(|name| [name.clone(), format!("sd of {name}")]))
        .collect();
    let row = |j: usize| {
        let of = |a: usize| [model.means()[(j, a)], model.variance(j, a).sqrt()].map(digits);
        let head = [(j + 1).to_string(), number(model.weights()[j], 4)];
        head.into_iter().chain((0..model.d()).flat_map(of)).collect()
    };
    (cells, (0..model.k()).map(row).collect())
}

/// A number with four significant digits.
fn digits(value: f64) -> String {
    if value == 0.0 || !(1e-4..1e7).contains(&value.abs()) {
        return format!("{value:.3e}").replace('-', "−");
    }
    let whole = value.abs().log10().floor() as i32;
    number(value, (3 - whole).max(0) as usize)
}
