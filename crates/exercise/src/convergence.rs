//! Chapter 12: how fast EM converges, how sure its answer is, and how to be there sooner.

use crate::case::{Case, shown, vector};
use crate::given::Given;
use crate::judge::{Exercise, Verdict, misshapen, unlike};
use nalgebra::{DMatrix, DVector};
use std::cell::Cell;
use std::fmt;

/// `answer(rate)` gives how many sweeps one more decimal digit of ℓ takes where θ converges at this rate.
pub fn sweeps_for_a_digit(answer: impl Fn(f64) -> f64) -> Verdict {
    Exercise::on(Given::all(["rate"], [0.1, 0.5, 0.9, 0.99, 0.998, 0.9999].map(|rate| [rate])))
        .law(|case, &sweeps: &f64, _| {
            // ℓ lacks ½ e² where θ lacks e, in the units of its curvature.
            let lacks = |t: f64| 0.5 * case.of("rate").powf(t).powi(2);
            unlike("by how much less ℓ lacks after them", lacks(0.0) / lacks(sweeps), 10.0, 1e-9)
                .map(|words| format!("{words}: is ℓ flat where θ rests?"))
        })
        .judge(|case| answer(case.of("rate")))
}

/// Aitken: `answer(earlier, before, now)` gives the limit of a sequence that converges geometrically.
pub fn limit_of_a_sequence(answer: impl Fn(f64, f64, f64) -> f64) -> Verdict {
    let case = |rate: f64, limit: f64| [0, 1, 2].map(|t| limit + 3.0 * rate.powi(t));
    let cases =
        [0.5, 0.9, -0.5, 0.99].iter().flat_map(|&rate| [0.0, -10.0, 4.0].map(|limit| case(rate, limit)));
    Exercise::on(Given::all(["earlier", "before", "now"], cases))
        .law(|case, &limit: &f64, _| {
            let [earlier, before, now] = ["earlier", "before", "now"].map(|name| case.of(name));
            let (first, second) = ((before - limit) / (earlier - limit), (now - limit) / (before - limit));
            unlike(
                "what is left after the second step, as a share of what was left before it,",
                second,
                first,
                1e-6,
            )
            .map(|words| format!("{words}, the share of the first step"))
        })
        .judge(|case| answer(case.of("earlier"), case.of("before"), case.of("now")))
}

/// Two informations of p parameters: what the complete data would tell, and what is seen tells.
struct Informations {
    complete: DMatrix<f64>,
    seen: DMatrix<f64>,
}

impl Informations {
    fn all() -> Vec<Informations> {
        let of = |case: Case| {
            let seen = case.model.covariances()[0].clone();
            let other = case.model.covariances().last().expect("a component").clone();
            Informations { complete: &seen + other, seen }
        };
        Case::all().into_iter().map(of).collect()
    }
}

impl fmt::Display for Informations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "complete = {}, seen = {}", shown(&self.complete), shown(&self.seen))
    }
}

/// `answer(complete, seen)` gives the Jacobian of a sweep at its fixed point, from the two informations.
pub fn rate_matrix(answer: impl Fn(&DMatrix<f64>, &DMatrix<f64>) -> DMatrix<f64>) -> Verdict {
    Exercise::on(Informations::all())
        .law(|case, map: &DMatrix<f64>, _| misshapen(map, case.seen.shape()))
        .law(|case, map, _| {
            // A sweep is a Newton step with the complete information: from an error e, the score is −I_seen e.
            let error = DVector::from_fn(map.nrows(), |a, _| 1.0 + a as f64);
            let step = case.complete.clone().lu().solve(&(&case.seen * &error))?;
            let wrong = (map * &error - (&error - step)).amax();
            unlike("how much the next error differs from the last one less the step", wrong, 0.0, 1e-9)
        })
        .law(|_, map, _| {
            let rates = map.clone().complex_eigenvalues();
            let outside =
                rates.iter().find(|rate| rate.re < -1e-9 || rate.re > 1.0 || rate.im.abs() > 1e-6)?;
            Some(format!("a direction converges at the rate {outside:.4}, which no share of information is"))
        })
        .judge(|case| answer(&case.complete, &case.seen))
}

