//! k-means: the two steps, the function J that both lower, where it stops, where it starts and where it fails.

mod common;

use common::bounds::{gamma, kmeans_rise, objective_relative};
use common::enumeration::labelings;
use common::{accuracy, assert_matrices_within, assert_printed, assert_within, cases, column, naive};
use executable_em::gaussian_mixture::{CovarianceFamily, kmeans_start};
use executable_em::kmeans::{self, Lloyd, Step, likelihood};
use executable_em::{Error, data, em, latent};
use nalgebra::{DMatrix, DVector, dmatrix};
use num_dual::{Dual64, HyperDual64};
use proptest::prelude::*;
use rand::RngExt;
use std::f64::consts::TAU;

/// Data with means to start from, from the hard cases.
fn state(case: &cases::Case) -> (&DMatrix<f64>, &DMatrix<f64>) {
    (&case.x, &case.model.means)
}

/// J by three nested loops.
fn loops(x: &DMatrix<f64>, r: &DMatrix<f64>, means: &DMatrix<f64>) -> f64 {
    let rows: Vec<Vec<f64>> = means.row_iter().map(|row| row.iter().copied().collect()).collect();
    naive::kmeans_objective(x, r, &rows)
}

fn objective_of_labels(x: &DMatrix<f64>, labels: &[usize], means: &DMatrix<f64>) -> f64 {
    kmeans::objective(x, &latent::one_hot(labels, means.nrows()).unwrap(), means).unwrap()
}

