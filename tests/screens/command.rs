//! The command line, and taking back.

use super::fixtures;
use super::support::Screen;
use rdpwatch::domain::finding::RuleId;
use rdpwatch::domain::target::TargetId;
use rdpwatch::ui::action::Action;
use rdpwatch::ui::command::{COMMANDS, names};
use rdpwatch::ui::dashboard::Options;
use rdpwatch::ui::effect::Effect;
use rdpwatch::ui::state::{Access, Direction, Overlay, Screen as View, SortKey};
use rdpwatch::ui::theme::{GlyphSet, Theme};
use std::time::Duration;

const OFFICE: TargetId = TargetId(3);
const BERLIN: TargetId = TargetId(2);
const HOME: TargetId = TargetId(1);

fn mixed() -> Screen {
    Screen::new(fixtures::mixed(), 120, 40)
}

/// Types a command and carries it out.
fn run(screen: &mut Screen, line: &str) -> Vec<Effect> {
    screen.press(":");
    screen.type_text(line);
    screen.press("Enter")
}

fn last_line(screen: &Screen) -> String {
    screen.text().lines().last().unwrap_or_default().to_owned()
}

/// It answered `"mark" takes nothing`, though `rdpwatch mark` takes a note.
#[test]
fn a_mark_takes_a_note_as_on_the_command_line() {
    let mut screen = mixed();
    run(&mut screen, "goto berlin");
    let noted = Effect::Mark(BERLIN, "VPN dropped".to_owned());
    assert_eq!(run(&mut screen, "mark VPN dropped"), [noted]);
    assert!(foot(&screen).contains("berlin-07: drop marked, with the note;"), "{}", foot(&screen));
    assert_eq!(run(&mut screen, &format!("mark {}", "x".repeat(201))), []);
    assert!(foot(&screen).contains("expected at most 200 characters"), "{}", foot(&screen));
}

/// The last lines as one: what is long stands above what is typed.
fn foot(screen: &Screen) -> String {
    let text = screen.text();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.get(lines.len().saturating_sub(3)..).unwrap_or_default().join(" ")
}

#[test]
fn a_command_does_what_its_words_say() {
    let mut screen = mixed();
    run(&mut screen, "sort loss desc");
    assert_eq!(screen.dashboard.state().sort, SortKey::Loss);
    assert_eq!(screen.dashboard.state().direction, Direction::Usual);
    run(&mut screen, "sort NAME desc");
    assert_eq!(screen.dashboard.state().direction, Direction::Inverted);
    run(&mut screen, "view wall");
    assert_eq!(screen.dashboard.state().screen, View::Wall);
    run(&mut screen, "filter state:critical");
    run(&mut screen, "view-table");
    assert_eq!(screen.dashboard.state().filter.text(), "state:critical");
    run(&mut screen, "goto berlin");
    assert_eq!(screen.dashboard.state().selected, Some(BERLIN));
    assert!(screen.text().contains("the filter hid it and is cleared"));
    assert_eq!(run(&mut screen, "probe"), [Effect::ProbeNow(BERLIN)]);
    assert_eq!(run(&mut screen, "mark"), [Effect::Mark(BERLIN, String::new())]);
    let told = run(&mut screen, "ack the provider knows");
    let note = "the provider knows".to_owned();
    let rule = RuleId("packet-loss");
    assert!(told.contains(&Effect::Acknowledge { target: Some(BERLIN), rule, note }), "{told:?}");
    let told = run(&mut screen, "snooze 30m");
    let length = Duration::from_mins(30);
    assert!(told.contains(&Effect::Snooze { target: Some(BERLIN), rule, length }), "{told:?}");
    let length = Some(Duration::from_mins(90));
    assert_eq!(
        run(&mut screen, "maintenance 1h 30m"),
        [Effect::Maintain { targets: vec![BERLIN], length }]
    );
    let told = run(&mut screen, "maintenance end all");
    assert!(
        matches!(&told[..], [Effect::Maintain { targets, length: None }] if targets.len() == 8)
    );
    assert_eq!(run(&mut screen, "q"), [Effect::Quit { keep_screen: false }]);
    assert_eq!(run(&mut screen, ""), []);
}

