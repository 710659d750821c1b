//! Whether the terminal can take a frame as a whole: the question, and how its answer is read.
//!
//! DECRQM for mode 2026 (synchronized output), then primary device attributes (DA1), which every
//! terminal answers: where the second answer comes without the first, the mode is not known there.
//! An answer that comes too late ends in `c`, and the reader of keys passes over it.

/// The question. Sources: VT510 manual, DECRQM and DA1; the specification of synchronized output.
pub const QUESTION: &[u8] = b"\x1b[?2026$p\x1b[c";

/// Most bytes that are looked at.
pub const LONGEST: usize = 1_024;

/// What the terminal says of synchronized output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Synchronized {
    /// It did not say. The marks are written: who does not know them passes over them.
    #[default]
    Untold,
    /// It knows it.
    Known,
    /// It does not know it, or it is switched off for good.
    Unknown,
}

/// What came from the terminal so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// What it says of the mode.
    pub synchronized: Synchronized,
    /// Whether it answered the last question.
    pub whole: bool,
    /// What is no answer: keys that are one byte.
    pub rest: Vec<u8>,
}

/// Reads what came from the terminal.
#[must_use]
pub fn read(bytes: &[u8]) -> Answer {
    let mut answer = Answer::default();
    let mut left = bytes;
    while let Some((first, after)) = left.split_first() {
        if let Some((body, end, after)) = report(left) {
            match (body, end) {
                (body, b'y') if body.starts_with(b"2026;") => {
                    let known = matches!(body.get(5..), Some(b"1$" | b"2$" | b"3$"));
                    answer.synchronized =
                        if known { Synchronized::Known } else { Synchronized::Unknown };
                }
                (_, b'c') => {
                    answer.whole = true;
                    if answer.synchronized == Synchronized::Untold {
                        answer.synchronized = Synchronized::Unknown;
                    }
                }
                _ => {}
            }
            left = after;
        } else if *first == 0x1b {
            left = behind_sequence(after);
        } else {
            answer.rest.push(*first);
            left = after;
        }
    }
    answer
}

/// What follows an escape sequence of a key or the mouse, from behind its ESC on: the letters in it
/// are no keys, and what is cut off is none of it (ECMA-48 section 5.4; `SS3`, and ESC before a key
/// pressed with Alt, take one byte).
fn behind_sequence(bytes: &[u8]) -> &[u8] {
    let Some((first, after)) = bytes.split_first() else { return bytes };
    let body = match first {
        b'[' => after.iter().position(|byte| matches!(byte, 0x40..=0x7e)),
        b'O' => Some(0),
        _ => return after,
    };
    body.and_then(|end| after.get(end + 1..)).unwrap_or_default()
}

/// A whole report `CSI ? … y` or `CSI ? … c` at the beginning: what is between, its last byte,
/// and what follows it.
fn report(bytes: &[u8]) -> Option<(&[u8], u8, &[u8])> {
    let inner = bytes.strip_prefix(b"\x1b[?")?;
    let length = inner.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';' | b'$'))?;
    let (body, end) = inner.split_at_checked(length)?;
    let (end, after) = end.split_first()?;
    matches!(end, b'y' | b'c').then_some((body, *end, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_answer_in_their_ways() {
        for (bytes, synchronized) in [
            ("\x1b[?2026;1$y\x1b[?62;c", Synchronized::Known),
            ("\x1b[?2026;2$y\x1b[?64;1;9;15c", Synchronized::Known),
            ("\x1b[?2026;3$y\x1b[?6c", Synchronized::Known),
            ("\x1b[?2026;4$y\x1b[?6c", Synchronized::Unknown),
            ("\x1b[?2026;0$y\x1b[?6c", Synchronized::Unknown),
            ("\x1b[?1;2c", Synchronized::Unknown),
        ] {
            let expected = Answer { synchronized, whole: true, rest: Vec::new() };
            assert_eq!(read(bytes.as_bytes()), expected, "{bytes:?}");
        }
    }

    #[test]
    fn no_answer_is_none() {
        assert_eq!(read(b""), Answer::default());
        let other = read(b"\x1b[?2004;2$y");
        assert_eq!(other, Answer::default(), "another mode");
    }

    #[test]
    fn keys_between_are_kept() {
        let answer = read(b"a\x1b[?2026;2$y\x1b[Ab\x1b[?62;cq");
        assert_eq!(answer.synchronized, Synchronized::Known);
        assert!(answer.whole);
        assert_eq!(answer.rest, b"abq");
    }

    #[test]
    fn no_letter_of_a_sequence_is_a_key() {
        // Left, which ends in D, then a mouse report, F1, Alt-x and what is cut off.
        for sequence in ["\x1b[D", "\x1b[<0;12;7M", "\x1bOP", "\x1bx", "\x1b[1;2", "\x1bO", "\x1b"]
        {
            let bytes = format!("j{sequence}");
            assert_eq!(read(bytes.as_bytes()).rest, b"j", "{bytes:?}");
        }
        assert_eq!(read(b"\x1b[D\r\x1bOPk").rest, b"\rk");
    }

    #[test]
    fn no_prefix_is_taken_for_the_whole() {
        let bytes = b"\x1b[?2026;2$y\x1b[?62;c";
        for end in 0..bytes.len() {
            let answer = read(&bytes[..end]);
            assert!(!answer.whole, "{end}");
            assert_ne!(answer.synchronized, Synchronized::Unknown, "{end}");
        }
    }
}
