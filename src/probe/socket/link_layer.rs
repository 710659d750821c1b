//! Ethernet frames without IP (packet(7)). Needs `CAP_NET_RAW`.

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{MsgFlags, sendto};
use socket2::{Domain, Socket, Type};
use std::io;
use std::os::fd::AsRawFd;

/// Sends `frame`, Ethernet header included, out of `interface`.
///
/// # Errors
/// [`io::ErrorKind::PermissionDenied`] without the capability, [`io::ErrorKind::NotFound`] when
/// there is no such interface or it has no link-layer address.
pub(crate) fn send_frame(interface: &str, frame: &[u8]) -> io::Result<()> {
    // Protocol 0: the socket sends, and receives nothing.
    let socket = Socket::new(Domain::PACKET, Type::RAW, None)?;
    // The kernel's own list has the ready-made address of the interface.
    let address = getifaddrs()?
        .filter(|entry| entry.interface_name == interface)
        .find_map(|entry| entry.address?.as_link_addr().copied())
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no link-layer address"))?;
    let sent = sendto(socket.as_raw_fd(), frame, &address, MsgFlags::MSG_DONTWAIT)?;
    if sent == frame.len() {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::WriteZero, "the frame was cut"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::socket::skipped;
    use crate::proto::magic_packet::ETHER_TYPE;
    use socket2::Protocol;
    use std::io::Read;
    use std::time::Duration;

    #[test]
    fn a_frame_leaves_as_it_was_made() {
        let protocol = Protocol::from(i32::from(ETHER_TYPE.to_be()));
        let mut receiver = match Socket::new(Domain::PACKET, Type::RAW, Some(protocol)) {
            Ok(receiver) => receiver,
            Err(error) => return skipped(&format!("no packet socket: {error}")),
        };
        receiver.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut frame = [0xff_u8; 6].to_vec();
        frame.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0x08, 0x42]);
        frame.extend_from_slice(b"to be told apart from other tests' frames");
        send_frame("lo", &frame).unwrap();
        let mut received = [0_u8; 256];
        loop {
            let length = receiver.read(&mut received).unwrap();
            if received[..length] == frame[..] {
                break;
            }
        }
    }

    #[test]
    fn an_interface_that_is_not_there_is_an_error() {
        let error = send_frame("no-such-if0", &[0; 60]).unwrap_err();
        let expected = [io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied];
        assert!(expected.contains(&error.kind()), "{error}");
    }
}
