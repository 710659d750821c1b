//! `docs/RULES.md`: the table of rules as a document.

use super::detection;
use super::explain::NOT_OBSERVABLE;
use super::finding::client_error;
use super::guides::GUIDE_CAUSES;
use super::probes_doc::title;
use crate::domain::finding::{Remedy, Severity};
use crate::domain::rules::{Hysteresis, RULES, RuleCard, rule};
use crate::domain::sample::ProbeKind;
use crate::domain::target::Cadence;
use std::fmt::Write;

const HEAD: &str = "\
# The findings of rdpwatch

Generated from the table of rules in `src/domain/rules/`: change it there, then run
`RDPWATCH_BLESS=1 cargo test --lib rules_doc`. In a command, `HOST` and `PORT` stand for the
target's host and port, `ADDRESS` for the address that is dialled, `EXPECTED` for the one that the
configuration expects; other words in capitals stand for what they say. Safe remedies come first;
those that weaken security come last and say so.

";

const DETECTION: &str = "\
Found within: how long the cause may stand before its finding does, at the default cadence, by the
quickest probe that sees it: one interval of that probe, then the judgements that its hysteresis asks
for, which follow more closely after trouble. A change that a quicker probe sees brings the slower
ones forward.

";

/// The document: an overview, then one section per rule in the order of the table. Ends with a
/// line break.
#[must_use]
pub fn rules_markdown() -> String {
    let mut text = HEAD.to_owned();
    guides(&mut text);
    text.push_str("\n## Every finding\n\n");
    text.push_str(DETECTION);
    text.push_str("| finding | what | severity | who can fix it | found within |\n");
    text.push_str("|---|---|---|---|---|\n");
    let cadence = Cadence::default();
    for card in RULES.iter().map(|rule| rule.card()) {
        line(
            &mut text,
            &format!(
                "| [`{id}`](#{id}) | {} | {} | {} | {} |",
                card.title,
                severities(card),
                card.owner.word(),
                detection::text(card, &cadence),
                id = card.id,
            ),
        );
    }
    for card in RULES.iter().map(|rule| rule.card()) {
        section(&mut text, card);
    }
    text
}

/// Every cause that the guides name, then what nothing here can see.
fn guides(text: &mut String) {
    text.push_str("## Every cause that the guides name, and where it lives here\n\n");
    text.push_str(
        "| cause in the guides | findings | not observable from outside |\n|---|---|---|\n",
    );
    for row in GUIDE_CAUSES {
        let links = row.rules.iter().filter(|id| rule(id).is_some());
        let links: Vec<String> = links.map(|id| format!("[`{id}`](#{id})")).collect();
        let cells = [links.join(", "), row.not_observable.to_owned()];
        let [findings, unseen] =
            cells.map(|cell| if cell.is_empty() { "–".to_owned() } else { cell });
        line(text, &format!("| {} | {findings} | {unseen} |", row.cause));
    }
    text.push_str("\n## Not observable\n\n");
    text.push_str(
        "No probe from outside and without an account can tell these from a sound host. They are \
         listed, and never judged:\n\n",
    );
    for unseen in NOT_OBSERVABLE {
        line(text, &format!("- {unseen}"));
    }
}

fn section(text: &mut String, card: &RuleCard) {
    line(text, &format!("\n## {}\n", card.id));
    line(text, &format!("**{}** · {} · {}", card.title, severities(card), card.owner.word()));
    line(text, &format!("\n{}\n", card.explanation));
    line(text, &format!("- Raised and cleared: {}", hysteresis(card.hysteresis)));
    line(text, &format!("- Measured by: {}", fed_by(card.fed_by)));
    if let Some(error) = card.client_error {
        line(text, &format!("- The user's client shows: {}", client_error(&error)));
    }
    line(text, &format!("- Wrong if: {}", card.disproof));
    if !card.explains.is_empty() {
        let ids: Vec<String> = card.explains.iter().map(|id| format!("[`{id}`](#{id})")).collect();
        line(text, &format!("- Explains, so that they are not told beside it: {}", ids.join(", ")));
    }
    if card.reviewed_when_found {
        let alone = if card.alerting.alone { ", one by one" } else { "" };
        line(
            text,
            &format!("- Found on first sight it is listed for review{alone}, and does not alert."),
        );
    }
    if card.alerting.once {
        line(text, "- One alert of this machine, whatever number of targets it concerns.");
    }
    let others = RULES.iter().map(|rule| rule.card());
    let others =
        others.filter(|other| other.id != card.id && card.alerting.excludes(other.alerting));
    let ended: Vec<String> =
        others.map(|other| format!("[`{id}`](#{id})", id = other.id)).collect();
    if !ended.is_empty() {
        line(text, &format!("- Its alert ends at once those of {}", ended.join(", ")));
    }
    line(text, "\nWhat to do:\n");
    for (number, remedy) in (1..).zip(card.remedies) {
        self::remedy(text, number, remedy);
    }
}

fn remedy(text: &mut String, number: u32, remedy: &Remedy) {
    line(text, &format!("{number}. *On the {}:* {}", remedy.run_on.word(), remedy.text));
    if let Some(confirm) = remedy.confirm {
        line(text, &format!("   - confirm first: {}", code(confirm)));
    }
    for command in remedy.commands {
        line(text, &format!("   - {}", code(command)));
    }
    for (word, part) in [("needs", remedy.needs), ("impact", remedy.impact), ("undo", remedy.undo)]
    {
        if let Some(part) = part {
            line(text, &format!("   - {word}: {part}"));
        }
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}

/// A command as code; in double backticks when it holds one.
fn code(command: &str) -> String {
    if command.contains('`') { format!("`` {command} ``") } else { format!("`{command}`") }
}

fn severities(card: &RuleCard) -> String {
    let words: Vec<&str> =
        card.severities.iter().map(|severity| Severity::word(*severity)).collect();
    words.join(", ")
}

fn hysteresis(hysteresis: Hysteresis) -> String {
    let Hysteresis { raise, of, clear } = hysteresis;
    match (raise, clear) {
        (1, 1) => "by a single judgement".to_owned(),
        (1, clear) => format!("raised by a single judgement, cleared by {clear} in a row"),
        (raise, 1) => format!("raised by {raise} of {of}, cleared by one"),
        (raise, clear) => format!("raised by {raise} of {of}, cleared by {clear} in a row"),
    }
}

fn fed_by(kinds: &[ProbeKind]) -> String {
    if kinds == ProbeKind::ALL {
        return "this machine's own state".to_owned();
    }
    let titles: Vec<&str> = kinds.iter().map(|kind| title(*kind)).collect();
    titles.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_document_in_docs_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/RULES.md");
        if std::env::var_os("RDPWATCH_BLESS").is_some() {
            std::fs::write(&path, rules_markdown()).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written.replace("\r\n", "\n") == rules_markdown(),
            "docs/RULES.md is out of date: RDPWATCH_BLESS=1 cargo test --lib rules_doc"
        );
    }

    #[test]
    fn every_rule_has_a_row_and_a_section() {
        let text = rules_markdown();
        for rule in RULES {
            let id = rule.card().id;
            assert!(text.contains(&format!("| [`{id}`](#{id}) |")), "{id}");
            assert!(text.contains(&format!("\n## {id}\n")), "{id}");
        }
    }
}
