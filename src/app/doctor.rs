//! `doctor`: finds out what this machine lets the probes do.

pub(super) mod sinks;

use super::edge::Edge;
use super::{FAILED, Failure, print, real_edge, runtime};
use crate::config::{self, Config, GlobalOptions, process_environment};
use crate::domain::local::EchoAccess;
use crate::domain::sample::EchoMethod;
use crate::domain::target::Target;
use crate::monitor::bytes_per_target;
use crate::probe::echo::RECEIVE_BUFFER;
use crate::probe::gateway::Roots;
use crate::probe::sessions::Unseen;
use crate::report::doctor::{
    Budget, Buffer, Colours, DescriptorLimit, DoctorFacts, PathFacts, Platform, SessionsFact,
    TerminalFacts, report,
};
use crate::schedule::{Schedule, Settings, a_day};
use crate::ui::terminal::Terminal;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

/// Prints the report. The exit code is 1 when something suffers.
pub(super) fn doctor(
    options: &GlobalOptions,
    config: Result<Config, config::ConfigError>,
) -> Result<u8, Failure> {
    let (config, problem) = match config {
        Ok(config) => (config, None),
        Err(error) => (Config::default(), Some(error.to_string())),
    };
    let runtime = runtime()?;
    let facts = runtime.block_on(gather(options, &config, problem))?;
    runtime.shutdown_background();
    let report = report(&facts);
    print(report.text.as_bytes()).map_err(|error| Failure::new(FAILED, error))?;
    Ok(if report.problems == 0 { super::DONE } else { FAILED })
}

async fn gather(
    options: &GlobalOptions,
    config: &Config,
    problem: Option<String>,
) -> Result<DoctorFacts, Failure> {
    let edge = real_edge(config)?;
    let granted = edge.echo.receive_buffer(false);
    let asked = u64::try_from(RECEIVE_BUFFER).unwrap_or(u64::MAX);
    Ok(DoctorFacts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        platform: Platform::current(),
        now: edge.clock.now().wall,
        zone: jiff::tz::TimeZone::system(),
        program: std::env::current_exe().ok().map(|path| path.display().to_string()),
        echo_v4: edge.echo.access(false),
        echo_v6: edge.echo.access(true),
        ping_group_range: std::fs::read_to_string("/proc/sys/net/ipv4/ping_group_range").ok(),
        group: group(),
        receive_buffer: granted
            .and_then(|granted| Some(Buffer { asked, granted: u64::try_from(granted).ok()? })),
        engine: edge.echo.facts(),
        local: edge.local_state(),
        neighbours_readable: edge.neighbours.readable(),
        sessions: sessions(&edge).await,
        path_measurable: cfg!(target_os = "linux"),
        authorities: !Roots::system().is_empty(),
        descriptors: descriptors(),
        terminal: terminal(),
        config: config_facts(options, problem),
        state: state_facts(),
        budgets: budgets(config, &edge),
        gateways: gateways(config),
        sinks: sinks::facts(config),
        bytes_per_target: u64::try_from(bytes_per_target()).unwrap_or(u64::MAX),
    })
}

/// Whether this machine's own sessions are followed: its sockets are looked at once, or the log of
/// its client is read.
async fn sessions(edge: &Edge) -> SessionsFact {
    let (well, seen) = if let Some(log) = &edge.client_log {
        (SessionsFact::Told, log.read(None).await.map(drop))
    } else {
        let peer = ([127, 0, 0, 1], 3_389).into();
        (SessionsFact::Followed, edge.sessions.look(&[peer]).map(drop))
    };
    match seen {
        Ok(()) => well,
        Err(Unseen::NotBuilt) => SessionsFact::NotBuilt,
        Err(Unseen::Refused(why)) => SessionsFact::Refused(why),
    }
}

/// What each configured target costs its host a day, when all is quiet.
fn budgets(config: &Config, edge: &Edge) -> Vec<Budget> {
    let now = edge.clock.mono();
    // As the monitor begins; one that leaves ICMP unanswered is asked by TCP later on as well.
    let method = |target: &Target| {
        let over_v6 = target.host.address().is_some_and(|address| address.is_ipv6());
        match edge.echo.access(over_v6) {
            EchoAccess::Datagram | EchoAccess::Raw => EchoMethod::Icmp,
            EchoAccess::Denied | EchoAccess::Off => EchoMethod::Tcp,
        }
    };
    let mut schedule = Schedule::new(Settings { deep: config.deep, ..Settings::default() });
    for target in &config.targets {
        schedule.add(target, now);
        schedule.set_ready(target.id, true, now);
        schedule.set_echo_method(target.id, method(target), now);
    }
    config
        .targets
        .iter()
        .map(|target| Budget {
            name: target.name.clone(),
            connections_per_day: schedule.connections_per_day(target.id),
        })
        .collect()
}

