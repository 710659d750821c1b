//! Where alerts are told besides the screen, and what is told.

use super::alert::{Alert, AlertEvent, Signature};
use super::finding::{Owner, RuleId, Severity};
use super::rules::whose_without_target;
use super::target::Target;
use super::text::printable;
use super::time::WallTime;
use super::words::count;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// One place that alerts are told to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkSpec {
    /// What it is called, unique, unescaped.
    pub name: String,
    /// How it is told.
    pub kind: SinkKind,
    /// Told from this severity up.
    pub severity: Severity,
    /// Told of the members of these groups, and of this machine; empty: of all.
    pub groups: Vec<String>,
    /// Which events are told.
    pub events: Vec<SinkEvent>,
}

/// How a sink is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkKind {
    /// The terminal's bell.
    Bell,
    /// An HTTP POST.
    Webhook {
        /// Where to.
        url: Secret,
        /// Sent as a bearer token.
        token: Option<Secret>,
        /// What the body looks like.
        template: Template,
    },
    /// A program and its arguments, run without a shell.
    Exec(Vec<String>),
    /// A JSON line in this file.
    File(PathBuf),
    /// The system's log, by its socket.
    Syslog,
    /// systemd's journal, by its socket.
    Journald,
    /// A notification on the desktop, in builds that can.
    Desktop,
}

impl SinkKind {
    /// The word in the configuration.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Bell => "bell",
            Self::Webhook { .. } => "webhook",
            Self::Exec(_) => "exec",
            Self::File(_) => "file",
            Self::Syslog => "syslog",
            Self::Journald => "journald",
            Self::Desktop => "desktop",
        }
    }
}

/// How many alerts may wait for one sink where so many targets are watched: two of each. Ends of what was told find as much room beyond that.
#[must_use]
pub const fn waiting_room(targets: usize) -> usize {
    let two_each = targets.saturating_mul(2);
    if two_each > 64 { two_each } else { 64 }
}

/// What is said of a desktop sink in a build without the feature of that name.
pub const NO_DESKTOP: &str = "this build shows no desktop notifications, expected one made with \
    `cargo build --release --features desktop`";

/// Which change of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SinkEvent {
    /// It began to fire.
    Fired,
    /// It still fires, and nobody acknowledged it.
    Reminded,
    /// It is over.
    Resolved,
    /// Nobody's: somebody tries the sink out.
    Test,
}

impl SinkEvent {
    /// Those of the configuration, with their words.
    pub const WORDS: [(&'static str, Self); 3] =
        [("fired", Self::Fired), ("reminded", Self::Reminded), ("resolved", Self::Resolved)];

    /// The word in the configuration and in what is told.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Reminded => "reminded",
            Self::Resolved => "resolved",
            Self::Test => "test",
        }
    }
}

/// What the body of a webhook looks like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Template {
    /// Every field, as a JSON object.
    #[default]
    Json,
    /// Slack's incoming webhook: `{"text": …}`.
    Slack,
    /// An adaptive card, as Teams' workflows take it.
    Teams,
    /// ntfy: the text as it is, the title and the priority in headers.
    Ntfy,
    /// A text with [`PLACEHOLDERS`] in braces.
    Text(String),
}

/// What may stand in braces in a text of one's own.
pub const PLACEHOLDERS: [&str; 15] = [
    "id",
    "event",
    "target",
    "host",
    "group",
    "rule",
    "severity",
    "title",
    "sentence",
    "team",
    "since",
    "ended",
    "acknowledged",
    "by",
    "note",
];

/// What a chat reads a text as. A value in it is escaped, so that it is shown as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markup {
    /// Slack's.
    Slack,
    /// Markdown.
    Markdown,
}

