//! Conjugate priors: updates, evidence, predictive densities, expectations.

use crate::common::{assert_matrices_within, assert_within, seed};
use crate::{heaps, random_prior, unit_prior};
use executable_em::data;
use executable_em::gaussian;
use executable_em::variational::{GaussWishart, Shares, Weights};
use nalgebra::{DMatrix, DVector, RowDVector, dmatrix, dvector};
use rand::RngExt;
use rand_distr::{Distribution, Gamma, StandardNormal};

/// learning from data one by one, in any order, or all at once is the same; half of a datum twice is that datum.
#[test]
fn learning_does_not_depend_on_the_order() {
    for case_seed in 0..12 {
        let mut rng = data::rng(seed() + case_seed);
        let d = 1 + case_seed as usize % 3;
        let (prior, x) = (random_prior(d, &mut rng), heaps(6, d, &mut rng));
        let ones = DVector::from_element(6, 1.0);
        let at_once = prior.updated(&x, &ones).unwrap();
        let mut one_by_one = prior.clone();
        for i in (0..6).rev() {
            one_by_one = one_by_one.updated(&x.rows(i, 1).into_owned(), &dvector![1.0]).unwrap();
        }
        let halves = prior.updated(&x, &(&ones * 0.5)).unwrap().updated(&x, &(&ones * 0.5)).unwrap();
        for other in [one_by_one, halves] {
            assert_within(other.strength(), at_once.strength(), 1e-13);
            assert_within(other.degrees(), at_once.degrees(), 1e-13);
            assert!((other.mean() - at_once.mean()).amax() < 1e-13);
            assert_matrices_within(other.scatter(), at_once.scatter(), 1e-11);
        }
    }
}

/// the evidence is the chain of predictive densities, p(x₁) p(x₂ | x₁) …, the one from normalisers, the
/// other Student t's.
#[test]
fn the_evidence_is_a_chain_of_predictions() {
    for case_seed in 0..12 {
        let mut rng = data::rng(seed() + 50 + case_seed);
        let d = 1 + case_seed as usize % 3;
        let (prior, x) = (random_prior(d, &mut rng), heaps(6, d, &mut rng));
        let (mut chain, mut known) = (0.0, prior.clone());
        for i in 0..6 {
            let datum = x.rows(i, 1).into_owned();
            chain += known.log_predictive(&datum).unwrap()[0];
            known = known.updated(&datum, &dvector![1.0]).unwrap();
        }
        assert_within(prior.log_evidence(&x).unwrap(), chain, 1e-11);
    }
}

/// the evidence of one number against the double integral over mean and precision, in one dimension: a Gamma
/// law of the precision, a normal of the mean.
#[test]
fn the_evidence_is_an_integral() {
    let prior = GaussWishart::new(RowDVector::from_element(1, 0.4), 0.7, dmatrix![1.3], 3.0).unwrap();
    let x = dmatrix![1.5; -0.5];
    // λ = eᵗ: W(λ; w, ν) is Gamma(ν/2) with rate 1/2w = .65; in t and μ the integrand is smooth and dies out at both
    // ends.
    let (ht, hm) = (0.02, 0.02);
    let mut sum = 0.0;
    for t in (-500..=250).map(|i| ht * f64::from(i)) {
        let lambda = t.exp();
        let log_gamma =
            1.5 * 0.65_f64.ln() - 0.5 * std::f64::consts::PI.ln() + 2_f64.ln() + 0.5 * t - 0.65 * lambda;
        for m in (-1500..=1500).map(|i| hm * f64::from(i)) {
            let normal = |at: f64, precision: f64| {
                0.5 * (precision / std::f64::consts::TAU).ln() - 0.5 * precision * at * at
            };
            let log = log_gamma
                + t
                + normal(m - 0.4, 0.7 * lambda)
                + normal(1.5 - m, lambda)
                + normal(-0.5 - m, lambda);
            sum += log.exp() * ht * hm;
        }
    }
    // Means beyond ±30 have mass at precisions below e⁻⁷ only, of which the Gamma law has 10⁻⁵ of the density of two
    // data, λ each.
    assert_within(prior.log_evidence(&x).unwrap(), sum.ln(), 1e-5);
}

