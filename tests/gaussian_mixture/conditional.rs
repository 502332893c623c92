//! Some columns of a mixture, once others are left out or known: against quadrature of the joint density.

use crate::common::bounds::{gamma, scaled_condition};
use crate::common::cases::{self, Kind};
use crate::common::naive::Naive;
use crate::common::{assert_refused, assert_within, mixture};
use executable_em::data;
use executable_em::gaussian_mixture::conditional::{conditional, marginal};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use nalgebra::{DMatrix, dmatrix, dvector};
use rand::RngExt;
use rand::seq::index;

/// The integral of the joint density over the columns `free`, the others as in `x`, and a bound on its relative error.
///
/// The rule of `common::quadrature`. The slice of component j is a Gaussian whose variances are not below the smallest
/// eigenvalue of Σ_j (it is the inverse of a block of Σ_j⁻¹); its mean lies within Δ_j standard deviations of μ_j,
/// where Δ_j is the Mahalanobis distance of what is known (Cauchy and Schwarz), itself below that of the whole row.
fn integrated(model: &GaussianMixture, x: &[f64], free: &[usize]) -> (f64, f64) {
    let naive = Naive::<f64>::new(model);
    let of = |pick: fn(f64, f64) -> f64, value: &dyn Fn(usize) -> f64| {
        (0..model.k()).map(value).reduce(pick).unwrap()
    };
    let h = 0.7 * of(f64::min, &|j| model.covariances()[j].symmetric_eigenvalues().min()).sqrt();
    let far = |j: usize| -> f64 {
        let peak: Vec<f64> = model.means().row(j).iter().copied().collect();
        // At the mean the log density is the normaliser alone.
        (2.0 * (naive.log_density(&peak, j) - naive.log_density(x, j))).sqrt()
    };
    let axes: Vec<Vec<f64>> = free
        .iter()
        .map(|&b| {
            let reach = |j: usize| (8.5 + far(j)) * model.covariances()[j][(b, b)].sqrt();
            let low = of(f64::min, &|j| model.means()[(j, b)] - reach(j));
            let high = of(f64::max, &|j| model.means()[(j, b)] + reach(j));
            (0..=((high - low) / h).ceil() as usize).map(|step| low + step as f64 * h).collect()
        })
        .collect();
    let count: usize = axes.iter().map(Vec::len).product();
    let mut row = x.to_vec();
    let mut sum = 0.0;
    for mut rest in 0..count {
        for (axis, &b) in axes.iter().zip(free) {
            row[b] = axis[rest % axis.len()];
            rest /= axis.len();
        }
        sum += (0..model.k()).map(|j| naive.log_joint(&row, j).exp()).sum::<f64>();
    }
    (sum * h.powi(free.len() as i32), 2e-16 + gamma(count + free.len()))
}

