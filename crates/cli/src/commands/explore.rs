//! Where to climb from, and as far as it is worth: all runs, or many short ones and the best of them, on all data or on
//! a sample first.

use super::{
    Failure,
    exchange::Exchange,
    search::{Kind, RUNS, Runs, Search, Spared, reason},
    starts::{Start, thinned},
};
use executable_em::Error;
use executable_em::convergence::accelerate::{Accelerated, Chart, Charted, Method};
use executable_em::em::{self, Climb, Fit, Seen, Stopped, Stopping, Tolerance};
use executable_em_engine::{Data, Fused, OnSource, SAME, keep, rank};
use nalgebra::DMatrix;
use std::{cell::RefCell, ops::ControlFlow};

/// Where fewer than so many of the first runs come to an end, as with data that are alike, more begin, so many times as
/// many.
const ENDS: usize = 4;
const MORE: usize = 20;

/// Where the first runs disagree, components of the best ends are exchanged: so many times a round, followed for so
/// many sweeps on so many data of the sample …
const TRIALS: usize = 120;
const SHORT: usize = 20;
const FEW: usize = 1000;
/// … in so many of the ends; and so many of what comes of it, no two alike, go to their end, too …
const BASES: usize = 6;
const PROMISING: usize = 10;
/// … until so many rounds on end have found nothing better.
const IDLE: usize = 2;
/// What comes in is a narrow component, with its variances times one of these: groups are of all sizes.
const SCALES: [f64; 4] = [1.0, 1.0 / 16.0, 1.0 / 4.0, 4.0];
/// Short runs whose ranks differ by less than this, in nats a datum, are alike.
const ALIKE: f64 = 1e-4;

/// So many plain sweeps come before the first guess: by then a run has chosen its maximum.
const PATIENCE: usize = 20;

/// Plain EM is followed for so many times the sweeps of a run that guesses, to see what that was spared.
const LONGER: usize = 10;

/// Of a table that is at least so many times the sample, the runs are made on the sample, if that has so many values
/// for each parameter.
const LARGE: usize = 10;
const VALUES: usize = 8;
/// All their ends, no two alike, then make so many sweeps over all data, and so many of them, the best, go on to the
/// end.
const SETTLING: usize = 5;
const FINALISTS: usize = 3;

/// The ends of runs, the best first, no two alike; or why there is none.
pub type Ends<M> = executable_em_engine::Result<Vec<Fit<M>>>;

