//! What has no log joint of whole data: mixtures with missing cells, and mean field, whose state are its
//! responsibilities.

use crate::common::bounds::gamma;
use crate::common::cases::{self, Case, Kind};
use crate::common::{assert_at_least, assert_matrices_within, assert_within, config, permutations};
use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em::incomplete::mixture::{self, Posterior};
use executable_em::incomplete::{Incomplete, bound};
use executable_em::variational::coins::{CoinPrior, VariationalCoins};
use executable_em::variational::{GaussWishart, VariationalMixture, Weights};
use executable_em::{data, latent};
use nalgebra::{DMatrix, RowDVector};
use proptest::prelude::*;
use rand::RngExt;

/// Sums of n terms through covariances of condition below a thousand, on data below a hundred.
fn rounding(n: usize) -> f64 {
    1e5 * gamma(4 * n + 20)
}

/// Tame data with a quarter of their cells taken away, but for the first two rows.
fn with_gaps(x: &DMatrix<f64>, seed: u64) -> DMatrix<f64> {
    let mut rng = data::rng(seed ^ 0x9);
    x.map_with_location(|i, _, value| if i > 1 && rng.random_bool(0.25) { f64::NAN } else { value })
}

fn turned<T: Clone>(items: &[T]) -> Vec<T> {
    items.iter().rev().cloned().collect()
}

/// What mean field of Gaussians finds from responsibilities: the next ones, and the bound at these.
fn of_gaussians(prior: &GaussWishart, x: &DMatrix<f64>, r: &DMatrix<f64>) -> (DMatrix<f64>, f64) {
    let q = VariationalMixture::learned(Weights::Dirichlet(0.7), prior.clone(), x, r).unwrap();
    (q.responsibilities(x).unwrap(), q.lower_bound(x, r).unwrap())
}

fn of_coins(prior: CoinPrior, x: &DMatrix<f64>, r: &DMatrix<f64>) -> (DMatrix<f64>, f64) {
    let q = VariationalCoins::learned(prior, x, r).unwrap();
    (latent::responsibilities(&q.expected_log_joint(x).unwrap()).unwrap(), q.lower_bound(x, r).unwrap())
}

/// The laws of a step of mean field: rows sum to one, the order of data and of components tells nothing, the bound does
/// not fall.
fn mean_field_is_lawful(
    step: impl Fn(&DMatrix<f64>, &DMatrix<f64>) -> (DMatrix<f64>, f64),
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
) {
    let ((next, height), slack) = (step(x, r), rounding(x.nrows()));
    next.row_iter().for_each(|row| assert_within(row.sum(), 1.0, gamma(2 * r.ncols() + 2)));
    let backwards: Vec<usize> = turned(&(0..x.nrows()).collect::<Vec<_>>());
    let (found, same) = step(&x.select_rows(&backwards), &r.select_rows(&backwards));
    assert_within(same, height, slack * (1.0 + height.abs()));
    assert_matrices_within(&found, &next.select_rows(&backwards), slack);
    for order in permutations(r.ncols()) {
        let (found, same) = step(x, &r.select_columns(&order));
        assert_within(same, height, slack * (1.0 + height.abs()));
        assert_matrices_within(&found, &next.select_columns(&order), slack);
    }
    let (mut r, mut height) = (next, height);
    for _ in 0..4 {
        let (next, reached) = step(x, &r);
        assert_at_least(reached, height, slack * (1.0 + height.abs()));
        (r, height) = (next, reached);
    }
}

