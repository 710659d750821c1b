//! What stood before something was asked of the monitor: in moments and not in lengths, so that it
//! ends when it would have ended, whenever it is asked for again.

use crate::domain::alert::{Alert, Signature};
use crate::domain::target::TargetId;
use crate::domain::time::WallTime;
use crate::ui::effect::Effect;
use crate::ui::state::AlertKey;
use crate::ui::world::World;
use std::collections::{BTreeMap, BTreeSet};

/// What stood before.
#[derive(Debug, Clone)]
pub(super) enum Before {
    /// When this alert was acknowledged, and how it was signed; `None`: it was not.
    Acknowledged(AlertKey, Option<(WallTime, Signature)>),
    /// Until when this alert was snoozed; `None`: it was not.
    Snoozed(AlertKey, Option<WallTime>),
    /// Until when work was asked for on these; `None`: it was not.
    Maintained(Vec<TargetId>, Option<WallTime>),
}

impl Before {
    /// When it ends.
    const fn until(&self) -> Option<WallTime> {
        match self {
            Self::Acknowledged(..) => None,
            Self::Snoozed(_, until) | Self::Maintained(_, until) => *until,
        }
    }

    /// Since when it would be over.
    pub(super) fn over(&self, now: WallTime) -> Option<WallTime> {
        self.until().filter(|until| *until <= now)
    }

    /// What asks for it again; for none, where it would be over.
    pub(super) fn asks(self, now: WallTime) -> Effect {
        let left = |until: Option<WallTime>| {
            until.map(|until| until.since(now)).filter(|left| !left.is_zero())
        };
        match self {
            Self::Acknowledged((target, rule), Some((at, signed))) => {
                Effect::Reacknowledge { target, rule, at, signed }
            }
            Self::Acknowledged((target, rule), None) => Effect::Unacknowledge { target, rule },
            Self::Snoozed((target, rule), until) => match left(until) {
                Some(length) => Effect::Snooze { target, rule, length },
                None => Effect::Unsnooze { target, rule },
            },
            Self::Maintained(targets, until) => Effect::Maintain { targets, length: left(until) },
        }
    }
}

/// What was asked for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// What stood before, part by part.
    pub(super) before: Vec<Before>,
    /// Whose; `None` is this machine.
    pub(super) whose: BTreeSet<Option<TargetId>>,
    /// In words.
    pub(super) what: &'static str,
}

/// What `effects` ask for, and what stood before; `None` where nothing of that can come back.
pub(super) fn of(world: &World<'_>, effects: &[Effect]) -> Option<Asked> {
    let Asked { mut before, mut whose, mut what } = Asked::default();
    let alerts = alerts(world, effects);
    for effect in effects {
        match effect {
            Effect::Acknowledge { target, rule, .. } | Effect::Unacknowledge { target, rule } => {
                what = match effect {
                    Effect::Acknowledge { .. } => "acknowledgement",
                    _ => "withdrawal of the acknowledgement",
                };
                whose.insert(*target);
                let key = (*target, *rule);
                let signed = alerts
                    .get(&key)
                    .and_then(|alert| alert.acknowledged.map(|at| (at, alert.signed.clone())));
                before.push(Before::Acknowledged(key, signed));
            }
            Effect::Snooze { target, rule, .. } | Effect::Unsnooze { target, rule } => {
                what = match effect {
                    Effect::Snooze { .. } => "snooze",
                    _ => "end of the snooze",
                };
                whose.insert(*target);
                let key = (*target, *rule);
                let until = alerts.get(&key).and_then(|alert| alert.snoozed_until);
                before.push(Before::Snoozed(key, until));
            }
            Effect::Maintain { targets, length } => {
                what = if length.is_some() { "maintenance" } else { "end of the maintenance" };
                // One wish for all that end together: usually for all.
                let mut ends: BTreeMap<Option<WallTime>, Vec<TargetId>> = BTreeMap::new();
                for id in targets {
                    let asked = world.target(*id).and_then(|t| t.maintenance.as_ref()?.asked);
                    // Where there is none, none is ended.
                    if length.is_none() && asked.is_none() {
                        continue;
                    }
                    whose.insert(Some(*id));
                    ends.entry(asked).or_default().push(*id);
                }
                let parts = ends.into_iter();
                before.extend(parts.map(|(until, targets)| Before::Maintained(targets, until)));
            }
            _ => {}
        }
    }
    (!before.is_empty()).then_some(Asked { before, whose, what })
}

/// Every alert by its key, where one of the effects is about an alert.
fn alerts<'a>(world: &World<'a>, effects: &[Effect]) -> BTreeMap<AlertKey, &'a Alert> {
    let about = |effect: &Effect| {
        matches!(
            effect,
            Effect::Acknowledge { .. }
                | Effect::Unacknowledge { .. }
                | Effect::Snooze { .. }
                | Effect::Unsnooze { .. }
        )
    };
    if !effects.iter().any(about) {
        return BTreeMap::new();
    }
    let alerts = &world.snapshot.alerts;
    let all = alerts.firing.iter().chain(&alerts.pending);
    all.map(|alert| ((alert.target, alert.rule), alert)).collect()
}
