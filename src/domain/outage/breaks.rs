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
        let drop = RememberedDrop { at: outage.since.wall, seen: true, tunnel, ..<_>::default() };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::target::TargetId;
    use crate::domain::time::MonoTime;

    fn at(secs: u64) -> Now {
        let wall = WallTime::from_unix_secs(1_795_244_400).plus(Duration::from_secs(secs));
        Now { mono: MonoTime::from_secs(secs), wall }
    }

    fn over(group: u64, secs: u64) -> Outage {
        let scope = Scope::Group(format!("site {group}"));
        let mut outage = Outage::new(scope, at(secs), None);
        outage.back.insert(TargetId(0), at(secs + 40));
        outage
    }

    #[test]
    fn breaks_are_kept_by_path_between_runs_and_bounded() {
        let mut breaks = Breaks::default();
        for group in 0..20 {
            for round in 0..100 {
                breaks.add(&over(group, round * 600));
            }
        }
        assert_eq!(breaks.paths().len(), PATHS);
        assert_eq!(breaks.before(&over(0, 60_000)), [], "the others broke after it");
        let mut later = Breaks::default();
        later.recall(&breaks.remember());
        let before = later.before(&over(19, 59_400));
        assert_eq!(before.len(), crate::domain::drops::KEPT - 1, "without that one");
        assert_eq!(before.last(), Some(&at(58_800).wall));
    }

    #[test]
    fn what_nobody_saw_begin_or_nobody_came_back_from_is_no_break() {
        let mut breaks = Breaks::default();
        breaks.add(&Outage { found: true, ..over(1, 600) });
        breaks.add(&Outage { back: [].into(), ..over(1, 600) });
        assert_eq!(breaks.paths(), []);
        breaks.add(&over(1, 600));
        assert_eq!(breaks.before(&over(1, 1_200)), [at(600).wall]);
        breaks.forget(&over(1, 600));
        assert_eq!(breaks.before(&over(1, 1_200)), [], "it was a restart");
    }

    #[test]
    fn without_a_look_for_a_minute_nobody_knows_what_was() {
        let mut breaks = Breaks::default();
        breaks.watch(at(0));
        breaks.watch(at(30));
        let spell =
            |since: u64, until: u64| Some(Spell { since: at(since).wall, until: at(until).wall });
        assert_eq!(breaks.watched(), spell(0, 30));
        breaks.watch(at(200));
        assert_eq!(breaks.watched(), spell(200, 200));
    }
}
