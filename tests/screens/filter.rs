//! Narrowing the table, as it is typed.

use super::fixtures::{self};
use super::support::Screen;
use rdpwatch::domain::snapshot::Snapshot;
use rdpwatch::ui::filter::{Filter, KEYS};
use std::sync::Arc;

fn names(snapshot: &Snapshot, filter: &str) -> Vec<String> {
    let filter = Filter::parse(filter);
    let sieve = filter.over(&snapshot.alerts);
    let admitted = snapshot.targets.iter().filter(|target| sieve.admits(target));
    admitted.map(|target| target.target.name.clone()).collect()
}

fn mixed() -> Screen {
    Screen::new(fixtures::mixed(), 120, 40)
}

/// A screen on which `text` is typed behind `/`.
fn typed(text: &str) -> Screen {
    let mut screen = mixed();
    screen.press("/");
    screen.type_text(text);
    screen
}

fn last_line(screen: &Screen) -> String {
    screen.text().lines().last().unwrap_or_default().to_owned()
}

/// The last lines as one: what is long stands above what is typed.
fn foot(screen: &Screen) -> String {
    let text = screen.text();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.get(lines.len().saturating_sub(3)..).unwrap_or_default().join(" ")
}

#[test]
fn numbers_are_compared_and_what_is_not_measured_never_matches() {
    let snapshot = fixtures::snapshot(vec![
        fixtures::berlin_07(0),
        fixtures::unmeasured(1),
        fixtures::office_pc(2),
    ]);
    assert_eq!(names(&snapshot, "loss>2"), ["berlin-07"]);
    assert_eq!(names(&snapshot, "loss<=2"), ["office-pc"]);
    assert_eq!(names(&snapshot, "!loss>2"), ["office-pc"], "unknown is not the opposite either");
    assert_eq!(names(&snapshot, "cert<0"), ["office-pc"]);
    assert_eq!(names(&snapshot, "p95>100 state:warning"), ["berlin-07"]);
    let unmeasured = fixtures::unmeasured(1).target.name.clone();
    for key in KEYS.iter().filter(|key| key.sign() != ":") {
        for sign in [">", ">=", "<", "<=", "=", "!="] {
            for not in ["", "!", "-"] {
                let filter = format!("{not}{}{sign}0", key.name);
                assert!(!names(&snapshot, &filter).contains(&unmeasured), "{filter}");
            }
        }
    }
    assert_eq!(names(&snapshot, "state:unmeasured"), [unmeasured]);
}

#[test]
fn words_are_negated_quoted_and_have_stars() {
    let snapshot = fixtures::mixed();
    let all = snapshot.targets.len();
    let critical = names(&snapshot, "state:critical");
    assert_eq!(critical, ["office-pc"]);
    for other in ["!state:critical", "-state:critical", "state!=critical"] {
        assert_eq!(names(&snapshot, other).len(), all - 1, "{other}");
    }
    assert_eq!(names(&snapshot, "rds-*"), names(&snapshot, "rds-"));
    assert_eq!(names(&snapshot, "*-07"), ["berlin-07"]);
    assert_eq!(names(&snapshot, "\"office-pc\""), ["office-pc"]);
    assert_eq!(names(&snapshot, "\"office pc\""), [""; 0]);
    assert_eq!(names(&snapshot, "office pc").len(), 1, "two words, both in the name");
    assert_eq!(names(&snapshot, "finding:*loss"), ["berlin-07"]);
    assert_eq!(names(&snapshot, "!\"\"").len(), all, "nothing is asked yet");
    assert_eq!(names(&snapshot, "sate:ok"), [""; 0], "what is not understood holds for nobody");
    assert_eq!(names(&snapshot, "!sate:ok"), [""; 0]);
}

