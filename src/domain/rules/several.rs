//! Words that all causes share that several hosts have in common.

use super::outage;
use super::prelude::*;
use crate::domain::common_cause::{CommonCause, Shared, Spared, Thing, Trouble};
use crate::domain::finding::are_among;
use crate::domain::target::TargetId;
use crate::domain::text::excerpt;
use std::collections::BTreeSet;

/// Causes of one kind that stand, of which one alert tells.
pub(super) struct Several<'a, T> {
    pub(super) first: (&'a CommonCause, T),
    others: Vec<(&'a CommonCause, T)>,
}

impl<'a, T: Copy> Several<'a, T> {
    /// The same, without those whose hosts are `away`: an outage explains them. What is to be said
    /// where none is left.
    pub(super) fn beside(
        around: &Surroundings,
        away: impl Iterator<Item = TargetId>,
        causes: impl Iterator<Item = (&'a CommonCause, T)>,
    ) -> Result<Self, Judgement> {
        let mut causes = causes.peekable();
        if causes.peek().is_none() {
            let measured = around.serving.measured;
            return Err(if measured { Judgement::Clear } else { Judgement::NoEvidence });
        }
        let away: BTreeSet<TargetId> = away.collect();
        let left = Self::of(causes.filter(|(cause, _)| !are_among(cause.members.keys(), &away)));
        left.ok_or_else(|| Judgement::Explained(outage::of_silence(around)))
    }

    /// The worst, of equally bad ones the one that fails most hosts, then the others; without those that
    /// fail only hosts that are worked on, unless all do.
    pub(super) fn of(causes: impl Iterator<Item = (&'a CommonCause, T)>) -> Option<Self> {
        let mut all: Vec<(&CommonCause, T)> = causes.collect();
        if all.iter().any(|(cause, _)| !cause.is_maintained()) {
            all.retain(|(cause, _)| !cause.is_maintained());
        }
        all.sort_by_key(|(cause, _)| std::cmp::Reverse((cause.severity, cause.told().count())));
        let mut all = all.into_iter();
        Some(Self { first: all.next()?, others: all.collect() })
    }

    /// Those that `says` holds of, after the first.
    pub(super) fn others(&self, says: impl Fn(&T) -> bool) -> Vec<T> {
        self.others.iter().map(|(_, what)| *what).filter(|what| says(what)).collect()
    }

    pub(super) fn evidence(
        &self,
        title: String,
        sentence: String,
        more: impl Fn((&CommonCause, T)) -> String,
    ) -> Evidence {
        let title = and_more(title, self.others.len(), cause_noun(self.first.0));
        self.evidence_titled(title, sentence, more)
    }

    /// The same, where the title tells of all of them.
    pub(super) fn evidence_titled(
        &self,
        title: String,
        sentence: String,
        more: impl Fn((&CommonCause, T)) -> String,
    ) -> Evidence {
        let (cause, _) = self.first;
        let all = || std::iter::once(&self.first).chain(&self.others);
        let newest = all().map(|(cause, _)| cause.number).max().unwrap_or_default();
        let members = all().flat_map(|(cause, _)| cause.members.keys().copied());
        let worst = all().map(|(cause, _)| cause.severity).max().unwrap_or(cause.severity);
        Evidence::new(worst, Confidence::Certain, title, sentence)
            .line(format!(
                "{} of {} {} by it: {}",
                cause.told().count(),
                hosts(cause.of.max(cause.members.len())),
                if cause.in_turns.is_some() { "failed" } else { "fail" },
                names(cause),
            ))
            .lines(worked_on(cause))
            .lines(self.others.iter().map(|other| format!("also: {}", more(*other))))
            .since(Some(cause.since.wall))
            .concerning(members)
            .telling(cause.thing.tells())
            .of_faults(newest)
    }
}

/// `…, and 2 more servers`.
pub(super) fn and_more(title: String, others: usize, noun: &str) -> String {
    match others {
        0 => title,
        1 => format!("{title}, and 1 more {noun}"),
        others => format!("{title}, and {others} more {noun}s"),
    }
}

/// What a further cause of the kind is.
const fn cause_noun(cause: &CommonCause) -> &'static str {
    match &cause.thing {
        Thing::NameServers(_) | Thing::Alike(Trouble::SlowNames(_), _) => "DNS server",
        Thing::Gateway { .. } | Thing::GatewayCertificate { .. } => "gateway",
        Thing::Port(_) => "port",
        Thing::Alike(Trouble::LeadsTo(_), _) => "place",
        Thing::Alike(Trouble::SignIn(_), _) => "code",
        Thing::Alike(Trouble::Line(_) | Trouble::LargePackets, _) => "line",
        Thing::Alike(Trouble::Service(_), _) => "failure",
    }
}

/// `3 hosts more that fail by it are in maintenance`.
fn worked_on(cause: &CommonCause) -> Option<String> {
    let number = cause.members.len().saturating_sub(cause.told().count());
    let are = if number == 1 { "is" } else { "are" };
    (number > 0).then(|| format!("{} more that fail by it {are} in maintenance", hosts(number)))
}

pub(super) fn hosts(number: usize) -> String {
    count(u64::try_from(number).unwrap_or(u64::MAX), "host")
}

/// The names of who fails by it, escaped.
pub(super) fn names(cause: &CommonCause) -> String {
    list(cause.told().map(|name| excerpt(name, 40)))
}

/// `12 of 14 hosts behind the router`.
pub(super) fn whom(cause: &CommonCause, shared: &Shared) -> String {
    let of = hosts(cause.of.max(cause.members.len()));
    let whose = match shared {
        Shared::All => String::new(),
        Shared::Router => " behind the router".to_owned(),
        Shared::Group(name) => format!(" of the group {}", excerpt(name, 40)),
        Shared::Tunnel(name) => format!(" behind the VPN {}", excerpt(name, 32)),
    };
    format!("{} of {of}{whose}", cause.told().count())
}

/// `host-1, host-2 and 7 more`, escaped; `None` where nobody is spared.
pub(super) fn some_of(spared: &Spared) -> Option<String> {
    let more = match spared.number.saturating_sub(spared.names.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names: Vec<String> = spared.names.iter().map(|name| excerpt(name, 40)).collect();
    (spared.number > 0).then(|| format!("{}{more}", names.join(", ")))
}

/// Who shares it and is well.
pub(super) fn well(cause: &CommonCause) -> Option<String> {
    some_of(&cause.spared).map(|names| format!("not so: {names}"))
}