/// p(x_a) is the joint with x_b integrated out, and p(x_b | x_a) p(x_a) the joint itself, in every family.
///
/// Source: Bishop (2006), §2.3.
#[test]
fn known_columns_and_left_out_ones_agree_with_quadrature() {
    let mut compared = 0;
    for (number, family) in CovarianceFamily::ALL.iter().flat_map(|&family| (0..6).map(move |i| (i, family)))
    {
        let d = 2 + number as usize % 2;
        let case = cases::case(Kind::Ordinary, family, 5, 3, d, 40 + number);
        let (model, mut rng) = (&case.model, data::rng(number));
        let given = index::sample(&mut rng, d, 1 + number as usize / 2 % (d - 1)).into_vec();
        let rest: Vec<usize> = (0..d).filter(|column| !given.contains(column)).collect();
        // A row about a mean, within two standard deviations in every column.
        let mut row = |j: usize| -> Vec<f64> {
            let sd = |a: usize| model.covariances()[j][(a, a)].sqrt();
            (0..d).map(|a| model.means()[(j, a)] + sd(a) * rng.random_range(-2.0..2.0)).collect()
        };
        for j in 0..3 {
            let x = row(j);
            let (mass, quadrature) = integrated(model, &x, &rest);
            let pick = |x: &[f64], columns: &[usize]| {
                DMatrix::from_row_slice(1, columns.len(), &columns.iter().map(|&a| x[a]).collect::<Vec<_>>())
            };
            // Each log density is a sum of terms below 200, from a solution whose error is κγ; the conditional has
            // solved twice, and a condition below that of Σ.
            let condition = model.covariances().iter().map(scaled_condition).fold(1.0, f64::max);
            let relative = quadrature + 4.0 * 200.0 * gamma(3 * d + 8) * condition * condition;
            assert!(relative < 1e-6, "the bound must say something: {relative:e}");

            let of_given = marginal(model, &given).expect("a marginal");
            assert_eq!(of_given.family(), family);
            let density = of_given.density(&pick(&x, &given)).expect("a density")[0];
            assert_within(density, mass, relative * mass);

            let known: Vec<(usize, f64)> = given.iter().map(|&a| (a, x[a])).collect();
            let of_rest = conditional(model, &known).expect("a conditional");
            assert_eq!((of_rest.family(), of_rest.d()), (family, rest.len()));
            let density = of_rest.density(&pick(&x, &rest)).expect("a density")[0];
            let joint = model.density(&DMatrix::from_row_slice(1, d, &x)).expect("a density")[0];
            assert_within(density * mass, joint, relative * joint);
            compared += 1;
        }
    }
    assert_eq!(compared, 72);
}

/// One Gaussian, by hand: the regression line and what it leaves; a label that is certain; an order of its own.
#[test]
fn one_gaussian_is_its_regression_line() {
    let covariance = dmatrix![4.0, 2.0, 0.0; 2.0, 2.0, 0.5; 0.0, 0.5, 1.0];
    let model = mixture(&[1.0], dmatrix![1.0, 2.0, 3.0], vec![covariance]);
    let rest = conditional(&model, &[(0, 3.0)]).expect("a conditional");
    assert_eq!(rest.means(), &dmatrix![3.0, 3.0]);
    assert_eq!(rest.covariances()[0], dmatrix![1.0, 0.5; 0.5, 1.0]);
    let turned = marginal(&model, &[2, 0]).expect("a marginal");
    assert_eq!(
        (turned.means(), &turned.covariances()[0]),
        (&dmatrix![3.0, 1.0], &dmatrix![1.0, 0.0; 0.0, 4.0])
    );
    let apart = mixture(&[0.5, 0.5], dmatrix![0.0, 0.0; 100.0, 7.0], vec![DMatrix::identity(2, 2); 2]);
    let second = conditional(&apart, &[(0, 100.0)]).expect("a conditional");
    assert_eq!((second.weights(), second.means()[1]), (&dvector![0.0, 1.0], 7.0));
}

/// What makes no sense is named.
#[test]
fn columns_that_are_none_are_refused() {
    let model = mixture(&[1.0], dmatrix![0.0, 0.0], vec![DMatrix::identity(2, 2)]);
    assert_refused(&[
        (marginal(&model, &[]).err(), "columns: is empty"),
        (marginal(&model, &[2]).err(), "column is 2, but must be one of those that the model has"),
        (marginal(&model, &[1, 1]).err(), "column is 1, but must be named once"),
        (conditional(&model, &[]).err(), "columns: is empty"),
        (conditional(&model, &[(0, 1.0), (0, 1.0)]).err(), "column is 0, but must be named once"),
        (conditional(&model, &[(0, 1.0), (1, 1.0)]).err(), "columns: is empty"),
        (conditional(&model, &[(0, f64::NAN)]).err(), "given value is NaN, but must be finite"),
        (conditional(&model, &[(0, 1e200)]).err(), "datum 0 has probability zero under every component"),
    ]);
}
