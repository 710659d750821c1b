//! The decoder against what people type.

use super::*;
use crate::domain::diagnose::Weighed;
use crate::domain::finding::{Confidence, Owner, Remedy, RuleId, RunOn, Rung, Severity};
use crate::domain::rules::{Alerting, Hysteresis};
use crate::domain::snapshot::TargetSnapshot;
use crate::report::testing::{expired, healthy};
use std::collections::BTreeSet;

#[derive(Debug)]
struct Card(RuleCard);

impl Rule for Card {
    fn card(&self) -> &'static RuleCard {
        let found = [&EXPIRED, &CLOSED].into_iter().find(|card| card.0.id == self.0.id);
        &found.expect("one of the two").0
    }
}

const fn card(id: &'static str, title: &'static str, remedies: &'static [Remedy]) -> Card {
    Card(RuleCard {
        id: RuleId(id),
        title,
        severities: &[Severity::Warning, Severity::Critical],
        owner: Owner::Server,
        rung: Some(Rung::Tls),
        hysteresis: Hysteresis::AT_ONCE,
        fed_by: &[],
        plain: "What it proves itself with is out of date.",
        explanation: "The certificate is past its end. Windows renews its own.",
        disproof: "A valid certificate is read.",
        remedies,
        explains: &["certificate-weak"],
        low_risk: false,
        client_error: Some(crate::domain::finding::ClientError {
            code: 0x904,
            extended: Some(7),
            text: "Socket closed",
            likelihood: Confidence::Possible,
        }),
        reviewed_when_found: false,
        alerting: Alerting::PLAIN,
    })
}

static EXPIRED: Card = card(
    "certificate-expired",
    "certificate expired",
    &[Remedy {
        commands: &["qwinsta /server:HOST"],
        weakens_security: true,
        ..Remedy::new("Renew it", RunOn::Host)
    }],
);
static CLOSED: Card = card("port-closed", "port closed", &[]);
static RULES: &[&dyn Rule] = &[&EXPIRED, &CLOSED];

fn ask(code: &str, extended: Option<&str>) -> Explanation {
    explain(&Question { code, extended, rules: RULES, target: None })
}

/// Weighed: the rules named, and every other one of the catalogue as not measured.
fn weighed(known: &[(&'static str, Weight, &str)]) -> Vec<Weighed> {
    let one = |rule: &&'static dyn Rule| {
        let rule = rule.card().id;
        let found = known.iter().find(|(id, ..)| *id == rule.0);
        let (weight, line) =
            found.map_or((Weight::NotMeasured, ""), |(_, weight, line)| (*weight, line));
        let evidence = if line.is_empty() { Vec::new() } else { vec![line.to_owned()] };
        Weighed { rule, weight, evidence }
    };
    crate::domain::rules::RULES.iter().map(one).collect()
}

fn ask_at(
    code: &str,
    extended: Option<&str>,
    target: &TargetSnapshot,
    found: &[Weighed],
) -> String {
    let target = Some(AtTarget { snapshot: target, weighed: found });
    explain(&Question { code, extended, rules: RULES, target }).text
}

/// The text with its line breaks and indents folded to single spaces.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_spelling_of_0x904_leads_to_the_same_page() {
    let page = ask("0x904", None);
    assert!(page.known);
    assert!(page.text.starts_with("0x904 (2308)  disconnectReasonAtClientWinsockFDCLOSE\n"));
    for code in ["2308", "904h", "0X904", " 0x904 "] {
        assert_eq!(ask(code, None), page, "{code}");
    }
    let bare = ask("904", None);
    let note = "\"904\" read as 0x904: in decimal it is no known code.\n\n";
    assert_eq!(bare.text, format!("{note}{}", page.text));
    assert_eq!(ask("0x904/0x7", None), ask("0x904", Some("7")));
}

#[test]
fn digits_that_are_both_are_said_to_be_both() {
    let text = flat(&ask("3", Some("10")).text);
    assert!(text.contains(
        "\"10\" is a known code in decimal (0xa) and in hexadecimal (0x10): both follow"
    ));
    assert!(text.contains("extended 0xa (10) exDiscReasonServerFreshCredsRequired"));
    assert!(text.contains("extended 0x10 (16) ERRINFO_SERVER_DWM_CRASH"));
    let text = ask("516", None).text;
    assert!(text.starts_with("0x204 (516)  disconnectReasonSocketConnectFailed\n"), "{text}");
}

