//! `rdpwatch explain CODE [EXT] [TARGET]`: what a client's error code means, which causes are
//! commonly reported behind it, and which findings show them. With a target, the causes that are
//! measured there come first.

mod causes;
mod number;

pub use causes::{CAUSES, Cause, Dialog, NOT_OBSERVABLE};
pub use number::{Reading, Spelling, readings};

use super::check_text::CheckState;
use super::codes::{self, Code};
use super::finding::{RemedyText, client_error};
use super::words::wrapped;
use crate::domain::finding::Finding;
use crate::domain::placeholder::Placeholders;
use crate::domain::rules::{Rule, RuleCard};
use crate::domain::snapshot::TargetSnapshot;
use crate::domain::text::excerpt;
use std::fmt::Write as _;

/// Characters in a line of prose.
const WIDTH: usize = 88;
/// The code this program is about.
const SOCKET_CLOSED: u32 = 0x904;

/// What was asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// A code, `CODE/EXT`, or the id of a rule; as typed.
    pub code: &'a str,
    /// The extended code, as typed.
    pub extended: Option<&'a str>,
    /// The rules of this version: others are not named.
    pub rules: &'a [&'static dyn Rule],
    /// Live measurements to weigh the causes against.
    pub target: Option<&'a TargetSnapshot>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// For the standard output, with a line break at its end.
    pub text: String,
    /// Whether what was asked is known: exit code 0, else 1.
    pub known: bool,
}

/// Whether `text` can be an extended code (else it is a target).
#[must_use]
pub fn is_number(text: &str) -> bool {
    !readings(text).is_empty()
}

/// Explains a code or a rule.
#[must_use]
pub fn explain(question: &Question<'_>) -> Explanation {
    let asked = question.code.trim();
    if let Some(rule) = question.rules.iter().find(|rule| rule.card().id.0 == asked) {
        return Explanation { text: rule_page(rule.card()), known: true };
    }
    let (main, inline) = match asked.split_once(['/', ',']) {
        Some((main, extended)) => (main, Some(extended)),
        None => (asked, None),
    };
    let main_readings = readings(main);
    if main_readings.is_empty() {
        return Explanation { text: not_a_code(asked, question.rules), known: false };
    }
    let extended = question.extended.or(inline).map(|text| (text, readings(text)));
    if let Some((text, read)) = &extended
        && read.is_empty()
    {
        let text = excerpt(text, 40);
        return Explanation {
            text: format!("\"{text}\" is no extended code: those look like 0x7 or 7\n"),
            known: false,
        };
    }
    let extended_choice = extended.map(|(text, read)| Choice::of(text, &read, codes::extended));
    let choice = Choice::of(main, &main_readings, any_code);
    if choice.rows.is_empty() {
        return Explanation { text: unknown(main, &main_readings), known: false };
    }
    Explanation { text: page(&choice, extended_choice.as_ref(), question), known: true }
}

/// A disconnect reason, or an error that the server announced and the client shows as it is.
fn any_code(code: u32) -> Option<&'static Code> {
    codes::disconnect(code)
        .or_else(|| codes::extended(code).filter(|row| codes::PROTOCOL_RANGE.contains(&row.code)))
}

/// The readings of a text that are known codes.
struct Choice {
    /// As typed, escaped.
    typed: String,
    /// Known readings, likelier first.
    rows: Vec<(Reading, &'static Code)>,
    /// The likelier reading, known or not.
    first: Option<Reading>,
    /// Several readings were possible.
    ambiguous: bool,
}

impl Choice {
    fn of(typed: &str, readings: &[Reading], known: fn(u32) -> Option<&'static Code>) -> Self {
        let rows =
            readings.iter().filter_map(|reading| Some((*reading, known(reading.code)?))).collect();
        Self {
            typed: excerpt(typed.trim(), 40),
            rows,
            first: readings.first().copied(),
            ambiguous: readings.len() > 1,
        }
    }

