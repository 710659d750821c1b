//! What this machine's interfaces carry, from their own counters, and whether that is what makes
//! round trips slow.

use super::echo_series::{EchoSeries, median};
use super::local::LocalState;
use super::thresholds::SaturatedThresholds;
use super::time::{MonoTime, Now};
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

/// How long slices are kept, and round trips looked at.
const KEPT: Duration = Duration::from_mins(5);
/// Slices of one interface at most.
const SLICES: usize = 200;
/// Interfaces that are followed.
const LINES: usize = 16;
/// A shorter slice says little: counters are filled in bursts.
const SHORTEST: Duration = Duration::from_secs(1);
/// After a longer gap between two looks the machine slept, or did not get to look.
const LONGEST: Duration = Duration::from_secs(15);
/// Round trips while the line is busy, and while it is quiet, at least.
const BUSY: usize = 8;
/// See [`BUSY`].
const QUIET: usize = 10;
/// How long the round trip of a quiet line is remembered after the line was last found full.
const REMEMBERED: Duration = Duration::from_hours(1);
/// Addresses whose round trips over a quiet line are remembered.
const ADDRESSES: usize = 8_192;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// To this machine.
    Received,
    /// From it.
    Sent,
}

/// What one interface carried between two looks, in bits per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slice {
    from: Now,
    to: MonoTime,
    received: u64,
    sent: u64,
}

impl Slice {
    const fn rate(&self, direction: Direction) -> u64 {
        match direction {
            Direction::Received => self.received,
            Direction::Sent => self.sent,
        }
    }
}

/// One interface.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Line {
    /// The addresses it carries: with others it is on another network.
    addresses: Vec<IpAddr>,
    slices: VecDeque<Slice>,
    /// When it was last looked at, and its counters then, in bytes.
    last: Option<(Now, u64, u64)>,
    /// The most it carried in two slices on end, each way.
    peak: (u64, u64),
}

impl Line {
    const fn peak(&self, direction: Direction) -> u64 {
        match direction {
            Direction::Received => self.peak.0,
            Direction::Sent => self.peak.1,
        }
    }

    /// Takes in the counters. Whether it goes on from the look before: not after a gap, and not
    /// where they are those of another interface of that name.
    fn look(&mut self, received: u64, sent: u64, now: Now) -> bool {
        let Some((then, before_received, before_sent)) = self.last else {
            self.last = Some((now, received, sent));
            return true;
        };
        let span = now.mono.since(then.mono);
        if span < SHORTEST {
            return true;
        }
        self.last = Some((now, received, sent));
        let grown = received.checked_sub(before_received).zip(sent.checked_sub(before_sent));
        // Counters that fell are those of another interface of that name.
        let Some((received, sent)) = grown.filter(|_| span <= LONGEST) else {
            self.slices.clear();
            return false;
        };
        let per_second = |bytes: u64| {
            let bits = u128::from(bytes) * 8_000 / span.as_millis().max(1);
            u64::try_from(bits).unwrap_or(u64::MAX)
        };
        let (received, sent) = (per_second(received), per_second(sent));
        if let Some(before) = self.slices.back() {
            self.peak.0 = self.peak.0.max(received.min(before.received));
            self.peak.1 = self.peak.1.max(sent.min(before.sent));
        }
        self.slices.push_back(Slice { from: then, to: now.mono, received, sent });
        let old = |slice: &Slice| now.mono.since(slice.to) > KEPT;
        while self.slices.len() > SLICES || self.slices.front().is_some_and(old) {
            self.slices.pop_front();
        }
        true
    }

    /// Whether it was followed for long enough to tell a busy line from a quiet one.
    fn is_known(&self, limits: &SaturatedThresholds) -> bool {
        let ends = self.slices.front().zip(self.slices.back());
        ends.is_some_and(|(first, last)| last.to.since(first.from.mono) >= limits.lasts)
    }
}

