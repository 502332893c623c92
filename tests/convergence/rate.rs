//! The rate of convergence, three ways; and the reference's eigenvalues.

use crate::common::{assert_matrices_within, assert_within, column, line_mixture, seed};
use crate::{TO_REST, case, faithful, limit_of, two_normals};
use executable_em::convergence::aitken::{left, remaining};
use executable_em::convergence::coordinates::coordinates;
use executable_em::convergence::{errors, information, rate};
use executable_em::em::{self, Stopped, Stopping, Tolerance};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use executable_em::{data, latent};
use nalgebra::{DMatrix, DVector, dmatrix};

/// the reference's eigenvalues of the EM map on Old Faithful, k = 2.
#[test]
fn the_fractions_on_old_faithful_are_the_references() {
    let (model, x) = faithful();
    assert_within(model.log_likelihood(&x).unwrap(), -1130.26396018, 1e-8);
    let fractions = rate::missing_fractions(&model, &x).unwrap();
    let printed = [0.24076589747, 0.0096536502, 0.0040934113, 0.000506329, 0.0000753665, 0.0000049609];
    for (found, (printed, digits)) in
        fractions.iter().zip(printed.into_iter().zip([5e-12, 5e-11, 5e-11, 5e-10, 5e-11, 5e-11]))
    {
        assert_within(*found, printed, digits + 1e-11);
    }
    assert!(fractions.rows(6, 5).amax() < 1e-9);
}

/// derived, by differences of sweeps, and as the run shows it: one rate. On clusters apart and on overlapping
/// ones, in every family.
#[test]
fn three_routes_to_the_rate() {
    let mut compared = 0;
    for (index, apart) in [1.5, 3.0, 6.0].into_iter().enumerate() {
        for family in CovarianceFamily::ALL {
            // Two fixed clouds: the same for every seed, since a run must end at a maximum inside.
            let truth = GaussianMixture::new(
                DVector::from_vec(vec![0.4, 0.6]),
                dmatrix![0.0, 0.0; apart, 0.5],
                vec![DMatrix::identity(2, 2), DMatrix::identity(2, 2) * 0.8],
                CovarianceFamily::Diagonal,
            )
            .unwrap();
            let x = truth.sample(400, &mut data::rng(40 + index as u64)).unwrap().0;
            let truth = truth.with_covariances(vec![DMatrix::identity(2, 2); 2], family).unwrap();
            let Ok(fit) = em::fit(truth, &x, &TO_REST) else { continue };
            assert_eq!(fit.stopped, Stopped::Converged);
            let derived = rate::jacobian(&fit.model, &x).unwrap();
            let h =
                errors::covariance(&fit.model, &x).unwrap().diagonal().map(|variance| 1e-4 * variance.sqrt());
            let differences = rate::by_differences(&fit.model, &x, &h).unwrap();
            // Central differences err by the third derivative, (h/se)² = 10⁻⁸ of the map, and by rounding, 10⁻¹⁵ of
            // θ over h = 10⁻⁶. In units of standard errors, since entries of J have units.
            let units =
                |map: &DMatrix<f64>| DMatrix::from_fn(h.len(), h.len(), |l, m| map[(l, m)] * h[m] / h[l]);
            assert_matrices_within(&units(&derived), &units(&differences), 1e-5);
            // And a run from a little away.
            let largest = rate::missing_fractions(&fit.model, &x).unwrap()[0];
            let away = fit.model.with_means(fit.model.means().map(|mean| mean + 0.05)).unwrap();
            let sweeps = (16.0 / -largest.ln()) as usize;
            let stopping =
                Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps: sweeps.clamp(5, 4000) };
            let run = em::trace(away, &x, &stopping).unwrap();
            let run: Vec<DVector<f64>> =
                run.iterates.iter().map(|iterate| coordinates(&iterate.model)).collect();
            let shown = rate::shown(&run).unwrap();
            // Half way between the start, where others still fade, and the end, where only rounding is left.
            assert_within(shown[shown.len() / 2], largest, 0.05 * largest);
            compared += 1;
        }
    }
    assert!(compared >= 10, "{compared}");
}

/// three routes to the information: Louis, the map, and hyper-dual numbers (in `information`).
#[test]
fn the_map_knows_the_information() {
    let (model, x) = faithful();
    let h = errors::covariance(&model, &x).unwrap().diagonal().map(|variance| 1e-4 * variance.sqrt());
    let by_map = rate::observed_from_map(
        &information::complete(&model, &x).unwrap(),
        &rate::by_differences(&model, &x, &h).unwrap(),
    )
    .unwrap();
    let by_louis = information::observed(&model, &x).unwrap();
    let units = |of: &DMatrix<f64>| DMatrix::from_fn(h.len(), h.len(), |l, m| of[(l, m)] * h[m] * h[l] * 1e8);
    assert_matrices_within(&units(&by_map), &units(&by_louis), 1e-5);
}

