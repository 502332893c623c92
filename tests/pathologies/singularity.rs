//! The singularity: a component that collapses onto a datum, and how fast.

use crate::common::bounds::gamma;
use crate::common::cases::{self, Kind};
use crate::common::naive::Naive;
use crate::common::{assert_printed, assert_within, column, line_mixture, mixture};
use crate::{doomed, five};
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::em::{self, Stopping, Tolerance};
use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em::latent::{self, Model};
use executable_em::pathologies::singularity::{asymptote, collapse, onto_datum, upper_bound};
use executable_em::{Error, data};
use nalgebra::{DMatrix, dmatrix};
use rand::RngExt;
use std::f64::consts::TAU;

/// ℓ of the spike lies above its asymptote, by what the shrinking component still gives to the data it abandons and the
/// others to those that it captures: log(1 + p) ≤ p for each of these ratios of densities. The slope counts dimensions
/// and captured data.
///
/// Source: B-05, B-E05, H-E26.
#[test]
fn the_spike_has_the_asymptote_that_is_derived() {
    for (seed, (k, d)) in [(2, 1), (3, 1), (2, 2), (4, 3)].into_iter().cycle().take(24).enumerate() {
        let mut case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 12, k, d, seed as u64);
        let copies = seed % 3 + 1;
        for copy in 1..copies {
            let datum = case.x.row(0).into_owned();
            case.x.set_row(copy, &datum);
        }
        let (x, component) = (&case.x, seed % k);
        let line = asymptote(&case.model, x, component, 0).unwrap();
        assert_eq!(line.slope, (copies * d) as f64);
        for sigma in [1e-1, 1e-2, 1e-4, 1e-8, 1e-30] {
            let spike = onto_datum(&case.model, x, component, 0, sigma).unwrap();
            let naive = Naive::<f64>::new(&spike);
            let (mut excess, mut size) = (0.0, 0.0);
            for (i, row) in x.row_iter().enumerate() {
                let datum: Vec<f64> = row.iter().copied().collect();
                let of_spike = naive.log_joint(&datum, component);
                let others = latent::log_sum_exp(
                    (0..k).filter(|&l| l != component).map(|l| naive.log_joint(&datum, l)),
                );
                let ratio = if i < copies { others - of_spike } else { of_spike - others };
                excess += ratio.exp();
                size += others.abs() + if i < copies { of_spike.abs() } else { 0.0 };
            }
            // Log joints through factors of condition κ ≤ 2d² + 1 ≤ 19: see `bounds::log_joint_error`.
            let rounding = 20.0 * 5.0 * gamma(60) * (1.0 + size);
            let rise = spike.log_likelihood(x).unwrap() - line.at(sigma);
            assert!((-rounding..=excess + rounding).contains(&rise), "σ = {sigma}: {rise} against {excess}");
        }
        // Where the excess is nothing any more, ℓ is the line: a tenth of σ adds md log 10.
        let at = |sigma| onto_datum(&case.model, x, component, 0, sigma).unwrap().log_likelihood(x).unwrap();
        let rise = at(1e-31) - at(1e-30);
        assert_within(
            rise,
            line.slope * 10_f64.ln(),
            100.0 * gamma(60) * (1.0 + at(1e-31).abs() + 100.0 * 12.0),
        );
    }
}

