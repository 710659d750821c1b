//! The numbers that may be set globally, per group and per target: one table.

use super::value::{self, Fault, Value, entries, unknown};
use crate::domain::alert::AlertSettings;
use crate::domain::target::{Cadence, Deadlines};
use crate::domain::thresholds::Thresholds;
use humantime::format_duration;
use std::ops::Range;
use std::time::Duration;

/// Everything that a target inherits from its group, and a group from the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// How often each probe runs.
    pub cadence: Cadence,
    /// How long each rung may take.
    pub deadlines: Deadlines,
    /// When findings fire.
    pub thresholds: Thresholds,
    /// When alerts fire and how long they hold.
    pub alert: AlertSettings,
}

/// One number: where it stands in a file, what it means, its bounds, and where it is kept.
pub(super) struct Setting {
    /// Dotted path of its table.
    pub(super) section: &'static str,
    /// Its key there.
    pub(super) key: &'static str,
    /// What it means, with the unit.
    pub(super) doc: &'static str,
    /// What it is.
    pub(super) field: Field,
}

/// The kind of a number, its bounds and its place in [`Settings`].
pub(super) enum Field {
    /// A duration, both bounds included.
    Span(Duration, Duration, fn(&mut Settings) -> &mut Duration),
    /// A number, both bounds included.
    Real(f64, f64, fn(&mut Settings) -> &mut f64),
    /// A whole number, both bounds included.
    Count(u32, u32, fn(&mut Settings) -> &mut u32),
}

/// A number of any kind.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) enum Scalar {
    Span(Duration),
    Real(f64),
    Count(u32),
}

impl Scalar {
    /// The number as TOML writes it.
    pub(super) fn to_toml(self) -> String {
        match self {
            Self::Span(span) => format!("\"{}\"", format_duration(span)),
            Self::Real(number) => format!("{number:?}"),
            Self::Count(number) => number.to_string(),
        }
    }

    /// The number as a sentence writes it.
    fn shown(self) -> String {
        match self {
            Self::Span(span) => format_duration(span).to_string(),
            Self::Real(number) => number.to_string(),
            Self::Count(number) => number.to_string(),
        }
    }
}

impl Setting {
    fn read(&self, value: Value<'_, '_>) -> Result<Scalar, Fault> {
        match self.field {
            Field::Span(min, max, _) => value::duration(value, min, max).map(Scalar::Span),
            Field::Real(min, max, _) => value::real(value, min, max).map(Scalar::Real),
            Field::Count(min, max, _) => value::count(value, min, max).map(Scalar::Count),
        }
    }

    /// The number in `settings`.
    pub(super) fn get(&self, settings: &Settings) -> Scalar {
        let mut copy = settings.clone();
        match self.field {
            Field::Span(_, _, at) => Scalar::Span(*at(&mut copy)),
            Field::Real(_, _, at) => Scalar::Real(*at(&mut copy)),
            Field::Count(_, _, at) => Scalar::Count(*at(&mut copy)),
        }
    }

    fn set(&self, settings: &mut Settings, scalar: Scalar) {
        match (&self.field, scalar) {
            (Field::Span(_, _, at), Scalar::Span(span)) => *at(settings) = span,
            (Field::Real(_, _, at), Scalar::Real(number)) => *at(settings) = number,
            (Field::Count(_, _, at), Scalar::Count(number)) => *at(settings) = number,
            _ => {}
        }
    }
}

/// A number that a file sets, and where.
pub(super) struct Assignment {
    setting: &'static Setting,
    scalar: Scalar,
    at: Range<usize>,
}

