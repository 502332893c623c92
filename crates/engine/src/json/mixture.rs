//! A fitted mixture as a document.

use super::{Document, Place, header, lines, list, numbers, object, parse, quoted, rows};
use crate::Result;
use crate::bernoulli_mixture::BernoulliMixture;
use crate::em::Stopped;
use crate::engine::Mixture;
use crate::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use nalgebra::DVector;

const GAUSSIAN: &str = "gaussian_mixture";
const BERNOULLI: &str = "bernoulli_mixture";

/// A fitted mixture, and what was fitted how.
///
/// ```
/// use executable_em::em::Stopped;
/// use executable_em::engine::{Document, Mixture, SavedMixture};
/// use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
/// use executable_em::{Error, data};
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
/// assert!(matches!(SavedMixture::from_json(&broken), Err(Error::NotOnSimplex { what: "weights", .. })));
/// # Ok::<(), executable_em::Error>(())
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

impl Document for SavedMixture {
    fn to_json(&self) -> String {
        let (kind, form, parameters) = match &self.model {
            Mixture::Gaussian(model) => {
                let covariances = model.covariances().iter().map(|covariance| list(rows(covariance)));
                let means = ("means", lines(rows(model.means())));
                let form = ("family", quoted(model.family().name()));
                (GAUSSIAN, form, vec![means, ("covariances", lines(covariances))])
            }
            Mixture::Bernoulli(model) => {
                let form = ("flips", model.flips().to_string());
                (BERNOULLI, form, vec![("biases", lines(rows(model.biases())))])
            }
        };
        let stopped = match self.stopped {
            Stopped::Converged => "converged",
            Stopped::MaxSweeps => "max_sweeps",
            Stopped::Fell => "fell",
            Stopped::Interrupted => "interrupted",
        };
        let mut fields = header(kind).to_vec();
        fields.extend([
            form,
            ("columns", list(self.columns.iter().map(|name| quoted(name)))),
            ("k", self.model.k().to_string()),
            ("d", self.columns.len().to_string()),
            ("weights", numbers(self.model.weights())),
        ]);
        fields.extend(parameters);
        fields.extend([
            ("log_likelihood", format!("{:?}", self.log_likelihood)),
            ("n", self.n.to_string()),
            ("sweeps", self.sweeps.to_string()),
            ("stopped", quoted(stopped)),
            ("seed", self.seed.to_string()),
        ]);
        object(&fields)
    }

    fn from_json(text: &str) -> Result<Self> {
        let document = parse(text)?;
        let document = Place { name: String::new(), value: &document };
        let kind = document.kind(&[GAUSSIAN, BERNOULLI])?;
        let (k, d) = (document.field("k")?.count()?, document.field("d")?.count()?);
        let weights = DVector::from_vec(document.field("weights")?.numbers(k)?);
        let model = match kind {
            GAUSSIAN => Mixture::Gaussian(gaussian(&document, weights, d)?),
            _ => Mixture::Bernoulli(bernoulli(&document, weights, d)?),
        };
        let columns = document.field("columns")?.items(d)?;
        let stopped = document.field("stopped")?;
        let seed = document.field("seed")?;
        Ok(SavedMixture {
            model,
            columns: columns.map(|name| name.text().map(str::to_owned)).collect::<Result<_>>()?,
            log_likelihood: document.field("log_likelihood")?.number()?,
            n: document.field("n")?.count()?,
            sweeps: document.field("sweeps")?.count()?,
            stopped: match stopped.text()? {
                "converged" => Stopped::Converged,
                "max_sweeps" => Stopped::MaxSweeps,
                "fell" => Stopped::Fell,
                "interrupted" => Stopped::Interrupted,
                other => {
                    let allowed = "converged, max_sweeps, fell or interrupted";
                    return Err(stopped.wrong(&format!("found {other:?}, expected {allowed}")));
                }
            },
            seed: seed.value.as_u64().ok_or_else(|| seed.not("a whole number ≥ 0"))?,
        })
    }
}

fn gaussian(document: &Place<'_>, weights: DVector<f64>, d: usize) -> Result<GaussianMixture> {
    let family = document.field("family")?;
    let name = family.text()?;
    let family = CovarianceFamily::ALL.into_iter().find(|known| known.name() == name).ok_or_else(|| {
        family.wrong(&format!("found {name:?}, expected full, tied, diagonal or spherical"))
    })?;
    let k = weights.len();
    let means = document.field("means")?.matrix(k, d)?;
    let covariances = document.field("covariances")?.items(k)?;
    let covariances = covariances.map(|covariance| covariance.matrix(d, d)).collect::<Result<_>>()?;
    GaussianMixture::new(weights, means, covariances, family)
}

fn bernoulli(document: &Place<'_>, weights: DVector<f64>, d: usize) -> Result<BernoulliMixture> {
    let biases = document.field("biases")?.matrix(weights.len(), d)?;
    BernoulliMixture::new(weights, biases, document.field("flips")?.count()?)
}
