//! Sufficient statistics: they add up, move, and give the M step; what a sweep costs; the committed times.

mod common;

use common::bounds::{self, gamma, sum_of};
use common::cases::{self, Kind};
use common::{assert_matrices_within, assert_within};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, random_start};
use executable_em::latent::{self, Model};
use executable_em::scale::cost::{multiply_adds, power};
use executable_em::scale::spread::Spread;
use executable_em::scale::units::Units;
use executable_em::scale::{self, Moments, SufficientStatistics};
use executable_em::{Error, data, em};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use num_dual::{DualNum, HyperDual64};
use proptest::prelude::*;

type Outcome = Result<(), Error>;

fn state(family: CovarianceFamily) -> (GaussianMixture, DMatrix<f64>) {
    let x = data::old_faithful();
    (random_start(&x, 3, family, &mut data::rng(6)).expect("a start"), x)
}

/// H-34, C-40, B-24: the sums, entry by entry, on data small enough to add by hand.
#[test]
fn moments_are_their_sums() -> Outcome {
    let x = dmatrix![1.0, 2.0; 3.0, 5.0];
    let r = dmatrix![1.0, 0.0; 0.5, 0.25];
    let moments = Moments::of(&x, &r, &dmatrix![1.0, 1.0; 0.0, 4.0])?;
    assert_eq!(moments.counts, dvector![1.5, 0.25]);
    assert_eq!(moments.first, dmatrix![1.0, 3.0; 0.75, 0.25]);
    assert_eq!(moments.second, [dmatrix![2.0, 4.0; 4.0, 9.0], dmatrix![2.25, 0.75; 0.75, 0.25]]);
    Ok(())
}

/// H-34, C-40: they are sufficient. The expected complete-data log-likelihood of any parameters follows from them, so
/// data with the same sums cannot be told apart by an M step: here {−2, 0, 2} and {−1, −1, 2}√(4/3), whose squares both
/// sum to 8.
#[test]
fn data_with_the_same_sums_have_the_same_m_step() -> Outcome {
    let (one, other) = (dmatrix![-2.0; 0.0; 2.0], dmatrix![-1.0; -1.0; 2.0] * (4.0_f64 / 3.0).sqrt());
    let r = DMatrix::from_element(3, 1, 1.0);
    let (a, b) = (Moments::of(&one, &r, &dmatrix![0.0])?, Moments::of(&other, &r, &dmatrix![0.0])?);
    assert_eq!(a.counts, b.counts);
    assert_matrices_within(&a.first, &b.first, 4.0 * f64::EPSILON);
    assert_matrices_within(&a.second[0], &b.second[0], 16.0 * f64::EPSILON);
    let start =
        GaussianMixture::new(dvector![1.0], dmatrix![0.5], vec![dmatrix![2.0]], CovarianceFamily::Full)?;
    let (a, b) = (a.maximize(&start)?, b.maximize(&start)?);
    assert_matrices_within(a.means(), b.means(), 4.0 * f64::EPSILON);
    assert_matrices_within(&a.covariances()[0], &b.covariances()[0], 16.0 * f64::EPSILON);
    Ok(())
}

/// The M step from the sums is where the gradient of Q vanishes: automatic differentiation of Q, written in the sums
/// alone, on the line: Q = Σ_j R_j log π_j − ½ R_j log v_j − (S_j − 2 s_j δ + R_j δ²)/(2 v_j), δ = μ_j − c_j.
#[test]
fn the_m_step_from_sums_is_stationary() -> Outcome {
    let x = data::old_faithful().columns(0, 1).into_owned();
    let model = random_start(&x, 2, CovarianceFamily::Full, &mut data::rng(3))?;
    let moments = Moments::map(&model, &x)?;
    let next = moments.maximize(&model)?;
    for j in 0..2 {
        let (count, first, second) = (moments.counts[j], moments.first[j], moments.second[j][0]);
        let q = |mean: HyperDual64, variance: HyperDual64| {
            let delta = mean - moments.references[j];
            -variance.ln() * (0.5 * count)
                - (delta * delta * count - delta * (2.0 * first) + second) / (variance * 2.0)
        };
        let point = q(
            HyperDual64::from_re(next.means()[j]).derivative1(),
            HyperDual64::from_re(next.covariances()[j][0]).derivative2(),
        );
        // The terms that cancel are of size R_j / √v and R_j / v; some 300 of them, rounded.
        let scale = count / next.covariances()[j][0].min(1.0);
        assert_within(point.eps1, 0.0, scale * gamma(300));
        assert_within(point.eps2, 0.0, scale * gamma(300));
    }
    Ok(())
}

