//! The chapter on the lower bound: Jensen, F + KL = ℓ, tangency, coordinate ascent, and the slips around them.

mod common;

use common::cases::{self, Case, Kind};
use common::naive::{self, Entry, Naive, Number};
use common::{assert_matrices_within, assert_printed, assert_within, bounds, column, config, line_mixture};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::bound::ascent::{Coordinate, HalfStep};
use executable_em::bound::{self, ascent, continuous, correlated, jensen};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, OnlyMean, loss, score};
use executable_em::latent::{self, Model, complete, labelings};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use executable_em::{Error, data, em};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use num_dual::Dual64;
use proptest::prelude::*;
use rand::{Rng, RngExt};
use std::f64::consts::{E, LN_2, PI, TAU};

/// Random coins and random flips, every coin showing both sides.
fn coins(n: usize, k: usize, d: usize, seed: u64) -> (BernoulliMixture, DMatrix<f64>) {
    let mut rng = data::rng(seed);
    let biases = DMatrix::from_fn(k, d, |_, _| rng.random_range(0.1..0.9));
    let mut x = DMatrix::from_fn(n, d, |_, _| f64::from(u8::from(rng.random_bool(0.5))));
    for c in 0..d {
        (x[(0, c)], x[(n - 1, c)]) = (1.0, 0.0);
    }
    (BernoulliMixture { weights: cases::weights(k, &mut rng), biases, flips: 1 }, x)
}

// ---------------------------------------------------------------------------------------------------------------
// The models that every law is asked of.

/// A model of the list as far as the laws see it: a name and its matrix of log joints.
struct State {
    name: String,
    log_joint: DMatrix<f64>,
}

/// States of every model: the Gaussian mixture in its four families on all kinds of hard input, soft k-means, the
/// mixture with one free mean, coins.
fn states() -> Vec<State> {
    let mut states = Vec::new();
    for family in CovarianceFamily::ALL {
        for number in 0..40 {
            let Case { kind, x, model } = cases::numbered(number, family);
            let log_joint = model.log_joint(&x).expect("a log joint");
            states.push(State { name: format!("{family:?}, {kind:?}, case {number}"), log_joint });
        }
    }
    for seed in 0..20 {
        let (soft, x) = soft_kmeans(seed);
        states.push(State { name: format!("soft k-means {seed}"), log_joint: soft.log_joint(&x).unwrap() });
        let (only, x) = only_mean(seed);
        states.push(State { name: format!("one mean {seed}"), log_joint: only.log_joint(&x).unwrap() });
        let (model, x) = coins(12, 3, 4, seed);
        states.push(State { name: format!("coins {seed}"), log_joint: model.log_joint(&x).unwrap() });
    }
    states
}

fn soft_kmeans(seed: u64) -> (SoftKMeans, DMatrix<f64>) {
    let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, 15, 3, 2, seed);
    let weights_are = if seed.is_multiple_of(2) { Weights::Held } else { Weights::Fitted };
    (SoftKMeans::new(model.means, 0.3 + 0.2 * seed as f64, weights_are).expect("a model"), x)
}

fn only_mean(seed: u64) -> (OnlyMean, DMatrix<f64>) {
    let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, 15, 2, 1, seed);
    (OnlyMean::new(model, (seed % 2) as usize).expect("a model"), x)
}

/// A random q with some exact zeros, and none of its mass where the joint is zero.
fn random_q(log_joint: &DMatrix<f64>, rng: &mut impl Rng) -> DMatrix<f64> {
    let mut q = cases::simplex_rows(log_joint.nrows(), log_joint.ncols(), rng);
    for i in 0..q.nrows() {
        for j in 0..q.ncols() {
            if log_joint[(i, j)] == f64::NEG_INFINITY {
                q[(i, j)] = 0.0;
            }
        }
        let sum = q.row(i).sum();
        if sum > 0.0 {
            q.row_mut(i).unscale_mut(sum);
        } else {
            q.row_mut(i).fill(0.0);
            q[(i, log_joint.row(i).transpose().imax())] = 1.0;
        }
    }
    q
}

/// How far rounding may carry F, KL and ℓ together, the log joint taken as given.
///
/// Q is a sum of nk rounded products q L, the entropy one of terms q ln q with ln good to an ulp, the gap one of
/// q(ln q − (L − m)) with three roundings: together less than γ(nk + 8) times Σ q(|L| + |ln q| + |m|). The rows of q sum to
/// one but for γ(k), which costs γ(k)|m_i|. ℓ and the gap both take the log marginals m, whose error is that of a
/// log-sum-exp of exact arguments.
fn rounding(q: &DMatrix<f64>, log_joint: &DMatrix<f64>) -> f64 {
    let (n, k) = log_joint.shape();
    let marginals: Vec<f64> =
        log_joint.row_iter().map(|row| latent::log_sum_exp(row.iter().copied())).collect();
    let mut size: f64 = marginals.iter().map(|m| m.abs()).sum();
    for (i, m) in marginals.iter().enumerate() {
        for j in (0..k).filter(|&j| q[(i, j)] > 0.0) {
            size += q[(i, j)] * (log_joint[(i, j)].abs() + q[(i, j)].ln().abs() + m.abs());
        }
    }
    let marginal_error: f64 = bounds::log_marginal_error(log_joint, &DMatrix::zeros(n, k)).iter().sum();
    bounds::gamma(n * k + 8) * size + 2.0 * marginal_error
}

// ---------------------------------------------------------------------------------------------------------------
// Jensen's inequality

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

/// C-11, C-14: for 1000 random laws the average of a convex function exceeds the function of the average, by at least
/// half its least curvature times the variance; with the opposite sign for concave functions; with equality for lines.
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

/// C-12, C-E02: for x = 1, …, 5 and f = x² the two sides are 9 and 11, their gap the variance 2. The 12.4 in print is none
/// of these.
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

/// C-13: each merging of two atoms keeps the mean and lowers the average of a convex function or keeps it; m − 1 of them
/// end at the mean. 500 laws.
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
}

/// C-13, C-14 (the general case of C-E21): a convex function lies above its supporting line at the mean, and the average
/// height above it is the gap; any other line through that point is crossed.
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

            // A line that is too steep by ½ runs above f at once: at h to the right of the mean f has risen above its own
            // slope by less than ½f''h², and f'' ≤ e¹⁰ on [0.1, 10], so that h = 10⁻⁶ is near enough.
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

/// T-28: the bound is Jensen's inequality for the log and the law q, at the points p(x, z)/q(z).
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

// ---------------------------------------------------------------------------------------------------------------
// The bound, its gap and their sum

/// C-01, C-02, C-26, B-08, T-28: F + KL = ℓ for random q and θ, every model, to 10⁻¹² n and to the derived bound; hence
/// F ≤ ℓ, and by at least half the squared L1 distance from the posterior (Pinsker), so that the gap is a real one.
#[test]
fn the_bound_and_the_gap_add_up_to_the_log_likelihood() {
    let mut rng = data::rng(1);
    for State { name, log_joint } in states() {
        let log_likelihood = latent::log_likelihood(&log_joint).unwrap();
        let r = latent::responsibilities(&log_joint).unwrap();
        for _ in 0..5 {
            let q = random_q(&log_joint, &mut rng);
            let (lower_bound, gap) =
                (bound::lower_bound(&q, &log_joint).unwrap(), bound::gap(&q, &log_joint).unwrap());
            let tolerance = rounding(&q, &log_joint);
            let difference = (lower_bound + gap - log_likelihood).abs();
            assert!(difference <= tolerance, "{name}: {difference:e} > {tolerance:e}");
            // Log joints of some hard cases have thousands of nats, each with its ulp.
            let per_datum = 1e-12
                * (log_joint.iter().filter(|l| l.is_finite()).map(|l| l.abs()).fold(1.0, f64::max) / 100.0)
                    .max(1.0);
            assert!(difference <= per_datum * q.nrows() as f64, "{name}: {difference:e}");
            assert!(lower_bound <= log_likelihood + tolerance, "{name}: {lower_bound} > {log_likelihood}");
            let pinsker: f64 = (&q - &r)
                .row_iter()
                .map(|row| 0.5 * row.iter().map(|entry| entry.abs()).sum::<f64>().powi(2))
                .sum();
            assert!(gap >= pinsker - tolerance, "{name}: {gap} below Pinsker's {pinsker}");
            assert!(log_likelihood - lower_bound >= pinsker - tolerance, "{name}");
        }
    }
}

/// C-03, C-18, C-28, C-29, C-30, B-09, B-10, T-29: at the posterior, and only there, the gap is zero (not positive: B-E07);
/// the integrand is then the log marginal, whatever the label.
#[test]
fn the_bound_touches_at_the_posterior_alone() {
    for State { name, log_joint } in states() {
        let r = latent::responsibilities(&log_joint).unwrap();
        let tolerance = rounding(&r, &log_joint);
        let log_likelihood = latent::log_likelihood(&log_joint).unwrap();
        assert_eq!(bound::kl_divergence(&r, &r).unwrap(), 0.0, "{name}"); // ln 1 = 0
        assert!(bound::gap(&r, &log_joint).unwrap().abs() <= tolerance, "{name}");
        assert!((bound::lower_bound(&r, &log_joint).unwrap() - log_likelihood).abs() <= tolerance, "{name}");

        let integrand = bound::integrand(&r, &log_joint).unwrap();
        let marginals = latent::log_marginals(&log_joint).unwrap();
        for i in 0..r.nrows() {
            for j in (0..r.ncols()).filter(|&j| r[(i, j)] > 1e-300) {
                // r = exp(L − m) rounds L − m and the exp, the log takes it back.
                let allowed = bounds::gamma(8) * (log_joint[(i, j)].abs() + marginals[i].abs() + 2.0);
                assert!((integrand[(i, j)] - marginals[i]).abs() <= allowed, "{name} at ({i}, {j})");
            }
        }
        if r.ncols() > 1 {
            // A hundredth of every row moved to its least likely label that is possible at all.
            let mut moved = &r * 0.99;
            for i in 0..r.nrows() {
                let possible = (0..r.ncols()).filter(|&j| log_joint[(i, j)].is_finite());
                let least = possible.min_by(|&a, &b| r[(i, a)].total_cmp(&r[(i, b)])).expect("a label");
                moved[(i, least)] += 0.01;
            }
            let distance: f64 =
                (&moved - &r).row_iter().map(|row| row.iter().map(|e| e.abs()).sum::<f64>().powi(2)).sum();
            assert!(bound::gap(&moved, &log_joint).unwrap() >= 0.5 * distance - tolerance, "{name}");
        }
    }
}

