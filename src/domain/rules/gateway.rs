//! The RD Gateway in front of a target: `gateway-unreachable`, `gateway-not-answering`,
//! `gateway-misused`.

use super::gateway_remedies as steps;
use super::prelude::*;
use crate::domain::history::Timed;
use crate::domain::sample::{
    Gateway, GatewayAnswer, GatewayHttp, GatewayStage, GatewayTls, Hello, NameOutcome, TlsOutcome,
    TlsVersion,
};
use crate::domain::target::{GatewayAddress, GatewayUsage};
use crate::domain::text::excerpt;
use crate::domain::tls_alert::alert_name;

/// Looks at a gateway are what feeds the rule.
pub(super) const GATEWAYS: &[ProbeKind] = &[ProbeKind::Gateway];

/// The newest look at the gateway that may be judged, with its configuration.
pub(super) fn looked<'a>(
    view: &TargetView<'a>,
) -> Option<(&'a GatewayAddress, &'a Timed<Gateway>)> {
    // A look that this machine could not take does not make the one before it two.
    let newest = view.gateway.last()?.at;
    let entry = view.gateway_measured()?;
    let current = view.mode == Mode::Moment || entry.at == newest;
    current.then_some((view.target.gateway.as_ref()?, entry))
}

/// What is said of the gateway without a look at it: nothing, and where none is configured there is
/// nothing to say.
pub(super) const fn unseen(view: &TargetView<'_>) -> Judgement {
    if view.target.gateway.is_none() { Judgement::Moot } else { Judgement::NoEvidence }
}

/// The gateway in a sentence, escaped: `The gateway gw.corp.lab:443 of office-pc`.
pub(super) fn the_gateway(view: &TargetView<'_>, gateway: &GatewayAddress) -> String {
    format!("The gateway {} of {}", excerpt(&gateway.to_string(), 60), name(view))
}

/// Critical where every session needs it; a warning while clients get through without it.
pub(super) fn severity(view: &TargetView<'_>) -> Severity {
    if view.target.via_gateway() || !directly(view) {
        Severity::Critical
    } else {
        Severity::Warning
    }
}

/// Whether the host itself answers this machine without the gateway.
fn directly(view: &TargetView<'_>) -> bool {
    view.settled().is_some_and(|entry| entry.value.works())
}

/// Lines that every finding about a gateway ends with.
pub(super) fn usage_lines(view: &TargetView<'_>, gateway: &GatewayAddress) -> Vec<String> {
    let usage = match gateway.usage {
        GatewayUsage::Always => "clients always go through the gateway",
        GatewayUsage::WhenDirectFails => "clients use the gateway when the direct way fails",
    };
    let direct = match (directly(view), gateway.usage) {
        (true, GatewayUsage::Always) => Some(
            "the host itself answers this machine directly: on its network sessions are possible \
             without the gateway",
        ),
        (true, GatewayUsage::WhenDirectFails) => Some("the direct way works from this machine"),
        (false, _) => None,
    };
    [Some(usage), direct].into_iter().flatten().map(str::to_owned).collect()
}

/// No way to the gateway.
#[derive(Debug)]
pub(super) struct GatewayUnreachable;

static GATEWAY_UNREACHABLE: RuleCard = RuleCard {
    id: RuleId("gateway-unreachable"),
    title: "RD Gateway unreachable",
    severities: &[Severity::Warning, Severity::Critical],
    owner: Owner::Server,
    rung: None,
    hysteresis: Hysteresis::TWICE,
    fed_by: GATEWAYS,
    plain: "The gateway that leads to it cannot be reached.",
    explanation: "The RD Gateway that the target's users go through cannot be reached from this \
        machine: its name leads nowhere, TCP does not open on any of the first two addresses, TLS \
        fails, or it takes only versions of TLS that current Windows has switched off. Every \
        session that needs the gateway fails with it, whatever the host behind does. Where clients \
        use the gateway only when the direct way fails, and that way works, it is a warning.",
    disproof: "The gateway completes a TLS handshake from this machine, or from where the users \
        are.",
    remedies: steps::REACH,
    explains: &["gateway-not-answering", "gateway-certificate"],
    low_risk: false,
    client_error: client::GATEWAY_UNREACHABLE,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for GatewayUnreachable {
    fn card(&self) -> &'static RuleCard {
        &GATEWAY_UNREACHABLE
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((gateway, entry)) = looked(view) else { return unseen(view) };
        let found = &entry.value;
        let who = the_gateway(view, gateway);
        let (title, sentence, owner) = match found.stage() {
            GatewayStage::NoName => {
                let why = found.name.why_no_address();
                let sentence = format!(
                    "{who} cannot be found: {why} (certain). DNS team: look the name up where the \
                     users are first."
                );
                (format!("gateway: {}", found.name.word().replace('_', " ")), sentence, Owner::Dns)
            }
            GatewayStage::NoTcp => no_tcp(&who, found),
            GatewayStage::NoTls => no_tls(&who, found.tls.as_ref()),
            GatewayStage::OldTls => match old_version(found) {
                None => return Judgement::Clear,
                Some(version) => {
                    let sentence = format!(
                        "{who} speaks only {version} (certain), which current Windows has switched \
                         off. Server team: enable TLS 1.2 there."
                    );
                    (format!("gateway: only {version}"), sentence, Owner::Server)
                }
            },
            GatewayStage::NotMeasured => return Judgement::NoEvidence,
            GatewayStage::Answered(_) => return Judgement::Clear,
        };
        Judgement::fires(
            Evidence::new(severity(view), Confidence::Certain, title, sentence)
                .lines(look_lines(found))
                .lines(usage_lines(view, gateway))
                .since(view.gateway.since(is_unreachable).map(|at| at.wall))
                .owned_by(owner),
        )
    }
}

