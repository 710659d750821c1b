//! One thing that fails several hosts, in place of many hosts that fail: a DNS server that answers
//! nobody, the gateway in front of them or its certificate, a firewall that bars a port of theirs, or
//! whatever they share that all ail alike from the same moment on.
//!
//! What each target says of such a [`Thing`] is a [`Witness`]. [`CommonCauses`] holds them against each
//! other: those that began to fail together, while (nearly) nobody who asked since is served, fail by
//! the thing and not by themselves. Of a port others may go on to be served: a firewall bars whom it
//! was told to. It reads no clock and is called as time passes.

mod alike;
mod barred;
mod begins;
mod follow;
mod in_turns;
#[cfg(test)]
mod tests;

use super::finding::{Confidence, RuleId, Severity};
use super::sample::{NameOutcome, NtStatus};
use super::target::TargetId;
use super::thresholds::CommonThresholds;
use super::time::{MonoTime, Now};
use super::together::UNSTEADY;
use begins::begins;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// How many that are over are remembered.
const MOST_OVER: usize = 16;

pub use alike::{Signs, Votes, most_at_once, undecided as undecided_alike};
pub use barred::undecided;
pub use in_turns::{LOOKED_AT, Lookups};

/// What several hosts have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// DNS servers, in the order in which they are asked: all of them fail.
    NameServers(Vec<IpAddr>),
    /// An RD Gateway.
    Gateway {
        /// Its name or address, as configured; unescaped.
        host: String,
        /// Its TCP port.
        port: u16,
    },
    /// The certificate that an RD Gateway presents.
    GatewayCertificate {
        /// The gateway's name or address, as configured; unescaped.
        host: String,
        /// Its TCP port.
        port: u16,
    },
    /// This TCP port of hosts that answer otherwise.
    Port(u16),
    /// Whatever hosts share that ail alike.
    Alike(Trouble, Shared),
}

/// What ails several hosts alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// The way to them fails so.
    Line(LineFault),
    /// Large packets to them vanish.
    LargePackets,
    /// Their names are answered late, after this DNS server.
    SlowNames(IpAddr),
    /// Their names lead to this address, which is expected of none of them.
    LeadsTo(IpAddr),
    /// They refuse NLA with this code.
    SignIn(NtStatus),
    /// Remote Desktop itself fails so.
    Service(ServiceFault),
}

/// How Remote Desktop fails at several hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceFault {
    /// The port refuses connections.
    Refused,
    /// Connections are taken, and nothing is said.
    Silent,
    /// Some connections fail, others work.
    InTurns,
    /// It answers late.
    Slow,
}

/// What hosts share, the widest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shared {
    /// This machine.
    All,
    /// This machine's router.
    Router,
    /// A group, unescaped.
    Group(String),
    /// A tunnel, unescaped.
    Tunnel(String),
}

/// The same, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Share<'a> {
    /// See [`Shared::All`].
    All,
    /// See [`Shared::Router`].
    Router,
    /// See [`Shared::Group`].
    Group(&'a str),
    /// See [`Shared::Tunnel`].
    Tunnel(&'a str),
}

impl From<Share<'_>> for Shared {
    fn from(share: Share<'_>) -> Self {
        match share {
            Share::All => Self::All,
            Share::Router => Self::Router,
            Share::Group(name) => Self::Group(name.to_owned()),
            Share::Tunnel(name) => Self::Tunnel(name.to_owned()),
        }
    }
}

/// How a gateway fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GatewayFault {
    /// Its own name leads nowhere.
    Name,
    /// A connection to it is refused.
    Refuses,
    /// A connection to it is answered by an error of a firewall or a router.
    CutOff,
    /// A connection to it is not answered.
    Silent,
    /// TLS with it fails, or is too old.
    Tls,
    /// It does not ask for sign-in.
    Answer,
}

/// How a port is barred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Barred {
    /// A connection to it is not answered.
    Filtered,
    /// A connection to it is answered by an error of this firewall; `None`: of the host's own, or of
    /// one that does not say who it is.
    Rejected(Option<IpAddr>),
}

/// How a line fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineFault {
    /// It loses packets.
    Loses,
    /// A round trip takes long.
    Slow,
    /// Round trips jump.
    Jumps,
}

/// How it fails one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// The answer of a DNS server.
    Name(NameOutcome),
    /// What becomes of a look at the gateway.
    Gateway(GatewayFault),
    /// What becomes of a connection to the port.
    Port(Barred),
    /// The [`Thing`] says it.
    Itself,
}

/// What the finding of one host says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// In a few words, escaped.
    pub title: String,
    /// How sure.
    pub sure: Confidence,
    /// Where the host is dialled.
    pub address: Option<IpAddr>,
    /// The controls at its site.
    pub beside: Vec<IpAddr>,
    /// How long a round trip to it takes, or how far they jump, where that is what ails it.
    pub takes: Option<Duration>,
}

