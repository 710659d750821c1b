//! `rdpwatch doctor`: what this machine lets the probes do, and the exact command that mends it.
//!
//! The facts are gathered at the edge; here they become text. Every line begins with a word
//! (`ok`, `note`, `NO`), so that nothing depends on colour or on a glyph.

mod facts;

pub use facts::{
    Budget, Buffer, Colours, DescriptorLimit, DoctorFacts, PathFacts, Platform, SessionsFact,
    SinkFacts, TerminalFacts,
};

use super::words;
use crate::domain::local::{EchoAccess, EchoFacts, Interface};
use crate::domain::sink::waiting_room;
use crate::domain::text::printable;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Smallest terminal that shows the dashboard usefully, columns and rows.
const USEFUL_TERMINAL: (u16, u16) = (80, 24);
/// Smallest legible one.
const LEGIBLE_TERMINAL: (u16, u16) = (40, 12);
/// File descriptors that the program needs besides its targets.
const DESCRIPTORS: u64 = 64;
/// File descriptors per target: a connection, and one that is closing.
const DESCRIPTORS_PER_TARGET: u64 = 2;

/// So many targets that spend the same are named.
const NAMED: usize = 3;

/// The report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorReport {
    /// For the standard output, with a line break at its end.
    pub text: String,
    /// Lines that begin with `NO`: something that the probes would need is missing.
    pub problems: u32,
}

/// Whether a fact is as the probes want it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Ok,
    Note,
    No,
}

/// The text as it grows.
#[derive(Debug, Default)]
struct Page {
    text: String,
    problems: u32,
}

impl Page {
    fn section(&mut self, title: &str) {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(self.text, "\n{title}");
    }

    fn line(&mut self, mark: Mark, text: &str) {
        let word = match mark {
            Mark::Ok => "ok",
            Mark::Note => "note",
            Mark::No => {
                self.problems += 1;
                "NO"
            }
        };
        let _ = writeln!(self.text, "  {word:<4}  {}", printable(text));
    }

    /// What follows from the line above.
    fn more(&mut self, text: &str) {
        let _ = writeln!(self.text, "        {}", printable(text));
    }

    /// A command that mends the line above.
    fn command(&mut self, command: &str) {
        let _ = writeln!(self.text, "        > {}", printable(command));
    }
}

/// Facts into text.
#[must_use]
pub fn report(facts: &DoctorFacts) -> DoctorReport {
    let mut page = Page::default();
    let _ = writeln!(
        page.text,
        "rdpwatch {} on {}, {}",
        facts.version,
        facts.platform.name(),
        words::local_and_utc(facts.now, &facts.zone)
    );
    echo(&mut page, facts);
    network(&mut page, facts);
    limits(&mut page, facts);
    terminal(&mut page, facts.platform, facts.terminal.as_ref());
    page.section("Files");
    path(&mut page, "configuration", &facts.config);
    path(&mut page, "state", &facts.state);
    sinks(&mut page, &facts.sinks, facts.budgets.len());
    budget(&mut page, &facts.budgets);
    gateways(&mut page, &facts.gateways);
    memory(&mut page, facts.budgets.len(), facts.bytes_per_target);
    let _ = match page.problems {
        0 => writeln!(page.text, "\nNothing that the probes need is missing."),
        count => {
            let things = words::count(count, "thing");
            writeln!(page.text, "\n{things} to mend, marked NO above.")
        }
    };
    DoctorReport { text: page.text, problems: page.problems }
}

