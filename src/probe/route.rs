//! The kernel's routing decisions on Linux.

use super::netlink::Netlink;
use crate::domain::route::{Origin, Route};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteNextHopFlags,
    RouteProtocol, RouteType, RouteVia,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use std::io;
use std::net::IpAddr;

/// How many routes of a family are told.
const MAX_ROUTES: usize = 512;

/// One way out by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DefaultRoute {
    /// The next hop; `None` on links without one (tunnels, PPP).
    pub(crate) gateway: Option<IpAddr>,
    /// Index of the interface it leaves by.
    pub(crate) interface: u32,
    /// Metric: the lowest wins.
    priority: u32,
}

/// How the kernel would send to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is this machine's own, or broadcast, or blocked by a rule.
    NotOutside,
    /// Through a gateway.
    Gateway,
    /// Straight to the neighbour on the interface with this index.
    OnLink(u32),
}

/// The default routes of the main table, IPv4 before IPv6, the preferred one of a family first.
pub(crate) fn default_routes(netlink: &mut Netlink) -> io::Result<Vec<DefaultRoute>> {
    Ok(tables(netlink)?.defaults)
}

/// What the routing tables hold.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// As [`default_routes`] gives them.
    pub(crate) defaults: Vec<DefaultRoute>,
    /// Every route to somewhere outside, the first [`MAX_ROUTES`] of each family.
    pub(crate) routes: Vec<Route>,
}

/// Reads the routing tables of both families.
pub(crate) fn tables(netlink: &mut Netlink) -> io::Result<Tables> {
    let mut found = Tables::default();
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        let answers = netlink.dump(RouteNetlinkMessage::GetRoute(question(family)))?;
        let mut routes: Vec<DefaultRoute> = answers.iter().filter_map(default_route).collect();
        routes.sort_by_key(|route| route.priority);
        found.defaults.extend(routes);
        found.routes.extend(answers.iter().filter_map(route).take(MAX_ROUTES));
    }
    Ok(found)
}

/// A route to somewhere outside: of the main table, or of one of its own that holds everything, as
/// VPN clients make them.
fn route(answer: &RouteNetlinkMessage) -> Option<Route> {
    let RouteNetlinkMessage::NewRoute(route) = answer else { return None };
    let header = &route.header;
    let unusable = RouteFlags::Dead | RouteFlags::Linkdown | RouteFlags::Cloned;
    if header.kind != RouteType::Unicast || header.flags.intersects(unusable) {
        return None;
    }
    let (mut table, mut metric, mut destination) = (u32::from(header.table), 0, None);
    for attribute in &route.attributes {
        match attribute {
            RouteAttribute::Table(number) => table = *number,
            RouteAttribute::Priority(priority) => metric = *priority,
            RouteAttribute::Destination(RouteAddress::Inet(v4)) => destination = Some((*v4).into()),
            RouteAttribute::Destination(RouteAddress::Inet6(v6)) => {
                destination = Some((*v6).into());
            }
            _ => {}
        }
    }
    let prefix = header.destination_prefix_length;
    let everything = || match header.address_family {
        AddressFamily::Inet => Some(IpAddr::from([0_u8; 4])),
        AddressFamily::Inet6 => Some(IpAddr::from([0_u16; 8])),
        _ => None,
    };
    let origin = if table == u32::from(RouteHeader::RT_TABLE_MAIN) {
        match header.protocol {
            RouteProtocol::Kernel => Origin::Kernel,
            RouteProtocol::Dhcp | RouteProtocol::Ra | RouteProtocol::IcmpRedirect => {
                Origin::Network
            }
            _ => Origin::Machine,
        }
    } else if prefix == 0 {
        Origin::Apart
    } else {
        return None;
    };
    let hop = NextHop::of(&route.attributes);
    Some(Route {
        destination: destination.or_else(|| everything().filter(|_| prefix == 0))?,
        prefix,
        gateway: hop.gateway,
        interface: hop.interface?,
        metric,
        origin,
    })
}

