//! How many clusters are seen: with a fixed number of components, and with sticks and tables.

use crate::common::bounds::gamma;
use crate::common::enumeration::labelings;
use crate::common::{assert_printed, assert_within};
use executable_em::selection::dirichlet_process;
use executable_em::selection::restaurant::{
    clusters_law, expected_clusters, expected_clusters_bounds, occupied,
};
use executable_em::selection::stick_breaking::{expected_seen, probability_seen};
use executable_em::{Error, data};
use nalgebra::dvector;

/// A cluster of weight .001 is seen by n = 1000 with probability .632; any positive weight is seen in the end, a weight
/// of zero never.
///
/// Source: B-28, B-E18.
#[test]
fn a_fixed_cluster_is_seen_in_the_end() {
    assert_printed(probability_seen(0.001, 1000).unwrap(), "0.632");
    for weight in [1e-9, 0.001, 0.3, 1.0] {
        let mut before = 0.0;
        for n in [1, 2, 10, 1000, 1_000_000_000, 1_000_000_000_000] {
            let seen = probability_seen(weight, n).unwrap();
            assert!(seen >= before && seen <= 1.0 && seen > 0.0);
            before = seen;
        }
        // At n = 10¹² even a weight of 10⁻⁹ is missed only with probability e^{−1000}.
        assert_eq!(before, 1.0);
        assert_within(probability_seen(weight, 1).unwrap(), weight, 2.0 * f64::EPSILON * weight);
    }
    assert_eq!(probability_seen(0.0, usize::MAX), Ok(0.0));
    assert_eq!((probability_seen(1.0, 0), probability_seen(0.5, 0)), (Ok(0.0), Ok(0.0)));
    assert_eq!(probability_seen(0.5, 2), Ok(0.75));
    assert_within(probability_seen(0.3, 7).unwrap(), 1.0 - 0.7_f64.powi(7), gamma(40));
    for bad in [-0.1, 1.1, f64::NAN] {
        assert!(matches!(probability_seen(bad, 3), Err(Error::Domain { what: "weight", .. })));
    }
}

/// The expected number of clusters seen is that of all kⁿ label sequences; it never exceeds n and tends to k.
///
/// Source: B-28, B-E18.
#[test]
fn the_clusters_that_are_seen_are_counted_over_all_labelings() {
    let weights = dvector![0.5, 0.3, 0.15, 0.05];
    for n in 1..=6 {
        let mut expected = 0.0;
        for labels in labelings(n, 4) {
            let probability: f64 = labels.iter().map(|&label| weights[label]).product();
            expected += probability * occupied(&labels) as f64;
        }
        let found = expected_seen(&weights, n).unwrap();
        assert_within(found, expected, gamma(4096 + 12) * 4.0);
        assert!(found <= n as f64 * (1.0 + f64::EPSILON));
    }
    assert_eq!(expected_seen(&weights, 100_000), Ok(4.0));
    assert_eq!(expected_seen(&dvector![1.0, 0.0], 100), Ok(1.0));
    assert_eq!(expected_seen(&dvector![], 100), Ok(0.0));
    let error = Error::NotOnSimplex { what: "weights", row: 0, value: 1.25 };
    assert_eq!(expected_seen(&dvector![0.75, 0.5], 3), Err(error));
    assert!(matches!(expected_seen(&dvector![-0.5], 3), Err(Error::Domain { what: "weight", .. })));
    assert_eq!((occupied(&[]), occupied(&[3, 3]), occupied(&[2, 0, 2, 1])), (0, 1, 3));
}

