//! Many machines: a scheduler, executors and a client of Ballista, all of which know our functions.

use ballista::prelude::{SessionConfigExt, SessionContextExt};
use ballista_core::error::{BallistaError, Result};
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::utils::default_session_builder;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::start_server;
use clap::Args;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use std::net::SocketAddr;
use std::sync::Arc;

/// An executor that says nothing for so many seconds is taken for dead …
const SILENCE: u64 = 8;
/// … and says something this often.
const HEARTBEAT: u64 = 2;

#[derive(Args)]
pub struct Scheduler {
    /// Where it listens, for clients and executors; whoever can reach it can run queries
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:50050")]
    listen: SocketAddr,
}

#[derive(Args)]
pub struct Executor {
    /// The scheduler to work for
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050")]
    scheduler: String,
    /// Where it listens, for other executors and clients that fetch results; the next port is for the scheduler
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:50051")]
    listen: SocketAddr,
    /// Number of tasks at once [default: the number of cores]
    #[arg(long)]
    threads: Option<usize>,
}

/// Hands out the work, until it is stopped.
pub async fn schedule(options: &Scheduler) -> Result<()> {
    let host = options.listen.ip().to_string();
    let config = SchedulerConfig {
        bind_host: host.clone(),
        external_host: host,
        bind_port: options.listen.port(),
        executor_timeout_seconds: SILENCE,
        expire_dead_executor_interval_seconds: 1,
        no_executors_grace_period_seconds: SILENCE,
        override_session_builder: Some(Arc::new(|config| {
            let mut state = default_session_builder(config)?;
            crate::register(&mut state)?;
            Ok(state)
        })),
        ..SchedulerConfig::default()
    };
    start_server(BallistaCluster::new_from_config(&config).await?, options.listen, Arc::new(config)).await
}

/// Works for a scheduler, until it is stopped.
pub async fn execute(options: &Executor) -> Result<()> {
    let (host, port) = options.scheduler.rsplit_once(':').unwrap_or((&options.scheduler, "50050"));
    let not_a_port =
        |_| BallistaError::Configuration(format!("--scheduler {}: not HOST:PORT", options.scheduler));
    let host_of_ours = options.listen.ip().to_string();
    let defaults = ExecutorProcessConfig::default();
    let mut registry = BallistaFunctionRegistry::default();
    let (statistics, predict) = (crate::statistics(), crate::predict());
    registry.aggregate_functions.insert(statistics.name().to_owned(), statistics);
    registry.scalar_functions.insert(predict.name().to_owned(), predict);
    let config = ExecutorProcessConfig {
        bind_host: host_of_ours.clone(),
        external_host: Some(host_of_ours),
        port: options.listen.port(),
        grpc_port: options.listen.port() + 1,
        scheduler_host: host.to_owned(),
        scheduler_port: port.parse().map_err(not_a_port)?,
        scheduler_connect_timeout_seconds: SILENCE as u16,
        executor_heartbeat_interval_seconds: HEARTBEAT,
        vcores: options.threads.unwrap_or(defaults.vcores),
        override_function_registry: Some(Arc::new(registry)),
        ..defaults
    };
    start_executor_process(Arc::new(config)).await
}

/// A client of a scheduler.
pub async fn client(scheduler: &str, config: SessionConfig) -> datafusion::error::Result<SessionContext> {
    let state =
        SessionStateBuilder::new().with_default_features().with_config(config.upgrade_for_ballista()).build();
    SessionContext::remote_with_state(&format!("df://{scheduler}"), state).await
}