#[test]
fn a_command_may_be_cut_short_and_maintenance_names_a_group_or_a_host_either_way() {
    let mut screen = mixed();
    let long = run(&mut screen, "acknowledge the provider knows");
    let mut other = mixed();
    assert!(!long.is_empty());
    assert_eq!(run(&mut other, "ack the provider knows"), long);
    assert_eq!(run(&mut mixed(), "acknow the provider knows"), long);
    run(&mut screen, "so los");
    assert_eq!(screen.dashboard.state().sort, SortKey::Loss, "{}", screen.text());
    let length = Some(Duration::from_hours(2));
    let berlin: Vec<TargetId> = fixtures::mixed()
        .targets
        .iter()
        .filter(|target| target.target.group.as_deref() == Some("berlin"))
        .map(|target| target.target.id)
        .collect();
    for line in ["maintenance berlin 2h", "maintenance 2h berlin", "mai BERLIN 2h"] {
        let asked = run(&mut mixed(), line);
        assert_eq!(asked, [Effect::Maintain { targets: berlin.clone(), length }], "{line}");
    }
    for line in ["maintenance home-pc 1h 60m", "maintenance 2h home-pc"] {
        let asked = run(&mut mixed(), line);
        assert_eq!(asked, [Effect::Maintain { targets: vec![HOME], length }], "{line}");
    }
    let targets = vec![HOME];
    assert_eq!(
        run(&mut mixed(), "maintenance home-pc end"),
        [Effect::Maintain { targets, length: None }]
    );
}

#[test]
fn what_sends_something_asks_as_its_key_does() {
    let mut screen = mixed();
    run(&mut screen, "goto home-pc");
    assert_eq!(screen.dashboard.state().selected, Some(HOME));
    assert_eq!(run(&mut screen, "wake-all"), []);
    assert!(matches!(screen.dashboard.state().overlay, Some(Overlay::Confirm(_))));
    screen.press("n");
    assert_eq!(run(&mut screen, "wake"), [Effect::Wake(HOME)]);
    let options = Options { access: Access::ReadOnly, ..Options::default() };
    let mut screen = Screen::with(fixtures::mixed(), 120, 40, options);
    run(&mut screen, "goto home-pc");
    assert_eq!(run(&mut screen, "wake"), []);
    assert!(screen.text().contains("read-only: no magic packets are sent"));
}

#[test]
fn every_action_of_the_keys_is_a_command() {
    let boxes = Action::TABLE.iter().filter(|(action, _)| action.is_of_boxes()).count();
    for (action, name) in Action::TABLE.iter().filter(|(action, _)| !action.is_of_boxes()) {
        assert_eq!(names().filter(|known| known == name).count(), 1, "{name}");
        let (mut keyed, mut typed) = (mixed(), mixed());
        let effects = run(&mut typed, name);
        let key = rdpwatch::ui::keymap::Keymap::default()
            .key_for(rdpwatch::ui::keymap::Layer::Table, *action);
        // Those of other screens have no key on the table.
        let Some(key) = key else { continue };
        let pressed = keyed.dashboard.input(rdpwatch::ui::input::Input::Key(key), keyed.now);
        // Alone, these are the keys of the same name; only this one asks for a note first.
        if *name == "acknowledge" {
            assert!(pressed.is_empty() && !effects.is_empty(), "{effects:?}");
        } else {
            assert_eq!(effects, pressed, "{name}");
        }
    }
    assert!(boxes < 12);
}

