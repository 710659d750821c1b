//! What people say of targets and alerts, as it is remembered: programs that share a state take it from each
//! other by that.

use super::alert::{RememberedAlert, Signature};
use super::finding::{RuleId, Severity};
use super::memory::TargetMemory;
use super::rules::card;
use super::time::WallTime;
use std::collections::BTreeSet;

/// One thing that somebody said of a target or of this machine, beside what stood before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// Whether it is pinned.
    Pin(bool),
    /// Until when its alerts are held back.
    Maintenance(Said<WallTime>),
    /// Its finding by this rule was accepted as found.
    Acceptance(RuleId, WallTime),
    /// Its alert by this rule was acknowledged, or no more.
    Acknowledgement(RuleId, Said<Acknowledged>),
    /// Its alert by this rule was snoozed, or no more.
    Snooze(RuleId, Said<Snoozed>),
}

/// What stood before, and what stands; `None`: nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said<T> {
    /// What stood before.
    pub before: Option<T>,
    /// What stands.
    pub stands: Option<T>,
}

/// An acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// When.
    pub at: WallTime,
    /// By whom. As it was read: not escaped.
    pub signed: Signature,
    /// How bad the alert was; `None`: not known.
    pub severity: Option<Severity>,
}

/// A snooze.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snoozed {
    /// Until when.
    pub until: WallTime,
    /// How bad the alert was; `None`: not known.
    pub severity: Option<Severity>,
}

impl Word {
    /// The rule whose finding or alert it is about.
    #[must_use]
    pub const fn rule(&self) -> Option<RuleId> {
        match self {
            Self::Pin(_) | Self::Maintenance(_) => None,
            Self::Acceptance(rule, _) | Self::Acknowledgement(rule, _) | Self::Snooze(rule, _) => {
                Some(*rule)
            }
        }
    }
}

/// What became of a word that another program saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearing {
    /// It stood here already.
    Known,
    /// It stands here from now on.
    Taken,
    /// Somebody here said something since, and that stands.
    Overruled,
    /// There is nothing here yet that it is about.
    NotYet,
}

/// What is said in `theirs` and was not in `before`. What is over by itself was said by nobody: an alert
/// with its acknowledgement, or what was said of one that began anew or is worse since.
#[must_use]
pub fn words(before: &TargetMemory, theirs: &TargetMemory, now: WallTime) -> Vec<Word> {
    let mut words = Vec::new();
    if before.pinned != theirs.pinned {
        words.push(Word::Pin(theirs.pinned));
    }
    let ahead = |until: Option<WallTime>| until.filter(|until| *until > now);
    let maintenance = changed(ahead(before.maintenance_until), ahead(theirs.maintenance_until));
    words.extend(maintenance.map(Word::Maintenance));
    let accepted = theirs.accepted.iter().filter(|(rule, _)| !before.accepted.contains_key(*rule));
    words.extend(accepted.filter_map(|(rule, at)| Some(Word::Acceptance(card(rule)?.id, *at))));
    for rule in rules(before, theirs) {
        let acknowledged = changed(acknowledged(before, rule), acknowledged(theirs, rule));
        let acknowledged = acknowledged.filter(|said| {
            let at = |one: &Option<Acknowledged>| one.as_ref().map(|one| one.at);
            at(&said.before) != at(&said.stands)
        });
        let snoozed = changed(snoozed(before, rule, now), snoozed(theirs, rule, now));
        let is_kept = |stood: Option<Severity>, since: Option<WallTime>| {
            theirs.alerts.get(rule.0).is_some_and(|alert| {
                let worse = stood.is_some_and(|stood| alert.severity > stood);
                !worse && since.is_none_or(|said| alert.since <= said)
            })
        };
        let said = acknowledged.filter(|said| {
            let before = said.before.as_ref();
            let stood = before.and_then(|one| one.severity);
            said.stands.is_some() || is_kept(stood, before.map(|one| one.at))
        });
        words.extend(said.map(|said| Word::Acknowledgement(rule, said)));
        let said = snoozed.filter(|said| {
            let stood = said.before.as_ref().and_then(|one| one.severity);
            said.stands.is_some() || is_kept(stood, None)
        });
        words.extend(said.map(|said| Word::Snooze(rule, said)));
    }
    words
}

