//! The name rung against scripted servers on loopback.
#![expect(clippy::disallowed_types, reason = "a DNS server needs sockets")]

use super::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

const A: u16 = 1;
const PTR: u16 = 12;
const AAAA: u16 = 28;
const NOERROR: u8 = 0;
const SERVFAIL: u8 = 2;
const NXDOMAIN: u8 = 3;
const REFUSED: u8 = 5;

/// A record of the answer: type and data; its name is the question's, its TTL 120 s.
type Record = (u16, Vec<u8>);

/// What a scripted server does with a question.
#[derive(Clone)]
enum Reply {
    /// Answers with this code, and the records of the asked type.
    Answer(u8, Vec<Record>),
    /// The same, but over UDP the answer is cut off.
    OverTcpOnly(Vec<Record>),
    Silence,
    /// The right id, then bytes that are no DNS.
    Garbage,
    /// A false answer under another id, then silence.
    WrongId(Vec<Record>),
}

type Script = fn(&str) -> Reply;

/// A server on loopback that asks `script` what to do about each name; ends with the runtime.
async fn server(script: Script) -> SocketAddr {
    // The TCP port must be the UDP port; a taken one is tried elsewhere.
    let (udp, tcp) = loop {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            break (udp, tcp);
        }
    };
    let address = udp.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = udp.recv_from(&mut buffer).await {
            if let Some(reply) = reply(&buffer[..length], script, true) {
                udp.send_to(&reply, from).await.unwrap();
            }
        }
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = tcp.accept().await {
            tokio::spawn(serve(stream, script));
        }
    });
    address
}

/// RFC 1035 section 4.2.2: each message behind its length.
async fn serve(mut stream: TcpStream, script: Script) -> std::io::Result<()> {
    loop {
        let length = stream.read_u16().await?;
        let mut question = vec![0; usize::from(length)];
        stream.read_exact(&mut question).await?;
        if let Some(reply) = reply(&question, script, false) {
            stream.write_u16(u16::try_from(reply.len()).unwrap()).await?;
            stream.write_all(&reply).await?;
        }
    }
}

/// The bytes to send back: header, question, records that point at the question's name.
fn reply(question: &[u8], script: Script, udp: bool) -> Option<Vec<u8>> {
    let (id, asked) = (&question[..2], &question[12..]);
    let kind = u16::from_be_bytes([asked[asked.len() - 4], asked[asked.len() - 3]]);
    let (code, records, truncated, id) = match script(&name_of(asked)) {
        Reply::Answer(code, records) => (code, records, false, id.to_vec()),
        Reply::OverTcpOnly(records) => (NOERROR, records, udp, id.to_vec()),
        Reply::Silence => return None,
        Reply::Garbage => return Some([id, b"\x81\x80not a DNS message"].concat()),
        Reply::WrongId(records) => (NOERROR, records, false, vec![!id[0], !id[1]]),
    };
    let records: Vec<Record> =
        records.into_iter().filter(|record| record.0 == kind && !truncated).collect();
    let mut bytes = id;
    bytes.extend([0x81 | if truncated { 2 } else { 0 }, 0x80 | code, 0, 1, 0]);
    bytes.push(u8::try_from(records.len()).unwrap());
    bytes.extend([0; 4]);
    bytes.extend(asked);
    for (kind, data) in records {
        bytes.extend([0xc0, 12]);
        bytes.extend(kind.to_be_bytes());
        bytes.extend([0, 1, 0, 0, 0, 120]);
        bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(data);
    }
    Some(bytes)
}

/// The labels at the front of a question, with dots.
fn name_of(mut question: &[u8]) -> String {
    let mut labels = Vec::new();
    while let Some((length, rest)) = question.split_first().filter(|(length, _)| **length > 0) {
        let (label, rest) = rest.split_at(usize::from(*length));
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        question = rest;
    }
    labels.join(".")
}

fn v4(last: u8) -> Record {
    (A, vec![127, 0, 0, last])
}

