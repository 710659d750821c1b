//! What must hold for any bytes whatever: the fuzz targets and the unit tests both call these.
//!
//! Each function panics when its decoder breaks a promise.

use super::wire::Parse;
use super::{
    certificate, client_log, credssp, icmp_echo, magic_packet, nl80211, ntlm, rdg, rdpeudp,
    sock_diag, tls_hello, wireless, x224,
};
use crate::domain::client_log::ClientNews;
use crate::domain::sample::{NegotiateOutcome, NlaOutcome};
use crate::domain::text::printable;
use std::fmt::Debug;

/// Checks a decoder of a growing buffer on every prefix of `bytes`.
///
/// `NeedMore` asks for more than there is and at most `limit`, and nothing is decided before
/// that; what is decided stays decided; `consumed` is within what was given.
fn growing<T: PartialEq + Debug>(
    bytes: &[u8],
    limit: usize,
    parse: impl Fn(&[u8]) -> Parse<T>,
) -> Parse<T> {
    let mut needed = 0;
    let mut decided: Option<Parse<T>> = None;
    for length in 0..=bytes.len().min(limit.saturating_add(8)) {
        let now = parse(bytes.get(..length).unwrap_or_default());
        match (&decided, &now) {
            (Some(before), _) => assert_eq!(before, &now, "changed its mind at {length}"),
            (None, Parse::NeedMore(total)) => {
                assert!(*total > length, "asks for {total} and has {length}");
                assert!(*total <= limit, "asks for {total}, above {limit}");
                assert!(*total >= needed, "asked for {needed}, then for {total}");
                needed = *total;
            }
            (None, Parse::Done { consumed, .. }) => {
                assert!(length >= needed, "decided at {length}, before {needed}");
                assert!(*consumed <= length, "consumed {consumed} of {length}");
                decided = Some(now);
            }
        }
    }
    parse(bytes)
}

/// [`x224::parse_answer`] and [`x224::classify_partial`].
///
/// # Panics
/// When a promise is broken.
pub fn x224_answer(bytes: &[u8]) {
    // `head` is what was there when the answer was judged: all else is settled.
    let parse = |bytes: &[u8]| match x224::parse_answer(bytes) {
        Parse::Done { value: NegotiateOutcome::Malformed(mut not_rdp), consumed } => {
            assert!(bytes.starts_with(&not_rdp.head), "the head is not the head");
            assert!(not_rdp.head.len() <= 32, "the head is too long to show");
            assert!(not_rdp.offset < bytes.len(), "the fault is outside");
            not_rdp.head.clear();
            Parse::Done { value: NegotiateOutcome::Malformed(not_rdp), consumed }
        }
        other => other,
    };
    match growing(bytes, x224::MAX_PACKET, parse) {
        Parse::NeedMore(_) => {
            let partial = x224::classify_partial(bytes);
            let foreign = bytes.first().is_some_and(|first| *first != 3);
            assert_eq!(partial.is_some(), foreign, "a partial answer is RDP or it is not");
        }
        Parse::Done { value, .. } => {
            let again = match &value {
                NegotiateOutcome::Confirmed { selected, flags } => {
                    x224::connection_confirm(*selected, *flags).to_vec()
                }
                NegotiateOutcome::Failure(code) => x224::negotiation_failure(*code).to_vec(),
                NegotiateOutcome::NoNegotiation => {
                    x224::connection_confirm_without_negotiation().to_vec()
                }
                NegotiateOutcome::Disconnected => x224::DISCONNECT_PROVIDER_ULTIMATUM.to_vec(),
                _ => return,
            };
            assert_eq!(x224::parse_answer(&again).done(), Some(value), "no round trip");
        }
    }
}

