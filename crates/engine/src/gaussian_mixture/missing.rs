//! Both halves of the step where cells are missing: pattern by pattern, each a step of whole rows in fewer columns.

use super::super::gaps::Group;
use super::super::parallel::on_all_threads;
use super::super::source::Source;
use super::Engine;
use super::conditional::Conditional;
use crate::{Error, Result};
use executable_em::check;
use executable_em::em::Expected;
use executable_em::gaussian_mixture::GaussianMixture;
use executable_em::scale::Moments;
use nalgebra::{DMatrix, DVector};
use std::sync::{Mutex, PoisonError};

/// Patterns of fewer rows than this are left to one thread each; those of more occupy all threads, one after the other.
const MANY_ROWS: usize = 4096;

/// So many patterns are worked on before their sums are added up, so that those of many patterns need no more room.
const AT_ONCE: usize = 64;

/// ℓ of what is seen, and the expected sums about the means, or about these points, component by component.
///
/// Patterns are added in the order of their first rows, whichever thread has worked on them.
pub(super) fn statistics(
    model: &GaussianMixture,
    references: Option<&[f64]>,
    engine: &Engine,
    source: &dyn Source,
) -> Result<Expected<Moments>> {
    let mut sum = none(model, references);
    let of_one = |engine: &Engine, group: &Group| of_group(model, references, engine, group);
    each_group(engine, source, model.d(), &of_one, &mut |of_one| Ok(sum.add(&of_one)?))?;
    Ok(sum)
}

/// What no data contribute.
fn none(model: &GaussianMixture, references: Option<&[f64]>) -> Expected<Moments> {
    let (k, d) = (model.k(), model.d());
    let references =
        references.map_or_else(|| model.means().clone(), |points| DMatrix::from_row_slice(k, d, points));
    let of_one = DMatrix::zeros(d, if model.family().is_along_axes() { 1 } else { d });
    let (counts, first, second) = (DVector::zeros(k), DMatrix::zeros(k, d), vec![of_one; k]);
    let expectation = Moments { references, total: 0.0, counts, first, second };
    Expected { log_likelihood: 0.0, total: 0.0, expectation }
}

/// What the rows of one pattern contribute.
fn of_group(
    model: &GaussianMixture,
    references: Option<&[f64]>,
    engine: &Engine,
    group: &Group,
) -> Result<Expected<Moments>> {
    let conditional = Conditional::new(model, &group.seen, &group.missing)?;
    let mut sum = none(model, references);
    let Some(marginal) = &conditional.marginal else {
        // Nothing is seen: the labels are as likely as before.
        let (total, weights) = (group.total(), model.weights());
        let counts = weights * (total / weights.sum());
        conditional.add(&counts, None, &mut sum.expectation);
        sum.expectation.total = total;
        return Ok(Expected { log_likelihood: total * weights.sum().ln(), total, ..sum });
    };
    let points: Option<Vec<f64>> = references.map(|points| {
        points.chunks_exact(model.d()).flat_map(|point| group.seen.iter().map(|&a| point[a])).collect()
    });
    let Expected { log_likelihood, total, expectation } =
        super::statistics(marginal, points.as_deref(), engine, &group.data())?;
    conditional.add(&expectation.counts, Some(&expectation), &mut sum.expectation);
    sum.expectation.total = total;
    Ok(Expected { log_likelihood, total, ..sum })
}

/// Works on every pattern of every block, on all threads, and hands on what came of them in their order.
pub(super) fn each_group<T: Send>(
    engine: &Engine,
    source: &dyn Source,
    d: usize,
    work: &(impl Fn(&Engine, &Group) -> Result<T> + Sync),
    hand_on: &mut impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let alone = Engine { pool: None, arch: engine.arch };
    let mut rows = 0;
    source.read(&mut |data| {
        let (n, groups) = (data.x.nrows(), data.groups.unwrap_or_default());
        check::shape("data", data.x.shape(), (n, d))?;
        let placed = |group: &Group, error: Error| match error {
            Error::Mathematics(executable_em::Error::ImpossibleDatum { row }) => {
                executable_em::Error::ImpossibleDatum { row: rows + group.rows[row] }.into()
            }
            other => other,
        };
        for several in groups.chunks(AT_ONCE) {
            let results: Mutex<Vec<Option<Result<T>>>> = Mutex::new(several.iter().map(|_| None).collect());
            let todo = Mutex::new((0..several.len()).filter(|&at| several[at].rows.len() < MANY_ROWS));
            let keep = |at: usize, result: Result<T>| {
                results.lock().unwrap_or_else(PoisonError::into_inner)[at] = Some(result);
            };
            on_all_threads(engine.pool.as_ref(), || {
                loop {
                    let next = todo.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(at) = next else { break };
                    keep(at, work(&alone, &several[at]));
                }
            });
            let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
            for (group, result) in several.iter().zip(results) {
                let result = result.unwrap_or_else(|| work(engine, group));
                hand_on(result.map_err(|error| placed(group, error))?)?;
            }
        }
        rows += n;
        Ok(())
    })?;
    if rows == 0 { Err(executable_em::Error::Empty { what: "data" }.into()) } else { Ok(()) }
}
