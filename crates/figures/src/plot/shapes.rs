//! What mixtures and their algorithms need drawn, made of a panel's dots, lines and areas.

use nalgebra::DMatrix;

use super::{
    Anchor, Marker, Panel, Point,
    colour::{Colour, WHITE, component, darken, lighten, mix},
    contour::Grid,
    ellipse,
    panel::points,
    voronoi,
};
use executable_em::Error;

impl Panel {
    /// A value at each of the steps 0, 1, 2, …: a line with dots, and its name where it ends.
    pub fn trace(&mut self, values: &[f64], name: &str, colour: Colour) -> &mut Self {
        let path: Vec<Point> = values.iter().enumerate().map(|(step, &value)| [step as f64, value]).collect();
        let Some(&end) = path.last() else { return self };
        self.line(&path, colour, 1.3).dots(&path, &[colour], 2.6, 1.0);
        self.text(end, [8.0, 4.0], name, Anchor::Start, colour)
    }

    /// A way from its start, with a dot for each step.
    pub fn way(&mut self, points: &[Point], colour: Colour) -> &mut Self {
        self.line(points, WHITE, 2.6).line(points, colour, 1.1).dots(points, &[colour], 1.9, 1.0);
        let start = points.get(..1).unwrap_or_default();
        self.dots(start, &[WHITE], 5.2, 1.0).dots(start, &[colour], 4.0, 1.0)
    }

    /// The ellipse at Mahalanobis distance `sigmas` from `mean` under the 2×2 `covariance`: its outline.
    pub fn ellipse(
        &mut self,
        mean: Point,
        covariance: &DMatrix<f64>,
        sigmas: f64,
        colour: Colour,
        width: f64,
    ) -> &mut Self {
        let Some(points) = self.attempt(ellipse::outline(mean, covariance, sigmas)) else { return self };
        self.line(&points, colour, width)
    }

    /// The inside of the same ellipse.
    pub fn disc(
        &mut self,
        mean: Point,
        covariance: &DMatrix<f64>,
        sigmas: f64,
        colour: Colour,
        opacity: f64,
    ) -> &mut Self {
        let Some(points) = self.attempt(ellipse::outline(mean, covariance, sigmas)) else { return self };
        self.area(&points, colour, opacity)
    }

    /// Every component of a Gaussian mixture in its colour: 1-, 2- and 3-σ ellipses, fading outwards, and a
    /// cross at the mean. `means` is k×2, a row a component.
    pub fn gaussians(&mut self, means: &DMatrix<f64>, covariances: &[DMatrix<f64>]) -> &mut Self {
        let Some(centres) = self.attempt(points(means)) else { return self };
        if centres.len() != covariances.len() {
            let (expected, found) = ((centres.len(), 1), (covariances.len(), 1));
            return self.remember(Error::Shape { what: "covariances", expected, found });
        }
        for (j, (&centre, covariance)) in centres.iter().zip(covariances).enumerate() {
            for (sigmas, width) in [(3.0, 0.7), (2.0, 1.0), (1.0, 1.5)] {
                self.ellipse(centre, covariance, sigmas, component(j), width);
            }
        }
        self.means(means)
    }

    /// A cross at each row of the k×2 matrix `means`, in a deeper tone of its component's colour.
    pub fn means(&mut self, means: &DMatrix<f64>) -> &mut Self {
        for (j, centre) in self.attempt(points(means)).into_iter().flatten().enumerate() {
            self.mark(centre, Marker::Cross, 11.0, darken(component(j), 0.25));
        }
        self
    }

    /// Shades the region that is nearest to each row of the k×2 matrix `means` in a pale tone of its
    /// component's colour: where k-means would put a new datum.
    pub fn nearest_regions(&mut self, means: &DMatrix<f64>) -> &mut Self {
        let Some(centres) = self.attempt(points(means)) else { return self };
        // Far enough to cover the panel, even widened for equal aspect.
        let size = |[low, high]: [f64; 2]| high - low;
        let far = 100.0 * (size(self.x.range) + size(self.y.range));
        for j in 0..centres.len() {
            let cell = voronoi::cell(&centres, j, far);
            self.area(&cell, lighten(component(j), 0.88), 1.0);
        }
        self
    }

    /// The function whose `values` lie on the `grid`, as areas between `levels`: each level set is filled
    /// with a deeper tone of `colour`, the lowest palest.
    pub fn bands(&mut self, grid: &Grid, values: &[f64], levels: &[f64], colour: Colour) -> &mut Self {
        for (i, &level) in levels.iter().enumerate() {
            let depth = (i + 1) as f64 / (levels.len() + 1) as f64;
            let tone = mix(&[(depth, colour), (1.0 - depth, WHITE)]);
            // One polygon for all rings of a level: the way from ring to ring and back encloses nothing,
            // and the rings of holes turn the other way.
            if let Some(rings) = self.rings(grid, values, level) {
                let Some(&home) = rings.first().and_then(|ring| ring.first()) else { continue };
                let mut outline = Vec::new();
                for ring in &rings {
                    outline.extend_from_slice(ring);
                    outline.extend([ring[0], home]);
                }
                self.area(&outline, tone, 1.0);
            }
        }
        self
    }

    /// The lines along which the function whose `values` lie on the `grid` equals one of the `levels`.
    pub fn contours(
        &mut self,
        grid: &Grid,
        values: &[f64],
        levels: &[f64],
        colour: Colour,
        width: f64,
    ) -> &mut Self {
        for &level in levels {
            for mut ring in self.rings(grid, values, level).unwrap_or_default() {
                ring.push(ring[0]);
                self.line(&ring, colour, width);
            }
        }
        self
    }

    fn rings(&mut self, grid: &Grid, values: &[f64], level: f64) -> Option<Vec<Vec<Point>>> {
        if values.len() != grid.len() {
            let (expected, found) = ((grid.len(), 1), (values.len(), 1));
            self.remember(Error::Shape { what: "values on the grid", expected, found });
            return None;
        }
        Some(grid.rings(values, level))
    }
}
