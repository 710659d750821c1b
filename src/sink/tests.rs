use super::*;
use crate::domain::alert::{AlertState, Signature};
use crate::domain::finding::{RuleId, Severity};
use crate::domain::sink::{Secret, SinkEvent, SinkKind, Template, secret_variables};
use crate::domain::time::WallTime;
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::sleep;

mod heirs;

const HOUR: Duration = Duration::from_hours(1);

fn sink(kind: SinkKind) -> SinkSpec {
    SinkSpec {
        name: "on-call".to_owned(),
        kind,
        severity: Severity::Warning,
        groups: Vec::new(),
        events: vec![SinkEvent::Fired],
    }
}

fn webhook(port: u16, path: &str) -> SinkSpec {
    let url = Secret::Plain(format!("http://127.0.0.1:{port}{path}"));
    sink(SinkKind::Webhook { url, token: None, template: Template::Json })
}

fn notice() -> Notice {
    Notice {
        event: SinkEvent::Fired,
        target: Some("office-pc; $(touch /tmp/x) `id`\n\u{1b}[2J".to_owned()),
        ..Notice::test(WallTime::from_unix_secs(0))
    }
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Takes one connection, returns the request up to the end of its body, and answers.
async fn serve(listener: &TcpListener, answer: &str) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    let mut chunk = [0; 4_096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            if body.len() >= length.unwrap().parse::<usize>().unwrap() {
                stream.write_all(answer.as_bytes()).await.unwrap();
                return text;
            }
        }
        let read = stream.read(&mut chunk).await.unwrap();
        assert!(read > 0, "the request ended early: {text}");
        request.extend_from_slice(&chunk[..read]);
    }
}

const OK: &str = "HTTP/1.1 204 No Content\r\n\r\n";

#[tokio::test]
async fn a_webhook_gets_every_field_once() {
    let (listener, port) = listen().await;
    let spec = webhook(port, "/T0/B0?x=1");
    let told = notice();
    let (request, result) = tokio::join!(serve(&listener, OK), deliver(&spec, &told, &[]));
    assert_eq!(result, Ok(()));
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /T0/B0?x=1 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("Host: 127.0.0.1:{port}\r\n")), "{head}");
    let key = told.delivery_key().unwrap();
    assert!(head.contains(&format!("\r\nIdempotency-Key: {key}")), "{head}");
    let value: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(value["schema"], "rdpwatch.alert/1");
    assert_eq!(value["target"], notice().target.unwrap());
}

