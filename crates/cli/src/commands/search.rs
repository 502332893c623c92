//! The restarts for one number of components, and what the criteria say to their best.

use clap::ValueEnum;
use executable_em::{
    Error,
    bernoulli_mixture::{BernoulliMixture, start_near_mean},
    data::{self, Rng},
    engine::{
        BernoulliStatistics, Engine, Fitted, Fused, GaussianStatistics, Mixture, Source, Stopped, Stopping,
    },
    gaussian,
    gaussian_mixture::{CovarianceFamily, GaussianMixture, kmeans_start, random_start},
    kmeans,
    pathologies::FlooredMixture,
    selection::{Criteria, criteria, icl},
};
use nalgebra::{DMatrix, DVector};

use super::{Failure, broken, watch::Watch};

/// Runs whose ℓ differ by less than this, in nats a datum, have found the same maximum: EM that gains 10⁻⁸ a sweep may still be
/// a thousand such gains below it.
const SAME: f64 = 1e-5;

/// What is fitted.
#[derive(Clone, Copy)]
pub enum Kind {
    Gaussian { family: CovarianceFamily, start: Start, floor: Option<f64> },
    Bernoulli { flips: usize },
}

/// How a run of Gaussians begins.
#[derive(Clone, Copy, ValueEnum)]
pub enum Start {
    Kmeans,
    Random,
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
    pub fitted: Fitted<Mixture>,
    pub restarts: usize,
    /// How many restarts came to the same ℓ.
    pub same: usize,
    /// How many restarts failed, and why the first of them did.
    pub failed: usize,
    pub failure: Option<Error>,
    pub parameters: usize,
    pub criteria: Criteria,
    pub icl: f64,
}

impl Search<'_> {
    /// The run of highest ℓ among all restarts, those that fail passed over.
    pub fn best(&self, k: usize) -> Result<Found, Failure> {
        // A generator of its own for every k: what is found for one does not depend on which others are tried.
        let mut rng = data::rng(self.seed);
        let mut best: Option<Fitted<Mixture>> = None;
        let mut reached = Vec::new();
        let (mut restarts, mut failed, mut failure) = (0, 0, None);
        for restart in 0..self.restarts {
            let run = self.run(k, restart, &mut rng);
            restarts += 1;
            match run {
                Ok(run) => {
                    reached.push(run.log_likelihood);
                    if best.as_ref().is_none_or(|best| run.log_likelihood > best.log_likelihood) {
                        best = Some(Fitted { start: restart, ..run });
                    }
                }
                Err(error) => {
                    failed += 1;
                    failure.get_or_insert(error);
                }
            }
            if self.watch.is_interrupted() {
                break;
            }
        }
        let Some(mut fitted) = best else {
            return Err(broken(all_failed(k, restarts, failure)));
        };
        if self.watch.is_interrupted() {
            fitted.stopped = Stopped::Interrupted;
        }
        let parameters = fitted.model.parameter_count();
        let entropy = self.entropy(&fitted.model)?;
        let highest = fitted.log_likelihood;
        let n = self.n as f64;
        fitted.log_likelihood -= n * self.log_volume;
        let criteria = criteria(fitted.log_likelihood, parameters, self.n)?;
        let icl = icl(fitted.log_likelihood, parameters, self.n, entropy)?;
        let same = reached.iter().filter(|&&value| highest - value <= SAME * n).count();
        Ok(Found { k, fitted, restarts, same, failed, failure, parameters, criteria, icl })
    }

    fn run(&self, k: usize, restart: usize, rng: &mut Rng) -> Result<Fitted<Mixture>, Error> {
        match self.kind {
            Kind::Gaussian { family, start, floor: None } => {
                let start = self.begin(k, family, start, rng)?;
                self.climb(start, k, restart, Mixture::Gaussian)
            }
            Kind::Gaussian { family, start, floor: Some(floor) } => {
                let start = match self.begin(k, family, start, rng) {
                    // Of data in a hyperplane the floor makes a start.
                    Err(Error::NotPositiveDefinite { .. }) => self.begin_broad(k, family, floor, rng)?,
                    start => FlooredMixture::new(start?, floor)?,
                };
                self.climb(start, k, restart, |floored| Mixture::Gaussian(floored.mixture))
            }
            Kind::Bernoulli { flips } => {
                let start = start_near_mean(self.sample, k, flips, rng)?;
                self.climb(start, k, restart, Mixture::Bernoulli)
            }
        }
    }

    fn begin(
        &self,
        k: usize,
        family: CovarianceFamily,
        start: Start,
        rng: &mut Rng,
    ) -> Result<GaussianMixture, Error> {
        match start {
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
        FlooredMixture::new(GaussianMixture { weights, means, covariances, family }, floor)
    }

    /// One restart at a time, so that each can be counted.
    fn climb<M: Fused>(
        &self,
        start: M,
        k: usize,
        restart: usize,
        mixture: impl Fn(M) -> Mixture,
    ) -> Result<Fitted<Mixture>, Error> {
        let watch = |progress| self.watch.sweep(k, restart + 1, progress);
        let Fitted { model, log_likelihood, total, sweeps, start, stopped } =
            self.engine.best_of([Ok(start)], self.source, &self.stopping, watch)?;
        Ok(Fitted { model: mixture(model), log_likelihood, total, sweeps, start, stopped })
    }

    /// The entropy of the responsibilities, H = ℓ − Q, from the statistics alone: no n×k matrix is needed.
    fn entropy(&self, model: &Mixture) -> Result<f64, Error> {
        let entropy = match model {
            Mixture::Gaussian(model) => {
                let statistics = self.engine.statistics(model, self.source)?;
                statistics.log_likelihood - expected_of_gaussians(model, &statistics)?
            }
            Mixture::Bernoulli(model) => {
                let statistics = self.engine.statistics(model, self.source)?;
                statistics.log_likelihood - expected_of_coins(model, &statistics)
            }
        };
        // Where no label is in doubt, the difference of the two is their rounding.
        Ok(entropy.max(0.0))
    }
}

