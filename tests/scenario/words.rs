//! The words of a round, and the observations they stand for.

use rdpwatch::domain::certificate::{CertificateSummary, KeyKind};
use rdpwatch::domain::sample::{
    Afterwards, Attempt, CipherSuite, Connect, ConnectOutcome, Echo, EchoMethod, EchoOutcome,
    Hello, IcmpError, LocalFault, Misread, NameOutcome, NameSource, Negotiate, NegotiateOutcome,
    Neighbour, NeighbourState, Nla, NlaOutcome, NotRdp, NtStatus, NtlmIdentity, Observation,
    OsVersion, OtherProtocol, PathMtu, PathOutcome, ProbeKind, Resolution, ServerAnswer,
    SweepAnswer, SweepOffer, SweepStep, TcpFacts, Tls, TlsOutcome, TlsSweep, TlsVersion, Udp,
    UdpOutcome, UdpVersion,
};
use rdpwatch::domain::security::{FailureCode, SecurityProtocol};
use rdpwatch::domain::time::WallTime;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// One word, or several that take turns when a round repeats.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Turns {
    One(String),
    Many(Vec<String>),
}

impl Turns {
    fn turn(&self, index: u32) -> &str {
        match self {
            Self::One(word) => word,
            Self::Many(words) => {
                let index = usize::try_from(index).expect("a small number") % words.len();
                words.get(index).expect("at least one word")
            }
        }
    }
}

/// Samples of one moment, or of several at even distances.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Round {
    pub(crate) at: String,
    pub(crate) times: Option<u32>,
    pub(crate) every: Option<String>,
    /// Of an incident: which targets, `3` or `0-5`; default all.
    pub(crate) hosts: Option<String>,
    /// The address that echo and connections go to; default 10.0.0.21.
    pub(crate) address: Option<IpAddr>,
    echo: Option<Turns>,
    connect: Option<Turns>,
    connect_took: Option<String>,
    negotiate: Option<Turns>,
    negotiate_took: Option<String>,
    asked: Option<u32>,
    tls: Option<Turns>,
    certificate: Option<CertificateTable>,
    nla: Option<Turns>,
    /// The host's clock less ours.
    skew: Option<String>,
    /// Flags of the RDP Negotiation Response; default those of Windows 10.
    flags: Option<u8>,
    ntlm: Option<NtlmTable>,
    pub(crate) resolve: Option<Turns>,
    resolve_took: Option<String>,
    resolve_from: Option<String>,
    #[serde(default)]
    servers: Vec<Turns>,
    #[serde(default)]
    alternatives: Vec<String>,
    neighbour: Option<Turns>,
    mac: Option<String>,
    gateway: Option<Turns>,
    gateway_certificate: Option<CertificateTable>,
    udp: Option<Turns>,
    path: Option<Turns>,
    socket: Option<Turns>,
    os_build: Option<String>,
    sweep: Option<String>,
    tls_took: Option<String>,
}

/// The names of an NTLM challenge.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct NtlmTable {
    computer: Option<String>,
    dns: Option<String>,
    domain: Option<String>,
    build: Option<u16>,
    #[serde(default)]
    winpr: bool,
}

/// A certificate; days are counted from the scenario's second 0.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CertificateTable {
    name: Option<String>,
    issued: bool,
    issuer: Option<String>,
    from_days: Option<i64>,
    to_days: Option<i64>,
    to_hours: Option<i64>,
    rsa: Option<u32>,
    signature: Option<String>,
    print: Option<String>,
}

/// `250ms`, `12s`, `5m`.
pub(crate) fn span(text: &str) -> Duration {
    let split = text.find(|c: char| c.is_ascii_alphabetic()).expect("a unit");
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().expect("a number");
    match unit {
        "us" => Duration::from_micros(number),
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_mins(number),
        "h" => Duration::from_hours(number),
        other => panic!("no unit {other}"),
    }
}

