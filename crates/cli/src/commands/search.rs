//! The search for the highest ℓ of one kind and k, and what the criteria say to what it finds.

use executable_em::Error;
use executable_em::convergence::accelerate::Charted;
use executable_em::data;
use executable_em::em::{Expected, Fit, Stopped, Stopping};
use executable_em::gaussian_mixture::{CovarianceFamily, FlooredMixture};
use executable_em::scale::SufficientStatistics;
use executable_em::selection::{Criteria, aic, weighted_bic};
use executable_em_engine::{Engine, Fused, Mixture, SAME, Source};
use nalgebra::DMatrix;
use rayon::prelude::*;

use super::{
    Failure, broken,
    exchange::Exchange,
    starts::{self, Start, begin_broad, begin_coins},
    told::told,
    watch::Watch,
};

/// So many runs go to their end, whatever they find.
pub const RUNS: usize = 12;

/// What is fitted.
#[derive(Clone, Copy)]
pub enum Kind {
    Gaussian { family: CovarianceFamily, start: Start, floor: Option<f64> },
    Bernoulli { flips: usize },
    Student { family: CovarianceFamily, start: Start },
}

impl Kind {
    /// Of Gaussians and t.
    pub fn family(self) -> Option<CovarianceFamily> {
        match self {
            Kind::Gaussian { family, .. } | Kind::Student { family, .. } => Some(family),
            Kind::Bernoulli { .. } => None,
        }
    }

    /// Whether its covariances are singular where a column depends on others.
    pub fn wants_full_rank(self) -> bool {
        let has_floor = matches!(self, Kind::Gaussian { floor: Some(_), .. });
        self.family().is_some_and(|family| !family.is_along_axes()) && !has_floor
    }

    fn start(self) -> Start {
        match self {
            Kind::Gaussian { start, .. } | Kind::Student { start, .. } => start,
            Kind::Bernoulli { .. } => Start::Mixed,
        }
    }
}

/// How to look for the maximum of ℓ.
pub struct Search<'a> {
    pub engine: &'a Engine,
    pub source: &'a (dyn Source + Sync),
    /// How many data there are.
    pub n: usize,
    /// What a datum weighs in ℓ, as [`rank`](executable_em_engine::rank) has it.
    pub unit: f64,
    /// Those of them that the starts are drawn from.
    pub sample: &'a DMatrix<f64>,
    /// The log volume of the units that the data are in.
    pub log_volume: f64,
    /// Why covariances that want full rank cannot be fitted, if that is sure.
    pub singular: Option<&'a str>,
    /// The model to start at.
    pub start: Option<&'a Mixture>,
    /// How many starts there are, if somebody says so.
    pub restarts: Option<usize>,
    pub seed: u64,
    pub stopping: Stopping,
    /// Whether somebody says how many sweeps there are at most.
    pub has_cap: bool,
    /// Whether runs guess where they are going.
    pub is_accelerated: bool,
    /// Whether plain EM is run beside them, to count the sweeps that this spares.
    pub tells_spared: bool,
    pub watch: &'a Watch,
}

/// The best that was found for one kind and k.
pub struct Found {
    pub k: usize,
    pub kind: Kind,
    /// Its ℓ is that of the data in their own units, its `start` the restart that won, counted from 0.
    pub fit: Fit<Mixture>,
    /// How the restart that won began; None for coins, unless it is an exchange, and at a model.
    pub began: Option<&'static str>,
    pub runs: Runs,
    /// How many runs came to the same ℓ.
    pub same: usize,
    /// How many ended higher, but lower in [`rank`].
    pub thin: usize,
    pub parameters: usize,
    pub criteria: Criteria,
    pub icl: f64,
}

/// What became of the starts.
#[derive(Clone, Default)]
pub struct Runs {
    /// How many starts there were …
    pub starts: usize,
    /// … from which on they are ends of others with a component exchanged …
    pub first_exchange: usize,
    /// … and the ℓ of those that came to their end.
    pub reached: Vec<f64>,
    /// How many runs failed, and why the first of them did.
    pub failed: usize,
    pub failure: Option<String>,
    /// Whether none of the starts that were asked for came to an end, so that random ones took their place.
    pub fell_back: bool,
    /// How many data all of them ran on, of which only the best went on over the others, too.
    pub sample: Option<usize>,
    /// What the best of each batch of runs was spared, by the number of its start, where that was counted.
    pub spared: Vec<(usize, Spared)>,
}