/// B-08, C-27: the gap is the divergence from the responsibilities, as long as these do not underflow.
#[test]
fn the_gap_is_the_divergence_from_the_posterior() {
    let mut rng = data::rng(27);
    for State { name, log_joint } in states() {
        let r = latent::responsibilities(&log_joint).unwrap();
        let q = random_q(&log_joint, &mut rng);
        if q.iter().zip(&r).any(|(&q, &r)| q > 0.0 && r < 1e-300) {
            continue;
        }
        // As in `rounding`; the responsibilities carry the error of L − m through one exp and one log.
        let difference = bound::kl_divergence(&q, &r).unwrap() - bound::gap(&q, &log_joint).unwrap();
        assert!(difference.abs() <= 2.0 * rounding(&q, &log_joint), "{name}: {difference:e}");
    }
    let divergence = bound::kl_divergence(&dmatrix![0.5, 0.5], &dmatrix![0.25, 0.75]).unwrap();
    assert_within(divergence, 0.5 * 2_f64.ln() + 0.5 * (2.0 / 3.0_f64).ln(), bounds::gamma(6));
    assert_eq!(bound::kl_divergence(&dmatrix![1.0, 0.0], &dmatrix![0.5, 0.5]).unwrap(), LN_2);
    // A posterior that underflows: its log does not.
    let far = dmatrix![0.0, -800.0];
    assert_eq!(latent::responsibilities(&far).unwrap()[1], 0.0);
    assert_eq!(bound::gap(&dmatrix![0.0, 1.0], &far).unwrap(), 800.0);
}

/// Mass where the joint is zero makes the bound −∞ and the gap +∞; zeros of q elsewhere are harmless.
#[test]
fn zeros_are_treated_exactly() {
    let impossible = dmatrix![-1.0, f64::NEG_INFINITY];
    assert_eq!(bound::lower_bound(&dmatrix![0.5, 0.5], &impossible).unwrap(), f64::NEG_INFINITY);
    assert_eq!(bound::gap(&dmatrix![0.5, 0.5], &impossible).unwrap(), f64::INFINITY);
    assert_eq!(bound::lower_bound(&dmatrix![1.0, 0.0], &impossible).unwrap(), -1.0);
    assert_eq!(bound::gap(&dmatrix![1.0, 0.0], &impossible).unwrap(), 0.0);
    assert_eq!(bound::kl_divergence(&dmatrix![0.5, 0.5], &dmatrix![1.0, 0.0]).unwrap(), f64::INFINITY);
    let integrand = bound::integrand(&dmatrix![1.0, 0.0], &dmatrix![-1.0, -2.0]).unwrap();
    assert_eq!((integrand[0], integrand[1]), (-1.0, f64::INFINITY));
    assert!(bound::integrand(&dmatrix![1.0, 0.0], &impossible).unwrap()[1].is_nan());
}

/// C-19, T-30, T-31: the entropy lies between 0 (one-hot) and n log k (uniform), and has no θ in it: F and Q differ by the
/// same number at every θ, so they have the same maximiser.
#[test]
fn the_entropy_is_a_constant_between_zero_and_n_log_k() {
    let mut rng = data::rng(19);
    for _ in 0..100 {
        let (n, k) = (rng.random_range(1..=10), rng.random_range(1..=5));
        let q = cases::simplex_rows(n, k, &mut rng);
        let entropy = bound::entropy(&q).unwrap();
        let most = n as f64 * (k as f64).ln();
        let slack = bounds::gamma(n * k + 4) * (most + 1.0);
        assert!((-slack..=most + slack).contains(&entropy));
        assert_within(bound::entropy(&DMatrix::from_element(n, k, 1.0 / k as f64)).unwrap(), most, slack);
        let one_hot = complete::one_hot(&(0..n).map(|i| i % k).collect::<Vec<_>>(), k).unwrap();
        let zero = bound::entropy(&one_hot).unwrap();
        assert!(zero == 0.0 && zero.is_sign_positive());

        for _ in 0..3 {
            let log_joint = DMatrix::from_fn(n, k, |_, _| rng.random_range(-9.0..1.0));
            let difference = bound::lower_bound(&q, &log_joint).unwrap()
                - latent::expected_log_joint(&q, &log_joint).unwrap();
            assert_within(difference, entropy, bounds::gamma(4) * (9.0 * n as f64 + most));
        }
    }
    assert_within(bound::entropy(&dmatrix![0.25, 0.75]).unwrap(), 0.562_335_144_618_808_3, bounds::gamma(6));
}

/// C-02, C-E14: the bound asks nothing of q. A one-hot q gives the log joint of its labeling, and the gap −Σ log r; but
/// the line "log E_q" loses what lies outside the support.
#[test]
fn a_one_hot_q_bounds_too_but_its_expectation_falls_short() {
    let mut rng = data::rng(44);
    for _ in 0..50 {
        let (n, k) = (rng.random_range(1..=5), rng.random_range(2..=3));
        let log_joint = DMatrix::from_fn(n, k, |_, _| rng.random_range(-9.0..1.0));
        let labels: Vec<usize> = (0..n).map(|_| rng.random_range(0..k)).collect();
        let q = complete::one_hot(&labels, k).unwrap();
        let at_the_labels = complete::log_likelihood(&log_joint, &labels).unwrap();
        let tolerance = rounding(&q, &log_joint);
        assert_within(bound::lower_bound(&q, &log_joint).unwrap(), at_the_labels, tolerance);
        let r = latent::responsibilities(&log_joint).unwrap();
        let missing: f64 = labels.iter().enumerate().map(|(i, &label)| -r[(i, label)].ln()).sum();
        assert_within(bound::gap(&q, &log_joint).unwrap(), missing, tolerance);

        let over_labelings = correlated::factorised(&q).unwrap();
        let by_expectation = correlated::log_expected_ratio(&over_labelings, &log_joint).unwrap();
        let log_likelihood = latent::log_likelihood(&log_joint).unwrap();
        assert_within(by_expectation, at_the_labels, tolerance);
        assert!(by_expectation < log_likelihood - 1e-6, "the posterior is nowhere one-hot here");
        // With support everywhere the line is an equality.
        let everywhere = correlated::factorised(&DMatrix::from_element(n, k, 1.0 / k as f64)).unwrap();
        let by_expectation = correlated::log_expected_ratio(&everywhere, &log_joint).unwrap();
        assert_within(by_expectation, log_likelihood, tolerance + bounds::gamma(k.pow(n as u32) + 20) * 60.0);
    }
}

/// B-07: log p(x) is the average over any q of log p(x, z)/p(z | x), which is the same for every z.
#[test]
fn the_log_likelihood_is_an_average_of_constants() {
    let mut rng = data::rng(7);
    for State { name, log_joint } in states().into_iter().step_by(7) {
        let r = latent::responsibilities(&log_joint).unwrap();
        if r.iter().any(|&r| r < 1e-300) {
            continue;
        }
        let q = random_q(&log_joint, &mut rng);
        let average = bound::integrand(&r, &log_joint).unwrap().dot(&q);
        assert!(
            (average - latent::log_likelihood(&log_joint).unwrap()).abs() <= 2.0 * rounding(&q, &log_joint),
            "{name}"
        );
    }
}

// ---------------------------------------------------------------------------------------------------------------
// The bound over all labelings

/// A random law over kⁿ labelings, with zeros.
fn random_law_over_labelings(n: usize, k: usize, rng: &mut impl Rng) -> DVector<f64> {
    cases::simplex_rows(1, k.pow(n as u32), rng).row(0).transpose()
}

/// C-15, T-27: the derivation line by line over all kⁿ labelings, with a q whose labels depend on each other:
/// marginalise, multiply by q/q, a log of an expectation, Jensen, split.
#[test]
fn the_derivation_holds_line_by_line_for_a_correlated_q() {
    let mut rng = data::rng(15);
    for _ in 0..200 {
        let (n, k) = (rng.random_range(1..=4), rng.random_range(1..=3));
        let log_joint = DMatrix::from_fn(n, k, |_, _| rng.random_range(-6.0..1.0));
        let count = k.pow(n as u32);
        // Sums over kⁿ terms of size up to 4 · 6 + ln 81.
        let tolerance = bounds::gamma(count + 40) * 60.0;
        let oracle = common::enumeration::enumerate(&log_joint, &log_joint);
        let log_likelihood = latent::log_likelihood(&log_joint).unwrap();
        assert_within(log_likelihood, oracle.log_likelihood, tolerance);

        let positive = (random_law_over_labelings(n, k, &mut rng) + DVector::from_element(count, 0.1))
            .unscale(1.0 + 0.1 * count as f64);
        let by_expectation = correlated::log_expected_ratio(&positive, &log_joint).unwrap();
        assert_within(by_expectation, log_likelihood, tolerance);

        let q = random_law_over_labelings(n, k, &mut rng);
        let lower_bound = correlated::lower_bound(&q, &log_joint).unwrap();
        assert!(lower_bound <= log_likelihood + tolerance);
        // The split, by a loop of its own.
        let (mut expected, mut entropy) = (0.0, 0.0);
        for (labels, &q) in common::enumeration::labelings(n, k).iter().zip(&q) {
            let log_p: f64 = labels.iter().enumerate().map(|(i, &label)| log_joint[(i, label)]).sum();
            expected += q * log_p;
            entropy -= if q > 0.0 { q * q.ln() } else { 0.0 };
        }
        assert_within(lower_bound, expected + entropy, tolerance);
        assert_within(correlated::entropy(&q).unwrap(), entropy, tolerance);
        let gap = correlated::gap(&q, &log_joint).unwrap();
        assert_within(lower_bound + gap, log_likelihood, tolerance);
        let posterior = labelings::posterior(&log_joint).unwrap();
        let distance: f64 = (&q - &posterior).iter().map(|entry| entry.abs()).sum();
        assert!(gap >= 0.5 * distance * distance - tolerance);
        assert_within(correlated::lower_bound(&posterior, &log_joint).unwrap(), log_likelihood, tolerance);
        assert_within(correlated::gap(&posterior, &log_joint).unwrap(), 0.0, tolerance);
    }
}

