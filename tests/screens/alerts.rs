//! The alerts: what is chosen, what is below, and many hosts with one cause.

use super::fixtures::{self, NOW, ago};
use super::support::Screen;
use rdpwatch::domain::alert::{Alert, AlertState, AlertsSnapshot, Signature};
use rdpwatch::domain::finding::{Finding, Owner, RuleId, Severity};
use rdpwatch::domain::sink::SinkStatus;
use rdpwatch::domain::snapshot::{Event, Snapshot, TargetState};
use rdpwatch::domain::target::TargetId;
use rdpwatch::ui::dashboard::Options;
use rdpwatch::ui::effect::Effect;
use rdpwatch::ui::format::Zone;
use rdpwatch::ui::theme::Theme;
use std::sync::Arc;
use std::time::Duration;

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
        explained_by: None,
        returns: 0,
        unbroken: 0,
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
        .map(|nth| Event { at: NOW, target: None, gone: None, text: format!("event number {nth}") })
        .collect::<Vec<_>>()
        .into();
    snapshot
}

fn line_of(screen: &Screen, wanted: &str) -> usize {
    let text = screen.text();
    let place = text.lines().position(|line| line.contains(wanted));
    place.unwrap_or_else(|| panic!("{wanted}\n{text}"))
}

/// The line of many hosts had the age of the oldest alone, as if all were there since.
#[test]
fn a_line_of_many_hosts_says_from_when_to_when_they_are_there() {
    let mut snapshot = mass(9);
    let alerts = Arc::make_mut(&mut snapshot.alerts);
    alerts.firing[2].since = ago(14 * 60 + 5);
    alerts.firing[5].since = ago(2 * 60 + 50);
    for (width, height) in [(40, 12), (80, 24), (200, 60)] {
        let mut screen = Screen::new(snapshot.clone(), width, height);
        screen.press("3");
        let text = screen.text();
        let line = text.lines().find(|line| line.contains("8 hosts")).expect("one line");
        assert!(line.contains(" 2m to 14m  "), "{text}");
    }
}