    /// How the typed digits were read, when that was a choice.
    fn note(&self) -> Option<String> {
        let typed = &self.typed;
        match self.rows.as_slice() {
            [(reading, _)] if self.ambiguous && reading.spelling == Spelling::Hex => {
                Some(format!("\"{typed}\" read as 0x{typed}: in decimal it is no known code."))
            }
            [(first, _), (second, _)] => Some(format!(
                "\"{typed}\" is a known code in decimal (0x{:x}) and in hexadecimal (0x{:x}): both \
                 follow. Write 0x{typed} to mean the second.",
                first.code, second.code
            )),
            _ => None,
        }
    }
}

fn page(choice: &Choice, extended: Option<&Choice>, question: &Question<'_>) -> String {
    let mut out = String::new();
    if let Some(note) = choice.note() {
        out.push_str(&wrapped(&note, WIDTH, "", ""));
        out.push('\n');
    }
    for (_, row) in &choice.rows {
        code_section(&mut out, row, "", question.rules);
    }
    if let Some(extended) = extended {
        extended_section(&mut out, extended, question.rules);
    }
    let mentions = |code: u32| choice.rows.iter().any(|(_, row)| row.code == code);
    if mentions(SOCKET_CLOSED) {
        let dialog = extended.and_then(dialog_of);
        socket_closed(&mut out, dialog, question);
    } else if let Some(target) = question.target {
        let rows = choice.rows.iter().chain(extended.iter().flat_map(|choice| &choice.rows));
        let rules: Vec<&str> = rows.flat_map(|(_, row)| row.rules).copied().collect();
        measured_section(&mut out, &rules, target);
    }
    let rows = choice.rows.iter().chain(extended.iter().flat_map(|choice| &choice.rows));
    let can_be_shown = |row: &Code| row.layer.observable() || !row.rules.is_empty();
    if question.target.is_none() && rows.map(|(_, row)| *row).any(can_be_shown) {
        out.push_str("\nNext: rdpwatch check HOST -v shows which of these holds at a host.\n");
    }
    out
}

fn code_section(out: &mut String, row: &Code, label: &str, rules: &[&'static dyn Rule]) {
    let symbol = if row.symbol.is_empty() {
        "(Microsoft publishes no name; known from the client's message)"
    } else {
        row.symbol
    };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{label}0x{:x} ({})  {symbol}", row.code, row.code);
    out.push_str(&wrapped(row.meaning, WIDTH, "  ", "  "));
    let _ = writeln!(out, "  Arises in: {}", row.layer.text());
    if !row.seen.is_empty() {
        out.push_str(&wrapped(&format!("Seen with: {}", row.seen), WIDTH, "  ", "    "));
    }
    let built = built(row.rules, rules);
    if !built.is_empty() {
        out.push_str(&wrapped(&format!("Shown by: {}", built.join(", ")), WIDTH, "  ", "    "));
    } else if !row.layer.observable() && row.rules.is_empty() {
        out.push_str("  No probe from outside can see its cause; nothing here judges it.\n");
    }
}

fn extended_section(out: &mut String, choice: &Choice, rules: &[&'static dyn Rule]) {
    out.push('\n');
    if let Some(note) = choice.note() {
        out.push_str(&wrapped(&note, WIDTH, "", ""));
    }
    for (_, row) in &choice.rows {
        code_section(out, row, "extended ", rules);
    }
    if let (true, Some(Reading { code, .. })) = (choice.rows.is_empty(), choice.first) {
        let text = if codes::PROTOCOL_RANGE.contains(&code) {
            format!(
                "extended 0x{code:x} ({code}) is in the range of RDP protocol errors that a server \
                 announces before it closes; MS-RDPBCGR 2.2.5.1.1 lists them by number."
            )
        } else {
            format!("extended 0x{code:x} ({code}) is no extended code that Microsoft documents.")
        };
        out.push_str(&wrapped(&text, WIDTH, "", ""));
    }
}

/// The dialog an extended code belongs to.
fn dialog_of(extended: &Choice) -> Option<Dialog> {
    let (_, row) = extended.rows.first()?;
    [Dialog::Connect, Dialog::Session].into_iter().find(|dialog| dialog.extended() == row.code)
}

/// What 0x904 hides: the two dialogs, and the causes behind each.
fn socket_closed(out: &mut String, dialog: Option<Dialog>, question: &Question<'_>) {
    out.push_str("\nWhich dialog was it?\n");
    for (dialog_of_row, text) in [
        (
            Dialog::Connect,
            "\"This computer can't connect to the remote computer\" (extended 0x7): it closed while \
             connecting.",
        ),
        (
            Dialog::Session,
            "\"Your Remote Desktop Services session has ended\" (extended 0x0): a running session \
             was cut.",
        ),
    ] {
        let mark = if dialog == Some(dialog_of_row) { "* " } else { "- " };
        out.push_str(&wrapped(text, WIDTH, &format!("  {mark}"), "    "));
    }
    for (wanted, heading) in [
        (Dialog::Connect, "While connecting (0x7): causes, the most often reported first"),
        (Dialog::Session, "In a session (0x0): causes, the most often reported first"),
    ] {
        if dialog.is_some_and(|dialog| dialog != wanted) {
            continue;
        }
        let _ = writeln!(out, "\n{heading}");
        let mut causes: Vec<&Cause> =
            CAUSES.iter().filter(|cause| cause.dialog == wanted).collect();
        if let Some(target) = question.target {
            // A stable sort: reports rank what measurements do not.
            causes.sort_by_key(|cause| measured(cause.rules, target).next().is_none());
        }
        for (place, cause) in (1_u32..).zip(causes) {
            cause_section(out, place, cause, question);
        }
    }
    if let Some(target) = question.target {
        verdict_section(out, target, dialog);
    }
    out.push_str("\nNot observable from outside (listed, never judged)\n");
    for text in NOT_OBSERVABLE {
        let _ = writeln!(out, "  - {text}");
    }
}

fn cause_section(out: &mut String, place: u32, cause: &Cause, question: &Question<'_>) {
    let values = question.target.map(Placeholders::of).unwrap_or_default();
    let first = format!("{place:>2}. ");
    out.push_str(&wrapped(cause.title, WIDTH, &first, "    "));
    for found in question.target.iter().flat_map(|target| measured(cause.rules, target)) {
        out.push_str(&wrapped(&measured_line(found), WIDTH, "    ", "      "));
    }
    out.push_str(&wrapped(cause.why, WIDTH, "    ", "    "));
    for step in cause.steps {
        out.push_str(&wrapped(&values.fill(step), WIDTH, "    > ", "      "));
    }
    let built = built(cause.rules, question.rules);
    if !built.is_empty() {
        out.push_str(&wrapped(&format!("shown by: {}", built.join(", ")), WIDTH, "    ", "      "));
    }
}

/// The findings of `target` that are of one of `rules`.
fn measured<'a>(
    rules: &'a [&'a str],
    target: &'a TargetSnapshot,
) -> impl Iterator<Item = &'a Finding> {
    target.findings.iter().filter(|finding| rules.contains(&finding.rule.0))
}

