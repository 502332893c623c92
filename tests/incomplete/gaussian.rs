//! One Gaussian: what is seen, what is expected, the score, the two steps.

use crate::common::{assert_matrices_within, assert_within, bounds::gamma, cases, seed};
use crate::naive::Parameters;
use crate::{case, rounding};
use executable_em::em;
use executable_em::gaussian_mixture::CovarianceFamily::Full;
use executable_em::incomplete::gaussian::{complete, regression, score, seen_log_density, update};
use executable_em::incomplete::{Incomplete, mixture};
use executable_em::{data, gaussian};
use nalgebra::{DMatrix, DVector, RowDVector};
use num_dual::Dual64;

/// the conditional covariance is the inverse of a block of the inverse, and the regression follows from it:
/// C = (Λ_mm)⁻¹ and B = −C Λ_ms, for Λ = Σ⁻¹.
#[test]
fn the_regression_is_read_off_the_inverse() {
    let mut compared = 0;
    for case_seed in 0..40 {
        let mut rng = data::rng(seed() + case_seed);
        let d = 2 + case_seed as usize % 3;
        let covariance = cases::covariance(d, &mut rng);
        let lambda = covariance.clone().try_inverse().unwrap();
        let mut x = DMatrix::zeros(2, d);
        (0..=case_seed as usize % (d - 1)).for_each(|a| x[(0, (a + case_seed as usize) % d)] = f64::NAN);
        let data = Incomplete::new(x).unwrap();
        let pattern = &data.patterns()[0];
        let (b, c) = regression(&covariance, pattern).unwrap();
        let rows = lambda.select_rows(&pattern.missing);
        let expected_c = rows.select_columns(&pattern.missing).try_inverse().unwrap();
        let expected_b = -&expected_c * rows.select_columns(&pattern.seen);
        // κ ≤ 2d² + 1 < 40; an inverse errs by dκγ, two of them and a product by less than 10⁻¹².
        assert_matrices_within(&c, &expected_c, 1e-12);
        assert_matrices_within(&b, &expected_b, 1e-12);
        compared += b.len();
    }
    assert!(compared > 60, "{compared}");
}

/// for one missing cell, mass, mean and variance of the joint density as a function of that cell,
/// by the trapezoid rule, are the seen density and the E step.
#[test]
fn quadrature_over_a_missing_cell_gives_density_mean_and_variance() {
    let mut compared = 0;
    for case_seed in 0..12 {
        let mut rng = data::rng(seed() + 100 + case_seed);
        let covariance = cases::covariance(3, &mut rng);
        let mean = RowDVector::from_fn(3, |_, a| 0.3 * a as f64);
        let column = case_seed as usize % 3;
        let mut x = DMatrix::from_row_slice(2, 3, &[0.7, -0.4, 1.1, 0.0, 0.0, 0.0]);
        x[(0, column)] = f64::NAN;
        let data = Incomplete::new(x.clone()).unwrap();
        let completed = complete(&data, &mean, &covariance).unwrap();
        let (m, c) = (completed.means()[(0, column)], completed.covariances()[0][(column, column)]);
        // As in `quadrature`: a step of 0.7 sd errs by 10⁻¹⁶, and ±9 sd hold all of the mass.
        let h = 0.5 * c.sqrt();
        let (mut mass, mut first, mut second) = (0.0, 0.0, 0.0);
        for step in -18..=18 {
            let mut row = x.rows(0, 1).into_owned();
            row[column] = m + h * f64::from(step);
            let density = gaussian::log_density(&row, &mean, &covariance).unwrap()[0].exp();
            mass += density * h;
            first += density * h * (row[column] - m);
            second += density * h * (row[column] - m).powi(2);
        }
        let seen = seen_log_density(&data, &mean, &covariance).unwrap()[0];
        assert_within(mass.ln(), seen, 1e-12);
        assert_within(first / mass, 0.0, 1e-12);
        assert_within(second / mass, c, 1e-12 * c);
        compared += 3;
    }
    assert_eq!(compared, 36);
}

