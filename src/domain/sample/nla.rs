//! What the CredSSP rung brings back.

use super::fault::Misread;
use crate::domain::time::WallTime;
use std::fmt;
use std::time::Duration;

/// The CredSSP rung: one NTLM NEGOTIATE inside a `TSRequest`, and what came back. No AUTHENTICATE
/// ever follows (MS-CSSP 3.1.5, MS-NLMP 1.3.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nla {
    /// How it ended.
    pub outcome: NlaOutcome,
    /// `version` of the server's `TSRequest`: its own highest.
    pub version: Option<u32>,
    /// `errorCode` of the server's `TSRequest`.
    pub error: Option<NtStatus>,
    /// What the challenge says of the machine.
    pub identity: Option<NtlmIdentity>,
    /// The server's clock minus this machine's, in milliseconds, corrected by half the round trip.
    pub clock_skew_ms: Option<i64>,
    /// Plaintext bytes received before the end.
    pub received: usize,
    /// `TSRequest` written to outcome.
    pub elapsed: Duration,
}

impl Nla {
    /// The rung of a server that selected a layer without CredSSP.
    #[must_use]
    pub const fn not_offered() -> Self {
        Self {
            outcome: NlaOutcome::NotOffered,
            version: None,
            error: None,
            identity: None,
            clock_skew_ms: None,
            received: 0,
            elapsed: Duration::ZERO,
        }
    }
}

/// How the server answered a `TSRequest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NlaOutcome {
    /// With an NTLM challenge.
    Challenge,
    /// With an error code.
    Error,
    /// It was not asked: the server selected a layer without CredSSP.
    NotOffered,
    /// Not before the deadline.
    Timeout,
    /// RST.
    Reset,
    /// FIN.
    Closed,
    /// With bytes that are no `TSRequest`.
    Malformed(Misread),
}

impl NlaOutcome {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Challenge => "challenge",
            Self::Error => "error",
            Self::NotOffered => "not_offered",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Malformed(_) => "malformed",
        }
    }
}

/// An NTSTATUS (MS-ERREF 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NtStatus(pub u32);

impl fmt::Display for NtStatus {
    /// `0xc000006d`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08x}", self.0)
    }
}

/// What an NTLM CHALLENGE says of the machine that sent it (MS-NLMP 2.2.1.2, 2.2.2.1). Unescaped:
/// may hold any character.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NtlmIdentity {
    /// NetBIOS name of the computer.
    pub computer: Option<String>,
    /// NetBIOS name of its domain.
    pub domain: Option<String>,
    /// DNS name of the computer.
    pub dns_computer: Option<String>,
    /// DNS name of its domain.
    pub dns_domain: Option<String>,
    /// DNS name of its forest.
    pub dns_tree: Option<String>,
    /// Its operating system's version, as it says.
    pub os: Option<OsVersion>,
    /// Its clock, in milliseconds of resolution.
    pub time: Option<WallTime>,
}

/// Version and build of a Windows, `10.0.26100`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OsVersion {
    /// `ProductMajorVersion`.
    pub major: u8,
    /// `ProductMinorVersion`.
    pub minor: u8,
    /// `ProductBuild`.
    pub build: u16,
}

impl fmt::Display for OsVersion {
    /// `10.0.26100`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.build)
    }
}
