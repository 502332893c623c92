//! Questions of the page on the bound.

use crate::Result;
use crate::picture::{Picture, width};
use executable_em_figures::plot::number;
use executable_em_figures::state::{self, Hills};
use serde::{Deserialize, Serialize};

/// More moves than these have long come to rest.
const MOST_MOVES: usize = 200;

/// A state, and the E and M steps from there on.
#[derive(Debug, Deserialize)]
pub struct Question {
    theta: f64,
    at: f64,
    blur: f64,
    moves: String,
    width: f64,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    theta: f64,
    at: f64,
    blur: f64,
    log_likelihood: f64,
    lower_bound: f64,
    gap: f64,
    /// Whether a further E and M step would change nothing that is to be seen.
    at_rest: bool,
    words: String,
    picture: Picture,
}

pub fn answer(question: &Question) -> Result<Answer> {
    let mut trail =
        vec![Hills { theta: question.theta, at: question.at, blur: question.blur.clamp(0.0, 1.0) }];
    let mut now = trail[0];
    for letter in question.moves.chars().take(MOST_MOVES) {
        now = if letter == 'E' { now.e_step() } else { now.m_step()? };
        trail.push(now);
    }
    let (log_likelihood, lower_bound, gap) = (now.log_likelihood()?, now.lower_bound()?, now.gap()?);
    let step = match question.moves.chars().last() {
        Some('E') => "The E step moved q to the posterior: the bound touches.",
        Some(_) => "The M step moved θ to the top of the bound; ℓ rose by at least as much.",
        None if gap < 5e-7 => "q is the posterior at θ: the bound touches.",
        None => "q is not the posterior at θ: the bound lies below by KL.",
    };
    let words = format!(
        "θ = {}, ℓ = {}, F = {}, KL = {}. {step}",
        number(now.theta, 4),
        number(log_likelihood, 6),
        number(lower_bound, 6),
        number(gap, 6)
    );
    let next = now.e_step().m_step()?;
    let at_rest = (next.theta - now.theta).abs() < 1e-6 && gap < 1e-9;
    let Hills { theta, at, blur } = now;
    let picture = state::bound(&trail, width(question.width))?.into();
    Ok(Answer { theta, at, blur, log_likelihood, lower_bound, gap, at_rest, words, picture })
}
