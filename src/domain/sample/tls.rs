//! What the TLS rung brings back.

use super::fault::Misread;
use crate::domain::certificate::CertificateSummary;
use crate::domain::tls_alert::PROTOCOL_VERSION;
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
    /// Whether X.224 alone is answered after that, when neither hello got an answer that decides.
    pub afterwards: Option<Afterwards>,
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
    /// Bytes that are not TLS, and where they stop to be.
    Malformed(Misread),
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
            Self::Malformed(_) => "malformed",
            Self::Unsupported => "unsupported",
        }
    }
}

impl TlsOutcome {
    /// Whether the peer ended the connection: FIN and RST are one class, because the kernel can
    /// turn one into the other.
    #[must_use]
    pub const fn is_close(self) -> bool {
        matches!(self, Self::Reset | Self::Closed)
    }

    /// Whether an alert says that there is no version or suite in common (`handshake_failure`,
    /// `protocol_version`, `insufficient_security`, `inappropriate_fallback`).
    #[must_use]
    pub const fn is_disagreement(self) -> bool {
        matches!(self, Self::Alert(40 | 70 | 71 | 86))
    }
}

/// What a further connection brought that asked for Standard RDP Security alone, which needs no
/// key of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Afterwards {
    /// X.224 was answered.
    Answered,
    /// The connection did not open, or nothing or a close came back.
    Dropped,
}

/// What several hellos together say of a TLS handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disambiguation {
    /// A modern hello gets a certificate: there is nothing to tell apart.
    Modern,
    /// Only the legacy hello gets one: there is no version or suite in common with a modern
    /// client, and [`Tls::version`] and [`Tls::cipher`] are what the server chose.
    LegacyOnly,
    /// Every hello is refused for its versions or suites.
    NothingInCommon,
    /// Whoever offers less than TLS 1.3 is refused, and TLS 1.3 ends without a certificate.
    OnlyTls13,
    /// Both hellos die without saying why while X.224 is answered: the host cannot use its key or
    /// certificate, or something on the way stops TLS.
    KeyUnusable,
    /// X.224 is not answered any more once a hello was sent.
    ShutOut,
    /// None of these.
    Undecided,
}

impl Disambiguation {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::LegacyOnly => "legacy_only",
            Self::NothingInCommon => "nothing_in_common",
            Self::OnlyTls13 => "only_tls13",
            Self::KeyUnusable => "key_unusable",
            Self::ShutOut => "shut_out",
            Self::Undecided => "undecided",
        }
    }
}

impl Tls {
    /// Whether `elapsed` is the time of one whole handshake.
    #[must_use]
    pub const fn is_one_handshake(&self) -> bool {
        matches!(self.outcome, TlsOutcome::Ok) && self.modern.is_none()
    }

    /// What the hellos together say.
    #[must_use]
    pub const fn disambiguation(&self) -> Disambiguation {
        let modern = match self.modern {
            Some(modern) => modern,
            None => self.outcome,
        };
        if matches!(self.outcome, TlsOutcome::Ok | TlsOutcome::Unsupported) {
            return match self.hello {
                Hello::Modern => Disambiguation::Modern,
                Hello::Legacy => Disambiguation::LegacyOnly,
            };
        }
        match (self.hello, modern, self.outcome, self.afterwards) {
            (_, _, _, Some(Afterwards::Dropped)) => Disambiguation::ShutOut,
            (Hello::Legacy, modern, TlsOutcome::Alert(PROTOCOL_VERSION), _)
                if !modern.is_disagreement() =>
            {
                Disambiguation::OnlyTls13
            }
            (Hello::Legacy, modern, legacy, _)
                if modern.is_disagreement() && legacy.is_disagreement() =>
            {
                Disambiguation::NothingInCommon
            }
            (Hello::Legacy, modern, legacy, Some(Afterwards::Answered))
                if !modern.is_disagreement() && !legacy.is_disagreement() =>
            {
                Disambiguation::KeyUnusable
            }
            _ => Disambiguation::Undecided,
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