/// Q = Σ_j R_j (log π_j − ½ log|2πΣ_j|) − ½ tr Σ_j⁻¹ S_j with moments S_j about the means.
fn expected_of_gaussians(model: &GaussianMixture, statistics: &GaussianStatistics) -> Result<f64, Error> {
    let mut expected = 0.0;
    for (j, covariance) in model.covariances.iter().enumerate() {
        let count = statistics.counts[j];
        if count > 0.0 {
            let factor = gaussian::cholesky(covariance, j)?;
            let log_volume =
                gaussian::log_determinant(covariance)? + model.d() as f64 * std::f64::consts::TAU.ln();
            let spread = factor.solve(&statistics.second[j]).trace();
            expected += count * (model.weights[j].ln() - 0.5 * log_volume) - 0.5 * spread;
        }
    }
    Ok(expected)
}

/// Q = Σ_j R_j log α_j + Σ_ja [h_ja log p_ja + t_ja log(1 − p_ja)] with heads h and tails t.
fn expected_of_coins(model: &BernoulliMixture, statistics: &BernoulliStatistics) -> f64 {
    let BernoulliStatistics { counts, heads, tails, .. } = statistics;
    // What has not happened contradicts nobody: 0 log 0 = 0.
    let term = |(&count, log_p): (&f64, f64)| if count == 0.0 { 0.0 } else { count * log_p };
    let of_weights = counts.iter().zip(model.weights.iter().map(|p| p.ln())).map(term);
    let of_heads = heads.iter().zip(model.biases.iter().map(|p| p.ln())).map(term);
    let of_tails = tails.iter().zip(model.biases.iter().map(|p| (-p).ln_1p())).map(term);
    of_weights.chain(of_heads).chain(of_tails).sum()
}

fn all_failed(k: usize, restarts: usize, failure: Option<Error>) -> String {
    let reason = failure.as_ref().map_or_else(String::new, |error| format!(": {error}"));
    let hint = match failure {
        Some(Error::NotPositiveDefinite { .. }) => {
            "; a component collapsed, columns depend on each other, or there are too few rows: fewer components, \
             another --covariance or a --floor can help"
        }
        _ => "",
    };
    format!("k = {k}: none of {restarts} restarts succeeded{reason}{hint}")
}
