//! `udp-blocked` and `udp-65s-bug`: RDP's UDP transport.

use super::prelude::*;
use crate::domain::history::Timed;
use crate::domain::sample::{EchoMethod, OsVersion, Udp, UdpOutcome, UdpVersion};
use crate::domain::target::TargetKind;

/// Loss is looked for over this span.
const LOSS_SPAN: Duration = Duration::from_mins(5);

/// So many echo requests must have been lost at the least.
const LOST: u32 = 3;

/// Above this share of loss three SYNs may have been lost for that reason alone.
const TOO_LOSSY: f64 = 0.2;

/// Connections that had to send segments again, of the newest [`CONNECTIONS_SEEN`], are loss too.
const RETRANSMITTING: usize = 2;
const CONNECTIONS_SEEN: usize = 5;

/// The UDP transport answered before.
#[derive(Debug)]
pub(super) struct UdpBlocked;

static UDP_BLOCKED: RuleCard = RuleCard {
    id: RuleId("udp-blocked"),
    title: "UDP transport no longer answers",
    severities: &[Severity::Notice, Severity::Warning],
    owner: Owner::Network,
    rung: Some(Rung::Udp),
    hysteresis: Hysteresis::TWICE,
    fed_by: &[ProbeKind::Udp],
    plain: "The faster way of a session does not work any more; the slower one takes over.",
    explanation: "The host answered the opening of RDP's UDP transport at this address before, \
        within the last two weeks, and does not any more, while its TCP port is open. UDP is \
        optional: sessions go on over TCP and feel it only where packets are lost, so that it is \
        a notice, and a warning where loss is measured too. A host that never answered UDP is no \
        finding. A firewall on the way, a VPN that carries TCP only, or a policy on the host \
        (SelectTransport) are the usual reasons.",
    disproof: "The same SYN is answered from another network: then the way drops UDP and not the \
        host.",
    remedies: &[remedies::UDP_FIREWALL, remedies::UDP_POLICY, remedies::USE_CABLE],
    explains: &[],
    low_risk: false,
    client_error: None,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for UdpBlocked {
    fn card(&self) -> &'static RuleCard {
        &UDP_BLOCKED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some(newest) = newest(view) else { return Judgement::NoEvidence };
        let how = match newest.value.outcome {
            UdpOutcome::SynAck => return Judgement::Clear,
            UdpOutcome::Malformed(_) | UdpOutcome::LocalError(_) => return Judgement::NoEvidence,
            UdpOutcome::Silent => "was not answered".to_owned(),
            UdpOutcome::Unreachable(None) => "was refused".to_owned(),
            UdpOutcome::Unreachable(Some(icmp)) => format!("was refused: {icmp}"),
        };
        // Members of a farm differ, and one address stands for all of them.
        let before = view.memory.udp_answered.filter(|_| {
            view.target.kind != TargetKind::Farm
                && view
                    .dialled
                    .is_some_and(|address| view.memory.expects_udp(address, view.now.wall))
        });
        let Some(before) = before else { return Judgement::Clear };
        let open = view
            .measured()
            .is_some_and(|attempt| matches!(attempt.value.connect.outcome, ConnectOutcome::Open));
        if !open {
            return Judgement::NoEvidence;
        }
        let (severity, loss) = match loss(view) {
            Loss::TooMuch => return Judgement::NoEvidence,
            Loss::None => (Severity::Notice, None),
            Loss::Some(line) => (Severity::Warning, Some(line)),
        };
        let who = name(view);
        let sentence = match loss {
            None => format!(
                "{who} answered RDP over UDP until {} and no longer does (certain): sessions go \
                 on over TCP. Ask whether a firewall, the VPN or a policy changed.",
                moment(before)
            ),
            Some(_) => format!(
                "{who} no longer answers RDP over UDP while packets are lost (certain): over TCP \
                 sessions stutter more than they have to. Ask whether a firewall, the VPN or a \
                 policy changed."
            ),
        };
        let evidence =
            Evidence::new(severity, Confidence::Certain, "UDP no longer answers", sentence)
                .line(format!(
                    "{} to UDP port {} {how}",
                    count(newest.value.sent, "SYN"),
                    newest.value.address.port()
                ))
                .line(format!("last answered {}", moment(before)))
                .lines(loss);
        Judgement::fires(evidence.since(Some(newest.at.wall)))
    }
}

/// What is known of loss beside it.
enum Loss {
    /// Nothing worth telling.
    None,
    /// Some, in words.
    Some(String),
    /// So much that the SYNs may be among it.
    TooMuch,
}

