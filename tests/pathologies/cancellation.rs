//! Cancellation: raw moments lose the square of the distance from the origin.

use crate::common::{assert_within, column};
use executable_em::data;
use executable_em::gaussian_mixture::update;
use executable_em::pathologies::cancellation::{
    centred_error_bound, condition_numbers, raw_moment_error_bound, raw_moment_errors,
};
use nalgebra::{DMatrix, dmatrix};
use rand::{Rng, RngExt};

/// Small integers 64 apart or less at a power of two: the data are exact at every offset up to 2⁴⁶, and so is their
/// variance.
fn integers_at(offset: f64, n: usize, rng: &mut impl Rng) -> (DMatrix<f64>, f64) {
    let pattern: Vec<i64> = (0..n).map(|_| rng.random_range(-32..=32)).collect();
    let (sum, squares) = (pattern.iter().sum::<i64>(), pattern.iter().map(|p| p * p).sum::<i64>());
    let variance = (n as i64 * squares - sum * sum) as f64 / (n * n) as f64;
    (DMatrix::from_fn(n, 1, |i, _| offset + pattern[i] as f64), variance)
}

/// Both bounds hold, on data whose variance is known exactly; the raw form errs like κ², a hundredfold for ten times
/// the distance, until nothing is left; the centred form hardly errs.
///
/// Source: C-E16.
#[test]
fn erratum_raw_moments_err_with_the_square_of_the_distance() {
    let mut rng = data::rng(8);
    let mut levels = Vec::new();
    for power in (0..=26).step_by(2) {
        let offset = 2_f64.powi(power) * 64.0;
        let mut squares = 0.0;
        for _ in 0..200 {
            let n = rng.random_range(3..30);
            let (x, variance) = integers_at(offset, n, &mut rng);
            if variance == 0.0 {
                continue;
            }
            let condition = condition_numbers(&x).unwrap()[0];
            let mean_square = x.iter().map(|x| x * x).sum::<f64>() / n as f64;
            assert_within(condition / (mean_square / variance).sqrt(), 1.0, 1e-9);
            let centred = update::covariances(
                &x,
                &DMatrix::from_element(n, 1, 1.0),
                &dmatrix![x.mean()],
                &[dmatrix![1.0]],
            )
            .unwrap()[0][0];
            let centred_error = (centred - variance).abs() / variance;
            // γ of half units, and the exact variance is itself rounded once.
            assert!(centred_error <= centred_error_bound(n, condition) + f64::EPSILON);
            let raw_error = raw_moment_errors(&x).unwrap()[0];
            let bound = raw_moment_error_bound(n, condition);
            assert!(raw_error <= bound + 2.0 * centred_error_bound(n, condition), "{raw_error:e}, {bound:e}");
            squares += (raw_error / (condition * condition)).powi(2);
        }
        levels.push((squares / 200.0).sqrt());
    }
    // Relative to κ² the error is some units in the last place at every distance: between u/20 and 20u, root mean
    // square. At κ = 1 the sums of small integers are exact, so the first distances show less.
    for (step, level) in levels.iter().enumerate().skip(5) {
        assert!((f64::EPSILON / 40.0..f64::EPSILON * 10.0).contains(level), "step {step}: {level:e}");
    }

    let x = column(&[1e8 - 1.0, 1e8, 1e8 + 1.0]);
    assert_eq!(raw_moment_errors(&x).unwrap()[0], 1.0); // 0 instead of ⅔
    assert!(raw_moment_error_bound(3, condition_numbers(&x).unwrap()[0]) > 1.0);
    // u = 2⁻⁵³: two γ(10) κ² for n = 3, and γ(7) + 3 (γ(5) κ)².
    let u = 0.5 * f64::EPSILON;
    assert_within(raw_moment_error_bound(3, 100.0) / (20.0 * u * 1e4), 1.0, 1e-12);
    assert_within(centred_error_bound(3, 1e9) / (7.0 * u + 75.0 * (u * 1e9).powi(2)), 1.0, 1e-12);
    // γ(m) = mu/(1 − mu), where it is not simply mu: mu = ¼.
    assert_within(raw_moment_error_bound(1 << 50, 1.0), 2.0 / 3.0, 1e-9);
    // A coordinate each.
    let plane = DMatrix::from_columns(&[x.column(0), column(&[-1.0, 0.0, 1.0]).column(0)]);
    assert_eq!(condition_numbers(&plane).unwrap()[1], 1.0);
    assert_eq!(raw_moment_errors(&plane).unwrap()[1], 0.0);
    assert_eq!(condition_numbers(&column(&[3.0, 3.0])).unwrap()[0], f64::INFINITY);
}
