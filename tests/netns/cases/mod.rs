//! Every case: a name, the programs it needs, and what it does. A case that panics has failed.

mod certificates;
mod credssp;
mod dashboard;
mod echo;
mod engine;
mod gateway;
mod healthy;
mod line;
mod live;
mod loss;
mod name_path;
mod names;
mod path;
mod port;
mod security;
mod service;
mod session;
mod transport;
mod vpn;
mod wake;

use crate::certificate::{self, Files};
use crate::lab::{HOST, Lab, Machine, Net};
use crate::process::Daemon;
use crate::xrdp;

/// One test.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Programs beside those that make the network.
    pub(crate) needs: &'static [&'static str],
    pub(crate) run: fn(),
}

impl Case {
    const fn new(name: &'static str, needs: &'static [&'static str], run: fn()) -> Self {
        Self { name, needs, run }
    }
}

/// Every case there is.
pub(crate) fn all() -> Vec<Case> {
    [
        healthy::CASES,
        certificates::CASES,
        security::CASES,
        credssp::CASES,
        service::CASES,
        names::CASES,
        name_path::CASES,
        port::CASES,
        path::CASES,
        line::CASES,
        loss::CASES,
        transport::CASES,
        vpn::CASES,
        echo::CASES,
        engine::CASES,
        gateway::CASES,
        wake::CASES,
        dashboard::CASES,
        live::CASES,
        session::CASES,
    ]
    .concat()
}

/// The name that cases dial.
const NAME: &str = "host.lab";

/// A switch with the monitor and a host on it, which the monitor's hosts file names.
struct Pair {
    monitor: Machine,
    host: Machine,
    _lab: Lab,
}

impl Pair {
    fn new() -> Self {
        let mut lab = Lab::new();
        let (monitor, host) = (lab.monitor(), lab.host());
        monitor.file("hosts", &format!("127.0.0.1 localhost\n{} {NAME}\n", Net::Near.v4(HOST)));
        Self { monitor, host, _lab: lab }
    }

    /// The host runs xrdp with a certificate as Windows makes it.
    fn with_xrdp() -> (Self, Daemon) {
        let pair = Self::new();
        let xrdp = good_xrdp(&pair.host, "HOST");
        (pair, xrdp)
    }
}

/// xrdp with a certificate as Windows makes it for a machine called `name`.
fn good_xrdp(machine: &Machine, name: &str) -> Daemon {
    xrdp::start(machine, &xrdp::Settings::new(good_certificate(machine, name)))
}

fn good_certificate(machine: &Machine, name: &str) -> Files {
    certificate::windows(&machine.folder, name, 170)
}