fn is_unreachable(found: &Gateway) -> bool {
    match found.stage() {
        GatewayStage::NoName | GatewayStage::NoTcp | GatewayStage::NoTls => true,
        GatewayStage::OldTls => old_version(found).is_some(),
        GatewayStage::NotMeasured | GatewayStage::Answered(_) => false,
    }
}

/// The version of a gateway that takes no current one.
fn old_version(found: &Gateway) -> Option<TlsVersion> {
    let tls = found.tls.as_ref().filter(|tls| tls.hello == Hello::Legacy)?;
    tls.version.filter(|version| *version < TlsVersion(0x0303))
}

fn no_tcp(who: &str, found: &Gateway) -> (String, String, Owner) {
    let outcome = found.connect.as_ref().map(|connect| connect.outcome);
    let (what, first, owner) = match outcome {
        Some(ConnectOutcome::Refused) => {
            ("refuses connections", "Server team: see whether its web service runs.", Owner::Server)
        }
        Some(ConnectOutcome::Prohibited) => (
            "cannot be connected to: a firewall prohibits it",
            "Network team: find the rule.",
            Owner::Network,
        ),
        Some(ConnectOutcome::Unreachable) => (
            "cannot be reached: no way leads there",
            "Network team: check the way to it from where the users are.",
            Owner::Network,
        ),
        _ => (
            "does not answer",
            "Network team: try it from where the users are first.",
            Owner::Network,
        ),
    };
    let word = outcome.map_or("no answer", |outcome| match outcome {
        ConnectOutcome::Timeout => "no answer",
        other => other.word(),
    });
    (format!("gateway: {word}"), format!("{who} {what} (certain). {first}"), owner)
}

fn no_tls(who: &str, tls: Option<&GatewayTls>) -> (String, String, Owner) {
    let outcome = tls.map_or(TlsOutcome::Unsupported, |tls| tls.outcome);
    let how = tls_words(outcome);
    let sentence = format!(
        "{who} accepts connections, and its TLS handshake ends with {how} (certain): no usable \
         certificate is bound, or something else has the port (likely). Server team: check the \
         binding first."
    );
    let word = match outcome {
        TlsOutcome::Reset | TlsOutcome::Closed => "closed",
        other => other.word(),
    };
    (format!("gateway: TLS {word}"), sentence, Owner::Server)
}

fn tls_words(outcome: TlsOutcome) -> String {
    match outcome {
        TlsOutcome::Ok => "success".to_owned(),
        TlsOutcome::Reset | TlsOutcome::Closed => "a close by the peer".to_owned(),
        TlsOutcome::Alert(description) => match alert_name(description) {
            Some(name) => format!("the alert {name}"),
            None => format!("alert {description}"),
        },
        TlsOutcome::Timeout => "silence".to_owned(),
        TlsOutcome::Malformed(misread) => format!("bytes that are not TLS, {misread}"),
        TlsOutcome::Unsupported => "something that this program cannot read".to_owned(),
    }
}

