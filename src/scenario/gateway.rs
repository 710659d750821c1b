//! The words of a round about the RD Gateway, and the looks they stand for.

use super::rung::{connect, tls};
use super::word::{hex, parse, pick};
use super::wrong::Wrong;
use crate::domain::certificate::CertificateSummary;
use crate::domain::sample::{
    ChainTrust, ConnectOutcome, Gateway, GatewayAnswer, GatewayHttp, GatewayTls, Hello, Misread,
    NameOutcome, TlsOutcome, TlsVersion,
};
use std::net::IpAddr;
use std::time::Duration;

const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

const TRUST: [ChainTrust; 7] = [
    ChainTrust::Trusted,
    ChainTrust::Expired,
    ChainTrust::NotYetValid,
    ChainTrust::WrongName,
    ChainTrust::UnknownIssuer,
    ChainTrust::Invalid,
    ChainTrust::NotValidated,
];

/// `challenge`, `404`, `timeout`, `malformed:7`, `name:nxdomain`, `tcp:refused`, `tls:alert:40`,
/// `old:0301`; `challenge@expired` says what the chain is worth.
pub(super) fn look(word: &str, certificate: CertificateSummary) -> Result<Gateway, Wrong> {
    let (word, trust) = word.split_once('@').unwrap_or((word, "trusted"));
    let trust = pick(&TRUST.map(|known| (known.word(), known)), trust)?;
    let mut found = Gateway {
        host: "gw.corp.lab".to_owned(),
        port: 443,
        name: NameOutcome::Ok,
        connect: None,
        tls: None,
        http: None,
        elapsed: Duration::from_millis(2),
    };
    if let Some(outcome) = word.strip_prefix("name:") {
        let outcomes = [
            ("nxdomain", NameOutcome::NxDomain),
            ("timeout", NameOutcome::Timeout),
            ("error", NameOutcome::Error),
        ];
        found.name = pick(&outcomes, outcome)?;
        return Ok(found);
    }
    let mut tcp = connect(word.strip_prefix("tcp:").unwrap_or("open"), ADDRESS, None)?;
    tcp.address.set_port(443);
    found.elapsed += tcp.elapsed;
    found.connect = Some(tcp);
    if tcp.outcome != ConnectOutcome::Open {
        return Ok(found);
    }
    let mut handshake = GatewayTls {
        outcome: TlsOutcome::Ok,
        hello: Hello::Modern,
        version: Some(TlsVersion(0x0303)),
        certificate: Some(certificate),
        presented: 2,
        trust,
        elapsed: Duration::from_millis(30),
    };
    if let Some(outcome) = word.strip_prefix("tls:") {
        let failed = tls(outcome)?;
        found.tls = Some(GatewayTls {
            outcome: failed.outcome,
            elapsed: failed.elapsed,
            version: None,
            certificate: None,
            presented: 0,
            trust: ChainTrust::NotValidated,
            ..handshake
        });
        return Ok(found);
    }
    if let Some(version) = word.strip_prefix("old:") {
        handshake.hello = Hello::Legacy;
        handshake.version = Some(TlsVersion(hex(version)?));
        found.tls = Some(handshake);
        return Ok(found);
    }
    found.tls = Some(handshake);
    let http = answer(word)?;
    found.elapsed += http.elapsed;
    found.http = Some(http);
    Ok(found)
}

fn answer(word: &str) -> Result<GatewayHttp, Wrong> {
    let (answer, status) = if let Some(offset) = word.strip_prefix("malformed:") {
        let offset = parse(offset, "an offset")?;
        (GatewayAnswer::Malformed(Misread { offset, reason: "no HTTP version" }), None)
    } else {
        let words = [
            ("challenge", (GatewayAnswer::Challenge, Some(401))),
            ("no_schemes", (GatewayAnswer::NoSchemes, Some(401))),
            ("404", (GatewayAnswer::NotFound, Some(404))),
            ("405", (GatewayAnswer::MethodFiltered, Some(405))),
            ("302", (GatewayAnswer::Redirected, Some(302))),
            ("503", (GatewayAnswer::Unavailable, Some(503))),
            ("403", (GatewayAnswer::OtherStatus, Some(403))),
            ("timeout", (GatewayAnswer::Timeout, None)),
            ("closed", (GatewayAnswer::Closed, None)),
        ];
        pick(&words, word)?
    };
    let schemes: &[&str] =
        if answer == GatewayAnswer::Challenge { &["Negotiate", "NTLM"] } else { &[] };
    Ok(GatewayHttp {
        answer,
        status,
        schemes: schemes.iter().map(|scheme| (*scheme).to_owned()).collect(),
        location: (status == Some(302)).then(|| "https://sso.corp.lab/login".to_owned()),
        received: if status.is_some() { 280 } else { 0 },
        elapsed: Duration::from_millis(if answer == GatewayAnswer::Timeout { 7_900 } else { 5 }),
    })
}
