//! Choosing k: parameter counts, criteria, cross-validation; and not choosing it: sticks, tables, occupied clusters.

mod common;

use common::bounds::{self, gamma, sum_of};
use common::enumeration::labelings;
use common::naive::Naive;
use common::{assert_printed, assert_within, cases, column, line_mixture};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::em::{self, Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, kmeans_start, random_start};
use executable_em::latent::{self, Model};
use executable_em::selection::restaurant::{
    clusters_law, expected_clusters, expected_clusters_bounds, occupied, seat, seating_probabilities,
};
use executable_em::selection::stick_breaking::{
    break_stick, expected_breaks, expected_seen, expected_weight, probability_seen, sample_shares,
};
use executable_em::selection::{
    self, Candidate, CrossValidation, FreeParameters, Restarts, bernoulli_parameters, best_fit, criteria,
    cross_validate, dirichlet_process, folds, gaussian_mean, search,
};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use executable_em::{Error, Result, bound, data, kmeans};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use num_dual::{Dual64, DualNum};
use proptest::prelude::*;
use rand::{RngExt, TryRng};
use std::cell::RefCell;
use std::sync::LazyLock;

/// ℓ to a millionth of a nat: the criteria are then right to the decimals that are asserted.
const STOPPING: Stopping = Stopping { tolerance: Tolerance::LogLikelihood(1e-6), max_sweeps: 2000 };

const FIVE_STARTS: Restarts = Restarts { starts: 5, seed: 1, stopping: STOPPING };

fn mixtures(
    x: &DMatrix<f64>,
    ks: std::ops::RangeInclusive<usize>,
    family: CovarianceFamily,
) -> Vec<Candidate<GaussianMixture>> {
    search(x, ks, &FIVE_STARTS, |x, k, rng| kmeans_start(x, k, family, rng)).unwrap()
}

/// The blobs with full covariances, k = 1 … 7, for the tests that look at them.
static BLOBS: LazyLock<Vec<Candidate<GaussianMixture>>> =
    LazyLock::new(|| mixtures(&data::blobs().0, 1..=7, CovarianceFamily::Full));

/// A probability that a statistical test fails although the law is right: seeds are fixed, so it was drawn once and
/// for all.
const LUCK: f64 = 1e-9;

/// Dvoretzky, Kiefer, Wolfowitz and Massart: P(sup |F_N − F| > t) ≤ 2 exp(−2 N t²), for any law.
fn dkw(samples: usize) -> f64 {
    ((2.0 / LUCK).ln() / (2.0 * samples as f64)).sqrt()
}

/// Bernstein: a mean of N independent variables, each in an interval of length `width` with this variance, is off by
/// more than √(2 v L/N) + 2 width L/(3N), L = log(2/p), with probability at most p.
fn bernstein(samples: usize, variance: f64, width: f64) -> f64 {
    let (n, l) = (samples as f64, (2.0 / LUCK).ln());
    (2.0 * variance * l / n).sqrt() + 2.0 * width * l / (3.0 * n)
}

// How many parameters.

/// How the test writes the parameters of a mixture, with more numbers than are free: a logit for every weight, a
/// mean, and a square matrix A with Σ = (I + A)(I + A)ᵀ. A rank then has to find out how many directions count.
struct Overcomplete {
    k: usize,
    d: usize,
    /// None: covariances are the identity and have no parameters.
    family: Option<CovarianceFamily>,
    weights_are: Weights,
}

impl Overcomplete {
    fn numbers(&self) -> usize {
        let (k, d) = (self.k, self.d);
        let covariances = match self.family {
            None => 0,
            Some(CovarianceFamily::Full) => k * d * d,
            Some(CovarianceFamily::Tied) => d * d,
            Some(CovarianceFamily::Diagonal) => k * d,
            Some(CovarianceFamily::Spherical) => k,
        };
        k + k * d + covariances
    }

    fn build(&self, numbers: &[Dual64]) -> Naive<Dual64> {
        let (k, d) = (self.k, self.d);
        let (logits, rest) = numbers.split_at(k);
        let (means, roots) = rest.split_at(k * d);
        let weights = match self.weights_are {
            Weights::Fitted => softmax(logits),
            Weights::Held => vec![Dual64::from(1.0 / k as f64); k],
        };
        let identity = |a, b| f64::from(u8::from(a == b));
        let root = |j: usize, a: usize, b: usize| match self.family {
            Some(CovarianceFamily::Full) => roots[(j * d + a) * d + b] + identity(a, b),
            Some(CovarianceFamily::Tied) => roots[a * d + b] + identity(a, b),
            Some(CovarianceFamily::Diagonal) => (roots[j * d + a] + 1.0) * identity(a, b),
            Some(CovarianceFamily::Spherical) => (roots[j] + 1.0) * identity(a, b),
            None => Dual64::from(identity(a, b)),
        };
        let entry = |j: usize, a: usize, b: usize| {
            (0..d).fold(Dual64::from(0.0), |sum, c| sum + root(j, a, c) * root(j, b, c))
        };
        Naive {
            weights,
            means: means.chunks(d).map(<[Dual64]>::to_vec).collect(),
            covariances: (0..k)
                .map(|j| (0..d).map(|a| (0..d).map(|b| entry(j, a, b)).collect()).collect())
                .collect(),
        }
    }

    /// The derivatives of log p(x_i) at a random θ, a row for each of many random data.
    fn jacobian(&self, seed: u64) -> DMatrix<f64> {
        let mut rng = data::rng(seed);
        // Means apart, Σ near the identity: a generic place, well conditioned.
        let at: Vec<f64> = (0..self.numbers())
            .map(|index| match index {
                index if index < self.k + self.k * self.d => rng.random_range(-1.5..1.5),
                _ => rng.random_range(-0.3..0.3),
            })
            .collect();
        let x = DMatrix::from_fn(6 * self.numbers(), self.d, |_, _| rng.random_range(-3.0..3.0));
        let mut jacobian = DMatrix::zeros(x.nrows(), self.numbers());
        for c in 0..self.numbers() {
            let mut numbers: Vec<Dual64> = at.iter().map(|&number| Dual64::from(number)).collect();
            numbers[c].eps = 1.0;
            let model = self.build(&numbers);
            for i in 0..x.nrows() {
                jacobian[(i, c)] = model.log_likelihood(&x.rows(i, 1).into_owned()).eps;
            }
        }
        jacobian
    }
}

