//! Since when the rungs of a host work or fail.

use super::finding::Rung;
use super::sample::{Attempt, ConnectOutcome, NegotiateOutcome, TlsOutcome};
use super::security::FailureCode;
use super::time::{MonoTime, Now};
use std::time::Duration;

/// A shorter silence is no restart.
const SILENCE: Duration = Duration::from_secs(20);

/// How a rung fails, in the words of a help desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Refused,
    Silent,
    Barred,
    NegotiationRefused,
    NegotiationSilent,
    NegotiationClosed,
    NotRdp,
    TlsClosed,
    TlsRefused,
    TlsSilent,
    NotTls,
}

impl Way {
    pub(super) const fn one(self) -> &'static str {
        match self {
            Self::Refused => "refuses the connection",
            Self::Silent => "does not answer",
            Self::Barred => "is barred by a firewall",
            Self::NegotiationRefused => "refuses the RDP negotiation",
            Self::NegotiationSilent => "is silent at the RDP negotiation",
            Self::NegotiationClosed => "closes at the RDP negotiation",
            Self::NotRdp => "answers with something that is not RDP",
            Self::TlsClosed => "closes at the TLS ClientHello",
            Self::TlsRefused => "refuses TLS",
            Self::TlsSilent => "is silent at the TLS ClientHello",
            Self::NotTls => "answers with something that is not TLS",
        }
    }

    pub(super) const fn many(self) -> &'static str {
        match self {
            Self::Refused => "refuse the connection",
            Self::Silent => "do not answer",
            Self::Barred => "are barred by a firewall",
            Self::NegotiationRefused => "refuse the RDP negotiation",
            Self::NegotiationSilent => "are silent at the RDP negotiation",
            Self::NegotiationClosed => "close at the RDP negotiation",
            Self::NotRdp => "answer with something that is not RDP",
            Self::TlsClosed => "close at the TLS ClientHello",
            Self::TlsRefused => "refuse TLS",
            Self::TlsSilent => "are silent at the TLS ClientHello",
            Self::NotTls => "answer with something that is not TLS",
        }
    }
}

/// How one rung ended in one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Well(Duration),
    Badly(Way),
    /// Not tried, or nothing can be said.
    Unknown,
}

/// One rung over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct RungCourse {
    /// When it last worked, and how long it took.
    good: Option<(Now, Duration)>,
    /// Since when it fails, and how.
    bad: Option<(Now, Way)>,
    /// Since when it failed otherwise just before: holds again when this machine was offline then.
    bad_before: Option<(Now, Way)>,
}

impl RungCourse {
    fn observe(&mut self, at: Now, ended: Ended) -> bool {
        match ended {
            Ended::Well(took) => {
                let first = self.good.is_none();
                self.good = Some((at, took));
                self.bad_before = None;
                self.bad.take().is_some() || first
            }
            Ended::Badly(way) if self.bad.is_none_or(|(_, before)| before != way) => {
                self.bad_before = self.bad.replace((at, way));
                true
            }
            Ended::Badly(_) | Ended::Unknown => false,
        }
    }
}

/// Since when the rungs of one host work or fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Course {
    tcp: RungCourse,
    x224: RungCourse,
    tls: RungCourse,
    /// From the first silent connection to the first that was answered again.
    pub(super) silence: Option<(Now, Now)>,
}

impl Course {
    /// Takes in a connection. Whether a rung began to work, began to fail or fails otherwise.
    pub fn observe(&mut self, at: Now, attempt: &Attempt) -> bool {
        let (tcp, x224, tls) = ended(attempt);
        if let Some((since, Way::Silent)) = self.tcp.bad
            && attempt.connect.outcome.answered()
            && at.mono.since(since.mono) >= SILENCE
        {
            self.silence = Some((since, at));
        }
        let selected = attempt.negotiate.as_ref().and_then(|n| n.outcome.selected());
        let without_tls = selected.is_some_and(|selected| !selected.starts_tls());
        let gave_up_tls = without_tls && std::mem::take(&mut self.tls) != RungCourse::default();
        let tcp = self.tcp.observe(at, tcp);
        let x224 = self.x224.observe(at, x224);
        self.tls.observe(at, tls) || tcp || x224 || gave_up_tls
    }

    /// Forgets a silence that began when `lost` says: it was that of the path.
    pub fn forget_silence(&mut self, lost: impl Fn(MonoTime) -> bool) {
        self.silence = self.silence.filter(|(since, _)| !lost(since.mono));
    }

