//! Targets that fall silent together.

use super::Monitor;
use crate::domain::outage::{Ground, Member, OutageEvent};
use crate::domain::time::Now;

impl Monitor {
    /// Looks whether targets fell silent together.
    pub(super) fn look_for_outages(&mut self, now: Now) {
        let members: Vec<Member<'_>> = self
            .targets
            .values()
            .filter_map(|tracked| tracked.member(&self.around, now.wall))
            .collect();
        let mut nearer = self.controls.answering().map(|address| address.to_string());
        if nearer.is_none() {
            nearer = self.answering_target(now);
        }
        let latest = self.around.tunnel_changes.last();
        let tunnel = latest.map(|change| (change.at, change.what.clone()));
        let change = self.link.latest().cloned();
        let ways = self.controls.ways(&self.around.local, &members);
        let limits = self.around.limits.path_outage;
        let ground = Ground { nearer, tunnel, change, limits, ways };
        let events = self.outages.observe(&members, &ground, now);
        self.around.outages = self.outages.lately();
        for event in events {
            let (outage, text) = match event {
                OutageEvent::Began(outage) => {
                    let what = outage.tunnel.iter().chain(&outage.change).next();
                    let what = what.map_or_else(String::new, |what| format!("; {what}"));
                    let text = format!("{} hosts fell silent together{what}", outage.members.len());
                    (outage, text)
                }
                OutageEvent::Ended(outage) => {
                    let text = format!(
                        "the path is back: {} of {} hosts answer",
                        outage.back.len(),
                        outage.members.len()
                    );
                    (outage, text)
                }
            };
            for id in outage.members.keys() {
                if let Some(tracked) = self.targets.get_mut(id) {
                    tracked.came_through(&outage);
                    tracked.tick(&self.around, now);
                }
            }
            self.log(None, now.wall, text);
        }
    }
}
