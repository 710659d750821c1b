//! The program on a terminal of its own: keys go in, the screen is waited for.

use portable_pty::{
    Child, CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system,
};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than anything takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between looks at whether the program has ended.
const LOOK: Duration = Duration::from_millis(20);
/// Silence after which nothing follows what was asked for.
const QUIET: Duration = Duration::from_secs(1);
const SYNC_BEGIN: &[u8] = b"\x1b[?2026h";
const SYNC_END: &[u8] = b"\x1b[?2026l";

/// How the program is started.
pub(crate) struct Setup {
    program: &'static str,
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
    files: Vec<(&'static str, &'static str)>,
    width: u16,
    height: u16,
}

impl Setup {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
        Self {
            program: env!("CARGO_BIN_EXE_rdpwatch"),
            arguments,
            variables: Vec::new(),
            files: Vec::new(),
            width: 120,
            height: 40,
        }
    }

    /// Another program that shows it.
    pub(crate) fn through(program: &'static str, arguments: &[&str]) -> Self {
        Self { program, ..Self::new(arguments) }
    }

    /// The demonstration: loopback only, no privileges.
    pub(crate) fn demo() -> Self {
        Self::new(&["demo"])
    }

    /// Real probes, to loopback only: without ICMP no gateway is pinged, and no DNS server but a
    /// closed port of this machine is asked.
    pub(crate) fn watching(targets: &[&str]) -> Self {
        Self::new(&[&["--no-icmp", "--dns", "127.0.0.1:9"], targets].concat())
    }

    pub(crate) fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    pub(crate) fn argument(mut self, word: &str) -> Self {
        self.arguments.push(word.to_owned());
        self
    }

    /// A file below the home folder.
    pub(crate) fn file(mut self, path: &'static str, text: &'static str) -> Self {
        self.files.push((path, text));
        self
    }

    pub(crate) fn sized(mut self, width: u16, height: u16) -> Self {
        (self.width, self.height) = (width, height);
        self
    }

    pub(crate) fn start(self) -> Session {
        Session::start(&self)
    }

    /// Closes the terminal once the first frame is on it, and waits for the end.
    pub(crate) fn start_and_hang_up(self) -> ExitStatus {
        let size = PtySize { rows: self.height, cols: self.width, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).expect("a pty");
        let home = tempfile::tempdir().expect("a folder");
        let mut child = pair.slave.spawn_command(command(&self, home.path())).expect("it starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let mut written = Vec::new();
        while !written.windows(SYNC_END.len()).any(|at| at == SYNC_END) {
            let mut buffer = [0; 4_096];
            let count = reader.read(&mut buffer).expect("it writes");
            assert_ne!(count, 0, "it ended: {}", String::from_utf8_lossy(&written));
            written.extend_from_slice(&buffer[..count]);
        }
        drop((reader, pair.master));
        let deadline = Instant::now() + PATIENCE;
        loop {
            match child.try_wait().expect("it can be waited for") {
                Some(status) => return status,
                None if Instant::now() < deadline => std::thread::sleep(LOOK),
                None => {
                    let _killed = child.kill();
                    let _reaped = child.wait();
                    panic!("it goes on without a terminal");
                }
            }
        }
    }
}

/// A running program with its terminal.
pub(crate) struct Session {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    slave: Option<Box<dyn SlavePty + Send>>,
    writer: Box<dyn Write + Send>,
    chunks: Receiver<Vec<u8>>,
    stalled: Arc<AtomicBool>,
    screen: vt100::Parser,
    bytes: Vec<u8>,
    modes: String,
    home: TempDir,
}

/// What is left when the program has ended.
pub(crate) struct Ended {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// The terminal, everything written.
    pub(crate) screen: vt100::Parser,
    /// Everything written.
    pub(crate) bytes: Vec<u8>,
    /// Modes of the line discipline before and after.
    modes: [String; 2],
}

fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("a pty has modes"))
}

