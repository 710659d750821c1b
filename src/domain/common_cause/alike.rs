//! Hosts that share a way, a group or a server and ail alike from the same moment on.

use super::begins::{Failing, failing, most_together};
use super::follow::Seen;
use super::{
    CommonCause, LineFault, ServiceFault, Share, Shared, Spared, Thing, Trouble, Witness, Word,
};
use crate::domain::finding::{RuleId, Severity};
use crate::domain::target::TargetId;
use crate::domain::thresholds::CommonThresholds;
use crate::domain::time::{MonoTime, Now};
use crate::domain::together::most_within;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// It is over when it has not held for so long: the findings of its hosts end one by one.
const LINGERS: Duration = Duration::from_mins(1);
/// So long at most a finding waits for others that show the first signs of the same.
const WAITS: Duration = Duration::from_secs(20);

/// So long after it a host may need until its own measurements show again what ails it.
const PROVEN: Duration = Duration::from_mins(5);

/// What another cause explained counts for nothing for so long after.
const AFTERMATH: Duration = Duration::from_mins(1);

impl Trouble {
    /// Findings of a target that are told with it.
    pub(super) const fn tells(self) -> &'static [&'static str] {
        match self {
            Self::Line(LineFault::Loses) => &["packet-loss"],
            Self::Line(LineFault::Slow) => &["high-latency"],
            Self::Line(LineFault::Jumps) => &["high-jitter"],
            Self::LargePackets => &["mtu-black-hole"],
            Self::SlowNames(_) => &["dns-slow"],
            Self::LeadsTo(_) => &["dns-mismatch"],
            Self::SignIn(_) => &["credssp-rejected"],
            Self::Service(ServiceFault::Refused) => &["port-closed"],
            Self::Service(ServiceFault::Silent) => &["rdp-silent"],
            Self::Service(ServiceFault::InTurns) => &["connection-flapping"],
            Self::Service(ServiceFault::Slow) => &["rdp-slow"],
        }
    }

    /// Whether what hosts share so may be why.
    #[must_use]
    pub const fn is_shared_by(self, share: Share<'_>) -> bool {
        match self {
            Self::SlowNames(_) | Self::LeadsTo(_) => matches!(share, Share::All),
            Self::SignIn(_) => matches!(share, Share::All | Share::Group(_)),
            Self::Line(_) | Self::LargePackets | Self::Service(_) => true,
        }
    }

    /// Whether a host that begins to ail so when the others have for long does by itself: what stopped
    /// theirs at once did not stop its.
    const fn is_at_once(self) -> bool {
        matches!(self, Self::Service(ServiceFault::Refused | ServiceFault::Silent))
    }

    /// From when on a sign is one of what the others have `since` then: of a line, a host that is asked
    /// seldom shows one for long.
    fn from(self, since: Now, limits: CommonThresholds) -> MonoTime {
        match self {
            Self::Line(_) => since.mono.minus(limits.together),
            _ => MonoTime::ZERO,
        }
    }

    /// Until when a host begins to ail with others, the last of which began `at`; `None`: at any time.
    fn until(self, at: Now, limits: CommonThresholds) -> Option<MonoTime> {
        self.is_at_once().then(|| at.mono.plus(limits.together))
    }

    /// Whether it shows by itself that it is one: many names do not lead to one wrong address by chance,
    /// however many others lead where they should.
    const fn shows_itself(self) -> bool {
        matches!(self, Self::LeadsTo(_))
    }
}

/// A line that is known to be bad, and how bad that is.
pub(super) struct BadLine {
    fault: LineFault,
    shared: Shared,
    severity: Severity,
    /// Numbers it among the causes.
    pub(super) number: u32,
}

/// The lines of `open` that enough hosts show to be bad.
pub(super) fn bad_lines(open: &[CommonCause], limits: CommonThresholds) -> Vec<BadLine> {
    let enough = open.iter().filter(|cause| cause.members.len() >= limits.hosts());
    let bad = enough.filter_map(|cause| match &cause.thing {
        Thing::Alike(Trouble::Line(fault), shared) => Some(BadLine {
            fault: *fault,
            shared: shared.clone(),
            severity: cause.severity,
            number: cause.number,
        }),
        _ => None,
    });
    bad.collect()
}

impl Thing {
    /// The line that it is, where that is known to be bad in another way.
    pub(super) fn bad_otherwise<'a>(&self, lines: &'a [BadLine]) -> Option<&'a BadLine> {
        let Self::Alike(Trouble::Line(fault), shared) = self else { return None };
        let same = lines.iter().filter(|line| line.shared == *shared && line.fault != *fault);
        same.max_by_key(|line| line.severity)
    }
}

