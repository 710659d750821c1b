//! What is planned for one target: its lanes, and how often each runs at a moment.

use super::{SPREAD, Settings};
use crate::domain::sample::{EchoMethod, ProbeKind};
use crate::domain::target::{Cadence, Target, TargetId};
use crate::domain::time::MonoTime;
use std::time::Duration;

/// After trouble the connection probe runs at its alert cadence for this long.
const TROUBLE: Duration = Duration::from_mins(2);

/// A loss is looked into for this long, at [`SUSPICION_INTERVAL`] …
const GLANCE: Duration = Duration::from_secs(1);
/// … and then not again for this long.
const GLANCE_REST: Duration = Duration::from_secs(10);
/// Two losses within this span are a suspicion …
const SUSPICIOUS: Duration = Duration::from_secs(20);
/// … for which echo runs at this interval …
const SUSPICION_INTERVAL: Duration = Duration::from_millis(100);
/// … for this long …
const SUSPICION: Duration = Duration::from_secs(20);
/// … and not again for this long, nor before something was answered in between.
const SUSPICION_REST: Duration = Duration::from_mins(1);

/// From so many lost requests and this percentage on, a suspicion is broken off: whatever limits the
/// rate of echo (a firewall that answers for so many a second) would make the loss that is measured.
const HEAVY: (u32, u32) = (5, 40);
/// Of so many requests at the usual pace afterwards …
const JUDGED: u32 = 30;
/// … no more than so many are lost where the rate is limited …
const SPARED: u32 = 1;
/// … and then nothing is asked quickly for this long.
const LIMITED: Duration = Duration::from_hours(1);

/// No alternative address is connected to more often.
const ALTERNATIVE: Duration = Duration::from_mins(1);

/// No host is sent an RDP-UDP SYN more often: its answer is repeated three times
/// (MS-RDPEUDP 3.1.5.1.2), which must not make a flood of it.
pub(super) const UDP_REST: Duration = Duration::from_mins(1);

/// No gateway is asked more often for one target: a service that restarts is back by then.
pub(super) const GATEWAY_REST: Duration = Duration::from_secs(10);

/// How often a target that is an address is "resolved", which costs no packet.
const LITERAL: Duration = Duration::from_hours(1);

/// First sweeps are spread over this many times the span of first connections.
const SWEEP_LATER: u32 = 10;

/// Shortest interval of anything: a cadence of zero is not a busy loop.
const SHORTEST: Duration = Duration::from_millis(10);

/// A row of probes of which the next one is planned. Negotiate, Tls and Nla share one: they are
/// the same connection, climbed to different heights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    Resolve,
    Echo,
    Neighbour,
    Connection,
    Alternatives,
    Sweep,
    Udp,
    PathMtu,
    Gateway,
}

impl Lane {
    pub(super) const ALL: [Self; 9] = [
        Self::Resolve,
        Self::Echo,
        Self::Neighbour,
        Self::Connection,
        Self::Alternatives,
        Self::Sweep,
        Self::Udp,
        Self::PathMtu,
        Self::Gateway,
    ];

    pub(super) const fn of(kind: ProbeKind) -> Self {
        match kind {
            ProbeKind::Resolve => Self::Resolve,
            ProbeKind::Echo => Self::Echo,
            ProbeKind::Connect => Self::Alternatives,
            ProbeKind::Negotiate | ProbeKind::Tls | ProbeKind::Nla => Self::Connection,
            ProbeKind::Sweep => Self::Sweep,
            ProbeKind::Udp => Self::Udp,
            ProbeKind::PathMtu => Self::PathMtu,
            ProbeKind::Gateway => Self::Gateway,
            ProbeKind::Neighbour => Self::Neighbour,
        }
    }
}

/// The next probe of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Next {
    /// The lane does not run.
    #[default]
    Off,
    /// Planned: the heap holds it.
    Due(MonoTime),
    /// Due, and one of the same lane is still in flight.
    Owed,
    /// Due, and waits in a queue for a free place.
    Waiting,
}

