//! Questions of the page on components that empty themselves.

use crate::picture::{Picture, width};
use crate::{Result, after, matrix, rows};
use executable_em_figures::plot::number;
use executable_em_figures::state::{self, Crowd};
use serde::{Deserialize, Serialize};

/// By then every run is at rest.
const MOST_SWEEPS: usize = 200;
/// More have no colours of their own.
const MOST: usize = 8;

#[derive(Debug, Deserialize)]
pub struct Question {
    /// Where the components begin; those of the still figure if it is empty.
    means: Vec<[f64; 2]>,
    /// log₁₀ α.
    log_concentration: f64,
    sweeps: usize,
    width: f64,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    /// Where the run began.
    means: Vec<[f64; 2]>,
    sweeps: usize,
    bound: f64,
    alive: usize,
    at_rest: bool,
    words: String,
    picture: Picture,
}

pub fn answer(question: &Question) -> Result<Answer> {
    let usual = Crowd::usual()?;
    let means = match &question.means[..] {
        [] => usual.means,
        some => matrix(&some[..some.len().min(MOST)]),
    };
    let concentration = 10_f64.powf(question.log_concentration.clamp(-6.0, 6.0));
    let start = Crowd { means, concentration };
    let survival = start.run(question.sweeps.min(MOST_SWEEPS))?;
    let sweeps = survival.run.len() - 1;
    let model = &survival.run[sweeps];
    let mut counts: Vec<f64> = model.survivors().iter().map(|&j| model.shares().counts()[j]).collect();
    counts.sort_by(|one, other| other.total_cmp(one));
    let shown: Vec<String> = counts.iter().map(|&count| number(count, 1)).collect();
    let when = after(sweeps, "sweep");
    let words = format!(
        "{when} {} of {} components are alive, with {} data; the bound is {}.{}",
        counts.len(),
        start.means.nrows(),
        shown.join(", "),
        number(survival.bounds[sweeps], 3),
        if survival.rests { " Nothing moves any more." } else { "" },
    );
    Ok(Answer {
        means: rows(&start.means),
        sweeps,
        bound: survival.bounds[sweeps],
        alive: counts.len(),
        at_rest: survival.rests || sweeps == MOST_SWEEPS,
        words,
        picture: state::survival(&survival, width(question.width))?.into(),
    })
}
