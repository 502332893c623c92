//! The problem that the bound solves, and where its solution may end.

use crate::common::cases::{self, Case, Kind};
use crate::common::naive::{self, Entry};
use crate::common::{assert_within, bounds};
use crate::{two_hills, two_hills_data};
use executable_em::em;
use executable_em::gaussian_mixture::{CovarianceFamily, score};
use executable_em::latent::{self, Model, complete, labelings};

/// ℓ is the log of a sum over the labels. Known labels give the maximum in one step; unknown ones do not: after one M
/// step the score of ℓ is not zero, because the responsibilities have moved.
///
/// Source: H-58, H-59, H-65.
#[test]
fn a_sum_inside_the_log_blocks_a_closed_form() {
    let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, 12, 2, 1, 58);
    let log_joint = model.log_joint(&x).unwrap();
    // Σ_z p(x, z | θ) over all 2¹² labelings; 4096 terms, each with 12 log joints of a few nats.
    let by_sum = latent::log_sum_exp(labelings::log_joints(&log_joint).unwrap().iter().copied());
    assert_within(by_sum, latent::log_likelihood(&log_joint).unwrap(), bounds::gamma(4200) * 12.0 * 10.0);

    let labels: Vec<usize> = (0..12).map(|i| i % 2).collect();
    let known = complete::maximum_likelihood(&model, &x, &labels, 2).unwrap();
    let again = complete::maximum_likelihood(&known, &x, &labels, 2).unwrap();
    assert_eq!(known, again, "no iteration");
    let one_hot = complete::one_hot(&labels, 2).unwrap();
    assert!(score::of_q_in_means(&known, &x, &one_hot).unwrap().amax() < 1e-12);

    let next = em::sweep(&model, &x).unwrap();
    let frozen = model.responsibilities(&x).unwrap();
    assert!(score::of_q_in_means(&next, &x, &frozen).unwrap().amax() < 1e-12);
    assert!(score::in_means(&next, &x).unwrap().amax() > 1e-2);
    assert_ne!(em::sweep(&next, &x).unwrap(), next);
}

/// Where the ascent ends depends on the hill on which it began; the lower top is a local maximum, where the score
/// vanishes and a step to either side loses.
///
/// Source: C-25, C-E09.
#[test]
fn the_ascent_may_end_on_the_lower_hill() {
    let x = two_hills_data();
    let end = |from: f64| em::fit(two_hills(from), &x, &em::Stopping::default()).unwrap();
    let (left, right) = (end(-0.6), end(0.3));
    assert!(left.log_likelihood < right.log_likelihood - 2.0);
    for fit in [left, right] {
        let top = fit.model;
        // ℓ is within 10⁻⁹ of its top, and the curvature there is of order one: the score is below √10⁻⁹ times a few.
        assert!(naive::derivative(top.mixture(), &x, Entry::Mean(1, 0)).abs() < 1e-3);
        for aside in [-0.1, 0.1] {
            let moved = two_hills(top.parameters()[0] + aside).log_joint(&x).unwrap();
            assert!(latent::log_likelihood(&moved).unwrap() < fit.log_likelihood - 1e-3);
        }
    }
}

/// The loop may watch ℓ or θ; both rules end at the same maximum, and the cap ends it unfinished.
///
/// Source: H-61.
#[test]
fn both_rules_of_convergence_stop() {
    let x = two_hills_data();
    let by = |tolerance| em::fit(two_hills(0.3), &x, &em::Stopping { tolerance, max_sweeps: 1000 }).unwrap();
    let (on_l, on_theta) =
        (by(em::Tolerance::LogLikelihood(1e-13 / 8.0)), by(em::Tolerance::Parameters(1e-9)));
    assert_eq!((on_l.stopped, on_theta.stopped), (em::Stopped::Converged, em::Stopped::Converged));
    assert!((on_l.model.parameters()[0] - on_theta.model.parameters()[0]).abs() < 1e-5);
    let capped = em::fit(
        two_hills(0.3),
        &x,
        &em::Stopping { tolerance: em::Tolerance::Parameters(0.0), max_sweeps: 2 },
    );
    assert_eq!(capped.unwrap().stopped, em::Stopped::MaxSweeps);
}
