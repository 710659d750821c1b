//! What a sink was not told yet, as the store keeps it, so that a later run tells it.

use super::alert::{RememberedAlert, Signature};
use super::finding::{Owner, Severity};
use super::rules;
use super::sink::{Notice, SinkEvent, SinkSpec};
use super::text::printable;
use super::time::WallTime;
use std::collections::BTreeMap;
use std::time::Duration;

/// What was over longer ago, or last known to fire, is no news any more.
const NEWS: Duration = Duration::from_hours(24);

/// Most notices that are kept between runs.
pub const KEPT: usize = 256;

/// A notice that one sink was not told yet.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Untold {
    /// Which sink, unescaped.
    pub sink: String,
    /// [Where it tells](super::sink::SinkSpec::place); empty: not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// The alert's id.
    pub id: String,
    /// What happened.
    pub event: SinkEvent,
    /// Whose: a target's name; `None` for this machine.
    pub target: Option<String>,
    /// Its host and port.
    pub host: Option<String>,
    /// Its group.
    pub group: Option<String>,
    /// The rule's name.
    pub rule: String,
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
    #[serde(default, skip_serializing_if = "Signature::is_empty")]
    pub signed: Signature,
    /// The measurements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
}

impl Untold {
    /// What `sink` was not told.
    #[must_use]
    pub fn of(sink: &SinkSpec, notice: &Notice) -> Self {
        Self::for_sink(&sink.name, &sink.place(), notice)
    }

    /// What the sink of this name and place was not told.
    #[must_use]
    pub fn for_sink(name: &str, place: &str, notice: &Notice) -> Self {
        Self {
            sink: name.to_owned(),
            place: place.to_owned(),
            id: notice.id.clone(),
            event: notice.event,
            target: notice.target.clone(),
            host: notice.host.clone(),
            group: notice.group.clone(),
            rule: notice.rule.0.to_owned(),
            severity: notice.severity,
            title: notice.title.clone(),
            sentence: notice.sentence.clone(),
            owner: notice.owner,
            since: notice.since,
            ended: notice.ended,
            acknowledged: notice.acknowledged,
            signed: notice.signed.clone(),
            evidence: notice.evidence.clone(),
        }
    }

    /// The notice; `None` when its rule is unknown, as one of another version is.
    #[must_use]
    pub fn notice(&self) -> Option<Notice> {
        let card = rules::card(&self.rule)?;
        let clean = |text: &str| printable(text).into_owned();
        let cleaned = |text: &Option<String>| text.as_deref().map(clean);
        Some(Notice {
            id: clean(&self.id),
            event: self.event,
            target: cleaned(&self.target),
            host: cleaned(&self.host),
            group: cleaned(&self.group),
            rule: card.id,
            severity: self.severity,
            title: clean(&self.title),
            sentence: clean(&self.sentence),
            owner: self.owner,
            since: self.since,
            ended: self.ended,
            acknowledged: self.acknowledged,
            signed: self.signed.escaped(),
            evidence: self.evidence.iter().map(|line| clean(line)).collect(),
        })
    }
}

/// Those that are still news at `now`: of alerts that are remembered to fire and will be told to be
/// over, and of those that were over lately.
#[must_use]
pub fn still_news(
    untold: Vec<Untold>,
    alerts: &BTreeMap<String, RememberedAlert>,
    now: WallTime,
) -> Vec<Untold> {
    let ended = |untold: &&Untold| untold.event == SinkEvent::Resolved;
    // What is over as a whole, by its id.
    let over: BTreeMap<String, Option<WallTime>> =
        untold.iter().filter(ended).map(|untold| (untold.id.clone(), untold.ended)).collect();
    let news = |untold: &Untold| match over.get(&untold.id) {
        Some(ended) => ended.is_some_and(|ended| now.since(ended) <= NEWS),
        None => alerts
            .get(&untold.rule)
            .is_some_and(|alert| alert.since == untold.since && now.since(alert.seen) <= NEWS),
    };
    untold.into_iter().filter(news).take(KEPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::RuleId;
    use crate::domain::sink::SinkKind;

    fn untold(event: SinkEvent, ended: Option<i64>) -> Untold {
        let ended = ended.map(WallTime::from_unix_secs);
        let since = WallTime::from_unix_secs(100);
        let test = Notice::test(since);
        Untold::of(&spec(), &Notice { rule: RuleId("port-closed"), event, ended, ..test })
    }

    fn spec() -> SinkSpec {
        SinkSpec {
            name: "on-call".to_owned(),
            kind: SinkKind::Exec(vec!["page".to_owned()]),
            severity: Severity::Warning,
            groups: Vec::new(),
            events: Vec::new(),
        }
    }

    #[test]
    fn a_notice_survives_the_store() {
        let untold = untold(SinkEvent::Fired, None);
        let text = serde_json::to_string(&untold).expect("JSON");
        let read: Untold = serde_json::from_str(&text).expect("the same");
        assert_eq!(read, untold);
        assert_eq!(Untold::of(&spec(), &read.notice().expect("a known rule")), untold);
        let hostile = Untold { sentence: "a\u{1b}[2Jb".to_owned(), ..untold.clone() };
        assert!(!hostile.notice().expect("a known rule").sentence.contains('\u{1b}'));
        let unknown = Untold { rule: "of-tomorrow".to_owned(), ..untold };
        assert_eq!(unknown.notice(), None);
    }

    #[test]
    fn a_beginning_whose_end_nobody_would_tell_is_no_news() {
        let at = WallTime::from_unix_secs;
        let alert = RememberedAlert {
            told: Some(at(100)),
            ..RememberedAlert::firing("port 3389 is closed", Severity::Critical, at(100), at(200))
        };
        let alerts = BTreeMap::from([("port-closed".to_owned(), alert.clone())]);
        let fired = || vec![untold(SinkEvent::Fired, None)];
        assert_eq!(still_news(fired(), &alerts, at(300)).len(), 1);
        assert_eq!(still_news(fired(), &alerts, at(200 + 86_401)).len(), 0, "too long ago");
        assert_eq!(still_news(fired(), &BTreeMap::new(), at(300)).len(), 0);
        let another = RememberedAlert { since: at(150), ..alert };
        let another = BTreeMap::from([("port-closed".to_owned(), another)]);
        assert_eq!(still_news(fired(), &another, at(300)).len(), 0, "another one fires");

        let both = || [fired(), vec![untold(SinkEvent::Resolved, Some(250))]].concat();
        assert_eq!(still_news(both(), &BTreeMap::new(), at(300)).len(), 2);
        assert_eq!(still_news(both(), &BTreeMap::new(), at(250 + 86_401)).len(), 0);
    }
}