impl Markup {
    /// Those that may stand behind a placeholder's name and a colon, with their words.
    pub const WORDS: [(&'static str, Self); 2] =
        [("slack", Self::Slack), ("markdown", Self::Markdown)];

    /// The one with this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|(known, _)| *known == word).map(|(_, markup)| markup)
    }

    /// A text as it stands in such markup. Slack takes three entities ("Formatting text for app
    /// surfaces"), Markdown a backslash before punctuation (`CommonMark` section 2.4).
    #[must_use]
    pub fn escape(self, text: &str) -> String {
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            match (self, c) {
                (Self::Slack, '&') => escaped.push_str("&amp;"),
                (Self::Slack, '<') => escaped.push_str("&lt;"),
                (Self::Slack, '>') => escaped.push_str("&gt;"),
                (
                    Self::Markdown,
                    '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '~' | '|' | '#' | '!' | '&',
                ) => escaped.extend(['\\', c]),
                _ => escaped.push(c),
            }
        }
        escaped
    }
}

/// A text that is shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// It stands in the configuration.
    Plain(String),
    /// It is read from this environment variable when it is needed.
    Variable(String),
    /// It is read from this file when it is needed.
    File(PathBuf),
}

impl fmt::Debug for Secret {
    /// Where it is, never what it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Plain(…)"),
            Self::Variable(name) => f.debug_tuple("Variable").field(name).finish(),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// Where a webhook is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Over TLS (`https`).
    pub tls: bool,
    /// Name, or address without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Path and query, from the slash.
    pub path: String,
}

/// Why a text is no [`Endpoint`]; it does not repeat the text, which is a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the address of a webhook, expected one such as https://hooks.example/T0/B0")]
pub struct EndpointError;

/// Longest address of a webhook, in bytes.
const MAX_URL: usize = 2_048;

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let (scheme, rest) = text.split_once("://").ok_or(EndpointError)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(EndpointError),
        };
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        if !printable || text.len() > MAX_URL {
            return Err(EndpointError);
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let (host, port) = match authority.strip_prefix('[') {
            Some(v6) => {
                let (host, after) = v6.split_once(']').ok_or(EndpointError)?;
                (host, after.strip_prefix(':').or_else(|| after.is_empty().then_some("")))
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, Some("")),
            },
        };
        let port = match port.ok_or(EndpointError)? {
            "" if tls => 443,
            "" => 80,
            port => port.parse().ok().filter(|port| *port != 0).ok_or(EndpointError)?,
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        if host.is_empty() || !host.chars().all(plain) {
            return Err(EndpointError);
        }
        Ok(Self { tls, host: host.to_owned(), port, path })
    }
}

/// What is told. Texts from outside are escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The same from the first word on an alert to the last, also across restarts.
    pub id: String,
    /// What happened.
    pub event: SinkEvent,
    /// Whose: a target's name; `None` for this machine.
    pub target: Option<String>,
    /// Its host and port.
    pub host: Option<String>,
    /// Its group.
    pub group: Option<String>,
    /// Which rule.
    pub rule: RuleId,
    /// How bad.
    pub severity: Severity,
    /// A few words.
    pub title: String,
    /// One sentence.
    pub sentence: String,
    /// Who can fix it.
    pub owner: Option<Owner>,
    /// First supporting sample.
    pub since: WallTime,
    /// When it ended.
    pub ended: Option<WallTime>,
    /// When somebody acknowledged it.
    pub acknowledged: Option<WallTime>,
    /// Who did, and their note.
    pub signed: Signature,
    /// The measurements.
    pub evidence: Vec<String>,
}

impl Notice {
    /// What is known from the alert alone.
    #[must_use]
    pub fn of(event: &AlertEvent, whose: Option<&str>) -> Self {
        let (alert, kind, ended) = match event {
            AlertEvent::Fired(alert) => (alert, SinkEvent::Fired, None),
            AlertEvent::Reminded(alert) => (alert, SinkEvent::Reminded, None),
            AlertEvent::Resolved(alert, at) => (alert, SinkEvent::Resolved, Some(*at)),
        };
        Self {
            id: incident_id(alert, whose),
            event: kind,
            target: None,
            host: None,
            group: None,
            rule: alert.rule,
            severity: alert.severity,
            title: alert.title.clone(),
            sentence: alert.title.clone(),
            owner: None,
            since: alert.since,
            ended,
            acknowledged: alert.acknowledged,
            signed: alert.signed.clone(),
            evidence: Vec::new(),
        }
    }

