//! How strongly this machine's Wi-Fi hears its access point, as the operating system tells it, and
//! since when it does so weakly.

use super::local::LocalState;
use super::mac::MacAddr;
use super::thresholds::WifiThresholds;
use super::time::{MonoTime, Now};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Readings of one interface that are kept: two seconds apart, they are of four minutes.
const READINGS: usize = 128;
/// Interfaces that are followed.
const RADIOS: usize = 8;
/// A reading says nothing after this long, and nothing of what lay between two that are farther
/// apart.
const STALE: Duration = Duration::from_secs(10);
/// Readings that a median is of, at least.
const ENOUGH: usize = 5;
/// So many readings on end that are not weak end a spell of weak ones.
const APART: usize = 5;
/// It is weak no more when, for so long, seven of eight readings were better.
const OVER: Duration = Duration::from_mins(1);

/// What the operating system tells of a wireless interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Radio {
    /// How strongly it hears its access point, in dBm. `None` where that is not told.
    pub signal_dbm: Option<i16>,
    /// The access point it is connected to, by its BSSID, where that is told.
    pub access_point: Option<MacAddr>,
}

/// The latest readings of every wireless interface.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Airwaves {
    radios: BTreeMap<String, VecDeque<(Now, i16)>>,
}

/// A signal that is weak for some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeakSignal {
    /// Median, in dBm.
    pub dbm: i16,
    /// Since when it is weak, with moments that are better.
    pub since: Now,
}

/// What the readings say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Nothing: there are none, or too few.
    Unknown,
    /// It is strong enough, for a minute at least where it was weak before.
    Strong,
    /// It was weak a moment ago, or is so not long enough yet.
    Wavers,
    /// It is weak.
    Weak(WeakSignal),
}

impl Airwaves {
    /// Takes in a look at this machine.
    pub fn observe(&mut self, local: &LocalState, now: Now) {
        let up = |name: &str| local.interfaces.iter().any(|one| one.up && one.name == name);
        self.radios.retain(|name, _| up(name));
        for interface in local.interfaces.iter().filter(|one| one.up) {
            let Some(dbm) = interface.radio.and_then(|radio| radio.signal_dbm) else { continue };
            if self.radios.contains_key(&interface.name) || self.radios.len() < RADIOS {
                let readings = self.radios.entry(interface.name.clone()).or_default();
                let gap = |(at, _): &(Now, i16)| now.mono.since(at.mono) > STALE;
                if readings.back().is_some_and(gap) {
                    readings.clear();
                }
                if readings.len() >= READINGS {
                    readings.pop_front();
                }
                readings.push_back((now, dbm));
            }
        }
    }

    /// Whether anything was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.radios.is_empty()
    }

    /// Since when an interface hears weakly, with moments that are better, if its newest readings
    /// are weak: long before it is weak for sure.
    #[must_use]
    pub fn low_since(
        &self,
        interface: &str,
        limits: &WifiThresholds,
        now: MonoTime,
    ) -> Option<MonoTime> {
        self.low(interface, limits, now).map(|since| since.mono)
    }

    fn low(&self, interface: &str, limits: &WifiThresholds, now: MonoTime) -> Option<Now> {
        let readings = self.radios.get(interface)?;
        let known = || readings.iter().rev().skip_while(|(at, _)| at.mono > now);
        known().next().filter(|(at, _)| now.since(at.mono) <= STALE)?;
        let is_weak = |dbm: i16| f64::from(dbm) <= limits.signal_dbm;
        if known().take(3).filter(|(_, dbm)| is_weak(*dbm)).count() < 2 {
            return None;
        }
        let (mut since, mut better) = (None, 0);
        for (at, dbm) in known() {
            if is_weak(*dbm) {
                (since, better) = (Some(*at), 0);
            } else {
                better += 1;
            }
            if better >= APART {
                break;
            }
        }
        since
    }

    /// What the readings of an interface say.
    #[must_use]
    pub fn signal(&self, interface: &str, limits: &WifiThresholds, now: MonoTime) -> Signal {
        let Some(readings) = self.radios.get(interface) else { return Signal::Unknown };
        let known = || readings.iter().rev().skip_while(|(at, _)| at.mono > now);
        if known().next().is_none_or(|(at, _)| now.since(at.mono) > STALE) {
            return Signal::Unknown;
        }
        // The reading with this many eighths of those of a window below it.
        let within = |window: Duration, eighths: usize| {
            let mut found: Vec<i16> = known()
                .take_while(|(at, _)| now.since(at.mono) <= window)
                .map(|(_, dbm)| *dbm)
                .collect();
            found.sort_unstable();
            (found.len() >= ENOUGH).then(|| found.get(found.len() * eighths / 8).copied()).flatten()
        };
        let is_weak = |dbm: i16| f64::from(dbm) <= limits.signal_dbm;
        let low = self.low(interface, limits, now);
        let lasts = low.filter(|since| now.since(since.mono) >= limits.lasts);
        let Some(dbm) = within(limits.lasts, 4) else { return Signal::Unknown };
        if let Some(since) = lasts.filter(|_| is_weak(dbm)) {
            return Signal::Weak(WeakSignal { dbm, since });
        }
        let strong = within(OVER, 1).is_some_and(|least| !is_weak(least));
        if strong { Signal::Strong } else { Signal::Wavers }
    }
}

