//! Magic packets, and the way up of those that were sent one.

use super::{Core, Report, WAKE_WAIT, WAKING};
use crate::domain::target::TargetId;
use crate::domain::time::{MonoTime, Now, WallTime};
use crate::domain::wake::{LocalMinute, WakePolicy, WakeProgress};
use crate::monitor::Tracked;
use std::sync::Arc;
use std::time::Duration;

/// A minute of this machine's own time; `None` beyond the calendar.
fn local_minute(now: WallTime) -> Option<LocalMinute> {
    let moment = jiff::Timestamp::from_millisecond(now.unix_millis()).ok()?;
    let local = moment.to_zoned(jiff::tz::TimeZone::system());
    let day = local.date().since(jiff::civil::date(1970, 1, 1)).ok()?.get_days();
    let minute = i16::from(local.hour()) * 60 + i16::from(local.minute());
    Some(LocalMinute { day: day.into(), minute: u16::try_from(minute).ok()? })
}

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
        if target.wake.policy == WakePolicy::Never {
            let text = format!("{name} is not woken: its wake policy is \"never\"");
            self.monitor.log(Some(id), now.wall, text);
            return;
        }
        let Some(mac) = tracked.mac() else {
            self.monitor.log(Some(id), now.wall, format!("{name} has no known MAC address"));
            return;
        };
        let (address, usual) = (tracked.dialled(), tracked.memory().usual_waking());
        let local = self.monitor.local().clone();
        let waker = Arc::clone(&self.edge.waker);
        let clock = self.edge.clock;
        let reports = self.reports.clone();
        self.tasks.spawn(async move {
            let started = clock.now();
            let receipt = waker.wake(mac, &target.wake, &local, address).await;
            let text = match (&receipt.relay, receipt.left()) {
                (Some(relay), _) => format!("{name}: {relay}"),
                (None, false) => format!("no wake packet for {name} could be sent to {mac}"),
                (None, true) => format!("wake packets for {name} sent to {mac}"),
            };
            let progress = WakeProgress::new(receipt, started, wait).usually(usual);
            let _gone = reports.send(Report::Woken(id, Box::new(progress), text)).await;
        });
    }

    /// Wakes what is to be up at a time that came, if it sleeps.
    pub(super) fn wake_at_times(&mut self, now: Now) {
        let Some(minute) = local_minute(now.wall) else { return };
        let Some(before) = self.wake_clock.pass(minute) else { return };
        let came = |tracked: &Tracked| {
            tracked.target().wake.at.iter().any(|time| time.came(before, minute))
        };
        let targets = self.monitor.targets().filter(|(_, tracked)| came(tracked));
        let ids: Vec<TargetId> = targets.map(|(id, _)| *id).collect();
        for id in ids {
            if self.monitor.is_asleep(id, now) {
                self.wake(id, WAKE_WAIT);
            }
        }
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
