use super::fixture::{
    ADDRESS, Fixture, Scripted, at, evidence, finding, ms, reply, stopped_at_tcp,
};
use super::suppress::{Candidate, explained, suppress};
use super::*;
use crate::domain::finding::{RuleId, Rung, Severity};
use crate::domain::local::Interface;
use crate::domain::sample::{ConnectOutcome, Echo, EchoMethod, EchoOutcome};
use proptest::prelude::*;
use std::net::IpAddr;

fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule.0).collect()
}

#[test]
fn what_was_accepted_is_gone_by_samples_that_say_so() {
    let rule = Scripted::new("a", None).hysteresis(1, 1, 2);
    let rule = rule.with(|card| RuleCard { reviewed_when_found: true, ..card }).leak();
    let mut fixture = Fixture::new();
    let mut diagnosis = Diagnosis::default();
    let mut look = |secs, word: &str| {
        fixture.now = at(secs);
        fixture.script("a", word);
        diagnosis.observe(&[rule], ProbeKind::Negotiate, &fixture.view());
        diagnosis.tick(&[rule], &fixture.view());
        diagnosis.look(RuleId("a"))
    };
    let clear = |since, last| AcceptedLook::Clear { since: at(since).wall, last: at(last).wall };
    assert_eq!(look(1, ""), AcceptedLook::Unknown);
    assert_eq!(look(2, "warning"), AcceptedLook::Stands);
    assert_eq!(look(3, "clear"), AcceptedLook::Stands, "it needs two");
    assert_eq!(look(4, "clear"), clear(4, 4));
    assert_eq!(look(5, "clear"), clear(4, 5));
    assert_eq!(look(6, ""), clear(4, 5), "nothing was measured");
    assert_eq!(look(7, "warning"), AcceptedLook::Stands);
}

/// Feeds one judgement per letter (`F` holds, `c` does not, `.` no evidence) and draws what stood
/// after each: `#` or `-`.
fn drawn(rule: &'static dyn Rule, judgements: &str) -> (String, Option<WallTime>) {
    let mut fixture = Fixture::new();
    let mut diagnosis = Diagnosis::default();
    let mut since = None;
    let mut drawing = String::new();
    for (secs, letter) in (0..).zip(judgements.chars()) {
        let word = match letter {
            'F' => "warning",
            'c' => "clear",
            _ => "",
        };
        fixture.now = at(secs);
        fixture.script(rule.card().id.0, word);
        diagnosis.observe(&[rule], ProbeKind::Negotiate, &fixture.view());
        let findings = diagnosis.findings(&[rule], &fixture.view());
        since = findings.first().map(|finding| finding.since);
        drawing.push(if findings.is_empty() { '-' } else { '#' });
    }
    (drawing, since)
}

#[test]
fn a_finding_is_raised_by_n_of_m_and_cleared_by_k_in_a_row() {
    for (raise, of, clear, judgements, expected, since) in [
        (1, 1, 1, "FcF", "#-#", Some(2)),
        (2, 2, 1, "FcFFc", "---#-", None),
        (3, 4, 2, "FFcFccF", "---##--", None),
        (3, 4, 2, "FFcFcFc", "---####", Some(0)),
        (3, 4, 2, "FccFFF", "-----#", Some(3)),
        (2, 2, 1, "F..F...", "---####", Some(0)),
    ] {
        let rule = Scripted::new("a", None).hysteresis(raise, of, clear).leak();
        let (drawing, found) = drawn(rule, judgements);
        assert_eq!(drawing, expected, "{raise} of {of}, cleared by {clear}: {judgements}");
        assert_eq!(found, since.map(|secs| at(secs).wall), "since of {judgements}");
    }
}

