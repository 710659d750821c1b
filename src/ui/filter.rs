//! Narrowing the table: `berlin state:critical loss>2 !group:lab`.

mod complete;
mod key;
mod pattern;
mod read;
#[cfg(test)]
mod tests;

pub use complete::offer;
pub use key::{FORMS, KEYS, Looks, RULE};
pub use read::Fault;

use crate::domain::alert::{Alert, AlertsSnapshot};
use crate::domain::snapshot::{TargetSnapshot, TargetState};
use crate::domain::target::TargetId;
use key::{Comparison, Quantity, Word};
use pattern::Pattern;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

/// Terms that must all hold, or one of several such lists. What cannot be understood holds for
/// nobody; what is not finished asks for nothing yet.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    text: String,
    /// What stands between the `|`, none of them empty.
    ways: Vec<Vec<Term>>,
    fault: Option<Box<Fault>>,
    /// What is missing where it ends.
    unfinished: Option<Box<Fault>>,
}

/// One word of a filter.
#[derive(Debug, Clone, PartialEq)]
struct Term {
    /// `!` or `-` stood before it.
    negated: bool,
    /// Where its value begins, in characters from 1.
    column: usize,
    test: Test,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    /// Somewhere in what a row says.
    Anywhere(Pattern),
    /// What a key looks at.
    Word(Word, Pattern),
    /// A number, measured or not.
    Number(Quantity, Comparison),
    /// A host with its port, in what a row says; what is wrong where no host is like that.
    Place(Pattern, Fault),
    /// Not understood.
    Nothing,
}

/// The words for states, in filters and in sentences.
#[must_use]
pub const fn state_word(state: TargetState) -> &'static str {
    match state {
        TargetState::NotMeasured => "unmeasured",
        TargetState::Ok => "ok",
        TargetState::Asleep => "asleep",
        TargetState::Waking => "waking",
        TargetState::Unknown => "unknown",
        TargetState::Warning => "warning",
        TargetState::Critical => "critical",
    }
}

/// The word for targets that work is planned on, whatever their state.
const MAINTENANCE: &str = "maintenance";
/// The word for targets with an alert that somebody acknowledged.
const ACKNOWLEDGED: &str = "acknowledged";
/// The word for targets with an alert that is snoozed.
const SNOOZED: &str = "snoozed";

/// Letters from which on part of a word for how alerts are attended is meant as that: `e` is not.
const LEAST: usize = 4;
/// Letters from which on what the screen says of a trouble is searched too: shorter ones are in it by
/// chance.
const WORD: usize = 3;

impl Filter {
    /// Reads a filter; every text is one.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let read::Reading { ways, fault, unfinished } = read::read(text);
        let (fault, unfinished) = (fault.map(Box::new), unfinished.map(Box::new));
        Self { text: text.trim().to_owned(), ways, fault, unfinished }
    }

    /// Reads a filter that is being typed. What is not understood, or what none of `targets` has, asks
    /// for nothing new: what the filter `before` it let through stays.
    #[must_use]
    pub fn typed(text: &str, before: &Self, targets: &[Arc<TargetSnapshot>]) -> Self {
        let read = Self::parse(text);
        let fault = read.fault.clone().or_else(|| read.stranger(targets).map(Box::new));
        match fault {
            None => read,
            fault => Self { ways: before.ways.clone(), fault, ..read },
        }
    }

    /// What of it is not understood first: a key, a value or a number that there is none of. `None`
    /// while it may still become something.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_deref()
    }

    /// Whether it can be taken as it stands. What is missing at its end is its fault from here on.
    pub fn finish(&mut self) -> bool {
        self.fault = self.fault.take().or_else(|| self.unfinished.take());
        self.fault.is_none()
    }

    /// What is missing at its end, while it may still become something.
    #[must_use]
    pub fn unfinished(&self) -> Option<&Fault> {
        self.unfinished.as_deref()
    }

    /// What none of `targets` has: a group, or a host with such a port, which is a key that there is
    /// none of.
    #[must_use]
    pub fn stranger(&self, targets: &[Arc<TargetSnapshot>]) -> Option<Fault> {
        self.ways.iter().flatten().find_map(|term| match &term.test {
            Test::Word(Word::Group, pattern) => {
                let known = |t: &TargetSnapshot| {
                    t.target.group.as_ref().is_some_and(|g| pattern.begins(&g.to_lowercase()))
                };
                let none = !targets.iter().any(|target| known(target));
                let groups = complete::groups(targets);
                none.then(|| Fault::unknown(term.column, "group", &pattern.written(), &groups))
            }
            Test::Place(pattern, fault) => {
                let seen = Seen::default();
                let none = !targets.iter().any(|target| anywhere(target, &seen, pattern));
                none.then(|| fault.clone())
            }
            _ => None,
        })
    }

    /// As it was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it lets everything through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ways.is_empty()
    }

    /// Over the alerts of all: what it lets through of each target.
    #[must_use]
    pub fn over(&self, alerts: &AlertsSnapshot) -> Sieve<'_> {
        let asks =
            |term: &Term| matches!(term.test, Test::Anywhere(_) | Test::Word(Word::State, _));
        let asks = self.ways.iter().flatten().any(asks);
        Sieve { ways: &self.ways, seen: if asks { Seen::of(alerts) } else { Seen::default() } }
    }
}

