//! Text from outside, made safe to show.

use std::borrow::Cow;

/// `text` with everything that could move a cursor, hide or reorder characters replaced by
/// U+FFFD: control characters, line breaks, bidirectional and zero-width formatting, noncharacters.
///
/// Every name, banner, certificate field and message from a host or a file passes through here on
/// its way to a terminal, a log or a report.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_printable) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().map(|c| if is_printable(c) { c } else { '\u{fffd}' }).collect())
    }
}

/// `printable` of at most `limit` characters, with an ellipsis where it was cut.
#[must_use]
pub fn excerpt(text: &str, limit: usize) -> String {
    let mut kept: String = printable(text).chars().take(limit).collect();
    if text.chars().nth(limit).is_some() {
        kept.push('\u{2026}');
    }
    kept
}

fn is_printable(c: char) -> bool {
    !(c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}'
            | '\u{ffff}' | '\u{e0000}'..='\u{e007f}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_drives_a_terminal_gets_through() {
        assert_eq!(
            printable("\x1b[2Joffice\u{9b}31m\u{202e}cp\n"),
            "\u{fffd}[2Joffice\u{fffd}31m\u{fffd}cp\u{fffd}"
        );
        assert!(matches!(printable("büro-東京"), Cow::Borrowed(_)));
        assert_eq!(excerpt("abcdef", 3), "abc\u{2026}");
        assert_eq!(excerpt("abc", 3), "abc");
    }
}
