//! EM on tables of any size: an E step is a sum over the data, so it is an aggregate, and every engine that sums can
//! run EM.
//!
//! ```no_run
//! use datafusion::prelude::SessionContext;
//! # async fn run() -> datafusion::error::Result<()> {
//! let mut context = SessionContext::new_with_config(executable_em_sql::config()).enable_url_table();
//! executable_em_sql::register(&mut context)?;
//! let model = std::fs::read_to_string("model.json")?;
//! let sums = context.sql("SELECT em_statistics($model, eruptions, waiting) FROM 'geyser/*.parquet'").await?;
//! sums.with_param_values(vec![("model", model.into())])?.show().await?;
//! # Ok(())
//! # }
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | this one | what is registered where, and the commands |
//! | `aggregate.rs` | `em_statistics`, an E step as an aggregate |
//! | `predict.rs` | `em_predict`, the most probable component of a row |
//! | `arguments.rs` | what both are called with |
//! | `message.rs` | what an aggregate is asked |
//! | `query.rs` | a query as a table that `fit` asks |
//! | `cluster.rs` | a scheduler, executors, and their client |

mod aggregate;
mod arguments;
mod cluster;
mod message;
mod predict;
mod query;

use aggregate::EmStatistics;
use clap::{Parser, Subcommand};
use datafusion::arrow::{csv::WriterBuilder, datatypes::DataType};
use datafusion::common::DataFusionError;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{AggregateUDF, Expr, ScalarUDF, cast};
use datafusion::prelude::{SessionConfig, SessionContext};
use executable_em_cli::{Failure, Options, end, fit};
use futures::StreamExt;
use predict::EmPredict;
use query::Query;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

pub use aggregate::NAME;

/// Every scan is cut into so many partitions, on however many cores and machines: the sums depend on where the cuts
/// are.
const PARTITIONS: usize = 16;

/// How a session must be configured for sums of the same bits on any number of threads and machines: rows keep their
/// partition, and their order in it.
pub fn config() -> SessionConfig {
    SessionConfig::new()
        .with_target_partitions(PARTITIONS)
        .with_round_robin_repartition(false)
        .set_bool("datafusion.execution.enable_file_stream_work_stealing", false)
}

/// The functions, for queries of a session.
///
/// # Errors
/// Those of the registry.
pub fn register(registry: &mut dyn FunctionRegistry) -> datafusion::error::Result<()> {
    registry.register_udaf(statistics())?;
    registry.register_udf(predict())?;
    Ok(())
}

fn statistics() -> Arc<AggregateUDF> {
    Arc::new(EmStatistics::default().into())
}

fn predict() -> Arc<ScalarUDF> {
    Arc::new(EmPredict::default().into())
}

const EXAMPLES: &str = "\
The query is run twice to see its rows and draw starts from them, and then once for each sweep: what comes back of those
are sums. Files are named in the query, between quotes, by a pattern or as a folder: Parquet, CSV, JSON. The same query
gives the same numbers on any number of threads, workers and machines, as long as it scans, filters and computes row by
row; joins and groups hand on their rows in any order.

With --cluster the work is done by executors: start `executable-em-sql scheduler` on one machine and
`executable-em-sql executor` on each, with the files at the same place on all. Whoever reaches their ports can run
queries and read files: keep them in a network that you trust. An executor that dies is done without.

Examples:
  executable-em-sql fit \"SELECT eruptions, waiting FROM 'geyser/*.parquet' WHERE year > 1985\" -k 2
  executable-em-sql fit \"SELECT * FROM 'big.parquet'\" -k 1..8 --cluster node1:50050 --out model.json
  executable-em-sql fit \"SELECT * FROM 'sales.csv'\" -k 3 --by region --out model.json
  executable-em-sql query \"SELECT *, em_predict($model, eruptions, waiting) AS label FROM 'g.csv'\" --model model.json

Exit status: 0 done, 1 something could not be read, fitted or written, 2 the command makes no sense, 130 interrupted.";

/// EM on the rows of a query, in this process or on many machines.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fits a mixture, or clusters, to the rows of a query
    #[command(after_help = EXAMPLES)]
    Fit(Box<Fit>),
    /// Runs a query, which may call em_predict and em_statistics, and prints its rows as CSV
    #[command(after_help = EXAMPLES)]
    Query(Ask),
    /// Hands out the work to executors, until it is stopped
    Scheduler(cluster::Scheduler),
    /// Works for a scheduler, until it is stopped
    Executor(cluster::Executor),
}