/// A filter over one picture.
#[derive(Debug)]
pub struct Sieve<'f> {
    ways: &'f [Vec<Term>],
    seen: Seen,
}

impl Sieve<'_> {
    /// Whether it lets this target through.
    #[must_use]
    pub fn admits(&self, target: &TargetSnapshot) -> bool {
        let all = |way: &Vec<Term>| way.iter().all(|term| term.admits(target, &self.seen));
        self.ways.is_empty() || self.ways.iter().any(all)
    }
}

/// Whose alerts somebody has seen to.
#[derive(Debug, Default)]
struct Seen {
    acknowledged: BTreeSet<TargetId>,
    snoozed: BTreeSet<TargetId>,
}

impl Seen {
    fn of(alerts: &AlertsSnapshot) -> Self {
        let standing = || alerts.firing.iter().chain(&alerts.pending);
        let whose = |is: fn(&Alert) -> bool| {
            standing().filter(|alert| is(alert)).filter_map(|alert| alert.target).collect()
        };
        Self {
            acknowledged: whose(|alert| alert.acknowledged.is_some()),
            snoozed: whose(|alert| alert.snoozed_until.is_some()),
        }
    }

    /// Whether a word for how an alert is attended is wanted, and one of the target's is so.
    fn attended(&self, target: TargetId, wanted: impl Fn(&'static str) -> bool) -> bool {
        (self.acknowledged.contains(&target) && wanted(ACKNOWLEDGED))
            || (self.snoozed.contains(&target) && wanted(SNOOZED))
    }
}

impl Term {
    /// What is not measured is neither above nor below anything, and neither is its opposite.
    fn admits(&self, target: &TargetSnapshot, seen: &Seen) -> bool {
        let holds = match &self.test {
            Test::Anywhere(pattern) | Test::Place(pattern, _) => {
                Some(anywhere(target, seen, pattern))
            }
            Test::Word(word, pattern) => Some(word.holds(target, seen, pattern)),
            Test::Number(quantity, comparison) => {
                quantity.of(target).map(|number| comparison.holds(number))
            }
            Test::Nothing => None,
        };
        holds.is_some_and(|holds| holds != self.negated)
    }
}

fn anywhere(target: &TargetSnapshot, seen: &Seen, pattern: &Pattern) -> bool {
    let in_text = |text: &str| pattern.is_in(&text.to_lowercase());
    in_text(&target.target.name)
        || in_text(&target.target.host.to_string())
        || target.address.is_some_and(|address| in_text(&address.to_string()))
        || (pattern.holds(':') && with_port(target).iter().any(|text| in_text(text)))
        || target.target.group.as_deref().is_some_and(in_text)
        || in_text(state_word(target.state))
        || (target.maintenance.is_some() && in_text(MAINTENANCE))
        || target.findings.iter().any(|finding| in_text(finding.rule.0))
        || (pattern.is_long(WORD) && target.findings.iter().any(|finding| in_text(&finding.title)))
        || (pattern.is_long(LEAST) && seen.attended(target.target.id, in_text))
}

/// A host and its address, each with the port.
fn with_port(target: &TargetSnapshot) -> [String; 2] {
    let port = target.target.port;
    let address = target.address.map(|address| SocketAddr::new(address, port).to_string());
    [format!("{}:{port}", target.target.host), address.unwrap_or_default()]
}