impl Runs {
    /// Whether all came to one ℓ.
    fn agree(&self, total: f64) -> bool {
        let highest = self.reached.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        self.failed == 0 && self.reached.iter().all(|reached| highest - reached <= SAME * total)
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
    pub fn explore_sample<M: Fused + Charted + Exchange>(
        &self,
        k: usize,
        start: Start,
        begin: impl FnMut(&DMatrix<f64>, Start, usize) -> Result<M, Error>,
    ) -> Result<(Ends<M>, Runs), Failure> {
        let sample = Data::new(self.sample)?;
        let on_sample = Search { source: &sample, unit: 1.0, ..self.by_guesses() };
        let (ends, explored) = on_sample.explore(k, start, begin)?;
        let Runs { starts, first_exchange, fell_back, .. } = explored;
        let mut runs =
            Runs { starts, first_exchange, fell_back, sample: Some(self.sample.nrows()), ..Runs::default() };
        let all = self.by_guesses();
        // A component that has found a few data of the sample alike is a poor one for all: some sweeps tell.
        let some = Stopping { max_sweeps: SETTLING.min(self.stopping.max_sweeps), ..self.stopping };
        let rest = Stopping { max_sweeps: self.stopping.max_sweeps - some.max_sweeps, ..self.stopping };
        let ends = ends.and_then(|ends| {
            let anew = ends.into_iter().map(|end| Fit { sweeps: 0, ..end }).collect();
            let mut settled = all.go_on(k, &some, anew, &mut Runs::default())?;
            settled.truncate(FINALISTS);
            let mut ends = all.go_on(k, &rest, settled, &mut runs)?;
            self.come_to_rest(k, &mut ends, &mut runs);
            Ok(ends)
        });
        Ok((ends, runs))
    }

    /// The same, with runs that guess where they are going.
    fn by_guesses(&self) -> Self {
        // Aitken's estimate is of plain sweeps.
        let is_accelerated = self.is_accelerated || !matches!(self.stopping.tolerance, Tolerance::Limit(_));
        Search { is_accelerated, ..*self }
    }

    /// A run that had no more sweeps may be on its way to a component too thin to be one: where nobody says how many
    /// there are, the best goes on, until the best is one that rests.
    fn come_to_rest<M: Fused + Charted>(&self, k: usize, ends: &mut Vec<Fit<M>>, runs: &mut Runs) {
        let mut gone_on = Vec::new();
        while !self.has_cap
            && ends[0].stopped == Stopped::MaxSweeps
            && !gone_on.contains(&ends[0].start)
            && !self.watch.is_interrupted()
        {
            let (start, before) = (ends[0].start, ends[0].log_likelihood);
            gone_on.push(start);
            let further =
                self.by_guesses().go_on(k, &self.stopping, vec![ends[0].clone()], &mut Runs::default());
            let known = runs.reached.iter().position(|&reached| reached == before);
            match further {
                Ok(further) => {
                    ends.remove(0);
                    if let Some(known) = known {
                        runs.reached[known] = further[0].log_likelihood;
                    }
                    further.into_iter().for_each(|end| keep(ends, end, self.unit));
                }
                Err(error) if ends.len() > 1 => {
                    ends.remove(0);
                    if let Some(known) = known {
                        runs.reached.remove(known);
                        runs.failed += 1;
                        runs.failure.get_or_insert_with(|| reason(&error));
                    }
                }
                Err(_) => break,
            }
        }
    }

    /// Some runs to the end, and what comes of exchanging components of the best.
    pub fn explore<M: Fused + Charted + Exchange>(
        &self,
        k: usize,
        start: Start,
        mut begin: impl FnMut(&DMatrix<f64>, Start, usize) -> Result<M, Error>,
    ) -> Result<(Ends<M>, Runs), Failure> {
        let (count, mut runs) = (self.restarts.unwrap_or(RUNS), Runs::default());
        let starts = (0..count).map(|at| (at, begin(self.sample, start.of(at), at).map_err(Into::into)));
        let mut ends = self.run(k, &self.stopping, starts, &mut runs);
        runs.starts = runs.reached.len() + runs.failed;
        if ends.is_err()
            && matches!(start, Start::Scaled | Start::Whitened | Start::Kmeans | Start::Projected)
        {
            // Where every clustering collapses, data at random may not.
            runs.fell_back = true;
            let first = runs.starts;
            let starts =
                (0..count).map(|at| (first + at, begin(self.sample, Start::Random, at).map_err(Into::into)));
            ends = self.run(k, &self.stopping, starts, &mut runs);
            runs.starts = runs.reached.len() + runs.failed;
        }
        for _ in 0..MORE {
            let is_enough = k == 1 || self.restarts.is_some() || runs.reached.len() >= ENDS;
            let is_hopeless = ends
                .as_ref()
                .is_err_and(|error| !matches!(error, executable_em_engine::Error::Mathematics(_)));
            if is_enough || is_hopeless || self.watch.is_interrupted() {
                break;
            }
            let (first, fell_back) = (runs.starts, runs.fell_back);
            let starts = (first..first + RUNS).map(|at| {
                let start = if fell_back { Start::Random } else { start.of(at) };
                (at, begin(self.sample, start, at).map_err(Into::into))
            });
            match (&mut ends, self.run(k, &self.stopping, starts, &mut runs)) {
                (Ok(ends), Ok(further)) => further.into_iter().for_each(|end| keep(ends, end, self.unit)),
                (ends, Ok(further)) => *ends = Ok(further),
                (_, Err(_)) => {}
            }
            runs.starts = runs.reached.len() + runs.failed;
        }
        runs.first_exchange = runs.starts;
        if let Ok(ends) = &mut ends {
            let may_exchange = self.restarts.is_none() && self.stopping.max_sweeps > SHORT;
            if may_exchange && !runs.agree(ends[0].total) {
                self.exchange(k, ends, &mut runs, begin)?;
            } else if may_exchange && k > 1 && self.sample.nrows() <= FEW {
                // To look once more where all agree costs little if data are few; it counts if it finds something.
                let (mut more, mut of_more) = (ends.clone(), runs.clone());
                self.exchange(k, &mut more, &mut of_more, begin)?;
                if rank(&more[0], self.unit) > rank(&ends[0], self.unit) + SAME * ends[0].total {
                    (*ends, runs) = (more, of_more);
                }
            }
            self.come_to_rest(k, ends, &mut runs);
        }
        Ok((ends, runs))
    }

    /// Exchanges components of the best ends, until so many rounds on end have found nothing better.
    fn exchange<M: Fused + Charted + Exchange>(
        &self,
        k: usize,
        ends: &mut Vec<Fit<M>>,
        runs: &mut Runs,
        mut begin: impl FnMut(&DMatrix<f64>, Start, usize) -> Result<M, Error>,
    ) -> Result<(), Failure> {
        let rest = Stopping { max_sweeps: self.stopping.max_sweeps - SHORT, ..self.stopping };
        let mut idle = 0;
        while idle < IDLE && !self.watch.is_interrupted() {
            let before = rank(&ends[0], self.unit);
            let bases: Vec<M> = ends.iter().take(BASES).map(|end| end.model.clone()).collect();
            let promising = self.promising(k, runs.starts, |few, at| {
                let (j, turn) = (at % k, at / k);
                let base = &bases[turn / SCALES.len() % bases.len()];
                base.exchanged(j, &begin(few, Start::Narrow, at)?, SCALES[turn % SCALES.len()])
            })?;
            runs.starts += TRIALS;
            if let Ok(further) = self.go_on(k, &rest, promising, runs) {
                further.into_iter().for_each(|end| keep(ends, end, self.unit));
            }
            idle = if rank(&ends[0], self.unit) > before + SAME * ends[0].total { 0 } else { idle + 1 };
        }
        Ok(())
    }

    /// The best of many starts, whose numbers go on from `first`, after a few sweeps on some of the sample.
    fn promising<M: Fused>(
        &self,
        k: usize,
        first: usize,
        mut begin: impl FnMut(&DMatrix<f64>, usize) -> Result<M, Error>,
    ) -> Result<Vec<Fit<M>>, Failure> {
        let few = &thinned(self.sample, FEW.max(20 * k));
        let sample = Data::new(few)?;
        let short = Stopping { max_sweeps: SHORT, ..self.stopping };
        // With its rank, which takes a factorisation to know.
        let mut trials: Vec<(f64, Fit<M>)> = Vec::new();
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
            trials.extend(watched.ok().map(|fit| (rank(&fit, 1.0), Fit { start: at, ..fit })));
            if self.watch.is_interrupted() {
                break;
            }
        }
        trials.sort_by(|one, other| other.0.total_cmp(&one.0));
        trials.dedup_by(|next, kept| kept.0 - next.0 <= ALIKE * few.nrows() as f64);
        Ok(trials.into_iter().take(PROMISING).map(|(_, fit)| fit).collect())
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
        let (numbers, begun) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        let starts = starts.into_iter().map(|(number, start)| {
            numbers.borrow_mut().push(number);
            begun.borrow_mut().push(self.tells_spared.then(|| start.as_ref().ok().cloned()).flatten());
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
            if let Some(spared) = ends.first().and_then(|best| self.spared(best, &begun.borrow(), stopping)) {
                runs.spared.push((numbers.borrow()[ends[0].start], spared));
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

    /// How many sweeps this run was spared, if those of plain EM from the same start are soon counted.
    fn spared<M: Fused>(&self, end: &Fit<M>, begun: &[Option<M>], stopping: &Stopping) -> Option<Spared> {
        let start = begun[end.start].clone()?;
        let some = Stopping { max_sweeps: stopping.max_sweeps.min(LONGER * end.sweeps), ..*stopping };
        let plain = self.engine.best_of([Ok(start)], self.source, &some, |_| self.watch.flow()).ok()?;
        let above = (plain.log_likelihood - end.log_likelihood) / end.total;
        let sweeps = plain.sweeps as isize - end.sweeps as isize;
        let is_bound = plain.stopped == Stopped::MaxSweeps;
        let is_there = plain.stopped == Stopped::Converged && above.abs() <= SAME;
        let is_on_its_way = is_bound && sweeps > 0 && above <= SAME;
        (end.stopped == Stopped::Converged && (is_there || is_on_its_way))
            .then_some(Spared { sweeps, is_bound })
    }

    /// Shows a run on the terminal, and adds its end to what became of the others.
    fn note<M: Fused, C: Climb<Model = M, Error = executable_em_engine::Error>>(
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
                        keep(ends, run.clone(), self.unit);
                    }
                    Err(error) => {
                        runs.failed += 1;
                        runs.failure.get_or_insert_with(|| reason(error));
                    }
                }
                self.watch.after(outcome)
            }
        }
    }
}
