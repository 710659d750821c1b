//! The recorder of this machine's own network: what changed, when, and in words.

use super::tracked::Tracked;
use crate::domain::local::{Interface, LocalState};
use crate::domain::route::Route;
use crate::domain::surroundings::Surroundings;
use crate::domain::target::TargetId;
use crate::domain::text::printable;
use crate::domain::throughput::{Load, Saturation};
use crate::domain::time::{MonoTime, Now};
use crate::domain::wifi::{Wifi, with_part};
use crate::domain::wireless::Radio;
use crate::domain::words::list;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

/// How many changes are kept for what breaks after them.
const KEPT: usize = 64;
/// Lines of one kind that one change may make.
const LINES: usize = 4;
/// Lines within [`STORM`] that go onto the event log; more is a storm.
const MOST: usize = 24;
/// See [`MOST`].
const STORM: Duration = Duration::from_secs(30);

/// The latest changes.
#[derive(Debug, Default)]
pub(super) struct LinkRecorder {
    latest: VecDeque<(Now, String)>,
    /// When the latest lines were written.
    written: VecDeque<MonoTime>,
    /// Lines left out since then.
    left_out: usize,
}

impl LinkRecorder {
    /// Takes in what changed, and says which lines go onto the event log.
    pub(super) fn record(&mut self, changes: Vec<String>, now: Now) -> Vec<String> {
        let mut lines = Vec::new();
        self.written.retain(|at| now.mono.since(*at) < STORM);
        if self.left_out > 0 && self.written.len() < MOST {
            let left_out = std::mem::take(&mut self.left_out);
            lines.push(format!("{left_out} more changes of the network were not listed"));
            self.written.push_back(now.mono);
        }
        for change in changes {
            if self.written.len() < MOST {
                self.written.push_back(now.mono);
                lines.push(change.clone());
            } else {
                if self.left_out == 0 {
                    lines.push(
                        "the network changes all the time: not every change is listed".to_owned(),
                    );
                }
                self.left_out += 1;
            }
            if self.latest.len() >= KEPT {
                self.latest.pop_front();
            }
            self.latest.push_back((now, change));
        }
        lines
    }

    /// The latest change.
    pub(super) fn latest(&self) -> Option<&(Now, String)> {
        self.latest.back()
    }
}

/// Looks for the targets whose round trips are slow because this machine's own traffic fills its
/// line. One of which nothing new can be said stays what it was while the line stays busy.
pub(super) fn look_for_saturation(
    targets: &BTreeMap<TargetId, Tracked>,
    around: &mut Surroundings,
    now: Now,
) {
    if around.traffic.is_empty() {
        around.traffic.remember(std::iter::empty(), now.mono);
        (around.load_known, around.saturated) = (false, Vec::new());
        return;
    }
    let mut sound = false;
    let full = |tracked: &Tracked| {
        let (target, to) = (tracked.target(), tracked.dialled()?);
        let limits = &target.thresholds.link_saturated;
        let traffic = &around.traffic;
        match traffic.load(&around.local, to, tracked.echo(), limits, now.mono) {
            Load::Full(found) => Some((target.id, to, found)),
            Load::Unknown => {
                traffic.as_before(to, limits, now.mono).map(|found| (target.id, to, found.clone()))
            }
            Load::Sound => {
                sound = true;
                None
            }
        }
    };
    let found: Vec<(TargetId, IpAddr, Saturation)> = targets.values().filter_map(full).collect();
    around.traffic.remember(found.iter().map(|(_, to, found)| (*to, found)), now.mono);
    around.load_known = sound || !found.is_empty();
    around.saturated = found.into_iter().map(|(id, _, found)| (id, found)).collect();
}

/// The targets that suffer from a weak Wi-Fi of this machine, or did a moment ago.
pub(super) fn on_weak_wifi<'a>(
    targets: impl Iterator<Item = &'a Tracked>,
    around: &Surroundings,
    now: Now,
) -> Vec<(TargetId, Wifi)> {
    let of = |tracked: &'a Tracked| (&**tracked.target(), tracked.dialled(), tracked.echo());
    with_part(around, targets.map(of), now.mono)
}