/// A lane's state.
#[derive(Debug, Clone, Default)]
pub(super) struct Slot {
    pub(super) next: Next,
    /// Heap entries with another number are out of date.
    pub(super) token: u32,
    /// When the one in flight was started.
    pub(super) in_flight: Option<MonoTime>,
    pub(super) last_start: Option<MonoTime>,
    /// Number of the next probe.
    pub(super) seq: u64,
}

impl Slot {
    pub(super) const fn take_seq(&mut self) -> u64 {
        let seq = self.seq;
        self.seq = seq.wrapping_add(1);
        seq
    }
}

/// Everything planned for one target.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not modes")]
pub(super) struct Plan {
    pub(super) id: TargetId,
    cadence: Cadence,
    is_literal: bool,
    /// A probe that is not reported finished after this long is given up.
    pub(super) patience: Duration,
    /// There is an address to probe.
    pub(super) ready: bool,
    pub(super) method: EchoMethod,
    /// How many alternative addresses there are.
    pub(super) alternatives: u32,
    pub(super) tls_due: MonoTime,
    pub(super) tls_seq: u64,
    pub(super) nla_due: MonoTime,
    pub(super) nla_seq: u64,
    /// CredSSP was not answered as by a sound host when it was last asked.
    nla_ails: bool,
    /// The UDP transport is silent where it answered lately.
    pub(super) udp_missed: bool,
    /// Connections may climb beyond X.224 (`--no-deep` says no).
    deep: bool,
    /// There is an RD Gateway in front.
    gatewayed: bool,
    trouble_until: Option<MonoTime>,
    /// When everything ran at once because the state changed.
    pub(super) changed: Option<MonoTime>,
    /// When the rest after that was last cut short, for the target came back from silence.
    pub(super) cut_short: Option<MonoTime>,
    /// When everything ran at once because somebody asked.
    pub(super) asked: Option<MonoTime>,
    suspicion: Suspicion,
    resolve: Slot,
    echo: Slot,
    neighbour: Slot,
    connection: Slot,
    alternative: Slot,
    sweep: Slot,
    udp: Slot,
    path_mtu: Slot,
    gateway: Slot,
}

#[derive(Debug, Clone, Copy, Default)]
struct Suspicion {
    /// The last one was but a glance.
    glanced: bool,
    last_loss: Option<MonoTime>,
    since: Option<MonoTime>,
    until: Option<MonoTime>,
    answered: bool,
    /// Of the requests sent meanwhile.
    quick: Tally,
    /// Of those sent afterwards, if it was broken off.
    after: Option<Tally>,
    /// Until then something on the way is known to answer only so many requests a second.
    limited_until: Option<MonoTime>,
}

/// Requests whose outcome is known.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    lost: u32,
    all: u32,
}

impl Tally {
    const fn add(&mut self, lost: bool) {
        self.lost = self.lost.saturating_add(lost as u32);
        self.all = self.all.saturating_add(1);
    }

    const fn is_heavy(self) -> bool {
        self.lost >= HEAVY.0 && self.lost.saturating_mul(100) >= self.all.saturating_mul(HEAVY.1)
    }
}

impl Suspicion {
    /// Counts a request sent at `sent`. Whether so many are lost that asking quickly shows nothing
    /// that the usual pace will not show within seconds, and may be why they are lost.
    fn count(&mut self, sent: MonoTime, lost: bool, now: MonoTime) -> bool {
        let Some((since, until)) = self.since.zip(self.until) else { return false };
        if sent < since {
            return false;
        }
        if sent <= until {
            self.quick.add(lost);
            return now < until && self.quick.is_heavy();
        }
        if let Some(after) = &mut self.after {
            after.add(lost);
            if after.all >= JUDGED {
                let limited = after.lost <= SPARED;
                self.after = None;
                self.limited_until = limited.then(|| now.plus(LIMITED));
            }
        }
        false
    }
}

