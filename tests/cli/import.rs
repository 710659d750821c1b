//! `import`: a difference that patch takes, and a file that is whole before and after.

use super::program::Home;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const OWN: &str =
    "# my hosts\ndeep = false   # no TLS\n\n[[target]] # the front desk\nhost = \"office-pc\"\n";
const RDG: &str = include_str!("../../fuzz/corpus/import/lab.rdg");
const CONFIG: &str = "config/rdpwatch/config.toml";

#[test]
fn without_write_a_difference_is_shown_and_nothing_is_written() {
    let home = Home::new();
    home.write(CONFIG, OWN);
    home.write("hosts", "10.0.0.21 office-pc\n10.0.0.31 rds-01\n");
    let done = home.run(&["import", "hosts"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let path = home.path().join(CONFIG);
    let expected = format!(
        "# hosts:1: \"office-pc\" (office-pc:3389) stands at {path}:4 as \"office-pc\"\n\
         --- {path}\n+++ {path}\n@@ -3,3 +3,9 @@\n \n [[target]] # the front desk\n \
         host = \"office-pc\"\n+\n+# Imported from hosts.\n+\n+[[target]]\n\
         +host = \"rds-01\"\n+expect = [\"10.0.0.31\"]\n",
        path = path.display()
    );
    assert_eq!(done.out, expected);
    let told = "rdpwatch: 1 to add, 1 there already; nothing was written: --write does that\n";
    assert_eq!(done.err, told);
    assert_eq!(fs::read_to_string(&path).expect("it is there"), OWN);
    if let Some(patched) = patched(OWN, &done.out) {
        let written = home.run(&["import", "--write", "hosts"]);
        assert_eq!(written.out, done.out);
        assert_eq!(fs::read_to_string(&path).expect("it is there"), patched);
    }
}

/// The text after `patch`, where this machine has it.
fn patched(text: &str, difference: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    fs::write(&file, text).expect("written");
    fs::write(folder.path().join("a.diff"), difference).expect("written");
    let input = fs::File::open(folder.path().join("a.diff")).expect("opened");
    let patch = Command::new("patch").arg(&file).stdin(input).stdout(Stdio::null()).status();
    assert!(patch.ok()?.success(), "patch does not take it");
    Some(fs::read_to_string(&file).expect("patched"))
}

#[test]
fn with_write_the_file_grows_and_a_second_time_changes_nothing() {
    let home = Home::new();
    let path = home.path().join(home.write(CONFIG, OWN));
    home.write("lab.rdg", RDG);
    let done = home.run(&["import", "lab.rdg", "--write"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(done.err, format!("rdpwatch: 3 hosts added to {}\n", path.display()));
    let after = fs::read_to_string(&path).expect("it is there");
    assert!(after.starts_with(OWN) && !after.contains("SECRET"), "{after}");
    assert!(home.run(&["config", "check"]).data().ends_with(": ok, 4 targets\n"));
    let again = home.run(&["import", "lab.rdg", "--write"]);
    assert_eq!(again.err, "rdpwatch: 0 to add, 3 there already; nothing was written\n");
    assert_eq!(fs::read_to_string(&path).expect("it is there"), after);
    assert_eq!(beside(&path), ["config.toml"]);
}

fn beside(path: &Path) -> Vec<String> {
    let folder = path.parent().expect("a folder");
    let names = fs::read_dir(folder).expect("read").map(|entry| entry.expect("read").file_name());
    names.map(|name| name.to_string_lossy().into_owned()).collect()
}

#[test]
fn without_a_configuration_one_is_made() {
    let home = Home::new();
    home.write("list.txt", "office-pc\nhome=10.0.0.5:3390#02:11:22:33:44:55\n");
    for arguments in [&["import", "list.txt"][..], &["import", "list.txt", "-c", "own.toml"]] {
        assert!(home.run(arguments).out.starts_with("--- /dev/null\n"));
    }
    assert!(!home.path().join("config").exists() && !home.path().join("own.toml").exists());
    let done = home.run(&["import", "list.txt", "-c", "own.toml", "--write"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(
        home.run(&["-c", "own.toml", "config", "check"]).data(),
        "own.toml: ok, 2 targets\n"
    );
}

#[cfg(unix)]
#[test]
fn links_and_rights_of_the_file_stay() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let real = home.write("dotfiles/rdpwatch.toml", OWN);
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).expect("set");
    let link = home.path().join("link.toml");
    std::os::unix::fs::symlink(&real, &link).expect("linked");
    home.write("list.txt", "rds-01\n");
    let done = home.run(&["-c", "link.toml", "import", "--write", "list.txt"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
    assert_eq!(fs::metadata(&real).expect("there").permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&real).expect("there").contains("rds-01"));
}

#[test]
fn what_cannot_be_taken_is_told_in_a_sentence_and_changes_nothing() {
    let home = Home::new();
    let config = home.write(CONFIG, OWN);
    home.write("good.txt", "rds-01\n");
    home.write("broken.rdg", "<RDCMan>\n<file></RDCMan>");
    home.write("secret.xml", "<Connections FullFileEncryption=\"true\">QUJD</Connections>");
    let huge = fs::File::create(home.path().join("huge.csv")).expect("made");
    huge.set_len(17 << 20).expect("sized");
    for (file, words) in [
        ("broken.rdg", "broken.rdg:2:7: the XML is broken"),
        ("secret.xml", "secret.xml:1:1: the whole file is encrypted"),
        ("huge.csv", "huge.csv: it is larger than 16 MiB, expected a list of hosts"),
        ("missing.rdg", "missing.rdg: cannot be read: "),
        (".", ".: cannot be read: "),
    ] {
        let sentence = home.run(&["import", "--write", "good.txt", file]).sentence(1);
        assert!(sentence.starts_with(words), "{file}: {sentence}");
        assert_eq!(fs::read_to_string(&config).expect("it is there"), OWN, "{file}");
    }
    assert!(home.run(&["import"]).err.contains("FILE"));
    home.write(CONFIG, "deep = maybe\n");
    let sentence = home.run(&["import", "--write", "good.txt"]).sentence(1);
    assert!(sentence.contains("config.toml:1:8"), "{sentence}");
}

#[test]
fn every_mistake_is_told_at_once_and_the_good_lines_are_taken_when_told_so() {
    let home = Home::new();
    let config = home.write(CONFIG, OWN);
    home.write("a.csv", "host,port\nrds-01,\npc,70000\n,3389\nrds-02,3390\n");
    home.write("b.txt", "wa=10.0.0.4\nwa=10.0.0.77\nwb=10.0.0.5\n");
    let mistakes = "rdpwatch: a.csv:3:1: port: \"70000\" is not a port, expected a number from 1 to \
                    65535\na.csv:4:1: host: the host is empty, expected a name or an address\n\
                    b.txt:2:1: another host is called \"wa\" (b.txt:1), expected a name of its \
                    own\n4 to add, 3 mistakes; nothing was written: mend the file, or leave that \
                    out with --skip-wrong\n";
    let dry = home.run(&["import", "a.csv", "b.txt"]);
    assert_eq!((dry.code, dry.err.as_str()), (Some(1), mistakes));
    for host in ["rds-01", "rds-02", "10.0.0.4", "10.0.0.5"] {
        assert!(dry.out.contains(&format!("+host = \"{host}\"\n")), "{host}: {}", dry.out);
    }
    assert!(dry.out.contains("# a.csv:3:1: port: ") && dry.out.contains("; left out\n"));
    assert!(!dry.out.contains("10.0.0.77\""), "{}", dry.out);
    let refused = home.run(&["import", "--write", "a.csv", "b.txt"]);
    assert_eq!((refused.code, refused.err.as_str(), refused.out.as_str()), (Some(1), mistakes, ""));
    assert_eq!(fs::read_to_string(&config).expect("it is there"), OWN);
    let done = home.run(&["import", "--write", "--skip-wrong", "a.csv", "b.txt"]);
    assert_eq!((done.code, done.out), (Some(0), dry.out));
    assert!(home.run(&["config", "check"]).data().ends_with(": ok, 5 targets\n"));
}

#[test]
fn of_very_many_mistakes_the_first_are_told_and_the_others_counted() {
    let home = Home::new();
    home.write("a.txt", &"pc:0\n".repeat(500));
    let done = home.run(&["import", "a.txt"]);
    assert_eq!(done.code, Some(1));
    assert_eq!(done.err.lines().count(), 22, "{}", done.err);
    assert!(done.err.contains("and 480 more mistakes\n0 to add, 500 mistakes; "), "{}", done.err);
}
