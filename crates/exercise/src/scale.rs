//! Chapter 10: the sums that a sweep needs, and how they join.

use crate::case::{Case, shown};
use crate::judge::{Exercise, Verdict, misshapen, unlike};
use executable_em::kmeans;
use nalgebra::{DMatrix, DVector};
use std::fmt;

/// Counts, and the data summed by component.
type Sums = (DVector<f64>, DMatrix<f64>);

/// `answer(x, r)` gives Σ r (k numbers) and Σ r x (k×d).
pub fn sums(answer: impl Fn(&DMatrix<f64>, &DMatrix<f64>) -> Sums) -> Verdict {
    Exercise::on(Case::all())
        .law(|case, (counts, first): &Sums, _| {
            let (k, d) = (case.model.k(), case.model.d());
            (counts.len() != k).then(|| format!("{k} counts are wanted")).or_else(|| misshapen(first, (k, d)))
        })
        .law(|case, (counts, first), answer: &dyn Fn(&Case) -> Sums| {
            let mut left = (counts.clone(), first.clone());
            for i in 0..case.x.nrows() {
                let one = answer(&case.rows(&[i]));
                left = (left.0 - one.0, left.1 - one.1);
            }
            unlike(
                "what is left when the sums of the single data are taken away",
                left.0.amax().max(left.1.amax()),
                0.0,
                1e-9,
            )
        })
        .law(|case, (counts, first), _| {
            let means = kmeans::update_means(&case.x, &case.r, case.model.means()).ok()?;
            let differs = (DMatrix::from_diagonal(counts) * means - first).amax();
            unlike("the largest difference between count times mean and Σ r x", differs, 0.0, 1e-9)
        })
        .law(|case, (counts, _), _| {
            unlike("the sum of all counts", counts.sum(), case.x.nrows() as f64, 1e-9)
        })
        .judge(|case| answer(&case.x, &case.r))
}

/// `answer(counts, first)` gives the k×d means from Σ r and Σ r x.
pub fn means_from_sums(answer: impl Fn(&DVector<f64>, &DMatrix<f64>) -> DMatrix<f64>) -> Verdict {
    let sums = |case: &Case| (executable_em::latent::counts(&case.r), case.r.transpose() * &case.x);
    Exercise::on(Case::all())
        .law(|case, means: &DMatrix<f64>, _| misshapen(means, case.model.means().shape()))
        .law(move |case, means, _| {
            let (counts, first) = sums(case);
            unlike(
                "the largest entry of R m − Σ r x",
                (DMatrix::from_diagonal(&counts) * means - first).amax(),
                0.0,
                1e-9,
            )
        })
        .judge(move |case| {
            let (counts, first) = sums(case);
            answer(&counts, &first)
        })
}

/// Numbers, and where they are cut in two.
struct Parts {
    x: DMatrix<f64>,
    cut: usize,
}

impl Parts {
    fn all() -> Vec<Parts> {
        let cut = |(at, case): (usize, Case)| Parts { cut: 1 + at % (case.x.nrows() - 1), x: case.x };
        Case::on_the_line().into_iter().filter(|case| case.x.nrows() > 1).enumerate().map(cut).collect()
    }

    /// Number, mean and Σ(x − mean)² of some of the rows.
    fn moments(&self, from: usize, to: usize) -> [f64; 3] {
        let part = self.x.rows(from, to - from);
        let mean = part.sum() / part.nrows() as f64;
        [part.nrows() as f64, mean, part.iter().map(|x| (x - mean).powi(2)).sum()]
    }
}

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "x = {}, cut after {}", shown(&self.x), self.cut)
    }
}

/// Two parts of a data set join: `answer(one, other)` takes and gives (n, mean, Σ(x − mean)²).
pub fn join_moments(answer: impl Fn([f64; 3], [f64; 3]) -> [f64; 3]) -> Verdict {
    Exercise::on(Parts::all())
        .law(|case, joined: &Vec<f64>, _| {
            unlike("the number of data", joined[0], case.x.nrows() as f64, 1e-12)
        })
        .law(|case, joined, _| {
            let pull: f64 = case.x.iter().map(|x| x - joined[1]).sum();
            unlike("the sum of x − mean over all data", pull, 0.0, 1e-9)
        })
        .law(|case, joined, _| {
            let scatter: f64 = case.x.iter().map(|x| (x - joined[1]).powi(2)).sum();
            unlike("Σ(x − mean)²", joined[2], scatter, 1e-9)
                .map(|words| format!("{words}: do the two means differ?"))
        })
        .judge(|case| answer(case.moments(0, case.cut), case.moments(case.cut, case.x.nrows())).to_vec())
}

/// `answer(n, mean, scatter)` gives the variance about another point: `point` is one above the mean.
pub fn variance_from_moments(answer: impl Fn(f64, f64, f64, f64) -> f64) -> Verdict {
    Exercise::on(Parts::all())
        .law(|case, &variance: &f64, _| {
            let [n, mean, _] = case.moments(0, case.x.nrows());
            let about: f64 = case.x.iter().map(|x| (x - mean - 1.0).powi(2)).sum::<f64>() / n;
            unlike("the mean of (x − point)²", variance, about, 1e-9)
        })
        .judge(|case| {
            let [n, mean, scatter] = case.moments(0, case.x.nrows());
            answer(n, mean, scatter, mean + 1.0)
        })
}
