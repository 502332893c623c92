//! The sums that an M step needs, added over parts.

use crate::common::bounds::gamma;
use crate::common::cases::{self, Kind};
use crate::common::config;
use crate::common::{assert_matrices_within, assert_within};
use crate::{Outcome, state};
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture};
use executable_em::scale::{self, Moments, SufficientStatistics};
use executable_em::{Error, em};
use nalgebra::{DMatrix, dmatrix, dvector};
use proptest::prelude::*;

/// The sums, entry by entry, on data small enough to add by hand.
///
/// Source: H-34, C-40, B-24.
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

proptest! {
    #![proptest_config(config(200))]

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

/// A sweep in parts is a sweep, in every family.
///
/// Old Faithful's numbers are of order 10²; sums of 272 of their squares err by γ(272)·10⁴, and the means and variances
/// are sums over counts of at least some dozens.
///
/// Source: T-45, H-38.
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

/// The M step does not care about the point, until it is so far away that the squares cancel.
///
/// Source: C-40, C-E16.
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
