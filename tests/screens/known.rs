//! What is known is said at once, and nothing that was not measured: rows of hosts that are not
//! judged yet, the simple view, the way, the newest events.

use super::fixtures::{self, ago, ms};
use super::support::Screen;
use rdpwatch::domain::ladder::Cell;
use rdpwatch::domain::lane::{Down, Lane};
use rdpwatch::domain::sample::{
    Attempt, Connect, ConnectOutcome, Negotiate, NegotiateOutcome, Observation, ProbeKind, Sample,
};
use rdpwatch::domain::security::SecurityProtocol;
use rdpwatch::domain::snapshot::{Event, Snapshot, TargetSnapshot, TargetState};
use rdpwatch::domain::stats::{EchoStats, Spark};
use rdpwatch::domain::target::TargetId;
use rdpwatch::domain::time::{MonoTime, Now};
use rdpwatch::ui::dashboard::Options;
use rdpwatch::ui::format::Zone;
use rdpwatch::ui::theme::Theme;
use std::sync::Arc;
use std::time::Duration;

const SIZES: [(u16, u16); 4] = [(40, 12), (80, 24), (120, 40), (200, 60)];

fn attempt(outcome: ConnectOutcome) -> Attempt {
    let connect = Connect {
        address: "10.0.0.99:3389".parse().expect("an address"),
        outcome,
        icmp: None,
        icmp_is_ours: false,
        elapsed: ms(1.0),
        untimed: false,
    };
    Attempt::new(ProbeKind::Negotiate, connect)
}

/// A host in its first minute whose port was tried once.
fn tried(outcome: ConnectOutcome, how: &'static str) -> Snapshot {
    let mut host = fixtures::unmeasured(0);
    host.ladder = fixtures::ladder("oox----", ["10.0.0.99", "3 of 3, ICMP", how, "", "", "", ""]);
    host.attempt = Some(attempt(outcome));
    let healthy = fixtures::target(1, "rds-01", "10.0.0.31");
    fixtures::snapshot(vec![healthy, host])
}

#[test]
fn a_port_that_refused_once_is_told_at_once_and_alerts_nobody() {
    for (width, height) in SIZES {
        let snapshot = tried(ConnectOutcome::Refused, "refused with RST");
        assert!(snapshot.targets.iter().all(|host| !host.is_in_trouble()));
        let mut screen = Screen::new(snapshot, width, height);
        let text = screen.text();
        assert!(text.contains("refused"), "{text}");
        assert!(!text.contains("unmeasured") && !text.contains("not measured yet"), "{text}");
        let place = |name: &str| text.lines().position(|line| line.contains(&format!(" {name} ")));
        assert!(place("new-host") < place("rds-01") || width == 40, "worst first\n{text}");
        screen.press("g 2");
        let text = screen.text();
        let how = if width == 40 { "" } else { ", asked again" };
        assert!(text.contains(&format!("port 3389: refused with RST{how}")), "{text}");
        screen.press("4");
        assert!(!screen.text().contains("not measured yet"), "{}", screen.text());
    }
}

#[test]
fn a_host_that_was_only_met_with_silence_so_far_is_still_unmeasured() {
    for outcome in [ConnectOutcome::Timeout, ConnectOutcome::Unreachable] {
        let snapshot = tried(outcome, "no answer in 5 s");
        assert!(snapshot.targets.iter().all(|host| host.unconfirmed().is_none()));
        let text = Screen::new(snapshot, 200, 60).text();
        assert!(text.contains("\u{2013} 1 unmeasured"), "{text}");
    }
    let text = Screen::new(fixtures::snapshot(vec![fixtures::unmeasured(0)]), 200, 60).text();
    assert!(text.contains("\u{2013} 1 unmeasured"), "{text}");
    let mut judged = fixtures::office_pc(0);
    judged.attempt = Some(attempt(ConnectOutcome::Refused));
    assert!(judged.unconfirmed().is_none(), "what is judged has its finding");
}

