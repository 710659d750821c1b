//! The wall is read from across a room: tiles that fill the screen, names and causes in large letters.

use super::fixtures;
use super::support::Screen;
use ratatui::style::{Color, Modifier};
use rdpwatch::domain::alert::{Alert, AlertState, AlertsSnapshot, Signature};
use rdpwatch::domain::finding::RuleId;
use rdpwatch::domain::snapshot::{Snapshot, TargetSnapshot, TargetState};
use rdpwatch::domain::target::{Target, TargetId};
use rdpwatch::ui::dashboard::Options;
use rdpwatch::ui::line::Line;
use rdpwatch::ui::sites;
use rdpwatch::ui::theme::{GlyphSet, Role, Theme};
use rdpwatch::ui::widget::letters;
use std::sync::Arc;
use std::time::Duration;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// Hosts of a site: more than have room for a tile each.
const HOSTS: u32 = 40;

/// So many sites, each with a critical host and one that warns.
fn sites(count: u32) -> Snapshot {
    let hosts = (0..count * HOSTS).map(|id| {
        let mut host = match id % HOSTS {
            7 => fixtures::office_pc(id),
            9 => fixtures::berlin_07(id),
            _ => fixtures::target(id, &format!("pc-{id:04}"), "10.0.0.9"),
        };
        let mut target = Target::clone(&host.target);
        target.group = Some(format!("site-{}", id / HOSTS));
        host.target = Arc::new(target);
        host
    });
    fixtures::snapshot(hosts.collect())
}

fn wall(snapshot: Snapshot, (width, height): (u16, u16), theme: Theme) -> Screen {
    let mut screen = Screen::with(snapshot, width, height, Options { theme, ..Options::default() });
    screen.press("4");
    screen
}

fn dark(snapshot: Snapshot, size: (u16, u16)) -> Screen {
    wall(snapshot, size, Theme::built_in("dark").expect("built in"))
}

/// The lines of `line` in block letters.
fn large(line: &Line, glyphs: GlyphSet, scale: usize) -> Vec<String> {
    let lines = letters::drawn(line, (Role::Text, glyphs), 200, scale).expect("drawn");
    let plain = lines.iter().map(|line| line.plain().trim().to_owned());
    plain.filter(|line| !line.is_empty()).collect()
}

fn says(screen: &Screen, line: &Line, glyphs: GlyphSet, scale: usize) -> bool {
    let text = screen.text();
    large(line, glyphs, scale).iter().all(|row| text.contains(row.as_str()))
}

#[test]
fn tiles_of_the_wall_fill_the_screen() {
    for count in [1, 2, 3, 6, 20] {
        for size in SIZES {
            let screen = dark(sites(count), size);
            let buffer = screen.buffer();
            let filled = buffer.content.iter().filter(|cell| cell.bg == Color::Red).count();
            let share = filled * 100 / buffer.content.len();
            // The third of three leaves a place free; gaps take their share of many.
            let least = [(3, 50), (6, 70), (20, 40)]
                .iter()
                .find(|(of, _)| *of == count)
                .map_or(75, |l| l.1);
            assert!(share >= least, "{count} at {size:?}: {share} %\n{}", screen.text());
        }
    }
}

#[test]
fn which_site_is_bad_and_why_stands_in_large_letters() {
    let said = |text: &str| Line::of(Role::Text, text);
    for size in [(120, 40), (200, 60)] {
        let screen = dark(sites(2), size);
        let scales = 1..=letters::LARGEST;
        for text in ["SITE-0", "SITE-1", "TLS", "FAILS"] {
            let shown = scales.clone().any(|s| says(&screen, &said(text), GlyphSet::Unicode, s));
            assert!(shown, "{text} at {size:?}\n{}", screen.text());
        }
    }
    // With twenty of them the names stay large, and the causes are legible from near by.
    let screen = dark(sites(20), (200, 60));
    for site in 0..20 {
        assert!(says(&screen, &said(&format!("SITE-{site}")), GlyphSet::Unicode, 1), "{site}");
    }
    assert_eq!(screen.text().matches("office-pc: closes at the TLS handshake").count(), 20);
}

