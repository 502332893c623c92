//! When a fit stops, and what it keeps of its way.

use crate::common::bounds::gamma;
use crate::common::{assert_printed, assert_within, column, line_mixture};
use crate::{round, stopping};
use executable_em::data;
use executable_em::em::{self, Stopped, Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, random_start};
use executable_em::latent::Model;

/// A trace holds every iterate: the start, then one sweep after the other, each with its ℓ.
///
/// Source: C-41, T-11, H-61, L-12.
#[test]
fn a_fit_holds_every_iterate() {
    let x = data::old_faithful();
    let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(3)).unwrap();
    let run = em::trace(start.clone(), &x, &Stopping::default()).unwrap();
    assert_eq!(run.iterates[0].model, start);
    assert_eq!(run.fit.sweeps + 1, run.iterates.len());
    assert_eq!(run.log_likelihoods().len(), run.iterates.len());
    for (index, iterate) in run.iterates.iter().enumerate() {
        assert_eq!(iterate.log_likelihood, iterate.model.log_likelihood(&x).unwrap());
        assert_eq!(run.log_likelihoods()[index], iterate.log_likelihood);
        if index > 0 {
            assert_eq!(iterate.model, em::sweep(&run.iterates[index - 1].model, &x).unwrap());
        }
    }
    let last = run.iterates.last().unwrap();
    assert_eq!((&run.fit.model, run.fit.log_likelihood), (&last.model, last.log_likelihood));
    assert!(run.fit.log_likelihood > run.iterates[0].log_likelihood);
    // A fit is the end of the same run, with the rest forgotten.
    assert_eq!(em::fit(start, &x, &Stopping::default()).unwrap(), run.fit);
    assert_eq!((run.fit.total, run.fit.start), (272.0, 0));
}

/// Each rule stops at the first sweep that meets it, and the cap before that.
///
/// Source: H-61, L-12.
#[test]
fn each_rule_stops_at_the_first_sweep_that_meets_it() {
    let x = data::old_faithful();
    let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(3)).unwrap();
    let long = em::trace(start.clone(), &x, &stopping(Tolerance::Parameters(1e-12), 500)).unwrap();

    let by_l = |tolerance: f64| {
        let l = long.log_likelihoods();
        (1..l.len()).find(|&t| (l[t] - l[t - 1]) / 272.0 <= tolerance)
    };
    let by_theta = |tolerance: f64| {
        (1..long.iterates.len()).find(|&t| {
            let (a, b) = (long.iterates[t - 1].model.parameters(), long.iterates[t].model.parameters());
            a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= tolerance * a.abs().max(1.0))
        })
    };
    for tolerance in [1e-1, 1e-3, 1e-6, 1e-9] {
        let a_datum = tolerance / 272.0;
        for (rule, expected) in [
            (Tolerance::LogLikelihood(a_datum), by_l(a_datum)),
            (Tolerance::Parameters(tolerance), by_theta(tolerance)),
        ] {
            let expected = expected.expect("the long run went that far");
            let run = em::trace(start.clone(), &x, &stopping(rule, 500)).unwrap();
            assert_eq!((run.fit.stopped, run.fit.sweeps), (Stopped::Converged, expected), "{rule:?}");
            assert_eq!(run.iterates[..], long.iterates[..=expected]);
            let cut = em::fit(start.clone(), &x, &stopping(rule, expected - 1)).unwrap();
            assert_eq!((cut.stopped, cut.sweeps), (Stopped::MaxSweeps, expected - 1));
        }
    }
    // The cap that falls on the sweep of arrival is an arrival.
    let a_datum = 1e-3 / 272.0;
    let rule = stopping(Tolerance::LogLikelihood(a_datum), by_l(a_datum).unwrap());
    let exact = em::fit(start.clone(), &x, &rule).unwrap();
    assert_eq!(exact.stopped, Stopped::Converged);
    let none = em::fit(start.clone(), &x, &stopping(Tolerance::LogLikelihood(1.0 / 272.0), 0)).unwrap();
    assert_eq!((none.stopped, none.sweeps, &none.model), (Stopped::MaxSweeps, 0, &start));
    assert_eq!(Stopping::default(), stopping(Tolerance::LogLikelihood(1e-9 / 272.0), 10_000));
}