proptest! {
    #![proptest_config(common::config(200))]

    /// The sums of two parts are those of the whole, however the data are cut.
    #[test]
    fn parts_add_up(case in cases::strategy(&Kind::ALL), cut in 0.0..1.0_f64) {
        let (n, k) = (case.x.nrows(), case.model.k());
        let at = ((n - 1) as f64 * cut) as usize;
        if let (1.., Ok(r)) = (at, case.model.responsibilities(&case.x)) {
            let of = |rows: std::ops::Range<usize>| {
                let take = |matrix: &DMatrix<f64>| matrix.rows(rows.start, rows.len()).into_owned();
                Moments::of(&take(&case.x), &take(&r), case.model.means())
            };
            let whole = Moments::of(&case.x, &r, case.model.means())?;
            let both = of(0..at)?.plus(&of(at..n)?)?;
            for j in 0..k {
                // Two ways to add the same n terms.
                let v = |i: usize| (case.x.row(i) - case.model.means().row(j)).amax();
                let bound = |power: i32| 2.0 * gamma(n + 2) * (0..n).map(|i| r[(i, j)] * v(i).powi(power)).sum::<f64>();
                assert_within(both.counts[j], whole.counts[j], bound(0));
                let first = (both.first.row(j) - whole.first.row(j)).amax();
                prop_assert!(first <= bound(1), "{first} > {}", bound(1));
                assert_matrices_within(&both.second[j], &whole.second[j], bound(2));
            }
        }
    }
}

/// T-45, H-38: a sweep in parts is a sweep, in every family.
///
/// Old Faithful's numbers are of order 10²; sums of 272 of their squares err by γ(272)·10⁴, and the means and variances
/// are sums over counts of at least some dozens.
#[test]
fn a_sweep_in_parts_is_a_sweep() -> Outcome {
    for family in CovarianceFamily::ALL {
        let (model, x) = state(family);
        let whole = em::sweep(&model, &x)?;
        for len in [1, 50, 271, 272] {
            let parts: Vec<DMatrix<f64>> =
                (0..272).step_by(len).map(|at| x.rows(at, len.min(272 - at)).into_owned()).collect();
            let swept = scale::sweep(&model, &parts)?;
            assert_eq!(swept.family(), family);
            assert!((swept.weights() - whole.weights()).amax() < gamma(300));
            assert_matrices_within(swept.means(), whole.means(), 1e3 * gamma(300));
            for (covariance, expected) in swept.covariances().iter().zip(whole.covariances()) {
                assert_matrices_within(covariance, expected, 1e4 * gamma(300));
            }
        }
    }
    Ok(())
}

/// Steiner's theorem: moving the point is the same as having begun there, and moving back undoes it; exactly, on small
/// whole numbers.
#[test]
fn moments_move_with_their_point() -> Outcome {
    let x = dmatrix![1.0, 2.0; 3.0, 5.0; -4.0, 0.0];
    let r = dmatrix![1.0, 0.0; 0.5, 0.5; 0.25, 2.0];
    let (here, there) = (dmatrix![1.0, 1.0; 0.0, 4.0], dmatrix![-3.0, 2.0; 8.0, 0.5]);
    let moments = Moments::of(&x, &r, &here)?;
    assert_eq!(moments.about(&there)?, Moments::of(&x, &r, &there)?);
    assert_eq!(moments.about(&there)?.about(&here)?, moments);
    // About the mean the first moment vanishes, and the second is least.
    let means = DMatrix::from_fn(2, 2, |j, a| here[(j, a)] + moments.first[(j, a)] / moments.counts[j]);
    let central = moments.about(&means)?;
    assert!(central.first.amax() < 1e-14);
    assert!((0..2).all(|j| central.second[j].trace() < moments.second[j].trace()));
    Ok(())
}

/// C-40: the M step does not care about the point, until it is so far away that the squares cancel (C-E16).
#[test]
fn a_far_point_costs_digits() -> Outcome {
    let (model, x) = state(CovarianceFamily::Full);
    let near = Moments::map(&model, &x)?;
    let derived = em::sweep(&model, &x)?;
    let error = |distance: f64| -> Result<f64, Error> {
        let next = near.about(&model.means().add_scalar(distance))?.maximize(&model)?;
        Ok((0..3).map(|j| (&next.covariances()[j] - &derived.covariances()[j]).amax()).fold(0.0, f64::max))
    };
    // 10⁻¹⁶ times the square of the distance; the variances themselves are of order 1 to 10².
    assert!(error(0.0)? < 1e-10);
    assert!(error(1e3)? < 1e-8);
    assert!(error(1e7)? > 1e-4, "{}", error(1e7)?);
    Ok(())
}

