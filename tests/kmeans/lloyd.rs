//! Lloyd's algorithm: J falls, the run comes to rest, and the rest is not always the best.

use crate::common::bounds::{gamma, kmeans_rise, labels_are_decided};
use crate::common::config;
use crate::common::enumeration::labelings;
use crate::common::tally::Tally;
use crate::common::{assert_printed, assert_within, cases, column};
use crate::{objective_of_labels, state};
use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em::kmeans::{self, Lloyd, Step, likelihood};
use executable_em::{data, latent};
use nalgebra::{DMatrix, dmatrix};
use proptest::prelude::*;

/// k-means uses no labels: renaming the starting means renames the clusters, and reordering the data reorders them,
/// unless a datum lies midway between two means; scaling by a power of two scales the means exactly and J by its
/// square.
///
/// Source: T-02, H-04.
#[test]
fn names_order_and_units_change_nothing() {
    let tally = Tally::new();
    proptest!(config(400), |(case in cases::strategy(&cases::Kind::ALL), turn in 1..5usize)| {
        let (x, start) = state(&case);
        let (n, k) = (x.nrows(), start.nrows());
        let run = kmeans::lloyd(x, start, 100).unwrap();
        let scaled = kmeans::lloyd(&(x * 8.0), &(start * 8.0), 100).unwrap();
        prop_assert_eq!(scaled.labels(), run.labels());
        prop_assert_eq!(scaled.means(), &(run.means() * 8.0));
        prop_assert_eq!(scaled.objective(), run.objective() * 64.0);

        // The start is the same number in any order; a later mean is a sum of n data and a quotient, in two orders.
        let assigned = run.half_steps.iter().filter(|half_step| half_step.step == Step::Assign);
        let decided = assigned.enumerate().all(|(sweep, half_step)| {
            let mean_error = if sweep == 0 { 0.0 } else { 2.0 * gamma(n + 2) * x.amax() };
            labels_are_decided(x, &half_step.means, mean_error)
        });
        tally.count(case.kind, decided);
        if decided {
            let order: Vec<usize> = (0..k).map(|j| (j + turn) % k).collect();
            let renamed = kmeans::lloyd(x, &start.select_rows(&order), 100).unwrap();
            for i in 0..n {
                prop_assert_eq!(run.labels()[i], order[renamed.labels()[i]]);
            }
            prop_assert_eq!(&run.means().select_rows(&order), renamed.means());

            let turned: Vec<usize> = (0..n).map(|i| (i + turn) % n).collect();
            let reordered = kmeans::lloyd(&x.select_rows(&turned), start, 100).unwrap();
            for (position, &i) in turned.iter().enumerate() {
                prop_assert_eq!(reordered.labels()[position], run.labels()[i]);
            }
        }
    });
    tally.assert_compared(|kind| if *kind == cases::Kind::Ties { 0.4 } else { 0.99 });
}

/// Over 500 runs from hard cases J never rises by more than rounding, every run comes to rest in finitely many sweeps,
/// and where it rests each step changes nothing.
///
/// Source: H-05, H-14, H-17, T-04, B-32.
#[test]
fn lloyd_never_raises_the_objective_and_stops_at_a_fixed_point() {
    let mut falls = 0;
    for number in 0..500 {
        let case = cases::numbered(number, CovarianceFamily::Full);
        let (x, k) = (&case.x, case.model.k());
        let mut rng = data::rng(number);
        let start = match number % 3 {
            0 => case.model.means().clone(),
            1 => kmeans::random_start(x, k, &mut rng).unwrap(),
            _ => kmeans::plus_plus_start(x, k, &mut rng).unwrap(),
        };
        let run = kmeans::lloyd(x, &start, 200).unwrap();
        assert!(run.converged, "run {number} ({:?}) was still moving after 200 sweeps", case.kind);
        assert_eq!(run.start, start);
        check_trace(x, &run);
        for pair in run.half_steps.windows(2) {
            let (before, after) = (pair[0].objective, pair[1].objective);
            let bound = kmeans_rise(x, k, before, after);
            assert!(
                after <= before + bound,
                "run {number} ({:?}): J rose from {before} to {after}",
                case.kind
            );
            falls += usize::from(after < before);
        }
        assert_eq!(kmeans::assign(x, run.means()).unwrap(), run.labels());
        let r = latent::one_hot(run.labels(), k).unwrap();
        assert_eq!(&kmeans::update_means(x, &r, run.means()).unwrap(), run.means());
    }
    assert!(falls > 500, "J fell in {falls} half steps only: the runs were idle");
}

