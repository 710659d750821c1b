//! What an outage is held against, and where on the way it is.

use super::Member;
use super::begins::{least, one_way};
use crate::domain::thresholds::PathThresholds;
use crate::domain::time::{MonoTime, Now};
use crate::domain::together::is_share;
use crate::domain::tunnel::{SEEN, TunnelChange};
use crate::domain::way::{Stretch, Way};
use crate::domain::words::span;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// A change of anything else belongs to a first silence that began so long after it,
/// or [`SEEN`] after.
const SHORTLY: Duration = Duration::from_secs(10);
/// A change of a tunnel is of hosts when it moved so many of them, in percent.
const MOST: u32 = 51;
/// So many silent hosts are a path whose ways were seen to go with a tunnel.
const SEEN_HOSTS: u32 = 2;

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
    pub(super) fn is_proven_tunnel(&self) -> bool {
        self.stretch == Stretch::Tunnel && self.silent.is_some()
    }
}

/// What an outage is held against.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ground {
    /// Something nearer that answers, escaped; without any nobody can say whether the fault is
    /// this machine's own, and only the silence of all at once is told.
    pub nearer: Option<String>,
    /// The latest changes of this machine's tunnels, oldest first.
    pub tunnels: Vec<TunnelChange>,
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

/// A tunnel that changed beside an outage.
pub(super) struct Beside {
    /// `wg0 went down 3.0 s before`.
    pub(super) what: String,
    /// It took the ways of hosts over, and is not one that went down.
    pub(super) took: bool,
    /// When it was seen to take their ways along; `None` where nobody can tell where it leads.
    pub(super) seen: Option<MonoTime>,
}

/// Whether a change may be why most of these hosts are silent: it moved them, and they answered no
/// more.
fn is_of_most(change: &TunnelChange, silent: &[&Member<'_>], first: MonoTime) -> bool {
    let hosts = |of: &mut dyn Iterator<Item = &&Member<'_>>| -> usize {
        of.map(|member| member.address).collect::<BTreeSet<IpAddr>>().len()
    };
    let of_it = |member: &&&Member<'_>| {
        change.may_silence(member.address, !member.routed, first)
            && !change.was_survived(member.heard)
    };
    let moved = hosts(&mut silent.iter().filter(of_it));
    moved > 0 && is_share(moved, hosts(&mut silent.iter()), MOST)
}

impl Ground {
    /// Where the way to `silent` is broken. That hosts alone are silent speaks for a tunnel when
    /// nobody else of `all` answers through it.
    pub(super) fn fault<'a, 'm: 'a>(
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

    /// The tunnel that changed about when hosts fell silent, from the first to the last of them, and
    /// took most of their ways with it; of several the one nearest to the first silence.
    pub(super) fn tunnel_about(
        &self,
        silent: &[&Member<'_>],
        first: Now,
        last: Now,
    ) -> Option<Beside> {
        let about = self.tunnels.iter().filter(|change| change.is_about(first.mono, last.mono));
        let fits = about.filter(|change| is_of_most(change, silent, first.mono));
        let apart = |at: MonoTime| at.since(first.mono).max(first.mono.since(at));
        let nearest = fits.min_by_key(|change| apart(change.at.mono))?;
        let took = silent.iter().any(|member| nearest.taken.contains(&member.address));
        let seen = (!nearest.blind).then_some(nearest.at.mono);
        Some(Beside { what: beside(&nearest.what, nearest.at, first), took, seen })
    }

    /// So many silent hosts may be a path at least.
    pub(super) fn least(&self) -> usize {
        let seen = self.tunnels.iter().any(|change| !change.blind);
        least(&if seen { self.limits_seen() } else { self.limits })
    }

    /// What makes hosts a path that fell silent from `first` on, when `tunnel` changed about then: fewer
    /// of them where their ways were seen to go with it, before each is told of by itself.
    pub(super) fn limits_with(&self, tunnel: Option<&Beside>, first: Now) -> PathThresholds {
        let soon = |at: MonoTime| at <= first.mono.plus(self.limits.together);
        let seen = tunnel.and_then(|tunnel| tunnel.seen).is_some_and(soon);
        if seen { self.limits_seen() } else { self.limits }
    }

    fn limits_seen(&self) -> PathThresholds {
        PathThresholds { hosts: self.limits.hosts.min(SEEN_HOSTS), ..self.limits }
    }

    /// Whether what ends `stretch` goes on answering, or something beyond it.
    pub(super) fn reaches(&self, stretch: Stretch) -> bool {
        let sound = |way: &Way<String>| way.sound.as_ref().is_some_and(|(far, _)| *far >= stretch);
        self.ways.values().any(sound)
    }

    /// What else changed shortly before the first of them did.
    pub(super) fn change_before(&self, first: Now) -> Option<String> {
        let (at, what) = self.change.as_ref()?;
        let before = at.mono.plus(SHORTLY) >= first.mono && first.mono.plus(SEEN) >= at.mono;
        before.then(|| beside(what, *at, first))
    }
}
