//! What the errors of system calls mean: why this machine could not measure, or that nothing came.

use crate::domain::sample::LocalFault;
use std::io::{self, ErrorKind};

/// Why this machine could not send, from the error of a system call.
pub(crate) fn local_fault(error: &io::Error) -> LocalFault {
    match error.kind() {
        ErrorKind::PermissionDenied => LocalFault::NotPermitted,
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::NetworkDown => {
            LocalFault::NoRoute
        }
        ErrorKind::AddrNotAvailable | ErrorKind::InvalidInput => LocalFault::BadAddress,
        ErrorKind::OutOfMemory => LocalFault::NoBuffers,
        _ => error.raw_os_error().map_or(LocalFault::Other, by_number),
    }
}

/// Whether an established connection ended because nothing came through: the kernel gave up, or this machine lost its way there. Neither is the peer's doing.
pub(crate) fn is_silence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::TimedOut
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
    )
}

/// The errors that the standard library gives no kind of their own.
#[cfg(unix)]
fn by_number(number: i32) -> LocalFault {
    use nix::errno::Errno;
    match Errno::from_raw(number) {
        Errno::EMFILE | Errno::ENFILE => LocalFault::TooManyFiles,
        Errno::ENOBUFS | Errno::ENOMEM => LocalFault::NoBuffers,
        Errno::EAFNOSUPPORT | Errno::ENODEV | Errno::ENXIO => LocalFault::BadAddress,
        _ => LocalFault::Other,
    }
}

/// Winsock's numbers: WSAEMFILE, WSAENOBUFS, WSAEAFNOSUPPORT.
#[cfg(not(unix))]
const fn by_number(number: i32) -> LocalFault {
    match number {
        10_024 => LocalFault::TooManyFiles,
        10_055 => LocalFault::NoBuffers,
        10_047 => LocalFault::BadAddress,
        _ => LocalFault::Other,
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use nix::errno::Errno;

    #[test]
    fn every_local_error_has_its_reason() {
        for (errno, fault) in [
            (Errno::EPERM, LocalFault::NotPermitted),
            (Errno::EACCES, LocalFault::NotPermitted),
            (Errno::ENETUNREACH, LocalFault::NoRoute),
            (Errno::EHOSTUNREACH, LocalFault::NoRoute),
            (Errno::ENETDOWN, LocalFault::NoRoute),
            (Errno::EMFILE, LocalFault::TooManyFiles),
            (Errno::ENFILE, LocalFault::TooManyFiles),
            (Errno::ENOBUFS, LocalFault::NoBuffers),
            (Errno::ENOMEM, LocalFault::NoBuffers),
            (Errno::EINVAL, LocalFault::BadAddress),
            (Errno::EADDRNOTAVAIL, LocalFault::BadAddress),
            (Errno::EAFNOSUPPORT, LocalFault::BadAddress),
            (Errno::EPROTO, LocalFault::Other),
        ] {
            assert_eq!(local_fault(&io::Error::from_raw_os_error(errno as i32)), fault, "{errno}");
        }
    }
}
