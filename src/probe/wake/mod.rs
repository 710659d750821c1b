//! Wake-on-LAN: the magic packet on every way that may reach a sleeping network card.
//!
//! A limited broadcast leaves Linux by one interface only, so every interface is told by itself,
//! bound to its source address: limited and directed broadcast for each IPv4 subnet, all nodes for
//! IPv6, an Ethernet frame where permitted, on the usual and the configured ports, and the
//! configured address besides. Three times, 100 ms apart.

mod plan;
mod relay;

use crate::domain::local::LocalState;
use crate::domain::mac::MacAddr;
use crate::domain::target::WakeSettings;
use crate::domain::wake::{Reach, WakeDestination, WakeReceipt, WakeSend};
use crate::probe::clock::Clock;
use crate::proto::magic_packet::{SecureOn, encode};
use plan::{Plan, Planned, plan};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// How often each destination is told.
const ROUNDS: usize = 3;

/// Between two rounds.
const PAUSE: Duration = Duration::from_millis(100);

/// The port that wol-rs sends to.
const WOL_PORT: u16 = 9;

/// Sends magic packets for `mac`, or has the configured relay do it, and returns the receipt.
/// `target` is the host's address, for the receipt's word on whether broadcasts reach it; a relay
/// does not see the environment variables in `hidden`.
///
/// Takes about 200 ms, and with a relay up to half a minute. Errors are in the receipt, per destination.
pub async fn wake(
    mac: MacAddr,
    settings: &WakeSettings,
    local: &LocalState,
    target: Option<IpAddr>,
    hidden: &[String],
) -> WakeReceipt {
    let mut receipt = WakeReceipt {
        at: Clock::wall(),
        mac,
        reach: target.map(|target| Reach::of(local, target)),
        sends: Vec::new(),
        skipped: Vec::new(),
        refused: None,
        relay: None,
    };
    let checked = mac.require_unicast().map_err(|error| error.to_string());
    if let (Ok(_), Some(command)) = (&checked, &settings.via) {
        let relay = Some(relay::wake(command, mac, target, hidden).await);
        return WakeReceipt { relay, ..receipt };
    }
    let Plan { sends, skipped } = match checked.and_then(|_| plan(settings, local)) {
        Ok(plan) => plan,
        Err(refused) => return WakeReceipt { refused: Some(refused), ..receipt },
    };
    receipt.skipped = skipped;
    if sends.is_empty() {
        receipt.refused = Some("no interface of this machine can carry it".into());
        return receipt;
    }
    receipt.sends = sends.iter().map(unsent).collect();
    let job = Arc::new(Job { mac, password: settings.secure_on.map(SecureOn::from), sends });
    for round in 0..ROUNDS {
        if round > 0 {
            sleep(PAUSE).await;
        }
        let job = Arc::clone(&job);
        let Ok(results) = spawn_blocking(move || job.round()).await else { break };
        for (send, result) in receipt.sends.iter_mut().zip(results) {
            match result {
                Ok(()) => send.packets = send.packets.saturating_add(1),
                Err(error) => send.error = Some(reason(&error, send.destination)),
            }
        }
    }
    receipt
}

fn unsent(planned: &Planned) -> WakeSend {
    WakeSend {
        interface: planned.interface.as_ref().map(|outlet| outlet.name.clone()),
        source: planned.source,
        destination: planned.destination,
        packets: 0,
        error: None,
    }
}

/// An error of the operating system in plain words, without its number.
fn reason(error: &io::Error, destination: WakeDestination) -> String {
    if destination == WakeDestination::Layer2 && error.kind() == io::ErrorKind::PermissionDenied {
        return "it needs root or CAP_NET_RAW".into();
    }
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// What every round sends.
struct Job {
    mac: MacAddr,
    password: Option<SecureOn>,
    sends: Vec<Planned>,
}

impl Job {
    /// Sends one packet to each destination. Blocks for a few system calls each.
    fn round(&self) -> Vec<io::Result<()>> {
        let payload = encode(self.mac, self.password);
        self.sends.iter().map(|planned| self.send(planned, &payload)).collect()
    }

    fn send(&self, planned: &Planned, payload: &[u8]) -> io::Result<()> {
        match (planned.destination, planned.source) {
            (WakeDestination::Udp(SocketAddr::V4(to)), Some(source))
                if to.port() == WOL_PORT && self.password.is_none() =>
            {
                let to = IpAddr::V4(*to.ip());
                wol::send_wol(wol::MacAddr(self.mac.0), Some(to), Some(source))
            }
            (WakeDestination::Udp(to), _) => send_datagram(planned, to, payload),
            (WakeDestination::Layer2, _) => send_frame(planned, payload),
        }
    }
}

fn send_datagram(planned: &Planned, to: SocketAddr, payload: &[u8]) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(to), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    if let Some(outlet) = &planned.interface {
        // Best effort: older kernels want a capability, and the source address does it too.
        #[cfg(target_os = "linux")]
        if let Err(error) = socket.bind_device(Some(outlet.name.as_bytes())) {
            tracing::debug!(interface = outlet.name, %error, "not bound to the interface");
        }
        if to.is_ipv6() {
            socket.set_multicast_if_v6(outlet.index)?;
        }
    }
    if to.is_ipv4() {
        socket.set_broadcast(true)?;
        let source = planned.source.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        socket.bind(&SocketAddr::new(source, 0).into())?;
    }
    let sent = socket.send_to(payload, &to.into())?;
    if sent == payload.len() {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::WriteZero, "the packet was cut"))
    }
}

