//! The other keys of a configuration file: one table per kind of section, read by the parser, the
//! schema and the documentation alike.

use super::host::{parse_address, parse_gateway, parse_host};
use super::maintenance::{MAX_WINDOWS, RawWindow, read_window, read_zone};
use super::settings::{Assignment, read_own_thresholds, read_section, read_thresholds};
use super::sink::{MAX_SINKS, RawSink, read_sink};
use super::target_spec::{MAX_EXPECT, mac_sentence, parse_name};
use super::value::{self, Fault, Value, entries, unknown};
use super::{ColorMode, MAX_DNS, MAX_TARGETS, parse_dns, parse_theme};
use crate::domain::hours::HoursSpan;
use crate::domain::local::EchoWish;
use crate::domain::look::{ColumnId, PanelId, Panels, Screen};
use crate::domain::mac::{MacAddr, MacError};
use crate::domain::target::{
    Expected, Family, GatewayAddress, GatewayUsage, Host, TargetKind, WakeSettings,
};
use crate::domain::text::excerpt;
use crate::domain::wake::{WakePolicy, WakeRelay, WakeTime};
use jiff::tz::TimeZone;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::PathBuf;

/// A value with its place in the text.
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) at: Range<usize>,
}

/// What a file says, before anything is inherited.
#[derive(Default)]
pub(super) struct Top {
    pub(super) dns: Option<Vec<SocketAddr>>,
    pub(super) family: Option<Family>,
    pub(super) icmp: Option<bool>,
    pub(super) echo_engine: Option<EchoWish>,
    pub(super) deep: Option<bool>,
    pub(super) read_only: Option<bool>,
    pub(super) ui: RawUi,
    pub(super) assignments: Vec<Assignment>,
    pub(super) groups: Vec<RawGroup>,
    pub(super) targets: Vec<RawTarget>,
    pub(super) sinks: Vec<RawSink>,
    pub(super) maintenance: Vec<RawWindow>,
}

/// What `gateway_usage` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Through {
    /// Clients use the gateway, and when.
    Gateway(GatewayUsage),
    /// They do not, whatever gateway the group has.
    Never,
}

/// `[ui]`.
#[derive(Default)]
pub(super) struct RawUi {
    pub(super) theme: Option<String>,
    pub(super) keymap: Option<PathBuf>,
    pub(super) view: Option<Screen>,
    pub(super) columns: Vec<ColumnId>,
    pub(super) panels: Panels,
    pub(super) ascii: Option<bool>,
    pub(super) fps: Option<u32>,
    pub(super) color: Option<ColorMode>,
    pub(super) operator: Option<String>,
}

/// `[group.NAME]`.
#[derive(Default)]
pub(super) struct RawGroup {
    pub(super) name: String,
    pub(super) kind: Option<TargetKind>,
    pub(super) expected: Option<Expected>,
    pub(super) hours: Option<At<Vec<HoursSpan>>>,
    pub(super) zone: Option<TimeZone>,
    pub(super) gateway: Option<GatewayAddress>,
    pub(super) gateway_usage: Option<Through>,
    pub(super) control: Vec<Host>,
    pub(super) assignments: Vec<Assignment>,
}

/// `[[target]]`.
#[derive(Default)]
pub(super) struct RawTarget {
    pub(super) at: Range<usize>,
    pub(super) name: Option<At<String>>,
    pub(super) host: Option<At<(String, Host)>>,
    pub(super) port: Option<u16>,
    pub(super) expect: Vec<IpAddr>,
    pub(super) mac: Option<MacAddr>,
    pub(super) aliases: Vec<String>,
    pub(super) group: Option<At<String>>,
    pub(super) kind: Option<TargetKind>,
    pub(super) expected: Option<Expected>,
    pub(super) hours: Option<At<Vec<HoursSpan>>>,
    pub(super) zone: Option<TimeZone>,
    pub(super) gateway: Option<GatewayAddress>,
    pub(super) gateway_usage: Option<At<Through>>,
    pub(super) control: Option<Vec<Host>>,
    pub(super) wake: WakeSettings,
    pub(super) assignments: Vec<Assignment>,
}