fn softmax(logits: &[Dual64]) -> Vec<Dual64> {
    let sum = logits.iter().fold(Dual64::from(0.0), |sum, &logit| sum + logit.exp());
    logits.iter().map(|&logit| logit.exp() / sum).collect()
}

/// The rank, which has to be plain to see: an entry of the Jacobian is good to 10⁻¹³ of the largest or better, so by
/// Weyl singular values that should be zero are below 10⁻¹² of the largest one, and the others must keep far above.
#[track_caller]
fn rank(jacobian: &DMatrix<f64>) -> usize {
    let values = jacobian.clone().svd(false, false).singular_values;
    let relative = values / jacobian.norm();
    let rank = relative.iter().filter(|&&value| value > 1e-10).count();
    assert!(relative.iter().all(|&value| !(1e-12..1e-8).contains(&value)), "no clear rank: {relative}");
    rank
}

/// B-04, B-26: the number of free parameters is the rank of the Jacobian of the log densities at a generic θ, in
/// every family.
#[test]
fn as_many_parameters_are_free_as_directions_change_the_density() {
    for family in CovarianceFamily::ALL {
        for (k, d) in [(1, 1), (2, 1), (3, 1), (1, 2), (2, 2), (3, 2), (2, 3)] {
            let model = cases::case(cases::Kind::Ordinary, family, 5, k, d, 4).model;
            let over = Overcomplete { k, d, family: Some(family), weights_are: Weights::Fitted };
            assert_eq!(
                model.free_parameters(),
                rank(&over.jacobian(k as u64)),
                "{family:?}, k = {k}, d = {d}"
            );
        }
    }
}

/// B-04: soft k-means has its means, and the weights if they are fitted; the stiffness is not counted.
#[test]
fn soft_kmeans_has_only_means_and_perhaps_weights() {
    for weights_are in [Weights::Held, Weights::Fitted] {
        for (k, d) in [(1, 2), (2, 1), (3, 2), (4, 1)] {
            let model = SoftKMeans::new(DMatrix::zeros(k, d), 1.0, weights_are).unwrap();
            let over = Overcomplete { k, d, family: None, weights_are };
            assert_eq!(model.free_parameters(), rank(&over.jacobian(7)), "{weights_are:?}, k = {k}, d = {d}");
        }
    }
    let broken = SoftKMeans {
        means: DMatrix::zeros(0, 2),
        weights: dvector![],
        stiffness: 1.0,
        weights_are: Weights::Fitted,
    };
    assert_eq!(broken.free_parameters(), 0);
}

/// The derivatives of the log probability of every outcome of d flips, in the logits of weights and biases of k
/// coins.
fn coins_jacobian(k: usize, d: usize) -> DMatrix<f64> {
    let mut rng = data::rng(3);
    let at: Vec<f64> = (0..k + k * d).map(|_| rng.random_range(-1.5..1.5)).collect();
    DMatrix::from_fn(1 << d, at.len(), |outcome, c| {
        let mut numbers: Vec<Dual64> = at.iter().map(|&number| Dual64::from(number)).collect();
        numbers[c].eps = 1.0;
        let weights = softmax(&numbers[..k]);
        let mut probability = Dual64::from(0.0);
        for j in 0..k {
            let mut of_coin = weights[j];
            for a in 0..d {
                let bias = (-numbers[k + j * d + a]).exp().recip_one_plus();
                of_coin *= if outcome >> a & 1 == 1 { bias } else { -bias + 1.0 };
            }
            probability += of_coin;
        }
        probability.ln().eps
    })
}

trait RecipOnePlus {
    fn recip_one_plus(self) -> Self;
}

impl RecipOnePlus for Dual64 {
    /// 1/(1 + x), which makes a logistic function of an exponential.
    fn recip_one_plus(self) -> Self {
        (self + 1.0).recip()
    }
}

/// B-04, T-46: k coins have (k − 1) + kd numbers; the flips show as many where they can, and fewer otherwise.
#[test]
fn coins_show_their_parameters_only_if_flipped_often() {
    for (k, d, seen) in [(1, 3, 3), (2, 3, 7), (2, 4, 9), (3, 5, 17)] {
        assert_eq!(
            (bernoulli_parameters(k, d), rank(&coins_jacobian(k, d))),
            (seen, seen),
            "k = {k}, d = {d}"
        );
    }
    // One flip shows one number, two flips show three; and Goodman's case, where 14 ≤ 15 and the rank is 13 all the
    // same.
    for (k, d, counted, seen) in [(2, 1, 3, 1), (3, 1, 5, 1), (2, 2, 5, 3), (3, 4, 14, 13)] {
        assert_eq!(
            (bernoulli_parameters(k, d), rank(&coins_jacobian(k, d))),
            (counted, seen),
            "k = {k}, d = {d}"
        );
    }
    assert_eq!(bernoulli_parameters(0, 3), 0);
    let coins = BernoulliMixture::new(dvector![0.2, 0.8], dmatrix![0.1, 0.2, 0.3; 0.4, 0.5, 0.6], 1);
    assert_eq!(coins.expect("coins").free_parameters(), 7);
}

// The criteria.

/// B-26: AIC = −2ℓ + 2p, BIC = −2ℓ + p log n, ICL = BIC + 2H, exactly; BIC charges more from n = 8 on.
#[test]
fn the_criteria_are_what_they_are_defined_to_be() {
    assert_eq!(selection::aic(-12.5, 7), Ok(39.0));
    assert_eq!(selection::bic(-12.5, 7, 1), Ok(25.0));
    assert_eq!(selection::bic(3.0, 2, 8), Ok(-6.0 + 2.0 * 8_f64.ln()));
    assert_eq!(selection::icl(3.0, 2, 8, 1.25), Ok(-6.0 + 2.0 * 8_f64.ln() + 2.5));
    let both = criteria(3.0, 2, 8).unwrap();
    assert_eq!((Ok(both.aic), Ok(both.bic)), (selection::aic(3.0, 2), selection::bic(3.0, 2, 8)));
    for n in 1..20 {
        let both = criteria(-3.0, 2, n).unwrap();
        assert_eq!(both.bic > both.aic, n >= 8, "n = {n}");
    }
}