    /// What is sent to try a sink out.
    #[must_use]
    pub fn test(now: WallTime) -> Self {
        Self {
            id: "test".to_owned(),
            event: SinkEvent::Test,
            target: Some("office-pc".to_owned()),
            host: Some("office-pc.corp.example:3389".to_owned()),
            group: None,
            rule: RuleId("test"),
            severity: Severity::Critical,
            title: "test of rdpwatch".to_owned(),
            sentence: "This is a test of rdpwatch: nothing is wrong.".to_owned(),
            owner: None,
            since: now,
            ended: None,
            acknowledged: None,
            signed: Signature::default(),
            evidence: Vec::new(),
        }
    }

    /// The same for each try to tell this, and another for whatever else is told of the alert: its
    /// id, the event, and eight hex digits made of how bad it is and its title. `None` for
    /// reminders and tests, each of which is to be heard.
    #[must_use]
    pub fn delivery_key(&self) -> Option<String> {
        let once = matches!(self.event, SinkEvent::Fired | SinkEvent::Resolved);
        let of = short_id([self.severity.word(), &self.title], self.since);
        let mut key = format!("{}-{}-{of}", self.id, self.event.word());
        key.retain(|c| c.is_ascii_graphic());
        once.then_some(key)
    }

    /// Whose it is, in words.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.target.as_deref().unwrap_or_else(|| whose_without_target(self.rule))
    }
}

/// Which sinks heard that an alert began: names, unescaped, and [where they told](SinkSpec::place).
pub type WhoHeard = BTreeMap<String, BTreeSet<String>>;

impl SinkSpec {
    /// Eight hex digits made of where it tells, the same in every run: of the address of a webhook,
    /// or where that stands, the words of a command, or the path of a file.
    #[must_use]
    pub fn place(&self) -> String {
        let place = match &self.kind {
            SinkKind::Webhook { url: Secret::Plain(address), .. } => address.clone(),
            SinkKind::Webhook { url: Secret::Variable(name), .. } => format!("\0variable\0{name}"),
            SinkKind::Webhook { url: Secret::File(path), .. } => {
                format!("\0file\0{}", path.display())
            }
            SinkKind::Exec(words) => words.join("\0"),
            SinkKind::File(path) => path.display().to_string(),
            SinkKind::Bell | SinkKind::Syslog | SinkKind::Journald | SinkKind::Desktop => {
                String::new()
            }
        };
        short_id([self.kind.word(), &place], WallTime::default())
    }

    /// Whether its name says no more than its type and which of these it is.
    #[must_use]
    pub fn is_numbered(&self) -> bool {
        let rest = self.name.strip_prefix(self.kind.word());
        rest.is_some_and(|rest| rest.bytes().all(|byte| byte == b' ' || byte.is_ascii_digit()))
    }

    /// Whether it is told this.
    #[must_use]
    pub fn wants(&self, notice: &Notice) -> bool {
        let of_group = |group: &String| self.groups.iter().any(|g| g.eq_ignore_ascii_case(group));
        let whose = self.groups.is_empty()
            || notice.target.is_none()
            || notice.group.as_ref().is_some_and(of_group);
        notice.event == SinkEvent::Test
            || (whose && notice.severity >= self.severity && self.events.contains(&notice.event))
    }
}

