//! The wall, the path, the timeline and the simple view: what they do with keys, time and mouse.

use super::fixtures::{self, ago};
use super::support::Screen;
use rdpwatch::domain::finding::Severity;
use rdpwatch::domain::sample::{
    Attempt, Connect, ConnectOutcome, Negotiate, NegotiateOutcome, ProbeKind,
};
use rdpwatch::domain::security::SecurityProtocol;
use rdpwatch::domain::snapshot::{Event, Snapshot, TargetState};
use rdpwatch::domain::target::TargetId;
use rdpwatch::ui::export::Kind;
use rdpwatch::ui::input::Input;
use std::sync::Arc;
use std::time::Duration;

const BERLIN: TargetId = TargetId(2);

/// The page that the heading of the wall names.
fn page(screen: &Screen) -> String {
    let text = screen.text();
    let found = text
        .split_once("page ")
        .map(|(_, rest)| rest.chars().take_while(|c| *c != ',').collect::<String>());
    found.unwrap_or_else(|| panic!("{text}"))
}

/// The wall of these hosts some seconds later.
fn later(snapshot: &Snapshot, secs: u64) -> Screen {
    let mut snapshot = snapshot.clone();
    snapshot.now.wall = snapshot.now.wall.plus(Duration::from_secs(secs));
    let mut screen = Screen::new(snapshot, 40, 12);
    screen.press("4");
    screen
}

fn pages_over_five_minutes(snapshot: &Snapshot) -> Vec<String> {
    let mut pages: Vec<String> = (0..20).map(|turn| page(&later(snapshot, turn * 15))).collect();
    pages.sort_unstable();
    pages.dedup();
    pages
}

/// Only hosts of one site are in trouble.
fn trouble_in(site: &str) -> Snapshot {
    let mut snapshot = fixtures::sited(500);
    let calm = fixtures::healthy().targets.first().cloned().expect("a host");
    for shown in &mut snapshot.targets {
        if shown.target.group.as_deref() != Some(site) {
            let mut healthy = (*calm).clone();
            healthy.target = Arc::clone(&shown.target);
            *shown = Arc::new(healthy);
        }
    }
    snapshot
}

#[test]
fn pages_of_the_wall_turn_and_stop_on_trouble() {
    let calm = trouble_in("nowhere");
    assert_eq!(pages_over_five_minutes(&calm), ["1 of 3", "2 of 3", "3 of 3"]);
    assert!(later(&calm, 0).text().contains("turn"), "{}", later(&calm, 0).text());
    // Wherever it is: what is in trouble comes first.
    for site in ["berlin", "oslo", "home offices"] {
        assert_eq!(pages_over_five_minutes(&trouble_in(site)), ["1 of 3"], "{site}");
    }
    assert_eq!(pages_over_five_minutes(&fixtures::sited(500)).len(), 3);
}

#[test]
fn a_page_of_the_wall_is_held_by_moving_about_and_let_go_by_escape() {
    let mut screen = later(&fixtures::sited(500), 0);
    screen.press("G");
    assert_eq!(page(&screen), "3 of 3");
    assert_eq!(screen.dashboard.state().wall_page, Some(2));
    screen.press("g");
    assert_eq!(page(&screen), "1 of 3");
    screen.press("Esc");
    assert_eq!(screen.dashboard.state().wall_page, None);
    screen.press("Esc");
    assert!(!screen.text().contains("page "), "{}", screen.text());
}

#[test]
fn a_tile_is_selected_by_a_click_and_opened_by_another() {
    let mut screen = Screen::new(fixtures::mixed(), 120, 40);
    screen.press("4");
    let text = screen.text();
    let (y, x) = text
        .lines()
        .enumerate()
        .find_map(|(y, line)| Some((y, line.find("loss 6.7 %")?)))
        .expect("its tile");
    let at = |y: usize, x: usize| Input::Click {
        x: u16::try_from(x).unwrap(),
        y: u16::try_from(y).unwrap(),
    };
    screen.dashboard.input(at(y - 4, x), screen.now);
    let berlin = screen.dashboard.state().selected;
    assert_eq!(berlin, Some(BERLIN), "{text}");
    screen.dashboard.input(at(y, x), screen.now);
    assert!(screen.text().contains("HOW IT ENDED"), "{}", screen.text());
    // Between the tiles is nothing.
    screen.press("4");
    screen.dashboard.input(at(y + 1, x), screen.now);
    assert_eq!(screen.dashboard.state().selected, berlin);
}

