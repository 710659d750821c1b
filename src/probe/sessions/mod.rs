//! This machine's own TCP sockets to Remote Desktop hosts, as its kernel lists them. No packet is
//! sent and no privilege needed.

#[cfg(target_os = "linux")]
mod linux;

use crate::domain::session::SessionLook;
use std::net::SocketAddr;

/// Why this machine's sessions are not seen: by its sockets, or the log of its client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unseen {
    /// Nothing lists them here: not built for this system, or nobody's are wanted.
    #[error("not built for this system")]
    NotBuilt,
    /// The system does not list them. Holds what it says, unescaped.
    #[error("{0}")]
    Refused(String),
}

/// Where this machine's sockets are listed.
pub trait SessionSource: Send + Sync {
    /// One look for each of `peers`, in their order. Blocks for a system call or two.
    ///
    /// # Errors
    /// [`Unseen`] when the sockets cannot be listed.
    fn look(&self, peers: &[SocketAddr]) -> Result<Vec<SessionLook>, Unseen>;
}

/// The operating system's own list.
#[derive(Debug, Clone, Copy)]
pub struct SystemSessions;

#[cfg(target_os = "linux")]
impl SessionSource for SystemSessions {
    fn look(&self, peers: &[SocketAddr]) -> Result<Vec<SessionLook>, Unseen> {
        linux::look(peers).map_err(|error| Unseen::Refused(error.to_string()))
    }
}

#[cfg(not(target_os = "linux"))]
impl SessionSource for SystemSessions {
    fn look(&self, _peers: &[SocketAddr]) -> Result<Vec<SessionLook>, Unseen> {
        Err(Unseen::NotBuilt)
    }
}

/// Nobody's sockets: for a demonstration.
#[derive(Debug, Clone, Copy)]
pub struct NoSessions;

impl SessionSource for NoSessions {
    fn look(&self, _peers: &[SocketAddr]) -> Result<Vec<SessionLook>, Unseen> {
        Err(Unseen::NotBuilt)
    }
}
