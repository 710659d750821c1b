//! The lab: scripted hosts on loopback, spoken to with the program's own probes and with plain
//! sockets.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod bytes;
mod check;
mod dns;
mod explain;
mod gateway;
mod kinds;
mod rungs;
mod sleeper;
mod sweep;
mod udp;
