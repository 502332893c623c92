//! The region that is nearer to one point than to any other.

use super::Point;

/// The Voronoi cell of point `j`, as a polygon that reaches `far` from it where it has no border.
pub(super) fn cell(points: &[Point], j: usize, far: f64) -> Vec<Point> {
    let [x, y] = points[j];
    let mut cell = vec![[x - far, y - far], [x + far, y - far], [x + far, y + far], [x - far, y + far]];
    for (l, other) in points.iter().enumerate() {
        if l != j {
            cell = nearer(&cell, points[j], *other);
        }
    }
    cell
}

/// The part of a convex polygon that is nearer to `this` than to `other`.
fn nearer(polygon: &[Point], this: Point, other: Point) -> Vec<Point> {
    let squared = |p: Point, q: Point| (p[0] - q[0]).powi(2) + (p[1] - q[1]).powi(2);
    // Positive on this side of the bisector, and linear in p.
    let side = |p: Point| squared(p, other) - squared(p, this);
    let mut kept = Vec::with_capacity(polygon.len() + 1);
    for (i, &p) in polygon.iter().enumerate() {
        let next = polygon[(i + 1) % polygon.len()];
        let (here, there) = (side(p), side(next));
        if here >= 0.0 {
            kept.push(p);
        }
        if (here >= 0.0) != (there >= 0.0) {
            let t = here / (here - there);
            kept.push([p[0] + t * (next[0] - p[0]), p[1] + t * (next[1] - p[1])]);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_points_on_a_line_share_it_at_the_midpoints() {
        let middle = cell(&[[0.0, 0.0], [2.0, 0.0], [6.0, 0.0]], 1, 10.0);
        let xs: Vec<f64> = middle.iter().map(|p| p[0]).collect();
        assert_eq!(xs, [1.0, 4.0, 4.0, 1.0]);
    }
}
