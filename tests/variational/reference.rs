//! Numbers of an independent implementation, on the standardised geyser.

use crate::common::assert_within;
use crate::{faithful, unit_prior};
use executable_em::em::{Stopping, Tolerance};
use executable_em::latent;
use executable_em::variational::mixture::{OnBound, fit};
use executable_em::variational::{VariationalMixture, Weights};
use executable_em::{data, kmeans};
use nalgebra::DMatrix;
use rand::RngExt;

const TIGHT: Stopping = Stopping { tolerance: Tolerance::LogLikelihood(1e-13), max_sweeps: 5000 };

/// with one component the bound is the evidence, and both are the reference's.
#[test]
fn one_component_has_the_references_evidence() {
    let (x, prior) = (faithful(), unit_prior(2));
    assert_within(prior.log_evidence(&x).unwrap(), -561.6747951592, 5e-10);
    let one = DMatrix::from_element(272, 1, 1.0);
    let q = VariationalMixture::learned(Weights::Dirichlet(0.3), prior, &x, &one).unwrap();
    assert_within(q.lower_bound(&x, &one).unwrap(), -561.6747951592, 5e-10);
}

/// six components from the reference's start: the bound after each of the first three M steps, and at the end,
/// where two are left.
#[test]
fn six_components_give_the_references_bounds() {
    let (x, prior) = (faithful(), unit_prior(2));
    let mut r = kmeans::responsibilities(&x, &x.rows(0, 6).into_owned()).unwrap();
    let weights = Weights::Dirichlet(0.001);
    for printed in [-602.2458519854, -528.9085734828, -514.6461580425] {
        let q = VariationalMixture::learned(weights, prior.clone(), &x, &r).unwrap();
        assert_within(q.lower_bound(&x, &r).unwrap(), printed, 1e-9);
        r = q.responsibilities(&x).unwrap();
    }
    let fit = fit(&OnBound::new(&x).unwrap(), weights, &prior, &r, &TIGHT).unwrap();
    // The reference prints nine decimals; a run that stops at 10⁻¹³ a datum is far nearer.
    assert_within(fit.log_likelihood, -443.297873451, 2e-9);
    let alive = fit.model.survivors();
    assert_eq!(alive.len(), 2);
    let expected = fit.model.shares().expected();
    assert_within(expected[alive[0]], 0.6428639, 6e-8);
    assert_within(expected[alive[1]], 0.3571214, 6e-8);
}

/// scikit-learn 1.9.1, `BayesianGaussianMixture` with the same priors and the same first responsibilities,
/// `tol=1e-13`, `reg_covar=0`: what its two large components have learned.
#[test]
fn scikit_learn_learns_the_same() {
    let (x, prior) = (faithful(), unit_prior(2));
    let r = kmeans::responsibilities(&x, &x.rows(0, 6).into_owned()).unwrap();
    let q = fit(&OnBound::new(&x).unwrap(), Weights::Dirichlet(0.001), &prior, &r, &TIGHT).unwrap().model;
    let theirs = [
        (
            [0.6428639374320805, 175.86184816515055, 176.86184816515055],
            [0.702039533692438, 0.666686482100449],
            [0.135691411633545, 0.06062395147094, 0.199879146488483],
        ),
        (
            [0.3571213570099538, 98.13815183484952, 99.13815183484952],
            [-1.258042540763544, -1.194690491891584],
            [0.080753695434815, 0.045283331407803, 0.205898415749684],
        ),
    ];
    let alive = q.survivors();
    assert_eq!(alive.len(), 2);
    for (j, (of_weight, mean, covariance)) in alive.into_iter().zip(theirs) {
        let (share, ours) = (q.shares().expected()[j], &q.components()[j]);
        // Both runs end within some 1e-8 of their limit.
        for (value, expected) in [share, ours.strength(), ours.degrees()].into_iter().zip(of_weight) {
            assert_within(value / expected, 1.0, 1e-7);
        }
        for (&value, expected) in ours.mean().iter().zip(mean) {
            assert_within(value, expected, 1e-7);
        }
        let spread = ours.covariance();
        for (value, expected) in [spread[(0, 0)], spread[(1, 0)], spread[(1, 1)]].into_iter().zip(covariance)
        {
            assert_within(value, expected, 1e-7);
        }
    }
}

/// other starts come to the same end.
#[test]
fn every_start_comes_to_two_components() {
    let (x, prior) = (faithful(), unit_prior(2));
    let mut rng = data::rng(crate::common::seed() + 1);
    for _ in 0..10 {
        let labels: Vec<usize> = (0..272).map(|_| rng.random_range(0..6)).collect();
        let r = latent::one_hot(&labels, 6).unwrap();
        let fit = fit(&OnBound::new(&x).unwrap(), Weights::Dirichlet(0.001), &prior, &r, &TIGHT).unwrap();
        assert_within(fit.log_likelihood, -443.297873451, 1e-6);
    }
}

/// the Dirichlet process cut off at ten pieces. The bound depends on the names; named by size, the best of twenty
/// starts is the reference's best, and no start ends lower for being named by size.
#[test]
fn sticks_named_by_size_reach_the_references_best() {
    let (x, prior) = (faithful(), unit_prior(2));
    let mut rng = data::rng(5);
    let (mut best, mut named) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for _ in 0..20 {
        let rows: Vec<usize> = (0..10).map(|_| rng.random_range(0..272)).collect();
        let r = kmeans::responsibilities(&x, &x.select_rows(&rows)).unwrap();
        let climb = OnBound::new(&x).unwrap();
        let plain = fit(&climb, Weights::Sticks(1.0), &prior, &r, &TIGHT).unwrap();
        let by_size = fit(&climb.by_size(), Weights::Sticks(1.0), &prior, &r, &TIGHT).unwrap();
        best = best.max(plain.log_likelihood);
        named = named.max(by_size.log_likelihood);
    }
    assert_within(named, -440.602312761, 1e-6);
    assert!(best <= named + 1e-6, "{best} {named}");
}
