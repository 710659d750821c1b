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
    ("group", "its site; a new one is made once you say so"),
    ("expect", "expect: addresses the name should have, with commas between"),
    ("mac", "hardware address, to wake it"),
    ("aliases", "other names of it, with commas between"),
    ("kind", "server, pc, laptop, farm, cloud or jit; empty: by the group or MAC"),
    (
        "expected",
        "expected, when it is up: always, hours or on-demand; empty: by the group or kind",
    ),
];

/// Which of [`FIELDS`] are lists.
const LISTS: [&str; 2] = ["expect", "aliases"];

/// Why what a form says was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Which of [`FIELDS`] it is about; `None` where it is about no line of the form alone.
    pub field: Option<usize>,
    /// What is wrong, what was expected, and the nearest valid form. It names no line of a text that
    /// was never written.
    pub message: String,
    /// It is a group that the file does not have.
    pub is_new_group: bool,
}

impl Mistake {
    fn of(error: &ConfigError) -> Self {
        let Place::Text { key, .. } = &error.place else {
            let message = error.to_string();
            return Self { field: None, message, is_new_group: false };
        };
        let of_target = key.strip_prefix("target");
        let said = of_target.and_then(|rest| rest.strip_prefix('.')).unwrap_or_default();
        let named = |key: &str| said == key || error.message.contains(&format!("key \"{key}\""));
        let field = of_target.and_then(|_| FIELDS.iter().position(|(key, _)| named(key)));
        let place = field.and_then(|field| FIELDS.get(field)).map_or(key.as_str(), |(key, _)| key);
        let message = if place.is_empty() {
            error.message.clone()
        } else {
            format!("{place}: {}", error.message)
        };
        let is_new_group = said == "group" && error.message.starts_with("unknown group");
        Self { field, message, is_new_group }
    }
}

/// Every mistake, those of the form's first lines first; never empty.
pub type Mistakes = Vec<Mistake>;

/// What becomes of a group that the file does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewGroup {
    /// It is a mistake.
    Refused,
    /// It is made.
    Made,
}

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
/// No such target, or every mistake of the text that it would become.
pub fn changed(
    path: &Path,
    text: &str,
    name: &str,
    fields: &[String],
    new_group: NewGroup,
) -> Result<String, Mistakes> {
    let mut document = parse(path, text).map_err(|error| alone(&error))?;
    let found = targets(path, &mut document).map_err(|error| alone(&error))?.and_then(|targets| {
        let place = place(targets, name)?;
        targets.get_mut(place)
    });
    let Some(table) = found else { return Err(alone(&missing(path, text, name))) };
    for ((key, _), said) in FIELDS.iter().zip(fields) {
        if shown(table.get(key)) != said.trim() {
            put(table, key, said.trim());
        }
    }
    make_group(&mut document, fields, new_group);
    filled_in(path, text, &document)
}

fn alone(error: &ConfigError) -> Mistakes {
    vec![Mistake::of(error)]
}

/// Makes the group that the form names, where the file has none of that name.
fn make_group(document: &mut DocumentMut, fields: &[String], new_group: NewGroup) {
    let place = FIELDS.iter().position(|(key, _)| *key == "group");
    let name = place.and_then(|place| fields.get(place)).map_or("", |said| said.trim());
    if new_group == NewGroup::Refused || name.is_empty() {
        return;
    }
    let mut all = Table::new();
    all.set_implicit(true);
    let groups = document.entry("group").or_insert(Item::Table(all));
    let Some(groups) = groups.as_table_like_mut() else { return };
    let known = groups.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    if !known {
        let mut group = Table::new();
        group.decor_mut().set_prefix("\n");
        groups.insert(name, Item::Table(group));
    }
}

/// The text of the document, where it can be used.
fn filled_in(path: &Path, before: &str, document: &DocumentMut) -> Result<String, Mistakes> {
    let after = written(before, document);
    match Config::from_text(path, &after) {
        Ok(_) => Ok(after),
        Err(first) => {
            let all = Config::mistakes(path, &after);
            let all = all.iter().map(Mistake::of);
            let mut all: Mistakes = all.collect();
            all.sort_by_key(|mistake| (mistake.field.is_none(), mistake.field));
            all.dedup_by(|a, b| a.message == b.message);
            Err(if all.is_empty() { alone(&first) } else { all })
        }
    }
}

/// The text with one target more, as `fields` say it in the order of [`FIELDS`], behind the others.
///
/// # Errors
/// Every mistake of the text that it would become.
pub fn added(
    path: &Path,
    text: &str,
    fields: &[String],
    new_group: NewGroup,
) -> Result<String, Mistakes> {
    let mut document = parse(path, text).map_err(|error| alone(&error))?;
    let mut table = Table::new();
    for ((key, _), said) in FIELDS.iter().zip(fields) {
        put(&mut table, key, said.trim());
    }
    if !text.trim().is_empty() {
        table.decor_mut().set_prefix("\n");
    }
    if targets(path, &mut document).map_err(|error| alone(&error))?.is_none() {
        document.insert("target", Item::ArrayOfTables(ArrayOfTables::new()));
    }
    if let Some(targets) = targets(path, &mut document).map_err(|error| alone(&error))? {
        targets.push(table);
    }
    make_group(&mut document, fields, new_group);
    filled_in(path, text, &document)
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
    let after = written(before, document);
    Config::from_text(path, &after)?;
    Ok(after)
}

