//! Nothing answers on any layer: `host-unreachable` and `host-asleep`.

use super::detour::detour;
use super::lease::given_away;
use super::prelude::*;
use super::way_down::{Broken, Known, known, mended};
use crate::domain::memory::TargetMemory;
use crate::domain::sample::NeighbourState;
use crate::domain::target::{Expected, TargetKind};
use crate::domain::view::Silence;
use crate::domain::wake::WakePolicy;

/// What a host that answers nothing brings with it.
const FOLLOWS_FROM_SILENCE: &[&str] = &[
    "session-would-drop",
    "packet-loss",
    "high-latency",
    "high-jitter",
    "mtu-low",
    "mtu-black-hole",
    "rdp-slow",
    "dns-slow",
    "udp-blocked",
];

/// Nothing answers, and it should.
#[derive(Debug)]
pub(super) struct HostUnreachable;

/// Nothing answers of a host that should be up.
pub(crate) const HOST_UNREACHABLE_ID: RuleId = RuleId("host-unreachable");
/// Nothing answers of a host that may sleep.
pub(crate) const HOST_ASLEEP_ID: RuleId = RuleId("host-asleep");

static HOST_UNREACHABLE: RuleCard = RuleCard {
    id: HOST_UNREACHABLE_ID,
    title: "host does not answer",
    severities: &[Severity::Notice, Severity::Warning, Severity::Critical],
    owner: Owner::Server,
    rung: Some(Rung::Tcp),
    hysteresis: Hysteresis { raise: 3, of: 4, clear: 2 },
    fed_by: CONNECTIONS,
    plain: "Nothing at all answers there: it is off, it hangs, or the way to it is gone.",
    explanation: "Nothing answers on any layer: echo requests are lost (or a firewall always \
        dropped them), TCP connections time out or are reported undeliverable, no other published \
        address answers, and nothing refuses, which a firewall or a stopped service would. So the \
        machine is off, hung or unplugged, or the way to it is gone. One whose network card answers \
        on the own link, and that stopped answering all else together, hangs. When other targets fell \
        silent at the same time the way is the likelier cause. Where a control further out on its way \
        that always answered is silent since then while a nearer one answers, or a tunnel that leads \
        to it changed within half a minute of the silence, it is the Internet line, the VPN or the \
        site's line, the nearest of them, and nothing is said of the host: then a host that may sleep has \
        this finding too, as bad as its sleep would be. Where users take an RD Gateway when the direct \
        way fails, and it answers, a direct way that never worked is a notice and one that fails a \
        warning. A router's or the own machine's \
        \"host unreachable\" means that the last hop found no such machine on its link; said by \
        the own machine of a host on another network, it is the default gateway that does not \
        answer. For hosts whose ports open only on demand (kinds cloud and jit) it is a state, not \
        an alarm.",
    disproof: "One answer on any layer from the same address, or a success from a machine on the \
        host's own network.",
    remedies: &[remedies::TEST_FROM_NEAR, remedies::LOOK_AT_HOST, remedies::NETWORK_FIREWALL],
    explains: FOLLOWS_FROM_SILENCE,
    low_risk: false,
    client_error: client::CONNECT,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for HostUnreachable {
    fn card(&self) -> &'static RuleCard {
        &HOST_UNREACHABLE
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        match view.other_card() {
            Some(_) if view.may_sleep() => return Judgement::Clear,
            Some(card) => return Judgement::fires(given_away(view, card, severity_of(view), None)),
            None => {}
        }
        let silence = match view.presence() {
            Presence::Unknown => return Judgement::NoEvidence,
            Presence::Answers => return Judgement::Clear,
            Presence::Silent(silence) => silence,
        };
        if view.mode == Mode::Watch && view.loss_may_be_silence(silence.since.mono) {
            return Judgement::NoEvidence;
        }
        if view.gateway_is_silent(silence.connect) {
            return Judgement::fires(gateway_is_silent(view, &silence));
        }
        let detour = detour(view);
        let only = |never: bool| never && !silence.alive_on_link;
        if let Some(detour) = detour.as_ref().filter(|detour| only(detour.never_direct)) {
            let sentence = format!(
                "{} answers nothing directly {}: from here only through {} (likely).",
                name(view),
                since_words(view, &silence),
                detour.words()
            );
            let title = "only through the gateway";
            return Judgement::fires(
                Evidence::new(detour.severity(), Confidence::Likely, title, sentence)
                    .lines(lines(view, &silence))
                    .since(Some(silence.since.wall)),
            );
        }
        let way = match known(view, &silence) {
            Known::JustMended => return Judgement::NoEvidence,
            Known::Broken(broken) => return Judgement::fires(way_is_down(view, &silence, broken)),
            way => way,
        };
        let hangs = silence.alive_on_link && view.stopped_together();
        if view.may_sleep() || silence.alive_on_link && !hangs {
            return Judgement::Clear;
        }
        let path = path_suspected(view);
        let who = name(view);
        let severity = severity_of(view);
        let severity = detour.as_ref().map_or(severity, |detour| severity.min(detour.severity()));
        let gone = matches!(silence.connect.outcome, ConnectOutcome::Unreachable);
        let (confidence, sentence) = if severity == Severity::Notice {
            (
                Confidence::Possible,
                format!(
                    "{who} answers nothing {}: not started, or not opened at present, which is \
                     usual for its kind.",
                    since_words(view, &silence)
                ),
            )
        } else if path && !hangs {
            (
                Confidence::Possible,
                format!(
                    "{who} answers nothing {}, and neither does anything else that is watched: \
                     the way there is the likelier cause. Network team: look for what they share.",
                    since_words(view, &silence),
                ),
            )
        } else {
            let state = match way {
                _ if hangs => "its network card answers on, so it hangs, or a firewall of its own \
                               closed everything at once"
                    .to_owned(),
                Known::Untold(what) => format!(
                    "it is off or hung, or {what} down: nothing else out there is known to answer"
                ),
                _ => "it is off, hung or cut off".to_owned(),
            };
            (
                if gone { Confidence::Certain } else { Confidence::Likely },
                format!(
                    "{who} answers nothing {}: {state}. Server team: look at its console first.",
                    since_words(view, &silence)
                ),
            )
        };
        let sentence = match &detour {
            Some(detour) => format!("{sentence} Meanwhile users come through {}.", detour.words()),
            None => sentence,
        };
        let mut evidence = Evidence::new(severity, confidence, "does not answer", sentence)
            .lines(lines(view, &silence))
            .since(Some(silence.since.wall))
            .of_faults(fault_of(view, &silence));
        if path && !hangs || router_says_no_route(&silence) {
            evidence = evidence.owned_by(Owner::Network).of_the_way();
        }
        Judgement::fires(evidence)
    }
}

