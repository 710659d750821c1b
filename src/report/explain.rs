//! `rdpwatch explain CODE [EXT] [TARGET]`: what a client's error code means, which causes are
//! commonly reported behind it, and which findings show them. With a target, every cause is
//! weighed by what is measured there: supported, contradicted, not measured or not observable.

mod causes;
mod json;
mod number;
mod weighed;

pub use causes::{CAUSES, Cause, Dialog, NOT_OBSERVABLE};
pub use number::{Reading, Spelling, readings};
pub use weighed::AtTarget;

use super::codes::{self, Code};
use super::finding::{RemedyText, client_error};
use super::words::wrapped;
use crate::domain::diagnose::Weight;
use crate::domain::placeholder::Placeholders;
use crate::domain::rules::{Rule, RuleCard};
use crate::domain::text::excerpt;
use crate::domain::verdict::expected_client_error;
use std::fmt::Write as _;
use weighed::{RuleWord, heading, rank, together};

/// Characters in a line of prose.
const WIDTH: usize = 88;
/// The code this program is about.
const SOCKET_CLOSED: u32 = 0x904;

/// What was asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// A code, `CODE/EXT`, the name of one (`ERRINFO_…`), or the id of a rule; as typed.
    pub code: &'a str,
    /// The extended code, as typed.
    pub extended: Option<&'a str>,
    /// The rules of this version: others are not named.
    pub rules: &'a [&'static dyn Rule],
    /// Live measurements to weigh the causes against.
    pub target: Option<AtTarget<'a>>,
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
pub fn is_code(text: &str) -> bool {
    !readings(text).is_empty() || codes::named(text).is_some()
}

/// Explains a code or a rule.
#[must_use]
pub fn explain(question: &Question<'_>) -> Explanation {
    match asked(question) {
        Asked::Unknown(text) => Explanation { text, known: false },
        Asked::Rule(card) => {
            let mut text = rule_page(card);
            if let Some(at) = question.target {
                at_target(&mut text, &[card.id.0], at);
            }
            Explanation { text, known: true }
        }
        Asked::Code(choice, extended) => {
            Explanation { text: page(&choice, extended.as_ref(), question), known: true }
        }
    }
}

/// The same as a document, schema `rdpwatch.explain/1`.
#[must_use]
pub fn explain_json(question: &Question<'_>) -> Explanation {
    let asked = asked(question);
    let known = !matches!(asked, Asked::Unknown(_));
    Explanation { text: json::document(&asked, question), known }
}

/// What was asked, understood.
enum Asked {
    /// Why it is nothing that is known here.
    Unknown(String),
    /// A rule.
    Rule(&'static RuleCard),
    /// A code, and the extended code if one was given.
    Code(Choice, Option<Choice>),
}

fn asked(question: &Question<'_>) -> Asked {
    let asked = question.code.trim();
    if let Some(rule) = question.rules.iter().find(|rule| rule.card().id.0 == asked) {
        return Asked::Rule(rule.card());
    }
    let (main, inline) = match asked.split_once(['/', ',']) {
        Some((main, extended)) => (main, Some(extended)),
        None => (asked, None),
    };
    let extended = match question.extended.or(inline).map(extended_code).transpose() {
        Ok(extended) => extended,
        Err(text) => return Asked::Unknown(text),
    };
    if let Some(row) = codes::named(main) {
        return Asked::Code(Choice::named(row), extended);
    }
    let main_readings = readings(main);
    if main_readings.is_empty() {
        return Asked::Unknown(not_a_code(asked, question.rules));
    }
    let choice = Choice::of(main, &main_readings, any_code);
    if choice.rows.is_empty() {
        return Asked::Unknown(unknown(main, &main_readings));
    }
    Asked::Code(choice, extended)
}

fn extended_code(text: &str) -> Result<Choice, String> {
    if let Some(row) = codes::named(text) {
        return Ok(Choice::named(row));
    }
    match readings(text).as_slice() {
        [] => {
            let text = excerpt(text, 40);
            Err(format!("\"{text}\" is no extended code: those look like 0x7 or 7\n"))
        }
        read => Ok(Choice::of(text, read, |code| codes::extended(code).into_iter().collect())),
    }
}

/// A disconnect reason, or an error that the server announced and the client shows as it is; and
/// what FreeRDP means by the number.
fn any_code(code: u32) -> Vec<&'static Code> {
    let shown = codes::disconnect(code)
        .or_else(|| codes::extended(code).filter(|row| codes::PROTOCOL_RANGE.contains(&row.code)));
    shown.into_iter().chain(codes::freerdp(code)).collect()
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
    fn of(typed: &str, readings: &[Reading], known: fn(u32) -> Vec<&'static Code>) -> Self {
        let rows = readings
            .iter()
            .flat_map(|reading| known(reading.code).into_iter().map(|row| (*reading, row)))
            .collect();
        Self {
            typed: excerpt(typed.trim(), 40),
            rows,
            first: readings.first().copied(),
            ambiguous: readings.len() > 1,
        }
    }

    /// A code that was named.
    fn named(row: &'static Code) -> Self {
        let reading = Reading { code: row.code, spelling: Spelling::Hex };
        Self {
            typed: row.symbol.to_owned(),
            rows: vec![(reading, row)],
            first: Some(reading),
            ambiguous: false,
        }
    }

