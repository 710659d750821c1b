//! The composition root: wires configuration, probes, monitor and screen together.

mod alert;
mod check;
mod core;
mod demo;
mod doctor;
mod edge;
mod editor;
mod explain;
mod export;
mod first;
mod import;
mod log;
mod looks;
mod mark;
mod reload;
mod scenario;
mod signals;
mod slips;
mod suggest;
mod wake;
mod watch;

use crate::cli::{AlertAction, Cli, Command, ConfigAction};
use crate::config::{self, Config, ConfigError, GlobalOptions, Place, process_environment};
use crate::domain::sink::secret_variables;
use crate::domain::text::{excerpt, printable};
use crate::probe::client_log::EventChannel;
use crate::probe::clock::Clock;
use crate::probe::echo::{self, EchoEngine, Paced, Surge};
use crate::probe::resolve::{Resolver, ResolverSettings, SystemDns};
use crate::probe::seam::{SystemLocal, SystemNeighbours, SystemWaker};
use crate::probe::sessions::SystemSessions;
use crate::store::{FileStore, MemoryStore, State, StateStore};
use edge::Edge;
use std::ffi::OsString;
use std::io::{self, Write};
use std::sync::Arc;

/// Done.
const DONE: u8 = 0;
/// Failed.
const FAILED: u8 = 1;

/// Why a command ended without doing what it was told.
#[derive(Debug)]
struct Failure {
    /// One sentence; escaped when it is told.
    message: String,
    /// The exit code.
    code: u8,
}

impl Failure {
    fn new(code: u8, message: impl std::fmt::Display) -> Self {
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
            tell(&failure.message);
            failure.code
        }
    }
}

/// Says on standard error what went wrong, escaped line by line: paths and names are in it.
fn tell(message: &str) {
    let lines: Vec<_> = message.lines().map(printable).collect();
    let _gone = writeln!(io::stderr(), "rdpwatch: {}", lines.join("\n"));
}

fn execute(cli: &Cli) -> Result<u8, Failure> {
    let usage = cli.command.usage_code();
    let invalid = |error: ConfigError| Failure::new(usage, error);
    let set = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for slip in slips::mistyped_variables(set) {
        tell(&slip);
    }
    match &cli.command {
        Command::Watch(_) => {
            let config = load(cli, cli.command.targets()).map_err(invalid)?;
            if let Some(slip) = slips::mistyped_command(cli, || load(cli, &[]).ok()) {
                return Err(Failure::new(usage, slip));
            }
            let _log = log::start(&config)?;
            watch::watch(config, state_store(), source(cli))
        }
        Command::Check(arguments) => {
            let format = arguments.format(&process_environment).map_err(invalid)?;
            let count = arguments.count(&process_environment).map_err(invalid)?;
            let config = load(cli, cli.command.targets()).map_err(invalid)?;
            let _log = log::start(&config).map_err(|failure| Failure { code: usage, ..failure })?;
            check::check(&config, format, count, &remembered())
        }
        Command::Wake(arguments) => {
            let wait = arguments.wait(&process_environment).map_err(invalid)?;
            let _log = started_log(cli)?;
            wake::wake(cli, &arguments.targets, wait, &remembered())
        }
        Command::Explain(arguments) => {
            let _log = started_log(cli)?;
            explain::explain_code(cli, arguments)
        }
        Command::Mark(arguments) => {
            let at = arguments.at(&process_environment).map_err(invalid)?;
            let config = load(cli, &[]).map_err(invalid)?;
            mark::mark(&config, &arguments.words, at.as_deref())
        }
        Command::Import(arguments) => import::import(&cli.options, arguments),
        Command::Config { action } => configure(&cli.options, *action).map_err(|error| {
            let code = if *action == ConfigAction::Init { FAILED } else { usage };
            Failure::new(code, error)
        }),
        Command::Alert { action: AlertAction::Test { sink } } => {
            let config = load(cli, &[]).map_err(invalid)?;
            alert::test(&config, sink.as_deref(), usage)
        }
        Command::Demo(arguments) => {
            let config = load_options(&cli.options).map_err(invalid)?;
            let _log = log::start(&config)?;
            match &arguments.scenario {
                Some(path) => scenario::play(&config, path, arguments),
                None => demo::demo(&config),
            }
        }
        Command::Doctor => {
            let _log = started_log(cli)?;
            doctor::doctor(&cli.options, load(cli, &[]))
        }
        Command::Completions { shell } => written(&crate::cli::completions(*shell)),
        Command::Man => {
            let page = crate::cli::manual().map_err(|error| Failure::new(FAILED, error))?;
            written(&page)
        }
    }
}

/// Where things are remembered between runs; nowhere when there is no such folder.
fn state_store() -> Arc<dyn StateStore> {
    match config::state_dir(&process_environment) {
        Some(folder) => Arc::new(FileStore::new(folder.join("state.json"))),
        None => Arc::new(MemoryStore::default()),
    }
}

/// What earlier runs knew, for commands that only read it.
fn remembered() -> State {
    match state_store().load() {
        Ok(loaded) => {
            if let Some(warning) = loaded.warning {
                tell(&warning);
            }
            loaded.state
        }
        Err(error) => {
            tell(&error.to_string());
            State::default()
        }
    }
}