/// The text of the document, in the line breaks of the one before.
fn written(before: &str, document: &DocumentMut) -> String {
    let after = document.to_string();
    if before.contains("\r\n") { after.replace("\r\n", "\n").replace('\n', "\r\n") } else { after }
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

    fn set(name: &str, changes: &[(&str, &str)]) -> Result<String, Mistakes> {
        let mut said = fields(file(), TEXT, name).expect("it reads").expect("there");
        for (key, text) in changes {
            let place = FIELDS.iter().position(|(known, _)| known == key).expect("a key");
            (*text).clone_into(&mut said[place]);
        }
        changed(file(), TEXT, name, &said, NewGroup::Refused)
    }

    fn words(mistakes: Mistakes) -> String {
        mistakes.into_iter().map(|mistake| mistake.message).collect::<Vec<_>>().join("\n")
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
        let after = changed(file(), &crlf, "two", &more, NewGroup::Refused).expect("taken");
        assert!(after.contains("expect = [\"10.0.0.2\", \"10.0.0.3\"]\r\n"), "{after}");
        assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
        let gone = set("two", &[("expect", ""), ("name", "")]).expect("taken");
        assert!(gone.contains("# The second one.\n[[target]]\nhost = \"b\"\n\n[ui]"), "{gone}");
    }

    #[test]
    fn a_mistake_is_told_as_by_the_reader_with_the_nearest() {
        let wrong = words(set("a", &[("group", "offce")]).expect_err("no group"));
        assert!(wrong.starts_with("group: unknown group \"offce\""), "{wrong}");
        assert!(wrong.contains("office"), "{wrong}");
        for (key, text, says) in [
            ("mac", "02:11", "mac: "),
            ("port", "many", "port: "),
            ("port", "0", "port: "),
            ("expect", "10.0.0", "expect: "),
            ("kind", "sever", "server"),
            ("host", "", "\"host\" is missing"),
            ("name", "two", "two targets are called"),
        ] {
            let wrong = set("a", &[(key, text)]).expect_err(key);
            let field = FIELDS.iter().position(|(known, _)| *known == key);
            assert_eq!(wrong.iter().map(|one| one.field).collect::<Vec<_>>(), [field], "{wrong:?}");
            let wrong = words(wrong);
            assert!(wrong.contains(says) && !wrong.contains("config.toml"), "{wrong}");
        }
    }

    #[test]
    fn every_mistake_of_a_form_is_told_at_its_line() {
        let wrong = set("a", &[("kind", "foo"), ("port", "99999"), ("group", "x"), ("mac", "02")]);
        let wrong = wrong.expect_err("four mistakes");
        let fields: Vec<_> = wrong.iter().map(|one| (one.field, one.is_new_group)).collect();
        let told = [(2, false), (3, true), (5, false), (7, false)];
        assert_eq!(fields, told.map(|(field, new)| (Some(field), new)), "{wrong:?}");
    }

    #[test]
    fn a_group_is_made_where_that_is_said() {
        let mut said = fields(file(), TEXT, "a").expect("it reads").expect("there");
        "Graz 2".clone_into(&mut said[3]);
        let after = changed(file(), TEXT, "a", &said, NewGroup::Made).expect("taken");
        assert!(after.contains("\n\n[group.\"Graz 2\"]\n"), "{after}");
        assert!(after.contains("[group.office]\nkind = \"pc\"\n"), "{after}");
        let again = changed(file(), &after, "a", &said, NewGroup::Made);
        assert_eq!(again.as_deref(), Ok(&*after), "once");
        let alone = "[[target]]\nhost = \"a\"\n";
        said[5].clear();
        let after = changed(file(), alone, "a", &said, NewGroup::Made).expect("taken");
        assert_eq!(after, format!("{alone}group = \"Graz 2\"\n\n[group.\"Graz 2\"]\n"));
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
        let first = added(path, "", &said("h", ""), NewGroup::Refused).expect("taken");
        assert_eq!(first, format!("{table}{mac}"));
        let later = added(path, TEXT, &said("h", "office"), NewGroup::Refused).expect("taken");
        let config = Config::from_text(path, &later).expect("reads");
        assert_eq!(config.targets.last().map(|t| t.name.as_str()), Some("new"));
        for line in TEXT.lines() {
            assert!(later.contains(line), "{line}\n{later}");
        }
        let none =
            added(path, "deep = true # kept\n", &said("h", ""), NewGroup::Refused).expect("taken");
        assert_eq!(none, format!("deep = true # kept\n\n{table}{mac}"));
        let group = added(path, TEXT, &said("h", "ofice"), NewGroup::Refused)
            .map_err(words)
            .expect_err("no group");
        assert!(group.contains("office"), "{group}");
        let host = added(path, TEXT, &said("", ""), NewGroup::Refused)
            .map_err(words)
            .expect_err("no host");
        assert!(host.contains("host"), "{host}");
        let twice = added(path, &first, &said("x", ""), NewGroup::Refused)
            .map_err(words)
            .expect_err("the name");
        assert!(twice.contains("new"), "{twice}");
    }
}
