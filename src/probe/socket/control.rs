//! Control messages of a received datagram (cmsg(3)), read from the bytes that the kernel wrote:
//! when the packet came, its hop limit, an ICMP error or the stamp of a packet sent.
//!
//! Reading is total: what is cut short, too long or unknown is left out.

use nix::libc;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A length in front of every message, then its level and its type.
const LENGTH: usize = size_of::<libc::size_t>();
const HEADER: usize = LENGTH + 8;

/// Length of a name with an IPv6 address; one of IPv4 is shorter (ip(7), ipv6(7)).
pub(crate) const NAME: usize = 28;

/// What the control messages of one datagram say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Control {
    /// When the kernel received the packet, or sent it, in nanoseconds of the wall clock since
    /// 1970.
    pub(crate) stamp: Option<u64>,
    /// Hop limit of the packet.
    pub(crate) ttl: Option<u8>,
    /// How many datagrams the socket had dropped before this one, for want of room.
    pub(crate) drops: Option<u32>,
    /// An entry of the error queue.
    pub(crate) entry: Option<Entry>,
}

/// An entry of the error queue (`struct sock_extended_err`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where it comes from: `SO_EE_ORIGIN_…`.
    pub(crate) origin: u8,
    /// ICMP type.
    pub(crate) kind: u8,
    /// ICMP code.
    pub(crate) code: u8,
    /// Which packet was sent, for a stamp.
    pub(crate) data: u32,
    /// Who sent the ICMP error.
    pub(crate) offender: Option<IpAddr>,
}

