//! From findings to alerts: when somebody is told, and when it is over.

use super::super::diagnose::Diagnosed;
use super::super::finding::{Finding, RuleId, Severity};
use super::super::memory::TargetMemory;
use super::super::target::TargetId;
use super::super::time::{MonoTime, Now, WallTime};
use super::{Alert, AlertEvent, AlertState, AlertsSnapshot};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// How many resolved alerts are kept.
const RESOLVED: usize = 100;

/// An acknowledgement of an earlier run applies to an alert that comes back within this span.
const RECALL: Duration = Duration::from_mins(10);

/// How long a finding must stand before its alert fires, and be gone before it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertSettings {
    /// A warning must stand this long (`for`).
    pub for_: Duration,
    /// A critical finding must stand this long: nothing, its rule has hysteresis of its own.
    pub for_critical: Duration,
    /// A firing alert whose finding is gone fires on for this long, so that flapping is one alert.
    pub keep_firing_for: Duration,
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            for_: Duration::from_secs(30),
            for_critical: Duration::ZERO,
            keep_firing_for: Duration::from_mins(1),
        }
    }
}

/// Whose, and which rule: at most one alert each.
type Key = (Option<TargetId>, RuleId);

/// Every alert: at most one per target and rule, and the last hundred that are over.
///
/// ```text
///   finding ──> Pending ──(stood for `for`)──> Firing ──(gone for `keep_firing_for`)──> resolved
///                  └──(gone)──> forgotten         └──(back)──> Firing, nobody is told again
/// ```
/// Notices and findings that were there on first sight never alert. Findings that stand and are
/// withheld (explained by another, or the monitor is offline) neither fire nor resolve: their
/// clocks stop.
#[derive(Debug, Clone, Default)]
pub struct AlertBook {
    settings: AlertSettings,
    entries: BTreeMap<Key, Entry>,
    resolved: VecDeque<(Alert, WallTime)>,
    /// Findings per subject that were there on first sight.
    as_found: BTreeMap<Option<TargetId>, BTreeSet<RuleId>>,
    /// Accepted as found, by rule name.
    accepted: BTreeSet<(TargetId, String)>,
    /// Acknowledged in an earlier run and not seen in this one yet.
    recalled: BTreeMap<(TargetId, String), WallTime>,
    recalled_at: Option<MonoTime>,
}

#[derive(Debug, Clone)]
struct Entry {
    alert: Alert,
    /// The worst that was told of it: what wavers between two severities is told twice at most.
    told: Option<Severity>,
    /// When it began to stand.
    stands_from: MonoTime,
    /// When the finding went away, while the alert fires on.
    gone: Option<Now>,
    /// Since when its clocks stand still.
    frozen: Option<MonoTime>,
}

