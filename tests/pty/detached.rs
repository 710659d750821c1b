//! Under tmux and GNU screen: it outlives the terminal that it was started on, and fits the next.

use crate::session::{Session, Setup, assert_restored};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// What is watched: a port of this machine that nobody listens on.
const TARGET: &str = "127.0.0.1:9";

/// A program that keeps others running while no terminal is there.
struct Multiplexer {
    program: &'static str,
    /// Starts the words that follow without a terminal; `{}` is the folder of its socket.
    start: &'static [&'static str],
    attach: &'static [&'static str],
    /// Ends it with all that runs in it.
    kill: &'static [&'static str],
    /// What its user presses to leave.
    detach: &'static str,
}

const TMUX: Multiplexer = Multiplexer {
    program: "tmux",
    start: &["-f", "/dev/null", "-S", "{}/socket", "new-session", "-d"],
    attach: &["-f", "/dev/null", "-S", "{}/socket", "attach"],
    kill: &["-S", "{}/socket", "kill-server"],
    detach: "\x02d",
};

const SCREEN: Multiplexer = Multiplexer {
    program: "screen",
    start: &["-U", "-c", "/dev/null", "-S", "watch", "-d", "-m"],
    attach: &["-U", "-c", "/dev/null", "-r", "watch"],
    kill: &["-S", "watch", "-X", "quit"],
    detach: "\x01d",
};

/// One that runs the dashboard, in a home of its own; ends with the test.
struct Running {
    by: &'static Multiplexer,
    home: TempDir,
}

fn words(words: &[&str], home: &Path) -> Vec<String> {
    words.iter().map(|word| word.replace("{}", &home.display().to_string())).collect()
}

impl Running {
    /// `None` where the multiplexer is not installed, which is a failure where CI installs it.
    fn start(by: &'static Multiplexer) -> Option<Self> {
        let running = Self { by, home: tempfile::tempdir().expect("a folder") };
        let program = env!("CARGO_BIN_EXE_rdpwatch");
        let watch = [program, "--no-icmp", "--dns", "127.0.0.1:9", TARGET];
        let started = running.command(by.start).args(watch).status();
        if started.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            let required = std::env::var_os("RDPWATCH_REQUIRE_NETNS").is_some();
            assert!(!required, "{} is not installed", by.program);
            eprintln!("skipped: {} is not installed", by.program);
            return None;
        }
        assert!(started.expect("it starts").success(), "{} starts", by.program);
        Some(running)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let home = self.home.path();
        let mut command = Command::new(self.by.program);
        command.args(words(arguments, home)).current_dir(home).env_clear();
        command.env("HOME", home).env("SCREENDIR", home.join("sockets"));
        command.env("XDG_CONFIG_HOME", home.join(".config"));
        command.env("XDG_STATE_HOME", home.join(".state"));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        command
    }

    /// A terminal of that size on which it is shown.
    fn attach(&self, width: u16, height: u16) -> Session {
        let home = self.home.path();
        let arguments = words(self.by.attach, home);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Setup::through(self.by.program, &arguments)
            .variable("SCREENDIR", home.join("sockets").display().to_string())
            .variable("PATH", std::env::var("PATH").unwrap_or_default())
            .sized(width, height)
            .start()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.command(self.by.kill).output();
    }
}

fn it_outlives_its_terminal(by: &'static Multiplexer) {
    let Some(running) = Running::start(by) else { return };
    let mut first = running.attach(120, 40);
    first.wait_for("port-closed");
    first.press(by.detach);
    let left = first.end();
    left.assert_code(0);
    assert_restored(left.screen.screen());

    let mut second = running.attach(60, 20);
    second.wait_for("refuses");
    second.press("?");
    second.wait_for("Esc close");
    second.press("\x1b");
    second.wait_gone("Esc close");
    second.press("q");
    second.end().assert_restored();
}

#[test]
fn it_outlives_its_terminal_under_tmux() {
    it_outlives_its_terminal(&TMUX);
}

#[test]
fn it_outlives_its_terminal_under_screen() {
    it_outlives_its_terminal(&SCREEN);
}