impl Round {
    /// Every observation of one turn with the time it took.
    pub(crate) fn observations(&self, index: u32, start: WallTime) -> Vec<(Observation, Duration)> {
        let mut all = Vec::new();
        if let Some(word) = &self.resolve {
            let servers: Vec<&str> = self.servers.iter().map(|word| word.turn(index)).collect();
            let took = self.resolve_took.as_deref();
            let from = self.resolve_from.as_deref();
            all.push(resolution(word.turn(index), from, took, &servers));
        }
        if let Some(word) = &self.neighbour {
            all.push(self.neighbour(word.turn(index)));
        }
        if let Some(word) = &self.echo {
            let (outcome, took) = echo(word.turn(index), self.address());
            let method = EchoMethod::Icmp;
            all.push((Observation::Echo(Echo { method, address: self.address(), outcome }), took));
        }
        let climbs = [&self.connect, &self.negotiate, &self.tls, &self.nla];
        if climbs.iter().any(|rung| rung.is_some()) || self.ntlm.is_some() {
            let (attempt, took) = self.attempt(index, start);
            all.push((Observation::Attempt(Box::new(attempt)), took));
        }
        if let Some(word) = &self.gateway {
            let table = self.gateway_certificate.clone().unwrap_or_else(CertificateTable::gateway);
            let found = super::gateway::look(word.turn(index), table.certificate(start));
            let took = found.elapsed;
            all.push((Observation::Gateway(Box::new(found)), took));
        }
        if let Some(word) = &self.udp {
            let udp = udp(word.turn(index), self.address());
            all.push((Observation::Udp(udp), udp.elapsed));
        }
        if let Some(word) = &self.path {
            let path = path(word.turn(index), self.address());
            all.push((Observation::PathMtu(path), path.elapsed));
        }
        if let Some(words) = &self.sweep {
            let found = sweep(words);
            let took = found.elapsed;
            all.push((Observation::Sweep(Box::new(found)), took));
        }
        for word in &self.alternatives {
            let (attempt, took) = alternative(word);
            all.push((Observation::Alternative(Box::new(attempt)), took));
        }
        all
    }

    fn address(&self) -> IpAddr {
        self.address.unwrap_or(IpAddr::from([10, 0, 0, 21]))
    }

    fn neighbour(&self, word: &str) -> (Observation, Duration) {
        let state = match word {
            "reachable" => NeighbourState::Reachable,
            "stale" => NeighbourState::Stale,
            "failed" => NeighbourState::Failed,
            "none" => NeighbourState::None,
            "not_on_link" => NeighbourState::NotOnLink,
            "unknown" => NeighbourState::Unknown,
            other => panic!("no neighbour state {other}"),
        };
        let mac = self.mac.as_deref().map(|mac| mac.parse().expect("a MAC address"));
        let neighbour = Neighbour { address: self.address(), state, mac };
        (Observation::Neighbour(neighbour), Duration::ZERO)
    }

    fn attempt(&self, index: u32, start: WallTime) -> (Attempt, Duration) {
        let word = self.connect.as_ref().map_or("open", |word| word.turn(index));
        let connect = connect(word, self.address(), self.connect_took.as_deref());
        let mut took = connect.elapsed;
        let mut attempt = Attempt::new(ProbeKind::Negotiate, connect);
        if self.nla.is_some() || self.ntlm.is_some() {
            attempt.depth = ProbeKind::Nla;
        } else if self.tls.is_some() {
            attempt.depth = ProbeKind::Tls;
        }
        if connect.outcome != ConnectOutcome::Open {
            return (attempt, took);
        }
        let default = (attempt.depth > ProbeKind::Negotiate).then_some("hybrid");
        if let Some(word) = self.negotiate.as_ref().map(|word| word.turn(index)).or(default) {
            let mut outcome = negotiate(word);
            if let (NegotiateOutcome::Confirmed { flags, .. }, Some(own)) =
                (&mut outcome, self.flags)
            {
                *flags = own;
            }
            let usual = if outcome == NegotiateOutcome::Timeout { "5s" } else { "13ms" };
            let elapsed = span(self.negotiate_took.as_deref().unwrap_or(usual));
            took += elapsed;
            let received = match outcome {
                NegotiateOutcome::Confirmed { .. } | NegotiateOutcome::Failure(_) => 19,
                NegotiateOutcome::NoNegotiation => 11,
                _ => 0,
            };
            let asked = self.asked.map_or(SecurityProtocol::OFFERED, SecurityProtocol);
            let goes_on = outcome.selected().is_some_and(SecurityProtocol::starts_tls);
            attempt.negotiate = Some(Negotiate { asked, outcome, received, elapsed });
            if !goes_on {
                return (attempt, took);
            }
        }
        let default = (attempt.depth == ProbeKind::Nla).then_some("ok");
        if let Some(word) = self.tls.as_ref().map(|word| word.turn(index)).or(default) {
            let mut tls = tls(word);
            if let Some(took) = &self.tls_took {
                tls.elapsed = span(took);
            }
            if tls.outcome == TlsOutcome::Ok {
                tls.certificate =
                    Some(self.certificate.clone().unwrap_or_default().certificate(start));
            }
            took += tls.elapsed;
            attempt.tls = Some(tls);
        }
        let default = self.ntlm.as_ref().map(|_| "challenge");
        if let Some(word) = self.nla.as_ref().map(|word| word.turn(index)).or(default) {
            let mut nla = nla(word, self.skew.as_deref());
            if let Some(names) = &self.ntlm {
                nla.identity = Some(names.identity());
            }
            if let Some((identity, build)) = nla.identity.as_mut().zip(self.os_build.as_deref()) {
                identity.os = Some(os(build));
            }
            took += nla.elapsed;
            attempt.nla = Some(nla);
        }
        attempt.socket = self.socket.as_ref().map(|word| socket(word.turn(index)));
        (attempt, took)
    }
}

