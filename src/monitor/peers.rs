//! How many targets answer lately, and what that says of this machine.

use super::Monitor;
use super::Tracked;
use crate::domain::echo_series::EchoPoint;
use crate::domain::sample::{EchoOutcome, LocalFault};
use crate::domain::text::printable;
use crate::domain::time::{MonoTime, Now};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How recent an answer must be for a peer to count as answering.
const PEER_WINDOW: Duration = Duration::from_secs(15);

/// An answer to an older request says nothing of the way at this moment.
const LATELY: Duration = Duration::from_mins(2);

/// How many targets answer lately, and how many ceased to; this machine itself is none of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Peers {
    pub(super) answering: u32,
    /// Of those, the ones behind a router.
    answering_beyond: u32,
    /// Without those that may sleep or are in maintenance.
    pub(super) silent: u32,
    /// Behind a router, those that may sleep included.
    silent_beyond: u32,
    /// Of those, the ones that no tunnel leads to and that do not sleep.
    pub(super) silent_outside: u32,
    /// Interfaces on whose own link a target answers.
    pub(super) living_links: BTreeSet<u32>,
    /// When the newest request was sent that a target behind a router or a tunnel answered, by the
    /// tunnel that leads there.
    pub(super) answered_by: BTreeMap<Option<u32>, MonoTime>,
}

impl Peers {
    /// Whether the answers show that this machine is online, whatever its controls do. A neighbour
    /// on the own link shows that only as long as nothing behind the router fell silent.
    pub(super) const fn prove_the_way_out(&self) -> bool {
        self.answering_beyond > 0 || (self.answering > 0 && self.silent_beyond == 0)
    }
}

impl Monitor {
    /// When the last request that any control or target answered was sent; a control's to the tick.
    pub(super) fn last_answer(&self) -> Option<MonoTime> {
        let others = self.targets.values().filter(|tracked| {
            tracked.dialled().is_some_and(|address| !self.around.local.owns(address))
        });
        let answered = |tracked: &Tracked| {
            let answered = tracked.echo().points().rev().find(|point| point.rtt().is_some());
            answered.map(|point| point.at.mono)
        };
        others.filter_map(answered).chain(self.controls.last_answer()).max()
    }

    /// The name of a target that answered lately and is not this machine, escaped.
    pub(super) fn answering_target(&self, now: Now) -> Option<String> {
        let answers = |tracked: &&Tracked| {
            let other = tracked.dialled().is_some_and(|ip| !self.around.local.owns(ip));
            let recent = tracked.echo().newest_within(now.mono, PEER_WINDOW).next();
            other && recent.is_some_and(|point| point.rtt().is_some())
        };
        let name = |tracked: &Tracked| printable(&tracked.target().name).into_owned();
        self.targets.values().find(answers).map(name)
    }

    /// Whether every target is this machine itself: then no interface is needed.
    pub(super) fn only_own_addresses(&self) -> bool {
        !self.targets.is_empty()
            && self.targets.values().all(|tracked| {
                tracked.dialled().is_some_and(|address| self.around.local.owns(address))
            })
    }

    pub(super) fn count_peers(&self, now: Now) -> Peers {
        let mut peers = Peers::default();
        for tracked in self.targets.values() {
            let Some(address) = tracked.dialled() else { continue };
            if self.around.local.owns(address) {
                continue;
            }
            let recent = || tracked.echo().newest_within(now.mono, PEER_WINDOW);
            let link = self.around.local.on_link(address).map(|interface| interface.index);
            let beyond = link.is_none();
            let tunnel = self.around.local.tunnel_of(address).map(|tunnel| tunnel.index);
            if (beyond || tunnel.is_some())
                && let Some(at) = tracked.answered_lately(now.mono, LATELY)
            {
                let newest = peers.answered_by.entry(tunnel).or_insert(at);
                *newest = at.max(*newest);
            }
            if recent().any(|point| point.rtt().is_some()) {
                peers.answering += 1;
                peers.answering_beyond += u32::from(beyond);
                peers.living_links.extend(link);
            } else if tracked.echo().ever_answered() {
                let lost = recent().any(EchoPoint::is_loss);
                let expected = tracked.expected(&self.around, now.wall);
                let excused = tracked.may_sleep(expected) || tracked.maintained().is_some();
                peers.silent += u32::from(lost && !excused);
                // Losses are void while this machine counts as offline; silence they are.
                let void =
                    recent().any(|point| point.outcome == EchoOutcome::Void(LocalFault::Offline));
                let silent = beyond && (lost || void);
                peers.silent_beyond += u32::from(silent);
                let outside = || self.around.local.tunnel_of(address).is_none();
                peers.silent_outside += u32::from(silent && !excused && outside());
            }
        }
        peers
    }
}