/// T-21, T-27, C-15: among all q with given marginals the factorised one is best. Q sees only the marginals, and what the
/// bound gains is KL(q ‖ Π q_i), the total correlation.
#[test]
fn among_q_with_given_marginals_the_factorised_one_is_best() {
    let mut rng = data::rng(34);
    for _ in 0..200 {
        let (n, k) = (rng.random_range(1..=4), rng.random_range(1..=3));
        let log_joint = DMatrix::from_fn(n, k, |_, _| rng.random_range(-6.0..1.0));
        let tolerance = bounds::gamma(k.pow(n as u32) + 40) * 60.0;
        let q = random_law_over_labelings(n, k, &mut rng);
        let mut marginals = labelings::marginals(&q, n, k).unwrap();
        for mut row in marginals.row_iter_mut() {
            let sum = row.sum(); // one, but for rounding
            row /= sum;
        }
        let product = correlated::factorised(&marginals).unwrap();
        assert_matrices_within(&labelings::marginals(&product, n, k).unwrap(), &marginals, tolerance);

        let total_correlation: f64 =
            q.iter().zip(&product).map(|(&q, &p)| if q == 0.0 { 0.0 } else { q * (q / p).ln() }).sum();
        let gain = correlated::lower_bound(&product, &log_joint).unwrap()
            - correlated::lower_bound(&q, &log_joint).unwrap();
        assert_within(gain, total_correlation, tolerance);
        assert!(gain >= -tolerance);
        // The n×k form is the same bound.
        assert_within(
            correlated::lower_bound(&product, &log_joint).unwrap(),
            bound::lower_bound(&marginals, &log_joint).unwrap(),
            tolerance,
        );
        assert_within(correlated::entropy(&product).unwrap(), bound::entropy(&marginals).unwrap(), tolerance);
        assert_within(
            correlated::gap(&product, &log_joint).unwrap(),
            bound::gap(&marginals, &log_joint).unwrap(),
            tolerance,
        );
    }
    // Two labels that always agree: one bit of correlation.
    let (agreeing, log_joint) = (dvector![0.5, 0.0, 0.0, 0.5], dmatrix![-1.0, -2.0; -3.0, -0.5]);
    let apart = correlated::factorised(&DMatrix::from_element(2, 2, 0.5)).unwrap();
    let gain = correlated::lower_bound(&apart, &log_joint).unwrap()
        - correlated::lower_bound(&agreeing, &log_joint).unwrap();
    assert_within(gain, LN_2, bounds::gamma(20) * 5.0);
    // The order of the labelings is the odometer's.
    assert_eq!(
        correlated::factorised(&dmatrix![0.5, 0.5; 0.25, 0.75]).unwrap(),
        dvector![0.125, 0.125, 0.375, 0.375]
    );
}

/// C-15: the bound does not need q to factorise, and where the posterior does not, the factorised form cannot close the
/// gap. Three labels of which the third is the exclusive or of the others: kⁿ labelings are then the labels of one datum.
#[test]
fn where_the_posterior_is_correlated_a_factorised_q_stays_below() {
    // p(z₁, z₂) = ¼, z₃ = z₁ xor z₂ with probability 0.99, and no data: ℓ = log 1 = 0.
    let all = labelings::all(3, 2).unwrap();
    let log_joint = DMatrix::from_fn(1, 8, |_, z| {
        let odd = (all[z][0] + all[z][1] + all[z][2]) % 2 == 1;
        (0.25 * if odd { 0.01 } else { 0.99_f64 }).ln()
    });
    let posterior = latent::responsibilities(&log_joint).unwrap();
    assert_within(bound::lower_bound(&posterior, &log_joint).unwrap(), 0.0, bounds::gamma(20) * 5.0);
    let mut best = f64::NEG_INFINITY;
    let steps = 20;
    for code in 0..(steps + 1_usize).pow(3) {
        let heads = [0, 1, 2].map(|i| (code / (steps + 1_usize).pow(i) % (steps + 1)) as f64 / steps as f64);
        let q =
            correlated::factorised(&DMatrix::from_fn(3, 2, |i, j| [1.0 - heads[i], heads[i]][j])).unwrap();
        best = best.max(bound::lower_bound(&DMatrix::from_rows(&[q.transpose()]), &log_joint).unwrap());
    }
    // A free label buys ln 2 of entropy, but half its mass then breaks the parity: on average ½ ln(.99/.01) = 2.3 nats
    // are lost. Best on the grid is to fix all three.
    assert_within(best, (0.99_f64 / 4.0).ln(), 1e-9);
}

// ---------------------------------------------------------------------------------------------------------------
// Q

/// L-19, L-23, C-37, T-21, T-33, H-62, H-64: Q as the sum over all labelings, as the sum over data and labels, and as the
/// average of the complete-data log-likelihood.
#[test]
fn q_over_labelings_is_q_over_labels() {
    for number in 0..60 {
        let family = CovarianceFamily::ALL[number as usize % 4];
        let kind =
            [Kind::Ordinary, Kind::CoincidentMeans, Kind::TinyWeight, Kind::Ties][number as usize / 4 % 4];
        let Case { x, model, .. } = cases::case(kind, family, 5, 3, 2, number);
        let before = model.log_joint(&x).unwrap();
        let mut other = model.clone();
        other.means.add_scalar_mut(0.3);
        let log_joint = other.log_joint(&x).unwrap();
        let r = latent::responsibilities(&before).unwrap();
        let q = latent::expected_log_joint(&r, &log_joint).unwrap();

        let oracle = common::enumeration::enumerate(&before, &log_joint);
        // 3⁵ products of five log joints, of at most some hundred nats each; the weights r are good to γ of |L|.
        let size = log_joint.amax() + before.amax();
        let tolerance = bounds::gamma(300) * 5.0 * size * (1.0 + size);
        assert_within(q, oracle.expected, tolerance);
        let posterior = labelings::posterior(&before).unwrap();
        assert_within(labelings::expected_log_joint(&posterior, &log_joint).unwrap(), q, tolerance);

        // T-38: the same in four terms, and minus the loss.
        let terms = loss::terms_of_q(&other, &x, &r).unwrap();
        assert_within(terms.iter().sum(), q, tolerance);
        assert_within(-loss::loss(&other, &x, &r).unwrap() + terms[3], q, tolerance);
    }
}

/// T-38, C-37: each of the four terms by a naive loop; the first is all that Q has of the weights.
#[test]
fn the_terms_of_q_are_those_of_the_gaussian() {
    for seed in 0..20 {
        let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, 8, 3, 2, seed);
        let r = cases::simplex_rows(8, 3, &mut data::rng(seed));
        let [weights, determinants, distances, constant] = loss::terms_of_q(&model, &x, &r).unwrap();
        let (mut w, mut s, mut v) = (0.0, 0.0, 0.0);
        for i in 0..8 {
            for j in 0..3 {
                let c = &model.covariances[j];
                let determinant = c[(0, 0)] * c[(1, 1)] - c[(0, 1)] * c[(1, 0)];
                let (a, b) = (x[(i, 0)] - model.means[(j, 0)], x[(i, 1)] - model.means[(j, 1)]);
                let distance =
                    (c[(1, 1)] * a * a - 2.0 * c[(0, 1)] * a * b + c[(0, 0)] * b * b) / determinant;
                w += r[(i, j)] * model.weights[j].ln();
                s -= 0.5 * r[(i, j)] * determinant.ln();
                v -= 0.5 * r[(i, j)] * distance;
            }
        }
        // κ ≤ 2d² + 1 = 9 magnifies the rounding of a 2×2 inverse; the sums have 24 terms.
        assert_within(weights, w, bounds::gamma(40) * w.abs());
        assert_within(determinants, s, bounds::gamma(200) * 8.0 * 5.0);
        assert_within(distances, v, bounds::gamma(400) * v.abs());
        assert_eq!(constant, -8.0 * TAU.ln());

        let mut reweighted = model.clone();
        reweighted.weights = dvector![0.2, 0.3, 0.5];
        let other = loss::terms_of_q(&reweighted, &x, &r).unwrap();
        assert_eq!(other[1..], [determinants, distances, constant]);
        assert_ne!(other[0], weights);
    }
    // A component of weight zero without responsibility contributes nothing.
    let model = line_mixture(&[0.0, 1.0], &[5.0, 0.0], &[1.0, 1.0]);
    assert_eq!(loss::terms_of_q(&model, &dmatrix![0.0], &dmatrix![0.0, 1.0]).unwrap()[0], 0.0);
}

