//! The report for machines that lack one thing each.

use super::*;
use crate::domain::local::{EchoKind, LocalState};
use crate::report::testing::{NOW, ip};
use jiff::tz::TimeZone;

fn facts() -> DoctorFacts {
    DoctorFacts {
        version: "0.1.0".to_owned(),
        platform: Platform::Linux,
        now: NOW,
        zone: TimeZone::UTC,
        program: Some("/usr/local/bin/rdpwatch".to_owned()),
        echo_v4: EchoAccess::Datagram,
        echo_v6: EchoAccess::Raw,
        ping_group_range: Some("0\t2147483647\n".to_owned()),
        group: Some(1000),
        receive_buffer: Some(Buffer { asked: 1 << 20, granted: 1 << 20 }),
        engine: EchoFacts::of(EchoKind::Batched),
        local: LocalState {
            interfaces: vec![Interface::up(2, "eth0", vec![(ip("10.0.0.5"), 24)])],
            gateway: Some(ip("10.0.0.1")),
            gateway_interface: Some("eth0".to_owned()),
            dns_servers: vec![ip("10.0.0.10"), ip("fd00::10")],
            ..LocalState::default()
        },
        neighbours_readable: true,
        sessions: SessionsFact::Followed,
        path_measurable: true,
        authorities: true,
        descriptors: Some(DescriptorLimit { soft: 1024, hard: 4096 }),
        terminal: Some(TerminalFacts {
            columns: 120,
            rows: 40,
            term: Some("xterm-256color".to_owned()),
            colours: Colours::Indexed,
            unicode: true,
        }),
        config: PathFacts {
            path: "/home/u/.config/rdpwatch/config.toml".to_owned(),
            exists: false,
            writable: true,
            problem: None,
        },
        state: PathFacts {
            path: "/home/u/.local/state/rdpwatch".to_owned(),
            exists: true,
            writable: true,
            problem: None,
        },
        budgets: vec![
            Budget { name: "office-pc".to_owned(), connections_per_day: 1_488 },
            Budget { name: "rds-07".to_owned(), connections_per_day: 1_488 },
        ],
        bytes_per_target: 262_144,
        gateways: vec![Budget { name: "gw.corp.lab:443".to_owned(), connections_per_day: 288 }],
        sinks: Vec::new(),
    }
}

#[test]
fn sinks_are_listed_with_what_keeps_them_from_being_told() {
    let sink = |name: &str, problem: Option<&str>| SinkFacts {
        name: name.to_owned(),
        kind: "webhook",
        place: "Slack, address from the variable RDPWATCH_HOOK".to_owned(),
        problem: problem.map(str::to_owned),
    };
    let told = report(&DoctorFacts {
        sinks: vec![
            sink("on-call", None),
            sink("ops\u{1b}[2J", Some("the variable RDPWATCH_HOOK is not set here")),
        ],
        ..facts()
    });
    assert_eq!(told.problems, report(&facts()).problems + 1);
    assert!(told.text.contains("  ok    on-call (webhook): Slack, address from the variable"));
    assert!(told.text.contains("  NO    ops\u{fffd}[2J (webhook)"), "{}", told.text);
    assert!(told.text.contains("        the variable RDPWATCH_HOOK is not set here"));
    let room = "64 alerts wait for each sink at once, the worst; others that still fire are told";
    assert!(told.text.contains(room) && !told.text.contains("beyond that"), "{}", told.text);
    assert!(!report(&facts()).text.contains("Sinks"));
}