/// [`x224::parse_connection_request`].
///
/// # Panics
/// When a promise is broken.
pub fn x224_request(bytes: &[u8]) {
    let parse = |bytes: &[u8]| match x224::parse_connection_request(bytes) {
        Ok(Parse::NeedMore(total)) => Parse::NeedMore(total),
        Ok(Parse::Done { value, consumed }) => Parse::Done { value: Ok(value), consumed },
        Err(fault) => Parse::Done { value: Err(fault), consumed: 0 },
    };
    if let Parse::Done { value: Ok(request), consumed } = growing(bytes, x224::MAX_PACKET, parse) {
        let encoded = request.encode().ok();
        assert_eq!(encoded.as_ref().map(Vec::len), Some(consumed), "encodes to another length");
        let again = x224::parse_connection_request(&encoded.unwrap_or_default());
        assert_eq!(again.ok().and_then(Parse::done), Some(request), "no round trip");
    }
}

/// [`tls_hello::parse_client_hello`].
///
/// # Panics
/// When a promise is broken.
pub fn tls_client_hello(bytes: &[u8]) {
    let parse = |bytes: &[u8]| match tls_hello::parse_client_hello(bytes) {
        Ok(Parse::NeedMore(total)) => Parse::NeedMore(total),
        Ok(Parse::Done { value, consumed }) => Parse::Done { value: Ok(value), consumed },
        Err(fault) => Parse::Done { value: Err(fault), consumed: 0 },
    };
    // A last record may carry the stream over the bound before it is refused.
    let limit = tls_hello::MAX_CLIENT_HELLO * 2 + 16;
    if let Parse::Done { value: Ok(hello), .. } = growing(bytes, limit, parse) {
        assert!(hello.suites.len() <= bytes.len() / 2, "more suites than bytes");
        let versions = hello.supported_versions.len();
        assert!(versions <= bytes.len() / 2, "more versions than bytes");
        assert!(hello.server_name.is_none_or(|name| name.len() <= bytes.len()));
    }
}

/// [`tls_hello::ServerFlight`], whole, byte by byte, and in chunks of seven and 1448 bytes.
///
/// # Panics
/// When a promise is broken.
pub fn tls_server_flight(bytes: &[u8]) {
    use tls_hello::{FlightState, MAX_CHAIN, MAX_FLIGHT, ServerFlight};
    let mut whole = ServerFlight::new();
    whole.push(bytes);
    for size in [1, 7, 1448] {
        let mut cut = ServerFlight::new();
        for chunk in bytes.chunks(size) {
            let before = cut.state().clone();
            cut.push(chunk);
            let settled = before == FlightState::NeedMore || &before == cut.state();
            assert!(settled, "changed its mind");
        }
        assert_eq!(cut.state(), whole.state(), "the cut matters");
        assert_eq!(cut.version(), whole.version(), "the cut matters");
        assert_eq!(cut.cipher(), whole.cipher(), "the cut matters");
        assert_eq!(cut.received(), bytes.len(), "miscounted");
    }
    match whole.state() {
        FlightState::NeedMore => assert!(bytes.len() < MAX_FLIGHT, "reads without end"),
        FlightState::Certificate { version, cipher, chain } => {
            assert_eq!((whole.version(), whole.cipher()), (Some(*version), Some(*cipher)));
            assert!((1..=MAX_CHAIN).contains(&chain.len()), "chain of {}", chain.len());
            let total: usize = chain.iter().map(Vec::len).sum();
            assert!(total < bytes.len().min(MAX_FLIGHT), "longer than what was sent");
            let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
            let again = tls_hello::server_flight(*version, *cipher, &[0; 32], &chain);
            let mut flight = ServerFlight::new();
            let fits = total + 256 < MAX_FLIGHT && version.0 <= tls_hello::TLS1_2.0;
            assert!(!fits || flight.push(&again.unwrap_or_default()) == whole.state());
        }
        FlightState::NoCertificate { version, cipher } => {
            assert_eq!((whole.version(), whole.cipher()), (Some(*version), Some(*cipher)));
        }
        FlightState::Alert(_) => {}
        FlightState::Malformed { offset, .. } => assert!(*offset <= bytes.len().min(MAX_FLIGHT)),
    }
}

