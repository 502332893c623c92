//! The mean-field mixture: its bound, its steps, its limit.

use crate::common::{assert_at_least, assert_within, cases, permutations, seed};
use crate::{faithful, heaps, random_prior, unit_prior};
use executable_em::em::{self, Climb, Seen, Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, start_from_labels};
use executable_em::variational::evidence::{by_labelings, log_joint};
use executable_em::variational::mixture::{OnBound, fit};
use executable_em::variational::{GaussWishart, VariationalMixture, Weights};
use executable_em::{data, latent};
use nalgebra::{DMatrix, RowDVector};
use rand::RngExt;
use std::ops::ControlFlow;

/// below the exact evidence of small data, by all labelings, whatever r is; and the gap is the divergence
/// from the exact posterior's, so never negative.
#[test]
fn the_bound_lies_below_the_exact_evidence() {
    let mut compared = 0;
    for case_seed in 0..12 {
        let mut rng = data::rng(seed() + case_seed);
        let (d, k) = (1 + case_seed as usize % 2, 2 + case_seed as usize % 2);
        let (prior, x) = (random_prior(d, &mut rng), heaps(6, d, &mut rng));
        let (evidence, posterior) = by_labelings(0.8, &prior, &x, k).unwrap();
        assert_within(posterior.sum(), 1.0, 1e-12);
        for _ in 0..5 {
            let r = cases::simplex_rows(6, k, &mut rng);
            let q = VariationalMixture::learned(Weights::Dirichlet(0.8), prior.clone(), &x, &r).unwrap();
            assert_at_least(evidence, q.lower_bound(&x, &r).unwrap(), 1e-10);
            let next = q.responsibilities(&x).unwrap();
            assert_at_least(evidence, q.lower_bound(&x, &next).unwrap(), 1e-10);
            // The E step is the best r for this q(θ), the M step the best q(θ) for this r.
            assert_at_least(q.lower_bound(&x, &next).unwrap(), q.lower_bound(&x, &r).unwrap(), 1e-11);
            let own = VariationalMixture::learned(Weights::Dirichlet(0.8), prior.clone(), &x, &next).unwrap();
            assert_at_least(own.lower_bound(&x, &next).unwrap(), q.lower_bound(&x, &next).unwrap(), 1e-11);
            compared += 1;
        }
        // For labels that are sure the bound of the M step is the exact log joint of those labels.
        let labels: Vec<usize> = (0..6).map(|_| rng.random_range(0..k)).collect();
        let sure = latent::one_hot(&labels, k).unwrap();
        let q = VariationalMixture::learned(Weights::Dirichlet(0.8), prior.clone(), &x, &sure).unwrap();
        let exact = log_joint(Weights::Dirichlet(0.8), &prior, &x, &labels, k).unwrap();
        assert_within(q.lower_bound(&x, &sure).unwrap(), exact, 1e-10);
    }
    assert_eq!(compared, 60);
}

/// the M step's q(θ) is where the bound is stationary: moved in any of its numbers (by learning from other
/// weights) it has less.
#[test]
fn the_m_step_is_the_best_q() {
    let mut compared = 0;
    for case_seed in 0..10 {
        let mut rng = data::rng(seed() + 30 + case_seed);
        let (prior, x) = (random_prior(2, &mut rng), heaps(20, 2, &mut rng));
        let r = cases::simplex_rows(20, 3, &mut rng);
        let weights = if case_seed % 2 == 0 { Weights::Dirichlet(0.5) } else { Weights::Sticks(1.5) };
        let best =
            VariationalMixture::learned(weights, prior.clone(), &x, &r).unwrap().lower_bound(&x, &r).unwrap();
        for _ in 0..10 {
            let mut other = r.map(|share| share + rng.random_range(0.0..0.05));
            for mut row in other.row_iter_mut() {
                let sum = row.sum();
                row /= sum;
            }
            let q = VariationalMixture::learned(weights, prior.clone(), &x, &other).unwrap();
            assert!(q.lower_bound(&x, &r).unwrap() < best);
            compared += 1;
        }
    }
    assert_eq!(compared, 100);
}

