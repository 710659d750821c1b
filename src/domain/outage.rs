//! One broken path in place of many broken hosts: who fell silent together, and what still answers.
//!
//! Hosts that fall silent within seconds of each other, while something nearer goes on answering,
//! share a way that broke. [`Outages`] looks at all targets at once and keeps what it finds until
//! they are back; it reads no clock and is called as time passes.

use super::finding::Owner;
use super::target::TargetId;
use super::thresholds::PathThresholds;
use super::time::{MonoTime, Now};
use super::way::{Stretch, Way};
use super::words::span;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

/// Looks in a row at which it no longer holds before it is over.
const GOOD_ROUNDS: u8 = 2;
/// An outage that is over is remembered for longer than any window over which loss is counted.
pub(super) const KEPT: Duration = Duration::from_mins(20);
/// And not more than so many.
const MOST_KEPT: usize = 32;
/// An outage that alerts for coming again is over once none came for so long.
const UNSTEADY: Duration = Duration::from_mins(5);
/// Who answered so shortly before this run began fell silent then …
const PAUSE: Duration = Duration::from_mins(10);
/// … with those of whom the same is known so closely.
const SAVED: Duration = Duration::from_mins(1);
/// Paths that break so often within [`KEPT`] are told of, however short each time is.
pub(super) const OFTEN: u32 = 3;
/// A change of anything else this long before the first silence belongs to it …
const SHORTLY: Duration = Duration::from_secs(10);
/// … or this long after: a request may be on its way when the change comes.
const SEEN: Duration = Duration::from_secs(2);
/// A change of a tunnel this long before or after the first silence belongs to it.
const TUNNEL: Duration = Duration::from_secs(30);

/// One target as it is seen now. Only targets that answered echo requests before have a say; one
/// that accepts connections without is a member, so that it can be back.
#[derive(Debug, Clone, Copy, PartialEq)]
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// All that are behind a router.
    Routed,
    /// All that are reached through this tunnel, unescaped.
    Tunnel(String),
    /// The members of this group, unescaped.
    Group(String),
}

/// One broken path.
#[derive(Debug, Clone, PartialEq)]
pub struct Outage {
    /// Whose hosts.
    pub scope: Scope,
    /// When the first of them fell silent.
    pub since: Now,
    /// When the last of them did.
    pub until: Now,
    /// Who is or was silent in it.
    pub members: BTreeSet<TargetId>,
    /// Where each of them was dialled when it fell silent.
    at: BTreeMap<TargetId, IpAddr>,
    /// Those of them that answer again, and since when. Who has done so for a while is in it no
    /// more, whatever becomes of it later.
    pub back: BTreeMap<TargetId, Now>,
    /// How many of its scope used to answer.
    pub of: usize,
    /// The tunnel of this machine that changed about then, how, and when by the first silence:
    /// `wg0 went down 3.0 s before`; escaped.
    pub tunnel: Option<String>,
    /// The same of whatever else changed on this machine's network shortly before.
    pub change: Option<String>,
    /// What goes on answering nearer, escaped: `10.0.0.1`; `None` where nothing at all answers and
    /// nobody can say whose fault it is.
    pub nearer: Option<String>,
    /// Where on the way it is, as far as controls show it.
    pub fault: Option<Fault>,
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
    good_rounds: u8,
}

/// Where on the way an outage is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The stretch that broke.
    pub stretch: Stretch,
    /// The control that goes on answering before it: `your own router 10.0.0.1`.
    pub sound: String,
    /// The stretch that this control ends.
    pub sound_to: Stretch,
    /// The control at its end that is silent too; `None` when only the hosts behind it are.
    pub silent: Option<String>,
}

impl Fault {
    /// What the way to hosts says that are all silent, behind a tunnel or not.
    fn of(way: &Way<String>, tunnelled: bool) -> Option<Self> {
        use Stretch::{Line, Own, Site, Tunnel};
        let (sound_to, sound) = way.sound.clone()?;
        let silent = way.ailing.clone();
        let stretch = match (sound_to, &silent) {
            (Own, Some((Line, _))) => Line,
            (Own | Line, Some((Tunnel, _))) | (Line, None) if tunnelled => Tunnel,
            (Tunnel, None) if tunnelled => Site,
            _ => return None,
        };
        Some(Self { stretch, sound, sound_to, silent: silent.map(|(_, control)| control) })
    }