/// ℓ and its score are those of the likelihood written out, by dual numbers, in every entry.
#[test]
fn the_score_is_the_derivative_of_what_is_seen() {
    let mut compared = 0;
    for case_seed in 0..20 {
        let d = 1 + case_seed as usize % 3;
        let (model, data) = case(Full, 15, 1, d, seed() + case_seed);
        let (mean, covariance) = (model.means().row(0).into_owned(), &model.covariances()[0]);
        let log_likelihood = seen_log_density(&data, &mean, covariance).unwrap().sum();
        let naive = Parameters::<f64>::new(&model).log_likelihood(&data);
        assert_within(log_likelihood, naive, rounding(15, naive));
        let (in_mean, in_covariance) = score(&data, &mean, covariance).unwrap();
        for a in 0..d {
            let mut dual = Parameters::<Dual64>::new(&model);
            dual.means[0][a].eps = 1.0;
            let slope = dual.log_likelihood(&data).eps;
            // Sums of fifteen terms of size 100, each good to κ ε: 10⁻¹⁰ is ample and far below any slope.
            assert_within(in_mean[a], slope, 1e-10 * slope.abs().max(1.0));
            for b in 0..d {
                let mut dual = Parameters::<Dual64>::new(&model);
                dual.covariances[0][a][b].eps = 1.0;
                let slope = dual.log_likelihood(&data).eps;
                assert_within(in_covariance[(a, b)], slope, 1e-10 * slope.abs().max(1.0));
                compared += 1;
            }
        }
    }
    assert!(compared > 80, "{compared}");
}

/// the M step is where the slope of Q ends: θ moves by μ' − μ = Σ ∇_μℓ/n, and by 2Σ ∇_Σℓ Σ/n about the old mean.
#[test]
fn a_sweep_is_a_scaled_step_along_the_score() {
    for case_seed in 0..20 {
        let (model, data) = case(Full, 15, 1, 2, seed() + 40 + case_seed);
        let (mean, covariance) = (model.means().row(0).into_owned(), &model.covariances()[0]);
        let ones = DVector::from_element(15, 1.0);
        let completed = complete(&data, &mean, covariance).unwrap();
        let (next_mean, next_covariance) = update(&data, &completed, &ones).unwrap();
        let (in_mean, in_covariance) = score(&data, &mean, covariance).unwrap();
        let step = &in_mean * covariance / 15.0;
        let off = &next_mean - &mean;
        let about_old = &next_covariance + off.transpose() * &off;
        let expected = covariance + covariance * in_covariance * covariance * (2.0 / 15.0);
        // Products of five matrices of size ten and condition below 20.
        assert_matrices_within(&DMatrix::from_rows(&[off]), &DMatrix::from_rows(&[step]), 1e-11);
        assert_matrices_within(&about_old, &expected, 1e-10);
    }
}

/// where nothing is missing, a sweep is the ordinary one.
#[test]
fn without_gaps_a_sweep_is_the_ordinary_one() {
    for case_seed in 0..10 {
        let cases::Case { x, model, .. } =
            cases::case(cases::Kind::Ordinary, Full, 20, 1, 3, seed() + case_seed);
        let ordinary = em::sweep(&model, &x).unwrap();
        let swept = mixture::sweep(&model, &Incomplete::new(x.clone()).unwrap()).unwrap();
        let bound = 10.0 * gamma(40) * x.amax().powi(2);
        assert_matrices_within(swept.means(), ordinary.means(), bound);
        assert_matrices_within(&swept.covariances()[0], &ordinary.covariances()[0], bound);
    }
}

/// a row of which nothing is seen says nothing: where EM rests, it rests with a thousand of them too.
#[test]
fn empty_rows_move_nothing() {
    let (start, data) = case(Full, 30, 1, 2, seed() + 77);
    let stopping = em::Stopping { tolerance: em::Tolerance::Parameters(1e-12), max_sweeps: 5000 };
    let rest = mixture::fit(start, &data, &stopping).unwrap().model;
    let n = data.n();
    let padded = DMatrix::from_fn(n + 1000, 2, |i, a| if i < n { data.values()[(i, a)] } else { f64::NAN });
    let padded = Incomplete::new(padded).unwrap();
    let swept = mixture::sweep(&rest, &padded).unwrap();
    assert!(em::largest_move(&rest, &swept) < 1e-11);
    let (with, without) =
        (mixture::log_likelihood(&rest, &padded).unwrap(), mixture::log_likelihood(&rest, &data).unwrap());
    assert_within(with, without, 1e-9);
    // But they do hold EM back: a larger share of the information is missing.
    let away = rest.with_means(rest.means().add_scalar(0.5)).unwrap();
    let moved = |data| em::largest_move(&away, &mixture::sweep(&away, data).unwrap());
    assert!(moved(&padded) < 0.1 * moved(&data));
}
