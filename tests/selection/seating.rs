//! Guests at tables: the seating probabilities, and that they do not depend on the order.

use crate::common::assert_within;
use crate::common::bounds::gamma;
use crate::common::enumeration::labelings;
use crate::{bernstein, dkw};
use executable_em::selection::dirichlet_process;
use executable_em::selection::restaurant::{
    clusters_law, expected_clusters, occupied, seat, seating_probabilities,
};
use executable_em::selection::stick_breaking::{break_stick, expected_seen, sample_shares};
use executable_em::{Error, data};
use nalgebra::{DVector, dvector};

/// Seated one by one, a partition has the probability a^K Π(n_j − 1)!/(a(a+1)⋯(a+n−1)), which does not ask for the
/// order; over all partitions it sums to one.
///
/// Source: B-27, B-29.
#[test]
fn the_seating_is_exchangeable() {
    let n = 6;
    for concentration in [0.5, 1.0, 3.0] {
        let rising: f64 = (0..n).map(|i| concentration + i as f64).product();
        let mut total = 0.0;
        let mut law = DVector::zeros(n + 1);
        let mut partitions = 0;
        // A labeling in order of appearance: no label exceeds the largest before it by more than one.
        for labels in labelings(n, n) {
            let mut counts: Vec<usize> = Vec::new();
            let mut probability = 1.0;
            let mut in_order = true;
            for &label in &labels {
                if label > counts.len() {
                    in_order = false;
                    break;
                }
                probability *= seating_probabilities(&counts, concentration).unwrap()[label];
                if label == counts.len() {
                    counts.push(0);
                }
                counts[label] += 1;
            }
            if in_order {
                let factorials: f64 =
                    counts.iter().map(|&count| (1..count).map(|f| f as f64).product::<f64>()).product();
                let expected = concentration.powi(counts.len() as i32) * factorials / rising;
                assert_within(probability, expected, gamma(4 * n) * expected);
                total += probability;
                law[counts.len()] += probability;
                partitions += 1;
            }
        }
        assert_eq!(partitions, 203, "Bell's number");
        assert_within(total, 1.0, gamma(203 + 4 * n));
        let found = clusters_law(n, concentration).unwrap();
        assert!((found - law).amax() <= gamma(203 + 8 * n));
    }
    assert_eq!(seating_probabilities(&[], 0.3), Ok(dvector![1.0]));
    assert!(matches!(seating_probabilities(&[1], 0.0), Err(Error::Domain { what: "concentration", .. })));
}

/// Seated guests and labels drawn from sticks both have as many clusters as the law says, by DKW; and E K_n on average.
///
/// Source: B-27, B-28, B-29.
#[test]
fn guests_and_sticks_have_the_law_of_the_clusters() {
    let (samples, n, concentration) = (8000, 30, 1.5);
    let law = clusters_law(n, concentration).unwrap();
    let mut rng = data::rng(7);
    let by_tables: Vec<usize> =
        (0..samples).map(|_| occupied(&seat(n, concentration, &mut rng).unwrap())).collect();
    let by_sticks: Vec<usize> = (0..samples)
        .map(|_| occupied(&dirichlet_process::sample(n, concentration, &mut rng).unwrap().0))
        .collect();
    for found in [by_tables, by_sticks] {
        let mut below = 0.0;
        for k in 0..=n {
            below += law[k];
            let share = found.iter().filter(|&&clusters| clusters <= k).count() as f64 / samples as f64;
            assert_within(share, below, dkw(samples));
        }
        // Var K_n = Σ (a/(a+i)) (i/(a+i)), a sum of independent Bernoullis, is below E K_n.
        let expected = expected_clusters(n, concentration).unwrap();
        let mean = found.iter().sum::<usize>() as f64 / samples as f64;
        assert_within(mean, expected, bernstein(samples, expected, n as f64));
    }
    // The same average once more, over the sticks alone, with the labels summed out: each value lies in [0, n].
    let mut mean = 0.0;
    for _ in 0..samples {
        let (weights, _) = break_stick(&sample_shares(concentration, 1e-12, &mut rng).unwrap()).unwrap();
        mean += expected_seen(&weights, n).unwrap() / samples as f64;
    }
    let expected = expected_clusters(n, concentration).unwrap();
    assert_within(mean, expected, bernstein(samples, expected, n as f64));
}

/// Guests are seated by the seating probabilities: the third one, in each of the four histories that there are.
///
/// Source: B-27, B-29.
#[test]
fn guests_sit_with_the_seating_probabilities() {
    let (samples, concentration) = (40_000, 2.0);
    let mut rng = data::rng(8);
    let mut found = std::collections::BTreeMap::new();
    for _ in 0..samples {
        *found.entry(seat(3, concentration, &mut rng).unwrap()).or_insert(0.0) += 1.0 / f64::from(samples);
    }
    assert_eq!(found.len(), 5, "five partitions of three guests: {found:?}");
    for (tables, share) in found {
        let first = seating_probabilities(&[1], concentration).unwrap()[tables[1]];
        let counts: &[usize] = if tables[1] == 0 { &[2] } else { &[1, 1] };
        let expected = first * seating_probabilities(counts, concentration).unwrap()[tables[2]];
        assert_within(share, expected, bernstein(samples as usize, expected, 1.0));
    }
    assert_eq!(seat(0, 1.0, &mut rng), Ok(vec![]));
    assert_eq!(seat(4, 1e300, &mut rng), Ok(vec![0, 1, 2, 3]));
    assert_eq!(seat(4, 1e-300, &mut rng), Ok(vec![0; 4]));
    // Times a uniform number, the smallest double is itself as often as not: the first guest opens a table all the
    // same.
    assert!((0..20).all(|seed| seat(4, 5e-324, &mut data::rng(seed)) == Ok(vec![0; 4])));
    assert_eq!(seat(1000, 3.0, &mut data::rng(1)), seat(1000, 3.0, &mut data::rng(1)));
    assert!(matches!(seat(4, f64::INFINITY, &mut rng), Err(Error::Domain { what: "concentration", .. })));
}

/// Labels drawn from a stick fall on its pieces in proportion to their weights.
///
/// Source: B-27, B-29.
#[test]
fn labels_follow_their_stick() {
    let n = 50_000;
    let (labels, weights) = dirichlet_process::sample(n, 3.0, &mut data::rng(9)).unwrap();
    assert_eq!(labels.len(), n);
    let mut below = 0.0;
    for j in 0..weights.len() {
        below += weights[j];
        let share = labels.iter().filter(|&&label| label <= j).count() as f64 / n as f64;
        assert_within(share, below, dkw(n));
    }
    assert_eq!(dirichlet_process::sample(3, 1e-300, &mut data::rng(9)).unwrap(), (vec![0; 3], dvector![1.0]));
    assert!(dirichlet_process::sample(3, 1e8, &mut data::rng(9)).is_err());
}
