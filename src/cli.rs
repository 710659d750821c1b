//! The command line.

mod manual;

pub use manual::manual;

use crate::config::{
    ConfigError, Environment, GlobalOptions, parse_duration, parse_number, variable,
};
use crate::domain::text::{excerpt, printable};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

/// Exit code of a usage or configuration error (`check`: [`USAGE_OF_CHECK`]).
pub const USAGE: u8 = 2;
/// Exit code of a usage or configuration error of `check`: UNKNOWN, as Nagios has it.
pub const USAGE_OF_CHECK: u8 = 3;
/// Echo probes of one `check`, by default.
const DEFAULT_COUNT: u32 = 10;
/// How many times as fast as real time a scenario is played, by default.
const DEFAULT_SPEED: u32 = 10;
/// How long `wake` follows a host up, by default.
const DEFAULT_WAIT: Duration = Duration::from_mins(2);

/// A parsed command line.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(
    name = "rdpwatch",
    bin_name = "rdpwatch",
    version,
    about = "Watches Remote Desktop hosts live and says which cause of error 0x904 is about to bite",
    override_usage = "rdpwatch [OPTIONS] [TARGET]...\n       rdpwatch [OPTIONS] <COMMAND>",
    after_help = "Without a command, TARGETs are watched; without a TARGET, those of the configuration file.\n\
        TARGET: [name=]host[:port][@ADDR[,ADDR]...][#MAC], a .rdp file, or a target or group of the\n\
        configuration file. A host named like a command: rdpwatch watch demo.\n\
        Each option is also a variable: --no-icmp is RDPWATCH_NO_ICMP=1.",
    subcommand_required = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub options: GlobalOptions,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// The dashboard (the default).
    Watch(Targets),
    /// One full ladder per target, then exit: 0 ok, 1 warning, 2 critical, 3 unknown.
    Check(CheckArgs),
    /// Send magic packets, then follow the hosts up.
    Wake(WakeArgs),
    /// What a client's error code means, and what of it holds at a host.
    Explain(ExplainArgs),
    /// Say that a session dropped; what was measured about that time is noted beside it.
    Mark(MarkArgs),
    /// Hosts out of other programs' files into the configuration; shows the difference first.
    Import(ImportArgs),
    /// The configuration file.
    Config {
        /// What to do with it.
        #[command(subcommand)]
        action: ConfigAction,
    },
    /// Where alerts are told besides the screen.
    Alert {
        /// What to do.
        #[command(subcommand)]
        action: AlertAction,
    },
    /// The dashboard over hosts that it starts itself on loopback, or over a scenario file.
    Demo(DemoArgs),
    /// What this machine lets rdpwatch do, and how to let it do more.
    Doctor,
    /// Completions for a shell, on standard output.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// The manual page, on standard output.
    Man,
}

/// What `alert` does.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum AlertAction {
    /// Tell each sink of the configuration, or one, that this is a test; exit code 1 when one
    /// was not told.
    Test {
        /// Which; default: all.
        sink: Option<String>,
    },
}

/// TARGET arguments.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct Targets {
    /// Hosts, .rdp files, or targets and groups of the configuration file; default: all of its
    /// targets.
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Whether the command line has no command in front of them.
    #[arg(skip)]
    pub implied: bool,
}

/// Arguments of `check`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct CheckArgs {
    /// What is checked.
    #[command(flatten)]
    pub targets: Targets,
    /// Form of the result on standard output [default: text].
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Echo probes per target, 1 to 100 [default: 10].
    #[arg(long, value_name = "N", value_parser = parse_count)]
    count: Option<u32>,
}

/// Form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// One line per target, for people and Nagios.
    #[default]
    Text,
    /// One document, schema rdpwatch.check/1 or rdpwatch.explain/1.
    Json,
}

impl CheckArgs {
    /// The form of the result: the option, `RDPWATCH_FORMAT`, or text.
    ///
    /// # Errors
    /// A variable that is no format.
    pub fn format(&self, environment: Environment<'_>) -> Result<Format, ConfigError> {
        format_of(self.format, environment)
    }

    /// Echo probes per target: the option, `RDPWATCH_COUNT`, or 10.
    ///
    /// # Errors
    /// A variable that is no such number.
    pub fn count(&self, environment: Environment<'_>) -> Result<u32, ConfigError> {
        Ok(match self.count {
            Some(count) => count,
            None => variable(environment, "COUNT", parse_count)?.unwrap_or(DEFAULT_COUNT),
        })
    }
}

