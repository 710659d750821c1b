//! dnsmasq, and one answer that it does not give.

use crate::lab::Machine;
use crate::process::Daemon;
use std::process::ExitCode;

/// Tells this test program to play the failing server.
pub(crate) const PEER_FLAG: &str = "--peer-dns-failure";

/// Time to live of every record, in seconds.
pub(crate) const TTL: u32 = 120;

/// Starts dnsmasq for the zone `lab` with `records` such as `host.lab,10.77.0.21`, or with options
/// such as `--cname=host.lab,srv-07.lab`. Other names of
/// the zone do not exist; names outside of it are refused.
pub(crate) fn start(machine: &Machine, records: &[&str]) -> Daemon {
    let mut line = machine.command("dnsmasq");
    line.args(["--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--pid-file="]);
    line.args(["--no-resolv", "--no-hosts", "--log-facility=-", "--local=/lab/"]);
    line.args(["--local=/77.10.in-addr.arpa/", &format!("--local-ttl={TTL}")]);
    line.args(records.iter().map(|record| match record.strip_prefix("--") {
        Some(_) => (*record).to_owned(),
        None => format!("--host-record={record}"),
    }));
    let mut daemon = Daemon::start(&mut line, "dnsmasq", &machine.path("dnsmasq.out"));
    daemon.wait_until(|dns| dns.receives(53));
    daemon
}

/// Starts a server on UDP that answers every question with `rcode`.
pub(crate) fn start_failing(machine: &Machine, rcode: u8) -> Daemon {
    let myself = std::env::current_exe().unwrap();
    let mut line = machine.command(&myself.display().to_string());
    line.args([PEER_FLAG, &rcode.to_string()]);
    let mut daemon = Daemon::start(&mut line, "failing DNS", &machine.path("dns.out"));
    daemon.wait_until(|dns| dns.receives(53));
    daemon
}

/// That server: the question comes back with the response bit and the code set (RFC 1035 4.1.1).
#[expect(clippy::disallowed_types, reason = "a peer in a namespace of its own")]
pub(crate) fn serve_failure(rcode: &str) -> ExitCode {
    let Ok(rcode @ 1..=15) = rcode.parse::<u8>() else { return ExitCode::FAILURE };
    let Ok(socket) = std::net::UdpSocket::bind("0.0.0.0:53") else { return ExitCode::FAILURE };
    let mut buffer = [0_u8; 512];
    while let Ok((length, from)) = socket.recv_from(&mut buffer) {
        let [_, _, flags, code, ..] = &mut buffer;
        *flags |= 0x80;
        *code = rcode;
        let _gone = socket.send_to(buffer.get(..length).unwrap_or_default(), from);
    }
    ExitCode::SUCCESS
}
