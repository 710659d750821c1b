//! The smallest words: spans of time, numbers, addresses, and words out of a table.

use super::wrong::Wrong;
use std::str::FromStr;
use std::time::Duration;

/// The longest span that a scenario may name.
const LONGEST: Duration = Duration::from_hours(31 * 24);

/// `250ms`, `12s`, `5m`; at most 31 days.
pub(super) fn span(text: &str) -> Result<Duration, Wrong> {
    let wrong = || Wrong::expected(text, "a span of time, such as 250ms, 12s or 5m");
    let split = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let number: u32 = number.parse().map_err(|_| wrong())?;
    let unit = match unit {
        "us" => Duration::from_micros(1),
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        "m" => Duration::from_mins(1),
        "h" => Duration::from_hours(1),
        other => return Err(Wrong::word(other, ["us", "ms", "s", "m", "h"])),
    };
    unit.checked_mul(number)
        .filter(|span| *span <= LONGEST)
        .ok_or_else(|| Wrong::expected(text, "at most 31 days"))
}

/// `7m` or `-7m`, in milliseconds.
pub(super) fn milliseconds(text: &str) -> Result<i64, Wrong> {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let whole = i64::try_from(span(rest)?.as_millis()).unwrap_or(i64::MAX);
    Ok(sign * whole)
}

/// A text as `what`: "an address", "a number".
pub(super) fn parse<T: FromStr>(text: &str, what: &str) -> Result<T, Wrong> {
    text.parse().map_err(|_| Wrong::expected(text, what))
}

/// Both sides of a separator, of a text that is `what`.
pub(super) fn split<'t>(
    text: &'t str,
    separator: &str,
    what: &str,
) -> Result<(&'t str, &'t str), Wrong> {
    text.split_once(separator).ok_or_else(|| Wrong::expected(text, what))
}

/// Four hex digits.
pub(super) fn hex(text: &str) -> Result<u16, Wrong> {
    u16::from_str_radix(text, 16).map_err(|_| Wrong::expected(text, "four hex digits"))
}

/// What a word stands for in a table.
pub(super) fn pick<T: Clone>(words: &[(&str, T)], wanted: &str) -> Result<T, Wrong> {
    let found = words.iter().find(|(word, _)| *word == wanted);
    let known = || words.iter().map(|(word, _)| *word);
    found.map(|(_, meaning)| meaning.clone()).ok_or_else(|| Wrong::word(wanted, known()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_or_refused_with_the_nearest_unit() {
        assert_eq!(span("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(span("744h"), Ok(Duration::from_hours(744)));
        assert_eq!(milliseconds("-7m"), Ok(-420_000));
        for bad in ["", "s", "12", "-1s", "745h", "99999999999s", "12 s", "1.5s", "é"] {
            assert!(span(bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            span("12sec").unwrap_err(),
            Wrong::new("\"sec\" is not known here; did you mean \"s\"?")
        );
    }

    #[test]
    fn a_word_out_of_a_table_names_the_nearest() {
        let table = [("lost", 1), ("late", 2)];
        assert_eq!(pick(&table, "late"), Ok(2));
        let wrong = pick(&table, "losst").unwrap_err();
        assert_eq!(wrong, Wrong::new("\"losst\" is not known here; did you mean \"lost\"?"));
        let wrong = pick(&table, "\u{1b}[2J").unwrap_err();
        assert!(!format!("{wrong:?}").contains('\u{1b}'), "{wrong:?}");
    }
}
