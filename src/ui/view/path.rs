//! Whose fault: the way from this machine to one target, stop by stop, with what was measured to
//! each in the last minute.

use crate::domain::control::ControlRole;
use crate::domain::snapshot::{Control, ControlWord, TargetSnapshot};
use crate::domain::surroundings::is_control_of;
use crate::domain::way::{Stretch, stands};
use crate::ui::columns::{name_role, row_role};
use crate::ui::format;
use crate::ui::line::{Line, fit, left, right, wrap};
use crate::ui::state::UiState;
use crate::ui::theme::Role;
use crate::ui::view_model::ViewLine;
use crate::ui::world::World;
use std::net::IpAddr;

/// The findings that tell where on the way something begins.
const TELLING: &[&str] = &[
    "path-outage",
    "restarted-together",
    "link-saturated",
    "packet-loss",
    "high-latency",
    "high-jitter",
];

/// One line of figures: a stop, or what stands beside the way.
struct Stop {
    glyph: Role,
    role: Role,
    name: String,
    address: String,
    median: String,
    loss: String,
    answered: String,
}

/// The way to the selected target.
#[must_use]
pub fn lines(
    world: &World<'_>,
    state: &UiState,
    target: &TargetSnapshot,
    height: usize,
) -> Vec<ViewLine> {
    let width = usize::from(state.size.width);
    let mut lines = vec![heading(target, width)];
    lines.extend(way(world, target, width));
    lines.push(Line::new());
    let inner = width.saturating_sub(2).max(1);
    lines.extend(
        wrap(&words(world, target), inner)
            .iter()
            .map(|text| Line::of(Role::Text, &format!(" {text}"))),
    );
    let beside = beside(world, target);
    if !beside.is_empty() {
        lines.push(Line::new());
        let text = " BESIDE THE WAY: asked too, not passed through";
        lines.push(Line::of(Role::Heading, text));
        lines.extend(beside.iter().map(|stop| line(stop, width)));
    }
    lines.truncate(height);
    lines.into_iter().map(|line| line.cut(width).into()).collect()
}

/// Whose way it is, and what the columns are.
fn heading(target: &TargetSnapshot, width: usize) -> Line {
    let columns = Columns::of(width);
    let title = left(&format!("WAY TO {}", target.target.name), columns.name + 2);
    let address = left("ADDRESS", columns.address);
    let figure = |text: &str| right(text, columns.figure);
    let mut text = format!(" {title}{address}{}{}", figure("RTT MS"), figure("LOSS%"));
    if columns.answered > 0 {
        text += &right("ANSWERED 1 MIN", columns.answered);
    }
    Line::of(Role::Heading, &text)
}

/// Cells of each column.
struct Columns {
    name: usize,
    address: usize,
    figure: usize,
    answered: usize,
}

impl Columns {
    const fn of(width: usize) -> Self {
        match width {
            0..60 => Self { name: 22, address: 0, figure: 7, answered: 0 },
            60..100 => Self { name: 26, address: 18, figure: 8, answered: 17 },
            _ => Self { name: 34, address: 40, figure: 9, answered: 18 },
        }
    }
}

fn line(stop: &Stop, width: usize) -> Line {
    let columns = Columns::of(width);
    let mut line = Line::of(Role::Text, " ")
        .glyph(stop.glyph)
        .text(Role::Text, " ")
        .text(stop.role, &left(&stop.name, columns.name));
    if columns.address > 0 {
        line =
            line.text(Role::Dim, &left(&fit(&stop.address, columns.address - 1), columns.address));
    }
    line = line
        .text(stop.role, &right(&stop.median, columns.figure))
        .text(stop.role, &right(&stop.loss, columns.figure));
    line.text(Role::Dim, &right(&stop.answered, columns.answered))
}

/// This machine, every control that stands on the way, the target; between them what connects them.
fn way(world: &World<'_>, target: &TargetSnapshot, width: usize) -> Vec<Line> {
    let mut lines = vec![line(&this_machine(world, target), width)];
    let mut on_the_way: Vec<(Stretch, &Control)> = controls(world)
        .filter_map(|control| Some((stretch(world, target, control)?, control)))
        .collect();
    on_the_way.sort_by_key(|(stretch, control)| (*stretch, control.minute.role, control.address));
    let mut before = None;
    for (stretch, control) in on_the_way {
        if before != Some(stretch) {
            lines.extend(between(&connecting(world, target, stretch), width));
        }
        before = Some(stretch);
        lines.push(line(&stop(world, target, control), width));
    }
    lines.extend(between(&last_stretch(world, target, before), width));
    lines.push(line(&end(target), width));
    lines
}

