//! Sums over labels against sums over all k^n labelings.

use crate::common::bounds::gamma;
use crate::common::config;
use crate::common::enumeration;
use crate::common::enumeration::enumerate;
use crate::common::{assert_printed, assert_within, cases, column, line_mixture};
use crate::{relative_error, two_log_joints};
use executable_em::latent::{self, Model, complete, labelings};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;

proptest! {
    #![proptest_config(config(150))]

    /// Marginal, responsibilities and Q are those of the sum over all k^n labelings.
    ///
    /// Source: H-27, H-29, L-21, C-31, C-36, L-23.
    #[test]
    fn the_sums_over_labels_are_those_over_all_labelings(
        kind in prop::sample::select(cases::Kind::ALL.to_vec()), k in 1..=4usize, d in 1..=3usize, seed in any::<u64>(),
    ) {
        // At most 4⁵ = 1024 labelings.
        let case = cases::case(kind, Default::default(), 5, k, d, seed);
        let other = cases::case(kind, Default::default(), 5, case.model.k(), d, seed);
        let shift = DMatrix::from_element(other.model.k(), d, 0.1) * case.x.amax().max(1.0) * 1e-3;
        let other = other.model.with_means(other.model.means() + shift).unwrap();
        let (n, k) = (case.x.nrows(), case.model.k());
        let (log_joint, second) = (case.model.log_joint(&case.x).unwrap(), other.log_joint(&case.x).unwrap());
        let oracle = enumerate(&log_joint, &second);

        // The enumeration starts from the same log joint, so only its own sums of k^n products of n factors err:
        // relative error γ(k^n + 4n) + ε Σ_i|L_i| of the largest exponent each.
        let size: f64 = log_joint.iter().filter(|entry| entry.is_finite()).map(|entry| entry.abs()).sum();
        let relative = gamma(k.pow(n as u32) + 4 * n) + 4.0 * f64::EPSILON * size;
        let l = latent::log_likelihood(&log_joint).unwrap();
        assert_within(l, oracle.log_likelihood, relative);
        let r = latent::responsibilities(&log_joint).unwrap();
        for i in 0..n {
            for j in 0..k {
                assert_within(r[(i, j)], oracle.posterior[(i, j)], 4.0 * relative * r[(i, j)].max(1e-300));
            }
        }
        let q = latent::expected_log_joint(&r, &second).unwrap();
        let terms: f64 = r.iter().zip(&second).filter(|(r, _)| **r > 0.0).map(|(r, l)| (r * l).abs()).sum();
        assert_within(q, oracle.expected, 8.0 * relative * terms + f64::MIN_POSITIVE * size);
    }
}

proptest! {
    #![proptest_config(config(100))]

    /// Summed over all labelings, the complete likelihood is the observed one; each term is Σ_i L_{i z_i}, with the
    /// labelings in the order of an odometer.
    ///
    /// Source: H-43, H-46, H-47, L-09, L-18, C-32, B-06, T-18, T-20.
    #[test]
    fn the_labels_summed_out_leave_the_likelihood(
        kind in prop::sample::select(cases::Kind::ALL.to_vec()), k in 1..=4usize, d in 1..=2usize, seed in any::<u64>(),
    ) {
        let (log_joint, _) = two_log_joints(kind, k, d, seed);
        let (n, k) = log_joint.shape();
        let all = labelings::all(n, k).unwrap();
        prop_assert_eq!(&all, &enumeration::labelings(n, k));
        let log_joints = labelings::log_joints(&log_joint).unwrap();
        prop_assert_eq!(log_joints.len(), k.pow(n as u32));
        for (labels, &found) in all.iter().zip(&log_joints) {
            // The same terms in the same order: the same bits.
            let expected: f64 = labels.iter().enumerate().map(|(i, &label)| log_joint[(i, label)]).sum();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(complete::log_likelihood(&log_joint, labels).unwrap(), expected);
            // Σ_ij z_ij L_ij has the same terms, column after column.
            let terms: f64 = labels.iter().enumerate().map(|(i, &label)| log_joint[(i, label)].abs()).sum();
            let z = latent::one_hot(labels, k).unwrap();
            let linear = latent::expected_log_joint(&z, &log_joint).unwrap();
            prop_assert!(linear == expected || (linear - expected).abs() <= gamma(n) * terms);
        }
        let l = latent::log_likelihood(&log_joint).unwrap();
        let best = log_joints.max();
        // A relative error of the sum is an absolute one of its logarithm; the logarithms themselves are rounded too.
        let bound = 2.0 * relative_error(&log_joint) + 4.0 * f64::EPSILON * l.abs();
        assert_within(best + log_joints.map(|log_p| (log_p - best).exp()).sum().ln(), l, bound);
    }

    /// The posterior over all labelings, made by Bayes' rule over all of them, is the product of the responsibilities,
    /// and they are its marginals.
    ///
    /// Source: H-48, H-49, H-50, L-13, L-20, L-21, C-34, B-19.
    #[test]
    fn the_posterior_factorises_over_the_data(
        kind in prop::sample::select(cases::Kind::ALL.to_vec()), k in 1..=4usize, d in 1..=2usize, seed in any::<u64>(),
    ) {
        let (log_joint, _) = two_log_joints(kind, k, d, seed);
        let (n, k) = log_joint.shape();
        let r = latent::responsibilities(&log_joint).unwrap();
        let posterior = labelings::posterior(&log_joint).unwrap();
        let product = labelings::product(&r).unwrap();
        let relative = 4.0 * relative_error(&log_joint);
        for (index, labels) in labelings::all(n, k).unwrap().iter().enumerate() {
            assert_within(posterior[index], product[index], relative * product[index] + f64::MIN_POSITIVE);
            let log_posterior = complete::log_posterior(&log_joint, labels).unwrap();
            assert_within(log_posterior.exp(), product[index], relative * product[index] + f64::MIN_POSITIVE);
        }
        let marginals = labelings::marginals(&posterior, n, k).unwrap();
        for (index, &share) in r.iter().enumerate() {
            assert_within(marginals[index], share, relative * share + k.pow(n as u32) as f64 * f64::MIN_POSITIVE);
        }
        // E[z_ij | x] once more, as the expectation of an indicator.
        for j in 0..k {
            let indicator = |labels: &[usize]| f64::from(u8::from(labels[0] == j));
            let expected = labelings::expectation(&posterior, n, k, indicator).unwrap();
            assert_within(expected, r[(0, j)], relative * r[(0, j)] + k.pow(n as u32) as f64 * f64::MIN_POSITIVE);
        }
    }
}