    /// Whether a tunnel is shown to be broken by its own far end.
    fn is_proven_tunnel(&self) -> bool {
        self.stretch == Stretch::Tunnel && self.silent.is_some()
    }
}

/// What is worth a line in the event log.
#[derive(Debug, Clone, PartialEq)]
pub enum OutageEvent {
    /// It was seen.
    Began(Outage),
    /// Its members are back, or too few are left to speak of one path.
    Ended(Outage),
}

/// What an outage is held against.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ground {
    /// Something nearer that answers, escaped; without any nobody can say whether the fault is
    /// this machine's own, and only the silence of all at once is told.
    pub nearer: Option<String>,
    /// The latest change of this machine's tunnels.
    pub tunnel: Option<(Now, String)>,
    /// The latest change of anything in its network.
    pub change: Option<(Now, String)>,
    /// What makes silent hosts a path that is down.
    pub limits: PathThresholds,
    /// How far the ways are sound: by the tunnel that they go through, unescaped, and outside of
    /// any; each control as it is spoken of.
    pub ways: BTreeMap<Option<String>, Way<String>>,
}

/// `wg0 went down 3.0 s before`: by the first silence.
fn beside(what: &str, at: Now, first: Now) -> String {
    let (apart, word) = if at.mono > first.mono {
        (at.mono.since(first.mono), "after")
    } else {
        (first.mono.since(at.mono), "before")
    };
    format!("{what} {} {word}", span(apart))
}

impl Ground {
    /// Where the way to `silent` is broken. That hosts alone are silent speaks for a tunnel when
    /// nobody else of `all` answers through it.
    fn fault<'a, 'm: 'a>(
        &self,
        silent: impl Iterator<Item = &'a Member<'m>>,
        all: &[Member<'_>],
    ) -> Option<Fault> {
        let tunnel = one_way(silent)?.tunnel;
        let way = self.ways.get(&tunnel.map(str::to_owned))?;
        let fault = Fault::of(way, tunnel.is_some())?;
        let answers = |one: &Member<'_>| one.tunnel == tunnel && one.silent_since.is_none();
        let hosts_alone = fault.stretch == Stretch::Tunnel && fault.silent.is_none();
        (!hosts_alone || !all.iter().any(answers)).then_some(fault)
    }

    /// The tunnel that changed about when hosts fell silent, from the first to the last of them.
    fn tunnel_about(&self, first: Now, last: Now) -> Option<String> {
        let (at, what) = self.tunnel.as_ref()?;
        let about = at.mono.plus(TUNNEL) >= first.mono && last.mono.plus(TUNNEL) >= at.mono;
        about.then(|| beside(what, *at, first))
    }

    /// What else changed shortly before the first of them did.
    fn change_before(&self, first: Now) -> Option<String> {
        let (at, what) = self.change.as_ref()?;
        let before = at.mono.plus(SHORTLY) >= first.mono && first.mono.plus(SEEN) >= at.mono;
        before.then(|| beside(what, *at, first))
    }
}

/// Every outage that stands, and the latest that are over.
#[derive(Debug, Clone, Default)]
pub struct Outages {
    open: Vec<Outage>,
    over: VecDeque<Outage>,
    /// The last number that was given.
    numbered: u32,
}

impl Outage {
    /// An outage without members yet, since a first silence, while `nearer` answers.
    #[must_use]
    pub fn new(scope: Scope, since: Now, nearer: Option<String>) -> Self {
        Self {
            scope,
            since,
            until: since,
            members: BTreeSet::new(),
            at: BTreeMap::new(),
            back: BTreeMap::new(),
            of: 0,
            tunnel: None,
            change: None,
            nearer,
            fault: None,
            limits: PathThresholds::default(),
            alerts: false,
            times: 1,
            number: 0,
            ended: None,
            good_rounds: 0,
        }
    }

