//! One broken path in place of many broken hosts: who fell silent together, and what still answers.
//!
//! Hosts that fall silent within seconds of each other, while something nearer goes on answering,
//! share a way that broke. [`Outages`] looks at all targets at once and keeps what it finds until
//! they are back; it reads no clock and is called as time passes.

mod begins;
mod breaks;
mod follow;
mod ground;
mod returns;
mod said;

use super::finding::Owner;
use super::target::TargetId;
use super::thresholds::PathThresholds;
use super::time::{MonoTime, Now, WallTime};
use super::together::UNSTEADY;
use super::way::Stretch;
use begins::{Known, begins, scopes, ways_that_answer};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

pub use breaks::{Breaks, PATHS, PathBreaks};
pub use ground::{Fault, Ground};
pub use returns::Returns;
pub use said::Said;

/// It is over when it has not held for so long: of a path that lets a packet through now and then,
/// one answer of each host is no sign that it is back.
const GOOD: Duration = Duration::from_secs(5);
/// What two silences may be apart by what a run remembers of them.
const SAVED: Duration = Duration::from_mins(1);
/// An outage that is over is remembered for longer than any window over which loss is counted.
pub(super) const KEPT: Duration = Duration::from_mins(20);
/// And not more than so many.
const MOST_KEPT: usize = 32;
/// A host that was last heard so long before its first silence fell silent nobody knows when.
const WIDEST: Duration = Duration::from_mins(1);
/// Hosts that restarted together are told of for so long after it.
const SHOWN: Duration = Duration::from_mins(10);
/// A break of an unsteady path that is shorter needs no word of its own.
const BRIEF: Duration = Duration::from_mins(1);
/// Paths that break so often within [`KEPT`] are told of, however short each time is.
pub(super) const OFTEN: u32 = 3;

/// One target as it is seen now. Only targets that answered echo requests before have a say; one
/// that accepts connections without is a member, so that it can be back.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not modes")]
pub struct Member<'a> {
    /// Which.
    pub target: TargetId,
    /// Where it is dialled. Targets at one address are one host.
    pub address: IpAddr,
    /// Its group, unescaped.
    pub group: Option<&'a str>,
    /// Behind a router, as far as this machine's subnets tell, or behind a tunnel.
    pub routed: bool,
    /// The tunnel that it is reached through, unescaped.
    pub tunnel: Option<&'a str>,
    /// Its silence may be sleep, or planned work, or began when it might have been.
    pub sleeps: bool,
    /// When it answered an echo request at this address.
    pub answered: Answered,
    /// Its port was open at the last connection.
    pub accepts: bool,
    /// When the first request of those that are unanswered now was sent; `None` while it answers.
    pub silent_since: Option<Now>,
    /// When the newest request was sent that it answered; `None` when that is not known.
    pub heard: Option<MonoTime>,
    /// It answers now and then, and loses three of ten requests or more.
    pub loses: bool,
    /// It came back from silence and refuses its port, which worked before; and how long after it came
    /// back it may be starting.
    pub refuses: Option<Duration>,
    /// What a machine on the way said of it since it is silent, by its newest connection.
    pub said: Option<Said>,
}

/// When a member answered an echo request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// In this run.
    InThisRun,
    /// So long before its first request in this run, and not since.
    Before(Duration),
    /// Never.
    Never,
}

/// Whose hosts fell silent together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// All that are behind a router.
    Routed,
    /// All that are reached through this tunnel, unescaped.
    Tunnel(String),
    /// The members of this group, unescaped.
    Group(String),
}

/// A group that alone is silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Within {
    /// Its name, unescaped.
    pub group: String,
    /// How many of its members used to answer.
    pub of: usize,
}

