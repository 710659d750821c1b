//! What people mark: "my session dropped".

use super::Monitor;
use super::tracked::Tracked;
use crate::domain::drops::RememberedDrop;
use crate::domain::lane::Lane;
use crate::domain::mark::{Told, Weight, around, said, with_tunnel};
use crate::domain::snapshot::TargetState;
use crate::domain::surroundings::Surroundings;
use crate::domain::target::TargetId;
use crate::domain::text::printable;
use crate::domain::time::{Now, WallTime};
use crate::domain::view::Mode;
use crate::domain::words::{clock, count, millis, percent};
use std::collections::BTreeMap;
use std::time::Duration;

/// What was measured longer ago is not held any more, at an echo request a second.
const HELD: Duration = Duration::from_mins(8);
/// What is kept of minutes longer ago is looked at so long before and after.
const AROUND: Duration = Duration::from_mins(2);
/// What began so soon after another began with it, as far as can be told.
const SAME_MOMENT: Duration = Duration::from_secs(3);
/// Lines that a mark on no target in particular makes at most.
const MOST: usize = 20;

impl Monitor {
    /// Takes in that a session dropped, as somebody says: on a target, or where there is only one,
    /// on that. It goes onto the event log, with what is held of the minutes around it, and into
    /// what is remembered of the target. Returns what was said.
    pub fn mark(
        &mut self,
        target: Option<TargetId>,
        at: WallTime,
        text: &str,
        now: Now,
    ) -> Vec<String> {
        let at = at.min(now.wall);
        let only = || self.targets.keys().next().copied().filter(|_| self.targets.len() == 1);
        let target = target.filter(|id| self.targets.contains_key(id)).or_else(only);
        let held = now.wall.since(at) <= HELD;
        let mut lines = Vec::new();
        if let Some(tracked) = target.and_then(|id| self.targets.get_mut(&id)) {
            let tunnel = held && with_tunnel(&tracked.view(Mode::Watch, &self.around, now), at);
            lines.extend(about(tracked, &self.around, at, now).into_iter().map(|told| told.text));
            let drop = RememberedDrop { at, marked: true, tunnel, ..<_>::default() };
            tracked.memory_mut().drops.add(drop);
            tracked.tick(&self.around, now);
        } else {
            lines = self.about_all(at, now);
        }
        // The log is read from its end.
        for line in lines.iter().rev() {
            self.log(target, at, format!("about the mark: {line}"));
        }
        let said = said(text);
        self.log(target, at, said.clone());
        lines.insert(0, said);
        lines
    }

    /// What was unusual about then, of whom, at most [`MOST`] lines; what began for several at the same
    /// moment once; and how many had nothing to tell.
    fn about_all(&self, at: WallTime, now: Now) -> Vec<String> {
        let mut unusual: Vec<(String, Told)> = Vec::new();
        let (mut quiet, mut unmeasured) = (0_u64, 0_u64);
        for tracked in self.targets.values() {
            let told = about(tracked, &self.around, at, now);
            match told.iter().map(|told| told.weight).max() {
                None | Some(Weight::Unmeasured) => unmeasured += 1,
                Some(Weight::Quiet) => quiet += 1,
                Some(Weight::Unusual) => {
                    let name = printable(&tracked.target().name).into_owned();
                    let told = told.into_iter().filter(|told| told.weight == Weight::Unusual);
                    unusual.extend(told.map(|told| (name.clone(), told)));
                }
            }
        }
        let mut lines = by_moment(unusual);
        let more = lines.len().saturating_sub(MOST);
        lines.truncate(MOST);
        if more > 0 {
            lines.push(format!("and {more} more like these"));
        }
        if quiet > 0 {
            lines.push(format!("{}: nothing unusual", count(quiet, "host")));
        }
        if unmeasured > 0 {
            let hosts = count(unmeasured, "host");
            lines.push(format!("{hosts}: nothing is known of what was measured then"));
        }
        lines
    }
}

