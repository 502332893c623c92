//! A query as a table that `fit` can ask.

use crate::arguments::{is_number, write};
use crate::message::{Message, said};
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{Column, DataFusionError};
use datafusion::datasource::MemTable;
use datafusion::logical_expr::{Expr, cast, ident, lit};
use datafusion::prelude::{DataFrame, SessionContext};
use executable_em::em::Expected;
use executable_em_cli::{Asked, Blocks, Table, room};
use executable_em_engine::{Error, Question, Result, SavedMixture};
use futures::{StreamExt, stream};
use nalgebra::DMatrix;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::runtime::Runtime;

/// The rows of a query, which is run again for every pass.
pub struct Query {
    runtime: Arc<Runtime>,
    /// As it was asked for.
    query: DataFrame,
    /// Its columns of numbers, called by their [`place`].
    frame: DataFrame,
    /// The rows themselves, partition by partition, where there is room for them.
    kept: OnceLock<DataFrame>,
    /// How many rows the last pass over them has seen.
    rows: Arc<AtomicUsize>,
    names: Vec<String>,
    /// The weight of all rows, once it is known.
    total: Mutex<Option<f64>>,
    /// Where the parameters of the last sweep are kept.
    checkpoint: Option<PathBuf>,
    /// The scheduler that is asked, if this process does not do the work.
    cluster: Option<String>,
}

impl Query {
    /// The rows that a query gives, here or as a cluster reads them.
    ///
    /// # Errors
    /// Those of the query.
    pub fn new(
        runtime: Runtime,
        context: &SessionContext,
        sql: &str,
        cluster: Option<String>,
        checkpoint: Option<PathBuf>,
    ) -> Result<Self> {
        let query = runtime.block_on(context.sql(sql)).map_err(elsewhere(&cluster))?;
        Query::of(Arc::new(runtime), query, cluster, checkpoint)
    }

    fn of(
        runtime: Arc<Runtime>,
        query: DataFrame,
        cluster: Option<String>,
        checkpoint: Option<PathBuf>,
    ) -> Result<Self> {
        let schema = query.schema();
        let names = schema.fields().iter().map(|field| field.name().clone()).collect();
        let numbers = schema.iter().enumerate().filter(|(_, (_, field))| is_number(field.data_type()));
        let numbers = numbers
            .map(|(at, column)| cast(Expr::Column(Column::from(column)), DataType::Float64).alias(place(at)));
        let frame = query.clone().select(numbers.collect::<Vec<_>>()).map_err(elsewhere(&cluster))?;
        let (kept, rows, total) = (OnceLock::new(), Arc::default(), Mutex::new(None));
        Ok(Query { runtime, query, frame, kept, rows, names, total, checkpoint, cluster })
    }

    /// The rows of each value of a column, the others' columns, by value.
    ///
    /// # Errors
    /// Those of the query.
    pub fn by(&self, column: &str) -> Result<Vec<(String, Query)>> {
        let frame = |frame: datafusion::error::Result<DataFrame>| frame.map_err(elsewhere(&self.cluster));
        let text = cast(ident(column), DataType::Utf8);
        let values = frame(self.query.clone().select(vec![text.clone().alias("value")]))?;
        let values = frame(frame(values.distinct())?.sort(vec![ident("value").sort(true, true)]))?;
        let batches = self.wait(values.collect())?;
        let values = batches.iter().flat_map(|batch| batch.column(0).as_string::<i32>().iter());
        let mut groups = Vec::new();
        for value in values {
            let is_there = match value {
                Some(value) => text.clone().eq(lit(value)),
                None => text.clone().is_null(),
            };
            let rows =
                frame(self.query.clone().filter(is_there).and_then(|rows| rows.drop_columns(&[column])))?;
            let (runtime, cluster) = (Arc::clone(&self.runtime), self.cluster.clone());
            let group = Query::of(runtime, rows, cluster, self.checkpoint.clone())?;
            groups.push((value.unwrap_or("NULL").to_owned(), group));
        }
        Ok(groups)
    }

    /// A column, if it is one of numbers.
    fn number(&self, column: usize) -> Result<Expr> {
        let field = self.query.schema().field(column);
        if is_number(field.data_type()) {
            return Ok(ident(place(column)));
        }
        let (name, found) = (field.name(), field.data_type());
        let remedy = "cast it, or name the columns to use with --columns";
        Err(Error::Elsewhere(format!("column {name} is {found}, not numbers; {remedy}").into()))
    }

    /// What sweeps are taken over: the query, or its rows, if this process does the work and has room for them.
    fn source(&self) -> Result<DataFrame> {
        let bytes = self.rows.load(Ordering::Relaxed) * self.names.len() * size_of::<f64>();
        if self.cluster.is_some() || bytes > room() {
            return Ok(self.frame.clone());
        }
        if let Some(kept) = self.kept.get() {
            return Ok(kept.clone());
        }
        let schema = Arc::new(self.frame.schema().as_arrow().clone());
        let rows = self.wait(self.frame.clone().collect_partitioned())?;
        // The same partitions as in the query: no other cuts.
        let context = SessionContext::new_with_config(crate::config().with_repartition_file_scans(false));
        let table = MemTable::try_new(schema, rows).and_then(|table| context.read_table(Arc::new(table)));
        let table = table.map_err(elsewhere(&self.cluster))?;
        Ok(self.kept.get_or_init(|| table).clone())
    }

