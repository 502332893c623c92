//! The referee, and the referee's referee.

use crate::common::{assert_within, seed};
use crate::{heaps, random_prior};
use executable_em::variational::Weights;
use executable_em::variational::evidence::{by_labelings, log_joint};
use executable_em::variational::gibbs::{conditional, sweep};
use executable_em::{data, latent};
use nalgebra::DMatrix;
use rand::RngExt;
use std::collections::BTreeMap;

/// The clusters in the order of their first members: one name for all labelings that part the data alike.
fn canonical(labels: &[usize]) -> Vec<usize> {
    let mut names: Vec<usize> = Vec::new();
    labels
        .iter()
        .map(|label| {
            names.iter().position(|name| name == label).unwrap_or_else(|| {
                names.push(*label);
                names.len() - 1
            })
        })
        .collect()
}

/// Every set partition of n data, by its canonical labels.
fn partitions(n: usize) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for _ in 0..n {
        all = all
            .into_iter()
            .flat_map(|labels: Vec<usize>| {
                let clusters = labels.iter().max().map_or(0, |last| last + 1);
                (0..=clusters).map(move |next| [labels.clone(), vec![next]].concat())
            })
            .collect();
    }
    all
}

/// the conditional of one label is the ratio of joints, for both kinds of weights.
#[test]
fn the_conditional_is_a_ratio_of_joints() {
    let mut compared = 0;
    for case_seed in 0..20 {
        let mut rng = data::rng(seed() + case_seed);
        let (prior, x) = (random_prior(2, &mut rng), heaps(6, 2, &mut rng));
        let (weights, k) =
            if case_seed % 2 == 0 { (Weights::Dirichlet(0.6), 3) } else { (Weights::Sticks(1.3), 7) };
        let labels: Vec<usize> = (0..6).map(|_| rng.random_range(0..3)).collect();
        let i = rng.random_range(0..6);
        let found = conditional(weights, &prior, &x, &labels, k, i).unwrap();
        // Of the empty labels of a process only the first counts.
        let possible: Vec<usize> = (0..k).filter(|&j| found[j] > 0.0).collect();
        let joints: Vec<f64> = possible
            .iter()
            .map(|&j| {
                let mut labels = labels.clone();
                labels[i] = j;
                log_joint(weights, &prior, &x, &labels, k).unwrap()
            })
            .collect();
        let total = latent::log_sum_exp(joints.iter().copied());
        for (&j, joint) in possible.iter().zip(&joints) {
            assert_within(found[j], (joint - total).exp(), 1e-11);
            compared += 1;
        }
    }
    assert!(compared > 50, "{compared}");
}

/// eight data, 4140 set partitions: the sampler visits each as often as its exact posterior says. Compared are
/// the probabilities that two data share a cluster, and of the number of clusters.
#[test]
fn the_sampler_agrees_with_all_partitions() {
    let mut rng = data::rng(seed() + 40);
    let (weights, prior) = (Weights::Sticks(1.0), random_prior(1, &mut data::rng(7)));
    let x = DMatrix::from_column_slice(8, 1, &[-3.0, -2.6, -2.4, 0.2, 0.5, 2.0, 2.2, 5.0]);
    let all = partitions(8);
    assert_eq!(all.len(), 4140);
    let logs: Vec<f64> =
        all.iter().map(|labels| log_joint(weights, &prior, &x, labels, 9).unwrap()).collect();
    let total = latent::log_sum_exp(logs.iter().copied());
    let exact: BTreeMap<&Vec<usize>, f64> =
        all.iter().zip(&logs).map(|(labels, log)| (labels, (log - total).exp())).collect();
    let sweeps = 20_000;
    let mut labels = vec![0; 8];
    let (mut together, mut clusters) = (DMatrix::<f64>::zeros(8, 8), [0.0; 9]);
    for _ in 0..sweeps {
        sweep(weights, &prior, &x, &mut labels, 9, &mut rng).unwrap();
        let names = canonical(&labels);
        assert!(exact.contains_key(&names));
        together +=
            DMatrix::from_fn(8, 8, |i, l| if names[i] == names[l] { 1.0 / f64::from(sweeps) } else { 0.0 });
        clusters[names.iter().max().unwrap() + 1] += 1.0 / f64::from(sweeps);
    }
    // Sweeps depend on each other: an effective twentieth of them leaves a standard error of .5/√1000 = .016; five of
    // them.
    for i in 0..8 {
        for l in 0..i {
            let p: f64 = exact.iter().filter(|(labels, _)| labels[i] == labels[l]).map(|(_, p)| p).sum();
            assert_within(together[(i, l)], p, 0.08);
        }
    }
    for (count, share) in clusters.iter().enumerate() {
        let p: f64 = exact
            .iter()
            .filter(|(labels, _)| labels.iter().max().unwrap() + 1 == count)
            .map(|(_, p)| p)
            .sum();
        assert_within(*share, p, 0.08);
    }
}

/// for two components of a finite mixture the same against all 2⁶ labelings.
#[test]
fn the_sampler_agrees_with_all_labelings() {
    let mut rng = data::rng(seed() + 41);
    let (prior, x) = (
        random_prior(1, &mut data::rng(8)),
        DMatrix::from_column_slice(6, 1, &[-2.0, -1.5, 0.0, 0.2, 2.0, 2.5]),
    );
    let (_, posterior) = by_labelings(0.7, &prior, &x, 2).unwrap();
    let all = latent::labelings::all(6, 2).unwrap();
    let mut labels = vec![0; 6];
    let mut share = DMatrix::<f64>::zeros(6, 6);
    let sweeps = 10_000;
    for _ in 0..sweeps {
        sweep(Weights::Dirichlet(0.7), &prior, &x, &mut labels, 2, &mut rng).unwrap();
        share +=
            DMatrix::from_fn(6, 6, |i, l| if labels[i] == labels[l] { 1.0 / f64::from(sweeps) } else { 0.0 });
    }
    for (i, l) in (0..6).flat_map(|i| (0..i).map(move |l| (i, l))) {
        let p: f64 =
            all.iter().zip(&posterior).filter(|(labels, _)| labels[i] == labels[l]).map(|(_, p)| p).sum();
        assert_within(share[(i, l)], p, 0.1);
    }
}
