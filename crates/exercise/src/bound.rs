//! Chapter 5: Jensen's inequality, entropy, divergence, and the bound.

use crate::case::{Case, shown, vector};
use crate::judge::{Exercise, Verdict, number, unlike};
use executable_em::errata::{lecture_c, lecture_h};
use executable_em::latent::{self, Model};
use nalgebra::{DMatrix, DVector};
use std::fmt;

/// Two tables of distributions and a log joint.
struct Bound {
    q: DMatrix<f64>,
    p: DMatrix<f64>,
    log_joint: DMatrix<f64>,
}

impl Bound {
    fn all() -> Vec<Bound> {
        let bound = |case: Case| {
            let log_joint = case.model.log_joint(&case.x).expect("data of its dimension");
            // Tamed, so that no posterior underflows.
            let log_joint = log_joint.map(|entry| entry / 20.0);
            Bound { q: case.r, p: latent::responsibilities(&log_joint).expect("a table"), log_joint }
        };
        let mut all: Vec<Bound> = Case::all().into_iter().map(bound).collect();
        for bound in all.iter_mut().skip(2).step_by(5) {
            // A distribution without doubt: 0 log 0 is 0.
            bound.q = DMatrix::from_fn(bound.q.nrows(), bound.q.ncols(), |_, j| f64::from(u8::from(j == 0)));
        }
        all
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "q = {},\n  p = {},\n  log_joint = {}",
            shown(&self.q),
            shown(&self.p),
            shown(&self.log_joint)
        )
    }
}

/// `answer(q)` gives the entropy of a table of distributions, in nats.
pub fn entropy(answer: impl Fn(&DMatrix<f64>) -> f64) -> Verdict {
    Exercise::on(Bound::all())
        .law(|case, &h: &f64, answer: &dyn Fn(&Bound) -> f64| {
            let row = |i: usize| {
                answer(&Bound {
                    q: case.q.rows(i, 1).into_owned(),
                    p: case.p.clone(),
                    log_joint: case.log_joint.clone(),
                })
            };
            let sum = (0..case.q.nrows()).map(row).sum();
            unlike("the entropy", h, sum, 1e-9).map(|words| format!("{words}, the sum over the rows"))
        })
        .law(|case, _, answer| {
            let k = case.q.ncols();
            let even = DMatrix::from_element(1, k, 1.0 / k as f64);
            let found = answer(&Bound { q: even, p: case.p.clone(), log_joint: case.log_joint.clone() });
            unlike(&format!("the entropy of {k} equal probabilities"), found, (k as f64).ln(), 1e-9)
        })
        .law(|case, &h, _| {
            // Gibbs: no other distribution codes q in fewer nats.
            let crossed: f64 = case.q.iter().zip(&case.p).map(|(q, p)| -q * p.ln()).sum();
            (h > crossed + 1e-9 || h < -1e-12).then(|| {
                format!(
                    "{h:.6} is below 0 or above {crossed:.6}, the cross entropy with another distribution"
                )
            })
        })
        .law(|case, &h, _| {
            let divergence: f64 =
                case.q.iter().zip(&case.p).filter(|(q, _)| **q > 0.0).map(|(q, p)| q * (q / p).ln()).sum();
            let crossed: f64 = case.q.iter().zip(&case.p).map(|(q, p)| -q * p.ln()).sum();
            unlike("the cross entropy less the entropy", crossed - h, divergence, 1e-9)
        })
        .judge(|case| answer(&case.q))
}

