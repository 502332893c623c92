//! What the functions say to input that is none.

use crate::common::assert_refused;
use crate::common::assert_within;
use crate::common::config;
use executable_em::{Error, data, gaussian};
use nalgebra::{DMatrix, DVector, RowDVector, dmatrix, dvector};
use proptest::prelude::*;

proptest! {
    #![proptest_config(config(200))]

    /// Whatever the shapes and values, the functions of this module return an error or a number, and never panic.
    #[test]
    fn arbitrary_input_never_panics(
        x in wild_matrix(), mean in wild_matrix(), covariance in wild_matrix(), n in 0..4usize, radius in wild(),
    ) {
        let row = RowDVector::from_iterator(mean.len(), mean.iter().copied());
        let weights = DVector::from_iterator(mean.len(), mean.iter().copied());
        let finite = |m: &DMatrix<f64>| !m.is_empty() && m.iter().all(|value| value.is_finite());
        if gaussian::log_density(&x, &row, &covariance).is_ok() {
            prop_assert!(finite(&x) && finite(&covariance));
            prop_assert!(row.len() == x.ncols() && covariance.shape() == (row.len(), row.len()));
        }
        if gaussian::weighted_mean(&x, &weights).is_ok() {
            prop_assert!(finite(&x) && weights.len() == x.nrows() && weights.iter().all(|&w| w >= 0.0));
        }
        let _ = gaussian::weighted_covariance(&x, &weights, &row);
        let _ = gaussian::sample(n, &row, &covariance, &mut data::rng(1));
        if let Ok(ellipse) = gaussian::ellipse(&covariance, radius) {
            prop_assert!(ellipse.semi_minor >= 0.0 && ellipse.semi_major >= ellipse.semi_minor);
            prop_assert!(!ellipse.angle.is_nan());
        }
    }
}

const NASTY: [f64; 10] =
    [0.0, -0.0, 1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e308, -1e308, 1e-308, 5e-324];

/// Ordinary numbers, and those that break things.
fn wild() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => -3.0..3.0,
        1 => prop::sample::select(NASTY.to_vec()),
        1 => any::<f64>(),
    ]
}

/// A matrix of 0–3 rows and columns, sometimes made symmetric.
fn wild_matrix() -> impl Strategy<Value = DMatrix<f64>> {
    (0..4usize, 0..4usize, prop::collection::vec(wild(), 9), any::<bool>()).prop_map(
        |(rows, columns, values, symmetric)| {
            if symmetric {
                let half = DMatrix::from_fn(rows, rows, |a, b| values[3 * a.min(b) + a.max(b)]);
                half.clone() + DMatrix::identity(rows, rows) * 3.0
            } else {
                DMatrix::from_fn(rows, columns, |a, b| values[3 * a + b])
            }
        },
    )
}

/// Mirrored entries may differ by rounding, 10⁻¹⁰ of the largest entry, and by no more.
///
/// Source: H-26.
#[test]
fn a_covariance_is_symmetric_up_to_rounding() {
    let with =
        |difference: f64| gaussian::cholesky(&dmatrix![100.0, 3.0; 3.0 + difference, 1.0], 0).map(|_| ());
    assert_eq!(with(0.5e-8), Ok(()));
    assert!(matches!(with(2e-8), Err(Error::NotSymmetric { row: 1, column: 0, .. })));
    assert!(matches!(with(-2e-8), Err(Error::NotSymmetric { row: 1, column: 0, .. })));
}

/// Each kind of bad input is the one error that names it.
#[test]
fn bad_input_is_named() {
    let (x, mean, unit) = (dmatrix![0.0, 1.0], RowDVector::zeros(2), DMatrix::<f64>::identity(2, 2));
    let nan = f64::NAN;
    let empty = DMatrix::<f64>::zeros(0, 2);

    let error = gaussian::cholesky(&dmatrix![1.0, 2.0; 2.0, 1.0], 3).unwrap_err();
    let Error::NotPositiveDefinite { component: 3, smallest_eigenvalue } = error else { panic!("{error:?}") };
    assert_within(smallest_eigenvalue, -1.0, 1e-14); // the eigenvalues are −1 and 3, to a few ulps
    // Symmetric to the last bit, so nothing but its eigenvalues is at fault.
    let error = gaussian::cholesky(&DMatrix::zeros(2, 2), 0).unwrap_err();
    assert_eq!(error, Error::NotPositiveDefinite { component: 0, smallest_eigenvalue: 0.0 });
    assert_refused(&[
        (
            gaussian::log_density(&dmatrix![0.0, f64::INFINITY], &mean, &unit).err(),
            "data: entry (0, 1) is inf, but every entry must be finite",
        ),
        (gaussian::log_density(&empty, &mean, &unit).err(), "data: is empty"),
        (gaussian::log_density(&x, &RowDVector::zeros(3), &unit).err(), "mean: expected 1 × 2, found 1 × 3"),
        (
            gaussian::log_density(&x, &mean, &DMatrix::identity(3, 3)).err(),
            "covariance: expected 2 × 2, found 3 × 3",
        ),
        (
            gaussian::log_density(&x, &RowDVector::from_row_slice(&[0.0, nan]), &unit).err(),
            "mean: entry (0, 1) is NaN, but every entry must be finite",
        ),
        (
            gaussian::cholesky(&dmatrix![1.0, 0.5; 0.25, 1.0], 3).err(),
            "covariance: entries (1, 0) and (0, 1) differ by -2.5e-1, but the matrix must be symmetric",
        ),
        (
            gaussian::cholesky(&dmatrix![1.0, 0.0, 0.0; 0.0, 1.0, 0.0], 0).err(),
            "covariance: expected 2 × 2, found 2 × 3",
        ),
        (gaussian::weighted_mean(&x, &dvector![-0.5]).err(), "weight of a datum is -0.5, but must be ≥ 0"),
        (
            gaussian::weighted_mean(&x, &dvector![0.0]).err(),
            "sum of the data's weights is 0, but must be finite and > 0",
        ),
        (
            gaussian::weighted_mean(&x, &dvector![1.0, 1.0]).err(),
            "weights of the data: expected 1 × 1, found 2 × 1",
        ),
        (
            gaussian::weighted_covariance(&x, &dvector![1.0], &RowDVector::zeros(1)).err(),
            "centre: expected 1 × 2, found 1 × 1",
        ),
        (gaussian::ellipse(&unit, -1.0).err(), "radius is -1, but must be finite and > 0"),
        (gaussian::ellipse(&DMatrix::identity(3, 3), 1.0).err(), "covariance: expected 2 × 2, found 3 × 3"),
        (
            gaussian::sample(1, &mean, &DMatrix::identity(1, 1), &mut data::rng(1)).err(),
            "covariance: expected 2 × 2, found 1 × 1",
        ),
    ]);
}
