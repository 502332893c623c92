//! Fitted mixtures and their statistics as JSON that people can read and that is read back bit for bit.

use super::{GaussianStatistics, Stopped};
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use crate::{Error, Result, check};
use nalgebra::{DMatrix, DVector};
use serde_json::Value;
use std::fmt::Write;

/// The version of the two documents; another one is not read.
const FORMAT: usize = 1;

/// How far the sum of the counts may be from the number of data, as a part of it: the rounding of n ≤ 10⁷ additions.
const COUNT_TOLERANCE: f64 = 1e-9;

/// What can be written as a JSON document and read back the same, bit for bit.
pub trait Document: Sized {
    /// The document, with line breaks.
    fn to_json(&self) -> String;

    /// Reads the document.
    ///
    /// # Errors
    /// [`Error::Json`] naming the place where it is none, and the errors of parts that do not make one.
    fn from_json(text: &str) -> Result<Self>;
}

/// A fitted Gaussian mixture, and what was fitted how.
///
/// ```
/// use executable_em::engine::{Document, SavedMixture, Stopped};
/// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
/// use executable_em::{Error, data};
/// let x = data::old_faithful();
/// let saved = SavedMixture {
///     model: random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?,
///     columns: vec!["eruptions".to_string(), "waiting".to_string()],
///     log_likelihood: -1289.5,
///     n: 272,
///     sweeps: 0,
///     stopped: Stopped::MaxSweeps,
///     seed: 1,
/// };
/// assert_eq!(SavedMixture::from_json(&saved.to_json())?, saved);
///
/// let broken = saved.to_json().replace("0.5, 0.5", "0.5, 0.6");
/// assert!(matches!(SavedMixture::from_json(&broken), Err(Error::NotOnSimplex { what: "weights", .. })));
/// # Ok::<(), executable_em::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SavedMixture {
    /// The parameters, in the units of the data.
    pub model: GaussianMixture,
    /// The names of the d columns.
    pub columns: Vec<String>,
    /// ℓ of the data that it was fitted to, in nats.
    pub log_likelihood: f64,
    /// Their number.
    pub n: usize,
    /// The number of sweeps.
    pub sweeps: usize,
    /// Why the fit ended.
    pub stopped: Stopped,
    /// The seed of the starts.
    pub seed: u64,
}

impl Document for SavedMixture {
    fn to_json(&self) -> String {
        let model = &self.model;
        let stopped = match self.stopped {
            Stopped::Converged => "converged",
            Stopped::MaxSweeps => "max_sweeps",
            Stopped::Interrupted => "interrupted",
        };
        object(&[
            ("format", FORMAT.to_string()),
            ("kind", quoted("gaussian_mixture")),
            ("made_by", quoted(concat!("executable-em ", env!("CARGO_PKG_VERSION")))),
            ("family", quoted(model.family.name())),
            ("columns", list(self.columns.iter().map(|name| quoted(name)))),
            ("k", model.k().to_string()),
            ("d", model.d().to_string()),
            ("weights", numbers(&model.weights)),
            ("means", lines(rows(&model.means))),
            ("covariances", lines(model.covariances.iter().map(|covariance| list(rows(covariance))))),
            ("log_likelihood", format!("{:?}", self.log_likelihood)),
            ("n", self.n.to_string()),
            ("sweeps", self.sweeps.to_string()),
            ("stopped", quoted(stopped)),
            ("seed", self.seed.to_string()),
        ])
    }

