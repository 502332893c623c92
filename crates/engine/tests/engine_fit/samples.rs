//! Samples of a source, fair and by weight, and the start that one gives.

use super::*;

/// Every datum is drawn as often as any other: 2000 samples of 3 from 10, each count binomial with mean 600 and
/// variance 420; 5 standard deviations are 103. With weights the first draw goes by weight.
#[test]
fn samples_are_fair() -> Outcome {
    let x = DMatrix::from_fn(10, 1, |i, _| i as f64);
    let mut rng = data::rng(8);
    let mut counts = [0; 10];
    for round in 0..2000 {
        let drawn = if round % 2 == 0 {
            sample(&Data::new(&x)?, 3, &mut rng)?
        } else {
            sample(&Stream(blocks(&x, 4)), 3, &mut rng)?
        };
        assert_eq!(drawn.shape(), (3, 1));
        assert!(drawn[0] < drawn[1] && drawn[1] < drawn[2], "in the order of reading, no datum twice");
        drawn.iter().for_each(|&value| counts[value as usize] += 1);
    }
    assert!(counts.iter().all(|&count: &i32| (count - 600).abs() < 103), "{counts:?}");

    // P(i) = w_i / Σ w: 0, .1, .2, .3, .4 of 2000, within 5 standard deviations (≤ 110).
    let weights = dvector![0.0, 1.0, 2.0, 3.0, 4.0];
    let five = x.rows(0, 5).into_owned();
    let mut first = [0; 5];
    for _ in 0..2000 {
        first[sample(&Data::weighted(&five, &weights)?, 1, &mut rng)?[0] as usize] += 1;
    }
    assert_eq!(first[0], 0);
    for (count, expected) in first.iter().zip([0_i32, 200, 400, 600, 800]) {
        assert!((*count - expected).abs() < 110, "{first:?}");
    }
    let all = sample(&Data::weighted(&five, &weights)?, 100, &mut rng)?;
    assert_eq!(all, five.rows(1, 4).into_owned());
    let none = Data::weighted(&five, &DVector::zeros(5)).and_then(|none| sample(&none, 3, &mut data::rng(1)));
    assert_eq!(mathematics(none), Error::Empty { what: "data" });
    assert!(matches!(mathematics(sample(&Data::new(&x)?, 0, &mut rng)), Error::Domain { .. }));
    Ok(())
}

/// Whole weights repeat their data while there is room; others are met to less than one, whatever the offset.
#[test]
fn a_weighted_sample_is_the_table_that_the_weights_stand_for() -> Outcome {
    let x = DMatrix::from_fn(9, 1, |i, _| i as f64);
    let weights = DVector::from_fn(9, |i, _| (i * 4 % 5) as f64);
    let expected: Vec<f64> = (0..9).flat_map(|i| vec![i as f64; i * 4 % 5]).collect();
    let whole = Data::weighted(&x, &weights)?;
    assert_eq!(weighted_sample(&whole, 100, &mut data::rng(1))?.as_slice(), expected);
    let parts = &weights * 0.37;
    // Seven, or four for each of the seven data that weigh something.
    for (source, size, rows) in [(&whole, 7, 7.0), (&Data::weighted(&x, &parts)?, 100, 28.0)] {
        for seed in 0..50 {
            let drawn = weighted_sample(source, size, &mut data::rng(seed))?;
            // One more or less by rounding.
            assert!((drawn.nrows() as f64 - rows).abs() <= 1.0, "{drawn}");
            for i in 0..9 {
                let count = drawn.iter().filter(|&&value| value == i as f64).count() as f64;
                assert!((count - rows * weights[i] / weights.sum()).abs() < 1.0 + 1e-9, "{i}: {count}");
            }
        }
    }
    let none =
        Data::weighted(&x, &DVector::zeros(9)).and_then(|none| weighted_sample(&none, 3, &mut data::rng(1)));
    assert_eq!(mathematics(none), Error::Empty { what: "data" });
    assert!(matches!(mathematics(weighted_sample(&whole, 0, &mut data::rng(1))), Error::Domain { .. }));
    Ok(())
}

/// However heavy a few data are, the others are seen beside them; and what weighs next to nothing is not.
#[test]
fn a_heavy_datum_leaves_room_for_others() -> Outcome {
    for (n, heavy) in [(100, 1), (1000, 20), (12, 2)] {
        let x = DMatrix::from_fn(n + 1, 1, |i, _| i as f64);
        let weights = DVector::from_fn(n + 1, |i, _| match i {
            i if i < heavy => 1e9 + i as f64 + 0.5,
            i if i < n => 1.0,
            _ => 1e-9,
        });
        let rows = (4.0 * (n + 1) as f64).min(1000.0);
        for seed in 0..20 {
            let drawn = weighted_sample(&Data::weighted(&x, &weights)?, 1000, &mut data::rng(seed))?;
            let count = |i: usize| drawn.iter().filter(|&&value| value == i as f64).count() as f64;
            // Four data in n + 1, or one in 64; 2^-30 of the others' weight is none of a thousand rows.
            let most = (4.0 / (n + 1) as f64).max(1.0 / 64.0);
            let each = rows * (1.0 - heavy as f64 * most) / (n - heavy) as f64;
            (0..heavy).for_each(|i| assert!((count(i) - rows * most).abs() < 1.0 + 1e-6, "{n}, {i}"));
            (heavy..n).for_each(|i| assert!((count(i) - each).abs() < 1.0 + 1e-6, "{n}, {i}: {each}"));
            assert_eq!(count(n), 0.0);
        }
    }
    Ok(())
}

/// A sample of a large set starts a fit of the whole: here it reaches the planted components.
#[test]
fn a_sample_starts_a_fit() -> Outcome {
    let planted = GaussianMixture::new(
        dvector![0.5, 0.3, 0.2],
        dmatrix![0.0, 0.0; 6.0, 0.0; 0.0, 6.0],
        vec![DMatrix::identity(2, 2); 3],
        CovarianceFamily::Full,
    )?;
    let (x, _) = planted.sample(20_000, &mut data::rng(1)).unwrap();
    let data = Data::new(&x)?;
    let sample = sample(&data, 500, &mut data::rng(2))?;
    let start = kmeans_start(&sample, 3, CovarianceFamily::Full, &mut data::rng(3))?;
    let fit = Engine::new(2)?.fit(start, &data, &Stopping::default())?;
    let mut weights: Vec<f64> = fit.model.weights().iter().copied().collect();
    weights.sort_by(f64::total_cmp);
    // Standard errors √(w(1 − w)/n) ≤ .0036; five of them.
    for (weight, expected) in weights.iter().zip([0.2, 0.3, 0.5]) {
        assert!((weight - expected).abs() < 0.018, "{weights:?}");
    }
    Ok(())
}
