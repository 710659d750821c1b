//! What the keys lead to.

use super::session::{Session, Setup};

/// Every watched host of the demonstration.
const HOSTS: &[&str] = &[
    "rds-01",
    "rds-02",
    "rds-03",
    "rds-07",
    "rds-08",
    "rds-09",
    "rds-10",
    "files-01",
    "vie-rds-01",
    "vie-rds-02",
    "vie-rds-03",
    "vie-branch",
    "vie-legacy",
    "vie-rds-06",
    "vie-rds-07",
    "home-pc",
    "fin-pc-07",
    "dev-pc-12",
];

/// The demonstration with its table on the screen.
fn table() -> Session {
    table_of(Setup::demo())
}

fn table_of(setup: Setup) -> Session {
    let mut session = setup.start();
    session.wait("every host", |s| HOSTS.iter().all(|host| s.row(host).is_some()));
    session
}

/// The demonstration with one host on the screen, looked at in detail.
pub(crate) fn detail(setup: Setup, host: &str) -> Session {
    let mut session = table_of(setup);
    narrow(&mut session, host);
    session.press("\r");
    session.wait_for("HOW IT ENDED");
    session
}

/// Narrows the table to what matches `text`.
pub(crate) fn narrow(session: &mut Session, text: &str) {
    session.press("/");
    session.wait_for("of 18 ");
    session.press(text);
    session.wait("only what matches", |s| {
        HOSTS.iter().all(|host| s.row(host).is_some() == host.contains(text))
    });
    session.press("\r");
}

/// The hosts of the table, from above.
fn order(session: &Session) -> Vec<&'static str> {
    let place = |host: &&str| {
        let row = session.row(host)?;
        session.rows().iter().position(|other| *other == row)
    };
    let mut shown: Vec<&str> = HOSTS.iter().copied().filter(|h| place(h).is_some()).collect();
    shown.sort_by_key(place);
    shown
}

#[test]
fn the_table_shows_every_host_and_finds_their_causes() {
    let mut session = table();
    assert!(session.screen().alternate_screen() && session.screen().hide_cursor());
    assert!(session.text().contains("simulated: "), "{}", session.text());
    for (host, rule) in [
        ("files-01", "port-closed"),
        ("rds-09", "certificate-missing"),
        ("vie-rds-02", "tls-handshake-failed"),
    ] {
        session.wait(host, |s| s.row(host).is_some_and(|row| row.contains("high")));
        narrow(&mut session, host);
        session.press("\r");
        session.wait_for("HOW IT ENDED");
        session.wait_for(&format!("\u{2716} {rule} "));
        session.press("\x1b");
        session.wait_gone("HOW IT ENDED");
        session.press("\x1b");
        session.wait_for("rds-01");
    }
    for host in ["rds-01", "rds-02", "rds-03", "vie-rds-01"] {
        session.wait(host, |s| s.row(host).is_some_and(|row| row.contains("none")));
    }
    session.press("q");
    session.end().assert_code(0);
}

#[test]
fn esc_goes_back_and_never_quits() {
    let mut session = detail(Setup::demo(), "rds-01");
    assert!(session.text().contains("rds-01.demo.test:"), "{}", session.text());
    session.press("\x1b");
    session.wait_gone("HOW IT ENDED");
    session.wait("still narrowed", |s| s.row("rds-02").is_none());
    session.press("\x1b");
    session.wait("the whole table", |s| s.row("rds-02").is_some());
    session.press("k?");
    session.wait_for("\u{2500} keys \u{2500}");
    session.press("\x1b");
    session.wait_gone("\u{2500} keys \u{2500}");
    session.press("q");
    session.end().assert_code(0);
}

#[test]
fn help_names_the_keys_of_every_screen() {
    let mut session = table();
    session.press("?");
    for words in ["TABLE", "DETAIL", "EVERYWHERE", "command line"] {
        session.wait_for(words);
    }
    session.press("/pause\r");
    session.wait_for("pause the screen; probing goes on");
    session.press("\x1b");
    session.wait_gone("pause the screen; probing goes on");
    session.press("G");
    session.wait_for("NUMBERS");
    session.press("q");
    session.wait_gone("NUMBERS");
    session.wait("the table behind it", |s| s.row("rds-01").is_some());
}

