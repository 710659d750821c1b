//! What keys and commands are about: the marked line, and nothing in its place when it is gone.

use super::fixtures;
use super::support::Screen;
use rdpwatch::domain::alert::AlertsSnapshot;
use rdpwatch::domain::finding::RuleId;
use rdpwatch::domain::snapshot::{Snapshot, TargetSnapshot, TargetState};
use rdpwatch::domain::target::TargetId;
use rdpwatch::ui::effect::Effect;
use rdpwatch::ui::state::Screen as View;
use std::sync::Arc;
use std::time::Duration;

const OFFICE: TargetId = TargetId(3);
const BERLIN: TargetId = TargetId(2);

fn mixed() -> Screen {
    Screen::new(fixtures::mixed(), 120, 40)
}

fn changed(change: impl Fn(&mut TargetSnapshot)) -> Snapshot {
    let mut snapshot = fixtures::mixed();
    snapshot.targets.iter_mut().map(Arc::make_mut).for_each(change);
    snapshot
}

/// office-pc is fine, so that berlin-07 stands on top.
fn office_recovered() -> Snapshot {
    let mut snapshot = changed(|target| {
        if target.target.id == OFFICE {
            target.state = TargetState::Ok;
            target.findings.clear();
        }
    });
    let alerts = Arc::make_mut(&mut snapshot.alerts);
    alerts.firing.retain(|alert| alert.target != Some(OFFICE));
    snapshot
}

fn without(id: TargetId) -> Snapshot {
    let mut snapshot = fixtures::mixed();
    snapshot.targets.retain(|target| target.target.id != id);
    snapshot
}

fn set(screen: &mut Screen, snapshot: Snapshot) {
    screen.dashboard.set_snapshot(Arc::new(snapshot));
}

/// Presses a key before what came meanwhile is drawn.
fn press_unseen(screen: &mut Screen, key: &str) -> Vec<Effect> {
    let key = key.parse().expect("a key");
    screen.dashboard.input(rdpwatch::ui::input::Input::Key(key), screen.now)
}

fn type_command(screen: &mut Screen, line: &str) {
    screen.press(":");
    screen.type_text(line);
}

fn says(screen: &Screen, words: &str) {
    let text = screen.text();
    assert!(text.contains(words), "{words}\n{text}");
}

fn marked(screen: &Screen) -> Option<String> {
    let text = screen.text();
    text.lines().find(|line| line.starts_with('\u{25b8}')).map(str::to_owned)
}

#[test]
fn until_something_is_chosen_the_mark_goes_to_the_worst() {
    let mut screen = mixed();
    screen.press("+");
    assert_eq!(screen.dashboard.state().selected, Some(OFFICE));
    set(&mut screen, office_recovered());
    assert!(marked(&screen).is_some_and(|line| line.contains("berlin-07")), "{}", screen.text());
    assert_eq!(screen.press("p"), [Effect::ProbeNow(BERLIN)]);
    screen.press("j k");
    set(&mut screen, fixtures::mixed());
    assert_eq!(screen.press("p"), [Effect::ProbeNow(BERLIN)], "it was chosen");
}

#[test]
fn a_key_is_about_the_row_that_was_drawn_and_not_about_another_that_came_on_top() {
    let mut screen = mixed();
    screen.press("+");
    set(&mut screen, office_recovered());
    assert_eq!(press_unseen(&mut screen, "p"), [Effect::ProbeNow(OFFICE)]);
    assert_eq!(screen.press("p"), [Effect::ProbeNow(BERLIN)], "this was drawn");
}

#[test]
fn a_command_is_about_the_row_that_was_marked_when_it_was_opened_and_names_it() {
    let length = Some(Duration::from_hours(2));
    let mut screen = mixed();
    type_command(&mut screen, "maintenance 2h");
    set(&mut screen, office_recovered());
    assert_eq!(screen.press("Enter"), [Effect::Maintain { targets: vec![OFFICE], length }]);
    says(&screen, "office-pc in maintenance until");
    type_command(&mut screen, "maintenance end");
    screen.press("Enter");
    says(&screen, "nothing to end: berlin-07 is not in maintenance");
}

