//! What can be copied, and the page without borders to select it from.

use super::alert_list::{self, Cause};
use super::causes;
use super::line::{Line, fit};
use super::state::{Size, UiState};
use super::view::{explain, panel};
use super::world::World;
use crate::domain::finding::{Finding, Remedy, RunOn};
use crate::domain::placeholder::Placeholders;
use crate::domain::snapshot::TargetSnapshot;
use crate::domain::target::TargetId;
use crate::domain::text::printable;
use crate::ui::state::{Overlay, SharedText};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Most things to choose from.
const MOST: usize = 60;
/// Longest text that is sent to the clipboard, in bytes: more than that many terminals ignore.
pub const CLIPBOARD: usize = 74_000;

/// One thing that can be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Which it is: a command itself, or what a text is called.
    pub label: String,
    /// What is copied; escaped line by line.
    pub text: String,
    /// What it is for.
    pub purpose: String,
    /// Where it runs.
    pub run_on: Option<RunOn>,
    /// What it disturbs.
    pub impact: Option<String>,
    /// It lowers security.
    pub weakens_security: bool,
}

/// What can be copied, and what of it is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyBox {
    /// To choose from; never empty.
    pub pieces: Vec<Piece>,
    /// Which of them.
    pub chosen: usize,
}

/// A text that fills the terminal without anything around it, so that the terminal's own mouse
/// selects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The text, escaped line by line.
    pub text: String,
    /// The byte that the screen begins with.
    pub first: usize,
}

/// Text of several lines, escaped.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        out.push_str(printable(line).trim_end());
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out
}

/// The commands of findings, in the order in which the screen tells them, and what they disturb.
#[must_use]
pub fn commands(findings: &[Finding], values: &Placeholders) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for finding in findings {
        // As the explanation lists them: what weakens security comes last.
        let (safe, weakening): (Vec<&Remedy>, Vec<&Remedy>) =
            finding.remedies.iter().partition(|remedy| !remedy.weakens_security);
        for remedy in safe.into_iter().chain(weakening) {
            for command in remedy.commands {
                let text = clean(&values.fill(command));
                if pieces.len() < MOST && !pieces.iter().any(|known| known.text == text) {
                    pieces.push(Piece {
                        label: text.clone(),
                        text,
                        purpose: values.fill(remedy.text),
                        run_on: Some(remedy.run_on),
                        impact: remedy
                            .impact
                            .filter(|impact| !impact.starts_with("none"))
                            .map(|impact| values.fill(impact)),
                        weakens_security: remedy.weakens_security,
                    });
                }
            }
        }
    }
    pieces
}

/// What can be copied about a target: the commands of its findings, then the ticket.
#[must_use]
pub fn of_target(world: &World<'_>, state: &UiState, target: &TargetSnapshot) -> Vec<Piece> {
    let mut pieces = commands(&target.findings, &Placeholders::of(target));
    pieces.push(Piece {
        label: "the text for a ticket".to_owned(),
        text: clean(&world.ticket(target, &state.zone)),
        purpose: "What stands, since when, with its proof, for the help desk.".to_owned(),
        run_on: None,
        impact: None,
        weakens_security: false,
    });
    pieces
}

/// One ticket for all hosts that share a cause; `None` where they share it no more.
#[must_use]
pub fn shared_ticket(world: &World<'_>, state: &UiState, cause: Cause) -> Option<String> {
    let of = alert_list::sharing(world, cause);
    let title = causes::words(cause.rule, of.iter().map(|alert| alert.title.as_str()));
    world.shared_ticket(title, &of, &state.zone)
}

/// What can be copied about a cause that many hosts share: a ticket for all of them.
#[must_use]
pub fn of_shared(world: &World<'_>, state: &UiState, cause: Cause) -> Vec<Piece> {
    let many = alert_list::sharing(world, cause).len();
    let text = shared_ticket(world, state, cause);
    let piece = |text: String| Piece {
        label: format!("the text for one ticket of {many} hosts"),
        text: clean(&text),
        purpose: "Which hosts, since when, and the proof and remedies of one of them.".to_owned(),
        run_on: None,
        impact: None,
        weakens_security: false,
    };
    text.map(piece).into_iter().collect()
}

/// The commands of the finding that is explained.
#[must_use]
pub fn of_explained(world: &World<'_>, target: Option<TargetId>, index: usize) -> Vec<Piece> {
    let findings = explain::findings(world, target);
    let values = target.and_then(|id| world.target(id)).map(Placeholders::of).unwrap_or_default();
    let index = index.min(findings.len().saturating_sub(1));
    commands(findings.get(index..).and_then(|rest| rest.get(..1)).unwrap_or_default(), &values)
}

/// What lies over the screen as text to copy; `None` where that is no text.
#[must_use]
pub fn of_overlay(world: &World<'_>, state: &UiState) -> Option<String> {
    if let Some(Overlay::Ticket(id, _)) = &state.overlay {
        // As it is, not as the panel wraps it.
        return world.target(*id).map(|target| clean(&world.ticket(target, &state.zone)));
    }
    if let Some(Overlay::Shared(cause, SharedText::Ticket, _)) = &state.overlay {
        return shared_ticket(world, state, *cause).map(|text| clean(&text));
    }
    let lines = panel::document(world, state)?;
    let plain: Vec<String> = lines.iter().map(Line::plain).collect();
    Some(clean(&plain.join("\n")))
}

