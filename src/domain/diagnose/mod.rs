//! From judgements to findings: when a rule that holds becomes a finding, and which findings are
//! told.
//!
//! Every rule says of one moment whether it holds. [`Diagnosis`] is one target's memory of what
//! the rules said: it raises and clears findings ([`Hysteresis`](super::rules::Hysteresis)),
//! remembers since when they stand and whether they stood on first sight, and leaves out those
//! that another finding explains.
//!
//! **Samples count, time does not.** [`Diagnosis::observe`] is called once per sample and counts
//! one judgement of every rule that the sample feeds. [`Diagnosis::tick`] is called as time passes
//! (once a minute is enough) for evidence that ages: windows that empty, certificates that expire.
//! A tick is no measurement, so it raises only what one judgement raises, clears only what one
//! judgement clears, refreshes the evidence of what stands, and counts towards nothing else. Rules
//! that no kind of sample feeds have the ticks as their samples.

mod suppress;
mod track;
mod weigh;

#[cfg(test)]
mod explained_tests;
#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod tests;

use super::alert::AcceptedLook;
use super::echo_series::EchoPoint;
use super::finding::{Finding, RuleId, Severity};
use super::rules::{Evidence, Judgement, RULES, Rule, RuleCard, Unheard, explained_by, told_with};
use super::sample::{NeighbourState, ProbeKind};
use super::surroundings::{Offline, Surroundings};
use super::time::{Now, WallTime};
use super::view::{Mode, TargetView};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;
use suppress::{Candidate, suppress};
use track::Tracks;

pub use track::Stands;
pub use weigh::{Weighed, Weight, weigh};

/// While the controls are gone, an on-link target is judged when it answered within this span.
const STILL_REACHABLE: Duration = Duration::from_secs(15);

/// What stands, split into what is told and what is not.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Diagnosed {
    /// Findings, worst first, without those that another one explains.
    pub findings: Vec<Finding>,
    /// Rules whose findings stand and are left out: explained by another, above the lowest broken
    /// rung, or not judged while the monitor is offline. They are not over.
    pub withheld: Vec<RuleId>,
    /// Of those, the ones that another finding explains, each with its rule.
    pub explained: Vec<(RuleId, RuleId)>,
    /// Of those, the ones that are measured still: that finding tells of them.
    pub told_by: Vec<(RuleId, RuleId)>,
    /// Of those, the ones that began with what other hosts have alike, and are told with theirs by one
    /// finding that stands.
    pub joined: Vec<RuleId>,
    /// Rules that a cause shared by many explains, whether they stand yet or not: some are found only
    /// when it is over, from what was measured while it stood.
    pub shadowed: Vec<RuleId>,
    /// Rules about several hosts that fired in an earlier run, with hosts of which nothing is learnt now.
    pub unheard: Vec<(RuleId, Unheard)>,
    /// Rules that fired in an earlier run, and of which this one has no word yet.
    pub awaited: Vec<RuleId>,
    /// Rules whose findings may be told of many at once in a moment: no alert begins by them yet.
    pub undecided: Vec<RuleId>,
}

/// One target's memory of what the rules said.
#[derive(Debug, Clone, Default)]
pub struct Diagnosis {
    tracks: Tracks,
}

impl Diagnosed {
    /// Withholds the findings of rules that the finding of `cause` tells of, with those of other hosts.
    /// `stands`: that finding is told itself, and nothing else explains it.
    pub fn withhold(&mut self, cause: RuleId, stands: bool, told: impl Fn(RuleId) -> bool) {
        let withheld = self.findings.extract_if(.., |finding| told(finding.rule));
        for finding in withheld {
            self.withheld.push(finding.rule);
            self.explained.push((finding.rule, cause));
            self.told_by.push((finding.rule, cause));
            self.joined.extend(stands.then_some(finding.rule));
        }
    }
}