#[tokio::test]
async fn a_server_that_refuses_or_is_none_is_named_and_its_address_is_not() {
    for (answer, expected) in [
        ("HTTP/1.1 500 no\r\n\r\n", "the server answered 500"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 no\r\n\r\n", "the server answered 403"),
        ("SSH-2.0-OpenSSH\r\n\r\n", "what answers is not HTTP"),
        ("", "the server closed without an answer"),
    ] {
        let (listener, port) = listen().await;
        let spec = webhook(port, "/hunter2");
        let told = notice();
        let (_, result) = tokio::join!(serve(&listener, answer), deliver(&spec, &told, &[]));
        let error = result.unwrap_err();
        assert!(error.contains(expected) && !error.contains("hunter2"), "{error}");
    }
    let (listener, port) = listen().await;
    drop(listener);
    let error = deliver(&webhook(port, "/hunter2"), &notice(), &[]).await.unwrap_err();
    assert!(error.starts_with("no connection") && !error.contains("hunter2"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_is_given_up() {
    let (_listener, port) = listen().await;
    let error = deliver(&webhook(port, "/"), &notice(), &[]).await.unwrap_err();
    assert!(error.starts_with("it took more than 10 s"), "{error}");
}

#[tokio::test]
async fn a_token_goes_into_its_header_and_a_missing_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "hunter2\n").unwrap();
    let (listener, port) = listen().await;
    let with = |token| {
        let url = Secret::Plain(format!("http://127.0.0.1:{port}/"));
        sink(SinkKind::Webhook { url, token: Some(token), template: Template::Json })
    };
    let (spec, told) = (with(Secret::File(path.clone())), notice());
    let (request, result) = tokio::join!(serve(&listener, OK), deliver(&spec, &told, &[]));
    assert_eq!(result, Ok(()));
    assert!(request.contains("Authorization: Bearer hunter2\r\n"), "{request}");
    std::fs::write(&path, "hunter2\r\nX: y").unwrap();
    let error = deliver(&spec, &notice(), &[]).await.unwrap_err();
    assert!(!error.contains("hunter2"), "{error}");
    let missing = with(Secret::Variable("RDPWATCH_NO_SUCH_THING".to_owned()));
    let error = deliver(&missing, &notice(), &[]).await.unwrap_err();
    assert_eq!(error, "the environment variable RDPWATCH_NO_SUCH_THING is not set");
}

#[cfg(unix)]
#[tokio::test]
async fn a_hook_is_told_by_its_environment_and_no_shell_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let script = format!("printf %s \"$RDPWATCH_ALERT_TARGET|$1\" > {}", out.display());
    let words = ["sh", "-c", &script, "sh", "$(id)"].map(str::to_owned).to_vec();
    assert_eq!(deliver(&sink(SinkKind::Exec(words)), &notice(), &[]).await, Ok(()));
    let written = std::fs::read_to_string(out).unwrap();
    assert_eq!(written, format!("{}|$(id)", notice().target.unwrap()));
    let fails = ["sh", "-c", "echo no modem >&2; exit 4"].map(str::to_owned).to_vec();
    let error = deliver(&sink(SinkKind::Exec(fails)), &notice(), &[]).await.unwrap_err();
    assert_eq!(error, "exit status: 4: no modem");
}

#[cfg(unix)]
#[tokio::test]
async fn a_hook_does_not_see_the_secrets_of_other_sinks() {
    // Cargo sets it for whatever it runs.
    const NAME: &str = "CARGO_MANIFEST_DIR";
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let script = format!("printf %s \"${{{NAME}-unset}}\" > {}", out.display());
    let hook = sink(SinkKind::Exec(["sh", "-c", &script].map(str::to_owned).to_vec()));
    let seen = || std::fs::read_to_string(&out).unwrap();
    assert_eq!(deliver(&hook, &notice(), &[]).await, Ok(()));
    assert_ne!(seen(), "unset", "otherwise it sees its environment");
    let secret = || Secret::Variable(NAME.to_owned());
    for (url, token) in
        [(secret(), None), (Secret::Plain("http://127.0.0.1/".to_owned()), Some(secret()))]
    {
        let other = sink(SinkKind::Webhook { url, token, template: Template::Json });
        let hidden = secret_variables(&[hook.clone(), other]);
        assert_eq!(hidden, [NAME]);
        assert_eq!(deliver(&hook, &notice(), &hidden).await, Ok(()));
        assert_eq!(seen(), "unset");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_a_hook_leaves_behind_is_not_waited_for() {
    // It keeps standard error open for longer than a try may take.
    let hook = ["sh", "-c", "sleep 11 &"].map(str::to_owned).to_vec();
    assert_eq!(deliver(&sink(SinkKind::Exec(hook)), &notice(), &[]).await, Ok(()));
}

/// No pause worth waiting for.
const AT_ONCE: [Duration; 5] = [Duration::from_millis(1); 5];

#[tokio::test]
async fn a_sink_that_fails_twice_is_tried_again_and_told_once() {
    let (listener, port) = listen().await;
    let mut sinks = Sinks::pausing(&[webhook(port, "/")], 0, AT_ONCE);
    sinks.offer(notice());
    let no = "HTTP/1.1 500 no\r\n\r\n";
    serve(&listener, no).await;
    serve(&listener, no).await;
    serve(&listener, OK).await;
    loop {
        let [status] = &sinks.statuses()[..] else { panic!("one sink") };
        if status.told == 1 {
            assert_eq!((status.failed, status.dropped, &status.error), (0, 0, &None));
            break;
        }
        tokio::task::yield_now().await;
    }
}

/// After twelve refused posts nothing said how much waits, and for how long.
#[tokio::test]
async fn a_sink_that_refuses_says_how_much_waits_and_when_it_is_tried_next() {
    let (listener, port) = listen().await;
    let pauses = [Duration::ZERO, Duration::from_mins(10), HOUR, HOUR, HOUR];
    let mut sinks = Sinks::pausing(&[webhook(port, "/")], 0, pauses);
    sinks.offer(notice());
    serve(&listener, "HTTP/1.1 500 no\r\n\r\n").await;
    let of = |sinks: &Sinks| sinks.pending().remove(0);
    while of(&sinks).next_try.is_none_or(|left| left < Duration::from_secs(500)) {
        tokio::task::yield_now().await;
    }
    let status = of(&sinks);
    assert!(status.error.is_some() && status.waiting == 1, "{status:?}");
    assert!(status.next_try.is_some_and(|left| left <= Duration::from_mins(10)), "{status:?}");
    // What is remembered does not change with every second.
    assert_eq!(sinks.statuses(), sinks.statuses());
    assert_eq!(sinks.statuses()[0].next_try, None);
}

/// Sinks that have less patience, for a test to wait for.
fn impatient(spec: SinkSpec) -> Sinks {
    let patience = Duration::from_secs(1);
    let mut sinks = Sinks { pauses: AT_ONCE, patience, ..Sinks::default() };
    sinks.change(&[spec], &BTreeMap::new());
    sinks
}

#[cfg(unix)]
#[tokio::test]
async fn a_hook_that_does_its_work_and_ends_late_pages_twice_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pages");
    let script = format!("echo $RDPWATCH_ALERT_ID >> {}; exec sleep 60", path.display());
    let hook = sink(SinkKind::Exec(["sh", "-c", &script].map(str::to_owned).to_vec()));
    let mut sinks = impatient(hook);
    sinks.offer(numbered(1, SinkEvent::Fired));
    while sinks.statuses()[0].told == 0 {
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "1\n1\n");
    assert_eq!(sinks.untold(), [], "it is not tried again");
    let error = sinks.statuses().remove(0).error.unwrap();
    assert_eq!(error, "it took more than 1 s, and may have arrived");
}

#[tokio::test]
async fn a_server_that_takes_it_and_answers_late_is_told_twice_at_most() {
    let (listener, port) = listen().await;
    let mut spec = webhook(port, "/");
    spec.events.push(SinkEvent::Resolved);
    let mut sinks = impatient(spec);
    sinks.offer(numbered(1, SinkEvent::Fired));
    let mut held = Vec::new();
    while sinks.statuses()[0].told == 0 {
        tokio::select! {
            accepted = listener.accept() => held.push(accepted.unwrap()),
            () = sleep(Duration::from_millis(10)) => {}
        }
    }
    assert_eq!(held.len(), 2);
    assert_eq!(sinks.untold(), [], "it is not tried again");
    // Whoever may have heard the beginning hears the end.
    sinks.offer(numbered(1, SinkEvent::Resolved));
    assert_eq!(heard(&serve(&listener, OK).await), said("resolved", "1"));
}

/// One of many alerts.
fn numbered(number: usize, event: SinkEvent) -> Notice {
    Notice { id: number.to_string(), event, rule: RuleId("port-closed"), ..notice() }
}

#[tokio::test]
async fn a_sink_that_is_down_is_bounded_and_nobody_waits_for_it() {
    let (listener, port) = listen().await;
    drop(listener);
    let mut sinks = Sinks::pausing(&[webhook(port, "/")], 0, AT_ONCE);
    for number in 0..100 {
        sinks.offer(numbered(number, SinkEvent::Fired));
    }
    let status = sinks.statuses().remove(0);
    assert_eq!(status.dropped, 100 - 64, "the queue is bounded");
    // This sink does not want ends: what is over is given up after some tries.
    sinks.offer(numbered(0, SinkEvent::Resolved));
    assert_eq!(sinks.statuses()[0].dropped, 36, "what it does not want takes no room");
    while sinks.statuses()[0].failed == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    let error = sinks.statuses().remove(0).error.unwrap();
    assert!(error.starts_with("no connection"), "{error}");
    assert_eq!(sinks.statuses()[0].failed, 1, "what fires is not given up");
}

#[tokio::test]
async fn two_hundred_alerts_of_one_moment_are_all_told_and_the_worst_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.jsonl");
    let all = 200;
    let mut sinks = Sinks::start(&[sink(SinkKind::File(path.clone()))], all, None);
    for number in 0..all {
        let severity = if number < all / 2 { Severity::Warning } else { Severity::Critical };
        sinks.offer(Notice { severity, ..numbered(number, SinkEvent::Fired) });
    }
    while sinks.statuses()[0].told < 200 {
        assert_eq!(sinks.statuses()[0].dropped, 0);
        sleep(Duration::from_millis(1)).await;
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let critical: Vec<bool> = text.lines().map(|line| line.contains("\"critical\"")).collect();
    assert_eq!(critical.len(), all);
    assert!(critical[..all / 2].iter().all(|critical| *critical), "the worst first");
}

#[tokio::test]
async fn what_found_no_room_is_told_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.jsonl");
    let mut sinks = Sinks::start(&[sink(SinkKind::File(path.clone()))], 0, None);
    let fired = |number: usize| {
        let severity = if number < 100 { Severity::Warning } else { Severity::Critical };
        Notice { severity, ..numbered(number, SinkEvent::Fired) }
    };
    (0..200).for_each(|number| sinks.offer(fired(number)));
    assert_eq!(sinks.statuses()[0].dropped, 136, "the queue is bounded");
    assert_eq!(sinks.lost()[0].1.len(), 136);
    assert_eq!(sinks.fit_again(), BTreeSet::new(), "there is no room yet");
    // One of them is over: it is not told, for its beginning was not.
    sinks.offer(numbered(7, SinkEvent::Resolved));
    while sinks.statuses()[0].told < 199 {
        let ids = sinks.fit_again();
        sinks.offer_again((0..200).map(fired).filter(|one| ids.contains(&one.id)).collect());
        sleep(Duration::from_millis(1)).await;
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let critical: Vec<bool> = text.lines().map(|line| line.contains("\"critical\"")).collect();
    assert_eq!(critical.iter().position(|critical| !critical), Some(100), "the worst first");
    assert!(!text.contains("\"id\":\"7\""));
    assert!(sinks.lost()[0].1.is_empty());
}

/// The event and the id that a request tells.
fn heard(request: &str) -> (String, String) {
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    let value: serde_json::Value = serde_json::from_str(body).unwrap();
    let word = |name: &str| value[name].as_str().unwrap().to_owned();
    (word("event"), word("id"))
}

fn said(event: &str, id: &str) -> (String, String) {
    (event.to_owned(), id.to_owned())
}

const NO: &str = "HTTP/1.1 503 no\r\n\r\n";

#[tokio::test]
async fn a_line_that_is_down_for_long_loses_no_beginning_and_never_tells_an_end_alone() {
    let (listener, port) = listen().await;
    let spec = SinkSpec {
        events: vec![SinkEvent::Fired, SinkEvent::Reminded, SinkEvent::Resolved],
        ..webhook(port, "/")
    };
    let mut sinks = Sinks::pausing(&[spec], 0, AT_ONCE);
    sinks.offer(numbered(1, SinkEvent::Fired));
    for _ in 0..20 {
        assert_eq!(heard(&serve(&listener, NO).await), said("fired", "1"));
    }
    sinks.offer(numbered(1, SinkEvent::Resolved));
    for _ in 0..20 {
        assert_eq!(heard(&serve(&listener, NO).await), said("fired", "1"));
    }
    assert_eq!(heard(&serve(&listener, OK).await), said("fired", "1"));
    assert_eq!(heard(&serve(&listener, NO).await), said("resolved", "1"));
    assert_eq!(heard(&serve(&listener, OK).await), said("resolved", "1"));
}

#[tokio::test]
async fn an_alert_that_a_sink_refuses_delays_no_other() {
    let (listener, port) = listen().await;
    // What was refused is tried again after an hour, and what was never tried sooner.
    let (soon, late) = (Duration::from_millis(1), Duration::from_hours(1));
    let mut sinks = Sinks::pausing(&[webhook(port, "/")], 0, [soon, soon, soon, late, late]);
    sinks.offer(numbered(1, SinkEvent::Fired));
    for _ in 0..3 {
        assert_eq!(heard(&serve(&listener, NO).await), said("fired", "1"));
    }
    nothing_comes(&listener).await;
    sinks.offer(numbered(2, SinkEvent::Fired));
    let served = timeout(Duration::from_secs(9), serve(&listener, OK)).await;
    assert_eq!(heard(&served.expect("it waits for the other")), said("fired", "2"));
}

#[tokio::test]
async fn what_was_not_told_when_the_program_ended_is_told_by_the_next_run() {
    let (listener, port) = listen().await;
    let spec =
        SinkSpec { events: vec![SinkEvent::Fired, SinkEvent::Resolved], ..webhook(port, "/") };
    // It ends in the pause after the first try.
    let mut pauses = [Duration::from_hours(1); 5];
    pauses[0] = Duration::ZERO;
    let mut sinks = Sinks::pausing(std::slice::from_ref(&spec), 0, pauses);
    sinks.offer(numbered(1, SinkEvent::Fired));
    assert_eq!(heard(&serve(&listener, NO).await), said("fired", "1"));
    sinks.offer(numbered(2, SinkEvent::Fired));
    // The last words: one goes through, the other does not.
    let ((), first, second) = tokio::join!(
        sinks.finish(Duration::from_secs(9)),
        serve(&listener, OK),
        serve(&listener, NO)
    );
    let (first, second) = (heard(&first.clone()), heard(&second.clone()));
    assert_ne!(first, second);
    let untold = sinks.untold();
    assert_eq!(untold.len(), 1);
    assert_eq!(said(untold[0].event.word(), &untold[0].id), second);
    drop(sinks);

    let mut later = Sinks::pausing(&[spec], 0, AT_ONCE);
    later.recall(&untold);
    later.attend(&BTreeMap::new());
    assert_eq!(heard(&serve(&listener, OK).await), second);
    while later.statuses()[0].told == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(later.untold(), []);
}

#[tokio::test]
async fn another_configuration_of_a_sink_goes_on_with_what_it_is_still_to_tell() {
    let (down, port) = listen().await;
    drop(down);
    let (listener, another) = listen().await;
    let mut sinks = Sinks::pausing(&[webhook(port, "/")], 0, AT_ONCE);
    sinks.offer(numbered(1, SinkEvent::Fired));
    while sinks.statuses()[0].error.is_none() {
        tokio::task::yield_now().await;
    }
    sinks.change(&[webhook(another, "/")], &heirs::firing(&[numbered(1, SinkEvent::Fired)]));
    sinks.attend(&BTreeMap::new());
    assert_eq!(heard(&serve(&listener, OK).await), said("fired", "1"));
    sinks.change(&[], &BTreeMap::new());
    assert!(sinks.is_empty() && sinks.untold().is_empty());
}

#[tokio::test]
async fn who_heard_the_beginning_hears_the_end_whatever_its_filter_says_by_then() {
    let (listener, port) = listen().await;
    let berlin = SinkSpec {
        events: vec![SinkEvent::Fired, SinkEvent::Resolved],
        groups: vec!["berlin".to_owned()],
        ..webhook(port, "/")
    };
    let mut sinks = Sinks::pausing(&[berlin], 0, AT_ONCE);
    let of = |number, event, group: &str| Notice {
        group: Some(group.to_owned()),
        ..numbered(number, event)
    };
    sinks.offer(of(1, SinkEvent::Fired, "berlin"));
    assert_eq!(heard(&serve(&listener, OK).await), said("fired", "1"));
    while sinks.statuses()[0].told == 0 {
        tokio::task::yield_now().await;
    }
    // The target is moved to another group.
    sinks.offer(of(2, SinkEvent::Resolved, "hamburg"));
    sinks.offer(of(1, SinkEvent::Resolved, "hamburg"));
    assert_eq!(heard(&serve(&listener, OK).await), said("resolved", "1"));
    while sinks.statuses()[0].told == 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(sinks.untold(), [], "what it never heard of is not told to be over");
}

#[tokio::test]
async fn what_waits_is_kept_and_not_sent_once_nothing_is_to_be_sent() {
    let (listener, port) = listen().await;
    let spec =
        SinkSpec { events: vec![SinkEvent::Fired, SinkEvent::Resolved], ..webhook(port, "/") };
    let mut sinks = Sinks::pausing(&[spec], 0, AT_ONCE);
    sinks.offer(numbered(1, SinkEvent::Fired));
    assert_eq!(heard(&serve(&listener, NO).await), said("fired", "1"));
    sinks.pause();
    sinks.offer(numbered(2, SinkEvent::Fired));
    sinks.offer(numbered(1, SinkEvent::Resolved));
    let untold = |sinks: &Sinks| {
        sinks.untold().iter().map(|one| said(one.event.word(), &one.id)).collect::<Vec<_>>()
    };
    let expected = [said("fired", "1"), said("resolved", "1"), said("fired", "2")];
    assert_eq!(untold(&sinks), expected);
    // What was on its way when it stopped may have come through; then nothing more does.
    sinks.finish(Duration::from_secs(9)).await;
    while timeout(Duration::from_millis(50), listener.accept()).await.is_ok() {}
    assert_eq!(untold(&sinks), expected);
    assert_eq!(sinks.statuses()[0].told, 0);
}

/// An alert with this id that fires, and what somebody did about it.
fn standing(id: &str, change: impl FnOnce(&mut Alert)) -> BTreeMap<String, Alert> {
    let mut alert = Alert {
        target: None,
        rule: RuleId("port-closed"),
        severity: Severity::Critical,
        state: AlertState::Firing,
        since: WallTime::default(),
        title: String::new(),
        acknowledged: None,
        signed: Signature::default(),
        snoozed_until: None,
        held_until: None,
        explained_by: None,
        returns: 0,
        unbroken: 0,
    };
    change(&mut alert);
    BTreeMap::from([(id.to_owned(), alert)])
}

/// Everything, at this port.
fn everything(port: u16) -> SinkSpec {
    let events = vec![SinkEvent::Fired, SinkEvent::Reminded, SinkEvent::Resolved];
    SinkSpec { events, ..webhook(port, "/") }
}

async fn nothing_comes(listener: &TcpListener) {
    let silence = timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(silence.is_err(), "a notice came");
}

#[tokio::test]
async fn what_waits_while_its_alert_is_snoozed_or_held_back_is_told_afterwards() {
    let (listener, port) = listen().await;
    let until = Some(WallTime::from_unix_secs(9));
    let silences: [fn(&mut Alert, Option<WallTime>); 2] =
        [|alert, until| alert.snoozed_until = until, |alert, until| alert.held_until = until];
    for silence in silences {
        let mut sinks = Sinks::pausing(&[everything(port)], 0, AT_ONCE);
        sinks.offer(numbered(1, SinkEvent::Fired));
        assert_eq!(heard(&serve(&listener, NO).await), said("fired", "1"));
        sinks.attend(&standing("1", |alert| silence(alert, until)));
        // One try may have been under way.
        while timeout(Duration::from_millis(50), serve(&listener, NO)).await.is_ok() {}
        nothing_comes(&listener).await;
        assert_eq!(sinks.untold().len(), 1, "a later run would tell it");
        sinks.attend(&standing("1", |_| ()));
        assert_eq!(heard(&serve(&listener, OK).await), said("fired", "1"));
    }
}

#[tokio::test]
async fn what_is_over_before_its_snooze_is_told_from_the_beginning() {
    let (listener, port) = listen().await;
    let mut sinks = Sinks::pausing(&[everything(port)], 0, AT_ONCE);
    sinks.recall(&[Untold::of(
        &everything(port),
        &Notice { rule: RuleId("port-closed"), ..numbered(1, SinkEvent::Fired) },
    )]);
    sinks.attend(&standing("1", |alert| alert.snoozed_until = Some(WallTime::default())));
    nothing_comes(&listener).await;
    sinks.offer(numbered(1, SinkEvent::Resolved));
    assert_eq!(heard(&serve(&listener, OK).await), said("fired", "1"));
    assert_eq!(heard(&serve(&listener, OK).await), said("resolved", "1"));
}

#[tokio::test]
async fn who_acknowledged_it_is_said_with_what_waited_and_nobody_is_reminded() {
    let (listener, port) = listen().await;
    let mut sinks = Sinks::pausing(&[everything(port)], 0, AT_ONCE);
    let ours = |alert: &mut Alert| {
        alert.acknowledged = Some(WallTime::from_unix_secs(4));
        alert.signed = Signature::new("ada", "on my way");
    };
    sinks.offer(numbered(1, SinkEvent::Fired));
    assert_eq!(heard(&serve(&listener, NO).await), said("fired", "1"));
    sinks.attend(&standing("1", ours));
    let mut request = serve(&listener, NO).await;
    while !request.contains("on my way") {
        request = serve(&listener, NO).await;
    }
    assert_eq!(heard(&serve(&listener, OK).await), said("fired", "1"));
    while sinks.statuses()[0].told == 0 {
        tokio::task::yield_now().await;
    }
    sinks.offer(numbered(1, SinkEvent::Reminded));
    sinks.attend(&standing("1", ours));
    while timeout(Duration::from_millis(50), serve(&listener, NO)).await.is_ok() {}
    assert_eq!(sinks.untold(), []);
}

#[tokio::test]
async fn an_end_goes_only_to_whom_the_beginning_was_told_also_across_runs() {
    let (listener, port) = listen().await;
    let named = |name: &str| SinkSpec { name: name.to_owned(), ..everything(port) };
    let mut before = Sinks::pausing(&[named("on-call")], 0, AT_ONCE);
    before.offer(numbered(1, SinkEvent::Fired));
    assert_eq!(heard(&serve(&listener, OK).await), said("fired", "1"));
    while before.statuses()[0].told == 0 {
        tokio::task::yield_now().await;
    }
    let who = before.heard("1");
    let place = BTreeSet::from([everything(port).place()]);
    assert_eq!(who, Some(BTreeMap::from([("on-call".to_owned(), place)])));

    let (another, theirs) = listen().await;
    let newcomer = SinkSpec { name: "newcomer".to_owned(), ..everything(theirs) };
    let ends = SinkSpec {
        name: "ends".to_owned(),
        events: vec![SinkEvent::Resolved],
        ..everything(theirs)
    };
    let mut after = Sinks::pausing(&[named("on-call"), newcomer], 0, AT_ONCE);
    after.recall_heard("1", who.as_ref());
    assert_eq!(after.heard("1"), who);
    after.offer(numbered(1, SinkEvent::Resolved));
    assert_eq!(heard(&serve(&listener, OK).await), said("resolved", "1"));
    nothing_comes(&another).await;
    // Who never hears of beginnings hears of every end, and so does who may have heard of one.
    let mut sinks = Sinks::pausing(&[ends], 0, AT_ONCE);
    sinks.offer(numbered(2, SinkEvent::Resolved));
    assert_eq!(heard(&serve(&another, OK).await), said("resolved", "2"));
    let mut sinks = Sinks::pausing(&[named("on-call")], 0, AT_ONCE);
    sinks.recall_heard("3", None);
    assert_eq!(sinks.heard("3"), None);
    sinks.offer(numbered(3, SinkEvent::Resolved));
    assert_eq!(heard(&serve(&listener, OK).await), said("resolved", "3"));
}
