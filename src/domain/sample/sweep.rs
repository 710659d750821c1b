//! What the TLS sweep brings back: which versions and suites a server takes.

use super::tls::{CipherSuite, TlsVersion};
use std::time::Duration;

/// One hello per version and set of suites, each on a connection of its own, and what answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsSweep {
    /// In the order asked.
    pub steps: Vec<SweepStep>,
    /// From the first connection to the last answer.
    pub elapsed: Duration,
}

impl TlsSweep {
    /// The most connections that one sweep makes.
    pub const MOST_CONNECTIONS: u32 = 7;
}

/// One hello of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepStep {
    /// What was offered, `TLS 1.2` or `the suites of a current Windows`: a name for a report.
    pub offered: &'static str,
    /// Highest version that was offered.
    pub version: TlsVersion,
    /// How it was answered.
    pub answer: SweepAnswer,
}

/// How one hello of a sweep was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SweepAnswer {
    /// With a `ServerHello` of this version and suite.
    Taken(TlsVersion, CipherSuite),
    /// With a fatal alert.
    Alert(u8),
    /// The peer closed: FIN and RST are one class.
    Closed,
    /// Silence until the deadline.
    Timeout,
    /// Bytes that are not TLS.
    Malformed,
    /// The connection did not get as far as TLS.
    NotReached,
}
