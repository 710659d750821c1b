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
/// this long of each other is one change.
const ONE: Duration = Duration::from_secs(10);

impl Monitor {
    /// Takes note of tunnels that come or go, and of ways that they take or leave. Whether any did.
    pub(super) fn note_tunnels(&mut self, local: &LocalState, now: Now) -> bool {
        let before = &self.around.local;
        let what = tunnels_changed(before, local);
        if before.interfaces.is_empty() || (what.is_none() && before.routes == local.routes) {
            return false;
        }
        let (left, taken) = self.moved(local);
        let led = || left.iter().find_map(|address| before.tunnel_of(*address));
        let leads = || taken.iter().find_map(|address| local.tunnel_of(*address));
        let routes = match (led(), leads()) {
            (Some(tunnel), _) => Some(format!("{} lost its routes", printable(&tunnel.name))),
            (None, Some(tunnel)) => Some(format!("{} was given routes", printable(&tunnel.name))),
            (None, None) => None,
        };
        let of_routes = what.is_none();
        let Some(what) = what.or(routes) else { return false };
        let blind = before.routes.is_empty() && local.routes.is_empty();
        let change = TunnelChange { at: now, what, left, taken, of_routes, blind };
        let changes = &mut self.around.tunnel_changes;
        let last = changes.last_mut().filter(|last| now.mono.since(last.at.mono) <= ONE);
        if let Some(last) = last.filter(|last| last.of_routes != change.of_routes) {
            last.join(change);
            return true;
        }
        if changes.len() >= TUNNEL_CHANGES {
            changes.remove(0);
        }
        changes.push(change);
        true
    }

    /// Addresses of targets that no tunnel leads to any more in `local`, and those that another one
    /// leads to.
    fn moved(&self, local: &LocalState) -> (BTreeSet<IpAddr>, BTreeSet<IpAddr>) {
        let through = |local: &LocalState, address| local.tunnel_of(address).map(|one| one.index);
        let addresses = self.targets.values().filter_map(Tracked::dialled);
        let moved = addresses
            .filter(|address| through(&self.around.local, *address) != through(local, *address));
        moved.partition(|address| through(local, *address).is_none())
    }
}

/// Which tunnels came up or went down; `None` when none did, or nothing was known before.
fn tunnels_changed(before: &LocalState, after: &LocalState) -> Option<String> {
    let up = |state: &LocalState| -> BTreeSet<String> {
        let tunnels = state.interfaces.iter().filter(|interface| {
            interface.up && interface.tunnel && !interface.addresses.is_empty()
        });
        tunnels.map(|interface| printable(&interface.name).into_owned()).collect()
    };
    let (old, new) = (up(before), up(after));
    if before.interfaces.is_empty() || old == new {
        return None;
    }
    let came = new.difference(&old).map(|name| format!("{name} came up"));
    let went = old.difference(&new).map(|name| format!("{name} went down"));
    Some(came.chain(went).collect::<Vec<_>>().join(", "))
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
        let home = || interface("eth0", false, true);
        let (without, down) =
            (with(vec![home()]), with(vec![home(), interface("wg0", true, false)]));
        let up = with(vec![home(), interface("wg0", true, true)]);
        assert_eq!(tunnels_changed(&without, &up).as_deref(), Some("wg0 came up"));
        assert_eq!(tunnels_changed(&up, &down).as_deref(), Some("wg0 went down"));
        assert_eq!(tunnels_changed(&down, &without), None);
        assert_eq!(tunnels_changed(&LocalState::default(), &up), None, "nothing known before");
        let unplugged = with(vec![interface("eth0", false, false), interface("wg0", true, true)]);
        assert_eq!(tunnels_changed(&up, &unplugged), None);
    }

    /// As VPN clients do it.
    #[test]
    fn routes_that_go_before_their_interface_and_come_after_it_are_one_change() {
        let host = IpAddr::from([10, 9, 0, 21]);
        let access = Access {
            echo_v4: EchoAccess::Datagram,
            echo_v6: EchoAccess::Datagram,
            neighbours: true,
        };
        let mut monitor =
            Monitor::new(access, LocalState::default(), AlertSettings::default(), at(0));
        let target = Target::new(TargetId(1), "pc".to_owned(), Host::Address(host, None));
        monitor.add(target, TargetMemory::default(), at(0));
        let with = |up, routed| {
            let address = |last| vec![(IpAddr::from([192, 0, 2, last]), 24)];
            let tunnel = Interface { up, tunnel: true, ..Interface::up(3, "wg0", address(9)) };
            let route = Route {
                destination: IpAddr::from([10, 9, 0, 0]),
                prefix: 16,
                gateway: None,
                interface: 3,
                metric: 0,
                origin: Origin::Apart,
            };
            LocalState {
                interfaces: vec![Interface::up(2, "eth0", address(2)), tunnel],
                routes: Arc::from(if routed { vec![route] } else { Vec::new() }),
                ..LocalState::default()
            }
        };
        monitor.observe_local(with(true, true), at(1));
        assert!(monitor.observe_local(with(true, false), at(10)));
        let words = |monitor: &Monitor| -> Vec<String> {
            monitor.around.tunnel_changes.iter().map(|change| change.what.clone()).collect()
        };
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
        assert_eq!(words(&monitor).last().map(String::as_str), Some("wg0 lost its routes"));
    }
}
