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

/// `fields` of every packet that fits tshark's `filter`, as one of its dissectors reads the bytes:
/// no network around them.
pub(crate) fn dissect(
    dissector: &str,
    packets: &[Vec<u8>],
    filter: &str,
    fields: &[&str],
) -> Vec<String> {
    let file = tempfile::NamedTempFile::with_suffix(".pcap").unwrap();
    // pcap, version 2.4, packets of up to 64 KiB of link type 147, which is a user's to define.
    let mut pcap = Vec::new();
    for field in [0xa1b2_c3d4_u32, 2 | 4 << 16, 0, 0, 0xffff, 147] {
        pcap.extend(field.to_le_bytes());
    }
    for packet in packets {
        let length = u32::try_from(packet.len()).unwrap();
        pcap.extend([0, 0, length, length].map(u32::to_le_bytes).concat());
        pcap.extend(packet);
    }
    std::fs::write(file.path(), pcap).unwrap();
    let mut line = command("tshark");
    line.arg("-r").arg(file.path()).args(["-n", "-T", "fields", "-E", "occurrence=f"]);
    line.arg("-o")
        .arg(format!("uat:user_dlts:\"User 0 (DLT=147)\",\"{dissector}\",\"0\",\"\",\"0\",\"\""));
    if !filter.is_empty() {
        line.args(["-Y", filter]);
    }
    line.args(fields.iter().flat_map(|field| ["-e", field]));
    run(&mut line).lines().map(str::to_owned).collect()
}
