//! What is written while nothing changes: little, and paused nothing.

use super::session::{Session, Setup};
use super::views::detail;
use rdpwatch::demo::certificate::CertificateSpec;
use rdpwatch::demo::host::Host;
use rdpwatch::demo::script::HostScript;
use std::time::Duration;

/// How long silence is listened to.
const LISTEN: Duration = Duration::from_millis(1_500);

/// How many echo requests have been sent, as the detail tells.
fn sent(session: &Session) -> Option<u32> {
    let rows = session.rows();
    let row = rows.iter().find(|row| row.contains("P echo"))?;
    let after = row.split(" of ").nth(1)?;
    after.split_whitespace().next()?.parse().ok()
}

#[test]
fn paused_nothing_is_written_while_probing_goes_on() {
    let mut session = detail(Setup::demo(), "rds-01");
    session.wait("echo", |s| sent(s).is_some());
    session.press(" ");
    session.wait_for("paused");
    let before = sent(&session);
    assert_eq!(session.count_for(LISTEN), 0, "bytes while paused");
    assert_eq!(sent(&session), before);
    session.press(" ");
    session.wait_gone("paused");
    assert!(sent(&session) > before, "probing went on: {before:?}, {:?}", sent(&session));
}

#[test]
fn a_quiet_host_costs_few_bytes() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let script = HostScript::windows(CertificateSpec::windows("QUIET", 120));
    let loopback = ([127, 0, 0, 1], 0).into();
    let host = runtime.block_on(Host::start(&script, loopback)).expect("a host");
    let target = format!("quiet={}", host.address());
    let mut session = Setup::watching(&[&target]).sized(80, 24).start();
    session.wait("healthy", |s| s.row("quiet").is_some_and(|row| row.contains("none")));
    let whole_screen = session.bytes().len();
    let written = session.count_for(2 * LISTEN);
    assert!(written < 2_000, "{written} bytes in 3 s, after {whole_screen}");
    session.press("q");
    session.end().assert_code(0);
}