impl Plan {
    pub(super) fn new(target: &Target, deep: bool, now: MonoTime) -> Self {
        let mut plan = Self {
            id: target.id,
            cadence: target.cadence,
            is_literal: false,
            patience: Duration::ZERO,
            ready: target.host.address().is_some(),
            method: EchoMethod::Icmp,
            alternatives: 0,
            tls_due: now,
            tls_seq: 0,
            nla_due: now,
            nla_seq: 0,
            nla_ails: false,
            udp_missed: false,
            deep,
            gatewayed: false,
            trouble_until: None,
            changed: None,
            cut_short: None,
            asked: None,
            suspicion: Suspicion::default(),
            resolve: Slot::default(),
            echo: Slot::default(),
            neighbour: Slot::default(),
            connection: Slot::default(),
            alternative: Slot::default(),
            sweep: Slot::default(),
            udp: Slot::default(),
            path_mtu: Slot::default(),
            gateway: Slot::default(),
        };
        plan.configure(target);
        plan
    }

    /// Connections may climb beyond X.224 from here on.
    pub(super) const fn allow_deep(&mut self) {
        self.deep = true;
    }

    /// Takes over a changed configuration.
    pub(super) fn configure(&mut self, target: &Target) {
        self.cadence = target.cadence;
        self.gatewayed = target.gateway.is_some();
        self.is_literal = target.host.address().is_some();
        let deadlines = target.deadlines;
        let whole = deadlines
            .resolve
            .saturating_add(deadlines.connect)
            .saturating_add(deadlines.negotiate)
            .saturating_add(deadlines.tls)
            .saturating_add(deadlines.nla)
            .saturating_add(deadlines.udp)
            .saturating_add(deadlines.gateway);
        self.patience = whole.saturating_mul(4).saturating_add(Duration::from_secs(30));
    }

    pub(super) const fn slot(&self, lane: Lane) -> &Slot {
        match lane {
            Lane::Resolve => &self.resolve,
            Lane::Echo => &self.echo,
            Lane::Neighbour => &self.neighbour,
            Lane::Connection => &self.connection,
            Lane::Alternatives => &self.alternative,
            Lane::Sweep => &self.sweep,
            Lane::Udp => &self.udp,
            Lane::PathMtu => &self.path_mtu,
            Lane::Gateway => &self.gateway,
        }
    }

    pub(super) const fn slot_mut(&mut self, lane: Lane) -> &mut Slot {
        match lane {
            Lane::Resolve => &mut self.resolve,
            Lane::Echo => &mut self.echo,
            Lane::Neighbour => &mut self.neighbour,
            Lane::Connection => &mut self.connection,
            Lane::Alternatives => &mut self.alternative,
            Lane::Sweep => &mut self.sweep,
            Lane::Udp => &mut self.udp,
            Lane::PathMtu => &mut self.path_mtu,
            Lane::Gateway => &mut self.gateway,
        }
    }

    /// Whether the lane runs at all.
    pub(super) fn runs(&self, lane: Lane) -> bool {
        match lane {
            Lane::Resolve => true,
            Lane::Echo => self.ready && self.method == EchoMethod::Icmp,
            Lane::Neighbour | Lane::Connection | Lane::PathMtu => self.ready,
            Lane::Sweep | Lane::Udp => self.ready && self.deep,
            Lane::Gateway => self.gatewayed && self.deep,
            Lane::Alternatives => self.alternatives > 0,
        }
    }

    /// The interval of a lane at this moment. `quick` says that the connection probe runs at its
    /// alert cadence for another reason than this target's trouble.
    pub(super) fn interval(&self, lane: Lane, quick: bool, now: MonoTime) -> Duration {
        let cadence = &self.cadence;
        let interval = match lane {
            Lane::Resolve if self.is_literal => LITERAL,
            Lane::Resolve => cadence.resolve,
            Lane::Echo if self.is_suspicious(now) => cadence.echo.min(SUSPICION_INTERVAL),
            Lane::Echo => cadence.echo,
            Lane::Neighbour => cadence.neighbour,
            Lane::Connection => self.connection_interval(quick, now),
            Lane::Alternatives => cadence.resolve.max(ALTERNATIVE / self.alternatives.max(1)),
            Lane::Sweep => cadence.sweep,
            Lane::Udp if self.udp_missed => cadence.udp.min(cadence.path_mtu).max(UDP_REST),
            Lane::Udp => cadence.udp.max(UDP_REST),
            Lane::PathMtu => cadence.path_mtu,
            Lane::Gateway => cadence.gateway.max(GATEWAY_REST),
        };
        interval.max(SHORTEST)
    }

