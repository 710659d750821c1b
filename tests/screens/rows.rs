//! Pinned rows, rows in groups, names that are hidden, what a small screen leaves out, and the
//! mouse on the table.

use super::fixtures;
use super::support::Screen;
use rdpwatch::domain::snapshot::Snapshot;
use rdpwatch::domain::target::TargetId;
use rdpwatch::ui::effect::Effect;
use rdpwatch::ui::input::Input;
use rdpwatch::ui::state::{Direction, SortKey};
use std::sync::Arc;

const WIDTHS: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 60), (40, 12)];

fn sited(width: u16, height: u16) -> Screen {
    Screen::new(fixtures::sited(500), width, height)
}

/// The lines that show targets, without what stands above and below.
fn body(screen: &Screen) -> Vec<String> {
    let text = screen.text();
    let heading = text.lines().position(|line| line.contains("TARGET") || line.contains("ADDRESS"));
    let rows = text.lines().skip(heading.unwrap_or(0) + 1);
    // A small banner is higher where many hosts share a cause.
    let shared = |line: &&str| line.contains(" hosts: ") && !line.contains(['+', '-']);
    rows.skip_while(shared).map(str::to_owned).collect()
}

fn row(screen: &Screen, wanted: &str) -> usize {
    let text = screen.text();
    text.lines().position(|l| l.contains(wanted)).unwrap_or_else(|| panic!("{wanted}\n{text}"))
}

#[test]
fn pins_are_told_to_be_remembered_and_those_of_an_earlier_run_hold_when_they_are_read_late() {
    let mut remembered = fixtures::mixed();
    let last = remembered.targets.last().expect("there are some").target.id;
    // The first frame is drawn before what is remembered was read.
    remembered.pinned = None;
    let mut screen = Screen::new(remembered.clone(), 120, 40);
    remembered.pinned = Some([last].into());
    screen.dashboard.set_snapshot(Arc::new(remembered));
    assert!(body(&screen).first().is_some_and(|row| row.chars().take(3).any(|c| c == '*')));
    let mut told = |keys: &str| {
        let pins = |effect: &Effect| match effect {
            Effect::Pin(pins) => Some(pins.clone().into_iter().collect::<Vec<_>>()),
            _ => None,
        };
        screen.press(keys).iter().filter_map(pins).collect::<Vec<_>>()
    };
    assert_eq!(told("j"), <Vec<Vec<(TargetId, bool)>>>::new());
    assert_eq!(told("g P"), [vec![(last, false)]]);
    assert_eq!(told("u"), [vec![(last, true)]]);
}

/// What another dashboard on the same state pins was not seen before the next start.
#[test]
fn pins_of_another_dashboard_are_followed_and_undo_leaves_them() {
    let mut snapshot = fixtures::mixed();
    let (first, second) = (snapshot.targets[0].target.id, snapshot.targets[1].target.id);
    snapshot.pinned = Some([].into());
    let mut screen = Screen::new(snapshot.clone(), 120, 40);
    let pinned = |screen: &Screen| screen.dashboard.state().pinned.clone();
    let mut then = |screen: &mut Screen, pins: &[TargetId]| {
        snapshot.pinned = Some(pins.iter().copied().collect());
        screen.dashboard.set_snapshot(Arc::new(snapshot.clone()));
    };
    screen.press("g P");
    let own = pinned(&screen);
    let other = if own.contains(&first) { second } else { first };
    // A picture from before the own pin reached the monitor takes nothing back.
    then(&mut screen, &[]);
    assert_eq!(pinned(&screen), own);
    let both = own.iter().copied().chain([other]).collect::<Vec<_>>();
    then(&mut screen, &both);
    assert_eq!(pinned(&screen), both.iter().copied().collect());
    let undone = screen.press("u");
    assert!(
        undone
            .iter()
            .any(|effect| matches!(effect, Effect::Pin(pins) if !pins.contains_key(&other))),
        "{undone:?}"
    );
    assert_eq!(pinned(&screen), [other].into());
    then(&mut screen, &[other]);
    then(&mut screen, &[]);
    assert_eq!(pinned(&screen), [].into());
}

