//! ICMP echo requests of a given size, and probes that carry what tells them apart, with their
//! replies and the errors that quote them (RFC 792, RFC 4443 sections 2.4 and 4).

use super::wire::{Malformed, Reader, Unencodable};

/// Length of the header of an echo message, in bytes.
pub const HEADER: u16 = 8;

/// What fills a request, so that whoever sees one knows who sends it.
const FILL: &[u8] = b"rdpwatch path MTU ";

/// Protocol number of ICMP in an IPv4 header (IANA).
const PROTOCOL_ICMP: u8 = 1;

/// Which ICMP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Icmp {
    /// ICMP over IPv4.
    V4,
    /// ICMP over IPv6.
    V6,
}

impl Icmp {
    /// Length of the IP header in front, without options, in bytes.
    #[must_use]
    pub const fn ip_header(self) -> u16 {
        match self {
            Self::V4 => 20,
            Self::V6 => 40,
        }
    }

    const fn request(self) -> u8 {
        match self {
            Self::V4 => 8,
            Self::V6 => 128,
        }
    }

    const fn reply(self) -> u8 {
        match self {
            Self::V4 => 0,
            Self::V6 => 129,
        }
    }
}

/// The identifier and the number that tell echo messages apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EchoNumber {
    /// Identifier: whose.
    pub id: u16,
    /// Sequence number: which.
    pub seq: u16,
}

/// An echo request that makes an IP packet of `packet` bytes, header included.
///
/// The checksum is that of IPv4; for IPv6 it is zero and the kernel's to fill (RFC 3542 section
/// 3.1).
///
/// # Errors
/// [`Unencodable`] when the headers alone are longer.
pub fn encode_request(icmp: Icmp, number: EchoNumber, packet: u16) -> Result<Vec<u8>, Unencodable> {
    let length = packet
        .checked_sub(icmp.ip_header())
        .filter(|length| *length >= HEADER)
        .ok_or(Unencodable("an echo request shorter than its headers"))?;
    Ok(message(icmp.request(), icmp, number, length))
}

/// An echo reply with a body like a request's, `length` bytes of ICMP; for tests.
#[must_use]
pub fn encode_reply(icmp: Icmp, number: EchoNumber, length: u16) -> Vec<u8> {
    message(icmp.reply(), icmp, number, length.max(HEADER))
}

fn message(kind: u8, icmp: Icmp, number: EchoNumber, length: u16) -> Vec<u8> {
    let mut out = vec![kind, 0, 0, 0];
    out.extend_from_slice(&number.id.to_be_bytes());
    out.extend_from_slice(&number.seq.to_be_bytes());
    let fill = FILL.iter().copied().cycle();
    out.extend(fill.take(usize::from(length).saturating_sub(usize::from(HEADER))));
    if icmp == Icmp::V4 {
        let [high, low] = checksum(&out).to_be_bytes();
        if let Some(slot) = out.get_mut(2..4) {
            slot.copy_from_slice(&[high, low]);
        }
    }
    out
}

/// Reads an echo reply: the whole ICMP message, without the IP header.
///
/// The checksum is not looked at: the kernel drops what does not fit it.
///
/// # Errors
/// [`Malformed`] with the offset of the first byte that no echo reply has; the length of `message`
/// when it is cut short.
pub fn parse_reply(icmp: Icmp, message: &[u8]) -> Result<EchoNumber, Malformed> {
    let cut = Malformed::at(message.len(), "cut short");
    let mut reader = Reader::new(message);
    let [kind, code] = reader.array().ok_or(cut)?;
    if kind != icmp.reply() {
        return Err(Malformed::at(0, "not an echo reply"));
    }
    if code != 0 {
        return Err(Malformed::at(1, "an echo reply has code 0"));
    }
    reader.be16().ok_or(cut)?;
    let id = reader.be16().ok_or(cut)?;
    let seq = reader.be16().ok_or(cut)?;
    Ok(EchoNumber { id, seq })
}

/// Length of the ICMP message of a probe, in bytes: 56 behind the header, as every ping sends.
pub const PROBE: usize = 64;

/// What fills the rest of a probe.
const PROBE_FILL: &[u8; PROBE - TAG_END] = b"rdpwatch echo request, RFC 792/4443!";

/// Where the cookie, the target, the number and the slot end.
const TAG_END: usize = 28;

/// What a probe carries to be known again; 20 bytes, big endian, behind the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag {
    /// A number that nobody can guess, of this run.
    pub cookie: u64,
    /// The target's number.
    pub target: u32,
    /// The probe's number; its low half is the sequence number of the header too.
    pub seq: u32,
    /// Where the sender keeps it.
    pub slot: u32,
}

