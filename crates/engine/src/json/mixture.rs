//! A fitted mixture as a document.

use super::{read, write, wrong};
use crate::table;
use crate::{Mixture, Result};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::em::Stopped;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::incomplete::student::StudentMixture;
use nalgebra::{DMatrix, DVector};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// A fitted mixture, and what was fitted how.
///
/// ```
/// use executable_em::em::Stopped;
/// use executable_em_engine::{Error, Mixture, SavedMixture};
/// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
/// use executable_em::{Error::NotOnSimplex, data};
/// let x = data::old_faithful();
/// let saved = SavedMixture {
///     model: Mixture::Gaussian(random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(1))?),
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
/// let error = SavedMixture::from_json(&broken);
/// assert!(matches!(error, Err(Error::Mathematics(NotOnSimplex { what: "weights", .. }))));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SavedMixture {
    /// The parameters, in the units of the data.
    pub model: Mixture,
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

impl SavedMixture {
    /// A mixture on its way, which no fit has ended with: of no data, after no sweeps.
    pub fn unfitted(model: Mixture, columns: Vec<String>) -> Self {
        let (log_likelihood, n, sweeps, stopped, seed) = (0.0, 0, 0, Stopped::Interrupted, 0);
        SavedMixture { model, columns, log_likelihood, n, sweeps, stopped, seed }
    }

    /// The document, with line breaks.
    pub fn to_json(&self) -> String {
        let SavedMixture { ref model, ref columns, log_likelihood, n, sweeps, stopped, seed } = *self;
        let mut document = Document {
            format: FORMAT,
            kind: Kind::Bernoulli,
            made_by: concat!("executable-em ", env!("CARGO_PKG_VERSION")).to_owned(),
            family: None,
            flips: None,
            columns: columns.clone(),
            k: model.k(),
            d: columns.len(),
            weights: model.weights().as_slice().to_vec(),
            means: None,
            covariances: None,
            variances: None,
            degrees: None,
            biases: None,
            log_likelihood,
            n,
            sweeps,
            stopped,
            seed,
        };
        match model {
            Mixture::Gaussian(model) => document.describe(Kind::Gaussian, model),
            Mixture::Student(model) => {
                document.describe(Kind::Student, model.shape());
                document.degrees = Some(model.degrees().as_slice().to_vec());
            }
            Mixture::Bernoulli(model) => {
                document.flips = Some(model.flips());
                document.biases = Some(rows(model.biases()));
            }
        }
        write(&document).expect("numbers and texts")
    }

    /// Reads the document.
    ///
    /// # Errors
    /// [`table::Error::Json`] naming the place where it is none, and the errors of parameters that make no mixture.
    pub fn from_json(text: &str) -> Result<Self> {
        let document: Document = read(text)?;
        let Document { columns, k, d, log_likelihood, n, sweeps, stopped, seed, .. } = document;
        check_length("columns", columns.len(), d)?;
        check_length("weights", document.weights.len(), k)?;
        let weights = DVector::from_vec(document.weights);
        let shapes = match (document.covariances, document.variances) {
            (Some(covariances), None) => Some(Shapes::Covariances(covariances)),
            (None, Some(variances)) => Some(Shapes::Variances(variances)),
            _ => None,
        };
        let gaussian = (document.family, document.means, shapes);
        let others = (document.degrees, document.flips, document.biases);
        let of_gaussians = |name: String, means, shapes: Shapes| -> Result<GaussianMixture> {
            let family = family(&name)?;
            let covariances = shapes.covariances(family, k, d)?;
            Ok(GaussianMixture::new(weights.clone(), matrix("means", means, k, d)?, covariances, family)?)
        };
        let model = match (document.kind, gaussian, others) {
            (Kind::Gaussian, (Some(name), Some(means), Some(shapes)), (None, None, None)) => {
                Mixture::Gaussian(of_gaussians(name, means, shapes)?)
            }
            (Kind::Student, (Some(name), Some(means), Some(shapes)), (Some(degrees), None, None)) => {
                check_length("degrees", degrees.len(), k)?;
                let shape = of_gaussians(name, means, shapes)?;
                Mixture::Student(StudentMixture::new(shape, DVector::from_vec(degrees))?)
            }
            (Kind::Bernoulli, (None, None, None), (None, Some(flips), Some(biases))) => {
                Mixture::Bernoulli(BernoulliMixture::new(weights, matrix("biases", biases, k, d)?, flips)?)
            }
            _ => {
                let reason = "a gaussian_mixture has family, means and covariances or variances, a student_mixture \
                              these and degrees, a bernoulli_mixture flips and biases, and none has what another has";
                return Err(wrong("", reason).into());
            }
        };
        Ok(SavedMixture { model, columns, log_likelihood, n, sweeps, stopped, seed })
    }
}