/// B-26: an ℓ, an n or an entropy that is none is an error that names it.
#[test]
fn criteria_refuse_what_is_no_fit() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let refused = |error: Error| {
            matches!(error, Error::NotFinite { what: "log-likelihood", row: 0, column: 0, .. })
        };
        assert!(refused(selection::aic(bad, 1).unwrap_err()));
        assert!(refused(selection::bic(bad, 1, 1).unwrap_err()));
        assert!(refused(criteria(bad, 1, 1).unwrap_err()));
        assert!(matches!(selection::icl(0.0, 1, 1, bad), Err(Error::NotFinite { what: "entropy", .. })));
    }
    assert_eq!(selection::bic(0.0, 1, 0), Err(Error::Empty { what: "data" }));
    let negative = Error::Domain { what: "entropy", value: -0.5, allowed: "≥ 0" };
    assert_eq!(selection::icl(0.0, 1, 1, -0.5), Err(negative));
    assert_eq!(selection::icl(0.0, 1, 1, 0.0), Ok(0.0));
}

/// B-26: the entropy that ICL adds is that of the posterior over all kⁿ labelings, and ICL is BIC with Q for ℓ; the
/// variant with the most probable labels never charges more.
#[test]
fn icl_puts_the_expected_complete_likelihood_in_the_place_of_the_likelihood() {
    let x = column(&[-1.5, -0.5, 0.5, 1.5, 2.0]);
    let model = line_mixture(&[0.2, 0.5, 0.3], &[-1.0, 0.4, 2.0], &[0.5, 1.0, 0.25]);
    let log_joint = model.log_joint(&x).unwrap();
    let l = model.log_likelihood(&x).unwrap();
    let r = model.responsibilities(&x).unwrap();
    let entropy = bound::entropy(&r).unwrap();
    let mut by_labelings = 0.0;
    for labels in labelings(5, 3) {
        let log_p = labels.iter().enumerate().map(|(i, &j)| log_joint[(i, j)]).sum::<f64>() - l;
        by_labelings -= log_p.exp() * log_p;
    }
    // 243 terms p log p, which sum to less than 5 log 3 in size; log p comes of ten numbers of size 10 at most.
    assert_within(entropy, by_labelings, gamma(243 + 100) * 6.0);

    let icl = selection::icl(l, model.free_parameters(), 5, entropy).unwrap();
    let q = latent::expected_log_joint(&r, &log_joint).unwrap();
    let with_q = selection::bic(q, model.free_parameters(), 5).unwrap();
    assert_within(icl, with_q, 2.0 * sum_of(log_joint.iter(), gamma(30)));
    let most_probable: f64 = r.row_iter().map(|row| -row.max().ln()).sum();
    assert!(most_probable < entropy && most_probable > 0.0);
}

// One Gaussian mean.

/// B-26: the optimism of a fitted mean is one on average. Only second moments enter, so data of ±σ about μ will do,
/// and the average over all 2ⁿ · 2ⁿ of them is exact.
#[test]
fn the_optimism_of_one_parameter_is_one() {
    for (n, mean, variance) in [(1, 0.0, 1.0), (3, 2.0, 0.25), (5, -1.0, 4.0)] {
        let draws: Vec<DVector<f64>> = labelings(n, 2)
            .iter()
            .map(|signs| {
                let at = |sign: &usize| mean + f64::sqrt(variance) * if *sign == 0 { -1.0 } else { 1.0 };
                DVector::from_iterator(n, signs.iter().map(at))
            })
            .collect();
        let mut total = 0.0;
        for fitted in &draws {
            for fresh in &draws {
                total += gaussian_mean::optimism(fitted, fresh, variance).unwrap();
            }
        }
        // 4ⁿ terms, each a difference of two ℓ of at most 4n nats made of n + 8 operations.
        let bound = gamma(n + 8 + draws.len().pow(2)) * 8.0 * n as f64;
        assert_within(total / draws.len().pow(2) as f64, 1.0, bound);
    }
}

/// B-26: ℓ of a mean is that of a Gaussian mixture with one component, highest at the average.
#[test]
fn the_likelihood_of_a_mean_is_that_of_the_mixture() {
    let x = dvector![0.5, -1.0, 3.0, 2.25];
    for (mean, variance) in [(0.0, 1.0), (1.1875, 0.5), (-2.0, 7.0)] {
        let mixture = line_mixture(&[1.0], &[mean], &[variance]);
        let expected = mixture.log_likelihood(&column(x.as_slice())).unwrap();
        let bound = bounds::gaussian_log_likelihood_error(&mixture, &column(x.as_slice()));
        assert_within(gaussian_mean::log_likelihood(&x, mean, variance).unwrap(), expected, 2.0 * bound);
    }
    let at = |mean| gaussian_mean::log_likelihood(&x, mean, 1.0).unwrap();
    assert!(at(x.mean()) > at(x.mean() + 1e-3) && at(x.mean()) > at(x.mean() - 1e-3));
}

/// B-26, TP-04: the evidence in closed form is the integral over the prior.
#[test]
fn the_evidence_is_the_average_of_the_likelihood() {
    for (x, variance, prior) in [
        (dvector![0.5, -1.0, 3.0, 2.25], 1.5, 4.0),
        (dvector![2.0], 0.5, 0.25),
        (dvector![1.0, 1.5], 3.0, 1.0),
    ] {
        // The trapezoid rule with a step of 0.05 posterior standard deviations, over ±12 of them about every place
        // that matters: for a Gaussian the error is e^{−2π²/0.05²}, and the tails are less than e^{−70}.
        let n = x.len() as f64;
        let precision = n / variance + 1.0 / prior;
        let (centre, sd) = (x.sum() / variance / precision, precision.powf(-0.5));
        let steps = 480;
        let terms = (0..=steps).map(|step| {
            let mean = centre + sd * (f64::from(step) * 0.05 - 12.0);
            let prior_log = -0.5 * (std::f64::consts::TAU * prior).ln() - 0.5 * mean * mean / prior;
            gaussian_mean::log_likelihood(&x, mean, variance).unwrap() + prior_log
        });
        let expected = latent::log_sum_exp(terms.collect::<Vec<_>>()) + (0.05 * sd).ln();
        // The largest exponents are below 100 in size and take 20 operations; 481 positive terms are added.
        let bound = gamma(100 * 20 + 481);
        assert_within(gaussian_mean::log_evidence(&x, variance, prior).unwrap(), expected, bound);
    }
}

