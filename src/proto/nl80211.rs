//! Questions about this machine's Wi-Fi and the kernel's answers (generic netlink,
//! `linux/genetlink.h` and `linux/nl80211.h`): which interfaces are stations, which access point
//! each is connected to, and how strongly it hears it. No privilege is needed.

use super::netlink::{DUMP, HEADER, REQUEST, Refused, attribute, header, messages, u16_at, u32_at};
use crate::domain::mac::MacAddr;

/// `GENL_ID_CTRL`, which knows the numbers of the others.
pub const CONTROL: u16 = 0x10;
/// `struct genlmsghdr`: command, version, two bytes of nothing.
const GENERIC: usize = 4;
/// `CTRL_CMD_GETFAMILY`, `CTRL_ATTR_FAMILY_ID`, `CTRL_ATTR_FAMILY_NAME`.
const GET_FAMILY: u8 = 3;
const FAMILY_ID: u16 = 1;
const FAMILY_NAME: u16 = 2;
/// `NL80211_CMD_GET_INTERFACE`, `NL80211_CMD_NEW_INTERFACE`.
const GET_INTERFACE: u8 = 5;
const NEW_INTERFACE: u8 = 7;
/// `NL80211_CMD_GET_STATION`, `NL80211_CMD_NEW_STATION`.
const GET_STATION: u8 = 17;
const NEW_STATION: u8 = 19;
/// `NL80211_ATTR_IFINDEX`, `_IFTYPE`, `_MAC`, `_STA_INFO`.
const INDEX: u16 = 3;
const TYPE: u16 = 5;
const MAC: u16 = 6;
const STATION: u16 = 21;
/// `NL80211_STA_INFO_SIGNAL`: of the last packet, in dBm.
const SIGNAL: u16 = 7;
/// `NL80211_IFTYPE_STATION`.
const IS_STATION: u32 = 2;
/// The kind of an attribute, less what says how it is coded (`NLA_F_NESTED`).
const NESTED: u16 = 0x8000;

/// The access point that a station is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Kernel index of the interface.
    pub index: u32,
    /// Its BSSID.
    pub access_point: MacAddr,
    /// How strongly it is heard, in dBm.
    pub signal: Option<i16>,
}

/// Asks for the number of this family.
#[must_use]
pub fn family_question() -> Vec<u8> {
    message(CONTROL, REQUEST, GET_FAMILY, &[field(FAMILY_NAME, b"nl80211\0")].concat())
}

/// The number of the family, in an answer to [`family_question`].
///
/// # Errors
/// [`Refused`]: without Wi-Fi in the kernel there is no such family.
pub fn decode_family(datagram: &[u8]) -> Result<Option<u16>, Refused> {
    let mut found = None;
    messages(datagram, CONTROL, |body| {
        let fields = body.get(GENERIC..).unwrap_or_default();
        found = found.or(attribute(fields, FAMILY_ID).and_then(|id| u16_at(id, 0)));
    })?;
    Ok(found)
}

/// Asks for every wireless interface.
#[must_use]
pub fn interfaces_question(family: u16) -> Vec<u8> {
    message(family, DUMP, GET_INTERFACE, &[])
}

/// Reads the indices of those that are stations, and no access points themselves; whether the
/// datagram ended the answer.
///
/// # Errors
/// [`Refused`]; what stood before it is kept.
pub fn decode_interfaces(
    family: u16,
    datagram: &[u8],
    stations: &mut Vec<u32>,
) -> Result<bool, Refused> {
    messages(datagram, family, |body| {
        let Some(fields) = fields(body, NEW_INTERFACE) else { return };
        let number = |kind| attribute(fields, kind).and_then(|value| u32_at(value, 0));
        if number(TYPE) == Some(IS_STATION) {
            stations.extend(number(INDEX));
        }
    })
}

/// Asks what the interface is connected to.
#[must_use]
pub fn peers_question(family: u16, index: u32) -> Vec<u8> {
    message(family, DUMP, GET_STATION, &field(INDEX, &index.to_ne_bytes()))
}

/// Reads the access points; whether the datagram ended the answer.
///
/// # Errors
/// [`Refused`]; what stood before it is kept.
pub fn decode_peers(family: u16, datagram: &[u8], peers: &mut Vec<Peer>) -> Result<bool, Refused> {
    messages(datagram, family, |body| peers.extend(peer(body)))
}

fn peer(body: &[u8]) -> Option<Peer> {
    let fields = fields(body, NEW_STATION)?;
    let index = u32_at(attribute(fields, INDEX)?, 0)?;
    let access_point = MacAddr(*attribute(fields, MAC)?.first_chunk()?);
    let station = attribute(fields, STATION).or_else(|| attribute(fields, STATION | NESTED));
    let signal = station.and_then(|facts| attribute(facts, SIGNAL)).and_then(<[u8]>::first);
    let signal = signal.map(|byte| i16::from(byte.cast_signed()));
    Some(Peer { index, access_point, signal: signal.filter(|dbm| (-127..0).contains(dbm)) })
}

/// The attributes of a message with this command.
fn fields(body: &[u8], command: u8) -> Option<&[u8]> {
    body.get(GENERIC..).filter(|_| body.first() == Some(&command))
}

