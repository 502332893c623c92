//! A tilted Gaussian and a q without tilt.

use crate::common::{assert_at_least, assert_within, cases, seed};
use executable_em::data;
use executable_em::variational::tilted::{Factorised, exclusive, inclusive, round};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use rand::RngExt;

/// rounds never raise KL(q‖p); they end at μ with the variances 1/Λ_aa, from where every q nearby is farther;
/// and for two coordinates the gap is −½ log(1 − ρ²), either way round.
#[test]
fn rounds_descend_to_the_best_factorised_q() {
    let mut compared = 0;
    for case_seed in 0..20 {
        let mut rng = data::rng(seed() + case_seed);
        let d = 2 + case_seed as usize % 3;
        let covariance = cases::covariance(d, &mut rng);
        let mut number = |low: f64, high: f64| rng.random_range(low..high);
        let mean = DVector::from_fn(d, |_, _| number(-1.0, 1.0));
        let mut q = Factorised {
            means: DVector::from_fn(d, |_, _| number(-3.0, 3.0)),
            variances: DVector::from_fn(d, |_, _| number(0.2, 3.0)),
        };
        let mut height = exclusive(&q, &mean, &covariance).unwrap();
        for _ in 0..400 {
            q = round(&q, &mean, &covariance).unwrap();
            let next = exclusive(&q, &mean, &covariance).unwrap();
            assert_at_least(height, next, 1e-12);
            height = next;
        }
        assert!((&q.means - &mean).amax() < 1e-10);
        for _ in 0..10 {
            let near = Factorised {
                means: q.means.map(|m| m + number(-0.1, 0.1)),
                variances: q.variances.map(|s| s * number(0.9, 1.1)),
            };
            assert_at_least(exclusive(&near, &mean, &covariance).unwrap(), height, 1e-12);
            compared += 1;
        }
        // Of the other divergence the marginals are the best.
        let marginals = Factorised { means: mean.clone(), variances: covariance.diagonal() };
        let least = inclusive(&marginals, &mean, &covariance).unwrap();
        let near = Factorised {
            means: mean.clone(),
            variances: covariance.diagonal().map(|s| s * number(0.8, 1.2)),
        };
        assert_at_least(inclusive(&near, &mean, &covariance).unwrap(), least, 1e-13);
        if d == 2 {
            let rho = covariance[(0, 1)] / (covariance[(0, 0)] * covariance[(1, 1)]).sqrt();
            let gap = -0.5 * (1.0 - rho * rho).ln();
            assert_within(height, gap, 1e-11);
            assert_within(least, gap, 1e-12);
        }
    }
    assert_eq!(compared, 200);
}

/// both divergences against the integrals that define them, on a grid.
#[test]
fn the_divergences_are_integrals() {
    let (mean, covariance) = (dvector![0.3, -0.2], dmatrix![1.0, 0.6; 0.6, 1.5]);
    let q = Factorised { means: dvector![0.0, 0.1], variances: dvector![0.8, 1.1] };
    let h = 0.1;
    let grid: Vec<f64> = (-100..=100).map(|i| h * f64::from(i)).collect();
    let points = DMatrix::from_fn(grid.len() * grid.len(), 2, |i, a| {
        if a == 0 { grid[i % grid.len()] } else { grid[i / grid.len()] }
    });
    let row = |v: &DVector<f64>| v.transpose();
    let log_p = executable_em::gaussian::log_density(&points, &row(&mean), &covariance).unwrap();
    let log_q =
        executable_em::gaussian::log_density(&points, &row(&q.means), &DMatrix::from_diagonal(&q.variances))
            .unwrap();
    // A step of 0.1 against a smallest standard deviation of .8 aliases by exp(−2π² 64) and 10 units hold all of it.
    let sum = |weights: &DVector<f64>, of: &dyn Fn(usize) -> f64| -> f64 {
        (0..weights.len()).map(|i| weights[i].exp() * of(i)).sum::<f64>() * h * h
    };
    assert_within(exclusive(&q, &mean, &covariance).unwrap(), sum(&log_q, &|i| log_q[i] - log_p[i]), 1e-10);
    assert_within(inclusive(&q, &mean, &covariance).unwrap(), sum(&log_p, &|i| log_p[i] - log_q[i]), 1e-10);
}

/// the means come closer by ρ² a round.
#[test]
fn the_rounds_converge_like_rho_squared() {
    let covariance = dmatrix![1.0, 0.9; 0.9, 1.0];
    let mut q = Factorised { means: dvector![1.0, 1.0], variances: dvector![1.0, 1.0] };
    for _ in 0..5 {
        let next = round(&q, &dvector![0.0, 0.0], &covariance).unwrap();
        assert_within(next.means[1] / q.means[1], 0.81, 1e-12);
        q = next;
    }
}
