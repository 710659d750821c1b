//! The immutable picture that the screen and the reports read.

use super::alert::{Alert, AlertsSnapshot};
use super::alternative::Alternative;
use super::control::ControlStats;
use super::finding::{Finding, Risk, Rung};
use super::incident::Incident;
use super::ladder::{Cell, Ladder, RungLine};
use super::lane::Lane;
use super::local::{EchoAccess, EchoCounts, EchoFacts, LocalState};
use super::mac::MacAddr;
use super::maintenance::Maintained;
use super::sample::{
    Attempt, ConnectOutcome, Gateway, NameOutcome, Neighbour, NeighbourState, Nla, PathMtu,
    Resolution, Tls, TlsSweep, Udp,
};
use super::sink::SinkStatus;
use super::stats::{EchoStats, Spark};
use super::surroundings::Offline;
use super::target::{Target, TargetId};
use super::time::{MonoTime, Now, WallTime};
use super::transcripts::Told;
use super::turn;
use super::wake::{Reach, WakeProgress, WakeRung};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// How many one-second slots of sparkline a snapshot carries per target.
pub const SPARK_SLOTS: usize = 120;

/// The window of the figures of echo.
const MINUTE: Duration = Duration::from_mins(1);

/// Everything the screen may know, at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Counts snapshots; equal numbers mean equal content.
    pub revision: u64,
    /// When it was taken.
    pub now: Now,
    /// When the monitor started.
    pub started: Now,
    /// This machine.
    pub monitor: MonitorSnapshot,
    /// Targets in the order of the configuration.
    pub targets: Vec<Arc<TargetSnapshot>>,
    /// Alerts.
    pub alerts: Arc<AlertsSnapshot>,
    /// What happened lately, newest last, bounded.
    pub events: Arc<Vec<Event>>,
    /// Targets whose rows stand above every order, as far as that is remembered; `None` before what is
    /// remembered was read.
    pub pinned: Option<BTreeSet<TargetId>>,
    /// What is simulated behind the seams, for `demo`; shown on every screen when present.
    pub simulated: Option<&'static str>,
}

impl Snapshot {
    /// What happened lately, the newest first, of what happened at once the later noted first.
    #[must_use]
    pub fn newest_events(&self) -> Vec<&Event> {
        let mut events: Vec<&Event> = self.events.iter().rev().collect();
        events.sort_by_key(|event| std::cmp::Reverse(event.at));
        events
    }

    /// What somebody has seen to: targets whose firing alerts are all acknowledged or snoozed, with
    /// the newest of those alerts.
    #[must_use]
    pub fn seen_to(&self) -> BTreeMap<TargetId, &Alert> {
        let mut seen: BTreeMap<TargetId, Option<&Alert>> = BTreeMap::new();
        for alert in &self.alerts.firing {
            let Some(target) = alert.target else { continue };
            let taken = alert.acknowledged.is_some()
                || alert.snoozed_until.is_some_and(|until| until > self.now.wall);
            let entry = seen.entry(target).or_insert(Some(alert));
            if !taken {
                *entry = None;
            }
        }
        seen.into_iter().filter_map(|(target, alert)| Some((target, alert?))).collect()
    }
}

/// This machine, as far as it matters to the verdicts.
#[derive(Debug, Clone, Default)]
pub struct MonitorSnapshot {
    /// Whether anybody is judged.
    pub offline: Offline,
    /// Findings about this machine, and of what several targets share.
    pub findings: Vec<Finding>,
    /// Interfaces, gateway, DNS servers, own CPU and memory.
    pub local: LocalState,
    /// What echo may do over IPv4 and IPv6.
    pub echo: Option<(EchoAccess, EchoAccess)>,
    /// The engine that sends echo, and what it counted; `None` where nothing is sent.
    pub engine: Option<(EchoFacts, Option<EchoCounts>)>,
    /// Control addresses: own router, ends of the VPN, DNS servers and configured ones, as far as
    /// they are other machines.
    pub controls: Vec<Control>,
    /// What names of controls lead to.
    pub control_names: BTreeMap<String, IpAddr>,
    /// Paths that are down, then those that were lately.
    pub incidents: Vec<Incident>,
    /// Probes in flight.
    pub in_flight: u32,
    /// How the sinks have fared.
    pub sinks: Vec<SinkStatus>,
}

impl MonitorSnapshot {
    /// The finding that a path is down, when one is: it speaks for all targets behind it.
    #[must_use]
    pub fn path_outage(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.rule == super::rules::PATH_OUTAGE_ID)
    }
}