/// A line for each that several hosts have alike from the same moment on, then one for each of the others
/// in the order of the hosts.
fn by_moment(told: Vec<(String, Told)>) -> Vec<String> {
    let mut alike: BTreeMap<String, Vec<(usize, String, Told)>> = BTreeMap::new();
    for (place, (name, told)) in told.into_iter().enumerate() {
        alike.entry(told.short.clone()).or_default().push((place, name, told));
    }
    let (mut common, mut own) = (Vec::new(), Vec::new());
    for mut alike in alike.into_values() {
        alike.sort_by_key(|(place, _, told)| (told.began, *place));
        let mut rest = alike.as_slice();
        while let Some((_, _, first)) = rest.first() {
            let with = rest.partition_point(|(_, _, told)| match (first.began, told.began) {
                (Some(first), Some(began)) => began.since(first) <= SAME_MOMENT,
                (first, began) => first == began,
            });
            let (together, others) = rest.split_at(with.max(1));
            match together {
                [(place, name, told)] => own.push((*place, format!("{name}: {}", told.text))),
                many => common.push(of_several(many)),
            }
            rest = others;
        }
    }
    own.sort();
    common.into_iter().chain(own.into_iter().map(|(_, line)| line)).collect()
}

/// `3 hosts: port: refused from 10:32:10Z`, or in the words of all where they are the same.
fn of_several(many: &[(usize, String, Told)]) -> String {
    let hosts = count(many.len() as u64, "host");
    let Some((_, _, first)) = many.first() else { return hosts };
    if many.iter().all(|(_, _, told)| told.text == first.text) {
        return format!("{hosts}: {}", first.text);
    }
    let from = first.began.map(|began| format!(" from {}", clock(began)));
    format!("{hosts}: {}{}", first.short, from.unwrap_or_default())
}

/// What is held, or kept by the minute, of the minutes about then.
fn about(tracked: &Tracked, around_us: &Surroundings, at: WallTime, now: Now) -> Vec<Told> {
    if now.wall.since(at) <= HELD {
        around(&tracked.view(Mode::Watch, around_us, now), at)
    } else {
        vec![long_ago(tracked.lane(), at)]
    }
}

