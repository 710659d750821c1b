//! Which of the findings that stand are told: one cause, not its consequences.

use super::super::finding::{Finding, RuleId, Rung, Severity};
use super::super::rules::{HOST_ASLEEP_ID, RuleCard};
use super::super::sample::{Connect, ConnectOutcome, ProbeKind};
use super::super::stats::{EchoStats, may_all_be_lost};
use super::super::view::TargetView;
use super::Diagnosed;
use std::cmp::Reverse;
use std::time::Duration;

/// Loss that may be why connections fail is measured since the first of them, and no longer than this.
const MEASURED_OVER: Duration = Duration::from_mins(1);

/// Of so many requests the share since then stands alone.
const ENOUGH: u32 = 30;

/// So often at least a SYN is sent before a connection is given up (RFC 6298: the second after 1 s).
const SYNS: u32 = 2;

/// A finding that stands, with the card it came from.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) card: &'static RuleCard,
    pub(super) finding: Finding,
    /// The newest look at its rule had evidence.
    pub(super) measured: bool,
    /// It may be why others fail at this moment.
    pub(super) may_be_why: bool,
    /// The rule that explains it, by its own word, while the finding of that one stands.
    pub(super) explained_by: Option<RuleId>,
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
    let away = standing.iter().filter(|candidate| !candidate.may_be_why);
    let away: Vec<RuleId> = away.map(|candidate| candidate.finding.rule).collect();
    let Diagnosed { findings, mut withheld, explained, told_by, .. } = explained(standing);
    let lossy = findings.iter().any(is_critical_at_echo) && loss_may_be_why(view);
    let here = findings.iter().filter(|finding| !away.contains(&finding.rule));
    let lowest = here.filter_map(|finding| blocks(finding, lossy)).min();
    let is_above =
        |finding: &Finding| finding.rung.zip(lowest).is_some_and(|(rung, lowest)| rung > lowest);
    let (above, findings): (Vec<_>, Vec<_>) = findings.into_iter().partition(is_above);
    withheld.extend(above.into_iter().map(|finding| finding.rule));
    Diagnosed { findings, withheld, explained, told_by, ..Diagnosed::default() }
}

/// The rung that a finding breaks, so that nothing above it can be judged. Echo stands beside the
/// climb: it breaks something only where loss may be why TCP has no answer.
fn blocks(finding: &Finding, lossy: bool) -> Option<Rung> {
    if finding.rule == HOST_ASLEEP_ID {
        return Some(finding.rung.unwrap_or(Rung::Echo));
    }
    let rung = finding.rung.filter(|_| finding.severity == Severity::Critical)?;
    (!is_critical_at_echo(finding) || lossy).then_some(rung)
}

fn is_critical_at_echo(finding: &Finding) -> bool {
    finding.rule != HOST_ASLEEP_ID
        && finding.rung == Some(Rung::Echo)
        && finding.severity == Severity::Critical
}

/// Whether the connections without an answer may have failed of the loss that echo measures. An
/// answer, be it a refusal, is not lost, and where echo is silent too it is no loss.
fn loss_may_be_why(view: &TargetView<'_>) -> bool {
    let unheard = |connect: &Connect| {
        connect.outcome == ConnectOutcome::Timeout
            || connect.outcome == ConnectOutcome::Unreachable && connect.icmp_is_ours
    };
    let local = |connect: &Connect| matches!(connect.outcome, ConnectOutcome::LocalError(_));
    let mut tried = view.attempts.recent().filter(|entry| !local(&entry.value.connect)).peekable();
    if tried.peek().is_none() {
        return true;
    }
    let in_a_row: Vec<_> = tried.take_while(|entry| unheard(&entry.value.connect)).collect();
    let failed = in_a_row.len();
    let lately = view.echo.window(view.now.mono, MEASURED_OVER);
    if failed == 0 || lately.sent > 0 && lately.received == 0 {
        return false;
    }
    let share = |echo: &EchoStats| f64::from(echo.lost) / f64::from(echo.sent.max(1));
    let since = in_a_row.last().map_or(MEASURED_OVER, |first| view.now.mono.since(first.at.mono));
    let meanwhile = view.echo.window(view.now.mono, since.min(MEASURED_OVER));
    let share = match (lately.sent, meanwhile.sent) {
        (0, _) => 1.0,
        (_, ENOUGH..) => share(&meanwhile),
        _ => share(&meanwhile).max(share(&lately)),
    };
    may_all_be_lost(share, SYNS.saturating_mul(u32::try_from(failed).unwrap_or(u32::MAX)))
}

/// Leaves out what another finding explains, directly or through others, and sorts the rest worst
/// first. Among rules that explain each other in a circle the worst stays: something always does.
pub(super) fn explained(mut standing: Vec<Candidate>) -> Diagnosed {
    standing.sort_by_key(|candidate| order(&candidate.finding));
    let explains: Vec<Vec<usize>> = standing
        .iter()
        .map(|cause| {
            let listed = |effect: &Candidate| {
                cause.may_be_why
                    && effect.finding.rule != cause.finding.rule
                    && (cause.card.explains.contains(&effect.finding.rule.0)
                        || effect.explained_by == Some(cause.finding.rule))
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

    let rules: Vec<_> = standing.iter().map(|candidate| candidate.finding.rule).collect();
    let mut diagnosed = Diagnosed::default();
    for (candidate, fate) in standing.into_iter().zip(fate) {
        let rule = candidate.finding.rule;
        match fate {
            Some(Fate::Withheld(cause)) => {
                diagnosed.withheld.push(rule);
                let explained = rules.get(cause).map(|cause| (rule, *cause));
                diagnosed.explained.extend(explained);
                diagnosed.told_by.extend(explained.filter(|_| candidate.measured));
            }
            Some(Fate::Told) | None => diagnosed.findings.push(candidate.finding),
        }
    }
    diagnosed
}

#[derive(Clone, Copy)]
enum Fate {
    Told,
    /// By the one that is told at this place.
    Withheld(usize),
}

fn withhold_effects(root: usize, explains: &[Vec<usize>], fate: &mut [Option<Fate>]) {
    let mut causes = vec![root];
    while let Some(cause) = causes.pop() {
        for effect in explains.get(cause).into_iter().flatten() {
            if let Some(slot @ None) = fate.get_mut(*effect) {
                *slot = Some(Fate::Withheld(root));
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