/// `n` showed a dash for each host without an address, and not which host it is.
#[test]
fn a_host_without_an_address_is_named_among_addresses() {
    let mut snapshot = fixtures::mixed();
    let host = snapshot.targets.iter_mut().find(|host| host.is_in_trouble()).expect("one");
    let host = Arc::make_mut(host);
    host.address = None;
    let name: String = host.target.name.chars().take(4).collect();
    for (width, height) in WIDTHS {
        let mut screen = Screen::new(snapshot.clone(), width, height);
        screen.press("n g");
        let named = format!("\u{2013} {name}");
        assert!(screen.text().contains(&named), "{width}: {named}\n{}", screen.text());
    }
}

/// How long the state is there stood beside a cause that came later.
#[test]
fn a_cause_that_is_newer_or_older_than_the_state_says_how_long_it_is_there() {
    let mut snapshot = fixtures::mixed();
    let place = snapshot.targets.iter().position(|host| host.is_in_trouble()).expect("one");
    let host = &mut snapshot.targets[place];
    let cause = host.worst().expect("it is in trouble").clone();
    Arc::make_mut(host).state_since = cause.since;
    let why = |snapshot: &Snapshot| {
        let text = Screen::new(snapshot.clone(), 200, 60).text();
        text.lines().find(|line| line.contains(&cause.title)).expect("a row").to_owned()
    };
    let for_long = format!("{}, for 5m", cause.title);
    assert!(!why(&snapshot).contains(", for "), "{}", why(&snapshot));
    for since in [60, 90_000] {
        Arc::make_mut(&mut snapshot.targets[place]).state_since = fixtures::ago(since);
        assert!(why(&snapshot).contains(&for_long), "{}", why(&snapshot));
    }
}

/// A small screen named no key at all.
#[test]
fn a_small_screen_says_how_to_get_help_and_out() {
    let mut screen = Screen::new(fixtures::mixed(), 40, 12);
    for keys in ["", "Enter", "Esc 3", "Esc 4", "Esc 5", "Esc 6", "Esc v"] {
        screen.press(keys);
        let first = screen.text().lines().next().unwrap_or_default().to_owned();
        assert!(first.ends_with("? help  q quit  14:03"), "{keys}: {first}");
    }
    screen.press("Esc ?");
    let first = screen.text().lines().next().unwrap_or_default().to_owned();
    assert!(!first.contains("quit"), "the box has its own: {first}");
    let first = Screen::new(fixtures::mixed(), 24, 8).text();
    let first = first.lines().next().unwrap_or_default();
    assert!(first.ends_with("14:03") && !first.contains("quit"), "counts go first: {first}");
}

#[test]
fn a_pinned_row_stands_above_every_order() {
    for (width, height) in WIDTHS {
        let mut screen = Screen::new(fixtures::mixed(), width, height);
        screen.press("G P");
        let id = screen.dashboard.state().selected.expect("one is selected");
        assert_eq!(screen.dashboard.state().pinned.iter().copied().collect::<Vec<_>>(), [id]);
        screen.press("Esc");
        for keys in ["", "s", "I", "s", "I", "n"] {
            screen.press(keys);
            let first = body(&screen).first().cloned().unwrap_or_default();
            assert!(first.chars().take(3).any(|c| c == '*'), "{width}: {keys}: {first}");
        }
        screen.press("g P");
        assert!(screen.dashboard.state().pinned.is_empty(), "{width}");
    }
}

#[test]
fn groups_have_a_heading_with_counts_and_the_worst() {
    for (width, height) in WIDTHS {
        let mut screen = sited(width, height);
        screen.press("b F");
        let lines = body(&screen);
        let headings: Vec<&String> = lines.iter().filter(|l| l.contains('+')).collect();
        assert_eq!(headings.len(), 5, "{width}\n{}", screen.text());
        assert!(headings.iter().all(|l| l.contains("\u{2716}2")), "{width}: {headings:?}");
        if width >= 80 {
            assert!(headings[0].contains("2 hosts: closes at the TLS"), "{}", headings[0]);
        }
        assert!(!screen.text().contains("pc-0"), "{width}: all are folded");
        screen.press("F");
        let lines = body(&screen);
        assert!(lines[0].contains("-berlin"), "{width}: {}", lines[0]);
        assert!(lines[1].contains("office-pc"), "{width}: {}", lines[1]);
        assert_eq!(screen.dashboard.state().groups.folded.len(), 0);
        screen.press("b");
        assert!(!screen.text().contains("-berlin"), "{width}");
    }
}

