//! Its picture, for the screen and for reports.

use super::Tracked;
use crate::domain::ladder::{Ladder, is_broken, ladder};
use crate::domain::lane::Down;
use crate::domain::sample::Attempt;
use crate::domain::snapshot::{SPARK_SLOTS, TargetSnapshot, TargetState};
use crate::domain::surroundings::Surroundings;
use crate::domain::target::Host;
use crate::domain::time::{MonoTime, Now};
use crate::domain::turn;
use crate::domain::verdict;
use crate::domain::view::Mode;
use std::sync::Arc;
use std::time::Duration;

/// What ages without a sample is shown at most this old.
const PICTURE: Duration = Duration::from_secs(1);

/// How far back drops are shown.
const DAY: Duration = Duration::from_hours(24);

/// The window of the screen.
const MINUTE: Duration = Duration::from_mins(1);

/// What the scheduler knows of a target that the screen shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// When the next connection up to the certificate is due.
    pub next_tls: Option<MonoTime>,
    /// Connections that carry data, per day, at the present cadence.
    pub connections_per_day: u32,
}

impl Tracked {
    /// The picture of it, taken anew when something changed or the last one is a second old.
    pub fn picture(
        &mut self,
        around: &Surroundings,
        now: Now,
        schedule: impl FnOnce() -> Budget,
    ) -> Arc<TargetSnapshot> {
        let fresh = |picture: &&Arc<TargetSnapshot>| now.mono.since(picture.at.mono) < PICTURE;
        if let Some(picture) = self.picture.as_ref().filter(fresh).filter(|_| !self.changed) {
            return Arc::clone(picture);
        }
        let picture = Arc::new(self.snapshot(Mode::Watch, around, now, &schedule()));
        self.picture = Some(Arc::clone(&picture));
        self.changed = false;
        picture
    }

    /// The picture of it at this moment. Updates the state and since when it holds.
    pub fn snapshot(
        &mut self,
        mode: Mode,
        around: &Surroundings,
        now: Now,
        schedule: &Budget,
    ) -> TargetSnapshot {
        let findings = self.findings(mode, around, now);
        let view = self.view(mode, around, now);
        let waking =
            self.wake.as_ref().is_some_and(|wake| !wake.is_up() && !wake.is_over(now.mono));
        let state = verdict::state_of(&view, &findings, waking);
        let availability = verdict::availability_of(&view, &findings);
        let risk = verdict::risk_of(&view, &findings);
        let rungs = ladder(&view, &findings);
        let worst = verdict::headline(&view, &findings);
        let turned = worst.filter(|_| mode == Mode::Watch && state >= TargetState::Warning);
        let turned = turned.and_then(|worst| Some((worst, turn::turned(worst, &rungs)?)));
        let summary = turned.map_or_else(
            || verdict::verdict(&view, &findings),
            |(worst, broke)| turn::sentence(worst, broke),
        );
        let began = worst.map(|worst| worst.since);
        let mut broke = now.wall;
        if state != self.state {
            let was_well = self.state < TargetState::Warning;
            self.state = state;
            // What a finding says lasts since its first sample, in an earlier run or in this one.
            let told = state >= TargetState::Warning;
            let began = began.filter(|began| told || *began < self.started);
            self.state_since = began.unwrap_or(now.wall);
            if was_well {
                broke = self.state_since;
            }
        }
        let echo_minute = self.echo.window(now.mono, MINUTE);
        self.lane.observe(now.wall, state, &echo_minute);
        let down = down(state, &rungs, self.attempt(), self.lane.is_broken());
        self.lane.look(now, down.map(|down| (down, broke)));
        let tls = self.tls.as_ref().map(|entry| entry.value.clone());
        let certificate = tls.as_ref().and_then(|tls| tls.certificate.as_ref());
        let certificate_days = certificate.map(|certificate| certificate.days_left(now.wall));
        let name_matches = match &self.target.host {
            Host::Name(name) => certificate.map(|certificate| certificate.covers(name)),
            Host::Address(..) => None,
        };
        TargetSnapshot {
            at: now,
            target: Arc::clone(&self.target),
            address: self.dialled,
            state,
            state_since: self.state_since,
            maintenance: self.maintained.clone(),
            availability,
            verdict: summary,
            risk,
            findings,
            ladder: rungs,
            echo_minute,
            echo_total: self.echo.total(),
            spark: self.echo.spark(now.mono, SPARK_SLOTS),
            lane: self.lane.clone(),
            drops: self.memory.drops.within(DAY, now.wall),
            resolution: self.resolution().cloned(),
            attempt: self.attempt().cloned(),
            stopped: self.course.stopped().map(|since| since.wall),
            transcripts: self.transcripts.kept(),
            certificate_days,
            name_matches,
            tls,
            nla: self.nla.as_ref().map(|entry| entry.value.clone()),
            sweep: self.sweep.as_ref().map(|entry| entry.value.clone()),
            udp: self.udp.last().map(|entry| entry.value),
            path: self.path.last().map(|entry| entry.value),
            gateway: self.gateway.last().map(|entry| entry.value.clone()),
            neighbour: self.neighbour.as_ref().map(|entry| entry.value),
            alternatives: self.others_tried(),
            mac: self.mac(),
            wake: self.wake.clone(),
            usual_waking: self.memory.usual_waking(),
            next_tls: schedule.next_tls,
            connections_per_day: schedule.connections_per_day,
        }
    }
}

/// What keeps it from being used now, or from being seen to be. What was `broken` is so until it works
/// again, whatever is expected of it meanwhile.
fn down(
    state: TargetState,
    rungs: &Ladder,
    attempt: Option<&Attempt>,
    broken: bool,
) -> Option<Down> {
    let works = attempt.map_or(state < TargetState::Critical, Attempt::works);
    let breaks = state == TargetState::Critical && is_broken(rungs, attempt);
    match state {
        TargetState::Unknown => Some(Down::Unseen),
        _ if works || state == TargetState::Ok => None,
        _ => (breaks || broken).then_some(Down::Broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::diagnose::fixture::stopped_at_tcp;
    use crate::domain::finding::Rung;
    use crate::domain::ladder::{Cell, RungLine};
    use crate::domain::sample::ConnectOutcome;

    fn rungs(cell: Cell) -> Ladder {
        Rung::ALL.map(|rung| RungLine { rung, cell, last: None, usual: None, text: String::new() })
    }

    /// A host that starts, is woken or falls asleep was said to have worked from then on.
    #[test]
    fn what_is_broken_is_so_until_it_works_again() {
        let refused = stopped_at_tcp(ConnectOutcome::Refused);
        let broken = |state, before| {
            down(state, &rungs(Cell::Broken), Some(&refused), before) == Some(Down::Broken)
        };
        assert!(broken(TargetState::Critical, false));
        for state in [TargetState::NotMeasured, TargetState::Waking, TargetState::Asleep] {
            assert!(broken(state, true), "{state:?}");
            assert!(!broken(state, false), "{state:?}");
        }
        assert!(!broken(TargetState::Ok, true));
        // Nothing but echo is asked: it works again when it is critical no more.
        let unasked = |state| down(state, &rungs(Cell::Broken), None, true);
        assert_eq!(unasked(TargetState::Critical), Some(Down::Broken));
        assert_eq!(unasked(TargetState::Warning), None);
        assert_eq!(unasked(TargetState::Unknown), Some(Down::Unseen));
    }
}
