//! The effective configuration as a configuration file.

use super::settings::{SETTINGS, Settings};
use super::sink::template_word;
use super::{Config, default_expected};
use crate::domain::maintenance::{Times, Window};
use crate::domain::sink::{Secret, SinkKind, SinkSpec, Template};
use crate::domain::target::Target;
use crate::domain::wake::WakePolicy;
use humantime::format_duration;
use std::fmt::{Display, Write as _};

/// `config` as TOML, every number in force written out; targets say only what differs from the
/// top.
pub(super) fn to_toml(config: &Config) -> String {
    let mut out = String::new();
    let dns = list(config.dns.iter().map(|server| text(&server.to_string())));
    line(&mut out, "dns", dns);
    line(&mut out, "family", text(config.family.word()));
    line(&mut out, "icmp", config.icmp);
    line(&mut out, "echo_engine", text(config.echo_engine.word()));
    line(&mut out, "deep", config.deep);
    line(&mut out, "read_only", config.read_only);
    header(&mut out, "[ui]");
    line(&mut out, "theme", text(&config.ui.theme));
    line(&mut out, "view", text(config.ui.view.word()));
    line(&mut out, "columns", list(config.ui.columns.iter().map(|column| text(column.word()))));
    let panels = &config.ui.panels;
    line(&mut out, "layout", list(panels.order.iter().map(|panel| text(panel.word()))));
    if let Some(share) = panels.preview {
        line(&mut out, "preview", share);
    }
    if let Some(keymap) = &config.ui.keymap {
        line(&mut out, "keymap", text(&keymap.display().to_string()));
    }
    if let Some(ascii) = config.ui.ascii {
        line(&mut out, "ascii", ascii);
    }
    line(&mut out, "fps", config.ui.fps);
    line(&mut out, "color", text(config.ui.color.word()));
    if let Some(operator) = &config.ui.operator {
        line(&mut out, "operator", text(operator));
    }
    numbers(&mut out, "", &config.settings, None);
    for group in &config.groups {
        header(&mut out, &format!("[group.{}]", text(group)));
    }
    for sink in &config.sinks {
        write_sink(&mut out, sink);
    }
    for window in &config.maintenance {
        write_window(&mut out, window);
    }
    for target in &config.targets {
        write_target(&mut out, target, &config.settings);
    }
    out
}

fn write_window(out: &mut String, window: &Window) {
    header(out, "[[maintenance]]");
    line(out, "name", text(&window.name));
    line(out, "targets", list(window.targets.iter().map(|name| text(name))));
    line(out, "groups", list(window.groups.iter().map(|name| text(name))));
    match &window.times {
        Times::Once(from, to) => {
            line(out, "from", text(&from.to_string()));
            line(out, "to", text(&to.to_string()));
        }
        Times::Weekly(times, lasts) => {
            line(out, "at", list(times.iter().map(|time| text(&time.to_string()))));
            line(out, "lasts", text(&format_duration(*lasts).to_string()));
        }
    }
    if let Some(name) = window.zone.as_ref().and_then(|zone| zone.iana_name()) {
        line(out, "zone", text(name));
    }
}

/// Secrets are left out: where they stand is shown, and what they are never.
fn write_sink(out: &mut String, sink: &SinkSpec) {
    header(out, "[[sink]]");
    line(out, "type", text(sink.kind.word()));
    line(out, "name", text(&sink.name));
    line(out, "severity", text(sink.severity.word()));
    line(out, "groups", list(sink.groups.iter().map(|group| text(group))));
    line(out, "events", list(sink.events.iter().map(|event| text(event.word()))));
    match &sink.kind {
        SinkKind::Webhook { url, token, template } => {
            secret(out, "url", url);
            if let Some(token) = token {
                secret(out, "token", token);
            }
            match (template, template_word(template)) {
                (Template::Text(own), _) => line(out, "text", text(own)),
                (_, word) => line(out, "template", text(word.unwrap_or_default())),
            }
        }
        SinkKind::Exec(words) => line(out, "command", list(words.iter().map(|word| text(word)))),
        SinkKind::File(path) => line(out, "path", text(&path.display().to_string())),
        SinkKind::Bell | SinkKind::Syslog | SinkKind::Journald | SinkKind::Desktop => {}
    }
}