#[test]
fn only_samples_of_the_kinds_that_feed_a_rule_count() {
    let rule = Scripted::new("a", None).hysteresis(2, 2, 1).leak();
    let mut fixture = Fixture::new();
    fixture.script("a", "warning");
    let mut diagnosis = Diagnosis::default();
    for fed in [ProbeKind::Echo, ProbeKind::Resolve, ProbeKind::Neighbour, ProbeKind::Negotiate] {
        diagnosis.observe(&[rule], fed, &fixture.view());
    }
    assert!(diagnosis.findings(&[rule], &fixture.view()).is_empty());
    diagnosis.observe(&[rule], ProbeKind::Tls, &fixture.view());
    assert_eq!(ids(&diagnosis.findings(&[rule], &fixture.view())), ["a"]);
}

#[test]
fn a_tick_counts_towards_nothing() {
    let rule = Scripted::new("a", None).hysteresis(2, 2, 2).leak();
    let mut fixture = Fixture::new();
    let mut diagnosis = Diagnosis::default();
    let stands = |diagnosis: &Diagnosis, fixture: &Fixture| {
        !diagnosis.findings(&[rule], &fixture.view()).is_empty()
    };

    fixture.script("a", "warning");
    diagnosis.observe(&[rule], ProbeKind::Negotiate, &fixture.view());
    (0..5).for_each(|_| diagnosis.tick(&[rule], &fixture.view()));
    assert!(!stands(&diagnosis, &fixture));
    diagnosis.observe(&[rule], ProbeKind::Negotiate, &fixture.view());
    assert!(stands(&diagnosis, &fixture));

    fixture.script("a", "clear");
    diagnosis.observe(&[rule], ProbeKind::Negotiate, &fixture.view());
    (0..5).for_each(|_| diagnosis.tick(&[rule], &fixture.view()));
    assert!(stands(&diagnosis, &fixture));
    diagnosis.observe(&[rule], ProbeKind::Negotiate, &fixture.view());
    assert!(!stands(&diagnosis, &fixture));
}

#[test]
fn a_tick_raises_renews_and_clears_what_one_judgement_does() {
    let rule = Scripted::new("a", None).leak();
    let mut fixture = Fixture::new();
    let mut diagnosis = Diagnosis::default();
    let mut severities = Vec::new();
    for (secs, word) in [(0, "notice"), (1, "warning"), (2, ""), (3, "clear")] {
        fixture.now = at(secs);
        fixture.script("a", word);
        diagnosis.tick(&[rule], &fixture.view());
        let findings = diagnosis.findings(&[rule], &fixture.view());
        severities.push(findings.first().map(|finding| (finding.severity, finding.since)));
    }
    let since = at(0).wall;
    let warning = Some((Severity::Warning, since));
    assert_eq!(severities, [Some((Severity::Notice, since)), warning, warning, None]);
}

/// The gateway was taken out of the configuration: its finding stood, and an alert of an earlier run
/// was waited for, for ever.
#[test]
fn a_question_that_does_not_arise_any_more_is_over_at_once() {
    let rule = Scripted::new("a", None).hysteresis(2, 2, 3).leak();
    let mut fixture = Fixture::new();
    let mut diagnosis = Diagnosis::default();
    diagnosis.wait_for([(RuleId("a"), at(0).wall)]);
    fixture.script("a", "warning");
    diagnosis.observe(&[rule], ProbeKind::Negotiate, &fixture.view());
    diagnosis.observe(&[rule], ProbeKind::Negotiate, &fixture.view());
    fixture.script("a", "");
    diagnosis.tick(&[rule], &fixture.view());
    let stood = diagnosis.diagnosed(&[rule], &fixture.view());
    assert_eq!((ids(&stood.findings), stood.awaited), (vec!["a"], vec![RuleId("a")]));
    fixture.script("a", "moot");
    diagnosis.tick(&[rule], &fixture.view());
    assert_eq!(diagnosis.diagnosed(&[rule], &fixture.view()), Diagnosed::default());
}

