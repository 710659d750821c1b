//! The dashboard over a real host that breaks, mends, falls asleep and is woken.

use super::{Case, NAME, Pair};
use crate::lab::{HOST, Net};
use crate::program::{User, start};
use crate::{capture, firewall, terminal};

pub(super) const CASES: &[Case] = &[
    Case::new("dashboard::fault_comes_and_goes", &["xrdp", "nft"], fault_comes_and_goes),
    Case::new(
        "dashboard::learnt_address_wakes_the_host",
        &["xrdp", "tcpdump", "tshark"],
        learnt_address_wakes,
    ),
];

/// The banner over hosts that work.
const FINE: &str = "Nothing is wrong";

fn fault_comes_and_goes() {
    let (pair, _xrdp) = Pair::with_xrdp();
    let mut session = terminal::start(&pair.monitor, &[NAME]);
    session.wait("healthy host", |screen| screen.contains(NAME) && screen.contains(FINE));
    firewall::filter(&pair.host, &["tcp dport 3389 reject with tcp reset"]);
    session.press("p");
    session.wait("alert", |screen| screen.contains("✖ host.lab port-closed"));
    firewall::open(&pair.host);
    session.press("p");
    session.wait("end of the alert", |screen| screen.contains(FINE));
    session.quit();
}

/// What the dashboard saw while the host was up is enough to wake it later.
fn learnt_address_wakes() {
    let (pair, _xrdp) = Pair::with_xrdp();
    let mut session = terminal::start(&pair.monitor, &[NAME]);
    session.wait("healthy host", |screen| screen.contains(NAME) && screen.contains(FINE));
    session.press("2");
    session.wait("hardware address", |screen| screen.contains(&Net::Near.mac(HOST)));
    session.quit();
    pair.host.fall_asleep();
    let card = capture::start(&pair.host, "ether proto 0x0842 or udp");
    let waking = start(User::Root, &pair.monitor, &["wake", NAME, "--wait", "60s"]);
    card.wait();
    pair.host.wake_up(HOST);
    let output = waking.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains(&format!("magic packets for {}", Net::Near.mac(HOST))), "{said}");
}
