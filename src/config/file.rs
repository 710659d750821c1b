//! The configuration file: TOML in, settings and targets out, everything inherited.

use super::default_expected;
use super::error::{ConfigError, Place};
use super::host::SHOWN;
use super::keys::{At, RawGroup, RawTarget, RawUi, TOP, Through, Top, fill};
use super::maintenance::{self, RawWindow};
use super::settings::{Settings, apply};
use super::sink::{self, RawSink};
use super::target_spec::default_kind;
use super::value::{Fault, nearest, unknown};
use crate::domain::hours::Hours;
use crate::domain::local::EchoWish;
use crate::domain::maintenance::Window;
use crate::domain::sink::SinkSpec;
use crate::domain::target::{DEFAULT_PORT, Expected, Family, GatewayAddress, Target, TargetId};
use crate::domain::text::excerpt;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a file sets, typed and checked: `None` where it is silent.
#[derive(Default)]
pub(super) struct Layer {
    pub(super) dns: Option<Vec<SocketAddr>>,
    pub(super) family: Option<Family>,
    pub(super) icmp: Option<bool>,
    pub(super) echo_engine: Option<EchoWish>,
    pub(super) deep: Option<bool>,
    pub(super) read_only: Option<bool>,
    pub(super) ui: RawUi,
    /// The defaults with the file's global numbers.
    pub(super) settings: Settings,
    /// Names of the groups, in the order of the file.
    pub(super) groups: Vec<String>,
    /// The targets with everything they inherit, in the order of the file.
    pub(super) targets: Vec<Target>,
    /// Where alerts are told.
    pub(super) sinks: Vec<SinkSpec>,
    /// When they are not told.
    pub(super) maintenance: Vec<Window>,
}

/// Reads a configuration file's text. `path` only names it in errors.
///
/// # Errors
/// The first mistake in the order of the text, or the first that its sections together make.
pub(super) fn read(path: &Path, text: &str) -> Result<Layer, ConfigError> {
    let located = |fault: Fault| locate(path, text, fault);
    let table = DeTable::parse(text).map_err(|error| located(of_toml(text, &error)))?;
    let span = table.span();
    let document = Spanned::new(span, DeValue::Table(table.into_inner()));
    read_table(&document).map_err(located)
}

/// What is no TOML, and what is left without it.
pub(super) fn parse_leniently(text: &str) -> (Spanned<DeTable<'_>>, Vec<Fault>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    (table, errors.iter().map(|error| of_toml(text, error)).collect())
}

fn of_toml(text: &str, error: &toml::de::Error) -> Fault {
    let at = error.span().unwrap_or(0..0);
    let message = match (error.message(), text.get(at.clone())) {
        ("duplicate key", Some(key)) => {
            format!("\"{}\" is given twice, expected once", excerpt(key, SHOWN))
        }
        (message, _) => excerpt(&message.trim_end().replace('\n', "; "), 200),
    };
    Fault::new(at, message)
}

/// Reads what is TOML.
pub(super) fn read_table(document: &Spanned<DeValue<'_>>) -> Result<Layer, Fault> {
    let mut top = Top::default();
    fill(&mut top, TOP, document)?;
    inherit(top)
}

/// The lines of the targets of a text that [`read`] takes, from 1, in their order.
pub(super) fn target_lines(text: &str) -> Vec<usize> {
    let table = DeTable::parse(text).ok();
    let targets = table.as_ref().and_then(|table| table.get_ref().get("target"));
    let targets = targets.and_then(|targets| targets.get_ref().as_array());
    let (mut line, mut counted) = (1, 0);
    let mut lines = Vec::new();
    for target in targets.into_iter().flat_map(|targets| targets.iter()) {
        let start = target.span().start;
        line += text.get(counted..start).unwrap_or_default().matches('\n').count();
        counted = start.max(counted);
        lines.push(line);
    }
    lines
}

/// Puts line, column, key and file to a mistake.
pub(super) fn locate(path: &Path, text: &str, fault: Fault) -> ConfigError {
    let before = text.get(..fault.at.start.min(text.len())).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let place = Place::Text {
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        key: fault.key,
    };
    ConfigError::new(place, fault.message)
}

