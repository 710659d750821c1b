//! What comes from the keyboard and the mouse, as plain data.

use crossterm::event::{
    Event as TerminalEvent, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton,
    MouseEventKind,
};
use std::fmt;
use std::str::FromStr;

/// One thing the user did to the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Pressed a key.
    Key(Key),
    /// Pressed the left mouse button on a cell.
    Click {
        /// Column, from 0.
        x: u16,
        /// Row, from 0.
        y: u16,
    },
    /// Moved with the left mouse button held, to this row.
    Drag {
        /// Row, from 0.
        y: u16,
    },
    /// Let go of the mouse button.
    Drop,
    /// Turned the wheel one notch: down is positive.
    Wheel(i32),
    /// Pasted text.
    Paste(String),
    /// Made the terminal this wide and high.
    Resize(u16, u16),
}

impl Input {
    /// What a terminal event means; `None` for those without a meaning (key releases, focus).
    #[must_use]
    pub fn of(event: TerminalEvent) -> Option<Self> {
        match event {
            TerminalEvent::Key(key) if key.kind != KeyEventKind::Release => {
                Some(Self::Key(Key::of(key)))
            }
            TerminalEvent::Mouse(mouse) => match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => {
                    Some(Self::Click { x: mouse.column, y: mouse.row })
                }
                MouseEventKind::Drag(MouseButton::Left) => Some(Self::Drag { y: mouse.row }),
                MouseEventKind::Up(MouseButton::Left) => Some(Self::Drop),
                MouseEventKind::ScrollDown => Some(Self::Wheel(1)),
                MouseEventKind::ScrollUp => Some(Self::Wheel(-1)),
                _ => None,
            },
            TerminalEvent::Paste(text) => Some(Self::Paste(text)),
            TerminalEvent::Resize(width, height) => Some(Self::Resize(width, height)),
            _ => None,
        }
    }
}

/// A key with its modifiers. Shift is part of the character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// The key.
    pub code: KeyCode,
    /// Control, Alt; Shift only with keys that are not characters.
    pub modifiers: KeyModifiers,
}

/// Keys with names.
const NAMED: &[(&str, KeyCode)] = &[
    ("Esc", KeyCode::Esc),
    ("Enter", KeyCode::Enter),
    ("Space", KeyCode::Char(' ')),
    ("Tab", KeyCode::Tab),
    ("BackTab", KeyCode::BackTab),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("Insert", KeyCode::Insert),
    ("Delete", KeyCode::Delete),
    ("Backspace", KeyCode::Backspace),
];

/// Why a text is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a key, expected a character or Esc, Enter, Space, F1, with Ctrl- or Alt-")]
pub struct KeyError(pub String);

impl Key {
    /// A key without modifiers.
    #[must_use]
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, modifiers: KeyModifiers::NONE }
    }

    /// A character.
    #[must_use]
    pub const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    /// A character with Control held.
    #[must_use]
    pub const fn ctrl(c: char) -> Self {
        Self { code: KeyCode::Char(c), modifiers: KeyModifiers::CONTROL }
    }

    /// The key of a terminal event.
    #[must_use]
    pub fn of(event: KeyEvent) -> Self {
        let kept = KeyModifiers::CONTROL | KeyModifiers::ALT;
        match event.code {
            KeyCode::Char(c) => {
                let c = if event.modifiers.contains(KeyModifiers::CONTROL) {
                    c.to_ascii_lowercase()
                } else {
                    c
                };
                Self { code: KeyCode::Char(c), modifiers: event.modifiers & kept }
            }
            KeyCode::BackTab => Self::plain(KeyCode::BackTab),
            code => Self { code, modifiers: event.modifiers & (kept | KeyModifiers::SHIFT) },
        }
    }
}

impl FromStr for Key {
    type Err = KeyError;

    /// `q`, `Q`, `Ctrl-c`, `Alt-x`, `Esc`, `PageDown`, `F1`, `-`.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let error = || KeyError(text.chars().take(40).collect());
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        for (prefix, modifier) in [
            ("Ctrl-", KeyModifiers::CONTROL),
            ("Alt-", KeyModifiers::ALT),
            ("Shift-", KeyModifiers::SHIFT),
        ] {
            if let Some(stripped) = rest.strip_prefix(prefix)
                && !stripped.is_empty()
            {
                modifiers |= modifier;
                rest = stripped;
            }
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.as_str()) {
            (Some(c), "") if !c.is_control() => KeyCode::Char(c),
            (Some('F'), number) if number.parse::<u8>().is_ok_and(|n| (1..=24).contains(&n)) => {
                KeyCode::F(number.parse().map_err(|_| error())?)
            }
            _ => NAMED
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(rest))
                .map(|(_, code)| *code)
                .ok_or_else(error)?,
        };
        if matches!(code, KeyCode::Char(_)) && modifiers.contains(KeyModifiers::SHIFT) {
            return Err(error());
        }
        Ok(Self { code, modifiers })
    }
}

impl fmt::Display for Key {
    /// As [`Key::from_str`] reads it; arrows as arrows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, prefix) in [
            (KeyModifiers::CONTROL, "Ctrl-"),
            (KeyModifiers::ALT, "Alt-"),
            (KeyModifiers::SHIFT, "Shift-"),
        ] {
            if self.modifiers.contains(modifier) {
                f.write_str(prefix)?;
            }
        }
        match self.code {
            KeyCode::Up => f.write_str("\u{2191}"),
            KeyCode::Down => f.write_str("\u{2193}"),
            KeyCode::Left => f.write_str("\u{2190}"),
            KeyCode::Right => f.write_str("\u{2192}"),
            KeyCode::Char(c) if c != ' ' => write!(f, "{c}"),
            KeyCode::F(number) => write!(f, "F{number}"),
            code => {
                let name = NAMED.iter().find(|(_, known)| *known == code).map_or("?", |(n, _)| n);
                f.write_str(name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        for text in ["q", "Q", "Ctrl-c", "Esc", "Space", "PageDown", "F5", "-", "]", "Alt-x"] {
            assert_eq!(text.parse::<Key>().map(|key| key.to_string()), Ok(text.to_owned()));
        }
        assert_eq!("Ctrl--".parse(), Ok(Key::ctrl('-')));
        for text in ["", "Escape", "Ctrl-", "F25", "Shift-q", "qq", "\u{7}"] {
            assert!(text.parse::<Key>().is_err(), "{text}");
        }
    }

    #[test]
    fn shift_is_part_of_a_character_and_releases_mean_nothing() {
        let event = KeyEvent::new(KeyCode::Char('Q'), KeyModifiers::SHIFT);
        assert_eq!(Input::of(TerminalEvent::Key(event)), Some(Input::Key(Key::char('Q'))));
        let event = KeyEvent::new(KeyCode::Char('C'), KeyModifiers::CONTROL | KeyModifiers::SHIFT);
        assert_eq!(Key::of(event), Key::ctrl('c'));
        let mut event = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
        event.kind = KeyEventKind::Release;
        assert_eq!(Input::of(TerminalEvent::Key(event)), None);
    }
}