    fn from_json(text: &str) -> Result<Self> {
        let document = parse(text)?;
        let document = Place { name: String::new(), value: &document };
        document.is("gaussian_mixture")?;
        let family = document.field("family")?;
        let name = family.text()?;
        let family =
            CovarianceFamily::ALL.into_iter().find(|known| known.name() == name).ok_or_else(|| {
                family.wrong(&format!("found {name:?}, expected full, tied, diagonal or spherical"))
            })?;
        let (k, d) = (document.field("k")?.count()?, document.field("d")?.count()?);
        let weights = document.field("weights")?.numbers(k)?;
        let means = document.field("means")?.matrix(k, d)?;
        let covariances = document.field("covariances")?.items(k)?;
        let covariances = covariances.map(|covariance| covariance.matrix(d, d)).collect::<Result<_>>()?;
        let columns = document.field("columns")?.items(d)?;
        let stopped = document.field("stopped")?;
        let seed = document.field("seed")?;
        Ok(SavedMixture {
            model: GaussianMixture::new(DVector::from_vec(weights), means, covariances, family)?,
            columns: columns.map(|name| name.text().map(str::to_owned)).collect::<Result<_>>()?,
            log_likelihood: document.field("log_likelihood")?.number()?,
            n: document.field("n")?.count()?,
            sweeps: document.field("sweeps")?.count()?,
            stopped: match stopped.text()? {
                "converged" => Stopped::Converged,
                "max_sweeps" => Stopped::MaxSweeps,
                "interrupted" => Stopped::Interrupted,
                other => {
                    let allowed = "converged, max_sweeps or interrupted";
                    return Err(stopped.wrong(&format!("found {other:?}, expected {allowed}")));
                }
            },
            seed: seed.value.as_u64().ok_or_else(|| seed.not("a whole number ≥ 0"))?,
        })
    }
}

/// Statistics that one machine writes and another adds to its own.
///
/// ```
/// use executable_em::engine::{Data, Document, Engine, GaussianStatistics};
/// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
/// use executable_em::data;
/// let x = data::old_faithful();
/// let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?;
/// let statistics = Engine::new(1)?.statistics(&model, &Data::new(&x)?)?;
/// assert_eq!(GaussianStatistics::from_json(&statistics.to_json())?, statistics);
/// # Ok::<(), executable_em::Error>(())
/// ```
impl Document for GaussianStatistics {
    fn to_json(&self) -> String {
        let (k, d) = self.references.shape();
        object(&[
            ("format", FORMAT.to_string()),
            ("kind", quoted("gaussian_statistics")),
            ("made_by", quoted(concat!("executable-em ", env!("CARGO_PKG_VERSION")))),
            ("k", k.to_string()),
            ("d", d.to_string()),
            ("log_likelihood", format!("{:?}", self.log_likelihood)),
            ("total", format!("{:?}", self.total)),
            ("counts", numbers(&self.counts)),
            ("references", lines(rows(&self.references))),
            ("first", lines(rows(&self.first))),
            ("second", lines(self.second.iter().map(|second| list(rows(second))))),
        ])
    }

    fn from_json(text: &str) -> Result<Self> {
        let document = parse(text)?;
        let document = Place { name: String::new(), value: &document };
        document.is("gaussian_statistics")?;
        let (k, d) = (document.field("k")?.count()?, document.field("d")?.count()?);
        let second = document.field("second")?.items(k)?;
        let second = second.map(|second| second.matrix(d, d)).collect::<Result<Vec<_>>>()?;
        second.iter().try_for_each(|second| check::symmetric("second", second))?;
        let counts = DVector::from_vec(document.field("counts")?.numbers(k)?);
        if let Some(j) = (0..k).find(|&j| counts[j] < 0.0) {
            let reason = format!("found {}, expected a number ≥ 0", counts[j]);
            return Err(Error::Json { place: format!("counts[{j}]"), reason });
        }
        let total = document.field("total")?;
        let (sum, expected) = (total.number()?, counts.sum());
        // False for numbers that are not positive, too.
        if !((sum - expected).abs() <= COUNT_TOLERANCE * sum && sum > 0.0) {
            return Err(total.wrong(&format!("found {sum}, expected the sum of the counts, {expected}")));
        }
        Ok(GaussianStatistics {
            log_likelihood: document.field("log_likelihood")?.number()?,
            total: sum,
            counts,
            references: document.field("references")?.matrix(k, d)?,
            first: document.field("first")?.matrix(k, d)?,
            second,
        })
    }
}

