//! Chapter 10: the sums that a sweep needs, and how they join.

use executable_em::latent;
use executable_em_exercise as exercise;
use nalgebra::{DMatrix, DVector, RowDVector};

/// Σ r and Σ r x of these rows, by halves.
fn by_halves(x: &DMatrix<f64>, r: &DMatrix<f64>) -> (DVector<f64>, DMatrix<f64>) {
    let n = x.nrows();
    if n == 1 {
        return (r.row(0).transpose(), r.transpose() * x);
    }
    let half = |from: usize, to: usize| {
        by_halves(&x.rows(from, to - from).into_owned(), &r.rows(from, to - from).into_owned())
    };
    let (one, other) = (half(0, n / 2), half(n / 2, n));
    (one.0 + other.0, one.1 + other.1)
}

right! {
    sums:
        |x, r| (latent::counts(r), r.transpose() * x),
        |x, r| (latent::counts(r), DMatrix::from_fn(r.ncols(), x.ncols(), |j, a| r.column(j).dot(&x.column(a)))),
        |x, r| {
            let mut sums = (DVector::zeros(r.ncols()), DMatrix::zeros(r.ncols(), x.ncols()));
            for i in 0..x.nrows() {
                sums.0 += r.row(i).transpose();
                sums.1 += r.row(i).transpose() * x.row(i);
            }
            sums
        },
        |x, r| {
            // One product, with a column of ones before the data.
            let both = r.transpose() * x.clone().insert_column(0, 1.0);
            (both.column(0).into_owned(), both.remove_column(0))
        },
        by_halves;
    means_from_sums:
        |counts, first| DMatrix::from_fn(first.nrows(), first.ncols(), |j, a| first[(j, a)] / counts[j]),
        |counts, first| DMatrix::from_diagonal(&counts.map(f64::recip)) * first,
        |counts, first| DMatrix::from_rows(
            &(0..counts.len()).map(|j| first.row(j) / counts[j]).collect::<Vec<RowDVector<f64>>>(),
        ),
        |counts, first| DMatrix::from_diagonal(counts).lu().solve(first).unwrap(),
        |counts, first| {
            let mut means = first.clone();
            means.column_iter_mut().for_each(|mut column| column.component_div_assign(counts));
            means
        },
        |counts, first| {
            // Steps of Newton's method towards R m = Σ r x, from zero: each but the first mends its rounding.
            let step = |means: DMatrix<f64>| {
                let lacks = first - DMatrix::from_diagonal(counts) * &means;
                lacks.map_with_location(|j, a, lack| means[(j, a)] + lack / counts[j])
            };
            (0..3).fold(DMatrix::zeros(first.nrows(), first.ncols()), |means, _| step(means))
        };
    join_moments:
        |[n, mean, scatter], [m, other, more]| {
            let share = m / (n + m);
            [n + m, mean + share * (other - mean), scatter + more + n * share * (other - mean).powi(2)]
        },
        |[n, mean, scatter], [m, other, more]| {
            let joined = (n * mean + m * other) / (n + m);
            [n + m, joined, scatter + more + n * (mean - joined).powi(2) + m * (other - joined).powi(2)]
        },
        |[n, mean, scatter], [m, other, more]| {
            // By the sums of squares about zero.
            let joined = (n * mean + m * other) / (n + m);
            let squares = scatter + n * mean * mean + more + m * other * other;
            [n + m, joined, squares - (n + m) * joined * joined]
        },
        |one, [m, other, more]| {
            // As if all data of the second part lay at its mean: they come one by one.
            let joined = (0..m as usize).fold(one, |[n, mean, scatter], _| {
                let apart = other - mean;
                [n + 1.0, mean + apart / (n + 1.0), scatter + apart * apart * n / (n + 1.0)]
            });
            [joined[0], joined[1], joined[2] + more]
        },
        |[n, mean, scatter], [m, other, more]| {
            // Variances first: their mean, and the variance of two means with the weights n and m.
            let (p, q) = (n / (n + m), m / (n + m));
            let within = p * (scatter / n) + q * (more / m);
            let between = p * q * (mean - other).powi(2);
            [n + m, p * mean + q * other, (n + m) * (within + between)]
        };
    variance_from_moments:
        |n, mean, scatter, point| scatter / n + (mean - point).powi(2),
        |n, mean, scatter, point| (scatter + n * (mean - point).powi(2)) / n,
        |n, mean, scatter, point| scatter / n + mean * mean - 2.0 * mean * point + point * point,
        |n, mean, scatter, point| {
            // Two data a standard deviation on either side of the mean have the same moments.
            let sd = (scatter / n).sqrt();
            0.5 * ((mean + sd - point).powi(2) + (mean - sd - point).powi(2))
        },
        |n, mean, scatter, point| {
            // Pythagoras.
            let sd = (scatter / n).sqrt();
            sd.hypot(mean - point).powi(2)
        };
}
