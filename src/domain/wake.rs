//! Waking a PC: what was sent, and how far up it has come.

mod policy;
mod reach;

pub use policy::{
    DAYS, LocalMinute, RelayError, WakeClock, WakePolicy, WakeRelay, WakeTime, WakeTimeError,
};
pub use reach::Reach;

use super::mac::MacAddr;
use super::sample::{ConnectOutcome, EchoMethod, EchoOutcome, NegotiateOutcome, NeighbourState};
use super::sample::{Observation, Sample};
use super::text::printable;
use super::time::{MonoTime, Now, WallTime};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Receipts of one wake-up that are kept, the newest.
const RECEIPTS: usize = 8;

/// What left this machine to wake a host: the proof shown to whoever asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakeReceipt {
    /// When it was sent.
    pub at: WallTime,
    /// Whom it wakes.
    pub mac: MacAddr,
    /// How the host is reached; `None` without an address.
    pub reach: Option<Reach>,
    /// Every destination, interface by interface.
    pub sends: Vec<WakeSend>,
    /// Interfaces that nothing was sent on.
    pub skipped: Vec<WakeSkip>,
    /// Why nothing at all was sent; lower case, no full stop.
    pub refused: Option<String>,
    /// The relay that was asked in place of sending.
    pub relay: Option<RelayRun>,
}

/// A relay's command that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayRun {
    /// Its program, as configured, unescaped.
    pub program: String,
    /// Why it failed; lower case, no full stop, unescaped.
    pub error: Option<String>,
}

impl fmt::Display for RelayRun {
    /// `the relay ssh was asked to wake it`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = printable(&self.program);
        match &self.error {
            None => write!(f, "the relay {program} was asked to wake it"),
            Some(error) => write!(f, "the relay {program} failed: {}", printable(error)),
        }
    }
}

/// What was sent to one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakeSend {
    /// The interface it was sent on; `None` when the routing table chose.
    pub interface: Option<String>,
    /// The source address it was bound to.
    pub source: Option<IpAddr>,
    /// Where to.
    pub destination: WakeDestination,
    /// Packets that the operating system took.
    pub packets: u32,
    /// The last error, when one of the packets was not taken.
    pub error: Option<String>,
}

/// Where a magic packet is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WakeDestination {
    /// In a UDP datagram.
    Udp(SocketAddr),
    /// In an Ethernet frame of type 0x0842, to every station of the link.
    Layer2,
}

impl fmt::Display for WakeDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(address) => write!(f, "UDP {address}"),
            Self::Layer2 => f.write_str("Ethernet 0x0842"),
        }
    }
}

/// An interface that nothing was sent on, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakeSkip {
    /// Its name.
    pub interface: String,
    /// The reason; lower case, no full stop.
    pub why: &'static str,
}

impl WakeReceipt {
    /// Packets that left, over all destinations.
    #[must_use]
    pub fn packets(&self) -> u32 {
        self.sends.iter().fold(0, |sum, send| sum.saturating_add(send.packets))
    }

    /// The receipt in lines for a person, escaped, and what is known of the way.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let way = self.reach.as_ref().filter(|_| self.relay.is_none() && self.refused.is_none());
        let mut lines = self.sent_lines();
        lines.extend(way.map(|reach| reach.words().into_owned()));
        lines
    }

    /// The receipt alone.
    #[must_use]
    pub fn sent_lines(&self) -> Vec<String> {
        if let Some(relay) = &self.relay {
            return vec![relay.to_string()];
        }
        if let Some(why) = &self.refused {
            return vec![format!("nothing sent to {}: {}", self.mac, printable(why))];
        }
        let packets = self.packets();
        let s = if packets == 1 { "" } else { "s" };
        let mut lines = vec![format!("{packets} magic packet{s} for {}", self.mac)];
        for send in &self.sends {
            lines.push(format!("  {send}"));
        }
        for skip in &self.skipped {
            lines.push(format!("  {}: skipped, {}", printable(&skip.interface), skip.why));
        }
        lines
    }

    /// Whether anything left: a packet, or word to a relay.
    #[must_use]
    pub fn left(&self) -> bool {
        self.packets() > 0 || self.relay.as_ref().is_some_and(|relay| relay.error.is_none())
    }

    /// Why nothing at all left; `None` when something did, or each destination says why.
    #[must_use]
    pub fn refused(&self) -> Option<&str> {
        let relay = self.relay.as_ref().and_then(|relay| relay.error.as_deref());
        self.refused.as_deref().or(relay)
    }
}