fn format_of(format: Option<Format>, environment: Environment<'_>) -> Result<Format, ConfigError> {
    let parse = |text: &str| {
        Format::from_str(text, true).map_err(|_| {
            let shown = excerpt(text, 60);
            format!("\"{shown}\" is not a format, expected text or json")
        })
    };
    Ok(match format {
        Some(format) => format,
        None => variable(environment, "FORMAT", parse)?.unwrap_or_default(),
    })
}

/// Arguments of `demo`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct DemoArgs {
    /// Play a scenario file on simulated time in place of the hosts on loopback.
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Of the file, the scenario with this text in its name; default: the first.
    #[arg(long, value_name = "TEXT", requires = "scenario")]
    pub only: Option<String>,
    /// How many times as fast as real time, 1 to 3600 [default: 10].
    #[arg(long, value_name = "N", requires = "scenario", value_parser = clap::value_parser!(u32).range(1..=3600))]
    speed: Option<u32>,
    /// Play all of it at once and print the event log; exit code 1 when something comes out
    /// otherwise than the file expects.
    #[arg(long, requires = "scenario", conflicts_with = "speed")]
    pub print: bool,
}

impl DemoArgs {
    /// How many times as fast as real time.
    #[must_use]
    pub fn speed(&self) -> u32 {
        self.speed.unwrap_or(DEFAULT_SPEED)
    }
}

/// Arguments of `wake`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct WakeArgs {
    /// Hosts of the configuration file, TARGETs with a MAC, or MACs.
    #[arg(value_name = "TARGET|MAC", required = true)]
    pub targets: Vec<String>,
    /// How long to follow the hosts up, 0s to 1h [default: 120s].
    #[arg(long, value_name = "DURATION", value_parser = parse_wait)]
    wait: Option<Duration>,
}

impl WakeArgs {
    /// How long to follow the hosts up: the option, `RDPWATCH_WAIT`, or two minutes.
    ///
    /// # Errors
    /// A variable that is no such duration.
    pub fn wait(&self, environment: Environment<'_>) -> Result<Duration, ConfigError> {
        Ok(match self.wait {
            Some(wait) => wait,
            None => variable(environment, "WAIT", parse_wait)?.unwrap_or(DEFAULT_WAIT),
        })
    }
}

/// Arguments of `explain`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ExplainArgs {
    /// The error code, such as 0x904, 2308 or `ERRINFO_CB_CONNECTION_CANCELLED`, or the name of
    /// a finding.
    #[arg(allow_negative_numbers = true)]
    pub code: String,
    /// The extended error code, such as 0x7; may be left out before a TARGET.
    #[arg(value_name = "EXT", allow_negative_numbers = true)]
    pub extended: Option<String>,
    /// Weigh every cause by what is measured at this host.
    #[arg(value_name = "TARGET")]
    pub target: Option<String>,
    /// Form of the result on standard output [default: text].
    #[arg(long, value_enum)]
    format: Option<Format>,
}

impl ExplainArgs {
    /// The form of the result: the option, `RDPWATCH_FORMAT`, or text.
    ///
    /// # Errors
    /// A variable that is no format.
    pub fn format(&self, environment: Environment<'_>) -> Result<Format, ConfigError> {
        format_of(self.format, environment)
    }
}

/// Arguments of `mark`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct MarkArgs {
    /// On which host, when the first word names one that is watched; then what there is to say.
    #[arg(value_name = "TARGET] [TEXT")]
    pub words: Vec<String>,
    /// When: 10:32 or 10:32:05 (with Z: UTC), 5m (ago), or 2026-11-21T10:32:05Z [default: now].
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

impl MarkArgs {
    /// When it dropped, as it was typed: the option, `RDPWATCH_AT`, or nothing.
    ///
    /// # Errors
    /// None: any text passes.
    pub fn at(&self, environment: Environment<'_>) -> Result<Option<String>, ConfigError> {
        match &self.at {
            Some(at) => Ok(Some(at.clone())),
            None => variable(environment, "AT", |text| Ok(text.to_owned())),
        }
    }
}

/// Arguments of `import`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ImportArgs {
    /// .rdp, `RDCMan` .rdg, `mRemoteNG` confCons.xml, hosts files, CSV with a row of heads, DHCP leases, or a list
    /// of TARGETs.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Write what is added behind the end of the configuration file.
    #[arg(long)]
    pub write: bool,
    /// Leave out the entries that are wrong, and take the others; without it nothing is written where one is wrong.
    #[arg(long)]
    pub skip_wrong: bool,
}