    fn connection_interval(&self, quick: bool, now: MonoTime) -> Duration {
        let cadence = &self.cadence;
        let troubled = self.trouble_until.is_some_and(|until| now < until);
        let interval = if quick || troubled {
            cadence.negotiate.min(cadence.negotiate_alert)
        } else {
            cadence.negotiate
        };
        match self.method {
            EchoMethod::Icmp => interval,
            EchoMethod::Tcp => interval.min(cadence.echo_tcp),
        }
    }

    pub(super) fn tls_interval(&self) -> Duration {
        self.cadence.tls.max(SHORTEST)
    }

    /// How far the next connection climbs.
    pub(super) fn depth(&self, now: MonoTime) -> ProbeKind {
        if self.deep && self.nla_due <= now {
            ProbeKind::Nla
        } else if self.deep && self.tls_due <= now {
            ProbeKind::Tls
        } else {
            ProbeKind::Negotiate
        }
    }

    /// Takes note of a climb beyond X.224 and returns its number. One up to the challenge reads
    /// the certificate too.
    pub(super) fn climb(&mut self, kind: ProbeKind, settings: &Settings, now: MonoTime) -> u64 {
        self.tls_due = now.plus(self.stretched(Lane::Connection, self.tls_interval(), settings));
        let seq = if kind == ProbeKind::Nla {
            let interval = self.nla_interval();
            self.nla_due = now.plus(self.stretched(Lane::Connection, interval, settings));
            &mut self.nla_seq
        } else {
            &mut self.tls_seq
        };
        let number = *seq;
        *seq = number.wrapping_add(1);
        number
    }

    /// Reads the certificate again after `rest`, or up to three times as late, so that targets that
    /// were slow together are not asked together.
    pub(super) fn tls_again(&mut self, rest: Duration, settings: &Settings, now: MonoTime) {
        let noise = self.noise(Lane::Connection, settings.seed, self.tls_seq);
        let again = rest.saturating_add(fraction(rest.saturating_mul(2), noise));
        self.tls_due = self.tls_due.min(now.plus(again));
    }

    /// When a climb beyond X.224 is due that connections every `interval` would be late for.
    pub(super) fn next_climb(&self, interval: Duration) -> Option<MonoTime> {
        let tls = (self.tls_interval() < interval).then_some(self.tls_due);
        let nla = (self.nla_interval() < interval).then_some(self.nla_due);
        tls.into_iter().chain(nla).min().filter(|_| self.deep)
    }

    /// As often as the certificate is read while CredSSP ails, so that its end is seen.
    pub(super) fn nla_interval(&self) -> Duration {
        let interval = self.cadence.nla.max(SHORTEST);
        if self.nla_ails { interval.min(self.tls_interval()) } else { interval }
    }

    /// Takes note of an answer to CredSSP. When that changes, the next connection asks again, so
    /// that two agree.
    pub(super) fn note_nla(&mut self, sound: bool, now: MonoTime) {
        if self.nla_ails == sound {
            self.nla_ails = !sound;
            self.nla_due = now;
        } else if !sound {
            self.nla_due = self.nla_due.min(now.plus(self.nla_interval()));
        }
    }

    pub(super) fn trouble(&mut self, now: MonoTime) {
        self.trouble_until = Some(now.plus(TROUBLE));
    }

    pub(super) fn is_suspicious(&self, now: MonoTime) -> bool {
        self.suspicion.until.is_some_and(|until| now < until)
    }

    /// When the last suspicion ends, or ended.
    pub(super) const fn suspected_until(&self) -> Option<MonoTime> {
        self.suspicion.until
    }

    /// Counts an echo request sent at `sent` whose outcome is known. Whether what is suspected is to
    /// be looked into no longer.
    pub(super) fn count_echo(&mut self, sent: MonoTime, lost: bool, now: MonoTime) -> bool {
        self.suspicion.answered |= !lost;
        let heavy = self.suspicion.count(sent, lost, now);
        if heavy {
            self.suspicion.until = Some(now);
            self.suspicion.after = Some(Tally::default());
        }
        heavy
    }

