//! What fails several targets at once.

use super::tracked::{Ailment, Ails};
use super::{Monitor, Tracked};
use crate::domain::common_cause::{
    CommonCause, LineFault, Lookups, Serving, Share, Signs, Thing, Trouble, Votes, Witness, Word,
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

/// What all targets say.
struct Survey {
    /// How many each thing fails.
    failed: BTreeMap<Thing, usize>,
    /// What ails whom that no other cause explains.
    ailments: Ailments,
}

/// What serves anybody.
#[derive(Default)]
struct Served {
    any: Serving,
    /// Somebody is dialled by a name.
    named: bool,
    /// Somebody is behind a gateway.
    behind: bool,
}

impl Served {
    fn add(&mut self, one: &Tracked) {
        self.named = self.named || matches!(one.target().host, Host::Name(_));
        self.behind = self.behind || one.target().gateway.is_some();
        let Serving { names, gateways, certificates, ports, measured } = self.any;
        self.any = Serving {
            names: names || one.resolves(),
            gateways: gateways || one.gateway_answers(),
            certificates: certificates || one.certificate_is_good(),
            ports: ports || one.is_open(),
            measured: measured || one.is_measured(),
        };
    }

    /// Where nobody needs a thing any more, it fails nobody.
    fn serving(self, nobody: bool) -> Serving {
        let Serving { names, gateways, certificates, ports, measured } = self.any;
        Serving {
            names: names || !self.named,
            gateways: gateways || !self.behind,
            certificates: certificates || !self.behind,
            ports: ports || nobody,
            measured: measured || nobody,
        }
    }
}

/// What ails whom, and why that is not told.
#[derive(Default)]
struct Ailing {
    told: Ailments,
    standing: BTreeSet<(TargetId, RuleId)>,
    explained: BTreeSet<(TargetId, RuleId)>,
    shared: BTreeSet<(TargetId, RuleId)>,
}

impl Ailing {
    fn add(&mut self, id: TargetId, ails: Ails) {
        let of = |rules: Vec<RuleId>| rules.into_iter().map(move |rule| (id, rule));
        self.explained.extend(of(ails.explained));
        self.shared.extend(of(ails.hidden));
        if !ails.told.is_empty() {
            self.standing.extend(ails.told.iter().map(|one| (id, one.rule)));
            self.told.insert(id, ails.told);
        }
    }
}

impl Monitor {
    /// Looks whether several targets fail by one thing that they all need, or ail alike.
    pub(super) fn look_for_common_causes(&mut self, now: Now) {
        let Survey { failed, ailments } = self.survey(now);
        let limits = self.around.limits.common_cause;
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
        let (signs, around, open) = (&self.signs, &self.around, self.common.open());
        let alike = hear_alike(&self.targets, &ailments, &troubles, signs, open, around, now);
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

    /// Asks every target what serves it, what fails it and what ails it: all at once, because with many
    /// of them most of the time goes into coming to each.
    fn survey(&mut self, now: Now) -> Survey {
        let mut served = Served::default();
        let mut failed: BTreeMap<Thing, usize> = BTreeMap::new();
        let mut ailing = Ailing::default();
        for (id, tracked) in &self.targets {
            served.add(tracked);
            for thing in tracked.failed_by(&self.around, now) {
                *failed.entry(thing).or_default() += 1;
            }
            ailing.add(*id, tracked.ailments(&self.around, now));
        }
        self.around.serving = served.serving(self.targets.is_empty());
        self.signs.observe(&ailing.standing, &ailing.explained, &ailing.shared, now);
        let mut ailments = ailing.told;
        for (id, all) in &mut ailments {
            all.retain(|one| !self.signs.is_explained(*id, one.rule));
        }
        Survey { failed, ailments }
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
    if things.is_empty() {
        return Heard::new();
    }
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

/// What all say of what ails some, each of whatever it shares with others: where that may be why, or
/// stands as the cause.
fn hear_alike<'a>(
    targets: &'a BTreeMap<TargetId, Tracked>,
    ailments: &Ailments,
    troubles: &BTreeSet<Trouble>,
    signs: &Signs,
    open: &[CommonCause],
    around: &'a Surroundings,
    now: Now,
) -> Heard<'a> {
    let mut said: Vec<(Trouble, Vec<(&Tracked, Witness<'_>)>)> =
        troubles.iter().map(|trouble| (*trouble, Vec::new())).collect();
    if said.is_empty() {
        return Heard::new();
    }
    for (id, tracked) in targets {
        let own = ailments.get(id).map_or(&[][..], Vec::as_slice);
        for (trouble, said) in &mut said {
            let hidden = signs.hidden(*id, *trouble);
            let witness = tracked.fares(*trouble, own, hidden, around, now);
            said.extend(witness.map(|witness| (tracked, witness)));
        }
    }
    said.iter().flat_map(|(trouble, said)| by_share(*trouble, said, open, around)).collect()
}

/// What is said of `trouble` by those who share something, for each share that may be the cause.
fn by_share<'a>(
    trouble: Trouble,
    said: &[(&'a Tracked, Witness<'a>)],
    open: &[CommonCause],
    around: &'a Surroundings,
) -> Heard<'a> {
    let shares =
        |one: &'a Tracked| one.shares(around).filter(move |share| trouble.is_shared_by(*share));
    let latest = said.iter().filter_map(|(_, witness)| witness.fails_since()).max();
    let mut votes: BTreeMap<Share<'_>, Votes> = BTreeMap::new();
    for (tracked, witness) in said {
        for share in shares(tracked) {
            votes.entry(share).or_default().count(witness, latest);
        }
    }
    let limits = around.limits.common_cause;
    let named = |share: Share<'_>| Thing::Alike(trouble, share.into());
    let stands = |share| open.iter().any(|cause| cause.thing == named(share));
    votes.retain(|share, votes| votes.may_be_all(trouble, limits) || stands(*share));
    if votes.is_empty() {
        return Heard::new();
    }
    let mut heard: BTreeMap<Share<'_>, Vec<Witness<'_>>> = BTreeMap::new();
    for (tracked, witness) in said {
        for share in shares(tracked).filter(|share| votes.contains_key(share)) {
            heard.entry(share).or_default().push(witness.clone());
        }
    }
    heard.into_iter().map(|(share, all)| (named(share), all)).collect()
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
