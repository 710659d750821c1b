//! The hosts of a group, held against each other when something changed.

use super::Tracked;
use crate::domain::siblings::{Contrast, Sibling, compare};
use crate::domain::surroundings::Surroundings;
use crate::domain::target::{Expected, TargetId};
use crate::domain::thresholds::SiblingThresholds;
use crate::domain::time::{MonoTime, Now};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Between two looks at a group in which a host fails: its siblings are measured meanwhile.
const AGAIN: Duration = Duration::from_secs(10);

/// Which groups are to be compared, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Siblings {
    changed: BTreeSet<String>,
    /// Groups of which something was told, or in which a host fails.
    failing: BTreeSet<String>,
    looked: Option<MonoTime>,
}

impl Siblings {
    /// Notes that a host of `group` began to work or to fail.
    pub(super) fn changed(&mut self, group: Option<&str>) {
        if let Some(group) = group.filter(|group| !self.changed.contains(*group)) {
            self.changed.insert(group.to_owned());
        }
    }

    /// Compares what is due; `told` is brought up to date.
    pub(super) fn look(
        &mut self,
        targets: &BTreeMap<TargetId, Tracked>,
        told: &mut BTreeMap<TargetId, Contrast>,
        around: &Surroundings,
        now: Now,
    ) {
        let mut due = std::mem::take(&mut self.changed);
        if self.looked.is_none_or(|looked| now.mono.since(looked) >= AGAIN) {
            self.looked = Some(now.mono);
            due.append(&mut self.failing);
        }
        if due.is_empty() {
            return;
        }
        self.failing.retain(|group| !due.contains(group));
        let due_of =
            |tracked: &Tracked| tracked.target().group.as_ref().is_some_and(|g| due.contains(g));
        told.retain(|id, _| !targets.get(id).is_none_or(due_of));
        let members = targets.values().filter(|tracked| due_of(tracked));
        let members = members.map(|tracked| (tracked, tracked.expected(around, now.wall)));
        let (contrasts, failing) = siblings(members, around.limits.siblings, Duration::ZERO);
        told.extend(contrasts);
        self.failing.extend(failing);
    }
}

/// What the siblings of failing hosts say of them; a sibling counts as sound when it worked no
/// longer than `slack` before the other began to fail. Also the groups in which a host fails.
fn siblings<'a>(
    targets: impl Iterator<Item = (&'a Tracked, Expected)>,
    limits: SiblingThresholds,
    slack: Duration,
) -> (BTreeMap<TargetId, Contrast>, BTreeSet<String>) {
    let mut groups: BTreeMap<&str, Vec<Sibling<'_>>> = BTreeMap::new();
    let members = targets.filter_map(|(tracked, expected)| tracked.sibling(expected));
    for (group, sibling) in members {
        groups.entry(group).or_default().push(sibling);
    }
    let mut contrasts = BTreeMap::new();
    let mut failing = BTreeSet::new();
    for (group, members) in groups {
        if members.iter().any(|member| member.course.fails()) {
            contrasts.extend(compare(group, &members, limits, slack));
            failing.insert(group.to_owned());
        }
    }
    (contrasts, failing)
}

/// What the siblings of failing hosts say of them, all measured within `slack` of each other.
#[must_use]
pub fn sibling_contrasts<'a>(
    targets: impl Iterator<Item = &'a Tracked>,
    limits: SiblingThresholds,
    slack: Duration,
) -> BTreeMap<TargetId, Contrast> {
    // Of a single moment, hours say nothing.
    siblings(targets.map(|tracked| (tracked, tracked.target().expected)), limits, slack).0
}