    /// Members that are silent still.
    #[must_use]
    pub fn silent(&self) -> usize {
        self.members.len().saturating_sub(self.back.len())
    }

    /// Who can mend it.
    #[must_use]
    pub const fn owner(&self) -> Owner {
        if self.nearer.is_none() && self.tunnel.is_none() {
            return Owner::Client;
        }
        match (&self.tunnel, &self.fault) {
            (Some(_), _) | (None, Some(Fault { stretch: Stretch::Tunnel, .. })) => Owner::Vpn,
            (None, _) => Owner::Network,
        }
    }

    /// Whether `target` is silent because of it.
    #[must_use]
    pub fn holds(&self, target: TargetId) -> bool {
        self.ended.is_none() && self.members.contains(&target) && !self.back.contains_key(&target)
    }

    /// Whether a request that was sent to `target` at `at` was lost with it.
    #[must_use]
    pub fn lost(&self, target: TargetId, at: MonoTime) -> bool {
        let over = self.back.get(&target).or(self.ended.as_ref()).is_some_and(|end| at > end.mono);
        self.members.contains(&target) && at.plus(self.limits.together) >= self.since.mono && !over
    }
}

impl Outages {
    /// Forgets a target that is watched no more.
    pub fn forget(&mut self, target: TargetId) {
        for outage in self.open.iter_mut().chain(&mut self.over) {
            outage.members.remove(&target);
            outage.at.remove(&target);
            outage.back.remove(&target);
        }
    }

    /// Those that stand, the first seen first, then those that were over lately.
    #[must_use]
    pub fn lately(&self) -> Vec<Outage> {
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
        let mut events = Vec::new();
        for outage in &mut self.open {
            outage.follow(members, ground, now);
        }
        let (over, open) = std::mem::take(&mut self.open)
            .into_iter()
            .partition(|outage: &Outage| outage.good_rounds >= GOOD_ROUNDS);
        self.open = open;
        self.over.retain(|past| past.ended.is_some_and(|at| now.mono.since(at.mono) <= KEPT));
        for outage in Vec::into_iter(over) {
            let outage = Outage { ended: Some(now), ..outage };
            events.push(OutageEvent::Ended(outage.clone()));
            self.over.push_back(outage);
        }
        let excess = self.over.len().saturating_sub(MOST_KEPT);
        self.over.drain(..excess);
        self.number();
        // Nearly always nobody is silent, and there may be very many members and groups.
        let silent = members.iter().filter(|member| member.silent_since.is_some()).count();
        if silent < least(&ground.limits) {
            return events;
        }
        for scope in scopes(members) {
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
            if let Some(outage) = begins(scope, &concerned, members, ground, now) {
                let outage = self.compare_with_past(outage);
                events.push(OutageEvent::Began(outage.clone()));
                self.open.push(outage);
            }
        }
        self.number();
        events
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
            outage.number = self.numbered;
        }
    }
}

