//! Whatever is measured, in whatever order: shares stay shares, alerts fire and end in turn, and
//! what is kept is bounded.

use proptest::prelude::*;
use rdpwatch::domain::alert::{AlertEvent, AlertSettings};
use rdpwatch::domain::finding::{RuleId, Severity};
use rdpwatch::domain::local::{EchoAccess, Interface, LocalState};
use rdpwatch::domain::memory::TargetMemory;
use rdpwatch::domain::sample::{
    Attempt, Connect, ConnectOutcome, Echo, EchoMethod, EchoOutcome, Hello, LocalFault, Negotiate,
    NegotiateOutcome, Neighbour, NeighbourState, Observation, ProbeKind, Sample, Tls, TlsOutcome,
};
use rdpwatch::domain::security::{FailureCode, SecurityProtocol};
use rdpwatch::domain::target::{Host, Target, TargetId, TargetKind};
use rdpwatch::domain::time::{MonoTime, Now, WallTime};
use rdpwatch::monitor::{Access, Budget, Monitor};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 21));
const START: WallTime = WallTime::from_unix_secs(1_795_244_400);

/// One thing that happens, and how long after the one before.
#[derive(Debug, Clone)]
struct Step {
    after: Duration,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Echo(EchoOutcome),
    Attempt(ConnectOutcome, Option<NegotiateOutcome>, Option<TlsOutcome>),
    Neighbour(NeighbourState),
    /// How late a beat of the program came.
    Beat(Duration),
    /// The interface goes down or comes up.
    Link(bool),
    /// The wall clock is set by so many seconds.
    Clock(i64),
    /// Only time passes.
    Nothing,
}

fn echo() -> impl Strategy<Value = EchoOutcome> {
    prop_oneof![
        4 => (0_u64..3_000).prop_map(|ms| EchoOutcome::Reply {
            rtt: Duration::from_millis(ms),
            ttl: None,
        }),
        2 => Just(EchoOutcome::Lost),
        1 => (0_u64..9_000)
            .prop_map(|ms| EchoOutcome::Late { rtt: Duration::from_millis(ms) }),
        1 => Just(EchoOutcome::Void(LocalFault::Stalled)),
    ]
}

fn attempt() -> impl Strategy<Value = What> {
    let connect = prop::sample::select(vec![
        ConnectOutcome::Open,
        ConnectOutcome::Open,
        ConnectOutcome::Refused,
        ConnectOutcome::Timeout,
        ConnectOutcome::Unreachable,
        ConnectOutcome::Prohibited,
        ConnectOutcome::LocalError(LocalFault::Stalled),
    ]);
    let negotiate = prop::sample::select(vec![
        NegotiateOutcome::Confirmed { selected: SecurityProtocol::HYBRID, flags: 0x1f },
        NegotiateOutcome::Confirmed { selected: SecurityProtocol::SSL, flags: 0 },
        NegotiateOutcome::Failure(FailureCode::SSL_CERT_NOT_ON_SERVER),
        NegotiateOutcome::Failure(FailureCode(9)),
        NegotiateOutcome::Timeout,
        NegotiateOutcome::Closed,
        NegotiateOutcome::Reset,
    ]);
    let tls = prop::sample::select(vec![
        TlsOutcome::Ok,
        TlsOutcome::Closed,
        TlsOutcome::Alert(40),
        TlsOutcome::Timeout,
    ]);
    (connect, prop::option::of(negotiate), prop::option::of(tls))
        .prop_map(|(connect, negotiate, tls)| What::Attempt(connect, negotiate, tls))
}

fn step() -> impl Strategy<Value = Step> {
    let neighbour = prop::sample::select(vec![
        NeighbourState::Reachable,
        NeighbourState::Stale,
        NeighbourState::Failed,
        NeighbourState::None,
        NeighbourState::NotOnLink,
    ]);
    let what = prop_oneof![
        8 => echo().prop_map(What::Echo),
        4 => attempt(),
        1 => neighbour.prop_map(What::Neighbour),
        1 => (0_u64..5_000).prop_map(|ms| What::Beat(Duration::from_millis(ms))),
        1 => any::<bool>().prop_map(What::Link),
        1 => (-200_000_i64..200_000).prop_map(What::Clock),
        1 => Just(What::Nothing),
    ];
    let after = prop_oneof![
        20 => (0_u64..15_000).prop_map(Duration::from_millis),
        // A night of sleep.
        1 => (0_u64..40_000).prop_map(Duration::from_secs),
    ];
    (after, what).prop_map(|(after, what)| Step { after, what })
}

fn observation(what: &What) -> Option<Observation> {
    Some(match what {
        What::Echo(outcome) => {
            let method = EchoMethod::Icmp;
            Observation::Echo(Echo { method, address: ADDRESS, outcome: *outcome })
        }
        What::Neighbour(state) => {
            Observation::Neighbour(Neighbour { address: ADDRESS, state: *state, mac: None })
        }
        What::Attempt(outcome, negotiate, tls) => {
            let connect = Connect {
                address: SocketAddr::new(ADDRESS, 3_389),
                outcome: *outcome,
                icmp: None,
                icmp_is_ours: false,
                elapsed: Duration::from_millis(9),
                untimed: false,
            };
            let mut attempt = Attempt::new(ProbeKind::Tls, connect);
            if *outcome == ConnectOutcome::Open {
                attempt.negotiate = negotiate.clone().map(|outcome| Negotiate {
                    asked: SecurityProtocol::OFFERED,
                    outcome,
                    received: 19,
                    elapsed: Duration::from_millis(11),
                });
            }
            let selected = attempt.negotiate.as_ref().and_then(|found| found.outcome.selected());
            attempt.tls = tls.filter(|_| selected.is_some()).map(|outcome| Tls {
                outcome,
                hello: Hello::Modern,
                modern: None,
                afterwards: None,
                version: None,
                cipher: None,
                certificate: None,
                received: 0,
                elapsed: Duration::from_millis(25),
            });
            Observation::Attempt(Box::new(attempt))
        }
        What::Beat(_) | What::Link(_) | What::Clock(_) | What::Nothing => return None,
    })
}

