//! How it is misprinted: without the half, with counts for weights, without determinants.

use crate::common::bounds::gamma;
use crate::common::config;
use crate::common::mixture;
use crate::common::{
    assert_matrices_within, assert_printed, assert_within, cases, column, line_mixture, naive,
};
use crate::{five, line_model, proportional_to, responsibility_error, settled, soft, staircase};
use executable_em::latent::{self, Model};
use executable_em::soft_kmeans::{Weights, without_determinants};
use executable_em::{data, em};
use nalgebra::{DMatrix, dmatrix};
use proptest::prelude::*;

proptest! {
    #![proptest_config(config(200))]

    /// R_j in the E step is right if the weights are R_j/n, from an M step that fits them.
    ///
    /// Source: H-E07.
    #[test]
    fn counts_serve_as_weights_after_an_m_step(
        case in cases::strategy(&[cases::Kind::Ordinary]), seed in any::<u64>(),
    ) {
        let start = soft(&case, 1.0, Weights::Fitted);
        let r = cases::simplex_rows(case.x.nrows(), case.model.k(), &mut data::rng(seed));
        let counts: Vec<f64> = latent::counts(&r).as_slice().to_vec();
        let model = start.maximize(&case.x, &r).unwrap();
        let printed = proportional_to(&case.x, model.means(), &counts, model.stiffness());
        let bound = responsibility_error(&model, &case.x);
        let right = model.responsibilities(&case.x).unwrap();
        for (index, (&one, &other)) in right.iter().zip(&printed).enumerate() {
            // The loops have fewer operations, but divide by n nowhere: one more rounding.
            assert_within(one, other, 2.0 * bound[index] + gamma(2) * one);
        }
    }
}

/// Without the ½ the responsibilities are those of precision 2β, and from the maximum of ℓ at β = 1 a sweep of them
/// goes down, from −8.1154 to −8.1477.
///
/// Source: H-E06.
#[test]
fn the_form_without_a_half_has_twice_the_stiffness() {
    let x = five();
    let start = line_model(&[-1.0, 1.0], &[0.5, 0.5], 1.0, Weights::Fitted);
    let best = settled(start, &x);
    let printed = proportional_to(&x, best.means(), best.weights().as_slice(), 2.0);
    let twice = best.with_stiffness(2.0).unwrap();
    // Exponents below 15, ten operations.
    assert_matrices_within(&twice.responsibilities(&x).unwrap(), &printed, gamma(15 * 10));
    let right = best.responsibilities(&x).unwrap();
    assert_within((&right - &printed).amax(), 0.175, 5e-4);

    // With two means of equal weight the two forms are σ(t) and σ(2t), which differ by at most 0.1502. With three, on
    // these data, it is 0.2227.
    let three = settled(line_model(&[-1.0, 0.0, 1.0], &[1.0 / 3.0; 3], 1.0, Weights::Held), &x);
    let difference = three.responsibilities(&x).unwrap()
        - three.with_stiffness(2.0).unwrap().responsibilities(&x).unwrap();
    assert_printed(difference.amax(), "0.2227");

    assert_printed(best.log_likelihood(&x).unwrap(), "-8.1154");
    let misled = best.maximize(&x, &printed).unwrap();
    assert_printed(misled.log_likelihood(&x).unwrap(), "-8.1477");
    let rightly = em::sweep(&best, &x).unwrap();
    assert!(rightly.log_likelihood(&x).unwrap() > misled.log_likelihood(&x).unwrap());
}

/// With weights that are not R_j/n, R_j in their place is another formula. Here on {0, 1, 2, 3, 4}.
///
/// Source: H-E07.
#[test]
fn counts_are_not_weights_otherwise() {
    let x = staircase();
    let model = line_model(&[0.5, 3.0], &[0.5, 0.5], 1.0, Weights::Held);
    let r = model.responsibilities(&x).unwrap();
    let printed = proportional_to(&x, model.means(), latent::counts(&r).as_slice(), 1.0);
    assert!((&printed - &r).amax() > 0.01);
    let fitted = line_model(&[0.5, 3.0], &[0.5, 0.5], 1.0, Weights::Fitted).maximize(&x, &r).unwrap();
    let printed = proportional_to(&x, fitted.means(), latent::counts(&r).as_slice(), 1.0);
    // Exponents below 8, ten operations.
    assert_matrices_within(&fitted.responsibilities(&x).unwrap(), &printed, gamma(8 * 10));
}

/// A recall of the E step without |Σ_j|^{−1/2}: with variances 1 and 100 and a datum at both means it says 0.5 where
/// 0.909 is right.
///
/// Source: T-53, T-E11.
#[test]
fn a_forgotten_determinant_favours_the_wide() {
    let right = line_mixture(&[0.5, 0.5], &[0.0, 0.0], &[1.0, 100.0]);
    assert_printed(right.responsibilities(&column(&[0.0])).unwrap()[0], "0.909");
    let printed = without_determinants(&right).unwrap();
    // Weights in the proportion 1 : 10, then a density ten times lower: a dozen operations.
    assert_within(printed.responsibilities(&column(&[0.0])).unwrap()[0], 0.5, gamma(12));

    let mut rng = data::rng(8);
    for _ in 0..20 {
        let covariances: Vec<_> = (0..3).map(|_| cases::covariance(2, &mut rng)).collect();
        let means = DMatrix::from_fn(3, 2, |j, a| 0.5 * j as f64 - a as f64);
        let weights = cases::weights(3, &mut rng);
        let mixture = mixture(weights.as_slice(), means, covariances);
        let x = dmatrix![0.3, -0.7; 1.0, 0.0];
        let r = without_determinants(&mixture).unwrap().responsibilities(&x).unwrap();
        for (i, row) in x.row_iter().enumerate() {
            let literal: Vec<f64> = (0..3)
                .map(|j| {
                    let v: Vec<f64> = (row - mixture.means().row(j)).iter().copied().collect();
                    let s: Vec<Vec<f64>> = mixture.covariances()[j]
                        .row_iter()
                        .map(|row| row.iter().copied().collect())
                        .collect();
                    mixture.weights()[j] * (-0.5 * naive::quadratic_and_determinant(&s, &v).0).exp()
                })
                .collect();
            for j in 0..3 {
                // Condition below 9, distances below 10: exponents err by less than 10 · 9 · 20ε.
                assert_within(r[(i, j)], literal[j] / literal.iter().sum::<f64>(), gamma(1800));
            }
        }
    }

    // In soft k-means all determinants are equal: nothing changes.
    let model = line_model(&[-1.0, 2.0], &[0.3, 0.7], 5.0, Weights::Held).mixture().unwrap();
    assert_within(without_determinants(&model).unwrap().weights()[0], 0.3, gamma(10));
}
