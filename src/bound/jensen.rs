//! Jensen's inequality for finite laws.

use crate::check;
use crate::error::Result;
use nalgebra::DVector;

/// How far the average of a function exceeds the function of the average.
/// ```math
/// \sum_a w_a f(x_a) - f\Big(\sum_a w_a x_a\Big)
/// ```
/// `weights` and `points` hold m numbers each, the weights a probability vector; returns f's units. For a convex f the
/// gap is not negative; for a concave one, such as the log, not positive; for f = x² it is the variance of the law.
///
/// Source: C-11, C-12, C-14, T-28, C-E02.
/// ```
/// use executable_em::bound::jensen::gap;
/// use nalgebra::{DVector, dvector};
/// // Average of the squares of 1, …, 5 less the square of their average: 11 − 9 (12.4 in print).
/// let fifths = DVector::from_element(5, 0.2);
/// let variance = gap(|x| x * x, &fifths, &dvector![1.0, 2.0, 3.0, 4.0, 5.0])?;
/// assert!((variance - 2.0).abs() < 1e-14);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn gap(f: impl Fn(f64) -> f64, weights: &DVector<f64>, points: &DVector<f64>) -> Result<f64> {
    check_law(weights, points)?;
    check::defined_number("gap", weights.dot(&points.map(&f)) - f(weights.dot(points)))
}

/// One step of the induction that proves the inequality: two atoms merged into their average.
/// ```math
/// (w_1, x_1),\ (w_2, x_2) \;\longrightarrow\; \Big(w_1 + w_2,\ \frac{w_1x_1 + w_2x_2}{w_1 + w_2}\Big)
/// ```
/// The mean stays as it was, and by convexity on two points the average of f does not rise; m − 1 such steps lead from
/// any law to its mean. Merges the first two atoms (if both weights are zero, at their midpoint); returns the new
/// weights and points, one atom fewer. [`Error::Domain`](crate::Error::Domain) for fewer than two atoms.
///
/// Source: C-13.
/// ```
/// use executable_em::bound::jensen::merge_first_two;
/// use nalgebra::dvector;
/// let (weights, points) = merge_first_two(&dvector![0.25, 0.25, 0.5], &dvector![1.0, 3.0, 7.0])?;
/// assert_eq!((weights, points), (dvector![0.5, 0.5], dvector![2.0, 7.0]));
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn merge_first_two(
    weights: &DVector<f64>,
    points: &DVector<f64>,
) -> Result<(DVector<f64>, DVector<f64>)> {
    check_law(weights, points)?;
    check::positive("number of atoms less one", weights.len() as f64 - 1.0)?;
    let weight = weights[0] + weights[1];
    let share = if weight > 0.0 { weights[1] / weight } else { 0.5 };
    // Rounding may carry an average a little outside the two points, and convexity says nothing there.
    let (low, high) = (points[0].min(points[1]), points[0].max(points[1]));
    let point = ((1.0 - share) * points[0] + share * points[1]).clamp(low, high);
    let rest = weights.len() - 2;
    let join = |first: f64, tail: &DVector<f64>| {
        DVector::from_iterator(rest + 1, std::iter::once(first).chain(tail.rows(2, rest).iter().copied()))
    };
    Ok((join(weight, weights), join(point, points)))
}

/// The supporting line of a convex function at the mean, which proves the inequality without induction and for any law.
/// ```math
/// f(x) \ge f(\bar x) + f'(\bar x)(x - \bar x)
/// ```
/// `slope` is f'(x̄); returns how far f lies above the line at each point, ≥ 0 for a convex f: on average, the gap.
///
/// Source: C-13, C-14, C-E21.
/// ```
/// use executable_em::bound::jensen::above_supporting_line;
/// use nalgebra::dvector;
/// let above = above_supporting_line(|x| x * x, 4.0, 2.0, &dvector![0.0, 2.0, 3.0])?;
/// assert_eq!(above, dvector![4.0, 0.0, 1.0]);
/// # Ok::<(), executable_em::Error>(())
/// ```
pub fn above_supporting_line(
    f: impl Fn(f64) -> f64,
    slope: f64,
    mean: f64,
    points: &DVector<f64>,
) -> Result<DVector<f64>> {
    check::finite("points", points)?;
    check::finite("slope and mean", &nalgebra::vector![slope, mean])?;
    let at_the_mean = f(mean);
    check::defined("height", points.map(|x| f(x) - (at_the_mean + slope * (x - mean))))
}

fn check_law(weights: &DVector<f64>, points: &DVector<f64>) -> Result<()> {
    check::matrix("points", points, weights.shape())?;
    check::distribution("weights", weights, weights.len())
}