#[test]
fn what_the_rule_knows_of_the_beginning_counts_and_is_kept() {
    #[derive(Debug)]
    struct Knows(&'static dyn Rule);
    impl Rule for Knows {
        fn card(&self) -> &'static RuleCard {
            self.0.card()
        }
        fn judge(&self, view: &TargetView<'_>) -> Judgement {
            let since = Some(view.now.wall.minus(Duration::from_secs(100)));
            Judgement::fires(Evidence { since, ..evidence("a", Severity::Warning) })
        }
    }
    let rule: &'static dyn Rule =
        Box::leak(Box::new(Knows(Scripted::new("a", None).hysteresis(2, 2, 1).leak())));
    let mut fixture = Fixture::new();
    let mut diagnosis = Diagnosis::default();
    for secs in [200, 201, 202] {
        fixture.now = at(secs);
        diagnosis.observe(&[rule], ProbeKind::Negotiate, &fixture.view());
    }
    assert_eq!(diagnosis.findings(&[rule], &fixture.view())[0].since, at(101).wall);
}

fn reviewed() -> &'static dyn Rule {
    Scripted::new("a", None).with(|card| RuleCard { reviewed_when_found: true, ..card }).leak()
}

fn as_found_after(rule: &'static dyn Rule, words: &[&str]) -> Vec<Option<bool>> {
    let mut fixture = Fixture::new();
    let mut diagnosis = Diagnosis::default();
    words
        .iter()
        .map(|word| {
            fixture.script("a", word);
            diagnosis.observe(&[rule], ProbeKind::Negotiate, &fixture.view());
            diagnosis.findings(&[rule], &fixture.view()).first().map(|finding| finding.as_found)
        })
        .collect()
}

#[test]
fn as_found_is_what_held_at_the_first_judgement_and_did_not_get_worse() {
    let rule = reviewed();
    assert_eq!(as_found_after(rule, &["warning", "warning"]), [Some(true), Some(true)]);
    assert_eq!(as_found_after(rule, &["", "warning"]), [None, Some(true)]);
    assert_eq!(as_found_after(rule, &["clear", "warning"]), [None, Some(false)]);
    assert_eq!(as_found_after(rule, &["critical", "warning"]), [Some(false), Some(false)]);
    assert_eq!(
        as_found_after(rule, &["notice", "warning", "notice"]),
        [Some(true), Some(false), Some(false)]
    );
    assert_eq!(
        as_found_after(rule, &["warning", "clear", "warning"]),
        [Some(true), None, Some(false)]
    );
    let plain = Scripted::new("a", None).leak();
    assert_eq!(as_found_after(plain, &["warning"]), [Some(false)]);
}

fn interface(address: [u8; 4]) -> Interface {
    Interface::up(2, "eth0", vec![(IpAddr::from(address), 24)])
}

#[test]
fn while_the_monitor_is_offline_silence_does_not_count_and_nobody_is_judged() {
    let rule = Scripted::new("a", None).hysteresis(2, 2, 1).leak();
    let mut fixture = Fixture::new();
    let mut diagnosis = Diagnosis::default();
    fixture.script("a", "critical");
    diagnosis.observe(&[rule], ProbeKind::Negotiate, &fixture.view());

    fixture.around.offline = Offline::NoInterface;
    (0..9).for_each(|_| diagnosis.observe(&[rule], ProbeKind::Negotiate, &fixture.view()));
    assert_eq!(diagnosis.diagnosed(&[rule], &fixture.view()), Diagnosed::default());
    assert!(judge_moment(&[rule], &fixture.view()).is_empty());

    fixture.around.offline = Offline::Online;
    assert!(diagnosis.findings(&[rule], &fixture.view()).is_empty());
    diagnosis.observe(&[rule], ProbeKind::Negotiate, &fixture.view());
    assert_eq!(ids(&diagnosis.findings(&[rule], &fixture.view())), ["a"]);

    fixture.around.offline = Offline::ControlsGone(vec![IpAddr::from([10, 0, 0, 1])]);
    let withheld = diagnosis.diagnosed(&[rule], &fixture.view());
    assert_eq!((withheld.findings.len(), withheld.withheld), (0, vec![RuleId("a")]));
}