#[test]
fn time_is_walked_through_by_cells_and_by_what_happened() {
    let mut screen = Screen::new(fixtures::hours(), 120, 40);
    screen.press("t");
    assert!(screen.text().contains("lately"));
    screen.press("[");
    assert_eq!(screen.dashboard.state().moment, Some(ago(25 * 60 + 20)));
    let text = screen.text();
    assert!(text.contains("tun0 went down") && text.contains("tun0 came up"), "{text}");
    assert!(!text.contains("closes at the TLS handshake"), "another minute\n{text}");
    screen.press("[");
    assert!(screen.text().contains("closes at the TLS handshake"), "{}", screen.text());
    screen.press("] ]");
    assert_eq!(screen.dashboard.state().moment, None, "past the newest it follows");
    screen.press("h h l");
    assert_eq!(screen.dashboard.state().moment, Some(ago(80)));
    screen.press("l");
    assert_eq!(screen.dashboard.state().moment, None);
    screen.press("H");
    assert_eq!(screen.dashboard.state().moment, Some(ago(15 * 60 + 20)));
    screen.press("Esc");
    assert_eq!(screen.dashboard.state().moment, None);
}

#[test]
fn the_way_back_ends_where_what_is_kept_begins() {
    let mut snapshot = fixtures::hours();
    let days = 9 * 24 * 3_600;
    let expired = Event {
        at: ago(days),
        target: Some(TargetId(1)),
        gone: None,
        text: "its certificate expired".to_owned(),
    };
    Arc::make_mut(&mut snapshot.events).push(expired);
    let mut screen = Screen::new(snapshot, 120, 40);
    screen.press("t [ [ [ [ [");
    let moment = screen.dashboard.state().moment.expect("a moment");
    assert!(moment > ago(12 * 3_600), "{moment:?}");
    assert!(screen.text().contains("nothing happened before, as far as is kept"));
}

#[test]
fn a_gap_of_the_monitor_stays_empty_in_every_lane() {
    let mut screen = Screen::new(fixtures::hours(), 120, 40);
    screen.press("t");
    let text = screen.text();
    let lanes: Vec<Vec<char>> = ["office-pc", "berlin-07", "rds-01"]
        .iter()
        .map(|name| {
            let below_the_axis = text.lines().skip(6);
            let mut lanes = below_the_axis.filter(|line| line.contains(name));
            lanes.next().expect("its lane").chars().collect()
        })
        .collect();
    // The minute of the present is the last cell; the monitor stood still 50 to 40 minutes ago.
    let cell = |lane: &Vec<char>, age: usize| lane[119 - age];
    for lane in &lanes {
        assert!((41..50).all(|age| cell(lane, age) == ' '), "{text}");
        assert!([38, 39, 52, 53].iter().all(|age| cell(lane, *age) != ' '), "{text}");
    }
}

#[test]
fn a_control_that_never_answered_is_not_called_lossy() {
    let mut screen = Screen::new(fixtures::tunnelled(), 120, 40);
    screen.press("5");
    let text = screen.text();
    let line = text.lines().find(|line| line.contains("DNS server")).expect("beside the way");
    assert!(line.contains("answers no ping") && !line.contains("100"), "{line}");
}

#[test]
fn the_simple_view_is_a_key_away_and_back() {
    let mut screen = Screen::new(fixtures::mixed(), 80, 24);
    let table = screen.text();
    screen.press("v");
    let text = screen.text();
    assert!(text.contains("office-pc does not work"), "{text}");
    assert!(text.contains("the connection is not secured as it should be"), "{text}");
    screen.press("v");
    assert_eq!(screen.text(), table);
}

#[test]
fn drops_of_today_are_counted_and_those_of_yesterday_are_not() {
    let mut snapshot = fixtures::snapshot(vec![fixtures::target(0, "pc", "10.0.0.9")]);
    Arc::make_mut(snapshot.targets.first_mut().expect("a host")).drops =
        vec![ago(15 * 3_600), ago(7_200), ago(600)];
    let mut screen = Screen::new(snapshot, 80, 24);
    screen.press("v");
    assert!(
        screen.text().contains("Sessions dropped 2 times today, the last at 13:53."),
        "{}",
        screen.text()
    );
}