proptest! {
    #![proptest_config(common::config(200))]

    /// H-01, T-04: a random start is k different rows of the data, and the same seed gives the same.
    #[test]
    fn starts_are_data_and_reproducible(case in cases::strategy(&cases::Kind::ALL), seed in any::<u64>()) {
        let x = DMatrix::from_fn(case.x.nrows(), case.x.ncols(), |i, a| (i * 10 + a) as f64);
        let k = case.model.k();
        for start in [kmeans::random_start, kmeans::plus_plus_start] {
            let means = start(&x, k, &mut data::rng(seed)).unwrap();
            prop_assert_eq!(&means, &start(&x, k, &mut data::rng(seed)).unwrap());
            let mut rows: Vec<usize> = means.column(0).iter().map(|value| *value as usize / 10).collect();
            prop_assert_eq!(&means, &x.select_rows(&rows));
            rows.sort_unstable();
            rows.dedup();
            prop_assert_eq!(rows.len(), k, "a datum was chosen twice");
        }
    }

    /// H-02, H-03, B-30, T-01: the assignment is one-hot and no other assignment has a smaller J.
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

    /// H-04, H-12: the mean of each cluster is its plain average, the array form is the same, an empty cluster stays.
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

    /// H-10, H-13, B-31: J is never negative, equals plain loops, and is the risk where r is one-hot.
    #[test]
    fn the_objective_is_its_definition(case in cases::strategy(&cases::Kind::ALL), seed in any::<u64>()) {
        let (x, means) = state(&case);
        let (n, k, d) = (x.nrows(), means.nrows(), x.ncols());
        let relative = 2.0 * objective_relative(n, k, d);
        let soft = cases::simplex_rows(n, k, &mut data::rng(seed));
        let j = kmeans::objective(x, &soft, means).unwrap();
        prop_assert!(j >= 0.0);
        assert_within(j, loops(x, &soft, means), relative * j);
        let labels = kmeans::assign(x, means).unwrap();
        let hard = objective_of_labels(x, &labels, means);
        assert_within(kmeans::risk(x, &labels, means).unwrap(), hard, relative * hard);
    }

    /// H-15, H-16: gradient and Hessian of J are those of dual and hyper-dual numbers.
    #[test]
    fn derivatives_of_the_objective_are_those_of_dual_numbers(
        case in cases::strategy(&cases::Kind::ALL), seed in any::<u64>(),
    ) {
        let (x, means) = state(&case);
        let (n, k, d) = (x.nrows(), means.nrows(), x.ncols());
        let r = cases::simplex_rows(n, k, &mut data::rng(seed));
        let gradient = kmeans::objective_gradient(x, &r, means).unwrap();
        let hessian = kmeans::objective_hessian(&r, d).unwrap();
        prop_assert_eq!(hessian.shape(), (k * d, k * d));
        for one in 0..k * d {
            let mut dual: Vec<Vec<Dual64>> = means.row_iter().map(|row| row.iter().map(|&m| m.into()).collect()).collect();
            dual[one / d][one % d].eps = 1.0;
            let (j, a) = (one / d, one % d);
            let terms: f64 = (0..n).map(|i| 2.0 * r[(i, j)] * (x[(i, a)] - means[(j, a)]).abs()).sum();
            // Both are sums of at most nkd such terms (zero but for one j and a).
            assert_within(gradient[(j, a)], naive::kmeans_objective(x, &r, &dual).eps, 2.0 * gamma(n + 4) * terms);
            for other in 0..k * d {
                let mut hyper: Vec<Vec<HyperDual64>> =
                    means.row_iter().map(|row| row.iter().map(|&m| m.into()).collect()).collect();
                hyper[one / d][one % d].eps1 = 1.0;
                hyper[other / d][other % d].eps2 = 1.0;
                let expected = naive::kmeans_objective(x, &r, &hyper).eps1eps2;
                if one == other {
                    assert_within(hessian[(one, other)], expected, gamma(2 * n + 4) * expected);
                } else {
                    prop_assert_eq!(hessian[(one, other)], 0.0);
                    prop_assert_eq!(expected, 0.0);
                }
            }
        }
    }

    /// H-15: the gradient vanishes at the average, and only there.
    #[test]
    fn the_gradient_vanishes_at_the_average(case in cases::strategy(&cases::Kind::ALL), seed in any::<u64>()) {
        let (x, previous) = state(&case);
        let (n, k) = (x.nrows(), previous.nrows());
        let r = cases::simplex_rows(n, k, &mut data::rng(seed));
        let means = kmeans::update_means(x, &r, previous).unwrap();
        let (at, off) = (
            kmeans::objective_gradient(x, &r, &means).unwrap(),
            kmeans::objective_gradient(x, &r, &means.map(|m| m + 1.0)).unwrap(),
        );
        let counts = latent::counts(&r);
        for j in 0..k {
            for a in 0..x.ncols() {
                // The mean errs by γ(n + 3) max|x|, which R_j doubles; the sum itself by γ(n + 3) of its terms.
                let bound = 8.0 * counts[j] * gamma(n + 3) * (x.column(a).amax() + means[(j, a)].abs() + 1.0);
                assert_within(at[(j, a)], 0.0, bound);
                assert_within(off[(j, a)], 2.0 * counts[j], bound);
            }
        }
    }

    /// H-19: for one-hot r the log of the product of sums, the sum of logs and −J/2σ² − nd/2 log 2πσ² are one number.
    #[test]
    fn the_objective_is_a_log_likelihood(case in cases::strategy(&cases::Kind::TAME), sigma in 0.5..4.0) {
        let (x, means) = state(&case);
        let (n, k, d) = (x.nrows(), means.nrows(), x.ncols());
        let r = kmeans::responsibilities(x, means).unwrap();
        let first = likelihood::log_likelihood(x, &r, means, sigma).unwrap();
        let mut middle = 0.0;
        for i in 0..n {
            for j in 0..k {
                let distance: f64 = (0..d).map(|a| (x[(i, a)] - means[(j, a)]).powi(2)).sum();
                let log_density = -distance / (2.0 * sigma * sigma) - 0.5 * d as f64 * (TAU * sigma * sigma).ln();
                middle += r[(i, j)] * log_density;
            }
        }
        let last = likelihood::from_objective(x, &r, means, sigma).unwrap();
        let size = kmeans::objective(x, &r, means).unwrap() / (2.0 * sigma * sigma) + n as f64 * d as f64 * (TAU * sigma * sigma).ln().abs();
        // exp then ln of a density adds ε(1 + |log p|) a datum; all else is a relative γ of the two sums.
        let bound = 2.0 * gamma(n * k + 2 * d + 12) * (size + n as f64);
        assert_within(first, middle, bound);
        assert_within(middle, last, bound);
    }

    /// T-02, H-04: k-means uses no labels: renaming the starting means renames the clusters, and reordering the data
    /// reorders them; scaling by a power of two scales the means exactly and J by its square.
    #[test]
    fn names_order_and_units_change_nothing(case in cases::strategy(&cases::Kind::TAME), turn in 1..5usize) {
        let (x, start) = state(&case);
        prop_assume!(case.kind != cases::Kind::CoincidentMeans);
        let (n, k) = (x.nrows(), start.nrows());
        let run = kmeans::lloyd(x, start, 100).unwrap();
        let order: Vec<usize> = (0..k).map(|j| (j + turn) % k).collect();
        let renamed = kmeans::lloyd(x, &start.select_rows(&order), 100).unwrap();
        for i in 0..n {
            prop_assert_eq!(run.labels()[i], order[renamed.labels()[i]]);
        }
        prop_assert_eq!(&run.means().select_rows(&order), renamed.means());

        let turned: Vec<usize> = (0..n).map(|i| (i + turn) % n).collect();
        let reordered = kmeans::lloyd(&x.select_rows(&turned), start, 100).unwrap();
        for (position, &i) in turned.iter().enumerate() {
            prop_assert_eq!(reordered.labels()[position], run.labels()[i]);
        }

        let scaled = kmeans::lloyd(&(x * 8.0), &(start * 8.0), 100).unwrap();
        prop_assert_eq!(scaled.labels(), run.labels());
        prop_assert_eq!(scaled.means(), &(run.means() * 8.0));
        prop_assert_eq!(scaled.objective(), run.objective() * 64.0);
    }

    /// Whatever the shapes and values, the functions of this module return an error or a number, and never panic.
    #[test]
    fn arbitrary_input_never_panics(
        x in wild_matrix(), means in wild_matrix(), r in wild_matrix(), labels in prop::collection::vec(0..4usize, 0..5),
        k in 0..6usize, sweeps in 0..4usize, sigma in wild(),
    ) {
        let finite = |m: &DMatrix<f64>| !m.is_empty() && m.iter().all(|value| value.is_finite());
        let fits = finite(&x) && finite(&means) && x.ncols() == means.ncols();
        prop_assert_eq!(kmeans::squared_distances(&x, &means).is_ok(), fits);
        prop_assert_eq!(kmeans::assign(&x, &means).is_ok(), fits);
        prop_assert_eq!(kmeans::responsibilities(&x, &means).is_ok(), fits);
        let state = fits && finite(&r) && r.shape() == (x.nrows(), means.nrows()) && r.iter().all(|&value| value >= 0.0);
        prop_assert_eq!(kmeans::objective(&x, &r, &means).is_ok(), state);
        prop_assert_eq!(kmeans::objective_gradient(&x, &r, &means).is_ok(), state);
        let _ = kmeans::update_means(&x, &r, &means);
        let _ = kmeans::means_in_array_form(&x, &r);
        let _ = kmeans::objective_hessian(&r, x.ncols());
        let _ = kmeans::risk(&x, &labels, &means);
        let _ = likelihood::log_likelihood(&x, &r, &means, sigma);
        let _ = likelihood::from_objective(&x, &r, &means, sigma);
        let _ = kmeans::lloyd(&x, &means, sweeps);
        let _ = kmeans::restarts(&x, [means.clone(), x.clone()], sweeps);
        let drawn = finite(&x) && (1..=x.nrows()).contains(&k);
        prop_assert_eq!(kmeans::random_start(&x, k, &mut data::rng(1)).is_ok(), drawn);
        if let Ok(start) = kmeans::plus_plus_start(&x, k, &mut data::rng(1)) {
            prop_assert!(drawn && start.shape() == (k, x.ncols()));
        }
    }
}

