//! What every key does.

use super::fixtures::{self, NOW};
use super::support::Screen;
use rdpwatch::domain::finding::RuleId;
use rdpwatch::domain::snapshot::{Event, Snapshot, TargetState};
use rdpwatch::domain::target::{TargetId, WakeSettings};
use rdpwatch::domain::wake::{WakePolicy, WakeRelay};
use rdpwatch::ui::action::Action;
use rdpwatch::ui::dashboard::Options;
use rdpwatch::ui::effect::Effect;
use rdpwatch::ui::filter::Filter;
use rdpwatch::ui::input::Input;
use rdpwatch::ui::keymap::{Keymap, Layer};
use rdpwatch::ui::line::Line;
use rdpwatch::ui::prompt::Prompt;
use rdpwatch::ui::state::{
    Access, Direction, Overlay, ReviewPlace, SnoozeMenu, SortKey, Suggestion, UiState, Unsaved,
};
use rdpwatch::ui::terminal;
use rdpwatch::ui::theme::GlyphSet;
use rdpwatch::ui::update::update;
use rdpwatch::ui::world::{Places, World};
use std::sync::Arc;
use std::time::Duration;

const OFFICE: TargetId = TargetId(3);
const BERLIN: TargetId = TargetId(2);
const HOME: TargetId = TargetId(1);

fn mixed() -> Screen {
    Screen::new(fixtures::mixed(), 120, 40)
}

/// Names in the first column, top to bottom.
fn order(screen: &Screen) -> Vec<String> {
    let text = screen.text();
    let header = text.lines().position(|line| line.contains("TARGET")).expect("headings");
    text.lines()
        .skip(header + 1)
        .map(|line| line.chars().skip(3).collect::<String>())
        .map_while(|line| line.split_whitespace().next().map(str::to_owned))
        .take_while(|name| !name.starts_with('\u{2500}'))
        .collect()
}

#[test]
fn the_worst_is_first_and_selected() {
    let screen = mixed();
    let order = order(&screen);
    assert_eq!(order[..4], ["office-pc", "berlin-07", "home-pc", "home-pc"]);
    let text = screen.text();
    let selected = text.lines().find(|line| line.starts_with('\u{25b8}')).expect("a mark");
    assert!(selected.contains("office-pc"), "{selected}");
}

#[test]
fn selection_moves_and_stays_on_its_target() {
    let mut screen = mixed();
    screen.press("j");
    assert_eq!(screen.dashboard.state().selected, Some(BERLIN));
    screen.press("s");
    assert_eq!(screen.dashboard.state().selected, Some(BERLIN));
    screen.press("G j j");
    let last = screen.dashboard.state().selected;
    screen.press("k PageDown");
    assert_eq!(screen.dashboard.state().selected, last);
    screen.press("g k PageUp");
    let first = screen.dashboard.state().selected;
    assert_ne!(first, last);
    screen.press("Down Up");
    assert_eq!(screen.dashboard.state().selected, first);
}

#[test]
fn the_target_whose_detail_is_open_is_looked_at() {
    let mut screen = mixed();
    assert_eq!(screen.press("Enter"), [Effect::LookAt(Some(OFFICE))]);
    assert!(screen.text().contains("HOW IT ENDED"));
    assert_eq!(screen.press("]"), [Effect::LookAt(Some(BERLIN))]);
    assert_eq!(screen.press("["), [Effect::LookAt(Some(OFFICE))]);
    assert_eq!(screen.press("Left Right").len(), 2);
    assert_eq!(screen.press("Esc"), [Effect::LookAt(None)]);
    assert_eq!(screen.press("Esc Esc"), []);
}

#[test]
fn tab_walks_through_the_views() {
    let mut screen = mixed();
    assert_eq!(screen.press("Tab"), [Effect::LookAt(Some(OFFICE))]);
    assert_eq!(screen.press("Tab"), [Effect::LookAt(None)]);
    assert!(screen.text().contains("FIRING"));
    assert_eq!(screen.press("Tab"), []);
    assert_eq!(screen.press("BackTab"), []);
    assert!(screen.text().contains("FIRING"));
    assert_eq!(screen.press("1 2 3").len(), 2);
}

#[test]
fn problems_are_visited_in_a_ring() {
    let mut screen = mixed();
    screen.press("]");
    assert_eq!(screen.dashboard.state().selected, Some(BERLIN));
    screen.press("]");
    assert_eq!(screen.dashboard.state().selected, Some(OFFICE));
    let mut screen = Screen::new(fixtures::healthy(), 120, 40);
    screen.press("]");
    assert!(screen.text().contains("no target is in trouble"));
}

