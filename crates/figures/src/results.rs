//! The times that `make bench` measured, as it left them in `crates/engine/benches/results.json`.
//!
//! Nothing is measured here or in the notebook: a time is different on every run, and what is printed should not be.

use executable_em::gaussian_mixture::CovarianceFamily;
use serde::Deserialize;

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
    /// let results = executable_em_figures::results::measured();
    /// assert!(results.races[0].ms("engine", 1).is_some_and(|ms| ms > 0.0));
    /// # Ok::<(), executable_em::Error>(())
    /// ```
    pub fn ms(&self, contender: &str, threads: usize) -> Option<f64> {
        self.times.iter().find(|time| time.0 == contender && time.1 == threads).map(|time| time.2)
    }
}

/// What is wrong with the file, and where.
#[derive(Debug, thiserror::Error)]
#[error("crates/engine/benches/results.json: {0}; `make bench` writes it anew")]
pub struct Error(#[from] serde_json::Error);

/// The committed results.
///
/// Example: [`Race::ms`].
pub fn measured() -> Results {
    parse(include_str!("../../engine/benches/results.json")).expect("embedded and tested")
}

/// Reads what `make bench` writes.
///
/// # Errors
/// [`Error`] names the field that is missing or is something else, and its line.
///
/// ```
/// use executable_em_figures::results::parse;
/// let error = parse("{}").unwrap_err();
/// assert!(error.to_string().starts_with("crates/engine/benches/results.json: missing field `date`"));
/// ```
pub fn parse(text: &str) -> Result<Results, Error> {
    let File { date, machine, sizes, tricks, scaling } = serde_json::from_str(text)?;
    Ok(Results {
        date,
        machine: format!("{}, {} cores", machine.cpu, machine.cores),
        races: sizes.into_iter().map(Race::from).collect(),
        tricks: tricks.into_iter().map(Trick::named).collect(),
        scaling: [scaling.n, scaling.d, scaling.k],
        apart: scaling.apart,
    })
}

/// What is read of the file.
#[derive(Deserialize)]
struct File {
    date: String,
    machine: Machine,
    sizes: Vec<Size>,
    tricks: Vec<Trick>,
    scaling: Scaling,
}

#[derive(Deserialize)]
struct Machine {
    cpu: String,
    cores: usize,
}

#[derive(Deserialize)]
struct Size {
    n: usize,
    d: usize,
    k: usize,
    family: String,
    contenders: Vec<Time>,
}

#[derive(Deserialize)]
struct Time {
    contender: String,
    threads: usize,
    /// None for whoever takes too long.
    ms: Option<f64>,
}

#[derive(Deserialize)]
struct Trick {
    size: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    version: String,
    threads: usize,
    ms: f64,
}

#[derive(Deserialize)]
struct Scaling {
    n: Vec<(f64, f64)>,
    d: Vec<(f64, f64)>,
    k: Vec<(f64, f64)>,
    apart: Vec<(f64, f64)>,
}

impl From<Size> for Race {
    fn from(Size { n, d, k, family, contenders }: Size) -> Self {
        let family = CovarianceFamily::ALL.into_iter().find(|known| known.name() == family);
        let times = contenders.into_iter().filter_map(|time| Some((time.contender, time.threads, time.ms?)));
        Race { n, d, k, family, times: times.collect() }
    }
}

impl Trick {
    fn named(self) -> (String, Vec<(String, f64)>) {
        let steps =
            self.steps.into_iter().map(|step| (format!("{}, {}", step.version, step.threads), step.ms));
        (self.size, steps.collect())
    }
}
