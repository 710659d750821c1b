//! What ails it that may ail others alike, and what it shares with them.

mod pingless;

use super::Tracked;
use crate::domain::common_cause::{
    CommonCause, Example, How, LineFault, ServiceFault, Share, Thing, Trouble, Witness, Word,
};
use crate::domain::echo_series::{EchoPoint, median};
use crate::domain::finding::{Finding, RuleId, Severity};
use crate::domain::history::Timed;
use crate::domain::rules::{
    PATH_OUTAGE_ID, RESTARTED_TOGETHER_ID, alerting_once, explained_by, explains, usual_round_trip,
};
use crate::domain::sample::{
    Attempt, ConnectOutcome, EchoMethod, EchoOutcome, NameOutcome, NegotiateOutcome, NlaOutcome,
    PathOutcome, Resolution,
};
use crate::domain::surroundings::Surroundings;
use crate::domain::target::Host;
use crate::domain::time::{MonoTime, Now};
use crate::domain::view::Mode;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Findings that may be those of many.
const RULES: [&str; 11] = [
    "packet-loss",
    "high-latency",
    "high-jitter",
    "mtu-black-hole",
    "dns-slow",
    "dns-mismatch",
    "credssp-rejected",
    "port-closed",
    "rdp-silent",
    "rdp-slow",
    "connection-flapping",
];
/// What of this machine explains some of them, also those that are found after it is over: what was lost
/// meanwhile is in their windows still.
const SHADOWS: [&str; 2] = ["wifi-weak", "link-saturated"];
/// Nothing at all is measured of hosts that are silent together.
const SILENCES: [RuleId; 2] = [PATH_OUTAGE_ID, RESTARTED_TOGETHER_ID];
/// So many connections in a row contradict that some fail.
const GOOD_IN_A_ROW: usize = 4;
/// Echo is looked at over this long.
const CLEAN: Duration = Duration::from_mins(1);
/// Round trips are compared over this long.
const LATELY: Duration = Duration::from_secs(30);
/// The newest round trips that show a line that begins to be slow.
const NEWEST: usize = 5;
/// So much slower than usual is a sign.
const MARGIN: Duration = Duration::from_millis(25);
/// So many requests that are lost in a row are silence.
const SILENCE: u32 = 3;

/// A finding of a target that others may have alike.
#[derive(Debug, Clone)]
pub struct Ailment {
    /// What ails it.
    pub trouble: Trouble,
    /// The finding.
    pub rule: RuleId,
    /// First supporting sample.
    pub since: Now,
    severity: Severity,
    says: Arc<Example>,
}

/// What ails a target that may ail others alike.
#[derive(Debug, Clone, Default)]
pub struct Ails {
    /// As it is told, without what was there on first sight.
    pub told: Vec<Ailment>,
    /// Findings that another cause explains.
    pub explained: Vec<RuleId>,
    /// Findings of which it says nothing, whether they stand or not: what it suffers with others would
    /// explain them.
    pub hidden: Vec<RuleId>,
}

impl Tracked {
    /// What ails it.
    #[must_use]
    pub fn ailments(&self, around: &Surroundings, now: Now) -> Ails {
        if self.diagnosis.is_clear() {
            return Ails::default();
        }
        let hidden = self.hidden(around);
        let stands = |id: &'static str| self.diagnosis.stands(RuleId(id));
        let causes = SHADOWS.into_iter().filter(|id| self.diagnosis.stands(RuleId(id)));
        let shadowed = causes.flat_map(|id| explained_by(RuleId(id)));
        let shadowed: Vec<RuleId> = shadowed.filter(|rule| RULES.contains(&rule.0)).collect();
        if !RULES.into_iter().any(stands) {
            return Ails { explained: shadowed, hidden, ..Ails::default() };
        }
        let diagnosed = self.diagnosed(around, now);
        let told = diagnosed.findings.iter();
        let told = told.filter(|one| one.severity >= Severity::Warning && !one.as_found);
        let told = told.filter_map(|one| self.ailment(one, around, now)).collect();
        let explained = diagnosed.withheld.into_iter();
        let explained = explained.filter(|rule| RULES.contains(&rule.0)).chain(shadowed);
        Ails { told, explained: explained.collect(), hidden }
    }

    /// What findings that it has with others explain.
    fn hidden(&self, around: &Surroundings) -> Vec<RuleId> {
        let fails = around.common.iter().filter(|cause| {
            let alike = matches!(cause.thing, Thing::Alike(..));
            !alike && cause.members.contains_key(&self.target.id)
        });
        let told = fails.flat_map(|cause: &CommonCause| cause.thing.tells().iter().copied());
        let causes = alerting_once().chain(told.map(RuleId));
        let mut causes = causes.filter(|cause| self.diagnosis.stands(*cause)).peekable();
        if causes.peek().is_none() {
            return Vec::new();
        }
        let causes: Vec<RuleId> = causes.collect();
        let silent = SILENCES.iter().any(|cause| causes.contains(cause));
        let explains = |rule: &RuleId| causes.iter().any(|cause| explains(*cause, *rule));
        RULES.into_iter().map(RuleId).filter(|rule| silent || explains(rule)).collect()
    }

