//! What one process knows of its hosts, put together with what others saved of the same ones.

use super::{Apart, State};
use crate::domain::memory::TargetMemory;
use crate::domain::said::{self, Word};
use crate::domain::time::WallTime;
use crate::domain::untold::Untold;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What this process loaded or saved last: what differs from it is its own change.
#[derive(Debug, Default)]
pub(super) struct Base(Mutex<State>);

impl Base {
    /// This process knows what was saved.
    pub(super) fn set(&self, known: State) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(known);
    }

    /// The hosts of `own` of which people said something else in `whole`.
    pub(super) fn apart(
        &self,
        whole: State,
        own: &dyn Fn(&str) -> bool,
        now: WallTime,
    ) -> Vec<Apart> {
        let base = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let nothing = TargetMemory::default();
        let of = |(host, theirs): (String, TargetMemory)| {
            let before = base.get(&host).unwrap_or(&nothing);
            let apart = own(&host) && !said::words(before, &theirs, now).is_empty();
            apart.then(|| Apart { host, before: before.clone(), theirs })
        };
        whole.into_iter().filter_map(of).collect()
    }

    /// This process knows that word.
    pub(super) fn agree(&self, apart: &Apart, word: &Word, fires: bool) {
        let mut base = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = base.entry(apart.host.clone()).or_default();
        said::agree(known, &apart.theirs, word, fires);
    }

    /// Writes the changes of `own` into `whole`, field by field: what this process did not change
    /// stays as others saved it, and hosts that it does not watch are untouched.
    pub(super) fn merge(&self, whole: &mut State, own: &State) {
        let base = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let nothing = TargetMemory::default();
        for (host, ours) in own {
            let Some(theirs) = whole.get(host) else {
                whole.insert(host.clone(), ours.clone());
                continue;
            };
            let before = base.get(host).unwrap_or(&nothing);
            if theirs == before {
                whole.insert(host.clone(), ours.clone());
            } else if ours != before {
                let merged = both_changed(before, ours, theirs);
                whole.insert(host.clone(), merged.unwrap_or_else(|| ours.clone()));
            }
        }
    }
}

/// The memory of one host that two processes changed; `None` if it cannot be put together.
fn both_changed(
    before: &TargetMemory,
    ours: &TargetMemory,
    theirs: &TargetMemory,
) -> Option<TargetMemory> {
    let value = |memory: &TargetMemory| {
        let memory = TargetMemory { untold: Vec::new(), ..memory.clone() };
        serde_json::to_value(memory).ok()
    };
    let merged = three_way(value(before), value(ours), value(theirs))?;
    let merged: TargetMemory = serde_json::from_value(merged).ok()?;
    Some(TargetMemory { untold: untold(&before.untold, &ours.untold, &theirs.untold), ..merged })
}

/// What is not told, sink by sink and alert by alert: ours where we changed it, otherwise theirs.
fn untold(before: &[Untold], ours: &[Untold], theirs: &[Untold]) -> Vec<Untold> {
    let [before, own] = [before, ours].map(by_alert);
    let changed = |key: &_| own.get(key) != before.get(key);
    let ours = ours.iter().filter(|one| changed(&alert_of(one)));
    let theirs = theirs.iter().filter(|one| !changed(&alert_of(one)));
    ours.chain(theirs).cloned().collect()
}

/// For which sink, and of which alert.
fn alert_of(untold: &Untold) -> [&str; 3] {
    [&untold.sink, &untold.place, &untold.id]
}

fn by_alert(untold: &[Untold]) -> BTreeMap<[&str; 3], Vec<&Untold>> {
    let mut alerts: BTreeMap<_, Vec<&Untold>> = BTreeMap::new();
    for one in untold {
        alerts.entry(alert_of(one)).or_default().push(one);
    }
    alerts
}

/// Ours where we changed it, otherwise theirs; objects key by key.
fn three_way(before: Option<Value>, ours: Option<Value>, theirs: Option<Value>) -> Option<Value> {
    if ours == before {
        return theirs;
    }
    if theirs == before {
        return ours;
    }
    match (ours, theirs) {
        (Some(Value::Object(ours)), Some(Value::Object(theirs))) => {
            let before = match before {
                Some(Value::Object(before)) => before,
                _ => Map::new(),
            };
            Some(Value::Object(by_key(before, ours, theirs)))
        }
        (ours, _) => ours,
    }
}

