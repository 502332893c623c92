//! Q: over labels and labelings, in its terms, and as a residual.

use crate::common::cases::{self, Case, Kind};
use crate::common::enumeration;
use crate::common::{assert_within, bounds, line_mixture};
use crate::{State, coins, random_q, rounding, states};
use executable_em::bound;
use executable_em::data;
use executable_em::gaussian_mixture::{CovarianceFamily, loss, score};
use executable_em::latent::{self, Model, labelings};
use nalgebra::{DMatrix, dmatrix, dvector};
use num_dual::Dual64;
use rand::RngExt;
use std::f64::consts::TAU;

/// Q as the sum over all labelings, as the sum over data and labels, and as the average of the complete-data
/// log-likelihood.
///
/// Source: L-19, L-23, C-37, T-21, T-33, H-62, H-64.
#[test]
fn q_over_labelings_is_q_over_labels() {
    for number in 0..60 {
        let family = CovarianceFamily::ALL[number as usize % 4];
        let kind =
            [Kind::Ordinary, Kind::CoincidentMeans, Kind::TinyWeight, Kind::Ties][number as usize / 4 % 4];
        let Case { x, model, .. } = cases::case(kind, family, 5, 3, 2, number);
        let before = model.log_joint(&x).unwrap();
        let other = model.with_means(model.means().add_scalar(0.3)).unwrap();
        let log_joint = other.log_joint(&x).unwrap();
        let r = latent::responsibilities(&before).unwrap();
        let q = latent::expected_log_joint(&r, &log_joint).unwrap();

        let oracle = enumeration::enumerate(&before, &log_joint);
        // 3⁵ products of five log joints, of at most some hundred nats each; the weights r are good to γ of |L|.
        let size = log_joint.amax() + before.amax();
        let tolerance = bounds::gamma(300) * 5.0 * size * (1.0 + size);
        assert_within(q, oracle.expected, tolerance);
        let posterior = labelings::posterior(&before).unwrap();
        assert_within(labelings::expected_log_joint(&posterior, &log_joint).unwrap(), q, tolerance);

        // The same in four terms, and minus the loss.
        let terms = loss::terms_of_q(&other, &x, &r).unwrap();
        assert_within(terms.iter().sum(), q, tolerance);
        assert_within(-loss::loss(&other, &x, &r).unwrap() + terms[3], q, tolerance);
    }
}

/// Each of the four terms by a naive loop; the first is all that Q has of the weights.
///
/// Source: T-38, C-37.
#[test]
fn the_terms_of_q_are_those_of_the_gaussian() {
    for seed in 0..20 {
        let Case { x, model, .. } = cases::case(Kind::Ordinary, CovarianceFamily::Full, 8, 3, 2, seed);
        let r = cases::simplex_rows(8, 3, &mut data::rng(seed));
        let [weights, determinants, distances, constant] = loss::terms_of_q(&model, &x, &r).unwrap();
        let (mut w, mut s, mut v) = (0.0, 0.0, 0.0);
        for i in 0..8 {
            for j in 0..3 {
                let c = &model.covariances()[j];
                let determinant = c[(0, 0)] * c[(1, 1)] - c[(0, 1)] * c[(1, 0)];
                let (a, b) = (x[(i, 0)] - model.means()[(j, 0)], x[(i, 1)] - model.means()[(j, 1)]);
                let distance =
                    (c[(1, 1)] * a * a - 2.0 * c[(0, 1)] * a * b + c[(0, 0)] * b * b) / determinant;
                w += r[(i, j)] * model.weights()[j].ln();
                s -= 0.5 * r[(i, j)] * determinant.ln();
                v -= 0.5 * r[(i, j)] * distance;
            }
        }
        // κ ≤ 2d² + 1 = 9 magnifies the rounding of a 2×2 inverse; the sums have 24 terms.
        assert_within(weights, w, bounds::gamma(40) * w.abs());
        assert_within(determinants, s, bounds::gamma(200) * 8.0 * 5.0);
        assert_within(distances, v, bounds::gamma(400) * v.abs());
        assert_eq!(constant, -8.0 * TAU.ln());

        let reweighted = model.with_weights(dvector![0.2, 0.3, 0.5]).unwrap();
        let other = loss::terms_of_q(&reweighted, &x, &r).unwrap();
        assert_eq!(other[1..], [determinants, distances, constant]);
        assert_ne!(other[0], weights);
    }
    // A component of weight zero without responsibility contributes nothing.
    let model = line_mixture(&[0.0, 1.0], &[5.0, 0.0], &[1.0, 1.0]);
    assert_eq!(loss::terms_of_q(&model, &dmatrix![0.0], &dmatrix![0.0, 1.0]).unwrap()[0], 0.0);
}

