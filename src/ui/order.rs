//! Which targets the table shows, and in which order.

use super::causes;
use super::state::{Direction, SortKey, UiState};
use super::world::World;
use crate::domain::finding::Risk;
use crate::domain::sample::Attempt;
use crate::domain::snapshot::{Snapshot, TargetSnapshot, TargetState};
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::time::Duration;

/// The admitted targets in order. Equal ones stay in the order of the configuration.
#[must_use]
pub fn rows<'a>(snapshot: &'a Snapshot, state: &UiState) -> Vec<&'a TargetSnapshot> {
    let sieve = state.filter.over(&snapshot.alerts);
    let all = snapshot.targets.iter().map(AsRef::as_ref);
    let mut rows: Vec<&TargetSnapshot> = all.filter(|target| sieve.admits(target)).collect();
    sort(&mut rows, state.sort, snapshot);
    if state.direction == Direction::Inverted {
        rows.reverse();
    }
    if !state.pinned.is_empty() {
        rows.sort_by_key(|target| !state.pinned.contains(&target.target.id));
    }
    if state.groups.on {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for target in unpinned(&rows, state) {
            let next = places.len();
            places.entry(group_of(target)).or_insert(next);
        }
        rows.sort_by_cached_key(|target| match places.get(group_of(target)) {
            Some(place) if !state.pinned.contains(&target.target.id) => place + 1,
            _ => 0,
        });
    }
    rows
}

fn unpinned<'r, 'a>(
    rows: &'r [&'a TargetSnapshot],
    state: &'r UiState,
) -> impl Iterator<Item = &'a TargetSnapshot> + 'r {
    rows.iter().copied().filter(|target| !state.pinned.contains(&target.target.id))
}

/// The group of a target; empty when it has none.
#[must_use]
pub fn group_of(target: &TargetSnapshot) -> &str {
    target.target.group.as_deref().unwrap_or_default()
}

/// A line of the table.
#[derive(Debug, Clone)]
pub enum Entry<'a> {
    /// A group with its targets, the worst first.
    Group {
        /// Its name; empty for targets without one.
        name: &'a str,
        /// Whether only this line of it is shown.
        folded: bool,
        /// Its targets.
        of: Vec<&'a TargetSnapshot>,
    },
    /// A target.
    Target(&'a TargetSnapshot),
}

impl<'a> Entry<'a> {
    /// The target of the line; of a group the worst.
    #[must_use]
    pub fn worst(&self) -> Option<&'a TargetSnapshot> {
        match self {
            Self::Target(target) => Some(target),
            Self::Group { of, .. } => of.first().copied(),
        }
    }
}

/// The lines of the table: the rows, under the headings of their groups when they are grouped.
/// Pinned ones stand above the first heading.
#[must_use]
pub fn entries<'a>(rows: &[&'a TargetSnapshot], state: &UiState) -> Vec<Entry<'a>> {
    if !state.groups.on {
        return rows.iter().copied().map(Entry::Target).collect();
    }
    let pinned = |target: &&&TargetSnapshot| state.pinned.contains(&target.target.id);
    let mut entries: Vec<Entry<'a>> =
        rows.iter().take_while(pinned).copied().map(Entry::Target).collect();
    let rest: Vec<&TargetSnapshot> = unpinned(rows, state).collect();
    for of in rest.chunk_by(|a, b| group_of(a) == group_of(b)) {
        let name = of.first().map_or("", |target| group_of(target));
        let folded = state.groups.folded.contains(name);
        let mut worst = of.to_vec();
        worst.sort_by(|a, b| by_badness(a, b));
        entries.push(Entry::Group { name, folded, of: worst });
        if !folded {
            entries.extend(of.iter().copied().map(Entry::Target));
        }
    }
    entries
}

/// The target that a screen about one target is about: the selected one, filtered out or not; where
/// none is, the first row.
#[must_use]
pub fn chosen<'a>(
    world: &World<'a>,
    state: &UiState,
    rows: &[&'a TargetSnapshot],
) -> Option<&'a TargetSnapshot> {
    match state.selected {
        Some(id) => world.target(id),
        None => rows.first().copied(),
    }
}

