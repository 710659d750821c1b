//! This machine itself: `monitor-offline`, `probe-limited`.

use super::prelude::*;
use crate::domain::local::EchoAccess;
use crate::domain::surroundings::Offline;
use crate::domain::text::printable;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// This machine is cut off.
#[derive(Debug)]
pub(super) struct MonitorOffline;

static MONITOR_OFFLINE: RuleCard = RuleCard {
    id: RuleId("monitor-offline"),
    title: "this machine is offline",
    severities: &[Severity::Critical],
    owner: Owner::Client,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: ProbeKind::ALL.as_slice(),
    plain: "This machine is offline.",
    explanation: "No interface of this machine is up, or every control address that used to answer \
        ten times of ten is silent at once. Then the fault is here, and nobody is judged: the \
        figures of the targets stand still and no alert is sent for them.",
    disproof: "One control address answers.",
    remedies: &[
        Remedy {
            confirm: Some("rdpwatch doctor"),
            ..Remedy::new("Look at this machine's own cable, Wi-Fi and VPN first.", RunOn::Monitor)
        },
        remedies::USE_CABLE,
    ],
    explains: &[],
    low_risk: false,
    client_error: None,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for MonitorOffline {
    fn card(&self) -> &'static RuleCard {
        &MONITOR_OFFLINE
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        match &around.offline {
            Offline::Online => Judgement::Clear,
            Offline::NoInterface => Judgement::fires(
                Evidence::new(
                    Severity::Critical,
                    Confidence::Certain,
                    "this machine is offline",
                    "This machine is offline (certain): no interface is up. Nobody is judged; \
                     check the cable, the Wi-Fi or the VPN.",
                )
                .line("no interface besides loopback is up with an address"),
            ),
            Offline::ControlsGone(controls) => Judgement::fires(cut_off(around, controls)),
        }
    }
}

/// Nothing answers: where every control is behind one tunnel, that is as likely the tunnel's fault.
fn cut_off(around: &Surroundings, controls: &[IpAddr]) -> Evidence {
    let are = if controls.len() == 1 { "is" } else { "are all" };
    let silent = format!("{}, which always answered, {are} silent", list(controls));
    let tunnel = |control: &IpAddr| around.local.tunnel_of(*control).map(|tunnel| &tunnel.name);
    let tunnels: BTreeSet<Option<&String>> = controls.iter().map(tunnel).collect();
    let only = tunnels.first().copied().flatten().filter(|_| tunnels.len() == 1);
    let outside = around.silent_outside;
    let evidence = match only {
        Some(name) if outside == 0 => {
            let name = printable(name);
            let sentence = format!(
                "The VPN {name} is down, or this machine's own line (likely): {silent}. No host and \
                 no control outside of the VPN is known to tell which. Nobody is judged; reconnect \
                 the VPN first."
            );
            Evidence::new(Severity::Critical, Confidence::Likely, "the VPN is silent", sentence)
                .owned_by(Owner::Vpn)
        }
        _ if !around.living_links.is_empty() => {
            let near = count(around.peers_answering, "host");
            let sentence = format!(
                "The router of this machine, or the line behind it, is down (likely): {silent}, \
                 while {near} on its own network {}. Nobody behind the router is judged; look at the \
                 router first.",
                if around.peers_answering == 1 { "answers" } else { "answer" },
            );
            Evidence::new(Severity::Critical, Confidence::Likely, "router or line down", sentence)
                .owned_by(Owner::Network)
        }
        _ => Evidence::new(
            Severity::Critical,
            Confidence::Likely,
            "this machine is cut off",
            format!(
                "This machine is cut off (likely): {silent}. Nobody is judged; look at this \
                 machine's own line first."
            ),
        ),
    };
    let evidence = evidence.line(format!("silent controls: {}", list(controls)));
    match only {
        Some(_) if outside > 0 => evidence.line(format!(
            "outside of the VPN {} {} silent as well",
            count(outside, "host"),
            if outside == 1 { "is" } else { "are" },
        )),
        _ => evidence,
    }
}

/// This machine may not do everything.
#[derive(Debug)]
pub(super) struct ProbeLimited;

static PROBE_LIMITED: RuleCard = RuleCard {
    id: RuleId("probe-limited"),
    title: "this machine may not measure everything",
    severities: &[Severity::Notice],
    owner: Owner::Client,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: ProbeKind::ALL.as_slice(),
    plain: "This machine may not measure everything.",
    explanation: "This machine does not let rdpwatch send ICMP echo requests, or does not show its \
        neighbour table. Without ICMP, loss and round trips come from TCP handshakes, which are \
        far fewer and hide small loss behind retransmission. Without the neighbour table, a host \
        that is asleep and one behind a firewall are harder to tell apart, and MAC addresses are \
        not learnt. Everything else is measured as usual.",
    disproof: "`rdpwatch doctor` shows that both work.",
    remedies: &[
        Remedy {
            confirm: Some("sysctl net.ipv4.ping_group_range"),
            commands: &["sudo sysctl -w net.ipv4.ping_group_range=\"0 2147483647\""],
            needs: Some("root, once; in /etc/sysctl.d/ to keep it"),
            impact: Some("every user of this machine may send echo requests"),
            undo: Some("sudo sysctl -w net.ipv4.ping_group_range=\"1 0\""),
            ..Remedy::new("On Linux: let users send ICMP echo requests.", RunOn::Monitor)
        },
        Remedy {
            confirm: Some("getcap \"$(command -v rdpwatch)\""),
            commands: &["sudo setcap cap_net_raw+ep \"$(command -v rdpwatch)\""],
            needs: Some("root, after every update of the program"),
            impact: Some("this one program may open raw sockets"),
            undo: Some("sudo setcap -r \"$(command -v rdpwatch)\""),
            ..Remedy::new(
                "On Linux, or for this program alone: give it raw sockets.",
                RunOn::Monitor,
            )
        },
        Remedy::new(
            "On macOS: System Settings > Privacy & Security > Local Network, allow the terminal.",
            RunOn::Monitor,
        ),
    ],
    explains: &[],
    low_risk: false,
    client_error: None,
    reviewed_when_found: true,
    alerting: Alerting::PLAIN,
};

impl Rule for ProbeLimited {
    fn card(&self) -> &'static RuleCard {
        &PROBE_LIMITED
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let mut lines = Vec::new();
        let echo = match (around.echo_v4, around.echo_v6) {
            (EchoAccess::Denied, EchoAccess::Denied) => Some("ICMP"),
            (EchoAccess::Denied, _) => Some("ICMP over IPv4"),
            (_, EchoAccess::Denied) => Some("ICMP over IPv6"),
            _ => None,
        };
        if let Some(what) = echo {
            lines.push(format!("{what} is not permitted: loss and round trips come from TCP"));
        }
        if !around.neighbours_readable {
            lines.push(
                "the neighbour table cannot be read: no MAC addresses are learnt, sleep is harder \
                 to tell from a firewall"
                    .to_owned(),
            );
        }
        if lines.is_empty() {
            return Judgement::Clear;
        }
        let what = match (echo, around.neighbours_readable) {
            (Some(echo), true) => format!("send {echo}"),
            (Some(echo), false) => format!("send {echo} or read its neighbours"),
            (None, _) => "read its neighbours".to_owned(),
        };
        Judgement::fires(
            Evidence::new(
                Severity::Notice,
                Confidence::Certain,
                "measurements limited",
                format!(
                    "This machine may not {what} (certain): some columns suffer. `rdpwatch doctor` \
                     prints the fix."
                ),
            )
            .lines(lines),
        )
    }
}
