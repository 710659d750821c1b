//! One window: for whom, when, and by which clock.

use super::super::target::Target;
use super::super::time::WallTime;
use super::super::wake::WakeTime;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::fmt;
use std::time::Duration;

/// A planned time in which nobody is alerted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// What it is called, unique, unescaped.
    pub name: String,
    /// For these targets, by name.
    pub targets: Vec<String>,
    /// For the members of these groups. Neither targets nor groups: for everything, this machine
    /// included.
    pub groups: Vec<String>,
    /// When.
    pub times: Times,
    /// By the clocks of this zone; `None`: of this machine's.
    pub zone: Option<TimeZone>,
}

/// When a window holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Times {
    /// Once, from the first moment up to the second.
    Once(Moment, Moment),
    /// From each of these times, for so long: at most seven days.
    Weekly(Vec<WakeTime>, Duration),
}

/// A moment as it is written: by the clocks of a zone, or with an offset from UTC of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// By the clocks of the window's zone.
    Civil(DateTime),
    /// The same everywhere.
    Exact(Timestamp),
}

/// Why a text is no [`Moment`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as 2026-12-24 18:00 or 2026-12-24T18:00:00Z")]
pub struct MomentError;

impl std::str::FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let text = text.trim();
        if let Ok(exact) = text.parse::<Timestamp>() {
            return Ok(Self::Exact(exact));
        }
        // A date alone would leave open when on that day.
        if !text.contains(':') {
            return Err(MomentError);
        }
        text.parse::<DateTime>().map(Self::Civil).map_err(|_| MomentError)
    }
}

impl fmt::Display for Moment {
    /// `2026-12-24 18:00:00`, or `2026-12-24T17:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Civil(civil) => write!(f, "{} {}", civil.date(), civil.time()),
            Self::Exact(exact) => exact.fmt(f),
        }
    }
}

impl Moment {
    /// As the beginning of something: the first of two where clocks are put back over it.
    fn first(self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Civil(civil) => begins(civil, zone),
            Self::Exact(exact) => Some(exact),
        }
    }

    /// As the end of something: the second of two where clocks are put back over it.
    fn last(self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Civil(civil) => ends(civil, zone),
            Self::Exact(exact) => Some(exact),
        }
    }

    /// Whether it is later than `other` by the clocks of `zone`.
    #[must_use]
    pub fn is_after(self, other: Self, zone: &TimeZone) -> bool {
        self.last(zone) > other.first(zone)
    }
}

impl Window {
    /// Whether it is for everything, this machine included.
    #[must_use]
    pub fn is_for_all(&self) -> bool {
        self.targets.is_empty() && self.groups.is_empty()
    }

    /// Whether it is for `target`. Names are compared in letters of any case.
    #[must_use]
    pub fn takes(&self, target: &Target) -> bool {
        let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
        self.is_for_all()
            || self.targets.iter().any(|name| same(name, &target.name))
            || target
                .group
                .as_ref()
                .is_some_and(|group| self.groups.iter().any(|name| same(name, group)))
    }

    /// When it ends, if it holds at `now`; `own` is the zone where it names none.
    #[must_use]
    pub fn until(&self, now: WallTime, own: &TimeZone) -> Option<WallTime> {
        let zone = self.zone.as_ref().unwrap_or(own);
        let now = Timestamp::from_millisecond(now.unix_millis()).ok()?;
        let end = match &self.times {
            Times::Once(from, to) => {
                let (from, to) = (from.first(zone)?, to.last(zone)?);
                (from <= now && now < to).then_some(to)
            }
            Times::Weekly(times, lasts) => {
                let today = now.to_zoned(zone.clone()).date();
                let lasts = SignedDuration::try_from(*lasts).ok()?;
                // One more, for a clock that was put back over midnight or forward over a day.
                let days = 0..=lasts.as_hours() / 24 + 2;
                days.filter_map(|back| today.checked_sub(back.days()).ok())
                    .flat_map(|day| times.iter().map(move |time| (day, *time)))
                    .filter_map(|(day, time)| occurrence(day, time, lasts, zone))
                    .filter(|(from, to)| *from <= now && now < *to)
                    .map(|(_, to)| to)
                    .max()
            }
        };
        end.map(|end| WallTime::from_unix_millis(end.as_millisecond()))
    }
}

/// From when to when it holds that begins at `time` on `day`, if that is one of its days.
///
/// It lasts as long as it says both in time and by the clocks on the wall: when they are put back
/// meanwhile, until they show the end; when they are put forward, no shorter for it.
fn occurrence(
    day: Date,
    time: WakeTime,
    lasts: SignedDuration,
    zone: &TimeZone,
) -> Option<(Timestamp, Timestamp)> {
    let weekday = u8::try_from(day.weekday().to_monday_zero_offset()).ok()?;
    if !time.is_on(weekday) {
        return None;
    }
    let (hour, minute) = (time.minute() / 60, time.minute() % 60);
    let civil = day.at(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0);
    let from = begins(civil, zone)?;
    let by_time = from.checked_add(lasts).ok()?;
    let by_clock = civil.checked_add(lasts).ok().and_then(|civil| ends(civil, zone));
    Some((from, by_clock.map_or(by_time, |by_clock| by_clock.max(by_time))))
}

/// When clocks show `civil` for the first time; where they are put forward over it, that moment.
fn begins(civil: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let shown = zone.to_ambiguous_timestamp(civil);
    match shown.offset() {
        AmbiguousOffset::Gap { .. } => put_forward(civil, zone),
        _ => shown.earlier().ok(),
    }
}

/// When clocks show `civil` for the last time; where they are put forward over it, that moment.
fn ends(civil: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let shown = zone.to_ambiguous_timestamp(civil);
    match shown.offset() {
        AmbiguousOffset::Gap { .. } => put_forward(civil, zone),
        _ => shown.later().ok(),
    }
}

/// When clocks are put forward over `civil`.
fn put_forward(civil: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let before = zone.to_ambiguous_timestamp(civil).earlier().ok()?;
    zone.following(before).next().map(|change| change.timestamp())
}
