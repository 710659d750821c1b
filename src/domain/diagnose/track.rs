//! Raise and clear: the memory of the judgements of one subject.

use super::super::alert::AcceptedLook;
use super::super::finding::{Confidence, RuleId, Severity};
use super::super::rules::{Evidence, Hysteresis, Judgement, Rule, RuleCard};
use super::super::time::{Now, WallTime};
use super::suppress::Candidate;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A finding that stands, told or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stands<'a> {
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// A few words, escaped.
    pub title: &'a str,
    /// First supporting sample.
    pub since: Now,
    /// It was there on first sight, to be reviewed.
    pub as_found: bool,
}

/// Every rule that holds, or held lately. A rule that never held takes no room.
#[derive(Debug, Clone, Default)]
pub(super) struct Tracks {
    active: BTreeMap<RuleId, Track>,
    /// Rules that may be "as found" and had their first judgement.
    judged: BTreeSet<RuleId>,
    /// Rules whose alert of an earlier run waits for a word of this one.
    awaited: BTreeMap<RuleId, Awaited>,
    /// Rules that may be "as found" and do not hold: since when samples say so, and the last time one did.
    clear: BTreeMap<RuleId, (WallTime, WallTime)>,
}

/// An alert of an earlier run.
#[derive(Debug, Clone, Copy)]
struct Awaited {
    /// First supporting sample, in that run.
    since: WallTime,
    /// How often in a row its rule did not hold in this one.
    clears: u8,
}

/// The latest judgements of one rule, and its finding if it stands.
#[derive(Debug, Clone)]
struct Track {
    /// The last `of` judgements, oldest first: when the rule held, `None` where it did not.
    window: VecDeque<Option<Now>>,
    /// Judgements in a row at the end that did not hold.
    clears: u8,
    /// The run began with the very first judgement of the rule.
    first_sight: bool,
    /// The newest judgement had evidence.
    measured: bool,
    standing: Option<Standing>,
}

#[derive(Debug, Clone)]
struct Standing {
    evidence: Box<Evidence>,
    /// First supporting sample, on both clocks: the wall clock may be set while it stands.
    since: Now,
    /// The severity it had on first sight, for a finding that is listed for review.
    as_found: Option<Severity>,
    /// The rule whose finding explains it, by the newest judgement that had evidence.
    explained_by: Option<RuleId>,
}

impl Tracks {
    /// Counts a judgement.
    pub(super) fn count(&mut self, card: &RuleCard, judgement: Judgement, now: Now) {
        self.see(card, &judgement);
        match judgement {
            Judgement::NoEvidence => {}
            Judgement::Explained(cause) => {
                let track = self.active.get_mut(&card.id);
                if let Some(standing) = track.and_then(|track| track.standing.as_mut()) {
                    standing.explained_by = Some(cause);
                }
            }
            Judgement::Fires(evidence) if !evidence.anew && !self.stands(card.id) => {}
            Judgement::Moot => self.drop_question(card),
            Judgement::Fires(evidence) => {
                let first = self.is_first(card);
                self.clear.remove(&card.id);
                let began = self.awaited.get_mut(&card.id).map(|awaited| {
                    awaited.clears = 0;
                    awaited.since
                });
                let track = self.active.entry(card.id).or_insert_with(|| Track::new(first));
                track.hold(card.hysteresis, evidence, now);
                if let Some((standing, began)) = track.standing.as_mut().zip(began)
                    && began < standing.since.wall
                {
                    standing.since = now.back_to(began);
                }
            }
            Judgement::Clear => {
                self.is_first(card);
                self.answer(card);
                if let Some(track) = self.active.get_mut(&card.id)
                    && track.miss(card.hysteresis)
                {
                    self.active.remove(&card.id);
                }
                if card.reviewed_when_found && !self.stands(card.id) {
                    self.clear.entry(card.id).or_insert((now.wall, now.wall)).1 = now.wall;
                }
            }
        }
    }

