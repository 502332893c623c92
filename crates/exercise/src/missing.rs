//! Chapter 11: rows with gaps, and what a step of EM makes of them.

use crate::case::{Case, shown, vector};
use crate::judge::{Exercise, Verdict, misshapen, unlike};
use executable_em::gaussian;
use executable_em::incomplete::{Incomplete, gaussian::seen_log_density};
use nalgebra::{DMatrix, DVector, RowDVector};
use std::fmt;

/// Data of which some cells are NaN, and a Gaussian.
#[derive(Clone)]
struct Gaps {
    x: DMatrix<f64>,
    mean: RowDVector<f64>,
    covariance: DMatrix<f64>,
}

impl Gaps {
    /// The first row shows all, so that every column is seen; of each other row one cell is missing.
    fn all() -> Vec<Gaps> {
        let gaps = |mut case: Case| {
            for i in 1..case.x.nrows() {
                let column = i % case.x.ncols();
                case.x[(i, column)] = f64::NAN;
            }
            Gaps {
                x: case.x,
                mean: case.model.means().row(0).into_owned(),
                covariance: case.model.covariances()[0].clone(),
            }
        };
        Case::all().into_iter().filter(|case| case.x.nrows() > 1 && case.x.ncols() > 1).map(gaps).collect()
    }

    fn l(&self) -> Option<f64> {
        let data = Incomplete::new(self.x.clone()).ok()?;
        Some(seen_log_density(&data, &self.mean, &self.covariance).ok()?.sum())
    }

    /// The slope of ℓ where the mean or the covariance moves, by a central difference.
    fn slope(&self, moved: impl Fn(&mut Gaps, f64)) -> Option<f64> {
        let at = |step: f64| {
            let mut gaps = self.clone();
            moved(&mut gaps, step);
            gaps.l()
        };
        Some((at(1e-5)? - at(-1e-5)?) / 2e-5)
    }
}

impl fmt::Display for Gaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mean = vector(&self.mean.transpose());
        write!(f, "x = {}, mean = {mean}, covariance = {}", shown(&self.x), shown(&self.covariance))
    }
}

/// `answer(x, mean, covariance)` gives ℓ, in nats, of rows in which NaN stands for a missing cell.
pub fn seen_log_likelihood(
    answer: impl Fn(&DMatrix<f64>, &RowDVector<f64>, &DMatrix<f64>) -> f64,
) -> Verdict {
    Exercise::on(Gaps::all())
        .law(|case, &l: &f64, answer: &dyn Fn(&Gaps) -> f64| {
            let parts = (0..case.x.nrows())
                .map(|i| answer(&Gaps { x: case.x.rows(i, 1).into_owned(), ..case.clone() }));
            unlike("ℓ of all rows", l, parts.sum(), 1e-9)
                .map(|words| format!("{words}, the sum over the rows"))
        })
        .law(|case, _, answer| {
            let whole = case.x.rows(0, 1).into_owned();
            let density = gaussian::log_density(&whole, &case.mean, &case.covariance).ok()?[0];
            unlike("ℓ of a row without gaps", answer(&Gaps { x: whole, ..case.clone() }), density, 1e-9)
        })
        .law(|case, _, answer| {
            // The trapezoidal rule over the missing cell, on a bell that ends flat.
            let row = case.x.rows(1, 1).into_owned();
            let at = row.iter().position(|cell| cell.is_nan())?;
            let filled = |step: i32| {
                let mut whole = row.clone();
                whole[at] = case.mean[at] + f64::from(step) / 20.0;
                answer(&Gaps { x: whole, ..case.clone() }).exp() / 20.0
            };
            let area: f64 = (-800..=800).map(filled).sum();
            unlike("the likelihood of row 2", answer(&Gaps { x: row, ..case.clone() }).exp(), area, 1e-7)
                .map(|words| format!("{words}, the integral over all that its missing cell may be"))
        })
        .judge(|case| answer(&case.x, &case.mean, &case.covariance))
}

/// `answer(row, mean, covariance)` gives the row with its missing cell replaced by what is expected there.
pub fn expected_cells(
    answer: impl Fn(&RowDVector<f64>, &RowDVector<f64>, &DMatrix<f64>) -> RowDVector<f64>,
) -> Verdict {
    Exercise::on(Gaps::all())
        .law(|case, filled: &DVector<f64>, _| {
            let kept = case.x.row(1).iter().zip(filled).all(|(cell, found)| cell.is_nan() || cell == found);
            (filled.len() != case.x.ncols() || !kept)
                .then(|| "a cell that is seen is to stay as it is".to_owned())
        })
        .law(|case, filled, _| {
            // Where the density is highest given what is seen, it has no slope in the missing cell.
            let at = case.x.row(1).iter().position(|cell| cell.is_nan())?;
            let slope = case.covariance.clone().lu().solve(&(case.mean.transpose() - filled))?;
            unlike("the slope of the log density in the missing cell", slope[at], 0.0, 1e-9)
                .map(|words| format!("{words}: what do the seen cells say of it?"))
        })
        .judge(|case| answer(&case.x.row(1).into_owned(), &case.mean, &case.covariance).transpose())
}