/// `answer(q, p)` gives KL(q‖p), summed over the rows, in nats.
pub fn kl_divergence(answer: impl Fn(&DMatrix<f64>, &DMatrix<f64>) -> f64) -> Verdict {
    Exercise::on(Bound::all())
        .law(|_, &kl: &f64, _| (kl < -1e-9).then(|| format!("{} is below zero", number(kl))))
        .law(|case, _, answer: &dyn Fn(&Bound) -> f64| {
            let same = Bound { q: case.p.clone(), p: case.p.clone(), log_joint: case.log_joint.clone() };
            unlike("the divergence of a distribution from itself", answer(&same), 0.0, 1e-9)
        })
        .law(|case, &kl, _| {
            let log_joint = &case.log_joint;
            let gap = latent::log_likelihood(log_joint).ok()?
                - executable_em::bound::lower_bound(&case.q, log_joint).ok()?;
            unlike("the divergence from the posterior", kl, gap, 1e-9).map(|words| {
                format!("{words}, what the bound lacks: which of the two is the mean taken under?")
            })
        })
        .judge(|case| answer(&case.q, &case.p))
}

/// `answer(q, log_joint)` gives the bound F, in nats.
pub fn lower_bound(answer: impl Fn(&DMatrix<f64>, &DMatrix<f64>) -> f64) -> Verdict {
    Exercise::on(Bound::all())
        .law(|case, &f: &f64, _| {
            let l = latent::log_likelihood(&case.log_joint).ok()?;
            (f > l + 1e-9)
                .then(|| format!("it is {f:.6}, above ℓ = {l:.6}: what is the sign of the entropy?"))
        })
        .law(|case, _, answer: &dyn Fn(&Bound) -> f64| {
            let touching = Bound { q: case.p.clone(), p: case.p.clone(), log_joint: case.log_joint.clone() };
            unlike(
                "the bound at the posterior",
                answer(&touching),
                latent::log_likelihood(&case.log_joint).ok()?,
                1e-9,
            )
            .map(|words| format!("{words}, ℓ: is the entropy in it?"))
        })
        .law(|case, &f, _| {
            let gap = executable_em::bound::gap(&case.q, &case.log_joint).ok()?;
            unlike("ℓ less the bound", latent::log_likelihood(&case.log_joint).ok()? - f, gap, 1e-9)
        })
        .slip("C-E17", |case| lecture_c::lower_bound_with_the_sign_lost(&case.q, &case.log_joint).ok())
        .slip("H-E19", |case| lecture_h::expected_log_joint_unfrozen(&case.log_joint).ok())
        .judge(|case| answer(&case.q, &case.log_joint))
}

/// `answer(f, weights, points)` gives E f(x) − f(E x).
pub fn jensen_gap(answer: impl Fn(&dyn Fn(f64) -> f64, &DVector<f64>, &DVector<f64>) -> f64) -> Verdict {
    struct Atoms {
        weights: DVector<f64>,
        points: DVector<f64>,
        /// What is added to x²: so many times 3x − 1.
        line: f64,
    }
    impl fmt::Display for Atoms {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "weights = {}, points = {}", vector(&self.weights), vector(&self.points))
        }
    }
    let atoms = |case: Case| {
        let points = case.model.means().column(0).into_owned();
        Atoms { weights: case.model.weights().clone(), points, line: 0.0 }
    };
    Exercise::on(Case::all().into_iter().map(atoms).collect())
        .law(|case, &gap: &f64, answer: &dyn Fn(&Atoms) -> f64| {
            let mean = case.weights.dot(&case.points);
            let variance: f64 =
                case.weights.iter().zip(&case.points).map(|(w, x)| w * (x - mean).powi(2)).sum();
            unlike("the gap of f(x) = x²", gap, variance, 1e-9)
                .or_else(|| {
                    // A line has no gap; f of the deviations, right for x² alone, would have one.
                    let tilted =
                        Atoms { weights: case.weights.clone(), points: case.points.clone(), line: 1.0 };
                    unlike("the gap of f(x) = x² + 3x − 1", answer(&tilted), variance, 1e-9)
                })
                .map(|words| format!("{words}, the variance"))
        })
        .judge(|case| answer(&|x| x * x + case.line * (3.0 * x - 1.0), &case.weights, &case.points))
}