#[test]
fn how_many_are_let_through_is_told_while_it_is_typed() {
    let screen = typed("state:crit");
    assert!(last_line(&screen).contains("1 of 8"), "{}", last_line(&screen));
    assert!(last_line(&typed("loss>")).contains("8 of 8"), "not finished: nothing is asked");
}

#[test]
fn a_mistake_is_told_where_it_stands_and_is_not_taken() {
    let mut screen = typed("berlin los>2");
    let told = "column 8: no key \"los\", did you mean \"loss\"?";
    assert!(last_line(&screen).contains(told), "{}", last_line(&screen));
    screen.press("Enter");
    assert!(last_line(&screen).starts_with("/berlin"), "it stays to be mended");
    let mut narrow = Screen::new(fixtures::mixed(), 40, 12);
    narrow.press("/");
    narrow.type_text("berlin los>2");
    let text = narrow.text();
    assert!(text.contains("column 8: no key \"los\", did you mean"), "{text}");
    assert!(last_line(&narrow).starts_with("/berlin los>2"), "{text}");
    let mut line = Screen::new(fixtures::mixed(), 40, 5);
    line.press("/");
    line.type_text("berlin los>2");
    assert!(last_line(&line).contains("column 8: loss?"), "in brief: {}", last_line(&line));
    let mut screen = typed("group:berln");
    assert!(last_line(&screen).contains("column 7: no group \"berln\", did you mean \"berlin\"?"));
    screen.press("Enter Esc");
    assert!(screen.dashboard.state().filter.is_empty());
}

#[test]
fn a_port_is_text_where_a_host_has_it_and_else_a_key_that_there_is_none_of() {
    let snapshot = fixtures::mixed();
    assert_eq!(names(&snapshot, "office-pc.corp.lab:3389"), ["office-pc"]);
    assert_eq!(names(&snapshot, "10.0.0.21:3389"), ["office-pc"]);
    assert_eq!(names(&snapshot, "finding:tls"), names(&snapshot, "finding:tls*"));
    let mut screen = typed("port:9");
    assert!(foot(&screen).contains("column 1: no key \"port\""), "{}", foot(&screen));
    screen.press("Enter");
    assert!(last_line(&screen).starts_with("/port:9"), "it stays to be mended");
    let screen = typed("\"two wo");
    assert!(last_line(&screen).contains("column 1: this quote is not closed"));
}

/// The table was empty, with "No target matches", as soon as a word was mistyped.
#[test]
fn a_filter_that_is_not_understood_leaves_on_the_table_what_was_there() {
    for (text, shown, told) in [
        ("state:bogus", "8 of 8", "no state \"bogus\""),
        ("loss>x", "8 of 8", "\"x\""),
        ("state:critical loss>x", "1 of 8", "\"x\""),
        ("group:nowhere", "8 of 8", "no group \"nowhere\""),
        ("state:critical and not paris", "1 of 8", "not is written !, as in !paris"),
    ] {
        let mut screen = typed(text);
        assert!(!screen.text().contains("No target matches"), "{text}\n{}", screen.text());
        assert!(screen.text().contains("office-pc"), "{text}\n{}", screen.text());
        let said = foot(&screen);
        assert!(said.contains(shown) && said.contains(told), "{text}: {said}");
        screen.press("Enter");
        assert!(last_line(&screen).starts_with(&format!("/{text}")), "it stays to be mended");
        screen.press("Esc");
        assert!(screen.dashboard.state().filter.is_empty(), "{text}");
    }
    let mut screen = typed("state:critical");
    screen.press("Enter /");
    screen.type_text(" state:bogus");
    assert!(foot(&screen).contains("1 of 8"), "{}", foot(&screen));
    screen.press("Esc");
    assert_eq!(screen.dashboard.state().filter.text(), "state:critical");
}

