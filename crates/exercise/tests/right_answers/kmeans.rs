//! Chapter 1: labels, averages, J and its gradient, the whole algorithm.

use crate::{expanded, scatter};
use executable_em::{kmeans, latent};
use executable_em_exercise as exercise;
use nalgebra::DMatrix;

/// J where every datum goes to its nearest mean.
fn least_cost(x: &DMatrix<f64>, means: &DMatrix<f64>) -> f64 {
    kmeans::objective(x, &kmeans::responsibilities(x, means).unwrap(), means).unwrap()
}

fn sweep(x: &DMatrix<f64>, means: &DMatrix<f64>) -> DMatrix<f64> {
    kmeans::update_means(x, &kmeans::responsibilities(x, means).unwrap(), means).unwrap()
}

/// The means at rest, by recursion.
fn rest(x: &DMatrix<f64>, means: DMatrix<f64>) -> DMatrix<f64> {
    let next = sweep(x, &means);
    if next == means { means } else { rest(x, next) }
}

right! {
    nearest_means:
        |x, means| kmeans::assign(x, means).unwrap(),
        |x, means| expanded(x, means).row_iter().map(|row| row.transpose().imin()).collect(),
        |x, means| {
            // The sign of ½(‖m‖² − ‖l‖²) − x·(m − l): which side of the hyperplane between them.
            let height = |i: usize, j: usize| 0.5 * means.row(j).norm_squared() - x.row(i).dot(&means.row(j));
            (0..x.nrows()).map(|i| (0..means.nrows()).fold(0, |best, j| {
                if height(i, j) < height(i, best) { j } else { best }
            })).collect()
        },
        |x, means| {
            let squares = |i: usize, j: usize| (0..x.ncols()).map(|a| (x[(i, a)] - means[(j, a)]).powi(2)).sum();
            let distances = DMatrix::<f64>::from_fn(x.nrows(), means.nrows(), squares);
            distances.row_iter().map(|row| {
                let least = row.min();
                row.iter().position(|&distance| distance == least).unwrap()
            }).collect()
        },
        |x, means| {
            let mut labels = vec![0; x.nrows()];
            for (row, label) in x.row_iter().zip(&mut labels) {
                for j in 1..means.nrows() {
                    if (row - means.row(j)).norm() < (row - means.row(*label)).norm() {
                        *label = j;
                    }
                }
            }
            labels
        },
        |x, means| (0..x.nrows()).map(|i| {
            // Sorted, from the far end.
            let mut order: Vec<usize> = (0..means.nrows()).rev().collect();
            let far = |j: usize| (x.row(i) - means.row(j)).lp_norm(2);
            order.sort_by(|&j, &l| far(l).total_cmp(&far(j)));
            order[order.len() - 1]
        }).collect();
    average_means:
        |x, r, previous| kmeans::update_means(x, r, previous).unwrap(),
        |x, r, previous| {
            let mut means = previous.clone();
            for j in 0..r.ncols() {
                if r.column(j).sum() > 0.0 {
                    means.set_row(j, &((r.column(j).transpose() * x) / r.column(j).sum()));
                }
            }
            means
        },
        |x, r, previous| {
            // A running mean: each datum pulls by its share of what has come so far.
            let mut means = previous.clone();
            for j in 0..r.ncols() {
                let mut count = 0.0;
                for i in (0..x.nrows()).filter(|&i| r[(i, j)] > 0.0) {
                    count += r[(i, j)];
                    let pull = (x.row(i) - means.row(j)) * (r[(i, j)] / count);
                    means.set_row(j, &(means.row(j) + pull));
                }
            }
            means
        },
        |x, r, previous| {
            // A Newton step from where they were: the gradient over the Hessian.
            DMatrix::from_fn(previous.nrows(), previous.ncols(), |j, a| {
                let gradient: f64 = (0..x.nrows()).map(|i| r[(i, j)] * (previous[(j, a)] - x[(i, a)])).sum();
                previous[(j, a)] - if gradient == 0.0 { 0.0 } else { gradient / r.column(j).sum() }
            })
        },
        |x, r, previous| {
            // Least squares by the pseudo-inverse D⁺ of the counts: D⁺ rᵀx, and (I − D⁺D) of what was before.
            let counts = latent::counts(r);
            let inverse = counts.map(|count| if count > 0.0 { 1.0 / count } else { 0.0 });
            let kept = inverse.zip_map(&counts, |inverse, count| if inverse * count > 0.0 { 0.0 } else { 1.0 });
            DMatrix::from_diagonal(&inverse) * r.transpose() * x + DMatrix::from_diagonal(&kept) * previous
        },
        |x, r, previous| DMatrix::from_fn(previous.nrows(), previous.ncols(), |j, a| {
            // By halves: each half's average, weighted by its count.
            fn average(x: &[f64], r: &[f64]) -> (f64, f64) {
                if x.len() < 2 {
                    return (x[0], r[0]);
                }
                let middle = x.len() / 2;
                let (one, other) = (average(&x[..middle], &r[..middle]), average(&x[middle..], &r[middle..]));
                let count = one.1 + other.1;
                (if count > 0.0 { (one.0 * one.1 + other.0 * other.1) / count } else { 0.0 }, count)
            }
            let (x, r) = (x.column(a).into_owned(), r.column(j).into_owned());
            let (mean, count) = average(x.as_slice(), r.as_slice());
            if count > 0.0 { mean } else { previous[(j, a)] }
        });
    objective:
        |x, r, means| kmeans::objective(x, r, means).unwrap(),
        |x, r, means| {
            let mut sum = 0.0;
            for i in 0..x.nrows() {
                for j in 0..means.nrows() {
                    sum += r[(i, j)] * (x.row(i) - means.row(j)).norm_squared();
                }
            }
            sum
        },
        |x, r, means| expanded(x, means).component_mul(r).sum(),
        |x, r, means| (0..means.nrows()).map(|j| scatter(x, r, means, j).trace()).sum(),
        |x, r, means| {
            // Huygens: the cost at the averages, and what the means' distance from them adds.
            let best = kmeans::update_means(x, r, means).unwrap();
            let moved = (means - &best).row_iter().zip(latent::counts(r).iter())
                .map(|(row, count)| count * row.norm_squared()).sum::<f64>();
            (r.transpose() * expanded(x, &best)).trace() + moved
        },
        |x, r, means| {
            let mut sum = 0.0;
            for a in 0..x.ncols() {
                for j in 0..means.nrows() {
                    for i in 0..x.nrows() {
                        sum += r[(i, j)] * (x[(i, a)] - means[(j, a)]).abs().powi(2);
                    }
                }
            }
            sum
        };
    objective_gradient:
        |x, r, means| kmeans::objective_gradient(x, r, means).unwrap(),
        |x, r, means| DMatrix::from_fn(means.nrows(), means.ncols(), |j, a| {
            -2.0 * (0..x.nrows()).map(|i| r[(i, j)] * (x[(i, a)] - means[(j, a)])).sum::<f64>()
        }),
        |x, r, means| {
            let best = kmeans::update_means(x, r, means).unwrap();
            DMatrix::from_diagonal(&latent::counts(r)) * (means - best) * 2.0
        },
        |x, r, means| {
            let mut gradient = DMatrix::zeros(means.nrows(), means.ncols());
            for i in 0..x.nrows() {
                for j in 0..means.nrows() {
                    let pull = (means.row(j) - x.row(i)) * (2.0 * r[(i, j)]);
                    gradient.set_row(j, &(gradient.row(j) + pull));
                }
            }
            gradient
        },
        |x, r, means| (DMatrix::from_diagonal(&latent::counts(r)) * means - r.transpose() * x) * 2.0,
        |x, r, means| DMatrix::from_fn(means.nrows(), means.ncols(), |j, a| {
            // J is a parabola in each coordinate, so a central difference of any width is its slope.
            let at = |step: f64| {
                let mut moved = means.clone();
                moved[(j, a)] += step;
                kmeans::objective(x, r, &moved).unwrap()
            };
            at(0.5) - at(-0.5)
        });
    whole_kmeans:
        |x, start| kmeans::lloyd(x, start, 100).unwrap().means().clone(),
        |x, start| (0..200).fold(start.clone(), |means, _| sweep(x, &means)),
        |x, start| {
            let (mut means, mut labels) = (start.clone(), Vec::new());
            loop {
                let next = kmeans::assign(x, &means).unwrap();
                if next == labels {
                    return means;
                }
                labels = next;
                let r = latent::one_hot(&labels, means.nrows()).unwrap();
                means = kmeans::update_means(x, &r, &means).unwrap();
            }
        },
        |x, start| {
            // Until J falls no more.
            let mut means = start.clone();
            loop {
                let next = sweep(x, &means);
                if least_cost(x, &next) >= least_cost(x, &means) {
                    return next;
                }
                means = next;
            }
        },
        |x, start| rest(x, start.clone()),
        |x, start| {
            // The best of all labelings that leave no mean without a datum; it has nowhere to fall.
            let all = latent::labelings::all(x.nrows(), start.nrows()).unwrap();
            let whole = all.into_iter().map(|labels| latent::one_hot(&labels, start.nrows()).unwrap())
                .filter(|r| latent::counts(r).min() > 0.0);
            let means = whole.map(|r| kmeans::update_means(x, &r, start).unwrap());
            means.min_by(|one, other| least_cost(x, one).total_cmp(&least_cost(x, other))).unwrap()
        };
}
