//! freerdp-shadow: a real RDP server with NLA. It shows an X display, so it gets an empty one.

use crate::lab::Machine;
use crate::process::{Daemon, READY};
use crate::wait;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

/// The NT hash of a password, for an account that nobody signs in with.
const SAM: &str = "lab:::878d8014606cda29677a44efa1353fc7:::\n";

/// Displays of these tests: far from those of people, and 6000 more is a port.
const FIRST_DISPLAY: u32 = 1_000;
const DISPLAYS: u32 = 50_000;

/// A server and its display, which ends after it.
pub(crate) struct Shadow {
    _server: Daemon,
    _display: Daemon,
}

/// Starts freerdp-shadow on `machine` with `security` (`nla`, `tls` or `rdp`) and waits until it
/// listens on port 3389.
pub(crate) fn start(machine: &Machine, security: &str) -> Shadow {
    let (display, number) = display(machine);
    let sam = machine.path("sam");
    fs::write(&sam, SAM).unwrap();
    let log = machine.path("shadow.out");
    // It gives up while its display is young.
    let server = wait::until("freerdp-shadow that stays", READY, || {
        let mut line = machine.command("freerdp-shadow-cli");
        line.env("HOME", &machine.folder).env("DISPLAY", format!(":{number}"));
        line.arg("/port:3389").arg(format!("/sec:{security}"));
        if security == "nla" {
            line.arg("+auth").arg(format!("/sam-file:{}", sam.display()));
        } else {
            line.arg("-auth");
        }
        let mut server = Daemon::start(&mut line, "freerdp-shadow", &log);
        server.lives_until(|server| server.listens(3389)).then_some(server)
    });
    Shadow { _server: server, _display: display }
}

/// An X server that says its number when it is ready. Displays share one folder of sockets, whatever
/// the namespace, so each has a number of its own.
fn display(machine: &Machine) -> (Daemon, u32) {
    static SERIAL: AtomicU32 = AtomicU32::new(0);
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    let number = FIRST_DISPLAY + (std::process::id() * 16 + serial) % DISPLAYS;
    let mut line = machine.command("Xvfb");
    line.arg(format!(":{number}")).args(["-displayfd", "1", "-noreset", "-nolisten", "tcp"]);
    line.args(["-screen", "0", "640x480x24"]);
    let mut display = Daemon::start(&mut line, "Xvfb", &machine.path("xvfb.out"));
    let number_line = number.to_string();
    display.wait_until(|display| display.log().lines().any(|line| line == number_line));
    (display, number)
}
