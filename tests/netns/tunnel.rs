//! A tunnel between two machines: a tun interface at each end, and UDP in between.

use crate::lab::Machine;
use crate::process::{Daemon, READY, command};
use crate::wait;

/// The UDP port at both ends.
pub(crate) const PORT: u16 = 5_555;

/// Starts the end on `machine`, which has `own` inside and reaches `peer` there; outside it is at
/// `from`, and the other end at `to`.
pub(crate) fn end(
    machine: &Machine,
    (own, peer): (&str, &str),
    (from, to): (&str, &str),
) -> Daemon {
    let udp = format!("UDP4-DATAGRAM:{to}:{PORT},bind={from}:{PORT}");
    let mut line = machine.command("socat");
    line.args([&udp, "TUN,tun-name=tun0,tun-type=tun,iff-no-pi,iff-up"]);
    let daemon = Daemon::start(&mut line, "socat", &machine.path("socat.log"));
    wait::until("tun0", READY, || {
        let mut shown = command("ip");
        let shown =
            shown.args(["-n", &machine.namespace, "link", "show", "tun0"]).output().unwrap();
        shown.status.success().then_some(())
    });
    machine.ip(&["link set tun0 mtu 1400 up", &format!("addr add {own} peer {peer} dev tun0")]);
    daemon
}