#[test]
fn a_state_is_told_by_its_shape_without_colours_and_without_unicode() {
    let critical = Line::new().glyph(Role::StateCritical);
    for glyphs in [GlyphSet::Unicode, GlyphSet::Ascii] {
        let theme = Theme::built_in("mono").expect("built in").with_glyphs(glyphs);
        let screen = wall(sites(6), (120, 40), theme);
        assert!(says(&screen, &critical, glyphs, 1), "{}", screen.text());
        let buffer = screen.buffer();
        let filled = |cell: &&ratatui::buffer::Cell| cell.modifier.contains(Modifier::REVERSED);
        let filled = buffer.content.iter().filter(filled).count();
        assert!(filled * 2 > buffer.content.len(), "{}", screen.text());
    }
}

#[test]
fn healthy_tiles_are_never_drawn_larger_than_those_in_trouble() {
    let screen = dark(fixtures::mixed(), (200, 60));
    let healthy = Line::of(Role::Text, "RDS-01");
    assert!(says(&screen, &healthy, GlyphSet::Unicode, 1), "{}", screen.text());
    assert!(!says(&screen, &healthy, GlyphSet::Unicode, 2), "{}", screen.text());
    let calm = dark(fixtures::healthy(), (200, 60));
    assert!(says(&calm, &healthy, GlyphSet::Unicode, 2), "{}", calm.text());
}

/// Far away one sees what is large: no cause is larger than another because it has fewer letters.
#[test]
fn causes_of_one_screen_are_in_one_size() {
    let hosts = |long: bool| {
        let hosts = (0..15).map(|id| {
            let mut host = fixtures::office_pc(id);
            let mut target = Target::clone(&host.target);
            target.name = format!("pc-{id:02}");
            host.target = Arc::new(target);
            let title =
                if long && id > 0 { "accepts, says nothing at all to anybody" } else { "FAILS" };
            title.clone_into(&mut host.findings[0].title);
            // Nothing is said of it in brief.
            host.findings[0].rule = RuleId("probe-limited");
            host
        });
        fixtures::snapshot(hosts.collect())
    };
    let fails = Line::of(Role::Text, "FAILS");
    let alone = dark(hosts(false), (200, 60));
    assert!(says(&alone, &fails, GlyphSet::Unicode, 1), "{}", alone.text());
    let beside = dark(hosts(true), (200, 60));
    assert!(beside.text().contains("accepts, says nothing at all to anybody"), "{}", beside.text());
    for scale in [1, 2] {
        assert!(!says(&beside, &fails, GlyphSet::Unicode, scale), "{}", beside.text());
    }
    assert!(beside.text().contains("FAILS"), "{}", beside.text());
}

/// A host in trouble with one finding.
fn ailing(id: u32, rule: &'static str, title: &str) -> TargetSnapshot {
    let mut host = fixtures::office_pc(id);
    Arc::make_mut(&mut host.target).name = format!("host-{id}");
    host.findings.truncate(1);
    let finding = host.findings.first_mut().expect("a finding");
    finding.rule = RuleId(rule);
    title.clone_into(&mut finding.title);
    host
}

/// Some of them had words for far away and others none, so that all were told in small ones.
#[test]
fn every_host_in_trouble_is_told_from_the_others_in_large_letters() {
    let hosts = (0..).zip(KINDS).map(|(id, (rule, title))| ailing(id, rule, title));
    let calm = (6..18).map(|id| fixtures::target(id, &format!("host-{id}"), "10.0.0.9"));
    let screen = dark(fixtures::snapshot(hosts.chain(calm).collect()), (200, 60));
    for brief in ["CLOSED", "TLS FAILS", "NO ANSWER", "EXPIRED", "RDP SILENT"] {
        let line = Line::of(Role::Text, brief);
        assert!(says(&screen, &line, GlyphSet::Unicode, 1), "{brief}\n{}", screen.text());
    }
    for (_, title) in KINDS {
        assert!(screen.text().contains(title), "{title}\n{}", screen.text());
    }
}

