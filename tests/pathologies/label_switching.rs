//! Label switching: k! twins of one likelihood, and what averages over them are worth.

use crate::common::bounds::gamma;
use crate::common::cases::{self, Kind};
use crate::common::naive::{Entry, Naive};
use crate::common::{assert_matrices_within, assert_within, column, line_mixture};
use crate::watching_parameters;
use executable_em::data;
use executable_em::em;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::pathologies::switching::{
    average, between, canonical, orders, relabelled, second_difference,
};
use nalgebra::DMatrix;
use num_dual::HyperDual64;

/// ℓ does not know the order of components, responsibilities follow it, and every twin has the same canonical form, to
/// the last bit, also where means coincide.
///
/// Source: T-E18.
#[test]
fn twins_have_one_likelihood_and_one_canonical_form() {
    for seed in 0..40 {
        let kind = Kind::ALL[seed as usize % Kind::ALL.len()];
        let k = seed as usize % 4 + 1;
        let mut case = cases::case(kind, CovarianceFamily::Full, 12, k, 2, seed);
        let k = case.model.k();
        if seed % 3 == 0 {
            // Equal means, and equal covariances too: what is left are the weights.
            let mean = case.model.means().row(0).into_owned();
            let means = DMatrix::from_fn(k, 2, |_, a| mean[a]);
            case.model = case.model.with_means(means).unwrap();
            if seed % 2 == 0 {
                let covariances = vec![case.model.covariances()[0].clone(); k];
                case.model = case.model.with_covariances(covariances, CovarianceFamily::Full).unwrap();
            }
        }
        let (x, model) = (&case.x, &case.model);
        let (height, r) = (model.log_likelihood(x).unwrap(), model.responsibilities(x).unwrap());
        let first = canonical(model).unwrap();
        let keys: Vec<Vec<f64>> = first.means().row_iter().map(|row| row.iter().copied().collect()).collect();
        assert!(keys.is_sorted());
        let all = orders(k).unwrap();
        assert_eq!(all.len(), (1..=k).product::<usize>());
        assert!(all.is_sorted() && all.windows(2).all(|pair| pair[0] != pair[1]));
        for order in &all {
            let twin = relabelled(model, order).unwrap();
            for (j, &from) in order.iter().enumerate() {
                assert_eq!(twin.means().row(j), model.means().row(from));
                assert_eq!(twin.covariances()[j], model.covariances()[from]);
                assert_eq!(twin.weights()[j], model.weights()[from]);
            }
            // The same terms in another order: only the sum of k exponentials rounds differently.
            let bound = 12.0 * gamma(k + 4) + gamma(14) * height.abs();
            assert_within(twin.log_likelihood(x).unwrap(), height, bound);
            let twin_r = twin.responsibilities(x).unwrap();
            for (j, &from) in order.iter().enumerate() {
                assert!((twin_r.column(j) - r.column(from)).amax() <= gamma(k + 4));
            }
            assert_eq!(canonical(&twin).unwrap(), first, "{kind:?}, {order:?}");
        }
    }
    // Equal means: the narrower component comes first, whatever the weights.
    let wide_first = line_mixture(&[0.3, 0.7], &[1.0, 1.0], &[2.0, 1.0]);
    assert_eq!(canonical(&wide_first).unwrap(), line_mixture(&[0.7, 0.3], &[1.0, 1.0], &[1.0, 2.0]));
    let narrow_first = line_mixture(&[0.7, 0.3], &[1.0, 1.0], &[1.0, 2.0]);
    assert_eq!(canonical(&narrow_first).unwrap(), narrow_first);
}

