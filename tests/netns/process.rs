//! Other programs: found, run to their end, or kept running until dropped.

use crate::wait;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long a daemon may take to listen: the machine may be busy.
pub(crate) const READY: Duration = Duration::from_secs(30);

/// How long a daemon may take to end.
const PARTING: Duration = Duration::from_secs(2);

pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Where a program is: in the `PATH`, or where Debian keeps those of the administrator.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let mut files = folders.map(|folder| folder.join(program));
    files.find(|file| {
        fs::metadata(file)
            .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    })
}

/// A command line of a program that is there.
pub(crate) fn command(program: &str) -> Command {
    Command::new(find(program).unwrap_or_else(|| panic!("{program} is not here")))
}

/// Runs to the end and returns standard output; panics when it fails.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}: {stderr}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A program that runs until it is dropped. Its output goes to a file.
pub(crate) struct Daemon {
    child: Child,
    what: String,
    log: PathBuf,
}

impl Daemon {
    pub(crate) fn start(command: &mut Command, what: &str, log: &Path) -> Self {
        let out = File::create(log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap();
        Self { child, what: what.to_owned(), log: log.to_owned() }
    }

    /// What it has said so far.
    pub(crate) fn log(&self) -> String {
        fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Stops it where it is; the kernel goes on for it.
    pub(crate) fn stop(&self) {
        self.signal(Signal::SIGSTOP);
    }

    pub(crate) fn go_on(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap());
        nix::sys::signal::kill(pid, signal).unwrap();
    }

    fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits until `ready` holds. False when the program ended first.
    pub(crate) fn lives_until(&mut self, ready: impl Fn(&Self) -> bool) -> bool {
        let lives = wait::within(READY, || {
            if self.is_over() { Some(false) } else { ready(self).then_some(true) }
        });
        lives.unwrap_or_else(|| {
            panic!("{} is not ready within {READY:?}: {}", self.what, self.log())
        })
    }

    pub(crate) fn wait_until(&mut self, ready: impl Fn(&Self) -> bool) {
        assert!(self.lives_until(ready), "{} ended: {}", self.what, self.log());
    }

    /// Whether its namespace has a TCP socket that listens on `port`.
    pub(crate) fn listens(&self, port: u16) -> bool {
        self.has_socket(&["tcp", "tcp6"], port, "0A")
    }

    /// Whether its namespace has a UDP socket bound to `port`.
    pub(crate) fn receives(&self, port: u16) -> bool {
        self.has_socket(&["udp", "udp6"], port, "07")
    }

    /// Looks where no packet is needed: `/proc/PID/net` is the network of the process.
    fn has_socket(&self, tables: &[&str], port: u16, state: &str) -> bool {
        // Before it has gone over to its namespace the sockets are those of this machine.
        let network = |of: &str| fs::read_link(format!("/proc/{of}/ns/net")).ok();
        if network(&self.child.id().to_string()) == network("self") {
            return false;
        }
        let local = format!(":{port:04X}");
        tables.iter().any(|table| {
            let text = fs::read_to_string(format!("/proc/{}/net/{table}", self.child.id()));
            text.unwrap_or_default().lines().any(|line| {
                let mut fields = line.split_whitespace().skip(1);
                fields.next().is_some_and(|address| address.ends_with(&local))
                    && fields.nth(1) == Some(state)
            })
        })
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Some take their lock files away when they are asked to end.
        if let Ok(pid) = i32::try_from(self.child.id()) {
            let _gone = nix::sys::signal::kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let ended = wait::within(PARTING, || self.child.try_wait().ok().flatten());
        if ended.is_none() {
            let _gone = self.child.kill();
            let _status = self.child.wait();
        }
    }
}