#[test]
fn a_machine_that_lacks_nothing_says_so() {
    let report = report(&facts());
    assert_eq!(report.problems, 0);
    assert_eq!(
        report.text,
        "\
rdpwatch 0.1.0 on Linux, 2026-11-21T07:00:00Z

Echo (ICMP)
  ok    IPv4: datagram sockets, no privilege needed
  ok    IPv6: raw sockets, by root or CAP_NET_RAW
  ok    echo engine: batched; the system notes when requests leave and replies arrive
  ok    receive buffer: 1.0 MiB

Network
  ok    eth0 up: 10.0.0.5/24
  ok    default gateway 10.0.0.1 through eth0
  ok    DNS servers 10.0.0.10, fd00::10
  ok    neighbour table readable: MAC addresses of on-link targets are learnt
  ok    own Remote Desktop sessions followed, by the system's list of sockets (sock_diag): one that drops is told

Limits
  ok    file descriptors: 1024 allowed, 68 needed for 2 targets

Terminal
  ok    120x40
  ok    TERM=xterm-256color, 256 colours
  ok    Unicode

Files
  ok    configuration /home/u/.config/rdpwatch/config.toml: not there yet, can be made
  ok    state /home/u/.local/state/rdpwatch: writable

Budget (connections that leave a line in the host's log, per day)
  ok      1488  office-pc, rds-07, each
          2976  in all
  ok       288  requests to the RD Gateway gw.corp.lab:443, for all targets behind it

Memory (at most, by the bounds of what is kept)
  ok    256.0 KiB for each target, 512.0 KiB for 2 in all

Nothing that the probes need is missing.
"
    );
}

/// 500 targets were 500 lines that said the same.
#[test]
fn targets_that_spend_the_same_are_one_line_of_the_budget() {
    let budget = |place: u32| Budget {
        name: format!("host-{place}"),
        connections_per_day: if place == 7 { 96 } else { 1_488 },
    };
    let text = report(&DoctorFacts { budgets: (0..500).map(budget).collect(), ..facts() }).text;
    let told =
        "  ok      1488  499 targets, each\n  ok        96  host-7\n        742608  in all\n";
    assert!(text.contains(told), "{text}");
}

#[test]
fn a_closed_ping_group_range_gets_the_exact_commands() {
    let mut facts = facts();
    facts.echo_v4 = EchoAccess::Denied;
    facts.echo_v6 = EchoAccess::Denied;
    facts.ping_group_range = Some("1\t0\n".to_owned());
    let report = report(&facts);
    assert_eq!(report.problems, 2);
    assert!(
        report.text.contains(
            "  NO    IPv4: not permitted; echo goes over TCP and counts connections
  NO    IPv6: not permitted; echo goes over TCP and counts connections
        net.ipv4.ping_group_range is \"1 0\": closed for every group, root's too
        either let every group send ICMP echo (this also covers IPv6):
        > sudo sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"
        and keep it after a restart:
        > echo 'net.ipv4.ping_group_range = 0 2147483647' | sudo tee /etc/sysctl.d/60-rdpwatch.conf
        or give this program the one capability (again after every update):
        > sudo setcap cap_net_raw+ep /usr/local/bin/rdpwatch
"
        ),
        "{}",
        report.text
    );
    assert!(report.text.ends_with("\n2 things to mend, marked NO above.\n"));
}

#[test]
fn every_platform_has_its_own_way() {
    for (platform, expected) in [
        (Platform::Windows, "start it from an administrator's terminal"),
        (Platform::Macos, "> sudo /usr/local/bin/rdpwatch"),
        (Platform::Other, "raw sockets usually need root"),
    ] {
        let facts = DoctorFacts { platform, echo_v4: EchoAccess::Denied, ..facts() };
        let text = report(&facts).text;
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("sysctl"), "{text}");
    }
}

