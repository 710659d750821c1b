//! Taking back what was asked of the monitor: what stood before comes back as it was.

use super::fixtures::{self, NOW, ago};
use super::support::Screen;
use rdpwatch::domain::alert::Signature;
use rdpwatch::domain::finding::RuleId;
use rdpwatch::domain::maintenance::Maintained;
use rdpwatch::domain::snapshot::Snapshot;
use rdpwatch::domain::target::TargetId;
use rdpwatch::ui::effect::Effect;
use std::sync::Arc;
use std::time::Duration;

const OFFICE: TargetId = TargetId(3);
const HOME: TargetId = TargetId(1);
const RDS: TargetId = TargetId(5);

fn run(screen: &mut Screen, line: &str) -> Vec<Effect> {
    screen.press(":");
    screen.type_text(line);
    screen.press("Enter")
}

fn pass(screen: &mut Screen, hours: u64) {
    screen.now = screen.now.plus(Duration::from_hours(hours));
}

fn says(screen: &Screen, words: &str) {
    let text = screen.text();
    assert!(text.contains(words), "{words}\n{text}");
}

/// rds-02 is in maintenance for three hours from now on, as somebody asked for.
fn held() -> Screen {
    let mut screen = Screen::new(fixtures::maintenance(), 120, 40);
    run(&mut screen, "goto rds-02");
    screen
}

#[test]
fn maintenance_that_comes_back_ends_when_it_would_have_ended() {
    let mut screen = held();
    run(&mut screen, "maintenance end");
    pass(&mut screen, 2);
    let length = Some(Duration::from_hours(1));
    assert_eq!(screen.press("u"), [Effect::Maintain { targets: vec![RDS], length }]);
}

#[test]
fn maintenance_that_would_be_over_does_not_come_back_and_that_is_said() {
    let mut screen = held();
    run(&mut screen, "maintenance end");
    pass(&mut screen, 4);
    assert_eq!(screen.press("u"), [Effect::Maintain { targets: vec![RDS], length: None }]);
    says(&screen, "undone: end of the maintenance of rds-02; what stood before is over since");
}

#[test]
fn a_snooze_that_comes_back_ends_when_it_would_have_ended() {
    let rule = RuleId("host-asleep");
    let again = |hours: u64| {
        let mut screen = Screen::new(fixtures::mixed(), 120, 40);
        run(&mut screen, "goto home-pc");
        run(&mut screen, "snooze 24h");
        pass(&mut screen, hours);
        (screen.press("u"), screen)
    };
    let length = Duration::from_hours(5);
    assert_eq!(again(2).0, [Effect::Snooze { target: Some(HOME), rule, length }]);
    let (effects, screen) = again(8);
    assert_eq!(effects, [Effect::Unsnooze { target: Some(HOME), rule }]);
    says(&screen, "undone: snooze of home-pc; what stood before is over since");
}

#[test]
fn what_stood_before_is_what_the_monitor_knew_and_not_a_frozen_picture() {
    let mut before = fixtures::maintenance();
    let set = |snapshot: &mut Snapshot, asked: Option<Maintained>| {
        for target in &mut snapshot.targets {
            if target.target.id == RDS {
                Arc::make_mut(target).maintenance = asked.clone();
            }
        }
    };
    set(&mut before, None);
    let mut screen = Screen::new(before, 120, 40);
    run(&mut screen, "goto rds-02");
    screen.press("Space");
    run(&mut screen, "maintenance 2h");
    let until = NOW.plus(Duration::from_hours(2));
    let mut answered = fixtures::maintenance();
    set(&mut answered, Some(Maintained { window: None, asked: Some(until) }));
    screen.dashboard.set_snapshot(Arc::new(answered));
    run(&mut screen, "maintenance end");
    let length = Some(Duration::from_hours(2));
    assert_eq!(screen.press("u"), [Effect::Maintain { targets: vec![RDS], length }]);
}

#[test]
fn an_acknowledgement_comes_back_with_its_time_and_under_its_own_name() {
    let signed = Signature::new("anna", "known, ticket 7");
    let mut snapshot = fixtures::mixed();
    for alert in &mut Arc::make_mut(&mut snapshot.alerts).firing {
        if alert.target == Some(OFFICE) {
            alert.acknowledged = Some(ago(3_600));
            alert.signed = signed.clone();
        }
    }
    let mut screen = Screen::new(snapshot, 120, 40);
    run(&mut screen, "goto office-pc");
    screen.press("3");
    let asked = run(&mut screen, "ack mine");
    let [Effect::Acknowledge { target, rule, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    let (target, rule) = (*target, *rule);
    assert_eq!(target, Some(OFFICE));
    let back = Effect::Reacknowledge { target, rule, at: ago(3_600), signed };
    assert_eq!(screen.press("u"), [back]);
}

#[test]
fn undoing_maintenance_of_all_is_one_wish_for_all_that_end_together() {
    let mut screen = Screen::new(fixtures::many(300), 120, 40);
    run(&mut screen, "maintenance 2h all");
    let back = screen.press("u");
    assert!(
        matches!(&back[..], [Effect::Maintain { targets, length: None }] if targets.len() == 300),
        "{}",
        back.len()
    );
    says(&screen, "undone: maintenance of 300 targets");
}

#[test]
fn an_end_where_there_is_no_maintenance_is_none_and_no_step_of_undo() {
    let mut screen = Screen::new(fixtures::mixed(), 120, 40);
    run(&mut screen, "goto rds-02");
    run(&mut screen, "maintenance end");
    says(&screen, "nothing to end: rds-02 is not in maintenance");
    run(&mut screen, "maintenance end all");
    says(&screen, "nothing to end: none of");
    screen.press("u");
    says(&screen, "there is nothing to undo");
    let mut screen = held();
    run(&mut screen, "maintenance end all");
    says(&screen, "maintenance is ended for rds-02");
    let length = Some(Duration::from_hours(3));
    assert_eq!(screen.press("u"), [Effect::Maintain { targets: vec![RDS], length }]);
    says(&screen, "undone: end of the maintenance of rds-02");
}
