//! Options that every command takes, from the command line and from the environment.

use super::error::{ConfigError, Place};
use super::settings::{DEADLINE, ECHO_INTERVAL};
use super::value::{parse_duration, parse_word};
use super::{parse_dns, parse_theme};
use crate::domain::local::EchoWish;
use crate::domain::look::Screen;
use crate::domain::target::Family;
use crate::domain::text::excerpt;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Reads an environment variable. An argument, so that nothing but the edge touches the process.
pub type Environment<'e> = &'e dyn Fn(&str) -> Option<OsString>;

/// The environment of this process. `HOME` falls back on the user database.
#[must_use]
pub fn process_environment(name: &str) -> Option<OsString> {
    let home = || {
        (name == "HOME").then(etcetera::home_dir).and_then(Result::ok).map(PathBuf::into_os_string)
    };
    std::env::var_os(name).or_else(home)
}

/// Most DNS servers.
pub(super) const MAX_DNS: usize = 16;

/// Options of every command. Each is also `RDPWATCH_` and its name in capitals; `None` and zero
/// mean not given.
#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalOptions {
    /// Configuration file.
    #[arg(short, long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Time between echo requests, such as 500ms.
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_interval)]
    pub interval: Option<Duration>,
    /// Deadline of every rung, such as 3s, in place of each rung's own.
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_timeout)]
    pub timeout: Option<Duration>,
    /// Dial IPv4 addresses only.
    #[arg(short = '4', long, global = true, conflicts_with = "ipv6", value_name = "BOOL",
        num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    pub ipv4: Option<bool>,
    /// Dial IPv6 addresses only.
    #[arg(short = '6', long, global = true, value_name = "BOOL",
        num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    pub ipv6: Option<bool>,
    /// DNS server to ask in place of the system's, as address or address:port; repeatable.
    #[arg(long, global = true, value_name = "SERVER", value_parser = parse_dns)]
    pub dns: Vec<SocketAddr>,
    /// Send no ICMP: echo uses the TCP handshake.
    #[arg(long, global = true, value_name = "BOOL",
        num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    pub no_icmp: Option<bool>,
    /// What sends echo over ICMP: auto, batched (Linux only) or surge.
    #[arg(long, global = true, value_name = "ENGINE", value_parser = parse_engine)]
    pub echo_engine: Option<EchoWish>,
    /// Stop after the X.224 answer: no TLS, no certificate.
    #[arg(long, global = true, value_name = "BOOL",
        num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    pub no_deep: Option<bool>,
    /// Theme of the dashboard.
    #[arg(long, global = true, value_name = "NAME", value_parser = parse_theme)]
    pub theme: Option<String>,
    /// What fills the screen at the start: table, detail, alerts, wall, path, timeline or simple.
    #[arg(long, global = true, value_name = "VIEW", value_parser = parse_view)]
    pub view: Option<Screen>,
    /// Draw ASCII characters only.
    #[arg(long, global = true, value_name = "BOOL",
        num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    pub ascii: Option<bool>,
    /// Use no colours (also the variable `NO_COLOR`).
    #[arg(long, global = true, value_name = "BOOL",
        num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    pub no_color: Option<bool>,
    /// Most redraws per second, 1 to 60.
    #[arg(long, global = true, value_name = "N", value_parser = parse_fps)]
    pub fps: Option<u8>,
    /// Send nothing but probes: wake no host.
    #[arg(long, global = true, value_name = "BOOL",
        num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    pub read_only: Option<bool>,
    /// Write more to the log; repeatable. `check` also shows the ladder, evidence and transcript.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Write the log to this file.
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
}

impl GlobalOptions {
    /// The options that the environment gives: `RDPWATCH_*`, and `NO_COLOR` when it is not empty.
    /// An empty variable is one that is not set.
    ///
    /// # Errors
    /// A value that its option does not take, with the variable's name.
    pub fn from_environment(environment: Environment<'_>) -> Result<Self, ConfigError> {
        let flag = |name| variable(environment, name, parse_flag);
        let path = |name| raw(environment, name).map(|(_, value)| PathBuf::from(value));
        let (ipv4, ipv6) = (flag("IPV4")?, flag("IPV6")?);
        if ipv4 == Some(true) && ipv6 == Some(true) {
            let place = Place::Variable("RDPWATCH_IPV4".to_owned());
            return Err(ConfigError::new(place, "RDPWATCH_IPV6 is set too, expected one of them"));
        }
        let no_color = flag("NO_COLOR")?
            .or_else(|| environment("NO_COLOR").filter(|value| !value.is_empty()).map(|_| true));
        Ok(Self {
            config: path("CONFIG"),
            interval: variable(environment, "INTERVAL", parse_interval)?,
            timeout: variable(environment, "TIMEOUT", parse_timeout)?,
            ipv4,
            ipv6,
            dns: variable(environment, "DNS", parse_dns_list)?.unwrap_or_default(),
            no_icmp: flag("NO_ICMP")?,
            echo_engine: variable(environment, "ECHO_ENGINE", parse_engine)?,
            no_deep: flag("NO_DEEP")?,
            theme: variable(environment, "THEME", parse_theme)?,
            view: variable(environment, "VIEW", parse_view)?,
            ascii: flag("ASCII")?,
            no_color,
            fps: variable(environment, "FPS", parse_fps)?,
            read_only: flag("READ_ONLY")?,
            verbose: variable(environment, "VERBOSE", parse_verbose)?.unwrap_or(0),
            log_file: path("LOG_FILE"),
        })
    }

