//! Sticks: the shares, the pieces, and the rest.

use crate::common::assert_within;
use crate::common::bounds::gamma;
use crate::common::config;
use crate::{bernstein, dkw};
use executable_em::selection::dirichlet_process;
use executable_em::selection::stick_breaking::{
    break_stick, expected_breaks, expected_weight, sample_shares,
};
use executable_em::{Error, data};
use nalgebra::{DVector, dvector};
use proptest::prelude::*;
use rand::{RngExt, TryRng};

proptest! {
    #![proptest_config(config(200))]

    /// Piece j is v_j Π_{l<j}(1 − v_l), and pieces and rest make up the stick.
    ///
    /// Source: B-27.
    #[test]
    fn the_pieces_make_up_the_stick(shares in prop::collection::vec(0.0..=1.0_f64, 0..40)) {
        let (weights, rest) = break_stick(&DVector::from_vec(shares.clone())).unwrap();
        let n = shares.len();
        for j in 0..n {
            let expected = shares[j] * shares[..j].iter().map(|share| 1.0 - share).product::<f64>();
            assert_within(weights[j], expected, gamma(2 * n + 2) * expected);
            prop_assert!(weights[j] >= 0.0);
        }
        // Each break divides the rest in two parts, with three roundings of at most ε of it; then n additions.
        assert_within(weights.sum() + rest, 1.0, gamma(4 * n + 1));
        let product = shares.iter().map(|share| 1.0 - share).product::<f64>();
        assert_within(rest, product, gamma(2 * n) * product);
    }
}

/// A share of 1 ends the stick exactly, a share of 0 leaves it; others are refused.
///
/// Source: B-27.
#[test]
fn shares_lie_between_nothing_and_all() {
    assert_eq!(break_stick(&dvector![0.0, 1.0, 0.5]).unwrap(), (dvector![0.0, 1.0, 0.0], 0.0));
    assert_eq!(break_stick(&dvector![]).unwrap(), (dvector![], 1.0));
    for bad in [-0.1, 1.5] {
        let error = Error::Domain { what: "share of a stick", value: bad, allowed: "≥ 0 and ≤ 1" };
        assert_eq!(break_stick(&dvector![0.5, bad]), Err(error));
    }
    assert!(break_stick(&dvector![f64::NAN]).is_err());
}

/// The shares are independent draws of Beta(1, a), P(v ≤ t) = 1 − (1 − t)^a: every one of the first three, and the
/// first given the second.
///
/// Source: B-27.
#[test]
fn shares_have_their_beta_law() {
    let samples = 20_000;
    for concentration in [0.5, 1.0, 4.0] {
        let mut rng = data::rng(11);
        // So fine a tolerance that three shares are there but for one stick in a million (a = ½: P(Poisson(35) < 2)
        // < 10⁻¹³).
        let sticks: Vec<DVector<f64>> =
            (0..samples).map(|_| sample_shares(concentration, 1e-30, &mut rng).unwrap()).collect();
        for piece in 0..3 {
            let mut shares: Vec<f64> = sticks.iter().map(|shares| shares[piece]).collect();
            shares.sort_by(f64::total_cmp);
            assert_distribution(&shares, |t| 1.0 - (1.0 - t).powf(concentration));
        }
        let mut given: Vec<f64> = sticks.iter().filter(|s| s[1] > 0.3).map(|shares| shares[0]).collect();
        given.sort_by(f64::total_cmp);
        assert_distribution(&given, |t| 1.0 - (1.0 - t).powf(concentration));
    }
}

/// The sorted sample follows the continuous distribution function, by Dvoretzky, Kiefer, Wolfowitz and Massart.
#[track_caller]
fn assert_distribution(sorted: &[f64], law: impl Fn(f64) -> f64) {
    let n = sorted.len() as f64;
    let farthest = sorted
        .iter()
        .enumerate()
        .map(|(i, &t)| (law(t) - i as f64 / n).abs().max((law(t) - (i + 1) as f64 / n).abs()))
        .fold(0.0, f64::max);
    assert!(farthest <= dkw(sorted.len()), "{farthest} against {}", dkw(sorted.len()));
}

