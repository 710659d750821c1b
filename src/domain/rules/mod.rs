//! The catalogue: every cause, defined once.
//!
//! A rule is a card (what it is, whose, what to do) and a judgement (whether it holds at one
//! moment). When a judgement becomes a finding is the business of `diagnose`; what else explains
//! it is on the card.

mod barred;
mod blocked;
mod certificate_dates;
mod certificate_identity;
mod certificate_intercepted;
mod client;
mod client_settings;
mod clock;
mod common;
mod credssp;
mod detour;
mod disagreement;
mod dns_server_slow;
mod dns_slow;
mod dropped;
mod failing;
mod gateway;
mod gateway_certificate;
mod gateway_remedies;
mod identity;
mod latency;
mod lease;
mod line_degraded;
mod loss;
mod mismatch;
mod monitor;
mod mtu;
mod name;
mod name_path;
mod names_to_one_address;
mod outage;
mod overload;
mod periodic;
mod port;
mod prelude;
mod proxied;
mod remedies;
mod restarted;
mod restarted_together;
mod saturated;
mod security;
mod service;
mod service_failure;
mod session;
mod several;
mod shared;
mod sign_in_failure;
mod silence;
mod sleep;
mod slow;
mod starting;
mod tls;
mod told;
mod udp;
mod vpn;
mod way_down;
mod whose;
mod wifi;
mod words;
mod would_drop;

#[cfg(test)]
mod tests;

pub(crate) use identity::is_another_machine;
pub(crate) use latency::{HIGH_LATENCY_ID, newest_round_trip, usual_round_trip};
pub(crate) use outage::{PATH_OUTAGE_ID, whose as whose_path};
pub(crate) use restarted_together::RESTARTED_TOGETHER_ID;
pub(crate) use session::drop_of;
pub(crate) use silence::{HOST_ASLEEP_ID, HOST_UNREACHABLE_ID};
pub(crate) use slow::{RDP_SLOW_ID, usual_service};
pub(crate) use told::{told_as, told_with};

use super::finding::{ClientError, Confidence, Owner, Remedy, Risk, RuleId, Rung, Severity};
use super::sample::ProbeKind;
use super::surroundings::Surroundings;
use super::target::TargetId;
use super::time::WallTime;
use super::view::TargetView;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

/// Every rule of this version, in the order of the documentation.
pub static RULES: &[&dyn Rule] = &[
    // Path.
    &outage::PathOutage,
    &restarted_together::RestartedTogether,
    &vpn::VpnFlap,
    &session::SessionDropped,
    &periodic::DropsPeriodic,
    &silence::HostUnreachable,
    &silence::HostAsleep,
    &restarted::HostRestarted,
    &would_drop::SessionWouldDrop,
    &loss::PacketLoss,
    &latency::HighLatency,
    &latency::HighJitter,
    &line_degraded::LineDegraded,
    &saturated::LinkSaturated,
    &wifi::WifiWeak,
    &mtu::MtuLow,
    &mtu::MtuBlackHole,
    // Name.
    &common::DnsServerFailure,
    &name::DnsFailure,
    &names_to_one_address::NamesToOneAddress,
    &mismatch::DnsMismatch,
    &mismatch::AddressChanged,
    &disagreement::DnsDisagreement,
    &dns_server_slow::DnsServerSlow,
    &dns_slow::DnsSlow,
    &name_path::NamePathBroken,
    &identity::IdentityMismatch,
    &name::AddressDead,
    &name::NameIsSelf,
    // Port and transport.
    &barred::PortBarred,
    &service_failure::ServiceFailure,
    &port::PortClosed,
    &port::PortFiltered,
    &port::PortRejected,
    &service::RdpSilent,
    &service::NotRdpAnswers,
    &slow::RdpSlow,
    &dropped::ConnectionDropped,
    &dropped::ConnectionFlapping,
    &proxied::Proxied,
    &udp::UdpBlocked,
    &udp::Udp65sBug,
    &blocked::MonitorBlocked,
    // Security layers.
    &certificate_identity::CertificateMissing,
    &certificate_dates::CertificateExpired,
    &certificate_dates::CertificateNotYetValid,
    &certificate_dates::CertificateExpiring,
    &certificate_identity::CertificateNameMismatch,
    &certificate_identity::CertificateWeak,
    &certificate_identity::CertificateChanged,
    &shared::CertificateShared,
    &certificate_intercepted::CertificateIntercepted,
    &tls::TlsHandshakeFailed,
    &tls::TlsOutdated,
    &security::LegacySecurity,
    &security::SecurityLayerMismatch,
    &security::EntraRequired,
    &credssp::NlaNotEnforced,
    &credssp::CredsspOutdated,
    &sign_in_failure::SignInFailure,
    &credssp::CredsspRejected,
    &clock::ClockSkew,
    // Gateway.
    &common::GatewayFailure,
    &gateway::GatewayUnreachable,
    &gateway::GatewayNotAnswering,
    &gateway_certificate::GatewayCertificate,
    &gateway::GatewayMisused,
    &client_settings::ClientSettingsMisfit,
    // Wake and this machine.
    &sleep::MacUnknown,
    &sleep::WakeFailed,
    &monitor::MonitorOffline,
    &overload::MonitorOverload,
    &monitor::ProbeLimited,
];