#[test]
fn a_group_folds_and_its_heading_takes_no_action_for_a_host() {
    let mut screen = sited(120, 40);
    screen.press("b j");
    assert!(screen.dashboard.state().selected.is_some());
    screen.press("f");
    let groups = &screen.dashboard.state().groups;
    assert_eq!(groups.header.as_deref(), Some("berlin"));
    assert_eq!(groups.folded.iter().collect::<Vec<_>>(), ["berlin"]);
    assert_eq!(screen.press("w p"), []);
    assert!(screen.text().contains("a group is selected, and no target"));
    assert_eq!(screen.press("a"), []);
    assert!(screen.text().contains("group berlin: no alert stands here"), "{}", screen.text());
    screen.press("Enter");
    assert!(screen.dashboard.state().groups.folded.is_empty());
    screen.press("f ]");
    let selected = screen.dashboard.state().selected.expect("the next in trouble");
    assert!(screen.text().contains("office-pc"), "{selected:?}: it is unfolded");
    screen.press("f m");
    assert!(screen.text().contains("group berlin, 100 targets"), "{}", screen.text());
    screen.press("Esc u");
    assert!(screen.dashboard.state().groups.folded.is_empty());
}

#[test]
fn pinned_rows_stand_above_the_groups_and_in_none() {
    let mut screen = sited(120, 40);
    screen.press("G P b");
    let lines = body(&screen);
    assert!(lines[0].chars().take(3).any(|c| c == '*'), "{}", lines[0]);
    assert!(lines[1].contains("-berlin"), "{}", lines[1]);
    screen.press("g f");
    assert!(screen.text().contains("pinned rows stand above the groups"));
    let mut screen = Screen::new(fixtures::healthy(), 120, 40);
    screen.press("b");
    assert!(!screen.dashboard.state().groups.on || !screen.text().contains("no target is in"));
}

#[test]
fn hidden_names_sort_nothing() {
    let mut screen = Screen::new(fixtures::mixed(), 80, 24);
    screen.press("s");
    assert_eq!(screen.dashboard.state().sort, SortKey::Name);
    screen.press("n");
    assert_eq!(screen.dashboard.state().sort, SortKey::Address, "names are not on the screen");
    assert!(screen.text().contains("ADDRESS\u{2193}"), "{}", screen.text());
    assert!(!body(&screen).iter().take(8).any(|line| line.contains("berlin-07")));
    for _ in 0..12 {
        screen.press("s");
        assert_ne!(screen.dashboard.state().sort, SortKey::Name);
    }
    let mut screen = Screen::new(fixtures::mixed(), 120, 40);
    screen.press("s n");
    assert_eq!(screen.dashboard.state().sort, SortKey::Name, "they stand in the second column");
    let text = screen.text();
    assert!(text.contains("TARGET\u{2193}") && !text.contains("ADDRESS\u{2193}"), "{text}");
    let mut screen = Screen::new(fixtures::mixed(), 40, 12);
    screen.press("n");
    assert!(screen.text().contains("10.0.4.7"), "{}", screen.text());
}

#[test]
fn a_small_screen_says_how_many_in_trouble_it_leaves_out() {
    let mut screen = sited(40, 12);
    let troubled = screen_troubled(&fixtures::sited(500));
    let shown = body(&screen).iter().filter(|l| l.contains("office") || l.contains("berl")).count();
    let told = format!("{} more in trouble \u{2193}", troubled - shown);
    assert!(screen.text().contains(&told), "{told}\n{}", screen.text());
    screen.press("PageDown PageDown");
    assert!(screen.text().contains("more in trouble \u{2191}"), "{}", screen.text());
    let healthy = Screen::new(fixtures::healthy(), 40, 12);
    assert!(!healthy.text().contains("in trouble"), "{}", healthy.text());
    let mut screen = sited(40, 12);
    screen.press("b");
    assert!(screen.text().contains("more in trouble \u{2193}"), "{}", screen.text());
}

fn screen_troubled(snapshot: &Snapshot) -> usize {
    snapshot.targets.iter().filter(|target| target.is_in_trouble()).count()
}

