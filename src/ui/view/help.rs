//! Every key, from the key map itself; what the glyphs mean.

use super::footer::text_field;
use crate::domain::finding::Rung;
use crate::ui::action::Action;
use crate::ui::command::{self, COMMANDS};
use crate::ui::filter;
use crate::ui::keymap::{Keymap, Layer};
use crate::ui::line::{Line, left, wrap};
use crate::ui::state::Search;
use crate::ui::theme::Role;
use crate::ui::world::World;

const GLYPHS: &[(Role, &str)] = &[
    (Role::StateOk, "works"),
    (Role::StateWarning, "warning, or slow; of a host also: failed, and asked again"),
    (Role::StateCritical, "critical, or broken"),
    (Role::StateAsleep, "asleep or off, likely"),
    (Role::StateWaking, "a magic packet was sent, not up yet"),
    (Role::StateUnknown, "this monitor cannot judge"),
    (Role::StateNotMeasured, "not measured: never means fine"),
    (Role::StateNotEstablished, "does not answer, and that is no fault"),
    (Role::StateMuted, "in maintenance, acknowledged or snoozed"),
    (Role::SparkLost, "lost (in sparklines and charts); late answers are ~, unknown is blank"),
];

const SCALE: &str = "Sparklines share one scale: each step doubles, the two highest are the \
    warning and the critical threshold of high-latency (150 and 300 ms unless configured).";

const SLOW: &str = "On a slow terminal sparklines stand still: the newest second is left of the gap, and \
    overwrites the oldest.";

const LOSS: &str = "Loss is shown for the last minute, and since the start (or Ctrl-r) after the \
    slash. Times are in milliseconds.";

/// The help in lines of at most `width` cells.
#[must_use]
pub fn document(keymap: &Keymap, width: usize) -> Vec<Line> {
    let mut out = Vec::new();
    for (layer, _, title) in Layer::TABLE {
        let rows: Vec<_> = keymap.rows().iter().filter(|row| row.layer == *layer).collect();
        if rows.is_empty() {
            continue;
        }
        section(&mut out, title);
        let column = if width < 50 { 15 } else { 20 };
        for row in rows {
            let keys: Vec<String> = row.on.iter().map(ToString::to_string).collect();
            let keys = Line::of(Role::Key, &left(&format!("  {}", keys.join(" ")), column));
            out.extend(hanging(keys, column, &row.desc, width));
        }
    }
    filters(&mut out, width);
    commands(&mut out, width);
    section(&mut out, "GLYPHS");
    for (role, words) in GLYPHS {
        let glyph = Line::of(Role::Text, "  ").glyph(*role).text(Role::Text, "  ");
        out.extend(hanging(glyph, 5, words, width));
    }
    section(&mut out, "LADDER");
    for rung in Rung::ALL {
        let words = match rung {
            Rung::Name => "the name resolves",
            Rung::Echo => "echo (ping)",
            Rung::Tcp => "the port accepts",
            Rung::X224 => "RDP answers",
            Rung::Tls => "TLS and the certificate",
            Rung::Nla => "sign-in (NLA)",
            Rung::Udp => "the UDP transport",
        };
        let letter = rung.letter().to_string();
        out.push(
            Line::of(Role::Key, &format!("  {letter}"))
                .text(Role::Text, &format!("  {words}"))
                .cut(width),
        );
    }
    section(&mut out, "NUMBERS");
    for text in [SCALE, SLOW, LOSS] {
        out.extend(
            wrap(text, width.saturating_sub(2))
                .iter()
                .map(|l| Line::of(Role::Text, &format!("  {l}")).cut(width)),
        );
    }
    out
}

/// What can be typed behind `:`.
fn commands(out: &mut Vec<Line>, width: usize) {
    section(out, "COMMANDS");
    for card in COMMANDS {
        let typed = format!("  :{} {}  ", card.name, card.takes);
        let typed = Line::of(Role::Key, &typed);
        let column = typed.width().min(width / 2);
        out.extend(hanging(typed.cut(column), column, card.says, width));
    }
    let keys = command::names().filter(|name| !COMMANDS.iter().any(|card| card.name == *name));
    let all = format!("And what a key does, by its name: {}.", keys.collect::<Vec<_>>().join(", "));
    let all = wrap(&all, width.saturating_sub(2));
    out.extend(all.iter().map(|l| Line::of(Role::Text, &format!("  {l}")).cut(width)));
}

/// What can be typed behind `/`.
fn filters(out: &mut Vec<Line>, width: usize) {
    section(out, "FILTER");
    let column = if width < 50 { 15 } else { 20 };
    let keys = filter::KEYS.iter().map(|key| (key.example, key.says));
    for (form, says) in keys.chain(filter::FORMS.iter().copied()) {
        let form = Line::of(Role::Key, &left(&format!("  {form}"), column));
        out.extend(hanging(form, column, says, width));
    }
    let rule = wrap(filter::RULE, width.saturating_sub(2));
    out.extend(rule.iter().map(|l| Line::of(Role::Text, &format!("  {l}")).cut(width)));
}

/// A first column, and beside it text in as many lines as it takes.
fn hanging(first: Line, column: usize, text: &str, width: usize) -> Vec<Line> {
    let texts = wrap(text, width.saturating_sub(column));
    let below = Line::of(Role::Text, &" ".repeat(column));
    let starts = std::iter::once(first).chain(std::iter::repeat(below));
    starts.zip(texts).map(|(start, text)| start.text(Role::Text, &text).cut(width)).collect()
}

/// The lines that hold `wanted` in letters of any case, each section with its heading; all of them
/// when nothing is looked for.
#[must_use]
pub fn matching(lines: Vec<Line>, wanted: &str) -> Vec<Line> {
    let wanted = wanted.trim().to_lowercase();
    if wanted.is_empty() {
        return lines;
    }
    let mut found: Vec<Line> = Vec::new();
    let mut heading: Option<Line> = None;
    for line in lines {
        let text = line.plain();
        if text.starts_with(' ') {
            if text.to_lowercase().contains(&wanted) {
                found.extend(heading.take());
                found.push(line);
            }
        } else if !text.is_empty() {
            heading = Some(line);
        }
    }
    if found.is_empty() {
        found.push(Line::of(Role::Dim, "  nothing here has that in it"));
    }
    found
}

/// The lower edge: the search, or the keys.
pub(super) fn hint(world: &World<'_>, search: &Search) -> Line {
    if search.typing {
        let field = Line::of(Role::Key, "/").join(text_field(&search.text));
        let keys = super::panel::keys(
            world,
            Layer::Input,
            &[(Action::Confirm, "keep"), (Action::Back, "all")],
        );
        return field.text(Role::Dim, "  ").join(keys);
    }
    let back = if search.text.value().is_empty() { "close" } else { "all" };
    let keys = [(Action::Back, back), (Action::Filter, "search"), (Action::Copy, "copy")];
    super::panel::keys(world, Layer::Text, &keys)
}

fn section(out: &mut Vec<Line>, title: &str) {
    if !out.is_empty() {
        out.push(Line::new());
    }
    out.push(Line::of(Role::Heading, title));
}
