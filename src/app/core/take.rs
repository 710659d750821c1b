//! What comes back from probes and tasks is taken in.

use super::{BATCH, Core, Report};
use crate::domain::sample::{Echo, EchoMethod, EchoOutcome, Observation, Sample};
use crate::domain::target::TargetId;
use crate::monitor::Change;

impl Core {
    pub(super) fn take_reports(&mut self, first: Report) {
        let mut next = Some(first);
        for _ in 0..BATCH {
            let Some(report) = next else { break };
            self.take(report);
            next = self.inbox.try_recv().ok();
        }
        if let Some(report) = next {
            self.take(report);
        }
        self.dirty = true;
    }

    fn take(&mut self, report: Report) {
        let now = self.edge.clock.now();
        match report {
            Report::Sample(sample) => self.take_sample(&sample),
            Report::Finished(id, kind) => self.schedule.finished(id, kind, now.mono),
            Report::Local(local, heard) => self.take_local(*local, heard),
            Report::ControlNames(names) => self.take_control_names(names),
            Report::Sessions(looked) => self.take_sessions(looked),
            Report::ClientLog(read) => self.take_client_log(read),
            Report::Marks(marks) => self.take_marks(&marks),
            Report::Others(apart) => self.hear_others(&apart),
            Report::Woken(id, progress, text) => {
                self.monitor.set_wake(id, *progress, now.wall, text);
                self.waking.insert(id, now.mono);
                self.schedule.probe_now(id, now.mono);
            }
        }
    }

    pub(super) fn take_echoes(&mut self, first: Sample) {
        let mut next = Some(first);
        for _ in 0..BATCH {
            let Some(sample) = next else { break };
            self.take_sample(&sample);
            next = self.echo_inbox.try_recv();
        }
        if let Some(sample) = next {
            self.take_sample(&sample);
        }
        self.dirty = true;
    }

    fn take_sample(&mut self, sample: &Sample) {
        if let Some(control) = self.controls.get(&sample.target) {
            // An answer may still be on its way when the number passes to another control.
            if let Observation::Echo(Echo { outcome, address, .. }) = sample.observation
                && address == *control
                && !matches!(outcome, EchoOutcome::Void(_) | EchoOutcome::Late { .. })
            {
                let answer = match outcome {
                    EchoOutcome::Reply { rtt, .. } => Some(rtt),
                    _ => None,
                };
                self.monitor.observe_control(address, answer);
            }
            return;
        }
        let now = self.edge.clock.now();
        if let Observation::Echo(Echo { outcome, method: EchoMethod::Icmp, .. }) =
            sample.observation
            && !matches!(outcome, EchoOutcome::Void(_) | EchoOutcome::Late { .. })
        {
            let lost = !matches!(outcome, EchoOutcome::Reply { .. });
            self.schedule.note_echo(sample.target, sample.sent_at.mono, lost, now.mono);
        }
        let change = self.monitor.observe(sample, now);
        self.follow(sample.target, change);
        if matches!(sample.observation, Observation::Resolve(_)) {
            self.sync(sample.target);
        }
    }

    fn follow(&mut self, id: TargetId, change: Change) {
        let now = self.edge.clock.mono();
        if let Some(sound) = change.nla {
            self.schedule.note_nla(id, sound, now);
        }
        if let Some(missed) = change.udp_missed {
            self.schedule.note_udp(id, missed, now);
        }
        if change.ladder || change.dialled {
            self.schedule.note_change(id, now);
        }
        if change.back {
            self.schedule.note_back(id, now);
        }
        if change.stranger {
            self.schedule.look_again(id, now);
        }
        if change.slow_tls {
            self.schedule.note_slow_tls(id, now);
        }
        if change.gateway {
            self.schedule.note_gateway(id, now);
        }
        if change.method || change.dialled {
            self.sync(id);
        }
        if change.memory {
            self.unsaved = true;
        }
    }
}