/// Nothing can be said of the host: the way to it is broken, and whoever looks after it has nothing
/// to do. As bad as the host's own silence.
fn way_is_down(view: &TargetView<'_>, silence: &Silence<'_>, broken: Broken) -> Evidence {
    let severity = if view.may_sleep() { asleep_severity(view) } else { severity_of(view) };
    let severity = detour(view).map_or(severity, |detour| severity.min(detour.severity()));
    let sentence = format!(
        "{} answers nothing {}: {}",
        name(view),
        since_words(view, silence),
        broken.clause()
    );
    Evidence::new(severity, Confidence::Likely, broken.title, sentence)
        .lines(broken.lines)
        .lines(lines(view, silence))
        .lines(
            super::name::fails_with_the_way(view)
                .map(|at| format!("its name leads nowhere either since {}", clock(at.wall))),
        )
        .since(Some(silence.since.wall))
        .owned_by(broken.owner)
        .of_the_way()
        .remedied(Some(WAY_DOWN))
}

/// What mends the way.
const WAY_DOWN: &[Remedy] = &[remedies::TRACE, remedies::RECONNECT_VPN];

/// Nothing can be said of the host: its packets end at this machine's default gateway.
fn gateway_is_silent(view: &TargetView<'_>, silence: &Silence<'_>) -> Evidence {
    let connect = silence.connect;
    let after = span(connect.elapsed);
    let sentence = format!(
        "{} cannot be reached {}: this machine's default gateway does not answer (certain). Network \
         team: look at this machine's cable, Wi-Fi or VPN and its router first.",
        name(view),
        since_words(view, silence),
    );
    let first =
        format!("TCP to {}: the default gateway does not answer, after {after}", connect.address);
    let others = lines(view, silence).into_iter().skip(1);
    Evidence::new(
        Severity::Critical,
        Confidence::Certain,
        "default gateway does not answer",
        sentence,
    )
    .lines(std::iter::once(first).chain(others))
    .since(Some(silence.since.wall))
    .owned_by(Owner::Network)
    .of_the_way()
}