#[cfg(test)]
mod tests {
    use super::super::diagnose::fixture::at;
    use super::super::local::Interface;
    use super::*;

    fn local(signal_dbm: Option<i16>) -> LocalState {
        let interface = Interface {
            radio: Some(Radio { signal_dbm, access_point: None }),
            ..Interface::up(2, "wlan0", vec![([10, 0, 0, 5].into(), 24)])
        };
        LocalState { interfaces: vec![interface], ..LocalState::default() }
    }

    /// Looks every two seconds.
    fn after(signals: &[i16]) -> Signal {
        let mut air = Airwaves::default();
        let mut end = 0;
        for (second, dbm) in (0..).step_by(2).zip(signals) {
            air.observe(&local(Some(*dbm)), at(second));
            end = second;
        }
        air.signal("wlan0", &WifiThresholds::default(), at(end).mono)
    }

    #[test]
    fn weak_is_weak_for_half_a_minute_and_over_after_one() {
        assert_eq!(after(&[-60; 20]), Signal::Strong);
        let weak = Signal::Weak(WeakSignal { dbm: -80, since: at(0) });
        assert_eq!(after(&[-80; 16]), weak);
        assert_eq!(after(&[-80; 15]), Signal::Wavers, "not long enough");
        assert_eq!(after(&[-80; 4]), Signal::Unknown, "hardly looked at");
        let then = |strong| [vec![-80; 40], vec![-60; strong]].concat();
        assert!(matches!(after(&then(1)), Signal::Weak(_)), "a moment");
        assert_eq!(after(&then(25)), Signal::Wavers, "not over yet");
        assert_eq!(after(&then(30)), Signal::Strong);
        let strong_before = [vec![-60; 40], vec![-80; 15]].concat();
        assert_eq!(after(&strong_before), Signal::Wavers, "not long enough");
        // Once in a while a reading is better: the median counts.
        let uneven: Vec<i16> = (0..40).map(|n| if n % 4 == 0 { -70 } else { -79 }).collect();
        assert!(matches!(after(&uneven), Signal::Weak(WeakSignal { dbm: -79, .. })));
    }

    #[test]
    fn a_spell_begins_with_its_first_weak_reading_after_ten_seconds_of_better_ones() {
        let limits = WifiThresholds::default();
        let low = |signals: &[i16]| {
            let mut air = Airwaves::default();
            for (second, dbm) in (0..).step_by(2).zip(signals) {
                air.observe(&local(Some(*dbm)), at(second));
            }
            let end = u64::try_from(signals.len()).unwrap() * 2;
            air.low_since("wlan0", &limits, at(end).mono)
        };
        assert_eq!(low(&[-60, -60, -60]), None);
        assert_eq!(low(&[-60, -60, -60, -80]), None, "one reading");
        assert_eq!(low(&[-60, -60, -60, -60, -60, -80, -80]), Some(at(10).mono));
        assert_eq!(low(&[-80, -80, -60, -60, -80, -80]), Some(at(0).mono));
        assert_eq!(low(&[-80, -60, -60, -60, -60, -60, -80, -80]), Some(at(12).mono));
    }

    #[test]
    fn what_is_not_told_is_unknown_and_a_gap_begins_anew() {
        let limits = WifiThresholds::default();
        let mut air = Airwaves::default();
        for second in 0..40 {
            air.observe(&local(None), at(second));
        }
        assert!(air.is_empty());
        (40..80).for_each(|second| air.observe(&local(Some(-80)), at(second)));
        assert!(matches!(air.signal("wlan0", &limits, at(80).mono), Signal::Weak(_)));
        assert_eq!(air.signal("wlan0", &limits, at(100).mono), Signal::Unknown, "stale");
        assert_eq!(air.signal("eth0", &limits, at(80).mono), Signal::Unknown);
        air.observe(&local(Some(-80)), at(200));
        assert_eq!(air.signal("wlan0", &limits, at(200).mono), Signal::Unknown);
        air.observe(&LocalState::default(), at(201));
        assert!(air.is_empty(), "it is gone");
    }

    #[test]
    fn memory_is_bounded() {
        let mut air = Airwaves::default();
        (0..1_000).for_each(|second| air.observe(&local(Some(-50)), at(second)));
        assert!(air.radios.values().all(|readings| readings.len() <= READINGS));
    }
}
