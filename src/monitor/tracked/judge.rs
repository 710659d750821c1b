//! Judged: its findings, by samples and as time passes.

use super::Tracked;
use crate::domain::diagnose::{Diagnosed, Weighed, judge_moment, rules_fed_by, weigh};
use crate::domain::drops::Spell;
use crate::domain::finding::Finding;
use crate::domain::rules::{
    HIGH_LATENCY_ID, RDP_SLOW_ID, RULES, drop_of, newest_round_trip, usual_round_trip,
    usual_service,
};
use crate::domain::sample::{Observation, ProbeKind};
use crate::domain::session::{EndedSession, SessionEnd, SessionEvent, SessionLook};
use crate::domain::surroundings::Surroundings;
use crate::domain::time::Now;
use crate::domain::usual::Settled;
use crate::domain::view::{Mode, TargetView};
use std::time::Duration;

/// Between judgements of what ages.
const TICK: Duration = Duration::from_secs(10);

impl Tracked {
    /// Judges again what ages without a sample, a few times a minute.
    pub fn tick_if_due(&mut self, around: &Surroundings, now: Now) {
        if self.ticked.is_some_and(|ticked| now.mono.since(ticked) < TICK) {
            return;
        }
        self.ticked = Some(now.mono);
        self.tick(around, now);
    }

    /// Judges again what ages without a sample.
    pub fn tick(&mut self, around: &Surroundings, now: Now) {
        self.changed = true;
        let mut diagnosis = std::mem::take(&mut self.diagnosis);
        diagnosis.tick(RULES, &self.view(Mode::Watch, around, now));
        self.diagnosis = diagnosis;
    }

    /// Takes in a look at this machine's own sockets to it. Judges at once when a session ended.
    pub fn observe_sessions(
        &mut self,
        look: &SessionLook,
        around: &Surroundings,
        now: Now,
    ) -> Vec<SessionEvent> {
        let limits = &self.target.thresholds.session_dropped;
        let events = self.sessions.observe(look, limits, now);
        for event in &events {
            let SessionEvent::Ended(ended) = event else { continue };
            self.remember_end(ended, around, now);
        }
        if !events.is_empty() {
            self.tick(around, now);
        }
        events
    }

    /// Takes in that the log of this machine's client was read.
    pub const fn listen(&mut self) {
        self.sessions.listen();
    }

    /// Takes in that this machine's client has a session on it.
    pub const fn told_begun(&mut self, since: Now) {
        self.sessions.told_begun(since);
    }

    /// Takes in that its client has no session on it any more.
    pub const fn told_over(&mut self) {
        self.sessions.told_over();
    }

    /// Takes in that its client says that a session is over. Judges at once.
    pub fn told_ended(&mut self, ended: EndedSession, around: &Surroundings, now: Now) {
        self.sessions.told_ended(ended);
        self.remember_end(&ended, around, now);
        self.tick(around, now);
    }

    fn remember_end(&mut self, ended: &EndedSession, around: &Surroundings, now: Now) {
        match drop_of(&self.view(Mode::Watch, around, now), ended) {
            Some(drop) => self.memory.drops.add(drop),
            None if ended.how != SessionEnd::Vanished => {
                let until = ended.at.wall;
                self.memory.drops.outlived(Spell { since: ended.since.wall, until });
            }
            None => {}
        }
    }

    /// Judges what a sample feeds. Says when another round trip is usual from now on.
    pub(super) fn judge(
        &mut self,
        fed: ProbeKind,
        around: &Surroundings,
        now: Now,
    ) -> Option<Settled> {
        let mut diagnosis = std::mem::take(&mut self.diagnosis);
        let view = self.view(Mode::Watch, around, now);
        diagnosis.observe(rules_fed_by(fed), fed, &view);
        let slow = diagnosis.stands(HIGH_LATENCY_ID);
        let usual = slow.then(|| usual_round_trip(&view));
        let mut held = self.usual;
        let newest = || newest_round_trip(&view);
        let settled = held.hold_round_trip(slow, usual.flatten(), newest, now.mono);
        held.service = diagnosis.stands(RDP_SLOW_ID).then(|| usual_service(&view)).flatten();
        self.usual = held;
        self.diagnosis = diagnosis;
        settled
    }

    /// What rules may look at.
    #[must_use]
    pub fn view<'a>(&'a self, mode: Mode, around: &'a Surroundings, now: Now) -> TargetView<'a> {
        TargetView {
            target: &self.target,
            now,
            mode,
            dialled: self.dialled,
            resolve: &self.resolve,
            flips: &self.flips,
            leads: &self.leads,
            echo: &self.echo,
            attempts: &self.attempts,
            heard: &self.heard,
            tls: self.tls.as_ref(),
            handshake: self.handshake.as_ref(),
            nla: self.nla.as_ref(),
            sweep: self.sweep.as_ref(),
            udp: &self.udp,
            path: &self.path,
            gateway: &self.gateway,
            service_times: &self.service_times,
            tls_times: &self.tls_times,
            usual: self.usual,
            alternatives: &self.alternatives,
            neighbour: self.neighbour.as_ref(),
            memory: &self.memory,
            wake: self.wake.as_ref(),
            sessions: &self.sessions,
            around,
        }
    }

    /// What stands against it, and what is withheld.
    #[must_use]
    pub fn diagnosed(&self, around: &Surroundings, now: Now) -> Diagnosed {
        self.diagnosis.diagnosed(RULES, &self.view(Mode::Watch, around, now))
    }

    /// What stands against it.
    #[must_use]
    pub fn findings(&self, mode: Mode, around: &Surroundings, now: Now) -> Vec<Finding> {
        let view = self.view(mode, around, now);
        match mode {
            Mode::Watch => self.diagnosis.findings(RULES, &view),
            Mode::Moment => judge_moment(RULES, &view),
        }
    }

    /// What the measurements of one moment say of every rule.
    #[must_use]
    pub fn weigh(&self, around: &Surroundings, now: Now) -> Vec<Weighed> {
        weigh(RULES, &self.view(Mode::Moment, around, now))
    }
}

/// The kinds of evidence that an observation is.
pub(super) const fn fed_by(observation: &Observation) -> ProbeKind {
    match observation {
        Observation::Resolve(_) => ProbeKind::Resolve,
        Observation::Echo(_) => ProbeKind::Echo,
        Observation::Alternative(_) => ProbeKind::Connect,
        Observation::Attempt(attempt) => attempt.depth,
        Observation::Sweep(_) => ProbeKind::Sweep,
        Observation::Udp(_) => ProbeKind::Udp,
        Observation::PathMtu(_) => ProbeKind::PathMtu,
        Observation::Gateway(_) => ProbeKind::Gateway,
        Observation::Neighbour(_) => ProbeKind::Neighbour,
    }
}