fn secret(out: &mut String, key: &str, secret: &Secret) {
    match secret {
        Secret::Plain(_) => {
            let _infallible = writeln!(out, "# {key} is in the file and not shown");
        }
        Secret::Variable(name) => line(out, &format!("{key}_env"), text(name)),
        Secret::File(path) => line(out, &format!("{key}_file"), text(&path.display().to_string())),
    }
}

fn write_target(out: &mut String, target: &Target, inherited: &Settings) {
    header(out, "[[target]]");
    line(out, "name", text(&target.name));
    line(out, "host", text(&target.host.to_string()));
    line(out, "port", target.port);
    if !target.expect.is_empty() {
        line(out, "expect", list(target.expect.iter().map(|address| text(&address.to_string()))));
    }
    if let Some(mac) = target.mac {
        line(out, "mac", text(&mac.to_string()));
    }
    if !target.aliases.is_empty() {
        line(out, "aliases", list(target.aliases.iter().map(|alias| text(alias))));
    }
    if !target.controls.is_empty() {
        let controls = target.controls.iter().map(|control| text(&control.to_string()));
        line(out, "control", list(controls));
    }
    if let Some(gateway) = &target.gateway {
        line(out, "gateway", text(&gateway.to_string()));
        line(out, "gateway_usage", text(gateway.usage.word()));
    }
    if let Some(group) = &target.group {
        line(out, "group", text(group));
    }
    line(out, "kind", text(target.kind.word()));
    if target.expected != default_expected(target.kind) {
        line(out, "expected", text(target.expected.word()));
    }
    if let Some(hours) = &target.hours {
        line(out, "hours", list(hours.spans.iter().map(|span| text(&span.to_string()))));
        if let Some(zone) = hours.zone.as_ref().and_then(|zone| zone.iana_name()) {
            line(out, "zone", text(zone));
        }
    }
    let wake = &target.wake;
    let mut entries = Vec::new();
    if !wake.ports.is_empty() {
        entries.push(format!("ports = {}", list(wake.ports.iter().map(u16::to_string))));
    }
    if let Some(password) = wake.secure_on {
        entries.push(format!("secure_on = {}", text(&password.to_string())));
    }
    if let Some(interface) = &wake.interface {
        entries.push(format!("interface = {}", text(interface)));
    }
    if let Some(address) = wake.address {
        entries.push(format!("address = {}", text(&address.to_string())));
    }
    if let Some(relay) = &wake.via {
        entries.push(format!("via = {}", list(relay.words().iter().map(|word| text(word)))));
    }
    if wake.policy != WakePolicy::default() {
        entries.push(format!("policy = {}", text(wake.policy.word())));
    }
    if !wake.at.is_empty() {
        entries.push(format!("at = {}", list(wake.at.iter().map(|at| text(&at.to_string())))));
    }
    if !entries.is_empty() {
        line(out, "wake", format_args!("{{ {} }}", entries.join(", ")));
    }
    let own = Settings {
        cadence: target.cadence,
        deadlines: target.deadlines,
        thresholds: target.thresholds.clone(),
        alert: target.alert,
    };
    numbers(out, "target.", &own, Some(inherited));
}

/// The numbers, section by section; with `inherited`, only those that differ from it.
fn numbers(out: &mut String, prefix: &str, settings: &Settings, inherited: Option<&Settings>) {
    let mut open = "";
    for setting in SETTINGS {
        let scalar = setting.get(settings);
        if inherited.is_some_and(|inherited| setting.get(inherited) == scalar) {
            continue;
        }
        if open != setting.section {
            open = setting.section;
            header(out, &format!("[{prefix}{open}]"));
        }
        line(out, setting.key, scalar.to_toml());
    }
}

// Writing to a String cannot fail, so the results below carry nothing.

pub(super) fn header(out: &mut String, text: &str) {
    let _ = writeln!(out, "\n{text}");
}

pub(super) fn line(out: &mut String, key: &str, value: impl Display) {
    let _ = writeln!(out, "{key} = {value}");
}

pub(super) fn text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

pub(super) fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}