/// One cause.
pub trait Rule: Debug + Sync {
    /// What it is.
    fn card(&self) -> &'static RuleCard;

    /// Whether it holds for one target at this moment.
    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let _ = view;
        Judgement::NoEvidence
    }

    /// Whether what it found may be why other things fail at this moment: what comes and goes is no
    /// reason while it is away.
    fn may_be_why(&self, view: &TargetView<'_>) -> bool {
        let _ = view;
        true
    }

    /// Whether it holds for this machine at this moment.
    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let _ = around;
        Judgement::NoEvidence
    }
}

/// What a rule says of one moment.
#[derive(Debug, Clone, PartialEq)]
pub enum Judgement {
    /// It holds.
    Fires(Box<Evidence>),
    /// It was measured and does not hold.
    Clear,
    /// Nothing was measured that speaks for or against it: what stood before stands.
    NoEvidence,
    /// What stood before stands, and the finding of this rule explains it for as long as that stands.
    Explained(RuleId),
    /// The question does not arise: what it would be measured by is not there (no gateway is
    /// configured, nobody was woken). What stood before is over.
    Moot,
}

impl Judgement {
    /// It holds, on this evidence.
    #[must_use]
    pub fn fires(evidence: Evidence) -> Self {
        Self::Fires(Box::new(evidence))
    }
}

/// Why a rule holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// How bad, in this case.
    pub severity: Severity,
    /// How sure, in this case.
    pub confidence: Confidence,
    /// Who can fix it, when it is not the card's owner.
    pub owner: Option<Owner>,
    /// The rung it is about, when it is not the card's.
    pub rung: Option<Rung>,
    /// A few words for a table or an alert line; escaped.
    pub title: String,
    /// One sentence a help desk can read aloud; escaped.
    pub sentence: String,
    /// The measurements, one line each; escaped.
    pub lines: Vec<String>,
    /// First supporting sample, when the rule can tell; else the first moment it held.
    pub since: Option<WallTime>,
    /// What the user's client would show, when it is not the card's.
    pub client_error: Option<ClientError>,
    /// What to do, when it is not the card's.
    pub remedies: Option<&'static [Remedy]>,
    /// It is a change against what was remembered, and so never as it was found.
    pub is_change: bool,
    /// It is of the way to the host, and says nothing of the host itself.
    pub of_the_way: bool,
    /// Whom it concerns, where it speaks of several hosts.
    pub members: Option<Arc<BTreeSet<TargetId>>>,
    /// Findings of theirs that are told with it, by their rules.
    pub tells: &'static [&'static str],
    /// The number of the newest fault that it speaks of: another one is told although the one before
    /// it was.
    pub faults: u32,
    /// What its alert is called once it is over, when that says more than its last title.
    pub title_over: Option<String>,
    /// It is of measurements that are new enough to raise a finding, or a worse one: else it may
    /// only keep what stands.
    pub anew: bool,
}

