//! Data in a hyperplane, of which no covariance is regular: that is known before anything is fitted.

use executable_em::scale::spread::Spread;
use executable_em_engine::dependent_column;
use nalgebra::{DMatrix, DVector};

use super::{
    Failure,
    columns::{listed, shortened},
    options::Options,
    plan::Plan,
    search::Kind,
    store::Store,
};

/// A column is looked at again where the others leave so little of its variance …
const LITTLE: f64 = 1e-10;

/// … and depends on them where every residual is within so many roundings of the numbers that it is a difference of: half
/// a rounding is each number's own, the rest the means'.
const ROUNDINGS: f64 = 2.0;

impl Options {
    /// Why full and tied covariances without a floor cannot be fitted, if that is sure.
    pub fn singular(
        &self,
        plan: &Plan,
        store: &Store,
        sample: &DMatrix<f64>,
    ) -> Result<Option<String>, Failure> {
        // What is missing may lie outside of any hyperplane.
        if store.has_gaps || !plan.kinds.iter().any(|kind| kind.wants_full_rank()) {
            return Ok(None);
        }
        let (file, n, d) = (self.input.name(), store.telling, store.columns.len());
        let others = match plan.kinds[0] {
            Kind::Gaussian { .. } => "set a --floor, or say --covariance diagonal or spherical",
            _ => "or say --covariance diagonal or spherical",
        };
        if n <= d {
            return Ok(Some(format!(
                "{file}: full and tied covariances of d = {d} columns need more than n = {n} data: leave columns out \
                 with --columns, {others}"
            )));
        }
        let Some((a, slopes)) = dependent(store, sample)? else { return Ok(None) };
        let names = &store.names;
        let on: Vec<String> =
            (0..a).filter(|&b| slopes[b].abs() > LITTLE.sqrt()).map(|b| names[b].clone()).collect();
        let what = match on.is_empty() {
            true => "is constant".to_owned(),
            false => format!("is a linear function of {}", shortened(&on)),
        };
        let rest: Vec<usize> = (0..d).filter(|&b| b != a).collect();
        let (name, rest) = (&names[a], listed(&rest, names));
        Ok(Some(format!(
            "{file}: column {name} {what}, so full and tied covariances are singular: leave it out: --columns {rest}, \
             {others}"
        )))
    }
}

/// The first column that is a linear function of those before it in all rows, and its slopes, in units of standard
/// deviations.
fn dependent(store: &Store, sample: &DMatrix<f64>) -> Result<Option<(usize, DVector<f64>)>, Failure> {
    let columns = &store.columns;
    // A constant column is 0, which any others make.
    let unit = |a: usize| if columns[a].is_constant() { 1.0 } else { columns[a].sd() };
    let in_units = |x: &DMatrix<f64>| {
        x.map_with_location(|_, a, value| match columns[a].is_constant() {
            true => 0.0,
            false => (value - columns[a].mean()) / unit(a),
        })
    };
    let z = in_units(sample);
    let Some((a, slopes)) = dependent_column(&z, LITTLE) else { return Ok(None) };
    let size = |column: &Spread, unit: f64| column.low().abs().max(column.high().abs()) / unit;
    let sizes: f64 = (0..a).map(|b| slopes[b].abs() * size(&columns[b], unit(b))).sum();
    let of_numbers = ROUNDINGS * (size(&columns[a], unit(a)) + sizes);
    let mut is_exact = true;
    store.read(None, |source| {
        Ok(source.read(&mut |data| {
            let z = in_units(data.x());
            // Of the sum itself, too, whose terms may be larger than what they sum to.
            let of_sum = a as f64 * (z.amax() * slopes.lp_norm(1)).max(1.0);
            let residual = z.column(a) - z.columns(0, a) * &slopes;
            is_exact &= residual.amax() <= f64::EPSILON * (of_numbers + of_sum);
            Ok(())
        })?)
    })?;
    Ok(is_exact.then_some((a, slopes)))
}