/// Reads all control messages of a datagram.
pub(crate) fn parse(mut bytes: &[u8]) -> Control {
    let mut found = Control::default();
    while let Some((level, kind, data, rest)) = next(bytes) {
        match (level, kind) {
            (libc::SOL_SOCKET, libc::SCM_TIMESTAMPING) => found.stamp = stamp(data),
            (libc::IPPROTO_IP, libc::IP_TTL) | (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT) => {
                found.ttl =
                    data.first_chunk().and_then(|int| u8::try_from(i32::from_ne_bytes(*int)).ok());
            }
            (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => {
                found.drops = data.first_chunk().map(|int| u32::from_ne_bytes(*int));
            }
            (libc::IPPROTO_IP, libc::IP_RECVERR) | (libc::IPPROTO_IPV6, libc::IPV6_RECVERR) => {
                found.entry = entry(data);
            }
            _ => {}
        }
        bytes = rest;
    }
    found
}

/// Level, type and data of the first message, and what follows it.
fn next(bytes: &[u8]) -> Option<(i32, i32, &[u8], &[u8])> {
    let (length, behind) = bytes.split_first_chunk::<LENGTH>()?;
    let length = usize::from_ne_bytes(*length);
    let (level, behind) = behind.split_first_chunk()?;
    let (kind, _) = behind.split_first_chunk()?;
    let data = bytes.get(HEADER..length)?;
    let aligned = length.checked_next_multiple_of(LENGTH)?;
    let rest = bytes.get(aligned..).unwrap_or_default();
    Some((i32::from_ne_bytes(*level), i32::from_ne_bytes(*kind), data, rest))
}

/// The first of the three times of `struct scm_timestamping`, the software's; `None` for zero.
fn stamp(data: &[u8]) -> Option<u64> {
    let (seconds, nanos) = if data.len() >= 48 {
        let (seconds, rest) = data.split_first_chunk()?;
        let nanos = rest.first_chunk()?;
        (i64::from_ne_bytes(*seconds), i64::from_ne_bytes(*nanos))
    } else {
        let (seconds, rest) = data.split_first_chunk()?;
        let nanos = rest.first_chunk()?;
        (i32::from_ne_bytes(*seconds).into(), i32::from_ne_bytes(*nanos).into())
    };
    let nanos = u64::try_from(nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    let seconds = u64::try_from(seconds).ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos).filter(|stamp| *stamp > 0)
}

fn entry(data: &[u8]) -> Option<Entry> {
    let (_errno, rest) = data.split_first_chunk::<4>()?;
    let ([origin, kind, code, _padding], rest) = rest.split_first_chunk()?;
    let (_info, rest) = rest.split_first_chunk::<4>()?;
    let (number, rest) = rest.split_first_chunk()?;
    Some(Entry {
        origin: *origin,
        kind: *kind,
        code: *code,
        data: u32::from_ne_bytes(*number),
        offender: address(rest),
    })
}

/// The address in the bytes of a `sockaddr_in` or `sockaddr_in6`.
pub(crate) fn address(name: &[u8]) -> Option<IpAddr> {
    let (family, rest) = name.split_first_chunk()?;
    match i32::from(u16::from_ne_bytes(*family)) {
        libc::AF_INET => {
            let octets: &[u8; 4] = rest.get(2..)?.first_chunk()?;
            Some(IpAddr::V4(Ipv4Addr::from(*octets)))
        }
        libc::AF_INET6 => {
            let octets: &[u8; 16] = rest.get(6..)?.first_chunk()?;
            Some(IpAddr::V6(Ipv6Addr::from(*octets)).to_canonical())
        }
        _ => None,
    }
}

/// The bytes of a `sockaddr_in` or `sockaddr_in6` with port 0, and how many of them count.
pub(crate) fn name(address: IpAddr, scope: u32) -> ([u8; NAME], u32) {
    let mut out = [0_u8; NAME];
    let mut put = |place: usize, bytes: &[u8]| {
        if let Some(slot) = out.get_mut(place..place.saturating_add(bytes.len())) {
            slot.copy_from_slice(bytes);
        }
    };
    let family = |family: i32| u16::try_from(family).unwrap_or(0).to_ne_bytes();
    let length = match address {
        IpAddr::V4(v4) => {
            put(0, &family(libc::AF_INET));
            put(4, &v4.octets());
            16
        }
        IpAddr::V6(v6) => {
            put(0, &family(libc::AF_INET6));
            put(8, &v6.octets());
            put(24, &scope.to_ne_bytes());
            28
        }
    };
    (out, length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(level: i32, kind: i32, data: &[u8]) -> Vec<u8> {
        let mut out = (HEADER + data.len()).to_ne_bytes().to_vec();
        out.extend(level.to_ne_bytes());
        out.extend(kind.to_ne_bytes());
        out.extend(data);
        out.resize(out.len().next_multiple_of(LENGTH), 0);
        out
    }

    fn times(seconds: i64, nanos: i64) -> Vec<u8> {
        let mut data = [seconds.to_ne_bytes(), nanos.to_ne_bytes()].concat();
        data.resize(48, 0);
        data
    }

    fn refusal(origin: u8, from: &[u8]) -> Vec<u8> {
        let mut data = 113_u32.to_ne_bytes().to_vec();
        data.extend([origin, 3, 13, 0]);
        data.extend(0_u32.to_ne_bytes());
        data.extend(77_u32.to_ne_bytes());
        data.extend(from);
        data
    }

    /// Everything at once: a stamp, a hop limit, an error from 10.0.0.1.
    fn all() -> Vec<u8> {
        let (from, length) = name([10, 0, 0, 1].into(), 0);
        let from = &from[..usize::try_from(length).unwrap()];
        [
            message(libc::SOL_SOCKET, libc::SCM_TIMESTAMPING, &times(5, 7)),
            message(libc::IPPROTO_IP, libc::IP_TTL, &64_i32.to_ne_bytes()),
            message(libc::SOL_SOCKET, 9_999, b"unknown"),
            message(libc::SOL_SOCKET, libc::SO_RXQ_OVFL, &8_u32.to_ne_bytes()),
            message(libc::IPPROTO_IP, libc::IP_RECVERR, &refusal(2, from)),
        ]
        .concat()
    }

    #[test]
    fn every_message_is_read() {
        let entry =
            Entry { origin: 2, kind: 3, code: 13, data: 77, offender: Some([10, 0, 0, 1].into()) };
        let expected = Control {
            stamp: Some(5_000_000_007),
            ttl: Some(64),
            drops: Some(8),
            entry: Some(entry),
        };
        assert_eq!(parse(&all()), expected);
        let six: IpAddr = "fe80::7".parse().unwrap();
        let (from, _) = name(six, 3);
        let bytes = message(libc::IPPROTO_IPV6, libc::IPV6_RECVERR, &refusal(3, &from));
        assert_eq!(parse(&bytes).entry.unwrap().offender, Some(six));
    }

    #[test]
    fn a_prefix_says_less_and_never_something_else() {
        let whole = all();
        let full = parse(&whole);
        for length in 0..whole.len() {
            let found = parse(&whole[..length]);
            for (found, full) in [
                (found.stamp.map(u128::from), full.stamp.map(u128::from)),
                (found.ttl.map(u128::from), full.ttl.map(u128::from)),
                (found.drops.map(u128::from), full.drops.map(u128::from)),
            ] {
                assert!(found.is_none() || found == full, "{length}");
            }
            assert!(found.entry.is_none() || found.entry == full.entry, "{length}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        let odd = |level, kind, data: &[u8]| parse(&message(level, kind, data));
        let nothing = Control::default();
        for data in
            [times(0, 0), times(-1, 0), times(1, 1_000_000_000), times(i64::MAX, 0), vec![1]]
        {
            assert_eq!(odd(libc::SOL_SOCKET, libc::SCM_TIMESTAMPING, &data), nothing, "{data:?}");
        }
        assert_eq!(odd(libc::IPPROTO_IP, libc::IP_TTL, &256_i32.to_ne_bytes()), nothing);
        assert_eq!(odd(libc::IPPROTO_IP, libc::IP_TTL, &[]), nothing);
        assert_eq!(odd(libc::IPPROTO_IP, libc::IP_RECVERR, &[0; 15]), nothing);
        // A length of nothing, and one beyond everything.
        for length in [0, 1, HEADER - 1, usize::MAX, usize::MAX - 8] {
            let mut bytes = all();
            bytes[..LENGTH].copy_from_slice(&length.to_ne_bytes());
            assert_eq!(parse(&bytes), nothing, "{length}");
        }
    }

    #[test]
    fn names_come_back_as_they_went() {
        for text in ["192.0.2.1", "2001:db8::1", "::1"] {
            let ip: IpAddr = text.parse().unwrap();
            let (bytes, length) = name(ip, 4);
            assert_eq!(address(&bytes), Some(ip));
            assert_eq!(length, if ip.is_ipv6() { 28 } else { 16 });
            for cut in 0..if ip.is_ipv6() { 24 } else { 8 } {
                assert_eq!(address(&bytes[..cut]), None, "{text} {cut}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            parse(&bytes);
            address(&bytes);
        }
    }
}
