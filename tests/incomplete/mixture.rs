//! Mixtures of incomplete data: label and cells hidden at once, in all four families.

use crate::common::{assert_at_least, assert_matrices_within, assert_within, bounds::gamma, cases, seed};
use crate::naive::Parameters;
use crate::{case, rounding};
use executable_em::em::Climb;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::incomplete::Incomplete;
use executable_em::incomplete::bound::lower_bound;
use executable_em::incomplete::mixture::{OnIncomplete, Posterior, fit, log_likelihood, maximize, sweep};
use executable_em::latent::Model;
use executable_em::{data, em};
use nalgebra::DMatrix;
use num_dual::Dual64;
use rand::RngExt;

/// ℓ against the sum written out; r is a derivative of it: ∂ℓ/∂log π_j = Σ_i r_ij.
#[test]
fn the_log_likelihood_is_that_of_the_seen_cells() {
    for case_seed in 0..20 {
        let family = CovarianceFamily::ALL[case_seed as usize % 4];
        let (model, data) = case(family, 20, 3, 2, seed() + case_seed);
        let naive = Parameters::<f64>::new(&model).log_likelihood(&data);
        assert_within(log_likelihood(&model, &data).unwrap(), naive, rounding(20, naive));
        let r = Posterior::at(&model, &data).unwrap().responsibilities().clone();
        for j in 0..3 {
            let mut dual = Parameters::<Dual64>::new(&model);
            dual.weights[j].eps = model.weights()[j];
            assert_within(r.column(j).sum(), dual.log_likelihood(&data).eps, 1e-10);
        }
    }
}

/// no sweep lowers ℓ, in any family, whatever is missing.
#[test]
fn a_sweep_never_lowers_the_log_likelihood() {
    let mut compared = 0;
    for case_seed in 0..60 {
        let family = CovarianceFamily::ALL[case_seed as usize % 4];
        let (mut model, data) = case(family, 30, 1 + case_seed as usize % 3, 2, seed() + 200 + case_seed);
        for _ in 0..6 {
            let Ok(next) = sweep(&model, &data) else { break };
            // A component may shrink onto a few data; the bound of tame cases then no longer holds.
            if next.covariances().iter().any(|s| s.symmetric_eigenvalues().min() < 1e-2) {
                break;
            }
            let (before, after) =
                (log_likelihood(&model, &data).unwrap(), log_likelihood(&next, &data).unwrap());
            // Condition numbers may reach 10⁴ here: a hundred times the bound of tame cases.
            assert_at_least(after, before, 1e3 * rounding(30, before));
            model = next;
            compared += 1;
        }
    }
    assert!(compared > 200, "{compared}");
}

/// without gaps the steps are the ordinary ones, in every family.
#[test]
fn without_gaps_a_sweep_is_the_ordinary_one() {
    for case_seed in 0..20 {
        let family = CovarianceFamily::ALL[case_seed as usize % 4];
        let cases::Case { x, model, .. } =
            cases::case(cases::Kind::Ordinary, family, 25, 2, 2, seed() + 300 + case_seed);
        let swept = sweep(&model, &Incomplete::new(x.clone()).unwrap()).unwrap();
        let ordinary = em::sweep(&model, &x).unwrap();
        // r agrees to some κγ(d) of the log joint, of which the rest are averages.
        let bound = 1e4 * gamma(25) * x.amax().powi(2);
        let parameters = |m: &GaussianMixture| {
            DMatrix::from_column_slice(m.parameters().len(), 1, m.parameters().as_slice())
        };
        assert_matrices_within(&parameters(&swept), &parameters(&ordinary), bound);
    }
}

