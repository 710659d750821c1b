//! What is known of a target besides findings: names, identity, waking, the probing itself.

use super::footer::key_name;
use crate::domain::certificate::CertificateSummary;
use crate::domain::identity::{Presented, target_names};
use crate::domain::ladder::Cell;
use crate::domain::local::EchoKind;
use crate::domain::sample::{EchoMethod, NameOutcome, Resolution, TlsSweep};
use crate::domain::snapshot::{TargetSnapshot, TargetState};
use crate::domain::text::printable;
use crate::domain::wake::{WakePolicy, WakeProgress, WakeRung};
use crate::report::explain::NOT_OBSERVABLE;
use crate::report::{gateway, path_mtu, words};
use crate::ui::action::Action;
use crate::ui::format::{self, NOT_MEASURED};
use crate::ui::keymap::Layer;
use crate::ui::line::{Line, wrap};
use crate::ui::state::{Access, UiState};
use crate::ui::theme::Role;
use crate::ui::world::World;
use std::borrow::Cow;
use std::net::IpAddr;

/// Cells before the text of a fact.
const INDENT: usize = 3 + LABEL;

/// Cells of a label and the space behind it.
const LABEL: usize = 10;

/// A heading of its own.
pub fn heading(out: &mut Vec<Line>, text: &str, width: usize) {
    if !out.is_empty() {
        out.push(Line::new());
    }
    out.push(Line::of(Role::Heading, &format!(" {text}")).cut(width));
}

/// `label  text`, wrapped.
pub fn fact(out: &mut Vec<Line>, label: &str, role: Role, text: &str, width: usize) {
    debug_assert!(label.len() < LABEL, "no space behind {label}");
    let room = width.saturating_sub(INDENT).max(10);
    for (place, part) in wrap(text, room).iter().enumerate() {
        let label = if place == 0 { label } else { "" };
        out.push(Line::of(Role::Dim, &format!("   {label:<LABEL$}")).text(role, part).cut(width));
    }
}

fn list(addresses: &[IpAddr]) -> String {
    if addresses.is_empty() {
        return NOT_MEASURED.to_owned();
    }
    words::addresses(addresses)
}

/// Names: the operating system's answer, each server's beside it, what was expected.
pub fn names(out: &mut Vec<Line>, target: &TargetSnapshot, width: usize) {
    heading(out, "NAMES", width);
    fact(out, "dialled", Role::Text, &target.target.host.to_string(), width);
    let Some(resolution) = &target.resolution else {
        fact(out, "answer", Role::Dim, NOT_MEASURED, width);
        return;
    };
    if resolution.outcome == NameOutcome::NotNeeded {
        fact(out, "answer", Role::Dim, "an address needs no name", width);
    } else {
        answers(out, resolution, width);
    }
    let canonical = resolution.canonical().collect::<Vec<_>>().join(", ");
    if !canonical.is_empty() {
        fact(out, "alias of", Role::Text, &canonical, width);
    }
    let expect = &target.target.expect;
    if !expect.is_empty() {
        let agrees = resolution.addresses.iter().any(|address| expect.contains(address));
        let (role, word) = match (resolution.addresses.is_empty(), agrees) {
            (true, _) => (Role::Dim, ""),
            (false, true) => (Role::Dim, "  agrees"),
            (false, false) => (Role::StateCritical, "  DIFFERS"),
        };
        fact(out, "expected", role, &format!("{}{word}", list(expect)), width);
    }
    if !resolution.ptr.is_empty() {
        fact(out, "reverse", Role::Text, &resolution.ptr.join(", "), width);
    }
}

