//! The restarts for one number of components, and what the criteria say to their best.

use clap::ValueEnum;
use executable_em::bernoulli_mixture::start_near_mean;
use executable_em::data::{self, Rng};
use executable_em::em::{Expected, Fit, Seen, Stopping};
use executable_em::gaussian_mixture::{
    CovarianceFamily, FlooredMixture, GaussianMixture, kmeans_start, random_start, scaled_kmeans_start,
    whitened_kmeans_start,
};
use executable_em::scale::SufficientStatistics;
use executable_em::selection::{Criteria, criteria, icl};
use executable_em::{Error, gaussian, kmeans};
use executable_em_engine::{Engine, Fused, Mixture, Source};
use nalgebra::{DMatrix, DVector};

use super::{Failure, broken, watch::Watch};

/// Runs whose ℓ differ by less than this, in nats a datum, have found the same maximum: EM that gains 10⁻⁸ a sweep may
/// still be a thousand such gains below it.
pub const SAME: f64 = 1e-5;

/// What is fitted.
#[derive(Clone, Copy)]
pub enum Kind {
    Gaussian { family: CovarianceFamily, start: Start, floor: Option<f64> },
    Bernoulli { flips: usize },
}

/// How a run of Gaussians begins.
#[derive(Clone, Copy, ValueEnum)]
pub enum Start {
    /// In turn: scaled, whitened, random; none of them depends on the units
    Mixed,
    /// At a k-means clustering of the columns in units of their standard deviations
    Scaled,
    /// At a k-means clustering of the whitened data
    Whitened,
    /// At a k-means clustering of the data as they are
    Kmeans,
    /// At random data
    Random,
}

impl Start {
    /// The kind of a restart, counted from 0.
    fn of(self, restart: usize) -> Start {
        match self {
            Start::Mixed => [Start::Scaled, Start::Whitened, Start::Random][restart % 3],
            one => one,
        }
    }

    /// What a report calls it.
    fn name(self) -> &'static str {
        match self {
            Start::Mixed => "mixed",
            Start::Scaled => "scaled k-means",
            Start::Whitened => "whitened k-means",
            Start::Kmeans => "k-means",
            Start::Random => "random",
        }
    }
}

/// How to look for the maximum of ℓ.
pub struct Search<'a> {
    pub engine: &'a Engine,
    pub source: &'a dyn Source,
    /// Data that the starts are drawn from.
    pub sample: &'a DMatrix<f64>,
    pub n: usize,
    /// The log volume of the units that the data are in.
    pub log_volume: f64,
    pub kind: Kind,
    pub restarts: usize,
    pub seed: u64,
    pub stopping: Stopping,
    pub watch: &'a Watch,
}

/// The best that was found for one k.
pub struct Found {
    pub k: usize,
    /// Its ℓ is that of the data in their own units, its `start` the restart that won, counted from 0.
    pub fit: Fit<Mixture>,
    pub restarts: usize,
    /// How the restart that won began, for Gaussians.
    pub began: Option<&'static str>,
    /// How many restarts came to the same ℓ.
    pub same: usize,
    /// How many restarts failed, and why the first of them did.
    pub failed: usize,
    pub failure: Option<String>,
    pub parameters: usize,
    pub criteria: Criteria,
    pub icl: f64,
}