/// Of a stick's clusters the first few are all seen as n grows, and never all: n data have at most n clusters, and
/// those that are missing have some weight left.
///
/// Source: B-28, B-E18.
#[test]
fn never_all_clusters_are_seen() {
    let mut rng = data::rng(6);
    let (labels, weights) = dirichlet_process::sample(20_000, 2.0, &mut rng).unwrap();
    let missing_at = |n: usize| -> f64 {
        (0..weights.len()).filter(|j| !labels[..n].contains(j)).map(|j| weights[j]).sum()
    };
    let counts = [10, 100, 1000, 20_000];
    for n in counts {
        assert!(occupied(&labels[..n]) < n && missing_at(n) > 0.0);
    }
    assert!(counts.map(missing_at).is_sorted_by(|early, late| early > late));
    // Each of the heavy pieces is there: P(one of weight > .002 is missing at 20 000) < (1/.002) e^{−40}.
    assert!(
        weights.iter().enumerate().filter(|piece| *piece.1 > 0.002).all(|piece| labels.contains(&piece.0))
    );
}

/// E K_n = Σ a/(a+i): 14.39 at a million data for a = 1; none for no data, one for one; few for small a, n for large a.
///
/// Source: B-27, B-28.
#[test]
fn the_expected_number_of_clusters_is_a_sum() {
    assert_printed(expected_clusters(1_000_000, 1.0).unwrap(), "14.39");
    assert_eq!((expected_clusters(0, 2.0), expected_clusters(1, 2.0)), (Ok(0.0), Ok(1.0)));
    assert_within(expected_clusters(3, 2.0).unwrap(), 1.0 + 2.0 / 3.0 + 0.5, gamma(8) * 3.0);
    assert_within(expected_clusters(50, 1e-9).unwrap(), 1.0, 5e-9);
    assert_eq!(expected_clusters(50, 1e300), Ok(50.0));
    assert!(matches!(
        expected_clusters(5, -1.0),
        Err(Error::Domain { what: "concentration", value: -1.0, .. })
    ));
}

/// The same number from the sticks: ∫ (1 − (1−w)ⁿ) a w⁻¹ (1−w)^{a−1} dw, which with w = 1 − e^{−t} is ∫ a e^{−at} (1 −
/// e^{−nt})/(1 − e^{−t}) dt, by Simpson's rule.
///
/// Source: B-27, B-28.
#[test]
fn the_sticks_expect_as_many_clusters() {
    for (n, concentration) in [(1, 0.7), (5, 1.0), (40, 2.5), (100, 20.0)] {
        let f = |t: f64| {
            let seen = if t == 0.0 { n as f64 } else { (-(n as f64) * t).exp_m1() / (-t).exp_m1() };
            concentration * (-concentration * t).exp() * seen
        };
        // f is a Σ_{i<n} e^{−(a+i)t}: its fourth derivative is at most a n (a+n)⁴ and falls off with e^{−at}, so
        // Simpson errs by h⁴/180 a Σ (a+i)³ ≤ h⁴/180 a n (a+n)³; the tail beyond 45/a is n e^{−45}.
        let h = 2e-4 / (1.0 + concentration + n as f64).powf(0.75);
        let steps = 2 * (22.5 / (concentration * h)).ceil() as usize;
        let sum: f64 = (0..=steps)
            .map(|step| {
                let weight = if step == 0 || step == steps { 1.0 } else { 2.0 + 2.0 * (step % 2) as f64 };
                weight * f(step as f64 * h)
            })
            .sum();
        let nf = n as f64;
        let simpson = h.powi(4) / 180.0 * concentration * nf * (concentration + nf).powi(3);
        let expected = expected_clusters(n, concentration).unwrap();
        let bound = simpson + nf * (-45_f64).exp() + gamma(steps + 20) * expected;
        assert!(bound < 1e-7);
        assert_within(expected, sum * h / 3.0, bound);
    }
}

