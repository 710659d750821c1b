//! Which of the findings that stand are told: one cause, not its consequences.

use super::super::finding::{Finding, Rung, Severity};
use super::super::rules::{HOST_ASLEEP_ID, RuleCard};
use super::super::sample::{ConnectOutcome, ProbeKind};
use super::super::view::TargetView;
use super::Diagnosed;
use std::cmp::Reverse;

/// A finding that stands, with the card it came from.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) card: &'static RuleCard,
    pub(super) finding: Finding,
}

/// Leaves out what another finding explains, then what is above the lowest broken rung that is
/// left. In this order, because a silent host loses every echo: the silence explains the loss, and
/// the loss must not hide the silence, which is a rung higher.
///
/// Before that it leaves out all about the direct way to a host whose users always go through a
/// gateway.
pub(super) fn suppress(standing: Vec<Candidate>, view: &TargetView<'_>) -> Diagnosed {
    let detoured = |candidate: &Candidate| {
        view.target.via_gateway() && !candidate.card.fed_by.contains(&ProbeKind::Gateway)
    };
    let (direct, standing): (Vec<_>, Vec<_>) = standing.into_iter().partition(detoured);
    let mut told = tell(standing, view);
    told.withheld.extend(direct.into_iter().map(|candidate| candidate.finding.rule));
    told
}

fn tell(standing: Vec<Candidate>, view: &TargetView<'_>) -> Diagnosed {
    let connects = view.connect().is_some_and(|connect| connect.outcome == ConnectOutcome::Open);
    let Diagnosed { findings, mut withheld, .. } = explained(standing);
    let lowest = findings.iter().filter_map(|finding| blocks(finding, connects)).min();
    let is_above =
        |finding: &Finding| finding.rung.zip(lowest).is_some_and(|(rung, lowest)| rung > lowest);
    let (above, findings): (Vec<_>, Vec<_>) = findings.into_iter().partition(is_above);
    withheld.extend(above.into_iter().map(|finding| finding.rule));
    Diagnosed { findings, withheld, awaited: Vec::new() }
}

/// The rung that a finding breaks, so that nothing above it can be judged. Echo stands beside the
/// climb: it breaks nothing while TCP connects.
fn blocks(finding: &Finding, connects: bool) -> Option<Rung> {
    if finding.rule == HOST_ASLEEP_ID {
        return Some(finding.rung.unwrap_or(Rung::Echo));
    }
    let rung = finding.rung.filter(|_| finding.severity == Severity::Critical)?;
    (rung != Rung::Echo || !connects).then_some(rung)
}

/// Leaves out what another finding explains, directly or through others, and sorts the rest worst
/// first. Among rules that explain each other in a circle the worst stays: something always does.
pub(super) fn explained(mut standing: Vec<Candidate>) -> Diagnosed {
    standing.sort_by_key(|candidate| order(&candidate.finding));
    let explains: Vec<Vec<usize>> = standing
        .iter()
        .map(|cause| {
            let listed = |effect: &Candidate| {
                effect.finding.rule != cause.finding.rule
                    && cause.card.explains.contains(&effect.finding.rule.0)
            };
            (0..).zip(&standing).filter(|(_, effect)| listed(effect)).map(|(at, _)| at).collect()
        })
        .collect();
    let has_cause = |index: usize| explains.iter().any(|effects| effects.contains(&index));
    let (effects, roots): (Vec<usize>, Vec<usize>) =
        (0..standing.len()).partition(|index| has_cause(*index));

    let mut fate: Vec<Option<Fate>> = vec![None; standing.len()];
    for index in roots.into_iter().chain(effects) {
        if let Some(slot @ None) = fate.get_mut(index) {
            *slot = Some(Fate::Told);
            withhold_effects(index, &explains, &mut fate);
        }
    }

    let mut diagnosed = Diagnosed::default();
    for (candidate, fate) in standing.into_iter().zip(fate) {
        match fate {
            Some(Fate::Withheld) => diagnosed.withheld.push(candidate.finding.rule),
            Some(Fate::Told) | None => diagnosed.findings.push(candidate.finding),
        }
    }
    diagnosed
}

#[derive(Clone, Copy)]
enum Fate {
    Told,
    Withheld,
}

fn withhold_effects(cause: usize, explains: &[Vec<usize>], fate: &mut [Option<Fate>]) {
    let mut causes = vec![cause];
    while let Some(cause) = causes.pop() {
        for effect in explains.get(cause).into_iter().flatten() {
            if let Some(slot @ None) = fate.get_mut(*effect) {
                *slot = Some(Fate::Withheld);
                causes.push(*effect);
            }
        }
    }
}

/// Worst first: severity, what is new before what was found, confidence, lowest rung, and those
/// without a rung last.
fn order(finding: &Finding) -> impl Ord + use<> {
    (
        Reverse(finding.severity),
        finding.as_found,
        Reverse(finding.confidence),
        finding.rung.is_none(),
        finding.rung,
    )
}