/// E log|Λ|, E log N(x) and E log p by 40 000 draws from the density, to six standard errors.
#[test]
fn expectations_are_means_of_draws() {
    let mut rng = data::rng(seed() + 7);
    let (q, p) = (random_prior(2, &mut rng), random_prior(2, &mut rng));
    let x = dmatrix![0.3, -0.8];
    let lower = q.scatter().clone().try_inverse().unwrap().cholesky().unwrap().l();
    let draws = 40_000;
    let mut values = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..draws {
        // Bartlett's decomposition of a Wishart: chi variables on the diagonal, normals below it.
        let mut a = DMatrix::zeros(2, 2);
        for row in 0..2 {
            let chi_square = Gamma::new(0.5 * (q.degrees() - row as f64), 2.0).unwrap().sample(&mut rng);
            a[(row, row)] = f64::sqrt(chi_square);
            (0..row).for_each(|column| a[(row, column)] = StandardNormal.sample(&mut rng));
        }
        let root = &lower * a;
        let precision = &root * root.transpose();
        let covariance = precision.clone().try_inverse().unwrap();
        let covariance = (&covariance + covariance.transpose()) * 0.5;
        let mean = gaussian::sample(1, q.mean(), &(&covariance / q.strength()), &mut rng)
            .unwrap()
            .row(0)
            .into_owned();
        values[0].push(precision.determinant().ln());
        values[1].push(gaussian::log_density(&x, &mean, &covariance).unwrap()[0]);
        // log p(μ, Λ) written out: a normal, and a Wishart density.
        let nu = p.degrees();
        let wishart = 0.5 * nu * p.scatter().determinant().ln()
            - nu * 2_f64.ln()
            - executable_em::variational::special::ln_multigamma(2, 0.5 * nu)
            + 0.5 * (nu - 3.0) * precision.determinant().ln()
            - 0.5 * (p.scatter() * &precision).trace();
        let row = DMatrix::from_rows(&[mean]);
        values[2]
            .push(wishart + gaussian::log_density(&row, p.mean(), &(covariance / p.strength())).unwrap()[0]);
    }
    let expected =
        [q.expected_log_determinant(), q.expected_log_density(&x).unwrap()[0], q.expected_log(&p).unwrap()];
    for (values, expected) in values.into_iter().zip(expected) {
        let values = DVector::from_vec(values);
        assert_within(values.mean(), expected, 6.0 * (values.variance() / draws as f64).sqrt());
    }
}

/// for exact posteriors the divergence balances: E log p(x | θ) − KL(posterior ‖ prior) is the log evidence.
#[test]
fn evidence_is_fit_less_divergence() {
    for case_seed in 0..12 {
        let mut rng = data::rng(seed() + 90 + case_seed);
        let d = 1 + case_seed as usize % 3;
        let (prior, x) = (random_prior(d, &mut rng), heaps(9, d, &mut rng));
        let posterior = prior.updated(&x, &DVector::from_element(9, 1.0)).unwrap();
        let fit = posterior.expected_log_density(&x).unwrap().sum();
        assert_within(fit - posterior.divergence(&prior).unwrap(), prior.log_evidence(&x).unwrap(), 1e-10);
    }
    assert_eq!(unit_prior(2).divergence(&unit_prior(2)).unwrap(), 0.0);
}