/// A control address and what it says of this machine's way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    /// The address.
    pub address: IpAddr,
    /// What it said lately.
    pub word: ControlWord,
    /// Its last minute.
    pub minute: ControlStats,
}

/// What a control said lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ControlWord {
    /// It answers echo.
    Answers,
    /// It proved itself, and is silent.
    Gone,
    /// It never proved itself: its silence says nothing.
    NeverAnswered,
}

/// A line of the event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: WallTime,
    /// Whose; `None` for this machine, and where it is watched no more.
    pub target: Option<TargetId>,
    /// What a target was called that is watched no more, escaped.
    pub gone: Option<Arc<str>>,
    /// What, escaped.
    pub text: String,
}

/// The state a row shows with one glyph, worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum TargetState {
    /// Nothing measured yet.
    #[default]
    NotMeasured,
    /// Findings are notices at most.
    Ok,
    /// Asleep or off, likely, and that is fine.
    Asleep,
    /// A wake packet was sent and it is not up yet.
    Waking,
    /// The monitor cannot judge.
    Unknown,
    /// A warning.
    Warning,
    /// Something critical.
    Critical,
}

impl TargetState {
    /// Every state, the worst last.
    pub const ALL: [Self; 7] = [
        Self::NotMeasured,
        Self::Ok,
        Self::Asleep,
        Self::Waking,
        Self::Unknown,
        Self::Warning,
        Self::Critical,
    ];
}

/// Whether the machine is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Availability {
    /// Not known.
    #[default]
    Unknown,
    /// It answers something.
    Up,
    /// Silent, and its kind sleeps.
    Asleep,
    /// Silent, and it should not be.
    Down,
}

impl Availability {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Asleep => "asleep",
            Self::Down => "down",
        }
    }
}

/// One target at one moment.
#[derive(Debug, Clone)]
pub struct TargetSnapshot {
    /// When it was taken: at most a second before the snapshot that it is in.
    pub at: Now,
    /// Its configuration.
    pub target: Arc<Target>,
    /// The address that is dialled.
    pub address: Option<IpAddr>,
    /// The glyph.
    pub state: TargetState,
    /// Since when it has been in that state.
    pub state_since: WallTime,
    /// Whether work is planned on it, so that nobody is alerted.
    pub maintenance: Option<Maintained>,
    /// Whether it is there.
    pub availability: Availability,
    /// One plain sentence, escaped.
    pub verdict: String,
    /// Chance that a session fails or drops.
    pub risk: Risk,
    /// Findings, worst first, suppressed ones left out.
    pub findings: Vec<Finding>,
    /// The ladder.
    pub ladder: Ladder,
    /// Echo over the last minute.
    pub echo_minute: EchoStats,
    /// Echo since the start or the last reset.
    pub echo_total: EchoStats,
    /// One slot per second, newest last, at most [`SPARK_SLOTS`].
    pub spark: Vec<Spark>,
    /// Its last hours, a minute at a time.
    pub lane: Lane,
    /// When sessions on it dropped in the last day, the oldest first.
    pub drops: Vec<WallTime>,
    /// The newest answer to the name.
    pub resolution: Option<Resolution>,
    /// The newest connection.
    pub attempt: Option<Attempt>,
    /// Since when it does not answer connections, where it did before in this run.
    pub stopped: Option<WallTime>,
    /// What was said and heard in the newest attempts, newest first, at most three.
    pub transcripts: Vec<Told>,
    /// The newest TLS rung, however long ago.
    pub tls: Option<Tls>,
    /// The newest attempt that went as far as CredSSP.
    pub nla: Option<Nla>,
    /// The newest sweep of TLS versions and suites.
    pub sweep: Option<TlsSweep>,
    /// The newest answer of the UDP transport.
    pub udp: Option<Udp>,
    /// The newest measurement of the path MTU.
    pub path: Option<PathMtu>,
    /// The newest answer of the RD Gateway.
    pub gateway: Option<Gateway>,
    /// Days of validity left on the certificate.
    pub certificate_days: Option<i64>,
    /// Whether the certificate covers the dialled name; `None` when dialled by address.
    pub name_matches: Option<bool>,
    /// Neighbour table.
    pub neighbour: Option<Neighbour>,
    /// Other addresses: published, or expected and not dialled.
    pub alternatives: Vec<(IpAddr, Alternative)>,
    /// Hardware address to wake: configured, else learnt.
    pub mac: Option<MacAddr>,
    /// The latest attempt to wake it.
    pub wake: Option<WakeProgress>,
    /// How long it usually takes from the wake packet until RDP answers.
    pub usual_waking: Option<Duration>,
    /// When the next connection up to the certificate is due.
    pub next_tls: Option<MonoTime>,
    /// Connections that carry data, per day, at the present cadence: the budget.
    pub connections_per_day: u32,
}