impl AlertBook {
    /// An empty book.
    #[must_use]
    pub fn new(settings: AlertSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Takes over what an earlier run knew of a target: acknowledged alerts come back
    /// acknowledged, accepted findings are not counted for review.
    pub fn recall(&mut self, target: TargetId, memory: &TargetMemory, now: Now) {
        self.recalled_at = Some(now.mono);
        let names = |(rule, at): (&String, &WallTime)| ((target, rule.clone()), *at);
        self.recalled.extend(memory.acknowledged.iter().map(names));
        self.accepted.extend(memory.accepted.keys().map(|rule| (target, rule.clone())));
    }

    /// Follows what stands at `target` (`None`: at this machine) and says what changed.
    ///
    /// Call it after every diagnosis, and at least once a second while alerts stand: `for` and
    /// `keep_firing_for` end in this call.
    pub fn apply(
        &mut self,
        target: Option<TargetId>,
        diagnosed: &Diagnosed,
        now: Now,
    ) -> Vec<AlertEvent> {
        self.review(target, diagnosed);
        let mut events = Vec::new();
        for finding in diagnosed.findings.iter().filter(|finding| alerts(finding)) {
            events.extend(self.stands((target, finding.rule), finding, now));
        }
        for key in self.keys(target) {
            let told = |finding: &Finding| finding.rule == key.1 && alerts(finding);
            if diagnosed.findings.iter().any(told) {
                continue;
            }
            if diagnosed.withheld.contains(&key.1) {
                if let Some(entry) = self.entries.get_mut(&key) {
                    entry.freeze(now.mono);
                }
            } else {
                events.extend(self.is_gone(key, now));
            }
        }
        events
    }

    /// Forgets a target that is watched no more. Its alerts end without a word.
    pub fn forget(&mut self, target: TargetId) {
        self.keys(Some(target)).into_iter().for_each(|key| {
            self.entries.remove(&key);
        });
        self.as_found.remove(&Some(target));
        self.accepted.retain(|(of, _)| *of != target);
        self.recalled.retain(|(of, _), _| *of != target);
    }

    /// Somebody has seen it; holds until it is over. Whether there is such an alert.
    pub fn acknowledge(&mut self, target: Option<TargetId>, rule: RuleId, now: Now) -> bool {
        self.change(target, rule, |alert| alert.acknowledged = Some(now.wall))
    }

    /// Takes an acknowledgement back. Whether there is such an alert.
    pub fn unacknowledge(&mut self, target: Option<TargetId>, rule: RuleId) -> bool {
        self.change(target, rule, |alert| alert.acknowledged = None)
    }

    /// Silences it until then, or until it is over. Whether there is such an alert.
    pub fn snooze(&mut self, target: Option<TargetId>, rule: RuleId, until: WallTime) -> bool {
        self.change(target, rule, |alert| alert.snoozed_until = Some(until))
    }

    /// Ends a snooze. Whether there is such an alert.
    pub fn unsnooze(&mut self, target: Option<TargetId>, rule: RuleId) -> bool {
        self.change(target, rule, |alert| alert.snoozed_until = None)
    }

    /// A finding that was there on first sight is fine: it is not counted for review any more.
    pub fn accept(&mut self, target: TargetId, rule: RuleId) {
        self.accepted.insert((target, rule.0.to_owned()));
    }

    /// What the alerts screen shows.
    #[must_use]
    pub fn snapshot(&self, now: Now) -> AlertsSnapshot {
        let shown = |entry: &Entry| {
            let snoozed_until = entry.alert.snoozed_until.filter(|until| *until > now.wall);
            Alert { snoozed_until, ..entry.alert.clone() }
        };
        let (mut firing, mut pending): (Vec<Alert>, Vec<Alert>) =
            self.entries.values().map(shown).partition(|alert| alert.state == AlertState::Firing);
        let order = |alert: &Alert| (Reverse(alert.severity), Reverse(alert.since));
        firing.sort_by_key(order);
        pending.sort_by_key(order);
        let resolved = self.resolved.iter().rev().cloned().collect();
        AlertsSnapshot { firing, pending, resolved, as_found: self.to_review() }
    }

    fn to_review(&self) -> u32 {
        let open = |(target, rules): (&Option<TargetId>, &BTreeSet<RuleId>)| {
            let accepted = |rule: &&RuleId| {
                target.is_some_and(|target| self.accepted.contains(&(target, rule.0.to_owned())))
            };
            rules.iter().filter(|rule| !accepted(rule)).count()
        };
        u32::try_from(self.as_found.iter().map(open).sum::<usize>()).unwrap_or(u32::MAX)
    }

    fn review(&mut self, target: Option<TargetId>, diagnosed: &Diagnosed) {
        let found = diagnosed.findings.iter().filter(|finding| finding.as_found);
        let mut rules: BTreeSet<RuleId> = found.map(|finding| finding.rule).collect();
        if let Some(known) = self.as_found.get(&target) {
            rules.extend(known.iter().filter(|rule| diagnosed.withheld.contains(rule)));
        }
        if rules.is_empty() {
            self.as_found.remove(&target);
        } else {
            self.as_found.insert(target, rules);
        }
    }

    fn keys(&self, target: Option<TargetId>) -> Vec<Key> {
        self.entries
            .range((target, RuleId(""))..)
            .map(|(key, _)| *key)
            .take_while(|key| key.0 == target)
            .collect()
    }

    fn change(
        &mut self,
        target: Option<TargetId>,
        rule: RuleId,
        change: impl FnOnce(&mut Alert),
    ) -> bool {
        self.entries.get_mut(&(target, rule)).map(|entry| change(&mut entry.alert)).is_some()
    }

    /// The finding stands: pending until it has stood for long enough.
    fn stands(&mut self, key: Key, finding: &Finding, now: Now) -> Option<AlertEvent> {
        let acknowledged = self.recalled_acknowledgement(key, now.mono);
        let entry = self.entries.entry(key).or_insert_with(|| Entry {
            alert: Alert {
                target: key.0,
                rule: key.1,
                severity: finding.severity,
                state: AlertState::Pending,
                since: finding.since,
                title: finding.title.clone(),
                acknowledged,
                snoozed_until: None,
            },
            told: None,
            stands_from: now.mono,
            gone: None,
            frozen: None,
        });
        entry.thaw(now.mono);
        entry.gone = None;
        let worse = entry.told.is_some_and(|told| finding.severity > told);
        entry.alert.severity = finding.severity;
        if entry.alert.title != finding.title {
            entry.alert.title.clone_from(&finding.title);
        }
        let wait = match finding.severity {
            Severity::Critical => self.settings.for_critical,
            _ => self.settings.for_,
        };
        let fires = match entry.alert.state {
            AlertState::Pending => now.mono.since(entry.stands_from) >= wait,
            AlertState::Firing => worse,
        };
        fires.then(|| {
            entry.told = Some(finding.severity);
            entry.alert.state = AlertState::Firing;
            AlertEvent::Fired(entry.alert.clone())
        })
    }

    /// The finding does not stand: what is pending is forgotten, what fires ends after a while.
    fn is_gone(&mut self, key: Key, now: Now) -> Option<AlertEvent> {
        let entry = self.entries.get_mut(&key)?;
        entry.thaw(now.mono);
        let gone = *entry.gone.get_or_insert(now);
        let waits = entry.alert.state == AlertState::Firing
            && now.mono.since(gone.mono) < self.settings.keep_firing_for;
        if waits {
            return None;
        }
        let alert = self.entries.remove(&key)?.alert;
        if alert.state == AlertState::Pending {
            return None;
        }
        if self.resolved.len() >= RESOLVED {
            self.resolved.pop_front();
        }
        self.resolved.push_back((alert.clone(), gone.wall));
        Some(AlertEvent::Resolved(alert, gone.wall))
    }

    fn recalled_acknowledgement(&mut self, key: Key, now: MonoTime) -> Option<WallTime> {
        if self.recalled.is_empty() || self.entries.contains_key(&key) {
            return None;
        }
        if self.recalled_at.is_some_and(|at| now.since(at) > RECALL) {
            self.recalled.clear();
            return None;
        }
        self.recalled.remove(&(key.0?, key.1.0.to_owned()))
    }
}

impl Entry {
    fn freeze(&mut self, now: MonoTime) {
        self.frozen.get_or_insert(now);
    }

