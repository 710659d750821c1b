//! `docs/SCREEN.md`: keys, filters and commands as a document, from the tables that the help is made from.

use super::command::{self, COMMANDS};
use super::filter;
use super::keymap::{Keymap, Layer};
use std::fmt::Write;

const HEAD: &str = "\
# Keys, filters and commands of rdpwatch

Generated from `config/keymap.toml`, `src/ui/filter/key.rs` and `src/ui/command.rs`: change it
there, then run `RDPWATCH_BLESS=1 cargo test --lib screen_doc`. `?` on the screen shows the same.

A click selects, the wheel scrolls, a click on a heading sorts, and the line above a panel can be dragged. Under GNU
screen the mouse is left to the terminal: screen would hold `Esc` back until the next key.

";

/// The document. Ends with a line break.
#[must_use]
pub fn screen_markdown() -> String {
    let mut text = HEAD.to_owned();
    filters(&mut text);
    commands(&mut text);
    let keymap = Keymap::default();
    for (layer, _, title) in Layer::TABLE {
        let rows = keymap.rows().iter().filter(|row| row.layer == *layer).map(|row| {
            let keys: Vec<String> = row.on.iter().map(|key| format!("`{key}`")).collect();
            [keys.join(" "), row.desc.clone(), format!("`{}`", row.run.id())]
        });
        let title = title.to_lowercase();
        table(&mut text, &format!("Keys: {title}"), ["key", "does", "action in key maps"], rows);
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn filters(text: &mut String) {
    let keys = filter::KEYS.iter().map(|key| (key.example, key.says));
    let rows = keys.chain(filter::FORMS.iter().copied());
    let rows = rows.map(|(form, says)| [format!("`{form}`"), says.to_owned()]);
    table(text, "Filter (`/`)", ["typed", "lets through"], rows);
    let _ = writeln!(text, "{}\n", filter::RULE);
}

fn commands(text: &mut String) {
    let rows = COMMANDS.iter().map(|card| {
        let typed = format!(":{} {}", card.name, card.takes);
        [format!("`{}`", typed.trim_end()), card.says.to_owned()]
    });
    table(text, "Commands (`:`)", ["typed", "does"], rows);
    let names = command::names().filter(|name| !COMMANDS.iter().any(|card| card.name == *name));
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    let _ = writeln!(text, "And what a key does, by its name: {}.\n", names.join(", "));
    let _ = writeln!(text, "{}\n", command::RULE);
}

fn table<const N: usize>(
    text: &mut String,
    title: &str,
    heads: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) {
    let _ = writeln!(text, "## {title}\n\n| {} |\n|{}", heads.join(" | "), "---|".repeat(N));
    for row in rows {
        let row = row.map(|cell| cell.replace('|', "\\|"));
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_document_in_docs_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/SCREEN.md");
        if std::env::var_os("RDPWATCH_BLESS").is_some() {
            std::fs::write(&path, screen_markdown()).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written.replace("\r\n", "\n") == screen_markdown(),
            "docs/SCREEN.md is out of date: RDPWATCH_BLESS=1 cargo test --lib screen_doc"
        );
    }
}
