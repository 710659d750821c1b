//! The decoder against what people type.

use super::*;
use crate::domain::finding::{Confidence, Owner, Remedy, RuleId, RunOn, Rung, Severity};
use crate::domain::rules::Hysteresis;
use crate::report::testing::{expired, healthy, unmeasured};
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

fn ask_at(code: &str, extended: Option<&str>, target: &TargetSnapshot) -> String {
    explain(&Question { code, extended, rules: RULES, target: Some(target) }).text
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
fn measured_causes_come_first() {
    let mut target = expired();
    target.findings[0].rule = RuleId("not-rdp");
    let text = ask_at("0x904", Some("7"), &target);
    assert!(text.contains(
        " 1. the wrong machine or the wrong program answers\n    MEASURED HERE: not-rdp (critical, certain): "
    ), "{text}");
    assert!(text.contains(" 2. the host's certificate"));
    assert!(text.contains("> sc.exe \\\\office-pc.corp.lab query TermService"));
    assert!(!text.contains("Next: rdpwatch check"));
}

#[test]
fn a_target_without_causes_gets_an_honest_sentence() {
    let text = flat(&ask_at("0x904", Some("7"), &healthy()));
    assert!(text.contains("No cause above is measured at this moment."));
    let text = flat(&ask_at("0x904", Some("7"), &unmeasured()));
    assert!(text.contains("Nothing could be judged, so no cause is ruled out."));
    let text = flat(&ask_at("0x204", None, &healthy()));
    assert!(text.contains("At office-pc Nothing that this code stands for is measured"));
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
    assert!(is_number("0x7") && !is_number("office-pc"));
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
const CATALOGUE: &str = "host-unreachable host-asleep host-restarted packet-loss high-latency high-jitter \
    link-saturated wifi-weak path-outage vpn-flap drops-periodic mtu-low mtu-black-hole \
    session-would-drop session-dropped dns-failure dns-mismatch address-changed \
    dns-disagreement dns-slow name-path-broken identity-mismatch address-dead \
    name-is-self port-closed port-filtered port-rejected rdp-silent not-rdp rdp-slow \
    connection-dropped connection-flapping proxied udp-blocked udp-65s-bug \
    monitor-blocked certificate-missing certificate-expired certificate-not-yet-valid \
    certificate-expiring certificate-name-mismatch certificate-weak certificate-changed \
    certificate-shared certificate-intercepted tls-handshake-failed tls-outdated \
    legacy-security security-layer-mismatch entra-required nla-not-enforced \
    credssp-outdated credssp-rejected clock-skew gateway-unreachable \
    gateway-not-answering gateway-certificate gateway-misused client-settings \
    mac-unknown wake-failed monitor-offline monitor-overload probe-limited";

#[test]
fn tables_name_only_rules_of_the_catalogue() {
    let known: BTreeSet<&str> = CATALOGUE.split_whitespace().collect();
    let rows = codes::DISCONNECT.iter().chain(codes::GATEWAY).chain(codes::EXTENDED);
    let named = rows.flat_map(|row| row.rules).chain(CAUSES.iter().flat_map(|cause| cause.rules));
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
