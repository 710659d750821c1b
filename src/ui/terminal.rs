//! The terminal itself: the only file of the screen that does I/O.

use super::asking::{self, Synchronized};
use super::copying::CLIPBOARD;
use super::render::Frame;
use super::state::Size;
use super::writer::{Progress, Writer, Written};
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event,
    KeyCode, KeyEvent, KeyModifiers,
};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    self, BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen,
};
use crossterm::{cursor, queue};
use ratatui::backend::{Backend, CrosstermBackend};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long what is being written may take until the terminal is given back without it.
const LAST_WRITE: Duration = Duration::from_millis(500);

/// Whether the terminal is ours at present.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// What is being written, for [`restore`].
static UNDER_WAY: Mutex<Option<Arc<Progress>>> = Mutex::new(None);

/// The message of a panic that did not end the screen.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Whether the mouse is ours; without it the terminal's own selection works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mouse {
    /// Clicks and the wheel are read.
    #[default]
    Captured,
    /// Left to the terminal.
    Free,
}

/// The terminal in raw mode on its alternate screen; restored when dropped.
///
/// Frames are written by a thread of their own: draw one only while [`Terminal::is_free`].
#[derive(Debug)]
pub struct Terminal {
    mouse: Mouse,
    /// Whether the mouse is left to the terminal while a page is open.
    paged: bool,
    synchronized: Synchronized,
    writer: Writer,
}

impl Terminal {
    /// Takes the terminal. `done` is told of everything that was written, on the thread that
    /// writes.
    ///
    /// # Errors
    /// The terminal's, with everything restored.
    pub fn enter(mouse: Mouse, done: impl Fn(Written) + Send + 'static) -> io::Result<Self> {
        let writer = Writer::start(output()?, done)?;
        let mut under_way = UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner);
        *under_way = Some(writer.progress());
        drop(under_way);
        let synchronized = Synchronized::default();
        let mut terminal = Self { mouse, paged: false, synchronized, writer };
        terminal.take()?;
        Ok(terminal)
    }

    fn take(&mut self) -> io::Result<()> {
        self.paged = false;
        self.writer.progress().go_on();
        terminal::enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let mut bytes = Vec::new();
        queue!(bytes, EnterAlternateScreen, cursor::Hide, EnableBracketedPaste)?;
        if self.mouse == Mouse::Captured {
            queue!(bytes, EnableMouseCapture)?;
        }
        write_out(&bytes).inspect_err(|_| restore())
    }

    /// Asks whether the terminal can take a frame as a whole, and waits a fifth of a second at
    /// most. Must come before keys are read. Returns the keys that were pressed meanwhile.
    ///
    /// # Errors
    /// The terminal's.
    pub fn ask(&mut self) -> io::Result<Vec<Event>> {
        let answer = asking::read(&asked()?);
        self.synchronized = answer.synchronized;
        Ok(answer.rest.iter().filter_map(|byte| key(*byte)).collect())
    }

    /// What the terminal said of synchronized output.
    #[must_use]
    pub const fn synchronized(&self) -> Synchronized {
        self.synchronized
    }

    /// The terminal's size.
    ///
    /// # Errors
    /// The terminal's.
    pub fn size() -> io::Result<Size> {
        terminal::size().map(|(width, height)| Size { width, height })
    }

    /// Whether the terminal took everything that was written.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.writer.progress().is_idle()
    }

    /// Writes a frame, as one text. How that ends is told to `done`.
    ///
    /// # Errors
    /// The terminal's.
    pub fn draw(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        let mut bytes = Vec::new();
        let paged = frame.page.is_some();
        if paged != self.paged && self.mouse == Mouse::Captured {
            if paged {
                queue!(bytes, DisableMouseCapture)?;
            } else {
                queue!(bytes, EnableMouseCapture)?;
            }
        }
        self.paged = paged;
        if self.synchronized == Synchronized::Unknown {
            paint(frame, &mut bytes)?;
        } else {
            encode(frame, &mut bytes)?;
        }
        self.writer.frame(bytes)
    }

    /// Puts text on the clipboard of the terminal (OSC 52), also through SSH. `relayed`: tmux
    /// stands between, which takes it where `set-clipboard` is on, and passes it on where
    /// `allow-passthrough` is. False when the terminal does not keep up: then it is not.
    pub fn copy(&mut self, text: &str, relayed: bool) -> bool {
        let end = text.floor_char_boundary(CLIPBOARD);
        let text = text.get(..end).unwrap_or_default();
        self.writer.other(clipboard(text, relayed).into_bytes()).is_ok()
    }

    /// Rings the bell, unless the terminal does not keep up.
    pub fn ring(&mut self) {
        let _ = self.writer.other(b"\x07".to_vec());
    }

    /// Gives the terminal back before the process stops (SIGTSTP).
    pub fn suspend(&mut self) {
        restore();
    }

    /// Takes the terminal again after the process went on (SIGCONT). Its content is not known.
    ///
    /// # Errors
    /// The terminal's.
    pub fn resume(&mut self) -> io::Result<()> {
        self.take()
    }

    /// Gives the terminal back and prints the last frame where it can be copied.
    ///
    /// # Errors
    /// The terminal's.
    pub fn leave_with(self, text: &str) -> io::Result<()> {
        drop(self);
        write_out(text.as_bytes())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back. Harmless when it is not ours; usable from a signal's task and from a
/// panic hook.
pub fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    finish_writing();
    let mut bytes = Vec::new();
    // Errors have nowhere to go: the terminal may be gone.
    let _ = queue!(
        bytes,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        cursor::Show,
        // Some multiplexers leave lines of it behind once their window has grown.
        Clear(ClearType::All),
        cursor::MoveTo(0, 0),
        LeaveAlternateScreen
    );
    let _ = write_out(&bytes);
    let _ = terminal::disable_raw_mode();
}