    /// How the typed digits were read, when that was a choice.
    fn note(&self) -> Option<String> {
        let typed = &self.typed;
        let mut rows = self.rows.clone();
        rows.dedup_by_key(|(reading, _)| *reading);
        match rows.as_slice() {
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
    let rules = rules_of(choice, extended);
    if mentions(choice, SOCKET_CLOSED) {
        let dialog = extended.and_then(dialog_of);
        socket_closed(&mut out, dialog, question);
    } else if let Some(at) = question.target {
        at_target(&mut out, &rules, at);
    }
    let rows = choice.rows.iter().chain(extended.iter().flat_map(|choice| &choice.rows));
    let can_be_shown = |row: &Code| row.layer.observable() || !row.rules.is_empty();
    if question.target.is_none() && rows.map(|(_, row)| *row).any(can_be_shown) {
        out.push_str("\nNext: rdpwatch check HOST -v shows which of these holds at a host.\n");
    }
    out
}

fn mentions(choice: &Choice, code: u32) -> bool {
    choice.rows.iter().any(|(_, row)| row.code == code)
}

/// The rules that any of the codes names, each once.
fn rules_of(choice: &Choice, extended: Option<&Choice>) -> Vec<&'static str> {
    let rows = choice.rows.iter().chain(extended.into_iter().flat_map(|choice| &choice.rows));
    let mut rules = Vec::new();
    for rule in rows.flat_map(|(_, row)| row.rules) {
        if !rules.contains(rule) {
            rules.push(*rule);
        }
    }
    rules
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
    if let Some(at) = question.target {
        verdict_section(out, at);
        if let Some(text) = shown_now(at, SOCKET_CLOSED) {
            out.push_str(&wrapped(&text, WIDTH, "  ", "  "));
        }
    }
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
    for (wanted, heading) in
        [(Dialog::Connect, "While connecting (0x7)"), (Dialog::Session, "In a session (0x0)")]
    {
        if dialog.is_some_and(|dialog| dialog != wanted) {
            continue;
        }
        let order = match question.target {
            Some(_) => "causes by what is measured, then the most often reported first",
            None => "causes, the most often reported first",
        };
        let _ = writeln!(out, "\n{heading}: {order}");
        let mut causes: Vec<&'static Cause> =
            CAUSES.iter().filter(|cause| cause.dialog == wanted).collect();
        if let Some(at) = question.target {
            rank(&mut causes, at);
        }
        for (place, cause) in (1_u32..).zip(causes) {
            cause_section(out, place, cause, question);
        }
    }
    out.push_str("\nNot observable from outside (listed, never judged)\n");
    for text in NOT_OBSERVABLE {
        let _ = writeln!(out, "  - {text}");
    }
}

fn cause_section(out: &mut String, place: u32, cause: &Cause, question: &Question<'_>) {
    let values = question.target.map(|at| Placeholders::of(at.snapshot)).unwrap_or_default();
    let first = format!("{place:>2}. ");
    out.push_str(&wrapped(cause.title, WIDTH, &first, "    "));
    if let Some(at) = question.target {
        let words = at.words(cause.rules);
        let weight = together(&words);
        let _ = writeln!(out, "    {}", heading(&words).to_uppercase());
        words_section(out, &words, "    ");
        if weight == Weight::Contradicted {
            return;
        }
    }
    out.push_str(&wrapped(cause.why, WIDTH, "    ", "    "));
    for step in cause.steps {
        out.push_str(&wrapped(&values.fill(step), WIDTH, "    > ", "      "));
    }
    let built = built(cause.rules, question.rules);
    if !built.is_empty() && question.target.is_none() {
        out.push_str(&wrapped(&format!("shown by: {}", built.join(", ")), WIDTH, "    ", "      "));
    }
}

/// What the measurements say of rules; those of one word and one measurement on one line.
fn words_section(out: &mut String, words: &[RuleWord], indent: &str) {
    let deeper = format!("{indent}  ");
    let mut rest = words;
    while let Some(first) = rest.first() {
        let alike =
            |word: &&RuleWord| (word.weight, &word.measured) == (first.weight, &first.measured);
        let count = rest.iter().take_while(alike).count();
        let (same, others) = rest.split_at(count);
        rest = others;
        let ids: Vec<&str> = same.iter().map(|word| word.rule).collect();
        let mut lines = first.measured.iter();
        let text = match lines.next() {
            Some(line) => format!("{}: {} ({line})", first.weight.word(), ids.join(", ")),
            None => format!("{}: {}", first.weight.word(), ids.join(", ")),
        };
        out.push_str(&wrapped(&text, WIDTH, indent, &deeper));
        for line in lines {
            out.push_str(&wrapped(line, WIDTH, &format!("{deeper}- "), &format!("{deeper}  ")));
        }
    }
}

/// What a target says of the rules behind a code.
fn at_target(out: &mut String, rules: &[&str], at: AtTarget<'_>) {
    verdict_section(out, at);
    let words = at.words(rules);
    if words.is_empty() {
        out.push_str("  not observable: no probe from outside can see what this stands for\n");
    }
    words_section(out, &words, "  ");
}

fn verdict_section(out: &mut String, at: AtTarget<'_>) {
    let _ = writeln!(out, "\nAt {}", excerpt(&at.snapshot.target.name, 60));
    out.push_str(&wrapped(&excerpt(&at.snapshot.verdict, 240), WIDTH, "  ", "  "));
}

/// What a client would be shown now, where that is another code than the one asked about.
fn shown_now(at: AtTarget<'_>, asked: u32) -> Option<String> {
    let error = expected_client_error(&at.snapshot.findings)?;
    (error.code != asked).then(|| {
        format!(
            "What is measured now would show a client {}, not 0x{asked:x}: the state has changed \
             since, or the client took another way.",
            client_error(&error)
        )
    })
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
