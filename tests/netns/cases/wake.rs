//! Waking: what arrives at the sleeping network card, and what is said when the host comes up.

use super::{Case, NAME, Pair};
use crate::lab::{HOST, Net};
use crate::process::READY;
use crate::program::{User, run, start};
use crate::{capture, wait};
use std::collections::BTreeSet;
use std::process::Output;

const CARD: &[&str] = &["tcpdump", "tshark"];

pub(super) const CASES: &[Case] = &[
    Case::new("wake::sleeping_host_comes_up", &["xrdp", "tcpdump", "tshark"], comes_up),
    Case::new("wake::host_that_never_wakes", &[], never_wakes),
    Case::new("wake::receipt_is_what_arrives", CARD, receipt_is_what_arrives),
    Case::new("wake::without_rights", &["setpriv", "tcpdump", "tshark"], without_rights),
    Case::new("wake::read_only_sends_nothing", CARD, read_only),
];

/// Everything that may carry a magic packet.
const MAGIC: &str = "ether proto 0x0842 or udp";

/// A network card that nobody here has.
const SOMEBODY: &str = "02:00:5e:10:20:30";

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The host with its hardware address.
fn sleeper() -> String {
    format!("{NAME}#{}", Net::Near.mac(HOST))
}

fn comes_up() {
    let (pair, _xrdp) = Pair::with_xrdp();
    pair.host.fall_asleep();
    let card = capture::start(&pair.host, MAGIC);
    let waking = start(User::Root, &pair.monitor, &["wake", &sleeper(), "--wait", "60s"]);
    card.wait();
    pair.host.wake_up(HOST);
    let output = waking.wait_with_output().unwrap();
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains(&format!("magic packets for {}", Net::Near.mac(HOST))), "{said}");
    assert!(said.contains("the host is on a network of this machine"), "{said}");
    // What is below may be seen too late to be worth a line.
    for line in ["RDP port answers", "RDP answers", "up "] {
        assert!(said.contains(&format!("{NAME}: {line}")), "{line} in {said}");
    }

    let mac = Net::Near.mac(HOST);
    let seen = card.fields("wol", &["wol.mac", "eth.type", "udp.dstport", "ip.dst"]);
    let ways: BTreeSet<&str> = seen
        .iter()
        .map(|line| {
            let (woken, way) = line.split_once('\t').unwrap();
            assert_eq!(woken, mac, "{seen:?}");
            way.trim_end()
        })
        .collect();
    for way in [
        "0x0842",
        "0x0800\t9\t255.255.255.255",
        "0x0800\t7\t255.255.255.255",
        "0x0800\t9\t10.77.0.255",
        "0x0800\t7\t10.77.0.255",
    ] {
        assert!(ways.contains(way), "{way:?} is not in {ways:?}");
    }
}

fn never_wakes() {
    let pair = Pair::new();
    pair.host.fall_asleep();
    let output = run(User::Root, &pair.monitor, &["wake", &sleeper(), "--wait", "3s"]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("magic packets for"), "{said}");
    assert!(!said.contains(" answers"), "{said}");
}

fn receipt_is_what_arrives() {
    receipt(User::Root);
}

/// Layer 2 needs rights; the receipt says so, and the datagrams leave.
fn without_rights() {
    let said = receipt(User::Nobody);
    assert!(said.contains("not sent: it needs root or CAP_NET_RAW"), "{said}");
}

/// As many packets arrive as the receipt claims.
fn receipt(user: User) -> String {
    let pair = Pair::new();
    let card = capture::start(&pair.host, MAGIC);
    let output = run(user, &pair.monitor, &["wake", SOMEBODY]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let claimed = said.lines().find_map(|line| {
        line.strip_suffix(&format!(" magic packets for {SOMEBODY}"))?.parse::<usize>().ok()
    });
    let claimed = claimed.unwrap_or_else(|| panic!("no count in {said}"));
    assert!(claimed > 0, "{said}");
    wait::until("every packet", READY, || {
        let seen = card.fields("wol", &["wol.mac"]);
        assert!(seen.len() <= claimed, "{} of {claimed}: {said}", seen.len());
        assert!(seen.iter().all(|seen| seen == SOMEBODY), "{seen:?}");
        (seen.len() == claimed).then_some(())
    });
    said
}

fn read_only() {
    let pair = Pair::new();
    let card = capture::start(&pair.host, MAGIC);
    let output = run(User::Root, &pair.monitor, &["--read-only", "wake", &sleeper()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "");
    assert!(String::from_utf8_lossy(&output.stderr).contains("--read-only"));
    // What is sent next arrives alone.
    run(User::Root, &pair.monitor, &["wake", SOMEBODY]);
    card.wait();
    let seen = card.fields("wol", &["wol.mac"]);
    assert!(!seen.is_empty() && seen.iter().all(|seen| seen == SOMEBODY), "{seen:?}");
}
