//! Whose fault: where on the way to a target loss or delay begins, as far as controls show it.

use super::prelude::*;
use crate::domain::common_cause::{Example, LineFault};
use crate::domain::control::{CLEAN, ControlRole, ControlStats};
use crate::domain::local::LocalState;
use crate::domain::time::MonoTime;
use crate::domain::way::{Sign, Stretch, Way};
use std::net::IpAddr;

/// Over which the controls are summed up.
const LATELY: &str = " in the last minute";

/// A control that is asked every two seconds misses two requests in a row at least, where it is silent
/// for so long.
const MISSES: Duration = Duration::from_secs(6);

/// Whose fault it is.
pub(super) struct Whose {
    /// Sentences that say so, with the first step.
    pub(super) sentences: String,
    /// The measurements of the controls.
    pub(super) lines: Vec<String>,
    /// Who can mend it.
    pub(super) owner: Owner,
}

/// Whose fault loss is: what was lost to the controls in the same minute.
pub(super) fn of_loss(view: &TargetView<'_>) -> Option<Whose> {
    with_view(view, |to| judge(to, LATELY, ControlStats::loses, lost))
}

/// Whose fault it is that a host was silent from `first` to `last`: which controls were silent then too.
pub(super) fn of_gap(view: &TargetView<'_>, first: MonoTime, last: MonoTime) -> Option<Whose> {
    let misses = last.since(first) >= MISSES;
    let asked = |control: &ControlStats| control.asked_since.is_none_or(|since| since <= first);
    let ails = |control: &ControlStats| match control.was_silent {
        Some((from, until)) if from <= last && first <= until => Some(true),
        // What was silent since then says nothing of it.
        Some((from, _)) if from > last => None,
        _ if control.silent_since.is_some_and(|since| since <= last) => {
            (control.missed > 1).then_some(true)
        }
        _ => (misses && asked(control) && control.sent >= CLEAN).then_some(false),
    };
    let figure = |control: &ControlStats| match ails(control) {
        Some(true) => "silent then too".to_owned(),
        _ => "it answered then".to_owned(),
    };
    with_view(view, |to| judge(to, "", ails, figure))
}

fn lost(control: &ControlStats) -> String {
    format!("{} of {} lost", control.lost, control.sent)
}

/// Whose fault the silence of a DNS server is: its own while it answers echo requests, else that
/// of the way there. Nothing is said of one that never answered them.
pub(super) fn of_name_server(around: &Surroundings, server: IpAddr) -> Option<Whose> {
    let controls = &around.controls;
    let own = controls.iter().find(|control| control.address == server)?;
    let line = format!("DNS server {server}: echo requests, {} in the last minute", lost(own));
    let whose = |sentences, owner| Some(Whose { sentences, lines: vec![line.clone()], owner });
    if own.loses()? {
        let local = &around.local;
        let others = controls.iter().filter_map(|control| {
            Some(Sign { address: control.address, role: control.role, ails: control.loses()? })
        });
        let way = Way::of(local, server, |_| false, others);
        let (owner, broken) = match way.ailing?.0 {
            Stretch::Own => (Owner::Client, own_network(local, server)),
            Stretch::Line => (Owner::Network, "your Internet line"),
            Stretch::Tunnel => (Owner::Vpn, "your VPN"),
            Stretch::Site => return None,
        };
        let sentence = format!(
            " The way to the DNS server {server} loses packets ({}): {broken} (likely), not the \
             server.",
            lost(own)
        );
        whose(sentence, owner)
    } else {
        let sentence =
            format!(" The DNS server {server} answers echo requests: its DNS service (likely).");
        whose(sentence, Owner::Dns)
    }
}

/// Whose fault a slow round trip is: how long the controls take.
pub(super) fn of_delay(view: &TargetView<'_>, median: Duration) -> Option<Whose> {
    with_view(view, |to| of_time(to, median, |control| control.median, round_trip))
}

/// Whose fault jitter is: how much the round trips to the controls jump.
pub(super) fn of_jitter(view: &TargetView<'_>, mean: Duration) -> Option<Whose> {
    with_view(view, |to| of_time(to, mean, |control| control.jitter, jitter))
}

/// Whose fault it is that the line to several hosts fails so, by one of them.
pub(super) fn of_line(around: &Surroundings, fault: LineFault, one: &Example) -> Option<Whose> {
    let near = |address| one.beside.contains(&address);
    let to = To { around, address: one.address?, near: &near, who: "the hosts", many: true };
    match (fault, one.takes) {
        (LineFault::Loses, _) => judge(&to, LATELY, ControlStats::loses, lost),
        (LineFault::Slow, takes) => of_time(&to, takes?, |control| control.median, round_trip),
        (LineFault::Jumps, takes) => of_time(&to, takes?, |control| control.jitter, jitter),
    }
}

