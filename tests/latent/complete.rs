//! Labels seen: the prior over one-hot vectors, the complete likelihood and its maximum in closed form.

use crate::common::bounds::gamma;
use crate::common::{assert_within, line_mixture, naive, quadrature};
use crate::{NEVER, four, line_up, three};
use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::latent::{self, Model, complete, labelings};
use executable_em::{Error, data, em};
use nalgebra::{DMatrix, dmatrix, dvector};
use rand::RngExt;

/// p(z) sums to one over the k one-hot vectors; its formula over all binary vectors would give Π(1 + π_j) instead.
///
/// Source: B-02, H-44, T-36, T-E24.
#[test]
fn the_prior_is_a_distribution_over_one_hot_vectors_only() {
    let weights = dvector![0.5, 0.3, 0.2, 0.0];
    let one_hot = latent::one_hot(&[0, 1, 2, 3], 4).unwrap();
    let mut sum = 0.0;
    for (j, row) in one_hot.row_iter().enumerate() {
        let p = latent::prior(&row.transpose(), &weights).unwrap();
        assert_eq!(p, weights[j]);
        sum += p;
    }
    assert_eq!(sum, 1.0);

    // The printed product over every z in {0, 1}^4, as code.
    let mut over_all = 0.0;
    for bits in 0..16_u32 {
        over_all += (0..4).map(|j| if bits >> j & 1 == 1 { weights[j] } else { 1.0 }).product::<f64>();
    }
    assert_within(over_all, 1.5 * 1.3 * 1.2 * 1.0, gamma(20) * over_all);
    for (z, value) in [
        (dvector![1.0, 1.0, 0.0, 0.0], 2.0),
        (dvector![0.0, 0.0, 0.0, 0.0], 0.0),
        (dvector![0.5, 0.5, 0.0, 0.0], 0.5),
    ] {
        let error = latent::prior(&z, &weights).unwrap_err();
        assert_eq!(error, Error::NotOnSimplex { what: "one-hot label", row: 0, value });
    }
    let error = latent::prior(&dvector![1.0], &weights).unwrap_err();
    assert_eq!(error, Error::Shape { what: "one-hot label", expected: (4, 1), found: (1, 1) });
    let error = latent::prior(&dvector![1.0, 0.0], &dvector![0.5, 0.6]).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "weights", row: 0, value: 1.1 });
    let error = latent::prior(&dvector![1.0, 0.0], &dvector![-0.5, 1.5]).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "weights", row: 0, value: -0.5 });
}

/// Hard membership is one-hot, with the labels read back from it; soft membership lies on the simplex.
///
/// Source: H-03, T-01.
#[test]
fn one_hot_rows_hold_a_single_one_at_the_label() {
    let labels = [2, 0, 1, 1, 2];
    let z = latent::one_hot(&labels, 4).unwrap();
    assert_eq!(z.shape(), (5, 4));
    for (i, &label) in labels.iter().enumerate() {
        for j in 0..4 {
            assert_eq!(z[(i, j)], if j == label { 1.0 } else { 0.0 });
        }
    }
    assert_eq!(latent::counts(&z), dvector![1.0, 2.0, 2.0, 0.0]);
    assert_eq!(latent::one_hot(&[0, 4], 4), Err(Error::Label { row: 1, label: 4, k: 4 }));
    assert_eq!(latent::one_hot(&[0], 0), Err(Error::Label { row: 0, label: 0, k: 0 }));
    assert_eq!(latent::one_hot(&[], 3).unwrap().shape(), (0, 3));
}

/// log p(z) sums the logs of the labels' weights, is a distribution over the k^n labelings, and makes the joint out of
/// the conditional.
///
/// Source: H-44, H-47, L-17.
#[test]
fn prior_times_conditional_is_the_joint() {
    let model = three();
    let x = four();
    let (log_densities, log_joint) =
        (model.component_log_densities(&x).unwrap(), model.log_joint(&x).unwrap());
    let mut sum = 0.0;
    for labels in labelings::all(4, 3).unwrap() {
        let log_prior = complete::log_prior(&labels, model.weights()).unwrap();
        let log_conditional = complete::log_conditional(&log_densities, &labels).unwrap();
        let expected: f64 = labels.iter().map(|&label| model.weights()[label]).product();
        // Four logarithms, each of size below 2, and an exponential.
        assert_within(log_prior.exp(), expected, gamma(20) * expected);
        let one_by_one: f64 = latent::one_hot(&labels, 3)
            .unwrap()
            .row_iter()
            .map(|z| latent::prior(&z.transpose(), model.weights()).unwrap())
            .product();
        assert_within(one_by_one, expected, gamma(4) * expected);
        // Eight terms in another order.
        let terms = log_prior.abs() + log_densities.iter().map(|entry| entry.abs()).sum::<f64>();
        assert_within(
            log_prior + log_conditional,
            complete::log_likelihood(&log_joint, &labels).unwrap(),
            gamma(10) * terms,
        );
        sum += log_prior.exp();
    }
    assert_within(sum, 1.0, gamma(81 + 20));
    assert_eq!(complete::log_prior(&[0, 1], &dvector![1.0, 0.0]), Ok(NEVER));
    assert_eq!(complete::log_prior(&[0, 0], &dvector![1.0, 0.0]), Ok(0.0));
    // Shifts of a column by its weight: the joint, and not the conditional, knows them.
    assert_eq!(complete::log_conditional(&dmatrix![-1.0, -2.0; -4.0, -8.0], &[1, 0]), Ok(-6.0));
}