/// The worst target, for the banner.
#[must_use]
pub fn worst(snapshot: &Snapshot) -> Option<&TargetSnapshot> {
    let seen = snapshot.seen_to();
    let seen = |target: &TargetSnapshot| seen.contains_key(&target.target.id);
    let trouble =
        snapshot.targets.iter().map(AsRef::as_ref).filter(|target| target.is_in_trouble());
    // What nobody has seen to comes first.
    trouble.min_by(|a, b| seen(a).cmp(&seen(b)).then_with(|| by_badness(a, b)))
}

fn sort(rows: &mut [&TargetSnapshot], key: SortKey, snapshot: &Snapshot) {
    match key {
        SortKey::Worst => sort_by_trouble(rows, snapshot),
        SortKey::Name => rows.sort_by_cached_key(|t| t.target.name.to_lowercase()),
        SortKey::Group => rows.sort_by_cached_key(|t| {
            t.target.group.as_ref().map_or((true, String::new()), |g| (false, g.to_lowercase()))
        }),
        SortKey::Address => {
            rows.sort_by_key(|t| t.address.map_or((true, None), |a| (false, Some(a))));
        }
        SortKey::Loss => rows.sort_by(|a, b| {
            let loss = |t: &TargetSnapshot| t.echo_minute.loss().unwrap_or(-1.0);
            loss(b).total_cmp(&loss(a))
        }),
        SortKey::Last => rows.sort_by_key(|t| slowest(t.last_rtt())),
        SortKey::Median => rows.sort_by_key(|t| slowest(t.echo_minute.median)),
        SortKey::P95 => rows.sort_by_key(|t| slowest(t.echo_minute.p95)),
        SortKey::Jitter => rows.sort_by_key(|t| slowest(t.echo_minute.jitter)),
        SortKey::Certificate => rows.sort_by_key(|t| t.certificate_days.unwrap_or(i64::MAX)),
        SortKey::Since => rows.sort_by_key(|t| Reverse(t.state_since)),
    }
}

/// Slowest first, unmeasured last.
fn slowest(span: Option<Duration>) -> Reverse<Option<Duration>> {
    Reverse(span)
}

/// Its state, where those in maintenance come after whoever is in trouble, and those of whom a
/// failure is known but not confirmed right after trouble.
fn weight(target: &TargetSnapshot) -> (TargetState, bool) {
    match target.state {
        state if target.maintenance.is_some() => (state.min(TargetState::Waking), false),
        TargetState::NotMeasured if target.unconfirmed().is_some() => (TargetState::Unknown, true),
        state => (state, false),
    }
}

/// How bad it is: its state, its risk, and whether nobody gets in.
pub(super) type Badness = (Reverse<(TargetState, bool)>, Reverse<Risk>, Reverse<bool>);

/// Worst first: state, then risk, then whether nobody gets in.
pub(super) fn badness(target: &TargetSnapshot) -> Badness {
    let trouble = target.is_in_trouble();
    let shut = trouble && !target.attempt.as_ref().is_some_and(Attempt::serves);
    (Reverse(weight(target)), Reverse(target.risk), Reverse(shut))
}

/// Among those that are as bad as each other: who is in trouble for longest, to the minute. What
/// fell together stands by its name, on every screen alike.
fn longest(target: &TargetSnapshot) -> Option<(i64, &str)> {
    let minute = || target.state_since.unix_secs().div_euclid(60);
    target.is_in_trouble().then(|| (minute(), target.target.name.as_str()))
}

/// The order of the banner: what nobody has seen to, then the worst, then what most hosts share.
fn sort_by_trouble(rows: &mut [&TargetSnapshot], snapshot: &Snapshot) {
    let causes = causes::shared(snapshot);
    rows.sort_by_cached_key(|target| {
        let cause = causes.get(&target.target.id);
        let seen = cause.is_none_or(|(cause, _)| cause.muted);
        let shared = cause.map(|(cause, hosts)| (Reverse(*hosts), cause.rule));
        let shared = shared.filter(|(Reverse(hosts), _)| *hosts >= causes::MANY);
        (seen, badness(target), Reverse(shared.is_some()), shared, longest(target))
    });
}

/// The order of two by their badness.
pub(super) fn by_badness(a: &TargetSnapshot, b: &TargetSnapshot) -> Ordering {
    badness(a).cmp(&badness(b)).then_with(|| longest(a).cmp(&longest(b)))
}
