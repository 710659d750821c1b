//! What the RD Gateway probe brings back.

use super::connect::Connect;
use super::fault::Misread;
use super::name::NameOutcome;
use super::tls::{TlsOutcome, TlsVersion};
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

/// TLS with a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayTls {
    /// How the handshake ended.
    pub outcome: TlsOutcome,
    /// Negotiated version.
    pub version: Option<TlsVersion>,
    /// The leaf certificate.
    pub certificate: Option<CertificateSummary>,
    /// Whether a client would trust it.
    pub trust: ChainTrust,
    /// `ClientHello` to outcome.
    pub elapsed: Duration,
}

/// What chain validation says of a gateway's certificate.
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
    /// It was revoked.
    Revoked,
    /// It is no certificate for a server, or is broken.
    Invalid,
    /// It was not validated: no certificate, or no roots on this machine.
    NotValidated,
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