/// What one target says of a thing that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness<'a> {
    /// Which.
    pub target: TargetId,
    /// Its name, unescaped.
    pub name: &'a str,
    /// What it says.
    pub word: Word,
    /// When the newest probe that says so began.
    pub at: Now,
    /// What its own finding says, where that tells more than [`How`].
    pub says: Option<Arc<Example>>,
    /// It is worked on, and not told of with the others.
    pub maintained: bool,
}

/// What a target says of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// It serves the target, or what it does not serve it with comes from elsewhere.
    Works,
    /// The target gets along without it, for now.
    Without,
    /// The target needs it, and was not asked yet.
    NotAsked,
    /// The target shows the first signs of what is no finding yet.
    Suffers,
    /// What the target suffers with others explains whatever it shows, or did a moment ago: a weak
    /// Wi-Fi of this machine, a path that is down. It says nothing of the thing meanwhile.
    Explained,
    /// It fails the target, which fails with it.
    Fails {
        /// How.
        how: How,
        /// How bad that is.
        severity: Severity,
        /// When the first of the probes in a row began that it failed.
        since: Now,
        /// The target's own finding stands.
        stands: bool,
    },
}

/// One thing that fails, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommonCause {
    /// What.
    pub thing: Thing,
    /// How it fails most of them.
    pub how: How,
    /// How bad that is for whom it is worst.
    pub severity: Severity,
    /// When the first probe began that it failed.
    pub since: Now,
    /// When the last of them began to fail by it.
    pub until: Now,
    /// What the worst of their own findings says, where that tells more than `how`.
    pub says: Option<Arc<Example>>,
    /// Who fails by it now, with names, unescaped; where it is one for all, who needs it and was not
    /// served since.
    pub members: BTreeMap<TargetId, String>,
    /// Those of them that are worked on.
    pub maintained: BTreeSet<TargetId>,
    /// Of whom nothing is heard any more, and since when.
    pub unheard: BTreeMap<TargetId, MonoTime>,
    /// Of whom something else explained what they show ([`Word::Explained`]), and when it last did.
    pub explained: BTreeMap<TargetId, MonoTime>,
    /// When the probe began that was the first to be served again, while somebody is; of those that
    /// ail alike, since when it does not hold.
    pub served: Option<Now>,
    /// How many need it, as far as they were measured since; of a port, all that have it.
    pub of: usize,
    /// Who is served since.
    pub spared: Spared,
    /// Of DNS servers that answer only some lookups: how many failed of all in the last
    /// [`LOOKED_AT`], since it began.
    pub in_turns: Option<(usize, usize)>,
    /// Numbers the causes of one kind in the order in which they were seen; one that comes again
    /// soon has the number that it had.
    pub number: u32,
}

/// Who is served while others fail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spared {
    /// How many.
    pub number: usize,
    /// The names of some, unescaped.
    pub names: Vec<String>,
}

/// What serves some target, whomever it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not modes")]
pub struct Serving {
    /// The name of some target resolves, or none has one.
    pub names: bool,
    /// The gateway of some target asks for sign-in, as it has to, or none has one.
    pub gateways: bool,
    /// The certificate of some target's gateway is good, or none has one.
    pub certificates: bool,
    /// The port of some target is open, or there is none.
    pub ports: bool,
    /// Some target is measured, or there is none: who shares anything is told of at once.
    pub measured: bool,
}

/// Every common cause that stands.
#[derive(Debug, Clone, Default)]
pub struct CommonCauses {
    open: Vec<CommonCause>,
    /// DNS servers that answer only some lookups.
    in_turns: Vec<CommonCause>,
    /// Things that failed, when they were seen to be over, and their numbers.
    over: VecDeque<(Thing, Now, u32)>,
    numbered: u32,
}

impl Thing {
    /// Findings of a target that are told with it.
    #[must_use]
    pub const fn tells(&self) -> &'static [&'static str] {
        match self {
            Self::NameServers(_) => &["dns-failure"],
            Self::Gateway { .. } => &["gateway-unreachable", "gateway-not-answering"],
            Self::GatewayCertificate { .. } => &["gateway-certificate"],
            Self::Port(_) => &["port-filtered", "port-rejected"],
            Self::Alike(trouble, _) => trouble.tells(),
        }
    }

    /// How many targets it fails before it may be a cause. A probe of a gateway says the same for
    /// whomever it was sent, a question for a name is about that name.
    #[must_use]
    pub fn least(&self, limits: CommonThresholds) -> usize {
        if self.is_one_for_all() { 1 } else { limits.hosts() }
    }

    const fn is_one_for_all(&self) -> bool {
        matches!(self, Self::Gateway { .. } | Self::GatewayCertificate { .. })
    }
}