/// B-26, TP-04: BIC misses the log evidence by a term that stays bounded and does not vanish; the remainder falls
/// like 1/n.
#[test]
fn bic_approximates_the_evidence_up_to_a_bounded_term() {
    let (variance, prior): (f64, f64) = (2.0, 0.5);
    for mean in [0.0, 0.75] {
        for n in [2, 10, 100, 1000, 10_000_usize] {
            // Half the data on either side: their average is the mean.
            let x = DVector::from_fn(n, |i, _| mean + if i % 2 == 0 { 1.0 } else { -1.0 });
            let left_out = gaussian_mean::left_out_by_bic(&x, variance, prior).unwrap();
            let limit = 0.5 * (variance / prior).ln() - mean * mean / (2.0 * prior);
            // Exactly −½ log(1 + σ²/nτ²) + x̄²σ²/(2τ²(σ² + nτ²)).
            let nf = n as f64;
            let rest = -0.5 * (variance / (nf * prior)).ln_1p()
                + mean * mean * variance / (2.0 * prior * (variance + nf * prior));
            // Two ℓ of 2n nats at most cancel.
            assert_within(left_out, limit + rest, gamma(n + 20) * 8.0 * nf);
            assert!((left_out - limit).abs() <= 2.0 * variance / (prior * nf) * (1.0 + mean * mean / prior));
            assert!(n < 100 || left_out.abs() > 0.1, "it does not vanish");
        }
    }
    let error = gaussian_mean::log_evidence(&dvector![1.0], 1.0, 0.0).unwrap_err();
    assert_eq!(error, Error::Domain { what: "prior variance", value: 0.0, allowed: "finite and > 0" });
    let error = gaussian_mean::log_likelihood(&dvector![1.0], 1.0, -1.0).unwrap_err();
    assert_eq!(error, Error::Domain { what: "variance", value: -1.0, allowed: "finite and > 0" });
    assert!(gaussian_mean::log_likelihood(&dvector![1.0], f64::NAN, 1.0).is_err());
    assert_eq!(gaussian_mean::left_out_by_bic(&dvector![], 1.0, 1.0), Err(Error::Empty { what: "data" }));
    let error = gaussian_mean::optimism(&dvector![1.0, 2.0], &dvector![1.0], 1.0).unwrap_err();
    assert_eq!(error, Error::Shape { what: "fresh data", expected: (2, 1), found: (1, 1) });
    assert_eq!(
        gaussian_mean::optimism(&dvector![], &dvector![], 1.0),
        Err(Error::Empty { what: "fitted data" })
    );
}

// The search.

/// TP-04, B-26: BIC on the blobs with full covariances, k = 1 … 7, from five k-means starts each. Up to k = 4 it is
/// the catalogue's; beyond, these starts find a higher ℓ than the catalogue's did, so a lower BIC. It is lowest at
/// 4, where the data come from.
#[test]
fn bic_finds_the_four_blobs() {
    let (x, truth) = data::blobs();
    let found = &*BLOBS;
    let bic: Vec<f64> = found.iter().map(|candidate| candidate.criteria.bic).collect();
    let printed = ["3314.6", "3082.2", "2743.9", "2667.5", "2693.8", "2718.9", "2751.2"];
    for (index, printed) in printed.iter().enumerate() {
        match index + 1 {
            1..=4 => assert_printed(bic[index], printed),
            _ => assert!(bic[index] < printed.parse::<f64>().unwrap() - 1.0, "{bic:?}"),
        }
    }
    assert_eq!(selection::chosen_k(found, |candidate| candidate.criteria.bic), Ok(4));
    assert_eq!(selection::chosen_k(found, |candidate| candidate.icl), Ok(4));
    // AIC charges 12 for a further component and gets more than that for each of the fifth and the sixth.
    assert!(found[5].criteria.aic < found[4].criteria.aic && found[4].criteria.aic < found[3].criteria.aic);

    // What is found for k = 4 are the blobs: 100 data each, so the ML fit to the true labels is within a few nats.
    let r = latent::one_hot(&truth, 4).unwrap();
    let at_truth = found[3].fit.model().maximize(&x, &r).unwrap().log_likelihood(&x).unwrap();
    assert!(found[3].fit.log_likelihood() > at_truth && found[3].fit.log_likelihood() < at_truth + 5.0);
}

/// TP-04, C-10: for k = 2 the catalogue's 3082.2, where k-means starts tend to end, is the worst of five local
/// maxima. Random starts reach the others; the best of them, 81 lower, no k-means start does.
#[test]
fn kmeans_starts_miss_the_best_mixture_of_two() {
    let (x, truth) = data::blobs();
    let fit = |seed,
               start: fn(
        &DMatrix<f64>,
        usize,
        CovarianceFamily,
        &mut data::Rng,
    ) -> Result<GaussianMixture>| {
        let start = start(&x, 2, CovarianceFamily::Full, &mut data::rng(seed)).unwrap();
        em::fit(start, &x, &STOPPING).unwrap()
    };
    let bic = |fit: &em::Fit<GaussianMixture>| selection::bic(fit.log_likelihood(), 11, 400).unwrap();
    let ends: Vec<em::Fit<GaussianMixture>> = (0..10).map(|seed| fit(seed, random_start)).collect();
    for printed in [3067.5, 3049.5, 3045.1, 3000.7] {
        assert!(ends.iter().any(|end| (bic(end) - printed).abs() < 0.05), "{printed}");
    }
    let from_kmeans: Vec<f64> = (0..10).map(|seed| bic(&fit(seed, kmeans_start))).collect();
    assert!(from_kmeans.iter().any(|bic| (bic - 3082.2).abs() < 0.05), "{from_kmeans:?}");
    assert!(from_kmeans.iter().all(|&bic| bic > 3045.0), "{from_kmeans:?}");

    let best = em::best(ends.into_iter().map(Ok)).unwrap();
    let labels = common::hard_labels(&best.model().responsibilities(&x).unwrap());
    let shares = |blob| (0..400).filter(|&i| truth[i] == blob).map(|i| labels[i] as f64).sum::<f64>() / 100.0;
    let mut shares: Vec<f64> = (0..4).map(|blob| f64::max(shares(blob), 1.0 - shares(blob))).collect();
    shares.sort_by(f64::total_cmp);
    assert!(shares[0] > 0.9, "hardly a blob is cut: {shares:?}");
}

