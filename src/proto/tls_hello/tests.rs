use super::*;
use crate::domain::sample::CipherSuite;
use crate::proto::oracle;
use crate::proto::testing::hex;
use crate::proto::wire::{Malformed, Parse};
use proptest::prelude::*;

const LEAF: &[u8] = include_bytes!("../testdata/windows_default.der");
const ISSUER: &[u8] = include_bytes!("../testdata/version1.der");
const STATIC_RSA: CipherSuite = CipherSuite(0x002f);

fn read(bytes: &[u8]) -> FlightState {
    oracle::tls_server_flight(bytes);
    let mut flight = ServerFlight::new();
    flight.push(bytes).clone()
}

fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[kind, 3, 1], length.as_slice(), payload].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind], length.as_slice(), body].concat()
}

/// A `ServerHello`: version, random, no session, suite, no compression, and `rest`.
fn hello_body(version: u16, suite: u16, rest: &[u8]) -> Vec<u8> {
    let (version, suite) = (version.to_be_bytes(), suite.to_be_bytes());
    [version.as_slice(), &[0x5a; 32], &[0], &suite, &[0], rest].concat()
}

fn certificate_body(chain: &[&[u8]]) -> Vec<u8> {
    let list: Vec<u8> = chain.iter().flat_map(|der| message(0, der)[1..].to_vec()).collect();
    message(0, &list)[1..].to_vec()
}

fn malformed(offset: usize, bytes: &[u8]) {
    let state = read(bytes);
    let FlightState::Malformed { offset: found, reason } = state else {
        panic!("{state:?} from {bytes:x?}")
    };
    assert_eq!(found, offset, "{reason}");
}

#[test]
fn the_hello_is_what_an_old_server_understands() {
    let random = [0xab; 32];
    let golden = hex(concat!(
        "16 0301 00ae",   // handshake record, TLS 1.0
        "01 0000aa 0303", // ClientHello, TLS 1.2
        "abababababababababababababababababababababababababababababababab",
        "00",   // no session
        "0036", // 27 suites
        "c02c c030 c02b c02f 009f 009e c024 c028 c023 c027 c00a c014 c009 c013",
        "006b 0067 0039 0033 009d 009c 003d 003c 0035 002f c012 000a 00ff",
        "01 00",                                        // no compression
        "004b",                                         // extensions
        "0000 0017 0015 00 0012",                       // server_name, host_name
        "6f66666963652d70632e636f72702e6c6162",         // office-pc.corp.lab
        "000a 000a 0008 001d 0017 0018 0019",           // supported_groups
        "000b 0002 01 00",                              // ec_point_formats: uncompressed
        "000d 0018 0016 0401 0501 0601 0804 0805 0806", // signature_algorithms
        "0403 0503 0603 0201 0203"
    ));
    let hello = client_hello(&random, Some("office-pc.corp.lab."));
    assert_eq!(hello, golden);
    let parsed = parse_client_hello(&hello).unwrap();
    let Parse::Done { value, consumed } = parsed else { panic!("not whole") };
    assert_eq!(consumed, hello.len());
    assert_eq!(value.legacy_version, TLS1_2);
    assert_eq!(value.supported_versions, []);
    assert_eq!(value.suites, OFFERED_SUITES);
    assert_eq!(value.server_name.as_deref(), Some("office-pc.corp.lab"));
    assert_eq!(value.random, random);
    assert!(value.offers(TLS1_0) && value.offers(TLS1_2) && !value.offers(TLS1_3));
    oracle::tls_client_hello(&hello);
}

#[test]
fn only_a_dns_name_becomes_sni() {
    for (name, expected) in [
        (Some("office-pc"), Some("office-pc")),
        (Some("10.0.0.21"), None),
        (Some("fe80::1"), None),
        (Some("."), None),
        (Some("b\u{fc}ro"), None),
        (Some("a b"), None),
        (Some(&*"a".repeat(254)), None),
        (None, None),
    ] {
        let hello = client_hello(&[0; 32], name);
        let parsed = parse_client_hello(&hello).unwrap().done().unwrap();
        assert_eq!(parsed.server_name.as_deref(), expected, "{name:?}");
    }
}