#[test]
fn the_extended_code_picks_the_dialog() {
    let both = ask("0x904", None).text;
    let connect = ask("0x904", Some("0x7")).text;
    let session = ask("0x904", Some("0")).text;
    let (heading_7, heading_0) = ("While connecting (0x7): causes", "In a session (0x0): causes");
    assert!(both.contains(heading_7) && both.contains(heading_0));
    assert!(connect.contains(heading_7) && !connect.contains(heading_0));
    assert!(!session.contains(heading_7) && session.contains(heading_0));
    assert!(connect.contains("extended 0x7 (7)  exDiscReasonServerDeniedConnection"));
    for text in [&both, &connect, &session] {
        assert!(text.contains("Which dialog was it?"));
        assert!(text.contains("Not observable from outside"));
    }
    let first = connect.find(" 1. the host's certificate or its private key is unusable");
    let second = connect.find(" 2. something between closes the connection");
    assert!(first.is_some() && first < second, "{connect}");
}

#[test]
fn only_rules_that_exist_are_named() {
    let text = ask("0x904", Some("7")).text;
    assert!(text.contains("shown by: certificate-expired\n"), "{text}");
    assert!(!text.contains("tls-handshake-failed"));
    let bare = explain(&Question { code: "0x904", extended: None, rules: &[], target: None });
    assert!(!bare.text.contains("hown by:"));
}

#[test]
fn supported_causes_come_first_and_contradicted_ones_last() {
    let found = weighed(&[
        ("not-rdp", Weight::Supported, "HTTP answers"),
        ("connection-flapping", Weight::Contradicted, ""),
        ("rdp-silent", Weight::Contradicted, ""),
        ("rdp-slow", Weight::Contradicted, ""),
        ("host-restarted", Weight::Contradicted, ""),
        ("port-closed", Weight::Contradicted, ""),
    ]);
    let text = ask_at("0x904", Some("7"), &expired(), &found);
    assert!(
        text.contains(
            " 1. the wrong machine or the wrong program answers\n    SUPPORTED\n    supported: \
             not-rdp (HTTP answers)\n    not measured: dns-mismatch, "
        ),
        "{text}"
    );
    assert!(
        text.contains(
            " 2. the host's certificate or its private key is unusable\n    NOT MEASURED\n"
        )
    );
    assert!(text.contains(
        " 6. the host is overloaded, hung, restarting or at its limit of connections\n    CONTRADICTED\n"
    ), "{text}");
    assert!(text.contains("contradicted: host-restarted (tls: "), "{text}");
    assert!(!text.contains("query TermService"), "a contradicted cause needs no steps: {text}");
    assert!(!text.contains("Next: rdpwatch check"));
    assert!(text.contains("\nAt office-pc\n"));
}

/// A refused port shows 0x204: it supports no cause of 0x904.
#[test]
fn a_code_that_what_is_measured_would_not_show_is_told() {
    let mut target = healthy();
    let mut finding = expired().findings.remove(0);
    let shows = |code, extended| crate::domain::finding::ClientError {
        code,
        extended,
        text: "Remote Desktop cannot find the computer",
        likelihood: Confidence::Certain,
    };
    finding.client_error = Some(shows(0x204, None));
    target.findings = vec![finding.clone()];
    let found = weighed(&[("port-closed", Weight::Supported, "refused")]);
    let text = ask_at("0x904", Some("7"), &target, &found);
    assert!(flat(&text).contains("would show a client 0x204"), "{text}");
    assert!(flat(&text).contains("not 0x904: the state has changed"), "{text}");
    assert!(!text.contains("SUPPORTED"), "{text}");
    finding.client_error = Some(shows(0x904, Some(7)));
    target.findings = vec![finding];
    assert!(!ask_at("0x904", Some("7"), &target, &found).contains("the state has changed"));
}

/// It was headed `NOT MEASURED`, above lines that say what was measured.
#[test]
fn one_rule_without_a_measurement_leaves_its_cause_open() {
    let found = weighed(&[("rdp-silent", Weight::Contradicted, "")]);
    let text = ask_at("0x904", Some("7"), &healthy(), &found);
    let at = text.find("the host is overloaded").expect("the cause");
    let open = "    PARTLY CONTRADICTED, THE REST NOT MEASURED\n";
    assert!(text[at..].contains(open), "{text}");
    assert!(!text.contains("    CONTRADICTED\n"), "{text}");
}

#[test]
fn other_codes_and_rules_are_weighed_too() {
    let found = weighed(&[("port-closed", Weight::Supported, "RST after 0.4 ms")]);
    let text = ask_at("0x204", None, &expired(), &found);
    assert!(
        text.contains("\n  supported: port-closed (RST after 0.4 ms)\n  not measured: "),
        "{text}"
    );
    let text = ask_at("port-closed", None, &expired(), &found);
    assert!(text.ends_with("  supported: port-closed (RST after 0.4 ms)\n"), "{text}");
    let text = ask_at("0x807", None, &healthy(), &found);
    assert!(text.contains("not observable: no probe from outside"), "{text}");
}

