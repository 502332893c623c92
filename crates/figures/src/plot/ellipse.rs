//! The curve of constant Mahalanobis distance from a mean.

use std::f64::consts::TAU;

use nalgebra::DMatrix;

use super::Point;
use executable_em::{Result, gaussian};

/// Vertices of an ellipse: between two of them the chord strays by 1 − cos(π/90), 0.06 % of its size.
const VERTICES: usize = 90;

/// Where one standard deviation is so many times the other, eigenvalues in a common unit would lose the digits of the
/// smaller; each axis has a unit of its own then.
const COMMON_UNIT: std::ops::RangeInclusive<f64> = 1e-4..=1e4;

/// The closed curve at `sigmas` standard deviations, its first point repeated at its end.
pub(super) fn outline(mean: Point, covariance: &DMatrix<f64>, sigmas: f64) -> Result<Vec<Point>> {
    let mut ellipse = gaussian::ellipse(covariance, sigmas)?;
    let sd = [covariance[(0, 0)].sqrt(), covariance[(1, 1)].sqrt()];
    let mut unit = [1.0, 1.0];
    if !COMMON_UNIT.contains(&(sd[0] / sd[1])) {
        unit = sd;
        let scaled = DMatrix::from_fn(2, 2, |a, b| covariance[(a, b)] / (unit[a] * unit[b]));
        ellipse = gaussian::ellipse(&scaled, sigmas)?;
    }
    let (sin, cos) = ellipse.angle.sin_cos();
    Ok((0..=VERTICES)
        .map(|step| {
            let (v, u) = (TAU * (step % VERTICES) as f64 / VERTICES as f64).sin_cos();
            let (u, v) = (u * ellipse.semi_major, v * ellipse.semi_minor);
            [mean[0] + (u * cos - v * sin) * unit[0], mean[1] + (u * sin + v * cos) * unit[1]]
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{Matrix2, Vector2, dmatrix};

    #[test]
    fn every_vertex_lies_at_the_asked_mahalanobis_distance() -> Result<()> {
        let covariance = dmatrix![4.0, 1.2; 1.2, 0.9];
        let inverse = Matrix2::new(0.9, -1.2, -1.2, 4.0) / (4.0 * 0.9 - 1.2 * 1.2);
        for vertex in outline([5.0, -3.0], &covariance, 3.0)? {
            let offset = Vector2::new(vertex[0] - 5.0, vertex[1] + 3.0);
            // Off by rounding alone: a few operations on numbers up to 10, times the condition number 9.
            assert!(((offset.transpose() * inverse * offset)[0] - 9.0).abs() < 1e-12);
        }
        // The same where the axes have very different units.
        for unit in [1e-9, 1e-5, 1e9] {
            let units = [1.0 / unit, unit];
            let scaled = DMatrix::from_fn(2, 2, |a, b| covariance[(a, b)] * (units[a] * units[b]));
            for vertex in outline([0.0, 0.0], &scaled, 3.0)? {
                let offset = Vector2::new(vertex[0] / units[0], vertex[1] / units[1]);
                assert!(((offset.transpose() * inverse * offset)[0] - 9.0).abs() < 1e-12);
            }
        }
        Ok(())
    }
}
