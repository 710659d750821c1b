//! What a rule may look at.

use super::alternative::Alternative;
use super::certificate::Thumbprint;
use super::clocks::Clocks;
use super::control::ControlStats;
use super::echo_series::{EchoPoint, EchoSeries};
use super::history::{History, Timed};
use super::load::Punctuality;
use super::local::{EchoAccess, LocalState};
use super::memory::TargetMemory;
use super::outage::Outage;
use super::sample::{
    Attempt, Connect, ConnectOutcome, EchoMethod, EchoOutcome, Gateway, GatewayStage, IcmpError,
    Neighbour, NeighbourState, Nla, PathMtu, Resolution, TcpFacts, Tls, TlsSweep, Udp,
};
use super::session::Sessions;
use super::siblings::Contrast;
use super::target::{Expected, Host, Target, TargetId};
use super::thresholds::Thresholds;
use super::throughput::{Saturation, Traffic};
use super::time::{MonoTime, Now};
use super::wake::WakeProgress;
use super::wifi::{LostInTheAir, Wifi};
use super::wireless::Airwaves;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// A neighbour that is still reachable this long after the last answer is alive: an entry of a
/// host that vanished counts as reachable for up to 37 s (measured on Linux).
const NEIGHBOUR_PROVES: Duration = Duration::from_secs(45);

/// The same for a single look, where the entry was not refreshed by earlier answers: DELAY and
/// PROBE end after 8 s (measured on Linux).
const NEIGHBOUR_PROVES_MOMENT: Duration = Duration::from_secs(9);

/// Why findings are being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The dashboard: over time, with raise and clear.
    Watch,
    /// `check`: this moment, from two attempts and a handful of echoes.
    Moment,
}

/// One target's measurements, read-only.
#[derive(Debug, Clone, Copy)]
pub struct TargetView<'a> {
    /// Whose.
    pub target: &'a Target,
    /// The moment of judgement.
    pub now: Now,
    /// Why.
    pub mode: Mode,
    /// The address that is dialled, once known.
    pub dialled: Option<IpAddr>,
    /// Answers to the name, newest last.
    pub resolve: &'a History<Resolution>,
    /// Echo requests.
    pub echo: &'a EchoSeries,
    /// Connections to the dialled address, newest last.
    pub attempts: &'a History<Attempt>,
    /// The newest attempt that went as far as TLS, however long ago.
    pub tls: Option<&'a Timed<Tls>>,
    /// What the kernel counted on the newest connection that went as far as TLS.
    pub handshake: Option<&'a Timed<TcpFacts>>,
    /// The newest attempt that went as far as CredSSP, however long ago.
    pub nla: Option<&'a Timed<Nla>>,
    /// The newest sweep of TLS versions and suites.
    pub sweep: Option<&'a Timed<TlsSweep>>,
    /// Answers of the UDP transport, newest last.
    pub udp: &'a History<Udp>,
    /// Measurements of the path MTU, newest last.
    pub path: &'a History<PathMtu>,
    /// Answers of the RD Gateway, newest last.
    pub gateway: &'a History<Gateway>,
    /// Service times of earlier X.224 answers, newest last, for the baseline.
    pub service_times: &'a History<Duration>,
    /// Other addresses: published besides the dialled one, or expected and not published.
    /// Under the dialled one: a climb without the name.
    pub alternatives: &'a BTreeMap<IpAddr, Alternative>,
    /// The neighbour table's word on the dialled address.
    pub neighbour: Option<&'a Timed<Neighbour>>,
    /// What earlier runs knew; this run's observations are added after judgement.
    pub memory: &'a TargetMemory,
    /// The latest attempt to wake it.
    pub wake: Option<&'a WakeProgress>,
    /// This machine's own sessions on it.
    pub sessions: &'a Sessions,
    /// Everything that is not about this target alone.
    pub around: &'a Surroundings,
}

