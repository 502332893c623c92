//! Questions of the page on the number of components.

use crate::mixture::Family;
use crate::picture::{Picture, width};
use crate::{DataSet, Result};
use executable_em::em::{Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, kmeans_start, random_start};
use executable_em::pathologies::switching::relabelled;
use executable_em::selection::{Candidate, chosen_k, criteria, cross_validate, folds, icl};
use executable_em::{Error, em::Fit};
use executable_em_engine::{Data, Engine};
use executable_em_figures::plot::number;
use executable_em_figures::state::{self, Judged};
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

/// So many components are offered.
const MOST: usize = 6;
const FOLDS: usize = 5;

#[derive(Debug, Deserialize)]
pub struct Question {
    #[serde(default)]
    data: DataSet,
    #[serde(default)]
    family: Family,
    k: usize,
    width: f64,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    k: usize,
    most: usize,
    /// For each k its parameters, ℓ, AIC, BIC, ICL, and ℓ held out in nats a datum, to be read.
    rows: Vec<[String; 6]>,
    /// The k that each of the last five prefers.
    best: [usize; 5],
    log_likelihood: f64,
    bic: f64,
    held_out: f64,
    words: String,
    picture: Picture,
}

/// A part of the work beforehand, so that the page can say how far it is.
#[derive(Debug, Deserialize)]
pub struct Part {
    data: DataSet,
    family: Family,
    /// Up to so many components.
    k: usize,
}

/// Up to how many components there are fits then, at least.
pub fn fitted(question: &Part) -> Result<usize> {
    let most = question.k.min(MOST);
    judged(question.data, question.family.into(), most)?;
    Ok(most)
}

pub fn answer(question: &Question) -> Result<Answer> {
    let judged = judged(question.data, question.family.into(), MOST)?;
    let k = question.k.clamp(1, MOST);
    let (found, held_out, n) = (&judged.found, &judged.held_out, judged.x.nrows() as f64);
    let row = |(one, height): (&Candidate<GaussianMixture>, &f64)| {
        let values = [one.fit.log_likelihood, one.criteria.aic, one.criteria.bic, one.icl];
        let [l, aic, bic, icl] = values.map(|value| number(value, 1));
        [one.parameters.to_string(), l, aic, bic, icl, number(height / n, 4)]
    };
    let rows: Vec<[String; 6]> = found.iter().zip(held_out).map(row).collect();
    let best = [
        chosen_k(found, |one| -one.fit.log_likelihood)?,
        chosen_k(found, |one| one.criteria.aic)?,
        chosen_k(found, |one| one.criteria.bic)?,
        chosen_k(found, |one| one.icl)?,
        chosen_k(found, |one| -held_out[one.k - 1])?,
    ];
    let [parameters, l, aic, bic, icl, fresh] = &rows[k - 1];
    let [_, by_aic, by_bic, by_icl, by_fresh] = best;
    let name = if k == 1 { "One component".to_owned() } else { format!("{k} components") };
    let end = if by_aic == MOST { " (the most that is offered)" } else { "" };
    let words = format!(
        "{name}, {parameters} parameters: ℓ = {l}, AIC {aic}, BIC {bic}, ICL {icl}; held out {fresh} nats a datum. \
         AIC chooses {by_aic}{end}, BIC {by_bic}, ICL {by_icl}, data held out choose {by_fresh}.",
    );
    Ok(Answer {
        k,
        most: MOST,
        best,
        log_likelihood: found[k - 1].fit.log_likelihood,
        bic: found[k - 1].criteria.bic,
        held_out: held_out[k - 1],
        words,
        picture: state::judged(&judged, question.data.names(), k, width(question.width))?.into(),
        rows,
    })
}

/// The fits with up to so many components. They do not depend on what is shown, and are kept for the next question.
fn judged(data: DataSet, family: CovarianceFamily, most: usize) -> Result<Judged> {
    static KEPT: Mutex<Vec<(DataSet, CovarianceFamily, Judged)>> = Mutex::new(Vec::new());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let place = kept.iter().position(|one| (one.0, one.1) == (data, family)).unwrap_or(kept.len());
    if place == kept.len() {
        kept.push((data, family, Judged { x: data.x()?, found: Vec::new(), held_out: Vec::new() }));
    }
    let (engine, judged) = (Engine::new(1)?, &mut kept[place].2);
    for k in judged.found.len() + 1..=most {
        let (one, height) =
            (candidate(&engine, &judged.x, k, family, data)?, held_out(&engine, &judged.x, k, family)?);
        judged.found.push(one);
        judged.held_out.push(height);
    }
    Ok(judged.clone())
}

/// The best of six random starts, as in `selection/criteria`, its components from left to right.
fn candidate(
    engine: &Engine,
    x: &DMatrix<f64>,
    k: usize,
    family: CovarianceFamily,
    data: DataSet,
) -> Result<Candidate<GaussianMixture>> {
    let n = x.nrows();
    let mut rng = executable_em::data::rng(if data == DataSet::Faithful { 7 } else { 1 });
    let starts = (0..6).map(|_| random_start(x, k, family, &mut rng));
    let stopping = Stopping { tolerance: Tolerance::LogLikelihood(1e-4 / n as f64), max_sweeps: 400 };
    let mut fit = best(engine, x, starts, &stopping)?;
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by(|&one, &other| fit.model.means()[(one, 0)].total_cmp(&fit.model.means()[(other, 0)]));
    fit.model = relabelled(&fit.model, &order)?;
    let (l, parameters) = (fit.log_likelihood, fit.model.parameter_count());
    let entropy = engine.label_entropy(&fit.model, &Data::new(x)?)?;
    let icl = icl(l, parameters, n, entropy)?;
    Ok(Candidate { k, fit, parameters, criteria: criteria(l, parameters, n)?, icl })
}

/// ℓ held out in five folds, as in `selection/held_out`.
fn held_out(engine: &Engine, x: &DMatrix<f64>, k: usize, family: CovarianceFamily) -> Result<f64> {
    let folds = folds(x.nrows(), FOLDS, &mut executable_em::data::rng(1))?;
    let tolerance = Tolerance::LogLikelihood(1.25e-3 / x.nrows() as f64);
    let stopping = Stopping { tolerance, max_sweeps: 200 };
    let run = cross_validate(x, &folds, |training| {
        let mut rng = executable_em::data::rng(1);
        let starts = (0..2).map(|_| kmeans_start(training, k, family, &mut rng));
        Ok(best(engine, training, starts, &stopping)?.model)
    })?;
    Ok(run.log_likelihood())
}

fn best(
    engine: &Engine,
    x: &DMatrix<f64>,
    starts: impl Iterator<Item = executable_em::Result<GaussianMixture>>,
    stopping: &Stopping,
) -> executable_em::Result<Fit<GaussianMixture>> {
    let starts = starts.map(|start| Ok(start?));
    let fit = Data::new(x).and_then(|x| engine.best_of(starts, &x, stopping, |_| ControlFlow::Continue(())));
    fit.map_err(|error| match error {
        executable_em_engine::Error::Mathematics(error) => error,
        // Of tables and threads there are none.
        _ => Error::Empty { what: "runs" },
    })
}