/// One line per rung that was climbed.
pub(super) fn look_lines(found: &Gateway) -> Vec<String> {
    let name = match found.name {
        NameOutcome::Ok | NameOutcome::NotNeeded => None,
        outcome => Some(format!("name: {}", outcome.why_no_address())),
    };
    let tcp = found.connect.as_ref().map(super::port::connect_line);
    let tls = found.tls.as_ref().map(|tls| {
        let version = tls.version.map_or_else(String::new, |version| format!(", {version}"));
        let hello = match tls.hello {
            Hello::Modern => "",
            Hello::Legacy => " by the legacy hello",
        };
        format!("TLS: {}{hello}{version} after {}", tls_words(tls.outcome), span(tls.elapsed))
    });
    let http = found.http.as_ref().map(http_line);
    [name, tcp, tls, http].into_iter().flatten().collect()
}

fn http_line(http: &GatewayHttp) -> String {
    let what = match (http.status, http.answer) {
        (Some(status), _) => format!("status {status}"),
        (None, GatewayAnswer::Timeout) => "no answer".to_owned(),
        (None, GatewayAnswer::Closed) => "closed by the peer".to_owned(),
        (None, GatewayAnswer::Malformed(misread)) => format!("not HTTP: {misread}"),
        (None, other) => other.word().replace('_', " "),
    };
    let schemes = match http.schemes.as_slice() {
        [] => String::new(),
        schemes => format!(", schemes {}", list(schemes.iter().map(|scheme| excerpt(scheme, 32)))),
    };
    format!(
        "RDG_OUT_DATA: {what}{schemes} after {}, {}",
        span(http.elapsed),
        count(u64::try_from(http.received).unwrap_or(u64::MAX), "byte")
    )
}

/// A server without a gateway behind it.
#[derive(Debug)]
pub(super) struct GatewayNotAnswering;

static GATEWAY_NOT_ANSWERING: RuleCard = RuleCard {
    id: RuleId("gateway-not-answering"),
    title: "RD Gateway does not ask for sign-in",
    severities: &[Severity::Warning, Severity::Critical],
    owner: Owner::Server,
    rung: None,
    hysteresis: Hysteresis::TWICE,
    fed_by: GATEWAYS,
    plain: "The gateway that leads to it does not ask for sign-in.",
    explanation: "TLS with the RD Gateway works, and its answer to one request without credentials \
        (RDG_OUT_DATA on /remoteDesktopGateway/) is not the 401 with sign-in schemes that a gateway \
        must give (MS-TSGU 3.3.5.1). 404: a web server without a gateway. 405 or 501: something in \
        front filters the methods of Remote Desktop. 503: the gateway's service or its application \
        pool is stopped. A redirect: a proxy or portal in front, which clients do not follow. \
        Silence, a close, or bytes that are no HTTP: the service hangs, or something else has the \
        port. Nobody signs in and no tunnel is opened, so that nothing beyond the first answer is \
        known. Where clients use the gateway only when the direct way fails, and that way works, it \
        is a warning.",
    disproof: "A 401 with the schemes Negotiate or NTLM to the same request.",
    remedies: &[
        steps::ASK_BY_HAND,
        steps::SERVICES,
        steps::ROLE,
        steps::IN_FRONT,
        steps::OTHER_TRANSPORT,
        steps::DIRECTLY,
    ],
    explains: &[],
    low_risk: false,
    client_error: client::GATEWAY_UNAVAILABLE,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for GatewayNotAnswering {
    fn card(&self) -> &'static RuleCard {
        &GATEWAY_NOT_ANSWERING
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((gateway, entry)) = looked(view) else { return unseen(view) };
        let found = &entry.value;
        let (GatewayStage::Answered(answer), Some(http)) = (found.stage(), &found.http) else {
            return Judgement::NoEvidence;
        };
        let Some((title, what, owner)) = refusal(answer, http) else { return Judgement::Clear };
        let sentence = format!("{} {what}", the_gateway(view, gateway));
        Judgement::fires(
            Evidence::new(severity(view), Confidence::Certain, title, sentence)
                .lines(look_lines(found))
                .lines(location_line(http))
                .lines(usage_lines(view, gateway))
                .since(view.gateway.since(is_refusal).map(|at| at.wall))
                .owned_by(owner),
        )
    }
}

fn is_refusal(found: &Gateway) -> bool {
    matches!(found.stage(), GatewayStage::Answered(answer) if answer != GatewayAnswer::Challenge)
}

fn location_line(http: &GatewayHttp) -> Option<String> {
    let location = http.location.as_ref()?;
    Some(format!("it sends clients to {}", quoted(location)))
}