impl Session {
    fn start(setup: &Setup) -> Self {
        let size = PtySize { rows: setup.height, cols: setup.width, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).expect("a pty");
        let home = tempfile::tempdir().expect("a folder");
        for (path, text) in &setup.files {
            let path = home.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let modes = modes(pair.master.as_ref());
        let child = pair.slave.spawn_command(command(setup, home.path())).expect("it starts");
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let (sender, chunks) = sync_channel(1_024);
        let stalled = Arc::new(AtomicBool::new(false));
        let held = Arc::clone(&stalled);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
                while held.load(Ordering::SeqCst) {
                    std::thread::sleep(LOOK);
                }
            }
        });
        Self {
            child,
            writer: pair.master.take_writer().expect("a writer"),
            master: pair.master,
            slave: Some(pair.slave),
            chunks,
            stalled,
            screen: vt100::Parser::new(setup.height, setup.width, 0),
            bytes: Vec::new(),
            modes,
            home,
        }
    }

    // ------------------------------------------------------------ in

    pub(crate) fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("it reads keys");
        self.writer.flush().expect("it reads keys");
    }

    pub(crate) fn signal(&self, signal: nix::sys::signal::Signal) {
        nix::sys::signal::kill(self.pid(), signal).expect("it is alive");
    }

    pub(crate) fn resize(&mut self, width: u16, height: u16) {
        let size = PtySize { rows: height, cols: width, ..PtySize::default() };
        self.master.resize(size).expect("a pty has a size");
        self.screen.screen_mut().set_size(height, width);
    }

    /// Writes a file below its home as editors do: beside it, then renamed over it.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.home.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let draft = path.with_extension("draft");
        std::fs::write(&draft, text).expect("a file");
        std::fs::rename(&draft, &path).expect("a file");
    }

    /// Removes a file below its home.
    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_file(self.home.path().join(path)).expect("it was there");
    }

    /// What a file below its home says; `None` where there is none.
    pub(crate) fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.home.path().join(path)).ok()
    }

    /// The terminal takes nothing more, or goes on.
    pub(crate) fn stall(&self, stalled: bool) {
        self.stalled.store(stalled, Ordering::SeqCst);
    }

    /// Presses keys again and again, for so long.
    pub(crate) fn press_for(&mut self, keys: &str, length: Duration) {
        let end = Instant::now() + length;
        while Instant::now() < end {
            self.press(keys);
            std::thread::sleep(LOOK);
        }
    }

    /// Waits for the end without reading what it writes; false when it goes on.
    pub(crate) fn ends_unread(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if self.child.try_wait().expect("it can be waited for").is_some() {
                return true;
            }
            std::thread::sleep(LOOK);
        }
        false
    }

    // ------------------------------------------------------------ out

    pub(crate) fn pid(&self) -> nix::unistd::Pid {
        let pid = self.child.process_id().expect("it runs");
        nix::unistd::Pid::from_raw(pid.try_into().expect("a process id"))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.screen.screen()
    }

    pub(crate) fn text(&self) -> String {
        self.screen().contents()
    }

    /// Whether it is stopped as a job (proc(5): state T in `stat`; where there is no /proc, what
    /// is on the terminal has to do).
    pub(crate) fn is_stopped(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid()));
        stat.map_or(!cfg!(target_os = "linux"), |stat| {
            stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
        })
    }

    /// Whether the line discipline is as it was before the start.
    pub(crate) fn is_cooked(&self) -> bool {
        modes(self.master.as_ref()) == self.modes
    }

    /// Whether no frame is half written.
    fn is_settled(&self) -> bool {
        let last = |needle: &[u8]| self.bytes.windows(needle.len()).rposition(|at| at == needle);
        last(SYNC_BEGIN) <= last(SYNC_END)
    }

    fn take(&mut self, chunk: &[u8]) {
        self.screen.process(chunk);
        self.bytes.extend_from_slice(chunk);
    }

    /// Waits until a whole frame shows what `there` looks for.
    pub(crate) fn wait(&mut self, what: &str, there: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !(self.is_settled() && there(self)) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.chunks.recv_timeout(left) {
                Ok(chunk) => self.take(&chunk),
                Err(RecvTimeoutError::Timeout) => panic!("never: {what}\n{}", self.text()),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended\n{}", self.text()),
            }
        }
    }

    /// Waits for text anywhere on the screen.
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait(text, |session| session.text().contains(text));
    }

    /// Waits until text is nowhere on the screen.
    pub(crate) fn wait_gone(&mut self, text: &str) {
        self.wait(&format!("without {text}"), |session| !session.text().contains(text));
    }

    /// The rows of the screen.
    pub(crate) fn rows(&self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }

    /// The row of the table that is about `target`.
    pub(crate) fn row(&self, target: &str) -> Option<String> {
        let rows =
            self.rows().into_iter().skip_while(|row| !row.trim_start().starts_with("TARGET"));
        let mut table = rows.take_while(|row| !row.starts_with('\u{2500}'));
        table.find(|row| row.split_whitespace().nth(1) == Some(target))
    }

    /// Bytes written during the next so many; what is written is taken.
    pub(crate) fn count_for(&mut self, length: Duration) -> usize {
        let before = self.bytes.len();
        let end = Instant::now() + length;
        loop {
            match self.chunks.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(chunk) => self.take(&chunk),
                Err(RecvTimeoutError::Timeout) => return self.bytes.len() - before,
                Err(RecvTimeoutError::Disconnected) => panic!("it ended"),
            }
        }
    }

    /// Frames written so far.
    pub(crate) fn frames(&self) -> usize {
        self.bytes.windows(SYNC_BEGIN.len()).filter(|at| *at == SYNC_BEGIN).count()
    }

    /// Changes the size, and waits until it was answered with a frame and nothing follows.
    pub(crate) fn resize_and_settle(&mut self, width: u16, height: u16) {
        let before = self.frames();
        self.resize(width, height);
        self.wait("a frame", |session| session.frames() > before);
        while self.count_for(QUIET) > 0 {}
    }

    /// Waits until a condition outside the screen holds.
    pub(crate) fn wait_until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < deadline, "never: {what}\n{}", self.text());
            if let Ok(chunk) = self.chunks.recv_timeout(LOOK) {
                self.take(&chunk);
            }
        }
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end\n{}", self.text());
            if let Ok(chunk) = self.chunks.recv_timeout(LOOK) {
                self.take(&chunk);
            }
        };
        let after = modes(self.master.as_ref());
        drop(self.slave.take());
        while let Ok(chunk) = self.chunks.recv_timeout(PATIENCE) {
            self.take(&chunk);
        }
        Ended {
            status,
            screen: std::mem::take(&mut self.screen),
            bytes: std::mem::take(&mut self.bytes),
            modes: [std::mem::take(&mut self.modes), after],
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ended = self.child.kill();
            let _reaped = self.child.wait();
        }
    }
}

