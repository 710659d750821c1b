//! Waking: `mac-unknown`, `wake-failed`.

use super::prelude::*;
use crate::domain::sample::NeighbourState;
use crate::domain::text::excerpt;
use crate::domain::wake::{Reach, WakeProgress, WakeReceipt, WakeRung};

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
    plain: "It cannot be woken from here: the number of its network card is not known.",
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
    alerting: Alerting::PLAIN,
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
                        "{} may sleep, and its MAC address is not known and cannot be learnt from \
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

/// How long a failed wake-up is told.
const TOLD: Duration = Duration::from_hours(1);

/// Woken, and not up in time.
#[derive(Debug)]
pub(super) struct WakeFailed;

static WAKE_FAILED: RuleCard = RuleCard {
    id: RuleId("wake-failed"),
    title: "did not wake",
    severities: &[Severity::Warning],
    owner: Owner::Client,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Echo, ProbeKind::Negotiate, ProbeKind::Tls, ProbeKind::Neighbour],
    plain: "It was asked to start and did not.",
    explanation: "Magic packets were sent, and Remote Desktop did not answer before the wait was \
        over. From another network they usually do not arrive: routers drop broadcasts. On the \
        own link the packet arrives, and the PC ignores it: Wake on LAN is off in the firmware or \
        for the network card, fast start-up shut it down for good, it sleeps on Wi-Fi, or it has \
        no power. A sign of life without Remote Desktop means that it is slow or stuck on the way \
        up. Nothing confirms a magic packet: that it was sent is certain, that it arrived is not.",
    disproof: "Remote Desktop answers.",
    remedies: &[
        remedies::WAKE,
        Remedy {
            commands: &["rdpwatch wake HOST"],
            needs: Some("a machine on the PC's own network that stays up"),
            impact: Some("starts the PC"),
            ..Remedy::new(
                "From another network: run the same on a machine in the PC's own network, or set a \
                 wake address that its router forwards.",
                RunOn::Network,
            )
        },
        remedies::WAKE_SETTINGS,
        remedies::LOOK_AT_HOST,
    ],
    explains: &[],
    low_risk: true,
    client_error: client::CONNECT,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for WakeFailed {
    fn card(&self) -> &'static RuleCard {
        &WAKE_FAILED
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let Some(wake) = view.wake else { return Judgement::Moot };
        let now = view.now.mono;
        let told = now.since(wake.deadline()) < TOLD;
        if wake.is_up() || !wake.is_over(now) || !told || answers(view, wake) {
            return Judgement::Clear;
        }
        let receipt = wake.receipts().last();
        let refused = receipt.and_then(WakeReceipt::refused);
        let direct = receipt.and_then(|receipt| receipt.reach.as_ref()).map(Reach::is_direct);
        let (confidence, why) = match (refused, wake.highest(), direct) {
            (Some(why), None, _) => {
                (Confidence::Certain, format!("nothing could be sent, {}", excerpt(why, 100)))
            }
            (_, Some(rung @ (WakeRung::Echo | WakeRung::Tcp)), _) => (
                Confidence::Likely,
                format!("{} answers, so it is up and stuck on the way, or slow", rung.word()),
            ),
            (_, Some(_), _) => (
                Confidence::Possible,
                "its network card answers, as sleeping ones do, and no more".to_owned(),
            ),
            (_, None, Some(false)) => (
                Confidence::Likely,
                "it is on another network, where the packet hardly arrives without a relay"
                    .to_owned(),
            ),
            (_, None, _) => (
                Confidence::Possible,
                "Wake on LAN is off there, or it has no power or no cable".to_owned(),
            ),
        };
        let sentence = format!(
            "{} did not come up {} after it was woken: {why} ({}). Try once more, then look at \
             its wake settings.",
            name(view),
            span(now.since(wake.started().mono)),
            confidence.word()
        );
        Judgement::fires(
            Evidence::new(Severity::Warning, confidence, "did not wake", sentence)
                .line(wake.text(now))
                .lines(receipt.into_iter().flat_map(|receipt| receipt.lines().into_iter().take(8)))
                .since(Some(wake.started().wall)),
        )
    }
}

/// Whether Remote Desktop has answered since it was woken.
fn answers(view: &TargetView<'_>, wake: &WakeProgress) -> bool {
    view.measured().is_some_and(|entry| entry.at.mono >= wake.started().mono && entry.value.works())
}
