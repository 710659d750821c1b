//! What is expected at a moment, and what differs from it.

use super::numbers;
use super::word::span;
use super::wrong::Wrong;
use crate::domain::alert::Alert;
use crate::domain::finding::{Finding, Severity};
use crate::domain::rules::{RULES, rule};
use crate::domain::snapshot::Snapshot;
use crate::domain::time::MonoTime;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// What a scenario expects at one moment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioTable {
    /// Default: when the last sample has ended.
    at: Option<String>,
    /// Everything that is told, as `rule:severity`, in any order.
    findings: Vec<String>,
    /// Confidence of the first finding named.
    confidence: Option<String>,
    /// Owner of the first finding named.
    owner: Option<String>,
    /// What must be found in the first finding's title, sentence or evidence.
    #[serde(default)]
    says: Vec<String>,
}

/// What an incident expects at one moment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IncidentTable {
    at: String,
    /// Every alert that fires: `rule:severity` of this machine, `3:rule:severity` of a target.
    alerts: Vec<String>,
    /// Every alert that fired up to here, whether it is over or not, each once; not looked at by
    /// default.
    ever: Option<Vec<String>>,
    /// Every alert that is over up to here, as often as it ended; not looked at by default.
    over: Option<Vec<String>>,
    /// What stands at target 0, `rule:severity` each; not looked at by default.
    findings: Option<Vec<String>>,
    /// Texts in the sentence or evidence of any finding of this machine.
    #[serde(default)]
    says: Vec<String>,
    /// Texts in the title, sentence or evidence of what stands at a target, by its number.
    #[serde(default)]
    host_says: BTreeMap<String, Vec<String>>,
    /// Texts that no finding of any target has.
    #[serde(default)]
    no_host_says: Vec<String>,
}

/// What is expected at one moment.
#[derive(Debug, Clone)]
pub struct Expected {
    at: MonoTime,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    /// All that is told of one target and this machine.
    Findings(ScenarioTable),
    /// All that alerts.
    Alerts(IncidentTable, Vec<(RangeInclusive<u32>, Vec<String>)>),
}

impl ScenarioTable {
    pub(super) fn expected(&self, end: MonoTime) -> Result<Expected, Wrong> {
        self.findings.iter().try_for_each(|word| known(word))?;
        let at = self.at.as_deref().map(span).transpose()?;
        let at = at.map_or(end, |at| MonoTime::ZERO.plus(at));
        Ok(Expected { at, what: What::Findings(self.clone()) })
    }
}

impl IncidentTable {
    pub(super) fn expected(&self) -> Result<Expected, Wrong> {
        let past = self.ever.iter().chain(&self.over).flatten();
        for word in self.alerts.iter().chain(past) {
            let whose = word.split_once(':').filter(|(whose, _)| whose.parse::<u32>().is_ok());
            known(whose.map_or(word.as_str(), |(_, rest)| rest))?;
        }
        self.findings.iter().flatten().try_for_each(|word| known(word))?;
        let at = MonoTime::ZERO.plus(span(&self.at)?);
        let hosts: Result<_, Wrong> = self
            .host_says
            .iter()
            .map(|(hosts, says)| Ok((numbers(hosts)?, says.clone())))
            .collect();
        Ok(Expected { at, what: What::Alerts(self.clone(), hosts?) })
    }
}

/// `rule:severity` that exists.
fn known(word: &str) -> Result<(), Wrong> {
    let (id, severity) = super::word::split(word, ":", "RULE:SEVERITY")?;
    let ids = || RULES.iter().map(|rule| rule.card().id.0);
    let rule = rule(id).ok_or_else(|| Wrong::word(id, ids()))?;
    let severities = rule.card().severities;
    if severities.iter().any(|known| known.word() == severity) {
        return Ok(());
    }
    Err(Wrong::word(severity, severities.iter().map(|known| Severity::word(*known))))
}

fn word(finding: &Finding) -> String {
    format!("{}:{}", finding.rule, finding.severity.word())
}

impl Expected {
    /// The moment.
    #[must_use]
    pub const fn at(&self) -> MonoTime {
        self.at
    }

    /// Every finding expected here, as `rule:severity`.
    pub fn findings(&self) -> impl Iterator<Item = &str> {
        let named = match &self.what {
            What::Findings(table) => Some(&table.findings),
            What::Alerts(table, _) => table.findings.as_ref(),
        };
        named.into_iter().flatten().map(String::as_str)
    }

