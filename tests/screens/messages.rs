//! What is answered at the foot of the screen is never cut where there are lines to say it in.

use super::fixtures;
use super::support::Screen;
use rdpwatch::domain::snapshot::Snapshot;
use rdpwatch::domain::target::Target;
use std::sync::Arc;

const LONG: &str = "workstation-accounting-second-floor-window-seat.emea.corp.example.com";

/// The mixed world whose hosts have long names.
fn named() -> Snapshot {
    let mut snapshot = fixtures::mixed();
    for (place, shown) in snapshot.targets.iter_mut().enumerate() {
        let shown = Arc::make_mut(shown);
        let mut target = Target::clone(&shown.target);
        target.name = format!("{place}-{LONG}");
        shown.target = Arc::new(target);
    }
    snapshot
}

/// The foot of the screen as one text: a name that was broken over two lines is whole again.
fn foot(screen: &Screen) -> String {
    let text = screen.text();
    let lines: Vec<&str> = text.lines().collect();
    let most = usize::from(screen.size.height / 3).clamp(1, 4);
    lines.iter().skip(lines.len().saturating_sub(most)).map(|line| line.trim()).collect()
}

fn without_blanks(text: &str) -> String {
    text.replace(' ', "")
}

fn says(screen: &Screen, words: &str) {
    let said = without_blanks(&foot(screen));
    assert!(said.contains(&without_blanks(words)), "{words}\n{}", screen.text());
}

#[test]
fn answers_about_hosts_with_long_names_are_said_to_the_end() {
    for (width, height) in [(80, 24), (60, 14), (120, 40), (40, 12)] {
        let screen = |keys: &str| {
            let mut screen = Screen::new(named(), width, height);
            screen.press(keys);
            screen
        };
        let office = format!("3-{LONG}");
        says(
            &screen("j k !"),
            &format!(
                "{office}: drop marked; what was measured around it is under LATELY in the alerts (3)"
            ),
        );
        says(&screen("j k P"), &format!("pinned above every order: {office}"));
        says(&screen("j k P u"), &format!("undone: the pin of {office}"));
        says(&screen("j k p"), &format!("probing {office}"));
        says(&screen("j k w"), &format!("{office} is awake"));
        says(&screen("j k a Enter"), &format!("acknowledged {office}: tls-handshake-failed"));
    }
}

#[test]
fn a_message_that_stays_is_whole_beside_the_label_of_the_filter() {
    let text = "not saved: config.toml:12:5: target.accounting.address: \"10.0.0.256\" is not an \
                address, expected one of IPv4 or IPv6 like 10.0.0.21 or 2001:db8::1";
    for (width, height) in [(80, 24), (120, 40), (60, 20)] {
        let mut screen = Screen::new(fixtures::mixed(), width, height);
        screen.dashboard.hold(text);
        says(&screen, text);
        let before = screen.text();
        screen.press("/");
        screen.type_text("state:critical");
        screen.press("Enter");
        says(&screen, text);
        says(&screen, "filter state:critical: 1 of 8");
        assert_eq!(screen.text().lines().count(), before.lines().count());
    }
    let mut small = Screen::new(fixtures::mixed(), 80, 3);
    small.dashboard.hold(text);
    assert_eq!(small.text().lines().count(), 3);
}

/// The answer to the next key took its place, and nothing said any more that the file is wrong.
#[test]
fn a_file_that_is_not_read_again_is_told_until_it_is() {
    let text = "not read again: config.toml:9:8: unclosed array";
    for (width, height) in [(80, 24), (120, 40), (40, 12)] {
        let mut screen = Screen::new(fixtures::mixed(), width, height);
        assert!(!screen.dashboard.config_refused(Some(text)));
        for keys in ["j k p", "j Space", "Space Esc Esc", "3", "Esc 4"] {
            screen.press(keys);
            says(&screen, text);
        }
        screen.press("Esc 1 p");
        says(&screen, "probing");
        says(&screen, text);
        screen.now = screen.now.plus(std::time::Duration::from_mins(1));
        says(&screen, text);
        screen.press("/");
        screen.type_text("state:critical");
        screen.press("Enter");
        says(&screen, text);
        says(
            &screen,
            if width < 80 { "filter sta\u{2026}: 1 of 8" } else { "filter state:critical: 1 of 8" },
        );
        assert!(screen.dashboard.config_refused(None));
        assert!(!screen.text().contains("not read again"), "{}", screen.text());
    }
}

#[test]
fn what_is_wrong_with_what_is_typed_stands_above_it_where_it_is_long() {
    let mut screen = Screen::new(fixtures::mixed(), 80, 24);
    screen.press("/");
    screen.type_text("berlin loss>2 !group:berlin accounting-workstation state:criticl");
    says(&screen, "no state \"criticl\", did you mean \"critical\"?");
    let text = screen.text();
    let last = text.lines().last().expect("a line");
    assert!(last.starts_with('/') && last.contains("criticl"), "{text}");
    let mut screen = Screen::new(fixtures::mixed(), 80, 24);
    screen.press(":");
    screen.type_text("theme high-contrast and something else that is much too long for it");
    screen.press("Enter");
    says(&screen, "is too much");
}