const MS: Duration = Duration::from_millis(1);
const TENTH: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const DAYS: Duration = Duration::from_hours(24 * 30);
const LOSS: &str = "thresholds.packet-loss";
const LATENCY: &str = "thresholds.high-latency";
const JITTER: &str = "thresholds.high-jitter";
const SATURATED: &str = "thresholds.link-saturated";
const WIFI: &str = "thresholds.wifi-weak";
const DNS: &str = "thresholds.dns-slow";
const PORT: &str = "thresholds.port-closed";
const RDP: &str = "thresholds.rdp-slow";
const EXPIRING: &str = "thresholds.certificate-expiring";
const EXPIRED: &str = "thresholds.certificate-expired";
const SKEW: &str = "thresholds.clock-skew";
const DROP: &str = "thresholds.session-would-drop";
const DROPPED: &str = "thresholds.session-dropped";
const PERIODIC: &str = "thresholds.drops-periodic";
const PATH: &str = "thresholds.path-outage";
const FLAP: &str = "thresholds.vpn-flap";
const PROXIED: &str = "thresholds.proxied";
const SIBLINGS: &str = "thresholds.siblings";
const COMMON: &str = "thresholds.common-cause";

/// Rules about the whole machine: their numbers stand at the top alone.
const OF_THE_MACHINE: [&str; 4] = ["path-outage", "vpn-flap", "siblings", "common-cause"];

/// The bounds of an echo interval, also of `--interval`.
pub(super) const ECHO_INTERVAL: (Duration, Duration) = (TENTH, DAY);
/// The bounds of a deadline, also of `--timeout`.
pub(super) const DEADLINE: (Duration, Duration) = (TENTH, MINUTE);

const fn span(
    section: &'static str,
    key: &'static str,
    (min, max): (Duration, Duration),
    at: fn(&mut Settings) -> &mut Duration,
    doc: &'static str,
) -> Setting {
    Setting { section, key, doc, field: Field::Span(min, max, at) }
}

const fn real(
    section: &'static str,
    key: &'static str,
    (min, max): (f64, f64),
    at: fn(&mut Settings) -> &mut f64,
    doc: &'static str,
) -> Setting {
    Setting { section, key, doc, field: Field::Real(min, max, at) }
}

const fn count(
    section: &'static str,
    key: &'static str,
    (min, max): (u32, u32),
    at: fn(&mut Settings) -> &mut u32,
    doc: &'static str,
) -> Setting {
    Setting { section, key, doc, field: Field::Count(min, max, at) }
}