proptest! {
    #![proptest_config(config(100))]

    /// Mixtures with missing cells: the order of data and components, data twice, units; F touches ℓ and never
    /// exceeds it.
    ///
    /// Source, H-52.
    #[test]
    fn the_laws_hold_with_missing_cells(family in 0..4usize, n in 24..40usize, k in 1..4usize, d in 2..4usize,
        power in -5..5_i32, seed in any::<u64>()) {
        let family = CovarianceFamily::ALL[family];
        let Case { x, model, .. } = cases::case(Kind::Ordinary, family, n, k, d, seed);
        let table = with_gaps(&x, seed);
        let (whole, slack) = (Incomplete::new(table.clone()).unwrap(), rounding(n));
        let l = |model: &_, data: &Incomplete| mixture::log_likelihood(model, data).unwrap();
        let (next, height) = (mixture::sweep(&model, &whole).unwrap(), l(&model, &whole));
        assert_at_least(l(&next, &whole), height, slack * (1.0 + height.abs()));

        let backwards: Vec<usize> = turned(&(0..n).collect::<Vec<_>>());
        let other = Incomplete::new(table.select_rows(&backwards)).unwrap();
        assert_within(l(&model, &other), height, slack * (1.0 + height.abs()));
        assert_matrices_within(mixture::sweep(&model, &other).unwrap().means(), next.means(), slack);
        let twice = Incomplete::new(DMatrix::from_fn(2 * n, d, |i, a| table[(i % n, a)])).unwrap();
        assert_within(l(&model, &twice), 2.0 * height, slack * (1.0 + height.abs()));
        assert_matrices_within(mixture::sweep(&model, &twice).unwrap().means(), next.means(), slack);
        for order in permutations(k) {
            use crate::claims::Lawful;
            let renamed = model.permuted(&order);
            assert_within(l(&renamed, &whole), height, slack * (1.0 + height.abs()));
            let found = mixture::sweep(&renamed, &whole).unwrap();
            assert_matrices_within(found.means(), next.permuted(&order).means(), slack);
        }

        // Any q has an F below ℓ, and the posterior's is ℓ.
        let q = Posterior::at(&next, &whole).unwrap();
        let below = bound::lower_bound(&model, &whole, &q).unwrap();
        assert_at_least(height, below, slack * (1.0 + height.abs()));
        let at = Posterior::at(&model, &whole).unwrap();
        assert_within(bound::lower_bound(&model, &whole, &at).unwrap(), height, slack * (1.0 + height.abs()));

        let unit = 2_f64.powi(power);
        let scaled = executable_em::gaussian_mixture::GaussianMixture::new(
            model.weights().clone(),
            model.means() * unit,
            model.covariances().iter().map(|covariance| covariance * (unit * unit)).collect(),
            family,
        ).unwrap();
        let in_units = Incomplete::new(&table * unit).unwrap();
        let seen = (n * d - whole.missing_count()) as f64;
        assert_within(l(&scaled, &in_units), height - seen * unit.ln(), slack * (1.0 + height.abs()));
        let found = mixture::sweep(&scaled, &in_units).unwrap();
        assert_matrices_within(&(found.means() / unit), next.means(), slack);
    }

    /// Mean field of Gaussians; in other units, prior and all, the bound changes by those of a density.
    ///
    /// Source.
    #[test]
    fn the_laws_hold_for_mean_field(n in 20..40usize, k in 1..4usize, d in 1..4usize, power in -5..5_i32,
        seed in any::<u64>()) {
        let Case { x, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, n, k, d, seed);
        let r = cases::simplex_rows(n, k, &mut data::rng(seed));
        let prior = |unit: f64| {
            let scatter = DMatrix::from_diagonal_element(d, d, 2.0 * unit * unit);
            GaussWishart::new(RowDVector::from_element(d, 0.5 * unit), 0.3, scatter, d as f64 + 1.0).unwrap()
        };
        mean_field_is_lawful(|x, r| of_gaussians(&prior(1.0), x, r), &x, &r);
        let unit = 2_f64.powi(power);
        let (next, height) = of_gaussians(&prior(1.0), &x, &r);
        let (found, other) = of_gaussians(&prior(unit), &(&x * unit), &r);
        let slack = rounding(n);
        assert_within(other, height - (n * d) as f64 * unit.ln(), slack * (1.0 + height.abs()));
        assert_matrices_within(&found, &next, slack);
    }

    /// Mean field of coins; and heads are as good as tails.
    ///
    /// Source: X-27.
    #[test]
    fn the_laws_hold_for_mean_field_of_coins(n in 5..40usize, k in 1..4usize, d in 1..4usize, m in 1..5usize,
        seed in any::<u64>()) {
        let mut rng = data::rng(seed);
        let x = DMatrix::from_fn(n, d, |_, _| rng.random_range(0..=m) as f64);
        let r = cases::simplex_rows(n, k, &mut rng);
        let prior = |heads: f64, tails: f64| CoinPrior::new(Weights::Dirichlet(0.6), heads, tails, m).unwrap();
        mean_field_is_lawful(|x, r| of_coins(prior(0.8, 1.7), x, r), &x, &r);
        let (next, height) = of_coins(prior(0.8, 1.7), &x, &r);
        let (found, other) = of_coins(prior(1.7, 0.8), &x.map(|heads| m as f64 - heads), &r);
        assert_within(other, height, rounding(n) * (1.0 + height.abs()));
        assert_matrices_within(&found, &next, rounding(n));
    }
}
