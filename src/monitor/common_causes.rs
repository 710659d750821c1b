//! What fails several targets at once.

use super::tracked::Ailment;
use super::{Monitor, Tracked};
use crate::domain::common_cause::{
    CommonCause, LineFault, Lookups, Serving, Share, Signs, Thing, Trouble, Witness, Word,
    most_at_once, undecided, undecided_alike,
};
use crate::domain::finding::RuleId;
use crate::domain::surroundings::Surroundings;
use crate::domain::target::{Host, TargetId};
use crate::domain::time::{MonoTime, Now};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// At most so many things are looked at, those that fail most.
const MOST: usize = 16;

/// What all say of things.
type Heard<'a> = BTreeMap<Thing, Vec<Witness<'a>>>;
/// What ails whom.
type Ailments = BTreeMap<TargetId, Vec<Ailment>>;

impl Monitor {
    /// Looks whether several targets fail by one thing that they all need, or ail alike.
    pub(super) fn look_for_common_causes(&mut self, now: Now) {
        self.look_who_is_served();
        let ailments = self.look_what_ails(now);
        let limits = self.around.limits.common_cause;
        let mut failed: BTreeMap<Thing, usize> = BTreeMap::new();
        for thing in self.targets.values().flat_map(|one| one.failed_by(&self.around, now)) {
            *failed.entry(thing).or_default() += 1;
        }
        let things = self.suspects(&failed);
        let servers = self.suspected_servers(&failed);
        let ports = failed.into_keys().filter(|thing| matches!(thing, Thing::Port(_)));
        let looked_at: BTreeSet<Thing> = things.iter().cloned().chain(ports).collect();
        let mut heard = hear(&self.targets, &looked_at, &self.around, now);
        for witnesses in heard.values_mut() {
            witnesses.retain(|witness| counts(witness, &self.around, self.online_since));
        }
        let ports = heard.iter().filter(|(thing, _)| matches!(thing, Thing::Port(_)));
        let ports = ports.flat_map(|(_, witnesses)| undecided(witnesses, limits, now));
        self.undecided =
            ports.flat_map(|id| super::tracked::BARRED.map(|rule| (id, rule))).collect();
        heard.retain(|thing, _| things.contains(thing));
        let troubles = self.troubles(&ailments, now);
        let (signs, around) = (&self.signs, &self.around);
        let alike = hear_alike(&self.targets, &ailments, &troubles, signs, around, now);
        for (thing, witnesses) in &alike {
            let Thing::Alike(trouble, _) = thing else { continue };
            let waits = undecided_alike(*trouble, witnesses, limits).into_iter().flat_map(|id| {
                let own = ailments.get(&id).into_iter().flatten();
                let own = own.filter(|one| one.trouble == *trouble);
                own.map(move |one| (id, one.rule))
                    .filter(|(id, rule)| self.signs.is_fresh(*id, *rule, now))
            });
            self.undecided.extend(waits);
        }
        heard.extend(alike);
        let lookups = servers.into_iter().map(|servers| {
            let all = self.targets.values();
            let said = all.map(|one| one.lookups(&servers, &self.around, self.online_since, now));
            let said = said.collect();
            (servers, said)
        });
        let lookups: BTreeMap<Vec<IpAddr>, Vec<Lookups<'_>>> = lookups.collect();
        self.common.observe(&heard, limits, now);
        self.common.observe_lookups(&lookups, limits, now);
        self.take_over();
    }

    /// What ails whom that no other cause explains.
    fn look_what_ails(&mut self, now: Now) -> Ailments {
        let mut ailments = Ailments::new();
        let mut standing = BTreeSet::new();
        let (mut explained, mut shared) = (BTreeSet::new(), BTreeSet::new());
        for (id, tracked) in &self.targets {
            let of = |rules: Vec<RuleId>| rules.into_iter().map(|rule| (*id, rule));
            let ails = tracked.ailments(&self.around, now);
            explained.extend(of(ails.explained));
            shared.extend(of(ails.hidden));
            if !ails.told.is_empty() {
                standing.extend(ails.told.iter().map(|one| (*id, one.rule)));
                ailments.insert(*id, ails.told);
            }
        }
        self.signs.observe(&standing, &explained, &shared, now);
        for (id, all) in &mut ailments {
            all.retain(|one| !self.signs.is_explained(*id, one.rule));
        }
        ailments
    }