/// Puts a word of `theirs` into `base`, so that the two no longer differ by it. `fires`: the alert that it
/// is about fires here too, and is remembered.
pub fn agree(base: &mut TargetMemory, theirs: &TargetMemory, word: &Word, fires: bool) {
    match word {
        Word::Pin(pinned) => base.pinned = *pinned,
        Word::Maintenance(_) => base.maintenance_until = theirs.maintenance_until,
        Word::Acceptance(rule, at) => {
            base.accepted.insert(rule.0.to_owned(), *at);
        }
        Word::Acknowledgement(rule, said) => {
            match &said.stands {
                Some(stands) => base.acknowledged.insert(rule.0.to_owned(), stands.at),
                None => base.acknowledged.remove(rule.0),
            };
            if let Some((ours, theirs)) = alert(base, theirs, *rule, fires) {
                ours.acknowledged = theirs.acknowledged;
                ours.signed.clone_from(&theirs.signed);
                ours.attended = theirs.attended;
            }
        }
        Word::Snooze(rule, _) => {
            if let Some((ours, theirs)) = alert(base, theirs, *rule, fires) {
                ours.snoozed_until = theirs.snoozed_until;
                ours.attended = theirs.attended;
            }
        }
    }
}

/// The alert in both. One that fires here and is not in `base` yet is there from now on; one that does not
/// is not, or it would be taken for one that is over.
fn alert<'m>(
    base: &'m mut TargetMemory,
    theirs: &'m TargetMemory,
    rule: RuleId,
    fires: bool,
) -> Option<(&'m mut RememberedAlert, &'m RememberedAlert)> {
    let theirs = theirs.alerts.get(rule.0)?;
    if fires && !base.alerts.contains_key(rule.0) {
        base.alerts.insert(rule.0.to_owned(), theirs.clone());
    }
    Some((base.alerts.get_mut(rule.0)?, theirs))
}

/// The rules with an alert or an acknowledgement in one of the two. What a file says beyond the rules that
/// there are is of no account.
fn rules(before: &TargetMemory, theirs: &TargetMemory) -> BTreeSet<RuleId> {
    let names = |memory: &TargetMemory| {
        let names = memory.alerts.keys().chain(memory.acknowledged.keys());
        names.filter_map(|rule| card(rule)).map(|card| card.id).collect::<Vec<_>>()
    };
    names(before).into_iter().chain(names(theirs)).collect()
}

fn changed<T: PartialEq>(before: Option<T>, stands: Option<T>) -> Option<Said<T>> {
    (before != stands).then_some(Said { before, stands })
}

/// An alert that fires says it itself; of one that does not fire yet only the time is remembered.
fn acknowledged(memory: &TargetMemory, rule: RuleId) -> Option<Acknowledged> {
    match memory.alerts.get(rule.0) {
        Some(alert) => Some(Acknowledged {
            at: alert.acknowledged?,
            signed: alert.signed.clone(),
            severity: Some(alert.attended.unwrap_or(alert.severity)),
        }),
        None => memory.acknowledged.get(rule.0).map(|at| Acknowledged {
            at: *at,
            signed: Signature::default(),
            severity: None,
        }),
    }
}

