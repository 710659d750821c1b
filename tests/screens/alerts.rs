//! The alerts: what is chosen, what is below, and many hosts with one cause.

use super::fixtures::{self, NOW, ago};
use super::support::Screen;
use rdpwatch::domain::alert::{Alert, AlertState, AlertsSnapshot, Signature};
use rdpwatch::domain::finding::{RuleId, Severity};
use rdpwatch::domain::snapshot::{Event, Snapshot};
use rdpwatch::domain::target::TargetId;
use rdpwatch::ui::effect::Effect;
use std::sync::Arc;

fn alert(id: u32, rule: &'static str, severity: Severity) -> Alert {
    Alert {
        target: Some(TargetId(id)),
        rule: RuleId(rule),
        severity,
        state: AlertState::Firing,
        since: ago(300),
        title: "in a few words".to_owned(),
        acknowledged: None,
        signed: Signature::default(),
        snoozed_until: None,
        held_until: None,
        returns: 0,
    }
}

/// Hosts of which all but the last fail alike.
fn mass(count: u32) -> Snapshot {
    let mut snapshot = fixtures::many(count);
    let mut firing: Vec<Alert> =
        (0..count - 1).map(|id| alert(id, "port-closed", Severity::Critical)).collect();
    firing.push(alert(count - 1, "tls-handshake-failed", Severity::Critical));
    snapshot.alerts = Arc::new(AlertsSnapshot { firing, ..AlertsSnapshot::default() });
    snapshot.events = (0..40)
        .map(|nth| Event { at: NOW, target: None, text: format!("event number {nth}") })
        .collect::<Vec<_>>()
        .into();
    snapshot
}

fn line_of(screen: &Screen, wanted: &str) -> usize {
    let text = screen.text();
    let place = text.lines().position(|line| line.contains(wanted));
    place.unwrap_or_else(|| panic!("{wanted}\n{text}"))
}

#[test]
fn the_odd_host_is_not_lost_among_many_with_one_cause() {
    let mut screen = Screen::new(mass(496), 80, 24);
    screen.press("3 g");
    let (odd, many) = (line_of(&screen, "tls-handshake-failed"), line_of(&screen, "495 hosts"));
    assert!(odd < many, "{}", screen.text());
    assert_eq!(screen.text().matches("port-closed").count(), 1, "{}", screen.text());
    screen.press("Down Enter");
    assert!(screen.text().matches("port-closed").count() > 10, "{}", screen.text());
    assert_eq!(line_of(&screen, "495 hosts"), many);
    screen.press("Down a");
    assert!(screen.text().contains("acknowledge 1 alert"), "{}", screen.text());
    screen.press("Esc f a");
    let text = screen.text();
    assert!(text.contains("acknowledge 495 alerts"), "{text}");
    assert!(text.contains("port-closed of 495 hosts"), "{text}");
    let effects = screen.press("Enter");
    assert_eq!(effects.len(), 495);
    assert!(!effects.iter().any(|effect| matches!(
        effect,
        Effect::Acknowledge { rule: RuleId("tls-handshake-failed"), .. }
    )));
}

#[test]
fn what_lies_below_a_long_list_is_told_and_reached() {
    let mut screen = Screen::new(mass(30), 80, 24);
    screen.press("3 F g");
    let text = screen.text();
    assert!(text.contains("more: ") && text.contains("LATELY 30"), "{text}");
    assert!(!text.contains("event number"), "{text}");
    screen.press("G");
    assert!(screen.text().contains("event number 10"), "the oldest\n{}", screen.text());
    screen.press("Up");
    assert!(screen.text().contains("event number 12"), "{}", screen.text());
    screen.press("g");
    assert_eq!(screen.text(), text);
    for _ in 0..6 {
        screen.press("PageDown");
    }
    assert!(screen.text().contains("event number 10"), "{}", screen.text());
}

#[test]
fn the_alerts_open_at_the_selected_host_and_questions_name_it() {
    let mut screen = Screen::new(fixtures::mixed(), 80, 24);
    screen.press("/");
    screen.type_text("berlin");
    screen.press("Enter Down 3 a");
    let text = screen.text();
    assert!(text.contains("berlin-07: packet-loss"), "{text}");
    screen.press("Enter");
    assert!(screen.text().contains("acknowledged berlin-07: packet-loss"), "{}", screen.text());
    screen.press("S");
    assert!(screen.text().contains("berlin-07: packet-loss"), "{}", screen.text());
    screen.press("1");
    let told = "snoozed for 1 hour: berlin-07: packet-loss";
    assert!(screen.text().contains(told), "{}", screen.text());
    // Of a host, all of its alerts.
    screen.press("Esc S");
    assert!(screen.text().contains("berlin-07: high-jitter, packet-loss"), "{}", screen.text());
}

#[test]
fn the_note_of_an_acknowledgement_is_seen_at_80_columns() {
    let mut snapshot = fixtures::mixed();
    let firing = &mut Arc::make_mut(&mut snapshot.alerts).firing;
    firing[0].acknowledged = Some(ago(600));
    firing[0].signed = Signature::new("ann", "the certificate is ordered");
    let mut screen = Screen::new(snapshot, 80, 24);
    screen.press("3");
    assert!(screen.text().contains("by ann: the certificate is ordered"), "{}", screen.text());
}