#[test]
fn rustls_hellos_are_read() {
    use std::sync::Arc;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let name = "office-pc.corp.lab".try_into().unwrap();
    let mut client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    oracle::tls_client_hello(&bytes);
    let hello = parse_client_hello(&bytes).unwrap().done().unwrap();
    assert_eq!(hello.server_name.as_deref(), Some("office-pc.corp.lab"));
    assert_eq!(hello.supported_versions, [TLS1_3, TLS1_2]);
    assert!(hello.offers(TLS1_3) && !hello.offers(TLS1_1));
    assert!(hello.suites.contains(&CipherSuite(0x1302)));
    for prefix in 0..bytes.len() {
        let parsed = parse_client_hello(&bytes[..prefix]);
        assert!(matches!(parsed, Ok(Parse::NeedMore(_))), "{prefix}");
    }
}

/// A rustls server accepts the hello and answers with what it says it chose.
#[test]
fn a_rustls_server_answers_our_hello() {
    use std::sync::Arc;
    let key = include_str!("../testdata/rsa2048.pem");
    let key = rcgen::KeyPair::from_pem(key).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![LEAF.to_vec().into()], key)
        .unwrap();
    let mut server = rustls::ServerConnection::new(Arc::new(config)).unwrap();
    server.read_tls(&mut client_hello(&[7; 32], Some("pc")).as_slice()).unwrap();
    server.process_new_packets().unwrap();
    let mut bytes = Vec::new();
    server.write_tls(&mut bytes).unwrap();
    let FlightState::Certificate { version, cipher, chain } = read(&bytes) else {
        panic!("{:?}", read(&bytes))
    };
    assert_eq!(version, TLS1_2);
    assert!([0xc02f, 0xc030].contains(&cipher.0), "{cipher:?}");
    assert_eq!(chain, [LEAF]);
}

#[test]
fn hellos_that_contradict_themselves_are_refused() {
    let good = client_hello(&[0; 32], None);
    let with = |index: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[index] = value;
        bytes
    };
    let behind = record(22, &[&good[5..], &[1]].concat());
    let endless = [22, 3, 1, 0x40, 0, 1, 0, 0x40, 1];
    for (bytes, offset) in [
        (b"GET / HTTP/1.1".to_vec(), 0),
        (with(0, 23), 0),
        (with(1, 2), 1),
        (vec![22, 3, 1, 0, 0], 3),
        (vec![22, 3, 1, 0xff, 0xff], 3),
        (with(5, 2), 0),
        // Session id of 33 bytes; an odd number of suite bytes.
        (with(43, 33), 0),
        (with(45, 53), 0),
        (behind, 0),
        ([endless.as_slice(), &[0; 0x3ffc]].concat(), 0),
    ] {
        oracle::tls_client_hello(&bytes);
        let fault: Malformed = parse_client_hello(&bytes).unwrap_err();
        assert_eq!(fault.offset, offset, "{fault} {:x?}", &bytes[..bytes.len().min(60)]);
    }
}

#[test]
fn a_hello_may_span_records() {
    let good = client_hello(&[3; 32], Some("office-pc"));
    let expected = parse_client_hello(&good).unwrap().done();
    for size in [1, 2, 3, 4, 50, 100] {
        let cut: Vec<u8> = good[5..].chunks(size).flat_map(|part| record(22, part)).collect();
        oracle::tls_client_hello(&cut);
        assert_eq!(parse_client_hello(&cut).unwrap().done(), expected, "{size}");
    }
    let empty_forever = record(22, &[1]).repeat(MAX_CLIENT_HELLO);
    assert!(parse_client_hello(&empty_forever).is_err());
}

#[test]
fn a_flight_at_any_version_gives_its_certificate() {
    // Measured: TLS 1.0 c014, 1.1, 1.2 009d, c028, c02f; 2008 R2 with 002f.
    for (version, suite) in [
        (0x0300, 0x0005),
        (0x0301, 0xc014),
        (0x0301, 0x002f),
        (0x0302, 0xc014),
        (0x0303, 0x009d),
        (0x0303, 0xc028),
        (0x0303, 0xc02f),
    ] {
        let (version, cipher) = (TlsVersion(version), CipherSuite(suite));
        let bytes = server_flight(version, cipher, &[9; 32], &[LEAF, ISSUER]).unwrap();
        let chain = vec![LEAF.to_vec(), ISSUER.to_vec()];
        assert_eq!(read(&bytes), FlightState::Certificate { version, cipher, chain });
    }
}