    /// These options, with those of `lower` where these are silent.
    #[must_use]
    pub fn or(self, lower: Self) -> Self {
        let (ipv4, ipv6) = match (self.ipv4, self.ipv6) {
            (None, None) => (lower.ipv4, lower.ipv6),
            given => given,
        };
        Self {
            config: self.config.or(lower.config),
            interval: self.interval.or(lower.interval),
            timeout: self.timeout.or(lower.timeout),
            ipv4,
            ipv6,
            dns: if self.dns.is_empty() { lower.dns } else { self.dns },
            no_icmp: self.no_icmp.or(lower.no_icmp),
            echo_engine: self.echo_engine.or(lower.echo_engine),
            no_deep: self.no_deep.or(lower.no_deep),
            theme: self.theme.or(lower.theme),
            view: self.view.or(lower.view),
            ascii: self.ascii.or(lower.ascii),
            no_color: self.no_color.or(lower.no_color),
            fps: self.fps.or(lower.fps),
            read_only: self.read_only.or(lower.read_only),
            verbose: if self.verbose == 0 { lower.verbose } else { self.verbose },
            log_file: self.log_file.or(lower.log_file),
        }
    }

    /// The address family, when given. Both switched off is `any`.
    #[must_use]
    pub const fn family(&self) -> Option<Family> {
        match (self.ipv4, self.ipv6) {
            (Some(true), _) => Some(Family::V4),
            (_, Some(true)) => Some(Family::V6),
            (None, None) => None,
            _ => Some(Family::Any),
        }
    }
}

/// A variable that is set and not empty, with its full name.
fn raw(environment: Environment<'_>, name: &str) -> Option<(String, OsString)> {
    let name = format!("RDPWATCH_{name}");
    environment(&name).filter(|value| !value.is_empty()).map(|value| (name, value))
}

/// A variable, parsed. `name` goes without `RDPWATCH_`.
///
/// # Errors
/// The sentence of `parse`, with the variable's name.
pub fn variable<T>(
    environment: Environment<'_>,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, ConfigError> {
    let Some((name, value)) = raw(environment, name) else { return Ok(None) };
    parse(&value.to_string_lossy())
        .map(Some)
        .map_err(|message| ConfigError::new(Place::Variable(name), message))
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    parse_duration(text, ECHO_INTERVAL.0, ECHO_INTERVAL.1)
}

fn parse_timeout(text: &str) -> Result<Duration, String> {
    parse_duration(text, DEADLINE.0, DEADLINE.1)
}

fn parse_engine(text: &str) -> Result<EchoWish, String> {
    parse_word(text, &EchoWish::WORDS)
}

fn parse_view(text: &str) -> Result<Screen, String> {
    parse_word(text, &Screen::WORDS)
}

fn parse_fps(text: &str) -> Result<u8, String> {
    parse_number(text, 1, 60)
}

fn parse_verbose(text: &str) -> Result<u8, String> {
    parse_number(text, 0, 9)
}

/// Reads a whole number from `min` to `max`.
///
/// # Errors
/// A sentence with the bounds.
pub fn parse_number<T>(text: &str, min: T, max: T) -> Result<T, String>
where
    T: Copy + std::str::FromStr + PartialOrd + std::fmt::Display,
{
    text.parse().ok().filter(|number| *number >= min && *number <= max).ok_or_else(|| {
        let shown = excerpt(text, 60);
        format!("\"{shown}\" is not a whole number from {min} to {max}")
    })
}

fn parse_dns_list(text: &str) -> Result<Vec<SocketAddr>, String> {
    let servers = text.split([',', ' ']).filter(|part| !part.is_empty());
    let servers = servers.map(parse_dns).collect::<Result<Vec<_>, _>>()?;
    if servers.len() > MAX_DNS {
        return Err(format!("{} DNS servers are too many, expected at most 16", servers.len()));
    }
    Ok(servers)
}

fn parse_flag(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => {
            let shown = excerpt(text, 60);
            Err(format!("\"{shown}\" is neither true nor false, expected 1 or 0"))
        }
    }
}
