//! Waking: `mac-unknown`.

use super::prelude::*;
use crate::domain::sample::NeighbourState;

/// It will have to be woken, and nothing says how.
#[derive(Debug)]
pub(super) struct MacUnknown;

static MAC_UNKNOWN: RuleCard = RuleCard {
    id: RuleId("mac-unknown"),
    title: "cannot be woken: no MAC address",
    severities: &[Severity::Notice],
    owner: Owner::Client,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Neighbour],
    explanation: "The target is one that sleeps, no MAC address is configured or remembered, and \
        it is on another network, where addresses of network cards cannot be learnt. A magic \
        packet needs the MAC address, and from here also a relay on the PC's own network. On this \
        machine's own link the address is learnt by itself while the PC is up.",
    disproof: "A MAC address in the configuration, or the PC on this machine's own link.",
    remedies: &[
        Remedy {
            confirm: Some("getmac /s HOST /v (while it is up)"),
            commands: &["rdpwatch config path"],
            ..Remedy::new(
                "While the PC is up, read its MAC address and write it into the configuration: \
                 mac = \"02:11:22:33:44:55\", or HOST#02:11:22:33:44:55 on the command line.",
                RunOn::Monitor,
            )
        },
        Remedy {
            needs: Some("a machine on the PC's own network that stays up"),
            ..Remedy::new(
                "Plan for a relay: a magic packet does not pass routers, so run rdpwatch wake on a \
                 machine in the PC's own network, or set a wake address that its router forwards.",
                RunOn::Network,
            )
        },
    ],
    explains: &[],
    low_risk: false,
    client_error: None,
    reviewed_when_found: true,
};

impl Rule for MacUnknown {
    fn card(&self) -> &'static RuleCard {
        &MAC_UNKNOWN
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        if !(view.target.may_sleep() || view.memory.sleeps) {
            return Judgement::Clear;
        }
        let learnt = view.neighbour.and_then(|entry| entry.value.mac);
        if view.target.mac.or(view.memory.mac).or(learnt).is_some() {
            return Judgement::Clear;
        }
        let Some(entry) = view.neighbour else { return Judgement::NoEvidence };
        match entry.value.state {
            NeighbourState::Unknown => Judgement::NoEvidence,
            NeighbourState::NotOnLink if view.is_self() => Judgement::Clear,
            NeighbourState::NotOnLink => Judgement::fires(
                Evidence::new(
                    Severity::Notice,
                    Confidence::Certain,
                    "no MAC address",
                    format!(
                        "{} sleeps, and its MAC address is not known and cannot be learnt from \
                         here (certain): it cannot be woken. Enter it while the PC is up.",
                        name(view)
                    ),
                )
                .line(format!("{} is not on this machine's own link", entry.value.address))
                .line("no MAC address is configured or remembered"),
            ),
            _ => Judgement::Clear,
        }
    }
}