fn local(up: bool) -> LocalState {
    LocalState {
        interfaces: vec![Interface {
            up,
            ..Interface::up(2, "eth0", vec![(IpAddr::from([10, 0, 0, 5]), 24)])
        }],
        ..LocalState::default()
    }
}

/// A monitor of one target, and what its alerts did.
struct Play {
    monitor: Monitor,
    mono: MonoTime,
    /// Seconds that the wall clock is ahead.
    ahead: i64,
    told: Vec<AlertEvent>,
}

impl Play {
    fn new(kind: TargetKind) -> Self {
        let access =
            Access { echo_v4: EchoAccess::Raw, echo_v6: EchoAccess::Raw, neighbours: true };
        let start = Now { mono: MonoTime::ZERO, wall: START };
        let mut monitor = Monitor::new(access, local(true), AlertSettings::default(), start);
        let mut target = Target::new(TargetId(0), "office-pc", Host::Address(ADDRESS, None));
        target.kind = kind;
        monitor.add(target, TargetMemory::default(), start);
        Self { monitor, mono: MonoTime::ZERO, ahead: 0, told: Vec::new() }
    }

    fn now(&self) -> Now {
        let wall = START.plus(self.mono.since(MonoTime::ZERO));
        let shift = Duration::from_secs(self.ahead.unsigned_abs());
        let wall = if self.ahead < 0 { wall.minus(shift) } else { wall.plus(shift) };
        Now { mono: self.mono, wall }
    }

    fn step(&mut self, seq: u64, step: &Step) {
        self.mono = self.mono.plus(step.after);
        if let What::Clock(seconds) = step.what {
            self.ahead = seconds;
        }
        let now = self.now();
        match step.what {
            What::Beat(lag) => self.monitor.observe_beat(lag, now),
            What::Link(up) => {
                self.monitor.observe_local(local(up), now);
            }
            _ => {}
        }
        if let Some(observation) = observation(&step.what) {
            let ended_at = now.mono;
            let sample = Sample { target: TargetId(0), seq, sent_at: now, ended_at, observation };
            self.monitor.observe(&sample, now);
        }
        self.told.extend(self.monitor.tick(now));
    }

    fn holds(&self) -> usize {
        format!("{:?}", self.monitor).len()
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn shares_stay_shares_and_alerts_take_turns(
        steps in prop::collection::vec(step(), 1..250),
        sleeps in any::<bool>(),
    ) {
        let mut play = Play::new(if sleeps { TargetKind::Laptop } else { TargetKind::Server });
        for (seq, step) in (0..).zip(&steps) {
            play.step(seq, step);
            let now = play.now();
            let snapshot = play.monitor.snapshot(now, 0, |_| Budget::default());
            let target = &snapshot.targets[0];
            for stats in [&target.echo_minute, &target.echo_total] {
                prop_assert!(stats.loss().is_none_or(|loss| (0.0..=1.0).contains(&loss)), "{stats:?}");
                prop_assert!(stats.lost + stats.received <= stats.sent, "{stats:?}");
            }
            let mut ids: Vec<RuleId> = target.findings.iter().map(|found| found.rule).collect();
            ids.sort_unstable();
            let count = ids.len();
            ids.dedup();
            prop_assert_eq!(ids.len(), count, "a rule is told once");
        }
        // Once more only when it got worse than ever told, and it ends once.
        let mut firing: BTreeMap<(Option<TargetId>, RuleId), Severity> = BTreeMap::new();
        for event in &play.told {
            match event {
                AlertEvent::Fired(alert) => {
                    let before = firing.insert((alert.target, alert.rule), alert.severity);
                    prop_assert!(before.is_none_or(|before| before < alert.severity), "{event:?}");
                }
                AlertEvent::Reminded(_) => prop_assert!(false, "no reminder was asked for"),
                AlertEvent::Resolved(alert, _) => {
                    let before = firing.remove(&(alert.target, alert.rule));
                    prop_assert!(before.is_some(), "{event:?}");
                }
            }
        }
    }
}

/// The same steps over and over: what is kept grows up to its bounds and no further.
#[test]
fn memory_is_bounded_whatever_is_measured() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let tree = prop::collection::vec(step(), 400).new_tree(&mut runner).expect("steps");
    let steps = tree.current();
    let mut play = Play::new(TargetKind::Server);
    let mut sizes = Vec::new();
    let mut seq = 0;
    for _ in 0..12 {
        for step in &steps {
            play.step(seq, step);
            seq += 1;
        }
        play.told.clear();
        sizes.push(play.holds());
    }
    let (middle, last) = (sizes[5], sizes[11]);
    assert!(last < middle * 3 / 2, "{sizes:?}");
}