/// `answer(information)` gives the standard errors of p estimates.
pub fn standard_errors(answer: impl Fn(&DMatrix<f64>) -> DVector<f64>) -> Verdict {
    Exercise::on(Informations::all())
        .law(|case, errors: &DVector<f64>, _| {
            let p = case.seen.nrows();
            (errors.len() != p || errors.min() <= 0.0).then(|| format!("{p} numbers above zero are wanted"))
        })
        .law(|case, errors, _| {
            (0..errors.len()).find_map(|a| {
                let known = case.seen[(a, a)].recip().sqrt();
                (errors[a] < known - 1e-9).then(|| {
                    format!(
                        "error {} is {:.4}, less than the {known:.4} one would have if all other \
                         parameters were known",
                        a + 1,
                        errors[a]
                    )
                })
            })
        })
        .law(|case, errors, _| {
            // Over parameter a, with the others at their best, −2 log L rises by one at one standard error.
            (0..errors.len()).find_map(|a| {
                let others = case.seen.clone().remove_row(a).remove_column(a);
                let left = case.seen.determinant() / others.determinant();
                let name =
                    format!("the curvature of the profile in parameter {}, times the squared error", a + 1);
                unlike(&name, left * errors[a].powi(2), 1.0, 1e-7)
            })
        })
        .judge(|case| answer(&case.seen))
}

/// `answer(gradient, covariance)` gives the standard error of a function of the estimates.
pub fn delta_method(answer: impl Fn(&DVector<f64>, &DMatrix<f64>) -> f64) -> Verdict {
    struct Function {
        gradient: DVector<f64>,
        covariance: DMatrix<f64>,
    }
    impl fmt::Display for Function {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "gradient = {}, covariance = {}", vector(&self.gradient), shown(&self.covariance))
        }
    }
    let of = |case: Case| Function {
        gradient: case.x.row(0).transpose(),
        covariance: case.model.covariances()[0].clone(),
    };
    Exercise::on(Case::all().into_iter().map(of).collect())
        .law(|case, &error: &f64, _| {
            // Estimates that are L z, with z independent and of variance one.
            let root = case.covariance.clone().cholesky()?.l();
            let pulls = root.transpose() * &case.gradient;
            unlike("the standard error", error, pulls.norm(), 1e-9)
                .map(|words| format!("{words}: are the covariances in it, and is it a root?"))
        })
        .judge(|case| answer(&case.gradient, &case.covariance))
}

/// `answer(sweep, start)` gives where `sweep`, a map of one number, comes to rest, and asks it at most 40 times.
pub fn accelerated(answer: impl Fn(&dyn Fn(f64) -> f64, f64) -> f64) -> Verdict {
    const CALLS: usize = 40;
    /// m ← tanh(βm): two round components at ±m, each datum at ±1.
    struct Map {
        stiffness: f64,
        start: f64,
        calls: Cell<usize>,
    }
    impl fmt::Display for Map {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "sweep(m) = tanh({} m), start = {}", self.stiffness, self.start)
        }
    }
    let maps = [2.0, 1.5, 1.1, 1.02]
        .iter()
        .flat_map(|&stiffness| [0.9, 0.5].map(|start| Map { stiffness, start, calls: Cell::new(0) }));
    Exercise::on(maps.collect())
        .law(|case, &rest: &f64, _| {
            let moved = (case.stiffness * rest).tanh() - rest;
            (moved.abs() > 1e-9).then(|| format!("at m = {rest:.9} one more sweep moves it by {moved:.1e}"))
        })
        .law(|_, &rest, _| (rest <= 1e-3).then(|| "it rests at zero, which is the saddle".to_owned()))
        .law(|case, _, _| {
            let calls = case.calls.get();
            (calls > CALLS).then(|| {
                format!("it took {calls} sweeps; {CALLS} are allowed: use what they tell of the limit")
            })
        })
        .judge(|case| {
            case.calls.set(0);
            let sweep = |m: f64| {
                case.calls.set(case.calls.get() + 1);
                // Whoever goes on and on is stopped, and stays where they are.
                if case.calls.get() > 100_000 { m } else { (case.stiffness * m).tanh() }
            };
            answer(&sweep, case.start)
        })
}