/// A fixed point meets a tolerance of zero at once: on {±1, ±2} equal components do not move by a bit.
///
/// Source: H-61.
#[test]
fn a_fixed_point_meets_a_tolerance_of_zero() {
    let x = column(&[-2.0, -1.0, 1.0, 2.0]);
    let saddle = line_mixture(&[0.5, 0.5], &[0.0, 0.0], &[2.5, 2.5]);
    for rule in [Tolerance::LogLikelihood(0.0), Tolerance::Parameters(0.0)] {
        let fit = em::fit(saddle.clone(), &x, &stopping(rule, 10)).unwrap();
        assert_eq!((fit.stopped, fit.sweeps, &fit.model), (Stopped::Converged, 1, &saddle));
    }
    // An infinite tolerance is met by the first sweep, whatever it does.
    let start = line_mixture(&[0.5, 0.5], &[-1.0, 1.5], &[1.0, 1.0]);
    let fit = em::fit(start, &x, &stopping(Tolerance::Parameters(f64::INFINITY), 10)).unwrap();
    assert_eq!((fit.stopped, fit.sweeps), (Stopped::Converged, 1));
}

/// A move of a parameter counts relative to what it was before, not to what it has become.
///
/// Source: H-61.
#[test]
fn a_move_is_relative_to_where_it_began() {
    let x = column(&[9.0, 10.0, 11.0]);
    // The mean goes from 1 to 10, a move of 9 (of 0.9 in units of where it ends); the variance is right already.
    let start = line_mixture(&[1.0], &[1.0], &[2.0 / 3.0]);
    let sweeps = |tolerance: f64| {
        em::fit(start.clone(), &x, &stopping(Tolerance::Parameters(tolerance), 10)).unwrap().sweeps
    };
    assert_eq!((sweeps(9.1), sweeps(8.9), sweeps(1.0)), (1, 2, 2));
}

/// A run tells what it did: the rises add up to the climb, the moves are the largest relative change of any parameter,
/// and the rule that ended the run is the first sweep's that met it.
///
/// Source: H-61.
#[test]
fn a_fit_reports_rises_moves_and_its_rule() {
    let x = data::old_faithful();
    let start = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(3)).unwrap();
    for rule in [Tolerance::LogLikelihood(1e-6 / 272.0), Tolerance::Parameters(1e-6)] {
        let run = em::trace(start.clone(), &x, &stopping(rule, 500)).unwrap();
        let sweeps = run.fit.sweeps;
        assert_eq!(run.fit.stopped, Stopped::Converged);
        let (rises, moves) = (run.rises(), run.moves());
        assert_eq!((rises.len(), moves.len()), (sweeps, sweeps));
        for t in 0..sweeps {
            let (a, b) = (&run.iterates[t], &run.iterates[t + 1]);
            assert_eq!(rises[t], b.log_likelihood - a.log_likelihood);
            let (theta, next) = (a.model.parameters(), b.model.parameters());
            let largest = (0..theta.len())
                .map(|m| (next[m] - theta[m]).abs() / if theta[m].abs() > 1.0 { theta[m].abs() } else { 1.0 })
                .max_by(f64::total_cmp)
                .unwrap();
            assert_eq!(moves[t], largest);
        }
        let watched = match rule {
            Tolerance::LogLikelihood(_) => &rises,
            Tolerance::Parameters(_) => &moves,
            Tolerance::Limit(_) => unreachable!("no rule of these"),
        };
        let (last, earlier) = watched.split_last().unwrap();
        assert!(*last <= 1e-6 && earlier.iter().all(|&value| value > 1e-6), "{rule:?}");
        let capped = em::fit(start.clone(), &x, &stopping(rule, 3)).unwrap();
        assert_eq!((capped.stopped, capped.sweeps), (Stopped::MaxSweeps, 3));
    }
    // A parameter below one counts absolutely, one above it relatively, and signs do not matter.
    assert_eq!(em::largest_move(&round(&[0.25, -8.0], 1.0), &round(&[0.5, -10.0], 1.0)), 0.25);
    assert_eq!(em::largest_move(&round(&[-0.5], 1.0), &round(&[-0.25], 1.0)), 0.25);
    assert_eq!(em::largest_move(&round(&[4.0], 1.0), &round(&[5.0], 1.0)), 0.25);
    assert_eq!(em::largest_move(&round(&[3.0], 1.0), &round(&[3.0], 1.0)), 0.0);
}

