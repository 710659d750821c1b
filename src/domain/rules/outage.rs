//! `path-outage`: hosts fell silent together while something nearer answers.

use super::prelude::*;
use super::several::and_more;
use super::{RESTARTED_TOGETHER_ID, Unheard};
use crate::domain::outage::{Fault, KEPT, OFTEN, Outage, Said, Scope, Within};
use crate::domain::target::TargetId;
use crate::domain::text::excerpt;
use crate::domain::way::Stretch;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The rule's id: its finding of a target is told with that of this machine and never by itself.
pub(crate) const PATH_OUTAGE_ID: RuleId = RuleId("path-outage");

/// Earlier breaks of the same day that are named, the newest.
const NAMED: usize = 3;

/// The way to several hosts is gone.
#[derive(Debug)]
pub(super) struct PathOutage;

static PATH_OUTAGE: RuleCard = RuleCard {
    id: PATH_OUTAGE_ID,
    title: "path down",
    severities: &[Severity::Critical],
    owner: Owner::Network,
    rung: None,
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Echo, ProbeKind::Negotiate, ProbeKind::Tls],
    plain: "The way to it is down, for others behind it too.",
    explanation: "At least three hosts, and three of ten of a group or of all that are behind a \
        router, fell silent within 15 seconds of each other (by the last answer of one that is asked more seldom; \
        who falls silent within 15 seconds of the newest joins it), while a nearer control address or \
        another host goes on answering. So it is what they share: a tunnel, a line, a router, a \
        switch, the power of a site. It is one incident for all of them, and none of them alerts \
        by itself. Which stretch broke is said as far as controls that answered ten of ten show it: \
        this machine's router, the public endpoint of its VPN (an address with a route of its own \
        past the tunnel; several may have one; it is asked on while the tunnel is down), the far end \
        inside the tunnel, DNS servers. The nearest that is silent is the cause: a tunnel that goes \
        down half a minute after its line died is a consequence. A tunnel that changes is the cause for \
        hosts whose ways it took along, and who answered no more, and two of them are enough then; \
        where this machine's routes are not known, for whoever is behind a router. Where a router or firewall on the way says of most of \
        them that it cannot reach them, or that a rule forbids it, that is where to look. Targets at \
        one address are one host. Hosts that may be asleep do not count, unless \
        such a change came at the same time and fewer than half are back; hosts that were \
        silent already when this run began count only where nobody answers. A path that breaks \
        for seconds only is told of from the third time within 20 minutes on, and stands until it was \
        quiet for five minutes. Nor is it back while those who answer lose three of ten requests. When \
        three of its hosts come back and refuse their port, which worked before, they restarted \
        together, and it was no path. Where nothing nearer \
        answers, nine of ten hosts behind a router have to fall silent together. A host whose name leads \
        elsewhere meanwhile is back when it accepts connections there. What fails at least three \
        hosts meanwhile, of which more than one in five is not silent, is told beside it. Nothing is \
        said while this machine itself is offline.",
    disproof: "The uptime of the hosts is shorter than the outage is ago: then they were restarted together.",
    remedies: &[remedies::TRACE, remedies::RECONNECT_VPN, remedies::NETWORK_FIREWALL],
    explains: HIDDEN,
    low_risk: false,
    client_error: client::CONNECT,
    reviewed_when_found: false,
    alerting: Alerting { state_of: Some("hosts that are silent together"), ..Alerting::SEVERAL },
};

/// What else is measured of hosts that are silent together.
pub(super) const HIDDEN: &[&str] = &[
    "host-unreachable",
    "host-asleep",
    "host-restarted",
    "session-would-drop",
    "packet-loss",
    "high-latency",
    "high-jitter",
    "mtu-low",
    "mtu-black-hole",
    "dns-failure",
    "dns-slow",
    "dns-disagreement",
    "dns-mismatch",
    "address-dead",
    "name-path-broken",
    "port-filtered",
    "port-rejected",
    "rdp-silent",
    "rdp-slow",
    "connection-dropped",
    "connection-flapping",
    "udp-blocked",
    "gateway-unreachable",
];

