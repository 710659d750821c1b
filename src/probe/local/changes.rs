//! Changes of this machine's network, told by the kernel as they happen.
//!
//! What changed is not read from the messages: they say that something did, and everything is
//! looked at again. So a message that is lost, or a storm of them, costs nothing but one more look.

use crate::domain::time::{MonoTime, Now};
use crate::probe::clock::Clock;
#[cfg(target_os = "linux")]
use kernel::{GROUPS, Kernel};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Between two tellings at the least: whatever happens meanwhile is one.
const PACE: Duration = Duration::from_millis(100);

/// Tells when something changed. Where the operating system does not say so, it never does.
#[derive(Debug)]
pub struct Changes {
    clock: Clock,
    #[cfg(target_os = "linux")]
    kernel: Option<Kernel>,
    /// When the first change that is not told yet happened.
    pending: Option<Now>,
    told: Option<MonoTime>,
}

impl Changes {
    /// Listens from here on, on Linux to interfaces, addresses and routes of both families. Must be
    /// called inside a tokio runtime.
    #[must_use]
    pub fn listen(clock: Clock) -> Self {
        #[cfg(target_os = "linux")]
        let kernel = Kernel::open(GROUPS)
            .inspect_err(|error| tracing::debug!(%error, "changes of the network are not told"))
            .ok();
        Self {
            clock,
            #[cfg(target_os = "linux")]
            kernel,
            pending: None,
            told: None,
        }
    }

    /// The next change: when the first of those that are told together was heard of, within
    /// milliseconds of when it happened. Cancel safe: nothing is lost when it is not waited for.
    pub async fn next(&mut self) -> Now {
        loop {
            if let Some(at) = self.pending {
                if let Some(told) = self.told {
                    sleep_until(Instant::from_std(self.clock.instant_of(told.plus(PACE)))).await;
                }
                self.drain();
                self.pending = None;
                self.told = Some(self.clock.mono());
                return at;
            }
            self.heard().await;
            self.pending = Some(self.clock.now());
        }
    }

    #[cfg(target_os = "linux")]
    async fn heard(&mut self) {
        match &self.kernel {
            None => std::future::pending().await,
            Some(kernel) => {
                if let Err(error) = kernel.heard().await {
                    tracing::warn!(%error, "changes of the network are no longer told");
                    self.kernel = None;
                }
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    async fn heard(&mut self) {
        std::future::pending::<()>().await;
    }

    /// Takes what has come meanwhile: it happened before the look that follows.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(clippy::unused_self, reason = "nothing is heard there")
    )]
    fn drain(&self) {
        #[cfg(target_os = "linux")]
        if let Some(kernel) = &self.kernel {
            kernel.drain();
        }
    }
}

#[cfg(target_os = "linux")]
mod kernel {
    use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
    use std::io;
    use tokio::io::unix::AsyncFd;

    /// Links, IPv4 and IPv6 addresses, IPv4 and IPv6 routes (`RTMGRP_*` of `linux/rtnetlink.h`).
    pub(super) const GROUPS: u32 = 0x1 | 0x10 | 0x100 | 0x40 | 0x400;
    /// Datagrams taken in one go; what is left is another change.
    const MOST: usize = 4_096;
    /// More is cut off: nothing of it is read.
    const PIECE: usize = 256;

    /// A socket that the kernel tells changes on.
    #[derive(Debug)]
    pub(super) struct Kernel(AsyncFd<Socket>);

    impl Kernel {
        pub(super) fn open(groups: u32) -> io::Result<Self> {
            let mut socket = Socket::new(NETLINK_ROUTE)?;
            socket.set_non_blocking(true)?;
            socket.bind(&SocketAddr::new(0, groups))?;
            #[expect(
                deprecated,
                reason = "safe: the socket owns its descriptor until it is dropped"
            )]
            let registered = AsyncFd::new(socket)?;
            Ok(Self(registered))
        }

        /// Waits until there is at least one message, and takes all.
        ///
        /// # Errors
        /// Those of the socket that no further message can follow on.
        pub(super) async fn heard(&self) -> io::Result<()> {
            loop {
                let mut guard = self.0.readable().await?;
                let found = take(self.0.get_ref());
                // Cleared only when nothing is left: the edge does not come again for what waits.
                if !matches!(found, Ok(Taken::Full)) {
                    guard.clear_ready();
                }
                match found? {
                    Taken::Nothing => {}
                    Taken::Some | Taken::Full => return Ok(()),
                }
            }
        }

        /// Sends a request of netlink, whose answer is heard as a change is.
        #[cfg(test)]
        pub(super) fn ask(&self, request: &[u8]) {
            assert_eq!(self.0.get_ref().send(request, 0).unwrap(), request.len());
        }

        pub(super) fn drain(&self) {
            let _next_wait_says = take(self.0.get_ref());
        }
    }

    /// What was there.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Taken {
        Nothing,
        Some,
        /// And there may be more.
        Full,
    }

    fn take(socket: &Socket) -> io::Result<Taken> {
        let mut found = Taken::Nothing;
        let mut buffer = Vec::with_capacity(PIECE);
        for _ in 0..MOST {
            buffer.clear();
            match socket.recv(&mut buffer, 0) {
                Ok(_) => found = Taken::Some,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(found),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The kernel had more to tell than the socket holds: something changed.
                Err(error) if error.raw_os_error() == Some(nix::libc::ENOBUFS) => {
                    found = Taken::Some;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Taken::Full)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use tokio::time::timeout;

    /// `RTM_GETLINK`, a dump, with an empty `rtgenmsg` (rtnetlink(7)).
    const EVERY_LINK: [u8; 20] = {
        let mut request = [0; 20];
        let [a, b] = 20_u16.to_ne_bytes();
        let [c, d] = 18_u16.to_ne_bytes();
        let [e, f] = 0x301_u16.to_ne_bytes();
        (request[0], request[1], request[4], request[5]) = (a, b, c, d);
        (request[6], request[7]) = (e, f);
        request
    };

    #[tokio::test]
    async fn nothing_is_told_while_nothing_changes_and_waiting_may_be_given_up() {
        let clock = Clock::start();
        // It hears of no group: nothing that happens on this machine meanwhile is told.
        let kernel = Some(Kernel::open(0).unwrap());
        let mut changes = Changes { clock, kernel, pending: None, told: None };
        for _ in 0..3 {
            assert!(timeout(Duration::from_millis(5), changes.next()).await.is_err());
        }
        changes.kernel.as_ref().unwrap().ask(&EVERY_LINK);
        timeout(Duration::from_secs(30), changes.next()).await.expect("it is told");
        assert!(timeout(Duration::from_millis(5), changes.next()).await.is_err(), "once");
    }

    #[tokio::test]
    async fn this_machine_may_be_listened_to() {
        assert!(Changes::listen(Clock::start()).kernel.is_some());
    }

    #[tokio::test]
    async fn what_is_pending_is_told_with_its_own_time_and_then_not_before_the_pace() {
        let clock = Clock::start();
        let mut changes = Changes { clock, kernel: None, pending: None, told: None };
        let first = clock.now();
        changes.pending = Some(first);
        assert_eq!(changes.next().await, first);
        let told = changes.told.unwrap();
        changes.pending = Some(clock.now());
        assert!(timeout(PACE / 4, changes.next()).await.is_err(), "not before the pace");
        assert!(changes.pending.is_some(), "and it is not lost");
        changes.next().await;
        assert!(changes.told.unwrap().since(told) >= PACE);
    }
}
