//! What the TLS rung brings back.

use crate::domain::certificate::CertificateSummary;
use std::fmt;
use std::time::Duration;

/// The TLS rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// How it ended: `Ok` means that a certificate was read, by either hello.
    pub outcome: TlsOutcome,
    /// The hello that `outcome`, `version`, `cipher` and `certificate` belong to.
    pub hello: Hello,
    /// How the modern hello ended when the legacy one was needed.
    pub modern: Option<TlsOutcome>,
    /// Negotiated version, as on the wire.
    pub version: Option<TlsVersion>,
    /// Negotiated suite, as on the wire.
    pub cipher: Option<CipherSuite>,
    /// The leaf certificate.
    pub certificate: Option<CertificateSummary>,
    /// Bytes received before the end.
    pub received: usize,
    /// `ClientHello` written to outcome.
    pub elapsed: Duration,
}

/// How a TLS handshake ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlsOutcome {
    /// The certificate was read.
    Ok,
    /// RST.
    Reset,
    /// FIN.
    Closed,
    /// A fatal alert with its description (RFC 8446 section 6).
    Alert(u8),
    /// Silence until the deadline.
    Timeout,
    /// Bytes that are not TLS.
    Malformed,
    /// TLS answered, and no certificate could be read from it.
    Unsupported,
}

impl TlsOutcome {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Alert(_) => "alert",
            Self::Timeout => "timeout",
            Self::Malformed => "malformed",
            Self::Unsupported => "unsupported",
        }
    }
}

/// Which `ClientHello` was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hello {
    /// rustls: TLS 1.2 and 1.3 with suites that current clients prefer.
    Modern,
    /// Hand-made: up to TLS 1.2, with static RSA, CBC and 3DES suites.
    Legacy,
}

impl Hello {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Legacy => "legacy",
        }
    }
}

/// A TLS version as on the wire, `0x0303` for TLS 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TlsVersion(pub u16);

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0x0300 => f.write_str("SSL3.0"),
            0x0301 => f.write_str("TLS1.0"),
            0x0302 => f.write_str("TLS1.1"),
            0x0303 => f.write_str("TLS1.2"),
            0x0304 => f.write_str("TLS1.3"),
            other => write!(f, "0x{other:04x}"),
        }
    }
}

/// A cipher suite as on the wire. `proto` knows the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CipherSuite(pub u16);