    /// Takes note of a lost echo, and says how long it is to be looked into, if it is: for a
    /// moment after one loss, for longer after the second within twenty seconds. A host that
    /// answers nothing at all is not suspected over and over, and one behind a limit of the rate not
    /// at all.
    pub(super) fn lost(&mut self, now: MonoTime) -> Option<Duration> {
        let previous = self.suspicion.last_loss.replace(now);
        let rested =
            |rest: Duration| self.suspicion.until.is_none_or(|until| now >= until.plus(rest));
        let limited = self.suspicion.limited_until.is_some_and(|until| now < until);
        if !self.suspicion.answered || limited {
            return None;
        }
        let suspicious = previous.is_some_and(|at| now.since(at) <= SUSPICIOUS);
        if suspicious && (self.suspicion.glanced || rested(SUSPICION_REST)) {
            return Some(SUSPICION);
        }
        rested(GLANCE_REST).then_some(GLANCE)
    }

    /// Begins to look into a loss for as long as [`Self::lost`] said, and says when that ends.
    pub(super) fn suspect(&mut self, length: Duration, now: MonoTime) -> MonoTime {
        let until = now.plus(length);
        // A glance that becomes a suspicion goes on.
        if !(self.suspicion.glanced && length == SUSPICION) {
            self.suspicion.since = Some(now);
            self.suspicion.quick = Tally::default();
        }
        self.suspicion.after = None;
        self.suspicion.until = Some(until);
        self.suspicion.glanced = length == GLANCE;
        self.suspicion.answered = false;
        until
    }

    /// Where in its first interval a lane starts: echo and neighbour anywhere in it, the others
    /// soon, so that a screen fills quickly.
    pub(super) fn phase(&self, lane: Lane, settings: &Settings, targets: usize) -> Duration {
        let interval = self.interval(lane, false, MonoTime::ZERO);
        let targets = u32::try_from(targets).unwrap_or(u32::MAX);
        let soon = SPREAD.saturating_add(Duration::from_millis(10).saturating_mul(targets));
        let span = match lane {
            Lane::Echo | Lane::Neighbour => interval,
            Lane::Resolve
            | Lane::Connection
            | Lane::Alternatives
            | Lane::Udp
            | Lane::PathMtu
            | Lane::Gateway => interval.min(soon),
            // Several connections each, and no verdict waits for them.
            Lane::Sweep => interval.min(soon.saturating_mul(SWEEP_LATER)),
        };
        fraction(span, self.noise(lane, settings.seed, u64::MAX))
    }

    /// `interval`, longer by up to a tenth, so that targets started together drift apart.
    pub(super) fn stretched(
        &self,
        lane: Lane,
        interval: Duration,
        settings: &Settings,
    ) -> Duration {
        let noise = self.noise(lane, settings.seed, self.slot(lane).seq);
        interval.saturating_add(fraction(interval / 10, noise))
    }

    fn noise(&self, lane: Lane, seed: u64, turn: u64) -> u32 {
        let lane = match lane {
            Lane::Resolve => 1,
            Lane::Echo => 2,
            Lane::Neighbour => 3,
            Lane::Connection => 4,
            Lane::Alternatives => 5,
            Lane::Sweep => 6,
            Lane::Udp => 7,
            Lane::PathMtu => 8,
            Lane::Gateway => 9,
        };
        let words = [u64::from(self.id.0), lane, turn];
        let mixed = words.iter().fold(mix(seed), |state, word| mix(state ^ word));
        u32::try_from(mixed >> 32).unwrap_or(0)
    }
}

/// `span` times `noise` over 2^32.
fn fraction(span: Duration, noise: u32) -> Duration {
    let nanos = (span.as_nanos() * u128::from(noise)) >> 32;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// The finaliser of `SplitMix64` (Steele, Lea, Flood 2014): every bit depends on every other.
const fn mix(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