/// [`certificate::summarize`].
///
/// # Panics
/// When a promise is broken.
pub fn certificate(bytes: &[u8]) {
    let Ok(summary) = certificate::summarize(bytes) else { return };
    assert!(summary.names.len() <= certificate::MAX_NAMES, "too many names");
    let texts = [&summary.subject, &summary.issuer, &summary.signature];
    for text in texts.into_iter().chain(&summary.common_name).chain(&summary.names) {
        assert_eq!(printable(text).as_ref(), text, "unprintable");
        assert!(text.len() <= 1 << 19, "unbounded");
    }
    let mut longer = bytes.to_vec();
    longer.push(0);
    if longer.len() <= certificate::MAX_CERTIFICATE {
        assert_eq!(certificate::summarize(&longer).as_ref(), Ok(&summary), "reads behind the end");
    }
}

/// [`rdg::parse_head`], [`rdg::misread_partial`] and what is made of a head.
///
/// # Panics
/// When a promise is broken.
pub fn rdg_head(bytes: &[u8]) {
    match growing(bytes, rdg::MAX_HEAD, rdg::parse_head) {
        Parse::NeedMore(_) => assert_eq!(rdg::misread_partial(bytes), None, "so far it is HTTP"),
        Parse::Done { value: Err(misread), .. } => {
            assert!(misread.offset <= bytes.len().min(rdg::MAX_HEAD), "the fault is outside");
            assert_eq!(rdg::misread_partial(bytes), Some(misread));
        }
        Parse::Done { value: Ok(head), .. } => {
            let is_final = head.status == 101 || (200..1000).contains(&head.status);
            assert!(is_final, "no status of an answer: {}", head.status);
            assert!(head.schemes.len() <= rdg::MAX_SCHEMES, "too many schemes");
            assert!(head.schemes.iter().all(|scheme| {
                (1..=rdg::MAX_SCHEME).contains(&scheme.len()) && printable(scheme) == *scheme
            }));
            // A replaced byte is three bytes of UTF-8.
            let longest = rdg::MAX_LOCATION * 3;
            assert!(head.location.as_ref().is_none_or(|to| (1..=longest).contains(&to.len())));
            let schemes: Vec<&str> = head.schemes.iter().map(String::as_str).collect();
            let again = rdg::answer(head.status, &schemes, None);
            let expected = rdg::Head { location: None, ..head };
            assert_eq!(rdg::parse_head(&again).done(), Some(Ok(expected)), "no round trip");
        }
    }
}

/// [`magic_packet::find`].
///
/// # Panics
/// When a promise is broken.
pub fn magic_packet(bytes: &[u8]) {
    let Some((mac, password)) = magic_packet::find(bytes) else { return };
    assert!(mac.require_unicast().is_ok(), "nobody owns {mac}");
    let packet = magic_packet::encode(mac, password);
    assert!(bytes.windows(packet.len()).any(|window| window == packet), "found what is not there");
    assert_eq!(magic_packet::find(&packet), Some((mac, password)), "no round trip");
}

/// [`credssp::parse_ts_request`].
///
/// # Panics
/// When a promise is broken.
pub fn ts_request(bytes: &[u8]) {
    let parse = |bytes: &[u8]| match credssp::parse_ts_request(bytes) {
        Ok(Parse::NeedMore(total)) => Parse::NeedMore(total),
        Ok(Parse::Done { value, consumed }) => Parse::Done { value: Ok(value), consumed },
        Err(fault) => Parse::Done { value: Err(fault), consumed: 0 },
    };
    match growing(bytes, credssp::MAX_TS_REQUEST, parse) {
        Parse::NeedMore(_) => {}
        Parse::Done { value: Ok(request), consumed } => {
            let again = request.encode().unwrap_or_default();
            assert!(again.len() <= consumed, "encodes to more than was read");
            let again = credssp::parse_ts_request(&again);
            assert_eq!(again.ok().and_then(Parse::done), Some(request), "no round trip");
        }
        Parse::Done { value: Err(fault), .. } => {
            assert!(fault.offset <= bytes.len(), "the fault is outside");
        }
    }
}

