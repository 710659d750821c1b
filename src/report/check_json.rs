//! `check --format json`: snapshots into the document `rdpwatch.check/1`.
//!
//! Text from outside is escaped twice over: by [`printable`] for terminals, by `serde_json` for
//! JSON. A rung that was not attempted is `null`, and so is every value that is not known.

mod document;
mod gateway;

pub use document::{
    AddressEntry, Certificate, ClientErrorEntry, Dns, DnsServer, Document, EchoEntry, FindingEntry,
    Monitor, NeighbourEntry, NlaEntry, PathEntry, RiskEntry, SCHEMA, Target, Tcp, TlsEntry,
    UdpEntry, X224,
};
pub use gateway::{GatewayEntry, GatewayHttpEntry, GatewayTlsEntry};

use super::check_text::CheckState;
use super::finding::RemedyText;
use super::words;
use crate::domain::certificate::CertificateSummary;
use crate::domain::finding::{ClientError, Finding};
use crate::domain::placeholder::Placeholders;
use crate::domain::sample::{
    Attempt, CipherSuite, Connect, EchoMethod, NameOutcome, Negotiate, NegotiateOutcome, Neighbour,
    Nla, NlaOutcome, PathMtu, ProbeKind, Resolution, ServerAnswer, Tls, TlsOutcome, Udp,
};
use crate::domain::snapshot::{MonitorSnapshot, TargetSnapshot};
use crate::domain::stats::EchoStats;
use crate::domain::surroundings::Offline;
use crate::domain::text::printable;
use crate::domain::time::WallTime;
use crate::domain::verdict::{expected_client_error, risk_factors};
use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

/// Names a cipher suite as IANA does, or by its number. The codecs hold the table.
pub type CipherName = fn(CipherSuite) -> Cow<'static, str>;

/// What one run of `check` found.
#[derive(Debug, Clone, Copy)]
pub struct CheckInput<'a> {
    /// When it was done.
    pub checked_at: WallTime,
    /// The machine that checked.
    pub monitor: &'a MonitorSnapshot,
    /// In the order given.
    pub targets: &'a [TargetSnapshot],
    /// Names for cipher suites.
    pub cipher_name: CipherName,
}

/// The document as indented JSON with a line break at its end.
#[must_use]
pub fn document(input: &CheckInput<'_>) -> String {
    // No map with keys that are not text and no writer that fails: this cannot go wrong.
    serde_json::to_string_pretty(&value(input)).map_or_else(|_| String::new(), |text| text + "\n")
}

/// The document as a value.
#[must_use]
pub fn value(input: &CheckInput<'_>) -> Document {
    let CheckInput { checked_at, monitor, targets, cipher_name } = *input;
    Document {
        schema: SCHEMA,
        checked_at: words::utc(checked_at),
        monitor: Monitor {
            state: monitor_state(monitor),
            findings: monitor
                .findings
                .iter()
                .map(|finding| entry(finding, &Placeholders::default()))
                .collect(),
        },
        targets: targets.iter().map(|target| target_of(target, checked_at, cipher_name)).collect(),
    }
}

fn monitor_state(monitor: &MonitorSnapshot) -> &'static str {
    if monitor.offline != Offline::Online {
        "offline"
    } else if monitor.findings.is_empty() {
        "ok"
    } else {
        "limited"
    }
}

fn target_of(snapshot: &TargetSnapshot, now: WallTime, cipher_name: CipherName) -> Target {
    let target = &snapshot.target;
    let values = Placeholders::of(snapshot);
    // Without an address there is nothing to climb: what an earlier address gave is not shown.
    let resolved = snapshot
        .resolution
        .as_ref()
        .is_none_or(|name| matches!(name.outcome, NameOutcome::Ok | NameOutcome::NotNeeded));
    let address = snapshot.address.filter(|_| resolved);
    let attempt = snapshot.attempt.as_ref().filter(|_| resolved);
    let connect = attempt.map(|attempt| &attempt.connect);
    let handshake = attempt.and_then(|attempt| match attempt.depth {
        ProbeKind::Tls | ProbeKind::Nla => attempt.tls.as_ref(),
        _ => snapshot.tls.as_ref(),
    });
    let climbed = attempt.and_then(|attempt| match attempt.depth {
        ProbeKind::Nla => attempt.nla.as_ref(),
        _ => snapshot.nla.as_ref(),
    });
    Target {
        name: printable(&target.name).into_owned(),
        port: target.port,
        address: address.map(|address| address.to_string()),
        kind: target.kind.word(),
        availability: snapshot.availability.word(),
        state: CheckState::of(snapshot).word(),
        verdict: printable(&snapshot.verdict).into_owned(),
        expected_client_error: expected_client_error(&snapshot.findings).map(client_error),
        dns: snapshot.resolution.as_ref().map(|name| dns(name, &target.expect)),
        echo: resolved.then(|| echo(&snapshot.echo_total)).flatten(),
        tcp: connect.map(tcp),
        x224: attempt.and_then(|attempt| attempt.negotiate.as_ref()).map(x224),
        tls: handshake.map(|tls| tls_entry(tls, snapshot.name_matches, now, cipher_name)),
        nla: climbed.map(nla),
        udp: snapshot.udp.filter(|_| resolved).and_then(udp),
        path: snapshot.path.filter(|_| resolved).map(path),
        gateway: snapshot
            .gateway
            .as_ref()
            .zip(target.gateway.as_ref())
            .map(|(found, configured)| gateway::entry(found, configured, now)),
        neighbour: snapshot.neighbour.filter(|_| resolved).and_then(neighbour),
        addresses: addresses(snapshot, address, attempt),
        risk: snapshot.risk.word(),
        risk_factors: risk_factors(&snapshot.findings)
            .into_iter()
            .map(|factor| RiskEntry {
                finding: factor.rule.0,
                weight: factor.weight.word(),
                title: printable(&factor.title).into_owned(),
            })
            .collect(),
        findings: snapshot.findings.iter().map(|finding| entry(finding, &values)).collect(),
        host: printable(&target.host.to_string()).into_owned(),
    }
}