impl NtlmTable {
    fn identity(&self) -> NtlmIdentity {
        NtlmIdentity {
            computer: self.computer.clone(),
            dns_computer: self.dns.clone(),
            dns_domain: self.domain.clone(),
            os: Some(OsVersion { major: 10, minor: 0, build: self.build.unwrap_or(26_100) }),
            winpr: self.winpr,
            ..NtlmIdentity::default()
        }
    }
}

/// `10.0.0.22=open`: a bare connection. `10.0.0.22=open+hybrid+ok`: a climb.
fn alternative(word: &str) -> (Attempt, Duration) {
    let (address, outcome) = word.split_once('=').expect("address=outcome");
    let mut rungs = outcome.split('+');
    let connect =
        connect(rungs.next().expect("an outcome"), address.parse().expect("an address"), None);
    let mut took = connect.elapsed;
    let mut attempt = Attempt::new(ProbeKind::Connect, connect);
    if let Some(word) = rungs.next() {
        attempt.depth = ProbeKind::Tls;
        attempt.negotiate = Some(Negotiate {
            asked: SecurityProtocol::OFFERED,
            outcome: negotiate(word),
            received: 19,
            elapsed: Duration::from_millis(13),
        });
        took += Duration::from_millis(13);
    }
    attempt.tls = rungs.next().map(tls);
    (attempt, took)
}

/// `10.0.0.21 fd00::21`, or an outcome.
pub(crate) fn resolution(
    word: &str,
    from: Option<&str>,
    took: Option<&str>,
    servers: &[&str],
) -> (Observation, Duration) {
    let (outcome, addresses) = answer(word);
    let usual = if outcome == NameOutcome::Timeout { "5s" } else { "2ms" };
    let elapsed = span(took.unwrap_or(usual));
    let servers: Vec<ServerAnswer> = servers
        .iter()
        .map(|text| {
            let (server, word) = text.split_once('=').expect("server=answer");
            let (word, canonical) = match word.split_once('>') {
                Some((word, alias)) => (word, vec![alias.to_owned()]),
                None => (word, vec![]),
            };
            let (outcome, addresses) = answer(word);
            let server = SocketAddr::new(server.parse().expect("an address"), 53);
            ServerAnswer { server, outcome, addresses, canonical, ttl_s: Some(120), elapsed }
        })
        .collect();
    let resolution = Resolution {
        outcome,
        source: match from.unwrap_or("dns") {
            "dns" => NameSource::Dns,
            "hosts" => NameSource::Hosts,
            other => panic!("no source {other}"),
        },
        system: addresses.clone(),
        addresses,
        servers,
        ptr: vec![],
        elapsed,
    };
    (Observation::Resolve(resolution), elapsed)
}

