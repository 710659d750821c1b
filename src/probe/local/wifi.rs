//! This machine's Wi-Fi on Linux: `/proc/net/wireless`, and nl80211 for what that does not tell.
//! No privilege is needed, and nothing is sent.

use crate::domain::local::Interface;
use crate::domain::wireless::Radio;
use crate::probe::netlink_socket::{self, DATAGRAM_BYTES};
use crate::proto::netlink::Refused;
use crate::proto::{nl80211, wireless};
use netlink_sys::{Socket, protocols::NETLINK_GENERIC};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Where the kernel tells the signal of every wireless interface.
const TABLE: &str = "/proc/net/wireless";
/// Datagrams of one answer.
const DATAGRAMS: usize = 64;
/// Stations that are asked for their access points.
const STATIONS: usize = 8;
/// Where the kernel has no nl80211, it is asked again after so many looks: a stick may be plugged
/// in.
const ASKED_AGAIN: u32 = 30;

/// Reads signal and access point.
pub(super) struct Wifi {
    nl80211: Nl80211,
}

enum Nl80211 {
    /// Not there, or not answering; looks until it is asked again.
    Absent(u32),
    Open(Socket, u16),
}

impl Wifi {
    pub(super) const fn new() -> Self {
        Self { nl80211: Nl80211::Absent(0) }
    }

    /// Says of each interface that is wireless what is known of it.
    pub(super) fn read(&mut self, interfaces: &mut [Interface]) {
        for entry in table(Path::new(TABLE)) {
            if let Some(interface) = interfaces.iter_mut().find(|one| one.name == entry.name) {
                interface.radio = Some(Radio { signal_dbm: entry.signal, access_point: None });
            }
        }
        if let Err(error) = self.ask(interfaces) {
            tracing::debug!(%error, "nl80211 does not answer");
            self.nl80211 = Nl80211::Absent(ASKED_AGAIN);
        }
    }

    fn ask(&mut self, interfaces: &mut [Interface]) -> io::Result<()> {
        if let Nl80211::Absent(looks) = &mut self.nl80211 {
            if *looks > 0 {
                *looks -= 1;
                return Ok(());
            }
            let (socket, family) = open()?;
            self.nl80211 = Nl80211::Open(socket, family);
        }
        let Nl80211::Open(socket, family) = &self.nl80211 else { return Ok(()) };
        let family = *family;
        let mut stations = Vec::new();
        dump(socket, &nl80211::interfaces_question(family), |datagram| {
            nl80211::decode_interfaces(family, datagram, &mut stations)
        })?;
        for index in stations.into_iter().take(STATIONS) {
            let Some(interface) = interfaces.iter_mut().find(|one| one.index == index) else {
                continue;
            };
            let radio = interface.radio.get_or_insert_default();
            let mut peers = Vec::new();
            dump(socket, &nl80211::peers_question(family, index), |datagram| {
                nl80211::decode_peers(family, datagram, &mut peers)
            })?;
            // A station has one access point; of several links to it, the strongest counts.
            let strongest = peers.iter().max_by_key(|peer| peer.signal);
            if let Some(peer) = strongest {
                radio.access_point = Some(peer.access_point);
                radio.signal_dbm = peer.signal.or(radio.signal_dbm);
            }
        }
        Ok(())
    }
}

fn table(path: &Path) -> Vec<wireless::Entry> {
    let mut bytes = Vec::new();
    let longest = u64::try_from(wireless::LONGEST).unwrap_or_default();
    match File::open(path).and_then(|file| file.take(longest).read_to_end(&mut bytes)) {
        Ok(_) => wireless::decode(&bytes),
        Err(_) => Vec::new(),
    }
}

fn open() -> io::Result<(Socket, u16)> {
    let socket = netlink_socket::open(NETLINK_GENERIC)?;
    socket.send(&nl80211::family_question(), 0)?;
    let mut buffer = Vec::with_capacity(DATAGRAM_BYTES);
    socket.recv(&mut buffer, 0)?;
    let family = nl80211::decode_family(&buffer).map_err(refused)?;
    Ok((socket, family.ok_or(io::ErrorKind::NotFound)?))
}

fn dump(
    socket: &Socket,
    question: &[u8],
    mut take: impl FnMut(&[u8]) -> Result<bool, Refused>,
) -> io::Result<()> {
    socket.send(question, 0)?;
    let mut buffer = Vec::with_capacity(DATAGRAM_BYTES);
    for _ in 0..DATAGRAMS {
        buffer.clear();
        socket.recv(&mut buffer, 0)?;
        if take(&buffer).map_err(refused)? {
            return Ok(());
        }
    }
    Err(io::Error::other("the kernel's answer does not end"))
}

fn refused(refused: Refused) -> io::Error {
    match refused {
        Refused::Kernel(errno) => io::Error::from_raw_os_error(errno),
        Refused::Misread => io::Error::new(io::ErrorKind::InvalidData, refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_table_is_read_and_its_absence_is_none() {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/wireless");
        let of = |name: &str| table(&seeds.join(name));
        assert_eq!(of("connected").first().and_then(|entry| entry.signal), Some(-54));
        assert_eq!(of("there-is-none"), []);
    }

    #[test]
    fn a_machine_of_any_kind_is_asked_without_harm_and_not_at_every_look() {
        let mut wifi = Wifi::new();
        let mut interfaces = vec![Interface::up(1, "lo", Vec::new())];
        for _ in 0..3 {
            wifi.read(&mut interfaces);
            assert_eq!(interfaces[0].radio, None, "loopback is no Wi-Fi");
        }
        if let Nl80211::Absent(looks) = wifi.nl80211 {
            assert_eq!(looks, ASKED_AGAIN - 2);
        }
    }
}
