//! Jensen's inequality: for random laws, by merging atoms, from a supporting line.

use crate::common::cases;
use crate::common::{assert_within, bounds};
use executable_em::bound::{self, jensen};
use executable_em::data;
use nalgebra::{DMatrix, DVector, dvector};
use rand::{Rng, RngExt};

/// Functions convex on (0, ∞), with their derivative and a lower bound of the second one on (0, 10].
type Convex = (&'static str, fn(f64) -> f64, fn(f64) -> f64, f64);

const CONVEX: [Convex; 5] = [
    ("x²", |x| x * x, |x| 2.0 * x, 2.0),
    ("exp", f64::exp, f64::exp, 1.0),
    ("−ln", |x| -x.ln(), |x| -1.0 / x, 0.01),
    ("1/x", |x| 1.0 / x, |x| -1.0 / (x * x), 0.002),
    ("x ln x", |x| x * x.ln(), |x| x.ln() + 1.0, 0.1),
];

/// A law with 1 to 8 atoms in [0.1, 10], some of weight zero.
fn random_law(rng: &mut impl Rng) -> (DVector<f64>, DVector<f64>) {
    let m = rng.random_range(1..=8);
    let weights = cases::simplex_rows(1, m, rng).row(0).transpose();
    (weights, DVector::from_fn(m, |_, _| rng.random_range(0.1..10.0)))
}

/// Rounding of Jensen's gap: m products and a sum, each f good to two ulps; the mean errs by γ(m + 1) Σ w x, which f
/// magnifies by its slope there.
fn jensen_rounding(
    f: fn(f64) -> f64,
    slope: fn(f64) -> f64,
    weights: &DVector<f64>,
    points: &DVector<f64>,
) -> f64 {
    let mean = weights.dot(points);
    let size = weights.dot(&points.map(|x| f(x).abs())) + f(mean).abs();
    bounds::gamma(points.len() + 4) * (size + 2.0 * slope(mean).abs() * mean)
}

/// For 1000 random laws the average of a convex function exceeds the function of the average, by at least half its
/// least curvature times the variance; with the opposite sign for concave functions; with equality for lines.
///
/// Source: C-11, C-14.
#[test]
fn jensen_holds_for_random_laws() {
    let mut rng = data::rng(11);
    for _ in 0..1000 {
        let (weights, points) = random_law(&mut rng);
        let mean = weights.dot(&points);
        let variance = weights.dot(&points.map(|x| (x - mean).powi(2)));
        for (name, f, slope, curvature) in CONVEX {
            let gap = jensen::gap(f, &weights, &points).unwrap();
            let tolerance = jensen_rounding(f, slope, &weights, &points);
            assert!(gap >= 0.5 * curvature * variance - tolerance, "{name}: {gap:e}, variance {variance}");
            let reverse = jensen::gap(|x| -f(x), &weights, &points).unwrap();
            assert_eq!(reverse, -gap); // negation rounds nothing
        }
        let line = jensen::gap(|x| 3.0 - 2.0 * x, &weights, &points).unwrap();
        assert_within(line, 0.0, bounds::gamma(points.len() + 4) * (3.0 + 8.0 * mean));
        // For a square the gap is the variance itself; the latter, too, errs by γ times Σ w x².
        let square = jensen::gap(|x| x * x, &weights, &points).unwrap();
        assert_within(
            square,
            variance,
            bounds::gamma(points.len() + 8) * 4.0 * weights.dot(&points.map(|x| x * x)),
        );
    }
}

/// For x = 1, …, 5 and f = x² the two sides are 9 and 11, their gap the variance 2. The 12.4 in print is none of these.
///
/// Source: C-12, C-E02.
#[test]
fn the_lecture_s_example_of_jensen_has_the_sides_nine_and_eleven() {
    let (fifths, points) = (DVector::from_element(5, 0.2), dvector![1.0, 2.0, 3.0, 4.0, 5.0]);
    let gap = jensen::gap(|x| x * x, &fifths, &points).unwrap();
    assert_within(gap, 2.0, 16.0 * bounds::gamma(8)); // sides of size 11
    let of_the_average = fifths.dot(&points).powi(2);
    assert_within(of_the_average, 9.0, 9.0 * bounds::gamma(8));
    let average = gap + of_the_average;
    assert_within(average, 11.0, 32.0 * bounds::gamma(8));
    assert!((average - 12.4).abs() > 1.39, "12.4 would make the gap 3.4");
}

/// Each merging of two atoms keeps the mean and lowers the average of a convex function or keeps it; m − 1 of them end
/// at the mean. 500 laws.
///
/// Source: C-13.
#[test]
fn jensen_follows_by_merging_atoms() {
    let mut rng = data::rng(13);
    for _ in 0..500 {
        let (weights, points) = random_law(&mut rng);
        let (mean, atoms) = (weights.dot(&points), points.len());
        for (name, f, slope, _) in CONVEX {
            let (mut weights, mut points) = (weights.clone(), points.clone());
            let tolerance =
                2.0 * jensen_rounding(f, slope, &weights, &points) + bounds::gamma(30) * f(0.1).abs();
            let mut average = weights.dot(&points.map(f));
            while points.len() > 1 {
                let before = (weights[0], points[0], weights[1], points[1]);
                (weights, points) = jensen::merge_first_two(&weights, &points).unwrap();
                assert_eq!(weights[0], before.0 + before.2);
                assert!(points[0] >= before.1.min(before.3) && points[0] <= before.1.max(before.3));
                assert_within(weights.sum(), 1.0, bounds::gamma(2 * atoms));
                // Each merging errs by a few ulps of numbers up to 10, in at most 7 mergings.
                assert_within(weights.dot(&points), mean, bounds::gamma(10 * atoms) * 10.0);
                let merged = weights.dot(&points.map(f));
                assert!(merged <= average + tolerance, "{name}: merging raised {average} to {merged}");
                average = merged;
            }
            assert_within(points[0], mean, bounds::gamma(10 * atoms) * 10.0);
        }
    }
    let halves = jensen::merge_first_two(&dvector![0.0, 0.0, 1.0], &dvector![2.0, 4.0, 9.0]).unwrap();
    assert_eq!(halves, (dvector![0.0, 1.0], dvector![3.0, 9.0]));
    // A large and a tiny weight: the average must not leave the two points.
    let (_, points) = jensen::merge_first_two(&dvector![1.0, 1e-20], &dvector![0.1, 0.3]).unwrap();
    assert_eq!(points[0], 0.1);
    // Points whose difference is no number have an average all the same.
    let (_, points) = jensen::merge_first_two(&dvector![0.75, 0.25], &dvector![-1.5e308, 1.5e308]).unwrap();
    assert_eq!(points[0], -0.75e308);
}

/// A convex function lies above its supporting line at the mean, and the average height above it is the gap; any other
/// line through that point is crossed.
///
/// Source: C-13, C-14, C-E21.
#[test]
fn jensen_follows_from_the_supporting_line() {
    let mut rng = data::rng(14);
    for _ in 0..500 {
        let (weights, points) = random_law(&mut rng);
        let mean = weights.dot(&points);
        for (name, f, slope, _) in CONVEX {
            let above = jensen::above_supporting_line(f, slope(mean), mean, &points).unwrap();
            let scale = |x: f64| f(x).abs() + f(mean).abs() + slope(mean).abs() * (x + mean);
            for (&height, &x) in above.iter().zip(&points) {
                assert!(height >= -bounds::gamma(6) * scale(x), "{name} dips by {height:e} at {x}");
            }
            let size = weights.dot(&points.map(scale));
            let gap = jensen::gap(f, &weights, &points).unwrap();
            assert_within(weights.dot(&above), gap, bounds::gamma(points.len() + 10) * 2.0 * size);

            // A line that is too steep by ½ runs above f at once: at h to the right of the mean f has risen above its
            // own slope by less than ½f''h², and f'' ≤ e¹⁰ on [0.1, 10], so that h = 10⁻⁶ is near enough.
            let nearby = dvector![mean + 1e-6];
            let tilted = jensen::above_supporting_line(f, slope(mean) + 0.5, mean, &nearby).unwrap();
            assert!(tilted[0] < 0.0, "{name} at {mean}");
        }
    }
    assert_eq!(
        jensen::above_supporting_line(|x| x * x, 4.0, 2.0, &dvector![0.0, 2.0, 3.0]).unwrap(),
        dvector![4.0, 0.0, 1.0]
    );
}

/// The bound is Jensen's inequality for the log and the law q, at the points p(x, z)/q(z).
///
/// Source: T-28.
#[test]
fn the_bound_is_jensen_for_the_log() {
    let mut rng = data::rng(28);
    for _ in 0..300 {
        let k = rng.random_range(1..=5);
        let log_joint = DMatrix::from_fn(1, k, |_, _| rng.random_range(-5.0..1.0_f64));
        let q = cases::weights(k, &mut rng);
        let ratios = DVector::from_fn(k, |j, _| log_joint[j].exp() / q[j]);
        let gap = jensen::gap(f64::ln, &q, &ratios).unwrap();
        let q = DMatrix::from_rows(&[q.transpose()]);
        // The points and their logs err by a few ulps of numbers below 10.
        assert_within(-gap, bound::gap(&q, &log_joint).unwrap(), bounds::gamma(30) * 20.0);
    }
}