fn answer(word: &str) -> (NameOutcome, Vec<IpAddr>) {
    let outcome = match word {
        "nxdomain" => NameOutcome::NxDomain,
        "no_data" => NameOutcome::NoData,
        "servfail" => NameOutcome::ServFail,
        "refused" => NameOutcome::Refused,
        "timeout" => NameOutcome::Timeout,
        "malformed" => NameOutcome::Malformed,
        "error" => NameOutcome::Error,
        addresses => {
            let parsed =
                addresses.split(' ').map(|address| address.parse().expect("an address")).collect();
            return (NameOutcome::Ok, parsed);
        }
    };
    (outcome, vec![])
}

fn echo(word: &str, address: IpAddr) -> (EchoOutcome, Duration) {
    let deadline = Duration::from_secs(2);
    match word {
        "lost" => (EchoOutcome::Lost, deadline),
        "late" => (EchoOutcome::Late { rtt: deadline * 2 }, deadline * 2),
        "void" => (EchoOutcome::Void(LocalFault::Stalled), Duration::ZERO),
        "unreachable" => {
            let from = Some(IpAddr::from([10, 0, 0, 1]));
            assert_ne!(from, Some(address), "a router says so");
            let error = IcmpError { v6: false, kind: 3, code: 1, from };
            (EchoOutcome::Unreachable(error), Duration::from_millis(3_060))
        }
        rtt => (EchoOutcome::Reply { rtt: span(rtt), ttl: None }, span(rtt)),
    }
}

/// `open`, `refused`, `timeout`, `prohibited@10.0.0.1`, `refused:3/3@10.0.0.21`,
/// `unreachable:3/1@own`, `local_error`.
pub(super) fn connect(word: &str, address: IpAddr, took: Option<&str>) -> Connect {
    let (word, from) = word.split_once('@').map_or((word, None), |(word, by)| (word, Some(by)));
    let (word, code) = word.split_once(':').map_or((word, None), |(word, code)| (word, Some(code)));
    let (outcome, usual, usual_code) = match word {
        "open" => (ConnectOutcome::Open, "12ms", None),
        "refused" => (ConnectOutcome::Refused, "12ms", None),
        "timeout" => (ConnectOutcome::Timeout, "5s", None),
        "unreachable" => (ConnectOutcome::Unreachable, "3060ms", Some("3/1")),
        "prohibited" => (ConnectOutcome::Prohibited, "12ms", Some("3/13")),
        "local_error" => (ConnectOutcome::LocalError(LocalFault::NoRoute), "1ms", None),
        other => panic!("no connect outcome {other}"),
    };
    let own = from == Some("own");
    let from = match from {
        None => None,
        Some("own") => Some(IpAddr::from([10, 0, 0, 5])),
        Some(address) => Some(address.parse().expect("an address")),
    };
    let icmp = code.or(usual_code).map(|code| {
        let (kind, code) = code.split_once('/').expect("type/code");
        let number = |text: &str| text.parse().expect("a small number");
        IcmpError { v6: address.is_ipv6(), kind: number(kind), code: number(code), from }
    });
    Connect {
        address: SocketAddr::new(address, 3389),
        outcome,
        icmp,
        icmp_is_ours: own,
        elapsed: span(took.unwrap_or(usual)),
    }
}

fn negotiate(word: &str) -> NegotiateOutcome {
    let other = |protocol, head: &[u8]| {
        let reason = "not a TPKT header";
        NegotiateOutcome::Malformed(NotRdp { protocol, offset: 0, reason, head: head.to_vec() })
    };
    let selected = |selected| NegotiateOutcome::Confirmed { selected, flags: 0x1f };
    match word {
        "hybrid" => selected(SecurityProtocol::HYBRID),
        "ssl" => selected(SecurityProtocol::SSL),
        "rdp" => selected(SecurityProtocol::RDP),
        "rdsaad" => selected(SecurityProtocol::RDSAAD),
        "none" => NegotiateOutcome::NoNegotiation,
        "silent" => NegotiateOutcome::Timeout,
        "closed" => NegotiateOutcome::Closed,
        "reset" => NegotiateOutcome::Reset,
        "disconnected" => NegotiateOutcome::Disconnected,
        "http" => other(OtherProtocol::Http, b"HTTP/1.1 400 Bad Request\r\n"),
        "ssh" => other(OtherProtocol::Ssh, b"SSH-2.0-OpenSSH_9.2\r\n"),
        "garbage" => other(OtherProtocol::Unknown, &[0x1b, 0x5b, 0x32, 0x4a]),
        other => {
            let code = other.strip_prefix("failure:").unwrap_or_else(|| panic!("no {other}"));
            NegotiateOutcome::Failure(FailureCode(code.parse().expect("a code")))
        }
    }
}

