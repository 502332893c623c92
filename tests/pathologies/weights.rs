//! Weights: zero solves too many equations, and better ones gain little.

use crate::common::bounds::gamma;
use crate::common::cases::{self, Kind};
use crate::common::naive;
use crate::common::{assert_printed, assert_within, column, line_mixture};
use crate::watching_parameters;
use executable_em::data;
use executable_em::em;
use executable_em::gaussian_mixture::{CovarianceFamily, update};
use executable_em::pathologies::weights::{equal_weights_cost, gain_bound, violations};
use executable_em::soft_kmeans::{SoftKMeans, Weights};
use nalgebra::{DVector, dmatrix, dvector};

/// At π = (1, 0) the multiplied equations hold and EM stays for ever, though s₂ − n = 17.24; inside, the conditions
/// lead to the maximum, and the bound on the gain holds.
///
/// Source: H-E05.
#[test]
fn erratum_a_weight_of_zero_solves_the_multiplied_equations() {
    let x = column(&[-1.0, 0.0, 1.0, 2.5]);
    let at = |second: f64| line_mixture(&[1.0 - second, second], &[0.0, 2.0], &[1.0, 1.0]);
    let edge = at(0.0);
    assert_eq!(*em::sweep(&edge, &x).unwrap().weights(), dvector![1.0, 0.0]);
    let found = violations(&edge, &x).unwrap();
    assert_within(found[0], 0.0, gamma(40) * 4.0);
    assert_printed(found[1], "17.24");
    assert_eq!(gain_bound(&edge, &x).unwrap(), found[1]);
    assert_printed(edge.log_likelihood(&x).unwrap(), "-7.80");
    assert_printed(at(0.25).log_likelihood(&x).unwrap(), "-6.57");

    // A weight of zero that is right: nobody needs a component at 50.
    let idle = line_mixture(&[1.0, 0.0], &[0.4, 50.0], &[1.0, 1.0]);
    assert_within(violations(&idle, &x).unwrap().amax(), 0.0, gamma(40) * 4.0);
    assert_within(gain_bound(&idle, &x).unwrap(), 0.0, gamma(40) * 4.0);
    // Turned round, the right component has no weight and the wrong one all of it.
    let wrong = line_mixture(&[0.0, 1.0], &[0.4, 5.0], &[1.0, 1.0]);
    assert!(violations(&wrong, &x).unwrap()[0] > 1000.0);
}

/// No choice of weights, of thousands, gains more than the bound; where the weights are best, the bound and all
/// violations vanish; and the violations are the derivatives of ℓ less n, where there is a derivative.
///
/// Source: H-E05, C-E11.
#[test]
fn the_gain_from_better_weights_is_bounded() {
    let mut rng = data::rng(12);
    for seed in 0..30 {
        let case = cases::case(Kind::Ordinary, CovarianceFamily::Full, 15, 3, 2, seed);
        let (x, mut model) = (&case.x, case.model);
        if seed % 2 == 0 {
            model = model.with_weights(dvector![0.0, 0.4, 0.6]).unwrap();
        }
        let naive = naive::score_in_weights(&model, x);
        let found = violations(&model, x).unwrap();
        for j in 0..3 {
            let excess = naive[j] - 15.0;
            let expected = if model.weights()[j] > 0.0 { excess.abs() } else { excess.max(0.0) };
            assert_within(found[j], expected, gamma(400) * 20.0 * (15.0 + naive[j]));
        }
        let (height, bound) = (model.log_likelihood(x).unwrap(), gain_bound(&model, x).unwrap());
        let mut best = height;
        for _ in 0..300 {
            let other = model.with_weights(cases::weights(3, &mut rng)).unwrap();
            best = best.max(other.log_likelihood(x).unwrap());
        }
        // EM on the weights alone finds the maximum, if it starts inside.
        let even = DVector::from_element(3, 1.0 / 3.0);
        model = model.with_weights(even.clone()).unwrap();
        let log_densities = model.component_log_densities(x).unwrap();
        for _ in 0..3_000 {
            let weights = update::weights(&model.responsibilities(x).unwrap()).unwrap();
            model = model.with_weights(weights).unwrap();
        }
        assert_eq!(log_densities, model.component_log_densities(x).unwrap());
        let top = model.log_likelihood(x).unwrap();
        let rounding = 1e-10; // ℓ ≤ 10³ of some 10³ operations: γ(10³) · 10³
        let left = gain_bound(&model, x).unwrap();
        assert!(
            top + left >= best - rounding && top - height <= bound + rounding,
            "{height}, {top}, {bound}"
        );
        // Converged but for weights that fade like 1/t, which the certificate says.
        assert!((-rounding..0.01).contains(&left), "{left}");
        // At the best weights, equal ones cost no more than n KL, less where components overlap.
        let lost = top - model.with_weights(even).unwrap().log_likelihood(x).unwrap();
        assert!(lost <= equal_weights_cost(model.weights(), 15).unwrap() + 1e-2 && lost >= -rounding);
    }
}

/// One datum here and six there: with weights ½ ℓ is lower by 7 KL = 1.981 nats, exactly so for the complete data and
/// up to the overlap for ℓ.
///
/// Source: C-E11.
#[test]
fn erratum_the_weights_are_parameters_too() {
    assert_printed(equal_weights_cost(&dvector![1.0 / 7.0, 6.0 / 7.0], 7).unwrap(), "1.981");
    // With any overlap ℓ loses less: −9.449 against −11.429, as printed, to the rounding of the two numbers.
    assert!(equal_weights_cost(&dvector![1.0 / 7.0, 6.0 / 7.0], 7).unwrap() > -9.449 + 11.429 - 1e-3);
    let x = column(&[0.0, 19.75, 19.85, 19.95, 20.05, 20.15, 20.25]);
    let fit = |weights_are| {
        let start = SoftKMeans::new(dmatrix![0.0; 20.0], 1.0, weights_are).unwrap();
        em::fit(start, &x, &watching_parameters(0.0)).unwrap()
    };
    let (held, fitted) = (fit(Weights::Held), fit(Weights::Fitted));
    let cost = equal_weights_cost(fitted.model.weights(), 7).unwrap();
    // The components overlap by e^{−19²/2} < 1e−78.
    assert_within(fitted.log_likelihood - held.log_likelihood, cost, 40.0 * gamma(40));
    assert_within(
        cost,
        7.0 * 2_f64.ln() + (1.0 / 7.0_f64).ln() + 6.0 * (6.0 / 7.0_f64).ln(),
        gamma(20) * 5.0,
    );
    let labels = [0, 1, 1, 1, 1, 1, 1];
    let complete = |weights: &DVector<f64>| labels.iter().map(|&label| weights[label].ln()).sum::<f64>();
    assert_within(complete(fitted.model.weights()) - complete(&dvector![0.5, 0.5]), cost, gamma(20) * 5.0);
    // All data in one of k: n log k, the most there is.
    assert_within(equal_weights_cost(&dvector![0.0, 1.0, 0.0], 5).unwrap(), 5.0 * 3_f64.ln(), gamma(5) * 6.0);
    assert_eq!(equal_weights_cost(&dvector![0.25, 0.25, 0.25, 0.25], 9).unwrap(), 0.0);
}
