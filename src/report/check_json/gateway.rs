//! `gateway`: the RD Gateway in front of a target.

use super::certificate;
use super::document::{Certificate, Tcp};
use crate::domain::sample::{Gateway, GatewayAnswer, GatewayHttp, GatewayTls};
use crate::domain::target::{GatewayAddress, Host};
use crate::domain::text::printable;
use crate::domain::time::WallTime;
use crate::report::words;
use serde::Serialize;

/// The RD Gateway, as it was last asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GatewayEntry {
    /// As configured.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// `always` or `when-direct-fails`.
    pub usage: &'static str,
    /// How far it came: `challenge`, or what came in its place: `not_measured`, `no_name`,
    /// `no_tcp`, `no_tls`, `old_tls`, `no_schemes`, `not_found`, `method_filtered`, `redirected`,
    /// `unavailable`, `other_status`, `timeout`, `closed`, `malformed`.
    pub outcome: &'static str,
    /// How its name fared, as in `dns`.
    pub name: &'static str,
    /// The address dialled.
    pub address: Option<String>,
    /// The TCP rung.
    pub tcp: Option<Tcp>,
    /// The TLS rung.
    pub tls: Option<GatewayTlsEntry>,
    /// The answer to one request without credentials.
    pub http: Option<GatewayHttpEntry>,
    /// From the first question to the end.
    pub elapsed_ms: f64,
}

/// TLS with a gateway.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GatewayTlsEntry {
    /// As in `tls`.
    pub outcome: &'static str,
    /// `TLS1.3`.
    pub version: Option<String>,
    /// `modern` or `legacy`.
    pub hello: &'static str,
    /// `trusted`, `expired`, `not_yet_valid`, `wrong_name`, `unknown_issuer`, `invalid`,
    /// `not_validated`.
    pub trust: &'static str,
    /// How many certificates were sent.
    pub presented: usize,
    /// Hello to outcome.
    pub elapsed_ms: f64,
    /// The leaf certificate.
    pub certificate: Option<Certificate>,
}

/// The answer of a gateway.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GatewayHttpEntry {
    /// `challenge`, `no_schemes`, `not_found`, …, `malformed`.
    pub outcome: &'static str,
    /// Status code.
    pub status: Option<u16>,
    /// Authentication schemes, in the order offered.
    pub schemes: Vec<String>,
    /// Where a redirect leads; not followed.
    pub location: Option<String>,
    /// What is no HTTP, and at which byte.
    pub misread: Option<String>,
    /// Bytes received.
    pub received: usize,
    /// Request to outcome.
    pub elapsed_ms: f64,
}

pub(super) fn entry(found: &Gateway, configured: &GatewayAddress, now: WallTime) -> GatewayEntry {
    GatewayEntry {
        host: printable(&found.host).into_owned(),
        port: found.port,
        usage: configured.usage.word(),
        outcome: found.stage().word(),
        name: found.name.word(),
        address: found.connect.map(|connect| connect.address.ip().to_string()),
        tcp: found.connect.as_ref().map(super::tcp),
        tls: found.tls.as_ref().map(|tls| tls_entry(tls, &configured.host, now)),
        http: found.http.as_ref().map(http_entry),
        elapsed_ms: words::millis(found.elapsed),
    }
}

fn tls_entry(tls: &GatewayTls, host: &Host, now: WallTime) -> GatewayTlsEntry {
    let leaf = tls.certificate.as_ref().map(|leaf| {
        let matches = host.name().map(|name| leaf.names_host(name));
        certificate(leaf, matches, now)
    });
    GatewayTlsEntry {
        outcome: tls.outcome.word(),
        version: tls.version.map(|version| version.to_string()),
        hello: tls.hello.word(),
        trust: tls.trust.word(),
        presented: tls.presented,
        elapsed_ms: words::millis(tls.elapsed),
        certificate: leaf,
    }
}

fn http_entry(http: &GatewayHttp) -> GatewayHttpEntry {
    let safe = |text: &String| printable(text).into_owned();
    GatewayHttpEntry {
        outcome: http.answer.word(),
        status: http.status,
        schemes: http.schemes.iter().map(safe).collect(),
        location: http.location.as_ref().map(safe),
        misread: match http.answer {
            GatewayAnswer::Malformed(misread) => Some(misread.to_string()),
            _ => None,
        },
        received: http.received,
        elapsed_ms: words::millis(http.elapsed),
    }
}
