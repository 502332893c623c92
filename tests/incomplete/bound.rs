//! F, the gap and the ascent inequality, where q holds labels and cells.

use crate::common::{assert_at_least, assert_within, seed};
use crate::{case, rounding};
use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em::incomplete::bound::{entropy, expected_log_joint, gap, lower_bound};
use executable_em::incomplete::mixture::{Posterior, log_likelihood};
use executable_em::incomplete::{Incomplete, mixture};
use nalgebra::{dmatrix, dvector};

/// F + KL = ℓ for a q that is the posterior at some other θ, F ≤ ℓ, and F touches where it is the one at θ.
#[test]
fn the_bound_and_the_gap_make_the_log_likelihood() {
    let mut open = 0;
    for case_seed in 0..60 {
        let family = CovarianceFamily::ALL[case_seed as usize % 4];
        let (k, d) = (1 + case_seed as usize % 3, 1 + case_seed as usize % 2);
        let (model, data) = case(family, 20, k, d, seed() + case_seed);
        let (other, _) = case(family, 20, k, d, seed() + 1000 + case_seed);
        let l = log_likelihood(&model, &data).unwrap();
        let own = Posterior::at(&model, &data).unwrap();
        assert_within(lower_bound(&model, &data, &own).unwrap(), l, rounding(20, l));
        assert_within(gap(&model, &data, &own).unwrap(), 0.0, rounding(20, l));
        let q = Posterior::at(&other, &data).unwrap();
        let (f, kl) = (lower_bound(&model, &data, &q).unwrap(), gap(&model, &data, &q).unwrap());
        assert_within(f + kl, l, rounding(20, f.abs() + kl.abs()));
        assert_at_least(l, f, rounding(20, l));
        open += usize::from(kl > 1e-3);
    }
    assert!(open > 40, "only {open} gaps were open");
}

/// whatever raises Q raises ℓ by at least as much, M step or not.
#[test]
fn the_log_likelihood_rises_by_more_than_q() {
    let mut compared = 0;
    for case_seed in 0..40 {
        let family = CovarianceFamily::ALL[case_seed as usize % 4];
        let (before, data) = case(family, 20, 2, 2, seed() + 60 + case_seed);
        let (after, _) = case(family, 20, 2, 2, seed() + 3000 + case_seed);
        let q = Posterior::at(&before, &data).unwrap();
        let rise_of_l = log_likelihood(&after, &data).unwrap() - log_likelihood(&before, &data).unwrap();
        let q_at = |model| expected_log_joint(model, &data, &q).unwrap();
        assert_at_least(rise_of_l, q_at(&after) - q_at(&before), rounding(20, q_at(&after)));
        compared += 1;
    }
    assert_eq!(compared, 40);
}

/// by hand. One cell of variance v, missing: H = ½ log 2πev, which is negative for a small v, and F does not
/// mind.
#[test]
fn the_entropy_of_a_cell_may_be_negative() {
    let data = Incomplete::new(dmatrix![1.0; f64::NAN]).unwrap();
    let model = mixture::of_one(&dvector![0.0], dmatrix![0.01]).unwrap();
    let q = Posterior::at(&model, &data).unwrap();
    let by_hand = 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E * 0.01).ln();
    assert!(by_hand < 0.0);
    assert_within(entropy(&data, &q).unwrap(), by_hand, 1e-14);
    let l = log_likelihood(&model, &data).unwrap();
    assert!(expected_log_joint(&model, &data, &q).unwrap() > l);
    assert_within(lower_bound(&model, &data, &q).unwrap(), l, 1e-12);
}
