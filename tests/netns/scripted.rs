//! A scripted host of the program's own, on a machine of the lab: for answers that no package
//! gives, RDP over UDP above all.

use crate::lab::Machine;
use crate::process::Daemon;
use rdpwatch::demo::certificate::CertificateSpec;
use rdpwatch::demo::host::Host;
use rdpwatch::demo::script::{AfterTls, HostScript, NtlmScript, TlsScript};
use rdpwatch::demo::udp::UdpScript;
use rdpwatch::proto::rdpeudp::version;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;

/// Tells this test program to play the host.
pub(crate) const PEER_FLAG: &str = "--peer-host";

/// RDP's port.
const PORT: u16 = 3389;

/// What its UDP port does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Udp {
    /// A SYN is answered with a SYN+ACK of version 2.
    Answers,
    /// Datagrams are taken and not answered.
    Silent,
    /// Nobody holds the port.
    Closed,
    /// A SYN is answered with one that acknowledges another.
    Mistakes,
}

impl Udp {
    const WORDS: [(&'static str, Self); 4] = [
        ("answers", Self::Answers),
        ("silent", Self::Silent),
        ("closed", Self::Closed),
        ("mistakes", Self::Mistakes),
    ];

    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, udp)| *udp == self).map_or("", |(word, _)| word)
    }

    fn script(self) -> UdpScript {
        match self {
            Self::Answers => UdpScript::Answers {
                version: Some(version::V2),
                largest: usize::MAX,
                // As a server repeats what nobody acknowledges.
                copies: 4,
            },
            Self::Silent => UdpScript::Silent,
            Self::Closed => UdpScript::Closed,
            Self::Mistakes => UdpScript::Mistakes,
        }
    }
}

/// Starts a current Windows that answers connections over both families, with this at its UDP
/// port.
pub(crate) fn start(machine: &Machine, udp: Udp) -> Daemon {
    start_with(machine, udp, "usual")
}

/// The same with a certificate that fills more than one packet.
pub(crate) fn start_with_large_certificate(machine: &Machine, udp: Udp) -> Daemon {
    start_with(machine, udp, LARGE)
}

/// Word for a certificate that fills more than one packet.
const LARGE: &str = "large";

fn start_with(machine: &Machine, udp: Udp, certificate: &str) -> Daemon {
    let myself = std::env::current_exe().unwrap();
    let mut line = machine.command(&myself.display().to_string());
    line.args([PEER_FLAG, udp.word(), certificate]);
    let mut daemon = Daemon::start(&mut line, "scripted host", &machine.path("host.out"));
    daemon.wait_until(|host| host.listens(PORT));
    if udp != Udp::Closed {
        daemon.wait_until(|host| host.receives(PORT));
    }
    daemon
}

/// That host.
pub(crate) fn serve(word: &str, certificate: &str) -> ExitCode {
    let Some((_, udp)) = Udp::WORDS.iter().find(|(known, _)| *known == word) else {
        return ExitCode::FAILURE;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let large = certificate == LARGE;
        let mut certificate = CertificateSpec::windows("HOST", 170);
        if large {
            // Its flight ends in a segment of a few hundred bytes.
            certificate.alt_names = (0..45).map(|n| format!("host-{n}.company.lab")).collect();
        }
        let then = AfterTls::Challenges(Box::new(NtlmScript::windows("HOST")));
        let script = HostScript::tls(TlsScript::then(certificate, then)).with_udp(udp.script());
        let v6: SocketAddr = (Ipv6Addr::UNSPECIFIED, PORT).into();
        let v4: SocketAddr = (Ipv4Addr::UNSPECIFIED, PORT).into();
        let mut hosts = Vec::new();
        for address in [v6, v4] {
            match Host::start(&script, address).await {
                Ok(host) => hosts.push(host),
                Err(_) => return ExitCode::FAILURE,
            }
        }
        std::future::pending::<()>().await;
        ExitCode::SUCCESS
    })
}