/// A host that worked, and whose newest connection was not answered.
fn fell_silent() -> Snapshot {
    let mut host = fixtures::target(0, "office-pc", "10.0.0.21");
    host.state = TargetState::NotMeasured;
    host.stopped = Some(ago(25));
    let how = ["10.0.0.21", "35 of 60, ICMP", "no answer in 5 s", "", "", "", ""];
    host.ladder = fixtures::ladder("oox----", how);
    host.attempt = Some(attempt(ConnectOutcome::Timeout));
    fixtures::snapshot(vec![host, fixtures::target(1, "rds-01", "10.0.0.31")])
}

#[test]
fn a_host_that_worked_and_falls_silent_is_never_called_unmeasured() {
    assert!(fell_silent().targets.iter().all(|host| !host.is_in_trouble()), "nobody is alerted");
    for (width, height) in SIZES {
        for keys in ["1", "2", "3", "4", "v"] {
            let mut screen = Screen::new(fell_silent(), width, height);
            screen.press(keys);
            let text = screen.text();
            for wrong in ["unmeasured", "not measured yet", "on their way", "being looked at"] {
                assert!(!text.contains(wrong), "{keys} {width}: {wrong}\n{text}");
            }
            let first = text.lines().next().unwrap_or_default();
            let counted = if width == 40 { "\u{25b2}1" } else { "\u{25b2} 1 unconfirmed" };
            assert!(first.contains(counted), "{keys} {width}\n{text}");
            let told = text.contains("stopped answering");
            assert!(told || width == 40 && keys == "3", "{keys} {width}\n{text}");
        }
    }
    let mut screen = Screen::new(fell_silent(), 100, 40);
    screen.press("v");
    let text = screen.text();
    assert!(text.contains("office-pc has stopped answering"), "{text}");
    assert!(text.contains("asked again before this is called trouble"), "{text}");
    screen.press("2");
    assert!(screen.text().contains("stopped answering, asked again since"), "{}", screen.text());
}

/// The simple view of one host.
fn simple(host: TargetSnapshot) -> String {
    let mut screen = Screen::new(fixtures::snapshot(vec![host]), 100, 40);
    screen.press("v");
    screen.text()
}

#[test]
fn the_simple_view_claims_only_what_was_measured() {
    let healthy = |ladder: &str| TargetSnapshot {
        ladder: fixtures::ladder(ladder, [""; 7]),
        ..fixtures::target(0, "pc", "10.0.0.9")
    };
    for (ladder, claim) in [
        ("oooo---", "pc answers\n"),
        ("ooooo--", "pc answers, and the connection is secured"),
        ("oooooo-", "pc answers and asks who you are"),
    ] {
        let text = simple(healthy(ladder));
        assert!(text.contains(claim), "{claim}\n{text}");
        assert!(text.contains("Whether you get in is not tried"), "{text}");
        assert!(!text.contains("you can sign in"), "{text}");
    }
    let mut silent = healthy("ooo----");
    silent.echo_minute = EchoStats::default();
    let text = simple(silent);
    assert!(text.contains("Nothing was measured in the last minute."), "{text}");
    let mut unheard = fixtures::berlin_07(0);
    unheard.ladder[2].cell = Cell::NotMeasured;
    let text = simple(unheard.clone());
    assert!(text.contains("berlin-07 has trouble"), "it was not seen to answer\n{text}");
    let confirmed = NegotiateOutcome::Confirmed { selected: SecurityProtocol::HYBRID, flags: 0 };
    let negotiate = Negotiate {
        asked: SecurityProtocol::OFFERED,
        received: 19,
        outcome: confirmed,
        elapsed: ms(1.0),
    };
    let works = Attempt { negotiate: Some(negotiate), ..attempt(ConnectOutcome::Open) };
    unheard.attempt = Some(works);
    assert!(simple(unheard).contains("berlin-07 answers, with trouble"));
}