/// What a key holds, as the schema and the documentation tell it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// A text, with an example.
    Text(&'static str),
    /// `true` or `false`.
    Flag,
    /// A whole number with its bounds.
    Count(u32, u32),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of texts, with an example of one.
    Texts(&'static str),
    /// A list of ports.
    Ports,
    /// A section of [`super::settings::SETTINGS`].
    Settings,
    /// The `thresholds.*` sections of [`super::settings::SETTINGS`].
    Thresholds,
    /// The same without the rules about the whole machine.
    OwnThresholds,
    /// A section of [`UI`].
    Ui,
    /// A section of [`WAKE`].
    Wake,
    /// A relay: `"ssh:HOST"`, or a program and its arguments.
    Relay,
    /// A table of sections of [`GROUP`].
    Groups,
    /// A list of sections of [`TARGET`].
    Targets,
    /// A list of sections of [`super::sink::SINK`].
    Sinks,
    /// A list of sections of [`super::maintenance::MAINTENANCE`].
    Windows,
}

/// One key of a section that fills a `T`.
pub(super) struct Key<T: 'static> {
    /// The key.
    pub(super) name: &'static str,
    /// What it holds.
    pub(super) shape: Shape,
    /// What it means, with the default where that is not a value.
    pub(super) doc: &'static str,
    /// Reads it.
    pub(super) set: fn(&mut T, Value<'_, '_>) -> Result<(), Fault>,
}

/// Fills `into` from a table whose keys are `keys`, in the order of the text.
pub(super) fn fill<T>(into: &mut T, keys: &[Key<T>], value: Value<'_, '_>) -> Result<(), Fault> {
    for (name, at, value) in entries(value, "a table")? {
        let Some(key) = keys.iter().find(|key| key.name == name) else {
            let known = keys.iter().map(|key| key.name);
            return Err(Fault::new(at, unknown("key", name, known)));
        };
        (key.set)(into, value).map_err(|fault| fault.under(name))?;
    }
    Ok(())
}

const WAKE_POLICIES: &[&str] = &["on-request", "ask", "never"];
/// Most controls of a group or target.
const MAX_CONTROLS: usize = 4;
const ENGINE_WORDS: &[&str] = &["auto", "batched", "surge"];
const FAMILY_WORDS: &[&str] = &["any", "4", "6"];
const VIEW_WORDS: &[&str] = &["table", "detail", "alerts", "wall", "path", "timeline", "simple"];
const COLOR_WORDS: &[&str] = &["auto", "always", "never"];
const KIND_WORDS: &[&str] = &["server", "pc", "laptop", "farm", "cloud", "jit"];
const EXPECTED_WORDS: &[&str] = &["always", "hours", "on-demand"];
const GATEWAY_WORDS: &[&str] = &["always", "when-direct-fails", "never"];

/// The words of `gateway_usage`.
const GATEWAY_USAGES: [(&str, Through); 3] = [
    ("always", Through::Gateway(GatewayUsage::Always)),
    ("when-direct-fails", Through::Gateway(GatewayUsage::WhenDirectFails)),
    ("never", Through::Never),
];

