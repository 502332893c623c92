//! Questions of the page on EM beside gradient ascent.

use crate::Result;
use crate::picture::{Picture, width};
use executable_em_figures::plot::number;
use executable_em_figures::state::{self, Start};
use serde::{Deserialize, Serialize};

/// By then both have arrived, or never will.
const MOST_STEPS: usize = 300;
/// A rise that nobody could see, in nats.
const LEAST: f64 = 1e-6;

#[derive(Debug, Deserialize)]
pub struct Question {
    /// (μ₁, μ₂).
    place: [f64; 2],
    /// η of gradient ascent.
    step: f64,
    steps: usize,
    width: f64,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    place: [f64; 2],
    steps: usize,
    em: f64,
    gradient: f64,
    at_rest: bool,
    words: String,
    picture: Picture,
}

pub fn answer(question: &Question) -> Result<Answer> {
    let steps = question.steps.min(MOST_STEPS);
    let start = Start { place: question.place, step: question.step, steps };
    let [by_em, by_gradient] = start.climbs()?;
    let last = |climb: &[f64]| climb.last().copied().unwrap_or(f64::NAN);
    let moves = |climb: &[f64]| match climb {
        [.., before, after] => (after - before).abs() > LEAST,
        _ => true,
    };
    let (em, gradient) = (last(&by_em), last(&by_gradient));
    let falls = by_gradient.windows(2).any(|pair| pair[1] < pair[0] - LEAST);
    let count = if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") };
    let remark = match (steps, falls) {
        (0, _) => "",
        (_, true) => " The gradient oversteps: ℓ fell on its way. EM never does.",
        (_, false) if em > gradient + LEAST => " EM is ahead, with no η to choose.",
        (_, false) if em < gradient - LEAST => " The gradient is ahead.",
        _ => "",
    };
    let words = format!(
        "After {count}: ℓ = {} by EM, {} by the gradient.{remark}",
        number(em, 6),
        number(gradient, 6)
    );
    Ok(Answer {
        place: question.place,
        steps,
        em,
        gradient,
        at_rest: steps == MOST_STEPS || (!moves(&by_em) && !moves(&by_gradient)),
        words,
        picture: state::ascent(&start, width(question.width))?.into(),
    })
}
