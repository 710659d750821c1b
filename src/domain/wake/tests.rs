//! Wake-ups by their receipts and their progress.

use super::progress::RECEIPTS;
use super::*;
use crate::domain::mac::MacAddr;
use crate::domain::sample::{Attempt, Connect, Echo, Negotiate, Neighbour, ProbeKind};
use crate::domain::sample::{
    ConnectOutcome, EchoMethod, EchoOutcome, NegotiateOutcome, NeighbourState, Observation, Sample,
};
use crate::domain::security::SecurityProtocol;
use crate::domain::target::TargetId;
use crate::domain::time::{MonoTime, Now, WallTime};
use std::time::Duration;

const MAC: MacAddr = MacAddr([2, 0x11, 0x22, 0x33, 0x44, 0x55]);
const WAIT: Duration = Duration::from_mins(2);

fn receipt() -> WakeReceipt {
    WakeReceipt {
        at: WallTime::default(),
        mac: MAC,
        reach: Some(Reach::OnLink),
        sends: vec![WakeSend {
            interface: Some("eth0".into()),
            source: Some([10, 0, 0, 5].into()),
            destination: WakeDestination::Udp(([10, 0, 0, 255], 9).into()),
            packets: 3,
            error: None,
        }],
        skipped: vec![WakeSkip { interface: "tun0".into(), why: "a tunnel" }],
        refused: None,
        relay: None,
    }
}

fn progress() -> WakeProgress {
    let started = Now { mono: MonoTime::from_secs(100), wall: WallTime::default() };
    WakeProgress::new(receipt(), started, WAIT)
}

/// A sample of a probe that began at second `at` and took no time.
fn sample(at: u64, observation: Observation) -> Sample {
    let mono = MonoTime::from_secs(at);
    let sent_at = Now { mono, wall: WallTime::default() };
    Sample { target: TargetId(0), seq: 0, sent_at, ended_at: mono, observation }
}

fn neighbour(state: NeighbourState) -> Observation {
    Observation::Neighbour(Neighbour { address: [10, 0, 0, 21].into(), state, mac: None })
}

fn echo(outcome: EchoOutcome) -> Observation {
    let address = [10, 0, 0, 21].into();
    Observation::Echo(Echo { method: EchoMethod::Icmp, address, outcome })
}

fn attempt(outcome: ConnectOutcome, answer: Option<NegotiateOutcome>) -> Observation {
    let elapsed = Duration::from_millis(1);
    let negotiate = answer.map(|outcome| Negotiate {
        asked: SecurityProtocol::OFFERED,
        outcome,
        received: 19,
        elapsed,
    });
    let address = ([10, 0, 0, 21], 3389).into();
    let connect =
        Connect { address, outcome, icmp: None, icmp_is_ours: false, elapsed, untimed: false };
    let depth = ProbeKind::Negotiate;
    Observation::Attempt(Box::new(Attempt { negotiate, ..Attempt::new(depth, connect) }))
}

const REPLY: EchoOutcome = EchoOutcome::Reply { rtt: Duration::from_millis(1), ttl: None };

#[test]
fn a_host_comes_up_rung_by_rung() {
    let mut wake = progress();
    let at = MonoTime::from_secs;
    assert_eq!(wake.text(at(103)), "wake packet sent 3 s ago, no sign of life yet");
    wake.observe(&sample(101, echo(EchoOutcome::Lost)));
    wake.observe(&sample(101, attempt(ConnectOutcome::Timeout, None)));
    assert_eq!(wake.highest(), None);
    wake.observe(&sample(108, neighbour(NeighbourState::Reachable)));
    wake.observe(&sample(111, echo(REPLY)));
    wake.observe(&sample(112, echo(REPLY)));
    assert_eq!(wake.seen(WakeRung::Echo), Some(Duration::from_secs(11)), "the first counts");
    assert_eq!(wake.text(at(113)), "waking for 13 s: network card after 8 s, ping after 11 s");
    wake.observe(&sample(120, attempt(ConnectOutcome::Refused, None)));
    assert_eq!(wake.highest(), Some(WakeRung::Echo), "a refusal is no open port");
    wake.observe(&sample(125, attempt(ConnectOutcome::Open, Some(NegotiateOutcome::Reset))));
    assert_eq!((wake.highest(), wake.is_up()), (Some(WakeRung::Tcp), false));
    let confirmed = NegotiateOutcome::Confirmed { selected: SecurityProtocol::RDP, flags: 0 };
    wake.observe(&sample(141, attempt(ConnectOutcome::Open, Some(confirmed))));
    assert!(wake.is_up());
    assert!(!wake.is_over(at(100_000)), "up is not given up");
    assert_eq!(wake.text(at(900)), "up 41 s after the wake packet");
}

#[test]
fn what_was_probed_before_the_packet_proves_nothing() {
    let mut wake = progress();
    wake.observe(&sample(99, echo(REPLY)));
    assert_eq!(wake.highest(), None);
}

#[test]
fn a_remnant_of_the_neighbour_table_is_taken_back() {
    let mut wake = progress();
    wake.observe(&sample(101, neighbour(NeighbourState::Reachable)));
    wake.observe(&sample(106, neighbour(NeighbourState::Failed)));
    assert_eq!(wake.highest(), None);
    wake.observe(&sample(110, neighbour(NeighbourState::Stale)));
    assert_eq!(wake.highest(), None);
    wake.observe(&sample(111, neighbour(NeighbourState::Reachable)));
    wake.observe(&sample(112, echo(REPLY)));
    wake.observe(&sample(116, neighbour(NeighbourState::Failed)));
    assert_eq!(wake.highest(), Some(WakeRung::Echo));
}

#[test]
fn it_is_given_up_at_the_deadline_and_tried_again() {
    let mut wake = progress();
    let at = MonoTime::from_secs;
    wake.observe(&sample(108, neighbour(NeighbourState::Reachable)));
    assert!(!wake.is_over(at(219)));
    assert!(wake.is_over(at(220)));
    assert_eq!(wake.text(at(220)), "not up 120 s after the wake packet: network card after 8 s");
    for _ in 0..20 {
        wake.again(receipt(), at(230), WAIT);
    }
    assert_eq!(wake.deadline(), at(350));
    assert!(!wake.is_over(at(349)));
    assert_eq!(wake.receipts().len(), RECEIPTS);
}

#[test]
fn a_refusal_is_over_at_once() {
    let refused = Some("no interface is called \"eht0\"".to_owned());
    let refused = WakeReceipt { sends: Vec::new(), refused, ..receipt() };
    let wake = WakeProgress::new(refused.clone(), Now::default(), WAIT);
    assert!(wake.is_over(MonoTime::ZERO));
    assert_eq!(wake.text(MonoTime::ZERO), "not woken: no interface is called \"eht0\"");
    assert_eq!(
        refused.lines(),
        ["nothing sent to 02:11:22:33:44:55: no interface is called \"eht0\""]
    );
}

#[test]
fn a_receipt_names_interface_source_and_destination() {
    let mut receipt = receipt();
    receipt.sends.push(WakeSend {
        interface: Some("eth0\x1b[2J".into()),
        source: None,
        destination: WakeDestination::Layer2,
        packets: 0,
        error: Some("not permitted".into()),
    });
    assert_eq!(
        receipt.lines(),
        [
            "3 magic packets for 02:11:22:33:44:55",
            "  eth0 10.0.0.5: UDP 10.0.0.255:9, 3 packets",
            "  eth0\u{fffd}[2J: Ethernet 0x0842, not sent: not permitted",
            "  tun0: skipped, a tunnel",
            "the host is on a network of this machine",
        ]
    );
}