    /// Lets the clocks run again, later by as long as they stood still.
    fn thaw(&mut self, now: MonoTime) {
        if let Some(frozen) = self.frozen.take() {
            let stood = now.since(frozen);
            self.stands_from = self.stands_from.plus(stood);
            if let Some(gone) = &mut self.gone {
                gone.mono = gone.mono.plus(stood);
            }
        }
    }
}

fn alerts(finding: &Finding) -> bool {
    finding.severity >= Severity::Warning && !finding.as_found
}

#[cfg(test)]
mod tests {
    use super::super::super::diagnose::fixture::{at, finding};
    use super::*;

    const OFFICE: Option<TargetId> = Some(TargetId(0));
    const RULE: RuleId = RuleId("a");

    fn stands(severity: Severity) -> Diagnosed {
        Diagnosed { findings: vec![finding("a", severity, None)], withheld: Vec::new() }
    }

    fn as_found(id: &'static str) -> Finding {
        Finding { as_found: true, ..finding(id, Severity::Warning, None) }
    }

    /// One letter per second: `.` nothing stands, `n` a notice, `w` a warning, `c` a critical
    /// finding, `h` the finding is withheld, `f` a warning as found. Draws what was told in that
    /// second: `F`, `R` or `-`.
    fn told(seconds: &str) -> String {
        let mut book = AlertBook::new(AlertSettings {
            for_: Duration::from_secs(3),
            for_critical: Duration::ZERO,
            keep_firing_for: Duration::from_secs(2),
        });
        (0..)
            .zip(seconds.chars())
            .map(|(secs, letter)| {
                let diagnosed = match letter {
                    'n' => stands(Severity::Notice),
                    'w' => stands(Severity::Warning),
                    'c' => stands(Severity::Critical),
                    'h' => Diagnosed { findings: Vec::new(), withheld: vec![RULE] },
                    'f' => Diagnosed { findings: vec![as_found("a")], withheld: Vec::new() },
                    _ => Diagnosed::default(),
                };
                match book.apply(OFFICE, &diagnosed, at(secs)).as_slice() {
                    [] => '-',
                    [AlertEvent::Fired(_)] => 'F',
                    [AlertEvent::Resolved(..)] => 'R',
                    _ => '?',
                }
            })
            .collect()
    }

