//! What the kernel counts on a connection (tcp(7), `TCP_INFO`). No privileges needed.

use crate::domain::sample::TcpFacts;
use crate::probe::connect::Stream;

/// Keeps an eye on `stream`, to be read when the connection has ended. `None` where the system
/// counts nothing that we know how to read.
///
/// It holds the descriptor open: a connection that is only dropped ends when this does.
pub(crate) fn watch(stream: &Stream) -> Option<Watch> {
    platform::watch(stream).map(Watch)
}

/// A connection to be read later.
#[derive(Debug)]
pub(crate) struct Watch(platform::Handle);

impl Watch {
    /// What was counted until now.
    pub(crate) fn read(self) -> Option<TcpFacts> {
        platform::read(&self.0)
    }
}

#[cfg(target_os = "linux")]
mod platform {
    use super::{Stream, TcpFacts};
    use crate::probe::socket::option;
    use nix::libc::{IPPROTO_TCP, TCP_INFO, tcp_info};
    use std::mem::offset_of;
    use std::os::fd::{AsFd, OwnedFd};
    use std::time::Duration;

    pub(super) type Handle = OwnedFd;

    /// Room for what the kernel tells today and more; it writes no more than it is given.
    const ROOM: usize = 512;

    /// `TCPI_OPT_TIMESTAMPS`.
    const TIMESTAMPS: u8 = 1;

    pub(super) fn watch(stream: &Stream) -> Option<OwnedFd> {
        stream.as_fd().try_clone_to_owned().ok()
    }

    pub(super) fn read(socket: &OwnedFd) -> Option<TcpFacts> {
        let mut room = [0_u8; ROOM];
        let length = option::get(socket, IPPROTO_TCP, TCP_INFO, &mut room).ok()?;
        parse(room.get(..length)?)
    }

    /// `struct tcp_info` of the kernel that runs, which may be shorter or longer than the one
    /// that we know.
    pub(super) fn parse(told: &[u8]) -> Option<TcpFacts> {
        let word = |offset: usize| {
            let bytes = told.get(offset..offset.checked_add(4)?)?;
            Some(u32::from_ne_bytes(bytes.try_into().ok()?))
        };
        Some(TcpFacts {
            rtt: Duration::from_micros(u64::from(word(offset_of!(tcp_info, tcpi_rtt))?)),
            mss: word(offset_of!(tcp_info, tcpi_snd_mss))?,
            received_mss: word(offset_of!(tcp_info, tcpi_rcv_mss))?,
            timestamps: told.get(offset_of!(tcp_info, tcpi_options))? & TIMESTAMPS != 0,
            path_mtu: word(offset_of!(tcp_info, tcpi_pmtu))?,
            retransmits: word(offset_of!(tcp_info, tcpi_total_retrans))?,
            lost: word(offset_of!(tcp_info, tcpi_lost))?,
            out_of_order: word(offset_of!(tcp_info, tcpi_rcv_ooopack)),
        })
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use super::{Stream, TcpFacts};

    pub(super) type Handle = std::convert::Infallible;

    pub(super) const fn watch(_: &Stream) -> Option<Handle> {
        None
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "on Linux it is a descriptor")]
    pub(super) const fn read(handle: &Handle) -> Option<TcpFacts> {
        match *handle {}
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_connection_over_loopback_is_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut stream = Stream::connect(listener.local_addr().unwrap()).await.unwrap();
        let watch = watch(&stream).unwrap();
        stream.write_all(&[7; 5000]).await.unwrap();
        stream.shutdown().await.unwrap();
        drop(stream);
        let facts = watch.read().unwrap();
        assert!(facts.rtt > std::time::Duration::ZERO, "{facts:?}");
        assert_eq!((facts.retransmits, facts.lost), (0, 0));
        let largest = facts.largest_packet(IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert!((1500..=facts.path_mtu).contains(&largest), "{facts:?}");
    }

    #[test]
    fn an_older_kernel_tells_less_and_nonsense_nothing() {
        let told = [0xff_u8; 248];
        let whole = platform::parse(&told).unwrap();
        assert_eq!((whole.mss, whole.out_of_order), (u32::MAX, Some(u32::MAX)));
        assert_eq!(whole.largest_packet(IpAddr::V4(Ipv4Addr::LOCALHOST)), u32::MAX);
        // Linux 4.x ends before tcpi_rcv_ooopack; total_retrans ends at byte 104.
        assert_eq!(platform::parse(&told[..192]).unwrap().out_of_order, None);
        for length in 0..104 {
            assert_eq!(platform::parse(&told[..length]), None, "{length}");
        }
    }
}