/// What this machine's interfaces carried lately.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traffic {
    lines: BTreeMap<String, Line>,
    /// What was found of round trips over a line that is full, or was within [`REMEMBERED`]: the
    /// quiet minutes before it do not stay among the slices for as long as it is full.
    found: BTreeMap<IpAddr, (Saturation, MonoTime)>,
}

/// A line that is full, as this machine's own counters show it, and what it does to round trips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saturation {
    /// The interface, unescaped.
    pub interface: String,
    /// Which way it is full.
    pub direction: Direction,
    /// What it carries, in bits per second.
    pub rate: u64,
    /// The most that it was seen to carry, in bits per second.
    pub most: u64,
    /// Median round trip since it is busy.
    pub busy: Duration,
    /// Median round trip while it was quiet.
    pub quiet: Duration,
    /// Since when it is busy.
    pub since: Now,
}

/// What the counters say of a slow round trip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Load {
    /// Nothing: they are not known, or the line was never both quiet and busy. What was found
    /// stands as before.
    Unknown,
    /// The line is not busy, or round trips are no slower while it is.
    Sound,
    /// It is busy, and round trips are slower since.
    Full(Saturation),
}

impl Traffic {
    /// Takes in the counters of every interface that is up.
    pub fn observe(&mut self, local: &LocalState, now: Now) {
        let up = |name: &String| {
            local.interfaces.iter().any(|one| one.up && !one.loopback && one.name == *name)
        };
        self.lines.retain(|name, _| up(name));
        for interface in local.interfaces.iter().filter(|one| one.up && !one.loopback) {
            let counted = interface.received_bytes.zip(interface.sent_bytes);
            let Some((received, sent)) = counted else { continue };
            if self.lines.contains_key(&interface.name) || self.lines.len() < LINES {
                let line = self.lines.entry(interface.name.clone()).or_default();
                let mut addresses: Vec<IpAddr> =
                    interface.addresses.iter().map(|address| address.0).collect();
                addresses.sort_unstable();
                if line.addresses != addresses {
                    *line = Line { addresses, ..Line::default() };
                    self.found.retain(|_, (found, _)| found.interface != interface.name);
                }
                if !line.look(received, sent, now) {
                    self.found.retain(|_, (found, _)| found.interface != interface.name);
                }
            }
        }
    }

    /// Takes note of what was found of round trips to addresses, for as long as the lines are full.
    pub fn remember<'a>(
        &mut self,
        found: impl Iterator<Item = (IpAddr, &'a Saturation)>,
        now: MonoTime,
    ) {
        self.found.retain(|_, (one, at)| {
            now.since(*at) <= REMEMBERED && self.lines.contains_key(&one.interface)
        });
        for (to, one) in found {
            if self.found.len() < ADDRESSES || self.found.contains_key(&to) {
                self.found.insert(to, (one.clone(), now));
            }
        }
    }

    /// What was last found of round trips to `to`, while that line is as busy as it was.
    #[must_use]
    pub fn as_before(
        &self,
        to: IpAddr,
        limits: &SaturatedThresholds,
        now: MonoTime,
    ) -> Option<&Saturation> {
        let (found, _) = self.found.get(&to)?;
        let (direction, _) = busy(self.lines.get(&found.interface)?, limits, now)?;
        (direction == found.direction).then_some(found)
    }

    /// Whether no interface was measured yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether any interface is near the most that it was seen to carry: without, nothing is full,
    /// and nobody needs to ask which one carries what.
    fn any_busy(&self, limits: &SaturatedThresholds, now: MonoTime) -> bool {
        self.lines.values().any(|line| busy(line, limits, now).is_some())
    }

