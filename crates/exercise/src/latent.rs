//! Chapter 4: one-hot labels, the log joint, the posterior, and Q.

use crate::case::{Case, shown, vector};
use crate::judge::{Exercise, Verdict, misshapen, odds_differ, unlike, unnormalised};
use executable_em::errata::{lecture_c, lecture_h, lecture_l, lecture_t};
use executable_em::latent::{self, Model, complete, labelings};
use nalgebra::{DMatrix, DVector};
use std::fmt;

/// A table n×k of log joints, and what else a case has.
struct Table {
    log_joint: DMatrix<f64>,
    case: Case,
}

impl Table {
    fn all() -> Vec<Table> {
        let log_joint = |case: &Case| case.model.log_joint(&case.x).expect("data of its dimension");
        Case::all().into_iter().map(|case| Table { log_joint: log_joint(&case), case }).collect()
    }

    /// Those with so few labelings that they can be written down.
    fn small() -> Vec<Table> {
        Table::all().into_iter().filter(|table| table.log_joint.len() <= 12).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (labels, r) = (&self.case.labels, shown(&self.case.r));
        write!(f, "log_joint = {},\n  labels from 0 = {labels:?}, q = {r}", shown(&self.log_joint))
    }
}

/// `answer(labels, k)` gives n×k zeros and ones.
pub fn one_hot(answer: impl Fn(&[usize], usize) -> DMatrix<f64>) -> Verdict {
    Exercise::on(Case::all())
        .law(|case, z: &DMatrix<f64>, _| misshapen(z, (case.x.nrows(), case.model.k())))
        .law(|_, z, _| unnormalised(z, 0.0))
        .law(|case, z, _| {
            let names = z * DVector::from_fn(z.ncols(), |j, _| j as f64);
            let wrong =
                (0..z.nrows()).find(|&i| names[i] != case.labels[i] as f64 || z.row(i).amax() != 1.0)?;
            Some(format!("the one of row {} is not in the column of its label", wrong + 1))
        })
        .judge(|case| answer(&case.labels, case.model.k()))
}

/// `answer(terms)` gives the log of the sum of their exponentials, however large or small they are.
pub fn log_sum_exp(answer: impl Fn(&[f64]) -> f64) -> Verdict {
    struct Terms(Vec<f64>);
    impl fmt::Display for Terms {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "terms = {}", vector(&DVector::from_column_slice(&self.0)))
        }
    }
    let small = Table::all().into_iter().map(|table| table.log_joint.row(0).iter().copied().collect());
    let shifts = [0.0, 700.0, -800.0, 1e5];
    let moved = |terms: Vec<f64>| shifts.map(|shift| Terms(terms.iter().map(|term| term + shift).collect()));
    Exercise::on(small.flat_map(moved).collect())
        .law(|Terms(terms), &sum: &f64, _| {
            // The exponentials, taken from the answer, are probabilities.
            let shares: f64 = terms.iter().map(|term| (term - sum).exp()).sum();
            unlike("Σ exp(term − answer)", shares, 1.0, 1e-9)
                .map(|words| format!("{words}: does an exponential overflow?"))
        })
        .judge(|Terms(terms)| answer(terms))
}

/// `answer(log_joint, labels)` gives the complete-data log-likelihood, in nats.
pub fn complete_log_likelihood(answer: impl Fn(&DMatrix<f64>, &[usize]) -> f64) -> Verdict {
    Exercise::on(Table::small())
        .law(|table, _, answer: &dyn Fn(&Table) -> f64| {
            // Over all labelings the likelihoods add up to that of the data.
            let (n, k) = table.log_joint.shape();
            let under = |labels| {
                answer(&Table {
                    case: Case { labels, ..table.case.clone() },
                    log_joint: table.log_joint.clone(),
                })
            };
            let sum: f64 = labelings::all(n, k).ok()?.into_iter().map(|labels| under(labels).exp()).sum();
            unlike(
                "the log of the sum over all labelings of exp(answer)",
                sum.ln(),
                latent::log_likelihood(&table.log_joint).ok()?,
                1e-9,
            )
        })
        .law(|table, &l, answer| {
            let mut raised = table.log_joint.clone();
            raised[(0, table.case.labels[0])] += 1.0;
            let rise = answer(&Table { log_joint: raised, case: table.case.clone() }) - l;
            unlike("how much it rises with the log joint of datum 1 and its label", rise, 1.0, 1e-9)
        })
        .slip("T-E07", |table| lecture_t::complete_log_likelihood_with_a_free_index(&table.log_joint, 0).ok())
        .judge(|table| answer(&table.log_joint, &table.case.labels))
}