/// sweeps never lower the bound, named by size or not.
#[test]
fn the_bound_never_falls() {
    let mut compared = 0;
    for case_seed in 0..12 {
        let mut rng = data::rng(seed() + 60 + case_seed);
        let (prior, x) = (random_prior(2, &mut rng), heaps(40, 2, &mut rng));
        let r = cases::simplex_rows(40, 5, &mut rng);
        let weights = if case_seed % 2 == 0 { Weights::Dirichlet(0.01) } else { Weights::Sticks(0.7) };
        let climb = OnBound::new(&x).unwrap();
        let climb = if case_seed % 4 == 1 { climb.by_size() } else { climb };
        let start = VariationalMixture::learned(weights, prior, &x, &r);
        let stopping = Stopping { tolerance: Tolerance::Parameters(1e-9), max_sweeps: 60 };
        let mut height = f64::NEG_INFINITY;
        em::best_of(&climb, [start], &stopping, |seen| {
            if let Seen::Sweep { expected, .. } = seen {
                // Forty terms of size ten, digammas and determinants good to 10⁻¹⁴ of them.
                assert_at_least(expected.log_likelihood, height, 1e-10);
                height = expected.log_likelihood;
                compared += 1;
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    }
    assert!(compared > 60, "{compared}");
}

/// flat priors and many data: the expected parameters are those of EM, to one in n.
#[test]
fn em_is_the_limit() {
    let mut rng = data::rng(seed() + 8);
    let mut differences = Vec::new();
    for n in [100, 10_000] {
        let x = heaps(n, 1, &mut rng);
        let labels: Vec<usize> = (0..n).map(|i| i % 2).collect();
        let start = start_from_labels(&x, &labels, 2, CovarianceFamily::Full).unwrap();
        let stopping = Stopping { tolerance: Tolerance::Parameters(1e-9), max_sweeps: 2000 };
        let by_em = em::fit(start, &x, &stopping).unwrap().model;
        let flat =
            GaussWishart::new(RowDVector::zeros(1), 1e-6, DMatrix::from_element(1, 1, 1e-6), 1e-3).unwrap();
        let r = latent::one_hot(&labels, 2).unwrap();
        let q = fit(&OnBound::new(&x).unwrap(), Weights::Dirichlet(1.0), &flat, &r, &stopping).unwrap().model;
        differences.push((q.plug_in().unwrap().means() - by_em.means()).amax());
    }
    assert!(differences[0] < 0.1 && differences[1] < 1e-3, "{differences:?}");
    assert!(differences[1] < 0.1 * differences[0], "{differences:?}");
}

/// names change nothing for a Dirichlet, and something for sticks: of all orders the one by size has the highest
/// bound, by the factors of the text.
#[test]
fn sticks_mind_their_order() {
    let mut rng = data::rng(seed() + 9);
    let (prior, x) = (unit_prior(2), heaps(30, 2, &mut rng));
    let labels: Vec<usize> = (0..30).map(|i| [0, 0, 0, 1, 1, 2][i % 6]).collect();
    let r = latent::one_hot(&labels, 3).unwrap();
    let bound = |weights, order: &[usize]| {
        let r = r.select_columns(order);
        VariationalMixture::learned(weights, prior.clone(), &x, &r).unwrap().lower_bound(&x, &r).unwrap()
    };
    let by_size = bound(Weights::Sticks(1.0), &[0, 1, 2]);
    let mut others = 0;
    for order in permutations(3) {
        assert_within(
            bound(Weights::Dirichlet(0.4), &order),
            bound(Weights::Dirichlet(0.4), &[0, 1, 2]),
            1e-10,
        );
        if order != [0, 1, 2] {
            // The last two pieces of a stick with α = 1 are alike.
            assert!((bound(Weights::Sticks(1.0), &order) < by_size - 0.1) == (order != [0, 2, 1]));
            // What the order costs is the product of the remaining counts.
            let counts = latent::counts(&r.select_columns(&order));
            let log = |counts: &nalgebra::DVector<f64>| -> f64 {
                (0..2).map(|j| (1.0 + counts.rows(j, 3 - j).sum()).ln()).sum()
            };
            assert_within(
                by_size - bound(Weights::Sticks(1.0), &order),
                log(&counts) - log(&latent::counts(&r)),
                1e-10,
            );
            others += 1;
        }
    }
    assert_eq!(others, 5);
}

/// on held-out data the predictive density beats the plug-in one where data are few.
#[test]
fn the_predictive_density_knows_what_it_does_not_know() {
    let x = faithful();
    let (train, test): (Vec<usize>, Vec<usize>) = (0..272).partition(|i| i % 12 == 0);
    let (few, rest) = (x.select_rows(&train), x.select_rows(&test));
    let r = latent::one_hot(&(0..few.nrows()).map(|i| usize::from(few[(i, 0)] > 0.0)).collect::<Vec<_>>(), 2)
        .unwrap();
    let weak = GaussWishart::new(RowDVector::zeros(2), 0.1, DMatrix::identity(2, 2) * 0.1, 2.0).unwrap();
    let q = fit(&OnBound::new(&few).unwrap(), Weights::Dirichlet(1.0), &weak, &r, &Stopping::default())
        .unwrap()
        .model;
    let predictive = q.log_predictive(&rest).unwrap().sum();
    let plug_in = q.plug_in().unwrap().log_likelihood(&rest).unwrap();
    assert!(predictive > plug_in, "{predictive} {plug_in}");
}

/// what moves in a sweep is the largest expected share of the data.
#[test]
fn what_moves_is_a_share_of_the_data() {
    let mut rng = data::rng(seed() + 10);
    let (prior, x) = (unit_prior(1), heaps(20, 1, &mut rng));
    let learned = |r: &DMatrix<f64>| {
        VariationalMixture::learned(Weights::Dirichlet(1.0), prior.clone(), &x, r).unwrap()
    };
    let (before, after) = (cases::simplex_rows(20, 3, &mut rng), cases::simplex_rows(20, 3, &mut rng));
    let moved = OnBound::new(&x).unwrap().moved((&learned(&before), &before), (&learned(&after), &after));
    let shares = (before.row_sum() - after.row_sum()) / 20.0;
    assert!(moved > 0.0);
    assert_within(moved, shares.amax(), 1e-14);
}

/// the five terms of the bound, by loops, and that they sum to it.
#[test]
fn the_terms_are_those_of_data_labels_and_parameters() {
    let mut rng = data::rng(seed() + 11);
    let (prior, x) = (random_prior(2, &mut rng), heaps(12, 2, &mut rng));
    let r = cases::simplex_rows(12, 3, &mut rng);
    let q = VariationalMixture::learned(Weights::Sticks(0.8), prior.clone(), &x, &r).unwrap();
    let (mut of_data, mut of_labels, mut entropy, mut of_components) = (0.0, 0.0, 0.0, 0.0);
    for (j, component) in q.components().iter().enumerate() {
        let (densities, log) = (component.expected_log_density(&x).unwrap(), q.shares().expected_logs()[j]);
        for i in 0..12 {
            of_data += r[(i, j)] * densities[i];
            of_labels += r[(i, j)] * log;
            entropy -= if r[(i, j)] > 0.0 { r[(i, j)] * r[(i, j)].ln() } else { 0.0 };
        }
        of_components -= component.divergence(&prior).unwrap();
    }
    let expected = [of_data, of_labels, entropy, -q.shares().divergence().unwrap(), of_components];
    let terms = q.terms(&x, &r).unwrap();
    for (term, expected) in terms.iter().zip(expected) {
        assert_within(*term, expected, 1e-12 * (1.0 + of_data.abs()));
    }
    assert_within(terms.iter().sum(), q.lower_bound(&x, &r).unwrap(), 1e-12 * (1.0 + of_data.abs()));
}