#[test]
fn the_lower_panel_is_not_cut_while_there_are_blank_lines() {
    for (width, height) in [(120, 40), (200, 60)] {
        let screen = Screen::new(fixtures::mixed(), width, height);
        let text = screen.text();
        let edge = row(&screen, "\u{2500}\u{2500} office-pc");
        let above = text.lines().nth(edge - 1).unwrap_or_default();
        assert!(!text.contains(" more\n") || !above.trim().is_empty(), "{width}\n{text}");
    }
}

#[test]
fn the_edge_of_the_lower_panel_is_dragged() {
    let mut screen = Screen::new(fixtures::mixed(), 120, 40);
    let mouse = |screen: &mut Screen, input| screen.dashboard.input(input, screen.now);
    let at = |screen: &Screen| row(screen, "\u{2500}\u{2500} office-pc");
    let edge = at(&screen);
    let y = |row: usize| u16::try_from(row).expect("a row");
    mouse(&mut screen, Input::Drag { y: 5 });
    assert_eq!(at(&screen), edge, "nothing was taken hold of");
    mouse(&mut screen, Input::Click { x: 30, y: y(edge) });
    for to in [edge + 3, edge - 2, edge + 6] {
        mouse(&mut screen, Input::Drag { y: y(to) });
        assert_eq!(at(&screen), to, "{}", screen.text());
    }
    mouse(&mut screen, Input::Drop);
    mouse(&mut screen, Input::Drag { y: 12 });
    assert_eq!(at(&screen), edge + 6, "it was let go");
    mouse(&mut screen, Input::Click { x: 30, y: y(edge + 6) });
    for to in [0, 39, u16::MAX, 1] {
        mouse(&mut screen, Input::Drag { y: to });
        assert!(screen.text().contains("TARGET"), "{to}\n{}", screen.text());
        assert_eq!(screen.text().lines().count(), 40);
    }
    mouse(&mut screen, Input::Drag { y: 9 });
    screen.press("G");
    let text = screen.text();
    let marked = text.lines().position(|line| line.starts_with('\u{25b8}')).expect("a mark");
    assert!(marked < 9, "the selected row stays above the panel\n{text}");
}

#[test]
fn a_heading_sorts_and_turns_round_and_the_wheel_moves() {
    let mut screen = Screen::new(fixtures::mixed(), 120, 40);
    let heading = row(&screen, "TARGET");
    let text = screen.text();
    let line = text.lines().nth(heading).expect("headings");
    let x = line.find("P95").map(|at| line[..at].chars().count()).expect("a column");
    let click = |screen: &mut Screen, x: usize, y: usize| {
        let (x, y) = (u16::try_from(x).expect("small"), u16::try_from(y).expect("small"));
        screen.dashboard.input(Input::Click { x, y }, screen.now)
    };
    click(&mut screen, x, heading);
    let state = screen.dashboard.state();
    assert_eq!((state.sort, state.direction), (SortKey::P95, Direction::Usual));
    click(&mut screen, x, heading);
    assert_eq!(screen.dashboard.state().direction, Direction::Inverted);
    screen.press("u u");
    assert_eq!(screen.dashboard.state().sort, SortKey::Worst);
    screen.dashboard.input(Input::Wheel(1), screen.now);
    assert!(screen.dashboard.state().selected.is_some());
    let mut screen = sited(120, 40);
    screen.press("b");
    let berlin = row(&screen, "-berlin");
    click(&mut screen, 10, berlin + 2);
    assert!(screen.dashboard.state().selected.is_some());
    click(&mut screen, 10, berlin);
    assert_eq!(screen.dashboard.state().groups.header.as_deref(), Some("berlin"));
    assert_eq!(click(&mut screen, 10, berlin), []);
    assert!(screen.text().contains("+berlin"), "a second click folds");
}

#[test]
fn folding_where_nobody_is_in_a_group_folds_nothing_that_would_show_later() {
    for key in ["f", "F"] {
        let mut alone = fixtures::mixed();
        for shown in &mut alone.targets {
            let shown = Arc::make_mut(shown);
            Arc::make_mut(&mut shown.target).group = None;
        }
        let mut screen = Screen::new(alone, 120, 40);
        screen.press(key);
        assert!(screen.text().contains("no target is in a group"), "{key}: {}", screen.text());
        let groups = &screen.dashboard.state().groups;
        assert!(groups.folded.is_empty() && !groups.on && groups.header.is_none(), "{key}");
        screen.press("u");
        assert!(screen.text().contains("there is nothing to undo"), "{key}");
    }
}