/// Between the two logarithms for every n; without a bound, and yet 42 at n = 10¹⁸ for a = 1.
///
/// Source: B-28, B-E18.
#[test]
fn clusters_grow_like_a_logarithm() {
    for concentration in [1e-320, 0.01, 1.0, 7.0, 1e6, 1e300] {
        assert_eq!(expected_clusters_bounds(0, concentration), Ok((0.0, 0.0)));
        assert_eq!(expected_clusters_bounds(1, concentration).unwrap().1, 1.0, "one datum has one cluster");
        for n in [1, 2, 3, 10, 1000, 10_000_000, 10_000_001, 10_000_010, 1_000_000_000_000_000_000] {
            let expected = expected_clusters(n, concentration).unwrap();
            let (low, high) = expected_clusters_bounds(n, concentration).unwrap();
            // A sum of at most 10⁷ rounded terms on one side; the two logarithms are good to a few ε.
            let rounding = gamma(n.min(10_000_000) + 20) * expected;
            assert!(low <= expected + rounding && expected <= high + rounding, "{low} {expected} {high}");
            assert!(high - low <= 1.0 + 1e-9 * high);
        }
    }
    // Harmonic numbers: log n + γ + 1/2n, Euler's constant.
    let euler = 0.577_215_664_901_532_9;
    assert_within(
        expected_clusters(10_usize.pow(18), 1.0).unwrap(),
        18.0 * 10_f64.ln() + euler,
        1e-12 * 42.0,
    );
    assert!(matches!(
        expected_clusters_bounds(1, f64::NAN),
        Err(Error::Domain { what: "concentration", .. })
    ));
}

/// Where the sum becomes an integral, at ten million terms, it goes on as the sum would.
///
/// Source: B-27, B-28.
#[test]
fn the_sum_and_its_integral_join() {
    for concentration in [0.5, 3e7] {
        let at = |n| expected_clusters(n, concentration).unwrap();
        let start = 10_000_000;
        let expected: f64 = (start..3 * start).map(|i| concentration / (concentration + i as f64)).sum();
        // The plain sum of 2 · 10⁷ terms errs in practice by far less than γ(2 · 10⁷) = 4 · 10⁻⁹.
        assert_within(at(3 * start) - at(start), expected, gamma(2 * start) * at(3 * start));
        let one = concentration / (concentration + start as f64);
        assert_within(at(start + 1) - at(start), one, 4.0 * f64::EPSILON * at(start));
    }
}

/// The law of K_n is that of the unsigned Stirling numbers, here in whole numbers; its mean is E K_n.
///
/// Source: B-27, B-28.
#[test]
fn the_number_of_clusters_has_the_stirling_law() {
    let n = 20;
    let mut stirling = vec![1_u128];
    for i in 0..n as u128 {
        let mut next = vec![0; stirling.len() + 1];
        for (k, &count) in stirling.iter().enumerate() {
            next[k] += i * count;
            next[k + 1] += count;
        }
        stirling = next;
    }
    assert_eq!(stirling.iter().sum::<u128>(), (1..=20).product::<u128>(), "20! permutations");
    for concentration in [0.3, 1.0, 6.0] {
        let law = clusters_law(n, concentration).unwrap();
        assert_eq!((law.len(), law[0]), (n + 1, 0.0));
        let rising: f64 = (0..n).map(|i| concentration + i as f64).product();
        for k in 0..=n {
            let expected = stirling[k] as f64 * concentration.powi(k as i32) / rising;
            assert_within(law[k], expected, gamma(4 * n + 2 * n) * expected);
        }
    }
    for (n, concentration) in [(1, 2.0), (7, 0.5), (300, 4.0), (2000, 1.0)] {
        let law = clusters_law(n, concentration).unwrap();
        assert_within(law.sum(), 1.0, gamma(5 * n));
        let mean: f64 = law.iter().enumerate().map(|(k, &p)| k as f64 * p).sum();
        assert_within(mean, expected_clusters(n, concentration).unwrap(), gamma(6 * n) * mean);
    }
    assert_eq!(clusters_law(0, 3.0), Ok(dvector![1.0]));
    assert_eq!(clusters_law(1, 3.0), Ok(dvector![0.0, 1.0]));
    assert!(matches!(clusters_law(3, f64::NAN), Err(Error::Domain { what: "concentration", .. })));
    let error = Error::Domain { what: "number of data", value: 10_001.0, allowed: "≤ 10 000" };
    assert_eq!(clusters_law(10_001, 3.0), Err(error));
    assert_eq!(clusters_law(10_000, 3.0).unwrap().len(), 10_001);
}
