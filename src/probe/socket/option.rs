//! Socket options of Linux that no crate here knows by name.
#![expect(unsafe_code, reason = "getsockopt and setsockopt take a pointer and its length")]

use nix::libc;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Lets datagrams leave with the don't-fragment bit and as large as the interface carries,
/// whatever the kernel remembers of the path (ip(7), ipv6(7): `IP_PMTUDISC_PROBE`).
///
/// # Errors
/// Those of setsockopt(2).
pub(crate) fn probe_path_mtu(socket: &impl AsFd, v6: bool) -> io::Result<()> {
    if v6 {
        let mode = libc::IPV6_PMTUDISC_PROBE;
        set(socket, libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER, mode)
    } else {
        set(socket, libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, libc::IP_PMTUDISC_PROBE)
    }
}

/// The MTU that the kernel knows for the way of a connected socket, in bytes.
///
/// # Errors
/// Those of getsockopt(2).
pub(crate) fn known_mtu(socket: &impl AsFd, v6: bool) -> io::Result<u32> {
    let mut value = [0_u8; 4];
    let length = if v6 {
        get(socket, libc::IPPROTO_IPV6, libc::IPV6_MTU, &mut value)?
    } else {
        get(socket, libc::IPPROTO_IP, libc::IP_MTU, &mut value)?
    };
    if length == value.len() {
        Ok(u32::from_ne_bytes(value))
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}

/// Sets an option that is one int.
///
/// # Errors
/// Those of setsockopt(2).
pub(crate) fn set(socket: &impl AsFd, level: i32, name: i32, value: i32) -> io::Result<()> {
    set_bytes(socket, level, name, &value.to_ne_bytes())
}

/// Sets an option that is a structure, given as its bytes.
///
/// # Errors
/// Those of setsockopt(2).
pub(crate) fn set_bytes(socket: &impl AsFd, level: i32, name: i32, bytes: &[u8]) -> io::Result<()> {
    let length = libc::socklen_t::try_from(bytes.len()).map_err(io::Error::other)?;
    // SAFETY: the descriptor is borrowed for the call, and the kernel reads `length` bytes from a
    // buffer that has as many.
    let result = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            level,
            name,
            bytes.as_ptr().cast::<libc::c_void>(),
            length,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Reads an option into `buffer` and returns how many bytes of it the kernel wrote.
///
/// # Errors
/// Those of getsockopt(2).
pub(crate) fn get(
    socket: &impl AsFd,
    level: i32,
    name: i32,
    buffer: &mut [u8],
) -> io::Result<usize> {
    let mut length = libc::socklen_t::try_from(buffer.len()).map_err(io::Error::other)?;
    // SAFETY: the descriptor is borrowed for the call, and the kernel writes at most `length` bytes
    // into a buffer that has as many, and into `length` how many it wrote.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            level,
            name,
            buffer.as_mut_ptr().cast::<libc::c_void>(),
            &raw mut length,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(usize::try_from(length).unwrap_or(0).min(buffer.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use socket2::{Domain, Socket, Type};
    use std::net::SocketAddr;

    #[test]
    fn a_connected_socket_knows_its_mtu_and_refuses_what_is_larger() {
        let to: SocketAddr = "127.0.0.1:9".parse().unwrap();
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
        assert!(known_mtu(&socket, false).is_err(), "not connected");
        probe_path_mtu(&socket, false).unwrap();
        socket.connect(&to.into()).unwrap();
        assert!(known_mtu(&socket, false).unwrap() >= 1_280);
        let mut short = [0_u8; 2];
        assert_eq!(get(&socket, libc::IPPROTO_IP, libc::IP_MTU, &mut short).unwrap(), 2);
        assert!(get(&socket, libc::IPPROTO_IP, -1, &mut short).is_err());
    }
}
