//! Chapter 11: rows with gaps, and what a step of EM makes of them.

use executable_em::gaussian;
use executable_em::incomplete::{Incomplete, gaussian as with_gaps};
use executable_em_exercise as exercise;
use nalgebra::{DMatrix, DVector, RowDVector};
use std::f64::consts::TAU;

/// The columns of a row that are seen.
fn seen_of(row: &RowDVector<f64>) -> Vec<usize> {
    (0..row.len()).filter(|&a| !row[a].is_nan()).collect()
}

/// The one column of a row that is not seen, if there is one.
fn gap_of(row: &RowDVector<f64>) -> Option<usize> {
    row.iter().position(|cell| cell.is_nan())
}

/// What is expected in the gap, by regression on the cells that are seen, and the variance that is left.
fn regressed(
    row: &RowDVector<f64>,
    mean: &RowDVector<f64>,
    covariance: &DMatrix<f64>,
    gap: usize,
) -> (f64, f64) {
    let rest = covariance.clone().remove_row(gap).remove_column(gap);
    let across = covariance.column(gap).remove_row(gap);
    let slopes = rest.lu().solve(&across).unwrap();
    let apart = (row - mean).transpose().remove_row(gap);
    (mean[gap] + slopes.dot(&apart), covariance[(gap, gap)] - across.dot(&slopes))
}

/// The row with this in its gap.
fn filled(row: &RowDVector<f64>, gap: usize, cell: f64) -> RowDVector<f64> {
    let mut filled = row.clone();
    filled[gap] = cell;
    filled
}

/// log p of one whole row.
fn log_density(row: &RowDVector<f64>, mean: &RowDVector<f64>, covariance: &DMatrix<f64>) -> f64 {
    gaussian::log_density(&DMatrix::from_rows(std::slice::from_ref(row)), mean, covariance).unwrap()[0]
}

