//! A line that is full.

use super::Case;
use crate::lab::{HOST, Lab, Net};
use crate::process::{Daemon, run};
use crate::scripted;
use crate::watched::Watched;
use std::time::Duration;

pub(super) const CASES: &[Case] =
    &[Case::new("line::a_download_fills_it", &["tc", "socat"], download)];

/// Where the host sends without end.
const PORT: u16 = 9_000;

/// The router lets 2 Mbit/s through to this machine and queues the rest for up to 400 ms;
/// this machine downloads as much as it gets.
fn download() {
    let mut lab = Lab::new();
    let monitor = lab.monitor();
    let router = lab.router(&monitor);
    let host = lab.far_machine("host", HOST);
    let address = Net::Far.v4(HOST);
    run(router
        .command("tc")
        .args("qdisc add dev eth0 root tbf rate 2mbit burst 16kb latency 400ms".split(' ')));
    let _hosts = scripted::start(&host, scripted::Udp::Silent);
    let mut line = host.command("socat");
    line.args(["-u", "OPEN:/dev/zero", &format!("TCP4-LISTEN:{PORT},fork,reuseaddr")]);
    let mut source = Daemon::start(&mut line, "source", &host.path("source.log"));
    source.wait_until(|source| source.listens(PORT));
    let config = format!("[[target]]\nname = 'far'\nhost = '{address}'\n");
    let mut watched = Watched::start(&monitor, &config);
    watched.settle(1);
    let mut line = monitor.command("socat");
    line.args(["-u", &format!("TCP4:{address}:{PORT}"), "OPEN:/dev/null"]);
    let download = Daemon::start(&mut line, "download", &monitor.path("download.log"));
    let fired = ("fired", "link-saturated", "");
    watched.wait(Duration::from_secs(90), &[fired]);
    watched.session.wait("whose traffic it is", |screen| screen.contains("eth0 receives"));
    drop(download);
    watched.wait(Duration::from_mins(2), &[fired, ("resolved", "link-saturated", "")]);
    watched.session.quit();
}
