//! The terminal itself: the only file of the screen that does I/O.

use super::copying::CLIPBOARD;
use super::render::Frame;
use super::state::Size;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
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
use std::sync::{Mutex, PoisonError};

/// Whether the terminal is ours at present.
static TAKEN: AtomicBool = AtomicBool::new(false);

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
#[derive(Debug)]
pub struct Terminal {
    mouse: Mouse,
    /// Whether the mouse is left to the terminal while a page is open.
    paged: bool,
    bytes: Vec<u8>,
}

impl Terminal {
    /// Takes the terminal.
    ///
    /// # Errors
    /// The terminal's, with everything restored.
    pub fn enter(mouse: Mouse) -> io::Result<Self> {
        let mut terminal = Self { mouse, paged: false, bytes: Vec::new() };
        terminal.take()?;
        Ok(terminal)
    }

    fn take(&mut self) -> io::Result<()> {
        self.paged = false;
        terminal::enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let mut bytes = Vec::new();
        queue!(bytes, EnterAlternateScreen, cursor::Hide, EnableBracketedPaste)?;
        if self.mouse == Mouse::Captured {
            queue!(bytes, EnableMouseCapture)?;
        }
        write_out(&bytes).inspect_err(|_| restore())
    }

    /// The terminal's size.
    ///
    /// # Errors
    /// The terminal's.
    pub fn size() -> io::Result<Size> {
        terminal::size().map(|(width, height)| Size { width, height })
    }

    /// Writes a frame, in one write.
    ///
    /// # Errors
    /// The terminal's.
    pub fn draw(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.bytes.clear();
        let paged = frame.page.is_some();
        if paged != self.paged && self.mouse == Mouse::Captured {
            if paged {
                queue!(self.bytes, DisableMouseCapture)?;
            } else {
                queue!(self.bytes, EnableMouseCapture)?;
            }
        }
        self.paged = paged;
        encode(frame, &mut self.bytes)?;
        write_out(&self.bytes)
    }

    /// Puts text on the clipboard of the terminal (OSC 52), also through SSH. `relayed`: tmux
    /// stands between, which takes it where `set-clipboard` is on, and passes it on where
    /// `allow-passthrough` is.
    ///
    /// # Errors
    /// The terminal's.
    pub fn copy(&mut self, text: &str, relayed: bool) -> io::Result<()> {
        let end = text.floor_char_boundary(CLIPBOARD);
        let text = text.get(..end).unwrap_or_default();
        write_out(clipboard(text, relayed).as_bytes())
    }

    /// Rings the bell.
    ///
    /// # Errors
    /// The terminal's.
    pub fn ring(&mut self) -> io::Result<()> {
        write_out(b"\x07")
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
    let mut bytes = Vec::new();
    // Errors have nowhere to go: the terminal may be gone.
    let _ = queue!(
        bytes,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        cursor::Show,
        LeaveAlternateScreen
    );
    let _ = write_out(&bytes);
    let _ = terminal::disable_raw_mode();
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
    if frame.clear {
        queue!(out, Clear(ClearType::All))?;
    }
    if let Some(page) = &frame.page {
        queue!(out, ResetColor, cursor::MoveTo(0, 0))?;
        out.extend_from_slice(page.replace('\n', "\r\n").as_bytes());
    }
    let updates = frame.updates.iter().map(|(x, y, cell)| (*x, *y, *cell));
    CrosstermBackend::new(&mut *out).draw(updates)?;
    queue!(out, EndSynchronizedUpdate)
}

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