    /// Forgets what began to fail since `start`: this machine was offline. Whether it forgot
    /// anything.
    pub fn void_since(&mut self, start: MonoTime) -> bool {
        let before = *self;
        for rung in [&mut self.tcp, &mut self.x224, &mut self.tls] {
            let stands = |bad: &(Now, Way)| bad.0.mono < start;
            rung.bad = rung.bad.filter(stands).or(rung.bad_before.filter(stands));
            rung.bad_before = None;
        }
        self.silence = self.silence.filter(|(since, _)| since.mono < start);
        before != *self
    }

    /// Whether the host may just be asleep.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        matches!(self.tcp.bad, Some((_, Way::Silent)))
    }

    /// Since when connections are not answered that were answered before.
    #[must_use]
    pub const fn stopped(&self) -> Option<Now> {
        match (self.tcp.good, self.tcp.bad) {
            (Some(_), Some((since, Way::Silent))) => Some(since),
            _ => None,
        }
    }

    /// Whether a rung fails.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.broken().is_some()
    }

    /// Since when connections are not accepted that were before.
    #[must_use]
    pub fn barred_since(&self) -> Option<Now> {
        self.tcp.good?;
        self.tcp.bad.map(|(since, _)| since)
    }

    /// The lowest rung that fails.
    pub(super) fn broken(&self) -> Option<Broken> {
        let rungs = [(Rung::Tcp, self.tcp), (Rung::X224, self.x224), (Rung::Tls, self.tls)];
        rungs.into_iter().find_map(|(rung, course)| {
            let (since, way) = course.bad?;
            Some(Broken { rung, way, since, good: course.good.map(|(at, _)| at) })
        })
    }

    /// When `rung` last worked and how long it took; `None` while it or a lower one fails.
    pub(super) fn good_at(&self, rung: Rung) -> Option<(Now, Duration)> {
        if self.broken().is_some_and(|broken| broken.rung <= rung) {
            return None;
        }
        match rung {
            Rung::Tcp => self.tcp.good,
            Rung::X224 => self.x224.good,
            Rung::Tls => self.tls.good,
            _ => None,
        }
    }
}

/// How TCP, X.224 and TLS ended.
fn ended(attempt: &Attempt) -> (Ended, Ended, Ended) {
    let tcp = match attempt.connect.outcome {
        ConnectOutcome::Open => Ended::Well(attempt.connect.elapsed),
        ConnectOutcome::Refused => Ended::Badly(Way::Refused),
        ConnectOutcome::Timeout | ConnectOutcome::Unreachable => Ended::Badly(Way::Silent),
        ConnectOutcome::Prohibited => Ended::Badly(Way::Barred),
        ConnectOutcome::LocalError(_) => Ended::Unknown,
    };
    let x224 = attempt.negotiate.as_ref().map_or(Ended::Unknown, |asked| match &asked.outcome {
        NegotiateOutcome::Confirmed { .. } | NegotiateOutcome::NoNegotiation => {
            Ended::Well(asked.elapsed)
        }
        // A host that wants an Entra sign-in is sound.
        NegotiateOutcome::Failure(FailureCode::ENTRA_AUTH_REQUIRED) => Ended::Well(asked.elapsed),
        NegotiateOutcome::Failure(_) => Ended::Badly(Way::NegotiationRefused),
        NegotiateOutcome::Timeout => Ended::Badly(Way::NegotiationSilent),
        NegotiateOutcome::Disconnected | NegotiateOutcome::Reset | NegotiateOutcome::Closed => {
            Ended::Badly(Way::NegotiationClosed)
        }
        NegotiateOutcome::Malformed(_) => Ended::Badly(Way::NotRdp),
    });
    let tls = attempt.tls.as_ref().map_or(Ended::Unknown, |tls| match tls.outcome {
        TlsOutcome::Ok => Ended::Well(tls.elapsed),
        TlsOutcome::Reset | TlsOutcome::Closed => Ended::Badly(Way::TlsClosed),
        TlsOutcome::Alert(_) => Ended::Badly(Way::TlsRefused),
        TlsOutcome::Timeout => Ended::Badly(Way::TlsSilent),
        TlsOutcome::Malformed(_) => Ended::Badly(Way::NotTls),
        TlsOutcome::Unsupported => Ended::Unknown,
    });
    (tcp, x224, tls)
}

/// Where a host fails, and since when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Broken {
    pub(super) rung: Rung,
    pub(super) way: Way,
    pub(super) since: Now,
    pub(super) good: Option<Now>,
}
