//! Where to climb from, and as far as it is worth: all runs, or many short ones and the best of them, on all data or on
//! a sample first.

use super::{
    Failure,
    search::{Kind, RUNS, Runs, SAME, Search},
    starts::{Start, thinned},
};
use executable_em::Error;
use executable_em::convergence::accelerate::{Accelerated, Chart, Charted, Method};
use executable_em::em::{self, Climb, Fit, Seen, Stopping, Tolerance};
use executable_em_engine::{Data, Fused, OnSource};
use nalgebra::DMatrix;
use std::{cell::RefCell, ops::ControlFlow};

/// Where the first runs do not agree, so many further starts make a few sweeps on so many data of the sample …
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
/// each parameter.
const LARGE: usize = 10;
const VALUES: usize = 8;
/// All their ends, no two alike, then make so many sweeps over all data, and so many of them, the best, go on to the end.
const SETTLING: usize = 5;
const FINALISTS: usize = 3;

/// How much of the space of starts may lead to optima that nobody has seen, before there are trials.
const UNSEEN: f64 = 0.02;

/// The ends of runs, highest first, no two alike; or why there is none.
pub type Ends<M> = executable_em_engine::Result<Vec<Fit<M>>>;

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
    /// Whether there are far more data than tell one optimum from another.
    pub fn is_large(&self, kind: Kind, k: usize) -> bool {
        let d = self.sample.ncols();
        let spread = kind.family().map_or(0, |family| family.parameter_count(k, d));
        self.restarts.is_none()
            && self.n >= LARGE * self.sample.nrows()
            && self.sample.len() >= VALUES * (k * d + spread)
    }

    /// [`Search::explore`] on the sample; the best of it goes on over all data.
    pub fn explore_sample<M: Fused + Charted>(
        &self,
        k: usize,
        start: Start,
        begin: impl FnMut(&DMatrix<f64>, Start, usize) -> Result<M, Error>,
    ) -> Result<(Ends<M>, Runs), Failure> {
        let sample = Data::new(self.sample)?;
        // Aitken's estimate is of plain sweeps.
        let is_accelerated = self.is_accelerated || !matches!(self.stopping.tolerance, Tolerance::Limit(_));
        let on_sample = Search { source: &sample, is_accelerated, ..*self };
        let (ends, explored) = on_sample.explore(k, start, begin)?;
        let Runs { starts, fell_back, .. } = explored;
        let mut runs = Runs { starts, fell_back, sample: Some(self.sample.nrows()), ..Runs::default() };
        let all = Search { is_accelerated, ..*self };
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
    pub fn explore<M: Fused + Charted>(
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
    pub fn run<M: Fused + Charted>(
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
