//! Where the way to a silent host is broken, as far as this machine's tunnels and its controls show.

use super::prelude::*;
use crate::domain::control::{ControlRole, ControlStats, spoken};
use crate::domain::sample::{NameOutcome, ServerAnswer};
use crate::domain::time::MonoTime;
use crate::domain::tunnel::{SEEN, TUNNEL, TunnelChange};
use crate::domain::view::Silence;
use crate::domain::way::{Sign, Stretch, Way};
use std::net::IpAddr;

/// A control that fell silent so long before the host's last answer, or after the host did, has
/// nothing to do with it.
const TOGETHER: Duration = Duration::from_secs(10);

/// A name is looked up as often.
const LOOKED_UP: Duration = Duration::from_mins(1);

/// What is known of the way to a silent host.
pub(super) enum Known {
    /// It is broken.
    Broken(Broken),
    /// It was, and is mended so lately that the host had no time to answer.
    JustMended,
    /// Something as far out answers since the host does not, or the host is a neighbour.
    Sound,
    /// Nothing as far out is known to answer: the host, or the way.
    Untold(&'static str),
}

/// A way that is broken.
pub(super) struct Broken {
    /// A few words.
    pub(super) title: &'static str,
    /// What it is: `your VPN is down, and not this host (likely)`.
    pub(super) what: &'static str,
    /// What shows it.
    pub(super) why: String,
    /// Who looks first, and at what.
    pub(super) first: &'static str,
    /// The measurements.
    pub(super) lines: Vec<String>,
    /// Who can mend it.
    pub(super) owner: Owner,
}

impl Broken {
    /// What it is, why, and who looks first.
    pub(super) fn clause(&self) -> String {
        let Self { what, why, first, .. } = self;
        format!("{what}: {why}. {first}")
    }
}

/// What is known of the way to the host of `view`, which is silent.
pub(super) fn known(view: &TargetView<'_>, silence: &Silence<'_>) -> Known {
    let Some(address) = view.dialled.filter(|_| view.mode == Mode::Watch) else {
        return Known::Sound;
    };
    // The nearest that is proven to ail is the cause: what lies beyond fails with it, a tunnel too.
    let by_controls = by_controls(view, silence, address);
    let by_controls = match by_controls {
        Some((Stretch::Own | Stretch::Line, broken)) => return Known::Broken(broken),
        other => other.map(|(_, broken)| broken),
    };
    if let Some(known) = by_tunnel(view, silence, address) {
        return known;
    }
    if let Some(broken) = by_controls {
        return Known::Broken(broken);
    }
    if mended(view, silence).is_some_and(|at| view.now.mono.since(at) <= TUNNEL) {
        return Known::JustMended;
    }
    if is_sound(view, silence, address) {
        return Known::Sound;
    }
    match by_names(view, silence, address).or_else(|| by_far_names(view, silence, address)) {
        Some(broken) => Known::Broken(broken),
        None => untold(view, address),
    }
}

/// When the way to the host of `view` was mended, which broke as the host fell silent: its silence
/// is another fault since then.
pub(super) fn mended(view: &TargetView<'_>, silence: &Silence<'_>) -> Option<MonoTime> {
    let address = view.dialled?;
    let since = silence.since.mono;
    let changes = &view.around.tunnel_changes;
    let broke =
        |change: &TunnelChange| change.left.contains(&address) && change.is_about(since, since);
    let left = changes.iter().find(|change| broke(change)).map(|change| change.at.mono);
    let taken = changes.iter().find(|change| {
        change.taken.contains(&address) && left.is_some_and(|left| change.at.mono >= left)
    });
    let together = |at| is_together(silence, at);
    let ailed = ailed(view, address, together).map(|ailed| ailed.until);
    taken.map(|change| change.at.mono).max(ailed)
}

/// What was silent on the way to a host, and answers again.
struct Ailed {
    at: Stretch,
    far: String,
    near: String,
    until: MonoTime,
}

/// What controls that were silent from a moment on that is `about` then say of the way.
fn ailed(
    view: &TargetView<'_>,
    address: IpAddr,
    about: impl Fn(MonoTime) -> bool,
) -> Option<Ailed> {
    let local = &view.around.local;
    let controls = &view.around.controls;
    let was = |control: &ControlStats| control.was_silent.filter(|(from, _)| about(*from));
    let signs = controls.iter().filter(|control| control.missed == 0).map(|control| Sign {
        address: control.address,
        role: control.role,
        ails: was(control).is_some(),
    });
    let way = way_of(view, address, signs);
    let ((sound_to, near), (at, far)) = way.sound.zip(way.ailing)?;
    let tunnelled = local.tunnel_of(address).is_some();
    let speaks = match (sound_to, at) {
        (Stretch::Own, Stretch::Line) | (_, Stretch::Site) => true,
        (_, Stretch::Tunnel) => tunnelled,
        _ => false,
    };
    let control = controls.iter().find(|control| control.address == far.address);
    let (_, until) = control.and_then(was).filter(|_| speaks)?;
    let told = |sign: Sign| spoken(local, sign.role, sign.address);
    Some(Ailed { at, far: told(far), near: told(near), until })
}

/// What the way to the host of `view` was, which answers again, when it was heard last before its
/// silence, at `heard`.
pub(super) fn was_broken(view: &TargetView<'_>, heard: MonoTime) -> Option<Broken> {
    let about = |from: MonoTime| from.plus(TOGETHER) >= heard && heard.plus(TOGETHER) >= from;
    let Ailed { at, far, near, .. } = ailed(view, view.dialled?, about)?;
    let (what, first, owner) = match at {
        Stretch::Tunnel => {
            ("your VPN was down (likely)", "VPN team: look at the tunnel.", Owner::Vpn)
        }
        Stretch::Site => (
            "the way to its site was down (likely)",
            "Network team: look at the site's line and power.",
            Owner::Network,
        ),
        Stretch::Own | Stretch::Line => {
            ("your Internet line was down (likely)", "Ask your provider.", Owner::Network)
        }
    };
    Some(Broken {
        title: "the way was down",
        what,
        why: format!("{far} was silent then too, while {near} answered"),
        first,
        lines: vec![format!("{far} was silent then too"), format!("{near} answered")],
        owner,
    })
}

/// What the latest change of the way to the host says, when it belongs to its silence.
fn by_tunnel(view: &TargetView<'_>, silence: &Silence<'_>, address: IpAddr) -> Option<Known> {
    let change = view.around.tunnel_changes.iter().rev().find(|change| change.moved(address))?;
    let (at, since) = (change.at.mono, silence.since.mono);
    let answered = silence.last_answer.map(|answer| answer.mono);
    let about = change.is_about(since, since) && !change.was_survived(answered);
    if change.left.contains(&address) {
        return about.then(|| Known::Broken(by_change(view, silence, change, WENT_DOWN)));
    }
    if view.now.mono.since(at) <= TUNNEL && answered.is_none_or(|answered| answered < at) {
        return Some(Known::JustMended);
    }
    let took = about && since.plus(SEEN) >= at && !is_sound(view, silence, address);
    took.then(|| Known::Broken(by_change(view, silence, change, TOOK_OVER)))
}

fn untold(view: &TargetView<'_>, address: IpAddr) -> Known {
    let local = &view.around.local;
    if local.tunnel_of(address).is_some() {
        Known::Untold("the VPN to it is")
    } else if local.on_link(address).is_some() || local.interfaces.is_empty() {
        Known::Sound
    } else {
        Known::Untold("the way there is")
    }
}

/// A tunnel of this machine that changed with the silence.
fn by_change(
    view: &TargetView<'_>,
    silence: &Silence<'_>,
    change: &TunnelChange,
    (title, what, first): (&'static str, &'static str, &'static str),
) -> Broken {
    let why = when(silence, change);
    Broken { title, what, lines: change_lines(view, &why), why, first, owner: Owner::Vpn }
}

const WENT_DOWN: (&str, &str, &str) = (
    "VPN down",
    "your VPN is down, and not this host (likely)",
    "VPN team: look at the tunnel first.",
);
const TOOK_OVER: (&str, &str, &str) = (
    "VPN does not carry it",
    "your VPN took the way to it over and does not carry it (likely)",
    "VPN team: look at its routes first.",
);

/// `wg0 went down 3.0 s before its first silence`.
fn when(silence: &Silence<'_>, change: &TunnelChange) -> String {
    format!("{} {}", change.what, beside(change.at.mono, silence.since.mono))
}

fn change_lines(view: &TargetView<'_>, change: &str) -> Vec<String> {
    let answering = view.around.controls.iter().find(|control| control.missed == 0);
    let answering = answering.map(|control| format!("{} answers", words(view, control)));
    std::iter::once(format!("this machine: {change}")).chain(answering).collect()
}

/// `3.0 s before its first silence`.
fn beside(at: MonoTime, since: MonoTime) -> String {
    let apart = at.max(since).since(at.min(since));
    if apart < Duration::from_secs(1) {
        return "with its first silence".to_owned();
    }
    let word = if at > since { "after" } else { "before" };
    format!("{} {word} its first silence", span(apart))
}

fn words(view: &TargetView<'_>, control: &ControlStats) -> String {
    spoken(&view.around.local, control.role, control.address)
}

/// What controls say that fell silent with the host, and those that go on answering.
fn way(view: &TargetView<'_>, silence: &Silence<'_>, address: IpAddr) -> Way<Sign> {
    let signs = view.around.controls.iter().filter_map(|control| {
        let ails = match control.missed {
            0 => false,
            1 => return None,
            _ => control.silent_since.filter(|at| is_together(silence, *at)).map(|_| true)?,
        };
        Some(Sign { address: control.address, role: control.role, ails })
    });
    way_of(view, address, signs)
}

fn way_of(view: &TargetView<'_>, address: IpAddr, signs: impl Iterator<Item = Sign>) -> Way<Sign> {
    let near = |control| view.around.is_control_of(view.target, control);
    Way::of(&view.around.local, address, near, signs)
}

/// Whether a control that fell silent at `at` did so with the host.
fn is_together(silence: &Silence<'_>, at: MonoTime) -> bool {
    let after = silence.last_answer.is_some_and(|last| at.plus(TOGETHER) >= last.mono);
    after && at <= silence.since.mono.plus(TOGETHER)
}

/// Whether another target answered, since the host does not, that is reached by the tunnel that
/// leads to the host, or as the host outside of any.
fn other_answers(view: &TargetView<'_>, silence: &Silence<'_>, address: IpAddr) -> bool {
    let tunnel = view.around.local.tunnel_of(address).map(|tunnel| tunnel.index);
    let answered = view.around.answered_by.get(&tunnel);
    answered.is_some_and(|at| *at > silence.since.mono.plus(SEEN))
}

/// Whether something answers that is as far out as the host, or the last stretch before it.
fn is_sound(view: &TargetView<'_>, silence: &Silence<'_>, address: IpAddr) -> bool {
    let tunnelled = view.around.local.tunnel_of(address).is_some();
    let far = if tunnelled { Stretch::Tunnel } else { Stretch::Line };
    let reached = way(view, silence, address).sound.is_some_and(|(stretch, _)| stretch >= far);
    let said = silence.connect.icmp.is_some() && !silence.connect.icmp_is_ours;
    reached || said || other_answers(view, silence, address)
}

/// What controls say of the way: the stretch that is broken, and why.
fn by_controls(
    view: &TargetView<'_>,
    silence: &Silence<'_>,
    address: IpAddr,
) -> Option<(Stretch, Broken)> {
    let around = view.around;
    let way = way(view, silence, address);
    let (sound_to, near) = way.sound?;
    let (ails_at, far) = way.ailing?;
    let tunnelled = around.local.tunnel_of(address).is_some();
    let since = silence.since.mono.plus(SEEN);
    let anybody = around.answered_by.values().any(|at| *at > since);
    let told = |sign: &Sign| match ails_at {
        Stretch::Site if sign.address == far.address => format!("{} beside it", sign.address),
        _ => spoken(&around.local, sign.role, sign.address),
    };
    let (far, near) = (told(&far), told(&near));
    let (title, what, first, owner) = match (sound_to, ails_at) {
        (Stretch::Own, Stretch::Line) if !anybody => {
            return Some((ails_at, line_is_down(&far, &near)));
        }
        (Stretch::Line, Stretch::Tunnel) if tunnelled && !other_answers(view, silence, address) => {
            (
                "VPN down",
                "your VPN is down, and not your Internet line or this host (likely)",
                "VPN team: look at the tunnel first.",
                Owner::Vpn,
            )
        }
        (Stretch::Own, Stretch::Tunnel) if tunnelled && !other_answers(view, silence, address) => (
            "VPN down",
            "your VPN is down, or the Internet line that it runs over, and not this host (likely)",
            "VPN team: look at the tunnel first.",
            Owner::Vpn,
        ),
        (_, Stretch::Site) if !other_answers(view, silence, address) => (
            "path down",
            "the way to its site is down, and not this host (likely)",
            "Network team: look at the site's line and power first.",
            Owner::Network,
        ),
        _ => return None,
    };
    Some((ails_at, Broken { title, what, first, owner, ..line_is_down(&far, &near) }))
}

/// What is silent too, and what answers: the Internet line, where nothing nearer or farther is meant.
fn line_is_down(far: &str, near: &str) -> Broken {
    Broken {
        title: "Internet line down",
        what: "your Internet line is down, and not this host (likely)",
        why: format!("{far} is silent since then too, while {near} answers"),
        first: "Ask your provider; look at your modem first.",
        lines: vec![format!("{far} is silent too"), format!("{near} answers")],
        owner: Owner::Network,
    }
}

/// A DNS server out on the Internet that fell silent with a host out there, while this machine's own
/// router answers: of two that are silent, the line that they share.
fn by_far_names(view: &TargetView<'_>, silence: &Silence<'_>, address: IpAddr) -> Option<Broken> {
    let local = &view.around.local;
    let out_there = |ip: IpAddr| local.tunnel_of(ip).is_none() && local.on_link(ip).is_none();
    let (sound_to, near) = way(view, silence, address).sound?;
    if local.routes.is_empty() || !out_there(address) || sound_to != Stretch::Own {
        return None;
    }
    let silent = |control: &&ControlStats| {
        control.role == ControlRole::Dns
            && control.missed > 1
            && out_there(control.address)
            && control.silent_since.is_some_and(|at| is_together(silence, at))
    };
    let far = words(view, view.around.controls.iter().find(silent)?);
    let near = spoken(local, near.role, near.address);
    Some(line_is_down(&far, &near))
}

/// A DNS server behind the same tunnel that gives no answer since then either: of two that are
/// silent, what they share.
fn by_names(view: &TargetView<'_>, silence: &Silence<'_>, address: IpAddr) -> Option<Broken> {
    let local = &view.around.local;
    let tunnel = local.tunnel_of(address)?.index;
    let failing = view.flips.failing()?.since;
    let since = silence.since.mono;
    let together = failing.mono.plus(TUNNEL) >= since && since.plus(LOOKED_UP) >= failing.mono;
    let behind = |one: &&ServerAnswer| {
        let ip = one.server.ip();
        ip != address && local.tunnel_of(ip).is_some_and(|through| through.index == tunnel)
    };
    let servers = &view.resolution().filter(|_| together)?.servers;
    let silent = |one: &ServerAnswer| one.outcome == NameOutcome::Timeout;
    let server = servers.iter().find(behind)?.server.ip();
    if !servers.iter().filter(behind).all(silent) {
        return None;
    }
    let near = way(view, silence, address).sound;
    let what = match near {
        Some((Stretch::Line, _)) => {
            "your VPN is down, or the site behind it, and not your Internet line or this host \
             (likely)"
        }
        _ => {
            "your VPN is down, or the line that it runs over, or the site behind it, and not this \
             host (likely)"
        }
    };
    let near = near.map(|(_, sign)| spoken(local, sign.role, sign.address));
    let while_near =
        near.as_ref().map_or_else(String::new, |near| format!(", while {near} answers"));
    let line = format!("the DNS server {server} behind the VPN gives no answer either");
    Some(Broken {
        title: "VPN down",
        what,
        why: format!(
            "the DNS server {server} behind it gives no answer since then either{while_near}"
        ),
        first: "VPN team: look at the tunnel first.",
        lines: std::iter::once(line).chain(near.map(|near| format!("{near} answers"))).collect(),
        owner: Owner::Vpn,
    })
}
