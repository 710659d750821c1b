//! Hours of one target, a minute at a time, in three bytes a minute: what the timeline shows.
//!
//! Minutes are those of the wall clock. A machine that slept, or a monitor that stood still, leaves
//! minutes without figures; a clock that is set back takes the minutes before with it.

use super::snapshot::TargetState;
use super::stats::EchoStats;
use super::time::{Now, WallTime};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How many minutes are kept: twelve hours.
pub const MINUTES: usize = 720;

/// Seconds of a minute.
const MINUTE: i64 = 60;

/// The smallest round trip that is told from others, in milliseconds.
const SMALLEST_MS: f64 = 0.1;
/// Steps for each doubling of a round trip: 4.7 % apart.
const STEPS: f64 = 15.0;

/// One minute, packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Packed {
    /// 0: none; else one more than the steps above [`SMALLEST_MS`].
    rtt: u8,
    /// 0: nothing was sent; else one more than the percent lost, rounded away from 0 and 100.
    loss: u8,
    /// Place in [`TargetState::ALL`].
    state: u8,
}

/// One minute of a target.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Minute {
    /// 95th percentile of the round trips, to 5 %; `None` without one.
    pub rtt: Option<Duration>,
    /// Share that was lost, to 1 %; neither 0 nor 1 unless nothing or everything was. `None` where
    /// nothing was sent.
    pub loss: Option<f64>,
    /// The worst state that it was in.
    pub state: TargetState,
}

/// The minute that is not over yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Open {
    /// Minutes since the epoch.
    minute: i64,
    worst: TargetState,
}

/// How many downtimes are kept.
pub const DOWNTIMES: usize = 16;
/// Moments that are further apart were not watched between.
const UNWATCHED: Duration = Duration::from_secs(30);

/// Why a target was of no use, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Down {
    /// It did not work.
    Broken,
    /// It could not be judged from here.
    Unseen,
}

/// A stretch of time in which a target was down, or may have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Downtime {
    /// Which.
    pub down: Down,
    /// When it began.
    pub from: WallTime,
    /// When it ended, or was seen last.
    pub until: WallTime,
    /// Whether it is over.
    pub over: bool,
    /// It was not seen to work since the one before in which it did not: whether it did is not known.
    pub goes_on: bool,
}

/// The last hours of one target. Copies share what is over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lane {
    /// Complete minutes, the newest last: the one before the open one.
    minutes: Arc<VecDeque<Packed>>,
    open: Option<Open>,
    /// The newest last.
    downtimes: Arc<VecDeque<Downtime>>,
    /// When it was last looked at.
    seen: Option<Now>,
    /// It did not work, and was not seen to work since.
    unmended: bool,
}

impl Lane {
    /// Takes in whether it is down at a moment, and since when. What is open ends where it was seen last
    /// when nobody watched since.
    pub fn look(&mut self, now: Now, down: Option<(Down, WallTime)>) {
        self.follow_clock(now);
        let at = now.wall;
        let before = self.seen.replace(now);
        self.unmended &= down.is_some();
        if down.is_none() && self.downtimes.back().is_none_or(|downtime| downtime.over) {
            return;
        }
        let downtimes = Arc::make_mut(&mut self.downtimes);
        let mut earliest = None;
        if let Some(open) = downtimes.back_mut().filter(|downtime| !downtime.over) {
            let watched = before.is_none_or(|before| at.since(before.wall) <= UNWATCHED);
            if watched {
                open.until = at;
            }
            if watched && down.is_some_and(|(down, _)| down == open.down) {
                return;
            }
            open.over = true;
            earliest = Some(at);
        }
        let Some((down, since)) = down else { return };
        if downtimes.len() >= DOWNTIMES {
            downtimes.pop_front();
        }
        let from = earliest.or(downtimes.back().map(|before| before.until)).unwrap_or(since);
        let from = since.max(from).min(at);
        let goes_on = self.unmended && down == Down::Broken;
        downtimes.push_back(Downtime { down, from, until: at, over: false, goes_on });
        self.unmended |= down == Down::Broken;
    }