/// Ordinary numbers, and those that break things.
fn wild() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => prop::sample::select(vec![0.0, 1.0, 0.5, -2.0, 3.0]),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e308, -1e308, 1e200, 5e-324]),
        1 => any::<f64>(),
    ]
}

fn wild_matrix() -> impl Strategy<Value = DMatrix<f64>> {
    (0..4usize, 0..4usize, prop::collection::vec(wild(), 9))
        .prop_map(|(rows, columns, values)| DMatrix::from_fn(rows, columns, |a, b| values[3 * a + b]))
}

/// H-05, H-14, H-17, T-04, B-32: over 500 runs from hard cases J never rises by more than rounding, every run comes to
/// rest in finitely many sweeps, and where it rests each step changes nothing.
#[test]
fn lloyd_never_raises_the_objective_and_stops_at_a_fixed_point() {
    let mut falls = 0;
    for number in 0..500 {
        let case = cases::numbered(number, CovarianceFamily::Full);
        let (x, k) = (&case.x, case.model.k());
        let mut rng = data::rng(number);
        let start = match number % 3 {
            0 => case.model.means.clone(),
            1 => kmeans::random_start(x, k, &mut rng).unwrap(),
            _ => kmeans::plus_plus_start(x, k, &mut rng).unwrap(),
        };
        let run = kmeans::lloyd(x, &start, 200).unwrap();
        assert!(run.converged, "run {number} ({:?}) was still moving after 200 sweeps", case.kind);
        assert_eq!(run.start, start);
        check_trace(x, &run);
        for pair in run.half_steps.windows(2) {
            let (before, after) = (pair[0].objective, pair[1].objective);
            let bound = kmeans_rise(x, k, before, after);
            assert!(
                after <= before + bound,
                "run {number} ({:?}): J rose from {before} to {after}",
                case.kind
            );
            falls += usize::from(after < before);
        }
        assert_eq!(kmeans::assign(x, run.means()).unwrap(), run.labels());
        let r = latent::one_hot(run.labels(), k).unwrap();
        assert_eq!(&kmeans::update_means(x, &r, run.means()).unwrap(), run.means());
    }
    assert!(falls > 500, "J fell in {falls} half steps only: the runs were idle");
}

/// The half steps alternate, start with the assignment of the start, and each is what its step gives.
fn check_trace(x: &DMatrix<f64>, run: &Lloyd) {
    assert_eq!(run.half_steps.len() % 2, 1);
    assert_eq!(run.half_steps[0].means, run.start);
    for (index, half_step) in run.half_steps.iter().enumerate() {
        assert_eq!(half_step.step, if index % 2 == 0 { Step::Assign } else { Step::Update });
        assert_eq!(half_step.objective, objective_of_labels(x, &half_step.labels, &half_step.means));
        if index % 2 == 0 {
            assert_eq!(half_step.labels, kmeans::assign(x, &half_step.means).unwrap());
        } else {
            let before = &run.half_steps[index - 1];
            assert_eq!(half_step.labels, before.labels);
            let r = latent::one_hot(&before.labels, run.start.nrows()).unwrap();
            assert_eq!(half_step.means, kmeans::update_means(x, &r, &before.means).unwrap());
        }
    }
    let last = run.half_steps.last().unwrap();
    assert_eq!((run.means(), run.labels(), run.objective()), (&last.means, &last.labels[..], last.objective));
    let objectives: Vec<f64> = run.half_steps.iter().map(|half_step| half_step.objective).collect();
    assert_eq!(run.objectives(), objectives);
}

/// T-04: the cap on sweeps is kept, and a run cut short says so.
#[test]
fn the_cap_on_sweeps_is_kept() {
    let x = DMatrix::from_fn(30, 1, |i, _| i as f64);
    let start = column(&[0.0, 1.0]);
    let whole = kmeans::lloyd(&x, &start, 100).unwrap();
    let sweeps = whole.half_steps.len() / 2;
    assert!(whole.converged && sweeps > 2);
    for cap in 0..sweeps {
        let cut = kmeans::lloyd(&x, &start, cap).unwrap();
        assert!(!cut.converged);
        assert_eq!(cut.half_steps[..], whole.half_steps[..=2 * cap]);
        assert_eq!(cut.half_steps.len(), 2 * cap + 1);
    }
    assert_eq!(kmeans::lloyd(&x, &start, sweeps).unwrap(), whole);
}