#[test]
fn tab_completes_keys_and_values() {
    let mut screen = typed("sta");
    assert!(last_line(&screen).contains("Tab state:"), "{}", last_line(&screen));
    screen.press("Tab");
    assert!(last_line(&screen).starts_with("/state:"));
    screen.type_text("cr");
    screen.press("Tab");
    assert!(last_line(&screen).starts_with("/state:critical "), "{}", last_line(&screen));
    assert!(last_line(&screen).contains("1 of 8"));
    screen.type_text(" !gr");
    screen.press("Tab Tab");
    assert!(last_line(&screen).contains("!group:berlin"), "{}", last_line(&screen));
    let mut screen = typed("finding:");
    screen.press("Tab");
    let first = screen.dashboard.state().filter.text().to_owned();
    assert!(!names(&fixtures::mixed(), &first).is_empty(), "{first}: one that somebody has");
    screen.press("Tab");
    assert_ne!(screen.dashboard.state().filter.text(), first);
    screen.press("BackTab");
    assert_eq!(screen.dashboard.state().filter.text(), first);
}

#[test]
fn a_long_filter_leaves_its_count_on_the_screen() {
    for (width, height) in [(80, 24), (40, 12)] {
        let mut screen = Screen::new(fixtures::mixed(), width, height);
        screen.press("/");
        screen.type_text(&"berlin ".repeat(30));
        screen.type_text("end");
        let line = last_line(&screen);
        assert!(line.contains("end") && line.contains("0 of 8"), "{line}");
    }
}

#[test]
fn the_help_lists_every_key_of_the_filter() {
    let mut screen = Screen::new(fixtures::mixed(), 120, 400);
    screen.press("?");
    let text = screen.text();
    for key in KEYS {
        assert!(text.contains(key.example) && text.contains(key.says), "{}", key.name);
    }
}

#[test]
fn one_of_several_is_enough_and_what_is_missing_is_asked_for() {
    let snapshot = fixtures::mixed();
    let either = names(&snapshot, "state:critical | loss>2");
    assert_eq!(either, ["home-pc", "berlin-07", "office-pc", "home-pc"]);
    assert_eq!(names(&snapshot, "state:critical or loss>2 | nothing-like-it"), either);
    assert_eq!(names(&snapshot, "state:critical office | loss>2 office"), ["office-pc"]);
    let screen = typed("state:critical ");
    assert!(last_line(&screen).contains("  | or"), "{}", last_line(&screen));
    let mut screen = typed("rtt<");
    screen.press("Enter");
    assert!(last_line(&screen).contains("a number is missing: rtt>50"), "{}", last_line(&screen));
    screen.type_text("5");
    assert!(!last_line(&screen).contains("missing"), "{}", last_line(&screen));
    screen.press("Enter");
    assert!(screen.dashboard.state().overlay.is_none());
}

#[test]
fn hosts_are_found_by_how_their_alerts_are_attended() {
    let mut snapshot = fixtures::mixed();
    let told: Vec<_> = snapshot.alerts.firing.iter().map(|alert| alert.target).collect();
    let [first, second, ..] = told.as_slice() else { panic!("{told:?}") };
    assert_ne!(first, second);
    let name = |id| {
        let mut all = snapshot.targets.iter();
        all.find(|t| Some(t.target.id) == id).map(|t| t.target.name.clone()).expect("a host")
    };
    let (first, second) = (name(*first), name(*second));
    let alerts = Arc::make_mut(&mut snapshot.alerts);
    for alert in &mut alerts.firing {
        alert.acknowledged = None;
        alert.snoozed_until = None;
    }
    alerts.firing[0].acknowledged = Some(fixtures::NOW);
    alerts.firing[1].snoozed_until = Some(fixtures::NOW);
    assert_eq!(names(&snapshot, "state:acknowledged"), std::slice::from_ref(&first));
    assert_eq!(names(&snapshot, "state:snoozed"), [second]);
    assert_eq!(names(&snapshot, "acknowl"), [first]);
}

