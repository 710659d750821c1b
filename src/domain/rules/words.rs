//! Numbers and times as a help desk reads them aloud.
//!
//! Clock times are UTC, marked `Z`: this layer knows no time zone, and a log on the host is
//! searched by UTC anyway.

use crate::domain::text::excerpt;
use crate::domain::time::WallTime;
use crate::domain::view::TargetView;
use std::fmt::Display;
use std::time::Duration;

/// Longest name that a sentence carries.
const NAME: usize = 60;

/// The target's name, escaped.
pub(super) fn name(view: &TargetView<'_>) -> String {
    excerpt(&view.target.name, NAME)
}

/// The host as it is dialled, escaped.
pub(super) fn host(view: &TargetView<'_>) -> String {
    excerpt(&view.target.host.to_string(), NAME)
}

/// Text from outside in a sentence: escaped and cut.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", excerpt(text, NAME))
}

/// A length of time in the two largest units that matter: `340 ms`, `1.4 s`, `4 h 51 min`,
/// `9 days`.
pub(super) fn span(span: Duration) -> String {
    let secs = span.as_secs();
    match secs {
        0 => millis(span),
        1..=9 => format!("{:.1} s", span.as_secs_f64()),
        10..=119 => format!("{secs} s"),
        120..=3_599 => format!("{} min", secs / 60),
        3_600..=172_799 => match secs % 3_600 / 60 {
            0 => format!("{} h", secs / 3_600),
            minutes => format!("{} h {minutes} min", secs / 3_600),
        },
        _ => format!("{} days", secs / 86_400),
    }
}

/// Milliseconds with the digits that carry meaning: `0.4 ms`, `12 ms`.
pub(super) fn millis(span: Duration) -> String {
    let ms = span.as_secs_f64() * 1_000.0;
    if ms < 9.95 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

/// A share between 0 and 1: `6 %`, `0.5 %`.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent >= 9.95 || percent == 0.0 {
        format!("{percent:.0} %")
    } else {
        format!("{percent:.1} %").replace(".0 %", " %")
    }
}

/// `1 probe`, `3 probes`.
pub(super) fn count(number: u32, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `a`, `a and b`, `a, b and c`; at most six, then how many more.
pub(super) fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let all: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    match all.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] if all.len() <= 6 => format!("{} and {last}", head.join(", ")),
        many => {
            let shown: Vec<&str> = many.iter().take(6).map(String::as_str).collect();
            format!("{} and {} more", shown.join(", "), many.len() - 6)
        }
    }
}

/// `02:41:40Z`.
pub(super) fn clock(at: WallTime) -> String {
    let second = at.unix_secs().rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

/// `2026-11-12`.
pub(super) fn date(at: WallTime) -> String {
    let (year, month, day) = civil(at.unix_secs().div_euclid(86_400));
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2026-11-12 07:00:00Z`.
pub(super) fn moment(at: WallTime) -> String {
    format!("{} {}", date(at), clock(at))
}

/// The proleptic Gregorian date `days` after 1970-01-01 (Hinnant, `civil_from_days`).
const fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_aloud() {
        for (ms, text) in [
            (0, "0.0 ms"),
            (340, "340 ms"),
            (1_440, "1.4 s"),
            (45_900, "45 s"),
            (150_000, "2 min"),
            (17_460_000, "4 h 51 min"),
            (7_200_000, "2 h"),
            (777_600_000, "9 days"),
        ] {
            assert_eq!(span(Duration::from_millis(ms)), text);
        }
        assert_eq!(millis(Duration::from_micros(420)), "0.4 ms");
    }

    #[test]
    fn shares_keep_the_digits_that_matter() {
        assert_eq!(
            [0.0, 0.005, 0.06, 0.062, 0.333].map(percent),
            ["0 %", "0.5 %", "6 %", "6.2 %", "33 %"]
        );
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (secs, text) in [
            (0, "1970-01-01 00:00:00Z"),
            (951_782_400, "2000-02-29 00:00:00Z"),
            (1_794_466_800, "2026-11-12 07:00:00Z"),
            (-1, "1969-12-31 23:59:59Z"),
        ] {
            assert_eq!(moment(WallTime::from_unix_secs(secs)), text);
        }
        assert!(!moment(WallTime::from_unix_millis(i64::MAX)).is_empty());
    }

    #[test]
    fn lists_end_with_and() {
        assert_eq!(list(["a", "b", "c"]), "a, b and c");
        assert_eq!(list(1..=8), "1, 2, 3, 4, 5, 6 and 2 more");
    }
}