/// Each RD Gateway once, however many targets share it, with its requests a day.
fn gateways(config: &Config) -> Vec<Budget> {
    let mut most: BTreeMap<String, Duration> = BTreeMap::new();
    for target in &config.targets {
        if let Some(gateway) = target.gateway.as_ref().filter(|_| config.deep) {
            let every = most.entry(gateway.to_string()).or_insert(target.cadence.gateway);
            *every = (*every).min(target.cadence.gateway);
        }
    }
    let a_day = |every: Duration| a_day(every.max(Duration::from_secs(1)));
    most.into_iter()
        .map(|(name, every)| Budget { name, connections_per_day: a_day(every) })
        .collect()
}

fn config_facts(options: &GlobalOptions, problem: Option<String>) -> PathFacts {
    match config::config_file(options, &process_environment) {
        Some(path) => path_facts(&path, problem),
        None => nowhere("no folder for configuration files is known"),
    }
}

fn state_facts() -> PathFacts {
    match config::state_dir(&process_environment) {
        Some(path) => {
            let file = path.is_file().then(|| "it is a file, expected a folder".to_owned());
            path_facts(&path, file)
        }
        None => nowhere("no folder for state is known: nothing is remembered"),
    }
}

fn nowhere(problem: &str) -> PathFacts {
    PathFacts {
        path: "-".to_owned(),
        exists: false,
        writable: false,
        problem: Some(problem.to_owned()),
    }
}

fn path_facts(path: &Path, problem: Option<String>) -> PathFacts {
    let exists = path.exists();
    // A relative path begins in the folder of the process, which has no name in it.
    let named = |ancestor: &&Path| !ancestor.as_os_str().is_empty();
    let nearest = path.ancestors().filter(named).find(|ancestor| ancestor.exists());
    let nearest = nearest.unwrap_or(Path::new("."));
    let in_the_way = !exists && !nearest.is_dir();
    let file = || format!("not there, and cannot be made: {} is a file", nearest.display());
    PathFacts {
        path: path.display().to_string(),
        exists,
        writable: !in_the_way && may_write(nearest),
        problem: problem.or_else(|| in_the_way.then(file)),
    }
}

#[cfg(unix)]
fn may_write(path: &Path) -> bool {
    nix::unistd::access(path, nix::unistd::AccessFlags::W_OK).is_ok()
}

#[cfg(not(unix))]
fn may_write(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.permissions().readonly())
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other platforms have no group")]
fn group() -> Option<u32> {
    Some(nix::unistd::getegid().as_raw())
}

#[cfg(not(unix))]
fn group() -> Option<u32> {
    None
}

#[cfg(unix)]
fn descriptors() -> Option<DescriptorLimit> {
    use nix::sys::resource::{Resource, getrlimit};
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    Some(DescriptorLimit { soft, hard })
}

#[cfg(not(unix))]
fn descriptors() -> Option<DescriptorLimit> {
    None
}

/// How many colours the terminal shows, by what the environment says.
pub(super) fn colours_of(set: &dyn Fn(&str) -> Option<String>) -> Colours {
    let term = set("TERM");
    match (set("NO_COLOR"), set("COLORTERM"), term.as_deref()) {
        // The console says nothing in the environment and has them all since Windows 10.
        (None, _, None) if cfg!(windows) => Colours::True,
        (Some(_), ..) | (_, _, Some("dumb") | None) => Colours::None,
        (_, Some(depth), _) if depth == "truecolor" || depth == "24bit" => Colours::True,
        (_, _, Some(term)) if term.contains("direct") => Colours::True,
        (_, _, Some(term)) if term.contains("256color") => Colours::Indexed,
        _ => Colours::Sixteen,
    }
}

fn terminal() -> Option<TerminalFacts> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    let size = Terminal::size().ok()?;
    let variable =
        |name: &str| process_environment(name).and_then(|value| value.into_string().ok());
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let term = variable("TERM");
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
    let colours = colours_of(&set);
    Some(TerminalFacts {
        columns: size.width,
        rows: size.height,
        term,
        colours,
        unicode: cfg!(windows) || locale.to_ascii_lowercase().replace('-', "").contains("utf8"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_below_a_file_cannot_be_made_and_doctor_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("state");
        std::fs::write(&file, "").expect("written");
        let facts = path_facts(&file.join("rdpwatch"), None);
        assert!(!facts.exists && !facts.writable);
        let problem = facts.problem.expect("told");
        assert!(problem.starts_with("not there, and cannot be made: "), "{problem}");
        assert!(problem.ends_with("state is a file"), "{problem}");
        let facts = path_facts(&folder.path().join("a/b"), None);
        assert!(!facts.exists && facts.writable && facts.problem.is_none());
    }
}
