//! Questions of the page on EM beside gradient ascent and SQUAREM.

use crate::picture::{Picture, width};
use crate::{Result, after};
use executable_em_figures::plot::number;
use executable_em_figures::state::{self, Start, Way};
use serde::{Deserialize, Serialize};

/// By then all have arrived, or never will.
const MOST_SWEEPS: usize = 300;
/// A rise that nobody could see, in nats.
const LEAST: f64 = 1e-6;

#[derive(Debug, Deserialize)]
pub struct Question {
    /// (μ₁, μ₂).
    place: [f64; 2],
    /// η of gradient ascent.
    step: f64,
    sweeps: usize,
    width: f64,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    place: [f64; 2],
    sweeps: usize,
    em: f64,
    gradient: f64,
    squarem: f64,
    at_rest: bool,
    words: String,
    picture: Picture,
}

pub fn answer(question: &Question) -> Result<Answer> {
    let sweeps = question.sweeps.min(MOST_SWEEPS);
    let start = Start { place: question.place, step: question.step, sweeps };
    let ways = start.ways()?;
    let [em, gradient, squarem] = ways.each_ref().map(|way| way.heights.last().copied().unwrap_or(f64::NAN));
    let falls = ways[1].heights.windows(2).any(|pair| pair[1] < pair[0] - LEAST);
    let remark = match sweeps {
        0 => "",
        _ if falls => " The gradient oversteps: ℓ fell on its way. The others never do.",
        _ if squarem > em.max(gradient) + LEAST => " SQUAREM is ahead, by its leaps.",
        _ if em > gradient + LEAST => " EM is ahead of the gradient, with no η to choose.",
        _ if gradient > em + LEAST => " The gradient is ahead of EM.",
        _ => "",
    };
    let [shown_em, shown_gradient, shown_squarem] = [em, gradient, squarem].map(|height| number(height, 6));
    let when = after(sweeps, "sweep");
    let words = match sweeps {
        0 => format!("{when} ℓ = {shown_em}."),
        _ => format!(
            "{when} ℓ = {shown_em} by EM, {shown_gradient} by the gradient, {shown_squarem} by SQUAREM.{remark}"
        ),
    };
    Ok(Answer {
        place: question.place,
        sweeps,
        em,
        gradient,
        squarem,
        at_rest: sweeps == MOST_SWEEPS || ways.iter().all(|way| rests(way, sweeps)),
        words,
        picture: state::ascent(&start, width(question.width))?.into(),
    })
}

/// Whether its last step is nothing to be seen, or so long ago that another was refused.
fn rests(way: &Way, sweeps: usize) -> bool {
    let ended = way.sweeps.last().is_some_and(|last| last + 4 <= sweeps);
    ended || matches!(way.heights[..], [.., before, after] if (after - before).abs() <= LEAST)
}