/// What was done with `what`, and what to do when it is not on the clipboard.
#[must_use]
pub fn told(state: &UiState, what: &str, text: &str, page_key: &str) -> String {
    let what = if what.is_empty() { String::new() } else { format!("{what} ") };
    let cut = if text.len() > CLIPBOARD { " (its first 74 kB)" } else { "" };
    let through = if state.relayed {
        "sent through tmux, which needs set-clipboard on"
    } else {
        "sent to the terminal's clipboard"
    };
    let else_ = match page_key {
        "" => String::new(),
        key => format!("; not there? {key} shows it"),
    };
    format!("{what}{through}{cut}{else_}")
}

/// The part of a page that fits a terminal, and the byte that the next part begins with; `None`
/// for the last part.
#[must_use]
pub fn part(page: &Page, size: Size) -> (String, Option<usize>) {
    let columns = usize::from(size.width).max(1);
    let rows = usize::from(size.height).saturating_sub(1).max(1);
    let rest = page.text.get(page.first..).unwrap_or_default();
    let (mut used, mut taken) = (0, 0);
    for line in rest.split_inclusive('\n') {
        let needs = rows_of(line.trim_end_matches('\n'), columns);
        if used + needs > rows {
            break;
        }
        used += needs;
        taken += line.len();
    }
    if taken == 0 {
        // A line that no screen of this size holds.
        taken = beginning(rest, columns * rows);
    }
    let shown = rest.get(..taken).unwrap_or_default().trim_end_matches('\n');
    let next = page.first + taken;
    let more = (taken > 0 && next < page.text.len()).then_some(next);
    let hint = match more {
        Some(_) => "[Space: more, any other key: back]",
        None => "[any key: back]",
    };
    let text = match size.height {
        0 | 1 => shown.to_owned(),
        _ => format!("{shown}\n{}", fit(hint, columns)),
    };
    (text, more)
}

/// Rows of a line that the terminal wraps.
fn rows_of(line: &str, columns: usize) -> usize {
    let (mut rows, mut column) = (1, 0);
    for grapheme in line.graphemes(true) {
        let width = grapheme.width();
        if column + width > columns {
            rows += 1;
            column = 0;
        }
        column += width;
    }
    rows
}

/// Bytes of the whole graphemes at the beginning of `text` that take at most `cells`, one at
/// least.
fn beginning(text: &str, cells: usize) -> usize {
    let (mut bytes, mut used) = (0, 0);
    for grapheme in text.graphemes(true) {
        used += grapheme.width();
        if (used > cells && bytes > 0) || grapheme == "\n" {
            break;
        }
        bytes += grapheme.len();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::Severity;

    const SMALL: Size = Size { width: 10, height: 4 };

    fn parts(text: &str, size: Size) -> Vec<String> {
        let mut page = Page { text: text.to_owned(), first: 0 };
        let mut parts = Vec::new();
        loop {
            let (part, next) = part(&page, size);
            parts.push(part);
            match next {
                Some(next) if parts.len() < 50 => page.first = next,
                Some(_) => panic!("it does not end: {parts:?}"),
                None => return parts,
            }
        }
    }

    #[test]
    fn a_page_holds_whole_lines_as_the_terminal_wraps_them() {
        let more = "[Space: m\u{2026}";
        assert_eq!(parts("a\nb", SMALL), ["a\nb\n[any key:\u{2026}"]);
        let text = "0123456789ab\nsecond\nthird";
        assert_eq!(
            parts(text, SMALL),
            [format!("0123456789ab\nsecond\n{more}"), "third\n[any key:\u{2026}".to_owned()]
        );
        // Wide characters are not split at the edge: five rows of four.
        assert_eq!(rows_of(&"\u{6771}".repeat(10), 5), 5);
    }

    #[test]
    fn nothing_is_lost_whatever_the_size() {
        let text = format!("{}\n\n{}\nend", "x".repeat(95), "\u{6771}".repeat(33));
        for width in 0..30 {
            for height in 0..8 {
                let size = Size { width, height };
                let mut page = Page { text: text.clone(), first: 0 };
                let mut seen = 0;
                while let Some(next) = part(&page, size).1 {
                    assert!(next > page.first, "{size:?}");
                    page.first = next;
                    seen += 1;
                    assert!(seen < 400, "{size:?}");
                }
            }
        }
    }

    #[test]
    fn commands_that_weaken_security_come_last_and_say_so() {
        const REMEDIES: &[Remedy] = &[
            Remedy {
                commands: &["off HOST", "x"],
                weakens_security: true,
                ..Remedy::new("do", RunOn::Host)
            },
            Remedy { commands: &["y", "x"], ..Remedy::new("do", RunOn::Host) },
        ];
        let fixture = crate::domain::diagnose::fixture::finding("x", Severity::Critical, None);
        let finding = Finding { remedies: REMEDIES, ..fixture };
        let pieces = commands(&[finding], &Placeholders::default());
        let told: Vec<_> = pieces.iter().map(|p| (p.text.as_str(), p.weakens_security)).collect();
        assert_eq!(told, [("y", false), ("x", false), ("off HOST", true)]);
    }

    #[test]
    fn what_drives_a_terminal_is_in_no_copy() {
        assert_eq!(clean("a\x1b[2J\r\n b \n\n"), "a\u{fffd}[2J\n b");
    }

    #[test]
    fn it_is_told_where_it_went_and_what_to_do_when_it_is_not_there() {
        let mut state = UiState::default();
        let long = "x".repeat(CLIPBOARD + 1);
        assert_eq!(
            told(&state, "", "short", "X"),
            "sent to the terminal's clipboard; not there? X shows it"
        );
        assert!(told(&state, "", &long, "").ends_with("clipboard (its first 74 kB)"));
        state.relayed = true;
        assert_eq!(
            told(&state, "command", "short", "X"),
            "command sent through tmux, which needs set-clipboard on; not there? X shows it"
        );
    }
}