    #[test]
    fn what_wavers_between_two_severities_is_told_twice_at_most() {
        let mut book = AlertBook::new(AlertSettings::default());
        let mut told = Vec::new();
        for second in 0..600 {
            let severity = if second % 7 < 3 { Severity::Critical } else { Severity::Warning };
            let severity = if second < 60 { Severity::Warning } else { severity };
            told.extend(book.apply(OFFICE, &stands(severity), at(second)));
        }
        let severities: Vec<Severity> = told
            .iter()
            .map(|event| match event {
                AlertEvent::Fired(alert) | AlertEvent::Resolved(alert, _) => alert.severity,
            })
            .collect();
        assert_eq!(severities, [Severity::Warning, Severity::Critical]);
    }

    #[test]
    fn the_life_of_an_alert() {
        for (seconds, expected) in [
            ("wwww....", "---F--R-"),
            ("ccc....", "F----R-"),
            ("ww.www.", "-------"),
            ("nnnnnnnn", "--------"),
            ("ffffffff", "--------"),
            ("c.c.c.c...", "F--------R"),
            ("wwwwnnn", "---F--R"),
            ("wwwwc", "---FF"),
            ("ccwwwwww", "F-------"),
            ("wwc", "--F"),
            ("wwhhhhhhww", "---------F"),
            ("wwhhhhhh..", "----------"),
            ("cchhhhhhhc", "F---------"),
            ("c.hhhhh...", "F-------R-"),
        ] {
            assert_eq!(told(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn it_ended_when_the_finding_went_away() {
        let mut book = AlertBook::default();
        book.apply(OFFICE, &stands(Severity::Critical), at(0));
        book.apply(OFFICE, &Diagnosed::default(), at(10));
        let events = book.apply(OFFICE, &Diagnosed::default(), at(70));
        let [AlertEvent::Resolved(alert, ended)] = events.as_slice() else {
            panic!("{events:?}");
        };
        assert_eq!((alert.rule, *ended), (RULE, at(10).wall));
        let snapshot = book.snapshot(at(70));
        assert!(snapshot.firing.is_empty());
        assert_eq!(snapshot.resolved, [(alert.clone(), at(10).wall)]);
    }

    #[test]
    fn an_acknowledgement_lasts_until_it_is_over() {
        let mut book = AlertBook::default();
        let acknowledged =
            |book: &AlertBook| book.snapshot(at(0)).firing.first().map(|alert| alert.acknowledged);
        assert!(!book.acknowledge(OFFICE, RULE, at(0)));
        book.apply(OFFICE, &stands(Severity::Critical), at(0));
        assert!(book.acknowledge(OFFICE, RULE, at(1)));
        book.apply(OFFICE, &Diagnosed::default(), at(2));
        book.apply(OFFICE, &stands(Severity::Critical), at(3));
        assert_eq!(acknowledged(&book), Some(Some(at(1).wall)));
        assert!(book.unacknowledge(OFFICE, RULE));
        assert_eq!(acknowledged(&book), Some(None));
        book.acknowledge(OFFICE, RULE, at(4));
        book.apply(OFFICE, &Diagnosed::default(), at(5));
        book.apply(OFFICE, &Diagnosed::default(), at(65));
        book.apply(OFFICE, &stands(Severity::Critical), at(66));
        assert_eq!(acknowledged(&book), Some(None));
    }

    #[test]
    fn an_acknowledgement_of_an_earlier_run_holds_for_the_alert_that_comes_back() {
        let mut memory = TargetMemory::default();
        memory.acknowledged.insert("a".to_owned(), at(0).wall);
        let first = |at_secs| {
            let mut book = AlertBook::default();
            book.recall(TargetId(0), &memory, at(0));
            book.apply(OFFICE, &stands(Severity::Critical), at(at_secs));
            book.snapshot(at(at_secs)).firing[0].acknowledged
        };
        assert_eq!(first(100), Some(at(0).wall));
        assert_eq!(first(3_600), None);
    }

    #[test]
    fn a_snooze_ends_by_itself() {
        let mut book = AlertBook::default();
        book.apply(None, &stands(Severity::Critical), at(0));
        assert!(book.snooze(None, RULE, at(10).wall));
        assert_eq!(book.snapshot(at(9)).firing[0].snoozed_until, Some(at(10).wall));
        assert_eq!(book.snapshot(at(10)).firing[0].snoozed_until, None);
        book.snooze(None, RULE, at(99).wall);
        assert!(book.unsnooze(None, RULE));
        assert_eq!(book.snapshot(at(11)).firing[0].snoozed_until, None);
    }

    #[test]
    fn targets_do_not_mix_and_a_forgotten_one_is_gone() {
        let mut book = AlertBook::default();
        for id in 0..3 {
            book.apply(Some(TargetId(id)), &stands(Severity::Critical), at(0));
        }
        book.apply(None, &stands(Severity::Warning), at(0));
        book.apply(Some(TargetId(1)), &Diagnosed::default(), at(1));
        let events = book.apply(Some(TargetId(1)), &Diagnosed::default(), at(61));
        assert_eq!(events.len(), 1);
        book.forget(TargetId(2));
        let snapshot = book.snapshot(at(61));
        let of = |alerts: &[Alert]| alerts.iter().map(|alert| alert.target).collect::<Vec<_>>();
        assert_eq!(of(&snapshot.firing), [OFFICE]);
        assert_eq!(of(&snapshot.pending), [None]);
    }

    #[test]
    fn worst_and_newest_first() {
        let mut book =
            AlertBook::new(AlertSettings { for_: Duration::ZERO, ..AlertSettings::default() });
        let mut old = finding("old", Severity::Critical, None);
        old.since = at(0).wall;
        let mut new = finding("new", Severity::Critical, None);
        new.since = at(5).wall;
        let findings = vec![finding("warn", Severity::Warning, None), old, new];
        book.apply(OFFICE, &Diagnosed { findings, withheld: Vec::new() }, at(9));
        let rules: Vec<_> = book.snapshot(at(9)).firing.iter().map(|alert| alert.rule.0).collect();
        assert_eq!(rules, ["new", "old", "warn"]);
    }

    #[test]
    fn what_is_over_is_bounded() {
        let mut book = AlertBook::new(AlertSettings {
            keep_firing_for: Duration::ZERO,
            ..AlertSettings::default()
        });
        for secs in 0..300 {
            book.apply(OFFICE, &stands(Severity::Critical), at(2 * secs));
            book.apply(OFFICE, &Diagnosed::default(), at(2 * secs + 1));
        }
        let resolved = book.snapshot(at(600)).resolved;
        assert_eq!(resolved.len(), RESOLVED);
        assert_eq!(resolved[0].1, at(599).wall);
    }

    #[test]
    fn what_was_found_is_counted_until_accepted() {
        let mut book = AlertBook::default();
        let found =
            Diagnosed { findings: vec![as_found("a"), as_found("b")], withheld: Vec::new() };
        book.apply(OFFICE, &found, at(0));
        assert_eq!(book.snapshot(at(0)).as_found, 2);
        book.accept(TargetId(0), RULE);
        assert_eq!(book.snapshot(at(0)).as_found, 1);
        let withheld = Diagnosed { findings: Vec::new(), withheld: vec![RuleId("b")] };
        book.apply(OFFICE, &withheld, at(1));
        assert_eq!(book.snapshot(at(1)).as_found, 1);
        book.apply(OFFICE, &Diagnosed::default(), at(2));
        assert_eq!(book.snapshot(at(2)).as_found, 0);
    }
}
