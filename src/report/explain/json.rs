//! `explain --format json`: schema `rdpwatch.explain/1`. Keys are added, never renamed.

use super::causes::{CAUSES, Cause, Dialog, NOT_OBSERVABLE};
use super::weighed::{RuleWord, rank, together};
use super::{
    Asked, AtTarget, Choice, Question, SOCKET_CLOSED, built, dialog_of, mentions, rules_of,
};
use crate::domain::placeholder::Placeholders;
use crate::domain::text::printable;
use crate::domain::verdict::expected_client_error;
use crate::report::check_text::CheckState;
use crate::report::finding::client_error as error_text;
use serde::Serialize;
use std::borrow::Cow;

/// The schema of the document.
const SCHEMA: &str = "rdpwatch.explain/1";

#[derive(Debug, Serialize)]
struct Document<'a> {
    schema: &'static str,
    asked: Typed<'a>,
    /// Why nothing is known; `null` otherwise.
    error: Option<String>,
    codes: Vec<CodeEntry>,
    rule: Option<&'static str>,
    target: Option<TargetEntry<'a>>,
    causes: Vec<CauseEntry>,
    rules: Vec<RuleEntry>,
    not_observable: &'static [&'static str],
}

#[derive(Debug, Serialize)]
struct Typed<'a> {
    code: Cow<'a, str>,
    extended: Option<Cow<'a, str>>,
}

#[derive(Debug, Serialize)]
struct CodeEntry {
    code: u32,
    hex: String,
    extended: bool,
    /// `null` where no name is published.
    symbol: Option<&'static str>,
    meaning: &'static str,
    arises_in: &'static str,
    seen: Option<&'static str>,
    observable: bool,
}

#[derive(Debug, Serialize)]
struct TargetEntry<'a> {
    name: Cow<'a, str>,
    address: Option<String>,
    state: &'static str,
    verdict: Cow<'a, str>,
    /// What a client would be shown now; `null` where nothing says.
    expected_client_error: Option<String>,
}

#[derive(Debug, Serialize)]
struct CauseEntry {
    title: &'static str,
    dialog: &'static str,
    /// `null` without a target.
    word: Option<&'static str>,
    why: &'static str,
    steps: Vec<String>,
    rules: Vec<RuleEntry>,
}

#[derive(Debug, Serialize)]
struct RuleEntry {
    id: String,
    /// `null` without a target.
    word: Option<&'static str>,
    measured: Vec<String>,
}

/// The document, with a line break at its end.
pub(super) fn document(asked: &Asked, question: &Question<'_>) -> String {
    let document = value(asked, question);
    // Strings, numbers and lists of them always serialize.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn value<'a>(asked: &Asked, question: &Question<'a>) -> Document<'a> {
    let mut document = Document {
        schema: SCHEMA,
        asked: Typed { code: printable(question.code), extended: question.extended.map(printable) },
        error: None,
        codes: Vec::new(),
        rule: None,
        target: question.target.map(target),
        causes: Vec::new(),
        rules: Vec::new(),
        not_observable: &[],
    };
    match asked {
        Asked::Unknown(why) => {
            document.error = Some(why.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        Asked::Rule(card) => {
            document.rule = Some(card.id.0);
            document.rules = rules(&[card.id.0], question);
        }
        Asked::Code(choice, extended) => {
            let of = |choice: &Choice, extended: bool| -> Vec<CodeEntry> {
                choice.rows.iter().map(|(_, row)| code(row, extended)).collect()
            };
            document.codes = of(choice, false);
            document.codes.extend(extended.iter().flat_map(|choice| of(choice, true)));
            document.rules = rules(&rules_of(choice, extended.as_ref()), question);
            if mentions(choice, SOCKET_CLOSED) {
                document.causes = causes(extended.as_ref().and_then(dialog_of), question);
                document.not_observable = NOT_OBSERVABLE;
            }
        }
    }
    document
}

fn code(row: &super::Code, extended: bool) -> CodeEntry {
    CodeEntry {
        code: row.code,
        hex: format!("0x{:x}", row.code),
        extended,
        symbol: Some(row.symbol).filter(|symbol| !symbol.is_empty()),
        meaning: row.meaning,
        arises_in: row.layer.text(),
        seen: Some(row.seen).filter(|seen| !seen.is_empty()),
        observable: row.layer.observable() || !row.rules.is_empty(),
    }
}

fn target(at: AtTarget<'_>) -> TargetEntry<'_> {
    TargetEntry {
        name: printable(&at.snapshot.target.name),
        address: at.snapshot.address.map(|address| address.to_string()),
        state: CheckState::of(at.snapshot).word(),
        verdict: printable(&at.snapshot.verdict),
        expected_client_error: expected_client_error(&at.snapshot.findings)
            .map(|error| error_text(&error)),
    }
}

fn causes(dialog: Option<Dialog>, question: &Question<'_>) -> Vec<CauseEntry> {
    let wanted = |cause: &&Cause| dialog.is_none_or(|dialog| cause.dialog == dialog);
    let mut found: Vec<&'static Cause> = CAUSES.iter().filter(wanted).collect();
    if let Some(at) = question.target {
        rank(&mut found, at);
    }
    let values = question.target.map(|at| Placeholders::of(at.snapshot)).unwrap_or_default();
    let entry = |cause: &'static Cause| CauseEntry {
        title: cause.title,
        dialog: match cause.dialog {
            Dialog::Connect => "connect",
            Dialog::Session => "session",
        },
        word: question.target.map(|at| together(&at.words(cause.rules)).word()),
        why: cause.why,
        steps: cause.steps.iter().map(|step| values.fill(step)).collect(),
        rules: rules(cause.rules, question),
    };
    found.into_iter().map(entry).collect()
}

fn rules(ids: &[&str], question: &Question<'_>) -> Vec<RuleEntry> {
    match question.target {
        Some(at) => at
            .words(ids)
            .into_iter()
            .map(|RuleWord { rule, weight, measured }| RuleEntry {
                id: rule.to_owned(),
                word: Some(weight.word()),
                measured,
            })
            .collect(),
        None => built(ids, question.rules)
            .into_iter()
            .map(|id| RuleEntry { id: id.to_owned(), word: None, measured: Vec::new() })
            .collect(),
    }
}