fn answers(out: &mut Vec<Line>, resolution: &Resolution, width: usize) {
    let (role, text) = if resolution.outcome == NameOutcome::Ok {
        let source = match resolution.source.word() {
            "dns" => "DNS",
            "hosts" => "the hosts file",
            _ => "the operating system",
        };
        (Role::Text, format!("{} from {source}", list(&resolution.addresses)))
    } else {
        (Role::StateCritical, resolution.outcome.why_no_address().to_owned())
    };
    let elapsed = format::ms(resolution.elapsed);
    fact(out, "answer", role, &format!("{text} in {elapsed} ms"), width);
    for answer in &resolution.servers {
        let text = match answer.outcome {
            NameOutcome::Ok => list(&answer.addresses),
            other => other.why_no_address().to_owned(),
        };
        let ttl = answer.ttl_s.map_or_else(String::new, |ttl| format!(", TTL {ttl} s"));
        let differs = answer.outcome != resolution.outcome
            || (answer.outcome == NameOutcome::Ok
                && !answer.addresses.iter().any(|a| resolution.addresses.contains(a)));
        let role = if differs { Role::StateWarning } else { Role::Dim };
        let server = answer.server.ip();
        fact(out, "server", role, &format!("{server} says {text}{ttl}"), width);
    }
}

/// Who answers: the certificate, the hardware address, the other addresses.
pub fn identity(out: &mut Vec<Line>, state: &UiState, target: &TargetSnapshot, width: usize) {
    heading(out, "IDENTITY", width);
    match target.tls.as_ref().and_then(|tls| tls.certificate.as_ref()) {
        None => fact(out, "cert", Role::Dim, NOT_MEASURED, width),
        Some(certificate) => self::certificate(out, state, target, certificate, width),
    }
    if let Some(tls) = &target.tls
        && let Some(version) = tls.version
    {
        fact(out, "tls", Role::Text, &format!("{version}, {} hello", tls.hello.word()), width);
    }
    if let Some(facts) = target.sweep.as_ref().and_then(TlsSweep::facts) {
        fact(out, "takes", Role::Text, &facts, width);
    }
    own_names(out, target, width);
    if let Some(neighbour) = &target.neighbour {
        let mac = neighbour.mac.map_or_else(String::new, |mac| format!("{mac} "));
        let word = neighbour.state.word().unwrap_or(NOT_MEASURED).replace('_', " ");
        fact(out, "neighbour", Role::Text, &format!("{mac}{word}"), width);
    }
    for (address, other) in &target.alternatives {
        let outcome = other.newest.value.outcome;
        let (role, mut text) =
            (outcome.answered(), format!("{address} {}", outcome.word().replace('_', " ")));
        let role = if role { Role::Text } else { Role::StateWarning };
        let climb = other.climb.as_ref().map(|climb| &climb.value);
        if let Some(negotiate) = climb.and_then(|climb| climb.negotiate.as_ref()) {
            let word = negotiate.outcome.word().replace('_', " ");
            text = format!("{text}, X.224 {word}");
        }
        if let Some(tls) = climb.and_then(|climb| climb.tls.as_ref()) {
            text = format!("{text}, TLS {}", tls.outcome.word());
        }
        if target.target.expect.contains(address) {
            text.push_str(", expected");
        }
        fact(out, "also at", role, &text, width);
    }
}

/// The names that the machine has for itself, and whether they fit the dialled one.
fn own_names(out: &mut Vec<Line>, target: &TargetSnapshot, width: usize) {
    let presented = Presented {
        certificate: target.tls.as_ref().and_then(|tls| tls.certificate.as_ref()),
        ntlm: target.nla.as_ref().and_then(|nla| nla.identity.as_ref()),
    };
    let ntlm = presented.ntlm_names().collect::<Vec<_>>().join(", ");
    if ntlm.is_empty() {
        return;
    }
    let accepted = target_names(&target.target, target.resolution.as_ref());
    let (role, words) = if accepted.is_empty() {
        (Role::Text, "; dialled by address")
    } else if (Presented { certificate: None, ..presented }).claims(&accepted) {
        (Role::Text, "; fits the dialled name")
    } else {
        (Role::StateWarning, "; is not the dialled name")
    };
    fact(out, "own name", role, &format!("{ntlm}{words}"), width);
}