impl Evidence {
    /// A claim without measurements yet.
    #[must_use]
    pub fn new(
        severity: Severity,
        confidence: Confidence,
        title: impl Into<String>,
        sentence: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            confidence,
            owner: None,
            rung: None,
            title: title.into(),
            sentence: sentence.into(),
            lines: Vec::new(),
            since: None,
            client_error: None,
            remedies: None,
            is_change: false,
            of_the_way: false,
            faults: 1,
            title_over: None,
            members: None,
            tells: &[],
            anew: true,
        }
    }

    /// Says that it is a change against what was remembered: not for review, but told.
    #[must_use]
    pub fn changed(mut self, is_change: bool) -> Self {
        self.is_change = is_change;
        self
    }

    /// Adds a measurement.
    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// Adds measurements.
    #[must_use]
    pub fn lines(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.lines.extend(lines);
        self
    }

    /// Says that the host itself may be there: it is the way to it that is broken, or likelier to be.
    #[must_use]
    pub const fn of_the_way(mut self) -> Self {
        self.of_the_way = true;
        self
    }

    /// Numbers the newest fault that it speaks of.
    #[must_use]
    pub const fn of_faults(mut self, newest: u32) -> Self {
        self.faults = newest;
        self
    }

    /// Says whom it concerns.
    #[must_use]
    pub fn concerning(mut self, members: impl Iterator<Item = TargetId>) -> Self {
        self.members = Some(Arc::new(members.collect()));
        self
    }

    /// Says which findings of theirs are told with it.
    #[must_use]
    pub const fn telling(mut self, tells: &'static [&'static str]) -> Self {
        self.tells = tells;
        self
    }

    /// Says what its alert is called once it is over.
    #[must_use]
    pub fn over_as(mut self, title: String) -> Self {
        self.title_over = Some(title);
        self
    }

    /// Says whether it may raise a finding.
    #[must_use]
    pub const fn anew(mut self, anew: bool) -> Self {
        self.anew = anew;
        self
    }

    /// Names the first supporting sample.
    #[must_use]
    pub fn since(mut self, since: Option<WallTime>) -> Self {
        self.since = since;
        self
    }

    /// Another title.
    #[must_use]
    fn titled(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// Names somebody else than the card's owner.
    #[must_use]
    pub fn owned_by(mut self, owner: Owner) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Names who can mend it, with the measurements that say so.
    #[must_use]
    fn blamed(self, whose: Option<whose::Whose>) -> Self {
        match whose {
            Some(whose) => self.lines(whose.lines).owned_by(whose.owner),
            None => self,
        }
    }

    /// Names another rung than the card's.
    #[must_use]
    pub fn at_rung(mut self, rung: Rung) -> Self {
        self.rung = Some(rung);
        self
    }

    /// Names what to do, where it differs from the card's.
    #[must_use]
    pub fn remedied(mut self, remedies: Option<&'static [Remedy]>) -> Self {
        self.remedies = remedies;
        self
    }

    /// Names what the client shows, where it differs from the card's.
    #[must_use]
    pub fn client(mut self, error: Option<ClientError>) -> Self {
        self.client_error = error;
        self
    }
}

/// When a judgement becomes a finding, and when the finding ends. Counted in judgements that had
/// evidence, one per sample of the kinds that feed the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hysteresis {
    /// This many …
    pub raise: u8,
    /// … of the last so many must hold.
    pub of: u8,
    /// This many in a row must not hold.
    pub clear: u8,
}

impl Hysteresis {
    /// Raised and cleared by a single judgement: certificates, and rules with a window of their own.
    pub const AT_ONCE: Self = Self { raise: 1, of: 1, clear: 1 };
    /// Two of two, cleared by one.
    pub const TWICE: Self = Self { raise: 2, of: 2, clear: 1 };
}

/// How the findings of a rule alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not modes")]
pub struct Alerting {
    /// One alert of this machine, not one of each target: a path and a line are shared.
    pub once: bool,
    /// That one tells of several hosts, and not of this machine itself.
    pub several: bool,
    /// One by one: not to be accepted with others that were there on first sight.
    pub alone: bool,
    /// What it is a state of. A host is in one state of a thing at a time: the alert of another
    /// state ends when this one fires.
    pub state_of: Option<&'static str>,
    /// It is measured anew all the time, and says nothing of a time in which nothing is: its alert is
    /// over once something else has explained it for some minutes.
    pub passing: bool,
}

impl Alerting {
    /// As most do.
    pub const PLAIN: Self =
        Self { once: false, several: false, alone: false, state_of: None, passing: false };
    /// Over when nothing can be measured of it.
    pub const PASSING: Self = Self { passing: true, ..Self::PLAIN };
    /// One alert of this machine.
    pub const ONCE: Self = Self { once: true, ..Self::PLAIN };
    /// One alert of several hosts.
    pub const SEVERAL: Self = Self { several: true, ..Self::ONCE };
    /// Accepted one by one.
    pub const ALONE: Self = Self { alone: true, ..Self::PLAIN };

