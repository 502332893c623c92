//! The laws, each asked of one model and one data set, and what they need of a model.

use crate::common::bounds::{gamma, log_likelihood_error, responsibility_error, sum_of};
use crate::common::cases;
use crate::common::{assert_at_least, assert_within, permutations};
use executable_em::latent::{self, Model};
use executable_em::{Error, data, em};
use nalgebra::{DMatrix, DVector};
use std::fmt::Debug;

/// What a law needs besides the model itself.
pub trait Lawful: Model + PartialEq + Debug {
    /// A bound on the error of each entry of the log joint.
    fn rounding(&self, x: &DMatrix<f64>) -> DMatrix<f64>;
    /// By how much the computed ℓ may fall from here to `next`, or None where no bound can be given.
    fn fall(&self, next: &Self, x: &DMatrix<f64>) -> Option<f64>;
    /// How far two M steps on the same sums in another order may differ, relative to the size of each parameter.
    fn reordering(&self, x: &DMatrix<f64>) -> DVector<f64>;
    /// The components in another order.
    fn permuted(&self, order: &[usize]) -> Self;
    /// The parameters that the M step finds, its components in this order; also where they make no model, for one of
    /// its components has collapsed.
    fn step(&self, x: &DMatrix<f64>, r: &DMatrix<f64>, order: &[usize]) -> DVector<f64> {
        self.maximize(x, r).unwrap().permuted(order).parameters()
    }
}

/// Rows of r sum to one, each k exponentials over their own sum, and its counts to n.
pub fn rows_sum_to_one<M: Lawful>(model: &M, x: &DMatrix<f64>) {
    let r = latent::responsibilities(&model.log_joint(x).unwrap()).unwrap();
    let (n, k) = r.shape();
    for row in r.row_iter() {
        assert!(row.iter().all(|&value| value >= 0.0));
        assert_within(row.sum(), 1.0, gamma(2 * k + 2));
    }
    assert_within(latent::counts(&r).sum(), n as f64, n as f64 * gamma(n + 3 * k + 2));
}

/// Above this, in nats, a bound says too little for a comparison to count as one.
const TELLING: f64 = 1e-6;

/// The model, or None where a component has collapsed: then there is no maximum. Nothing else may go wrong.
fn unless_collapsed<M: Debug>(model: Result<M, Error>) -> Option<M> {
    match model {
        Err(Error::NotPositiveDefinite { .. }) => None,
        model => Some(model.unwrap()),
    }
}

/// A full sweep never lowers ℓ: returns whether that could be told of any of five.
pub fn a_sweep_never_lowers<M: Lawful>(model: &M, x: &DMatrix<f64>) -> bool {
    let mut model = model.clone();
    let mut told = false;
    for _ in 0..5 {
        let Some(next) = unless_collapsed(em::sweep(&model, x)) else { break };
        let Some(bound) = model.fall(&next, x) else { break };
        let l = |model: &M| latent::log_likelihood(&model.log_joint(x).unwrap()).unwrap();
        assert_at_least(l(&next), l(&model), bound);
        told |= bound < TELLING;
        model = next;
    }
    told
}

/// `maximize` maximises Q: no θ that it returns for other responsibilities does better for these. Returns whether that
/// could be told of any of four.
pub fn maximize_maximises<M: Lawful>(model: &M, x: &DMatrix<f64>, seed: u64) -> bool {
    let mut rng = data::rng(seed);
    let k = model.log_joint(x).unwrap().ncols();
    let r = cases::simplex_rows(x.nrows(), k, &mut rng);
    let Some(best) = unless_collapsed(model.maximize(x, &r)) else { return false };
    let log_joint = best.log_joint(x).unwrap();
    // What `fall` allows between θ and itself: two evaluations of ℓ and the M step's own rounding; Q is bounded
    // likewise, by the errors of its own terms.
    let Some(slack) = best.fall(&best, x) else { return false };
    let error = |log_joint: &DMatrix<f64>, rounding: DMatrix<f64>| {
        let terms: Vec<f64> =
            r.iter().zip(log_joint).map(|(&r, &l)| if r == 0.0 { 0.0 } else { r * l }).collect();
        r.component_mul(&rounding).sum() + sum_of(&terms, 0.0)
    };
    let q_best = latent::expected_log_joint(&r, &log_joint).unwrap();
    let (mut told, mut lower) = (false, false);
    for share in [1.0, 0.3, 0.05, 0.003] {
        let other = &r * (1.0 - share) + cases::simplex_rows(x.nrows(), k, &mut rng) * share;
        let Some(theta) = unless_collapsed(model.maximize(x, &other)) else { continue };
        let log_joint_there = theta.log_joint(x).unwrap();
        let q = latent::expected_log_joint(&r, &log_joint_there).unwrap();
        lower |= q < q_best;
        // Q may be −∞ there, where a component has lost its weight; the bound is then no number, and nothing to
        // compare.
        if q > f64::NEG_INFINITY {
            let bound =
                slack + error(&log_joint, best.rounding(x)) + error(&log_joint_there, theta.rounding(x));
            assert_at_least(q_best, q, bound);
            told |= bound < TELLING;
        }
    }
    // Other responsibilities give another θ, and then Q is lower, unless there is little to tell apart.
    let varied = (1..x.nrows()).any(|i| x.row(i) != x.row(0));
    assert!(lower || k == 1 || x.nrows() < 4 || !varied || slack > TELLING, "no θ was any worse");
    told
}