impl Rule for PathOutage {
    fn card(&self) -> &'static RuleCard {
        &PATH_OUTAGE
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        if view.around.outages.is_empty() {
            return Judgement::NoEvidence;
        }
        let holds = |outage: &&Arc<Outage>| !outage.is_restart() && outage.holds(view.target.id);
        let Some(outage) = view.around.outages.iter().find(holds) else {
            return Judgement::Clear;
        };
        let others = u32::try_from(outage.members.len()).unwrap_or(u32::MAX).saturating_sub(1);
        let sentence = format!(
            "{} fell silent with {} (certain): {}, and not this host (likely). {}",
            name(view),
            count(others, "other host"),
            match outage.stretch() {
                Some(Stretch::Tunnel) => "your VPN is down",
                Some(Stretch::Line) => "your Internet line is down",
                _ if is_refused(outage) => "a firewall on the way refuses it",
                _ => "the way there is down",
            },
            first_step(outage),
        );
        Judgement::fires(evidence(outage, title(outage), sentence))
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let mut alerting: Vec<&Outage> = told(around).filter(|one| !one.is_restart()).collect();
        alerting.sort_by_key(|outage| outage.ended.is_none());
        // The newest: of the others somebody was told before.
        let Some((first, others)) = alerting.split_last() else { return Judgement::Clear };
        let newest = alerting.iter().map(|outage| outage.number).max().unwrap_or_default();
        let more = others.iter().map(|outage| format!("also down: {}", whose(outage)));
        let more: Vec<String> = more.collect();
        let called =
            |whose: String| and_more(format!("{}: {whose}", title(first)), others.len(), "path");
        let sentence = sentence(first) + &broke_today(around, first);
        let evidence = evidence(first, called(whose(first)), sentence).lines(more);
        Judgement::fires(evidence.of_faults(newest).over_as(called(whose_at_worst(first))))
    }
}

/// Outages and restarts that are told now.
pub(super) fn told(around: &Surroundings) -> impl Iterator<Item = &Outage> {
    let told = |one: &&Outage| one.alerts && (one.ended.is_none() || one.lingers);
    around.outages.iter().map(Arc::as_ref).filter(told)
}

/// Who is silent in outages and restarts that are told now.
pub(super) fn silent(around: &Surroundings) -> impl Iterator<Item = TargetId> {
    told(around).flat_map(|outage| {
        let members = outage.members.keys().copied();
        members.filter(|id| outage.holds(*id))
    })
}

/// The rule that tells of those that are silent, or were a moment ago.
pub(super) fn of_silence(around: &Surroundings) -> RuleId {
    let restarted = told(around).all(Outage::is_restart);
    if restarted { RESTARTED_TOGETHER_ID } else { PATH_OUTAGE_ID }
}

/// Whose way is down, or was until a moment ago and may be again.
pub(super) fn unsteady(around: &Surroundings) -> impl Iterator<Item = TargetId> {
    let over = told(around).filter(|one| one.ended.is_some() && !one.is_restart());
    silent(around).chain(over.flat_map(|one| one.members.keys().copied()))
}

/// Of a rule that asks hosts themselves: nothing is learnt of `away`.
pub(super) fn unheard(
    around: &Surroundings,
    away: impl Iterator<Item = TargetId>,
) -> Option<Unheard> {
    let hosts: BTreeSet<TargetId> = away.collect();
    (!hosts.is_empty()).then(|| Unheard { cause: of_silence(around), hosts })
}

fn sentence(outage: &Outage) -> String {
    if outage.times >= OFTEN {
        return comes_again(outage);
    }
    let since = clock(outage.since.wall);
    if let (Some(stretch), Some(fault)) = (outage.stretch(), &outage.fault) {
        return by_controls(outage, stretch, fault, &since);
    }
    let (whose, how, first_step) = (whose(outage), how(outage), first_step(outage));
    let Some(nearer) = &outage.nearer else {
        return format!(
            "Nothing answers since {since}: {whose} {how} (certain). It is this machine's own line, or what \
             they all share (likely): nothing nearer is measured to tell which. {first_step}"
        );
    };
    format!(
        "The way to {whose} is {} since {since} (likely): they {how}, while {nearer} answers{}. {first_step}",
        down(outage),
        match &outage.tunnel {
            Some(what) => format!(", and {what}"),
            None => said_words(outage),
        },
    )
}

/// How often it broke before on the same day, and when last: ` It broke 3 times before today, last
/// at 07:05:00Z, 07:30:00Z and 07:55:00Z.`
fn broke_today(around: &Surroundings, outage: &Outage) -> String {
    let times = around.broke_today(outage);
    if times.is_empty() {
        return String::new();
    }
    let newest = times.get(times.len().saturating_sub(NAMED)..).unwrap_or(&times);
    let newest = list(newest.iter().map(|at| clock(*at)));
    let last = if times.len() > 1 { "last " } else { "" };
    format!(" It broke {} before today, {last}at {newest}.", count(times.len() as u64, "time"))
}