#[test]
fn loopback_and_answering_neighbours_are_judged_while_the_controls_are_gone() {
    let mut fixture = Fixture::new();
    fixture.around.local.interfaces.push(interface([10, 0, 0, 5]));
    fixture.around.offline = Offline::ControlsGone(vec![IpAddr::from([10, 0, 0, 1])]);
    assert!(!can_be_judged(&fixture.view()), "on-link and silent");
    fixture.echoes(&[reply(1)]);
    assert!(can_be_judged(&fixture.view()), "on-link and answering");
    fixture.now = at(60);
    assert!(!can_be_judged(&fixture.view()), "on-link, answered a minute ago");
    fixture.attempt(stopped_at_tcp(ConnectOutcome::Refused));
    assert!(can_be_judged(&fixture.view()), "a refusal is an answer");
    fixture.neighbour(NeighbourState::NotOnLink);
    assert!(!can_be_judged(&fixture.view()), "behind a router");
    fixture.neighbour(NeighbourState::Reachable);
    fixture.around.offline = Offline::NoInterface;
    assert!(!can_be_judged(&fixture.view()), "no interface at all");
    fixture.dialled = Some(IpAddr::from([127, 0, 0, 1]));
    assert!(can_be_judged(&fixture.view()), "loopback");
}

#[test]
fn this_machine_is_judged_with_the_same_hysteresis() {
    let rule = Scripted::new("monitor-offline", None).hysteresis(2, 2, 1).leak();
    let mut diagnosis = MonitorDiagnosis::default();
    let mut around = Surroundings::default();
    diagnosis.observe(&[rule], &around, at(1));
    assert!(diagnosis.findings(&[rule]).is_empty());
    diagnosis.observe(&[rule], &around, at(2));
    assert_eq!(diagnosis.findings(&[rule])[0].since, at(1).wall);
    assert_eq!(ids(&judge_monitor_moment(&[rule], &around, at(2))), ["monitor-offline"]);
    around.peers_answering = 1;
    diagnosis.observe(&[rule], &around, at(3));
    assert!(diagnosis.findings(&[rule]).is_empty());
}

fn told(
    rules: &[&'static dyn Rule],
    script: &[(&str, &str)],
    fixture: &mut Fixture,
) -> Vec<&'static str> {
    for (id, word) in script {
        fixture.script(id, word);
    }
    ids(&judge_moment(rules, &fixture.view()))
}

#[test]
fn only_the_lowest_broken_rung_makes_findings() {
    let rules = [
        Scripted::new("name", Some(Rung::Name)).leak(),
        Scripted::new("echo", Some(Rung::Echo)).leak(),
        Scripted::new("tcp", Some(Rung::Tcp)).leak(),
        Scripted::new("tls", Some(Rung::Tls)).leak(),
        Scripted::new("none", None).leak(),
    ];
    let all = |severity| ["name", "echo", "tcp", "tls", "none"].map(|id| (id, severity));
    assert_eq!(told(&rules, &all("critical"), &mut Fixture::new()), ["name", "none"]);
    assert_eq!(
        told(&rules, &all("warning"), &mut Fixture::new()),
        ["name", "echo", "tcp", "tls", "none"]
    );
    let script =
        [("name", "warning"), ("tcp", "critical"), ("tls", "critical"), ("none", "notice")];
    assert_eq!(told(&rules, &script, &mut Fixture::new()), ["tcp", "name", "none"]);
}

#[test]
fn critical_loss_hides_nothing_above_it_while_tcp_connects() {
    let rules = [
        Scripted::new("packet-loss", Some(Rung::Echo)).leak(),
        Scripted::new("tls", Some(Rung::Tls)).leak(),
    ];
    let script = [("packet-loss", "critical"), ("tls", "critical")];
    let mut fixture = Fixture::new();
    fixture.attempt(stopped_at_tcp(ConnectOutcome::Timeout));
    assert_eq!(told(&rules, &script, &mut fixture), ["packet-loss"]);
    fixture.attempt(stopped_at_tcp(ConnectOutcome::Open));
    assert_eq!(told(&rules, &script, &mut fixture), ["packet-loss", "tls"]);
}

