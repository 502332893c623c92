//! Coins that are sure of themselves, that are idle, and whose biases are tiny.

use crate::common::bounds::gamma;
use crate::common::config;
use crate::common::{assert_matrices_within, assert_within, cases, column};
use executable_em::bernoulli_mixture::{BernoulliMixture, score, update_biases};
use executable_em::latent::{self, Model};
use executable_em::{Error, data, em};
use nalgebra::{DMatrix, dmatrix, dvector};
use proptest::prelude::*;
use rand::RngExt;

proptest! {
    #![proptest_config(config(200))]

    /// Whatever the rounding, a bias stays within [0, 1], and a coin that showed one side only gets exactly 1 or 0.
    ///
    /// Source: T-50.
    #[test]
    fn one_sided_coins_get_exact_biases(
        n in 1..=40usize, k in 1..=4usize, m in prop::sample::select(vec![1usize, 3, 1000]), seed in any::<u64>(),
    ) {
        let mut rng = data::rng(seed);
        let r = cases::simplex_rows(n, k, &mut rng);
        let x = DMatrix::from_fn(n, 3, |_, a| match a {
            0 => m as f64,
            1 => 0.0,
            _ => f64::from(rng.random_range(0..=m as u32)),
        });
        let biases = update_biases(&x, &r, &DMatrix::from_element(k, 3, 0.5), m).unwrap();
        for (j, &count) in latent::counts(&r).iter().enumerate() {
            if count > 0.0 {
                prop_assert_eq!((biases[(j, 0)], biases[(j, 1)]), (1.0, 0.0));
            }
            prop_assert!((0.0..=1.0).contains(&biases[(j, 2)]));
        }
    }
}

/// A bias of 0 or 1 is legitimate: log 0 = −∞ where it is contradicted, 0 · log 0 = 0 where it is not, and no NaN.
///
/// Source: T-46, T-47, T-49.
#[test]
fn sure_coins_are_legitimate() {
    let model = BernoulliMixture::new(dvector![0.5, 0.25, 0.25], dmatrix![1.0; 0.0; 0.5], 2).unwrap();
    let x = column(&[0.0, 1.0, 2.0]);
    let infinity = f64::INFINITY;
    assert_eq!(
        model.component_log_probabilities(&x).unwrap(),
        dmatrix![-infinity, 0.0, 0.25_f64.ln(); -infinity, -infinity, 0.25_f64.ln(); 0.0, -infinity, 0.25_f64.ln()]
    );
    let r = model.responsibilities(&x).unwrap();
    assert_matrices_within(&r, &dmatrix![0.0, 0.8, 0.2; 0.0, 0.0, 1.0; 8.0 / 9.0, 0.0, 1.0 / 9.0], gamma(8));
    assert_eq!((r[(0, 0)], r[(1, 2)], r[(2, 1)]), (0.0, 1.0, 0.0));
    let q: f64 = score::terms_of_q(&model, &x, &r).unwrap().iter().sum();
    assert!(q.is_finite());
    assert_within(
        q,
        latent::expected_log_joint(&r, &model.log_joint(&x).unwrap()).unwrap(),
        gamma(40) * 10.0,
    );
    // With mass on a coin that contradicts the draw, Q is −∞.
    let against = dmatrix![0.0, 1.0, 0.0; 1.0, 0.0, 0.0; 1.0, 0.0, 0.0];
    assert_eq!(
        score::terms_of_q(&model, &x, &against).unwrap(),
        [2.0 * 0.5_f64.ln() + 0.25_f64.ln(), 0.0, -infinity]
    );
    // EM keeps such coins sure: what they have forbidden has no responsibility.
    let fit = em::fit(model, &x, &em::Stopping::default()).unwrap();
    assert_eq!((fit.model.biases()[0], fit.model.biases()[1]), (1.0, 0.0));

    let sure = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![1.0; 0.0], 2).unwrap();
    assert_eq!(sure.log_likelihood(&x), Err(Error::ImpossibleDatum { row: 1 }));
    assert_eq!(sure.likelihood(&column(&[0.0, 2.0])).unwrap(), 0.25);
    assert!(matches!(em::fit(sure, &x, &em::Stopping::default()), Err(Error::ImpossibleDatum { row: 1 })));
}

/// Small biases keep their digits: log(1 − p) of p = 1e-20 is −1e-20, and a draw of a weightless coin has r = 0.
///
/// Source: T-47, T-48.
#[test]
fn small_numbers_keep_their_digits() {
    let rare = BernoulliMixture::new(dvector![0.0, 1.0], dmatrix![0.5; 1e-20], 1000).unwrap();
    let log_p = rare.component_log_probabilities(&column(&[0.0])).unwrap();
    assert_within(log_p[1], -1e-17, 1e-17 * gamma(8));
    assert_eq!(rare.responsibilities(&column(&[0.0])).unwrap(), dmatrix![0.0, 1.0]);
    // A draw of a thousand heads by a coin of bias ½ has probability 2^-1000, and 2000 of them no double.
    let fair = BernoulliMixture::new(dvector![1.0], dmatrix![0.5], 1000).unwrap();
    assert_eq!(fair.likelihood(&column(&[1000.0, 1000.0])).unwrap(), 0.0);
    assert_within(
        fair.log_likelihood(&column(&[1000.0, 3.0])).unwrap(),
        -2000.0 * 2_f64.ln(),
        1400.0 * gamma(8),
    );
}

/// A coin without any responsibility keeps its biases, bit for bit, at weight zero.
///
/// Source: T-50.
#[test]
fn an_idle_coin_keeps_its_biases() {
    let model = BernoulliMixture::new(dvector![0.5, 0.5], dmatrix![0.1, 0.7; 0.3, 0.9], 1).unwrap();
    let (x, r) = (dmatrix![1.0, 0.0; 1.0, 1.0], dmatrix![1.0, 0.0; 1.0, 0.0]);
    let next = model.maximize(&x, &r).unwrap();
    assert_eq!(*next.biases(), dmatrix![1.0, 0.5; 0.3, 0.9]);
    assert_eq!(*next.weights(), dvector![1.0, 0.0]);
    // Responsibilities near the smallest number still divide as they should.
    let tiny = f64::from_bits(1);
    let faint = update_biases(&x, &dmatrix![1.0, tiny; 1.0, tiny], model.biases(), 1).unwrap();
    assert_eq!(faint, dmatrix![1.0, 0.5; 1.0, 0.5]);
    assert_eq!(next.parameters(), dvector![1.0, 0.0, 1.0, 0.3, 0.5, 0.9]);
    assert_eq!((next.k(), next.d(), next.parameter_count()), (2, 2, 5));
}
