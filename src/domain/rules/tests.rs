//! Tests of the table itself. What each rule says of which measurements is in
//! `tests/scenarios/`.

use super::*;
use std::collections::BTreeSet;

#[test]
fn ids_are_unique_and_well_formed() {
    let mut seen = BTreeSet::new();
    for rule in RULES {
        let id = rule.card().id.0;
        assert!(seen.insert(id), "{id} twice");
        assert!(id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{id}");
    }
}
