//! The program in a pseudo-terminal, its output read as it comes.

use crate::usage;
use anyhow::{Context, bail};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rdpwatch::domain::time::MonoTime;
use rdpwatch::probe::clock::Clock;
use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// Ends every frame (synchronized update, `CSI ? 2026 l`).
const END_OF_FRAME: &[u8] = b"\x1b[?2026l";
/// Everything that is waited for comes within this, or the run has failed.
const DEADLINE: Duration = Duration::from_secs(20);

/// Columns and rows of the terminal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal(pub(crate) u16, pub(crate) u16);

/// A running dashboard.
pub(crate) struct Watched {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<(MonoTime, Vec<u8>)>,
    screen: vt100::Parser,
    clock: Clock,
    started: MonoTime,
    /// The process.
    pub(crate) pid: u32,
    _master: Box<dyn MasterPty + Send>,
    _home: tempfile::TempDir,
}

/// What happened in a span of time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Span {
    /// How long it was.
    pub(crate) wall: Duration,
    /// CPU time of the program.
    pub(crate) cpu: Duration,
    /// Bytes written to the terminal.
    pub(crate) bytes: usize,
    /// Frames among them.
    pub(crate) frames: usize,
}

impl Span {
    /// CPU in percent of one core.
    pub(crate) fn cpu_pct(self) -> f64 {
        100.0 * self.cpu.as_secs_f64() / self.wall.as_secs_f64()
    }

    /// Bytes per second.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
    pub(crate) fn bytes_per_s(self) -> f64 {
        self.bytes as f64 / self.wall.as_secs_f64()
    }

    /// Frames per second.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 frames")]
    pub(crate) fn frames_per_s(self) -> f64 {
        self.frames as f64 / self.wall.as_secs_f64()
    }
}

impl Watched {
    /// Starts the program with `arguments`, in an empty home of its own.
    pub(crate) fn start(terminal: Terminal, arguments: &[String]) -> anyhow::Result<Self> {
        Self::start_other(terminal, &program(), arguments)
    }

    /// Starts another program in the same way.
    pub(crate) fn start_other(
        terminal: Terminal,
        program: &OsStr,
        arguments: &[String],
    ) -> anyhow::Result<Self> {
        let Terminal(cols, rows) = terminal;
        let pair = native_pty_system().openpty(PtySize { rows, cols, ..PtySize::default() })?;
        let home = tempfile::tempdir()?;
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.cwd(home.path());
        for variable in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env(variable, home.path());
        }
        command.env("TERM", "xterm-256color");
        let mut reader = pair.master.try_clone_reader()?;
        let mut keys = pair.master.take_writer()?;
        // Said beforehand, as terminals answer at once: synchronized output, device attributes.
        keys.write_all(b"\x1b[?2026;2$y\x1b[?62;c")?;
        let clock = Clock::start();
        let (chunks, output) = sync_channel(65_536);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                let chunk = buffer.get(..length).unwrap_or_default().to_vec();
                if chunks.send((clock.mono(), chunk)).is_err() {
                    break;
                }
            }
        });
        let started = clock.mono();
        let child = pair.slave.spawn_command(command)?;
        let pid = child.process_id().context("no process")?;
        let screen = vt100::Parser::new(rows, cols, 0);
        let master = pair.master;
        Ok(Self { child, keys, output, screen, clock, started, pid, _master: master, _home: home })
    }

    /// From before the fork to the end of the first frame.
    pub(crate) fn first_frame(&mut self) -> anyhow::Result<Duration> {
        let until = self.clock.mono().plus(DEADLINE);
        while let Some((at, chunk)) = self.take(until)? {
            if frames(&chunk) > 0 {
                return Ok(at.since(self.started));
            }
        }
        bail!("no frame: {}", self.screen.screen().contents())
    }

    /// Lets it run for so long.
    pub(crate) fn observe(&mut self, length: Duration) -> anyhow::Result<Span> {
        let begin = self.clock.mono();
        let cpu = usage::cpu_of(self.pid)?;
        let mut span = Span::default();
        while let Some((_, chunk)) = self.take(begin.plus(length))? {
            span.bytes += chunk.len();
            span.frames += frames(&chunk);
        }
        span.wall = self.clock.mono().since(begin);
        span.cpu = usage::cpu_of(self.pid)?.saturating_sub(cpu);
        Ok(span)
    }

    /// From writing `keys` until the screen shows `text` (or, `shown` being false, until it does
    /// not show it any more).
    pub(crate) fn press(
        &mut self,
        keys: &str,
        text: &str,
        shown: bool,
    ) -> anyhow::Result<Duration> {
        let begin = self.clock.mono();
        self.keys.write_all(keys.as_bytes())?;
        self.keys.flush()?;
        while let Some((at, _)) = self.take(begin.plus(DEADLINE))? {
            if self.screen.screen().contents().contains(text) == shown {
                return Ok(at.since(begin));
            }
        }
        bail!("{keys:?} did not bring {text:?}: {}", self.screen.screen().contents())
    }

    /// The next output; `None` when there is none until then.
    fn take(&mut self, until: MonoTime) -> anyhow::Result<Option<(MonoTime, Vec<u8>)>> {
        let left = until.since(self.clock.mono());
        match self.output.recv_timeout(left) {
            Ok((at, chunk)) => {
                self.screen.process(&chunk);
                Ok(Some((at, chunk)))
            }
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                bail!("it ended: {}", self.screen.screen().contents())
            }
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The program: `RDPWATCH_PROGRAM`, to compare with another build, or the one of this build.
pub(crate) fn program() -> OsString {
    std::env::var_os("RDPWATCH_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_rdpwatch").into())
}

/// Ends of frames in a piece of output. A frame is written at once, so that a mark is seldom cut.
fn frames(chunk: &[u8]) -> usize {
    chunk.windows(END_OF_FRAME.len()).filter(|window| *window == END_OF_FRAME).count()
}