    /// Whether the line to `to` is full, and makes the round trips of `echo` slow.
    #[must_use]
    pub fn load(
        &self,
        local: &LocalState,
        to: IpAddr,
        echo: &EchoSeries,
        limits: &SaturatedThresholds,
        now: MonoTime,
    ) -> Load {
        if !self.any_busy(limits, now) {
            let known = self.lines.values().any(|line| line.is_known(limits));
            return if known { Load::Sound } else { Load::Unknown };
        }
        let Some((interface, line)) =
            local.carrier_of(to).and_then(|carrier| self.lines.get_key_value(&carrier.name))
        else {
            return Load::Unknown;
        };
        let Some((direction, since)) = busy(line, limits, now) else { return Load::Sound };
        let quiet = line.peak(direction) / 1_000 * tenths(limits.quiet_pct, 10.0);
        let (mut when_busy, mut when_quiet) = (Vec::new(), Vec::new());
        let mut slices = line.slices.iter().peekable();
        let before = self.found.get(&to).map(|(found, _)| found);
        let before = before.filter(|one| one.interface == *interface && one.direction == direction);
        // Busy for longer than slices are kept: it began when it was seen to.
        let since = match (before, line.slices.front()) {
            (Some(before), Some(first)) if first.from == since => before.since,
            _ => since,
        };
        for point in echo.within(now, KEPT) {
            let (at, Some(rtt)) = (point.at.mono, point.rtt()) else { continue };
            while slices.next_if(|slice| slice.to <= at).is_some() {}
            if at >= since.mono {
                when_busy.push(rtt);
            } else if slices
                .peek()
                .is_some_and(|slice| slice.from.mono <= at && slice.rate(direction) <= quiet)
            {
                when_quiet.push(rtt);
            }
        }
        let enough = when_quiet.len() >= QUIET;
        let quiet = if enough { median(when_quiet) } else { before.map(|before| before.quiet) };
        if when_busy.len() < BUSY {
            return Load::Unknown;
        }
        let (Some(busy), Some(quiet)) = (median(when_busy), quiet) else {
            return Load::Unknown;
        };
        let slower = busy >= quiet.mul_f64(limits.factor.clamp(1.0, 1_000.0))
            && busy >= quiet.saturating_add(limits.margin);
        if !slower {
            return Load::Sound;
        }
        let newest = line.slices.iter().rev().find(|slice| slice.to <= now);
        Load::Full(Saturation {
            interface: interface.clone(),
            direction,
            rate: newest.map_or(0, |slice| slice.rate(direction)),
            most: line.peak(direction),
            busy,
            quiet,
            since,
        })
    }
}

/// Which way a line is busy, and since when: near the most that it was seen to carry, for some
/// seconds at least, up to now.
fn busy(line: &Line, limits: &SaturatedThresholds, now: MonoTime) -> Option<(Direction, Now)> {
    [Direction::Received, Direction::Sent].into_iter().find_map(|direction| {
        let least = near(line.peak(direction), limits);
        let mut since = None;
        let known = line.slices.iter().rev().skip_while(|slice| slice.to > now);
        for slice in known.take_while(|slice| slice.rate(direction) >= least) {
            since = Some(slice.from);
        }
        since.filter(|since| now.since(since.mono) >= limits.lasts).map(|since| (direction, since))
    })
}

/// So many tenths of `of`; both are configured within bounds that fit.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded")]
fn tenths(share: f64, of: f64) -> u64 {
    (share.clamp(0.0, 1e7) * of) as u64
}

/// What counts as near the most, in bits per second.
fn near(most: u64, limits: &SaturatedThresholds) -> u64 {
    let share = most / 1_000 * tenths(limits.busy_pct, 10.0);
    share.max(tenths(limits.least_mbit, 1e6)).max(1)
}

#[cfg(test)]
mod tests {
    use super::super::diagnose::fixture::at;
    use super::super::local::Interface;
    use super::*;

    fn local(received: u64, sent: u64) -> LocalState {
        let interface = Interface {
            received_bytes: Some(received),
            sent_bytes: Some(sent),
            ..Interface::up(2, "eth0", vec![([10, 0, 0, 5].into(), 24)])
        };
        LocalState { interfaces: vec![interface], ..LocalState::default() }
    }