#[test]
fn raw_sockets_are_told_by_what_permits_them() {
    for (platform, expected) in [
        (Platform::Linux, "IPv4: raw sockets, by root or CAP_NET_RAW\n"),
        (Platform::Windows, "IPv4: raw sockets, by administrator rights\n"),
        (Platform::Macos, "IPv4: raw sockets, by root\n"),
    ] {
        let facts = DoctorFacts { platform, echo_v4: EchoAccess::Raw, ..facts() };
        let text = report(&facts).text;
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn ipv6_alone_without_icmp_is_no_fault() {
    let report = report(&DoctorFacts { echo_v6: EchoAccess::Denied, ..facts() });
    assert_eq!(report.problems, 0);
    assert!(report.text.contains("note  IPv6: no ICMP socket, though IPv4 has one"));
    assert!(!report.text.contains("setcap"));
}

#[test]
fn the_range_is_weighed_against_the_own_group() {
    for (range, group, expected) in [
        ("1 0", Some(0), "is \"1 0\": closed for every group, root's too"),
        ("0 99", Some(1000), "is \"0 99\" and leaves out group 1000, this process's own"),
        ("0 2147483647", Some(1000), "covers group 1000: something else forbids it"),
        ("0 99", None, "is \"0 99\""),
        ("", Some(0), "cannot be read: \"\""),
        ("7 x\x1b", Some(0), "cannot be read"),
    ] {
        assert!(range_text(range, group).contains(expected), "{range}");
    }
}

#[test]
fn a_path_is_quoted_or_looked_up() {
    for (path, expected) in [
        (Some("/opt/rdp watch/rdpwatch"), "'/opt/rdp watch/rdpwatch'"),
        (Some("/opt/o'neil/rdpwatch"), "\"$(command -v rdpwatch)\""),
        (Some("/opt/$(id)/rdpwatch"), "'/opt/$(id)/rdpwatch'"),
        (Some("/opt/\n/rdpwatch"), "\"$(command -v rdpwatch)\""),
        (None, "\"$(command -v rdpwatch)\""),
    ] {
        let facts = DoctorFacts { program: path.map(str::to_owned), ..facts() };
        assert_eq!(program(&facts), expected);
    }
}

#[test]
fn the_echo_engine_says_what_it_cannot_see() {
    let said = |engine| report(&DoctorFacts { engine, ..facts() }).text;
    let batched = EchoFacts::of(EchoKind::Batched);
    let text = said(batched.clone());
    assert!(text.contains("ok    echo engine: batched; the system notes when"), "{text}");
    let text = said(EchoFacts { stamps_sends: false, ..batched });
    assert!(text.contains("note  echo engine: batched; the system does not note"), "{text}");
    let surge = EchoFacts::of(EchoKind::Surge);
    let text = said(surge.clone());
    assert!(text.contains("note  echo engine: surge\n"), "{text}");
    assert!(text.contains("duplicated and reordered replies are not counted"), "{text}");
    let text = said(EchoFacts { instead: Some("no thread: x".to_owned()), ..surge.clone() });
    assert!(text.contains("the batched one does not run: no thread: x"), "{text}");
    // Without ICMP no engine is in use.
    let facts = DoctorFacts {
        engine: surge,
        echo_v4: EchoAccess::Denied,
        echo_v6: EchoAccess::Denied,
        ..facts()
    };
    assert!(!report(&facts).text.contains("echo engine"));
}

#[test]
fn what_is_short_is_named_with_its_remedy() {
    let mut facts = facts();
    facts.receive_buffer = Some(Buffer { asked: 4 << 20, granted: 212_992 });
    facts.local = LocalState::default();
    facts.neighbours_readable = false;
    facts.path_measurable = false;
    facts.sessions = SessionsFact::NotBuilt;
    facts.authorities = false;
    facts.descriptors = Some(DescriptorLimit { soft: 64, hard: 65 });
    facts.terminal = Some(TerminalFacts {
        columns: 30,
        rows: 10,
        term: None,
        colours: Colours::None,
        unicode: false,
    });
    facts.config.problem = Some("line 3: unknown key \"nmae\"".to_owned());
    facts.state.writable = false;
    let DoctorReport { text, problems } = report(&facts);
    for expected in [
        "note  receive buffer: 208.0 KiB of 4.0 MiB",
        "> sudo sysctl -w net.core.rmem_max=4194304",
        "NO    no interface is up: only targets on this machine are judged",
        "note  no default gateway",
        "NO    no DNS server found",
        "note  neighbour table not readable",
        "note  own Remote Desktop sessions not followed: not built for this system",
        "note  the path MTU is not measured on this system",
        "note  no certificate authority is trusted here",
        "NO    file descriptors: 64 allowed, 68 needed for 2 targets",
        "> LimitNOFILE=68",
        "NO    30x10: the dashboard needs 40x12 at least",
        "NO    TERM is not set or \"dumb\"",
        "note  the locale is not UTF-8: start with --ascii",
        "NO    configuration /home/u/.config/rdpwatch/config.toml: line 3: unknown key \"nmae\"",
        "note  state /home/u/.local/state/rdpwatch: readable, not writable",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    assert_eq!(problems, 6);
    facts.descriptors = Some(DescriptorLimit { soft: 64, hard: 4096 });
    assert!(report(&facts).text.contains("> ulimit -n 68"));
}

#[test]
fn a_console_of_windows_needs_no_term() {
    let mut facts = facts();
    facts.platform = Platform::Windows;
    facts.terminal = facts.terminal.map(|terminal| TerminalFacts {
        term: None,
        colours: Colours::True,
        ..terminal
    });
    let DoctorReport { text, problems } = report(&facts);
    assert_eq!(problems, 0, "{text}");
    assert!(!text.contains("TERM"), "{text}");
}

#[test]
fn what_follows_the_sessions_of_this_machine_is_named() {
    let said = |sessions| report(&DoctorFacts { sessions, ..facts() }).text;
    let told = said(SessionsFact::Told);
    assert!(told.contains("ok    own Remote Desktop sessions followed, by the event channel"));
    let why = "wevtutil: exit status: 5: Access is denied.".to_owned();
    let refused = said(SessionsFact::Refused(why.clone()));
    assert!(refused.contains(&format!("note  own Remote Desktop sessions not followed ({why})")));
    assert_eq!(refused.matches("own Remote Desktop sessions").count(), 1);
}

#[test]
fn hostile_names_stay_on_their_line() {
    let mut facts = facts();
    facts.budgets = vec![Budget { name: "a\n  NO    x\x1b[2J".to_owned(), connections_per_day: 1 }];
    facts.local.interfaces[0].name = "e\r\x1b]0;x\x07".to_owned();
    let report = report(&facts);
    assert_eq!(report.problems, 0);
    assert!(!report.text.lines().any(|line| line.starts_with("  NO")));
    assert!(report.text.chars().all(|c| c == '\n' || !c.is_control()));
}