/// Both were a red tile with a cross and small words.
#[test]
fn a_host_that_is_silent_is_told_from_one_that_is_slow_in_large_letters() {
    let hosts = (0..8).map(|id| {
        let (rule, title) = match id {
            2 => ("host-unreachable", "does not answer"),
            _ => ("high-latency", "round trip 400 ms"),
        };
        ailing(id, rule, title)
    });
    let snapshot = fixtures::snapshot(hosts.collect());
    for size in [(120, 40), (200, 60)] {
        let theme = Theme::built_in("mono").expect("built in");
        let screen = wall(snapshot.clone(), size, theme);
        for words in ["DOES NOT", "ANSWER", "SLOW"] {
            let words = Line::of(Role::Text, words);
            assert!(says(&screen, &words, GlyphSet::Unicode, 1), "{}", screen.text());
        }
        assert!(screen.text().contains("round trip 400 ms, for "), "{}", screen.text());
    }
}

#[test]
fn a_cause_that_many_of_a_site_share_is_told_once_with_how_many() {
    let hosts = (0..7).map(fixtures::office_pc);
    let text = dark(fixtures::snapshot(hosts.collect()), (40, 12)).text();
    assert!(text.contains("office-pc and 6 more hosts: closes"), "{text}");
}

#[test]
fn a_site_that_is_not_judged_is_not_called_slow_or_well() {
    let text = dark(fixtures::offline(), (40, 12)).text();
    assert!(text.contains("6 unknown"), "{text}");
    assert!(!text.contains("slowest") && !text.contains(" ok"), "{text}");
}

#[test]
fn a_site_is_not_well_while_one_of_its_hosts_is_not_measured() {
    let hosts = vec![fixtures::target(0, "rds-01", "10.0.0.31"), fixtures::unmeasured(1)];
    let screen = dark(fixtures::snapshot(hosts), (40, 12));
    assert!(!says(&screen, &Line::new().glyph(Role::StateOk), GlyphSet::Unicode, 1));
    assert!(screen.text().contains("1 unmeasured"), "{}", screen.text());
}

/// The same, and somebody has seen to the trouble of these sites.
fn seen_to(mut snapshot: Snapshot, sites: &[u32], acknowledged: bool) -> Snapshot {
    let seen = |id: TargetId| sites.contains(&(id.0 / HOSTS));
    let troubled = snapshot.targets.iter().filter(|host| host.is_in_trouble());
    let firing = troubled.filter_map(|host| Some((host, host.worst()?)));
    let firing = firing.map(|(host, worst)| Alert {
        target: Some(host.target.id),
        rule: worst.rule,
        severity: worst.severity,
        state: AlertState::Firing,
        since: fixtures::ago(300),
        title: worst.title.clone(),
        acknowledged: (seen(host.target.id) && acknowledged).then(|| fixtures::ago(60)),
        signed: Signature::default(),
        snoozed_until: (seen(host.target.id) && !acknowledged)
            .then(|| fixtures::NOW.plus(Duration::from_hours(1))),
        held_until: None,
        explained_by: None,
        returns: 0,
        unbroken: 0,
    });
    let alerts = AlertsSnapshot { firing: firing.collect(), ..AlertsSnapshot::default() };
    snapshot.alerts = Arc::new(alerts);
    snapshot
}

fn red(screen: &Screen) -> usize {
    screen.buffer().content.iter().filter(|cell| cell.bg == Color::Red).count()
}

