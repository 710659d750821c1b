//! The composition root: wires configuration, probes, monitor and screen together.

mod check;
mod core;
mod edge;
mod watch;

use crate::cli::{Cli, Command, ConfigAction};
use crate::config::{self, Config, ConfigError, GlobalOptions, process_environment};
use crate::domain::rules::{RULES, rule};
use crate::probe::clock::Clock;
use crate::report::explain;
use crate::store::{FileStore, MemoryStore, StateStore};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

/// Done.
const DONE: u8 = 0;
/// Failed.
const FAILED: u8 = 1;

/// Why a command ended without doing what it was told.
#[derive(Debug)]
struct Failure {
    /// One sentence, escaped.
    message: String,
    /// The exit code.
    code: u8,
}

impl Failure {
    fn new(code: u8, message: impl ToString) -> Self {
        Self { message: message.to_string(), code }
    }
}

/// Runs the program with its arguments, program name first, and returns the exit code.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::read(arguments) {
        Ok(cli) => cli,
        Err(exit) => {
            let written = if exit.to_stdout {
                print(exit.text.as_bytes())
            } else {
                io::stderr().write_all(exit.text.as_bytes())
            };
            return written.map_or(FAILED, |()| exit.code);
        }
    };
    match execute(&cli) {
        Ok(code) => code,
        Err(failure) => {
            let _gone = writeln!(io::stderr(), "rdpwatch: {}", failure.message);
            failure.code
        }
    }
}

fn execute(cli: &Cli) -> Result<u8, Failure> {
    let usage = cli.command.usage_code();
    let invalid = |error: ConfigError| Failure::new(usage, error);
    match &cli.command {
        Command::Watch(_) => {
            let config = load(cli, cli.command.targets()).map_err(invalid)?;
            watch::watch(&config, store())
        }
        Command::Check(arguments) => {
            let format = arguments.format(&process_environment).map_err(invalid)?;
            let count = arguments.count(&process_environment).map_err(invalid)?;
            let config = load(cli, cli.command.targets()).map_err(invalid)?;
            check::check(&config, format, count, store().as_ref())
        }
        Command::Wake(arguments) => {
            let wait = arguments.wait(&process_environment).map_err(invalid)?;
            let config = load(cli, &[]).map_err(invalid)?;
            wake::wake(&config, &arguments.targets, wait, store())
        }
        Command::Explain(arguments) => explain_code(&arguments.code, arguments.extended.as_deref()),
        Command::Config { action } => configure(&cli.options, *action).map_err(invalid),
        Command::Demo => {
            let config = load_options(&cli.options).map_err(invalid)?;
            demo::demo(&config)
        }
        Command::Doctor => {
            let config = load(cli, &[]).map_err(invalid)?;
            doctor::doctor(&config)
        }
        Command::Completions { shell } => written(&crate::cli::completions(*shell)),
        Command::Man => {
            let page = crate::cli::manual().map_err(|error| Failure::new(FAILED, error))?;
            written(&page)
        }
    }
}
