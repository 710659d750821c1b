//! Every key, from the key map itself; what the glyphs mean.

use crate::domain::finding::Rung;
use crate::ui::keymap::{Keymap, Layer};
use crate::ui::line::{Line, left, wrap};
use crate::ui::theme::Role;

const GLYPHS: &[(Role, &str)] = &[
    (Role::StateOk, "works"),
    (Role::StateWarning, "warning, or slow"),
    (Role::StateCritical, "critical, or broken"),
    (Role::StateAsleep, "asleep or off, likely"),
    (Role::StateWaking, "a magic packet was sent, not up yet"),
    (Role::StateUnknown, "this monitor cannot judge"),
    (Role::StateNotMeasured, "not measured: never means fine"),
    (Role::StateNotEstablished, "does not answer, and that is no fault"),
    (Role::StateMuted, "acknowledged or snoozed"),
    (Role::SparkLost, "lost (in sparklines and charts); late answers are ~, unknown is blank"),
];

const SCALE: &str = "Sparklines share one scale: each step doubles, the two highest are the \
    warning and the critical threshold of high-latency (150 and 300 ms unless configured).";

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
            let line = Line::of(Role::Key, &left(&format!("  {}", keys.join(" ")), column));
            out.push(line.text(Role::Text, &row.desc).cut(width));
        }
    }
    section(&mut out, "GLYPHS");
    for (role, words) in GLYPHS {
        out.push(
            Line::of(Role::Text, "  ")
                .glyph(*role)
                .text(Role::Text, &format!("  {words}"))
                .cut(width),
        );
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
    for text in [SCALE, LOSS] {
        out.extend(
            wrap(text, width.saturating_sub(2))
                .iter()
                .map(|l| Line::of(Role::Text, &format!("  {l}")).cut(width)),
        );
    }
    out
}

fn section(out: &mut Vec<Line>, title: &str) {
    if !out.is_empty() {
        out.push(Line::new());
    }
    out.push(Line::of(Role::Heading, title));
}
