//! The search for the highest ℓ of one kind and k, and what the criteria say to what it finds.

use executable_em::Error;
use executable_em::convergence::accelerate::{Accelerated, Chart, Charted, Method};
use executable_em::data;
use executable_em::em::{self, Climb, Expected, Fit, Seen, Stopped, Stopping};
use executable_em::gaussian_mixture::{CovarianceFamily, FlooredMixture};
use executable_em::scale::SufficientStatistics;
use executable_em::selection::{Criteria, aic, weighted_bic};
use executable_em_engine::{Data, Engine, Fused, Mixture, OnSource, Source};
use nalgebra::DMatrix;
use rayon::prelude::*;
use std::{cell::RefCell, ops::ControlFlow};

use super::{
    Failure, broken,
    starts::{self, Start, begin_broad, begin_coins, thinned},
    watch::Watch,
};

/// Runs whose ℓ differ by less than this, in nats a datum, have found the same maximum: EM that gains 10⁻⁸ a sweep may
/// still be a thousand such gains below it.
pub const SAME: f64 = 1e-5;

/// So many runs go to their end, whatever they find.
pub const RUNS: usize = 12;

/// Where these do not agree, so many further starts make a few sweeps on so many data of the sample …
const TRIALS: usize = 240;
const SHORT: usize = 20;
const FEW: usize = 1000;
/// … and the best of them, no two alike, go to their end, too: fewer where those are not all data.
const PROMISING: [usize; 2] = [40, 20];
/// Short runs whose ℓ differ by less than this, in nats a datum, are alike.
const ALIKE: f64 = 1e-4;

/// So many plain sweeps come before the first guess: by then a run has chosen its maximum.
const PATIENCE: usize = 20;

/// Of a table that is at least so many times the sample, the runs are made on the sample, if that has so many values for
/// each parameter, and the best, no two alike, go on over all data.
const LARGE: usize = 10;
const VALUES: usize = 8;
const SETTLING: usize = 5;
const FINALISTS: usize = 3;

/// How much of the space of starts may lead to optima that nobody has seen, before there are trials.
const UNSEEN: f64 = 0.02;

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
    /// Those of them that the starts are drawn from.
    pub sample: &'a DMatrix<f64>,
    /// The log volume of the units that the data are in.
    pub log_volume: f64,
    /// The model to start at.
    pub start: Option<&'a Mixture>,
    /// How many starts there are, if somebody says so.
    pub restarts: Option<usize>,
    pub seed: u64,
    pub stopping: Stopping,
    /// Whether runs guess where they are going.
    pub is_accelerated: bool,
    pub watch: &'a Watch,
}

/// The best that was found for one kind and k.
pub struct Found {
    pub k: usize,
    pub kind: Kind,
    /// Its ℓ is that of the data in their own units, its `start` the restart that won, counted from 0.
    pub fit: Fit<Mixture>,
    /// How the restart that won began; None for coins, and at a model.
    pub began: Option<&'static str>,
    pub runs: Runs,
    /// How many runs came to the same ℓ.
    pub same: usize,
    pub parameters: usize,
    pub criteria: Criteria,
    pub icl: f64,
}

/// The ends of runs, highest first, no two alike; or why there is none.
type Ends<M> = executable_em_engine::Result<Vec<Fit<M>>>;

/// What became of the starts.
#[derive(Default)]
pub struct Runs {
    /// How many starts there were …
    pub starts: usize,
    /// … and the ℓ of those that came to their end.
    pub reached: Vec<f64>,
    /// How many runs failed, and why the first of them did.
    pub failed: usize,
    pub failure: Option<String>,
    /// Whether none of the starts that were asked for came to an end, so that random ones took their place.
    pub fell_back: bool,
    /// How many data all of them ran on, of which only the best went on over the others, too.
    pub sample: Option<usize>,
}

impl Runs {
    /// How many different optima were seen: values of ℓ, and failure for one.
    fn optima(&self, least: f64) -> usize {
        let mut reached = self.reached.clone();
        reached.sort_by(f64::total_cmp);
        let different = reached.windows(2).filter(|pair| pair[1] - pair[0] > least).count();
        different + usize::from(!reached.is_empty()) + usize::from(self.failed > 0)
    }