/// Given its label a datum has the density of its component, which integrates to one; with the weight in front, as
/// printed twice, it is the joint and integrates to π_κ.
///
/// Source: H-45, H-53, H-E09, H-E10, L-E05.
#[test]
fn the_conditional_has_no_weight_in_it() {
    for (weights, label) in [([0.3, 0.7], 0), ([0.75, 0.25], 1)] {
        let model = line_mixture(&weights, &[-1.0, 2.0], &[1.0, 0.5]);
        let of = |log_density: &dyn Fn(usize) -> f64, count: usize| {
            (0..count).map(|i| log_density(i).exp()).collect()
        };
        let conditional = |grid: &DMatrix<f64>| -> Vec<f64> {
            let log_densities = model.component_log_densities(grid).unwrap();
            let at = |i: usize| {
                complete::log_conditional(&log_densities.rows(i, 1).into_owned(), &[label]).unwrap()
            };
            of(&at, grid.nrows())
        };
        let printed = |grid: &DMatrix<f64>| -> Vec<f64> {
            let log_joint = model.log_joint(grid).unwrap();
            let at =
                |i: usize| complete::log_likelihood(&log_joint.rows(i, 1).into_owned(), &[label]).unwrap();
            of(&at, grid.nrows())
        };
        // Within the box no exponent exceeds 8.5²/2 + (3/√½ · 8.5) ≈ 100 in size: relative error γ(10)·100 of a
        // density.
        let (one, bound) = quadrature::integral(&model, conditional, 100.0 * gamma(10));
        assert_within(one, 1.0, bound);
        let (weight, bound) = quadrature::integral(&model, printed, 100.0 * gamma(10));
        assert_within(weight, weights[label], bound);
    }
}

/// With the labels seen, counts, class means and class covariances maximise the likelihood: its derivatives vanish
/// there (that of a weight is n for every one, the multiplier), and 200 perturbations lower it.
///
/// Source: H-54, H-59, B-18, L-07.
#[test]
fn with_the_labels_seen_the_maximum_has_a_closed_form() {
    let (x, labels) = three().sample(60, &mut data::rng(3)).unwrap();
    let fit = complete::maximum_likelihood(&three(), &x, &labels, 3).unwrap();

    for j in 0..3 {
        let members: Vec<usize> = (0..60).filter(|&i| labels[i] == j).collect();
        let count = members.len() as f64;
        assert_eq!(fit.weights()[j], count / 60.0);
        for a in 0..2 {
            let mean = members.iter().map(|&i| x[(i, a)]).sum::<f64>() / count;
            assert_within(fit.means()[(j, a)], mean, 2.0 * gamma(62) * x.amax());
            for b in 0..2 {
                let product =
                    |&i: &usize| (x[(i, a)] - fit.means()[(j, a)]) * (x[(i, b)] - fit.means()[(j, b)]);
                let covariance = members.iter().map(product).sum::<f64>() / count;
                assert_within(fit.covariances()[j][(a, b)], covariance, 4.0 * gamma(66) * x.amax().powi(2));
            }
        }
    }

    // The derivatives of Σ_i log p(x_i, z_i) by dual numbers of the naive formula.
    let derivative = |model: &GaussianMixture, entry: naive::Entry| {
        let mut naive = naive::Naive::<num_dual::Dual64>::new(model);
        naive.entry(entry).eps = 1.0;
        let rows: Vec<Vec<f64>> = x.row_iter().map(|row| row.iter().copied().collect()).collect();
        rows.iter().zip(&labels).map(|(row, &label)| naive.log_joint(row, label).eps).sum::<f64>()
    };
    for j in 0..3 {
        // Each score sums 60 terms |Σ⁻¹v| or |Σ⁻¹vvᵀΣ⁻¹| ≤ (|x| / λ_min)², and errs by γ(100) of their sum.
        let smallest = fit.covariances()[j].symmetric_eigenvalues().min();
        let bound = 60.0 * gamma(100) * (1.0 + x.amax() / smallest).powi(2);
        assert_within(derivative(&fit, naive::Entry::Weight(j)), 60.0, 60.0 * gamma(70));
        for a in 0..2 {
            assert_within(derivative(&fit, naive::Entry::Mean(j, a)), 0.0, bound);
            for b in 0..2 {
                assert_within(derivative(&fit, naive::Entry::Covariance(j, a, b)), 0.0, bound);
            }
        }
    }

    let value =
        |model: &GaussianMixture| complete::log_likelihood(&model.log_joint(&x).unwrap(), &labels).unwrap();
    let best = value(&fit);
    let mut rng = data::rng(4);
    for number in 0..200 {
        // Steps of up to a hundredth: the value falls by some n · 10⁻⁵ nats; its rounding is 10⁻¹³.
        let mut step = || rng.random_range(-0.5..0.5);
        let moved = match number % 3 {
            0 => {
                let weights = fit.weights().map(|weight| weight * (1.0 + 0.02 * step()));
                fit.with_weights(&weights / weights.sum())
            }
            1 => fit.with_means(fit.means().map(|mean| mean + 0.02 * step())),
            _ => {
                let mut covariances = fit.covariances().to_vec();
                for covariance in &mut covariances {
                    let change = DMatrix::from_fn(2, 2, |_, _| 0.02 * step());
                    *covariance += &change + change.transpose();
                }
                fit.with_covariances(covariances, fit.family())
            }
        }
        .unwrap();
        assert!(value(&moved) < best, "perturbation {number}");
    }
}