#[test]
fn critical_findings_of_echo_hide_a_failing_port_only_where_loss_may_be_why() {
    let rules = [
        Scripted::new("high-latency", Some(Rung::Echo)).leak(),
        Scripted::new("port", Some(Rung::Tcp)).leak(),
    ];
    let script = [("high-latency", "critical"), ("port", "critical")];
    let told = |outcome, failed: u64, lost_of_ten: u64| {
        let mut fixture = Fixture::new();
        for second in 0..60 {
            let lost = second % 10 < lost_of_ten;
            let outcome = if lost {
                EchoOutcome::Lost
            } else {
                EchoOutcome::Reply { rtt: ms(350), ttl: None }
            };
            fixture.echo.push(
                second,
                at(second),
                Echo { method: EchoMethod::Icmp, address: ADDRESS, outcome },
            );
        }
        fixture.now = at(60);
        (0..failed).for_each(|_| fixture.attempt(stopped_at_tcp(outcome)));
        told(&rules, &script, &mut fixture)
    };
    for outcome in [ConnectOutcome::Refused, ConnectOutcome::Prohibited] {
        assert_eq!(told(outcome, 2, 0), ["high-latency", "port"]);
        assert_eq!(told(outcome, 2, 5), ["high-latency", "port"]);
    }
    assert_eq!(told(ConnectOutcome::Timeout, 2, 0), ["high-latency", "port"]);
    assert_eq!(told(ConnectOutcome::Timeout, 2, 1), ["high-latency", "port"]);
    assert_eq!(told(ConnectOutcome::Timeout, 2, 5), ["high-latency"]);
    assert_eq!(told(ConnectOutcome::Timeout, 5, 5), ["high-latency", "port"]);
    assert_eq!(told(ConnectOutcome::Timeout, 2, 10), ["high-latency", "port"]);
}

#[test]
fn the_loss_of_every_echo_does_not_hide_the_silence_that_explains_it() {
    for (id, word) in [("host-unreachable", "critical"), ("host-asleep", "notice")] {
        let silence = Scripted::new(id, Some(Rung::Tcp))
            .with(|card| RuleCard { explains: &["packet-loss"], ..card });
        let rules = [
            Scripted::new("packet-loss", Some(Rung::Echo)).leak(),
            silence.leak(),
            Scripted::new("certificate-expired", Some(Rung::Tls)).leak(),
        ];
        let script = [("packet-loss", "critical"), (id, word), ("certificate-expired", "warning")];
        assert_eq!(told(&rules, &script, &mut Fixture::new()), [id]);
    }
}

#[test]
fn nothing_above_echo_is_judged_of_a_sleeping_pc() {
    let rules = [
        Scripted::new("host-asleep", Some(Rung::Echo)).leak(),
        Scripted::new("certificate-expired", Some(Rung::Tls)).leak(),
    ];
    let script = [("host-asleep", "notice"), ("certificate-expired", "warning")];
    assert_eq!(told(&rules, &script, &mut Fixture::new()), ["host-asleep"]);
}

