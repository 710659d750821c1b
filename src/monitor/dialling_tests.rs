//! Which address is dialled, and what the others are asked for.

use super::*;
use crate::domain::diagnose::fixture::{at, certified, connect, handshake, reply};
use crate::domain::mac::MacAddr;
use crate::domain::sample::{
    Attempt, ConnectOutcome, Echo, LocalFault, NameOutcome, NameSource, Neighbour, NeighbourState,
    Observation, ProbeKind, Resolution, TlsOutcome,
};
use crate::domain::target::Host;
use crate::domain::time::MonoTime;
use std::net::IpAddr;
use std::time::Duration;

const FIRST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 21));
const SECOND: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 22));
const THIRD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 23));

struct Probed {
    tracked: Tracked,
    around: Surroundings,
    second: u64,
}

impl Probed {
    fn new(expect: &[IpAddr]) -> Self {
        let mut target =
            Target::new(TargetId(0), "office-pc", Host::Name("office-pc.corp.lab".to_owned()));
        target.expect = expect.to_vec();
        let method = EchoMethod::Icmp;
        let tracked = Tracked::new(Arc::new(target), TargetMemory::default(), method, at(0));
        Self { tracked, around: Surroundings::default(), second: 0 }
    }

    fn observe(&mut self, observation: Observation) -> Change {
        self.second += 1;
        let now = at(self.second);
        let (seq, ended_at) = (self.second, now.mono);
        let sample = Sample { target: TargetId(0), seq, sent_at: now, ended_at, observation };
        self.tracked.observe(&sample, &self.around, now)
    }

    fn resolves(&mut self, outcome: NameOutcome, addresses: &[IpAddr]) -> Change {
        self.observe(Observation::Resolve(Resolution {
            outcome,
            source: NameSource::Dns,
            by_system: true,
            addresses: addresses.to_vec(),
            system: addresses.to_vec(),
            servers: Vec::new(),
            ptr: Vec::new(),
            elapsed: Duration::from_millis(2),
        }))
    }

    fn dials(&mut self, address: IpAddr, outcome: ConnectOutcome) -> Change {
        self.observe(Observation::Attempt(Box::new(to(address, outcome))))
    }

    fn tries(&mut self, address: IpAddr, outcome: ConnectOutcome) -> Change {
        let bare = Attempt { depth: ProbeKind::Connect, ..to(address, outcome) };
        self.observe(Observation::Alternative(Box::new(Attempt {
            negotiate: None,
            tls: None,
            ..bare
        })))
    }

    fn echoes(&mut self, address: IpAddr) {
        let echo = Echo { method: EchoMethod::Icmp, address, outcome: reply(3) };
        self.observe(Observation::Echo(echo));
    }

    fn depths(&self, deep: bool) -> Vec<(IpAddr, ProbeKind, bool)> {
        let others = self.tracked.others(MonoTime::from_secs(self.second), deep);
        others.iter().map(|other| (other.address, other.depth, other.by_name)).collect()
    }
}

/// A whole ladder where TCP opens, else one that ends there.
fn to(address: IpAddr, outcome: ConnectOutcome) -> Attempt {
    let mut attempt = handshake(TlsOutcome::Ok);
    attempt.connect = connect(outcome);
    attempt.connect.address.set_ip(address);
    if outcome != ConnectOutcome::Open {
        (attempt.negotiate, attempt.tls) = (None, None);
    }
    attempt
}

#[test]
fn the_next_address_is_dialled_when_the_first_failed_twice_and_that_one_accepts() {
    let mut probed = Probed::new(&[]);
    probed.resolves(NameOutcome::Ok, &[FIRST, SECOND]);
    probed.echoes(FIRST);
    probed.tries(SECOND, ConnectOutcome::Open);
    assert!(!probed.dials(FIRST, ConnectOutcome::Timeout).dialled, "once is chance");
    let local = ConnectOutcome::LocalError(LocalFault::TooManyFiles);
    assert!(!probed.dials(FIRST, local).dialled, "what was not tried does not count");
    assert!(probed.dials(FIRST, ConnectOutcome::Timeout).dialled);
    assert_eq!(probed.tracked.dialled(), Some(SECOND));
    assert_eq!(probed.tracked.echo().total().sent, 0, "echo is about one machine");
    // What is still on its way from the first one changes nothing.
    probed.echoes(FIRST);
    assert!(!probed.dials(FIRST, ConnectOutcome::Open).dialled);
    assert_eq!((probed.tracked.echo().total().sent, probed.tracked.attempt()), (0, None));
}