#[test]
fn a_mistake_is_told_with_its_place_and_the_nearest_and_can_be_mended() {
    for (line, told) in [
        ("sortt loss", "column 1: no command \"sortt\", did you mean \"sort\"?"),
        ("sort lss desc", "column 6: no column \"lss\", did you mean \"loss\"?"),
        ("sort loss up", "column 11: no order \"up\""),
        ("view wal l", "column 10: \"l\" is too much"),
        ("view wlal", "column 6: no view \"wlal\", did you mean \"wall\"?"),
        ("theme drak", "column 7: no theme \"drak\", did you mean \"dark\"?"),
        ("filter berlin stat:ok", "column 15: no key \"stat\", did you mean \"state\"?"),
        ("goto ofice-pc", "column 6: no host \"ofice-pc\", did you mean \"office-pc\"?"),
        ("snooze 30x", "column 8: expected a length such as 90m, 2h or 1d"),
        ("maintenance 2h everybody", "column 16: no host or group \"everybody\""),
        ("maintenance 2h berln", "column 16: no host or group \"berln\", did you mean \"berlin\"?"),
        ("maintenance berlin", "column 19: for how long? maintenance 2h berlin"),
        ("maintenance 2x berlin", "column 13: expected a length"),
        ("s loss", "column 1: \"s\" could be sort, snooze"),
        ("sort l", "column 6: \"l\" could be loss, last"),
        ("wake now", "column 6: \"wake\" takes nothing"),
        ("confirm", "column 1: no command \"confirm\""),
    ] {
        let mut screen = mixed();
        assert_eq!(run(&mut screen, line), [], "{line}");
        assert!(foot(&screen).contains(told), "{line}: {}", foot(&screen));
        assert!(matches!(screen.dashboard.state().overlay, Some(Overlay::Command(_))));
        screen.press("Esc");
        assert!(screen.dashboard.state().overlay.is_none());
    }
    let mut screen = mixed();
    screen.press(":");
    screen.type_text("so");
    assert!(!last_line(&screen).contains("no command"), "it may still become one");
    screen.press("Enter");
    assert_eq!(screen.dashboard.state().sort, SortKey::Name, "no other begins with so");
    screen.press(":");
    screen.type_text("s");
    screen.press("Enter");
    assert!(last_line(&screen).contains("\"s\" could be sort"), "{}", last_line(&screen));
    screen.type_text("ort worst");
    screen.press("Ctrl-w");
    screen.type_text("name");
    screen.press("Enter");
    assert_eq!(screen.dashboard.state().sort, SortKey::Name);
}

#[test]
fn tab_completes_commands_and_what_they_take() {
    let mut screen = mixed();
    screen.press(":");
    screen.type_text("th");
    screen.press("Tab");
    assert!(last_line(&screen).starts_with(":theme "), "{}", last_line(&screen));
    screen.type_text("li");
    screen.press("Tab Enter");
    assert!(screen.text().contains("theme light"), "{}", last_line(&screen));
    screen.press(":");
    screen.type_text("goto of");
    screen.press("Tab");
    assert!(last_line(&screen).starts_with(":goto office-pc"), "{}", last_line(&screen));
    screen.press("Enter :");
    screen.type_text("filter finding:tls-h");
    screen.press("Tab Enter");
    assert_eq!(screen.dashboard.state().filter.text(), "finding:tls-handshake-failed");
    screen.press(":");
    screen.type_text("sort loss ");
    screen.press("Tab Tab");
    assert!(last_line(&screen).starts_with(":sort loss desc"), "{}", last_line(&screen));
}

#[test]
fn earlier_lines_come_back() {
    let mut screen = mixed();
    for line in ["sort name", "sort loss", "sort loss"] {
        run(&mut screen, line);
    }
    screen.press(":");
    screen.type_text("dra");
    screen.press("Up");
    assert!(last_line(&screen).starts_with(":sort loss"), "{}", last_line(&screen));
    screen.press("Up Up Up");
    assert!(last_line(&screen).starts_with(":sort name"), "twice the same is kept once");
    screen.press("Down Down");
    assert!(last_line(&screen).starts_with(":dra"), "{}", last_line(&screen));
    screen.press("Esc");
    for place in 0..200 {
        run(&mut screen, &format!("sort name {}", if place % 2 == 0 { "asc" } else { "desc" }));
    }
    assert_eq!(screen.dashboard.state().commands.len(), rdpwatch::ui::command::KEPT);
}

