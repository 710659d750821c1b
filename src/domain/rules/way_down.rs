//! Where the way to a silent host is broken, as far as this machine's tunnels and its controls show.

use super::prelude::*;
use crate::domain::control::{ControlStats, spoken};
use crate::domain::surroundings::TunnelChange;
use crate::domain::time::MonoTime;
use crate::domain::view::Silence;
use crate::domain::way::{Sign, Stretch, Way};
use std::net::IpAddr;

/// A tunnel that changed this long before or after the first silence is its cause, and has this
/// long to carry answers once it is back.
const TUNNEL: Duration = Duration::from_secs(30);
/// A request may be on its way when the tunnel changes.
const SEEN: Duration = Duration::from_secs(2);
/// A control that fell silent so long before the host's last answer, or after the host did, has
/// nothing to do with it.
const TOGETHER: Duration = Duration::from_secs(10);

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
    /// What it is, why, and who looks first: `your VPN is down, and not this host (likely): ...`.
    pub(super) clause: String,
    /// The measurements.
    pub(super) lines: Vec<String>,
    /// Who can mend it.
    pub(super) owner: Owner,
}

/// What is known of the way to the host of `view`, which is silent.
pub(super) fn known(view: &TargetView<'_>, silence: &Silence<'_>) -> Known {
    let Some(address) = view.dialled.filter(|_| view.mode == Mode::Watch) else {
        return Known::Sound;
    };
    let changed = view.around.tunnel_changes.iter().rev().find(|change| change.moved(address));
    let since = silence.since.mono;
    if let Some(change) = changed {
        let at = change.at.mono;
        let about = at.max(since).since(at.min(since)) <= TUNNEL;
        if about && change.left.contains(&address) {
            return Known::Broken(by_tunnel(view, silence, change));
        }
        let is_new = change.taken.contains(&address) && view.now.mono.since(at) <= TUNNEL;
        if is_new && silence.last_answer.is_none_or(|answer| answer.mono < at) {
            return Known::JustMended;
        }
        let took = about && change.taken.contains(&address) && since.plus(SEEN) >= at;
        if took && !is_sound(view, silence, address) {
            return Known::Broken(by_tunnel(view, silence, change));
        }
    }
    if let Some(broken) = by_controls(view, silence, address) {
        return Known::Broken(broken);
    }
    if is_sound(view, silence, address) { Known::Sound } else { untold(view, address) }
}

impl TunnelChange {
    fn moved(&self, address: IpAddr) -> bool {
        self.left.contains(&address) || self.taken.contains(&address)
    }
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

fn by_tunnel(view: &TargetView<'_>, silence: &Silence<'_>, change: &TunnelChange) -> Broken {
    let what = format!("{} {}", change.what, beside(change.at.mono, silence.since.mono));
    let mut lines = vec![format!("this machine: {what}")];
    let answering = view.around.controls.iter().find(|control| control.missed == 0);
    lines.extend(answering.map(|control| format!("{} answers", words(view, control))));
    Broken {
        title: "VPN down",
        clause: format!(
            "your VPN is down, and not this host (likely): {what}. VPN team: look at the tunnel \
             first."
        ),
        lines,
        owner: Owner::Vpn,
    }
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
    let together = |at: MonoTime| {
        let after = silence.last_answer.is_some_and(|last| at.plus(TOGETHER) >= last.mono);
        after && at <= silence.since.mono.plus(TOGETHER)
    };
    let signs = view.around.controls.iter().filter_map(|control| {
        let ails = match control.missed {
            0 => false,
            1 => return None,
            _ => control.silent_since.filter(|at| together(*at)).map(|_| true)?,
        };
        Some(Sign { address: control.address, role: control.role, ails })
    });
    let near = |control| view.around.is_control_of(view.target, control);
    Way::of(&view.around.local, address, near, signs)
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

fn by_controls(view: &TargetView<'_>, silence: &Silence<'_>, address: IpAddr) -> Option<Broken> {
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
        (Stretch::Own, Stretch::Line) if !anybody => (
            "Internet line down",
            "your Internet line is down, and not this host (likely)",
            "Ask your provider; look at your modem first.",
            Owner::Network,
        ),
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
    Some(Broken {
        title,
        clause: format!("{what}: {far} is silent since then too, while {near} answers. {first}"),
        lines: vec![format!("{far} is silent too"), format!("{near} answers")],
        owner,
    })
}
