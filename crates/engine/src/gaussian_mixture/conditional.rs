//! What the cells that are seen say of the others, one system a pattern and component.

use crate::Result;
use executable_em::gaussian_mixture::{GaussianMixture, conditional::marginal};
use executable_em::scale::Moments;
use nalgebra::{DMatrix, DVector};

/// A mixture seen through a pattern of missing cells.
pub(super) struct Conditional<'a> {
    model: &'a GaussianMixture,
    /// The columns that are seen, and those that are missing.
    seen: &'a [usize],
    missing: &'a [usize],
    /// The mixture of the seen columns, whose factors are those of Σ_ss; none if nothing is seen.
    pub marginal: Option<GaussianMixture>,
    /// Of every component B = Σ_ms Σ_ss⁻¹ and C = Σ_mm − B Σ_sm; where columns do not correlate no B, and of C the
    /// diagonal.
    regressions: Vec<(DMatrix<f64>, DMatrix<f64>)>,
}

impl<'a> Conditional<'a> {
    pub fn new(model: &'a GaussianMixture, seen: &'a [usize], missing: &'a [usize]) -> Result<Self> {
        let block = |covariance: &DMatrix<f64>, rows: &[usize], columns: &[usize]| {
            covariance.select_rows(rows).select_columns(columns)
        };
        let is_along_axes = model.family().is_along_axes();
        let stored = model.stored_covariances();
        let marginal = if seen.is_empty() { None } else { Some(marginal(model, seen)?) };
        let regression = |(j, covariance): (usize, &DMatrix<f64>)| {
            if is_along_axes {
                return (DMatrix::zeros(0, 0), covariance.select_rows(missing));
            }
            let left = block(covariance, missing, missing);
            match &marginal {
                Some(marginal) if !missing.is_empty() => {
                    let across = block(covariance, seen, missing);
                    let b = marginal.factors()[j].solve(&across).transpose();
                    let left = left - &b * across;
                    (b, left)
                }
                _ => (DMatrix::zeros(missing.len(), seen.len()), left),
            }
        };
        let regressions = stored.iter().enumerate().map(regression).collect();
        Ok(Conditional { model, seen, missing, marginal, regressions })
    }

    /// Adds the expected sums of the rows of this pattern: those of all columns, from those of the columns that are
    /// seen.
    /// ```math
    /// e_m = a + Bu, \qquad u = x_s - c_s, \quad a = \mu_m - c_m - B(\mu_s - c_s)
    /// ```
    ///
    /// is the expectation of x_m − c_m, linear in what is seen. So Σ r e_m, Σ r e_m uᵀ and Σ r e_m e_mᵀ follow from
    /// R, s and S of the seen columns, and no row need be completed. To the last of them comes R C, what stays
    /// uncertain.
    pub fn add(&self, counts: &DVector<f64>, of_seen: Option<&Moments>, sum: &mut Moments) {
        let &Conditional { model, seen, missing, .. } = self;
        for (j, (b, c)) in self.regressions.iter().enumerate().filter(|&(j, _)| counts[j] > 0.0) {
            let count = counts[j];
            let (s, second) = match of_seen {
                Some(moments) => (moments.first.row(j).transpose(), moments.second[j].clone()),
                None => (DVector::zeros(0), DMatrix::zeros(0, 0)),
            };
            let off = |columns: &[usize]| {
                DVector::from_fn(columns.len(), |a, _| {
                    model.means()[(j, columns[a])] - sum.references[(j, columns[a])]
                })
            };
            if model.family().is_along_axes() {
                let a = off(missing);
                sum.counts[j] += count;
                seen.iter().enumerate().for_each(|(at, &column)| sum.first[(j, column)] += s[at]);
                // Diagonals only, and nothing that is seen says anything of the rest.
                seen.iter().enumerate().for_each(|(at, &column)| sum.second[j][column] += second[at]);
                for (at, &column) in missing.iter().enumerate() {
                    sum.first[(j, column)] += a[at] * count;
                    sum.second[j][column] += a[at] * count * a[at] + c[at] * count;
                }
                continue;
            }
            let a = off(missing) - b * off(seen);
            let through = b * &s;
            let across = &a * s.transpose() + b * &second;
            // Of a and through the products, both ways round: symmetric but for rounding, of which half is taken.
            let of_missing = (&a * count + &through) * a.transpose()
                + &a * through.transpose()
                + b * &second * b.transpose()
                + c * count;
            sum.counts[j] += count;
            seen.iter().enumerate().for_each(|(at, &column)| sum.first[(j, column)] += s[at]);
            for (at, &column) in missing.iter().enumerate() {
                sum.first[(j, column)] += a[at] * count + through[at];
            }
            let into = &mut sum.second[j];
            add_block(into, (seen, seen), |at, other| second[(at, other)]);
            add_block(into, (missing, missing), |at, other| {
                0.5 * (of_missing[(at, other)] + of_missing[(other, at)])
            });
            add_block(into, (missing, seen), |at, other| across[(at, other)]);
            add_block(into, (seen, missing), |at, other| across[(other, at)]);
        }
    }
}

fn add_block(
    sum: &mut DMatrix<f64>,
    (rows, columns): (&[usize], &[usize]),
    entry: impl Fn(usize, usize) -> f64,
) {
    for (other, &column) in columns.iter().enumerate() {
        for (at, &row) in rows.iter().enumerate() {
            sum[(row, column)] += entry(at, other);
        }
    }
}