/// Known labels need no iteration and no start; unknown ones do, for the responsibilities depend on what they are to
/// determine.
///
/// Source: T-19, H-59, H-E17, H-54.
#[test]
fn with_the_labels_unseen_the_equations_are_coupled() {
    let (x, labels) = three().sample(60, &mut data::rng(3)).unwrap();
    let elsewhere = line_up(&three(), 1.0);
    let fit = complete::maximum_likelihood(&three(), &x, &labels, 3).unwrap();
    assert_eq!(complete::maximum_likelihood(&elsewhere, &x, &labels, 3).unwrap(), fit);
    assert_eq!(complete::maximum_likelihood(&fit, &x, &labels, 3).unwrap(), fit);

    let from_here = em::sweep(&three(), &x).unwrap();
    let from_there = em::sweep(&elsewhere, &x).unwrap();
    let again = em::sweep(&from_here, &x).unwrap();
    assert!((from_here.means() - from_there.means()).amax() > 0.1);
    assert!((from_here.means() - again.means()).amax() > 1e-3);
    assert!(naive::score_in_means(&from_here, &x).amax() > 1e-2);
    // A component that no label names keeps its shape, at weight zero.
    let none = complete::maximum_likelihood(&three(), &x, &[0; 60], 3).unwrap();
    assert_eq!(*none.weights(), dvector![1.0, 0.0, 0.0]);
    assert_eq!(
        (none.means().row(2), &none.covariances()[2]),
        (three().means().row(2), &three().covariances()[2])
    );
}

/// Given the labels, moving one component's mean or covariance touches its own term and, bit for bit, no other; in the
/// likelihood of x alone the components share mixed second derivatives.
///
/// Source: H-50.
#[test]
fn given_the_labels_the_parameters_decouple() {
    let (x, labels) = three().sample(30, &mut data::rng(5)).unwrap();
    let terms =
        |model: &GaussianMixture| complete::by_component(&model.log_joint(&x).unwrap(), &labels).unwrap();
    let before = terms(&three());
    let total = complete::log_likelihood(&three().log_joint(&x).unwrap(), &labels).unwrap();
    assert_within(before.sum(), total, gamma(34) * before.abs().sum());
    for j in 0..3 {
        let (mut means, mut covariances) = (three().means().clone(), three().covariances().to_vec());
        means[(j, 0)] += 0.25;
        covariances[j] *= 1.5;
        let moved = three().with_means(means).unwrap();
        let after = terms(&moved.with_covariances(covariances, moved.family()).unwrap());
        for other in 0..3 {
            assert_eq!(after[other] == before[other], other != j, "component {other} when {j} moves");
        }
    }
    let (one, other) = (naive::Entry::Mean(0, 0), naive::Entry::Mean(1, 0));
    assert!(naive::second_derivative(&three(), &x, one, other).abs() > 0.1);

    assert_eq!(complete::by_component(&dmatrix![-1.0, NEVER; -2.0, -3.0], &[0, 0]), Ok(dvector![-3.0, 0.0]));
    assert_eq!(
        complete::by_component(&dmatrix![-1.0, NEVER; -2.0, -3.0], &[1, 0]),
        Ok(dvector![-2.0, NEVER])
    );
    let error = complete::by_component(&dmatrix![-1.0, -2.0], &[2]).unwrap_err();
    assert_eq!(error, Error::Label { row: 0, label: 2, k: 2 });
}