/// The top of a file.
#[rustfmt::skip]
pub(super) static TOP: &[Key<Top>] = &[
    Key { name: "dns", shape: Shape::Texts("10.0.0.10"), doc: "DNS servers to ask in place of the system's, as address or address:port; empty: the system's",
        set: |top, v| { top.dns = Some(value::list(v, MAX_DNS, "a list of addresses", |v| value::parsed(v, "an address", parse_dns))?); Ok(()) } },
    Key { name: "family", shape: Shape::Word(FAMILY_WORDS), doc: "which addresses of a name are dialled",
        set: |top, v| { top.family = Some(value::word(v, &Family::WORDS)?); Ok(()) } },
    Key { name: "icmp", shape: Shape::Flag, doc: "whether echo uses ICMP where this machine may; otherwise it uses the TCP handshake",
        set: |top, v| { top.icmp = Some(value::boolean(v)?); Ok(()) } },
    Key { name: "echo_engine", shape: Shape::Word(ENGINE_WORDS), doc: "what sends echo over ICMP: batched (Linux only, the kernel takes the times), surge (everywhere), or auto, the best that runs here",
        set: |top, v| { top.echo_engine = Some(value::word(v, &EchoWish::WORDS)?); Ok(()) } },
    Key { name: "deep", shape: Shape::Flag, doc: "whether probes climb beyond the X.224 answer, to TLS and the certificate; changed while it runs, true takes effect at once and false at the next start",
        set: |top, v| { top.deep = Some(value::boolean(v)?); Ok(()) } },
    Key { name: "read_only", shape: Shape::Flag, doc: "whether nothing is sent but probes: no host is woken",
        set: |top, v| { top.read_only = Some(value::boolean(v)?); Ok(()) } },
    Key { name: "ui", shape: Shape::Ui, doc: "the dashboard",
        set: |top, v| fill(&mut top.ui, UI, v) },
    Key { name: "cadence", shape: Shape::Settings, doc: "how often each probe runs",
        set: |top, v| read_section(&mut top.assignments, "cadence", v) },
    Key { name: "deadline", shape: Shape::Settings, doc: "how long each rung may take as a whole",
        set: |top, v| read_section(&mut top.assignments, "deadline", v) },
    Key { name: "alert", shape: Shape::Settings, doc: "when alerts fire, how long they hold and how often they are told again",
        set: |top, v| read_section(&mut top.assignments, "alert", v) },
    Key { name: "thresholds", shape: Shape::Thresholds, doc: "when findings fire",
        set: |top, v| read_thresholds(&mut top.assignments, v) },
    Key { name: "group", shape: Shape::Groups, doc: "groups of targets and what their members inherit",
        set: |top, v| read_groups(&mut top.groups, v) },
    Key { name: "target", shape: Shape::Targets, doc: "what is watched",
        set: |top, v| { top.targets = value::list(v, MAX_TARGETS, "[[target]] tables", read_target)?; Ok(()) } },
    Key { name: "sink", shape: Shape::Sinks, doc: "where alerts are told besides the screen; none with --read-only but the bell",
        set: |top, v| { top.sinks = value::list(v, MAX_SINKS, "[[sink]] tables", read_sink)?; Ok(()) } },
    Key { name: "maintenance", shape: Shape::Windows, doc: "when nobody is alerted, because work is planned",
        set: |top, v| { top.maintenance = value::list(v, MAX_WINDOWS, "[[maintenance]] tables", read_window)?; Ok(()) } },
];

/// `[ui]`.
#[rustfmt::skip]
pub(super) static UI: &[Key<RawUi>] = &[
    Key { name: "theme", shape: Shape::Text("dark"), doc: "name of the theme: dark, light, high-contrast, colour-blind, mono; or a theme file of your own, which has a slash or ends in .toml",
        set: |ui, v| { ui.theme = Some(value::parsed(v, "a theme's name", parse_theme)?); Ok(()) } },
    Key { name: "view", shape: Shape::Word(VIEW_WORDS), doc: "what fills the screen at the start; the keys change it while it runs",
        set: |ui, v| { ui.view = Some(value::word(v, &Screen::WORDS)?); Ok(()) } },
    Key { name: "columns", shape: Shape::Texts("target"), doc: "columns of the table in this order, as far as there is room: target, address, group, loss, loss-both, last, median, p95, best, worst, deviation, jitter, sparkline, ladder, ladder-wide, certificate, since, risk, why; each once, and target is needed; empty: those made for the width",
        set: |ui, v| { ui.columns = read_once(v, "a list of columns", &ColumnId::WORDS, &[ColumnId::Name])?; Ok(()) } },
    Key { name: "layout", shape: Shape::Texts("banner"), doc: "parts of the screen from the top down: banner, table, preview, alerts, keys; banner and table are needed, the preview stands above or below the table; empty: all of them in this order",
        set: |ui, v| { ui.panels.order = read_once(v, "a list of parts of the screen", &PanelId::WORDS, &PanelId::NEEDED)?; Ok(()) } },
    Key { name: "preview", shape: Shape::Count(10, 80), doc: "lines of the preview, in per cent of what it shares with the table; default: what it needs, where rows leave room",
        set: |ui, v| { ui.panels.preview = u8::try_from(value::count(v, 10, 80)?).ok(); Ok(()) } },
    Key { name: "keymap", shape: Shape::Text("keys.toml"), doc: "a file whose keys replace built-in ones, relative to this file; in the form of config/keymap.toml",
        set: |ui, v| { ui.keymap = Some(value::parsed(v, "a path", |text| Ok::<_, String>(PathBuf::from(text)))?); Ok(()) } },
    Key { name: "ascii", shape: Shape::Flag, doc: "whether only ASCII characters are drawn; default: where the locale is not UTF-8, or TERM is that of a console",
        set: |ui, v| { ui.ascii = Some(value::boolean(v)?); Ok(()) } },
    Key { name: "fps", shape: Shape::Count(1, 60), doc: "most redraws per second",
        set: |ui, v| { ui.fps = Some(value::count(v, 1, 60)?); Ok(()) } },
    Key { name: "color", shape: Shape::Word(COLOR_WORDS), doc: "whether colours are used; auto: where the terminal has them",
        set: |ui, v| { ui.color = Some(value::word(v, &ColorMode::WORDS)?); Ok(()) } },
    Key { name: "operator", shape: Shape::Text("ada"), doc: "who acknowledges alerts here; default: who called sudo, else the user of the session",
        set: |ui, v| { ui.operator = Some(value::parsed(v, "a name", parse_name)?); Ok(()) } },
];