#[test]
fn a_row_that_the_filter_lost_is_not_replaced_by_the_first() {
    let mut screen = mixed();
    type_command(&mut screen, "filter state:critical | state:warning");
    screen.press("Enter g");
    assert_eq!(screen.dashboard.state().selected, Some(OFFICE));
    set(&mut screen, office_recovered());
    for key in ["w", "p", "!", "m", "a", "S", "D", "c", "o", "T", "x", "y", "P", "Enter"] {
        assert_eq!(screen.press(key), [], "{key}");
        assert!(screen.dashboard.state().overlay.is_none(), "{key}");
        says(&screen, "office-pc is not listed any more");
    }
    assert_eq!(marked(&screen), None, "{}", screen.text());
    for line in ["maintenance 2h", "maintenance 2h group", "ack known", "snooze 8h", "wake"] {
        type_command(&mut screen, line);
        assert_eq!(screen.press("Enter"), [], "{line}");
        says(&screen, "office-pc is not listed any more");
    }
    screen.press("j");
    assert_eq!(screen.press("p"), [Effect::ProbeNow(BERLIN)]);
    // It comes back, and was not chosen meanwhile.
    set(&mut screen, fixtures::mixed());
    assert_eq!(screen.press("p"), [Effect::ProbeNow(BERLIN)]);
}

#[test]
fn what_ones_own_filter_hides_is_let_go() {
    let mut screen = mixed();
    screen.press("j /");
    screen.type_text("home");
    screen.press("Esc p");
    assert_eq!(screen.dashboard.state().selected, Some(BERLIN), "it was not taken");
    screen.press("/");
    screen.type_text("home");
    screen.press("Enter");
    let text = screen.text();
    let [Effect::ProbeNow(id)] = *screen.press("p") else { panic!("{text}") };
    assert_ne!(id, BERLIN);
    assert_eq!(screen.dashboard.state().selected, Some(id), "the first that is let through");
}

#[test]
fn a_host_that_was_removed_is_not_replaced_on_its_own_screen() {
    for (view, key) in [(View::Detail, "2"), (View::Path, "5"), (View::Simple, "7")] {
        let mut screen = mixed();
        screen.press("j");
        screen.press(key);
        assert_eq!(screen.dashboard.state().screen, view);
        set(&mut screen, without(BERLIN));
        says(&screen, "The host that was shown here is not watched any more.");
        for key in ["p", "m", "w"] {
            assert_eq!(screen.press(key), []);
            assert!(screen.dashboard.state().overlay.is_none(), "{key}");
            says(&screen, "the selected host is not watched any more");
        }
    }
}

#[test]
fn an_alert_that_is_over_is_not_replaced_by_the_worst_of_another_host() {
    let berlin_over = || {
        let mut snapshot = fixtures::mixed();
        let alerts = Arc::make_mut(&mut snapshot.alerts);
        alerts.firing.retain(|alert| alert.target != Some(BERLIN));
        snapshot
    };
    for line in ["ack known, ticket 7", "snooze 8h"] {
        let mut screen = mixed();
        screen.press("j 3");
        assert!(marked(&screen).is_some_and(|line| line.contains("packet-loss")));
        type_command(&mut screen, line);
        set(&mut screen, berlin_over());
        assert_eq!(screen.press("Enter"), [], "{line}");
        says(&screen, "berlin-07: packet-loss is not listed any more");
    }
    let mut screen = mixed();
    screen.press("j 3");
    set(&mut screen, berlin_over());
    for key in ["a", "S", "x", "m", "Enter", "p", "w", "f"] {
        assert_eq!(screen.press(key), [], "{key}");
        says(&screen, "berlin-07: packet-loss is not listed any more");
    }
    screen.press("j a");
    says(&screen, "office-pc: tls-handshake-failed");
}

#[test]
fn a_new_alert_on_top_is_not_acknowledged_by_what_was_typed_of_another() {
    let mut snapshot = fixtures::mixed();
    let own = snapshot.alerts.firing.iter().filter(|alert| alert.target == Some(BERLIN)).cloned();
    let firing = own.collect();
    snapshot.alerts = Arc::new(AlertsSnapshot { firing, ..AlertsSnapshot::default() });
    let mut screen = Screen::new(snapshot, 120, 40);
    screen.press("/");
    screen.type_text("rds-01");
    screen.press("Enter 3");
    type_command(&mut screen, "ack known");
    set(&mut screen, fixtures::mixed());
    let note = "known".to_owned();
    let rule = RuleId("packet-loss");
    let known = Effect::Acknowledge { target: Some(BERLIN), rule, note };
    assert_eq!(screen.press("Enter"), [known]);
}

