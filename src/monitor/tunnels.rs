//! Changes of this machine's tunnels, and of the routes that they carry.

use super::{Monitor, Tracked};
use crate::domain::local::LocalState;
use crate::domain::text::printable;
use crate::domain::time::Now;
use crate::domain::tunnel::TunnelChange;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

/// How many changes of tunnels are kept.
const TUNNEL_CHANGES: usize = 32;

/// A VPN client takes its routes away before its interface, and gives them after it: what comes within
/// this long of each other, of one tunnel, is one change.
const ONE: Duration = Duration::from_secs(10);

impl Monitor {
    /// Takes note of tunnels that come or go, and of ways that they take or leave. Whether any did.
    pub(super) fn note_tunnels(&mut self, local: &LocalState, now: Now) -> bool {
        let before = &self.around.local;
        let changed = tunnels_changed(before, local);
        let what = changed.as_ref().map(|(what, _)| what.clone());
        if before.interfaces.is_empty() || (what.is_none() && before.routes == local.routes) {
            return false;
        }
        let (left, taken) = self.moved(local);
        let led = || left.iter().find_map(|address| before.tunnel_of(*address));
        let leads = || taken.iter().find_map(|address| local.tunnel_of(*address));
        let instead = left.iter().find_map(|address| local.tunnel_of(*address));
        let routes = match (led(), leads()) {
            (Some(tunnel), _) => Some(lost_its_routes(&tunnel.name, instead.map(|one| &*one.name))),
            (None, Some(tunnel)) => Some(format!("{} was given routes", printable(&tunnel.name))),
            (None, None) => None,
        };
        let of_routes = what.is_none();
        let Some(what) = what.or(routes) else { return false };
        let mut names = changed.map_or_else(BTreeSet::new, |(_, names)| names);
        let led = left.iter().chain(&taken).filter_map(|address| before.tunnel_of(*address));
        let leads = taken.iter().filter_map(|address| local.tunnel_of(*address));
        names.extend(led.chain(leads).map(|tunnel| tunnel.name.clone()));
        let blind = before.routes.is_empty() && local.routes.is_empty();
        self.keep_tunnel(TunnelChange { at: now, what, left, taken, of_routes, blind }, names);
        true
    }

    /// Joins a change of the tunnels with these names to what came with it, or keeps it by itself.
    fn keep_tunnel(&mut self, change: TunnelChange, names: BTreeSet<String>) {
        let changes = &mut self.around.tunnel_changes;
        let at = change.at.mono;
        self.tunnels_changed.retain(|(before, _)| at.since(*before) <= ONE);
        for (before, own) in self.tunnels_changed.iter_mut().rev() {
            let with = changes.iter_mut().rfind(|other| other.at.mono == *before);
            if let Some(with) = with.filter(|with| with.goes_with(&change))
                && !own.is_disjoint(&names)
            {
                with.join(change);
                own.extend(names);
                return;
            }
        }
        if changes.len() >= TUNNEL_CHANGES {
            changes.remove(0);
        }
        changes.push(change);
        self.tunnels_changed.push((at, names));
    }

    /// Addresses of targets whose tunnel leads there no more in `local`, and those that another one was
    /// given a route to.
    fn moved(&self, local: &LocalState) -> (BTreeSet<IpAddr>, BTreeSet<IpAddr>) {
        let through = |local: &LocalState, address| local.tunnel_of(address).map(|one| one.index);
        let addresses = self.targets.values().filter_map(Tracked::dialled);
        let moved = addresses
            .filter(|address| through(&self.around.local, *address) != through(local, *address));
        let before = &self.around.local;
        let by_an_old_route = |address| {
            let led = before.tunnel_of(address).is_some();
            led && local.route_to(address).is_some_and(|route| before.routes.contains(route))
        };
        moved.partition(|address| through(local, *address).is_none() || by_an_old_route(*address))
    }
}

/// `wg0 lost its routes, and wg1 leads there now`.
fn lost_its_routes(tunnel: &str, instead: Option<&str>) -> String {
    let instead = instead.map(|other| format!(", and {} leads there now", printable(other)));
    format!("{} lost its routes{}", printable(tunnel), instead.unwrap_or_default())
}

