//! What the UDP probe makes of every kind of answer, over real sockets on loopback.

use rdpwatch::demo::certificate::CertificateSpec;
use rdpwatch::demo::host::Host;
use rdpwatch::demo::script::HostScript;
use rdpwatch::demo::udp::UdpScript;
use rdpwatch::domain::sample::{LocalFault, Misread, Udp, UdpOutcome, UdpVersion};
use rdpwatch::probe::clock::Clock;
use rdpwatch::probe::udp::udp;
use rdpwatch::proto::rdpeudp::version;
use std::net::SocketAddr;
use std::time::Duration;

/// Of the whole rung.
const DEADLINE: Duration = Duration::from_millis(800);

async fn host(script: UdpScript) -> Host {
    let script = HostScript::windows(CertificateSpec::windows("LAB", 90)).with_udp(script);
    Host::start(&script, ([127, 0, 0, 1], 0).into()).await.unwrap()
}

async fn asked(script: UdpScript) -> (Udp, u64) {
    let host = host(script).await;
    let found = udp(host.address(), DEADLINE, Clock::start()).await;
    assert_eq!(found.address, host.address());
    assert!(found.elapsed <= DEADLINE + Duration::from_millis(200), "{:?}", found.elapsed);
    (found, host.datagrams())
}

#[tokio::test]
async fn an_answer_is_read_with_its_version_and_its_mtus() {
    for named in [None, Some(version::V1), Some(version::V2), Some(version::V3)] {
        let script = UdpScript::Answers { version: named, largest: usize::MAX, copies: 4 };
        let (found, datagrams) = asked(script).await;
        assert_eq!(found.outcome, UdpOutcome::SynAck);
        assert_eq!((found.version, found.answered_at), (named, Some(1232)));
        assert_eq!((found.mtu_up, found.mtu_down), (Some(1232), Some(1232)));
        assert_eq!((found.sent, datagrams), (1, 1), "one SYN, however often it is answered");
        assert!(found.elapsed < DEADLINE / 2, "{:?}", found.elapsed);
    }
}

#[tokio::test]
async fn an_answer_to_the_small_syn_only_is_told_apart() {
    let script = UdpScript::Answers { version: Some(version::V2), largest: 1200, copies: 1 };
    let (found, datagrams) = asked(script).await;
    assert_eq!((found.outcome, found.answered_at), (UdpOutcome::SynAck, Some(1132)));
    assert_eq!((found.mtu_up, found.mtu_down), (Some(1132), Some(1132)));
    assert_eq!((found.sent, datagrams), (3, 3));
}

#[tokio::test]
async fn silence_lasts_as_long_as_the_deadline_and_three_syns() {
    let (found, datagrams) = asked(UdpScript::Silent).await;
    assert_eq!((found.outcome, found.sent, datagrams), (UdpOutcome::Silent, 3, 3));
    assert!(found.elapsed >= DEADLINE, "{:?}", found.elapsed);
    assert_eq!((found.version, found.answered_at), (None, None));
}

#[tokio::test]
async fn a_closed_port_says_so_at_once() {
    let (found, datagrams) = asked(UdpScript::Closed).await;
    let UdpOutcome::Unreachable(icmp) = found.outcome else { panic!("{found:?}") };
    if cfg!(target_os = "linux") {
        let icmp = icmp.unwrap();
        assert_eq!((icmp.kind, icmp.code, icmp.from), (3, 3, Some([127, 0, 0, 1].into())));
    }
    assert_eq!((found.sent, datagrams), (1, 0));
    assert!(found.elapsed < DEADLINE / 2, "{:?}", found.elapsed);
}

/// Whoever does not know our sequence number does not answer us, and does not end the wait.
#[tokio::test]
async fn what_does_not_acknowledge_our_syn_is_no_answer() {
    let (found, _) = asked(UdpScript::Mistakes).await;
    let misread = Misread { offset: 0, reason: "acknowledges another SYN" };
    assert_eq!((found.outcome, found.sent), (UdpOutcome::Malformed(misread), 3));
    assert!(found.elapsed >= DEADLINE, "{:?}", found.elapsed);
    assert_eq!((found.version, found.mtu_up), (None, None));
}

#[tokio::test]
async fn foreign_bytes_are_named_with_their_offset() {
    let text = b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec();
    // "TP": no SYN where the flags should be.
    for (bytes, offset) in [(text, 6), (vec![0xff; 2000], 1232), (vec![1], 1), (Vec::new(), 0)] {
        let (found, _) = asked(UdpScript::Bytes(bytes)).await;
        let UdpOutcome::Malformed(misread) = found.outcome else { panic!("{found:?}") };
        assert_eq!((misread.offset, found.sent), (offset, 3), "{misread}");
    }
}

#[tokio::test]
async fn an_answer_of_ours_that_makes_no_sense_ends_the_wait() {
    // Window, flags SYN+ACK, sequence number, an MTU of 9000.
    let bytes = [0, 0x40, 0, 5, 1, 2, 3, 4, 0x23, 0x28, 0x04, 0xd0].to_vec();
    let (found, datagrams) = asked(UdpScript::Echoes(bytes)).await;
    let misread = Misread { offset: 12, reason: "an MTU outside 1132 to 1232" };
    assert_eq!((found.outcome, datagrams), (UdpOutcome::Malformed(misread), 1));
}

#[tokio::test]
async fn what_this_machine_cannot_do_is_not_the_hosts_silence() {
    // No machine has a way to a multicast scope of zero.
    let nowhere: SocketAddr = "[ff02::1%0]:3389".parse().unwrap_or(([0, 0, 0, 0], 0).into());
    let broadcast: SocketAddr = ([255, 255, 255, 255], 3389).into();
    for address in [broadcast, nowhere] {
        let found = udp(address, DEADLINE, Clock::start()).await;
        assert!(
            matches!(found.outcome, UdpOutcome::LocalError(_)),
            "{address}: {:?}",
            found.outcome
        );
        assert_eq!(found.sent, 0);
    }
}

/// A runtime that stands still while the deadline passes measures nothing.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the stall is the test")]
async fn a_stalled_process_blames_nobody() {
    let host = host(UdpScript::Silent).await;
    let asking = udp(host.address(), DEADLINE, Clock::start());
    let stall = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        std::thread::sleep(DEADLINE + Duration::from_millis(600));
    };
    let (found, ()) = tokio::join!(asking, stall);
    assert_eq!(found.outcome, UdpOutcome::LocalError(LocalFault::Stalled));
}

#[test]
fn versions_are_what_the_wire_says() {
    assert_eq!([version::V1, version::V2, version::V3].map(|UdpVersion(word)| word), [1, 2, 0x101]);
}
