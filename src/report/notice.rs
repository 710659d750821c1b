//! What sinks are told, as JSON, as chat messages, and as texts of one's own.

use crate::domain::finding::{Owner, Severity};
use crate::domain::sink::{Markup, Notice, PLACEHOLDERS, SinkEvent, Template};
use crate::domain::words::utc as rfc3339;
use serde_json::{Value, json};

/// The body of a POST and what goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Its media type.
    pub content_type: &'static str,
    /// Further header fields; values hold no line break.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub text: String,
}

/// A notice as a webhook's template wants it.
#[must_use]
pub fn body(template: &Template, notice: &Notice) -> Body {
    let json = |value: &Value| Body {
        content_type: "application/json",
        headers: Vec::new(),
        text: value.to_string(),
    };
    match template {
        Template::Json => json(&object(notice)),
        Template::Slack => {
            let text = format!("{}\n{}", line(notice), circumstances(notice));
            json(&json!({ "text": Markup::Slack.escape(&text) }))
        }
        Template::Teams => json(&card(notice)),
        Template::Ntfy => Body {
            content_type: "text/plain; charset=utf-8",
            headers: vec![
                ("X-Title", header(&format!("{}: {}", notice.subject(), notice.title))),
                ("X-Priority", priority(notice).to_owned()),
                ("X-Tags", "rotating_light".to_owned()),
            ],
            text: notice.sentence.clone(),
        },
        Template::Text(text) if is_json(text) => Body {
            content_type: "application/json",
            headers: Vec::new(),
            text: fill(text, |name, markup| escaped(&value(notice, name, markup))),
        },
        Template::Text(text) => Body {
            content_type: "text/plain; charset=utf-8",
            headers: Vec::new(),
            text: fill(text, |name, markup| value(notice, name, markup)),
        },
    }
}

/// Every field, schema `rdpwatch.alert/1`.
#[must_use]
pub fn object(notice: &Notice) -> Value {
    json!({
        "schema": "rdpwatch.alert/1",
        "id": notice.id,
        "event": notice.event.word(),
        "target": notice.target,
        "host": notice.host,
        "group": notice.group,
        "rule": notice.rule.0,
        "severity": notice.severity.word(),
        "title": notice.title,
        "sentence": notice.sentence,
        "team": notice.owner.map(Owner::team),
        "since": rfc3339(notice.since),
        "ended": notice.ended.map(rfc3339),
        "acknowledged": notice.acknowledged.map(rfc3339),
        "by": notice.signed.who(),
        "note": notice.signed.note(),
        "evidence": notice.evidence,
    })
}

/// `CRITICAL office-pc: its certificate expired …`.
#[must_use]
pub fn line(notice: &Notice) -> String {
    let word = match notice.event {
        SinkEvent::Resolved => "OVER".to_owned(),
        SinkEvent::Reminded => format!("STILL {}", notice.severity.word().to_uppercase()),
        SinkEvent::Fired => notice.severity.word().to_uppercase(),
        SinkEvent::Test => format!("TEST {}", notice.severity.word().to_uppercase()),
    };
    format!("{word} {}: {}", notice.subject(), notice.sentence)
}

/// `rule certificate-expired · since 2026-11-26T10:00:00Z · id 5f3a`: what one answers with.
fn circumstances(notice: &Notice) -> String {
    let named = [("rule", "rule"), ("group", "group"), ("since", "since"), ("over", "ended")]
        .into_iter()
        .chain([("acknowledged by", "by"), ("note:", "note"), ("id", "id")]);
    let told = named.map(|(word, name)| (word, field(notice, name)));
    let told = told.filter(|(_, value)| !value.is_empty());
    told.map(|(word, value)| format!("{word} {value}")).collect::<Vec<_>>().join(" \u{b7} ")
}

