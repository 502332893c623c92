//! Whatever it is given, no public function of the library panics, and none says Ok to a number that is none.
//!
//! Every public function is called with inputs that fit and inputs that do not: NaN, infinities, zeros, numbers at both
//! ends of the range, wrong shapes, empty matrices, indefinite covariances, rows off the simplex, counts beyond memory.

#[path = "../common/mod.rs"]
mod common;

mod bernoulli_mixture;
mod bound;
mod convergence;
mod em;
mod errata;
mod gaussian;
mod gaussian_mixture;
mod incomplete;
mod kmeans;
mod latent;
mod models;
mod names;
mod pathologies;
mod pool;
mod scale;
mod selection;
mod soft_kmeans;
mod variational;

use pool::Pool;
use std::fmt::Debug;
use std::panic::{self, AssertUnwindSafe};

/// A function's name, and a call of it with what the pool gives; what it says is kept as text.
type Call = (&'static str, fn(&mut Pool) -> String);

fn said(answer: &impl Debug) -> String {
    format!("{answer:?}")
}

/// A chapter's calls.
macro_rules! calls {
    ($pool:ident; $($name:literal => $call:expr,)*) => {
        pub const CALLS: &[crate::Call] = &[$(($name, |$pool| crate::said(&$call)),)*];
    };
}
pub(crate) use calls;

const CHAPTERS: [&[Call]; 15] = [
    bernoulli_mixture::CALLS,
    bound::CALLS,
    convergence::CALLS,
    em::CALLS,
    errata::CALLS,
    gaussian::CALLS,
    gaussian_mixture::CALLS,
    incomplete::CALLS,
    kmeans::CALLS,
    latent::CALLS,
    pathologies::CALLS,
    scale::CALLS,
    selection::CALLS,
    soft_kmeans::CALLS,
    variational::CALLS,
];

/// Functions that say NaN where their documentation says so, and plain arithmetic, which has nobody to tell.
const MAY_SAY_NAN: [&str; 10] = [
    "GaussianMixture::covariance",
    "Trace::rises",
    "bound::integrand",
    "gaussian::ellipse_mass",
    "incomplete::normal::log_density",
    "incomplete::normal::mills_ratio",
    "kmeans::means_in_array_form",
    "latent::log_sum_exp",
    "pathologies::cancellation::centred_error_bound",
    "pathologies::cancellation::raw_moment_error_bound",
];

/// Calls every function with as many inputs as there are cases; returns how many answers were no errors.
fn complaints(calls: &[Call], complaints: &mut Vec<String>) -> usize {
    let mut answered = 0;
    for (name, call) in calls {
        let mut answers = 0;
        for case in 0..u64::from(common::config(200).cases) {
            let mut pool = Pool::new(common::seed() ^ case << 32);
            match panic::catch_unwind(AssertUnwindSafe(|| call(&mut pool))) {
                Err(_) => complaints.push(format!("{name} panics in case {case}")),
                Ok(answer) if answer.starts_with("Err(") => {}
                Ok(answer) => {
                    answers += 1;
                    if answer.contains("NaN") && !MAY_SAY_NAN.contains(name) {
                        let answer: String = answer.chars().take(300).collect();
                        complaints.push(format!("{name} in case {case}: {answer}"));
                    }
                }
            }
        }
        if answers == 0 {
            complaints.push(format!("{name} refuses everything"));
        }
        answered += answers;
    }
    answered
}

#[test]
fn no_function_panics_or_says_ok_to_nan() {
    // A panic is counted, not printed.
    panic::set_hook(Box::new(|_| {}));
    let mut wrong = Vec::new();
    let answered: usize = CHAPTERS.iter().map(|calls| complaints(calls, &mut wrong)).sum();
    let _ = panic::take_hook();
    let calls = CHAPTERS.concat().len() * common::config(200).cases as usize;
    assert!(wrong.is_empty(), "{} of {calls} calls:\n{}", wrong.len(), wrong.join("\n"));
    // The pool is neither tame nor hopeless.
    assert!((calls / 5..=4 * calls / 5).contains(&answered), "{answered} of {calls} answered");
}