fn loss(view: &TargetView<'_>) -> Loss {
    let stats = view.echo.window(view.now.mono, LOSS_SPAN);
    let icmp = stats.method == Some(EchoMethod::Icmp) && stats.received > 0;
    let lost = stats.sent.saturating_sub(stats.received).saturating_sub(stats.late);
    if icmp && stats.sent > 0 {
        let share = f64::from(lost) / f64::from(stats.sent);
        if share > TOO_LOSSY {
            return Loss::TooMuch;
        }
        let wanted = view.target.thresholds.packet_loss.warning_pct;
        if lost >= LOST && share * 100.0 >= wanted {
            return Loss::Some(format!("{} of the echo requests are lost", percent(share)));
        }
    }
    let connections = view.attempts.recent().take(CONNECTIONS_SEEN);
    let again = connections
        .filter(|entry| entry.value.socket.is_some_and(|facts| facts.retransmits > 0))
        .count();
    if again >= RETRANSMITTING {
        return Loss::Some(format!("{again} of the last connections had to send segments again"));
    }
    Loss::None
}

/// The newest answer of the dialled address.
fn newest<'a>(view: &TargetView<'a>) -> Option<&'a Timed<Udp>> {
    view.udp.last().filter(|udp| Some(udp.value.address.ip()) == view.dialled)
}

/// An old server whose UDP breaks with new clients.
#[derive(Debug)]
pub(super) struct Udp65sBug;

/// The last build that is affected: Server 2016, Windows 10 1607.
const LAST_BUILD: u16 = 14_393;

/// The first version of Windows that speaks UDP: 8 and Server 2012.
const FIRST_VERSION: (u8, u8) = (6, 2);

/// The version of the transport that is affected.
const AFFECTED: UdpVersion = UdpVersion(2);

static UDP_65S_BUG: RuleCard = RuleCard {
    id: RuleId("udp-65s-bug"),
    title: "UDP sessions of new clients may drop",
    severities: &[Severity::Notice],
    owner: Owner::Client,
    rung: Some(Rung::Udp),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Udp, ProbeKind::Nla],
    plain: "Sessions of new clients may drop after about a minute.",
    explanation: "The host says that it is Server 2016 or older (build 14393 at the most) and \
        answers RDP's UDP transport with version 2. With clients of Windows 11 24H2 and Server \
        2025 sessions over UDP to such hosts are commonly reported to drop after about 65 seconds, \
        until the client is updated. Which clients are used is not visible from here: it is a \
        hint for hosts whose users see just that.",
    disproof: "Sessions from an affected client last longer than two minutes with UDP on.",
    remedies: &[remedies::UPDATE_CLIENT, remedies::UDP_OFF],
    explains: &[],
    low_risk: false,
    client_error: None,
    reviewed_when_found: true,
    alerting: Alerting::PLAIN,
};

impl Rule for Udp65sBug {
    fn card(&self) -> &'static RuleCard {
        &UDP_65S_BUG
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some(newest) = newest(view) else { return Judgement::NoEvidence };
        let identity = view.nla.and_then(|nla| nla.value.identity.as_ref());
        let Some(os) = identity.and_then(|identity| identity.os) else {
            return Judgement::NoEvidence;
        };
        match newest.value.outcome {
            UdpOutcome::SynAck => {}
            UdpOutcome::Silent | UdpOutcome::Unreachable(_) => return Judgement::Clear,
            UdpOutcome::Malformed(_) | UdpOutcome::LocalError(_) => return Judgement::NoEvidence,
        }
        if newest.value.version != Some(AFFECTED) || !is_affected(os) {
            return Judgement::Clear;
        }
        let build = format!("{}.{}.{}", os.major, os.minor, os.build);
        let sentence = format!(
            "{} is build {build} and answers RDP over UDP: sessions from Windows 11 24H2 or Server \
             2025 may drop after about 65 seconds (possible). Update those clients first.",
            name(view)
        );
        Judgement::fires(
            Evidence::new(
                Severity::Notice,
                Confidence::Possible,
                "UDP may drop new clients after 65 s",
                sentence,
            )
            .line(format!("its NTLM challenge says build {build}"))
            .line("its UDP transport answers with version 2"),
        )
    }
}

const fn is_affected(os: OsVersion) -> bool {
    let knows_udp =
        os.major > FIRST_VERSION.0 || (os.major == FIRST_VERSION.0 && os.minor >= FIRST_VERSION.1);
    knows_udp && os.build <= LAST_BUILD
}