/// The average over all twins makes all components equal, whatever was fitted; over canonical forms of the same optimum
/// it is that optimum, and the average of densities never minded.
///
/// Source: T-E18.
#[test]
fn averages_over_twins_are_meaningless() {
    let x = data::old_faithful();
    let start = |seed| {
        executable_em::gaussian_mixture::random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(seed))
            .unwrap()
    };
    let fits: Vec<GaussianMixture> = [1, 2, 3, 4, 5, 6]
        .map(|seed| em::fit(start(seed), &x, &watching_parameters(1e-10)).unwrap().model.clone())
        .to_vec();
    let height = fits[0].log_likelihood(&x).unwrap();
    assert!(fits.iter().all(|fit| (fit.log_likelihood(&x).unwrap() - height).abs() < 1e-6));
    // Both orders occur among the six, so their plain average is a blur.
    assert!(fits.iter().any(|fit| fit.means()[0] < 3.0) && fits.iter().any(|fit| fit.means()[0] > 3.0));
    let blur = average(&fits).unwrap();
    assert!(blur.log_likelihood(&x).unwrap() < height - 100.0);
    let named: Vec<GaussianMixture> = fits.iter().map(|fit| canonical(fit).unwrap()).collect();
    assert_within(average(&named).unwrap().log_likelihood(&x).unwrap(), height, 1e-6);

    let twins: Vec<GaussianMixture> =
        orders(2).unwrap().iter().map(|order| relabelled(&fits[0], order).unwrap()).collect();
    let middle = average(&twins).unwrap();
    assert_matrices_within(&middle.covariances()[0], &middle.covariances()[1], gamma(4) * 200.0);
    assert!((middle.means().row(0) - middle.means().row(1)).amax() <= gamma(4) * 100.0);
    assert_within(middle.weights()[0], 0.5, gamma(4));
    // Three twins of three, weighted alike: (1/2)·a + (1/2)·b, then 2/3 of that and 1/3 of c.
    let three = |a: f64| line_mixture(&[1.0], &[a], &[a + 1.0]);
    let average = average(&[three(1.0), three(2.0), three(6.0)]).unwrap();
    assert_within(average.means()[0], 3.0, gamma(8) * 6.0);
    assert_within(average.covariances()[0][0], 4.0, gamma(8) * 6.0);
}

/// The second difference along segments of all parameters is the second derivative of hyper-dual numbers, its error
/// falling like h²; and it takes both signs: above zero between two twins, below it at an optimum.
///
/// Source: T-E18.
#[test]
fn erratum_the_log_likelihood_is_neither_convex_nor_concave() {
    for seed in 0..20 {
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 10, 2, 2, seed);
        let (x, from) = (&case.x, &case.model);
        let to = relabelled(from, &[1, 0]).unwrap();
        let middle = between(from, &to, 0.4).unwrap();
        let mut naive = Naive::<HyperDual64>::new(&middle);
        let mut seeds = vec![];
        for j in 0..2 {
            seeds.push((Entry::Weight(j), to.weights()[j] - from.weights()[j]));
            for a in 0..2 {
                seeds.push((Entry::Mean(j, a), to.means()[(j, a)] - from.means()[(j, a)]));
                for b in 0..2 {
                    let slope = to.covariances()[j][(a, b)] - from.covariances()[j][(a, b)];
                    seeds.push((Entry::Covariance(j, a, b), slope));
                }
            }
        }
        for (entry, slope) in seeds {
            (naive.entry(entry).eps1, naive.entry(entry).eps2) = (slope, slope);
        }
        let exact = naive.log_likelihood(x).eps1eps2;
        let error = |h: f64| second_difference(from, &to, x, 0.4, h).unwrap() / (h * h) - exact;
        // The error is h² ℓ⁗/12 + O(h⁴), so half the step leaves a quarter; rounding is 1e-12/h² = 1e-6.
        let (coarse, fine) = (error(2e-3), error(1e-3));
        assert!(fine.abs() <= 0.3 * coarse.abs() + 3e-6, "seed {seed}: {coarse}, {fine}, {exact}");
        assert!(coarse.abs() < 0.1 * (1.0 + exact.abs()), "seed {seed}: {coarse}, {exact}");
    }

    let x = column(&[-2.0, -1.5, 1.0, 2.5]);
    let top = em::fit(line_mixture(&[0.5, 0.5], &[-1.0, 1.0], &[1.0, 1.0]), &x, &watching_parameters(1e-12))
        .unwrap()
        .model
        .clone();
    let twin = relabelled(&top, &[1, 0]).unwrap();
    let second = |share: f64| second_difference(&top, &twin, &x, share, 0.02).unwrap();
    assert!(second(0.5) > 1e-3 && second(0.02) < -1e-3, "{} and {}", second(0.5), second(0.02));
    assert_eq!(between(&top, &twin, 0.0).unwrap(), top);
    assert_eq!(between(&top, &twin, 1.0).unwrap(), twin);
    // Were ℓ concave, the middle of two equal heights would be no lower.
    let middle = between(&top, &twin, 0.5).unwrap().log_likelihood(&x).unwrap();
    assert!(middle < top.log_likelihood(&x).unwrap() - 1.0);
    // Were it convex, so would be its restriction to the mean of a single Gaussian, −n/s.
    let one = |mean| line_mixture(&[1.0], &[mean], &[2.0]);
    let bend = second_difference(&one(0.0), &one(4.0), &x, 0.5, 0.25).unwrap();
    assert_within(bend, -4.0 / 2.0, gamma(60) * 40.0); // n/s with a step of one
}
