//! The lab's DNS server, asked with plain sockets.
#![expect(clippy::disallowed_types, reason = "plain sockets are the point")]

use hickory_resolver::proto::op::{Message, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use rdpwatch::demo::dns::{DnsServer, Reply, Table, Zone};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

async fn server() -> DnsServer {
    let address = |last| IpAddr::from([127, 0, 0, last]);
    let many = (0..60).map(address).collect();
    let slow = Zone { reply: Reply::NxDomain, delay: Duration::from_millis(200) };
    let both = vec![address(9), Ipv6Addr::LOCALHOST.into()];
    let table: Table = [
        ("host.lab.test", Reply::Addresses(both).into()),
        ("many.lab.test", Reply::Addresses(many).into()),
        ("empty.lab.test", Reply::Addresses(Vec::new()).into()),
        ("gone.lab.test", Reply::NxDomain.into()),
        ("broken.lab.test", Reply::ServFail.into()),
        ("secret.lab.test", Reply::Refused.into()),
        ("silent.lab.test", Reply::Silence.into()),
        ("slow.lab.test", slow),
    ]
    .into_iter()
    .map(|(name, zone)| (name.to_owned(), zone))
    .collect();
    DnsServer::start(&table, LOOPBACK).await.expect("it starts")
}

fn question(name: &str, kind: RecordType) -> Vec<u8> {
    let mut message = Message::query();
    message.metadata.id = 4711;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message.to_vec().unwrap()
}

/// The answer to `question`, `None` when none comes.
async fn exchange(server: &DnsServer, question: &[u8]) -> Option<Vec<u8>> {
    let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    socket.connect(server.address()).await.unwrap();
    socket.send(question).await.unwrap();
    let mut buffer = vec![0; 4096];
    let received = timeout(Duration::from_secs(2), socket.recv(&mut buffer)).await.ok()?;
    buffer.truncate(received.unwrap());
    Some(buffer)
}

async fn ask(server: &DnsServer, name: &str, kind: RecordType) -> Message {
    let answer = exchange(server, &question(name, kind)).await.expect("it answers");
    let message = Message::from_vec(&answer).expect("it is DNS");
    assert_eq!(message.metadata.id, 4711);
    message
}

fn data(message: &Message) -> Vec<String> {
    message.answers.iter().map(|record| record.data.to_string()).collect()
}

#[tokio::test]
async fn every_reply_is_what_the_table_says() {
    let server = server().await;
    for (name, code, addresses) in [
        ("host.lab.test.", ResponseCode::NoError, &["127.0.0.9"][..]),
        ("HOST.lab.TEST.", ResponseCode::NoError, &["127.0.0.9"]),
        ("empty.lab.test.", ResponseCode::NoError, &[]),
        ("gone.lab.test.", ResponseCode::NXDomain, &[]),
        ("nobody.lab.test.", ResponseCode::NXDomain, &[]),
        ("slow.lab.test.", ResponseCode::NXDomain, &[]),
        ("broken.lab.test.", ResponseCode::ServFail, &[]),
        ("secret.lab.test.", ResponseCode::Refused, &[]),
    ] {
        let answer = ask(&server, name, RecordType::A).await;
        assert_eq!(answer.metadata.response_code, code, "{name}");
        assert_eq!(data(&answer), addresses, "{name}");
        let negative = matches!(code, ResponseCode::NoError | ResponseCode::NXDomain);
        let origin = answer.authorities.iter().any(|record| matches!(record.data, RData::SOA(_)));
        assert_eq!(origin, negative && addresses.is_empty(), "{name}");
    }
    let v6 = ask(&server, "host.lab.test.", RecordType::AAAA).await;
    assert_eq!(data(&v6), ["::1"]);
    let silent = question("silent.lab.test.", RecordType::A);
    assert_eq!(exchange(&server, &silent).await, None);
}

#[tokio::test]
async fn addresses_have_their_names() {
    let server = server().await;
    let answer = ask(&server, "9.0.0.127.in-addr.arpa.", RecordType::PTR).await;
    assert_eq!(data(&answer), ["host.lab.test."]);
    let unknown = ask(&server, "9.9.9.127.in-addr.arpa.", RecordType::PTR).await;
    assert_eq!(unknown.metadata.response_code, ResponseCode::NXDomain);
}

#[tokio::test]
async fn a_long_answer_is_cut_over_udp_and_whole_over_tcp() {
    let server = server().await;
    let cut = ask(&server, "many.lab.test.", RecordType::A).await;
    assert!(cut.metadata.truncation);
    assert!(cut.answers.is_empty());
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let question = question("many.lab.test.", RecordType::A);
    for _ in 0..2 {
        stream.write_u16(u16::try_from(question.len()).unwrap()).await.unwrap();
        stream.write_all(&question).await.unwrap();
        let mut answer = vec![0; usize::from(stream.read_u16().await.unwrap())];
        stream.read_exact(&mut answer).await.unwrap();
        let answer = Message::from_vec(&answer).unwrap();
        assert_eq!(answer.answers.len(), 60);
        assert!(!answer.metadata.truncation);
    }
}

#[tokio::test]
async fn hostile_datagrams_leave_it_standing() {
    let server = server().await;
    let good = question("host.lab.test.", RecordType::A);
    let garbage = exchange(&server, &[0x12, 0x34, 1, 0, 0xff, 0xff, 0xff]).await.expect("FORMERR");
    let answer = Message::from_vec(&garbage).unwrap();
    assert_eq!(
        (answer.metadata.id, answer.metadata.response_code),
        (0x1234, ResponseCode::FormErr)
    );
    for length in 0..good.len() {
        let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
        socket.send_to(&good[..length], server.address()).await.unwrap();
        let mut flipped = good.clone();
        flipped[length] ^= 0xff;
        socket.send_to(&flipped, server.address()).await.unwrap();
    }
    // An answer is never answered: two servers would talk for ever.
    let mut reply = good.clone();
    reply[2] |= 0x80;
    let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    socket.send_to(&reply, server.address()).await.unwrap();
    socket.send_to(&good, server.address()).await.unwrap();
    let mut buffer = [0; 512];
    let length = socket.recv(&mut buffer).await.unwrap();
    assert_eq!(data(&Message::from_vec(&buffer[..length]).unwrap()), ["127.0.0.9"]);
}