impl Tag {
    /// The sequence number of the header.
    #[must_use]
    pub const fn short_seq(self) -> u16 {
        let [.., high, low] = self.seq.to_be_bytes();
        u16::from_be_bytes([high, low])
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            cookie: u64::from_be_bytes(reader.array()?),
            target: u32::from_be_bytes(reader.array()?),
            seq: u32::from_be_bytes(reader.array()?),
            slot: u32::from_be_bytes(reader.array()?),
        })
    }
}

/// A probe. A datagram socket replaces the identifier (icmp(7)).
#[must_use]
pub fn encode_probe(icmp: Icmp, id: u16, tag: Tag) -> [u8; PROBE] {
    let mut out = [0; PROBE];
    let mut place = 0_usize;
    let mut put = |bytes: &[u8]| {
        let end = place.saturating_add(bytes.len());
        if let Some(slot) = out.get_mut(place..end) {
            slot.copy_from_slice(bytes);
        }
        place = end;
    };
    put(&[icmp.request(), 0, 0, 0]);
    put(&id.to_be_bytes());
    put(&tag.short_seq().to_be_bytes());
    put(&tag.cookie.to_be_bytes());
    put(&tag.target.to_be_bytes());
    put(&tag.seq.to_be_bytes());
    put(&tag.slot.to_be_bytes());
    put(PROBE_FILL);
    let sum = if icmp == Icmp::V4 { checksum(&out) } else { 0 };
    if let Some(slot) = out.get_mut(2..4) {
        slot.copy_from_slice(&sum.to_be_bytes());
    }
    out
}

/// Reads the reply to a probe: the whole ICMP message, without the IP header. The identifier, and
/// what the probe carried. Whose it is the caller tells by the cookie.
///
/// # Errors
/// As [`parse_reply`]; and where the two sequence numbers differ, their offset.
pub fn parse_probe_reply(icmp: Icmp, message: &[u8]) -> Result<(u16, Tag), Malformed> {
    let number = parse_reply(icmp, message)?;
    let tag = tag_behind(message, number)?.ok_or(Malformed::at(message.len(), "cut short"))?;
    Ok((number.id, tag))
}

/// What an ICMP error quotes of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quoted {
    /// The numbers of its header.
    pub number: EchoNumber,
    /// What it carried; `None` where the error quotes the header alone, which RFC 792 permits.
    pub tag: Option<Tag>,
}

/// Reads the quoted packet of an ICMP error, without the IP header.
///
/// # Errors
/// [`Malformed`] when it is no echo request, or has no whole header; when only a part of the tag
/// is there, it counts as absent.
pub fn parse_quoted_probe(icmp: Icmp, quoted: &[u8]) -> Result<Quoted, Malformed> {
    let cut = Malformed::at(quoted.len(), "cut short");
    let mut reader = Reader::new(quoted);
    let [kind, code] = reader.array().ok_or(cut)?;
    if kind != icmp.request() {
        return Err(Malformed::at(0, "not an echo request"));
    }
    if code != 0 {
        return Err(Malformed::at(1, "an echo request has code 0"));
    }
    reader.be16().ok_or(cut)?;
    let id = reader.be16().ok_or(cut)?;
    let seq = reader.be16().ok_or(cut)?;
    let number = EchoNumber { id, seq };
    Ok(Quoted { number, tag: tag_behind(quoted, number)? })
}

/// The tag behind the header of a message, where all of it is there.
fn tag_behind(message: &[u8], number: EchoNumber) -> Result<Option<Tag>, Malformed> {
    let behind = message.get(usize::from(HEADER)..).unwrap_or_default();
    match Tag::read(&mut Reader::new(behind)) {
        Some(tag) if tag.short_seq() != number.seq => {
            Err(Malformed::at(6, "not the sequence number inside"))
        }
        tag => Ok(tag),
    }
}

/// What follows the IPv4 header of `packet`, as a raw socket delivers it (raw(7)).
///
/// # Errors
/// [`Malformed`] when the header is cut short, is not IPv4 or does not announce ICMP.
pub fn behind_ipv4_header(packet: &[u8]) -> Result<&[u8], Malformed> {
    let cut = Malformed::at(packet.len(), "cut short");
    let first = *packet.first().ok_or(cut)?;
    let length = usize::from(first & 0x0f).saturating_mul(4);
    if first >> 4 != 4 || length < usize::from(Icmp::V4.ip_header()) {
        return Err(Malformed::at(0, "not an IPv4 header"));
    }
    let behind = packet.get(length..).ok_or(cut)?;
    match packet.get(9) {
        Some(&PROTOCOL_ICMP) => Ok(behind),
        _ => Err(Malformed::at(9, "not ICMP")),
    }
}

