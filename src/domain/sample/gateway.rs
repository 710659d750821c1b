//! What the RD Gateway probe brings back.

use super::connect::{Connect, ConnectOutcome};
use super::fault::Misread;
use super::name::NameOutcome;
use super::tls::{Hello, TlsOutcome, TlsVersion};
use crate::domain::certificate::CertificateSummary;
use std::time::Duration;

/// The RD Gateway of a target: name, TCP, TLS with its chain, and the answer to an
/// unauthenticated request (MS-TSGU 3.3.5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Its name or address, as configured. Unescaped.
    pub host: String,
    /// Its TCP port.
    pub port: u16,
    /// How its name fared.
    pub name: NameOutcome,
    /// TCP; `None` when there was no address to dial.
    pub connect: Option<Connect>,
    /// TLS; `None` when TCP did not open.
    pub tls: Option<GatewayTls>,
    /// The answer to the request; `None` when TLS did not complete.
    pub http: Option<GatewayHttp>,
    /// From the first question to the end.
    pub elapsed: Duration,
}

impl Gateway {
    /// What the newest look comes to: the first rung that failed, or the answer.
    #[must_use]
    pub fn stage(&self) -> GatewayStage {
        match self.name {
            NameOutcome::Ok | NameOutcome::NotNeeded => {}
            NameOutcome::Error => return GatewayStage::NotMeasured,
            _ => return GatewayStage::NoName,
        }
        match self.connect.as_ref().map(|connect| connect.outcome) {
            None | Some(ConnectOutcome::LocalError(_)) => return GatewayStage::NotMeasured,
            Some(ConnectOutcome::Open) => {}
            Some(_) => return GatewayStage::NoTcp,
        }
        match (&self.tls, &self.http) {
            (None, _) => GatewayStage::NotMeasured,
            (Some(tls), _) if tls.outcome != TlsOutcome::Ok => GatewayStage::NoTls,
            (Some(_), Some(http)) => GatewayStage::Answered(http.answer),
            (Some(_), None) => GatewayStage::OldTls,
        }
    }

    /// Whether it asks who is there, as a gateway does.
    #[must_use]
    pub fn answers(&self) -> bool {
        self.stage() == GatewayStage::Answered(GatewayAnswer::Challenge)
    }
}

/// How far a look at a gateway came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GatewayStage {
    /// This machine could not look.
    NotMeasured,
    /// Its name leads nowhere.
    NoName,
    /// TCP does not open.
    NoTcp,
    /// The TLS handshake fails.
    NoTls,
    /// It takes only versions or suites of TLS that this program reads a certificate with and no
    /// more: nothing was asked.
    OldTls,
    /// It was asked.
    Answered(GatewayAnswer),
}

impl GatewayStage {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotMeasured => "not_measured",
            Self::NoName => "no_name",
            Self::NoTcp => "no_tcp",
            Self::NoTls => "no_tls",
            Self::OldTls => "old_tls",
            Self::Answered(answer) => answer.word(),
        }
    }
}

/// TLS with a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayTls {
    /// How the handshake ended; `Ok` means that it completed, or by the legacy hello that a
    /// certificate was read.
    pub outcome: TlsOutcome,
    /// The hello that everything here belongs to.
    pub hello: Hello,
    /// Negotiated version.
    pub version: Option<TlsVersion>,
    /// The leaf certificate.
    pub certificate: Option<CertificateSummary>,
    /// How many certificates it sent, the leaf included.
    pub presented: usize,
    /// Whether a client would trust it.
    pub trust: ChainTrust,
    /// `ClientHello` to outcome.
    pub elapsed: Duration,
}

/// What chain validation says of a gateway's certificate. Revocation is not looked up: that would
/// ask a third party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChainTrust {
    /// It leads to a root of this machine and covers the name.
    Trusted,
    /// It is past its end.
    Expired,
    /// It has not begun.
    NotYetValid,
    /// It does not cover the name.
    WrongName,
    /// It leads to no root that this machine trusts.
    UnknownIssuer,
    /// It is no certificate for a server, is broken or weak, or its key does not fit.
    Invalid,
    /// Dates and name are right; the chain was not validated: no roots on this machine. Or there
    /// was no certificate.
    NotValidated,
}

impl ChainTrust {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::WrongName => "wrong_name",
            Self::UnknownIssuer => "unknown_issuer",
            Self::Invalid => "invalid",
            Self::NotValidated => "not_validated",
        }
    }
}

/// The gateway's answer over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayHttp {
    /// What it means.
    pub answer: GatewayAnswer,
    /// Status code.
    pub status: Option<u16>,
    /// Authentication schemes offered, in the order given, as spelled. Unescaped.
    pub schemes: Vec<String>,
    /// `Location` of a redirect, not followed. Unescaped.
    pub location: Option<String>,
    /// Bytes received before the end.
    pub received: usize,
    /// Request written to outcome.
    pub elapsed: Duration,
}

/// What a gateway's HTTP answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GatewayAnswer {
    /// 401 with at least one scheme: it asks who is there.
    Challenge,
    /// 401 without a scheme.
    NoSchemes,
    /// 404: a web server without a gateway.
    NotFound,
    /// 405 or 501: something in between filters the methods of RD Gateway.
    MethodFiltered,
    /// 3xx: a proxy or portal in front.
    Redirected,
    /// 503: the gateway's service or application pool is down.
    Unavailable,
    /// Any other status.
    OtherStatus,
    /// Silence until the deadline.
    Timeout,
    /// The peer closed before a whole answer.
    Closed,
    /// Not HTTP.
    Malformed(Misread),
}

impl GatewayAnswer {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Challenge => "challenge",
            Self::NoSchemes => "no_schemes",
            Self::NotFound => "not_found",
            Self::MethodFiltered => "method_filtered",
            Self::Redirected => "redirected",
            Self::Unavailable => "unavailable",
            Self::OtherStatus => "other_status",
            Self::Timeout => "timeout",
            Self::Closed => "closed",
            Self::Malformed(_) => "malformed",
        }
    }
}
