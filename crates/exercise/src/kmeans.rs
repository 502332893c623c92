//! Chapter 1: the two steps, and the number that neither can raise.

use crate::case::Case;
use crate::judge::{Exercise, Verdict, misshapen, near, unlike};
use executable_em::errata::{lecture_b, lecture_h, lecture_t};
use executable_em::kmeans;
use executable_em::latent::{self, one_hot};
use nalgebra::DMatrix;

/// The assignment step: `answer(x, means)` gives the label of each datum's nearest mean, counted from 0.
///
/// ```
/// let verdict = executable_em_exercise::nearest_means(|x, _| vec![0; x.nrows()]);
/// assert!(!verdict.is_right());
/// ```
pub fn nearest_means(answer: impl Fn(&DMatrix<f64>, &DMatrix<f64>) -> Vec<usize>) -> Verdict {
    Exercise::on(Case::all())
        .law(|case, labels: &Vec<usize>, _| {
            let (n, k) = (case.x.nrows(), case.model.k());
            let fits = labels.len() == n && labels.iter().all(|&label| label < k);
            (!fits).then(|| format!("{n} labels below {k} are wanted, these are {labels:?}"))
        })
        .law(|case, labels, _| {
            let from = |i: usize, j: usize| (case.x.row(i) - case.model.means().row(j)).norm();
            labels.iter().enumerate().find_map(|(i, &own)| {
                let nearer = (0..case.model.k()).find(|&j| from(i, j) < from(i, own) - 1e-12)?;
                let (datum, own, nearer) = (i + 1, own + 1, nearer + 1);
                Some(format!(
                    "datum {datum} is given to mean {own}, but mean {nearer} is nearer: is it a distance?"
                ))
            })
        })
        .slip("T-E12", |case| lecture_t::assign_by_difference(&case.x, case.model.means()).ok())
        .judge(|case| answer(&case.x, case.model.means()))
}

/// The mean step: `answer(x, r, previous)` gives k×d means; one that no datum has stays where it was.
pub fn average_means(
    answer: impl Fn(&DMatrix<f64>, &DMatrix<f64>, &DMatrix<f64>) -> DMatrix<f64>,
) -> Verdict {
    let mut cases = Case::all();
    for case in cases.iter_mut().skip(1).step_by(3) {
        // Nobody chose the last mean.
        let zeros = case.labels.iter().map(|_| 0).collect::<Vec<_>>();
        case.r = one_hot(&zeros, case.model.k()).expect("labels below k");
    }
    Exercise::on(cases)
        .law(|case, means: &DMatrix<f64>, _| misshapen(means, case.model.means().shape()))
        .law(|case, means, _| {
            let counts = latent::counts(&case.r);
            (0..counts.len()).filter(|&j| counts[j] == 0.0).find_map(|j| {
                let stays = means.row(j) == case.model.means().row(j);
                (!stays).then(|| format!("mean {} has no data, and should stay where it was", j + 1))
            })
        })
        .law(|case, means, _| {
            let counts = latent::counts(&case.r);
            (0..counts.len()).filter(|&j| counts[j] > 0.0).find_map(|j| {
                let pull: f64 =
                    (0..case.x.nrows()).map(|i| case.r[(i, j)] * (case.x[(i, 0)] - means[(j, 0)])).sum();
                let name =
                    format!("the sum of r (x − m) over the data of mean {}, in the first column,", j + 1);
                unlike(&name, pull, 0.0, 1e-9)
            })
        })
        .law(|case, means, _| {
            let gradient = kmeans::objective_gradient(&case.x, &case.r, means).ok()?;
            unlike("the largest slope of J in the means", gradient.amax(), 0.0, 1e-9)
        })
        .slip("H-E13", |case| lecture_h::means_by_a_product(&case.x, &case.r).ok())
        .judge(|case| answer(&case.x, &case.r, case.model.means()))
}