#[test]
fn the_odd_host_is_not_lost_among_many_with_one_cause() {
    let mut screen = Screen::new(mass(496), 80, 24);
    screen.press("3 g");
    let (odd, many) = (line_of(&screen, "tls-handshake-failed"), line_of(&screen, "495 hosts"));
    assert_eq!(odd, many + 1, "{}", screen.text());
    assert_eq!(screen.text().matches("port-closed").count(), 1, "{}", screen.text());
    screen.press("Enter");
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

/// The same hosts with their findings: all but one refuse the port, one has another trouble.
fn falls(count: u32) -> Snapshot {
    let mut snapshot = mass(count);
    for (place, shown) in snapshot.targets.iter_mut().enumerate() {
        let id = u32::try_from(place).expect("few");
        let mut host = fixtures::target(id, &format!("host-{id}"), "10.0.0.9");
        let odd = id == 3;
        let (rule, title) =
            if odd { ("not-rdp", "SSH answers") } else { ("port-closed", "port 3389 closed") };
        host.verdict = format!("{} does not work: {title} (certain).", host.target.name);
        host.findings =
            vec![fixtures::finding(rule, Severity::Critical, title, &host.verdict.clone())];
        host.state = TargetState::Critical;
        host.state_since = ago(if odd { 60 } else { 600 });
        *shown = Arc::new(host);
    }
    let firing = &mut Arc::make_mut(&mut snapshot.alerts).firing;
    for alert in firing.iter_mut() {
        let odd = alert.target == Some(TargetId(3));
        alert.rule = RuleId(if odd { "not-rdp" } else { "port-closed" });
    }
    snapshot
}

#[test]
fn the_banner_tells_what_many_share_and_the_odd_one_besides() {
    let mut screen = Screen::new(falls(500), 80, 24);
    let banner = |screen: &Screen| screen.text().lines().nth(1).map(str::to_owned);
    let shared = " \u{2716} 499 hosts: port 3389 closed. Server team. And host-3: SSH answers.";
    assert_eq!(banner(&screen).as_deref().map(str::trim_end), Some(shared));
    // The list of alerts makes the same of it.
    screen.press("3 g");
    assert_eq!(screen.text().matches("499 hosts").count(), 2, "{}", screen.text());
    // Seen to, the many stand back behind the one that nobody has looked at.
    let mut seen = falls(500);
    let firing = &mut Arc::make_mut(&mut seen.alerts).firing;
    let many = firing.iter_mut().filter(|alert| alert.target != Some(TargetId(3)));
    many.for_each(|alert| alert.acknowledged = Some(NOW));
    let text = banner(&Screen::new(seen, 80, 24)).expect("a second line");
    assert!(text.starts_with(" \u{2716} host-3"), "{text}");
    assert!(text.contains("And 499 hosts: port 3389 closed."), "{text}");
}

/// The banner sent the server team where the alert of all of them sent the network team.
#[test]
fn the_banner_asks_whom_the_alert_of_several_hosts_asks() {
    let banner = |members: std::ops::Range<u32>, rule| {
        let mut snapshot = falls(500);
        let finding = fixtures::finding(rule, Severity::Critical, "refused", "It is refused.");
        snapshot.monitor.findings.push(Finding {
            owner: Owner::Network,
            members: Some(Arc::new(members.map(TargetId).collect())),
            tells: &["port-closed"],
            ..finding
        });
        Screen::new(snapshot, 80, 24).text().lines().nth(1).unwrap_or_default().to_owned()
    };
    let all = banner(0..500, "service-failure");
    assert!(all.contains("499 hosts: port 3389 closed. Network team."), "{all}");
    let few = banner(0..300, "service-failure");
    assert!(few.contains("499 hosts: port 3389 closed. Server team."), "{few}");
}

/// A pager said that this machine was down.
#[test]
fn an_alert_of_several_hosts_is_not_called_this_machine() {
    let mut snapshot = falls(6);
    let firing = &mut Arc::make_mut(&mut snapshot.alerts).firing;
    let mut of = |rule| {
        let alert = Alert { target: None, rule: RuleId(rule), ..firing[0].clone() };
        firing.push(alert);
    };
    of("service-failure");
    of("monitor-overload");
    let mut screen = Screen::new(snapshot, 120, 40);
    screen.press("3");
    let text = screen.text();
    let line = |rule: &str| text.lines().find(|line| line.contains(rule)).expect("it").to_owned();
    assert!(line("service-failure").contains("several hosts"), "{text}");
    assert!(line("monitor-overload").contains("this machine"), "{text}");
}

#[test]
fn few_hosts_with_one_cause_are_told_by_the_name_of_the_worst() {
    let banner = |count| {
        let text = Screen::new(falls(count), 120, 40).text();
        text.lines().nth(1).unwrap_or_default().to_owned()
    };
    // Four share it, then five.
    assert!(banner(5).contains("host-0 does not work"), "{}", banner(5));
    assert!(!banner(5).contains("hosts"), "{}", banner(5));
    assert!(banner(6).contains("5 hosts: port 3389 closed"), "{}", banner(6));
}

#[test]
fn a_worse_host_comes_before_what_many_share() {
    let mut snapshot = falls(50);
    for shown in snapshot.targets.iter_mut().filter(|shown| shown.target.id != TargetId(3)) {
        let host = Arc::make_mut(shown);
        host.state = TargetState::Warning;
        host.findings[0].severity = Severity::Warning;
    }
    let text = Screen::new(snapshot, 80, 24).text();
    let second = text.lines().nth(1).unwrap_or_default();
    assert!(second.starts_with(" \u{2716} host-3"), "{second}");
    assert!(second.contains("And 49 hosts: port 3389 closed."), "{second}");
}

#[test]
fn a_small_screen_says_how_many_what_and_who() {
    let text = Screen::new(falls(500), 40, 12).text();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    assert_eq!(lines[1], "\u{2716} 499 hosts: port 3389 closed");
    assert_eq!(lines[2], "\u{2716} host-3: SSH answers");
    assert!(lines[3].contains("host-0"), "{text}");
    // No room to lose: the rows stay.
    let text = Screen::new(falls(500), 40, 6).text();
    assert!(!text.contains("499 hosts"), "{text}");
}

#[test]
fn the_strip_groups_many_with_one_cause_and_names_the_odd_host_beside_it() {
    let strip = |snapshot: Snapshot, width, height| {
        let text = Screen::new(snapshot, width, height).text();
        let line = text.lines().find(|line| line.starts_with(" ALERTS ")).expect("a strip");
        line.trim_end().to_owned()
    };
    for (width, height) in [(120, 40), (200, 60)] {
        let line = strip(falls(500), width, height);
        let told = " ALERTS \u{2716} 499 hosts port-closed 5m  \u{2716} host-3 not-rdp 5m";
        assert_eq!(line, told, "{width}");
    }
    // What somebody has seen to is not in it; a few stand by themselves; what is left out is counted.
    let mut snapshot = falls(9);
    let firing = &mut Arc::make_mut(&mut snapshot.alerts).firing;
    firing.iter_mut().skip(5).for_each(|alert| alert.acknowledged = Some(NOW));
    let line = strip(snapshot, 110, 24);
    assert!(!line.contains("hosts") && line.ends_with("  +1"), "{line}");
}

#[test]
fn the_heading_of_a_group_says_what_fails_in_it_by_cause() {
    let heading = |count, width, height| {
        let mut snapshot = falls(count);
        for shown in &mut snapshot.targets {
            let target = &mut Arc::make_mut(shown).target;
            Arc::make_mut(target).group = Some("berlin".to_owned());
        }
        let mut screen = Screen::new(snapshot, width, height);
        screen.press("b F");
        let text = screen.text();
        let line = text.lines().find(|line| line.contains("+berlin")).expect("a heading");
        line.trim_end().to_owned()
    };
    for (width, height) in [(80, 24), (120, 40)] {
        let told = "+berlin  \u{2716}500  499 hosts: port 3389 closed \u{b7} host-3: SSH answers";
        let line = heading(500, width, height);
        assert!(line.ends_with(told), "{width}: {line}");
    }
    assert!(heading(4, 80, 24).contains("  3 hosts: port 3389 closed"), "few are counted, too");
    let line = heading(500, 60, 14);
    assert!(line.ends_with("499 hosts: port 3389 closed \u{b7} 1 more"), "{line}");
}

#[test]
fn three_keys_lead_from_500_hosts_to_the_remedy_of_the_odd_one() {
    // The worst, the next problem, all steps: as the screens before say.
    for (keys, width, height) in
        [("Enter ] Enter", 80, 24), ("] Enter Enter", 80, 24), ("3 Down x", 200, 60)]
    {
        let theme = Theme::built_in("mono").expect("a theme");
        let options = Options { theme, ..Options::default() };
        let mut screen = Screen::with(falls(500), width, height, options);
        screen.press(keys);
        let text = screen.text();
        assert!(text.contains("host-3: why, and every remedy"), "{keys}\n{text}");
    }
}

/// Who calls the server team sends one text and not fifty-nine.
#[test]
fn a_cause_that_many_share_has_one_ticket_for_all_of_them() {
    let mut screen = Screen::new(falls(60), 120, 40);
    let effects = screen.press("3 g Y Enter");
    let [Effect::CopyText(text)] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(text.starts_with("Remote Desktop: 59 hosts: in a few words\n"), "{text}");
    for name in ["host-0 (", "host-59 (", "host-2 ("] {
        assert_eq!(text.lines().filter(|line| line.starts_with(&format!("  {name}"))).count(), 1);
    }
    assert!(!text.contains("  host-3 ("), "{text}");
    assert!(text.contains("One of them:\n\nRemote Desktop: host-0"), "{text}");
}

/// `o` and `y` on the line are about all of them, and `x` explains what they share.
#[test]
fn on_a_line_that_many_share_the_ticket_and_the_explanation_are_of_all_of_them() {
    let mut screen = Screen::new(falls(60), 120, 40);
    screen.press("3 g o");
    let text = screen.text();
    assert!(text.contains("59 hosts: text for one ticket"), "{text}");
    assert!(text.contains("Remote Desktop: 59 hosts: in a few words"), "{text}");
    let shown = screen.press("y");
    screen.press("Esc");
    let chosen = screen.press("y");
    let [Effect::CopyText(text)] = chosen.as_slice() else { panic!("{chosen:?}") };
    assert!(text.starts_with("Remote Desktop: 59 hosts: in a few words\n"), "{text}");
    assert_eq!(shown, chosen);
    screen.press("x");
    let text = screen.text();
    assert!(text.contains("59 hosts: why, and every remedy"), "{text}");
    assert!(text.contains("HOST stands for each of them."), "{text}");
    assert!(text.contains("host-0, host-1, host-2, host-4"), "{text}");
    // What they shared is over while it is read.
    let mut over = falls(60);
    over.alerts = Arc::default();
    screen.dashboard.set_snapshot(Arc::new(over));
    assert!(screen.text().contains("shared by many hosts no more"), "{}", screen.text());
}

/// The odd one fails for longest; what the banner names first is what Enter explains.
#[test]
fn the_first_row_is_of_what_the_banner_names_first() {
    let mut snapshot = falls(60);
    let odd = snapshot.targets.iter_mut().find(|shown| shown.target.id == TargetId(3));
    Arc::make_mut(odd.expect("the odd one")).state_since = ago(90_000);
    let mut screen = Screen::new(snapshot, 120, 40);
    let text = screen.text();
    assert!(text.contains("\u{2716} 59 hosts: port 3389 closed"), "{text}");
    screen.press("Enter");
    assert!(screen.text().contains("port 3389 closed (certain)"), "{}", screen.text());
}

#[test]
fn a_cause_that_many_share_is_one_problem_and_the_foot_says_how_many_share_it() {
    let chosen = |screen: &Screen| screen.dashboard.state().selected.map(|id| id.0);
    let mut screen = Screen::new(falls(500), 80, 24);
    let mut walk = |keys: &str| {
        screen.press(keys);
        chosen(&screen)
    };
    assert_eq!(["]", "]", "[", "Up ]", "["].map(&mut walk), [3, 0, 3, 3, 0].map(Some));
    let told = "problem 1 of 2: port 3389 closed, 499 hosts share it";
    assert!(screen.text().contains(told), "{}", screen.text());
    let mut snapshot = falls(500);
    snapshot.targets.retain(|target| target.target.id != TargetId(3));
    let mut screen = Screen::new(snapshot, 80, 24);
    screen.press("] ] ]");
    assert_eq!(chosen(&screen), Some(0), "no other problem to go to");
    let told = "the only problem: port 3389 closed, 499 hosts share it";
    assert!(screen.text().contains(told), "{}", screen.text());
}

#[test]
fn pictures_of_many_with_one_cause() {
    for (width, height) in [(40, 12), (80, 24), (120, 40), (200, 60)] {
        let mut screen = Screen::new(falls(500), width, height);
        let pages = ["1", "3", "4"].map(|keys| {
            screen.press(keys);
            let text = screen.text();
            let lines: Vec<&str> = text.lines().take(8).map(str::trim_end).collect();
            format!("== {keys}\n{}", lines.join("\n"))
        });
        insta::assert_snapshot!(format!("one_cause_{width}x{height}"), pages.join("\n"));
    }
}

#[test]
fn the_banner_counts_apart_what_somebody_has_seen_to_and_still_says_what_is_wrong() {
    let mut snapshot = fixtures::mixed();
    let of_office = snapshot.targets.iter().find(|t| t.target.name == "office-pc");
    let office = of_office.map(|target| target.target.id);
    let now = snapshot.now.wall;
    let alerts = Arc::make_mut(&mut snapshot.alerts);
    for alert in alerts.firing.iter_mut().filter(|alert| alert.target == office) {
        alert.acknowledged = Some(now);
    }
    let screen = Screen::new(snapshot.clone(), 200, 60);
    let first = screen.text().lines().next().unwrap_or_default().to_owned();
    assert!(first.contains("1 critical (1 acknowledged)"), "{first}");
    let narrow = Screen::new(snapshot, 80, 24);
    let first = narrow.text().lines().next().unwrap_or_default().to_owned();
    assert!(first.contains("1 (1 seen)") || first.contains("(1 acknowledged)"), "{first}");
}

#[test]
fn what_somebody_has_seen_to_is_not_something_else_in_the_banner() {
    let mut snapshot = falls(18);
    for (place, shown) in snapshot.targets.iter_mut().enumerate().skip(9) {
        let (rule, title) =
            if place < 16 { ("cert-expired", "expired") } else { ("not-rdp", "SSH answers") };
        let host = Arc::make_mut(shown);
        host.findings = vec![fixtures::finding(rule, Severity::Critical, title, "It fails.")];
    }
    let firing = &mut Arc::make_mut(&mut snapshot.alerts).firing;
    for alert in firing.iter_mut() {
        match alert.target {
            Some(TargetId(9..16)) => alert.acknowledged = Some(NOW),
            Some(TargetId(16)) => alert.rule = RuleId("not-rdp"),
            _ => {}
        }
    }
    let banner = |snapshot: Snapshot| {
        let text = Screen::new(snapshot, 200, 60).text();
        text.lines().nth(1).expect("a banner").trim_end().to_owned()
    };
    let line = banner(snapshot.clone());
    assert!(line.contains("; 2 more with something else, 7 acknowledged."), "{line}");
    // Where the rest is all seen to, there is nothing else.
    snapshot.targets.truncate(16);
    let line = banner(snapshot);
    assert!(line.contains("; 7 more acknowledged."), "{line}");
    assert!(!line.contains("something else"), "{line}");
}

/// The length for which each alert is snoozed, host by host.
fn snoozed(effects: &[Effect]) -> Vec<TargetId> {
    let hour = Duration::from_hours(1);
    let of = effects.iter().map(|effect| match effect {
        Effect::Snooze { target: Some(id), rule: RuleId("port-closed"), length } => {
            assert_eq!(*length, hour);
            *id
        }
        other => panic!("{other:?}"),
    });
    of.collect()
}

#[test]
fn a_snooze_of_the_line_of_499_hosts_is_one_of_each_of_them() {
    let every: Vec<TargetId> = (0..499).map(TargetId).collect();
    let mut screen = Screen::new(mass(500), 80, 24);
    screen.press("3");
    assert!(screen.text().contains("499 hosts"), "{}", screen.text());
    for begun in ["g", "Down Up"] {
        screen.press(begun);
        screen.press(":");
        screen.type_text("snooze 1h");
        assert_eq!(snoozed(&screen.press("Enter")), every, "{begun}");
        assert!(screen.text().contains("snoozed for 1 h: port-closed of 499 hosts"));
    }
    screen.press("S");
    assert!(screen.text().contains("snooze 499 alerts for"), "{}", screen.text());
    assert_eq!(snoozed(&screen.press("1")), every);
}

#[test]
fn a_snooze_of_the_heading_of_a_group_is_one_of_each_of_its_hosts() {
    let mut snapshot = fixtures::sited(500);
    let firing = (0..500).map(|id| alert(id, "port-closed", Severity::Critical)).collect();
    snapshot.alerts = Arc::new(AlertsSnapshot { firing, ..AlertsSnapshot::default() });
    let berlin: std::collections::BTreeSet<TargetId> = (0..100).map(TargetId).collect();
    for size in [(80, 24), (200, 60), (40, 12)] {
        let mut screen = Screen::new(snapshot.clone(), size.0, size.1);
        screen.press("b f");
        let header = screen.dashboard.state().groups.header.clone();
        assert_eq!(header.as_deref(), Some("berlin"), "{}", screen.text());
        screen.press(":");
        screen.type_text("snooze 1h");
        let asked = snoozed(&screen.press("Enter"));
        assert_eq!(asked.into_iter().collect::<std::collections::BTreeSet<_>>(), berlin);
        screen.press("a");
        assert!(screen.text().contains("acknowledge 100 alerts"), "{}", screen.text());
    }
}

#[test]
fn what_happened_to_a_host_that_is_watched_no_more_bears_its_name() {
    let mut snapshot = fixtures::healthy();
    let over = "over: port 3389 closed (no longer watched)".to_owned();
    let gone = Some("old-pc".into());
    snapshot.events = Arc::new(vec![Event { at: NOW, target: None, gone, text: over }]);
    for keys in ["3", "6"] {
        let mut screen = Screen::new(snapshot.clone(), 120, 40);
        screen.press(keys);
        let text = screen.text();
        let line = text.lines().find(|line| line.contains("no longer watched"));
        let line = line.unwrap_or_else(|| panic!("{text}"));
        assert!(line.contains("old-pc") && !line.contains("this machine"), "{text}");
    }
}

#[test]
fn like_events_of_many_hosts_are_one_line_and_the_odd_one_is_seen() {
    let mut snapshot = mass(500);
    let event = |id: u32, text: &str| Event {
        at: ago(u64::from(id % 3)),
        target: Some(TargetId(id)),
        gone: None,
        text: text.to_owned(),
    };
    let mut events: Vec<Event> = (0..480).map(|id| event(id, "port 9 closed")).collect();
    events.insert(100, event(481, "SSH answers"));
    snapshot.events = events.into();
    let mut screen = Screen::new(snapshot.clone(), 80, 24);
    screen.press("3 G");
    let text = screen.text();
    assert!(text.contains("LATELY  2, newest first"), "{text}");
    assert!(text.contains("480 hosts") && text.contains("SSH answers"), "{text}");
    let other = |nth: u32| event(nth, &format!("event number {nth}"));
    snapshot.events = (0..100).map(other).collect::<Vec<_>>().into();
    let mut screen = Screen::new(snapshot, 200, 60);
    screen.press("3 G");
    assert!(screen.text().contains("LATELY  30 of 100, newest first"), "{}", screen.text());
}

/// A host that is back is well, and its alert is kept for a minute.
#[test]
fn the_alert_of_a_host_that_is_well_again_is_told_as_clearing() {
    let mut snapshot = fixtures::snapshot(vec![fixtures::target(0, "pc", "10.0.0.9")]);
    let firing = vec![alert(0, "host-unreachable", Severity::Critical)];
    snapshot.alerts = Arc::new(AlertsSnapshot { firing, ..AlertsSnapshot::default() });
    let mut screen = Screen::new(snapshot, 120, 40);
    assert!(screen.text().contains("host-unreachable 5m (clearing)"), "{}", screen.text());
    screen.press("3");
    assert!(screen.text().contains("clearing: it is well now"), "{}", screen.text());
    let mut screen = Screen::new(fixtures::mixed(), 120, 40);
    screen.press("3");
    assert!(!screen.text().contains("clearing"), "{}", screen.text());
}

#[test]
fn what_was_measured_around_a_mark_is_told_to_its_end() {
    let text = "about the mark: echo: 23 requests answered, none lost; port: 2 connections, both \
                fine; tunnel: none; path: as before";
    let mut snapshot = fixtures::mixed();
    let event = Event { at: NOW, target: Some(TargetId(3)), gone: None, text: text.to_owned() };
    snapshot.events = vec![event].into();
    for (width, height) in [(80, 24), (70, 40), (120, 40)] {
        let mut screen = Screen::new(snapshot.clone(), width, height);
        screen.press("3 G");
        let text = screen.text();
        assert!(text.contains("as before"), "{text}");
    }
}

/// It said neither that these are sinks, nor that the alerts wait.
#[test]
fn sinks_that_are_not_told_are_called_so_and_say_what_waits() {
    let mut snapshot = fixtures::mixed();
    let sink = |name: &str, waiting, left: Option<u64>| SinkStatus {
        name: name.to_owned(),
        error: Some("the server answered 500".to_owned()),
        waiting,
        told: 7,
        next_try: left.map(Duration::from_secs),
        ..SinkStatus::default()
    };
    snapshot.monitor.sinks = vec![sink("webhook", 3, Some(40)), sink("pager", 1, None)];
    let mut screen = Screen::new(snapshot.clone(), 120, 40);
    assert!(screen.text().contains("sinks webhook and 1 more are not told"), "{}", screen.text());
    screen.press("3");
    let text = screen.text();
    let at = Zone::default().seconds(NOW.plus(Duration::from_secs(40)));
    let told = format!(
        "webhook gets no alerts: the server answered 500; 3 wait, next try at {at}; 7 told before"
    );
    assert!(text.contains(&told), "{text}");
    assert!(text.contains("the server answered 500; 1 waits; 7 told before"), "{text}");
    assert!(text.contains("SINKS IN TROUBLE  2") && !text.contains("given up"), "{text}");
    snapshot.monitor.sinks.truncate(1);
    let text = Screen::new(snapshot, 120, 40).text();
    assert!(text.contains("sink webhook is not told"), "{text}");
}
