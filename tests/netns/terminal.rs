//! The program on a terminal of its own, on a machine of the lab.

use crate::lab::Machine;
use crate::process::find;
use crate::program::{binary, folders};
use crate::wait;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long something may take to appear: several probes, each with its deadline.
const PATIENCE: Duration = Duration::from_mins(1);

const ROWS: u16 = 60;
const COLUMNS: u16 = 120;

/// A running dashboard.
pub(crate) struct Session {
    child: Box<dyn Child + Send + Sync>,
    // A terminal whose master is closed hangs up.
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
}

/// Starts the program as root.
pub(crate) fn start(monitor: &Machine, arguments: &[&str]) -> Session {
    let size = PtySize { rows: ROWS, cols: COLUMNS, ..PtySize::default() };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut line = CommandBuilder::new(find("ip").unwrap());
    line.args(["netns", "exec", &monitor.namespace]);
    line.arg(binary());
    line.args(arguments);
    line.env_clear();
    line.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    line.env("TERM", "xterm-256color");
    for (name, folder) in folders(monitor) {
        line.env(name, folder);
    }
    let child = pair.slave.spawn_command(line).unwrap();
    drop(pair.slave);
    let screen = Arc::new(Mutex::new(vt100::Parser::new(ROWS, COLUMNS, 0)));
    let mut output = pair.master.try_clone_reader().unwrap();
    let drawn = Arc::clone(&screen);
    std::thread::spawn(move || {
        let mut buffer = [0_u8; 8_192];
        while let Ok(length @ 1..) = output.read(&mut buffer) {
            drawn.lock().unwrap().process(buffer.get(..length).unwrap_or_default());
        }
    });
    let keys = pair.master.take_writer().unwrap();
    Session { child, _master: pair.master, keys, screen }
}

impl Session {
    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub(crate) fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until the screen is as `holds` wants it.
    pub(crate) fn wait(&self, what: &str, holds: impl Fn(&str) -> bool) {
        let seen = wait::within(PATIENCE, || holds(&self.text()).then_some(()));
        assert!(seen.is_some(), "no {what} within {PATIENCE:?}:\n{}", self.text());
    }

    /// Quits with `q`, and holds the program to leaving the terminal as it was.
    pub(crate) fn quit(mut self) {
        self.press("q");
        let status = wait::until("end", PATIENCE, || self.child.try_wait().unwrap());
        assert!(status.success(), "{status:?}\n{}", self.text());
        let left = || {
            let screen = self.screen.lock().unwrap();
            let screen = screen.screen();
            (!screen.alternate_screen() && !screen.hide_cursor()).then_some(())
        };
        wait::until("ordinary screen", PATIENCE, left);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}
