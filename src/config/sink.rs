//! `[[sink]]`: where alerts are told besides the screen.

use super::keys::{At, Key, Shape, fill};
use super::value::{self, Fault, Value};
use crate::domain::finding::Severity;
use crate::domain::sink::{
    Endpoint, Markup, NO_DESKTOP, PLACEHOLDERS, Secret, SinkEvent, SinkKind, SinkSpec, Template,
};
use std::ops::Range;
use std::path::PathBuf;

/// Most sinks of a file.
pub(super) const MAX_SINKS: usize = 32;
/// Most words of a command.
const MAX_WORDS: usize = 64;
/// Longest text of one's own, in bytes.
const MAX_TEXT: usize = 8_192;

const TYPE_WORDS: &[&str] = &["bell", "webhook", "exec", "file", "syslog", "journald", "desktop"];
const SEVERITY_WORDS: &[&str] = &["warning", "critical"];
const TEMPLATE_WORDS: &[&str] = &["json", "slack", "teams", "ntfy"];
const SEVERITIES: [(&str, Severity); 2] =
    [("warning", Severity::Warning), ("critical", Severity::Critical)];

/// What a `[[sink]]` says.
#[derive(Default)]
pub(super) struct RawSink {
    at: Range<usize>,
    kind: Option<At<String>>,
    name: Option<String>,
    severity: Option<Severity>,
    pub(super) groups: Vec<At<String>>,
    events: Option<Vec<SinkEvent>>,
    url: Vec<At<Secret>>,
    token: Vec<At<Secret>>,
    template: Option<At<Template>>,
    command: Option<At<Vec<String>>>,
    path: Option<At<PathBuf>>,
}

/// `[[sink]]`.
#[rustfmt::skip]
pub(super) static SINK: &[Key<RawSink>] = &[
    Key { name: "type", shape: Shape::Word(TYPE_WORDS), doc: "how it is told; required",
        set: |sink, v| { sink.kind = Some(At { value: value::parsed(v, "a type", |text| value::parse_word(text, &types()))?.to_owned(), at: v.span() }); Ok(()) } },
    Key { name: "name", shape: Shape::Text("on-call"), doc: "what it is called, unique; default: its type, then \"webhook 2\" and so on",
        set: |sink, v| { sink.name = Some(value::parsed(v, "a name", super::target_spec::parse_name)?); Ok(()) } },
    Key { name: "severity", shape: Shape::Word(SEVERITY_WORDS), doc: "told from this severity up; default: warning",
        set: |sink, v| { sink.severity = Some(value::word(v, &SEVERITIES)?); Ok(()) } },
    Key { name: "groups", shape: Shape::Texts("office"), doc: "told of these groups' members and of this machine; default: of all",
        set: |sink, v| { sink.groups = value::list(v, 256, "a list of groups", |v| Ok(At { value: value::parsed(v, "a group's name", super::target_spec::parse_name)?, at: v.span() }))?; Ok(()) } },
    Key { name: "events", shape: Shape::Texts("fired"), doc: "which events are told, \"fired\", \"reminded\" ([alert] remind_every) and \"resolved\"; default: all",
        set: |sink, v| { sink.events = Some(value::list(v, 3, "a list of events", |v| value::word(v, &SinkEvent::WORDS))?); Ok(()) } },
    Key { name: "url", shape: Shape::Text("http://127.0.0.1:8080/alert"), doc: "of a webhook: where it is POSTed to; what fires and what is over carry an Idempotency-Key, the same for each try; no answer within 10 s twice counts as told",
        set: |sink, v| { sink.url.push(At { value: Secret::Plain(read_url(v)?), at: v.span() }); Ok(()) } },
    Key { name: "url_env", shape: Shape::Text("RDPWATCH_HOOK"), doc: "of a webhook: the environment variable that holds the address, where it is a secret",
        set: |sink, v| { sink.url.push(variable(v)?); Ok(()) } },
    Key { name: "url_file", shape: Shape::Text("/run/secrets/hook"), doc: "of a webhook: the file that holds the address",
        set: |sink, v| { sink.url.push(file(v)?); Ok(()) } },
    Key { name: "token_env", shape: Shape::Text("NTFY_TOKEN"), doc: "of a webhook: the environment variable that holds a bearer token",
        set: |sink, v| { sink.token.push(variable(v)?); Ok(()) } },
    Key { name: "token_file", shape: Shape::Text("/run/secrets/token"), doc: "of a webhook: the file that holds a bearer token",
        set: |sink, v| { sink.token.push(file(v)?); Ok(()) } },
    Key { name: "template", shape: Shape::Word(TEMPLATE_WORDS), doc: "of a webhook: what the body looks like; default: json",
        set: |sink, v| { sink.template = Some(At { value: value::parsed(v, "a template", |text| value::parse_word(text, &templates()).map(template))?, at: v.span() }); Ok(()) } },
    Key { name: "text", shape: Shape::Text("{severity} {target}: {sentence}"), doc: "of a webhook: a body of one's own in place of a template, with the names of fields in braces; {sentence:slack} and {sentence:markdown} are escaped for such a chat",
        set: |sink, v| { sink.template = Some(At { value: Template::Text(read_text(v)?), at: v.span() }); Ok(()) } },
    Key { name: "command", shape: Shape::Texts("/usr/local/bin/page"), doc: "of an exec: a program and its arguments, run without a shell; the fields are variables, RDPWATCH_ALERT_TARGET and so on; it is ended after 10 s, run once more, and then counts as told",
        set: |sink, v| { sink.command = Some(At { value: value::list(v, MAX_WORDS, "a list of texts", |v| value::parsed(v, "a text", |text| Ok::<_, String>(text.to_owned())))?, at: v.span() }); Ok(()) } },
    Key { name: "path", shape: Shape::Text("/var/log/rdpwatch/alerts.jsonl"), doc: "of a file: where a JSON line is appended; at 8 MiB it makes room, and one older file is kept as PATH.1",
        set: |sink, v| { sink.path = Some(At { value: value::parsed(v, "a path", |text| Ok::<_, String>(PathBuf::from(text)))?, at: v.span() }); Ok(()) } },
];