/// A sweep may change labels and leave J as it was: here four data stand in ties and go to the lower index, while no
/// mean moves. What falls then is the sum of the labels. Without a rule for ties the two assignments could follow each
/// other for ever, for their means are the same and each is a best one there.
///
/// Source: H-17.
#[test]
fn a_sweep_at_equal_objective_lowers_the_sum_of_the_labels() {
    // All numbers are dyadic, so nothing is rounded.
    let x = dmatrix![0.5, -0.5; -0.5, 0.5; 1.5, 0.5; 0.5, 1.5; 1.0, 0.0; 0.0, 1.0];
    let start = dmatrix![1.25, -0.25; -0.25, 1.25; 0.0, 0.0; 1.0, 1.0];
    let run = kmeans::lloyd(&x, &start, 10).unwrap();
    assert!(run.converged);
    assert_eq!(run.objectives(), [2.25, 2.0, 2.0, 2.0, 2.0]);
    let assignments: Vec<&[usize]> =
        run.half_steps.iter().step_by(2).map(|half_step| &half_step.labels[..]).collect();
    let (first, second) = ([2, 2, 3, 3, 0, 1], [0, 1, 0, 1, 0, 1]);
    assert_eq!(assignments, [first, second, second]);
    assert_eq!(first.iter().zip(&second).filter(|(before, after)| before != after).count(), 4);
    assert!(second.iter().sum::<usize>() < first.iter().sum::<usize>());

    let rest = dmatrix![1.0, 0.0; 0.0, 1.0; 0.0, 0.0; 1.0, 1.0];
    for labels in [first, second] {
        let r = latent::one_hot(&labels, 4).unwrap();
        assert_eq!(kmeans::update_means(&x, &r, &rest).unwrap(), rest);
        assert_eq!(kmeans::objective(&x, &r, &rest).unwrap(), 2.0);
    }
    // The least J of any assignment at these means.
    let nearest = kmeans::responsibilities(&x, &rest).unwrap();
    assert_eq!(kmeans::objective(&x, &nearest, &rest).unwrap(), 2.0);
}

/// The half steps alternate, start with the assignment of the start, and each is what its step gives.
pub fn check_trace(x: &DMatrix<f64>, run: &Lloyd) {
    assert_eq!(run.half_steps.len() % 2, 1);
    assert_eq!(run.half_steps[0].means, run.start);
    for (index, half_step) in run.half_steps.iter().enumerate() {
        assert_eq!(half_step.step, if index % 2 == 0 { Step::Assign } else { Step::Update });
        assert_eq!(half_step.objective, objective_of_labels(x, &half_step.labels, &half_step.means));
        if index % 2 == 0 {
            assert_eq!(half_step.labels, kmeans::assign(x, &half_step.means).unwrap());
        } else {
            let before = &run.half_steps[index - 1];
            assert_eq!(half_step.labels, before.labels);
            let r = latent::one_hot(&before.labels, run.start.nrows()).unwrap();
            assert_eq!(half_step.means, kmeans::update_means(x, &r, &before.means).unwrap());
        }
    }
    let last = run.half_steps.last().unwrap();
    assert_eq!((run.means(), run.labels(), run.objective()), (&last.means, &last.labels[..], last.objective));
    let objectives: Vec<f64> = run.half_steps.iter().map(|half_step| half_step.objective).collect();
    assert_eq!(run.objectives(), objectives);
}

/// The cap on sweeps is kept, and a run cut short says so.
///
/// Source: T-04.
#[test]
fn the_cap_on_sweeps_is_kept() {
    let x = DMatrix::from_fn(30, 1, |i, _| i as f64);
    let start = column(&[0.0, 1.0]);
    let whole = kmeans::lloyd(&x, &start, 100).unwrap();
    let sweeps = whole.half_steps.len() / 2;
    assert!(whole.converged && sweeps > 2);
    for cap in 0..sweeps {
        let cut = kmeans::lloyd(&x, &start, cap).unwrap();
        assert!(!cut.converged);
        assert_eq!(cut.half_steps[..], whole.half_steps[..=2 * cap]);
        assert_eq!(cut.half_steps.len(), 2 * cap + 1);
    }
    assert_eq!(kmeans::lloyd(&x, &start, sweeps).unwrap(), whole);
}

/// J ≥ 0 and never rises, but it need not fall in each step (fixed point), nor stay positive (k = n).
///
/// Source: H-E11.
#[test]
fn erratum_the_lyapunov_function_need_not_decrease_nor_be_positive() {
    let x = column(&[0.0, 1.0, 9.0, 10.0]);
    let run = kmeans::lloyd(&x, &column(&[0.5, 9.5]), 10).unwrap();
    assert_eq!(run.objectives(), [1.0, 1.0, 1.0]);
    assert_eq!(kmeans::lloyd(&x, &x, 10).unwrap().objectives(), [0.0, 0.0, 0.0]);
}