impl fmt::Display for WakeSend {
    /// `eth0 10.0.0.5: UDP 10.0.0.255:9, 3 packets`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let interface = self.interface.as_deref().unwrap_or("by route");
        f.write_str(&printable(interface))?;
        if let Some(source) = self.source {
            write!(f, " {source}")?;
        }
        write!(f, ": {}, ", self.destination)?;
        match (self.packets, &self.error) {
            (0, Some(error)) => write!(f, "not sent: {}", printable(error)),
            (1, _) => f.write_str("1 packet"),
            (packets, _) => write!(f, "{packets} packets"),
        }
    }
}

/// How far up a host has come, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WakeRung {
    /// Its network card answers for its address (ARP, neighbour discovery).
    Neighbour,
    /// It answers ICMP echo.
    Echo,
    /// Its RDP port is open.
    Tcp,
    /// RDP answers.
    X224,
}

impl WakeRung {
    /// Every rung, lowest first.
    pub const ALL: [Self; 4] = [Self::Neighbour, Self::Echo, Self::Tcp, Self::X224];

    /// What answers there.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Neighbour => "network card",
            Self::Echo => "ping",
            Self::Tcp => "RDP port",
            Self::X224 => "RDP",
        }
    }
}

/// One wake-up, from the packet to the X.224 answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakeProgress {
    started: Now,
    deadline: MonoTime,
    receipts: Vec<WakeReceipt>,
    /// In the order of [`WakeRung::ALL`].
    seen: [Option<MonoTime>; 4],
    /// How long it usually takes until RDP answers.
    usual: Option<Duration>,
}

/// The longest that a wake-up is followed on account of how long it usually takes.
const LONGEST_WAIT: Duration = Duration::from_mins(15);

impl WakeProgress {
    /// A wake-up whose first packets were sent at `started`, given up after `wait`.
    #[must_use]
    pub fn new(receipt: WakeReceipt, started: Now, wait: Duration) -> Self {
        let deadline = started.mono.plus(wait);
        Self { started, deadline, receipts: vec![receipt], seen: [None; 4], usual: None }
    }

    /// The same for a host that usually takes so long: it is given up after twice that time, when
    /// that is longer, and after a quarter of an hour at most.
    #[must_use]
    pub fn usually(mut self, usual: Option<Duration>) -> Self {
        let twice = usual.unwrap_or_default().saturating_mul(2).min(LONGEST_WAIT);
        self.deadline = self.deadline.max(self.started.mono.plus(twice));
        self.usual = usual;
        self
    }

    /// Packets were sent once more; the wait starts again.
    pub fn again(&mut self, receipt: WakeReceipt, at: MonoTime, wait: Duration) {
        if self.receipts.len() >= RECEIPTS {
            self.receipts.remove(0);
        }
        self.receipts.push(receipt);
        self.deadline = at.plus(wait);
    }

    /// Takes in what a probe found that began after the first packet.
    ///
    /// A neighbour entry may be a remnant: the kernel counts it as reachable while it checks. So a
    /// failed one takes the lowest rung back, unless a higher one was seen.
    pub fn observe(&mut self, sample: &Sample) {
        if sample.sent_at.mono < self.started.mono {
            return;
        }
        let failed = matches!(&sample.observation, Observation::Neighbour(neighbour)
            if neighbour.state == NeighbourState::Failed);
        if failed && self.highest() == Some(WakeRung::Neighbour) {
            self.seen = [None; 4];
        }
        for rung in reached(&sample.observation) {
            if let Some(seen) = self.slot(*rung) {
                seen.get_or_insert(sample.ended_at);
            }
        }
    }

    fn slot(&mut self, rung: WakeRung) -> Option<&mut Option<MonoTime>> {
        WakeRung::ALL.iter().zip(&mut self.seen).find_map(|(r, seen)| (*r == rung).then_some(seen))
    }

    /// When the first packets were sent.
    #[must_use]
    pub const fn started(&self) -> Now {
        self.started
    }

    /// When it is given up.
    #[must_use]
    pub const fn deadline(&self) -> MonoTime {
        self.deadline
    }