fn certificate(
    out: &mut Vec<Line>,
    state: &UiState,
    target: &TargetSnapshot,
    certificate: &CertificateSummary,
    width: usize,
) {
    let issuer = if certificate.self_signed {
        "self-signed".to_owned()
    } else {
        format!("issued by {}", certificate.issuer)
    };
    fact(out, "cert", Role::Text, &format!("{}, {issuer}", certificate.subject), width);
    let days = target.certificate_days.unwrap_or_default();
    let (role, words) = match days {
        -1 => (Role::StateCritical, "EXPIRED today".to_owned()),
        ..0 => (Role::StateCritical, format!("EXPIRED {} days ago", days.unsigned_abs() - 1)),
        0..=7 => (Role::StateWarning, format!("{days} days left")),
        _ => (Role::Text, format!("{days} days left")),
    };
    let (from, to) =
        (state.zone.date(certificate.not_before), state.zone.date(certificate.not_after));
    fact(out, "valid", role, &format!("{from} to {to}, {words}"), width);
    let names = certificate.names.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
    let (role, words) = match target.name_matches {
        Some(true) => (Role::Text, "covers the dialled name"),
        Some(false) => (Role::StateWarning, "does not cover the dialled name"),
        None => (Role::Text, "dialled by address"),
    };
    fact(out, "names", role, &format!("{names}; {words}"), width);
    let text =
        format!("{}, {}, {}", certificate.key, certificate.signature, certificate.sha256.short());
    fact(out, "key", Role::Dim, &text, width);
}

/// Whether it can be woken, and how far it has come.
pub fn wake(
    out: &mut Vec<Line>,
    world: &World<'_>,
    state: &UiState,
    target: &TargetSnapshot,
    width: usize,
) {
    let concerned = target.target.may_sleep()
        || target.mac.is_some()
        || target.wake.is_some()
        || matches!(target.state, TargetState::Asleep | TargetState::Waking);
    if !concerned {
        return;
    }
    heading(out, "WAKE", width);
    match target.mac {
        Some(mac) => {
            let origin = if target.target.mac == Some(mac) { "configured" } else { "learnt" };
            fact(out, "address", Role::Text, &format!("{mac} ({origin})"), width);
        }
        None => fact(out, "address", Role::StateWarning, "no hardware address is known", width),
    }
    if let Some(progress) = &target.wake {
        woken(out, world, progress, width);
    } else {
        let reach = target.wake_reach(&world.snapshot.monitor.local);
        let words: Cow<'_, str> = match (&target.target.wake.via, reach) {
            (Some(relay), _) => format!("through the relay {}", printable(relay.program())).into(),
            (None, Some(reach)) => reach.words(),
            (None, None) => match target.target.wake.address {
                Some(address) => format!("packets go to {address} besides").into(),
                None => "its address is not known".into(),
            },
        };
        for (place, line) in wrap(&words, width.saturating_sub(14)).iter().enumerate() {
            fact(out, if place == 0 { "reach" } else { "" }, Role::Dim, line, width);
        }
    }
    if let Some(usual) = target.usual_waking {
        let text = format!("up after {} s", usual.as_secs());
        fact(out, "usually", Role::Dim, &text, width);
    }
    let wake = &target.target.wake;
    if wake.policy != WakePolicy::default() {
        fact(out, "policy", Role::Text, wake.policy.word(), width);
    }
    if !wake.at.is_empty() {
        let times: Vec<String> = wake.at.iter().map(ToString::to_string).collect();
        fact(out, "at", Role::Text, &times.join("; "), width);
    }
    if state.access == Access::ReadOnly {
        fact(out, "", Role::Dim, "read-only: no magic packets are sent", width);
    } else if target.mac.is_some() && target.state == TargetState::Asleep {
        let key = key_name(world, Layer::Detail, Action::Wake);
        fact(out, "", Role::Text, &format!("{key} wakes it"), width);
    }
}