fn types() -> Vec<(&'static str, &'static str)> {
    TYPE_WORDS.iter().map(|word| (*word, *word)).collect()
}

fn templates() -> Vec<(&'static str, &'static str)> {
    TEMPLATE_WORDS.iter().map(|word| (*word, *word)).collect()
}

fn template(word: &str) -> Template {
    match word {
        "slack" => Template::Slack,
        "teams" => Template::Teams,
        "ntfy" => Template::Ntfy,
        _ => Template::Json,
    }
}

/// The word of a template in the configuration; `None` for a text of one's own.
pub(super) const fn template_word(template: &Template) -> Option<&'static str> {
    match template {
        Template::Json => Some("json"),
        Template::Slack => Some("slack"),
        Template::Teams => Some("teams"),
        Template::Ntfy => Some("ntfy"),
        Template::Text(_) => None,
    }
}

fn read_url(value: Value<'_, '_>) -> Result<String, Fault> {
    value::parsed(value, "an address", |text| text.parse::<Endpoint>().map(|_| text.to_owned()))
}

fn variable(value: Value<'_, '_>) -> Result<At<Secret>, Fault> {
    let name = value::parsed(value, "the name of a variable", |text| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if text.is_empty() || !text.chars().all(plain) {
            return Err("this is not the name of an environment variable, expected one such as RDPWATCH_HOOK".to_owned());
        }
        Ok(text.to_owned())
    })?;
    Ok(At { value: Secret::Variable(name), at: value.span() })
}

fn file(value: Value<'_, '_>) -> Result<At<Secret>, Fault> {
    let path = value::parsed(value, "a path", |text| Ok::<_, String>(PathBuf::from(text)))?;
    Ok(At { value: Secret::File(path), at: value.span() })
}