/// A stick is broken until less than the tolerance is left and not once more; the breaks before the last are Poisson(a
/// log 1/δ).
///
/// Source: B-27.
#[test]
fn a_stick_is_broken_until_the_rest_is_small() {
    let (samples, tolerance) = (4000, 0.01);
    for concentration in [0.5, 3.0] {
        let mut rng = data::rng(5);
        let mut breaks = Vec::new();
        for _ in 0..samples {
            let shares = sample_shares(concentration, tolerance, &mut rng).unwrap();
            let before = shares.rows(0, shares.len() - 1).into_owned();
            assert!(
                break_stick(&shares).unwrap().1 < tolerance && break_stick(&before).unwrap().1 >= tolerance
            );
            breaks.push(shares.len() - 1);
        }
        let rate = concentration * 100_f64.ln();
        assert_within(
            expected_breaks(concentration, tolerance).unwrap(),
            1.0 + rate,
            gamma(4) * (1.0 + rate),
        );
        let mut term = (-rate).exp();
        let mut below = 0.0;
        for count in 0..40 {
            below += term;
            term *= rate / f64::from(count + 1);
            let found = breaks.iter().filter(|&&breaks| breaks <= count as usize).count();
            assert_within(found as f64 / f64::from(samples), below, dkw(samples as usize));
        }
    }
    for bad in [0.0, 1.0, -1.0, f64::NAN] {
        assert!(matches!(expected_breaks(1.0, bad), Err(Error::Domain { what: "tolerance", .. })));
    }
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            sample_shares(bad, 0.5, &mut data::rng(1)),
            Err(Error::Domain { what: "concentration", .. })
        ));
    }
    let endless = sample_shares(1e300, 0.5, &mut data::rng(1)).unwrap_err();
    assert!(matches!(endless, Error::Domain { what: "expected number of breaks", .. }), "{endless}");
    // A concentration so small that the first piece is all there is.
    assert_eq!(sample_shares(1e-300, 0.5, &mut data::rng(1)).unwrap(), dvector![1.0]);
}

/// E w_j is the product of the Beta moments E v = 1/(1+a) and E(1 − v) = a/(1+a), both integrated here; the weights sum
/// to one.
///
/// Source: B-27.
#[test]
fn expected_weights_are_products_of_beta_moments() {
    for concentration in [0.5, 1.0, 2.5, 40.0] {
        // With u = (1 − v)^a uniform, E(1 − v) = ∫ u^{1/a} du; in u = e^{−at} it is ∫ a e^{−(1+a)t} dt, and the
        // trapezoid rule with Euler and Maclaurin's end corrections h²/12 f' and h⁴/720 f''' errs by less than h⁶
        // (1+a)⁶/30240.
        let rate = 1.0 + concentration;
        let h = 0.01 / rate;
        let f = |t: f64| concentration * (-rate * t).exp();
        let steps = 4000;
        let sum: f64 = (1..=steps).map(|step| f(f64::from(step) * h)).sum();
        let left = h * (0.5 * f(0.0) + sum) - h * h / 12.0 * rate * f(0.0)
            + h.powi(4) / 720.0 * rate.powi(3) * f(0.0);
        // The tail is e^{−40}; the correction errs by 10⁻¹²/30240 of f(0)/rate < 1.
        let moment_bound = 1e-15 + gamma(4020);
        assert_within(left, concentration / rate, moment_bound);
        for j in [0, 1, 2, 7, 30] {
            let expected = (1.0 - left) * left.powi(j);
            let bound = (j + 1) as f64 * moment_bound + gamma(40);
            assert_within(expected_weight(concentration, j as usize).unwrap(), expected, bound);
        }
        // What is left after m pieces is (a/(1+a))^m.
        let sum: f64 = (0..200).map(|j| expected_weight(concentration, j).unwrap()).sum();
        assert_within(sum, 1.0 - (concentration / rate).powf(200.0), gamma(600));
    }
    assert!(matches!(expected_weight(0.0, 1), Err(Error::Domain { what: "concentration", .. })));
    assert_eq!(expected_weight(1e-310, 0), Ok(1.0));
    assert_eq!(expected_weight(1e-310, 1), Ok(1e-310));
}

