//! Numbers and times in words: sentences that a help desk reads aloud, and what reports share.
//!
//! Clock times are UTC, marked `Z`: this layer knows no time zone, and a log on the host is
//! searched by UTC anyway.

use super::time::WallTime;
use std::fmt::Display;
use std::time::Duration;

/// A length of time in the two largest units that matter: `340 ms`, `1.4 s`, `4 h 51 min`,
/// `9 days`.
#[must_use]
pub fn span(span: Duration) -> String {
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
#[must_use]
pub fn millis(span: Duration) -> String {
    let ms = span.as_secs_f64() * 1_000.0;
    if ms > 0.0 && ms < 0.05 {
        return "<0.1 ms".to_owned();
    }
    if ms < 9.95 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

/// Milliseconds to a tenth, for columns of them: `12.0 ms`.
#[must_use]
pub fn tenths_of_ms(span: Duration) -> String {
    let ms = span.as_secs_f64() * 1_000.0;
    if ms > 0.0 && ms < 0.05 { "<0.1 ms".to_owned() } else { format!("{ms:.1} ms") }
}

/// A share between 0 and 1: `6 %`, `0.5 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent >= 9.95 || percent == 0.0 {
        format!("{percent:.0} %")
    } else {
        format!("{percent:.1} %").replace(".0 %", " %")
    }
}

/// `1 probe`, `3 probes`.
#[must_use]
pub fn count(number: impl Into<u64>, noun: &str) -> String {
    let number = number.into();
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `a`, `a and b`, `a, b and c`; at most six, then how many more.
#[must_use]
pub fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
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
#[must_use]
pub fn clock(at: WallTime) -> String {
    let second = at.unix_secs().rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

/// `2026-11-12`.
#[must_use]
pub fn date(at: WallTime) -> String {
    let at = within_four_digits(at);
    let (year, month, day) = civil(at.unix_secs().div_euclid(86_400));
    format!("{year:04}-{month:02}-{day:02}")
}

/// RFC 3339 in whole seconds, always twenty characters: `2026-11-12T07:00:00Z`. Certificates
/// without an end say `9999-12-31T23:59:59Z` (RFC 5280 4.1.2.5); what lies beyond is cut to that.
#[must_use]
pub fn utc(at: WallTime) -> String {
    let at = within_four_digits(at);
    format!("{}T{}", date(at), clock(at))
}

/// `2026-11-12 07:00:00Z`.
#[must_use]
pub fn moment(at: WallTime) -> String {
    let at = within_four_digits(at);
    format!("{} {}", date(at), clock(at))
}

/// `at`, or the nearest second of the years 0 to 9999.
fn within_four_digits(at: WallTime) -> WallTime {
    WallTime::from_unix_secs(at.unix_secs().clamp(-62_167_219_200, 253_402_300_799))
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

/// `text` with a capital first letter, for the start of a sentence.
#[must_use]
pub fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
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
        assert_eq!(tenths_of_ms(Duration::from_micros(12_040)), "12.0 ms");
        assert_eq!([count(1_u32, "byte"), count(0_u32, "byte")], ["1 byte", "0 bytes"]);
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
        for (secs, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_795_244_400, "2026-11-21T07:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (i64::MAX / 1_000, "9999-12-31T23:59:59Z"),
            (i64::MIN / 1_000, "0000-01-01T00:00:00Z"),
        ] {
            assert_eq!(utc(WallTime::from_unix_secs(secs)), text);
        }
        assert_eq!(utc(WallTime::from_unix_millis(1_795_244_400_999)), "2026-11-21T07:00:00Z");
    }

    #[test]
    fn lists_end_with_and() {
        assert_eq!(list(["a", "b", "c"]), "a, b and c");
        assert_eq!(list(1..=8), "1, 2, 3, 4, 5, 6 and 2 more");
    }
}