/// why the run of chapter 6 on {−1, 1} creeps. Its map is m ← tanh m, whose slope at 0 is 1: all of the
/// information about m is missing there, so ρ = 1 and no geometric law holds.
#[test]
fn the_tanh_map_has_rate_one() {
    let x = dmatrix![-1.0; 1.0];
    let h = 1e-4;
    let at = |m: f64| SoftKMeans::new(dmatrix![-m; m], 1.0, Weights::Held).unwrap();
    let swept = em::sweep(&at(h), &x).unwrap().means()[1];
    assert_within(swept / h, 1.0, h * h);
    // For ±m: the complete information is n = 2, the missing one Σ x² sech²(mx) = 2 at m = 0.
    let r = latent::responsibilities(&latent::Model::log_joint(&at(0.0), &x).unwrap()).unwrap();
    let missing: f64 = (0..2).map(|i| 4.0 * r[(i, 0)] * r[(i, 1)] * x[i] * x[i]).sum();
    assert_within(missing / 2.0, 1.0, 1e-15);
    // In a full mixture of two equal components the same: a fraction of one.
    let equal = line_mixture(&[0.5, 0.5], &[0.0, 0.0], &[1.0, 1.0]);
    let fractions = rate::missing_fractions(&equal, &column(&[-1.0, 1.0])).unwrap();
    assert_within(fractions[0], 1.0, 1e-12);
}

/// on a geometric sequence Aitken's estimate is exact, whatever the ratio.
#[test]
fn aitken_is_exact_on_a_geometric_sequence() {
    let mut compared = 0;
    for case_seed in 0..20 {
        let c = 0.05 * (f64::from(case_seed) + 0.5);
        let height = |t: i32| -3.0 - 2.0 * c.powi(t);
        // Differences of numbers near 3, magnified by 1/(1 − c)² ≤ 1600.
        assert_within(remaining([height(3), height(4), height(5)]), 2.0 * c.powi(5), 1e-11);
        compared += 1;
    }
    assert_eq!(compared, 20);
    assert_eq!(remaining([1.0, 2.0, 2.0]), 0.0);
    assert_eq!(remaining([1.0, 2.0, 3.5]), f64::INFINITY);
}

/// the reference's hard data. The usual rule stops after 203 sweeps, 7·10⁻³ nats short; Aitken's goes on
/// until what it promised is true. And the rate, .998931.
#[test]
fn aitken_stops_where_it_says_and_the_usual_rule_does_not() {
    let (start, x) = two_normals(1);
    let limit = limit_of(&start, &x);
    let height = limit.log_likelihood(&x).unwrap();
    // The reference prints .998931: cut off after six digits.
    assert_within(rate::missing_fractions(&limit, &x).unwrap()[0], 0.998931, 1e-6);
    for within in [1e-3, 1e-5] {
        let rule = Stopping { tolerance: Tolerance::Limit(within / x.nrows() as f64), max_sweeps: 60_000 };
        let run = em::trace(start.clone(), &x, &rule).unwrap();
        assert_eq!(run.fit.stopped, Stopped::Converged);
        // It said so for a tenth of the run, and not before.
        let heights = run.log_likelihoods();
        let said: Vec<bool> = (1..=heights.len()).map(|t| left(&heights[..t]) <= within).collect();
        let streak = said.iter().rev().take_while(|&&near| near).count();
        assert_eq!(streak, said.len() / 10 + 1);
        // An estimate, good to some tenths.
        assert!(height - run.fit.log_likelihood < 1.5 * within);
    }
    let (start, x) = two_normals(0);
    let usual = Stopping { tolerance: Tolerance::LogLikelihood(1e-9), max_sweeps: 60_000 };
    let short = em::fit(start.clone(), &x, &usual).unwrap();
    assert_eq!(short.sweeps, 203);
    let limit = limit_of(&start, &x);
    assert_within(rate::missing_fractions(&limit, &x).unwrap()[0], 0.9999356, 1e-7);
    assert_within(limit.log_likelihood(&x).unwrap() - short.log_likelihood, 7e-3, 5e-4);
    // Aitken's rule of the same tolerance goes on: for 120 000 sweeps, as the program's tests show.
    let aitken = Stopping { tolerance: Tolerance::Limit(1e-9), max_sweeps: 1000 };
    assert_eq!(em::fit(start.clone(), &x, &aitken).unwrap().stopped, Stopped::MaxSweeps);
    // Where the usual rule stops, the estimate says that it is too early.
    let run = em::trace(start, &x, &usual).unwrap().log_likelihoods();
    assert!(
        remaining([run[163], run[183], run[203]]) > 1e-6,
        "{}",
        remaining([run[163], run[183], run[203]])
    );
}

/// a case of each family and seed: fractions lie in [0, 1) at a maximum, and their sum is the trace of J.
#[test]
fn fractions_are_fractions() {
    let mut compared = 0;
    for case_seed in 0..24 {
        let family = CovarianceFamily::ALL[case_seed as usize % 4];
        let case = case(family, 60, 2, 2, seed() + case_seed);
        let stopping = Stopping { tolerance: Tolerance::Parameters(1e-11), max_sweeps: 3000 };
        let Ok(fit) = em::fit(case.model, &case.x, &stopping) else { continue };
        // A run that creeps, ends on a saddle or all but empties a component shows nothing here.
        let degenerate = fit.model.weights().min() < 0.05
            || fit.model.covariances().iter().any(|s| s.symmetric_eigenvalues().min() < 0.05);
        if fit.stopped != Stopped::Converged || degenerate {
            continue;
        }
        let fractions = rate::missing_fractions(&fit.model, &case.x).unwrap();
        assert!(fractions.min() > -1e-8 && fractions.max() < 1.0 + 1e-3, "{fractions}");
        let trace = rate::jacobian(&fit.model, &case.x).unwrap().trace();
        assert_within(trace, fractions.sum(), 1e-8);
        compared += 1;
    }
    assert!(compared >= 8, "{compared}");
}
