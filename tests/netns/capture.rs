//! What arrives at a machine, recorded by tcpdump and read by tshark: neither knows our code.

use crate::lab::Machine;
use crate::process::{Daemon, READY, command, run};
use crate::wait;
use std::path::PathBuf;

/// A recording of everything that passes `eth0` and fits a filter.
pub(crate) struct Capture {
    _tcpdump: Daemon,
    file: PathBuf,
}

/// Starts to record and waits until tcpdump listens.
pub(crate) fn start(machine: &Machine, filter: &str) -> Capture {
    let file = machine.path("capture.pcap");
    let mut line = machine.command("tcpdump");
    line.args(["-i", "eth0", "-n", "-U", "--immediate-mode", "-Z", "root", "-w"]).arg(&file);
    line.arg(filter);
    let mut tcpdump = Daemon::start(&mut line, "tcpdump", &machine.path("tcpdump.out"));
    tcpdump.wait_until(|tcpdump| tcpdump.log().contains("listening on"));
    Capture { _tcpdump: tcpdump, file }
}

impl Capture {
    /// `fields` of every packet that fits tshark's `filter`, tab-separated.
    pub(crate) fn fields(&self, filter: &str, fields: &[&str]) -> Vec<String> {
        self.fields_as(&[], filter, fields)
    }

    /// The same with what tshark is told of ports, such as `tcp.port==3389,tls`.
    pub(crate) fn fields_as(&self, ports: &[&str], filter: &str, fields: &[&str]) -> Vec<String> {
        let mut line = command("tshark");
        line.args(ports.iter().flat_map(|port| ["-d", port]));
        line.arg("-r").arg(&self.file).args(["-n", "-Y", filter, "-T", "fields"]);
        // A magic packet has its address 16 times.
        line.args(["-E", "occurrence=f"]);
        // Port 7 is the echo service to tshark, whatever the packet holds.
        line.args(["--disable-protocol", "echo"]);
        line.args(fields.iter().flat_map(|field| ["-e", field]));
        run(&mut line).lines().map(str::to_owned).collect()
    }

    /// Waits for the first packet.
    pub(crate) fn wait(&self) {
        // The header of a pcap file has 24 bytes.
        wait::until("packet", READY, || {
            std::fs::metadata(&self.file).is_ok_and(|meta| meta.len() > 24).then_some(())
        });
    }
}