/// Sampled weights have that mean, within Bernstein's bound: Var w_j ≤ E w_j² = E v² (E(1 − v)²)^j, with the Beta
/// moments E v² = 2/((1+a)(2+a)) and E(1 − v)² = a/(2+a).
///
/// Source: B-27.
#[test]
fn sampled_weights_have_the_expected_mean() {
    let (samples, concentration) = (40_000, 2.0);
    let mut rng = data::rng(4);
    let mut means = [0.0; 6];
    let mut squares = 0.0;
    for _ in 0..samples {
        // Pieces that were not broken off any more would be smaller than 10⁻¹².
        let (weights, _) = break_stick(&sample_shares(concentration, 1e-12, &mut rng).unwrap()).unwrap();
        for (mean, weight) in means.iter_mut().zip(&weights) {
            *mean += weight / samples as f64;
        }
        squares += weights.norm_squared() / samples as f64;
    }
    for (j, mean) in means.into_iter().enumerate() {
        let second = 2.0 / (3.0 * 4.0) * 0.5_f64.powi(j as i32);
        let bound = bernstein(samples, second, 1.0) + 1e-12;
        assert!(bound < 0.02);
        assert_within(mean, expected_weight(concentration, j).unwrap(), bound);
    }
    // Σ E w_j² = 1/(1 + a), which makes the variance of the mass of a set; the sum lies in [0, 1].
    assert_within(squares, 1.0 / 3.0, bernstein(samples, 0.25, 1.0) + 1e-12);
}

/// As [`data::rng`], but after so many numbers only the largest.
struct LargestAfter(usize, data::Rng);

impl TryRng for LargestAfter {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> std::result::Result<u32, Self::Error> {
        self.try_next_u64().map(|number| (number >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> std::result::Result<u64, Self::Error> {
        if self.0 == 0 {
            return Ok(u64::MAX);
        }
        self.0 -= 1;
        self.1.try_next_u64()
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> std::result::Result<(), Self::Error> {
        unreachable!("floats are made of single numbers")
    }
}

/// What is left of the stick belongs to its last piece: to 1 − 2⁻⁵³, beyond the sum of the weights, too.
///
/// Source: B-27.
#[test]
fn the_rest_of_the_stick_belongs_to_its_last_piece() {
    let mut rng = LargestAfter(usize::MAX, data::rng(9));
    let (_, weights) = dirichlet_process::sample(0, 3.0, &mut rng).unwrap();
    assert!(weights.sum() < 1.0 - f64::EPSILON);
    let mut rng = LargestAfter(usize::MAX - rng.0, data::rng(9));
    let (labels, again) = dirichlet_process::sample(2, 3.0, &mut rng).unwrap();
    assert_eq!((labels, again), (vec![weights.len() - 1; 2], weights));
}

/// The mass of a set under the random distribution has mean G₀(A) and variance G₀(A)(1 − G₀(A))/(1 + a); sampled from
/// sticks whose points are uniform.
///
/// Source: B-29.
#[test]
fn the_random_mass_of_a_set_has_its_moments() {
    let (samples, concentration, base_mass) = (40_000, 2.0, 0.3);
    let mut rng = data::rng(10);
    let (mut mean, mut variance) = (0.0, 0.0);
    for _ in 0..samples {
        let (weights, _) = break_stick(&sample_shares(concentration, 1e-12, &mut rng).unwrap()).unwrap();
        let mass: f64 = weights.iter().filter(|_| rng.random::<f64>() < base_mass).sum();
        mean += mass / samples as f64;
        variance += (mass - base_mass).powi(2) / samples as f64;
    }
    let (expected_mean, expected_variance) =
        dirichlet_process::mass_moments(base_mass, concentration).unwrap();
    assert_eq!(expected_mean, base_mass);
    // Of a Beta(ap, a(1−p)): the product of its parameters over (a²(a+1)).
    let (alpha, beta) = (concentration * base_mass, concentration * (1.0 - base_mass));
    assert_within(
        expected_variance,
        alpha * beta / (concentration.powi(2) * (concentration + 1.0)),
        gamma(12),
    );
    assert_within(mean, expected_mean, bernstein(samples, expected_variance, 1.0) + 1e-12);
    // (mass − p)² lies in [0, 0.49], so its own variance is at most 0.49 of its mean.
    assert_within(variance, expected_variance, bernstein(samples, 0.49 * expected_variance, 0.49) + 1e-12);
    assert!(matches!(
        dirichlet_process::mass_moments(1.5, 1.0),
        Err(Error::Domain { what: "mass of a set", .. })
    ));
    assert!(matches!(
        dirichlet_process::mass_moments(0.5, 0.0),
        Err(Error::Domain { what: "concentration", .. })
    ));
}
