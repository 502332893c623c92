//! Questions of the page on collapse and its remedies.

use crate::picture::{Picture, width};
use crate::{Result, after, scientific, told};
use executable_em_figures::plot::number;
use executable_em_figures::state::{self, Doomed, Remedy};
use serde::{Deserialize, Serialize};

/// By then a run is at rest, or has ended on a datum.
const MOST_SWEEPS: usize = 60;
/// A rise that nobody could see, in nats.
const LEAST: f64 = 1e-9;

#[derive(Debug, Deserialize)]
pub struct Question {
    /// Of the start.
    means: [f64; 2],
    remedy: Kind,
    /// log₁₀ of the floor, or of the prior's scale; at most 0, the start's variance.
    log_size: f64,
    sweeps: usize,
    width: f64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    None,
    Floor,
    Prior,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    means: [f64; 2],
    sweeps: usize,
    /// After the last sweep.
    variances: [f64; 2],
    height: f64,
    /// Why the next sweep has no answer.
    broken: Option<String>,
    at_rest: bool,
    words: String,
    picture: Picture,
}

pub fn answer(question: &Question) -> Result<Answer> {
    let size = 10_f64.powf(question.log_size.min(0.0));
    let remedy = match question.remedy {
        Kind::None => Remedy::None,
        Kind::Floor => Remedy::Floor(size),
        Kind::Prior => Remedy::Prior(size),
    };
    let start = Doomed { means: question.means, remedy };
    let course = start.run(question.sweeps.min(MOST_SWEEPS))?;
    let (sweeps, model) = (course.models.len() - 1, &course.models[course.models.len() - 1]);
    let variances = [0, 1].map(|j| model.covariances()[j][0]);
    let height = course.heights[sweeps];
    let rests = matches!(course.heights[..], [.., before, after] if (after - before).abs() < LEAST);
    let what = if matches!(remedy, Remedy::Prior(_)) { "the log posterior is" } else { "ℓ =" };
    let when = after(sweeps, "sweep");
    let widths = variances.map(shown).join(" and ");
    let broken = course.error.as_ref().map(told);
    let end = match &broken {
        Some(reason) => format!(" The next sweep has no answer: {reason}."),
        None if rests => " Nothing moves any more.".to_owned(),
        None => String::new(),
    };
    Ok(Answer {
        means: question.means,
        sweeps,
        variances,
        height,
        at_rest: broken.is_some() || rests || sweeps == MOST_SWEEPS,
        words: format!("{when} {what} {}, the variances are {widths}.{end}", number(height, 3)),
        broken,
        picture: state::collapse(&start, &course, width(question.width))?.into(),
    })
}

/// A variance that may be as small as numbers go.
fn shown(variance: f64) -> String {
    if variance < 1e-3 { scientific(variance) } else { number(variance, 4) }
}