/// Of whom it is asked.
struct To<'a> {
    around: &'a Surroundings,
    address: IpAddr,
    /// Which controls are at its site.
    near: &'a dyn Fn(IpAddr) -> bool,
    /// As it is spoken of, escaped.
    who: &'a str,
    /// It stands for several hosts.
    many: bool,
}

/// The same of the host of a view.
fn with_view<T>(view: &TargetView<'_>, then: impl FnOnce(&To<'_>) -> Option<T>) -> Option<T> {
    let near = |address| view.around.is_control_of(view.target, address);
    let who = name(view);
    let address = view.dialled?;
    then(&To { around: view.around, address, near: &near, who: &who, many: false })
}

fn round_trip(time: Duration) -> String {
    format!("{} a round trip", millis(time))
}

fn jitter(time: Duration) -> String {
    format!("jitter {}", millis(time))
}

/// A control has its part in it from half of what the target has, and none below a fifth.
fn of_time(
    to: &To<'_>,
    time: Duration,
    of: impl Fn(&ControlStats) -> Option<Duration>,
    words: impl Fn(Duration) -> String,
) -> Option<Whose> {
    let ails = |control: &ControlStats| {
        let own = of(control).filter(|_| control.sent >= CLEAN)?;
        if own.saturating_mul(2) >= time {
            Some(true)
        } else {
            (own.saturating_mul(5) <= time).then_some(false)
        }
    };
    judge(to, LATELY, ails, |control| of(control).map_or_else(String::new, &words))
}

fn judge(
    to: &To<'_>,
    when: &str,
    ails: impl Fn(&ControlStats) -> Option<bool>,
    words: impl Fn(&ControlStats) -> String,
) -> Option<Whose> {
    let To { around, address: dialled, near, who, many } = *to;
    let local = &around.local;
    let controls = &around.controls;
    let signs = controls.iter().filter_map(|control| {
        let ails = ails(control)?;
        Some(Sign { address: control.address, role: control.role, ails })
    });
    let way = Way::of(local, dialled, near, signs);
    let figure = |sign: &Sign| {
        controls
            .iter()
            .find(|control| control.address == sign.address)
            .map_or_else(String::new, &words)
    };
    let tunnelled = local.tunnel_of(dialled).is_some();
    let told = way.map(|sign| Told {
        whose: whose(local, sign, near(sign.address)),
        address: sign.address,
        figure: figure(&sign),
    });
    let own = own_network(local, dialled);
    let (sentences, owner) = match &told.sound {
        Some((Stretch::Site, control)) if many => behind_the_site(control),
        _ => sentences(&told, who, own, tunnelled)?,
    };
    let line = |(_, sign): (Stretch, Sign)| {
        let role = match sign.role {
            _ if near(sign.address) => "control at its site",
            ControlRole::Gateway => "own router",
            ControlRole::VpnEndpoint => "outside of the VPN",
            ControlRole::TunnelPeer => "far end of the VPN",
            ControlRole::Dns => "DNS server",
            ControlRole::Group => "control",
        };
        format!("{role} {}: {}{when}", sign.address, figure(&sign))
    };
    let lines = way.sound.into_iter().chain(way.ailing);
    let mut lines: Vec<_> = lines.collect();
    lines.sort_by_key(|(stretch, _)| *stretch);
    Some(Whose { sentences, lines: lines.into_iter().map(line).collect(), owner })
}

/// Several hosts have it, and the control beside them has not.
fn behind_the_site(control: &Told) -> (String, Owner) {
    let sentence = format!(
        "It is not so to {} ({}): what the hosts share behind it, a switch or the machine that they \
         run on (likely). Server team: look there first.",
        control.whose, control.figure
    );
    (sentence, Owner::Server)
}

/// A control as it is spoken of.
struct Told {
    /// `your own router 10.0.0.1`.
    whose: String,
    address: IpAddr,
    /// `4 of 30 lost`.
    figure: String,
}

fn whose(local: &LocalState, sign: Sign, near: bool) -> String {
    if near {
        return format!("{} beside it", sign.address);
    }
    crate::domain::control::spoken(local, sign.role, sign.address)
}

/// This machine's own network on the way to an address, as far as the operating system tells.
fn own_network(local: &LocalState, to: IpAddr) -> &'static str {
    let wireless = local.carrier_of(to).is_some_and(|carrier| carrier.radio.is_some());
    if wireless { "your Wi-Fi" } else { "your Wi-Fi or cable" }
}

