//! What an outage is held against, and where on the way it is.

use super::Member;
use super::begins::one_way;
use crate::domain::thresholds::PathThresholds;
use crate::domain::time::Now;
use crate::domain::way::{Stretch, Way};
use crate::domain::words::span;
use std::collections::BTreeMap;
use std::time::Duration;

/// A change of anything else this long before the first silence belongs to it …
const SHORTLY: Duration = Duration::from_secs(10);
/// … or this long after: a request may be on its way when the change comes.
const SEEN: Duration = Duration::from_secs(2);
/// A change of a tunnel this long before or after the first silence belongs to it.
const TUNNEL: Duration = Duration::from_secs(30);

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

    /// The tunnel that changed about when hosts fell silent, from the first to the last of them.
    pub(super) fn tunnel_about(&self, first: Now, last: Now) -> Option<String> {
        let (at, what) = self.tunnel.as_ref()?;
        let about = at.mono.plus(TUNNEL) >= first.mono && last.mono.plus(TUNNEL) >= at.mono;
        about.then(|| beside(what, *at, first))
    }

    /// What else changed shortly before the first of them did.
    pub(super) fn change_before(&self, first: Now) -> Option<String> {
        let (at, what) = self.change.as_ref()?;
        let before = at.mono.plus(SHORTLY) >= first.mono && first.mono.plus(SEEN) >= at.mono;
        before.then(|| beside(what, *at, first))
    }
}
