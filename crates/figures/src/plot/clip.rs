//! Cutting shapes at the border of a panel, since plotters draws what it is given.

use super::Point;

/// The rectangle that a panel shows: least and greatest x, least and greatest y.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub x: [f64; 2],
    pub y: [f64; 2],
}

impl Window {
    pub fn contains(&self, [x, y]: Point) -> bool {
        self.x[0] <= x && x <= self.x[1] && self.y[0] <= y && y <= self.y[1]
    }

    /// The parts of a polyline inside the window (Liang and Barsky, segment by segment).
    pub fn cut_line(&self, points: &[Point]) -> Vec<Vec<Point>> {
        let mut parts: Vec<Vec<Point>> = Vec::new();
        for pair in points.windows(2) {
            let Some([from, to]) = self.cut_segment(pair[0], pair[1]) else { continue };
            match parts.last_mut() {
                Some(part) if part.last() == Some(&from) => part.push(to),
                _ => parts.push(vec![from, to]),
            }
        }
        parts
    }

    fn cut_segment(&self, from: Point, to: Point) -> Option<[Point; 2]> {
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        for (start, end, [low, high]) in [(from[0], to[0], self.x), (from[1], to[1], self.y)] {
            let length = end - start;
            if length == 0.0 {
                if start < low || start > high {
                    return None;
                }
                continue;
            }
            let (first, second) = ((low - start) / length, (high - start) / length);
            enter = enter.max(first.min(second));
            leave = leave.min(first.max(second));
        }
        let at = |t: f64| [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])];
        // The ends are taken as they are, so that neighbouring segments join exactly.
        let start = if enter == 0.0 { from } else { at(enter) };
        let end = if leave == 1.0 { to } else { at(leave) };
        (enter < leave).then_some([start, end])
    }

    /// The part of a polygon inside the window (Sutherland and Hodgman, border by border).
    pub fn cut_polygon(&self, points: &[Point]) -> Vec<Point> {
        let mut polygon = points.to_vec();
        for (axis, bound, keep_above) in
            [(0, self.x[0], true), (0, self.x[1], false), (1, self.y[0], true), (1, self.y[1], false)]
        {
            let inside = |p: Point| if keep_above { p[axis] >= bound } else { p[axis] <= bound };
            let mut kept = Vec::with_capacity(polygon.len() + 4);
            for (i, &p) in polygon.iter().enumerate() {
                let next = polygon[(i + 1) % polygon.len()];
                if inside(p) {
                    kept.push(p);
                }
                if inside(p) != inside(next) {
                    let t = (bound - p[axis]) / (next[axis] - p[axis]);
                    kept.push([p[0] + t * (next[0] - p[0]), p[1] + t * (next[1] - p[1])]);
                }
            }
            polygon = kept;
        }
        polygon
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: Window = Window { x: [0.0, 1.0], y: [0.0, 1.0] };

    #[test]
    fn a_line_that_leaves_and_returns_is_two_lines() {
        let parts = UNIT.cut_line(&[[0.5, 0.5], [0.5, 2.0], [0.75, 2.0], [0.75, 0.5]]);
        assert_eq!(parts, [[[0.5, 0.5], [0.5, 1.0]], [[0.75, 1.0], [0.75, 0.5]]]);
    }

    #[test]
    fn a_square_around_the_window_is_cut_to_it() {
        let corners = UNIT.cut_polygon(&[[-1.0, -1.0], [2.0, -1.0], [2.0, 2.0], [-1.0, 2.0]]);
        assert_eq!(corners.len(), 4);
        assert!(corners.iter().all(|&corner| UNIT.contains(corner)));
    }
}
