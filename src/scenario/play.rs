//! Plays a script to a monitor, on the script's own time.

use super::START;
use super::around::elsewhere;
use super::script::{Ground, Script};
use crate::domain::alert::AlertSettings;
use crate::domain::snapshot::Snapshot;
use crate::domain::target::TargetId;
use crate::domain::time::{MonoTime, WallTime};
use crate::monitor::{Access, Budget, Monitor};
use std::sync::Arc;
use std::time::Duration;

/// Between two echo requests to a control.
const CONTROL_EVERY: Duration = Duration::from_secs(2);
/// What the screen says of it.
const LABEL: &str = "everything, time too";

/// A script on its way through a monitor.
#[derive(Debug)]
pub struct Play {
    script: Arc<Script>,
    monitor: Monitor,
    /// How many samples were taken in.
    taken: usize,
    /// The last tick.
    ticked: MonoTime,
    /// How far it was played.
    at: MonoTime,
    woken: bool,
}

impl Play {
    /// At second 0, before anything happened.
    #[must_use]
    pub fn new(script: Arc<Script>) -> Self {
        let (echo_v4, echo_v6, neighbours) = script.around.access();
        let access = Access { echo_v4, echo_v6, neighbours };
        let start = script.clock.now(MonoTime::ZERO);
        let mut local = script.around.local(MonoTime::ZERO);
        if local.interfaces.is_empty() {
            local.interfaces.push(elsewhere());
        }
        let mut monitor = Monitor::new(access, local, AlertSettings::default(), start);
        monitor.set_simulated(Some(LABEL));
        if let Ground::Given(around) = &script.around {
            monitor.set_given((**around).clone(), start);
        }
        for (target, memory) in &script.targets {
            monitor.add(target.clone(), memory.clone(), start);
        }
        let zero = MonoTime::ZERO;
        Self { script, monitor, taken: 0, ticked: zero, at: zero, woken: false }
    }

    /// What is played.
    #[must_use]
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// Whether everything has happened.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.at >= self.script.end()
    }

    /// The wall clock of the script.
    #[must_use]
    pub fn wall(&self) -> WallTime {
        self.script.clock.now(self.at).wall
    }

    /// Plays everything up to and including a moment.
    pub fn advance(&mut self, until: MonoTime) {
        let script = Arc::clone(&self.script);
        while let Some(sample) = script.samples.get(self.taken) {
            if sample.ended_at > until {
                break;
            }
            self.tick_until(sample.ended_at);
            if let Some((at, wake)) = &script.wake
                && !self.woken
                && *at <= sample.sent_at.mono
            {
                self.woken = true;
                let text = "woken".to_owned();
                self.monitor.set_wake(TargetId(0), wake.clone(), START, text);
            }
            self.monitor.observe(sample, script.clock.now(sample.ended_at));
            self.taken += 1;
        }
        self.tick_until(until);
        self.at = self.at.max(until);
    }

    /// Every tick up to and including a moment.
    fn tick_until(&mut self, until: MonoTime) {
        while self.ticked.plus(self.script.tick) <= until {
            self.ticked = self.ticked.plus(self.script.tick);
            let at = self.ticked;
            let now = self.script.clock.now(at);
            if let Some(session) = self.script.session {
                self.monitor.observe_sessions(TargetId(0), &session.look(at), now);
            }
            if let Ground::Found(own) = &self.script.around {
                let local = own.local(at);
                // A signal that stands is read over and over.
                if own.is_wireless() || local != *self.monitor.local() {
                    self.monitor.observe_local(local, now);
                }
                if at.since(MonoTime::ZERO).as_secs().is_multiple_of(CONTROL_EVERY.as_secs()) {
                    for control in &own.controls {
                        let answer = own.control_answer(*control, at);
                        self.monitor.observe_control(*control, answer);
                    }
                }
            }
            self.monitor.tick(now);
        }
    }

    /// Adds a line to the event log.
    pub fn log(&mut self, text: String) {
        self.monitor.log(None, self.wall(), text);
    }

    /// What a monitor shows of it now.
    #[must_use]
    pub fn snapshot(&mut self) -> Snapshot {
        self.monitor.snapshot(self.script.clock.now(self.at), 0, |_| Budget::default())
    }
}