/// `[group.NAME]`.
#[rustfmt::skip]
pub(super) static GROUP: &[Key<RawGroup>] = &[
    Key { name: "kind", shape: Shape::Word(KIND_WORDS), doc: "kind of the members that have none of their own",
        set: |group, v| { group.kind = Some(value::word(v, &TargetKind::WORDS)?); Ok(()) } },
    Key { name: "expected", shape: Shape::Word(EXPECTED_WORDS), doc: "availability expected of the members that have none of their own",
        set: |group, v| { group.expected = Some(value::word(v, &Expected::WORDS)?); Ok(()) } },
    Key { name: "hours", shape: Shape::Texts("Mon-Fri 07:00-19:00"), doc: "with expected = \"hours\": when the members that have none of their own should be up",
        set: |group, v| { group.hours = Some(read_hours(v)?); Ok(()) } },
    Key { name: "zone", shape: Shape::Text("Europe/Berlin"), doc: "the time zone of these hours, by its IANA name; default: this machine's",
        set: |group, v| { group.zone = Some(value::parsed(v, "a time zone", read_zone)?); Ok(()) } },
    Key { name: "gateway", shape: Shape::Text("gw.corp.lab"), doc: "RD Gateway of the members that have none of their own, host or host:port",
        set: |group, v| { group.gateway = Some(value::parsed(v, "a gateway", parse_gateway)?); Ok(()) } },
    Key { name: "gateway_usage", shape: Shape::Word(GATEWAY_WORDS), doc: "when clients of the members go through it, unless they say so themselves",
        set: |group, v| { group.gateway_usage = Some(value::word(v, &GATEWAY_USAGES)?); Ok(()) } },
    Key { name: "control", shape: Shape::Texts("10.8.0.1"), doc: "machines at the members' site that always answer echo, by address or name: they show whether the way there or the host is at fault",
        set: |group, v| { group.control = value::list(v, MAX_CONTROLS, "a list of names and addresses", read_control)?; Ok(()) } },
    Key { name: "cadence", shape: Shape::Settings, doc: "how often each probe runs",
        set: |group, v| read_section(&mut group.assignments, "cadence", v) },
    Key { name: "deadline", shape: Shape::Settings, doc: "how long each rung may take as a whole",
        set: |group, v| read_section(&mut group.assignments, "deadline", v) },
    Key { name: "alert", shape: Shape::Settings, doc: "when alerts fire, how long they hold and how often they are told again",
        set: |group, v| read_section(&mut group.assignments, "alert", v) },
    Key { name: "thresholds", shape: Shape::OwnThresholds, doc: "when findings fire",
        set: |group, v| read_own_thresholds(&mut group.assignments, v) },
];

