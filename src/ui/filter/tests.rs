use super::*;
use crate::ui::prompt::Offer;
use proptest::prelude::*;

fn fault(text: &str) -> Option<String> {
    Filter::parse(text).fault().map(ToString::to_string)
}

#[test]
fn what_may_still_become_something_is_no_fault() {
    for fine in [
        "",
        "-",
        "!",
        "\"",
        "\"two wo",
        "berlin",
        "state:",
        "state:crit",
        "state:CRITICAL",
        "state:maint",
        "state=ok",
        "state!=ok",
        "group:any thing",
        "group:\"any thing\"",
        "finding:dns-*",
        "finding:*slow*",
        "finding:wifi",
        "risk:hi",
        "fd00::21",
        "::1",
        "fe80::1%eth0",
        "10.0.0.21:3389",
        "pc:3389",
        "02:11:22",
        "loss>",
        "loss>=",
        "loss!",
        "loss>2",
        "loss>2%",
        "loss>=0.5",
        "loss=0",
        "loss!=0",
        "rtt>50m",
        "rtt>50ms",
        "cert<-",
        "cert<-3",
        "cert<14d",
        "loss>2.",
        "loss-all>1",
        "!loss>2",
        "-state:ok",
        "\"a>b\"",
    ] {
        assert_eq!(fault(fine), None, "{fine}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_column_and_the_nearest() {
    for (text, told) in [
        ("stat:ok", "column 1: no key \"stat\", did you mean \"state\"?"),
        ("berlin grp:a", "column 8: no key \"grp\", did you mean \"group\"?"),
        ("!grp:a", "column 2: no key \"grp\", did you mean \"group\"?"),
        ("los>2", "column 1: no key \"los\", did you mean \"loss\"?"),
        ("state:criticl", "column 7: no state \"criticl\", did you mean \"critical\"?"),
        ("a -risk:x", "column 9: no risk \"x\", there are none, low, elevated, high, unknown"),
        (
            "foo:bar",
            "column 1: no key \"foo\", there are state, group, finding, risk, loss, loss-all, rtt, median, p95, jitter, cert",
        ),
        ("loss >2", "column 6: no blank before \">\", write loss>2"),
        ("loss >", "column 6: no blank before \">\", write loss>2"),
        ("loss> 2", "column 7: no blank behind \">\", write loss>2"),
        ("state: ok", "column 8: no blank behind \":\", write state:ok"),
        ("loss 2", "column 6: a sign is missing before it, write loss>2"),
        ("pc cert 14d", "column 9: a sign is missing before it, write cert<14d"),
        ("state critical", "column 7: a sign is missing before it, write state:critical"),
        ("pc >2", "column 4: what is compared stands before \">\": loss>2"),
        ("| pc", "column 1: \"|\" stands between two: state:critical | loss>2"),
        ("a | | pc", "column 5: \"|\" stands between two: state:critical | loss>2"),
        (
            "state:critical,warning",
            "column 7: one of several is written state:critical | state:warning",
        ),
        ("risk:hihg", "column 6: no risk \"hihg\", did you mean \"high\"?"),
        ("finding:dns-slw", "column 9: no finding \"dns-slw\", did you mean \"dns-slow\"?"),
        ("loss:2", "column 5: \"loss\" is compared with a number: loss>2"),
        ("state>ok", "column 6: \"state\" is a word and not compared: state:critical"),
        ("loss>much", "column 6: \"much\" is no number of %"),
        ("rtt>5%", "column 5: \"5%\" is no number of ms"),
        ("cert>=1e9", "column 7: \"1e9\" is no number of d"),
        ("p95>1.2.3", "column 5: \"1.2.3\" is no number of ms"),
    ] {
        assert_eq!(fault(text).as_deref(), Some(told));
    }
    assert!(fault(&format!("x{}:y", "z".repeat(500))).is_some_and(|told| told.len() < 200));
}

#[test]
fn a_blank_behind_a_not_is_a_fault_and_never_the_opposite_filter() {
    for (text, told) in [
        ("! state:ok", "column 2: no blank before what is not wanted, write !state:ok"),
        ("- state:ok", "column 2: no blank before what is not wanted, write !state:ok"),
        ("pc !  group:lab", "column 5: no blank before what is not wanted, write !group:lab"),
        ("- x", "column 2: no blank before what is not wanted, write !x"),
        ("pc ! | x", "column 5: a word belongs behind it: !state:ok"),
        ("state: | x", "column 7: a state is missing: state:critical"),
    ] {
        assert_eq!(fault(text).as_deref(), Some(told), "{text}");
        let nothing = |way: &Vec<Term>| way.iter().any(|term| term.test == Test::Nothing);
        assert!(Filter::parse(text).ways.iter().any(nothing), "{text}");
    }
    assert_eq!(fault("\"\" pc"), None, "empty quotes ask for nothing");
}

#[test]
fn what_is_not_finished_is_not_taken() {
    let refused = |text: &str| {
        let mut filter = Filter::parse(text);
        assert_eq!(filter.fault(), None, "{text}");
        assert!(!filter.finish(), "{text}");
        filter.fault().map(ToString::to_string)
    };
    for (text, told) in [
        ("rtt<", "column 5: a number is missing: rtt>50"),
        ("pc cert<-", "column 9: a number is missing: cert<14"),
        ("state:", "column 7: a state is missing: state:critical"),
        ("!", "column 2: a word belongs behind it: !state:ok"),
        ("state:ok |", "column 10: what else? state:critical | loss>2"),
        ("state:ok or", "column 10: what else? state:critical | loss>2"),
    ] {
        assert_eq!(refused(text).as_deref(), Some(told), "{text}");
    }
    for taken in ["", "or", "rtt<5", "\"or\"", "pc \"or\"", "\"\"", "a or b", "a || b"] {
        assert!(Filter::parse(taken).finish(), "{taken}");
    }
}

#[test]
fn what_looks_like_a_filter_of_elsewhere_is_told_and_never_taken_as_text() {
    for (text, told) in [
        ("(a|b)", "column 1: there are no brackets: a b | a c; as text they stand in quotes"),
        (
            "state:(ok|warning)",
            "column 7: there are no brackets: a b | a c; as text they stand in quotes",
        ),
        ("!(state:ok)", "column 2: there are no brackets: a b | a c; as text they stand in quotes"),
        ("not state:ok", "column 1: not is written !, as in !state:ok"),
        ("not ssh", "column 1: not is written !, as in !ssh"),
        ("!(ssh)", "column 2: there are no brackets: a b | a c; as text they stand in quotes"),
        ("(ssh", "column 1: there are no brackets: a b | a c; as text they stand in quotes"),
        ("finding:nonsense", "column 9: no finding \"nonsense\"; Tab behind finding: lists all"),
        ("finding:expird", "column 9: no finding \"expird\"; Tab behind finding: lists all"),
        (
            "finding:expired",
            "column 9: no finding \"expired\", did you mean \"certificate-expired\"?",
        ),
    ] {
        assert_eq!(fault(text).as_deref(), Some(told), "{text}");
    }
    let place = |text: &str| Filter::parse(text).stranger(&[]).map(|fault| fault.to_string());
    let keys =
        "there are state, group, finding, risk, loss, loss-all, rtt, median, p95, jitter, cert";
    assert_eq!(place("port:9"), Some(format!("column 1: no key \"port\", {keys}")));
    assert_eq!(
        place("pc !los:2").as_deref(),
        Some("column 5: no key \"los\", did you mean \"loss\"?")
    );
    for text in ["fd00::21", "10.0.0.21:3389", "[fd00::21]:3389", "fe80::1%eth0", "02:11:22:33"] {
        assert_eq!((fault(text), place(text)), (None, None), "{text}");
    }
    let mut open = Filter::parse("pc \"two wo");
    assert_eq!(open.unfinished().map(|fault| fault.column), Some(4));
    assert!(!open.finish());
    for text in ["\"loss\" 2", "loss \"2\"", "group berlin", "loss rack"] {
        assert_eq!(fault(text), None, "{text}");
    }
    for text in
        ["office (old)", "a and b", "a && b", "\"(a|b)\"", "\"not\" rdp", "not", "not | rdp"]
    {
        assert!(Filter::parse(text).finish(), "{text}");
    }
    assert_eq!(Filter::parse("a|b").ways.len(), 2);
    assert_eq!(Filter::parse("a and b").ways.concat().len(), 2);
}

#[test]
fn a_star_stands_for_anything_and_quotes_take_its_meaning() {
    let pattern = |text: &str| Pattern::of(&text.chars().map(|c| (c, false)).collect::<Vec<_>>());
    for (written, text, is) in [
        ("dns-*", "dns-slow", true),
        ("dns-*", "a-dns-slow", false),
        ("*slow", "dns-slow", true),
        ("*slow", "slower", false),
        ("d*s*w", "dns-slow", true),
        ("a*a", "a", false),
        ("*", "", true),
        ("", "", true),
        ("exact", "exactly", false),
    ] {
        assert_eq!(pattern(written).is(text), is, "{written} {text}");
    }
    let quoted = Pattern::of(&[('*', true), ('a', false)]);
    assert!(quoted.is("*a") && !quoted.is("ba"));
}

#[test]
fn equal_is_as_precise_as_it_was_typed() {
    let holds = |text: &str, number: f64| {
        let filter = Filter::parse(text);
        match filter.ways.concat().as_slice() {
            [Term { test: Test::Number(_, comparison), .. }] => comparison.holds(number),
            terms => panic!("{terms:?}"),
        }
    };
    assert!(holds("rtt=12", 12.4) && !holds("rtt=12", 12.6));
    assert!(holds("rtt=12.1", 12.06) && !holds("rtt=12.1", 12.4));
    assert!(!holds("rtt!=12", 12.4) && holds("rtt!=12", 13.0));
    assert!(holds("rtt>=12", 12.0) && !holds("rtt>12", 12.0));
    assert!(holds("cert<=-3", -3.0) && !holds("cert<-3", -3.0));
}

#[test]
fn keys_are_named_once_and_their_examples_are_filters() {
    for key in KEYS {
        assert_eq!(KEYS.iter().filter(|other| other.name == key.name).count(), 1);
        let filter = Filter::parse(key.example);
        assert!(filter.fault().is_none() && !filter.is_empty(), "{}", key.example);
        assert!(
            key.example.starts_with(&format!("{}{}", key.name, key.sign()))
                || key.example.starts_with(&format!("{}>=", key.name))
        );
    }
    for (form, _) in FORMS.iter().take(4) {
        assert!(Filter::parse(form).fault().is_none(), "{form}");
    }
}

fn filters() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        3 => prop::sample::select(KEYS.iter().map(|key| key.name).collect::<Vec<_>>())
            .prop_map(str::to_owned),
        2 => prop::sample::select(vec![
            ":", ">", ">=", "<", "<=", "=", "!=", "!", "-", "\"", "*", " ", "%", "ms", "12", "0.5",
            "critical", "東京", "::1",
        ])
        .prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

#[test]
fn nothing_is_offered_behind_a_blank_that_does_not_belong() {
    for text in ["! ", "state:ok ! ", "loss> ", "state: ", "state= state", "! sta"] {
        assert_eq!(offer(text, &[]).words, Vec::<String>::new(), "{text}");
    }
    assert!(!offer("state:ok ", &[]).words.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Any text is a filter, at every moment at which it is being typed.
    #[test]
    fn every_beginning_of_every_text_is_read(text in filters()) {
        for end in text.char_indices().map(|(at, _)| at).chain([text.len()]) {
            let filter = Filter::parse(&text[..end]);
            if let Some(fault) = filter.fault() {
                prop_assert!(fault.column >= 1);
                prop_assert!(fault.column <= text[..end].chars().count() + 1);
                prop_assert!(fault.text.len() < 400, "{}", fault.text);
            }
            let Offer { keep, words } = offer(&text[..end], &[]);
            prop_assert!(keep <= text[..end].chars().count() && words.len() < 1_000);
        }
    }

    /// A word that is offered mends what it ends.
    #[test]
    fn what_is_offered_is_understood(text in filters()) {
        let before = Filter::parse(&text);
        let Offer { keep, words } = offer(&text, &[]);
        for word in words {
            let text: String = text.chars().take(keep).chain(word.chars()).collect();
            let after = Filter::parse(&text);
            let earlier = |fault: &Fault| fault.column <= keep;
            prop_assert!(
                after.fault().is_none_or(|fault| earlier(fault) && before.fault().is_some()),
                "{text}: {:?}", after.fault()
            );
        }
    }
}
