//! Targets changed and removed from the dashboard: the file says so, and history stays.

use super::session::Setup;

const CONFIG: &str = ".config/rdpwatch/config.toml";
const TEXT: &str = "# Ours.\n[group.office]\n\n[[target]]\nname = \"one\" # by hand\n\
    host = \"127.0.0.1\"\nport = 9\n\n# The second.\n[[target]]\nname = \"two\"\n\
    host = \"127.0.0.1\"\nport = 10\n";

#[test]
fn a_target_is_changed_and_one_removed_without_leaving() {
    let mut session = Setup::watching(&[]).file(CONFIG, TEXT).start();
    session.wait("both", |s| s.row("one").is_some() && s.row("two").is_some());
    session.press("/one\rc");
    session.wait_for("change one");
    // To the group, which is mistyped first.
    session.press("\t\t\toffce\r");
    session.wait_for("there is no \"offce\" yet, did you mean \"office\"?");
    assert_eq!(session.read(CONFIG).as_deref(), Some(TEXT), "nothing is written");
    session.press("\x15office\r");
    session.wait_for("one changed in config.toml");
    let said = session.read(CONFIG).expect("it is there");
    assert_eq!(said, TEXT.replace("port = 9\n", "port = 9\ngroup = \"office\"\n"));
    session.press("\x1b\x1b/two\r");
    session.wait("only two", |s| s.row("one").is_none() && s.row("two").is_some());
    session.press("D");
    session.wait_for("Remove two?");
    session.press("n");
    session.wait_gone("Remove two?");
    session.press("D");
    session.wait_for("Remove two?");
    session.press("y");
    session.wait_for("two removed from config.toml");
    session.wait("it is gone", |s| s.row("two").is_none());
    let said = session.read(CONFIG).expect("it is there");
    assert!(!said.contains("two") && !said.contains("The second") && said.contains("# by hand"));
    session.press("u");
    session.wait_for("undone: two removed");
    session.press("\x1b\x1b");
    session.wait("both", |s| s.row("one").is_some() && s.row("two").is_some());
    let said = session.read(CONFIG).expect("it is there");
    assert!(said.contains("# The second.") && said.contains("group = \"office\""), "{said}");
    // What somebody else wrote meanwhile stays, and undo says so.
    session.write(CONFIG, &format!("{said}# theirs\n"));
    for filter in ["\"two\" was cleared", "\"two\"", "\"one\" was cleared"] {
        session.press("u");
        session.wait_for(&format!("undone: the filter {filter}"));
    }
    session.press("u");
    session.wait_for("not undone: one changed in config.toml; somebody else changed the file");
    assert!(session.read(CONFIG).is_some_and(|said| said.ends_with("# theirs\n")));
    session.press("q");
    session.end().assert_code(0);
}

#[test]
fn read_only_changes_nothing_and_a_target_of_no_file_is_offered_to_be_saved() {
    let setup = Setup::watching(&[]).argument("--read-only").file(CONFIG, TEXT);
    let mut session = setup.start();
    session.wait("both", |s| s.row("one").is_some());
    session.press("c");
    session.wait_for("read-only: the configuration is not changed");
    // A host may be watched all the same, and nobody is asked to save it.
    session.press("Athree=127.0.0.1:11\r");
    session.wait("it is watched", |s| s.row("three").is_some());
    session.press("A\t");
    session.wait_for("read-only: the configuration is not changed");
    assert!(!session.text().contains("Save"), "{}", session.text());
    session.press("\x1b\x1bqq");
    assert_eq!(session.read(CONFIG).as_deref(), Some(TEXT));
    session.end().assert_code(0);
    let mut session = Setup::watching(&["here=127.0.0.1:9"]).start();
    session.wait("it is watched", |s| s.row("here").is_some());
    session.press("c");
    session.wait_for("into the configuration file?");
    session.press("y");
    session.wait_for("here saved to config.toml");
    session.press("c");
    session.wait_for("change here");
    session.press("\x1b");
    session.wait_gone("change here");
    session.press("q");
    session.end().assert_code(0);
}