#[test]
fn a_command_for_one_alert_is_not_for_all_that_came_to_share_its_line() {
    let mut screen = Screen::new(fixtures::mixed(), 120, 40);
    screen.press("j 3");
    type_command(&mut screen, "ack known");
    let mut snapshot = fixtures::mixed();
    let alerts = Arc::make_mut(&mut snapshot.alerts);
    let loss = alerts.firing.iter().find(|alert| alert.target == Some(BERLIN)).cloned();
    let loss = loss.expect("its alert");
    for id in [0, 4, 5, 6, 7] {
        alerts
            .firing
            .push(rdpwatch::domain::alert::Alert { target: Some(TargetId(id)), ..loss.clone() });
    }
    set(&mut screen, snapshot);
    assert_eq!(screen.press("Enter").len(), 1);
}

#[test]
fn where_healthy_rows_are_only_counted_no_unseen_one_is_acted_upon() {
    let mut screen = Screen::new(fixtures::healthy(), 40, 12);
    says(&screen, "8 targets ok");
    assert_eq!(screen.press("p"), []);
    says(&screen, "nothing is selected");
    screen.press("j");
    assert_eq!(screen.press("p"), [Effect::ProbeNow(TargetId(0))]);
}

#[test]
fn a_heading_that_is_not_on_the_screen_is_not_put_in_maintenance() {
    let outage = |mut snapshot: Snapshot| {
        snapshot.alerts = fixtures::outage().alerts;
        snapshot
    };
    let mut screen = Screen::new(outage(fixtures::sited(500)), 120, 40);
    screen.press("b g");
    let length = Some(Duration::from_hours(2));
    type_command(&mut screen, "maintenance 2h group");
    let berlin: Vec<TargetId> = (0..100).map(TargetId).collect();
    let told = screen.press("Enter");
    assert_eq!(told, [Effect::Maintain { targets: berlin, length }], "it is selected");
    // This machine's alert is chosen.
    screen.press("3");
    type_command(&mut screen, "maintenance 2h group");
    assert_eq!(screen.press("Enter"), []);
    says(&screen, "no single host is selected");
    screen.press("m");
    assert!(!screen.text().contains("group berlin"), "{}", screen.text());
    screen.press("Esc 1");
    // The filter hides it.
    type_command(&mut screen, "filter group:vienna");
    screen.press("Enter");
    type_command(&mut screen, "maintenance 2h group");
    let told = screen.press("Enter");
    let all_vienna = |targets: &[TargetId]| targets.iter().all(|id| (100..200).contains(&id.0));
    let vienna = matches!(&told[..], [Effect::Maintain { targets, .. }] if all_vienna(targets));
    assert!(vienna || told.is_empty(), "{told:?}");
}

#[test]
fn what_is_reviewed_is_a_finding_and_not_a_place_in_the_list() {
    let mut screen = Screen::new(fixtures::review(), 120, 40);
    screen.press("B");
    says(&screen, "nla-not-enforced");
    let mut snapshot = fixtures::review();
    let alerts = Arc::make_mut(&mut snapshot.alerts);
    let mut new = alerts.as_found[0].clone();
    new.rule = RuleId("certificate-expiring");
    alerts.as_found.insert(0, new);
    set(&mut screen, snapshot.clone());
    let accepts = |rule: &'static str| Effect::AcceptAsFound(vec![(Some(OFFICE), RuleId(rule))]);
    assert_eq!(press_unseen(&mut screen, "Enter"), [accepts("nla-not-enforced")]);
    says(&screen, "accepted as found: office-pc: nla-not-enforced");
    // The next one was chosen then, and is resolved.
    Arc::make_mut(&mut snapshot.alerts).as_found.retain(|one| one.rule.0 != "identity-mismatch");
    set(&mut screen, snapshot);
    assert_eq!(press_unseen(&mut screen, "Enter"), []);
    says(&screen, "office-pc: identity-mismatch is not listed any more");
    screen.press("j");
    assert_eq!(screen.press("Enter"), [accepts("legacy-security")]);
}