/// T-49, T-33: Q of the coins, Σ r [log α_j + x log p_j + (1 − x) log(1 − p_j)].
#[test]
fn q_of_the_coins_has_the_bernoulli_logs() {
    for seed in 0..20 {
        let (model, x) = coins(10, 3, 1, seed);
        let r = cases::simplex_rows(10, 3, &mut data::rng(seed));
        let mut printed = 0.0;
        for i in 0..10 {
            for j in 0..3 {
                let p = model.biases[(j, 0)];
                printed +=
                    r[(i, j)] * (model.weights[j].ln() + x[i] * p.ln() + (1.0 - x[i]) * (1.0 - p).ln());
            }
        }
        let q = latent::expected_log_joint(&r, &model.log_joint(&x).unwrap()).unwrap();
        assert_within(q, printed, bounds::gamma(50) * 10.0 * 5.0);
    }
}

/// T-26, T-30 (as T-E01 to T-E03 correct it): ℓ(θ) − Q(θ | θ^t) = H(q) + KL ≥ 0, at one and the same θ.
#[test]
fn what_q_lacks_of_the_log_likelihood_is_entropy_and_divergence() {
    let mut rng = data::rng(26);
    for State { name, log_joint } in states() {
        let q = random_q(&log_joint, &mut rng);
        let lacking =
            latent::log_likelihood(&log_joint).unwrap() - latent::expected_log_joint(&q, &log_joint).unwrap();
        let parts = bound::entropy(&q).unwrap() + bound::gap(&q, &log_joint).unwrap();
        let tolerance = rounding(&q, &log_joint);
        assert!((lacking - parts).abs() <= tolerance, "{name}");
        assert!(lacking >= -tolerance, "{name}");
    }
}

/// T-39 (T-E16): the derivative of a residual's quadratic form, against dual numbers, symmetric W or not; the printed
/// form −2AᵀW(x − As) is right for symmetric W alone.
#[test]
fn the_residual_form_has_its_derivative() {
    let mut rng = data::rng(39);
    for case in 0..100 {
        let (m, p) = (rng.random_range(1..=4), rng.random_range(1..=4));
        let mut matrix = |rows, columns| DMatrix::from_fn(rows, columns, |_, _| rng.random_range(-2.0..2.0));
        let (x, s, a, mut w) = (matrix(m, 1), matrix(p, 1), matrix(m, p), matrix(m, m));
        if case % 2 == 0 {
            w = &w + w.transpose();
        }
        let (x, s) = (x.column(0).into_owned(), s.column(0).into_owned());
        let derivative = score::residual_form_derivative(&x, &a, &w, &s).unwrap();
        for direction in 0..p {
            let residual: Vec<Dual64> = (0..m)
                .map(|i| {
                    let mut value = Dual64::from(x[i]);
                    for c in 0..p {
                        let mut entry = Dual64::from(s[c]);
                        entry.eps = f64::from(u8::from(c == direction));
                        value -= entry * a[(i, c)];
                    }
                    value
                })
                .collect();
            let mut form = Dual64::from(0.0);
            for i in 0..m {
                for j in 0..m {
                    form += residual[i] * residual[j] * w[(i, j)];
                }
            }
            // m²p products of numbers up to 2 · 4 · 18 in two orders of summation.
            assert_within(derivative[direction], form.eps, bounds::gamma(60) * (16.0 * 4.0 * 2.0 * 18.0));
        }
        let printed = -2.0 * a.transpose() * &w * (&x - &a * &s);
        let error = (printed - derivative).amax();
        if case % 2 == 0 {
            assert!(error < bounds::gamma(60) * 2304.0);
        } else if m > 1 {
            assert!(error > 1e-6, "W is not symmetric, and the printed form cannot be right");
        }
    }
}

// ---------------------------------------------------------------------------------------------------------------
// Tangency

/// Q with frozen responsibilities, generic over the number type.
fn naive_q<D: Number>(naive: &Naive<D>, x: &DMatrix<f64>, r: &DMatrix<f64>) -> D {
    let mut total = D::from(0.0);
    for (i, row) in x.row_iter().enumerate() {
        let datum: Vec<f64> = row.iter().copied().collect();
        for j in (0..r.ncols()).filter(|&j| r[(i, j)] > 0.0) {
            total += naive.log_joint(&datum, j) * r[(i, j)];
        }
    }
    total
}

/// The derivative of that Q in one entry, by dual numbers.
fn slope_of_q(model: &GaussianMixture, x: &DMatrix<f64>, r: &DMatrix<f64>, entry: Entry) -> f64 {
    let mut naive = Naive::<Dual64>::new(model);
    naive.entry(entry).eps = 1.0;
    naive_q(&naive, x, r).eps
}

fn entries(k: usize, d: usize) -> Vec<Entry> {
    let mut entries = Vec::new();
    for j in 0..k {
        entries.push(Entry::Weight(j));
        for a in 0..d {
            entries.push(Entry::Mean(j, a));
            entries.extend((0..d).map(|b| Entry::Covariance(j, a, b)));
        }
    }
    entries
}

/// The library's derivative in that entry: of Q with `r` frozen, and of ℓ.
fn library_slopes(model: &GaussianMixture, x: &DMatrix<f64>, r: &DMatrix<f64>, entry: Entry) -> (f64, f64) {
    match entry {
        Entry::Weight(j) => {
            (score::of_q_in_weights(model, x, r).unwrap()[j], score::in_weights(model, x).unwrap()[j])
        }
        Entry::Mean(j, a) => {
            (score::of_q_in_means(model, x, r).unwrap()[(j, a)], score::in_means(model, x).unwrap()[(j, a)])
        }
        Entry::Covariance(j, a, b) => (
            score::of_q_in_covariances(model, x, r).unwrap()[j][(a, b)],
            score::in_covariances(model, x).unwrap()[j][(a, b)],
        ),
    }
}

/// H-64: Fisher's identity. With r taken at θ, the gradient of Q(· | θ) at θ is that of ℓ, in every entry of means,
/// covariances and weights: library and dual numbers of a naive Q and a naive ℓ, all four alike to 10⁻¹⁰.
#[test]
fn the_bound_touches_with_the_slope_of_the_log_likelihood() {
    for family in CovarianceFamily::ALL {
        for seed in 0..12 {
            let kind = [Kind::Ordinary, Kind::CoincidentMeans, Kind::TinyWeight][seed as usize % 3];
            let Case { x, model, .. } = cases::case(kind, family, 12, 3, 2, seed);
            let r = model.responsibilities(&x).unwrap();
            for entry in entries(model.k(), model.d()) {
                let of_log_likelihood = naive::derivative(&model, &x, entry);
                let of_q = slope_of_q(&model, &x, &r, entry);
                let (library_q, library) = library_slopes(&model, &x, &r, entry);
                // Slopes reach hundreds; their sums have n = 12 terms, and κ ≤ 2d² + 1 magnifies each: a few 10⁻¹².
                for slope in [of_q, library_q, library] {
                    assert_within(slope, of_log_likelihood, 1e-10 * of_log_likelihood.abs().max(1.0));
                }
            }
        }
    }
}

/// H-64 for the other models: one free mean, soft k-means, and coins.
#[test]
fn the_slopes_agree_for_every_model() {
    for seed in 0..12 {
        let (only, x) = only_mean(seed);
        let r = latent::responsibilities(&only.log_joint(&x).unwrap()).unwrap();
        let entry = Entry::Mean(only.component, 0);
        let slope = naive::derivative(&only.mixture, &x, entry);
        assert_within(slope_of_q(&only.mixture, &x, &r, entry), slope, 1e-10 * slope.abs().max(1.0));

        let (soft, x) = soft_kmeans(seed);
        let r = soft.responsibilities(&x).unwrap();
        let mixture = soft.mixture().unwrap();
        for entry in (0..3).flat_map(|j| [Entry::Weight(j), Entry::Mean(j, 0), Entry::Mean(j, 1)]) {
            let slope = naive::derivative(&mixture, &x, entry);
            assert_within(slope_of_q(&mixture, &x, &r, entry), slope, 1e-10 * slope.abs().max(1.0));
        }

        let (model, x) = coins(12, 3, 4, seed);
        let r = latent::responsibilities(&model.log_joint(&x).unwrap()).unwrap();
        for j in 0..3 {
            for c in 0..4 {
                let (log_likelihood, q) = naive_coins(&model, &x, &r, j, c);
                assert_within(q.eps, log_likelihood.eps, 1e-10 * log_likelihood.eps.abs().max(1.0));
            }
        }
    }
}

/// ℓ and Q of the coins with frozen r, dual in the bias of coin c of set j.
fn naive_coins(
    model: &BernoulliMixture,
    x: &DMatrix<f64>,
    r: &DMatrix<f64>,
    j: usize,
    c: usize,
) -> (Dual64, Dual64) {
    let (mut log_likelihood, mut q) = (Dual64::from(0.0), Dual64::from(0.0));
    for i in 0..x.nrows() {
        let mut density = Dual64::from(0.0);
        for l in 0..model.biases.nrows() {
            let mut joint = Dual64::from(model.weights[l]);
            for flip in 0..x.ncols() {
                let mut p = Dual64::from(model.biases[(l, flip)]);
                p.eps = f64::from(u8::from((l, flip) == (j, c)));
                joint *= if x[(i, flip)] == 1.0 { p } else { -p + 1.0 };
            }
            density += joint;
            q += num_dual::DualNum::ln(&joint) * r[(i, l)];
        }
        log_likelihood += num_dual::DualNum::ln(&density);
    }
    (log_likelihood, q)
}

/// Where Fisher's identity ends: at a weight of exactly zero Q is blind (0 · log 0 = 0 whatever the weight would become),
/// while ℓ has a slope.
#[test]
fn at_a_weight_of_zero_q_does_not_see_the_slope() {
    let (model, x) = (line_mixture(&[0.0, 1.0], &[2.0, 0.0], &[1.0, 1.0]), dmatrix![1.5; 2.5]);
    let r = model.responsibilities(&x).unwrap();
    assert_eq!(score::of_q_in_weights(&model, &x, &r).unwrap()[0], 0.0);
    let slope = naive::derivative(&model, &x, Entry::Weight(0));
    assert!(slope > 2.0);
    assert_within(score::in_weights(&model, &x).unwrap()[0], slope, 1e-12 * slope);
}