/// Lets what is being written end. A terminal that takes nothing loses it, so that there is room
/// for what gives it back.
fn finish_writing() {
    let under_way = UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(progress) = under_way else { return };
    if progress.settle(LAST_WRITE) {
        return;
    }
    progress.give_up();
    discard();
    progress.settle(LAST_WRITE);
}

/// Restores the terminal before the message of a panic of this thread, which draws, is printed.
///
/// A panic elsewhere ends one task and not the screen: its message would be lost on the alternate
/// screen, so it is kept for [`take_panic`].
pub fn install_panic_hook() {
    let before = std::panic::take_hook();
    let drawing = std::thread::current().id();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().id() == drawing || !TAKEN.load(Ordering::SeqCst) {
            restore();
            before(panic);
        } else {
            let mut kept = PANIC.lock().unwrap_or_else(PoisonError::into_inner);
            kept.get_or_insert_with(|| panic.to_string());
        }
    }));
}

/// The first panic of another thread since the hook was installed.
pub fn take_panic() -> Option<String> {
    PANIC.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// The bytes of a frame, as one synchronized update.
///
/// # Errors
/// Of the writer.
pub fn encode(frame: &Frame<'_>, out: &mut Vec<u8>) -> io::Result<()> {
    queue!(out, BeginSynchronizedUpdate)?;
    paint(frame, out)?;
    queue!(out, EndSynchronizedUpdate)
}

/// The bytes of a frame alone.
fn paint(frame: &Frame<'_>, out: &mut Vec<u8>) -> io::Result<()> {
    if frame.clear {
        queue!(out, Clear(ClearType::All))?;
    }
    if let Some(page) = &frame.page {
        queue!(out, ResetColor, cursor::MoveTo(0, 0))?;
        out.extend_from_slice(page.replace('\n', "\r\n").as_bytes());
    }
    let updates = frame.updates.iter().map(|(x, y, cell)| (*x, *y, *cell));
    CrosstermBackend::new(&mut *out).draw(updates)
}

/// A key that is one byte; what begins a sequence is none.
fn key(byte: u8) -> Option<Event> {
    let code = match byte {
        b'\r' => KeyCode::Enter,
        b'\t' => KeyCode::Tab,
        0x7f => KeyCode::Backspace,
        b' '..=b'~' => KeyCode::Char(char::from(byte)),
        _ => return None,
    };
    Some(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

#[cfg(unix)]
mod imp {
    use super::{asking, io, write_out};
    use nix::fcntl::OFlag;
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::fs::{File, OpenOptions};
    use std::io::{Read, Write};
    use std::os::fd::AsFd;
    use std::os::unix::fs::OpenOptionsExt;
    use std::time::{Duration, Instant};

    /// How long the terminal may take to say what it can.
    const ASKING: Duration = Duration::from_millis(200);
    /// How long a terminal that is full is waited for at once, in milliseconds.
    const MOMENT: u8 = 100;

    /// The terminal behind standard output, opened once more so that a full one hangs no write:
    /// switching the open one over would switch it for the shell as well.
    #[derive(Debug)]
    pub(super) struct Output(File);

    /// The terminal for the thread that writes. One that has no name is written to as it is.
    pub(super) fn output() -> io::Result<Output> {
        let named = nix::unistd::ttyname(io::stdout()).map_err(io::Error::from).and_then(|path| {
            let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
            OpenOptions::new().write(true).custom_flags(flags.bits()).open(path)
        });
        let file = match named {
            Ok(file) => file,
            Err(_) => File::from(io::stdout().as_fd().try_clone_to_owned()?),
        };
        Ok(Output(file))
    }

    impl Write for Output {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let result = self.0.write(bytes);
            if result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
                let mut waiting = [PollFd::new(self.0.as_fd(), PollFlags::POLLOUT)];
                // Woken or not: the next write tells.
                let _ = poll(&mut waiting, PollTimeout::from(MOMENT));
            }
            result
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Takes back what was written and not yet taken.
    pub(super) fn discard() {
        let _ = nix::sys::termios::tcflush(io::stdout(), nix::sys::termios::FlushArg::TCOFLUSH);
    }

    /// What the terminal says to the question, and what was typed meanwhile.
    #[expect(clippy::disallowed_methods, reason = "the wait for the terminal's answer ends here")]
    pub(super) fn asked() -> io::Result<Vec<u8>> {
        write_out(asking::QUESTION)?;
        let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let start = Instant::now();
        let mut bytes = Vec::new();
        while !asking::read(&bytes).whole && bytes.len() < asking::LONGEST {
            let left = ASKING.saturating_sub(start.elapsed());
            let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO);
            let mut waiting = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
            match poll(&mut waiting, timeout) {
                Ok(0) => break,
                Ok(_) => {}
                Err(nix::errno::Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let mut buffer = [0; 256];
            let count = input.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            bytes.extend(buffer.iter().take(count));
        }
        Ok(bytes)
    }
}

#[cfg(not(unix))]
mod imp {
    use super::io;

    /// Standard output.
    #[expect(clippy::unnecessary_wraps, reason = "on Unix it may fail")]
    pub(super) fn output() -> io::Result<io::Stdout> {
        Ok(io::stdout())
    }

    /// Nothing waits in the terminal there.
    pub(super) fn discard() {}

    /// Nobody is asked there: the console passes over marks that it does not know.
    #[expect(clippy::unnecessary_wraps, reason = "on Unix it may fail")]
    pub(super) fn asked() -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }
}

use imp::{asked, discard, output};

fn write_out(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// The sequences that put text on the clipboard.
fn clipboard(text: &str, relayed: bool) -> String {
    let plain = format!("\x1b]52;c;{}\x07", base64(text.as_bytes()));
    if relayed {
        let passed_on = plain.replace('\x1b', "\x1b\x1b");
        format!("{plain}\x1bPtmux;{passed_on}\x1b\\")
    } else {
        plain
    }
}

/// RFC 4648 section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .chain(std::iter::repeat(&0))
            .take(3)
            .fold(0_usize, |group, byte| group << 8 | usize::from(*byte));
        for place in 0..4 {
            let digit = ALPHABET.get(group >> (18 - 6 * place) & 63).copied().unwrap_or(b'A');
            out.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (text, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }

    #[test]
    fn tmux_is_asked_to_take_it_and_to_pass_it_on() {
        assert_eq!(clipboard("f", false), "\x1b]52;c;Zg==\x07");
        assert_eq!(
            clipboard("f", true),
            "\x1b]52;c;Zg==\x07\x1bPtmux;\x1b\x1b]52;c;Zg==\x07\x1b\\"
        );
    }

    #[test]
    fn restoring_what_was_not_taken_does_nothing() {
        restore();
        assert!(!TAKEN.load(Ordering::SeqCst));
    }
}