/// the M step maximises F in θ at a fixed q: every model nearby has less, in its own family.
#[test]
fn the_m_step_maximises_the_bound() {
    let mut compared = 0;
    for case_seed in 0..24 {
        let family = CovarianceFamily::ALL[case_seed as usize % 4];
        let (model, data) = case(family, 40, 2, 2, seed() + 400 + case_seed);
        let q = Posterior::at(&model, &data).unwrap();
        let Ok(next) = maximize(&model, &data, &q) else { continue };
        let best = lower_bound(&next, &data, &q).unwrap();
        let mut rng = data::rng(case_seed);
        for _ in 0..10 {
            let mut near = || rng.random_range(-0.05..0.05);
            let shift = near();
            let mut weights = next.weights().clone();
            (weights[0], weights[1]) = (weights[0] * (1.0 - shift), weights[1] + weights[0] * shift);
            let means = next.means().map(|mean| mean + near());
            // One factor for all keeps every family.
            let factor = 1.0 + near();
            let covariances = next.covariances().iter().map(|s| s * factor).collect();
            let Ok(other) = GaussianMixture::new(weights, means, covariances, family) else { continue };
            assert_at_least(best, lower_bound(&other, &data, &q).unwrap(), rounding(40, best));
            compared += 1;
        }
    }
    assert!(compared > 150, "{compared}");
}

/// names and order change nothing: rows in another order, components in another order, columns exchanged.
#[test]
fn orders_change_nothing() {
    for case_seed in 0..8 {
        let (model, data) = case(CovarianceFamily::Full, 20, 2, 2, seed() + 500 + case_seed);
        let here = log_likelihood(&model, &data).unwrap();
        let order: Vec<usize> = (0..20).rev().collect();
        let rows = Incomplete::new(data.values().select_rows(&order)).unwrap();
        assert_within(log_likelihood(&model, &rows).unwrap(), here, rounding(20, here));
        let swapped = GaussianMixture::new(
            model.weights().clone(),
            model.means().select_columns(&[1, 0]),
            model.covariances().iter().map(|s| s.select_rows(&[1, 0]).select_columns(&[1, 0])).collect(),
            CovarianceFamily::Full,
        );
        let columns = Incomplete::new(data.values().select_columns(&[1, 0])).unwrap();
        assert_within(log_likelihood(&swapped.unwrap(), &columns).unwrap(), here, rounding(20, here));
    }
}

/// a run ends where the score of the likelihood written out vanishes, in means and covariances.
#[test]
fn a_run_ends_at_a_stationary_point() {
    let data = crate::crossed();
    let start = executable_em::gaussian_mixture::kmeans_start(
        &data::old_faithful(),
        2,
        CovarianceFamily::Full,
        &mut data::rng(1),
    );
    let stopping = em::Stopping { tolerance: em::Tolerance::Parameters(1e-12), max_sweeps: 5000 };
    let fit = fit(start.unwrap(), &data, &stopping).unwrap();
    assert_eq!(fit.stopped, em::Stopped::Converged);
    for j in 0..2 {
        for a in 0..2 {
            let mut dual = Parameters::<Dual64>::new(&fit.model);
            dual.means[j][a].eps = fit.model.covariances()[j][(a, a)].sqrt();
            // In units of a standard deviation curvatures are n π ≈ 100, and θ is good to 10⁻¹¹.
            assert_within(dual.log_likelihood(&data).eps, 0.0, 1e-7);
            let mut dual = Parameters::<Dual64>::new(&fit.model);
            dual.covariances[j][a][a].eps = fit.model.covariances()[j][(a, a)];
            assert_within(dual.log_likelihood(&data).eps, 0.0, 1e-7);
        }
    }
}

/// what moves in a sweep is what moves with whole data.
#[test]
fn what_moves_is_a_parameter() {
    let (model, data) = case(CovarianceFamily::Full, 20, 2, 2, seed() + 400);
    let next = sweep(&model, &data).unwrap();
    let (before, after) = (Posterior::at(&model, &data).unwrap(), Posterior::at(&next, &data).unwrap());
    let moved = OnIncomplete(&data).moved((&model, &before), (&next, &after));
    assert!(moved > 0.0);
    assert_eq!(moved, em::largest_move(&model, &next));
}
