//! Files that cannot be played, each with its one sentence.

use super::*;
use proptest::prelude::*;
use std::sync::Arc;

fn refused(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

const HEAD: &str = "[[scenario]]\nname = \"x\"\nexpect = [{ findings = [] }]\n";

#[test]
fn each_mistake_is_told_with_its_line_and_the_nearest_word() {
    let round =
        |words: &str| refused(&format!("{HEAD}\n[[scenario.round]]\nat = \"1s\"\n{words}\n"));
    for (words, sentence) in [
        ("echo = \"losst\"", "line 5: echo: \"losst\" is not known here; did you mean \"lost\"?"),
        ("connect = \"opn\"", "line 5: connect: \"opn\" is not known here; did you mean \"open\"?"),
        ("tls = \"alert:x\"", "line 5: tls: \"x\" is not a TLS alert"),
        (
            "nla = \"chalenge\"",
            "line 5: nla: \"chalenge\" is not known here; did you mean \"challenge\"?",
        ),
        (
            "resolve = \"nxdomian\"",
            "line 5: resolve: \"nxdomian\" is not known here; did you mean \"nxdomain\"?",
        ),
        ("resolve = \"10.0.0.256\"", "line 5: resolve: \"10.0.0.256\" is not an address"),
        ("path = \"hole:1400\"", "line 5: path: \"1400\" is not PASSES/VANISHES"),
        ("echo = []", "line 5: a list without a word"),
        (
            "every = \"1y\"",
            "line 5: every: \"y\" is not known here, expected one of us, ms, s, m, h",
        ),
        ("echo = \"1ms\"\ntimes = 4000000000", "line 5: more than 200000 samples"),
    ] {
        assert_eq!(round(words), sentence, "{words}");
    }
    assert!(
        round("ecko = \"1ms\"").starts_with("line 7: unknown field `ecko`"),
        "{}",
        round("ecko = 1")
    );
    assert!(round("echo = 7").contains("a word, or a list of words"), "{}", round("echo = 7"));
}

#[test]
fn rules_and_severities_that_do_not_exist_are_refused() {
    let expect = |word: &str| {
        refused(&format!("[[scenario]]\nname = \"x\"\nexpect = [{{ findings = [\"{word}\"] }}]\n"))
    };
    assert_eq!(
        expect("packet-lost:warning"),
        "line 3: \"packet-lost\" is not known here; did you mean \"packet-loss\"?"
    );
    assert_eq!(
        expect("host-asleep:critical"),
        "line 3: \"critical\" is not known here, expected one of notice, warning"
    );
    assert_eq!(expect("packet-loss"), "line 3: \"packet-loss\" is not RULE:SEVERITY");
}

#[test]
fn an_incident_holds_its_numbers_to_its_crowd() {
    let incident = |words: &str| {
        refused(&format!(
            "[[incident]]\nname = \"x\"\n{words}\nexpect = [{{ at = \"1s\", alerts = [] }}]\n"
        ))
    };
    assert_eq!(incident("crowd = 0"), "line 1: crowd: 0 targets, expected 1 to 200");
    assert_eq!(
        incident("crowd = 3\nround = [{ at = \"1s\", hosts = \"2-3\", echo = \"1ms\" }]"),
        "line 4: hosts: there is no target 3, the last is 2"
    );
    assert_eq!(
        incident("crowd = 3\ntunnel_down = \"40s\""),
        "line 1: tunnel_down: \"40s\" is not FROM-UNTIL, such as 40s-60s"
    );
}

#[test]
fn a_file_without_anything_to_play_says_so() {
    assert_eq!(refused(""), "has neither a [[scenario]] nor an [[incident]]");
    assert_eq!(refused(&"#".repeat((1 << 20) + 1)), "longer than 1 MiB: no scenario file");
}

proptest! {
    /// Whatever stands in place of a word, the file is read or refused, and safe to show.
    #[test]
    fn any_word_is_read_or_refused(field in 0usize..12, word in "\\PC{0,24}|[a-z]{2,9}[:@>/=+][0-9a-f.:]{0,12}") {
        let fields = ["echo", "connect", "negotiate", "tls", "nla", "resolve", "gateway", "udp",
            "path", "socket", "sweep", "at"];
        let word = toml::Value::String(word);
        let text = format!("{HEAD}\n[[scenario.round]]\nat = \"1s\"\n{} = {word}\n", fields[field]);
        let text = if field == 11 { text.replacen("at = \"1s\"\n", "", 1) } else { text };
        if let Err(error) = read(&text) {
            let shown = error.to_string();
            prop_assert!(!shown.chars().any(char::is_control), "{shown:?}");
        }
    }
}

#[test]
fn the_log_of_an_unsteady_path_has_one_line_that_counts() {
    let scripts = read(include_str!("../../tests/incidents/path-unsteady.toml")).expect("a file");
    let mut play = Play::new(Arc::new(scripts.into_iter().next().expect("an incident")));
    play.advance(MonoTime::from_secs(1_190));
    let events = play.snapshot().events;
    let lines = |words: &str| -> Vec<&str> {
        let texts = events.iter().map(|event| event.text.as_str());
        texts.filter(|text| text.contains(words)).collect()
    };
    let silences = lines("fell silent together");
    assert_eq!(silences.len(), 3, "{silences:?}");
    assert!(silences.iter().any(|line| line.ends_with("times by now: the path is unsteady")));
    assert_eq!(lines("the path is back").len(), 2);
}

/// It stuck at "3 times by now", as no more of them lie within 20 minutes.
#[test]
fn the_log_counts_a_path_that_breaks_by_a_timer_to_the_end() {
    let scripts = read(include_str!("../../tests/incidents/path-timer.toml")).expect("a file");
    let mut play = Play::new(Arc::new(scripts.into_iter().next_back().expect("an incident")));
    play.advance(MonoTime::from_secs(2_150));
    let events = play.snapshot().events;
    let texts = events.iter().map(|event| event.text.as_str());
    let lines: Vec<&str> = texts.filter(|text| text.contains("fell silent together")).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines.iter().any(|line| line.contains(", 5 times by now")), "{lines:?}");
}