#[cfg(target_os = "linux")]
fn send_frame(planned: &Planned, payload: &[u8]) -> io::Result<()> {
    use crate::probe::socket::link_layer;
    use crate::proto::magic_packet::ethernet_frame;
    const EVERY_STATION: MacAddr = MacAddr([0xff; 6]);
    let outlet = planned.interface.as_ref();
    let Some((outlet, mac)) = outlet.and_then(|outlet| Some((outlet, outlet.mac?))) else {
        return Err(io::Error::new(io::ErrorKind::NotFound, "no link-layer address"));
    };
    link_layer::send_frame(&outlet.name, &ethernet_frame(EVERY_STATION, mac, payload))
}

#[cfg(not(target_os = "linux"))]
fn send_frame(_: &Planned, _: &[u8]) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::socket::skipped;
    use crate::proto::magic_packet::find;
    use std::io::Read;

    const MAC: MacAddr = MacAddr([2, 0x77, 0x1a, 0x2b, 0x3c, 0x4d]);

    /// A UDP socket on a free port of `any`.
    fn receiver(any: &str) -> Option<(Socket, u16)> {
        let any: SocketAddr = any.parse().unwrap();
        let socket = Socket::new(Domain::for_address(any), Type::DGRAM, None).unwrap();
        if socket.bind(&any.into()).is_err() {
            skipped(&format!("no {any} here"));
            return None;
        }
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let port = socket.local_addr().unwrap().as_socket().unwrap().port();
        Some((socket, port))
    }

    fn receive(socket: &mut Socket) -> Vec<u8> {
        let mut buffer = [0_u8; 512];
        let length = socket.read(&mut buffer).unwrap();
        buffer[..length].to_vec()
    }

    #[tokio::test]
    async fn a_configured_address_gets_three_packets_with_the_password() {
        let password = MacAddr([0, 1, 2, 3, 4, 5]);
        for (any, secure_on) in [("127.0.0.1:0", None), ("[::1]:0", Some(password))] {
            let Some((mut socket, port)) = receiver(any) else { continue };
            let address = any.parse::<SocketAddr>().unwrap().ip();
            let settings = WakeSettings {
                ports: vec![port],
                secure_on,
                interface: None,
                address: Some(address),
                ..WakeSettings::default()
            };
            let receipt = wake(MAC, &settings, &LocalState::default(), Some(address), &[]).await;
            for _ in 0..ROUNDS {
                let packet = receive(&mut socket);
                assert_eq!(find(&packet), Some((MAC, secure_on.map(SecureOn::from))));
                assert_eq!(packet.len(), if secure_on.is_some() { 108 } else { 102 });
            }
            let to = WakeDestination::Udp(SocketAddr::new(address, port));
            let send = receipt.sends.iter().find(|send| send.destination == to).unwrap();
            assert_eq!((send.packets, &send.error, &send.interface), (3, &None, &None));
            assert_eq!((receipt.mac, receipt.reach), (MAC, Some(Reach::Routed(Vec::new()))));
            assert_eq!(receipt.refused, None);
        }
    }

    /// Broadcasts that stay on the loopback, which stands in for an Ethernet.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn each_interface_broadcasts_on_its_own() {
        let Some((mut socket, port)) = receiver("0.0.0.0:0") else { return };
        let lo = crate::domain::local::Interface::up(
            1,
            "lo",
            vec![(IpAddr::V4(Ipv4Addr::LOCALHOST), 8)],
        );
        let local = LocalState { interfaces: vec![lo], ..LocalState::default() };
        let settings = WakeSettings { ports: vec![port], ..WakeSettings::default() };
        let target = Some(IpAddr::from([127, 3, 3, 3]));
        let receipt = wake(MAC, &settings, &local, target, &[]).await;
        for _ in 0..ROUNDS * 2 {
            assert_eq!(find(&receive(&mut socket)), Some((MAC, None)));
        }
        assert_eq!(receipt.reach, Some(Reach::OnLink));
        assert_eq!(receipt.sends.len(), 6, "two broadcasts, three ports");
        for send in &receipt.sends {
            assert_eq!((send.packets, &send.error), (3, &None), "{send}");
            assert_eq!(send.source, Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        }
    }

    #[test]
    fn errors_are_told_without_numbers() {
        let udp = WakeDestination::Udp(([10, 0, 0, 255], 9).into());
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        assert_eq!(reason(&denied(), udp), "permission denied");
        assert_eq!(reason(&denied(), WakeDestination::Layer2), "it needs root or CAP_NET_RAW");
        #[cfg(unix)]
        {
            let error = io::Error::from(nix::errno::Errno::ENETUNREACH);
            assert_eq!(reason(&error, udp), "network is unreachable");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_sent_is_refused_with_a_reason() {
        let settings = WakeSettings { interface: Some("eth0".into()), ..WakeSettings::default() };
        let local = LocalState::default();
        let receipt = wake(MAC, &settings, &local, None, &[]).await;
        assert_eq!(receipt.refused.as_deref(), Some("no interface is called \"eth0\""));
        assert_eq!(receipt.reach, None);
        let settings = WakeSettings::default();
        let receipt = wake(MAC, &settings, &local, None, &[]).await;
        assert!(receipt.refused.is_some(), "no interface at all");
        let receipt = wake(MacAddr([0xff; 6]), &settings, &local, None, &[]).await;
        assert!(receipt.refused.unwrap().contains("broadcast address"));
    }
}
