use super::*;
use crate::domain::sample::NeighbourState;
use std::collections::BTreeSet;

fn request(demo: &Demo, name: &str, seq: u64) -> EchoRequest {
    let target = demo.targets.iter().find(|target| target.name == name).unwrap();
    let deadline = Duration::from_secs(2);
    EchoRequest { target: target.id, seq, address: loopback([0, 0]), scope: 0, deadline }
}

#[tokio::test]
async fn the_set_holds_every_kind_of_trouble_once() {
    let demo = start(1).await.expect("it starts on loopback");
    let names: BTreeSet<&str> = demo.targets.iter().map(|target| target.name.as_str()).collect();
    assert_eq!(names.len(), ROWS.len(), "names are unique");
    let groups: BTreeSet<_> =
        demo.targets.iter().filter_map(|target| target.group.clone()).collect();
    assert_eq!(groups.into_iter().collect::<Vec<_>>(), ["Berlin", "Home offices", "Vienna"]);
    assert!(demo.targets.iter().all(|target| target.port != 0));
    let sleeper = demo.targets.iter().find(|target| target.mac.is_some()).unwrap();
    assert_eq!(sleeper.name, "home-pc");
    assert!(sleeper.may_sleep());
    assert_eq!(sleeper.wake.ports, [demo.sleepers()[0].wake_address().port()]);
    assert!(sleeper.wake.address.unwrap().is_loopback());
}

#[tokio::test]
async fn echoes_repeat_for_a_seed_and_sleepers_are_silent() {
    let (demo, again) = (start(5).await.unwrap(), start(5).await.unwrap());
    let (echo, same) = (demo.echo(), again.echo());
    let lossy: Vec<_> = (0..200).map(|seq| echo(&request(&demo, "vie-branch", seq))).collect();
    for (seq, answer) in (0..).zip(&lossy) {
        assert_eq!(same(&request(&again, "vie-branch", seq)), *answer);
    }
    assert!(lossy.iter().any(|(_, end)| *end == WireEnd::Silence));
    assert_eq!(echo(&request(&demo, "home-pc", 0)).1, WireEnd::Silence);
    let (vpn, _) = echo(&request(&demo, "vie-rds-01", 0));
    assert!((46..50).contains(&vpn.as_millis()), "{vpn:?}");
}

#[tokio::test]
async fn some_hosts_answer_udp_and_one_is_silent() {
    use crate::domain::sample::UdpOutcome;
    use crate::probe::{clock::Clock, udp::udp};
    let demo = start(1).await.unwrap();
    let deadline = Duration::from_millis(400);
    for (row, outcome) in [(0, UdpOutcome::SynAck), (8, UdpOutcome::Silent)] {
        let (target, at) = (&demo.targets[row], ROWS[row].address);
        let found = udp((loopback(at), target.port).into(), deadline, Clock::start()).await;
        assert_eq!(found.outcome, outcome, "{}", target.name);
    }
}

#[tokio::test]
async fn the_gateway_is_trusted_and_its_service_is_not_running() {
    use crate::domain::sample::{ChainTrust, GatewayAnswer, GatewayStage};
    use crate::domain::target::Deadlines;
    use crate::probe::gateway::{Gateways, Roots};
    use crate::probe::resolve::{Resolver, ResolverSettings, SystemDns};
    let demo = start(1).await.unwrap();
    let behind: Vec<_> = demo.targets.iter().filter(|target| target.via_gateway()).collect();
    let [target] = behind[..] else { panic!("one is behind it") };
    let settings = ResolverSettings { servers: Some(vec![demo.dns]), ..Default::default() };
    let names = Resolver::new(settings, SystemDns::default()).unwrap();
    let gateways = Gateways::trusting(Roots::of([demo.authority.clone()]));
    let (gateway, deadlines) = (target.gateway.as_ref().unwrap(), Deadlines::default());
    let asked =
        gateways.ask(target.id, gateway, Duration::ZERO, &names, &deadlines, Clock::start());
    let (_, found) = asked.await;
    assert_eq!(found.stage(), GatewayStage::Answered(GatewayAnswer::Unavailable));
    assert_eq!(found.tls.map(|tls| tls.trust), Some(ChainTrust::Trusted));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn neighbours_tell_who_sleeps() {
    let demo = start(1).await.unwrap();
    let neighbours = demo.neighbours();
    let asleep = neighbours(loopback([3, 1]));
    assert_eq!((asleep.state, asleep.mac), (NeighbourState::Failed, None));
    let awake = neighbours(loopback([1, 1]));
    assert_eq!(awake.state, NeighbourState::Reachable);
    assert_eq!(awake.mac, Some(MacAddr([0x02, 0x77, 0x1a, 0, 1, 1])));
    assert_eq!(neighbours(loopback([9, 9])).state, NeighbourState::None);
}

#[tokio::test]
async fn a_wake_packet_goes_to_its_sleeper_only() {
    let demo = start(1).await.unwrap();
    let sleeper = &demo.sleepers()[0];
    assert_eq!(demo.wake(MacAddr([2, 0, 0, 0, 0, 9])).await.unwrap(), None);
    assert_eq!(demo.wake(sleeper.mac()).await.unwrap(), Some(sleeper.wake_address()));
    let deadline = Duration::from_secs(20);
    let rising = async {
        while sleeper.power() < Power::Echo {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(deadline, rising).await.expect("it wakes");
    assert_eq!(sleeper.packets(), 1);
    let answer = demo.echo()(&request(&demo, "home-pc", 0));
    assert_ne!(answer.1, WireEnd::Silence);
}