impl Document {
    /// Gaussians, or the shape of t.
    fn describe(&mut self, kind: Kind, model: &GaussianMixture) {
        self.kind = kind;
        self.family = Some(model.family().name().to_owned());
        self.means = Some(rows(model.means()));
        match model.variances() {
            None => self.covariances = Some(model.covariances().iter().map(rows).collect()),
            // One number says all of a round one.
            Some(variances) if model.family() == CovarianceFamily::Spherical => {
                self.variances = Some(rows(&variances.columns(0, 1).into_owned()));
            }
            Some(variances) => self.variances = Some(rows(variances)),
        }
    }
}

/// The covariances in either of their forms.
enum Shapes {
    Covariances(Vec<Vec<Vec<f64>>>),
    /// Of diagonal ones a row of d, of spherical ones a row of one number.
    Variances(Vec<Vec<f64>>),
}

impl Shapes {
    fn covariances(self, family: CovarianceFamily, k: usize, d: usize) -> table::Result<Vec<DMatrix<f64>>> {
        match self {
            Shapes::Covariances(covariances) => {
                check_length("covariances", covariances.len(), k)?;
                let covariance = |(j, rows)| matrix(&format!("covariances[{j}]"), rows, d, d);
                covariances.into_iter().enumerate().map(covariance).collect()
            }
            Shapes::Variances(rows) => {
                let count = match family {
                    CovarianceFamily::Diagonal => d,
                    CovarianceFamily::Spherical => 1,
                    _ => {
                        let name = family.name();
                        return Err(wrong(
                            "variances",
                            format!("found in a {name} family, expected covariances"),
                        ));
                    }
                };
                let variances = matrix("variances", rows, k, count)?;
                let diagonal = |j: usize| DMatrix::from_fn(d, 1, |a, _| variances[(j, a.min(count - 1))]);
                Ok((0..k).map(diagonal).collect())
            }
        }
    }
}

/// The fields in their order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a fitted mixture")]
struct Document {
    #[serde(deserialize_with = "known_format")]
    format: u64,
    kind: Kind,
    made_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flips: Option<usize>,
    columns: Vec<String>,
    k: usize,
    d: usize,
    weights: Vec<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    means: Option<Vec<Vec<f64>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    covariances: Option<Vec<Vec<Vec<f64>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variances: Option<Vec<Vec<f64>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    degrees: Option<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    biases: Option<Vec<Vec<f64>>>,
    log_likelihood: f64,
    n: usize,
    sweeps: usize,
    #[serde(with = "WhyStopped")]
    stopped: Stopped,
    seed: u64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "gaussian_mixture")]
    Gaussian,
    #[serde(rename = "bernoulli_mixture")]
    Bernoulli,
    #[serde(rename = "student_mixture")]
    Student,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Stopped", rename_all = "snake_case")]
pub(super) enum WhyStopped {
    Converged,
    MaxSweeps,
    Fell,
    Interrupted,
}

/// The version of the document; another one is not read.
pub(super) const FORMAT: u64 = 1;

pub(super) fn known_format<'de, D: Deserializer<'de>>(input: D) -> std::result::Result<u64, D::Error> {
    match u64::deserialize(input)? {
        FORMAT => Ok(FORMAT),
        other => Err(D::Error::custom(format!(
            "found {other}, expected 1, the only format that this version reads"
        ))),
    }
}

fn family(name: &str) -> table::Result<CovarianceFamily> {
    CovarianceFamily::ALL
        .into_iter()
        .find(|family| family.name() == name)
        .ok_or_else(|| wrong("family", format!("found {name:?}, expected full, tied, diagonal or spherical")))
}

pub(crate) fn rows(matrix: &DMatrix<f64>) -> Vec<Vec<f64>> {
    matrix.row_iter().map(|row| row.iter().copied().collect()).collect()
}

pub(crate) fn matrix(place: &str, rows: Vec<Vec<f64>>, n: usize, d: usize) -> table::Result<DMatrix<f64>> {
    check_length(place, rows.len(), n)?;
    for (i, row) in rows.iter().enumerate() {
        check_length(&format!("{place}[{i}]"), row.len(), d)?;
    }
    Ok(DMatrix::from_row_iterator(n, d, rows.into_iter().flatten()))
}

pub(crate) fn check_length(place: &str, found: usize, expected: usize) -> table::Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(wrong(place, format!("found a list of {found}, expected one of {expected}")))
}