/// A value of a document, and the way to it: `covariances[1][0]`.
struct Place<'a> {
    name: String,
    value: &'a Value,
}

impl<'a> Place<'a> {
    fn wrong(&self, reason: &str) -> Error {
        let place = if self.name.is_empty() { "document".to_owned() } else { self.name.clone() };
        Error::Json { place, reason: reason.to_owned() }
    }

    fn not(&self, expected: &str) -> Error {
        let mut found = self.value.to_string();
        if found.chars().count() > 40 {
            found = found.chars().take(39).chain(['…']).collect();
        }
        self.wrong(&format!("found {found}, expected {expected}"))
    }

    /// Of this kind, in the format that is known.
    fn is(&self, kind: &str) -> Result<()> {
        let found = self.field("kind")?;
        if found.text()? != kind {
            return Err(found.not(kind));
        }
        let format = self.field("format")?;
        if format.count()? == FORMAT {
            Ok(())
        } else {
            Err(format.not("1, the only format that this version reads"))
        }
    }

    fn field(&self, name: &str) -> Result<Place<'a>> {
        let fields = self.value.as_object().ok_or_else(|| self.not("an object"))?;
        let value = fields.get(name).ok_or_else(|| self.wrong(&format!("has no field {name:?}")))?;
        Ok(Place { name: name.to_owned(), value })
    }

    /// The items of a list of just this length.
    fn items(&self, length: usize) -> Result<impl Iterator<Item = Place<'a>> + use<'a>> {
        let items = self.value.as_array().ok_or_else(|| self.not("a list"))?;
        if items.len() != length {
            return Err(self.wrong(&format!("found a list of {}, expected one of {length}", items.len())));
        }
        let name = self.name.clone();
        Ok(items.iter().enumerate().map(move |(i, value)| Place { name: format!("{name}[{i}]"), value }))
    }

    fn number(&self) -> Result<f64> {
        let number = self.value.as_f64().filter(|number| number.is_finite());
        number.ok_or_else(|| self.not("a finite number"))
    }

    fn count(&self) -> Result<usize> {
        let count = self.value.as_u64().and_then(|count| usize::try_from(count).ok());
        count.ok_or_else(|| self.not("a whole number ≥ 0"))
    }

    fn text(&self) -> Result<&'a str> {
        self.value.as_str().ok_or_else(|| self.not("a text"))
    }

    fn numbers(&self, length: usize) -> Result<Vec<f64>> {
        self.items(length)?.map(|item| item.number()).collect()
    }

    fn matrix(&self, rows: usize, columns: usize) -> Result<DMatrix<f64>> {
        let rows_read = self.items(rows)?.map(|row| row.numbers(columns)).collect::<Result<Vec<_>>>()?;
        Ok(DMatrix::from_row_iterator(rows, columns, rows_read.into_iter().flatten()))
    }
}

fn parse(text: &str) -> Result<Value> {
    serde_json::from_str(text)
        .map_err(|error| Error::Json { place: "document".to_owned(), reason: error.to_string() })
}

/// Fields in their order, a line each.
fn object(fields: &[(&str, String)]) -> String {
    let mut text = String::from("{");
    for (index, (name, value)) in fields.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(text, "{comma}\n  {}: {value}", quoted(name));
    }
    text + "\n}\n"
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(", "))
}

/// A list with a line for each item.
fn lines(items: impl IntoIterator<Item = String>) -> String {
    format!("[\n    {}\n  ]", items.into_iter().collect::<Vec<_>>().join(",\n    "))
}

/// With all their digits: the shortest decimal that is read back as the same double.
fn numbers<'a>(values: impl IntoIterator<Item = &'a f64>) -> String {
    list(values.into_iter().map(|value| format!("{value:?}")))
}

fn rows(matrix: &DMatrix<f64>) -> impl Iterator<Item = String> {
    matrix.row_iter().map(numbers)
}
