//! The language of the project and everything that can be decided without I/O.
//!
//! Samples go in; statistics, findings, alerts and a snapshot come out. Nothing here opens a
//! socket, reads a clock or knows a screen: `now` is always an argument, so a scenario is plain
//! data.

pub mod certificate;
pub mod history;
pub mod local;
pub mod mac;
pub mod sample;
pub mod security;
pub mod target;
pub mod text;
pub mod thresholds;
pub mod time;