/// What the minutes about a moment came to, where they are kept.
fn long_ago(lane: &Lane, at: WallTime) -> Told {
    let worst = lane.between(at.minus(AROUND), at.plus(AROUND));
    let Some(worst) = worst.filter(|worst| worst.loss.is_some()) else {
        return Told::unmeasured("nothing is kept of what was measured then");
    };
    let loss = match worst.loss {
        Some(loss) if loss > 0.0 => format!("{} lost in the worst minute", percent(loss)),
        _ => "none lost".to_owned(),
    };
    let slow = worst.rtt.map(|rtt| format!(", 95th percentile up to {}", millis(rtt)));
    let state = match worst.state {
        TargetState::Critical => ", a critical finding stood",
        TargetState::Warning => ", a warning stood",
        TargetState::Asleep | TargetState::Waking => ", it was likely asleep",
        TargetState::NotMeasured | TargetState::Ok | TargetState::Unknown => "",
    };
    let text = format!("echo, by the minute: {loss}{}{state}", slow.unwrap_or_default());
    let unusual = worst.loss.is_some_and(|loss| loss > 0.0) || !state.is_empty();
    if unusual { Told::unusual(text) } else { Told::quiet(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::AlertSettings;
    use crate::domain::diagnose::fixture::{handshake, stopped_at_tcp};
    use crate::domain::local::{EchoAccess, Interface, LocalState};
    use crate::domain::memory::TargetMemory;
    use crate::domain::sample::{
        Attempt, ConnectOutcome, Echo, EchoMethod, EchoOutcome, Observation, Sample, TlsOutcome,
    };
    use crate::domain::target::{Host, Target};
    use crate::domain::time::MonoTime;
    use crate::monitor::Access;
    use std::net::IpAddr;

    /// A day after the epoch, as the wall clock has it.
    fn at(secs: u64) -> Now {
        let wall = WallTime::from_unix_secs(86_400).plus(Duration::from_secs(secs));
        Now { mono: MonoTime::from_secs(secs), wall }
    }

    /// Where the fixture's connections lead.
    fn address() -> IpAddr {
        stopped_at_tcp(ConnectOutcome::Open).connect.address.ip()
    }

    fn tunnel(up: bool) -> LocalState {
        let tunnel = Interface {
            up,
            tunnel: true,
            ..Interface::up(4, "wg0", vec![([10, 8, 0, 2].into(), 24)])
        };
        let lan = Interface {
            index: 2,
            name: "eth0".to_owned(),
            up: true,
            tunnel: false,
            addresses: vec![([192, 0, 2, 9].into(), 24)],
            ..tunnel.clone()
        };
        LocalState { interfaces: vec![lan, tunnel], ..LocalState::default() }
    }

    fn monitor(targets: u32) -> Monitor {
        let access = Access {
            echo_v4: EchoAccess::Datagram,
            echo_v6: EchoAccess::Datagram,
            neighbours: false,
        };
        let mut monitor = Monitor::new(access, tunnel(true), AlertSettings::default(), at(0));
        for id in 0..targets {
            let target =
                Target::new(TargetId(id), format!("pc-{id}"), Host::Address(address(), None));
            monitor.add(target, TargetMemory::default(), at(0));
        }
        monitor
    }

    fn take(monitor: &mut Monitor, id: u32, secs: u64, observation: Observation) {
        let (target, sent_at) = (TargetId(id), at(secs));
        let ended_at = sent_at.mono;
        let sample = Sample { target, seq: secs, sent_at, ended_at, observation };
        monitor.observe(&sample, sent_at);
    }

    fn echo(monitor: &mut Monitor, secs: u64, answered: bool) {
        echo_of(monitor, 0, secs, answered);
    }

    fn echo_of(monitor: &mut Monitor, id: u32, secs: u64, answered: bool) {
        let outcome = if answered {
            EchoOutcome::Reply { rtt: Duration::from_millis(3), ttl: None }
        } else {
            EchoOutcome::Lost
        };
        let echo = Echo { method: EchoMethod::Icmp, address: address(), outcome };
        take(monitor, id, secs, Observation::Echo(echo));
    }

    fn attempt(monitor: &mut Monitor, secs: u64, attempt: Attempt) {
        take(monitor, 0, secs, Observation::Attempt(Box::new(attempt)));
    }

    #[test]
    fn what_happened_about_it_is_told_layer_by_layer_and_it_is_remembered() {
        let mut monitor = monitor(1);
        for secs in 0..=300 {
            echo(&mut monitor, secs, !(290..=298).contains(&secs));
        }
        attempt(&mut monitor, 250, handshake(TlsOutcome::Ok));
        attempt(&mut monitor, 292, stopped_at_tcp(ConnectOutcome::Timeout));
        monitor.observe_local(tunnel(false), at(287));
        let said = monitor.mark(None, at(295).wall, "VPN \u{1b}[2J", at(300));
        assert_eq!(
            said,
            [
                "marked: the session dropped; VPN \u{fffd}[2J",
                "echo: 9 of 126 lost, 9 in a row from 00:04:50Z",
                "port: no answer at 00:04:52Z; 1 of 2 worked",
                "tunnel: wg0 went down 8.0 s before",
            ]
        );
        let log: Vec<&str> = monitor.events.iter().rev().map(|event| &*event.text).collect();
        assert_eq!(log[..2], [&*said[0], &*format!("about the mark: {}", said[1])]);
        let drops = monitor.remembered(Some(TargetId(0)), at(300)).drops.until(at(300).wall);
        let marked = RememberedDrop {
            at: at(295).wall,
            marked: true,
            tunnel: true,
            ..RememberedDrop::default()
        };
        assert_eq!(drops, [marked]);
    }

    #[test]
    fn a_quiet_moment_and_one_long_ago_are_told_as_such() {
        let mut monitor = monitor(1);
        (0..=300).for_each(|secs| echo(&mut monitor, secs, true));
        let said = monitor.mark(Some(TargetId(0)), at(300).wall, "", at(300));
        assert_eq!(
            said,
            [
                "marked: the session dropped",
                "echo: 121 requests answered, none lost",
                "port: no connection was tried then",
                "tunnel: no change",
            ]
        );
        let said = monitor.mark(Some(TargetId(0)), at(300).wall, "", at(3_000));
        assert_eq!(said[1..], ["nothing is kept of what was measured then"]);
    }

    #[test]
    fn of_an_hour_ago_the_minutes_are_told() {
        let mut monitor = monitor(2);
        for secs in 0..=3_600 {
            echo(&mut monitor, secs, !(590..=598).contains(&secs));
            monitor.snapshot(at(secs), 0, |_| <_>::default());
        }
        let about =
            |monitor: &mut Monitor, target| monitor.mark(target, at(600).wall, "", at(3_600));
        let one = about(&mut monitor, Some(TargetId(0)));
        assert_eq!(one.len(), 2, "{one:?}");
        assert!(
            one[1].starts_with("echo, by the minute: 15 % lost in the worst minute"),
            "{one:?}"
        );
        let all = about(&mut monitor, None);
        assert!(all[1].starts_with("pc-0: echo, by the minute: 15 %"), "{all:?}");
        assert_eq!(all[2], "1 host: nothing is known of what was measured then");
    }

    #[test]
    fn of_many_hosts_a_mark_tells_who_stood_out_and_counts_the_others() {
        let mut monitor = monitor(40);
        for secs in 0..=300 {
            for id in 0..30 {
                let lost = id < 25 && secs == 290 - 4 * u64::from(id);
                echo_of(&mut monitor, id, secs, !lost);
            }
        }
        monitor.observe_local(tunnel(false), at(299));
        let said = monitor.mark(None, at(295).wall, "", at(300));
        assert_eq!(said[1], "40 hosts: tunnel: wg0 went down 4.0 s after");
        assert_eq!(said[2], "pc-0: echo: 1 of 126 lost, 1 in a row from 00:04:50Z");
        assert_eq!(said[said.len() - 1], "and 6 more like these");
        assert_eq!(said.len(), 1 + MOST + 1, "{said:?}");

        let mut monitor = self::monitor(40);
        for id in 0..30 {
            (200..=300).for_each(|secs| echo_of(&mut monitor, id, secs, true));
        }
        let quiet = monitor.mark(None, at(295).wall, "", at(300));
        let told =
            ["30 hosts: nothing unusual", "10 hosts: nothing is known of what was measured then"];
        assert_eq!(quiet[1..], told);
    }

    /// The beginning of the minutes that are looked at was told as that of the drop.
    #[test]
    fn what_began_before_the_minutes_about_a_mark_is_told_from_its_beginning() {
        let mut monitor = monitor(1);
        for secs in 0..=400 {
            echo(&mut monitor, secs, secs < 90);
            if secs % 20 == 0 {
                let open = secs < 90;
                let refused = || stopped_at_tcp(ConnectOutcome::Refused);
                attempt(
                    &mut monitor,
                    secs,
                    if open { handshake(TlsOutcome::Ok) } else { refused() },
                );
            }
        }
        let said = |monitor: &mut Monitor, secs| {
            let said = monitor.mark(None, at(secs).wall, "", at(400));
            [said[1].clone(), said[2].clone()]
        };
        assert_eq!(
            said(&mut monitor, 300),
            [
                "echo: 221 of 221 lost, 311 in a row from 00:01:30Z",
                "port: refused already at 00:01:40Z, the earliest known; 0 of 12 worked",
            ]
        );
        assert_eq!(
            said(&mut monitor, 130),
            [
                "echo: 161 of 241 lost, 161 in a row from 00:01:30Z",
                "port: refused already at 00:01:40Z, the earliest known; 0 of 8 worked",
            ]
        );
        let mut monitor = self::monitor(1);
        (0..=300).for_each(|secs| echo(&mut monitor, secs, false));
        let [echo, _] = said(&mut monitor, 300);
        assert_eq!(
            echo,
            "echo: 121 of 121 lost, 301 in a row already at 00:00:00Z, the earliest known"
        );
    }

    /// Five lines of one moment differed by a second.
    #[test]
    fn what_began_for_several_hosts_at_one_moment_is_one_line() {
        let mut monitor = monitor(7);
        for secs in 0..=300 {
            for id in 0..7 {
                // Five within two seconds, one later, one all the time.
                let from = [200, 201, 202, 201, 200, 240, 0][id as usize];
                echo_of(&mut monitor, id, secs, secs < from);
            }
        }
        let said = monitor.mark(None, at(300).wall, "", at(300));
        assert_eq!(
            said[1..],
            [
                "5 hosts: echo: requests lost in a row from 00:03:20Z",
                "pc-5: echo: 61 of 121 lost, 61 in a row from 00:04:00Z",
                "pc-6: echo: 121 of 121 lost, 301 in a row already at 00:00:00Z, the earliest known",
            ]
        );
    }

    #[test]
    fn a_mark_on_nobody_in_particular_asks_all_and_is_remembered_of_none() {
        let mut monitor = monitor(2);
        let said = monitor.mark(None, at(10).wall, "who knows", at(10));
        assert_eq!(said[1..], ["2 hosts: nothing is known of what was measured then"]);
        assert_eq!(monitor.events.back().map(|event| event.target), Some(None));
        for id in [0, 1] {
            let memory = monitor.remembered(Some(TargetId(id)), at(10));
            assert_eq!(memory.drops.until(at(10).wall), []);
        }
        monitor.mark(Some(TargetId(7)), at(10).wall, "gone", at(10));
    }
}
