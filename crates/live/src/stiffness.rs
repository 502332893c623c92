//! Questions of the page on soft k-means.

use crate::Result;
use crate::picture::{Picture, width};
use executable_em_figures::plot::number;
use executable_em_figures::state;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
pub struct Question {
    /// log₁₀ β.
    log_stiffness: f64,
    width: f64,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    log_stiffness: f64,
    stiffness: f64,
    /// The places of the means and how many lie at each.
    means: Vec<(f64, usize)>,
    growth: Option<f64>,
    words: String,
    picture: Picture,
}

pub fn answer(question: &Question) -> Result<Answer> {
    let (state, scene) = state::stiffness(question.log_stiffness, width(question.width))?;
    let places: Vec<String> = state
        .means
        .iter()
        .map(|&(mean, count)| {
            let how_many = ["none", "one", "two", "three", "four"].get(count).unwrap_or(&"many");
            format!("{how_many} at {}", number(mean, 3))
        })
        .collect();
    let next = match state.growth {
        Some(growth) => format!(
            "Means at one place part where β times the largest variance of their data reaches 1; it is {}.",
            number(growth, 3)
        ),
        None => "Every mean is alone; from here on only the borders harden.".to_owned(),
    };
    let words = format!("β = {}. Means: {}. {next}", number(state.stiffness, 4), places.join(", "));
    Ok(Answer {
        log_stiffness: state.stiffness.log10(),
        stiffness: state.stiffness,
        means: state.means,
        growth: state.growth,
        words,
        picture: scene.into(),
    })
}