fn down(outage: &Outage) -> &'static str {
    if is_refused(outage) {
        return "refused by a firewall";
    }
    if outage.losing == 0 { "down" } else { "down but for a few packets" }
}

/// `fell silent within 3.0 s of each other`.
pub(super) fn how(outage: &Outage) -> String {
    if outage.found {
        return "were silent when this run began".to_owned();
    }
    let within = outage.until.mono.since(outage.since.mono).max(Duration::from_secs(1));
    format!("fell silent within {} of each other", span(within))
}

/// It breaks and mends itself again and again.
fn comes_again(outage: &Outage) -> String {
    format!(
        "The way to {} is unsteady (likely): they fell silent together {} times within {}, last at \
         {}{}{}. {}",
        whose(outage),
        outage.times,
        span(KEPT),
        clock(outage.since.wall),
        outage.nearer.as_ref().map_or_else(String::new, |one| format!(", while {one} answers")),
        match &outage.tunnel {
            Some(what) => format!(", and {what}"),
            None => String::new(),
        },
        first_step(outage),
    )
}

fn title(outage: &Outage) -> &'static str {
    if outage.times >= OFTEN {
        return match outage.stretch() {
            Some(Stretch::Tunnel) => "VPN unsteady",
            Some(Stretch::Line) => "Internet line unsteady",
            _ => "path unsteady",
        };
    }
    match outage.stretch() {
        Some(Stretch::Tunnel) => "VPN down",
        Some(Stretch::Line) => "Internet line down",
        _ if is_refused(outage) => "path refused",
        _ if outage.nearer.is_none() => "nothing answers",
        _ => "path down",
    }
}

/// Whose fault it is, by what goes on answering and what does not.
fn by_controls(outage: &Outage, stretch: Stretch, fault: &Fault, since: &str) -> String {
    let hosts = whose(outage);
    let silent = match &fault.silent {
        Some(control) => format!("{control} and {hosts} are silent"),
        None => format!("{hosts} are silent"),
    };
    let sound = &fault.sound;
    let changed = outage.tunnel.as_ref().map_or_else(String::new, |what| format!(", and {what}"));
    let step = first_step(outage);
    match stretch {
        Stretch::Tunnel if fault.sound_to == Stretch::Line => format!(
            "Your VPN is down since {since} (likely): {silent}, while {sound} answers{changed}. \
             Your Wi-Fi and your Internet line are fine. {step}"
        ),
        Stretch::Tunnel => format!(
            "Your VPN is down since {since} (likely), or the Internet line that it runs over: \
             {silent}, while {sound} answers{changed}. {step}"
        ),
        Stretch::Line => format!(
            "Your Internet line is down since {since} (likely): {silent}, while {sound} answers. \
             {step}"
        ),
        Stretch::Own | Stretch::Site => format!(
            "The way to {hosts} is down since {since} (likely): they are silent, while {sound} \
             answers{}. It begins behind the VPN. {step}",
            said_words(outage)
        ),
    }
}

/// `12 of 12 hosts behind the router`: those that are left in it.
pub(crate) fn whose(outage: &Outage) -> String {
    let count = if outage.is_restart() { outage.members.len() } else { outage.left.len() };
    whose_of(outage, count, outage.within.as_ref())
}

/// The same of as many as were in it at its worst.
fn whose_at_worst(outage: &Outage) -> String {
    if outage.left.len() >= outage.most {
        return whose(outage);
    }
    whose_of(outage, outage.most, outage.most_within.as_ref())
}

fn whose_of(outage: &Outage, count: usize, within: Option<&Within>) -> String {
    if let Some(within) = within {
        return format!(
            "{count} of {} hosts of {}",
            within.of.max(count),
            excerpt(&within.group, 40)
        );
    }
    let hosts = format!("{count} of {} hosts", outage.of.max(outage.members.len()));
    match (&outage.scope, &outage.tunnel) {
        (Scope::Tunnel(_), _) | (Scope::Routed, Some(_)) => format!("{hosts} behind the VPN"),
        (Scope::Routed, None) if outage.fault.as_ref().is_some_and(is_through_tunnel) => {
            format!("{hosts} behind the VPN")
        }
        (Scope::Routed, None) => format!("{hosts} behind the router"),
        (Scope::Group(name), _) => format!("{hosts} of {}", excerpt(name, 40)),
    }
}