/// One broken path.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not modes")]
pub struct Outage {
    /// Whose hosts.
    pub scope: Scope,
    /// When the first of them fell silent. Of one that an earlier run saw begin the wall clock is
    /// that run's; the other is when this run first asked.
    pub since: Now,
    /// When the last of them did, likewise. Who falls silent shortly after that joins it.
    pub until: Now,
    /// They were silent when this run began, and nobody saw when that was.
    pub found: bool,
    /// Who is or was silent in it, and where each was dialled when it fell silent.
    pub members: BTreeMap<TargetId, IpAddr>,
    /// Those of them that answer again, and since when. Who has done so for a while is in it no
    /// more, whatever becomes of it later.
    pub back: BTreeMap<TargetId, Now>,
    /// Those of them whose silence was no sleep when it began.
    pub voters: BTreeSet<TargetId>,
    /// How members came back.
    pub returns: Returns,
    /// How many members answer now and then, and lose three of ten requests or more.
    pub losing: usize,
    /// Others of its scope answered since it began.
    pub spares: bool,
    /// Members whose answers have not settled yet: all that are silent, and who was a moment ago.
    /// When it is over, the last ones.
    pub left: BTreeSet<TargetId>,
    /// How many of them there were at most.
    pub most: usize,
    /// The one group that they belonged to then.
    pub most_within: Option<Within>,
    /// How many of its scope used to answer.
    pub of: usize,
    /// The one group that all who are left belong to, while others of its scope answer.
    pub within: Option<Within>,
    /// The one group that all who are or were silent in it belong to.
    pub group: Option<String>,
    /// The tunnel of this machine that changed about then, how, and when by the first silence:
    /// `wg0 went down 3.0 s before`; escaped.
    pub tunnel: Option<String>,
    /// That tunnel took the ways of its hosts over, and is not one that went down.
    pub took: bool,
    /// The same of whatever else changed on this machine's network shortly before.
    pub change: Option<String>,
    /// What goes on answering nearer, escaped: `10.0.0.1`; `None` where nothing at all answers and
    /// nobody can say whose fault it is.
    pub nearer: Option<String>,
    /// Where on the way it is, as far as controls show it.
    pub fault: Option<Fault>,
    /// What a machine on the way says of most of them.
    pub said: Option<Said>,
    /// What makes silent hosts a path that is down.
    pub limits: PathThresholds,
    /// It lasts long enough to alert, or came often enough.
    pub alerts: bool,
    /// How often its hosts fell silent together within 20 minutes, this time included.
    pub times: u32,
    /// Numbers the outages that alert, in the order in which they began to: one that only comes
    /// again has the number that it had. 0 before it alerts.
    pub number: u32,
    /// When it was seen to be over.
    pub ended: Option<Now>,
    /// It is over, but is told of for a while: it breaks so often, or was a restart.
    pub lingers: bool,
    /// Since when it does not hold.
    good: Option<MonoTime>,
    /// Since when the control answers again that was silent with it.
    sound: Option<MonoTime>,
}

/// What is worth a line in the event log.
#[derive(Debug, Clone, PartialEq)]
pub enum OutageEvent {
    /// It was seen.
    Began(Arc<Outage>),
    /// Its members are back, or too few are left to speak of one path.
    Ended(Arc<Outage>),
    /// Its members came back as machines do that restarted.
    Restarted(Arc<Outage>),
}

/// When the hosts of an outage that alerts fell silent: what a later run must know to tell who was
/// silent with it from who was off for days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RememberedOutage {
    /// The first of them.
    pub since: WallTime,
    /// The last of them.
    pub until: WallTime,
}

/// Every outage that stands, and the latest that are over.
#[derive(Debug, Clone, Default)]
pub struct Outages {
    open: Vec<Arc<Outage>>,
    over: VecDeque<Arc<Outage>>,
    /// Those that alerted when an earlier run ended.
    remembered: Vec<RememberedOutage>,
    /// The last number that was given.
    numbered: u32,
}

impl Outage {
    /// Whether the same hosts fell silent together so often lately that the path is called unsteady.
    #[must_use]
    pub const fn is_unsteady(&self) -> bool {
        self.times >= OFTEN
    }

    /// Whether it lasted too briefly for a word of its own where it only comes again.
    #[must_use]
    pub fn was_brief(&self) -> bool {
        let ended = self.ended.unwrap_or(self.until);
        ended.mono.since(self.since.mono) < BRIEF
    }

    /// An outage without members yet, since a first silence, while `nearer` answers.
    #[must_use]
    pub fn new(scope: Scope, since: Now, nearer: Option<String>) -> Self {
        Self {
            scope,
            since,
            until: since,
            found: false,
            members: BTreeMap::new(),
            back: BTreeMap::new(),
            voters: BTreeSet::new(),
            returns: Returns::default(),
            losing: 0,
            spares: false,
            left: BTreeSet::new(),
            most: 0,
            most_within: None,
            of: 0,
            within: None,
            group: None,
            tunnel: None,
            took: false,
            change: None,
            nearer,
            fault: None,
            said: None,
            limits: PathThresholds::default(),
            alerts: false,
            times: 1,
            number: 0,
            ended: None,
            lingers: false,
            good: None,
            sound: None,
        }
    }

    /// Members that are silent still.
    #[must_use]
    pub fn silent(&self) -> usize {
        self.members.len().saturating_sub(self.back.len())
    }

    /// The stretch that broke, as far as controls show it. The nearest that is proven to ail outranks
    /// what lies beyond: where the line died, the change of a tunnel is a consequence; where a tunnel
    /// changed, nothing is said of what lies behind it.
    #[must_use]
    pub fn stretch(&self) -> Option<Stretch> {
        let shown = self.fault.as_ref().map(|fault| fault.stretch);
        shown.filter(|stretch| self.tunnel.is_none() || *stretch <= Stretch::Tunnel)
    }

