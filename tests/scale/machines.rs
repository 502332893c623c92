//! What a sweep takes on many machines, against a simulation of them.

use crate::Outcome;
use crate::common::assert_within;
use executable_em::scale::machines::Machines;
use executable_em::{Error, data};
use rand::RngExt;

const MACHINES: Machines = Machines { row: 2e-8, disturbance: 0.15, latency: 5e-4, transfer: 3e-5 };

/// When the last machine is done, and when the sums of all are one: every machine works and is delayed; the nodes of a
/// tree take in the sums of others one after the other, each when it is ready.
fn simulate(n: f64, machines: usize, fan_in: usize, rng: &mut data::Rng) -> (f64, f64) {
    let of_one = n * MACHINES.row / machines as f64;
    let delayed =
        |rng: &mut data::Rng| of_one * (1.0 - MACHINES.disturbance * (1.0 - rng.random::<f64>()).ln());
    let mut ready: Vec<f64> = (0..machines).map(|_| delayed(rng)).collect();
    let last = ready.iter().copied().fold(0.0, f64::max);
    while ready.len() > 1 {
        let take_in = |group: &[f64]| {
            let mut arrivals: Vec<f64> = group.iter().map(|at| at + MACHINES.latency).collect();
            arrivals.sort_by(f64::total_cmp);
            arrivals.iter().fold(0.0, |free, &arrival| f64::max(free, arrival) + MACHINES.transfer)
        };
        ready = ready.chunks(fan_in).map(take_in).collect();
    }
    (last, ready[0])
}

/// The mean of 4 000 simulated sweeps is within five standard errors of the expected time of the last machine; the time
/// of the sums lies between that and the formula, which lets all sums set out together.
///
/// Source: T-45.
#[test]
fn the_formulas_are_those_of_simulated_machines() -> Outcome {
    const RUNS: usize = 4000;
    let mut rng = data::rng(5);
    let n = 1e9;
    for (machines, fan_in) in [(1, 2), (2, 2), (8, 2), (100, 10), (100, 100), (1000, 16)] {
        let runs: Vec<(f64, f64)> = (0..RUNS).map(|_| simulate(n, machines, fan_in, &mut rng)).collect();
        let mean = |of: fn(&(f64, f64)) -> f64| runs.iter().map(of).sum::<f64>() / RUNS as f64;
        let work = MACHINES.work(n, machines)?;
        // The variance of the largest of m exponentials is below π²/6 times that of their mean squared.
        let deviation = n * MACHINES.row / machines as f64 * MACHINES.disturbance * 1.283;
        assert_within(mean(|run| run.0), work, 5.0 * deviation / (RUNS as f64).sqrt());
        let (swept, sweep) = (mean(|run| run.1), MACHINES.sweep(n, machines, fan_in)?);
        let slack = 5.0 * deviation / (RUNS as f64).sqrt();
        assert!(work - slack <= swept && swept <= sweep + slack, "{work} {swept} {sweep}");
    }
    Ok(())
}

/// Without disturbances a full tree takes just as long as the formula says.
///
/// Source: T-45.
#[test]
fn a_full_tree_takes_its_depth() -> Outcome {
    for (machines, fan_in, depth) in [(1, 7, 0.0), (8, 2, 3.0), (100, 10, 2.0), (4096, 16, 3.0)] {
        let expected = depth * (MACHINES.latency + fan_in as f64 * MACHINES.transfer);
        assert_within(MACHINES.gather(machines, fan_in)?, expected, 4.0 * f64::EPSILON * expected);
    }
    // A node that is not full waits for fewer.
    let expected = MACHINES.latency + 5.0 * MACHINES.transfer;
    assert_within(MACHINES.gather(5, 16)?, expected, 4.0 * f64::EPSILON * expected);
    Ok(())
}

/// The harmonic numbers below and above the change of formula differ by 1/m.
#[test]
fn stragglers_cost_harmonic_numbers() -> Outcome {
    let delay = |m: usize| -> Result<f64, Error> { Ok(MACHINES.work(m as f64, m)? / MACHINES.row) };
    for m in [2, 150, 199, 200, 201, 5000] {
        let step = (delay(m)? - delay(m - 1)?) / MACHINES.disturbance;
        assert_within(step, 1.0 / m as f64, 200.0 * f64::EPSILON);
    }
    Ok(())
}

/// At this number of machines the derivative vanishes, and one machine more or fewer takes longer.
///
/// Source: T-45.
#[test]
fn beyond_enough_machines_a_sweep_takes_longer() -> Outcome {
    let calm = Machines { disturbance: 0.0, ..MACHINES };
    for n in [1e6, 1e9, 1e11] {
        let enough = calm.enough(n)?;
        let derivative = -n * calm.row / (enough * enough) + calm.transfer;
        assert_within(derivative, 0.0, 8.0 * f64::EPSILON * calm.transfer);
        let m = enough.round() as usize;
        let sweep = |m: usize| calm.sweep(n, m, m);
        assert!(m > 10 && sweep(m)? < sweep(m * 5 / 4)? && sweep(m)? < sweep(m * 4 / 5)?);
    }
    Ok(())
}

/// A pass in batches of that size takes as long as the sweeps' work; in larger ones less.
///
/// Source: X-20.
#[test]
fn batches_of_the_smallest_size_tie() -> Outcome {
    let (n, sweeps, machines, fan_in) = (1e10, 30, 1000, 16);
    let batch = MACHINES.smallest_batch(sweeps, machines, fan_in)?;
    let pass = |batch: f64| -> Result<f64, Error> {
        Ok(MACHINES.work(n, machines)? + n / batch * MACHINES.gather(machines, fan_in)?)
    };
    let of_sweeps = sweeps as f64 * MACHINES.work(n, machines)?;
    assert_within(pass(batch)?, of_sweeps, 16.0 * f64::EPSILON * of_sweeps);
    assert!(batch > 1.0 && pass(2.0 * batch)? < of_sweeps && pass(0.5 * batch)? > of_sweeps);
    Ok(())
}

#[test]
fn times_that_are_none_are_refused() {
    let odd = |machines: Machines| machines.sweep(1e6, 4, 2).is_err();
    assert!(odd(Machines { row: f64::NAN, ..MACHINES }) && odd(Machines { row: -1.0, ..MACHINES }));
    assert!(
        odd(Machines { latency: f64::INFINITY, ..MACHINES }) && odd(Machines { transfer: -1.0, ..MACHINES })
    );
    let domain = |result: Result<f64, Error>| matches!(result, Err(Error::Domain { .. }));
    assert!(domain(MACHINES.work(1.0, 0)) && domain(MACHINES.work(-1.0, 1)) && domain(MACHINES.gather(3, 1)));
    assert!(domain(MACHINES.smallest_batch(1, 3, 2)));
    assert!(domain(Machines { transfer: 0.0, ..MACHINES }.enough(1.0)));
    assert!(domain(Machines { row: 0.0, ..MACHINES }.smallest_batch(3, 3, 2)));
}
