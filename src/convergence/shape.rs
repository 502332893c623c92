//! The mixture in the coordinates of a certificate, its score and its Hessian over a box of them.

use super::interval::Interval;
use crate::gaussian_mixture::GaussianMixture;
use nalgebra::{DMatrix, DVector};

/// Bounds on weights, means and covariances.
pub(super) type Bounds = (Vec<Interval>, Vec<Vec<Interval>>, Vec<Vec<Vec<Interval>>>);

/// A shift and a scale for every column, so that intervals are of the order of one. Exact as numbers, whatever they
/// are.
pub(super) struct Units {
    shift: Vec<f64>,
    scale: Vec<f64>,
}

impl Units {
    pub(super) fn of(x: &DMatrix<f64>) -> Self {
        let scale = |sd: f64| if sd > 0.0 { sd } else { 1.0 };
        let columns = || x.column_iter();
        Units {
            shift: columns().map(|column| column.mean()).collect(),
            scale: columns().map(|column| scale(column.variance().sqrt())).collect(),
        }
    }

    pub(super) fn standard(&self, x: &DMatrix<f64>) -> Vec<Vec<Interval>> {
        let cell = |value: f64, a: usize| {
            (Interval::point(value) - Interval::point(self.shift[a])) / Interval::point(self.scale[a])
        };
        x.row_iter().map(|row| row.iter().enumerate().map(|(a, &value)| cell(value, a)).collect()).collect()
    }
}

/// The coordinates: a_j for all components but the last, then row by row of each component w_{c0}, …, w_{cc}, b_c.
pub(super) struct Shape {
    pub k: usize,
    pub d: usize,
}

impl Shape {
    /// Where row `c` of component `j` begins.
    fn row(&self, j: usize, c: usize) -> usize {
        let of_component = self.d * (self.d + 3) / 2;
        self.k - 1 + j * of_component + c * (c + 3) / 2
    }

    pub(super) fn coordinates(&self, model: &GaussianMixture, units: &Units) -> Option<DVector<f64>> {
        let mut at = DVector::zeros(self.row(self.k, 0));
        for j in 0..self.k {
            if j + 1 < self.k {
                at[j] = (model.weights()[j] / model.weights()[self.k - 1]).ln();
            }
            let l = DMatrix::from_fn(self.d, self.d, |a, b| model.factors()[j].l()[(a, b)] / units.scale[a]);
            let w = l.solve_lower_triangular(&DMatrix::identity(self.d, self.d))?;
            let mean =
                DVector::from_fn(self.d, |a, _| (model.means()[(j, a)] - units.shift[a]) / units.scale[a]);
            let b = &w * mean;
            for c in 0..self.d {
                let row = self.row(j, c);
                (0..=c).for_each(|a| at[row + a] = w[(c, a)]);
                at[row + c + 1] = b[c];
            }
        }
        at.iter().all(|value| value.is_finite()).then_some(at)
    }

    /// Score and Hessian of ℓ over a box; None where a diagonal entry of W may not be positive.
    pub(super) fn derivatives(
        &self,
        at: &[Interval],
        z: &[Vec<Interval>],
    ) -> Option<(Vec<Interval>, Vec<Vec<Interval>>)> {
        let (p, zero) = (at.len(), Interval::point(0.0));
        let rows = || (0..self.k).flat_map(|j| (0..self.d).map(move |c| (j, c)));
        if rows().any(|(j, c)| at[self.row(j, c) + c].low() <= 0.0) {
            return None;
        }
        let logs: Vec<Interval> = (0..self.k).map(|j| if j + 1 < self.k { at[j] } else { zero }).collect();
        let weights = softmax(&logs);
        let (mut score, mut hessian) = (vec![zero; p], vec![vec![zero; p]; p]);
        for datum in z {
            let (slopes, heights): (Vec<Vec<Interval>>, Vec<Interval>) =
                (0..self.k).map(|j| self.slope(at, &weights, logs[j], datum, j)).unzip();
            let r = softmax(&heights);
            let mean: Vec<Interval> =
                (0..p).map(|m| (0..self.k).map(|j| r[j] * slopes[j][m]).sum()).collect();
            let off: Vec<Vec<Interval>> =
                slopes.iter().map(|slope| (0..p).map(|m| slope[m] - mean[m]).collect()).collect();
            for (m, row) in hessian.iter_mut().enumerate() {
                score[m] = score[m] + mean[m];
                for (l, entry) in row.iter_mut().enumerate().take(m + 1) {
                    *entry = *entry + (0..self.k).map(|j| r[j] * off[j][m] * off[j][l]).sum();
                }
            }
            self.add_curvature(&mut hessian, at, &weights, &r, datum);
        }
        for (m, l) in (0..p).flat_map(|m| (0..m).map(move |l| (m, l))) {
            hessian[l][m] = hessian[m][l];
        }
        Some((score, hessian))
    }