/// Names of the environment variables that hold the sinks' secrets: no hook is to read them.
#[must_use]
pub fn secret_variables(sinks: &[SinkSpec]) -> Vec<String> {
    let secrets = |sink: &SinkSpec| match &sink.kind {
        SinkKind::Webhook { url, token, .. } => {
            [Some(url), token.as_ref()].into_iter().flatten().cloned().collect()
        }
        _ => Vec::new(),
    };
    let name = |secret| match secret {
        Secret::Variable(name) => Some(name),
        Secret::Plain(_) | Secret::File(_) => None,
    };
    sinks.iter().flat_map(secrets).filter_map(name).collect()
}

/// A target as [`incident_id`] and notices name it: `host:port`, escaped.
#[must_use]
pub fn whose(target: &Target) -> String {
    printable(&format!("{}:{}", target.host, target.port)).into_owned()
}

/// Eight hex digits made of whose it is, the rule and when it began (FNV-1a, 64 bits, folded).
#[must_use]
pub fn incident_id(alert: &Alert, whose: Option<&str>) -> String {
    short_id([whose.unwrap_or_default(), alert.rule.0], alert.since)
}

/// Eight hex digits made of two texts and a time, the same in every run.
pub(crate) fn short_id(texts: [&str; 2], since: WallTime) -> String {
    let since = since.unix_millis().to_be_bytes();
    let parts = [texts[0].as_bytes(), texts[1].as_bytes(), &since];
    let hash = parts
        .iter()
        .flat_map(|part| part.iter().chain(&[0]))
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{:08x}", (hash >> 32) ^ (hash & 0xffff_ffff))
}

/// How a sink has fared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SinkStatus {
    /// Which, escaped.
    pub name: String,
    /// Told.
    pub told: u64,
    /// Told by another program.
    pub elsewhere: u64,
    /// Given up: over, and not told within several tries.
    pub failed: u64,
    /// Dropped because too many were waiting; what fires on is told later.
    pub dropped: u64,
    /// Why the last try failed, escaped; `None` when it went through.
    pub error: Option<String>,
    /// So many alerts wait, where that was asked.
    pub waiting: usize,
    /// How long it is until the next of them is tried; `None` where nothing waits for that.
    pub next_try: Option<Duration>,
}

impl SinkStatus {
    /// The same sink with another name, escaped: it fares on from here.
    pub fn rename(&mut self, name: String) {
        if self.name != name {
            *self = Self { name, error: self.error.take(), ..Self::default() };
        }
    }