right! {
    seen_log_likelihood:
        |x, mean, covariance| {
            let data = Incomplete::part(x.clone()).unwrap();
            with_gaps::seen_log_density(&data, mean, covariance).unwrap().sum()
        },
        |x, mean, covariance| x.row_iter().map(|row| {
            // The marginal of the columns that are seen.
            let seen = seen_of(&row.into_owned());
            let part = |row: &RowDVector<f64>| row.select_columns(&seen).row(0).into_owned();
            let block = covariance.select_rows(&seen).select_columns(&seen);
            log_density(&part(&row.into_owned()), &part(mean), &block)
        }).sum(),
        |x, mean, covariance| x.row_iter().map(|row| {
            // The joint at any value of the gap, over its conditional there.
            let row = row.into_owned();
            let Some(gap) = gap_of(&row) else { return log_density(&row, mean, covariance) };
            let (cell, left) = regressed(&row, mean, covariance, gap);
            log_density(&filled(&row, gap, cell), mean, covariance) + 0.5 * (TAU * left).ln()
        }).sum(),
        |x, mean, covariance| x.row_iter().map(|row| {
            // One cell after the other, each given the earlier ones; a gap is passed over.
            let (mut left, mut apart, mut sum) = (covariance.clone(), row - mean, 0.0);
            for a in seen_of(&row.into_owned()) {
                let (variance, cell) = (left[(a, a)], apart[a]);
                sum -= 0.5 * ((TAU * variance).ln() + cell * cell / variance);
                let slopes = left.column(a) / variance;
                apart -= slopes.transpose() * cell;
                left -= &slopes * slopes.transpose() * variance;
            }
            sum
        }).sum(),
        |x, mean, covariance| x.row_iter().map(|row| {
            // The integral over the gap, by the trapezoidal rule on a bell that ends flat.
            let row = row.into_owned();
            let Some(gap) = gap_of(&row) else { return log_density(&row, mean, covariance) };
            let h = (covariance[(gap, gap)].sqrt() / 50.0).min(0.02);
            let (cell, _) = regressed(&row, mean, covariance, gap);
            let at = |step: i32| filled(&row, gap, cell + f64::from(step) * h);
            let cells: Vec<_> = (-1500..=1500).map(at).collect();
            let densities = gaussian::log_density(&DMatrix::from_rows(&cells), mean, covariance).unwrap();
            executable_em::latent::log_sum_exp(densities.iter().copied()) + h.ln()
        }).sum();
    expected_cells:
        |row, mean, covariance| {
            let data = Incomplete::part(DMatrix::from_rows(std::slice::from_ref(row))).unwrap();
            with_gaps::complete(&data, mean, covariance).unwrap().means().row(0).into_owned()
        },
        |row, mean, covariance| {
            let gap = gap_of(row).unwrap();
            filled(row, gap, regressed(row, mean, covariance, gap).0)
        },
        |row, mean, covariance| {
            // A row of Λ(x − μ) is zero.
            let gap = gap_of(row).unwrap();
            let precision = covariance.clone().try_inverse().unwrap();
            let at_mean = filled(row, gap, mean[gap]);
            let pull = (precision.row(gap) * (&at_mean - mean).transpose())[0];
            filled(row, gap, mean[gap] - pull / precision[(gap, gap)])
        },
        |row, mean, covariance| {
            // The top of a parabola through three values of the log density.
            let gap = gap_of(row).unwrap();
            let at = |step: f64| log_density(&filled(row, gap, mean[gap] + step), mean, covariance);
            let (slope, bend) = ((at(1.0) - at(-1.0)) / 2.0, at(1.0) - 2.0 * at(0.0) + at(-1.0));
            filled(row, gap, mean[gap] - slope / bend)
        },
        |row, mean, covariance| {
            // One seen cell after the other: each moves all that are not yet seen, and their covariances.
            let (mut left, mut expected) = (covariance.clone(), mean.clone());
            for a in seen_of(row) {
                let slopes = left.column(a) / left[(a, a)];
                expected += slopes.transpose() * (row[a] - expected[a]);
                left -= &slopes * slopes.transpose() * left[(a, a)];
            }
            filled(row, gap_of(row).unwrap(), expected[gap_of(row).unwrap()])
        };
    variance_that_is_left:
        |column, covariance| {
            let rest = covariance.clone().remove_row(column).remove_column(column);
            let across = covariance.column(column).remove_row(column);
            covariance[(column, column)] - across.dot(&rest.lu().solve(&across).unwrap())
        },
        |column, covariance| {
            let rest = covariance.clone().remove_row(column).remove_column(column);
            covariance.determinant() / rest.determinant()
        },
        |column, covariance| 1.0 / covariance.clone().try_inverse().unwrap()[(column, column)],
        |column, covariance| {
            // The last entry of the Cholesky factor with that column last.
            let order: Vec<usize> = (0..covariance.nrows()).filter(|&a| a != column).chain([column]).collect();
            let root = covariance.select_rows(&order).select_columns(&order).cholesky().unwrap().l();
            root[(order.len() - 1, order.len() - 1)].powi(2)
        },
        |column, covariance| {
            // Along the axes, precisions add up.
            let eigen = covariance.clone().symmetric_eigen();
            let precision = |axis: usize| eigen.eigenvectors[(column, axis)].powi(2) / eigen.eigenvalues[axis];
            1.0 / (0..covariance.nrows()).map(precision).sum::<f64>()
        },
        |column, covariance| {
            // Each of the others is seen in turn, and takes its part away.
            let others = (0..covariance.nrows()).filter(|&a| a != column);
            let step = |left: DMatrix<f64>, a: usize| &left - left.column(a) * left.row(a) / left[(a, a)];
            others.fold(covariance.clone(), step)[(column, column)]
        };
    step_with_gaps:
        |x, mean, covariance| {
            let data = Incomplete::new(x.clone()).unwrap();
            let completed = with_gaps::complete(&data, mean, covariance).unwrap();
            with_gaps::update(&data, &completed, &DVector::from_element(x.nrows(), 1.0)).unwrap()
        },
        |x, mean, covariance| {
            // Sums of E x and E xxᵀ, row by row.
            let (d, n) = (x.ncols(), x.nrows() as f64);
            let (mut first, mut second) = (RowDVector::zeros(d), DMatrix::zeros(d, d));
            for row in x.row_iter() {
                let mut row = row.into_owned();
                if let Some(gap) = gap_of(&row) {
                    let (cell, left) = regressed(&row, mean, covariance, gap);
                    row[gap] = cell;
                    second[(gap, gap)] += left;
                }
                first += &row;
                second += row.transpose() * &row;
            }
            let next = first / n;
            (next.clone(), second / n - next.transpose() * next)
        },
        |x, mean, covariance| {
            // Two rows of half a weight for each: the gap a standard deviation above what is expected, and below.
            let rows: Vec<_> = x.row_iter().flat_map(|row| {
                let row = row.into_owned();
                let Some(gap) = gap_of(&row) else { return [row.clone(), row] };
                let (cell, left) = regressed(&row, mean, covariance, gap);
                [1.0, -1.0].map(|side| filled(&row, gap, cell + side * left.sqrt()))
            }).collect();
            let rows = DMatrix::from_rows(&rows);
            let next = rows.row_mean();
            let half = DVector::from_element(rows.nrows(), 0.5);
            (next.clone(), gaussian::weighted_covariance(&rows, &half, &next).unwrap())
        },
        |x, mean, covariance| {
            // Fisher: Σ/n times the score moves the mean, ΣG Σ·2/n the covariance about the old mean.
            let (d, n) = (x.ncols(), x.nrows() as f64);
            let (mut slope, mut bend) = (DVector::zeros(d), DMatrix::zeros(d, d));
            for row in x.row_iter() {
                // Λ of the seen block, with zeros elsewhere.
                let seen = seen_of(&row.into_owned());
                let block = covariance.select_rows(&seen).select_columns(&seen).try_inverse().unwrap();
                let mut wide = DMatrix::zeros(d, d);
                for (p, &a) in seen.iter().enumerate() {
                    for (q, &b) in seen.iter().enumerate() {
                        wide[(a, b)] = block[(p, q)];
                    }
                }
                let apart = (row - mean).transpose().map(|cell| if cell.is_nan() { 0.0 } else { cell });
                let solved = &wide * apart;
                bend += (&solved * solved.transpose() - wide) * 0.5;
                slope += solved;
            }
            let moved = (covariance * slope / n).transpose();
            let next = covariance + covariance * bend * covariance * (2.0 / n) - moved.transpose() * &moved;
            (mean + moved, next)
        },
        |x, mean, covariance| {
            // The table with its gaps filled, pair by pair of its rows; and one over Λ_aa for each gap.
            let precision = covariance.clone().try_inverse().unwrap();
            let (d, n) = (x.ncols(), x.nrows() as f64);
            let mut whole = x.clone();
            let mut left = DMatrix::zeros(d, d);
            for (i, gap) in (0..x.nrows()).filter_map(|i| Some((i, gap_of(&x.row(i).into_owned())?))) {
                let at_mean = filled(&x.row(i).into_owned(), gap, mean[gap]);
                let pull = (precision.row(gap) * (at_mean - mean).transpose())[0];
                whole[(i, gap)] = mean[gap] - pull / precision[(gap, gap)];
                left[(gap, gap)] += 1.0 / precision[(gap, gap)] / n;
            }
            for (i, l) in (0..x.nrows()).flat_map(|i| (0..i).map(move |l| (i, l))) {
                let apart = whole.row(i) - whole.row(l);
                left += apart.transpose() * apart / (n * n);
            }
            (whole.row_mean(), left)
        };
    rest_with_gaps:
        |seen, _| (seen.mean(), seen.variance()),
        |seen, missing| (0..3000).fold((0.0, 1.0), |(mean, variance), _| {
            // By EM itself.
            let n = (seen.len() + missing) as f64;
            let next = (seen.sum() + missing as f64 * mean) / n;
            let about: f64 = seen.iter().map(|x| (x - next).powi(2)).sum();
            (next, (about + missing as f64 * (variance + (mean - next).powi(2))) / n)
        }),
        |seen, missing| {
            // The fixed point of v = (S + mv)/N, solved: S/N over the share that is seen.
            let (n, m) = (seen.len() as f64, missing as f64);
            let mean = seen.sum() / (n + m) / (1.0 - m / (n + m));
            let scatter: f64 = seen.iter().map(|x| (x - mean).powi(2)).sum();
            (mean, scatter / (n + m) / (1.0 - m / (n + m)))
        },
        |seen, _| {
            // Pair by pair.
            let n = seen.len() as f64;
            let pairs: f64 = seen.iter().flat_map(|x| seen.iter().map(move |y| (x - y).powi(2))).sum();
            (seen.iter().fold(0.0, |sum, x| sum + x / n), pairs / (2.0 * n * n))
        },
        |seen, missing| {
            // The geometric series of what each sweep still moves, at the rate m/N, summed.
            let n = (seen.len() + missing) as f64;
            let rate = missing as f64 / n;
            let series: f64 = (0..2000).map(|t| rate.powi(t)).sum();
            let mean = seen.sum() / n * series;
            (mean, seen.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n * series)
        };
}
