//! What this machine itself can say about an address, without a packet.

use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};

/// The discard port (RFC 863): connecting a datagram socket sends nothing to it.
const ANY_PORT: u16 = 9;

/// EAFNOSUPPORT, which has no kind of its own: a kernel without IPv6.
#[cfg(unix)]
const NO_SUCH_FAMILY: i32 = nix::errno::Errno::EAFNOSUPPORT as i32;

/// WSAEAFNOSUPPORT, which has no kind of its own: a system without IPv6.
#[cfg(not(unix))]
const NO_SUCH_FAMILY: i32 = 10_047;

/// Whether this machine has a route to `address`. True when that cannot be found out.
#[must_use]
pub fn has_route(address: IpAddr) -> bool {
    let target = SocketAddr::new(address, ANY_PORT);
    let connected = Socket::new(Domain::for_address(target), Type::DGRAM, Some(Protocol::UDP))
        .and_then(|socket| socket.connect(&SockAddr::from(target)));
    let Err(error) = connected else { return true };
    let absent = matches!(
        error.kind(),
        ErrorKind::NetworkUnreachable
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::AddrNotAvailable
            | ErrorKind::Unsupported
    );
    !absent && error.raw_os_error() != Some(NO_SUCH_FAMILY)
}

/// The scope id of an IPv6 zone (RFC 4007 section 11): a number, or on Unix an interface's name.
/// `None` for a zone that this machine does not have.
#[must_use]
pub fn scope_id(zone: &str) -> Option<u32> {
    if zone.bytes().all(|byte| byte.is_ascii_digit()) {
        return zone.parse().ok().filter(|id| *id != 0);
    }
    #[cfg(unix)]
    return nix::net::if_::if_nametoindex(zone).ok();
    #[cfg(not(unix))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_has_a_route() {
        assert!(has_route(IpAddr::from([127, 0, 0, 1])));
    }

    #[test]
    fn a_zone_is_a_number_or_an_interface() {
        assert_eq!(scope_id("7"), Some(7));
        for zone in ["0", "", "-1", "4294967296", "no such zone", "a\0b"] {
            assert_eq!(scope_id(zone), None, "{zone}");
        }
        #[cfg(target_os = "linux")]
        assert_eq!(scope_id("lo"), Some(1));
    }
}
