//! Where packets of this machine go: its routes, and what they show of its tunnels.

use super::local::{Interface, LocalState, same_subnet};
use std::cmp::Reverse;
use std::net::IpAddr;

/// How many far ends of tunnels, and how many endpoints, are told.
const MOST: usize = 4;

/// One route to somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// First address of the network it leads to.
    pub destination: IpAddr,
    /// Length of that network's prefix, in bits.
    pub prefix: u8,
    /// The next hop; `None` on links without one.
    pub gateway: Option<IpAddr>,
    /// Index of the interface it leaves by.
    pub interface: u32,
    /// Metric: of equal prefixes the lowest wins.
    pub metric: u32,
    /// Who made it.
    pub origin: Origin,
}

/// Who made a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The kernel, for an address of the interface.
    Kernel,
    /// The network: DHCP, or a router's advertisement.
    Network,
    /// Somebody on this machine: a person, a VPN client.
    Machine,
    /// The same in a table of its own, which a rule puts before the main one.
    Apart,
}

impl Route {
    /// Whether it leads to one address.
    #[must_use]
    pub const fn is_host(&self) -> bool {
        match self.destination {
            IpAddr::V4(_) => self.prefix == 32,
            IpAddr::V6(_) => self.prefix == 128,
        }
    }

    /// The other address of a network of two: `/30` and `/31`, `/126` and `/127`.
    fn other_of_two(own: IpAddr, prefix: u8) -> Option<IpAddr> {
        let flip = |bits: u128, left: u8| match left {
            1 => Some(bits ^ 1),
            2 if matches!(bits & 3, 1 | 2) => Some(bits ^ 3),
            _ => None,
        };
        match own {
            IpAddr::V4(v4) => {
                let other = flip(u128::from(v4.to_bits()), 32_u8.checked_sub(prefix)?)?;
                Some(std::net::Ipv4Addr::from_bits(u32::try_from(other).ok()?).into())
            }
            IpAddr::V6(v6) => {
                let other = flip(v6.to_bits(), 128_u8.checked_sub(prefix)?)?;
                Some(std::net::Ipv6Addr::from_bits(other).into())
            }
        }
    }
}

impl LocalState {
    /// The interface that packets to `address` leave by: the longest prefix, then the lowest
    /// metric. Without routes that are known, the one whose subnet holds it.
    #[must_use]
    pub fn leaves_by(&self, address: IpAddr) -> Option<&Interface> {
        match self.route_to(address) {
            Some(route) => self.interface(route.interface),
            None => self.on_link(address),
        }
    }

    /// The route that packets to `address` take.
    #[must_use]
    pub fn route_to(&self, address: IpAddr) -> Option<&Route> {
        let routes = self.routes.iter();
        routes
            .filter(|route| same_subnet(route.destination, address, route.prefix))
            .max_by_key(|r| (r.prefix, r.origin == Origin::Apart, Reverse(r.metric)))
    }

    /// The tunnel that packets to `address` go through.
    #[must_use]
    pub fn tunnel_of(&self, address: IpAddr) -> Option<&Interface> {
        self.tunnels().next()?;
        self.leaves_by(address).filter(|interface| interface.tunnel)
    }

    /// The interface that finally carries packets to `address`: for what goes through a tunnel, the
    /// one that the tunnel itself runs over, by this machine's own router.
    #[must_use]
    pub fn carrier_of(&self, address: IpAddr) -> Option<&Interface> {
        let direct = self.leaves_by(address).filter(|interface| !interface.tunnel);
        direct.or_else(|| self.on_link(self.own_router()?).filter(|interface| !interface.tunnel))
    }

    /// The router of this machine's own network: the default gateway, unless that is one inside a
    /// tunnel; then the gateway of a default route beside it, or of an endpoint.
    #[must_use]
    pub fn own_router(&self) -> Option<IpAddr> {
        let tunnelled = self.interfaces.iter().any(|interface| {
            interface.tunnel && Some(&interface.name) == self.gateway_interface.as_ref()
        });
        if !tunnelled && self.gateway.is_some() {
            return self.gateway;
        }
        let by_default = self
            .outside()
            .filter(|route| route.prefix == 0 && route.gateway.is_some())
            .min_by_key(|route| (route.destination.is_ipv6(), route.metric));
        by_default.or_else(|| self.past_the_tunnel().next()).and_then(|route| route.gateway)
    }