    /// Takes note of a judgement that no sample brought: it may raise or clear what a single
    /// judgement raises or clears, and counts towards nothing.
    pub(super) fn glance(&mut self, card: &RuleCard, judgement: Judgement, now: Now) {
        self.see(card, &judgement);
        let standing = self.active.get_mut(&card.id).and_then(|track| track.standing.as_mut());
        match (judgement, standing) {
            (Judgement::Fires(evidence), Some(standing)) => standing.renew(evidence),
            (judgement @ Judgement::Fires(_), None) if card.hysteresis.raise <= 1 => {
                self.count(card, judgement, now);
            }
            (Judgement::Clear, standing) if card.hysteresis.clear <= 1 => {
                if standing.is_some() {
                    self.active.remove(&card.id);
                }
                self.answer(card);
            }
            (Judgement::Moot, _) => self.drop_question(card),
            _ => {}
        }
    }

    /// Notes whether the newest judgement had evidence.
    fn see(&mut self, card: &RuleCard, judgement: &Judgement) {
        if let Some(track) = self.active.get_mut(&card.id) {
            let unmeasured = matches!(judgement, Judgement::NoEvidence | Judgement::Explained(_));
            track.measured = !unmeasured;
        }
    }

    pub(super) fn forget_undecided(&mut self) {
        self.active.retain(|_, track| track.standing.is_some());
    }

    /// Nobody asks any more: nothing stands, and nothing is waited for.
    fn drop_question(&mut self, card: &RuleCard) {
        self.active.remove(&card.id);
        self.awaited.remove(&card.id);
    }

    /// Waits for a word on each of these rules, whose alerts began then.
    pub(super) fn wait_for(&mut self, rules: impl IntoIterator<Item = (RuleId, WallTime)>) {
        let awaited = |(rule, since)| (rule, Awaited { since, clears: 0 });
        self.awaited.extend(rules.into_iter().map(awaited));
    }

    /// Waits no more for a word on this rule; since when it stood, if it was waited for.
    pub(super) fn stop_waiting(&mut self, rule: RuleId) -> Option<WallTime> {
        self.awaited.remove(&rule).map(|awaited| awaited.since)
    }

    /// Whether a word on this rule is waited for.
    pub(super) fn is_awaited(&self, rule: RuleId) -> bool {
        self.awaited.contains_key(&rule)
    }

    /// What stands of these rules, told how severe it is, and since when.
    pub(super) fn since_when(
        &self,
        of: impl Fn(RuleId, Option<Severity>) -> bool,
    ) -> impl Iterator<Item = (RuleId, WallTime)> {
        self.active.iter().filter_map(move |(rule, track)| {
            let standing = track.standing.as_ref()?;
            let wanted = of(*rule, Some(standing.evidence.severity));
            wanted.then_some((*rule, standing.since.wall))
        })
    }

    /// Rules that neither stand nor were found clear since they are waited for.
    pub(super) fn awaited(&self) -> impl Iterator<Item = RuleId> {
        self.awaited.keys().copied()
    }

    /// A rule does not hold: that is an answer once it is so as often as a finding needs to end.
    fn answer(&mut self, card: &RuleCard) {
        if let Some(awaited) = self.awaited.get_mut(&card.id) {
            awaited.clears = awaited.clears.saturating_add(1);
            if awaited.clears >= card.hysteresis.clear.max(1) {
                self.awaited.remove(&card.id);
            }
        }
    }

    /// Whether a judgement that no sample brought could change anything.
    pub(super) fn heeds_glance(&self, card: &RuleCard) -> bool {
        card.hysteresis.raise <= 1
            || self.awaited.contains_key(&card.id)
            || self.active.get(&card.id).is_some_and(|track| track.standing.is_some())
    }

    /// Forgets what was said by rules that `leaves` names, told how severe what stands is.
    pub(super) fn forget(&mut self, leaves: impl Fn(RuleId, Option<Severity>) -> bool) {
        self.active.retain(|rule, track| {
            let severity = track.standing.as_ref().map(|standing| standing.evidence.severity);
            !leaves(*rule, severity)
        });
    }

    /// What is said of a rule whose finding somebody accepted.
    pub(super) fn look(&self, rule: RuleId) -> AcceptedLook {
        match self.clear.get(&rule) {
            _ if self.stands(rule) => AcceptedLook::Stands,
            Some((since, last)) => AcceptedLook::Clear { since: *since, last: *last },
            None => AcceptedLook::Unknown,
        }
    }