#[test]
fn a_site_that_somebody_has_seen_to_does_not_look_like_one_that_nobody_has() {
    for size in [(40, 12), (80, 24), (200, 60)] {
        let unseen = dark(seen_to(sites(2), &[], true), size);
        for (acknowledged, word) in [(true, "acknowledged: "), (false, "snoozed: ")] {
            let one = dark(seen_to(sites(2), &[0], acknowledged), size);
            assert!(red(&one) * 3 < red(&unseen) * 2, "{size:?}\n{}", one.text());
            assert!(red(&one) > 0, "the other still is\n{}", one.text());
            let line = Line::of(Role::Text, word.trim_end_matches(": "));
            let told =
                says(&one, &line, GlyphSet::Unicode, 1) || one.text().matches(word).count() == 2;
            assert!(told, "{size:?}: {word}\n{}", one.text());
            let both = dark(seen_to(sites(2), &[0, 1], acknowledged), size);
            assert_eq!(red(&both), 0, "{}", both.text());
            let muted = Line::new().glyph(Role::StateMuted);
            let plain = both.text().contains('\u{2016}');
            assert!(plain || says(&both, &muted, GlyphSet::Unicode, 1), "{}", both.text());
        }
    }
}

#[test]
fn a_host_that_somebody_has_seen_to_says_so_on_its_tile() {
    let hosts = vec![fixtures::office_pc(0), fixtures::target(1, "rds-01", "10.0.0.31")];
    let loud = dark(fixtures::snapshot(hosts.clone()), (120, 40));
    assert!(red(&loud) > 0);
    for (acknowledged, word) in [(true, "acknowledged"), (false, "snoozed")] {
        let screen =
            dark(seen_to(fixtures::snapshot(hosts.clone()), &[0], acknowledged), (120, 40));
        assert_eq!(red(&screen), 0, "{}", screen.text());
        let line = Line::of(Role::Text, word);
        let large = says(&screen, &line, GlyphSet::Unicode, 1);
        assert!(large || screen.text().contains(word), "{}", screen.text());
    }
}

/// The names of the sites, in the order of the wall.
fn order(snapshot: &Snapshot) -> Vec<String> {
    let screen = dark(snapshot.clone(), (120, 40));
    let state = screen.dashboard.state();
    sites::sites(snapshot, state).iter().map(|site| site.name.to_owned()).collect()
}

/// Sites with one host each in this state.
fn in_states(states: &[(&str, TargetState)]) -> Snapshot {
    let hosts = (0..).zip(states).map(|(id, (site, state))| {
        let mut host = match state {
            TargetState::Critical => fixtures::office_pc(id),
            TargetState::Warning => fixtures::berlin_07(id),
            _ => fixtures::target(id, "pc", "10.0.0.9"),
        };
        let mut target = Target::clone(&host.target);
        target.group = Some((*site).to_owned());
        host.target = Arc::new(target);
        host
    });
    fixtures::snapshot(hosts.collect())
}

/// Whoever looks up finds trouble without searching; what is as bad as before stands where it stood.
#[test]
fn sites_in_trouble_come_first_and_move_only_when_they_become_better_or_worse() {
    use TargetState::{Critical, Ok, Warning};
    let before = [("a", Ok), ("b", Warning), ("c", Critical), ("d", Ok), ("e", Critical)];
    assert_eq!(order(&in_states(&before)), ["c", "e", "b", "a", "d"]);
    // The numbers of a host change with every picture, and nothing moves for that.
    let mut snapshot = in_states(&before);
    for host in &mut snapshot.targets {
        let host = Arc::make_mut(host);
        host.echo_minute.median = Some(Duration::from_millis(900 - u64::from(host.target.id.0)));
        host.state_since = fixtures::ago(u64::from(host.target.id.0) * 700);
    }
    assert_eq!(order(&snapshot), ["c", "e", "b", "a", "d"]);
    let mended = [("a", Ok), ("b", Warning), ("c", Ok), ("d", Ok), ("e", Critical)];
    assert_eq!(order(&in_states(&mended)), ["e", "b", "a", "c", "d"]);
    // Somebody sees to it: it need not be found any more.
    let one = [("x", Ok), ("y", Critical)];
    assert_eq!(order(&in_states(&one)), ["y", "x"]);
    assert_eq!(order(&seen_to(in_states(&one), &[0], true)), ["x", "y"]);
}

