//! The hours in which a target should be up: days and times of the week, by the clocks of a zone.

use super::time::WallTime;
use super::wake::WakeTime;
use jiff::tz::TimeZone;
use std::fmt;
use std::str::FromStr;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// From one time to another, on some days of the week; past midnight where the end is earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoursSpan {
    from: WakeTime,
    /// Minutes since midnight, 1 to 1440.
    to: u16,
}

/// Why a text is no [`HoursSpan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected hours such as 08:00-18:00, Mon-Fri 07:00-19:00 or Sat,Sun 22:00-06:00")]
pub struct HoursError;

impl FromStr for HoursSpan {
    type Err = HoursError;

    /// `[DAYS ]HH:MM-HH:MM`; the end may be 24:00.
    fn from_str(text: &str) -> Result<Self, HoursError> {
        let (head, end) = text.trim().rsplit_once('-').ok_or(HoursError)?;
        let from: WakeTime = head.parse().map_err(|_| HoursError)?;
        let to = match end.trim() {
            "24:00" => DAY,
            end if end.contains(' ') => return Err(HoursError),
            end => end.parse::<WakeTime>().map_err(|_| HoursError)?.minute(),
        };
        let to = if to == 0 { DAY } else { to };
        if to == from.minute() { Err(HoursError) } else { Ok(Self { from, to }) }
    }
}

impl fmt::Display for HoursSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}:{:02}", self.from, self.to / 60, self.to % 60)
    }
}

impl HoursSpan {
    /// Whether it holds at a minute of a day of the week; 0 is Monday.
    fn holds(self, weekday: u8, minute: u16) -> bool {
        let from = self.from.minute();
        if self.to > from {
            return self.from.is_on(weekday) && (from..self.to).contains(&minute);
        }
        let before = (weekday + 6) % 7;
        (self.from.is_on(weekday) && minute >= from)
            || (self.from.is_on(before) && minute < self.to)
    }
}

/// When a target should be up.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    /// Any of these.
    pub spans: Vec<HoursSpan>,
    /// Whose clocks they are by; `None`: this machine's.
    pub zone: Option<TimeZone>,
}

impl Hours {
    /// Whether it should be up at `now`; `own` is this machine's zone.
    #[must_use]
    pub fn hold(&self, now: WallTime, own: &TimeZone) -> bool {
        let zone = self.zone.as_ref().unwrap_or(own);
        let Ok(at) = jiff::Timestamp::from_millisecond(now.unix_millis()) else { return false };
        let local = at.to_zoned(zone.clone());
        let weekday = local.weekday().to_monday_zero_offset();
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        let (Ok(weekday), Ok(minute)) = (u8::try_from(weekday), u16::try_from(minute)) else {
            return false;
        };
        self.spans.iter().any(|span| span.holds(weekday, minute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> WallTime {
        WallTime::from_unix_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn hours(spans: &[&str], zone: Option<&str>) -> Hours {
        Hours {
            spans: spans.iter().map(|span| span.parse().unwrap()).collect(),
            zone: zone.map(|zone| TimeZone::get(zone).unwrap()),
        }
    }

    #[test]
    fn hours_hold_from_the_first_minute_to_before_the_last() {
        let work = hours(&["Mon-Fri 07:00-19:00"], None);
        let hold = |text| work.hold(at(text), &TimeZone::UTC);
        // 2026-11-20 is a Friday.
        assert!(hold("2026-11-20T07:00:00Z") && hold("2026-11-20T18:59:59Z"));
        assert!(!hold("2026-11-20T06:59:59Z") && !hold("2026-11-20T19:00:00Z"));
        assert!(!hold("2026-11-21T10:00:00Z"), "Saturday");
        let night = hours(&["Fri 22:00-06:00", "Sun 12:00-24:00"], None);
        let hold = |text| night.hold(at(text), &TimeZone::UTC);
        assert!(hold("2026-11-20T23:00:00Z") && hold("2026-11-21T05:59:00Z"));
        assert!(!hold("2026-11-20T05:00:00Z") && !hold("2026-11-21T06:00:00Z"));
        assert!(hold("2026-11-22T23:59:00Z") && !hold("2026-11-23T00:00:00Z"));
    }

    #[test]
    fn hours_are_by_the_clocks_of_their_zone_in_every_season() {
        let work = hours(&["08:00-18:00"], Some("Europe/Berlin"));
        let hold = |text| work.hold(at(text), &TimeZone::UTC);
        assert!(!hold("2026-11-20T06:30:00Z") && hold("2026-11-20T07:30:00Z"));
        assert!(hold("2026-07-20T06:30:00Z") && !hold("2026-07-20T16:30:00Z"));
        let own = TimeZone::get("America/New_York").unwrap();
        let work = hours(&["08:00-18:00"], None);
        assert!(!work.hold(at("2026-11-20T12:30:00Z"), &own));
        assert!(work.hold(at("2026-11-20T13:30:00Z"), &own));
    }

    #[test]
    fn texts_are_read_and_written_the_same_and_others_are_refused() {
        for (text, again) in [
            ("08:00-18:00", "08:00-18:00"),
            ("Mon-Wed 07:00-19:30", "Mon,Tue,Wed 07:00-19:30"),
            ("Sat,Sun 22:00-00:00", "Sat,Sun 22:00-24:00"),
        ] {
            let span: HoursSpan = text.parse().unwrap();
            assert_eq!(span.to_string(), again);
            assert_eq!(again.parse::<HoursSpan>(), Ok(span));
        }
        for wrong in [
            "",
            "08:00",
            "8-18",
            "Mon-Fri",
            "08:00-25:00",
            "Moday 08:00-18:00",
            "08:00-08:00",
            "Mon 08:00-Tue 09:00",
        ] {
            assert_eq!(wrong.parse::<HoursSpan>(), Err(HoursError), "{wrong}");
        }
    }
}
