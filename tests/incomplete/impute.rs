//! A value for every gap.

use crate::common::{assert_within, seed};
use crate::{case, crossed};
use executable_em::data;
use executable_em::gaussian_mixture::CovarianceFamily::Full;
use executable_em::incomplete::impute::{by_mean, draw, pooled};
use executable_em::incomplete::mixture::Posterior;
use executable_em::incomplete::{Incomplete, mixture};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

/// mean and standard deviation of a missing cell by the trapezoid rule over the mixture's own density along it.
#[test]
fn the_guess_is_the_mean_of_the_density_along_the_gap() {
    let mut compared = 0;
    for case_seed in 0..10 {
        let (model, _) = case(Full, 10, 3, 2, seed() + case_seed);
        let data = Incomplete::new(dmatrix![0.4, f64::NAN; 1.0, 1.0]).unwrap();
        let (filled, sd) = by_mean(&model, &data).unwrap();
        let at = |y: f64| model.density(&dmatrix![0.4, y]).unwrap()[0];
        let (low, high) = (model.means().column(1).min() - 60.0, model.means().column(1).max() + 60.0);
        // Conditional variances exceed ½ · 2 / 20: a step of a tenth of a unit aliases by less than 10⁻⁸⁰, and 60
        // units are twenty of the largest standard deviations.
        let steps = ((high - low) / 0.05) as usize;
        let (mut mass, mut first, mut second) = (0.0, 0.0, 0.0);
        for y in (0..=steps).map(|step| low + 0.05 * step as f64) {
            let density = at(y);
            mass += density;
            first += density * y;
            second += density * (y - filled[(0, 1)]).powi(2);
        }
        assert_within(first / mass, filled[(0, 1)], 1e-9);
        assert_within((second / mass).sqrt(), sd[(0, 1)], 1e-9 * sd[(0, 1)]);
        assert_eq!((filled[(0, 0)], sd[(0, 0)]), (0.4, 0.0));
        compared += 1;
    }
    assert_eq!(compared, 10);
}

/// the mean of many draws is the guess, and their spread its standard deviation, to five of their standard
/// errors.
#[test]
fn draws_scatter_about_the_guess_as_it_says() {
    let (model, data) = case(Full, 12, 2, 2, seed() + 3);
    let (filled, sd) = by_mean(&model, &data).unwrap();
    let mut rng = data::rng(seed() + 4);
    let m = 4000;
    let draws: Vec<DMatrix<f64>> = (0..m).map(|_| draw(&model, &data, &mut rng).unwrap()).collect();
    let mut compared = 0;
    for (i, a) in (0..12).flat_map(|i| [(i, 0), (i, 1)]) {
        let cells = DVector::from_iterator(m, draws.iter().map(|draw| draw[(i, a)]));
        if data.is_missing(i, a) {
            // For any seed in 10⁵ or so: 6 sd, of at most 24 cells and two numbers each.
            assert_within(cells.mean(), filled[(i, a)], 6.0 * sd[(i, a)] / (m as f64).sqrt());
            // The variance of a variance is (m₄ − σ⁴)/m, and a mixture of two has m₄ ≤ 9σ⁴.
            assert_within(
                cells.variance(),
                sd[(i, a)].powi(2),
                6.0 * sd[(i, a)].powi(2) * (8.0 / m as f64).sqrt(),
            );
            compared += 1;
        } else {
            assert!(cells.iter().all(|&cell| cell == data.values()[(i, a)]));
        }
    }
    assert!(compared >= 1, "nothing is missing");
}

/// guesses shrink the variance of a column, draws do not: on Old Faithful by the mean conditional variance.
#[test]
fn guesses_are_too_regular_and_draws_are_not() {
    let data = crossed();
    let start = mixture::of_one(&dvector![3.5, 70.0], dmatrix![1.0, 0.0; 0.0, 100.0]).unwrap();
    let model = mixture::fit(start, &data, &executable_em::em::Stopping::default()).unwrap().model;
    let (filled, _) = by_mean(&model, &data).unwrap();
    let left: f64 = Posterior::at(&model, &data).unwrap().completed()[0]
        .covariances()
        .iter()
        .zip(data.patterns())
        .map(|(c, pattern)| c[(1, 1)] * pattern.rows.len() as f64 / 272.0)
        .sum();
    let variance = model.covariances()[0][(1, 1)];
    // At the fixed point, Σ = scatter of the guesses + C, exactly but for the tolerance of the fit.
    assert_within(filled.column(1).variance() + left, variance, 1e-3 * variance);
    let mut rng = data::rng(seed() + 9);
    let mean_of_draws: f64 =
        (0..200).map(|_| draw(&model, &data, &mut rng).unwrap().column(1).variance()).sum::<f64>() / 200.0;
    // A table's variance scatters by some 2 %, the mean of 200 by 0.15 %; the draws' own mean costs 1/272 at most.
    assert_within(mean_of_draws, variance, 0.015 * variance);
    assert!(filled.column(1).variance() < 0.985 * variance);
}

/// Rubin's rules on numbers by hand, and no table left out.
#[test]
fn rubins_rules_add_what_the_gaps_leave_open() {
    let same = pooled(&dvector![2.0, 2.0, 2.0], &dvector![0.1, 0.2, 0.3]).unwrap();
    assert_eq!((same.estimate, same.between), (2.0, 0.0));
    assert_within(same.total, 0.2, 1e-15);
    let apart = pooled(&dvector![1.0, 2.0, 3.0], &dvector![0.1, 0.2, 0.3]).unwrap();
    assert_within(apart.total, 0.2 + 4.0 / 3.0, 1e-15);
    assert!(
        pooled(&dvector![1.0], &dvector![0.1]).is_err()
            && pooled(&dvector![1.0, 2.0], &dvector![0.1, -0.1]).is_err()
    );
}