/// So many sweeps less than plain EM took to the same ℓ, or to the cap on the way there.
#[derive(Clone, Copy)]
pub struct Spared {
    pub sweeps: isize,
    pub is_bound: bool,
}

impl Search<'_> {
    /// The best of each kind and k, in this order. Fits to few data are made side by side, each on one thread.
    pub fn all(&self, asked: &[(Kind, usize)]) -> Result<Vec<Result<Found, Failure>>, Failure> {
        let best = |search: &Search<'_>, &(kind, k): &(Kind, usize)| {
            search.watch.go_on()?;
            search.best(kind, k)
        };
        if asked.len() > 1 && self.source.in_memory().is_some_and(|n| n <= self.sample.nrows()) {
            let engine = Engine::new(1)?;
            let alone = Search { engine: &engine, ..*self };
            return Ok(asked.par_iter().map(|one| best(&alone, one)).collect());
        }
        Ok(asked.iter().map(|one| best(self, one)).collect())
    }

    /// The best run, those that fail passed over.
    pub fn best(&self, kind: Kind, k: usize) -> Result<Found, Failure> {
        if let Some(reason) = self.singular.filter(|_| kind.wants_full_rank()) {
            return Err(broken(reason));
        }
        // A generator of its own for every kind and k: what is found for one does not depend on which others are tried.
        let mut rng = data::rng(self.seed);
        match (kind, self.start) {
            (Kind::Gaussian { floor: None, .. }, Some(Mixture::Gaussian(model))) => {
                self.run_from(kind, model.clone(), Mixture::Gaussian)
            }
            (Kind::Gaussian { floor: Some(floor), .. }, Some(Mixture::Gaussian(model))) => {
                let model = FlooredMixture::new(model.clone(), floor)?;
                self.run_from(kind, model, |floored| Mixture::Gaussian(floored.mixture().clone()))
            }
            (_, Some(Mixture::Student(model))) => self.run_from(kind, model.clone(), Mixture::Student),
            (_, Some(Mixture::Bernoulli(coins))) => self.run_from(kind, coins.clone(), Mixture::Bernoulli),
            (Kind::Gaussian { family, floor: None, .. }, _) => {
                let begin = |x: &_, start, _| starts::begin(x, k, family, start, &mut rng);
                self.best_from(kind, k, begin, Mixture::Gaussian)
            }
            (Kind::Gaussian { family, floor: Some(floor), .. }, _) => {
                let begin = |x: &_, start, _| match starts::begin(x, k, family, start, &mut rng) {
                    // Of data in a hyperplane the floor makes a start.
                    Err(Error::NotPositiveDefinite { .. }) => begin_broad(x, k, family, floor, &mut rng),
                    start => FlooredMixture::new(start?, floor),
                };
                self.best_from(kind, k, begin, |floored| Mixture::Gaussian(floored.mixture().clone()))
            }
            (Kind::Student { family, .. }, _) => {
                let begin = |x: &_, start, _| starts::begin_student(x, k, family, start, &mut rng);
                self.best_from(kind, k, begin, Mixture::Student)
            }
            (Kind::Bernoulli { flips }, _) => {
                let begin = |x: &_, _, at| begin_coins(x, k, flips, at, &mut rng);
                self.best_from(kind, k, begin, Mixture::Bernoulli)
            }
        }
    }

    /// One run, from a model.
    fn run_from<M: Fused + Charted>(
        &self,
        kind: Kind,
        model: M,
        mixture: impl Fn(M) -> Mixture,
    ) -> Result<Found, Failure> {
        let mut runs = Runs { starts: 1, ..Runs::default() };
        let k = self.start.map_or(0, Mixture::k);
        let fit = self.run(k, &self.stopping, [(0, Ok(model))], &mut runs);
        self.judge(kind, k, fit.map(first), None, runs, mixture)
    }

    /// The best of many starts.
    fn best_from<M: Fused + Charted + Exchange>(
        &self,
        kind: Kind,
        k: usize,
        mut begin: impl FnMut(&DMatrix<f64>, Start, usize) -> Result<M, Error>,
        mixture: impl Fn(M) -> Mixture,
    ) -> Result<Found, Failure> {
        let start = kind.start();
        let on_sample = self.is_large(kind, k).then(|| self.explore_sample(k, start, &mut begin));
        let (ends, runs) = match on_sample.transpose()? {
            Some((Ok(ends), runs)) => (Ok(ends), runs),
            // What collapses on a few data may not on all.
            _ => self.explore(k, start, &mut begin)?,
        };
        let best = ends.map(first);
        let began = match (kind, &best) {
            (_, Ok(best)) if best.start >= runs.first_exchange => Some("exchange"),
            (Kind::Bernoulli { .. }, _) | (_, Err(_)) => None,
            (_, Ok(_)) if runs.fell_back => Some(Start::Random.name()),
            (_, Ok(best)) => Some(start.of(best.start).name()),
        };
        self.judge(kind, k, best, began, runs, mixture)
    }

    /// What the criteria say to the best run, in the data's own units.
    fn judge<M>(
        &self,
        kind: Kind,
        k: usize,
        best: executable_em_engine::Result<Fit<M>>,
        began: Option<&'static str>,
        runs: Runs,
        mixture: impl Fn(M) -> Mixture,
    ) -> Result<Found, Failure> {
        let Fit { model, log_likelihood: reached, total, sweeps, start, stopped } =
            best.map_err(|error| broken(all_failed(kind, k, runs.starts, &error)))?;
        let stopped = if self.watch.is_interrupted() { Stopped::Interrupted } else { stopped };
        let model = mixture(model);
        let log_likelihood = reached - total * self.log_volume;
        let (entropy, parameters) = (self.entropy(&model)?, model.parameter_count());
        let criteria = Criteria {
            aic: aic(log_likelihood, parameters)?,
            bic: weighted_bic(log_likelihood, parameters, total)?,
        };
        let icl = weighted_bic(log_likelihood - entropy, parameters, total)?;
        let count = |is_counted: &dyn Fn(f64) -> bool| {
            runs.reached.iter().filter(|&&other| is_counted((other - reached) / total)).count()
        };
        let (same, thin) = (count(&|above| above.abs() <= SAME), count(&|above| above > SAME));
        let fit = Fit { model, log_likelihood, total, sweeps, start, stopped };
        Ok(Found { k, kind, fit, began, runs, same, thin, parameters, criteria, icl })
    }

    /// The entropy of the responsibilities, H = ℓ − Q, from the statistics alone: no n×k matrix is needed.
    fn entropy(&self, model: &Mixture) -> executable_em_engine::Result<f64> {
        // One component leaves no doubt.
        if model.k() == 1 {
            return Ok(0.0);
        }
        let entropy = match model {
            Mixture::Gaussian(model) => self.engine.label_entropy(model, self.source)?,
            Mixture::Bernoulli(model) => {
                let Expected { log_likelihood, expectation, .. } =
                    self.engine.statistics(model, self.source)?;
                log_likelihood - expectation.expected_log_joint(model)?
            }
            Mixture::Student(model) => self.engine.statistics(model, self.source)?.expectation.label_entropy,
        };
        // Where no label is in doubt, the difference of the two is their rounding.
        Ok(entropy.max(0.0))
    }
}