/// Says on which stretch it begins, and who looks there first.
fn sentences(way: &Way<Told>, who: &str, own: &str, tunnelled: bool) -> Option<(String, Owner)> {
    use Stretch::{Line, Own, Site, Tunnel};
    let Some(ailing) = &way.ailing else {
        return Some(sound(way.sound.as_ref()?, who, own, tunnelled));
    };
    let vpn = if tunnelled { "the VPN or the line" } else { "the line" };
    Some(match (&way.sound, ailing) {
        (None, (Own, router)) => (
            format!(
                "So it is on the way to your own router {} ({}): {own}, not {who} (likely). Use a \
                 cable or move closer.",
                router.address, router.figure
            ),
            Owner::Client,
        ),
        (None, (Line, outside)) => (
            format!(
                "It is the same to {} ({}): your Wi-Fi, your router or your Internet line, and \
                 not {who} (likely). Try a cable first.",
                outside.whose, outside.figure
            ),
            Owner::Network,
        ),
        (Some((Own, near)), (Line, outside)) => (
            format!(
                "It is the same to {} ({}), and not to {} ({}): your Internet line, not your \
                 Wi-Fi and not {who} (likely). Tell your provider.",
                outside.whose, outside.figure, near.whose, near.figure
            ),
            Owner::Network,
        ),
        (Some((Own, near)), (Tunnel, end)) => (
            format!(
                "It is the same to {} ({}), and not to {} ({}): the VPN or the Internet line \
                 that it runs over, not {who} (likely). VPN team: look there first.",
                end.whose, end.figure, near.whose, near.figure
            ),
            Owner::Vpn,
        ),
        (Some((Line, outside)), (Tunnel, end)) => (
            format!(
                "It is the same to {} ({}), and not to {} ({}): your VPN, not your Wi-Fi, your \
                 Internet line or {who} (likely). VPN team: look there first.",
                end.whose, end.figure, outside.whose, outside.figure
            ),
            Owner::Vpn,
        ),
        (Some((Own, near)), (Site, control)) => (
            format!(
                "It is the same to {} ({}), and not to {}: the VPN or the line in between \
                 (likely). Network team: look there first.",
                control.whose, control.figure, near.whose
            ),
            Owner::Network,
        ),
        (Some((Line, outside)), (Site, control)) => (
            format!(
                "It is the same to {} ({}), and not to {} ({}): {vpn} of the site, not your \
                 Wi-Fi or Internet line (likely). Network team: look there first.",
                control.whose, control.figure, outside.whose, outside.figure
            ),
            if tunnelled { Owner::Vpn } else { Owner::Network },
        ),
        (Some((Tunnel, end)), (Site, control)) => (
            format!(
                "It is the same to {} ({}), and not to {} ({}): the site's own network behind the \
                 VPN (likely). Network team: look there first.",
                control.whose, control.figure, end.whose, end.figure
            ),
            Owner::Network,
        ),
        (None, _) => return None,
        // What ails lies beyond what is sound.
        (Some(reached), _) => sound(reached, who, own, tunnelled),
    })
}

/// Says how far the way is sound, where nothing beyond is known to ail.
fn sound(reached: &(Stretch, Told), who: &str, own: &str, tunnelled: bool) -> (String, Owner) {
    use Stretch::{Line, Own, Site, Tunnel};
    match reached {
        (Site, control) => (
            format!(
                "It is not so to {} ({}): {who} itself or its own link (likely). Server team: look \
                 at its load and its cable first.",
                control.whose, control.figure
            ),
            Owner::Server,
        ),
        (Own, near) => (
            format!(
                "Not on the way to {} ({}): {own} is not the cause. Network team: find where it \
                 begins.",
                near.whose, near.figure
            ),
            Owner::Network,
        ),
        (Line, outside) => (
            format!(
                "Not on the way to {} ({}): your Wi-Fi and your Internet line are not the cause. \
                 It begins {}. {} team: look there first.",
                outside.whose,
                outside.figure,
                if tunnelled { "in the VPN or behind it" } else { "behind that" },
                if tunnelled { "VPN" } else { "Network" },
            ),
            if tunnelled { Owner::Vpn } else { Owner::Network },
        ),
        (Tunnel, end) => (
            format!(
                "Not on the way to {} ({}): your Wi-Fi, your Internet line and the tunnel are not \
                 the cause. It begins behind the VPN. Network team: look there first.",
                end.whose, end.figure
            ),
            Owner::Network,
        ),
    }
}