/// Hosts in so many kinds of trouble at one of three sites.
fn troubled(kinds: &[(&'static str, &str)]) -> Snapshot {
    let mut snapshot = sites(3);
    for host in &mut snapshot.targets {
        let place = host.target.id.0;
        let host = Arc::make_mut(host);
        let healthy = fixtures::target(place, &host.target.name, "10.0.0.9");
        let target = Arc::clone(&host.target);
        *host = match usize::try_from(place).ok().and_then(|place| kinds.get(place)) {
            Some((rule, title)) => {
                let mut bad = fixtures::office_pc(place);
                bad.findings.truncate(1);
                for finding in &mut bad.findings {
                    finding.rule = RuleId(rule);
                    (*title).clone_into(&mut finding.title);
                }
                bad
            }
            None => healthy,
        };
        let mut target = Target::clone(&target);
        target.name = format!("rds-{place:02}");
        host.target = Arc::new(target);
    }
    snapshot
}

const KINDS: [(&str, &str); 6] = [
    ("port-closed", "port 3389 closed"),
    ("port-closed", "port 3389 closed"),
    ("tls-handshake-failed", "closes at the TLS handshake"),
    ("host-unreachable", "does not answer"),
    ("certificate-expired", "certificate expired 9 days ago"),
    ("rdp-silent", "accepts, says nothing"),
];

/// All but the title and the numbers of the causes was in ordinary letters, and cut where it was long.
#[test]
fn the_worst_three_of_a_site_are_told_whole_and_in_large_letters_where_there_is_room() {
    let snapshot = troubled(&KINDS);
    for (size, large) in [((80, 24), 1), ((120, 40), 3), ((200, 60), 3)] {
        let screen = dark(snapshot.clone(), size);
        let text = screen.text();
        let briefs = ["CLOSED", "TLS FAILS", "NO ANSWER", "EXPIRED", "RDP SILENT"];
        let shown = briefs.iter().filter(|brief| {
            let words = brief.split(' ').map(|word| Line::of(Role::Text, word));
            words
                .clone()
                .all(|word| (1..=2).any(|scale| says(&screen, &word, GlyphSet::Unicode, scale)))
        });
        assert!(shown.count() >= large, "{size:?}\n{text}");
        assert!(text.contains("rds-00 and 1 more: port 3389 closed"), "{size:?}\n{text}");
        let wall: Vec<&str> = text.lines().skip(3).collect();
        let tile = wall.iter().take_while(|line| !line.contains("ALERTS"));
        assert!(tile.clone().all(|line| !line.contains('\u{2026}')), "{size:?}\n{text}");
    }
}

#[test]
fn a_site_with_many_kinds_of_trouble() {
    for (width, height) in [(80, 24), (120, 40), (200, 60), (40, 12)] {
        let mut shown = Screen::new(troubled(&KINDS), width, height);
        shown.press("4");
        insta::assert_snapshot!(format!("wall_kinds_{width}x{height}"), shown.picture());
    }
}

/// The tile named one host, and its key opened another.
#[test]
fn the_key_of_a_tile_opens_the_host_that_it_names_first() {
    let mut kinds = KINDS.to_vec();
    // The oldest trouble is a host's own; what two share is named before it.
    kinds.rotate_left(2);
    let mut screen = dark(troubled(&kinds), (120, 40));
    assert!(screen.text().contains("rds-04 and 1 more: port 3389 closed"), "{}", screen.text());
    screen.press("l Enter");
    assert!(screen.text().contains("rds-04"), "{}", screen.text());
}
