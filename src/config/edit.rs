//! One target of a configuration file changed or taken out, everything else left as it is written.

use super::error::{ConfigError, Place};
use super::{Config, value};
use crate::domain::text::excerpt;
use std::path::Path;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, RawString, Table, Value};

/// The keys that a form offers, in its order, each with what it is.
pub const FIELDS: [(&str, &str); 9] = [
    ("name", "what it is called; empty: the host"),
    ("host", "name or address, without port"),
    ("port", "TCP port; empty: 3389"),
    ("group", "one that has a [group.NAME]"),
    ("expect", "addresses the name should have, with commas between"),
    ("mac", "hardware address, to wake it"),
    ("aliases", "other names of it, with commas between"),
    ("kind", "server, pc, laptop, farm, cloud or jit; empty: by the group or MAC"),
    ("expected", "always, hours or on-demand; empty: by the group or kind"),
];

/// Which of [`FIELDS`] are lists.
const LISTS: [&str; 2] = ["expect", "aliases"];

/// What the file says of the target called `name`, one text per key of [`FIELDS`]; `None` where it
/// has no such target.
///
/// # Errors
/// A text that is no TOML, or whose targets are an inline list.
pub fn fields(path: &Path, text: &str, name: &str) -> Result<Option<Vec<String>>, ConfigError> {
    let mut document = parse(path, text)?;
    let Some(targets) = targets(path, &mut document)? else { return Ok(None) };
    let Some(table) = place(targets, name).and_then(|place| targets.get(place)) else {
        return Ok(None);
    };
    Ok(Some(FIELDS.iter().map(|(key, _)| shown(table.get(key))).collect()))
}

/// The text with the target called `name` as `fields` say it, in the order of [`FIELDS`]; an empty
/// text takes its key out.
///
/// # Errors
/// No such target, or the first mistake of the text that it would become, as at any other reading.
pub fn changed(
    path: &Path,
    text: &str,
    name: &str,
    fields: &[String],
) -> Result<String, ConfigError> {
    let mut document = parse(path, text)?;
    let found = targets(path, &mut document)?.and_then(|targets| {
        let place = place(targets, name)?;
        targets.get_mut(place)
    });
    let Some(table) = found else { return Err(missing(path, text, name)) };
    for ((key, _), said) in FIELDS.iter().zip(fields) {
        if shown(table.get(key)) != said.trim() {
            put(table, key, said.trim());
        }
    }
    finish(path, text, &document)
}

/// The text with one target more, as `fields` say it in the order of [`FIELDS`], behind the others.
///
/// # Errors
/// The first mistake of the text that it would become, as at any other reading.
pub fn added(path: &Path, text: &str, fields: &[String]) -> Result<String, ConfigError> {
    let mut document = parse(path, text)?;
    let mut table = Table::new();
    for ((key, _), said) in FIELDS.iter().zip(fields) {
        put(&mut table, key, said.trim());
    }
    if !text.trim().is_empty() {
        table.decor_mut().set_prefix("\n");
    }
    if targets(path, &mut document)?.is_none() {
        document.insert("target", Item::ArrayOfTables(ArrayOfTables::new()));
    }
    if let Some(targets) = targets(path, &mut document)? {
        targets.push(table);
    }
    finish(path, text, &document)
}

/// The text without the target called `name`, the comment right above it and its sub-tables.
///
/// # Errors
/// No such target, or what the text would lack without it: a maintenance window that names it.
pub fn without(path: &Path, text: &str, name: &str) -> Result<String, ConfigError> {
    let mut document = parse(path, text)?;
    let Some(targets) = targets(path, &mut document)? else {
        return Err(missing(path, text, name));
    };
    let Some(place) = place(targets, name) else { return Err(missing(path, text, name)) };
    let prefix = |table: &Table| -> String {
        let prefix = table.decor().prefix().and_then(RawString::as_str);
        // Lines of Windows come back at the end.
        prefix.unwrap_or_default().replace('\r', "")
    };
    // What stands apart above it is about more than this one, and stays.
    let above = targets.get(place).map(prefix).unwrap_or_default();
    let kept = above.rfind("\n\n").and_then(|at| above.get(..=at)).unwrap_or_default().to_owned();
    let kept = if kept.trim().is_empty() { String::new() } else { kept };
    targets.remove(place);
    let next = targets.get_mut(place);
    match next {
        Some(next) => {
            let own = prefix(next);
            let own = if above.is_empty() { own.trim_start_matches('\n') } else { &own };
            next.decor_mut().set_prefix(format!("{kept}{own}"));
        }
        None if !kept.is_empty() => {
            let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
            document.set_trailing(format!("{kept}{trailing}"));
        }
        None => {}
    }
    finish(path, text, &document)
}