    /// Writes the parameters of a sweep where they are kept.
    fn write_checkpoint(&self, asked: &Asked<'_>, question: &Question, log_likelihood: f64) -> Result<()> {
        let (Some(path), Question::Mixture { model, about: None }) = (&self.checkpoint, question) else {
            return Ok(());
        };
        let columns = asked.columns[..model.d()].iter().map(|&column| self.names[column].clone()).collect();
        let saved = SavedMixture { log_likelihood, ..SavedMixture::unfitted(model.clone(), columns) };
        executable_em_figures::export::write(path, saved.to_json().as_bytes())
            .map_err(|error| Error::Elsewhere(Box::new(error)))?;
        Ok(())
    }

    /// Waits for what DataFusion is asked.
    fn wait<T>(&self, work: impl Future<Output = datafusion::error::Result<T>>) -> Result<T> {
        self.runtime.block_on(work).map_err(elsewhere(&self.cluster))
    }
}

impl Table for Query {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn blocks(&self, columns: &[usize]) -> Result<Blocks> {
        let chosen = columns.iter().map(|&column| self.number(column));
        let frame = self
            .frame
            .clone()
            .select(chosen.collect::<Result<Vec<_>>>()?)
            .map_err(elsewhere(&self.cluster))?;
        let runtime = Arc::clone(&self.runtime);
        // One partition after the other: the starts depend on the order of the rows.
        let partitions = self.wait(frame.execute_stream_partitioned())?;
        let mut batches = stream::iter(partitions).flatten();
        let next = move || runtime.block_on(batches.next());
        let failed = elsewhere(&self.cluster);
        let rows = Arc::clone(&self.rows);
        rows.store(0, Ordering::Relaxed);
        let blocks = std::iter::from_fn(next).map(move |batch| {
            let block = block(&batch.map_err(&failed)?);
            rows.fetch_add(block.nrows(), Ordering::Relaxed);
            Ok(block)
        });
        Ok(Box::new(blocks.filter(|block| !matches!(block, Ok(block) if block.nrows() == 0))))
    }

    fn answer(&self, asked: &Asked<'_>, question: &Question) -> Result<Expected<Vec<f64>>> {
        let message = Message::literal(question, asked.are_weighted, asked.has_gaps);
        let mut arguments = vec![lit(message.map_err(elsewhere(&self.cluster))?)];
        for (a, &column) in asked.columns.iter().enumerate() {
            let number = self.number(column)?;
            arguments.push(match asked.units.filter(|units| a < units.means().len()) {
                Some(units) => (number - lit(units.means()[a])) / lit(units.deviations()[a]),
                None => number,
            });
        }
        let sums = crate::statistics().call(arguments).alias("sums");
        let frame = self.source()?.aggregate(vec![], vec![sums]).map_err(elsewhere(&self.cluster))?;
        let batches = self.wait(frame.collect())?;
        let sums = batches.iter().flat_map(|batch| batch.column(0).as_list::<i32>().iter().flatten()).next();
        let sums = sums.ok_or(executable_em::Error::Empty { what: "data" })?;
        let &[log_likelihood, total, ref numbers @ ..] = &sums.as_primitive::<Float64Type>().values()[..]
        else {
            return Err(executable_em::Error::Empty { what: "data" }.into());
        };
        let before = self.total.lock().unwrap_or_else(PoisonError::into_inner).replace(total);
        if let Some(before) = before.filter(|&before| before != total) {
            let reason = format!("the table changed while it was being fitted: {before} rows, then {total}");
            return Err(Error::Elsewhere(reason.into()));
        }
        self.write_checkpoint(asked, question, log_likelihood)?;
        Ok(Expected { log_likelihood, total, expectation: numbers.to_vec() })
    }
}

/// A batch of numbers as a block of rows.
fn block(batch: &RecordBatch) -> DMatrix<f64> {
    let mut block = DMatrix::zeros(batch.num_rows(), batch.num_columns());
    for (column, mut to) in batch.columns().iter().zip(block.column_iter_mut()) {
        write(column, to.as_mut_slice());
    }
    block
}

/// What a column is called on its way, whatever its name.
fn place(column: usize) -> String {
    format!("c{column}")
}

/// What went wrong where the data are.
fn elsewhere(cluster: &Option<String>) -> impl Fn(DataFusionError) -> Error + use<> {
    let place = cluster.as_ref().map_or_else(String::new, |scheduler| format!("cluster {scheduler}: "));
    move |error| Error::Elsewhere(format!("{place}{}", said(&error)).into())
}
