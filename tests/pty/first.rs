//! The first minutes: nothing is configured.

use super::session::{Session, Setup};

const CONFIG: &str = ".config/rdpwatch/config.toml";
const RDG: &str = "<RDCMan><file><group><properties><name>Lab</name></properties>\
    <server><properties><displayName>front</displayName><name>127.0.0.1</name></properties>\
    <connectionSettings inherit=\"None\"><port>9</port></connectionSettings></server>\
    </group></file></RDCMan>";

fn paste(session: &mut Session, text: &str) {
    session.press(&format!("\x1b[200~{text}\x1b[201~"));
}

#[test]
fn a_typed_host_is_saved_when_told_so_and_there_at_the_next_start() {
    let mut session = Setup::watching(&[]).start();
    session.wait_for("Paste a list of hosts");
    session.wait_for("Ctrl-c quit");
    session.press("here=127.0.0.1:9\r");
    session.wait_for("into the configuration file?");
    session.wait_for(CONFIG);
    session.press("y");
    session.wait_for("here saved to config.toml");
    let said = session.read(CONFIG).expect("it was written");
    let expected = "# Imported from the dashboard.\n\n[[target]]\nname = \"here\"\n\
        host = \"127.0.0.1\"\nport = 9\n";
    assert_eq!(said, expected);
    session.wait("it is watched", |s| s.row("here").is_some());
    session.press("q");
    session.end().assert_code(0);
}

#[test]
fn a_pasted_list_is_watched_and_saved_only_when_told_so() {
    let mut session = Setup::watching(&[]).start();
    session.wait_for("Paste a list of hosts");
    paste(&mut session, "one=127.0.0.1:9\rtwo=127.0.0.1:10\r");
    session.wait_for("Write these 2 hosts into the configuration file?");
    session.press("n");
    session.wait("both", |s| s.row("one").is_some() && s.row("two").is_some());
    // Somebody who said no is not asked again.
    session.press("Athree=127.0.0.1:11\r");
    session.wait("the third", |s| s.row("three").is_some());
    assert!(!session.text().contains("into the configuration file?"), "{}", session.text());
    session.press("Aone=127.0.0.1:9\r");
    session.wait_for("1 is watched already");
    assert_eq!(session.read(CONFIG), None);
    session.press("q");
    session.end().assert_code(0);
}

#[test]
fn of_a_pasted_list_the_good_lines_are_watched_and_each_bad_one_is_mended_or_left_out() {
    let mut session = Setup::watching(&[]).start();
    session.wait_for("Paste a list of hosts");
    paste(&mut session, "one\t127.0.0.1\r\nme@host\r\ntwo=127.0.0.1:10\r\nthree=127.0.0.1:0\r\n");
    session.wait_for("line 2 was not taken, 1 more");
    session.wait_for("\"me\" looks like a user");
    session.wait_for("line   4  three=127.0.0.1:0");
    session.wait("the good ones", |s| s.row("one").is_some() && s.row("two").is_some());
    // Mended wrong, then right.
    session.press("\x15you@host\r");
    session.wait_for("\"you\" looks like a user");
    session.press("\x15four=127.0.0.1:11\r");
    session.wait_for("line 4 was not taken");
    session.press("\x15\r");
    session.wait_for("Write these 3 hosts into the configuration file?");
    session.press("y");
    session.wait_for("3 hosts saved to config.toml");
    let said = session.read(CONFIG).expect("it was written");
    assert!(said.contains("host = \"one\"\nexpect = [\"127.0.0.1\"]\n"), "{said}");
    assert!(said.contains("four") && !said.contains("three"), "{said}");
    session.press("q");
    session.end().assert_code(0);
}

/// The mended row was read without its heads: its other columns were gone.
#[test]
fn a_mended_row_of_a_pasted_table_keeps_its_group_and_its_mac() {
    let mut session = Setup::watching(&[]).start();
    session.wait_for("Paste a list of hosts");
    let rows = "one\t127.0.0.1\t9\tBerlin\t\r\ntwo\t127.0.0.1\t0\tWien\t02:11:22:33:44:55\r\n";
    paste(&mut session, &format!("name\thost\tport\tgroup\tmac\r\n{rows}"));
    session.wait_for("line 3 was not taken");
    session.wait_for("name,host,port,group,mac");
    session.wait_for("> two,127.0.0.1,0,Wien,02:11:22:33:44:55");
    // Mended wrong, then right.
    session.press("\x15two,127.0.0.1,99999,Wien,02:11:22:33:44:55\r");
    session.wait_for("99999");
    session.press("\x15two,127.0.0.1,10,Wien,02:11:22:33:44:55\r");
    session.wait_for("Write these 2 hosts into the configuration file?");
    session.press("y");
    session.wait_for("2 hosts saved to config.toml");
    let said = session.read(CONFIG).expect("it was written");
    for kept in ["Berlin", "Wien", "port = 10\n", "mac = \"02:11:22:33:44:55\""] {
        assert!(said.contains(kept), "{kept}: {said}");
    }
    session.press("q");
    session.end().assert_code(0);
}

#[test]
fn a_second_host_of_one_name_is_asked_about_however_it_comes() {
    let mut session = Setup::watching(&[]).start();
    session.wait_for("Paste a list of hosts");
    paste(&mut session, "wa=127.0.0.1:9\rwb=127.0.0.1:10\rwa=127.0.0.1:11\r");
    session.wait_for("line 3 was not taken");
    session.wait_for("another host is called \"wa\" (127.0.0.1)");
    session.press("\x15wc=127.0.0.1:11\r");
    session.wait_for("Write these 3 hosts into the configuration file?");
    session.press("n");
    session.wait("three", |s| ["wa", "wb", "wc"].iter().all(|name| s.row(name).is_some()));
    session.press("AWB=127.0.0.1:12\r");
    session.wait_for("another host is called \"WB\" (127.0.0.1)");
    session.press("\x15wd=127.0.0.1:12\r");
    session.wait("the fourth", |s| s.row("wd").is_some());
    session.press("q");
    session.end().assert_code(0);
}

#[test]
fn a_dropped_file_is_imported_and_a_broken_one_says_where() {
    let setup = Setup::watching(&[]).file("my lab.rdg", RDG).file("bad.rdg", "<RDCMan>\n<file>");
    let mut session = setup.start();
    session.wait_for("Paste a list of hosts");
    paste(&mut session, "bad.rdg");
    session.press("\r");
    session.wait_for("bad.rdg:2:7: the XML is broken");
    session.press("\x15");
    paste(&mut session, "'my lab.rdg'");
    session.press("\r");
    session.wait_for("into the configuration file?");
    session.press("y");
    session.wait_for("front saved to config.toml");
    let said = session.read(CONFIG).expect("it was written");
    assert!(said.starts_with("[group.\"Lab\"]\n") && said.contains("group = \"Lab\""), "{said}");
    session.wait("it is watched", |s| s.row("front").is_some());
    session.press("q");
    session.end().assert_code(0);
}

#[test]
fn one_key_at_a_time_is_taught_until_it_was_used() {
    let mut session = Setup::watching(&["127.0.0.1:9"]).start();
    session.wait_for("try Enter why and what to do");
    session.press("\r");
    session.wait_for("LADDER");
    session.press("\x1b");
    session.wait_for("try ? this help");
    session.press("?");
    session.wait_for("/ search");
    session.press("/magic");
    session.wait_gone("this help");
    session.press("\x1b");
    session.wait_for("this help");
    session.press("\x1b");
    session.wait_gone("this help");
    session.wait_for("try p probe now");
    session.press("q");
    session.end().assert_code(0);
}