    /// Looks every two seconds, at so many Mbit/s received each time.
    fn after(rates: &[u64]) -> Traffic {
        let (mut traffic, mut bytes) = (Traffic::default(), 1_000);
        traffic.observe(&local(bytes, 0), at(0));
        for (index, rate) in (1..).zip(rates) {
            bytes += rate * 1_000_000 / 8 * 2;
            traffic.observe(&local(bytes, 0), at(index * 2));
        }
        traffic
    }

    #[test]
    fn a_line_is_busy_near_the_most_it_carried_and_not_at_once() {
        let limits = SaturatedThresholds::default();
        let busy = |rates: &[u64]| {
            after(rates).any_busy(&limits, at(2 * u64::try_from(rates.len()).unwrap()).mono)
        };
        assert!(busy(&[0, 0, 10, 10, 10]));
        assert!(!busy(&[0, 0, 0, 10, 10]), "not long enough");
        assert!(busy(&[0, 10, 9, 10, 9]), "nearly as much");
        assert!(!busy(&[0, 10, 10, 10, 5, 5, 5, 5]), "half as much");
        assert!(!busy(&[10, 10, 10, 0]), "over");
        assert!(!busy(&[0, 0, 0, 0, 0, 0]), "nothing at all");
    }

    #[test]
    fn counters_that_fall_and_gaps_begin_anew() {
        let limits = SaturatedThresholds::default();
        let mut traffic = after(&[0, 10, 10, 10, 10]);
        assert!(traffic.any_busy(&limits, at(10).mono));
        traffic.observe(&local(5, 0), at(12));
        assert!(!traffic.any_busy(&limits, at(12).mono));
        let mut traffic = after(&[0, 10, 10, 10, 10]);
        traffic.observe(&local(u64::MAX, u64::MAX), at(500));
        assert!(!traffic.any_busy(&limits, at(500).mono));
        traffic.observe(&LocalState::default(), at(502));
        assert!(traffic.lines.is_empty());
    }

    /// After a suspend in the office and a resume elsewhere the office's round trips were what
    /// "the quiet line" took.
    #[test]
    fn what_was_found_on_another_network_or_before_a_gap_is_forgotten() {
        let to = IpAddr::from([192, 0, 2, 1]);
        let found = || Saturation {
            interface: "eth0".to_owned(),
            direction: Direction::Received,
            rate: 10,
            most: 10,
            busy: Duration::from_millis(90),
            quiet: Duration::from_millis(5),
            since: at(4),
        };
        let remembering = || {
            let mut traffic = after(&[0, 10, 10, 10, 10]);
            traffic.remember(std::iter::once((to, &found())), at(10).mono);
            traffic
        };
        let mut same = remembering();
        same.observe(&local(60_000_000, 0), at(12));
        assert!(same.found.contains_key(&to));
        let mut slept = remembering();
        slept.observe(&local(60_000_000, 0), at(500));
        assert!(!slept.found.contains_key(&to));
        let mut moved = remembering();
        let mut elsewhere = local(60_000_000, 0);
        elsewhere.interfaces[0].addresses = vec![([172, 16, 0, 9].into(), 24)];
        moved.observe(&elsewhere, at(12));
        assert!(!moved.found.contains_key(&to));
        assert_eq!(moved.lines["eth0"].peak, (0, 0), "another network carries as much as it does");
    }

    #[test]
    fn a_line_is_not_quiet_before_it_was_followed_for_long_enough() {
        let limits = SaturatedThresholds::default();
        let (to, echo) = (IpAddr::from([192, 0, 2, 1]), EchoSeries::default());
        let load = |rates: &[u64]| {
            let now = at(2 * u64::try_from(rates.len()).unwrap()).mono;
            after(rates).load(&local(0, 0), to, &echo, &limits, now)
        };
        assert_eq!(load(&[]), Load::Unknown);
        assert_eq!(load(&[0]), Load::Unknown);
        assert_eq!(load(&[0, 0, 0, 0]), Load::Sound);
    }

    #[test]
    fn memory_is_bounded() {
        let traffic = after(&[1; 1_000]);
        assert!(traffic.lines.values().all(|line| line.slices.len() <= SLICES));
    }
}