impl BadLine {
    /// Whether a host that fails so may fail by it, however few others do: what is worse than the line
    /// is known to be is of the host.
    fn bears(&self, witness: &Witness<'_>) -> bool {
        matches!(witness.word, Word::Fails { severity, .. } if severity <= self.severity)
    }
}

/// How all that share something fare since then.
struct Tally {
    /// They ail, or show the first signs.
    ail: usize,
    /// They are well since.
    well: usize,
    /// They were well when they were measured before.
    unasked: usize,
}

impl Tally {
    /// `together`: who began to ail within a while, since then. Who shows the first signs of it counts from
    /// a moment on, and up to one where there is one.
    fn of(
        witnesses: &[Witness<'_>],
        together: usize,
        since: MonoTime,
        (from, until): (MonoTime, Option<MonoTime>),
    ) -> Self {
        let count = |says: &dyn Fn(&Witness<'_>) -> bool| {
            witnesses.iter().filter(|witness| says(witness)).count()
        };
        let works = |one: &Witness<'_>| one.word == Word::Works;
        let in_time = |one: &Witness<'_>| {
            one.at.mono >= from && until.is_none_or(|until| one.at.mono <= until)
        };
        let suffers = |one: &Witness<'_>| one.word == Word::Suffers && in_time(one);
        Self {
            ail: together.saturating_add(count(&suffers)),
            well: count(&|one| works(one) && one.at.mono >= since),
            unasked: count(&|one| works(one) && one.at.mono < since),
        }
    }

    const fn asked(&self) -> usize {
        self.ail.saturating_add(self.well)
    }

    /// Whether (nearly) all of whom half were measured since ail.
    fn is_all(&self, limits: CommonThresholds) -> bool {
        self.asked() >= self.unasked && limits.is_share(self.ail, self.asked())
    }
}

/// What all that share something say of a trouble, counted only: where that cannot make a cause, nobody
/// needs to look closer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Votes {
    /// They ail, or show the first signs, whenever they began to.
    ail: usize,
    /// They are well, and were so after the last of all began to ail.
    well: usize,
}

impl Votes {
    /// Counts what one of them says; the `latest` of all began to ail then.
    pub fn count(&mut self, witness: &Witness<'_>, latest: Option<MonoTime>) {
        match witness.word {
            Word::Fails { .. } | Word::Suffers => self.ail += 1,
            Word::Works if latest.is_none_or(|latest| witness.at.mono >= latest) => self.well += 1,
            Word::Works | Word::Without | Word::NotAsked | Word::Explained => {}
        }
    }

    /// Whether it may be that (nearly) all ail by it: of those who began together there are no more than
    /// of those who ail at all, and no fewer are well since then.
    #[must_use]
    pub fn may_be_all(self, trouble: Trouble, limits: CommonThresholds) -> bool {
        let asked = self.ail.saturating_add(self.well);
        self.ail > 0 && (trouble.shows_itself() || limits.is_share(self.ail, asked))
    }
}

/// Who began to ail together, the first of them first, when they are enough for a cause: one is, where
/// the `line` is known to be bad.
fn together<'a>(
    witnesses: &'a [Witness<'_>],
    taken: impl Fn(TargetId) -> bool,
    line: Option<&BadLine>,
    limits: CommonThresholds,
) -> Option<Vec<Failing<'a>>> {
    let free = || witnesses.iter().filter(|one| !taken(one.target));
    let enough = |all: &mut Vec<Failing<'a>>, least: usize| {
        if all.len() < least {
            return None;
        }
        all.sort_by_key(|one| (one.since.mono, one.target));
        let together = most_together(all, limits)?;
        let hosts: BTreeSet<&str> = together.iter().map(|one| one.name).collect();
        (hosts.len() >= least).then(|| together.to_vec())
    };
    enough(&mut free().filter_map(failing).collect(), limits.hosts()).or_else(|| {
        let borne = free().filter(|one| line.is_some_and(|line| line.bears(one)));
        enough(&mut borne.filter_map(failing).collect(), 1)
    })
}