/// The model of the figures: a wide known component about 0 and one of standard deviation 1.2 whose mean θ is free.
fn two_hills(mean: f64) -> OnlyMean {
    OnlyMean::new(line_mixture(&[0.5, 0.5], &[0.0, mean], &[16.0, 1.44]), 1).expect("the test's own model")
}

fn two_hills_data() -> DMatrix<f64> {
    column(&[-3.4, -2.9, -2.5, 1.8, 2.6, 3.0, 3.2, 3.9])
}

/// C-21, C-22, C-23: below ℓ(θ) lie the bounds of three q; that of the posterior at θ^t touches at θ^t and nowhere else, in
/// value and slope; its maximum is the M step; the next one touches there.
#[test]
fn the_story_of_the_three_pictures_is_true() {
    let x = two_hills_data();
    let thetas: Vec<f64> = (-120..=120).map(|i| 0.05 * f64::from(i)).collect();
    let models: Vec<OnlyMean> = thetas.iter().map(|&theta| two_hills(theta)).collect();
    let current = two_hills(0.3);
    let posterior = latent::responsibilities(&current.log_joint(&x).unwrap()).unwrap();
    let tolerance = rounding(&posterior, &current.log_joint(&x).unwrap());

    let half = DMatrix::from_element(8, 2, 0.5);
    let sided = DMatrix::from_fn(8, 2, |i, j| if (i < 3) == (j == 1) { 0.9 } else { 0.1 });
    for q in [&half, &sided] {
        let least =
            ascent::along(&models, &x, q).unwrap().iter().map(|(l, f)| l - f).fold(f64::INFINITY, f64::min);
        assert!(least > 0.5, "this q is nowhere the posterior: {least}");
    }
    let curves = ascent::along(&models, &x, &posterior).unwrap();
    for (model, (theta, (l, f))) in models.iter().zip(thetas.iter().zip(&curves)) {
        let log_joint = model.log_joint(&x).unwrap();
        assert_eq!(
            (*l, *f),
            (
                latent::log_likelihood(&log_joint).unwrap(),
                bound::lower_bound(&posterior, &log_joint).unwrap()
            )
        );
        assert!(f <= &(l + tolerance));
        assert!((theta - 0.3).abs() < 1e-9 || l - f > 1e-4, "touches at {theta}, too");
    }
    // Value and slope at θ^t.
    let here = ascent::along(std::slice::from_ref(&current), &x, &posterior).unwrap()[0];
    assert_within(here.0, here.1, tolerance);
    let slope = naive::derivative(&current.mixture, &x, Entry::Mean(1, 0));
    assert_within(score::of_q_in_means(&current.mixture, &x, &posterior).unwrap()[1], slope, 1e-10);
    assert!(slope > 1.0, "a real slope: {slope}");

    // The maximum of the touching bound over the grid is the M step, to half a step of the grid.
    let next = current.maximize(&x, &posterior).unwrap();
    let highest = (0..thetas.len()).max_by(|&a, &b| curves[a].1.total_cmp(&curves[b].1)).unwrap();
    assert!((thetas[highest] - next.parameters()[0]).abs() <= 0.025 + 1e-9);
    assert_eq!(next.mixture.means[0], 0.0);
    // ℓ(θ^t) < F at its maximum < ℓ(θ^{t+1}), and the new bound touches.
    let there = ascent::along(std::slice::from_ref(&next), &x, &posterior).unwrap()[0];
    assert!(here.0 + 0.5 < there.1 && there.1 + 0.05 < there.0);
    let regap = bound::gap(
        &latent::responsibilities(&next.log_joint(&x).unwrap()).unwrap(),
        &next.log_joint(&x).unwrap(),
    );
    assert_within(regap.unwrap(), 0.0, tolerance);
}

// ---------------------------------------------------------------------------------------------------------------
// Coordinate ascent

/// Everything a trace must be, each step to `fall(before, after)`, a bound on what rounding may take from F in an M step.
fn check_trace<M: Model + std::fmt::Debug>(
    name: &str,
    trace: &[HalfStep<M>],
    x: &DMatrix<f64>,
    fall: impl Fn(&HalfStep<M>, &HalfStep<M>) -> Option<f64>,
) -> usize {
    let mut checked = 0;
    for state in trace {
        let log_joint = state.model.log_joint(x).unwrap();
        let tolerance = rounding(&state.q, &log_joint);
        assert_eq!(state.lower_bound, bound::lower_bound(&state.q, &log_joint).unwrap());
        assert_eq!(state.log_likelihood, latent::log_likelihood(&log_joint).unwrap());
        assert!((state.lower_bound + state.gap - state.log_likelihood).abs() <= tolerance, "{name}");
    }
    for pair in trace.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        let tolerance = rounding(&before.q, &before.model.log_joint(x).unwrap())
            + rounding(&after.q, &after.model.log_joint(x).unwrap());
        match after.moved {
            Coordinate::Distribution => {
                // The bound rises to ℓ, by the gap that there was; θ and ℓ stay.
                assert_eq!(before.moved, Coordinate::Parameters);
                assert_eq!(before.log_likelihood, after.log_likelihood, "{name}");
                assert!((after.lower_bound - before.lower_bound - before.gap).abs() <= tolerance, "{name}");
                assert!(
                    (after.log_likelihood - after.lower_bound).abs() <= tolerance
                        && after.gap.abs() <= tolerance
                );
            }
            Coordinate::Parameters => {
                assert_eq!(before.moved, Coordinate::Distribution);
                assert_eq!(before.q, after.q);
                let Some(fall) = fall(before, after) else { continue };
                let allowed = fall + tolerance;
                assert!(
                    after.lower_bound >= before.lower_bound - allowed,
                    "{name}: F fell by more than {allowed:e}"
                );
                let (of_l, of_f) =
                    (after.log_likelihood - before.log_likelihood, after.lower_bound - before.lower_bound);
                assert!(of_l >= of_f - allowed, "{name}: ℓ rose by {of_l}, F by {of_f}");
            }
        }
        checked += 1;
    }
    checked
}

/// C-09, C-16, C-17, B-11, B-15, B-16, C-03, C-04, C-E04: F climbs half step by half step from a random q, for the Gaussian
/// mixture in four families on all hard kinds. An E step raises F by exactly the gap and leaves ℓ; an M step raises both.
#[test]
fn coordinate_ascent_climbs_for_gaussian_mixtures() {
    let (mut checked, mut climbed) = (0, 0);
    for family in CovarianceFamily::ALL {
        for number in 0..40 {
            let Case { kind, x, model } = cases::numbered(number, family);
            let q = random_q(&model.log_joint(&x).unwrap(), &mut data::rng(number));
            // As many components as data collapse sooner or later: the trace then ends in an error, as it should.
            let Ok(trace) = ascent::coordinate_ascent(&model, &x, &q, 3) else { continue };
            assert_eq!(trace.len(), 7);
            assert_eq!((&trace[0].q, &trace[0].model), (&q, &model));
            let fall = |before: &HalfStep<GaussianMixture>, after: &HalfStep<GaussianMixture>| {
                // `sweep_fall` bounds what the rounding of E and M step costs; F takes its own log joints, weighted by q.
                let evaluation = |model: &GaussianMixture| {
                    bounds::log_joint_error(model, &x).component_mul(&before.q).sum()
                };
                Some(
                    bounds::sweep_fall(&before.model, &after.model, &x)?
                        + evaluation(&before.model)
                        + evaluation(&after.model),
                )
            };
            checked += check_trace(&format!("{family:?}, {kind:?}, case {number}"), &trace, &x, fall);
            climbed += usize::from(trace[6].lower_bound > trace[1].lower_bound + 1e-3);
        }
    }
    assert!(checked > 600, "only {checked} half steps were checked");
    assert!(climbed > 80, "only {climbed} traces climbed");
}

/// C-09, C-17, B-11, C-20 for the models with other M steps: soft k-means, one free mean, coins.
#[test]
fn coordinate_ascent_climbs_for_every_other_model() {
    for seed in 0..20 {
        // Their M steps are weighted averages, good to γ(n + 2); F is flat there, so the error costs its square only,
        // below 10⁻²⁵. What is left is the evaluation of log joints of at most some hundred nats, n = 15 or 12 of them.
        let size = |q: &DMatrix<f64>, log_joint: DMatrix<f64>| {
            bounds::gamma(12) * 2.0 * (q.component_mul(&log_joint).abs().sum() + 100.0)
        };
        let (soft, x) = soft_kmeans(seed);
        let q = cases::simplex_rows(15, 3, &mut data::rng(seed));
        let trace = ascent::coordinate_ascent(&soft, &x, &q, 5).unwrap();
        let fall = |b: &HalfStep<SoftKMeans>, a: &HalfStep<SoftKMeans>| {
            Some(size(&b.q, b.model.log_joint(&x).unwrap()) + size(&a.q, a.model.log_joint(&x).unwrap()))
        };
        assert_eq!(check_trace("soft k-means", &trace, &x, fall), 10);

        let (only, x) = only_mean(seed);
        let q = cases::simplex_rows(15, 2, &mut data::rng(seed));
        let trace = ascent::coordinate_ascent(&only, &x, &q, 5).unwrap();
        let fall = |b: &HalfStep<OnlyMean>, a: &HalfStep<OnlyMean>| {
            Some(size(&b.q, b.model.log_joint(&x).unwrap()) + size(&a.q, a.model.log_joint(&x).unwrap()))
        };
        assert_eq!(check_trace("one mean", &trace, &x, fall), 10);
        let held = 1 - only.component;
        assert_eq!(trace[10].model.mixture.means[held], only.mixture.means[held]);
        assert_eq!(trace[10].model.mixture.covariances, only.mixture.covariances);

        let (model, x) = coins(12, 3, 4, seed);
        let q = cases::simplex_rows(12, 3, &mut data::rng(seed));
        let trace = ascent::coordinate_ascent(&model, &x, &q, 5).unwrap();
        let fall = |b: &HalfStep<BernoulliMixture>, a: &HalfStep<BernoulliMixture>| {
            let finite =
                |m: &BernoulliMixture| m.log_joint(&x).unwrap().map(|l| if l.is_finite() { l } else { 0.0 });
            Some(size(&b.q, finite(&b.model)) + size(&a.q, finite(&a.model)))
        };
        assert_eq!(check_trace("coins", &trace, &x, fall), 10);
    }
}

