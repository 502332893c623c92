//! The two steps: the nearest mean for every datum, the average for every mean.

use crate::common::bounds::{gamma, objective_relative};
use crate::common::config;
use crate::common::{assert_within, cases, column};
use crate::{objective_of_labels, state};
use executable_em::kmeans;
use executable_em::{data, latent};
use nalgebra::dmatrix;
use proptest::prelude::*;
use rand::RngExt;

proptest! {
    #![proptest_config(config(200))]

    /// The assignment is one-hot and no other assignment has a smaller J.
    ///
    /// Source: H-02, H-03, B-30, T-01.
    #[test]
    fn no_other_assignment_is_better(case in cases::strategy(&cases::Kind::ALL), seed in any::<u64>()) {
        let (x, means) = state(&case);
        let (n, k) = (x.nrows(), means.nrows());
        let labels = kmeans::assign(x, means).unwrap();
        let r = kmeans::responsibilities(x, means).unwrap();
        prop_assert_eq!(&r, &latent::one_hot(&labels, k).unwrap());
        prop_assert!(r.row_iter().all(|row| row.sum() == 1.0 && row.iter().filter(|&&one| one == 1.0).count() == 1));
        let best = kmeans::objective(x, &r, means).unwrap();
        let mut rng = data::rng(seed);
        for _ in 0..20 {
            let other: Vec<usize> = (0..n).map(|_| rng.random_range(0..k)).collect();
            let value = objective_of_labels(x, &other, means);
            prop_assert!(best <= value * (1.0 + 2.0 * objective_relative(n, k, x.ncols())));
        }
    }

    /// The mean of each cluster is its plain average, the array form is the same, an empty cluster stays.
    ///
    /// Source: H-04, H-12.
    #[test]
    fn the_mean_step_averages_each_cluster(case in cases::strategy(&cases::Kind::ALL), seed in any::<u64>()) {
        let (x, previous) = state(&case);
        let (n, k, d) = (x.nrows(), previous.nrows(), x.ncols());
        let mut rng = data::rng(seed);
        let labels: Vec<usize> = (0..n).map(|_| rng.random_range(0..k)).collect();
        let r = latent::one_hot(&labels, k).unwrap();
        let means = kmeans::update_means(x, &r, previous).unwrap();
        let array = kmeans::means_in_array_form(x, &r).unwrap();
        for j in 0..k {
            let cluster: Vec<usize> = (0..n).filter(|&i| labels[i] == j).collect();
            for a in 0..d {
                if cluster.is_empty() {
                    prop_assert_eq!(means[(j, a)].to_bits(), previous[(j, a)].to_bits());
                    prop_assert!(array[(j, a)].is_nan());
                    continue;
                }
                let average = cluster.iter().map(|&i| x[(i, a)]).sum::<f64>() / cluster.len() as f64;
                let bound = 2.0 * gamma(n + 2) * x.column(a).amax();
                assert_within(means[(j, a)], average, bound);
                assert_within(array[(j, a)], average, bound);
            }
        }
    }
}

/// Ties go to the lower index, whatever the order of the means.
///
/// Source: H-02.
#[test]
fn ties_go_to_the_lower_index() {
    let x = dmatrix![0.0, 0.0; 1.0, 1.0; -1.0, 1.0];
    assert_eq!(kmeans::assign(&x, &dmatrix![1.0, 0.0; -1.0, 0.0; 0.0, 1.0]).unwrap(), [0, 0, 1]);
    assert_eq!(kmeans::assign(&x, &dmatrix![0.0, 1.0; -1.0, 0.0; 1.0, 0.0]).unwrap(), [0, 0, 0]);
    assert_eq!(kmeans::assign(&column(&[3.0]), &column(&[3.0, 3.0, 3.0])).unwrap(), [0]);
    // Distances that overflow to infinity tie as well.
    assert_eq!(kmeans::assign(&column(&[1e200]), &column(&[-1e200, 0.0])).unwrap(), [0]);
}

/// argmin of x − μ without the norm picks the largest mean, 3, instead of the nearest, 0.1.
///
/// Source: T-E12.
#[test]
fn erratum_the_argmin_needs_the_norm() {
    let (x, means) = (0.0_f64, [-5.0, 0.1, 3.0]);
    let printed = (0..3).min_by(|&a, &b| (x - means[a]).total_cmp(&(x - means[b]))).unwrap();
    assert_eq!(means[printed], 3.0);
    let right = kmeans::assign(&column(&[x]), &column(&means)).unwrap()[0];
    assert_eq!(means[right], 0.1);
}

/// The risk takes the mean of each datum's own label; with one label for all, {0, 1, 9, 10} has the risk 163 instead of
/// 1.
///
/// Source: B-E19, B-30, B-31.
#[test]
fn erratum_the_risk_uses_the_label_of_each_datum() {
    let (x, means) = (column(&[0.0, 1.0, 9.0, 10.0]), column(&[0.5, 9.5]));
    let labels = kmeans::assign(&x, &means).unwrap();
    assert_eq!(kmeans::risk(&x, &labels, &means).unwrap(), 1.0);
    // c(x) with a free x: the label of the first datum, for every datum.
    let printed: f64 = x.iter().map(|datum| (datum - means[labels[0]]).powi(2)).sum();
    assert_eq!(printed, 163.0);
}