#[test]
fn wake_asks_for_a_packet_only_where_one_can_help() {
    let mut screen = mixed();
    assert_eq!(screen.press("w"), []);
    assert!(screen.text().contains("office-pc is awake"));
    screen.press("j j j");
    assert_eq!(screen.dashboard.state().selected, Some(HOME));
    assert_eq!(screen.press("w"), [Effect::Wake(HOME)]);
    let options = Options { access: Access::ReadOnly, ..Options::default() };
    let mut screen = Screen::with(fixtures::mixed(), 120, 40, options);
    assert_eq!(screen.press("j j j w W"), []);
    assert!(screen.text().contains("read-only: no magic packets are sent"));
}

#[test]
fn a_packet_that_hardly_arrives_or_was_to_be_asked_for_is_asked_for() {
    let pc = |address: &str, change: fn(&mut WakeSettings)| {
        let mut pc = fixtures::home_pc(0);
        pc.address = Some(address.parse().expect("an address"));
        change(&mut Arc::make_mut(&mut pc.target).wake);
        Screen::new(fixtures::snapshot(vec![pc]), 120, 40)
    };
    let (near, far_away) = ("192.168.1.20", "203.0.113.7");
    let mut far = pc(far_away, |_| ());
    assert_eq!(far.press("w"), []);
    assert!(far.text().contains("broadcasts end there"), "{}", far.text());
    assert_eq!(far.press("n"), []);
    assert_eq!(far.press("w y"), [Effect::WakeMany(vec![TargetId(0)])]);
    let wakes = [Effect::Wake(TargetId(0))];
    assert_eq!(pc(near, |_| ()).press("w"), wakes);
    let relayed = |wake: &mut WakeSettings| wake.via = Some(WakeRelay::ssh("relay"));
    assert_eq!(pc(far_away, relayed).press("w"), wakes);
    assert_eq!(pc(near, |wake| wake.policy = WakePolicy::Ask).press("w"), []);
    let mut never = pc(near, |wake| wake.policy = WakePolicy::Never);
    assert_eq!(never.press("w"), []);
    assert!(never.text().contains("its wake policy is \"never\""), "{}", never.text());
    assert_eq!(never.press("W"), []);
    assert!(never.text().contains("nothing is asleep"), "{}", never.text());
}

#[test]
fn waking_without_a_hardware_address_says_so() {
    let mut pc = fixtures::home_pc(0);
    pc.mac = None;
    let mut screen = Screen::new(fixtures::snapshot(vec![pc]), 120, 40);
    assert_eq!(screen.press("w"), []);
    assert!(screen.text().contains("no hardware address is known"));
    assert_eq!(screen.press("W"), []);
    assert!(screen.text().contains("1 asleep, and no hardware address is known"));
}

#[test]
fn wake_all_takes_those_that_should_be_up_and_not_those_being_woken() {
    let mut warned = fixtures::home_pc(0);
    warned.state = TargetState::Warning;
    let targets = vec![warned, fixtures::waking(1)];
    let mut screen = Screen::new(fixtures::snapshot(targets), 120, 40);
    assert_eq!(screen.press("W y"), [Effect::WakeMany(vec![TargetId(0)])]);
}

#[test]
fn wake_all_asks_first_and_lists_how_many() {
    let targets = (0..12).map(fixtures::home_pc).collect();
    let mut screen = Screen::new(fixtures::snapshot(targets), 80, 24);
    assert_eq!(screen.press("W"), []);
    assert!(screen.text().contains("12 sleeping PCs"), "{}", screen.text());
    assert_eq!(screen.press("n"), []);
    let ids: Vec<TargetId> = (0..12).map(TargetId).collect();
    assert_eq!(screen.press("W y"), [Effect::WakeMany(ids)]);
    assert!(screen.dashboard.state().overlay.is_none());
}

#[test]
fn requests_go_to_the_selected_target() {
    let mut screen = mixed();
    assert_eq!(screen.press("p"), [Effect::ProbeNow(OFFICE)]);
    assert_eq!(screen.press("Ctrl-r"), [Effect::ResetStatistics]);
    assert_eq!(screen.press("!"), [Effect::Mark(OFFICE, String::new())]);
    assert!(screen.text().contains("drop marked"));
    assert_eq!(screen.press("q"), [Effect::Quit { keep_screen: false }]);
    assert_eq!(screen.press("Q"), [Effect::Quit { keep_screen: true }]);
    assert_eq!(screen.press("Ctrl-c"), [Effect::Quit { keep_screen: false }]);
    assert_eq!(screen.press("Ctrl-z"), [Effect::Suspend]);
}