/// Which tunnels came up or went down, in words and by their names; `None` when none did, or nothing
/// was known before.
fn tunnels_changed(before: &LocalState, after: &LocalState) -> Option<(String, BTreeSet<String>)> {
    let up = |state: &LocalState| -> BTreeSet<String> {
        let tunnels = state.interfaces.iter().filter(|interface| {
            interface.up && interface.tunnel && !interface.addresses.is_empty()
        });
        tunnels.map(|interface| interface.name.clone()).collect()
    };
    let (old, new) = (up(before), up(after));
    if before.interfaces.is_empty() || old == new {
        return None;
    }
    let came = new.difference(&old).map(|name| format!("{} came up", printable(name)));
    let went = old.difference(&new).map(|name| format!("{} went down", printable(name)));
    let names = old.symmetric_difference(&new).cloned().collect();
    Some((came.chain(went).collect::<Vec<_>>().join(", "), names))
}

#[cfg(test)]
mod tests {
    use super::super::Access;
    use super::*;
    use crate::domain::alert::AlertSettings;
    use crate::domain::diagnose::fixture::at;
    use crate::domain::local::{EchoAccess, Interface};
    use crate::domain::memory::TargetMemory;
    use crate::domain::route::{Origin, Route};
    use crate::domain::target::{Host, Target, TargetId};
    use std::sync::Arc;

    #[test]
    fn a_tunnel_that_comes_and_goes_is_noted_and_nothing_else() {
        let interface = |name: &str, tunnel, up| Interface {
            up,
            tunnel,
            ..Interface::up(2, name, vec![(IpAddr::from([10, 8, 0, 2]), 24)])
        };
        let with = |interfaces| LocalState { interfaces, ..LocalState::default() };
        let words = |before, after| tunnels_changed(before, after).map(|(what, _)| what);
        let home = || interface("eth0", false, true);
        let (without, down) =
            (with(vec![home()]), with(vec![home(), interface("wg0", true, false)]));
        let up = with(vec![home(), interface("wg0", true, true)]);
        assert_eq!(words(&without, &up).as_deref(), Some("wg0 came up"));
        assert_eq!(words(&up, &down).as_deref(), Some("wg0 went down"));
        assert_eq!(tunnels_changed(&down, &without), None);
        assert_eq!(tunnels_changed(&LocalState::default(), &up), None, "nothing known before");
        let unplugged = with(vec![interface("eth0", false, false), interface("wg0", true, true)]);
        assert_eq!(tunnels_changed(&up, &unplugged), None);
    }

    const HOST: [u8; 4] = [10, 9, 0, 21];

    fn monitor() -> Monitor {
        let access = Access {
            echo_v4: EchoAccess::Datagram,
            echo_v6: EchoAccess::Datagram,
            neighbours: true,
        };
        let mut monitor =
            Monitor::new(access, LocalState::default(), AlertSettings::default(), at(0));
        let host = Host::Address(IpAddr::from(HOST), None);
        let target = Target::new(TargetId(1), "pc".to_owned(), host);
        monitor.add(target, TargetMemory::default(), at(0));
        monitor
    }

    /// Tunnels, up or not, and with the route to the host or not.
    fn with(tunnels: &[(&str, bool, bool)]) -> LocalState {
        let address = |last| vec![(IpAddr::from([192, 0, 2, last]), 24)];
        let mut interfaces = vec![Interface::up(2, "eth0", address(2))];
        let mut routes = Vec::new();
        for (interface, (name, up, routed)) in (3..).zip(tunnels) {
            let tunnel = Interface::up(interface, *name, address(9));
            interfaces.push(Interface { up: *up, tunnel: true, ..tunnel });
            let route = Route {
                destination: IpAddr::from([10, 9, 0, 0]),
                prefix: 16,
                gateway: None,
                interface,
                metric: 0,
                origin: Origin::Apart,
            };
            routes.extend(routed.then_some(route));
        }
        LocalState { interfaces, routes: Arc::from(routes), ..LocalState::default() }
    }

    fn words(monitor: &Monitor) -> Vec<&str> {
        monitor.around.tunnel_changes.iter().map(|change| &*change.what).collect()
    }

    /// As VPN clients do it.
    #[test]
    fn routes_that_go_before_their_interface_and_come_after_it_are_one_change() {
        let host = IpAddr::from(HOST);
        let mut monitor = monitor();
        let with = |up, routed| with(&[("wg0", up, routed)]);
        monitor.observe_local(with(true, true), at(1));
        assert!(monitor.observe_local(with(true, false), at(10)));
        assert_eq!(words(&monitor), ["wg0 lost its routes"]);
        assert!(monitor.observe_local(with(false, false), at(11)));
        assert!(monitor.observe_local(with(true, false), at(40)));
        assert!(monitor.observe_local(with(true, true), at(41)));
        assert_eq!(words(&monitor), ["wg0 went down", "wg0 came up"]);
        let [down, up] = monitor.around.tunnel_changes.as_slice() else { panic!() };
        assert_eq!((down.at, down.left.contains(&host)), (at(10), true));
        assert_eq!((up.at, up.taken.contains(&host)), (at(40), true));
        assert!(!monitor.observe_local(with(true, true), at(42)));
        monitor.observe_local(with(true, false), at(90));
        assert_eq!(words(&monitor).last(), Some(&"wg0 lost its routes"));
    }

