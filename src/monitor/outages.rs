//! Targets that fall silent together.

use super::Monitor;
use crate::domain::outage::{Ground, Member, Outage, OutageEvent};
use crate::domain::snapshot::Event;
use crate::domain::time::{MonoTime, Now};
use std::time::Duration;

/// A path that broke last so long ago is counted from the beginning when it breaks again.
const LATELY: Duration = Duration::from_mins(20);

/// A path that breaks again and again, and its line in the event log.
#[derive(Debug)]
pub(super) struct Unsteady {
    times: u32,
    newest: MonoTime,
    line: String,
}

impl Monitor {
    /// Looks whether targets fell silent together.
    pub(super) fn look_for_outages(&mut self, now: Now) {
        // Nobody else holds those that stand while they are brought up to date.
        self.around.outages.clear();
        let tunnels = std::mem::take(&mut self.around.tunnel_changes);
        let troubled = self.outages.any_stands();
        let members: Vec<Member<'_>> = self
            .targets
            .values()
            .filter_map(|tracked| tracked.member(&self.around, troubled, now))
            .collect();
        let mut nearer = self.controls.answering().map(|address| address.to_string());
        if nearer.is_none() {
            nearer = self.answering_target(now);
        }
        let change = self.link.latest().cloned();
        let ways = self.controls.ways(&self.around.local, &members);
        let limits = self.around.limits.path_outage;
        let ground = Ground { nearer, tunnels, change, limits, ways };
        let events = self.outages.observe(&members, &ground, now);
        self.around.tunnel_changes = ground.tunnels;
        self.around.outages = self.outages.lately();
        self.around.breaks.watch(now);
        for event in events {
            let (OutageEvent::Began(outage)
            | OutageEvent::Ended(outage)
            | OutageEvent::Restarted(outage)) = &event;
            for id in outage.members.keys() {
                if let Some(tracked) = self.targets.get_mut(id) {
                    tracked.came_through(outage);
                    tracked.tick(&self.around, now);
                }
            }
            match &event {
                OutageEvent::Ended(outage) => self.around.breaks.add(outage),
                OutageEvent::Restarted(outage) => self.around.breaks.forget(outage),
                OutageEvent::Began(_) => {}
            }
            match event {
                OutageEvent::Began(outage) if outage.is_unsteady() => {
                    self.count_unsteady(&outage, now);
                }
                // The line that counts says enough.
                OutageEvent::Ended(outage) if outage.is_unsteady() && outage.was_brief() => {}
                OutageEvent::Restarted(outage) => {
                    let text = format!("{} hosts restarted together", outage.members.len());
                    self.log(None, now.wall, text);
                }
                OutageEvent::Began(outage) => {
                    let today = self.around.broke_today(&outage).len();
                    let times = if today == 0 {
                        String::new()
                    } else {
                        format!(", {} times today", today + 1)
                    };
                    self.log(None, now.wall, format!("{}{times}", began(&outage)));
                }
                OutageEvent::Ended(outage) => {
                    let (back, all) = (outage.back.len(), outage.members.len());
                    let what =
                        if outage.is_restart() { "after the restart" } else { "the path is back" };
                    self.log(None, now.wall, format!("{what}: {back} of {all} hosts answer"));
                }
            }
        }
    }

    /// Keeps one line on a path that breaks again and again, at its newest break.
    fn count_unsteady(&mut self, outage: &Outage, now: Now) {
        self.unsteady.retain(|_, path| now.mono.since(path.newest) <= LATELY);
        let before = self.unsteady.remove(&outage.scope);
        let line = before.as_ref().and_then(|path| {
            let own = |event: &Event| event.target.is_none() && event.text == path.line;
            self.events.iter().rposition(own)
        });
        if let Some(at) = line {
            self.events.remove(at);
        }
        let times = before.map_or(outage.times, |path| path.times.saturating_add(1));
        let line = format!("{}, {times} times by now: the path is unsteady", began(outage));
        self.log(None, now.wall, line.clone());
        self.unsteady.insert(outage.scope.clone(), Unsteady { times, newest: now.mono, line });
    }
}

fn began(outage: &Outage) -> String {
    let what = outage.tunnel.iter().chain(&outage.change).next();
    let what = what.map_or_else(String::new, |what| format!("; {what}"));
    format!("{} hosts fell silent together{what}", outage.members.len())
}
