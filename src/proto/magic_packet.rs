//! Wake-on-LAN magic packets (AMD, "Magic Packet Technology", publication 20213) and the Ethernet
//! frame that carries one without IP.

use crate::domain::mac::MacAddr;

/// Six bytes of 0xff in front of the addresses.
const SYNC: [u8; 6] = [0xff; 6];
const REPEATS: usize = 16;
/// Length of a packet without password, in bytes.
pub const LENGTH: usize = 102;
/// `EtherType` of Wake-on-LAN (IEEE registration, used by `etherwake`).
pub const ETHER_TYPE: u16 = 0x0842;

/// The password that a network card with SecureOn asks for behind the addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecureOn {
    /// Six bytes, written like a hardware address.
    Six([u8; 6]),
    /// Four bytes, written like an IPv4 address (`etherwake` only).
    Four([u8; 4]),
}

impl SecureOn {
    /// The bytes on the wire.
    #[must_use]
    pub const fn bytes(&self) -> &[u8] {
        match self {
            Self::Six(bytes) => bytes,
            Self::Four(bytes) => bytes,
        }
    }
}

impl From<MacAddr> for SecureOn {
    fn from(password: MacAddr) -> Self {
        Self::Six(password.0)
    }
}

/// The packet that wakes `mac`: 102 bytes, and the password behind them.
#[must_use]
pub fn encode(mac: MacAddr, password: Option<SecureOn>) -> Vec<u8> {
    let mut out = SYNC.to_vec();
    for _ in 0..REPEATS {
        out.extend_from_slice(&mac.0);
    }
    out.extend_from_slice(password.as_ref().map_or(&[], SecureOn::bytes));
    out
}

/// The first magic packet for a unicast address in `bytes`, wherever its sync stream stands.
///
/// The password is what follows it to the end, when that is exactly four or six bytes.
#[must_use]
pub fn find(bytes: &[u8]) -> Option<(MacAddr, Option<SecureOn>)> {
    bytes.windows(LENGTH).enumerate().find_map(|(start, window)| {
        let mac = parse(window)?;
        let behind = bytes.get(start.saturating_add(LENGTH)..).unwrap_or_default();
        let six = behind.try_into().map(SecureOn::Six);
        let password = six.or_else(|_| behind.try_into().map(SecureOn::Four)).ok();
        Some((mac, password))
    })
}

/// The address of `window`, when it is a whole packet without password.
fn parse(window: &[u8]) -> Option<MacAddr> {
    let addresses = window.strip_prefix(&SYNC)?;
    let (first, _) = addresses.split_first_chunk::<6>()?;
    let mac = MacAddr(*first).require_unicast().ok()?;
    addresses.chunks(6).all(|address| address == first).then_some(mac)
}

/// An Ethernet II frame without its check sequence: `destination`, `source`, 0x0842, `payload`.
#[must_use]
pub fn ethernet_frame(destination: MacAddr, source: MacAddr, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len().saturating_add(14));
    out.extend_from_slice(&destination.0);
    out.extend_from_slice(&source.0);
    out.extend_from_slice(&ETHER_TYPE.to_be_bytes());
    out.extend_from_slice(payload);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::oracle;
    use crate::proto::testing::hex;
    use proptest::prelude::*;

    const MAC: MacAddr = MacAddr([0x02, 0x77, 0x1a, 0x2b, 0x3c, 0x4d]);

    #[test]
    fn a_packet_is_the_sync_stream_and_sixteen_addresses() {
        let golden = hex(&format!("ffffffffffff {}", "02771a2b3c4d ".repeat(16)));
        assert_eq!(encode(MAC, None), golden);
        assert_eq!(golden.len(), LENGTH);
        let password = SecureOn::Six([0, 1, 2, 3, 4, 5]);
        let with = encode(MAC, Some(password));
        assert_eq!(with.len(), 108);
        assert_eq!(with[LENGTH..], [0, 1, 2, 3, 4, 5]);
        assert_eq!(find(&with), Some((MAC, Some(password))));
        let password = SecureOn::Four([10, 0, 0, 1]);
        assert_eq!(find(&encode(MAC, Some(password))), Some((MAC, Some(password))));
    }

    #[test]
    fn a_packet_is_found_anywhere_but_never_in_part() {
        let packet = encode(MAC, None);
        for before in 0..20 {
            // More 0xff in front must not shift the address.
            let mut datagram = vec![0xff; before];
            datagram.extend_from_slice(&packet);
            datagram.extend_from_slice(b"behind");
            let found = find(&datagram).map(|(mac, _)| mac);
            assert_eq!(found, Some(MAC), "{before}");
        }
        for length in 0..LENGTH {
            assert_eq!(find(&packet[..length]), None, "{length}");
        }
        for index in 0..LENGTH {
            let mut broken = packet.clone();
            broken[index] ^= 0x10;
            assert_eq!(find(&broken), None, "{index}");
        }
        assert_eq!(find(&[0xff; 300]), None, "broadcast wakes nobody");
    }

    #[test]
    fn a_frame_is_addresses_type_and_packet() {
        let broadcast = MacAddr([0xff; 6]);
        let frame = ethernet_frame(broadcast, MAC, &encode(MAC, None));
        assert_eq!(frame[..14], hex("ffffffffffff 02771a2b3c4d 0842")[..]);
        assert_eq!(frame.len(), 116);
        assert_eq!(find(&frame), Some((MAC, None)));
    }

    proptest! {
        #[test]
        fn any_bytes_hold_the_oracle(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            oracle::magic_packet(&bytes);
        }

        #[test]
        fn surrounded_packets_hold_the_oracle(
            mac in any::<[u8; 6]>(),
            before in prop::collection::vec(any::<u8>(), 0..40),
            behind in prop::collection::vec(any::<u8>(), 0..12),
        ) {
            let bytes = [before, encode(MacAddr(mac), None), behind].concat();
            oracle::magic_packet(&bytes);
            let woken = MacAddr(mac).require_unicast().is_ok();
            prop_assert!(!woken || find(&bytes).is_some());
        }
    }
}
