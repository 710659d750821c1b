//! Numbers and times in few cells. Units are in the headings.

use crate::domain::time::WallTime;
use crate::report::words;
pub use crate::report::words::NOT_MEASURED;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::time::Duration;

/// The time zone that clocks are shown in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(pub TimeZone);

impl Default for Zone {
    /// UTC.
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl Zone {
    /// `14:03`.
    #[must_use]
    pub fn clock(&self, at: WallTime) -> String {
        self.format(at, "%H:%M")
    }

    /// `14:03:20`.
    #[must_use]
    pub fn seconds(&self, at: WallTime) -> String {
        self.format(at, "%H:%M:%S")
    }

    /// `14:03` on the day of `now`, `11-20 14:03` on another.
    #[must_use]
    pub fn moment(&self, at: WallTime, now: WallTime) -> String {
        if self.date(at) == self.date(now) {
            self.clock(at)
        } else {
            self.format(at, "%m-%d %H:%M")
        }
    }

    /// `14:03:20` on the day of `now`, `11-20 14:03:20` on another: when an event was.
    #[must_use]
    pub fn instant(&self, at: WallTime, now: WallTime) -> String {
        if self.date(at) == self.date(now) {
            self.seconds(at)
        } else {
            self.format(at, "%m-%d %H:%M:%S")
        }
    }

    /// `2026-11-21`.
    #[must_use]
    pub fn date(&self, at: WallTime) -> String {
        self.format(at, "%Y-%m-%d")
    }

    fn format(&self, at: WallTime, form: &str) -> String {
        Timestamp::from_millisecond(at.unix_millis()).map_or_else(
            |_| NOT_MEASURED.to_owned(),
            |stamp| stamp.to_zoned(self.0.clone()).strftime(form).to_string(),
        )
    }
}

/// Milliseconds in at most five cells: `0.4`, `12.1`, `121`, `2.5s`; what rounds to nothing is
/// `<0.1`.
#[must_use]
pub fn ms(span: Duration) -> String {
    let ms = span.as_secs_f64() * 1_000.0;
    match ms {
        ms if ms > 0.0 && ms < 0.05 => "<0.1".to_owned(),
        ms if ms < 99.95 => format!("{ms:.1}"),
        ms if ms < 999.5 => format!("{ms:.0}"),
        ms if ms < 99_950.0 => format!("{:.1}s", ms / 1_000.0),
        ms if ms < 9_999_500.0 => format!("{:.0}s", ms / 1_000.0),
        _ => ">999s".to_owned(),
    }
}

/// [`ms`], or a dash for what was not measured.
#[must_use]
pub fn ms_or_dash(span: Option<Duration>) -> String {
    span.map_or_else(|| NOT_MEASURED.to_owned(), ms)
}

/// A share in percent in at most four cells: `0`, `<0.1`, `4.2`, `12`, `>99`, `100`. Only nothing
/// is `0` and only everything is `100`.
#[must_use]
pub fn percent(share: f64) -> String {
    let pct = share * 100.0;
    match pct {
        pct if pct <= 0.0 => "0".to_owned(),
        pct if pct < 0.1 => "<0.1".to_owned(),
        pct if pct < 9.95 => format!("{pct:.1}"),
        pct if pct <= 99.0 => format!("{pct:.0}"),
        pct if pct < 100.0 => ">99".to_owned(),
        _ => "100".to_owned(),
    }
}

/// [`percent`], or a dash for what was not measured.
#[must_use]
pub fn percent_or_dash(share: Option<f64>) -> String {
    share.map_or_else(|| NOT_MEASURED.to_owned(), percent)
}

/// An age in at most five cells: `<1m`, `5m`, `4h51`, `3d4h`, `120d`. Changes at most once a
/// minute, so that nothing ticks.
#[must_use]
pub fn age(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    let (hours, days) = (minutes / 60, minutes / 1_440);
    match (minutes, days) {
        (0, _) => "<1m".to_owned(),
        (1..60, _) => format!("{minutes}m"),
        (_, 0) => format!("{hours}h{:02}", minutes % 60),
        (_, 1..10) => format!("{days}d{}h", hours % 24),
        (_, 10..10_000) => format!("{days}d"),
        _ => ">27y".to_owned(),
    }
}

/// An age in words: `4 h 51 min`. Changes at most once a minute.
#[must_use]
pub fn age_in_words(span: Duration) -> String {
    match span.as_secs() / 60 {
        0 => "less than a minute".to_owned(),
        minutes => words::span(Duration::from_secs(minutes * 60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_fit_five_cells_and_never_claim_zero() {
        for (micros, text) in [
            (0, "0.0"),
            (7, "<0.1"),
            (400, "0.4"),
            (12_100, "12.1"),
            (99_949, "99.9"),
            (99_951, "100"),
            (999_600, "1.0s"),
            (2_512_000, "2.5s"),
            (99_960_000, "100s"),
            (10_000_000_000, ">999s"),
        ] {
            assert_eq!(ms(Duration::from_micros(micros)), text);
        }
        for exponent in 0..15 {
            assert!(ms(Duration::from_micros(10_u64.pow(exponent))).len() <= 5);
        }
    }

    #[test]
    fn only_nothing_is_0_and_only_everything_is_100() {
        for (share, text) in [
            (0.0, "0"),
            (0.000_4, "<0.1"),
            (0.042, "4.2"),
            (0.0996, "10"),
            (0.12, "12"),
            (0.994, ">99"),
            (0.9999, ">99"),
            (1.0, "100"),
        ] {
            assert_eq!(percent(share), text, "{share}");
        }
        assert_eq!(percent_or_dash(None), NOT_MEASURED);
    }

    #[test]
    fn ages_change_once_a_minute_at_most() {
        for (secs, text) in [
            (59, "<1m"),
            (60, "1m"),
            (3_599, "59m"),
            (17_460, "4h51"),
            (86_400, "1d0h"),
            (86_400 * 9 + 3_600 * 5, "9d5h"),
            (86_400 * 120, "120d"),
            (u64::MAX, ">27y"),
        ] {
            assert_eq!(age(Duration::from_secs(secs)), text);
        }
        assert_eq!(age_in_words(Duration::from_secs(59)), "less than a minute");
        assert_eq!(age_in_words(Duration::from_secs(119)), "1 min");
        assert_eq!(age_in_words(Duration::from_secs(291 * 60 + 59)), "4 h 51 min");
    }

    #[test]
    fn clocks_follow_the_zone_and_survive_any_time() {
        let at = WallTime::from_unix_secs(1_795_266_180);
        let zone = Zone(TimeZone::fixed(jiff::tz::offset(1)));
        assert_eq!(zone.clock(at), "14:03");
        assert_eq!(zone.date(at), "2026-11-21");
        assert_eq!(zone.moment(at, at.plus(Duration::from_hours(11))), "11-21 14:03");
        assert_eq!(zone.clock(WallTime::from_unix_millis(i64::MAX)), NOT_MEASURED);
    }
}