/// What is not about one target alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Surroundings {
    /// This machine.
    pub local: LocalState,
    /// Its time zone.
    pub zone: TimeZone,
    /// When findings of the whole machine fire.
    pub limits: Thresholds,
    /// Whether this machine is offline, or every control that used to answer is gone.
    pub offline: Offline,
    /// What echo over IPv4 may do.
    pub echo_v4: EchoAccess,
    /// What echo over IPv6 may do.
    pub echo_v6: EchoAccess,
    /// Whether the neighbour table can be read.
    pub neighbours_readable: bool,
    /// Targets, other than those known to sleep, that answered something in the last 15 s.
    pub peers_answering: u32,
    /// Targets, other than those known to sleep, that answered nothing in the last 15 s although
    /// they did before.
    pub peers_silent: u32,
    /// Self-signed certificates that more than one machine presents, with the NTLM names of those
    /// machines, unescaped.
    pub shared_certificates: BTreeMap<Thumbprint, BTreeSet<String>>,
    /// What the siblings of failing hosts say of them.
    pub siblings: BTreeMap<TargetId, Contrast>,
    /// The latest changes of the tunnels of this machine, oldest first, bounded.
    pub tunnel_changes: Vec<TunnelChange>,
    /// When these surroundings were looked at.
    pub looked_at: Option<Now>,
    /// Controls that proved themselves, and their last minute.
    pub controls: Vec<ControlStats>,
    /// What this machine's interfaces carry.
    pub traffic: Traffic,
    /// Targets whose round trips are slow because this machine's own traffic fills its line.
    pub saturated: Vec<(TargetId, Saturation)>,
    /// How strongly its Wi-Fi hears its access points.
    pub air: Airwaves,
    /// What its Wi-Fi has to do with what targets suffer.
    pub wifi: Vec<(TargetId, Wifi)>,
    /// What targets lost to it lately.
    pub lost_in_the_air: LostInTheAir,
    /// What names of controls lead to.
    pub control_names: BTreeMap<String, IpAddr>,
    /// Paths that are down, the first seen first, then those that were lately.
    pub outages: Vec<Outage>,
    /// What the clocks of the targets say of this machine's.
    pub clocks: Clocks,
    /// How punctually this program ran in the last minute.
    pub punctuality: Punctuality,
}

/// A tunnel of this machine that came up or went down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TunnelChange {
    /// When it was seen.
    pub at: Now,
    /// Which, and what became of it: `wg0 went down`; escaped.
    pub what: String,
}

/// Whether this monitor can judge anybody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Offline {
    /// It can.
    #[default]
    Online,
    /// No interface is up: only loopback targets are judged.
    NoInterface,
    /// Controls that answered ten of ten are silent, all of them: nobody beyond this machine's
    /// own links is judged. Holds the controls.
    ControlsGone(Vec<IpAddr>),
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            local: LocalState::default(),
            zone: TimeZone::UTC,
            limits: Thresholds::default(),
            offline: Offline::default(),
            echo_v4: EchoAccess::Off,
            echo_v6: EchoAccess::Off,
            neighbours_readable: false,
            peers_answering: 0,
            peers_silent: 0,
            shared_certificates: BTreeMap::new(),
            siblings: BTreeMap::new(),
            tunnel_changes: Vec::new(),
            looked_at: None,
            controls: Vec::new(),
            traffic: Traffic::default(),
            saturated: Vec::new(),
            air: Airwaves::default(),
            wifi: Vec::new(),
            lost_in_the_air: LostInTheAir::default(),
            control_names: BTreeMap::new(),
            outages: Vec::new(),
            clocks: Clocks::default(),
            punctuality: Punctuality::default(),
        }
    }
}

impl Surroundings {
    /// Whether `address` is a control at the site of `target`, by the configuration.
    #[must_use]
    pub fn is_control_of(&self, target: &Target, address: IpAddr) -> bool {
        is_control_of(&self.control_names, target, address)
    }
}

/// Whether `address` is a control at the site of `target`, by the configuration; `names` says what
/// names of controls lead to.
#[must_use]
pub fn is_control_of(names: &BTreeMap<String, IpAddr>, target: &Target, address: IpAddr) -> bool {
    target.controls.iter().any(|control| match control {
        Host::Address(own, _) => *own == address,
        Host::Name(name) => names.get(name) == Some(&address),
    })
}