/// [`credssp::parse_answer`].
///
/// # Panics
/// When a promise is broken.
pub fn credssp_answer(bytes: &[u8]) {
    let parse = growing(bytes, credssp::MAX_TS_REQUEST, credssp::parse_answer);
    let Parse::Done { value: reply, consumed } = parse else { return };
    match reply.outcome {
        NlaOutcome::Challenge => {
            assert!(reply.identity.is_some() && reply.version.is_some() && reply.error.is_none());
        }
        NlaOutcome::Error => {
            assert!(reply.error.is_some_and(|code| code.0 != 0) && reply.version.is_some());
        }
        NlaOutcome::Malformed(misread) => {
            assert!(reply.identity.is_none() && reply.error.is_none());
            assert!(misread.offset <= bytes.len(), "the fault is outside");
        }
        NlaOutcome::Denied | NlaOutcome::Disconnected => {
            assert_eq!((reply.version, reply.error, reply.identity), (None, None, None));
            assert!(consumed > 0, "nothing was read");
        }
        other => assert!(other.answered(), "no answer says {other:?}"),
    }
}

/// [`ntlm::parse_challenge`].
///
/// # Panics
/// When a promise is broken.
pub fn ntlm_challenge(bytes: &[u8]) {
    let identity = match ntlm::parse_challenge(bytes) {
        Ok(identity) => identity,
        Err(fault) => {
            return assert!(fault.offset <= bytes.len(), "the fault is outside");
        }
    };
    let names = [&identity.computer, &identity.domain, &identity.dns_computer];
    let names = names.into_iter().chain([&identity.dns_domain, &identity.dns_tree]).flatten();
    let mut length = 0;
    for name in names {
        assert!(!name.is_empty() && name.encode_utf16().count() <= ntlm::MAX_NAME);
        length += name.encode_utf16().count() * 2;
    }
    assert!(length <= bytes.len() * 2, "more names than bytes");
    let again = ntlm::encode_challenge(&identity, [0; 8]).unwrap_or_default();
    assert_eq!(ntlm::parse_challenge(&again), Ok(identity), "no round trip");
}

/// [`icmp_echo::parse_reply`], [`icmp_echo::behind_ipv4_header`], and the probes.
///
/// # Panics
/// When a promise is broken.
pub fn icmp_echo(bytes: &[u8]) {
    use icmp_echo::{
        EchoNumber, Icmp, Quoted, behind_ipv4_header, encode_probe, encode_reply,
        parse_probe_reply, parse_quoted_probe, parse_reply,
    };
    match behind_ipv4_header(bytes) {
        Ok(behind) => assert!(bytes.ends_with(behind) && behind.len() + 20 <= bytes.len()),
        Err(fault) => assert!(fault.offset <= bytes.len().max(9), "the fault is outside"),
    }
    for icmp in [Icmp::V4, Icmp::V6] {
        match parse_reply(icmp, bytes) {
            Ok(number) => {
                let again = encode_reply(icmp, number, 8);
                assert_eq!(parse_reply(icmp, &again), Ok(number), "no round trip");
            }
            Err(fault) => assert!(fault.offset <= bytes.len(), "the fault is outside"),
        }
        match parse_probe_reply(icmp, bytes) {
            Ok((id, tag)) => {
                let number = EchoNumber { id, seq: tag.short_seq() };
                assert_eq!(parse_reply(icmp, bytes), Ok(number), "another number");
            }
            Err(fault) => assert!(fault.offset <= bytes.len().max(6), "the fault is outside"),
        }
        match parse_quoted_probe(icmp, bytes) {
            Ok(Quoted { number, tag: Some(tag) }) => {
                let again = parse_quoted_probe(icmp, &encode_probe(icmp, number.id, tag));
                assert_eq!(again, Ok(Quoted { number, tag: Some(tag) }), "no round trip");
            }
            Ok(Quoted { tag: None, .. }) => assert!(bytes.len() < 28, "a tag overlooked"),
            Err(fault) => assert!(fault.offset <= bytes.len().max(6), "the fault is outside"),
        }
    }
}