fn by_key(
    before: Map<String, Value>,
    ours: Map<String, Value>,
    theirs: Map<String, Value>,
) -> Map<String, Value> {
    let mut keys: BTreeMap<String, [Option<Value>; 3]> = BTreeMap::new();
    for (place, map) in [before, ours, theirs].into_iter().enumerate() {
        for (key, value) in map {
            if let Some(slot) = keys.entry(key).or_default().get_mut(place) {
                *slot = Some(value);
            }
        }
    }
    let merged = keys.into_iter().filter_map(|(key, [before, ours, theirs])| {
        three_way(before, ours, theirs).map(|value| (key, value))
    });
    merged.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::Severity;
    use crate::domain::sink::{Notice, SinkKind, SinkSpec};

    const HOST: &str = "pc:3389";

    fn at(second: i64) -> WallTime {
        WallTime::from_unix_millis(second * 1_000)
    }

    fn state(memory: TargetMemory) -> State {
        State::from([(HOST.to_owned(), memory)])
    }

    /// What `own` makes of a file with `theirs`, when this process last knew `before`.
    fn merged(before: TargetMemory, own: TargetMemory, theirs: TargetMemory) -> TargetMemory {
        let base = Base::default();
        base.set(state(before));
        let mut whole = state(theirs);
        base.merge(&mut whole, &state(own));
        whole.remove(HOST).expect("still there")
    }

    #[test]
    fn each_keeps_what_the_other_did_not_touch() {
        let before = TargetMemory { last_answer: Some(at(1)), ..TargetMemory::default() };
        let mut theirs = before.clone();
        theirs.pinned = true;
        theirs.acknowledged.insert("port-closed".to_owned(), at(5));
        let mut ours = before.clone();
        ours.last_answer = Some(at(9));
        ours.acknowledged.insert("tls-outdated".to_owned(), at(8));
        let both = merged(before.clone(), ours.clone(), theirs.clone());
        assert!(both.pinned);
        assert_eq!(both.last_answer, Some(at(9)));
        assert_eq!(both.acknowledged.len(), 2);

        assert_eq!(merged(before.clone(), before.clone(), theirs.clone()), theirs, "an old memory");
        assert_eq!(merged(before.clone(), ours.clone(), before), ours, "nobody else");
    }

    #[test]
    fn what_was_taken_away_is_gone_and_what_both_changed_is_the_last_ones() {
        let mut before = TargetMemory { pinned: true, ..TargetMemory::default() };
        before.accepted.insert("tls-outdated".to_owned(), at(1));
        let mut theirs = before.clone();
        theirs.sleeps = true;
        theirs.last_answer = Some(at(3));
        let ours = TargetMemory { last_answer: Some(at(2)), ..TargetMemory::default() };
        let both = merged(before, ours, theirs);
        assert!(both.accepted.is_empty() && !both.pinned);
        assert!(both.sleeps);
        assert_eq!(both.last_answer, Some(at(2)));
    }

    #[test]
    fn what_is_not_told_is_merged_alert_by_alert() {
        let spec = |name: &str| SinkSpec {
            name: name.to_owned(),
            kind: SinkKind::Syslog,
            severity: Severity::Warning,
            groups: Vec::new(),
            events: Vec::new(),
        };
        let one = |sink: &str, id: &str| {
            Untold::of(&spec(sink), &Notice { id: id.to_owned(), ..Notice::test(at(1)) })
        };
        let memory = |untold: &[&Untold], seconds| TargetMemory {
            untold: untold.iter().map(|one| (*one).clone()).collect(),
            last_answer: Some(at(seconds)),
            ..TargetMemory::default()
        };
        let (pager, mail) = (one("pager", "a"), one("mail", "a"));
        let (told, new) = (one("mail", "b"), one("pager", "c"));
        let before = memory(&[&pager, &told], 1);
        // We told one alert and could not tell another; they did not get told a third.
        let ours = memory(&[&pager, &mail], 2);
        let theirs = memory(&[&pager, &told, &new], 3);
        let both = merged(before.clone(), ours, theirs);
        assert_eq!(both.untold, [mail, pager.clone(), new]);
        // They told what we did not touch.
        let theirs = memory(&[&told], 3);
        assert_eq!(merged(before.clone(), memory(&[&pager, &told], 2), theirs).untold, [told]);
    }

    #[test]
    fn hosts_of_others_are_untouched_and_new_ones_added() {
        let base = Base::default();
        let pinned = TargetMemory { pinned: true, ..TargetMemory::default() };
        let mut whole = State::from([("other:3389".to_owned(), pinned.clone())]);
        base.merge(&mut whole, &state(TargetMemory::default()));
        assert_eq!(whole.len(), 2);
        assert_eq!(whole["other:3389"], pinned);
    }
}