#[test]
fn the_simple_view_has_no_words_of_protocols_but_for_the_help_desk() {
    let states = vec![
        fixtures::target(0, "pc", "10.0.0.9"),
        fixtures::home_pc(0),
        fixtures::waking(0),
        fixtures::unmeasured(0),
        fixtures::office_pc(0),
        fixtures::berlin_07(0),
    ];
    for host in states {
        let rule = host.worst().map(|finding| finding.rule.0);
        let text = simple(host);
        let mut told: Vec<&str> = text.lines().skip(1).collect();
        // Advice names what it is about, and the help desk gets the name of the finding.
        let place = |what: &str, told: &[&str]| told.iter().position(|line| line.contains(what));
        if let Some(from) = place("WHAT TO DO", &told) {
            told.drain(from..place("THE LINE", &told).unwrap_or(told.len()));
        }
        if let Some(at) = place("For the help desk:", &told) {
            let line = told.remove(at);
            assert!(line.contains(rule.unwrap_or("no finding")), "{text}");
        }
        let own = told.join("\n");
        for word in ["RDP", "TLS", "NLA", "TCP", "X.224", "CredSSP", "echo", "certificate", "port"]
        {
            assert!(!own.contains(word), "{word}\n{text}");
        }
    }
    let mut screen = Screen::new(fixtures::mixed(), 100, 40);
    screen.press("v");
    let text = screen.text();
    assert!(text.contains("office-pc does not work, since 09:12; 1 more has trouble."), "{text}");
}

#[test]
fn the_simple_view_of_an_address_finds_no_name_and_its_drops_begin_with_the_watch() {
    let mut host = fixtures::target(0, "10.0.0.9", "10.0.0.9");
    host.ladder = fixtures::ladder(".oooo--", [""; 7]);
    let mut snapshot = fixtures::snapshot(vec![host]);
    snapshot.started.wall = ago(180);
    let mut screen = Screen::new(snapshot.clone(), 100, 40);
    screen.press("v");
    let text = screen.text();
    assert!(!text.contains("its name") && text.contains("it takes connections"), "{text}");
    assert!(text.contains("No dropped session seen since 14:00, when the watch began."), "{text}");
    snapshot.started.wall = ago(86_400 * 2);
    let mut screen = Screen::new(snapshot, 100, 40);
    screen.press("v");
    assert!(screen.text().contains("No dropped session seen today."), "{}", screen.text());
}

/// "No drop seen" was all that was left of a hang that the same screen had told.
#[test]
fn the_simple_view_tells_when_a_host_did_not_work_after_it_is_over() {
    let mut host = fixtures::target(0, "office", "10.0.0.9");
    let mut lane = Lane::default();
    let moment = |secs: u64| Now { mono: MonoTime::from_secs(10_000 - secs), wall: ago(secs) };
    let broken = |secs: u64| Some((Down::Broken, ago(secs)));
    lane.look(moment(300), None);
    lane.look(moment(260), broken(270));
    lane.look(moment(245), broken(270));
    host.lane = lane.clone();
    let at = |secs| Zone::default().seconds(ago(secs));
    let text = simple(host.clone());
    assert!(text.contains(&format!("It has not worked since {}.", at(270))), "{text}");
    lane.look(moment(244), None);
    host.lane = lane.clone();
    let text = simple(host.clone());
    let told = format!("It did not work from {} to {}.", at(270), at(244));
    assert!(text.contains(&told), "{text}");
    assert!(text.contains("No dropped session seen") && !text.contains("No drop "), "{text}");
    lane.look(moment(100), Some((Down::Unseen, ago(100))));
    lane.look(moment(90), broken(90));
    lane.look(moment(80), None);
    host.lane = lane;
    let text = simple(host);
    let twice = format!("on 2 occasions lately, the last from {} to {}.", at(90), at(80));
    assert!(text.contains(&twice), "{text}");
    let unseen = format!("It could not be judged from here from {} to {}.", at(100), at(90));
    assert!(text.contains(&unseen), "{text}");
}

/// What could not be judged for a while was told as two occasions on which it did not work.
#[test]
fn the_simple_view_says_what_is_not_known_of_a_downtime() {
    let mut host = fixtures::target(0, "office", "10.0.0.9");
    let moment = |secs: u64| Now { mono: MonoTime::from_secs(10_000 - secs), wall: ago(secs) };
    let at = |secs| Zone::default().seconds(ago(secs));
    let broken = |secs: u64| Some((Down::Broken, ago(secs)));
    let mut lane = Lane::default();
    lane.look(moment(300), broken(300));
    lane.look(moment(280), Some((Down::Unseen, ago(280))));
    lane.look(moment(260), broken(260));
    host.lane = lane.clone();
    let text = simple(host.clone());
    let unknown = format!("; from {} to {} that is not known.", at(280), at(260));
    assert!(text.contains(&format!("It has not worked since {}{unknown}", at(300))), "{text}");
    lane.look(moment(240), None);
    host.lane = lane;
    let text = simple(host);
    let told = format!("It did not work from {} to {}{unknown}", at(300), at(240));
    assert!(text.contains(&told), "{text}");
}