impl CommonCause {
    /// Whether the finding of `rule` at `target` is told with it, and not by itself.
    #[must_use]
    pub fn tells(&self, target: TargetId, rule: RuleId) -> bool {
        self.thing.tells().contains(&rule.0) && self.members.contains_key(&target)
    }

    /// Whether everybody whom it fails is worked on.
    #[must_use]
    pub fn is_maintained(&self) -> bool {
        self.maintained.len() >= self.members.len()
    }

    /// Whom it is told of: who fails by it, without those that are worked on unless all are.
    pub fn told(&self) -> impl Iterator<Item = &String> {
        let all = self.is_maintained();
        let told = move |id: &TargetId| all || !self.maintained.contains(id);
        self.members.iter().filter(move |(id, _)| told(id)).map(|(_, name)| name)
    }
}

impl CommonCauses {
    /// Those that fail (nearly) everybody, the first seen first.
    #[must_use]
    pub fn open(&self) -> &[CommonCause] {
        &self.open
    }

    /// Those that stand, and DNS servers that answer only some lookups, also where at times they
    /// answer none.
    pub fn told(&self) -> impl Iterator<Item = &CommonCause> {
        let told = |one: &&CommonCause| !self.in_turns.iter().any(|some| some.thing == one.thing);
        self.open.iter().filter(told).chain(&self.in_turns)
    }

    /// Forgets a target that is watched no more, or asks another thing from now on.
    pub fn forget(&mut self, target: TargetId) {
        for cause in self.open.iter_mut().chain(&mut self.in_turns) {
            cause.members.remove(&target);
            cause.maintained.remove(&target);
            cause.unheard.remove(&target);
            cause.explained.remove(&target);
        }
    }

    /// Holds what all targets say of each thing against each other. Of a thing that stands as a cause
    /// they have to be heard, whether it fails anybody now or not. Call it about once a second, and
    /// not while this machine is offline: then nobody is judged, and what stood stands.
    pub fn observe(
        &mut self,
        heard: &BTreeMap<Thing, Vec<Witness<'_>>>,
        limits: CommonThresholds,
        now: Now,
    ) {
        let lines = alike::bad_lines(&self.open, limits);
        let is_over = |cause: &mut CommonCause| {
            let witnesses = heard.get(&cause.thing).map_or(&[][..], Vec::as_slice);
            match cause.thing {
                Thing::Port(_) => cause.follow_barred(witnesses, limits, now),
                Thing::Alike(..) => cause.follow_alike(witnesses, &lines, limits, now),
                _ => cause.follow(witnesses, limits, now),
            }
        };
        let ended: Vec<CommonCause> = self.open.extract_if(.., is_over).collect();
        for cause in ended {
            self.end(cause, now);
        }
        for (thing, witnesses) in heard {
            let known = || self.open.iter().filter(|cause| cause.thing == *thing);
            let begun = match thing {
                Thing::Port(_) => {
                    let taken = |id| known().any(|cause| cause.members.contains_key(&id));
                    barred::begins(thing, witnesses, taken, limits, now)
                }
                Thing::Alike(..) => None,
                _ if known().next().is_none() => begins(thing, witnesses, limits),
                _ => None,
            };
            self.begin(begun, limits, now);
        }
        while let Some(begun) = alike::widest(heard, &self.open, limits) {
            self.begin(Some(begun), limits, now);
        }
    }

    fn begin(&mut self, begun: Option<CommonCause>, limits: CommonThresholds, now: Now) {
        let Some(cause) = begun else { return };
        let known = self.in_turns.iter().find(|some| some.thing == cause.thing);
        let lines = alike::bad_lines(&self.open, limits);
        let line = cause.thing.bad_otherwise(&lines).map(|line| line.number);
        let number = known.map(|some| some.number).or(line);
        let number = number.unwrap_or_else(|| self.number(&cause.thing, now));
        self.open.push(CommonCause { number, ..cause });
    }

    fn end(&mut self, cause: CommonCause, now: Now) {
        self.over.push_back((cause.thing, now, cause.number));
        let excess = self.over.len().saturating_sub(MOST_OVER);
        self.over.drain(..excess);
    }

    fn number(&mut self, thing: &Thing, now: Now) -> u32 {
        let lately = self
            .over
            .iter()
            .rev()
            .find(|(past, ended, _)| past == thing && now.mono.since(ended.mono) <= UNSTEADY);
        if let Some((_, _, number)) = lately {
            return *number;
        }
        self.numbered = self.numbered.saturating_add(1);
        self.numbered
    }
}