fn echo(page: &mut Page, facts: &DoctorFacts) {
    page.section("Echo (ICMP)");
    let denied_both = facts.echo_v4 == EchoAccess::Denied && facts.echo_v6 == EchoAccess::Denied;
    for (family, access) in [("IPv4", facts.echo_v4), ("IPv6", facts.echo_v6)] {
        match access {
            EchoAccess::Datagram => {
                page.line(Mark::Ok, &format!("{family}: datagram sockets, no privilege needed"));
            }
            EchoAccess::Raw => {
                let by = match facts.platform {
                    Platform::Linux => "root or CAP_NET_RAW",
                    Platform::Windows => "administrator rights",
                    Platform::Macos | Platform::Other => "root",
                };
                page.line(Mark::Ok, &format!("{family}: raw sockets, by {by}"));
            }
            EchoAccess::Off => page.line(Mark::Note, &format!("{family}: turned off (--no-icmp)")),
            EchoAccess::Denied if family == "IPv6" && !denied_both => page.line(
                Mark::Note,
                "IPv6: no ICMP socket, though IPv4 has one: IPv6 is probably off on this machine",
            ),
            EchoAccess::Denied => page.line(
                Mark::No,
                &format!("{family}: not permitted; echo goes over TCP and counts connections"),
            ),
        }
    }
    if facts.echo_v4 == EchoAccess::Denied || denied_both {
        mend_echo(page, facts);
    }
    let usable = |access| matches!(access, EchoAccess::Datagram | EchoAccess::Raw);
    if usable(facts.echo_v4) || usable(facts.echo_v6) {
        engine(page, &facts.engine);
    }
    if let Some(Buffer { asked, granted }) = facts.receive_buffer {
        let (asked_text, granted_text) = (words::bytes(asked), words::bytes(granted));
        if granted < asked {
            page.line(
                Mark::Note,
                &format!(
                    "receive buffer: {granted_text} of {asked_text}; with many targets, replies \
                     may be dropped here and their samples void"
                ),
            );
            if facts.platform == Platform::Linux {
                page.command(&format!("sudo sysctl -w net.core.rmem_max={asked}"));
            }
        } else {
            page.line(Mark::Ok, &format!("receive buffer: {granted_text}"));
        }
    }
}

/// Which engine sends echo, and what it cannot see.
fn engine(page: &mut Page, facts: &EchoFacts) {
    let word = facts.kind.word();
    let blind = facts.kind.blind_spots();
    match (&facts.instead, blind) {
        (None, []) if facts.stamps_sends => page.line(
            Mark::Ok,
            &format!(
                "echo engine: {word}; the system notes when requests leave and replies arrive"
            ),
        ),
        (None, []) => page.line(
            Mark::Note,
            &format!(
                "echo engine: {word}; the system does not note when requests leave: on a busy \
                 machine a round trip may come out too long"
            ),
        ),
        (None, _) => page.line(Mark::Note, &format!("echo engine: {word}")),
        (Some(why), _) => page
            .line(Mark::Note, &format!("echo engine: {word}; the batched one does not run: {why}")),
    }
    for what in blind {
        page.more(what);
    }
}