/// Q of the coins, Σ r [log α_j + x log p_j + (1 − x) log(1 − p_j)].
///
/// Source: T-49, T-33.
#[test]
fn q_of_the_coins_has_the_bernoulli_logs() {
    for seed in 0..20 {
        let (model, x) = coins(10, 3, 1, seed);
        let r = cases::simplex_rows(10, 3, &mut data::rng(seed));
        let mut printed = 0.0;
        for i in 0..10 {
            for j in 0..3 {
                let p = model.biases()[(j, 0)];
                printed +=
                    r[(i, j)] * (model.weights()[j].ln() + x[i] * p.ln() + (1.0 - x[i]) * (1.0 - p).ln());
            }
        }
        let q = latent::expected_log_joint(&r, &model.log_joint(&x).unwrap()).unwrap();
        assert_within(q, printed, bounds::gamma(50) * 10.0 * 5.0);
    }
}

/// As corrected: ℓ(θ) − Q(θ | θ^t) = H(q) + KL ≥ 0, at one and the same θ.
///
/// Source: T-26, T-30, T-E01 … T-E03.
#[test]
fn what_q_lacks_of_the_log_likelihood_is_entropy_and_divergence() {
    let mut rng = data::rng(26);
    for State { name, log_joint } in states() {
        let q = random_q(&log_joint, &mut rng);
        let lacking =
            latent::log_likelihood(&log_joint).unwrap() - latent::expected_log_joint(&q, &log_joint).unwrap();
        let parts = bound::entropy(&q).unwrap() + bound::gap(&q, &log_joint).unwrap();
        let tolerance = rounding(&q, &log_joint);
        assert!((lacking - parts).abs() <= tolerance, "{name}");
        assert!(lacking >= -tolerance, "{name}");
    }
}

/// The derivative of a residual's quadratic form, against dual numbers, symmetric W or not; the printed form −2AᵀW(x −
/// As) is right for symmetric W alone.
///
/// Source: T-39, T-E16.
#[test]
fn the_residual_form_has_its_derivative() {
    let mut rng = data::rng(39);
    for case in 0..100 {
        let (m, p) = (rng.random_range(1..=4), rng.random_range(1..=4));
        let mut matrix = |rows, columns| DMatrix::from_fn(rows, columns, |_, _| rng.random_range(-2.0..2.0));
        let (x, s, a, mut w) = (matrix(m, 1), matrix(p, 1), matrix(m, p), matrix(m, m));
        if case % 2 == 0 {
            w = &w + w.transpose();
        }
        let (x, s) = (x.column(0).into_owned(), s.column(0).into_owned());
        let derivative = score::residual_form_derivative(&x, &a, &w, &s).unwrap();
        for direction in 0..p {
            let residual: Vec<Dual64> = (0..m)
                .map(|i| {
                    let mut value = Dual64::from(x[i]);
                    for c in 0..p {
                        let mut entry = Dual64::from(s[c]);
                        entry.eps = f64::from(u8::from(c == direction));
                        value -= entry * a[(i, c)];
                    }
                    value
                })
                .collect();
            let mut form = Dual64::from(0.0);
            for i in 0..m {
                for j in 0..m {
                    form += residual[i] * residual[j] * w[(i, j)];
                }
            }
            // m²p products of numbers up to 2 · 4 · 18 in two orders of summation.
            assert_within(derivative[direction], form.eps, bounds::gamma(60) * (16.0 * 4.0 * 2.0 * 18.0));
        }
        let printed = -2.0 * a.transpose() * &w * (&x - &a * &s);
        let error = (printed - derivative).amax();
        if case % 2 == 0 {
            assert!(error < bounds::gamma(60) * 2304.0);
        } else if m > 1 {
            assert!(error > 1e-6, "W is not symmetric, and the printed form cannot be right");
        }
    }
}
