//! What it looks like where colours or characters are wanting.

use super::session::{Ended, Setup};

/// Every screen of the demonstration, then the end.
fn tour(setup: Setup) -> Ended {
    let mut session = setup.start();
    session.wait("a verdict", |s| s.row("files-01").is_some_and(|row| row.contains("high")));
    session.press("\r");
    session.wait_for("HOW IT ENDED");
    session.press("3");
    session.wait_gone("HOW IT ENDED");
    session.press("1?");
    session.wait_for(" keys ");
    session.press("q");
    session.wait("the table", |s| s.row("rds-01").is_some() && !s.text().contains(" keys "));
    session.press("q");
    let ended = session.end();
    ended.assert_code(0);
    ended.assert_restored();
    ended
}

/// The parameters of every SGR sequence (ECMA-48 8.3.117).
fn sgr(written: &str) -> Vec<&str> {
    let sequences = written.split("\x1b[").skip(1);
    sequences
        .filter_map(|rest| {
            let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
            (rest.get(end..=end) == Some("m")).then(|| &rest[..end])
        })
        .collect()
}

/// Whether an SGR sequence sets a colour: 30 to 49, 58, 59, 90 to 107, but for the defaults.
fn colours(parameters: &str) -> bool {
    let number = |text: &str| text.parse::<u8>().unwrap_or(0);
    parameters
        .split([';', ':'])
        .map(number)
        .any(|number| matches!(number, 30..=38 | 40..=48 | 58 | 90..=107))
}

#[test]
fn ascii_writes_nothing_else() {
    let ended = tour(Setup::demo().argument("--ascii"));
    let odd: String = ended.written().chars().filter(|c| !c.is_ascii()).collect();
    assert_eq!(odd, "");
}

#[test]
fn colours_are_used_unless_unwanted() {
    let ended = tour(Setup::demo());
    assert!(sgr(&ended.written()).into_iter().any(colours));
}

#[test]
fn no_colour_means_none() {
    for setup in [
        Setup::demo().variable("NO_COLOR", "1"),
        Setup::demo().argument("--no-color"),
        Setup::demo().variable("RDPWATCH_NO_COLOR", "1"),
    ] {
        let ended = tour(setup);
        let written = ended.written();
        let coloured: Vec<&str> = sgr(&written).into_iter().filter(|p| colours(p)).collect();
        assert!(coloured.is_empty(), "{coloured:?}");
    }
}

#[test]
fn an_empty_no_color_does_not_count() {
    let ended = tour(Setup::demo().variable("NO_COLOR", ""));
    assert!(sgr(&ended.written()).into_iter().any(colours));
}

#[test]
fn every_theme_starts() {
    for theme in rdpwatch::ui::theme::Theme::names() {
        let mut session = Setup::demo().argument("--theme").argument(theme).start();
        session.wait(theme, |s| s.row("rds-01").is_some());
        session.press("q");
        session.end().assert_code(0);
    }
}

#[test]
fn a_dumb_terminal_is_no_reason_to_fail() {
    let ended = tour(Setup::demo().variable("TERM", "dumb"));
    let written = ended.written();
    let beyond = written.chars().find(|c| !c.is_ascii());
    assert_eq!(beyond, None, "only ASCII");
    assert!(!sgr(&written).into_iter().any(colours), "and no colour");
}

/// A file of measurements on the screen, on its own time, until that stands still.
#[test]
fn a_scenario_is_played_on_the_dashboard_and_says_that_it_is_one() {
    let file = "[[incident]]\nname = 'the way is down'\ncrowd = 3\ncontrols = ['10.0.0.1']\n\
        [[incident.round]]\nat = '1s'\ntimes = 60\necho = '20ms'\n\
        [[incident.round]]\nat = '61s'\ntimes = 30\necho = 'lost'\n\
        [[incident.expect]]\nat = '90s'\nalerts = ['path-outage:critical']\n";
    let mut session = Setup::new(&["demo", "--scenario", "way.toml", "--speed", "60"])
        .file("way.toml", file)
        .sized(120, 30)
        .start();
    session.wait_for("simulated: everything");
    session.wait_for("read-only");
    session.wait_for("host-0 fell silent with 2 other hosts");
    session.press("q");
    session.end().assert_code(0);
}

#[test]
fn a_screen_of_ones_own() {
    let config = "[ui]\nview = 'wall'\ncolumns = ['risk', 'target', 'p95']\nkeymap = 'keys.toml'\n\
                  theme = './plain.toml'\n[[target]]\nname = 'pc'\nhost = '127.0.0.1'\nport = 9\n";
    let mut session = Setup::watching(&[])
        .file(".config/rdpwatch/config.toml", config)
        .file(".config/rdpwatch/keys.toml", "global = [{ on = ['X'], run = 'view-table' }]")
        .file(".config/rdpwatch/plain.toml", "name = 'plain'\n[roles]\n'text' = { fg = 'red' }\n")
        .start();
    session.wait_for("1 host");
    assert!(session.text().contains("\u{2588}\u{2588}"), "large letters: {}", session.text());
    session.press("X");
    session.wait("the chosen columns", |session| {
        let rows = session.rows();
        rows.iter().any(|row| row.split_whitespace().eq(["RISK\u{2193}", "TARGET", "P95"]))
    });
    session.press("q");
    session.end().assert_code(0);
}