    /// A clock that was set back: what is kept moves along, so that nothing lies ahead.
    fn follow_clock(&mut self, now: Now) {
        let Some(before) = self.seen.filter(|before| now.wall < before.wall) else { return };
        let back = before.wall.since(now.wall).saturating_add(now.mono.since(before.mono));
        for downtime in Arc::make_mut(&mut self.downtimes) {
            downtime.from = downtime.from.minus(back);
            downtime.until = downtime.until.minus(back);
        }
        self.seen = Some(Now { wall: before.wall.minus(back), ..before });
    }

    /// Whether it did not work when it was last seen.
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        self.unmended
    }

    /// When it was down, the newest last, at most [`DOWNTIMES`].
    pub fn downtimes(&self) -> impl Iterator<Item = &Downtime> {
        self.downtimes.iter()
    }

    /// Takes in the state at a moment; `minute` is the echo of the 60 s before, and is looked at when
    /// a minute is over. Says whether one is.
    pub fn observe(&mut self, at: WallTime, state: TargetState, minute: &EchoStats) -> bool {
        let now = at.unix_secs().div_euclid(MINUTE);
        let Some(open) = self.open else {
            self.open = Some(Open { minute: now, worst: state });
            return false;
        };
        if now <= open.minute {
            // A clock that was set back: what is kept moves along.
            self.open = Some(Open { minute: now, worst: open.worst.max(state) });
            return false;
        }
        let passed = usize::try_from(now - open.minute).unwrap_or(usize::MAX);
        // After a gap, the last 60 s are not that minute's.
        let figures = (passed == 1).then_some(minute);
        self.close(pack(open.worst, figures));
        for _ in 1..passed.min(MINUTES + 1) {
            self.close(Packed::default());
        }
        self.open = Some(Open { minute: now, worst: state });
        true
    }

    fn close(&mut self, minute: Packed) {
        let minutes = Arc::make_mut(&mut self.minutes);
        if minutes.len() >= MINUTES {
            minutes.pop_front();
        }
        minutes.push_back(minute);
    }

    /// The complete minutes, the newest first, each with the moment it began.
    pub fn minutes(&self) -> impl Iterator<Item = (WallTime, Minute)> {
        let first = self.open.map_or(0, |open| open.minute);
        let begins = (1..).map(move |age: i64| WallTime::from_unix_secs((first - age) * MINUTE));
        begins.zip(self.minutes.iter().rev().map(|packed| packed.minute()))
    }

    /// The worst of the minutes that began from `from` until before `until`; `None` when none did.
    #[must_use]
    pub fn between(&self, from: WallTime, until: WallTime) -> Option<Minute> {
        let open = self.open?.minute;
        let age = |at: WallTime| open - at.unix_secs().div_euclid(MINUTE);
        // Ages of minutes: 1 is the newest complete one.
        let (youngest, oldest) = (age(until).saturating_add(1).max(1), age(from));
        let newest_first = self.minutes.iter().rev();
        let skip = usize::try_from(youngest - 1).ok()?;
        let count = usize::try_from(oldest.checked_sub(youngest)?.checked_add(1)?).ok()?;
        newest_first.skip(skip).take(count).map(|packed| packed.minute()).reduce(Minute::worse)
    }
}

impl Minute {
    /// The worse of each.
    fn worse(self, other: Self) -> Self {
        let loss = match (self.loss, other.loss) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        Self { rtt: self.rtt.max(other.rtt), loss, state: self.state.max(other.state) }
    }
}

fn pack(state: TargetState, minute: Option<&EchoStats>) -> Packed {
    let code = TargetState::ALL.iter().position(|known| *known == state).unwrap_or_default();
    let figures = minute.filter(|minute| minute.sent > 0);
    Packed {
        rtt: figures.and_then(|minute| minute.p95).map_or(0, pack_rtt),
        loss: figures.and_then(EchoStats::loss).map_or(0, pack_loss),
        state: u8::try_from(code).unwrap_or_default(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is clamped to what the type holds"
)]
fn pack_rtt(rtt: Duration) -> u8 {
    let steps = (rtt.as_secs_f64() * 1_000.0 / SMALLEST_MS).max(1.0).log2() * STEPS;
    (steps.round() + 1.0).clamp(1.0, 255.0) as u8
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is clamped to what the type holds"
)]
fn pack_loss(share: f64) -> u8 {
    let percent = (share * 100.0).round();
    let percent = match share {
        share if share <= 0.0 => 0.0,
        share if share >= 1.0 => 100.0,
        _ => percent.clamp(1.0, 99.0),
    };
    percent as u8 + 1
}

