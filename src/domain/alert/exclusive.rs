//! Alerts that contradict each other: what a rung does now ends what it did before.

use super::super::finding::RuleId;

/// States of one thing, of which a host is in one at a time.
const EXCLUSIVE: &[&[&str]] = &[
    &["port-closed", "port-filtered", "port-rejected", "rdp-silent", "not-rdp"],
    &["dns-failure", "name-path-broken"],
];

/// Whether a finding of `newer` shows that what `older` said is over.
pub(super) fn supersedes(newer: RuleId, older: RuleId) -> bool {
    newer != older
        && EXCLUSIVE.iter().any(|group| group.contains(&newer.0) && group.contains(&older.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::RULES;

    #[test]
    fn every_rule_named_here_exists_and_none_supersedes_itself() {
        for id in EXCLUSIVE.iter().copied().flatten() {
            let rule = RULES.iter().map(|rule| rule.card().id).find(|known| known.0 == *id);
            assert!(rule.is_some_and(|rule| !supersedes(rule, rule)), "{id}");
        }
        assert!(supersedes(RuleId("rdp-silent"), RuleId("port-closed")));
        assert!(!supersedes(RuleId("dns-failure"), RuleId("port-closed")));
    }
}