#[test]
fn the_loss_of_a_small_row_is_that_of_the_filter() {
    let mut host = fixtures::berlin_07(0);
    host.findings.retain(|finding| finding.rule.0 == "packet-loss");
    host.findings[0].title = "loses 9 %".to_owned();
    let snapshot = fixtures::snapshot(vec![host]);
    let loss = snapshot.targets[0].echo_minute.loss().expect("measured") * 100.0;
    assert_eq!(names(&snapshot, &format!("loss={loss:.1}")), ["berlin-07"]);
    let screen = Screen::new(snapshot, 40, 12);
    assert!(screen.text().contains(&format!("loss {loss:.1} % in 1 min")), "{}", screen.text());
}

#[test]
fn no_problem_among_those_that_a_filter_shows_is_no_all_clear() {
    let mut screen = typed("state:ok");
    screen.press("Enter ]");
    let told = "2 in trouble, hidden by the filter";
    assert!(last_line(&screen).contains(told), "{}", last_line(&screen));
    let mut screen = typed("state:critical");
    screen.press("Enter ]");
    assert!(!screen.text().contains("hidden by the filter"), "{}", screen.text());
    let mut screen = Screen::new(fixtures::healthy(), 120, 40);
    screen.press("/");
    screen.type_text("rds-01");
    screen.press("Enter ]");
    assert!(last_line(&screen).contains("no target is in trouble"), "{}", last_line(&screen));
}

#[test]
fn screens_about_one_host_say_that_a_filter_stands() {
    for (width, height) in [(120, 40), (80, 24), (40, 12)] {
        for view in ["2", "5", "7"] {
            let mut screen = Screen::new(fixtures::mixed(), width, height);
            screen.press("/");
            screen.type_text("state:ok");
            screen.press("Enter");
            screen.press(view);
            let line = last_line(&screen);
            assert!(line.contains("filter state:ok: 3 of 8"), "{view}: {line}");
        }
    }
}

#[test]
fn a_message_that_stays_leaves_the_label_of_the_filter_and_escape_takes_it_first() {
    for (width, height) in [(120, 40), (80, 24), (40, 12)] {
        let mut screen = Screen::new(fixtures::mixed(), width, height);
        screen.press("/");
        screen.type_text("state:ok");
        screen.press("Enter");
        screen.dashboard.hold("not saved: the disk is full, and this goes on for quite a while");
        let (text, line) = (screen.text(), last_line(&screen));
        assert!(text.contains("not saved") && line.contains("3 of 8"), "{text}");
        screen.press("Esc");
        assert_eq!(screen.dashboard.state().filter.text(), "state:ok");
        assert!(!screen.text().contains("not saved"), "{}", screen.text());
        screen.press("Esc");
        assert!(screen.dashboard.state().filter.is_empty());
    }
    let mut screen = mixed();
    screen.press("Enter");
    screen.dashboard.hold("not undone: the disk is full");
    screen.press("Esc");
    assert!(screen.text().contains("HOW IT ENDED"), "the detail stays");
}

#[test]
fn a_letter_of_a_word_for_attention_is_not_that_word() {
    let mut snapshot = fixtures::mixed();
    let alerts = Arc::make_mut(&mut snapshot.alerts);
    alerts.firing.iter_mut().for_each(|alert| alert.acknowledged = Some(fixtures::NOW));
    for part in ["zed", "owl", "dge"] {
        assert_eq!(names(&snapshot, part), [""; 0], "{part}");
    }
    assert!(!names(&snapshot, "acknow").is_empty());
}

#[test]
fn behind_a_bar_the_other_is_asked_for() {
    for text in ["loss>200 |", "loss>200 | "] {
        let line = last_line(&typed(text));
        assert!(line.contains("0 of ") && line.contains("or what?"), "{line}");
    }
    assert!(last_line(&typed("loss>200 ")).contains("| or"));
    let foot = foot(&typed("loss 2"));
    assert!(foot.contains("a sign is missing before it, write loss>2"), "{foot}");
}