#[test]
fn a_target_is_added_through_the_form_and_watched_at_once() {
    let mut session = Setup::watching(&[]).file(CONFIG, TEXT).start();
    session.wait("both", |s| s.row("one").is_some() && s.row("two").is_some());
    session.press("A127.0.0.1:11\t");
    session.wait_for("a new host");
    // Its name and a group that is mistyped first.
    session.press("three\t\t\toffce\r");
    session.wait_for("there is no \"offce\" yet, did you mean \"office\"?");
    session.press("\x15office\r");
    session.wait_for("three added to config.toml");
    let said = session.read(CONFIG).expect("it is there");
    let table = "\n[[target]]\nname = \"three\"\nhost = \"127.0.0.1\"\nport = 11\n";
    assert_eq!(said, format!("{TEXT}{table}group = \"office\"\n"));
    session.wait("three", |s| s.row("three").is_some());
    session.press("u");
    session.wait("without three", |s| s.row("three").is_none());
    assert_eq!(session.read(CONFIG).as_deref(), Some(TEXT));
    session.press("q");
    session.end().assert_code(0);
}

#[test]
fn undo_after_a_removal_and_a_save_ends_where_the_file_began() {
    let mut session = Setup::watching(&[]).file(CONFIG, TEXT).start();
    session.wait("both", |s| s.row("one").is_some() && s.row("two").is_some());
    session.press("/two\r");
    session.wait("only two", |s| s.row("one").is_none() && s.row("two").is_some());
    session.press("D");
    session.wait_for("Remove two?");
    session.press("y");
    session.wait("it is gone", |s| s.row("two").is_none());
    session.press("\x1b");
    session.wait("one again", |s| s.row("one").is_some());
    session.press("Athree=127.0.0.1:11\r");
    session.wait_for("Write three into the configuration file?");
    session.press("y");
    session.wait_for("three saved to config.toml");
    assert!(session.read(CONFIG).is_some_and(|said| said.contains("three")));
    session.press("u");
    session.wait_for("undone: three saved to config.toml; it is watched until you quit");
    session.press("u");
    session.wait_for("undone: three is watched no more");
    session.press("uu");
    session.wait_for("undone: two removed");
    assert_eq!(session.read(CONFIG).as_deref(), Some(TEXT));
    session.press("\x1b");
    session.wait("both", |s| s.row("one").is_some() && s.row("two").is_some());
    assert!(!session.text().contains("three"), "{}", session.text());
    session.press("q");
    session.end().assert_code(0);
}

#[test]
fn a_host_that_was_added_is_watched_no_more_after_undo() {
    let mut session = Setup::watching(&[]).file(CONFIG, TEXT).start();
    session.wait("both", |s| s.row("one").is_some() && s.row("two").is_some());
    session.press("Athree=127.0.0.1:port\r");
    session.wait_for("is not a port");
    // What was refused is not told of what is typed in its place.
    session.press("\x15three=127.0.0.1:11");
    session.wait_gone("is not a port");
    session.press("\r");
    session.wait_for("Write three into the configuration file?");
    session.wait_for("three is watched");
    session.press("n");
    session.wait("three", |s| s.row("three").is_some());
    session.press("u");
    session.wait_for("undone: three is watched no more");
    session.wait("without three", |s| s.row("three").is_none());
    session.press("u");
    session.wait_for("there is nothing to undo");
    assert_eq!(session.read(CONFIG).as_deref(), Some(TEXT));
    session.press("q");
    session.end().assert_code(0);
}

/// Its address is another, and so is its history; the line is the same to whoever looks at it.
#[test]
fn a_target_whose_address_was_corrected_stays_marked() {
    let mut session = Setup::watching(&[]).file(CONFIG, TEXT).start();
    session.wait("both", |s| s.row("one").is_some() && s.row("two").is_some());
    session.press("/two\r");
    session.wait("only two", |s| s.row("one").is_none());
    session.press("c");
    session.wait_for("change two");
    session.press("\t\x15127.0.9.77\r");
    session.wait_for("two changed in config.toml");
    session.wait("it is watched there and marked", |s| {
        s.row("two").is_some_and(|row| row.contains("127.0.9.77") && row.contains('\u{25b8}'))
    });
    session.press("q");
    session.end().assert_code(0);
}