#[test]
fn the_figures_of_the_way_stand_under_their_headings() {
    for (width, height) in SIZES {
        let mut screen = Screen::new(fixtures::tunnelled(), width, height);
        screen.press("] 5");
        let text = screen.text();
        let end = |line: &str, of: &str| {
            let at = line.rfind(of).unwrap_or_else(|| panic!("{of}\n{text}"));
            line[..at].chars().count() + of.chars().count()
        };
        let line = |of: &str| {
            let mut lines = text.lines().filter(|line| line.contains(of));
            lines.next_back().unwrap_or_else(|| panic!("{of}\n{text}")).to_owned()
        };
        let heading = line("RTT MS");
        let far = line("the VPN's far end");
        assert_eq!(end(&heading, "RTT MS"), end(&far, "41.0"), "{text}");
        assert_eq!(end(&heading, "LOSS%"), end(&far, " 13"), "{text}");
        if width >= 80 {
            assert_eq!(end(&heading, "ANSWERED 1 MIN"), end(&far, "26 of 30"), "{text}");
            let dns = line("DNS server");
            assert_eq!(end(&heading, "ANSWERED 1 MIN"), end(&dns, " answers no ping"), "{text}");
            assert!(!dns.contains("0.0 "), "no ping is answered, so none is measured\n{text}");
            let own = line("this machine");
            assert_eq!(end(&heading, "ADDRESS") - 7, end(&own, "10.0.0.5") - 8, "{text}");
        }
    }
}

#[test]
fn events_are_the_newest_first_with_times_of_one_form_on_every_screen() {
    let mut snapshot = fixtures::mixed();
    let event = |secs: u64, text: &str| Event {
        at: ago(secs),
        target: Some(TargetId(0)),
        gone: None,
        text: text.to_owned(),
    };
    // A drop that somebody marks later is noted after what came after it.
    let events = [event(300, "b-second"), event(90_000, "a-first"), event(60, "c-third")];
    snapshot.events = Arc::new(events.to_vec());
    for keys in ["3 G", "6"] {
        let mut screen = Screen::new(snapshot.clone(), 120, 60);
        screen.press(keys);
        let text = screen.text();
        let place = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}\n{text}"));
        assert!(text.to_lowercase().contains("lately") && text.contains("newest first"), "{text}");
        assert!(place("c-third") < place("b-second") && place("b-second") < place("a-first"));
        for time in ["14:02:20", "13:58:20", "11-20 13:03:20"] {
            assert!(text.contains(time), "{time}\n{text}");
        }
    }
}

#[test]
fn a_small_screen_says_who_is_worst_and_why_in_every_view() {
    for keys in ["1", "2", "3", "4", "5", "6", "7"] {
        let mut screen = Screen::new(fixtures::mixed(), 40, 12);
        screen.press(keys);
        let text = screen.text();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("office-pc"), "{keys}: {text}");
        if keys == "7" {
            assert!(text.contains("the connection is not secured"), "{text}");
        } else if !["3", "5"].contains(&keys) {
            assert!(
                text.to_lowercase().contains("closes at the tls handshake")
                    || text.contains("TLS handshake"),
                "{keys}: {text}"
            );
        }
        // On another host's screens too.
        let mut screen = Screen::new(fixtures::mixed(), 40, 12);
        screen.press("j j");
        screen.press(keys);
        let text = screen.text();
        assert!(keys == "1" || text.contains("office-pc"), "{keys}\n{text}");
    }
}