impl<'a> TargetView<'a> {
    /// The newest connection to the dialled address.
    #[must_use]
    pub fn attempt(&self) -> Option<&'a Attempt> {
        self.attempts.last().map(|entry| &entry.value)
    }

    /// The newest TCP outcome.
    #[must_use]
    pub fn connect(&self) -> Option<&'a Connect> {
        self.attempt().map(|attempt| &attempt.connect)
    }

    /// The newest answer to the name.
    #[must_use]
    pub fn resolution(&self) -> Option<&'a Resolution> {
        self.resolve.last().map(|entry| &entry.value)
    }

    /// Whether the target is an address of this machine.
    #[must_use]
    pub fn is_self(&self) -> bool {
        self.dialled.is_some_and(|address| self.around.local.owns(address))
    }

    /// The newest connection, unless this machine could not try it or it went to an address that
    /// is not dialled any more.
    #[must_use]
    pub fn measured(&self) -> Option<&'a Timed<Attempt>> {
        self.attempts.last().filter(|entry| {
            let connect = &entry.value.connect;
            !matches!(connect.outcome, ConnectOutcome::LocalError(_))
                && self.dialled.is_none_or(|dialled| dialled == connect.address.ip())
        })
    }

    /// The newest connection where its outcome may be taken at its word: in a single moment the
    /// first try and the retry must agree.
    #[must_use]
    pub fn settled(&self) -> Option<&'a Timed<Attempt>> {
        self.measured().filter(|_| !self.tries_disagree())
    }

    /// In a single moment: one try went through and the other did not.
    #[must_use]
    pub fn tries_disagree(&self) -> bool {
        let mut tries =
            self.attempts.recent().map(|entry| &entry.value).filter(|attempt| {
                !matches!(attempt.connect.outcome, ConnectOutcome::LocalError(_))
            });
        let pair = (tries.next(), tries.next());
        let (Mode::Moment, (Some(last), Some(before))) = (self.mode, pair) else {
            return false;
        };
        last.works() != before.works()
    }

    /// The newest look at the RD Gateway that may be taken at its word: this machine could look,
    /// was not offline, and in a single moment the first try and the retry agree.
    #[must_use]
    pub fn gateway_measured(&self) -> Option<&'a Timed<Gateway>> {
        self.target.gateway.as_ref()?;
        let measured =
            |entry: &&'a Timed<Gateway>| entry.value.stage() != GatewayStage::NotMeasured;
        let mut looks = self.gateway.recent().filter(measured);
        let newest = looks.next()?;
        let wavers = self.mode == Mode::Moment
            && looks.next().is_some_and(|before| before.value.answers() != newest.value.answers());
        let local = &self.around.local;
        let at_home = newest.value.connect.is_some_and(|connect| local.owns(connect.address.ip()));
        (!wavers && (self.around.offline == Offline::Online || at_home)).then_some(newest)
    }

    /// Whether ICMP echo requests are answered, as far as is known.
    #[must_use]
    pub fn echo_word(&self) -> EchoWord {
        let measured = |point: &&EchoPoint| {
            point.method == EchoMethod::Icmp && !matches!(point.outcome, EchoOutcome::Void(_))
        };
        let Some(last) = self.echo.points().rev().find(measured) else {
            return EchoWord::Unmeasured;
        };
        if self.is_echo_answer(&last.outcome) {
            EchoWord::Answers
        } else if self.echo.ever_answered() {
            EchoWord::Stopped
        } else {
            EchoWord::NeverAnswered
        }
    }

    /// When the host itself last answered anything: an echo request, or a SYN, be it with a RST.
    #[must_use]
    pub fn last_answer(&self) -> Option<Now> {
        let echo = self
            .echo
            .points()
            .rev()
            .find(|point| self.is_echo_answer(&point.outcome))
            .map(|point| point.at);
        let connect = self
            .attempts
            .recent()
            .find(|entry| is_connect_answer(&entry.value.connect))
            .map(|entry| entry.at);
        echo.into_iter().chain(connect).max_by_key(|at| at.mono)
    }

    /// The first unanswered request after the last answer.
    #[must_use]
    pub fn unanswered_since(&self) -> Option<Now> {
        let floor = self.last_answer().map(|at| at.mono);
        let after = |at: &Now| floor.is_none_or(|floor| at.mono > floor);
        let echo = self
            .echo
            .since(floor.unwrap_or(MonoTime::ZERO))
            .filter(|point| !matches!(point.outcome, EchoOutcome::Void(_)))
            .map(|point| point.at)
            .find(after);
        let connect = self
            .attempts
            .iter()
            .filter(|entry| !matches!(entry.value.connect.outcome, ConnectOutcome::LocalError(_)))
            .map(|entry| entry.at)
            .find(after);
        echo.into_iter().chain(connect).min_by_key(|at| at.mono)
    }

    /// Whether anything is there, by every layer together.
    #[must_use]
    pub fn presence(&self) -> Presence<'a> {
        let Some(attempt) = self.settled() else { return Presence::Unknown };
        let connect = &attempt.value.connect;
        match connect.outcome {
            ConnectOutcome::LocalError(_) => return Presence::Unknown,
            ConnectOutcome::Timeout | ConnectOutcome::Unreachable => {}
            ConnectOutcome::Open | ConnectOutcome::Refused | ConnectOutcome::Prohibited => {
                let stale =
                    self.unanswered_since().is_some_and(|since| since.mono > attempt.at.mono)
                        && self.echo.trailing_losses().0 >= 3;
                return if stale { Presence::Unknown } else { Presence::Answers };
            }
        }
        if is_connect_answer(connect) {
            return Presence::Answers;
        }
        match self.echo_beside(attempt.at.mono) {
            Beside::Answers => return Presence::Answers,
            Beside::NotKnown => return Presence::Unknown,
            Beside::Silent => {}
        }
        let since = self.unanswered_since().unwrap_or(attempt.at);
        if self.published_alternatives().any(|(_, other)| {
            is_connect_answer(&other.value) && self.is_beside(other.at.mono, since.mono)
        }) {
            return Presence::Answers;
        }
        Presence::Silent(Silence {
            since,
            last_answer: self.last_answer(),
            connect,
            alive_on_link: self.neighbour_alive_since(since.mono),
        })
    }

    /// What echo says beside a connection begun at `attempt`: an answer to a request sent with it
    /// or later speaks for the host, or with the first of the connections that failed in a row as
    /// long as requests are answered; in a single moment, any answer does. An answer from before
    /// that with nothing known since does not tell whether the host is still there.
    #[must_use]
    pub fn echo_beside(&self, attempt: MonoTime) -> Beside {
        let measured = |point: &&EchoPoint| {
            point.method == EchoMethod::Icmp && !matches!(point.outcome, EchoOutcome::Void(_))
        };
        let answers = |point: &EchoPoint| self.is_echo_answer(&point.outcome);
        let mut newest = self.echo.points().rev().filter(measured).peekable();
        let newest_answers = newest.peek().is_some_and(|point| answers(point));
        let fails = |attempt: &Attempt| !attempt.connect.outcome.answered();
        let from = match self.attempts.since(fails).filter(|_| newest_answers) {
            Some(run) => run.mono.min(attempt),
            None => attempt,
        };
        let speaks = |point: &EchoPoint| self.mode == Mode::Moment || point.at.mono >= from;
        if newest.take_while(|point| speaks(point)).any(answers) {
            Beside::Answers
        } else if newest_answers {
            Beside::NotKnown
        } else {
            Beside::Silent
        }
    }

    /// Addresses that the name has besides the dialled one, with how they answered.
    pub fn published_alternatives(
        &self,
    ) -> impl Iterator<Item = (IpAddr, &'a Timed<Connect>)> + use<'a> {
        let published: &'a [IpAddr] =
            self.resolution().map_or(&[], |resolution| resolution.addresses.as_slice());
        let dialled = self.dialled;
        self.alternatives
            .iter()
            .map(|(address, other)| (*address, &other.newest))
            .filter(move |(address, _)| published.contains(address) && Some(*address) != dialled)
    }

    /// Whether silence of this target is taken as sleep: its kind, its hours, or what was seen.
    #[must_use]
    pub fn may_sleep(&self) -> bool {
        self.target.may_sleep_as(self.expected(), self.memory)
    }

    /// What is expected of the target at this moment; of a single moment, hours say nothing.
    #[must_use]
    pub fn expected(&self) -> Expected {
        match self.mode {
            Mode::Watch => self.target.expected_at(self.now.wall, &self.around.zone),
            Mode::Moment => self.target.expected,
        }
    }

    /// Whether `connect` failed at this machine's gateway: the kernel found no neighbour to send
    /// to, and the host itself is none.
    #[must_use]
    pub fn gateway_is_silent(&self, connect: &Connect) -> bool {
        connect.outcome == ConnectOutcome::Unreachable
            && connect.icmp_is_ours
            && self.neighbour.is_some_and(|entry| entry.value.state == NeighbourState::NotOnLink)
    }

    /// Whether the neighbour entry is still reachable so long after `silent` that only a living
    /// network card explains it.
    fn neighbour_alive_since(&self, silent: MonoTime) -> bool {
        let enough = match self.mode {
            Mode::Watch => NEIGHBOUR_PROVES,
            Mode::Moment => NEIGHBOUR_PROVES_MOMENT,
        };
        self.neighbour.is_some_and(|entry| {
            entry.value.state == NeighbourState::Reachable && entry.at.mono.since(silent) >= enough
        })
    }

    /// Whether something at `other` speaks for the moment `attempt`.
    fn is_beside(&self, other: MonoTime, attempt: MonoTime) -> bool {
        let slack = self.target.cadence.echo.max(Duration::from_secs(1)).saturating_mul(2);
        self.mode == Mode::Moment || other >= attempt.minus(slack)
    }

    fn is_echo_answer(&self, outcome: &EchoOutcome) -> bool {
        match outcome {
            EchoOutcome::Reply { .. } | EchoOutcome::Late { .. } => true,
            EchoOutcome::Unreachable(error) => self.said_by_host(error),
            EchoOutcome::Lost | EchoOutcome::Void(_) => false,
        }
    }

    fn said_by_host(&self, error: &IcmpError) -> bool {
        error.from.is_some()
            && error.from == self.dialled
            && error.from.is_some_and(|from| !self.around.local.owns(from))
    }
}