/// `[[target]]`.
#[rustfmt::skip]
pub(super) static TARGET: &[Key<RawTarget>] = &[
    Key { name: "name", shape: Shape::Text("office-pc"), doc: "what it is called, unique; default: the host",
        set: |target, v| { target.name = Some(At { value: value::parsed(v, "a name", parse_name)?, at: v.span() }); Ok(()) } },
    Key { name: "host", shape: Shape::Text("office-pc.corp.lab"), doc: "name or address as users dial it, without port; required",
        set: |target, v| { target.host = Some(At { value: value::parsed(v, "a host", |text| parse_host(text).map(|host| (text.to_owned(), host)))?, at: v.span() }); Ok(()) } },
    Key { name: "port", shape: Shape::Count(1, 65535), doc: "TCP port; default: 3389",
        set: |target, v| { target.port = Some(read_port(v)?); Ok(()) } },
    Key { name: "expect", shape: Shape::Texts("10.0.0.21"), doc: "addresses the name should have; empty: any",
        set: |target, v| { target.expect = value::list(v, MAX_EXPECT, "a list of addresses", read_address)?; Ok(()) } },
    Key { name: "mac", shape: Shape::Text("02:11:22:33:44:55"), doc: "hardware address, to wake it",
        set: |target, v| { target.mac = Some(value::parsed(v, "a MAC address", |text| text.parse().map_err(|error| mac_sentence(&error)))?); Ok(()) } },
    Key { name: "aliases", shape: Shape::Texts("office-pc-1"), doc: "other names it may call itself, in its certificate for example",
        set: |target, v| { target.aliases = value::list(v, MAX_EXPECT, "a list of names", |v| value::parsed(v, "a name", parse_name))?; Ok(()) } },
    Key { name: "group", shape: Shape::Text("office"), doc: "group it belongs to, one that has a [group.NAME]",
        set: |target, v| { target.group = Some(At { value: value::parsed(v, "a group's name", parse_name)?, at: v.span() }); Ok(()) } },
    Key { name: "kind", shape: Shape::Word(KIND_WORDS), doc: "what its silence means; default: the group's, else pc with a MAC and server without",
        set: |target, v| { target.kind = Some(value::word(v, &TargetKind::WORDS)?); Ok(()) } },
    Key { name: "expected", shape: Shape::Word(EXPECTED_WORDS), doc: "when it should be up; default: the group's, else always for server, farm and cloud, on-demand for pc, laptop and jit",
        set: |target, v| { target.expected = Some(value::word(v, &Expected::WORDS)?); Ok(()) } },
    Key { name: "hours", shape: Shape::Texts("Mon-Fri 07:00-19:00"), doc: "with expected = \"hours\": when it should be up; default: the group's",
        set: |target, v| { target.hours = Some(read_hours(v)?); Ok(()) } },
    Key { name: "zone", shape: Shape::Text("Europe/Berlin"), doc: "the time zone of its hours, by its IANA name; default: the group's, else this machine's",
        set: |target, v| { target.zone = Some(value::parsed(v, "a time zone", read_zone)?); Ok(()) } },
    Key { name: "gateway", shape: Shape::Text("gw.corp.lab"), doc: "RD Gateway that its users go through, host or host:port; the port defaults to 443; default: the group's",
        set: |target, v| { target.gateway = Some(value::parsed(v, "a gateway", parse_gateway)?); Ok(()) } },
    Key { name: "gateway_usage", shape: Shape::Word(GATEWAY_WORDS), doc: "when they do: with always, how the host answers this machine directly is no alarm; default: the group's, else always",
        set: |target, v| { target.gateway_usage = Some(At { value: value::word(v, &GATEWAY_USAGES)?, at: v.span() }); Ok(()) } },
    Key { name: "control", shape: Shape::Texts("10.8.0.1"), doc: "machines at its site that always answer echo, by address or name; default: the group's",
        set: |target, v| { target.control = Some(value::list(v, MAX_CONTROLS, "a list of names and addresses", read_control)?); Ok(()) } },
    Key { name: "wake", shape: Shape::Wake, doc: "how it is woken",
        set: |target, v| read_wake(&mut target.wake, v) },
    Key { name: "cadence", shape: Shape::Settings, doc: "how often each probe runs",
        set: |target, v| read_section(&mut target.assignments, "cadence", v) },
    Key { name: "deadline", shape: Shape::Settings, doc: "how long each rung may take as a whole",
        set: |target, v| read_section(&mut target.assignments, "deadline", v) },
    Key { name: "alert", shape: Shape::Settings, doc: "when alerts fire, how long they hold and how often they are told again",
        set: |target, v| read_section(&mut target.assignments, "alert", v) },
    Key { name: "thresholds", shape: Shape::OwnThresholds, doc: "when findings fire",
        set: |target, v| read_own_thresholds(&mut target.assignments, v) },
];

