//! The neighbour table of Linux, over rtnetlink.

use crate::domain::local::LocalState;
use crate::domain::mac::MacAddr;
use crate::domain::sample::{Neighbour, NeighbourState};
use crate::domain::target::is_link_local;
use crate::probe::netlink::Netlink;
use crate::probe::route::{self, Way};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState as Nud,
};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::IpAddr;

/// The neighbour table at one moment, and a socket to ask for routes with.
pub struct NeighbourTable {
    /// `None` when the kernel did not answer: nothing is known then.
    netlink: Option<Netlink>,
    entries: Entries,
    local: LocalState,
}

/// One entry: its interface, folded state and hardware address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    interface: u32,
    state: NeighbourState,
    mac: Option<MacAddr>,
}

/// The entries by address, and the default gateways among them.
#[derive(Debug, Default)]
struct Entries {
    by_address: HashMap<IpAddr, Vec<Entry>>,
    gateways: HashSet<IpAddr>,
    gateway_macs: HashSet<MacAddr>,
}

impl NeighbourTable {
    /// Reads the table: one dump of neighbours and one of routes, for any number of targets.
    #[must_use]
    pub fn read(local: &LocalState) -> Self {
        let (netlink, entries) = match read_entries(local) {
            Ok((netlink, entries)) => (Some(netlink), entries),
            Err(error) => {
                tracing::debug!(%error, "the neighbour table cannot be read");
                (None, Entries::default())
            }
        };
        Self { netlink, entries, local: local.clone() }
    }

    /// The table's word on `address`: one question for its route, no packet.
    ///
    /// An entry with a default gateway's hardware address is `NotOnLink` unless `address` is that
    /// gateway: a router that answers ARP for others (RFC 1027) is not the machine to wake.
    #[must_use]
    pub fn get(&mut self, address: IpAddr) -> Neighbour {
        let silent = |state| Neighbour { address, state, mac: None };
        let address = address.to_canonical();
        if self.local.owns(address) || address.is_unspecified() || address.is_multicast() {
            return silent(NeighbourState::NotOnLink);
        }
        let Some(netlink) = &mut self.netlink else { return silent(NeighbourState::Unknown) };
        if matches!(address, IpAddr::V6(v6) if is_link_local(v6)) {
            return self.entries.get(address, None);
        }
        match route::way_to(netlink, address) {
            Ok(Way::OnLink(interface)) if self.has_neighbours(interface) => {
                self.entries.get(address, Some(interface))
            }
            Ok(_) => silent(NeighbourState::NotOnLink),
            Err(_) => silent(NeighbourState::Unknown),
        }
    }

    /// Tunnels and loopback have no hardware addresses to learn.
    fn has_neighbours(&self, interface: u32) -> bool {
        !self
            .local
            .interfaces
            .iter()
            .any(|known| known.index == interface && (known.loopback || known.tunnel))
    }
}

impl fmt::Debug for NeighbourTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NeighbourTable").field("entries", &self.entries).finish_non_exhaustive()
    }
}

fn read_entries(local: &LocalState) -> std::io::Result<(Netlink, Entries)> {
    let mut netlink = Netlink::open()?;
    let gateways: HashSet<IpAddr> = route::default_routes(&mut netlink)?
        .iter()
        .filter_map(|route| route.gateway)
        .chain(local.gateway)
        .collect();
    let answers = netlink.dump(RouteNetlinkMessage::GetNeighbour(NeighbourMessage::default()))?;
    let found = answers.iter().filter_map(|answer| match answer {
        RouteNetlinkMessage::NewNeighbour(message) => entry_of(message),
        _ => None,
    });
    Ok((netlink, Entries::new(found, gateways)))
}

impl Entries {
    fn new(found: impl Iterator<Item = (IpAddr, Entry)>, gateways: HashSet<IpAddr>) -> Self {
        let mut by_address: HashMap<IpAddr, Vec<Entry>> = HashMap::new();
        let mut gateway_macs = HashSet::new();
        for (address, entry) in found {
            if gateways.contains(&address) {
                gateway_macs.extend(entry.mac);
            }
            by_address.entry(address).or_default().push(entry);
        }
        Self { by_address, gateways, gateway_macs }
    }

    /// The entry of an on-link `address` on `interface` (any interface when `None`).
    fn get(&self, address: IpAddr, interface: Option<u32>) -> Neighbour {
        let entry = self
            .by_address
            .get(&address)
            .into_iter()
            .flatten()
            .find(|entry| interface.is_none_or(|interface| interface == entry.interface));
        let Some(entry) = entry else {
            return Neighbour { address, state: NeighbourState::None, mac: None };
        };
        let proxied = entry.mac.is_some_and(|mac| self.gateway_macs.contains(&mac))
            && !self.gateways.contains(&address);
        if proxied {
            return Neighbour { address, state: NeighbourState::NotOnLink, mac: None };
        }
        Neighbour { address, state: entry.state, mac: entry.mac }
    }
}