    /// Whether nothing stands, and nothing is counted towards a finding.
    pub(super) fn is_clear(&self) -> bool {
        self.active.is_empty()
    }

    /// Whether the finding of `rule` stands.
    pub(super) fn stands(&self, rule: RuleId) -> bool {
        self.active.get(&rule).is_some_and(|track| track.standing.is_some())
    }

    /// The finding of `rule`, while it stands.
    pub(super) fn standing_of(&self, rule: RuleId) -> Option<Stands<'_>> {
        let standing = self.active.get(&rule)?.standing.as_ref()?;
        Some(Stands {
            severity: standing.evidence.severity,
            confidence: standing.evidence.confidence,
            title: &standing.evidence.title,
            since: standing.since,
            as_found: standing.as_found.is_some(),
        })
    }

    /// What stands, in the order of `rules`.
    pub(super) fn standing(
        &self,
        rules: &[&'static dyn Rule],
        may_be_why: impl Fn(&'static dyn Rule) -> bool,
    ) -> Vec<Candidate> {
        if self.active.is_empty() {
            return Vec::new();
        }
        rules
            .iter()
            .filter_map(|rule| {
                let card = rule.card();
                let track = self.active.get(&card.id)?;
                let standing = track.standing.as_ref()?;
                let finding = card.finding(
                    &standing.evidence,
                    standing.since.wall,
                    standing.as_found.is_some(),
                );
                let may_be_why = may_be_why(*rule);
                let (measured, explained_by) = (track.measured, standing.explained_by);
                Some(Candidate { card, finding, measured, may_be_why, explained_by })
            })
            .collect()
    }

    /// Whether this is the first judgement of a rule that is reviewed when found.
    fn is_first(&mut self, card: &RuleCard) -> bool {
        card.reviewed_when_found && self.judged.insert(card.id)
    }
}

impl Track {
    const fn new(first_sight: bool) -> Self {
        Self { window: VecDeque::new(), clears: 0, first_sight, measured: true, standing: None }
    }

    fn hold(&mut self, hysteresis: Hysteresis, evidence: Box<Evidence>, now: Now) {
        self.push(hysteresis, Some(now));
        self.clears = 0;
        if let Some(standing) = &mut self.standing {
            standing.renew(evidence);
            return;
        }
        let held = self.window.iter().flatten().count();
        if held >= raise(hysteresis) {
            let first = self.window.iter().flatten().next().copied().unwrap_or(now);
            let reviewed =
                self.first_sight && evidence.severity < Severity::Critical && !evidence.is_change;
            self.standing = Some(Standing {
                since: evidence.since.map_or(first, |since| now.back_to(since)),
                as_found: reviewed.then_some(evidence.severity),
                explained_by: None,
                evidence,
            });
        }
    }

    /// Whether the run is over, so that the track may be forgotten.
    fn miss(&mut self, hysteresis: Hysteresis) -> bool {
        self.push(hysteresis, None);
        self.clears = self.clears.saturating_add(1);
        if let Some(standing) = &mut self.standing {
            standing.explained_by = None;
            self.clears >= hysteresis.clear.max(1)
        } else {
            self.window.iter().flatten().next().is_none()
        }
    }

    fn push(&mut self, hysteresis: Hysteresis, held: Option<Now>) {
        while self.window.len() >= of(hysteresis) {
            self.window.pop_front();
        }
        self.window.push_back(held);
    }
}

impl Standing {
    /// The newest evidence replaces the old; what got worse is no longer as it was found. Who can fix
    /// what is over stays whoever could while it was measured.
    fn renew(&mut self, mut evidence: Box<Evidence>) {
        self.explained_by = None;
        if !evidence.anew && evidence.severity > self.evidence.severity {
            return;
        }
        if !evidence.anew {
            evidence.owner = evidence.owner.or(self.evidence.owner);
        }
        self.as_found =
            self.as_found.filter(|found| evidence.severity <= *found && !evidence.is_change);
        self.evidence = evidence;
    }
}

fn of(hysteresis: Hysteresis) -> usize {
    usize::from(hysteresis.of.max(1))
}

fn raise(hysteresis: Hysteresis) -> usize {
    usize::from(hysteresis.raise).clamp(1, of(hysteresis))
}
