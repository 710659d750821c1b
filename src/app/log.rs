//! The log: to a file and never to the screen.

use super::{FAILED, Failure};
use crate::config::Config;
use std::fs::OpenOptions;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

/// Writes the log to the configured file until the guard is dropped; nothing without a file.
pub(super) fn start(config: &Config) -> Result<Option<WorkerGuard>, Failure> {
    let Some(path) = &config.log_file else { return Ok(None) };
    let file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| {
        let path = path.display();
        Failure::new(FAILED, format!("cannot write the log file {path}: {error}"))
    })?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    let level = match config.verbosity {
        0 => "info",
        1 => "debug",
        _ => "trace",
    };
    // surge-ping tells of every foreign ICMP packet at debug.
    let filter = EnvFilter::new(format!("warn,rdpwatch={level}"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(false)
        .finish();
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|error| Failure::new(FAILED, error))?;
    Ok(Some(guard))
}
