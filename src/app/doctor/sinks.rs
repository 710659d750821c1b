//! Where alerts would be told, and what would keep them from it. Nothing is sent, and no secret is
//! shown: only where it is.

use crate::config::Config;
use crate::domain::sink::{Secret, SinkKind, SinkSpec, Template};
use crate::report::doctor::SinkFacts;
use std::path::{Path, PathBuf};

/// Each sink of the configuration.
pub(in crate::app) fn facts(config: &Config) -> Vec<SinkFacts> {
    config.sinks.iter().map(of).collect()
}

fn of(sink: &SinkSpec) -> SinkFacts {
    let (place, problem) = match &sink.kind {
        SinkKind::Bell => ("the terminal's bell".to_owned(), None),
        SinkKind::Webhook { url, token, template } => {
            let template = match template {
                Template::Json => "JSON",
                Template::Slack => "Slack",
                Template::Teams => "Teams",
                Template::Ntfy => "ntfy",
                Template::Text(_) => "a text of its own",
            };
            let token = token.as_ref();
            let bearer = token.map_or_else(String::new, |token| format!(", token {}", from(token)));
            let place = format!("{template}, address {}{bearer}", from(url));
            (place, missing(url).or_else(|| token.and_then(missing)))
        }
        SinkKind::Exec(words) => {
            let program = words.first().map(String::as_str).unwrap_or_default();
            let problem = (!is_program(program)).then(|| format!("there is no program {program}"));
            (program.to_owned(), problem)
        }
        SinkKind::File(path) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let there = folder.unwrap_or(Path::new("."));
            let writable = super::may_write(if path.exists() { path } else { there });
            let special = path.metadata().is_ok_and(|known| !known.is_file());
            let problem = (!writable).then(|| "it cannot be written".to_owned());
            let problem = special.then(|| "it is no regular file".to_owned()).or(problem);
            (path.display().to_string(), problem)
        }
        SinkKind::Syslog => socket("/dev/log"),
        SinkKind::Journald => socket("/run/systemd/journal/socket"),
        SinkKind::Desktop => ("this session's desktop".to_owned(), desktop_problem()),
    };
    SinkFacts { name: sink.name.clone(), kind: sink.kind.word(), place, problem }
}

/// On Linux and BSD notifications go over the session's bus.
fn desktop_problem() -> Option<String> {
    let bus = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some()
        || std::env::var_os("XDG_RUNTIME_DIR")
            .is_some_and(|folder| Path::new(&folder).join("bus").exists());
    let needs_bus = cfg!(all(unix, not(target_os = "macos")));
    (needs_bus && !bus).then(|| "there is no desktop session here (no session bus)".to_owned())
}

fn socket(path: &str) -> (String, Option<String>) {
    let problem = (!Path::new(path).exists()).then(|| "there is no such socket".to_owned());
    (path.to_owned(), problem)
}

/// Where a secret is, never what it is.
fn from(secret: &Secret) -> String {
    match secret {
        Secret::Plain(_) => "in the configuration".to_owned(),
        Secret::Variable(name) => format!("from the variable {name}"),
        Secret::File(path) => format!("from {}", path.display()),
    }
}

/// Why a secret cannot be had.
fn missing(secret: &Secret) -> Option<String> {
    match secret {
        Secret::Plain(_) => None,
        Secret::Variable(name) => {
            let set = std::env::var_os(name).is_some_and(|value| !value.is_empty());
            (!set).then(|| format!("the variable {name} is not set here"))
        }
        Secret::File(path) => {
            let error = std::fs::File::open(path).err()?;
            Some(format!("{} cannot be read: {error}", path.display()))
        }
    }
}

/// Whether there is such a program, as it is looked up when it is run.
fn is_program(program: &str) -> bool {
    let is_file = |path: PathBuf| path.is_file();
    if program.contains(std::path::MAIN_SEPARATOR) || cfg!(windows) {
        return cfg!(windows) || is_file(PathBuf::from(program));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| is_file(folder.join(program)))
}
