//! The rules of probability in small, and a latent variable that is no label.

use crate::common::assert_within;
use crate::common::bounds::gamma;
use executable_em::latent::{censored, toolbox};
use executable_em::{Error, data};
use nalgebra::{DMatrix, dmatrix, dvector};
use rand::distr::{Distribution, weighted::WeightedIndex};

/// The three rules on a table of two by three, in exact binary fractions, and against draws.
///
/// Source: H-56, L-20, B-20, L-E09.
#[test]
fn sum_product_and_bayes_rule() {
    let joint = dmatrix![0.125, 0.25, 0.125; 0.0, 0.125, 0.375];
    let marginal = toolbox::sum_rule(&joint).unwrap();
    assert_eq!(marginal, dvector![0.5, 0.5]);
    let conditional = dmatrix![0.25, 0.5, 0.25; 0.0, 0.25, 0.75];
    assert_eq!(toolbox::product_rule(&marginal, &conditional).unwrap(), joint);
    assert_eq!(toolbox::sum_rule(&joint.transpose()).unwrap(), dvector![0.125, 0.375, 0.5]);
    assert_eq!(toolbox::bayes_rule(&marginal, &conditional, 0).unwrap(), dvector![1.0, 0.0]);
    assert_eq!(
        toolbox::bayes_rule(&marginal, &conditional, 1).unwrap(),
        dvector![0.25 / 0.375, 0.125 / 0.375]
    );
    assert_eq!(toolbox::bayes_rule(&marginal, &conditional, 2).unwrap(), dvector![0.25, 0.75]);
    // Round and round: p(a|b) p(b) = p(b|a) p(a).
    for b in 0..3 {
        let evidence = joint.column(b).sum();
        let back = toolbox::bayes_rule(&marginal, &conditional, b).unwrap() * evidence;
        assert!((back - joint.column(b)).amax() <= gamma(3));
    }

    // 400 000 draws of the pair: shares within five standard errors, √(p(1 − p)/n).
    let cells = WeightedIndex::new(joint.iter()).unwrap();
    let mut rng = data::rng(9);
    let n = 400_000;
    let mut seen = DMatrix::<f64>::zeros(2, 3);
    for _ in 0..n {
        seen[cells.sample(&mut rng)] += 1.0;
    }
    let within = |found: f64, p: f64, n: f64| (found - p).abs() <= 5.0 * (p * (1.0 - p) / n).sqrt();
    assert!(seen.iter().zip(&joint).all(|(&count, &p)| within(count / n as f64, p, n as f64)));
    let column = seen.column(1).sum();
    assert!(within(
        seen[(0, 1)] / column,
        toolbox::bayes_rule(&marginal, &conditional, 1).unwrap()[0],
        column
    ));

    // A non-empty event of probability zero conditions on nothing.
    let never = dmatrix![0.5, 0.5, 0.0; 0.25, 0.75, 0.0];
    let error = toolbox::bayes_rule(&marginal, &never, 2).unwrap_err();
    let what = "probability of what was observed";
    assert_eq!(error, Error::Domain { what, value: 0.0, allowed: "finite and > 0" });
    assert!(toolbox::bayes_rule(&marginal, &conditional, 3).is_err());
    assert!(toolbox::sum_rule(&dmatrix![0.5, 0.6]).is_err());
    assert!(toolbox::product_rule(&dvector![0.5, 0.5], &dmatrix![0.5, 0.4; 0.5, 0.5]).is_err());
    assert!(toolbox::product_rule(&dvector![0.5, 0.6], &dmatrix![0.5, 0.5; 0.5, 0.5]).is_err());
    assert!(toolbox::product_rule(&dvector![1.0], &dmatrix![0.5, 0.5; 0.5, 0.5]).is_err());
}