fn parse(path: &Path, text: &str) -> Result<DocumentMut, ConfigError> {
    // What the reader refuses is told in its words, with line and column.
    Config::from_text(path, text)?;
    text.parse().map_err(|error: toml_edit::TomlError| {
        ConfigError::new(Place::File(path.to_owned()), excerpt(error.message(), 200))
    })
}

fn targets<'d>(
    path: &Path,
    document: &'d mut DocumentMut,
) -> Result<Option<&'d mut ArrayOfTables>, ConfigError> {
    match document.get_mut("target") {
        None => Ok(None),
        Some(Item::ArrayOfTables(targets)) => Ok(Some(targets)),
        Some(_) => {
            let message = "its targets are an inline list, expected [[target]] tables".to_owned();
            Err(ConfigError::new(Place::File(path.to_owned()), message))
        }
    }
}

/// Which of the targets is called `name`: as it is named, else by its host.
fn place(targets: &ArrayOfTables, name: &str) -> Option<usize> {
    let name = name.to_lowercase();
    targets.iter().position(|table| {
        let said = table.get("name").or_else(|| table.get("host")).and_then(Item::as_str);
        said.is_some_and(|said| said.to_lowercase() == name)
    })
}

fn missing(path: &Path, text: &str, name: &str) -> ConfigError {
    let config = Config::from_text(path, text).unwrap_or_default();
    let known: Vec<&str> = config.targets.iter().map(|target| target.name.as_str()).collect();
    let near = value::nearest(name, &known);
    let near = near.map_or_else(String::new, |near| format!(", the nearest is \"{near}\""));
    let message = format!("it has no target \"{}\"{near}", excerpt(name, 60));
    ConfigError::new(Place::File(path.to_owned()), message)
}

/// A value as a form shows it.
fn shown(item: Option<&Item>) -> String {
    let word = |value: &Value| match value {
        Value::String(text) => text.value().clone(),
        other => other.to_string().trim().to_owned(),
    };
    match item.and_then(Item::as_value) {
        None => String::new(),
        Some(Value::Array(list)) => list.iter().map(word).collect::<Vec<_>>().join(", "),
        Some(value) => word(value),
    }
}

fn put(table: &mut Table, key: &str, said: &str) {
    if said.is_empty() {
        table.remove(key);
        return;
    }
    let mut value = if LISTS.contains(&key) {
        let words = said.split(',').map(str::trim).filter(|word| !word.is_empty());
        Value::Array(words.collect::<Array>())
    } else {
        match said.parse::<i64>() {
            Ok(number) if key == "port" => number.into(),
            _ => said.into(),
        }
    };
    if let Some(Item::Value(before)) = table.get_mut(key) {
        // The comment behind it stays.
        value.decor_mut().clone_from(before.decor());
        *before = value;
    } else {
        table.insert(key, Item::Value(value));
    }
}