fn mend_echo(page: &mut Page, facts: &DoctorFacts) {
    match facts.platform {
        Platform::Linux => {
            if let Some(range) = &facts.ping_group_range {
                page.more(&range_text(range, facts.group));
            }
            page.more("either let every group send ICMP echo (this also covers IPv6):");
            page.command("sudo sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"");
            page.more("and keep it after a restart:");
            page.command(
                "echo 'net.ipv4.ping_group_range = 0 2147483647' | \
                 sudo tee /etc/sysctl.d/60-rdpwatch.conf",
            );
            page.more("or give this program the one capability (again after every update):");
            page.command(&format!("sudo setcap cap_net_raw+ep {}", program(facts)));
        }
        Platform::Windows => {
            page.more("start it from an administrator's terminal, or live with echo over TCP");
        }
        Platform::Macos => {
            page.more(
                "macOS permits ICMP to everybody: look for a sandbox or security product, or run:",
            );
            page.command(&format!("sudo {}", program(facts)));
        }
        Platform::Other => page.more("raw sockets usually need root on this system"),
    }
}

/// The program's path for a shell, or the lookup of its name.
fn program(facts: &DoctorFacts) -> String {
    match facts.program.as_deref() {
        Some(path) if !path.contains(['\'', '\0']) && printable(path) == path => {
            let plain = path
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-'));
            if plain { path.to_owned() } else { format!("'{path}'") }
        }
        _ => "\"$(command -v rdpwatch)\"".to_owned(),
    }
}

/// What `net.ipv4.ping_group_range` says about this process.
fn range_text(range: &str, group: Option<u32>) -> String {
    let mut ends = range.split_whitespace().map(str::parse::<u32>);
    let shown = range.split_whitespace().collect::<Vec<_>>().join(" ");
    let (Some(Ok(first)), Some(Ok(last))) = (ends.next(), ends.next()) else {
        return format!("net.ipv4.ping_group_range cannot be read: \"{shown}\"");
    };
    let setting = format!("net.ipv4.ping_group_range is \"{first} {last}\"");
    match group {
        _ if first > last => format!("{setting}: closed for every group, root's too"),
        Some(group) if (first..=last).contains(&group) => format!(
            "{setting} and covers group {group}: something else forbids it, such as a container"
        ),
        Some(group) => format!("{setting} and leaves out group {group}, this process's own"),
        None => setting,
    }
}

fn sessions(page: &mut Page, facts: &DoctorFacts) {
    match &facts.sessions {
        SessionsFact::Followed => page.line(
            Mark::Ok,
            "own Remote Desktop sessions followed, by the system's list of sockets (sock_diag): \
             one that drops is told",
        ),
        SessionsFact::Told => page.line(
            Mark::Ok,
            "own Remote Desktop sessions followed, by the event channel of the Remote Desktop client \
             (TerminalServices-RDPClient): one that drops is told",
        ),
        SessionsFact::NotBuilt => page.line(
            Mark::Note,
            "own Remote Desktop sessions not followed: not built for this system; say when one \
             drops with `rdpwatch mark` or key !",
        ),
        SessionsFact::Refused(why) => page.line(
            Mark::Note,
            &format!(
                "own Remote Desktop sessions not followed ({why}); say when one drops with \
                 `rdpwatch mark` or key !"
            ),
        ),
    }
}

fn network(page: &mut Page, facts: &DoctorFacts) {
    page.section("Network");
    let local = &facts.local;
    if !local.online() {
        page.line(Mark::No, "no interface is up: only targets on this machine are judged");
    }
    for interface in local.interfaces.iter().filter(|interface| !interface.loopback) {
        page.line(if interface.up { Mark::Ok } else { Mark::Note }, &interface_text(interface));
    }
    match (local.gateway, &local.gateway_interface) {
        (Some(gateway), Some(name)) => {
            page.line(Mark::Ok, &format!("default gateway {gateway} through {name}"));
        }
        (Some(gateway), None) => page.line(Mark::Ok, &format!("default gateway {gateway}")),
        (None, _) => page.line(
            Mark::Note,
            "no default gateway: a loss cannot be told apart into own network and beyond",
        ),
    }
    if local.dns_servers.is_empty() {
        page.line(
            Mark::No,
            "no DNS server found: only the operating system's answers are seen; name some with --dns",
        );
    } else {
        let servers: Vec<String> = local.dns_servers.iter().map(ToString::to_string).collect();
        page.line(Mark::Ok, &format!("DNS servers {}", servers.join(", ")));
    }
    if facts.neighbours_readable {
        page.line(
            Mark::Ok,
            "neighbour table readable: MAC addresses of on-link targets are learnt",
        );
    } else {
        page.line(
            Mark::Note,
            "neighbour table not readable: no MAC address is learnt, and a host that is off \
             looks like one that drops",
        );
    }
    sessions(page, facts);
    if !facts.path_measurable {
        page.line(Mark::Note, "the path MTU is not measured on this system");
    }
    if !facts.authorities {
        page.line(
            Mark::Note,
            "no certificate authority is trusted here: whether clients trust an RD Gateway's \
             certificate is not judged",
        );
    }
}

fn interface_text(interface: &Interface) -> String {
    let addresses: Vec<String> =
        interface.addresses.iter().map(|(address, prefix)| format!("{address}/{prefix}")).collect();
    let state = if interface.up { "up" } else { "down" };
    let tunnel = if interface.tunnel { ", tunnel" } else { "" };
    let addresses =
        if addresses.is_empty() { "no address".to_owned() } else { addresses.join(" ") };
    format!("{} {state}{tunnel}: {addresses}", interface.name)
}

fn limits(page: &mut Page, facts: &DoctorFacts) {
    page.section("Limits");
    let targets = u64::try_from(facts.budgets.len()).unwrap_or(u64::MAX);
    let needed = DESCRIPTORS.saturating_add(targets.saturating_mul(DESCRIPTORS_PER_TARGET));
    let Some(DescriptorLimit { soft, hard }) = facts.descriptors else {
        page.line(Mark::Note, "file descriptors: no limit known on this system");
        return;
    };
    let of = format!("file descriptors: {soft} allowed, {needed} needed for {targets} targets");
    if soft >= needed {
        page.line(Mark::Ok, &of);
        return;
    }
    page.line(Mark::No, &of);
    if hard >= needed {
        page.command(&format!("ulimit -n {needed}"));
    } else {
        page.more(&format!("the hard limit is {hard}: raise it as root, for a service with"));
        page.command(&format!("LimitNOFILE={needed}"));
    }
}

fn terminal(page: &mut Page, platform: Platform, terminal: Option<&TerminalFacts>) {
    page.section("Terminal");
    let Some(facts) = terminal else {
        page.line(Mark::Note, "the standard output is no terminal: the dashboard needs one");
        return;
    };
    let (columns, rows) = (facts.columns, facts.rows);
    let fits = |(width, height)| columns >= width && rows >= height;
    let (mark, text) = if fits(USEFUL_TERMINAL) {
        (Mark::Ok, "")
    } else if fits(LEGIBLE_TERMINAL) {
        (Mark::Note, ": panels are left out below 80x24")
    } else {
        (Mark::No, ": the dashboard needs 40x12 at least")
    };
    page.line(mark, &format!("{columns}x{rows}{text}"));
    match facts.term.as_deref() {
        // The console of Windows names itself nowhere.
        None if platform == Platform::Windows => page.line(Mark::Ok, facts.colours.text()),
        Some("" | "dumb") | None => {
            page.line(Mark::No, "TERM is not set or \"dumb\": cursor movement may not work");
        }
        Some(term) => page.line(Mark::Ok, &format!("TERM={term}, {}", facts.colours.text())),
    }
    if facts.unicode {
        page.line(Mark::Ok, "Unicode");
    } else {
        page.line(Mark::Note, "the locale is not UTF-8: start with --ascii");
    }
}

fn path(page: &mut Page, what: &str, facts: &PathFacts) {
    let place = &facts.path;
    match (&facts.problem, facts.exists, facts.writable) {
        (Some(problem), ..) => page.line(Mark::No, &format!("{what} {place}: {problem}")),
        (None, exists, true) => {
            let state = if exists { "writable" } else { "not there yet, can be made" };
            page.line(Mark::Ok, &format!("{what} {place}: {state}"));
        }
        (None, true, false) => {
            page.line(Mark::Note, &format!("{what} {place}: readable, not writable"));
        }
        (None, false, false) => {
            page.line(Mark::No, &format!("{what} {place}: not there, and cannot be made"));
        }
    }
}

fn budget(page: &mut Page, budgets: &[Budget]) {
    page.section("Budget (connections that leave a line in the host's log, per day)");
    if budgets.is_empty() {
        page.line(Mark::Note, "no target is configured");
        return;
    }
    let mut alike: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for budget in budgets {
        alike.entry(budget.connections_per_day).or_default().push(&budget.name);
    }
    for (a_day, names) in alike.iter().rev() {
        page.line(Mark::Ok, &format!("{a_day:>6}  {}", whose(names)));
    }
    let total: u64 = budgets.iter().map(|budget| u64::from(budget.connections_per_day)).sum();
    page.more(&format!("{total:>6}  in all"));
}

/// `office-pc, rds-07, each`, or `500 targets, each`: who spends the same.
fn whose(names: &[&str]) -> String {
    match names {
        [name] => (*name).to_owned(),
        few if few.len() <= NAMED => format!("{}, each", few.join(", ")),
        many => format!("{} targets, each", many.len()),
    }
}

/// What the targets take at most, whatever is measured: everything kept of one is bounded.
fn memory(page: &mut Page, targets: usize, each: u64) {
    page.section("Memory (at most, by the bounds of what is kept)");
    let targets = u64::try_from(targets).unwrap_or(u64::MAX);
    let text = format!(
        "{} for each target, {} for {targets} in all",
        words::bytes(each),
        words::bytes(each.saturating_mul(targets))
    );
    page.line(Mark::Ok, &text);
}

fn sinks(page: &mut Page, sinks: &[SinkFacts], targets: usize) {
    if sinks.is_empty() {
        return;
    }
    page.section("Sinks (nothing was sent; `rdpwatch alert test` does)");
    for sink in sinks {
        let text = format!("{} ({}): {}", sink.name, sink.kind, sink.place);
        match &sink.problem {
            None => page.line(Mark::Ok, &text),
            Some(problem) => {
                page.line(Mark::No, &text);
                page.more(problem);
            }
        }
    }
    let room = waiting_room(targets);
    page.line(
        Mark::Ok,
        &format!(
            "{room} alerts wait for each sink at once, the worst; others that still fire are told \
             as there is room"
        ),
    );
}

fn gateways(page: &mut Page, gateways: &[Budget]) {
    for gateway in gateways {
        let text = format!(
            "{:>6}  requests to the RD Gateway {}, for all targets behind it",
            gateway.connections_per_day, gateway.name
        );
        page.line(Mark::Ok, &text);
    }
}

#[cfg(test)]
mod tests;