fn v6() -> Record {
    (AAAA, std::net::Ipv6Addr::LOCALHOST.octets().to_vec())
}

/// `text` as length-prefixed labels.
fn ptr(text: &str) -> Record {
    let mut bytes = Vec::new();
    for label in text.split('.') {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    (PTR, bytes)
}

fn dns(servers: &[SocketAddr], search: &[&str]) -> SystemDns {
    let search = search.iter().map(|&suffix| suffix.to_owned()).collect();
    SystemDns { servers: servers.to_vec(), search, ndots: 1 }
}

/// A resolver as with `--dns`, without search suffixes.
fn over(servers: &[SocketAddr], family: Family) -> Resolver {
    let settings = ResolverSettings { servers: Some(servers.to_vec()), family };
    Resolver::new(settings, SystemDns::default()).unwrap()
}

fn host(name: &str) -> Host {
    Host::Name(name.to_owned())
}

const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(200);

/// The scripts by name, so that one server serves every outcome.
fn office(name: &str) -> Reply {
    match name {
        "office-pc.corp.lab" | "my_pc.corp.lab" | "pc.local" => {
            Reply::Answer(NOERROR, vec![v4(21), v4(22), v4(21), v6()])
        }
        "v4-only.corp.lab" => Reply::Answer(NOERROR, vec![v4(21)]),
        "empty.corp.lab" => Reply::Answer(NOERROR, Vec::new()),
        "failing.corp.lab" => Reply::Answer(SERVFAIL, Vec::new()),
        "refused.corp.lab" => Reply::Answer(REFUSED, Vec::new()),
        "silent.corp.lab" => Reply::Silence,
        "garbage.corp.lab" => Reply::Garbage,
        "forged.corp.lab" => Reply::WrongId(vec![v4(66)]),
        "long.corp.lab" => Reply::OverTcpOnly((1..=40).map(v4).collect()),
        "far.corp.lab" => Reply::Answer(NOERROR, vec![(A, vec![10, 255, 255, 1])]),
        "1.255.255.10.in-addr.arpa" => Reply::Answer(NOERROR, vec![ptr("\x1b[2J.corp.lab")]),
        _ => Reply::Answer(NXDOMAIN, Vec::new()),
    }
}

/// Refuses everything.
fn closed(_: &str) -> Reply {
    Reply::Answer(REFUSED, Vec::new())
}

/// Says nothing.
fn dead(_: &str) -> Reply {
    Reply::Silence
}

/// Knows the office PC under an old address.
fn stale(_: &str) -> Reply {
    Reply::Answer(NOERROR, vec![v4(99)])
}

#[tokio::test]
async fn every_answer_of_a_server_has_its_outcome() {
    let resolver = over(&[server(office).await], Family::Any);
    for (name, outcome) in [
        ("office-pc.corp.lab", NameOutcome::Ok),
        ("OFFICE-PC.corp.lab.", NameOutcome::Ok),
        ("my_pc.corp.lab", NameOutcome::Ok),
        ("pc.local", NameOutcome::Ok),
        ("v4-only.corp.lab", NameOutcome::Ok),
        ("nobody.corp.lab", NameOutcome::NxDomain),
        ("empty.corp.lab", NameOutcome::NoData),
        ("failing.corp.lab", NameOutcome::ServFail),
        ("refused.corp.lab", NameOutcome::Refused),
        ("garbage.corp.lab", NameOutcome::Malformed),
    ] {
        let found = resolver.resolve(&host(name), LONG).await;
        assert_eq!(found.outcome, outcome, "{name}");
        assert_eq!(found.servers.len(), 1, "{name}");
        assert_eq!(found.addresses.is_empty(), outcome != NameOutcome::Ok, "{name}");
        assert!(found.system.is_empty() && found.source == NameSource::Dns, "{name}");
    }
}

#[tokio::test]
async fn silence_and_forgery_end_at_the_deadline() {
    let resolver = over(&[server(office).await], Family::Any);
    for name in ["silent.corp.lab", "forged.corp.lab"] {
        let found = resolver.resolve(&host(name), SHORT).await;
        assert_eq!(found.outcome, NameOutcome::Timeout, "{name}");
        assert!(found.addresses.is_empty(), "{name}");
        assert!(found.elapsed >= SHORT && found.elapsed < LONG, "{name}: {:?}", found.elapsed);
    }
}

#[tokio::test]
async fn addresses_keep_their_order_once_each_with_their_time_to_live() {
    let resolver = over(&[server(office).await], Family::Any);
    let found = resolver.resolve(&host("office-pc.corp.lab"), LONG).await;
    let expected = ["127.0.0.21", "127.0.0.22", "::1"];
    let texts: Vec<String> = found.servers[0].addresses.iter().map(ToString::to_string).collect();
    assert_eq!(texts, expected);
    assert_eq!(found.servers[0].ttl_s, Some(120));
    assert_eq!(found.addresses[0].to_string(), expected[0]);
}

#[tokio::test]
async fn a_truncated_answer_is_read_over_tcp_and_bounded() {
    let resolver = over(&[server(office).await], Family::V4);
    let found = resolver.resolve(&host("long.corp.lab"), LONG).await;
    assert_eq!(found.outcome, NameOutcome::Ok);
    assert_eq!(found.addresses.len(), 32);
    assert_eq!(found.addresses[31], IpAddr::from([127, 0, 0, 32]));
}

#[tokio::test]
async fn only_the_wanted_family_is_asked_for() {
    let address = server(office).await;
    let found = over(&[address], Family::V6).resolve(&host("office-pc.corp.lab"), LONG).await;
    assert_eq!(found.servers[0].addresses, [IpAddr::from(std::net::Ipv6Addr::LOCALHOST)]);
    let found = over(&[address], Family::V6).resolve(&host("v4-only.corp.lab"), LONG).await;
    assert_eq!(found.outcome, NameOutcome::NoData);
}

#[tokio::test]
async fn the_first_server_that_knows_decides_and_all_are_reported() {
    let servers = [server(closed).await, server(office).await, server(stale).await];
    let found = over(&servers, Family::V4).resolve(&host("v4-only.corp.lab"), LONG).await;
    assert_eq!(found.outcome, NameOutcome::Ok);
    assert_eq!(found.addresses, [IpAddr::from([127, 0, 0, 21])]);
    let reported: Vec<_> =
        found.servers.iter().map(|answer| (answer.server, answer.outcome)).collect();
    let outcomes = [NameOutcome::Refused, NameOutcome::Ok, NameOutcome::Ok];
    assert_eq!(reported, servers.into_iter().zip(outcomes).collect::<Vec<_>>());
    assert_eq!(found.servers[2].addresses, [IpAddr::from([127, 0, 0, 99])]);
    assert_eq!(found.answering_server().map(|answer| answer.server), Some(servers[1]));
}

#[tokio::test]
async fn a_dead_server_beside_a_living_one_is_a_timeout_of_its_own() {
    let servers = [server(dead).await, server(office).await];
    let found = over(&servers, Family::V4).resolve(&host("v4-only.corp.lab"), SHORT).await;
    assert_eq!(found.outcome, NameOutcome::Ok);
    assert_eq!(found.servers[0].outcome, NameOutcome::Timeout);
}

#[tokio::test]
async fn reverse_names_come_from_the_answering_server_and_are_escaped() {
    let servers = [server(closed).await, server(office).await];
    let found = over(&servers, Family::V4).resolve(&host("far.corp.lab"), LONG).await;
    assert_eq!(found.ptr.len(), 1);
    assert!(found.ptr[0].ends_with(".corp.lab"), "{:?}", found.ptr);
    assert!(!found.ptr[0].contains('\x1b'), "{:?}", found.ptr);
    let found = over(&servers, Family::V4).resolve(&host("v4-only.corp.lab"), LONG).await;
    assert!(found.ptr.is_empty(), "loopback is not asked about");
}

#[tokio::test]
async fn a_short_name_is_completed_with_the_search_list() {
    let address = server(office).await;
    let settings = ResolverSettings { servers: Some(vec![address]), family: Family::V4 };
    let resolver = Resolver::new(settings, dns(&[], &["nowhere.lab", "corp.lab"])).unwrap();
    let found = resolver.resolve(&host("v4-only"), LONG).await;
    assert_eq!(found.addresses, [IpAddr::from([127, 0, 0, 21])]);
    assert!(!found.by_system, "`--dns` is asked in its place");
    let found = resolver.resolve(&host("empty"), LONG).await;
    assert_eq!(found.outcome, NameOutcome::NoData, "one suffix has the name");
    let found = resolver.resolve(&host("v4-only."), LONG).await;
    assert_eq!(found.outcome, NameOutcome::NxDomain, "a final dot ends the search");
}

#[tokio::test]
async fn localhost_is_the_hosts_files_and_never_asked_for() {
    let address = server(stale).await;
    let resolver = Resolver::new(ResolverSettings::default(), dns(&[address], &[])).unwrap();
    let found = resolver.resolve(&host("localhost"), LONG).await;
    assert_eq!((found.outcome, found.source), (NameOutcome::Ok, NameSource::Hosts));
    assert!(found.by_system);
    assert!(found.addresses.iter().all(IpAddr::is_loopback));
    assert_eq!(found.system, found.addresses);
    assert!(found.servers.is_empty() && found.ptr.is_empty());
}

#[tokio::test]
async fn an_address_needs_no_name_server() {
    let resolver = over(&[server(dead).await], Family::Any);
    let address = IpAddr::from([127, 0, 0, 1]);
    let found = resolver.resolve(&Host::Address(address, None), SHORT).await;
    assert_eq!(found, Resolution::literal(address));
}

#[tokio::test]
async fn changed_servers_are_asked_from_then_on() {
    let (old, new) = (server(stale).await, server(office).await);
    let resolver = Resolver::new(ResolverSettings::default(), dns(&[old], &[])).unwrap();
    assert_eq!(resolver.update(&dns(&[old], &[])), Ok(false));
    assert_eq!(resolver.update(&dns(&[new], &[])), Ok(true));
    let asked: Vec<_> = resolver.asked().servers.iter().map(|server| server.address).collect();
    assert_eq!(asked, [new]);
    resolver.refresh().unwrap();
    assert_eq!(resolver.asked().dns, SystemDns::read());
}

const PC: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 21));