fn controls<'a>(world: &World<'a>) -> impl Iterator<Item = &'a Control> {
    world.snapshot.monitor.controls.iter()
}

fn stretch(world: &World<'_>, target: &TargetSnapshot, control: &Control) -> Option<Stretch> {
    let monitor = &world.snapshot.monitor;
    let at_site = |address| is_control_of(&monitor.control_names, &target.target, address);
    stands(&monitor.local, target.address?, at_site, (control.address, control.minute.role))
}

fn between(what: &str, width: usize) -> impl Iterator<Item = Line> {
    let lines = wrap(what, width.saturating_sub(5).max(1));
    lines.into_iter().map(|line| {
        let bar = Line::of(Role::Text, " ").text(Role::Border, "\u{2502}");
        bar.text(Role::Dim, &format!("   {line}"))
    })
}

/// What leads to the end of a stretch.
fn connecting(world: &World<'_>, target: &TargetSnapshot, stretch: Stretch) -> String {
    let local = &world.snapshot.monitor.local;
    let name = |found: Option<&crate::domain::local::Interface>| {
        found.map_or_else(String::new, |interface| format!(" by {}", interface.name))
    };
    match stretch {
        Stretch::Own => {
            let carrier = target.address.and_then(|address| local.carrier_of(address));
            format!("your own network{}", name(carrier))
        }
        Stretch::Line => "your router and the line to the Internet".to_owned(),
        Stretch::Tunnel => {
            let tunnel = target.address.and_then(|address| local.tunnel_of(address));
            tunnel.map_or_else(
                || "the tunnel".to_owned(),
                |tunnel| format!("the tunnel {}", tunnel.name),
            )
        }
        Stretch::Site => "the network up to its site".to_owned(),
    }
}

/// What lies between the last stop that is measured and the target.
fn last_stretch(world: &World<'_>, target: &TargetSnapshot, before: Option<Stretch>) -> String {
    let local = &world.snapshot.monitor.local;
    let Some(address) = target.address else { return "its address is not known".to_owned() };
    let tunnel = local.tunnel_of(address);
    match before {
        Some(Stretch::Site) => "its own site".to_owned(),
        Some(Stretch::Tunnel) => "the network behind the tunnel".to_owned(),
        _ if local.owns(address) => "within this machine".to_owned(),
        _ if tunnel.is_some() => {
            let name = tunnel.map_or("", |tunnel| tunnel.name.as_str());
            format!("the tunnel {name} and the network behind it, nothing measured between")
        }
        _ if local.on_link(address).is_some() => {
            let name = local.leaves_by(address).map_or("", |interface| interface.name.as_str());
            format!("your own network by {name}, no router between")
        }
        Some(_) => "everything beyond, nothing measured between".to_owned(),
        None => "the whole way, nothing measured between".to_owned(),
    }
}

fn this_machine(world: &World<'_>, target: &TargetSnapshot) -> Stop {
    let local = &world.snapshot.monitor.local;
    let carrier = target.address.and_then(|address| local.carrier_of(address));
    let own = carrier.and_then(|interface| interface.addresses.first()).map(|(own, _)| *own);
    let sound = local.online();
    Stop {
        glyph: if sound { Role::StateOk } else { Role::StateCritical },
        role: Role::Dim,
        name: "this machine".to_owned(),
        address: own.map_or_else(String::new, |address| address.to_string()),
        median: String::new(),
        loss: String::new(),
        answered: local.cpu_pct.map_or_else(String::new, |cpu| format!("cpu {cpu:.0} %")),
    }
}

