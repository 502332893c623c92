//! The mean-field mixture of coins.

use crate::common::{assert_at_least, assert_within, cases, seed};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::em::{self, Climb, Seen, Stopping};
use executable_em::variational::Weights;
use executable_em::variational::coins::{CoinPrior, OnHeads, VariationalCoins};
use executable_em::{data, latent};
use nalgebra::{DMatrix, RowDVector, dmatrix, dvector};
use rand::RngExt;
use std::ops::ControlFlow;

/// The evidence of numbers of heads with labels given: Beta integrals by their factorials.
fn exact(x: &DMatrix<f64>, labels: &[usize], k: usize, m: u32) -> f64 {
    let factorial = |n: f64| (1..=n as u32).map(|i| f64::from(i).ln()).sum::<f64>();
    let mut total = factorial(k as f64 - 1.0) - factorial((x.nrows() + k - 1) as f64);
    for j in 0..k {
        let rows: Vec<usize> = (0..x.nrows()).filter(|&i| labels[i] == j).collect();
        total += factorial(rows.len() as f64);
        for c in 0..x.ncols() {
            let heads: f64 = rows.iter().map(|&i| x[(i, c)]).sum();
            let flips = f64::from(m) * rows.len() as f64;
            total += factorial(heads) + factorial(flips - heads) - factorial(flips + 1.0);
            let binomial = |x: f64| factorial(f64::from(m)) - factorial(x) - factorial(f64::from(m) - x);
            total += rows.iter().map(|&i| binomial(x[(i, c)])).sum::<f64>();
        }
    }
    total
}

/// for sure labels the bound is the exact log joint; for any r it lies below the exact evidence of all
/// labelings; with one coin it is the evidence.
#[test]
fn the_bound_of_coins_lies_below_their_evidence() {
    let mut compared = 0;
    for case_seed in 0..10 {
        let mut rng = data::rng(seed() + case_seed);
        let (n, d, k, m) = (6, 2, 1 + case_seed as usize % 3, 4);
        let x = DMatrix::from_fn(n, d, |_, _| f64::from(rng.random_range(0..=m)));
        let prior = CoinPrior::new(Weights::Dirichlet(1.0), 1.0, 1.0, m as usize).unwrap();
        assert_eq!(prior.flips(), m as usize);
        let logs: Vec<f64> =
            latent::labelings::all(n, k).unwrap().iter().map(|labels| exact(&x, labels, k, m)).collect();
        let evidence = latent::log_sum_exp(logs);
        for _ in 0..5 {
            let r = cases::simplex_rows(n, k, &mut rng);
            let bound = VariationalCoins::learned(prior, &x, &r).unwrap().lower_bound(&x, &r).unwrap();
            assert_at_least(evidence, bound, 1e-11);
            compared += 1;
        }
        let labels: Vec<usize> = (0..n).map(|_| rng.random_range(0..k)).collect();
        let sure = latent::one_hot(&labels, k).unwrap();
        let bound = VariationalCoins::learned(prior, &x, &sure).unwrap().lower_bound(&x, &sure).unwrap();
        assert_within(bound, exact(&x, &labels, k, m), 1e-11);
        if k == 1 {
            assert_within(bound, evidence, 1e-11);
        }
    }
    assert_eq!(compared, 50);
}

/// sweeps never lower the bound, superfluous coins empty themselves, and the bound is highest where those that
/// are left are the true ones.
#[test]
fn superfluous_coins_empty_themselves() {
    let coins = BernoulliMixture::new(dvector![0.3, 0.7], dmatrix![0.85, 0.2; 0.3, 0.6], 15).unwrap();
    let (x, truth) = coins.sample(400, &mut data::rng(seed() + 3)).unwrap();
    let mut rng = data::rng(seed() + 4);
    let prior = CoinPrior::new(Weights::Dirichlet(1e-6), 1.0, 1.0, 15).unwrap();
    let begin = |labels: &[usize]| VariationalCoins::learned(prior, &x, &latent::one_hot(labels, 6).unwrap());
    // From the true labels of two coins of six, and from ten that say little.
    let of_chance =
        || (0..400).map(|i| (x[(i, 0)] as usize + rng.random_range(0..3)) % 6).collect::<Vec<_>>();
    let starts = std::iter::once(truth).chain(std::iter::repeat_with(of_chance).take(10));
    let (mut height, mut compared, mut ends) = (f64::NEG_INFINITY, 0, Vec::new());
    let best = em::best_of(&OnHeads(&x), starts.map(|labels| begin(&labels)), &Stopping::default(), |seen| {
        match seen {
            Seen::Sweep { expected, .. } => {
                assert_at_least(expected.log_likelihood, height, 1e-9);
                height = expected.log_likelihood;
                compared += 1;
            }
            Seen::Run { outcome, .. } => {
                let fit = outcome.as_ref().unwrap();
                let counts = fit.model.shares().counts();
                ends.push((fit.log_likelihood, counts.iter().filter(|&&count| count > 0.5).count()));
                height = f64::NEG_INFINITY;
            }
        }
        ControlFlow::Continue(())
    });
    assert!(compared > 50, "{compared}");
    let (of_truth, alive) = ends.remove(0);
    assert_eq!(alive, 2);
    assert!(ends.iter().any(|&(_, alive)| alive <= 3), "six coins began, of which are alive: {ends:?}");
    // One more coin costs log 1/α = 14 nats. The most that its three numbers win by chance is half of a χ² with three
    // degrees of freedom: 13 nats once in 10⁵ tables.
    for &(bound, alive) in &ends {
        assert!(
            bound < of_truth + if alive == 2 { 1e-6 } else { -1.0 },
            "{bound}, {alive} alive, by {of_truth}"
        );
    }
    let biases = best.unwrap().model.plug_in().unwrap();
    for (l, truth) in coins.biases().row_iter().enumerate() {
        // A hundred data of fifteen tosses, with labels not quite sure, tell a bias to .02: five times that.
        let distance = |found: RowDVector<f64>| (found - truth).amax();
        assert!(
            biases.biases().row_iter().any(|found| distance(found.into()) < 0.1),
            "{l}: {}",
            biases.biases()
        );
    }
}

/// what moves in a sweep is the largest expected share of the data.
#[test]
fn what_moves_is_a_share_of_the_data() {
    let mut rng = data::rng(seed() + 5);
    let x = DMatrix::from_fn(20, 1, |_, _| f64::from(rng.random_range(0..=4)));
    let prior = CoinPrior::new(Weights::Dirichlet(1.0), 1.0, 1.0, 4).unwrap();
    let learned = |r: &DMatrix<f64>| VariationalCoins::learned(prior, &x, r).unwrap();
    let (before, after) = (cases::simplex_rows(20, 3, &mut rng), cases::simplex_rows(20, 3, &mut rng));
    let moved = OnHeads(&x).moved((&learned(&before), &before), (&learned(&after), &after));
    let shares = (before.row_sum() - after.row_sum()) / 20.0;
    assert!(moved > 0.0);
    assert_within(moved, shares.amax(), 1e-14);
}
