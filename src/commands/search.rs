//! The restarts for one number of components, and what the criteria say to their best.

use clap::ValueEnum;
use executable_em::{
    Error,
    data::{self, Rng},
    engine::{Engine, Fitted, Fused, GaussianStatistics, Source, Stopped, Stopping},
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

/// How a run begins.
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
    pub family: CovarianceFamily,
    pub floor: Option<f64>,
    pub start: Start,
    pub restarts: usize,
    pub seed: u64,
    pub stopping: Stopping,
    pub watch: &'a Watch,
}

/// The best that was found for one k.
pub struct Found {
    pub k: usize,
    /// Its ℓ is that of the data in their own units, its `start` the restart that won, counted from 0.
    pub fitted: Fitted<GaussianMixture>,
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
        let mut best: Option<Fitted<GaussianMixture>> = None;
        let mut reached = Vec::new();
        let (mut restarts, mut failed, mut failure) = (0, 0, None);
        for restart in 0..self.restarts {
            let run = self.begin(k, &mut rng).and_then(|start| self.run(start, k, restart));
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
        let entropy = entropy(&fitted.model, &self.engine.statistics(&fitted.model, self.source)?)?;
        let highest = fitted.log_likelihood;
        let n = self.n as f64;
        fitted.log_likelihood -= n * self.log_volume;
        let criteria = criteria(fitted.log_likelihood, parameters, self.n)?;
        let icl = icl(fitted.log_likelihood, parameters, self.n, entropy)?;
        let same = reached.iter().filter(|&&value| highest - value <= SAME * n).count();
        Ok(Found { k, fitted, restarts, same, failed, failure, parameters, criteria, icl })
    }

    fn begin(&self, k: usize, rng: &mut Rng) -> Result<GaussianMixture, Error> {
        let start = match self.start {
            Start::Kmeans => kmeans_start(self.sample, k, self.family, rng),
            Start::Random => random_start(self.sample, k, self.family, rng),
        };
        match (start, self.floor) {
            // Of data in a hyperplane the floor makes a start.
            (Err(Error::NotPositiveDefinite { .. }), Some(floor)) => self.begin_on_the_floor(k, floor, rng),
            (start, _) => start,
        }
    }

    /// Means that k-means++ draws, equal weights, and the covariance of all data, raised to the floor.
    fn begin_on_the_floor(&self, k: usize, floor: f64, rng: &mut Rng) -> Result<GaussianMixture, Error> {
        let ones = DVector::from_element(self.sample.nrows(), 1.0);
        let mean = gaussian::weighted_mean(self.sample, &ones)?;
        let covariance = gaussian::weighted_covariance(self.sample, &ones, &mean)?;
        let weights = DVector::from_element(k, 1.0 / k as f64);
        let covariances = self.family.constrain(vec![covariance; k], &weights)?;
        let means = kmeans::plus_plus_start(self.sample, k, rng)?;
        let mixture = GaussianMixture { weights, means, covariances, family: self.family };
        Ok(FlooredMixture::new(mixture, floor)?.mixture)
    }

    fn run(
        &self,
        start: GaussianMixture,
        k: usize,
        restart: usize,
    ) -> Result<Fitted<GaussianMixture>, Error> {
        let Some(floor) = self.floor else { return self.climb(start, k, restart) };
        let Fitted { model, log_likelihood, total, sweeps, start, stopped } =
            self.climb(FlooredMixture::new(start, floor)?, k, restart)?;
        Ok(Fitted { model: model.mixture, log_likelihood, total, sweeps, start, stopped })
    }

    /// One restart at a time, so that each can be counted.
    fn climb<M: Fused>(&self, start: M, k: usize, restart: usize) -> Result<Fitted<M>, Error> {
        let watch = |progress| self.watch.sweep(k, restart + 1, progress);
        self.engine.best_of([Ok(start)], self.source, &self.stopping, watch)
    }
}

/// The entropy of the responsibilities, H = ℓ − Q, from the statistics alone: no n×k matrix is needed, because
/// Q = Σ_j R_j (log π_j − ½ log|2πΣ_j|) − ½ tr Σ_j⁻¹ S_j with moments S_j about the means.
fn entropy(model: &GaussianMixture, statistics: &GaussianStatistics) -> Result<f64, Error> {
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
    // Where no label is in doubt, the difference of the two is their rounding.
    Ok((statistics.log_likelihood - expected).max(0.0))
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