/// Captured from `openssl s_server`, which refuses rustls at every one of these settings.
#[test]
fn flights_of_openssl_at_old_settings_are_read() {
    for (bytes, version, suite) in [
        (include_bytes!("../testdata/openssl_tls1_0.flight").as_slice(), TLS1_0, 0xc014),
        (include_bytes!("../testdata/openssl_tls1_1.flight"), TLS1_1, 0xc014),
        (include_bytes!("../testdata/openssl_tls1_2_static_rsa.flight"), TLS1_2, 0x009d),
        (include_bytes!("../testdata/openssl_tls1_2_ecdhe_cbc.flight"), TLS1_2, 0xc028),
    ] {
        let (cipher, chain) = (CipherSuite(suite), vec![LEAF.to_vec()]);
        assert_eq!(read(bytes), FlightState::Certificate { version, cipher, chain });
    }
}

#[test]
fn a_flight_is_undecided_until_the_last_byte_of_its_certificate() {
    let bytes = server_flight(TLS1_2, STATIC_RSA, &[9; 32], &[LEAF]).unwrap();
    // One record: nothing in it counts before it is whole.
    for prefix in 0..bytes.len() {
        assert_eq!(read(&bytes[..prefix]), FlightState::NeedMore, "{prefix}");
    }
    let hello = record(22, &message(2, &hello_body(0x0303, 0x002f, &[])));
    let certificate = record(22, &message(11, &certificate_body(&[LEAF])));
    let mut flight = ServerFlight::new();
    assert_eq!((flight.version(), flight.cipher()), (None, None));
    flight.push(&hello);
    assert_eq!((flight.version(), flight.cipher()), (Some(TLS1_2), Some(STATIC_RSA)));
    assert_eq!(flight.state(), &FlightState::NeedMore);
    flight.push(&certificate);
    let decided = flight.state().clone();
    assert!(matches!(decided, FlightState::Certificate { .. }));
    assert_eq!(flight.push(b"more"), &decided);
    assert_eq!(flight.received(), hello.len() + certificate.len() + 4);
}

#[test]
fn messages_may_share_records_and_records_may_share_messages() {
    let expected = read(&server_flight(TLS1_0, STATIC_RSA, &[0x5a; 32], &[LEAF]).unwrap());
    let messages = [
        message(0, &[]),
        message(2, &hello_body(0x0301, 0x002f, &[])),
        message(11, &certificate_body(&[LEAF])),
    ]
    .concat();
    for size in [1, 2, 3, 5, 44, 700, 5000] {
        // A warning between any two fragments: unrecognized_name.
        let warning = alert(TLS1_0, AlertLevel::Warning, 112);
        let parts = messages.chunks(size).map(|part| [record(22, part), warning.to_vec()].concat());
        assert_eq!(read(&parts.collect::<Vec<_>>().concat()), expected, "{size}");
    }
}

#[test]
fn an_alert_ends_the_flight_and_a_warning_does_not() {
    assert_eq!(read(&hex("15 0301 0002 02 46")), FlightState::Alert(70));
    assert_eq!(read(&alert(TLS1_2, AlertLevel::Fatal, 40)), FlightState::Alert(40));
    assert_eq!(read(&alert(TLS1_2, AlertLevel::Warning, 0)), FlightState::Alert(0));
    assert_eq!(read(&alert(TLS1_2, AlertLevel::Warning, 112)), FlightState::NeedMore);
    let both = [1, 112, 2, 80];
    assert_eq!(read(&record(21, &both)), FlightState::Alert(80));
    // After a ServerHello, its version stays known.
    let mut flight = ServerFlight::new();
    flight.push(&record(22, &message(2, &hello_body(0x0302, 0xc014, &[]))));
    flight.push(&alert(TLS1_1, AlertLevel::Fatal, 80));
    assert_eq!(flight.version(), Some(TLS1_1));
    assert_eq!(flight.into_state(), FlightState::Alert(80));
}

#[test]
fn a_hello_without_a_certificate_behind_it_is_told_apart() {
    let hello = record(22, &message(2, &hello_body(0x0303, 0x0034, &[])));
    let cipher = CipherSuite(0x0034);
    let none = FlightState::NoCertificate { version: TLS1_2, cipher };
    for (behind, what) in [
        (record(22, &message(12, &[0; 8])), "ServerKeyExchange"),
        (record(22, &message(14, &[])), "ServerHelloDone"),
        (record(22, &message(11, &[0, 0, 0])), "an empty chain"),
        (record(20, &[1]), "ChangeCipherSpec"),
        (record(23, &[0; 40]), "application data"),
    ] {
        assert_eq!(read(&[hello.clone(), behind].concat()), none, "{what}");
    }
    // supported_versions says TLS 1.3, then everything is encrypted.
    let modern = hello_body(0x0303, 0x1302, &hex("0006 002b 0002 0304"));
    let bytes = [record(22, &message(2, &modern)), record(20, &[1]), record(23, &[0; 90])];
    let none = FlightState::NoCertificate { version: TLS1_3, cipher: CipherSuite(0x1302) };
    assert_eq!(read(&bytes.concat()), none);
}