impl Member<'_> {
    const fn unwatched(&self) -> Option<Duration> {
        match self.answered {
            Answered::Before(unwatched) => Some(unwatched),
            Answered::InThisRun | Answered::Never => None,
        }
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

/// The scopes of whoever is silent, the widest first: an outage of all that are behind a router is
/// not told again by group.
fn scopes(members: &[Member<'_>]) -> BTreeSet<Scope> {
    let silent = members.iter().filter(|member| member.silent_since.is_some());
    let own = silent.flat_map(|member| {
        let tunnel = member.tunnel.map(|name| Scope::Tunnel(name.to_owned()));
        tunnel.into_iter().chain(member.group.map(|name| Scope::Group(name.to_owned())))
    });
    std::iter::once(Scope::Routed).chain(own).collect()
}

/// The largest set of members that fell silent together, when it is large enough.
fn begins(
    scope: Scope,
    concerned: &[&Member<'_>],
    members: &[Member<'_>],
    ground: &Ground,
    now: Now,
) -> Option<Outage> {
    let mut silent: Vec<(Now, &Member<'_>)> =
        concerned.iter().filter_map(|member| member.silent_since.map(|at| (at, *member))).collect();
    silent.sort_by_key(|(at, member)| (at.mono, member.target));
    let together = |start: usize| {
        let first = silent.get(start).map(|(at, _)| *at)?;
        let rest = silent.get(start..)?;
        let count =
            rest.partition_point(|(at, _)| at.mono.since(first.mono) <= ground.limits.together);
        rest.get(..count)
    };
    let cluster = (0..silent.len()).filter_map(together).max_by_key(|cluster| cluster.len())?;
    let (first, last) = (cluster.first()?.0, cluster.last()?.0);
    // Where others are reached outside of it, only those behind the tunnel are its scope.
    let through = one_way(cluster.iter().map(|(_, member)| *member))
        .is_some_and(|member| member.tunnel.is_some());
    if scope == Scope::Routed && through && one_way(concerned.iter().copied()).is_none() {
        return None;
    }
    let tunnel = ground.tunnel_about(first, last);
    let fault = ground.fault(cluster.iter().map(|(_, member)| *member), members);
    // Sleep ends many PCs within seconds when a policy says so; a tunnel that changed, or a host
    // that never sleeps, shows that it is the path.
    let fresh = now.mono.since(last.mono) <= KEPT;
    let shown = tunnel.is_some() || fault.as_ref().is_some_and(Fault::is_proven_tunnel);
    let newest = cluster.iter().filter_map(|(_, member)| member.unwatched()).min();
    let votes = |member: &Member<'_>| {
        (!member.sleeps || (shown && fresh)) && was_there(member, newest, members)
    };
    let voters = hosts(cluster.iter().map(|(_, member)| *member).filter(|member| votes(member)));
    let of = hosts(concerned.iter().copied().filter(|member| votes(member)));
    if !is_path(voters, of, &ground.limits) {
        return None;
    }
    // Without anything that answers, only the silence of all at once shows that it is not the hosts.
    if ground.nearer.is_none() && (scope != Scope::Routed || voters * 10 < of * 9) {
        return None;
    }
    Some(Outage {
        until: last,
        members: cluster.iter().map(|(_, member)| member.target).collect(),
        at: cluster.iter().map(|(_, member)| (member.target, member.address)).collect(),
        of: concerned.len(),
        limits: ground.limits,
        change: ground.change_before(first).filter(|_| tunnel.is_none()),
        tunnel,
        fault,
        ..Outage::new(scope, first, ground.nearer.clone())
    })
}

/// Whether the silence of a host shows a path. That of one that never answered in this run does where
/// nobody answers that is reached the same way, or where it answered just before the run began, as
/// the `newest` of the others did. When the silence of any other began nobody knows: it may have been off for days.
fn was_there(member: &Member<'_>, newest: Option<Duration>, members: &[Member<'_>]) -> bool {
    let together = member.unwatched().zip(newest).is_some_and(|(unwatched, newest)| {
        unwatched <= PAUSE && unwatched.saturating_sub(newest) <= SAVED
    });
    let answers = |other: &Member<'_>| {
        other.has_say()
            && other.silent_since.is_none()
            && other.routed == member.routed
            && other.tunnel == member.tunnel
    };
    member.answered == Answered::InThisRun || together || !members.iter().any(answers)
}

/// Any of `members`, when all are reached through the same tunnel, or all outside of any.
fn one_way<'a, 'm: 'a>(
    mut members: impl Iterator<Item = &'a Member<'m>>,
) -> Option<&'a Member<'m>> {
    let first = members.next()?;
    members.all(|member| member.tunnel == first.tunnel).then_some(first)
}

/// How many machines `members` are.
fn hosts<'a, 'm: 'a>(members: impl Iterator<Item = &'a Member<'m>>) -> usize {
    members.map(|member| member.address).collect::<BTreeSet<_>>().len()
}

/// Whether so many silent hosts are a path that is down.
fn is_path(silent: usize, of: usize, limits: &PathThresholds) -> bool {
    let share = usize::try_from(limits.share_pct).unwrap_or(100);
    silent >= least(limits) && silent * 100 >= of * share
}

