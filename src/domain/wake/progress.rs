//! What became of a wake-up: how far the target has come.

use super::super::sample::{
    ConnectOutcome, EchoMethod, EchoOutcome, NegotiateOutcome, NeighbourState, Observation, Sample,
};
use super::super::text::printable;
use super::super::time::{MonoTime, Now};
use super::WakeReceipt;
use std::time::Duration;
/// Receipts of one wake-up that are kept, the newest.
pub(super) const RECEIPTS: usize = 8;

/// The longest that a wake-up is followed on account of how long it usually takes.
const LONGEST_WAIT: Duration = Duration::from_mins(15);

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
