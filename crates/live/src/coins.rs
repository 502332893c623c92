//! Questions of the page on two coins.

use crate::picture::{Picture, width};
use crate::{Result, after};
use executable_em_figures::plot::number;
use executable_em_figures::state::{self, Tosses};
use serde::{Deserialize, Serialize};

/// By then a run is at rest, or creeps.
const MOST_SWEEPS: usize = 200;
/// As many flips a draw as a bar each has room.
const MOST_FLIPS: usize = 40;
/// A step that nobody could see.
const LEAST: f64 = 1e-6;

#[derive(Debug, Deserialize)]
pub struct Question {
    /// (p₁, p₂) of the start.
    biases: [f64; 2],
    /// Flips a draw.
    flips: usize,
    sweeps: usize,
    width: f64,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    /// Where the run began …
    start: [f64; 2],
    /// … and where it is.
    biases: [f64; 2],
    flips: usize,
    sweeps: usize,
    log_likelihood: f64,
    at_rest: bool,
    words: String,
    picture: Picture,
}

pub fn answer(question: &Question) -> Result<Answer> {
    let sweeps = question.sweeps.min(MOST_SWEEPS);
    // A bias of 0 or 1 makes some data impossible.
    let biases = question.biases.map(|bias| bias.clamp(0.001, 0.999));
    let start = Tosses { biases, flips: question.flips.clamp(1, MOST_FLIPS) };
    let run = start.run(sweeps)?;
    let place = |sweep: usize| [run[sweep].0.biases()[0], run[sweep].0.biases()[1]];
    let [p, q] = place(sweeps);
    let moved = |from: [f64; 2]| (p - from[0]).abs().max((q - from[1]).abs());
    let rests = sweeps > 0 && moved(place(sweeps - 1)) < LEAST;
    let log_likelihood = run[sweeps].1;
    let remark = match start.flips {
        _ if (p - q).abs() < LEAST => " Equal coins stay equal: the diagonal is a trap.",
        1 if rests => {
            " One flip a draw tells the mean of the biases and no more: every point of the line is as good."
        }
        _ if rests => " Nothing moves any more. The mirror image in the diagonal is as good.",
        _ => "",
    };
    let when = after(sweeps, "sweep");
    let [shown_p, shown_q] = [p, q].map(|bias| number(bias, 3));
    Ok(Answer {
        start: biases,
        biases: [p, q],
        flips: start.flips,
        sweeps,
        log_likelihood,
        at_rest: rests || sweeps == MOST_SWEEPS,
        words: format!(
            "{when} ℓ = {}; heads come with {shown_p} and {shown_q}.{remark}",
            number(log_likelihood, 4)
        ),
        picture: state::coins(&start, &run, width(question.width))?.into(),
    })
}
