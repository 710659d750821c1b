//! Magic packets, and the way up of those that were sent one.

use super::{Core, Report, WAKING};
use crate::domain::target::TargetId;
use crate::domain::time::MonoTime;
use crate::domain::wake::WakeProgress;
use crate::monitor::Tracked;
use std::sync::Arc;
use std::time::Duration;

impl Core {
    pub(super) fn wake(&mut self, id: TargetId, wait: Duration) {
        let now = self.edge.clock.now();
        let Some(tracked) = self.monitor.target(id) else { return };
        let target = Arc::clone(tracked.target());
        let name = crate::domain::text::printable(&target.name).into_owned();
        if self.read_only {
            self.monitor.log(Some(id), now.wall, format!("{name} is not woken: read-only"));
            return;
        }
        let Some(mac) = tracked.mac() else {
            self.monitor.log(Some(id), now.wall, format!("{name} has no known MAC address"));
            return;
        };
        let address = tracked.dialled();
        let local = self.monitor.local().clone();
        let waker = Arc::clone(&self.edge.waker);
        let clock = self.edge.clock;
        let reports = self.reports.clone();
        self.tasks.spawn(async move {
            let started = clock.now();
            let receipt = waker.wake(mac, &target.wake, &local, address).await;
            let text = match receipt.packets() {
                0 => format!("no wake packet for {name} could be sent to {mac}"),
                _ => format!("wake packets for {name} sent to {mac}"),
            };
            let progress = WakeProgress::new(receipt, started, wait);
            let _gone = reports.send(Report::Woken(id, Box::new(progress), text)).await;
        });
    }

    /// Quickens the probes of targets that are being woken, until they are up or given up.
    pub(super) fn follow_waking(&mut self, now: MonoTime) {
        let mut over = Vec::new();
        for (id, probed) in &mut self.waking {
            let wake = self.monitor.target(*id).and_then(Tracked::wake);
            if wake.is_some_and(|wake| wake.is_up() || wake.is_over(now)) {
                over.push(*id);
            } else if now.since(*probed) >= WAKING {
                *probed = now;
                self.schedule.probe_now(*id, now);
            }
        }
        for id in over {
            self.waking.remove(&id);
        }
    }
}