    /// What is to stand here: the findings of a scenario, the alerts of an incident.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let words = match &self.what {
            What::Findings(table) => &table.findings,
            What::Alerts(table, _) => &table.alerts,
        };
        words.iter().map(String::as_str)
    }

    /// What differs in what a monitor shows at this moment, one sentence each.
    #[must_use]
    pub fn complaints(&self, snapshot: &Snapshot) -> Vec<String> {
        match &self.what {
            What::Findings(_) => {
                let told = snapshot.targets.iter().flat_map(|target| &target.findings);
                let found: Vec<Finding> =
                    snapshot.monitor.findings.iter().chain(told).cloned().collect();
                self.complaints_of(&found)
            }
            What::Alerts(table, hosts) => alert_complaints(table, hosts, snapshot),
        }
    }

    /// What differs in these findings of one target and this machine.
    #[must_use]
    pub fn complaints_of(&self, found: &[Finding]) -> Vec<String> {
        match &self.what {
            What::Findings(table) => finding_complaints(table, self.at, found),
            What::Alerts(..) => Vec::new(),
        }
    }
}

fn sorted(words: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut words: Vec<String> = words.into_iter().collect();
    words.sort();
    words
}

fn finding_complaints(table: &ScenarioTable, at: MonoTime, found: &[Finding]) -> Vec<String> {
    let mut complaints = Vec::new();
    let told = sorted(found.iter().map(word));
    let wanted = sorted(table.findings.iter().cloned());
    if told != wanted {
        let at = at.as_nanos() / 1_000_000_000;
        complaints.push(format!("at {at} s expected {wanted:?}, found {told:?}"));
    }
    let first = table.findings.first();
    let Some(first) = first.and_then(|wanted| found.iter().find(|is| word(is) == *wanted)) else {
        return complaints;
    };
    let text = [&first.title, &first.sentence].into_iter().chain(&first.evidence);
    let text: Vec<&str> = text.map(String::as_str).collect();
    let text = text.join("\n");
    for says in table.says.iter().filter(|says| !text.contains(says.as_str())) {
        complaints.push(format!("{says:?} is not in:\n{text}"));
    }
    let (confidence, owner) = (first.confidence.word(), first.owner.word());
    for (wanted, is) in [(&table.confidence, confidence), (&table.owner, owner)] {
        if wanted.as_deref().is_some_and(|wanted| wanted != is) {
            complaints.push(format!("{} is {is}, not {wanted:?}", first.rule));
        }
    }
    complaints
}

fn alert_complaints(
    table: &IncidentTable,
    hosts: &[(RangeInclusive<u32>, Vec<String>)],
    snapshot: &Snapshot,
) -> Vec<String> {
    let at = &table.at;
    let mut complaints = Vec::new();
    let name = |alert: &Alert| {
        let whose = alert.target.map_or_else(String::new, |id| format!("{}:", id.0));
        format!("{whose}{}:{}", alert.rule, alert.severity.word())
    };
    let fired = sorted(snapshot.alerts.firing.iter().map(name));
    let wanted = sorted(table.alerts.iter().cloned());
    if fired != wanted {
        complaints.push(format!("at {at} expected alerts {wanted:?}, found {fired:?}"));
    }
    let over = || snapshot.alerts.resolved.iter().map(|(alert, _)| alert);
    let mut ever = sorted(snapshot.alerts.firing.iter().chain(over()).map(name));
    ever.dedup();
    let past = [("ever", &table.ever, ever), ("over", &table.over, sorted(over().map(name)))];
    for (what, wanted, found) in past {
        let Some(wanted) = wanted else { continue };
        let wanted = sorted(wanted.iter().cloned());
        if found != wanted {
            complaints.push(format!("at {at} expected {what} {wanted:?}, found {found:?}"));
        }
    }
    if let Some(wanted) = &table.findings {
        let first = snapshot.targets.first().map_or(&[][..], |target| &target.findings);
        let found = sorted(first.iter().map(word));
        let wanted = sorted(wanted.iter().cloned());
        if found != wanted {
            complaints.push(format!("at {at} expected of target 0 {wanted:?}, found {found:?}"));
        }
    }
    let own = &snapshot.monitor.findings;
    let texts =
        own.iter().flat_map(|found| found.evidence.iter().chain([&found.sentence, &found.title]));
    let all = texts.map(String::as_str).collect::<Vec<_>>().join("\n");
    for says in table.says.iter().filter(|says| !all.contains(*says)) {
        complaints.push(format!("at {at} nothing says {says:?} in: {all}"));
    }
    let told = |wanted: &dyn Fn(u32) -> bool| {
        let those = snapshot.targets.iter().filter(|target| wanted(target.target.id.0));
        let found = those.flat_map(|target| &target.findings);
        let lines = found.flat_map(|one| one.evidence.iter().chain([&one.sentence, &one.title]));
        lines.map(String::as_str).collect::<Vec<_>>().join("\n")
    };
    for (range, texts) in hosts {
        let all = told(&|id| range.contains(&id));
        for says in texts.iter().filter(|says| !all.contains(*says)) {
            complaints.push(format!("at {at} {range:?} does not say {says:?}: {all}"));
        }
    }
    let all = told(&|_| true);
    for says in table.no_host_says.iter().filter(|says| all.contains(*says)) {
        complaints.push(format!("at {at} a host says {says:?}: {all}"));
    }
    complaints
}