    fn ailment(&self, finding: &Finding, around: &Surroundings, now: Now) -> Option<Ailment> {
        let trouble = self.trouble(finding.rule)?;
        let takes = match trouble {
            Trouble::Line(LineFault::Slow) => self.echo.window(now.mono, LATELY).median,
            Trouble::Line(LineFault::Jumps) => self.echo.window(now.mono, CLEAN).jitter,
            _ => None,
        };
        let beside = self.target.controls.iter().filter_map(|control| match control {
            Host::Address(address, _) => Some(*address),
            Host::Name(name) => around.control_names.get(name).copied(),
        });
        Some(Ailment {
            trouble,
            rule: finding.rule,
            severity: finding.severity,
            since: self.diagnosis.standing(finding.rule)?.since,
            says: Arc::new(Example {
                title: finding.title.clone(),
                sure: finding.confidence,
                address: self.dialled(),
                beside: beside.collect(),
                takes,
            }),
        })
    }

    fn trouble(&self, rule: RuleId) -> Option<Trouble> {
        let line = |fault| Some(Trouble::Line(fault));
        let service = |fault| Some(Trouble::Service(fault));
        match rule.0 {
            "packet-loss" => line(LineFault::Loses),
            "high-latency" => line(LineFault::Slow),
            "high-jitter" => line(LineFault::Jumps),
            "mtu-black-hole" => Some(Trouble::LargePackets),
            "dns-slow" => {
                let limit = self.target.thresholds.dns_slow.warning;
                let slow = self.resolve.recent().find(|answer| answer.value.elapsed >= limit)?;
                Some(Trouble::SlowNames(slowest(&slow.value)?))
            }
            "dns-mismatch" => {
                let elsewhere = self.leads.newest(|to| self.target.is_elsewhere(to))?;
                elsewhere.addresses.first().copied().map(Trouble::LeadsTo)
            }
            "credssp-rejected" => {
                let status = self.nla.as_ref()?.value.error?;
                Some(Trouble::SignIn(status))
            }
            "port-closed" => service(ServiceFault::Refused),
            "rdp-silent" => service(ServiceFault::Silent),
            "rdp-slow" => service(ServiceFault::Slow),
            "connection-flapping" => service(ServiceFault::InTurns),
            _ => None,
        }
    }

    /// What it shares with others.
    pub fn shares<'a>(&'a self, around: &'a Surroundings) -> impl Iterator<Item = Share<'a>> {
        let local = &around.local;
        let address = self.dialled();
        let tunnel = address.and_then(|address| local.tunnel_of(address));
        let routed = address.is_some_and(|to| tunnel.is_some() || local.on_link(to).is_none());
        let group = self.target.group.as_deref().map(Share::Group);
        let tunnel = tunnel.map(|tunnel| Share::Tunnel(&tunnel.name));
        [Some(Share::All), group, routed.then_some(Share::Router), tunnel].into_iter().flatten()
    }