/// The objective: `answer(x, r, means)` gives J.
pub fn objective(answer: impl Fn(&DMatrix<f64>, &DMatrix<f64>, &DMatrix<f64>) -> f64) -> Verdict {
    let mut cases = Case::all();
    for case in cases.iter_mut().step_by(2) {
        case.r = one_hot(&case.labels, case.model.k()).expect("labels below k");
    }
    let with_means = |case: &Case, means: DMatrix<f64>| {
        let model = case.model.with_means(means).expect("finite means");
        Case { model, ..case.clone() }
    };
    Exercise::on(cases)
        .law(move |case, _, answer: &dyn Fn(&Case) -> f64| {
            let one =
                Case { r: case.r.map_with_location(|_, j, _| f64::from(u8::from(j == 0))), ..case.clone() }
                    .rows(&[0]);
            let mut means = case.model.means().clone();
            means.set_row(0, &case.x.row(0));
            unlike("J of a datum that lies on its own mean", answer(&with_means(&one, means)), 0.0, 1e-12)
        })
        .law(|case, &whole, answer| {
            let parts = (0..case.x.nrows()).map(|i| answer(&case.rows(&[i]))).sum();
            unlike("J of all data", whole, parts, 1e-9)
                .map(|words| format!("{words}, the sum over the data one by one"))
        })
        .law(move |case, &whole, answer| {
            let best = kmeans::update_means(&case.x, &case.r, case.model.means()).expect("a state");
            let counts = latent::counts(&case.r);
            let moved = (0..counts.len())
                .map(|j| counts[j] * (case.model.means().row(j) - best.row(j)).norm_squared());
            let rise = whole - answer(&with_means(case, best.clone()));
            let words = "how much J is above its value at the averages";
            unlike(words, rise, moved.sum(), 1e-9).map(|words| format!("{words}: is the distance squared?"))
        })
        .slip("B-E19", |case| {
            let hard = case.r.iter().all(|&entry| entry == 0.0 || entry == 1.0);
            let label = (0..case.model.k()).find(|&j| case.r[(0, j)] == 1.0)?;
            hard.then(|| lecture_b::risk_with_one_label_for_all(&case.x, case.model.means(), label).ok())?
        })
        .judge(|case| answer(&case.x, &case.r, case.model.means()))
}

/// Its gradient: `answer(x, r, means)` gives ∂J/∂m, k×d.
pub fn objective_gradient(
    answer: impl Fn(&DMatrix<f64>, &DMatrix<f64>, &DMatrix<f64>) -> DMatrix<f64>,
) -> Verdict {
    Exercise::on(Case::all())
        .law(|case, gradient: &DMatrix<f64>, _| misshapen(gradient, case.model.means().shape()))
        .law(|case, gradient, _| {
            let means = case.model.means();
            let j_at = |step: f64, at: usize| {
                let mut moved = means.clone();
                moved[at] += step;
                kmeans::objective(&case.x, &case.r, &moved).expect("a state")
            };
            // J is quadratic, so the quotient over [−1, 1] is its slope.
            (0..means.len()).find_map(|at| {
                let (j, a) = (at % means.nrows() + 1, at / means.nrows() + 1);
                let name = format!("the slope in coordinate {a} of mean {j}");
                unlike(&name, gradient[at], (j_at(1.0, at) - j_at(-1.0, at)) / 2.0, 1e-9)
            })
        })
        .judge(|case| answer(&case.x, &case.r, case.model.means()))
}

/// The whole algorithm: `answer(x, start)` gives the means at rest.
pub fn whole_kmeans(answer: impl Fn(&DMatrix<f64>, &DMatrix<f64>) -> DMatrix<f64>) -> Verdict {
    let j_of = |x: &DMatrix<f64>, means: &DMatrix<f64>| {
        let r = kmeans::responsibilities(x, means).expect("data and means");
        kmeans::objective(x, &r, means).expect("a state")
    };
    Exercise::on(Case::all())
        .law(|case, means: &DMatrix<f64>, _| misshapen(means, case.model.means().shape()))
        .law(|case, means, _| {
            let r = kmeans::responsibilities(&case.x, means).ok()?;
            let next = kmeans::update_means(&case.x, &r, means).ok()?;
            let moves = next.iter().zip(means).any(|(&next, &mean)| !near(next, mean, 1e-9));
            moves.then(|| "one more sweep moves the means: they are not at rest".to_owned())
        })
        .law(move |case, means, _| {
            let (start, end) = (j_of(&case.x, case.model.means()), j_of(&case.x, means));
            (end > start + 1e-9).then(|| format!("J rose from {start:.4} to {end:.4}"))
        })
        .judge(|case| answer(&case.x, case.model.means()))
}
