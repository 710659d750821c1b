//! One sweep of each kind of TLS.

use futures_util::future::join_all;
use rdpwatch::demo::certificate::CertificateSpec;
use rdpwatch::demo::host::Host;
use rdpwatch::demo::script::{
    AfterTls, Answer, HostScript, Opening, Then, TlsScript, Turn, Versions,
};
use rdpwatch::domain::sample::{CipherSuite, ClientFit, ProbeKind, TlsSweep};
use rdpwatch::domain::security::SecurityProtocol;
use rdpwatch::domain::target::Deadlines;
use rdpwatch::probe::attempt::AttemptPlan;
use rdpwatch::probe::clock::Clock;
use rdpwatch::probe::sweep::sweep;
use rdpwatch::proto::tls_hello::{TLS1_0, TLS1_2};
use std::time::Duration;

fn good() -> CertificateSpec {
    CertificateSpec::windows("LAB-HOST", 171)
}

fn speaking(versions: Versions) -> HostScript {
    HostScript::tls(TlsScript::Handshake { certificate: good(), versions, then: AfterTls::Waits })
}

fn only(version: rdpwatch::domain::sample::TlsVersion, cipher: u16) -> HostScript {
    let cipher = CipherSuite(cipher);
    HostScript::tls(TlsScript::Flight { version, cipher, certificate: good() })
}

/// What a sweep finds, in words, and how many connections it took.
async fn swept(script: HostScript) -> (TlsSweep, String, u64) {
    let host = Host::start(&script, ([127, 0, 0, 1], 0).into()).await.expect("it starts");
    let plan = AttemptPlan {
        address: host.address(),
        name: None,
        depth: ProbeKind::Sweep,
        deadlines: Deadlines::default(),
    };
    let found = sweep(&plan, Clock::start()).await;
    let words: Vec<&str> = found.steps.iter().map(|step| step.answer.word()).collect();
    (found.clone(), words.join(" "), host.connections())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_finds_what_a_host_takes() {
    let insists = HostScript::always(Turn {
        opening: Opening::Request,
        delay: Duration::ZERO,
        answer: Answer::InsistsOn(SecurityProtocol::HYBRID),
        then: Then::Tls(TlsScript::handshake(good())),
    });
    let gives_up = HostScript::alternating(vec![
        Turn::tls(TlsScript::Rst),
        Turn::tls(TlsScript::Rst),
        Turn::ends(Then::Fin),
    ]);
    let cases = [
        (
            speaking(Versions::Current),
            "taken taken taken alert alert alert",
            "TLS 1.2, 1.3; current Windows clients can connect",
            6,
        ),
        (
            speaking(Versions::Tls13),
            "taken alert alert alert alert alert",
            "TLS 1.3; current Windows clients can connect",
            6,
        ),
        (
            insists,
            "taken taken taken alert alert alert",
            "TLS 1.2, 1.3; current Windows clients can connect",
            7,
        ),
        (
            only(TLS1_0, 0x002f),
            "alert taken taken taken taken taken",
            "TLS 1.0; current Windows clients can connect only after enabling old TLS",
            6,
        ),
        (
            only(TLS1_2, 0x009d),
            "alert taken taken taken alert alert",
            "TLS 1.2; current Windows clients can connect",
            6,
        ),
        (
            only(TLS1_2, 0x000a),
            "alert alert taken alert alert alert",
            "TLS 1.2; current Windows clients can connect only after enabling old TLS",
            6,
        ),
        (
            HostScript::tls(TlsScript::Fin),
            "closed closed closed closed closed closed",
            "no TLS version; current Windows clients cannot connect",
            6,
        ),
        (
            HostScript::tls(TlsScript::Bytes(b"no".to_vec())),
            "malformed malformed malformed malformed malformed malformed",
            "",
            6,
        ),
        (gives_up, "closed closed not_reached", "", 3),
        (HostScript::closed(), "not_reached", "", 0),
    ];
    let found = join_all(cases.map(|(script, words, facts, connections)| async move {
        (swept(script).await, words, facts, connections)
    }))
    .await;
    for ((sweep, words, connections), expected, facts, most) in found {
        assert_eq!(words, expected);
        assert_eq!(sweep.facts().unwrap_or_default(), facts, "{words}");
        assert_eq!(connections, most, "{words}");
        assert!(connections <= u64::from(TlsSweep::MOST_CONNECTIONS));
        assert_eq!(sweep.windows() == ClientFit::Unknown, facts.is_empty(), "{words}");
        assert!(sweep.elapsed < Duration::from_secs(20), "{:?}", sweep.elapsed);
    }
}

/// A host that never answers a hello costs its deadlines, and no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_host_ends_the_sweep_in_time() {
    let (sweep, words, _) = swept(HostScript::tls(TlsScript::Silence)).await;
    assert_eq!(words, ["timeout"; 6].join(" "));
    assert!(sweep.elapsed < Duration::from_secs(20), "{:?}", sweep.elapsed);
    assert_eq!(sweep.windows(), ClientFit::Unknown);
}