/// [`rdpeudp::parse_syn_ack`] and [`rdpeudp::parse_syn`].
///
/// # Panics
/// When a promise is broken.
pub fn rdpeudp(bytes: &[u8]) {
    let in_range = |mtu: u16| (rdpeudp::MTU_MIN..=rdpeudp::MTU_MAX).contains(&mtu);
    let answer = rdpeudp::parse_syn_ack(bytes);
    let request = rdpeudp::parse_syn(bytes);
    assert!(answer.is_err() || request.is_err(), "both a SYN and its answer");
    for fault in [answer.as_ref().err(), request.as_ref().err()].into_iter().flatten() {
        assert!(fault.offset <= bytes.len(), "the fault is outside");
    }
    if let Ok(answer) = answer {
        assert!(rdpeudp::acknowledges(bytes, answer.acknowledges), "acknowledges another");
        assert!(in_range(answer.mtu_up) && in_range(answer.mtu_down), "MTU out of range");
        let again = answer.encode().unwrap_or_default();
        assert!(in_range(u16::try_from(again.len()).unwrap_or(0)), "not padded");
        assert_eq!(rdpeudp::parse_syn_ack(&again), Ok(answer), "no round trip");
    }
    if let Ok(request) = request {
        let again = request.encode().unwrap_or_default();
        assert_eq!(again.len(), usize::from(request.mtu_up), "not padded");
        assert_eq!(rdpeudp::parse_syn(&again), Ok(request), "no round trip");
    }
}

/// [`sock_diag::decode`].
///
/// # Panics
/// When a promise is broken.
pub fn sock_diag(bytes: &[u8]) {
    let decode = |bytes: &[u8]| {
        let mut entries = Vec::new();
        let end = sock_diag::decode(bytes, &mut entries);
        (entries, end)
    };
    let (entries, end) = decode(bytes);
    // The head of a message and that of its entry.
    assert!(entries.len() * (16 + 72) <= bytes.len(), "entries out of nothing");
    for length in 0..bytes.len() {
        let (fewer, _) = decode(bytes.get(..length).unwrap_or_default());
        let same = entries.get(..fewer.len()) == Some(fewer.as_slice());
        assert!(same, "other entries in the first {length} bytes");
    }
    let again: Vec<u8> = entries.iter().flat_map(sock_diag::message).collect();
    assert_eq!(decode(&again), (entries.clone(), Ok(false)), "no round trip");
    let ended = [again, sock_diag::done(), bytes.to_vec()].concat();
    assert_eq!(decode(&ended), (entries, Ok(true)), "read on after the end");
    assert!(bytes.len() >= 16 || end == Ok(false), "decided without a header");
}

/// [`nl80211::decode_peers`], with [`nl80211::decode_family`] and [`nl80211::decode_interfaces`].
///
/// # Panics
/// When a promise is broken.
pub fn nl80211(bytes: &[u8]) {
    const FAMILY: u16 = 0x1c;
    let decode = |bytes: &[u8]| {
        let mut peers = Vec::new();
        let end = nl80211::decode_peers(FAMILY, bytes, &mut peers);
        (peers, end)
    };
    let (peers, end) = decode(bytes);
    // Two heads, the index and the address.
    assert!(peers.len() * (16 + 4 + 8 + 10) <= bytes.len(), "peers out of nothing");
    assert!(peers.iter().all(|peer| peer.signal.is_none_or(|dbm| (-127..0).contains(&dbm))));
    for length in 0..bytes.len() {
        let (fewer, _) = decode(bytes.get(..length).unwrap_or_default());
        let same = peers.get(..fewer.len()) == Some(fewer.as_slice());
        assert!(same, "other peers in the first {length} bytes");
    }
    let again: Vec<u8> =
        peers.iter().flat_map(|peer| nl80211::peer_message(FAMILY, peer)).collect();
    assert_eq!(decode(&again), (peers, Ok(false)), "no round trip");
    let mut stations = Vec::new();
    let ended = nl80211::decode_interfaces(FAMILY, bytes, &mut stations);
    assert!(stations.len() * (16 + 4 + 8 + 8) <= bytes.len(), "stations out of nothing");
    assert_eq!(ended, end, "the same messages end otherwise");
    if let Err(refused) = nl80211::decode_family(bytes) {
        assert_eq!(end, Err(refused), "the same messages are refused otherwise");
    }
}