/// A Lyapunov function guarantees no local minimum: four counterexamples.
///
/// Source: H-E12, H-10, H-11.
#[test]
fn erratum_a_lyapunov_function_does_not_lead_to_a_local_minimum() {
    // (a) x ← (x + ½)/2 lowers J = x² from x = 1 on for ever, and ends at J = ¼; the minimum is 0.
    let mut x = 1.0_f64;
    for _ in 0..60 {
        let next = (x + 0.5) / 2.0;
        assert!(next * next <= x * x);
        x = next;
    }
    assert_eq!(x * x, 0.25);

    // (b) J = |z|² converges while the state does not: the radius goes to 1, the angle moves by 1 rad a step.
    let (mut radius, mut angle) = (2.0_f64, 0.0_f64);
    for _ in 0..60 {
        let (next_radius, next_angle) = (1.0 + (radius - 1.0) / 2.0, angle + 1.0);
        assert!(next_radius * next_radius <= radius * radius);
        let chord = 2.0 * 0.5_f64.sin() * next_radius.min(radius);
        let moved = (next_radius * next_angle.cos() - radius * angle.cos())
            .hypot(next_radius * next_angle.sin() - radius * angle.sin());
        assert!(moved >= chord - 1e-12 && chord > 0.95);
        (radius, angle) = (next_radius, next_angle);
    }
    assert_eq!(radius * radius, 1.0);

    // (c) a tie: {−3, 1, 3} stops at J = 8, where moving the first mean a little lowers J; the optimum is 2.
    let x = column(&[-3.0, 1.0, 3.0]);
    let stuck = kmeans::lloyd(&x, &column(&[-1.0, 3.0]), 100).unwrap();
    assert!(stuck.converged);
    assert_eq!((stuck.objective(), stuck.labels()), (8.0, &[0, 0, 1][..]));
    let at = |first: f64| {
        let means = column(&[first, 3.0]);
        objective_of_labels(&x, &kmeans::assign(&x, &means).unwrap(), &means)
    };
    assert_printed(at(-1.01), "7.960");
    assert_eq!(at(-1.0), 8.0);
    assert_eq!(kmeans::lloyd(&x, &column(&[-3.0, 2.0]), 100).unwrap().objective(), 2.0);

    // (d) no tie: {−3, 1, 3.2} stops at J = 8, and moving one datum to the other cluster gives 2.42.
    let x = column(&[-3.0, 1.0, 3.2]);
    let stuck = kmeans::lloyd(&x, &column(&[-1.0, 3.2]), 100).unwrap();
    assert_eq!((stuck.objective(), stuck.labels()), (8.0, &[0, 0, 1][..]));
    let moved = latent::one_hot(&[0, 1, 1], 2).unwrap();
    let means = kmeans::update_means(&x, &moved, stuck.means()).unwrap();
    assert_printed(kmeans::objective(&x, &moved, &means).unwrap(), "2.42");
}

/// On a rectangle k-means rests at J = 16 where the best is 1: a local maximum of the hard likelihood only, and
/// centroids that no longer move although the clustering failed.
///
/// Source: H-E16, T-E19.
#[test]
fn erratum_stable_centroids_need_not_be_the_best() {
    let x = dmatrix![0.0, 0.0; 0.0, 1.0; 4.0, 0.0; 4.0, 1.0];
    let stuck = kmeans::lloyd(&x, &dmatrix![2.0, 0.0; 2.0, 1.0], 100).unwrap();
    let best = kmeans::lloyd(&x, &dmatrix![0.0, 0.5; 4.0, 0.5], 100).unwrap();
    assert!(stuck.converged && best.converged);
    assert_eq!((stuck.objective(), best.objective()), (16.0, 1.0));
    let least = labelings(4, 2)
        .into_iter()
        .map(|labels| {
            let r = latent::one_hot(&labels, 2).unwrap();
            let means = kmeans::update_means(&x, &r, &DMatrix::zeros(2, 2)).unwrap();
            kmeans::objective(&x, &r, &means).unwrap()
        })
        .fold(f64::INFINITY, f64::min);
    assert_eq!(least, 1.0);
    let value = |run: &Lloyd| {
        likelihood::log_likelihood(&x, &latent::one_hot(run.labels(), 2).unwrap(), run.means(), 1.0).unwrap()
    };
    // The two differ by ΔJ/2σ².
    assert_within(value(&best) - value(&stuck), 7.5, gamma(40) * 30.0);
}