fn client_error(error: ClientError) -> ClientErrorEntry {
    ClientErrorEntry {
        code: format!("0x{:x}", error.code),
        extended: error.extended.map(|code| format!("0x{code:x}")),
        text: printable(error.text).into_owned(),
        likelihood: error.likelihood.word(),
    }
}

fn dns(name: &Resolution, expected: &[IpAddr]) -> Dns {
    let asked = name.outcome != NameOutcome::NotNeeded;
    let resolved = !asked || name.outcome == NameOutcome::Ok;
    let answer = name.answering_server();
    Dns {
        outcome: name.outcome.word(),
        source: resolved.then(|| name.source.word()),
        addresses: texts(&name.addresses),
        expected: texts(expected),
        server: answer.map(|answer| server(answer.server)),
        elapsed_ms: asked.then(|| words::millis(name.elapsed)),
        ttl_s: answer.and_then(|answer| answer.ttl_s),
        ptr: name.ptr.iter().map(|name| printable(name).into_owned()).collect(),
        canonical: canonical(name),
        system: texts(&name.system),
        servers: name.servers.iter().map(dns_server).collect(),
    }
}

fn canonical(name: &Resolution) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for canonical in name.canonical() {
        if !names.iter().any(|known| known == canonical) {
            names.push(printable(canonical).into_owned());
        }
    }
    names
}

fn dns_server(answer: &ServerAnswer) -> DnsServer {
    DnsServer {
        server: server(answer.server),
        outcome: answer.outcome.word(),
        addresses: texts(&answer.addresses),
        elapsed_ms: words::millis(answer.elapsed),
    }
}

fn server(address: SocketAddr) -> String {
    if address.port() == 53 { address.ip().to_string() } else { address.to_string() }
}

fn texts(addresses: &[IpAddr]) -> Vec<String> {
    addresses.iter().map(IpAddr::to_string).collect()
}

fn echo(stats: &EchoStats) -> Option<EchoEntry> {
    (stats.sent > 0).then(|| EchoEntry {
        method: stats.method.map(EchoMethod::word),
        sent: stats.sent,
        received: stats.received,
        loss_pct: stats.loss().map(words::percent),
        min_ms: stats.min.map(words::millis),
        median_ms: stats.median.map(words::millis),
        p95_ms: stats.p95.map(words::millis),
        max_ms: stats.max.map(words::millis),
        jitter_ms: stats.jitter.map(words::millis),
        late: stats.late,
        duplicates: stats.duplicates,
    })
}

fn tcp(connect: &Connect) -> Tcp {
    Tcp {
        outcome: connect.outcome.word(),
        icmp: connect.icmp.map(|error| format!("{}/{}", error.kind, error.code)),
        from: connect.icmp.and_then(|error| error.from).map(|from| from.to_string()),
        elapsed_ms: words::millis(connect.elapsed),
    }
}

fn x224(negotiate: &Negotiate) -> X224 {
    let (failure, other_protocol) = match &negotiate.outcome {
        NegotiateOutcome::Failure(code) => (Some(code.to_string()), None),
        NegotiateOutcome::Malformed(bytes) => (None, bytes.protocol.name()),
        _ => (None, None),
    };
    X224 {
        outcome: negotiate.outcome.word(),
        selected: negotiate.outcome.selected().map(|protocol| protocol.to_string()),
        failure,
        other_protocol,
        elapsed_ms: words::millis(negotiate.elapsed),
    }
}