    /// The part of the space of starts from which runs go to optima that none has reached, as expected after r runs
    /// that saw w of them: w(w + 1)/(r(r − 1)), Boender and Rinnooy Kan (1987), Mathematical Programming 37, 59–80.
    fn unseen(&self, least: f64) -> f64 {
        let (w, r) = (self.optima(least) as f64, (self.reached.len() + self.failed) as f64);
        w * (w + 1.0) / (r * (r - 1.0))
    }
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

    /// The run of highest ℓ, those that fail passed over.
    pub fn best(&self, kind: Kind, k: usize) -> Result<Found, Failure> {
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
        self.judge(kind, k, fit.map(highest), None, runs, mixture)
    }

    /// The best of many starts.
    fn best_from<M: Fused + Charted>(
        &self,
        kind: Kind,
        k: usize,
        mut begin: impl FnMut(&DMatrix<f64>, Start, usize) -> Result<M, Error>,
        mixture: impl Fn(M) -> Mixture,
    ) -> Result<Found, Failure> {
        let start = kind.start();
        let on_sample = match self.is_large(kind, k) {
            true => Some(self.explore_sample(k, start, &mut begin)?),
            false => None,
        };
        let (ends, runs) = match on_sample {
            Some((Ok(ends), runs)) => (Ok(ends), runs),
            // What collapses on a few data may not on all.
            _ => self.explore(k, start, &mut begin)?,
        };
        let best = ends.map(highest);
        let began = match (kind, &best) {
            (Kind::Bernoulli { .. }, _) | (_, Err(_)) => None,
            (_, Ok(_)) if runs.fell_back => Some(Start::Random.name()),
            (_, Ok(best)) => Some(start.of(best.start).name()),
        };
        self.judge(kind, k, best, began, runs, mixture)
    }

    /// Whether there are far more data than tell one optimum from another.
    fn is_large(&self, kind: Kind, k: usize) -> bool {
        let d = self.sample.ncols();
        let spread = kind.family().map_or(0, |family| family.parameter_count(k, d));
        self.restarts.is_none()
            && self.n >= LARGE * self.sample.nrows()
            && self.sample.len() >= VALUES * (k * d + spread)
    }

    /// [`Search::explore`] on the sample; the best of it goes on over all data.
    fn explore_sample<M: Fused + Charted>(
        &self,
        k: usize,
        start: Start,
        begin: impl FnMut(&DMatrix<f64>, Start, usize) -> Result<M, Error>,
    ) -> Result<(Ends<M>, Runs), Failure> {
        let sample = Data::new(self.sample)?;
        let on_sample = Search { source: &sample, is_accelerated: true, ..*self };
        let (ends, explored) = on_sample.explore(k, start, begin)?;
        let Runs { starts, fell_back, .. } = explored;
        let mut runs = Runs { starts, fell_back, sample: Some(self.sample.nrows()), ..Runs::default() };
        let all = Search { is_accelerated: true, ..*self };
        // A component that has found a few data of the sample alike is a poor one for all: some sweeps tell.
        let some = Stopping { max_sweeps: SETTLING.min(self.stopping.max_sweeps), ..self.stopping };
        let rest = Stopping { max_sweeps: self.stopping.max_sweeps - some.max_sweeps, ..self.stopping };
        let ends = ends.and_then(|ends| {
            let anew = ends.into_iter().map(|end| Fit { sweeps: 0, ..end }).collect();
            let mut settled = all.go_on(k, &some, anew, &mut Runs::default())?;
            settled.truncate(FINALISTS);
            all.go_on(k, &rest, settled, &mut runs)
        });
        Ok((ends, runs))
    }