/// `[target.wake]`.
#[rustfmt::skip]
pub(super) static WAKE: &[Key<WakeSettings>] = &[
    Key { name: "ports", shape: Shape::Ports, doc: "UDP ports that the magic packet is sent to besides 9 and 7",
        set: |wake, v| { wake.ports = value::list(v, 16, "a list of ports", read_port)?; Ok(()) } },
    Key { name: "secure_on", shape: Shape::Text("00:11:22:33:44:55"), doc: "SecureOn password appended to the packet, six pairs of hex digits",
        set: |wake, v| { wake.secure_on = Some(value::parsed(v, "a SecureOn password", parse_secure_on)?); Ok(()) } },
    Key { name: "interface", shape: Shape::Text("eth0"), doc: "the only interface that sends; default: every one that fits",
        set: |wake, v| { wake.interface = Some(value::parsed(v, "an interface's name", parse_name)?); Ok(()) } },
    Key { name: "address", shape: Shape::Text("10.0.0.255"), doc: "directed broadcast or unicast address to send to besides the local ones",
        set: |wake, v| { wake.address = Some(value::parsed(v, "an address", parse_wake_address)?); Ok(()) } },
    Key { name: "via", shape: Shape::Relay, doc: "a relay that wakes it in place of this machine: \"ssh:HOST\" runs wakeonlan there, a list is a program and its arguments, run without a shell, with {mac} and {address} filled in",
        set: |wake, v| { wake.via = Some(read_relay(v)?); Ok(()) } },
    Key { name: "policy", shape: Shape::Word(WAKE_POLICIES), doc: "whether somebody may have it woken; default: on-request, with ask the dashboard asks first",
        set: |wake, v| { wake.policy = value::word(v, &WakePolicy::WORDS)?; Ok(()) } },
    Key { name: "at", shape: Shape::Texts("Mon-Fri 07:30"), doc: "when the dashboard wakes it by itself, if it sleeps then; this machine's own time, not with policy = \"never\" or --read-only",
        set: |wake, v| { wake.at = value::list(v, 16, "a list of times such as \"Mon-Fri 07:30\"", |v| value::parsed(v, "a time", str::parse::<WakeTime>))?; Ok(()) } },
];

fn read_hours(value: Value<'_, '_>) -> Result<At<Vec<HoursSpan>>, Fault> {
    let expected = "a list of hours such as \"Mon-Fri 07:00-19:00\"";
    let spans =
        value::list(value, 16, expected, |v| value::parsed(v, "hours", str::parse::<HoursSpan>))?;
    Ok(At { value: spans, at: value.span() })
}

fn read_wake(into: &mut WakeSettings, value: Value<'_, '_>) -> Result<(), Fault> {
    fill(into, WAKE, value)?;
    let given = entries(value, "a table")?;
    let at = |key: &str| given.iter().find(|(name, _, _)| *name == key).map(|(_, _, v)| v.span());
    let contradiction = |key: &str, message: &str| {
        let fault = at(key).map(|at| Fault::new(at, message).under(key));
        fault.map_or(Ok(()), Err)
    };
    if into.policy == WakePolicy::Never && !into.at.is_empty() {
        return contradiction(
            "at",
            "with policy = \"never\" it is woken at no time, expected another policy or no times",
        );
    }
    if into.policy == WakePolicy::Never && into.via.is_some() {
        return contradiction(
            "via",
            "with policy = \"never\" no relay wakes it, expected another policy or no relay",
        );
    }
    Ok(())
}

/// Each of these words once, those that are `needed` among them unless the list is empty.
fn read_once<T: Copy + PartialEq>(
    value: Value<'_, '_>,
    expected: &str,
    words: &[(&str, T)],
    needed: &[T],
) -> Result<Vec<T>, Fault> {
    let all = value::list(value, words.len(), expected, |item| value::word(item, words))?;
    let said =
        |wanted: T| words.iter().find(|(_, one)| *one == wanted).map_or("", |(word, _)| word);
    let twice = all.iter().enumerate().find(|(nth, one)| all.iter().take(*nth).any(|o| o == *one));
    let missing = needed.iter().find(|needed| !all.contains(needed));
    match (twice, missing) {
        (Some((_, one)), _) => {
            Err(Fault::new(value.span(), format_args!("\"{}\" stands twice", said(*one))))
        }
        (None, Some(one)) if !all.is_empty() => Err(Fault::new(
            value.span(),
            format_args!("\"{}\" is missing: no screen goes without it", said(*one)),
        )),
        _ => Ok(all),
    }
}