#[test]
fn it_stays_there_although_the_first_comes_back() {
    let mut probed = Probed::new(&[]);
    probed.resolves(NameOutcome::Ok, &[FIRST, SECOND]);
    probed.dials(FIRST, ConnectOutcome::Refused);
    probed.dials(FIRST, ConnectOutcome::Refused);
    assert_eq!(probed.tracked.dialled(), Some(FIRST), "nothing says that the other lives");
    assert!(probed.tries(SECOND, ConnectOutcome::Open).dialled);
    for _ in 0..5 {
        probed.tries(FIRST, ConnectOutcome::Open);
        probed.dials(SECOND, ConnectOutcome::Open);
        // Rotated, as servers do.
        assert!(!probed.resolves(NameOutcome::Ok, &[FIRST, SECOND]).dialled);
        assert!(!probed.resolves(NameOutcome::Ok, &[SECOND, FIRST]).dialled);
    }
    assert_eq!(probed.tracked.dialled(), Some(SECOND));
}

#[test]
fn where_nothing_accepts_nothing_moves() {
    let mut probed = Probed::new(&[THIRD]);
    probed.resolves(NameOutcome::Ok, &[FIRST, SECOND]);
    for _ in 0..5 {
        probed.dials(FIRST, ConnectOutcome::Timeout);
        probed.tries(SECOND, ConnectOutcome::Refused);
        // An expected address is none that a client would dial by this name.
        probed.tries(THIRD, ConnectOutcome::Open);
    }
    assert_eq!(probed.tracked.dialled(), Some(FIRST));
}

#[test]
fn a_new_answer_passes_over_an_address_that_is_known_to_be_dead() {
    let mut probed = Probed::new(&[]);
    probed.resolves(NameOutcome::Ok, &[FIRST, SECOND, THIRD]);
    probed.tries(SECOND, ConnectOutcome::Timeout);
    assert!(probed.resolves(NameOutcome::Ok, &[SECOND, THIRD]).dialled);
    assert_eq!(probed.tracked.dialled(), Some(THIRD));
}

#[test]
fn a_sound_target_is_connected_to_once_and_the_others_only_knocked_at() {
    let mut probed = Probed::new(&[FIRST, THIRD]);
    probed.resolves(NameOutcome::Ok, &[FIRST, SECOND]);
    let bare = vec![(SECOND, ProbeKind::Connect, true), (THIRD, ProbeKind::Connect, false)];
    assert_eq!(probed.depths(true), bare, "nothing is known yet");
    probed.dials(FIRST, ConnectOutcome::Open);
    assert_eq!(probed.depths(true), bare);
}

#[test]
fn others_are_climbed_where_something_is_wrong_and_rest_in_between() {
    let mut probed = Probed::new(&[THIRD]);
    // The name leads elsewhere: the expected address is compared with it.
    probed.resolves(NameOutcome::Ok, &[FIRST, SECOND]);
    probed.dials(FIRST, ConnectOutcome::Open);
    let (knock, climb) = (ProbeKind::Connect, ProbeKind::Tls);
    assert_eq!(probed.depths(true), [(SECOND, knock, true), (THIRD, climb, false)]);
    assert_eq!(probed.depths(false)[1].1, ProbeKind::Negotiate, "--no-deep");
    // It breaks: so is what else the name has.
    probed.dials(FIRST, ConnectOutcome::Timeout);
    assert_eq!(probed.depths(true), [(SECOND, climb, true), (THIRD, climb, false)]);
    let climbed = Observation::Alternative(Box::new(to(THIRD, ConnectOutcome::Open)));
    probed.observe(climbed);
    assert_eq!(probed.depths(true), [(SECOND, climb, true), (THIRD, knock, false)]);
    probed.second += 1_199;
    assert_eq!(probed.depths(true)[1].1, knock, "two share a climb in ten minutes");
    probed.second += 1;
    assert_eq!(probed.depths(true)[1].1, climb);
}

#[test]
fn where_tls_breaks_the_same_address_is_climbed_without_the_name() {
    let mut probed = Probed::new(&[]);
    probed.resolves(NameOutcome::Ok, &[FIRST]);
    let mut closed = handshake(TlsOutcome::Closed);
    closed.connect.address.set_ip(FIRST);
    probed.observe(Observation::Attempt(Box::new(closed)));
    assert_eq!(probed.depths(true), [(FIRST, ProbeKind::Tls, false)]);
    probed.observe(Observation::Alternative(Box::new(to(FIRST, ConnectOutcome::Open))));
    assert_eq!(probed.depths(true), [], "a bare connection would show nothing new");
    assert_eq!(probed.depths(false), []);
}

