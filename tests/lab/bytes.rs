//! What scripted hosts put on the wire, read with plain sockets.
#![expect(clippy::disallowed_types, reason = "plain sockets are the point")]

use rdpwatch::demo::certificate::CertificateSpec;
use rdpwatch::demo::host::Host;
use rdpwatch::demo::script::{Answer, HostScript, MAX_FLOOD, Opening, Then, TlsScript, Turn};
use rdpwatch::domain::security::{FailureCode, SecurityProtocol};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The request of a current Windows client (captured): no cookie, protocols 0x0b.
const REQUEST: [u8; 19] = [3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 0x0b, 0, 0, 0];

async fn start(turn: Turn) -> Host {
    Host::start(&HostScript::always(turn), ([127, 0, 0, 1], 0).into()).await.expect("it starts")
}

/// Everything that the host says to `request` until it closes.
async fn says(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.expect("it accepts");
    stream.write_all(request).await.expect("it reads");
    let mut said = Vec::new();
    let reading = stream.read_to_end(&mut said);
    timeout(Duration::from_secs(30), reading).await.expect("it closes").expect("with FIN");
    said
}

#[tokio::test]
async fn answers_are_those_of_the_specification() {
    for (turn, golden) in [
        (
            Turn::confirms(SecurityProtocol::HYBRID_EX, Then::Fin),
            &[3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0x1f, 8, 0, 8, 0, 0, 0][..],
        ),
        (
            Turn::fails(FailureCode::SSL_CERT_NOT_ON_SERVER),
            &[3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 3, 0, 8, 0, 3, 0, 0, 0],
        ),
        (Turn::disconnects(), &[3, 0, 0, 9, 2, 0xf0, 0x80, 0x21, 0x80]),
        (Turn::answers(&[], Then::Fin), &[]),
    ] {
        let host = start(turn).await;
        assert_eq!(says(host.address(), &REQUEST).await, golden);
        assert_eq!(host.connections(), 1);
    }
}

#[tokio::test]
async fn whatever_is_no_request_is_hung_up_on() {
    let host = start(Turn::without_negotiation()).await;
    for noise in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[3, 0, 0, 7, 2, 0xf0, 0x80], &[0; 600]] {
        assert!(says(host.address(), noise).await.is_empty());
    }
}

#[tokio::test]
async fn hybrid_alone_is_confirmed_by_a_host_that_insists_on_it() {
    let answer = Answer::InsistsOn(SecurityProtocol::HYBRID);
    let host =
        start(Turn { opening: Opening::Request, delay: Duration::ZERO, answer, then: Then::Fin })
            .await;
    let refused = says(host.address(), &REQUEST).await;
    assert_eq!(refused[11..], [3, 0, 8, 0, 5, 0, 0, 0]);
    let mut alone = REQUEST;
    alone[15] = 2;
    let confirmed = says(host.address(), &alone).await;
    assert_eq!(confirmed[11..], [2, 0x1f, 8, 0, 2, 0, 0, 0]);
}

#[tokio::test]
async fn turns_follow_each_other_and_begin_again() {
    let turns = [1, 2, 3].map(|code| Turn::fails(FailureCode(code)));
    let script = HostScript::alternating(turns.to_vec());
    let host = Host::start(&script, ([127, 0, 0, 1], 0).into()).await.expect("it starts");
    for code in [1, 2, 3, 1, 2] {
        assert_eq!(says(host.address(), &REQUEST).await[15], code);
    }
    assert_eq!(host.connections(), 5);
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    for turn in [Turn::answers(&[], Then::Rst), Turn::tls(TlsScript::Rst)] {
        let host = start(turn).await;
        let mut stream = TcpStream::connect(host.address()).await.expect("it accepts");
        stream.write_all(&REQUEST).await.expect("it reads");
        let mut confirm = [0; 19];
        let ended = match stream.read_exact(&mut confirm).await {
            Ok(_) => {
                let hello = rdpwatch::proto::tls_hello::client_hello(&[7; 32], None);
                stream.write_all(&hello).await.expect("it reads");
                stream.read_exact(&mut confirm).await
            }
            ended => ended,
        };
        assert_eq!(ended.expect_err("it ends").kind(), ErrorKind::ConnectionReset);
    }
}

#[tokio::test]
async fn a_flood_ends() {
    let flood = Answer::Flood { head: b"abc".to_vec(), total: u64::MAX };
    let host = start(Turn { answer: flood, ..Turn::ends(Then::Fin) }).await;
    let mut stream = TcpStream::connect(host.address()).await.expect("it accepts");
    let (mut chunk, mut read) = (vec![0; 1 << 16], 0_u64);
    loop {
        match stream.read(&mut chunk).await.expect("it ends with FIN") {
            0 => break,
            count => read += count as u64,
        }
    }
    assert_eq!(read, MAX_FLOOD);
}

#[tokio::test]
async fn a_closed_port_refuses_and_a_filtered_one_is_silent() {
    let start = async |script| Host::start(&script, ([127, 0, 0, 1], 0).into()).await.unwrap();
    let closed = start(HostScript::closed()).await;
    let refused = TcpStream::connect(closed.address()).await.expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    if cfg!(target_os = "linux") {
        let filtered = start(HostScript::filtered()).await;
        let connecting = TcpStream::connect(filtered.address());
        assert!(timeout(Duration::from_millis(1_500), connecting).await.is_err(), "no SYN-ACK");
    }
}

#[tokio::test]
async fn a_host_ends_with_its_handle() {
    let host = start(Turn::windows(CertificateSpec::windows("LAB-HOST", 10))).await;
    let address = host.address();
    let mut stream = TcpStream::connect(address).await.expect("it accepts");
    drop(host);
    let mut byte = [0; 1];
    let ended = timeout(Duration::from_secs(30), stream.read(&mut byte)).await.expect("it ends");
    assert!(matches!(ended, Ok(0) | Err(_)));
    let gone = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), gone).await.expect("the port is free");
}