/// The cause of which most ail, that is none yet; of equally many, what is shared by the fewest.
pub(super) fn widest(
    heard: &BTreeMap<Thing, Vec<Witness<'_>>>,
    open: &[CommonCause],
    limits: CommonThresholds,
) -> Option<CommonCause> {
    let lines = bad_lines(open, limits);
    let begun = |(thing, witnesses): (&Thing, &Vec<Witness<'_>>)| {
        let Thing::Alike(trouble, _) = thing else { return None };
        let same = |cause: &&CommonCause| matches!(&cause.thing, Thing::Alike(other, _) if other == trouble);
        let taken = |id| open.iter().filter(same).any(|cause| cause.members.contains_key(&id));
        let together = together(witnesses, taken, thing.bad_otherwise(&lines), limits)?;
        let since = together.first()?.since;
        let until = trouble.until(together.last()?.since, limits);
        let signs = (trouble.from(since, limits), until);
        let tally = Tally::of(witnesses, together.len(), since.mono, signs);
        if !trouble.shows_itself() && !tally.is_all(limits) {
            return None;
        }
        let mut cause = CommonCause::of(thing, &together)?;
        cause.of = tally.asked();
        cause.spared = Spared::since(witnesses, since);
        Some((tally.ail, cause))
    };
    heard.iter().filter_map(begun).max_by_key(|(ail, _)| *ail).map(|(_, cause)| cause)
}