#[test]
fn the_document_holds_the_same_words() {
    let found = weighed(&[("not-rdp", Weight::Supported, "HTTP answers")]);
    let snapshot = expired();
    let target = Some(AtTarget { snapshot: &snapshot, weighed: &found });
    let question = Question { code: "0x904", extended: Some("0x7"), rules: RULES, target };
    let answer = explain_json(&question);
    assert!(answer.known);
    let value: serde_json::Value = serde_json::from_str(&answer.text).expect("JSON");
    assert_eq!(value["schema"], "rdpwatch.explain/1");
    assert_eq!(value["codes"][0]["hex"], "0x904");
    assert_eq!(value["codes"][1]["extended"], true);
    assert_eq!(value["causes"][0]["word"], "supported");
    assert_eq!(value["causes"][0]["rules"][0]["id"], "not-rdp");
    assert_eq!(value["causes"][0]["rules"][0]["measured"][0], "HTTP answers");
    assert_eq!(value["target"]["name"], "office-pc");
    assert!(value["not_observable"].as_array().is_some_and(|list| !list.is_empty()));

    let question = Question { code: "nonsense", target: None, ..question };
    let answer = explain_json(&question);
    let value: serde_json::Value = serde_json::from_str(&answer.text).expect("JSON");
    assert!(
        !answer.known
            && value["error"].is_string()
            && value["causes"].as_array().is_some_and(Vec::is_empty)
    );
}

#[test]
fn names_and_freerdps_exit_codes_are_known() {
    let text = ask("ERRINFO_CB_CONNECTION_CANCELLED", None).text;
    assert!(text.starts_with("0x409 (1033)  ERRINFO_CB_CONNECTION_CANCELLED\n"), "{text}");
    assert!(ask("xf_exit_tls_connect_failed", None).text.starts_with("0x8f (143)  XF_EXIT_TLS"));
    assert!(ask("143", None).text.contains("XF_EXIT_TLS_CONNECT_FAILED"));
    assert!(ask("131085", None).text.contains("ERRCONNECT_CONNECT_TRANSPORT_FAILED"));
    assert!(ask("0x2000d", None).text.contains("ERRCONNECT_CONNECT_TRANSPORT_FAILED"));
    let both = ask("3", None).text;
    assert!(both.contains("disconnectReasonByServer") && both.contains("XF_EXIT_IDLE_TIMEOUT"));
    assert!(!both.contains("Write 0x"), "one reading, two tables: {both}");
    let text = flat(&ask("0x904", Some("exDiscReasonServerDeniedConnection")).text);
    assert!(text.contains("extended 0x7 (7) exDiscReasonServerDeniedConnection"), "{text}");
}

#[test]
fn every_named_code_is_found_by_its_name_number_and_signed_number() {
    for row in codes::all().filter(|row| !row.symbol.is_empty()) {
        assert!(ask(row.symbol, None).text.contains(row.symbol), "{}", row.symbol);
    }
    for row in
        codes::DISCONNECT.iter().chain(codes::GATEWAY).chain(codes::PROTOCOL).chain(codes::FREERDP)
    {
        let signed = row.code.cast_signed().to_string();
        for typed in [format!("0x{:x}", row.code), row.code.to_string(), signed] {
            let answer = ask(&typed, None);
            assert!(
                answer.known && answer.text.contains(&format!("0x{:x} (", row.code)),
                "{typed}"
            );
        }
    }
}

#[test]
fn unknown_codes_get_one_sentence_with_the_nearest_known() {
    for (code, expected) in [
        (
            "0x905",
            "\"0x905\" is no client error code that is known here; the nearest known is \
                   0x904 (2308), socket closed.",
        ),
        ("0x1D0A", "the nearest known is 0x1d07 (7431), the clocks of client and host differ"),
        ("0x2607", "last byte is 0x07 mostly arise in sign-in"),
        ("0xffffffff", "the nearest known is 0x800759ee"),
    ] {
        let page = ask(code, None);
        assert!(!page.known);
        assert!(flat(&page.text).contains(&flat(expected)), "{}", page.text);
    }
}

#[test]
fn gateway_codes_are_known_in_every_spelling() {
    for code in ["0x3000019", "50331673", "0x03000019"] {
        assert!(ask(code, None).text.starts_with("0x3000019 (50331673)  (Microsoft publishes"));
    }
    let text = ask("-2147001891", None).text;
    assert!(text.contains("E_PROXY_TS_CONNECTFAILED"), "{text}");
}