#[derive(clap::Args)]
struct Fit {
    #[command(flatten)]
    options: Options,
    /// Let the executors of this scheduler do the work
    #[arg(long, value_name = "HOST:PORT")]
    cluster: Option<String>,
    /// Fit each group of rows that share a value of this column by itself; --out model.json writes model-<value>.json
    #[arg(long, value_name = "COLUMN")]
    by: Option<String>,
    /// Write the parameters of every sweep there; fit --start goes on from them, to the same bits
    #[arg(long, value_name = "JSON", conflicts_with = "standardize")]
    checkpoint: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Ask {
    sql: String,
    /// The model that $model stands for
    #[arg(long, value_name = "JSON")]
    model: Option<PathBuf>,
    /// Let the executors of this scheduler do the work
    #[arg(long, value_name = "HOST:PORT")]
    cluster: Option<String>,
}

/// Does what the arguments say.
pub fn main() -> ExitCode {
    let command = <Arguments as clap::CommandFactory>::command().mut_subcommand("fit", |fit| {
        let fit = fit.mut_arg("data", |sql| sql.value_name("SQL").help("The query whose rows are fitted"));
        ["header", "delimiter", "comment", "skip_lines", "missing", "dimension", "stream"]
            .into_iter()
            .fold(fit, |fit, of_files| fit.mut_arg(of_files, |option| option.hide(true)))
    });
    let arguments = <Arguments as clap::FromArgMatches>::from_arg_matches(&command.get_matches());
    let command = arguments.unwrap_or_else(|error| error.exit()).command;
    end(match command {
        Command::Fit(fit) => fit.run(),
        Command::Query(ask) => ask.run(),
        Command::Scheduler(scheduler) => serve(cluster::schedule(&scheduler)),
        Command::Executor(executor) => serve(cluster::execute(&executor)),
    })
}

/// Until it is stopped.
fn serve<E: Error + 'static>(work: impl Future<Output = Result<(), E>>) -> Result<(), Failure> {
    Ok(runtime(None)?.block_on(work)?)
}

fn runtime(threads: Option<usize>) -> Result<Runtime, Failure> {
    let mut builder = Builder::new_multi_thread();
    // Plans are trees, walked by recursion.
    builder.enable_all().thread_stack_size(1 << 25);
    if let Some(threads) = threads {
        builder.worker_threads(threads);
    }
    Ok(builder.build()?)
}

/// A session that knows our functions and reads files that a query names.
async fn session(cluster: Option<&str>) -> datafusion::error::Result<SessionContext> {
    let mut context = match cluster {
        Some(scheduler) => cluster::client(scheduler, config()).await?,
        None => SessionContext::new_with_config(config()),
    }
    .enable_url_table();
    register(&mut context)?;
    Ok(context)
}

impl Fit {
    fn run(mut self) -> Result<(), Failure> {
        let threads = self.options.threads.filter(|&threads| threads > 0).map(|threads| threads as usize);
        let (runtime, cluster) = (runtime(threads)?, self.cluster.take());
        let context = runtime.block_on(session(cluster.as_deref())).map_err(failed)?;
        let sql = self.options.input.name();
        let query = Query::new(runtime, &context, &sql, cluster, self.checkpoint.take())?;
        let Some(column) = self.by.take() else {
            return self.fit_to(query);
        };
        let outputs =
            [self.options.out.take(), self.options.responsibilities.take(), self.options.plot.take()];
        for (value, group) in query.by(&column)? {
            println!("{column} = {value}\n");
            let of_group = |path: &Option<PathBuf>| path.as_ref().map(|path| named(path, &value));
            self.options.out = of_group(&outputs[0]);
            self.options.responsibilities = of_group(&outputs[1]);
            self.options.plot = of_group(&outputs[2]);
            self.fit_to(group)?;
            println!();
        }
        Ok(())
    }

    fn fit_to(&mut self, query: Query) -> Result<(), Failure> {
        self.options.input.held_by(Arc::new(query));
        fit(&self.options)
    }
}

/// The file of a group: its value before the suffix, what could end a name replaced.
fn named(path: &std::path::Path, value: &str) -> PathBuf {
    let plain: String =
        value.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let suffix = path.extension().map(|suffix| format!(".{}", suffix.to_string_lossy())).unwrap_or_default();
    path.with_file_name(format!("{stem}-{plain}{suffix}"))
}

impl Ask {
    fn run(&self) -> Result<(), Failure> {
        let read = |path: &PathBuf| {
            let unread = |error| Failure::Work(vec![format!("{}: {error}", path.display())]);
            std::fs::read_to_string(path).map_err(unread)
        };
        let model = self.model.as_ref().map(read).transpose()?;
        runtime(None)?.block_on(self.print(model)).map_err(failed)
    }

    async fn print(&self, model: Option<String>) -> datafusion::error::Result<()> {
        let context = session(self.cluster.as_deref()).await?;
        let mut frame = context.sql(&self.sql).await?;
        if let Some(model) = model {
            frame = frame.with_param_values(vec![("model", model.into())])?;
        }
        // Lists have no form in CSV but as texts.
        let columns = frame.schema().iter().map(|(qualifier, field)| {
            let column = Expr::Column((qualifier, field).into());
            let text = || cast(column.clone(), DataType::Utf8).alias(field.name());
            if field.data_type().is_nested() { text() } else { column }
        });
        let columns: Vec<Expr> = columns.collect();
        let mut rows = frame.select(columns)?.execute_stream().await?;
        let mut table = WriterBuilder::new().with_header(true).build(std::io::stdout().lock());
        while let Some(batch) = rows.next().await {
            table.write(&batch?)?;
        }
        Ok(())
    }
}

fn failed(error: DataFusionError) -> Failure {
    Failure::Work(vec![message::said(&error)])
}
