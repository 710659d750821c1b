//! What the README and the documents written by hand say is so: their links lead somewhere, their
//! keys are keys, their commands commands, and their examples of a configuration are read.

#![expect(clippy::panic, reason = "a test that cannot read its documents fails by panicking")]

use clap::CommandFactory;
use rdpwatch::cli::Cli;
use rdpwatch::config::Config;
use rdpwatch::ui::input::Key;
use rdpwatch::ui::keymap::Keymap;
use std::fs;
use std::path::Path;

/// Lines that somebody reads before they know whether they need the program.
const LONGEST: usize = 260;

const DOCUMENTS: &[&str] =
    &["README.md", "CONTRIBUTING.md", "docs/COMMANDS.md", "docs/CONFIG.md", "docs/PRIVILEGES.md"];

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    text.replace("\r\n", "\n")
}

/// The text of a section, without its heading.
fn section<'t>(text: &'t str, heading: &str) -> &'t str {
    let begin = text.find(heading).unwrap_or_else(|| panic!("there is no {heading}"));
    let rest = &text[begin + heading.len()..];
    rest.split("\n## ").next().unwrap_or(rest)
}

/// What stands between backticks in a line.
fn quoted(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

/// The blocks of a language.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let begin = format!("```{language}\n");
    text.split(&begin).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

/// The anchor of a heading, as the pages that show these files make it.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut seen = 0;
    for name in DOCUMENTS {
        let text = read(name);
        let folder = Path::new(name).parent().map(Path::to_path_buf).unwrap_or_default();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.starts_with("http")) {
            seen += 1;
            let (file, wanted) = link.split_once('#').unwrap_or((link, ""));
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder).join(file);
            assert!(file.is_empty() || path.exists(), "{name} names {link}");
            if !wanted.is_empty() {
                let there = if file.is_empty() {
                    text.clone()
                } else {
                    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{link}: {error}"))
                };
                let found =
                    there.lines().filter(|l| l.starts_with('#')).any(|l| anchor(l) == wanted);
                assert!(found, "{name} names {link}, and no heading is called so");
            }
        }
    }
    assert!(seen >= 15, "{seen} links");
}

#[test]
fn the_readme_is_short_and_begins_with_the_two_commands() {
    let readme = read("README.md");
    let lines = readme.lines().count();
    assert!(lines <= LONGEST, "{lines} lines");
    assert!(section(&readme, "\n## Run it\n").contains("\ncargo run --release -- HOST..."));
    assert!(section(&readme, "\n## Test it\n").contains("\ncargo test\n"));
    // Each document for whoever wants to know more is named.
    for document in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")).unwrap() {
        let name = document.unwrap().file_name().into_string().unwrap();
        let inner = ["PERFORMANCE.md", "pictures"].contains(&name.as_str());
        assert!(inner || readme.contains(&format!("](docs/{name})")), "docs/{name} is not named");
    }
}

#[test]
fn every_key_of_the_readme_is_in_the_key_map() {
    let readme = read("README.md");
    let keymap = Keymap::default();
    let bound: Vec<String> =
        keymap.rows().iter().flat_map(|row| row.on.iter().map(ToString::to_string)).collect();
    let arrow = |word: &str| match word {
        "\u{2191}" => "Up".to_owned(),
        "\u{2193}" => "Down".to_owned(),
        word => word.to_owned(),
    };
    let table = section(&readme, "\n## Keys\n");
    let mut seen = 0;
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let first = row.trim_start_matches('|').split(" | ").next().unwrap();
        for key in quoted(first).into_iter().map(arrow) {
            let key: Key = key.parse().unwrap_or_else(|error| panic!("{row}: {error}"));
            assert!(bound.contains(&key.to_string()), "{key} of {row}");
            seen += 1;
        }
    }
    assert!(seen >= 10, "{seen} keys");
}

#[test]
fn every_command_that_is_named_exists() {
    let cli = Cli::command();
    let known: Vec<&str> = cli.get_subcommands().map(clap::Command::get_name).collect();
    let (readme, commands) = (read("README.md"), read("docs/COMMANDS.md"));
    for line in readme.lines().chain(commands.lines()) {
        for words in quoted(line).into_iter().filter_map(|quoted| quoted.strip_prefix("rdpwatch "))
        {
            let word = words.split(' ').next().unwrap();
            // A host, an option, or a word in capitals that stands for something.
            let host = word.contains(|c: char| !c.is_ascii_lowercase());
            assert!(host || known.contains(&word), "rdpwatch {words}");
        }
    }
    for command in ["check", "explain", "wake", "mark", "doctor", "demo"] {
        assert!(readme.contains(&format!("| `rdpwatch {command}")), "{command}");
        assert!(commands.contains(&format!("\n## {command}")), "{command}");
    }
}

#[test]
fn every_example_of_a_configuration_is_read() {
    for (name, least) in [("README.md", 1), ("docs/CONFIG.md", 2)] {
        let text = read(name);
        let examples = blocks(&text, "toml");
        assert!(examples.len() >= least, "{name}");
        for example in examples {
            let read = Config::from_text(Path::new(name), example);
            assert!(read.is_ok(), "{name}: {}\n{example}", read.err().unwrap());
        }
    }
}
