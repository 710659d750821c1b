//! What the screen looks at, besides its own state.

use super::format::Zone;
use super::keymap::Keymap;
use super::theme::GlyphSet;
use crate::domain::alert::{Alert, AlertState};
use crate::domain::rules::whose_without_target;
use crate::domain::snapshot::{Event, Snapshot, TargetSnapshot, TargetState};
use crate::domain::target::TargetId;
use crate::domain::time::WallTime;
use crate::report::ticket::{TicketInput, shared_ticket, ticket};
use std::sync::{Arc, OnceLock};

/// Read-only input of `update` and `ViewModel::build`.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// The picture that is shown: the newest, or the one the user froze.
    pub snapshot: &'a Snapshot,
    /// Where its targets are.
    pub places: &'a Places,
    /// Which key does what.
    pub keymap: &'a Keymap,
    /// The present; later than the snapshot's while the screen is frozen.
    pub now: WallTime,
    /// Which glyphs the terminal can show.
    pub glyphs: GlyphSet,
}

/// Where each target of a picture is, by its identity. Pictures mostly have the same targets as those
/// before: what is known of an earlier one is tried, and what the picture says decides.
#[derive(Debug, Clone, Default)]
pub struct Places {
    known: Arc<Index>,
    own: OnceLock<Arc<Index>>,
}

/// Identities in order, and where their targets are.
type Index = Vec<(TargetId, usize)>;

impl Places {
    /// Those of this picture.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        Self { known: Arc::new(index(snapshot)), own: OnceLock::new() }
    }

    /// For the picture that comes next.
    #[must_use]
    pub fn next(&self) -> Self {
        let known = Arc::clone(self.own.get().unwrap_or(&self.known));
        Self { known, own: OnceLock::new() }
    }

    fn find<'a>(&self, id: TargetId, snapshot: &'a Snapshot) -> Option<&'a TargetSnapshot> {
        at(&self.known, id, snapshot).or_else(|| {
            let own = self.own.get_or_init(|| Arc::new(index(snapshot)));
            at(own, id, snapshot)
        })
    }
}

fn index(snapshot: &Snapshot) -> Index {
    let ids = snapshot.targets.iter().map(|target| target.target.id);
    let mut index: Index = ids.enumerate().map(|(place, id)| (id, place)).collect();
    index.sort_unstable();
    index
}

/// The target that is where the index says, if it is that one.
fn at<'a>(index: &Index, id: TargetId, snapshot: &'a Snapshot) -> Option<&'a TargetSnapshot> {
    let found = index.binary_search_by_key(&id, |(id, _)| *id).ok()?;
    let target = snapshot.targets.get(index.get(found)?.1)?;
    (target.target.id == id).then_some(target)
}

impl<'a> World<'a> {
    /// The target with this identity.
    #[must_use]
    pub fn target(&self, id: TargetId) -> Option<&'a TargetSnapshot> {
        self.places.find(id, self.snapshot)
    }

    /// Whether an alert fires for a while only, of what is not measured any more: its host is well.
    #[must_use]
    pub fn is_clearing(&self, alert: &Alert) -> bool {
        let host = alert.target.and_then(|id| self.target(id));
        alert.state == AlertState::Firing
            && alert.explained_by.is_none()
            && host.is_some_and(|host| {
                host.state == TargetState::Ok
                    && !host.findings.iter().any(|finding| finding.rule == alert.rule)
            })
    }

    /// The text about `target` for a ticket.
    #[must_use]
    pub fn ticket(&self, target: &TargetSnapshot, zone: &Zone) -> String {
        ticket(&self.ticket_input(target, zone))
    }

    /// The text for a ticket of what the hosts of these alerts share; `None` where there are none.
    #[must_use]
    pub fn shared_ticket(&self, title: &str, alerts: &[&Alert], zone: &Zone) -> Option<String> {
        let hosts =
            alerts.iter().filter_map(|alert| Some((self.target(alert.target?)?, alert.since)));
        let hosts: Vec<(&TargetSnapshot, WallTime)> = hosts.collect();
        let (one, _) = hosts.first()?;
        Some(shared_ticket(&self.ticket_input(one, zone), title, &hosts))
    }

    fn ticket_input<'t>(&'t self, target: &'t TargetSnapshot, zone: &'t Zone) -> TicketInput<'t> {
        TicketInput {
            target,
            monitor: &self.snapshot.monitor,
            alerts: &self.snapshot.alerts,
            now: self.snapshot.now.wall,
            zone: &zone.0,
            simulated: self.snapshot.simulated,
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// What the user calls a target; this machine's alerts belong to "this machine".
    #[must_use]
    pub fn name(&self, id: Option<TargetId>) -> &'a str {
        match id {
            None => "this machine",
            Some(id) => self.target(id).map_or("a removed target", |t| t.target.name.as_str()),
        }
    }

    /// Whose alert it is: of a target, of several hosts, or of this machine.
    #[must_use]
    pub fn subject(&self, alert: &Alert) -> &'a str {
        match alert.target {
            None => whose_without_target(alert.rule),
            of => self.name(of),
        }
    }

    /// Whose event it is: of a target, also of one that is watched no more, or of this machine.
    #[must_use]
    pub fn whose<'e>(&self, event: &'e Event) -> &'e str
    where
        'a: 'e,
    {
        event.gone.as_deref().unwrap_or_else(|| self.name(event.target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::local::{EchoAccess, LocalState};
    use crate::domain::target::{Host, Target};
    use crate::domain::time::{MonoTime, Now};
    use crate::monitor::{Access, opening};

    /// A picture of these targets, in this order.
    fn picture(ids: &[u32]) -> Snapshot {
        let now = Now { mono: MonoTime::ZERO, wall: WallTime::from_unix_secs(0) };
        let denied = EchoAccess::Denied;
        let access = Access { echo_v4: denied, echo_v6: denied, neighbours: false };
        let target = |id: &u32| {
            Target::new(TargetId(*id), format!("host-{id}"), Host::Name("host".to_owned()))
        };
        let targets: Vec<Target> = ids.iter().map(target).collect();
        opening(&targets, access, LocalState::default(), None, now)
    }

    #[test]
    fn targets_are_found_where_they_are_now_whatever_an_earlier_picture_had() {
        let mut places = Places::of(&picture(&[1, 2, 3]));
        for ids in [&[1, 2, 3][..], &[1, 3, 4], &[4, 3], &[], &[9, 8, 7, 1], &[9, 8, 7, 1]] {
            places = places.next();
            let snapshot = picture(ids);
            for id in 0..10 {
                let found = places.find(TargetId(id), &snapshot).map(|target| target.target.id.0);
                assert_eq!(found, ids.contains(&id).then_some(id), "{ids:?}");
            }
        }
    }
}
