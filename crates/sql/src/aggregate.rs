//! `em_statistics`: an E step as an aggregate, whose partial results add up.

use crate::arguments::{coerced, text_of, write};
use crate::message::{Message, external};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};
use executable_em_engine::{Data, Engine, WithGaps, telling_rows};
use nalgebra::{DMatrix, DVector};
use std::cmp::Ordering;
use std::mem;
use std::sync::Arc;

/// The aggregate `em_statistics('<model>', x1, …, xd)`: a list of ℓ, the sum of the weights, and the sufficient
/// statistics.
///
/// θ travels to the data as a literal, so nothing is kept between sweeps; what comes back does not grow with n. Each
/// partition is summed in its own order; of partitions, the sums are added in an order that depends on them alone, so
/// that it does not matter who is ready first.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct EmStatistics(Signature);

/// Its name in queries.
pub const NAME: &str = "em_statistics";

/// So many rows are handed to the engine at once, whatever the batches that they come in.
const ROWS: usize = 1 << 12;

impl Default for EmStatistics {
    fn default() -> Self {
        EmStatistics(Signature::user_defined(Volatility::Immutable))
    }
}

fn numbers() -> DataType {
    DataType::new_list(DataType::Float64, true)
}

impl AggregateUDFImpl for EmStatistics {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        coerced(NAME, types)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(numbers())
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format_state_name(arguments.name, "parts"), numbers(), true))])
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let message = Message::read(&text_of(&arguments.exprs[0], NAME)?)?;
        let d = message.question.d();
        let (found, wanted) = (arguments.exprs.len() - 1, d + usize::from(message.are_weighted));
        if found != wanted {
            return exec_err!("{NAME}: the model has {wanted} columns, the query {found}");
        }
        let (engine, block) = (Engine::new(1).map_err(external)?, DMatrix::zeros(0, d));
        let (weights, rows, own, parts) = (Vec::new(), 0, None, Vec::new());
        Ok(Box::new(Sums { engine, message, block, weights, rows, own, parts }))
    }
}

/// What a partition adds up.
#[derive(Debug)]
struct Sums {
    engine: Engine,
    message: Message,
    /// Rows that are not yet summed, the first `rows` of it, and their weights, if they have any.
    block: DMatrix<f64>,
    weights: Vec<f64>,
    rows: usize,
    /// ℓ, the weight and the statistics of those that are.
    own: Option<Vec<f64>>,
    /// The same of other partitions.
    parts: Vec<Vec<f64>>,
}

impl Sums {
    fn sum_block(&mut self) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        self.block.resize_vertically_mut(self.rows, 0.0);
        self.rows = 0;
        let mut weights = self.message.are_weighted.then(|| DVector::from_vec(mem::take(&mut self.weights)));
        let telling = telling_rows(self.block.as_view(), weights.as_ref().map(DVector::as_slice));
        if let Some(rows) = telling {
            if rows.is_empty() {
                return Ok(());
            }
            self.block = self.block.select_rows(&rows);
            weights = weights.map(|all| all.select_rows(&rows));
        }
        let Message { question, has_gaps, .. } = &self.message;
        let sums = if *has_gaps {
            WithGaps::of(&self.block, weights.as_ref()).and_then(|data| question.sums(&self.engine, &data))
        } else {
            Data::of(&self.block, weights.as_ref()).and_then(|data| question.sums(&self.engine, &data))
        };
        let sums = sums.map_err(external)?;
        let numbers = [vec![sums.log_likelihood, sums.total], sums.expectation].concat();
        add(&mut self.own, &numbers);
        Ok(())
    }

    /// All that is known, sorted.
    fn all_parts(&mut self) -> Result<Vec<Vec<f64>>> {
        self.sum_block()?;
        self.parts.extend(self.own.take());
        self.parts.sort_by(|one, other| {
            one.iter()
                .zip(other)
                .map(|(a, b)| a.total_cmp(b))
                .find(|found| found.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        Ok(mem::take(&mut self.parts))
    }
}

fn add(sum: &mut Option<Vec<f64>>, part: &[f64]) {
    match sum {
        None => *sum = Some(part.to_vec()),
        Some(sum) => sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part),
    }
}

fn list(values: Option<Vec<f64>>) -> ScalarValue {
    let values = values.map(|values| values.into_iter().map(Some));
    ScalarValue::List(Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>([values])))
}

impl Accumulator for Sums {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let columns = &values[1..];
        let count = columns[0].len();
        let mut from = 0;
        while from < count {
            let taken = (count - from).min(ROWS - self.rows);
            if self.block.nrows() < self.rows + taken {
                let rows = (2 * self.rows).max(self.rows + taken).min(ROWS);
                self.block.resize_vertically_mut(rows, 0.0);
            }
            for (column, mut to) in columns.iter().zip(self.block.column_iter_mut()) {
                write(&column.slice(from, taken), &mut to.as_mut_slice()[self.rows..][..taken]);
            }
            if let Some(weights) = columns.get(self.block.ncols()) {
                self.weights.resize(self.rows + taken, 0.0);
                write(&weights.slice(from, taken), &mut self.weights[self.rows..]);
            }
            (self.rows, from) = (self.rows + taken, from + taken);
            if self.rows == ROWS {
                self.sum_block()?;
            }
        }
        Ok(())
    }

    /// Every part behind its length.
    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let parts = self.all_parts()?;
        Ok(vec![list(Some(
            parts.into_iter().flat_map(|part| [vec![part.len() as f64], part].concat()).collect(),
        ))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for state in states[0].as_list::<i32>().iter().flatten() {
            let mut rest = &state.as_primitive::<Float64Type>().values()[..];
            while let [len, of_parts @ ..] = rest {
                let Some((part, others)) = of_parts.split_at_checked(*len as usize) else {
                    return exec_err!("{NAME}: a partial result is cut off");
                };
                self.parts.push(part.to_vec());
                rest = others;
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mut sum = None;
        self.all_parts()?.iter().for_each(|part| add(&mut sum, part));
        Ok(list(sum))
    }

    fn size(&self) -> usize {
        let numbers = self.block.len()
            + self.weights.len()
            + self.parts.iter().chain(&self.own).map(Vec::len).sum::<usize>();
        size_of_val(self) + size_of::<f64>() * numbers
    }
}