/// How far up it has come, and the receipt for what was sent.
fn woken(out: &mut Vec<Line>, world: &World<'_>, progress: &WakeProgress, width: usize) {
    let now = world.snapshot.now.mono;
    let role = match (progress.is_up(), progress.is_over(now)) {
        (true, _) => Role::StateOk,
        (false, true) => Role::StateWarning,
        (false, false) => Role::StateWaking,
    };
    fact(out, "progress", role, &progress.text(now), width);
    let mut ladder = Line::of(Role::Dim, &format!("   {:<10}", "ladder"));
    for rung in WakeRung::ALL {
        let seen = progress.seen(rung);
        let (glyph, text) = match seen {
            Some(_) => (Role::StateOk, Role::Text),
            None => (Role::StateNotMeasured, Role::Dim),
        };
        let after = seen.map_or_else(String::new, |after| format!(" {} s", after.as_secs()));
        ladder = ladder.glyph(glyph).text(text, &format!(" {}{after}   ", rung.word()));
    }
    out.push(ladder.cut(width));
    if let Some(receipt) = progress.receipts().last() {
        for (place, line) in receipt.lines().iter().enumerate() {
            fact(out, if place == 0 { "receipt" } else { "" }, Role::Dim, line, width);
        }
    }
}

/// What sends the echo requests of all targets, what it counted, and what it cannot see.
fn engine(out: &mut Vec<Line>, world: &World<'_>, width: usize) {
    let Some((facts, counts)) = &world.snapshot.monitor.engine else { return };
    let word = facts.kind.word();
    let text = match counts {
        Some(counts) => format!(
            "{word}, all hosts: {} sent; {} duplicate, {} reordered, {} foreign, {} dropped here",
            counts.sent, counts.duplicates, counts.reordered, counts.foreign, counts.dropped
        ),
        None => word.to_owned(),
    };
    fact(out, "engine", Role::Dim, &text, width);
    let clock = (!facts.stamps_sends && facts.kind == EchoKind::Batched)
        .then_some("the system does not note when requests leave");
    for what in clock.into_iter().chain(facts.kind.blind_spots().iter().copied()) {
        for line in wrap(what, width.saturating_sub(14)) {
            fact(out, "", Role::Dim, &line, width);
        }
    }
}

/// What the probing costs the host, and when the next deep probe is due.
pub fn probing(out: &mut Vec<Line>, world: &World<'_>, target: &TargetSnapshot, width: usize) {
    heading(out, "PROBING", width);
    let method = target.echo_total.method.map_or(NOT_MEASURED, |method| match method.word() {
        "icmp" => "ICMP",
        _ => "TCP (says nothing about the host behind a proxy)",
    });
    let stats = &target.echo_total;
    let text = format!(
        "{method}: {} of {} answered, {} late, {} void; longest gap {}",
        stats.received, stats.sent, stats.late, stats.void, stats.longest_burst
    );
    fact(out, "echo", Role::Text, &text, width);
    if target.echo_total.method == Some(EchoMethod::Icmp) {
        engine(out, world, width);
    }
    let role = |cell| match cell {
        Cell::Broken => Role::StateCritical,
        Cell::Warning => Role::StateWarning,
        Cell::NotMeasured => Role::Dim,
        _ => Role::Text,
    };
    if let Some(path) = &target.path {
        fact(out, "path", role(path_mtu::cell(path)), &path_mtu::text(path), width);
    }
    if let Some(text) = gateway::text(target, world.snapshot.now.wall) {
        fact(out, "gateway", role(gateway::cell(target)), &text, width);
    }
    let budget = format!("{} connections a day at this pace", target.connections_per_day);
    fact(out, "budget", Role::Text, &budget, width);
    if let Some(due) = target.next_tls {
        let wait = format::age_in_words(due.since(world.snapshot.now.mono));
        let key = key_name(world, Layer::Detail, Action::ProbeNow);
        fact(out, "next TLS", Role::Text, &format!("in {wait}; {key} probes at once"), width);
    }
}

/// What is never judged.
pub fn not_observable(out: &mut Vec<Line>, width: usize) {
    heading(out, "NOT OBSERVABLE FROM HERE", width);
    for line in wrap(&NOT_OBSERVABLE.join("; "), width.saturating_sub(4)) {
        out.push(Line::of(Role::Dim, &format!("   {line}")).cut(width));
    }
}