    /// Who can mend the path.
    #[must_use]
    pub fn owner(&self) -> Owner {
        if self.nearer.is_none() && self.tunnel.is_none() {
            return Owner::Client;
        }
        match self.stretch() {
            Some(Stretch::Tunnel) => Owner::Vpn,
            None if self.tunnel.is_some() => Owner::Vpn,
            Some(Stretch::Own | Stretch::Line | Stretch::Site) | None => Owner::Network,
        }
    }

    /// Whether `target` is silent because of it.
    #[must_use]
    pub fn holds(&self, target: TargetId) -> bool {
        self.ended.is_none()
            && self.members.contains_key(&target)
            && !self.back.contains_key(&target)
    }

    /// Whether a request that was sent to `target` at `at` was lost with it.
    #[must_use]
    pub fn lost(&self, target: TargetId, at: MonoTime) -> bool {
        let over = self.back.get(&target).or(self.ended.as_ref()).is_some_and(|end| at > end.mono);
        self.members.contains_key(&target)
            && at.plus(self.limits.together) >= self.since.mono
            && !over
    }
}

impl Outages {
    /// Takes over what an earlier run knew to be down when it ended.
    pub fn recall(&mut self, remembered: &[RememberedOutage]) {
        self.remembered = remembered.iter().take(MOST_KEPT).copied().collect();
    }

    /// What a later run must know: those that alert.
    #[must_use]
    pub fn remember(&self) -> Vec<RememberedOutage> {
        let alerting = self.open.iter().filter(|outage| outage.alerts);
        alerting
            .take(MOST_KEPT)
            .map(|outage| RememberedOutage { since: outage.since.wall, until: outage.until.wall })
            .collect()
    }

    /// Whether any stands.
    #[must_use]
    pub const fn any_stands(&self) -> bool {
        !self.open.is_empty()
    }

    /// Forgets a target that is watched no more.
    pub fn forget(&mut self, target: TargetId) {
        for outage in self.open.iter_mut().chain(&mut self.over) {
            if !outage.members.contains_key(&target) {
                continue;
            }
            let outage = Arc::make_mut(outage);
            outage.members.remove(&target);
            outage.back.remove(&target);
            outage.returns.first.remove(&target);
            outage.voters.remove(&target);
            outage.left.remove(&target);
        }
    }

    /// Those that stand, the first seen first, then those that were over lately. Whoever lets go of
    /// them before the next look spares it to copy those that stand.
    #[must_use]
    pub fn lately(&self) -> Vec<Arc<Outage>> {
        self.open.iter().chain(&self.over).cloned().collect()
    }