#[test]
fn what_is_not_a_first_flight_is_malformed_where_it_goes_wrong() {
    malformed(0, b"\x03\x00\x00\x09\x02\xf0\x80\x21\x80");
    malformed(0, b"HTTP/1.1 400");
    malformed(1, &[22, 2]);
    malformed(3, &[22, 3, 3, 0x40, 1]);
    malformed(3, &[22, 3, 3, 0, 0]);
    malformed(0, &record(21, &[3, 40]));
    malformed(0, &record(21, &[2]));
    malformed(0, &record(23, &[0; 10]));
    malformed(0, &record(20, &[1]));
    // A certificate or a client's hello first.
    malformed(0, &record(22, &message(11, &certificate_body(&[LEAF]))));
    malformed(0, &record(22, &message(1, &[0; 40])));
    // Hellos: too short, of version 4.0, session id of 33 bytes, extensions with a tail.
    malformed(0, &record(22, &message(2, &[3, 3])));
    malformed(0, &record(22, &message(2, &hello_body(0x0400, 0x002f, &[]))));
    malformed(0, &record(22, &message(2, &hello_body(0x0303, 0x002f, &[0, 0, 1]))));
    let mut long_session = hello_body(0x0303, 0x002f, &[0; 40]);
    long_session[34] = 33;
    malformed(0, &record(22, &message(2, &long_session)));
    // A message that claims 16 MiB, found in the second record; a second hello.
    let hello = record(22, &message(2, &hello_body(0x0303, 0x002f, &[])));
    let second = hello.len();
    malformed(second, &[hello.clone(), record(22, &[11, 0xff, 0xff, 0xff])].concat());
    malformed(second, &[hello.clone(), hello.clone()].concat());
    // Chains: longer than the message, shorter than it, an empty certificate.
    for body in ["000005 000001 30", "000001 00", "000003 000000", "000004 000001 30 30"] {
        let bytes = [hello.clone(), record(22, &message(11, &hex(body)))].concat();
        malformed(second, &bytes);
    }
}

#[test]
fn reading_stops_at_64_kib() {
    let warning = alert(TLS1_0, AlertLevel::Warning, 112);
    let endless = warning.repeat(MAX_FLIGHT / warning.len() + 1);
    malformed(MAX_FLIGHT, &endless);
    let hello = record(22, &message(2, &hello_body(0x0303, 0x002f, &[])));
    let huge = vec![0x30; MAX_FLIGHT];
    let bytes = server_flight(TLS1_2, STATIC_RSA, &[9; 32], &[&huge]).unwrap();
    // The Certificate message says at once that it will not fit.
    malformed(0, &bytes);
    malformed(hello.len(), &[hello, record(22, &[11, 1, 0, 1])].concat());
    let long: Vec<&[u8]> = vec![b"0"; 40];
    let bytes = server_flight(TLS1_2, STATIC_RSA, &[9; 32], &long).unwrap();
    let FlightState::Certificate { chain, .. } = read(&bytes) else { panic!("no chain") };
    assert_eq!(chain.len(), MAX_CHAIN);
}

/// Record streams of plausible messages in a plausible order, damaged now and then.
fn nearly_a_flight() -> impl Strategy<Value = Vec<u8>> {
    let body = prop::collection::vec(any::<u8>(), 0..60);
    let part = (0_u8..9, body, 1_usize..80).prop_map(|(kind, body, size)| match kind {
        0 => alert(TLS1_0, AlertLevel::Warning, 112).to_vec(),
        1 => alert(TLS1_0, AlertLevel::Fatal, 40).to_vec(),
        2 => record(20, &[1]),
        3 => record(22, &message(14, &[])),
        4 => record(22, &message(11, &certificate_body(&[&body, b"0"]))),
        5 => body,
        _ => {
            let hello = message(2, &hello_body(0x0303, 0x002f, &[]));
            hello.chunks(size).flat_map(|part| record(22, part)).collect()
        }
    });
    let damage = prop::option::of((any::<prop::sample::Index>(), any::<u8>()));
    (prop::collection::vec(part, 1..5), damage).prop_map(|(parts, damage)| {
        let mut bytes = parts.concat();
        if let Some((index, value)) = damage.filter(|_| !bytes.is_empty()) {
            let index = index.index(bytes.len());
            bytes[index] = value;
        }
        bytes
    })
}