/// H-06, T-03: on the standardised geyser with k = 2 the half steps lead J down to the optimum of both its clusters.
#[test]
fn old_faithful_falls_into_short_and_long_eruptions() {
    let x = data::standardize(&data::old_faithful()).unwrap();
    let run = kmeans::lloyd(&x, &dmatrix![-1.5, 1.0; 1.5, -1.0], 100).unwrap();
    check_trace(&x, &run);
    assert!(run.converged && run.half_steps.len() > 6);
    assert!(run.objectives().is_sorted_by(|before, after| before >= after));
    // The same value and sizes came from a plain script outside this crate, best of 30 starts.
    assert_printed(run.objective(), "79.5760");
    let counts = latent::counts(&latent::one_hot(run.labels(), 2).unwrap());
    assert_eq!(counts.as_slice(), [98.0, 174.0]);
    // The clusters are the eruptions shorter and longer than about three minutes.
    let minutes = data::old_faithful();
    for (i, &label) in run.labels().iter().enumerate() {
        if (minutes[(i, 0)] - 3.0).abs() > 0.5 {
            assert_eq!(label, usize::from(minutes[(i, 0)] > 3.0));
        }
    }
}

/// H-07: on well-separated round clusters k-means finds the very partition, from any k-means++ start.
#[test]
fn well_separated_clusters_are_found_exactly() {
    let centres = dmatrix![0.0, 0.0; 40.0, 0.0; 0.0, 40.0; 40.0, 40.0];
    let truth = common::mixture(&[0.25; 4], centres, vec![DMatrix::identity(2, 2); 4]);
    for seed in 0..20 {
        let mut rng = data::rng(seed);
        let (x, labels) = truth.sample(200, &mut rng).unwrap();
        // Two centres in one cluster: each further draw avoids covered clusters with weight ≥ 1600 to about 4.
        let run = kmeans::lloyd(&x, &kmeans::plus_plus_start(&x, 4, &mut rng).unwrap(), 100).unwrap();
        assert_eq!(accuracy(run.labels(), &labels, 4), 1.0, "seed {seed}");
    }
}

/// H-08: the best J strictly falls with every further mean, so nothing in k-means chooses k; it ends at 0 for k = n.
#[test]
fn the_best_objective_falls_with_every_further_mean() {
    let x = data::standardize(&data::old_faithful()).unwrap();
    let mut rng = data::rng(8);
    let mut best = Vec::new();
    for k in 1..=8 {
        let starts: Vec<_> = (0..20).map(|_| kmeans::plus_plus_start(&x, k, &mut rng).unwrap()).collect();
        let runs = kmeans::restarts(&x, starts, 200).unwrap();
        best.push(runs.iter().map(Lloyd::objective).fold(f64::INFINITY, f64::min));
    }
    assert!(best.is_sorted_by(|fewer, more| fewer > more), "{best:?}");
    // One mean: n times the total variance, which is 1 along each axis.
    assert_within(best[0], 544.0, 544.0 * 2.0 * objective_relative(272, 1, 2));

    let few = column(&[0.0, 1.0, 5.0, 7.5]);
    assert_eq!(kmeans::lloyd(&few, &few, 10).unwrap().objective(), 0.0);
}

/// H-09: k-means cuts two stripes across and a wide cluster in part, at a J below that of the truth; a mixture does not.
#[test]
fn elongated_and_unequal_clusters_defeat_kmeans_but_not_a_mixture() {
    let (stripes, across) = data::stripes(&mut data::rng(9));
    let (unequal, inside) = data::unequal_clusters(&mut data::rng(9));
    // Stripes: the right boundary errs with P(N > 1/0.3) = 4.3e−4, on 0.17 data of 400 (5 with probability 1e−6). Unequal
    // clusters: where the weighted densities are equal, 0.9 % err (a simulation of 400 000 data), 3.6 ± 1.9 of 400; z = 5.
    for (x, labels, kmeans_at_most, mixture_errors_at_most) in
        [(&stripes, &across, 0.60, 4.0), (&unequal, &inside, 0.92, 13.0)]
    {
        let mut rng = data::rng(1);
        let starts: Vec<_> = (0..10).map(|_| kmeans::plus_plus_start(x, 2, &mut rng).unwrap()).collect();
        let runs = kmeans::restarts(x, starts, 200).unwrap();
        let best = runs.iter().min_by(|a, b| a.objective().total_cmp(&b.objective())).unwrap();
        assert!(accuracy(best.labels(), labels, 2) < kmeans_at_most);

        let r = latent::one_hot(labels, 2).unwrap();
        let true_means = kmeans::update_means(x, &r, &DMatrix::zeros(2, 2)).unwrap();
        let true_objective = kmeans::objective(x, &r, &true_means).unwrap();
        assert!(best.objective() < true_objective, "J prefers the wrong clusters");

        let starts: Vec<_> = (0..10)
            .map(|_| kmeans_start(x, 2, CovarianceFamily::Full, &mut rng))
            .chain((0..10).map(|seed| {
                executable_em::gaussian_mixture::random_start(
                    x,
                    2,
                    CovarianceFamily::Full,
                    &mut data::rng(seed),
                )
            }))
            .collect::<Result<_, _>>()
            .unwrap();
        let fit = em::best(em::restarts::<executable_em::gaussian_mixture::GaussianMixture>(
            starts,
            x,
            &em::Stopping::default(),
        ))
        .unwrap();
        let found = common::hard_labels(&fit.model().responsibilities(x).unwrap());
        let errors = (1.0 - accuracy(&found, labels, 2)) * 400.0;
        assert!(errors <= mixture_errors_at_most + 1e-9, "the mixture misses {errors}");
    }
}