/// EM on censored lifetimes ends at failures over total time, which a formula gives at once; the distance of 1/λ to its
/// limit shrinks by the share of censored units in every step.
///
/// Source: L-08, L-09, L-E15, H-55.
#[test]
fn censored_lifetimes_have_a_closed_form_that_em_finds() {
    let times = dvector![0.5, 1.25, 2.0, 2.0, 2.0, 0.25, 1.0, 2.0];
    let failed = [true, true, false, false, false, true, true, false];
    let limit = censored::maximum_likelihood(&times, &failed).unwrap();
    assert_eq!(limit, 4.0 / 11.0);

    let mut rate: f64 = 2.0;
    for _ in 0..60 {
        let lifetimes = censored::expected_lifetimes(&times, &failed, rate).unwrap();
        for i in 0..8 {
            assert_eq!(lifetimes[i], if failed[i] { times[i] } else { times[i] + 1.0 / rate });
        }
        let next = censored::complete_rate(&lifetimes).unwrap();
        // 1/λ' − 1/λ̂ = (c/n)(1/λ − 1/λ̂) with c = 4 censored of n = 8; numbers of size 1/λ̂ = 2.75, ten operations
        // each.
        let gap = |rate: f64| 1.0 / rate - 1.0 / limit;
        assert_within(gap(next), 0.5 * gap(rate), 10.0 * 2.75 * f64::EPSILON);
        let l = |rate: f64| censored::log_likelihood(&times, &failed, rate).unwrap();
        // Eleven units of time and four failures, rates below 2: |terms| < 30.
        assert!(l(next) >= l(rate) - 30.0 * gamma(12));
        rate = next;
    }
    // 2⁻⁶⁰ of the first gap is nothing.
    assert_within(rate, limit, 40.0 * f64::EPSILON);

    let l = |rate: f64| censored::log_likelihood(&times, &failed, rate).unwrap();
    assert_within(l(0.5), 4.0 * 0.5_f64.ln() - 5.5, gamma(12) * 10.0);
    assert!(l(limit) > l(limit * 1.01) && l(limit) > l(limit * 0.99));
    let complete = |rate: f64| censored::complete_log_likelihood(&times, rate).unwrap();
    assert_within(complete(0.5), 8.0 * 0.5_f64.ln() - 5.5, gamma(12) * 12.0);
    let best = censored::complete_rate(&times).unwrap();
    assert_eq!(best, 8.0 / 11.0);
    assert!(complete(best) > complete(best * 1.01) && complete(best) > complete(best * 0.99));

    // Without memory: units beyond c have lived c + 1/λ on average. 200 000 draws, five standard errors.
    let (rate, cut) = (1.5, 0.8);
    let mut rng = data::rng(10);
    let law = rand_distr::Exp::new(rate).unwrap();
    let beyond: Vec<f64> = (0..200_000).map(|_| law.sample(&mut rng)).filter(|&t: &f64| t > cut).collect();
    let mean = beyond.iter().sum::<f64>() / beyond.len() as f64;
    let expected = censored::expected_lifetimes(&dvector![cut], &[false], rate).unwrap()[0];
    assert_within(mean, expected, 5.0 / rate / (beyond.len() as f64).sqrt());

    assert_eq!(
        censored::maximum_likelihood(&dvector![1.0], &[false]),
        Err(Error::Domain { what: "number of failures", value: 0.0, allowed: "finite and > 0" })
    );
    let negative = Error::Domain { what: "time", value: -1.0, allowed: "≥ 0" };
    assert_eq!(censored::complete_rate(&dvector![-1.0, 3.0]), Err(negative));
    assert_eq!(censored::complete_rate(&dvector![0.0, 2.0]), Ok(1.0)); // a unit may fail at once
    assert!(censored::complete_rate(&dvector![0.0]).is_err());
    assert!(censored::maximum_likelihood(&dvector![0.0], &[true]).is_err());
    assert!(censored::log_likelihood(&dvector![1.0], &[true, false], 1.0).is_err());
    assert!(censored::log_likelihood(&dvector![1.0], &[true], 0.0).is_err());
    assert!(censored::complete_log_likelihood(&dvector![1.0], f64::NAN).is_err());
    assert!(censored::expected_lifetimes(&dvector![f64::INFINITY], &[true], 1.0).is_err());
    assert!(censored::expected_lifetimes(&dvector![1.0], &[true], -1.0).is_err());
}
