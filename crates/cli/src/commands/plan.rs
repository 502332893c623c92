//! What is to be fitted: every number of components and every kind, and a model to start at.

use std::{ops::RangeInclusive, path::Path};

use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em_engine::{Mixture, SavedMixture};

use super::{
    Failure,
    options::{Begin, Family, Model, Options, Stop},
    predict::read_mixture,
    search::{Found, Kind, Search},
    starts::Start,
    warn,
};

/// Everything that is to be fitted.
pub struct Plan {
    pub ks: RangeInclusive<usize>,
    /// One kind, or one for each family of covariances.
    pub kinds: Vec<Kind>,
    pub start: Option<SavedMixture>,
}

/// What could not be fitted, and how many fits stand before it in a table.
pub struct Failed {
    pub k: usize,
    pub family: Option<CovarianceFamily>,
    pub after: usize,
}

impl Plan {
    /// Of options that [`Options::check`] has seen; reads the model to start at, which must be of their kind.
    pub fn of(options: &Options) -> Result<Self, Failure> {
        let (path, kind) = match &options.start {
            Some(Begin::Model(path)) => (Some(path), Start::Mixed),
            Some(Begin::Kind(kind)) => (None, *kind),
            None => (None, Start::Mixed),
        };
        let Some(path) = path else {
            let kinds = match options.model {
                Some(Model::Bernoulli) => {
                    vec![Kind::Bernoulli { flips: options.flips.unwrap_or(1) as usize }]
                }
                Some(Model::Student) => families(options.covariance)
                    .into_iter()
                    .map(|family| Kind::Student { family, start: kind })
                    .collect(),
                _ => families(options.covariance)
                    .into_iter()
                    .map(|family| Kind::Gaussian { family, start: kind, floor: options.floor })
                    .collect(),
            };
            return Ok(Plan { ks: options.ks(), kinds, start: None });
        };
        let saved = read_mixture(path)?;
        let kind = of_model(options, &saved.model, path)?;
        let k = saved.model.k();
        if options.k.as_ref().is_some_and(|asked| asked.0 != (k..=k)) {
            return Err(contradiction("-k", path, &format!("has {k} components")));
        }
        Ok(Plan { ks: k..=k, kinds: vec![kind], start: Some(saved) })
    }

    /// Every kind and k, and those that failed. One that fails among several is told and passed over.
    pub fn search(&self, search: &Search<'_>) -> Result<(Vec<Found>, Vec<Failed>), Failure> {
        let asked = self.kinds.iter().flat_map(|&kind| self.ks.clone().map(move |k| (kind, k)));
        let asked: Vec<(Kind, usize)> = asked.collect();
        let (mut found, mut failed, mut failures) = (Vec::new(), Vec::new(), Vec::new());
        for (&(kind, k), outcome) in asked.iter().zip(search.all(&asked)?) {
            match outcome {
                Ok(one) => found.push(one),
                Err(Failure::Work(errors)) => {
                    failed.push(Failed { k, family: kind.family(), after: found.len() });
                    failures.extend(errors);
                }
                // Of those that had not begun.
                Err(Failure::Interrupted) => {}
                Err(other) => return Err(other),
            }
        }
        // What is said of the data is the same for every k.
        failures.dedup();
        if found.is_empty() && !failures.is_empty() {
            return Err(Failure::Work(failures));
        }
        failures.iter().for_each(|failure| warn(&format!("warning: {failure}")));
        Ok((found, failed))
    }

    /// Whether fits are compared.
    pub fn compares(&self) -> bool {
        self.ks.start() < self.ks.end() || self.kinds.len() > 1
    }
}

fn families(asked: Option<Family>) -> Vec<CovarianceFamily> {
    match asked.unwrap_or(Family::Full) {
        Family::Full => vec![CovarianceFamily::Full],
        Family::Tied => vec![CovarianceFamily::Tied],
        Family::Diagonal => vec![CovarianceFamily::Diagonal],
        Family::Spherical => vec![CovarianceFamily::Spherical],
        Family::All => CovarianceFamily::ALL.to_vec(),
    }
}

/// The kind of the model, once no option says another.
fn of_model(options: &Options, model: &Mixture, path: &Path) -> Result<Kind, Failure> {
    let gaussian = ("--model gaussian", matches!(options.model, Some(Model::Gaussian)));
    let bernoulli = ("--model bernoulli", matches!(options.model, Some(Model::Bernoulli)));
    let student = ("--model student", matches!(options.model, Some(Model::Student)));
    let (flips, floor) = (("--flips", options.flips.is_some()), ("--floor", options.floor.is_some()));
    let covariance = ("--covariance", options.covariance.is_some());
    // Sweeps of t are always accelerated.
    let aitken = ("--stop aitken", matches!(options.stop, Some(Stop::Aitken)));
    let (foreign, what) = match model {
        Mixture::Gaussian(_) => (vec![flips, bernoulli, student], "is a mixture of Gaussians"),
        Mixture::Student(_) => (vec![flips, floor, aitken, bernoulli, gaussian], "is a mixture of t"),
        Mixture::Bernoulli(_) => (vec![gaussian, student, covariance, floor], "is a mixture of coins"),
    };
    if let Some((option, _)) = foreign.iter().find(|(_, is_given)| *is_given) {
        return Err(contradiction(option, path, what));
    }
    match model {
        Mixture::Gaussian(model) => {
            let family = of_family(options, model.family(), path, "covariances")?;
            Ok(Kind::Gaussian { family, start: Start::Mixed, floor: options.floor })
        }
        Mixture::Student(model) => {
            let family = of_family(options, model.shape().family(), path, "scale matrices")?;
            Ok(Kind::Student { family, start: Start::Mixed })
        }
        Mixture::Bernoulli(coins) => {
            let flips = coins.flips();
            if options.flips.is_some_and(|asked| asked as usize != flips) {
                return Err(contradiction("--flips", path, &format!("has {flips} flips an entry")));
            }
            Ok(Kind::Bernoulli { flips })
        }
    }
}

/// The family of the model, once --covariance says no other.
fn of_family(
    options: &Options,
    family: CovarianceFamily,
    path: &Path,
    what: &str,
) -> Result<CovarianceFamily, Failure> {
    match options.covariance {
        Some(_) if families(options.covariance) != [family] => {
            Err(contradiction("--covariance", path, &format!("has {} {what}", family.name())))
        }
        _ => Ok(family),
    }
}

fn contradiction(option: &str, path: &Path, what: &str) -> Failure {
    Failure::Usage(format!("{option} contradicts the model to start at: {} {what}", path.display()))
}