/// A text of one's own: every word of letters in braces must stand for something.
fn read_text(value: Value<'_, '_>) -> Result<String, Fault> {
    value::parsed(value, "a text", |text| {
        if text.len() > MAX_TEXT {
            return Err(format!("{} bytes are too many, expected at most {MAX_TEXT}", text.len()));
        }
        for (start, _) in text.match_indices('{') {
            let rest = text.get(start + 1..).unwrap_or_default();
            let Some((word, _)) = rest.split_once('}') else { continue };
            let letters = |word: &str| {
                !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphabetic())
            };
            // Behind a colon, the markup that the value must not be.
            if let Some((word, markup)) = word.split_once(':') {
                if PLACEHOLDERS.contains(&word) && letters(markup) && Markup::of(markup).is_none() {
                    let known = Markup::WORDS.map(|(word, _)| word);
                    return Err(value::unknown("markup", markup, known));
                }
            } else if letters(word) && !PLACEHOLDERS.contains(&word) {
                return Err(value::unknown("placeholder", word, PLACEHOLDERS));
            }
        }
        Ok(text.to_owned())
    })
}

/// Reads one `[[sink]]`.
pub(super) fn read_sink(value: Value<'_, '_>) -> Result<RawSink, Fault> {
    let mut sink = RawSink { at: value.span(), ..RawSink::default() };
    fill(&mut sink, SINK, value)?;
    Ok(sink)
}

/// The sink that it describes, once everything of it is known.
pub(super) fn resolve(raw: &RawSink) -> Result<SinkSpec, Fault> {
    let missing = |key: &str, example: &str| {
        let message = format!("the key \"{key}\" is missing, expected one such as {example}");
        Fault::new(raw.at.clone(), message)
    };
    let Some(kind) = &raw.kind else { return Err(missing("type", "type = \"webhook\"")) };
    let word = kind.value.as_str();
    let foreign = [
        ("url", "webhook", raw.url.first().map(|at| at.at.clone())),
        ("token", "webhook", raw.token.first().map(|at| at.at.clone())),
        ("template", "webhook", raw.template.as_ref().map(|at| at.at.clone())),
        ("command", "exec", raw.command.as_ref().map(|at| at.at.clone())),
        ("path", "file", raw.path.as_ref().map(|at| at.at.clone())),
    ];
    for (key, of, at) in foreign {
        if let Some(at) = at.filter(|_| of != word) {
            let message = format!("\"{key}\" is of type \"{of}\", and this is of type \"{word}\"");
            return Err(Fault::new(at, message));
        }
    }
    for many in [&raw.url, &raw.token] {
        if let [_, second, ..] = many.as_slice() {
            let message = "it is given in two ways, expected one of them";
            return Err(Fault::new(second.at.clone(), message));
        }
    }
    let sink = match word {
        "webhook" => SinkKind::Webhook {
            url: raw.url.first().map(|at| at.value.clone()).ok_or_else(|| {
                missing("url", "url_env = \"RDPWATCH_HOOK\" or url = \"http://127.0.0.1:8080/\"")
            })?,
            token: raw.token.first().map(|at| at.value.clone()),
            template: raw.template.as_ref().map(|at| at.value.clone()).unwrap_or_default(),
        },
        "exec" => match raw.command.as_ref().map(|at| &at.value) {
            Some(words) if words.first().is_some_and(|program| !program.trim().is_empty()) => {
                SinkKind::Exec(words.clone())
            }
            _ => return Err(missing("command", "command = [\"/usr/local/bin/page\"]")),
        },
        "file" => match &raw.path {
            Some(path) => SinkKind::File(path.value.clone()),
            None => return Err(missing("path", "path = \"/var/log/rdpwatch/alerts.jsonl\"")),
        },
        "syslog" => SinkKind::Syslog,
        "journald" => SinkKind::Journald,
        "desktop" if cfg!(feature = "desktop") => SinkKind::Desktop,
        "desktop" => return Err(Fault::new(kind.at.clone(), NO_DESKTOP)),
        _ => SinkKind::Bell,
    };
    Ok(SinkSpec {
        name: raw.name.clone().unwrap_or_else(|| word.to_owned()),
        kind: sink,
        severity: raw.severity.unwrap_or(Severity::Warning),
        groups: raw.groups.iter().map(|group| group.value.clone()).collect(),
        events: raw.events.clone().unwrap_or_else(|| SinkEvent::WORDS.map(|(_, e)| e).to_vec()),
    })
}

impl RawSink {
    /// What it says that it is called.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where it stands in the text.
    pub(super) fn at(&self) -> Range<usize> {
        self.at.clone()
    }
}