/// One Gaussian with other data to cover falls, like −Σ(x − x_i)²/2σ²; one with none, or with a second component, rises
/// like −log σ.
///
/// Source: B-E05, B-E11, H-E26.
#[test]
fn erratum_the_spike_needs_a_second_component_or_no_other_datum() {
    let single = line_mixture(&[1.0], &[0.0], &[1.0]);
    let three = column(&[0.0, 1.0, 3.0]);
    let alone = onto_datum(&single, &column(&[0.0]), 0, 0, 1e-4).unwrap();
    assert_printed(alone.log_likelihood(&column(&[0.0])).unwrap(), "8.29");
    let falling =
        |sigma: f64| onto_datum(&single, &three, 0, 0, sigma).unwrap().log_likelihood(&three).unwrap();
    assert_printed(falling(1e-4) * 1e-8, "-5"); // −5e8
    for sigma in [1e-2, 1e-4, 1e-20] {
        let rest = falling(sigma) + 3.0 * (0.5 * TAU.ln() + sigma.ln()) + (1.0 + 9.0) / (2.0 * sigma * sigma);
        assert_within(rest, 0.0, gamma(20) * 10.0 / (sigma * sigma));
    }
    let line = asymptote(&single, &three, 0, 0).unwrap();
    assert_eq!((line.slope, line.constant), (1.0, f64::NEG_INFINITY));
    assert_eq!(line.at(0.5), f64::NEG_INFINITY);
    // A second component of weight zero covers nothing either.
    let idle = line_mixture(&[1.0, 0.0], &[0.0, 2.0], &[1.0, 1.0]);
    assert_eq!(asymptote(&idle, &three, 0, 0).unwrap().constant, f64::NEG_INFINITY);

    let pair = line_mixture(&[0.5, 0.5], &[0.0, 2.0], &[1.0, 2.0]);
    let rising = |sigma: f64| onto_datum(&pair, &three, 0, 0, sigma).unwrap().log_likelihood(&three).unwrap();
    for (sigma, printed) in [(1e-3, ".88"), (1e-4, "3.18"), (1e-30, "63"), (1e-100, "224")] {
        assert_printed(rising(sigma), printed);
    }
    let four = column(&[0.0, 1.0, 2.0, 5.0]);
    let pair = line_mixture(&[0.5, 0.5], &[7.0, 2.0], &[3.0, 4.0]);
    for (sigma, printed) in [(1.0, "-8.4"), (1e-2, "-5.2"), (1e-4, "-.57"), (1e-8, "8.6"), (1e-16, "27.1")] {
        let spike = onto_datum(&pair, &four, 0, 0, sigma).unwrap();
        assert_eq!((spike.means()[0], spike.means()[1], spike.covariances()[1][0]), (0.0, 2.0, 4.0));
        assert_printed(spike.log_likelihood(&four).unwrap(), printed);
    }
}

/// The upper bound under a floor is one, and one Gaussian with all data at its mean attains it; without a floor there
/// is none. For discrete data the bound is 0: every probability is at most one, whatever the parameters.
///
/// Source: B-17, B-E11.
#[test]
fn erratum_densities_have_no_upper_bound_and_probabilities_have() {
    for seed in 0..60 {
        let kind = Kind::ALL[seed as usize % Kind::ALL.len()];
        if kind == Kind::UnequalScales {
            continue; // the least eigenvalue is 10⁻²⁴ of the largest, and lost in rounding
        }
        let case = cases::case(kind, CovarianceFamily::Full, 15, 3, 2, seed);
        let least = |s: &DMatrix<f64>| s.symmetric_eigenvalues().min();
        let floor = case.model.covariances().iter().map(least).fold(f64::INFINITY, f64::min);
        let bound = upper_bound(case.x.nrows(), 2, floor).unwrap();
        assert!(case.model.log_likelihood(&case.x).unwrap() < bound, "{kind:?}");
    }
    for (n, d) in [(1, 1), (7, 2), (4, 3)] {
        for floor in [1e-12, 0.3, 50.0] {
            let x = DMatrix::from_element(n, d, 2.5);
            let at_the_mean = DMatrix::from_element(1, d, 2.5);
            let model = mixture(&[1.0], at_the_mean, vec![DMatrix::from_diagonal_element(d, d, floor)]);
            let value = model.log_likelihood(&x).unwrap();
            let size = (n * d) as f64 * (TAU.ln() + f64::abs(floor.ln()));
            assert_within(value, upper_bound(n, d, floor).unwrap(), gamma(n * d + 10) * size);
        }
    }

    let mut rng = data::rng(5);
    for _ in 0..200 {
        let (n, k, d) = (rng.random_range(1..8), rng.random_range(1..4), rng.random_range(1..4));
        let x = DMatrix::from_fn(n, d, |_, _| f64::from(u8::from(rng.random_bool(0.5))));
        // Some coins land on one side only, which is as singular as a coin can be.
        let biases = DMatrix::from_fn(k, d, |_, _| f64::clamp(rng.random_range(-0.3..1.3), 1e-9, 1.0 - 1e-9));
        let model = BernoulliMixture::new(cases::weights(k, &mut rng), biases, 1).unwrap();
        assert!(latent::log_likelihood(&model.log_joint(&x).unwrap()).unwrap() <= n as f64 * gamma(20));
    }
}