/// H-60, H-63, B-11, C-24: two half steps are one sweep of EM, bit for bit, whatever q the ascent began with.
#[test]
fn two_half_steps_are_a_sweep() {
    let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, 20, 3, 2, 60);
    for seed in 0..3 {
        let q = cases::simplex_rows(20, 3, &mut data::rng(seed));
        let trace = ascent::coordinate_ascent(&model, &x, &q, 2).unwrap();
        assert_eq!(trace[1].q, model.responsibilities(&x).unwrap());
        assert_eq!(trace[2].model, em::sweep(&model, &x).unwrap());
        assert_eq!(trace[4].model, em::sweep(&trace[2].model, &x).unwrap());
    }
    let none =
        ascent::coordinate_ascent(&model, &x, &cases::simplex_rows(20, 3, &mut data::rng(9)), 0).unwrap();
    assert_eq!(none.len(), 1);
}

/// C-04, C-20, H-60, H-64, L-11, T-31: the M step maximises Q, and with it F(q, ·), for any q. The score of Q vanishes
/// there, and 200 perturbations never raise it.
#[test]
fn the_m_step_is_the_maximum_of_q_in_the_parameters() {
    let mut rng = data::rng(20);
    for seed in 0..10 {
        let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, 30, 2, 2, seed);
        let q = cases::simplex_rows(30, 2, &mut rng);
        let best = model.maximize(&x, &q).unwrap();
        let value = latent::expected_log_joint(&q, &best.log_joint(&x).unwrap()).unwrap();
        // Scores are sums of 30 terms of a few units (σ ≈ 3), zero up to their rounding and that of the averages.
        assert!(score::of_q_in_means(&best, &x, &q).unwrap().amax() < 1e-11);
        for derivative in score::of_q_in_covariances(&best, &x, &q).unwrap() {
            assert!(derivative.amax() < 1e-10);
        }
        // On the simplex all derivatives in the weights are equal, to n.
        let in_weights = score::of_q_in_weights(&best, &x, &q).unwrap();
        assert!(in_weights.iter().all(|slope| (slope - 30.0).abs() < 1e-12 * 30.0));

        for _ in 0..200 {
            let size = 10_f64.powf(rng.random_range(-4.0..0.0));
            let mut other = best.clone();
            other.means += DMatrix::from_fn(2, 2, |_, _| size * rng.random_range(-1.0..1.0));
            for covariance in &mut other.covariances {
                let stretch = DMatrix::identity(2, 2)
                    + DMatrix::from_fn(2, 2, |_, _| 0.5 * size * rng.random_range(-1.0..1.0));
                let stretched = &stretch * &*covariance * stretch.transpose();
                *covariance = (&stretched + stretched.transpose()) * 0.5;
            }
            let shift = 0.1 * size * rng.random_range(-1.0..1.0);
            let weight = (other.weights[0] + shift).clamp(0.01, 0.99);
            other.weights = dvector![weight, 1.0 - weight];
            let log_joint = other.log_joint(&x).unwrap();
            let perturbed = latent::expected_log_joint(&q, &log_joint).unwrap();
            assert!(perturbed <= value + 1e-11, "{perturbed} > {value}"); // 60 terms of some ten nats: rounding 10⁻¹²
            let (f, at_best) =
                (bound::lower_bound(&q, &log_joint), bound::lower_bound(&q, &best.log_joint(&x).unwrap()));
            assert!(f.unwrap() <= at_best.unwrap() + 1e-11);
        }
        // The perturbations were large enough to matter.
        let mut moved = best.clone();
        moved.means[(0, 0)] += 0.1;
        assert!(latent::expected_log_joint(&q, &moved.log_joint(&x).unwrap()).unwrap() < value - 1e-3);
    }
}

/// T-24, T-E03, H-52: ℓ(θ) − ℓ(θ^t) ≥ Q(θ | θ^t) − Q(θ^t | θ^t) for 300 random θ, not only maximisers, with a slack that is
/// the divergence between the two posteriors.
#[test]
fn the_log_likelihood_rises_at_least_as_much_as_q() {
    let mut smallest = f64::INFINITY;
    for seed in 0..300 {
        let family = CovarianceFamily::ALL[seed as usize % 4];
        let Case { x, model: before, .. } = cases::case(Kind::Ordinary, family, 10, 3, 2, seed);
        let Case { model: after, .. } = cases::case(Kind::Ordinary, family, 10, 3, 2, 1000 + seed);
        let (old, new) = (before.log_joint(&x).unwrap(), after.log_joint(&x).unwrap());
        let (of_l, of_q) = ascent::rises(&new, &old).unwrap();
        let r = latent::responsibilities(&old).unwrap();
        let tolerance = 2.0 * (rounding(&r, &old) + rounding(&r, &new));
        let slack = bound::gap(&r, &new).unwrap();
        assert_within(of_l - of_q, slack, tolerance);
        assert!(of_l >= of_q - tolerance);
        // Both rises, by the naive mixture and a loop.
        let naive_rise = naive::log_likelihood(&after, &x) - naive::log_likelihood(&before, &x);
        let error = bounds::gaussian_log_likelihood_error(&before, &x)
            + bounds::gaussian_log_likelihood_error(&after, &x);
        assert_within(of_l, naive_rise, 2.0 * error);
        let q_rise =
            naive_q(&Naive::<f64>::new(&after), &x, &r) - naive_q(&Naive::<f64>::new(&before), &x, &r);
        assert_within(of_q, q_rise, 2.0 * error + tolerance);
        smallest = smallest.min(slack);
    }
    assert!(smallest > 0.0, "no two of the random θ share their posteriors");
    let same = dmatrix![-1.0, -2.0];
    assert_eq!(ascent::rises(&same, &same).unwrap(), (0.0, 0.0));
}

/// B-16, B-15: log p_θ'(x) ≥ F(q', θ') ≥ F(q', θ) = log p_θ(x), with θ' from the M step; both inequalities are strict away
/// from a fixed point.
#[test]
fn the_chain_of_inequalities_holds() {
    let x = data::old_faithful();
    let start =
        executable_em::gaussian_mixture::random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(4))
            .unwrap();
    let (old, q) = (start.log_joint(&x).unwrap(), start.responsibilities(&x).unwrap());
    let new = em::sweep(&start, &x).unwrap().log_joint(&x).unwrap();
    let chain = [
        latent::log_likelihood(&new).unwrap(),
        bound::lower_bound(&q, &new).unwrap(),
        bound::lower_bound(&q, &old).unwrap(),
    ];
    assert!(chain[0] > chain[1] + 0.1 && chain[1] > chain[2] + 0.1, "{chain:?}");
    assert_within(chain[2], latent::log_likelihood(&old).unwrap(), rounding(&q, &old));
}

// ---------------------------------------------------------------------------------------------------------------
// The problem, and known labels

/// H-58, H-59, H-65: ℓ is the log of a sum over the labels. Known labels give the maximum in one step; unknown ones do not:
/// after one M step the score of ℓ is not zero, because the responsibilities have moved.
#[test]
fn a_sum_inside_the_log_blocks_a_closed_form() {
    let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, 12, 2, 1, 58);
    let log_joint = model.log_joint(&x).unwrap();
    // H-58: Σ_z p(x, z | θ) over all 2¹² labelings; 4096 terms, each with 12 log joints of a few nats.
    let by_sum = latent::log_sum_exp(labelings::log_joints(&log_joint).unwrap().iter().copied());
    assert_within(by_sum, latent::log_likelihood(&log_joint).unwrap(), bounds::gamma(4200) * 12.0 * 10.0);

    let labels: Vec<usize> = (0..12).map(|i| i % 2).collect();
    let known = complete::maximum_likelihood(&model, &x, &labels, 2).unwrap();
    let again = complete::maximum_likelihood(&known, &x, &labels, 2).unwrap();
    assert_eq!(known, again, "no iteration");
    let one_hot = complete::one_hot(&labels, 2).unwrap();
    assert!(score::of_q_in_means(&known, &x, &one_hot).unwrap().amax() < 1e-12);

    let next = em::sweep(&model, &x).unwrap();
    let frozen = model.responsibilities(&x).unwrap();
    assert!(score::of_q_in_means(&next, &x, &frozen).unwrap().amax() < 1e-12);
    assert!(score::in_means(&next, &x).unwrap().amax() > 1e-2);
    assert_ne!(em::sweep(&next, &x).unwrap(), next);
}

/// C-25 (as C-E09 corrects it): where the ascent ends depends on the hill on which it began; the lower top is a local
/// maximum, where the score vanishes and a step to either side loses.
#[test]
fn the_ascent_may_end_on_the_lower_hill() {
    let x = two_hills_data();
    let end = |from: f64| em::fit(two_hills(from), &x, &em::Stopping::default()).unwrap();
    let (left, right) = (end(-0.6), end(0.3));
    assert!(left.log_likelihood() < right.log_likelihood() - 2.0);
    for fit in [left, right] {
        let top = fit.model();
        // ℓ is within 10⁻⁹ of its top, and the curvature there is of order one: the score is below √10⁻⁹ times a few.
        assert!(naive::derivative(&top.mixture, &x, Entry::Mean(1, 0)).abs() < 1e-3);
        for aside in [-0.1, 0.1] {
            let moved = two_hills(top.parameters()[0] + aside).log_joint(&x).unwrap();
            assert!(latent::log_likelihood(&moved).unwrap() < fit.log_likelihood() - 1e-3);
        }
    }
}

