//! Sufficient statistics: they add up, move, and give the M step; what a sweep costs; the committed times.

mod common;

use common::bounds::gamma;
use common::cases::{self, Kind};
use common::{assert_matrices_within, assert_within};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, random_start};
use executable_em::scale::cost::{multiply_adds, power};
use executable_em::scale::{self, Moments};
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

/// H-34, C-40: they are sufficient. The expected complete-data log-likelihood of any parameters follows from them, so data with
/// the same sums cannot be told apart by an M step: here {−2, 0, 2} and {−1, −1, 2}√(4/3), whose squares both sum to 8.
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
    assert_matrices_within(&a.means, &b.means, 4.0 * f64::EPSILON);
    assert_matrices_within(&a.covariances[0], &b.covariances[0], 16.0 * f64::EPSILON);
    Ok(())
}

/// The M step from the sums is where the gradient of Q vanishes: automatic differentiation of Q, written in the sums alone, on the
/// line: Q = Σ_j R_j log π_j − ½ R_j log v_j − (S_j − 2 s_j δ + R_j δ²)/(2 v_j), δ = μ_j − c_j.
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
            HyperDual64::from_re(next.means[j]).derivative1(),
            HyperDual64::from_re(next.covariances[j][0]).derivative2(),
        );
        // The terms that cancel are of size R_j / √v and R_j / v; some 300 of them, rounded.
        let scale = count / next.covariances[j][0].min(1.0);
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
                Moments::of(&take(&case.x), &take(&r), &case.model.means)
            };
            let whole = Moments::of(&case.x, &r, &case.model.means)?;
            let both = of(0..at)?.plus(&of(at..n)?)?;
            for j in 0..k {
                // Two ways to add the same n terms.
                let v = |i: usize| (case.x.row(i) - case.model.means.row(j)).amax();
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
/// Old Faithful's numbers are of order 10²; sums of 272 of their squares err by γ(272)·10⁴, and the means and variances are sums over
/// counts of at least some dozens.
#[test]
fn a_sweep_in_parts_is_a_sweep() -> Outcome {
    for family in CovarianceFamily::ALL {
        let (model, x) = state(family);
        let whole = em::sweep(&model, &x)?;
        for len in [1, 50, 271, 272] {
            let parts: Vec<DMatrix<f64>> =
                (0..272).step_by(len).map(|at| x.rows(at, len.min(272 - at)).into_owned()).collect();
            let swept = scale::sweep(&model, &parts)?;
            assert_eq!(swept.family, family);
            assert!((&swept.weights - &whole.weights).amax() < gamma(300));
            assert_matrices_within(&swept.means, &whole.means, 1e3 * gamma(300));
            for (covariance, expected) in swept.covariances.iter().zip(&whole.covariances) {
                assert_matrices_within(covariance, expected, 1e4 * gamma(300));
            }
        }
    }
    Ok(())
}

/// Steiner's theorem: moving the point is the same as having begun there, and moving back undoes it; exactly, on small whole numbers.
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
        let next = near.about(&model.means.add_scalar(distance))?.maximize(&model)?;
        Ok((0..3).map(|j| (&next.covariances[j] - &derived.covariances[j]).amax()).fold(0.0, f64::max))
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
    assert_eq!((next.weights[1], next.means[1], next.covariances[1][0]), (0.0, 5.0, 2.0));
    assert_eq!((next.weights[0], next.means[0], next.covariances[0][0]), (1.0, 0.5, 0.25));
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
    let here = &model.means;
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
    let weightless = Moments { counts: DVector::zeros(3), ..moments };
    assert!(matches!(weightless.maximize(&model), Err(Error::Domain { .. })));
    assert_eq!(scale::sweep(&model, &[]).unwrap_err(), Error::Empty { what: "parts" });
    let nan = dmatrix![f64::NAN, 1.0];
    assert!(matches!(scale::sweep(&model, &[x, nan]), Err(Error::NotFinite { .. })));
    Ok(())
}

#[cfg(feature = "figures")]
mod committed {
    use super::*;
    use executable_em::scale::results::{Race, measured, parse};

    /// What the figures and the notebook show is what a run of `make bench` wrote, complete.
    #[test]
    fn results_are_complete() -> Outcome {
        let results = measured()?;
        assert!(results.races.len() >= 13);
        for race in &results.races {
            assert!(race.ms("engine", 1).is_some_and(|ms| ms > 0.0), "{race:?}");
            // Whoever takes too long is left out, but nobody races alone.
            assert!(race.times.iter().any(|time| time.0 != "engine"), "{race:?}");
            assert!(race.ms("nobody", 1).is_none());
        }
        assert_eq!(results.races.iter().filter(|race| race.family.is_none()).count(), 2);
        assert!(results.tricks.iter().all(|(_, steps)| steps.len() == 4));
        assert!(results.scaling.iter().all(|curve| curve.len() >= 4));
        assert!(
            results.apart.len() >= 4
                && results.apart.iter().all(|&(distance, ms)| distance > 1.0 && ms > 0.0)
        );
        assert!(results.date.len() == 10 && results.machine.contains("cores"));
        Ok(())
    }

    #[test]
    fn a_time_is_that_of_a_contender_on_so_many_threads() {
        let times = [("one", 1, 4.0), ("one", 2, 3.0), ("two", 2, 5.0)];
        let times = times.map(|(name, threads, ms)| (name.to_owned(), threads, ms)).to_vec();
        let race = Race { n: 1, d: 1, k: 1, family: None, times };
        assert_eq!(
            [race.ms("one", 1), race.ms("one", 2), race.ms("two", 2)],
            [Some(4.0), Some(3.0), Some(5.0)]
        );
        assert_eq!([race.ms("two", 1), race.ms("three", 2)], [None, None]);
    }

    #[test]
    fn broken_results_say_where() {
        let problem = |text: &str| parse(text).unwrap_err().to_string();
        assert!(problem("{").starts_with("benches/results.json: EOF"));
        assert_eq!(problem("{}"), "benches/results.json: date: missing, or no text");
        let mut whole: serde_json::Value =
            serde_json::from_str(include_str!("../benches/results.json")).expect("JSON");
        whole["sizes"][1]["contenders"][0]["threads"] = "one".into();
        assert_eq!(problem(&whole.to_string()), "benches/results.json: threads: missing, or no number");
        whole["sizes"] = 5.into();
        assert_eq!(problem(&whole.to_string()), "benches/results.json: sizes: missing, or no list");
    }
}
