//! What could stand at the end of a filter that is being typed.

use super::key::{FilterKey, KEYS, Looks, Word};
use super::read::{Piece, pieces};
use crate::domain::snapshot::TargetSnapshot;
use crate::ui::prompt::Offer;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What can follow `before`, the text up to the cursor: keys, and the values of keys that have
/// words. Findings that somebody has come first.
#[must_use]
pub fn offer(before: &str, targets: &[Arc<TargetSnapshot>]) -> Offer {
    let length = before.chars().count();
    let mut all = pieces(before);
    let last = all.pop();
    let waits = |piece: &Piece| match piece.split() {
        Some(split) => split.value.is_empty(),
        None => piece.negated && piece.chars.is_empty(),
    };
    let cut = last.as_ref().is_some_and(|piece| !piece.open && waits(piece));
    if cut || all.last().is_some_and(waits) {
        // No blank stands behind a sign, nor behind what negates.
        return Offer::default();
    }
    let Some(piece) = last.filter(|piece| piece.open && !piece.is_bar()) else {
        return Offer { keep: length, words: keys("") };
    };
    let Some(split) = piece.split() else {
        let typed: String = piece.chars.iter().map(|(_, c, _)| *c).collect();
        if piece.chars.iter().any(|(_, _, quoted)| *quoted) {
            return Offer::default();
        }
        let keep = piece.column - 1 + usize::from(piece.negated);
        return Offer { keep, words: keys(&typed.to_lowercase()) };
    };
    let typed = split.value.iter().map(|(c, _)| *c).collect::<String>().to_lowercase();
    let words = match FilterKey::named(&split.key).map(|key| key.looks) {
        Some(Looks::At(Word::Group)) => groups(targets),
        Some(Looks::At(Word::Finding)) => findings(targets),
        Some(Looks::At(word)) => word.known().into_iter().map(str::to_owned).collect(),
        Some(Looks::Measures(_)) | None => Vec::new(),
    };
    let words = words.into_iter().filter(|word| word.to_lowercase().starts_with(&typed));
    Offer { keep: split.column - 1, words: words.map(|word| quoted(&word)).collect() }
}

fn keys(typed: &str) -> Vec<String> {
    let fitting = KEYS.iter().filter(|key| key.name.starts_with(typed));
    fitting.map(|key| format!("{}{}", key.name, key.sign())).collect()
}

/// The groups of the targets.
pub(super) fn groups(targets: &[Arc<TargetSnapshot>]) -> Vec<String> {
    let groups: BTreeSet<&String> =
        targets.iter().filter_map(|target| target.target.group.as_ref()).collect();
    groups.into_iter().cloned().collect()
}

/// Findings that a target has, then every other.
fn findings(targets: &[Arc<TargetSnapshot>]) -> Vec<String> {
    let present: BTreeSet<&str> = targets
        .iter()
        .flat_map(|target| target.findings.iter().map(|finding| finding.rule.0))
        .collect();
    let others = Word::Finding.known().into_iter().filter(|id| !present.contains(id));
    present.iter().copied().chain(others).map(str::to_owned).collect()
}

/// A value as a filter reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !matches!(c, '"' | '*' | '|' | '(' | ')');
    if word.chars().all(plain) {
        word.to_owned()
    } else if word.contains('"') {
        word.chars().map(|c| if plain(c) { c } else { '*' }).collect()
    } else {
        format!("\"{word}\"")
    }
}
