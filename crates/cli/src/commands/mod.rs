//! The commands, one file each, and what they share.
//!
//! | file | what it holds |
//! |---|---|
//! | `figures.rs` | `figures` and `list` |
//! | `map.rs` | `catalogue` |
//! | `options.rs`, `fit.rs` | `fit`: its options, and its course |
//! | `suited.rs` | what makes no sense for the data |
//! | `singular.rs` | columns that depend on each other |
//! | `plan.rs` | what is to be fitted, each k and family |
//! | `explore.rs` | where runs begin, and how far they go |
//! | `search.rs` | the search for the best of one kind and k, and what the criteria say |
//! | `clusters.rs` | `fit --model kmeans` |
//! | `starts.rs` | where a fit begins |
//! | `exchange.rs` | a mixture with one of its components replaced |
//! | `watch.rs` | progress on a terminal, and Ctrl-C |
//! | `report.rs`, `digits.rs` | a fit as text, and its numbers |
//! | `plot.rs` | a fit as a picture |
//! | `predict.rs` | `predict`, and the responsibilities that `fit` writes |
//! | `sample.rs` | `sample` |
//! | `impute.rs` | `impute` |
//! | `conditional.rs` | `conditional` and `marginal` |
//! | `sure.rs` | how sure a fit is: `fit --errors` and `--certify` |
//! | `variational.rs` | `fit --variational` |
//! | `gaps.rs` | what is missing from a table |
//! | `input.rs` | the user's data, read block by block |
//! | `lines.rs` | on which line of a text a row stands |
//! | `elsewhere.rs` | a table that somebody else holds |
//! | `reading.rs` | a table that is being read |
//! | `names.rs`, `columns.rs` | columns as an option names them, and which are meant |
//! | `weights.rs` | a column that says how often each datum counts |
//! | `advice.rs` | what to do about a cell that is no number, and about an index |
//! | `told.rs` | the library's errors in the program's words |
//! | `seen.rs` | that a file is still what it was |
//! | `parquet.rs` | Parquet files, with the feature of that name |
//! | `outputs.rs` | where results go, asked before the work |
//! | `store.rs` | data kept for many passes, in memory or in a temporary file |

mod advice;
mod clusters;
mod columns;
pub mod conditional;
mod device;
mod digits;
mod doubt;
pub mod elsewhere;
mod exchange;
mod explore;
pub mod figures;
pub mod fit;
mod gaps;
pub mod impute;
mod input;
mod lines;
pub mod map;
pub mod memory;
mod names;
pub mod options;
mod outputs;
#[cfg(feature = "parquet")]
mod parquet;
mod plan;
mod plot;
pub mod predict;
mod reading;
mod report;
pub mod sample;
mod search;
mod seen;
mod singular;
mod starts;
mod store;
mod suited;
mod sure;
mod text;
mod told;
mod variational;
mod watch;
mod weights;

use std::{
    borrow::Cow,
    error::Error,
    io::{self, ErrorKind, Write},
};

/// What went wrong, by exit status.
#[derive(Debug)]
pub enum Failure {
    /// 1: the work could not be done.
    Work(Vec<String>),
    /// 2: the command makes no sense.
    Usage(String),
    /// 130: Ctrl-C.
    Interrupted,
    /// 0: whoever read the output has seen enough.
    Enough,
}

/// Whatever it is, it names the place and the value.
impl<E: Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        broken(told::told(&error))
    }
}

/// One sentence, exit status 1.
fn broken(reason: impl Into<String>) -> Failure {
    Failure::Work(vec![reason.into()])
}

/// Writes to standard output; a reader who has seen enough, as `head` does, is no error.
fn say(text: &str) -> Result<(), Failure> {
    match io::stdout()
        .write_all(legible(text).as_bytes())
        .map_err(|error| unwritten("standard output", &error))
    {
        Err(Failure::Enough) => Ok(()),
        other => other,
    }
}

/// Writes a line to standard error. That may be closed or full: warnings may fail, results may not.
pub fn warn(line: &str) {
    let _ = writeln!(io::stderr(), "{}", legible(line));
}

/// Text for a terminal: what a file holds beside letters may colour it or move its cursor, and is spelled out.
fn legible(text: &str) -> Cow<'_, str> {
    let is_spelled = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(is_spelled) {
        return text.into();
    }
    let letter = |c: char| if is_spelled(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(letter).collect()
}

/// Why something could not be written.
fn unwritten(path: &str, error: &io::Error) -> Failure {
    if error.kind() == ErrorKind::BrokenPipe { Failure::Enough } else { broken(format!("{path}: {error}")) }
}

/// A cell of a table, between quotes if a separator, a quote or the end of a line could be seen in it.
fn cell(text: &str) -> String {
    if text.contains([',', ';', '\t', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
