//! Hosts that the program starts itself on loopback: real sockets, real handshakes.
//!
//! A [`HostScript`](script::HostScript) is data; [`host::Host`] plays it on a port of its own.
//! [`scenario`] is the set that `rdpwatch demo` shows, with its names ([`dns`]), a PC that can be
//! woken ([`sleeper`]) and simulated round trips ([`path`]). Tests use the same parts.

pub mod certificate;
pub mod dns;
pub mod host;
pub mod path;
pub mod random;
pub mod scenario;
pub mod script;
pub mod sleeper;
pub mod udp;