#[test]
fn a_host_that_takes_connections_is_not_called_dead_by_its_certificate() {
    let connect = Connect {
        address: "10.0.0.21:3389".parse().expect("an address"),
        outcome: ConnectOutcome::Open,
        icmp: None,
        icmp_is_ours: false,
        elapsed: fixtures::ms(12.0),
        untimed: false,
    };
    let negotiate = Negotiate {
        asked: SecurityProtocol::OFFERED,
        received: 19,
        outcome: NegotiateOutcome::Confirmed { selected: SecurityProtocol::HYBRID_EX, flags: 0x1f },
        elapsed: fixtures::ms(12.0),
    };
    let mut host = fixtures::office_pc(0);
    host.attempt =
        Some(Attempt { negotiate: Some(negotiate), ..Attempt::new(ProbeKind::Negotiate, connect) });
    let mut screen = Screen::new(fixtures::snapshot(vec![host]), 80, 24);
    screen.press("v");
    let text = screen.text();
    assert!(text.contains("office-pc takes connections, but signing in may fail"), "{text}");
    assert!(!text.contains("does not work"), "{text}");
}

#[test]
fn of_the_minute_that_runs_the_timeline_says_that_it_is_not_over_yet() {
    let mut snapshot = fixtures::hours();
    let event =
        Event { at: ago(5), target: Some(TargetId(0)), gone: None, text: "loses 9 %".to_owned() };
    Arc::make_mut(&mut snapshot.events).push(event);
    let mut screen = Screen::new(snapshot, 120, 40);
    screen.press("6 [");
    let text = screen.text();
    assert!(text.contains("this minute is not over yet"), "{text}");
    assert!(!text.contains("nothing is kept"), "{text}");
}

/// The direct way is sound, and nobody uses it.
#[test]
fn the_way_of_a_host_whose_gateway_fails_is_not_absolved() {
    let mut snapshot = fixtures::healthy();
    let host = Arc::make_mut(&mut snapshot.targets[0]);
    let said = "The RD Gateway gw.example.test answers 503 (certain).";
    host.state = TargetState::Critical;
    host.findings =
        vec![fixtures::finding("gateway-not-answering", Severity::Critical, "answers 503", said)];
    let mut screen = Screen::new(snapshot, 200, 60);
    screen.press("5");
    let text = screen.text();
    assert!(
        text.contains("through the RD Gateway: The RD Gateway gw.example.test answers 503"),
        "{text}"
    );
    assert!(!text.contains("is not the way"), "{text}");
}

/// The hosts are back, and what is known of it is an event by then.
#[test]
fn hosts_that_restarted_together_and_are_back_are_no_path_that_is_down() {
    let mut snapshot = fixtures::healthy();
    let said = "3 of 6 hosts behind the router restarted together at 14:00 (likely).";
    let finding =
        fixtures::finding("restarted-together", Severity::Notice, "restarted together", said);
    snapshot.monitor.findings.push(finding);
    for (width, height) in [(80, 24), (200, 60)] {
        let text = Screen::new(snapshot.clone(), width, height).text();
        assert!(text.contains("restarted together"), "{text}");
        assert!(!text.contains("This machine: 3"), "{text}");
        assert!(!text.contains('\u{2716}'), "{text}");
    }
}

#[test]
fn the_simple_view_says_what_there_is_no_room_for() {
    for height in 14..40 {
        let mut screen = Screen::new(fixtures::mixed(), 80, height);
        screen.press("v");
        let text = screen.text();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        if let Some(heading) = lines.iter().position(|line| *line == "THE LINE") {
            let below = lines.get(heading + 1).copied().unwrap_or_default();
            assert!(below.contains("An answer takes") || below.contains("more lines"), "{text}");
        }
        assert!(text.contains("! at once") || text.contains("Enter shows everything"), "{text}");
    }
}

#[test]
fn a_table_with_commas_has_the_certificate_since_when_and_why_nobody_is_told() {
    let screen = Screen::new(fixtures::mixed(), 200, 60);
    let csv = screen.dashboard.export(Kind::Csv, fixtures::NOW).expect("a table");
    let row = |name: &str| csv.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    assert!(csv.lines().next().is_some_and(|head| {
        head.ends_with(",findings,certificate_days,state_since,held_back")
    }));
    assert!(row("office-pc").contains(",-9,2026-11-21T09:12"), "{csv}");
    assert!(csv.contains(",snoozed\n"), "{csv}");
}