/// Which fault the silence of the host itself is: the one that it was from its beginning, or another
/// since the way was mended. Those are numbered by the second.
fn fault_of(view: &TargetView<'_>, silence: &Silence<'_>) -> u32 {
    let mended = mended(view, silence).map_or(0, |at| at.as_nanos() / 1_000_000_000);
    u32::try_from(mended).unwrap_or(u32::MAX).saturating_add(1)
}

/// A cloud machine that used to answer echo has gone away; one that never did is closed by policy.
fn severity_of(view: &TargetView<'_>) -> Severity {
    match view.target.kind {
        TargetKind::Cloud if view.echo_word() == EchoWord::Stopped => Severity::Warning,
        TargetKind::Cloud | TargetKind::Jit => Severity::Notice,
        _ => Severity::Critical,
    }
}

/// Several others fell silent too, and none answers.
fn path_suspected(view: &TargetView<'_>) -> bool {
    view.around.peers_silent >= 2 && view.around.peers_answering == 0
}

/// ICMP 3/0 and ICMPv6 1/0: a router has no route.
fn router_says_no_route(silence: &Silence<'_>) -> bool {
    silence.connect.icmp.is_some_and(|error| !silence.connect.icmp_is_ours && error.code == 0)
}

/// Nothing answers, and that is what sleep looks like.
#[derive(Debug)]
pub(super) struct HostAsleep;

static HOST_ASLEEP: RuleCard = RuleCard {
    id: HOST_ASLEEP_ID,
    title: "asleep or off",
    severities: &[Severity::Notice, Severity::Warning],
    owner: Owner::Client,
    rung: Some(Rung::Tcp),
    hysteresis: Hysteresis { raise: 4, of: 4, clear: 1 },
    fed_by: CONNECTIONS,
    plain: "It is asleep or switched off, likely.",
    explanation: "Nothing answers on any layer, and the target is one that sleeps: a PC or laptop \
        by its kind, one that is not expected to be up always, or one that was woken twice out of \
        a silence of half an hour or more. From outside, asleep, switched off and unplugged look the same; a failed \
        neighbour entry speaks for all three. A sleeping network card may go on answering for its \
        address on the own link. Where another network card than the remembered one answers at its \
        address and no Remote Desktop does, another device has its lease, and what that one says is \
        not said of the host. Where the target is expected to be up, always or in its hours, it is a warning.",
    disproof: "It answers, or a wake-up brings nothing although its settings allow it.",
    remedies: &[remedies::WAKE, remedies::NEVER_SLEEP, remedies::WAKE_SETTINGS],
    explains: FOLLOWS_FROM_SILENCE,
    low_risk: false,
    client_error: client::CONNECT,
    reviewed_when_found: false,
    alerting: Alerting::PLAIN,
};

impl Rule for HostAsleep {
    fn card(&self) -> &'static RuleCard {
        &HOST_ASLEEP
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        match view.other_card() {
            Some(_) if !view.may_sleep() => return Judgement::Clear,
            Some(card) => {
                let wake = Some(wake_words(view));
                return Judgement::fires(given_away(view, card, asleep_severity(view), wake));
            }
            None => {}
        }
        let silence = match view.presence() {
            Presence::Unknown => return Judgement::NoEvidence,
            Presence::Answers => return Judgement::Clear,
            Presence::Silent(silence) => silence,
        };
        if !view.may_sleep() || view.gateway_is_silent(silence.connect) {
            return Judgement::Clear;
        }
        if detour(view).is_some_and(|detour| detour.never_direct) {
            return Judgement::Clear;
        }
        let untold = match known(view, &silence) {
            Known::JustMended => return Judgement::NoEvidence,
            Known::Broken(_) => return Judgement::Clear,
            Known::Untold(what) => Some(what),
            Known::Sound => None,
        };
        let severity = asleep_severity(view);
        let doubtful = untold.is_some()
            || path_suspected(view)
            || silence.alive_on_link
            || lossy_before(view, &silence);
        let confidence = if doubtful { Confidence::Possible } else { Confidence::Likely };
        let peers = match view.around.peers_answering {
            0 => String::new(),
            _ => " while others answer".to_owned(),
        };
        let state = match (path_suspected(view), view.echo_word()) {
            (true, _) => "possibly asleep or off, or the way there is gone".to_owned(),
            (false, EchoWord::NeverAnswered) if silence.last_answer.is_none() => {
                "asleep, off, or behind a firewall that drops everything".to_owned()
            }
            _ if doubtful => match untold {
                Some(what) => format!("possibly asleep or off, or {what} down"),
                None => "possibly asleep or off".to_owned(),
            },
            _ => "most likely asleep or off".to_owned(),
        };
        let record = super::name::record_gone(view);
        let sentence = format!(
            "{} answers nothing {}{peers}: {state}.{} {}",
            name(view),
            since_words(view, &silence),
            if record.is_some() { " Its DNS record is gone meanwhile." } else { "" },
            wake_words(view),
        );
        Judgement::fires(
            Evidence::new(severity, confidence, "asleep or off", sentence)
                .lines(lines(view, &silence))
                .lines(why_it_sleeps(view))
                .lines(record.map(|at| {
                    let at = clock(at.wall);
                    format!("its name has no address since {at}: records of hosts that are away go")
                }))
                .since(Some(silence.since.wall)),
        )
    }
}