/// `answer(column, covariance)` gives the variance that is left of a cell once all others are seen; columns from 0.
pub fn variance_that_is_left(answer: impl Fn(usize, &DMatrix<f64>) -> f64) -> Verdict {
    Exercise::on(Gaps::all())
        .law(|case, &left: &f64, _| {
            (left <= 0.0 || left > case.covariance[(0, 0)] + 1e-9).then(|| {
                format!(
                    "it is {left:.4}, and should lie between 0 and the variance before, {:.4}",
                    case.covariance[(0, 0)]
                )
            })
        })
        .law(|case, &left, _| {
            // |Σ| is the variance that is left times the determinant of the rest.
            let rest = case.covariance.clone().remove_row(0).remove_column(0).determinant();
            unlike(
                "what is left times the determinant of the others",
                left * rest,
                case.covariance.determinant(),
                1e-9,
            )
        })
        .judge(|case| answer(0, &case.covariance))
}

/// One sweep of EM: `answer(x, mean, covariance)` gives the next mean and covariance.
pub fn step_with_gaps(
    answer: impl Fn(&DMatrix<f64>, &RowDVector<f64>, &DMatrix<f64>) -> (RowDVector<f64>, DMatrix<f64>),
) -> Verdict {
    Exercise::on(Gaps::all())
        .law(|case, (_, covariance): &(DVector<f64>, DMatrix<f64>), _| {
            misshapen(covariance, case.covariance.shape())
        })
        .law(|case, (mean, _), _| {
            // Fisher: the step is Σ/n times the slope of ℓ.
            let slopes: Option<Vec<f64>> =
                (0..mean.len()).map(|a| case.slope(|at, step| at.mean[a] += step)).collect();
            let step = &case.covariance * DVector::from_vec(slopes?) / case.x.nrows() as f64;
            (0..mean.len()).find_map(|a| {
                unlike(&format!("entry {} of the mean", a + 1), mean[a], case.mean[a] + step[a], 1e-5)
            })
        })
        .law(|case, (mean, covariance), _| {
            let d = mean.len();
            let mut gradient = DMatrix::zeros(d, d);
            for (a, b) in (0..d).flat_map(|a| (0..=a).map(move |b| (a, b))) {
                let slope = case.slope(|at, step| {
                    at.covariance[(a, b)] += step;
                    at.covariance[(b, a)] = at.covariance[(a, b)];
                })?;
                // Off the diagonal two entries have moved.
                gradient[(a, b)] = if a == b { slope } else { slope / 2.0 };
                gradient[(b, a)] = gradient[(a, b)];
            }
            let moved = mean - case.mean.transpose();
            let n = case.x.nrows() as f64;
            let wanted = &case.covariance + &case.covariance * gradient * &case.covariance * (2.0 / n)
                - &moved * moved.transpose();
            (0..d * d).find_map(|at| {
                let name = format!("entry ({}, {}) of the covariance", at % d + 1, at / d + 1);
                unlike(&name, covariance[at], wanted[at], 1e-4)
                    .map(|words| format!("{words}: is what nobody knows of the missing cells in it?"))
            })
        })
        .judge(|case| {
            let (mean, covariance) = answer(&case.x, &case.mean, &case.covariance);
            (mean.transpose(), covariance)
        })
}

/// Where EM rests: `answer(seen, missing)` gives mean and variance of a column of which so many more cells are missing.
pub fn rest_with_gaps(answer: impl Fn(&DVector<f64>, usize) -> (f64, f64)) -> Verdict {
    struct Column {
        seen: DVector<f64>,
        missing: usize,
    }
    impl fmt::Display for Column {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "seen = {}, missing = {}", vector(&self.seen), self.missing)
        }
    }
    let columns = Case::on_the_line().into_iter().filter(|case| case.x.nrows() > 1).enumerate();
    let column =
        |(at, case): (usize, Case)| Column { seen: case.x.column(0).into_owned(), missing: 1 + at % 4 };
    Exercise::on(columns.map(column).collect())
        .law(|case, &(mean, _): &(f64, f64), _| {
            let all = (case.seen.len() + case.missing) as f64;
            let next = (case.seen.sum() + case.missing as f64 * mean) / all;
            unlike("the mean after one more sweep", next, mean, 1e-9)
        })
        .law(|case, &(mean, variance), _| {
            let all = (case.seen.len() + case.missing) as f64;
            let seen: f64 = case.seen.iter().map(|x| (x - mean).powi(2)).sum();
            // Each missing cell brings the variance as it is believed to be.
            let next = (seen + case.missing as f64 * variance) / all;
            unlike("the variance after one more sweep", next, variance, 1e-9)
        })
        .judge(|case| answer(&case.seen, case.missing))
}