#[test]
fn a_check_is_offered_only_where_it_can_show_something() {
    assert!(ask("0x104", None).text.contains("Next: rdpwatch check"));
    let text = ask("0x807", None).text;
    assert!(!text.contains("Next: rdpwatch check"), "{text}");
    assert!(text.contains("No probe from outside can see its cause"), "{text}");
}

#[test]
fn protocol_errors_are_known_as_main_and_as_extended_code() {
    assert!(ask("0x112F", None).text.contains("ERRINFO_GRAPHICSSUBSYSTEMFAILED"));
    let text = flat(&ask("0x3", Some("0x10e4")).text);
    assert!(text.contains("extended 0x10e4 (4324) is in the range of RDP protocol errors"));
    let text = flat(&ask("0x3", Some("0x55")).text);
    assert!(text.contains("extended 0x55 (85) is no extended code that Microsoft documents."));
}

#[test]
fn what_is_neither_code_nor_rule_says_so() {
    let page = ask("port-close", None);
    assert!(!page.known);
    assert_eq!(
        page.text,
        "\"port-close\" is neither an error code such as 0x904, 904 or 2308 nor a rule; did you \
         mean port-closed?\n"
    );
    let page = ask("\x1b[2J", None);
    assert!(!page.known && !page.text.contains('\x1b'));
    let page = ask("0x904", Some("seven"));
    assert!(!page.known);
    assert_eq!(page.text, "\"seven\" is no extended code: those look like 0x7 or 7\n");
    assert!(is_code("0x7") && !is_code("office-pc"));
}

#[test]
fn a_rule_is_explained_from_its_card() {
    let page = ask("certificate-expired", None);
    assert!(page.known);
    assert_eq!(
        page.text,
        "certificate-expired: certificate expired\n  warning or critical, usually for the server\n  \
         rung: tls\n  the client would show 0x904/0x7 \"Socket closed\" (possible)\n\n\
         The certificate is past its end. Windows renews its own.\n\n\
         What would show that it is wrong: A valid certificate is read.\n\
         While it stands, these are left out: certificate-weak\n\n\
         What to do\n 1. Renew it [on the host] (WEAKENS SECURITY)\n    > qwinsta /server:HOST\n"
    );
}

#[test]
fn lines_fit_and_every_code_has_a_page() {
    for row in codes::DISCONNECT.iter().chain(codes::GATEWAY) {
        let page = ask(&format!("0x{:x}", row.code), None);
        assert!(page.known);
        let long = page.text.lines().find(|line| line.chars().count() > 100);
        assert_eq!(long, None, "0x{:x}", row.code);
    }
}

/// Every rule id of the catalogue, built or not: a mistyped one would vanish without a trace.
const CATALOGUE: &str = "line-degraded dns-server-slow names-to-one-address sign-in-failure service-failure \
    host-unreachable host-asleep host-restarted packet-loss high-latency high-jitter \
    link-saturated wifi-weak path-outage restarted-together vpn-flap drops-periodic mtu-low mtu-black-hole \
    session-would-drop session-dropped dns-server-failure dns-failure dns-mismatch address-changed \
    dns-disagreement dns-slow name-path-broken identity-mismatch address-dead \
    name-is-self port-barred port-closed port-filtered port-rejected rdp-silent not-rdp rdp-slow \
    connection-dropped connection-flapping proxied udp-blocked udp-65s-bug \
    monitor-blocked certificate-missing certificate-expired certificate-not-yet-valid \
    certificate-expiring certificate-name-mismatch certificate-weak certificate-changed \
    certificate-shared certificate-intercepted tls-handshake-failed tls-outdated \
    legacy-security security-layer-mismatch entra-required nla-not-enforced \
    credssp-outdated credssp-rejected clock-skew gateway-failure gateway-unreachable \
    gateway-not-answering gateway-certificate gateway-misused client-settings \
    mac-unknown wake-failed monitor-offline monitor-overload probe-limited";

#[test]
fn tables_name_only_rules_of_the_catalogue() {
    let known: BTreeSet<&str> = CATALOGUE.split_whitespace().collect();
    let named =
        codes::all().flat_map(|row| row.rules).chain(CAUSES.iter().flat_map(|cause| cause.rules));
    let wrong: Vec<&str> = named.copied().filter(|id| !known.contains(id)).collect();
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn causes_stand_once_and_name_rules() {
    let titles: BTreeSet<&str> = CAUSES.iter().map(|cause| cause.title).collect();
    assert_eq!(titles.len(), CAUSES.len());
    for cause in CAUSES {
        assert!(!cause.rules.is_empty() && !cause.steps.is_empty(), "{}", cause.title);
        assert!(!cause.title.ends_with('.') && cause.why.ends_with('.'), "{}", cause.title);
    }
}