/// `ok`, `legacy:0303:009d`, `closed`, `reset`, `timeout`, `malformed`, `unsupported`, `alert:40`.
/// In front may stand how the modern hello ended (`closed>alert:70`), behind whether X.224 is
/// answered afterwards (`closed/answered`, `closed/dropped`).
pub(super) fn tls(words: &str) -> Tls {
    let (words, afterwards) = match words.split_once('/') {
        Some((words, "answered")) => (words, Some(Afterwards::Answered)),
        Some((words, "dropped")) => (words, Some(Afterwards::Dropped)),
        Some((_, other)) => panic!("no {other}"),
        None => (words, None),
    };
    let (modern, word) = match words.split_once('>') {
        Some((modern, word)) => (Some(modern), word),
        None => (None, words),
    };
    let mut found = one_tls(word);
    found.afterwards = afterwards;
    if let Some(modern) = modern {
        found.modern = Some(one_tls(modern).outcome);
    }
    found
}

/// `tls13=closed windows=0303:c02f tls12=0303:000a`; what is not named is refused with alert 40.
fn sweep(words: &str) -> TlsSweep {
    let named = |offered: SweepOffer| {
        let name = match offered {
            SweepOffer::Tls13 => "tls13",
            SweepOffer::Windows => "windows",
            SweepOffer::Tls12 => "tls12",
            SweepOffer::StaticRsaAndCbc => "static",
            SweepOffer::Tls11 => "tls11",
            SweepOffer::Tls10 => "tls10",
        };
        words.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    };
    let answer = |word: &str| match word {
        "closed" => SweepAnswer::Closed,
        "timeout" => SweepAnswer::Timeout,
        "not_reached" => SweepAnswer::NotReached,
        other => {
            let (version, suite) = other.split_once(':').expect("version:suite");
            let hex = |text| u16::from_str_radix(text, 16).expect("four hex digits");
            SweepAnswer::Taken(TlsVersion(hex(version)), CipherSuite(hex(suite)))
        }
    };
    let steps = SweepOffer::ALL
        .into_iter()
        .map(|offered| SweepStep {
            offered,
            answer: named(offered).map_or(SweepAnswer::Alert(40), answer),
        })
        .collect();
    TlsSweep { steps, elapsed: Duration::from_secs(4) }
}

fn one_tls(word: &str) -> Tls {
    let mut tls = Tls {
        outcome: TlsOutcome::Ok,
        hello: Hello::Legacy,
        modern: Some(TlsOutcome::Alert(40)),
        afterwards: None,
        version: None,
        cipher: None,
        certificate: None,
        received: 0,
        elapsed: Duration::from_millis(18),
    };
    if word == "ok" {
        let modern = (Hello::Modern, Some(TlsVersion(0x0304)), Some(CipherSuite(0x1302)));
        (tls.hello, tls.version, tls.cipher) = modern;
        tls.modern = None;
        return tls;
    }
    if let Some(rest) = word.strip_prefix("legacy:") {
        let (version, suite) = rest.split_once(':').expect("version:suite");
        let hex = |text| u16::from_str_radix(text, 16).expect("four hex digits");
        tls.version = Some(TlsVersion(hex(version)));
        tls.cipher = Some(CipherSuite(hex(suite)));
        return tls;
    }
    tls.outcome = match word {
        "closed" => TlsOutcome::Closed,
        "reset" => TlsOutcome::Reset,
        "timeout" => TlsOutcome::Timeout,
        "malformed" => TlsOutcome::Malformed(Misread { offset: 0, reason: "not a TLS record" }),
        "unsupported" => TlsOutcome::Unsupported,
        other => {
            let code = other.strip_prefix("alert:").unwrap_or_else(|| panic!("no {other}"));
            TlsOutcome::Alert(code.parse().expect("an alert"))
        }
    };
    if tls.outcome == TlsOutcome::Timeout {
        tls.elapsed = Duration::from_secs(8);
        tls.hello = Hello::Modern;
    }
    tls.modern = (tls.hello == Hello::Legacy).then_some(tls.outcome);
    tls
}

