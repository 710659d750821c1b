//! Where magic packets are to be sent. Pure.

use crate::domain::local::{Interface, LocalState};
use crate::domain::mac::MacAddr;
use crate::domain::target::WakeSettings;
use crate::domain::wake::{WakeDestination, WakeSkip};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// The ports that network cards and relays know: discard, echo.
const PORTS: [u16; 2] = [9, 7];

/// Further ports that are used of those configured.
const EXTRA_PORTS: usize = 16;

/// Every node of a link (RFC 4291 section 2.7.1).
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Plan {
    pub(super) sends: Vec<Planned>,
    pub(super) skipped: Vec<WakeSkip>,
}

/// One destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Planned {
    /// The interface to send on; `None`: by route.
    pub(super) interface: Option<Outlet>,
    /// The source address to bind to.
    pub(super) source: Option<IpAddr>,
    pub(super) destination: WakeDestination,
}

/// An interface to send on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outlet {
    pub(super) name: String,
    pub(super) index: u32,
    pub(super) mac: Option<MacAddr>,
}

/// Every destination for `settings` on this machine.
///
/// # Errors
/// A sentence for the user, when the configured interface does not exist.
pub(super) fn plan(settings: &WakeSettings, local: &LocalState) -> Result<Plan, String> {
    if let Some(name) = &settings.interface {
        require_interface(name, local)?;
    }
    let mut ports: Vec<u16> = PORTS.to_vec();
    for port in settings.ports.iter().take(EXTRA_PORTS) {
        if *port != 0 && !ports.contains(port) {
            ports.push(*port);
        }
    }
    let only = settings.interface.as_deref();
    let chosen = |interface: &&Interface| only.is_none_or(|only| only == interface.name);
    let mut plan = Plan::default();
    for interface in local.interfaces.iter().filter(chosen) {
        match unfit(interface) {
            Some(why) => plan.skipped.push(WakeSkip { interface: interface.name.clone(), why }),
            None => plan.sends.extend(on_interface(interface, &ports)),
        }
    }
    if let Some(address) = settings.address {
        let outlet = only.and_then(|_| local.interfaces.iter().find(chosen)).map(Outlet::of);
        plan.sends.extend(ports.iter().map(|port| Planned {
            interface: outlet.clone(),
            source: None,
            destination: WakeDestination::Udp(SocketAddr::new(address, *port)),
        }));
    }
    Ok(plan)
}

impl Outlet {
    fn of(interface: &Interface) -> Self {
        Self { name: interface.name.clone(), index: interface.index, mac: interface.mac }
    }
}

/// Why nothing can be woken through `interface`.
const fn unfit(interface: &Interface) -> Option<&'static str> {
    if interface.loopback {
        Some("it is the loopback")
    } else if !interface.up {
        Some("it is down")
    } else if interface.tunnel {
        Some("a tunnel carries no broadcasts")
    } else if interface.addresses.is_empty() && interface.mac.is_none() {
        Some("it has no address")
    } else {
        None
    }
}

fn on_interface(interface: &Interface, ports: &[u16]) -> Vec<Planned> {
    let outlet = Outlet::of(interface);
    let planned =
        |source, destination| Planned { interface: Some(outlet.clone()), source, destination };
    let mut sends = Vec::new();
    for (address, prefix) in &interface.addresses {
        let IpAddr::V4(source) = address else { continue };
        let everyone = [Some(Ipv4Addr::BROADCAST), directed_broadcast(*source, *prefix)];
        for to in everyone.into_iter().flatten() {
            sends.extend(ports.iter().map(|port| {
                let to = WakeDestination::Udp(SocketAddr::from((to, *port)));
                planned(Some(IpAddr::V4(*source)), to)
            }));
        }
    }
    if interface.addresses.iter().any(|(address, _)| address.is_ipv6()) {
        sends.extend(ports.iter().map(|port| {
            let to = SocketAddrV6::new(ALL_NODES, *port, 0, interface.index);
            planned(None, WakeDestination::Udp(SocketAddr::V6(to)))
        }));
    }
    if cfg!(target_os = "linux") && interface.mac.is_some() {
        sends.push(planned(None, WakeDestination::Layer2));
    }
    sends
}

/// The broadcast address of the subnet; `None` where there is no room for one (RFC 3021).
fn directed_broadcast(address: Ipv4Addr, prefix: u8) -> Option<Ipv4Addr> {
    let hosts = u32::MAX.checked_shr(u32::from(prefix)).unwrap_or(0);
    (1..=30).contains(&prefix).then(|| Ipv4Addr::from_bits(address.to_bits() | hosts))
}

