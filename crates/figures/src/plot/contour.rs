//! Level sets of a function on a grid, by marching squares.

use std::collections::BTreeMap;

use nalgebra::DMatrix;

use super::Point;

/// A rectangular grid of nodes at which a density, or any function of two variables, is evaluated.
///
/// ```
/// use executable_em_figures::plot::Grid;
///
/// let grid = Grid::new([0.0, 1.0], [0.0, 2.0], 3);
/// let nodes = grid.nodes(); // 9 × 2: hand it to the library's densities as if it were data
/// assert_eq!((nodes[(1, 0)], nodes[(1, 1)]), (0.5, 0.0));
/// ```
#[derive(Clone, Debug)]
pub struct Grid {
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Grid {
    /// `nodes` equally spaced values along each axis (at least 2, and at most 2000, finer than any screen), the
    /// ends of both ranges included.
    pub fn new(x_range: [f64; 2], y_range: [f64; 2], nodes: usize) -> Self {
        let last = nodes.clamp(2, 2000) - 1;
        let axis =
            |[low, high]: [f64; 2]| (0..=last).map(|i| low + (high - low) * i as f64 / last as f64).collect();
        Grid { x: axis(x_range), y: axis(y_range) }
    }

    /// The nodes as data, one row each; x runs fastest. Values are handed back in the same order.
    pub fn nodes(&self) -> DMatrix<f64> {
        let columns = self.x.len();
        DMatrix::from_fn(columns * self.y.len(), 2, |row, coordinate| {
            if coordinate == 0 { self.x[row % columns] } else { self.y[row / columns] }
        })
    }

    /// A function at every node, in their order; the first error ends it.
    pub fn values<E>(&self, of: impl Fn(Point) -> Result<f64, E>) -> Result<Vec<f64>, E> {
        self.nodes().row_iter().map(|node| of([node[0], node[1]])).collect()
    }

    /// How many values the grid needs.
    pub fn len(&self) -> usize {
        self.x.len() * self.y.len()
    }

    /// Never true: a grid has at least four nodes.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The border of `{values ≥ level}` as closed rings, higher values to the left. At the grid's own
    /// border the set ends too, so the rings can be filled.
    pub(super) fn rings(&self, values: &[f64], level: f64) -> Vec<Vec<Point>> {
        let (columns, rows) = (self.x.len() as isize, self.y.len() as isize);
        let node = |i: isize, j: isize| {
            let (ic, jc) = (i.clamp(0, columns - 1), j.clamp(0, rows - 1));
            let value = values[(jc * columns + ic) as usize];
            let outside = ic != i || jc != j;
            ([self.x[ic as usize], self.y[jc as usize]], if outside { f64::NEG_INFINITY } else { value })
        };

        // Each crossing is an edge of the grid, named by its lower left node and its direction; from each
        // leads exactly one segment.
        let mut next: BTreeMap<Edge, Edge> = BTreeMap::new();
        for j in -1..rows {
            for i in -1..columns {
                let corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)].map(|(i, j)| node(i, j).1);
                let [bottom, right, top, left] =
                    [(i, j, false), (i + 1, j, true), (i, j + 1, false), (i, j, true)];
                let case = corners.iter().rev().fold(0, |bits, &value| 2 * bits + u8::from(value >= level));
                let centre_is_high = corners.iter().sum::<f64>() / 4.0 >= level;
                let segments: &[(Edge, Edge)] = match case {
                    1 => &[(bottom, left)],
                    2 => &[(right, bottom)],
                    3 => &[(right, left)],
                    4 => &[(top, right)],
                    5 if centre_is_high => &[(bottom, right), (top, left)],
                    5 => &[(bottom, left), (top, right)],
                    6 => &[(top, bottom)],
                    7 => &[(top, left)],
                    8 => &[(left, top)],
                    9 => &[(bottom, top)],
                    10 if centre_is_high => &[(left, bottom), (right, top)],
                    10 => &[(right, bottom), (left, top)],
                    11 => &[(right, top)],
                    12 => &[(left, right)],
                    13 => &[(bottom, right)],
                    14 => &[(left, bottom)],
                    _ => &[],
                };
                next.extend(segments.iter().copied());
            }
        }

        let crossing = |(i, j, upward): Edge| {
            let (from, low) = node(i, j);
            let (to, high) = if upward { node(i, j + 1) } else { node(i + 1, j) };
            // Beyond the border both nodes share one place, so any share does.
            let share = if low.is_finite() && high.is_finite() { (level - low) / (high - low) } else { 0.5 };
            [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]
        };
        let mut rings = Vec::new();
        while let Some((start, mut edge)) = next.pop_first() {
            let mut ring = vec![crossing(start)];
            while edge != start {
                ring.push(crossing(edge));
                let Some(following) = next.remove(&edge) else { break };
                edge = following;
            }
            rings.push(ring);
        }
        rings
    }
}

/// Column and row of an edge's lower left node; whether it goes up rather than right.
type Edge = (isize, isize, bool);

#[cfg(test)]
mod tests {
    use super::*;

    fn signed_area(ring: &[Point]) -> f64 {
        (0..ring.len())
            .map(|i| {
                let (p, q) = (ring[i], ring[(i + 1) % ring.len()]);
                (p[0] * q[1] - p[1] * q[0]) / 2.0
            })
            .sum()
    }

    #[test]
    fn the_level_set_of_a_cone_is_a_disc() {
        let grid = Grid::new([-2.0, 2.0], [-2.0, 2.0], 101);
        let values: Vec<f64> = grid.nodes().row_iter().map(|p| -p.norm()).collect();
        let rings = grid.rings(&values, -1.0);
        assert_eq!(rings.len(), 1);
        // The polygon is inscribed in the disc; chords no longer than a cell's diagonal h = 0.0566 lose at
        // most the share h²/6 of its area, and linear interpolation of the cone moves it by no more.
        assert!((signed_area(&rings[0]) - std::f64::consts::PI).abs() < 2e-3);
    }

    #[test]
    fn a_hole_turns_the_other_way() {
        let grid = Grid::new([-2.0, 2.0], [-2.0, 2.0], 101);
        let values: Vec<f64> = grid.nodes().row_iter().map(|p| -(p.norm() - 1.0).abs()).collect();
        let areas: Vec<f64> = grid.rings(&values, -0.5).iter().map(|ring| signed_area(ring)).collect();
        assert_eq!(areas.len(), 2);
        assert!(areas[0] * areas[1] < 0.0);
    }

    #[test]
    fn a_set_that_fills_the_grid_ends_at_its_border() {
        let grid = Grid::new([0.0, 3.0], [0.0, 1.0], 4);
        let rings = grid.rings(&[1.0; 16], 0.5);
        assert_eq!(rings.len(), 1);
        assert_eq!(signed_area(&rings[0]), 3.0);
    }
}
