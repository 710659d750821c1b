//! Targets by site: the groups of the configuration, for screens that are seen from afar.

use super::columns::state_role;
use super::order::by_badness;
use super::state::UiState;
use super::theme::Role;
use crate::domain::alert::Alert;
use crate::domain::snapshot::{Snapshot, TargetSnapshot, TargetState};
use crate::domain::target::TargetId;
use std::collections::BTreeMap;

/// What the targets without a group are called.
pub const WITHOUT: &str = "no group";

/// What all targets are called where nobody is in a group.
const ALL: &str = "all hosts";

/// A group with its targets, worst first; never empty.
#[derive(Debug, Clone)]
pub struct Site<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Its targets.
    pub hosts: Vec<&'a TargetSnapshot>,
}

/// What somebody has seen to: targets with an alert of theirs.
pub type SeenTo<'a> = BTreeMap<TargetId, &'a Alert>;

impl Site<'_> {
    /// Its worst state; work that is planned and what somebody has `seen` to do not count, and it is
    /// not well while one of them is not measured.
    #[must_use]
    pub fn state(&self, seen: &SeenTo<'_>) -> TargetState {
        let judged =
            || self.hosts.iter().filter(|h| h.maintenance.is_none() && !is_seen_to(h, seen));
        let unmeasured = judged().any(|host| host.state == TargetState::NotMeasured);
        match judged().map(|host| host.state).max().unwrap_or_default() {
            TargetState::Ok if unmeasured => TargetState::NotMeasured,
            worst => worst,
        }
    }

    /// Whether some are in trouble, and somebody has `seen` to all of these.
    #[must_use]
    pub fn is_seen_to(&self, seen: &SeenTo<'_>) -> bool {
        let mut trouble = self.hosts.iter().filter(|host| host.is_in_trouble()).peekable();
        trouble.peek().is_some() && trouble.all(|host| is_seen_to(host, seen))
    }

    /// The role of its glyph: of its state, of a failure that is not confirmed, or that somebody has
    /// seen to its trouble.
    #[must_use]
    pub fn glyph(&self, seen: &SeenTo<'_>) -> Role {
        let unconfirmed =
            |host: &&TargetSnapshot| host.maintenance.is_none() && host.unconfirmed().is_some();
        match self.state(seen) {
            _ if self.is_seen_to(seen) => Role::StateMuted,
            TargetState::NotMeasured if self.hosts.iter().any(unconfirmed) => Role::StateWarning,
            state => state_role(state),
        }
    }

    /// Whether somebody should look at one of its targets.
    #[must_use]
    pub fn is_in_trouble(&self) -> bool {
        self.hosts.iter().any(|host| host.is_in_trouble())
    }
}

/// Whether a host is in trouble that somebody has `seen` to.
#[must_use]
pub fn is_seen_to(host: &TargetSnapshot, seen: &SeenTo<'_>) -> bool {
    host.is_in_trouble() && seen.contains_key(&host.target.id)
}

/// The sites, those in trouble that nobody has seen to first: what is critical, then what warns. Among
/// these, and among the rest, each keeps its place in the order of the configuration, so that none moves
/// while it stays as bad as it is; those without a group come last.
#[must_use]
pub fn sites<'a>(snapshot: &'a Snapshot, state: &UiState) -> Vec<Site<'a>> {
    let mut places: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    let mut sites: Vec<Site<'a>> = Vec::new();
    let sieve = state.filter.over(&snapshot.alerts);
    let shown = snapshot.targets.iter().map(AsRef::as_ref).filter(|t| sieve.admits(t));
    for target in shown {
        let group = target.target.group.as_deref();
        let place = *places.entry(group).or_insert(sites.len());
        match sites.get_mut(place) {
            Some(site) => site.hosts.push(target),
            None => sites.push(Site { name: group.unwrap_or(WITHOUT), hosts: vec![target] }),
        }
    }
    for site in &mut sites {
        site.hosts.sort_by(|a, b| by_badness(a, b));
    }
    if let Some(place) = places.get(&None) {
        let rest = sites.remove(*place);
        sites.push(if sites.is_empty() { Site { name: ALL, ..rest } } else { rest });
    }
    let seen = snapshot.seen_to();
    sites.sort_by_cached_key(|site| match site.state(&seen) {
        TargetState::Critical => 0,
        TargetState::Warning => 1,
        _ => 2,
    });
    sites
}
