//! Dependence: independent in pairs is not independent.

use crate::common::bounds::gamma;
use crate::common::{assert_matrices_within, assert_printed, assert_within, column, line_mixture};
use executable_em::bound::correlated;
use executable_em::data;
use executable_em::latent::labelings;
use executable_em::pathologies::dependence::{exclusive_or, pairwise_information, total_correlation};
use nalgebra::{DMatrix, DVector};
use rand::RngExt;
use std::f64::consts::LN_2;

/// In the exclusive or, every two labels are independent, exactly, and the three are not, by log 2; with log odds 4 and
/// 5.2 the posterior knows the third label (.977) from the other two data.
///
/// Source: C-E10.
#[test]
fn erratum_pairwise_independence_is_not_enough() {
    let prior = exclusive_or();
    let information = pairwise_information(&prior, 3, 2).unwrap();
    for (i, l) in (0..3).flat_map(|i| (0..3).map(move |l| (i, l))) {
        assert_within(information[(i, l)], if i == l { LN_2 } else { 0.0 }, gamma(4));
    }
    assert_within(total_correlation(&prior, 3, 2).unwrap(), LN_2, gamma(10));
    let forbidden = labelings::all(3, 2).unwrap();
    for (z, &p) in forbidden.iter().zip(&prior) {
        assert_eq!(p, if (z[0] + z[1] + z[2]) % 2 == 0 { 0.25 } else { 0.0 });
    }

    let model = line_mixture(&[0.5, 0.5], &[-1.0, 1.0], &[1.0, 1.0]);
    let x = column(&[-2.0, 2.6, 0.0]);
    let posterior = labelings::posterior_under(&prior, &model.component_log_densities(&x).unwrap()).unwrap();
    assert_printed(labelings::marginals(&posterior, 3, 2).unwrap()[(2, 1)], ".977");
    assert_eq!(model.responsibilities(&x).unwrap()[(2, 1)], 0.5);
    // Once the first two are all but known, little is left to share: the entropy that the pairs still hide.
    let left = total_correlation(&posterior, 3, 2).unwrap();
    assert!(left > 0.05 && left < LN_2, "{left}");
}

/// Total correlation is KL(q‖∏q_i), the mutual information of two labels, zero for independent ones; and what the bound
/// gains in a mixture by forgetting the dependence.
///
/// Source: C-E10.
#[test]
fn total_correlation_is_what_the_bound_gains() {
    let mut rng = data::rng(31);
    for _ in 0..40 {
        let (n, k): (usize, usize) = (rng.random_range(1..=4), rng.random_range(2..=3));
        let raw = DVector::from_fn(k.pow(n as u32), |_, _| rng.random_range(0.0..1.0_f64).powi(3));
        let q = &raw / raw.sum();
        let marginals = labelings::marginals(&q, n, k).unwrap();
        let product = labelings::product(&marginals).unwrap();
        let kl: f64 = q.iter().zip(&product).map(|(q, p)| q * (q / p).ln()).sum();
        let bound = gamma(400) * 10.0;
        let total = total_correlation(&q, n, k).unwrap();
        assert_within(total, kl, bound);
        assert_within(total_correlation(&product, n, k).unwrap(), 0.0, bound);
        if n == 2 {
            assert_within(total, pairwise_information(&q, n, k).unwrap()[(0, 1)], bound);
        }
        let information = pairwise_information(&q, n, k).unwrap();
        assert_matrices_within(&information, &information.transpose(), bound);
        for i in 0..n {
            let entropy: f64 = marginals.row(i).iter().map(|p| -p * p.ln()).sum();
            assert_within(information[(i, i)], entropy, bound);
        }
        let log_joint = DMatrix::from_fn(n, k, |_, _| rng.random_range(-5.0..0.0));
        let at = |q: &DVector<f64>| correlated::lower_bound(q, &log_joint).unwrap();
        assert_within(at(&product) - at(&q), total, bound);
    }
}