/// Address and entry of one `RTM_NEWNEIGH`; `None` without an address or for a proxy entry.
fn entry_of(message: &NeighbourMessage) -> Option<(IpAddr, Entry)> {
    use netlink_packet_route::neighbour::NeighbourFlags;
    if message.header.flags.contains(NeighbourFlags::Proxy) {
        return None;
    }
    let address = message.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::Destination(NeighbourAddress::Inet(v4)) => Some(IpAddr::V4(*v4)),
        NeighbourAttribute::Destination(NeighbourAddress::Inet6(v6)) => Some(IpAddr::V6(*v6)),
        _ => None,
    })?;
    let state = fold(message.header.state);
    let mac = message
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            NeighbourAttribute::LinkLayerAddress(bytes) => {
                MacAddr(<[u8; 6]>::try_from(bytes.as_slice()).ok()?).require_unicast().ok()
            }
            _ => None,
        })
        .filter(|_| matches!(state, NeighbourState::Reachable | NeighbourState::Stale));
    Some((address, Entry { interface: message.header.ifindex, state, mac }))
}

/// `NUD_*` folded to what matters here.
const fn fold(state: Nud) -> NeighbourState {
    match state {
        Nud::Reachable | Nud::Delay | Nud::Probe | Nud::Permanent | Nud::Noarp => {
            NeighbourState::Reachable
        }
        Nud::Stale => NeighbourState::Stale,
        Nud::Failed | Nud::Incomplete => NeighbourState::Failed,
        Nud::None => NeighbourState::None,
        _ => NeighbourState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netlink_packet_core::{NetlinkDeserializable, NetlinkHeader};

    /// `struct ndmsg` (family, interface 3, state, no flags, unicast), `NDA_DST`, `NDA_LLADDR`,
    /// little-endian as x86-64 and ARM kernels send it.
    const REACHABLE: [u8; 32] = [
        2, 0, 0, 0, 3, 0, 0, 0, 0x02, 0, 0, 1, // ndmsg
        8, 0, 1, 0, 10, 0, 0, 21, // NDA_DST 10.0.0.21
        10, 0, 2, 0, 0x02, 0x77, 0, 0, 0, 0x15, 0, 0, // NDA_LLADDR 02:77:00:00:00:15
    ];

    fn message(bytes: &[u8]) -> Option<NeighbourMessage> {
        let mut header = NetlinkHeader::default();
        header.message_type = 28;
        header.length = u32::try_from(bytes.len() + 16).unwrap();
        match RouteNetlinkMessage::deserialize(&header, bytes).ok()? {
            RouteNetlinkMessage::NewNeighbour(message) => Some(message),
            other => panic!("{other:?}"),
        }
    }

    fn entry(state: u16) -> (IpAddr, Entry) {
        let mut bytes = REACHABLE;
        bytes[8..10].copy_from_slice(&state.to_le_bytes());
        entry_of(&message(&bytes).unwrap()).unwrap()
    }

    const PC: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 21));
    const MAC: MacAddr = MacAddr([0x02, 0x77, 0, 0, 0, 0x15]);

    #[test]
    #[cfg(target_endian = "little")]
    fn states_fold_and_only_living_entries_have_a_hardware_address() {
        for (nud, state, mac) in [
            (0x02, NeighbourState::Reachable, Some(MAC)),
            (0x08, NeighbourState::Reachable, Some(MAC)),
            (0x10, NeighbourState::Reachable, Some(MAC)),
            (0x40, NeighbourState::Reachable, Some(MAC)),
            (0x80, NeighbourState::Reachable, Some(MAC)),
            (0x04, NeighbourState::Stale, Some(MAC)),
            (0x20, NeighbourState::Failed, None),
            (0x01, NeighbourState::Failed, None),
            (0x00, NeighbourState::None, None),
        ] {
            assert_eq!(entry(nud), (PC, Entry { interface: 3, state, mac }), "{nud:#x}");
        }
    }

    #[test]
    fn no_prefix_of_a_message_is_trusted() {
        // The last two bytes are padding.
        for end in 0..REACHABLE.len() - 2 {
            let found = message(&REACHABLE[..end]).and_then(|message| entry_of(&message));
            assert!(found.is_none_or(|(_, entry)| entry.mac.is_none()), "{end}");
        }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn a_gateway_that_answers_for_others_is_not_recorded_as_them() {
        let gateway = IpAddr::from([10, 0, 0, 1]);
        let shared = [entry(0x02), (gateway, entry(0x02).1)];
        let table = Entries::new(shared.into_iter(), HashSet::from([gateway]));
        let seen = table.get(PC, Some(3));
        assert_eq!((seen.state, seen.mac), (NeighbourState::NotOnLink, None));
        assert_eq!(table.get(gateway, Some(3)).mac, Some(MAC));

        let table = Entries::new(shared.into_iter(), HashSet::new());
        assert_eq!(table.get(PC, Some(3)).mac, Some(MAC));
        assert_eq!(table.get(PC, Some(4)).state, NeighbourState::None, "another interface");
        assert_eq!(table.get(PC, None).mac, Some(MAC));
    }

    #[test]
    fn this_machine_is_not_its_own_neighbour() {
        let seen = NeighbourTable::read(&LocalState::default()).get(IpAddr::from([127, 0, 0, 1]));
        assert_eq!((seen.state, seen.mac), (NeighbourState::NotOnLink, None));
    }
}
