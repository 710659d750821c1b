//! How connections fail up to the X.224 answer, and which way is told where several take turns.

use super::prelude::*;
use crate::domain::history::Timed;
use crate::domain::sample::{Connect, NegotiateOutcome, Unreached};
use crate::domain::time::WallTime;
use crate::domain::view::Beside;

/// So many of the newest connections are looked at.
const LOOKED_AT: usize = 10;

/// So many in a row that fail in one way have done with the others.
const SETTLED: usize = 6;

/// A way to fail, the one that tells most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fails {
    /// Another protocol answers.
    NotRdp,
    /// A firewall says no.
    Rejected,
    /// RST to SYN.
    Refused,
    /// TCP opens and no X.224 answer comes.
    NoX224Answer,
    /// No answer to SYN.
    TimedOut,
    /// TCP opens and the peer hangs up.
    HungUp,
}

impl Fails {
    /// How connections fail that fail so.
    const fn words(self) -> &'static str {
        match self {
            Self::NotRdp => "are answered with another protocol",
            Self::Rejected => "are rejected by a firewall",
            Self::Refused => "are refused",
            Self::NoX224Answer => "open and get no answer",
            Self::TimedOut => "get no answer",
            Self::HungUp => "are hung up",
        }
    }

    /// `None` for one that works as far as X.224, or that this machine could not try.
    fn of(view: &TargetView<'_>, entry: &Timed<Attempt>) -> Option<Self> {
        match entry.value.connect.unreached() {
            Some(Unreached::Refused) => Some(Self::Refused),
            Some(Unreached::Rejected(_)) => Some(Self::Rejected),
            Some(Unreached::Unreachable(_)) if is_said_of_port(view, entry) => Some(Self::Rejected),
            Some(Unreached::Unreachable(_) | Unreached::TimedOut | Unreached::NoNeighbour) => {
                Some(Self::TimedOut)
            }
            None => match entry.value.negotiate.as_ref()?.outcome {
                NegotiateOutcome::Timeout => Some(Self::NoX224Answer),
                NegotiateOutcome::Malformed(_) => Some(Self::NotRdp),
                NegotiateOutcome::Reset
                | NegotiateOutcome::Closed
                | NegotiateOutcome::Disconnected => Some(Self::HungUp),
                NegotiateOutcome::Confirmed { .. }
                | NegotiateOutcome::Failure(_)
                | NegotiateOutcome::NoNegotiation => None,
            },
        }
    }
}

/// Whether "unreachable" is said of the port and not of the host: the host answers beside it, or
/// says so itself.
pub(super) fn is_said_of_port(view: &TargetView<'_>, entry: &Timed<Attempt>) -> bool {
    let Connect { address, icmp, icmp_is_ours, .. } = entry.value.connect;
    !icmp_is_ours
        && (view.echo_beside(entry.at.mono) == Beside::Answers
            || icmp.is_some_and(|error| error.from == Some(address.ip())))
}

/// Whether the newest connections fail in one of these ways.
#[derive(Debug)]
pub(super) enum Verdict<'a> {
    /// Nobody can tell.
    Unknown,
    /// They do.
    Fails {
        /// The newest one that does.
        newest: &'a Timed<Attempt>,
        /// What else fails in turns with it.
        also: Option<Turns>,
    },
    /// They do not, or another way is told.
    FailsNot,
}

/// What the newest connections say of this way. Where two ways or more take turns, one is told,
/// and no connection of another way speaks against it.
pub(super) fn verdict<'a>(view: &TargetView<'a>, way: Fails) -> Verdict<'a> {
    let Some(newest) = view.settled() else { return Verdict::Unknown };
    if view.other_card().is_some() {
        // What another device says of a port is nothing that the host says.
        return Verdict::FailsNot;
    }
    match Turns::of(view) {
        Some((leads, newest, turns)) if leads == way => {
            Verdict::Fails { newest, also: Some(turns) }
        }
        None if Fails::of(view, newest) == Some(way) => Verdict::Fails { newest, also: None },
        Some(_) | None => Verdict::FailsNot,
    }
}

/// Several ways to fail that take turns while no connection works.
#[derive(Debug)]
pub(super) struct Turns {
    /// The ways besides the one that is told.
    others: Vec<Fails>,
    /// How many failed in the way that is told, and how many are looked at.
    share: (usize, usize),
    /// The first that failed.
    since: WallTime,
}

impl Turns {
    /// The way that is told, with the newest connection of it.
    fn of<'a>(view: &TargetView<'a>) -> Option<(Fails, &'a Timed<Attempt>, Self)> {
        if view.mode == Mode::Moment || is_gone(view) {
            return None;
        }
        let tried = |entry: &&Timed<Attempt>| {
            !matches!(entry.value.connect.outcome, ConnectOutcome::LocalError(_))
        };
        let failed: Vec<(Fails, &Timed<Attempt>)> = view
            .attempts
            .recent()
            .filter(tried)
            .map_while(|entry| Some((Fails::of(view, entry)?, entry)))
            .collect();
        let ways: Vec<Fails> = failed.iter().map(|(way, _)| *way).take(LOOKED_AT).collect();
        let runs = ways.chunk_by(|newer, older| newer == older);
        if runs.clone().count() < 3 || runs.clone().next()?.len() >= SETTLED {
            return None;
        }
        let leads = leading(&ways)?;
        let (_, entry) = failed.iter().find(|(way, _)| *way == leads)?;
        let mut others: Vec<Fails> = ways.iter().copied().filter(|way| *way != leads).collect();
        let share = (ways.len() - others.len(), ways.len());
        others.sort_unstable();
        others.dedup();
        let (_, first) = failed.last()?;
        Some((leads, entry, Self { others, share, since: first.at.wall }))
    }

    /// Names them beside the way that is told.
    fn name_others(self, mut evidence: Evidence) -> Evidence {
        let others = list(self.others.iter().map(|way| way.words()));
        let (told, of) = self.share;
        let line = format!(
            "{told} of the last {of} connections failed so, the others {others}, and none worked"
        );
        evidence.sentence += " In turns with that, connections ";
        evidence.sentence += &others;
        evidence.sentence += ": none works.";
        evidence.line(line).since(Some(self.since))
    }
}

/// Says with what is told what takes turns with it.
pub(super) fn name_others(turns: Option<Turns>, evidence: Evidence) -> Evidence {
    match turns {
        Some(turns) => turns.name_others(evidence),
        None => evidence,
    }
}

/// Whether the host itself fell silent: then its connections are not answered for that.
fn is_gone(view: &TargetView<'_>) -> bool {
    matches!(view.presence(), Presence::Silent(_)) && view.echo_word() == EchoWord::Stopped
}

/// The way that is told of several. One that hangs up is a finding of its own, which is raised by
/// two of three.
fn leading(ways: &[Fails]) -> Option<Fails> {
    let opened: Vec<&Fails> = ways
        .iter()
        .filter(|way| matches!(way, Fails::NotRdp | Fails::NoX224Answer | Fails::HungUp))
        .collect();
    let dropped = |three: &[&Fails]| three.iter().filter(|way| ***way == Fails::HungUp).count();
    if opened.windows(3).any(|three| dropped(three) >= 2) {
        return Some(Fails::HungUp);
    }
    ways.iter().copied().min()
}