/// A resolver over a scripted operating system that asks `servers` beside it.
fn beside(
    servers: &[SocketAddr],
    family: Family,
    look_up: fn(&str) -> (Vec<IpAddr>, Vec<IpAddr>),
) -> Resolver {
    let settings = ResolverSettings { servers: None, family };
    let system = SystemLookup::with(Arc::new(look_up), 1);
    Resolver::over(settings, dns(servers, &[]), system).unwrap()
}

#[tokio::test]
async fn the_systems_answer_is_dialled_and_the_servers_explain_it() {
    let servers = [server(stale).await, server(office).await];
    let name = host("v4-only.corp.lab");
    let found =
        beside(&servers, Family::Any, |_| (vec![PC], Vec::new())).resolve(&name, LONG).await;
    assert_eq!((found.outcome, found.source), (NameOutcome::Ok, NameSource::Dns));
    assert_eq!((&found.addresses, &found.system), (&vec![PC], &vec![PC]));
    assert_eq!(found.answering_server().map(|answer| answer.server), Some(servers[1]));

    let found = beside(&servers, Family::Any, |_| (vec![PC], vec![PC])).resolve(&name, LONG).await;
    assert_eq!(found.source, NameSource::Hosts);

    let elsewhere = |_: &str| (vec![IpAddr::from([127, 0, 0, 77])], Vec::new());
    let found = beside(&servers, Family::Any, elsewhere).resolve(&name, LONG).await;
    assert_eq!(found.source, NameSource::Os);
    assert_eq!(found.servers.len(), 2);
}