    /// The far ends of the tunnels that are up, by the peer of a point-to-point address, the
    /// gateway of a route through them, or the only other address of their network; four at most.
    #[must_use]
    pub fn tunnel_peers(&self) -> Vec<IpAddr> {
        let mut found = Vec::new();
        for tunnel in self.tunnels() {
            let by_it = || self.routes.iter().filter(|route| route.interface == tunnel.index);
            let peers = by_it().filter(|route| route.is_host() && route.origin == Origin::Kernel);
            let gateways = by_it().filter_map(|route| route.gateway);
            let others = tunnel
                .addresses
                .iter()
                .filter_map(|(own, prefix)| Route::other_of_two(*own, *prefix));
            for address in peers.map(|route| route.destination).chain(gateways).chain(others) {
                if !self.owns(address) && !found.contains(&address) && found.len() < MOST {
                    found.push(address);
                }
            }
        }
        found
    }

    /// What may be the public endpoint of a tunnel that is up: addresses that this machine reaches
    /// by a route of their own through its router, past the tunnel; four at most. Of several, one
    /// may be the endpoint and the others merely left out of the tunnel. While no tunnel is up, those
    /// of the one that was up last by the same router: they show whether the line is sound that it
    /// ran over.
    #[must_use]
    pub fn vpn_endpoints(&self) -> Vec<IpAddr> {
        let here = |router: &IpAddr| self.own_router().is_none_or(|own| own == *router);
        let former = self.former_endpoints.as_ref().filter(|(router, _)| here(router));
        let former = || former.map(|(_, endpoints)| endpoints.clone()).unwrap_or_default();
        self.tunnel_endpoints().unwrap_or_else(former)
    }

    /// The same of tunnels that are up; `None` while none is.
    pub(super) fn tunnel_endpoints(&self) -> Option<Vec<IpAddr>> {
        self.tunnels().next()?;
        let router = self.own_router();
        let mut found = Vec::new();
        for address in self.past_the_tunnel().map(|route| route.destination) {
            let fit = Some(address) != router
                && !self.owns(address)
                && !self.dns_servers.contains(&address);
            if fit && !found.contains(&address) && found.len() < MOST {
                found.push(address);
            }
        }
        Some(found)
    }

    /// Routes of single addresses through a router, made on this machine while a tunnel is up.
    fn past_the_tunnel(&self) -> impl Iterator<Item = &Route> {
        let up = self.tunnels().next().is_some();
        self.outside().filter(move |route| {
            up && route.is_host()
                && route.gateway.is_some()
                && route.origin == Origin::Machine
                && !super::local::is_link_local(route.destination)
        })
    }

    /// Routes that leave by no tunnel and not by loopback.
    fn outside(&self) -> impl Iterator<Item = &Route> {
        let plain =
            |index| self.interface(index).is_some_and(|one| one.up && !one.tunnel && !one.loopback);
        self.routes.iter().filter(move |route| plain(route.interface))
    }

    /// Tunnels that are up and have an address.
    fn tunnels(&self) -> impl Iterator<Item = &Interface> {
        self.interfaces.iter().filter(|one| one.up && one.tunnel && !one.addresses.is_empty())
    }

