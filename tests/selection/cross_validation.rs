//! Cross-validation: folds, held-out densities and their standard errors.

use crate::common::assert_within;
use crate::common::bounds::gamma;
use crate::common::config;
use crate::{FIVE_STARTS, bernstein, one_gaussian};
use executable_em::gaussian_mixture::{CovarianceFamily, kmeans_start};
use executable_em::selection::{CrossValidation, Restarts, best_fit, cross_validate, folds};
use executable_em::{Error, data};
use nalgebra::{DMatrix, dvector};
use proptest::prelude::*;
use std::cell::RefCell;

proptest! {
    #![proptest_config(config(100))]

    /// The folds hold every datum exactly once, and their sizes differ by one at most.
    ///
    /// Source: B-26.
    #[test]
    fn folds_deal_every_datum_once(
        (n, count) in (2_usize..60).prop_flat_map(|n| (Just(n), 2..=n)), seed in any::<u64>(),
    ) {
        let dealt = folds(n, count, &mut data::rng(seed)).unwrap();
        prop_assert_eq!(dealt.len(), count);
        let mut all: Vec<usize> = dealt.iter().flatten().copied().collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..n).collect::<Vec<_>>());
        let sizes = dealt.iter().map(Vec::len);
        prop_assert!(sizes.clone().max().unwrap() - sizes.min().unwrap() <= 1);
        prop_assert_eq!(dealt, folds(n, count, &mut data::rng(seed)).unwrap());
    }
}

/// The folds are dealt at random: datum 0 is as often in one of four folds as in another.
///
/// Source: B-26.
#[test]
fn folds_are_shuffled() {
    let runs = 4000;
    let mut counts = [0.0; 4];
    for seed in 0..runs {
        let dealt = folds(8, 4, &mut data::rng(seed)).unwrap();
        counts[dealt.iter().position(|fold| fold.contains(&0)).unwrap()] += 1.0;
    }
    for count in counts {
        assert_within(count / runs as f64, 0.25, bernstein(runs as usize, 0.1875, 1.0));
    }
    let error = |value, n, count| {
        let allowed = "at least 2 and at most the number of data";
        assert_eq!(
            folds(n, count, &mut data::rng(1)),
            Err(Error::Domain { what: "number of folds", value, allowed })
        );
    };
    error(1.0, 5, 1);
    error(0.0, 5, 0);
    error(6.0, 5, 6);
    assert_eq!(folds(5, 5, &mut data::rng(1)).unwrap().len(), 5);
}

/// Each fold is fitted to the other rows, all of them and no other, and every datum gets its density from that fit.
///
/// Source: B-26.
#[test]
fn the_model_of_a_fold_has_not_seen_it() {
    let x = data::old_faithful().rows(0, 30).into_owned();
    let dealt = folds(30, 4, &mut data::rng(2)).unwrap();
    let seen = RefCell::new(Vec::new());
    let result = cross_validate(&x, &dealt, |training| {
        seen.borrow_mut().push(training.clone());
        one_gaussian(training)
    })
    .unwrap();
    let seen = seen.into_inner();
    assert_eq!(seen.len(), 4);
    for (fold, training) in dealt.iter().zip(&seen) {
        let others: Vec<usize> = (0..30).filter(|i| !fold.contains(i)).collect();
        assert_eq!(*training, x.select_rows(&others));
        let model = one_gaussian(training).unwrap();
        for &i in fold {
            let alone = model.log_likelihood(&x.rows(i, 1).into_owned()).unwrap();
            assert_eq!(result.log_densities[i], alone);
        }
    }

    // A datum that runs away changes its own density, and nothing for the others of its fold, to the last bit.
    let mut moved = x.clone();
    moved[(dealt[1][0], 1)] += 500.0;
    let after = cross_validate(&moved, &dealt, one_gaussian).unwrap();
    assert!(after.log_densities[dealt[1][0]] < result.log_densities[dealt[1][0]] - 100.0);
    for &i in &dealt[1][1..] {
        assert_eq!(after.log_densities[i], result.log_densities[i]);
    }
    assert!(dealt[0].iter().all(|&i| after.log_densities[i] != result.log_densities[i]));
}

/// The held-out sum, its standard error and the paired one, on numbers done by hand.
///
/// Source: B-26.
#[test]
fn held_out_sums_have_standard_errors() {
    let one = CrossValidation { log_densities: dvector![-1.0, -2.0, -6.0] };
    assert_eq!(one.log_likelihood(), -9.0);
    // Deviations 2, 1, −3: the sample variance is 14/2 = 7, and √(3 · 7) = √21.
    assert_within(one.standard_error(), 21_f64.sqrt(), gamma(12) * 5.0);
    let other = CrossValidation { log_densities: dvector![-2.0, -2.0, -8.0] };
    // Differences 1, 0, 2: sum 3, variance 1, √3.
    let (gain, error) = one.better_than(&other).unwrap();
    assert_eq!(gain, 3.0);
    assert_within(error, 3_f64.sqrt(), gamma(12) * 2.0);
    let short = CrossValidation { log_densities: dvector![-2.0] };
    let shapes = Error::Shape { what: "log densities", expected: (3, 1), found: (1, 1) };
    assert_eq!(one.better_than(&short), Err(shapes));
}

/// Held out, a fifth component of the blobs is a loss, and so is the third of Old Faithful with full covariances; with
/// one tied covariance it is a gain.
///
/// Source: B-26.
#[test]
fn held_out_data_choose_as_bic_does() {
    let held_out = |x: &DMatrix<f64>, k, family| {
        let dealt = folds(x.nrows(), 5, &mut data::rng(1)).unwrap();
        let restarts = Restarts { starts: 3, ..FIVE_STARTS };
        let start = |x: &DMatrix<f64>, k, rng: &mut data::Rng| kmeans_start(x, k, family, rng);
        cross_validate(x, &dealt, |training| Ok(best_fit(training, k, &restarts, start)?.model.clone()))
            .unwrap()
    };
    let (blobs, _) = data::blobs();
    let by_k: Vec<_> = (3..=5).map(|k| held_out(&blobs, k, CovarianceFamily::Full)).collect();
    assert!(by_k[1].log_likelihood() > by_k[2].log_likelihood());
    let (gain, error) = by_k[1].better_than(&by_k[0]).unwrap();
    assert!(gain > 4.0 * error, "{gain} ± {error}");

    let geyser = data::old_faithful();
    let gain = |family| held_out(&geyser, 3, family).better_than(&held_out(&geyser, 2, family)).unwrap().0;
    assert!(gain(CovarianceFamily::Full) < 0.0);
    assert!(gain(CovarianceFamily::Tied) > 0.0);
}