/// Hands the defaults down: program, file, group, target.
fn inherit(top: Top) -> Result<Layer, Fault> {
    let mut settings = Settings::default();
    apply(&mut settings, &top.assignments)?;
    let mut groups = Vec::new();
    for group in &top.groups {
        let mut inherited = settings.clone();
        apply(&mut inherited, &group.assignments)
            .map_err(|fault| fault.under(&group.name).under("group"))?;
        groups.push((group, inherited));
    }
    let mut targets: Vec<Target> = Vec::new();
    let mut names = BTreeSet::new();
    for (index, raw) in top.targets.into_iter().enumerate() {
        let id = TargetId(u32::try_from(index).unwrap_or(u32::MAX));
        let (target, named_at) =
            resolve(id, raw, &settings, &groups).map_err(|fault| fault.under("target"))?;
        if !names.insert(target.name.to_lowercase()) {
            let shown = excerpt(&target.name, 60);
            let message =
                format!("two targets are called \"{shown}\", expected a name of its own for each");
            return Err(Fault::new(named_at, message).under("name").under("target"));
        }
        targets.push(target);
    }
    let sinks = sinks(top.sinks, &groups)?;
    let maintenance = windows(&top.maintenance, &groups, &targets)?;
    let groups = groups.into_iter().map(|(group, _)| group.name.clone()).collect();
    Ok(Layer {
        sinks,
        maintenance,
        dns: top.dns,
        family: top.family,
        icmp: top.icmp,
        echo_engine: top.echo_engine,
        deep: top.deep,
        read_only: top.read_only,
        ui: top.ui,
        settings,
        groups,
        targets,
    })
}

/// The sinks, whose groups must be there and whose names must differ.
fn sinks(raw: Vec<RawSink>, groups: &[(&RawGroup, Settings)]) -> Result<Vec<SinkSpec>, Fault> {
    let mut sinks: Vec<SinkSpec> = Vec::new();
    let given: Vec<String> = raw.iter().filter_map(|raw| raw.name().map(str::to_owned)).collect();
    for raw in raw {
        for wanted in &raw.groups {
            if find_group(&wanted.value, groups).is_none() {
                let known = groups.iter().map(|(group, _)| group.name.as_str());
                let message = unknown_group(&wanted.value, known);
                let fault = Fault::new(wanted.at.clone(), message);
                return Err(fault.under("groups").under("sink"));
            }
        }
        let at = raw.at();
        let mut sink = sink::resolve(&raw).map_err(|fault| fault.under("sink"))?;
        if raw.name().is_none() {
            sink.name = free_name(&sink.name, &sinks, &given);
        }
        if sinks.iter().any(|other| other.name.eq_ignore_ascii_case(&sink.name)) {
            let shown = excerpt(&sink.name, 60);
            let message =
                format!("two sinks are called \"{shown}\", expected a name of its own for each");
            return Err(Fault::new(at, message).under("name").under("sink"));
        }
        sinks.push(sink);
    }
    Ok(sinks)
}

/// The name of a sink that has none of its own: its type, and from the second of a type on, which
/// it is.
fn free_name(kind: &str, sinks: &[SinkSpec], given: &[String]) -> String {
    let named = sinks.iter().map(|sink| &sink.name).chain(given);
    let taken = |name: &str| named.clone().any(|other| other.eq_ignore_ascii_case(name));
    let names = std::iter::once(kind.to_owned()).chain((2..).map(|nth| format!("{kind} {nth}")));
    names
        .take(sinks.len() + given.len() + 1)
        .find(|name| !taken(name))
        .unwrap_or_else(|| kind.to_owned())
}

/// The windows of planned work, whose targets and groups must be there and whose names must differ.
fn windows(
    raw: &[RawWindow],
    groups: &[(&RawGroup, Settings)],
    targets: &[Target],
) -> Result<Vec<Window>, Fault> {
    let mut windows: Vec<Window> = Vec::new();
    for (raw, number) in raw.iter().zip(1..) {
        for wanted in &raw.groups {
            if find_group(&wanted.value, groups).is_none() {
                let known = groups.iter().map(|(group, _)| group.name.as_str());
                let message = unknown_group(&wanted.value, known);
                let fault = Fault::new(wanted.at.clone(), message);
                return Err(fault.under("groups").under("maintenance"));
            }
        }
        for wanted in &raw.targets {
            let name = wanted.value.to_lowercase();
            if !targets.iter().any(|target| target.name.to_lowercase() == name) {
                let known = targets.iter().map(|target| target.name.as_str());
                let message = unknown_target(&wanted.value, known);
                let fault = Fault::new(wanted.at.clone(), message);
                return Err(fault.under("targets").under("maintenance"));
            }
        }
        let window =
            maintenance::resolve(raw, number).map_err(|fault| fault.under("maintenance"))?;
        if windows.iter().any(|other| other.name.eq_ignore_ascii_case(&window.name)) {
            let shown = excerpt(&window.name, 60);
            let message = format!(
                "two maintenance windows are called \"{shown}\", expected a name of its own for each"
            );
            return Err(Fault::new(raw.named_at(), message).under("name").under("maintenance"));
        }
        windows.push(window);
    }
    Ok(windows)
}