fn measured_line(found: &Finding) -> String {
    format!(
        "MEASURED HERE: {} ({}, {}): {}",
        found.rule,
        found.severity.word(),
        found.confidence.word(),
        excerpt(&found.title, 120)
    )
}

fn measured_section(out: &mut String, rules: &[&str], target: &TargetSnapshot) {
    let _ = writeln!(out, "\nAt {}", excerpt(&target.target.name, 60));
    let mut any = false;
    for found in measured(rules, target) {
        out.push_str(&wrapped(&measured_line(found), WIDTH, "  ", "    "));
        any = true;
    }
    if !any {
        out.push_str("  Nothing that this code stands for is measured at this moment.\n");
    }
    out.push_str(&wrapped(&excerpt(&target.verdict, 240), WIDTH, "  ", "  "));
}

fn verdict_section(out: &mut String, target: &TargetSnapshot, dialog: Option<Dialog>) {
    let _ = writeln!(out, "\nAt {}", excerpt(&target.target.name, 60));
    out.push_str(&wrapped(&excerpt(&target.verdict, 240), WIDTH, "  ", "  "));
    let any = CAUSES
        .iter()
        .filter(|cause| dialog.is_none_or(|dialog| cause.dialog == dialog))
        .any(|cause| measured(cause.rules, target).next().is_some());
    let text = match CheckState::of(target) {
        CheckState::Unknown => "Nothing could be judged, so no cause is ruled out.",
        _ if any => return,
        CheckState::Ok => {
            "No cause above is measured at this moment. If the error persists, it comes after \
             sign-in or from the client: see the list below."
        }
        CheckState::Warning | CheckState::Critical => {
            "What is measured there is none of the causes above: read the verdict first."
        }
    };
    out.push_str(&wrapped(text, WIDTH, "  ", "  "));
}

