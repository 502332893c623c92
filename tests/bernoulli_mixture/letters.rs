//! Letters of black and white dots, and starts near their mean.

use crate::common::{accuracy, assert_within, hard_labels};
use executable_em::bernoulli_mixture::{BernoulliMixture, random_start, start_near_mean};
use executable_em::{Error, data, em};
use nalgebra::{DMatrix, DVector, dvector};

/// EM finds the letters in noisy images, and its mean images are cleaner than any of the data.
///
/// Source: T-46.
#[test]
fn letters_come_out_of_the_noise() {
    let (clean, _) = data::noisy_glyphs([1; 4], 0.0, &mut data::rng(0)).unwrap();
    let (x, labels) = data::noisy_glyphs([60; 4], 0.2, &mut data::rng(5)).unwrap();
    assert_eq!((x.shape(), labels.len()), ((240, 64), 240));
    let flipped: f64 = (0..240).map(|i| (x.row(i) - clean.row(labels[i])).abs().sum()).sum();
    // 15 360 pixels, five standard deviations.
    assert_within(flipped, 0.2 * 15_360.0, 5.0 * (0.16 * 15_360.0_f64).sqrt());
    let mut rng = data::rng(1);
    let starts = (0..8).map(|_| random_start(&x, 4, 1, &mut rng).unwrap());
    let fit = em::best(em::restarts(starts, &x, &em::Stopping::default())).unwrap();
    let found = hard_labels(&fit.model.responsibilities(&x).unwrap());
    assert!(accuracy(&found, &labels, 4) > 0.98);
    // Rounded, every mean image is a letter without a wrong pixel: 60 images outvote the noise.
    for mean in fit.model.biases().row_iter() {
        let wrong = |letter: usize| {
            mean.iter().zip(&clean.row(letter)).filter(|(p, ink)| (p.round() - *ink).abs() > 0.5).count()
        };
        assert_eq!((0..4).map(wrong).min(), Some(0));
    }
    // As many black pixels as the letters have.
    assert_eq!(clean.row_iter().map(|letter| letter.sum()).collect::<Vec<_>>(), [20.0, 17.0, 12.0, 16.0]);
    // Noise 1 turns over every pixel.
    let (negative, _) = data::noisy_glyphs([1; 4], 1.0, &mut data::rng(0)).unwrap();
    assert_eq!(negative, clean.map(|ink| 1.0 - ink));
}

/// The odds of a start near the mean lie within a third and three times those of the data, evenly on a scale of
/// logarithms; a feature that shows one side only keeps both sides possible.
///
/// Source: T-46.
#[test]
fn a_start_near_the_mean_has_the_odds_of_the_data() {
    let (n, m, k) = (40, 5, 2000);
    let x = DMatrix::from_fn(n, 4, |i, a| [0.0, m as f64, (i % 3) as f64, (i % 6) as f64][a]);
    let start = start_near_mean(&x, 20, m, &mut data::rng(4)).unwrap();
    assert_eq!((start.weights(), start.flips()), (&DVector::from_element(20, 0.05), m));
    let mut rng = data::rng(5);
    let starts: Vec<_> = (0..k / 20).map(|_| start_near_mean(&x, 20, m, &mut rng).unwrap()).collect();
    for (a, column) in x.column_iter().enumerate() {
        let heads: f64 = column.sum();
        let odds = (heads + 0.5) / ((n * m) as f64 - heads + 0.5);
        let moves: Vec<f64> = starts
            .iter()
            .flat_map(|start| {
                start.biases().column(a).iter().map(|p| (p / (1.0 - p) / odds).ln()).collect::<Vec<_>>()
            })
            .collect();
        let spread = 3_f64.ln();
        // 1 − p has lost what p has of the digits: ε/(1 − p) ≤ 1300 ε.
        assert!(moves.iter().all(|u| u.abs() <= spread + 1e-12));
        // Uniform numbers have the variance log²3/3, and of their squares log⁴3 (1/5 − 1/9); five standard errors.
        let mean = moves.iter().sum::<f64>() / k as f64;
        let square = moves.iter().map(|u| u * u).sum::<f64>() / k as f64;
        assert_within(mean, 0.0, 5.0 * spread / (3.0 * k as f64).sqrt());
        assert_within(square, spread.powi(2) / 3.0, 5.0 * spread.powi(2) * (4.0 / 45.0 / k as f64).sqrt());
    }
    for k in [0, n + 1] {
        assert_eq!(start_near_mean(&x, k, m, &mut rng), Err(Error::ComponentCount { k, n }));
    }
}

/// Where heads are rare, one coin of a broad start takes nearly all draws in the first sweep; near the mean they share.
///
/// Source: T-46.
#[test]
fn near_the_mean_coins_share_what_is_rare() {
    let words = BernoulliMixture::new(
        dvector![0.5, 0.5],
        DMatrix::from_fn(2, 400, |j, a| if a % 10 == j { 0.2 } else { 0.01 }),
        1,
    );
    let (x, _) = words.unwrap().sample(200, &mut data::rng(1)).unwrap();
    let mut rng = data::rng(2);
    let largest = |start: BernoulliMixture| em::sweep(&start, &x).unwrap().weights().max() / 20.0;
    let broad: f64 = (0..20).map(|_| largest(random_start(&x, 4, 1, &mut rng).unwrap())).sum();
    let near: f64 = (0..20).map(|_| largest(start_near_mean(&x, 4, 1, &mut rng).unwrap())).sum();
    // On 400 features the log joints of two broad coins differ by nine nats or so, of near ones by less than one.
    assert!(broad > 0.7 && near < 0.35, "{broad}, {near}");
}