/// The nearest target's name; all of them would be too many to list.
fn unknown_target<'g>(name: &str, known: impl Iterator<Item = &'g str>) -> String {
    let known: Vec<&str> = known.collect();
    let shown = excerpt(name, 60);
    match nearest(name, &known) {
        Some(near) => {
            format!("unknown target \"{shown}\", did you mean \"{}\"?", excerpt(near, 60))
        }
        None => format!("unknown target \"{shown}\", expected the name of a [[target]]"),
    }
}

/// A target with what it inherits, and where its name stands.
fn resolve(
    id: TargetId,
    raw: RawTarget,
    global: &Settings,
    groups: &[(&RawGroup, Settings)],
) -> Result<(Target, Range<usize>), Fault> {
    let Some(host) = raw.host else {
        return Err(Fault::new(
            raw.at,
            "the key \"host\" is missing, expected a name or an address",
        ));
    };
    let group = match &raw.group {
        None => None,
        Some(wanted) => Some(find_group(&wanted.value, groups).ok_or_else(|| {
            let known = groups.iter().map(|(group, _)| group.name.as_str());
            let message = unknown_group(&wanted.value, known);
            Fault::new(wanted.at.clone(), message).under("group")
        })?),
    };
    let mut settings = group.map_or(global, |(_, inherited)| inherited).clone();
    apply(&mut settings, &raw.assignments)?;
    let kind = raw
        .kind
        .or_else(|| group.and_then(|(group, _)| group.kind))
        .unwrap_or_else(|| default_kind(raw.mac));
    let expected = raw
        .expected
        .or_else(|| group.and_then(|(group, _)| group.expected))
        .unwrap_or_else(|| default_expected(kind));
    let hours = raw.hours.as_ref().or_else(|| group.and_then(|(group, _)| group.hours.as_ref()));
    let zone = raw.zone.clone().or_else(|| group.and_then(|(group, _)| group.zone.clone()));
    if let Some(own) = &raw.hours
        && expected != Expected::Hours
    {
        let message =
            format!("it is expected \"{}\", and hours need expected = \"hours\"", expected.word());
        return Err(Fault::new(own.at.clone(), message).under("hours"));
    }
    let hours = hours
        .filter(|hours| expected == Expected::Hours && !hours.value.is_empty())
        .map(|hours| Hours { spans: hours.value.clone(), zone });
    let gateway = gateway(
        raw.gateway.as_ref().or_else(|| group.and_then(|(group, _)| group.gateway.as_ref())),
        raw.gateway_usage,
        group.and_then(|(group, _)| group.gateway_usage),
    )?;
    let (typed, at) = (host.value, host.at);
    let (name, named_at) = match raw.name {
        Some(name) => (name.value, name.at),
        None => (typed.0, at),
    };
    let target = Target {
        port: raw.port.unwrap_or(DEFAULT_PORT),
        expect: raw.expect,
        mac: raw.mac,
        aliases: raw.aliases,
        controls: raw
            .control
            .unwrap_or_else(|| group.map_or_else(Vec::new, |(group, _)| group.control.clone())),
        gateway,
        group: group.map(|(group, _)| group.name.clone()),
        kind,
        expected,
        hours,
        wake: raw.wake,
        thresholds: settings.thresholds,
        alert: settings.alert,
        cadence: settings.cadence,
        deadlines: settings.deadlines,
        ..Target::new(id, name, typed.1)
    };
    Ok((target, named_at))
}

/// The gateway in force; a usage of a target's own is for nothing without one.
fn gateway(
    place: Option<&GatewayAddress>,
    own: Option<At<Through>>,
    inherited: Option<Through>,
) -> Result<Option<GatewayAddress>, Fault> {
    let Some(place) = place else {
        return match own {
            Some(At { value: Through::Gateway(_), at }) => {
                let message =
                    "there is no gateway, expected one beside it such as gateway = \"gw.corp.lab\"";
                Err(Fault::new(at, message).under("gateway_usage"))
            }
            _ => Ok(None),
        };
    };
    Ok(match own.map(|own| own.value).or(inherited) {
        Some(Through::Never) => None,
        Some(Through::Gateway(usage)) => Some(GatewayAddress { usage, ..place.clone() }),
        None => Some(place.clone()),
    })
}

fn find_group<'g, 'r>(
    name: &str,
    groups: &'g [(&'r RawGroup, Settings)],
) -> Option<&'g (&'r RawGroup, Settings)> {
    groups.iter().find(|(group, _)| group.name.to_lowercase() == name.to_lowercase())
}

fn unknown_group<'g>(name: &str, known: impl Iterator<Item = &'g str> + Clone) -> String {
    if known.clone().next().is_none() {
        let shown = excerpt(name, 60);
        return format!("unknown group \"{shown}\", expected one that has a [group.NAME]");
    }
    unknown("group", name, known)
}