/// Those of `ids` that this version has a rule for.
fn built<'a>(ids: &[&'a str], rules: &[&'static dyn Rule]) -> Vec<&'a str> {
    ids.iter().copied().filter(|id| rules.iter().any(|rule| rule.card().id.0 == *id)).collect()
}

fn unknown(typed: &str, readings: &[Reading]) -> String {
    let typed = excerpt(typed.trim(), 40);
    // Digits alone that mean nothing in decimal are more often a code in hex than a decimal one.
    let nearest = readings
        .iter()
        .filter_map(|reading| Some((reading, codes::nearest(reading.code)?)))
        .min_by_key(|(reading, row)| row.code.abs_diff(reading.code));
    let Some((reading, row)) = nearest else { return format!("\"{typed}\" is no known code\n") };
    let code = reading.code;
    let mut text = format!(
        "\"{typed}\" is no client error code that is known here; the nearest known is 0x{:x} ({}), \
         {}.",
        row.code,
        row.code,
        lower_first(row.title())
    );
    if let Some(layer) = codes::family(code) {
        let _ = write!(
            text,
            " Documented codes whose last byte is 0x{:02x} mostly arise in {} (a pattern, not a rule).",
            code & 0xff,
            layer.text()
        );
    }
    wrapped(&text, WIDTH, "", "")
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn not_a_code(asked: &str, rules: &[&'static dyn Rule]) -> String {
    let nearest = rules
        .iter()
        .map(|rule| rule.card().id.0)
        .map(|id| (strsim::normalized_levenshtein(id, asked), id))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = nearest.map_or_else(String::new, |(_, id)| format!("; did you mean {id}?"));
    let asked = excerpt(asked, 60);
    format!("\"{asked}\" is neither an error code such as 0x904, 904 or 2308 nor a rule{hint}\n")
}

/// A rule, from its card.
fn rule_page(card: &RuleCard) -> String {
    let mut out = String::new();
    let severities: Vec<&str> = card.severities.iter().map(|severity| severity.word()).collect();
    let _ = writeln!(out, "{}: {}", card.id, card.title);
    let _ = writeln!(out, "  {}, usually for the {}", severities.join(" or "), card.owner.word());
    if let Some(rung) = card.rung {
        let _ = writeln!(out, "  rung: {}", rung.word());
    }
    if let Some(error) = &card.client_error {
        let _ = writeln!(out, "  the client would show {}", client_error(error));
    }
    out.push('\n');
    out.push_str(&wrapped(card.explanation, WIDTH, "", ""));
    out.push('\n');
    let disproof = format!("What would show that it is wrong: {}", card.disproof);
    out.push_str(&wrapped(&disproof, WIDTH, "", ""));
    if !card.explains.is_empty() {
        let text = format!("While it stands, these are left out: {}", card.explains.join(", "));
        out.push_str(&wrapped(&text, WIDTH, "", ""));
    }
    if !card.remedies.is_empty() {
        out.push_str("\nWhat to do\n");
    }
    for (number, remedy) in (1_u32..).zip(card.remedies) {
        let mut parts = RemedyText::new(remedy, &Placeholders::default()).lines().into_iter();
        let first = format!("{number:>2}. ");
        out.push_str(&wrapped(&parts.next().unwrap_or_default(), WIDTH, &first, "    "));
        for part in parts {
            // Commands are for copying: never wrapped.
            let _ = writeln!(out, "    {part}");
        }
    }
    out
}

#[cfg(test)]
mod tests;