    /// The slopes of one component's log joint, and its value but for a constant.
    fn slope(
        &self,
        at: &[Interval],
        weights: &[Interval],
        log: Interval,
        datum: &[Interval],
        j: usize,
    ) -> (Vec<Interval>, Interval) {
        let mut slope = vec![Interval::point(0.0); at.len()];
        for m in 0..self.k - 1 {
            slope[m] = Interval::point(if m == j { 1.0 } else { 0.0 }) - weights[m];
        }
        let mut height = log;
        for c in 0..self.d {
            let row = self.row(j, c);
            let y = (0..=c).map(|a| at[row + a] * datum[a]).sum::<Interval>() - at[row + c + 1];
            (0..=c).for_each(|a| slope[row + a] = -(y * datum[a]));
            slope[row + c] = slope[row + c] + Interval::point(1.0) / at[row + c];
            slope[row + c + 1] = y;
            height = height + at[row + c].ln() - y.square() * Interval::point(0.5);
        }
        (slope, height)
    }

    /// Adds the mean Hessian of the log joint of a datum: −zzᵀ for the row (x, −1), −1/w² on the diagonal, and ππᵀ − π.
    fn add_curvature(
        &self,
        hessian: &mut [Vec<Interval>],
        at: &[Interval],
        weights: &[Interval],
        r: &[Interval],
        datum: &[Interval],
    ) {
        for (m, l) in (0..self.k - 1).flat_map(|m| (0..=m).map(move |l| (m, l))) {
            let own = if m == l { weights[m] } else { Interval::point(0.0) };
            hessian[m][l] = hessian[m][l] + weights[m] * weights[l] - own;
        }
        for (j, c) in (0..self.k).flat_map(|j| (0..self.d).map(move |c| (j, c))) {
            let row = self.row(j, c);
            let regressor = |a: usize| if a <= c { datum[a] } else { Interval::point(-1.0) };
            for (a, b) in (0..c + 2).flat_map(|a| (0..=a).map(move |b| (a, b))) {
                let product = if a == b { regressor(a).square() } else { regressor(a) * regressor(b) };
                hessian[row + a][row + b] = hessian[row + a][row + b] - r[j] * product;
            }
            hessian[row + c][row + c] = hessian[row + c][row + c] - r[j] / at[row + c].square();
        }
    }

    /// The bounds in the parameters' own units: μ = W⁻¹b and Σ = W⁻¹W⁻ᵀ by substitution.
    pub(super) fn bounds(&self, at: &[Interval], units: &Units) -> Bounds {
        let (zero, d) = (Interval::point(0.0), self.d);
        let logs: Vec<Interval> = (0..self.k).map(|j| if j + 1 < self.k { at[j] } else { zero }).collect();
        let solve = |j: usize, right: &[Interval]| {
            let mut solution: Vec<Interval> = Vec::new();
            for c in 0..d {
                let row = self.row(j, c);
                let known: Interval = (0..c).map(|a| at[row + a] * solution[a]).sum();
                solution.push((right[c] - known) / at[row + c]);
            }
            solution
        };
        let (mut means, mut covariances) = (Vec::new(), Vec::new());
        for j in 0..self.k {
            let b: Vec<Interval> = (0..d).map(|c| at[self.row(j, c) + c + 1]).collect();
            let (shift, scale) =
                (|a: usize| Interval::point(units.shift[a]), |a: usize| Interval::point(units.scale[a]));
            means.push(
                solve(j, &b).into_iter().enumerate().map(|(a, mean)| mean * scale(a) + shift(a)).collect(),
            );
            let unit = |e: usize| {
                (0..d).map(|c| Interval::point(if c == e { 1.0 } else { 0.0 })).collect::<Vec<_>>()
            };
            let l: Vec<Vec<Interval>> = (0..d).map(|e| solve(j, &unit(e))).collect();
            let entry = |a: usize, b: usize| {
                let product: Interval =
                    (0..d).map(|e| if a == b { l[e][a].square() } else { l[e][a] * l[e][b] }).sum();
                product * scale(a) * scale(b)
            };
            covariances.push((0..d).map(|a| (0..d).map(|b| entry(a, b)).collect()).collect());
        }
        (softmax(&logs), means, covariances)
    }
}

/// Bounds on the probabilities in proportion to the exponentials of these: 1/Σ e^{b − a}, in which each term is met
/// once.
fn softmax(logs: &[Interval]) -> Vec<Interval> {
    let share = |j: usize| {
        let odds: Interval = (0..logs.len()).filter(|&l| l != j).map(|l| (logs[l] - logs[j]).exp()).sum();
        Interval::point(1.0) / (Interval::point(1.0) + odds)
    };
    (0..logs.len()).map(share).collect()
}