/// H-08, B-26: on the blobs J falls with every further mean, and so do −2ℓ's maxima, while BIC and ICL turn.
#[test]
fn the_objective_falls_where_the_criteria_turn() {
    let (x, _) = data::blobs();
    let mut rng = data::rng(8);
    let objectives: Vec<f64> = (1..=7)
        .map(|k| {
            let starts: Vec<_> = (0..20).map(|_| kmeans::plus_plus_start(&x, k, &mut rng).unwrap()).collect();
            let runs = kmeans::restarts(&x, starts, 200).unwrap();
            runs.iter().map(kmeans::Lloyd::objective).fold(f64::INFINITY, f64::min)
        })
        .collect();
    assert!(objectives.is_sorted_by(|fewer, more| fewer > more), "{objectives:?}");
    let found = &*BLOBS;
    assert!(found.is_sorted_by(|fewer, more| fewer.fit.log_likelihood() < more.fit.log_likelihood()));
    for criterion in [|c: &Candidate<GaussianMixture>| c.criteria.bic, |c: &Candidate<GaussianMixture>| c.icl]
    {
        assert!((1..4).all(|k| criterion(&found[k - 1]) > criterion(&found[k])));
        assert!((5..=7).all(|k| criterion(&found[k - 1]) > criterion(&found[3])));
    }
}

/// B-26: two or three kinds of eruption? Full covariances: BIC says two by a hair, ICL two, AIC more. One tied
/// covariance: BIC says three, and lower than either; ICL two.
#[test]
fn old_faithful_is_two_or_three_as_one_asks() {
    let x = data::old_faithful();
    let found = |family| {
        let restarts = Restarts { starts: 6, seed: 7, stopping: STOPPING };
        search(&x, 1..=4, &restarts, |x, k, rng| random_start(x, k, family, rng)).unwrap()
    };
    let (full, tied) = (found(CovarianceFamily::Full), found(CovarianceFamily::Tied));
    let printed = |candidate: &Candidate<GaussianMixture>| {
        [candidate.criteria.aic, candidate.criteria.bic, candidate.icl]
            .map(|value| (value * 10.0).round() / 10.0)
    };
    assert_eq!(printed(&full[1]), [2282.5, 2322.2, 2323.6]);
    assert_eq!(printed(&full[2]), [2262.9, 2324.2, 2377.2]);
    assert_eq!(printed(&tied[1]), [2296.4, 2325.2, 2328.0]);
    assert_eq!(printed(&tied[2]), [2274.6, 2314.3, 2399.8]);
    let chosen = |found: &[Candidate<GaussianMixture>]| {
        [|c: &Candidate<GaussianMixture>| c.criteria.bic, |c: &Candidate<GaussianMixture>| c.icl]
            .map(|criterion| selection::chosen_k(found, criterion).unwrap())
    };
    assert_eq!(chosen(&full), [2, 2]);
    assert_eq!(chosen(&tied), [3, 2]);
    assert!(selection::chosen_k(&full, |candidate| candidate.criteria.aic).unwrap() > 3);
    assert_eq!((full[1].parameters, tied[2].parameters), (11, 11), "the two have as many parameters");

    // From k-means starts alone the best mixture of three with full covariances is missed, and the verdict looks
    // clear.
    let kmeans_only = mixtures(&x, 3..=3, CovarianceFamily::Full);
    assert_eq!(printed(&kmeans_only[0])[1], 2333.7);
}