    /// What it says of `trouble`; `ailments` are its own. `hidden`: when what it suffers with others last
    /// explained whatever it shows.
    #[must_use]
    pub fn fares(
        &self,
        trouble: Trouble,
        ailments: &[Ailment],
        hidden: Option<MonoTime>,
        around: &Surroundings,
        now: Now,
    ) -> Option<Witness<'_>> {
        let own = ailments.iter().filter(|one| one.trouble == trouble);
        let worst = own.clone().max_by_key(|one| one.severity);
        let works_since = |last: MonoTime| {
            let shows = self.shows(trouble, around, now)?;
            (shows.1 == Word::Works && shows.0.mono > last).then_some(shows)
        };
        let (at, word) = match worst {
            Some(worst) => {
                let since = own.map(|one| one.since).min_by_key(|at| at.mono)?;
                let severity = worst.severity;
                (now, Word::Fails { how: How::Itself, severity, since, stands: true })
            }
            None if let Some(last) = hidden => works_since(last).unwrap_or((now, Word::Explained)),
            None if self.ails_otherwise(trouble) => return None,
            None => self.shows(trouble, around, now)?,
        };
        Some(Witness {
            target: self.target.id,
            name: &self.target.name,
            word,
            at,
            says: worst.map(|one| Arc::clone(&one.says)),
            maintained: self.maintained.is_some(),
        })
    }

    /// Whether it has a finding of the kind, which another cause explains. A notice of loss among
    /// connections is a sign.
    fn ails_otherwise(&self, trouble: Trouble) -> bool {
        let least = match (trouble, self.method) {
            (Trouble::Line(LineFault::Loses), EchoMethod::Tcp) => Severity::Warning,
            _ => Severity::Notice,
        };
        let stands = |rule| self.diagnosis.standing(rule).is_some_and(|one| one.severity >= least);
        let mut rules = RULES.into_iter().map(RuleId);
        rules.any(|rule| stands(rule) && self.trouble(rule) == Some(trouble))
    }

    /// What its measurements show where it has no finding.
    fn shows(&self, trouble: Trouble, around: &Surroundings, now: Now) -> Option<(Now, Word)> {
        match trouble {
            Trouble::Line(fault) => self.shows_line(fault, around, now),
            Trouble::LargePackets => {
                let newest = self.path.last()?;
                match newest.value.outcome {
                    PathOutcome::BlackHole => Some((newest.at, Word::Suffers)),
                    PathOutcome::Full | PathOutcome::Lowered => Some((newest.at, Word::Works)),
                    PathOutcome::Unknown | PathOutcome::LocalError(_) => None,
                }
            }
            Trouble::SlowNames(server) => {
                let newest = self.resolve.last()?;
                let answer = &newest.value;
                let asked = answer.servers.iter().any(|one| one.server.ip() == server);
                if answer.outcome != NameOutcome::Ok || !asked {
                    return None;
                }
                let slow = answer.elapsed >= self.target.thresholds.dns_slow.warning;
                Some((newest.at, if slow { Word::Suffers } else { Word::Works }))
            }
            Trouble::LeadsTo(address) => {
                let newest = self.resolve.last()?;
                if newest.value.outcome != NameOutcome::Ok {
                    return None;
                }
                let leads = newest.value.addresses.contains(&address);
                Some((newest.at, if leads { Word::Without } else { Word::Works }))
            }
            Trouble::SignIn(status) => {
                let newest = self.nla.as_ref()?;
                let word = match newest.value.outcome {
                    NlaOutcome::Challenge => Word::Works,
                    NlaOutcome::Error if newest.value.error == Some(status) => Word::Suffers,
                    _ => Word::Without,
                };
                Some((newest.at, word))
            }
            Trouble::Service(fault) => self.shows_service(fault),
        }
    }

    /// A line is well when it showed no sign of the fault for a while, and has to be so long.
    fn shows_line(&self, fault: LineFault, around: &Surroundings, now: Now) -> Option<(Now, Word)> {
        if self.method == EchoMethod::Tcp {
            return self.shows_by_connections(fault, around, now);
        }
        let lately = self.echo.window(now.mono, CLEAN);
        if lately.received == 0 || self.echo.trailing_losses().0 >= SILENCE {
            return None;
        }
        let suffers = match fault {
            LineFault::Loses => lately.lost > 0,
            LineFault::Slow => self.is_slower(around, now),
            LineFault::Jumps => {
                let sign = self.target.thresholds.high_jitter.warning / 2;
                lately.jitter.is_some_and(|jitter| jitter >= sign)
            }
        };
        if suffers {
            return Some((now, Word::Suffers));
        }
        let at = Now { mono: now.mono.minus(CLEAN), wall: now.wall.minus(CLEAN) };
        Some((at, Word::Works))
    }

    /// Whether its newest round trips take longer than usual. What a line adds, it adds to all alike,
    /// however far they are.
    fn is_slower(&self, around: &Surroundings, now: Now) -> bool {
        let view = self.view(Mode::Watch, around, now);
        let points = self.echo.newest_within(now.mono, CLEAN);
        let measured = points.filter(|point| !matches!(point.outcome, EchoOutcome::Void(_)));
        let newest = measured.filter_map(EchoPoint::round_trip).take(NEWEST);
        let newest = median(newest.collect()).zip(usual_round_trip(&view));
        newest.is_some_and(|(newest, usual)| newest >= usual.saturating_add(MARGIN))
    }

    fn shows_service(&self, fault: ServiceFault) -> Option<(Now, Word)> {
        let newest = self.attempts.last()?;
        let same = |entry: &Timed<Attempt>| match fault {
            ServiceFault::Refused => entry.value.connect.outcome == ConnectOutcome::Refused,
            ServiceFault::Silent => {
                let negotiate = entry.value.negotiate.as_ref();
                negotiate.is_some_and(|one| matches!(one.outcome, NegotiateOutcome::Timeout))
            }
            ServiceFault::InTurns => !entry.value.works(),
            ServiceFault::Slow => false,
        };
        if fault != ServiceFault::InTurns {
            let word = match newest {
                one if same(one) => Word::Suffers,
                one if one.value.works() => Word::Works,
                _ => Word::Without,
            };
            return Some((newest.at, word));
        }
        let lately = || self.attempts.recent().take(GOOD_IN_A_ROW);
        let oldest = lately().last()?;
        if lately().any(same) {
            return Some((newest.at, Word::Suffers));
        }
        (lately().count() == GOOD_IN_A_ROW).then_some((oldest.at, Word::Works))
    }
}

/// The DNS server that is why a name was answered late: the first of those that took longest. One that
/// refuses at once takes no time.
fn slowest(answer: &Resolution) -> Option<IpAddr> {
    let servers = answer.servers.iter().rev();
    servers.max_by_key(|one| one.elapsed).map(|one| one.server.ip())
}