proptest! {
    #[test]
    fn any_bytes_hold_the_oracles(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        oracle::tls_server_flight(&bytes);
        oracle::tls_client_hello(&bytes);
    }

    #[test]
    fn nearly_right_flights_hold_the_oracle(bytes in nearly_a_flight()) {
        oracle::tls_server_flight(&bytes);
    }

    #[test]
    fn damaged_hellos_hold_the_oracle(
        index in 0_usize..160, value: u8, name in prop::option::of("[a-z]{1,20}"), size in 1_usize..300,
    ) {
        let mut hello = client_hello(&[0; 32], name.as_deref())[5..].to_vec();
        let index = index % hello.len();
        hello[index] = value;
        let bytes: Vec<u8> = hello.chunks(size).flat_map(|part| record(22, part)).collect();
        oracle::tls_client_hello(&bytes);
    }

    #[test]
    fn flights_round_trip(
        version in 0x0300_u16..0x0304,
        suite: u16,
        chain in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..3000), 1..8),
    ) {
        let (version, cipher) = (TlsVersion(version), CipherSuite(suite));
        let ders: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
        let bytes = server_flight(version, cipher, &[1; 32], &ders).unwrap();
        let mut flight = ServerFlight::new();
        flight.push(&bytes);
        prop_assert_eq!(flight.into_state(), FlightState::Certificate { version, cipher, chain });
    }
}

#[test]
fn a_hello_of_tls_1_3_offers_nothing_else() {
    let offer = Offer { version: TLS1_3, suites: &TLS13_SUITES };
    let golden = hex(concat!(
        "16 0301 008e",   // handshake record, TLS 1.0
        "01 00008a 0303", // ClientHello, TLS 1.2 as its legacy_version
        "abababababababababababababababababababababababababababababababab",
        "00",                                           // no session
        "0006 1302 1301 1303",                          // 3 suites
        "01 00",                                        // no compression
        "005b",                                         // extensions
        "000a 000a 0008 001d 0017 0018 0019",           // supported_groups
        "000d 0018 0016 0401 0501 0601 0804 0805 0806", // signature_algorithms
        "0403 0503 0603 0201 0203",
        "002b 0003 02 0304",        // supported_versions
        "0033 0026 0024 001d 0020", // key_share: x25519
        "abababababababababababababababababababababababababababababababab"
    ));
    assert_eq!(hello(&[0xab; 32], None, offer), golden);
}

#[test]
fn an_offer_is_what_the_hello_says_and_the_seeds_are_them() {
    let offers: [(&str, TlsVersion, &'static [CipherSuite]); 5] = [
        ("offer_tls13", TLS1_3, &TLS13_SUITES),
        ("offer_windows", TLS1_2, &WINDOWS_SUITES),
        ("offer_static_rsa_and_cbc", TLS1_2, &STATIC_RSA_AND_CBC_SUITES),
        ("offer_tls11", TLS1_1, &OFFERED_SUITES),
        ("offer_tls10", TLS1_0, &OFFERED_SUITES),
    ];
    let corpus =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/tls_client_hello");
    for (seed, version, suites) in offers {
        let bytes = hello(&[7; 32], Some("office-pc.corp.lab"), Offer { version, suites });
        oracle::tls_client_hello(&bytes);
        let parsed = parse_client_hello(&bytes).unwrap().done().unwrap();
        assert_eq!(parsed.suites, suites);
        for other in [TLS1_0, TLS1_1, TLS1_2, TLS1_3] {
            let offered = if version == TLS1_3 { other == TLS1_3 } else { other <= version };
            assert_eq!(parsed.offers(other), offered, "{seed}: {other}");
        }
        let has = |extension: [u8; 2]| bytes.windows(2).any(|pair| pair == extension);
        assert_eq!(has([0, 13]), version >= TLS1_2, "{seed}: signature_algorithms");
        let path = corpus.join(seed);
        if std::env::var_os("RDPWATCH_BLESS").is_some() {
            std::fs::write(&path, &bytes).unwrap();
        }
        assert_eq!(std::fs::read(path).unwrap(), bytes, "{seed}");
    }
}

#[test]
fn what_a_current_windows_offers_it_also_takes() {
    for suite in WINDOWS_SUITES.iter().chain(&TLS13_SUITES) {
        assert!(crate::domain::security::acceptable_suite(suite.0), "{suite:?}");
    }
    let all = (0..=u16::MAX).filter(|suite| crate::domain::security::acceptable_suite(*suite));
    assert_eq!(all.count(), WINDOWS_SUITES.len() + TLS13_SUITES.len());
}
