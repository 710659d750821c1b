//! What was found of a host and waits while its name leads to another machine.

use super::track::Tracks;
use crate::domain::finding::{RuleId, Severity};
use crate::domain::rules::{ADDRESS_CHANGED_ID, is_here};
use crate::domain::time::WallTime;
use crate::domain::view::TargetView;
use std::collections::{BTreeMap, BTreeSet};

/// Rules whose findings stood when the name began to lead elsewhere.
#[derive(Debug, Clone, Default)]
pub(super) struct Parked {
    /// Since when each stood, while the host is not measured.
    away: BTreeMap<RuleId, WallTime>,
    /// It is measured again, and these wait for a word.
    back: BTreeSet<RuleId>,
}

impl Parked {
    /// Parks what stands of the rules that it `leaves`.
    pub(super) fn park(
        &mut self,
        tracks: &mut Tracks,
        leaves: impl Fn(RuleId, Option<Severity>) -> bool,
    ) {
        for rule in std::mem::take(&mut self.back) {
            if let Some(since) = tracks.stop_waiting(rule) {
                self.away.insert(rule, since);
            }
        }
        self.away.extend(tracks.since_when(leaves));
    }

    /// Lets what is parked wait for a word once the host is measured again: at an address of its own, or
    /// where it has moved to.
    pub(super) fn unpark(&mut self, tracks: &mut Tracks, view: &TargetView<'_>) {
        self.back.retain(|rule| tracks.is_awaited(*rule));
        if self.away.is_empty() || is_astray(view) && !tracks.stands(ADDRESS_CHANGED_ID) {
            return;
        }
        self.back.extend(self.away.keys());
        tracks.wait_for(std::mem::take(&mut self.away));
    }

    /// Rules that nobody can say anything of yet.
    pub(super) fn rules(&self, tracks: &Tracks) -> impl Iterator<Item = RuleId> {
        let back = self.back.iter().filter(|rule| tracks.is_awaited(**rule));
        self.away.keys().chain(back).copied()
    }
}

/// Whether another machine is dialled than the host.
fn is_astray(view: &TargetView<'_>) -> bool {
    let other = |dialled| {
        view.target.is_elsewhere(&[dialled]) || is_here(view.target, &view.around.local, dialled)
    };
    view.dialled.is_some_and(other)
}