/// expected weights, logs and divergences of both kinds of weights by draws, to six standard errors; and
/// they sum to one.
#[test]
fn shares_are_means_of_draws() {
    let counts = dvector![3.0, 0.5, 8.0];
    for prior in [Weights::Dirichlet(0.7), Weights::Sticks(1.8)] {
        let shares = Shares::new(prior, counts.clone()).unwrap();
        assert_within(shares.expected().sum(), 1.0, 1e-15);
        let mut rng = data::rng(seed() + 3);
        let mut gamma = |shape: f64| Gamma::new(shape, 1.0).unwrap().sample(&mut rng);
        let draws = 40_000;
        let mut weights = DMatrix::zeros(draws, 3);
        for mut row in weights.row_iter_mut() {
            match prior {
                Weights::Dirichlet(alpha) => {
                    row.copy_from(&counts.map(|count| gamma(alpha + count)).transpose());
                    let total = row.sum();
                    row /= total;
                }
                Weights::Sticks(alpha) => {
                    let mut left = 1.0;
                    for (j, after) in [(0, 8.5), (1, 8.0)] {
                        let (a, b) = (gamma(1.0 + counts[j]), gamma(alpha + after));
                        row[j] = left * a / (a + b);
                        left *= b / (a + b);
                    }
                    row[2] = left;
                }
            }
        }
        for j in 0..3 {
            let logs = weights.column(j).map(f64::ln);
            let error = |of: &DVector<f64>| 6.0 * (of.variance() / draws as f64).sqrt();
            assert_within(logs.mean(), shares.expected_logs()[j], error(&logs));
            let column = weights.column(j).into_owned();
            assert_within(column.mean(), shares.expected()[j], error(&column));
        }
    }
    // Two weights, either way: a stick of Beta(1, α) is no Dirichlet unless α = 1, and then it is.
    let (dirichlet, sticks) = (Weights::Dirichlet(1.0), Weights::Sticks(1.0));
    let of = |prior| Shares::new(prior, dvector![2.5, 4.0]).unwrap();
    assert_within(of(dirichlet).divergence().unwrap(), of(sticks).divergence().unwrap(), 1e-13);
    assert!((of(dirichlet).expected_logs() - of(sticks).expected_logs()).amax() < 1e-14);
}

/// a predictive density integrates to one, in one dimension, tails and all; and tends to the Gaussian.
#[test]
fn a_predictive_density_is_one() {
    let mut rng = data::rng(seed() + 4);
    let density = GaussWishart::new(RowDVector::from_element(1, 0.5), 2.0, dmatrix![3.0], 4.0).unwrap();
    // x = sinh t: the integrand p(x) cosh t dies out like e^{−4t}.
    let h = 0.01;
    let total: f64 = (-3000..=3000)
        .map(|i| h * f64::from(i))
        .map(|t| density.log_predictive(&dmatrix![t.sinh()]).unwrap()[0].exp() * t.cosh() * h)
        .sum();
    assert_within(total, 1.0, 1e-10);
    let sure = GaussWishart::new(RowDVector::zeros(2), 1e7, DMatrix::identity(2, 2) * 1e7, 1e7).unwrap();
    let x = DMatrix::from_fn(5, 2, |_, _| rng.random_range(-2.0..2.0));
    let plain = gaussian::log_density(&x, &RowDVector::zeros(2), &DMatrix::identity(2, 2)).unwrap();
    assert!((sure.log_predictive(&x).unwrap() - plain).amax() < 1e-5);
}

/// two densities are equal if all their four parameters are.
#[test]
fn densities_that_differ_in_one_parameter_are_two() {
    let density = |mean, strength, scatter, degrees| {
        GaussWishart::new(RowDVector::from_element(1, mean), strength, dmatrix![scatter], degrees).unwrap()
    };
    let one = density(0.0, 1.0, 2.0, 3.0);
    assert_eq!(one, density(0.0, 1.0, 2.0, 3.0));
    for other in [
        density(1.0, 1.0, 2.0, 3.0),
        density(0.0, 2.0, 2.0, 3.0),
        density(0.0, 1.0, 3.0, 3.0),
        density(0.0, 1.0, 2.0, 4.0),
    ] {
        assert_ne!(one, other);
    }
}
