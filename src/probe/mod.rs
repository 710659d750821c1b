//! The edge: sockets, the resolver, the clock. Everything else is given what it finds.

pub mod clock;
pub mod local;
pub mod neighbour;
#[cfg(target_os = "linux")]
mod netlink;
pub mod resolve;
#[cfg(target_os = "linux")]
mod route;
