//! The alerts that can be chosen: each by itself, and one line for a cause that many hosts share.

use super::causes;
use super::marked::Lead;
use super::state::{AlertKey, UiState};
use super::world::World;
use crate::domain::alert::{Alert, AlertState, AlertsSnapshot};
use crate::domain::finding::{RuleId, Severity};
use crate::domain::target::TargetId;
use crate::domain::words::count;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Findings of one host that a sentence names.
const NAMED: usize = 4;

/// What the alerts of one line have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cause {
    /// They wait, or are of an earlier run.
    pub pending: bool,
    /// How bad.
    pub severity: Severity,
    /// Somebody has seen to them: acknowledged, snoozed or held back.
    pub muted: bool,
    /// Which rule.
    pub rule: RuleId,
}

/// A line that can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// One alert.
    Alert(AlertKey),
    /// A cause that many hosts share.
    Cause(Cause),
}

/// Where the user is among the alerts.
#[derive(Debug, Clone, Default)]
pub struct AlertsPlace {
    /// The chosen line, listed or not; `None` where there is none.
    pub chosen: Option<Place>,
    /// Who chose it.
    pub lead: Lead,
    /// Lines that the list is scrolled beyond the chosen one.
    pub beyond: usize,
    /// Causes of which every host is listed.
    pub opened: BTreeSet<Cause>,
}

/// A line that can be chosen, with what stands on it.
#[derive(Debug, Clone)]
pub enum Entry<'a> {
    /// One alert, and the cause whose hosts are listed around it.
    Alert(&'a Alert, Option<Cause>),
    /// A cause that many hosts share, these.
    Cause(Cause, Vec<&'a Alert>),
}

impl<'a> Entry<'a> {
    /// The line's identity from one picture to the next.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::Alert(alert, _) => Place::Alert(key(alert)),
            Self::Cause(cause, _) => Place::Cause(*cause),
        }
    }

    /// The alerts it stands for.
    #[must_use]
    pub fn alerts(&self) -> &[&'a Alert] {
        match self {
            Self::Alert(alert, _) => std::slice::from_ref(alert),
            Self::Cause(_, of) => of,
        }
    }

    /// What is acknowledged or snoozed with it.
    #[must_use]
    pub fn keys(&self) -> Vec<AlertKey> {
        self.alerts().iter().map(|alert| key(alert)).collect()
    }

    /// The cause that is opened or closed at this line.
    #[must_use]
    pub const fn cause(&self) -> Option<Cause> {
        match self {
            Self::Alert(_, cause) => *cause,
            Self::Cause(cause, _) => Some(*cause),
        }
    }
}

const fn key(alert: &Alert) -> AlertKey {
    (alert.target, alert.rule)
}

/// Whether somebody has seen to it.
#[must_use]
pub const fn is_muted(alert: &Alert) -> bool {
    alert.acknowledged.is_some() || alert.snoozed_until.is_some() || alert.held_until.is_some()
}

fn cause(alert: &Alert) -> Cause {
    Cause {
        pending: alert.state != AlertState::Firing,
        severity: alert.severity,
        muted: is_muted(alert),
        rule: alert.rule,
    }
}

/// The lines of what fires, then of what is pending.
#[must_use]
pub fn entries<'a>(alerts: &'a AlertsSnapshot, opened: &BTreeSet<Cause>) -> Vec<Entry<'a>> {
    let mut all = of(&alerts.firing, opened);
    all.extend(of(&alerts.pending, opened));
    all
}

/// The lines of these. Where many hosts share a cause, the rarer causes of that severity come
/// first, so that the one odd host is not below hundreds.
#[must_use]
pub fn of<'a>(
    alerts: impl IntoIterator<Item = &'a Alert>,
    opened: &BTreeSet<Cause>,
) -> Vec<Entry<'a>> {
    let (alone, shared) = causes::split(alerts, causes::MANY, |alert: &&Alert| {
        alert.target.is_some().then(|| cause(alert))
    });
    let mut lines: Vec<Entry<'a>> =
        alone.into_iter().map(|alert| Entry::Alert(alert, None)).collect();
    if shared.is_empty() {
        return lines;
    }
    lines.extend(shared.into_iter().map(|(cause, of)| Entry::Cause(cause, of)));
    lines.sort_by_key(|line| match line {
        Entry::Alert(alert, _) => (Reverse(alert.severity), is_muted(alert), Reverse(1)),
        Entry::Cause(cause, of) => (Reverse(cause.severity), cause.muted, Reverse(of.len())),
    });
    let listed = |line: Entry<'a>| match line {
        Entry::Cause(cause, of) if opened.contains(&cause) => {
            let hosts: Vec<Entry<'a>> =
                of.iter().map(|alert| Entry::Alert(alert, Some(cause))).collect();
            std::iter::once(Entry::Cause(cause, of)).chain(hosts).collect::<Vec<_>>()
        }
        line => vec![line],
    };
    lines.into_iter().flat_map(listed).collect()
}