/// On {−1, 1} two unit Gaussians at ±m follow m ← tanh m. After 20 000 sweeps m = .00866 and still moves by 2·10⁻⁷: the
/// printed "will eventually stop" does not happen, while a tolerance on ℓ of 10⁻⁹ is met when m is .04.
///
/// Source: C-E09, B-E14, H-61.
#[test]
fn erratum_the_tanh_map_never_stops() {
    let x = column(&[-1.0, 1.0]);
    let mut model = round(&[-1.0, 1.0], 1.0);
    let mut last = model.clone();
    for sweep in 0..20_000 {
        let m = model.means()[1];
        assert_eq!(model.means()[0], -m);
        let next = em::sweep(&model, &x).unwrap();
        // Two log joints of size below 4 with 5 operations each, so their difference 2m is off by 8 γ(5); r moves by a
        // quarter of that and the mean by twice r, and three more operations.
        assert_within(next.means()[1], m.tanh(), 4.0 * gamma(5) + gamma(8));
        assert!(next.means()[1] < m, "it stopped in sweep {sweep}");
        last = std::mem::replace(&mut model, next);
    }
    assert_printed(model.means()[1], ".00866");
    assert_printed(em::largest_move(&last, &model) * 1e7, "2.2");

    // Both rules stop, each too early for the other. ℓ(0) − ℓ(m) = m⁴/6 + O(m⁶), a sweep raises ℓ by 2m⁶/9 and moves m
    // by m³/3.
    let limit = round(&[0.0, 0.0], 1.0).log_likelihood(&x).unwrap();
    let nano = stopping(Tolerance::LogLikelihood(1e-9 / 2.0), 10_000); // a billionth of a nat, over two data
    let run = em::trace(round(&[-1.0, 1.0], 1.0), &x, &nano).unwrap();
    let by_l = &run.fit;
    assert_eq!(by_l.stopped, Stopped::Converged);
    let m = by_l.model.means()[1];
    assert_printed(m, "0.041");
    assert_within(2.0 * m.powi(6) / 9.0, 1e-9, 0.02e-9);
    let short = limit - by_l.log_likelihood;
    assert_within(short, m.powi(4) / 6.0, m.powi(6));
    assert!(short > 400.0 * 1e-9, "ℓ lacks {short}, hundreds of times the tolerance");
    assert!(*run.moves().last().unwrap() > 1e-5);

    let by_theta =
        em::fit(round(&[-1.0, 1.0], 1.0), &x, &stopping(Tolerance::Parameters(1e-6), 20_000)).unwrap();
    assert_eq!(by_theta.stopped, Stopped::Converged);
    let m = by_theta.model.means()[1];
    assert_within(m.powi(3) / 3.0, 1e-6, 0.01e-6);
    assert!(m > 10_000.0 * 1e-6, "θ is {m} from its limit, ten thousand times the tolerance");
    assert!(by_theta.sweeps > 7 * by_l.sweeps);
    let capped = em::fit(round(&[-1.0, 1.0], 1.0), &x, &stopping(Tolerance::Parameters(1e-9), 500)).unwrap();
    assert_eq!((capped.stopped, capped.sweeps), (Stopped::MaxSweeps, 500));
}
