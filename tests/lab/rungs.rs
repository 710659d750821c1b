//! One attempt at each kind of host, up to its NTLM challenge.

use crate::kinds::{Kind, Sees, kinds};
use futures_util::future::join_all;
use rdpwatch::demo::host::Host;
use rdpwatch::domain::sample::{Attempt, MAX_STEPS, NegotiateOutcome, ProbeKind, TlsOutcome};
use rdpwatch::domain::target::Deadlines;
use rdpwatch::probe::attempt::{AttemptPlan, attempt};
use rdpwatch::probe::clock::Clock;
use std::collections::BTreeSet;
use std::time::Duration;

/// As the rungs of an attempt read in the contract.
fn seen(attempt: &Attempt) -> Vec<(&'static str, Option<String>)> {
    let negotiate = attempt.negotiate.as_ref();
    let outcome = negotiate.map(|negotiate| &negotiate.outcome);
    let tls = attempt.tls.as_ref();
    let failure = outcome.and_then(|outcome| match outcome {
        NegotiateOutcome::Failure(code) => Some(code.to_string()),
        _ => None,
    });
    let other = outcome.and_then(|outcome| match outcome {
        NegotiateOutcome::Malformed(bytes) => Some(bytes.protocol.name().unwrap_or("").to_owned()),
        _ => None,
    });
    let alert = tls.and_then(|tls| match tls.outcome {
        TlsOutcome::Alert(description) => Some(description.to_string()),
        _ => None,
    });
    let offset = tls.and_then(|tls| match tls.outcome {
        TlsOutcome::Malformed(misread) => Some(misread.offset.to_string()),
        _ => None,
    });
    vec![
        ("tcp", Some(attempt.connect.outcome.word().to_owned())),
        ("x224", outcome.map(|outcome| one_close(outcome.word()))),
        ("selected", outcome.and_then(NegotiateOutcome::selected).map(|one| one.to_string())),
        ("failure", failure),
        ("other", other),
        ("tls", tls.map(|tls| one_close(tls.outcome.word()))),
        ("alert", alert),
        ("version", tls.and_then(|tls| tls.version).map(|version| version.to_string())),
        ("hello", tls.map(|tls| tls.hello.word().to_owned())),
        ("hellos", tls.map(|tls| tls.disambiguation().word().to_owned())),
        ("offset", offset),
        ("nla", attempt.nla.as_ref().map(|nla| one_close(nla.outcome.word()))),
    ]
}

/// A reset and a close are one class: the kernel can turn one into the other.
fn one_close(word: &str) -> String {
    if word == "reset" { "closed".to_owned() } else { word.to_owned() }
}

fn expected(sees: &Sees) -> Vec<(&'static str, Option<String>)> {
    let text = |word: Option<&str>| word.map(str::to_owned);
    vec![
        ("tcp", Some(sees.tcp.to_owned())),
        ("x224", text(sees.x224)),
        ("selected", text(sees.selected)),
        ("failure", text(sees.failure)),
        ("other", text(sees.other)),
        ("tls", text(sees.tls)),
        ("alert", sees.alert.map(|description| description.to_string())),
        ("version", text(sees.version)),
        ("hello", text(sees.hello)),
        ("hellos", text(sees.hellos)),
        ("offset", sees.offset.map(|offset| offset.to_string())),
        ("nla", text(sees.nla)),
    ]
}

/// What differs between what `kind` shows and what it must show; empty when nothing does.
async fn differences(kind: Kind, clock: Clock) -> Vec<String> {
    let host = Host::start(&kind.script, ([127, 0, 0, 1], 0).into()).await.expect("it starts");
    let Sees { tcp, x224, tls, nla, .. } = kind.sees;
    let timeouts = [Some(tcp), x224, tls, nla];
    // A host that answers has all the time it needs on a busy machine; one that does not is not
    // waited for.
    let patience = Duration::from_secs(if timeouts.contains(&Some("timeout")) { 3 } else { 30 });
    let deadlines = Deadlines {
        connect: patience,
        negotiate: patience,
        tls: patience,
        nla: patience,
        ..Deadlines::default()
    };
    let plan = AttemptPlan {
        address: host.address(),
        name: kind.dial.map(str::to_owned),
        depth: ProbeKind::Nla,
        deadlines,
    };
    let attempt = attempt(&plan, clock).await;
    assert!(!attempt.transcript.is_empty(), "{}: nothing written down", kind.name);
    assert!(attempt.transcript.steps.len() <= MAX_STEPS && attempt.transcript.left_out == 0);
    let pairs = seen(&attempt).into_iter().zip(expected(&kind.sees));
    pairs
        .filter(|(seen, expected)| seen != expected)
        .map(|((rung, seen), (_, expected))| {
            format!("{}: {rung} is {seen:?}, expected {expected:?}", kind.name)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_host_is_seen_for_what_it_is() {
    let clock = Clock::start();
    let wrong = join_all(kinds().into_iter().map(|kind| differences(kind, clock))).await.concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn kinds_are_many_and_distinct() {
    let kinds = kinds();
    let names: BTreeSet<&str> = kinds.iter().map(|kind| kind.name).collect();
    assert_eq!(names.len(), kinds.len());
    assert!(kinds.len() >= 60, "{} kinds", kinds.len());
    for kind in &kinds {
        let quiet = kind.state == "ok" || !kind.findings.is_empty();
        assert!(quiet, "{}: what is not ok has a finding", kind.name);
    }
}