    fn interface(&self, index: u32) -> Option<&Interface> {
        self.interfaces.iter().find(|interface| interface.index == index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn interface(index: u32, tunnel: bool, address: &str) -> Interface {
        let (own, prefix) = address.split_once('/').unwrap();
        Interface {
            tunnel,
            ..Interface::up(
                index,
                if tunnel { "tun0" } else { "eth0" },
                vec![(ip(own), prefix.parse().unwrap())],
            )
        }
    }

    fn route(to: &str, via: Option<&str>, interface: u32, origin: Origin) -> Route {
        let (destination, prefix) = to.split_once('/').unwrap();
        Route {
            destination: ip(destination),
            prefix: prefix.parse().unwrap(),
            gateway: via.map(ip),
            interface,
            metric: 0,
            origin,
        }
    }

    /// eth0 with a router, and tun0 to 10.8.0.1 with 10.9.0.0/16 behind it.
    fn with_tunnel() -> LocalState {
        LocalState {
            interfaces: vec![
                interface(2, false, "192.168.1.5/24"),
                interface(5, true, "10.8.0.2/32"),
            ],
            gateway: Some(ip("192.168.1.1")),
            gateway_interface: Some("eth0".to_owned()),
            routes: [
                route("0.0.0.0/0", Some("192.168.1.1"), 2, Origin::Network),
                route("192.168.1.0/24", None, 2, Origin::Kernel),
                route("10.8.0.1/32", None, 5, Origin::Kernel),
                route("10.9.0.0/16", None, 5, Origin::Machine),
                route("203.0.113.9/32", Some("192.168.1.1"), 2, Origin::Machine),
                route("169.254.169.254/32", Some("192.168.1.1"), 2, Origin::Network),
            ]
            .into(),
            ..LocalState::default()
        }
    }

    #[test]
    fn a_tunnel_has_a_far_end_an_endpoint_and_hosts_behind_it() {
        let local = with_tunnel();
        assert_eq!(local.tunnel_peers(), [ip("10.8.0.1")]);
        assert_eq!(local.vpn_endpoints(), [ip("203.0.113.9")]);
        assert_eq!(local.own_router(), Some(ip("192.168.1.1")));
        let through = |address| local.tunnel_of(ip(address)).map(|one| one.name.as_str());
        assert_eq!(through("10.9.3.4"), Some("tun0"));
        assert_eq!(through("10.8.0.1"), Some("tun0"));
        assert_eq!(through("203.0.113.9"), None);
        assert_eq!(through("198.51.100.1"), None);
    }

    #[test]
    fn without_a_tunnel_that_is_up_nothing_is_an_endpoint() {
        let mut local = with_tunnel();
        local.interfaces[1].up = false;
        assert_eq!(local.vpn_endpoints(), [] as [IpAddr; 0]);
        assert_eq!(local.tunnel_peers(), [] as [IpAddr; 0]);
        assert_eq!(local.tunnel_of(ip("10.9.3.4")), None);
    }

    #[test]
    fn the_endpoint_of_a_tunnel_that_went_down_is_known_until_one_is_up_again() {
        let up = with_tunnel();
        let mut down = with_tunnel();
        down.interfaces.truncate(1);
        down.routes = down.routes.iter().take(2).copied().collect();
        let mut before = up.clone();
        for _ in 0..2 {
            down.follow(&before);
            assert_eq!(down.vpn_endpoints(), [ip("203.0.113.9")]);
            before = down.clone();
        }
        // In another network nobody knows what its silence says.
        down.gateway = Some(ip("10.20.0.1"));
        assert_eq!(down.vpn_endpoints(), [] as [IpAddr; 0]);
        let mut other = up;
        other.routes = other.routes.iter().take(4).copied().collect();
        other.follow(&down);
        assert_eq!(other.vpn_endpoints(), [] as [IpAddr; 0]);
    }

    #[test]
    fn a_default_route_into_the_tunnel_does_not_make_its_gateway_the_own_router() {
        let mut local = with_tunnel();
        let mut routes = local.routes.to_vec();
        routes[0].metric = 600;
        routes
            .push(Route { metric: 50, ..route("0.0.0.0/0", Some("10.8.0.1"), 5, Origin::Machine) });
        local.routes = routes.into();
        local.gateway = Some(ip("10.8.0.1"));
        local.gateway_interface = Some("tun0".to_owned());
        assert_eq!(local.own_router(), Some(ip("192.168.1.1")));
        assert!(local.tunnel_of(ip("198.51.100.1")).is_some());
        assert!(local.tunnel_of(ip("192.168.1.7")).is_none());
        // Where no routes are known, nothing is guessed.
        local.routes = [].into();
        assert_eq!(local.own_router(), None);
    }

    #[test]
    fn a_table_of_its_own_goes_before_the_default_route() {
        let mut local = with_tunnel();
        let mut routes = local.routes.to_vec();
        routes.push(route("0.0.0.0/0", None, 5, Origin::Apart));
        local.routes = routes.into();
        assert!(local.tunnel_of(ip("198.51.100.1")).is_some());
        assert!(local.tunnel_of(ip("203.0.113.9")).is_none());
    }

    #[test]
    fn a_network_of_two_has_one_other_address() {
        for (own, prefix, other) in [
            ("10.8.0.6", 30, Some("10.8.0.5")),
            ("10.8.0.5", 30, Some("10.8.0.6")),
            ("10.8.0.4", 30, None),
            ("10.8.0.4", 31, Some("10.8.0.5")),
            ("10.8.0.2", 24, None),
            ("10.8.0.2", 32, None),
            ("fd00::2", 127, Some("fd00::3")),
            ("fd00::2", 64, None),
        ] {
            assert_eq!(Route::other_of_two(ip(own), prefix), other.map(ip), "{own}/{prefix}");
        }
    }
}