fn snoozed(memory: &TargetMemory, rule: RuleId, now: WallTime) -> Option<Snoozed> {
    let alert = memory.alerts.get(rule.0)?;
    let until = alert.snoozed_until.filter(|until| *until > now)?;
    Some(Snoozed { until, severity: Some(alert.attended.unwrap_or(alert.severity)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "port-closed";
    const NOW: WallTime = at(1_000);

    const fn at(second: i64) -> WallTime {
        WallTime::from_unix_secs(second)
    }

    fn alerting() -> TargetMemory {
        let alert =
            RememberedAlert::firing("port 3389 is closed", Severity::Critical, at(10), at(20));
        TargetMemory { alerts: [(RULE.to_owned(), alert)].into(), ..TargetMemory::default() }
    }

    fn said_of_all() -> TargetMemory {
        let mut memory = alerting();
        memory.pinned = true;
        memory.maintenance_until = Some(at(2_000));
        memory.accepted.insert("tls-outdated".to_owned(), at(30));
        memory.accepted.insert("of-another-version".to_owned(), at(30));
        memory.acknowledged.insert(RULE.to_owned(), at(40));
        let alert = memory.alerts.get_mut(RULE).expect("it");
        alert.acknowledged = Some(at(40));
        alert.signed = Signature::new("ada", "known");
        alert.snoozed_until = Some(at(3_000));
        memory
    }

    #[test]
    fn each_word_is_told_once_and_agreed_to_with_its_rule() {
        let (before, theirs) = (alerting(), said_of_all());
        let told = words(&before, &theirs, NOW);
        assert_eq!(told.len(), 5, "{told:?}");
        for fires in [true, false] {
            let mut base = before.clone();
            for word in &told {
                agree(&mut base, &theirs, word, fires);
            }
            assert_eq!(words(&base, &theirs, NOW), []);
            // And back.
            let back = words(&theirs, &before, NOW);
            let taken_back = back.iter().filter(|word| !matches!(word, Word::Acceptance(..)));
            assert_eq!(
                taken_back.count(),
                4,
                "what was accepted is taken back by nobody: {back:?}"
            );
        }
    }

    #[test]
    fn an_alert_that_is_over_takes_its_acknowledgement_along_and_nobody_said_so() {
        let before = said_of_all();
        let theirs = TargetMemory { alerts: [].into(), acknowledged: [].into(), ..before.clone() };
        assert_eq!(words(&before, &theirs, NOW), []);
        // Nor did anybody end what ended by its time.
        assert_eq!(
            words(&before, &TargetMemory { maintenance_until: None, ..before.clone() }, at(9_000)),
            []
        );
    }

    /// One dashboard saw it get worse, and so nobody saw to it there; the other was told that somebody took
    /// the acknowledgement back.
    #[test]
    fn an_alert_that_is_worse_or_began_anew_was_seen_to_by_nobody_and_nobody_took_that_back() {
        let mut before = said_of_all();
        before.alerts.get_mut(RULE).expect("it").severity = Severity::Warning;
        let mut theirs = TargetMemory { acknowledged: [].into(), ..before.clone() };
        let alert = theirs.alerts.get_mut(RULE).expect("it");
        (alert.acknowledged, alert.snoozed_until) = (None, None);
        assert_eq!(words(&before, &theirs, NOW).len(), 2, "taken back");
        let mut worse = theirs.clone();
        worse.alerts.get_mut(RULE).expect("it").severity = Severity::Critical;
        assert_eq!(words(&before, &worse, NOW), []);
        theirs.alerts.get_mut(RULE).expect("it").since = at(41);
        let told = words(&before, &theirs, NOW);
        assert!(!told.iter().any(|word| matches!(word, Word::Acknowledgement(..))), "{told:?}");
    }

    #[test]
    fn an_alert_that_is_pending_here_is_not_taken_for_one_that_is_remembered() {
        let theirs = said_of_all();
        let mut base = TargetMemory::default();
        let told = words(&base, &theirs, NOW);
        let acknowledged = told.iter().find(|word| matches!(word, Word::Acknowledgement(..)));
        agree(&mut base, &theirs, acknowledged.expect("it"), false);
        assert!(base.alerts.is_empty());
        assert!(!words(&base, &theirs, NOW).contains(acknowledged.expect("it")));
    }
}
