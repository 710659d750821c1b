//! What becomes of the sinks stands in the event log, where somebody reads it; what they are not
//! told is remembered, and told by the next run.

use super::{Core, LAST_WORDS};
use crate::domain::alert::AlertState;
use crate::domain::sink::{SinkSpec, short_id, waiting_room, whose};
use crate::domain::target::Target;
use crate::domain::text::printable;
use crate::domain::untold::{KEPT, Untold, still_news};
use crate::store::{self, State};

use crate::domain::time::Now;
use std::collections::BTreeMap;

/// Most notices that are kept between runs, however many targets there are: the file is bounded.
const MOST: usize = 2_048;

impl Core {
    /// Adds a line for each sink that is not told any more, is told again, or lost something.
    pub(super) fn look_at_sinks(&mut self, now: Now) {
        let statuses = self.sinks.statuses();
        if statuses == self.sink_statuses {
            return;
        }
        // What was told in the meantime must not be told by a later run again.
        self.unsaved = true;
        let before = std::mem::take(&mut self.sink_statuses);
        for status in &statuses {
            let before = before.iter().find(|before| before.name == status.name);
            let before = before.cloned().unwrap_or_default();
            for line in status.news(&before) {
                self.monitor.log(None, now.wall, line);
            }
        }
        self.sink_statuses = statuses;
    }

    /// Tells the sinks what people did about the alerts that wait for them.
    pub(super) fn attend_sinks(&self, now: Now) {
        let ids = self.sinks.waiting();
        if !ids.is_empty() {
            self.sinks.attend(&self.monitor.alerts_of(&ids, now));
        }
    }

    /// Hands the sinks what they dropped because too many waited, as far as it fires on, somebody
    /// may be told, and it fits.
    pub(super) fn offer_again(&mut self, now: Now) {
        let mut alerts = self.monitor.alerts_of(&self.sinks.fit_again(), now);
        alerts.retain(|_, alert| alert.state == AlertState::Firing && !alert.is_silenced());
        if !alerts.is_empty() {
            let ids = alerts.into_keys().collect();
            self.sinks.offer_again(self.monitor.notices_of(&ids, now));
        }
    }

    /// What waits for the sinks, and then what they dropped and fires on.
    fn untold(&self) -> Vec<Untold> {
        let mut untold = self.sinks.untold();
        let now = self.edge.clock.now();
        for (sink, ids) in self.sinks.lost() {
            if !ids.is_empty() {
                let notices = self.monitor.notices_of(&ids, now);
                let wanted = notices.iter().filter(|notice| sink.wants(notice));
                untold.extend(wanted.map(|notice| Untold::of(sink, notice)));
            }
        }
        untold
    }

    /// Hands the sinks what an earlier run did not get told of `target` (`None`: of this machine),
    /// which is remembered under `key`, once, and who heard of what fired. With `--read-only` it
    /// stays with what is remembered.
    pub(super) fn recall_untold(&mut self, key: &str, target: Option<&Target>) {
        let now = self.edge.clock.now().wall;
        let Some(memory) = self.remembered.get_mut(key).filter(|_| !self.read_only) else { return };
        let host = target.map(whose).unwrap_or_default();
        for (rule, alert) in memory.alerts.iter().filter(|(_, alert)| alert.told.is_some()) {
            self.sinks.recall_heard(&short_id([&host, rule], alert.since), alert.heard.as_ref());
        }
        let mut untold = still_news(std::mem::take(&mut memory.untold), &memory.alerts, now);
        self.unsaved |= !untold.is_empty();
        if let Some(target) = target {
            // Who is told of it goes by the group that it is in by now.
            let group = target.group.as_ref().map(|group| printable(group).into_owned());
            let host = Some(host);
            for one in untold.iter_mut().filter(|one| one.host == host) {
                one.group.clone_from(&group);
            }
        }
        self.sinks.recall(&untold);
    }

    /// Other sinks from here on, or another group of what waits for them.
    pub(super) fn change_sinks(&mut self, specs: &[SinkSpec], now: Now) {
        let firing = self.monitor.notices_of(&self.sinks.known(), now);
        let firing = firing.into_iter().map(|notice| (notice.id.clone(), notice)).collect();
        self.sinks.change(specs, &firing);
        self.unsaved = true;
    }

    /// Adds what is not told yet to what is remembered of those whom it is about.
    pub(super) fn add_untold(&self, state: &mut State) {
        if self.read_only && self.sinks.is_empty() {
            let own = self.remembered.get(store::MONITOR);
            if let (Some(own), Some(state)) = (own, state.get_mut(store::MONITOR)) {
                state.untold.clone_from(&own.untold);
            }
            return;
        }
        let mut keys = BTreeMap::new();
        for (_, tracked) in self.monitor.targets() {
            keys.insert(whose(tracked.target()), store::key(tracked.target()));
        }
        let mut untold: BTreeMap<&str, Vec<Untold>> = BTreeMap::new();
        let most = waiting_room(keys.len()).clamp(KEPT, MOST);
        for one in self.untold().into_iter().take(most) {
            let key = one.host.as_ref().and_then(|host| keys.get(host));
            untold.entry(key.map_or(store::MONITOR, String::as_str)).or_default().push(one);
        }
        let mut left: BTreeMap<&str, Vec<Untold>> = BTreeMap::new();
        for one in self.sinks.left() {
            let key = one.host.as_ref().map(|host| self.hosts.get(host).unwrap_or(host));
            left.entry(key.map_or(store::MONITOR, String::as_str)).or_default().push(one.clone());
        }
        let now = self.edge.clock.now().wall;
        for (key, memory) in state {
            let untold = untold.remove(key.as_str()).unwrap_or_default();
            if self.read_only {
                // Beside what an earlier run did not get told of a target that came since.
                memory.untold.extend(untold);
            } else {
                memory.untold = untold;
            }
            if let Some(left) = left.remove(key.as_str()) {
                // Another dashboard may know that it fires on.
                let before = self.remembered.get(key).map(|before| before.alerts.clone());
                let mut alerts = before.unwrap_or_default();
                alerts.extend(memory.alerts.clone());
                memory.untold.extend(still_news(left, &alerts, now));
            }
        }
    }

    /// Adds which sinks heard of each alert to what is remembered of it.
    pub(super) fn add_heard(&self, state: &mut State) {
        let own = (store::MONITOR.to_owned(), String::new());
        let of_targets = self.monitor.targets().map(|(_, tracked)| tracked.target());
        let hosts = of_targets.map(|target| (store::key(target), whose(target)));
        for (key, host) in hosts.chain([own]) {
            let before = self.remembered.get(&key).map(|memory| &memory.alerts);
            let Some(memory) = state.get_mut(&key) else { continue };
            for (rule, alert) in memory.alerts.iter_mut().filter(|(_, alert)| alert.told.is_some())
            {
                alert.heard = if self.read_only && self.sinks.is_empty() {
                    let before = before.and_then(|alerts| alerts.get(rule));
                    let same = before.filter(|before| before.since == alert.since);
                    same.and_then(|before| before.heard.clone())
                } else {
                    self.sinks.heard(&short_id([&host, rule], alert.since))
                };
            }
        }
    }

    /// Tries once more to tell what waits; what arrived need not be told by the next run.
    pub(super) async fn say_last_words(&mut self) {
        let before = self.sinks.untold();
        if before.is_empty() {
            return;
        }
        self.sinks.finish(LAST_WORDS).await;
        if self.sinks.untold() != before {
            self.unsaved = true;
            self.save_last().await;
        }
    }
}