/// Every number, in the order of the documentation.
#[rustfmt::skip]
pub(super) static SETTINGS: &[Setting] = &[
    span("cadence", "echo", ECHO_INTERVAL, |s| &mut s.cadence.echo, "between echo requests over ICMP"),
    span("cadence", "echo_tcp", (SECOND, DAY), |s| &mut s.cadence.echo_tcp, "between echo requests where they must use TCP"),
    span("cadence", "resolve", (SECOND, DAY), |s| &mut s.cadence.resolve, "between questions for the name"),
    span("cadence", "negotiate", (SECOND, DAY), |s| &mut s.cadence.negotiate, "between connections up to the X.224 answer while all is quiet"),
    span("cadence", "negotiate_alert", (SECOND, DAY), |s| &mut s.cadence.negotiate_alert, "the same for 2 minutes after trouble, for the target looked at, and with at most three targets"),
    span("cadence", "tls", (Duration::from_secs(10), DAY), |s| &mut s.cadence.tls, "between connections up to the certificate"),
    span("cadence", "nla", (MINUTE, DAYS), |s| &mut s.cadence.nla, "between connections up to the NLA challenge"),
    span("cadence", "sweep", (MINUTE, DAYS), |s| &mut s.cadence.sweep, "between sweeps of the TLS versions and suites that the host takes, several connections each"),
    span("cadence", "udp", (MINUTE, DAYS), |s| &mut s.cadence.udp, "between questions to RDP's UDP transport"),
    span("cadence", "path_mtu", (MINUTE, DAYS), |s| &mut s.cadence.path_mtu, "between measurements of the path MTU"),
    span("cadence", "gateway", (Duration::from_secs(10), DAYS), |s| &mut s.cadence.gateway, "between requests to the RD Gateway, shared by all targets behind it"),
    span("cadence", "neighbour", (SECOND, DAY), |s| &mut s.cadence.neighbour, "between looks at this machine's neighbour table, which send nothing"),

    span("deadline", "echo", DEADLINE, |s| &mut s.deadlines.echo, "echo request to reply"),
    span("deadline", "resolve", DEADLINE, |s| &mut s.deadlines.resolve, "the whole name rung"),
    span("deadline", "connect", DEADLINE, |s| &mut s.deadlines.connect, "TCP handshake; below 3.1s a dead host on the same subnet looks like a firewall"),
    span("deadline", "negotiate", DEADLINE, |s| &mut s.deadlines.negotiate, "X.224 request to answer"),
    span("deadline", "tls", DEADLINE, |s| &mut s.deadlines.tls, "TLS ClientHello to certificate"),
    span("deadline", "nla", DEADLINE, |s| &mut s.deadlines.nla, "CredSSP request to the NLA challenge"),
    span("deadline", "udp", DEADLINE, |s| &mut s.deadlines.udp, "question to RDP's UDP transport, or a packet of the path MTU probe, to its answer"),
    span("deadline", "gateway", DEADLINE, |s| &mut s.deadlines.gateway, "the RD Gateway's TLS and its answer"),

    span("alert", "for", (Duration::ZERO, DAY), |s| &mut s.alert.for_, "a warning must stand this long before its alert fires"),
    span("alert", "for_critical", (Duration::ZERO, DAY), |s| &mut s.alert.for_critical, "the same for what is critical"),
    span("alert", "keep_firing_for", (Duration::ZERO, DAY), |s| &mut s.alert.keep_firing_for, "an alert is over when its finding has been gone this long; longer, up to ten times, when it has come back more than three times"),
    span("alert", "remind_every", (Duration::ZERO, DAYS), |s| &mut s.alert.remind_every, "what still fires and nobody acknowledged is told again this often; 0s: never"),

    real(LOSS, "warning_pct", (0.0, 100.0), |s| &mut s.thresholds.packet_loss.warning_pct, "warning from this share lost, in percent"),
    count(LOSS, "warning_lost", (1, 10_000), |s| &mut s.thresholds.packet_loss.warning_lost, "warning from this many lost, number of echo requests"),
    span(LOSS, "warning_window", (Duration::from_secs(10), Duration::from_mins(15)), |s| &mut s.thresholds.packet_loss.warning_window, "warning over this window"),
    real(LOSS, "critical_pct", (0.0, 100.0), |s| &mut s.thresholds.packet_loss.critical_pct, "critical from this share lost, in percent"),
    count(LOSS, "critical_lost", (1, 10_000), |s| &mut s.thresholds.packet_loss.critical_lost, "critical from this many lost, number of echo requests"),
    span(LOSS, "critical_window", (Duration::from_secs(10), Duration::from_mins(15)), |s| &mut s.thresholds.packet_loss.critical_window, "critical over this window"),

    span(LATENCY, "warning", (MS, MINUTE), |s| &mut s.thresholds.high_latency.warning, "warning from this median round trip"),
    span(LATENCY, "critical", (MS, MINUTE), |s| &mut s.thresholds.high_latency.critical, "critical from this median round trip"),
    real(LATENCY, "baseline_factor", (1.0, 1000.0), |s| &mut s.thresholds.high_latency.baseline_factor, "warning from this multiple of the target's own baseline"),
    span(LATENCY, "baseline_margin", (MS, MINUTE), |s| &mut s.thresholds.high_latency.baseline_margin, "and only when it is also this much above the baseline"),

    span(JITTER, "warning", (MS, MINUTE), |s| &mut s.thresholds.high_jitter.warning, "warning from this mean difference of consecutive round trips"),
    span(JITTER, "critical", (MS, MINUTE), |s| &mut s.thresholds.high_jitter.critical, "critical from this mean difference of consecutive round trips"),

    real(SATURATED, "busy_pct", (10.0, 100.0), |s| &mut s.thresholds.link_saturated.busy_pct, "busy from this share of the most that this machine's interface was seen to carry, in percent"),
    real(SATURATED, "least_mbit", (0.01, 100_000.0), |s| &mut s.thresholds.link_saturated.least_mbit, "and only from this rate, in Mbit/s"),
    span(SATURATED, "lasts", (Duration::from_secs(2), Duration::from_mins(2)), |s| &mut s.thresholds.link_saturated.lasts, "for so long"),
    real(SATURATED, "quiet_pct", (1.0, 50.0), |s| &mut s.thresholds.link_saturated.quiet_pct, "quiet below this share of the most, in percent"),
    real(SATURATED, "factor", (1.0, 1000.0), |s| &mut s.thresholds.link_saturated.factor, "warning when the median round trip is this multiple of that of a quiet line"),
    span(SATURATED, "margin", (MS, MINUTE), |s| &mut s.thresholds.link_saturated.margin, "and only when it is also this much above it"),

    real(WIFI, "signal_dbm", (-100.0, -30.0), |s| &mut s.thresholds.wifi_weak.signal_dbm, "weak from this signal, in dBm: the lower, the weaker"),
    span(WIFI, "lasts", (Duration::from_secs(10), MINUTE), |s| &mut s.thresholds.wifi_weak.lasts, "for so long"),
    real(WIFI, "lost_pct", (0.1, 100.0), |s| &mut s.thresholds.wifi_weak.lost_pct, "to blame when this share of the echo requests to this machine's own router is lost, in percent"),
    span(WIFI, "jitter", (MS, MINUTE), |s| &mut s.thresholds.wifi_weak.jitter, "or when round trips to it differ by this on average"),

    span(DNS, "warning", (MS, MINUTE), |s| &mut s.thresholds.dns_slow.warning, "warning from this time to resolve the name"),

    span(PORT, "starting", (MS, HOUR), |s| &mut s.thresholds.port_closed.starting, "a host that came back from silence less than this ago is starting: a port that fails is a notice; also of port-filtered, rdp-silent, connection-dropped and tls-handshake-failed"),
    span(RDP, "warning", (MS, MINUTE), |s| &mut s.thresholds.rdp_slow.warning, "from this time beyond the network: of the X.224 answer, and of the TCP or TLS handshake"),
    real(RDP, "baseline_factor", (1.0, 1000.0), |s| &mut s.thresholds.rdp_slow.baseline_factor, "warning from this multiple of the target's own baseline"),
    span(RDP, "baseline_margin", (MS, MINUTE), |s| &mut s.thresholds.rdp_slow.baseline_margin, "and only when it is also this much above the baseline"),

    count(EXPIRING, "notice_days", (0, 3650), |s| &mut s.thresholds.certificate_expiring.notice_days, "issued by an authority: notice from this many days left"),
    count(EXPIRING, "warning_days", (0, 3650), |s| &mut s.thresholds.certificate_expiring.warning_days, "issued by an authority: warning from this many days left"),
    count(EXPIRING, "self_signed_days", (0, 3650), |s| &mut s.thresholds.certificate_expiring.self_signed_days, "self-signed, which Windows renews by itself: notice from this many days left"),

    span(EXPIRED, "critical_after", (Duration::ZERO, Duration::from_hours(24 * 365)), |s| &mut s.thresholds.certificate_expired.critical_after, "critical when expired and not renewed for this long"),

    span(SKEW, "warning", (SECOND, DAY), |s| &mut s.thresholds.clock_skew.warning, "warning when the host's clock differs this much"),
    span(SKEW, "critical", (SECOND, DAY), |s| &mut s.thresholds.clock_skew.critical, "critical when it differs this much; Kerberos takes 5 minutes"),

    span(DROP, "freeze", (SECOND, Duration::from_mins(5)), |s| &mut s.thresholds.session_would_drop.freeze, "notice from this long a silence, in which a session would freeze"),
    span(DROP, "reconnect", (SECOND, Duration::from_mins(5)), |s| &mut s.thresholds.session_would_drop.reconnect, "warning from this long a silence, in which the client would begin to reconnect"),
    span(DROP, "drop", (SECOND, Duration::from_mins(5)), |s| &mut s.thresholds.session_would_drop.drop, "critical from this long a silence, in which a session would drop"),

    span(DROPPED, "shortest", (SECOND, Duration::from_mins(5)), |s| &mut s.thresholds.session_dropped.shortest, "a connection of this machine that lives shorter is no session"),
    count(DROPPED, "unanswered", (1, 15), |s| &mut s.thresholds.session_dropped.unanswered, "dropped when it ends after this many repetitions in a row without an answer"),
    span(DROPPED, "shown", (MINUTE, DAY), |s| &mut s.thresholds.session_dropped.shown, "how long a drop is shown"),
    span(DROPPED, "recovered", (SECOND, Duration::from_hours(1)), |s| &mut s.thresholds.session_dropped.recovered, "or until a new session lives this long"),

    count(PERIODIC, "drops", (4, 64), |s| &mut s.thresholds.drops_periodic.drops, "warning from this many drops that keep time"),
    real(PERIODIC, "tolerance_pct", (0.1, 20.0), |s| &mut s.thresholds.drops_periodic.tolerance_pct, "how far spacings and ages may differ, in percent"),
    span(PERIODIC, "same_time", (MINUTE, Duration::from_mins(30)), |s| &mut s.thresholds.drops_periodic.same_time, "how far times of day may differ"),
    real(PERIODIC, "chance_pct", (0.0001, 1.0), |s| &mut s.thresholds.drops_periodic.chance_pct, "only where drops by chance look so with at most this probability, in percent"),

    count(PROXIED, "connections", (2, 16), |s| &mut s.thresholds.proxied.connections, "answered from this side when this many connections in a row"),
    real(PROXIED, "share_pct", (1.0, 90.0), |s| &mut s.thresholds.proxied.share_pct, "complete within this share of the median echo round trip, in percent"),
    span(PROXIED, "shortest", (MS, MINUTE), |s| &mut s.thresholds.proxied.shortest, "where that is at least this long"),

    count(PATH, "hosts", (2, 10_000), |s| &mut s.thresholds.path_outage.hosts, "a path is down when at least this many hosts behind it fell silent together"),
    count(PATH, "share_pct", (1, 100), |s| &mut s.thresholds.path_outage.share_pct, "and this share of them, in percent"),
    span(PATH, "together", (SECOND, MINUTE), |s| &mut s.thresholds.path_outage.together, "within this span of each other"),
    span(PATH, "lasts", (SECOND, Duration::from_mins(10)), |s| &mut s.thresholds.path_outage.lasts, "an alert from this long a silence"),

    count(FLAP, "changes", (2, 64), |s| &mut s.thresholds.vpn_flap.changes, "warning from this many changes of a tunnel, each of which is down or up"),
    span(FLAP, "within", (MINUTE, Duration::from_mins(30)), |s| &mut s.thresholds.vpn_flap.within, "within this span"),

    count(SIBLINGS, "least", (1, 10_000), |s| &mut s.thresholds.siblings.least, "a failing host is held against at least this many others of its group"),
    count(SIBLINGS, "alike", (2, 10_000), |s| &mut s.thresholds.siblings.alike, "at least this many that fail alike are told as one change"),
    span(SIBLINGS, "together", (SECOND, DAY), |s| &mut s.thresholds.siblings.together, "when they began within this span of each other"),

    count(COMMON, "hosts", (2, 10_000), |s| &mut s.thresholds.common_cause.hosts, "so many hosts are told as one: of a DNS server, a gateway, its certificate, a port that is barred, or whatever they share that ail alike"),
    count(COMMON, "share_pct", (51, 100), |s| &mut s.thresholds.common_cause.share_pct, "and this share of those that were asked since, in percent; not of a port, which a firewall bars for some"),
    span(COMMON, "together", (SECOND, HOUR), |s| &mut s.thresholds.common_cause.together, "when they began within this span of each other; longer than the probe's cadence. A port that begins to be barred waits this long at most for word of the others"),
];

