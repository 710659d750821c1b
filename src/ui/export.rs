//! What is on the screen as a file: plain text, a web page, or the table with commas.

use super::format::Zone;
use super::sites::SeenTo;
use crate::domain::snapshot::TargetSnapshot;
use crate::domain::text::{excerpt, printable};
use crate::domain::time::WallTime;
use crate::report::words;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use std::fmt::Write as _;
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// What a file holds, by the ending of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The cells as text.
    Text,
    /// The cells with their colours.
    Html,
    /// The targets as `check --format json` tells them.
    Json,
    /// A row per target.
    Csv,
}

impl Kind {
    /// Every kind with its ending.
    pub const ENDINGS: [(&'static str, Self); 4] =
        [("txt", Self::Text), ("html", Self::Html), ("json", Self::Json), ("csv", Self::Csv)];

    /// The kind of a file of this name.
    ///
    /// # Errors
    /// A sentence, with the endings that there are.
    pub fn of(name: &str) -> Result<Self, String> {
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        let known = Self::ENDINGS.iter().find(|(word, _)| word.eq_ignore_ascii_case(ending));
        known.map(|(_, kind)| *kind).ok_or_else(|| {
            let shown = excerpt(name, 60);
            format!(
                "\"{shown}\" says not what it is, expected an end in .txt, .html, .json or .csv"
            )
        })
    }
}

/// `rdpwatch-20261121-140320.txt`.
#[must_use]
pub fn default_name(zone: &Zone, now: WallTime) -> String {
    let digits = |text: String| text.replace(['-', ':'], "");
    format!("rdpwatch-{}-{}.txt", digits(zone.date(now)), digits(zone.seconds(now)))
}

/// The name with the next ending in its place.
#[must_use]
pub fn turned(name: &str, back: bool) -> String {
    let count = Kind::ENDINGS.len();
    let place = Kind::of(name)
        .ok()
        .and_then(|kind| Kind::ENDINGS.iter().position(|(_, known)| *known == kind));
    let next = place.map_or(0, |place| (place + if back { count - 1 } else { 1 }) % count);
    let stem = match place {
        Some(_) => name.rsplit_once('.').map_or(name, |(stem, _)| stem),
        None => name,
    };
    format!("{stem}.{}", Kind::ENDINGS.get(next).map_or("txt", |(ending, _)| ending))
}

/// The cells as a page without scripts and without anything that is loaded.
#[must_use]
pub fn html(buffer: &Buffer, title: &str) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{}</title>\n\
         <pre style=\"background:#111;color:#ddd;font:14px/1.2 monospace\">\n",
        escaped(title)
    );
    for row in buffer.content.chunks(usize::from(buffer.area.width).max(1)) {
        let mut style = String::new();
        let mut skip = 0;
        for cell in row {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let next = css(cell);
            if next != style {
                let close = if style.is_empty() { "" } else { "</span>" };
                out.push_str(close);
                if !next.is_empty() {
                    let _infallible = write!(out, "<span style=\"{next}\">");
                }
                style = next;
            }
            out.push_str(&escaped(cell.symbol()));
            skip = cell.symbol().width().saturating_sub(1);
        }
        out.push_str(if style.is_empty() { "\n" } else { "</span>\n" });
    }
    out + "</pre></html>\n"
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn css(cell: &Cell) -> String {
    let (mut fg, mut bg) = (colour(cell.fg), colour(cell.bg));
    if cell.modifier.contains(Modifier::REVERSED) {
        (fg, bg) = (bg.or_else(|| Some("#111".to_owned())), fg.or_else(|| Some("#ddd".to_owned())));
    }
    let mut out = String::new();
    let mut put = |key: &str, value: &str| {
        let _infallible = write!(out, "{key}:{value};");
    };
    if let Some(fg) = fg {
        put("color", &fg);
    }
    if let Some(bg) = bg {
        put("background", &bg);
    }
    for (modifier, key, value) in [
        (Modifier::BOLD, "font-weight", "bold"),
        (Modifier::DIM, "opacity", ".65"),
        (Modifier::UNDERLINED, "text-decoration", "underline"),
    ] {
        if cell.modifier.contains(modifier) {
            put(key, value);
        }
    }
    out
}

/// A colour as CSS writes it; `None` for the terminal's own.
fn colour(color: Color) -> Option<String> {
    let hex = match color {
        Color::Rgb(r, g, b) => return Some(format!("#{r:02x}{g:02x}{b:02x}")),
        Color::Indexed(index) => {
            let rgb = anstyle_lossy::xterm_to_rgb(
                anstyle::Ansi256Color(index),
                anstyle_lossy::palette::VGA,
            );
            return Some(format!("#{:02x}{:02x}{:02x}", rgb.r(), rgb.g(), rgb.b()));
        }
        Color::Reset => return None,
        Color::Black => "#000",
        Color::Red => "#c33",
        Color::Green => "#3a3",
        Color::Yellow => "#a80",
        Color::Blue => "#46c",
        Color::Magenta => "#a4a",
        Color::Cyan => "#3aa",
        Color::Gray => "#bbb",
        Color::DarkGray => "#777",
        Color::LightRed => "#f66",
        Color::LightGreen => "#6d6",
        Color::LightYellow => "#fc4",
        Color::LightBlue => "#8af",
        Color::LightMagenta => "#f8f",
        Color::LightCyan => "#6ee",
        Color::White => "#fff",
    };
    Some(hex.to_owned())
}

/// A row per target, in the order of the screen; what is not measured is empty.
#[must_use]
pub fn csv(rows: &[&TargetSnapshot], seen: &SeenTo<'_>) -> String {
    let mut out = "name,host,port,address,group,state,risk,verdict,loss_minute_pct,\
                   loss_total_pct,rtt_median_ms,rtt_p95_ms,jitter_ms,findings,certificate_days,\
                   state_since,held_back\n"
        .to_owned();
    let ms = |span: Option<Duration>| {
        span.map_or_else(String::new, |span| format!("{:.3}", span.as_secs_f64() * 1_000.0))
    };
    let share =
        |share: Option<f64>| share.map_or_else(String::new, |s| format!("{:.2}", s * 100.0));
    for target in rows {
        let (config, minute) = (&target.target, &target.echo_minute);
        let findings: Vec<&str> = target.findings.iter().map(|finding| finding.rule.0).collect();
        let fields = [
            config.name.clone(),
            config.host.to_string(),
            config.port.to_string(),
            target.address.map_or_else(String::new, |address| address.to_string()),
            config.group.clone().unwrap_or_default(),
            super::filter::state_word(target.state).to_owned(),
            target.risk.word().to_owned(),
            target.verdict.clone(),
            share(minute.loss()),
            share(target.echo_total.loss()),
            ms(minute.median),
            ms(minute.p95),
            ms(minute.jitter),
            findings.join(" "),
            target.certificate_days.map_or_else(String::new, |days| days.to_string()),
            words::utc(target.state_since),
            held_back(target, seen).to_owned(),
        ];
        let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
        out.push_str(&fields.join(","));
        out.push('\n');
    }
    out
}

/// Why nobody is alerted of it, where that is so: work is planned, or somebody has `seen` to it.
fn held_back(target: &TargetSnapshot, seen: &SeenTo<'_>) -> &'static str {
    match (&target.maintenance, seen.get(&target.target.id)) {
        (Some(_), _) => "maintenance",
        (None, Some(alert)) if alert.acknowledged.is_some() => "acknowledged",
        (None, Some(_)) => "snoozed",
        (None, None) => "",
    }
}

/// A field as RFC 4180 writes it. What a spreadsheet would take for a formula is made text.
fn quoted(field: &str) -> String {
    let field = printable(field);
    let formula = field.starts_with(['=', '+', '-', '@']) && field.parse::<i64>().is_err();
    let guard = if formula { "'" } else { "" };
    if guard.is_empty() && !field.contains([',', '"']) {
        return field.into_owned();
    }
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    #[test]
    fn the_ending_says_what_it_is_and_turns() {
        assert_eq!(Kind::of("a.HTML"), Ok(Kind::Html));
        assert!(Kind::of("notes").is_err_and(|why| why.contains("expected an end in .txt")));
        assert_eq!(turned("a.b.txt", false), "a.b.html");
        assert_eq!(turned("a.txt", true), "a.csv");
        assert_eq!(turned("a", false), "a.txt");
    }

    #[test]
    fn nothing_in_a_page_is_markup_but_its_own() {
        let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 8, 1));
        buffer.set_string(0, 0, "<\u{6771}&\">", Style::new().fg(Color::Rgb(1, 2, 3)));
        let page = html(&buffer, "<x>");
        assert!(page.contains("<title>&lt;x&gt;</title>"), "{page}");
        assert!(page.contains("color:#010203;\">&lt;\u{6771}&amp;&quot;&gt;</span>"), "{page}");
    }

    #[test]
    fn no_field_is_a_formula_or_breaks_the_row() {
        assert_eq!(quoted("office-pc"), "office-pc");
        assert_eq!(quoted("-9"), "-9");
        assert_eq!(quoted("=cmd|' /C calc'!A0"), "\"'=cmd|' /C calc'!A0\"");
        assert_eq!(quoted("a,\"b\"\n"), "\"a,\"\"b\"\"\u{fffd}\"");
    }
}