    /// Some runs to the end and, where these disagree, the most promising of many short ones.
    fn explore<M: Fused + Charted>(
        &self,
        k: usize,
        start: Start,
        mut begin: impl FnMut(&DMatrix<f64>, Start, usize) -> Result<M, Error>,
    ) -> Result<(Ends<M>, Runs), Failure> {
        let (count, mut runs) = (self.restarts.unwrap_or(RUNS), Runs::default());
        let mut of = start;
        let starts = (0..count).map(|at| (at, begin(self.sample, start.of(at), at).map_err(Into::into)));
        let mut ends = self.run(k, &self.stopping, starts, &mut runs);
        runs.starts = runs.reached.len() + runs.failed;
        if ends.is_err()
            && matches!(start, Start::Scaled | Start::Whitened | Start::Kmeans | Start::Projected)
        {
            // Where every clustering collapses, data at random may not.
            (of, runs.fell_back) = (Start::Random, true);
            let first = runs.starts;
            let starts =
                (0..count).map(|at| (first + at, begin(self.sample, Start::Random, at).map_err(Into::into)));
            ends = self.run(k, &self.stopping, starts, &mut runs);
            runs.starts = runs.reached.len() + runs.failed;
        }
        let total = ends.as_ref().map_or(0.0, |ends| ends[0].total);
        let is_settled = k == 1 || runs.unseen(SAME * total) <= UNSEEN;
        let most = self.stopping.max_sweeps;
        if self.restarts.is_none() && !is_settled && most > SHORT && !self.watch.is_interrupted() {
            let promising = self.promising(k, (runs.starts, total), |few, at| begin(few, of.of(at), at))?;
            runs.starts += TRIALS;
            let rest = Stopping { max_sweeps: most - SHORT, ..self.stopping };
            ends = match (ends, self.go_on(k, &rest, promising, &mut runs)) {
                (Ok(ends), Ok(further)) => {
                    let mut best = Vec::new();
                    ends.into_iter().chain(further).for_each(|fit| keep(&mut best, fit));
                    Ok(best)
                }
                (Err(_), Ok(further)) => Ok(further),
                (ends, _) => ends,
            };
        }
        Ok((ends, runs))
    }

    /// The best of many starts after a few sweeps on some of the sample; their numbers go on from `first`.
    fn promising<M: Fused>(
        &self,
        k: usize,
        (first, total): (usize, f64),
        mut begin: impl FnMut(&DMatrix<f64>, usize) -> Result<M, Error>,
    ) -> Result<Vec<Fit<M>>, Failure> {
        let few = &thinned(self.sample, FEW.max(20 * k));
        let sample = Data::new(few)?;
        let short = Stopping { max_sweeps: SHORT, ..self.stopping };
        let mut trials: Vec<Fit<M>> = Vec::new();
        for at in first..first + TRIALS {
            let watched = self.engine.best_of(
                [begin(few, at).map_err(Into::into)],
                &sample,
                &short,
                |seen| match seen {
                    Seen::Sweep { sweeps, expected, .. } => {
                        self.watch.sweep(k, at + 1, sweeps, expected.log_likelihood)
                    }
                    Seen::Run { .. } => self.watch.flow(),
                },
            );
            trials.extend(watched.ok().map(|fit| Fit { start: at, ..fit }));
            if self.watch.is_interrupted() {
                break;
            }
        }
        trials.sort_by(|one, other| other.log_likelihood.total_cmp(&one.log_likelihood));
        trials.dedup_by(|next, kept| kept.log_likelihood - next.log_likelihood <= ALIKE * few.nrows() as f64);
        let count = PROMISING[usize::from((few.nrows() as f64) < total)];
        trials.truncate(count);
        Ok(trials)
    }

    /// Goes on where runs have ended.
    fn go_on<M: Fused + Charted>(
        &self,
        k: usize,
        stopping: &Stopping,
        from: Vec<Fit<M>>,
        runs: &mut Runs,
    ) -> Ends<M> {
        let before: Vec<(usize, usize)> = from.iter().map(|fit| (fit.start, fit.sweeps)).collect();
        let starts = from.into_iter().map(|fit| (fit.start, Ok(fit.model)));
        let mut ends = self.run(k, stopping, starts, runs)?;
        for end in &mut ends {
            end.sweeps +=
                before.iter().find(|(start, _)| *start == end.start).map_or(0, |(_, sweeps)| *sweeps);
        }
        Ok(ends)
    }

    /// Runs to the end, each from a start with its number; what became of them is added to `runs`.
    fn run<M: Fused + Charted>(
        &self,
        k: usize,
        stopping: &Stopping,
        starts: impl IntoIterator<Item = (usize, executable_em_engine::Result<M>)>,
        runs: &mut Runs,
    ) -> Ends<M> {
        let numbers = RefCell::new(Vec::new());
        let starts = starts.into_iter().map(|(number, start)| {
            numbers.borrow_mut().push(number);
            start
        });
        let (plain, mut ends) = (OnSource::new(self.engine, self.source), Vec::new());
        if self.is_accelerated {
            let climb = Accelerated::of(plain, Method::Squarem, Chart::Unbounded, PATIENCE)?;
            // What every run took: sweeps, each guess counted with what it cost.
            let mut taken = vec![0];
            em::best_of(&climb, starts, stopping, |seen| {
                if let Seen::Run { .. } = seen {
                    taken.push(climb.evaluations());
                }
                self.note(k, &numbers.borrow(), (&mut ends, runs), seen)
            })?;
            for end in &mut ends {
                end.sweeps = taken[end.start + 1] - taken[end.start] - 1;
            }
        } else {
            em::best_of(&plain, starts, stopping, |seen| {
                self.note(k, &numbers.borrow(), (&mut ends, runs), seen)
            })?;
        }
        for end in &mut ends {
            end.start = numbers.borrow()[end.start];
        }
        Ok(ends)
    }