#[test]
fn expected_addresses_are_climbed_while_the_name_leads_nowhere() {
    let mut probed = Probed::new(&[FIRST]);
    probed.resolves(NameOutcome::NxDomain, &[]);
    assert_eq!(probed.tracked.dialled(), None);
    assert_eq!(probed.depths(true), [(FIRST, ProbeKind::Tls, false)]);
    // It did resolve before: what was dialled then is still expected.
    let mut probed = Probed::new(&[FIRST]);
    probed.resolves(NameOutcome::Ok, &[FIRST]);
    probed.resolves(NameOutcome::NxDomain, &[]);
    assert_eq!(probed.depths(true), [(FIRST, ProbeKind::Tls, false)]);
}

#[test]
fn the_card_of_a_device_that_has_the_address_now_is_not_learnt_to_be_woken() {
    let card = |last: u8| MacAddr([2, 0x11, 0x22, 0x33, 0x44, last]);
    let neighbour = |last: u8| {
        let state = NeighbourState::Reachable;
        Observation::Neighbour(Neighbour { address: FIRST, state, mac: Some(card(last)) })
    };
    let mut probed = Probed::new(&[]);
    probed.resolves(NameOutcome::Ok, &[FIRST]);
    probed.observe(neighbour(1));
    probed.observe(Observation::Attempt(Box::new(certified("office-pc", 7))));
    probed.dials(FIRST, ConnectOutcome::Refused);
    probed.observe(neighbour(2));
    probed.dials(FIRST, ConnectOutcome::Refused);
    probed.observe(neighbour(2));
    assert_eq!(probed.tracked.mac(), Some(card(1)), "a printer may have its lease");
    probed.observe(Observation::Attempt(Box::new(certified("office-pc", 7))));
    assert_eq!(
        probed.tracked.mac(),
        Some(card(2)),
        "its certificate says that it has another card"
    );
}

const PORT_CLOSED: RuleId = RuleId("port-closed");

/// Its port was open, and is found closed.
fn with_a_closed_port() -> Probed {
    let mut probed = Probed::new(&[FIRST]);
    probed.resolves(NameOutcome::Ok, &[FIRST]);
    probed.dials(FIRST, ConnectOutcome::Open);
    for _ in 0..4 {
        probed.echoes(FIRST);
        probed.dials(FIRST, ConnectOutcome::Refused);
    }
    assert_eq!(probed.port_closed(), (true, false));
    probed
}

impl Probed {
    /// Whether the closed port is told, and whether it is withheld.
    fn port_closed(&self) -> (bool, bool) {
        let diagnosed = self.tracked.diagnosed(&self.around, at(self.second));
        let told = diagnosed.findings.iter().any(|finding| finding.rule == PORT_CLOSED);
        (told, diagnosed.withheld.contains(&PORT_CLOSED))
    }
}

#[test]
fn what_was_found_waits_while_the_name_leads_elsewhere_and_is_measured_again() {
    let mut probed = with_a_closed_port();
    for other in [SECOND, THIRD] {
        probed.resolves(NameOutcome::Ok, &[other]);
        for _ in 0..20 {
            probed.dials(other, ConnectOutcome::Open);
            assert_eq!(probed.port_closed(), (false, true), "{other}");
        }
    }
    probed.resolves(NameOutcome::Ok, &[FIRST]);
    assert_eq!(probed.port_closed(), (false, true), "not measured yet");
    probed.dials(FIRST, ConnectOutcome::Refused);
    probed.resolves(NameOutcome::Ok, &[SECOND]);
    probed.dials(SECOND, ConnectOutcome::Open);
    assert_eq!(probed.port_closed(), (false, true), "away again");
    probed.resolves(NameOutcome::Ok, &[FIRST]);
    for _ in 0..4 {
        probed.dials(FIRST, ConnectOutcome::Refused);
    }
    assert_eq!(probed.port_closed(), (true, false));
}

#[test]
fn what_was_found_is_over_once_the_host_works_where_it_is_measured_again() {
    let mut probed = with_a_closed_port();
    probed.resolves(NameOutcome::Ok, &[SECOND]);
    probed.dials(SECOND, ConnectOutcome::Refused);
    assert_eq!(probed.port_closed(), (false, true));
    probed.resolves(NameOutcome::Ok, &[FIRST]);
    for _ in 0..4 {
        probed.dials(FIRST, ConnectOutcome::Open);
    }
    assert_eq!(probed.port_closed(), (false, false));
}

#[test]
fn what_was_found_at_an_address_of_a_host_that_may_have_any_is_over_with_it() {
    let mut probed = with_a_closed_port();
    let anywhere = Target { expect: Vec::new(), ..(**probed.tracked.target()).clone() };
    probed.tracked.set_target(Arc::new(anywhere));
    probed.resolves(NameOutcome::Ok, &[SECOND]);
    assert_eq!(probed.port_closed(), (false, false));
}