/// The configuration with the TARGET arguments of a command.
fn load(cli: &Cli, targets: &[String]) -> Result<Config, ConfigError> {
    let file = config::read_config_file(&cli.options, &process_environment)?;
    let file = file.as_ref().map(|(path, text)| (path.as_path(), text.as_str()));
    Config::assemble(&cli.options, &process_environment, file, targets, &config::read_rdp_file)
}

/// The configuration file and how it is read again; `None` where there is no place for one.
fn source(cli: &Cli) -> Option<reload::Source> {
    let path = config::config_file(&cli.options, &process_environment)?;
    let cli = cli.clone();
    Some(reload::Source { path, load: Arc::new(move || load(&cli, cli.command.targets())) })
}

/// The log that the command line or the environment asks for, for commands that read the
/// configuration themselves.
fn started_log(cli: &Cli) -> Result<Option<tracing_appender::non_blocking::WorkerGuard>, Failure> {
    let config = load_options(&cli.options);
    log::start(&config.map_err(|error| Failure::new(cli.command.usage_code(), error))?)
}

/// The configuration without the file: what the command line and the environment say.
fn load_options(options: &GlobalOptions) -> Result<Config, ConfigError> {
    Config::assemble(options, &process_environment, None, &[], &config::read_rdp_file)
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(16)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(FAILED, format!("cannot start the runtime: {error}")))
}

/// The real things behind every seam. Must be called inside the runtime.
fn real_edge(config: &Config) -> Result<Edge, Failure> {
    let clock = Clock::start();
    let settings = ResolverSettings {
        servers: (!config.dns.is_empty()).then(|| config.dns.clone()),
        family: config.family,
    };
    let names =
        Resolver::new(settings, SystemDns::read()).map_err(|error| Failure::new(FAILED, error))?;
    let echo: Arc<dyn EchoEngine> = if config.icmp {
        echo::open(config.echo_engine, clock)
    } else {
        Arc::new(Paced::start(Surge::off(), clock))
    };
    Ok(Edge {
        clock,
        echo,
        local: Arc::new(SystemLocal::new(clock, names.clone())),
        names: Arc::new(names),
        gateways: Arc::default(),
        neighbours: Arc::new(SystemNeighbours),
        sessions: Arc::new(SystemSessions),
        client_log: EventChannel::of_system().map(|channel| Arc::new(channel) as _),
        waker: Arc::new(SystemWaker::hiding(secret_variables(&config.sinks))),
        seed: clock.now().wall.unix_millis().unsigned_abs(),
        simulated: None,
    })
}

fn configure(options: &GlobalOptions, action: ConfigAction) -> Result<u8, ConfigError> {
    let path = config::config_file(options, &process_environment);
    let text = match action {
        ConfigAction::Schema => config::json_schema(),
        ConfigAction::Path => match &path {
            Some(path) => format!("{}\n", path.display()),
            None => return Err(no_place()),
        },
        ConfigAction::Init => {
            let path = path.ok_or_else(no_place)?;
            config::init(&path)?;
            format!("{}\n", path.display())
        }
        ConfigAction::Check | ConfigAction::Show => {
            let file = config::read_config_file(options, &process_environment)?;
            let named = file.as_ref().map(|(path, text)| (path.as_path(), text.as_str()));
            if let (ConfigAction::Check, Some((path, text))) = (action, named) {
                let mut mistakes = Config::mistakes(path, text).into_iter().rev();
                let last = mistakes.next();
                mistakes.rev().for_each(|mistake| tell(&mistake.to_string()));
                if let Some(last) = last {
                    return Err(last);
                }
            }
            let config = Config::assemble(
                options,
                &process_environment,
                named,
                &[],
                &config::read_rdp_file,
            )?;
            match (action, file) {
                (ConfigAction::Show, _) => config.to_toml(),
                (_, Some((path, _))) => {
                    looks::Looks::read(&config)
                        .map_err(|message| ConfigError::new(Place::File(path.clone()), message))?;
                    config.doubts().iter().for_each(|doubt| tell(&format!("note: {doubt}")));
                    for note in sink_notes(&config) {
                        tell(&format!("note: {note}"));
                    }
                    let targets = config.targets.len();
                    let s = if targets == 1 { "" } else { "s" };
                    format!("{}: ok, {targets} target{s}\n", path.display())
                }
                (_, None) => "no configuration file; the defaults are in force\n".to_owned(),
            }
        }
    };
    let _gone = print(text.as_bytes());
    Ok(DONE)
}

/// What would keep each sink from telling anybody, on this machine and as this user.
fn sink_notes(config: &Config) -> Vec<String> {
    let facts = doctor::sinks::facts(config).into_iter();
    let unable = facts.filter_map(|sink| {
        let problem = sink.problem?;
        Some(format!(
            "sink {} ({}) tells nobody here: {}",
            excerpt(&sink.name, 60),
            sink.kind,
            excerpt(&problem, 200)
        ))
    });
    unable.collect()
}

fn no_place() -> ConfigError {
    ConfigError::new(
        Place::Option("--config"),
        "no folder for configuration files is known: name a file".to_owned(),
    )
}

/// Data on standard output. A reader that went away is no failure.
fn written(bytes: &[u8]) -> Result<u8, Failure> {
    match print(bytes) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(FAILED, format!("cannot write the result: {error}")))
        }
        _ => Ok(DONE),
    }
}

fn print(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}
