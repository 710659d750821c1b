//! A PC that sleeps, woken over the wire.
#![expect(clippy::disallowed_types, reason = "plain sockets are the point")]

use rdpwatch::demo::script::{HostScript, Then, Turn};
use rdpwatch::demo::sleeper::{Power, SleepScript, Sleeper};
use rdpwatch::demo::udp::UdpScript;
use rdpwatch::domain::mac::MacAddr;
use rdpwatch::domain::sample::UdpOutcome;
use rdpwatch::domain::security::SecurityProtocol;
use rdpwatch::probe::clock::Clock;
use rdpwatch::probe::udp::udp;
use rdpwatch::proto::magic_packet;
use rdpwatch::proto::rdpeudp::version;
use rdpwatch::proto::x224::connection_request;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

const MAC: MacAddr = MacAddr([0x02, 0x77, 0, 0, 0, 1]);
const OTHER: MacAddr = MacAddr([0x02, 0x77, 0, 0, 0, 2]);
const PATIENCE: Duration = Duration::from_secs(30);

async fn asleep(awake: Option<Duration>) -> Sleeper {
    let steps = [Duration::from_millis(50); 4];
    let host = HostScript::always(Turn::confirms(SecurityProtocol::HYBRID_EX, Then::Fin))
        .with_udp(UdpScript::answers(version::V2));
    let script = SleepScript { mac: MAC, steps, awake, host };
    Sleeper::start(script, Ipv4Addr::LOCALHOST.into()).await.expect("it starts")
}

async fn send(sleeper: &Sleeper, packet: &[u8]) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    socket.send_to(packet, sleeper.wake_address()).await.unwrap();
}

/// Waits for `power`, and tells every state on the way.
async fn reaches(sleeper: &Sleeper, power: Power) -> Vec<Power> {
    let mut seen = vec![sleeper.power()];
    let waiting = async {
        while sleeper.power() != power {
            tokio::time::sleep(Duration::from_millis(5)).await;
            if seen.last() != Some(&sleeper.power()) {
                seen.push(sleeper.power());
            }
        }
    };
    timeout(PATIENCE, waiting).await.expect("it gets there");
    seen
}

#[tokio::test]
async fn only_its_own_packet_wakes_it_and_it_comes_up_layer_by_layer() {
    let sleeper = asleep(None).await;
    for packet in [magic_packet::encode(OTHER, None), b"good morning".to_vec(), Vec::new()] {
        send(&sleeper, &packet).await;
    }
    if cfg!(target_os = "linux") {
        let connecting = TcpStream::connect(sleeper.address());
        let silence = timeout(Duration::from_millis(1_200), connecting).await;
        assert!(silence.is_err(), "a sleeping PC answers no SYN");
    }
    assert_eq!((sleeper.power(), sleeper.packets()), (Power::Asleep, 0));

    send(&sleeper, &magic_packet::encode(MAC, None)).await;
    let way = reaches(&sleeper, Power::Up).await;
    assert!(way.is_sorted(), "{way:?}");
    assert_eq!(sleeper.packets(), 1);
    let mut stream = TcpStream::connect(sleeper.address()).await.expect("it accepts");
    stream.write_all(&connection_request(SecurityProtocol::OFFERED)).await.unwrap();
    let mut confirm = [0; 19];
    stream.read_exact(&mut confirm).await.expect("it confirms");
    assert_eq!(confirm[11], 2);
    let answer = udp(sleeper.address(), PATIENCE, Clock::start()).await;
    assert_eq!(answer.outcome, UdpOutcome::SynAck);
}

#[tokio::test]
async fn it_falls_asleep_again_and_packets_meanwhile_do_not_count() {
    let sleeper = asleep(Some(Duration::from_millis(300))).await;
    for nap in 1..=2 {
        send(&sleeper, &magic_packet::encode(MAC, None)).await;
        reaches(&sleeper, Power::Up).await;
        send(&sleeper, &magic_packet::encode(MAC, None)).await;
        reaches(&sleeper, Power::Asleep).await;
        assert_eq!(sleeper.packets(), nap);
        // Filling its backlog is part of falling asleep.
        let connecting = timeout(PATIENCE, TcpStream::connect(sleeper.address()));
        if cfg!(target_os = "linux") {
            let silence = timeout(Duration::from_millis(1_200), connecting).await;
            assert!(silence.is_err(), "asleep again");
        }
    }
}