/// H-61: the loop may watch ℓ or θ; both rules end at the same maximum, and the cap ends it unfinished.
#[test]
fn both_rules_of_convergence_stop() {
    let x = two_hills_data();
    let by = |tolerance| em::fit(two_hills(0.3), &x, &em::Stopping { tolerance, max_sweeps: 1000 }).unwrap();
    let (on_l, on_theta) = (by(em::Tolerance::LogLikelihood(1e-13)), by(em::Tolerance::Parameters(1e-9)));
    assert_eq!((on_l.stopped, on_theta.stopped), (em::Stopped::Converged, em::Stopped::Converged));
    assert!((on_l.model().parameters()[0] - on_theta.model().parameters()[0]).abs() < 1e-5);
    let capped = em::fit(
        two_hills(0.3),
        &x,
        &em::Stopping { tolerance: em::Tolerance::Parameters(0.0), max_sweeps: 2 },
    );
    assert_eq!(capped.unwrap().stopped, em::Stopped::MaxSweeps);
}

// ---------------------------------------------------------------------------------------------------------------
// Errata, with the number that decides

/// C-E03, T-E04: q is no prior. The model's own prior p(z) may stand for q, but then the bound has a gap, the divergence of
/// the prior from the posterior, and its entropy moves with the weights. The posterior closes the gap.
#[test]
fn the_prior_in_the_place_of_q_leaves_a_gap() {
    let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, 40, 3, 2, 3);
    let log_joint = model.log_joint(&x).unwrap();
    let prior = |weights: &DVector<f64>| DMatrix::from_fn(40, 3, |_, j| weights[j]);
    let r = latent::responsibilities(&log_joint).unwrap();
    let gap = bound::gap(&prior(&model.weights), &log_joint).unwrap();
    assert!(gap > 40.0, "{gap}: a nat and more for each datum");
    assert_within(
        gap,
        bound::kl_divergence(&prior(&model.weights), &r).unwrap(),
        2.0 * rounding(&prior(&model.weights), &log_joint),
    );
    assert!(bound::gap(&r, &log_joint).unwrap().abs() <= rounding(&r, &log_joint));
    // The entropy of a prior is n H(π): it depends on θ, where that of a free q does not.
    let entropies = [dvector![1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0], dvector![0.2, 0.3, 0.5]]
        .map(|w| bound::entropy(&prior(&w)).unwrap());
    assert_printed(entropies[0], "43.944"); // 40 ln 3: the catalogue's 43.94 for w = ⅓
    assert!(entropies[0] - entropies[1] > 1.0);
}

/// C-E04: the E step raises the bound, by its gap, and never the likelihood, which has no q in it.
#[test]
fn the_e_step_raises_the_bound_not_the_likelihood() {
    let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, 40, 3, 2, 4);
    let trace =
        ascent::coordinate_ascent(&model, &x, &cases::simplex_rows(40, 3, &mut data::rng(4)), 1).unwrap();
    assert_eq!(trace[1].log_likelihood - trace[0].log_likelihood, 0.0);
    let rise = trace[1].lower_bound - trace[0].lower_bound;
    assert!(rise > 40.0, "{rise}");
    assert_within(rise, trace[0].gap, 2.0 * rounding(&trace[0].q, &model.log_joint(&x).unwrap()));
}

/// C-E18: q = p(z | x, θ*) makes the bound tight at θ*, not at any θ.
#[test]
fn the_bound_is_tight_at_one_theta_only() {
    let x = two_hills_data();
    let q = latent::responsibilities(&two_hills(0.3).log_joint(&x).unwrap()).unwrap();
    let gap = |theta: f64| bound::gap(&q, &two_hills(theta).log_joint(&x).unwrap()).unwrap();
    assert!(gap(0.3).abs() <= rounding(&q, &two_hills(0.3).log_joint(&x).unwrap()));
    assert!(gap(1.3) > 0.4 && gap(-0.7) > 0.4, "{} {}", gap(1.3), gap(-0.7));
}

/// T-E01: ℓ(θ^t) ≥ Q(θ | θ^t) as printed, with two different θ, is false: −31.45 < −5.79. With one θ on both sides it holds.
#[test]
fn the_log_likelihood_at_the_old_theta_bounds_nothing_at_the_new() {
    let x = column(&[-5.0, -4.0, 4.0, 5.0]);
    let old = line_mixture(&[0.5, 0.5], &[-1.0, 1.0], &[1.0, 1.0]);
    let new = em::sweep(&old, &x).unwrap();
    let r = old.responsibilities(&x).unwrap();
    let q = latent::expected_log_joint(&r, &new.log_joint(&x).unwrap()).unwrap();
    let (at_old, at_new) = (old.log_likelihood(&x).unwrap(), new.log_likelihood(&x).unwrap());
    assert_printed(at_old, "-31.45");
    assert_printed(q, "-5.79");
    assert!(at_old < q, "the printed inequality fails");
    assert!(at_new >= q, "the right one holds");
}

/// T-E02, T-30: where z is continuous its entropy can be negative, and then Q exceeds ℓ: −0.888 > −3.554 for
/// z ~ N(0, 1), x | z ~ N(z, 0.01). F = Q + H is a bound all the same. Checked against quadrature.
#[test]
fn for_a_continuous_latent_variable_q_is_no_bound() {
    let (x, noise) = (dvector![0.3, -0.7, 1.0], 0.01);
    let (means, variance) = continuous::posterior(&x, noise).unwrap();
    let log_likelihood = continuous::log_likelihood(&x, noise).unwrap();
    let q = continuous::expected_log_joint(&x, noise, &means, variance).unwrap();
    let entropy = continuous::entropy(3, variance).unwrap();
    assert_printed(log_likelihood, "-3.554");
    assert_printed(q, "-0.888");
    assert_printed(entropy, "-2.666");
    assert!(q > log_likelihood, "the printed F ≥ Q fails");
    assert_within(q + entropy, log_likelihood, bounds::gamma(40) * 20.0);

    // The integrals by the trapezoid rule, whose aliasing at a step of 0.05 is exp(−2π²·0.0099/0.05²) < e⁻⁷⁸; ±9 holds
    // all but 10⁻¹⁸ of a standard normal.
    let normal = |z: f64, mean: f64, variance: f64| {
        (-0.5 * (z - mean).powi(2) / variance).exp() / (TAU * variance).sqrt()
    };
    let step = 0.05;
    let grid: Vec<f64> = (-180..=180).map(|i| step * f64::from(i)).collect();
    let (mut l, mut expected, mut h, mut f_elsewhere) = (0.0, 0.0, 0.0, 0.0);
    for (&x, &mean) in x.iter().zip(&means) {
        let joint = |z: f64| normal(z, 0.0, 1.0) * normal(x, z, noise);
        let log_joint = |z: f64| -0.5 * (z * z + (x - z).powi(2) / noise) - 0.5 * (TAU * TAU * noise).ln();
        let posterior = |z: f64| normal(z, mean, variance);
        let integral = |g: &dyn Fn(f64) -> f64| step * grid.iter().map(|&z| g(z)).sum::<f64>();
        let log_normal = |z: f64, m: f64, v: f64| -0.5 * ((z - m).powi(2) / v + (TAU * v).ln());
        l += integral(&joint).ln();
        expected += integral(&|z| posterior(z) * log_joint(z));
        h -= integral(&|z| posterior(z) * log_normal(z, mean, variance));
        f_elsewhere += integral(&|z| normal(z, 0.5, 0.04) * (log_joint(z) - log_normal(z, 0.5, 0.04)));
    }
    for (by_formula, by_quadrature) in [(log_likelihood, l), (q, expected), (entropy, h)] {
        assert_within(by_formula, by_quadrature, 1e-11); // 361 terms, exponents up to 10⁴ · ½ with their ulps
    }
    // Another q: lower, by the formula as by quadrature.
    let elsewhere = continuous::expected_log_joint(&x, noise, &DVector::from_element(3, 0.5), 0.04).unwrap()
        + continuous::entropy(3, 0.04).unwrap();
    assert_within(elsewhere, f_elsewhere, 1e-10);
    assert!(elsewhere < log_likelihood);

    // The turning point is a variance of 1/2πe = .0585.
    let threshold = 1.0 / (TAU * E);
    assert_printed(threshold, "0.0585");
    assert_within(continuous::entropy(7, threshold).unwrap(), 0.0, bounds::gamma(8) * 7.0);
    let exceeds = |noise: f64| {
        let (means, variance) = continuous::posterior(&x, noise).unwrap();
        let q = continuous::expected_log_joint(&x, noise, &means, variance).unwrap();
        (variance < threshold, q > continuous::log_likelihood(&x, noise).unwrap())
    };
    assert_eq!(
        [0.05, 0.062, 0.0625, 0.2].map(exceeds),
        [(true, true), (true, true), (false, false), (false, false)]
    );
    assert_within(continuous::entropy(1, 1.0).unwrap(), 0.5 * (2.0 * PI * E).ln(), bounds::gamma(6));
}