/// Fewer hosts are no path.
fn least(limits: &PathThresholds) -> usize {
    usize::try_from(limits.hosts).unwrap_or(usize::MAX)
}

impl Outage {
    /// Whether most of the hosts of either are those of the other.
    fn is_same_path(&self, other: &Self) -> bool {
        let both = self.members.intersection(&other.members).count();
        both * 2 > self.members.len().max(other.members.len())
    }

    /// Whether `member` answers again. Where the name led elsewhere meanwhile, an answer from there
    /// shows nothing before Remote Desktop is reached.
    fn is_back(&self, member: &Member<'_>) -> bool {
        let same = self.at.get(&member.target).is_none_or(|at| *at == member.address);
        member.silent_since.is_none() && if same { member.has_say() } else { member.accepts }
    }

    /// Whether enough of those who can speak for the path are silent. A PC may have gone to sleep
    /// meanwhile: once half of all are back, only hosts that never sleep show that it is down.
    fn holds_still(&self, members: &[Member<'_>]) -> bool {
        let half_back = self.back.len() * 2 >= self.members.len();
        let shown =
            self.tunnel.is_some() || self.fault.as_ref().is_some_and(Fault::is_proven_tunnel);
        let votes = |member: &&Member<'_>| !member.sleeps || (shown && !half_back);
        let voters = || members.iter().filter(|member| self.scope.takes(member)).filter(votes);
        let silent = |member: &&Member<'_>| self.holds(member.target);
        let answers = |member: &&Member<'_>| member.has_say() && member.silent_since.is_none();
        // Whoever has another address now, or of whom nothing is known at it yet, was silent at the
        // one that it had.
        let known: BTreeSet<TargetId> = members.iter().map(|member| member.target).collect();
        let unknown = self.at.iter().filter(|(id, _)| self.holds(**id) && !known.contains(id));
        let unknown = unknown.map(|(_, address)| *address);
        let address = |member: &Member<'_>| *self.at.get(&member.target).unwrap_or(&member.address);
        let down: BTreeSet<IpAddr> = voters().filter(silent).map(address).chain(unknown).collect();
        let up = voters().filter(answers).map(address);
        let all = up.chain(down.iter().copied()).collect::<BTreeSet<_>>().len();
        is_path(down.len(), all, &self.limits)
    }

    /// Takes in who fell silent with it and who is back.
    fn follow(&mut self, members: &[Member<'_>], ground: &Ground, now: Now) {
        let together = self.limits.together;
        let known: BTreeMap<TargetId, &Member<'_>> =
            members.iter().map(|member| (member.target, member)).collect();
        for member in members.iter().filter(|member| self.scope.takes(member)) {
            let joins = member.silent_since.is_some_and(|at| {
                at.mono.plus(together) >= self.since.mono
                    && self.since.mono.plus(together) >= at.mono
            });
            if joins && self.members.insert(member.target) {
                self.at.insert(member.target, member.address);
            }
        }
        for id in &self.members {
            // Of one whose statistics were reset nothing is known yet.
            let Some(member) = known.get(id) else { continue };
            if self.is_back(member) {
                self.back.entry(*id).or_insert(now);
            } else if self.back.get(id).is_some_and(|at| now.mono.since(at.mono) <= together) {
                self.back.remove(id);
            }
        }
        let holds = self.holds_still(members);
        self.good_rounds = if holds { 0 } else { self.good_rounds.saturating_add(1) };
        self.alerts |= holds && now.mono.since(self.since.mono) >= self.limits.lasts;
        if holds && self.back.is_empty() {
            let silent = self.members.iter().filter_map(|id| known.get(id).copied());
            let fault = ground.fault(silent, members);
            // At first the controls may not have missed enough yet; what they show later stands.
            let proves = fault.as_ref().is_some_and(|fault| fault.silent.is_some());
            if proves || (fault.is_some() && !self.alerts) {
                self.fault = fault;
            }
        }
        if self.tunnel.is_none() {
            self.tunnel = ground.tunnel_about(self.since, self.since);
        }
    }
}

#[cfg(test)]
mod tests;
