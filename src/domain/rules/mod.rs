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
mod evidence;
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
mod rule_card;
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

pub use evidence::{Evidence, Judgement};
pub use rule_card::{Alerting, Hysteresis, RuleCard};

pub(crate) use identity::is_another_machine;
pub(crate) use latency::{HIGH_LATENCY_ID, newest_round_trip, usual_round_trip};
pub(crate) use outage::{PATH_OUTAGE_ID, whose as whose_path};
pub(crate) use restarted_together::RESTARTED_TOGETHER_ID;
pub(crate) use session::drop_of;
pub(crate) use silence::{HOST_ASLEEP_ID, HOST_UNREACHABLE_ID};
pub(crate) use slow::{RDP_SLOW_ID, usual_service};
pub(crate) use told::{told_as, told_with};

use super::finding::RuleId;
use super::surroundings::Surroundings;
use super::target::TargetId;
use super::view::TargetView;
use std::collections::BTreeSet;
use std::fmt::Debug;

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

    /// Of a rule about several hosts: those of which it learns nothing at this moment, and why.
    fn unheard(&self, around: &Surroundings) -> Option<Unheard> {
        let _ = around;
        None
    }
}

/// Hosts of which nothing is learnt, and the rule that tells why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unheard {
    /// Which finding explains it.
    pub cause: RuleId,
    /// Who.
    pub hosts: BTreeSet<TargetId>,
}

/// Of whom the rule with this name learns nothing at this moment.
#[must_use]
pub fn unheard(id: RuleId, around: &Surroundings) -> Option<Unheard> {
    rule(id.0)?.unheard(around)
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