fn first<M>(mut ends: Vec<Fit<M>>) -> Fit<M> {
    ends.swap_remove(0)
}

fn all_failed(kind: Kind, k: usize, starts: usize, error: &executable_em_engine::Error) -> String {
    let mut remedies = if k > 1 { vec!["fewer components"] } else { Vec::new() };
    remedies.push("another --covariance");
    if let Kind::Gaussian { floor, .. } = kind {
        remedies.push(if floor.is_some() { "a larger --floor" } else { "a --floor" });
    }
    let remedies = match &remedies[..] {
        [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => remedies.concat(),
    };
    let hint = match error {
        executable_em_engine::Error::Mathematics(Error::NotPositiveDefinite { .. }) => format!(
            "; a component collapsed, columns depend on each other, or there are too few rows: {remedies} can help"
        ),
        _ => String::new(),
    };
    let family = match kind {
        Kind::Gaussian { family, .. } | Kind::Student { family, .. } if family != CovarianceFamily::Full => {
            format!(", {}", family.name())
        }
        _ => String::new(),
    };
    format!("k = {k}{family}: none of {starts} restarts succeeded: {}{hint}", reason(error))
}

/// Why a run failed. Its components have no numbers yet that a reader would know.
pub fn reason(error: &executable_em_engine::Error) -> String {
    match error {
        executable_em_engine::Error::Mathematics(Error::NotPositiveDefinite {
            smallest_eigenvalue, ..
        }) => {
            format!(
                "covariance of a component is singular: its smallest eigenvalue is {smallest_eigenvalue:.1e}"
            )
        }
        other => told(other),
    }
}
