//! Questions of the page on the rate of EM.

use crate::Result;
use crate::picture::{Picture, width};
use executable_em_figures::plot::number;
use executable_em_figures::state::{self, Apart};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
pub struct Question {
    /// Of the means, in standard deviations.
    distance: f64,
    width: f64,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    distance: f64,
    fraction: f64,
    shown: f64,
    errors: [f64; 2],
    words: String,
    picture: Picture,
}

pub fn answer(question: &Question) -> Result<Answer> {
    let apart = Apart::by(question.distance)?;
    let errors = apart.errors();
    // ℓ is off by the square of what θ is off by.
    let digit = -1.0 / (2.0 * apart.fraction.log10());
    let means =
        [0, 1].map(|j| format!("{} ± {}", number(apart.model.means()[j], 2), number(1.96 * errors[j], 2)));
    let words = format!(
        "{} standard deviations apart: the missing labels hide up to {} % of the information, late steps are {} of the \
         one before, and a digit of ℓ takes {} sweeps. Means: {}, in 95 of 100 cases.",
        number(apart.distance, 2),
        number(100.0 * apart.fraction, 1),
        number(apart.shown, 3),
        number(digit, 1),
        means.join(" and "),
    );
    Ok(Answer {
        distance: apart.distance,
        fraction: apart.fraction,
        shown: apart.shown,
        errors,
        words,
        picture: state::rate(&apart, width(question.width))?.into(),
    })
}
