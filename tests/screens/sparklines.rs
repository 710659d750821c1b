//! Sparklines: they scroll, and on a terminal that cannot keep up they are overwritten in place.

use super::fixtures::{self, NOW, ms};
use super::support::Screen;
use rdpwatch::domain::sample::EchoMethod;
use rdpwatch::domain::snapshot::{SPARK_SLOTS, Snapshot};
use rdpwatch::domain::stats::Spark;
use rdpwatch::domain::time::{MonoTime, Now};
use rdpwatch::ui::pace::Pace;
use rdpwatch::ui::terminal;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

/// The first second that is shown.
const START: u64 = 10_000;

/// What a host answered in a second: most differ from the one before, some are lost, and some are
/// not known.
fn answer(host: u64, second: u64) -> Spark {
    let mixed = (host * 7_919 + second).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    match mixed % 100 {
        0..4 => Spark::Lost,
        4..6 => Spark::Blank,
        // A scale on which each step doubles: three steps are in use.
        more if more % 3 == 0 => Spark::Rtt(ms(3.0)),
        more if more % 3 == 1 => Spark::Rtt(ms(8.0)),
        _ => Spark::Rtt(ms(15.0)),
    }
}

/// Hosts that answer so, as seen in this second.
fn world(hosts: u32, second: u64) -> Snapshot {
    let targets = (0..hosts).map(|id| {
        let mut host = fixtures::target(id, &format!("host-{id:02}"), "10.0.0.9");
        host.at = Now { mono: MonoTime::from_secs(second), wall: NOW };
        let seconds = second + 1 - SPARK_SLOTS as u64..=second;
        host.spark = seconds.map(|second| answer(u64::from(id), second)).collect();
        host
    });
    fixtures::snapshot(targets.collect())
}

/// A terminal that took this long for a frame.
fn pace(took: Duration) -> Pace {
    let mut pace = Pace::new(10);
    pace.wrote(took);
    pace
}

const FAST: Duration = Duration::from_millis(1);
const SLOW: Duration = Duration::from_millis(300);

/// The cells of the sparkline of a host.
fn cells(screen: &Screen, host: &str) -> Vec<char> {
    let text = screen.text();
    let line = |wanted: &str| {
        let found = text.lines().find(|line| line.contains(wanted));
        found.unwrap_or_else(|| panic!("{wanted}\n{text}")).chars().collect::<Vec<char>>()
    };
    let heading: String = line("TARGET").iter().collect();
    let (before, rest) = heading.split_once("LAST ").expect("a heading");
    let (_, behind) = rest.split_once("DPTXSNU").expect("the ladder");
    let begin = before.chars().count();
    let end = heading.chars().count() - behind.chars().count() - "DPTXSNU".len() - 1;
    line(host).into_iter().take(end).skip(begin).collect()
}

#[test]
fn they_scroll_on_a_fast_terminal_and_stand_still_on_a_slow_one() {
    let mut screen = Screen::new(world(3, START), 80, 24);
    let mut shown = |took: Duration, second: u64| {
        screen.dashboard.set_snapshot(Arc::new(world(3, second)));
        screen.dashboard.keep_pace(&pace(took));
        cells(&screen, "host-01")
    };
    let width = shown(FAST, START).len();
    assert!(width >= 20, "{width}");
    let glyph = |second: u64| match answer(1, second) {
        Spark::Lost => '\u{d7}',
        Spark::Blank => ' ',
        Spark::Late => '~',
        Spark::Rtt(rtt) if rtt < ms(4.0) => '\u{2581}',
        Spark::Rtt(rtt) if rtt < ms(9.0) => '\u{2582}',
        Spark::Rtt(_) => '\u{2583}',
    };
    for second in START..START + 2 * width as u64 {
        let scrolled: Vec<char> = (second + 1 - width as u64..=second).map(glyph).collect();
        assert_eq!(shown(FAST, second), scrolled, "{second}");
        // In place: cell x holds the second that belongs there, lost and unknown ones as well; the
        // cell behind the newest is blank and nothing else is.
        let still = shown(SLOW, second);
        let wide = width as u64;
        for (x, found) in (0..wide).zip(&still) {
            let mut known = second + 2 - wide..=second;
            let wanted = known.find(|known| known % wide == x).map_or(' ', glyph);
            assert_eq!(*found, wanted, "{second}: cell {x} of {still:?}");
        }
    }
}

#[test]
fn the_heading_and_the_banner_say_how_it_goes() {
    let mut screen = Screen::new(world(3, START), 120, 40);
    assert!(screen.text().contains("LAST 23 S"), "{}", screen.text());
    screen.dashboard.keep_pace(&pace(SLOW));
    let text = screen.text();
    assert!(text.contains("LAST 22 S"), "{text}");
    assert!(text.contains("slow terminal"), "{text}");
    screen.press("?");
    screen.press("/");
    screen.type_text("slow terminal");
    assert!(screen.text().contains("stand still"), "{}", screen.text());
}

#[test]
fn a_chart_is_drawn_from_left_to_right_however_slow_the_terminal_is() {
    let picture = |took| {
        let mut screen = Screen::new(world(3, START), 120, 40);
        screen.dashboard.keep_pace(&pace(took));
        screen.press("2");
        let text = screen.text();
        text.lines().skip(3).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(picture(FAST), picture(SLOW), "no line goes over a seam");
}

/// Bytes of the frames of a minute, a frame a second.
fn bytes(took: Duration, hosts: u32) -> usize {
    let mut screen = Screen::new(world(hosts, START), 200, 60);
    screen.dashboard.keep_pace(&pace(took));
    let mut out = Vec::new();
    for second in START..=START + 60 {
        screen.dashboard.set_snapshot(Arc::new(world(hosts, second)));
        if second == START + 1 {
            // The first frame is all of the screen, either way.
            out.clear();
        }
        if let Some(frame) = screen.dashboard.frame(NOW) {
            terminal::encode(&frame, &mut out).expect("a vector takes everything");
        }
    }
    out.len()
}

#[test]
fn overwriting_takes_a_fraction_of_the_bytes_of_scrolling() {
    let (scrolled, still) = (bytes(FAST, 50), bytes(SLOW, 50));
    let told = format!("50 hosts at 200x60, bytes/s: {} and {}", scrolled / 60, still / 60);
    writeln!(std::io::stderr(), "{told}").expect("told");
    assert!(still * 4 < scrolled, "{still} of {scrolled}");
}

#[test]
fn the_table_says_where_echo_goes_over_tcp() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut snapshot = fixtures::healthy();
        let heading = |snapshot: &Snapshot| {
            let text = Screen::new(snapshot.clone(), width, height).text();
            let line = text.lines().find(|line| line.contains("LAST ")).map(str::to_owned);
            line.unwrap_or_else(|| panic!("{text}"))
        };
        assert!(!heading(&snapshot).contains("TCP"));
        for (place, words) in [(0, " S, SOME TCP"), (8, " S, TCP")] {
            for host in snapshot.targets.iter_mut().take(place.max(1)) {
                Arc::make_mut(host).echo_minute.method = Some(EchoMethod::Tcp);
            }
            assert!(heading(&snapshot).contains(words), "{}", heading(&snapshot));
        }
    }
}
