//! Another process that pings: thousands of echo requests a second from a raw socket of its own.

use crate::lab::Machine;
use rdpwatch::proto::icmp_echo::{EchoNumber, Icmp, encode_request};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, SocketAddr};
use std::process::{Child, ChildStdout, ExitCode, Stdio};
use std::time::Duration;

/// Tells this test program to play it.
pub(crate) const PEER_FLAG: &str = "--peer-flood";

/// Requests that leave together.
const TOGETHER: u16 = 100;
/// Between them: ten thousand a second.
const PAUSE: Duration = Duration::from_millis(10);

pub(crate) struct Flood {
    child: Child,
    told: BufReader<ChildStdout>,
}

pub(crate) fn start(machine: &Machine, address: &str) -> Flood {
    let myself = std::env::current_exe().unwrap();
    let mut line = machine.command(&myself.display().to_string());
    line.args([PEER_FLAG, address]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = line.spawn().unwrap();
    let told = BufReader::new(child.stdout.take().unwrap());
    Flood { child, told }
}

impl Flood {
    /// Waits until it flows.
    pub(crate) fn wait(&mut self) {
        let mut line = String::new();
        self.told.read_line(&mut line).unwrap();
        assert_eq!(line, "flows\n");
    }

    /// Ends it. How many requests it sent.
    pub(crate) fn end(mut self) -> u64 {
        drop(self.child.stdin.take());
        let mut line = String::new();
        self.told.read_line(&mut line).unwrap();
        self.child.wait().unwrap();
        line.trim().parse().unwrap()
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// The flood: flows until the standard input ends.
#[expect(clippy::print_stdout, reason = "the answer to who started this")]
#[expect(clippy::disallowed_methods, reason = "a process of its own that keeps a pace")]
pub(crate) fn flow(address: &str) -> ExitCode {
    let address: IpAddr = address.parse().unwrap();
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4)).unwrap();
    socket.connect(&SocketAddr::new(address, 0).into()).unwrap();
    let over = std::thread::spawn(|| std::io::stdin().read_to_end(&mut Vec::new()));
    println!("flows");
    let mut sent = 0_u64;
    while !over.is_finished() {
        for seq in 0..TOGETHER {
            let packet = encode_request(Icmp::V4, EchoNumber { id: seq, seq }, 84).unwrap();
            sent += u64::from(socket.send(&packet).is_ok());
        }
        std::thread::sleep(PAUSE);
    }
    println!("{sent}");
    ExitCode::SUCCESS
}