    /// What ails enough targets within a while to be looked at, or one that waits for others; and what
    /// stands.
    fn troubles(&self, ailments: &Ailments, now: Now) -> BTreeSet<Trouble> {
        let limits = self.around.limits.common_cause;
        let mut since: BTreeMap<Trouble, Vec<MonoTime>> = BTreeMap::new();
        let mut fresh: BTreeSet<Trouble> = BTreeSet::new();
        for (id, one) in ailments.iter().flat_map(|(id, all)| all.iter().map(move |one| (*id, one)))
        {
            since.entry(one.trouble).or_default().push(one.since.mono);
            if self.signs.is_fresh(id, one.rule, now) {
                fresh.insert(one.trouble);
            }
        }
        let many = since.into_iter().filter_map(|(trouble, since)| {
            (most_at_once(since, limits) >= limits.hosts()).then_some(trouble)
        });
        let open = self.common.open().iter().filter_map(|cause| match cause.thing {
            Thing::Alike(trouble, _) => Some(trouble),
            _ => None,
        });
        fresh.into_iter().chain(many).chain(open).collect()
    }

    /// Takes over what stands.
    fn take_over(&mut self) {
        let before = std::mem::take(&mut self.around.common);
        self.around.common = self.common.told().cloned().collect();
        let members = |causes: &[CommonCause]| -> BTreeSet<TargetId> {
            causes.iter().flat_map(|cause| cause.members.keys().copied()).collect()
        };
        let stands = |cause: &CommonCause| {
            self.around.common.iter().any(|other| other.number == cause.number)
        };
        let lost = |cause: &&CommonCause| {
            matches!(cause.thing, Thing::Alike(Trouble::Line(LineFault::Loses), _))
        };
        for cause in before.iter().filter(lost).filter(|cause| !stands(cause)) {
            for id in cause.members.keys() {
                if let Some(tracked) = self.targets.get_mut(id) {
                    tracked.line_is_well_again();
                }
            }
        }
        for id in members(&before).symmetric_difference(&members(&self.around.common)) {
            if let Some(tracked) = self.targets.get_mut(id) {
                tracked.set_changed();
            }
        }
    }

    /// Looks what serves anybody. Where nobody needs a thing any more, it fails nobody.
    fn look_who_is_served(&mut self) {
        let (mut named, mut behind) = (false, false);
        let mut serving = Serving::default();
        for one in self.targets.values() {
            named |= matches!(one.target().host, Host::Name(_));
            behind |= one.target().gateway.is_some();
            serving.names |= one.resolves();
            serving.gateways |= one.gateway_answers();
            serving.certificates |= one.certificate_is_good();
            serving.ports |= one.is_open();
            serving.measured |= one.is_measured();
        }
        let nobody = self.targets.is_empty();
        self.around.serving = Serving {
            names: serving.names || !named,
            gateways: serving.gateways || !behind,
            certificates: serving.certificates || !behind,
            ports: serving.ports || nobody,
            measured: serving.measured || nobody,
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
        let open = open.filter(|thing| !matches!(thing, Thing::Alike(..)));
        many.into_iter().map(|(thing, _)| thing).chain(open).cloned().collect()
    }
}

/// What all say of each of these things. Of ports, of which there may be as many as targets, each is
/// asked of its own only.
fn hear<'a>(
    targets: &'a BTreeMap<TargetId, Tracked>,
    things: &BTreeSet<Thing>,
    around: &Surroundings,
    now: Now,
) -> Heard<'a> {
    let mut heard: Heard<'a> = things.iter().map(|thing| (thing.clone(), Vec::new())).collect();
    let is_port = |thing: &&Thing| matches!(thing, Thing::Port(_));
    let others: Vec<&Thing> = things.iter().filter(|thing| !is_port(thing)).collect();
    for tracked in targets.values() {
        let own = Thing::Port(tracked.target().port);
        let own = things.get(&own).into_iter();
        for thing in others.iter().copied().chain(own) {
            let says = tracked.witness(thing, around, now);
            if let Some((witness, all)) = says.zip(heard.get_mut(thing)) {
                all.push(witness);
            }
        }
    }
    heard
}

/// What all say of what ails some: each of whatever it shares with others.
fn hear_alike<'a>(
    targets: &'a BTreeMap<TargetId, Tracked>,
    ailments: &Ailments,
    troubles: &BTreeSet<Trouble>,
    signs: &Signs,
    around: &Surroundings,
    now: Now,
) -> Heard<'a> {
    if troubles.is_empty() {
        return Heard::new();
    }
    let mut heard: BTreeMap<(Trouble, Share<'_>), Vec<Witness<'_>>> = BTreeMap::new();
    for (id, tracked) in targets {
        let own = ailments.get(id).map_or(&[][..], Vec::as_slice);
        for trouble in troubles {
            let hidden = signs.hidden(*id, *trouble);
            let said = tracked.fares(*trouble, own, hidden, around, now);
            let Some(witness) = said else { continue };
            for share in tracked.shares(around).filter(|share| trouble.is_shared_by(*share)) {
                heard.entry((*trouble, share)).or_default().push(witness.clone());
            }
        }
    }
    let named = |((trouble, share), all): ((Trouble, Share<'_>), _)| {
        (Thing::Alike(trouble, share.into()), all)
    };
    heard.into_iter().map(named).collect()
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
