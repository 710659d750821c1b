//! Interfaces and gateway on Linux, over rtnetlink.

use super::Links;
use super::wifi::Wifi;
use crate::domain::local::Interface;
use crate::domain::mac::MacAddr;
use crate::probe::clock::Clock;
use crate::probe::netlink::Netlink;
use crate::probe::route;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{
    InfoKind, LinkAttribute, LinkFlags, LinkInfo, LinkLayerType, LinkMessage,
};
use std::io;
use std::net::IpAddr;

/// Reads interfaces, addresses, byte counters and default routes.
pub(super) struct Network {
    netlink: Option<Netlink>,
    wifi: Wifi,
}

impl Network {
    pub(super) const fn new(_: Clock) -> Self {
        Self { netlink: None, wifi: Wifi::new() }
    }

    /// Empty when the kernel does not answer; the socket is opened anew then.
    pub(super) fn read(&mut self) -> Links {
        match self.try_read() {
            Ok(links) => links,
            Err(error) => {
                tracing::debug!(%error, "the interfaces cannot be read");
                self.netlink = None;
                Links::default()
            }
        }
    }

    fn try_read(&mut self) -> io::Result<Links> {
        let netlink = match &mut self.netlink {
            Some(netlink) => netlink,
            empty => empty.insert(Netlink::open()?),
        };
        let links = netlink.dump(RouteNetlinkMessage::GetLink(LinkMessage::default()))?;
        let addresses = netlink.dump(RouteNetlinkMessage::GetAddress(AddressMessage::default()))?;
        let tables = route::tables(netlink)?;

        let mut interfaces: Vec<Interface> = links
            .iter()
            .filter_map(|answer| match answer {
                RouteNetlinkMessage::NewLink(message) => interface_of(message),
                _ => None,
            })
            .collect();
        for answer in &addresses {
            let RouteNetlinkMessage::NewAddress(message) = answer else { continue };
            let Some(address) = address_of(message) else { continue };
            let owner =
                interfaces.iter_mut().find(|interface| interface.index == message.header.index);
            if let Some(interface) = owner {
                interface.addresses.push((address, message.header.prefix_len));
            }
        }
        self.wifi.read(&mut interfaces);
        let first = tables.defaults.first();
        let gateway_interface = first.and_then(|route| {
            let leaves = interfaces.iter().find(|interface| interface.index == route.interface)?;
            Some(leaves.name.clone())
        });
        Ok(Links {
            gateway: first.and_then(|route| route.gateway),
            gateway_interface,
            interfaces,
            routes: tables.routes.into(),
        })
    }
}

fn interface_of(message: &LinkMessage) -> Option<Interface> {
    let flags = message.header.flags;
    let mut interface = Interface {
        index: message.header.index,
        name: String::new(),
        // RUNNING is the operational state of RFC 2863: up, with carrier.
        up: flags.contains(LinkFlags::Up | LinkFlags::Running),
        loopback: flags.contains(LinkFlags::Loopback),
        tunnel: is_tunnel(message),
        addresses: Vec::new(),
        mac: None,
        received_bytes: None,
        sent_bytes: None,
        radio: None,
    };
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => interface.name.clone_from(name),
            LinkAttribute::Address(bytes) => {
                interface.mac = <[u8; 6]>::try_from(bytes.as_slice())
                    .ok()
                    .and_then(|octets| MacAddr(octets).require_unicast().ok());
            }
            LinkAttribute::Stats64(stats) => {
                interface.received_bytes = Some(stats.rx_bytes);
                interface.sent_bytes = Some(stats.tx_bytes);
            }
            _ => {}
        }
    }
    (!interface.name.is_empty()).then_some(interface)
}