/// Permuting the data permutes r, bit for bit, and leaves ℓ and the M step to the order of sums.
pub fn permuting_data<M: Lawful>(model: &M, x: &DMatrix<f64>, turn: usize) {
    let n = x.nrows();
    let order: Vec<usize> = (0..n).map(|i| (i * 7 + turn) % n).collect();
    let order = if order.iter().collect::<std::collections::HashSet<_>>().len() == n {
        order
    } else {
        (0..n).rev().collect()
    };
    let turned = x.select_rows(&order);
    let (log_joint, other) = (model.log_joint(x).unwrap(), model.log_joint(&turned).unwrap());
    let (r, r_turned) =
        (latent::responsibilities(&log_joint).unwrap(), latent::responsibilities(&other).unwrap());
    assert_eq!(r.select_rows(&order), r_turned);
    let marginals = latent::log_marginals(&log_joint).unwrap();
    let (l, l_turned) =
        (latent::log_likelihood(&log_joint).unwrap(), latent::log_likelihood(&other).unwrap());
    assert_within(l, l_turned, sum_of(marginals.iter(), 0.0));
    let same: Vec<usize> = (0..r.ncols()).collect();
    let (next, next_turned) = (model.step(x, &r, &same), model.step(&turned, &r_turned, &same));
    assert_parameters(&next, &next_turned, &model.reordering(x));
}

/// Permuting the components permutes the columns of the log joint, and all else with them.
pub fn permuting_components<M: Lawful>(model: &M, x: &DMatrix<f64>) {
    let log_joint = model.log_joint(x).unwrap();
    let r = latent::responsibilities(&log_joint).unwrap();
    let k = log_joint.ncols();
    let no_error = DMatrix::zeros(x.nrows(), k);
    let (l_error, r_error) =
        (log_likelihood_error(&log_joint, &no_error), responsibility_error(&log_joint, &no_error));
    for order in permutations(k) {
        let renamed = model.permuted(&order);
        let other = renamed.log_joint(x).unwrap();
        assert_eq!(other, log_joint.select_columns(&order));
        assert_within(
            latent::log_likelihood(&other).unwrap(),
            latent::log_likelihood(&log_joint).unwrap(),
            l_error,
        );
        let found = latent::responsibilities(&other).unwrap();
        for (column, &j) in order.iter().enumerate() {
            for i in 0..x.nrows() {
                assert_within(found[(i, column)], r[(i, j)], 2.0 * r_error[(i, j)]);
            }
        }
        let same: Vec<usize> = (0..k).collect();
        let next = renamed.step(x, &r.select_columns(&order), &same);
        assert_parameters(&next, &model.step(x, &r, &order), &model.reordering(x));
    }
}

/// Every datum twice: ℓ doubles and the M step stays.
pub fn duplicating_data<M: Lawful>(model: &M, x: &DMatrix<f64>) {
    let n = x.nrows();
    let twice = DMatrix::from_fn(2 * n, x.ncols(), |i, a| x[(i % n, a)]);
    let (log_joint, other) = (model.log_joint(x).unwrap(), model.log_joint(&twice).unwrap());
    let (l, doubled) = (latent::log_likelihood(&log_joint).unwrap(), latent::log_likelihood(&other).unwrap());
    let marginals = latent::log_marginals(&other).unwrap();
    assert_within(doubled, 2.0 * l, 2.0 * sum_of(marginals.iter(), 0.0));
    let (r, r_twice) =
        (latent::responsibilities(&log_joint).unwrap(), latent::responsibilities(&other).unwrap());
    assert_eq!(r_twice.rows(0, n), r);
    assert_eq!(r_twice.rows(n, n), r);
    let order: Vec<usize> = (0..r.ncols()).collect();
    let (next, same) = (model.step(x, &r, &order), model.step(&twice, &r_twice, &order));
    assert_parameters(&next, &same, &model.reordering(&twice));
}

pub fn assert_parameters(a: &DVector<f64>, b: &DVector<f64>, bounds: &DVector<f64>) {
    assert_eq!((a.len(), b.len()), (bounds.len(), bounds.len()));
    for (m, bound) in bounds.iter().enumerate() {
        assert!(
            (a[m] - b[m]).abs() <= *bound,
            "parameter {m}: {} and {}, bound {bound:e}\n{a:?}\n{b:?}",
            a[m],
            b[m]
        );
    }
}