impl TargetSnapshot {
    /// The worst finding.
    #[must_use]
    pub fn worst(&self) -> Option<&Finding> {
        self.findings.first()
    }

    /// What broke at the newest attempt, where that is another trouble than the worst finding tells and
    /// not confirmed yet.
    #[must_use]
    pub fn turned(&self) -> Option<&RungLine> {
        turn::turned(self.worst()?, &self.ladder).filter(|_| self.state >= TargetState::Warning)
    }

    /// Whether it is in trouble that somebody should look at: work that is planned excuses it.
    #[must_use]
    pub fn is_in_trouble(&self) -> bool {
        self.state >= TargetState::Warning && self.maintenance.is_none()
    }

    /// How long ago it first answered after it was woken, where that is inside the last minute: what
    /// was lost before is its sleep.
    #[must_use]
    pub fn woke(&self) -> Option<Duration> {
        let wake = self.wake.as_ref()?;
        let seen = WakeRung::ALL.iter().filter(|rung| **rung > WakeRung::Neighbour);
        let first = seen.filter_map(|rung| wake.seen(*rung)).min()?;
        let ago = self.at.mono.since(wake.started().mono.plus(first));
        (ago < MINUTE).then_some(ago)
    }

    /// Whether anything was measured that tells how it fares.
    #[must_use]
    pub fn has_measurements(&self) -> bool {
        let tells = |line: &RungLine| line.rung > Rung::Name && line.cell != Cell::NotMeasured;
        self.ladder.iter().any(tells)
    }

    /// Since when a host that answered is silent, while that is not confirmed: no finding says it.
    #[must_use]
    pub fn fell_silent(&self) -> Option<WallTime> {
        self.stopped.filter(|_| self.state == TargetState::NotMeasured)
    }

    /// Not judged yet, and a rung broke at the latest attempt.
    #[must_use]
    pub fn fails_unconfirmed(&self) -> bool {
        self.state == TargetState::NotMeasured
            && self.ladder.iter().any(|line| line.cell == Cell::Broken)
    }

    /// What broke at the latest attempt of a host that is not judged yet, where the host, or what
    /// stands in its place, said so: `port 3389 refused with RST`. Silence says nothing of a host
    /// that never answered; of one that did, it says that it stopped.
    #[must_use]
    pub fn unconfirmed(&self) -> Option<String> {
        if self.state != TargetState::NotMeasured {
            return None;
        }
        if self.stopped.is_some() {
            return Some("stopped answering".to_owned());
        }
        let broken = |line: &&RungLine| line.cell == Cell::Broken && line.rung != Rung::Echo;
        let line = self.ladder.iter().find(broken)?;
        match line.rung {
            Rung::Name => {
                let silent = matches!(
                    self.resolution.as_ref()?.outcome,
                    NameOutcome::Timeout | NameOutcome::Error
                );
                (!silent).then(|| format!("name: {}", line.text))
            }
            Rung::Tcp => {
                let outcome = self.attempt.as_ref()?.connect.outcome;
                let silent = matches!(
                    outcome,
                    ConnectOutcome::Timeout
                        | ConnectOutcome::Unreachable
                        | ConnectOutcome::LocalError(_)
                );
                (!silent).then(|| format!("port {}: {}", self.target.port, line.text))
            }
            rung => Some(format!("{}: {}", rung.word(), line.text)),
        }
    }

    /// The newest RTT inside its window.
    #[must_use]
    pub fn last_rtt(&self) -> Option<Duration> {
        self.echo_minute.last
    }

    /// How it is reached by magic packets from `local`; `None` without an address, and where a
    /// relay or an address of the configuration takes care of it.
    #[must_use]
    pub fn wake_reach(&self, local: &LocalState) -> Option<Reach> {
        let wake = &self.target.wake;
        let direct = wake.via.is_none() && wake.address.is_none();
        self.address.filter(|_| direct).map(|address| Reach::of(local, address))
    }

    /// Whether the neighbour table says that it is on this machine's own link.
    #[must_use]
    pub fn is_on_link(&self) -> Option<bool> {
        match self.neighbour?.state {
            NeighbourState::Unknown => None,
            NeighbourState::NotOnLink => Some(false),
            _ => Some(true),
        }
    }
}