fn read_port(value: Value<'_, '_>) -> Result<u16, Fault> {
    let port = value::count(value, 1, u32::from(u16::MAX))?;
    Ok(u16::try_from(port).unwrap_or(u16::MAX))
}

fn read_address(value: Value<'_, '_>) -> Result<IpAddr, Fault> {
    value::parsed(value, "an address", |text| {
        parse_address(text).map_err(|error| match error {
            Some(error) => error.to_string(),
            None => format!(
                "\"{}\" is not an address, expected one such as 10.0.0.21 or 2001:db8::1",
                excerpt(text, 60)
            ),
        })
    })
}

fn read_control(value: Value<'_, '_>) -> Result<Host, Fault> {
    value::parsed(value, "a name or an address", parse_host)
}

/// Six octets of any value: a password, not an interface's address.
fn parse_secure_on(text: &str) -> Result<MacAddr, String> {
    match text.parse() {
        Ok(octets) | Err(MacError::NotUnicast(octets, _)) => Ok(octets),
        // The error does not repeat it: it is a password.
        Err(MacError::Form(_)) => {
            Err("this is not a SecureOn password, expected six pairs of hex \
             digits such as 00:11:22:33:44:55"
                .to_owned())
        }
    }
}

/// `"ssh:HOST"`, or a list of a program and its arguments.
fn read_relay(value: Value<'_, '_>) -> Result<WakeRelay, Fault> {
    const EXPECTED: &str = "\"ssh:HOST\" or a list such as [\"wakeonlan\", \"{mac}\"]";
    if value.get_ref().is_array() {
        let words = value::list(value, 32, EXPECTED, |word| {
            value::parsed(word, "a text", |text| Ok::<_, String>(text.to_owned()))
        })?;
        return WakeRelay::new(words).map_err(|error| Fault::new(value.span(), error));
    }
    value::parsed(value, EXPECTED, |text| {
        let host = text.strip_prefix("ssh:").map(str::trim).filter(|host| !host.is_empty());
        host.map(WakeRelay::ssh)
            .ok_or_else(|| format!("\"{}\" is not a relay, expected {EXPECTED}", excerpt(text, 60)))
    })
}

fn parse_wake_address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| {
        format!(
            "\"{}\" is not an address, expected a directed broadcast such as 10.0.0.255 or a host's address",
            excerpt(text, 60)
        )
    })
}

fn read_groups(into: &mut Vec<RawGroup>, value: Value<'_, '_>) -> Result<(), Fault> {
    for (name, at, value) in entries(value, "[group.NAME] tables")? {
        let parsed = parse_name(name).map_err(|error| Fault::new(at.clone(), error))?;
        if into.iter().any(|group| group.name.to_lowercase() == parsed.to_lowercase()) {
            let shown = excerpt(&parsed, 60);
            let message =
                format!("the group \"{shown}\" is given twice, in letters of another case");
            return Err(Fault::new(at, message));
        }
        let mut group = RawGroup { name: parsed, ..RawGroup::default() };
        fill(&mut group, GROUP, value).map_err(|fault| fault.under(name))?;
        into.push(group);
    }
    Ok(())
}

fn read_target(value: Value<'_, '_>) -> Result<RawTarget, Fault> {
    let mut target = RawTarget { at: value.span(), ..RawTarget::default() };
    fill(&mut target, TARGET, value)?;
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_schema_are_those_of_the_domain() {
        fn same<T>(words: &[&str], domain: &[(&'static str, T)]) {
            assert_eq!(words, domain.iter().map(|(word, _)| *word).collect::<Vec<_>>());
        }
        same(FAMILY_WORDS, &Family::WORDS);
        same(COLOR_WORDS, &ColorMode::WORDS);
        same(VIEW_WORDS, &Screen::WORDS);
        same(KIND_WORDS, &TargetKind::WORDS);
        same(EXPECTED_WORDS, &Expected::WORDS);
        same(GATEWAY_WORDS, &GATEWAY_USAGES);
        for (word, usage) in GatewayUsage::WORDS {
            assert!(GATEWAY_USAGES.contains(&(word, Through::Gateway(usage))), "{word}");
        }
    }
}