/// What stands for each of [`PLACEHOLDERS`].
#[must_use]
pub fn field(notice: &Notice, name: &str) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    match name {
        "id" => notice.id.clone(),
        "event" => notice.event.word().to_owned(),
        "target" => notice.subject().to_owned(),
        "host" => text(&notice.host),
        "group" => text(&notice.group),
        "rule" => notice.rule.0.to_owned(),
        "severity" => notice.severity.word().to_owned(),
        "title" => notice.title.clone(),
        "sentence" => notice.sentence.clone(),
        "team" => notice.owner.map_or("", Owner::team).to_owned(),
        "since" => rfc3339(notice.since),
        "ended" => notice.ended.map(rfc3339).unwrap_or_default(),
        "acknowledged" => notice.acknowledged.map(rfc3339).unwrap_or_default(),
        "by" => notice.signed.who().unwrap_or_default().to_owned(),
        "note" => notice.signed.note().unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

/// A field, as it stands in a text with such markup.
fn value(notice: &Notice, name: &str, markup: Option<Markup>) -> String {
    let field = field(notice, name);
    markup.map_or_else(|| field.clone(), |markup| markup.escape(&field))
}

/// Whether a text of one's own is JSON once it is filled.
fn is_json(text: &str) -> bool {
    let filled = fill(text, |_, _| "0".to_owned());
    let value = serde_json::from_str::<Value>(&filled);
    value.is_ok_and(|value| value.is_object() || value.is_array())
}

/// A text as it stands between the quotes of a JSON string.
fn escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

/// Replaces each `{placeholder}` and `{placeholder:markup}`, once: what a value holds is not read
/// again.
fn fill(text: &str, value: impl Fn(&str, Option<Markup>) -> String) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let known = after.split_once('}').and_then(|(word, after)| {
            let (name, markup) = match word.split_once(':') {
                Some((name, markup)) => (name, Some(Markup::of(markup)?)),
                None => (word, None),
            };
            PLACEHOLDERS.contains(&name).then_some((name, markup, after))
        });
        rest = if let Some((name, markup, after)) = known {
            filled.push_str(&value(name, markup));
            after
        } else {
            filled.push('{');
            after
        };
    }
    filled.push_str(rest);
    filled
}

/// An adaptive card of text runs, which Teams shows as they are; in a text block or a set of facts
/// it would read Markdown.
fn card(notice: &Notice) -> Value {
    let run = |text: &str, bold: bool| {
        let weight = if bold { "Bolder" } else { "Default" };
        json!({ "type": "TextRun", "text": text, "weight": weight })
    };
    let block = |runs: &[Value], spacing: &str| json!({ "type": "RichTextBlock", "spacing": spacing, "inlines": runs });
    let facts = [("Rule", "rule"), ("Group", "group"), ("Since", "since"), ("Id", "id")]
        .into_iter()
        .map(|(title, name)| (title, field(notice, name)))
        .filter(|(_, value)| !value.is_empty())
        .map(|(title, value)| {
            block(&[run(&format!("{title}: "), true), run(&value, false)], "Small")
        });
    let head = block(&[run(&line(notice), true)], "Default");
    let body: Vec<Value> = std::iter::once(head).chain(facts).collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": body,
            },
        }],
    })
}

/// ntfy's priority: 5 is the highest.
const fn priority(notice: &Notice) -> &'static str {
    match (notice.event, notice.severity) {
        (SinkEvent::Resolved, _) => "2",
        (_, Severity::Critical) => "5",
        (_, Severity::Warning) => "4",
        (_, Severity::Notice) => "3",
    }
}