impl Search<'_> {
    /// The run of highest ℓ among all restarts, those that fail passed over.
    pub fn best(&self, k: usize) -> Result<Found, Failure> {
        // A generator of its own for every k: what is found for one does not depend on which others are tried.
        let mut rng = data::rng(self.seed);
        match self.kind {
            Kind::Gaussian { family, start, floor: None } => {
                let begin = |at| self.begin(k, family, start.of(at), &mut rng);
                self.best_from(k, begin, Mixture::Gaussian)
            }
            Kind::Gaussian { family, start, floor: Some(floor) } => {
                let start = |at| match self.begin(k, family, start.of(at), &mut rng) {
                    // Of data in a hyperplane the floor makes a start.
                    Err(Error::NotPositiveDefinite { .. }) => self.begin_broad(k, family, floor, &mut rng),
                    start => FlooredMixture::new(start?, floor),
                };
                self.best_from(k, start, |floored| Mixture::Gaussian(floored.mixture().clone()))
            }
            Kind::Bernoulli { flips } => {
                self.best_from(k, |_| start_near_mean(self.sample, k, flips, &mut rng), Mixture::Bernoulli)
            }
        }
    }

    fn best_from<M: Fused>(
        &self,
        k: usize,
        mut start: impl FnMut(usize) -> Result<M, Error>,
        mixture: impl Fn(M) -> Mixture,
    ) -> Result<Found, Failure> {
        let (mut reached, mut restarts, mut failure) = (Vec::new(), 0, None);
        let starts = (0..self.restarts).map(|at| Ok(start(at)?));
        let best = self.engine.best_of(starts, self.source, &self.stopping, |seen| match seen {
            Seen::Sweep { start, sweeps, expected, .. } => {
                self.watch.sweep(k, start + 1, sweeps, expected.log_likelihood)
            }
            Seen::Run { outcome, .. } => {
                restarts += 1;
                match outcome {
                    Ok(run) => reached.push(run.log_likelihood),
                    Err(error) => {
                        failure.get_or_insert_with(|| error.to_string());
                    }
                }
                self.watch.flow()
            }
        });
        let Fit { model, log_likelihood: highest, total, sweeps, start, stopped } =
            best.map_err(|error| broken(all_failed(k, restarts, &error)))?;
        let (model, n) = (mixture(model), self.n as f64);
        let log_likelihood = highest - n * self.log_volume;
        let (entropy, parameters) = (self.entropy(&model)?, model.parameter_count());
        let criteria = criteria(log_likelihood, parameters, self.n)?;
        let icl = icl(log_likelihood, parameters, self.n, entropy)?;
        let same = reached.iter().filter(|&&value| highest - value <= SAME * n).count();
        let failed = restarts - reached.len();
        let fit = Fit { model, log_likelihood, total, sweeps, start, stopped };
        let began = match self.kind {
            Kind::Gaussian { start: kind, .. } => Some(kind.of(start).name()),
            Kind::Bernoulli { .. } => None,
        };
        Ok(Found { k, fit, restarts, began, same, failed, failure, parameters, criteria, icl })
    }

    fn begin(
        &self,
        k: usize,
        family: CovarianceFamily,
        start: Start,
        rng: &mut Rng,
    ) -> Result<GaussianMixture, Error> {
        match start {
            Start::Mixed | Start::Scaled => scaled_kmeans_start(self.sample, k, family, rng),
            Start::Whitened => whitened_kmeans_start(self.sample, k, family, rng),
            Start::Kmeans => kmeans_start(self.sample, k, family, rng),
            Start::Random => random_start(self.sample, k, family, rng),
        }
    }

    /// Means that k-means++ draws, equal weights, and the covariance of all data, raised to the floor.
    fn begin_broad(
        &self,
        k: usize,
        family: CovarianceFamily,
        floor: f64,
        rng: &mut Rng,
    ) -> Result<FlooredMixture, Error> {
        let ones = DVector::from_element(self.sample.nrows(), 1.0);
        let mean = gaussian::weighted_mean(self.sample, &ones)?;
        let covariance = gaussian::weighted_covariance(self.sample, &ones, &mean)?;
        let weights = DVector::from_element(k, 1.0 / k as f64);
        let covariances = family.constrain(vec![covariance; k], &weights)?;
        let means = kmeans::plus_plus_start(self.sample, k, rng)?;
        FlooredMixture::from_parts((weights, means, covariances), family, floor)
    }

    /// The entropy of the responsibilities, H = ℓ − Q, from the statistics alone: no n×k matrix is needed.
    fn entropy(&self, model: &Mixture) -> executable_em_engine::Result<f64> {
        // One component leaves no doubt.
        if model.k() == 1 {
            return Ok(0.0);
        }
        let entropy = match model {
            Mixture::Gaussian(model) => return self.engine.label_entropy(model, self.source),
            Mixture::Bernoulli(model) => {
                let Expected { log_likelihood, expectation, .. } =
                    self.engine.statistics(model, self.source)?;
                log_likelihood - expectation.expected_log_joint(model)?
            }
        };
        // Where no label is in doubt, the difference of the two is their rounding.
        Ok(entropy.max(0.0))
    }
}

fn all_failed(k: usize, restarts: usize, error: &executable_em_engine::Error) -> String {
    let hint = match error {
        executable_em_engine::Error::Mathematics(Error::NotPositiveDefinite { .. }) => {
            "; a component collapsed, columns depend on each other, or there are too few rows: fewer components, \
             another --covariance or a --floor can help"
        }
        _ => "",
    };
    format!("k = {k}: none of {restarts} restarts succeeded: {error}{hint}")
}