impl Diagnosis {
    /// Judges every rule that samples of kind `fed` feed, and counts the judgements.
    ///
    /// Call it once per sample, after the sample is in `view`. A connection up to the certificate
    /// also counts as one up to X.224, and one up to the challenge as both. Nothing is counted
    /// while the target cannot be judged.
    pub fn observe(&mut self, rules: &[&'static dyn Rule], fed: ProbeKind, view: &TargetView<'_>) {
        if !can_be_judged(view) {
            return;
        }
        for rule in rules.iter().filter(|rule| feeds(fed, rule.card())) {
            self.tracks.count(rule.card(), rule.judge(view), view.now);
        }
    }

    /// Forgets what was counted towards a finding that does not stand yet.
    pub fn forget_undecided(&mut self) {
        self.tracks.forget_undecided();
    }

    /// Judges every rule as time passes, without counting (see the module's documentation).
    pub fn tick(&mut self, rules: &[&'static dyn Rule], view: &TargetView<'_>) {
        if !can_be_judged(view) {
            return;
        }
        for rule in rules {
            let card = rule.card();
            if card.fed_by.is_empty() {
                self.tracks.count(card, rule.judge(view), view.now);
            } else if self.tracks.heeds_glance(card) {
                self.tracks.glance(card, rule.judge(view), view.now);
            }
        }
    }

    /// Waits for a word on rules whose alerts fired in an earlier run, since then.
    pub fn wait_for(&mut self, rules: impl IntoIterator<Item = (RuleId, WallTime)>) {
        self.tracks.wait_for(rules);
    }

    /// Another address is dialled: what was found by probing the old one says nothing about the
    /// new. What the name leads to and what is in front of it stand, and so does what is listed
    /// for review when found, which belongs to the machine more than to its address; not what is
    /// critical, which is never accepted unseen.
    pub fn another_address(&mut self, rules: &[&'static dyn Rule]) {
        let about_address = |card: &RuleCard, severity: Option<Severity>| {
            (!card.reviewed_when_found || severity == Some(Severity::Critical))
                && !card.fed_by.is_empty()
                && !card.fed_by.contains(&ProbeKind::Resolve)
                && !card.fed_by.contains(&ProbeKind::Gateway)
        };
        self.tracks.forget(|id, severity| {
            rules
                .iter()
                .map(|rule| rule.card())
                .any(|card| card.id == id && about_address(card, severity))
        });
    }

    /// What `rule` found is over: only what is measured anew raises it again.
    pub fn let_go(&mut self, rule: RuleId) {
        self.tracks.forget(|id, _| id == rule);
    }

    /// What stands at this moment, told and withheld.
    #[must_use]
    pub fn diagnosed(&self, rules: &[&'static dyn Rule], view: &TargetView<'_>) -> Diagnosed {
        if self.tracks.is_clear() {
            let awaited = self.tracks.awaited().collect();
            return Diagnosed { awaited, ..Diagnosed::default() };
        }
        let standing = self.tracks.standing(rules, |rule| rule.may_be_why(view));
        let mut told = if can_be_judged(view) {
            let mut told = suppress(standing, view);
            hold_against_siblings(&mut told.findings, view);
            name_common_cause(&mut told.findings, view);
            told
        } else {
            let withheld = standing.into_iter().map(|candidate| candidate.finding.rule).collect();
            Diagnosed { withheld, ..Diagnosed::default() }
        };
        told.awaited.extend(self.tracks.awaited());
        told
    }

    /// Whether nothing stands, and nothing is counted towards a finding.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.tracks.is_clear()
    }

    /// Whether the finding of `rule` stands, told or not.
    #[must_use]
    pub fn stands(&self, rule: RuleId) -> bool {
        self.tracks.stands(rule)
    }

    /// The finding of `rule`, while it stands, told or not.
    #[must_use]
    pub fn standing(&self, rule: RuleId) -> Option<Stands<'_>> {
        self.tracks.standing_of(rule)
    }

    /// What it says of a rule whose finding somebody accepted.
    #[must_use]
    pub fn look(&self, rule: RuleId) -> AcceptedLook {
        self.tracks.look(rule)
    }

    /// The findings of [`Self::diagnosed`].
    #[must_use]
    pub fn findings(&self, rules: &[&'static dyn Rule], view: &TargetView<'_>) -> Vec<Finding> {
        self.diagnosed(rules, view).findings
    }
}

/// The memory of what the rules said of this machine.
#[derive(Debug, Clone, Default)]
pub struct MonitorDiagnosis {
    tracks: Tracks,
}

impl MonitorDiagnosis {
    /// Judges this machine and counts the judgements. Call it once per look at the surroundings.
    pub fn observe(&mut self, rules: &[&'static dyn Rule], around: &Surroundings, now: Now) {
        for rule in rules {
            self.tracks.count(rule.card(), rule.judge_monitor(around), now);
        }
    }

    /// What stands, worst first, without what another finding explains.
    #[must_use]
    pub fn findings(&self, rules: &[&'static dyn Rule]) -> Vec<Finding> {
        self.told(rules).findings
    }

    /// What stands, told and withheld, and the rules that are waited for.
    #[must_use]
    pub fn diagnosed(&self, rules: &[&'static dyn Rule]) -> Diagnosed {
        let told = self.told(rules);
        let causes = told.findings.iter().map(|finding| finding.rule);
        let shadowed = causes.flat_map(explained_by).collect();
        Diagnosed { shadowed, awaited: self.tracks.awaited().collect(), ..told }
    }

    fn told(&self, rules: &[&'static dyn Rule]) -> Diagnosed {
        suppress::explained(self.tracks.standing(rules, |_| true))
    }

    /// Waits for a word on rules whose alerts fired in an earlier run, since then.
    pub fn wait_for(&mut self, rules: impl IntoIterator<Item = (RuleId, WallTime)>) {
        self.tracks.wait_for(rules);
    }

    /// What it says of a rule whose finding somebody accepted.
    #[must_use]
    pub fn look(&self, rule: RuleId) -> AcceptedLook {
        self.tracks.look(rule)
    }
}

/// The findings of one moment (`check`): whatever holds is a finding, nothing is as found.
#[must_use]
pub fn judge_moment(rules: &[&'static dyn Rule], view: &TargetView<'_>) -> Vec<Finding> {
    if !can_be_judged(view) {
        return Vec::new();
    }
    let held = rules.iter().filter_map(|rule| moment(rule.card(), rule.judge(view), view.now.wall));
    let mut findings = suppress(held.collect(), view).findings;
    hold_against_siblings(&mut findings, view);
    findings
}

/// Says with the worst finding of the rung that fails what the siblings say of it.
fn hold_against_siblings(findings: &mut [Finding], view: &TargetView<'_>) {
    if findings.is_empty() || view.around.siblings.is_empty() {
        return;
    }
    let Some(contrast) = view.around.siblings.get(&view.target.id) else { return };
    let same = |finding: &&mut Finding| finding.rung == Some(contrast.rung);
    if let Some(finding) = findings.iter_mut().find(same) {
        finding.evidence.push(contrast.line.clone());
    }
}

/// Says with a finding that several hosts have by one thing what that is.
fn name_common_cause(findings: &mut [Finding], view: &TargetView<'_>) {
    for cause in &view.around.common {
        let told = |finding: &&mut Finding| cause.tells(view.target.id, finding.rule);
        for finding in findings.iter_mut().filter(told) {
            finding.evidence.extend(told_with(cause));
        }
    }
}

/// The findings of one moment about this machine.
#[must_use]
pub fn judge_monitor_moment(
    rules: &[&'static dyn Rule],
    around: &Surroundings,
    now: Now,
) -> Vec<Finding> {
    let held =
        rules.iter().filter_map(|rule| moment(rule.card(), rule.judge_monitor(around), now.wall));
    suppress::explained(held.collect()).findings
}

fn moment(card: &'static RuleCard, judgement: Judgement, now: WallTime) -> Option<Candidate> {
    match judgement {
        Judgement::Fires(evidence) => {
            let since = evidence.since.unwrap_or(now);
            let finding = card.finding(&evidence, since, false);
            Some(Candidate { card, finding, measured: true, may_be_why: true, explained_by: None })
        }
        Judgement::Clear | Judgement::NoEvidence | Judgement::Explained(_) | Judgement::Moot => {
            None
        }
    }
}

impl RuleCard {
    /// The finding that this rule makes of `evidence`.
    #[must_use]
    pub fn finding(&self, evidence: &Evidence, since: WallTime, as_found: bool) -> Finding {
        Finding {
            rule: self.id,
            severity: evidence.severity,
            confidence: evidence.confidence,
            owner: evidence.owner.unwrap_or(self.owner),
            rung: evidence.rung.or(self.rung),
            title: evidence.title.clone(),
            sentence: evidence.sentence.clone(),
            evidence: evidence.lines.clone(),
            disproof: self.disproof,
            since,
            remedies: evidence.remedies.unwrap_or(self.remedies),
            risk: self.risk(evidence.severity),
            client_error: evidence.client_error.or(self.client_error),
            as_found,
            of_the_way: evidence.of_the_way,
            faults: evidence.faults,
            title_over: evidence.title_over.clone(),
            members: evidence.members.clone(),
            tells: evidence.tells,
        }
    }
}

/// The rules that a sample of this kind feeds, in their order.
#[must_use]
pub fn rules_fed_by(kind: ProbeKind) -> &'static [&'static dyn Rule] {
    static FED: LazyLock<BTreeMap<ProbeKind, Vec<&'static dyn Rule>>> = LazyLock::new(|| {
        let fed = |kind| RULES.iter().copied().filter(|rule| feeds(kind, rule.card())).collect();
        ProbeKind::ALL.into_iter().map(|kind| (kind, fed(kind))).collect()
    });
    FED.get(&kind).map_or(&[], Vec::as_slice)
}

/// Whether a sample of kind `fed` is evidence for the rule. A connection that climbs to a higher
/// rung climbs the lower ones too.
fn feeds(fed: ProbeKind, card: &RuleCard) -> bool {
    let climbs = |kind: &ProbeKind| {
        *kind != ProbeKind::Connect
            && kind.depth().zip(fed.depth()).is_some_and(|(lower, depth)| lower <= depth)
    };
    card.fed_by.iter().any(|kind| *kind == fed || (fed != ProbeKind::Connect && climbs(kind)))
}

/// Whether anything can be said of the target although the monitor may be offline: loopback
/// always can, a machine on one of our own links can while it or another one there answers.
#[must_use]
pub fn can_be_judged(view: &TargetView<'_>) -> bool {
    if view.target.via_gateway() && view.around.offline != Offline::Online {
        return view.gateway_measured().is_some();
    }
    match view.around.offline {
        Offline::Online => true,
        Offline::NoInterface => view.is_self(),
        Offline::ControlsGone(_) => {
            view.is_self() || (is_on_link(view) && (answers(view) || has_neighbours(view)))
        }
    }
}

/// Whether another target on its link answers: then this machine's own link is sound.
fn has_neighbours(view: &TargetView<'_>) -> bool {
    view.dialled.is_some_and(|address| view.around.is_on_living_link(address))
}

fn is_on_link(view: &TargetView<'_>) -> bool {
    match view.neighbour.map(|entry| entry.value.state) {
        Some(NeighbourState::NotOnLink) => false,
        None | Some(NeighbourState::Unknown) => {
            view.dialled.is_some_and(|address| view.around.local.on_link(address).is_some())
        }
        Some(_) => true,
    }
}

/// Whether anything answered lately.
fn answers(view: &TargetView<'_>) -> bool {
    let fresh =
        |at: Now| view.mode == Mode::Moment || view.now.mono.since(at.mono) <= STILL_REACHABLE;
    view.echo.points().rev().take_while(|point| fresh(point.at)).any(EchoPoint::is_answered)
        || view
            .attempts
            .last()
            .is_some_and(|entry| fresh(entry.at) && entry.value.connect.outcome.answered())
        || view
            .neighbour
            .is_some_and(|entry| fresh(entry.at) && entry.value.state == NeighbourState::Reachable)
}