/// Whether the host's own TCP, or its own firewall, answered.
fn is_connect_answer(connect: &Connect) -> bool {
    match connect.outcome {
        ConnectOutcome::Open => true,
        ConnectOutcome::Refused => {
            connect.icmp.is_none_or(|error| error.from == Some(connect.address.ip()))
        }
        ConnectOutcome::Prohibited | ConnectOutcome::Unreachable => {
            !connect.icmp_is_ours
                && connect.icmp.is_some_and(|error| error.from == Some(connect.address.ip()))
        }
        ConnectOutcome::Timeout | ConnectOutcome::LocalError(_) => false,
    }
}

/// What ICMP echo says beside a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Beside {
    /// The host answered a request sent with the connection or after it.
    Answers,
    /// The newest known answer is older than the connection, and nothing is known since.
    NotKnown,
    /// Requests are not answered, or none was sent.
    Silent,
}

/// What ICMP echo says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EchoWord {
    /// Nothing: not sent, or only over TCP.
    Unmeasured,
    /// The newest known request was answered.
    Answers,
    /// The newest known request was not answered, and earlier ones were.
    Stopped,
    /// None was ever answered: a firewall that drops ping looks like this too.
    NeverAnswered,
}

/// Whether anything answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Presence<'a> {
    /// Not measured, or measured before the silence began.
    Unknown,
    /// Some layer answers, or says why not.
    Answers,
    /// Nothing answers on any layer.
    Silent(Silence<'a>),
}

/// Nothing answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Silence<'a> {
    /// The first request that was not answered.
    pub since: Now,
    /// The last one that was.
    pub last_answer: Option<Now>,
    /// The newest connection.
    pub connect: &'a Connect,
    /// Its network card still answers on this machine's own link.
    pub alive_on_link: bool,
}
