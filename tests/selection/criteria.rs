//! The criteria, and what they stand for where one Gaussian mean is all there is.

use crate::common::bounds::{self, gamma, sum_of};
use crate::common::enumeration::labelings;
use crate::common::{assert_within, column, line_mixture};
use executable_em::latent::{self, Model};
use executable_em::selection::{self, FreeParameters, criteria, gaussian_mean};
use executable_em::{Error, bound};
use nalgebra::{DVector, dvector};

/// AIC = −2ℓ + 2p, BIC = −2ℓ + p log n, ICL = BIC + 2H, exactly; BIC charges more from n = 8 on.
///
/// Source: B-26.
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

/// The entropy that ICL adds is that of the posterior over all kⁿ labelings, and ICL is BIC with Q for ℓ; the variant
/// with the most probable labels never charges more.
///
/// Source: B-26.
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

/// The optimism of a fitted mean is one on average. Only second moments enter, so data of ±σ about μ will do, and the
/// average over all 2ⁿ · 2ⁿ of them is exact.
///
/// Source: B-26.
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

/// ℓ of a mean is that of a Gaussian mixture with one component, highest at the average.
///
/// Source: B-26.
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

/// The evidence in closed form is the integral over the prior.
///
/// Source: B-26.
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

/// BIC misses the log evidence by a term that stays bounded and does not vanish; the remainder falls like 1/n.
///
/// Source: B-26.
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
    assert_eq!(gaussian_mean::optimism(&dvector![], &dvector![], 1.0), Err(Error::Empty { what: "data" }));
}
