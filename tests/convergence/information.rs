//! Three informations, against automatic differentiation of the likelihood and of Q, written out.

use crate::common::naive::{self, Naive};
use crate::common::{assert_within, seed};
use crate::{case, entries};
use executable_em::convergence::coordinates::directions;
use executable_em::convergence::information::{complete, missing, observed, score};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use nalgebra::DMatrix;
use num_dual::{Dual64, HyperDual64};

/// ℓ with hyper-dual parts along two directions: its second derivative along both.
fn second_of_likelihood(model: &GaussianMixture, x: &DMatrix<f64>, m: usize, l: usize) -> f64 {
    hyper(model, m, l).log_likelihood(x).eps1eps2
}

fn hyper(model: &GaussianMixture, m: usize, l: usize) -> Naive<HyperDual64> {
    let all = directions(model.k(), model.d(), model.family());
    let mut naive = Naive::<HyperDual64>::new(model);
    for (entry, change) in entries(&all[m]) {
        naive.entry(entry).eps1 += change;
    }
    for (entry, change) in entries(&all[l]) {
        naive.entry(entry).eps2 += change;
    }
    naive
}

/// X-13, H-64: the score in the free coordinates is the derivative of ℓ along them.
#[test]
fn the_score_is_the_derivative_along_each_coordinate() {
    let mut compared = 0;
    for case_seed in 0..16 {
        let family = CovarianceFamily::ALL[case_seed as usize % 4];
        let case = case(family, 12, 3, 2, seed() + case_seed);
        let score = score(&case.model, &case.x).unwrap();
        for (m, direction) in directions(3, 2, family).iter().enumerate() {
            let mut naive = Naive::<Dual64>::new(&case.model);
            entries(direction).into_iter().for_each(|(entry, change)| naive.entry(entry).eps += change);
            let slope = naive.log_likelihood(&case.x).eps;
            // As for the other scores: sums of twelve terms of some hundred, magnified by κ < 20.
            assert_within(score[m], slope, 1e-10 * slope.abs().max(1.0));
            compared += 1;
        }
    }
    assert!(compared > 150, "{compared}");
}

/// Louis' identity at any θ, in every family: I_c − I_m is minus the Hessian of ℓ by hyper-dual numbers; and
/// I_c that of Q with its responsibilities frozen, I_m is no less than zero.
#[test]
fn louis_identity_holds_everywhere() {
    let mut compared = 0;
    for case_seed in 0..12 {
        let family = CovarianceFamily::ALL[case_seed as usize % 4];
        let (k, d) = (1 + case_seed as usize % 3, 1 + case_seed as usize / 4 % 2);
        let case = case(family, 12, k, d, seed() + 100 + case_seed);
        let r = case.model.responsibilities(&case.x).unwrap();
        let (seen, whole) =
            (observed(&case.model, &case.x).unwrap(), complete(&case.model, &case.x).unwrap());
        let hidden = missing(&case.model, &case.x).unwrap();
        let size = whole.amax().max(1.0);
        for m in 0..seen.nrows() {
            for l in 0..=m {
                let by_dual = -second_of_likelihood(&case.model, &case.x, m, l);
                // Products of up to four precisions of condition below 20, in sums of twelve.
                assert_within(seen[(m, l)], by_dual, 1e-10 * size);
                assert_eq!(whole[(m, l)], whole[(l, m)]);
                let naive = hyper(&case.model, m, l);
                let mut q = HyperDual64::from(0.0);
                for (i, row) in case.x.row_iter().enumerate() {
                    let datum: Vec<f64> = row.iter().copied().collect();
                    (0..k).for_each(|j| q += naive.log_joint(&datum, j) * r[(i, j)]);
                }
                assert_within(whole[(m, l)], -q.eps1eps2, 1e-10 * size);
                compared += 1;
            }
        }
        assert!(hidden.symmetric_eigenvalues().min() > -1e-10 * size);
    }
    assert!(compared > 250, "{compared}");
}

/// with one component no label is missing, and nothing is.
#[test]
fn with_one_component_nothing_is_missing() {
    let case = case(CovarianceFamily::Full, 12, 1, 2, seed());
    assert!(missing(&case.model, &case.x).unwrap().amax() < 1e-12);
    // And by hand: n/σ² for the mean of n data.
    let line = crate::line_mixture(&[1.0], &[0.0], &[4.0]);
    let information = observed(&line, &crate::column(&[1.0, -1.0, 2.0])).unwrap();
    assert_within(information[(0, 0)], 0.75, 1e-15);
    assert_within(
        naive::second_derivative(
            &line,
            &crate::column(&[1.0, -1.0, 2.0]),
            naive::Entry::Mean(0, 0),
            naive::Entry::Mean(0, 0),
        ),
        -0.75,
        1e-15,
    );
}