#[test]
fn a_component_without_data_keeps_its_parameters() -> Outcome {
    let model = GaussianMixture::new(
        dvector![1.0, 0.0],
        dmatrix![0.0; 5.0],
        vec![dmatrix![1.0], dmatrix![2.0]],
        CovarianceFamily::Full,
    )?;
    let next = scale::sweep(&model, &[dmatrix![0.0; 1.0]])?;
    assert_eq!((next.weights()[1], next.means()[1], next.covariances()[1][0]), (0.0, 5.0, 2.0));
    assert_eq!((next.weights()[0], next.means()[0], next.covariances()[0][0]), (1.0, 0.5, 0.25));
    Ok(())
}

/// How far rounding may carry the two ways to Q: the sum of r log p over pairs, and the sums over data first.
///
/// The first errs by Σ r e, with e the error of the log joint, and by its own sum. For the second let A_j be the sum of
/// the absolute terms of log π_j − ½ log|2πΣ_j|, D the standard deviations and κ the scaled condition of Σ_j, v = x −
/// c, δ = μ − c.
/// - R_j is a sum of n, and the bracket errs by γ(d + 6)A_j, and by ½dκ·dγ(d + 1) through the factor.
/// - S about μ is put together of n products and three more: |ΔS_ab| ≤ γ(n + 8) Σ r(|v_a| + |δ_a|)(|v_b| + |δ_b|). As
///   |Σ⁻¹_ab| ≤ κ/(D_aD_b), the trace moves by at most κγ(n + 8)U, where U = Σ r (Σ_a (|v_a| + |δ_a|)/D_a)².
/// - The solution X of ΣX = S belongs to Σ + E with |E_ab| ≤ γ(3d + 1)D_aD_b (Higham 2002, Theorem 10.4), so the trace
///   of Σ⁻¹EX is at most γ(3d + 1)(dκ)²U, and its d terms sum up to γ(d)κU.
/// - What is left is a sum of k such terms.
fn q_error(model: &GaussianMixture, x: &DMatrix<f64>, r: &DMatrix<f64>, references: &DMatrix<f64>) -> f64 {
    let (n, d) = x.shape();
    let (df, log_joint) = (d as f64, model.log_joint(x).expect("a log joint"));
    let terms: Vec<f64> = r.iter().zip(&log_joint).filter(|(r, _)| **r > 0.0).map(|(r, l)| r * l).collect();
    let mut bound = bounds::log_joint_error(model, x).dot(r) + sum_of(&terms, f64::EPSILON);
    for j in (0..model.k()).filter(|&j| r.column(j).sum() > 0.0) {
        let condition = bounds::scaled_condition(&model.covariances()[j]);
        let sd = model.covariances()[j].diagonal().map(f64::sqrt);
        let logs: f64 = model.factors()[j].l().diagonal().iter().map(|entry| entry.ln().abs()).sum();
        let bracket = model.weights()[j].ln().abs() + 0.5 * df * std::f64::consts::TAU.ln() + logs;
        let count = r.column(j).sum();
        let reach = |i: usize, a: usize| {
            let reference = references[(j, a)];
            ((x[(i, a)] - reference).abs() + (model.means()[(j, a)] - reference).abs()) / sd[a]
        };
        let u: f64 = (0..n).map(|i| r[(i, j)] * (0..d).map(|a| reach(i, a)).sum::<f64>().powi(2)).sum();
        bound += count * (gamma(n + d + 8) * bracket + 0.5 * condition * df * df * gamma(d + 1));
        let factor = (df * condition).powi(2) * gamma(3 * d + 1);
        bound += 0.5 * u * (condition * gamma(n + 8) + factor + condition * gamma(d));
        bound += gamma(model.k() + 4) * (count * bracket + 0.5 * condition * u);
    }
    bound
}

