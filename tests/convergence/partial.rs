//! An M step after every few data.

use crate::common::{assert_at_least, assert_matrices_within, seed};
use crate::{TO_REST, case};
use executable_em::bound;
use executable_em::convergence::partial::{Stepwise, incremental};
use executable_em::data;
use executable_em::em;
use executable_em::gaussian_mixture::{CovarianceFamily, kmeans_start};
use executable_em::latent::Model;
use rand::RngExt;

/// with one block a pass is a sweep.
#[test]
fn one_block_is_a_sweep() {
    for case_seed in 0..8 {
        let family = CovarianceFamily::ALL[case_seed as usize % 4];
        let case = case(family, 40, 2, 2, seed() + case_seed);
        let q = case.model.responsibilities(&case.x).unwrap();
        let Ok((model, next_q)) = incremental(&case.model, &case.x, &q, 1) else { continue };
        let swept = em::sweep(&case.model, &case.x).unwrap();
        // Sums about the old means instead of the new: 40 terms of size 100, and a square taken off.
        assert_matrices_within(model.means(), swept.means(), 1e-11);
        assert_matrices_within(&model.covariances()[0], &swept.covariances()[0], 1e-10);
        assert_eq!(next_q, q);
    }
}

/// F never falls from pass to pass, however the data are cut; at the end q is the posterior and F is ℓ, and the
/// place is one where EM rests too.
#[test]
fn the_bound_never_falls_and_the_end_is_ems() {
    let mut compared = 0;
    let x = data::old_faithful();
    for blocks in [2, 7, 40, 272] {
        let start =
            kmeans_start(&x, 2, CovarianceFamily::Full, &mut data::rng(seed() + blocks as u64)).unwrap();
        let mut q = start.responsibilities(&x).unwrap();
        let mut model = start;
        let mut height = f64::NEG_INFINITY;
        for _ in 0..30 {
            (model, q) = incremental(&model, &x, &q, blocks).unwrap();
            let next = bound::lower_bound(&q, &model.log_joint(&x).unwrap()).unwrap();
            // 272 terms of size four, each good to some κε.
            assert_at_least(next, height, 1e-9);
            height = next;
            compared += 1;
        }
        assert!((height - model.log_likelihood(&x).unwrap()).abs() < 1e-8);
        assert!(em::largest_move(&model, &em::sweep(&model, &x).unwrap()) < 1e-7);
    }
    assert_eq!(compared, 120);
}

/// near the end a pass of many blocks is worth more than a sweep.
#[test]
fn a_pass_gains_more_than_a_sweep() {
    let x = data::old_faithful();
    let start =
        executable_em::gaussian_mixture::random_start(&x, 3, CovarianceFamily::Full, &mut data::rng(1))
            .unwrap();
    let limit = em::fit(start.clone(), &x, &TO_REST).unwrap().log_likelihood;
    let (mut swept, mut passed) = (start.clone(), (start.clone(), start.responsibilities(&x).unwrap()));
    for _ in 0..25 {
        swept = em::sweep(&swept, &x).unwrap();
        passed = incremental(&passed.0, &x, &passed.1, 272).unwrap();
    }
    assert!(passed.0.log_likelihood(&x).unwrap() <= limit + 1e-6);
    assert!(passed.0.log_likelihood(&x).unwrap() > swept.log_likelihood(&x).unwrap());
}

/// data seen once, twenty at a time, teach what all of them at once would: four blobs, to a fifth of their
/// spread.
#[test]
fn data_seen_once_are_enough() {
    let (x, _) = data::blobs();
    let truth =
        em::fit(kmeans_start(&x, 4, CovarianceFamily::Full, &mut data::rng(1)).unwrap(), &x, &TO_REST)
            .unwrap()
            .model;
    let mut rng = data::rng(seed() + 3);
    // A start half a unit off: the clusters have spread 0.6 and lie three units apart.
    let off = truth.with_means(truth.means().map(|mean| mean + rng.random_range(-0.5..0.5))).unwrap();
    let mut learner = Stepwise::new(off.clone(), &truth.sample(100, &mut rng).unwrap().0, 0.7).unwrap();
    for _ in 0..400 {
        learner.see(&truth.sample(20, &mut rng).unwrap().0).unwrap();
    }
    // The last steps average over some 400^0.7 = 66 batches, 330 data a cluster: 0.6/√330 = .033; four of them.
    assert!((learner.model().means() - truth.means()).amax() < 0.14);
    assert!((off.means() - truth.means()).amax() > 0.2);
    assert!((learner.model().weights() - truth.weights()).amax() < 0.06);
}