impl Ended {
    /// Everything written, as text.
    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Asserts that nothing of the dashboard is left on the terminal but text.
    pub(crate) fn assert_restored(&self) {
        assert_restored(self.screen.screen());
        assert_eq!(self.modes[0], self.modes[1], "the line discipline is as before");
    }

    pub(crate) fn assert_code(&self, code: u32) {
        assert_eq!(self.status.exit_code(), code, "{:?}: {}", self.status, self.text());
    }

    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }
}

/// Asserts that a shell could go on here.
pub(crate) fn assert_restored(screen: &vt100::Screen) {
    assert!(!screen.alternate_screen(), "the normal screen is back");
    assert!(!screen.hide_cursor(), "the cursor is shown");
    assert!(!screen.bracketed_paste(), "pasting is as usual");
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is free");
}

impl Session {
    /// What the program says on standard output when it is started once more in the same home.
    pub(crate) fn beside(&self, arguments: &[&str]) -> String {
        let home = self.home.path();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_rdpwatch"));
        command.args(arguments).current_dir(home).env_clear();
        for (name, folder) in
            [("HOME", ""), ("XDG_CONFIG_HOME", ".config"), ("XDG_STATE_HOME", ".state")]
        {
            command.env(name, home.join(folder));
        }
        let done = command.output().expect("it runs");
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).expect("text")
    }
}

fn command(setup: &Setup, home: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(setup.program);
    command.args(&setup.arguments);
    command.cwd(home);
    command.env_clear();
    for (name, folder) in
        [("HOME", ""), ("XDG_CONFIG_HOME", ".config"), ("XDG_STATE_HOME", ".state")]
    {
        command.env(name, home.join(folder));
    }
    for (name, value) in [("TERM", "xterm-256color"), ("TZ", "UTC"), ("LANG", "C.UTF-8")] {
        command.env(name, value);
    }
    for (name, value) in &setup.variables {
        command.env(name, value);
    }
    command
}