    /// As a state of `thing`.
    #[must_use]
    pub const fn state_of(thing: &'static str) -> Self {
        Self { state_of: Some(thing), ..Self::PLAIN }
    }

    /// Whether the two are states of one thing.
    #[must_use]
    pub fn excludes(self, other: Self) -> bool {
        self.state_of.is_some() && self.state_of == other.state_of
    }
}

/// What a rule is, for the engine, `explain`, help, JSON and the documentation.
#[derive(Debug)]
pub struct RuleCard {
    /// Stable name.
    pub id: RuleId,
    /// A few words: `certificate expired`.
    pub title: &'static str,
    /// The severities it can have, mildest first.
    pub severities: &'static [Severity],
    /// Who can usually fix it.
    pub owner: Owner,
    /// The rung it is about. The findings of the lowest broken rung suppress those above it.
    pub rung: Option<Rung>,
    /// When it is raised and cleared.
    pub hysteresis: Hysteresis,
    /// Samples of these kinds are evidence for or against it.
    pub fed_by: &'static [ProbeKind],
    /// What it found, one sentence without words of protocols, for whoever works on a host and does
    /// not run it. As far as the rule is not sure, neither is the sentence.
    pub plain: &'static str,
    /// One paragraph: what it means, how it is measured, what else it could be.
    pub explanation: &'static str,
    /// What would show that it is wrong, one sentence.
    pub disproof: &'static str,
    /// What to do, safe first; those that weaken security last.
    pub remedies: &'static [Remedy],
    /// Rules that it explains: their findings are left out while it stands.
    pub explains: &'static [&'static str],
    /// A warning of this rule makes the risk only low.
    pub low_risk: bool,
    /// What the user's client usually shows, if anything.
    pub client_error: Option<ClientError>,
    /// If it holds on first sight it is listed for review and does not alert. Never for criticals.
    pub reviewed_when_found: bool,
    /// How its findings alert.
    pub alerting: Alerting,
}

impl RuleCard {
    /// What a finding of this severity means for a session.
    #[must_use]
    pub const fn risk(&self, severity: Severity) -> Risk {
        match severity {
            Severity::Critical => Risk::High,
            Severity::Warning if self.low_risk => Risk::Low,
            Severity::Warning => Risk::Elevated,
            Severity::Notice => Risk::None,
        }
    }
}

/// Whether a finding of `newer` shows that what `older` said is over.
#[must_use]
pub fn supersedes(newer: RuleId, older: RuleId) -> bool {
    let of = |id: RuleId| card(id.0).map(|card| card.alerting);
    newer != older && of(newer).zip(of(older)).is_some_and(|(newer, older)| newer.excludes(older))
}

/// Whose an alert is that is of no target.
#[must_use]
pub fn whose_without_target(rule: RuleId) -> &'static str {
    let several = card(rule.0).is_some_and(|card| card.alerting.several);
    if several { "several hosts" } else { "this machine" }
}

/// The rules of which this machine has one alert, not one of each target.
pub fn alerting_once() -> impl Iterator<Item = RuleId> {
    RULES.iter().map(|rule| rule.card()).filter(|card| card.alerting.once).map(|card| card.id)
}

/// What this rule explains.
pub fn explained_by(cause: RuleId) -> impl Iterator<Item = RuleId> {
    card(cause.0).into_iter().flat_map(|card| card.explains).map(|id| RuleId(id))
}

/// Whether a finding of `cause` explains one of `effect`.
#[must_use]
pub fn explains(cause: RuleId, effect: RuleId) -> bool {
    card(cause.0).is_some_and(|card| card.explains.contains(&effect.0))
}

/// What the rule with this name found, in plain words.
#[must_use]
pub fn plain(id: RuleId) -> Option<&'static str> {
    card(id.0).map(|card| card.plain)
}

/// The card of the rule with this name.
#[must_use]
pub fn card(id: &str) -> Option<&'static RuleCard> {
    rule(id).map(Rule::card)
}

/// The rule with this name.
#[must_use]
pub fn rule(id: &str) -> Option<&'static dyn Rule> {
    RULES.iter().find(|rule| rule.card().id.0 == id).copied()
}