/// What to do with the configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum ConfigAction {
    /// Write the annotated default, unless there is a file already.
    Init,
    /// Read it and say what is wrong.
    Check,
    /// Print the effective configuration.
    Show,
    /// Print where it is.
    Path,
    /// Print its JSON schema.
    Schema,
}

impl Command {
    /// Exit code of a usage or configuration error.
    #[must_use]
    pub const fn usage_code(&self) -> u8 {
        match self {
            Self::Check(_) => USAGE_OF_CHECK,
            _ => USAGE,
        }
    }

    /// The TARGET arguments that [`crate::config::Config::assemble`] takes; empty where the
    /// command has none of its own.
    #[must_use]
    pub fn targets(&self) -> &[String] {
        match self {
            Self::Watch(targets) | Self::Check(CheckArgs { targets, .. }) => &targets.targets,
            _ => &[],
        }
    }
}

/// Why nothing runs: help, version, or a mistake. The text is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// What to print, with its last line break.
    pub text: String,
    /// Whether it goes to standard output (help, version) rather than standard error.
    pub to_stdout: bool,
    /// The exit code.
    pub code: u8,
}

impl Cli {
    /// Reads a command line, program name first. A first word that is no command is a TARGET to
    /// watch.
    ///
    /// # Errors
    /// Help and version as text, or a usage error.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Exit> {
        let mut arguments: Vec<OsString> = arguments.into_iter().collect();
        let place = command_place(&arguments);
        let word = arguments.get(place);
        let code = if word.is_some_and(|word| word == "check") { USAGE_OF_CHECK } else { USAGE };
        let named = word.is_some_and(|word| is_command(word));
        let implied = !named && !asks_for_help(&arguments, place);
        if implied {
            arguments.insert(place, OsString::from("watch"));
        }
        let mut cli = Self::try_parse_from(arguments).map_err(|e| Exit::from_clap(&e, code))?;
        if let Command::Watch(targets) = &mut cli.command {
            targets.implied = implied;
        }
        Ok(cli)
    }
}

impl Exit {
    fn from_clap(error: &clap::Error, code: u8) -> Self {
        let harmless = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
        let rendered = error.render().to_string();
        let mut text: String =
            rendered.lines().flat_map(|line| [printable(line), "\n".into()]).collect();
        if text.is_empty() {
            text.push('\n');
        }
        Self { text, to_stdout: harmless, code: if harmless { 0 } else { code } }
    }
}

/// Where the command stands, or belongs: at the first argument that is no option, nor an option's
/// value; at the `--` when that comes first; else at the end.
fn command_place(arguments: &[OsString]) -> usize {
    let definition = Cli::command();
    let takes_value = |option: &OsStr| {
        let Some(option) = option.to_str() else { return false };
        definition.get_arguments().any(|argument| {
            let valued =
                matches!(argument.get_action(), clap::ArgAction::Set | clap::ArgAction::Append)
                    && !argument.is_require_equals_set();
            let long =
                argument.get_long().is_some_and(|long| option.strip_prefix("--") == Some(long));
            let short = argument.get_short().is_some_and(|short| {
                option.strip_prefix('-').is_some_and(|flags| flags.ends_with(short))
                    && !option.starts_with("--")
            });
            valued && (long || short)
        })
    };
    let mut place = 1;
    while let Some(argument) = arguments.get(place) {
        let bytes = argument.as_encoded_bytes();
        if bytes == b"--" || bytes == b"-" || !bytes.starts_with(b"-") {
            return place;
        }
        place += if takes_value(argument) { 2 } else { 1 };
    }
    arguments.len().max(1)
}

fn is_command(word: &OsStr) -> bool {
    Cli::command().get_subcommands().any(|command| word == command.get_name())
}

/// Whether help or the version is asked for before any command.
fn asks_for_help(arguments: &[OsString], place: usize) -> bool {
    let before = arguments.iter().take(place).skip(1);
    before
        .into_iter()
        .any(|argument| ["-h", "--help", "-V", "--version"].iter().any(|help| argument == help))
}

/// Completions for a shell, as a script.
#[must_use]
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "rdpwatch", &mut script);
    script
}

fn parse_count(text: &str) -> Result<u32, String> {
    parse_number(text, 1, 100)
}

fn parse_wait(text: &str) -> Result<Duration, String> {
    parse_duration(text, Duration::ZERO, Duration::from_hours(1))
}

#[cfg(test)]
mod tests;