    /// Shows a run on the terminal, and adds its end to what became of the others.
    fn note<M: Clone, C: Climb<Model = M, Error = executable_em_engine::Error>>(
        &self,
        k: usize,
        numbers: &[usize],
        (ends, runs): (&mut Vec<Fit<M>>, &mut Runs),
        seen: Seen<'_, C>,
    ) -> ControlFlow<()> {
        match seen {
            Seen::Sweep { start, sweeps, expected, .. } => {
                self.watch.sweep(k, numbers[start] + 1, sweeps, expected.log_likelihood)
            }
            Seen::Run { outcome, .. } => {
                match outcome {
                    Ok(run) => {
                        runs.reached.push(run.log_likelihood);
                        keep(ends, run.clone());
                    }
                    Err(error) => {
                        runs.failed += 1;
                        runs.failure.get_or_insert_with(|| error.to_string());
                    }
                }
                self.watch.after(outcome)
            }
        }
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
        let Fit { model, log_likelihood: highest, total, sweeps, start, stopped } =
            best.map_err(|error| broken(all_failed(kind, k, runs.starts, &error)))?;
        let stopped = if self.watch.is_interrupted() { Stopped::Interrupted } else { stopped };
        let model = mixture(model);
        let log_likelihood = highest - total * self.log_volume;
        let (entropy, parameters) = (self.entropy(&model)?, model.parameter_count());
        let criteria = Criteria {
            aic: aic(log_likelihood, parameters)?,
            bic: weighted_bic(log_likelihood, parameters, total)?,
        };
        let icl = weighted_bic(log_likelihood - entropy, parameters, total)?;
        let same = runs.reached.iter().filter(|&&value| highest - value <= SAME * total).count();
        let fit = Fit { model, log_likelihood, total, sweeps, start, stopped };
        Ok(Found { k, kind, fit, began, runs, same, parameters, criteria, icl })
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
            Mixture::Student(model) => self.engine.statistics(model, self.source)?.expectation.label_entropy,
        };
        // Where no label is in doubt, the difference of the two is their rounding.
        Ok(entropy.max(0.0))
    }
}

/// Adds an end where no other is like it; of those that are alike the highest stays.
fn keep<M>(ends: &mut Vec<Fit<M>>, end: Fit<M>) {
    let is_alike = |other: &Fit<M>| (other.log_likelihood - end.log_likelihood).abs() <= ALIKE * end.total;
    let place = ends.partition_point(|other| other.log_likelihood >= end.log_likelihood);
    if place > 0 && is_alike(&ends[place - 1]) {
        return;
    }
    if ends.get(place).is_some_and(is_alike) {
        ends.remove(place);
    }
    ends.insert(place, end);
}

fn highest<M>(mut ends: Vec<Fit<M>>) -> Fit<M> {
    ends.swap_remove(0)
}

fn all_failed(kind: Kind, k: usize, starts: usize, error: &executable_em_engine::Error) -> String {
    let has_floor = matches!(kind, Kind::Gaussian { floor: Some(_), .. });
    let remedy = if has_floor { "a larger --floor" } else { "a --floor" };
    let hint = match error {
        executable_em_engine::Error::Mathematics(Error::NotPositiveDefinite { .. }) => format!(
            "; a component collapsed, columns depend on each other, or there are too few rows: fewer components, \
             another --covariance or {remedy} can help"
        ),
        _ => String::new(),
    };
    let family = match kind {
        Kind::Gaussian { family, .. } | Kind::Student { family, .. } if family != CovarianceFamily::Full => {
            format!(", {}", family.name())
        }
        _ => String::new(),
    };
    format!("k = {k}{family}: none of {starts} restarts succeeded: {error}{hint}")
}