#[test]
fn alerts_of_a_target_are_acknowledged_together_and_each_alone() {
    let rule = RuleId("tls-handshake-failed");
    let mut screen = mixed();
    let seen = |target, rule, note: &str| Effect::Acknowledge {
        target: Some(target),
        rule,
        note: note.to_owned(),
    };
    assert_eq!(screen.press("a"), []);
    assert!(screen.text().contains("acknowledge 1 alert"));
    assert_eq!(screen.press("Enter"), [seen(OFFICE, rule, "")]);
    let rule = RuleId("packet-loss");
    assert_eq!(screen.press("3 j a o n Space i t Enter"), [seen(BERLIN, rule, "on it")]);
    assert_eq!(screen.press("a x Esc"), [], "left without a word");
    let mut screen = Screen::new(fixtures::healthy(), 120, 40);
    assert_eq!(screen.press("a S"), []);
    assert!(screen.text().contains("no alert stands here"));
}

#[test]
fn what_was_there_on_first_sight_is_accepted_one_by_one_or_in_bulk() {
    let review = || Screen::new(fixtures::review(), 120, 40);
    let accepts = |found: &[(TargetId, &'static str)]| {
        let keys = found.iter().map(|(target, rule)| (Some(*target), RuleId(rule)));
        Effect::AcceptAsFound(keys.collect())
    };
    let (name, nla) = ("certificate-name-mismatch", "nla-not-enforced");
    // It opens at the selected target.
    assert_eq!(review().press("B Enter"), [accepts(&[(OFFICE, nla)])]);
    assert_eq!(review().press("B k Enter"), [accepts(&[(BERLIN, name)])]);
    assert_eq!(review().press("B j Enter"), [accepts(&[(OFFICE, "identity-mismatch")])]);
    // Another machine is looked at alone.
    let mut screen = review();
    let of_target = accepts(&[(OFFICE, nla), (OFFICE, "legacy-security")]);
    assert_eq!(screen.press("B t"), [of_target]);
    assert!(screen.text().contains("another machine answers is accepted one by one"));
    let all = accepts(&[(BERLIN, name), (OFFICE, nla), (OFFICE, "legacy-security")]);
    assert_eq!(screen.press("A"), [all]);
    assert!(screen.text().contains("4 there on first sight"), "it stays open");
    assert_eq!(screen.press("Esc Enter").len(), 1, "it is closed");

    // What is gone is not accepted, and the list says that nothing is left.
    let mut screen = review();
    screen.press("B");
    screen.dashboard.set_snapshot(Arc::new(fixtures::healthy()));
    assert!(screen.text().contains("Nothing is left to review."), "{}", screen.text());
    assert_eq!(screen.press("t A Enter"), []);
    assert_eq!(screen.press("B"), []);
    assert!(screen.text().contains("nothing is listed that was there on first sight"));
}

#[test]
fn maintenance_is_for_one_for_its_group_or_for_all_and_can_be_ended() {
    let all: Vec<TargetId> = fixtures::mixed().targets.iter().map(|t| t.target.id).collect();
    let begins = |targets: &[TargetId], hours| Effect::Maintain {
        targets: targets.to_vec(),
        length: Some(Duration::from_hours(hours)),
    };
    let mut screen = mixed();
    assert_eq!(screen.press("m Enter"), [begins(&[OFFICE], 1)]);
    assert!(screen.text().contains("office-pc in maintenance until"), "{}", screen.text());
    assert_eq!(screen.press("m 2 h Enter"), [begins(&[OFFICE], 2)]);
    assert_eq!(screen.press("m 2 x Enter"), [], "the box stays");
    assert!(screen.text().contains("expected a length such as 90m, 2h or 1d"));
    assert_eq!(screen.press("Ctrl-u 1 d Down Down Enter"), [begins(&all, 24)]);
    assert_eq!(screen.press("m Esc"), [], "left without a word");
    assert_eq!(screen.press("/ b e r l i n - Enter m Down Down Enter"), [begins(&[BERLIN], 1)]);

    let mut screen = Screen::new(fixtures::maintenance(), 120, 40);
    let worlds = fixtures::maintenance();
    let asked = worlds.targets.iter().find(|target| target.target.name == "rds-02");
    let asked = asked.expect("it is there").target.id;
    let ends = || Effect::Maintain { targets: vec![asked], length: None };
    screen.press("/ r d s - 0 2 Enter m");
    assert!(screen.text().contains("end it for rds-02"), "{}", screen.text());
    assert_eq!(screen.press("Enter"), [ends()]);
    assert_eq!(screen.press("Esc g m G Enter"), [], "G is typed");
    assert_eq!(screen.press("Esc m Up Down Down Down Down Down Down Enter"), [ends()]);
    let mut screen = Screen::new(fixtures::empty(), 120, 40);
    assert_eq!(screen.press("Esc m"), []);
    assert!(screen.text().contains("nothing is watched yet"));
}

#[test]
fn what_is_in_maintenance_is_not_the_worst_and_no_problem() {
    let mut screen = Screen::new(fixtures::maintenance(), 120, 40);
    assert_eq!(order(&screen)[0], "berlin-07");
    let text = screen.text();
    assert!(text.contains("2 in maintenance"), "{text}");
    assert!(!text.lines().nth(1).expect("the second line").contains("office-pc"), "{text}");
    screen.press("]");
    assert_eq!(screen.dashboard.state().selected, Some(BERLIN));
    screen.press("/ m a i n t Enter");
    assert_eq!(order(&screen).len(), 2);
}

#[test]
fn what_happened_lately_stands_below_the_alerts_newest_first() {
    let mut snapshot = fixtures::healthy();
    let at = snapshot.now.wall;
    let event = |target, text: &str| Event { at, target, gone: None, text: text.to_owned() };
    let gateway = event(None, "default gateway is now 10.0.0.1");
    let unknown = event(Some(OFFICE), "office-pc has no known MAC address");
    snapshot.events = Arc::new(vec![gateway, unknown]);
    let mut screen = Screen::new(snapshot, 120, 40);
    screen.press("3");
    let text = screen.text();
    let place = |words: &str| text.find(words).unwrap_or_else(|| panic!("no {words} in\n{text}"));
    assert!(place("LATELY") < place("has no known MAC address"));
    assert!(place("has no known MAC address") < place("default gateway is now 10.0.0.1"));
    assert!(place("this machine") < place("default gateway is now 10.0.0.1"));
}

#[test]
fn snoozing_asks_for_how_long() {
    let rule = RuleId("packet-loss");
    let snooze =
        |hours| Effect::Snooze { target: Some(BERLIN), rule, length: Duration::from_hours(hours) };
    let mut screen = mixed();
    assert_eq!(screen.press("3 j S Enter"), [snooze(1)]);
    assert_eq!(screen.press("S j Enter"), [snooze(8)]);
    assert_eq!(screen.press("S 3"), [snooze(24)]);
    assert_eq!(screen.press("S Esc"), []);
}

#[test]
fn a_filter_narrows_while_it_is_typed_and_escape_takes_it_back() {
    let mut screen = mixed();
    screen.press("/");
    assert_eq!(screen.type_text("state:crit"), []);
    assert_eq!(order(&screen), ["office-pc"]);
    screen.press("Esc");
    assert!(order(&screen).len() > 5);
    screen.press("/");
    screen.type_text("finding:packet-*");
    screen.press("Enter");
    assert_eq!(order(&screen), ["berlin-07"]);
    assert!(screen.text().contains("filter finding:packet-*: 1 of 8"));
    screen.press("Esc");
    assert!(order(&screen).len() > 5);
    screen.press("/");
    screen.type_text("group:berlin rds");
    assert_eq!(order(&screen), ["rds-01", "rds-02"]);
    screen.press("Ctrl-u");
    screen.type_text("nobody");
    assert!(screen.text().contains("No target matches"));
}

#[test]
fn letters_go_into_text_fields() {
    let mut screen = mixed();
    screen.press("/");
    assert_eq!(screen.type_text("qwW?"), []);
    assert_eq!(screen.dashboard.state().filter.text(), "qwW?");
    screen.press("Left Backspace");
    assert_eq!(screen.dashboard.state().filter.text(), "qw?");
}

#[test]
fn sorting_goes_through_the_columns_on_the_screen() {
    let mut screen = mixed();
    screen.press("s");
    assert_eq!(screen.dashboard.state().sort, SortKey::Name);
    assert_eq!(order(&screen)[0], "berlin-07");
    screen.press("I");
    assert_eq!(screen.dashboard.state().direction, Direction::Inverted);
    assert!(screen.text().contains("TARGET\u{2191}"));
    let mut seen = vec![screen.dashboard.state().sort];
    for _ in 0..20 {
        screen.press("s");
        seen.push(screen.dashboard.state().sort);
    }
    assert!(seen.contains(&SortKey::Worst) && seen.contains(&SortKey::Loss));
    assert!(!seen.contains(&SortKey::Group), "not on a screen of 120 columns");
}

#[test]
fn a_frozen_screen_keeps_its_picture_and_writes_nothing() {
    let mut screen = mixed();
    assert!(screen.dashboard.frame(NOW).is_some());
    assert_eq!(screen.press("Space"), [Effect::Pause(true)]);
    assert!(screen.dashboard.frame(NOW).is_some(), "the label");
    let mut later = fixtures::healthy();
    later.now.wall = NOW.plus(Duration::from_mins(9));
    screen.dashboard.set_snapshot(Arc::new(later));
    assert!(screen.dashboard.frame(NOW.plus(Duration::from_mins(9))).is_none());
    assert!(screen.text().contains("office-pc"));
    assert_eq!(screen.press("Space"), [Effect::Pause(false)]);
    assert!(!screen.text().contains("office-pc"));
}

fn bytes(screen: &mut Screen, now: rdpwatch::domain::time::WallTime) -> usize {
    let mut out = Vec::new();
    if let Some(frame) = screen.dashboard.frame(now) {
        terminal::encode(&frame, &mut out).expect("a vector takes everything");
    }
    out.len()
}

#[test]
fn what_is_on_the_terminal_is_not_written_again() {
    let mut screen = mixed();
    assert!(bytes(&mut screen, NOW) > 2_000);
    assert_eq!(bytes(&mut screen, NOW), 0);
    let mut same = fixtures::mixed();
    same.revision = 2;
    same.now.wall = NOW.plus(Duration::from_secs(10));
    screen.dashboard.set_snapshot(Arc::new(same.clone()));
    assert_eq!(bytes(&mut screen, NOW), 0, "the clock shows minutes");
    same.now.wall = NOW.plus(Duration::from_secs(40));
    screen.dashboard.set_snapshot(Arc::new(same));
    let minute = bytes(&mut screen, NOW);
    assert!((1..600).contains(&minute), "{minute}");
    screen.dashboard.invalidate();
    assert!(bytes(&mut screen, NOW) > 2_000);
}

#[test]
fn a_message_goes_away_by_itself() {
    let mut screen = mixed();
    screen.press("p");
    assert!(screen.text().contains("probing office-pc"));
    screen.now = NOW.plus(Duration::from_secs(7));
    assert!(!screen.text().contains("probing"));
    screen.dashboard.tell("the configuration was reloaded", screen.now);
    assert!(screen.text().contains("the configuration was reloaded"));
}

#[test]
fn a_ticket_is_shown_and_copied() {
    let mut screen = mixed();
    screen.press("o");
    assert!(screen.text().contains("text for a ticket"));
    let effects = screen.press("y");
    let [Effect::CopyText(text)] = effects.as_slice() else { panic!("{effects:?}") };
    for part in ["office-pc", "tls-handshake-failed", "2026-11-21T14:03:20Z", "0x904"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    screen.press("Esc");
    assert!(matches!(screen.press("y").as_slice(), [Effect::CopyText(_)]));
}

#[test]
fn explain_walks_through_findings_and_puts_weakening_advice_last() {
    let mut screen = Screen::new(fixtures::mixed(), 120, 60);
    screen.press("x");
    let text = screen.text();
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}\n{text}"));
    assert!(at("Connect by address") < at("Lower the security layer"));
    assert!(at("THIS WEAKENS SECURITY") > at("Lower the security layer"));
    assert!(text.contains("DISCONNECTS EVERY SESSION"));
    assert!(!text.contains("HOST"), "stands for the host");
    screen.press("]");
    assert!(screen.text().contains("accepts connections without NLA"));
    screen.press("]");
    assert!(screen.text().contains("closes at the TLS handshake"));
    screen.press("Esc");
    assert!(screen.dashboard.state().overlay.is_none());
}

#[test]
fn help_lists_every_key_of_the_key_map() {
    let mut screen = Screen::new(fixtures::mixed(), 120, 40);
    screen.press("?");
    let mut seen = String::new();
    for _ in 0..12 {
        seen.push_str(&screen.text());
        screen.press("PageDown");
    }
    for row in Keymap::default().rows() {
        assert!(seen.contains(&row.desc), "{}", row.desc);
    }
    let end = screen.text();
    screen.press("Up");
    assert_ne!(screen.text(), end, "one line back from the end");
    screen.press("g");
    assert!(screen.text().contains("why and what to do"));
}

#[test]
fn the_help_is_searched_while_it_is_typed() {
    let mut screen = mixed();
    screen.press("? /");
    assert_eq!(screen.type_text("Wake q"), [], "letters are text");
    assert!(screen.text().contains("nothing here has that in it"), "{}", screen.text());
    screen.press("Backspace Backspace");
    let text = screen.text();
    assert!(text.contains("wake all that are asleep") && text.contains("EVERYWHERE"), "{text}");
    assert!(!text.contains("reset the echo statistics"), "{text}");
    screen.press("Enter");
    let [Effect::CopyText(copied)] = &*screen.press("y") else { panic!("copied") };
    assert!(copied.contains("wake all") && !copied.contains("reset the echo"), "{copied}");
    screen.press("Esc");
    assert!(screen.text().contains("back"), "all of it again");
    screen.press("Esc");
    assert!(screen.dashboard.state().overlay.is_none());
    screen.press("? Esc");
    assert!(screen.dashboard.state().overlay.is_none(), "nothing was looked for");
}

#[test]
fn a_pasted_list_is_one_thing_and_a_line_is_text() {
    let mut screen = Screen::with(fixtures::empty(), 80, 24, Options::default());
    let pasted = screen.dashboard.input(Input::Paste("a\r\n\r\nb\r".into()), NOW);
    assert_eq!(pasted, [Effect::AddPasted("a\n\nb\n".into())]);
    screen.press("A");
    assert_eq!(screen.dashboard.input(Input::Paste("a\r\n".into()), NOW), []);
    assert_eq!(screen.press("Enter"), [Effect::AddTarget("a".into())]);
    assert_eq!(screen.dashboard.input(Input::Paste("a\nb".into()), NOW), [], "no field is open");
    let said = screen.text();
    assert!(said.contains("no field is open: A takes a host, or a list of them"), "{said}");
    let mut screen = mixed();
    let unsaved = Unsaved {
        names: ["pc-1", "pc-2", "pc-3"][..2].iter().map(ToString::to_string).collect(),
        is_new: false,
        file: "/home/me/config.toml".into(),
    };
    screen.dashboard.ask_to_save(unsaved.clone());
    assert_eq!(screen.press("y"), [Effect::SaveTargets]);
    screen.dashboard.ask_to_save(unsaved);
    assert_eq!(screen.press("Esc"), [Effect::LeaveUnsaved]);
}

#[test]
fn a_first_target_can_be_typed_or_chosen() {
    let suggestions =
        vec![Suggestion { label: "office-pc (recent)".into(), spec: "office-pc:3390".into() }];
    let options = Options { suggestions, ..Options::default() };
    let mut screen = Screen::with(fixtures::empty(), 80, 24, options);
    assert!(matches!(screen.dashboard.state().overlay, Some(Overlay::AddTarget(..))));
    screen.type_text(" home=10.0.0.7 ");
    assert_eq!(screen.press("Enter"), [Effect::AddTarget("home=10.0.0.7".into())]);
    assert!(screen.text().contains("Nothing is watched yet"));
    screen.press("A");
    assert_eq!(screen.press("Enter"), [], "nothing typed yet");
    assert_eq!(screen.press("Down Enter"), [Effect::AddTarget("office-pc:3390".into())]);
    screen.press("Enter");
    screen.dashboard.input(Input::Paste("10.0.0.8\r\n\x1b".into()), NOW);
    assert_eq!(screen.press("Enter"), [Effect::AddTarget("10.0.0.8".into())]);
}

#[test]
fn the_mouse_selects_opens_and_sorts() {
    let mut screen = mixed();
    let text = screen.text();
    let lines: Vec<&str> = text.lines().collect();
    let row = |name: &str| {
        let y = lines.iter().rposition(|line| line.contains(name)).expect("its row");
        u16::try_from(y).expect("small")
    };
    let header = row("TARGET");
    let y = lines
        .iter()
        .enumerate()
        .position(|(y, line)| y > usize::from(header) && line.contains("berlin-07"))
        .expect("its row");
    let y = u16::try_from(y).expect("small");
    assert_eq!(screen.dashboard.input(Input::Click { x: 10, y }, NOW), []);
    assert_eq!(screen.dashboard.state().selected, Some(BERLIN));
    let effects = screen.dashboard.input(Input::Click { x: 10, y }, NOW);
    assert_eq!(effects, [Effect::LookAt(Some(BERLIN))]);
    screen.press("Esc");
    screen.dashboard.input(Input::Click { x: 4, y: header }, NOW);
    assert_eq!(screen.dashboard.state().sort, SortKey::Name);
    screen.dashboard.input(Input::Click { x: 4, y: header }, NOW);
    assert_eq!(screen.dashboard.state().direction, Direction::Inverted);
    screen.press("g");
    let first = screen.dashboard.state().selected;
    screen.dashboard.input(Input::Wheel(1), NOW);
    assert_ne!(screen.dashboard.state().selected, first);
    screen.dashboard.input(Input::Wheel(-1), NOW);
    assert_eq!(screen.dashboard.state().selected, first);
}

#[test]
fn names_and_addresses_change_places() {
    let mut screen = mixed();
    screen.press("n");
    let text = screen.text();
    let row = text.lines().find(|line| line.starts_with('\u{25b8}')).expect("selected");
    assert!(row.find("10.0.0.21").expect("address") < row.find("office-pc").expect("name"));
}

#[test]
fn the_detail_of_no_target_fits_a_narrow_screen() {
    let mut screen = Screen::new(fixtures::mixed(), 12, 20);
    screen.press("/ z z z Enter 2");
    assert!(screen.text().contains("No targe"), "{}", screen.text());
    let wide = screen.text().lines().map(|line| line.trim_end().chars().count()).max();
    assert!(wide <= Some(12), "{}", screen.text());
    let model = screen.dashboard.view_model(NOW);
    assert!(model.lines.iter().all(|line| line.line.width() <= 12));
}

#[test]
fn zooming_out_shows_more_seconds() {
    let mut screen = mixed();
    let seconds = |screen: &Screen| {
        let text = screen.text();
        let (_, rest) =
            text.split_once("LAST ").and_then(|(_, r)| r.rsplit_once("LAST ")).expect("");
        rest.split(' ').next().and_then(|n| n.parse::<u32>().ok()).expect("seconds")
    };
    let one = seconds(&screen);
    screen.press("-");
    assert_eq!(seconds(&screen), 2 * one);
    screen.press("- -");
    assert_eq!(seconds(&screen), 4 * one);
    screen.press("+ + +");
    assert_eq!(seconds(&screen), one);
}

/// Whatever `update` can change, and the effects.
fn outcome(snapshot: &Snapshot, before: &UiState, action: Action) -> (String, Vec<Effect>) {
    let keymap = Keymap::default();
    let places = Places::of(snapshot);
    let world =
        World { snapshot, places: &places, keymap: &keymap, now: NOW, glyphs: GlyphSet::Unicode };
    let mut state = before.clone();
    let effects = update(&mut state, action, &world);
    (format!("{state:?}"), effects)
}

#[test]
fn every_action_does_something_somewhere() {
    let mixed = fixtures::mixed();
    let keymap = Keymap::default();
    let size = rdpwatch::ui::state::Size { width: 80, height: 24 };
    for (action, id) in Action::TABLE {
        let layers = Layer::TABLE.iter().map(|(layer, ..)| *layer);
        let did = layers.filter(|l| keymap.key_for(*l, *action).is_some()).any(|layer| {
            let snooze = vec![(Some(OFFICE), RuleId("packet-loss"))];
            let prepared: Vec<UiState> = match layer {
                Layer::Text => vec![Overlay::Help(1), Overlay::Explain(Some(OFFICE), 0, 0)],
                Layer::Menu => vec![Overlay::Snooze(SnoozeMenu {
                    chosen: 1,
                    ..SnoozeMenu::new(snooze, false, false)
                })],
                Layer::Review => vec![Overlay::Review(ReviewPlace {
                    key: (Some(OFFICE), RuleId("nla-not-enforced")),
                    at: 0,
                })],
                Layer::Input => vec![Overlay::Filter(Prompt::new("st"), Filter::default())],
                _ => Vec::new(),
            }
            .into_iter()
            .map(|overlay| UiState { overlay: Some(overlay), ..UiState::default() })
            .chain(rdpwatch::ui::state::Screen::WORDS.map(|(_, screen)| {
                let zoom = rdpwatch::ui::state::Zoom::Two;
                let moment = Some(fixtures::ago(600));
                UiState { screen, zoom, moment, selected: Some(BERLIN), ..UiState::default() }
            }))
            .map(|state| UiState { size, ..state })
            .collect();
            prepared.iter().any(|state| {
                let (after, effects) = outcome(&mixed, state, *action);
                after != format!("{state:?}") || !effects.is_empty()
            })
        });
        assert!(did, "{id}");
    }
}

#[test]
fn a_message_is_escaped() {
    let mut screen = mixed();
    screen.dashboard.tell("bad \x1b[31m config", NOW);
    assert!(screen.text().contains("bad \u{fffd}[31m config"));
    assert_eq!(Line::of(rdpwatch::ui::theme::Role::Text, "\u{202e}x").plain(), "\u{fffd}x");
}

#[test]
fn a_first_failed_attempt_is_not_spoken_of_as_fine() {
    let failed = rdpwatch::domain::snapshot::TargetSnapshot {
        ladder: fixtures::ladder("ox-----", [""; 7]),
        ..fixtures::unmeasured(0)
    };
    let text = Screen::new(fixtures::snapshot(vec![failed]), 120, 40).text();
    assert!(text.contains("A first attempt failed; it is asked again"), "{text}");
    assert!(!text.contains("Nothing wrong"), "{text}");
    let quiet = Screen::new(fixtures::snapshot(vec![fixtures::unmeasured(0)]), 120, 40).text();
    assert!(quiet.contains("the first measurements are on their way"), "{quiet}");
}

#[test]
fn the_echo_engine_and_what_it_cannot_see_stand_in_the_detail() {
    use rdpwatch::domain::local::{EchoCounts, EchoFacts, EchoKind};
    let with = |engine| {
        let mut snapshot = fixtures::healthy();
        snapshot.monitor.engine = engine;
        let mut screen = Screen::new(snapshot, 200, 90);
        screen.press("2");
        screen.text()
    };
    let counts = EchoCounts { sent: 812, foreign: 3, ..EchoCounts::default() };
    let text = with(Some((EchoFacts::of(EchoKind::Batched), Some(counts))));
    assert!(
        text.contains("batched, all hosts: 812 sent; 0 duplicate, 0 reordered, 3 foreign"),
        "{text}"
    );
    assert!(!text.contains("count as loss"), "{text}");
    let text = with(Some((EchoFacts::of(EchoKind::Surge), None)));
    assert!(text.contains("replies that a full receive buffer drops count as loss"), "{text}");
    assert!(!with(None).contains("engine  "));
}

/// Elsewhere than in the table it did nothing, and what was typed after it ran as commands.
#[test]
fn the_filter_opens_from_every_view_and_swallows_what_is_typed() {
    for view in ["1", "2", "3", "4", "5", "6", "7"] {
        let mut screen = mixed();
        screen.press(view);
        let effects = screen.press("/ ! b");
        assert!(effects.is_empty(), "{view}: {effects:?}");
        assert!(screen.text().contains("!b"), "{view}: {}", screen.text());
    }
}

/// Somebody else at another screen sees that someone has the host.
#[test]
fn what_is_acknowledged_is_marked_in_its_row_named_in_its_detail_and_leads_no_more() {
    let mut snapshot = fixtures::mixed();
    let before = Screen::new(snapshot.clone(), 120, 40).text();
    let headline = |text: &str| text.lines().nth(1).unwrap_or_default().to_owned();
    assert!(headline(&before).contains("office-pc"), "{before}");
    let alerts = Arc::make_mut(&mut snapshot.alerts);
    let office = snapshot.targets.iter().find(|target| target.target.name == "office-pc");
    let office = office.expect("it").target.id;
    alerts.firing.retain(|alert| alert.target == Some(office));
    assert!(!alerts.firing.is_empty());
    for alert in &mut alerts.firing {
        alert.acknowledged = Some(alert.since);
        alert.signed = rdpwatch::domain::alert::Signature::new("dave", "rebooting it");
    }
    let mut screen = Screen::new(snapshot, 120, 40);
    let text = screen.text();
    assert!(!headline(&text).contains("office-pc"), "{text}");
    let row = text.lines().find(|line| line.contains("office-pc")).expect("its row");
    assert!(row.contains('\u{2016}'), "{row}");
    screen.press("/ o f f i c e - p c Enter 2");
    assert!(screen.text().contains("by dave: rebooting it"), "{}", screen.text());
}
