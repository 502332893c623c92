//! The bound over all labelings, whose q may have labels that depend on each other.

use crate::common::cases;
use crate::common::enumeration;
use crate::common::{assert_matrices_within, assert_within, bounds};
use executable_em::bound::{self, correlated};
use executable_em::data;
use executable_em::latent::{self, labelings};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use rand::{Rng, RngExt};
use std::f64::consts::LN_2;

/// A random law over kⁿ labelings, with zeros.
fn random_law_over_labelings(n: usize, k: usize, rng: &mut impl Rng) -> DVector<f64> {
    cases::simplex_rows(1, k.pow(n as u32), rng).row(0).transpose()
}

/// The derivation line by line over all kⁿ labelings, with a q whose labels depend on each other: marginalise, multiply
/// by q/q, a log of an expectation, Jensen, split.
///
/// Source: C-15, T-27.
#[test]
fn the_derivation_holds_line_by_line_for_a_correlated_q() {
    let mut rng = data::rng(15);
    for _ in 0..200 {
        let (n, k) = (rng.random_range(1..=4), rng.random_range(1..=3));
        let log_joint = DMatrix::from_fn(n, k, |_, _| rng.random_range(-6.0..1.0));
        let count = k.pow(n as u32);
        // Sums over kⁿ terms of size up to 4 · 6 + ln 81.
        let tolerance = bounds::gamma(count + 40) * 60.0;
        let oracle = enumeration::enumerate(&log_joint, &log_joint);
        let log_likelihood = latent::log_likelihood(&log_joint).unwrap();
        assert_within(log_likelihood, oracle.log_likelihood, tolerance);

        let positive = (random_law_over_labelings(n, k, &mut rng) + DVector::from_element(count, 0.1))
            .unscale(1.0 + 0.1 * count as f64);
        let by_expectation = correlated::log_expected_ratio(&positive, &log_joint).unwrap();
        assert_within(by_expectation, log_likelihood, tolerance);

        let q = random_law_over_labelings(n, k, &mut rng);
        let lower_bound = correlated::lower_bound(&q, &log_joint).unwrap();
        assert!(lower_bound <= log_likelihood + tolerance);
        // The split, by a loop of its own.
        let (mut expected, mut entropy) = (0.0, 0.0);
        for (labels, &q) in enumeration::labelings(n, k).iter().zip(&q) {
            let log_p: f64 = labels.iter().enumerate().map(|(i, &label)| log_joint[(i, label)]).sum();
            expected += q * log_p;
            entropy -= if q > 0.0 { q * q.ln() } else { 0.0 };
        }
        assert_within(lower_bound, expected + entropy, tolerance);
        assert_within(correlated::entropy(&q).unwrap(), entropy, tolerance);
        let gap = correlated::gap(&q, &log_joint).unwrap();
        assert_within(lower_bound + gap, log_likelihood, tolerance);
        let posterior = labelings::posterior(&log_joint).unwrap();
        let distance: f64 = (&q - &posterior).iter().map(|entry| entry.abs()).sum();
        assert!(gap >= 0.5 * distance * distance - tolerance);
        assert_within(correlated::lower_bound(&posterior, &log_joint).unwrap(), log_likelihood, tolerance);
        assert_within(correlated::gap(&posterior, &log_joint).unwrap(), 0.0, tolerance);
    }
}