/// H-18: fifty starts on the four blobs (400 × 2, k = 4) end at several different J, the worst well above the best; restarts
/// really restart, and a seed reproduces them.
#[test]
fn the_result_depends_on_the_random_start() {
    let (x, _) = data::blobs();
    let draw = |seed: u64| {
        let mut rng = data::rng(seed);
        let starts: Vec<_> = (0..50).map(|_| kmeans::random_start(&x, 4, &mut rng).unwrap()).collect();
        kmeans::restarts(&x, starts, 300).unwrap()
    };
    let runs = draw(18);
    assert_eq!(runs.len(), 50);
    for (index, run) in runs.iter().enumerate() {
        assert!(run.converged);
        assert!(
            runs[..index].iter().all(|earlier| earlier.start != run.start),
            "start {index} was used before"
        );
    }
    let mut objectives: Vec<f64> = runs.iter().map(Lloyd::objective).collect();
    objectives.sort_by(f64::total_cmp);
    // Two basins at least: the best is the one with a mean a blob, J near 400 · 2 · 0.36 · (1 − 4/400) = 285.
    assert!(objectives[0] > 250.0 && objectives[0] < 320.0, "{objectives:?}");
    assert!(objectives[49] > 1.5 * objectives[0], "{objectives:?}");
    assert_eq!(runs, draw(18));
    assert_ne!(runs, draw(19));
}

/// H-20: over all k^n labelings, the smallest J and the largest likelihood are the same labeling, and no single step of
/// k-means improves on where it stopped.
#[test]
fn the_least_objective_is_the_greatest_hard_likelihood() {
    for (seed, n, k) in [(1, 3, 2), (2, 6, 2), (3, 7, 3)] {
        let mut rng = data::rng(seed);
        let x = DMatrix::from_fn(n, 1, |_, _| rng.random_range(-3.0..3.0));
        let mut best: Option<(f64, f64)> = None;
        let mut scores = Vec::new();
        for labels in labelings(n, k) {
            let r = latent::one_hot(&labels, k).unwrap();
            let means = kmeans::update_means(&x, &r, &DMatrix::zeros(k, 1)).unwrap();
            let j = kmeans::objective(&x, &r, &means).unwrap();
            let l = likelihood::log_likelihood(&x, &r, &means, 0.8).unwrap();
            scores.push((j, l));
            if best.is_none_or(|(least, _)| j < least) {
                best = Some((j, l));
            }
        }
        let (least, greatest) = best.unwrap();
        // Equal up to renaming, which only reorders sums.
        let bound = gamma(4 * n + 20) * (least + n as f64);
        assert!(scores.iter().all(|&(_, l)| l <= greatest + bound));
        let start = kmeans::random_start(&x, k, &mut rng).unwrap();
        let run = kmeans::lloyd(&x, &start, 100).unwrap();
        assert!(run.objective() >= least - bound);
    }
}

