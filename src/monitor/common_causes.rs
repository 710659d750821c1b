//! What fails several targets at once.

use super::{Monitor, Tracked};
use crate::domain::common_cause::{CommonCause, Lookups, Serving, Thing, Witness, Word, undecided};
use crate::domain::surroundings::Surroundings;
use crate::domain::target::{Host, TargetId};
use crate::domain::time::{MonoTime, Now};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// At most so many things are looked at, those that fail most.
const MOST: usize = 16;

impl Monitor {
    /// Looks whether several targets fail by one thing that they all need.
    pub(super) fn look_for_common_causes(&mut self, now: Now) {
        self.look_who_is_served();
        let mut failed: BTreeMap<Thing, usize> = BTreeMap::new();
        for thing in self.targets.values().flat_map(|one| one.failed_by(&self.around, now)) {
            *failed.entry(thing).or_default() += 1;
        }
        let limits = self.around.limits.common_cause;
        let things = self.suspects(&failed);
        let servers = self.suspected_servers(&failed);
        // Of a port that too few have none can be one of many.
        let mut users: BTreeMap<u16, usize> = BTreeMap::new();
        for tracked in self.targets.values() {
            *users.entry(tracked.target().port).or_default() += 1;
        }
        let shared = |port: &u16| users.get(port).is_some_and(|many| *many >= limits.hosts());
        let ports =
            failed.into_keys().filter(|thing| matches!(thing, Thing::Port(port) if shared(port)));
        let looked_at: BTreeSet<Thing> = things.iter().cloned().chain(ports).collect();
        let heard_of = |thing: &Thing| {
            let all = self.targets.values();
            let all = all.filter_map(|tracked| tracked.witness(thing, &self.around, now));
            all.filter(|witness| counts(witness, &self.around, self.online_since)).collect()
        };
        let mut heard: BTreeMap<Thing, Vec<Witness<'_>>> =
            looked_at.into_iter().map(|thing| (thing.clone(), heard_of(&thing))).collect();
        let of_ports = heard.iter().filter(|(thing, _)| matches!(thing, Thing::Port(_)));
        self.undecided =
            of_ports.flat_map(|(_, witnesses)| undecided(witnesses, limits, now)).collect();
        if things.is_empty() && servers.is_empty() {
            self.around.common.clear();
            return;
        }
        heard.retain(|thing, _| things.contains(thing));
        let lookups = servers.into_iter().map(|servers| {
            let all = self.targets.values();
            let said = all.map(|one| one.lookups(&servers, &self.around, self.online_since, now));
            let said = said.collect();
            (servers, said)
        });
        let lookups: BTreeMap<Vec<IpAddr>, Vec<Lookups<'_>>> = lookups.collect();
        self.common.observe(&heard, limits, now);
        self.common.observe_lookups(&lookups, limits, now);
        let before = std::mem::take(&mut self.around.common);
        self.around.common = self.common.told().cloned().collect();
        let has = |causes: &[CommonCause], id: &TargetId| {
            causes.iter().any(|cause| cause.members.contains_key(id))
        };
        for (id, tracked) in &mut self.targets {
            if has(&before, id) != has(&self.around.common, id) {
                tracked.set_changed();
            }
        }
    }

    /// Looks what serves anybody. Where nobody needs a thing any more, it fails nobody.
    fn look_who_is_served(&mut self) {
        let all = || self.targets.values();
        let named = |one: &Tracked| matches!(one.target().host, Host::Name(_));
        let behind = |one: &Tracked| one.target().gateway.is_some();
        self.around.serving = Serving {
            names: all().any(Tracked::resolves) || !all().any(named),
            gateways: all().any(Tracked::gateway_answers) || !all().any(behind),
            certificates: all().any(Tracked::certificate_is_good) || !all().any(behind),
            ports: all().any(Tracked::is_open) || self.targets.is_empty(),
        };
    }

    /// DNS servers that fail somebody at this moment, or stand as answering only some lookups.
    fn suspected_servers(&self, failed: &BTreeMap<Thing, usize>) -> BTreeSet<Vec<IpAddr>> {
        let servers = failed.keys().filter_map(|thing| match thing {
            Thing::NameServers(servers) => Some(servers),
            _ => None,
        });
        servers.take(MOST).chain(self.common.in_turns()).cloned().collect()
    }

    /// Things that fail enough targets to be looked at, and those that stand as causes.
    fn suspects(&self, failed: &BTreeMap<Thing, usize>) -> BTreeSet<Thing> {
        let limits = self.around.limits.common_cause;
        let enough = |(thing, number): &(&Thing, &usize)| **number >= thing.least(limits);
        let mut many: Vec<(&Thing, &usize)> = failed.iter().filter(enough).collect();
        many.sort_by_key(|(_, number)| Reverse(**number));
        many.truncate(MOST);
        let open = self.common.open().iter().map(|cause| &cause.thing);
        many.into_iter().map(|(thing, _)| thing).chain(open).cloned().collect()
    }
}

/// Whether it says anything of the thing. What failed while this machine was offline, or together
/// with the way to the host, does not.
fn counts(witness: &Witness<'_>, around: &Surroundings, online_since: Option<MonoTime>) -> bool {
    if !matches!(witness.word, Word::Fails { .. }) {
        return true;
    }
    let offline = online_since.is_some_and(|online| witness.at.mono < online);
    !offline && !around.path_was_down(witness.target, witness.at.mono)
}
