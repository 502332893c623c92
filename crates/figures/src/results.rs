//! The times that `make bench` measured, as it left them in `benches/results.json`.
//!
//! Nothing is measured here or in the notebook: a time is different on every run, and what is printed should not be.

use crate::error::{Error, Result};
use crate::gaussian_mixture::CovarianceFamily;
use serde_json::Value;

/// One run of `make bench`.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// When, as in 2026-11-22.
    pub date: String,
    /// The processor's name and its number of cores.
    pub machine: String,
    /// The race at each size.
    pub races: Vec<Race>,
    /// What each trick of the engine is worth, size by size: the versions in turn, with their milliseconds a sweep.
    pub tricks: Vec<(String, Vec<(String, f64)>)>,
    /// Milliseconds a sweep over n, over d and over k, the other two held.
    pub scaling: [Vec<(f64, f64)>; 3],
    /// Milliseconds a sweep over the distance of two clusters' centres in standard deviations, for n = 20 000, d = 64
    /// and k = 16.
    pub apart: Vec<(f64, f64)>,
}

/// All contenders on the same data from the same start.
#[derive(Clone, Debug, PartialEq)]
pub struct Race {
    /// The number of data.
    pub n: usize,
    /// Their dimension.
    pub d: usize,
    /// The number of components.
    pub k: usize,
    /// The covariances; none for k-means.
    pub family: Option<CovarianceFamily>,
    /// Name, threads and milliseconds a sweep of everyone who came in.
    pub times: Vec<(String, usize, f64)>,
}

impl Race {
    /// Milliseconds a sweep of this contender on so many threads; nothing if it did not take part.
    ///
    /// ```
    /// let results = executable_em::scale::results::measured()?;
    /// assert!(results.races[0].ms("engine", 1).is_some_and(|ms| ms > 0.0));
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn ms(&self, contender: &str, threads: usize) -> Option<f64> {
        self.times.iter().find(|time| time.0 == contender && time.1 == threads).map(|time| time.2)
    }
}

/// The committed results.
///
/// [`Error::File`] if they are not what `make bench` writes.
///
/// Example: [`Race::ms`].
pub fn measured() -> Result<Results> {
    parse(include_str!("../../benches/results.json"))
}

/// Reads what `make bench` writes.
///
/// [`Error::File`] names the entry that is missing or is something else.
///
/// ```
/// use executable_em::scale::results::parse;
/// let error = parse("{}").unwrap_err();
/// assert_eq!(error.to_string(), "benches/results.json: date: missing, or no text");
/// ```
pub fn parse(text: &str) -> Result<Results> {
    let root: Value = serde_json::from_str(text).map_err(|error| broken("", &error.to_string()))?;
    let date = text_of(&root, "date")?;
    let machine = &root["machine"];
    let machine = format!("{}, {} cores", text_of(machine, "cpu")?, number(machine, "cores")?);
    let races = list(&root, "sizes")?.iter().map(race).collect::<Result<_>>()?;
    let tricks = list(&root, "tricks")?
        .iter()
        .map(|trick| {
            let steps = list(trick, "steps")?.iter().map(|step| {
                Ok((
                    format!("{}, {}", text_of(step, "version")?, number(step, "threads")?),
                    number(step, "ms")?,
                ))
            });
            Ok((text_of(trick, "size")?, steps.collect::<Result<_>>()?))
        })
        .collect::<Result<_>>()?;
    let curve = |letter: &'static str| -> Result<Vec<(f64, f64)>> {
        let points = list(&root["scaling"], letter)?.iter();
        points
            .map(|point| match (point[0].as_f64(), point[1].as_f64()) {
                (Some(at), Some(ms)) => Ok((at, ms)),
                _ => Err(broken(letter, "no pair of numbers")),
            })
            .collect()
    };
    let scaling = [curve("n")?, curve("d")?, curve("k")?];
    Ok(Results { date, machine, races, tricks, scaling, apart: curve("apart")? })
}

fn race(value: &Value) -> Result<Race> {
    let count = |key: &'static str| Ok(number(value, key)? as usize);
    let name = text_of(value, "family")?;
    let family = CovarianceFamily::ALL.into_iter().find(|family| family.name() == name);
    let mut times = Vec::new();
    for contender in list(value, "contenders")? {
        if let Some(ms) = contender["ms"].as_f64() {
            times.push((text_of(contender, "contender")?, number(contender, "threads")? as usize, ms));
        }
    }
    Ok(Race { n: count("n")?, d: count("d")?, k: count("k")?, family, times })
}

fn broken(key: &str, problem: &str) -> Error {
    let reason = if key.is_empty() { problem.to_owned() } else { format!("{key}: {problem}") };
    Error::File { path: "benches/results.json".to_owned(), reason }
}

fn text_of(value: &Value, key: &'static str) -> Result<String> {
    value[key].as_str().map(str::to_owned).ok_or_else(|| broken(key, "missing, or no text"))
}

fn number(value: &Value, key: &'static str) -> Result<f64> {
    value[key].as_f64().ok_or_else(|| broken(key, "missing, or no number"))
}

fn list<'a>(value: &'a Value, key: &'static str) -> Result<&'a Vec<Value>> {
    value[key].as_array().ok_or_else(|| broken(key, "missing, or no list"))
}