/// Three labels, the third the exclusive or of the others. They are independent in pairs, yet the posterior does not
/// factorise: two data far from the middle tell the third label, about which its own datum says nothing. Q still needs
/// the marginals alone. With log odds 4 and 5.2 the probability is .977.
///
/// Source: C-E10, C-34.
#[test]
fn labels_independent_in_pairs_may_have_a_posterior_that_does_not_factorise() {
    let all = labelings::all(3, 2).unwrap();
    let prior = DVector::from_iterator(8, all.iter().map(|z| if z[0] ^ z[1] == z[2] { 0.25 } else { 0.0 }));
    for (first, second) in [(0, 1), (0, 2), (1, 2)] {
        for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let both = |z: &[usize]| f64::from(u8::from(z[first] == a && z[second] == b));
            assert_eq!(labelings::expectation(&prior, 3, 2, both), Ok(0.25));
        }
    }
    let model = line_mixture(&[0.5, 0.5], &[-1.0, 1.0], &[1.0, 1.0]);
    let x = column(&[-2.0, 2.6, 0.0]);
    let log_densities = model.component_log_densities(&x).unwrap();
    let posterior = labelings::posterior_under(&prior, &log_densities).unwrap();
    let marginals = labelings::marginals(&posterior, 3, 2).unwrap();

    // With log odds a, b of the first two labels, P(z₃ = 1) = ½(1 − tanh(a/2) tanh(b/2)) = ½(1 + tanh 2 tanh 2.6).
    let third = marginals[(2, 1)];
    // Eight exponentials of three terms of size below 10, and a few sums.
    assert_within(third, 0.5 * (1.0 + 2_f64.tanh() * 2.6_f64.tanh()), 30.0 * gamma(20));
    assert_printed(third, ".977");
    // By itself, the third datum lies halfway: (0 + 1)² and (0 − 1)² are the same number.
    let alone = latent::responsibilities(&model.log_joint(&x).unwrap()).unwrap();
    assert_eq!(alone[(2, 1)], 0.5);
    let product = labelings::product(&marginals).unwrap();
    assert!((&posterior - &product).amax() > 0.02);
    assert!(all.iter().zip(&posterior).all(|(z, &p)| (z[0] ^ z[1] == z[2]) == (p > 0.0)));

    // Q needs marginals only, but the right ones: with a third datum at 0.8 they differ from those of each datum alone.
    let x = column(&[-2.0, 0.4, 0.8]);
    let log_densities = model.component_log_densities(&x).unwrap();
    let log_joint = model.log_joint(&x).unwrap();
    let posterior = labelings::posterior_under(&prior, &log_densities).unwrap();
    let q = labelings::expected_log_joint(&posterior, &log_joint).unwrap();
    let bound = gamma(40) * log_joint.abs().sum();
    let marginals = labelings::marginals(&posterior, 3, 2).unwrap();
    assert_within(latent::expected_log_joint(&marginals, &log_joint).unwrap(), q, bound);
    let alone = latent::responsibilities(&log_joint).unwrap();
    assert!((latent::expected_log_joint(&alone, &log_joint).unwrap() - q).abs() > 0.1);

    // Under the prior of the mixture itself, the general rule is the special one.
    let independent = labelings::product(&DMatrix::from_element(3, 2, 0.5)).unwrap();
    let general = labelings::posterior_under(&independent, &log_densities).unwrap();
    assert!((general - labelings::posterior(&log_joint).unwrap()).amax() <= 30.0 * gamma(20));
}