/// How the kernel would send to `address`, with its policy rules.
///
/// # Errors
/// `NetworkUnreachable` and its like when there is no route.
pub(crate) fn way_to(netlink: &mut Netlink, address: IpAddr) -> io::Result<Way> {
    let (family, length) = match address {
        IpAddr::V4(_) => (AddressFamily::Inet, 32),
        IpAddr::V6(_) => (AddressFamily::Inet6, 128),
    };
    let mut message = question(family);
    message.header.destination_prefix_length = length;
    message.attributes.push(RouteAttribute::Destination(address.into()));
    match netlink.ask(RouteNetlinkMessage::GetRoute(message))? {
        Some(RouteNetlinkMessage::NewRoute(answer)) => Ok(way_of(&answer)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn question(family: AddressFamily) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = family;
    message
}

fn way_of(route: &RouteMessage) -> Way {
    if route.header.kind != RouteType::Unicast {
        return Way::NotOutside;
    }
    let hop = NextHop::of(&route.attributes);
    match (hop.gateway, hop.interface) {
        (None, Some(interface)) if !hop.indirect => Way::OnLink(interface),
        _ => Way::Gateway,
    }
}

fn default_route(answer: &RouteNetlinkMessage) -> Option<DefaultRoute> {
    let RouteNetlinkMessage::NewRoute(route) = answer else { return None };
    let in_main = route.header.table == RouteHeader::RT_TABLE_MAIN;
    let dead = route.header.flags.intersects(RouteFlags::Dead | RouteFlags::Linkdown);
    if !in_main
        || dead
        || route.header.destination_prefix_length != 0
        || route.header.kind != RouteType::Unicast
    {
        return None;
    }
    let priority = route
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            RouteAttribute::Priority(priority) => Some(*priority),
            _ => None,
        })
        .unwrap_or(0);
    let hop = NextHop::of(&route.attributes);
    Some(DefaultRoute { gateway: hop.gateway, interface: hop.interface?, priority })
}

/// Where a route leads.
#[derive(Debug, Clone, Copy, Default)]
struct NextHop {
    gateway: Option<IpAddr>,
    interface: Option<u32>,
    /// Through something that has no address we read: another family, an encapsulation.
    indirect: bool,
}