/// T-05, T-06, T-07: from one point of each square k-means separates the two squares exactly for 200 seeds; the centroids
/// scatter by 0.0816 about (−1, −1) and (2, 2), and J averages 65.33.
#[test]
fn the_two_squares_are_split_exactly() {
    let seeds = 200;
    let (mut objectives, mut centroids) = (Vec::new(), [const { Vec::new() }; 4]);
    for seed in 0..seeds {
        let (x, labels) = data::two_squares(&mut data::rng(seed));
        let run = kmeans::lloyd(&x, &x.select_rows(&[0, 99]), 300).unwrap();
        assert_eq!(run.labels(), labels, "seed {seed}");
        objectives.push(run.objective());
        for (index, mean) in run.means().transpose().iter().enumerate() {
            centroids[index].push(*mean);
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    // E J = 4 axes · 49 · ⅓. A sum of squares about the mean of 50 uniforms of width 2 has the variance
    // 49² (μ₄ − σ⁴ 47/49)/50 with μ₄ = 1/5 and σ⁴ = 1/9; four of them are independent. z = 5.
    let expected = 4.0 * 49.0 / 3.0;
    assert_printed(expected, "65.33");
    let sd = (4.0_f64 * 49.0 * 49.0 * (0.2 - 47.0 / (9.0 * 49.0)) / 50.0).sqrt();
    assert_within(mean(&objectives), expected, 5.0 * sd / (seeds as f64).sqrt());
    let standard_error = (1.0_f64 / 3.0 / 50.0).sqrt();
    assert_printed(standard_error, "0.0816");
    for (column, truth) in centroids.iter().zip([-1.0, -1.0, 2.0, 2.0]) {
        assert_within(mean(column), truth, 5.0 * standard_error / (seeds as f64).sqrt());
        let spread = mean(&column.iter().map(|value| (value - truth).powi(2)).collect::<Vec<_>>()).sqrt();
        // A standard deviation from 200 values is good to 1/√400 of itself.
        assert_within(spread, standard_error, 5.0 * standard_error / 20.0);
    }
}

/// T-06: k-means++ draws each further mean with probability D²/ΣD² (chi-square over 30 000 starts).
#[test]
fn plus_plus_starts_follow_the_squared_distances() {
    let x = column(&[0.0, 1.0, 3.0, 7.0, 7.5]);
    let n = x.nrows();
    let draws = 30_000;
    let mut rng = data::rng(66);
    let index_of = |value: f64| x.iter().position(|&datum| datum == value).unwrap();
    let (mut firsts, mut pairs, mut thirds) = (vec![0.0; n], DMatrix::<f64>::zeros(n, n), 0.0);
    let mut expected_thirds = 0.0;
    for _ in 0..draws {
        let start = kmeans::plus_plus_start(&x, 3, &mut rng).unwrap();
        let (first, second) = (index_of(start[0]), index_of(start[1]));
        firsts[first] += 1.0;
        pairs[(first, second)] += 1.0;
        // The third mean, by its distance to the *nearest* of the two: count those at 0.
        let nearest = |i: usize| (x[i] - start[0]).powi(2).min((x[i] - start[1]).powi(2));
        expected_thirds += nearest(0) / (0..n).map(nearest).sum::<f64>();
        thirds += f64::from(u8::from(index_of(start[2]) == 0));
    }
    // P(χ²_f ≥ f + 2√(ft) + 2t) ≤ e^{−t} (Laurent and Massart 2000); t = 14 fails one seed in a million.
    let critical = |f: f64| f + 2.0 * (f * 14.0).sqrt() + 28.0;
    let uniform = draws as f64 / n as f64;
    let chi: f64 = firsts.iter().map(|count| (count - uniform).powi(2) / uniform).sum();
    assert!(chi < critical(4.0), "first mean: χ² = {chi}");
    for first in 0..n {
        let weights: Vec<f64> = x.iter().map(|value| (value - x[first]).powi(2)).collect();
        let total: f64 = weights.iter().sum();
        let mut chi = 0.0;
        for second in 0..n {
            let expected = firsts[first] * weights[second] / total;
            let count = pairs[(first, second)];
            if second == first {
                assert_eq!(count, 0.0, "a datum at distance zero was drawn");
            } else {
                assert!(expected > 5.0, "too few for a chi-square");
                chi += (count - expected).powi(2) / expected;
            }
        }
        assert!(chi < critical(3.0), "second mean after {first}: χ² = {chi}");
    }
    // A sum of independent trials of different probabilities has at most the binomial variance; z = 5.
    assert_within(thirds, expected_thirds, 5.0 * (draws as f64 / 4.0).sqrt());
}

/// T-06: with fewer different data than means k-means++ still draws k of them, uniformly once all are covered.
#[test]
fn plus_plus_copes_with_duplicates() {
    let x = column(&[1.0, 1.0, 1.0, 4.0]);
    for seed in 0..50 {
        let start = kmeans::plus_plus_start(&x, 3, &mut data::rng(seed)).unwrap();
        let fours = start.iter().filter(|&&value| value == 4.0).count();
        assert!(fours >= 1, "the only datum at a distance must be among the first two");
        assert!(kmeans::lloyd(&x, &start, 10).unwrap().objective() == 0.0);
    }
}

/// H-01, T-04: a random start draws every datum equally often.
#[test]
fn random_starts_are_uniform() {
    let x = column(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let draws = 12_000;
    let mut rng = data::rng(1);
    let mut counts = [0.0; 6];
    for _ in 0..draws {
        for value in kmeans::random_start(&x, 2, &mut rng).unwrap().iter() {
            counts[*value as usize] += 1.0;
        }
    }
    // Each datum is drawn with probability 1/3; z = 5.
    let (expected, sd) = (draws as f64 / 3.0, (draws as f64 * 2.0 / 9.0).sqrt());
    for count in counts {
        assert_within(count, expected, 5.0 * sd);
    }
}

/// H-02: ties go to the lower index, whatever the order of the means.
#[test]
fn ties_go_to_the_lower_index() {
    let x = dmatrix![0.0, 0.0; 1.0, 1.0; -1.0, 1.0];
    assert_eq!(kmeans::assign(&x, &dmatrix![1.0, 0.0; -1.0, 0.0; 0.0, 1.0]).unwrap(), [0, 0, 1]);
    assert_eq!(kmeans::assign(&x, &dmatrix![0.0, 1.0; -1.0, 0.0; 1.0, 0.0]).unwrap(), [0, 0, 0]);
    assert_eq!(kmeans::assign(&column(&[3.0]), &column(&[3.0, 3.0, 3.0])).unwrap(), [0]);
    // Distances that overflow to infinity tie as well.
    assert_eq!(kmeans::assign(&column(&[1e200]), &column(&[-1e200, 0.0])).unwrap(), [0]);
}

/// H-E11: J ≥ 0 and never rises, but it need not fall in each step (fixed point), nor stay positive (k = n).
#[test]
fn erratum_the_lyapunov_function_need_not_decrease_nor_be_positive() {
    let x = column(&[0.0, 1.0, 9.0, 10.0]);
    let run = kmeans::lloyd(&x, &column(&[0.5, 9.5]), 10).unwrap();
    assert_eq!(run.objectives(), [1.0, 1.0, 1.0]);
    assert_eq!(kmeans::lloyd(&x, &x, 10).unwrap().objectives(), [0.0, 0.0, 0.0]);
}

/// H-E12, H-10, H-11: a Lyapunov function guarantees no local minimum: four counterexamples.
#[test]
fn erratum_a_lyapunov_function_does_not_lead_to_a_local_minimum() {
    // (a) x ← (x + ½)/2 lowers J = x² from x = 1 on for ever, and ends at J = ¼; the minimum is 0.
    let mut x = 1.0_f64;
    for _ in 0..60 {
        let next = (x + 0.5) / 2.0;
        assert!(next * next <= x * x);
        x = next;
    }
    assert_eq!(x * x, 0.25);

    // (b) J = |z|² converges while the state does not: the radius goes to 1, the angle moves by 1 rad a step.
    let (mut radius, mut angle) = (2.0_f64, 0.0_f64);
    for _ in 0..60 {
        let (next_radius, next_angle) = (1.0 + (radius - 1.0) / 2.0, angle + 1.0);
        assert!(next_radius * next_radius <= radius * radius);
        let chord = 2.0 * 0.5_f64.sin() * next_radius.min(radius);
        let moved = (next_radius * next_angle.cos() - radius * angle.cos())
            .hypot(next_radius * next_angle.sin() - radius * angle.sin());
        assert!(moved >= chord - 1e-12 && chord > 0.95);
        (radius, angle) = (next_radius, next_angle);
    }
    assert_eq!(radius * radius, 1.0);

    // (c) a tie: {−3, 1, 3} stops at J = 8, where moving the first mean a little lowers J; the optimum is 2.
    let x = column(&[-3.0, 1.0, 3.0]);
    let stuck = kmeans::lloyd(&x, &column(&[-1.0, 3.0]), 100).unwrap();
    assert!(stuck.converged);
    assert_eq!((stuck.objective(), stuck.labels()), (8.0, &[0, 0, 1][..]));
    let at = |first: f64| {
        let means = column(&[first, 3.0]);
        objective_of_labels(&x, &kmeans::assign(&x, &means).unwrap(), &means)
    };
    assert_printed(at(-1.01), "7.960");
    assert_eq!(at(-1.0), 8.0);
    assert_eq!(kmeans::lloyd(&x, &column(&[-3.0, 2.0]), 100).unwrap().objective(), 2.0);

    // (d) no tie: {−3, 1, 3.2} stops at J = 8, and moving one datum to the other cluster gives 2.42.
    let x = column(&[-3.0, 1.0, 3.2]);
    let stuck = kmeans::lloyd(&x, &column(&[-1.0, 3.2]), 100).unwrap();
    assert_eq!((stuck.objective(), stuck.labels()), (8.0, &[0, 0, 1][..]));
    let moved = latent::one_hot(&[0, 1, 1], 2).unwrap();
    let means = kmeans::update_means(&x, &moved, stuck.means()).unwrap();
    assert_printed(kmeans::objective(&x, &moved, &means).unwrap(), "2.42");
}

/// H-E14, H-16: the second derivative 2R_j I is zero, not positive, for an empty cluster, whose mean would be 0/0.
#[test]
fn erratum_the_second_derivative_of_an_empty_cluster_is_zero() {
    let (x, means) = (column(&[0.0, 1.0]), column(&[0.5, 10.0]));
    let r = kmeans::responsibilities(&x, &means).unwrap();
    assert_eq!(latent::counts(&r).as_slice(), [2.0, 0.0]);
    assert_eq!(kmeans::objective_hessian(&r, 1).unwrap(), dmatrix![4.0, 0.0; 0.0, 0.0]);
    assert!(kmeans::means_in_array_form(&x, &r).unwrap()[1].is_nan());
    assert_eq!(kmeans::update_means(&x, &r, &means).unwrap(), means);
    // J does not see that mean.
    assert_eq!(
        kmeans::objective(&x, &r, &column(&[0.5, -77.0])).unwrap(),
        kmeans::objective(&x, &r, &means).unwrap()
    );
}

/// H-E15: the chain from J to the likelihood needs one-hot r: for soft r the log of the sum exceeds the sum of logs
/// (Jensen), and with r unconstrained J = 0 is reached at r = 0.
#[test]
fn erratum_the_likelihood_chain_needs_one_hot_rows() {
    let (x, means) = (column(&[-1.0, 0.5, 2.0]), column(&[-1.0, 2.0]));
    let soft = dmatrix![0.9, 0.1; 0.5, 0.5; 0.2, 0.8];
    let log_of_sum = likelihood::log_likelihood(&x, &soft, &means, 1.0).unwrap();
    let sum_of_logs = likelihood::from_objective(&x, &soft, &means, 1.0).unwrap();
    // By hand: Σ r (x − m)² = 0.1·9 + 2.25 + 0.2·9 = 4.95.
    assert_within(sum_of_logs, -2.475 - 1.5 * TAU.ln(), gamma(30) * 6.0);
    assert!(log_of_sum > sum_of_logs + 0.5, "{log_of_sum} against {sum_of_logs}");

    let none = DMatrix::zeros(3, 2);
    assert_eq!(kmeans::objective(&x, &none, &means).unwrap(), 0.0);
    assert_eq!(likelihood::log_likelihood(&x, &none, &means, 1.0).unwrap(), f64::NEG_INFINITY);
    let error = likelihood::from_objective(&x, &none, &means, 1.0).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "responsibilities", row: 0, value: 0.0 });
}

/// H-E16, T-E19: on a rectangle k-means rests at J = 16 where the best is 1: a local maximum of the hard likelihood only,
/// and centroids that no longer move although the clustering failed.
#[test]
fn erratum_stable_centroids_need_not_be_the_best() {
    let x = dmatrix![0.0, 0.0; 0.0, 1.0; 4.0, 0.0; 4.0, 1.0];
    let stuck = kmeans::lloyd(&x, &dmatrix![2.0, 0.0; 2.0, 1.0], 100).unwrap();
    let best = kmeans::lloyd(&x, &dmatrix![0.0, 0.5; 4.0, 0.5], 100).unwrap();
    assert!(stuck.converged && best.converged);
    assert_eq!((stuck.objective(), best.objective()), (16.0, 1.0));
    let least = labelings(4, 2)
        .into_iter()
        .map(|labels| {
            let r = latent::one_hot(&labels, 2).unwrap();
            let means = kmeans::update_means(&x, &r, &DMatrix::zeros(2, 2)).unwrap();
            kmeans::objective(&x, &r, &means).unwrap()
        })
        .fold(f64::INFINITY, f64::min);
    assert_eq!(least, 1.0);
    let value = |run: &Lloyd| {
        likelihood::log_likelihood(&x, &latent::one_hot(run.labels(), 2).unwrap(), run.means(), 1.0).unwrap()
    };
    // The two differ by ΔJ/2σ².
    assert_within(value(&best) - value(&stuck), 7.5, gamma(40) * 30.0);
}

/// T-E12: argmin of x − μ without the norm picks the largest mean, 3, instead of the nearest, 0.1.
#[test]
fn erratum_the_argmin_needs_the_norm() {
    let (x, means) = (0.0_f64, [-5.0, 0.1, 3.0]);
    let printed = (0..3).min_by(|&a, &b| (x - means[a]).total_cmp(&(x - means[b]))).unwrap();
    assert_eq!(means[printed], 3.0);
    let right = kmeans::assign(&column(&[x]), &column(&means)).unwrap()[0];
    assert_eq!(means[right], 0.1);
}

/// B-E19, B-30, B-31: the risk takes the mean of each datum's own label; with one label for all, {0, 1, 9, 10} has the
/// risk 163 instead of 1.
#[test]
fn erratum_the_risk_uses_the_label_of_each_datum() {
    let (x, means) = (column(&[0.0, 1.0, 9.0, 10.0]), column(&[0.5, 9.5]));
    let labels = kmeans::assign(&x, &means).unwrap();
    assert_eq!(kmeans::risk(&x, &labels, &means).unwrap(), 1.0);
    // c(x) with a free x: the label of the first datum, for every datum.
    let printed: f64 = x.iter().map(|datum| (datum - means[labels[0]]).powi(2)).sum();
    assert_eq!(printed, 163.0);
}

/// Each kind of bad input is the one error that names it.
#[test]
fn bad_input_is_named() {
    let (x, means, r) = (column(&[0.0, 1.0]), column(&[0.0, 5.0]), dmatrix![1.0, 0.0; 0.0, 1.0]);
    let wide = dmatrix![0.0, 0.0; 1.0, 1.0];
    let nothing = DMatrix::<f64>::zeros(0, 1);
    let named = |error: Error, what: &str, at: (usize, usize)| match error {
        Error::NotFinite { what: found, row, column, .. } => assert_eq!((found, (row, column)), (what, at)),
        other => panic!("{other:?}"),
    };
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        named(kmeans::assign(&column(&[0.0, bad]), &means).unwrap_err(), "data", (1, 0));
        named(kmeans::assign(&x, &column(&[bad, 0.0])).unwrap_err(), "means", (0, 0));
        named(
            kmeans::objective(&x, &dmatrix![1.0, 0.0; 0.0, bad], &means).unwrap_err(),
            "responsibilities",
            (1, 1),
        );
        named(kmeans::random_start(&column(&[bad]), 1, &mut data::rng(1)).unwrap_err(), "data", (0, 0));
        named(kmeans::lloyd(&x, &column(&[0.0, bad]), 9).unwrap_err(), "means", (1, 0));
    }
    assert_eq!(kmeans::assign(&nothing, &means), Err(Error::Empty { what: "data" }));
    assert_eq!(kmeans::assign(&x, &nothing), Err(Error::Empty { what: "means" }));
    assert_eq!(kmeans::restarts(&x, [], 9), Err(Error::Empty { what: "starts" }));
    let error = kmeans::assign(&x, &wide).unwrap_err();
    assert_eq!(error, Error::Shape { what: "means", expected: (2, 1), found: (2, 2) });
    let shape = |found| Error::Shape { what: "responsibilities", expected: (2, 2), found };
    assert_eq!(kmeans::update_means(&x, &dmatrix![1.0; 1.0], &means), Err(shape((2, 1))));
    assert_eq!(kmeans::objective(&x, &dmatrix![1.0, 0.0], &means), Err(shape((1, 2))));
    assert_eq!(
        kmeans::objective_gradient(&x, &dmatrix![1.0, 0.0, 0.0; 1.0, 0.0, 0.0], &means),
        Err(shape((2, 3)))
    );
    let error = kmeans::update_means(&x, &dmatrix![1.0, 0.0; 1.5, -0.5], &means).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "responsibilities", row: 1, value: -0.5 });
    let error = kmeans::objective_hessian(&dmatrix![1.0, 0.0; -0.25, 1.25; 0.0, 1.0], 1).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "responsibilities", row: 1, value: -0.25 });
    let error = kmeans::objective_hessian(&dmatrix![-1.0, 2.0], 1).unwrap_err();
    assert_eq!(error, Error::NotOnSimplex { what: "responsibilities", row: 0, value: -1.0 });
    assert_eq!(kmeans::risk(&x, &[0, 2], &means), Err(Error::Label { row: 1, label: 2, k: 2 }));
    let error = kmeans::risk(&x, &[0], &means).unwrap_err();
    assert_eq!(error, Error::Shape { what: "labels", expected: (2, 1), found: (1, 1) });
    for k in [0, 3] {
        let expected = Error::ComponentCount { k, n: 2 };
        assert_eq!(kmeans::random_start(&x, k, &mut data::rng(1)), Err(expected.clone()));
        assert_eq!(kmeans::plus_plus_start(&x, k, &mut data::rng(1)), Err(expected));
    }
    let error = kmeans::lloyd(&x, &column(&[0.0, 1.0, 2.0]), 9).unwrap_err();
    assert_eq!(error, Error::ComponentCount { k: 3, n: 2 });
    for sigma in [0.0, -1.0, f64::INFINITY] {
        let expected = Error::Domain { what: "sigma", value: sigma, allowed: "finite and > 0" };
        assert_eq!(likelihood::log_likelihood(&x, &r, &means, sigma), Err(expected.clone()));
        assert_eq!(likelihood::from_objective(&x, &r, &means, sigma), Err(expected));
    }
    assert_eq!(
        DVector::from_vec(kmeans::assign(&x, &means).unwrap().iter().map(|&l| l as f64).collect()).sum(),
        0.0
    );
    assert_matrices_within(
        &kmeans::squared_distances(&x, &means).unwrap(),
        &dmatrix![0.0, 25.0; 1.0, 16.0],
        0.0,
    );
}