/// The Internet checksum (RFC 1071).
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| match pair {
        [high, low] => u16::from_be_bytes([*high, *low]),
        [high] => u16::from_be_bytes([*high, 0]),
        _ => 0,
    });
    let sum = words.fold(0_u16, |sum, word| {
        let (sum, carried) = sum.overflowing_add(word);
        sum.wrapping_add(u16::from(carried))
    });
    !sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::oracle;
    use crate::proto::testing::hex;
    use proptest::prelude::*;

    const NUMBER: EchoNumber = EchoNumber { id: 0x1234, seq: 7 };

    #[test]
    fn a_request_is_byte_for_byte_this() {
        // type 8, code 0, checksum, id, seq, "rdpw"
        let small = encode_request(Icmp::V4, NUMBER, 32).unwrap();
        assert_eq!(small, hex("0800 02e9 1234 0007 72647077"));
        assert_eq!(checksum(&small), 0, "sums up to nothing");
        // type 128, code 0, no checksum, id, seq, "rdpw"
        let small = encode_request(Icmp::V6, NUMBER, 52).unwrap();
        assert_eq!(small, hex("8000 0000 1234 0007 72647077"));
        for (icmp, packet) in [(Icmp::V4, 1500), (Icmp::V6, 1280)] {
            let length = encode_request(icmp, NUMBER, packet).unwrap().len();
            assert_eq!(length, usize::from(packet - icmp.ip_header()));
        }
        assert!(encode_request(Icmp::V4, NUMBER, 27).is_err());
        assert!(encode_request(Icmp::V6, NUMBER, 47).is_err());
        assert_eq!(encode_request(Icmp::V4, NUMBER, 28).unwrap().len(), 8);
    }

    #[test]
    fn the_checksum_is_that_of_rfc_1071() {
        // RFC 1071 section 3: the sum of these is ddf2.
        assert_eq!(checksum(&hex("0001 f203 f4f5 f6f7")), !0xddf2);
        assert_eq!(checksum(&hex("0001 f203 f4f5 f6")), !0xdcfb);
        assert_eq!(checksum(&[]), 0xffff);
    }

    #[test]
    fn real_replies_are_read() {
        // Linux 6.1: ping -c 1 -s 4 127.0.0.1, as a raw socket delivers it.
        let packet =
            hex("45000020 7a3f0000 4001 0000 7f000001 7f000001 | 0000 7a6e 0001 0001 84840000"
                .replace('|', "")
                .as_str());
        let message = behind_ipv4_header(&packet).unwrap();
        assert_eq!(parse_reply(Icmp::V4, message), Ok(EchoNumber { id: 1, seq: 1 }));
        let message = hex("8100 7a6e 0001 0002 84840000");
        assert_eq!(parse_reply(Icmp::V6, &message), Ok(EchoNumber { id: 1, seq: 2 }));
        oracle::icmp_echo(&packet);
        oracle::icmp_echo(&message);
    }

    #[test]
    fn every_prefix_is_cut_short() {
        for icmp in [Icmp::V4, Icmp::V6] {
            let whole = encode_reply(icmp, NUMBER, 20);
            for length in 0..whole.len() {
                let found = parse_reply(icmp, &whole[..length]);
                let expected =
                    if length < 8 { Err(Malformed::at(length, "cut short")) } else { Ok(NUMBER) };
                assert_eq!(found, expected, "{length}");
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_offset() {
        let request = encode_request(Icmp::V4, NUMBER, 60).unwrap();
        assert_eq!(parse_reply(Icmp::V4, &request), Err(Malformed::at(0, "not an echo reply")));
        let mut coded = encode_reply(Icmp::V4, NUMBER, 20);
        coded[1] = 1;
        assert_eq!(parse_reply(Icmp::V4, &coded).unwrap_err().offset, 1);
        for (packet, offset) in [
            ("60000000", 0),
            ("44000000", 0),
            ("4500", 2),
            ("4f000020 00000000 4001 0000 7f000001 7f000001", 20),
            ("45000020 00000000 4011 0000 7f000001 7f000001", 9),
        ] {
            assert_eq!(behind_ipv4_header(&hex(packet)).unwrap_err().offset, offset, "{packet}");
        }
    }

    const TAG: Tag =
        Tag { cookie: 0x0102_0304_0506_0708, target: 70_000, seq: 0x8_0007, slot: 0xfff };

    #[test]
    fn a_probe_is_byte_for_byte_this() {
        // cookie, target 70 000, number 0x80007, slot 0xfff, "rdpw…"
        let inside = "0102030405060708 00011170 00080007 00000fff 7264707761746368";
        let probe = encode_probe(Icmp::V6, 0x1234, TAG);
        assert!(probe.starts_with(&hex(&format!("8000 0000 1234 0007 {inside}"))), "{probe:02x?}");
        assert!(probe.ends_with(b"echo request, RFC 792/4443!"));
        let probe = encode_probe(Icmp::V4, 0x1234, TAG);
        assert_eq!(checksum(&probe), 0, "sums up to nothing");
        assert_eq!((probe[0], &probe[4..8]), (8, &hex("1234 0007")[..]));
        assert_eq!(usize::from(Icmp::V4.ip_header()) + probe.len(), 84, "as ping sends");
    }

    /// The reply to a probe, as a host makes it.
    fn reply_to(icmp: Icmp, probe: [u8; PROBE]) -> [u8; PROBE] {
        let mut reply = probe;
        reply[0] = icmp.reply();
        reply
    }

    #[test]
    fn every_prefix_of_a_reply_to_a_probe_is_cut_short() {
        for icmp in [Icmp::V4, Icmp::V6] {
            let whole = reply_to(icmp, encode_probe(icmp, 9, TAG));
            for length in 0..=whole.len() {
                let found = parse_probe_reply(icmp, &whole[..length]);
                let cut = Err(Malformed::at(length, "cut short"));
                assert_eq!(found, if length < TAG_END { cut } else { Ok((9, TAG)) }, "{length}");
            }
        }
    }

    #[test]
    fn every_prefix_of_a_quoted_probe_is_read_as_far_as_it_goes() {
        for icmp in [Icmp::V4, Icmp::V6] {
            let whole = encode_probe(icmp, 9, TAG);
            for length in 0..=whole.len() {
                let number = EchoNumber { id: 9, seq: 7 };
                let expected = match length {
                    0..8 => Err(Malformed::at(length, "cut short")),
                    8..28 => Ok(Quoted { number, tag: None }),
                    _ => Ok(Quoted { number, tag: Some(TAG) }),
                };
                assert_eq!(parse_quoted_probe(icmp, &whole[..length]), expected, "{length}");
            }
        }
    }

    #[test]
    fn a_reply_with_two_numbers_is_none_of_ours() {
        let mut reply = reply_to(Icmp::V4, encode_probe(Icmp::V4, 9, TAG));
        reply[7] ^= 1;
        assert_eq!(parse_probe_reply(Icmp::V4, &reply).unwrap_err().offset, 6);
        let request = encode_probe(Icmp::V4, 9, TAG);
        assert_eq!(parse_probe_reply(Icmp::V4, &request).unwrap_err().offset, 0);
        assert_eq!(parse_quoted_probe(Icmp::V4, &reply).unwrap_err().offset, 0);
        assert_eq!(parse_quoted_probe(Icmp::V6, &request).unwrap_err().offset, 0);
        let mut coded = request;
        coded[1] = 3;
        assert_eq!(parse_quoted_probe(Icmp::V4, &coded).unwrap_err().offset, 1);
    }

    proptest! {
        #[test]
        fn probes_come_back_as_they_went(
            cookie: u64, target: u32, seq: u32, slot: u32, id: u16, v6: bool,
        ) {
            let icmp = if v6 { Icmp::V6 } else { Icmp::V4 };
            let tag = Tag { cookie, target, seq, slot };
            let probe = encode_probe(icmp, id, tag);
            prop_assert_eq!(parse_probe_reply(icmp, &reply_to(icmp, probe)), Ok((id, tag)));
            let number = EchoNumber { id, seq: tag.short_seq() };
            let quoted = Quoted { number, tag: Some(tag) };
            prop_assert_eq!(parse_quoted_probe(icmp, &probe), Ok(quoted));
            oracle::icmp_echo(&probe);
        }
    }

    proptest! {
        #[test]
        fn replies_come_back_as_they_went(id: u16, seq: u16, length in 8_u16..1500, v6: bool) {
            let icmp = if v6 { Icmp::V6 } else { Icmp::V4 };
            let number = EchoNumber { id, seq };
            let bytes = encode_reply(icmp, number, length);
            prop_assert_eq!(parse_reply(icmp, &bytes), Ok(number));
            oracle::icmp_echo(&bytes);
        }

        #[test]
        fn any_bytes_keep_the_promises(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            oracle::icmp_echo(&bytes);
        }
    }
}