/// `answered`, `answered:1`, `answered:2@1132`, `silent`, `closed`, `malformed`, `local_error`.
fn udp(word: &str, address: IpAddr) -> Udp {
    let (word, size) = word.split_once('@').map_or((word, "1232"), |(word, size)| (word, size));
    let (word, named) = word.split_once(':').map_or((word, "2"), |(word, named)| (word, named));
    let number = |text: &str| text.parse::<u16>().expect("a small number");
    let closed = IcmpError { v6: address.is_ipv6(), kind: 3, code: 3, from: Some(address) };
    let outcome = match word {
        "answered" => UdpOutcome::SynAck,
        "silent" => UdpOutcome::Silent,
        "closed" => UdpOutcome::Unreachable(Some(closed)),
        "malformed" => UdpOutcome::Malformed(Misread { offset: 6, reason: "without SYN" }),
        "local_error" => UdpOutcome::LocalError(LocalFault::NoRoute),
        other => panic!("no UDP outcome {other}"),
    };
    let answered = (outcome == UdpOutcome::SynAck).then(|| number(size));
    let silent = outcome == UdpOutcome::Silent;
    Udp {
        address: SocketAddr::new(address, 3389),
        outcome,
        version: answered.map(|_| UdpVersion(number(named))),
        mtu_up: answered,
        mtu_down: answered,
        answered_at: answered,
        sent: if silent || answered == Some(1132) { 3 } else { 1 },
        elapsed: if silent { Duration::from_secs(2) } else { Duration::from_millis(3) },
    }
}

/// `full`, `lowered:1280@10.0.0.1`, `lowered:1420` (our own interface), `hole:1400/1420` (passes,
/// vanishes), `limit:1160` (all but small pings vanish), `unknown`, `local_error`.
fn path(word: &str, address: IpAddr) -> PathMtu {
    let (word, from) = word.split_once('@').map_or((word, None), |(word, by)| (word, Some(by)));
    let (word, sizes) = word.split_once(':').map_or((word, ""), |(word, sizes)| (word, sizes));
    let number = |text: &str| text.parse::<u32>().expect("a size");
    let (mtu, swallowed) = match (word, sizes.split_once('/')) {
        ("full", _) => (Some(1500), None),
        ("lowered", _) => (Some(number(sizes)), None),
        ("hole", Some((mtu, size))) => (Some(number(mtu)), Some(number(size))),
        ("limit", _) => (None, Some(number(sizes))),
        ("unknown" | "local_error", _) => (None, None),
        other => panic!("no path {other:?}"),
    };
    let outcome = match word {
        "full" => PathOutcome::Full,
        "lowered" => PathOutcome::Lowered,
        "hole" => PathOutcome::BlackHole,
        "local_error" => PathOutcome::LocalError(LocalFault::NotPermitted),
        _ => PathOutcome::Unknown,
    };
    PathMtu {
        address,
        outcome,
        mtu,
        first_hop: Some(if word == "lowered" && from.is_none() { number(sizes) } else { 1500 }),
        swallowed,
        from: from.map(|from| from.parse().expect("an address")),
        tries: if swallowed.is_some() { 3 } else { 0 },
        elapsed: Duration::from_millis(900),
    }
}

/// What the kernel counted: `clean`, or any of `mss=1360`, `received=1360` (largest segment that
/// arrived), `again=2` (segments sent again), `order=1` (segments out of order).
fn socket(word: &str) -> TcpFacts {
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
    for word in word.split(' ').filter(|word| *word != "clean") {
        let (field, number) = word.split_once('=').expect("field=number");
        let number = number.parse().expect("a number");
        match field {
            "mss" => facts.mss = number,
            "received" => facts.received_mss = number,
            "again" => facts.retransmits = number,
            "order" => facts.out_of_order = Some(number),
            other => panic!("no field {other}"),
        }
    }
    facts
}