#[test]
fn the_filter_narrows_while_it_is_typed_and_esc_takes_it_back() {
    let mut session = table();
    session.press("/vie-");
    session.wait("Vienna", |s| order(s).len() == 7 && s.row("rds-01").is_none());
    session.press("leg");
    session.wait("one", |s| order(s) == ["vie-legacy"]);
    session.press("\x1b");
    session.wait("all", |s| order(s).len() == HOSTS.len());
    session.press("/q\r");
    session.wait("none", |s| order(s).is_empty());
    session.press("\x1b");
    session.wait("all", |s| order(s).len() == HOSTS.len());
}

#[test]
fn the_table_is_sorted_by_another_column_and_turned_round() {
    let mut session = table();
    session.press("s");
    let mut by_name = HOSTS.to_vec();
    by_name.sort_unstable();
    session.wait("by name", |s| order(s) == by_name);
    session.press("I");
    by_name.reverse();
    session.wait("backwards", |s| order(s) == by_name);
}

#[test]
fn a_finding_is_explained_with_every_remedy() {
    let mut session = detail(Setup::demo(), "files-01");
    session.wait_for("port-closed");
    session.press("x");
    session.wait_for("files-01: why, and every remedy");
    session.wait_for("WHAT TO DO, SAFE FIRST");
    session.wait_for("Esc close");
    session.press("\x1b");
    session.wait_gone("Esc close");
}

#[test]
fn a_ticket_is_shown_and_copied_through_the_terminal() {
    let mut session = detail(Setup::demo(), "files-01");
    session.wait_for("port-closed");
    session.press("o");
    session.wait_for("files-01: text for a ticket");
    session.wait_for("State:            critical since");
    session.press("y");
    session.wait_for("sent to the terminal's clipboard");
    let shown = clipboard(session.bytes());
    assert!(shown.contains("files-01.demo.test") && shown.contains("port-closed"), "{shown}");
    session.press("\x1b");
    session.wait_gone("text for a ticket");
    session.press("y");
    session.wait_for("files-01: ticket text sent to the terminal's clipboard");
    assert!(clipboard(session.bytes()).contains("Remote Desktop: files-01"));
}

/// The text last sent to the clipboard (OSC 52).
fn clipboard(bytes: &[u8]) -> String {
    let start = b"\x1b]52;c;";
    let from = bytes.windows(start.len()).rposition(|at| at == start).expect("OSC 52");
    let sent = &bytes[from + start.len()..];
    let sent = &sent[..sent.iter().position(|byte| *byte == 7).expect("its end")];
    let mut text = Vec::new();
    let mut bits = 0_u32;
    for (place, byte) in (1..).zip(sent.iter().filter(|byte| **byte != b'=')) {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let digit = alphabet.iter().position(|known| known == byte).expect("base64");
        bits = bits << 6 | u32::try_from(digit).expect("six bits");
        let spare = match place % 4 {
            1 => continue,
            2 => 4,
            3 => 2,
            _ => 0,
        };
        text.push(u8::try_from(bits >> spare & 0xff).expect("a byte"));
    }
    String::from_utf8(text).expect("text")
}

#[test]
fn a_long_paste_is_taken_and_the_next_key_too() {
    let mut session = table();
    session.press("/");
    session.wait_for("of 18 ");
    session.press(&format!("\x1b[200~{}\x1b[201~", "x".repeat(5_000)));
    session.wait("nothing matches", |s| order(s).is_empty());
    session.press("\x1b");
    session.wait("all", |s| order(s).len() == HOSTS.len());
}

#[test]
fn a_drop_that_another_process_or_a_key_marks_is_on_the_event_log() {
    let mut session = Setup::watching(&["here=127.0.0.1:9"]).start();
    session.wait("it is watched", |s| s.row("here").is_some_and(|r| r.contains("127.0.0.1")));
    let said = session.beside(&["mark", "HERE", "the", "VPN", "went"]);
    assert!(said.starts_with("marked ") && said.contains("HERE the VPN went"), "{said}");
    assert!(said.contains("\n  tunnel: no change\n"), "it answers: {said}");
    session.press("3");
    session.wait_for("marked: the session dropped; the VPN went");
    session.wait_for("about the mark: tunnel: no change");
    session.press("1!3");
    session.wait("the key marks too", |s| {
        s.rows()
            .iter()
            .any(|row| row.trim_end().ends_with("here              marked: the session dropped"))
    });
    session.press("q");
    session.end().assert_code(0);
}