impl Packed {
    fn minute(self) -> Minute {
        let rtt = self.rtt.checked_sub(1).map(|steps| {
            Duration::from_secs_f64(SMALLEST_MS / 1_000.0 * (f64::from(steps) / STEPS).exp2())
        });
        Minute {
            rtt,
            loss: self.loss.checked_sub(1).map(|percent| f64::from(percent) / 100.0),
            state: TargetState::ALL.get(usize::from(self.state)).copied().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::MonoTime;

    fn at(secs: i64) -> WallTime {
        WallTime::from_unix_secs(secs)
    }

    fn echo(sent: u32, lost: u32, p95_ms: f64) -> EchoStats {
        EchoStats {
            sent,
            lost,
            received: sent - lost,
            p95: Some(Duration::from_secs_f64(p95_ms / 1_000.0)),
            ..EchoStats::default()
        }
    }

    #[test]
    fn a_minute_holds_its_worst_state_and_the_figures_of_its_end() {
        let mut lane = Lane::default();
        let (calm, lossy) = (echo(60, 0, 3.0), echo(60, 6, 80.0));
        assert!(!lane.observe(at(600), TargetState::Ok, &calm));
        assert!(!lane.observe(at(630), TargetState::Critical, &calm));
        assert!(!lane.observe(at(659), TargetState::Ok, &calm));
        assert!(lane.observe(at(660), TargetState::Ok, &lossy));
        let minutes: Vec<_> = lane.minutes().collect();
        let [(begun, minute)] = minutes.as_slice() else { panic!("{minutes:?}") };
        assert_eq!(*begun, at(600));
        assert_eq!((minute.state, minute.loss), (TargetState::Critical, Some(0.1)));
        let rtt = minute.rtt.unwrap().as_secs_f64();
        assert!((rtt / 0.08 - 1.0).abs() < 0.05, "{rtt}");
    }

    #[test]
    fn a_gap_has_no_figures_and_a_clock_set_back_moves_what_is_kept() {
        let mut lane = Lane::default();
        let calm = echo(60, 0, 3.0);
        lane.observe(at(0), TargetState::Ok, &calm);
        lane.observe(at(60), TargetState::Ok, &calm);
        lane.observe(at(300), TargetState::Ok, &calm);
        let told: Vec<_> = lane.minutes().map(|(_, minute)| minute.loss).collect();
        assert_eq!(told, [None, None, None, None, Some(0.0)]);
        lane.observe(at(240), TargetState::Ok, &calm);
        assert_eq!(lane.minutes().last().map(|(begun, _)| begun), Some(at(-60)));
        assert_eq!(lane.minutes().count(), 5);
    }

    fn now(secs: u64) -> Now {
        let wall = i64::try_from(secs).unwrap();
        Now { mono: MonoTime::from_secs(secs), wall: at(wall) }
    }

    fn told(lane: &Lane) -> Vec<(i64, i64, bool, bool)> {
        let told =
            |one: &Downtime| (one.from.unix_secs(), one.until.unix_secs(), one.over, one.goes_on);
        lane.downtimes().map(told).collect()
    }

    #[test]
    fn a_downtime_ends_where_it_was_seen_last_when_nobody_watched() {
        let mut lane = Lane::default();
        let broken = |since| Some((Down::Broken, at(since)));
        for secs in 10..=35 {
            lane.look(now(secs), broken(8));
        }
        // The machine slept.
        lane.look(now(30_000), broken(8));
        lane.look(now(30_002), None);
        assert_eq!(told(&lane), [(8, 35, true, false), (30_000, 30_002, true, true)]);
        for turn in 0..100 {
            lane.look(now(40_000 + turn * 2), broken(40_000));
            lane.look(now(40_001 + turn * 2), None);
        }
        assert_eq!(lane.downtimes().count(), DOWNTIMES);
    }

    /// A host that did not work, could not be judged for a while, and did not work then was told as one
    /// that failed on two occasions.
    #[test]
    fn what_was_not_seen_to_work_since_is_the_same_downtime() {
        let broken = || Some((Down::Broken, at(10)));
        let unseen = || Some((Down::Unseen, at(20)));
        let mut lane = Lane::default();
        lane.look(now(10), broken());
        lane.look(now(20), unseen());
        assert!(lane.is_broken(), "nobody saw it work");
        lane.look(now(30), broken());
        lane.look(now(40), None);
        lane.look(now(50), broken());
        let all = [
            (10, 20, true, false),
            (20, 30, true, false),
            (30, 40, true, true),
            (40, 50, false, false),
        ];
        assert_eq!(told(&lane), all);
        // It worked in between, although it was not judged before that.
        let mut lane = Lane::default();
        lane.look(now(10), broken());
        lane.look(now(20), unseen());
        lane.look(now(30), None);
        lane.look(now(31), broken());
        assert!(told(&lane).iter().all(|(.., goes_on)| !goes_on));
    }

    /// "It did not work until 10:05" was said at 10:01.
    #[test]
    fn a_clock_that_is_set_back_leaves_no_downtime_ahead() {
        let mut lane = Lane::default();
        for secs in 50_000..50_010 {
            lane.look(now(secs), Some((Down::Broken, at(49_990))));
        }
        lane.look(now(50_010), None);
        lane.look(now(50_020), Some((Down::Broken, at(50_020))));
        let set =
            |secs: u64| Now { wall: now(secs).wall.minus(Duration::from_mins(10)), ..now(secs) };
        lane.look(set(50_021), Some((Down::Broken, at(50_020))));
        let kept = [(49_390, 49_410, true, false), (49_420, 49_421, false, false)];
        assert_eq!(told(&lane), kept, "as long, and as long ago, as before");
        lane.look(set(50_030), None);
        let ahead = |one: &Downtime| one.from > one.until || one.until > set(50_030).wall;
        assert!(!lane.downtimes().any(ahead));
    }

    #[test]
    fn years_asleep_leave_no_more_than_is_kept() {
        let mut lane = Lane::default();
        lane.observe(at(0), TargetState::Ok, &echo(60, 0, 3.0));
        lane.observe(at(i64::MAX), TargetState::Ok, &echo(60, 0, 3.0));
        assert_eq!(lane.minutes.len(), MINUTES);
        lane.observe(at(i64::MIN), TargetState::Ok, &echo(60, 0, 3.0));
        assert_eq!(lane.minutes.len(), MINUTES);
    }

    #[test]
    fn the_worst_of_several_minutes_stands_for_them() {
        let mut lane = Lane::default();
        for minute in 0..=10_u32 {
            let lost = u32::from(minute == 5) * 60;
            lane.observe(at(i64::from(minute) * 60), TargetState::Ok, &echo(60, lost, 3.0));
        }
        // The figures of a minute arrive when it is over: the minute before the fifth.
        assert_eq!(lane.between(at(240), at(300)).unwrap().loss, Some(1.0));
        assert_eq!(lane.between(at(300), at(600)).unwrap().loss, Some(0.0));
        assert_eq!(lane.between(at(0), at(600)).unwrap().loss, Some(1.0));
        assert_eq!(lane.between(at(600), at(660)), None, "not over yet");
        assert_eq!(lane.between(at(-600), at(0)), None);
        assert_eq!(lane.between(at(300), at(240)), None);
    }

    #[test]
    fn little_loss_is_not_none_and_much_is_not_all() {
        for (lost, expected) in [(0, 0.0), (1, 0.01), (999, 0.99), (1_000, 1.0)] {
            let packed = pack(TargetState::Ok, Some(&echo(1_000, lost, 0.01)));
            assert_eq!(packed.minute().loss, Some(expected));
        }
        let huge = pack(TargetState::Ok, Some(&echo(1, 0, 1e9)));
        assert!(huge.minute().rtt.unwrap() > Duration::from_secs(10));
        assert_eq!(pack(TargetState::Ok, Some(&EchoStats::default())).minute().loss, None);
    }
}