/// The one whose TLS handshake was closed, and whose port refused the newest connection.
fn turned() -> TargetSnapshot {
    let mut host = fixtures::office_pc(0);
    let how = ["", "", "refused with RST", "not reached", "not reached", "not reached", ""];
    host.ladder = fixtures::ladder("oox---.", how);
    host.attempt = Some(attempt(ConnectOutcome::Refused));
    host
}

#[test]
fn trouble_that_has_become_another_is_not_told_as_it_was() {
    let text = simple(turned());
    assert!(text.contains("it takes no connections"), "{text}");
    assert!(text.contains("What is wrong has changed just now; it is asked again"), "{text}");
    assert!(text.contains("For the help desk: until then tls-handshake-failed, since"), "{text}");
    assert!(!text.contains("cannot be secured") && !text.contains("WHAT TO DO"), "{text}");
    let mut screen = Screen::new(fixtures::snapshot(vec![turned()]), 120, 40);
    screen.press("2");
    let text = screen.text();
    assert!(!text.contains("Users see"), "of another trouble: {text}");
    screen.press("o");
    assert!(!screen.text().contains("The client shows"), "{}", screen.text());
}

/// The PC that was woken: it first answered 20 s ago, its neighbour entry 5 s after the packet.
fn woken(lost: &[usize]) -> TargetSnapshot {
    let mut host = fixtures::waking(0);
    host.at.mono = host.at.mono.plus(Duration::from_secs(28));
    let wake = host.wake.as_mut().expect("it is being woken");
    let at = wake.started().mono.plus(Duration::from_secs(20));
    let ended_at = at;
    let sent_at = Now { mono: at, wall: ago(20) };
    let mut answers = attempt(ConnectOutcome::Open);
    answers.negotiate = None;
    let observation = Observation::Attempt(Box::new(answers));
    wake.observe(&Sample { target: TargetId(0), seq: 1, sent_at, ended_at, observation });
    host.state = TargetState::NotMeasured;
    host.findings.clear();
    host.ladder = fixtures::ladder("ooo----", [""; 7]);
    host.echo_minute = EchoStats { sent: 89, lost: 55, ..fixtures::stats(47.4, 0, 0.1) };
    host.spark = vec![Spark::Lost; 100];
    host.spark.resize(120, Spark::Rtt(ms(47.4)));
    for (place, slot) in host.spark.iter_mut().enumerate() {
        if lost.contains(&place) {
            *slot = Spark::Lost;
        }
    }
    host
}

#[test]
fn what_was_lost_while_a_woken_pc_slept_is_not_told_as_a_bad_line() {
    let text = simple(woken(&[]));
    let said = "It woke 20 s ago. An answer takes 47.4 ms; nothing was lost since.";
    assert!(text.contains(said), "{text}");
    assert!(!text.contains("55 of 89"), "{text}");
    let text = simple(woken(&[105, 119]));
    assert!(text.contains("in 2 of these seconds something was lost"), "{text}");
    let mut screen = Screen::new(fixtures::snapshot(vec![woken(&[])]), 120, 40);
    screen.press("2");
    let text = screen.text();
    assert!(text.contains("woke 20 s ago, not judged yet"), "{text}");
    assert!(!text.contains("first measurements are on their way"), "{text}");
}

/// The cause stood there three times, and what to do about it a page further.
#[test]
fn cause_and_first_remedy_are_both_on_the_first_screen_of_the_detail() {
    for theme in ["dark", "mono"] {
        let options =
            Options { theme: Theme::built_in(theme).expect("a theme"), ..Options::default() };
        let mut screen = Screen::with(fixtures::mixed(), 80, 24, options);
        screen.press("Enter");
        let text = screen.text();
        assert!(text.contains("It closes the connection at the TLS handshake"), "{text}");
        assert!(text.contains(" do: "), "{text}");
    }
    let mut healthy =
        Screen::new(fixtures::snapshot(vec![fixtures::target(0, "a", "::1")]), 80, 24);
    healthy.press("Enter");
    assert!(!healthy.text().contains(" do: "), "{}", healthy.text());
    let mut tall = Screen::new(fixtures::mixed(), 200, 60);
    tall.press("Enter");
    assert!(!tall.text().contains(" do: "), "its finding has it: {}", tall.text());
}
