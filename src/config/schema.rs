//! The keys of a configuration file as a JSON schema and as documentation, from the same tables
//! that read them.

use super::keys::{GROUP, Key, Shape, TARGET, TOP, UI, WAKE};
use super::maintenance::MAINTENANCE;
use super::settings::{Field, Setting, is_of_the_machine, section, sections};
use super::sink::SINK;
use super::{Config, Settings};
use humantime::format_duration;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// The JSON schema (draft 2020-12) of a configuration file, for editors.
#[must_use]
pub fn json_schema() -> String {
    let mut schema = object(TOP);
    if let Value::Object(map) = &mut schema {
        map.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
        map.insert("title".into(), json!("rdpwatch configuration"));
    }
    format!("{schema:#}\n")
}

fn object<T>(keys: &[Key<T>]) -> Value {
    let properties = keys.iter().map(|key| (key.name.to_owned(), described(shape(key), key.doc)));
    closed(properties)
}

fn closed(properties: impl Iterator<Item = (String, Value)>) -> Value {
    let properties = Value::Object(properties.collect::<Map<_, _>>());
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn described(mut schema: Value, doc: &str) -> Value {
    if let Value::Object(map) = &mut schema {
        map.insert("description".into(), json!(doc));
    }
    schema
}

fn shape<T>(key: &Key<T>) -> Value {
    match key.shape {
        Shape::Text(example) => json!({ "type": "string", "examples": [example] }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Count(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::Texts(example) => {
            json!({ "type": "array", "items": { "type": "string", "examples": [example] } })
        }
        Shape::Relay => json!({ "anyOf": [
            { "type": "string", "pattern": "^ssh:", "examples": ["ssh:relay"] },
            { "type": "array", "items": { "type": "string" }, "minItems": 2, "maxItems": 32,
              "examples": [["ssh", "relay", "wakeonlan", "{mac}"]] },
        ] }),
        Shape::Ports => json!({ "type": "array",
            "items": { "type": "integer", "minimum": 1, "maximum": 65535 } }),
        Shape::Settings => settings(key.name),
        Shape::Thresholds | Shape::OwnThresholds => {
            let own = matches!(key.shape, Shape::OwnThresholds);
            let rules = sections("thresholds.").into_iter();
            let rules = rules.filter(|rule| !own || !is_of_the_machine(rule));
            closed(rules.map(|rule| (rule.to_owned(), settings(&format!("thresholds.{rule}")))))
        }
        Shape::Ui => object(UI),
        Shape::Wake => object(WAKE),
        Shape::Groups => json!({ "type": "object", "additionalProperties": object(GROUP) }),
        Shape::Sinks => {
            let mut sink = object(SINK);
            if let Value::Object(map) = &mut sink {
                map.insert("required".into(), json!(["type"]));
            }
            json!({ "type": "array", "items": sink })
        }
        Shape::Windows => json!({ "type": "array", "items": object(MAINTENANCE) }),
        Shape::Targets => {
            let mut target = object(TARGET);
            if let Value::Object(map) = &mut target {
                map.insert("required".into(), json!(["host"]));
            }
            json!({ "type": "array", "items": target })
        }
    }
}

fn settings(name: &str) -> Value {
    let default = Settings::default();
    let number = |setting: &Setting| {
        let schema = match setting.field {
            Field::Span(min, max, _) => json!({
                "type": "string",
                "$comment": format!("{} to {}", format_duration(min), format_duration(max)),
            }),
            Field::Real(min, max, _) => json!({ "type": "number", "minimum": min, "maximum": max }),
            Field::Count(min, max, _) => {
                json!({ "type": "integer", "minimum": min, "maximum": max })
            }
        };
        let mut schema = described(schema, setting.doc);
        if let Value::Object(map) = &mut schema {
            let written = setting.get(&default).to_toml();
            let value = serde_json::from_str(&written).unwrap_or(Value::Null);
            map.insert("default".into(), value);
        }
        (setting.key.to_owned(), schema)
    };
    closed(section(name).map(number))
}

/// The reference part of `docs/CONFIG.md`: every key with its meaning, default and bounds, in
/// Markdown.
#[must_use]
pub fn reference() -> String {
    let mut out = String::new();
    let default = toml_defaults();
    let mut table = |title: &str, rows: Vec<[String; 4]>| {
        // Writing to a String cannot fail.
        let _ =
            writeln!(out, "### {title}\n\n| key | value | default | meaning |\n|---|---|---|---|");
        for [key, value, default, doc] in rows {
            let _ = writeln!(out, "| `{key}` | {value} | {default} | {doc} |");
        }
        out.push('\n');
    };
    table("Top", rows(TOP, &default));
    table("`[ui]`", rows(UI, &default));
    for name in ["cadence", "deadline", "alert"] {
        table(&format!("`[{name}]`"), numbers(name));
    }
    for rule in sections("thresholds.") {
        table(&format!("`[thresholds.{rule}]`"), numbers(&format!("thresholds.{rule}")));
    }
    table("`[group.NAME]`", rows(GROUP, &|_| None));
    table("`[[target]]`", rows(TARGET, &|_| None));
    table("`[target.wake]`", rows(WAKE, &|_| None));
    table("`[[sink]]`", rows(SINK, &|_| None));
    table("`[[maintenance]]`", rows(MAINTENANCE, &|_| None));
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// The default of a key at the top or in `[ui]`, as TOML writes it.
fn toml_defaults() -> impl Fn(&str) -> Option<String> {
    let text = Config::default().to_toml();
    move |key| {
        let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        value.map(|value| format!("`{value}`"))
    }
}

fn rows<T>(keys: &[Key<T>], default: &dyn Fn(&str) -> Option<String>) -> Vec<[String; 4]> {
    let row = |key: &Key<T>| {
        let (value, known) = match key.shape {
            Shape::Text(example) => (format!("text such as `\"{example}\"`"), true),
            Shape::Flag => ("`true` or `false`".to_owned(), true),
            Shape::Count(min, max) => (format!("{min} to {max}"), true),
            Shape::Word(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
                (words.join(", "), true)
            }
            Shape::Texts(example) => (format!("list such as `[\"{example}\"]`"), true),
            Shape::Relay => ("`\"ssh:HOST\"` or a list of texts".to_owned(), true),
            Shape::Ports => ("list of ports".to_owned(), true),
            Shape::Settings | Shape::Ui | Shape::Wake => ("table".to_owned(), false),
            Shape::Thresholds | Shape::OwnThresholds => ("table per rule".to_owned(), false),
            Shape::Groups => ("table per group".to_owned(), false),
            Shape::Targets | Shape::Sinks | Shape::Windows => ("list of tables".to_owned(), false),
        };
        let default = known.then(|| default(key.name)).flatten().unwrap_or_default();
        [key.name.to_owned(), value, default, key.doc.to_owned()]
    };
    keys.iter().map(row).collect()
}

fn numbers(name: &str) -> Vec<[String; 4]> {
    let default = Settings::default();
    let row = |setting: &Setting| {
        let value = match setting.field {
            Field::Span(min, max, _) => {
                format!("{} to {}", format_duration(min), format_duration(max))
            }
            Field::Real(min, max, _) => format!("{min} to {max}"),
            Field::Count(min, max, _) => format!("{min} to {max}"),
        };
        let default = format!("`{}`", setting.get(&default).to_toml());
        [setting.key.to_owned(), value, default, setting.doc.to_owned()]
    };
    section(name).map(row).collect()
}
