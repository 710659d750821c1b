//! This machine's own TCP sockets to Remote Desktop hosts, as its kernel lists them. No packet is
//! sent and no privilege needed.

#[cfg(target_os = "linux")]
mod linux;

use crate::domain::session::SessionLook;
use std::net::SocketAddr;

/// Where this machine's sockets are listed.
pub trait SessionSource: Send + Sync {
    /// One look for each of `peers`, in their order; `None` when the sockets cannot be listed.
    /// Blocks for a system call or two.
    fn look(&self, peers: &[SocketAddr]) -> Option<Vec<SessionLook>>;
}

/// The operating system's own list.
#[derive(Debug, Clone, Copy)]
pub struct SystemSessions;

#[cfg(target_os = "linux")]
impl SessionSource for SystemSessions {
    fn look(&self, peers: &[SocketAddr]) -> Option<Vec<SessionLook>> {
        match linux::look(peers) {
            Ok(looks) => Some(looks),
            Err(error) => {
                tracing::debug!(%error, "this machine's sockets cannot be listed");
                None
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl SessionSource for SystemSessions {
    fn look(&self, _peers: &[SocketAddr]) -> Option<Vec<SessionLook>> {
        None
    }
}

/// Nobody's sockets: for a demonstration.
#[derive(Debug, Clone, Copy)]
pub struct NoSessions;

impl SessionSource for NoSessions {
    fn look(&self, _peers: &[SocketAddr]) -> Option<Vec<SessionLook>> {
        None
    }
}