#[test]
fn a_theme_keeps_the_glyphs_of_the_terminal() {
    let theme = Theme::default().with_glyphs(GlyphSet::Ascii);
    let options = Options { theme, ..Options::default() };
    let mut screen = Screen::with(fixtures::mixed(), 120, 40, options);
    let before = screen.picture();
    run(&mut screen, "theme light");
    screen.now = screen.now.plus(Duration::from_mins(1));
    assert!(screen.text().is_ascii(), "{}", screen.text());
    assert_ne!(screen.picture(), before);
    screen.press("u");
    assert_eq!(screen.dashboard.theme(), &screen.theme);
}

#[test]
fn the_help_lists_every_command() {
    let mut screen = Screen::new(fixtures::mixed(), 120, 500);
    screen.press("?");
    let text = screen.text();
    for card in COMMANDS {
        assert!(text.contains(&format!(":{}", card.name)), "{}", card.name);
    }
    for name in names() {
        assert!(text.contains(name), "{name}");
    }
}

#[test]
fn looks_are_taken_back_one_after_the_other() {
    let mut screen = mixed();
    screen.press("s");
    screen.press("/");
    screen.type_text("berlin");
    screen.press("Enter");
    screen.press("I");
    run(&mut screen, "theme light");
    screen.press("P");
    let undone = |screen: &mut Screen, told: &str| {
        screen.press("u");
        let line = last_line(screen);
        assert!(line.contains(&format!("undone: {told}")), "{line}");
    };
    undone(&mut screen, "the pin of \u{6771}\u{4eac}");
    assert!(screen.dashboard.state().pinned.is_empty());
    undone(&mut screen, "the theme light");
    undone(&mut screen, "the order was turned round");
    undone(&mut screen, "the filter \"berlin\"");
    assert!(screen.dashboard.state().filter.is_empty());
    undone(&mut screen, "sorted by name");
    assert_eq!(screen.dashboard.state().sort, SortKey::Worst);
    screen.press("u");
    assert!(last_line(&screen).contains("there is nothing to undo"));
    screen.press("/");
    screen.type_text("berlin");
    screen.press("Esc u");
    assert!(last_line(&screen).contains("there is nothing to undo"), "it was not taken");
    screen.press("/");
    screen.type_text("berlin");
    screen.press("Enter Esc u");
    assert_eq!(screen.dashboard.state().filter.text(), "berlin", "its clearing is taken back");
}

#[test]
fn what_was_asked_of_the_monitor_is_taken_back() {
    let mut screen = mixed();
    let asked = run(&mut screen, "ack seen");
    let rules: Vec<RuleId> = asked
        .iter()
        .map(|effect| match effect {
            Effect::Acknowledge { rule, .. } => *rule,
            other => panic!("{other:?}"),
        })
        .collect();
    let back: Vec<Effect> = rules
        .iter()
        .map(|rule| Effect::Unacknowledge { target: Some(OFFICE), rule: *rule })
        .collect();
    assert_eq!(screen.press("u"), back);
    assert!(last_line(&screen).contains("undone: acknowledgement of office-pc"));
    assert_eq!(screen.press("u"), [], "taking back is nothing that is taken back");
    assert!(!run(&mut screen, "snooze 1h").is_empty());
    let back = screen.press("u");
    assert!(back.iter().all(|e| matches!(e, Effect::Unsnooze { .. })) && !back.is_empty());
    run(&mut screen, "maintenance 1h");
    assert_eq!(screen.press("u"), [Effect::Maintain { targets: vec![OFFICE], length: None }]);
}

/// Those of the mixed world whose trouble somebody has seen to.
const CERTIFICATE: RuleId = RuleId("certificate-expired");
const ASLEEP: RuleId = RuleId("host-asleep");

