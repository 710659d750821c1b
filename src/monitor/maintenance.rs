//! Planned work: whose alerts are held back, by the windows of the configuration and by what
//! somebody asked for on the screen.

use super::Monitor;
use crate::domain::alert::Hold;
use crate::domain::finding::RuleId;
use crate::domain::maintenance::{Calendar, Maintained};
use crate::domain::rules::{PATH_OUTAGE_ID, RESTARTED_TOGETHER_ID, told_as};
use crate::domain::target::TargetId;
use crate::domain::text::printable;
use crate::domain::time::{Now, WallTime};
use std::collections::{BTreeMap, BTreeSet};

/// The windows, and what held when they were last looked at.
#[derive(Debug, Default)]
pub(super) struct Maintenance {
    calendar: Calendar,
    /// Names of the windows that held, with their ends.
    held: BTreeMap<String, WallTime>,
    /// Targets whose work somebody asked for.
    asked: BTreeSet<TargetId>,
    /// Everybody is to be looked at, whatever held before.
    anew: bool,
}

impl Monitor {
    /// Sets the windows of the configuration.
    pub fn plan(&mut self, calendar: Calendar) {
        self.around.zone = calendar.zone().clone();
        self.maintenance.calendar = calendar;
        self.maintenance.anew = true;
    }

    /// Holds back the alerts of these targets until then, or (`None`) ends what somebody asked for. A
    /// window of the configuration goes on. Whether there was anything to change.
    pub fn maintain(&mut self, ids: &[TargetId], until: Option<WallTime>, now: Now) -> bool {
        self.maintain_from("the screen", ids, until, now)
    }

    /// The same, as it was asked for on `place`.
    pub(super) fn maintain_from(
        &mut self,
        place: &str,
        ids: &[TargetId],
        until: Option<WallTime>,
        now: Now,
    ) -> bool {
        let asked = ids.iter().filter(|id| self.ask_for_maintenance(**id, until, place, now));
        let changed = asked.count();
        if changed > 0 {
            self.look_for_maintenance(now);
        }
        changed > 0
    }

    fn ask_for_maintenance(
        &mut self,
        id: TargetId,
        until: Option<WallTime>,
        place: &str,
        now: Now,
    ) -> bool {
        let Some(tracked) = self.targets.get_mut(&id) else { return false };
        let until = until.filter(|until| *until > now.wall);
        let before = std::mem::replace(&mut tracked.memory_mut().maintenance_until, until);
        let stood = before.is_some_and(|before| before > now.wall);
        let text = match (stood, until) {
            (false, None) => return false,
            (false, Some(_)) => "maintenance began, asked for on",
            (true, Some(_)) => "maintenance has another end, set on",
            (true, None) => "maintenance was ended on",
        };
        self.maintenance.asked.insert(id);
        self.log(Some(id), now.wall, format!("{text} {place}"));
        true
    }

    /// A target was added: it may be in maintenance since an earlier run.
    pub(super) fn look_anew(&mut self, id: TargetId) {
        let remembered = |tracked: &super::Tracked| tracked.memory().maintenance_until.is_some();
        if self.targets.get(&id).is_some_and(remembered) {
            self.maintenance.asked.insert(id);
        }
        self.maintenance.anew = true;
    }

    /// Looks who is in maintenance at `now`. Call it before alerts are judged.
    pub(super) fn look_for_maintenance(&mut self, now: Now) {
        let calendar = std::mem::take(&mut self.maintenance.calendar);
        let holding = calendar.holding(now.wall);
        let held = holding.ends();
        let changed = std::mem::take(&mut self.maintenance.anew) || held != self.maintenance.held;
        if changed {
            self.log_windows(&held, now);
            self.maintenance.held = held;
        }
        let looked_at: Vec<TargetId> = if changed {
            self.targets.keys().copied().collect()
        } else {
            self.maintenance.asked.iter().copied().collect()
        };
        for id in looked_at {
            let Some(tracked) = self.targets.get_mut(&id) else {
                self.maintenance.asked.remove(&id);
                continue;
            };
            let asked = tracked.memory().maintenance_until;
            let over = asked.is_some_and(|until| until <= now.wall);
            if over {
                tracked.memory_mut().maintenance_until = None;
            }
            let maintained = holding.of(tracked.target(), asked, now.wall);
            if asked.is_none() || over {
                self.maintenance.asked.remove(&id);
            }
            self.alerts.hold(Some(id), maintained.as_ref().map(|m| Hold::all(m.until())));
            tracked.set_maintained(maintained);
            if over {
                self.log(Some(id), now.wall, "maintenance is over".to_owned());
            }
        }
        let all = holding.of_all().map(Hold::all);
        let holds: Vec<Hold> = all.map_or_else(|| self.of_many(), |all| vec![all]);
        self.alerts.hold(None, holds);
        self.maintenance.calendar = calendar;
    }

    /// What concerns many is this machine's alert; it is held back while everybody concerned is worked
    /// on.
    fn of_many(&self) -> Vec<Hold> {
        let outages = self.around.outages.iter().filter(|outage| outage.ended.is_none());
        let told = |restart: bool| if restart { RESTARTED_TOGETHER_ID } else { PATH_OUTAGE_ID };
        let paths = outages
            .map(|outage| (told(outage.is_restart()), outage.members.keys().copied().collect()));
        let causes = self.around.common.iter();
        let causes =
            causes.map(|cause| (told_as(&cause.thing), cause.members.keys().copied().collect()));
        let mut concerned: BTreeMap<RuleId, Vec<TargetId>> = BTreeMap::new();
        for (rule, ids) in paths.chain(causes) {
            let ids: Vec<TargetId> = ids;
            concerned.entry(rule).or_default().extend(ids);
        }
        let until = |id: &TargetId| {
            let maintained = self.targets.get(id).and_then(super::Tracked::maintained);
            maintained.map(Maintained::until)
        };
        let hold = |(rule, ids): (RuleId, Vec<TargetId>)| {
            let ends: Option<Vec<WallTime>> = ids.iter().map(until).collect();
            Some(Hold { until: ends?.into_iter().min()?, only: Some(rule) })
        };
        concerned.into_iter().filter_map(hold).collect()
    }

    fn log_windows(&mut self, held: &BTreeMap<String, WallTime>, now: Now) {
        let before = std::mem::take(&mut self.maintenance.held);
        let began = held.keys().filter(|name| !before.contains_key(*name));
        let over = before.keys().filter(|name| !held.contains_key(*name));
        let lines: Vec<String> = began
            .map(|name| format!("maintenance \"{}\" began", printable(name)))
            .chain(over.map(|name| format!("maintenance \"{}\" is over", printable(name))))
            .collect();
        for line in lines {
            self.log(None, now.wall, line);
        }
    }
}
