//! What fails several targets at once.

use super::{Monitor, Tracked};
use crate::domain::common_cause::{CommonCause, Thing, Witness, Word};
use crate::domain::surroundings::Surroundings;
use crate::domain::target::{Host, TargetId};
use crate::domain::time::{MonoTime, Now};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// At most so many things are looked at, those that fail most.
const MOST: usize = 16;

impl Monitor {
    /// Looks whether several targets fail by one thing that they all need.
    pub(super) fn look_for_common_causes(&mut self, now: Now) {
        let all = || self.targets.values();
        // Where nobody needs a thing any more, it fails nobody.
        let named = |one: &Tracked| matches!(one.target().host, Host::Name(_));
        self.around.serving.names = all().any(Tracked::resolves) || !all().any(named);
        let behind = |one: &Tracked| one.target().gateway.is_some();
        self.around.serving.gateways = all().any(Tracked::gateway_answers) || !all().any(behind);
        let things = self.suspects();
        if things.is_empty() {
            self.around.common.clear();
            return;
        }
        let heard = |thing: &Thing| {
            let all = self.targets.values().filter_map(|tracked| tracked.witness(thing));
            let all = all.filter(|witness| counts(witness, &self.around, self.online_since));
            all.collect::<Vec<Witness<'_>>>()
        };
        let heard = things.into_iter().map(|thing| {
            let witnesses = heard(&thing);
            (thing, witnesses)
        });
        let heard: BTreeMap<Thing, Vec<Witness<'_>>> = heard.collect();
        self.common.observe(&heard, self.around.limits.common_cause, now);
        let before = std::mem::take(&mut self.around.common);
        self.around.common = self.common.open().to_vec();
        let has = |causes: &[CommonCause], id: &TargetId| {
            causes.iter().any(|cause| cause.members.contains_key(id))
        };
        for (id, tracked) in &mut self.targets {
            if has(&before, id) != has(&self.around.common, id) {
                tracked.set_changed();
            }
        }
    }

    /// Things that fail enough targets to be looked at, and those that stand as causes.
    fn suspects(&self) -> Vec<Thing> {
        let limits = self.around.limits.common_cause;
        let mut failed: BTreeMap<Thing, usize> = BTreeMap::new();
        for thing in self.targets.values().flat_map(Tracked::failed_by) {
            *failed.entry(thing).or_default() += 1;
        }
        let mut many: Vec<(Thing, usize)> =
            failed.into_iter().filter(|(thing, number)| *number >= thing.least(limits)).collect();
        many.sort_by_key(|(_, number)| Reverse(*number));
        many.truncate(MOST);
        let open = self.common.open().iter().map(|cause| cause.thing.clone());
        let mut things: Vec<Thing> = many.into_iter().map(|(thing, _)| thing).chain(open).collect();
        things.sort();
        things.dedup();
        things
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