/// What changed on this machine, one line each, the interfaces first.
pub(super) fn differences(before: &LocalState, after: &LocalState) -> Vec<String> {
    let mut lines = Vec::new();
    if before.interfaces.is_empty() {
        return lines;
    }
    for interface in &after.interfaces {
        let old = before.interfaces.iter().find(|old| old.name == interface.name);
        let name = printable(&interface.name);
        match old {
            None => lines.push(format!("interface {name} appeared")),
            Some(old) if old.up != interface.up => {
                lines.push(format!("{name} went {}", if interface.up { "up" } else { "down" }));
            }
            Some(old) => {
                if old.addresses != interface.addresses {
                    lines.push(addresses(old, interface));
                }
                lines.extend(roam(old, interface));
            }
        }
    }
    for old in &before.interfaces {
        if !after.interfaces.iter().any(|interface| interface.name == old.name) {
            lines.push(format!("interface {} is gone", printable(&old.name)));
        }
    }
    if before.gateway != after.gateway {
        lines.push(match after.gateway {
            Some(gateway) => format!("default gateway is now {gateway}"),
            None => "no default gateway".to_owned(),
        });
    }
    if before.dns_servers != after.dns_servers {
        lines.push(match after.dns_servers.as_slice() {
            [] => "no DNS server".to_owned(),
            servers => format!("DNS servers are now {}", list(servers)),
        });
    }
    lines.extend(routes(before, after));
    lines
}

/// `wlan0 moved to access point 02:11:22:33:44:66 (-58 dBm), from 02:11:22:33:44:55 (-79 dBm)`.
fn roam(old: &Interface, new: &Interface) -> Option<String> {
    let (before, after) = (old.radio?, new.radio?);
    let (from, to) = (before.access_point?, after.access_point?);
    let signal =
        |radio: Radio| radio.signal_dbm.map_or_else(String::new, |dbm| format!(" ({dbm} dBm)"));
    let name = printable(&new.name);
    (from != to).then(|| {
        let (before, after) = (signal(before), signal(after));
        format!("{name} moved to access point {to}{after}, from {from}{before}")
    })
}

/// `addresses of eth0 changed: 10.0.0.5 is gone, 10.0.0.9 is new`.
fn addresses(old: &Interface, new: &Interface) -> String {
    let of = |one: &Interface| one.addresses.iter().map(|(address, _)| *address).collect();
    let (old, own): (BTreeSet<IpAddr>, BTreeSet<IpAddr>) = (of(old), of(new));
    let gone = old.difference(&own).take(LINES).map(|address| format!("{address} is gone"));
    let new_ones = own.difference(&old).take(LINES).map(|address| format!("{address} is new"));
    let what: Vec<String> = gone.chain(new_ones).collect();
    let name = printable(&new.name);
    match what.as_slice() {
        [] => format!("addresses of {name} changed"),
        what => format!("addresses of {name} changed: {}", what.join(", ")),
    }
}

/// What became of routes, without those that an interface's own addresses make.
fn routes(before: &LocalState, after: &LocalState) -> Vec<String> {
    use crate::domain::route::Origin;
    let told = |route: &&Route| route.origin != Origin::Kernel;
    let gone = before.routes.iter().filter(told).filter(|route| !after.routes.contains(route));
    let new = after.routes.iter().filter(told).filter(|route| !before.routes.contains(route));
    let gone = gone.map(|route| format!("route to {} is gone", way(before, route)));
    let new = new.map(|route| format!("new route to {}", way(after, route)));
    let mut lines: Vec<String> = gone.chain(new).collect();
    // The default gateway has a line of its own.
    if lines.len() > LINES {
        let more = lines.len() - LINES + 1;
        lines.truncate(LINES - 1);
        lines.push(format!("{more} more routes changed"));
    }
    lines
}