#[test]
fn a_snooze_is_ended_and_an_acknowledgement_withdrawn_whoever_began_it_and_whenever() {
    let mut screen = mixed();
    run(&mut screen, "goto home-pc");
    let ended = [Effect::Unsnooze { target: Some(HOME), rule: ASLEEP }];
    for line in ["snooze end", "snooze END"] {
        assert_eq!(run(&mut screen, line), ended);
        assert!(last_line(&screen).contains("snooze ended: home-pc: host-asleep"));
    }
    let length = Duration::from_hours(7);
    let back = [Effect::Snooze { target: Some(HOME), rule: ASLEEP, length }];
    assert_eq!(screen.press("u"), back, "which can be undone");
    assert_eq!(run(&mut screen, "ack end"), []);
    assert!(last_line(&screen).contains("home-pc: nothing is acknowledged"));
    run(&mut screen, "goto office-pc");
    let withdrawn = [Effect::Unacknowledge { target: Some(OFFICE), rule: CERTIFICATE }];
    assert_eq!(run(&mut screen, "ack end"), withdrawn);
    assert!(last_line(&screen).contains("acknowledgement withdrawn: office-pc"));
    let back = screen.press("u");
    assert!(matches!(&back[..], [Effect::Reacknowledge { rule: CERTIFICATE, .. }]), "{back:?}");
    assert_eq!(run(&mut screen, "snooze end"), []);
    assert!(last_line(&screen).contains("office-pc: nothing is snoozed"));
    run(&mut screen, "goto rds-01");
    assert_eq!(run(&mut screen, "snooze end"), []);
    assert!(last_line(&screen).contains("rds-01: no alert stands here"));
    screen.press(":");
    screen.type_text("snooze off");
    screen.press("Enter");
    assert!(foot(&screen).contains("or end"), "{}", foot(&screen));
}

#[test]
fn the_menu_of_snoozing_offers_the_end_of_what_there_is() {
    for (width, height) in [(40, 12), (80, 24), (200, 60)] {
        let mut screen = Screen::new(fixtures::mixed(), width, height);
        run(&mut screen, "goto home-pc");
        screen.press("S");
        let text = screen.text();
        assert!(text.contains("end the snooze") && !text.contains("withdraw the"), "{text}");
        assert_eq!(
            screen.press("Down Down Down Enter"),
            [Effect::Unsnooze { target: Some(HOME), rule: ASLEEP }]
        );
        run(&mut screen, "goto office-pc");
        screen.press("S");
        let text = screen.text();
        assert!(text.contains("withdraw the acknowledgement"), "{text}");
        assert!(!text.contains("end the snooze"), "{text}");
        assert_eq!(
            screen.press("Down Down Down Enter"),
            [Effect::Unacknowledge { target: Some(OFFICE), rule: CERTIFICATE }]
        );
        run(&mut screen, "goto berlin");
        screen.press("S");
        let text = screen.text();
        assert!(!text.contains("end the snooze") && !text.contains("withdraw the"), "{text}");
    }
}

#[test]
fn maintenance_of_all_says_how_many_are_hidden_and_can_be_of_those_shown() {
    let mut screen = mixed();
    run(&mut screen, "filter state:critical");
    let length = Some(Duration::from_hours(2));
    let shown = [Effect::Maintain { targets: vec![OFFICE], length }];
    assert_eq!(run(&mut screen, "maintenance 2h shown"), shown);
    assert!(last_line(&screen).contains("office-pc in maintenance until"));
    let all = run(&mut screen, "maintenance 2h all");
    assert!(matches!(&all[..], [Effect::Maintain { targets, .. }] if targets.len() == 8));
    let told = "8 targets, 7 of them hidden, in maintenance until";
    assert!(last_line(&screen).contains(told), "{}", last_line(&screen));
    for keys in ["1 m", "4 m", "6 m"] {
        screen.press(keys);
        let text = screen.text();
        assert!(text.contains("those that the filter shows, 1 target"), "{text}");
        assert!(text.contains("all, 8 targets, hidden ones too"), "{text}");
        screen.press("Esc");
    }
    run(&mut screen, "filter rtt>9999");
    assert_eq!(run(&mut screen, "maintenance 2h shown"), []);
    assert!(last_line(&screen).contains("the filter shows no target"), "{}", last_line(&screen));
}

