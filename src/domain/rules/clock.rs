//! Clocks that differ: `clock-skew`.

use super::prelude::*;
use crate::domain::clocks::{Clocks, clock_skew};
use crate::domain::sample::NlaOutcome;
use crate::domain::thresholds::SkewThresholds;

/// On the dashboard a difference is told this long after it was measured, so that the other hosts
/// have their say first.
const HEARD: Duration = Duration::from_mins(1);

/// The host's clock and this machine's differ.
#[derive(Debug)]
pub(super) struct ClockSkew;

static CLOCK_SKEW: RuleCard = RuleCard {
    id: RuleId("clock-skew"),
    title: "clocks differ",
    severities: &[Severity::Warning, Severity::Critical],
    owner: Owner::Server,
    rung: Some(Rung::Nla),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: NLA,
    plain: "Its clock is wrong, or that of this machine: signing in may fail.",
    explanation: "The host's NTLM challenge tells its time. Compared with this machine's clock at \
        that moment, less half the time the answer took, it differs by two minutes or more; from \
        five minutes on Kerberos refuses to sign anybody in (at the default setting of a domain). \
        With three hosts or more all clocks are compared with each other, this machine's too: when \
        most agree against this machine, it is this machine's clock that is wrong, and only hosts \
        that differ from the rest are named. A measurement from before this machine slept or had its \
        clock set counts for nothing.",
    disproof: "`w32tm /stripchart` from here shows a difference below the threshold.",
    remedies: &[
        remedies::SYNC_CLOCKS,
        Remedy {
            confirm: Some("Invoke-Command HOST { w32tm /query /status; w32tm /query /source }"),
            needs: Some("administrator rights on HOST; PowerShell remoting"),
            ..Remedy::new(
                "Look where the host takes its time from: a member of a domain from its domain \
                 controller, a virtual machine not from its hypervisor beside that.",
                RunOn::Host,
            )
        },
    ],
    explains: &[],
    low_risk: true,
    client_error: client::CLOCKS,
    reviewed_when_found: true,
    alerting: Alerting::PLAIN,
};

impl Rule for ClockSkew {
    fn card(&self) -> &'static RuleCard {
        &CLOCK_SKEW
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some(entry) = view.nla else { return Judgement::NoEvidence };
        if entry.value.outcome == NlaOutcome::NotOffered {
            return Judgement::Clear;
        }
        let Some(skew) = clock_skew(view.nla, view.now) else { return Judgement::NoEvidence };
        let others = match view.around.clocks {
            Clocks::Agree(ours) => ours,
            Clocks::TooFew | Clocks::Outdated | Clocks::Disagree => 0,
        };
        let limits = &view.target.thresholds.clock_skew;
        let Some(severity) = severity(skew.saturating_sub(others), limits) else {
            return Judgement::Clear;
        };
        let unheard = view.mode == Mode::Watch && view.now.mono.since(entry.at.mono) < HEARD;
        if unheard || view.around.clocks == Clocks::Outdated {
            return Judgement::NoEvidence;
        }
        let apart = apart(skew.saturating_sub(others));
        let (whose, owner, first) = match view.around.clocks {
            Clocks::Agree(_) => (
                "the other hosts'",
                "the other hosts agree with each other",
                "Server team: resynchronise it.",
            ),
            _ => (
                "this machine's",
                "one of the two is wrong",
                "Compare both with a third clock and resynchronise the wrong one.",
            ),
        };
        let sentence = format!(
            "The clock of {} is {apart}{} {whose} (certain): {owner}. {}. {first}",
            name(view),
            of(&apart),
            match severity {
                Severity::Critical => "Kerberos refuses sign-ins there (possible)",
                _ => "From 5 minutes on Kerberos would refuse sign-ins",
            }
        );
        Judgement::fires(
            Evidence::new(severity, Confidence::Certain, format!("clock {apart}"), sentence)
                .lines(entry.value.identity.as_ref().and_then(|identity| identity.time).map(
                    |theirs| {
                        format!("it said {}, at {} here", moment(theirs), clock(entry.at.wall))
                    },
                ))
                .line(format!("{skew:+} ms against this machine, half the way taken off"))
                .lines(match view.around.clocks {
                    Clocks::Agree(ours) => {
                        Some(format!("most other hosts: {ours:+} ms against this machine"))
                    }
                    _ => None,
                })
                .since(Some(entry.at.wall)),
        )
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let ours = match around.clocks {
            Clocks::Agree(ours) => ours,
            Clocks::Disagree => return Judgement::Clear,
            Clocks::TooFew | Clocks::Outdated => return Judgement::NoEvidence,
        };
        let Some(severity) = severity(ours, &SkewThresholds::default()) else {
            return Judgement::Clear;
        };
        let apart = apart(ours.saturating_neg());
        let sentence = format!(
            "The clock of this machine is {apart}{} those of most hosts (certain): they agree with \
             each other, so it is this one (likely). Resynchronise it.",
            of(&apart)
        );
        Judgement::fires(
            Evidence::new(severity, Confidence::Likely, format!("own clock {apart}"), sentence)
                .line(format!("most hosts: {ours:+} ms against this machine"))
                .owned_by(Owner::Client),
        )
    }
}

fn severity(skew: i64, limits: &SkewThresholds) -> Option<Severity> {
    let apart = Duration::from_millis(skew.unsigned_abs());
    if apart >= limits.critical {
        Some(Severity::Critical)
    } else {
        (apart >= limits.warning).then_some(Severity::Warning)
    }
}

/// `6 min ahead`, `3 h 2 min behind`.
fn apart(skew: i64) -> String {
    let apart = span(Duration::from_millis(skew.unsigned_abs()));
    format!("{apart} {}", if skew < 0 { "behind" } else { "ahead" })
}

/// The word between `ahead` and whose.
fn of(apart: &str) -> &'static str {
    if apart.ends_with("ahead") { " of" } else { "" }
}