/// A text that a header field can carry: ASCII in one line.
fn header(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::WallTime;

    fn notice() -> Notice {
        Notice {
            target: Some("b\u{fc}ro \"{id}\"".to_owned()),
            ..Notice::test(WallTime::from_unix_secs(0))
        }
    }

    #[test]
    fn every_template_carries_what_is_wrong_and_where() {
        let json = body(&Template::Json, &notice());
        let value: Value = serde_json::from_str(&json.text).expect("JSON");
        assert_eq!(value["target"], "b\u{fc}ro \"{id}\"");
        assert_eq!(
            (value["event"].as_str(), value["severity"].as_str()),
            (Some("test"), Some("critical"))
        );
        assert_eq!(value["since"], "1970-01-01T00:00:00Z");
        for template in [Template::Slack, Template::Teams] {
            let body = body(&template, &notice());
            let value: Value = serde_json::from_str(&body.text).expect("JSON");
            assert!(value.to_string().contains("TEST CRITICAL b\u{fc}ro"), "{value}");
        }
        let ntfy = body(&Template::Ntfy, &notice());
        assert_eq!(ntfy.headers[0].1, "b?ro \"{id}\": test of rdpwatch");
        assert!(ntfy.text.starts_with("This is a test"));
    }

    /// What a host could say of itself.
    const HOSTILE: &str =
        "<!channel> <https://evil.example|reset> [x](http://evil.example) *a* _b_ `c` & d";

    #[test]
    fn text_from_the_network_is_no_markup_in_chat() {
        let notice = Notice {
            sentence: HOSTILE.to_owned(),
            group: Some("[g](http://evil.example)".to_owned()),
            ..notice()
        };
        let read = |template: &Template| -> Value {
            serde_json::from_str(&body(template, &notice).text).expect("JSON")
        };
        let slack = read(&Template::Slack)["text"].as_str().expect("a text").to_owned();
        assert!(!slack.contains(['<', '>']), "{slack}");
        assert!(slack.contains("&lt;!channel&gt; &lt;https://evil.example|reset&gt;"), "{slack}");
        assert!(slack.contains("&amp; d\nrule test \u{b7} group [g]"), "{slack}");
        assert!(slack.ends_with("since 1970-01-01T00:00:00Z \u{b7} id test"), "{slack}");

        // Only text runs: nothing that Teams reads as Markdown.
        let card = read(&Template::Teams);
        let blocks = card["attachments"][0]["content"]["body"].as_array().expect("blocks");
        assert!(blocks.iter().all(|block| block["type"] == "RichTextBlock"), "{card}");
        let runs: Vec<&Value> =
            blocks.iter().flat_map(|block| block["inlines"].as_array().expect("runs")).collect();
        assert!(runs.iter().all(|run| run["type"] == "TextRun"), "{card}");
        assert!(runs[0]["text"].as_str().expect("a text").ends_with(HOSTILE), "{card}");
        assert!(runs.iter().any(|run| run["text"] == "[g](http://evil.example)"), "{card}");

        let ntfy = body(&Template::Ntfy, &notice);
        assert_eq!(ntfy.text, HOSTILE, "plain text is shown as it is");
        assert_eq!(ntfy.content_type, "text/plain; charset=utf-8");
        let names: Vec<&str> = ntfy.headers.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["X-Title", "X-Priority", "X-Tags"], "nothing turns Markdown on");
    }

    #[test]
    fn a_text_of_ones_own_says_which_markup_its_values_must_not_be() {
        let notice = Notice { sentence: HOSTILE.to_owned(), ..notice() };
        let of = |text: &str| body(&Template::Text(text.to_owned()), &notice).text;
        let value: Value =
            serde_json::from_str(&of("{\"text\": \"*{severity}* {sentence:slack}\"}"))
                .expect("JSON");
        let text = value["text"].as_str().expect("a text");
        assert!(text.starts_with("*critical* &lt;!channel&gt;"), "{text}");
        let text = of("{sentence:markdown}");
        assert!(text.starts_with("\\<\\!channel\\> "), "{text}");
        assert!(text.contains("\\[x\\](http://evil.example) \\*a\\* \\_b\\_ \\`c\\`"), "{text}");
        assert_eq!(of("{sentence}"), HOSTILE);
        assert_eq!(of("{sentence:html} {nobody:slack}"), "{sentence:html} {nobody:slack}");
    }

    #[test]
    fn a_text_of_ones_own_is_filled_once() {
        let text = Template::Text("{target} {rule} {nobody} {".to_owned());
        assert_eq!(body(&text, &notice()).text, "b\u{fc}ro \"{id}\" test {nobody} {");
    }

    #[test]
    fn what_is_filled_into_json_stays_json() {
        let text = Template::Text("{\"text\": \"{sentence}\", \"who\": [\"{target}\"]}".to_owned());
        let notice = Notice { sentence: "a \"b\"\n\\, \"x\": 1".to_owned(), ..notice() };
        let body = body(&text, &notice);
        assert_eq!(body.content_type, "application/json");
        let value: Value = serde_json::from_str(&body.text).expect("JSON");
        assert_eq!(value["text"], notice.sentence);
        assert_eq!(value["who"][0], "b\u{fc}ro \"{id}\"");
        let plain = Template::Text("{severity} {target}: {sentence}".to_owned());
        assert!(super::body(&plain, &notice).text.contains("a \"b\"\n"), "no JSON, as it is");
    }

    #[test]
    fn every_placeholder_stands_for_something() {
        let mut notice = notice();
        notice.group = Some("g".into());
        notice.owner = Some(Owner::Dns);
        notice.ended = Some(WallTime::from_unix_secs(5));
        notice.acknowledged = Some(WallTime::from_unix_secs(4));
        notice.signed = crate::domain::alert::Signature::new("ada", "parts ordered");
        for name in PLACEHOLDERS {
            assert!(!field(&notice, name).is_empty(), "{name}");
        }
    }
}
