//! How many targets answer lately, and what that says of this machine.

use super::Monitor;
use super::Tracked;
use super::controls::SEEN;
use super::surroundings::Skews;
use crate::domain::control::role_of;
use crate::domain::echo_series::EchoPoint;
use crate::domain::sample::{EchoOutcome, LocalFault};
use crate::domain::text::printable;
use crate::domain::time::{MonoTime, Now};
use crate::domain::way::stands;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// An answer at least so recent counts as one of this moment.
const RECENT: Duration = Duration::from_secs(15);

/// A connection counts for so long where echo requests are not answered: three are made meanwhile
/// after trouble.
const CONNECTED: Duration = Duration::from_secs(35);

/// An answer to an older request says nothing of the way at this moment.
const LATELY: Duration = Duration::from_mins(2);

/// How many targets answer lately, and how many ceased to; this machine itself is none of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Peers {
    pub(super) answering: u32,
    /// Of those, the ones on this machine's own links.
    beside: u32,
    /// When the newest request was sent that a target behind a router answered, and that shows that
    /// this machine is online at this moment.
    pub(super) beyond: Option<MonoTime>,
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
        self.beyond.is_some() || (self.beside > 0 && self.silent_beyond == 0)
    }
}

impl Monitor {
    /// When the last request that any control or target answered was sent; a control's to the tick.
    pub(super) fn last_answer(&self) -> Option<MonoTime> {
        let others = self.targets.values().filter(|tracked| {
            tracked.dialled().is_some_and(|address| !self.around.local.owns(address))
        });
        let answered = |tracked: &Tracked| tracked.answered_since(MonoTime::ZERO);
        others.filter_map(answered).chain(self.controls.last_answer()).max()
    }

    /// The name of a target that answered lately and is not this machine, escaped.
    pub(super) fn answering_target(&self, now: Now) -> Option<String> {
        let answers = |tracked: &&Tracked| {
            let other = tracked.dialled().is_some_and(|ip| !self.around.local.owns(ip));
            let recent = tracked.echo().newest_within(now.mono, tracked.peer_window()).next();
            other && recent.is_some_and(EchoPoint::is_answered)
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

    /// Holds the silence of controls against what targets answer.
    pub(super) fn contradict_controls(&mut self, peers: &Peers, now: Now) {
        if !self.controls.any_gone() {
            return;
        }
        let (around, targets) = (&self.around, &self.targets);
        let behind = |control: IpAddr| {
            let role = (control, role_of(&around.local, control));
            let is_behind = |tracked: &&Tracked| {
                let near = |control| around.is_control_of(tracked.target(), control);
                let on_way = |to| stands(&around.local, to, near, role).is_some();
                tracked.dialled().is_some_and(on_way)
            };
            let answered = |tracked: &Tracked| tracked.answers_still(None, now.mono);
            targets.values().filter(is_behind).filter_map(answered).max()
        };
        self.controls.contradict(peers.beyond, behind, now.mono);
    }

    /// Counts them, and hears what their clocks say in passing.
    pub(super) fn count_peers(&self, now: Now) -> (Peers, Skews) {
        let mut peers = Peers::default();
        let mut skews = Skews::default();
        let gone = self.controls.gone_since();
        for tracked in self.targets.values() {
            let Some(address) = tracked.dialled() else { continue };
            if self.around.local.owns(address) {
                continue;
            }
            skews.add(address, tracked, now);
            let link = self.around.local.on_link(address).map(|interface| interface.index);
            let beyond = link.is_none();
            let tunnel = self.around.local.tunnel_of(address).map(|tunnel| tunnel.index);
            if (beyond || tunnel.is_some())
                && let Some(at) = tracked.answered_since(now.mono.minus(LATELY))
            {
                let newest = peers.answered_by.entry(tunnel).or_insert(at);
                *newest = at.max(*newest);
            }
            let proof = tracked.answers_still(gone, now.mono);
            if beyond {
                peers.beyond = peers.beyond.max(proof);
            }
            let recent = || tracked.echo().newest_within(now.mono, tracked.peer_window());
            if recent().any(EchoPoint::is_answered) {
                peers.answering += 1;
                peers.beside += u32::from(!beyond);
                peers.living_links.extend(link);
            } else if tracked.connects(now.mono) {
                peers.answering += 1;
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
        (peers, skews)
    }
}

impl Tracked {
    /// How recent an answer to an echo request must be to be one of this moment: twice the time
    /// between two of them, and the deadline of one.
    fn peer_window(&self) -> Duration {
        let (interval, deadline) = self.echo_pace();
        interval.saturating_mul(2).saturating_add(deadline).max(RECENT)
    }

    /// When the newest request was sent that it answered, where that shows that it is reached at
    /// this moment: an echo request, or a connection where those are not answered. What was sent
    /// before every control was `gone` shows it only until the next request should be answered.
    fn answers_still(&self, gone: Option<MonoTime>, now: MonoTime) -> Option<MonoTime> {
        let (interval, deadline) = self.echo_pace();
        let next = interval.saturating_mul(11) / 10;
        let until_next = next.saturating_add(deadline).max(RECENT);
        let later = |at: MonoTime| gone.is_none_or(|gone| at >= gone.plus(SEEN));
        let shows = |at: &MonoTime| later(*at) || now.since(*at) <= until_next;
        let mut echo = self.echo().newest_within(now, self.peer_window());
        let echo = echo.find(|point| point.is_answered()).map(|point| point.at.mono);
        let connection = || self.connected_since(now.minus(CONNECTED)).filter(|at| later(*at));
        echo.filter(shows).or_else(connection)
    }

    /// Whether it takes connections while echo requests to it are not answered.
    fn connects(&self, now: MonoTime) -> bool {
        let pace = self.target().cadence.negotiate.saturating_mul(2);
        let window = pace.saturating_add(self.target().deadlines.connect);
        let silent = self.echo().trailing_losses().1;
        let connected = self.connected_since(now.minus(window));
        let fails = self.attempt().is_some_and(|newest| !newest.connect.is_answer_of_host());
        !fails && silent.zip(connected).is_some_and(|(silent, at)| at >= silent.mono)
    }
}
