//! Questions of the page on k-means.

use crate::picture::{Picture, width};
use crate::{DataSet, Result, matrix, rows};
use executable_em::kmeans::{self, Lloyd, Step};
use executable_em::{Error, data};
use executable_em_figures::plot::number;
use executable_em_figures::state;
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

/// Far from any cap that a run here would meet.
const MAX_SWEEPS: usize = 200;

#[derive(Debug, Deserialize)]
pub struct Question {
    #[serde(default)]
    data: DataSet,
    begin: Begin,
    half_steps: usize,
    width: f64,
}

/// Where the means begin.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Begin {
    Means(Vec<[f64; 2]>),
    Random {
        k: usize,
        seed: u64,
    },
    Plus {
        k: usize,
        seed: u64,
    },
    /// The one of fifty random starts that ends with the largest J.
    Worst {
        k: usize,
    },
}

#[derive(Debug, Serialize)]
pub struct Answer {
    /// Where the run began, k×2.
    start: Vec<[f64; 2]>,
    /// Where the means are, k×2.
    means: Vec<[f64; 2]>,
    half_steps: usize,
    at_rest: bool,
    next: &'static str,
    objective: Option<f64>,
    words: String,
    picture: Picture,
}

pub fn answer(question: &Question) -> Result<Answer> {
    let x = question.data.x()?;
    let run = match &question.begin {
        Begin::Means(means) => kmeans::lloyd(&x, &matrix(means), MAX_SWEEPS)?,
        &Begin::Random { k, seed } => from(&x, kmeans::random_start(&x, k, &mut data::rng(seed))?)?,
        &Begin::Plus { k, seed } => from(&x, kmeans::plus_plus_start(&x, k, &mut data::rng(seed))?)?,
        &Begin::Worst { k } => worst(&x, k)?,
    };
    let half_steps = question.half_steps.min(run.half_steps.len());
    let newest = half_steps.checked_sub(1).map(|at| &run.half_steps[at]);
    let at_rest = half_steps == run.half_steps.len();
    let assigns = half_steps.is_multiple_of(2);
    let words = match newest {
        None => "At the start: no datum has a mean yet.".to_owned(),
        Some(state) => {
            let (number_of, did) = match state.step {
                Step::Assign => ("assign", "each datum went to its nearest mean"),
                Step::Update => ("update", "each mean went to the average of its data"),
            };
            let sweep = half_steps.div_ceil(2);
            let end = if at_rest { " Nothing changes any more." } else { "" };
            format!("Sweep {sweep}, {number_of}: {did}. J = {}.{end}", number(state.objective, 6))
        }
    };
    let picture = state::kmeans(&x, &run, half_steps, width(question.width))?.into();
    Ok(Answer {
        start: rows(&run.start),
        means: rows(newest.map_or(&run.start, |state| &state.means)),
        half_steps,
        at_rest,
        next: if assigns { "assign" } else { "update" },
        objective: newest.map(|state| state.objective),
        words,
        picture,
    })
}

fn from(x: &DMatrix<f64>, start: DMatrix<f64>) -> executable_em::Result<Lloyd> {
    kmeans::lloyd(x, &start, MAX_SWEEPS)
}

/// The starts of the figure `kmeans/starts`.
fn worst(x: &DMatrix<f64>, k: usize) -> executable_em::Result<Lloyd> {
    let mut rng = data::rng(18);
    let starts =
        (0..50).map(|_| kmeans::random_start(x, k, &mut rng)).collect::<executable_em::Result<Vec<_>>>()?;
    let runs = kmeans::restarts(x, starts, MAX_SWEEPS)?;
    let worst = runs.into_iter().max_by(|one, other| one.objective().total_cmp(&other.objective()));
    worst.ok_or(Error::Empty { what: "runs" })
}