/// All kinds but the nearly singular, on which a bound to first order says nothing.
const WELL_CONDITIONED: [Kind; 9] = [
    Kind::Ordinary,
    Kind::CoincidentMeans,
    Kind::TinyWeight,
    Kind::ZeroWeight,
    Kind::FarOff,
    Kind::AsManyComponentsAsData,
    Kind::Duplicated,
    Kind::UnequalScales,
    Kind::Ties,
];

proptest! {
    #![proptest_config(common::config(200))]

    /// H-64, C-37: Q from the sums is Q from the responsibilities, for the parameters that these came from and for
    /// others.
    #[test]
    fn q_of_the_sums_is_q_of_the_data(case in cases::strategy(&WELL_CONDITIONED)) {
        let (model, x) = (&case.model, &case.x);
        let r = model.responsibilities(x)?;
        let moments = Moments::of(x, &r, model.means())?;
        // Means that take turns, and weights that do.
        let next = |j: usize| (j + 1) % model.k();
        let means = DMatrix::from_fn(model.k(), model.d(), |j, a| model.means()[(next(j), a)]);
        for other in [model.clone(), model.with_means(means)?] {
            let q = latent::expected_log_joint(&r, &other.log_joint(x)?)?;
            assert_within(moments.expected_log_joint(&other)?, q, q_error(&other, x, &r, model.means()));
        }
    }

    /// Chan, Golub and LeVeque (1983): however numbers are cut into blocks, far from the origin or not.
    ///
    /// Let X be the largest |x|, m the number of blocks. Every mean errs by at most δ = γ(n + 3m)X: sums of n, and
    /// three operations a block. A sum of squares about a mean that is off by δ is too large by nδ², and rounded by
    /// γ(n + 2) of itself. The shift between two means errs by 2δ, so its term wδ² with w = n_An_B/n by w(4|shift|δ + 4δ²)
    /// and some roundings; over all blocks Σ w ≤ n and Σ w shift² ≤ M, so by Cauchy and Schwarz Σ w|shift| ≤ √(nM). Two
    /// computations are compared.
    #[test]
    fn a_spread_is_that_of_the_whole(
        values in prop::collection::vec(-1.0..1.0_f64, 1..200),
        cuts in prop::collection::vec(0.0..1.0_f64, 0..6),
        offset in prop::sample::select(vec![0.0, 1.0, 1e4, -1e9]),
    ) {
        let values: Vec<f64> = values.iter().map(|value| value + offset).collect();
        let n = values.len();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| (cut * n as f64) as usize).collect();
        cuts.extend([0, n]);
        cuts.sort_unstable();
        let mut spread = Spread::EMPTY;
        cuts.windows(2).for_each(|pair| spread.add(&values[pair[0]..pair[1]]));

        let (nf, blocks) = (n as f64, cuts.len());
        let mean = values.iter().sum::<f64>() / nf;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let off = gamma(n + 3 * blocks) * values.iter().fold(0.0, |most, value| f64::max(most, value.abs()));
        assert_within(spread.mean(), mean, 2.0 * off);
        let bound = gamma(n + 6 * blocks) * squares + 4.0 * off * (nf * squares).sqrt() + 5.0 * nf * off * off;
        // M = n s², and the root and its square are rounded.
        assert_within(spread.sd().powi(2) * nf, squares, 2.0 * bound + gamma(4) * squares);
        prop_assert!(values.iter().all(|value| (spread.low()..=spread.high()).contains(value)));
        prop_assert!(values.contains(&spread.low()) && values.contains(&spread.high()));
    }
}

/// The update is the parallel-axis theorem: the sums of squares of two blocks, moved to the common mean, and added.
/// Exactly, on small whole numbers.
#[test]
fn a_spread_is_a_moment_about_the_mean() -> Outcome {
    let (one, other) = (dmatrix![1.0; 3.0; 5.0; 7.0], dmatrix![10.0; 14.0; 12.0; 12.0]);
    let of = |x: &DMatrix<f64>, at: f64| Moments::of(x, &DMatrix::from_element(4, 1, 1.0), &dmatrix![at]);
    let both = of(&one, 4.0)?.about(&dmatrix![8.0])?.plus(&of(&other, 12.0)?.about(&dmatrix![8.0])?)?;
    let mut spread = Spread::EMPTY;
    spread.add(one.as_slice());
    spread.add(other.as_slice());
    assert_eq!((spread.mean(), spread.low(), spread.high()), (8.0, 1.0, 14.0));
    assert_eq!(spread.sd(), (both.second[0][0] / 8.0).sqrt());
    Ok(())
}

