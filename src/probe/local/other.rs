//! Interfaces and gateway where there is no rtnetlink.

use super::Links;
use crate::domain::local::Interface;
use crate::domain::mac::MacAddr;
use crate::domain::time::MonoTime;
use crate::probe::clock::Clock;
use std::ffi::OsStr;
use std::net::IpAddr;
use std::time::Duration;
use sysinfo::{NetworkData, Networks};

/// The platform's own listing is slow (on Windows it may ask ARP for the gateway): it is reused
/// for this long. Byte counters are read every time.
const REUSE: Duration = Duration::from_secs(5);

/// Reads interfaces, addresses and the default gateway.
pub(super) struct Network {
    clock: Clock,
    links: Links,
    read_at: Option<MonoTime>,
    /// `None` where the platform counts nothing.
    counters: Option<Networks>,
}

impl Network {
    pub(super) fn new(clock: Clock) -> Self {
        let counters = Networks::new().ok();
        Self { clock, links: Links::default(), read_at: None, counters }
    }

    pub(super) fn read(&mut self) -> Links {
        let now = self.clock.mono();
        if self.read_at.is_none_or(|then| now.since(then) >= REUSE) {
            self.links = read_links();
            self.read_at = Some(now);
        }
        if let Some(counters) = &mut self.counters {
            counters.refresh(true);
        }
        for interface in &mut self.links.interfaces {
            let name = OsStr::new(&interface.name);
            let counted = self.counters.as_ref().and_then(|counters| counters.get(name));
            interface.received_bytes = counted.map(NetworkData::total_received);
            interface.sent_bytes = counted.map(NetworkData::total_transmitted);
        }
        self.links.clone()
    }
}

fn read_links() -> Links {
    let found = netdev::get_interfaces();
    let default = found.iter().find(|interface| interface.default);
    let gateway = default.and_then(|interface| interface.gateway.as_ref()).and_then(|device| {
        let v4 = device.ipv4.first().copied().map(IpAddr::V4);
        v4.or_else(|| device.ipv6.first().copied().map(IpAddr::V6))
    });
    let gateway_interface = default.map(name_of);
    let interfaces = found.iter().map(interface_of).collect();
    Links { interfaces, gateway, gateway_interface, ..Links::default() }
}

fn name_of(interface: &netdev::Interface) -> String {
    // On Windows the name is a GUID, and the friendly name is what people see.
    let friendly = interface.friendly_name.as_ref().filter(|_| cfg!(windows));
    friendly.unwrap_or(&interface.name).clone()
}

fn interface_of(interface: &netdev::Interface) -> Interface {
    let v4 = interface.ipv4.iter().map(|net| (IpAddr::V4(net.addr()), net.prefix_len()));
    let v6 = interface.ipv6.iter().map(|net| (IpAddr::V6(net.addr()), net.prefix_len()));
    Interface {
        index: interface.index,
        name: name_of(interface),
        up: interface.is_up() && interface.is_running(),
        loopback: interface.is_loopback(),
        tunnel: interface.is_tun(),
        addresses: v4.chain(v6).collect(),
        mac: interface.mac_addr.and_then(|mac| MacAddr(mac.octets()).require_unicast().ok()),
        received_bytes: None,
        sent_bytes: None,
        radio: None,
    }
}