fn require_interface(name: &str, local: &LocalState) -> Result<(), String> {
    let names = || local.interfaces.iter().map(|interface| interface.name.as_str());
    if names().any(|known| known == name) {
        return Ok(());
    }
    let likeness = |known: &&str| strsim::jaro_winkler(known, name);
    let nearest = names().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    Err(nearest.map_or_else(
        || format!("no interface is called \"{name}\""),
        |nearest| format!("no interface is called \"{name}\", the nearest is \"{nearest}\""),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

    fn interface(index: u32, name: &str, addresses: &[(&str, u8)]) -> Interface {
        Interface {
            index,
            name: name.into(),
            up: true,
            loopback: false,
            tunnel: false,
            addresses: addresses.iter().map(|(a, prefix)| (a.parse().unwrap(), *prefix)).collect(),
            mac: None,
            received_bytes: None,
            sent_bytes: None,
            radio: None,
        }
    }

    fn local(interfaces: Vec<Interface>) -> LocalState {
        LocalState { interfaces, ..LocalState::default() }
    }

    fn described(plan: &Plan) -> Vec<String> {
        let sends = plan.sends.iter().map(|send| {
            let name = send.interface.as_ref().map_or("-", |outlet| &outlet.name);
            let source = send.source.map_or_else(|| "-".into(), |source| source.to_string());
            format!("{name} {source} {}", send.destination)
        });
        sends.collect()
    }

    #[test]
    fn every_subnet_of_every_fit_interface_is_told() {
        let mut eth0 = interface(2, "eth0", &[("10.0.0.5", 24), ("fe80::5", 64)]);
        eth0.mac = cfg!(target_os = "linux").then_some(MAC);
        let wlan0 = interface(3, "wlan0", &[("172.16.5.1", 20)]);
        let settings = WakeSettings { ports: vec![4009, 9, 0], ..WakeSettings::default() };
        let plan = plan(&settings, &local(vec![eth0, wlan0])).unwrap();
        let mut expected = vec![
            "eth0 10.0.0.5 UDP 255.255.255.255:9",
            "eth0 10.0.0.5 UDP 255.255.255.255:7",
            "eth0 10.0.0.5 UDP 255.255.255.255:4009",
            "eth0 10.0.0.5 UDP 10.0.0.255:9",
            "eth0 10.0.0.5 UDP 10.0.0.255:7",
            "eth0 10.0.0.5 UDP 10.0.0.255:4009",
            "eth0 - UDP [ff02::1%2]:9",
            "eth0 - UDP [ff02::1%2]:7",
            "eth0 - UDP [ff02::1%2]:4009",
        ];
        if cfg!(target_os = "linux") {
            expected.push("eth0 - Ethernet 0x0842");
        }
        expected.extend([
            "wlan0 172.16.5.1 UDP 255.255.255.255:9",
            "wlan0 172.16.5.1 UDP 255.255.255.255:7",
            "wlan0 172.16.5.1 UDP 255.255.255.255:4009",
            "wlan0 172.16.5.1 UDP 172.16.15.255:9",
            "wlan0 172.16.5.1 UDP 172.16.15.255:7",
            "wlan0 172.16.5.1 UDP 172.16.15.255:4009",
        ]);
        assert_eq!(described(&plan), expected);
        assert_eq!(plan.skipped, []);
    }

    #[test]
    fn unfit_interfaces_are_named() {
        let mut lo = interface(1, "lo", &[("127.0.0.1", 8)]);
        lo.loopback = true;
        let mut down = interface(2, "eth0", &[("10.0.0.5", 24)]);
        down.up = false;
        let mut tun0 = interface(3, "tun0", &[("10.8.0.2", 24)]);
        tun0.tunnel = true;
        let bare = interface(4, "eth1", &[]);
        let plan = plan(&WakeSettings::default(), &local(vec![lo, down, tun0, bare])).unwrap();
        assert_eq!(plan.sends, []);
        let skipped: Vec<_> = plan.skipped.iter().map(|s| (s.interface.as_str(), s.why)).collect();
        let expected = [
            ("lo", "it is the loopback"),
            ("eth0", "it is down"),
            ("tun0", "a tunnel carries no broadcasts"),
            ("eth1", "it has no address"),
        ];
        assert_eq!(skipped, expected);
    }

    #[test]
    fn a_configured_address_is_told_besides() {
        let address = Some("192.0.2.255".parse().unwrap());
        let settings = WakeSettings { address, ..WakeSettings::default() };
        let plan = plan(&settings, &LocalState::default()).unwrap();
        assert_eq!(described(&plan), ["- - UDP 192.0.2.255:9", "- - UDP 192.0.2.255:7"]);
    }

    #[test]
    fn only_the_configured_interface_sends() {
        let eth0 = interface(2, "eth0", &[("10.0.0.5", 32)]);
        let eth1 = interface(3, "eth1", &[("10.0.1.5", 31)]);
        let both = local(vec![eth0, eth1]);
        let only = |name: &str| WakeSettings {
            interface: Some(name.into()),
            address: Some("192.0.2.255".parse().unwrap()),
            ..WakeSettings::default()
        };
        let expected = [
            "eth1 10.0.1.5 UDP 255.255.255.255:9",
            "eth1 10.0.1.5 UDP 255.255.255.255:7",
            "eth1 - UDP 192.0.2.255:9",
            "eth1 - UDP 192.0.2.255:7",
        ];
        assert_eq!(described(&plan(&only("eth1"), &both).unwrap()), expected);
        assert_eq!(
            plan(&only("wth1"), &both).unwrap_err(),
            "no interface is called \"wth1\", the nearest is \"eth1\""
        );
        assert_eq!(
            plan(&only("eth0"), &LocalState::default()).unwrap_err(),
            "no interface is called \"eth0\""
        );
    }

    #[test]
    fn a_point_to_point_subnet_has_no_broadcast_address() {
        let broadcast = |prefix| directed_broadcast(Ipv4Addr::new(10, 1, 2, 1), prefix);
        for prefix in [0, 31, 32, 33, 255] {
            assert_eq!(broadcast(prefix), None, "{prefix}");
        }
        assert_eq!(broadcast(30), Some(Ipv4Addr::new(10, 1, 2, 3)));
        assert_eq!(broadcast(8), Some(Ipv4Addr::new(10, 255, 255, 255)));
    }
}
