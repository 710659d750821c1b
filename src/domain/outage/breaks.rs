//! When paths broke, kept between runs: a timer shows only over hours and days.

use super::{Member, Outage, Scope};
use crate::domain::drops::{Drops, RememberedDrop, Spell};
use crate::domain::time::{Now, WallTime};
use crate::domain::way::Stretch;
use std::collections::BTreeSet;
use std::time::Duration;

/// Paths that are kept, those that broke last.
pub const PATHS: usize = 16;
/// Without a look for so long nobody knows what was.
const UNWATCHED: Duration = Duration::from_mins(1);

/// When one path broke.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PathBreaks {
    /// Whose hosts fell silent together.
    pub scope: Scope,
    /// When, by the first silence.
    #[serde(default)]
    pub breaks: Drops,
}

/// When the paths broke that are watched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Breaks {
    /// The one that broke last is the last.
    paths: Vec<PathBreaks>,
    /// Since when somebody looks without a gap, and the newest look.
    watched: Option<(Now, Now)>,
}

impl Breaks {
    /// Takes over what an earlier run knew.
    pub fn recall(&mut self, paths: &[PathBreaks]) {
        let excess = paths.len().saturating_sub(PATHS);
        self.paths = paths.get(excess..).unwrap_or_default().to_vec();
    }

    /// What a later run must know.
    #[must_use]
    pub fn remember(&self) -> Vec<PathBreaks> {
        self.paths.clone()
    }

    /// Every path that broke, the last at the end.
    #[must_use]
    pub fn paths(&self) -> &[PathBreaks] {
        &self.paths
    }

    /// Notes that outages are looked for now.
    pub fn watch(&mut self, now: Now) {
        let goes_on = |(_, last): &(Now, Now)| now.mono.since(last.mono) <= UNWATCHED;
        let since = self.watched.filter(goes_on).map_or(now, |(since, _)| since);
        self.watched = Some((since, now));
    }

    /// How long it has been looked for breaks without a gap; `None` before the first look.
    #[must_use]
    pub fn watched(&self) -> Option<Spell> {
        self.watched.map(|(since, last)| Spell { since: since.wall, until: last.wall })
    }

    /// Takes in an outage that is over. One that nobody saw begin, after which nobody came back, or
    /// that was a restart, is no break.
    pub fn add(&mut self, outage: &Outage) {
        if outage.found || outage.back.is_empty() || outage.is_restart() {
            return;
        }
        let tunnel = outage.tunnel.is_some() || outage.stretch() == Some(Stretch::Tunnel);
        let drop =
            RememberedDrop { at: outage.since.wall, seen: true, tunnel, ..<_>::default() };
        let scope = outage.of_whom();
        let known = self.paths.iter().position(|path| path.scope == scope);
        let mut path = match known {
            Some(at) => self.paths.remove(at),
            None => PathBreaks { scope, breaks: Drops::default() },
        };
        path.breaks.add(drop);
        self.paths.push(path);
        let excess = self.paths.len().saturating_sub(PATHS);
        self.paths.drain(..excess);
    }

    /// Takes back an outage that turned out to be a restart.
    pub fn forget(&mut self, outage: &Outage) {
        let scope = outage.of_whom();
        for path in self.paths.iter_mut().filter(|path| path.scope == scope) {
            path.breaks.forget(outage.since.wall);
        }
    }

    /// When the path of `outage` broke before that one, the oldest first.
    #[must_use]
    pub fn before(&self, outage: &Outage) -> Vec<WallTime> {
        let scope = outage.of_whom();
        let own = self.paths.iter().filter(|path| path.scope == scope);
        let times = own.flat_map(|path| path.breaks.until(outage.since.wall)).map(|drop| drop.at);
        times.filter(|at| *at < outage.since.wall).collect()
    }
}

impl Outage {
    /// Whose path it is that broke, as it is remembered: a group's where all of them are of one.
    #[must_use]
    pub fn of_whom(&self) -> Scope {
        match &self.group {
            Some(group) => Scope::Group(group.clone()),
            None => self.scope.clone(),
        }
    }

    /// Takes in whether all of its members are of one group.
    pub(super) fn see_group(&mut self, members: &[Member<'_>]) {
        let own = members.iter().filter(|member| self.members.contains_key(&member.target));
        let groups: BTreeSet<Option<&str>> = own.map(|member| member.group).collect();
        let one = groups.first().copied().flatten().filter(|_| groups.len() == 1);
        if self.group.as_deref() != one {
            self.group = one.map(str::to_owned);
        }
    }
}
