//! What a sweep costs.

use crate::Outcome;
use crate::common::assert_within;
use executable_em::Error;
use executable_em::gaussian_mixture::CovarianceFamily;
use executable_em::scale::cost::{multiply_adds, power};

/// Nk(d² + 2d), the two triangles and the square, counted one by one.
///
/// Source: T-45.
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