    /// What is worth a line in the event log since `before`, escaped.
    #[must_use]
    pub fn news(&self, before: &Self) -> Vec<String> {
        let name = &self.name;
        let mut lines = Vec::new();
        match (&before.error, &self.error) {
            (None, Some(error)) => lines.push(format!("the sink {name} is not told: {error}")),
            (Some(_), None) => lines.push(format!("the sink {name} is told again")),
            _ => {}
        }
        if self.failed > before.failed {
            lines.push(format!("the sink {name} was not told an alert, after several tries"));
        }
        match self.dropped.saturating_sub(before.dropped) {
            0 => {}
            dropped => {
                let what = count(dropped, "alert");
                lines.push(format!(
                    "the sink {name} was not told {what} yet: too many were waiting"
                ));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_webhooks_are_read_and_others_refused_without_being_repeated() {
        let of = |text: &str| text.parse::<Endpoint>().map(|e| (e.tls, e.host, e.port, e.path));
        let owned = |tls, host: &str, port, path: &str| Ok((tls, host.into(), port, path.into()));
        assert_eq!(
            of("https://hooks.example/T0/B?x=1#f"),
            owned(true, "hooks.example", 443, "/T0/B?x=1")
        );
        assert_eq!(of("HTTP://10.0.0.5:8080"), owned(false, "10.0.0.5", 8080, "/"));
        assert_eq!(of("http://[fd00::5]:80/a"), owned(false, "fd00::5", 80, "/a"));
        assert_eq!(of("https://h?q"), owned(true, "h", 443, "/?q"));
        for wrong in [
            "",
            "hooks.example",
            "ftp://a/b",
            "https://",
            "https://a b/",
            "https://a:0/",
            "https://a:99999/",
            "https://user:pw@a/",
            "https://[fd00::5",
            "https://a\r\nX: y/",
        ] {
            let error = wrong.parse::<Endpoint>().expect_err(wrong).to_string();
            assert!(!error.contains("user") && !error.contains("fd00"), "{error}");
        }
    }

    #[test]
    fn a_secret_is_not_written_by_accident() {
        let shown = format!("{:?}", Secret::Plain("https://hooks.example/T0/hunter2".to_owned()));
        assert_eq!(shown, "Plain(…)");
    }

    #[test]
    fn trouble_of_a_sink_is_told_once_and_so_is_its_end() {
        let of = |error: Option<&str>, failed, dropped| SinkStatus {
            name: "on-call".to_owned(),
            told: 0,
            elsewhere: 0,
            failed,
            dropped,
            error: error.map(str::to_owned),
            ..SinkStatus::default()
        };
        let fine = of(None, 0, 0);
        let refused = of(Some("the server answered 500"), 0, 0);
        assert_eq!(refused.news(&fine), ["the sink on-call is not told: the server answered 500"]);
        assert_eq!(of(Some("no connection"), 0, 0).news(&refused), Vec::<String>::new());
        assert_eq!(fine.news(&refused), ["the sink on-call is told again"]);
        assert_eq!(of(None, 1, 2).news(&fine).len(), 2);
        assert_eq!(fine.news(&fine), Vec::<String>::new());
    }

    #[test]
    fn a_key_is_the_same_for_each_try_and_another_for_what_is_worse() {
        let fired = Notice { event: SinkEvent::Fired, ..Notice::test(WallTime::default()) };
        let of = |event, severity| Notice { event, severity, ..fired.clone() }.delivery_key();
        let (warning, critical) = (Severity::Warning, Severity::Critical);
        let key = of(SinkEvent::Fired, critical).expect("one");
        assert!(key.starts_with("test-fired-"), "{key}");
        assert_eq!(of(SinkEvent::Fired, critical), Some(key.clone()));
        assert_ne!(of(SinkEvent::Fired, warning), Some(key));
        assert!(of(SinkEvent::Resolved, critical).expect("one").starts_with("test-resolved-"));
        assert_eq!(of(SinkEvent::Reminded, critical), None);
        let odd = Notice { id: "a\r\nX: y".to_owned(), ..fired.clone() };
        assert!(odd.delivery_key().expect("one").starts_with("aX:y-fired-"));
    }

    #[test]
    fn a_sink_is_told_what_it_wants() {
        let sink = SinkSpec {
            name: "a".into(),
            kind: SinkKind::Syslog,
            severity: Severity::Critical,
            groups: vec!["Berlin".into()],
            events: vec![SinkEvent::Fired],
        };
        let notice = |severity, group: Option<&str>, event| Notice {
            severity,
            group: group.map(str::to_owned),
            event,
            ..Notice::test(WallTime::default())
        };
        let fired = SinkEvent::Fired;
        assert!(sink.wants(&notice(Severity::Critical, Some("berlin"), fired)));
        assert!(!sink.wants(&notice(Severity::Warning, Some("berlin"), fired)));
        assert!(!sink.wants(&notice(Severity::Critical, Some("vienna"), fired)));
        assert!(!sink.wants(&notice(Severity::Critical, None, fired)));
        assert!(!sink.wants(&notice(Severity::Critical, Some("berlin"), SinkEvent::Resolved)));
        assert!(sink.wants(&notice(Severity::Warning, None, SinkEvent::Test)));
        let own = Notice { target: None, ..notice(Severity::Critical, None, fired) };
        assert!(sink.wants(&own), "this machine is in no group");
    }
}