/// Sleep where the target is expected to be up needs a look.
fn asleep_severity(view: &TargetView<'_>) -> Severity {
    match view.expected() {
        Expected::Always => Severity::Warning,
        Expected::Hours | Expected::OnDemand => Severity::Notice,
    }
}

/// Why a host sleeps whose kind does not.
fn why_it_sleeps(view: &TargetView<'_>) -> Option<String> {
    let learnt = view.memory.sleeps && !view.target.may_sleep();
    learnt.then(|| format!("taken for one that sleeps: {}", TargetMemory::WOKEN))
}

/// Whether it can be woken from here.
fn wake_words(view: &TargetView<'_>) -> &'static str {
    let settings = &view.target.wake;
    if settings.policy == WakePolicy::Never {
        return "Its wake policy is \"never\".";
    }
    let known = view.target.mac.or(view.memory.mac).is_some();
    let on_link = match view.neighbour.map(|entry| entry.value.state) {
        None | Some(NeighbourState::Unknown) => None,
        Some(NeighbourState::NotOnLink) => Some(false),
        Some(_) => Some(true),
    };
    let relayed = settings.address.is_some() || settings.via.is_some();
    match (known, on_link) {
        (false, _) => "Its MAC address is not known, so it cannot be woken from here.",
        (true, Some(false)) if !relayed => {
            "It is on another network: it cannot be woken from here without a relay."
        }
        _ => "Wake it with w.",
    }
}

/// Whether echo requests were lost in the minute before the silence.
fn lossy_before(view: &TargetView<'_>, silence: &Silence<'_>) -> bool {
    let Some(answer) = silence.last_answer else { return false };
    let start = answer.mono.minus(Duration::from_mins(1));
    let lost = view
        .echo
        .points()
        .filter(|point| point.at.mono >= start && point.at.mono < answer.mono)
        .filter(|point| {
            matches!(
                point.outcome,
                crate::domain::sample::EchoOutcome::Lost
                    | crate::domain::sample::EchoOutcome::Unreachable(_)
            )
        })
        .count();
    lost >= 3
}

/// `since 18:04:10Z (12 min)`, or that it never did in this run.
fn since_words(view: &TargetView<'_>, silence: &Silence<'_>) -> String {
    match (silence.last_answer, view.mode) {
        (Some(_), _) => format!(
            "since {} ({})",
            clock(silence.since.wall),
            span(view.now.mono.since(silence.since.mono))
        ),
        (None, Mode::Watch) => "and has not since this watch began".to_owned(),
        (None, Mode::Moment) => "at this moment".to_owned(),
    }
}

/// The measurements behind a silence.
fn lines(view: &TargetView<'_>, silence: &Silence<'_>) -> Vec<String> {
    let mut lines = vec![super::port::connect_line(silence.connect)];
    match view.echo_word() {
        EchoWord::Stopped => {
            let (lost, since) = view.echo.trailing_losses();
            let since = since.map_or_else(String::new, |at| format!(" since {}", clock(at.wall)));
            lines.push(format!("{} lost in a row{since}", count(lost, "echo request")));
        }
        EchoWord::NeverAnswered => {
            lines.push(match view.mode {
                Mode::Watch => "echo requests were never answered, also not before".to_owned(),
                Mode::Moment => {
                    format!("all {} lost", count(view.echo.total().lost, "echo request"))
                }
            });
        }
        EchoWord::Unmeasured => lines.push("echo is not measured".to_owned()),
        EchoWord::Answers => {}
    }
    if let Some(entry) = view.neighbour
        && let Some(word) = entry.value.state.word()
    {
        lines.push(match entry.value.state {
            NeighbourState::Failed => "neighbour table: failed, nobody answers on its link".into(),
            NeighbourState::NotOnLink => "it is not on this machine's own link".into(),
            NeighbourState::Reachable if silence.alive_on_link => {
                "neighbour table: reachable, its network card still answers".into()
            }
            _ => format!("neighbour table: {word}"),
        });
    }
    let peers = (view.around.peers_answering, view.around.peers_silent);
    if peers != (0, 0) {
        lines.push(format!("watched targets: {} answer, {} silent", peers.0, peers.1));
    }
    if let (None, Some(at)) = (silence.last_answer, view.memory.last_answer) {
        lines.push(format!("last answered {}", moment(at)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::control::{ControlRole, ControlStats};
    use crate::domain::diagnose::fixture::{ADDRESS, Fixture, reply, stopped_at_tcp};
    use crate::domain::local::{Interface, LocalState};
    use crate::domain::route::{Origin, Route};
    use crate::domain::sample::EchoOutcome;
    use crate::domain::time::MonoTime;

    /// Silent from second 30 to second 130, behind a tunnel whose far end was silent until then too.
    fn behind_a_tunnel(far_end_until: Option<u64>) -> Fixture {
        let mut fixture = Fixture::new();
        fixture.echoes(&[reply(20); 30]);
        fixture.echoes(&[EchoOutcome::Lost; 100]);
        fixture.attempt(stopped_at_tcp(ConnectOutcome::Timeout));
        let own = vec![([10, 8, 0, 2].into(), 32)];
        let tunnel = Interface { tunnel: true, ..Interface::up(5, "wg0", own) };
        let route = Route {
            destination: ADDRESS,
            prefix: 32,
            gateway: None,
            interface: 5,
            metric: 0,
            origin: Origin::Machine,
        };
        let far = Route { destination: [10, 8, 0, 1].into(), origin: Origin::Kernel, ..route };
        fixture.around.local = LocalState {
            interfaces: vec![tunnel],
            routes: vec![route, far].into(),
            ..LocalState::default()
        };
        let control = |address: [u8; 4], role| {
            let answer = Some(Duration::from_millis(9));
            ControlStats::of(address.into(), role, &[answer; 30])
        };
        let peer = control([10, 8, 0, 1], ControlRole::TunnelPeer);
        let until = far_end_until.map(MonoTime::from_secs);
        let was_silent = until.map(|until| (MonoTime::from_secs(30), until));
        fixture.around.controls = vec![
            control([203, 0, 113, 9], ControlRole::VpnEndpoint),
            ControlStats { was_silent, ..peer },
        ];
        fixture
    }

    fn evidence(fixture: &Fixture) -> Option<(u32, &'static str)> {
        match HostUnreachable.judge(&fixture.view()) {
            Judgement::Fires(evidence) => Some((
                evidence.faults,
                if evidence.sentence.contains("off, hung or cut off") { "host" } else { "other" },
            )),
            _ => None,
        }
    }

    /// The alert of the VPN, acknowledged by its team, became that of the server, and nobody was told.
    #[test]
    fn a_host_that_stays_silent_when_the_way_to_it_is_back_is_another_fault() {
        assert_eq!(evidence(&behind_a_tunnel(None)), Some((1, "host")), "the way was never broken");
        assert_eq!(evidence(&behind_a_tunnel(Some(90))), Some((91, "host")));
        assert_eq!(evidence(&behind_a_tunnel(Some(120))), None, "it had no time to answer yet");
        // A silence of the far end at another time is none of its own.
        let mut fixture = behind_a_tunnel(Some(90));
        let long_ago = Some((MonoTime::from_secs(5), MonoTime::from_secs(9)));
        fixture.around.controls[1].was_silent = long_ago;
        assert_eq!(evidence(&fixture), Some((1, "host")));
    }

    /// The far end of a VPN that was down is asked anew when it is up, and was said to have answered then.
    #[test]
    fn a_control_that_was_not_asked_during_a_gap_does_not_clear_anybody_of_it() {
        let mut fixture = behind_a_tunnel(None);
        let owner = |fixture: &Fixture| {
            let gap = (MonoTime::from_secs(30), MonoTime::from_secs(60));
            super::super::whose::of_gap(&fixture.view(), gap.0, gap.1).map(|whose| whose.owner)
        };
        assert_ne!(owner(&fixture), Some(Owner::Vpn), "its far end answered all the while");
        fixture.around.controls[1].asked_since = Some(MonoTime::from_secs(61));
        assert_eq!(owner(&fixture), Some(Owner::Vpn));
        fixture.around.controls[1].asked_since = Some(MonoTime::from_secs(29));
        assert_ne!(owner(&fixture), Some(Owner::Vpn));
    }
}
