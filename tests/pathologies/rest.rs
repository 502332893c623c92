//! Rest: more than one place to come to rest in, and how many starts find the best.

use crate::common::cases::{self, Kind};
use crate::common::{assert_within, column};
use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em::latent;
use executable_em::pathologies::rest::{resting_places, starts_needed};
use executable_em::{data, kmeans};
use nalgebra::{DMatrix, dmatrix};

/// Every run of k-means from every pair of data ends in one of the resting places, at every resting place a run rests,
/// and on the rectangle they have J = 1 and 16.
///
/// Source: H-E16, C-E09.
#[test]
fn erratum_kmeans_rests_in_more_than_one_place() {
    let rectangle = dmatrix![0.0, 0.0; 0.0, 1.0; 4.0, 0.0; 4.0, 1.0];
    let places = resting_places(&rectangle, 2).unwrap();
    assert_eq!(places.iter().map(|place| place.objective).collect::<Vec<_>>(), [1.0, 16.0]);
    assert_eq!(
        places.iter().map(|place| place.labels.clone()).collect::<Vec<_>>(),
        [[0, 0, 1, 1], [0, 1, 0, 1]]
    );

    let mut most = 0;
    for seed in 0..25 {
        let (k, d) = (seed as usize % 3 + 1, seed as usize % 2 + 1);
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 7, k, d, seed);
        let places = resting_places(&case.x, k).unwrap();
        most = most.max(places.len());
        assert!(places.is_sorted_by(|a, b| a.objective <= b.objective));
        for place in &places {
            let r = latent::one_hot(&place.labels, k).unwrap();
            let means = kmeans::update_means(&case.x, &r, &DMatrix::zeros(k, d)).unwrap();
            let run = kmeans::lloyd(&case.x, &means, 5).unwrap();
            assert_eq!((run.labels(), run.objective()), (&place.labels[..], place.objective));
            assert!(run.half_steps.len() <= 3);
        }
        let mut rng = data::rng(seed);
        for _ in 0..40 {
            let start = kmeans::random_start(&case.x, k, &mut rng).unwrap();
            let run = kmeans::lloyd(&case.x, &start, 100).unwrap();
            // The same partition, named as its clusters first occur.
            let mut names: Vec<usize> = Vec::new();
            let labels: Vec<usize> = run
                .labels()
                .iter()
                .map(|label| {
                    names.iter().position(|name| name == label).unwrap_or_else(|| {
                        names.push(*label);
                        names.len() - 1
                    })
                })
                .collect();
            let place = places.iter().find(|place| place.labels == labels);
            assert_within(
                place.expect("a resting place").objective,
                run.objective(),
                1e-12 * run.objective(),
            );
        }
    }
    assert!(most > 2, "only {most} places");
    assert_eq!(resting_places(&column(&[0.0, 1.0, 5.0]), 3).unwrap().len(), 1);
}

/// m starts suffice and m − 1 do not; 37.5 % of successful starts ask for ten.
///
/// Source: H-E16, C-E09.
#[test]
fn restarts_are_counted() {
    for share in [0.01, 0.2, 0.375, 0.485, 0.9, 1.0] {
        for confidence in [0.0, 0.5, 0.95, 0.99, 0.999] {
            let m = starts_needed(share, confidence).unwrap() as i32;
            let found = |m: i32| 1.0 - f64::powi(1.0 - share, m);
            assert!(m >= 1 && found(m) >= confidence, "{share}, {confidence}, {m}");
            assert!(m == 1 || found(m - 1) < confidence, "{share}, {confidence}, {m}");
        }
    }
    assert_eq!(starts_needed(0.5, 0.75), Ok(2));
    assert_eq!(starts_needed(0.375, 0.99), Ok(10));
    assert!(starts_needed(1e-300, 0.5).unwrap() > 1 << 60);
}
