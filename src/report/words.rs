//! Times, sizes and dates the way the reports write them.

use crate::domain::time::WallTime;
pub use crate::domain::words::{count, tenths_of_ms, utc};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::net::IpAddr;
use std::time::Duration;

/// What stands where nothing was measured.
pub const NOT_MEASURED: &str = "\u{2013}";

/// Milliseconds to the microsecond, the number the JSON documents carry.
#[must_use]
pub fn millis(span: Duration) -> f64 {
    rounded(span.as_secs_f64() * 1_000.0, 1_000.0)
}

/// Milliseconds as seconds to a tenth, signed.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "exact below 2^53 ms, which is 285 000 years")]
pub fn seconds(milliseconds: i64) -> f64 {
    rounded(milliseconds as f64 / 1_000.0, 10.0)
}

/// A share of 0 to 1 in percent, to one decimal.
#[must_use]
pub fn percent(share: f64) -> f64 {
    rounded(share * 100.0, 10.0)
}

fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

/// A length of time in its two largest units: `350 ms`, `45 s`, `3 min 12 s`, `2 h 5 min`,
/// `9 d 4 h`. What is smaller is cut, not rounded.
#[must_use]
pub fn span(span: Duration) -> String {
    let secs = span.as_secs();
    let (days, hours) = (secs / 86_400, secs / 3_600 % 24);
    let (minutes, seconds) = (secs / 60 % 60, secs % 60);
    let pair = |first: u64, unit: &str, second: u64, small: &str| {
        if second == 0 {
            format!("{first} {unit}")
        } else {
            format!("{first} {unit} {second} {small}")
        }
    };
    if days > 0 {
        pair(days, "d", hours, "h")
    } else if hours > 0 {
        pair(hours, "h", minutes, "min")
    } else if minutes > 0 {
        pair(minutes, "min", seconds, "s")
    } else if seconds > 0 {
        format!("{seconds} s")
    } else {
        format!("{} ms", span.subsec_millis())
    }
}

/// A size in bytes with a binary unit: `832 B`, `212.0 KiB`, `1.5 GiB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [(u32, &str); 4] = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    for (shift, unit) in UNITS {
        if count >> shift > 0 {
            // Tenths in whole numbers, so that no float is needed for large counts.
            let tenths = u128::from(count) * 10 / (1_u128 << shift);
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{count} B")
}

/// `2026-11-21 08:00:00 +01:00`, the same moment on the clock of `zone`.
#[must_use]
pub fn local(at: WallTime, zone: &TimeZone) -> String {
    let Ok(timestamp) = Timestamp::from_second(at.unix_secs()) else { return utc(at) };
    timestamp.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// Local time, and UTC for whoever reads the host's log in another zone; once where they are the same:
/// `2026-11-21 08:00:00 +01:00 = 2026-11-21T07:00:00Z`.
#[must_use]
pub fn local_and_utc(at: WallTime, zone: &TimeZone) -> String {
    if is_utc(at, zone) {
        return utc(at);
    }
    format!("{} = {}", local(at, zone), utc(at))
}

/// Whether the clock of `zone` shows UTC at that moment.
#[must_use]
pub fn is_utc(at: WallTime, zone: &TimeZone) -> bool {
    Timestamp::from_second(at.unix_secs()).is_ok_and(|stamp| zone.to_offset(stamp).seconds() == 0)
}

/// `10.0.0.21, 10.0.0.22`.
#[must_use]
pub fn addresses(list: &[IpAddr]) -> String {
    list.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ")
}

/// `text` in lines of at most `width` characters, each behind `indent` (the first behind `first`).
/// Words longer than a line stay whole, so that commands can be copied.
#[must_use]
pub fn wrapped(text: &str, width: usize, first: &str, indent: &str) -> String {
    let mut out = String::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for word in text.split_whitespace() {
        let needed = line.chars().count() + word.chars().count() + usize::from(!empty);
        if !empty && needed > width {
            out.push_str(&line);
            out.push('\n');
            indent.clone_into(&mut line);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_the_precision_that_was_measured() {
        assert!((millis(Duration::from_nanos(43_400)) - 0.043).abs() < f64::EPSILON);
        assert!((millis(Duration::from_micros(1_234)) - 1.234).abs() < f64::EPSILON);
        assert!((percent(1.0 / 3.0) - 33.3).abs() < f64::EPSILON);
    }

    #[test]
    fn spans_name_their_two_largest_units() {
        for (seconds, expected) in [
            (0, "0 ms"),
            (45, "45 s"),
            (60, "1 min"),
            (192, "3 min 12 s"),
            (7_500, "2 h 5 min"),
            (7_201, "2 h"),
            (86_400 * 9 + 3_600 * 4 + 59, "9 d 4 h"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), expected);
        }
        assert_eq!(span(Duration::from_millis(350)), "350 ms");
    }

    #[test]
    fn wrapped_text_keeps_long_words_whole() {
        assert_eq!(
            wrapped("one two three abcdefghijklmnop q", 10, "- ", "  "),
            "- one two\n  three\n  abcdefghijklmnop\n  q\n"
        );
        assert_eq!(wrapped("", 10, "- ", "  "), "-\n");
    }

    #[test]
    fn sizes_have_binary_units() {
        for (count, expected) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1.0 KiB"),
            (212_992, "208.0 KiB"),
            (1_610_612_736, "1.5 GiB"),
            (u64::MAX, "16777215.9 TiB"),
        ] {
            assert_eq!(bytes(count), expected);
        }
    }

    #[test]
    fn local_time_carries_its_offset() {
        let berlin = TimeZone::fixed(jiff::tz::offset(1));
        let at = WallTime::from_unix_secs(1_795_244_400);
        assert_eq!(local(at, &berlin), "2026-11-21 08:00:00 +01:00");
        assert_eq!(local(WallTime::from_unix_millis(i64::MAX), &berlin), "9999-12-31T23:59:59Z");
    }
}