/// Title, what the gateway does and what to do first, and who can; `None` of a challenge.
fn refusal(answer: GatewayAnswer, http: &GatewayHttp) -> Option<(String, String, Owner)> {
    let status = http.status.unwrap_or_default();
    let (what, owner) = match answer {
        GatewayAnswer::Challenge => return None,
        GatewayAnswer::NotFound => (
            "is a web server without Remote Desktop behind it: 404 (certain). Server team: check \
             that the role RD Gateway is installed and this is its machine."
                .to_owned(),
            Owner::Server,
        ),
        GatewayAnswer::MethodFiltered => (
            format!(
                "refuses the method of Remote Desktop: {status} (certain), so that a web filter or \
                 proxy in front of it is likely. Security team: let RDG_OUT_DATA and RDG_IN_DATA \
                 through."
            ),
            Owner::Security,
        ),
        GatewayAnswer::Redirected => (
            format!(
                "sends clients elsewhere: {status} (certain), so that a proxy or portal in front of \
                 it is likely. Clients do not follow. Network team: lead /remoteDesktopGateway/ past \
                 it."
            ),
            Owner::Network,
        ),
        GatewayAnswer::Unavailable => (
            "is up and its Remote Desktop service is not: 503 (certain). Server team: start the \
             service TSGateway and its application pool."
                .to_owned(),
            Owner::Server,
        ),
        GatewayAnswer::NoSchemes => (
            "refuses access without naming a way to sign in: 401 (certain). Server team: check the \
             authentication of the site in IIS."
                .to_owned(),
            Owner::Server,
        ),
        GatewayAnswer::OtherStatus => (
            format!(
                "does not ask for sign-in: {status} (certain). Server team: look at its web server's \
                 log, and at what stands in front."
            ),
            Owner::Server,
        ),
        GatewayAnswer::Timeout => (
            format!(
                "accepts the request and does not answer in {} (certain). Server team: see whether \
                 the service TSGateway hangs.",
                span(http.elapsed)
            ),
            Owner::Server,
        ),
        GatewayAnswer::Closed => (
            "closes the connection in place of an answer (certain). Server team: look at its web \
             server's log, and at what stands in front."
                .to_owned(),
            Owner::Server,
        ),
        GatewayAnswer::Malformed(misread) => (
            format!(
                "does not answer in HTTP: {misread} (certain). Server team: find out which program \
                 has the port."
            ),
            Owner::Server,
        ),
    };
    let title = match http.status {
        Some(status) => format!("gateway answers {status}"),
        None => format!("gateway: {}", answer.word()),
    };
    Some((title, what, owner))
}

/// A gateway in the way of a neighbour.
#[derive(Debug)]
pub(super) struct GatewayMisused;

static GATEWAY_MISUSED: RuleCard = RuleCard {
    id: RuleId("gateway-misused"),
    title: "RD Gateway without need",
    severities: &[Severity::Notice],
    owner: Owner::Client,
    rung: None,
    hysteresis: Hysteresis::TWICE,
    fed_by: &[ProbeKind::Gateway, ProbeKind::Negotiate, ProbeKind::Tls],
    plain: "It answers directly, and sessions go round by a gateway.",
    explanation: "The configuration, or the .rdp file, sends every session through an RD Gateway, \
        and the host is a neighbour of this machine that answers directly. From here the gateway \
        is a detour: one more thing that can fail or end a session. For users elsewhere it may be \
        the only way, which is why this is only a notice, and why nothing is said of hosts that are \
        not on this machine's own network.",
    disproof: "Nobody connects from this machine's network.",
    remedies: &[steps::BYPASS_LOCAL],
    explains: &[],
    low_risk: false,
    client_error: None,
    reviewed_when_found: true,
    alerting: Alerting::PLAIN,
};

impl Rule for GatewayMisused {
    fn card(&self) -> &'static RuleCard {
        &GATEWAY_MISUSED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some((gateway, entry)) = looked(view) else { return unseen(view) };
        let Some(attempt) = view.settled() else { return Judgement::NoEvidence };
        if !entry.value.answers() {
            return Judgement::NoEvidence;
        }
        let address = attempt.value.connect.address;
        let neighbour = view
            .around
            .local
            .on_link(address.ip())
            .is_some_and(|interface| !interface.loopback && !interface.tunnel);
        let applies = view.target.via_gateway() && neighbour && !view.is_self();
        if !applies || !attempt.value.works() {
            return Judgement::Clear;
        }
        let sentence = format!(
            "{} is on this machine's own network and answers directly (certain); sessions from here \
             are sent through the gateway {} all the same. Let clients bypass it for local addresses.",
            name(view),
            excerpt(&gateway.to_string(), 60)
        );
        Judgement::fires(
            Evidence::new(
                Severity::Notice,
                Confidence::Certain,
                "RD Gateway without need",
                sentence,
            )
            .line(super::port::connect_line(&attempt.value.connect))
            .line("clients always go through the gateway".to_owned()),
        )
    }
}