/// `challenge`, `challenge:4` (version of CredSSP), `error:c000005e`, `denied`, `closed`, `reset`,
/// `disconnected`, `alert:80`, `timeout`, `malformed`, `not_offered`.
fn nla(word: &str, skew: Option<&str>) -> Nla {
    let mut nla = Nla { elapsed: Duration::from_millis(14), ..Nla::not_offered() };
    let (word, number) = word.split_once(':').unwrap_or((word, ""));
    nla.outcome = match word {
        "challenge" => NlaOutcome::Challenge,
        "error" => NlaOutcome::Error,
        "denied" => NlaOutcome::Denied,
        "closed" => NlaOutcome::Closed,
        "reset" => NlaOutcome::Reset,
        "disconnected" => NlaOutcome::Disconnected,
        "alert" => NlaOutcome::Alert(number.parse().expect("an alert")),
        "timeout" => NlaOutcome::Timeout,
        "malformed" => NlaOutcome::Malformed(Misread { offset: 0, reason: "not a TSRequest" }),
        "not_offered" => return Nla::not_offered(),
        other => panic!("no {other}"),
    };
    match nla.outcome {
        NlaOutcome::Challenge => {
            let name = |text: &str| Some(text.to_owned());
            nla.version =
                Some(if number.is_empty() { 6 } else { number.parse().expect("a number") });
            nla.received = 320;
            nla.clock_skew_ms = Some(skew.map_or(40, milliseconds));
            nla.identity = Some(NtlmIdentity {
                computer: name("OFFICE-PC"),
                domain: name("CORP"),
                dns_computer: name("office-pc.corp.lab"),
                dns_domain: name("corp.lab"),
                dns_tree: name("corp.lab"),
                os: Some(OsVersion { major: 10, minor: 0, build: 26_100 }),
                ..NtlmIdentity::default()
            });
        }
        NlaOutcome::Error => {
            nla.version = Some(6);
            nla.received = 17;
            nla.error = Some(NtStatus(u32::from_str_radix(number, 16).expect("hex digits")));
        }
        NlaOutcome::Timeout => nla.elapsed = Duration::from_secs(5),
        _ => {}
    }
    nla
}

/// `10.0.14393`.
fn os(build: &str) -> OsVersion {
    let parts: Vec<u16> = build.split('.').map(|part| part.parse().expect("a number")).collect();
    let [major, minor, build] = parts.try_into().expect("major.minor.build");
    let small = |number: u16| u8::try_from(number).expect("a small number");
    OsVersion { major: small(major), minor: small(minor), build }
}

/// `7m` or `-7m` in milliseconds.
pub(crate) fn milliseconds(text: &str) -> i64 {
    let whole = |text| i64::try_from(span(text).as_millis()).expect("a small number");
    text.strip_prefix('-').map_or_else(|| whole(text), |text| -whole(text))
}

impl CertificateTable {
    /// What an authority gave the gateway.
    fn gateway() -> Self {
        let name = Some("gw.corp.lab".to_owned());
        Self { name, issued: true, ..Self::default() }
    }

    fn certificate(&self, start: WallTime) -> CertificateSummary {
        let name = self.name.as_deref().unwrap_or("office-pc.corp.lab");
        let day = |days: i64| {
            let span = DAY * u32::try_from(days.unsigned_abs()).expect("few days");
            if days < 0 { start.minus(span) } else { start.plus(span) }
        };
        let hours = |hours: i64| {
            let span = Duration::from_hours(hours.unsigned_abs());
            if hours < 0 { start.minus(span) } else { start.plus(span) }
        };
        let issued = self.issued || self.issuer.is_some();
        let issuer = match &self.issuer {
            Some(issuer) => issuer.clone(),
            None if self.issued => "CN=Corp Issuing CA".to_owned(),
            None => format!("CN={name}"),
        };
        CertificateSummary {
            subject: format!("CN={name}"),
            common_name: Some(name.to_owned()),
            issuer,
            self_signed: !issued,
            not_before: day(self.from_days.unwrap_or(-12)),
            not_after: self.to_hours.map_or_else(|| day(self.to_days.unwrap_or(171)), hours),
            names: vec![name.to_owned()],
            key: KeyKind::Rsa(self.rsa.unwrap_or(2048)),
            signature: self.signature.clone().unwrap_or_else(|| "sha256WithRSAEncryption".into()),
            sha256: super::print(self.print.as_deref().unwrap_or("a7")),
        }
    }
}
