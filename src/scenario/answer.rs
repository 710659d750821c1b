//! The words of names, echoes, neighbours, UDP, path MTU and what the kernel counted.

use super::word::{parse, pick, span, split};
use super::wrong::Wrong;
use crate::domain::sample::{
    EchoOutcome, IcmpError, LocalFault, Misread, NameOutcome, NameSource, NeighbourState, PathMtu,
    PathOutcome, Resolution, ServerAnswer, TcpFacts, Udp, UdpOutcome, UdpVersion,
};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Outcomes of a lookup without an address.
pub(super) const NO_ADDRESS: [(&str, NameOutcome); 7] = [
    ("nxdomain", NameOutcome::NxDomain),
    ("no_data", NameOutcome::NoData),
    ("servfail", NameOutcome::ServFail),
    ("refused", NameOutcome::Refused),
    ("timeout", NameOutcome::Timeout),
    ("malformed", NameOutcome::Malformed),
    ("error", NameOutcome::Error),
];

/// `10.0.0.21 fd00::21`, or an outcome; `from` is `dns` or `hosts`; each server
/// `10.0.0.10=nxdomain` or `10.0.0.21>srv-07.corp.lab` with an alias behind.
pub(super) fn resolution(
    word: &str,
    from: Option<&str>,
    took: Option<&str>,
    servers: &[&str],
) -> Result<Resolution, Wrong> {
    let (outcome, addresses) = answer(word)?;
    let usual = if outcome == NameOutcome::Timeout { "5s" } else { "2ms" };
    let elapsed = span(took.unwrap_or(usual))?;
    let servers: Result<Vec<ServerAnswer>, Wrong> =
        servers.iter().map(|text| server(text, elapsed)).collect();
    let sources = [("dns", NameSource::Dns), ("hosts", NameSource::Hosts)];
    Ok(Resolution {
        outcome,
        by_system: true,
        source: pick(&sources, from.unwrap_or("dns"))?,
        system: addresses.clone(),
        addresses,
        servers: servers?,
        ptr: vec![],
        elapsed,
    })
}

fn server(text: &str, elapsed: Duration) -> Result<ServerAnswer, Wrong> {
    let (server, word) = split(text, "=", "SERVER=ANSWER")?;
    let (word, canonical) = match word.split_once('>') {
        Some((word, alias)) => (word, vec![alias.to_owned()]),
        None => (word, vec![]),
    };
    let (outcome, addresses) = answer(word)?;
    let server = SocketAddr::new(parse(server, "an address")?, 53);
    Ok(ServerAnswer { server, outcome, addresses, canonical, ttl_s: Some(120), elapsed })
}

fn answer(word: &str) -> Result<(NameOutcome, Vec<IpAddr>), Wrong> {
    if !word.starts_with(|c: char| c.is_ascii_hexdigit() || c == ':') || !word.contains(['.', ':'])
    {
        return Ok((pick(&NO_ADDRESS, word)?, vec![]));
    }
    let addresses: Result<_, _> =
        word.split(' ').map(|address| parse(address, "an address")).collect();
    Ok((NameOutcome::Ok, addresses?))
}

/// An RTT, `lost`, `late`, `void` or `unreachable` (which the router says), and how long it took.
pub(super) fn echo(word: &str) -> Result<(EchoOutcome, Duration), Wrong> {
    let deadline = Duration::from_secs(2);
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        let rtt = span(word)?;
        return Ok((EchoOutcome::Reply { rtt, ttl: None }, rtt));
    }
    let router = Some(IpAddr::from([10, 0, 0, 1]));
    let error = IcmpError { v6: false, kind: 3, code: 1, from: router };
    let late = deadline * 2;
    let words = [
        ("lost", (EchoOutcome::Lost, deadline)),
        ("late", (EchoOutcome::Late { rtt: late }, late)),
        ("void", (EchoOutcome::Void(LocalFault::Stalled), Duration::ZERO)),
        ("unreachable", (EchoOutcome::Unreachable(error), Duration::from_millis(3_060))),
    ];
    pick(&words, word)
}

pub(super) fn neighbour(word: &str) -> Result<NeighbourState, Wrong> {
    let words = [
        ("reachable", NeighbourState::Reachable),
        ("stale", NeighbourState::Stale),
        ("failed", NeighbourState::Failed),
        ("none", NeighbourState::None),
        ("not_on_link", NeighbourState::NotOnLink),
        ("unknown", NeighbourState::Unknown),
    ];
    pick(&words, word)
}