    /// What was sent, oldest first.
    #[must_use]
    pub fn receipts(&self) -> &[WakeReceipt] {
        &self.receipts
    }

    /// How long after the first packet `rung` was first seen.
    #[must_use]
    pub fn seen(&self, rung: WakeRung) -> Option<Duration> {
        let seen = WakeRung::ALL.iter().zip(self.seen).find(|(r, _)| **r == rung)?.1?;
        Some(seen.since(self.started.mono))
    }

    /// The highest rung seen.
    #[must_use]
    pub fn highest(&self) -> Option<WakeRung> {
        WakeRung::ALL.into_iter().rev().find(|rung| self.seen(*rung).is_some())
    }

    /// Whether RDP answers.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.seen(WakeRung::X224).is_some()
    }

    /// Whether there is nothing more to wait for at `now`: given up, or nothing was sent.
    #[must_use]
    pub fn is_over(&self, now: MonoTime) -> bool {
        !self.is_up() && (now >= self.deadline || self.refused().is_some())
    }

    fn refused(&self) -> Option<&str> {
        self.receipts.last().and_then(WakeReceipt::refused)
    }

    /// `; usually up after 42 s`.
    fn expected(&self) -> String {
        let words = |usual: Duration| format!("; usually up after {} s", usual.as_secs());
        self.usual.map_or_else(String::new, words)
    }

    /// Where it stands at `now`, in one line, escaped.
    #[must_use]
    pub fn text(&self, now: MonoTime) -> String {
        if let Some(up) = self.seen(WakeRung::X224) {
            return format!("up {} s after the wake packet", up.as_secs());
        }
        if let Some(why) = self.refused() {
            return format!("not woken: {}", printable(why));
        }
        let rungs = WakeRung::ALL.into_iter().filter_map(|rung| {
            self.seen(rung).map(|after| format!("{} after {} s", rung.word(), after.as_secs()))
        });
        let so_far = rungs.collect::<Vec<_>>().join(", ");
        let waited = now.since(self.started.mono).as_secs();
        match (self.is_over(now), so_far.is_empty()) {
            (false, true) => {
                format!("wake packet sent {waited} s ago, no sign of life yet{}", self.expected())
            }
            (false, false) => format!("waking for {waited} s: {so_far}{}", self.expected()),
            (true, true) => format!("no sign of life {waited} s after the wake packet"),
            (true, false) => format!("not up {waited} s after the wake packet: {so_far}"),
        }
    }
}

/// The rungs that an observation shows to be up.
const fn reached(observation: &Observation) -> &'static [WakeRung] {
    match observation {
        Observation::Neighbour(neighbour) => match neighbour.state {
            NeighbourState::Reachable => &[WakeRung::Neighbour],
            _ => &[],
        },
        Observation::Echo(echo) => match (echo.method, echo.outcome) {
            (EchoMethod::Icmp, EchoOutcome::Reply { .. } | EchoOutcome::Late { .. }) => {
                &[WakeRung::Echo]
            }
            _ => &[],
        },
        Observation::Attempt(attempt) => {
            let answered = matches!(
                &attempt.negotiate,
                Some(negotiate) if matches!(
                    negotiate.outcome,
                    NegotiateOutcome::Confirmed { .. }
                        | NegotiateOutcome::NoNegotiation
                        | NegotiateOutcome::Failure(_)
                )
            );
            match (attempt.connect.outcome, answered) {
                (_, true) => &[WakeRung::Tcp, WakeRung::X224],
                (ConnectOutcome::Open, false) => &[WakeRung::Tcp],
                _ => &[],
            }
        }
        Observation::Resolve(_)
        | Observation::Alternative(_)
        | Observation::Sweep(_)
        | Observation::Udp(_)
        | Observation::PathMtu(_)
        | Observation::Gateway(_) => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::{Attempt, Connect, Echo, Negotiate, Neighbour, ProbeKind};
    use crate::domain::security::SecurityProtocol;
    use crate::domain::target::TargetId;

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
        let connect = Connect { address, outcome, icmp: None, icmp_is_ours: false, elapsed };
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
        assert_eq!(
            wake.text(at(220)),
            "not up 120 s after the wake packet: network card after 8 s"
        );
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
}