/// Pairs of one section whose first number must not exceed the second.
const ORDERED: &[(&str, &str, &str)] = &[
    ("cadence", "negotiate_alert", "negotiate"),
    (LOSS, "warning_pct", "critical_pct"),
    (LATENCY, "warning", "critical"),
    (JITTER, "warning", "critical"),
    (EXPIRING, "warning_days", "notice_days"),
    (SKEW, "warning", "critical"),
    (DROP, "freeze", "reconnect"),
    (DROP, "reconnect", "drop"),
];

/// Every section below `prefix` (`"thresholds."`), without it, each once.
pub(super) fn sections(prefix: &str) -> Vec<&'static str> {
    let mut names: Vec<&str> = Vec::new();
    for setting in SETTINGS {
        if let Some(name) = setting.section.strip_prefix(prefix)
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// The numbers of one section.
pub(super) fn section(name: &str) -> impl Iterator<Item = &'static Setting> + use<'_> {
    SETTINGS.iter().filter(move |setting| setting.section == name)
}

/// Reads the table of one section.
pub(super) fn read_section(
    into: &mut Vec<Assignment>,
    name: &str,
    value: Value<'_, '_>,
) -> Result<(), Fault> {
    for (key, at, value) in entries(value, "a table")? {
        let Some(setting) = section(name).find(|setting| setting.key == key) else {
            let known = section(name).map(|setting| setting.key);
            return Err(Fault::new(at, unknown("key", key, known)));
        };
        let scalar = setting.read(value).map_err(|fault| fault.under(key))?;
        into.push(Assignment { setting, scalar, at: value.span() });
    }
    Ok(())
}

/// Reads `[thresholds.RULE-ID]` tables of a group or a target.
pub(super) fn read_own_thresholds(
    into: &mut Vec<Assignment>,
    value: Value<'_, '_>,
) -> Result<(), Fault> {
    if let Some((rule, at, _)) =
        entries(value, "a table per rule")?.into_iter().find(|(rule, ..)| is_of_the_machine(rule))
    {
        let message = format!("{rule} is of the whole machine, expected it in [thresholds] alone");
        return Err(Fault::new(at, message));
    }
    read_thresholds(into, value)
}

/// Whether the numbers of this rule stand at the top alone.
pub(super) fn is_of_the_machine(rule: &str) -> bool {
    OF_THE_MACHINE.contains(&rule)
}

/// Reads `[thresholds.RULE-ID]` tables.
pub(super) fn read_thresholds(
    into: &mut Vec<Assignment>,
    value: Value<'_, '_>,
) -> Result<(), Fault> {
    for (rule, at, value) in entries(value, "a table per rule")? {
        let Some(rule) = sections("thresholds.").into_iter().find(|known| *known == rule) else {
            let known = sections("thresholds.");
            return Err(Fault::new(at, unknown("rule with thresholds", rule, known)));
        };
        read_section(into, &format!("thresholds.{rule}"), value)
            .map_err(|fault| fault.under(rule))?;
    }
    Ok(())
}

/// Applies what one level of a file sets, and checks that pairs stay in order.
pub(super) fn apply(settings: &mut Settings, assignments: &[Assignment]) -> Result<(), Fault> {
    for assignment in assignments {
        assignment.setting.set(settings, assignment.scalar);
    }
    for (name, lower, upper) in ORDERED {
        let find = |key: &str| section(name).find(|setting| setting.key == key);
        let (Some(low), Some(high)) = (find(lower), find(upper)) else { continue };
        let (low_now, high_now) = (low.get(settings), high.get(settings));
        if low_now <= high_now {
            continue;
        }
        let mine = |key: &str| {
            assignments.iter().rev().find(|a| a.setting.section == *name && a.setting.key == key)
        };
        let (at, key, message) = match (mine(lower), mine(upper)) {
            (Some(set), _) => (
                &set.at,
                lower,
                format!(
                    "{} exceeds {upper}, expected at most {}",
                    low_now.shown(),
                    high_now.shown()
                ),
            ),
            (None, Some(set)) => (
                &set.at,
                upper,
                format!(
                    "{} is below {lower}, expected at least {}",
                    high_now.shown(),
                    low_now.shown()
                ),
            ),
            (None, None) => continue,
        };
        return Err(Fault::new(at.clone(), message).under(key).under(name));
    }
    Ok(())
}