/// Tunnels carry IP without a link layer of their own (tun, `WireGuard`, PPP, IPIP, SIT, GRE, VTI),
/// or say by their kind that they are one.
fn is_tunnel(message: &LinkMessage) -> bool {
    let bare = matches!(
        message.header.link_layer_type,
        LinkLayerType::None
            | LinkLayerType::Ppp
            | LinkLayerType::Rawip
            | LinkLayerType::Tunnel
            | LinkLayerType::Tunnel6
            | LinkLayerType::Sit
            | LinkLayerType::Ipgre
            | LinkLayerType::Ip6gre
    );
    let by_kind = message.attributes.iter().any(|attribute| {
        let LinkAttribute::LinkInfo(facts) = attribute else { return false };
        facts.iter().any(|fact| {
            matches!(
                fact,
                LinkInfo::Kind(
                    InfoKind::Wireguard | InfoKind::Xfrm | InfoKind::GreTap | InfoKind::GreTap6
                )
            )
        })
    });
    bare || by_kind
}

/// This end's address: `IFA_LOCAL` where there is one (on point-to-point links `IFA_ADDRESS` is
/// the peer's), else `IFA_ADDRESS`.
fn address_of(message: &AddressMessage) -> Option<IpAddr> {
    let mut found = None;
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(address) => return Some(*address),
            AddressAttribute::Address(address) => found = Some(*address),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use netlink_packet_core::{NetlinkDeserializable, NetlinkHeader};

    fn deserialize(kind: u16, bytes: &[u8]) -> RouteNetlinkMessage {
        let mut header = NetlinkHeader::default();
        header.message_type = kind;
        header.length = u32::try_from(bytes.len() + 16).unwrap();
        RouteNetlinkMessage::deserialize(&header, bytes).unwrap()
    }

    /// `RTM_NEWLINK`: `struct ifinfomsg` with ARPHRD `layer`, index 5 and `flags`, `IFLA_IFNAME`.
    fn link(layer: u16, flags: u32) -> Interface {
        let mut bytes = vec![0, 0];
        bytes.extend(layer.to_ne_bytes());
        bytes.extend(5_u32.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend(0_u32.to_ne_bytes());
        bytes.extend(9_u16.to_ne_bytes());
        bytes.extend(3_u16.to_ne_bytes());
        bytes.extend(b"vpn0\0\0\0\0");
        match deserialize(16, &bytes) {
            RouteNetlinkMessage::NewLink(message) => interface_of(&message).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    const UP: u32 = 0x1;
    const LOOPBACK: u32 = 0x8;
    const RUNNING: u32 = 0x40;

    #[test]
    fn up_needs_carrier_and_a_tunnel_has_no_link_layer() {
        let tun = link(65_534, UP | RUNNING);
        assert_eq!((tun.index, tun.name.as_str(), tun.up, tun.tunnel), (5, "vpn0", true, true));
        assert_eq!((tun.mac, tun.received_bytes), (None, None));
        let unplugged = link(1, UP);
        assert_eq!((unplugged.up, unplugged.tunnel), (false, false));
        let loopback = link(772, LOOPBACK);
        assert_eq!((loopback.loopback, loopback.up, loopback.tunnel), (true, false, false));
        assert!(link(512, UP | RUNNING).tunnel, "PPP");
    }

    #[test]
    fn on_a_point_to_point_link_our_end_is_the_local_address() {
        // `RTM_NEWADDR`: struct ifaddrmsg, IFA_ADDRESS 10.8.0.1 (the peer), IFA_LOCAL 10.8.0.2.
        let bytes = [
            &[2, 32, 0, 0][..],
            &5_u32.to_ne_bytes(),
            &8_u16.to_ne_bytes(),
            &1_u16.to_ne_bytes(),
            &[10, 8, 0, 1],
            &8_u16.to_ne_bytes(),
            &2_u16.to_ne_bytes(),
            &[10, 8, 0, 2],
        ]
        .concat();
        let RouteNetlinkMessage::NewAddress(message) = deserialize(20, &bytes) else {
            panic!("not an address")
        };
        assert_eq!(address_of(&message), Some(IpAddr::from([10, 8, 0, 2])));
    }
}