#[tokio::test]
async fn when_the_system_gives_no_reason_the_servers_do() {
    let servers = [server(closed).await, server(office).await];
    for (name, outcome) in [
        ("nobody.corp.lab", NameOutcome::NxDomain),
        ("empty.corp.lab", NameOutcome::NoData),
        ("failing.corp.lab", NameOutcome::Refused),
        ("v4-only.corp.lab", NameOutcome::Error),
    ] {
        let resolver = beside(&servers, Family::Any, |_| (Vec::new(), Vec::new()));
        let found = resolver.resolve(&host(name), LONG).await;
        assert_eq!(found.outcome, outcome, "{name}");
        assert!(found.addresses.is_empty() && found.system.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn addresses_of_an_unwanted_family_are_no_data() {
    let resolver = beside(&[], Family::V6, |_| (vec![PC], Vec::new()));
    let found = resolver.resolve(&host("v4-only.corp.lab"), LONG).await;
    assert_eq!(found.outcome, NameOutcome::NoData);
    assert!(found.addresses.is_empty() && found.servers.is_empty());
}

#[tokio::test]
async fn a_stuck_system_is_a_timeout_whatever_the_servers_say() {
    let servers = [server(office).await];
    let (sender, gate) = std::sync::mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let look_up = move |_: &str| {
        let _ = gate.lock().unwrap().recv();
        (vec![PC], Vec::new())
    };
    let system = SystemLookup::with(Arc::new(look_up), 1);
    let resolver = Resolver::over(ResolverSettings::default(), dns(&servers, &[]), system).unwrap();
    let found = resolver.resolve(&host("v4-only.corp.lab"), SHORT).await;
    assert_eq!(found.outcome, NameOutcome::Timeout);
    assert!(found.addresses.is_empty() && found.elapsed >= SHORT);
    assert_eq!(found.servers[0].outcome, NameOutcome::Ok);
    drop(sender);
}

#[tokio::test]
async fn a_dead_server_holds_up_a_known_answer_for_the_grace_at_most() {
    let resolver = beside(&[server(dead).await], Family::Any, |_| (vec![PC], Vec::new()));
    let found = resolver.resolve(&host("v4-only.corp.lab"), LONG).await;
    assert_eq!((found.outcome, found.source), (NameOutcome::Ok, NameSource::Os));
    assert_eq!(found.servers[0].outcome, NameOutcome::Timeout);
    assert!(found.servers[0].elapsed >= GRACE && found.servers[0].elapsed < LONG);
    assert!(found.elapsed < GRACE);
}

fn answer(outcome: NameOutcome, addresses: &[IpAddr]) -> ServerAnswer {
    ServerAnswer {
        server: SocketAddr::from(([127, 0, 0, 1], 53)),
        outcome,
        addresses: addresses.to_vec(),
        canonical: Vec::new(),
        ttl_s: None,
        elapsed: Duration::ZERO,
    }
}

#[test]
fn the_reason_of_a_failure_is_what_a_server_knows() {
    use NameOutcome::{Error, NoData, NxDomain, Ok, Refused, ServFail, Timeout};
    for (outcomes, expected) in [
        (&[][..], Error),
        (&[Timeout, NxDomain], NxDomain),
        (&[ServFail, NoData, NxDomain], NoData),
        (&[Refused, Timeout], Refused),
        (&[Ok], Error),
    ] {
        let servers: Vec<_> = outcomes.iter().map(|outcome| answer(*outcome, &[])).collect();
        assert_eq!(reason(&servers), expected, "{outcomes:?}");
    }
}

#[test]
fn the_source_is_whoever_has_the_address() {
    let (pc, other) = (IpAddr::from([10, 0, 0, 21]), IpAddr::from([10, 0, 0, 22]));
    let servers = [answer(NameOutcome::Ok, &[pc])];
    assert_eq!(source(&[pc], &[pc], &servers), NameSource::Hosts);
    assert_eq!(source(&[pc], &[other], &servers), NameSource::Dns);
    assert_eq!(source(&[other], &[], &servers), NameSource::Os);
}