fn finish(path: &Path, before: &str, document: &DocumentMut) -> Result<String, ConfigError> {
    let mut after = document.to_string();
    if before.contains("\r\n") {
        after = after.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    Config::from_text(path, &after)?;
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# Ours.
deep = true # kept

[group.office]
kind = \"pc\"

# All of the office.

# The first one.
[[target]]
host   =   \"a\"   # by hand
mac = '02:11:22:33:44:55'
[target.wake]
policy = \"ask\"

# The second one.
[[target]]
name = \"Two\"
host = \"b\"
expect = [
  \"10.0.0.1\", # old
]

[ui] # last
fps = 5
";

    fn file() -> &'static Path {
        Path::new("config.toml")
    }

    fn set(name: &str, changes: &[(&str, &str)]) -> Result<String, ConfigError> {
        let mut said = fields(file(), TEXT, name).expect("it reads").expect("there");
        for (key, text) in changes {
            let place = FIELDS.iter().position(|(known, _)| known == key).expect("a key");
            (*text).clone_into(&mut said[place]);
        }
        changed(file(), TEXT, name, &said)
    }

    #[test]
    fn what_is_not_changed_stays_as_it_is_written() {
        assert_eq!(set("a", &[]).expect("nothing"), TEXT);
        let after = set("A", &[("host", "c"), ("group", "office"), ("port", "3390")]);
        let expected = TEXT
            .replace("host   =   \"a\"   # by hand", "host   =   \"c\"   # by hand")
            .replace("55'\n", "55'\nport = 3390\ngroup = \"office\"\n");
        assert_eq!(after.expect("taken"), expected);
        let crlf = TEXT.replace('\n', "\r\n");
        let said = fields(file(), &crlf, "two").expect("reads").expect("there");
        assert_eq!(said[4], "10.0.0.1");
        let mut more = said.clone();
        more[4] = "10.0.0.2, 10.0.0.3".to_owned();
        let after = changed(file(), &crlf, "two", &more).expect("taken");
        assert!(after.contains("expect = [\"10.0.0.2\", \"10.0.0.3\"]\r\n"), "{after}");
        assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
        let gone = set("two", &[("expect", ""), ("name", "")]).expect("taken");
        assert!(gone.contains("# The second one.\n[[target]]\nhost = \"b\"\n\n[ui]"), "{gone}");
    }

    #[test]
    fn a_mistake_is_told_as_by_the_reader_with_the_nearest() {
        let wrong = set("a", &[("group", "offce")]).expect_err("no group").to_string();
        assert!(wrong.starts_with("config.toml:13:9: target.group: unknown group \"offce\""));
        assert!(wrong.contains("office"), "{wrong}");
        for (key, text, says) in [
            ("mac", "02:11", "target.mac"),
            ("port", "many", "target.port"),
            ("port", "0", "target.port"),
            ("expect", "10.0.0", "target.expect"),
            ("kind", "sever", "server"),
            ("host", "", "\"host\" is missing"),
            ("name", "two", "two targets are called"),
        ] {
            let wrong = set("a", &[(key, text)]).expect_err(key).to_string();
            assert!(wrong.contains(says), "{wrong}");
        }
    }

    #[test]
    fn a_target_goes_with_its_comment_and_leaves_the_others() {
        let after = without(file(), TEXT, "a").expect("out");
        assert!(after.contains("# All of the office.\n\n# The second one.\n[[target]]"), "{after}");
        assert!(!after.contains("The first") && !after.contains("ask") && after.contains("# last"));
        let after = without(file(), TEXT, "two").expect("out");
        assert!(!after.contains("second") && after.contains("policy = \"ask\"\n\n[ui]"), "{after}");
        let crlf = without(file(), &TEXT.replace('\n', "\r\n"), "a").expect("out");
        assert!(crlf.contains("# All of the office.\r\n\r\n# The second one."), "{crlf}");
        let both = without(file(), &after, "a").expect("out");
        assert!(both.contains("# All of the office.") && !both.contains("[[target]]"), "{both}");
        let missing = without(file(), TEXT, "twoo").expect_err("not there").to_string();
        assert_eq!(missing, "config.toml: it has no target \"twoo\", the nearest is \"Two\"");
        let named = format!(
            "{TEXT}[[maintenance]]\ntargets = [\"two\"]\nat = [\"Sun 02:00\"]\nlasts = \"1h\"\n"
        );
        assert!(without(file(), &named, "two").is_err(), "a window names it");
    }

    #[test]
    fn an_inline_list_and_no_toml_are_refused() {
        let inline = "target = [{ host = \"a\" }]\n";
        let wrong = without(file(), inline, "a").expect_err("inline").to_string();
        assert!(wrong.contains("expected [[target]] tables"), "{wrong}");
        assert!(fields(file(), "deep = 1", "a").is_err());
        assert_eq!(fields(file(), "", "a"), Ok(None));
    }

    #[test]
    fn a_target_is_added_behind_the_others_and_comments_stay() {
        let path = Path::new("c.toml");
        let said = |host: &str, group: &str| -> Vec<String> {
            ["new", host, "3390", group, "", "02:11:22:33:44:66", "", "", ""]
                .map(str::to_owned)
                .to_vec()
        };
        let table = "[[target]]\nname = \"new\"\nhost = \"h\"\nport = 3390\n";
        let mac = "mac = \"02:11:22:33:44:66\"\n";
        let first = added(path, "", &said("h", "")).expect("taken");
        assert_eq!(first, format!("{table}{mac}"));
        let later = added(path, TEXT, &said("h", "office")).expect("taken");
        let config = Config::from_text(path, &later).expect("reads");
        assert_eq!(config.targets.last().map(|t| t.name.as_str()), Some("new"));
        for line in TEXT.lines() {
            assert!(later.contains(line), "{line}\n{later}");
        }
        let none = added(path, "deep = true # kept\n", &said("h", "")).expect("taken");
        assert_eq!(none, format!("deep = true # kept\n\n{table}{mac}"));
        let group = added(path, TEXT, &said("h", "ofice")).expect_err("no group").to_string();
        assert!(group.contains("office"), "{group}");
        let host = added(path, TEXT, &said("", "")).expect_err("no host").to_string();
        assert!(host.contains("host"), "{host}");
        let twice = added(path, &first, &said("x", "")).expect_err("the name").to_string();
        assert!(twice.contains("new"), "{twice}");
    }
}