fn stop(world: &World<'_>, target: &TargetSnapshot, control: &Control) -> Stop {
    let minute = control.minute;
    let glyph = match (control.word, minute.loses()) {
        (ControlWord::Gone, _) => Role::StateCritical,
        (ControlWord::NeverAnswered, _) => Role::StateNotMeasured,
        (ControlWord::Answers, Some(true)) => Role::StateWarning,
        (ControlWord::Answers, _) => Role::StateOk,
    };
    let said = control.word != ControlWord::NeverAnswered;
    let share = f64::from(minute.lost) / f64::from(minute.sent.max(1));
    Stop {
        glyph,
        role: if matches!(glyph, Role::StateCritical | Role::StateWarning) {
            Role::Strong
        } else {
            Role::Dim
        },
        name: name(world, target, control),
        address: control.address.to_string(),
        median: format::ms_or_dash(minute.median.filter(|_| said)),
        loss: if said { format::percent(share) } else { format::NOT_MEASURED.to_owned() },
        answered: if said {
            format!("{} of {}", minute.sent - minute.lost, minute.sent)
        } else {
            "answers no ping".to_owned()
        },
    }
}

/// A control in a few words.
fn name(world: &World<'_>, target: &TargetSnapshot, control: &Control) -> String {
    let monitor = &world.snapshot.monitor;
    if is_control_of(&monitor.control_names, &target.target, control.address) {
        return "control at its site".to_owned();
    }
    let one_endpoint = monitor.local.vpn_endpoints().len() == 1;
    match control.minute.role {
        ControlRole::Gateway => "your router (gateway)",
        ControlRole::VpnEndpoint if one_endpoint => "the VPN's public endpoint",
        ControlRole::VpnEndpoint => "outside of the VPN",
        ControlRole::TunnelPeer => "the VPN's far end",
        ControlRole::Dns => "DNS server",
        ControlRole::Group => "control",
    }
    .to_owned()
}

fn end(target: &TargetSnapshot) -> Stop {
    let minute = &target.echo_minute;
    Stop {
        glyph: row_role(target),
        role: name_role(target),
        name: target.target.name.clone(),
        address: target.address.map_or_else(|| format::NOT_MEASURED.to_owned(), |a| a.to_string()),
        median: format::ms_or_dash(minute.median),
        loss: format::percent_or_dash(minute.loss()),
        answered: if minute.sent == 0 {
            "not measured".to_owned()
        } else {
            format!("{} of {}", minute.sent - minute.lost, minute.sent)
        },
    }
}

/// Controls that are asked but do not stand on the way.
fn beside(world: &World<'_>, target: &TargetSnapshot) -> Vec<Stop> {
    let own = |address: &IpAddr| Some(*address) == target.address;
    controls(world)
        .filter(|control| !own(&control.address) && stretch(world, target, control).is_none())
        .map(|control| stop(world, target, control))
        .collect()
}

/// Where it begins, in words: what the finding says, else what the figures show.
fn words(world: &World<'_>, target: &TargetSnapshot) -> String {
    let monitor = &world.snapshot.monitor;
    if let Some(offline) = super::banner::offline_words(&monitor.offline) {
        return offline;
    }
    let path = monitor.path_outage().filter(|_| {
        monitor.incidents.iter().any(|incident| {
            incident.ended.is_none() && incident.members.contains(&target.target.id)
        })
    });
    let own = target.findings.iter().find(|finding| TELLING.contains(&finding.rule.0));
    if let Some(finding) = path.or(own) {
        return finding.sentence.clone();
    }
    let name = &target.target.name;
    if target.echo_minute.sent == 0 {
        return format!("Nothing was measured on the way to {name} in the last minute.");
    }
    let gateway = target.findings.iter().find(|finding| finding.rule.0.starts_with("gateway-"));
    if let Some(finding) = gateway.filter(|_| target.echo_minute.lost == 0) {
        return format!(
            "Nothing was lost on the direct way to {name} in the last minute. Its users come through the \
             RD Gateway: {}",
            finding.sentence
        );
    }
    match (target.echo_minute.lost, target.is_in_trouble()) {
        (0, true) => format!(
            "Nothing was lost on the way to {name} in the last minute: what is wrong with it is not the way."
        ),
        (0, false) => format!("Nothing was lost on the way to {name} in the last minute."),
        (lost, _) => format!(
            "{lost} of {} echo requests to {name} were lost in the last minute; not enough to say where.",
            target.echo_minute.sent
        ),
    }
}
