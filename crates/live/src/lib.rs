//! What the book's live pages ask, and what the library answers: one question, one answer, both JSON.
//!
//! A question holds a whole situation: the data, where a run began, how many half steps it has taken, the width of the
//! reader's window. So an address can hold it too, the same question has the same answer in a browser and in a test,
//! and nothing is kept in between but what would come out the same. The mathematics is that of [`executable_em`], the
//! drawings are those of [`executable_em_figures`]; here is neither.
//!
//! | file | whose questions |
//! |---|---|
//! | `kmeans` | Lloyd's algorithm, half step by half step |
//! | `mixture` | EM for a Gaussian mixture in the plane |
//! | `hills` | coordinate ascent on the bound |
//! | `ascent` | EM, gradient ascent and SQUAREM from one start |
//! | `coins` | EM for two coins, from biases and flips of the reader's choice |
//! | `collapse` | a run that ends on a datum, and what holds it |
//! | `criteria` | fits with 1 to 6 components, and what each criterion says to them |
//! | `rate` | how fast EM is, and how sure, by the distance of two clusters |
//! | `stiffness` | soft k-means while β is raised |
//! | `survival` | mean field: which components stay |
//! | `fit` | fits of the reader's own data |
//! | `data` | the data sets that the pages have |
//! | `binding` | the one function that a browser calls |

mod ascent;
mod binding;
mod coins;
mod collapse;
mod criteria;
mod data;
mod fit;
mod hills;
mod kmeans;
mod mixture;
mod picture;
mod rate;
mod stiffness;
mod survival;

pub use data::DataSet;
pub use picture::{Frame, Picture};

use serde::{Deserialize, Serialize};

/// What can be wrong with a question, said so that a page can show it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no question that a page would ask, as where an address was changed by hand.
    #[error("this address says nothing that can be drawn")]
    Question(#[from] serde_json::Error),
    /// The mathematics has no answer.
    #[error("{}", told(.0))]
    Mathematics(#[from] executable_em::Error),
    /// A table that cannot be read, or data that cannot be fitted.
    #[error("{}", told_by_engine(.0))]
    Engine(#[from] executable_em_engine::Error),
    /// A table of the reader's that is none.
    #[error("{0}")]
    Table(String),
    /// No figure has that name.
    #[error("{0}")]
    Figures(#[from] executable_em_figures::Error),
}

/// What a page says of an error: it counts components from 1.
fn told(error: &executable_em::Error) -> String {
    match error {
        executable_em::Error::NotPositiveDefinite { component, smallest_eigenvalue } => format!(
            "component {} has no width left: the smallest eigenvalue of its covariance is {}",
            component + 1,
            if *smallest_eigenvalue == 0.0 { "0".to_owned() } else { scientific(*smallest_eigenvalue) }
        ),
        other => other.to_string(),
    }
}

/// A number that may be as small as numbers go.
fn scientific(value: f64) -> String {
    format!("{value:.1e}").replace('-', "−")
}

fn told_by_engine(error: &executable_em_engine::Error) -> String {
    match error {
        executable_em_engine::Error::Mathematics(error) => told(error),
        other => other.to_string(),
    }
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

#[derive(Deserialize)]
#[serde(tag = "page", rename_all = "lowercase")]
enum Question {
    Kmeans(kmeans::Question),
    Mixture(mixture::Question),
    Hills(hills::Question),
    Ascent(ascent::Question),
    Coins(coins::Question),
    Collapse(collapse::Question),
    Criteria(criteria::Question),
    Fits(criteria::Part),
    Stiffness(stiffness::Question),
    Rate(rate::Question),
    Survival(survival::Question),
    Example,
    Table(fit::Table),
    Fit(fit::Question),
    Fitted(fit::Fitted),
    Figure { name: String },
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Reply {
    Answer(serde_json::Value),
    Error(String),
}

/// The answer to a question: `{"answer": …}`, or `{"error": "a sentence"}`.
///
/// ```
/// let question = r#"{"page": "hills", "theta": 0.3, "at": 0.3, "blur": 0, "moves": "M", "width": 390}"#;
/// assert!(executable_em_live::answer(question).starts_with(r#"{"answer":{"#));
/// assert!(executable_em_live::answer("{}").starts_with(r#"{"error":"this address says nothing"#));
/// ```
pub fn answer(question: &str) -> String {
    let reply = match answered(question) {
        Ok(value) => Reply::Answer(value),
        Err(error) => Reply::Error(error.to_string()),
    };
    serde_json::to_string(&reply).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"))
}

fn answered(question: &str) -> Result<serde_json::Value> {
    Ok(match serde_json::from_str(question)? {
        Question::Kmeans(question) => serde_json::to_value(kmeans::answer(&question)?)?,
        Question::Mixture(question) => serde_json::to_value(mixture::answer(&question)?)?,
        Question::Hills(question) => serde_json::to_value(hills::answer(&question)?)?,
        Question::Ascent(question) => serde_json::to_value(ascent::answer(&question)?)?,
        Question::Coins(question) => serde_json::to_value(coins::answer(&question)?)?,
        Question::Collapse(question) => serde_json::to_value(collapse::answer(&question)?)?,
        Question::Criteria(question) => serde_json::to_value(criteria::answer(&question)?)?,
        Question::Fits(question) => serde_json::to_value(criteria::fitted(&question)?)?,
        Question::Stiffness(question) => serde_json::to_value(stiffness::answer(&question)?)?,
        Question::Rate(question) => serde_json::to_value(rate::answer(&question)?)?,
        Question::Survival(question) => serde_json::to_value(survival::answer(&question)?)?,
        Question::Example => serde_json::to_value(fit::EXAMPLE)?,
        Question::Table(question) => serde_json::to_value(fit::seen(&question)?)?,
        Question::Fit(question) => serde_json::to_value(fit::answer(&question)?)?,
        Question::Fitted(question) => serde_json::to_value(fit::drawn(&question)?)?,
        Question::Figure { name } => serde_json::to_value(executable_em_figures::draw(&name)?.svg())?,
    })
}

/// How far a run is, at the beginning of a sentence.
fn after(count: usize, step: &str) -> String {
    match count {
        0 => "At the start".to_owned(),
        1 => format!("After 1 {step}"),
        _ => format!("After {count} {step}s"),
    }
}

/// Rows of two numbers as an n×2 matrix.
fn matrix(rows: &[[f64; 2]]) -> nalgebra::DMatrix<f64> {
    nalgebra::DMatrix::from_fn(rows.len(), 2, |i, a| rows[i][a])
}

/// An n×2 matrix as rows of two numbers.
fn rows(matrix: &nalgebra::DMatrix<f64>) -> Vec<[f64; 2]> {
    matrix.row_iter().map(|row| [row[0], row[1]]).collect()
}