/// `answer(tables, labels)` gives log p(x | z), in nats.
pub fn log_conditional(answer: impl Fn(&Tables, &[usize]) -> f64) -> Verdict {
    Exercise::on(Case::all())
        .law(|case, &found: &f64, _| {
            let log_joint = case.model.log_joint(&case.x).ok()?;
            let joint = complete::log_likelihood(&log_joint, &case.labels).ok()?;
            let prior = complete::log_prior(&case.labels, case.model.weights()).ok()?;
            unlike("log p(x | z) + log p(z)", found + prior, joint, 1e-9)
                .map(|words| format!("{words}, which is log p(x, z): are the weights in it?"))
        })
        .slip("H-E09", |case| {
            let log_joint = case.model.log_joint(&case.x).ok()?;
            lecture_h::log_conditional_with_the_weights(&log_joint, &case.labels).ok()
        })
        .slip("L-E05", |case| {
            // A datum alone is drawn from what is printed.
            let log_joint = case.model.log_joint(&case.x).ok()?;
            Some(case.labels.iter().enumerate().map(|(i, &label)| log_joint[(i, label)]).sum())
        })
        .judge(|case| {
            let x = &case.x;
            answer(
                &Tables {
                    log_densities: case.model.component_log_densities(x).expect("data"),
                    log_joint: case.model.log_joint(x).expect("data"),
                },
                &case.labels,
            )
        })
}

/// Two tables n×k: one of them holds log p(x_i | z_i = j), the other log p(x_i, z_i = j).
pub struct Tables {
    /// log p(x_i | z_i = j).
    pub log_densities: DMatrix<f64>,
    /// log p(x_i, z_i = j).
    pub log_joint: DMatrix<f64>,
}

/// `answer(log_joint)` gives n×k responsibilities.
///
/// ```
/// use executable_em_exercise as exercise;
/// // The right one, written with loops.
/// let verdict = exercise::responsibilities(|log_joint| {
///     let mut r = log_joint.map(f64::exp);
///     for mut row in r.row_iter_mut() {
///         let sum = row.sum();
///         row /= sum;
///     }
///     r
/// });
/// assert!(verdict.is_right(), "{verdict}");
/// ```
pub fn responsibilities(answer: impl Fn(&DMatrix<f64>) -> DMatrix<f64>) -> Verdict {
    Exercise::on(Table::all())
        .law(|table, r: &DMatrix<f64>, _| misshapen(r, table.log_joint.shape()))
        .law(|_, r, _| unnormalised(r, 1e-9).map(|words| format!("{words}: did you divide by the sum?")))
        .law(|table, r, _| odds_differ(["component", "1"], r, &table.log_joint))
        .slip("H-E08", |table| lecture_h::responsibilities_with_a_shared_index(&table.log_joint).ok())
        .slip("L-E04", |table| {
            let labels = lecture_l::most_probable_labels(&table.log_joint).ok()?;
            latent::one_hot(&labels, table.log_joint.ncols()).ok()
        })
        .judge(|table| answer(&table.log_joint))
}

/// `answer(q, log_joint)` gives Q, in nats.
pub fn expected_log_joint(answer: impl Fn(&DMatrix<f64>, &DMatrix<f64>) -> f64) -> Verdict {
    Exercise::on(Table::small())
        .law(|table, &q, _| {
            // The expectation over all labelings, one by one.
            let (n, k) = table.log_joint.shape();
            let product = labelings::product(&table.case.r).ok()?;
            let labelings = labelings::all(n, k).ok()?;
            let logs = labelings.iter().map(|labels| complete::log_likelihood(&table.log_joint, labels));
            let sum: f64 = product.iter().zip(logs).map(|(p, log)| p * log.expect("labels below k")).sum();
            unlike("Q", q, sum, 1e-9).map(|words| format!("{words}, the expectation over all labelings"))
        })
        .slip("C-E05", |table| {
            lecture_c::expected_log_joint_with_a_free_label(
                &table.case.r,
                &table.log_joint,
                &table.case.labels,
            )
            .ok()
        })
        .slip("H-E19", |table| lecture_h::expected_log_joint_unfrozen(&table.log_joint).ok())
        .slip("T-E05", |table| lecture_t::expected_log_joint_with_one_theta(&table.log_joint).ok())
        .judge(|table| answer(&table.case.r, &table.log_joint))
}
