//! The screen as a file: written once, never over another.

use super::session::Setup;

#[test]
fn the_screen_and_its_targets_are_written_to_new_files() {
    let mut session = Setup::watching(&["here=127.0.0.1:9"]).start();
    session.wait("it is watched", |s| s.row("here").is_some());
    session.press("E");
    session.wait_for("write the screen to a file");
    session.press("\x15a.txt\r");
    session.wait_for("saved to a.txt");
    let said = session.read("a.txt").expect("written");
    assert!(said.contains("TARGET") && said.contains("here"), "{said}");
    assert!(!said.contains('\x1b') && !said.contains("write the screen"), "{said}");
    session.press("E\x15a.txt\r");
    session.wait_for("a.txt is there already and was left as it is");
    session.press("\x15b.xml\r");
    session.wait_for("expected an end in .txt, .html, .json or .csv");
    session.press("\x15b.json\r");
    session.wait_for("saved to b.json");
    let json = session.read("b.json").expect("written");
    assert!(json.contains("\"schema\": \"rdpwatch.check/1\"") && json.contains("\"here\""));
    session.press("E\x15c.csv\r");
    session.wait_for("saved to c.csv");
    let csv = session.read("c.csv").expect("written");
    assert!(csv.lines().nth(1).is_some_and(|row| row.starts_with("here,127.0.0.1,9,")), "{csv}");
    session.press("E\x15d.html\r");
    session.wait_for("saved to d.html");
    assert!(session.read("d.html").is_some_and(|page| page.starts_with("<!doctype html>")));
    session.press("q");
    session.end().assert_code(0);
}