fn tls_entry(
    tls: &Tls,
    name_matches: Option<bool>,
    now: WallTime,
    cipher_name: CipherName,
) -> TlsEntry {
    TlsEntry {
        outcome: tls.outcome.word(),
        alert: match tls.outcome {
            TlsOutcome::Alert(description) => Some(description),
            _ => None,
        },
        version: tls.version.map(|version| version.to_string()),
        cipher: tls.cipher.map(|suite| printable(&cipher_name(suite)).into_owned()),
        hello: tls.hello.word(),
        elapsed_ms: words::millis(tls.elapsed),
        certificate: tls.certificate.as_ref().map(|leaf| certificate(leaf, name_matches, now)),
    }
}

fn certificate(
    leaf: &CertificateSummary,
    name_matches: Option<bool>,
    now: WallTime,
) -> Certificate {
    let safe = |text: &String| printable(text).into_owned();
    Certificate {
        subject: safe(&leaf.subject),
        issuer: safe(&leaf.issuer),
        self_signed: leaf.self_signed,
        not_before: words::utc(leaf.not_before),
        not_after: words::utc(leaf.not_after),
        days_left: leaf.days_left(now),
        names: leaf.names.iter().map(safe).collect(),
        name_matches,
        key: leaf.key.to_string(),
        signature: safe(&leaf.signature),
        sha256: leaf.sha256.to_string(),
    }
}

fn nla(nla: &Nla) -> NlaEntry {
    let asked = nla.outcome != NlaOutcome::NotOffered;
    let identity = nla.identity.as_ref();
    let safe = |text: Option<&String>| text.map(|text| printable(text).into_owned());
    NlaEntry {
        outcome: nla.outcome.word(),
        credssp_version: nla.version,
        error_code: nla.error.map(|status| status.to_string()),
        computer: safe(identity.and_then(|who| who.computer.as_ref())),
        dns_computer: safe(identity.and_then(|who| who.dns_computer.as_ref())),
        domain: safe(identity.and_then(|who| who.dns_domain.as_ref().or(who.domain.as_ref()))),
        os_build: identity.and_then(|who| who.os).map(|os| os.to_string()),
        clock_skew_s: nla.clock_skew_ms.map(words::seconds),
        elapsed_ms: asked.then(|| words::millis(nla.elapsed)),
    }
}

/// `None` when this machine could not ask.
fn udp(udp: Udp) -> Option<UdpEntry> {
    let outcome = udp.outcome.word()?;
    Some(UdpEntry {
        outcome,
        version: udp.version.map(|version| version.to_string()),
        mtu_up: udp.mtu_up,
        mtu_down: udp.mtu_down,
        elapsed_ms: udp.round_trip().map(words::millis),
    })
}

fn path(path: PathMtu) -> PathEntry {
    PathEntry {
        mtu: path.mtu,
        outcome: path.outcome.word(),
        from: path.from.map(|from| from.to_string()),
    }
}

fn neighbour(entry: Neighbour) -> Option<NeighbourEntry> {
    let state = entry.state.word()?;
    Some(NeighbourEntry { mac: entry.mac.map(|mac| mac.to_string()), state })
}

/// The dialled address first, then every other one that was tried. A rung that was not climbed
/// there is `null`.
fn addresses(
    snapshot: &TargetSnapshot,
    dialled: Option<IpAddr>,
    attempt: Option<&Attempt>,
) -> Vec<AddressEntry> {
    let expect = &snapshot.target.expect;
    let published: &[IpAddr] = snapshot.resolution.as_ref().map_or(&[], |name| &name.addresses);
    let entry = |address: IpAddr, connect: Option<&Connect>, climb: Option<&Attempt>| {
        let negotiate = climb.and_then(|climb| climb.negotiate.as_ref());
        let tls = climb.and_then(|climb| climb.tls.as_ref());
        AddressEntry {
            address: address.to_string(),
            tcp: connect.map(|connect| connect.outcome.word()),
            x224: negotiate.map(|negotiate| negotiate.outcome.word()),
            tls: tls.map(|tls| tls.outcome.word()),
            expected: expect.contains(&address),
            published: published.contains(&address),
        }
    };
    let own = dialled.map(|address| {
        let attempt = attempt.filter(|attempt| attempt.connect.address.ip() == address);
        entry(address, attempt.map(|attempt| &attempt.connect), attempt)
    });
    let others = snapshot.alternatives.iter().map(|(address, other)| {
        entry(*address, Some(&other.newest.value), other.climb.as_ref().map(|climb| &climb.value))
    });
    own.into_iter().chain(others).collect()
}

fn entry(finding: &Finding, values: &Placeholders) -> FindingEntry {
    let safe = |text: &str| printable(text).into_owned();
    FindingEntry {
        id: finding.rule.0,
        severity: finding.severity.word(),
        confidence: finding.confidence.word(),
        owner: finding.owner.word(),
        title: safe(&finding.title),
        evidence: finding.evidence.iter().map(|line| safe(line)).collect(),
        disproof: safe(finding.disproof),
        since: words::utc(finding.since),
        remedies: finding.remedies.iter().map(|remedy| RemedyText::new(remedy, values)).collect(),
    }
}

#[cfg(test)]
mod tests;