/// The message that says this of a station: what [`decode_peers`] reads, for tests.
#[must_use]
pub fn peer_message(family: u16, peer: &Peer) -> Vec<u8> {
    let signal = peer.signal.and_then(|dbm| i8::try_from(dbm).ok());
    let facts = signal.map_or_else(Vec::new, |dbm| field(SIGNAL, &[dbm.cast_unsigned()]));
    let fields = [
        field(INDEX, &peer.index.to_ne_bytes()),
        field(MAC, &peer.access_point.0),
        field(STATION | NESTED, &facts),
    ];
    message(family, 2, NEW_STATION, &fields.concat())
}

fn message(family: u16, flags: u16, command: u8, fields: &[u8]) -> Vec<u8> {
    let mut bytes = header(HEADER + GENERIC + fields.len(), family, flags);
    bytes.extend([command, 1, 0, 0]);
    bytes.extend(fields);
    bytes
}

fn field(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + 8);
    bytes.extend(u16::try_from(payload.len() + 4).unwrap_or_default().to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::netlink::done;
    use crate::proto::oracle;
    use proptest::prelude::*;

    const FAMILY: u16 = 0x1c;
    const AP: MacAddr = MacAddr([0x02, 0x11, 0x22, 0x33, 0x44, 0x55]);

    fn peers(bytes: &[u8]) -> (Vec<Peer>, Result<bool, Refused>) {
        let mut peers = Vec::new();
        let end = decode_peers(FAMILY, bytes, &mut peers);
        (peers, end)
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn a_station_is_byte_for_byte_this() {
        let golden = [
            [0x38, 0, 0, 0, 0x1c, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0].as_slice(), // length 56, family
            &[19, 1, 0, 0],                                                    // NEW_STATION
            &[8, 0, 3, 0, 5, 0, 0, 0],                                         // IFINDEX 5
            &[10, 0, 6, 0, 0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0, 0],          // MAC
            &[12, 0, 21, 0x80],                                                // STA_INFO, nested
            &[5, 0, 7, 0, 0xaf, 0, 0, 0],                                      // SIGNAL -81 dBm
            &[0; 4],
        ]
        .concat();
        let whole = &golden[..52];
        let mut bytes = whole.to_vec();
        bytes[0] = 52;
        let peer = Peer { index: 5, access_point: AP, signal: Some(-81) };
        assert_eq!(peers(&bytes), (vec![peer], Ok(false)));
        assert_eq!(peer_message(FAMILY, &peer), bytes);
        assert_eq!(peers(whole), (vec![], Err(Refused::Misread)), "longer than there is");
        // Without its attribute nothing is known of the signal.
        let unknown = Peer { signal: None, ..peer };
        assert_eq!(peers(&peer_message(FAMILY, &unknown)).0, [unknown]);
    }

    #[test]
    fn questions_name_their_family_and_their_interface() {
        let bytes = family_question();
        assert_eq!(bytes[4..6], CONTROL.to_ne_bytes());
        assert_eq!(bytes[16], GET_FAMILY);
        assert!(bytes.ends_with(b"nl80211\0"), "{bytes:?}");
        assert_eq!(interfaces_question(FAMILY).len(), 20);
        let bytes = peers_question(FAMILY, 7);
        assert_eq!(bytes[..4], 28_u32.to_ne_bytes());
        assert_eq!(bytes[6..8], 0x301_u16.to_ne_bytes());
        assert!(bytes.ends_with(&7_u32.to_ne_bytes()));
    }

    #[test]
    fn the_number_of_the_family_is_read_and_its_absence_is_told() {
        let answer = message(
            CONTROL,
            0,
            1,
            &[field(FAMILY_NAME, b"nl80211\0"), field(FAMILY_ID, &FAMILY.to_ne_bytes())].concat(),
        );
        assert_eq!(decode_family(&answer), Ok(Some(FAMILY)));
        assert_eq!(decode_family(&done()), Ok(None));
        let mut refused = header(HEADER + 4, 2, 0);
        refused.extend((-2_i32).to_ne_bytes());
        assert_eq!(decode_family(&refused), Err(Refused::Kernel(2)));
    }

    #[test]
    fn an_access_point_of_ones_own_is_no_station() {
        let interface = |index: u32, kind: u32| {
            let fields = [field(INDEX, &index.to_ne_bytes()), field(TYPE, &kind.to_ne_bytes())];
            message(FAMILY, 2, NEW_INTERFACE, &fields.concat())
        };
        let answer = [interface(3, 2), interface(4, 3), interface(5, 2), done()].concat();
        let mut stations = Vec::new();
        assert_eq!(decode_interfaces(FAMILY, &answer, &mut stations), Ok(true));
        assert_eq!(stations, [3, 5]);
    }

    #[test]
    fn every_prefix_keeps_the_promises() {
        let one = peer_message(FAMILY, &Peer { index: 5, access_point: AP, signal: Some(-60) });
        let two = [one.clone(), one, done()].concat();
        for end in 0..=two.len() {
            oracle::nl80211(&two[..end]);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_keep_the_promises(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            oracle::nl80211(&bytes);
        }

        #[test]
        fn nearly_an_answer_does(at in 0..104_usize, byte: u8) {
            let one = peer_message(FAMILY, &Peer { index: 5, access_point: AP, signal: Some(-60) });
            let mut bytes = [one.clone(), one].concat();
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            oracle::nl80211(&bytes);
        }
    }
}
