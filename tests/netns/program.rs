//! The compiled program, run on a machine of the lab.

use crate::lab::{Machine, open_to_all, temporary_prefix};
use crate::report::Report;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// A run that takes longer than this many seconds is killed: far more than `check` may take.
const LIMIT: &str = "90";

/// Who runs the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    /// With every capability.
    Root,
    /// Without any.
    Nobody,
}

/// Runs `check --format json` as root and reads what it prints.
pub(crate) fn check(monitor: &Machine, arguments: &[&str]) -> Report {
    check_as(User::Root, monitor, arguments)
}

/// The same as somebody else.
pub(crate) fn check_as(user: User, monitor: &Machine, arguments: &[&str]) -> Report {
    let mut words = vec!["check", "--format", "json"];
    words.extend(arguments);
    Report::read(&run(user, monitor, &words))
}

/// Runs the program to its end.
pub(crate) fn run(user: User, monitor: &Machine, arguments: &[&str]) -> Output {
    command(user, monitor, arguments).output().unwrap()
}

/// Starts the program.
pub(crate) fn start(user: User, monitor: &Machine, arguments: &[&str]) -> Child {
    let mut line = command(user, monitor, arguments);
    line.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn command(user: User, monitor: &Machine, arguments: &[&str]) -> Command {
    let mut line = monitor.command("timeout");
    line.args(["-s", "KILL", LIMIT]);
    if user == User::Nobody {
        line.args(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
        line.args(["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]);
    }
    line.arg(binary()).args(arguments).stdin(Stdio::null());
    line.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("TERM", "xterm-256color");
    for (name, folder) in folders(monitor) {
        line.env(name, folder);
    }
    line
}

/// Where it keeps its files: folders of this machine, and of everybody.
pub(crate) fn folders(monitor: &Machine) -> [(&'static str, PathBuf); 4] {
    let folders = [
        ("HOME", "home"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_CACHE_HOME", "cache"),
    ];
    folders.map(|(name, folder)| {
        let path = monitor.path(folder);
        if !path.exists() {
            fs::create_dir_all(&path).unwrap();
            open_to_all(&path);
        }
        (name, path)
    })
}

/// The program where everybody may run it; a build folder may be closed to others.
pub(crate) fn binary() -> &'static Path {
    COPY.get_or_init(|| {
        let folder = TempDir::with_prefix(temporary_prefix()).unwrap().keep();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let path = folder.join("rdpwatch");
        fs::copy(env!("CARGO_BIN_EXE_rdpwatch"), &path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    })
}

static COPY: OnceLock<PathBuf> = OnceLock::new();

/// Takes the copy of the program away.
pub(crate) fn tidy() {
    if let Some(folder) = COPY.get().and_then(|path| path.parent()) {
        let _gone = fs::remove_dir_all(folder);
    }
}
