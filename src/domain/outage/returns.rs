//! How hosts come back that were silent together: all at once, as behind a path that is up again, or
//! as machines do that restarted.

use super::begins::least;
use super::{Member, Outage};
use crate::domain::target::TargetId;
use crate::domain::time::{MonoTime, Now};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// Who came back, and how.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Returns {
    /// When members answered for the first time after it, on any layer.
    pub first: BTreeMap<TargetId, MonoTime>,
    /// Where those are dialled that refused their port when they came back, which worked before.
    pub refused: BTreeSet<IpAddr>,
}

impl Returns {
    /// How long after the first of them the last one came.
    fn apart(&self) -> Duration {
        let (first, last) = (self.first.values().min(), self.first.values().max());
        last.zip(first).map(|(last, first)| last.since(*first)).unwrap_or_default()
    }
}

impl Outage {
    /// Whether it was no path: its hosts came back as machines do that restarted together, most of them
    /// at a port that is not open yet, or one by one. A few that restarted beside a path that is back
    /// for all are no such thing, nor is what began with something on the way.
    #[must_use]
    pub fn is_restart(&self) -> bool {
        let (refused, back) = (self.returns.refused.len(), self.returns.first.len());
        let one_by_one = self.returns.apart() > self.limits.together * 2;
        let on_the_way = self.tunnel.is_some() || self.stretch().is_some();
        refused >= least(&self.limits) && (refused * 2 >= back || one_by_one) && !on_the_way
    }

    /// Whether its hosts may have restarted: some refuse their port, or are silent still, or they came
    /// back one by one, where a path is back for all at once.
    #[must_use]
    pub fn may_be_restart(&self) -> bool {
        let away = self.members.len().saturating_sub(self.returns.first.len());
        self.returns.refused.len() >= least(&self.limits)
            || away * 5 >= self.members.len()
            || self.returns.apart() > self.limits.together * 2
    }

    /// Notes who answers again for the first time, and who refuses its port while it may be starting.
    pub(super) fn see_returns(&mut self, members: &[Member<'_>], now: Now) {
        for member in members.iter().filter(|one| self.members.contains_key(&one.target)) {
            if member.silent_since.is_some() || !member.has_say() {
                continue;
            }
            let first = *self.returns.first.entry(member.target).or_insert(now.mono);
            if member.refuses.is_some_and(|starting| now.mono.since(first) <= starting) {
                self.returns.refused.insert(member.address);
            }
        }
    }
}