impl NextHop {
    /// The route's only hop, or the first living one of a multipath route.
    fn of(attributes: &[RouteAttribute]) -> Self {
        let mut hop = Self::default();
        for attribute in attributes {
            match attribute {
                RouteAttribute::Gateway(RouteAddress::Inet(v4))
                | RouteAttribute::Via(RouteVia::Inet(v4)) => hop.gateway = Some((*v4).into()),
                RouteAttribute::Gateway(RouteAddress::Inet6(v6))
                | RouteAttribute::Via(RouteVia::Inet6(v6)) => hop.gateway = Some((*v6).into()),
                RouteAttribute::Gateway(_) | RouteAttribute::Via(_) | RouteAttribute::Encap(_) => {
                    hop.indirect = true;
                }
                RouteAttribute::Oif(index) => hop.interface = Some(*index),
                RouteAttribute::MultiPath(hops) => {
                    let unusable = RouteNextHopFlags::Dead | RouteNextHopFlags::Linkdown;
                    if let Some(first) = hops.iter().find(|hop| !hop.flags.intersects(unusable)) {
                        hop = Self::of(&first.attributes);
                        hop.interface = Some(first.interface_index);
                    }
                }
                _ => {}
            }
        }
        hop
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netlink_packet_core::{NetlinkDeserializable, NetlinkHeader};

    /// `struct rtmsg` and attributes, type `RTM_NEWROUTE` (24), as the kernel sends them.
    fn route(body: &[u8]) -> RouteMessage {
        let mut header = NetlinkHeader::default();
        header.message_type = 24;
        header.length = u32::try_from(body.len() + 16).unwrap();
        match RouteNetlinkMessage::deserialize(&header, body).unwrap() {
            RouteNetlinkMessage::NewRoute(route) => route,
            other => panic!("{other:?}"),
        }
    }

    /// Family, destination length, table main, type, and the attributes.
    fn body(family: u8, length: u8, kind: u8, attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![family, length, 0, 0, 254, 3, 0, kind, 0, 0, 0, 0];
        for (code, value) in attributes {
            bytes.extend(u16::try_from(value.len() + 4).unwrap().to_ne_bytes());
            bytes.extend(code.to_ne_bytes());
            bytes.extend(*value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        bytes
    }

    const OIF: u16 = 4;
    const GATEWAY: u16 = 5;
    const PRIORITY: u16 = 6;
    const VIA: u16 = 18;

    #[test]
    fn a_gateway_of_either_family_makes_the_way_indirect() {
        let interface = 3_u32.to_ne_bytes();
        let via_v6 = [&10_u16.to_ne_bytes()[..], &[0xfe, 0x80], &[0; 13], &[1]].concat();
        for (body, expected) in [
            (body(2, 32, 1, &[(OIF, &interface)]), Way::OnLink(3)),
            (body(2, 32, 1, &[(OIF, &interface), (GATEWAY, &[10, 0, 0, 1])]), Way::Gateway),
            (body(2, 32, 1, &[(VIA, &via_v6), (OIF, &interface)]), Way::Gateway),
            (body(2, 32, 2, &[(OIF, &interface)]), Way::NotOutside),
            (body(10, 128, 1, &[(OIF, &interface)]), Way::OnLink(3)),
        ] {
            assert_eq!(way_of(&route(&body)), expected);
        }
    }

    const DESTINATION: u16 = 1;
    const TABLE: u16 = 15;

    #[test]
    fn a_route_tells_where_it_leads_and_who_made_it() {
        let interface = 3_u32.to_ne_bytes();
        let of = |body: Vec<u8>| super::route(&RouteNetlinkMessage::NewRoute(route(&body)));
        let to: (u16, &[u8]) = (DESTINATION, &[203, 0, 113, 9]);
        let by: [(u16, &[u8]); 3] = [(OIF, &interface), (GATEWAY, &[10, 0, 0, 1]), to];
        let endpoint = of(body(2, 32, 1, &by)).unwrap();
        assert_eq!(endpoint.destination, IpAddr::from([203, 0, 113, 9]));
        assert_eq!((endpoint.prefix, endpoint.interface), (32, 3));
        assert_eq!(endpoint.gateway, Some(IpAddr::from([10, 0, 0, 1])));
        assert_eq!(endpoint.origin, Origin::Machine);
        let protocol = |number| {
            let mut bytes = body(2, 32, 1, &by);
            bytes[5] = number;
            of(bytes).unwrap().origin
        };
        assert_eq!(
            (protocol(2), protocol(16), protocol(4)),
            (Origin::Kernel, Origin::Network, Origin::Machine)
        );
        let apart = 51_820_u32.to_ne_bytes();
        let everything = of(body(2, 0, 1, &[(TABLE, &apart), (OIF, &interface)])).unwrap();
        assert_eq!((everything.origin, everything.prefix), (Origin::Apart, 0));
        assert_eq!(of(body(2, 32, 1, &[(TABLE, &apart), (OIF, &interface), to])), None);
        assert_eq!(of(body(2, 32, 7, &by)), None, "unreachable");
        assert_eq!(of(body(2, 32, 1, &[(OIF, &interface)])), None, "no destination");
    }

    #[test]
    fn only_a_route_to_everything_is_a_default_route() {
        let interface = 3_u32.to_ne_bytes();
        let attributes: [(u16, &[u8]); 3] =
            [(OIF, &interface), (GATEWAY, &[10, 0, 0, 1]), (PRIORITY, &[100, 0, 0, 0])];
        let of = |body: Vec<u8>| default_route(&RouteNetlinkMessage::NewRoute(route(&body)));
        let found = of(body(2, 0, 1, &attributes)).unwrap();
        assert_eq!((found.gateway, found.interface), (Some(IpAddr::from([10, 0, 0, 1])), 3));
        assert_eq!(of(body(2, 1, 1, &attributes)), None);
        assert_eq!(of(body(2, 0, 7, &attributes)), None, "unreachable");
        let tunnel = of(body(2, 0, 1, &[(OIF, &interface)])).unwrap();
        assert_eq!(tunnel.gateway, None);
    }
}