#[test]
fn what_stood_before_comes_back_and_not_just_nothing() {
    let mut screen = mixed();
    run(&mut screen, "goto home-pc");
    run(&mut screen, "snooze 1h");
    let rule = RuleId("host-asleep");
    let length = Duration::from_hours(7);
    assert_eq!(screen.press("u"), [Effect::Snooze { target: Some(HOME), rule, length }]);
    let mut screen = Screen::new(fixtures::maintenance(), 120, 40);
    run(&mut screen, "goto rds-02");
    run(&mut screen, "maintenance end");
    let length = Some(Duration::from_hours(3));
    let targets = vec![TargetId(5)];
    assert_eq!(screen.press("u"), [Effect::Maintain { targets, length }]);
}

#[test]
fn what_was_sent_cannot_be_taken_back_and_that_is_said_once() {
    let mut screen = mixed();
    screen.press("s");
    run(&mut screen, "goto home-pc");
    screen.press("w p");
    assert_eq!(screen.press("u"), []);
    assert!(last_line(&screen).contains("home-pc was probed: that cannot be undone"));
    screen.press("u");
    let told = "a magic packet went to home-pc: that cannot be undone";
    assert!(last_line(&screen).contains(told), "{}", last_line(&screen));
    screen.press("u");
    assert!(last_line(&screen).contains("undone: sorted by name"), "{}", last_line(&screen));
}

#[test]
fn a_note_that_does_not_fit_is_told() {
    let mut screen = mixed();
    screen.press("a");
    screen.type_text(&"x".repeat(255));
    assert!(!screen.text().contains("characters and no more"));
    screen.type_text("xyz");
    assert!(
        screen.text().contains("a field takes 256 characters and no more"),
        "{}",
        screen.text()
    );
}

#[test]
fn a_length_beyond_its_bounds_is_told_as_that_with_a_host_behind_it_or_before() {
    for line in ["maintenance 400d rds-01", "maintenance rds-01 400d", "maintenance 400d"] {
        let mut screen = mixed();
        assert_eq!(run(&mut screen, line), [], "{line}");
        let foot = foot(&screen);
        assert!(foot.contains("expected a length from 1m to 30d"), "{line}: {foot}");
    }
    let mut screen = mixed();
    run(&mut screen, "maintenance rds-01 400d");
    assert!(foot(&screen).contains("column 20:"), "{}", foot(&screen));
}

#[test]
fn who_acknowledged_an_alert_already_is_said_where_it_is_asked_for_again() {
    let mut snapshot = fixtures::mixed();
    for alert in &mut std::sync::Arc::make_mut(&mut snapshot.alerts).firing {
        if alert.target == Some(OFFICE) {
            alert.acknowledged = Some(fixtures::ago(3_600));
            alert.signed = rdpwatch::domain::alert::Signature::new("anna", "");
            alert.snoozed_until = Some(fixtures::NOW.plus(Duration::from_hours(1)));
        }
    }
    let mut screen = Screen::new(snapshot, 120, 40);
    run(&mut screen, "goto office-pc");
    let words = "office-pc: already acknowledged by anna at 13:03, snoozed until 15:03";
    for again in ["a", ""] {
        let asked = if again.is_empty() { run(&mut screen, "ack") } else { screen.press(again) };
        assert_eq!(asked, []);
        assert!(screen.text().contains(words), "{}", screen.text());
        screen.press("Esc");
    }
    run(&mut screen, "goto rds-01");
    screen.press("a");
    assert!(screen.text().contains("rds-01: no alert stands here"), "{}", screen.text());
}
