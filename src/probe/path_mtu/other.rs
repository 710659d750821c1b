//! Elsewhere than on Linux neither the don't-fragment bit nor the error queue is to be had.

use super::ladder::{Fate, Wire};
use crate::domain::sample::LocalFault;
use crate::probe::clock::Clock;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

/// Never made.
pub(super) struct PathSocket(Infallible);

/// [`LocalFault::NotPermitted`]: this system does not let a program measure a path.
pub(super) const fn open(_: SocketAddr, _: Clock) -> Result<PathSocket, LocalFault> {
    Err(LocalFault::NotPermitted)
}

impl PathSocket {
    pub(super) const fn was_late(&self) -> bool {
        match self.0 {}
    }
}

impl Wire for PathSocket {
    async fn round(&mut self, _: &[u32], _: Duration) -> Result<Vec<(u32, Fate)>, LocalFault> {
        match self.0 {}
    }

    fn learns_silence(&self) -> bool {
        match self.0 {}
    }

    fn known_mtu(&self) -> Option<u32> {
        match self.0 {}
    }
}