    /// Looks at everybody at once. Call it about once a second, and not while this machine is
    /// offline: then nobody is judged, and what stood stands.
    pub fn observe(
        &mut self,
        members: &[Member<'_>],
        ground: &Ground,
        now: Now,
    ) -> Vec<OutageEvent> {
        for outage in &mut self.open {
            Arc::make_mut(outage).follow(members, ground, now);
        }
        let mut events = self.see_returns(members, now);
        events.extend(self.end(now));
        self.begin(members, ground, now, &mut events);
        self.number();
        self.linger(now);
        events
    }

    /// Puts away what is over, and forgets what was over long ago.
    fn end(&mut self, now: Now) -> Vec<OutageEvent> {
        self.over.retain(|past| past.ended.is_some_and(|at| now.mono.since(at.mono) <= KEPT));
        let is_over =
            |outage: &mut Arc<Outage>| outage.good.is_some_and(|good| now.mono.since(good) >= GOOD);
        let ended = self.open.extract_if(.., is_over);
        let ended = ended.map(|mut outage| {
            Arc::make_mut(&mut outage).ended = Some(now);
            outage
        });
        let ended: Vec<Arc<Outage>> = ended.collect();
        self.over.extend(ended.iter().cloned());
        let excess = self.over.len().saturating_sub(MOST_KEPT);
        self.over.drain(..excess);
        ended.into_iter().map(OutageEvent::Ended).collect()
    }

    /// Looks how those come back that were silent together.
    fn see_returns(&mut self, members: &[Member<'_>], now: Now) -> Vec<OutageEvent> {
        let outages = self.open.iter_mut().chain(&mut self.over);
        let shown = outages.filter_map(|outage| {
            let before = outage.is_restart();
            if before || outage.ended.is_some_and(|at| now.mono.since(at.mono) > SHOWN) {
                return None;
            }
            Arc::make_mut(outage).see_returns(members, now);
            outage.is_restart().then(|| OutageEvent::Restarted(Arc::clone(outage)))
        });
        shown.collect()
    }

    /// Lets the newest break of a path that breaks again and again stand until it was quiet, and a
    /// restart until somebody read of it.
    fn linger(&mut self, now: Now) {
        let mut told: BTreeSet<u32> = self.open.iter().map(|outage| outage.number).collect();
        for past in self.over.iter_mut().rev().filter(|past| past.alerts) {
            let over = past.ended.map_or(Duration::ZERO, |at| now.mono.since(at.mono));
            let lately = past.is_restart() && over <= SHOWN;
            let unsteady = past.is_unsteady() && over <= UNSTEADY;
            let lingers = (lately || unsteady) && told.insert(past.number);
            if past.lingers != lingers {
                Arc::make_mut(past).lingers = lingers;
            }
        }
    }

    /// Opens an outage for each scope whose hosts fell silent together.
    fn begin(
        &mut self,
        members: &[Member<'_>],
        ground: &Ground,
        now: Now,
        events: &mut Vec<OutageEvent>,
    ) {
        // Nearly always nobody is silent, and there may be very many members and groups.
        let silent = members.iter().filter(|member| member.silent_since.is_some()).count();
        let least = ground.least();
        if silent < least {
            return;
        }
        let ways = ways_that_answer(members);
        for scope in scopes(members, least) {
            let held = |member: &Member<'_>| self.open.iter().any(|o| o.holds(member.target));
            // PCs that stay silent when the others are back went to sleep.
            let asleep = |member: &Member<'_>| {
                let began = member.silent_since.filter(|_| member.sleeps);
                began.is_some_and(|at| self.over.iter().any(|o| o.lost(member.target, at.mono)))
            };
            let concerned: Vec<&Member<'_>> = members
                .iter()
                .filter(|member| scope.takes(member) && member.has_say())
                .filter(|member| !held(member) && !asleep(member))
                .collect();
            let known = Known { members, ways: &ways, ground, remembered: &self.remembered };
            if let Some(mut outage) = begins(scope, &concerned, &known, now) {
                outage.see_group(members);
                let outage = Arc::new(self.compare_with_past(outage));
                events.push(OutageEvent::Began(Arc::clone(&outage)));
                self.open.push(outage);
            }
        }
    }

    /// Counts how often the same hosts fell silent together lately: what comes often enough alerts,
    /// and is told as one thing that comes again.
    fn compare_with_past(&self, outage: Outage) -> Outage {
        let same = || self.over.iter().filter(|past| past.is_same_path(&outage));
        let times = u32::try_from(same().count()).unwrap_or(u32::MAX).saturating_add(1);
        if times < OFTEN {
            return outage;
        }
        let lately = same().next_back().and_then(|past| past.ended);
        let goes_on = lately.is_some_and(|end| outage.since.mono.since(end.mono) <= UNSTEADY);
        let before = same().map(|past| past.number).max().unwrap_or_default();
        let number = if goes_on { before } else { 0 };
        Outage { times, alerts: true, number, ..outage }
    }

    /// Gives each outage that alerts its number.
    fn number(&mut self) {
        for outage in self.open.iter_mut().filter(|outage| outage.alerts && outage.number == 0) {
            self.numbered = self.numbered.saturating_add(1);
            Arc::make_mut(outage).number = self.numbered;
        }
    }
}

impl RememberedOutage {
    /// Whether a host that answered for the last time at `answered` fell silent in it.
    fn began_about(&self, answered: WallTime) -> bool {
        answered.plus(SAVED) >= self.since && self.until.plus(SAVED) >= answered
    }
}

impl Member<'_> {
    const fn unwatched(&self) -> Option<Duration> {
        match self.answered {
            Answered::Before(unwatched) => Some(unwatched),
            Answered::InThisRun | Answered::Never => None,
        }
    }

    /// The outage of an earlier run in which it fell silent.
    fn recalled(&self, remembered: &[RememberedOutage]) -> Option<RememberedOutage> {
        let answered = self.silent_since?.wall.minus(self.unwatched()?);
        remembered.iter().find(|past| past.began_about(answered)).copied()
    }

    /// When it may have fallen silent at the earliest: after its last answer, which lies as far back
    /// as it is asked seldom.
    fn silent_after(&self) -> Option<MonoTime> {
        let first = self.silent_since?.mono;
        let near = |heard: &MonoTime| *heard <= first && first.since(*heard) <= WIDEST;
        Some(self.heard.filter(near).unwrap_or(first))
    }

    const fn has_say(&self) -> bool {
        matches!(self.answered, Answered::InThisRun) || self.silent_since.is_some()
    }
}

impl Scope {
    fn takes(&self, member: &Member<'_>) -> bool {
        match self {
            Self::Routed => member.routed,
            Self::Tunnel(name) => member.tunnel == Some(name),
            Self::Group(name) => member.group == Some(name),
        }
    }
}

#[cfg(test)]
mod tests;
