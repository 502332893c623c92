//! A query as a table that `fit` can ask.

use crate::message::{Message, is_number};
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{Column, DataFusionError};
use datafusion::logical_expr::{Expr, cast, ident, lit};
use datafusion::prelude::{DataFrame, SessionContext};
use executable_em::em::Expected;
use executable_em_cli::{Asked, Blocks, Table};
use executable_em_engine::{Error, Question, Result, SavedMixture};
use futures::StreamExt;
use nalgebra::DMatrix;
use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// The rows of a query, which is run again for every pass.
pub struct Query {
    runtime: Arc<Runtime>,
    frame: DataFrame,
    names: Vec<String>,
    /// The weight of all rows, once it is known.
    total: Cell<Option<f64>>,
    /// Where the parameters of the last sweep are kept.
    checkpoint: Option<PathBuf>,
}

impl Query {
    /// The rows that a query gives.
    ///
    /// # Errors
    /// Those of the query.
    pub fn new(
        runtime: Arc<Runtime>,
        context: &SessionContext,
        sql: &str,
        checkpoint: Option<PathBuf>,
    ) -> Result<Self> {
        let frame = runtime.block_on(context.sql(sql)).map_err(elsewhere)?;
        Ok(Query::of(runtime, frame, checkpoint))
    }

    fn of(runtime: Arc<Runtime>, frame: DataFrame, checkpoint: Option<PathBuf>) -> Self {
        let names = frame.schema().fields().iter().map(|field| field.name().clone()).collect();
        Query { runtime, frame, names, total: Cell::new(None), checkpoint }
    }

    /// The rows of each value of a column, the others' columns, by value.
    ///
    /// # Errors
    /// Those of the query.
    pub fn by(self, column: &str) -> Result<Vec<(String, Query)>> {
        let frame = |frame: datafusion::error::Result<DataFrame>| frame.map_err(elsewhere);
        let key = ident(column);
        let values =
            frame(self.frame.clone().select(vec![cast(key.clone(), DataType::Utf8).alias("value")]))?;
        let values = frame(frame(values.distinct())?.sort(vec![ident("value").sort(true, true)]))?;
        let batches = self.runtime.block_on(values.collect()).map_err(elsewhere)?;
        let values = batches.iter().flat_map(|batch| batch.column(0).as_string::<i32>().iter());
        let mut groups = Vec::new();
        for value in values {
            let is_there = match value {
                Some(value) => cast(key.clone(), DataType::Utf8).eq(lit(value)),
                None => key.clone().is_null(),
            };
            let rows =
                frame(self.frame.clone().filter(is_there).and_then(|rows| rows.drop_columns(&[column])))?;
            let query = Query::of(Arc::clone(&self.runtime), rows, self.checkpoint.clone());
            groups.push((value.unwrap_or("NULL").to_owned(), query));
        }
        Ok(groups)
    }

    /// A column as numbers.
    fn number(&self, column: usize) -> Result<Expr> {
        let (qualifier, field) = self.frame.schema().qualified_field(column);
        if is_number(field.data_type()) {
            return Ok(cast(Expr::Column(Column::from((qualifier, field))), DataType::Float64));
        }
        let (name, found) = (field.name(), field.data_type());
        let remedy = "cast it, or name the columns to use with --columns";
        Err(elsewhere(DataFusionError::Plan(format!("column {name} is {found}, not numbers; {remedy}"))))
    }

    fn keep(&self, question: &Question, log_likelihood: f64) -> Result<()> {
        let (Some(path), Question::Mixture { model, about: None }) = (&self.checkpoint, question) else {
            return Ok(());
        };
        let columns = self.names.clone();
        let (n, sweeps, stopped, seed) = (0, 0, executable_em::em::Stopped::Interrupted, 0);
        let saved = SavedMixture { model: model.clone(), columns, log_likelihood, n, sweeps, stopped, seed };
        executable_em_figures::export::write(path, saved.to_json().as_bytes())
            .map_err(|error| Error::Elsewhere(Box::new(error)))?;
        Ok(())
    }
}

impl Table for Query {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn blocks(&self, columns: &[usize]) -> Result<Blocks> {
        let chosen = columns.iter().map(|&column| Ok(self.number(column)?.alias(format!("x{column}"))));
        let frame = self.frame.clone().select(chosen.collect::<Result<Vec<_>>>()?).map_err(elsewhere)?;
        let runtime = Arc::clone(&self.runtime);
        let mut batches = runtime.block_on(frame.execute_stream()).map_err(elsewhere)?;
        let next = move || runtime.block_on(batches.next());
        let blocks = std::iter::from_fn(next).map(|batch| Ok(block(&batch.map_err(elsewhere)?)));
        Ok(Box::new(blocks.filter(|block| !matches!(block, Ok(block) if block.nrows() == 0))))
    }

    fn answer(&self, asked: &Asked<'_>, question: &Question) -> Result<Expected<Vec<f64>>> {
        let message =
            Message::new(question, asked.are_weighted, asked.has_gaps).and_then(|message| message.literal());
        let mut arguments = vec![lit(message.map_err(elsewhere)?)];
        for (a, &column) in asked.columns.iter().enumerate() {
            let number = self.number(column)?;
            arguments.push(match asked.units.filter(|units| a < units.means().len()) {
                Some(units) => (number - lit(units.means()[a])) / lit(units.deviations()[a]),
                None => number,
            });
        }
        let sums = crate::statistics().call(arguments).alias("sums");
        let frame = self.frame.clone().aggregate(vec![], vec![sums]).map_err(elsewhere)?;
        let batches = self.runtime.block_on(frame.collect()).map_err(elsewhere)?;
        let sums = batches.iter().flat_map(|batch| batch.column(0).as_list::<i32>().iter().flatten()).next();
        let sums = sums.ok_or(executable_em::Error::Empty { what: "data" })?;
        let &[log_likelihood, total, ref numbers @ ..] = &sums.as_primitive::<Float64Type>().values()[..]
        else {
            return Err(executable_em::Error::Empty { what: "data" }.into());
        };
        if let Some(before) = self.total.replace(Some(total)).filter(|&before| before != total) {
            let reason = format!("the table changed while it was being fitted: {before} rows, then {total}");
            return Err(elsewhere(DataFusionError::Execution(reason)));
        }
        self.keep(question, log_likelihood)?;
        Ok(Expected { log_likelihood, total, expectation: numbers.to_vec() })
    }
}

/// A batch of numbers as a block of rows.
fn block(batch: &RecordBatch) -> DMatrix<f64> {
    let mut block = DMatrix::zeros(batch.num_rows(), batch.num_columns());
    for (column, mut to) in batch.columns().iter().zip(block.column_iter_mut()) {
        let column = column.as_primitive::<Float64Type>();
        to.as_mut_slice().copy_from_slice(column.values());
        if column.null_count() > 0 {
            (0..column.len()).filter(|&i| column.is_null(i)).for_each(|i| to[i] = f64::NAN);
        }
    }
    block
}

/// The first sentence of what went wrong where the data are.
fn elsewhere(error: DataFusionError) -> Error {
    Error::Elsewhere(Box::new(error))
}