/// `answered`, `answered:1`, `answered:2@1132`, `silent`, `closed`, `malformed`, `local_error`.
pub(super) fn udp(word: &str, address: IpAddr) -> Result<Udp, Wrong> {
    let (word, size) = word.split_once('@').unwrap_or((word, "1232"));
    let (word, named) = word.split_once(':').unwrap_or((word, "2"));
    let (size, named): (u16, u16) = (parse(size, "a size")?, parse(named, "a version")?);
    let closed = IcmpError { v6: address.is_ipv6(), kind: 3, code: 3, from: Some(address) };
    let words = [
        ("answered", UdpOutcome::SynAck),
        ("silent", UdpOutcome::Silent),
        ("closed", UdpOutcome::Unreachable(Some(closed))),
        ("malformed", UdpOutcome::Malformed(Misread { offset: 6, reason: "without SYN" })),
        ("local_error", UdpOutcome::LocalError(LocalFault::NoRoute)),
    ];
    let outcome = pick(&words, word)?;
    let answered = (outcome == UdpOutcome::SynAck).then_some(size);
    let silent = outcome == UdpOutcome::Silent;
    Ok(Udp {
        address: SocketAddr::new(address, 3389),
        outcome,
        version: answered.map(|_| UdpVersion(named)),
        mtu_up: answered,
        mtu_down: answered,
        answered_at: answered,
        sent: if silent || answered == Some(1132) { 3 } else { 1 },
        elapsed: if silent { Duration::from_secs(2) } else { Duration::from_millis(3) },
    })
}

/// `full`, `lowered:1280@10.0.0.1`, `lowered:1420` (our own interface), `hole:1400/1420` (passes,
/// vanishes), `limit:1160` (all but small pings vanish), `unknown`, `local_error`.
pub(super) fn path(word: &str, address: IpAddr) -> Result<PathMtu, Wrong> {
    let (word, from) = word.split_once('@').map_or((word, None), |(word, by)| (word, Some(by)));
    let (word, sizes) = word.split_once(':').unwrap_or((word, ""));
    let words = [
        ("full", PathOutcome::Full),
        ("lowered", PathOutcome::Lowered),
        ("hole", PathOutcome::BlackHole),
        ("limit", PathOutcome::Unknown),
        ("unknown", PathOutcome::Unknown),
        ("local_error", PathOutcome::LocalError(LocalFault::NotPermitted)),
    ];
    let outcome = pick(&words, word)?;
    let number = |text: &str| parse::<u32>(text, "a size");
    let (mtu, swallowed) = match word {
        "full" => (Some(1500), None),
        "lowered" => (Some(number(sizes)?), None),
        "hole" => {
            let (passes, vanishes) = split(sizes, "/", "PASSES/VANISHES")?;
            (Some(number(passes)?), Some(number(vanishes)?))
        }
        "limit" => (None, Some(number(sizes)?)),
        _ => (None, None),
    };
    let from: Option<IpAddr> = from.map(|from| parse(from, "an address")).transpose()?;
    let own = mtu.filter(|_| word == "lowered" && from.is_none());
    Ok(PathMtu {
        address,
        outcome,
        mtu,
        first_hop: Some(own.unwrap_or(1500)),
        swallowed,
        from,
        tries: if swallowed.is_some() { 3 } else { 0 },
        elapsed: Duration::from_millis(900),
    })
}

/// What the kernel counted: `clean`, or any of `mss=1360`, `received=1360` (largest segment that
/// arrived), `again=2` (segments sent again), `order=1` (segments out of order).
pub(super) fn socket(words: &str) -> Result<TcpFacts, Wrong> {
    let mut facts = TcpFacts {
        rtt: Duration::from_millis(12),
        mss: 1448,
        received_mss: 1100,
        timestamps: true,
        path_mtu: 1500,
        retransmits: 0,
        lost: 0,
        out_of_order: Some(0),
    };
    for word in words.split(' ').filter(|word| *word != "clean") {
        let (field, number) = split(word, "=", "clean or FIELD=NUMBER")?;
        let number = parse(number, "a number")?;
        match field {
            "mss" => facts.mss = number,
            "received" => facts.received_mss = number,
            "again" => facts.retransmits = number,
            "order" => facts.out_of_order = Some(number),
            other => return Err(Wrong::word(other, ["mss", "received", "again", "order"])),
        }
    }
    Ok(facts)
}