/// The collapse, sweep by sweep: variances 1, .597, .0137, 6e−141, then none; ℓ rises all the way. The last variance is
/// the δ² e^{−δ²/2s} of the derivation. The run is em::fit's own, which keeps the error alone.
///
/// Source: C-E09, H-E26, B-05.
#[test]
fn a_collapse_is_traced_to_its_end() {
    let x = five();
    let run = collapse(doomed(), &x, 10).unwrap();
    let variances = run.smallest_variances();
    assert_eq!(run.iterates.len(), 4);
    for (variance, printed) in variances.iter().zip(["1", ".597", ".0137"]) {
        assert_printed(*variance, printed);
    }
    assert_printed(variances[3] * 1e141, "6");
    for (iterate, printed) in run.iterates.iter().zip(["-10.98", "-9.33", "-7.40", "151.9"]) {
        assert_printed(iterate.log_likelihood, printed);
    }
    let error = em::fit(doomed(), &x, &Stopping::default()).unwrap_err();
    assert_eq!(run.error, Some(error.clone()));
    assert_eq!(error, Error::NotPositiveDefinite { component: 0, smallest_eigenvalue: 0.0 });

    // s' = Σ r (x − μ')²/R with r₃ = p₀(3)/p₁(3), since p₀(3) ≪ p₁(3); the datum 0 is held with R = 1 − 2·10⁻⁴, and the
    // next one, at 4, is e^{−7/2s} = e^{−255} less. The formula of the text keeps δ = 3 and R = 1.
    let before = Naive::<f64>::new(&run.iterates[2].model);
    let (s, mean) = (variances[2], before.means[0][0]);
    let log_r = before.log_joint(&[3.0], 0) - before.log_joint(&[3.0], 1);
    assert_within(variances[3].ln(), 9_f64.ln() + log_r, 3e-4);
    // In the exponent, (δ − μ)² for δ² and the logarithms are left out.
    let logs = 9_f64.ln() + before.weights[0].ln() - 0.5 * (TAU * s).ln() - before.log_joint(&[3.0], 1);
    assert_within(variances[3].ln() - logs, -(3.0 - mean).powi(2) / (2.0 * s), 3e-4);
    assert_within(variances[3].ln() / (-9.0 / (2.0 * s)), 1.0, 0.05);

    let short = collapse(doomed(), &x, 2).unwrap();
    assert_eq!((short.iterates.len(), short.error.clone()), (3, None));
    assert_eq!(short.iterates[..], run.iterates[..3]);
    // A harmless run is that of em::fit.
    let start = line_mixture(&[0.5, 0.5], &[2.0, 5.0], &[9.0, 9.0]);
    let safe = collapse(start.clone(), &x, 5).unwrap();
    let stopping = Stopping { tolerance: Tolerance::Parameters(0.0), max_sweeps: 5 };
    assert_eq!(safe.iterates, em::trace(start, &x, &stopping).unwrap().iterates);
    assert!(collapse(line_mixture(&[1.0], &[0.0], &[1.0]), &dmatrix![0.0, 0.0], 5).is_err());

    // In the plane the least eigenvalue counts, of either component.
    let flat = mixture(
        &[0.5, 0.5],
        DMatrix::zeros(2, 2),
        vec![DMatrix::identity(2, 2), dmatrix![2.0, 1.0; 1.0, 2.0] * 0.5],
    );
    let still = collapse(flat, &dmatrix![0.0, 1.0; 1.0, 0.0], 0).unwrap();
    assert_within(still.smallest_variances()[0], 0.5, 1e-14);
}