impl CommonCause {
    /// Brings up to date who ails with the others. Whether it is over: for a while fewer are left than
    /// make a cause, or too many are well. One is left enough of a line among `lines`, that are known
    /// to be bad.
    pub(super) fn follow_alike(
        &mut self,
        witnesses: &[Witness<'_>],
        lines: &[BadLine],
        limits: CommonThresholds,
        now: Now,
    ) -> bool {
        let Thing::Alike(trouble, _) = self.thing else { return true };
        let until = trouble.until(self.until, limits);
        let Ailing { all: joins, late, least } = self.ailing(witnesses, until, lines, limits);
        let doubtful = self.doubtful(witnesses, now);
        let mut seen = Seen::default();
        for witness in witnesses {
            let known = self.members.contains_key(&witness.target);
            match witness.word {
                Word::Fails { since, .. } if joins.contains(&witness.target) => {
                    if since.mono > self.until.mono {
                        self.until = since;
                    }
                    seen.add(witness);
                    self.keep(witness);
                }
                Word::Suffers | Word::Explained if known => {}
                _ => self.let_go(witness.target),
            }
        }
        self.miss(witnesses, now);
        self.heed(seen);
        self.spared = Spared::since(witnesses, self.since);
        let signs = (trouble.from(self.since, limits), until);
        // Who shows signs is counted with them.
        let together = joins.len().saturating_add(doubtful.explained);
        let tally = Tally::of(witnesses, together, self.since.mono, signs);
        self.of = self.members.len().max(tally.asked()).saturating_add(late);
        let share = trouble.shows_itself() || limits.is_share(tally.ail, tally.asked());
        if self.members.is_empty() {
            return true;
        }
        if joins.len().saturating_add(doubtful.all) >= least && share {
            self.served = None;
            return false;
        }
        let since = *self.served.get_or_insert(now);
        now.mono.since(since.mono) > LINGERS
    }

    /// How many ailed by it and may still: something else explains what they show, or did until lately
    /// and they showed signs of it since.
    fn doubtful(&mut self, witnesses: &[Witness<'_>], now: Now) -> Doubtful {
        let is_explained = |one: &Witness<'_>| one.word == Word::Explained;
        let explained = witnesses.iter().filter(|one| is_explained(one));
        self.explained.retain(|_, at| now.mono.since(*at) <= PROVEN);
        self.explained.extend(explained.map(|one| (one.target, now.mono)));
        let since = |one: &Witness<'_>| {
            let at = self.explained.get(&one.target)?;
            self.members.contains_key(&one.target).then_some(*at)
        };
        let suffers = |one: &Witness<'_>| {
            one.word == Word::Suffers && since(one).is_some_and(|at| one.at.mono > at)
        };
        let hidden = |one: &Witness<'_>| is_explained(one) && since(one).is_some();
        let count =
            |says: &dyn Fn(&Witness<'_>) -> bool| witnesses.iter().filter(|one| says(one)).count();
        let explained = count(&hidden);
        Doubtful { explained, all: explained.saturating_add(count(&suffers)) }
    }

    /// Who ails by it, of those who began to `until` then.
    fn ailing(
        &self,
        witnesses: &[Witness<'_>],
        until: Option<MonoTime>,
        lines: &[BadLine],
        limits: CommonThresholds,
    ) -> Ailing {
        let fails = witnesses.iter().filter_map(|one| match one.word {
            Word::Fails { since, .. } if self.takes(since, limits) => Some((one, since.mono)),
            _ => None,
        });
        let in_time =
            |(_, since): &(&Witness<'_>, MonoTime)| until.is_none_or(|until| *since <= until);
        let (fails, late): (Vec<_>, Vec<_>) = fails.partition(in_time);
        let enough = fails.len() >= limits.hosts();
        let line = self.thing.bad_otherwise(lines).filter(|_| !enough);
        let borne = fails.iter().filter(|(one, _)| line.is_none_or(|line| line.bears(one)));
        Ailing {
            all: borne.map(|(one, _)| one.target).collect(),
            late: late.len(),
            least: if line.is_some() { 1 } else { limits.hosts() },
        }
    }
}

/// How many may ail by a cause still.
struct Doubtful {
    /// Something else explains what they show.
    explained: usize,
    /// They, and those it explained lately who show signs since.
    all: usize,
}

/// Who ails by a cause.
struct Ailing {
    all: BTreeSet<TargetId>,
    /// How many began too late to be of it.
    late: usize,
    /// How many are enough for it to stand.
    least: usize,
}

/// How many of these, at most, began within a while of each other.
#[must_use]
pub fn most_at_once(mut since: Vec<MonoTime>, limits: CommonThresholds) -> usize {
    since.sort_unstable();
    most_within(&since, |at| *at, limits.together).map_or(0, <[MonoTime]>::len)
}

/// Whose findings stand, and since when each was seen to: what waits for others does so once.
#[derive(Debug, Clone, Default)]
pub struct Signs {
    seen: BTreeMap<(TargetId, RuleId), MonoTime>,
    /// When another cause explained a finding last.
    explained: BTreeMap<(TargetId, RuleId), MonoTime>,
    /// When one that is not of the host alone did.
    shared: BTreeMap<(TargetId, RuleId), MonoTime>,
}

impl Signs {
    /// Takes in which findings stand now, which of them another cause explains, and which one explains
    /// that is not of the host alone, whether they stand or not.
    pub fn observe(
        &mut self,
        standing: &BTreeSet<(TargetId, RuleId)>,
        explained: &BTreeSet<(TargetId, RuleId)>,
        shared: &BTreeSet<(TargetId, RuleId)>,
        now: Now,
    ) {
        self.seen.retain(|key, _| standing.contains(key));
        for key in standing {
            self.seen.entry(*key).or_insert(now.mono);
        }
        for (past, keys) in [(&mut self.explained, explained), (&mut self.shared, shared)] {
            past.retain(|_, at| now.mono.since(*at) <= AFTERMATH);
            past.extend(keys.iter().map(|key| (*key, now.mono)));
        }
    }

    /// Whether another cause explains the finding, or did a moment ago: it outlives its cause.
    #[must_use]
    pub fn is_explained(&self, target: TargetId, rule: RuleId) -> bool {
        self.explained.contains_key(&(target, rule))
    }

    /// When a cause that is not of the host alone last explained what it shows of a trouble; `None`:
    /// not lately.
    #[must_use]
    pub fn hidden(&self, target: TargetId, trouble: Trouble) -> Option<MonoTime> {
        let last = |rule: &&'static str| self.shared.get(&(target, RuleId(rule))).copied();
        trouble.tells().iter().filter_map(last).max()
    }

    /// Whether the finding is so new that it waits for others, if any show the same.
    #[must_use]
    pub fn is_fresh(&self, target: TargetId, rule: RuleId, now: Now) -> bool {
        self.seen.get(&(target, rule)).is_some_and(|at| now.mono.since(*at) < WAITS)
    }
}

/// Who ails and may be one of many in a moment: enough others of the same thing ail too or show the
/// first signs of it, and (nearly) nobody is well since.
#[must_use]
pub fn undecided(
    trouble: Trouble,
    witnesses: &[Witness<'_>],
    limits: CommonThresholds,
) -> Vec<TargetId> {
    let mut fails: Vec<Failing<'_>> = witnesses.iter().filter_map(failing).collect();
    fails.sort_by_key(|one| (one.since.mono, one.target));
    let Some(together) = most_together(&fails, limits) else { return Vec::new() };
    let Some(first) = together.first() else { return Vec::new() };
    let signs = (trouble.from(first.since, limits), None);
    let tally = Tally::of(witnesses, together.len(), first.since.mono, signs);
    if tally.ail < limits.hosts() || !tally.is_all(limits) {
        return Vec::new();
    }
    together.iter().map(|one| one.target).collect()
}