#[test]
fn what_has_no_spread_is_constant() {
    let of = |values: &[f64]| {
        let mut spread = Spread::EMPTY;
        spread.add(&[]);
        spread.add(values);
        spread
    };
    assert_eq!(of(&[]), Spread::EMPTY);
    assert_eq!((Spread::EMPTY.mean(), Spread::EMPTY.sd()), (0.0, 0.0));
    assert_eq!((of(&[3.5]).sd(), of(&[3.5]).mean()), (0.0, 3.5));
    let tenth = 0.1_f64;
    assert!(
        of(&[]).is_constant() && of(&[3.5; 7]).is_constant() && of(&[tenth, tenth.next_up()]).is_constant()
    );
    assert!(!of(&[1.0, 2.0]).is_constant() && !of(&[1e8, 1e8 + 1e-5]).is_constant());
    assert!(!of(&[-tenth, tenth]).is_constant(), "a mean of zero");
}

/// Columns of mean 3 and −1 and standard deviation 2 and 4: all of it is exact.
#[test]
fn units_come_and_go() -> Outcome {
    let x = dmatrix![5.0, 3.0; 5.0, -5.0; 1.0, 3.0; 1.0, -5.0];
    let spreads: Vec<Spread> = x
        .column_iter()
        .map(|column| {
            let mut spread = Spread::EMPTY;
            spread.add(column.as_slice());
            spread
        })
        .collect();
    let units = Units::of(&spreads)?;
    assert_eq!(units.standardize(x.clone())?, dmatrix![1.0, 1.0; 1.0, -1.0; -1.0, 1.0; -1.0, -1.0]);
    assert_within(units.log_volume(), 8_f64.ln(), gamma(3) * 8_f64.ln());

    let weights = dvector![0.25, 0.75];
    let means = dmatrix![0.0, 1.0; -0.5, 0.25];
    for (family, covariance, expected) in [
        (CovarianceFamily::Full, dmatrix![1.0, 0.5; 0.5, 2.0], dmatrix![4.0, 4.0; 4.0, 32.0]),
        (CovarianceFamily::Tied, dmatrix![1.0, 0.5; 0.5, 2.0], dmatrix![4.0, 4.0; 4.0, 32.0]),
        (CovarianceFamily::Diagonal, dmatrix![0.5, 0.0; 0.0, 2.0], dmatrix![2.0, 0.0; 0.0, 32.0]),
        (CovarianceFamily::Spherical, dmatrix![2.0, 0.0; 0.0, 2.0], dmatrix![8.0, 0.0; 0.0, 32.0]),
    ] {
        let standard = GaussianMixture::new(weights.clone(), means.clone(), vec![covariance; 2], family)?;
        let model = units.undo(&standard)?;
        assert_eq!((model.weights(), model.means()), (&weights, &dmatrix![3.0, 3.0; 2.0, 0.0]));
        assert_eq!(model.covariances(), [expected.clone(), expected]);
        let round = family == CovarianceFamily::Spherical;
        assert_eq!(model.family(), if round { CovarianceFamily::Diagonal } else { family });
        // ℓ loses the log volume of a unit for every datum, and the responsibilities stay; both sides to their own
        // rounding.
        let y = units.standardize(x.clone())?;
        let error = bounds::gaussian_log_likelihood_error(&standard, &y)
            + bounds::gaussian_log_likelihood_error(&model, &x);
        let expected = standard.log_likelihood(&y)? - 4.0 * units.log_volume();
        assert_within(model.log_likelihood(&x)?, expected, error + gamma(8) * 4.0 * 8_f64.ln());
        let error = bounds::responsibility_error(&model.log_joint(&x)?, &bounds::log_joint_error(&model, &x));
        let difference = (model.responsibilities(&x)? - standard.responsibilities(&y)?).abs();
        assert!(difference.zip_fold(&error, true, |all, off, error| all && off <= 4.0 * error));
    }

    assert!(matches!(units.standardize(dmatrix![1.0]), Err(Error::Shape { what: "data", .. })));
    let line =
        GaussianMixture::new(dvector![1.0], dmatrix![0.0], vec![dmatrix![1.0]], CovarianceFamily::Full)?;
    assert!(matches!(units.undo(&line), Err(Error::Shape { what: "means", .. })));
    let flat = Units::of(&[spreads[0], Spread::EMPTY]);
    assert!(matches!(flat, Err(Error::Domain { what: "standard deviation", .. })));
    Ok(())
}