/// Which of the lines is chosen: an alert that went into a shared line is that line, and a shared
/// line is the same while its alerts are seen to or get worse. `None` when it is not listed.
#[must_use]
pub fn chosen(entries: &[Entry<'_>], wanted: Option<Place>) -> Option<usize> {
    let wanted = wanted?;
    let exact = entries.iter().position(|entry| entry.place() == wanted);
    let within = |entry: &Entry<'_>| match (wanted, entry) {
        (Place::Alert(wanted), _) => entry.alerts().iter().any(|alert| key(alert) == wanted),
        (Place::Cause(cause), Entry::Cause(now, _)) => now.rule == cause.rule,
        (Place::Cause(_), Entry::Alert(..)) => false,
    };
    exact.or_else(|| entries.iter().position(within))
}

/// Why the chosen line is not listed; `None` when it is, or when none was chosen.
#[must_use]
pub fn missing(state: &UiState, world: &World<'_>) -> Option<String> {
    let wanted = state.alerts.chosen?;
    let entries = entries(&world.snapshot.alerts, &state.alerts.opened);
    if chosen(&entries, Some(wanted)).is_some() {
        return None;
    }
    Some(match wanted {
        Place::Alert(wanted) => gone(world, &[wanted]),
        Place::Cause(cause) => format!("{} of many hosts is not listed any more", cause.rule),
    })
}

/// The alerts of a cause that many hosts share, as it is by now; empty where they share it no more.
#[must_use]
pub fn sharing<'a>(world: &World<'a>, cause: Cause) -> Vec<&'a Alert> {
    let mut entries = entries(&world.snapshot.alerts, &BTreeSet::new());
    let place = chosen(&entries, Some(Place::Cause(cause)));
    match place.map(|place| entries.swap_remove(place)) {
        Some(Entry::Cause(_, of)) => of,
        _ => Vec::new(),
    }
}

/// These alerts are over, in words.
#[must_use]
pub fn gone(world: &World<'_>, keys: &[AlertKey]) -> String {
    format!("{} is not listed any more", named(world, keys))
}

/// The line of the worst alert of a host, when it has one.
#[must_use]
pub fn of_target(entries: &[Entry<'_>], target: TargetId) -> Option<Place> {
    let own = |entry: &&Entry<'_>| entry.alerts().iter().any(|alert| alert.target == Some(target));
    entries.iter().find(own).map(Entry::place)
}

/// These alerts in a few words: `office-pc: certificate-expired`, `port-closed of 495 hosts`.
#[must_use]
pub fn named(world: &World<'_>, keys: &[AlertKey]) -> String {
    let hosts: BTreeSet<Option<TargetId>> = keys.iter().map(|(target, _)| *target).collect();
    let rules: BTreeSet<RuleId> = keys.iter().map(|(_, rule)| *rule).collect();
    let many = |number: usize, noun: &str| count(u64::try_from(number).unwrap_or(u64::MAX), noun);
    match (keys, hosts.len(), rules.first()) {
        ([(target, _), ..], 1, _) if rules.len() <= NAMED => {
            let rules: Vec<&str> = rules.iter().map(|rule| rule.0).collect();
            format!("{}: {}", world.name(*target), rules.join(", "))
        }
        ([(target, _), ..], 1, _) => {
            format!("{}: {}", world.name(*target), many(keys.len(), "alert"))
        }
        (_, hosts, Some(rule)) if rules.len() == 1 => {
            format!("{rule} of {}", many(hosts, "host"))
        }
        (keys, hosts, _) => format!("{} of {}", many(keys.len(), "alert"), many(hosts, "host")),
    }
}
