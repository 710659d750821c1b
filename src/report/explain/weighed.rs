//! The causes of a code, weighed by what is measured at one target.

use super::super::{gateway, path_mtu};
use super::causes::Cause;
use crate::domain::diagnose::{Weighed, Weight};
use crate::domain::finding::Rung;
use crate::domain::ladder::Cell;
use crate::domain::rules::rule;
use crate::domain::sample::ProbeKind;
use crate::domain::snapshot::TargetSnapshot;
use crate::domain::text::printable;

/// One target, measured.
#[derive(Debug, Clone, Copy)]
pub struct AtTarget<'a> {
    /// Its picture.
    pub snapshot: &'a TargetSnapshot,
    /// What its measurements say of every rule.
    pub weighed: &'a [Weighed],
}

/// One rule as it is told: its word, and the measurement that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RuleWord {
    /// Which rule.
    pub(super) rule: &'static str,
    /// What the measurements say of it.
    pub(super) weight: Weight,
    /// The measurements, one line each, escaped; empty when there is none.
    pub(super) measured: Vec<String>,
}

impl AtTarget<'_> {
    /// The rules of `ids` that this version has, supported first, then those without a measurement.
    pub(super) fn words(&self, ids: &[&str]) -> Vec<RuleWord> {
        let known = ids.iter().filter_map(|id| {
            let one = self.weighed.iter().find(|one| one.rule.0 == *id)?;
            Some(RuleWord { rule: one.rule.0, weight: one.weight, measured: self.measured(one) })
        });
        let mut words: Vec<RuleWord> = known.collect();
        words.sort_by_key(|word| word.weight);
        words
    }

    fn measured(&self, one: &Weighed) -> Vec<String> {
        match one.weight {
            Weight::Supported => one.evidence.iter().map(|line| printable(line).into()).collect(),
            Weight::Contradicted => self.layer(one.rule.0).into_iter().collect(),
            Weight::NotMeasured => Vec::new(),
        }
    }

    /// What was measured on the layer that a rule is about: `tls: TLS1.3 · CN=rds-01, 171 d left`.
    fn layer(&self, id: &str) -> Option<String> {
        let card = rule(id)?.card();
        let fed = |kind: ProbeKind| card.fed_by.contains(&kind);
        let told = |rung: Rung| {
            let line = self.snapshot.ladder.iter().find(|line| line.rung == rung)?;
            (line.cell != Cell::NotMeasured)
                .then(|| format!("{}: {}", rung.word(), printable(&line.text)))
        };
        match card.rung {
            _ if fed(ProbeKind::PathMtu) => {
                let found = self.snapshot.path.as_ref()?;
                Some(format!("path: {}", path_mtu::text(found)))
            }
            _ if fed(ProbeKind::Gateway) => {
                let text = gateway::text(self.snapshot, self.snapshot.at.wall)?;
                Some(format!("gateway: {text}"))
            }
            Some(rung) => told(rung),
            None => {
                let mut rungs: Vec<Rung> =
                    card.fed_by.iter().copied().filter_map(rung_of).collect();
                rungs.sort_unstable();
                rungs.into_iter().rev().find_map(told)
            }
        }
    }
}

const fn rung_of(kind: ProbeKind) -> Option<Rung> {
    match kind {
        ProbeKind::Resolve => Some(Rung::Name),
        ProbeKind::Echo => Some(Rung::Echo),
        ProbeKind::Connect | ProbeKind::Neighbour => Some(Rung::Tcp),
        ProbeKind::Negotiate => Some(Rung::X224),
        ProbeKind::Tls | ProbeKind::Sweep => Some(Rung::Tls),
        ProbeKind::Nla => Some(Rung::Nla),
        ProbeKind::Udp => Some(Rung::Udp),
        ProbeKind::PathMtu | ProbeKind::Gateway => None,
    }
}

/// What the rules of a cause say together: one that holds supports it; it is contradicted when
/// what was measured speaks against every rule that looks for it.
pub(super) fn together(words: &[RuleWord]) -> Weight {
    let any = |weight| words.iter().any(|word| word.weight == weight);
    if any(Weight::Supported) {
        Weight::Supported
    } else if any(Weight::NotMeasured) || words.is_empty() {
        Weight::NotMeasured
    } else {
        Weight::Contradicted
    }
}

/// The same in words, for a cause of which only a part was measured.
pub(super) fn heading(words: &[RuleWord]) -> &'static str {
    let weight = together(words);
    let spoken_against = words.iter().any(|word| word.weight == Weight::Contradicted);
    match weight {
        Weight::NotMeasured if spoken_against => "partly contradicted, the rest not measured",
        weight => weight.word(),
    }
}

/// Sorts causes: what is supported first, then what was not measured, then what is contradicted.
/// Reports rank what measurements do not.
pub(super) fn rank(causes: &mut [&'static Cause], at: AtTarget<'_>) {
    causes.sort_by_key(|cause| together(&at.words(cause.rules)));
}