/// Among all q with given marginals the factorised one is best. Q sees only the marginals, and what the bound gains is
/// KL(q ‖ Π q_i), the total correlation.
///
/// Source: T-21, T-27, C-15.
#[test]
fn among_q_with_given_marginals_the_factorised_one_is_best() {
    let mut rng = data::rng(34);
    for _ in 0..200 {
        let (n, k) = (rng.random_range(1..=4), rng.random_range(1..=3));
        let log_joint = DMatrix::from_fn(n, k, |_, _| rng.random_range(-6.0..1.0));
        let tolerance = bounds::gamma(k.pow(n as u32) + 40) * 60.0;
        let q = random_law_over_labelings(n, k, &mut rng);
        let mut marginals = labelings::marginals(&q, n, k).unwrap();
        for mut row in marginals.row_iter_mut() {
            let sum = row.sum(); // one, but for rounding
            row /= sum;
        }
        let product = correlated::factorised(&marginals).unwrap();
        assert_matrices_within(&labelings::marginals(&product, n, k).unwrap(), &marginals, tolerance);

        let total_correlation: f64 =
            q.iter().zip(&product).map(|(&q, &p)| if q == 0.0 { 0.0 } else { q * (q / p).ln() }).sum();
        let gain = correlated::lower_bound(&product, &log_joint).unwrap()
            - correlated::lower_bound(&q, &log_joint).unwrap();
        assert_within(gain, total_correlation, tolerance);
        assert!(gain >= -tolerance);
        // The n×k form is the same bound.
        assert_within(
            correlated::lower_bound(&product, &log_joint).unwrap(),
            bound::lower_bound(&marginals, &log_joint).unwrap(),
            tolerance,
        );
        assert_within(correlated::entropy(&product).unwrap(), bound::entropy(&marginals).unwrap(), tolerance);
        assert_within(
            correlated::gap(&product, &log_joint).unwrap(),
            bound::gap(&marginals, &log_joint).unwrap(),
            tolerance,
        );
    }
    // Two labels that always agree: one bit of correlation.
    let (agreeing, log_joint) = (dvector![0.5, 0.0, 0.0, 0.5], dmatrix![-1.0, -2.0; -3.0, -0.5]);
    let apart = correlated::factorised(&DMatrix::from_element(2, 2, 0.5)).unwrap();
    let gain = correlated::lower_bound(&apart, &log_joint).unwrap()
        - correlated::lower_bound(&agreeing, &log_joint).unwrap();
    assert_within(gain, LN_2, bounds::gamma(20) * 5.0);
    // The order of the labelings is the odometer's.
    assert_eq!(
        correlated::factorised(&dmatrix![0.5, 0.5; 0.25, 0.75]).unwrap(),
        dvector![0.125, 0.125, 0.375, 0.375]
    );
}

/// The bound does not need q to factorise, and where the posterior does not, the factorised form cannot close the gap.
/// Three labels of which the third is the exclusive or of the others: kⁿ labelings are then the labels of one datum.
///
/// Source: C-15.
#[test]
fn where_the_posterior_is_correlated_a_factorised_q_stays_below() {
    // p(z₁, z₂) = ¼, z₃ = z₁ xor z₂ with probability 0.99, and no data: ℓ = log 1 = 0.
    let all = labelings::all(3, 2).unwrap();
    let log_joint = DMatrix::from_fn(1, 8, |_, z| {
        let odd = (all[z][0] + all[z][1] + all[z][2]) % 2 == 1;
        (0.25 * if odd { 0.01 } else { 0.99_f64 }).ln()
    });
    let posterior = latent::responsibilities(&log_joint).unwrap();
    assert_within(bound::lower_bound(&posterior, &log_joint).unwrap(), 0.0, bounds::gamma(20) * 5.0);
    let mut best = f64::NEG_INFINITY;
    let steps = 20;
    for code in 0..(steps + 1_usize).pow(3) {
        let heads = [0, 1, 2].map(|i| (code / (steps + 1_usize).pow(i) % (steps + 1)) as f64 / steps as f64);
        let q =
            correlated::factorised(&DMatrix::from_fn(3, 2, |i, j| [1.0 - heads[i], heads[i]][j])).unwrap();
        best = best.max(bound::lower_bound(&DMatrix::from_rows(&[q.transpose()]), &log_joint).unwrap());
    }
    // A free label buys ln 2 of entropy, but half its mass then breaks the parity: on average ½ ln(.99/.01) = 2.3 nats
    // are lost. Best on the grid is to fix all three.
    assert_within(best, (0.99_f64 / 4.0).ln(), 1e-9);
}