/// B-26: the candidates carry what the criteria say of their own fit; the same seed gives the same, whichever k's
/// are tried.
#[test]
fn a_search_is_repeatable_and_each_k_stands_alone() {
    let x = data::old_faithful();
    let restarts = Restarts { starts: 3, seed: 5, stopping: Stopping { max_sweeps: 20, ..STOPPING } };
    let run = |ks: &[usize], seed| {
        let restarts = Restarts { seed, ..restarts };
        let start =
            |x: &DMatrix<f64>, k, rng: &mut data::Rng| random_start(x, k, CovarianceFamily::Diagonal, rng);
        search(&x, ks.iter().copied(), &restarts, start).unwrap()
    };
    let found = run(&[3, 2], 5);
    assert_eq!(found.iter().map(|candidate| candidate.k).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(found[1], run(&[2], 5)[0]);
    assert_ne!(found[1].fit, run(&[2], 6)[0].fit);
    for candidate in &found {
        let (l, p) = (candidate.fit.log_likelihood(), candidate.parameters);
        assert_eq!(p, candidate.fit.model().free_parameters());
        assert_eq!(candidate.criteria, criteria(l, p, 272).unwrap());
        let entropy = bound::entropy(&candidate.fit.model().responsibilities(&x).unwrap()).unwrap();
        assert_eq!(candidate.icl, selection::icl(l, p, 272, entropy).unwrap());
        // The best of the three runs that the seed gives.
        let mut rng = data::rng(5);
        let ends: Vec<f64> = (0..3)
            .map(|_| {
                let start = random_start(&x, candidate.k, CovarianceFamily::Diagonal, &mut rng).unwrap();
                em::fit(start, &x, &restarts.stopping).unwrap().log_likelihood()
            })
            .collect();
        assert_eq!(l, ends.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        assert!(ends.iter().any(|&end| end != ends[0]), "the starts differ");
    }
}

/// B-26: ties go to the first candidate, none is an error, and so is a k that the data cannot have.
#[test]
fn a_search_refuses_what_it_cannot_fit() {
    let x = column(&[0.0, 1.0, 5.0, 6.0]);
    let start = |x: &DMatrix<f64>, k: usize, rng: &mut data::Rng| {
        SoftKMeans::new(kmeans::plus_plus_start(x, k, rng)?, 1.0, Weights::Held)
    };
    let found = search(&x, 1..=4, &FIVE_STARTS, start).unwrap();
    assert_eq!(found.iter().map(|candidate| candidate.parameters).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(selection::chosen_k(&found, |_| 1.0), Ok(1));
    assert_eq!(selection::chosen_k(&found, |candidate| -(candidate.k as f64)), Ok(4));
    assert_eq!(selection::chosen_k(&found[..0], |_| 1.0), Err(Error::Empty { what: "candidates" }));
    assert_eq!(best_fit(&x, 0, &FIVE_STARTS, start), Err(Error::ComponentCount { k: 0, n: 4 }));
    assert_eq!(best_fit(&x, 5, &FIVE_STARTS, start), Err(Error::ComponentCount { k: 5, n: 4 }));
    let none = Restarts { starts: 0, ..FIVE_STARTS };
    assert_eq!(best_fit(&x, 1, &none, start), Err(Error::Empty { what: "starts" }));
    let bad = column(&[0.0, f64::NAN]);
    assert!(matches!(
        best_fit(&bad, 1, &FIVE_STARTS, start),
        Err(Error::NotFinite { what: "data", row: 1, .. })
    ));
}

// Cross-validation.

proptest! {
    #![proptest_config(common::config(100))]

    /// B-26: the folds hold every datum exactly once, and their sizes differ by one at most.
    #[test]
    fn folds_deal_every_datum_once(n in 2_usize..60, count in 2_usize..60, seed in any::<u64>()) {
        prop_assume!(count <= n);
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

/// B-26: the folds are dealt at random: datum 0 is as often in one of four folds as in another.
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

fn one_gaussian(x: &DMatrix<f64>) -> Result<GaussianMixture> {
    let start = random_start(x, 1, CovarianceFamily::Full, &mut data::rng(0))?;
    em::sweep(&start, x)
}

/// B-26: each fold is fitted to the other rows, all of them and no other, and every datum gets its density from that
/// fit.
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

/// B-26: the held-out sum, its standard error and the paired one, on numbers done by hand.
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

/// B-26: held out, a fifth component of the blobs is a loss, and so is the third of Old Faithful with full
/// covariances; with one tied covariance it is a gain.
#[test]
fn held_out_data_choose_as_bic_does() {
    let held_out = |x: &DMatrix<f64>, k, family| {
        let dealt = folds(x.nrows(), 5, &mut data::rng(1)).unwrap();
        let restarts = Restarts { starts: 3, ..FIVE_STARTS };
        let start = |x: &DMatrix<f64>, k, rng: &mut data::Rng| kmeans_start(x, k, family, rng);
        cross_validate(x, &dealt, |training| Ok(best_fit(training, k, &restarts, start)?.model().clone()))
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

/// B-26: folds that are no folds, and data that their models exclude, are errors that name the datum.
#[test]
fn cross_validation_refuses_what_is_no_partition() {
    let x = column(&[0.0, 1.0, 2.0, 4.0]);
    let run = |folds: &[Vec<usize>]| cross_validate(&x, folds, one_gaussian).unwrap_err();
    let times = |value| Error::Domain { what: "number of folds that a datum lies in", value, allowed: "1" };
    assert_eq!(run(&[vec![0, 1], vec![2]]), times(0.0));
    assert_eq!(run(&[vec![0, 1], vec![2, 3, 1]]), times(2.0));
    assert_eq!(run(&[vec![0, 1], vec![2, 4]]), Error::Label { row: 4, label: 4, k: 4 });
    let size = |value| {
        let allowed = "at least 1 and less than the number of data";
        Error::Domain { what: "size of a fold", value, allowed }
    };
    assert_eq!(run(&[vec![0, 1, 2, 3]]), size(4.0));
    assert_eq!(run(&[vec![0, 1, 2, 3], vec![]]), size(4.0));
    assert_eq!(run(&[vec![0, 1], vec![], vec![2, 3]]), size(0.0));
    assert_eq!(run(&[]), times(0.0));
    let empty = cross_validate(&DMatrix::zeros(0, 1), &[], one_gaussian).unwrap_err();
    assert_eq!(empty, Error::Empty { what: "data" });

    // The square of 10²⁰⁰ overflows: the last datum, second of its fold, has density zero under the others.
    let far = column(&[0.0, 1.0, 2.0, 1e200]);
    let unit = |_: &DMatrix<f64>| SoftKMeans::new(dmatrix![1.0], 1.0, Weights::Held);
    let error = cross_validate(&far, &[vec![0, 2], vec![1, 3]], unit).unwrap_err();
    assert_eq!(error, Error::ImpossibleDatum { row: 3 });
    let failing = |_: &DMatrix<f64>| -> Result<GaussianMixture> { Err(Error::Empty { what: "patience" }) };
    assert_eq!(
        cross_validate(&x, &[vec![0, 1], vec![2, 3]], failing),
        Err(Error::Empty { what: "patience" })
    );
}

// Sticks.

proptest! {
    #![proptest_config(common::config(200))]

    /// B-27: piece j is v_j Π_{l<j}(1 − v_l), and pieces and rest make up the stick.
    #[test]
    fn the_pieces_make_up_the_stick(shares in prop::collection::vec(0.0..=1.0_f64, 0..40)) {
        let (weights, rest) = break_stick(&DVector::from_vec(shares.clone())).unwrap();
        let n = shares.len();
        for j in 0..n {
            let expected = shares[j] * shares[..j].iter().map(|share| 1.0 - share).product::<f64>();
            assert_within(weights[j], expected, gamma(2 * n + 2) * expected);
            prop_assert!(weights[j] >= 0.0);
        }
        // Each break divides the rest in two parts, with three roundings of at most ε of it; then n additions.
        assert_within(weights.sum() + rest, 1.0, gamma(4 * n + 1));
        let product = shares.iter().map(|share| 1.0 - share).product::<f64>();
        assert_within(rest, product, gamma(2 * n) * product);
    }
}

/// B-27: a share of 1 ends the stick exactly, a share of 0 leaves it; others are refused.
#[test]
fn shares_lie_between_nothing_and_all() {
    assert_eq!(break_stick(&dvector![0.0, 1.0, 0.5]).unwrap(), (dvector![0.0, 1.0, 0.0], 0.0));
    assert_eq!(break_stick(&dvector![]).unwrap(), (dvector![], 1.0));
    for bad in [-0.1, 1.5] {
        let error = Error::Domain { what: "share of a stick", value: bad, allowed: "≥ 0 and ≤ 1" };
        assert_eq!(break_stick(&dvector![0.5, bad]), Err(error));
    }
    assert!(break_stick(&dvector![f64::NAN]).is_err());
}

/// B-27: the shares are independent draws of Beta(1, a), P(v ≤ t) = 1 − (1 − t)^a: every one of the first three, and
/// the first given the second.
#[test]
fn shares_have_their_beta_law() {
    let samples = 20_000;
    for concentration in [0.5, 1.0, 4.0] {
        let mut rng = data::rng(11);
        // So fine a tolerance that three shares are there but for one stick in a million (a = ½: P(Poisson(35) < 2)
        // < 10⁻¹³).
        let sticks: Vec<DVector<f64>> =
            (0..samples).map(|_| sample_shares(concentration, 1e-30, &mut rng).unwrap()).collect();
        for piece in 0..3 {
            let mut shares: Vec<f64> = sticks.iter().map(|shares| shares[piece]).collect();
            shares.sort_by(f64::total_cmp);
            assert_distribution(&shares, |t| 1.0 - (1.0 - t).powf(concentration));
        }
        let mut given: Vec<f64> = sticks.iter().filter(|s| s[1] > 0.3).map(|shares| shares[0]).collect();
        given.sort_by(f64::total_cmp);
        assert_distribution(&given, |t| 1.0 - (1.0 - t).powf(concentration));
    }
}

/// The sorted sample follows the continuous distribution function, by Dvoretzky, Kiefer, Wolfowitz and Massart.
#[track_caller]
fn assert_distribution(sorted: &[f64], law: impl Fn(f64) -> f64) {
    let n = sorted.len() as f64;
    let farthest = sorted
        .iter()
        .enumerate()
        .map(|(i, &t)| (law(t) - i as f64 / n).abs().max((law(t) - (i + 1) as f64 / n).abs()))
        .fold(0.0, f64::max);
    assert!(farthest <= dkw(sorted.len()), "{farthest} against {}", dkw(sorted.len()));
}

/// B-27: a stick is broken until less than the tolerance is left and not once more; the breaks before the last are
/// Poisson(a log 1/δ).
#[test]
fn a_stick_is_broken_until_the_rest_is_small() {
    let (samples, tolerance) = (4000, 0.01);
    for concentration in [0.5, 3.0] {
        let mut rng = data::rng(5);
        let mut breaks = Vec::new();
        for _ in 0..samples {
            let shares = sample_shares(concentration, tolerance, &mut rng).unwrap();
            let before = shares.rows(0, shares.len() - 1).into_owned();
            assert!(
                break_stick(&shares).unwrap().1 < tolerance && break_stick(&before).unwrap().1 >= tolerance
            );
            breaks.push(shares.len() - 1);
        }
        let rate = concentration * 100_f64.ln();
        assert_within(
            expected_breaks(concentration, tolerance).unwrap(),
            1.0 + rate,
            gamma(4) * (1.0 + rate),
        );
        let mut term = (-rate).exp();
        let mut below = 0.0;
        for count in 0..40 {
            below += term;
            term *= rate / f64::from(count + 1);
            let found = breaks.iter().filter(|&&breaks| breaks <= count as usize).count();
            assert_within(found as f64 / f64::from(samples), below, dkw(samples as usize));
        }
    }
    for bad in [0.0, 1.0, -1.0, f64::NAN] {
        assert!(matches!(expected_breaks(1.0, bad), Err(Error::Domain { what: "tolerance", .. })));
    }
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            sample_shares(bad, 0.5, &mut data::rng(1)),
            Err(Error::Domain { what: "concentration", .. })
        ));
    }
    let endless = sample_shares(1e300, 0.5, &mut data::rng(1)).unwrap_err();
    assert!(matches!(endless, Error::Domain { what: "expected number of breaks", .. }), "{endless}");
    // A concentration so small that the first piece is all there is.
    assert_eq!(sample_shares(1e-300, 0.5, &mut data::rng(1)).unwrap(), dvector![1.0]);
}

/// B-27: E w_j is the product of the Beta moments E v = 1/(1+a) and E(1 − v) = a/(1+a), both integrated here; the
/// weights sum to one.
#[test]
fn expected_weights_are_products_of_beta_moments() {
    for concentration in [0.5, 1.0, 2.5, 40.0] {
        // With u = (1 − v)^a uniform, E(1 − v) = ∫ u^{1/a} du; in u = e^{−at} it is ∫ a e^{−(1+a)t} dt, and the
        // trapezoid rule with Euler and Maclaurin's end corrections h²/12 f' and h⁴/720 f''' errs by less than h⁶
        // (1+a)⁶/30240.
        let rate = 1.0 + concentration;
        let h = 0.01 / rate;
        let f = |t: f64| concentration * (-rate * t).exp();
        let steps = 4000;
        let sum: f64 = (1..=steps).map(|step| f(f64::from(step) * h)).sum();
        let left = h * (0.5 * f(0.0) + sum) - h * h / 12.0 * rate * f(0.0)
            + h.powi(4) / 720.0 * rate.powi(3) * f(0.0);
        // The tail is e^{−40}; the correction errs by 10⁻¹²/30240 of f(0)/rate < 1.
        let moment_bound = 1e-15 + gamma(4020);
        assert_within(left, concentration / rate, moment_bound);
        for j in [0, 1, 2, 7, 30] {
            let expected = (1.0 - left) * left.powi(j);
            let bound = (j + 1) as f64 * moment_bound + gamma(40);
            assert_within(expected_weight(concentration, j as usize).unwrap(), expected, bound);
        }
        // What is left after m pieces is (a/(1+a))^m.
        let sum: f64 = (0..200).map(|j| expected_weight(concentration, j).unwrap()).sum();
        assert_within(sum, 1.0 - (concentration / rate).powf(200.0), gamma(600));
    }
    assert!(matches!(expected_weight(0.0, 1), Err(Error::Domain { what: "concentration", .. })));
    assert_eq!(expected_weight(1e-310, 0), Ok(1.0));
    assert_eq!(expected_weight(1e-310, 1), Ok(1e-310));
}

/// B-27: sampled weights have that mean, within Bernstein's bound: Var w_j ≤ E w_j² = E v² (E(1 − v)²)^j, with the
/// Beta moments E v² = 2/((1+a)(2+a)) and E(1 − v)² = a/(2+a).
#[test]
fn sampled_weights_have_the_expected_mean() {
    let (samples, concentration) = (40_000, 2.0);
    let mut rng = data::rng(4);
    let mut means = [0.0; 6];
    let mut squares = 0.0;
    for _ in 0..samples {
        // Pieces that were not broken off any more would be smaller than 10⁻¹².
        let (weights, _) = break_stick(&sample_shares(concentration, 1e-12, &mut rng).unwrap()).unwrap();
        for (mean, weight) in means.iter_mut().zip(&weights) {
            *mean += weight / samples as f64;
        }
        squares += weights.norm_squared() / samples as f64;
    }
    for (j, mean) in means.into_iter().enumerate() {
        let second = 2.0 / (3.0 * 4.0) * 0.5_f64.powi(j as i32);
        let bound = bernstein(samples, second, 1.0) + 1e-12;
        assert!(bound < 0.02);
        assert_within(mean, expected_weight(concentration, j).unwrap(), bound);
    }
    // B-29: Σ E w_j² = 1/(1 + a), which makes the variance of the mass of a set; the sum lies in [0, 1].
    assert_within(squares, 1.0 / 3.0, bernstein(samples, 0.25, 1.0) + 1e-12);
}

// What is seen.

/// B-28, B-E18: a cluster of weight .001 is seen by n = 1000 with probability .632; any positive weight is seen in
/// the end, a weight of zero never.
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

/// B-28, B-E18: the expected number of clusters seen is that of all kⁿ label sequences; it never exceeds n and tends
/// to k.
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

/// B-28, B-E18: of a stick's clusters the first few are all seen as n grows, and never all: n data have at most n
/// clusters, and those that are missing have some weight left.
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

// Tables.

/// B-27, B-29: seated one by one, a partition has the probability a^K Π(n_j − 1)!/(a(a+1)⋯(a+n−1)), which does not
/// ask for the order; over all partitions it sums to one.
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

/// B-27, B-28: E K_n = Σ a/(a+i): 14.39 at a million data for a = 1; none for no data, one for one; few for small a,
/// n for large a.
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

/// B-27, B-28: the same number from the sticks: ∫ (1 − (1−w)ⁿ) a w⁻¹ (1−w)^{a−1} dw, which with w = 1 − e^{−t} is
/// ∫ a e^{−at} (1 − e^{−nt})/(1 − e^{−t}) dt, by Simpson's rule.
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

/// B-28, B-E18: between the two logarithms for every n; without a bound, and yet 42 at n = 10¹⁸ for a = 1.
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

/// B-27, B-28: where the sum becomes an integral, at ten million terms, it goes on as the sum would.
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

/// B-27, B-28: the law of K_n is that of the unsigned Stirling numbers, here in whole numbers; its mean is E K_n.
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

/// B-27, B-28, B-29: seated guests and labels drawn from sticks both have as many clusters as the law says, by DKW;
/// and E K_n on average.
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

/// B-27, B-29: guests are seated by the seating probabilities: the third one, in each of the four histories that
/// there are.
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
    // Times a uniform number, the smallest double is itself as often as not: the first guest opens a table all the same.
    assert!((0..20).all(|seed| seat(4, 5e-324, &mut data::rng(seed)) == Ok(vec![0; 4])));
    assert_eq!(seat(1000, 3.0, &mut data::rng(1)), seat(1000, 3.0, &mut data::rng(1)));
    assert!(matches!(seat(4, f64::INFINITY, &mut rng), Err(Error::Domain { what: "concentration", .. })));
}

/// B-27, B-29: labels drawn from a stick fall on its pieces in proportion to their weights.
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

/// As [`data::rng`], but after so many numbers only the largest.
struct LargestAfter(usize, data::Rng);

impl TryRng for LargestAfter {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> std::result::Result<u32, Self::Error> {
        self.try_next_u64().map(|number| (number >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> std::result::Result<u64, Self::Error> {
        if self.0 == 0 {
            return Ok(u64::MAX);
        }
        self.0 -= 1;
        self.1.try_next_u64()
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> std::result::Result<(), Self::Error> {
        unreachable!("floats are made of single numbers")
    }
}

/// B-27: what is left of the stick belongs to its last piece: to 1 − 2⁻⁵³, beyond the sum of the weights, too.
#[test]
fn the_rest_of_the_stick_belongs_to_its_last_piece() {
    let mut rng = LargestAfter(usize::MAX, data::rng(9));
    let (_, weights) = dirichlet_process::sample(0, 3.0, &mut rng).unwrap();
    assert!(weights.sum() < 1.0 - f64::EPSILON);
    let mut rng = LargestAfter(usize::MAX - rng.0, data::rng(9));
    let (labels, again) = dirichlet_process::sample(2, 3.0, &mut rng).unwrap();
    assert_eq!((labels, again), (vec![weights.len() - 1; 2], weights));
}

/// B-29: the mass of a set under the random distribution has mean G₀(A) and variance G₀(A)(1 − G₀(A))/(1 + a);
/// sampled from sticks whose points are uniform.
#[test]
fn the_random_mass_of_a_set_has_its_moments() {
    let (samples, concentration, base_mass) = (40_000, 2.0, 0.3);
    let mut rng = data::rng(10);
    let (mut mean, mut variance) = (0.0, 0.0);
    for _ in 0..samples {
        let (weights, _) = break_stick(&sample_shares(concentration, 1e-12, &mut rng).unwrap()).unwrap();
        let mass: f64 = weights.iter().filter(|_| rng.random::<f64>() < base_mass).sum();
        mean += mass / samples as f64;
        variance += (mass - base_mass).powi(2) / samples as f64;
    }
    let (expected_mean, expected_variance) =
        dirichlet_process::mass_moments(base_mass, concentration).unwrap();
    assert_eq!(expected_mean, base_mass);
    // Of a Beta(ap, a(1−p)): the product of its parameters over (a²(a+1)).
    let (alpha, beta) = (concentration * base_mass, concentration * (1.0 - base_mass));
    assert_within(
        expected_variance,
        alpha * beta / (concentration.powi(2) * (concentration + 1.0)),
        gamma(12),
    );
    assert_within(mean, expected_mean, bernstein(samples, expected_variance, 1.0) + 1e-12);
    // (mass − p)² lies in [0, 0.49], so its own variance is at most 0.49 of its mean.
    assert_within(variance, expected_variance, bernstein(samples, 0.49 * expected_variance, 0.49) + 1e-12);
    assert!(matches!(
        dirichlet_process::mass_moments(1.5, 1.0),
        Err(Error::Domain { what: "mass of a set", .. })
    ));
    assert!(matches!(
        dirichlet_process::mass_moments(0.5, 0.0),
        Err(Error::Domain { what: "concentration", .. })
    ));
}