    #[test]
    fn another_tunnel_that_comes_up_is_no_part_of_one_that_lost_its_routes() {
        let mut monitor = monitor();
        monitor.observe_local(with(&[("wg0", true, true), ("tun1", false, false)]), at(1));
        monitor.observe_local(with(&[("wg0", true, false), ("tun1", false, false)]), at(10));
        monitor.observe_local(with(&[("wg0", true, false), ("tun1", true, false)]), at(15));
        assert_eq!(words(&monitor), ["wg0 lost its routes", "tun1 came up"]);
        monitor.observe_local(with(&[("wg0", false, false), ("tun1", true, false)]), at(16));
        assert_eq!(words(&monitor), ["wg0 went down", "tun1 came up"]);
        let [wg0, tun1] = monitor.around.tunnel_changes.as_slice() else { panic!() };
        assert_eq!((wg0.at, wg0.left.len()), (at(10), 1));
        assert!(!tun1.moved(IpAddr::from(HOST)));
    }

    /// Tunnels with the routes that each has, by prefix length, to the network of the host.
    fn routed(tunnels: &[(&str, &[u8])]) -> LocalState {
        let up: Vec<_> = tunnels.iter().map(|(name, _)| (*name, true, false)).collect();
        let mut local = with(&up);
        let routes = (3..).zip(tunnels).flat_map(|(interface, (_, prefixes))| {
            prefixes.iter().map(move |prefix| Route {
                destination: IpAddr::from([10, if *prefix > 8 { 9 } else { 0 }, 0, 0]),
                prefix: *prefix,
                gateway: None,
                interface,
                metric: 0,
                origin: Origin::Machine,
            })
        });
        local.routes = routes.collect();
        local
    }

    #[test]
    fn the_tunnel_that_lost_its_routes_is_named_and_not_the_one_with_a_wider_route() {
        let host = IpAddr::from(HOST);
        let mut monitor = monitor();
        monitor.observe_local(routed(&[("wg0", &[16]), ("wg1", &[8])]), at(1));
        assert!(monitor.observe_local(routed(&[("wg0", &[]), ("wg1", &[8])]), at(10)));
        assert_eq!(words(&monitor), ["wg0 lost its routes, and wg1 leads there now"]);
        let change = monitor.around.tunnel_changes.last().expect("noted");
        assert_eq!((change.left.contains(&host), change.taken.is_empty()), (true, true));
        monitor.observe_local(routed(&[("wg0", &[16]), ("wg1", &[8])]), at(60));
        assert_eq!(words(&monitor).last(), Some(&"wg0 was given routes"));
    }

    #[test]
    fn a_tunnel_that_is_given_a_narrower_route_takes_the_way() {
        let host = IpAddr::from(HOST);
        let mut monitor = monitor();
        monitor.observe_local(routed(&[("wg0", &[16]), ("wg1", &[8])]), at(1));
        monitor.observe_local(routed(&[("wg0", &[16]), ("wg1", &[8, 24])]), at(10));
        assert_eq!(words(&monitor), ["wg1 was given routes"]);
        let change = monitor.around.tunnel_changes.last().expect("noted");
        assert_eq!((change.left.is_empty(), change.taken.contains(&host)), (true, true));
    }

    /// A host whose way is given back is one that the tunnel leads to again.
    #[test]
    fn routes_that_are_given_back_at_once_are_a_change_of_their_own() {
        let host = IpAddr::from(HOST);
        let mut monitor = monitor();
        monitor.observe_local(with(&[("wg0", true, true)]), at(1));
        monitor.observe_local(with(&[("wg0", false, false)]), at(10));
        monitor.observe_local(with(&[("wg0", false, true)]), at(13));
        monitor.observe_local(with(&[("wg0", true, true)]), at(14));
        assert_eq!(words(&monitor), ["wg0 went down", "wg0 came up"]);
        let [down, up] = monitor.around.tunnel_changes.as_slice() else { panic!() };
        assert_eq!((down.left.contains(&host), down.taken.contains(&host)), (true, false));
        assert_eq!((up.left.contains(&host), up.taken.contains(&host)), (false, true));
    }
}