/// T-E03: ℓ ≥ Q alone does not make ℓ rise with Q. Two curves with ℓ ≥ Q everywhere, Q rising and ℓ falling: nothing in
/// the inequality forbids it; the ascent inequality does.
#[test]
fn lying_above_q_is_not_rising_with_q() {
    // Q of the *wrong* responsibilities: uniform ones. ℓ ≥ Q holds, and yet a step can raise this Q and lower ℓ.
    let x = two_hills_data();
    let wrong = DMatrix::from_element(8, 2, 0.5);
    let value = |theta: f64| {
        let log_joint = two_hills(theta).log_joint(&x).unwrap();
        (latent::log_likelihood(&log_joint).unwrap(), latent::expected_log_joint(&wrong, &log_joint).unwrap())
    };
    let (from, to) = (value(2.93), value(1.0));
    assert!(from.0 >= from.1 && to.0 >= to.1);
    assert!(to.1 > from.1 + 0.1 && to.0 < from.0 - 0.1, "Q rose, ℓ fell: {from:?} {to:?}");
}

/// H-E19, T-E05: the posterior must be frozen. Maximising Σ_z p(z | x, θ) log p(x, z | θ) with one θ in both places is
/// maximising ℓ − H, whose maximiser is another one: it prefers parameters that leave no doubt about the labels.
#[test]
fn an_unfrozen_posterior_moves_the_maximum() {
    // Two components that overlap: N(0, 1) known, N(θ, 1) with a free mean.
    let x = column(&[-1.2, -0.4, 0.1, 0.6, 1.3, 1.9]);
    let at = |theta: f64| OnlyMean::new(line_mixture(&[0.5, 0.5], &[0.0, theta], &[1.0, 1.0]), 1).unwrap();
    let thetas: Vec<f64> = (0..=600).map(|i| 0.01 * f64::from(i)).collect();
    let (mut log_likelihoods, mut unfrozen, mut entropies) = (Vec::new(), Vec::new(), Vec::new());
    for &theta in &thetas {
        let log_joint = at(theta).log_joint(&x).unwrap();
        let r = latent::responsibilities(&log_joint).unwrap();
        log_likelihoods.push(latent::log_likelihood(&log_joint).unwrap());
        unfrozen.push(latent::expected_log_joint(&r, &log_joint).unwrap());
        entropies.push(bound::entropy(&r).unwrap());
        let difference = log_likelihoods.last().unwrap() - entropies.last().unwrap();
        assert_within(*unfrozen.last().unwrap(), difference, rounding(&r, &log_joint));
    }
    let argmax =
        |values: &[f64]| thetas[(0..values.len()).max_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap()];
    let (of_l, of_unfrozen) = (argmax(&log_likelihoods), argmax(&unfrozen));
    assert!((of_unfrozen - of_l - 0.91).abs() < 0.02, "0.75 and 1.66: {of_l} {of_unfrozen}");
    let range = entropies.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), &h| (low.min(h), high.max(h)));
    assert!(range.1 - range.0 > 3.0, "the entropy of a posterior that follows θ depends on θ: {range:?}");
    // Frozen at the maximum of ℓ, Q has its maximum there: the fixed point of EM.
    let frozen = latent::responsibilities(&at(of_l).log_joint(&x).unwrap()).unwrap();
    assert!((at(of_l).maximize(&x, &frozen).unwrap().parameters()[0] - of_l).abs() < 0.01);
}

/// B-E12: the M step maximises the bound, not the likelihood: after it ℓ is still below its limit, and has a slope.
#[test]
fn the_m_step_does_not_maximise_the_likelihood() {
    let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Spherical, 40, 3, 2, 12);
    let next = em::sweep(&model, &x).unwrap();
    let r = model.responsibilities(&x).unwrap();
    assert!(score::of_q_in_means(&next, &x, &r).unwrap().amax() < 1e-11, "a maximum of the bound");
    assert!(score::in_means(&next, &x).unwrap().amax() > 0.1, "not one of ℓ");
    let limit = em::fit(model, &x, &em::Stopping::default()).unwrap().log_likelihood();
    assert!(next.log_likelihood(&x).unwrap() < limit - 0.1);
}

// ---------------------------------------------------------------------------------------------------------------
// What is refused

#[test]
fn what_is_no_distribution_is_refused() {
    let log_joint = dmatrix![-1.0, -2.0];
    let too_much = dmatrix![0.5, 0.6];
    let simplex = |error: Error| assert!(matches!(error, Error::NotOnSimplex { .. }), "{error:?}");
    let shape = |error: Error| assert!(matches!(error, Error::Shape { .. }), "{error:?}");
    let finite = |error: Error| assert!(matches!(error, Error::NotFinite { .. }), "{error:?}");
    let domain = |error: Error| assert!(matches!(error, Error::Domain { .. }), "{error:?}");
    simplex(bound::entropy(&too_much).unwrap_err());
    simplex(bound::lower_bound(&too_much, &log_joint).unwrap_err());
    simplex(bound::gap(&too_much, &log_joint).unwrap_err());
    simplex(bound::integrand(&too_much, &log_joint).unwrap_err());
    simplex(bound::kl_divergence(&too_much, &dmatrix![0.5, 0.5]).unwrap_err());
    simplex(bound::kl_divergence(&dmatrix![0.5, 0.5], &too_much).unwrap_err());
    simplex(correlated::factorised(&too_much).unwrap_err());
    simplex(correlated::entropy(&dvector![0.5, 0.6]).unwrap_err());
    simplex(correlated::lower_bound(&dvector![0.5, 0.6], &log_joint).unwrap_err());
    simplex(correlated::gap(&dvector![0.5, 0.6], &log_joint).unwrap_err());
    simplex(correlated::log_expected_ratio(&dvector![0.5, 0.6], &log_joint).unwrap_err());
    simplex(jensen::gap(|x| x, &dvector![0.5, 0.6], &dvector![1.0, 2.0]).unwrap_err());
    simplex(jensen::merge_first_two(&dvector![0.5, 0.6], &dvector![1.0, 2.0]).unwrap_err());

    let three = dmatrix![0.2, 0.3, 0.5];
    shape(bound::lower_bound(&three, &log_joint).unwrap_err());
    shape(bound::gap(&three, &log_joint).unwrap_err());
    shape(bound::integrand(&three, &log_joint).unwrap_err());
    shape(bound::kl_divergence(&three, &dmatrix![0.5, 0.5]).unwrap_err());
    shape(correlated::gap(&dvector![0.2, 0.3, 0.5], &log_joint).unwrap_err());
    shape(correlated::log_expected_ratio(&dvector![0.2, 0.3, 0.5], &log_joint).unwrap_err());
    shape(jensen::gap(|x| x, &dvector![1.0], &dvector![1.0, 2.0]).unwrap_err());
    shape(jensen::merge_first_two(&dvector![0.5, 0.5], &dvector![1.0]).unwrap_err());

    finite(bound::entropy(&dmatrix![f64::NAN, 1.0]).unwrap_err());
    finite(jensen::gap(|x| x, &dvector![1.0], &dvector![f64::INFINITY]).unwrap_err());
    finite(jensen::merge_first_two(&dvector![0.5, 0.5], &dvector![f64::NAN, 1.0]).unwrap_err());
    finite(jensen::above_supporting_line(|x| x, 1.0, 0.0, &dvector![f64::NAN]).unwrap_err());
    domain(jensen::merge_first_two(&dvector![1.0], &dvector![1.0]).unwrap_err());
    domain(correlated::gap(&dvector![1.0], &DMatrix::from_element(30, 2, -1.0)).unwrap_err());

    let x = dvector![0.3];
    domain(continuous::entropy(1, 0.0).unwrap_err());
    domain(continuous::posterior(&x, -1.0).unwrap_err());
    domain(continuous::log_likelihood(&x, 0.0).unwrap_err());
    domain(continuous::expected_log_joint(&x, 0.0, &x, 1.0).unwrap_err());
    domain(continuous::expected_log_joint(&x, 1.0, &x, 0.0).unwrap_err());
    shape(continuous::expected_log_joint(&x, 1.0, &dvector![1.0, 2.0], 1.0).unwrap_err());
    finite(continuous::log_likelihood(&dvector![f64::NAN], 1.0).unwrap_err());
    finite(continuous::posterior(&dvector![f64::NAN], 1.0).unwrap_err());
    finite(continuous::expected_log_joint(&dvector![f64::NAN], 1.0, &x, 1.0).unwrap_err());

    let start = two_hills(0.0);
    shape(
        ascent::coordinate_ascent(&start, &two_hills_data(), &DMatrix::from_element(3, 2, 0.5), 1)
            .unwrap_err(),
    );
    simplex(
        ascent::coordinate_ascent(&start, &two_hills_data(), &DMatrix::from_element(8, 2, 0.6), 1)
            .unwrap_err(),
    );
    shape(ascent::rises(&log_joint, &dmatrix![-1.0]).unwrap_err());
    shape(ascent::along(&[start], &two_hills_data(), &DMatrix::from_element(3, 2, 0.5)).unwrap_err());
    shape(
        loss::terms_of_q(&two_hills(0.0).mixture, &two_hills_data(), &DMatrix::from_element(3, 2, 0.5))
            .unwrap_err(),
    );
    assert!(matches!(OnlyMean::new(two_hills(0.0).mixture, 2).unwrap_err(), Error::Domain { .. }));
}

proptest! {
    #![proptest_config(config(200))]

    /// C-01, C-26, T-28 on proptest's inputs: F + KL = ℓ and F ≤ ℓ for every kind, family and size.
    #[test]
    fn the_decomposition_holds_for_any_case(case in cases::strategy(&Kind::ALL), seed in any::<u64>()) {
        let log_joint = case.model.log_joint(&case.x).unwrap();
        let q = random_q(&log_joint, &mut data::rng(seed));
        let (f, gap) = (bound::lower_bound(&q, &log_joint).unwrap(), bound::gap(&q, &log_joint).unwrap());
        let (l, tolerance) = (latent::log_likelihood(&log_joint).unwrap(), rounding(&q, &log_joint));
        prop_assert!((f + gap - l).abs() <= tolerance);
        prop_assert!(f <= l + tolerance && gap >= -tolerance);
    }
}