/// `10.9.0.0/16 by wg0`, `203.0.113.9/32 by eth0 through 10.0.0.1`.
fn way(local: &LocalState, route: &Route) -> String {
    let by = local.interfaces.iter().find(|one| one.index == route.interface);
    let by = by.map_or_else(|| "an interface".into(), |one| printable(&one.name));
    let to = format!("{}/{} by {by}", route.destination, route.prefix);
    match route.gateway {
        Some(gateway) => format!("{to} through {gateway}"),
        None => to,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mac::MacAddr;
    use crate::domain::route::Origin;

    fn at(secs: u64) -> Now {
        crate::domain::diagnose::fixture::at(secs)
    }

    fn interface(name: &str, address: [u8; 4]) -> Interface {
        Interface::up(2, name, vec![(address.into(), 24)])
    }

    fn route(last: u8) -> Route {
        Route {
            destination: IpAddr::from([10, 9, last, 0]),
            prefix: 24,
            gateway: Some([10, 0, 0, 1].into()),
            interface: 2,
            metric: 0,
            origin: Origin::Machine,
        }
    }

    fn local(address: [u8; 4], routes: &[Route]) -> LocalState {
        LocalState {
            interfaces: vec![interface("eth0", address)],
            routes: routes.into(),
            ..LocalState::default()
        }
    }

    #[test]
    fn addresses_servers_and_routes_are_told_by_what_became_of_them() {
        let before = local([10, 0, 0, 5], &[route(1), route(2)]);
        let mut after = local([10, 0, 0, 9], &[route(2), route(3)]);
        after.dns_servers = vec![[10, 0, 0, 53].into()];
        assert_eq!(differences(&before, &before), [] as [&str; 0]);
        assert_eq!(
            differences(&before, &after),
            [
                "addresses of eth0 changed: 10.0.0.5 is gone, 10.0.0.9 is new",
                "DNS servers are now 10.0.0.53",
                "route to 10.9.1.0/24 by eth0 through 10.0.0.1 is gone",
                "new route to 10.9.3.0/24 by eth0 through 10.0.0.1",
            ]
        );
        let many: Vec<Route> = (1..=100).map(route).collect();
        let lines = differences(&local([10, 0, 0, 5], &[]), &local([10, 0, 0, 5], &many));
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines.last().map(String::as_str), Some("97 more routes changed"));
        // What an address brings with it is told with the address.
        let own = Route { origin: Origin::Kernel, ..route(1) };
        let lines = differences(&local([10, 0, 0, 5], &[]), &local([10, 0, 0, 5], &[own]));
        assert_eq!(lines, [] as [&str; 0]);
    }

    #[test]
    fn a_roam_is_told_and_a_signal_that_changes_is_not() {
        let on = |access_point: u8, dbm| {
            let access_point = Some(MacAddr([2, 0, 0, 0, 0, access_point]));
            let mut local = local([10, 0, 0, 5], &[]);
            local.interfaces[0].radio = Some(Radio { signal_dbm: Some(dbm), access_point });
            local
        };
        assert_eq!(differences(&on(1, -58), &on(1, -79)), [] as [&str; 0]);
        assert_eq!(
            differences(&on(1, -79), &on(2, -58)),
            ["eth0 moved to access point 02:00:00:00:00:02 (-58 dBm), from 02:00:00:00:00:01 \
                 (-79 dBm)"]
        );
        let mut off = on(1, -79);
        off.interfaces[0].radio = None;
        assert_eq!(differences(&off, &on(2, -58)), [] as [&str; 0], "only the first it is on");
    }

    #[test]
    fn a_storm_is_cut_short_and_counted() {
        let mut recorder = LinkRecorder::default();
        let mut lines = Vec::new();
        for second in 0..20 {
            lines.extend(recorder.record(vec!["eth0 went down".to_owned(); 10], at(second)));
        }
        assert_eq!(lines.len(), MOST + 1);
        assert!(lines.last().is_some_and(|line| line.contains("not every change is listed")));
        assert_eq!(recorder.latest.len(), KEPT);
        let lines = recorder.record(vec!["eth0 went up".to_owned()], at(100));
        assert_eq!(lines, ["176 more changes of the network were not listed", "eth0 went up"]);
    }
}