/// Whether only hosts behind a tunnel can have it.
const fn is_through_tunnel(fault: &Fault) -> bool {
    matches!(fault.stretch, Stretch::Tunnel | Stretch::Site)
}

const SITE_FIRST: &str = "Network team: look at the site's line and power first.";

fn first_step(outage: &Outage) -> String {
    let Some(said) = spoken_for(outage) else { return nearest_first(outage).to_owned() };
    let Some(from) = said.error.from else {
        return "Network team: look at the rules of the firewalls on the way first.".to_owned();
    };
    if said.prohibited {
        format!("Network team: look at the rules of {from} first.")
    } else {
        format!("Network team: look at what lies behind {from} first.")
    }
}

/// What a machine on the way says of them, where nothing nearer is shown to be broken.
fn spoken_for(outage: &Outage) -> Option<Said> {
    let nothing_nearer =
        outage.tunnel.is_none() && outage.stretch().is_none_or(|stretch| stretch == Stretch::Site);
    // Who cannot deliver and says not where, shows nothing.
    outage.said.filter(|said| nothing_nearer && (said.prohibited || said.error.from.is_some()))
}

/// Whether a rule on the way forbids it.
fn is_refused(outage: &Outage) -> bool {
    spoken_for(outage).is_some_and(|said| said.prohibited)
}

/// `, and 10.20.0.1 says that it cannot reach them`.
fn said_words(outage: &Outage) -> String {
    let Some(said) = spoken_for(outage) else { return String::new() };
    let from = said.error.from;
    let from = from.map_or_else(|| "a machine on the way".to_owned(), |from| from.to_string());
    let what = if said.prohibited { "a rule forbids it" } else { "it cannot reach them" };
    format!(", and {from} says that {what}")
}

fn nearest_first(outage: &Outage) -> &'static str {
    match outage.stretch() {
        Some(Stretch::Tunnel) => return "VPN team: look at the tunnel first.",
        Some(Stretch::Line) => return "Ask your provider; look at your modem first.",
        Some(Stretch::Site) => return "Network team: look at the site behind the VPN first.",
        _ => {}
    }
    if outage.nearer.is_none() && outage.tunnel.is_none() {
        return "Look at this machine's own line and router first.";
    }
    if outage.within.is_some() && outage.tunnel.is_none() {
        return SITE_FIRST;
    }
    match (&outage.scope, &outage.tunnel) {
        (Scope::Tunnel(_), None) => "VPN team: look at the tunnel and the site behind it first.",
        (_, Some(_)) if outage.took => "VPN team: look at its routes first.",
        (_, Some(_)) => "VPN team: look at the tunnel first.",
        (Scope::Routed, None) if outage.spares && outage.left.len() < outage.of => {
            "Network team: look at what they share and the others do not first."
        }
        (Scope::Routed, None) => "Network team: look at this machine's line and router first.",
        (Scope::Group(_), None) => SITE_FIRST,
    }
}

/// What was measured of hosts that fell silent together, as the evidence of what it was.
pub(super) fn evidence(outage: &Outage, title: impl Into<String>, sentence: String) -> Evidence {
    let began = if outage.found {
        format!("the first was asked at {}", clock(outage.since.wall))
    } else {
        format!(
            "the first fell silent at {}, the last of them {} later",
            clock(outage.since.wall),
            millis(outage.until.mono.since(outage.since.mono)),
        )
    };
    let silent = format!(
        "{} silent of {}, {} back; {began}",
        outage.silent(),
        outage.members.len(),
        outage.back.len(),
    );
    Evidence::new(Severity::Critical, Confidence::Likely, title, sentence)
        .line(silent)
        .line(match &outage.nearer {
            Some(one) => format!("{one} answers"),
            None => "nothing nearer is known to answer".to_owned(),
        })
        .lines(
            (outage.losing > 0)
                .then(|| format!("{} answer now and then, and lose 30 % or more", outage.losing)),
        )
        .lines(
            outage.said.map(|said| format!("connections to most of them end with {}", said.error)),
        )
        .lines(outage.fault.iter().flat_map(|fault| {
            let silent = fault.silent.as_ref().map(|control| format!("{control} is silent too"));
            [Some(format!("{} answers", fault.sound)), silent].into_iter().flatten()
        }))
        .lines(
            outage.tunnel.iter().chain(&outage.change).map(|what| format!("this machine: {what}")),
        )
        .since(Some(outage.since.wall))
        .owned_by(outage.owner())
}