fn explaining(id: &'static str, explains: &'static [&'static str]) -> &'static dyn Rule {
    Scripted::new(id, None).with(|card| RuleCard { explains, ..card }).leak()
}

#[test]
fn what_is_explained_is_left_out_through_chains_and_circles() {
    let chain = [explaining("a", &["b"]), explaining("b", &["c"]), explaining("c", &[])];
    let script = [("a", "notice"), ("b", "critical"), ("c", "critical")];
    assert_eq!(told(&chain, &script, &mut Fixture::new()), ["a"]);
    let circle = [explaining("a", &["b"]), explaining("b", &["a", "b"])];
    let script = [("a", "warning"), ("b", "critical")];
    assert_eq!(told(&circle, &script, &mut Fixture::new()), ["b"]);
}

const IDS: [&str; 6] = ["r0", "r1", "r2", "r3", "r4", "r5"];

prop_compose! {
    fn candidate(id: &'static str)(
        severity in prop::sample::select(vec![Severity::Notice, Severity::Warning, Severity::Critical]),
        rung in prop::sample::select(
            std::iter::once(None).chain(Rung::ALL.map(Some)).collect::<Vec<_>>()),
        explains in prop::sample::subsequence(IDS.to_vec(), 0..3),
    ) -> (&'static str, Severity, Option<Rung>, &'static [&'static str]) {
        (id, severity, rung, &*Box::leak(explains.into_boxed_slice()))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn suppression_never_hides_the_lowest_broken_rung(
        drafts in IDS.map(candidate),
        keep in 1..=IDS.len(),
        connects in any::<bool>(),
    ) {
        let drafts = &drafts[..keep];
        let standing: Vec<Candidate> = drafts
            .iter()
            .map(|(id, severity, rung, explains)| Candidate {
                card: Scripted::new(id, *rung).with(|card| RuleCard { explains, ..card }).leak().card(),
                finding: finding(id, *severity, *rung),
                measured: true,
                may_be_why: true,
                explained_by: None,
            })
            .collect();
        let mut fixture = Fixture::new();
        let outcome = if connects { ConnectOutcome::Open } else { ConnectOutcome::Timeout };
        fixture.attempt(stopped_at_tcp(outcome));
        let told = suppress(standing, &fixture.view());

        prop_assert!(!told.findings.is_empty());
        prop_assert_eq!(told.findings.len() + told.withheld.len(), keep);
        let blocks = |severity: Severity, rung: Option<Rung>| {
            rung.filter(|rung| {
                severity == Severity::Critical && (*rung != Rung::Echo || !connects)
            })
        };
        let is_told = |id: &str| ids(&told.findings).contains(&id);
        let is_explained =
            |id: &str| drafts.iter().any(|cause| cause.0 != id && cause.3.contains(&id));
        let lowest_told =
            told.findings.iter().filter_map(|told| blocks(told.severity, told.rung)).min();
        for (id, severity, rung, _) in drafts {
            let above = rung.zip(lowest_told).is_some_and(|(rung, lowest)| rung > lowest);
            prop_assert!(!(above && is_told(id)), "{} is above the lowest broken rung", id);
            prop_assert!(
                above || is_explained(id) || is_told(id),
                "{} was hidden for no reason", id
            );
            if let Some(rung) = blocks(*severity, *rung)
                && !is_explained(id)
            {
                prop_assert!(lowest_told.is_some_and(|lowest| lowest <= rung));
            }
        }
        prop_assert!(told.findings.is_sorted_by_key(|finding| std::cmp::Reverse(finding.severity)));
    }
}

#[test]
fn worst_first_then_new_then_sure_then_lowest() {
    let mut likely = finding("likely", Severity::Warning, Some(Rung::Name));
    likely.confidence = crate::domain::finding::Confidence::Likely;
    let mut found = finding("found", Severity::Warning, Some(Rung::Name));
    found.as_found = true;
    let standing = [
        found,
        likely,
        finding("none", Severity::Warning, None),
        finding("tcp", Severity::Warning, Some(Rung::Tcp)),
        finding("critical", Severity::Critical, Some(Rung::Udp)),
    ];
    let card = Scripted::new("any", None).leak().card();
    let candidate =
        |finding| Candidate { card, finding, measured: true, may_be_why: true, explained_by: None };
    let told = explained(standing.into_iter().map(candidate).collect());
    assert_eq!(ids(&told.findings), ["critical", "tcp", "none", "likely", "found"]);
}