/// [`wireless::decode`].
///
/// # Panics
/// When a promise is broken.
pub fn wireless(bytes: &[u8]) {
    let entries = wireless::decode(bytes);
    assert!(entries.len() <= wireless::MOST, "more than is kept");
    assert!(entries.len() * 8 <= bytes.len(), "entries out of nothing");
    for entry in &entries {
        assert!((1..=15).contains(&entry.name.len()), "no name of an interface");
        assert!(entry.signal.is_none_or(|dbm| (-127..0).contains(&dbm)), "no signal");
    }
    for length in 0..bytes.len() {
        let fewer = wireless::decode(bytes.get(..length).unwrap_or_default());
        let same = entries.get(..fewer.len()) == Some(fewer.as_slice());
        assert!(same, "other entries in the first {length} bytes");
    }
    assert_eq!(wireless::decode(&wireless::encode(&entries)), entries, "no round trip");
}

/// [`client_log::decode`].
///
/// # Panics
/// When a promise is broken.
pub fn client_log(bytes: &[u8]) {
    let read = client_log::decode(bytes);
    assert!(read.events.len() <= client_log::MOST, "more than is kept");
    // The shortest event has all of its elements.
    assert!(read.events.len() * 200 <= bytes.len(), "events out of nothing");
    for event in &read.events {
        if let ClientNews::Connecting(server) = &event.news {
            let length = server.chars().count();
            assert!((1..=client_log::MAX_SERVER).contains(&length), "no name of a host");
            assert!(!server.contains(char::is_whitespace), "no name of a host");
        }
    }
    for length in (0..bytes.len()).step_by(bytes.len() / 32 + 1) {
        let fewer = client_log::decode(bytes.get(..length).unwrap_or_default()).events;
        let same = read.events.get(..fewer.len()) == Some(fewer.as_slice());
        assert!(same, "other events in the first {length} bytes");
    }
    let again = client_log::decode(&client_log::encode(&read.events));
    assert_eq!(again, client_log::Decoded { events: read.events, whole: true }, "no round trip");
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// An oracle and the name of its corpus.
    type Target = (&'static str, fn(&[u8]));

    /// Every seed of the fuzz targets passes its oracle, and every target has seeds.
    #[test]
    fn the_fuzz_corpora_pass() {
        let targets: [Target; 17] = [
            ("certificate", super::certificate),
            ("client_log", super::client_log),
            ("credssp_answer", super::credssp_answer),
            ("icmp_echo", super::icmp_echo),
            ("import", crate::config::import::oracle::import),
            ("magic_packet", super::magic_packet),
            ("nl80211", super::nl80211),
            ("ntlm_challenge", super::ntlm_challenge),
            ("rdg_head", super::rdg_head),
            ("rdpeudp", super::rdpeudp),
            ("sock_diag", super::sock_diag),
            ("tls_client_hello", super::tls_client_hello),
            ("tls_server_flight", super::tls_server_flight),
            ("ts_request", super::ts_request),
            ("wireless", super::wireless),
            ("x224_answer", super::x224_answer),
            ("x224_request", super::x224_request),
        ];
        let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        for (name, oracle) in targets {
            let seeds: Vec<_> = fs::read_dir(corpora.join(name)).unwrap().collect();
            assert!(seeds.len() >= 3, "{name} has {} seeds", seeds.len());
            for seed in seeds {
                oracle(&fs::read(seed.unwrap().path()).unwrap());
            }
        }
        assert_eq!(
            fs::read_dir(corpora).unwrap().count(),
            targets.len(),
            "a corpus without oracle"
        );
    }
}