/// T-45: nk(d² + 2d), the two triangles and the square, counted one by one.
#[test]
fn multiply_adds_are_counted() {
    for (n, d, k) in [(1, 1, 1), (7, 2, 3), (10, 8, 16), (3, 5, 2)] {
        let mut full = 0;
        let mut diagonal = 0;
        for _pair in 0..n * k {
            for row in 0..d {
                full += row + 1; // a row of W v
                full += 1; // its square
                full += row + 1; // a row of r v vᵀ
                diagonal += 2;
            }
        }
        for (family, count) in [
            (CovarianceFamily::Full, full),
            (CovarianceFamily::Tied, full),
            (CovarianceFamily::Diagonal, diagonal),
            (CovarianceFamily::Spherical, diagonal),
        ] {
            assert_eq!(multiply_adds(n, d, k, family), f64::from(u32::try_from(count).expect("small")));
        }
    }
}

#[test]
fn powers_are_slopes_in_logarithms() -> Outcome {
    // y = 3 x^p, for several p and uneven x; the rounding of a dozen logarithms below 10.
    let x = [0.5, 1.0, 3.0, 40.0, 1000.0];
    for p in [-1.5, 0.0, 1.0, 2.0] {
        let y = x.map(|x: f64| 3.0 * x.powf(p));
        assert_within(power(&x, &y)?, p, 100.0 * f64::EPSILON);
    }
    // Three points that lie on no line: slopes of least squares by hand, log 1, log e, log e² against 0, 1, 4.
    let e = std::f64::consts::E;
    assert_within(power(&[1.0, e, e * e], &[1.0, e, e.powi(4)])?, 2.0, 1e-14);
    assert!(matches!(power(&[1.0, 2.0], &[1.0]), Err(Error::Shape { .. })));
    assert!(matches!(power(&[1.0, 0.0], &[1.0, 1.0]), Err(Error::Domain { what: "place", .. })));
    assert!(matches!(power(&[1.0, 2.0], &[1.0, f64::NAN]), Err(Error::Domain { what: "value", .. })));
    assert!(matches!(
        power(&[2.0, 2.0], &[1.0, 3.0]),
        Err(Error::Domain { what: "spread of the places", .. })
    ));
    assert!(power(&[], &[]).is_err());
    Ok(())
}

#[test]
fn bad_input_is_one_error() -> Outcome {
    let (model, x) = state(CovarianceFamily::Full);
    let r = model.responsibilities(&x)?;
    let here = model.means();
    let negative = r.map_with_location(|i, j, r| if (i, j) == (5, 1) { -r } else { r });
    assert!(matches!(Moments::of(&x, &negative, here), Err(Error::NotOnSimplex { row: 5, .. })));
    assert!(matches!(Moments::of(&x, &r.columns(0, 2).into_owned(), here), Err(Error::Shape { .. })));
    assert!(matches!(Moments::of(&DMatrix::zeros(0, 2), &r, here), Err(Error::Empty { .. })));
    let moments = Moments::of(&x, &r, here)?;
    assert!(matches!(moments.about(&dmatrix![f64::NAN, 0.0]), Err(Error::NotFinite { .. })));
    assert!(matches!(moments.about(&dmatrix![0.0, 0.0]), Err(Error::Shape { .. })));
    let elsewhere = moments.about(&here.add_scalar(1.0))?;
    assert!(matches!(moments.plus(&elsewhere), Err(Error::Domain { what: "reference point", .. })));
    let fewer = Moments::of(&x, &r.columns(0, 2).into_owned(), &here.rows(0, 2).into_owned())?;
    assert!(matches!(moments.plus(&fewer), Err(Error::Shape { .. })));
    assert!(matches!(fewer.maximize(&model), Err(Error::Shape { .. })));
    assert!(matches!(fewer.expected_log_joint(&model), Err(Error::Shape { .. })));
    let mut sum = moments.clone();
    assert!(sum.add(&fewer).is_err() && sum == moments);
    let weightless = Moments { total: 0.0, counts: DVector::zeros(3), ..moments.clone() };
    assert!(matches!(weightless.maximize(&model), Err(Error::Domain { .. })));
    assert_eq!(scale::sweep(&model, &[]).unwrap_err(), Error::Empty { what: "parts" });
    let nan = dmatrix![f64::NAN, 1.0];
    assert!(matches!(scale::sweep(&model, &[x, nan]), Err(Error::NotFinite { .. })));
    Ok(())
}
