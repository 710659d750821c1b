//! The edge: sockets, the resolver, the clock. Everything else is given what it finds.

pub mod attempt;
pub mod client_log;
pub mod clock;
pub mod connect;
mod counted;
pub mod echo;
pub mod gateway;
pub mod local;
pub mod neighbour;
#[cfg(target_os = "linux")]
mod netlink;
#[cfg(target_os = "linux")]
mod netlink_socket;
mod nla;
pub mod path_mtu;
mod random;
mod recorder;
pub mod resolve;
#[cfg(target_os = "linux")]
mod route;
pub mod seam;
pub mod sessions;
mod socket;
pub mod sweep;
mod tls;
pub mod udp;
pub mod wake;
