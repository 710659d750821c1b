//! Sans-IO codecs: bytes to values and back, total and bounded.
//!
//! Every decoder here takes bytes that a stranger chose. It never panics, never reads past a bound
//! it names, and never allocates more than it was given. Decoders of streams are fed the same
//! growing buffer, or pushed chunk after chunk; how the bytes were cut never changes the result.

#![warn(clippy::as_conversions)]

pub mod certificate;
pub mod cipher;
pub mod client_log;
pub mod credssp;
pub mod icmp_echo;
pub mod magic_packet;
pub mod netlink;
pub mod nl80211;
pub mod ntlm;
pub mod oracle;
pub mod rdg;
pub mod rdpeudp;
pub mod sock_diag;
pub mod tls_hello;
pub mod tpkt;
pub mod wire;
pub mod wireless;
pub mod x224;

#[cfg(test)]
mod testing;
