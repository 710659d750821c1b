//! Another configuration while the program runs: what stays the same keeps what was measured.

use super::Core;
use crate::domain::alert::AlertSettings;
use crate::domain::maintenance::{Calendar, Window};
use crate::domain::sink::{SinkSpec, whose};
use crate::domain::target::{Target, TargetId};
use crate::domain::thresholds::Thresholds;
use crate::store;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a changed configuration changes for the core.
#[derive(Debug, Clone)]
pub(in crate::app) struct Reconfiguration {
    /// Not watched any more.
    pub(in crate::app) removed: Vec<TargetId>,
    /// Watched already at the same host and port, with other settings.
    pub(in crate::app) changed: Vec<Target>,
    /// Not watched so far.
    pub(in crate::app) added: Vec<Target>,
    /// When findings of the whole machine fire.
    pub(in crate::app) limits: Thresholds,
    /// When somebody is told of what this machine itself has.
    pub(in crate::app) alert: AlertSettings,
    /// When nobody is alerted.
    pub(in crate::app) maintenance: Vec<Window>,
    /// Whether connections go on to the certificate from here on, where they did not.
    pub(in crate::app) deep: bool,
    /// Whether nothing is sent but probes from here on.
    pub(in crate::app) read_only: bool,
    /// Where alerts are told; `None`: as before.
    pub(in crate::app) sinks: Option<Vec<SinkSpec>>,
    /// A line for the event log; empty: none.
    pub(in crate::app) note: String,
}

impl Reconfiguration {
    /// Without a line for the event log where the same targets are watched as before.
    #[must_use]
    pub(in crate::app) fn quiet_where_same(mut self) -> Self {
        if self.removed.is_empty() && self.changed.is_empty() && self.added.is_empty() {
            self.note.clear();
        }
        self
    }
}

impl Core {
    pub(super) fn reconfigure(&mut self, changes: Reconfiguration) {
        let now = self.edge.clock.now();
        for id in changes.removed {
            let target = self.monitor.target(id).map(crate::monitor::Tracked::target);
            let key = target.map(|target| store::key(target));
            let host = target.map(|target| whose(target));
            self.schedule.remove(id);
            self.waking.remove(&id);
            if let (Some((memory, notices)), Some(key)) = (self.monitor.remove(id, now), key) {
                let watched_twice =
                    self.monitor.targets().any(|(_, tracked)| store::key(tracked.target()) == key);
                for notice in notices {
                    let same = BTreeSet::from([notice.id.clone()]);
                    if !watched_twice || self.monitor.notices_of(&same, now).is_empty() {
                        self.sinks.offer(notice);
                    }
                }
                if !watched_twice {
                    if let Some(host) = &host {
                        self.sinks.withdraw(host);
                    }
                    Arc::make_mut(&mut self.keys).remove(&key);
                    self.departed.insert(key, memory);
                }
                self.unsaved = true;
            }
        }
        for target in changes.changed {
            self.schedule.add(&target, now.mono);
            let id = target.id;
            self.monitor.reconfigure(target);
            self.sync(id);
        }
        for target in changes.added {
            self.add(target);
        }
        self.sinks.expect(self.monitor.targets().count());
        if changes.deep && !self.schedule.climbs() {
            self.schedule.allow_deep(now.mono);
            let all: Vec<TargetId> = self.monitor.targets().map(|(id, _)| *id).collect();
            for id in all {
                self.sync(id);
            }
        }
        self.monitor.limit(changes.limits);
        self.monitor.settle_own_alerts(changes.alert);
        self.monitor.plan(Calendar::new(changes.maintenance, jiff::tz::TimeZone::system()));
        if changes.read_only && !self.read_only {
            self.read_only = true;
            self.sinks.pause();
        }
        if !self.read_only {
            let specs = changes.sinks.unwrap_or_else(|| self.sinks.specs());
            self.change_sinks(&specs, now);
        }
        if !changes.note.is_empty() {
            self.monitor.log(None, now.wall, changes.note);
        }
        self.look_at_local(None);
        self.dirty = true;
    }
}
